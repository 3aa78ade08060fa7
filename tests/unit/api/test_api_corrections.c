/* What is not said of a person stays as it is, and what was is shown beside what is. */
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

#define CORRECT(fields)                                                                            \
	"{" SIGN("head") ",\"record\":{\"household\":\"05001\",\"member\":2," fields               \
			 ",\"reason\":\"与身份证核对\"}}"

static void test_one_fact_is_corrected_and_the_others_stay(void)
{
	char name[80], birth[16];

	node_open(false);
	WANT(get("/api/v1/households/05001"), 200);
	snprintf(name, sizeof(name), "%s", at("people.1.name"));
	snprintf(birth, sizeof(birth), "%s", at("people.1.birth"));
	WANT(post("/api/v1/records/person_correction", CORRECT("\"phone\":\"13812345678\"")), 200);
	WANT(post("/api/v1/records/person_correction", CORRECT("\"relation\":\"长孙\"")), 200);
	WANT(get("/api/v1/households/05001"), 200);
	T_STR(at("people.1.name"), name);
	T_STR(at("people.1.birth"), birth);
	T_STR(at("people.1.relation"), "长孙");
	T_STR(at("corrections.0.now"), "13812345678");
	T_STR(at("corrections.1.now"), "长孙");
	T_STR(at("corrections.2.now"), "");
	/* one that is given as empty is empty */
	WANT(post("/api/v1/records/person_correction", CORRECT("\"phone\":\"\"")), 200);
	WANT(get("/api/v1/households/05001"), 200);
	T_STR(at("corrections.2.former"), "13812345678");
	T_STR(at("corrections.2.now"), "");
	node_close();
}

static void test_who_is_not_there_cannot_be_corrected(void)
{
	node_open(false);
	WANT(post("/api/v1/records/person_correction",
		  "{" SIGN("head") ",\"record\":{\"household\":\"09999\",\"member\":1,\"name\":"
				   "\"王\","
				   "\"reason\":\"与身份证核对\"}}"),
	     422);
	T_STR(at("verdict.name"), "HOUSEHOLD_UNKNOWN");
	WANT(post("/api/v1/records/person_correction",
		  "{" SIGN("head") ",\"record\":{\"household\":\"05001\",\"member\":77,\"name\":"
				   "\"王\","
				   "\"reason\":\"与身份证核对\"}}"),
	     422);
	T_STR(at("verdict.name"), "MEMBER_UNKNOWN");
	WANT(post("/api/v1/records/person_correction", CORRECT("\"name\":\"王\xe2\x80\xae小\"")),
	     422);
	T_STR(at("verdict.name"), "TEXT_CHARACTER");
	node_close();
}

/* The same request again is the same record, though the register has changed since. */
static void test_a_correction_sent_again_is_the_same(void)
{
	static const char once[] = "{" SIGN("head") ",\"id\":\"" DIGEST(
		"1") "\",\"record\":{\"household\":\"05001\","
		     "\"member\":2,\"relation\":\"长孙\",\"reason\":\"与身份证核对\"}}";

	node_open(false);
	WANT(post("/api/v1/records/person_correction", once), 200);
	WANT(post("/api/v1/records/person_correction", CORRECT("\"phone\":\"13812345678\"")), 200);
	WANT(post("/api/v1/records/person_correction", once), 200);
	T_STR(at("exists"), "true");
	node_close();
}

T_MAIN(T(test_one_fact_is_corrected_and_the_others_stay, "R24 R58"),
       T(test_who_is_not_there_cannot_be_corrected, "R24"),
       T(test_a_correction_sent_again_is_the_same, "R24"))
