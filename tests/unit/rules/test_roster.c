#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/reader.h"
#include "daemon/ledger/state/state.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* Both sentences can be read, with all their numbers put in. */
static void read_reason(const struct reason *r)
{
	struct buf text = {0};

	for (int lang = LANG_ZH; lang <= LANG_EN; lang++) {
		buf_reset(&text);
		T_EQ(reason_text(r, (enum lang)lang, &text), ERR_OK);
		T_OK(text.n > 10);
		T_OK(!memchr(text.p, '{', text.n));
	}
	buf_close(&text);
}

/* Puts an entry; one that is refused changes nothing. */
static enum verdict_id put(struct world *x, const char *author, enum rec_code type,
			   const void *head, const void *lines, uint32_t n)
{
	struct hash before, after;

	town_digest(&x->w, x->no, &before);
	town_put(&x->w, x->no, author, type, head, lines, n);
	town_digest(&x->w, x->no, &after);
	if (!verdict_ok(&x->w.last)) {
		T_MEM(&after, &before, sizeof(after));
		read_reason(&x->w.last.reason);
	}
	for (uint32_t i = 0; i < x->w.last.nwarn && i < VERDICT_WARN_MAX; i++)
		read_reason(&x->w.last.warn[i]);
	return x->w.last.reason.id;
}

static void nums(struct world *x, int64_t a, int64_t b, int64_t c)
{
	const struct reason *r = &x->w.last.reason;

	T_EQ(r->num[0], a);
	T_EQ(r->num[1], b);
	T_EQ(r->num[2], c);
}

static enum verdict_id change(struct world *x, const char *household, uint32_t member,
			      enum rec_choice_LEAVE kind, day_t day)
{
	struct rec_roster_change r = {
		.household = town_b(household), .member = member, .kind = kind, .day = day};

	return put(x, TOWN_REC, REC_roster_change, &r, NULL, 0);
}

static enum verdict_id join(struct world *x, const char *household, uint32_t member,
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

	return put(x, TOWN_REC, REC_member_join, &r, NULL, 0);
}

/* Members @from become @to, both as digits of one number each. */
static uint32_t people(struct rec_split_line l[9], const char *from, const char *to)
{
	uint32_t n = 0;

	for (; from[n]; n++)
		l[n] = (struct rec_split_line){(uint64_t)(from[n] - '0'), (uint64_t)(to[n] - '0')};
	return n;
}

static enum verdict_id split(struct world *x, const char *household, const char *into,
			     const char *from, const char *to, int64_t points)
{
	struct rec_split_line l[9];
	uint32_t n = people(l, from, to);
	struct rec_split r = {.household = town_b(household),
			      .into = town_b(into),
			      .day = x->day,
			      .points = points_of(points),
			      .reason = town_b("儿子成家")};

	return put(x, TOWN_HEAD, REC_split, &r, l, n);
}

static enum verdict_id merge(struct world *x, const char *household, const char *into,
			     const char *from, const char *to)
{
	struct rec_split_line l[9];
	uint32_t n = people(l, from, to);
	struct rec_merge r = {.household = town_b(household),
			      .into = town_b(into),
			      .day = x->day,
			      .reason = town_b("老人随子女生活")};

	return put(x, TOWN_HEAD, REC_merge, &r, l, n);
}

static struct view_household household(struct world *x, const char *code)
{
	struct view_household h;

	town_begin(&x->w);
	T_EQ(view_household(x->w.t, x->no, town_b(code), &h), ERR_OK);
	town_commit(&x->w);
	return h;
}

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

static struct view_member member(struct world *x, const char *code, uint32_t no)
{
	struct wanted w = {.member = no};

	town_begin(&x->w);
	T_EQ(view_members(x->w.t, x->no, town_b(code), take_member, &w), ERR_OK);
	town_commit(&x->w);
	T_EQ(w.m.member, no);
	return w.m;
}

static enum verdict_id points(struct world *x, const char *code, uint32_t no, const char *item,
			      day_t day)
{
	struct rec_points_line l = town_line(code, no, item, day);
	struct rec_points head = {0};

	return put(x, TOWN_REC, REC_points, &head, &l, 1);
}

/* A handful of "household/member:number ". */
#define TEXT_ROOM 60
#define TEXT_MAX  (TEXT_ROOM * 16)
static int add_score(void *ctx, const struct view_score *s)
{
	char *end = (char *)ctx + strlen(ctx);

	snprintf(end, TEXT_ROOM, "%s/%u:%lld ", s->household, s->member,
		 (long long)points_raw(s->score));
	return 0;
}

static void scores(struct world *x, int year, const char *want)
{
	char text[TEXT_MAX] = "";

	town_begin(&x->w);
	T_EQ(view_scores(x->w.t, x->no, year, add_score, text), ERR_OK);
	town_commit(&x->w);
	T_STR(text, want);
}

/* --- changes ---------------------------------------------------------------------------------------- */
static void test_who_is_away_comes_back(void)
{
	struct world x;

	world_open(&x, 1);
	T_EQ(change(&x, "01001", 2, LEAVE_back, x.day), V_NOT_AWAY);
	nums(&x, 2, 0, 0);
	T_EQ(change(&x, "01001", 2, LEAVE_away, x.day), V_ACCEPTED);
	T_EQ(member(&x, "01001", 2).away_day, x.day);
	T_EQ(household(&x, "01001").npresent, 4); /* away, but of the household */
	T_EQ(change(&x, "01001", 2, LEAVE_away, x.day + 1), V_NOT_AWAY);
	T_EQ(change(&x, "01001", 2, LEAVE_back, x.day - 1), V_PERIOD);
	nums(&x, x.day, x.day - 1, 0);
	/* a deed counts wherever it was done, but somebody should ask who did it */
	T_EQ(points(&x, "01001", 2, "Z002", x.day), V_ACCEPTED);
	T_EQ(x.w.last.warn[0].id, V_P13_AWAY);
	T_EQ(points(&x, "01001", 2, "Z002", x.day - 1), V_ACCEPTED);
	T_OK(x.w.last.warn[0].id != V_P13_AWAY);
	T_EQ(points(&x, "01001", 0, "Z001", x.day), V_ACCEPTED);
	T_OK(x.w.last.warn[0].id != V_P13_AWAY); /* others are at home */
	T_EQ(change(&x, "01001", 2, LEAVE_back, x.day + 2), V_ACCEPTED);
	T_EQ(member(&x, "01001", 2).away_day, DAY_NONE);
	T_EQ(change(&x, "01001", 2, LEAVE_away, x.day + 3), V_ACCEPTED);
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
	T_EQ(change(&x, "01002", 1, LEAVE_death, x.day), V_ACCEPTED);
	T_EQ(change(&x, "01002", 2, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(household(&x, "01002").npresent, 2);
	T_EQ(household(&x, "01002").nmembers, 4);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (uint32_t no = 1; no <= 2; no++) {
			T_EQ(change(&x, "01002", no, kinds[i], x.day), V_LEFT_ALREADY);
			nums(&x, 0, no, 0);
		}
	T_EQ(change(&x, "01003", 0, LEAVE_moved_out, x.day), V_ACCEPTED);
	T_EQ(household(&x, "01003").left_day, x.day);
	T_STR(household(&x, "01003").into, "");
	T_EQ(change(&x, "01003", 1, LEAVE_death, x.day), V_HOUSEHOLD_LEFT);
	nums(&x, x.day, 0, 0);
	T_EQ(change(&x, "01003", 0, LEAVE_moved_out, x.day), V_HOUSEHOLD_LEFT);
	T_EQ(join(&x, "01003", 5, "王小妹"), V_HOUSEHOLD_LEFT);
	T_EQ(put(&x, TOWN_REC, REC_consent, &c, NULL, 0), V_HOUSEHOLD_LEFT);
	town_close(&x.w);
}

static void test_changes_are_of_the_past(void)
{
	struct world x;

	world_open(&x, 3);
	T_EQ(change(&x, "01001", 1, LEAVE_away, x.today + 1), V_DAY_FUTURE);
	nums(&x, x.today + 1, x.today, 0);
	T_EQ(change(&x, "01001", 0, LEAVE_away, x.day), V_MALFORMED);
	T_EQ(change(&x, "01001", 1, LEAVE_moved_out, x.day), V_MALFORMED);
	T_EQ(change(&x, "01001", 5, LEAVE_away, x.day), V_MEMBER_UNKNOWN);
	nums(&x, 0, 5, 0);
	T_EQ(change(&x, "09009", 5, LEAVE_away, x.day), V_HOUSEHOLD_UNKNOWN);
	x.w.wall_ms = 0; /* without a clock there is no future */
	T_EQ(change(&x, "01001", 1, LEAVE_away, x.today + 1), V_ACCEPTED);
	town_close(&x.w);
}

static enum verdict_id correct(struct world *x, const char *author, uint64_t entry)
{
	struct rec_roster_correction r = {.entry = entry, .reason = town_b("点错了人")};

	return put(x, author, REC_roster_correction, &r, NULL, 0);
}

static uint64_t last(struct world *x)
{
	return town_size(&x->w, x->no) - 1;
}

/* Takes the last entry back. */
static void undo(struct world *x)
{
	T_EQ(correct(x, TOWN_HEAD, last(x)), V_ACCEPTED);
}

static void test_a_wrong_change_is_taken_back(void)
{
	struct world x;

	world_open(&x, 10);
	T_EQ(change(&x, "01001", 2, LEAVE_away, x.day - 9), V_ACCEPTED);
	T_EQ(change(&x, "01001", 2, LEAVE_death, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(member(&x, "01001", 2).death_day, DAY_NONE);
	T_EQ(member(&x, "01001", 2).away_day, x.day - 9);
	T_EQ(points(&x, "01001", 2, "Z002", x.day + 1), V_ACCEPTED);
	T_EQ(change(&x, "01001", 2, LEAVE_left, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(member(&x, "01001", 2).left_day, DAY_NONE);
	T_EQ(change(&x, "01001", 2, LEAVE_back, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(member(&x, "01001", 2).away_day, x.day - 9);
	T_EQ(change(&x, "01001", 3, LEAVE_away, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(member(&x, "01001", 3).away_day, DAY_NONE);
	T_EQ(change(&x, "01001", 0, LEAVE_moved_out, x.day), V_ACCEPTED);
	undo(&x);
	T_EQ(household(&x, "01001").left_day, DAY_NONE);
	T_EQ(household(&x, "01001").npresent, 4);
	T_EQ(change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	undo(&x);
	T_OK(member(&x, "01001", 1).head);
	T_EQ(change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	T_EQ(change(&x, "01001", 4, LEAVE_head, x.day), V_ACCEPTED);
	undo(&x);
	T_OK(member(&x, "01001", 3).head);
	T_EQ(change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED); /* once more */
	undo(&x);
	T_OK(member(&x, "01001", 3).head);
	town_close(&x.w);
}

/* Who was head before that is not kept: better told than lost. */
static void test_only_the_last_change_of_the_head_is_taken_back(void)
{
	struct world x;
	uint64_t second;

	world_open(&x, 101);
	T_EQ(change(&x, "01001", 2, LEAVE_head, x.day), V_ACCEPTED);
	T_EQ(change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	second = last(&x);
	T_EQ(change(&x, "01001", 4, LEAVE_head, x.day), V_ACCEPTED);
	undo(&x);
	T_OK(member(&x, "01001", 3).head);
	/* only the last; with a new change of the head all can be put right */
	correct(&x, TOWN_HEAD, second);
	REFUSED(&x.w, "CORRECTION_LATER", "F82", (int64_t)second, 3, (int64_t)second + 2);
	T_OK(member(&x, "01001", 3).head);
	T_EQ(change(&x, "01001", 2, LEAVE_head, x.day), V_ACCEPTED);
	T_OK(member(&x, "01001", 2).head);
	town_close(&x.w);
}

/* With both numbers the person would have two caps. */
static void test_who_left_and_joined_anew_is_one_person(void)
{
	struct world x;
	uint64_t left;

	world_open(&x, 104);
	T_EQ(join(&x, "01001", 5, "王小雨"), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(change(&x, "01001", 5, LEAVE_left, x.day), V_ACCEPTED);
	left = last(&x);
	T_EQ(join(&x, "01001", 6, "王小雪"), V_ACCEPTED); /* another of the same day */
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(join(&x, "01001", 7, "王小雨"), V_ACCEPTED);
	WARNED(&x.w, "MEMBER_AGAIN", "F90", 5, 7);
	correct(&x, TOWN_HEAD, left);
	REFUSED(&x.w, "MEMBER_AGAIN", "F90", 5, 7);
	T_EQ(change(&x, "01001", 7, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(correct(&x, TOWN_HEAD, left), V_ACCEPTED);
	T_OK(member(&x, "01001", 5).left_day == DAY_NONE);
	town_close(&x.w);
}

static void test_a_correction_is_of_another_person_and_once(void)
{
	struct rec_roster_correction r = {.reason = town_b("无")};
	struct world x;
	uint64_t at;

	world_open(&x, 11);
	T_EQ(change(&x, "01001", 2, LEAVE_death, x.day), V_ACCEPTED);
	at = r.entry = last(&x);
	correct(&x, TOWN_REC, at);
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)at);
	T_EQ(correct(&x, TOWN_REV, at), V_NO_ROLE);
	put(&x, TOWN_HEAD, REC_roster_correction, &r, NULL, 0);
	REFUSED(&x.w, "P08_MISSING", "P08", 0);
	T_EQ(correct(&x, TOWN_HEAD, at - 1), V_REFERENCE);
	T_EQ(correct(&x, TOWN_HEAD, at), V_ACCEPTED);
	correct(&x, TOWN_HEAD, at);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)last(&x) - 1);
	/* the same once more is another entry */
	T_EQ(change(&x, "01001", 2, LEAVE_death, x.day), V_ACCEPTED);
	T_EQ(correct(&x, TOWN_HEAD, at), V_DONE_ALREADY);
	town_close(&x.w);
}

static void test_what_has_changed_again_is_not_taken_back(void)
{
	struct world x;
	uint64_t death, away, head;

	world_open(&x, 12);
	T_EQ(change(&x, "01001", 2, LEAVE_away, x.day), V_ACCEPTED);
	away = last(&x);
	T_EQ(change(&x, "01001", 2, LEAVE_back, x.day), V_ACCEPTED);
	T_EQ(change(&x, "01001", 2, LEAVE_away, x.day), V_ACCEPTED); /* looks the same */
	correct(&x, TOWN_HEAD, away);
	REFUSED(&x.w, "CORRECTION_LATER", "F82", (int64_t)away, 2, (int64_t)last(&x) - 1);
	T_STR(x.w.last.reason.s, "01001");
	T_EQ(change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	head = last(&x);
	T_EQ(change(&x, "01001", 4, LEAVE_head, x.day), V_ACCEPTED);
	correct(&x, TOWN_HEAD, head);
	REFUSED(&x.w, "CORRECTION_LATER", "F82", (int64_t)head, 3, (int64_t)head + 1);
	/* wherever the person is now */
	T_EQ(change(&x, "01002", 2, LEAVE_away, x.day), V_ACCEPTED);
	away = last(&x);
	T_EQ(change(&x, "01002", 3, LEAVE_head, x.day), V_ACCEPTED);
	head = last(&x);
	T_EQ(split(&x, "01002", "02002", "23", "78", 0), V_ACCEPTED);
	T_EQ(member(&x, "02002", 7).away_day, x.day);
	T_EQ(correct(&x, TOWN_HEAD, away), V_ACCEPTED);
	T_EQ(member(&x, "02002", 7).away_day, DAY_NONE);
	correct(&x, TOWN_HEAD, head);
	REFUSED(&x.w, "CORRECTION_LATER", "F82", (int64_t)head, 8, (int64_t)head + 1);
	T_STR(x.w.last.reason.s, "02002");
	/* a household that is gone takes nobody back */
	T_EQ(change(&x, "01003", 1, LEAVE_death, x.day), V_ACCEPTED);
	death = last(&x);
	T_EQ(change(&x, "01003", 0, LEAVE_moved_out, x.day), V_ACCEPTED);
	correct(&x, TOWN_HEAD, death);
	REFUSED(&x.w, "CORRECTION_GONE", "F83", x.day, (int64_t)death);
	T_EQ(correct(&x, TOWN_HEAD, death + 1), V_ACCEPTED);
	T_EQ(correct(&x, TOWN_HEAD, death), V_ACCEPTED);
	T_EQ(change(&x, "01004", 1, LEAVE_left, x.day), V_ACCEPTED);
	death = last(&x);
	T_EQ(merge(&x, "01004", "01003", "234", "567"), V_ACCEPTED);
	T_EQ(correct(&x, TOWN_HEAD, death), V_CORRECTION_GONE);
	town_close(&x.w);
}

static void test_a_head_is_followed_by_another(void)
{
	struct world x;

	world_open(&x, 4);
	T_STR(household(&x, "01001").head_name, "王大明");
	T_OK(member(&x, "01001", 1).head);
	/* not yet named, and who has died is head no longer */
	T_EQ(change(&x, "01001", 1, LEAVE_death, x.day), V_ACCEPTED);
	T_OK(member(&x, "01001", 2).head);
	T_EQ(change(&x, "01001", 3, LEAVE_head, x.day), V_ACCEPTED);
	T_OK(member(&x, "01001", 3).head);
	T_OK(!member(&x, "01001", 2).head);
	T_EQ(change(&x, "01001", 4, LEAVE_head, x.day), V_ACCEPTED);
	T_OK(member(&x, "01001", 4).head);
	T_OK(!member(&x, "01001", 3).head);
	T_STR(household(&x, "01001").head_name, member(&x, "01001", 4).name);
	town_close(&x.w);
}

static void test_a_child_joins(void)
{
	struct view_member m;
	struct world x;
	char name[20];

	world_open(&x, 5);
	T_EQ(join(&x, "01001", 4, "王小妹"), V_MEMBER_NUMBER);
	nums(&x, 4, 0, 0);
	T_EQ(join(&x, "01001", 9, "王小妹"), V_ACCEPTED);
	m = member(&x, "01001", 9);
	T_STR(m.name, "王小妹");
	T_STR(m.relation, "孙女");
	T_EQ(m.sex, SEX_female);
	T_EQ(m.birth, x.day);
	T_EQ(m.line, 0);
	T_EQ(m.entry, town_size(&x.w, x.no) - 1);
	T_EQ(household(&x, "01001").npresent, 5);
	T_STR(household(&x, "01001").head_name, "王大明");
	T_EQ(points(&x, "01001", 9, "Z002", x.day), V_ACCEPTED);
	T_EQ(points(&x, "01001", 9, "A201", x.day), V_P13_CHILD);
	/* who has left keeps the number */
	T_EQ(change(&x, "01001", 9, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(join(&x, "01001", 9, "王小妹"), V_MEMBER_NUMBER);
	for (uint32_t no = 5; no <= 99; no++) {
		snprintf(name, sizeof(name), "王%u", no);
		if (no != 9)
			T_EQ(join(&x, "01001", no, name), V_ACCEPTED);
	}
	T_STR(member(&x, "01001", 98).name, "王98");
	T_EQ(household(&x, "01001").nmembers, 99);
	T_EQ(join(&x, "01001", 1, "王小妹"), V_MEMBERS_FULL);
	nums(&x, 99, 0, 0);
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
	T_EQ(put(&x, TOWN_REC, REC_household, &h, &l, 1), V_ACCEPTED);
	T_EQ(points(&x, "02001", 3, "Z002", x.day), V_P13_RESIDENCE);
	T_EQ(put(&x, TOWN_REC, REC_residence, &r, NULL, 0), V_NO_ROLE);
	r.member = 1;
	T_EQ(put(&x, TOWN_HEAD, REC_residence, &r, NULL, 0), V_MEMBER_UNKNOWN);
	r.member = 3;
	r.agreed = x.today + 1;
	T_EQ(put(&x, TOWN_HEAD, REC_residence, &r, NULL, 0), V_DAY_FUTURE);
	r.agreed = town_day(2025, 11, 30); /* the last day of the six months */
	T_EQ(put(&x, TOWN_HEAD, REC_residence, &r, NULL, 0), V_AGREED_EARLY);
	r.agreed = town_day(2025, 12, 10);
	T_EQ(put(&x, TOWN_HEAD, REC_residence, &r, NULL, 0), V_ACCEPTED);
	T_EQ(member(&x, "02001", 3).since, r.since);
	T_EQ(member(&x, "02001", 3).agreed, r.agreed);
	T_EQ(member(&x, "02001", 3).hukou, HUKOU_other);
	/* six months and the consent, both on the day of the deed */
	T_EQ(points(&x, "02001", 3, "Z002", town_day(2025, 11, 30)), V_P13_RESIDENCE);
	T_EQ(points(&x, "02001", 3, "Z002", town_day(2025, 12, 9)), V_P13_AGREED);
	T_EQ(points(&x, "02001", 3, "Z002", town_day(2025, 12, 10)), V_ACCEPTED);
	T_EQ(change(&x, "02001", 3, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(put(&x, TOWN_HEAD, REC_residence, &r, NULL, 0), V_LEFT_ALREADY);
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
	T_EQ(put(&x, TOWN_REC, REC_household, &h, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "AGREED_BY", "P13", 1, 3);
	T_STR(x.w.last.warn[0].s, "02001");
	T_EQ(member(&x, "02001", 3).since, l.since);
	T_EQ(member(&x, "02001", 3).agreed, DAY_NONE);
	T_EQ(points(&x, "02001", 3, "Z002", x.day), V_P13_AGREED);
	T_EQ(put(&x, TOWN_REC, REC_member_join, &r, NULL, 0), V_ACCEPTED);
	WARNED(&x.w, "AGREED_BY", "P13", 0, 4);
	T_EQ(member(&x, "02001", 4).agreed, DAY_NONE);
	r.member = 5;
	T_EQ(put(&x, TOWN_HEAD, REC_member_join, &r, NULL, 0), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(member(&x, "02001", 5).agreed, l.agreed);
	h.household = town_b("02002");
	T_EQ(put(&x, TOWN_HEAD, REC_household, &h, &l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(points(&x, "02002", 3, "Z002", x.day), V_ACCEPTED);
	/* also when the recorder is of the committee */
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, TOWN_HEAD, ROLE_recorder, ""), V_ACCEPTED);
	h.household = town_b("02003");
	T_EQ(put(&x, TOWN_HEAD, REC_household, &h, &l, 1), V_ACCEPTED);
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
	T_EQ(put(&x, TOWN_HEAD, REC_household, &h, l, 2), V_DAY_FUTURE);
	nums(&x, x.today + 1, x.today, 0);
	h.consent_day = x.today;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		*days[i] = x.today + 1;
		put(&x, TOWN_HEAD, REC_household, &h, l, 2);
		REFUSED(&x.w, "MEMBER_FUTURE", "F81", 2, 2, x.today + 1, x.today);
		T_STR(x.w.last.reason.s, names[i]);
		T_STR(x.w.last.reason.t, "02001");
		*days[i] = x.today;
	}
	T_EQ(put(&x, TOWN_HEAD, REC_household, &h, l, 2), V_ACCEPTED);
	r.day = x.today;
	put(&x, TOWN_REC, REC_member_join, &r, NULL, 0);
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
	T_EQ(put(&x, TOWN_REC, REC_consent, &c, NULL, 0), V_DAY_FUTURE);
	c.day = x.day;
	c.digest = town_half();
	T_EQ(put(&x, TOWN_REC, REC_consent, &c, NULL, 0), V_MALFORMED);
	c.digest = town_b("");
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	uint64_t late = town_record(&x.w, x.no, "01001", 0, "A101", x.day);
	T_EQ(put(&x, TOWN_REC, REC_consent, &c, NULL, 0), V_ACCEPTED);
	T_OK(!household(&x, "01001").takes_part);
	T_EQ(household(&x, "01001").consent_day, x.day);
	T_EQ(points_raw(household(&x, "01001").balance), 200);
	T_EQ(points(&x, "01001", 0, "A101", x.day), V_P13_NOT_PART);
	/* what was recorded goes on its way */
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, late, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, late, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(points_raw(household(&x, "01001").balance), 400);
	c.takes_part = YES_yes;
	c.day = x.day + 5;
	T_EQ(put(&x, TOWN_REC, REC_consent, &c, NULL, 0), V_ACCEPTED);
	T_EQ(points(&x, "01001", 0, "A101", x.day + 4), V_P05_BEFORE_CONSENT);
	T_EQ(points(&x, "01001", 0, "A101", x.day + 5), V_ACCEPTED);
	T_EQ(points_raw(household(&x, "01001").balance), 400);
	town_close(&x.w);
}

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
	T_EQ(change(&x, "01001", 4, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(change(&x, "01004", 0, LEAVE_moved_out, x.day), V_ACCEPTED);
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	town_earn(&x.w, x.no, "01005", 1, "A201", x.day);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		T_STR(reason_name(split(&x, cases[i].household, cases[i].into, cases[i].from,
					cases[i].to, cases[i].points)),
		      reason_name(cases[i].want));
		nums(&x, cases[i].num[0], cases[i].num[1], cases[i].num[2]);
	}
	T_EQ(split(&x, "01001", "01002", "2", "1", 0), V_HOUSEHOLD_EXISTS);
	nums(&x, (int64_t)household(&x, "01002").entry, 0, 0);
	T_EQ(split(&x, "01004", "02001", "2", "1", 0), V_HOUSEHOLD_LEFT);
	nums(&x, x.day, 0, 0);
	r.day = x.today + 1;
	T_EQ(put(&x, TOWN_HEAD, REC_split, &r, &one, 1), V_DAY_FUTURE);
	r.day = x.day;
	T_EQ(put(&x, TOWN_REC, REC_split, &r, &one, 1), V_NO_ROLE);
	town_close(&x.w);
}

static void test_a_split_makes_a_household(void)
{
	struct view_household old, new;
	struct world x;

	world_open(&x, 21);
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	T_EQ(change(&x, "01001", 3, LEAVE_away, x.day - 9), V_ACCEPTED);
	T_EQ(split(&x, "01001", "02001", "23", "71", 150), V_ACCEPTED);
	old = household(&x, "01001");
	new = household(&x, "02001");
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
	T_EQ(new.entry, town_size(&x.w, x.no) - 1);
	T_STR(member(&x, "01001", 2).into, "02001");
	T_EQ(member(&x, "01001", 2).into_member, 7);
	T_EQ(member(&x, "01001", 2).left_day, x.day);
	T_STR(member(&x, "02001", 7).name, member(&x, "01001", 2).name);
	T_EQ(member(&x, "02001", 7).entry, old.entry);
	T_EQ(member(&x, "02001", 7).line, 2);
	T_EQ(member(&x, "02001", 1).away_day, x.day - 9);
	T_STR(new.head_name, member(&x, "02001", 7).name); /* the first line, until one is named */
	T_EQ(change(&x, "01001", 2, LEAVE_death, x.day), V_LEFT_ALREADY);
	T_EQ(change(&x, "02001", 1, LEAVE_head, x.day), V_ACCEPTED);
	T_OK(member(&x, "02001", 1).head);
	/* and it can split again, in a group of its own */
	struct rec_split r = {.household = town_b("02001"),
			      .into = town_b("02002"),
			      .group = town_b("5"),
			      .day = x.day,
			      .reason = town_b("分家")};
	struct rec_split_line l = {7, 1};
	T_EQ(put(&x, TOWN_HEAD, REC_split, &r, &l, 1), V_ACCEPTED);
	T_STR(household(&x, "02002").group, "5");
	T_STR(household(&x, "02001").group, old.group);
	T_STR(member(&x, "02002", 1).name, member(&x, "01001", 2).name);
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
	scores(&x, 2026, "01001/2:-1000 ");
	T_EQ(split(&x, "01001", "02001", "2", "5", 0), V_ACCEPTED);
	scores(&x, 2026, "02001/5:-1000 ");
	scores(&x, 2025, "02001/5:-1000 ");
	/* the old place is closed, also for the day before */
	T_EQ(points(&x, "01001", 2, "Z002", x.day - 9), V_P13_RELOCATED);
	nums(&x, 1, 5, 0);
	T_STR(x.w.last.reason.t, "02001");
	/* two of three are used up, the third is there */
	T_EQ(points(&x, "02001", 5, "A201", x.day - 9), V_ACCEPTED);
	T_EQ(points(&x, "02001", 5, "A201", x.day), V_P10_CAP);
	nums(&x, 1, 3000, 1000);
	/* steps on what was recorded before find cap and score */
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, recorded, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, recorded, 0, DECISION_agree), V_ACCEPTED);
	scores(&x, 2026, "02001/5:-2000 ");
	T_EQ(points_raw(household(&x, "01001").balance), -3000); /* its account, as before */
	T_EQ(points_raw(household(&x, "02001").balance), 0);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, confirmed, 1), V_ACCEPTED);
	scores(&x, 2026, "02001/5:-1000 ");
	T_EQ(points_raw(household(&x, "01001").balance), -2000);
	T_EQ(points(&x, "02001", 5, "A201", x.day), V_ACCEPTED);
	T_EQ(points(&x, "02001", 5, "A201", x.day), V_P10_CAP);
	town_close(&x.w);
}

static void test_a_household_has_no_deeds_from_before_it_began(void)
{
	struct rec_split r = {
		.household = town_b("02001"), .into = town_b("02002"), .reason = town_b("分家")};
	const struct rec_split_line l = {7, 1};
	struct world x;

	world_open(&x, 23);
	T_EQ(split(&x, "01001", "02001", "23", "71", 0), V_ACCEPTED);
	T_EQ(points(&x, "02001", 0, "A101", x.day), V_ACCEPTED);
	points(&x, "02001", 0, "A101", x.day - 1);
	REFUSED(&x.w, "P13_BEGAN", "P13", 1, x.day, x.day - 1);
	T_STR(x.w.last.reason.s, "02001");
	T_STR(x.w.last.reason.t, "01001");
	T_EQ(points(&x, "01001", 0, "A101", x.day - 1), V_ACCEPTED);
	/* persons were there before, and their caps come with them */
	T_EQ(points(&x, "02001", 7, "C101", x.day - 1), V_ACCEPTED);
	/* where that household has ended meanwhile, its own days still are */
	T_EQ(merge(&x, "01001", "01003", "14", "56"), V_ACCEPTED);
	T_EQ(points(&x, "01001", 0, "A101", x.day), V_P13_RELOCATED);
	town_earn(&x.w, x.no, "01001", 0, "D101", x.day - 1);
	T_EQ(points_raw(household(&x, "01003").balance), 300);
	/* nor does a household end or split before it began */
	r.day = x.day - 1;
	T_EQ(put(&x, TOWN_HEAD, REC_split, &r, &l, 1), V_PERIOD);
	nums(&x, x.day, x.day - 1, 0);
	x.day--;
	T_EQ(merge(&x, "01002", "02001", "1234", "2345"), V_PERIOD);
	nums(&x, x.day + 1, x.day, 0);
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
	T_EQ(split(&x, "01001", "02001", "23", "71", 0), V_ACCEPTED);
	T_EQ(points(&x, "02001", 0, "A101", jan), V_ACCEPTED);
	T_EQ(points(&x, "02001", 0, "A101", jan), V_P10_CAP);
	nums(&x, 1, 2400, 200);
	T_EQ(points(&x, "02001", 0, "A101", x.day), V_ACCEPTED);
	T_EQ(points(&x, "02001", 0, "D101", jan), V_ACCEPTED);
	/* each has its own from then on */
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, first, 1), V_ACCEPTED);
	T_EQ(points(&x, "02001", 0, "A101", jan), V_P10_CAP);
	T_EQ(points(&x, "01001", 0, "A101", jan), V_ACCEPTED);
	T_EQ(points(&x, "01001", 0, "A101", jan), V_ACCEPTED);
	T_EQ(points(&x, "01001", 0, "A101", jan), V_P10_CAP);
	T_EQ(split(&x, "02001", "02002", "7", "1", 0), V_ACCEPTED);
	T_EQ(points(&x, "02002", 0, "A101", jan), V_P10_CAP);
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
	T_EQ(change(&x, "01001", 4, LEAVE_death, x.day), V_ACCEPTED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		T_STR(reason_name(merge(&x, cases[i].household, cases[i].into, cases[i].from,
					cases[i].to)),
		      reason_name(cases[i].want));
		nums(&x, cases[i].num[0], cases[i].num[1], cases[i].num[2]);
	}
	for (uint32_t no = 10; no <= 99; no++) {
		snprintf(name, sizeof(name), "王%u", no);
		T_EQ(join(&x, "01003", no, name), V_ACCEPTED);
	}
	T_EQ(merge(&x, "01001", "01003", "123", "567"), V_ACCEPTED); /* 97 of 99 */
	T_EQ(merge(&x, "01002", "01003", "1234", "5896"), V_MEMBER_NUMBER);
	T_EQ(join(&x, "01003", 8, "王八"), V_ACCEPTED);
	T_EQ(merge(&x, "01002", "01003", "1234", "9567"), V_MEMBERS_FULL);
	nums(&x, 99, 0, 0);
	T_EQ(merge(&x, "01001", "01004", "1", "5"), V_HOUSEHOLD_LEFT);
	T_EQ(merge(&x, "01004", "01001", "1", "5"), V_HOUSEHOLD_LEFT);
	nums(&x, x.day, 0, 0);
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
	T_EQ(merge(&x, "01001", "01002", "1234", "5678"), V_ACCEPTED);
	old = household(&x, "01001");
	T_EQ(old.left_day, x.day);
	T_STR(old.into, "01002");
	T_EQ(old.npresent, 0);
	T_EQ(points_raw(old.balance), 0);
	T_EQ(points_raw(old.deducted), 1000);
	T_EQ(points_raw(household(&x, "01002").balance), 200 - 1000); /* debts go along */
	T_EQ(household(&x, "01002").npresent, 8);
	scores(&x, 2026, "01002/5:-1000 ");
	T_EQ(points(&x, "01001", 2, "Z002", x.day), V_P13_RELOCATED);
	T_EQ(points(&x, "01001", 0, "Z001", x.day), V_P13_RELOCATED);
	T_STR(x.w.last.reason.t, "01002");
	/* what was recorded before ends where the people are */
	for (int i = 0; i < 2; i++) {
		uint64_t e = i ? whole : recorded;

		T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
		T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree),
		     V_ACCEPTED);
	}
	T_EQ(points_raw(household(&x, "01001").balance), 0);
	T_EQ(points_raw(household(&x, "01002").balance), 200 - 1000 + 500 + 300);
	scores(&x, 2026, "01002/5:-1000 01002/6:500 ");
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, confirmed, 1), V_ACCEPTED);
	T_EQ(points_raw(household(&x, "01002").balance), 200 + 500 + 300);
	scores(&x, 2026, "01002/6:500 ");
	/* on through a second merger */
	T_EQ(merge(&x, "01002", "01003", "12345678", "56789123"), V_MEMBER_NUMBER);
	for (char c = '1'; c <= '3'; c++)
		T_EQ(change(&x, "01002", (uint32_t)(c - '0'), LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(merge(&x, "01002", "01003", "45678", "56789"), V_ACCEPTED);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, whole, 1), V_ACCEPTED);
	T_EQ(points_raw(household(&x, "01001").balance), 0);
	T_EQ(points_raw(household(&x, "01002").balance), 0);
	T_EQ(points_raw(household(&x, "01003").balance), 200 + 500);
	scores(&x, 2026, "01003/7:500 ");
	town_close(&x.w);
}

static void test_who_comes_home_is_somebody_new(void)
{
	struct world x;

	world_open(&x, 32);
	town_earn(&x.w, x.no, "01001", 2, "C101", x.day);
	T_EQ(split(&x, "01001", "02001", "2", "1", 0), V_ACCEPTED);
	T_EQ(merge(&x, "02001", "01001", "1", "2"), V_MEMBER_NUMBER);
	T_EQ(merge(&x, "02001", "01001", "1", "5"), V_ACCEPTED);
	scores(&x, 2026, "01001/5:500 ");
	T_EQ(points(&x, "01001", 2, "Z002", x.day), V_P13_RELOCATED);
	nums(&x, 1, 5, 0);
	T_EQ(points(&x, "01001", 5, "Z002", x.day), V_ACCEPTED);
	T_EQ(household(&x, "01001").npresent, 4);
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
		T_EQ(split(&x, at, into, no, "1", 0), V_ACCEPTED);
		snprintf(at, sizeof(at), "0100%d", (i + 2) % 10);
		no[0] = i < 8 ? '5' : '6';
		T_EQ(merge(&x, into, at, "1", no), V_ACCEPTED);
	}
	scores(&x, 2026, "01001/6:500 ");
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, first, 1), V_ACCEPTED);
	scores(&x, 2026, "");
	T_EQ(points_raw(household(&x, "01001").balance), 0);
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
		T_EQ(change(&x, "01001", no, LEAVE_left, x.day), V_ACCEPTED);
	for (int i = 0; i < CHAIN; i++) {
		snprintf(into, sizeof(into), "04%03d", i);
		T_EQ(town_household(&x.w, x.no, TOWN_REC, into, 1), V_ACCEPTED);
		T_EQ(change(&x, into, 1, LEAVE_left, x.day), V_ACCEPTED);
		T_EQ(merge(&x, from, into, i ? "2" : "1", "2"), V_ACCEPTED);
		snprintf(from, sizeof(from), "%s", into);
	}
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(points_raw(household(&x, into).balance), 200);
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
	T_EQ(merge(&x, "01001", "01002", "1234", "5678"), V_OVERFLOW);
	buf_close(&row);
	town_close(&x.w);
}

/* --- kin, posts, and who may decide ----------------------------------------------------------------- */
static enum verdict_id kin(struct world *x, const char *household, uint32_t no,
			   enum rec_choice_KIN relation, const char *other, uint32_t other_no)
{
	struct rec_kin r = {.household = town_b(household), .member = no, .day = x->day};
	struct rec_kin_line l = {
		.relation = relation, .household = town_b(other), .member = other_no};

	return put(x, TOWN_HEAD, REC_kin, &r, &l, 1);
}

static enum verdict_id post(struct world *x, const char *household, uint32_t no,
			    enum rec_choice_POST what, const char *person)
{
	struct rec_post r = {.household = town_b(household),
			     .member = no,
			     .post = what,
			     .key = person ? town_key_bytes(town_key(&x->w, person)) : town_b(""),
			     .from = x->day};

	return put(x, TOWN_HEAD, REC_post, &r, NULL, 0);
}

static int add_kin(void *ctx, const struct view_kin *k)
{
	char *end = (char *)ctx + strlen(ctx);

	snprintf(end, TEXT_ROOM, "%s/%u:%d ", k->household, k->member, (int)k->relation);
	return 0;
}

static void kin_are(struct world *x, const char *household, uint32_t no, const char *want)
{
	char text[TEXT_MAX] = "";

	town_begin(&x->w);
	T_EQ(view_kin(x->w.t, x->no, town_b(household), no, add_kin, text), ERR_OK);
	T_EQ(view_kin(x->w.t, x->no, town_b("09009"), no, add_kin, text), ERR_NOTFOUND);
	town_commit(&x->w);
	T_STR(text, want);
}

static int add_post(void *ctx, const struct view_post *p)
{
	char *end = (char *)ctx + strlen(ctx);

	snprintf(end, TEXT_ROOM, "%s/%u:%d ", p->household, p->member, (int)p->post);
	return 0;
}

static void posts_are(struct world *x, const char *want)
{
	char text[TEXT_MAX] = "";

	town_begin(&x->w);
	T_EQ(view_posts(x->w.t, x->no, add_post, text), ERR_OK);
	town_commit(&x->w);
	T_STR(text, want);
}

static void test_kin_is_declared_for_both(void)
{
	struct world x;

	world_open(&x, 40);
	T_EQ(kin(&x, "01001", 1, KIN_sibling, "01001", 1), V_KIN_SELF);
	nums(&x, 1, 0, 0);
	T_EQ(kin(&x, "01001", 5, KIN_sibling, "01002", 1), V_MEMBER_UNKNOWN);
	nums(&x, 0, 5, 0);
	T_EQ(kin(&x, "01001", 1, KIN_sibling, "01002", 5), V_MEMBER_UNKNOWN);
	nums(&x, 1, 5, 0);
	T_EQ(kin(&x, "01001", 1, KIN_sibling, "09002", 5), V_HOUSEHOLD_UNKNOWN);
	nums(&x, 1, 0, 0);
	T_EQ(kin(&x, "01001", 1, KIN_parent, "01002", 2), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 1, KIN_sibling, "01003", 3), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 2, KIN_grandchild, "01002", 2), V_ACCEPTED);
	kin_are(&x, "01001", 1, "01002/2:1 01003/3:3 ");
	kin_are(&x, "01002", 2, "01001/1:2 01001/2:5 ");
	/* a second declaration corrects the first */
	T_EQ(kin(&x, "01003", 3, KIN_in_law, "01001", 1), V_ACCEPTED);
	kin_are(&x, "01001", 1, "01002/2:1 01003/3:4 ");
	T_EQ(change(&x, "01003", 3, LEAVE_death, x.day), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 2, KIN_in_law, "01003", 3), V_LEFT_ALREADY);
	x.day = x.today + 1;
	T_EQ(kin(&x, "01001", 2, KIN_in_law, "01003", 2), V_DAY_FUTURE);
	town_close(&x.w);
}

static void test_kin_and_posts_move_with_people(void)
{
	struct world x;

	world_open(&x, 41);
	T_EQ(kin(&x, "01001", 2, KIN_spouse, "01001", 3), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 2, KIN_parent, "01001", 1), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 3, KIN_parent, "01002", 1), V_ACCEPTED);
	T_EQ(post(&x, "01001", 3, POST_group_head, NULL), V_ACCEPTED);
	T_EQ(post(&x, "01001", 1, POST_assessor, NULL), V_ACCEPTED);
	/* both in one entry */
	T_EQ(split(&x, "01001", "02001", "23", "12", 0), V_ACCEPTED);
	kin_are(&x, "02001", 1, "01001/1:1 02001/2:0 ");
	kin_are(&x, "02001", 2, "01002/1:1 02001/1:0 ");
	kin_are(&x, "01002", 1, "02001/2:2 ");
	kin_are(&x, "01001", 1, "02001/1:2 ");
	posts_are(&x, "01001/1:5 02001/2:3 ");
	/* corrected at the new place, then moved on: the new relation goes along */
	T_EQ(kin(&x, "02001", 2, KIN_in_law, "01002", 1), V_ACCEPTED);
	T_EQ(merge(&x, "01002", "02001", "1234", "5678"), V_ACCEPTED);
	kin_are(&x, "02001", 5, "02001/2:4 ");
	kin_are(&x, "02001", 2, "02001/1:0 02001/5:4 ");
	T_EQ(split(&x, "02001", "02002", "125", "123", 0), V_ACCEPTED);
	kin_are(&x, "02002", 2, "02002/1:0 02002/3:4 ");
	kin_are(&x, "02002", 3, "02002/2:4 ");
	kin_are(&x, "01001", 1, "02002/1:2 ");
	posts_are(&x, "01001/1:5 02002/2:3 ");
	town_close(&x.w);
}

static void test_a_post_has_a_term(void)
{
	struct rec_post r = {.household = town_b("01001"),
			     .member = 1,
			     .post = POST_director,
			     .from = town_day(2026, 4, 1),
			     .to = town_day(2026, 3, 31)};
	struct world x;

	world_open(&x, 42);
	T_EQ(put(&x, TOWN_HEAD, REC_post, &r, NULL, 0), V_PERIOD);
	nums(&x, r.from, r.to, 0);
	r.to = town_day(2029, 3, 31); /* not begun yet, and that is well */
	T_EQ(put(&x, TOWN_HEAD, REC_post, &r, NULL, 0), V_ACCEPTED);
	r.key = town_half();
	T_EQ(put(&x, TOWN_HEAD, REC_post, &r, NULL, 0), V_MALFORMED);
	T_EQ(post(&x, "01001", 5, POST_team, NULL), V_MEMBER_UNKNOWN);
	T_EQ(post(&x, "09001", 5, POST_team, NULL), V_HOUSEHOLD_UNKNOWN);
	T_EQ(change(&x, "01001", 2, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(post(&x, "01001", 2, POST_team, NULL), V_LEFT_ALREADY);
	town_close(&x.w);
}

static void warned(struct world *x, bool want)
{
	bool got = false;

	T_EQ(x->w.last.reason.id, V_ACCEPTED);
	for (uint32_t i = 0; i < x->w.last.nwarn; i++)
		if (x->w.last.warn[i].id == V_P01_SELF) {
			got = true;
			T_EQ(x->w.last.warn[i].num[0], 1);
		}
	T_EQ(got, want);
}

/* Records, reviews and confirms one line; who of the three decides about their own? */
static void decide(struct world *x, const char *code, uint32_t no, const char *item, bool rec,
		   bool rev, bool con)
{
	uint64_t e = town_size(&x->w, x->no);

	points(x, code, no, item, x->day);
	warned(x, rec);
	town_step(&x->w, x->no, TOWN_REV, REC_review, e, 0, DECISION_agree);
	warned(x, rev);
	town_step(&x->w, x->no, TOWN_CON, REC_confirm, e, 0, DECISION_agree);
	warned(x, con);
}

static void test_deciding_about_ones_own_is_warned_about(void)
{
	struct world x;
	uint64_t e;

	world_open(&x, 43);
	decide(&x, "01001", 1, "Z002", false, false, false);
	T_EQ(post(&x, "01001", 1, POST_group_head, TOWN_REC), V_ACCEPTED);
	T_EQ(post(&x, "01002", 2, POST_supervisor, TOWN_REV), V_ACCEPTED);
	T_EQ(post(&x, "01003", 3, POST_director, TOWN_CON), V_ACCEPTED);
	decide(&x, "01001", 2, "Z002", true, false, false);
	T_STR(x.w.last.reason.s, "");
	decide(&x, "01002", 0, "A101", false, true, false);
	decide(&x, "01003", 0, "A101", false, false, true);
	decide(&x, "01001", 2, "A201", false, false, false); /* a deduction is no favour */
	T_EQ(kin(&x, "01002", 2, KIN_sibling, "01004", 1), V_ACCEPTED);
	T_EQ(kin(&x, "01004", 1, KIN_child, "01003", 3), V_ACCEPTED);
	decide(&x, "01004", 0, "A101", false, true, true);
	decide(&x, "01005", 0, "A101", false, false, false);
	/* they move, and stay who they are */
	T_EQ(split(&x, "01004", "02004", "1", "1", 0), V_ACCEPTED);
	decide(&x, "01004", 0, "A101", false, false, false);
	decide(&x, "02004", 1, "Z002", false, true, true);
	T_EQ(split(&x, "01002", "02002", "2", "1", 0), V_ACCEPTED);
	decide(&x, "01002", 0, "A101", false, false, false);
	decide(&x, "02002", 0, "A101", false, true, false);
	decide(&x, "02004", 1, "Z002", false, true, true);
	e = town_record(&x.w, x.no, "01006", 0, "A101", x.day);
	T_EQ(merge(&x, "01006", "02004", "1234", "5678"), V_ACCEPTED);
	town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree);
	warned(&x, true);
	/* to refuse a deduction is one, and to take it back */
	points(&x, "02002", 0, "D201", x.day);
	e = town_size(&x.w, x.no) - 1;
	town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_refuse);
	warned(&x, true);
	decide(&x, "01003", 0, "D201", false, false, false);
	town_reverse(&x.w, x.no, TOWN_CON, town_size(&x.w, x.no) - 3, 1);
	warned(&x, true);
	decide(&x, "01003", 0, "A101", false, false, true);
	town_reverse(&x.w, x.no, TOWN_CON, town_size(&x.w, x.no) - 3, 1);
	warned(&x, false);
	/* refusing is no favour either */
	e = town_record(&x.w, x.no, "02002", 0, "A101", x.day);
	town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_refuse);
	warned(&x, false);
	town_close(&x.w);
}

/* --- any order of events ---------------------------------------------------------------------------- */
#define M_PEOPLE     200
#define M_HOUSEHOLDS 40
#define M_LINES	     400
#define M_CHANGES    200
#define M_SLIPS	     200
static const struct {
	const char *code;
	bool individual;
	int64_t points, cap;
} m_item[] = {{"C101", true, 500, 6000},
	      {"A201", true, -1000, 3000},
	      {"Z002", true, 100, 0},
	      {"A101", false, 200, 2400},
	      {"D201", false, -200, 2000}};
#define M_ITEMS (sizeof(m_item) / sizeof(m_item[0]))

/* Deeds are of the second of January. */
#define M_YEARS	     2
#define M_YEAR	     2025
#define M_THRESHOLD  100
#define M_YEAR_CAP   400
#define M_DEED(year) town_day((year), 1, 2)

/* One village, counted in another way: people are people wherever they live, and every line remembers its
 * person. */
struct model {
	struct town *w;
	const char *code; /* of the village */
	uint32_t no;
	struct prng g;
	day_t day;
	uint32_t nhouseholds, npeople, nlines;
	struct {
		char code[16];
		bool gone;
		int into; /* -1: nowhere */
		int64_t balance;
		uint32_t used; /* the highest number */
		day_t began, left;
		int64_t before[M_YEARS][M_ITEMS]; /* of caps, used where it came from */
		int64_t redeemed[M_YEARS];	  /* that counts towards the cap of a year */
		int64_t inherited[M_YEARS];	  /* of it, what it began with */
		int split_from;			  /* -1: from none */
	} h[M_HOUSEHOLDS];
	struct {
		int home;
		uint32_t number;
		bool present;
	} p[M_PEOPLE];
	struct {
		uint64_t seq;
		int household, person; /* person -1: the household as such */
		size_t item;
		int year;
		enum line_state state;
	} l[M_LINES];
	uint32_t nchanges;
	struct {
		uint64_t seq;
		int household, person; /* person -1: all of it moved out */
		bool taken_back;
	} c[M_CHANGES];
	uint32_t nslips;
	struct {
		uint64_t seq;
		int household, year;
		int64_t points;
		bool taken_back;
	} r[M_SLIPS];
};

static enum verdict_id m_put(struct model *m, const char *who, enum rec_code type, const void *head,
			     const void *lines, uint32_t n)
{
	char author[40];

	snprintf(author, sizeof(author), "%s/%s", who, m->code);
	return town_put(m->w, m->no, author, type, head, lines, n);
}

/* A household that goes on; -1 when the one that was looked at does not. */
static int m_household(struct model *m)
{
	int h = (int)prng_below(&m->g, m->nhouseholds);

	return m->h[h].gone ? -1 : h;
}

static uint32_t m_at_home(const struct model *m, int h, uint32_t *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->npeople; i++)
		if (m->p[i].home == h && m->p[i].present)
			ret[n++] = i;
	return n;
}

static void m_arrive(struct model *m, int h, uint32_t number)
{
	m->p[m->npeople++].home = h;
	m->p[m->npeople - 1].number = number;
	m->p[m->npeople - 1].present = true;
	m->h[h].used = number;
}

static int m_new_household(struct model *m)
{
	int h = (int)m->nhouseholds++;

	snprintf(m->h[h].code, sizeof(m->h[h].code), "%05d", 3000 + h);
	m->h[h].into = m->h[h].split_from = -1;
	return h;
}

static void m_register(struct model *m)
{
	struct rec_household_line l[3];
	uint32_t n = 1 + (uint32_t)prng_below(&m->g, 3);

	if (m->nhouseholds == M_HOUSEHOLDS || m->npeople + n > M_PEOPLE)
		return;
	int h = m_new_household(m);
	struct rec_household r = {.household = town_b(m->h[h].code), .takes_part = YES_yes};
	for (uint32_t i = 0; i < n; i++) {
		l[i] = (struct rec_household_line){.member = i + 1, .name = town_b("王大明")};
		m_arrive(m, h, i + 1);
	}
	T_EQ(m_put(m, "rec", REC_household, &r, l, n), V_ACCEPTED);
}

static void m_join(struct model *m)
{
	int h = m_household(m);

	if (h < 0 || m->npeople == M_PEOPLE || m->h[h].used > 90)
		return;
	struct rec_member_join r = {.household = town_b(m->h[h].code),
				    .day = m->day,
				    .member = m->h[h].used + 1,
				    .name = town_b("王小明")};
	T_EQ(m_put(m, "rec", REC_member_join, &r, NULL, 0), V_ACCEPTED);
	m_arrive(m, h, m->h[h].used + 1);
}

static void m_note_change(struct model *m, int household, int person)
{
	m->c[m->nchanges].seq = town_size(m->w, m->no) - 1;
	m->c[m->nchanges].household = household;
	m->c[m->nchanges++].person = person;
}

static void m_depart(struct model *m)
{
	uint32_t i = (uint32_t)prng_below(&m->g, m->npeople);
	int h = m->p[i].home;

	if (!m->p[i].present || m->h[h].gone || m->nchanges == M_CHANGES)
		return;
	bool all = prng_below(&m->g, 8) == 0;
	struct rec_roster_change r = {.household = town_b(m->h[h].code),
				      .member = all ? 0 : m->p[i].number,
				      .kind = prng_below(&m->g, 2) ? LEAVE_death : LEAVE_left,
				      .day = m->day};
	if (all)
		r.kind = LEAVE_moved_out;
	T_EQ(m_put(m, "rec", REC_roster_change, &r, NULL, 0), V_ACCEPTED);
	m_note_change(m, h, all ? -1 : (int)i);
	if (all)
		m->h[h].gone = true;
	else
		m->p[i].present = false;
}

/* Who has left comes back, while there is a household to come back to. */
static void m_correct(struct model *m)
{
	uint32_t i = (uint32_t)prng_below(&m->g, m->nchanges + 1);

	if (i == m->nchanges)
		return;
	struct rec_roster_correction r = {.entry = m->c[i].seq, .reason = town_b("点错了人")};
	int person = m->c[i].person, h = m->c[i].household;
	enum verdict_id want = m->c[i].taken_back	     ? V_DONE_ALREADY
			       : person >= 0 && m->h[h].gone ? V_CORRECTION_GONE
							     : V_ACCEPTED;
	T_EQ(m_put(m, "head", REC_roster_correction, &r, NULL, 0), want);
	if (want != V_ACCEPTED)
		return;
	m->c[i].taken_back = true;
	if (person >= 0)
		m->p[person].present = true;
	else
		m->h[h].gone = false;
}

static int64_t m_magnitude(size_t item)
{
	return m_item[item].points < 0 ? -m_item[item].points : m_item[item].points;
}

/* A household as such has used this much of a cap. */
static int64_t m_household_used(const struct model *m, int h, size_t item, int year)
{
	int64_t sum = m->h[h].before[year - M_YEAR][item];

	for (uint32_t i = 0; i < m->nlines; i++)
		if (m->l[i].person < 0 && m->l[i].household == h && m->l[i].item == item &&
		    m->l[i].year == year && m->l[i].state != LINE_REFUSED &&
		    m->l[i].state != LINE_REVERSED)
			sum += m_magnitude(item);
	return sum;
}

/* Of the years from that of @day on. */
static void m_carry_caps(struct model *m, int from, int to, day_t day)
{
	for (int year = day_year(day); year < M_YEAR + M_YEARS; year++)
		for (size_t item = 0; item < M_ITEMS; item++)
			m->h[to].before[year - M_YEAR][item] =
				m_household_used(m, from, item, year);
}

/* What two households had redeemed when they were one. */
static int64_t m_both(const struct model *m, int a, int b, int year)
{
	if (m->h[a].split_from == b)
		return m->h[a].inherited[year - M_YEAR];
	return m->h[b].split_from == a ? m->h[b].inherited[year - M_YEAR] : 0;
}

static void m_carry_redeemed(struct model *m, int from, int to, day_t day)
{
	for (int year = day_year(day); year < M_YEAR + M_YEARS; year++)
		m->h[to].redeemed[year - M_YEAR] +=
			m->h[from].redeemed[year - M_YEAR] - m_both(m, from, to, year);
}

/* @n people go to @to, with numbers not used there. */
static void m_move(struct model *m, const uint32_t *who, uint32_t n, int to,
		   struct rec_split_line *l)
{
	for (uint32_t i = 0; i < n; i++) {
		l[i] = (struct rec_split_line){m->p[who[i]].number, ++m->h[to].used};
		m->p[who[i]].home = to;
		m->p[who[i]].number = m->h[to].used;
	}
}

/* Some day that is not before @first. */
static day_t m_day_from(struct model *m, day_t first)
{
	const day_t days[] = {town_day(2025, 1, 1), town_day(2025, 6, 30), m->day};
	day_t day = days[prng_below(&m->g, sizeof(days) / sizeof(days[0]))];

	return day < first ? first : day;
}

static void m_split(struct model *m)
{
	uint32_t who[M_PEOPLE], n;
	struct rec_split_line l[M_PEOPLE];
	int h = m_household(m);

	if (h < 0 || m->nhouseholds == M_HOUSEHOLDS)
		return;
	n = m_at_home(m, h, who);
	if (n < 2)
		return;
	n = 1 + (uint32_t)prng_below(&m->g, n - 1);
	if (n > 40)
		return;
	int to = m_new_household(m);
	int64_t most = m->h[h].balance > 0 ? m->h[h].balance : 0;
	int64_t p = (int64_t)prng_below(&m->g, (uint64_t)most + 1);
	struct rec_split r = {.household = town_b(m->h[h].code),
			      .into = town_b(m->h[to].code),
			      .day = m_day_from(m, m->h[h].began),
			      .points = points_of(p),
			      .reason = town_b("分家")};
	m_move(m, who, n, to, l);
	m_carry_caps(m, h, to, r.day);
	m_carry_redeemed(m, h, to, r.day);
	memcpy(m->h[to].inherited, m->h[to].redeemed, sizeof(m->h[to].inherited));
	m->h[to].split_from = h;
	m->h[to].began = r.day;
	m->h[h].balance -= p;
	m->h[to].balance += p;
	T_EQ(m_put(m, "head", REC_split, &r, l, n), V_ACCEPTED);
}

static void m_merge(struct model *m)
{
	uint32_t who[M_PEOPLE], n;
	struct rec_split_line l[M_PEOPLE];
	int h = m_household(m), to = m_household(m);

	if (h < 0 || to < 0 || h == to)
		return;
	n = m_at_home(m, h, who);
	if (n == 0 || n > 40 || m->h[to].used + n > 90)
		return;
	day_t first = m->h[h].began > m->h[to].began ? m->h[h].began : m->h[to].began;
	struct rec_merge r = {.household = town_b(m->h[h].code),
			      .into = town_b(m->h[to].code),
			      .day = m_day_from(m, first),
			      .reason = town_b("并户")};
	m_carry_redeemed(m, h, to, r.day);
	m->h[h].left = r.day;
	m_move(m, who, n, to, l);
	m->h[to].balance += m->h[h].balance;
	m->h[h].balance = 0;
	m->h[h].gone = true;
	m->h[h].into = to;
	T_EQ(m_put(m, "head", REC_merge, &r, l, n), V_ACCEPTED);
}

/* What counts towards the cap of the line that is about to be put. */
static int64_t m_counted(const struct model *m, uint32_t line)
{
	int64_t sum = 0;

	if (m->l[line].person < 0)
		return m_household_used(m, m->l[line].household, m->l[line].item, m->l[line].year);
	for (uint32_t i = 0; i < line; i++)
		if (m->l[i].person == m->l[line].person && m->l[i].item == m->l[line].item &&
		    m->l[i].year == m->l[line].year && m->l[i].state != LINE_REFUSED &&
		    m->l[i].state != LINE_REVERSED)
			sum += m_magnitude(m->l[i].item);
	return sum;
}

static enum verdict_id m_judge_line(const struct model *m, uint32_t line)
{
	size_t item = m->l[line].item;

	if (m->l[line].person < 0 && M_DEED(m->l[line].year) < m->h[m->l[line].household].began)
		return V_P13_BEGAN;
	if (m_item[item].cap && m_counted(m, line) + m_magnitude(item) > m_item[item].cap)
		return V_P10_CAP;
	return V_ACCEPTED;
}

static void m_record(struct model *m)
{
	size_t item = (size_t)prng_below(&m->g, M_ITEMS);
	uint32_t at = m->nlines, who[M_PEOPLE], n, number = 0;
	int h = m_household(m), person = -1;

	if (h < 0 || at == M_LINES)
		return;
	n = m_at_home(m, h, who);
	if (n == 0)
		return;
	if (m_item[item].individual) {
		person = (int)who[prng_below(&m->g, n)];
		number = m->p[person].number;
	}
	m->l[at].seq = town_size(m->w, m->no);
	m->l[at].household = h;
	m->l[at].person = person;
	m->l[at].item = item;
	m->l[at].year = M_YEAR + (int)prng_below(&m->g, M_YEARS);
	m->l[at].state = LINE_RECORDED;
	struct rec_points_line l =
		town_line(m->h[h].code, number, m_item[item].code, M_DEED(m->l[at].year));
	struct rec_points head = {0};
	enum verdict_id want = m_judge_line(m, at);
	T_EQ(m_put(m, "rec", REC_points, &head, &l, 1), want);
	m->nlines += want == V_ACCEPTED;
}

/* The account of a merged household is that of the one that goes on. */
static void m_book(struct model *m, uint32_t line, int sign)
{
	int h = m->l[line].household;

	while (m->h[h].into >= 0)
		h = m->h[h].into;
	m->h[h].balance += sign * m_item[m->l[line].item].points;
}

static void m_step(struct model *m)
{
	uint32_t i = (uint32_t)prng_below(&m->g, m->nlines);
	enum line_state *state = &m->l[i].state;
	bool refuse = prng_below(&m->g, 5) == 0, confirm = *state == LINE_REVIEWED;
	struct rec_review head = {0};
	struct rec_review_line l = {.entry = m->l[i].seq,
				    .line = 1,
				    .decision = refuse ? DECISION_refuse : DECISION_agree};
	struct rec_reversal back = {.entry = m->l[i].seq, .line = 1, .reason = town_b("记录有误")};

	if (*state == LINE_RECORDED || confirm) {
		T_EQ(m_put(m, confirm ? "con" : "rev", confirm ? REC_confirm : REC_review, &head,
			   &l, 1),
		     V_ACCEPTED);
		*state = refuse ? LINE_REFUSED : confirm ? LINE_CONFIRMED : LINE_REVIEWED;
		if (*state == LINE_CONFIRMED)
			m_book(m, i, 1);
	} else if (*state == LINE_CONFIRMED && prng_below(&m->g, 4) == 0) {
		T_EQ(m_put(m, "con", REC_reversal, &back, NULL, 0), V_ACCEPTED);
		*state = LINE_REVERSED;
		m_book(m, i, -1);
	}
}

/* One that has something, if there is one. */
static int m_rich(struct model *m)
{
	int h = m_household(m);

	for (uint32_t i = 0; i < m->nhouseholds; i++)
		if (!m->h[i].gone && m->h[i].balance >= M_THRESHOLD &&
		    (h < 0 || m->h[h].balance < M_THRESHOLD || prng_below(&m->g, 2)))
			h = (int)i;
	return h;
}

static void m_redeem(struct model *m)
{
	int h = m_rich(m), at = (int)m->nslips;
	int64_t p = 1 + (int64_t)prng_below(&m->g, 200);
	char slip[16];

	if (h < 0 || at == M_SLIPS)
		return;
	m->r[at].household = h;
	m->r[at].year = M_YEAR + (int)prng_below(&m->g, M_YEARS);
	m->r[at].points = p;
	snprintf(slip, sizeof(slip), "DH-%d", at);
	struct rec_redemption r = {.slip = town_b(slip),
				   .household = town_b(m->h[h].code),
				   .day = M_DEED(m->r[at].year),
				   .receiver = town_b("张三"),
				   .prices = 1};
	struct rec_redemption_line l = {
		.good = town_b("XYY"), .quantity = qty_of(p), .points = points_of(p)};
	int64_t *year = &m->h[h].redeemed[m->r[at].year - M_YEAR];
	enum verdict_id want = r.day < m->h[h].began	       ? V_P13_BEGAN
			       : m->h[h].balance < M_THRESHOLD ? V_X01_THRESHOLD
			       : m->h[h].balance < p	       ? V_X01_BALANCE
			       : *year + p > M_YEAR_CAP	       ? V_X01_YEAR_CAP
							       : V_ACCEPTED;
	m->r[at].seq = town_size(m->w, m->no);
	T_EQ(m_put(m, "keeper", REC_redemption, &r, &l, 1), want);
	if (want != V_ACCEPTED)
		return;
	m->nslips++;
	m->h[h].balance -= p;
	*year += p;
}

/* The points go to where the household is now; off the sum of the year of each that has it in its own. */
static void m_return(struct model *m)
{
	uint32_t i = (uint32_t)prng_below(&m->g, m->nslips + 1);

	if (i == m->nslips || m->r[i].taken_back)
		return;
	struct rec_redemption_reversal r = {.entry = m->r[i].seq, .reason = town_b("发错物品")};
	int h = m->r[i].household, year = m->r[i].year;
	bool counts = true;
	T_EQ(m_put(m, "con", REC_redemption_reversal, &r, NULL, 0), V_ACCEPTED);
	m->r[i].taken_back = true;
	for (;; h = m->h[h].into) {
		if (counts)
			m->h[h].redeemed[year - M_YEAR] -= m->r[i].points;
		if (m->h[h].into < 0)
			break;
		counts = counts && day_year(m->h[h].left) <= year;
	}
	m->h[h].balance += m->r[i].points;
}

static void m_turn(struct model *m)
{
	uint64_t what = prng_below(&m->g, 24);

	if (m->nhouseholds < 3 || what == 0)
		m_register(m);
	else if (what == 1)
		m_join(m);
	else if (what == 2)
		m_depart(m);
	else if (what == 3)
		m_split(m);
	else if (what == 4)
		m_merge(m);
	else if (what == 5)
		m_correct(m);
	else if (what == 6 || what == 7)
		m_redeem(m);
	else if (what == 8)
		m_return(m);
	else if (what < 14 || m->nlines == 0)
		m_record(m);
	else
		m_step(m);
}

static int m_check_household(void *ctx, const struct view_household *v)
{
	struct model *m = ctx;

	for (uint32_t h = 0; h < m->nhouseholds; h++) {
		uint32_t who[M_PEOPLE];

		if (strcmp(m->h[h].code, v->household) != 0)
			continue;
		T_EQ(points_raw(v->balance), m->h[h].balance);
		T_EQ(v->npresent, m_at_home(m, (int)h, who));
		T_STR(v->into, m->h[h].into < 0 ? "" : m->h[m->h[h].into].code);
		for (int y = 0; y < M_YEARS; y++) {
			struct state_redeemed p = {0};
			int err = reader_redeemed(READER(m->w->t, m->no), m->no,
						  town_b(v->household), M_YEAR + y, &p);

			T_OK(!err || err == ERR_NOTFOUND);
			T_EQ(p.sum, m->h[h].redeemed[y]);
		}
		m->day++; /* counts the households seen */
		return 0;
	}
	t_fail(__FILE__, __LINE__, "household %s", v->household);
}

static int m_check_score(void *ctx, const struct view_score *s)
{
	const struct model *m = ctx;
	int64_t sum = 0;
	int found = 0;

	for (uint32_t i = 0; i < m->npeople; i++) {
		if (m->p[i].number != s->member ||
		    strcmp(m->h[m->p[i].home].code, s->household) != 0)
			continue;
		found++;
		for (uint32_t k = 0; k < m->nlines; k++)
			if (m->l[k].person == (int)i && m->l[k].year == s->year &&
			    m->l[k].state == LINE_CONFIRMED)
				sum += m_item[m->l[k].item].points;
	}
	T_EQ(found, 1);
	T_EQ(points_raw(s->score), sum);
	return 0;
}

static void m_check(struct model *m)
{
	int64_t confirmed = 0, accounts = 0;
	day_t day = m->day;

	town_begin(m->w);
	T_EQ(view_households(m->w->t, m->no, m_check_household, m), ERR_OK);
	T_EQ(m->day - day, m->nhouseholds);
	m->day = day;
	for (int year = M_YEAR; year < M_YEAR + M_YEARS; year++)
		T_EQ(view_scores(m->w->t, m->no, year, m_check_score, m), ERR_OK);
	town_commit(m->w);
	for (uint32_t i = 0; i < m->nlines; i++)
		if (m->l[i].state == LINE_CONFIRMED)
			confirmed += m_item[m->l[i].item].points;
	for (uint32_t i = 0; i < m->nslips; i++)
		confirmed -= m->r[i].taken_back ? 0 : m->r[i].points;
	for (uint32_t h = 0; h < m->nhouseholds; h++)
		accounts += m->h[h].balance;
	T_EQ(accounts, confirmed);
}

static void m_store(struct model *m)
{
	struct rec_scheme s = {.version = 1,
			       .title = town_b("积分奖励方案"),
			       .from = town_day(M_YEAR, 1, 1),
			       .rate_points = points_of(100),
			       .rate = fen_of(100),
			       .threshold = points_of(M_THRESHOLD),
			       .year_cap = points_of(M_YEAR_CAP),
			       .notified_days = 3,
			       .notice_days = 7,
			       .object_days = 7,
			       .answer_days = 7,
			       .tolerance = 10,
			       .proxy_max = 3,
			       .scope = town_b("全体参与村民")};
	struct rec_scheme_line sl = {.kind = REWARD_goods, .name = town_b("生活用品")};
	struct rec_prices p = {.version = 1, .from = s.from};
	struct rec_prices_line pl = {.good = town_b("XYY"),
				     .title = town_b("洗衣液"),
				     .unit = town_b("瓶"),
				     .price = points_of(1)};
	char head[40], keeper[40];

	snprintf(head, sizeof(head), "head/%s", m->code);
	snprintf(keeper, sizeof(keeper), "keeper/%s", m->code);
	T_EQ(town_grant(m->w, m->no, head, keeper, ROLE_keeper, ""), V_ACCEPTED);
	T_EQ(m_put(m, "head", REC_scheme, &s, &sl, 1), V_ACCEPTED);
	T_EQ(m_put(m, "head", REC_prices, &p, &pl, 1), V_ACCEPTED);
}

static void m_open(struct model *m, struct town *w, const char *code, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->w = w;
	m->code = code;
	m->no = town_village(w, code);
	m->day = town_day(2026, 2, 20);
	prng_seed(&m->g, seed);
	m_store(m);
}

/* A town with two villages that work in turns. */
static void two_villages(struct town *w, struct model m[2], uint64_t seed, int turns)
{
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	town_init(w, kv, seed);
	w->own_kv = true;
	town_found(w);
	T_EQ(town_catalogue(w, 1), V_ACCEPTED);
	m_open(&m[0], w, "500101999201", seed);
	m_open(&m[1], w, "500101999202", seed + 1000);
	for (int i = 0; i < turns; i++) {
		m_turn(&m[prng_below(&m[0].g, 2)]);
		if (i % 100 == 0 && m[0].nhouseholds)
			m_check(&m[0]);
	}
	m_check(&m[0]);
	m_check(&m[1]);
}

/* --- the same entries in another store -------------------------------------------------------------- */
static void copy_entry(struct town *to, uint32_t to_no, struct town *from, uint32_t no,
		       uint64_t seq)
{
	uint8_t leaf_copy[ENTRY_LEAF_BYTES];
	struct bytes leaf, payload;
	struct entry e;
	struct buf p = {0};

	town_begin(from);
	T_EQ(feedlog_read(from->t, no, seq, &leaf, &payload), ERR_OK);
	memcpy(leaf_copy, leaf.p, sizeof(leaf_copy));
	T_EQ(buf_put(&p, payload.p, payload.n), ERR_OK);
	town_commit(from);
	T_EQ(entry_parse(leaf_copy, sizeof(leaf_copy), &e), ERR_OK);
	town_append(to, to_no, &e, buf_bytes(&p), true);
	buf_close(&p);
}

static void same_digest(struct town *a, uint32_t a_no, struct town *b, uint32_t b_no)
{
	struct hash x, y;

	town_digest(a, a_no, &x);
	town_digest(b, b_no, &y);
	T_MEM(&x, &y, sizeof(x));
}

/* The entries of both villages, in any order that keeps that of each. */
static void replay(struct town *w, struct model m[2], uint64_t seed, bool one_by_one)
{
	uint64_t at[2] = {0, 0}, size[2];
	uint32_t no[2];
	struct town copy;
	struct prng g;
	struct kv *kv;

	prng_seed(&g, seed);
	T_EQ(kvmem_new(&kv), ERR_OK);
	town_init(&copy, kv, w->seed);
	copy.own_kv = true;
	town_feed_only(&copy);
	for (uint64_t i = 0; i < town_size(w, FEED_TOWN); i++)
		copy_entry(&copy, FEED_TOWN, w, FEED_TOWN, i);
	for (int v = 0; v < 2; v++) {
		no[v] = town_feed(&copy, m[1 - v].code); /* other local numbers, too */
		size[v] = town_size(w, m[1 - v].no);
	}
	while (at[0] < size[0] || at[1] < size[1]) {
		int v = one_by_one ? at[0] == size[0] : (int)prng_below(&g, 2);

		if (at[v] < size[v])
			copy_entry(&copy, no[v], w, m[1 - v].no, at[v]++);
	}
	same_digest(w, FEED_TOWN, &copy, FEED_TOWN);
	for (int v = 0; v < 2; v++)
		same_digest(w, m[1 - v].no, &copy, no[v]);
	town_close(&copy);
}

static void test_any_order_of_events_keeps_every_point(void)
{
	static struct model m[2];
	struct town w;

	for (uint64_t seed = 900; seed < 912; seed++) {
		two_villages(&w, m, seed, 700);
		T_OK(m[0].nhouseholds > 5);
		T_OK(m[0].nslips + m[1].nslips > 0);
		town_close(&w);
	}
}

static void test_any_order_of_villages_gives_the_same_state(void)
{
	static struct model m[2];
	struct town w;

	two_villages(&w, m, 77, 500);
	replay(&w, m, 1, true);
	replay(&w, m, 2, false);
	replay(&w, m, 3, false);
	town_close(&w);
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
	T_EQ(points(&x, "01001", 0, "A101", jan), V_P10_CAP);
	x.w.wall_ms = 0;
	T_EQ(points(&x, "01001", 0, "A101", later), V_ACCEPTED);
	at = last(&x);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, at, 0, DECISION_agree), V_ACCEPTED);
	town_step(&x.w, x.no, TOWN_CON, REC_confirm, at, 0, DECISION_agree);
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	x.w.wall_ms = wall;
	town_step(&x.w, x.no, TOWN_CON, REC_confirm, at, 0, DECISION_agree);
	REFUSED(&x.w, "P05_FUTURE", "P05", 1, later, day_of_ms(wall));
	T_EQ(points_raw(household(&x, "01001").balance), 2400);
	/* what was recorded by mistake is refused with or without a clock */
	x.w.wall_ms = 0;
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, at, 0, DECISION_refuse), V_ACCEPTED);
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
	merge(&x, "01001", "01002", "1234", "5678");
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	split(&x, "01001", "02001", "1", "1", 0);
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	x.w.wall_ms = wall;
	x.day = today;
	T_EQ(household(&x, "01001").left_day, DAY_NONE);
	T_EQ(merge(&x, "01001", "01002", "1234", "5678"), V_ACCEPTED);
	town_close(&x.w);
}

T_MAIN(T(test_who_is_away_comes_back, "R24"), T(test_nothing_happens_to_who_has_left, "R24"),
       T(test_changes_are_of_the_past), T(test_a_head_is_followed_by_another),
       T(test_a_wrong_change_is_taken_back), T(test_only_the_last_change_of_the_head_is_taken_back),
       T(test_who_left_and_joined_anew_is_one_person),
       T(test_a_correction_is_of_another_person_and_once),
       T(test_what_has_changed_again_is_not_taken_back), T(test_a_child_joins),
       T(test_a_resident_is_admitted_by_the_committee, "R25"),
       T(test_only_the_committees_can_say_that_they_agreed), T(test_a_register_knows_no_future),
       T(test_who_leaves_the_scheme_keeps_the_points, "R58 I6"),
       T(test_a_split_is_refused_with_its_numbers, "I8"), T(test_a_split_makes_a_household),
       T(test_a_person_takes_cap_and_score_along),
       T(test_a_household_has_no_deeds_from_before_it_began), T(test_a_split_opens_no_second_cap),
       T(test_a_merger_is_refused_with_its_numbers), T(test_a_merged_household_ends),
       T(test_who_comes_home_is_somebody_new), T(test_a_long_way_is_followed),
       T(test_any_number_of_mergers_is_followed), T(test_accounts_do_not_overflow),
       T(test_kin_is_declared_for_both), T(test_kin_and_posts_move_with_people),
       T(test_a_post_has_a_term, "R03 R64"), T(test_deciding_about_ones_own_is_warned_about),
       T(test_any_order_of_events_keeps_every_point, "R26 I1"),
       T(test_any_order_of_villages_gives_the_same_state),
       T(test_without_a_clock_no_cap_of_a_later_year_opens),
       T(test_households_split_and_merge_only_with_a_clock))
