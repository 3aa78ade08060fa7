/* People, their keys and roles, and invitations. */
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

static void test_a_person_gets_key_and_role(void)
{
	static const char body[] = "{\"name\":\"赵会计\",\"passphrase\":\"" PASS
				   "\",\"role\":\"accountant\",\"as\":\"head/" VILLAGE
				   "\",\"as_passphrase\":\"" PASS "\"}";
	static const char second[] = "{\"name\":\"赵会计\",\"passphrase\":\"" PASS
				     "\",\"role\":\"keeper\",\"as\":\"head/" VILLAGE
				     "\",\"as_passphrase\":\"" PASS "\"}";
	static const char thief[] =
		"{\"name\":\"赵会计\",\"passphrase\":\"other\","
		"\"role\":\"recorder\",\"as\":\"head/" VILLAGE "\",\"as_passphrase\":\"" PASS "\"}";

	node_open(false);
	WANT(post("/api/v1/people", body), 200);
	T_STR(at("created"), "true");
	T_EQ(strlen(at("key")), 64);
	T_EQ(keys_made(), 1);
	WANT(post("/api/v1/people", second), 200);
	T_STR(at("created"), "false");
	T_EQ(keys_made(), 1);
	WANT(post("/api/v1/people", thief), 403);
	WANT(get("/api/v1/people"), 200);
	T_OK(strstr(answer_text, "\"赵会计\"") != NULL);
	T_OK(strstr(answer_text, "[\"keeper\",\"accountant\"]") != NULL);
	node_close();
}

static void test_a_refused_grant_leaves_no_key(void)
{
	node_open(false);
	WANT(post("/api/v1/people",
		  "{\"name\":\"new\",\"passphrase\":\"" PASS "\",\"role\":\"recorder\","
		  "\"as\":\"rec/" VILLAGE "\",\"as_passphrase\":\"" PASS "\"}"),
	     422);
	T_EQ(keys_made(), 0);
	WANT(post("/api/v1/people",
		  "{\"name\":\"new\",\"passphrase\":\"" PASS "\",\"role\":\"recorder\","
		  "\"dry_run\":true,\"as\":\"head/" VILLAGE "\",\"as_passphrase\":\"" PASS "\"}"),
	     200);
	T_EQ(keys_made(), 0);
	WANT(post("/api/v1/people", "{\"name\":\"new\",\"role\":\"recorder\",\"as\":\"head/" VILLAGE
				    "\",\"as_passphrase\":\"" PASS "\"}"),
	     400);
	T_STR(at("field"), "passphrase");
	WANT(post("/api/v1/people",
		  "{\"name\":\"new\",\"role\":\"recorder\",\"passphrase\":\"short\",\"as\":"
		  "\"head/" VILLAGE "\",\"as_passphrase\":\"" PASS "\"}"),
	     400);
	T_STR(at("field"), "passphrase");
	WANT(post("/api/v1/people",
		  "{\"name\":\"a b\",\"role\":\"recorder\",\"passphrase\":\"" PASS
		  "\",\"as\":\"head/" VILLAGE "\",\"as_passphrase\":\"" PASS "\"}"),
	     400);
	T_STR(at("field"), "name");
	T_EQ(keys_made(), 0);
	node_close();
}

static int svc_overtaken(void *ctx, const char *name, const char *pass,
			 uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg)
{
	(void)ctx;
	(void)name;
	(void)pass;
	(void)ret_public;
	(void)msg;
	return ERR_EXISTS;
}

/* Two clerks make the same person at once: the second must not grant a role to a key it does not know. */
static void test_a_key_that_another_made_meanwhile_gets_no_role(void)
{
	uint64_t before;

	node_open(false);
	before = own_size();
	here.outside.create = svc_overtaken;
	WANT(post("/api/v1/people",
		  "{\"name\":\"new\",\"passphrase\":\"" PASS "\",\"role\":\"recorder\","
		  "\"as\":\"head/" VILLAGE "\",\"as_passphrase\":\"" PASS "\"}"),
	     409);
	T_STR(at("code"), "ERR_EXISTS");
	T_EQ(own_size(), before);
	node_close();
}

static void test_a_record_of_the_other_kind_of_node_is_refused_first(void)
{
	node_open(true);
	WANT(post("/api/v1/records/points",
		  "{\"as\":\"office\",\"passphrase\":\"" PASS
		  "\",\"lines\":[" LINE("05001", "D101", "2019-02-01") "]}"),
	     422);
	T_STR(at("verdict.rule"), "F02");
	node_close();
}

/* The town feed has no households: at the hub the question lacks a village. */
static void test_a_household_is_asked_for_with_its_village(void)
{
	node_open(true);
	WANT(get("/api/v1/households/05001"), 404);
	T_STR(at("code"), "FEED_UNKNOWN");
	T_STR(at("field"), "feed");
	WANT(get("/api/v1/households/05001?feed=" VILLAGE), 200);
	WANT(get("/api/v1/households/77777?feed=" VILLAGE), 404);
	T_STR(at("code"), "HOUSEHOLD_UNKNOWN");
	node_close();
}

#define FILING(village, version)                                                                   \
	"{\"as\":\"office\",\"passphrase\":\"" PASS "\",\"record\":{\"village\":\"" village        \
	"\",\"subject\":\"catalogue\",\"version\":" #version ",\"decision\":\"accepted\","         \
	"\"number\":\"备7\",\"day\":\"2026-03-01\"}}"

static void test_the_town_replies_to_what_was_submitted_alone(void)
{
	struct rec_submission sent = {.subject = SUBJECT_catalogue, .version = 2};
	static const char *const not_sent[] = {FILING(VILLAGE, 1), FILING(VILLAGE, 99),
					       FILING("500101999299", 2)};
	uint64_t before;
	uint32_t no;

	node_open(true);
	no = village_here();
	T_EQ(town_put(&here.w, no, "head/" VILLAGE, REC_submission, &sent, NULL, 0), V_ACCEPTED);
	before = own_size();
	for (size_t i = 0; i < sizeof(not_sent) / sizeof(not_sent[0]); i++) {
		WANT(post("/api/v1/records/filing_reply", not_sent[i]), 409);
		T_STR(at("code"), "NOT_SUBMITTED");
	}
	T_EQ(own_size(), before);
	WANT(post("/api/v1/records/filing_reply", FILING(VILLAGE, 2)), 200);
	T_EQ(own_size(), before + 1);
	node_close();
}

static void test_an_invitation_is_the_same_when_asked_again(void)
{
	static const char body[] = "{\"village_code\":\"500101999202\",\"village_name\":\"二村\","
				   "\"id\":\"ffeeddccbbaa99887766554433221100\","
				   "\"as\":\"office\",\"passphrase\":\"" PASS "\"}";
	char first[256];

	node_open(true);
	WANT(post("/api/v1/invitations", body), 200);
	snprintf(first, sizeof(first), "%s", at("file"));
	T_OK(strncmp(first, "village = 500101999202 二村\nseed = ", 30) == 0);
	WANT(post("/api/v1/invitations", body), 200);
	T_STR(at("exists"), "true");
	T_STR(at("file"), first);
	WANT(get("/api/v1/villages"), 200);
	T_STR(at("items"), "[2]");
	WANT(get("/api/v1/log?n=1"), 200);
	T_STR(at("items.0.type"), "invitation");
	/* what no file can hold is not written either */
	WANT(post("/api/v1/invitations",
		  "{\"village_code\":\"500101999203\",\"village_name\":\" 三村\","
		  "\"as\":\"office\",\"passphrase\":\"" PASS "\"}"),
	     400);
	T_STR(at("field"), "village_name");
	WANT(get("/api/v1/villages"), 200);
	T_STR(at("items"), "[2]");
	node_close();
	node_open(false); /* a village invites nobody */
	WANT(post("/api/v1/invitations", body), 422);
	T_STR(at("file"), "");
	node_close();
}

T_MAIN(T(test_a_person_gets_key_and_role, "R64"), T(test_a_refused_grant_leaves_no_key),
       T(test_a_key_that_another_made_meanwhile_gets_no_role),
       T(test_a_record_of_the_other_kind_of_node_is_refused_first),
       T(test_a_household_is_asked_for_with_its_village),
       T(test_the_town_replies_to_what_was_submitted_alone),
       T(test_an_invitation_is_the_same_when_asked_again))
