#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read_registers.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* The year: scores, appraisals, the close, honours. */

/* Household 01001: 5 + 5 by member 2, 2 as such; 01002: 5 by member 1, -2 as such; 01003: 2. */
static void year_open(struct world *x, uint64_t seed)
{
	world_open(x, seed);
	x->day = town_day(2025, 11, 20);
	town_earn(&x->w, x->no, "01001", 2, "C101", x->day);
	town_earn(&x->w, x->no, "01001", 2, "C101", x->day + 3);
	town_earn(&x->w, x->no, "01001", 0, "A101", x->day);
	town_earn(&x->w, x->no, "01002", 1, "C101", x->day);
	town_earn(&x->w, x->no, "01002", 0, "D201", x->day);
	town_earn(&x->w, x->no, "01003", 0, "A101", x->day);
}

static int64_t score(struct world *x, const char *household, uint32_t member, int year)
{
	struct state_year y = {0};
	struct state_key k;
	struct bytes row = {NULL, 0};

	state_year_key(&k, x->no, town_b(household), member, year);
	town_begin(&x->w);
	int err = kv_get(x->w.t, KV_STATE, state_key_bytes(&k), &row);
	T_OK(err == ERR_OK || err == ERR_NOTFOUND);
	T_EQ(state_year_parse(row, &y), ERR_OK);
	town_commit(&x->w);
	return y.score;
}

static struct rec_appraisal_line nominee(uint64_t rank, const char *household, uint64_t member,
					 int64_t points)
{
	return (struct rec_appraisal_line){.rank = rank,
					   .household = town_b(household),
					   .member = member,
					   .score = points_of(points)};
}

static void appraise(struct world *x, uint64_t year, const struct rec_appraisal_line *l, uint32_t n)
{
	struct rec_appraisal r = {.year = year,
				  .title = town_b("最美庭院"),
				  .basis = town_b("年度积分"),
				  .day = x->today};

	provoke_put(&x->w, x->no, TOWN_HEAD, REC_appraisal, &r, l, n);
}

static void confirm(struct world *x, const char *author, uint64_t appraisal, uint32_t decision)
{
	struct rec_appraisal_confirm r = {.entry = appraisal, .decision = decision};

	provoke_put(&x->w, x->no, author, REC_appraisal_confirm, &r, NULL, 0);
}

static void close_year(struct world *x, uint64_t year)
{
	struct rec_year_close r = {.year = year};

	provoke_put(&x->w, x->no, TOWN_HEAD, REC_year_close, &r, NULL, 0);
}

/* An agreed appraisal of 2025, and the year closed. */
static uint64_t closed(struct world *x)
{
	struct rec_appraisal_line l = nominee(1, "01001", 2, 1000);

	appraise(x, 2025, &l, 1);
	T_EQ(x->w.last.reason.id, V_ACCEPTED);
	uint64_t appraisal = world_last(x);
	confirm(x, TOWN_CON, appraisal, DECISION_agree);
	T_EQ(x->w.last.reason.id, V_ACCEPTED);
	close_year(x, 2025);
	T_EQ(x->w.last.reason.id, V_ACCEPTED);
	return appraisal;
}

static void test_the_year_of_a_household_holds_that_of_its_members(void)
{
	struct world x;
	uint64_t e;

	year_open(&x, 1);
	T_EQ(score(&x, "01001", 0, 2025), 1200);
	T_EQ(score(&x, "01001", 2, 2025), 1000);
	T_EQ(score(&x, "01001", 1, 2025), 0);
	T_EQ(score(&x, "01002", 0, 2025), 300);
	T_EQ(score(&x, "01002", 0, 2026), 0);
	e = town_earn(&x.w, x.no, "01002", 3, "A201", town_day(2026, 1, 1));
	T_EQ(score(&x, "01002", 0, 2025), 300);
	T_EQ(score(&x, "01002", 0, 2026), -1000);
	T_EQ(world_balance(&x, "01002"), -700);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, e, 1), V_ACCEPTED);
	T_EQ(score(&x, "01002", 0, 2026), 0);
	T_EQ(score(&x, "01002", 3, 2026), 0);
	town_close(&x.w);
}

static void test_an_appraisal_says_what_the_ledger_says(void)
{
	struct rec_appraisal_line l[3];
	struct world x;

	year_open(&x, 2);
	l[0] = nominee(1, "01001", 0, 1200);
	l[1] = nominee(2, "01002", 0, 300);
	l[2] = nominee(3, "01003", 0, 200);
	appraise(&x, 2025, l, 3);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	l[1].score = points_of(500);
	appraise(&x, 2025, l, 3);
	REFUSED(&x.w, "APPRAISAL_SCORE", "F61", 2, 0, 300, 500);
	l[1] = nominee(2, "01002", 1, 300);
	appraise(&x, 2025, l, 3);
	REFUSED(&x.w, "APPRAISAL_SCORE", "F61", 2, 1, 500, 300);
	l[1] = nominee(2, "01002", 0, 300);
	appraise(&x, 2024, l, 3);
	REFUSED(&x.w, "APPRAISAL_SCORE", "F61", 1, 0, 0, 1200);
	l[2] = nominee(3, "09999", 0, 200);
	appraise(&x, 2025, l, 3);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 3);
	l[2] = nominee(3, "01003", 9, 0);
	appraise(&x, 2025, l, 3);
	REFUSED(&x.w, "MEMBER_UNKNOWN", "F18", 3, 9);
	l[2] = l[1];
	appraise(&x, 2025, l, 3);
	REFUSED(&x.w, "MEMBER_TWICE", "F19", 3, 0);
	x.today++;
	appraise(&x, 2025, l, 2);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today, x.today - 1);
	town_close(&x.w);
}

static void test_ranks_follow_the_scores(void)
{
	/* scores of 01001/0, 01002/1, 01002/0, 01003/0 are 12, 5, 3, 2; of 01004 and 01005 0 */
	static const struct {
		const char *household[4];
		uint64_t rank[4];
		int64_t points[4];
		uint32_t n, bad; /* the wrong line, 0: none */
	} cases[] = {
		{{"01001", "01002", "01003"}, {1, 2, 3}, {1200, 300, 200}, 3, 0},
		{{"01002"}, {1}, {300}, 1, 0}, /* not all need be nominated */
		{{"01002"}, {2}, {300}, 1, 1},
		{{"01001", "01002"}, {1, 3}, {1200, 300}, 2, 2},
		/* equal points share a rank, and who follows has as many before */
		{{"01004", "01005", "01006"}, {1, 1, 1}, {0, 0, 0}, 3, 0},
		{{"01004", "01005", "01007"}, {1, 1, 3}, {0, 0, -200}, 3, 0},
		{{"01004", "01005", "01007"}, {1, 1, 2}, {0, 0, -200}, 3, 3},
		{{"01001", "01002"}, {1, 1}, {1200, 300}, 2, 2},
		{{"01002", "01001"}, {1, 2}, {300, 1200}, 2, 2},
		{{"01002", "01001"}, {2, 1}, {300, 1200}, 2, 1},
		{{"01003", "01004", "01005"}, {1, 2, 2}, {200, 0, 0}, 3, 0},
		{{"01003", "01004", "01005"}, {1, 2, 3}, {200, 0, 0}, 3, 3},
		{{"01004", "01005"}, {1, 1}, {0, 0}, 2, 0},
	};
	struct world x;

	year_open(&x, 3);
	town_earn(&x.w, x.no, "01007", 0, "D201", x.day);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rec_appraisal_line l[4];
		uint32_t bad = cases[i].bad;

		for (uint32_t k = 0; k < cases[i].n; k++)
			l[k] = nominee(cases[i].rank[k], cases[i].household[k], 0,
				       cases[i].points[k]);
		appraise(&x, 2025, l, cases[i].n);
		if (bad == 0)
			T_EQ(x.w.last.reason.id, V_ACCEPTED);
		else
			REFUSED(&x.w, "APPRAISAL_ORDER", "F62", bad, cases[i].rank[bad - 1],
				bad > 1 ? cases[i].rank[bad - 2] : 0, cases[i].points[bad - 1]);
	}
	town_close(&x.w);
}

static void test_another_person_confirms_an_appraisal_once(void)
{
	struct rec_appraisal_line l;
	struct world x;
	uint64_t at;

	year_open(&x, 4);
	l = nominee(1, "01001", 2, 1000);
	appraise(&x, 2025, &l, 1);
	at = world_last(&x);
	confirm(&x, TOWN_HEAD, at, DECISION_agree);
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)at);
	confirm(&x, TOWN_CON, at + 1, DECISION_agree);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)at + 1);
	confirm(&x, TOWN_CON, at, DECISION_agree);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	confirm(&x, TOWN_CON, at, DECISION_refuse);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)world_last(&x) - 1);
	town_close(&x.w);
}

static void test_a_year_closes_after_its_end_and_its_appraisal(void)
{
	struct rec_appraisal_line l;
	struct world x;
	uint64_t at;

	year_open(&x, 5);
	close_year(&x, 2026);
	REFUSED(&x.w, "YEAR_RUNS", "F63", 2026, x.today);
	close_year(&x, 2025);
	REFUSED(&x.w, "YEAR_NO_APPRAISAL", "F65", 2025);
	l = nominee(1, "01001", 2, 1000);
	appraise(&x, 2025, &l, 1);
	confirm(&x, TOWN_CON, world_last(&x), DECISION_refuse);
	close_year(&x, 2025);
	REFUSED(&x.w, "YEAR_NO_APPRAISAL", "F65", 2025);
	appraise(&x, 2025, &l, 1);
	at = world_last(&x);
	closed(&x);
	close_year(&x, 2025);
	REFUSED(&x.w, "YEAR_CLOSED", "F64", 2025, (int64_t)world_last(&x) - 1);
	appraise(&x, 2025, &l, 1);
	REFUSED(&x.w, "YEAR_CLOSED", "F64", 2025, (int64_t)world_last(&x) - 2);
	confirm(&x, TOWN_CON, at, DECISION_agree);
	REFUSED(&x.w, "YEAR_CLOSED", "F64", 2025, (int64_t)world_last(&x) - 3);
	x.w.wall_ms = 0; /* no clock, so nothing says that the year is over */
	close_year(&x, 2024);
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	town_close(&x.w);
}

/* All rows of all accounts, as they lie in the store. */
static void accounts(struct world *x, struct hash *ret)
{
	struct kv_cursor *c;
	struct state_key k;
	struct sha256 sum;
	struct bytes key, row;
	uint32_t n = 0;

	state_key_of(&k, x->no, STATE_ACCOUNT);
	sha256_start(&sum);
	town_begin(&x->w);
	T_EQ(kv_cursor_open(x->w.t, KV_STATE, &c), ERR_OK);
	for (int err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &row);
	     !err && key.n > k.n && memcmp(key.p, k.b, k.n) == 0;
	     err = kv_seek(c, KV_NEXT, key, &key, &row)) {
		sha256_add(&sum, key.p, key.n);
		sha256_add(&sum, row.p, row.n);
		n++;
	}
	kv_cursor_close(c);
	town_commit(&x->w);
	T_OK(n >= 3);
	sha256_end(&sum, ret);
}

static void test_a_close_moves_no_points(void)
{
	struct hash old, new;
	struct world x;
	uint64_t e;

	year_open(&x, 6);
	int64_t before = world_balance(&x, "01001");
	T_EQ(before, 1200);
	accounts(&x, &old);
	closed(&x);
	accounts(&x, &new); /* of no household */
	T_MEM(&new, &old, sizeof(old));
	T_EQ(world_balance(&x, "01001"), before);
	T_EQ(score(&x, "01001", 2, 2025), 1000); /* the history stays */
	T_EQ(score(&x, "01001", 2, 2026), 0);	 /* and a new year begins at nothing */
	e = town_record(&x.w, x.no, "01001", 2, "C101", town_day(2025, 12, 1));
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree);
	WARNED(&x.w, "YEAR_LATE", "F66", 1, 2025);
	T_EQ(world_balance(&x, "01001"), before + 500);
	T_EQ(score(&x, "01001", 2, 2025), 1500);
	town_earn(&x.w, x.no, "01001", 2, "C101", town_day(2026, 2, 1));
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(score(&x, "01001", 2, 2026), 500);
	town_close(&x.w);
}

static void honour(struct world *x, const struct rec_honour *r)
{
	provoke_put(&x->w, x->no, TOWN_HEAD, REC_honour, r, NULL, 0);
}

static void test_an_honour_may_rest_on_an_agreed_appraisal(void)
{
	struct rec_honour r = {.household = town_b("01001"),
			       .member = 2,
			       .title = town_b("道德模范"),
			       .level = LEVEL_village,
			       .year = 2025,
			       .basis = town_b("年度积分第一")};
	struct rec_appraisal_line l;
	struct world x;

	year_open(&x, 7);
	r.day = x.today;
	honour(&x, &r);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	l = nominee(1, "01001", 2, 1000);
	appraise(&x, 2025, &l, 1);
	r.appraisal = world_last(&x);
	honour(&x, &r);
	REFUSED(&x.w, "YEAR_NO_APPRAISAL", "F65", 2025);
	confirm(&x, TOWN_CON, r.appraisal, DECISION_refuse);
	honour(&x, &r);
	REFUSED(&x.w, "YEAR_NO_APPRAISAL", "F65", 2025);
	r.appraisal = closed(&x);
	honour(&x, &r);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	r.member = 0; /* the list has a person, not the household */
	honour(&x, &r);
	REFUSED(&x.w, "APPRAISAL_NOMINEE", "F87", (int64_t)r.appraisal, 0);
	r.member = 2;
	r.year = 2024;
	honour(&x, &r);
	REFUSED(&x.w, "YEAR_NO_APPRAISAL", "F65", 2024);
	r.appraisal = 1;
	honour(&x, &r);
	REFUSED(&x.w, "REFERENCE", "F80", 1);
	r.appraisal = 0;
	r.member = 9;
	honour(&x, &r);
	REFUSED(&x.w, "MEMBER_UNKNOWN", "F18", 0, 9);
	r.household = town_b("09999");
	honour(&x, &r);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	r.household = town_b("01002");
	r.member = 0;
	r.day = x.today + 1;
	honour(&x, &r);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	town_close(&x.w);
}

static void leave_scheme(struct world *x, const char *household)
{
	struct rec_consent no = {.household = town_b(household),
				 .takes_part = YES_no,
				 .day = x->today,
				 .document = town_b("退出书 3")};

	T_EQ(world_put(x, TOWN_HEAD, REC_consent, &no, NULL, 0), V_ACCEPTED);
}

static void test_who_does_not_take_part_gets_no_reward(void)
{
	struct rec_honour h = {.household = town_b("01001"),
			       .title = town_b("道德模范"),
			       .level = LEVEL_village,
			       .year = 2025,
			       .basis = town_b("村民代表会议")};
	struct rec_policy_support p = {.policy = town_b("改厕补助优先"),
				       .department = town_b("区农业农村委"),
				       .household = town_b("01001"),
				       .basis = town_b("2025 年积分第一")};
	struct world x;

	year_open(&x, 10);
	h.day = p.day = x.today;
	leave_scheme(&x, "01001");
	honour(&x, &h);
	REFUSED(&x.w, "P13_NOT_PART", "P13", 0);
	provoke_put(&x.w, x.no, TOWN_HEAD, REC_policy_support, &p, NULL, 0);
	REFUSED(&x.w, "P13_NOT_PART", "P13", 0);
	h.household = p.household = town_b("01002");
	honour(&x, &h);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	provoke_put(&x.w, x.no, TOWN_HEAD, REC_policy_support, &p, NULL, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

/* A person who went to a new household keeps the place in the list. */
static void test_an_honour_follows_who_moved(void)
{
	struct rec_split s = {.household = town_b("01001"),
			      .into = town_b("01077"),
			      .reason = town_b("儿子成家")};
	struct rec_split_line leaves = {2, 1};
	struct rec_honour r = {.household = town_b("01077"),
			       .member = 1,
			       .title = town_b("道德模范"),
			       .level = LEVEL_village,
			       .year = 2025,
			       .basis = town_b("年度积分第一")};
	struct world x;

	year_open(&x, 11);
	r.appraisal = closed(&x);
	s.day = r.day = x.today;
	T_EQ(world_put(&x, TOWN_HEAD, REC_split, &s, &leaves, 1), V_ACCEPTED);
	honour(&x, &r);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

static void test_policy_support_is_for_a_household_here(void)
{
	struct rec_policy_support r = {.policy = town_b("改厕补助优先"),
				       .department = town_b("区农业农村委"),
				       .basis = town_b("2025 年积分第一")};
	struct rec_roster_change away = {.household = town_b("01002"), .kind = LEAVE_moved_out};
	struct world x;

	year_open(&x, 8);
	r.household = town_b("01001");
	r.day = x.today;
	provoke_put(&x.w, x.no, TOWN_HEAD, REC_policy_support, &r, NULL, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	r.day++;
	provoke_put(&x.w, x.no, TOWN_HEAD, REC_policy_support, &r, NULL, 0);
	REFUSED(&x.w, "DAY_FUTURE", "F30", r.day, x.today);
	r.household = town_b("09999");
	provoke_put(&x.w, x.no, TOWN_HEAD, REC_policy_support, &r, NULL, 0);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	away.day = x.today - 5;
	T_EQ(world_put(&x, TOWN_HEAD, REC_roster_change, &away, NULL, 0), V_ACCEPTED);
	r.household = town_b("01002");
	provoke_put(&x.w, x.no, TOWN_HEAD, REC_policy_support, &r, NULL, 0);
	REFUSED(&x.w, "HOUSEHOLD_LEFT", "F34", away.day);
	town_close(&x.w);
}

T_MAIN(T(test_the_year_of_a_household_holds_that_of_its_members, "R27 R40 I5"),
       T(test_an_appraisal_says_what_the_ledger_says, "R42 R47 R74"),
       T(test_ranks_follow_the_scores, "R47 I2"),
       T(test_another_person_confirms_an_appraisal_once, "R03"),
       T(test_a_year_closes_after_its_end_and_its_appraisal, "R54"),
       T(test_a_close_moves_no_points, "R53 R54 I1"),
       T(test_an_honour_may_rest_on_an_agreed_appraisal, "R43 R47"),
       T(test_who_does_not_take_part_gets_no_reward, "R44"), T(test_an_honour_follows_who_moved),
       T(test_policy_support_is_for_a_household_here, "R41 R43 R48"))
