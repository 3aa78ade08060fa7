#include "daemon/ledger/rules/accounts.h"

#include "daemon/ledger/rules/people/split_merge.h"
#include "lib/err.h"

int rule_balance(struct rule_ctx *ctx, struct bytes household, struct points *ret)
{
	struct state_account a;
	int err = reader_account(&ctx->reader, ctx->f->feed_no, household, &a);

	*ret = POINTS_ZERO;
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return state_account_balance(&a, ret) ? ERR_OK : ERR_CORRUPT;
}

/* @at holds the name of the household where it is now. */
static int account_now(struct rule_ctx *ctx, struct account *a, struct place *at)
{
	int err;

	if (a->of != ACCOUNT_HOUSEHOLD)
		return ERR_OK;
	err = split_merge_now(ctx, a->household, 0, at);
	if (!err)
		a->household = place_household(at);
	return err;
}

int rule_transfer(struct rule_ctx *ctx, const struct transfer *x)
{
	struct transfer now = *x;
	struct place from, to;
	int err = account_now(ctx, &now.from, &from);

	if (!err)
		err = account_now(ctx, &now.to, &to);
	if (!err)
		err = journal_post(&ctx->w->journal, &now);
	return err == ERR_LIMIT ? rule_refuse(ctx, &(struct refusal){.id = V_OVERFLOW}) : err;
}
