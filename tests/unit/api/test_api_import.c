/* Imports through the handlers: tried, written, gone on with, never twice. */
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

#define ROSTER_HEAD                                                                                                               \
	"户编号,组,户主,姓名,与户主关系,性别,身份证号,出生日期,户籍,居住起始日,两委同意日期," \
	"联系电话,是否参加,备注\n"
#define ROSTER                                                                                       \
	ROSTER_HEAD "06001,6,孟林强,孟林强,户主,男,,1958-10-08,本村,,,15663167431,是,\n" \
		    "06001,6,孟林强,孟山,次女,女,,1981-05-07,本村,,,,是,\n"               \
		    "06002,6,董大志,董大志,户主,男,,1970-12-22,本村,,,,是,\n"
#define SHEET_HEAD "发生日期,户编号,姓名,事项编码,事项,地点,事由,证明材料,材料编号,告知日期\n"
#define SHEET                                                                                      \
	SHEET_HEAD "2026-02-01,05001,,D101,,广场,村庄清洁日,照片,A-1,\n"                  \
		   "2026-02-02,05002,,A101,,村委会,村民会议,签到表,A-2,\n"               \
		   "2026-02-03,05001,王小明,C101,,村委会,志愿服务,照片,A-3,\n"
#define SHEET_SIGN                                                                                 \
	"{" SIGN("rec") ",\"review_as\":\"rev/" VILLAGE "\",\"review_passphrase\":\"" PASS         \
			"\",\"confirm_as\":\"con/" VILLAGE "\",\"confirm_passphrase\":\"" PASS     \
			"\"}\n"

static void test_a_roster_is_tried_and_then_written(void)
{
	static const char body[] = "{" SIGN("head") "}\n" ROSTER;
	uint64_t before;

	node_open(false);
	before = own_size();
	WANT(post("/api/v1/import/roster?dry_run=1", body), 200);
	ANSWERS({"ok", "true"}, {"done", "false"}, {"records", "2"});
	T_EQ(own_size(), before);
	WANT(post("/api/v1/import/roster",
		  "{" SIGN("head") ",\"consent_day\":\"2199-01-01\"}\n" ROSTER),
	     400);
	WANT(post("/api/v1/import/roster", body), 200);
	T_STR(at("done"), "true");
	T_STR(at("report.rows"), "3");
	T_EQ(own_size(), before + 2);
	WANT(get("/api/v1/households/06001"), 200);
	T_STR(at("people.1.name"), "孟山");
	WANT(get("/api/v1/accounts"), 200);
	T_STR(at("count"), "4");
	/* the same file again changes nothing */
	WANT(post("/api/v1/import/roster", body), 200);
	T_STR(at("known"), "2");
	T_STR(at("known_people"), "3");
	T_STR(at("records"), "0");
	T_STR(at("done"), "true");
	T_EQ(own_size(), before + 2);
	node_close();
}

static void test_a_trial_is_never_taken_for_the_deed(void)
{
	static const char body[] = "{" SIGN("head") "}\n" ROSTER;
	static const struct {
		const char *query;
		int status;
	} cases[] = {{"dry_run=true", 200},	   {"dry_run=yes", 200},
		     {"dry_run=1&accept=no", 200}, {"dry_run=on", 400},
		     {"dry_run=TRUE", 400},	   {"dry_run=", 400},
		     {"dry-run=1", 400},	   {"dryrun=1", 400},
		     {"accept=maybe", 400},	   {"dry_run=0&dry_run=1", 400}};
	char path[128];

	node_open(false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(path, sizeof(path), "/api/v1/import/roster?%s", cases[i].query);
		WANT(post(path, body), cases[i].status);
		T_EQ(here.submits, 0);
	}
	WANT(post("/api/v1/import/roster?dry_run=false&accept=0", body), 200);
	T_STR(at("done"), "true");
	node_close();
}

static void test_a_sheet_passes_three_people_at_once(void)
{
	static const char body[] = SHEET_SIGN SHEET;
	uint64_t before;

	node_open(false);
	before = own_size();
	WANT(post("/api/v1/import/entries?dry_run=1", body), 200);
	T_STR(at("problems"), "[0]");
	T_EQ(own_size(), before);
	WANT(post("/api/v1/import/entries", body), 200);
	T_STR(at("done"), "true");
	T_STR(at("records"), "3"); /* one sheet, one review, one confirmation */
	T_EQ(own_size(), before + 3);
	WANT(get("/api/v1/accounts"), 200);
	T_STR(at("items.0.balance"), "8.00");
	T_STR(at("items.1.balance"), "2.00");
	T_EQ(here.submits, 1); /* a stop leaves all three or none */
	WANT(post("/api/v1/import/entries", body), 200);
	ANSWERS({"records", "1"}, {"existing", "1"}, {"existing_confirmed", "1"});
	T_OK(strlen(at("existing_time")) > 10);
	T_STR(at("written"), "0");
	T_EQ(own_size(), before + 3);
	T_EQ(here.submits, 1);
	/* by somebody else it is another import, and no other content under an old ID */
	WANT(post("/api/v1/import/entries?dry_run=1",
		  "{" SIGN("rev") ",\"review_as\":\"rev/" VILLAGE "\",\"review_passphrase\":\"" PASS
				  "\",\"confirm_as\":\"con/" VILLAGE
				  "\",\"confirm_passphrase\":\"" PASS "\"}\n" SHEET),
	     422);
	T_STR(at("problems.0.rule"), "L05");
	T_OK(!strstr(answer_text, "accepted\":false,\"rule")); /* a key of verdicts alone */
	node_close();
}

/* Review and confirmation name the sheet by its sequence: when that became another's, they must not meet it. */
static void test_a_sheet_that_was_overtaken_is_planned_anew(void)
{
	uint64_t before;

	node_open(false);
	before = own_size();
	here.move_town = true;
	WANT(post("/api/v1/import/entries", SHEET_SIGN SHEET), 200);
	T_STR(at("done"), "true");
	T_STR(at("written"), "3");
	T_EQ(here.submits, 2);
	T_EQ(own_size(), before + 4);
	WANT(get("/api/v1/waiting"), 200);
	T_STR(at("items"), "[0]");
	WANT(get("/api/v1/accounts"), 200);
	T_STR(at("items.0.balance"), "8.00");
	node_close();
}

/* Part of a batch in the log, as a stop or a review by hand leaves it: the same import does the rest. */
static void test_an_import_goes_on_from_what_is_there(void)
{
	uint64_t before;
	char body[512];

	node_open(false);
	before = own_size();
	here.cut = 1;
	WANT(post("/api/v1/import/entries", SHEET_SIGN SHEET), 500);
	T_EQ(own_size(), before + 1);
	snprintf(body, sizeof(body),
		 "{" SIGN("rev") ",\"lines\":[{\"entry\":%" PRIu64
				 ",\"line\":1,\"decision\":\"agree\"},{\"entry\":%" PRIu64
				 ",\"line\":2,\"decision\":\"refuse\"}]}",
		 before, before);
	WANT(post("/api/v1/records/review", body), 200);
	WANT(post("/api/v1/import/entries?dry_run=1", SHEET_SIGN SHEET), 200);
	ANSWERS({"existing", "1"}, {"existing_refused_lines", "1"}, {"unfinished", "2"});
	WANT(post("/api/v1/import/entries", SHEET_SIGN SHEET), 200);
	T_STR(at("written"), "2");
	T_STR(at("unfinished"), "0");
	T_EQ(own_size(), before + 4);
	WANT(get("/api/v1/accounts"), 200);
	T_STR(at("items.0.balance"), "8.00");
	T_STR(at("items.1.balance"), "0.00"); /* its line was refused */
	node_close();
}

static void test_a_sheet_that_overlaps_another_needs_acceptance(void)
{
	static const char more[] =
		SHEET_SIGN SHEET "2026-02-04,05002,,D101,,广场,村庄清洁日,照片,A-4,\n";
	uint64_t before;

	node_open(false);
	WANT(post("/api/v1/import/entries", SHEET_SIGN SHEET), 200);
	before = own_size();
	WANT(post("/api/v1/import/entries?dry_run=1", more), 422);
	WANT(post("/api/v1/import/entries", more), 422);
	ANSWERS({"ok", "false"}, {"done", "false"}, {"problems", "[0]"}, {"doubts.0.rule", "P09"},
		{"doubts.0.row", "2"});
	T_OK(strtol(at("doubts_count"), NULL, 10) >= 3);
	T_EQ(own_size(), before);
	WANT(post("/api/v1/import/entries?accept=1", more), 200);
	T_STR(at("done"), "true");
	T_EQ(own_size(), before + 3);
	node_close();
}

/* Rows of D101 for two households, ten days in January each, in @body behind what a sheet begins with, and @more
 * behind them. */
#define LATE_ROWS 20
static void late_sheet(char *body, size_t cap, const char *more)
{
	size_t len = (size_t)snprintf(body, cap, "%s", SHEET_SIGN SHEET_HEAD);

	for (int i = 1; i <= LATE_ROWS; i++)
		len += (size_t)snprintf(body + len, cap - len,
					"2026-01-%02d,0500%d,,D101,,广场,村庄清洁日,照片,B-%d,\n",
					2 * (i > 10 ? i - 10 : i), i > 10 ? 1 : 2, i);
	len += (size_t)snprintf(body + len, cap - len, "%s", more);
	T_OK(len < cap);
}

/* More warnings than a verdict keeps: those of late lines do not hide a doubt, nor are they one. */
static void test_late_lines_alone_need_no_acceptance(void)
{
	char body[8192];

	node_open(false);
	late_sheet(body, sizeof(body), "");
	WANT(post("/api/v1/import/entries?dry_run=1", body), 200);
	T_STR(at("doubts_count"), "0");
	T_STR(at("warnings_count"), "20");
	node_close();
}

/* Every doubt has its row, however many warnings stand before it. */
static void test_every_doubt_is_listed_with_its_row(void)
{
	char body[8192];

	node_open(false);
	late_sheet(body, sizeof(body), "2026-01-20,05001,,D101,,村委会,村庄清洁日,照片,B-20,\n");
	WANT(post("/api/v1/import/entries?dry_run=1", body), 422);
	ANSWERS({"doubts_count", "1"}, {"doubts.0.row", "22"}, {"warnings", "[21]"});
	node_close();
}

/* The cap of D101 is 36.00, twelve times: the thirteenth row is one too many, seen only because the trial
 * of each entry sees those before it. */
static void test_one_bad_row_stops_the_whole_sheet(void)
{
	char body[4096];
	uint64_t before;
	size_t len;

	node_open(false);
	before = own_size();
	len = (size_t)snprintf(body, sizeof(body), "%s", SHEET_SIGN SHEET_HEAD);
	for (int i = 1; i <= 13; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len,
					"2026-02-%02d,05001,,D101,,广场,村庄清洁日,照片,B-%d,\n", i,
					i);
	WANT(post("/api/v1/import/entries?accept=1", body), 422);
	ANSWERS({"done", "false"}, {"problems.0.name", "P10_CAP"}, {"problems.0.row", "14"});
	/* in the sentence stands neither the row, which is beside it, nor the line of the entry */
	T_OK(strncmp(at("problems.0.text"), "item D101 has ", 14) == 0);
	T_EQ(own_size(), before);
	T_EQ(here.submits, 0);
	node_close();
}

/* Form, record, review and confirmation: whatever refuses a row, all rows are named in one run, and the trial says
 * what the deed says. */
static void test_every_refused_row_is_named_in_one_run(void)
{
	static const char body[] = SHEET_SIGN SHEET_HEAD
		"2026-02-01,05001,,D101,,广场,清洁,照片,A-1,\n"
		"2026-02-02,05001,,E101,,广场,清洁,照片,A-2,\n"	 /* 3: no such item: form */
		"2026-02-03,05001,,D101,,,清洁,照片,A-3,\n"	 /* 4: no place */
		"2026-02-04,05001,,D101,,广场,,照片,A-4,\n"	 /* 5: no reason */
		"2026-02-05,05001,,C101,,广场,清洁,照片,A-5,\n"; /* 6: an item of persons */
	static const char *const queries[] = {"?dry_run=1&accept=1", "?accept=1"};
	char path[128];

	node_open(false);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/api/v1/import/entries%s", queries[i]);
		WANT(post(path, body), 422);
		T_STR(at("report.errors"), "1");
		T_STR(at("report.issues.0.row"), "3");
		T_STR(at("problems_count"), "3");
		T_STR(at("problems.0.row"), "4");
		T_STR(at("problems.1.row"), "5");
		T_STR(at("problems.2.row"), "6");
		T_EQ(here.submits, 0);
	}
	node_close();
}

/* Two deductions of one sheet come too soon after the household was notified: the confirmation refuses each, under the
 * row of the file, and the third row of the other kind is no matter. */
static void test_a_refusal_at_confirmation_names_the_rows(void)
{
	static const char body[] =
		SHEET_SIGN SHEET_HEAD "2026-02-01,05001,,D101,,广场,清洁,照片,A-1,\n"
				      "\n"
				      "2026-02-02,05001,,D201,,房前,乱堆乱放,照片,A-2,2026-03-01\n"
				      "2026-02-03,05002,,D101,,广场,清洁,照片,A-3,\n"
				      "2026-02-03,05002,,D201,,房前,乱堆乱放,照片,A-4,2026-03-01\n"
				      "2026-02-03,05001,,D201,,屋后,乱堆乱放,照片,A-5,2026-02-04\n";

	node_open(false);
	WANT(post("/api/v1/import/entries?dry_run=1&accept=1", body), 422);
	T_STR(at("report.errors"), "0");
	T_STR(at("problems_count"), "2");
	T_STR(at("problems.0.name"), "P15_TOO_SOON");
	T_STR(at("problems.0.row"), "4");
	T_STR(at("problems.1.row"), "6");
	T_EQ(here.submits, 0);
	node_close();
}

static void test_a_file_with_errors_is_reported_by_row(void)
{
	node_open(false);
	WANT(post("/api/v1/import/entries",
		  SHEET_SIGN SHEET_HEAD "2026-02-30,05001,,D101,,广场,清洁,照片,A-1,\n"
					"2026-02-01,99999,,D101,,广场,清洁,照片,A-2,\n"),
	     422);
	ANSWERS({"ok", "false"}, {"report.importable", "false"}, {"report.errors", "2"},
		{"report.issues.0.row", "2"});
	T_OK(strlen(at("report.issues.0.text_en")) > 0);
	WANT(post("/api/v1/import/entries", SHEET_SIGN), 422);
	WANT(post("/api/v1/import/entries", "no json line"), 400);
	WANT(post("/api/v1/import/entries", "{}\n" SHEET), 400);
	WANT(post("/api/v1/import/other", "{}\n"), 404);
	T_EQ(here.submits, 0);
	node_close();
}

#define SHEET_FILES(digest)                                                                                   \
	"{" SIGN("rec") ",\"files\":{\"a.jpg\":\"" digest "\"},\"review_as\":\"rev/" VILLAGE                  \
			"\",\"review_passphrase\":\"" PASS "\",\"confirm_as\":\"con/" VILLAGE                 \
			"\",\"confirm_passphrase\":\"" PASS                                                   \
			"\"}\n户编号,姓名,事项编码,发生日期,地点,事由,证明材料,附件\n" \
			"05001,,D101,2026-02-01,广场,月检," TOWN_EVIDENCE ",a.jpg\n"

static void test_a_sheet_whose_photo_was_changed_is_not_booked_again(void)
{
	uint64_t before;

	node_open(false);
	WANT(post("/api/v1/import/entries", SHEET_FILES(DIGEST("ab"))), 200);
	before = own_size();
	WANT(post("/api/v1/import/entries?accept=1", SHEET_FILES(DIGEST("cd"))), 422);
	T_STR(at("problems.0.rule"), "L02");
	T_EQ(own_size(), before);
	WANT(post("/api/v1/import/entries", SHEET_FILES(DIGEST("ab"))), 200);
	T_STR(at("existing"), "1");
	node_close();
}

/* Whoever signs three times is refused for all of it. */
static void test_the_import_is_no_way_around_the_rules(void)
{
	uint64_t before;

	node_open(false);
	before = own_size();
	WANT(post("/api/v1/import/entries",
		  "{" SIGN("rec") ",\"review_as\":\"rec/" VILLAGE "\",\"review_passphrase\":\"" PASS
				  "\",\"confirm_as\":\"con/" VILLAGE
				  "\",\"confirm_passphrase\":\"" PASS "\"}\n" SHEET),
	     422);
	T_STR(at("problems.0.rule"), "L05");
	T_EQ(own_size(), before);
	node_close();
}

/* Many records: more than one batch for the writer. */
static void test_a_large_roster_is_written_in_batches(void)
{
	struct buf body = {0};
	uint64_t before;

	node_open(false);
	before = own_size();
	buf_puts(&body, "{" SIGN("head") "}\n" ROSTER_HEAD);
	for (int i = 0; i < WRITER_BATCH_MAX + 1; i++)
		buf_printf(&body, "1%04d,1,户%d,户%d,户主,男,,1970-12-22,本村,,,,是,\n", i, i, i);
	WANT(post("/api/v1/import/roster?accept=1", buf_str(&body)), 200);
	T_STR(at("done"), "true");
	T_STR(at("records"), "4097");
	T_EQ(here.submits, 2);
	T_EQ(own_size(), before + WRITER_BATCH_MAX + 1);
	buf_close(&body);
	node_close();
}

static void test_a_catalogue_gets_the_next_version(void)
{
	static const char body[] =
		"{\"as\":\"office\",\"passphrase\":\"" PASS
		"\",\"title\":\"新清单\",\"from\":\"2026-01-01\"}\n"
		"code,category,sign,name_zh,name_en,points,unit,cap_per_year,scope,evidence\n"
		"A101,爱党爱国,1,参加村民会议,Attend an "
		"assembly,2,event,24,household,签到表;会议记录\n"
		"D201,人居环境,-1,乱倒垃圾,Dumping,2,event,20,household,照片\n";
	char other[1024];
	uint64_t before;

	node_open(true);
	before = own_size();
	WANT(post("/api/v1/import/catalogue?accept=1", body), 200);
	T_STR(at("version"), "2");
	T_EQ(own_size(), before + 1);
	WANT(get("/api/v1/catalogue"), 200);
	ANSWERS({"title", "新清单"}, {"items", "[2]"}, {"items.1.sign", "deduct"});
	/* the same again, on a later day, is what is there; with another title it is the next */
	here.w.wall_ms += UINT64_C(86400000);
	WANT(post("/api/v1/import/catalogue?accept=1", body), 200);
	T_STR(at("version"), "2");
	T_STR(at("existing"), "1");
	T_OK(strlen(at("existing_time")) > 10);
	T_EQ(own_size(), before + 1);
	snprintf(other, sizeof(other), "%s", body);
	memcpy(strstr(other, "新清单"), "旧清单", strlen("旧清单"));
	WANT(post("/api/v1/import/catalogue?accept=1", other), 200);
	T_STR(at("version"), "3");
	T_STR(at("existing"), "0");
	node_close();
}

T_MAIN(T(test_a_roster_is_tried_and_then_written), T(test_a_trial_is_never_taken_for_the_deed),
       T(test_a_sheet_passes_three_people_at_once, "R08 R27"),
       T(test_a_sheet_that_was_overtaken_is_planned_anew),
       T(test_an_import_goes_on_from_what_is_there),
       T(test_a_sheet_that_overlaps_another_needs_acceptance),
       T(test_late_lines_alone_need_no_acceptance, "R36"),
       T(test_every_doubt_is_listed_with_its_row), T(test_one_bad_row_stops_the_whole_sheet, "R35"),
       T(test_every_refused_row_is_named_in_one_run),
       T(test_a_refusal_at_confirmation_names_the_rows),
       T(test_a_file_with_errors_is_reported_by_row),
       T(test_a_sheet_whose_photo_was_changed_is_not_booked_again),
       T(test_the_import_is_no_way_around_the_rules, "R60"),
       T(test_a_large_roster_is_written_in_batches),
       T(test_a_catalogue_gets_the_next_version, "R04"))
