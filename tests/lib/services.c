#include "tests/lib/services.h"

#include "lib/err.h"
#include "lib/text.h"

static uint64_t wall_ms(void *ctx)
{
	return ((struct town *)ctx)->wall_ms;
}

static void stamp(void *ctx, uint32_t *ret_boot, uint64_t *ret_boot_ms)
{
	(void)ctx;
	*ret_boot = 1;
	*ret_boot_ms = 1000;
}

static int fill_random(void *ctx, void *p, size_t n)
{
	prng_fill(&((struct town *)ctx)->prng, p, n);
	return ERR_OK;
}

static bool has_key(const struct town *w, const char *name)
{
	for (uint32_t i = 0; i < w->nkeys; i++)
		if (strcmp(w->key[i].name, name) == 0)
			return true;
	return false;
}

static int person_open(void *ctx, const char *name, const char *pass, struct sign_key **ret,
		       struct errmsg *msg)
{
	uint8_t seed[SIGN_SEED_BYTES];

	(void)msg;
	if (!has_key(ctx, name))
		return ERR_NOTFOUND;
	if (strcmp(pass, SERVICES_PASS) != 0)
		return ERR_CRYPTO;
	sign_key_seed(town_key(ctx, name), seed);
	return sign_key_from_seed(seed, ret);
}

static int person_create(void *ctx, const char *name, const char *pass,
			 uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg)
{
	(void)pass;
	(void)msg;
	if (has_key(ctx, name))
		return ERR_EXISTS;
	if (strchr(name, ' '))
		return ERR_INVALID;
	memcpy(ret_public, sign_key_public(town_key(ctx, name)), SIGN_KEY_BYTES);
	return ERR_OK;
}

static int person_public(void *ctx, const char *name, uint8_t ret_public[SIGN_KEY_BYTES])
{
	if (!has_key(ctx, name))
		return ERR_NOTFOUND;
	memcpy(ret_public, sign_key_public(town_key(ctx, name)), SIGN_KEY_BYTES);
	return ERR_OK;
}

static uint32_t no_links(void *ctx, struct node_link *ret, uint32_t max)
{
	(void)ctx;
	(void)ret;
	(void)max;
	return 0;
}

static uint32_t no_alarms(void *ctx, struct alarm *ret, uint32_t max)
{
	(void)ctx;
	(void)ret;
	(void)max;
	return 0;
}

static int no_guard(void *ctx, struct guard *ret)
{
	(void)ctx;
	(void)ret;
	return ERR_NOTFOUND;
}

static int invitation(void *ctx, const char *code, const char *name,
		      const uint8_t seed[SIGN_SEED_BYTES], struct buf *out, struct errmsg *msg)
{
	char hex[2 * SIGN_SEED_BYTES + 1];

	(void)ctx;
	(void)msg;
	if (name[0] == ' ')
		return ERR_INVALID;
	hex_put(hex, seed, SIGN_SEED_BYTES);
	return buf_printf(out, "village = %s %s\nseed = %s\n", code, name, hex);
}

static const struct halt *not_halted(void *ctx)
{
	(void)ctx;
	return NULL;
}

static int no_session_use(void *ctx, const char *token, struct web_from from,
			  struct web_unlocked *ret)
{
	(void)ctx;
	(void)token;
	(void)from;
	(void)ret;
	return ERR_NOTFOUND;
}

static void no_session_used(void *ctx, const struct web_unlocked *u)
{
	(void)ctx;
	(void)u;
}

static int no_session_end(void *ctx, const char *token, struct web_from from)
{
	(void)ctx;
	(void)token;
	(void)from;
	return ERR_NOTFOUND;
}

static void no_sessions_end_of(void *ctx, const uint8_t key[SIGN_KEY_BYTES])
{
	(void)ctx;
	(void)key;
}

static uint32_t no_sessions(void *ctx, struct web_session *ret, uint32_t max)
{
	(void)ctx;
	(void)ret;
	(void)max;
	return 0;
}

static uint64_t no_wrong(void *ctx)
{
	(void)ctx;
	return 0;
}

static void give(const struct web_services *s, const struct services_outside *o, struct web_wait *w)
{
	void *ctx = s->tx.ctx;

	switch (w->what) {
	case WEB_WAIT_NOTHING: break;
	case WEB_WAIT_JOBS: w->err = o->submit(ctx, w->jobs, w->n); break;
	case WEB_WAIT_OPEN:
		w->err = (o->open ? o->open : person_open)(ctx, w->name, w->passphrase, &w->key,
							   &w->msg);
		break;
	case WEB_WAIT_UNLOCK: w->err = ERR_LIMIT; break;
	case WEB_WAIT_CREATE:
		w->err = (o->create ? o->create : person_create)(ctx, w->name, w->passphrase,
								 w->public_key, &w->msg);
		break;
	}
}

void services_handle(const struct web_services *s, const struct services_outside *o,
		     const struct web_route *r, const struct web_req *req, struct web_res *res)
{
	web_handle(s, r, req, res);
	while (res->wait.what != WEB_WAIT_NOTHING) {
		give(s, o, &res->wait);
		web_go_on(req, res);
	}
}

struct web_services services_of(struct town *w, uint32_t own)
{
	return (struct web_services){.tx.ctx = w,
				     .tx.kv = w->kv,
				     .tx.town = w->id,
				     .tx.own = own,
				     .tx.wall_ms = wall_ms,
				     .tx.stamp = stamp,
				     .tx.random = fill_random,
				     .person_public = person_public,
				     .session_use = no_session_use,
				     .session_used = no_session_used,
				     .session_end = no_session_end,
				     .sessions_end_of = no_sessions_end_of,
				     .sessions = no_sessions,
				     .wrong_passphrases = no_wrong,
				     .links = no_links,
				     .alarms = no_alarms,
				     .guard = no_guard,
				     .invitation = invitation,
				     .halted = not_halted};
}
