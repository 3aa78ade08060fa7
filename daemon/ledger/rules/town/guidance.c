#include "daemon/ledger/rules/town/guidance.h"

#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/rules.h"
#include "lib/err.h"

/* What the town says to and about its villages. */

int guidance_need_village(struct rule_ctx *ctx, struct bytes code)
{
	struct state_village v;
	int err = reader_village(&ctx->reader, FEED_TOWN, code, &v);

	if (err == ERR_NOTFOUND || (!err && !v.enrolled))
		return rule_refuse(ctx, &(struct refusal){.id = V_VILLAGE_UNKNOWN, .s = code});
	return err;
}

/* Guidance to all villages is closed village by village. */
int rule_guidance_close(struct rule_ctx *ctx)
{
	struct rec_guidance_close r;
	struct rec_guidance g;
	int err;

	rule_head(ctx, &r);
	err = rule_ref(ctx, r.guidance, REC_guidance, &g);
	if (err || g.village.n == 0 || bytes_eq(g.village, r.village))
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_GUIDE_FOREIGN,
						  .num = {(int64_t)r.guidance},
						  .s = r.village,
						  .t = g.village});
}

/* --- the demonstration village --------------------------------------------------------------------- */
/* The last choice tells: there is one village at a time, or (empty) none. */
static int chosen_now(struct rule_ctx *ctx, struct bytes *ret)
{
	struct rec_demonstration last;
	struct state_listed_parts at;
	struct bytes key, row;
	struct state_key k;
	int err;

	*ret = (struct bytes){NULL, 0};
	state_listed_key(&k, FEED_TOWN, REC_demonstration, ctx->e->seq);
	err = reader_before(&ctx->reader, &k, 1, &key, &row);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = state_listed_split(key, &at);
	if (!err)
		err = rule_ref(ctx, at.seq, REC_demonstration, &last);
	if (!err && last.decision == CHOSEN_chosen)
		*ret = last.village;
	return err;
}

int rule_demonstration(struct rule_ctx *ctx)
{
	struct rec_demonstration r;
	struct bytes now;
	int err;

	rule_head(ctx, &r);
	err = chosen_now(ctx, &now);
	if (err)
		return err;
	if (r.decision == CHOSEN_chosen)
		return now.n ? rule_refuse(ctx, &(struct refusal){.id = V_DEMO_ONE, .s = now})
			     : ERR_OK;
	return bytes_eq(now, r.village)
		       ? ERR_OK
		       : rule_refuse(ctx, &(struct refusal){.id = V_DEMO_NOT, .s = r.village});
}
