#include "daemon/web/paper/paper.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "proto/noticecode.h"
#include "tests/lib/life.h"
#include "tests/lib/rows.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* Papers made of a question, without a request: what stands on them, what is to be recorded of them, and why one
 * is not made. */

static struct world x;
static struct ask question;
static struct ask_param params[4];
static struct paper p;

static void open_village(uint64_t seed)
{
	world_open(&x, seed);
}

static void open_life(uint64_t seed)
{
	struct life l = {.w = &x.w, .code = TOWN_CODE};

	world_open(&x, seed);
	l.no = x.no;
	life_live(&l);
}

/* Asks for a paper; finish() ends it. @query: names and values in turn, ended by NULL. */
static int make_on(day_t day, const char *name, const char *const *query)
{
	const struct paper_def *def = NULL;

	for (uint32_t i = 0; i < paper_ndefs; i++)
		if (strcmp(paper_defs[i].name, name) == 0)
			def = &paper_defs[i];
	T_OK(def);
	town_begin(&x.w);
	question = rows_ask(&x.w, x.no);
	question.day = day;
	for (; query[0]; query += 2)
		params[question.nparams++] = (struct ask_param){query[0], query[1]};
	question.param = params;
	T_EQ(paper_open(&p, &question), ERR_OK);
	return paper_make(&p, def);
}
#define ASK(name, ...)                                                                             \
	make_on(day_of_ms(x.w.wall_ms), name, (const char *const[]){__VA_ARGS__, NULL})

static void finish(void)
{
	paper_close(&p);
	town_commit(&x.w);
}

static void shows(const char *text)
{
	if (!strstr(buf_str(&p.html), text))
		t_fail(__FILE__, __LINE__, "not on the page: %s", text);
}

static uint32_t times(const char *what)
{
	uint32_t n = 0;

	for (const char *in = buf_str(&p.html); (in = strstr(in, what)); in += strlen(what))
		n++;
	return n;
}

static void put(enum rec_code type, const void *head)
{
	T_EQ(town_put(&x.w, x.no, TOWN_REC, type, head, NULL, 0), V_ACCEPTED);
}

static const char *entry_of(enum rec_code type, uint32_t nth)
{
	return rows_entry(&x.w, x.no, type, nth);
}

/* --- slips and certificates ------------------------------------------------------------------------ */
static void test_a_slip_shows_the_goods_and_the_balance_of_its_time(void)
{
	open_life(1);
	T_EQ(ASK("slip", "entry", entry_of(REC_redemption, 0)), ERR_OK);
	shows("示范村积分兑换单");
	shows("单号 DH-1　日期 2026-03-01 10:00");
	shows("户编号 07001　户主 冉大明　领取人 冉大明（代领）");
	shows("<tr><td>毛巾</td><td>条</td><td class=\"n\">2</td><td class=\"n\">1.00</td>"
	      "<td class=\"n\">2.00</td></tr>");
	shows("合计 2.00 分　兑换前余额 6.00 分　兑换后余额 4.00 分");
	T_EQ(p.type, 0); /* nothing is recorded of a slip */
	T_OK(!p.empty);
	finish();
	T_EQ(ASK("slip", "entry", entry_of(REC_redemption, 1)), ERR_OK);
	shows("合计 1.00 分　兑换前余额 4.00 分　兑换后余额 3.00 分");
	T_EQ(times("代领"), 0);
	finish();
	town_close(&x.w);
}

static void test_a_certificate_is_of_the_person_or_of_the_household(void)
{
	struct rec_honour h = {.household = town_b("07001"),
			       .title = town_b("最美<庭院>"),
			       .level = LEVEL_village,
			       .year = 2025,
			       .day = town_day(2026, 3, 1),
			       .certificate = town_b("证-7"),
			       .basis = town_b("年度积分第一")};

	open_life(2);
	T_EQ(ASK("certificate", "entry", entry_of(REC_honour, 0)), ERR_OK);
	shows("<p>冉小明：</p>");
	shows("在 2025 年度乡村治理积分评选中，被评为“道德模范”");
	finish();
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_honour, &h, NULL, 0), V_ACCEPTED);
	T_EQ(ASK("certificate", "entry", entry_of(REC_honour, 1)), ERR_OK);
	shows("<p>冉大明户：</p>");
	shows("被评为“最美&lt;庭院&gt;”");
	shows("证书编号 证-7");
	finish();
	town_close(&x.w);
}

/* --- passbooks ------------------------------------------------------------------------------------- */
static void issue(const char *household)
{
	const struct rec_passbook b = {.household = town_b(household),
				       .number = town_b("S-9"),
				       .action = BOOK_issue,
				       .day = x.day};

	put(REC_passbook, &b);
}

/* What is to be recorded of the print, when the book has so many lines then. */
static void record_is(uint64_t began, uint64_t lines, int64_t balance)
{
	const struct rec_passbook *r = &p.record.passbook;

	T_EQ(p.type, REC_passbook);
	T_OK(bytes_eq(r->household, town_b("01001")));
	T_OK(bytes_eq(r->number, town_b("S-9")));
	T_EQ(r->action, BOOK_print);
	T_EQ(r->day, x.today);
	T_EQ(r->upto, question.feed.size);
	T_EQ(r->began, began);
	T_EQ(r->lines, lines);
	T_EQ(points_raw(r->balance), balance);
}

static void test_a_passbook_goes_on_where_the_last_print_ended(void)
{
	open_village(3);
	issue("01001");
	town_earn(&x.w, x.no, "01001", 0, "Z001", town_day(2025, 2, 1));
	town_earn(&x.w, x.no, "01001", 0, "A101", town_day(2025, 2, 2));
	town_earn(&x.w, x.no, "01002", 0, "A101", town_day(2025, 2, 3));
	T_EQ(ASK("passbook", "household", "01001"), ERR_OK);
	shows("手册编号 S-9　户编号 01001　1 组　户主 王大明　4 人");
	T_EQ(times("2025-02-01"), 1);
	T_EQ(times("2025-02-02"), 1);
	T_EQ(times("2025-02-03"), 0);	 /* of another household */
	T_EQ(times("class=\"gap\""), 0); /* it begins at the top */
	T_EQ(times("\"hide\""), 0);
	record_is(0, 2, 300);
	put(REC_passbook, &p.record.passbook);
	finish();
	town_earn(&x.w, x.no, "01001", 0, "D201", town_day(2025, 2, 4));
	T_EQ(ASK("passbook", "household", "01001"), ERR_OK);
	T_EQ(times("class=\"gap\""), 2); /* what is there is left room */
	T_EQ(times("\"hide\""), 1);	 /* and the cover not printed again */
	T_EQ(times("2025-02-01"), 0);
	T_EQ(times("2025-02-04"), 1);
	shows("<td></td><td class=\"n\">2.00</td><td class=\"n\">1.00</td>");
	record_is(2, 3, 100);
	put(REC_passbook, &p.record.passbook);
	finish();
	T_EQ(ASK("passbook", "household", "01001"), ERR_OK);
	T_OK(p.empty);
	record_is(3, 3, 100);
	finish();
	T_EQ(ASK("passbook", "household", "01001", "all", "1"), ERR_OK); /* the book was lost */
	T_OK(!p.empty);
	T_EQ(times("class=\"gap\""), 0);
	T_EQ(times("2025-02-0"), 3);
	record_is(0, 3, 100);
	finish();
	town_close(&x.w);
}

static void test_a_full_page_of_a_book_is_turned(void)
{
	open_village(4);
	issue("01001");
	for (int i = 0; i < 22; i++)
		town_earn(&x.w, x.no, "01001", 0, "Z001", town_day(2025, 2, 1 + i));
	T_EQ(ASK("passbook", "household", "01001"), ERR_OK);
	T_EQ(times("break-after:page"), 0);
	put(REC_passbook, &p.record.passbook);
	finish();
	town_earn(&x.w, x.no, "01001", 0, "Z001", town_day(2025, 3, 1));
	T_EQ(ASK("passbook", "household", "01001"), ERR_OK);
	T_EQ(times("手册编号"), 0); /* the second page has no cover */
	T_EQ(times("class=\"gap\""), 0);
	T_EQ(times("2025-03-01"), 1);
	record_is(22, 23, 2300);
	finish();
	T_EQ(ASK("passbook", "household", "01001", "all", "1"), ERR_OK);
	T_EQ(times("break-after:page"), 1);
	record_is(0, 23, 2300);
	finish();
	town_close(&x.w);
}

/* --- notices --------------------------------------------------------------------------------------- */
static void figures_are(uint64_t lines, int64_t plus, int64_t minus)
{
	T_EQ(p.record.notice.lines, lines);
	T_EQ(points_raw(p.record.notice.plus), plus);
	T_EQ(points_raw(p.record.notice.minus), minus);
}

static void test_a_notice_of_assessments_has_figures_and_a_code(void)
{
	char code[NOTICE_CODE_TEXT];
	const struct rec_notice *n = &p.record.notice;

	open_village(5);
	town_earn(&x.w, x.no, "01001", 0, "A101", x.day);
	town_earn(&x.w, x.no, "01001", 2, "C101", x.day);
	town_earn(&x.w, x.no, "01002", 0, "Z001", x.day);
	town_earn(&x.w, x.no, "01003", 0, "D201", x.day - 3);
	town_record(&x.w, x.no, "01004", 0, "A101", x.day); /* not confirmed */
	T_EQ(ASK("notice", "kind", "assessment", "from", "2026-03-01", "to", "2026-03-31"), ERR_OK);
	figures_are(2, 800, 200);
	shows("<td>01001</td><td>王*明</td><td class=\"n\">2</td><td class=\"n\">7.00</td>");
	shows("<td>01002</td><td>王*明</td><td class=\"n\">1</td><td class=\"n\">1.00</td>");
	shows("合计：2 户，加分 3 条，共 8.00 分。");
	shows("扣分 1 条，共 2.00 分；扣分已逐户告知，按规定只公布合计。");
	T_EQ(times("王大明"), 0);
	T_EQ(times("01003"), 0);
	T_EQ(times("01004"), 0);
	T_EQ(p.type, REC_notice);
	T_OK(!p.empty);
	T_EQ(n->kind, NOTICE_assessment);
	T_EQ(n->from, town_day(2026, 3, 1));
	T_EQ(n->to, town_day(2026, 3, 31));
	T_EQ(n->day, x.today);
	T_EQ(n->size, question.feed.size);
	T_EQ(n->town, town_size(&x.w, FEED_TOWN));
	notice_code(&question.feed.id, n, code);
	T_STR(p.code, code);
	shows(code);
	finish();
	T_EQ(ASK("notice", "kind", "assessment", "from", "2026-02-01", "to", "2026-02-28"), ERR_OK);
	T_OK(p.empty); /* all was confirmed in March */
	figures_are(0, 0, 0);
	finish();
	town_close(&x.w);
}

/* A committee signs under its own name, whatever of it the village's name holds. */
static void test_who_signs_is_named_once(void)
{
	static const char *const names[][2] = {{"石岩村", ">石岩村村民委员会<"},
					       {"石岩村村委会", ">石岩村村民委员会<"},
					       {"石岩村委会", ">石岩村村民委员会<"},
					       {"石岩村村民委员会", ">石岩村村民委员会<"},
					       {"河坝社区居委会", ">河坝社区居民委员会<"},
					       {"河坝居民委员会", ">河坝居民委员会<"},
					       {"河坝社区", ">河坝社区居民委员会<"}};

	open_village(9);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		T_EQ(ASK("notice", "kind", "catalogue", "to", "2026-03-01"), ERR_OK);
		buf_reset(&p.html);
		snprintf(p.village, sizeof(p.village), "%s", names[i][0]);
		page_tag(&p.page, "<b>");
		paper_committee(&p);
		page_tag(&p.page, "</b>");
		T_OK(strstr(buf_str(&p.html), names[i][1]) != NULL);
		finish();
	}
	town_close(&x.w);
}

static void test_a_notice_of_redemptions_counts_what_came_back_apart(void)
{
	open_life(6);
	T_EQ(ASK("notice", "kind", "redemption", "from", "2026-03-01", "to", "2026-03-31"), ERR_OK);
	figures_are(3, 300, 100);
	shows("合计：3 笔，兑换 3.00 分，冲正退回 1.00 分。");
	shows("毛巾×2");
	T_EQ(times("冉大明"), 0);
	finish();
	town_close(&x.w);
}

/* Asked for by its entry, whatever was recorded since. */
static void test_a_recorded_notice_is_made_again_byte_for_byte(void)
{
	char entry[24];
	struct buf first = {0};

	open_life(7);
	T_EQ(ASK("notice", "kind", "assessment", "from", "2025-01-01", "to", "2026-03-31"), ERR_OK);
	hash_of(p.html.p, p.html.n, &p.digest);
	T_EQ(buf_put(&first, p.html.p, p.html.n), ERR_OK);
	put(REC_notice, &p.record.notice);
	snprintf(entry, sizeof(entry), "%" PRIu64, town_size(&x.w, x.no) - 1);
	finish();
	town_earn(&x.w, x.no, "07001", 0, "Z001", x.day);
	T_EQ(ASK("notice", "entry", entry), ERR_OK);
	T_EQ(p.type, 0); /* it is recorded */
	T_EQ(p.html.n, first.n);
	T_MEM(p.html.p, first.p, first.n);
	finish();
	buf_close(&first);
	town_close(&x.w);
}

static void test_a_draft_is_marked_and_has_no_code(void)
{
	open_life(8);
	T_EQ(ASK("notice", "kind", "scheme", "to", "2026-03-01", "draft", "1"), ERR_OK);
	shows("<div class=\"mark\">草稿　未登记　不得张贴</div>");
	T_EQ(times("核对码"), 0);
	T_EQ(p.type, 0);
	finish();
	T_EQ(ASK("notice", "kind", "scheme", "to", "2026-03-01"), ERR_OK);
	T_EQ(times("class=\"mark\""), 0);
	shows("核对码");
	figures_are(1, 0, 0); /* one good has a price */
	shows("<td>MJ</td><td>毛巾</td>");
	finish();
	town_close(&x.w);
}

static void test_papers_of_a_training_town_say_so(void)
{
	static const char *const names[] = {"slip", "certificate", "guide"};
	const char *entry[3];
	char slip[24], honour[24];

	open_life(9);
	snprintf(slip, sizeof(slip), "%s", entry_of(REC_redemption, 0));
	snprintf(honour, sizeof(honour), "%s", entry_of(REC_honour, 0));
	entry[0] = slip;
	entry[1] = honour;
	entry[2] = "0"; /* not asked for */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		T_EQ(ASK(names[i], "entry", entry[i]), ERR_OK);
		T_EQ(times("class=\"mark\""), 0); /* the town of the tests is a real one */
		buf_reset(&p.html);
		p.training = true;
		for (uint32_t k = 0; k < paper_ndefs; k++)
			if (strcmp(paper_defs[k].name, names[i]) == 0)
				T_EQ(paper_make(&p, &paper_defs[k]), ERR_OK);
		shows("<div class=\"mark\">培训数据　不作依据</div>");
		finish();
	}
	town_close(&x.w);
}

/* --- children -------------------------------------------------------------------------------------- */
static void bear(const char *name, day_t birth)
{
	struct rec_member_join child = {.household = town_b("01001"),
					.kind = JOIN_birth,
					.day = birth,
					.member = 5,
					.name = town_b(name),
					.birth = birth};

	put(REC_member_join, &child);
}

static void decide_scheme(const char *scope)
{
	struct rec_scheme s = town_scheme(1, x.day);

	s.scope = town_b(scope);
	T_EQ(town_put_scheme(&x.w, x.no, TOWN_HEAD, &s), V_ACCEPTED);
}

static void refused(const char *code, enum ask_why why, const char *param)
{
	const struct ask_issue *i = &question.issue;

	T_STR(i->code, code);
	T_EQ(i->why, why);
	T_STR(i->param ? i->param : "", param ? param : "");
	T_OK(i->zh[0] && (uint8_t)i->zh[0] >= 0x80); /* each in its own language */
	T_OK(i->en[0] && (uint8_t)i->en[0] < 0x80);
	T_EQ(i->hint_zh[0] != '\0', i->hint_en[0] != '\0');
}

static void test_the_name_of_a_child_is_not_posted(void)
{
	open_village(10);
	bear("孟小青", town_day(2012, 3, 2)); /* fourteen tomorrow */
	decide_scheme("全村，由孟小青登记");
	T_EQ(ASK("notice", "kind", "scheme", "to", "2026-03-01"), ASK_REFUSED);
	refused("PRIVACY", ASK_UNFIT, NULL);
	T_STR(question.issue.zh,
	      "公示内容含未满 14 周岁者的姓名，不得张贴（N03）：全村，由孟小青登记");
	T_OK(strstr(question.issue.en, "the name of a child under 14"));
	T_OK(question.issue.hint_zh[0]);
	finish();
	T_EQ(ASK("notice", "kind", "scheme", "to", "2026-03-01", "draft", "1"), ASK_REFUSED);
	finish();
	x.w.wall_ms = town_noon(town_day(2026, 3, 2));
	T_EQ(ASK("notice", "kind", "scheme", "to", "2026-03-01"), ERR_OK);
	shows("全村，由孟小青登记");
	finish();
	town_close(&x.w);
}

/* No text of a record holds one, but a number that a village gives may look like one. */
static void test_a_phone_number_is_not_posted(void)
{
	struct rec_household h = {.household = town_b("13812345678"),
				  .takes_part = YES_yes,
				  .consent_day = town_day(2020, 1, 1)};
	struct rec_household_line l = {.member = 1, .name = town_b("孟山")};

	open_village(11);
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_household, &h, &l, 1), V_ACCEPTED);
	town_earn(&x.w, x.no, "13812345678", 0, "A101", x.day);
	T_EQ(ASK("notice", "kind", "assessment", "from", "2026-03-01", "to", "2026-03-31"),
	     ASK_REFUSED);
	refused("PRIVACY", ASK_UNFIT, NULL);
	T_OK(strstr(question.issue.zh, "手机号"));
	T_OK(strstr(question.issue.en, "a phone number"));
	finish();
	town_close(&x.w);
}

/* A household of children is in the table, but not by name. */
static void test_a_child_at_the_head_is_not_named(void)
{
	struct rec_household h = {.household = town_b("01088"),
				  .group = town_b("2"),
				  .takes_part = YES_yes,
				  .consent_day = town_day(2020, 1, 1)};
	struct rec_household_line child = {
		.member = 1, .name = town_b("孟小青"), .birth = town_day(2015, 5, 1)};

	open_village(12);
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_household, &h, &child, 1), V_ACCEPTED);
	town_earn(&x.w, x.no, "01088", 0, "A101", x.day);
	T_EQ(ASK("notice", "kind", "assessment", "from", "2026-03-01", "to", "2026-03-31"), ERR_OK);
	shows("<td>01088</td><td>（家庭）</td>");
	T_EQ(times("孟"), 0);
	finish();
	town_close(&x.w);
}

/* --- corrections ----------------------------------------------------------------------------------- */
static void test_a_passbook_has_the_right_name_and_the_one_before(void)
{
	struct rec_passbook book = {.household = town_b("01001"),
				    .number = town_b("SC-01001"),
				    .action = BOOK_issue,
				    .day = town_day(2026, 3, 1)};
	struct rec_person_correction r = {.household = town_b("01001"),
					  .member = 1,
					  .name = town_b("孟晓山"),
					  .relation = town_b("户主"),
					  .sex = SEX_male,
					  .birth = town_day(1960, 1, 2),
					  .reason = town_b("与身份证核对")};
	struct rec_person_correction was;
	char text[200];

	open_village(14);
	town_begin(&x.w);
	T_EQ(read_registered(READER(x.w.t, x.no), r.household, 1, &was), ERR_OK);
	snprintf(text, sizeof(text), "姓名 %.*s → 孟晓山", (int)was.name.n,
		 (const char *)was.name.p);
	town_commit(&x.w);
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_person_correction, &r, NULL, 0), V_ACCEPTED);
	put(REC_passbook, &book);
	T_EQ(ASK("passbook", "household", "01001"), ERR_OK);
	shows("户主 孟晓山");
	shows(text);
	finish();
	town_close(&x.w);
}

/* --- refusals -------------------------------------------------------------------------------------- */
#define WRONG	"PARAMETER", ASK_WRONG
#define MISSING ASK_MISSING

static const struct {
	const char *paper, *query[7];
	const char *code;
	enum ask_why why;
	const char *param, *en;
	bool hint;
} unmade[] = {
	{"slip", {NULL}, WRONG, "entry", "an entry is missing", true},
	{"slip", {"entry", "x"}, WRONG, "entry", "parameter entry is a whole number", false},
	{"slip", {"entry", "1"}, "ENTRY_UNKNOWN", MISSING, "entry", "there is no such", true},
	{"slip", {"entry", "99999"}, "ENTRY_UNKNOWN", MISSING, "entry", "there is", true},
	{"certificate", {NULL}, WRONG, "entry", "an entry is missing", true},
	{"certificate", {"entry", "1"}, "ENTRY_UNKNOWN", MISSING, "entry", "there", true},
	{"passbook", {NULL}, WRONG, "household", "a household is missing", true},
	{"passbook", {"household", ""}, WRONG, "household", "a household is missing", true},
	{"passbook",
	 {"household", "09999"},
	 "HOUSEHOLD_UNKNOWN",
	 MISSING,
	 "household",
	 "there is no such household",
	 true},
	{"passbook",
	 {"household", "01002"},
	 "NO_PASSBOOK",
	 MISSING,
	 "household",
	 "the household has no passbook",
	 true},
	{"passbook", {"household", "01001", "all", "2"}, WRONG, "all", "parameter all", false},
	{"passbook",
	 {"household", "01001", "draft", "-1"},
	 WRONG,
	 "draft",
	 "parameter draft is a whole number from 0 to 1",
	 false},
	{"notice", {NULL}, WRONG, "kind", "there is no such notice", true},
	{"notice", {"kind", "odd"}, WRONG, "kind", "there is no such notice", true},
	{"notice", {"entry", "1"}, "ENTRY_UNKNOWN", MISSING, "entry", "there is no", true},
	{"notice", {"kind", "scheme", "draft", "2"}, WRONG, "draft", "parameter", false},
	{"notice", {"kind", "assessment"}, WRONG, "from", "a day is missing", true},
	{"notice", {"kind", "redemption"}, WRONG, "from", "a day is missing", true},
	{"notice", {"kind", "scheme", "to", "soon"}, WRONG, "to", "parameter to is", false},
	{"notice",
	 {"kind", "assessment", "from", "2026-02-02", "to", "2026-02-01"},
	 WRONG,
	 "to",
	 "the end is before the start",
	 false},
	{"notice",
	 {"kind", "catalogue", "to", "1990-01-01"},
	 "NOT_IN_FORCE",
	 MISSING,
	 "to",
	 "no catalogue is in force",
	 true},
	{"notice",
	 {"kind", "scheme", "to", "1990-01-01"},
	 "NOT_IN_FORCE",
	 MISSING,
	 "to",
	 "no reward scheme is in force",
	 true},
};

static void test_what_cannot_be_made_says_why_and_what_to_do(void)
{
	open_village(13);
	issue("01001");
	for (size_t i = 0; i < sizeof(unmade) / sizeof(unmade[0]); i++) {
		T_EQ(make_on(x.today, unmade[i].paper, unmade[i].query), ASK_REFUSED);
		refused(unmade[i].code, unmade[i].why, unmade[i].param);
		if (!strstr(question.issue.en, unmade[i].en))
			t_fail(__FILE__, __LINE__, "case %zu: %s", i, question.issue.en);
		T_EQ(question.issue.hint_en[0] != '\0', unmade[i].hint);
		finish();
	}
	town_close(&x.w);
}

static void test_without_a_date_nothing_dated_is_made(void)
{
	open_life(14);
	T_EQ(make_on(DAY_NONE, "passbook", (const char *const[]){"household", "07001", NULL}),
	     ASK_REFUSED);
	refused("NO_CLOCK", ASK_CONFLICT, NULL);
	T_OK(question.issue.hint_en[0]);
	finish();
	T_EQ(make_on(DAY_NONE, "notice", (const char *const[]){"kind", "scheme", NULL}),
	     ASK_REFUSED);
	refused("NO_CLOCK", ASK_CONFLICT, NULL);
	finish();
	/* a slip has the day of its redemption */
	T_EQ(make_on(DAY_NONE, "slip",
		     (const char *const[]){"entry", entry_of(REC_redemption, 0), NULL}),
	     ERR_OK);
	finish();
	town_close(&x.w);
}

/* A machine that fails is neither a paper nor a reason. */
static int make_again(const struct paper_def *def)
{
	int err = paper_open(&p, &question);

	if (!err)
		err = paper_make(&p, def);
	paper_close(&p);
	return err;
}

static void test_a_failing_machine_is_no_refusal(void)
{
	open_life(15);
	T_EQ(ASK("notice", "kind", "assessment", "from", "2026-03-01", "to", "2026-03-31"), ERR_OK);
	paper_close(&p);
	T_OOM(make_again(&paper_defs[0]));
	town_commit(&x.w);
	T_EQ(ASK("passbook", "household", "07001"), ERR_OK);
	paper_close(&p);
	T_OOM(make_again(&paper_defs[1]));
	town_commit(&x.w);
	town_close(&x.w);
}

T_MAIN(T(test_a_slip_shows_the_goods_and_the_balance_of_its_time),
       T(test_a_certificate_is_of_the_person_or_of_the_household),
       T(test_a_passbook_goes_on_where_the_last_print_ended, "R58"),
       T(test_a_full_page_of_a_book_is_turned),
       T(test_a_notice_of_assessments_has_figures_and_a_code, "R46"),
       T(test_who_signs_is_named_once, "I9"),
       T(test_a_notice_of_redemptions_counts_what_came_back_apart),
       T(test_a_recorded_notice_is_made_again_byte_for_byte),
       T(test_a_draft_is_marked_and_has_no_code), T(test_papers_of_a_training_town_say_so),
       T(test_the_name_of_a_child_is_not_posted), T(test_a_phone_number_is_not_posted),
       T(test_a_child_at_the_head_is_not_named),
       T(test_a_passbook_has_the_right_name_and_the_one_before, "R58 R24"),
       T(test_what_cannot_be_made_says_why_and_what_to_do),
       T(test_without_a_date_nothing_dated_is_made), T(test_a_failing_machine_is_no_refusal))
