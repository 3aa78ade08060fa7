/* Records as clerks send them: written once, filled in, tried, refused with place and reason. */
#include "daemon/web/import/import.h"
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

static void test_a_record_is_written_once(void)
{
	static const char body[] =
		"{" SIGN("rec") ",\"id\":\"000102030405060708090a0b0c0d0e0f\","
				"\"lines\":[" LINE("05001", "D101", "2026-02-01") "]}";
	static const char other[] =
		"{" SIGN("rec") ",\"id\":\"000102030405060708090a0b0c0d0e0f\","
				"\"lines\":[" LINE("05001", "D101", "2026-02-02") "]}";
	uint64_t before;
	char entry[24];

	node_open(false);
	before = own_size();
	WANT(post("/api/v1/records/points", body), 200);
	T_STR(at("verdict.accepted"), "true");
	T_STR(at("exists"), "false");
	snprintf(entry, sizeof(entry), "%" PRIu64, before);
	T_STR(at("entry"), entry);
	/* later, with the clock moved: the same bytes all the same */
	here.w.wall_ms += 5000;
	WANT(post("/api/v1/records/points", body), 200);
	T_STR(at("exists"), "true");
	T_STR(at("entry"), entry);
	WANT(post("/api/v1/records/points", other), 422);
	T_STR(at("verdict.rule"), "L02");
	T_EQ(own_size(), before + 1);
	node_close();
}

#define UNDATED(id, item)                                                                          \
	"{" SIGN("rec") ",\"id\":\"" id "\",\"lines\":[{\"household\":\"05001\",\"member\":0,"     \
			"\"item\":\"" item "\",\"place\":\"广场\",\"reason\":\"月检\","        \
			"\"evidence\":\"" TOWN_EVIDENCE "\"}]}"
#define AN_ID "00112233445566778899aabbccddeeff"

/* What was left out and follows from the day is what it was then. */
static void test_the_same_request_is_the_same_record_on_another_day(void)
{
	static const char body[] = UNDATED(AN_ID, "D101");
	uint64_t before;

	node_open(false);
	before = own_size();
	WANT(post("/api/v1/records/points", body), 200);
	T_STR(at("exists"), "false");
	here.w.wall_ms += 3 * UINT64_C(86400000);
	WANT(post("/api/v1/records/points", body), 200);
	T_STR(at("exists"), "true");
	here.w.wall_ms = 0;
	WANT(post("/api/v1/records/points", body), 200);
	T_STR(at("exists"), "true");
	WANT(post("/api/v1/records/points", UNDATED(AN_ID, "A101")), 422);
	T_STR(at("verdict.rule"), "L02");
	T_EQ(own_size(), before + 1);
	/* another record needs the day, which nobody knows */
	WANT(post("/api/v1/records/points", UNDATED("ff112233445566778899aabbccddeeff", "D101")),
	     422);
	T_STR(at("verdict.name"), "NO_CLOCK");
	node_close();
}

/* Every line is right, and together they are more than an entry holds. */
static void test_a_record_that_does_not_fit_is_not_written(void)
{
	static const char line[] = "{\"household\":\"05001\",\"item\":\"D101\",\"day\":\"2026-02-"
				   "01\",\"place\":\"院坝\","
				   "\"evidence\":\"照片\",\"reason\":"
				   "\"庭院打扫干净，柴草堆放整齐，垃圾入桶，污水不乱排\"}";
	static char body[128 * 1024];
	size_t at_byte;
	uint64_t before;

	node_open(false);
	before = own_size();
	at_byte = (size_t)snprintf(body, sizeof(body), "{" SIGN("rec") ",\"lines\":[");
	for (int i = 0; i < 200; i++)
		at_byte += (size_t)snprintf(body + at_byte, sizeof(body) - at_byte, "%s%s",
					    i ? "," : "", line);
	snprintf(body + at_byte, sizeof(body) - at_byte, "]}");
	WANT(post("/api/v1/records/points", body), 413);
	T_STR(at("code"), "TOO_LARGE");
	T_STR(at("field"), "lines");
	T_EQ(own_size(), before);
	node_close();
}

static void test_points_get_version_and_value_from_the_catalogue(void)
{
	node_open(false);
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "D101", "2026-02-01") "," LINE(
						    "05002", "A101", "2026-02-01"))),
	     200);
	WANT(get("/api/v1/waiting"), 200);
	ANSWERS({"items.0.lines.0.points", "3.00"}, {"items.0.lines.1.points", "2.00"},
		{"items.0.lines.0.version", "7"}, {"items.0.recorder", "rec/" VILLAGE});
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "X999", "2026-02-01"))), 422);
	T_STR(at("verdict.rule"), "P11");
	T_OK(strstr(at("verdict.text"), "X999") != NULL);
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "D101", "2019-02-01"))), 422);
	T_STR(at("verdict.name"), "P11_NOT_IN_FORCE");
	node_close();
}

/* A store with a keeper, prices and a household that can pay. The writer starts behind all that. */
static void open_store(void)
{
	const struct rec_prices_line l[] = {town_good("G01", 1050), town_good("G02", 2000)};

	node_open(false);
	T_EQ(town_grant(&here.w, here.s.tx.own, HERE, "keeper/" VILLAGE, ROLE_keeper, ""),
	     V_ACCEPTED);
	put_scheme();
	T_EQ(town_put_prices(&here.w, here.s.tx.own, HERE, 3, town_day(2026, 1, 1), l, 2),
	     V_ACCEPTED);
	town_earn(&here.w, here.s.tx.own, "05001", 0, "Z003", town_day(2026, 2, 20));
	node_open_writer();
}

#define REDEEM(dry, lines)                                                                         \
	"{" SIGN("keeper") ",\"dry_run\":" dry                                                     \
			   ",\"record\":{\"slip\":\"DH-1\",\"household\":\"05001\","               \
			   "\"receiver\":\"王小明\",\"member\":2},\"lines\":[" lines "]}"
#define GOODS(good, quantity) "{\"good\":\"" good "\",\"quantity\":\"" quantity "\"}"

#define ID ",\"id\":\"0123456789abcdef0123456789abcdef\""

/* 41.00 of a million. */
static void redeem_41(const char *body)
{
	WANT(post("/api/v1/records/redemption", body), 200);
	ANSWERS({"total", "41.00"}, {"before", "1000000.00"}, {"balance", "999959.00"});
}

static void test_a_redemption_gets_prices_points_and_time(void)
{
	char target[64];

	open_store();
	redeem_41(REDEEM("true", GOODS("G01", "2") "," GOODS("G02", "1")));
	/* and so when it was only asked about, because nobody has signed for it */
	redeem_41(REDEEM("false,\"ask\":\"all\"", GOODS("G01", "2") "," GOODS("G02", "1")));
	T_STR(at("asked"), "true");
	WANT(get("/api/v1/households/05001"), 200);
	T_STR(at("redeemed"), "0.00");
	redeem_41(REDEEM("false" ID, GOODS("G01", "2") "," GOODS("G02", "1")));
	snprintf(target, sizeof(target), "/api/v1/log?n=1&from=%s", at("entry"));
	/* what is written is not asked about again */
	WANT(post("/api/v1/records/redemption",
		  REDEEM("false,\"ask\":\"all\"" ID, GOODS("G01", "2") "," GOODS("G02", "1"))),
	     200);
	ANSWERS({"asked", "false"}, {"exists", "true"});
	WANT(get(target), 200);
	ANSWERS({"items.0.record.day", "2026-03-01"}, {"items.0.record.minute", "12:00"},
		{"items.0.record.prices", "3"}, {"items.0.lines.0.points", "21.00"},
		{"items.0.lines.1.points", "20.00"});
	WANT(get("/api/v1/households/05001"), 200);
	ANSWERS({"redeemed", "41.00"}, {"transferred", "0.00"}, {"people.0.head", "true"},
		{"people.1.head", "false"});
	node_close();
}

/* What people may rely on stands under every notice, as the scheme has it. */
static void test_a_notice_says_the_days_of_the_scheme(void)
{
	const char *html;

	open_store();
	WANT(get("/api/v1/paper/notice?kind=scheme&to=2026-03-01&draft=1"), 200);
	html = json_string_value(json_object_get(answer, "html"));
	T_OK(html != NULL);
	T_OK(strstr(html, "公示期不少于 8 天。如有异议，请在公示后 5 天内"));
	T_OK(strstr(html, "2 个工作日内答复"));
	node_close();
}

static void test_the_same_redemption_is_one_on_another_day(void)
{
	static const char body[] =
		"{" SIGN("keeper") ",\"id\":\"" AN_ID "\",\"record\":{\"slip\":\"DH-1\","
				   "\"household\":\"05001\",\"receiver\":"
				   "\"王小明\",\"member\":2},\"lines\":[" GOODS("G01", "2") "]}";

	open_store();
	WANT(post("/api/v1/records/redemption", body), 200);
	T_STR(at("exists"), "false");
	here.w.wall_ms += UINT64_C(86400000) + 3600000;
	WANT(post("/api/v1/records/redemption", body), 200);
	T_STR(at("exists"), "true");
	here.w.wall_ms = 0;
	WANT(post("/api/v1/records/redemption", body), 200);
	T_STR(at("exists"), "true");
	WANT(post("/api/v1/records/redemption", REDEEM("true", GOODS("G01", "2"))), 422);
	T_STR(at("verdict.name"), "NO_CLOCK");
	node_close();
}

#define LINE_WITH(digest)                                                                          \
	"{\"household\":\"05002\",\"member\":0,\"item\":\"A101\",\"day\":\"2026-02-03\","          \
	"\"place\":\"广场\",\"reason\":\"清洁\",\"evidence\":\"" TOWN_EVIDENCE                     \
	"\",\"digest\":\"" digest "\"}"

static void test_digests_are_listed_with_the_entry_that_names_them(void)
{
	char target[64], entry[16];

	node_open(false);
	WANT(post("/api/v1/records/points",
		  POINTS(LINE("05001", "D101", "2026-02-01") "," LINE_WITH(DIGEST("ab")))),
	     200);
	snprintf(entry, sizeof(entry), "%s", at("entry"));
	WANT(post("/api/v1/records/consent",
		  "{" SIGN("rec") ",\"record\":{\"household\":\"05001\",\"takes_part\":true,"
				  "\"day\":\"2026-01-05\",\"document\":\"T-1\","
				  "\"digest\":\"" DIGEST("cd") "\"}}"),
	     200);
	WANT(get("/api/v1/evidence"), 200);
	ANSWERS({"items", "[2]"}, {"items.0.entry", entry}, {"items.0.line", "2"},
		{"items.0.type", "points"}, {"items.0.digest", DIGEST("ab")}, {"items.1.line", "0"},
		{"items.1.type", "consent"}, {"items.1.field", "digest"}, {"next", "null"});
	snprintf(target, sizeof(target), "/api/v1/evidence?n=1&from=%s", entry);
	WANT(get(target), 200);
	T_STR(at("items"), "[1]");
	T_OK(strcmp(at("next"), "null") != 0);
	node_close();
}

/* The line of JSON before a file has a digest for each file that the sheet names. */
static void test_a_file_as_large_as_allowed_can_be_sent(void)
{
	int status;
	const struct web_route *r = web_route_find("POST", "/api/v1/import/entries", true, &status);

	T_OK(r && r->body_max >= IMPORT_BYTES_MAX + 10000 * (2 * HASH_BYTES + 64));
}

static void test_what_is_not_on_the_price_list_is_refused(void)
{
	open_store();
	WANT(post("/api/v1/records/redemption", REDEEM("false", GOODS("G09", "1"))), 422);
	T_STR(at("verdict.rule"), "F59");
	WANT(post("/api/v1/records/redemption", REDEEM("false", GOODS("G01", "0"))), 400);
	WANT(post("/api/v1/records/redemption",
		  "{" SIGN("keeper") ",\"record\":{\"slip\":\"D\","
				     "\"household\":\"05001\",\"receiver\":\"王\",\"day\":\"2019-"
				     "01-01\"},\"lines\":[" GOODS("G01", "1") "]}"),
	     422);
	T_STR(at("verdict.rule"), "F58");
	node_close();
}

static void test_three_people_make_a_balance(void)
{
	char body[512], entry[24];

	node_open(false);
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "D101", "2026-02-01"))), 200);
	snprintf(entry, sizeof(entry), "%s", at("entry"));
	snprintf(body, sizeof(body),
		 "{" SIGN("rec") ",\"lines\":[{\"entry\":%s,\"line\":0,\"decision\":\"agree\"}]}",
		 entry);
	WANT(post("/api/v1/records/review", body), 422); /* the recorder does not hold that role */
	T_STR(at("verdict.rule"), "L05");
	snprintf(body, sizeof(body),
		 "{" SIGN("rev") ",\"lines\":[{\"entry\":%s,\"line\":0,\"decision\":\"同意\"}]}",
		 entry);
	WANT(post("/api/v1/records/review", body), 200);
	WANT(get("/api/v1/waiting?state=reviewed"), 200);
	T_STR(at("items.0.reviewer"), "rev/" VILLAGE);
	snprintf(body, sizeof(body),
		 "{" SIGN("con") ",\"lines\":[{\"entry\":%s,\"line\":1,\"decision\":\"agree\"}]}",
		 entry);
	WANT(post("/api/v1/records/confirm", body), 200);
	WANT(get("/api/v1/accounts"), 200);
	ANSWERS({"items.0.balance", "3.00"}, {"items.1.balance", "0.00"}, {"balance", "3.00"});
	node_close();
}

static void test_complaints_say_where_and_why(void)
{
	static const struct {
		const char *body, *code, *field;
	} table[] = {
		{"", "JSON", ""},
		{"[]", "JSON", ""},
		{"{\"as\":\"a\",\"as\":\"b\"}", "JSON", ""},
		{"{\"other\":1}", "FIELD_UNKNOWN", "other"},
		{"{\"lines\":[]}", "FIELD_MISSING", "as"},
		{"{\"as\":\"a\"}", "FIELD_MISSING", "passphrase"},
		{"{\"as\":5}", "FIELD_VALUE", "as"},
		{"{" SIGN("rec") ",\"id\":\"12\"}", "FIELD_VALUE", "id"},
		{"{" SIGN("rec") ",\"dry_run\":\"yes\"}", "FIELD_VALUE", "dry_run"},
		{"{" SIGN("rec") "}", "LINES_COUNT", "lines"},
		{"{" SIGN("rec") ",\"lines\":{}}", "RECORD_SHAPE", "lines"},
		{"{" SIGN("rec") ",\"lines\":[7]}", "RECORD_SHAPE", "lines[0]"},
		{"{" SIGN("rec") ",\"record\":[],\"lines\":[{}]}", "RECORD_SHAPE", "record"},
		{"{" SIGN("rec") ",\"record\":{\"x\":1},\"lines\":[{}]}", "FIELD_UNKNOWN",
		 "record.x"},
		{POINTS(LINE("05001", "D101", "2026-02-01") ",{}"), "FIELD_MISSING",
		 "lines[1].household"},
		{POINTS(LINE("05001", "D101", "2026-02-30")), "FIELD_VALUE", "lines[0].day"},
		{POINTS("{\"household\":\"05001\",\"member\":1.5}"), "FIELD_VALUE",
		 "lines[0].member"},
		{POINTS("{\"household\":\"05001\",\"member\":100}"), "FIELD_VALUE",
		 "lines[0].member"},
		{POINTS("{\"household\":\"户\"}"), "FIELD_VALUE", "lines[0].household"},
		{POINTS("{\"household\":\"05001\",\"member\":0,\"item\":\"D101\",\"points\":3.0}"),
		 "FIELD_VALUE", "lines[0].points"},
	};

	node_open(false);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		WANT(post("/api/v1/records/points", table[i].body), 400);
		T_STR(at("code"), table[i].code);
		T_STR(at("field"), table[i].field);
		T_OK(at("message")[0] != '\0');
	}
	WANT(post("/api/v1/records/points",
		  "{\"as\":\"rec/" VILLAGE "\",\"passphrase\":\"wrong\",\"lines\":[{}]}"),
	     403);
	T_STR(at("code"), "PASSPHRASE");
	WANT(post("/api/v1/records/points", "{\"as\":\"nobody\",\"passphrase\":\"x\"}"), 403);
	T_STR(at("code"), "PERSON_UNKNOWN");
	WANT(post("/api/v1/records/nonsense", "{}"), 404);
	T_EQ(here.submits, 0);
	node_close();
}

static void test_a_trial_writes_nothing(void)
{
	uint64_t before;

	node_open(false);
	before = own_size();
	WANT(post("/api/v1/records/points", "{" SIGN("rec") ",\"dry_run\":true,\"lines\":[" LINE(
						    "05001", "D101", "2026-02-01") "]}"),
	     200);
	T_STR(at("dry_run"), "true");
	T_STR(at("entry"), "null");
	T_EQ(own_size(), before);
	node_close();
}

static void test_texts_follow_the_language(void)
{
	struct bytes body = town_b(POINTS(LINE("05001", "D101", "2019-02-01")));

	node_open(false);
	WANT(ask("POST", "/api/v1/records/points", body, true, LANG_ZH), 422);
	T_OK(strstr(at("verdict.text"), "清单") != NULL);
	WANT(ask("POST", "/api/v1/records/points", body, true, LANG_EN), 422);
	T_OK(strstr(at("verdict.text"), "catalogue") != NULL);
	node_close();
}

static void test_a_clerk_who_was_overtaken_is_sent_again(void)
{
	node_open(false);
	here.move_town = true;
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "D101", "2026-02-01"))), 200);
	T_STR(at("verdict.accepted"), "true");
	T_EQ(here.submits, 2);
	node_close();
}

T_MAIN(T(test_a_record_is_written_once), T(test_the_same_request_is_the_same_record_on_another_day),
       T(test_a_record_that_does_not_fit_is_not_written),
       T(test_points_get_version_and_value_from_the_catalogue, "R02"),
       T(test_a_redemption_gets_prices_points_and_time, "R68"),
       T(test_a_notice_says_the_days_of_the_scheme),
       T(test_the_same_redemption_is_one_on_another_day),
       T(test_digests_are_listed_with_the_entry_that_names_them),
       T(test_a_file_as_large_as_allowed_can_be_sent),
       T(test_what_is_not_on_the_price_list_is_refused),
       T(test_three_people_make_a_balance, "R26 R60"), T(test_complaints_say_where_and_why, "I4"),
       T(test_a_trial_writes_nothing), T(test_texts_follow_the_language),
       T(test_a_clerk_who_was_overtaken_is_sent_again))
