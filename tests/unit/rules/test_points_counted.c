/* Random work against an independent count, and the same entries in another store. */
#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read_registers.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"
#include "tests/lib/copy.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

#define MODEL_ENTRIES 400
#define MODEL_LINES   4
#define MODEL_YEARS   2 /* 2025, 2026 */
struct model_line {
	int household, item, year;
	uint32_t member;
	enum line_state state;
	int reviewer;
};
struct model_entry {
	uint64_t seq;
	int recorder;
	uint32_t n;
	struct model_line line[MODEL_LINES];
};
/* The items of town_catalogue that it uses. */
static const struct {
	const char *code;
	int64_t points, cap;
	bool individual;
} model_item[] = {{"A101", 200, 2400, false},
		  {"C101", 500, 6000, true},
		  {"D201", -200, 2000, false},
		  {"A201", -1000, 3000, true},
		  {"Z002", 100, INT64_MAX, true}};
static const char *const staff[] = {"s0", "s1", "s2", "s3"};

struct model {
	struct world x;
	struct prng g;
	uint32_t n;
	struct model_entry e[MODEL_ENTRIES];
};

static int64_t magnitude(int item)
{
	return model_item[item].points < 0 ? -model_item[item].points : model_item[item].points;
}

static bool alive(const struct model_line *l)
{
	return l->state != LINE_REFUSED && l->state != LINE_REVERSED;
}

/* What counts towards the cap of this line, by adding up every line there ever was. */
static int64_t counted(const struct model *m, const struct model_entry *now,
		       const struct model_line *as)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i <= m->n; i++) {
		const struct model_entry *e = i < m->n ? &m->e[i] : now;

		for (uint32_t k = 0; k < e->n; k++) {
			const struct model_line *l = &e->line[k];

			if (alive(l) && l->household == as->household && l->member == as->member &&
			    l->item == as->item && l->year == as->year)
				sum += magnitude(l->item);
		}
	}
	return sum;
}

static void model_record(struct model *m)
{
	struct model_entry *e = &m->e[m->n], done = {.n = 0};
	struct rec_points_line l[MODEL_LINES];
	char household[MODEL_LINES][20];
	bool ok = true;

	done.recorder = (int)prng_below(&m->g, 4);
	uint32_t n = 1 + (uint32_t)prng_below(&m->g, MODEL_LINES);
	for (uint32_t i = 0; i < n; i++) {
		struct model_line *ml = &done.line[i];

		*ml = (struct model_line){.household = (int)prng_below(&m->g, 3),
					  .item = (int)prng_below(&m->g, 5),
					  .year = (int)prng_below(&m->g, MODEL_YEARS)};
		ml->member =
			model_item[ml->item].individual ? 1 + (uint32_t)prng_below(&m->g, 2) : 0;
		snprintf(household[i], 20, "0100%d", ml->household);
		l[i] = town_line(household[i], ml->member, model_item[ml->item].code,
				 /* told at once, three days before the first of March */
				 town_day(2025 + ml->year, 1, 1) + (int)prng_below(&m->g, 57));
		done.n = i + 1;
		ok = ok && counted(m, &done, ml) <= model_item[ml->item].cap;
	}
	T_EQ(town_points(&m->x.w, m->x.no, staff[done.recorder], l, n),
	     ok ? V_ACCEPTED : V_P10_CAP);
	if (!ok)
		return;
	done.seq = town_size(&m->x.w, m->x.no) - 1;
	*e = done;
	m->n++;
}

/* Does the step of @who apply to this line, and what would be said otherwise? */
static enum verdict_id model_may(const struct model_entry *e, const struct model_line *l, int who,
				 enum line_state from)
{
	if (l->state != from)
		return V_TARGET_STATE;
	if (who == e->recorder || (from == LINE_REVIEWED && who == l->reviewer))
		return V_P02_DUTIES;
	return V_ACCEPTED;
}

static void model_step(struct model *m)
{
	struct model_entry *e = &m->e[prng_below(&m->g, m->n)];
	bool confirm = prng_below(&m->g, 2), refuse = prng_below(&m->g, 5) == 0;
	enum line_state from = confirm ? LINE_REVIEWED : LINE_RECORDED;
	uint32_t line = (uint32_t)prng_below(&m->g, e->n + 1);
	int who = (int)prng_below(&m->g, 4);
	enum verdict_id want = V_TARGET_STATE;

	for (uint32_t i = 1; i <= e->n; i++) {
		enum verdict_id may = model_may(e, &e->line[i - 1], who, from);

		if ((line && line != i) || (!line && may == V_TARGET_STATE))
			continue;
		want = may;
		if (may == V_P02_DUTIES)
			break;
	}
	T_EQ(town_step(&m->x.w, m->x.no, staff[who], confirm ? REC_confirm : REC_review, e->seq,
		       line, refuse ? DECISION_refuse : DECISION_agree),
	     want);
	if (want != V_ACCEPTED)
		return;
	for (uint32_t i = 1; i <= e->n; i++) {
		struct model_line *l = &e->line[i - 1];

		if ((line && line != i) || l->state != from)
			continue;
		l->state = refuse ? LINE_REFUSED : confirm ? LINE_CONFIRMED : LINE_REVIEWED;
		if (!confirm)
			l->reviewer = who;
	}
}

static void model_reverse(struct model *m)
{
	struct model_entry *e = &m->e[prng_below(&m->g, m->n)];
	uint32_t line = 1 + (uint32_t)prng_below(&m->g, e->n);
	int who = (int)prng_below(&m->g, 4);
	enum verdict_id want = V_ACCEPTED;

	if (e->line[line - 1].state != LINE_CONFIRMED)
		want = V_TARGET_STATE;
	else if (who == e->recorder)
		want = V_P02_DUTIES;
	T_EQ(town_reverse(&m->x.w, m->x.no, staff[who], e->seq, line), want);
	if (want == V_ACCEPTED)
		e->line[line - 1].state = LINE_REVERSED;
}

/* The year of a household: its own confirmed lines and those of its members. */
static void check_year(const struct model *m, int household, int year)
{
	struct points got;
	int64_t sum = 0;
	char code[20];

	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->e[i].n; k++) {
			const struct model_line *l = &m->e[i].line[k];

			if (l->state == LINE_CONFIRMED && l->household == household &&
			    l->year == year)
				sum += model_item[l->item].points;
		}
	snprintf(code, sizeof(code), "0100%d", household);
	T_EQ(read_year_points(READER(m->x.w.t, m->x.no), town_b(code), 0, 2025 + year, &got),
	     ERR_OK);
	T_EQ(points_raw(got), sum);
}

static int check_score(void *ctx, const struct view_score *s)
{
	const struct model *m = ctx;
	int64_t sum = 0;

	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->e[i].n; k++) {
			const struct model_line *l = &m->e[i].line[k];

			if (l->state == LINE_CONFIRMED && l->member == s->member &&
			    2025 + l->year == s->year && l->household == s->household[4] - '0')
				sum += model_item[l->item].points;
		}
	T_EQ(points_raw(s->score), sum);
	T_OK(sum != 0);
	return 0;
}

static void model_check(struct model *m)
{
	for (int h = 0; h < 3; h++) {
		int64_t earned = 0, deducted = 0, lines = 0;
		char code[20];

		for (uint32_t i = 0; i < m->n; i++)
			for (uint32_t k = 0; k < m->e[i].n; k++) {
				const struct model_line *l = &m->e[i].line[k];

				if (l->state != LINE_CONFIRMED || l->household != h)
					continue;
				*(model_item[l->item].points < 0 ? &deducted : &earned) +=
					magnitude(l->item);
				lines++;
			}
		snprintf(code, sizeof(code), "0100%d", h);
		struct view_household v = world_household(&m->x, code);
		T_EQ(points_raw(v.earned), earned);
		T_EQ(points_raw(v.deducted), deducted);
		T_EQ(points_raw(v.balance), earned - deducted);
		T_EQ(v.lines, lines);
	}
	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->e[i].n; k++)
			T_EQ(world_line_state(&m->x, m->e[i].seq, k + 1), m->e[i].line[k].state);
	town_begin(&m->x.w);
	for (int h = 0; h < 3; h++)
		for (int y = 0; y < MODEL_YEARS; y++)
			check_year(m, h, y);
	for (int y = 0; y < MODEL_YEARS; y++)
		T_EQ(view_scores(m->x.w.t, m->x.no, 2025 + y, check_score, m), ERR_OK);
	town_commit(&m->x.w);
}

static void model_open(struct model *m, uint64_t seed)
{
	world_open(&m->x, seed);
	prng_seed(&m->g, seed);
	m->n = 0;
	for (int i = 0; i < 4; i++)
		for (int r = ROLE_recorder; r <= ROLE_confirmer; r++)
			T_EQ(town_grant(&m->x.w, m->x.no, TOWN_HEAD, staff[i],
					(enum rec_choice_ROLE)r, ""),
			     V_ACCEPTED);
}

static void model_turn(struct model *m)
{
	uint64_t what = prng_below(&m->g, 10);

	if (m->n == 0 || (what < 4 && m->n < MODEL_ENTRIES))
		model_record(m);
	else if (what < 9)
		model_step(m);
	else
		model_reverse(m);
}

static void test_random_work_matches_an_independent_count(void)
{
	static struct model m;
	struct hash before, after;

	for (uint64_t seed = 100; seed < 104; seed++) {
		model_open(&m, seed);
		for (int turn = 0; turn < 700; turn++) {
			town_digest(&m.x.w, m.x.no, &before);
			model_turn(&m);
			town_digest(&m.x.w, m.x.no, &after);
			/* a refused entry leaves no trace, an accepted one does */
			T_EQ(hash_cmp(&before, &after) == 0, !verdict_ok(&m.x.w.last));
			if (turn % 100 == 99)
				model_check(&m);
		}
		town_close(&m.x.w);
	}
}

/* --- replays ---------------------------------------------------------------------------------------- */
static void test_a_replay_gives_the_same_state(void)
{
	static struct model m;
	struct copy c;
	struct hash h, empty;

	model_open(&m, 200);
	for (int turn = 0; turn < 500; turn++)
		model_turn(&m);
	copy_open(&c, &m.x.w);
	copy_entries(&c, FEED_TOWN, FEED_TOWN, 0, town_size(&m.x.w, FEED_TOWN));
	/* under another local number */
	T_OK(town_feed(&c.w, "500101999299") != 0);
	uint32_t no = town_feed(&c.w, TOWN_CODE);
	T_OK(no != m.x.no);
	copy_entries(&c, m.x.no, no, 0, town_size(&m.x.w, m.x.no));
	copy_same(&m.x.w, m.x.no, &c.w, no);
	copy_same(&m.x.w, FEED_TOWN, &c.w, FEED_TOWN);
	town_digest(&c.w, no, &h);
	town_digest(&c.w, no + 1, &empty);
	T_OK(hash_cmp(&h, &empty) != 0);
	copy_close(&c);
	town_close(&m.x.w);
}

static void test_villages_do_not_touch_each_other(void)
{
	static struct model m;
	struct rec_points_line l;
	const char *two = "500101999202";
	uint32_t src[2], no[2];
	struct copy c;
	struct prng g;

	model_open(&m, 300);
	src[0] = m.x.no;
	src[1] = town_village(&m.x.w, two);
	T_EQ(town_household(&m.x.w, src[1], "rec/500101999202", "01001", 2), V_ACCEPTED);
	for (int turn = 0; turn < 120; turn++) {
		model_turn(&m);
		l = town_line("01001", 0, "Z001", m.x.day - turn);
		T_EQ(town_points(&m.x.w, src[1], "rec/500101999202", &l, 1), V_ACCEPTED);
		if (turn % 40 == 0)
			T_EQ(town_catalogue(&m.x.w, 2 + (uint64_t)turn), V_ACCEPTED);
	}
	for (uint64_t order = 0; order < 5; order++) {
		uint64_t at[2] = {0, 0};

		copy_open(&c, &m.x.w);
		copy_entries(&c, FEED_TOWN, FEED_TOWN, 0, town_size(&m.x.w, FEED_TOWN));
		no[1] = town_feed(&c.w, two);
		no[0] = town_feed(&c.w, TOWN_CODE);
		prng_seed(&g, order);
		for (;;) {
			uint64_t v = prng_below(&g, 2), some = 1 + prng_below(&g, 30), end[2];

			for (int i = 0; i < 2; i++)
				end[i] = town_size(&m.x.w, src[i]);
			if (at[0] == end[0] && at[1] == end[1])
				break;
			some = some < end[v] - at[v] ? some : end[v] - at[v];
			copy_entries(&c, src[v], no[v], at[v], at[v] + some);
			at[v] += some;
		}
		for (int i = 0; i < 2; i++)
			copy_same(&m.x.w, src[i], &c.w, no[i]);
		copy_close(&c);
	}
	town_close(&m.x.w);
}

T_MAIN(T(test_random_work_matches_an_independent_count, "R02 R27 R40 R42 R60 I1"),
       T(test_a_replay_gives_the_same_state), T(test_villages_do_not_touch_each_other, "I9"))
