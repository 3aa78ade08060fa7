#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "tests/bench/lines.h"
#include "tests/lib/services.h"

#define MS_PER_DAY UINT64_C(86400000)
#define NOON_CHINA (UINT64_C(4) * 3600 * 1000) /* in UTC */
#define TIME_TURNS 3
#define TIME_LEAST 5 /* answers in a turn, when they are quick */
#define TIME_MAX_S 4.0

/* --- what the outside of a node gives ------------------------------------------------------------------ */
static int svc_submit(void *ctx, struct job **jobs, uint32_t n)
{
	struct api_node *a = ctx;

	for (uint32_t i = 0; i < n; i++)
		jobs[i]->u.append.author_ok = true;
	return writer_run(a->node.writer, jobs, n);
}

static uint64_t svc_wall(void *ctx)
{
	struct api_node *a = ctx;

	return (uint64_t)a->today * MS_PER_DAY + NOON_CHINA;
}

static void svc_stamp(void *ctx, uint32_t *ret_boot, uint64_t *ret_boot_ms)
{
	(void)ctx;
	*ret_boot = 1;
	*ret_boot_ms = 1000;
}

static int svc_random(void *ctx, void *p, size_t n)
{
	struct api_node *a = ctx;

	prng_fill(&a->l->g, p, n);
	return ERR_OK;
}

static const struct sign_key *person(const struct load *l, const char *name)
{
	const struct {
		const char *name;
		const struct sign_key *key;
	} who[] = {{"head", l->committee},    {"recorder", l->recorder},
		   {"reviewer", l->reviewer}, {"confirmer", l->confirmer},
		   {"keeper", l->keeper},     {"office", l->officer}};

	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		if (strcmp(who[i].name, name) == 0)
			return who[i].key;
	return NULL;
}

static int svc_person_open(void *ctx, const char *name, const char *passphrase,
			   struct sign_key **ret, struct errmsg *msg)
{
	struct api_node *a = ctx;
	const struct sign_key *k = person(a->l, name);
	uint8_t seed[SIGN_SEED_BYTES];

	(void)passphrase;
	(void)msg;
	if (!k)
		return ERR_NOTFOUND;
	sign_key_seed(k, seed);
	return sign_key_from_seed(seed, ret);
}

static uint32_t svc_links(void *ctx, struct node_link *ret, uint32_t max)
{
	(void)ctx;
	(void)ret;
	(void)max;
	return 0;
}

static uint32_t svc_alarms(void *ctx, struct alarm *ret, uint32_t max)
{
	(void)ctx;
	(void)ret;
	(void)max;
	return 0;
}

static int svc_guard(void *ctx, struct guard *ret)
{
	struct api_node *a = ctx;

	writer_head(a->node.writer, ret);
	return ERR_OK;
}

static uint32_t svc_sessions(void *ctx, struct web_session *ret, uint32_t max)
{
	(void)ctx;
	(void)ret;
	(void)max;
	return 0;
}

static uint64_t svc_wrong(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct halt *svc_halted(void *ctx)
{
	(void)ctx;
	return NULL;
}

void api_at(struct api_node *a, struct load *l, const struct load_node *n)
{
	*a = (struct api_node){.l = l, .node = *n};
	a->s = (struct web_services){
		.tx = {.ctx = a,
		       .kv = a->node.kv,
		       .town = l->town,
		       .own = a->node.own,
		       .wall_ms = svc_wall,
		       .stamp = svc_stamp,
		       .random = svc_random},
		.sessions = svc_sessions,
		.wrong_passphrases = svc_wrong,
		.links = svc_links,
		.alarms = svc_alarms,
		.guard = svc_guard,
		.halted = svc_halted,
	};
}

void api_open(struct api_node *a, struct load *l, const char *dir)
{
	struct load_node n;

	load_node_open(&n, dir);
	api_at(a, l, &n);
}

void api_close(struct api_node *a)
{
	load_node_close(&a->node);
}

static const struct services_outside outside = {.submit = svc_submit, .open = svc_person_open};

/* --- requests ------------------------------------------------------------------------------------------ */
static void ask(struct api_node *a, const char *method, const char *path, const char *const *query,
		struct bytes body, struct buf *ret)
{
	struct web_req req = {
		.method = method, .path = path, .body = body, .from.local = true, .lang = LANG_ZH};
	struct web_res res = {0};
	int status;
	const struct web_route *r = web_route_find(method, path, true, &status);

	if (!r)
		bench_fail("%s %s: there is no such route", method, path);
	for (; query && *query; query += 2)
		req.query[req.nquery++] = (struct ask_param){query[0], query[1]};
	services_handle(&a->s, &outside, r, &req, &res);
	if (res.status != 200)
		bench_fail("%s %s: %d %.*s", method, path, res.status,
			   (int)(res.body.n < 500 ? res.body.n : 500), (const char *)res.body.p);
	if (ret)
		*ret = res.body;
	else
		buf_close(&res.body);
}

void api_get(struct api_node *a, const char *path, const char *const *query, struct buf *ret)
{
	ask(a, "GET", path, query, (struct bytes){0}, ret);
}

void api_post(struct api_node *a, const char *path, const char *const *query, struct bytes body,
	      struct buf *ret)
{
	ask(a, "POST", path, query, body, ret);
}

/* The least of some turns: what others do on this machine only ever adds. */
double api_time(struct api_node *a, const char *path, const char *const *query, double least_s)
{
	uint64_t began = bench_ns();
	double best = -1;

	for (int turn = 0; turn < TIME_TURNS && bench_since(began) < TIME_MAX_S; turn++) {
		uint64_t start = bench_ns();
		uint32_t n = 0;
		double t;

		do {
			api_get(a, path, query, NULL);
			t = bench_since(start);
			n++;
		} while (t < TIME_MAX_S && (n < TIME_LEAST || t < least_s));
		if (best < 0 || t / n < best)
			best = t / n;
	}
	return best;
}
