#include "daemon/ledger/state/read_registers.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/rows.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* What is worked on, from its record to its end, as the lists show it. */
#define TWO "500101999202"

static uint64_t put(struct world *x, const char *author, enum rec_code type, const void *head)
{
	T_EQ(provoke_put(&x->w, x->no, author, type, head, NULL, 0), V_ACCEPTED);
	return world_last(x);
}

static uint64_t put_town(struct world *x, enum rec_code type, const void *head)
{
	T_EQ(provoke_put(&x->w, FEED_TOWN, "office", type, head, NULL, 0), V_ACCEPTED);
	return town_size(&x->w, FEED_TOWN) - 1;
}

static uint64_t record(struct world *x, const struct rec_points_line *l)
{
	T_EQ(town_points(&x->w, x->no, TOWN_REC, l, 1), V_ACCEPTED);
	return world_last(x);
}

static void step(struct world *x, const char *author, enum rec_code type, uint64_t entry,
		 enum rec_choice_DECISION decision)
{
	T_EQ(town_step(&x->w, x->no, author, type, entry, 0, decision), V_ACCEPTED);
}

static uint64_t deduct(struct world *x, day_t notified)
{
	struct rec_points_line l = town_line("01001", 0, "D201", x->day);
	uint64_t e;

	l.notified = notified;
	e = record(x, &l);
	step(x, TOWN_REV, REC_review, e, DECISION_agree);
	return e;
}

static uint64_t object(struct world *x, uint64_t entry)
{
	const struct rec_objection o = {.entry = entry,
					.line = 1,
					.household = town_b("01001"),
					.via = VIA_written,
					.day = x->day,
					.text = town_b("当天我家没有人在村里")};

	return put(x, TOWN_HEAD, REC_objection, &o);
}

static uint64_t answer(struct world *x, uint64_t objection, enum rec_choice_RULING ruling)
{
	const struct rec_objection_reply r = {.objection = objection,
					      .ruling = ruling,
					      .day = x->today,
					      .text = town_b("查看了现场照片")};

	return put(x, TOWN_REV, REC_objection_reply, &r);
}

static uint64_t apply(struct world *x)
{
	const struct rec_application a = {.household = town_b("01001"),
					  .member = 2,
					  .item = town_b("C101"),
					  .day = x->day,
					  .place = town_b("村口公路"),
					  .reason = town_b("清扫积雪一上午"),
					  .applicant = town_b("王大明")};

	return put(x, TOWN_REC, REC_application, &a);
}

static uint64_t record_for(struct world *x, uint64_t application)
{
	struct rec_points_line l = town_line("01001", 2, "C101", x->day);

	l.application = application;
	return record(x, &l);
}

/* --- objections ------------------------------------------------------------------------------------ */
static void test_objections_are_followed_to_their_end(void)
{
	struct row_objections l[4];
	struct world x;
	uint64_t e, confirmed, at;

	world_open(&x, 12);
	e = deduct(&x, x.day);
	confirmed = town_earn(&x.w, x.no, "01002", 0, "A101", x.day);
	at = object(&x, e);
	T_EQ(rows_read(&x.w, x.no, VIEW_objections, l, 4), 1);
	T_EQ(l[0].entry, at);
	T_EQ(l[0].of, e);
	T_EQ(l[0].state, OBJECTED_open);
	T_EQ(l[0].line_state, LINE_REVIEWED);
	T_EQ(l[0].due, x.day + 11); /* seven working days from a Friday: a Tuesday */
	T_STR(rows_text(l[0].household), "01001");
	answer(&x, at, RULING_upheld);
	T_EQ(rows_read(&x.w, x.no, VIEW_objections, l, 4), 1);
	T_EQ(l[0].state, OBJECTED_to_reverse);
	T_EQ(l[0].reply, at + 1);
	T_EQ(l[0].answered, x.today);
	step(&x, TOWN_CON, REC_confirm, e, DECISION_refuse);
	answer(&x, object(&x, confirmed), RULING_upheld);
	answer(&x, object(&x, confirmed), RULING_rejected);
	T_EQ(rows_read(&x.w, x.no, VIEW_objections, l, 4), 3);
	T_EQ(l[0].state, OBJECTED_done);
	T_EQ(l[1].state, OBJECTED_to_reverse);
	T_EQ(l[2].state, OBJECTED_rejected);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, confirmed, 1), V_ACCEPTED);
	T_EQ(rows_read(&x.w, x.no, VIEW_objections, l, 4), 3);
	T_EQ(l[1].state, OBJECTED_done);
	town_close(&x.w);
}

/* --- applications ---------------------------------------------------------------------------------- */
static void test_applications_are_followed_to_their_end(void)
{
	struct rec_application_reply r = {.opinion = town_b("当天未到场")};
	struct row_applications l[4];
	struct world x;
	uint64_t at;

	world_open(&x, 13);
	at = apply(&x);
	apply(&x);
	apply(&x);
	record_for(&x, at);
	r.application = at + 1;
	put(&x, TOWN_REV, REC_application_reply, &r);
	T_EQ(rows_read(&x.w, x.no, VIEW_applications, l, 4), 3);
	T_EQ(l[0].state, APPLIED_recorded);
	T_EQ(l[0].by, at + 3);
	T_EQ(l[1].state, APPLIED_declined);
	T_EQ(l[1].by, at + 4);
	T_EQ(l[2].state, APPLIED_open);
	T_EQ(l[2].by, 0);
	T_STR(rows_text(l[2].item), "C101");
	T_STR(rows_text(l[2].applicant), "王大明");
	town_close(&x.w);
}

static void shown_open(struct world *x, uint64_t application)
{
	struct row_applications l[1];

	T_EQ(rows_read(&x->w, x->no, VIEW_applications, l, 1), 1);
	T_EQ(l[0].entry, application);
	T_EQ(l[0].state, APPLIED_open);
	T_EQ(l[0].by, 0);
}

static void test_an_application_whose_line_does_not_count_is_open_again(void)
{
	struct world x;
	uint64_t at, by;

	world_open(&x, 15);
	at = apply(&x);
	by = record_for(&x, at);
	step(&x, TOWN_REV, REC_review, by, DECISION_refuse);
	shown_open(&x, at);
	by = record_for(&x, at);
	step(&x, TOWN_REV, REC_review, by, DECISION_agree);
	step(&x, TOWN_CON, REC_confirm, by, DECISION_agree);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, by, 1), V_ACCEPTED);
	shown_open(&x, at);
	town_close(&x.w);
}

/* --- deductions ------------------------------------------------------------------------------------ */
static void test_deductions_show_what_they_wait_for(void)
{
	struct rec_notified notified = {.line = 1, .via = VIA_oral};
	struct rec_scheme s;
	struct row_deductions l[4];
	struct world x;
	uint64_t waiting;

	world_open(&x, 14);
	town_record(&x.w, x.no, "01001", 0, "A101", x.day); /* an award */
	waiting = deduct(&x, DAY_NONE);
	notified.entry = deduct(&x, DAY_NONE);
	notified.day = x.today;
	put(&x, TOWN_REC, REC_notified, &notified);
	object(&x, notified.entry);
	step(&x, TOWN_CON, REC_confirm, deduct(&x, x.day), DECISION_agree);
	T_EQ(rows_read(&x.w, x.no, VIEW_deductions, l, 4), 2);
	T_EQ(l[0].entry, waiting);
	T_EQ(l[0].notified, DAY_NONE);
	T_EQ(l[0].state, LINE_REVIEWED);
	T_EQ(points_raw(l[0].points), 200);
	T_EQ(l[0].waits, AWAITS_notification);
	T_EQ(l[1].entry, notified.entry);
	T_EQ(l[1].notified, x.today);
	T_EQ(l[1].due, x.today + 3);
	T_EQ(l[1].waits, AWAITS_answer);
	s = town_scheme(1, x.today);
	s.notified_days = 30;
	T_EQ(town_put_scheme(&x.w, x.no, TOWN_HEAD, &s), V_ACCEPTED);
	T_EQ(rows_read(&x.w, x.no, VIEW_deductions, l, 4), 2);
	T_EQ(l[1].due, x.today + 30);
	town_close(&x.w);
}

/* --- notices --------------------------------------------------------------------------------------- */
static uint64_t publish(struct world *x)
{
	struct hash root;
	struct rec_notice n = {.kind = NOTICE_assessment,
			       .from = town_day(2026, 1, 1),
			       .to = town_day(2026, 1, 31),
			       .size = town_size(&x->w, x->no),
			       .root = {root.b, sizeof(root.b)},
			       .town = town_size(&x->w, FEED_TOWN),
			       .day = x->day,
			       .digest = {root.b, sizeof(root.b)}};

	town_begin(&x->w);
	T_EQ(feedlog_root(x->w.t, x->no, n.size, &root), ERR_OK);
	town_commit(&x->w);
	return put(x, TOWN_REC, REC_notice, &n);
}

static void post(struct world *x, uint64_t notice, day_t from, day_t to)
{
	const struct rec_posting r = {.notice = notice,
				      .place = town_b("村委会公示栏"),
				      .from = from,
				      .to = to,
				      .poster = town_b("张小红")};

	put(x, TOWN_REC, REC_posting, &r);
}

static void test_notices_are_shown_with_their_postings(void)
{
	struct rec_withdrawal down = {.reason = town_b("合计有误")};
	struct row_notices l[4];
	struct world x;
	uint64_t first, second;

	world_open(&x, 8);
	first = publish(&x);
	second = publish(&x);
	post(&x, first, x.day, x.day + 3);
	post(&x, first, x.day + 1, x.day + 9);
	post(&x, first, x.day, x.day + 5);
	down.notice = first;
	down.day = x.today;
	put(&x, TOWN_HEAD, REC_withdrawal, &down);
	T_EQ(rows_read(&x.w, x.no, VIEW_notices, l, 4), 2);
	T_EQ(l[0].entry, first);
	T_EQ(l[0].size, first);
	T_EQ(l[0].postings, 3);
	T_EQ(l[0].posted_from, x.day + 1);
	T_EQ(l[0].posted_to, x.day + 9);
	T_EQ(l[0].withdrawal, world_last(&x));
	T_EQ(l[1].entry, second);
	T_EQ(l[1].postings, 0);
	T_EQ(l[1].withdrawal, 0);
	town_close(&x.w);
}

/* --- the town -------------------------------------------------------------------------------------- */
static struct rec_guidance guidance(const char *village)
{
	return (struct rec_guidance){.village = town_b(village),
				     .kind = GUIDE_rectify,
				     .title = town_b("公示不及时"),
				     .text = town_b("一季度积分未公示，请补公示")};
}

static void test_guidance_is_shown_with_its_replies(void)
{
	struct rec_guidance_close c = {.village = town_b(TOWN_CODE), .note = town_b("已核实")};
	struct rec_guidance_reply r = {.done = YES_no, .text = town_b("正在办理")};
	struct rec_guidance g = guidance("");
	struct row_guidance l[4];
	struct world x;
	uint64_t all, reply, closed;

	world_open(&x, 7);
	T_EQ(town_invite(&x.w, TWO, "二村", DAY_NONE), V_ACCEPTED);
	T_EQ(town_enrol(&x.w, TWO), V_ACCEPTED);
	g.due = x.today + 10;
	all = put_town(&x, REC_guidance, &g);
	g = guidance(TWO);
	put_town(&x, REC_guidance, &g);
	T_EQ(rows_read(&x.w, x.no, VIEW_guidance, l, 4), 1);
	T_EQ(l[0].entry, all);
	T_EQ(l[0].due, x.today + 10);
	T_EQ(l[0].reply, 0);
	r.guidance = c.guidance = all;
	r.day = x.today - 1;
	put(&x, TOWN_HEAD, REC_guidance_reply, &r);
	r.day = c.day = x.today;
	r.done = YES_yes;
	reply = put(&x, TOWN_HEAD, REC_guidance_reply, &r);
	T_EQ(rows_read(&x.w, x.no, VIEW_guidance, l, 4), 1);
	T_EQ(l[0].state, GUIDED_done);
	closed = put_town(&x, REC_guidance_close, &c);
	T_EQ(rows_read(&x.w, x.no, VIEW_guidance, l, 4), 1);
	T_EQ(l[0].reply, reply);
	T_EQ(l[0].replied, x.today);
	T_EQ(l[0].state, GUIDED_closed);
	T_EQ(l[0].closed, closed);
	T_EQ(rows_read(&x.w, town_feed(&x.w, TWO), VIEW_guidance, l, 4), 2);
	T_EQ(l[0].closed, 0);
	T_STR(rows_text(l[1].title), "公示不及时");
	town_close(&x.w);
}

/* --- the year -------------------------------------------------------------------------------------- */
static uint64_t appraise(struct world *x, uint64_t year, const struct rec_appraisal_line *l)
{
	const struct rec_appraisal r = {.year = year,
					.title = town_b("最美庭院"),
					.basis = town_b("年度积分"),
					.day = x->today};

	T_EQ(provoke_put(&x->w, x->no, TOWN_HEAD, REC_appraisal, &r, l, 1), V_ACCEPTED);
	return world_last(x);
}

static void rule(struct world *x, uint64_t appraisal, enum rec_choice_DECISION decision)
{
	const struct rec_appraisal_confirm r = {.entry = appraisal, .decision = decision};

	put(x, TOWN_CON, REC_appraisal_confirm, &r);
}

static void points_are(struct world *x, uint32_t member, int year, int64_t want)
{
	struct points got;

	T_EQ(read_year_points(READER(x->w.t, x->no), town_b("01001"), member, year, &got), ERR_OK);
	T_EQ(points_raw(got), want);
}

static void test_the_year_can_be_looked_up(void)
{
	const struct rec_appraisal_line first = {
		.rank = 1, .household = town_b("01001"), .member = 2, .score = points_of(1000)};
	const struct rec_year_close close = {.year = 2025};
	struct rec_honour r = {.household = town_b("01001"),
			       .member = 2,
			       .title = town_b("道德模范"),
			       .level = LEVEL_town,
			       .year = 2025,
			       .certificate = town_b("后山〔2026〕3号"),
			       .basis = town_b("年度积分第一")};
	struct row_appraisals l[4];
	struct row_honours h[2];
	struct world x;
	uint64_t seq, refused;
	day_t day = town_day(2025, 11, 20);

	world_open(&x, 9);
	town_earn(&x.w, x.no, "01001", 2, "C101", day);
	town_earn(&x.w, x.no, "01001", 2, "C101", day + 3);
	town_earn(&x.w, x.no, "01001", 0, "A101", day);
	town_earn(&x.w, x.no, "01002", 1, "C101", day);
	town_earn(&x.w, x.no, "01003", 0, "A101", day);
	refused = appraise(&x, 2025, &first);
	rule(&x, refused, DECISION_refuse);
	r.appraisal = appraise(&x, 2025, &first);
	rule(&x, r.appraisal, DECISION_agree);
	put(&x, TOWN_HEAD, REC_year_close, &close);
	r.day = x.today;
	put(&x, TOWN_HEAD, REC_honour, &r);
	appraise(&x, 2026, &(struct rec_appraisal_line){.rank = 1, .household = town_b("01005")});
	T_EQ(rows_read(&x.w, x.no, VIEW_appraisals, l, 4), 3);
	T_EQ(l[0].entry, refused);
	T_EQ(l[0].state, APPRAISED_declined);
	T_EQ(l[0].by, refused + 1);
	T_EQ(l[1].state, APPRAISED_confirmed);
	T_EQ(l[1].lines, 1);
	T_EQ(l[2].state, APPRAISED_open);
	T_EQ(l[2].year, 2026);
	town_begin(&x.w);
	T_EQ(read_year_closed(READER(x.w.t, x.no), 2025, &seq), ERR_OK);
	T_EQ(seq, r.appraisal + 2);
	T_EQ(read_year_closed(READER(x.w.t, x.no), 2026, &seq), ERR_NOTFOUND);
	points_are(&x, 0, 2025, 1200);
	points_are(&x, 2, 2025, 1000);
	points_are(&x, 2, 2024, 0);
	town_commit(&x.w);
	T_EQ(rows_read(&x.w, x.no, VIEW_honours, h, 2), 1);
	T_STR(rows_text(h[0].title), "道德模范");
	T_STR(rows_text(h[0].certificate), "后山〔2026〕3号");
	T_EQ(h[0].level, LEVEL_town);
	T_EQ(h[0].appraisal, r.appraisal);
	town_close(&x.w);
}

T_MAIN(T(test_objections_are_followed_to_their_end, "R78"),
       T(test_applications_are_followed_to_their_end),
       T(test_an_application_whose_line_does_not_count_is_open_again),
       T(test_deductions_show_what_they_wait_for),
       T(test_notices_are_shown_with_their_postings, "R33"),
       T(test_guidance_is_shown_with_its_replies, "R20 R75"),
       T(test_the_year_can_be_looked_up, "R47 R70"))
