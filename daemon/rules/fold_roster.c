#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

#define RESIDENCE_MONTHS 6
#define DEDUCT_AGE_MIN	 14
#define MEMBERS_MAX	 100

static void household_key(struct state_key *k, const struct judged *j, struct bytes household)
{
	state_key_of(k, j->f->feed_no, STATE_HOUSEHOLD);
	state_key_text(k, household);
}

static int read_members(struct judged *j, struct bytes household, struct state_member *m)
{
	struct rec_household_line l;
	bool seen[MEMBERS_MAX] = {false};

	for (uint32_t i = 0; i < j->nlines; i++) {
		int err = fold_line(j, i, &l);

		if (err)
			return err;
		if (seen[l.member])
			return fold_refuse(j, &(struct refusal){.id = V_MEMBER_TWICE,
								.num = {i + 1, (int64_t)l.member},
								.s = household});
		seen[l.member] = true;
		m[i] = (struct state_member){.member = (uint32_t)l.member,
					     .other_hukou = l.hukou == HUKOU_other,
					     .birth = l.birth,
					     .since = l.since,
					     .agreed = l.agreed};
	}
	return ERR_OK;
}

int fold_roster_need(struct judged *j, uint32_t line, struct bytes household, uint32_t member,
		     struct state_household *ret)
{
	struct state_member m;
	int err = fold_points_household(j, line, household, ret);

	if (!err && ret->left != DAY_NONE)
		return fold_refuse(j, &(struct refusal){.id = V_HOUSEHOLD_LEFT,
							.num = {ret->left},
							.s = household});
	if (!err && member && !state_household_member(ret, member, &m))
		return fold_refuse(j, &(struct refusal){.id = V_MEMBER_UNKNOWN,
							.num = {line, member},
							.s = household});
	return err;
}

int fold_roster_household(struct judged *j)
{
	struct state_member member[ENTRY_PARTS_MAX];
	struct state_household h;
	struct rec_household r;
	struct state_key k;
	struct bytes row;
	int err = fold_head(j, &r);

	if (err)
		return err;
	household_key(&k, j, r.household);
	err = rows_get(j->w->rows, &k, &row);
	if (!err)
		err = state_household_parse(row, &h);
	if (!err)
		return fold_refuse(j, &(struct refusal){.id = V_HOUSEHOLD_EXISTS,
							.num = {(int64_t)h.entry},
							.s = r.household});
	if (err != ERR_NOTFOUND)
		return err;
	err = read_members(j, r.household, member);
	if (err)
		return err;
	h = (struct state_household){.entry = j->e->seq,
				     .takes_part = r.takes_part == YES_yes,
				     .consent = r.consent_day,
				     .nmembers = j->nlines};
	state_household_pack(&h, member, fold_out(j));
	return fold_put(j, &k);
}

static int mark_member(struct judged *j, const struct rec_roster_change *r, struct state_member *m,
		       uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (m[i].member != r->member)
			continue;
		if (m[i].left != DAY_NONE || m[i].death != DAY_NONE)
			return fold_refuse(j, &(struct refusal){.id = V_LEFT_ALREADY,
								.num = {0, (int64_t)r->member},
								.s = r->household});
		*(r->kind == LEAVE_death ? &m[i].death : &m[i].left) = r->day;
		return ERR_OK;
	}
	return fold_refuse(j, &(struct refusal){.id = V_MEMBER_UNKNOWN,
						.num = {0, (int64_t)r->member},
						.s = r->household});
}

int fold_roster_change(struct judged *j)
{
	struct state_member member[MEMBERS_MAX];
	struct rec_roster_change r;
	struct state_household h;
	struct state_key k;
	struct bytes row;
	uint32_t n = 0;
	int err = fold_head(j, &r);

	if (err)
		return err;
	/* a household moves out, a person dies or leaves */
	if ((r.kind == LEAVE_moved_out) != (r.member == 0))
		return fold_malformed(j, "member", 0);
	household_key(&k, j, r.household);
	err = rows_get(j->w->rows, &k, &row);
	if (!err)
		err = state_household_parse(row, &h);
	if (err == ERR_NOTFOUND)
		return fold_refuse(j,
				   &(struct refusal){.id = V_HOUSEHOLD_UNKNOWN, .s = r.household});
	if (err)
		return err;
	for (size_t at = 0; n < MEMBERS_MAX && state_household_next(&h, &at, &member[n]);)
		n++;
	if (n != h.nmembers)
		return ERR_CORRUPT;
	if (r.kind != LEAVE_moved_out)
		err = mark_member(j, &r, member, n);
	else if (h.left != DAY_NONE)
		return fold_refuse(j, &(struct refusal){.id = V_LEFT_ALREADY, .s = r.household});
	else
		h.left = r.day;
	if (err)
		return err;
	state_household_pack(&h, member, fold_out(j));
	return fold_put(j, &k);
}

/* --- P13 ------------------------------------------------------------------------------------------- */
/* Six months; those that end after the last day of the calendar have not passed. */
static bool resident_long(day_t since, day_t day)
{
	day_t end = day_add_months(since, RESIDENCE_MONTHS);

	return end <= day && (end != DAY_NONE || since < DAY_NONE);
}

/* Why this person may not take part on @day; V_ACCEPTED when nothing stands against it. */
static struct refusal person_bar(const struct state_member *m, day_t day)
{
	if (m->death != DAY_NONE && m->death < day)
		return (struct refusal){.id = V_P13_DEAD, .num = {0, m->death, day}};
	if (m->left != DAY_NONE && m->left < day)
		return (struct refusal){.id = V_P13_LEFT, .num = {0, m->left, day}};
	if (!m->other_hukou)
		return (struct refusal){.id = V_ACCEPTED};
	if (m->since == DAY_NONE || !resident_long(m->since, day))
		return (struct refusal){.id = V_P13_RESIDENCE, .num = {0, m->since, day}};
	if (m->agreed == DAY_NONE || m->agreed > day)
		return (struct refusal){.id = V_P13_AGREED, .num = {0, day}};
	return (struct refusal){.id = V_ACCEPTED};
}

/* A household earns as such while at least one of its people may; else the first one says why. */
static struct refusal household_bar(const struct state_household *h, day_t day)
{
	struct refusal first = {.id = V_ACCEPTED};
	struct state_member m;

	for (size_t at = 0; state_household_next(h, &at, &m);) {
		struct refusal r = person_bar(&m, day);

		if (r.id == V_ACCEPTED)
			return r;
		if (first.id == V_ACCEPTED)
			first = r;
	}
	return first;
}

int fold_roster_eligible(struct judged *j, uint32_t line, const struct state_household *h,
			 const struct rec_points_line *l, bool deduct)
{
	struct state_member m = {0};
	struct refusal r;
	int age;

	if (l->member && !state_household_member(h, (uint32_t)l->member, &m))
		return fold_refuse(j, &(struct refusal){.id = V_MEMBER_UNKNOWN,
							.num = {line, (int64_t)l->member},
							.s = l->household});
	if (!h->takes_part)
		return fold_refuse(j, &(struct refusal){.id = V_P13_NOT_PART,
							.num = {line},
							.s = l->household});
	if (h->consent != DAY_NONE && l->day < h->consent)
		return fold_refuse(j, &(struct refusal){.id = V_P05_BEFORE_CONSENT,
							.num = {line, l->day, h->consent}});
	if (h->left != DAY_NONE && h->left < l->day)
		return fold_refuse(j, &(struct refusal){.id = V_P13_LEFT,
							.num = {line, h->left, l->day}});
	r = l->member ? person_bar(&m, l->day) : household_bar(h, l->day);
	r.num[0] = line;
	if (r.id != V_ACCEPTED)
		return fold_refuse(j, &r);
	age = day_years_between(m.birth, l->day);
	if (deduct && m.birth != DAY_NONE && age < DEDUCT_AGE_MIN)
		return fold_refuse(j, &(struct refusal){.id = V_P13_CHILD,
							.num = {line, l->day, age}});
	return ERR_OK;
}

int fold_roster_join(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_roster_residence(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_roster_consent(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
