/* Lines of points on their way: steps, caps, reversals, evidence, duplicates. */
#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read_registers.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/people.h"
#include "tests/lib/t.h"

static uint64_t record(struct world *x, const char *hh, uint32_t member, const char *item)
{
	return town_record(&x->w, x->no, hh, member, item, x->day);
}

static int64_t household_score(struct world *x, const char *code)
{
	struct state_year y;
	struct state_key k;
	struct bytes row;

	state_year_key(&k, x->no, town_b(code), 0, day_year(x->day));
	town_begin(&x->w);
	T_EQ(kv_get(x->w.t, KV_STATE, state_key_bytes(&k), &row), ERR_OK);
	T_EQ(state_year_parse(row, &y), ERR_OK);
	town_commit(&x->w);
	return y.score;
}

static int take_score(void *ctx, const struct view_score *s)
{
	*(int64_t *)ctx += points_raw(s->score);
	return 0;
}

static int64_t scores(struct world *x, int year)
{
	int64_t sum = 0;

	town_begin(&x->w);
	T_EQ(view_scores(x->w.t, x->no, year, take_score, &sum), ERR_OK);
	town_commit(&x->w);
	return sum;
}

static void test_only_confirmed_lines_count(void)
{
	struct world x;

	world_open(&x, 1);
	uint64_t e = record(&x, "01001", 2, "C101");
	T_EQ(world_balance(&x, "01001"), 0);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 0);
	T_EQ(world_line_state(&x, e, 1), LINE_REVIEWED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 1, DECISION_agree), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 500);
	T_EQ(world_household(&x, "01001").lines, 1);
	T_EQ(scores(&x, 2026), 500);
	T_EQ(scores(&x, 2025), 0);
	T_EQ(world_line_state(&x, e, 1), LINE_CONFIRMED);
	town_close(&x.w);
}

static void test_a_reversal_takes_everything_back(void)
{
	struct world x;

	world_open(&x, 2);
	uint64_t e = town_earn(&x.w, x.no, "01002", 1, "A201", x.day);
	T_EQ(world_balance(&x, "01002"), -1000);
	T_EQ(points_raw(world_household(&x, "01002").deducted), 1000);
	town_earn(&x.w, x.no, "01003", 0, "A101", x.day);
	T_EQ(household_score(&x, "01003"), 200);
	T_EQ(household_score(&x, "01002"), -1000); /* with that of its members */
	T_EQ(scores(&x, 2026), -1000);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, e, 1), V_ACCEPTED);
	T_EQ(world_balance(&x, "01002"), 0);
	T_EQ(points_raw(world_household(&x, "01002").deducted), 0);
	T_EQ(world_household(&x, "01002").lines, 0);
	T_EQ(household_score(&x, "01002"), 0);
	T_EQ(scores(&x, 2026), 0);
	T_EQ(world_line_state(&x, e, 1), LINE_REVERSED);
	/* the cap of 30 is free again: three times ten */
	for (int i = 0; i < 3; i++)
		record(&x, "01002", 1, "A201");
	town_close(&x.w);
}

static void test_a_refusal_releases_the_cap(void)
{
	struct world x;
	struct rec_points_line l;

	world_open(&x, 3);
	l = town_line("01003", 3, "A201", x.day);
	uint64_t first = record(&x, "01003", 3, "A201");
	record(&x, "01003", 3, "A201");
	record(&x, "01003", 3, "A201");
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_P10_CAP);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, first, 1, DECISION_refuse), V_ACCEPTED);
	T_EQ(world_line_state(&x, first, 1), LINE_REFUSED);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_P10_CAP);
	/* another year and another person have their own */
	l.day = town_day(2025, 12, 31);
	l.version--;
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	l.day = x.day;
	l.version++;
	l.member = 4;
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	town_close(&x.w);
}

static void test_caps_add_up_within_a_sheet(void)
{
	struct world x;
	struct rec_points_line l[13];
	struct hash before, after;

	world_open(&x, 4);
	for (int i = 0; i < 13; i++)
		l[i] = town_line("01004", 0, "A101", x.day);
	town_digest(&x.w, x.no, &before);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 13), V_P10_CAP);
	T_EQ(x.w.last.reason.num[0], 13);
	T_EQ(x.w.last.reason.num[1], 2400);
	town_digest(&x.w, x.no, &after);
	T_MEM(&after, &before, sizeof(after));
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 12), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 11); /* all on one day */
	town_close(&x.w);
}

static void test_lines_of_a_sheet_go_their_own_way(void)
{
	struct world x;
	struct rec_points_line l[3];
	struct view_points p;
	uint64_t e;

	world_open(&x, 5);
	for (int i = 0; i < 3; i++)
		l[i] = town_line("01005", (uint32_t)i + 1, "C101", x.day);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 3), V_ACCEPTED);
	e = town_size(&x.w, x.no) - 1;
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 2, DECISION_refuse), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 3, DECISION_agree), V_ACCEPTED);
	town_begin(&x.w);
	T_EQ(view_points(x.w.t, x.no, e, &p), ERR_OK);
	town_commit(&x.w);
	T_EQ(p.nlines, 3);
	T_EQ(p.state[1], LINE_REVIEWED);
	T_EQ(p.state[2], LINE_REFUSED);
	T_EQ(p.state[3], LINE_CONFIRMED);
	T_MEM(p.recorder, sign_key_public(town_key(&x.w, TOWN_REC)), 32);
	T_MEM(p.reviewer, sign_key_public(town_key(&x.w, TOWN_REV)), 32);
	T_MEM(p.confirmer, sign_key_public(town_key(&x.w, TOWN_CON)), 32);
	T_EQ(world_balance(&x, "01005"), 500);
	town_close(&x.w);
}

/* Nor is the cap of a year opened before the year: who decides then must know that the day has come. */
static void test_without_a_clock_no_cap_of_a_later_year_opens(void)
{
	day_t jan = town_day(2026, 1, 2), later = town_day(2027, 1, 2);
	struct world x;
	uint64_t wall, at;

	world_open(&x, 103);
	wall = x.w.wall_ms;
	for (int i = 0; i < 12; i++) /* all of 24.00 */
		town_earn(&x.w, x.no, "01001", 0, "A101", jan);
	T_EQ(people_points(&x, "01001", 0, "A101", jan), V_P10_CAP);
	x.w.wall_ms = 0;
	T_EQ(people_points(&x, "01001", 0, "A101", later), V_ACCEPTED);
	at = world_last(&x);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, at, 0, DECISION_agree), V_ACCEPTED);
	town_step(&x.w, x.no, TOWN_CON, REC_confirm, at, 0, DECISION_agree);
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	x.w.wall_ms = wall;
	town_step(&x.w, x.no, TOWN_CON, REC_confirm, at, 0, DECISION_agree);
	REFUSED(&x.w, "P05_FUTURE", "P05", 1, later, day_of_ms(wall));
	T_EQ(world_balance(&x, "01001"), 2400);
	/* what was recorded by mistake is refused with or without a clock */
	x.w.wall_ms = 0;
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, at, 0, DECISION_refuse), V_ACCEPTED);
	town_close(&x.w);
}

static void test_a_full_sheet_goes_through(void)
{
	static struct rec_points_line l[200];
	static struct rec_review_line r[200];
	struct rec_review rh = {.note = town_b("")};
	struct view_points p;
	struct world x;
	uint64_t e;

	world_open(&x, 600);
	for (uint32_t i = 0; i < 200; i++) {
		l[i] = town_line("01001", 1 + i % 4, "Z002", x.day);
		l[i].place = l[i].reason = town_b("村口");
	}
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 200), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 196);
	e = town_size(&x.w, x.no) - 1;
	/* every second line refused, one by one: the longest row there can be */
	for (uint32_t i = 0; i < 200; i++)
		r[i] = (struct rec_review_line){.entry = e,
						.line = i + 1,
						.decision =
							i % 2 ? DECISION_refuse : DECISION_agree};
	T_EQ(town_put(&x.w, x.no, TOWN_REV, REC_review, &rh, r, 200), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	town_begin(&x.w);
	T_EQ(view_points(x.w.t, x.no, e, &p), ERR_OK);
	town_commit(&x.w);
	for (uint32_t i = 1; i <= 200; i++)
		T_EQ(p.state[i], i % 2 ? LINE_CONFIRMED : LINE_REFUSED);
	T_EQ(world_balance(&x, "01001"), 10000);
	T_EQ(world_household(&x, "01001").lines, 100);
	town_close(&x.w);
}

static void test_a_reversal_says_why(void)
{
	static const char *const nothing[] = {"无", ".", "  ", "n/a"};
	struct rec_reversal r = {.line = 1};
	struct world x;

	world_open(&x, 33);
	r.entry = town_earn(&x.w, x.no, "01000", 0, "A101", x.day);
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		r.reason = town_b(nothing[i]);
		T_EQ(town_put(&x.w, x.no, TOWN_CON, REC_reversal, &r, NULL, 0), V_P08_MISSING);
		T_STR(x.w.last.reason.s, "reason");
	}
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, r.entry, 1), V_ACCEPTED);
	town_close(&x.w);
}

/* --- evidence, duplicates --------------------------------------------------------------------------- */

static uint32_t used_again(struct world *x, const char *household, const char *number)
{
	struct rec_points_line l = town_line(household, 0, "Z001", x->day);
	uint32_t n = 0;

	l.evidence_no = town_b(number);
	T_EQ(town_points(&x->w, x->no, TOWN_REC, &l, 1), V_ACCEPTED);
	for (uint32_t i = 0; i < x->w.last.nwarn; i++)
		n += x->w.last.warn[i].id == V_P09_EVIDENCE;
	return n;
}

/* Of a sheet whose first line was refused, another line still uses the paper. */
static void test_evidence_counts_as_long_as_one_line_does(void)
{
	struct rec_points_line l[3];
	struct world x;
	uint64_t sheet, again;

	world_open(&x, 31);
	for (int i = 0; i < 3; i++) {
		l[i] = town_line(i == 0 ? "01000" : i == 1 ? "01001" : "01002", 0, "Z001", x.day);
		l[i].evidence_no = town_b(i == 1 ? "XY-2026-0002" : "XY-2026-0001");
	}
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 3), V_ACCEPTED);
	sheet = town_size(&x.w, x.no) - 1;
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, sheet, 1, DECISION_refuse), V_ACCEPTED);
	T_EQ(used_again(&x, "01003", "XY-2026-0001"), 1);
	T_EQ(x.w.last.warn[0].num[1], (int64_t)sheet);
	T_EQ(x.w.last.warn[0].num[2], 3);
	again = town_size(&x.w, x.no) - 1;
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, again, 1, DECISION_refuse), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, sheet, 3, DECISION_refuse), V_ACCEPTED);
	T_EQ(used_again(&x, "01004", "XY-2026-0001"), 0);
	town_close(&x.w);
}

static void test_a_number_is_the_same_however_it_is_typed(void)
{
	struct world x;

	world_open(&x, 32);
	T_EQ(used_again(&x, "01000", "XY-2026-0001"), 0);
	T_EQ(used_again(&x, "01001", "XY-2026-0001 "), 1);
	T_EQ(used_again(&x, "01002", "　xy-2026-0001"), 1);
	T_EQ(used_again(&x, "01003", "XY-2026- 0001"), 0);
	T_EQ(used_again(&x, "01004", "xy-2026-0002"), 0);
	T_STR(x.w.last.nwarn ? x.w.last.warn[0].s : "", "");
	T_EQ(used_again(&x, "01005", "XY-2026-0002"), 1);
	T_STR(x.w.last.warn[0].s, "XY-2026-0002"); /* told as it is written */
	town_close(&x.w);
}

/* --- items that count once in a month, quarter or year ------------------------------------------------ */
static void adopt_periods(struct world *x)
{
	struct rec_adopt_catalogue head = {
		.version = 99, .base = 1, .from = x->day, .note = town_b("按月计")};
	struct rec_adopt_catalogue_line l[] = {{.code = town_b("M001"), .unit = UNIT_month},
					       {.code = town_b("M003"), .unit = UNIT_quarter},
					       {.code = town_b("M012"), .unit = UNIT_year}};

	for (size_t i = 0; i < 3; i++) {
		l[i].change = CHANGE_add;
		l[i].category = CATEGORY_D;
		l[i].scope = SCOPE_household;
		l[i].name_zh = town_b("庭院检查");
		l[i].points = points_of(100);
	}
	T_EQ(town_put(&x->w, x->no, TOWN_HEAD, REC_adopt_catalogue, &head, l, 3), V_ACCEPTED);
}

/* Records the item and returns the day that the warning names; DAY_NONE: there is none. */
static day_t period_of(struct world *x, const char *household, const char *item, day_t day)
{
	struct rec_points_line l = town_line(household, 0, item, day);

	l.version = 99;
	l.points = points_of(100);
	T_EQ(town_points(&x->w, x->no, TOWN_REC, &l, 1), V_ACCEPTED);
	for (uint32_t i = 0; i < x->w.last.nwarn; i++)
		if (x->w.last.warn[i].id == V_P09_PERIOD)
			return (day_t)x->w.last.warn[i].num[1];
	return DAY_NONE;
}

static void test_an_item_of_a_month_counts_once_in_it(void)
{
	struct world x;
	day_t may;

	world_open(&x, 9);
	x.day = town_day(2026, 4, 1);
	x.w.wall_ms = town_noon(x.day);
	adopt_periods(&x);
	x.w.wall_ms = town_noon(town_day(2026, 12, 31));
	may = town_day(2026, 5, 1);
	T_EQ(period_of(&x, "01001", "M001", may), DAY_NONE);
	T_EQ(period_of(&x, "01001", "M001", may + 17), may);
	T_EQ(period_of(&x, "01002", "M001", may + 17), DAY_NONE);
	T_EQ(period_of(&x, "01002", "M001", may + 10), may + 17); /* in whatever order */
	T_EQ(period_of(&x, "01001", "M001", may + 31 + 4), DAY_NONE);
	T_EQ(period_of(&x, "01001", "M001", may + 1), DAY_NONE); /* told as one day apart */
	T_EQ(x.w.last.warn[x.w.last.nwarn - 1].id, V_P09_NEAR);
	T_EQ(period_of(&x, "01001", "M003", town_day(2026, 4, 1)), DAY_NONE);
	T_EQ(period_of(&x, "01001", "M003", town_day(2026, 6, 30)), town_day(2026, 4, 1));
	T_EQ(period_of(&x, "01001", "M003", town_day(2026, 7, 2)), DAY_NONE);
	T_EQ(period_of(&x, "01001", "M012", town_day(2026, 4, 3)), DAY_NONE);
	T_EQ(period_of(&x, "01001", "M012", town_day(2026, 12, 31)), town_day(2026, 4, 3));
	town_close(&x.w);
}

/* --- duplicates ------------------------------------------------------------------------------------- */
static void test_duplicates_are_warned_about(void)
{
	struct rec_points_line l[3];
	uint8_t digest[32] = {1, 2, 3};
	struct world x;
	uint64_t first;

	world_open(&x, 9);
	/* across New Year, one household */
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2025, 12, 31));
	T_EQ(x.w.last.nwarn, 1); /* late */
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 1, 1));
	T_EQ(x.w.last.nwarn, 2);
	T_EQ(x.w.last.warn[1].id, V_P09_NEAR);
	T_EQ(x.w.last.warn[1].num[1], town_day(2025, 12, 31));
	town_record(&x.w, x.no, "01006", 0, "A101", town_day(2026, 1, 1));
	town_record(&x.w, x.no, "01006", 0, "A101", town_day(2025, 12, 31));
	T_EQ(x.w.last.nwarn, 2);
	T_EQ(x.w.last.warn[1].num[1], town_day(2026, 1, 1));
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 2, 20));
	T_EQ(x.w.last.nwarn, 0);
	town_record(&x.w, x.no, "01002", 0, "A101", town_day(2026, 2, 20));
	T_EQ(x.w.last.nwarn, 0);
	town_record(&x.w, x.no, "01001", 0, "Z001", town_day(2026, 2, 20));
	T_EQ(x.w.last.nwarn, 0);
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 2, 22));
	T_EQ(x.w.last.nwarn, 0);
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 2, 23));
	T_EQ(x.w.last.nwarn, 1);
	/* one list of signatures for a whole sheet */
	for (uint32_t i = 0; i < 3; i++) {
		l[i] = town_line("01003", i + 1, "C101", x.day);
		l[i].evidence_no = town_b("QD-2026-7");
		l[i].digest = (struct bytes){digest, 32};
	}
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 3), V_ACCEPTED);
	first = town_size(&x.w, x.no) - 1;
	T_EQ(x.w.last.nwarn, 0);
	/* both the number and the file; the other lines of this sheet share them */
	for (uint32_t i = 0; i < 3; i++)
		l[i].household = town_b("01004");
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 3), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 2);
	T_EQ(x.w.last.warn[0].num[1], (int64_t)first);
	T_EQ(x.w.last.warn[0].num[2], 1);
	T_STR(x.w.last.warn[0].s, "QD-2026-7");
	T_STR(x.w.last.warn[1].s, "0102030000000000");
	/* what was refused no longer stands in the way */
	for (uint64_t e = first; e <= first + 1; e++)
		T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_refuse),
		     V_ACCEPTED);
	l[0].household = town_b("01005");
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_close(&x.w);
}

/* Plain serial numbers: the first rows fill up, the others are found as well. */
static void test_evidence_is_found_among_many(void)
{
	struct rec_points_line l[100];
	char number[100][20];
	struct world x;
	uint64_t first;

	world_open(&x, 10);
	first = town_size(&x.w, x.no);
	for (int sheet = 0; sheet < 20; sheet++) {
		for (int i = 0; i < 100; i++) {
			l[i] = town_line("01001", 0, "Z001", x.day);
			l[i].place = l[i].reason = town_b("村口");
			snprintf(number[i], 20, "%d", sheet * 100 + i);
			l[i].evidence_no = town_b(number[i]);
		}
		T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 100), V_ACCEPTED);
		/* near ones, and numbers of one digit, which are none */
		T_EQ(x.w.last.nwarn, sheet ? 100 : 99 + 10);
	}
	for (int n = 10; n < 2000; n += 37) {
		l[0] = town_line("01002", 0, "Z001", x.day - n);
		snprintf(number[0], 20, "%d", n);
		l[0].evidence_no = town_b(number[0]);
		T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 1), V_ACCEPTED);
		const struct reason *r = &x.w.last.warn[x.w.last.nwarn - 1];
		T_EQ(r->id, V_P09_EVIDENCE);
		T_EQ(r->num[1], (int64_t)first + n / 100);
		T_EQ(r->num[2], n % 100 + 1);
	}
	town_close(&x.w);
}

/* --- warnings --------------------------------------------------------------------------------------- */

struct warned {
	uint32_t n, late, evidence;
};

static void on_warned(void *ctx, const struct reason *r)
{
	struct warned *h = ctx;

	h->n++;
	h->late += r->id == V_P05_LATE;
	h->evidence += r->id == V_P09_EVIDENCE;
}

static void judge_points(struct world *x, const struct rec_points_line *l, uint32_t n,
			 struct warned *warned, struct verdict *v)
{
	struct rec_points head = {.note = town_b("")};
	struct buf p = {0};
	struct feed_head h;
	struct entry e;
	struct fold f;

	town_begin(&x->w);
	T_EQ(feedlog_head(x->w.t, x->no, &h), ERR_OK);
	town_tx(&x->w, &h.id, town_size(&x->w, FEED_TOWN), TOWN_REC, rec_type_of(REC_points), &head,
		l, n, &e, &p);
	town_place(&h, &e);
	T_EQ(fold_open(&f, x->w.t, &x->w.id, &h), ERR_OK);
	f.warned = on_warned;
	f.warned_ctx = warned;
	T_EQ(fold_judge(&f, &e, buf_bytes(&p), true, v), ERR_OK);
	fold_close(&f);
	town_commit(&x->w);
	buf_close(&p);
}

/* A late line and a piece of evidence used twice, behind many lines that are near each other. */
static void test_many_warnings_of_a_kind_hide_no_other(void)
{
	enum { LINES = 40, LATE = 35, USED = 38 };
	struct rec_points_line l[LINES];
	struct warned warned = {0};
	struct verdict v;
	struct world x;

	world_open(&x, 30);
	l[0] = town_line("01002", 0, "Z001", x.day);
	l[0].evidence_no = town_b("XY-2026-0001");
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 1), V_ACCEPTED);
	for (int i = 0; i < LINES; i++)
		l[i] = town_line("01000", 0, "Z001", x.day);
	l[LATE] = town_line("01003", 0, "A101", town_day(2024, 5, 1));
	l[USED] = town_line("01004", 0, "Z001", x.day);
	l[USED].evidence_no = town_b("XY-2026-0001");
	judge_points(&x, l, LINES, &warned, &v);
	T_STR(reason_name(v.reason.id), "ACCEPTED");
	T_EQ(v.nwarn, LINES - 1); /* the first of its household is near nothing */
	T_STR(reason_name(v.warn[0].id), "P09_NEAR");
	T_EQ(v.warn[0].num[0], 2);
	T_STR(reason_name(v.warn[VERDICT_WARN_MAX - 2].id), "P05_LATE");
	T_EQ(v.warn[VERDICT_WARN_MAX - 2].num[0], LATE + 1);
	T_STR(reason_name(v.warn[VERDICT_WARN_MAX - 1].id), "P09_EVIDENCE");
	T_EQ(v.warn[VERDICT_WARN_MAX - 1].num[0], USED + 1);
	/* and who listens hears of each */
	T_EQ(warned.n, v.nwarn);
	T_EQ(warned.late, 1);
	T_EQ(warned.evidence, 1);
	town_close(&x.w);
}

T_MAIN(T(test_only_confirmed_lines_count, "R60"),
       T(test_a_reversal_takes_everything_back, "R09 R34 I8 I10"),
       T(test_a_refusal_releases_the_cap, "R35 R56"), T(test_caps_add_up_within_a_sheet, "R35"),
       T(test_lines_of_a_sheet_go_their_own_way, "R03"),
       T(test_without_a_clock_no_cap_of_a_later_year_opens), T(test_a_full_sheet_goes_through),
       T(test_a_reversal_says_why, "I10"), T(test_evidence_counts_as_long_as_one_line_does, "I7"),
       T(test_a_number_is_the_same_however_it_is_typed, "R39"),
       T(test_an_item_of_a_month_counts_once_in_it, "R28"),
       T(test_duplicates_are_warned_about, "R39 I7"), T(test_evidence_is_found_among_many, "R39"),
       T(test_many_warnings_of_a_kind_hide_no_other))
