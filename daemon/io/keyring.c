#include "daemon/io/keyring.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "lib/hash.h"
#include "lib/mem.h"
#include "lib/text.h"

#define SWEEP_S 1 /* how late an idle session may end */

struct session {
	struct sign_key *key; /* NULL: the place is free */
	char as[WEB_NAME_MAX + 1];
	struct hash token;
	struct web_from from;
	uint64_t opened_ms, used_ms;
	uint32_t users;
	bool ended; /* and freed by its last user */
};

struct wrong {
	char name[WEB_NAME_MAX + 1];
	uint32_t n; /* one after the other */
	uint64_t until_ms;
};

struct keyring {
	struct keyring_ops ops;
	uint32_t idle_s;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool stopping;
	struct waiting *first, **end;
	uint32_t nqueued;
	uint64_t nwrong;
	struct wrong wrong[KEYRING_NAMES_MAX];
	struct session session[WEB_SESSIONS_MAX];
};

static uint64_t now(const struct keyring *k)
{
	return k->ops.now_ms(k->ops.ctx);
}

/* --- wrong passphrases; with the lock held -------------------------------------------------------------- */

/* That of @name, or NULL. */
static struct wrong *wrong_of(struct keyring *k, const char *name)
{
	for (uint32_t i = 0; i < KEYRING_NAMES_MAX; i++)
		if (k->wrong[i].n && strcmp(k->wrong[i].name, name) == 0)
			return &k->wrong[i];
	return NULL;
}

/* A place for @name: a free one, or that of the name with the fewest. */
static struct wrong *wrong_place(struct keyring *k, const char *name)
{
	struct wrong *least = &k->wrong[0], *w = wrong_of(k, name);

	for (uint32_t i = 1; !w && i < KEYRING_NAMES_MAX; i++)
		if (k->wrong[i].n < least->n)
			least = &k->wrong[i];
	if (w)
		return w;
	*least = (struct wrong){0};
	str_set(least->name, sizeof(least->name), bytes_str(name));
	return least;
}

static void count_wrong(struct keyring *k, const char *name)
{
	struct wrong *w = wrong_place(k, name);
	uint32_t s;

	k->nwrong++;
	w->n++;
	if (w->n < KEYRING_TRIES)
		return;
	s = w->n - KEYRING_TRIES < 6 ? 1U << (w->n - KEYRING_TRIES) : KEYRING_WAIT_MAX_S;
	w->until_ms = now(k) + s * UINT64_C(1000);
}

/* Seconds until the passphrase of @name is tried again; 0: at once. */
static uint32_t must_wait(struct keyring *k, const char *name)
{
	const struct wrong *w = wrong_of(k, name);
	uint64_t t = now(k);

	return w && w->until_ms > t ? (uint32_t)((w->until_ms - t + 999) / 1000) : 0;
}

/* --- sessions; with the lock held ----------------------------------------------------------------------- */

static void session_free(struct session *s)
{
	sign_key_free(s->key);
	secret_wipe(s, sizeof(*s));
}

static void session_end(struct session *s)
{
	s->ended = true;
	if (!s->users)
		session_free(s);
}

static uint64_t left_ms(const struct keyring *k, const struct session *s, uint64_t t)
{
	uint64_t idle = s->used_ms + k->idle_s * UINT64_C(1000);
	uint64_t old = s->opened_ms + KEYRING_OLD_S * UINT64_C(1000);
	uint64_t end = idle < old ? idle : old;

	return end > t ? end - t : 0;
}

/* Ends those whose time is over. Returns whether any is left. */
static bool sweep(struct keyring *k)
{
	uint64_t t = now(k);
	bool any = false;

	for (uint32_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		struct session *s = &k->session[i];

		if (!s->key)
			continue;
		if (!s->ended && !s->users && !left_ms(k, s, t))
			session_end(s);
		any = any || s->key;
	}
	return any;
}

static void hash_token(const uint8_t raw[WEB_TOKEN_BYTES], struct hash *ret)
{
	struct sha256 s;

	sha256_start(&s);
	sha256_add(&s, raw, WEB_TOKEN_BYTES);
	sha256_end(&s, ret);
}

static bool token_hash(const char *token, struct hash *ret)
{
	uint8_t raw[WEB_TOKEN_BYTES];
	bool ok = hex_get(token, strlen(token), raw, sizeof(raw));

	if (ok)
		hash_token(raw, ret);
	secret_wipe(raw, sizeof(raw));
	return ok;
}

static struct session *find(struct keyring *k, const char *token, struct web_from from)
{
	struct hash h;

	if (!token_hash(token, &h))
		return NULL;
	sweep(k);
	for (uint32_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		struct session *s = &k->session[i];

		if (s->key && !s->ended && hash_cmp(&s->token, &h) == 0)
			return s->from.local == from.local && s->from.uid == from.uid ? s : NULL;
	}
	return NULL;
}

/* A free place, or NULL. Who opens sessions and forgets them keeps nobody else out: a name has so many and no more. */
static struct session *session_place(struct keyring *k, const char *name)
{
	struct session *oldest = NULL, *place = NULL;
	uint32_t own = 0;

	sweep(k);
	for (uint32_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		struct session *s = &k->session[i];

		if (!s->key) {
			place = s;
		} else if (!s->ended && strcmp(s->as, name) == 0) {
			own++;
			if (!oldest || s->used_ms < oldest->used_ms)
				oldest = s;
		}
	}
	if (own < KEYRING_OF_ONE_MAX)
		return place;
	session_end(oldest);
	return place || oldest->key ? place : oldest;
}

/* Takes @key. */
static int session_open(struct keyring *k, struct web_wait *w, struct sign_key *key)
{
	struct session *s = session_place(k, w->name);
	uint8_t raw[WEB_TOKEN_BYTES];
	int err = s ? k->ops.random(k->ops.ctx, raw, sizeof(raw)) : ERR_LIMIT;

	if (err) {
		sign_key_free(key);
		return err_set(&w->msg, err, "%s",
			       s ? err_text(err) : "too many sessions are open");
	}
	hex_put(w->token, raw, sizeof(raw));
	*s = (struct session){.key = key, .from = w->from, .opened_ms = now(k)};
	s->used_ms = s->opened_ms;
	str_set(s->as, sizeof(s->as), bytes_str(w->name));
	hash_token(raw, &s->token);
	secret_wipe(raw, sizeof(raw));
	sign_key_hide(key);
	w->seconds = k->idle_s;
	return ERR_OK;
}

/* --- the thread ------------------------------------------------------------------------------------------ */

static void opened(struct keyring *k, struct web_wait *w, struct sign_key *key)
{
	struct wrong *wrong;

	pthread_mutex_lock(&k->lock);
	wrong = wrong_of(k, w->name);
	if (w->err == ERR_CRYPTO)
		count_wrong(k, w->name);
	else if (!w->err && wrong)
		*wrong = (struct wrong){0};
	if (!w->err && w->what == WEB_WAIT_UNLOCK)
		w->err = session_open(k, w, key);
	else
		w->key = key;
	pthread_mutex_unlock(&k->lock);
}

static void work(struct keyring *k, struct web_wait *w)
{
	struct sign_key *key = NULL;

	if (w->what == WEB_WAIT_CREATE) {
		w->err = k->ops.create(k->ops.ctx, w->name, w->passphrase, w->public_key, &w->msg);
		return;
	}
	pthread_mutex_lock(&k->lock);
	w->seconds = must_wait(k, w->name);
	pthread_mutex_unlock(&k->lock);
	if (w->seconds) {
		w->err = ERR_BUSY;
		return;
	}
	w->err = k->ops.open(k->ops.ctx, w->name, w->passphrase, &key, &w->msg);
	opened(k, w, key);
}

/* The next job; NULL: there will be none. Ends sessions meanwhile. */
static struct waiting *take(struct keyring *k)
{
	struct waiting *j;

	pthread_mutex_lock(&k->lock);
	while (!k->first && !k->stopping) {
		struct timespec end;

		if (!sweep(k)) {
			pthread_cond_wait(&k->work, &k->lock);
			continue;
		}
		clock_gettime(CLOCK_MONOTONIC, &end);
		end.tv_sec += SWEEP_S;
		pthread_cond_timedwait(&k->work, &k->lock, &end);
	}
	j = k->first;
	if (j) {
		k->first = j->next;
		k->nqueued--;
		if (!k->first)
			k->end = &k->first;
	}
	pthread_mutex_unlock(&k->lock);
	return j;
}

static void *thread_main(void *arg)
{
	struct keyring *k = arg;
	struct waiting *j;

	while ((j = take(k))) {
		work(k, j->w);
		j->done(j->arg);
	}
	return NULL;
}

int keyring_start(const struct keyring_ops *ops, struct keyring **ret)
{
	struct keyring *k = mem_alloc(sizeof(*k));
	pthread_condattr_t monotonic;

	if (!k)
		return ERR_NOMEM;
	k->ops = *ops;
	k->idle_s = ops->idle_s ? ops->idle_s : KEYRING_IDLE_S;
	k->end = &k->first;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&k->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&k->thread, NULL, thread_main, k)) {
		pthread_cond_destroy(&k->work);
		pthread_mutex_destroy(&k->lock);
		mem_free(k);
		return ERR_NOMEM;
	}
	*ret = k;
	return ERR_OK;
}

void keyring_stop(struct keyring *k)
{
	if (!k)
		return;
	pthread_mutex_lock(&k->lock);
	k->stopping = true;
	pthread_cond_signal(&k->work);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	for (uint32_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		assert(!k->session[i].users);
		if (k->session[i].key)
			session_free(&k->session[i]);
	}
	pthread_cond_destroy(&k->work);
	pthread_mutex_destroy(&k->lock);
	mem_free(k);
}

void keyring_put(struct keyring *k, struct waiting *j)
{
	bool full;

	pthread_mutex_lock(&k->lock);
	full = k->nqueued == KEYRING_WAITERS_MAX || k->stopping;
	if (!full) {
		j->next = NULL;
		*k->end = j;
		k->end = &j->next;
		k->nqueued++;
		pthread_cond_signal(&k->work);
	}
	pthread_mutex_unlock(&k->lock);
	if (!full)
		return;
	j->w->err = ERR_BUSY;
	j->done(j->arg);
}

/* --- for handlers, any thread ------------------------------------------------------------------------------ */

int keyring_use(struct keyring *k, const char *token, struct web_from from,
		struct web_unlocked *ret)
{
	struct session *s;

	pthread_mutex_lock(&k->lock);
	s = find(k, token, from);
	if (s) {
		s->used_ms = now(k);
		if (s->users++ == 0)
			sign_key_show(s->key);
		*ret = (struct web_unlocked){.key = s->key, .name = s->as, .session = s};
	}
	pthread_mutex_unlock(&k->lock);
	return s ? ERR_OK : ERR_NOTFOUND;
}

void keyring_used(struct keyring *k, const struct web_unlocked *u)
{
	struct session *s = u->session;

	pthread_mutex_lock(&k->lock);
	assert(s->users > 0);
	if (--s->users == 0) {
		sign_key_hide(s->key);
		if (s->ended)
			session_free(s);
	}
	pthread_mutex_unlock(&k->lock);
}

int keyring_end(struct keyring *k, const char *token, struct web_from from)
{
	struct session *s;

	pthread_mutex_lock(&k->lock);
	s = find(k, token, from);
	if (s)
		session_end(s);
	pthread_mutex_unlock(&k->lock);
	return s ? ERR_OK : ERR_NOTFOUND;
}

void keyring_end_of(struct keyring *k, const uint8_t key[SIGN_KEY_BYTES])
{
	pthread_mutex_lock(&k->lock);
	for (uint32_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		struct session *s = &k->session[i];

		if (s->key && !s->ended &&
		    memcmp(sign_key_public(s->key), key, SIGN_KEY_BYTES) == 0)
			session_end(s);
	}
	pthread_mutex_unlock(&k->lock);
}

uint32_t keyring_sessions(struct keyring *k, struct web_session *ret, uint32_t max)
{
	uint64_t t;
	uint32_t n = 0;

	pthread_mutex_lock(&k->lock);
	sweep(k);
	t = now(k);
	for (uint32_t i = 0; n < max && i < WEB_SESSIONS_MAX; i++) {
		const struct session *s = &k->session[i];

		if (!s->key || s->ended)
			continue;
		ret[n] =
			(struct web_session){.idle_s = (uint32_t)((t - s->used_ms) / 1000),
					     .left_s = (uint32_t)((left_ms(k, s, t) + 999) / 1000)};
		str_set(ret[n++].as, sizeof(ret->as), bytes_str(s->as));
	}
	pthread_mutex_unlock(&k->lock);
	return n;
}

uint64_t keyring_wrong(struct keyring *k)
{
	uint64_t n;

	pthread_mutex_lock(&k->lock);
	n = k->nwrong;
	pthread_mutex_unlock(&k->lock);
	return n;
}
