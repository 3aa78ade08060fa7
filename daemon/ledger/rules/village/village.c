#include "daemon/ledger/rules/rule.h"

#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"

/* Records of village life: what was done, and on which day. */

union plain {
	struct rec_meeting meeting;
	struct rec_consultation consultation;
	struct rec_training training;
	struct rec_intent intent;
	struct rec_store store;
	struct rec_inspection inspection;
};

/* The day of a record whose only rule is that it has happened; DAY_NONE: not given. */
static day_t day_of(uint16_t type, const union plain *r)
{
	if (type == REC_meeting)
		return r->meeting.day;
	if (type == REC_consultation)
		return r->consultation.day;
	if (type == REC_training)
		return r->training.day;
	if (type == REC_inspection)
		return r->inspection.day;
	return type == REC_intent ? r->intent.day : r->store.accepted;
}

int rule_plain(struct rule_ctx *ctx)
{
	union plain r;
	int err = rule_head(ctx, &r);

	if (err)
		return err;
	/* of those who were asked */
	if (ctx->e->type == REC_consultation && r.consultation.aware > r.consultation.asked)
		return rule_malformed(ctx, "aware", 0);
	if (ctx->e->type == REC_inspection && r.inspection.digest.n &&
	    r.inspection.digest.n != HASH_BYTES)
		return rule_malformed(ctx, "digest", 0);
	return rule_not_future(ctx, day_of(ctx->e->type, &r));
}

/* A case may be told of a household that has left since. */
int rule_case_note(struct rule_ctx *ctx)
{
	struct state_household h;
	struct rec_case_note r;
	int err = rule_head(ctx, &r);

	if (!err && r.digest.n && r.digest.n != HASH_BYTES)
		return rule_malformed(ctx, "digest", 0);
	if (!err && r.household.n)
		err = roster_known(ctx, 0, r.household, &h);
	return err ? err : rule_not_future(ctx, r.day);
}

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
	struct state_household h;
	struct rec_facility r;
	struct state_key k;
	int err = rule_head(ctx, &r);

	if (!err)
		err = roster_need(ctx, 0, r.household, 0, &h);
	if (!err)
		err = rule_period(ctx, r.from, r.to);
	if (!err)
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
	int err = rule_head(ctx, &r);

	if (!err)
		err = need_facility(ctx, r.facility, &f);
	return err ? err : rule_not_future(ctx, r.day);
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
	int err = rule_head(ctx, &r);

	if (!err)
		err = rule_ref_town(ctx, r.guidance, REC_guidance, &g);
	if (!err && g.village.n && !bytes_eq(g.village, bytes_str(ctx->w->code)))
		err = rule_refuse(ctx, &(struct refusal){.id = V_GUIDE_FOREIGN,
							 .num = {(int64_t)r.guidance},
							 .s = bytes_str(ctx->w->code),
							 .t = g.village});
	return err ? err : rule_not_future(ctx, r.day);
}
