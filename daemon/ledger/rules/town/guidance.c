#include "daemon/ledger/rules/rule.h"

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

int rule_guidance(struct rule_ctx *ctx)
{
	struct rec_guidance r;
	int err = rule_head(ctx, &r);

	return err || r.village.n == 0 ? err : guidance_need_village(ctx, r.village);
}

/* Guidance to all villages is closed village by village. */
static int close_for(struct rule_ctx *ctx, uint64_t guidance, struct bytes village)
{
	struct state_key k;
	struct state_num by;
	int err = reader_guided(&ctx->reader, FEED_TOWN, guidance, village, &by);

	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_DONE_ALREADY,
							  .num = {(int64_t)guidance, (int64_t)by.n},
							  .s = bytes_str("guidance")});
	if (err != ERR_NOTFOUND)
		return err;
	state_guided_key(&k, FEED_TOWN, guidance, village);
	return rule_put_num(ctx, &k, ctx->e->seq);
}

int rule_guidance_close(struct rule_ctx *ctx)
{
	struct rec_guidance_close r;
	struct rec_guidance g;
	int err = rule_head(ctx, &r);

	if (!err)
		err = guidance_need_village(ctx, r.village);
	if (!err)
		err = rule_ref(ctx, r.guidance, REC_guidance, &g);
	if (!err && g.village.n && !bytes_eq(g.village, r.village))
		err = rule_refuse(ctx, &(struct refusal){.id = V_GUIDE_FOREIGN,
							 .num = {(int64_t)r.guidance},
							 .s = r.village,
							 .t = g.village});
	if (!err)
		err = rule_not_future(ctx, r.day);
	return err ? err : close_for(ctx, r.guidance, r.village);
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
	int err = rule_head(ctx, &r);

	if (!err)
		err = guidance_need_village(ctx, r.village);
	if (!err)
		err = rule_not_future(ctx, r.day);
	if (!err)
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

int rule_village_fact(struct rule_ctx *ctx)
{
	struct rec_village_fact r;
	int err = rule_head(ctx, &r);

	return err ? err : guidance_need_village(ctx, r.village);
}
