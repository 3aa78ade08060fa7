#include "daemon/ledger/rules/rule.h"

#include "lib/err.h"

/* What the town says to and about its villages. */

int fold_town_need_village(struct judged *j, struct bytes code)
{
	struct state_village v;
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_VILLAGE);
	state_key_text(&k, code);
	err = rows_get(j->w->rows, &k, &row);
	if (!err)
		err = state_village_parse(row, &v);
	if (err == ERR_NOTFOUND || (!err && !v.enrolled))
		return fold_refuse(j, &(struct refusal){.id = V_VILLAGE_UNKNOWN, .s = code});
	return err;
}

int fold_town_guidance(struct judged *j)
{
	struct rec_guidance r;
	int err = fold_head(j, &r);

	return err || r.village.n == 0 ? err : fold_town_need_village(j, r.village);
}

/* Guidance to all villages is closed village by village. */
static int close_for(struct judged *j, uint64_t guidance, struct bytes village)
{
	struct state_key k;
	uint64_t by;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_DONE);
	state_key_u64(&k, guidance);
	state_key_text(&k, village);
	err = fold_get_num(j, &k, &by);
	if (!err)
		return fold_refuse(j, &(struct refusal){.id = V_DONE_ALREADY,
							.num = {(int64_t)guidance, (int64_t)by},
							.s = fold_text("guidance")});
	return err == ERR_NOTFOUND ? fold_put_num(j, &k, j->e->seq) : err;
}

int fold_town_guidance_close(struct judged *j)
{
	struct rec_guidance_close r;
	struct rec_guidance g;
	int err = fold_head(j, &r);

	if (!err)
		err = fold_town_need_village(j, r.village);
	if (!err)
		err = fold_ref(j, r.guidance, REC_guidance, &g);
	if (!err && g.village.n && !bytes_eq(g.village, r.village))
		err = fold_refuse(j, &(struct refusal){.id = V_GUIDE_FOREIGN,
						       .num = {(int64_t)r.guidance},
						       .s = r.village,
						       .t = g.village});
	if (!err)
		err = fold_not_future(j, r.day);
	return err ? err : close_for(j, r.guidance, r.village);
}

/* --- the demonstration village --------------------------------------------------------------------- */
/* The last choice tells: there is one village at a time, or (empty) none. */
static int chosen_now(struct judged *j, struct bytes *ret)
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
	state_key_u64(&k, j->e->seq);
	err = rows_before(j->w->rows, &k, prefix, &key, &row);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = fold_ref(j, be64_get(key.p + prefix), REC_demonstration, &last);
	if (!err && last.decision == CHOSEN_chosen)
		*ret = last.village;
	return err;
}

int fold_town_demonstration(struct judged *j)
{
	struct rec_demonstration r;
	struct bytes now;
	int err = fold_head(j, &r);

	if (!err)
		err = fold_town_need_village(j, r.village);
	if (!err)
		err = fold_not_future(j, r.day);
	if (!err)
		err = chosen_now(j, &now);
	if (err)
		return err;
	if (r.decision == CHOSEN_chosen)
		return now.n ? fold_refuse(j, &(struct refusal){.id = V_DEMO_ONE, .s = now})
			     : ERR_OK;
	return bytes_eq(now, r.village)
		       ? ERR_OK
		       : fold_refuse(j, &(struct refusal){.id = V_DEMO_NOT, .s = r.village});
}

int fold_town_village_fact(struct judged *j)
{
	struct rec_village_fact r;
	int err = fold_head(j, &r);

	return err ? err : fold_town_need_village(j, r.village);
}
