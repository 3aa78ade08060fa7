#include "daemon/ledger/state/verdict.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state.h"
#include "lib/err.h"
#include "lib/text.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"

/* --- the form of an entry -------------------------------------------------------------------------- */
static void provoke_form(struct town *w, uint32_t no)
{
	struct rec_points_line l = town_line("01000", 0, "A101", town_day(2026, 2, 1));
	struct rec_points head = {.note = town_b("")};
	struct buf p = {0}, other = {0};
	struct feed_head h;
	struct entry e;
	uint64_t at;

	town_begin(w);
	T_EQ(feedlog_head(w->t, no, &h), ERR_OK);
	town_commit(w);
	at = h.size;
	town_tx(w, &h.id, town_size(w, FEED_TOWN), TOWN_REC, rec_type_of(REC_points), &head, &l, 1,
		&e, &p);
	town_append(w, no, &e, buf_bytes(&p), false);
	REFUSED(w, "BAD_SIGNATURE", "L01", 0);
	/* the ID is used now, though the entry had no effect */
	town_append(w, no, &e, buf_bytes(&p), true);
	REFUSED(w, "TXID_REUSED", "L02", (int64_t)at);
	town_tx(w, &h.id, town_size(w, FEED_TOWN), TOWN_REC, rec_type_of(REC_points), &head, &l, 1,
		&e, &p);
	e.type = 999;
	town_append(w, no, &e, buf_bytes(&p), true);
	REFUSED(w, "UNKNOWN_TYPE", "F01", 999, 1);
	e.txid[15]++;
	e.type = REC_points;
	e.schema = 2;
	town_append(w, no, &e, buf_bytes(&p), true);
	REFUSED(w, "UNKNOWN_TYPE", "F01", REC_points, 2);
	e.txid[15]++;
	e.schema = 1;
	buf_put(&other, p.p, p.n);
	other.p[other.n - 1] = 0xc0; /* nil */
	e.payload_len = (uint32_t)other.n;
	town_append(w, no, &e, buf_bytes(&other), true);
	REFUSED(w, "MALFORMED", "F00", 0);
	T_STR(w->last.reason.s, "points[1].facility");
	e.txid[15]++;
	e.town_seen--;
	town_append(w, no, &e, buf_bytes(&p), true);
	REFUSED(w, "TOWN_SEEN", "F03", (int64_t)e.town_seen, (int64_t)e.town_seen + 1);
	buf_close(&p);
	buf_close(&other);
	struct rec_catalogue c = {.version = 9, .title = town_b("x"), .from = 1};
	struct rec_catalogue_line cl = {
		.code = town_b("A"), .name_zh = town_b("x"), .points = points_of(1)};
	town_put(w, no, TOWN_HEAD, REC_catalogue, &c, &cl, 1);
	REFUSED(w, "WRONG_FEED", "F02", 0);
	T_STR(w->last.reason.s, "catalogue");
	town_points(w, no, TOWN_REV, &l, 1);
	REFUSED(w, "NO_ROLE", "L05", 0);
	T_STR(w->last.reason.s, TOWN_REV);
	T_STR(w->last.reason.t, "recorder");
	town_points(w, no, "stranger", &l, 1);
	REFUSED(w, "UNKNOWN_PERSON", "L05", 0);
}

/* --- the town feed --------------------------------------------------------------------------------- */
static void charter(struct town *w, const char *author, const char *founder, const char *domain)
{
	struct rec_town_charter c = {.name = town_b("后山镇"),
				     .code = town_b("500101999"),
				     .domain = town_b(domain),
				     .feed_key = town_key_bytes(town_key(w, "feed/town")),
				     .witness_key = town_key_bytes(town_key(w, "witness/town")),
				     .transport_key = town_key_bytes(town_key(w, "transport/town")),
				     .founder_name = town_b("王建国"),
				     .founder_key = town_key_bytes(town_key(w, founder)),
				     .rules = 1};

	town_put(w, FEED_TOWN, author, REC_town_charter, &c, NULL, 0);
}

static void provoke_charter(void)
{
	struct town w;

	town_new(&w, 40);
	town_feed_only(&w);
	charter(&w, "thief", "office", TOWN_DOMAIN);
	REFUSED(&w, "CHARTER_KEY", "F05", 0);
	T_STR(w.last.reason.s, "王建国");
	/* the first place is gone: this town has to start again with another feed */
	charter(&w, "office", "office", TOWN_DOMAIN);
	REFUSED(&w, "CHARTER_ORDER", "F04", 1);
	town_invite(&w, "500101999202", "二村", DAY_NONE);
	REFUSED(&w, "CHARTER_ORDER", "F04", 2);
	town_close(&w);

	town_new(&w, 41);
	town_feed_only(&w);
	charter(&w, "office", "office", "UPPER.example");
	REFUSED(&w, "MALFORMED", "F00", 0);
	town_close(&w);
}

static void enrol_with(struct town *w, const char *author, const char *code, struct bytes manifest,
		       const char *witness, const char *transport)
{
	struct rec_village_enrol r = {.village_code = town_b(code),
				      .manifest = manifest,
				      .witness_key = town_key_bytes(town_key(w, witness)),
				      .transport_key = town_key_bytes(town_key(w, transport)),
				      .head_name = town_b("李支书"),
				      .head_key = town_key_bytes(town_key(w, "head/x"))};

	town_put(w, FEED_TOWN, author, REC_village_enrol, &r, NULL, 0);
}

static void provoke_enrolment(struct town *w)
{
	const char *two = "500101999202", *three = "500101999203";
	day_t yesterday = town_day(2026, 2, 28), today = town_day(2026, 3, 1);
	struct buf m = {0}, foreign = {0};
	struct town far;
	uint64_t at = town_size(w, FEED_TOWN);
	uint32_t no;

	charter(w, "office", "office", TOWN_DOMAIN);
	REFUSED(w, "CHARTER_ORDER", "F04", (int64_t)at);
	town_invite(w, TOWN_CODE, "一村", DAY_NONE);
	REFUSED(w, "ENROLLED_ALREADY", "F08", 0);
	T_STR(w->last.reason.s, TOWN_CODE);
	at = town_size(w, FEED_TOWN);
	T_EQ(town_invite(w, two, "二村", yesterday), V_ACCEPTED);
	town_invite(w, two, "二村", DAY_NONE);
	REFUSED(w, "INVITE_KEY_TAKEN", "F24", (int64_t)at);
	town_enrol(w, two);
	REFUSED(w, "INVITE_EXPIRED", "F07", yesterday, today);
	town_enrol(w, three);
	REFUSED(w, "INVITE_UNKNOWN", "F06", 0);
	w->wall_ms = 0; /* without a clock nothing has expired */
	town_manifest(w, two, &m);
	enrol_with(w, "invite/500101999202", three, buf_bytes(&m), "witness/x", "transport/x");
	REFUSED(w, "INVITE_UNKNOWN", "F06", 0);
	town_init(&far, w->kv, 4711);
	town_manifest(&far, two, &foreign);
	enrol_with(w, "invite/500101999202", two, buf_bytes(&foreign), "witness/x", "transport/x");
	REFUSED(w, "BAD_MANIFEST", "F09", 0);
	enrol_with(w, "invite/500101999202", two, buf_bytes(&m), "witness/x",
		   "transport/" TOWN_CODE);
	REFUSED(w, "ENROLLED_ALREADY", "F08", 0);
	/* a witness that signs for two would count twice, or under another's name */
	static const char *const taken[][2] = {{"witness/" TOWN_CODE, TOWN_CODE},
					       {"feed/" TOWN_CODE, TOWN_CODE},
					       {"witness/town", "500101999"},
					       {"feed/500101999202", "500101999202"}};
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		enrol_with(w, "invite/500101999202", two, buf_bytes(&m), taken[i][0],
			   "transport/x");
		REFUSED(w, "KEY_TAKEN", "F26", 0);
		T_STR(w->last.reason.s, taken[i][1]);
	}
	enrol_with(w, "invite/500101999202", two, buf_bytes(&m), "witness/x", "transport/town");
	REFUSED(w, "ENROLLED_ALREADY", "F08", 0);
	/* a village writes before the town has taken it in */
	no = town_feed(w, two);
	at = town_size(w, FEED_TOWN);
	town_adopt(w, no, "head/500101999202", 1, 1, yesterday);
	REFUSED(w, "NOT_ENROLLED", "L05", (int64_t)at);
	T_EQ(town_enrol(w, two), V_ACCEPTED);
	town_enrol(w, two);
	REFUSED(w, "INVITE_UNKNOWN", "F06", 0);
	T_EQ(town_adopt(w, no, "head/500101999202", 1, 1, yesterday), V_ACCEPTED);
	w->wall_ms = town_noon(today);
	town_close(&far);
	buf_close(&m);
	buf_close(&foreign);
}

static void provoke_catalogue(struct town *w, uint32_t no)
{
	struct rec_catalogue c = {.version = 2,
				  .title = town_b("清单"),
				  .from = town_day(2026, 2, 1),
				  .to = town_day(2026, 1, 1)};
	struct rec_catalogue_line l[2] = {
		{.code = town_b("A101"), .name_zh = town_b("x"), .points = points_of(100)},
		{.code = town_b("A101"), .name_zh = town_b("x"), .points = points_of(100)}};

	town_catalogue(w, 1);
	REFUSED(w, "CATALOGUE_VERSION", "F10", 1, 1);
	town_put(w, FEED_TOWN, "office", REC_catalogue, &c, l, 1);
	REFUSED(w, "PERIOD", "F31", c.from, c.to);
	c.to = town_day(2026, 2, 10);
	town_put(w, FEED_TOWN, "office", REC_catalogue, &c, l, 2);
	REFUSED(w, "CATALOGUE_TWICE", "F11", 2);
	T_EQ(town_put(w, FEED_TOWN, "office", REC_catalogue, &c, l, 1), V_ACCEPTED);
	town_adopt(w, no, TOWN_HEAD, 9, 3, town_day(2026, 2, 1));
	REFUSED(w, "CATALOGUE_UNKNOWN", "F13", 3);
	town_adopt(w, no, TOWN_HEAD, 9, 2, town_day(2026, 2, 11));
	REFUSED(w, "CATALOGUE_DATES", "F12", town_day(2026, 2, 11), c.to);
}

static void provoke_grants(struct town *w, uint32_t no)
{
	struct rec_revoke r = {.key = town_key_bytes(town_key(w, TOWN_REC)),
			       .role = ROLE_reviewer,
			       .village = town_b(""),
			       .reason = town_b("换届")};
	struct rec_grant term = {.key = town_key_bytes(town_key(w, "late")),
				 .name = town_b("late"),
				 .role = ROLE_recorder,
				 .village = town_b(""),
				 .from = town_day(2026, 5, 1),
				 .to = town_day(2026, 4, 1)};
	char code[32];

	town_grant(w, FEED_TOWN, "office", "x", ROLE_recorder, TOWN_CODE);
	REFUSED(w, "GRANT_FOREIGN", "F14", 0);
	town_grant(w, FEED_TOWN, "office", "x", ROLE_committee, "500101999299");
	REFUSED(w, "GRANT_FOREIGN", "F14", 0);
	town_grant(w, no, TOWN_HEAD, "x", ROLE_inspector, "");
	REFUSED(w, "GRANT_FOREIGN", "F14", 0);
	town_grant(w, no, TOWN_HEAD, "x", ROLE_recorder, "500101999202");
	REFUSED(w, "GRANT_FOREIGN", "F14", 0);
	town_put(w, no, TOWN_HEAD, REC_revoke, &r, NULL, 0);
	REFUSED(w, "GRANT_UNKNOWN", "F15", 0);
	town_put(w, no, TOWN_HEAD, REC_grant, &term, NULL, 0);
	REFUSED(w, "PERIOD", "F31", term.from, term.to);
	term.name = town_b(TOWN_REC);
	term.from = term.to = DAY_NONE;
	town_put(w, no, TOWN_HEAD, REC_grant, &term, NULL, 0);
	REFUSED(w, "NAME_TAKEN", "F27", 0);
	town_begin(w); /* one committee member of sixty-four villages, and one more */
	for (int i = 0; i < STATE_ROLES_MAX + 1; i++) {
		snprintf(code, sizeof(code), "5001029%05d", i);
		T_EQ(town_invite(w, code, "村", DAY_NONE), V_ACCEPTED);
		town_grant(w, FEED_TOWN, "office", "busy", ROLE_committee, code);
		T_EQ(verdict_ok(&w->last), i < STATE_ROLES_MAX);
	}
	town_commit(w);
	REFUSED(w, "ROLES_FULL", "F25", STATE_ROLES_MAX);
}

/* --- the roster ------------------------------------------------------------------------------------ */
static enum verdict_id change(struct town *w, uint32_t no, const char *household, uint32_t member,
			      enum rec_choice_LEAVE kind, day_t day)
{
	struct rec_roster_change r = {
		.household = town_b(household), .member = member, .kind = kind, .day = day};

	return town_put(w, no, TOWN_REC, REC_roster_change, &r, NULL, 0);
}

static void provoke_roster(struct town *w, uint32_t no)
{
	day_t day = town_day(2026, 1, 10);
	struct rec_household h = {.household = town_b("02001"), .takes_part = YES_yes};
	struct rec_household_line l[2] = {{.member = 1, .name = town_b("张三")},
					  {.member = 1, .name = town_b("李四")}};
	uint64_t first = town_size(w, no);

	town_put(w, no, TOWN_REC, REC_household, &h, l, 2);
	REFUSED(w, "MEMBER_TWICE", "F19", 2, 1);
	T_EQ(town_put(w, no, TOWN_REC, REC_household, &h, l, 1), V_ACCEPTED);
	town_put(w, no, TOWN_REC, REC_household, &h, l, 1);
	REFUSED(w, "HOUSEHOLD_EXISTS", "F16", (int64_t)first + 1);
	change(w, no, "99999", 0, LEAVE_moved_out, day);
	REFUSED(w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	change(w, no, "02001", 2, LEAVE_death, day);
	REFUSED(w, "MEMBER_UNKNOWN", "F18", 0, 2);
	change(w, no, "02001", 0, LEAVE_death, day);
	REFUSED(w, "MALFORMED", "F00", 0);
	T_EQ(change(w, no, "02001", 1, LEAVE_left, day), V_ACCEPTED);
	change(w, no, "02001", 1, LEAVE_death, day);
	REFUSED(w, "LEFT_ALREADY", "F22", 0, 1);
	T_EQ(change(w, no, "02001", 0, LEAVE_moved_out, day), V_ACCEPTED);
	change(w, no, "02001", 0, LEAVE_moved_out, day);
	REFUSED(w, "HOUSEHOLD_LEFT", "F34", day);
}

/* --- points ---------------------------------------------------------------------------------------- */
static void provoke_lines(struct town *w, uint32_t no)
{
	day_t day = town_day(2026, 2, 20), today = town_day(2026, 3, 1);
	struct rec_points_line l[2], *x = &l[1];

#define LINE(...)                                                                                  \
	do {                                                                                       \
		l[0] = town_line("01001", 0, "A101", day);                                         \
		l[1] = l[0];                                                                       \
		__VA_ARGS__;                                                                       \
		town_points(w, no, TOWN_REC, l, 2);                                                \
	} while (0)
	LINE(x->household = town_b("77777"));
	REFUSED(w, "HOUSEHOLD_UNKNOWN", "F17", 2);
	LINE(x->member = 9, x->item = town_b("C101"), x->points = points_of(500));
	REFUSED(w, "MEMBER_UNKNOWN", "F18", 2, 9);
	LINE(x->version = 2);
	REFUSED(w, "P11_NOT_IN_FORCE", "P11", 2, day, 2, (int64_t)town_version(day));
	LINE(x->day = town_day(2019, 12, 31));
	REFUSED(w, "P11_NOT_IN_FORCE", "P11", 2, x->day, (int64_t)town_version(day));
	LINE(x->item = town_b("A999"));
	REFUSED(w, "P11_UNKNOWN_ITEM", "P11", 2, (int64_t)town_version(day));
	LINE(x->points = points_of(201));
	REFUSED(w, "P11_VALUE", "P11", 2, 200, 201);
	LINE(x->member = 1);
	REFUSED(w, "P11_SCOPE", "P11", 2, 1);
	T_STR(w->last.reason.t, "household");
	LINE(x->item = town_b("C101"), x->points = points_of(500));
	REFUSED(w, "P11_SCOPE", "P11", 2);
	T_STR(w->last.reason.t, "individual");
	LINE(x->place = town_b("无。"));
	REFUSED(w, "P08_MISSING", "P08", 2);
	T_STR(w->last.reason.s, "place");
	LINE(x->reason = town_b(""));
	REFUSED(w, "P08_MISSING", "P08", 2);
	T_STR(w->last.reason.s, "reason");
	LINE(x->evidence = town_b("..."));
	REFUSED(w, "P08_MISSING", "P08", 2);
	T_STR(w->last.reason.s, "evidence");
	LINE(x->evidence = town_b("听说"));
	REFUSED(w, "P08_EVIDENCE", "P08", 2);
	LINE(x->digest = town_half());
	REFUSED(w, "MALFORMED", "F00", 0);
	T_STR(w->last.reason.s, "points[2].digest");
	LINE(x->day = today + 1);
	REFUSED(w, "P05_FUTURE", "P05", 2, today + 1, today);
	T_EQ(town_adopt(w, no, TOWN_HEAD, 9, 1, town_day(2019, 1, 1)), V_ACCEPTED);
	LINE(x->day = town_day(2019, 12, 31), x->version = 9);
	REFUSED(w, "P05_BEFORE_CONSENT", "P05", 2, x->day, town_day(2020, 1, 1));
#undef LINE
}

/* Days that are late or near, evidence that was there before, and the cap. */
static void provoke_lines_together(struct town *w, uint32_t no)
{
	day_t day = town_day(2026, 2, 20);
	struct rec_points_line l[2];
	uint64_t at;

	l[0] = town_line("01007", 0, "A101", town_day(2020, 1, 1));
	T_EQ(town_points(w, no, TOWN_REC, l, 1), V_ACCEPTED);
	l[0] = town_line("01002", 0, "A101", town_day(2026, 1, 29));
	town_points(w, no, TOWN_REC, l, 1);
	WARNED(w, "P05_LATE", "P05", 1, 31, 30);
	l[0] = town_line("01004", 0, "A101", town_day(2026, 1, 29));
	w->wall_ms = 0;
	town_points(w, no, TOWN_REC, l, 1);
	WARNED(w, "P05_NO_CLOCK", "P05", 0);
	w->wall_ms = town_noon(town_day(2026, 3, 1));
	l[0] = town_line("01002", 0, "A101", town_day(2026, 1, 29));
	l[0].day++;
	at = town_size(w, no);
	l[0].evidence_no = town_b("CG-1");
	town_points(w, no, TOWN_REC, l, 1);
	WARNED(w, "P09_NEAR", "P09", 1, town_day(2026, 1, 29));
	l[0] = town_line("01003", 0, "A101", day);
	l[0].evidence_no = town_b("CG-1");
	town_points(w, no, TOWN_REC, l, 1);
	WARNED(w, "P09_EVIDENCE", "P09", 1, (int64_t)at, 1);
	for (int i = 0; i < 2; i++)
		l[i] = town_line("01004", 1, "A201", day - 10 * i);
	T_EQ(town_points(w, no, TOWN_REC, l, 2), V_ACCEPTED);
	town_points(w, no, TOWN_REC, l, 2);
	REFUSED(w, "P10_CAP", "P10", 2, 3000, 1000, 3000);
}

/* The adoption of catalogue 2 from 2026-02-01 in the second village: its own end counts, too. */
static void provoke_end_of_catalogue(struct town *w, uint32_t no)
{
	struct rec_points_line l = town_line("01001", 0, "A101", town_day(2026, 2, 11));

	w->wall_ms = town_noon(town_day(2026, 2, 1)); /* a day gone by keeps its own */
	T_EQ(town_adopt(w, no, TOWN_HEAD, 11, 2, town_day(2026, 2, 1)), V_ACCEPTED);
	w->wall_ms = town_noon(town_day(2026, 3, 1));
	l.version = 11;
	l.points = points_of(100);
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P11_NOT_IN_FORCE", "P11", 1, l.day, 11);
	l.day--;
	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
}

#define SINCE town_day(2025, 8, 15) /* they live here, who have their papers elsewhere */

/* One whose birth is known and one whose is not; two who came from elsewhere; a child; one from elsewhere of whom
 * nothing else is known. */
static void six_people(struct rec_household_line m[6], day_t day)
{
	const struct rec_household_line six[6] = {
		{.member = 1, .name = town_b("一一"), .birth = town_day(1950, 1, 1)},
		{.member = 2, .name = town_b("二二")},
		{.member = 3,
		 .name = town_b("三三"),
		 .hukou = HUKOU_other,
		 .since = SINCE,
		 .agreed = town_day(2025, 9, 1)},
		{.member = 4,
		 .name = town_b("四四"),
		 .hukou = HUKOU_other,
		 .since = town_day(2020, 1, 1),
		 .agreed = day + 1},
		{.member = 5, .name = town_b("五五"), .birth = town_day(2012, 1, 21)},
		{.member = 6, .name = town_b("六六"), .hukou = HUKOU_other}};

	memcpy(m, six, sizeof(six));
}

static void provoke_eligible(struct town *w, uint32_t no)
{
	day_t day = town_day(2026, 1, 20), since = SINCE;
	struct rec_household h = {.household = town_b("03001"), .takes_part = YES_no};
	struct rec_household_line m[6];
	struct rec_points_line l = town_line("03001", 0, "A101", day);

	six_people(m, day);
	T_EQ(town_put(w, no, TOWN_REC, REC_household, &h, m, 1), V_ACCEPTED);
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_NOT_PART", "P13", 1);
	h = (struct rec_household){.household = town_b("03002"), .takes_part = YES_yes};
	T_EQ(town_put(w, no, TOWN_HEAD, REC_household, &h, m, 6), V_ACCEPTED);
	T_EQ(change(w, no, "03002", 1, LEAVE_death, day - 1), V_ACCEPTED);
	T_EQ(change(w, no, "03002", 2, LEAVE_left, day), V_ACCEPTED);
	l = town_line("03002", 1, "Z002", day);
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_DEAD", "P13", 1, day - 1, day);
	l.day--; /* on the very day it still counts */
	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
	l.day++;
	l.member = 2;
	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
	l.day++;
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_LEFT", "P13", 1, day, day + 1);
	l.day = day;
	l.member = 3;
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_RESIDENCE", "P13", 1, since, day);
	l.day = town_day(2026, 2, 15); /* six months to the day */
	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
	l.day = day;
	l.member = 4;
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_AGREED", "P13", 1, day, day + 1);
	l.member = 6;
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_RESIDENCE", "P13", 1, DAY_NONE, day);
	w->wall_ms = 0; /* six months end after the last day there is */
	h.household = town_b("03004");
	m[3].since = town_day(2199, 7, 1);
	T_EQ(town_put(w, no, TOWN_REC, REC_household, &h, &m[3], 1), V_ACCEPTED);
	T_EQ(town_adopt(w, no, TOWN_HEAD, 10, 1, town_day(2199, 1, 1)), V_ACCEPTED);
	l = town_line("03004", 4, "Z002", town_day(2199, 12, 31));
	l.version = 10;
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_RESIDENCE", "P13", 1, m[3].since, l.day);
	w->wall_ms = town_noon(town_day(2026, 3, 1));
}

/* Children, and the household as such: 03002 is that of provoke_eligible. */
static void provoke_eligible_households(struct town *w, uint32_t no)
{
	day_t day = town_day(2026, 1, 20), since = SINCE;
	struct rec_household h = {.household = town_b("03003"), .takes_part = YES_yes};
	struct rec_household_line m[6];
	struct rec_points_line l;

	l = town_line("03002", 5, "A201", day);
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_CHILD", "P13", 1, day, 13);
	l.notified = ++l.day;
	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
	l = town_line("03002", 5, "Z002", day); /* awards have no age */
	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
	l = town_line("03002", 0, "A101", day);
	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
	T_EQ(change(w, no, "03002", 0, LEAVE_moved_out, day), V_ACCEPTED);
	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
	l.day++;
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_LEFT", "P13", 1, day, day + 1);
	/* nobody of this household may take part yet, so it may not as such */
	six_people(m, day);
	m[3].since = since;
	T_EQ(town_put(w, no, TOWN_REC, REC_household, &h, &m[2], 2), V_ACCEPTED);
	l = town_line("03003", 0, "A101", day);
	town_points(w, no, TOWN_REC, &l, 1);
	REFUSED(w, "P13_RESIDENCE", "P13", 1, since, day);
}

/* --- steps ----------------------------------------------------------------------------------------- */
static void provoke_steps(struct town *w, uint32_t no)
{
	day_t day = town_day(2026, 2, 10);
	struct state_account rich = {.earned = POINTS_ABS_MAX};
	struct state_key k;
	struct buf row = {0};
	uint64_t e;

	for (int i = 0; i < 3; i++)
		T_EQ(town_grant(w, no, TOWN_HEAD, "all", (enum rec_choice_ROLE)(ROLE_recorder + i),
				""),
		     V_ACCEPTED);
	e = town_record(w, no, "01005", 0, "Z001", day);
	town_step(w, no, TOWN_REV, REC_review, e, 2, DECISION_agree);
	REFUSED(w, "TARGET_UNKNOWN", "F20", (int64_t)e, 2);
	town_step(w, no, TOWN_REV, REC_review, e - 1, 0, DECISION_agree);
	REFUSED(w, "TARGET_UNKNOWN", "F20", (int64_t)e - 1, 0);
	town_step(w, no, TOWN_REV, REC_review, 1000000, 1, DECISION_agree);
	REFUSED(w, "TARGET_UNKNOWN", "F20", 1000000, 1);
	town_step(w, no, TOWN_CON, REC_confirm, e, 1, DECISION_agree);
	REFUSED(w, "TARGET_STATE", "F21", (int64_t)e, 1, 0);
	town_step(w, no, TOWN_REC, REC_review, e, 1, DECISION_agree);
	REFUSED(w, "NO_ROLE", "L05", 0);
	T_EQ(town_step(w, no, "all", REC_review, e, 1, DECISION_agree), V_ACCEPTED);
	town_step(w, no, "all", REC_confirm, e, 1, DECISION_agree);
	REFUSED(w, "P02_DUTIES", "P02", (int64_t)e);
	T_STR(w->last.reason.s, "all");
	T_EQ(town_step(w, no, TOWN_CON, REC_confirm, e, 1, DECISION_agree), V_ACCEPTED);
	struct rec_points_line l = town_line("01005", 0, "Z001", day - 5);
	T_EQ(town_points(w, no, "all", &l, 1), V_ACCEPTED);
	e = town_size(w, no) - 1;
	town_step(w, no, "all", REC_review, e, 0, DECISION_agree);
	REFUSED(w, "P02_DUTIES", "P02", (int64_t)e);
	town_reverse(w, no, TOWN_CON, e, 1);
	REFUSED(w, "TARGET_STATE", "F21", (int64_t)e, 1, 0);
	T_EQ(town_step(w, no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	/* so many points can only come from years of entries: put them there */
	town_begin(w);
	state_account_key(&k, no, town_b("01005"));
	state_account_pack(&rich, &row);
	T_EQ(kv_put(w->t, KV_STATE, state_key_bytes(&k), buf_bytes(&row)), ERR_OK);
	town_commit(w);
	buf_close(&row);
	town_step(w, no, TOWN_CON, REC_confirm, e, 0, DECISION_agree);
	REFUSED(w, "OVERFLOW", "F23", 0);
	e = town_earn(w, no, "01006", 0, "Z001", day);
	town_reverse(w, no, TOWN_REC, e, 1);
	REFUSED(w, "NO_ROLE", "L05", 0);
	T_STR(w->last.reason.t, "reviewer,confirmer");
	T_EQ(town_grant(w, no, TOWN_HEAD, TOWN_REC, ROLE_reviewer, ""), V_ACCEPTED);
	town_reverse(w, no, TOWN_REC, e, 1);
	REFUSED(w, "P02_DUTIES", "P02", (int64_t)e);
}

/* Does @text hold @word, and not only as the beginning of a longer one? */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (text = strstr(text, word); text; text = strstr(text + n, word))
		if (!isalnum((unsigned char)text[n]) && text[n] != '_')
			return true;
	return false;
}

/* All test programs of this folder but this one, in one text. */
static void text_of_the_other_tests(struct buf *all)
{
	glob_t found;

	T_EQ(glob("tests/unit/*/test_*.c", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char part[4096];
		FILE *f = fopen(found.gl_pathv[i], "r");
		size_t n;

		T_OK(f);
		while (!strstr(found.gl_pathv[i], "test_verdict.c") &&
		       (n = fread(part, 1, sizeof(part), f)) > 0)
			T_EQ(buf_put(all, part, n), ERR_OK);
		fclose(f);
	}
	globfree(&found);
}

static void every_other_verdict_has_a_test(void)
{
	struct buf text = {0};
	char name[64], constant[64];

	text_of_the_other_tests(&text);
	for (int i = V_ACCEPTED + 1; i < V_COUNT; i++) {
		enum verdict_id id = (enum verdict_id)i;

		snprintf(name, sizeof(name), "\"%s\"", reason_name(id));
		snprintf(constant, sizeof(constant), "V_%s", reason_name(id));
		if (!provoke_met(id) && !strstr(buf_str(&text), name) &&
		    !has_word(buf_str(&text), constant))
			t_fail(__FILE__, __LINE__, "%s was never met", name);
	}
	buf_close(&text);
}

static void test_every_verdict_can_be_met_and_read(void)
{
	struct town w;
	uint32_t no = town_open(&w, 42);

	provoke_form(&w, no);
	provoke_charter();
	provoke_enrolment(&w);
	provoke_catalogue(&w, no);
	provoke_grants(&w, no);
	provoke_roster(&w, no);
	provoke_lines(&w, no);
	provoke_lines_together(&w, no);
	provoke_eligible(&w, no);
	provoke_eligible_households(&w, no);
	provoke_steps(&w, no);
	provoke_end_of_catalogue(&w, no);
	town_close(&w);
	every_other_verdict_has_a_test();
}

/* --- texts and stored form ------------------------------------------------------------------------- */
static void test_sentences_have_their_numbers(void)
{
	struct reason r = {.id = V_P10_CAP, .num = {3, 2400, 200, 2500}};
	char text[512];

	reason_set_text(r.s, "A101", 4);
	provoke_text(&r, LANG_ZH, text, sizeof(text));
	T_STR(text, "第 3 行：事项 A101 本年已计 24.00 分，加上 2.00 分超过上限 25.00 "
		    "分；本年不能再记，请删去此行或核对事项和日期");
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_STR(text, "line 3: item A101 has 24.00 points this year; 2.00 more would pass the cap of "
		    "25.00; take the line out, or check item and day");
	r = (struct reason){.id = V_INVITE_EXPIRED, .num = {20512, DAY_NONE}};
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_STR(text, "the invitation expired on 2026-02-28 (today (not given)); ask the town for a "
		    "new one");
	r = (struct reason){.id = V_X06_NIGHT, .num = {5, 1260, 420}};
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_STR(text, "redeemed at 00:05, between 21:00 and 07:00; marked; check time and receiver");
	r = (struct reason){.id = V_NO_ROLE};
	reason_set_text(r.s, "王小明", strlen("王小明"));
	reason_set_text(r.t, "committee,recorder", 18);
	provoke_text(&r, LANG_ZH, text, sizeof(text));
	T_OK(strstr(text, "村两委或记录员"));
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_OK(strstr(text, "village two committees or recorder"));
	r = (struct reason){.id = V_TARGET_STATE, .num = {7, 1, 3}};
	provoke_text(&r, LANG_ZH, text, sizeof(text));
	T_OK(strstr(text, "已确认"));
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_OK(strstr(text, "\"confirmed\""));
}

/* What can be done next depends on where the line is; a step on a whole entry names no line. */
static void test_a_step_that_is_not_possible_says_what_is(void)
{
	static const char *const next[][2] = {
		[LINE_RECORDED] = {"entry review", "entry review"},
		[LINE_REVIEWED] = {"entry confirm", "entry confirm"},
		[LINE_REFUSED] = {"重新记录", "record it anew"},
		[LINE_CONFIRMED] = {"entry reverse", "entry reverse"},
		[LINE_REVERSED] = {"重新记录", "record it anew"},
	};
	struct reason r = {.id = V_TARGET_UNKNOWN, .num = {9999, 0}};
	char text[300];

	provoke_text(&r, LANG_ZH, text, sizeof(text));
	T_OK(strstr(text, "第 9999 条不是积分记录；"));
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_OK(strstr(text, "entry 9999 is not a points entry; "));
	r.num[1] = 2;
	provoke_text(&r, LANG_ZH, text, sizeof(text));
	T_OK(strstr(text, "第 9999 条不是积分记录，或没有第 2 行；"));
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_OK(strstr(text, "entry 9999 is not a points entry, or has no line 2; "));
	for (int i = LINE_RECORDED; i <= LINE_REVERSED; i++) {
		r = (struct reason){.id = V_TARGET_STATE, .num = {7, 1, i}};
		provoke_text(&r, LANG_ZH, text, sizeof(text));
		T_OK(strstr(text, next[i][LANG_ZH]));
		provoke_text(&r, LANG_EN, text, sizeof(text));
		T_OK(strstr(text, next[i][LANG_EN]));
	}
}

/* Records without lines have line 0, and what was not given has no number or text. */
static void test_nothing_is_said_of_what_is_not_there(void)
{
	struct reason r = {.id = V_HOUSEHOLD_UNKNOWN};
	char text[512];

	reason_set_text(r.s, "09999", 5);
	T_OK(reason_names_line(r.id));
	T_OK(!reason_names_line(V_BOOK_NONE));
	provoke_text(&r, LANG_ZH, text, sizeof(text));
	T_STR(text, "没有户编号 09999；请核对编号，或先登记农户（record household）");
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_STR(text, "there is no household 09999; check the number, or register it first (record "
		    "household)");
	r = (struct reason){.id = V_P11_NOT_IN_FORCE, .num = {0, 20512, 0, 3}};
	provoke_text(&r, LANG_ZH, text, sizeof(text));
	T_OK(strstr(text, "2026-02-28 当日生效的积分清单：第 3 版，填写的版本：无"));
	provoke_text(&r, LANG_EN, text, sizeof(text));
	T_OK(strstr(text, "in force on 2026-02-28: version 3; named: none"));
	r = (struct reason){.id = V_FACILITY_KEEPER, .num = {2, 20512}};
	provoke_text(&r, LANG_ZH, text, sizeof(text));
	T_OK(strstr(text, "第 2 行：") == text && strstr(text, "管护户：无"));
}

/* --- the table ------------------------------------------------------------------------------------- */
/* A sentence as it stands in the table: what is so and what to do, in two languages. */
struct row {
	const char *name, *rule, *zh, *zh_do, *en, *en_do;
};

static void bad_entry(const struct row *x, const char *why, const char *text)
{
	t_fail(__FILE__, __LINE__, "%s: %s: \"%s\"", x->name, why, text);
}

/* Every place to be filled in is one that the builder knows, and stands in @other, too. */
static void check_places(const struct row *x, const char *text, const char *other)
{
	static const char *const known[] = {"{0}",  "{0p}", "{0d}", "{0m}", "{0v}", "{0s}",
					    "{0l}", "{0n}", "{0o}", "{s}",  "{sf}", "{sy}",
					    "{sr}", "{sc}", "{sg}", "{su}"};
	char place[8], like[8];

	for (const char *p = strpbrk(text, "{}"); p; p = strpbrk(p + 1, "{}")) {
		size_t n = strcspn(p, "}") + 1, i = 0;

		if (*p == '}')
			continue;
		snprintf(place, sizeof(place), "%.*s", (int)n, p);
		snprintf(like, sizeof(like), "%s", place);
		if (like[1] >= '0' && like[1] <= '3')
			like[1] = '0';
		else if (like[1] == 't')
			like[1] = 's';
		while (i < sizeof(known) / sizeof(known[0]) && strcmp(known[i], like) != 0)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			bad_entry(x, "no such place", place);
		if (!strstr(other, place))
			bad_entry(x, "not in both languages", place);
		if (like[2] == 'l' && (p != text || text == x->zh_do || text == x->en_do))
			bad_entry(x, "the line comes first", text);
	}
}

static void check_chinese(const struct row *x, const char *text)
{
	const char *at = strpbrk(text, ",;:!?()[]\"'");

	if (at && *at == ':' && at > text && at[-1] >= '0' && at[-1] <= '9') /* of a time */
		at = strpbrk(at + 1, ",;:!?()[]\"'");
	if (at)
		bad_entry(x, "English punctuation", at);
	if (strlen(text) >= 3 && strcmp(text + strlen(text) - 3, "。") == 0)
		bad_entry(x, "a full stop", text);
}

static void check_english(const struct row *x, const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p >= 0x80)
			bad_entry(x, "not English", p);
	if (text[strlen(text) - 1] == '.')
		bad_entry(x, "a full stop", text);
}

static bool rule_named(const char *rule)
{
	return strlen(rule) == 3 && strchr("FLNPX", rule[0]) && isdigit((unsigned char)rule[1]) &&
	       isdigit((unsigned char)rule[2]);
}

static void check_entry(const struct row *x)
{
	if (!rule_named(x->rule))
		bad_entry(x, "no rule", x->rule);
	if (!x->zh[0] || !x->zh_do[0] || !x->en[0] || !x->en_do[0])
		bad_entry(x, "says nothing, or not what to do", x->en);
	if (strstr(x->zh, "第 {0} 行：") || strstr(x->en, "line {0}:"))
		bad_entry(x, "not every record has lines: {0l}", x->en);
	check_places(x, x->zh, x->en);
	check_places(x, x->en, x->zh);
	check_places(x, x->zh_do, x->en_do);
	check_places(x, x->en_do, x->zh_do);
	check_chinese(x, x->zh);
	check_chinese(x, x->zh_do);
	check_english(x, x->en);
	check_english(x, x->en_do);
}

static void test_every_verdict_says_what_is_so_and_what_to_do(void)
{
#define ROW(id, rule, zh, zh_do, en, en_do) {#id, rule, zh, zh_do, en, en_do},
	static const struct row all[] = {VERDICTS(ROW)};
#undef ROW

	for (int i = V_ACCEPTED + 1; i < V_COUNT; i++)
		check_entry(&all[i]);
}

static void test_the_specification_lists_every_verdict(void)
{
	static const char begin[] = "<!-- verdicts:begin -->\n", end[] = "<!-- verdicts:end -->";
	char *text = calloc(1, 1 << 20), *from, *to;
	FILE *f = fopen("proto/SPEC.md", "r");
	struct buf want = {0};

	T_OK(text && f && fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	from = strstr(text, begin);
	to = strstr(text, end);
	T_OK(from && to && from < to);
	*to = '\0';
	buf_puts(&want, "| number | name | rule |\n|---|---|---|\n");
	for (int i = 0; i < V_COUNT; i++)
		buf_printf(&want, "| %d | %s | %s |\n", i, reason_name((enum verdict_id)i),
			   reason_rule((enum verdict_id)i));
	T_STR(from + strlen(begin), buf_str(&want));
	buf_close(&want);
	free(text);
}

static void test_a_reason_says_whether_it_names_a_line(void)
{
	static const enum verdict_id yes[] = {V_P10_CAP, V_MEMBER_UNKNOWN, V_P13_RELOCATED,
					      V_P13_BEGAN, V_GROUP_FOREIGN};
	static const enum verdict_id no[] = {V_ACCEPTED, V_OVERFLOW, V_TARGET_UNKNOWN, V_P02_DUTIES,
					     V_HOUSEHOLD_LEFT};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		T_OK(reason_names_line(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		T_OK(!reason_names_line(no[i]));
}

static void test_long_texts_are_cut_between_characters(void)
{
	struct reason r = {.id = V_MALFORMED};
	char text[200];

	for (int i = 0; i < 60; i++)
		memcpy(text + 3 * i, "村", 3);
	reason_set_text(r.s, text, 180);
	T_EQ(strlen(r.s), 93);
	T_OK(utf8_valid(r.s, strlen(r.s)));
}

static void test_the_stored_form_comes_back(void)
{
	struct verdict v, got;
	struct buf b = {0};

	memset(&v, 0, sizeof(v));
	v.nwarn = VERDICT_WARN_MAX + 5;
	for (int i = 0; i < VERDICT_WARN_MAX; i++) {
		v.warn[i].id = V_P09_EVIDENCE;
		v.warn[i].num[0] = i;
		v.warn[i].num[1] = INT64_MIN + i;
		v.warn[i].num[2] = INT64_MAX - i;
		reason_set_text(v.warn[i].s, "CG-20250101-02104", 17);
	}
	T_EQ(verdict_pack(&v, &b), ERR_OK);
	T_EQ(verdict_parse(b.p, b.n, &got), ERR_OK);
	T_MEM(&got, &v, sizeof(v));
	for (size_t n = 0; n < b.n; n++)
		T_EQ(verdict_parse(b.p, n, &got), ERR_FORMAT);
	buf_put_u8(&b, 0);
	T_EQ(verdict_parse(b.p, b.n, &got), ERR_FORMAT);
	b.p[0] = V_COUNT;
	T_EQ(verdict_parse(b.p, b.n - 1, &got), ERR_FORMAT);
	buf_close(&b);
}

static void test_placeholders_are_known(void)
{
	static const char *const empty[] = {"",
					    " ",
					    "无",
					    "无。",
					    "暂无",
					    "暂无。",
					    "...",
					    "测试",
					    "xx",
					    "XXX",
					    "none",
					    "N/A",
					    "-",
					    "。。",
					    "、",
					    "\xe3\x80\x80无\xe3\x80\x80",
					    "(none)",
					    "待补充！",
					    "aaaaaaaaaaaaaaaa",
					    "王",
					    "6",
					    "？？",
					    "Unknown",
					    "𠮷",
					    "......................"};
	static const char *const real[] = {"村委会",   "无锡",	"测试田",   "二组",   "CG-1",
					   "11",       "2号院", "nonesuch", "没有院", "暂无名路",
					   "在无人处", "aaab",	"张三"};

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		if (!placeholder(town_b(empty[i])))
			t_fail(__FILE__, __LINE__, "\"%s\" passes", empty[i]);
	for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++)
		if (placeholder(town_b(real[i])))
			t_fail(__FILE__, __LINE__, "\"%s\" does not pass", real[i]);
}

static void test_one_kind_of_evidence_suffices(void)
{
	static const char *const lists[] = {
		"签到表; 照片；会议记录",  "签到表、照片、会议记录",	 "签到表,照片，会议记录",
		"签到表/照片／ 会议记录 ", ";签到表；、照片,,会议记录;",
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct bytes list = town_b(lists[i]);

		T_OK(evidence_kind_of(list, town_b("签到表")));
		T_OK(evidence_kind_of(list, town_b("照片")));
		T_OK(evidence_kind_of(list, town_b(" 会议记录")));
		T_OK(!evidence_kind_of(list, town_b("会议")));
		T_OK(!evidence_kind_of(list, town_b("")));
		T_OK(!evidence_kind_of(list, town_b("、")));
	}
	T_OK(evidence_kind_of(town_b(""), town_b("任何")));
}

static void test_several_kinds_may_be_named_when_each_is_taken(void)
{
	struct bytes list = town_b("签到表、照片;会议记录");

	T_OK(evidence_kind_of(list, town_b("签到表; 照片")));
	T_OK(evidence_kind_of(list, town_b("照片、签到表")));
	T_OK(evidence_kind_of(list, town_b("签到表、照片")));
	T_OK(evidence_kind_of(list, town_b("照片/会议记录，")));
	T_OK(!evidence_kind_of(list, town_b("照片、录像")));
	T_OK(!evidence_kind_of(list, town_b("录像;照片")));
}

T_MAIN(T(test_every_verdict_can_be_met_and_read, "R24 R25 R36 R37 R38 I6"),
       T(test_sentences_have_their_numbers), T(test_nothing_is_said_of_what_is_not_there),
       T(test_every_verdict_says_what_is_so_and_what_to_do),
       T(test_the_specification_lists_every_verdict),
       T(test_a_step_that_is_not_possible_says_what_is),
       T(test_a_reason_says_whether_it_names_a_line), T(test_long_texts_are_cut_between_characters),
       T(test_the_stored_form_comes_back), T(test_placeholders_are_known, "R37"),
       T(test_one_kind_of_evidence_suffices, "R38"),
       T(test_several_kinds_may_be_named_when_each_is_taken, "R38"))
