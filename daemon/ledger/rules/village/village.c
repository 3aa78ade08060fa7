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

int fold_village_plain(struct judged *j)
{
	union plain r;
	int err = fold_head(j, &r);

	if (err)
		return err;
	/* of those who were asked */
	if (j->e->type == REC_consultation && r.consultation.aware > r.consultation.asked)
		return fold_malformed(j, "aware", 0);
	if (j->e->type == REC_inspection && r.inspection.digest.n &&
	    r.inspection.digest.n != HASH_BYTES)
		return fold_malformed(j, "digest", 0);
	return fold_not_future(j, day_of(j->e->type, &r));
}

/* A case may be told of a household that has left since. */
int fold_village_case(struct judged *j)
{
	struct state_household h;
	struct rec_case_note r;
	int err = fold_head(j, &r);

	if (!err && r.digest.n && r.digest.n != HASH_BYTES)
		return fold_malformed(j, "digest", 0);
	if (!err && r.household.n)
		err = fold_roster_known(j, 0, r.household, &h);
	return err ? err : fold_not_future(j, r.day);
}

/* --- facilities ------------------------------------------------------------------------------------ */
static int get_facility(struct judged *j, struct bytes code, struct state_key *k,
			struct state_facility *ret)
{
	struct bytes row;
	int err;

	state_facility_key(k, j->f->feed_no, code);
	err = rows_get(j->w->rows, k, &row);
	return err ? err : state_facility_parse(row, ret);
}

static int need_facility(struct judged *j, struct bytes code, struct state_facility *ret)
{
	struct state_key k;
	int err = get_facility(j, code, &k, ret);

	return err != ERR_NOTFOUND
		       ? err
		       : fold_refuse(j, &(struct refusal){.id = V_FACILITY_UNKNOWN, .s = code});
}

int fold_village_facility(struct judged *j)
{
	struct state_facility f = {0};
	struct state_keeper keeper;
	struct state_household h;
	struct rec_facility r;
	struct state_key k;
	int err = fold_head(j, &r);

	if (!err)
		err = fold_roster_need(j, 0, r.household, 0, &h);
	if (!err)
		err = fold_period(j, r.from, r.to);
	if (!err)
		err = get_facility(j, r.code, &k, &f);
	if (err && err != ERR_NOTFOUND)
		return err;
	keeper = (struct state_keeper){
		.from = r.from, .to = r.to, .household_n = (uint8_t)r.household.n};
	memcpy(keeper.household, r.household.p, r.household.n);
	state_facility_add(&f, &keeper);
	state_facility_pack(&f, fold_out(j));
	return fold_put(j, &k);
}

int fold_village_check(struct judged *j)
{
	struct rec_facility_check r;
	struct state_facility f;
	int err = fold_head(j, &r);

	if (!err)
		err = need_facility(j, r.facility, &f);
	return err ? err : fold_not_future(j, r.day);
}

int fold_village_kept(struct judged *j, uint32_t line, const struct rec_points_line *l)
{
	const struct state_keeper *keeper;
	struct state_facility f;
	struct fold_place now;
	int err = need_facility(j, l->facility, &f);

	if (err)
		return err;
	keeper = state_facility_on(&f, l->day);
	/* a household that was merged goes on in another */
	if (keeper)
		err = fold_family_now(j, kv_bytes(keeper->household, keeper->household_n), 0, &now);
	if (err || (keeper && bytes_eq(l->household, fold_place_household(&now))))
		return err;
	return fold_refuse(j, &(struct refusal){.id = V_FACILITY_KEEPER,
						.num = {line, l->day},
						.s = l->facility,
						.t = keeper ? fold_place_household(&now)
							    : fold_text("")});
}

/* --- the town -------------------------------------------------------------------------------------- */
int fold_village_guidance_reply(struct judged *j)
{
	struct rec_guidance_reply r;
	struct rec_guidance g;
	int err = fold_head(j, &r);

	if (!err)
		err = fold_ref_town(j, r.guidance, REC_guidance, &g);
	if (!err && g.village.n && !bytes_eq(g.village, fold_text(j->w->code)))
		err = fold_refuse(j, &(struct refusal){.id = V_GUIDE_FOREIGN,
						       .num = {(int64_t)r.guidance},
						       .s = fold_text(j->w->code),
						       .t = g.village});
	return err ? err : fold_not_future(j, r.day);
}
