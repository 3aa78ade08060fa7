/* Households split and merge: their people, points and caps. */
#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/reader.h"
#include "daemon/ledger/state/state.h"
#include "lib/err.h"
#include "tests/lib/people.h"
#include "tests/lib/t.h"

/* --- splits ----------------------------------------------------------------------------------------- */
static void test_a_split_is_refused_with_its_numbers(void)
{
	static const struct {
		const char *household, *into, *from, *to;
		int64_t points;
		enum verdict_id want;
		int64_t num[3];
	} cases[] = {
		{"01001", "01001", "2", "1", 0, V_MERGE_SELF, {0}},
		{"09001", "02001", "2", "1", 0, V_HOUSEHOLD_UNKNOWN, {0}},
		{"01001", "02001", "5", "1", 0, V_MEMBER_UNKNOWN, {1, 5, 0}},
		{"01001", "02001", "2323", "1233", 0, V_MEMBER_TWICE, {3, 2, 0}},
		{"01001", "02001", "23", "11", 0, V_MEMBER_TWICE, {2, 1, 0}},
		{"01001", "02001", "4", "1", 0, V_LEFT_ALREADY, {1, 4, 0}},
		{"01001", "02001", "123", "123", 0, V_SPLIT_ALL, {0}},
		{"01001", "02001", "2", "1", 201, V_SPLIT_POINTS, {200, 200, 201}},
		{"01005", "02001", "2", "1", 1, V_SPLIT_POINTS, {-1000, 0, 1}},
	};
	struct rec_split r = {.household = town_b("01001"),
			      .into = town_b("02001"),
			      .reason = town_b("儿子成家")};
	struct rec_split_line one = {2, 1};
	struct world x;

	world_open(&x, 20);
	T_EQ(people_change(&x, "01001", 4, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(people_change(&x, "01004", 0, LEAVE_moved_out, x.day), V_ACCEPTED);
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	town_earn(&x.w, x.no, "01005", 1, "A201", x.day);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		T_STR(reason_name(people_split(&x, cases[i].household, cases[i].into, cases[i].from,
					       cases[i].to, cases[i].points)),
		      reason_name(cases[i].want));
		people_nums(&x, cases[i].num[0], cases[i].num[1], cases[i].num[2]);
	}
	T_EQ(people_split(&x, "01001", "01002", "2", "1", 0), V_HOUSEHOLD_EXISTS);
	people_nums(&x, (int64_t)world_household(&x, "01002").entry, 0, 0);
	T_EQ(people_split(&x, "01004", "02001", "2", "1", 0), V_HOUSEHOLD_LEFT);
	people_nums(&x, x.day, 0, 0);
	r.day = x.today + 1;
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_split, &r, &one, 1), V_DAY_FUTURE);
	r.day = x.day;
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_split, &r, &one, 1), V_NO_ROLE);
	town_close(&x.w);
}

static void test_a_split_makes_a_household(void)
{
	struct view_household old, new;
	struct world x;

	world_open(&x, 21);
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	T_EQ(people_change(&x, "01001", 3, LEAVE_away, x.day - 9), V_ACCEPTED);
	T_EQ(people_split(&x, "01001", "02001", "23", "71", 150), V_ACCEPTED);
	old = world_household(&x, "01001");
	new = world_household(&x, "02001");
	T_EQ(points_raw(old.balance), 50);
	T_EQ(points_raw(old.transferred), -150);
	T_EQ(points_raw(old.earned), 200);
	T_EQ(points_raw(new.balance), 150);
	T_EQ(points_raw(new.transferred), 150);
	T_EQ(old.npresent, 2);
	T_EQ(new.npresent, 2);
	T_STR(new.group, old.group);
	T_OK(new.takes_part);
	T_EQ(new.consent_day, old.consent_day);
	T_EQ(new.began_day, x.day);
	T_EQ(old.began_day, DAY_NONE);
	T_EQ(new.entry, world_last(&x));
	T_STR(people_member(&x, "01001", 2).into, "02001");
	T_EQ(people_member(&x, "01001", 2).into_member, 7);
	T_EQ(people_member(&x, "01001", 2).left_day, x.day);
	T_STR(people_member(&x, "02001", 7).name, people_member(&x, "01001", 2).name);
	T_EQ(people_member(&x, "02001", 7).entry, old.entry);
	T_EQ(people_member(&x, "02001", 7).line, 2);
	T_EQ(people_member(&x, "02001", 1).away_day, x.day - 9);
	T_STR(new.head_name,
	      people_member(&x, "02001", 7).name); /* the first line, until one is named */
	T_EQ(people_change(&x, "01001", 2, LEAVE_death, x.day), V_LEFT_ALREADY);
	T_EQ(people_change(&x, "02001", 1, LEAVE_head, x.day), V_ACCEPTED);
	T_OK(people_member(&x, "02001", 1).head);
	/* and it can split again, in a group of its own */
	struct rec_split r = {.household = town_b("02001"),
			      .into = town_b("02002"),
			      .group = town_b("5"),
			      .day = x.day,
			      .reason = town_b("分家")};
	struct rec_split_line l = {7, 1};
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_split, &r, &l, 1), V_ACCEPTED);
	T_STR(world_household(&x, "02002").group, "5");
	T_STR(world_household(&x, "02001").group, old.group);
	T_STR(people_member(&x, "02002", 1).name, people_member(&x, "01001", 2).name);
	town_close(&x.w);
}

static void test_a_person_takes_cap_and_score_along(void)
{
	struct world x;
	uint64_t recorded, confirmed;

	world_open(&x, 22);
	town_earn(&x.w, x.no, "01001", 2, "A201", town_day(2025, 5, 1));
	confirmed = town_earn(&x.w, x.no, "01001", 2, "A201", x.day);
	recorded = town_record(&x.w, x.no, "01001", 2, "A201", x.day);
	people_scores(&x, 2026, "01001/2:-1000 ");
	T_EQ(people_split(&x, "01001", "02001", "2", "5", 0), V_ACCEPTED);
	people_scores(&x, 2026, "02001/5:-1000 ");
	people_scores(&x, 2025, "02001/5:-1000 ");
	/* the old place is closed, also for the day before */
	T_EQ(people_points(&x, "01001", 2, "Z002", x.day - 9), V_P13_RELOCATED);
	people_nums(&x, 1, 5, 0);
	T_STR(x.w.last.reason.t, "02001");
	/* two of three are used up, the third is there */
	T_EQ(people_points(&x, "02001", 5, "A201", x.day - 9), V_ACCEPTED);
	T_EQ(people_points(&x, "02001", 5, "A201", x.day), V_P10_CAP);
	people_nums(&x, 1, 3000, 1000);
	/* steps on what was recorded before find cap and score */
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, recorded, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, recorded, 0, DECISION_agree), V_ACCEPTED);
	people_scores(&x, 2026, "02001/5:-2000 ");
	T_EQ(world_balance(&x, "01001"), -3000); /* its account, as before */
	T_EQ(world_balance(&x, "02001"), 0);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, confirmed, 1), V_ACCEPTED);
	people_scores(&x, 2026, "02001/5:-1000 ");
	T_EQ(world_balance(&x, "01001"), -2000);
	T_EQ(people_points(&x, "02001", 5, "A201", x.day), V_ACCEPTED);
	T_EQ(people_points(&x, "02001", 5, "A201", x.day), V_P10_CAP);
	town_close(&x.w);
}

static void test_a_household_has_no_deeds_from_before_it_began(void)
{
	struct rec_split r = {
		.household = town_b("02001"), .into = town_b("02002"), .reason = town_b("分家")};
	const struct rec_split_line l = {7, 1};
	struct world x;

	world_open(&x, 23);
	T_EQ(people_split(&x, "01001", "02001", "23", "71", 0), V_ACCEPTED);
	T_EQ(people_points(&x, "02001", 0, "A101", x.day), V_ACCEPTED);
	people_points(&x, "02001", 0, "A101", x.day - 1);
	REFUSED(&x.w, "P13_BEGAN", "P13", 1, x.day, x.day - 1);
	T_STR(x.w.last.reason.s, "02001");
	T_STR(x.w.last.reason.t, "01001");
	T_EQ(people_points(&x, "01001", 0, "A101", x.day - 1), V_ACCEPTED);
	/* persons were there before, and their caps come with them */
	T_EQ(people_points(&x, "02001", 7, "C101", x.day - 1), V_ACCEPTED);
	/* where that household has ended meanwhile, its own days still are */
	T_EQ(people_merge(&x, "01001", "01003", "14", "56"), V_ACCEPTED);
	T_EQ(people_points(&x, "01001", 0, "A101", x.day), V_P13_RELOCATED);
	town_earn(&x.w, x.no, "01001", 0, "D101", x.day - 1);
	T_EQ(world_balance(&x, "01003"), 300);
	/* nor does a household end or split before it began */
	r.day = x.day - 1;
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_split, &r, &l, 1), V_PERIOD);
	people_nums(&x, x.day, x.day - 1, 0);
	x.day--;
	T_EQ(people_merge(&x, "01002", "02001", "1234", "2345"), V_PERIOD);
	people_nums(&x, x.day + 1, x.day, 0);
	town_close(&x.w);
}

static void test_a_split_opens_no_second_cap(void)
{
	struct world x;
	uint64_t first = 0;
	day_t jan = town_day(2026, 1, 2);

	world_open(&x, 24);
	for (int i = 0; i < 11; i++) /* of 24.00 */
		first = town_earn(&x.w, x.no, "01001", 0, "A101", jan);
	x.day = town_day(2025, 12, 31); /* entered late: what was used since goes along, too */
	T_EQ(people_split(&x, "01001", "02001", "23", "71", 0), V_ACCEPTED);
	T_EQ(people_points(&x, "02001", 0, "A101", jan), V_ACCEPTED);
	T_EQ(people_points(&x, "02001", 0, "A101", jan), V_P10_CAP);
	people_nums(&x, 1, 2400, 200);
	T_EQ(people_points(&x, "02001", 0, "A101", x.day), V_ACCEPTED);
	T_EQ(people_points(&x, "02001", 0, "D101", jan), V_ACCEPTED);
	/* each has its own from then on */
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, first, 1), V_ACCEPTED);
	T_EQ(people_points(&x, "02001", 0, "A101", jan), V_P10_CAP);
	T_EQ(people_points(&x, "01001", 0, "A101", jan), V_ACCEPTED);
	T_EQ(people_points(&x, "01001", 0, "A101", jan), V_ACCEPTED);
	T_EQ(people_points(&x, "01001", 0, "A101", jan), V_P10_CAP);
	T_EQ(people_split(&x, "02001", "02002", "7", "1", 0), V_ACCEPTED);
	T_EQ(people_points(&x, "02002", 0, "A101", jan), V_P10_CAP);
	town_close(&x.w);
}

/* --- mergers ---------------------------------------------------------------------------------------- */
static void test_a_merger_is_refused_with_its_numbers(void)
{
	static const struct {
		const char *household, *into, *from, *to;
		enum verdict_id want;
		int64_t num[3];
	} cases[] = {
		{"01001", "01001", "123", "567", V_MERGE_SELF, {0}},
		{"09001", "01002", "123", "567", V_HOUSEHOLD_UNKNOWN, {0}},
		{"01001", "09002", "123", "567", V_HOUSEHOLD_UNKNOWN, {0}},
		{"01001", "01002", "12", "56", V_MERGE_MEMBERS, {3, 2, 0}},
		{"01001", "01002", "1234", "5678", V_LEFT_ALREADY, {4, 4, 0}},
		{"01001", "01002", "125", "567", V_MEMBER_UNKNOWN, {3, 5, 0}},
		{"01001", "01002", "123", "563", V_MEMBER_NUMBER, {3, 0, 0}},
		{"01001", "01002", "122", "567", V_MEMBER_TWICE, {3, 2, 0}},
		{"01001", "01002", "123", "565", V_MEMBER_TWICE, {3, 5, 0}},
	};
	struct world x;
	char name[20];

	world_open(&x, 30);
	T_EQ(people_change(&x, "01001", 4, LEAVE_death, x.day), V_ACCEPTED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		T_STR(reason_name(people_merge(&x, cases[i].household, cases[i].into, cases[i].from,
					       cases[i].to)),
		      reason_name(cases[i].want));
		people_nums(&x, cases[i].num[0], cases[i].num[1], cases[i].num[2]);
	}
	for (uint32_t no = 10; no <= 99; no++) {
		snprintf(name, sizeof(name), "王%u", no);
		T_EQ(people_join(&x, "01003", no, name), V_ACCEPTED);
	}
	T_EQ(people_merge(&x, "01001", "01003", "123", "567"), V_ACCEPTED); /* 97 of 99 */
	T_EQ(people_merge(&x, "01002", "01003", "1234", "5896"), V_MEMBER_NUMBER);
	T_EQ(people_join(&x, "01003", 8, "王八"), V_ACCEPTED);
	T_EQ(people_merge(&x, "01002", "01003", "1234", "9567"), V_MEMBERS_FULL);
	people_nums(&x, 99, 0, 0);
	T_EQ(people_merge(&x, "01001", "01004", "1", "5"), V_HOUSEHOLD_LEFT);
	T_EQ(people_merge(&x, "01004", "01001", "1", "5"), V_HOUSEHOLD_LEFT);
	people_nums(&x, x.day, 0, 0);
	town_close(&x.w);
}

static void test_a_merged_household_ends(void)
{
	uint64_t recorded, confirmed, whole;
	struct view_household old;
	struct world x;

	world_open(&x, 31);
	town_earn(&x.w, x.no, "01002", 0, "A101", x.day);
	confirmed = town_earn(&x.w, x.no, "01001", 1, "A201", x.day);
	recorded = town_record(&x.w, x.no, "01001", 2, "C101", x.day);
	whole = town_record(&x.w, x.no, "01001", 0, "D101", x.day);
	T_EQ(people_merge(&x, "01001", "01002", "1234", "5678"), V_ACCEPTED);
	old = world_household(&x, "01001");
	T_EQ(old.left_day, x.day);
	T_STR(old.into, "01002");
	T_EQ(old.npresent, 0);
	T_EQ(points_raw(old.balance), 0);
	T_EQ(points_raw(old.deducted), 1000);
	T_EQ(world_balance(&x, "01002"), 200 - 1000); /* debts go along */
	T_EQ(world_household(&x, "01002").npresent, 8);
	people_scores(&x, 2026, "01002/5:-1000 ");
	T_EQ(people_points(&x, "01001", 2, "Z002", x.day), V_P13_RELOCATED);
	T_EQ(people_points(&x, "01001", 0, "Z001", x.day), V_P13_RELOCATED);
	T_STR(x.w.last.reason.t, "01002");
	/* what was recorded before ends where the people are */
	for (int i = 0; i < 2; i++) {
		uint64_t e = i ? whole : recorded;

		T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
		T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree),
		     V_ACCEPTED);
	}
	T_EQ(world_balance(&x, "01001"), 0);
	T_EQ(world_balance(&x, "01002"), 200 - 1000 + 500 + 300);
	people_scores(&x, 2026, "01002/5:-1000 01002/6:500 ");
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, confirmed, 1), V_ACCEPTED);
	T_EQ(world_balance(&x, "01002"), 200 + 500 + 300);
	people_scores(&x, 2026, "01002/6:500 ");
	/* on through a second merger */
	T_EQ(people_merge(&x, "01002", "01003", "12345678", "56789123"), V_MEMBER_NUMBER);
	for (char c = '1'; c <= '3'; c++)
		T_EQ(people_change(&x, "01002", (uint32_t)(c - '0'), LEAVE_left, x.day),
		     V_ACCEPTED);
	T_EQ(people_merge(&x, "01002", "01003", "45678", "56789"), V_ACCEPTED);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, whole, 1), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 0);
	T_EQ(world_balance(&x, "01002"), 0);
	T_EQ(world_balance(&x, "01003"), 200 + 500);
	people_scores(&x, 2026, "01003/7:500 ");
	town_close(&x.w);
}

static void test_who_comes_home_is_somebody_new(void)
{
	struct world x;

	world_open(&x, 32);
	town_earn(&x.w, x.no, "01001", 2, "C101", x.day);
	T_EQ(people_split(&x, "01001", "02001", "2", "1", 0), V_ACCEPTED);
	T_EQ(people_merge(&x, "02001", "01001", "1", "2"), V_MEMBER_NUMBER);
	T_EQ(people_merge(&x, "02001", "01001", "1", "5"), V_ACCEPTED);
	people_scores(&x, 2026, "01001/5:500 ");
	T_EQ(people_points(&x, "01001", 2, "Z002", x.day), V_P13_RELOCATED);
	people_nums(&x, 1, 5, 0);
	T_EQ(people_points(&x, "01001", 5, "Z002", x.day), V_ACCEPTED);
	T_EQ(world_household(&x, "01001").npresent, 4);
	town_close(&x.w);
}

static void test_a_long_way_is_followed(void)
{
	struct world x;
	char into[16], at[16] = "01001", no[2] = "2";
	uint64_t first;

	world_open(&x, 33);
	first = town_earn(&x.w, x.no, "01001", 2, "C101", x.day);
	/* out of one household and into another, ten times */
	for (int i = 0; i < 10; i++) {
		snprintf(into, sizeof(into), "021%02d", i);
		T_EQ(people_split(&x, at, into, no, "1", 0), V_ACCEPTED);
		snprintf(at, sizeof(at), "0100%d", (i + 2) % 10);
		no[0] = i < 8 ? '5' : '6';
		T_EQ(people_merge(&x, into, at, "1", no), V_ACCEPTED);
	}
	people_scores(&x, 2026, "01001/6:500 ");
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, first, 1), V_ACCEPTED);
	people_scores(&x, 2026, "");
	T_EQ(world_balance(&x, "01001"), 0);
	town_close(&x.w);
}

/* However often households merge, points find where they are booked. */
#define CHAIN 80
static void test_any_number_of_mergers_is_followed(void)
{
	struct world x;
	char from[16] = "01001", into[16];
	uint64_t e;

	world_open(&x, 35);
	e = town_record(&x.w, x.no, "01001", 0, "A101", x.day);
	for (uint32_t no = 2; no <= 4; no++)
		T_EQ(people_change(&x, "01001", no, LEAVE_left, x.day), V_ACCEPTED);
	for (int i = 0; i < CHAIN; i++) {
		snprintf(into, sizeof(into), "04%03d", i);
		T_EQ(town_household(&x.w, x.no, TOWN_REC, into, 1), V_ACCEPTED);
		T_EQ(people_change(&x, into, 1, LEAVE_left, x.day), V_ACCEPTED);
		T_EQ(people_merge(&x, from, into, i ? "2" : "1", "2"), V_ACCEPTED);
		snprintf(from, sizeof(from), "%s", into);
	}
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(points_raw(world_household(&x, into).balance), 200);
	town_close(&x.w);
}

/* More points than there can be come from nowhere but damage; still no sum is ever wrong. */
static void test_accounts_do_not_overflow(void)
{
	const struct state_account full = {.transferred = POINTS_ABS_MAX - 100};
	struct buf row = {0};
	struct state_key k;
	struct world x;

	world_open(&x, 34);
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	state_account_key(&k, x.no, town_b("01002"));
	state_account_pack(&full, &row);
	town_begin(&x.w);
	T_EQ(kv_put(x.w.t, KV_STATE, state_key_bytes(&k), buf_bytes(&row)), ERR_OK);
	town_commit(&x.w);
	T_EQ(people_merge(&x, "01001", "01002", "1234", "5678"), V_OVERFLOW);
	buf_close(&row);
	town_close(&x.w);
}

/* A household that ends in the future would have the cap of each year until then once more. */
static void test_households_split_and_merge_only_with_a_clock(void)
{
	struct world x;
	uint64_t wall;
	day_t today;

	world_open(&x, 102);
	wall = x.w.wall_ms;
	today = x.day;
	x.w.wall_ms = 0;
	x.day = town_day(2199, 1, 1);
	people_merge(&x, "01001", "01002", "1234", "5678");
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	people_split(&x, "01001", "02001", "1", "1", 0);
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	x.w.wall_ms = wall;
	x.day = today;
	T_EQ(world_household(&x, "01001").left_day, DAY_NONE);
	T_EQ(people_merge(&x, "01001", "01002", "1234", "5678"), V_ACCEPTED);
	town_close(&x.w);
}

T_MAIN(T(test_a_split_is_refused_with_its_numbers, "I8"), T(test_a_split_makes_a_household),
       T(test_a_person_takes_cap_and_score_along),
       T(test_a_household_has_no_deeds_from_before_it_began), T(test_a_split_opens_no_second_cap),
       T(test_a_merger_is_refused_with_its_numbers), T(test_a_merged_household_ends),
       T(test_who_comes_home_is_somebody_new), T(test_a_long_way_is_followed),
       T(test_any_number_of_mergers_is_followed), T(test_accounts_do_not_overflow),
       T(test_households_split_and_merge_only_with_a_clock))
