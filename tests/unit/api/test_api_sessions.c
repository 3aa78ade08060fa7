#include <string.h>

#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

#define RECORDER "recorder/" VILLAGE
#define ROW	 LINE("05001", "D101", "2019-02-01")

/* One session, of @as; who ends it, and how often it is in use. */
static struct {
	const char *as;
	int users;
	uint32_t uses, ended;
} session;

static int use(void *ctx, const char *token, struct web_from from, struct web_unlocked *ret)
{
	if (!session.as || strcmp(token, "good") != 0 || !from.local)
		return ERR_NOTFOUND;
	session.users++;
	session.uses++;
	*ret = (struct web_unlocked){
		.key = town_key(ctx, session.as), .name = session.as, .session = &session};
	return ERR_OK;
}

static void used(void *ctx, const struct web_unlocked *u)
{
	(void)ctx;
	T_OK(u->session == &session);
	session.users--;
}

static int end(void *ctx, const char *token, struct web_from from)
{
	(void)ctx;
	(void)from;
	if (!session.as || strcmp(token, "good") != 0)
		return ERR_NOTFOUND;
	session.as = NULL;
	return ERR_OK;
}

static void end_of(void *ctx, const uint8_t key[SIGN_KEY_BYTES])
{
	if (session.as &&
	    memcmp(sign_key_public(town_key(ctx, session.as)), key, SIGN_KEY_BYTES) == 0)
		session.ended++;
}

static void begin(const char *as)
{
	node_open(false);
	here.s.session_use = use;
	here.s.session_used = used;
	here.s.session_end = end;
	here.s.sessions_end_of = end_of;
	memset(&session, 0, sizeof(session));
	session.as = as;
	here.bearer = "good";
}

static void test_an_unlocked_key_signs_without_name_and_passphrase(void)
{
	uint64_t before;

	begin(HERE);
	before = own_size();
	WANT(post("/api/v1/records/training", "{\"record\":{\"day\":\"2019-02-01\",\"topic\":\"录入"
					      "操作\",\"trainer\":\"镇办\",\"attendance\":2}}"),
	     200);
	T_EQ(own_size(), before + 1);
	WANT(post("/api/v1/records/training",
		  "{\"as\":\"" HERE "\",\"record\":{\"day\":\"2019-02-02\",\"topic\":\"录入操作\","
		  "\"trainer\":\"镇办\",\"attendance\":2}}"),
	     200);
	T_EQ(own_size(), before + 2);
	T_EQ(session.uses, 2);
	T_EQ(session.users, 0); /* given back with the answer */
	node_close();
}

static void test_a_session_signs_for_nobody_else(void)
{
	uint64_t before;

	begin(HERE);
	before = own_size();
	WANT(post("/api/v1/records/points", "{\"as\":\"" RECORDER "\",\"lines\":[" ROW "]}"), 400);
	T_STR(at("field"), "as");
	WANT(post("/api/v1/records/points",
		  "{\"as\":\"" HERE "\",\"passphrase\":\"" PASS "\",\"lines\":[" ROW "]}"),
	     400);
	here.bearer = "bad";
	WANT(post("/api/v1/records/points", "{\"lines\":[" ROW "]}"), 401);
	T_STR(at("code"), "SESSION_ENDED");
	WANT(get("/api/v1/sessions/current"), 401);
	T_EQ(own_size(), before);
	T_EQ(session.users, 0);
	node_close();
}

static void test_a_session_can_be_looked_at_and_ended(void)
{
	begin(HERE);
	WANT(get("/api/v1/sessions/current"), 200);
	T_STR(at("as"), HERE);
	WANT(ask("DELETE", "/api/v1/sessions/current", (struct bytes){0}, true, LANG_EN), 200);
	WANT(ask("DELETE", "/api/v1/sessions/current", (struct bytes){0}, true, LANG_EN), 401);
	here.bearer = NULL;
	WANT(get("/api/v1/sessions/current"), 401);
	WANT(ask("GET", "/api/v1/sessions/current", (struct bytes){0}, false, LANG_EN), 404);
	node_close();
}

/* The keyring has its own tests; here: what it says is passed on. */
static int busy(void *ctx, const char *name, const char *pass, struct sign_key **ret,
		struct errmsg *msg)
{
	(void)ctx;
	(void)name;
	(void)pass;
	(void)ret;
	(void)msg;
	return ERR_BUSY;
}

static void test_unlocking_says_what_the_keyring_says(void)
{
	begin(NULL);
	here.bearer = NULL;
	WANT(post("/api/v1/sessions", "{\"as\":\"" HERE "\"}"), 400);
	T_STR(at("field"), "passphrase");
	here.outside.open = busy;
	WANT(post("/api/v1/records/points",
		  "{\"as\":\"" HERE "\",\"passphrase\":\"" PASS "\",\"lines\":[" ROW "]}"),
	     503);
	node_close();
}

static void test_a_revoked_key_is_locked(void)
{
	char body[512], hex[2 * SIGN_KEY_BYTES + 1];

	begin(NULL);
	here.bearer = NULL;
	WANT(post("/api/v1/people",
		  "{\"name\":\"new\",\"passphrase\":\"" PASS "\",\"role\":\"recorder\","
		  "\"as\":\"" HERE "\",\"as_passphrase\":\"" PASS "\"}"),
	     200);
	session.as = "new";
	hex_put(hex, sign_key_public(town_key(&here.w, "new")), SIGN_KEY_BYTES);
	snprintf(body, sizeof(body),
		 "{\"as\":\"" HERE "\",\"passphrase\":\"" PASS "\",\"record\":{\"key\":\"%s\","
		 "\"role\":\"recorder\",\"reason\":\"离岗\"}}",
		 hex);
	WANT(post("/api/v1/records/revoke", body), 200);
	T_EQ(session.ended, 1);
	node_close();
}

T_MAIN(T(test_an_unlocked_key_signs_without_name_and_passphrase),
       T(test_a_session_signs_for_nobody_else), T(test_a_session_can_be_looked_at_and_ended),
       T(test_unlocking_says_what_the_keyring_says), T(test_a_revoked_key_is_locked))
