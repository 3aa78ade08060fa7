#include "daemon/ledger/rules/rule.h"

#include "lib/err.h"

/* What rules have in common: days, rows of numbers, references to earlier entries and their settlement. */

int rule_put_mark(struct rule_ctx *ctx, const struct state_key *k)
{
	static const uint8_t mark = 1;

	return rows_put(ctx->w->rows, k, kv_bytes(&mark, 1));
}

int rule_put_num(struct rule_ctx *ctx, const struct state_key *k, uint64_t v)
{
	state_num_pack(&(struct state_num){v}, rule_out(ctx));
	return rule_put(ctx, k);
}

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
	struct journal j = {.rows = ctx->w->rows,
			    .out = rule_out(ctx),
			    .feed_no = ctx->f->feed_no,
			    .seq = ctx->e->seq,
			    .booked = ctx->today};
	struct transfer now = *x;
	struct place from, to;
	int err = account_now(ctx, &now.from, &from);

	if (!err)
		err = account_now(ctx, &now.to, &to);
	if (!err)
		err = journal_post(&j, &now);
	return err == ERR_LIMIT ? rule_refuse(ctx, &(struct refusal){.id = V_OVERFLOW}) : err;
}

/* --- days ------------------------------------------------------------------------------------------ */
int rule_not_future(struct rule_ctx *ctx, day_t day)
{
	if (ctx->today == DAY_NONE || day <= ctx->today)
		return ERR_OK;
	return rule_refuse(ctx, &(struct refusal){.id = V_DAY_FUTURE, .num = {day, ctx->today}});
}

int rule_period(struct rule_ctx *ctx, day_t from, day_t to)
{
	if (from == DAY_NONE || to == DAY_NONE || from <= to)
		return ERR_OK;
	return rule_refuse(ctx, &(struct refusal){.id = V_PERIOD, .num = {from, to}});
}

int rule_need_clock(struct rule_ctx *ctx)
{
	return ctx->today == DAY_NONE ? rule_refuse(ctx, &(struct refusal){.id = V_NO_CLOCK})
				      : ERR_OK;
}

/* --- earlier entries ------------------------------------------------------------------------------- */
static int no_such(struct rule_ctx *ctx, uint64_t seq, enum rec_code code)
{
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_REFERENCE,
					     .num = {(int64_t)seq},
					     .s = bytes_str(rec_type_of((uint16_t)code)->name)});
}

static int is_listed(struct rule_ctx *ctx, uint32_t feed_no, uint64_t seq, enum rec_code code)
{
	struct state_mark listed;

	return reader_listed(&ctx->reader, feed_no, code, seq, &listed);
}

static int read_ref(struct rule_ctx *ctx, uint32_t feed_no, uint64_t seq, enum rec_code code,
		    void *ret)
{
	const struct rec_type *type = rec_type_of((uint16_t)code);
	int err = is_listed(ctx, feed_no, seq, code);

	if (err)
		return err == ERR_NOTFOUND ? no_such(ctx, seq, code) : err;
	err = feedlog_payload(ctx->f->t, feed_no, seq, &ctx->w->target);
	if (err)
		return err;
	return rec_decode_head(type, &ctx->w->target, ret) ? ERR_CORRUPT : ERR_OK;
}

int rule_ref(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, void *ret)
{
	return read_ref(ctx, ctx->f->feed_no, seq, code, ret);
}

int rule_ref_town(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, void *ret)
{
	if (seq >= ctx->known)
		return no_such(ctx, seq, code);
	return read_ref(ctx, FEED_TOWN, seq, code, ret);
}

int rule_ref_author(struct rule_ctx *ctx, uint64_t seq, uint8_t ret[SIGN_KEY_BYTES])
{
	struct bytes leaf, payload;
	struct entry e;
	int err = feedlog_read(ctx->f->t, ctx->f->feed_no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err)
		memcpy(ret, e.author, SIGN_KEY_BYTES);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

int rule_other_person(struct rule_ctx *ctx, uint64_t seq, enum rec_code code)
{
	struct bytes name = {NULL, 0};
	uint8_t author[SIGN_KEY_BYTES];
	int err = rule_ref_author(ctx, seq, author);

	if (!err)
		err = rights_name_of(ctx, author, &name);
	if (err ||
	    (memcmp(author, ctx->e->author, SIGN_KEY_BYTES) != 0 && !rights_is_author(ctx, name)))
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_SAME_PERSON,
						  .num = {(int64_t)seq},
						  .s = bytes_str(rec_type_of((uint16_t)code)->name),
						  .t = name});
}

static int put_done(struct rule_ctx *ctx, uint64_t seq, uint64_t by)
{
	struct state_key k;

	state_done_key(&k, ctx->f->feed_no, seq);
	return rule_put_num(ctx, &k, by);
}

int rule_reopen(struct rule_ctx *ctx, uint64_t seq)
{
	return put_done(ctx, seq, STATE_OPEN_AGAIN);
}

int rule_unsettled(struct rule_ctx *ctx, uint64_t seq, enum rec_code code)
{
	uint64_t by;
	int err = read_settled(&ctx->reader, seq, &by);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_DONE_ALREADY,
					     .num = {(int64_t)seq, (int64_t)by},
					     .s = bytes_str(rec_type_of((uint16_t)code)->name)});
}

int rule_settle(struct rule_ctx *ctx, uint64_t seq, enum rec_code code)
{
	int err = rule_unsettled(ctx, seq, code);

	return err ? err : put_done(ctx, seq, ctx->e->seq);
}
