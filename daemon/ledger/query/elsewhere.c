#include "daemon/ledger/query/elsewhere.h"

#include <string.h>

#include "lib/err.h"
#include "lib/look.h"

bool elsewhere_same(day_t birth, struct bytes id_tail, day_t other, struct bytes other_tail)
{
	bool tails = id_tail.n && other_tail.n;

	if (birth != DAY_NONE && other != DAY_NONE)
		return birth == other && (!tails || bytes_eq(id_tail, other_tail));
	return tails && bytes_eq(id_tail, other_tail);
}

struct bytes elsewhere_bare(struct bytes household)
{
	while (household.n > 1 && household.p[0] == '0') {
		household.p++;
		household.n--;
	}
	return household;
}

/* --- numbers --------------------------------------------------------------------------------------------- */

struct numbers {
	struct bytes number;
	bool known;
	struct reason *near;
};

static int on_number(void *ctx, const struct view_household *h)
{
	struct numbers *n = ctx;
	struct bytes other = bytes_str(h->household);

	if (bytes_eq(other, n->number)) {
		n->known = true;
		return ERR_OK;
	}
	if (!bytes_eq(elsewhere_bare(other), elsewhere_bare(n->number)))
		return ERR_OK;
	n->near->id = V_HOUSEHOLD_ZEROS;
	reason_set_text(n->near->s, (const char *)n->number.p, n->number.n);
	reason_set_text(n->near->t, h->household, other.n);
	return ERR_OK;
}

/* Of a number that is registered itself the rules speak. */
static int find_number(const struct reader *r, struct bytes number, struct reason *why)
{
	struct reason near = {.id = V_ACCEPTED};
	struct numbers n = {.number = number, .near = &near};
	int err = view_households_at(r, on_number, &n);

	if (err || n.known || near.id == V_ACCEPTED)
		return err;
	*why = near;
	return ERR_EXISTS;
}

/* --- people ---------------------------------------------------------------------------------------------- */

/* As the line of a household has them. */
struct people {
	const struct reader *r;
	struct bytes household; /* that they come into */
	const struct rec_household_line *v;
	uint32_t n;
	bool lines;	 /* they stand in lines of a record */
	uint64_t member; /* of the one who joins: the record itself, when it is sent again */
	struct reason *why;
};

/* May this member be one of them, before the register's texts are read? */
static bool any_like(const struct people *p, const struct state_member *m)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->v[i].birth == m->birth || p->v[i].birth == DAY_NONE || m->birth == DAY_NONE)
			return true;
	return false;
}

/* Is one of them, from @from on, the person registered (or named before) as @member of @household? */
static int compare(const struct people *p, uint32_t from, struct bytes household, uint64_t member,
		   const struct rec_household_line *is)
{
	for (uint32_t i = from; i < p->n; i++) {
		const struct rec_household_line *l = &p->v[i];

		if (!look_same(l->name, is->name) ||
		    !elsewhere_same(l->birth, l->id_tail, is->birth, is->id_tail))
			continue;
		*p->why = (struct reason){.id = V_PERSON_ELSEWHERE,
					  .num = {p->lines ? i + 1 : 0, (int64_t)member}};
		reason_set_text(p->why->s, (const char *)household.p, household.n);
		reason_set_text(p->why->t, (const char *)l->name.p, l->name.n);
		return ERR_EXISTS;
	}
	return ERR_OK;
}

static int compare_lines(const struct people *p)
{
	int err = ERR_OK;

	for (uint32_t i = 0; !err && i < p->n; i++)
		err = compare(p, i + 1, p->household, p->v[i].member, &p->v[i]);
	return err;
}

static int on_household(void *ctx, const struct view_household *h)
{
	const struct people *p = ctx;
	struct bytes household = bytes_str(h->household);
	bool own = bytes_eq(household, p->household);
	struct details d = {.r = p->r};
	struct rec_household_line is;
	struct state_household s;
	struct state_member m;
	int err;

	if (h->left_day != DAY_NONE || (own && p->lines))
		return ERR_OK;
	err = read_household(p->r, household, &s);
	for (size_t at = 0; !err && state_household_next(&s, &at, &m);) {
		if (!state_member_present(&m) || !any_like(p, &m) || (own && m.member == p->member))
			continue;
		err = read_details(&d, &m, &is);
		is.birth = m.birth; /* as it was corrected */
		if (!err)
			err = compare(p, 0, household, m.member, &is);
	}
	return err;
}

int elsewhere_find(const struct reader *r, const struct rec_type *t, const union rec_any *head,
		   const void *lines, uint32_t nlines, struct reason *why)
{
	const struct rec_household *home = (const struct rec_household *)head->raw;
	const struct rec_member_join *join = (const struct rec_member_join *)head->raw;
	const struct rec_household_line one = {
		.name = join->name, .birth = join->birth, .id_tail = join->id_tail};
	struct people p = {.r = r, .why = why};
	int err;

	switch (t->code) {
	case REC_split: return find_number(r, ((const struct rec_split *)head->raw)->into, why);
	case REC_household:
		p.household = home->household;
		p.v = lines;
		p.n = nlines;
		p.lines = true;
		err = find_number(r, home->household, why);
		if (!err)
			err = compare_lines(&p);
		return err ? err : view_households_at(r, on_household, &p);
	case REC_member_join:
		p.household = join->household;
		p.v = &one;
		p.n = 1;
		p.member = join->member;
		return view_households_at(r, on_household, &p);
	default: return ERR_OK;
	}
}
