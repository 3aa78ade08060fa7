/* The tables of the interface: what waits, what is due, what a household has. */
#include "daemon/ledger/state/read_registers.h"
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

#define TABLE "/api/v1/tables/"

/* The row is what "|" joins; cells from the first on. */
static void row_is(unsigned row, const char *want)
{
	char got[600] = "", path[40];
	json_t *cells = json_array_get(json_object_get(answer, "rows"), row);

	for (size_t i = 0; i < json_array_size(cells); i++) {
		snprintf(path, sizeof(path), "rows.%u.%zu", row, i);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "|" : "",
			 at(path));
	}
	T_STR(got, want);
}

static uint64_t deduction(void)
{
	struct rec_points head = {.note = town_b("")};
	struct rec_points_line l = town_line("05001", 0, "D201", town_day(2026, 2, 20));

	l.notified = DAY_NONE;
	return put_here("rec/" VILLAGE, REC_points, &head, &l, 1);
}

static void test_what_waits_is_in_tables(void)
{
	struct rec_application a = {.household = town_b("05002"),
				    .item = town_b("A101"),
				    .day = town_day(2026, 2, 21),
				    .place = town_b("村口公路"),
				    .reason = town_b("清扫积雪一上午"),
				    .applicant = town_b("王大明")};
	struct rec_notified notified = {.line = 1, .day = town_day(2026, 2, 27)};
	struct rec_objection o = {.line = 1,
				  .household = town_b("05001"),
				  .day = town_day(2026, 2, 20),
				  .text = town_b("当天我家没有人在村里")};
	struct rec_objection_reply r = {.ruling = RULING_upheld,
					.day = town_day(2026, 2, 24),
					.text = town_b("查看了照片")};
	struct rec_application_reply no = {.opinion = town_b("当天未到场")};
	char want[200];
	uint64_t e, first;

	node_open(false);
	e = deduction();
	WANT(get(TABLE "deductions"), 200);
	snprintf(want, sizeof(want), "%d|1|recorded|to be told|05001|0|D201|2.00|2026-02-20||",
		 (int)e);
	row_is(0, want);
	notified.entry = o.entry = e;
	put_here("rec/" VILLAGE, REC_notified, &notified, NULL, 0);
	WANT(get(TABLE "deductions"), 200);
	T_STR(at("rows.0.3"), "days after telling");
	T_STR(at("rows.0.9"), "2026-02-27");
	r.objection = first = put_here("rec/" VILLAGE, REC_objection, &o, NULL, 0);
	WANT(get(TABLE "deductions"), 200);
	T_STR(at("rows.0.3"), "an objection to be answered");
	WANT(get(TABLE "objections"), 200);
	T_STR(at("rows.0.1"), "waits for an answer");
	T_STR(at("rows.0.4"), "2026-03-03"); /* seven working days */
	here.w.wall_ms = town_noon(town_day(2026, 3, 4));
	WANT(get(TABLE "objections"), 200);
	T_STR(at("rows.0.1"), "overdue");
	put_here("con/" VILLAGE, REC_objection_reply, &r, NULL, 0);
	WANT(get(TABLE "objections"), 200);
	snprintf(want, sizeof(want),
		 "%d|upheld, to be reversed|05001|2026-02-20|2026-03-03|2026-02-24|%d|%d|1|"
		 "recorded",
		 (int)first, (int)first + 1, (int)e);
	row_is(0, want);
	no.application = put_here("rec/" VILLAGE, REC_application, &a, NULL, 0);
	WANT(get(TABLE "applications"), 200);
	snprintf(want, sizeof(want), "%d|waits|05002|0|A101|2026-02-21|王大明|",
		 (int)no.application);
	row_is(0, want);
	put_here("rev/" VILLAGE, REC_application_reply, &no, NULL, 0);
	WANT(get(TABLE "applications"), 200);
	T_STR(at("rows.0.1"), "declined");
	T_STR(at("rows"), "[1]");
	node_close();
}

static void test_what_is_not_filed_is_visible(void)
{
	struct rec_submission sent = {.subject = SUBJECT_catalogue, .version = 2};
	struct rec_filing_reply back = {.village = town_b(VILLAGE),
					.subject = SUBJECT_catalogue,
					.version = 2,
					.decision = FILED_returned,
					.day = town_day(2026, 3, 1),
					.comment = town_b("请补充扣分事项")};

	node_open(false);
	put_here(HERE, REC_submission, &sent, NULL, 0);
	put_scheme();
	WANT(get(TABLE "filings"), 200);
	T_STR(at("rows"), "[9]"); /* a catalogue for each of eight years, and the scheme */
	ANSWERS({"rows.0.0", "catalogue"}, {"rows.0.5", "not filed"},
		{"rows.1.5", "submitted, no reply yet"}, {"rows.8.0", "reward scheme"},
		{"rows.8.5", "not filed"});
	T_EQ(town_put(&here.w, FEED_TOWN, "office", REC_filing_reply, &back, NULL, 0), V_ACCEPTED);
	WANT(get(TABLE "filings"), 200);
	ANSWERS({"rows.1.5", "returned"}, {"rows.1.6", "2026-03-01"},
		{"rows.1.8", "请补充扣分事项"});
	back.decision = FILED_accepted;
	back.number = town_b("后备〔2026〕2号");
	T_EQ(town_put(&here.w, FEED_TOWN, "office", REC_filing_reply, &back, NULL, 0), V_ACCEPTED);
	WANT(get(TABLE "filings"), 200);
	ANSWERS({"rows.1.5", "filed"}, {"rows.1.7", "后备〔2026〕2号"}, {"rows.1.8", ""});
	node_close();
}

/* The sum of the rows of a household, counted without the walk that made the balances. */
static void recount(const char *want)
{
	struct points sum = POINTS_ZERO, one;
	size_t count = json_array_size(json_object_get(answer, "rows"));
	char path[40], text[AMOUNT_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "rows.%zu.1", i);
		T_STR(at(path), "05001");
		snprintf(path, sizeof(path), "rows.%zu.7", i);
		T_OK(points_parse(at(path), strlen(at(path)), &one));
		T_OK(points_add(sum, one, &sum));
		snprintf(path, sizeof(path), "rows.%zu.8", i);
		T_STR(at(path), points_text(sum, text));
	}
	T_STR(points_text(sum, text), want);
}

static void test_a_household_has_a_ledger(void)
{
	struct rec_reversal back = {.line = 1, .reason = town_b("重复记录")};
	char want[200];

	node_open(false);
	for (int i = 0; i < 11; i++)
		town_earn(&here.w, here.s.tx.own, "05001", 0, "Z001", town_day(2026, 2, 1 + i));
	town_earn(&here.w, here.s.tx.own, "05002", 0, "Z001", town_day(2026, 2, 1));
	WANT(get(TABLE "ledger?household=05001"), 200);
	ANSWERS({"rows", "[11]"}, {"rows.0.9", "confirmed"}, {"rows.0.14", "rec/" VILLAGE},
		{"rows.0.15", "rev/" VILLAGE}, {"rows.0.16", "con/" VILLAGE});
	recount("11.00");
	back.entry = (uint64_t)strtoull(at("rows.0.10"), NULL, 10);
	snprintf(want, sizeof(want), "%d",
		 (int)put_here("con/" VILLAGE, REC_reversal, &back, NULL, 0));
	WANT(get(TABLE "ledger?household=05001"), 200);
	T_STR(at("rows.0.9"), "reversed");
	T_STR(at("rows.11.3"), "reversal");
	T_STR(at("rows.11.12"), want);
	T_STR(at("rows.11.14"), "con/" VILLAGE);
	recount("10.00");
	WANT(get("/api/v1/households/05001"), 200);
	T_STR(at("balance"), "10.00");
	T_STR(at("latest"), "[10]"); /* of twelve */
	ANSWERS({"latest.0.balance", "3.00"}, {"latest.9.kind", "reversal"},
		{"latest.9.balance", "10.00"});
	WANT(get(TABLE "ledger?household=05002"), 200);
	T_STR(at("rows"), "[1]");
	WANT(get(TABLE "ledger?household=05001&to=2026-01-31"), 200);
	T_STR(at("rows"), "[0]");
	WANT(get(TABLE "ledger?household=99999"), 404);
	T_STR(at("code"), "HOUSEHOLD_UNKNOWN");
	node_close();
}

/* What was done last year and confirmed in this one belongs to the ranks of last year; three share the first
 * rank. */
static void test_a_year_ranks_by_the_day_of_the_deed(void)
{
	struct points score;
	struct kv_txn *t;

	node_open(false);
	here.w.wall_ms = town_noon(town_day(2026, 1, 3));
	town_earn(&here.w, here.s.tx.own, "05001", 2, "Z002", town_day(2025, 12, 30));
	town_earn(&here.w, here.s.tx.own, "05001", 1, "Z002", town_day(2025, 12, 29));
	town_earn(&here.w, here.s.tx.own, "05002", 1, "Z002", town_day(2025, 12, 30));
	town_earn(&here.w, here.s.tx.own, "05001", 2, "Z002", town_day(2026, 1, 2));
	WANT(get(TABLE "people?year=2025"), 200);
	ANSWERS({"title", "ranking of people (by day of the deed)"}, {"rows", "[3]"},
		{"rows.0.0", "1"}, {"rows.2.0", "1"}, {"rows.2.6", "1.00"});
	T_EQ(kv_begin(here.kv, false, &t), ERR_OK);
	T_EQ(read_year_points(READER(t, here.s.tx.own), town_b("05001"), 0, 2025, &score), ERR_OK);
	kv_abort(t);
	T_EQ(points_raw(score), 200);
	WANT(get(TABLE "households?year=2025"), 200);
	row_is(0, "1|05001|0|王大明|2.00|0.00|2.00");
	row_is(1, "2|05002|0|王大明|1.00|0.00|1.00");
	WANT(get(TABLE "people?from=2026-01-01&to=2026-12-31"), 200);
	T_STR(at("title"), "ranking of people (by day of confirmation)");
	row_is(0, "1|05001|2|王小明|2.00|0.00|2.00");
	T_STR(at("rows.1.0"), "2");
	T_STR(at("rows.2.0"), "2");
	WANT(get(TABLE "people?year=2025&from=2025-01-01"), 400);
	T_STR(at("field"), "year");
	node_close();
}

/* Days with more postings than a statement holds; the days before them are given. */
static void test_a_table_has_a_largest_size(void)
{
	enum { DAYS = 17, PER_DAY = STATEMENT_POSTED_MAX / (DAYS - 1) };
	struct buf row = {0};
	struct state_key k;
	struct kv_txn *t;

	node_open(false);
	for (uint32_t i = 0; i < PER_DAY; i++)
		buf_put(&row, "\x01x", 2);
	T_EQ(kv_begin(here.kv, true, &t), ERR_OK);
	for (int i = 0; i < DAYS; i++) {
		state_daybook_key(&k, here.s.tx.own, town_day(2024, 10, 1) + i, 0);
		T_EQ(kv_put(t, KV_STATE, state_key_bytes(&k), buf_bytes(&row)), ERR_OK);
	}
	T_EQ(kv_commit(t), ERR_OK);
	buf_close(&row);
	WANT(get(TABLE "groups?from=2024-01-01&to=2024-12-31"), 413);
	T_STR(at("code"), "TABLE_TOO_LARGE");
	T_OK(at("hint")[0] != '\0');
	WANT(get(TABLE "groups?from=2024-01-01&to=2024-09-30"), 200);
	node_close();
}

/* Whom a shorter period would not make fewer. */
static void test_every_group_is_in_the_table(void)
{
	struct rec_household_line l = {.member = 1, .name = town_b("张三")};
	char code[17], group[9];

	node_open(false);
	for (int i = 0; i <= 256; i++) {
		struct rec_household h = {.takes_part = YES_no};

		snprintf(code, sizeof(code), "9%04d", i);
		snprintf(group, sizeof(group), "g%u", (unsigned)i % 1000);
		h.household = town_b(code);
		h.group = town_b(group);
		put_here("rec/" VILLAGE, REC_household, &h, &l, 1);
	}
	WANT(get(TABLE "groups"), 200);
	T_STR(at("rows.257.0"), "g256");
	node_close();
}

static uint64_t publish_month(int month, int last)
{
	struct feed_head h;
	struct hash root;
	struct kv_txn *t;
	struct rec_notice r = {.kind = NOTICE_assessment,
			       .from = town_day(2026, month, 1),
			       .to = town_day(2026, month, last)};

	T_EQ(kv_begin(here.kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, FEED_TOWN, &h), ERR_OK);
	r.town = h.size;
	T_EQ(feedlog_head(t, here.s.tx.own, &h), ERR_OK);
	T_EQ(feedlog_root(t, here.s.tx.own, h.size, &root), ERR_OK);
	kv_abort(t);
	r.size = h.size;
	r.day = r.to;
	r.root = r.digest = (struct bytes){root.b, sizeof(root.b)};
	return put_here("rec/" VILLAGE, REC_notice, &r, NULL, 0);
}

static void test_a_notice_that_does_not_hang_is_overdue(void)
{
	struct rec_posting p = {.place = town_b("村委会公示栏"),
				.from = town_day(2026, 2, 20),
				.to = town_day(2026, 2, 28),
				.poster = town_b("张小红")};
	struct rec_withdrawal w = {.day = town_day(2026, 3, 1), .reason = town_b("有错误需更正")};
	char want[200];
	uint64_t jan, feb;

	node_open(false);
	jan = publish_month(1, 31);
	feb = publish_month(2, 28);
	WANT(get(TABLE "notices"), 200);
	snprintf(want, sizeof(want),
		 "%d|assessment "
		 "results|2026-01-01|2026-01-31|0|0.00|0.00|2026-02-10|||0|overdue||%d",
		 (int)jan, (int)jan);
	row_is(0, want);
	T_STR(at("rows.1.7"), "2026-03-10");
	T_STR(at("rows.1.11"), "not posted");
	p.notice = jan;
	put_here("rec/" VILLAGE, REC_posting, &p, NULL, 0);
	w.notice = feb;
	put_here(HERE, REC_withdrawal, &w, NULL, 0);
	WANT(get(TABLE "notices"), 200);
	ANSWERS({"rows.0.8", "2026-02-20"}, {"rows.0.9", "2026-02-28"},
		{"rows.0.11", "posted late"}, {"rows.1.11", "taken down"});
	T_OK(at("rows.1.12")[0] != '\0');
	node_close();
}

/* A quarter is the longest; what does not hang, or was taken down, covers nothing; the clock makes it late. */
static void test_the_next_notice_is_due_after_its_quarter(void)
{
	struct rec_posting p = {.place = town_b("村委会公示栏"),
				.from = town_day(2026, 4, 1),
				.to = town_day(2026, 4, 9),
				.poster = town_b("张小红")};
	struct rec_objection o = {.line = 1,
				  .household = town_b("05001"),
				  .day = town_day(2026, 2, 20),
				  .text = town_b("当天我家没有人在村里")};
	struct rec_withdrawal w = {.day = town_day(2026, 4, 12), .reason = town_b("有错误需更正")};
	char want[200];

	node_open(false);
	WANT(get(TABLE "due"), 200);
	/* no scheme yet: the catalogue alone makes points that must be on the board */
	row_is(0, "assessment results|||||2026-04-10|0|");
	put_scheme();
	WANT(get(TABLE "due"), 200);
	row_is(0, "assessment results|||||2026-04-10|0|");
	row_is(1, "redemptions|||||2026-04-10|0|");
	here.w.wall_ms = town_noon(town_day(2026, 4, 12));
	p.notice = w.notice = publish_month(3, 31);
	WANT(get(TABLE "due"), 200);
	T_STR(at("rows.0.2"), ""); /* it must hang */
	T_STR(at("rows.0.6"), "2");
	put_here("rec/" VILLAGE, REC_posting, &p, NULL, 0);
	WANT(get(TABLE "due"), 200);
	snprintf(want, sizeof(want),
		 "assessment results||2026-03-31|2026-04-01|2026-04-09|2026-07-10|0|%d",
		 (int)p.notice);
	row_is(0, want);
	WANT(get("/api/v1/status"), 200);
	/* the redemptions, plan, two filings and two notices */
	T_STR(at("feeds.1.overdue"), "6");
	put_here(HERE, REC_withdrawal, &w, NULL, 0);
	o.entry = deduction();
	put_here("rec/" VILLAGE, REC_objection, &o, NULL, 0);
	WANT(get(TABLE "due"), 200);
	ANSWERS({"rows.0.2", ""}, {"rows.2.0", "objection"}, {"rows.2.1", "05001"});
	T_OK(strtol(at("rows.2.6"), NULL, 10) > 0);
	node_close();
}

static void test_guidance_of_the_town_is_followed(void)
{
	struct rec_guidance g = {.village = town_b(VILLAGE),
				 .kind = GUIDE_rectify,
				 .title = town_b("补齐公示"),
				 .text = town_b("请在期限前补齐一月公示"),
				 .due = town_day(2026, 2, 20)};
	struct rec_guidance_reply r = {
		.done = YES_yes, .day = town_day(2026, 3, 1), .text = town_b("已补齐")};
	struct rec_guidance_close c = {.village = town_b(VILLAGE),
				       .day = town_day(2026, 3, 1),
				       .note = town_b("已核实，同意销号")};
	char want[200];

	node_open(false);
	T_EQ(town_put(&here.w, FEED_TOWN, "office", REC_guidance, &g, NULL, 0), V_ACCEPTED);
	r.guidance = c.guidance = town_size(&here.w, FEED_TOWN) - 1;
	WANT(get(TABLE "guidance"), 200);
	snprintf(want, sizeof(want),
		 "%d|task to put right|补齐公示|2026-02-20|overdue||||请在期限前补齐一月公示|",
		 (int)r.guidance);
	row_is(0, want);
	put_here(HERE, REC_guidance_reply, &r, NULL, 0);
	WANT(get(TABLE "guidance"), 200);
	T_STR(at("rows.0.4"), "done, as the village says");
	T_STR(at("rows.0.5"), "2026-03-01");
	T_EQ(town_put(&here.w, FEED_TOWN, "office", REC_guidance_close, &c, NULL, 0), V_ACCEPTED);
	WANT(ask("GET", TABLE "guidance", (struct bytes){0}, true, LANG_ZH), 200);
	T_STR(at("rows.0.4"), "已销号");
	node_close();
}

static void test_honours_posts_and_kin_are_in_tables(void)
{
	struct rec_honour h = {.household = town_b("05001"),
			       .member = 2,
			       .title = town_b("道德模范"),
			       .level = LEVEL_town,
			       .year = 2025,
			       .day = town_day(2026, 2, 1),
			       .certificate = town_b("RY-1"),
			       .basis = town_b("年度积分第一")};
	struct rec_appraisal a = {.year = 2025,
				  .title = town_b("最美庭院"),
				  .basis = town_b("年度积分"),
				  .day = town_day(2026, 2, 1)};
	struct rec_appraisal_line al = {.rank = 1, .household = town_b("05001")};
	struct rec_post p = {.household = town_b("05002"),
			     .member = 1,
			     .post = POST_group_head,
			     .from = town_day(2026, 1, 1)};
	struct rec_kin k = {.household = town_b("05001"), .member = 2, .day = town_day(2026, 2, 1)};
	struct rec_kin_line kl = {
		.relation = KIN_sibling, .household = town_b("05002"), .member = 1};
	char want[200];
	uint64_t seq;

	node_open(false);
	seq = put_here(HERE, REC_honour, &h, NULL, 0);
	WANT(get(TABLE "honours"), 200);
	snprintf(want, sizeof(want), "%d|05001|2|道德模范|town|2025|2026-02-01|RY-1|", (int)seq);
	row_is(0, want);
	seq = put_here(HERE, REC_appraisal, &a, &al, 1);
	WANT(get(TABLE "appraisals"), 200);
	snprintf(want, sizeof(want), "%d|2025|最美庭院|2026-02-01|1|waits to be confirmed|",
		 (int)seq);
	row_is(0, want);
	seq = put_here(HERE, REC_post, &p, NULL, 0);
	WANT(get(TABLE "posts"), 200);
	snprintf(want, sizeof(want), "05002|1|head of a group|2026-01-01||%d", (int)seq);
	row_is(0, want);
	put_here(HERE, REC_kin, &k, &kl, 1);
	WANT(get(TABLE "kin"), 200);
	row_is(0, "05001|2|王小明|sibling|05002|1");
	T_STR(at("rows.1.0"), "05002"); /* the other way round, too */
	T_STR(at("rows"), "[2]");
	node_close();
}

static void test_items_that_nobody_used_are_listed(void)
{
	node_open(false);
	WANT(get(TABLE "items"), 200);
	ANSWERS({"rows", "[8]"}, {"rows.0.0", "A101"}, {"rows.0.2", "0"});
	town_earn(&here.w, here.s.tx.own, "05001", 0, "D101", town_day(2026, 2, 20));
	WANT(get(TABLE "items"), 200);
	T_STR(at("rows"), "[8]");
	T_STR(at("rows.0.0"), "D101"); /* those with lines first */
	T_STR(at("rows.0.2"), "1");
	T_STR(at("rows.1.0"), "A101");
	WANT(get(TABLE "items?to=2019-01-01"), 200); /* no catalogue was in force */
	T_STR(at("rows"), "[0]");
	node_close();
}

static void test_every_table_has_labels_in_both_languages(void)
{
	static const char *const names[] = {
		"categories", "items",	      "months",	    "groups",	    "households", "people",
		"ledger",     "completeness", "objections", "applications", "deductions", "filings",
		"notices",    "guidance",     "honours",    "appraisals",   "posts",	  "kin"};
	static const char *const odd[] = {TABLE "categories?household=05001",
					  TABLE "posts?year=2026", TABLE "items?category=A",
					  TABLE "due?from=2026-01-01",
					  TABLE "ledger?from=2026-02-01&to=2026-01-31"};
	char target[64], zh[256];

	node_open(false);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(target, sizeof(target), TABLE "%s", names[i]);
		WANT(ask("GET", target, (struct bytes){0}, true, LANG_ZH), 200);
		snprintf(zh, sizeof(zh), "%s/%s", at("title"), at("columns.0.label"));
		WANT(get(target), 200);
		T_OK(strcmp(zh, at("title")) != 0 && at("columns.0.label")[0] > 0);
		T_OK((unsigned char)zh[0] > 0x7f);
	}
	/* what a table does not know is no silent part of the question */
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		WANT(get(odd[i]), 400);
	T_STR(at("field"), "to");
	WANT(get(TABLE "nothing"), 404);
	T_OK(strstr(at("hint"), " objections ") && strstr(at("hint"), " kin"));
	node_close();
}

T_MAIN(T(test_what_waits_is_in_tables, "R05"), T(test_what_is_not_filed_is_visible, "R32 R45 R63"),
       T(test_a_household_has_a_ledger, "R57"), T(test_a_year_ranks_by_the_day_of_the_deed, "R47"),
       T(test_every_group_is_in_the_table), T(test_a_table_has_a_largest_size),
       T(test_a_notice_that_does_not_hang_is_overdue, "R46 R77"),
       T(test_the_next_notice_is_due_after_its_quarter, "R46 R77"),
       T(test_guidance_of_the_town_is_followed, "R20 R75"),
       T(test_honours_posts_and_kin_are_in_tables, "R64 R70 R74"),
       T(test_items_that_nobody_used_are_listed, "R04 R71"),
       T(test_every_table_has_labels_in_both_languages, "R06 R07 R57 R71"))
