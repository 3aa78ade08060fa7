#include "daemon/ledger/rules/village/village.h"

#include "daemon/ledger/rules/people/split_merge.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"

/* Records of village life of which more is asked than that they have happened. */

/* --- facilities ------------------------------------------------------------------------------------ */
static int need_facility(struct rule_ctx *ctx, struct bytes code, struct state_facility *ret)
{
	int err = reader_facility(&ctx->reader, ctx->f->feed_no, code, ret);

	return err != ERR_NOTFOUND
		       ? err
		       : rule_refuse(ctx, &(struct refusal){.id = V_FACILITY_UNKNOWN, .s = code});
}

int rule_facility(struct rule_ctx *ctx)
{
	struct state_facility f = {0};
	struct state_keeper keeper;
	struct rec_facility r;
	struct state_key k;
	int err;

	rule_head(ctx, &r);
	err = reader_facility(&ctx->reader, ctx->f->feed_no, r.code, &f);
	if (err && err != ERR_NOTFOUND)
		return err;
	keeper = (struct state_keeper){
		.from = r.from, .to = r.to, .household_n = (uint8_t)r.household.n};
	memcpy(keeper.household, r.household.p, r.household.n);
	state_facility_add(&f, &keeper);
	state_facility_key(&k, ctx->f->feed_no, r.code);
	state_facility_pack(&f, rule_out(ctx));
	return rule_put(ctx, &k);
}

int rule_facility_check(struct rule_ctx *ctx)
{
	struct rec_facility_check r;
	struct state_facility f;

	rule_head(ctx, &r);
	return need_facility(ctx, r.facility, &f);
}

int village_kept(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l)
{
	const struct state_keeper *keeper;
	struct state_facility f;
	struct place now;
	int err = need_facility(ctx, l->facility, &f);

	if (err)
		return err;
	keeper = state_facility_on(&f, l->day);
	/* a household that was merged goes on in another */
	if (keeper)
		err = split_merge_now(ctx, kv_bytes(keeper->household, keeper->household_n), 0,
				      &now);
	if (err || (keeper && bytes_eq(l->household, place_household(&now))))
		return err;
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_FACILITY_KEEPER,
					     .num = {line, l->day},
					     .s = l->facility,
					     .t = keeper ? place_household(&now) : bytes_str("")});
}

/* --- the town -------------------------------------------------------------------------------------- */
int rule_guidance_reply(struct rule_ctx *ctx)
{
	struct rec_guidance_reply r;
	struct rec_guidance g;
	int err;

	rule_head(ctx, &r);
	err = rule_ref_town(ctx, r.guidance, REC_guidance, &g);
	if (!err && g.village.n && !bytes_eq(g.village, bytes_str(ctx->w->code)))
		err = rule_refuse(ctx, &(struct refusal){.id = V_GUIDE_FOREIGN,
							 .num = {(int64_t)r.guidance},
							 .s = bytes_str(ctx->w->code),
							 .t = g.village});
	return err;
}
