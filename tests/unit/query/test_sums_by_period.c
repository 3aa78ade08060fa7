#include "daemon/ledger/query/sums.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/life.h"
#include "tests/lib/t.h"

/* Sums over movements, against sums made by hand. */
static const struct statement_period always = {.from = DAY_NONE, .to = DAY_NONE};

static void make(struct town *w, uint32_t no, enum report_by by, const struct statement_period *p,
		 struct report *ret)
{
	uint64_t size = town_size(w, no);

	town_begin(w);
	T_EQ(report_make(w->t, no, size, by, p, '\0', ret), ERR_OK);
	town_commit(w);
}

/* In hundredths. */
struct want {
	const char *key;
	int64_t awards, deductions, plus, minus, redeemed, net;
};

static void row_is(const struct report_row *r, const struct want *want)
{
	T_STR(r->key, want->key);
	T_EQ(r->awards, want->awards);
	T_EQ(r->deductions, want->deductions);
	T_EQ(points_raw(r->plus), want->plus);
	T_EQ(points_raw(r->minus), want->minus);
	T_EQ(points_raw(r->redeemed), want->redeemed);
	T_EQ(points_raw(r->net), want->net);
}

static void rows_are(struct town *w, uint32_t no, enum report_by by,
		     const struct statement_period *p, const struct want *want, uint32_t n)
{
	struct report r;

	make(w, no, by, p, &r);
	T_EQ(r.n, n);
	for (uint32_t i = 0; i < n; i++)
		row_is(&r.row[i], &want[i]);
	report_close(&r);
}
#define ROWS_ARE(w, no, by, p, ...)                                                                \
	rows_are(w, no, by, p, (const struct want[]){__VA_ARGS__},                                 \
		 sizeof((const struct want[]){__VA_ARGS__}) / sizeof(struct want))

static void test_a_life_is_summed_in_every_way(void)
{
	struct town w;
	struct life l = {.w = &w, .code = TOWN_CODE};
	struct report r;

	l.no = town_open(&w, 5);
	life_live(&l);
	ROWS_ARE(&w, l.no, REPORT_CATEGORY, &always, {"D", 6, 1, 1400, 200, 0, 1200});
	ROWS_ARE(&w, l.no, REPORT_ITEM, &always, {"A101", 2, 0, 400, 0, 0, 400},
		 {"C101", 1, 0, 500, 0, 0, 500}, {"D101", 1, 0, 300, 0, 0, 300},
		 {"D201", 0, 1, 0, 200, 0, -200}, {"Z001", 1, 0, 100, 0, 0, 100},
		 {"Z002", 1, 0, 100, 0, 0, 100});
	ROWS_ARE(&w, l.no, REPORT_MONTH, &always, {"2025-06", 6, 0, 1400, 0, 0, 1400},
		 {"2025-07", 0, 1, 0, 200, 0, -200});
	/* what came with a split or merger is not earned */
	ROWS_ARE(&w, l.no, REPORT_HOUSEHOLD, &always, {"07001", 4, 1, 1000, 200, 200, 800},
		 {"07003", 1, 0, 300, 0, 0, 300}, {"07004", 1, 0, 100, 0, 0, 100});
	ROWS_ARE(&w, l.no, REPORT_PERSON, &always, {"07001-2", 1, 0, 500, 0, 0, 500},
		 {"07004-1", 1, 0, 100, 0, 0, 100});
	make(&w, l.no, REPORT_ITEM, &always, &r);
	row_is(&r.total, &(struct want){"", 6, 1, 1400, 200, 200, 1200});
	T_STR(r.row[0].label, "事项");
	report_close(&r);
	make(&w, l.no, REPORT_CATEGORY, &always, &r);
	T_STR(r.row[0].label, "人居环境");
	report_close(&r);
	town_close(&w);
}

/* An award of January is taken back in February; the deed was in December. */
static void test_a_period_is_that_of_the_decision(void)
{
	day_t deed = town_day(2025, 12, 20), jan = town_day(2026, 1, 31),
	      feb = town_day(2026, 2, 1);
	struct statement_period p;
	struct town w;
	uint32_t no = town_open(&w, 6);
	uint64_t e;

	w.wall_ms = town_noon(jan);
	e = town_earn(&w, no, "01001", 0, "A101", deed);
	town_earn(&w, no, "01002", 0, "D101", deed);
	w.wall_ms = town_noon(feb);
	T_EQ(town_reverse(&w, no, TOWN_CON, e, 1), V_ACCEPTED);
	p = (struct statement_period){.to = jan};
	ROWS_ARE(&w, no, REPORT_HOUSEHOLD, &p, {"01001", 1, 0, 200, 0, 0, 200},
		 {"01002", 1, 0, 300, 0, 0, 300});
	ROWS_ARE(&w, no, REPORT_MONTH, &p, {"2025-12", 2, 0, 500, 0, 0, 500});
	p = (struct statement_period){.from = feb};
	ROWS_ARE(&w, no, REPORT_HOUSEHOLD, &p, {"01001", -1, 0, -200, 0, 0, -200});
	ROWS_ARE(&w, no, REPORT_HOUSEHOLD, &always, {"01001", 0, 0, 0, 0, 0, 0},
		 {"01002", 1, 0, 300, 0, 0, 300});
	p = (struct statement_period){.from = feb + 1};
	rows_are(&w, no, REPORT_HOUSEHOLD, &p, NULL, 0);
	p = (struct statement_period){.from = jan, .to = feb}; /* both included */
	ROWS_ARE(&w, no, REPORT_ITEM, &p, {"A101", 0, 0, 0, 0, 0, 0},
		 {"D101", 1, 0, 300, 0, 0, 300});
	town_close(&w);
}

static void test_a_period_covers_its_ends(void)
{
	static const struct {
		day_t from, to, day;
		bool in;
	} cases[] = {{10, 20, 9, false},
		     {10, 20, 10, true},
		     {10, 20, 20, true},
		     {10, 20, 21, false},
		     {DAY_NONE, 20, -30, true},
		     {DAY_NONE, 20, 21, false},
		     {10, DAY_NONE, 99999, true},
		     {10, DAY_NONE, 9, false},
		     {DAY_NONE, DAY_NONE, 5, true},
		     {10, 10, 10, true}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct statement_period p = {.from = cases[i].from, .to = cases[i].to};

		T_EQ(statement_covers(&p, cases[i].day), cases[i].in);
	}
}

static void test_equal_points_share_a_rank(void)
{
	static const struct {
		const char *household;
		int lines; /* of 3 points */
	} earned[] = {{"01001", 1}, {"01002", 3}, {"01003", 2}, {"01004", 2}, {"01005", 1}};
	static const struct {
		const char *household;
		uint32_t rank;
	} want[] = {{"01002", 1}, {"01003", 2}, {"01004", 2},
		    {"01001", 4}, {"01005", 4}, {"01006", 6}};
	struct report r;
	struct town w;
	uint32_t no = town_open(&w, 7);

	for (size_t i = 0; i < sizeof(earned) / sizeof(earned[0]); i++)
		for (int k = 0; k < earned[i].lines; k++)
			town_earn(&w, no, earned[i].household, 0, "D101", town_day(2026, 2, 1 + k));
	town_earn(&w, no, "01006", 0, "D201", town_day(2026, 2, 1)); /* below nothing */
	make(&w, no, REPORT_HOUSEHOLD, &always, &r);
	report_rank(&r);
	T_EQ(r.n, 6);
	for (uint32_t i = 0; i < r.n; i++) {
		T_STR(r.row[i].key, want[i].household);
		T_EQ(r.row[i].rank, want[i].rank);
	}
	report_close(&r);
	report_rank(&r); /* of nothing */
	town_close(&w);
}

/* More households than the tables begin with, in the order of their numbers. */
static void test_many_households_have_a_row_each(void)
{
	enum { MANY = 150 };
	static char household[MANY][8];
	struct rec_points_line l[MANY];
	struct report r;
	struct town w;
	uint32_t no = town_open(&w, 8);
	uint64_t e;

	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(household[i], sizeof(household[i]), "%05u", 50000 + (i * 7 + 3) % MANY);
		T_EQ(town_household(&w, no, TOWN_REC, household[i], 1), V_ACCEPTED);
		l[i] = town_line(household[i], 0, "Z001", town_day(2026, 2, 1));
	}
	T_EQ(town_points(&w, no, TOWN_REC, l, MANY), V_ACCEPTED);
	e = town_size(&w, no) - 1;
	T_EQ(town_step(&w, no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&w, no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	make(&w, no, REPORT_HOUSEHOLD, &always, &r);
	T_EQ(r.n, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		char key[8];

		snprintf(key, sizeof(key), "%05u", 50000 + i);
		row_is(&r.row[i], &(struct want){key, 1, 0, 100, 0, 0, 100});
	}
	T_EQ(points_raw(r.total.net), MANY * 100);
	report_close(&r);
	town_close(&w);
}

static int make_again(struct town *w, uint32_t no, uint64_t size)
{
	struct report r;
	int err = report_make(w->t, no, size, REPORT_PERSON, &always, '\0', &r);

	report_close(&r);
	return err;
}

static void test_every_allocation_may_fail(void)
{
	struct town w;
	uint32_t no = town_open(&w, 9);

	town_earn(&w, no, "01001", 2, "C101", town_day(2026, 2, 1));
	uint64_t size = town_size(&w, no);
	town_begin(&w);
	T_OOM(make_again(&w, no, size));
	town_close(&w);
}

T_MAIN(T(test_a_life_is_summed_in_every_way), T(test_a_period_is_that_of_the_decision),
       T(test_a_period_covers_its_ends), T(test_equal_points_share_a_rank),
       T(test_many_households_have_a_row_each), T(test_every_allocation_may_fail))
