#include <string.h>

#include "daemon/ledger/query/sums.h"
#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "tests/lib/rows.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* What statistics, ranks and notices add up: lines by category, item, month, household and person, in the
 * period of their confirmation, whatever was redeemed or moved. */
#define KEEPER "keeper"

static void put(struct world *x, const char *who, enum rec_code type, const void *head,
		const void *lines, uint32_t n)
{
	T_EQ(town_put(&x->w, x->no, who, type, head, lines, n), V_ACCEPTED);
}

/* "key awards-deductions plus-minus; " for each row of the period. */
static void sums_are(struct world *x, enum report_by by, day_t from, day_t to, const char *want)
{
	const struct statement_period p = {.from = from, .to = to};
	char got[600] = "";
	struct report r;

	town_begin(&x->w);
	T_EQ(report_make(x->w.t, x->no, town_size(&x->w, x->no), by, &p, '\0', &r), ERR_OK);
	town_commit(&x->w);
	for (uint32_t i = 0; i < r.n; i++) {
		const struct report_row *row = &r.row[i];

		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s %lld-%lld %lld-%lld; ",
			 row->key, (long long)row->awards, (long long)row->deductions,
			 (long long)points_raw(row->plus), (long long)points_raw(row->minus));
		T_EQ(points_raw(row->net), points_raw(row->plus) - points_raw(row->minus));
	}
	report_close(&r);
	T_STR(got, want);
}

/* From today on the village has two items of its own, in categories A and G. */
static void own_items(struct world *x)
{
	struct rec_adopt_catalogue a = {.version = 9, .base = 1, .from = x->today};
	struct rec_adopt_catalogue_line l[2] = {{.change = CHANGE_add,
						 .code = town_b("V001"),
						 .category = CATEGORY_A,
						 .name_zh = town_b("护林巡查"),
						 .points = points_of(250)},
						{.change = CHANGE_add,
						 .code = town_b("V002"),
						 .category = CATEGORY_G,
						 .sign = SIGN_award,
						 .name_zh = town_b("获得表彰"),
						 .points = points_of(50),
						 .scope = SCOPE_individual}};

	put(x, TOWN_HEAD, REC_adopt_catalogue, &a, l, 2);
}

static uint64_t own(struct world *x, const char *household, uint64_t member, const char *item,
		    int64_t points)
{
	struct rec_points_line l = town_line(household, (uint32_t)member, item, x->today);
	uint64_t e = town_size(&x->w, x->no);

	l.version = 9;
	l.points = points_of(points);
	T_EQ(town_points(&x->w, x->no, TOWN_REC, &l, 1), V_ACCEPTED);
	T_EQ(town_step(&x->w, x->no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x->w, x->no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	return e;
}

static void test_lines_are_summed_in_every_way(void)
{
	struct world x;
	uint64_t back;

	world_open(&x, 1);
	town_earn(&x.w, x.no, "01001", 0, "A101", town_day(2025, 12, 30));
	town_earn(&x.w, x.no, "01001", 2, "C101", x.day);
	town_earn(&x.w, x.no, "01001", 2, "C101", x.day - 5);
	town_earn(&x.w, x.no, "01002", 0, "D201", x.day);
	town_earn(&x.w, x.no, "01002", 1, "A201", x.day);
	own_items(&x);
	own(&x, "01002", 0, "V001", 250);
	own(&x, "01003", 3, "V002", 50);
	back = own(&x, "01003", 3, "V002", 50);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, back, 1), V_ACCEPTED);
	town_record(&x.w, x.no, "01004", 0, "Z001", x.day); /* not confirmed: nowhere */
	sums_are(&x, REPORT_CATEGORY, DAY_NONE, DAY_NONE,
		 "A 1-0 250-0; D 3-2 1200-1200; G 1-0 50-0; ");
	sums_are(
		&x, REPORT_ITEM, DAY_NONE, DAY_NONE,
		"A101 1-0 200-0; A201 0-1 0-1000; C101 2-0 1000-0; D201 0-1 0-200; V001 1-0 250-0; "
		"V002 1-0 50-0; ");
	sums_are(&x, REPORT_MONTH, DAY_NONE, DAY_NONE,
		 "2025-12 1-0 200-0; 2026-02 2-2 1000-1200; 2026-03 2-0 300-0; ");
	sums_are(&x, REPORT_HOUSEHOLD, DAY_NONE, DAY_NONE,
		 "01001 3-0 1200-0; 01002 1-2 250-1200; 01003 1-0 50-0; ");
	sums_are(&x, REPORT_PERSON, DAY_NONE, DAY_NONE,
		 "01001-2 2-0 1000-0; 01002-1 0-1 0-1000; 01003-3 1-0 50-0; ");
	town_close(&x.w);
}

/* The deed of January is in the notice of February, when it was confirmed; what was taken back counts
 * against the month in which that happened. */
static void test_a_period_is_that_of_confirmation(void)
{
	day_t feb = town_day(2026, 2, 1), mar = town_day(2026, 3, 1), apr = town_day(2026, 4, 1);
	struct world x;
	uint64_t e;

	world_open(&x, 2);
	x.w.wall_ms = town_noon(town_day(2026, 1, 31));
	e = town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 1, 31));
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	x.w.wall_ms = town_noon(feb);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	x.w.wall_ms = town_noon(mar - 1);
	town_earn(&x.w, x.no, "01002", 0, "A101", feb);
	x.w.wall_ms = town_noon(mar);
	town_earn(&x.w, x.no, "01003", 0, "D101", feb);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, e, 1), V_ACCEPTED);
	sums_are(&x, REPORT_HOUSEHOLD, town_day(2026, 1, 1), feb - 1, "");
	sums_are(&x, REPORT_HOUSEHOLD, feb, mar - 1, "01001 1-0 200-0; 01002 1-0 200-0; ");
	sums_are(&x, REPORT_HOUSEHOLD, mar, apr - 1, "01001 -1-0 -200-0; 01003 1-0 300-0; ");
	sums_are(&x, REPORT_MONTH, mar - 1, mar - 1, "2026-02 1-0 200-0; ");
	town_close(&x.w);
}

static void open_store(struct world *x)
{
	struct rec_scheme s = {.version = 1,
			       .title = town_b("积分奖励方案"),
			       .from = town_day(2026, 1, 1),
			       .rate_points = points_of(100),
			       .rate = fen_of(100),
			       .notice_days = 7,
			       .object_days = 7,
			       .answer_days = 7,
			       .proxy_max = 3,
			       .scope = town_b("全体参与村民")};
	struct rec_scheme_line sl = {.kind = REWARD_goods, .name = town_b("生活用品")};
	struct rec_prices p = {.version = 1, .from = town_day(2026, 1, 1)};
	struct rec_prices_line pl = {.good = town_b("MJ"),
				     .title = town_b("毛巾"),
				     .unit = town_b("条"),
				     .price = points_of(100)};

	T_EQ(town_grant(&x->w, x->no, TOWN_HEAD, KEEPER, ROLE_keeper, ""), V_ACCEPTED);
	put(x, TOWN_HEAD, REC_scheme, &s, &sl, 1);
	put(x, TOWN_HEAD, REC_prices, &p, &pl, 1);
}

static void redeem(struct world *x, const char *household, int64_t towels)
{
	struct rec_redemption r = {.slip = town_b("DH-1"),
				   .household = town_b(household),
				   .day = x->today,
				   .minute = 600,
				   .receiver = town_b("王大明"),
				   .member = 1,
				   .prices = 1};
	struct rec_redemption_line l = {.good = town_b("MJ"),
					.quantity = qty_of(towels),
					.points = points_of(100 * towels)};

	put(x, KEEPER, REC_redemption, &r, &l, 1);
}

static void ranks_are(struct world *x, enum report_by by, const char *want)
{
	const struct statement_period all = {.from = DAY_NONE, .to = DAY_NONE};
	struct report r;
	char got[200] = "";

	town_begin(&x->w);
	T_EQ(report_make(x->w.t, x->no, town_size(&x->w, x->no), by, &all, '\0', &r), ERR_OK);
	town_commit(&x->w);
	report_rank(&r);
	for (uint32_t i = 0; i < r.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%u:%s ", r.row[i].rank,
			 r.row[i].key);
	report_close(&r);
	T_STR(got, want);
}

static int64_t balance(struct world *x, const char *household)
{
	struct view_household h;

	town_begin(&x->w);
	T_EQ(view_household(x->w.t, x->no, town_b(household), &h), ERR_OK);
	town_commit(&x->w);
	return points_raw(h.balance);
}

static void test_ranks_go_by_what_was_earned(void)
{
	struct rec_split s = {.household = town_b("01002"),
			      .into = town_b("02002"),
			      .points = points_of(150),
			      .reason = town_b("分家")};
	struct rec_split_line sl = {.member = 2, .new_member = 1};
	struct world x;

	world_open(&x, 3);
	open_store(&x);
	town_earn(&x.w, x.no, "01001", 2, "C101", x.day);
	town_earn(&x.w, x.no, "01002", 0, "A101", x.day);
	town_earn(&x.w, x.no, "01003", 0, "A101", x.day);
	town_earn(&x.w, x.no, "01004", 0, "D201", x.day);
	ranks_are(&x, REPORT_HOUSEHOLD, "1:01001 2:01002 2:01003 4:01004 ");
	/* whoever redeems loses points, but no rank */
	redeem(&x, "01001", 4);
	T_EQ(balance(&x, "01001"), 100);
	T_OK(balance(&x, "01001") < balance(&x, "01002"));
	ranks_are(&x, REPORT_HOUSEHOLD, "1:01001 2:01002 2:01003 4:01004 ");
	/* points that came with a split were earned elsewhere */
	s.day = x.today;
	put(&x, TOWN_HEAD, REC_split, &s, &sl, 1);
	T_EQ(balance(&x, "02002"), 150);
	ranks_are(&x, REPORT_HOUSEHOLD, "1:01001 2:01002 2:01003 4:01004 ");
	town_close(&x.w);
}

/* For an appraisal of one kind only the lines of its category count, and nothing that was redeemed. */
static void test_one_category_can_be_looked_at(void)
{
	const struct statement_period all = {.from = DAY_NONE, .to = DAY_NONE};
	struct report r;
	struct world x;

	world_open(&x, 5);
	open_store(&x);
	town_earn(&x.w, x.no, "01001", 2, "C101", x.day);
	own_items(&x);
	own(&x, "01001", 3, "V002", 50);
	own(&x, "01002", 1, "V002", 50);
	own(&x, "01002", 1, "V002", 50);
	redeem(&x, "01001", 4);
	town_begin(&x.w);
	T_EQ(report_make(x.w.t, x.no, town_size(&x.w, x.no), REPORT_PERSON, &all, 'G', &r), ERR_OK);
	town_commit(&x.w);
	report_rank(&r);
	T_EQ(r.n, 2);
	T_STR(r.row[0].key, "01002-1");
	T_EQ(points_raw(r.row[0].net), 100);
	T_STR(r.row[1].key, "01001-3");
	T_EQ(points_raw(r.row[1].net), 50);
	T_EQ(points_raw(r.total.net), 150);
	T_EQ(points_raw(r.total.redeemed), 0);
	report_close(&r);
	town_close(&x.w);
}

/* What a household did as a whole takes no rank from a person. */
static void test_people_are_ranked_among_people(void)
{
	struct world x;

	world_open(&x, 4);
	town_earn(&x.w, x.no, "01001", 0, "Z003", x.day);
	town_earn(&x.w, x.no, "01002", 2, "C101", x.day);
	town_earn(&x.w, x.no, "01003", 1, "A201", x.day);
	town_earn(&x.w, x.no, "01001", 4, "C101", x.day);
	ranks_are(&x, REPORT_PERSON, "1:01001-4 1:01002-2 3:01003-1 ");
	ranks_are(&x, REPORT_HOUSEHOLD, "1:01001 2:01002 3:01003 ");
	town_close(&x.w);
}

/* Lines that were confirmed before and taken back in the period count below zero, also in the lists that people see. */
static void test_lists_show_what_was_taken_back(void)
{
	struct ask_param param[] = {{"from", "2026-03-02"}};
	struct row_categories c[8];
	struct row_completeness m[64];
	struct world x;
	struct ask a;
	uint64_t e;
	uint32_t n;

	world_open(&x, 1);
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	e = town_earn(&x.w, x.no, "01001", 0, "A101", x.day - 1);
	x.w.wall_ms += (uint64_t)40 * 86400000;
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, e, 1), V_ACCEPTED);
	town_begin(&x.w);
	a = rows_ask(&x.w, x.no);
	a.param = param;
	a.nparams = 1;
	n = rows_asked(&a, VIEW_categories, c, 8);
	T_EQ(n, 1);
	T_EQ(qty_raw(c[0].awards), -1);
	T_EQ(points_raw(c[0].net), -200);
	n = rows_asked(&a, VIEW_completeness, m, 64);
	for (uint32_t i = 0; i < n; i++)
		T_OK(m[i].whole < 1000 && m[i].part < 1000);
	town_commit(&x.w);
	town_close(&x.w);
}

T_MAIN(T(test_lists_show_what_was_taken_back, "R46"), T(test_lines_are_summed_in_every_way, "R71"),
       T(test_a_period_is_that_of_confirmation, "R46 I5"),
       T(test_ranks_go_by_what_was_earned, "R47 I2"),
       T(test_one_category_can_be_looked_at, "R42 R47"),
       T(test_people_are_ranked_among_people, "R42"))
