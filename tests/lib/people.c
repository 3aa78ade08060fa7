#include "tests/lib/people.h"

#include <stdio.h>

#include "lib/err.h"
#include "tests/lib/t.h"

enum verdict_id people_change(struct world *x, const char *household, uint32_t member,
			      enum rec_choice_LEAVE kind, day_t day)
{
	struct rec_roster_change r = {
		.household = town_b(household), .member = member, .kind = kind, .day = day};

	return provoke_put(&x->w, x->no, TOWN_REC, REC_roster_change, &r, NULL, 0);
}

enum verdict_id people_join(struct world *x, const char *household, uint32_t member,
			    const char *name)
{
	struct rec_member_join r = {.household = town_b(household),
				    .kind = JOIN_birth,
				    .day = x->day,
				    .member = member,
				    .name = town_b(name),
				    .relation = town_b("孙女"),
				    .sex = SEX_female,
				    .birth = x->day};

	return provoke_put(&x->w, x->no, TOWN_REC, REC_member_join, &r, NULL, 0);
}

/* Members @from become @to, both as digits of one number each. */
static uint32_t people(struct rec_split_line l[9], const char *from, const char *to)
{
	uint32_t n = 0;

	for (; from[n]; n++)
		l[n] = (struct rec_split_line){(uint64_t)(from[n] - '0'), (uint64_t)(to[n] - '0')};
	return n;
}

enum verdict_id people_split(struct world *x, const char *household, const char *into,
			     const char *from, const char *to, int64_t points)
{
	struct rec_split_line l[9];
	uint32_t n = people(l, from, to);
	struct rec_split r = {.household = town_b(household),
			      .into = town_b(into),
			      .day = x->day,
			      .points = points_of(points),
			      .reason = town_b("儿子成家")};

	return provoke_put(&x->w, x->no, TOWN_HEAD, REC_split, &r, l, n);
}

enum verdict_id people_merge(struct world *x, const char *household, const char *into,
			     const char *from, const char *to)
{
	struct rec_split_line l[9];
	uint32_t n = people(l, from, to);
	struct rec_merge r = {.household = town_b(household),
			      .into = town_b(into),
			      .day = x->day,
			      .reason = town_b("老人随子女生活")};

	return provoke_put(&x->w, x->no, TOWN_HEAD, REC_merge, &r, l, n);
}

enum verdict_id people_points(struct world *x, const char *code, uint32_t no, const char *item,
			      day_t day)
{
	struct rec_points_line l = town_line(code, no, item, day);
	struct rec_points head = {0};

	return provoke_put(&x->w, x->no, TOWN_REC, REC_points, &head, &l, 1);
}

void people_nums(const struct world *x, int64_t a, int64_t b, int64_t c)
{
	const struct reason *r = &x->w.last.reason;

	T_EQ(r->num[0], a);
	T_EQ(r->num[1], b);
	T_EQ(r->num[2], c);
}

/* --- what has become of them ----------------------------------------------------------------------- */
struct wanted {
	uint32_t member;
	struct view_member m;
};

static int take_member(void *ctx, const struct view_member *m)
{
	struct wanted *w = ctx;

	if (m->member == w->member)
		w->m = *m;
	return 0;
}

struct view_member people_member(struct world *x, const char *code, uint32_t no)
{
	struct wanted w = {.member = no};

	town_begin(&x->w);
	T_EQ(view_members(x->w.t, x->no, town_b(code), take_member, &w), ERR_OK);
	town_commit(&x->w);
	T_EQ(w.m.member, no);
	return w.m;
}

static int add_score(void *ctx, const struct view_score *s)
{
	char *end = (char *)ctx + strlen(ctx);

	snprintf(end, PEOPLE_ROOM, "%s/%u:%lld ", s->household, s->member,
		 (long long)points_raw(s->score));
	return 0;
}

void people_scores(struct world *x, int year, const char *want)
{
	char text[PEOPLE_TEXT] = "";

	town_begin(&x->w);
	T_EQ(view_scores(x->w.t, x->no, year, add_score, text), ERR_OK);
	town_commit(&x->w);
	T_STR(text, want);
}
