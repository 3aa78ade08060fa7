/* What the handlers answer to whom: their routes, and what is read. */
#include "daemon/web/api/viewjson.h"
#include "tests/lib/openapi.h"
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

/* --- routes ------------------------------------------------------------------------------------- */
static void test_the_lists_are_what_openapi_says(void)
{
	static const char begin[] = "    # views:begin\n";
	struct buf text = {0}, want = {0};
	FILE *f = fopen("daemon/web/api/openapi.yaml", "rb");
	uint8_t *at = buf_reserve(&text, 1 << 20);
	const char *from, *to;

	T_OK(f != NULL && at != NULL);
	text.n = fread(at, 1, 1 << 20, f);
	fclose(f);
	from = strstr(buf_str(&text), begin);
	to = from ? strstr(from, "    # views:end") : NULL;
	T_OK(to != NULL);
	from += strlen(begin);
	T_EQ(viewjson_openapi(&want), ERR_OK);
	T_EQ(want.n, (size_t)(to - from)); /* else: make spec */
	T_OK(memcmp(want.p, from, want.n) == 0);
	buf_close(&text);
	buf_close(&want);
}

static void test_the_route_table_is_what_openapi_says(void)
{
	static struct openapi described;
	int status;

	openapi_read("daemon/web/api/openapi.yaml", &described);
	for (uint32_t i = 0; i < described.n; i++)
		if (!web_route_find(described.op[i].method, described.op[i].path, true, &status))
			t_fail(__FILE__, __LINE__, "no route for %s %s", described.op[i].method,
			       described.op[i].path);
	for (uint32_t i = 0; i < web_nroutes; i++)
		if (!openapi_find(&described, web_routes[i].method, web_routes[i].path))
			t_fail(__FILE__, __LINE__, "openapi.yaml lacks %s %s", web_routes[i].method,
			       web_routes[i].path);
	T_EQ(described.n, web_nroutes);
}

static void test_only_health_and_status_are_public(void)
{
	int status;

	for (uint32_t i = 0; i < web_nroutes; i++) {
		const struct web_route *r = &web_routes[i];
		bool open =
			strcmp(r->path, "/healthz") == 0 || strcmp(r->path, "/api/v1/status") == 0;

		T_EQ(r->local_only, !open);
		T_EQ(web_route_find(r->method, r->path, false, &status) != NULL, open);
	}
	T_OK(!web_route_find("GET", "/api/v1/households/", true, &status));
	T_EQ(status, 404);
	T_OK(!web_route_find("GET", "/api/v1/households/a/b", true, &status));
	T_OK(!web_route_find("DELETE", "/api/v1/people", true, &status));
	T_EQ(status, 405);
}

/* As the fold leaves it for an entry of a later version. */
static void put_unknown(uint32_t no, uint64_t seq)
{
	struct verdict v = {.reason = {.id = V_UNKNOWN_TYPE}};
	uint8_t key[VERDICT_KEY_BYTES];
	struct buf b = {0};
	struct kv_txn *t;

	T_EQ(verdict_pack(&v, &b), ERR_OK);
	T_EQ(kv_begin(here.kv, true, &t), ERR_OK);
	T_EQ(kv_put(t, KV_VERDICT, verdict_key(key, no, seq), buf_bytes(&b)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	buf_close(&b);
}

static void test_status_tells_strangers_nothing_personal(void)
{
	node_open(false);
	put_unknown(here.s.tx.own, 3);
	WANT(ask("GET", "/api/v1/status", (struct bytes){0}, false, LANG_ZH), 200);
	ANSWERS({"role", "village"}, {"town_name", "后山镇"}, {"feeds", "[2]"},
		{"feeds.1.label", "示范村"}, {"feeds.1.own", "true"}, {"halted", "null"});
	T_STR(at("feeds.1.size"), at("feeds.1.durable"));
	T_OK(!strstr(answer_text, "unaudited"));
	T_OK(!strstr(answer_text, "王") && !strstr(answer_text, "links") &&
	     !strstr(answer_text, "alarms"));
	WANT(get("/api/v1/status"), 200);
	T_OK(!strstr(answer_text, "unaudited")); /* reads every refusal */
	WANT(get("/api/v1/status?full=1"), 200);
	ANSWERS({"feeds.0.unaudited", "0"}, {"feeds.1.unaudited", "1"}, {"links", "[1]"},
		{"links.0.last_refusal", "the hub refused the enrolment (INVITE_EXPIRED). An "
					 "invitation holds once, and until its day: ask the "
					 "town for another"},
		{"alarms.0.name", "PEER_OLDER"},
		{"alarms.0.reason", "the other side has 7 entries of its own feed and 9 are held "
				    "here: it may be an old copy"});
	WANT(ask("GET", "/api/v1/status", (struct bytes){0}, true, LANG_ZH), 200);
	T_STR(at("alarms.0.reason"), "对方自己的日志只有 7 条，本机持有 9 条，对方可能是旧备份");
	WANT(get("/healthz"), 200);
	node_close();
}

static void test_a_halted_node_is_not_healthy(void)
{
	node_open(false);
	here.halted = &(const struct halt){HALT_STORE_OLD, {7, 9, 1, 1}};
	WANT(ask("GET", "/healthz", (struct bytes){0}, false, LANG_EN), 503);
	T_STR(answer_text, "halted\n");
	WANT(get("/api/v1/status"), 200);
	T_OK(strstr(at("halted"),
		    "behind what this node has signed (7 of 9 entries, epoch 1 of 1)"));
	T_STR(at("halted_name"), "STORE_OLD");
	WANT(ask("GET", "/api/v1/status", (struct bytes){0}, true, LANG_ZH), 200);
	T_OK(strstr(at("halted"), "本机曾签到第 9 条（期号 1），存储只有 7 条") != NULL);
	T_STR(at("halted_name"), "STORE_OLD");
	here.halted = NULL;
	WANT(ask("GET", "/healthz", (struct bytes){0}, false, LANG_EN), 200);
	T_STR(answer_text, "ok\n");
	node_close();
}

static void test_a_full_disk_is_not_healthy(void)
{
	node_open(false);
	here.full = true;
	WANT(ask("GET", "/healthz", (struct bytes){0}, false, LANG_EN), 503);
	T_STR(answer_text, "full\n");
	WANT(get("/api/v1/status"), 200);
	T_STR(at("full"), "true");
	here.full = false;
	WANT(get("/healthz"), 200);
	WANT(get("/api/v1/status"), 200);
	T_STR(at("full"), "false");
	node_close();
}

static void test_status_says_why_there_is_no_connection(void)
{
	node_open(false);
	here.unlinked = "nobody listens there";
	WANT(get("/api/v1/status"), 200);
	T_STR(at("unlinked"), "nobody listens there");
	WANT(ask("GET", "/api/v1/status", (struct bytes){0}, false, LANG_EN), 200);
	T_OK(!strstr(answer_text, "unlinked")); /* addresses are nobody else's business */
	node_close();
}

static void test_a_refusal_says_what_it_refuses(void)
{
	static const int statuses[] = {400, 404, 405, 413, 414, 421, 431, 503};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct web_res res = {0};

		web_refuse(statuses[i], LANG_EN, &res);
		T_EQ(res.status, statuses[i]);
		T_EQ(strstr(buf_str(&res.body), "BUSY") != NULL, statuses[i] == 503);
		buf_close(&res.body);
	}
}

/* --- reads -------------------------------------------------------------------------------------- */
static void test_every_read_answers(void)
{
	static const struct {
		const char *target;
		int status;
	} table[] = {
		{"/api/v1/accounts", 200},
		{"/api/v1/accounts?all=1", 200},
		{"/api/v1/accounts?feed=" VILLAGE, 200},
		{"/api/v1/accounts?feed=500101999209", 404},
		{"/api/v1/households/05001", 200},
		{"/api/v1/households/77777", 404},
		{"/api/v1/scores?year=2026", 200},
		{"/api/v1/scores?year=x", 400},
		{"/api/v1/catalogue", 200},
		{"/api/v1/catalogue?version=9", 404},
		{"/api/v1/people", 200},
		{"/api/v1/people?feed=town", 200},
		{"/api/v1/people?feed=500101999209", 404},
		{"/api/v1/villages", 200},
		{"/api/v1/villages?feed=500101999209", 404},
		{"/api/v1/status?feed=town", 200},
		{"/api/v1/status?feed=500101999209", 404},
		{"/api/v1/scores?feed=500101999209", 404},
		{"/api/v1/catalogue?version=x", 400},
		{"/api/v1/log?feed=500101999209", 404},
		{"/api/v1/waiting?feed=500101999209", 404},
		{"/api/v1/log", 200},
		{"/api/v1/log?feed=town&from=0&n=200", 200},
		{"/api/v1/log?from=999", 200},
		{"/api/v1/log?n=201", 400},
		{"/api/v1/waiting", 200},
		{"/api/v1/waiting?state=reviewed", 200},
		{"/api/v1/waiting?state=other", 400},
	};

	node_open(false);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		WANT(get(table[i].target), table[i].status);
	node_close();
}

static void test_reads_tell_what_is_there(void)
{
	node_open(false);
	WANT(get("/api/v1/accounts"), 200);
	T_STR(at("items"), "[2]");
	T_STR(at("items.0.household"), "05001");
	T_STR(at("items.0.balance"), "0.00"); /* those with nothing, too */
	T_STR(at("count"), "2");
	WANT(get("/api/v1/households/05001"), 200);
	ANSWERS({"people", "[2]"}, {"people.1.name", "王小明"}, {"people.1.sex", "male"},
		{"people.1.birth", "1961-05-01"});
	WANT(get("/api/v1/catalogue"), 200);
	ANSWERS({"version", "1"}, {"adopted", "7"}, {"items.0.code", "A101"},
		{"items.0.points", "2.00"});
	WANT(get("/api/v1/villages"), 200);
	T_STR(at("items.0.code"), VILLAGE);
	T_STR(at("items.0.enrolled"), "true");
	WANT(get("/api/v1/people"), 200);
	T_OK(strstr(answer_text, "\"rec/" VILLAGE "\"") != NULL);
	T_OK(strstr(answer_text, "\"recorder\"") != NULL);
	node_close();
}

static void test_the_log_names_people_and_verdicts(void)
{
	node_open(false);
	WANT(get("/api/v1/log?from=0&n=1"), 200);
	ANSWERS({"items.0.type", "grant"}, {"items.0.type_text", "grant of a role"},
		{"items.0.record.role", "recorder"}, {"items.0.author", "李支书"},
		{"items.0.verdict.accepted", "true"}, {"next", "1"});
	WANT(get("/api/v1/log?n=1"), 200);
	ANSWERS({"items.0.type", "household"}, {"items.0.lines.0.relation", "户主"},
		{"next", "null"});
	node_close();
}

/* WANT fails when an answer is no JSON: a character cut in two would be that. */
static void test_long_texts_of_a_request_are_cut_between_characters(void)
{
	static const char ten[] = "村村村村村村村村村村";
	char body[1024];

	node_open(false);
	for (int shift = 0; shift < 3; shift++) {
		const char *pad = &"aa"[2 - shift];

		snprintf(body, sizeof(body), "{\"%s%s%s%s\":1}", pad, ten, ten, ten);
		WANT(post("/api/v1/records/points", body), 400);
		T_STR(at("code"), "FIELD_UNKNOWN");
		snprintf(body, sizeof(body),
			 "{" SIGN("rec") ",\"record\":{\"%s%s%s%s\":1},"
					 "\"lines\":[" LINE("05001", "A101", "2026-02-01") "]}",
			 pad, ten, ten, ten);
		WANT(post("/api/v1/records/points", body), 400);
		T_STR(at("code"), "FIELD_UNKNOWN");
		snprintf(body, sizeof(body), "{\"as\":\"%s%s%s%s\",\"passphrase\":\"x\"}", pad, ten,
			 ten, ten);
		WANT(post("/api/v1/records/points", body), 403);
	}
	node_close();
}

T_MAIN(T(test_the_lists_are_what_openapi_says), T(test_the_route_table_is_what_openapi_says),
       T(test_only_health_and_status_are_public, "R09"),
       T(test_status_tells_strangers_nothing_personal, "R09"), T(test_a_halted_node_is_not_healthy),
       T(test_a_full_disk_is_not_healthy), T(test_a_refusal_says_what_it_refuses),
       T(test_status_says_why_there_is_no_connection), T(test_every_read_answers),
       T(test_reads_tell_what_is_there, "R35"), T(test_the_log_names_people_and_verdicts),
       T(test_long_texts_of_a_request_are_cut_between_characters))
