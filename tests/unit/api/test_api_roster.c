/* Next year's roster is an update: what is there is passed over, what differs is shown and asked for, what is new comes
 * in. */
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

#define HEAD                                                                                                                    \
	"{" SIGN("head") "}\n"                                                                                                  \
			 "户编号,组,户主,姓名,与户主关系,性别,身份证号,出生日期,户籍,居住起始日," \
			 "两委同意日期,"                                                                                  \
			 "联系电话,是否参加,备注\n"
#define ONE   "06001,6,孟林强,孟林强,户主,男,,1958-10-08,本村,,,15663167431,是,\n"
#define TWO   "06001,6,孟林强,孟山,次女,女,,1981-05-07,本村,,,,是,\n"
#define THREE "06002,6,董大志,董大志,户主,男,,1970-12-22,本村,,,,是,\n"

static const char *issue_of(const char *code)
{
	static char path[80];

	for (int i = 0; i < 60; i++) {
		snprintf(path, sizeof(path), "report.issues.%d.code", i);
		if (strcmp(at(path), code) == 0) {
			snprintf(path, sizeof(path), "report.issues.%d.text_zh", i);
			return at(path);
		}
	}
	t_fail(__FILE__, __LINE__, "no %s in %.3000s", code, answer_text);
}

static uint64_t first_year(void)
{
	node_open(false);
	WANT(post("/api/v1/import/roster", HEAD ONE TWO THREE), 200);
	T_STR(at("written"), "2");
	return own_size();
}

static void test_what_is_registered_is_passed_over_and_the_new_comes_in(void)
{
	uint64_t before = first_year();

	WANT(post("/api/v1/import/roster?dry_run=1",
		  HEAD ONE TWO THREE "06003,6,李新,李新,户主,男,,1971-01-01,本村,,,,是,\n"),
	     200);
	T_STR(at("records"), "1");
	WANT(post("/api/v1/import/roster",
		  HEAD ONE TWO THREE "06003,6,李新,李新,户主,男,,1971-01-01,本村,,,,是,\n"),
	     200);
	T_STR(at("known"), "2");
	T_STR(at("written"), "1");
	T_OK(strstr(issue_of("KNOWN"), "2 户"));
	T_EQ(own_size(), before + 1);
	/* also when its columns are left empty, and a name is typed in another way */
	WANT(post("/api/v1/import/roster", HEAD
		  "06001,,孟林强,孟 林强,户主,,,,,,,,是,\n06001,,孟林强,孟山,次女,,,,,,,,是,\n"),
	     200);
	T_STR(at("known"), "1");
	T_STR(at("records"), "0");
	node_close();
}

static void test_what_differs_is_asked_for_and_becomes_records(void)
{
	static const char next[] =
		HEAD "06001,7,孟林墙,孟林墙,户主,男,,1958-10-08,本村,,,15663167432,是,\n"
		     "06001,7,孟林墙,孟山,长女,女,,1981-05-08,本村,,,,是,\n" THREE;
	uint64_t before = first_year();

	WANT(post("/api/v1/import/roster", next), 422);
	T_STR(at("report.warnings"), "5"); /* group, name, phone, relation, birth */
	T_OK(strstr(issue_of("FACT_DIFFERS"), "登记的是"));
	T_EQ(own_size(), before);
	WANT(post("/api/v1/import/roster?accept=1", next), 200);
	T_STR(at("corrections"), "3"); /* of the household and two people */
	T_STR(at("known"), "1");
	T_EQ(own_size(), before + 3);
	WANT(get("/api/v1/households/06001"), 200);
	T_STR(at("head_name"), "孟林墙");
	T_STR(at("group"), "7");
	T_STR(at("people.1.relation"), "长女");
	T_STR(at("people.1.birth"), "1981-05-08");
	WANT(post("/api/v1/import/roster?accept=1", next), 200);
	T_STR(at("records"), "0");
	/* and back again is another correction, not the old one */
	WANT(post("/api/v1/import/roster?accept=1", HEAD ONE TWO THREE), 200);
	T_STR(at("written"), "3");
	WANT(post("/api/v1/import/roster?accept=1", next), 200);
	T_STR(at("written"), "3");
	node_close();
}

/* All that is to be mended or looked at is named at once. */
static void test_a_household_with_an_error_is_compared_all_the_same(void)
{
	uint64_t before = first_year();

	WANT(post("/api/v1/import/roster?accept=1",
		  HEAD "06001,6,孟林强,孟林强,户主,男,,1958-10-08,本村,,,15663167432,是,\n"
		       "06001,6,孟林强,孟山,次女,女,,1981-13-07,本村,,,,是,\n"
		       "06001,6,孟林强,孟水,三女,女,,1983-05-07,本村,,,,是,\n" THREE),
	     422);
	T_STR(at("report.errors"), "1");
	T_OK(strstr(issue_of("FACT_DIFFERS"), "156***31"));
	T_OK(strstr(issue_of("MEMBER_NEW"), "06001"));
	T_STR(at("corrections"), "0");
	T_STR(at("joins"), "0");
	T_STR(at("problems_count"), "0");
	T_EQ(own_size(), before);
	node_close();
}

static void test_a_new_wife_joins_and_who_is_missing_stays(void)
{
	uint64_t before = first_year();

	WANT(post("/api/v1/import/roster",
		  HEAD THREE "06002,6,董大志,刘桂芳,配偶,女,,1970-06-11,本村,,,,是,\n"),
	     200);
	T_STR(at("joins"), "1");
	T_OK(strstr(issue_of("MEMBER_NEW"), "06002"));
	T_EQ(own_size(), before + 1);
	WANT(get("/api/v1/households/06002"), 200);
	T_STR(at("people.1.name"), "刘桂芳");
	T_STR(at("people.1.member"), "2");
	WANT(post("/api/v1/import/roster", HEAD ONE), 200);
	T_OK(strstr(issue_of("MEMBER_MISSING"), "成员 2"));
	T_EQ(own_size(), before + 1);
	node_close();
}

static void test_nobody_is_registered_twice(void)
{
	uint64_t before = first_year();

	WANT(post("/api/v1/import/roster?accept=1",
		  HEAD "06009,6,孟·山,孟·山,户主,女,,1981-05-07,本村,,,,是,\n"
		       "06009,6,孟·山,孟山,长女,女,,1981-05-07,本村,,,,是,\n"),
	     422);
	T_OK(strstr(issue_of("PERSON_ELSEWHERE"), "户 06001 成员 2"));
	/* also who moves into a household that is there */
	WANT(post("/api/v1/import/roster?accept=1",
		  HEAD THREE "06002,6,董大志,孟山,配偶,女,,1981-05-07,本村,,,,是,\n"),
	     422);
	issue_of("PERSON_ELSEWHERE");
	WANT(post("/api/v1/import/roster?accept=1",
		  HEAD "06010,6,李新,李新,户主,男,,1971-01-01,本村,,,,是,\n"
		       "06011,6,李新,李新,户主,男,,1971-01-01,本村,,,,是,\n"),
	     422);
	T_OK(strstr(issue_of("PERSON_TWICE"), "第 2 行"));
	/* a namesake of another age is another person */
	WANT(post("/api/v1/import/roster",
		  HEAD "06012,6,孟山,孟山,户主,女,,1991-05-07,本村,,,,是,\n"),
	     200);
	T_EQ(own_size(), before + 1);
	node_close();
}

#define HOME(number, lines)                                                                        \
	"{" SIGN("head") ",\"record\":{\"household\":\"" number                                    \
			 "\",\"group\":\"6\",\"takes_part\":\"是\"},\"lines\":[" lines "]}"
#define PERSON(number, name, birth, tail)                                                          \
	"{\"member\":" number ",\"name\":\"" name                                                  \
	"\",\"relation\":\"户主\",\"sex\":\"女\",\"hukou\":\"本村\",\"birth\":\"" birth            \
	"\",\"id_tail\":\"" tail "\"}"

#define JOIN(number, member)                                                                       \
	"{" SIGN("head") ",\"id\":\"0123456789abcdef0123456789abcdef\",\"record\":{\"household\":" \
			 "\"" number "\",\"kind\":\"婚入\","                                     \
			 "\"day\":\"2025-01-10\",\"member\":" member                               \
			 ",\"name\":\"孟山\",\"relation\":\"配偶\",\"sex\":\"女\","           \
			 "\"hukou\":\"本村\",\"birth\":\"1981-05-07\",\"id_tail\":\"418x\"}}"

/* A record by hand is told what the import is told. */
static void test_nobody_is_registered_twice_by_hand(void)
{
	static const char home[] = HOME("06009", PERSON("1", "李新", "1971-01-01", "") "," PERSON(
							 "2", "孟　山", "1981-05-07", "418x"));
	uint64_t before = first_year();

	WANT(post("/api/v1/records/household", home), 422);
	T_STR(at("verdict.name"), "PERSON_ELSEWHERE");
	T_STR(at("verdict.line"), "2");
	T_OK(strstr(at("verdict.text"), "household 06001, member 2"));
	WANT(post("/api/v1/records/member_join", JOIN("06002", "2")), 422);
	T_STR(at("verdict.name"), "PERSON_ELSEWHERE");
	WANT(post("/api/v1/records/household", HOME("6001", PERSON("1", "李新", "1971-01-01", ""))),
	     422);
	T_STR(at("verdict.name"), "HOUSEHOLD_ZEROS");
	T_OK(strstr(at("verdict.text"), "06001"));
	T_EQ(own_size(), before);
	/* nor in one household */
	WANT(post("/api/v1/records/household",
		  HOME("06009", PERSON("1", "李新", "1971-01-01",
				       "") "," PERSON("2", "李 新", "1971-01-01", ""))),
	     422);
	T_STR(at("verdict.line"), "2");
	T_OK(strstr(at("verdict.text"), "household 06009, member 1"));
	WANT(post("/api/v1/records/member_join", JOIN("06001", "3")), 422);
	T_OK(strstr(at("verdict.text"), "household 06001, member 2"));
	T_EQ(own_size(), before);
	/* of two people with one name and birth both identity numbers are known */
	WANT(post("/api/v1/records/person_correction",
		  "{" SIGN("head") ",\"record\":{\"household\":\"06001\",\"member\":2,\"id_tail\":"
				   "\"4180\",\"reason\":\"补登\"}}"),
	     200);
	WANT(post("/api/v1/records/member_join", JOIN("06002", "2")), 200);
	T_EQ(own_size(), before + 2);
	/* sent again it is the same record */
	WANT(post("/api/v1/records/member_join", JOIN("06002", "2")), 200);
	T_STR(at("exists"), "true");
	T_EQ(own_size(), before + 2);
	node_close();
}

static void test_zeros_in_front_make_no_other_household(void)
{
	uint64_t before = first_year();

	WANT(post("/api/v1/import/roster?accept=1",
		  HEAD "6001,6,李新,李新,户主,男,,1971-01-01,本村,,,,是,\n"),
	     422);
	T_OK(strstr(issue_of("ZEROS_LEDGER"), "06001"));
	T_EQ(own_size(), before);
	/* with its own head it is the household that is registered, and its new member joins it */
	WANT(post("/api/v1/import/roster",
		  HEAD "6002,6,董大志,董大志,户主,男,,1970-12-22,本村,,,,是,\n"),
	     200);
	T_OK(strstr(issue_of("ZEROS_LOST"), "06002"));
	T_STR(at("known_people"), "1");
	T_EQ(own_size(), before);
	node_close();
}

static void test_a_column_that_lost_its_zeros_is_asked_about(void)
{
	uint64_t before = first_year();
	static const char body[] = HEAD "7001,7,周一,周一,户主,男,,1971-01-01,本村,,,,是,\n"
					"7002,7,周二,周二,户主,男,,1972-01-01,本村,,,,是,\n";

	WANT(post("/api/v1/import/roster", body), 422);
	T_OK(strstr(issue_of("ZEROS_ALL"), "2 个户编号不足 5 位"));
	T_OK(strstr(issue_of("ZEROS_ALL"), "7001 应为 07001"));
	T_EQ(own_size(), before);
	WANT(post("/api/v1/import/roster?accept=1", body), 200);
	T_EQ(own_size(), before + 2);
	/* now that some have four, one more is not remarkable */
	WANT(post("/api/v1/import/roster",
		  HEAD "7003,7,周三,周三,户主,男,,1973-01-01,本村,,,,是,\n"),
	     200);
	node_close();
}

static void test_households_that_a_roster_lacks_are_counted(void)
{
	static const char body[] = HEAD "06002,6,董大志,董大志,户主,男,,1970-12-22,本村,,,,是,\n";

	(void)first_year();
	WANT(post("/api/v1/import/roster", body), 200);
	T_OK(strstr(issue_of("HOMES_MISSING"), "05001, 05002, 06001"));
	node_close();
}

static void test_what_a_roster_does_not_change_is_said(void)
{
	uint64_t before = first_year();
	static const char body[] = HEAD "06002,6,董大志,董大志,户主,男,,1970-12-22,本村,,,,否,\n";

	WANT(post("/api/v1/import/roster", body), 422);
	T_OK(strstr(issue_of("FACT_RECORD"), "record consent"));
	WANT(post("/api/v1/import/roster?accept=1", body), 200);
	T_EQ(own_size(), before);
	WANT(get("/api/v1/households/06002"), 200);
	T_STR(at("takes_part"), "true");
	node_close();
}

static void test_who_died_is_not_registered_again(void)
{
	struct rec_roster_change gone = {.household = {(const uint8_t *)"06001", 5},
					 .member = 2,
					 .kind = LEAVE_death,
					 .day = 20500};
	uint64_t before = first_year();

	put_here("head/" VILLAGE, REC_roster_change, &gone, NULL, 0);
	WANT(post("/api/v1/import/roster", HEAD ONE TWO), 422);
	T_OK(strstr(issue_of("MEMBER_GONE"), "成员 2"));
	WANT(post("/api/v1/import/roster?accept=1", HEAD ONE TWO), 200);
	T_EQ(own_size(), before + 1);
	node_close();
}

/* Whom a record made the head is not deposed by last year's file, nor in silence. */
static void test_another_head_is_said(void)
{
	struct rec_roster_change head = {.household = {(const uint8_t *)"06001", 5},
					 .member = 2,
					 .kind = LEAVE_head,
					 .day = 20500};
	uint64_t before = first_year();

	put_here("head/" VILLAGE, REC_roster_change, &head, NULL, 0);
	WANT(post("/api/v1/import/roster", HEAD ONE TWO), 422);
	T_OK(strstr(issue_of("FACT_RECORD"), "孟山"));
	WANT(post("/api/v1/import/roster",
		  HEAD "06001,6,孟山,孟林强,父亲,男,,1958-10-08,本村,,,15663167431,是,\n"
		       "06001,6,孟山,孟山,户主,女,,1981-05-07,本村,,,,是,\n"),
	     422);
	T_STR(at("report.warnings"), "1"); /* the relation of the father */
	T_OK(strstr(issue_of("FACT_DIFFERS"), "户主"));
	T_EQ(own_size(), before + 1);
	node_close();
}

/* A recorder may spell names, but who earns is for the committee: the rule says so with the row. */
static void test_the_rules_hold_for_what_follows_from_a_roster(void)
{
	uint64_t before = first_year();

	WANT(post("/api/v1/import/roster?accept=1",
		  "{" SIGN("rec") "}\n"
				  "户编号,组,姓名,与户主关系,出生日期,是否参加\n"
				  "06002,6,董大志,户主,1971-12-22,是\n"),
	     422);
	T_STR(at("problems.0.rule"), "F93");
	T_STR(at("problems.0.row"), "2");
	T_EQ(own_size(), before);
	node_close();
}

T_MAIN(T(test_what_is_registered_is_passed_over_and_the_new_comes_in, "R24 R59"),
       T(test_what_differs_is_asked_for_and_becomes_records, "R24 R58 R59"),
       T(test_a_new_wife_joins_and_who_is_missing_stays, "R24"),
       T(test_nobody_is_registered_twice, "R24"), T(test_nobody_is_registered_twice_by_hand, "R24"),
       T(test_zeros_in_front_make_no_other_household, "R24"),
       T(test_a_column_that_lost_its_zeros_is_asked_about),
       T(test_households_that_a_roster_lacks_are_counted),
       T(test_a_household_with_an_error_is_compared_all_the_same, "R24"),
       T(test_what_a_roster_does_not_change_is_said, "R24"),
       T(test_who_died_is_not_registered_again, "R24"), T(test_another_head_is_said, "R24"),
       T(test_the_rules_hold_for_what_follows_from_a_roster, "R24 R25"))
