/* What a clerk hears with a write, whatever it is about: the clock, what is shut out by a close, what is still missing. */
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

#define TRAINING(more)                                                                             \
	"{" SIGN("head") more ",\"record\":{\"day\":\"2025-12-20\",\"topic\":\"录入操作\","    \
			      "\"trainer\":\"镇办\",\"attendance\":2}}"

static void test_a_clock_that_went_back_is_said_before_signing(void)
{
	uint64_t before;

	node_open(false);
	WANT(post("/api/v1/records/training", TRAINING("")), 200);
	T_STR(at("warnings_count"), "0");
	before = own_size();
	here.w.wall_ms -= 60 * UINT64_C(86400000);
	WANT(post("/api/v1/records/training", TRAINING(",\"ask\":\"consent\"")), 200);
	T_STR(at("asked"), "true");
	T_STR(at("warnings.0.name"), "CLOCK_BACK");
	T_OK(strstr(at("warnings.0.text"), "60 days before"));
	T_EQ(own_size(), before);
	WANT(post("/api/v1/records/training", TRAINING("")), 200);
	T_STR(at("asked"), "false");
	T_STR(at("warnings.0.name"), "CLOCK_BACK");
	T_EQ(own_size(), before + 1);
	node_close();
}

static void test_a_clock_far_ahead_is_said_before_signing(void)
{
	node_open(false);
	here.w.wall_ms = town_noon(town_day(2046, 2, 1));
	WANT(post("/api/v1/records/training", TRAINING(",\"ask\":\"consent\"")), 200);
	T_STR(at("asked"), "true");
	T_STR(at("warnings.0.name"), "CLOCK_AHEAD");
	WANT(get("/api/v1/status"), 200);
	T_STR(at("missing.0.what"), "clock");
	node_close();
}

/* Every way to sign something asks alike, and makes nothing before: no key, no invitation. */
static void test_every_way_that_signs_asks_about_the_clock(void)
{
	static const char roster[] =
		"{" SIGN("head") "}\n户编号,姓名,与户主关系,是否参加\n06001,孟林强,户主,是\n";
	static const char person[] = "{\"name\":\"钱记录\",\"passphrase\":\"" PASS
				     "\",\"role\":\"reviewer\",\"as\":\"" HERE
				     "\",\"as_passphrase\":\"" PASS "\",\"ask\":\"consent\"}";
	uint64_t before;

	node_open(false);
	here.w.wall_ms += 400 * UINT64_C(86400000);
	before = own_size();
	WANT(post("/api/v1/import/roster?dry_run=1", roster), 422);
	T_STR(at("doubts.0.name"), "CLOCK_AHEAD");
	WANT(post("/api/v1/import/roster", roster), 422);
	T_STR(at("doubts_count"), "1");
	WANT(post("/api/v1/people", person), 200);
	ANSWERS({"asked", "true"}, {"created", "false"}, {"warnings.0.name", "CLOCK_AHEAD"});
	T_EQ(keys_made(), 0);
	T_EQ(own_size(), before);
	WANT(post("/api/v1/import/roster?accept=1", roster), 200);
	T_STR(at("done"), "true");
	T_EQ(own_size(), before + 1);
	/* the day is taken now; the same file writes nothing, so there is nothing to doubt */
	here.w.wall_ms -= 30 * UINT64_C(86400000);
	WANT(post("/api/v1/import/roster", roster), 200);
	T_STR(at("doubts_count"), "0");
	WANT(post("/api/v1/people", person), 200);
	ANSWERS({"asked", "true"}, {"warnings.0.name", "CLOCK_BACK"});
	here.w.wall_ms += 30 * UINT64_C(86400000);
	WANT(post("/api/v1/people", person), 200);
	ANSWERS({"asked", "false"}, {"created", "true"});
	T_EQ(keys_made(), 1);
	node_close();
}

static void test_an_invitation_asks_about_the_clock(void)
{
	static const char body[] =
		"{\"village_code\":\"500101999209\",\"village_name\":\"石岩村\","
		"\"as\":\"office\",\"passphrase\":\"" PASS "\",\"ask\":\"consent\"}";
	uint64_t before;

	node_open(true);
	before = own_size();
	here.w.wall_ms += 400 * UINT64_C(86400000);
	WANT(post("/api/v1/invitations", body), 200);
	ANSWERS({"asked", "true"}, {"file", ""}, {"warnings.0.name", "CLOCK_AHEAD"});
	T_EQ(own_size(), before);
	here.w.wall_ms -= 400 * UINT64_C(86400000);
	WANT(post("/api/v1/invitations", body), 200);
	T_OK(at("file")[0]);
	T_EQ(own_size(), before + 1);
	node_close();
}

static void appraise(const char *title)
{
	char body[512];

	snprintf(body, sizeof(body),
		 "{" SIGN("head") ",\"record\":{\"year\":2025,\"title\":\"%s\",\"basis\":"
				  "\"年度积分\","
				  "\"day\":\"2026-02-01\"},\"lines\":[{\"rank\":1,"
				  "\"household\":\"05001\",\"member\":1,\"score\":\"0\"}]}",
		 title);
	WANT(post("/api/v1/records/appraisal", body), 200);
}

#define CLOSE(more) "{" SIGN("head") more ",\"record\":{\"year\":2025}}"

static void test_the_close_of_a_year_names_what_it_shuts_out(void)
{
	char body[256];
	uint64_t first;

	node_open(false);
	appraise("道德模范");
	first = own_size() - 1;
	appraise("最美庭院");
	snprintf(body, sizeof(body),
		 "{" SIGN("con") ",\"record\":{\"entry\":%" PRIu64 ",\"decision\":\"agree\"}}",
		 first);
	WANT(post("/api/v1/records/appraisal_confirm", body), 200);
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "D101", "2025-12-20"))), 200);
	WANT(post("/api/v1/records/points", POINTS(LINE("05002", "D101", "2026-01-05"))), 200);
	first = own_size();
	WANT(post("/api/v1/records/year_close", CLOSE(",\"ask\":\"consent\"")), 200);
	T_STR(at("asked"), "true");
	T_STR(at("warnings_count"), "2");
	T_STR(at("warnings.0.name"), "YEAR_APPRAISAL_WAITS");
	T_OK(strstr(at("warnings.0.text"), "最美庭院"));
	T_STR(at("warnings.1.name"), "YEAR_LINE_WAITS");
	T_OK(strstr(at("warnings.1.text"), "05001"));
	T_OK(strstr(at("warnings.1.text"), "2025-12-20"));
	T_EQ(own_size(), first);
	/* who does not ask is told all the same */
	WANT(post("/api/v1/records/year_close", CLOSE("")), 200);
	T_STR(at("warnings_count"), "2");
	T_EQ(own_size(), first + 1);
	node_close();
}

static void test_what_is_missing_is_said_after_every_write(void)
{
	node_open(false);
	WANT(post("/api/v1/records/training", TRAINING("")), 200);
	T_STR(at("missing.0.what"), "village plan");
	T_STR(at("missing.1.what"), "reward scheme");
	T_STR(at("missing.0.due"), "2026-03-31");
	WANT(get("/api/v1/status"), 200);
	T_STR(at("missing.0.what"), "village plan");
	T_EQ(ask("GET", "/api/v1/status", (struct bytes){0}, false, LANG_EN), 200);
	T_STR(at("missing.0.what"), ""); /* not for those far away */
	node_close();
}

static void step(const char *type, const char *who, uint64_t entry, int status)
{
	char body[256], path[64];

	snprintf(path, sizeof(path), "/api/v1/records/%s", type);
	snprintf(body, sizeof(body),
		 "{\"as\":\"%s/" VILLAGE "\",\"passphrase\":\"" PASS
		 "\",\"lines\":[{\"entry\":%" PRIu64 ",\"line\":0,\"decision\":\"agree\"}]}",
		 who, entry);
	WANT(post(path, body), status);
}

/* Who, what, how much, the balance, and what is to be done now. */
static void test_a_write_is_answered_in_words(void)
{
	char want[64];
	uint64_t entry;

	node_open(false);
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "D101", "2026-02-01"))), 200);
	entry = own_size() - 1;
	T_OK(strstr(at("summary"), "05001") && strstr(at("summary"), "D101"));
	T_OK(strstr(at("summary"), "+3.00"));
	snprintf(want, sizeof(want), "entry review %" PRIu64, entry);
	T_OK(strstr(at("next"), want));
	step("review", "rev", entry, 200);
	snprintf(want, sizeof(want), "entry confirm %" PRIu64, entry);
	T_OK(strstr(at("next"), want));
	step("confirm", "con", entry, 200);
	T_OK(strstr(at("summary"), "+3.00") && strstr(at("summary"), "balance 3.00"));
	T_STR(at("next"), "");
	node_close();
}

static void post_named(const char *household, const char *member, int status)
{
	char body[512];

	snprintf(body, sizeof(body),
		 "{" SIGN("rec") ",\"lines\":[{\"household\":\"%s\",\"member\":\"%s\","
				 "\"item\":\"C101\",\"day\":\"2026-02-01\",\"place\":\"广场\","
				 "\"reason\":\"村庄清洁日\",\"evidence\":\"" TOWN_EVIDENCE "\"}]}",
		 household, member);
	WANT(post("/api/v1/records/points", body), status);
}

static void change(const char *member, const char *kind, int status)
{
	char body[320];

	snprintf(body, sizeof(body),
		 "{" SIGN("rec") ",\"record\":{\"household\":\"05001\",\"member\":\"%s\","
				 "\"kind\":\"%s\",\"day\":\"2026-02-14\"}}",
		 member, kind);
	WANT(post("/api/v1/records/roster_change", body), status);
}

/* Who, what and when; and whoever is named afterwards is told to be gone. */
static void test_a_change_of_the_roster_is_answered_in_words(void)
{
	node_open(false);
	change("2", "left", 200);
	T_OK(strstr(at("summary"), "05001") && strstr(at("summary"), "王小明"));
	T_OK(strstr(at("summary"), "left") && strstr(at("summary"), "2026-02-14"));
	change("王小明", "away", 400);
	T_OK(strstr(at("message"), "left on 2026-02-14"));
	node_close();
}

static void test_what_waits_names_its_people(void)
{
	node_open(false);
	post_named("05001", "2", 200);
	WANT(get("/api/v1/waiting?state=recorded"), 200);
	T_STR(at("items.0.lines.0.name"), "王小明");
	T_STR(at("items.0.lines.0.member"), "2");
	node_close();
}

static void test_an_upheld_objection_leaves_a_reversal_to_do(void)
{
	struct rec_objection o = {.line = 1,
				  .household = town_b("05001"),
				  .day = town_day(2026, 2, 20),
				  .text = town_b("当天我家没有人在村里")};
	char body[320], want[64];
	uint64_t entry, objection;

	node_open(false);
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "D101", "2026-02-01"))), 200);
	o.entry = entry = own_size() - 1;
	step("review", "rev", entry, 200);
	step("confirm", "con", entry, 200);
	objection = put_here("rec/" VILLAGE, REC_objection, &o, NULL, 0);
	snprintf(body, sizeof(body),
		 "{" SIGN("head") ",\"record\":{\"objection\":%" PRIu64
				  ",\"ruling\":\"upheld\",\"day\":\"2026-03-01\",\"text\":"
				  "\"查证属实确有错误\"}}",
		 objection);
	WANT(post("/api/v1/records/objection_reply", body), 200);
	snprintf(want, sizeof(want), "entry reverse %" PRIu64 " --line 1", entry);
	T_OK(strstr(at("next"), want));
	/* and whoever confirms once more is told so, too */
	step("confirm", "con", entry, 422);
	T_OK(strstr(at("next"), want));
	node_close();
}

static void test_a_member_is_named_by_name(void)
{
	node_open(false);
	post_named("05001", "王小明", 200);
	T_OK(strstr(at("summary"), "王小明"));
	post_named("05001", "2", 200);
	T_OK(strstr(at("summary"), "王小明"));
	post_named("05001", "王　⼩明", 200); /* as it looks */
	T_OK(strstr(at("summary"), "王小明"));
	post_named("05001", "王中明", 400);
	T_STR(at("code"), "FIELD_VALUE");
	T_STR(at("field"), "member");
	T_OK(strstr(at("hint"), "王小明 2"));
	post_named("09999", "王小明", 422);
	T_STR(at("verdict.name"), "HOUSEHOLD_UNKNOWN");
	node_close();
}

/* The household of somebody of that name. */
static void test_a_household_is_found_by_a_name(void)
{
	node_open(false);
	WANT(get("/api/v1/accounts?all=1&name=王小明"), 200);
	ANSWERS({"count", "1"}, {"items.0.household", "05001"});
	WANT(get("/api/v1/accounts?all=1&name=王⼩明"), 200);
	T_STR(at("count"), "1");
	WANT(get("/api/v1/accounts?all=1&name=王"), 200);
	T_STR(at("count"), "0");
	node_close();
}

static void test_the_only_line_of_an_entry_need_not_be_named(void)
{
	char body[256], want[320];
	uint64_t one, two;

	node_open(false);
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "D101", "2026-02-01"))), 200);
	one = own_size() - 1;
	WANT(post("/api/v1/records/points", POINTS(LINE("05001", "A101", "2026-02-01") "," LINE(
						    "05002", "A101", "2026-02-01"))),
	     200);
	two = own_size() - 1;
	step("review", "rev", one, 200);
	step("confirm", "con", one, 200);
	snprintf(body, sizeof(body),
		 "{" SIGN("con") ",\"record\":{\"entry\":%" PRIu64
				 ",\"reason\":\"户号录错了一位\"}}",
		 two);
	/* of a type with fields of other kinds, too */
	snprintf(want, sizeof(want),
		 "{" SIGN("rec") ",\"record\":{\"entry\":%" PRIu64
				 ",\"household\":\"05001\",\"via\":\"oral\","
				 "\"day\":\"2026-02-02\",\"text\":\"当天没有来检查\"}}",
		 one);
	WANT(post("/api/v1/records/objection", want), 200);
	WANT(get("/api/v1/registers/objection"), 200);
	T_STR(at("items.0.record.line"), "1");
	WANT(post("/api/v1/records/reversal", body), 422);
	ANSWERS({"verdict.name", "LINE_WHICH"}, {"exists", "false"});
	snprintf(body, sizeof(body),
		 "{" SIGN("con") ",\"record\":{\"entry\":%" PRIu64
				 ",\"reason\":\"户号录错了一位\"}}",
		 one);
	WANT(post("/api/v1/records/reversal", body), 200);
	WANT(get("/api/v1/registers/reversal"), 200);
	T_STR(at("items.0.record.line"), "1");
	snprintf(body, sizeof(body),
		 "{" SIGN("con") ",\"record\":{\"entry\":%" PRIu64
				 ",\"reason\":\"户号录错了一位\"}}",
		 own_size() + 9);
	WANT(post("/api/v1/records/reversal", body), 422);
	T_STR(at("verdict.name"), "TARGET_UNKNOWN");
	node_close();
}

T_MAIN(T(test_a_clock_that_went_back_is_said_before_signing),
       T(test_a_clock_far_ahead_is_said_before_signing),
       T(test_every_way_that_signs_asks_about_the_clock),
       T(test_an_invitation_asks_about_the_clock),
       T(test_the_close_of_a_year_names_what_it_shuts_out, "R47 R54"),
       T(test_what_is_missing_is_said_after_every_write, "R15 R45"),
       T(test_a_write_is_answered_in_words, "R08"),
       T(test_a_change_of_the_roster_is_answered_in_words), T(test_what_waits_names_its_people),
       T(test_an_upheld_objection_leaves_a_reversal_to_do, "R09"),
       T(test_a_member_is_named_by_name, "R08"), T(test_a_household_is_found_by_a_name, "R08"),
       T(test_the_only_line_of_an_entry_need_not_be_named, "R09"))
