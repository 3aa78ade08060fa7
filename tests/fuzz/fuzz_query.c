/* Questions, through the handlers of a village that has lived the whole scheme: registers, tables, papers,
 * check codes, accounts. The first byte chooses the route, the language and the side it is asked from, the
 * rest is "last part of the path?name=value&name=value". Every answer is JSON with a status that the interface
 * knows; a refusal says what was wrong; the same question has the same answer. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/life.h"
#include "tests/lib/services.h"

#define QUERY_MAX 512
#define ENGLISH	  0x80
#define AT_HUB	  0x40

static struct town w;
static uint32_t village;
static struct web_services services;

static void close_town(void)
{
	town_close(&w);
}

static void open_town(void)
{
	struct life l = {.w = &w, .code = TOWN_CODE};

	json_object_seed(1);
	village = l.no = town_open(&w, 42);
	life_live(&l);
	services = services_of(&w, village);
	atexit(close_town);
}

static const struct web_route *route_of(uint8_t which)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < web_nroutes; i++)
		n += strcmp(web_routes[i].method, "GET") == 0;
	which = (uint8_t)(which % n);
	for (uint32_t i = 0;; i++)
		if (strcmp(web_routes[i].method, "GET") == 0 && which-- == 0)
			return &web_routes[i];
}

/* Cuts the text of a query in place. What is too much is not heard, as in the HTTP module. */
static void put_query(char *text, struct web_req *req)
{
	while (*text && req->nquery < WEB_PARAMS_MAX) {
		struct ask_param *p = &req->query[req->nquery++];

		p->name = text;
		text += strcspn(text, "&");
		if (*text)
			*text++ = '\0';
		p->value = p->name + strcspn(p->name, "=");
		if (*p->value)
			*(char *)p->value++ = '\0';
	}
}

static void check(const struct web_res *res)
{
	static const int known[] = {200, 400, 403, 404, 409, 422, 503};
	bool found = false;
	json_t *root;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		found = found || known[i] == res->status;
	CHECK(found);
	if (strncmp(res->type, "application/json", 16) != 0) {
		CHECK(res->status == 200);
		CHECK(utf8_clean(res->body.p, res->body.n, true));
		return;
	}
	root = json_loadb((const char *)res->body.p, res->body.n, JSON_REJECT_DUPLICATES, NULL);
	CHECK(json_is_object(root));
	if (res->status != 200)
		CHECK(json_is_string(json_object_get(root, "message")));
	json_decref(root);
}

static void ask(const struct web_route *route, const struct web_req *req, struct web_res *res)
{
	*res = (struct web_res){0};
	web_handle(&services, route, req, res);
	check(res);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[WEB_PATH_MAX], text[QUERY_MAX + 1], *query;
	struct web_res first, again;
	struct web_req req = {.method = "GET", .path = path, .from.local = true};
	const struct web_route *route;
	size_t prefix;

	if (!services.tx.kv)
		open_town();
	if (n < 1 || n > QUERY_MAX || memchr(data, 0, n) || !utf8_clean(data + 1, n - 1, false))
		return 0;
	route = route_of(data[0] & 0x3f);
	req.lang = data[0] & ENGLISH ? LANG_EN : LANG_ZH;
	services.tx.own = data[0] & AT_HUB ? FEED_TOWN : village;
	memcpy(text, data + 1, n - 1);
	text[n - 1] = '\0';
	query = text + strcspn(text, "?");
	if (*query)
		*query++ = '\0';
	prefix = strcspn(route->path, "*");
	if (prefix + strlen(text) >= sizeof(path) || strchr(text, '/'))
		return 0;
	if (!route->path[prefix])
		*text = '\0';
	memcpy(path, route->path, prefix);
	memcpy(path + prefix, text, strlen(text) + 1);
	put_query(query, &req);
	ask(route, &req, &first);
	ask(route, &req, &again);
	CHECK(first.status == again.status && first.body.n == again.body.n);
	CHECK(memcmp(first.body.p, again.body.p, first.body.n) == 0);
	buf_close(&first.body);
	buf_close(&again.body);
	return 0;
}
