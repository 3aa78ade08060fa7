/* What is printed and counted of a village that has lived the whole scheme, asked as the counter and the
 * board ask: slips, certificates, the guide, passbooks, check codes, the measures of completeness. */
#include <jansson.h>

#include "daemon/ledger/state/read.h"
#include "daemon/web/api/recjson.h"
#include "daemon/web/paper/paper.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "proto/noticecode.h"
#include "tests/lib/life.h"
#include "tests/lib/replay.h"
#include "tests/lib/rows.h"
#include "tests/lib/services.h"
#include "tests/lib/t.h"

static struct town w;
static uint32_t village;
static struct web_services services;
static enum lang lang = LANG_ZH;

static void village_open(uint64_t seed)
{
	struct life l = {.w = &w, .code = TOWN_CODE};

	village = l.no = town_open(&w, seed);
	life_live(&l);
	services = services_of(&w, village);
}

/* The answer as JSON; the caller lets it go. @query: names and values in turn, ended by NULL. */
static json_t *ask(const char *path, const char *const *query, int status)
{
	struct web_req req = {.method = "GET", .path = path, .from.local = true, .lang = lang};
	struct web_res res = {0};
	int found;
	const struct web_route *route = web_route_find("GET", path, true, &found);
	json_t *root;

	T_OK(route);
	for (; query && *query; query += 2)
		req.query[req.nquery++] = (struct ask_param){query[0], query[1]};
	web_handle(&services, route, &req, &res);
	if (res.status != status)
		t_fail(__FILE__, __LINE__, "%s: %d, %.*s", path, res.status, (int)res.body.n,
		       (const char *)res.body.p);
	root = json_loadb((const char *)res.body.p, res.body.n, JSON_REJECT_DUPLICATES, NULL);
	T_OK(json_is_object(root));
	buf_close(&res.body);
	return root;
}
#define ASK(path, status, ...) ask(path, (const char *const[]){__VA_ARGS__, NULL}, status)

static const char *text_in(const json_t *root, const char *key)
{
	const char *s = json_string_value(json_object_get(root, key));

	T_OK(s);
	return s;
}

static void page_has(const json_t *root, const char *text)
{
	if (!strstr(text_in(root, "html"), text))
		t_fail(__FILE__, __LINE__, "not on the page: %s", text);
}

static const char *entry_of(enum rec_code type, uint32_t nth)
{
	return rows_entry(&w, village, type, nth);
}

/* --- slips and certificates ------------------------------------------------------------------------ */
static void test_a_slip_says_what_was_there_and_what_is_left(void)
{
	json_t *a;

	village_open(1);
	a = ASK("/api/v1/paper/slip", 200, "entry", entry_of(REC_redemption, 0));
	page_has(a, "单号 DH-1　日期 2026-03-01 10:00");
	page_has(a, "领取人 冉大明（代领）");
	page_has(a, "<td>毛巾</td><td>条</td>");
	page_has(a, "合计 2.00 分　兑换前余额 6.00 分　兑换后余额 4.00 分");
	json_decref(a);
	a = ASK("/api/v1/paper/slip", 200, "entry", entry_of(REC_redemption, 1));
	page_has(a, "合计 1.00 分　兑换前余额 4.00 分　兑换后余额 3.00 分"); /* as it was then */
	T_OK(!strstr(text_in(a, "html"), "代领"));
	json_decref(a);
	a = ASK("/api/v1/paper/slip", 404, "entry", entry_of(REC_honour, 0));
	T_STR(text_in(a, "field"), "entry");
	json_decref(a);
	town_close(&w);
}

/* Nothing to print is no fault of the command line, and a failing machine is no missing entry. */
static void test_what_cannot_be_printed_says_why(void)
{
	struct ask_param entry = {"entry", NULL};
	struct web_res res = {0};
	int found;

	village_open(4);
	json_decref(ASK("/api/v1/paper/passbook", 404, "household", "99999"));
	json_decref(ASK("/api/v1/paper/passbook", 400, NULL));
	json_decref(ASK("/api/v1/paper/slip", 400, NULL));
	json_decref(ASK("/api/v1/paper/notice", 404, "kind", "scheme", "to", "1990-01-01"));
	json_decref(ASK("/api/v1/paper/notice", 404, "kind", "catalogue", "to", "1990-01-01"));
	entry.value = entry_of(REC_redemption, 0);
	for (long k = 0; res.status != 200; k++) {
		struct web_req req = {.path = "/api/v1/paper/slip",
				      .query = {entry},
				      .nquery = 1,
				      .from.local = true};

		mem_fail_after(k);
		web_handle(&services, web_route_find("GET", req.path, true, &found), &req, &res);
		mem_fail_after(-1);
		T_OK(res.status == 200 || res.status == 503);
		buf_close(&res.body);
	}
	town_close(&w);
}

static void test_a_certificate_names_the_person(void)
{
	json_t *a;

	village_open(2);
	a = ASK("/api/v1/paper/certificate", 200, "entry", entry_of(REC_honour, 0));
	page_has(a, "冉小明：");
	page_has(a, "在 2025 年度乡村治理积分评选中，被评为“道德模范”");
	json_decref(a);
	town_close(&w);
}

static void test_a_guide_is_one_sheet_in_either_language(void)
{
	json_t *a;

	village_open(6);
	a = ASK("/api/v1/paper/guide", 200, NULL);
	T_STR(text_in(a, "title"), "操作要点");
	T_OK(!json_object_get(a, "record")); /* anybody may print it, and nothing is recorded */
	page_has(a, "三步由三个不同的人办");
	page_has(a, "<code>record notified</code>");
	page_has(a, "断网照常办理");
	page_has(a, "镇乡村振兴办：____________");
	T_OK(!strchr(text_in(a, "html"), '`'));
	json_decref(a);
	lang = LANG_EN;
	a = ASK("/api/v1/paper/guide", 200, NULL);
	lang = LANG_ZH;
	page_has(a, "lang=\"en\"");
	page_has(a, "Without a link go on as usual");
	T_OK(!strstr(text_in(a, "html"), "断网"));
	json_decref(a);
	town_close(&w);
}

/* --- passbooks ------------------------------------------------------------------------------------- */
static uint32_t times(const char *in, const char *what)
{
	uint32_t n = 0;

	for (; (in = strstr(in, what)); in += strlen(what))
		n++;
	return n;
}

/* Twenty-two lines are a page; the next print begins where this one ended. */
static void test_a_book_goes_on_over_its_pages(void)
{
	struct rec_passbook book = {.household = town_b("01001"),
				    .number = town_b("S-9"),
				    .action = BOOK_issue,
				    .day = town_day(2026, 2, 1)};
	struct rec_roster_change gone = {.household = town_b("01001"),
					 .member = 4,
					 .kind = LEAVE_death,
					 .day = town_day(2025, 1, 3)};
	json_t *a;

	village_open(3);
	T_EQ(town_put(&w, village, TOWN_REC, REC_roster_change, &gone, NULL, 0), V_ACCEPTED);
	T_EQ(town_put(&w, village, TOWN_REC, REC_passbook, &book, NULL, 0), V_ACCEPTED);
	for (int i = 0; i < 22; i++)
		town_earn(&w, village, "01001", 0, "Z001", town_day(2025, 2, 1 + i));
	a = ASK("/api/v1/paper/passbook", 200, "household", "01001");
	T_EQ(times(text_in(a, "html"), "break-after:page"), 0);
	page_has(a, "3 人");
	json_decref(a);
	town_earn(&w, village, "01001", 0, "Z001", town_day(2025, 3, 1));
	a = ASK("/api/v1/paper/passbook", 200, "household", "01001");
	T_EQ(times(text_in(a, "html"), "break-after:page"), 1);
	T_EQ(json_integer_value(json_object_get(json_object_get(a, "record"), "lines")), 23);
	T_STR(text_in(json_object_get(a, "record"), "balance"), "23.00");
	json_decref(a);
	book.action = BOOK_print;
	book.upto = town_size(&w, village);
	book.lines = 23;
	T_EQ(town_put(&w, village, TOWN_REC, REC_passbook, &book, NULL, 0), V_ACCEPTED);
	town_earn(&w, village, "01001", 0, "Z001", town_day(2025, 3, 2));
	a = ASK("/api/v1/paper/passbook", 200, "household", "01001");
	T_EQ(times(text_in(a, "html"), "class=\"gap\""), 1); /* the line on the second page */
	T_EQ(times(text_in(a, "html"), "2025-03-02"), 1);
	T_EQ(times(text_in(a, "html"), "2025-03-01"), 0);
	T_EQ(json_integer_value(json_object_get(json_object_get(a, "record"), "lines")), 24);
	json_decref(a);
	town_close(&w);
}

/* --- notices --------------------------------------------------------------------------------------- */
/* Makes the notice, and records it with so many lines more than it has; its check code. */
static void publish(const char *kind, const char *from, const char *to, uint64_t more,
		    char code[NOTICE_CODE_TEXT])
{
	json_t *a = ASK("/api/v1/paper/notice", 200, "kind", kind, "from", from, "to", to);
	struct recjson_issue issue;
	struct recjson r;
	struct feed_head h;
	struct rec_notice n;

	T_EQ(recjson_read(rec_type_of(REC_notice), json_object_get(a, "record"), NULL, &r, &issue),
	     ERR_OK);
	memcpy(&n, &r.head, sizeof(n));
	n.lines += more;
	town_begin(&w);
	T_EQ(feedlog_head(w.t, village, &h), ERR_OK);
	town_commit(&w);
	notice_code(&h.id, &n, code);
	if (!more)
		page_has(a, code);
	T_EQ(town_put(&w, village, TOWN_REC, REC_notice, &n, NULL, 0), V_ACCEPTED);
	recjson_close(&r);
	json_decref(a);
}

static void test_a_code_leads_to_the_figures(void)
{
	char good[NOTICE_CODE_TEXT], bad[NOTICE_CODE_TEXT], path[80];
	json_t *a;

	village_open(4);
	publish("assessment", "2026-03-01", "2026-03-31", 0, good);
	publish("assessment", "2026-03-01", "2026-03-31", 1, bad);
	snprintf(path, sizeof(path), "/api/v1/notices/%s", good);
	a = ask(path, NULL, 200);
	T_OK(json_is_true(json_object_get(a, "agrees")));
	json_decref(a);
	snprintf(path, sizeof(path), "/api/v1/notices/%s", bad);
	a = ask(path, NULL, 200);
	T_OK(json_is_false(json_object_get(a, "agrees")));
	T_EQ(json_integer_value(json_object_get(json_object_get(a, "posted"), "lines")),
	     json_integer_value(json_object_get(json_object_get(a, "ledger"), "lines")) + 1);
	json_decref(a);
	a = ask("/api/v1/notices/0000-0000-0000-0000", NULL, 404);
	T_STR(text_in(a, "code"), "CODE_UNKNOWN");
	json_decref(a);
	town_close(&w);
}

/* The page of a notice, of the store as it is and of one folded again up to its sizes. */
static void same_page(struct ask *a, const struct rec_notice *n)
{
	struct replay past = {0};
	struct paper now, then;
	int err, then_err;

	T_EQ(paper_open(&now, a), ERR_OK);
	now.record.notice = *n;
	err = paper_notice_make(&now);
	T_EQ(paper_open(&then, a), ERR_OK);
	then.record.notice = *n;
	T_EQ(replay_at(a->t, &a->town, &a->feed, n->size, n->town, &past), ERR_OK);
	then.t = past.t;
	then_err = paper_notice_make(&then);
	T_EQ(err, then_err);
	if (!bytes_eq(buf_bytes(&now.html), buf_bytes(&then.html)))
		t_fail(__FILE__, __LINE__, "kind %u at %llu entries: %s\n--- then\n%s", n->kind,
		       (unsigned long long)n->size, buf_str(&now.html), buf_str(&then.html));
	T_EQ(now.record.notice.lines, then.record.notice.lines);
	paper_close(&now);
	paper_close(&then);
	replay_close(&past);
}

/* A household with points has another head for a while, of another name. */
static void change_household(void)
{
	struct rec_member_join wife = {.household = town_b("07001"),
				       .kind = JOIN_marriage,
				       .day = town_day(2026, 2, 20),
				       .member = 9,
				       .name = town_b("孟青青"),
				       .birth = town_day(1990, 3, 1)};
	struct rec_roster_change r = {.household = town_b("07001"),
				      .member = 9,
				      .kind = LEAVE_head,
				      .day = town_day(2026, 3, 1)};

	T_EQ(town_put(&w, village, TOWN_REC, REC_member_join, &wife, NULL, 0), V_ACCEPTED);
	T_EQ(town_put(&w, village, TOWN_REC, REC_roster_change, &r, NULL, 0), V_ACCEPTED);
	r.kind = LEAVE_death;
	T_EQ(town_put(&w, village, TOWN_REC, REC_roster_change, &r, NULL, 0), V_ACCEPTED);
}

static void test_a_page_shows_what_was_true_when_it_was_made(void)
{
	struct bytes leaf, payload;
	struct ask a = {0};
	struct entry e;

	village_open(6);
	change_household();
	town_begin(&w);
	a.t = w.t;
	a.town = w.id;
	a.day = town_day(2026, 6, 1);
	T_EQ(feedlog_head(w.t, village, &a.feed), ERR_OK);
	for (uint64_t size = 1; size <= a.feed.size; size++)
		for (uint32_t kind = NOTICE_assessment; kind <= NOTICE_scheme; kind++) {
			struct rec_notice n = {.kind = kind,
					       .from = town_day(2025, 1, 1),
					       .to = town_day(2026, 5, 1),
					       .size = size,
					       .day = town_day(2026, 6, 1)};

			T_EQ(feedlog_read(w.t, village, size - 1, &leaf, &payload), ERR_OK);
			T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
			n.town = e.town_seen;
			same_page(&a, &n);
		}
	town_commit(&w);
	town_close(&w);
}

static void test_a_notice_with_the_name_of_a_child_is_not_made(void)
{
	struct rec_member_join child = {.household = town_b("01001"),
					.kind = JOIN_birth,
					.day = town_day(2020, 3, 2),
					.member = 9,
					.name = town_b("孟小青"),
					.birth = town_day(2020, 3, 2)};
	struct rec_scheme s = {.version = 2,
			       .title = town_b("奖励方案"),
			       .from = town_day(2026, 3, 1),
			       .rate_points = points_of(100),
			       .rate = fen_of(100),
			       .notice_days = 7,
			       .object_days = 7,
			       .answer_days = 7,
			       .proxy_max = 3,
			       .scope = town_b("全村，由孟小青登记")};
	struct rec_scheme_line l = {.kind = REWARD_goods, .name = town_b("生活用品")};
	json_t *a;

	village_open(5);
	T_EQ(town_put(&w, village, TOWN_HEAD, REC_member_join, &child, NULL, 0), V_ACCEPTED);
	T_EQ(town_put(&w, village, TOWN_HEAD, REC_scheme, &s, &l, 1), V_ACCEPTED);
	a = ASK("/api/v1/paper/notice", 422, "kind", "scheme", "to", "2026-03-01");
	T_STR(text_in(a, "code"), "PRIVACY");
	T_OK(strstr(text_in(a, "message"), "14 周岁"));
	json_decref(a);
	town_close(&w);
}

/* --- completeness ---------------------------------------------------------------------------------- */
static void measures_are(const char *const want[10])
{
	json_t *a = ASK("/api/v1/tables/completeness", 200, "from", "2026-03-01", "to",
			"2026-03-31"),
	       *rows = json_object_get(a, "rows");

	T_EQ(json_array_size(rows), 10);
	for (size_t i = 0; i < 10; i++) {
		json_t *row = json_array_get(rows, i);
		char text[48];

		snprintf(text, sizeof(text), "%lld/%lld",
			 (long long)json_integer_value(json_array_get(row, 1)),
			 (long long)json_integer_value(json_array_get(row, 2)));
		T_STR(text, want[i]);
	}
	json_decref(a);
}

static void hang(uint64_t notice)
{
	struct rec_posting p = {.notice = notice,
				.place = town_b("公示栏"),
				.from = day_of_ms(w.wall_ms),
				.to = day_of_ms(w.wall_ms) + 9,
				.poster = town_b("张小红")};

	T_EQ(town_put(&w, village, TOWN_REC, REC_posting, &p, NULL, 0), V_ACCEPTED);
}

static void published_are(const char *redemptions)
{
	measures_are((const char *const[]){"6/8", "13/13", "8/8", redemptions, "0/8", "1/7", "1/3",
					   "1/3", "1/3", "1/1"});
}

/* Six items of eight; thirteen households and four of the life, one merged; eight lines, all recorded late; two
 * redemptions, of which one was taken back and is none, beside one honour and one policy support; one task of the town, done in time. */
static void test_completeness_is_counted_once(void)
{
	struct rec_withdrawal down = {.reason = town_b("合计有误需更正")};
	char code[NOTICE_CODE_TEXT];

	village_open(6);
	published_are("0/1");
	publish("redemption", "2026-03-01", "2026-03-31", 0, code);
	published_are("0/1"); /* printed is not on the board */
	hang(down.notice = town_size(&w, village) - 1);
	published_are("1/1");
	publish("redemption", "2026-02-01", "2026-03-31", 0, code); /* the same ones again */
	hang(town_size(&w, village) - 1);
	published_are("1/1");
	down.day = day_of_ms(w.wall_ms);
	T_EQ(town_put(&w, village, TOWN_HEAD, REC_withdrawal, &down, NULL, 0), V_ACCEPTED);
	published_are("1/1");
	down.notice += 2;
	T_EQ(town_put(&w, village, TOWN_HEAD, REC_withdrawal, &down, NULL, 0), V_ACCEPTED);
	published_are("0/1");
	town_close(&w);
}

static void test_an_answer_about_files_has_an_end(void)
{
	uint8_t digest[HASH_BYTES] = {1};
	struct rec_meeting m = {.kind = MEETING_courtyard,
				.day = town_day(2025, 3, 2),
				.place = town_b("院坝"),
				.attendance = 9,
				.agenda = town_b("清洁"),
				.digest = kv_bytes(digest, sizeof(digest))};
	json_t *a;

	village_open(5);
	for (int i = 0; i < 2001; i++)
		T_EQ(town_put(&w, village, TOWN_REC, REC_meeting, &m, NULL, 0), V_ACCEPTED);
	a = ASK("/api/v1/evidence", 200, "n", "10000");
	T_EQ(json_array_size(json_object_get(a, "items")), 2000);
	T_OK(json_is_integer(json_object_get(a, "next")));
	json_decref(a);
	town_close(&w);
}

T_MAIN(T(test_a_slip_says_what_was_there_and_what_is_left), T(test_what_cannot_be_printed_says_why),
       T(test_a_certificate_names_the_person),
       T(test_a_guide_is_one_sheet_in_either_language, "R61"),
       T(test_a_book_goes_on_over_its_pages), T(test_a_code_leads_to_the_figures),
       T(test_a_page_shows_what_was_true_when_it_was_made, "R78"),
       T(test_a_notice_with_the_name_of_a_child_is_not_made), T(test_completeness_is_counted_once),
       T(test_an_answer_about_files_has_an_end))
