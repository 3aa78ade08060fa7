/* Bodies of requests, through the handlers of a village over a memory store. The first byte chooses the
 * route and the language, the rest is the body. Submitted jobs are called accepted and forgotten, so every
 * input meets the same state. Every answer is JSON with a status that the interface knows. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/kvmem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/services.h"

#define VILLAGE	   "500101999201"
#define PATH_BYTES 64
#define OTHERS	   123
#define OVERTAKEN  "overtaken"

static struct town w;
static struct web_services services;

static int submit(void *ctx, struct job **jobs, uint32_t n)
{
	(void)ctx;
	for (uint32_t i = 0; i < n; i++) {
		CHECK(entry_tx_verify(&jobs[i]->u.append.tx, &w.id));
		CHECK(jobs[i]->u.append.payload.n <= ENTRY_PAYLOAD_MAX);
		jobs[i]->err = ERR_OK;
		jobs[i]->u.append.verdict = (struct verdict){.reason.id = V_ACCEPTED};
		jobs[i]->u.append.seq = 7;
	}
	return ERR_OK;
}

/* The same in every run, so that an input is always the same. */
static int no_random(void *ctx, void *p, size_t n)
{
	(void)ctx;
	memset(p, 7, n);
	return ERR_OK;
}

/* Keys are not kept, so that every input meets the same ones. Somebody else has made that of OVERTAKEN since it
 * was looked for. */
static int person_create(void *ctx, const char *name, const char *pass,
			 uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg)
{
	(void)pass;
	(void)msg;
	if (services.person_public(ctx, name, ret_public) == ERR_OK || strcmp(name, OVERTAKEN) == 0)
		return ERR_EXISTS;
	if (strchr(name, ' '))
		return ERR_INVALID;
	memset(ret_public, 9, SIGN_KEY_BYTES);
	return ERR_OK;
}

static void close_town(void)
{
	town_close(&w);
	kv_close(services.tx.kv);
}

static void open_town(void)
{
	struct kv *kv;
	uint32_t village;

	json_object_seed(1);
	CHECK(kvmem_new(&kv) == ERR_OK);
	town_init(&w, kv, 42);
	town_found(&w);
	CHECK(town_catalogue(&w, 1) == V_ACCEPTED);
	village = town_village(&w, VILLAGE);
	CHECK(town_household(&w, village, "head/" VILLAGE, "05001", 2) == V_ACCEPTED);
	services = services_of(&w, village);
	services.tx.random = no_random;
	atexit(close_town);
}

static void check(const struct web_res *res)
{
	static const int known[] = {200, 400, 403, 409, 413, 422};
	bool found = false;
	json_t *root;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		found = found || known[i] == res->status;
	CHECK(found);
	CHECK(strncmp(res->type, "application/json", 16) == 0);
	root = json_loadb((const char *)res->body.p, res->body.n, JSON_REJECT_DUPLICATES, NULL);
	CHECK(json_is_object(root));
	json_decref(root);
}

/* Codes of records, then the other routes. */
static void path_of(uint8_t which, char path[PATH_BYTES])
{
	static const char *const others[] = {"import/roster", "import/catalogue", "import/entries",
					     "people", "invitations"};
	const struct rec_type *t = rec_type_of(which);

	if (t || which < OTHERS)
		snprintf(path, PATH_BYTES, "/api/v1/records/%s",
			 (t ? t : &rec_types[which % rec_ntypes])->name);
	else
		snprintf(path, PATH_BYTES, "/api/v1/%s", others[which - OTHERS]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct web_req req = {.method = "POST", .from.local = true};
	const struct web_route *route;
	struct web_res res = {0};
	char path[PATH_BYTES];
	int status;

	if (!services.tx.kv)
		open_town();
	if (n == 0)
		return 0;
	path_of(data[0] & 127, path);
	req.path = path;
	req.lang = data[0] & 128 ? LANG_EN : LANG_ZH;
	req.query[0] = (struct ask_param){"accept", "1"};
	req.nquery = data[0] & 128 ? 1 : 0;
	req.body = (struct bytes){data + 1, n - 1};
	route = web_route_find("POST", path, true, &status);
	CHECK(route);
	services_handle(&services, &(struct services_outside){submit, NULL, person_create}, route,
			&req, &res);
	check(&res);
	buf_close(&res.body);
	return 0;
}
