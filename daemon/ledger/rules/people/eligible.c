#include "daemon/ledger/rules/people/eligible.h"

#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/people/split_merge.h"
#include "lib/err.h"

/* P13: who may earn on a day, or have points deducted. */

#define RESIDENCE_MONTHS 6
#define DEDUCT_AGE_MIN	 14

/* Six months; those that end after the last day of the calendar have not passed. */
static bool resident_long(day_t since, day_t day)
{
	day_t end = day_add_months(since, RESIDENCE_MONTHS);

	return end <= day && (end != DAY_NONE || since < DAY_NONE);
}

day_t eligible_from(day_t since)
{
	return since == DAY_NONE ? DAY_NONE : day_add_months(since, RESIDENCE_MONTHS);
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
		return (struct refusal){.id = V_P13_AGREED, .num = {0, day, m->agreed}};
	return (struct refusal){.id = V_ACCEPTED};
}

bool eligible_person(const struct state_member *m, day_t day)
{
	return person_bar(m, day).id == V_ACCEPTED;
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

/* Since when the person, or every present member of the household, is away on that day; DAY_NONE: somebody is here. */
static day_t away_since(const struct state_household *h, const struct state_member *who, day_t day)
{
	day_t since = DAY_NONE;
	struct state_member m;

	if (who)
		return who->away != DAY_NONE && who->away <= day ? who->away : DAY_NONE;
	for (size_t at = 0; state_household_next(h, &at, &m);) {
		if (m.death != DAY_NONE || m.left != DAY_NONE)
			continue;
		if (m.away == DAY_NONE || m.away > day)
			return DAY_NONE;
		since = since == DAY_NONE || m.away > since ? m.away : since;
	}
	return since;
}

/* Caps and score of a person who moved are at the new place, and so are the lines to come. */
static int check_moved(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l)
{
	struct place now;
	int err = split_merge_now(ctx, l->household, (uint32_t)l->member, &now);

	if (err || (now.member == l->member && bytes_eq(place_household(&now), l->household)))
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_P13_RELOCATED,
						  .num = {line, now.member},
						  .s = l->household,
						  .t = place_household(&now)});
}

int eligible(struct rule_ctx *ctx, uint32_t line, const struct state_household *h,
	     const struct rec_points_line *l, bool deduct)
{
	struct state_member m = {0};
	struct refusal r;
	int age, err;
	day_t away;

	if (l->member && !state_household_member(h, (uint32_t)l->member, &m))
		return roster_no_member(ctx, line, l->household, l->member);
	/* persons take what is theirs along; of a household the days that it had stay its own */
	if (l->member ? m.left != DAY_NONE : h->left != DAY_NONE && l->day >= h->left)
		err = check_moved(ctx, line, l);
	else
		err = l->member ? ERR_OK : roster_begun(ctx, line, l->household, h, l->day);
	if (err)
		return err;
	if (!h->takes_part)
		return rule_refuse(ctx, &(struct refusal){.id = V_P13_NOT_PART,
							  .num = {line},
							  .s = l->household});
	if (h->consent != DAY_NONE && l->day < h->consent)
		return rule_refuse(ctx, &(struct refusal){.id = V_P05_BEFORE_CONSENT,
							  .num = {line, l->day, h->consent}});
	if (h->left != DAY_NONE && h->left < l->day)
		return rule_refuse(ctx, &(struct refusal){.id = V_P13_LEFT,
							  .num = {line, h->left, l->day}});
	r = l->member ? person_bar(&m, l->day) : household_bar(h, l->day);
	r.num[0] = line;
	if (r.id != V_ACCEPTED)
		return rule_refuse(ctx, &r);
	away = away_since(h, l->member ? &m : NULL, l->day);
	if (away != DAY_NONE && !deduct)
		rule_warn(ctx, &(struct refusal){.id = V_P13_AWAY,
						 .num = {line, away, l->day},
						 .s = l->household});
	age = day_years_between(m.birth, l->day);
	if (deduct && m.birth != DAY_NONE && age < DEDUCT_AGE_MIN)
		return rule_refuse(ctx, &(struct refusal){.id = V_P13_CHILD,
							  .num = {line, l->day, age}});
	return ERR_OK;
}
