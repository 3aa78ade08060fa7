/* One person, one key: a second one for a name that holds a role by the grant of the other feed is told first. */
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

#define ADD(name, more)                                                                            \
	"{\"name\":\"" name "\",\"passphrase\":\"" PASS "\",\"as\":\"head/" VILLAGE                \
	"\",\"as_passphrase\":\"" PASS "\"," more "}"

/* The town grants the committee to a key that was made elsewhere. */
static void grant_in_town(const char *name, const char *key)
{
	struct rec_grant g = {.key = town_key_bytes(town_key(&here.w, key)),
			      .name = town_b(name),
			      .role = ROLE_committee,
			      .village = town_b(VILLAGE)};

	T_EQ(town_put(&here.w, FEED_TOWN, "office", REC_grant, &g, NULL, 0), V_ACCEPTED);
	node_open_writer();
}

static void test_a_second_key_is_told_and_asked_for(void)
{
	uint64_t before;

	node_open(false);
	grant_in_town("周委员", "elsewhere");
	before = own_size();
	WANT(post("/api/v1/people", ADD("周委员", "\"role\":\"reviewer\"")), 409);
	T_STR(at("code"), "SECOND_KEY");
	T_OK(strstr(at("message"), "周委员"));
	/* also under a name that looks the same, and not under another one */
	grant_in_town("方小玉", "elsewhere too");
	WANT(post("/api/v1/people", ADD("⽅小⽟", "\"role\":\"reviewer\"")), 409);
	T_EQ(own_size(), before);
	WANT(post("/api/v1/people", ADD("方大玉", "\"role\":\"reviewer\"")), 200);
	WANT(post("/api/v1/people", ADD("周委员", "\"role\":\"reviewer\",\"second_key\":true")),
	     200);
	T_STR(at("created"), "true");
	node_close();
}

/* The same by a record of its own. */
static void test_a_grant_by_record_asks_too(void)
{
	static const char body[] =
		"{" SIGN("head") ",\"ask\":\"consent\",\"record\":{\"key\":\"" DIGEST(
			"ab") "\",\"name\":"
			      "\"⽅小⽟\",\"role\":\"reviewer\"}}";
	uint64_t before;

	node_open(false);
	grant_in_town("方小玉", "elsewhere");
	before = own_size();
	WANT(post("/api/v1/records/grant", body), 200);
	ANSWERS({"asked", "true"}, {"warnings.0.name", "SECOND_KEY"});
	T_OK(strstr(at("warnings.0.text"), "方小玉"));
	T_EQ(own_size(), before);
	node_close();
}

static void test_the_key_of_the_town_may_get_more_roles(void)
{
	char body[400], hex[2 * SIGN_KEY_BYTES + 1];

	node_open(false);
	grant_in_town("周委员", "elsewhere");
	hex_put(hex, sign_key_public(town_key(&here.w, "elsewhere")), SIGN_KEY_BYTES);
	snprintf(body, sizeof(body),
		 "{\"name\":\"周委员\",\"key\":\"%s\",\"role\":\"reviewer\",\"as\":\"head/" VILLAGE
		 "\",\"as_passphrase\":\"" PASS "\"}",
		 hex);
	WANT(post("/api/v1/people", body), 200);
	node_close();
}

static void test_the_town_is_told_of_a_key_in_the_village(void)
{
	static const char body[] = "{\"name\":\"周委员\",\"passphrase\":\"" PASS
				   "\",\"role\":\"committee\",\"village\":\"" VILLAGE
				   "\",\"as\":\"office\",\"as_passphrase\":\"" PASS "\"}";
	struct rec_grant g = {.name = town_b("周委员"), .role = ROLE_reviewer};

	node_open(true);
	g.key = town_key_bytes(town_key(&here.w, "in the village"));
	T_EQ(town_put(&here.w, village_here(), "head/" VILLAGE, REC_grant, &g, NULL, 0),
	     V_ACCEPTED);
	node_open_writer();
	WANT(post("/api/v1/people", body), 409);
	T_STR(at("code"), "SECOND_KEY");
	node_close();
}

static void test_a_territory_is_given_and_shown(void)
{
	node_open(false);
	WANT(post("/api/v1/people",
		  ADD("钱记录", "\"role\":\"recorder\",\"group\":\"1\",\"from\":\"2026-01-01\"")),
	     200);
	WANT(get("/api/v1/people"), 200);
	T_OK(strstr(answer_text, "\"role\":\"recorder\",\"group\":\"1\",\"from\":\"2026-01-01\""));
	/* only a recorder has one */
	WANT(post("/api/v1/people", ADD("李审核", "\"role\":\"reviewer\",\"group\":\"1\"")), 422);
	node_close();
}

T_MAIN(T(test_a_second_key_is_told_and_asked_for, "R60 R64"),
       T(test_a_grant_by_record_asks_too, "R60 R64"),
       T(test_the_key_of_the_town_may_get_more_roles, "R64"),
       T(test_the_town_is_told_of_a_key_in_the_village, "R64"),
       T(test_a_territory_is_given_and_shown, "R36"))
