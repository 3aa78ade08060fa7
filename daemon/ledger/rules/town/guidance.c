#include "daemon/ledger/rules/town/guidance.h"

#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/rules.h"
#include "lib/err.h"

/* What the town says to and about its villages. */

int guidance_need_village(struct rule_ctx *ctx, struct bytes code)
{
	struct state_village v;
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_VILLAGE);
	state_key_text(&k, code);
	err = rows_get(ctx->w->rows, &k, &row);
	if (!err)
		err = state_village_parse(row, &v);
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
	uint64_t by;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_DONE);
	state_key_u64(&k, guidance);
	state_key_text(&k, village);
	err = rule_get_num(ctx, &k, &by);
	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_DONE_ALREADY,
							  .num = {(int64_t)guidance, (int64_t)by},
							  .s = bytes_str("guidance")});
	return err == ERR_NOTFOUND ? rule_put_num(ctx, &k, ctx->e->seq) : err;
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
	struct bytes key, row;
	struct state_key k;
	size_t prefix;
	int err;

	*ret = (struct bytes){NULL, 0};
	state_key_of(&k, FEED_TOWN, STATE_LISTED);
	state_key_u16(&k, REC_demonstration);
	prefix = k.n;
	state_key_u64(&k, ctx->e->seq);
	err = rows_before(ctx->w->rows, &k, prefix, &key, &row);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = rule_ref(ctx, be64_get(key.p + prefix), REC_demonstration, &last);
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
