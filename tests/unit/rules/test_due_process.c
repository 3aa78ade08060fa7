#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read_registers.h"
#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* The way of an entry: who may record it, what a villager applies for, is told of and objects to. */

static void points(struct world *x, const char *author, const struct rec_points_line *l, uint32_t n)
{
	struct rec_points head = {.note = town_b("")};

	provoke_put(&x->w, x->no, author, REC_points, &head, l, n);
}

static enum verdict_id confirm(struct world *x, uint64_t entry)
{
	return town_step(&x->w, x->no, TOWN_CON, REC_confirm, entry, 0, DECISION_agree);
}

static void grant(struct world *x, const char *person, uint32_t role, const char *group)
{
	struct rec_grant g = {.key = town_key_bytes(town_key(&x->w, person)),
			      .name = town_b(person),
			      .role = role,
			      .group = town_b(group)};

	provoke_put(&x->w, x->no, TOWN_HEAD, REC_grant, &g, NULL, 0);
}

/* --- territory ------------------------------------------------------------------------------------- */
static void test_a_recorder_keeps_to_the_territory(void)
{
	struct world x;
	struct rec_points_line l[2];

	world_open(&x, 1);
	l[0] = l[1] = town_line("01001", 0, "Z001", x.day);
	l[1].household = town_b("01002");
	grant(&x, "two", ROLE_recorder, "2"); /* the households are of group 1 */
	points(&x, "two", l, 2);
	REFUSED(&x.w, "GROUP_FOREIGN", "F74", 1);
	T_STR(x.w.last.reason.s, "01001");
	T_STR(x.w.last.reason.t, "1");
	grant(&x, "two", ROLE_recorder, "1"); /* in place of the other */
	points(&x, "two", l, 2);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	grant(&x, "two", ROLE_reviewer, "1");
	REFUSED(&x.w, "MALFORMED", "F00");
	T_STR(x.w.last.reason.s, "grant[0].group");
	town_close(&x.w);
}

/* --- applications ---------------------------------------------------------------------------------- */
static struct rec_application application(struct world *x, const char *household, uint64_t member,
					  const char *item)
{
	return (struct rec_application){.household = town_b(household),
					.member = member,
					.item = town_b(item),
					.day = x->day,
					.place = town_b("村口公路"),
					.reason = town_b("清扫积雪一上午"),
					.applicant = town_b("王大明")};
}

static void apply(struct world *x, const struct rec_application *a)
{
	provoke_put(&x->w, x->no, TOWN_REC, REC_application, a, NULL, 0);
}

static void test_an_application_is_for_something_that_is_there(void)
{
	struct rec_application a;
	struct world x;

	world_open(&x, 2);
	a = application(&x, "01001", 2, "C101");
	apply(&x, &a);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	a.day = x.today + 1;
	apply(&x, &a);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	a = application(&x, "09999", 0, "A101");
	apply(&x, &a);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	a = application(&x, "01001", 9, "C101");
	apply(&x, &a);
	REFUSED(&x.w, "MEMBER_UNKNOWN", "F18", 0, 9);
	a = application(&x, "01001", 0, "Q999");
	apply(&x, &a);
	REFUSED(&x.w, "P11_UNKNOWN_ITEM", "P11", 0, (int64_t)town_version(x.day));
	a = application(&x, "01001", 0, "C101");
	apply(&x, &a);
	REFUSED(&x.w, "P11_SCOPE", "P11", 0);
	a = application(&x, "01001", 0, "A101");
	a.day = town_day(2019, 12, 31);
	apply(&x, &a);
	REFUSED(&x.w, "P11_NOT_IN_FORCE", "P11", 0, a.day);
	a = application(&x, "01001", 0, "A101");
	a.reason = town_b("无");
	apply(&x, &a);
	REFUSED(&x.w, "P08_MISSING", "P08", 0);
	town_close(&x.w);
}

static void test_a_line_settles_the_application_it_names(void)
{
	struct rec_application_reply r = {.opinion = town_b("当天未到场")};
	struct rec_application a;
	struct rec_points_line l[2];
	struct world x;
	uint64_t at, second;

	world_open(&x, 3);
	a = application(&x, "01001", 2, "C101");
	apply(&x, &a);
	at = world_last(&x);
	apply(&x, &a);
	second = world_last(&x);
	l[0] = town_line("01001", 3, "C101", x.day);
	l[0].application = at;
	points(&x, TOWN_REC, l, 1);
	REFUSED(&x.w, "APPLICATION_LINE", "F75", 1, (int64_t)at, 2);
	T_STR(x.w.last.reason.s, "01001");
	T_STR(x.w.last.reason.t, "C101");
	l[0].member = 2;
	l[0].application = at - 1;
	points(&x, TOWN_REC, l, 1);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)at - 1);
	l[0].application = at;
	l[1] = l[0];
	points(&x, TOWN_REC, l, 2); /* once, though in one entry */
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)world_last(&x));
	points(&x, TOWN_REC, l, 1);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	r.application = at;
	provoke_put(&x.w, x.no, TOWN_REV, REC_application_reply, &r, NULL, 0);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)world_last(&x) - 1);
	r.application = second;
	provoke_put(&x.w, x.no, TOWN_REV, REC_application_reply, &r, NULL, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	l[0].application = second;
	points(&x, TOWN_REC, l, 1);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)second, (int64_t)world_last(&x) - 1);
	r.application = 0x7fffffff;
	provoke_put(&x.w, x.no, TOWN_REV, REC_application_reply, &r, NULL, 0);
	REFUSED(&x.w, "REFERENCE", "F80", 0x7fffffff);
	town_close(&x.w);
}

static void open_again(struct world *x, uint64_t application)
{
	uint64_t by;

	town_begin(&x->w);
	T_EQ(read_settled(READER(x->w.t, x->no), application, &by), ERR_NOTFOUND);
	town_commit(&x->w);
}

/* A line that does not count answers nobody. */
static void test_a_refused_line_opens_the_application_again(void)
{
	struct rec_application_reply r = {.opinion = town_b("当天未到场")};
	struct rec_application a;
	struct rec_points_line l;
	struct world x;
	uint64_t at, by;

	world_open(&x, 15);
	a = application(&x, "01001", 2, "C101");
	apply(&x, &a);
	at = world_last(&x);
	l = town_line("01001", 2, "C101", x.day);
	l.application = at;
	points(&x, TOWN_REC, &l, 1);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, world_last(&x), 0, DECISION_refuse),
	     V_ACCEPTED);
	open_again(&x, at);
	points(&x, TOWN_REC, &l, 1);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	by = world_last(&x);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, by, 0, DECISION_agree), V_ACCEPTED);
	points(&x, TOWN_REC, &l, 1);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)by);
	T_EQ(confirm(&x, by), V_ACCEPTED);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, by, 1), V_ACCEPTED);
	open_again(&x, at);
	r.application = at;
	provoke_put(&x.w, x.no, TOWN_REV, REC_application_reply, &r, NULL, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	points(&x, TOWN_REC, &l, 1);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)world_last(&x) - 1);
	town_close(&x.w);
}

/* --- documents ------------------------------------------------------------------------------------- */
static void test_some_items_need_the_document_of_an_authority(void)
{
	static const uint8_t digest[HASH_BYTES] = {7};
	struct rec_adopt_catalogue adopt = {.version = TOWN_VERSIONS + 1, .base = 1};
	struct rec_adopt_catalogue_line own = {.change = CHANGE_add,
					       .code = town_b("B900"),
					       .category = CATEGORY_B,
					       .sign = SIGN_deduct,
					       .name_zh = town_b("受治安处罚"),
					       .points = points_of(1000),
					       .scope = SCOPE_individual,
					       .evidence = town_b("处罚决定书"),
					       .document = YES_yes};
	struct rec_points_line l;
	struct world x;

	world_open(&x, 4);
	adopt.from = x.today;
	adopt.to = town_day(2026, 12, 31);
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_adopt_catalogue, &adopt, &own, 1), V_ACCEPTED);
	l = town_line("01001", 1, "B900", x.today);
	l.version = TOWN_VERSIONS + 1;
	l.points = points_of(1000);
	l.evidence = town_b("处罚决定书");
	l.notified = x.today;
	l.evidence_no = town_b("");
	points(&x, TOWN_REC, &l, 1);
	REFUSED(&x.w, "P08_DOCUMENT", "P08", 1);
	T_STR(x.w.last.reason.s, "B900");
	l.evidence_no = town_b("待补");
	points(&x, TOWN_REC, &l, 1);
	REFUSED(&x.w, "P08_DOCUMENT", "P08", 1);
	l.evidence_no = town_b("公罚〔2026〕17号");
	points(&x, TOWN_REC, &l, 1);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	l.member = 2;
	l.evidence_no = town_b("");
	l.digest = (struct bytes){digest, sizeof(digest)};
	points(&x, TOWN_REC, &l, 1);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

/* A photo that nobody can find proves nothing: enough to award, with a word about it, never to deduct. */
static void test_evidence_is_more_than_a_word(void)
{
	static const uint8_t digest[HASH_BYTES] = {8};
	static const char *const words[] = {"", "无", "待补"};
	struct rec_points_line award, deducted;
	struct world x;

	world_open(&x, 5);
	award = town_line("01001", 0, "D101", x.today);
	deducted = town_line("01001", 0, "D201", x.today);
	deducted.notified = x.today;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		deducted.evidence_no = award.evidence_no = town_b(words[i]);
		points(&x, TOWN_REC, &deducted, 1);
		REFUSED(&x.w, "P08_NO_PROOF", "P08", 1);
		T_STR(x.w.last.reason.s, TOWN_EVIDENCE);
		points(&x, TOWN_REC, &award, 1);
		T_EQ(x.w.last.reason.id, V_ACCEPTED);
		T_EQ(x.w.last.warn[0].id, V_P08_WORD);
	}
	deducted.digest = award.digest = (struct bytes){digest, sizeof(digest)};
	points(&x, TOWN_REC, &deducted, 1);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	award.day--;
	points(&x, TOWN_REC, &award, 1);
	for (uint32_t i = 0; i < x.w.last.nwarn; i++)
		T_OK(x.w.last.warn[i].id != V_P08_WORD);
	town_close(&x.w);
}

/* --- P15 ------------------------------------------------------------------------------------------- */
static uint64_t deduct(struct world *x, day_t notified)
{
	struct rec_points_line l = town_line("01001", 0, "D201", x->day);

	l.notified = notified;
	points(x, TOWN_REC, &l, 1);
	T_EQ(x->w.last.reason.id, V_ACCEPTED);
	uint64_t e = world_last(x);
	T_EQ(town_step(&x->w, x->no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	return e;
}

static void notify(struct world *x, uint64_t entry, uint64_t line, day_t day)
{
	struct rec_notified r = {.entry = entry, .line = line, .day = day, .via = VIA_oral};

	provoke_put(&x->w, x->no, TOWN_REC, REC_notified, &r, NULL, 0);
}

static void scheme(struct world *x, uint64_t version, day_t from, uint64_t notified_days)
{
	struct rec_scheme s = town_scheme(version, from);

	s.notified_days = notified_days;
	s.notice_days = 8;
	s.object_days = 5;
	s.answer_days = 2;
	T_EQ(town_put_scheme(&x->w, x->no, TOWN_HEAD, &s), V_ACCEPTED);
}

static void test_the_days_of_a_telling_are_possible(void)
{
	struct rec_points_line l;
	struct world x;
	uint64_t e, award;

	world_open(&x, 5);
	l = town_line("01001", 0, "D201", x.day);
	l.notified = x.today + 1;
	points(&x, TOWN_REC, &l, 1);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	l.notified = x.day - 1;
	points(&x, TOWN_REC, &l, 1);
	REFUSED(&x.w, "PERIOD", "F31", x.day, x.day - 1);
	l.notified = DAY_NONE;
	points(&x, TOWN_REC, &l, 1);
	WARNED(&x.w, "P15_NOT_NOTIFIED", "P15", 1);
	e = world_last(&x);
	award = town_record(&x.w, x.no, "01001", 0, "A101", x.day);
	T_EQ(x.w.last.nwarn, 0);
	notify(&x, e, 2, x.day);
	REFUSED(&x.w, "TARGET_UNKNOWN", "F20", (int64_t)e, 2);
	notify(&x, award, 1, x.day);
	REFUSED(&x.w, "NO_DEDUCTION", "F77", (int64_t)award, 1);
	notify(&x, e, 1, x.today + 1);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	notify(&x, e, 1, x.day - 1);
	REFUSED(&x.w, "PERIOD", "F31", x.day, x.day - 1);
	notify(&x, e, 1, x.day);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_refuse), V_ACCEPTED);
	notify(&x, e, 1, x.day);
	REFUSED(&x.w, "TARGET_STATE", "F21", (int64_t)e, 1, 2);
	town_close(&x.w);
}

static void test_a_deduction_waits_for_the_household(void)
{
	struct hash before, after;
	struct world x;
	uint64_t e;

	world_open(&x, 6);
	e = deduct(&x, DAY_NONE);
	town_digest(&x.w, x.no, &before);
	confirm(&x, e);
	REFUSED(&x.w, "P15_NOT_NOTIFIED", "P15", 1);
	town_digest(&x.w, x.no, &after);
	T_MEM(&before, &after, sizeof(before));
	notify(&x, e, 1, x.today - 2);
	confirm(&x, e);
	REFUSED(&x.w, "P15_TOO_SOON", "P15", 1, x.today - 2, 3, x.today + 1);
	notify(&x, e, 1, x.today - 3); /* the day was wrong; the last telling counts */
	T_EQ(confirm(&x, e), V_ACCEPTED);
	e = deduct(&x, x.today);
	confirm(&x, e);
	REFUSED(&x.w, "P15_TOO_SOON", "P15", 1, x.today, 3, x.today + 3);
	x.w.wall_ms = 0; /* nobody knows whether the days are over */
	confirm(&x, e);
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_refuse), V_ACCEPTED);
	x.w.wall_ms = town_noon(x.today);
	e = town_earn(&x.w, x.no, "01001", 0, "A101", x.day); /* an award waits for nothing */
	town_close(&x.w);
}

static void test_the_days_are_those_of_the_scheme(void)
{
	struct rec_review_line l[3];
	struct rec_review head = {.note = town_b("")};
	struct world x;

	world_open(&x, 7);
	for (int i = 0; i < 3; i++)
		l[i] = (struct rec_review_line){.entry = deduct(&x, x.day + i), .line = 1};
	T_EQ(town_put(&x.w, x.no, TOWN_CON, REC_confirm, &head, l, 1), V_ACCEPTED);
	scheme(&x, 1, x.day + 1, 20);
	x.w.wall_ms = town_noon(x.day + 2);
	scheme(&x, 2, x.day + 2, 0);
	x.w.wall_ms = town_noon(x.today);
	town_put(&x.w, x.no, TOWN_CON, REC_confirm, &head, l + 1, 2);
	REFUSED(&x.w, "P15_TOO_SOON", "P15", 1, x.day + 1, 20, x.day + 21);
	T_EQ(town_put(&x.w, x.no, TOWN_CON, REC_confirm, &head, l + 2, 1), V_ACCEPTED);
	x.w.wall_ms = town_noon(x.day + 21);
	T_EQ(town_put(&x.w, x.no, TOWN_CON, REC_confirm, &head, l + 1, 1), V_ACCEPTED);
	town_close(&x.w);
}

/* One transaction, one fold: what is kept between entries follows the scheme. */
static void test_a_new_scheme_counts_at_once(void)
{
	struct rec_scheme s = {.version = 1,
			       .title = town_b("方案"),
			       .rate_points = points_of(1),
			       .rate = fen_of(1),
			       .notified_days = 9,
			       .notice_days = 5,
			       .object_days = 5,
			       .answer_days = 7,
			       .proxy_max = 3,
			       .scope = town_b("全村")};
	struct rec_scheme_line sl = {.kind = REWARD_honour, .name = town_b("评优")};
	struct rec_review_line l = {.line = 1};
	struct rec_review head = {.note = town_b("")};
	struct buf p = {0};
	struct feedlog log;
	struct verdict v;
	struct fold f;
	struct entry e;
	struct hash h;
	struct world x;
	uint64_t first, second;

	world_open(&x, 8);
	first = deduct(&x, x.today - 3);
	second = deduct(&x, x.today - 3);
	s.from = x.day;
	town_begin(&x.w);
	T_EQ(feedlog_open(&log, x.w.t, x.no), ERR_OK);
	T_EQ(fold_open(&f, x.w.t, &x.w.id, &log.head), ERR_OK);
	for (int turn = 0; turn < 3; turn++) {
		uint8_t leaf[ENTRY_LEAF_BYTES];
		bool step = turn != 1;

		l.entry = turn ? second : first;
		town_tx(&x.w, &log.head.id, f.town_seen, step ? TOWN_CON : TOWN_HEAD,
			rec_type_of(step ? REC_confirm : REC_scheme),
			step ? (const void *)&head : &s, step ? (const void *)&l : &sl, 1, &e, &p);
		town_place(&log.head, &e);
		T_EQ(fold_apply(&f, &e, buf_bytes(&p), true, &v), ERR_OK);
		T_STR(reason_name(v.reason.id), turn == 2 ? "P15_TOO_SOON" : "ACCEPTED");
		entry_pack(&e, leaf);
		T_EQ(feedlog_append(&log, &e, leaf, buf_bytes(&p), &h), ERR_OK);
	}
	fold_close(&f);
	T_EQ(feedlog_flush(&log), ERR_OK);
	town_commit(&x.w);
	buf_close(&p);
	town_close(&x.w);
}

/* --- objections ------------------------------------------------------------------------------------ */
static struct rec_objection objection(const struct world *x, uint64_t entry)
{
	return (struct rec_objection){.entry = entry,
				      .line = 1,
				      .household = town_b("01001"),
				      .via = VIA_written,
				      .day = x->day,
				      .text = town_b("当天我家没有人在村里")};
}

static void object(struct world *x, const char *author, const struct rec_objection *o)
{
	provoke_put(&x->w, x->no, author, REC_objection, o, NULL, 0);
}

static void answer(struct world *x, const char *author, uint64_t objection, uint32_t ruling,
		   day_t day)
{
	struct rec_objection_reply r = {.objection = objection,
					.ruling = ruling,
					.day = day,
					.text = town_b("查看了现场照片")};

	provoke_put(&x->w, x->no, author, REC_objection_reply, &r, NULL, 0);
}

static void test_an_objection_is_to_a_line(void)
{
	struct rec_objection o;
	struct world x;
	uint64_t e;

	world_open(&x, 9);
	e = deduct(&x, x.day);
	o = objection(&x, e);
	o.line = 2;
	object(&x, TOWN_HEAD, &o);
	REFUSED(&x.w, "TARGET_UNKNOWN", "F20", (int64_t)e, 2);
	o = objection(&x, e + 1); /* the review */
	object(&x, TOWN_HEAD, &o);
	REFUSED(&x.w, "TARGET_UNKNOWN", "F20", (int64_t)e + 1, 1);
	o = objection(&x, e);
	o.household = town_b("09999");
	object(&x, TOWN_HEAD, &o);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	o = objection(&x, e);
	o.day = x.today + 1;
	object(&x, TOWN_HEAD, &o);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	o = objection(&x, e);
	o.household = town_b(""); /* not by name */
	for (int i = 0; i < STATE_OBJECTIONS_MAX; i++) {
		object(&x, TOWN_HEAD, &o);
		T_EQ(x.w.last.reason.id, V_ACCEPTED);
	}
	object(&x, TOWN_HEAD, &o);
	REFUSED(&x.w, "OBJECTIONS_FULL", "F78", (int64_t)e, 1, STATE_OBJECTIONS_MAX);
	town_close(&x.w);
}

static void test_a_deduction_waits_for_the_answer(void)
{
	struct rec_objection o;
	struct world x;
	uint64_t e, first, second;

	world_open(&x, 10);
	e = deduct(&x, x.day);
	o = objection(&x, e);
	object(&x, TOWN_HEAD, &o);
	first = world_last(&x);
	object(&x, TOWN_HEAD, &o);
	second = world_last(&x);
	confirm(&x, e);
	REFUSED(&x.w, "P15_OBJECTION", "P15", 1, (int64_t)first);
	answer(&x, TOWN_REV, first, RULING_rejected, x.day);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	confirm(&x, e);
	REFUSED(&x.w, "P15_OBJECTION", "P15", 1, (int64_t)second);
	answer(&x, TOWN_REV, second, RULING_rejected, x.day);
	T_EQ(confirm(&x, e), V_ACCEPTED);
	/* an award is confirmed whoever objects */
	e = town_record(&x.w, x.no, "01002", 0, "A101", x.day);
	o = objection(&x, e);
	object(&x, TOWN_HEAD, &o);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(confirm(&x, e), V_ACCEPTED);
	town_close(&x.w);
}

static void test_somebody_else_answers_once_and_in_time(void)
{
	struct rec_objection o;
	struct world x;
	uint64_t e, at;

	world_open(&x, 11);
	grant(&x, TOWN_REC, ROLE_reviewer, "");
	e = deduct(&x, x.day);
	o = objection(&x, e);
	object(&x, TOWN_HEAD, &o);
	at = world_last(&x);
	answer(&x, TOWN_REV, e, RULING_upheld, x.day);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)e);
	answer(&x, TOWN_HEAD, at, RULING_upheld, x.day); /* wrote it down */
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)at);
	T_STR(x.w.last.reason.s, "objection");
	T_STR(x.w.last.reason.t, "李支书");		/* though the office is from the town */
	answer(&x, TOWN_REC, at, RULING_upheld, x.day); /* recorded the line */
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)e);
	T_STR(x.w.last.reason.s, "points");
	answer(&x, TOWN_REV, at, RULING_upheld, x.today + 1);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	answer(&x, TOWN_REV, at, RULING_upheld, x.day - 1);
	REFUSED(&x.w, "PERIOD", "F31", x.day, x.day - 1);
	answer(&x, TOWN_REV, at, RULING_upheld, x.today); /* Friday to Sunday in a week */
	T_EQ(x.w.last.nwarn, 0);
	answer(&x, TOWN_REV, at, RULING_upheld, x.today);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)world_last(&x) - 1);
	/* ten working days before, and seven are allowed */
	o.day = x.today - 14;
	object(&x, TOWN_HEAD, &o);
	answer(&x, TOWN_REV, world_last(&x), RULING_rejected, x.today);
	WARNED(&x.w, "N05_LATE", "N05", x.today - 14, x.today, 10, 7);
	scheme(&x, 1, x.day, 3); /* answers within two */
	o.day = x.day;
	object(&x, TOWN_HEAD, &o);
	answer(&x, TOWN_REV, world_last(&x), RULING_rejected, x.day + 5);
	WARNED(&x.w, "N05_LATE", "N05", x.day, x.day + 5, 3, 2);
	town_close(&x.w);
}

/* --- complaints ------------------------------------------------------------------------------------ */
static struct rec_complaint complaint(const struct world *x)
{
	return (struct rec_complaint){.kind = COMPLAINT_store,
				      .household = town_b("01001"),
				      .name = town_b("冉大明"),
				      .via = VIA_phone,
				      .day = x->day,
				      .text = town_b("超市两个月没有开门")};
}

static void complain(struct world *x, const struct rec_complaint *c)
{
	provoke_put(&x->w, x->no, TOWN_REC, REC_complaint, c, NULL, 0);
}

static void rule(struct world *x, const char *author, uint64_t complaint, day_t day)
{
	struct rec_complaint_reply r = {.complaint = complaint,
					.ruling = RULING_upheld,
					.day = day,
					.text = town_b("已恢复开放")};

	provoke_put(&x->w, x->no, author, REC_complaint_reply, &r, NULL, 0);
}

static void test_a_complaint_may_be_about_anything(void)
{
	struct rec_complaint c;
	struct world x;

	world_open(&x, 21);
	c = complaint(&x);
	complain(&x, &c);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	c.about = world_last(&x); /* whatever that is: here another complaint */
	complain(&x, &c);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	c.about = world_last(&x) + 1;
	complain(&x, &c);
	REFUSED(&x.w, "COMPLAINT_ABOUT", "F88", (int64_t)c.about, (int64_t)c.about);
	c = complaint(&x);
	c.household = town_b("09999");
	complain(&x, &c);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	c.household = town_b(""); /* nobody need give a name */
	c.name = town_b("");
	complain(&x, &c);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	c.day = x.today + 1;
	complain(&x, &c);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	town_close(&x.w);
}

static void test_a_complaint_is_answered_once_by_another(void)
{
	struct rec_complaint c;
	struct world x;
	uint64_t at, by;

	world_open(&x, 22);
	c = complaint(&x);
	complain(&x, &c);
	at = world_last(&x);
	rule(&x, TOWN_REV, at - 1, x.day);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)at - 1);
	rule(&x, TOWN_REV, at, x.today + 1);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	rule(&x, TOWN_REV, at, x.day - 1);
	REFUSED(&x.w, "PERIOD", "F31", x.day, x.day - 1);
	rule(&x, TOWN_REV, at, x.day + 3);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	by = world_last(&x);
	rule(&x, TOWN_CON, at, x.day + 3);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)by);
	provoke_put(&x.w, x.no, TOWN_HEAD, REC_complaint, &c, NULL, 0);
	at = world_last(&x);
	rule(&x, TOWN_HEAD, at, x.day);
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)at);
	c.day = x.today - 14;
	complain(&x, &c);
	rule(&x, TOWN_REV, world_last(&x), x.today);
	WARNED(&x.w, "N05_COMPLAINT", "N05", x.today - 14, x.today, 10, 7);
	town_close(&x.w);
}

/* A second key does not make a second person. */
static void test_nobody_answers_under_another_key(void)
{
	struct rec_revoke old = {.role = ROLE_recorder, .reason = town_b("密钥遗失")};
	struct rec_grant again = {.role = ROLE_reviewer};
	struct rec_objection o;
	struct world x;
	uint64_t e, at;

	world_open(&x, 13);
	e = deduct(&x, x.day);
	o = objection(&x, e);
	object(&x, TOWN_HEAD, &o);
	at = world_last(&x);
	/* the one of the town's record, in the village under a key of its own */
	again.key = town_key_bytes(town_key(&x.w, "second"));
	again.name = town_b("李 支书");
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_grant, &again, NULL, 0), V_ACCEPTED);
	answer(&x, "second", at, RULING_rejected, x.day);
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)at);
	T_STR(x.w.last.reason.t, "李支书");
	/* the recorder, who has got another key since */
	old.key = town_key_bytes(town_key(&x.w, TOWN_REC));
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_revoke, &old, NULL, 0), V_ACCEPTED);
	again.key = town_key_bytes(town_key(&x.w, "third"));
	again.name = town_b(TOWN_REC);
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_grant, &again, NULL, 0), V_ACCEPTED);
	answer(&x, "third", at, RULING_rejected, x.day);
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)e);
	answer(&x, TOWN_REV, at, RULING_rejected, x.day);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

/* The way of a line begins and goes on with the recorder of the territory. */
static void test_applications_and_telling_are_of_the_territory(void)
{
	struct rec_application a;
	struct rec_notified t = {.line = 1};
	struct world x;

	world_open(&x, 14);
	a = application(&x, "01002", 0, "Z001");
	t.entry = deduct(&x, x.day);
	t.day = x.day;
	t.via = VIA_oral;
	grant(&x, "two", ROLE_recorder, "2"); /* the households are of group 1 */
	provoke_put(&x.w, x.no, "two", REC_application, &a, NULL, 0);
	REFUSED(&x.w, "GROUP_FOREIGN", "F74", 0);
	T_STR(x.w.last.reason.s, "01002");
	provoke_put(&x.w, x.no, "two", REC_notified, &t, NULL, 0);
	REFUSED(&x.w, "GROUP_FOREIGN", "F74", 1);
	T_STR(x.w.last.reason.t, "1");
	/* a reviewer tells everybody */
	grant(&x, "two", ROLE_reviewer, "");
	T_EQ(provoke_put(&x.w, x.no, "two", REC_notified, &t, NULL, 0), V_ACCEPTED);
	provoke_put(&x.w, x.no, "two", REC_application, &a, NULL, 0);
	REFUSED(&x.w, "GROUP_FOREIGN", "F74", 0);
	grant(&x, "two", ROLE_recorder, "1");
	T_EQ(provoke_put(&x.w, x.no, "two", REC_application, &a, NULL, 0), V_ACCEPTED);
	town_close(&x.w);
}

T_MAIN(T(test_a_recorder_keeps_to_the_territory, "R36"),
       T(test_an_application_is_for_something_that_is_there, "R05 R37"),
       T(test_a_line_settles_the_application_it_names, "R05"),
       T(test_a_refused_line_opens_the_application_again),
       T(test_evidence_is_more_than_a_word, "R38 R39"),
       T(test_some_items_need_the_document_of_an_authority, "R39"),
       T(test_the_days_of_a_telling_are_possible), T(test_a_deduction_waits_for_the_household),
       T(test_the_days_are_those_of_the_scheme), T(test_a_new_scheme_counts_at_once),
       T(test_an_objection_is_to_a_line, "R05"), T(test_a_complaint_may_be_about_anything, "R78"),
       T(test_a_complaint_is_answered_once_by_another, "R78"),
       T(test_a_deduction_waits_for_the_answer),
       T(test_somebody_else_answers_once_and_in_time, "R09"),
       T(test_nobody_answers_under_another_key),
       T(test_applications_and_telling_are_of_the_territory))
