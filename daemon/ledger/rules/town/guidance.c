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
