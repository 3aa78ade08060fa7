/* Who is of a household: changes, corrections, admission, leaving the scheme. */
#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "tests/lib/people.h"
#include "tests/lib/t.h"

/* --- changes ---------------------------------------------------------------------------------------- */
static void test_who_is_away_comes_back(void)
{
	struct world x;

	world_open(&x, 1);
	T_EQ(people_change(&x, "01001", 2, LEAVE_back, x.day), V_NOT_AWAY);
	people_nums(&x, 2, 0, 0);
	T_EQ(people_change(&x, "01001", 2, LEAVE_away, x.day), V_ACCEPTED);
	T_EQ(people_member(&x, "01001", 2).away_day, x.day);
	T_EQ(world_household(&x, "01001").npresent, 4); /* away, but of the household */
	T_EQ(people_change(&x, "01001", 2, LEAVE_away, x.day + 1), V_NOT_AWAY);
	T_EQ(people_change(&x, "01001", 2, LEAVE_back, x.day - 1), V_PERIOD);
	people_nums(&x, x.day, x.day - 1, 0);
	/* a deed counts wherever it was done, but somebody should ask who did it */
	T_EQ(people_points(&x, "01001", 2, "Z002", x.day), V_ACCEPTED);
	T_EQ(x.w.last.warn[0].id, V_P13_AWAY);
	T_EQ(people_points(&x, "01001", 2, "Z002", x.day - 1), V_ACCEPTED);
	T_OK(x.w.last.warn[0].id != V_P13_AWAY);
	T_EQ(people_points(&x, "01001", 0, "Z001", x.day), V_ACCEPTED);
	T_OK(x.w.last.warn[0].id != V_P13_AWAY); /* others are at home */
	T_EQ(people_change(&x, "01001", 2, LEAVE_back, x.day + 2), V_ACCEPTED);
	T_EQ(people_member(&x, "01001", 2).away_day, DAY_NONE);
	T_EQ(people_change(&x, "01001", 2, LEAVE_away, x.day + 3), V_ACCEPTED);
	town_close(&x.w);
}

static void test_nothing_happens_to_who_has_left(void)
{
	static const enum rec_choice_LEAVE kinds[] = {LEAVE_death, LEAVE_left, LEAVE_away,
						      LEAVE_back, LEAVE_head};
	struct rec_consent c = {.household = town_b("01003"),
				.day = town_day(2026, 2, 1),
				.document = town_b("同意书1")};
	struct world x;

	world_open(&x, 2);
	T_EQ(people_change(&x, "01002", 1, LEAVE_death, x.day), V_ACCEPTED);
	T_EQ(people_change(&x, "01002", 2, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(world_household(&x, "01002").npresent, 2);
	T_EQ(world_household(&x, "01002").nmembers, 4);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (uint32_t no = 1; no <= 2; no++) {
			T_EQ(people_change(&x, "01002", no, kinds[i], x.day), V_LEFT_ALREADY);
			people_nums(&x, 0, no, 0);
		}
	T_EQ(people_change(&x, "01003", 0, LEAVE_moved_out, x.day), V_ACCEPTED);
	T_EQ(world_household(&x, "01003").left_day, x.day);
	T_STR(world_household(&x, "01003").into, "");
	T_EQ(people_change(&x, "01003", 1, LEAVE_death, x.day), V_HOUSEHOLD_LEFT);
	people_nums(&x, x.day, 0, 0);
	T_EQ(people_change(&x, "01003", 0, LEAVE_moved_out, x.day), V_HOUSEHOLD_LEFT);
	T_EQ(people_join(&x, "01003", 5, "王小妹"), V_HOUSEHOLD_LEFT);
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_consent, &c, NULL, 0), V_HOUSEHOLD_LEFT);
	town_close(&x.w);
}

static void test_changes_are_of_the_past(void)
{
	struct world x;

	world_open(&x, 3);
	T_EQ(people_change(&x, "01001", 1, LEAVE_away, x.today + 1), V_DAY_FUTURE);
	people_nums(&x, x.today + 1, x.today, 0);
	T_EQ(people_change(&x, "01001", 0, LEAVE_away, x.day), V_MALFORMED);
	T_EQ(people_change(&x, "01001", 1, LEAVE_moved_out, x.day), V_MALFORMED);
	T_EQ(people_change(&x, "01001", 5, LEAVE_away, x.day), V_MEMBER_UNKNOWN);
	people_nums(&x, 0, 5, 0);
	T_EQ(people_change(&x, "09009", 5, LEAVE_away, x.day), V_HOUSEHOLD_UNKNOWN);
	x.w.wall_ms = 0; /* without a clock there is no future */
	T_EQ(people_change(&x, "01001", 1, LEAVE_away, x.today + 1), V_ACCEPTED);
	town_close(&x.w);
}

static enum verdict_id correct(struct world *x, const char *author, uint64_t entry)
{
	struct rec_roster_correction r = {.entry = entry, .reason = town_b("点错了人")};

	return provoke_put(&x->w, x->no, author, REC_roster_correction, &r, NULL, 0);
}

/* Takes the last entry back. */
static void undo(struct world *x)
{
	T_EQ(correct(x, TOWN_HEAD, world_last(x)), V_ACCEPTED);
}

static void test_a_wrong_change_is_taken_back(void)
{
	struct world x;

	world_open(&x, 10);
	T_EQ(people_change(&x, "01001", 2, LEAVE_away, x.day - 9), V_ACCEPTED);
	T_EQ(people_change(&x, "01001", 2, LEAVE_death, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(people_member(&x, "01001", 2).death_day, DAY_NONE);
	T_EQ(people_member(&x, "01001", 2).away_day, x.day - 9);
	T_EQ(people_points(&x, "01001", 2, "Z002", x.day + 1), V_ACCEPTED);
	T_EQ(people_change(&x, "01001", 2, LEAVE_left, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(people_member(&x, "01001", 2).left_day, DAY_NONE);
	T_EQ(people_change(&x, "01001", 2, LEAVE_back, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(people_member(&x, "01001", 2).away_day, x.day - 9);
	T_EQ(people_change(&x, "01001", 3, LEAVE_away, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(people_member(&x, "01001", 3).away_day, DAY_NONE);
	T_EQ(people_change(&x, "01001", 0, LEAVE_moved_out, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(world_household(&x, "01001").left_day, DAY_NONE);
	T_EQ(world_household(&x, "01001").npresent, 4);
	T_EQ(people_change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	undo(&x);
	T_OK(people_member(&x, "01001", 1).head);
	T_EQ(people_change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	T_EQ(people_change(&x, "01001", 4, LEAVE_head, x.day), V_ACCEPTED);
	undo(&x);
	T_OK(people_member(&x, "01001", 3).head);
	T_EQ(people_change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED); /* once more */
	undo(&x);
	T_OK(people_member(&x, "01001", 3).head);
	town_close(&x.w);
}

/* Who was head before that is not kept: better told than lost. */
static void test_only_the_last_change_of_the_head_is_taken_back(void)
{
	struct world x;
	uint64_t second;

	world_open(&x, 101);
	T_EQ(people_change(&x, "01001", 2, LEAVE_head, x.day), V_ACCEPTED);
	T_EQ(people_change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	second = world_last(&x);
	T_EQ(people_change(&x, "01001", 4, LEAVE_head, x.day), V_ACCEPTED);
	undo(&x);
	T_OK(people_member(&x, "01001", 3).head);
	/* only the last; with a new change of the head all can be put right */
	correct(&x, TOWN_HEAD, second);
	REFUSED(&x.w, "CORRECTION_LATER", "F82", (int64_t)second, 3, (int64_t)second + 2);
	T_OK(people_member(&x, "01001", 3).head);
	T_EQ(people_change(&x, "01001", 2, LEAVE_head, x.day), V_ACCEPTED);
	T_OK(people_member(&x, "01001", 2).head);
	town_close(&x.w);
}

/* With both numbers the person would have two caps. */
static void test_who_left_and_joined_anew_is_one_person(void)
{
	struct world x;
	uint64_t left;

	world_open(&x, 104);
	T_EQ(people_join(&x, "01001", 5, "王小雨"), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(people_change(&x, "01001", 5, LEAVE_left, x.day), V_ACCEPTED);
	left = world_last(&x);
	T_EQ(people_join(&x, "01001", 6, "王小雪"), V_ACCEPTED); /* another of the same day */
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(people_join(&x, "01001", 7, "王小雨"), V_ACCEPTED);
	WARNED(&x.w, "MEMBER_AGAIN", "F90", 5, 7);
	correct(&x, TOWN_HEAD, left);
	REFUSED(&x.w, "MEMBER_AGAIN", "F90", 5, 7);
	T_EQ(people_change(&x, "01001", 7, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(correct(&x, TOWN_HEAD, left), V_ACCEPTED);
	T_OK(people_member(&x, "01001", 5).left_day == DAY_NONE);
	town_close(&x.w);
}

static void test_a_correction_is_of_another_person_and_once(void)
{
	struct rec_roster_correction r = {.reason = town_b("无")};
	struct world x;
	uint64_t at;

	world_open(&x, 11);
	T_EQ(people_change(&x, "01001", 2, LEAVE_death, x.day), V_ACCEPTED);
	at = r.entry = world_last(&x);
	correct(&x, TOWN_REC, at);
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)at);
	T_EQ(correct(&x, TOWN_REV, at), V_NO_ROLE);
	provoke_put(&x.w, x.no, TOWN_HEAD, REC_roster_correction, &r, NULL, 0);
	REFUSED(&x.w, "P08_MISSING", "P08", 0);
	T_EQ(correct(&x, TOWN_HEAD, at - 1), V_REFERENCE);
	T_EQ(correct(&x, TOWN_HEAD, at), V_ACCEPTED);
	correct(&x, TOWN_HEAD, at);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)world_last(&x) - 1);
	/* the same once more is another entry */
	T_EQ(people_change(&x, "01001", 2, LEAVE_death, x.day), V_ACCEPTED);
	T_EQ(correct(&x, TOWN_HEAD, at), V_DONE_ALREADY);
	town_close(&x.w);
}

static void test_what_has_changed_again_is_not_taken_back(void)
{
	struct world x;
	uint64_t death, away, head;

	world_open(&x, 12);
	T_EQ(people_change(&x, "01001", 2, LEAVE_away, x.day), V_ACCEPTED);
	away = world_last(&x);
	T_EQ(people_change(&x, "01001", 2, LEAVE_back, x.day), V_ACCEPTED);
	T_EQ(people_change(&x, "01001", 2, LEAVE_away, x.day), V_ACCEPTED); /* looks the same */
	correct(&x, TOWN_HEAD, away);
	REFUSED(&x.w, "CORRECTION_LATER", "F82", (int64_t)away, 2, (int64_t)world_last(&x) - 1);
	T_STR(x.w.last.reason.s, "01001");
	T_EQ(people_change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	head = world_last(&x);
	T_EQ(people_change(&x, "01001", 4, LEAVE_head, x.day), V_ACCEPTED);
	correct(&x, TOWN_HEAD, head);
	REFUSED(&x.w, "CORRECTION_LATER", "F82", (int64_t)head, 3, (int64_t)head + 1);
	/* wherever the person is now */
	T_EQ(people_change(&x, "01002", 2, LEAVE_away, x.day), V_ACCEPTED);
	away = world_last(&x);
	T_EQ(people_change(&x, "01002", 3, LEAVE_head, x.day), V_ACCEPTED);
	head = world_last(&x);
	T_EQ(people_split(&x, "01002", "02002", "23", "78", 0), V_ACCEPTED);
	T_EQ(people_member(&x, "02002", 7).away_day, x.day);
	T_EQ(correct(&x, TOWN_HEAD, away), V_ACCEPTED);
	T_EQ(people_member(&x, "02002", 7).away_day, DAY_NONE);
	correct(&x, TOWN_HEAD, head);
	REFUSED(&x.w, "CORRECTION_LATER", "F82", (int64_t)head, 8, (int64_t)head + 1);
	T_STR(x.w.last.reason.s, "02002");
	/* a household that is gone takes nobody back */
	T_EQ(people_change(&x, "01003", 1, LEAVE_death, x.day), V_ACCEPTED);
	death = world_last(&x);
	T_EQ(people_change(&x, "01003", 0, LEAVE_moved_out, x.day), V_ACCEPTED);
	correct(&x, TOWN_HEAD, death);
	REFUSED(&x.w, "CORRECTION_GONE", "F83", x.day, (int64_t)death);
	T_EQ(correct(&x, TOWN_HEAD, death + 1), V_ACCEPTED);
	T_EQ(correct(&x, TOWN_HEAD, death), V_ACCEPTED);
	T_EQ(people_change(&x, "01004", 1, LEAVE_left, x.day), V_ACCEPTED);
	death = world_last(&x);
	T_EQ(people_merge(&x, "01004", "01003", "234", "567"), V_ACCEPTED);
	T_EQ(correct(&x, TOWN_HEAD, death), V_CORRECTION_GONE);
	town_close(&x.w);
}

static void test_a_head_is_followed_by_another(void)
{
	struct world x;

	world_open(&x, 4);
	T_STR(world_household(&x, "01001").head_name, "王大明");
	T_OK(people_member(&x, "01001", 1).head);
	/* not yet named, and who has died is head no longer */
	T_EQ(people_change(&x, "01001", 1, LEAVE_death, x.day), V_ACCEPTED);
	T_OK(people_member(&x, "01001", 2).head);
	T_EQ(people_change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	T_OK(people_member(&x, "01001", 3).head);
	T_OK(!people_member(&x, "01001", 2).head);
	T_EQ(people_change(&x, "01001", 4, LEAVE_head, x.day), V_ACCEPTED);
	T_OK(people_member(&x, "01001", 4).head);
	T_OK(!people_member(&x, "01001", 3).head);
	T_STR(world_household(&x, "01001").head_name, people_member(&x, "01001", 4).name);
	town_close(&x.w);
}

static void test_a_child_joins(void)
{
	struct view_member m;
	struct world x;
	char name[20];

	world_open(&x, 5);
	T_EQ(people_join(&x, "01001", 4, "王小妹"), V_MEMBER_NUMBER);
	people_nums(&x, 4, 0, 0);
	T_EQ(people_join(&x, "01001", 9, "王小妹"), V_ACCEPTED);
	m = people_member(&x, "01001", 9);
	T_STR(m.name, "王小妹");
	T_STR(m.relation, "孙女");
	T_EQ(m.sex, SEX_female);
	T_EQ(m.birth, x.day);
	T_EQ(m.line, 0);
	T_EQ(m.entry, world_last(&x));
	T_EQ(world_household(&x, "01001").npresent, 5);
	T_STR(world_household(&x, "01001").head_name, "王大明");
	T_EQ(people_points(&x, "01001", 9, "Z002", x.day), V_ACCEPTED);
	T_EQ(people_points(&x, "01001", 9, "A201", x.day), V_P13_CHILD);
	/* who has left keeps the number */
	T_EQ(people_change(&x, "01001", 9, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(people_join(&x, "01001", 9, "王小妹"), V_MEMBER_NUMBER);
	for (uint32_t no = 5; no <= 99; no++) {
		snprintf(name, sizeof(name), "王%u", no);
		if (no != 9)
			T_EQ(people_join(&x, "01001", no, name), V_ACCEPTED);
	}
	T_STR(people_member(&x, "01001", 98).name, "王98");
	T_EQ(world_household(&x, "01001").nmembers, 99);
	T_EQ(people_join(&x, "01001", 1, "王小妹"), V_MEMBERS_FULL);
	people_nums(&x, 99, 0, 0);
	town_close(&x.w);
}

static void test_a_resident_is_admitted_by_the_committee(void)
{
	struct rec_household h = {.household = town_b("02001"), .takes_part = YES_yes};
	struct rec_household_line l = {.member = 3, .name = town_b("陈外来"), .hukou = HUKOU_other};
	struct rec_residence r = {.household = town_b("02001"),
				  .member = 3,
				  .since = town_day(2025, 6, 1),
				  .agreed = town_day(2025, 12, 10),
				  .document = town_b("同意书2025-7")};
	struct world x;

	world_open(&x, 6);
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_household, &h, &l, 1), V_ACCEPTED);
	T_EQ(people_points(&x, "02001", 3, "Z002", x.day), V_P13_RESIDENCE);
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_residence, &r, NULL, 0), V_NO_ROLE);
	r.member = 1;
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_residence, &r, NULL, 0), V_MEMBER_UNKNOWN);
	r.member = 3;
	r.agreed = x.today + 1;
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_residence, &r, NULL, 0), V_DAY_FUTURE);
	r.agreed = town_day(2025, 11, 30); /* the last day of the six months */
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_residence, &r, NULL, 0), V_AGREED_EARLY);
	r.agreed = town_day(2025, 12, 10);
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_residence, &r, NULL, 0), V_ACCEPTED);
	T_EQ(people_member(&x, "02001", 3).since, r.since);
	T_EQ(people_member(&x, "02001", 3).agreed, r.agreed);
	T_EQ(people_member(&x, "02001", 3).hukou, HUKOU_other);
	/* six months and the consent, both on the day of the deed */
	T_EQ(people_points(&x, "02001", 3, "Z002", town_day(2025, 11, 30)), V_P13_RESIDENCE);
	T_EQ(people_points(&x, "02001", 3, "Z002", town_day(2025, 12, 9)), V_P13_AGREED);
	T_EQ(people_points(&x, "02001", 3, "Z002", town_day(2025, 12, 10)), V_ACCEPTED);
	T_EQ(people_change(&x, "02001", 3, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_residence, &r, NULL, 0), V_LEFT_ALREADY);
	town_close(&x.w);
}

static void test_only_the_committees_can_say_that_they_agreed(void)
{
	struct rec_household h = {.household = town_b("02001"), .takes_part = YES_yes};
	struct rec_household_line l = {.member = 3,
				       .name = town_b("陈外来"),
				       .hukou = HUKOU_other,
				       .since = town_day(2025, 1, 1),
				       .agreed = town_day(2025, 12, 10)};
	struct rec_member_join r = {.household = town_b("02001"),
				    .kind = JOIN_returned,
				    .day = town_day(2026, 2, 1),
				    .member = 4,
				    .name = town_b("陈小外"),
				    .hukou = HUKOU_other,
				    .since = l.since,
				    .agreed = l.agreed};
	struct world x;

	world_open(&x, 8);
	/* the recorder would bind them */
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_household, &h, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "AGREED_BY", "P13", 1, 3);
	T_STR(x.w.last.warn[0].s, "02001");
	T_EQ(people_member(&x, "02001", 3).since, l.since);
	T_EQ(people_member(&x, "02001", 3).agreed, DAY_NONE);
	T_EQ(people_points(&x, "02001", 3, "Z002", x.day), V_P13_AGREED);
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_member_join, &r, NULL, 0), V_ACCEPTED);
	WARNED(&x.w, "AGREED_BY", "P13", 0, 4);
	T_EQ(people_member(&x, "02001", 4).agreed, DAY_NONE);
	r.member = 5;
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_member_join, &r, NULL, 0), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(people_member(&x, "02001", 5).agreed, l.agreed);
	h.household = town_b("02002");
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_household, &h, &l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(people_points(&x, "02002", 3, "Z002", x.day), V_ACCEPTED);
	/* also when the recorder is of the committee */
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, TOWN_HEAD, ROLE_recorder, ""), V_ACCEPTED);
	h.household = town_b("02003");
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_household, &h, &l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_close(&x.w);
}

static void test_a_register_knows_no_future(void)
{
	struct rec_household h = {.household = town_b("02001"), .takes_part = YES_yes};

	struct rec_household_line l[2] = {{.member = 1, .name = town_b("陈一")},
					  {.member = 2, .name = town_b("陈二")}};
	struct rec_member_join r = {.household = town_b("01001"),
				    .member = 5,
				    .name = town_b("王小妹"),
				    .birth = town_day(2026, 3, 2)};
	day_t *const days[] = {&l[1].birth, &l[1].since, &l[1].agreed};
	static const char *const names[] = {"birth", "since", "agreed"};
	struct world x;

	world_open(&x, 9);
	h.consent_day = x.today + 1;
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_household, &h, l, 2), V_DAY_FUTURE);
	people_nums(&x, x.today + 1, x.today, 0);
	h.consent_day = x.today;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		*days[i] = x.today + 1;
		provoke_put(&x.w, x.no, TOWN_HEAD, REC_household, &h, l, 2);
		REFUSED(&x.w, "MEMBER_FUTURE", "F81", 2, 2, x.today + 1, x.today);
		T_STR(x.w.last.reason.s, names[i]);
		T_STR(x.w.last.reason.t, "02001");
		*days[i] = x.today;
	}
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_household, &h, l, 2), V_ACCEPTED);
	r.day = x.today;
	provoke_put(&x.w, x.no, TOWN_REC, REC_member_join, &r, NULL, 0);
	REFUSED(&x.w, "MEMBER_FUTURE", "F81", 0, 5, r.birth, x.today);
	town_close(&x.w);
}

static void test_who_leaves_the_scheme_keeps_the_points(void)
{
	struct rec_consent c = {
		.household = town_b("01001"), .takes_part = YES_no, .document = town_b("同意书1")};
	struct world x;

	world_open(&x, 7);
	c.day = x.today + 1;
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_consent, &c, NULL, 0), V_DAY_FUTURE);
	c.day = x.day;
	c.digest = town_half();
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_consent, &c, NULL, 0), V_MALFORMED);
	c.digest = town_b("");
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	uint64_t late = town_record(&x.w, x.no, "01001", 0, "A101", x.day);
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_consent, &c, NULL, 0), V_ACCEPTED);
	T_OK(!world_household(&x, "01001").takes_part);
	T_EQ(world_household(&x, "01001").consent_day, x.day);
	T_EQ(world_balance(&x, "01001"), 200);
	T_EQ(people_points(&x, "01001", 0, "A101", x.day), V_P13_NOT_PART);
	/* what was recorded goes on its way */
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, late, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, late, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 400);
	c.takes_part = YES_yes;
	c.day = x.day + 5;
	T_EQ(provoke_put(&x.w, x.no, TOWN_REC, REC_consent, &c, NULL, 0), V_ACCEPTED);
	T_EQ(people_points(&x, "01001", 0, "A101", x.day + 4), V_P05_BEFORE_CONSENT);
	T_EQ(people_points(&x, "01001", 0, "A101", x.day + 5), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 400);
	town_close(&x.w);
}

T_MAIN(T(test_who_is_away_comes_back, "R24"), T(test_nothing_happens_to_who_has_left, "R24"),
       T(test_changes_are_of_the_past), T(test_a_wrong_change_is_taken_back),
       T(test_only_the_last_change_of_the_head_is_taken_back),
       T(test_who_left_and_joined_anew_is_one_person),
       T(test_a_correction_is_of_another_person_and_once),
       T(test_what_has_changed_again_is_not_taken_back), T(test_a_head_is_followed_by_another),
       T(test_a_child_joins), T(test_a_resident_is_admitted_by_the_committee, "R25"),
       T(test_only_the_committees_can_say_that_they_agreed), T(test_a_register_knows_no_future),
       T(test_who_leaves_the_scheme_keeps_the_points, "R58 I6"))
