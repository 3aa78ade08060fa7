#include <pthread.h>
#include <string.h>

#include "daemon/io/keyring.h"
#include "lib/err.h"
#include "tests/lib/t.h"

#define PASS "correct horse"

/* --- what is outside of it: a clock that is set, keys that open at once ---------------------------------- */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	uint64_t now_ms;
	uint32_t opens, inside, most_inside;
	bool held; /* openings wait */
	struct keyring *k;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static uint8_t seed_of(const char *name)
{
	return (uint8_t)name[0];
}

static int open_key(void *ctx, const char *name, const char *passphrase, struct sign_key **ret,
		    struct errmsg *msg)
{
	uint8_t seed[SIGN_SEED_BYTES];
	int err = ERR_OK;

	(void)ctx;
	(void)msg;
	pthread_mutex_lock(&world.lock);
	world.opens++;
	if (++world.inside > world.most_inside)
		world.most_inside = world.inside;
	while (world.held)
		pthread_cond_wait(&world.cond, &world.lock);
	world.inside--;
	pthread_mutex_unlock(&world.lock);
	memset(seed, seed_of(name), sizeof(seed));
	if (strcmp(name, "nobody") == 0)
		err = ERR_NOTFOUND;
	else if (strcmp(passphrase, PASS) != 0)
		err = ERR_CRYPTO;
	return err ? err : sign_key_from_seed(seed, ret);
}

static int create_key(void *ctx, const char *name, const char *passphrase,
		      uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg)
{
	(void)ctx;
	(void)passphrase;
	(void)msg;
	memset(ret_public, seed_of(name), SIGN_KEY_BYTES);
	return ERR_OK;
}

static uint64_t now_ms(void *ctx)
{
	uint64_t t;

	(void)ctx;
	pthread_mutex_lock(&world.lock);
	t = world.now_ms;
	pthread_mutex_unlock(&world.lock);
	return t;
}

static int count_up(void *ctx, void *p, size_t n)
{
	static uint8_t next;

	(void)ctx;
	memset(p, ++next, n);
	return ERR_OK;
}

static void pass_s(uint32_t s)
{
	pthread_mutex_lock(&world.lock);
	world.now_ms += s * UINT64_C(1000);
	pthread_mutex_unlock(&world.lock);
}

static void hold(bool held)
{
	pthread_mutex_lock(&world.lock);
	world.held = held;
	pthread_cond_broadcast(&world.cond);
	pthread_mutex_unlock(&world.lock);
}

static void begin(void)
{
	struct keyring_ops ops = {.open = open_key,
				  .create = create_key,
				  .now_ms = now_ms,
				  .random = count_up,
				  .idle_s = 60};

	world.now_ms = 1000;
	world.opens = world.most_inside = 0;
	T_EQ(keyring_start(&ops, &world.k), ERR_OK);
}

/* --- one that waits --------------------------------------------------------------------------------------- */
struct asked {
	struct web_wait w;
	struct waiting x;
	bool done;
};

static void on_done(void *arg)
{
	struct asked *a = arg;

	pthread_mutex_lock(&world.lock);
	a->done = true;
	pthread_cond_broadcast(&world.cond);
	pthread_mutex_unlock(&world.lock);
}

static const struct web_from here = {.local = true, .uid = 1000};

static void put(struct asked *a, enum web_wait_for what, const char *name, const char *passphrase)
{
	*a = (struct asked){
		.w = {.what = what, .name = name, .passphrase = passphrase, .from = here}};
	a->x = (struct waiting){.w = &a->w, .done = on_done, .arg = a};
	keyring_put(world.k, &a->x);
}

static void wait_for(struct asked *a)
{
	pthread_mutex_lock(&world.lock);
	while (!a->done)
		pthread_cond_wait(&world.cond, &world.lock);
	pthread_mutex_unlock(&world.lock);
}

static int get(struct asked *a, enum web_wait_for what, const char *name, const char *passphrase)
{
	put(a, what, name, passphrase);
	wait_for(a);
	return a->w.err;
}

static int use(const char *token)
{
	struct web_unlocked u;
	int err = keyring_use(world.k, token, here, &u);

	if (!err)
		keyring_used(world.k, &u);
	return err;
}

static uint32_t count(void)
{
	struct web_session v[WEB_SESSIONS_MAX];

	return keyring_sessions(world.k, v, WEB_SESSIONS_MAX);
}

/* --- tests -------------------------------------------------------------------------------------------------- */
static void test_keys_are_opened_and_made(void)
{
	struct asked a;

	begin();
	T_EQ(get(&a, WEB_WAIT_OPEN, "wang", PASS), ERR_OK);
	T_OK(a.w.key != NULL);
	sign_key_free(a.w.key);
	T_EQ(get(&a, WEB_WAIT_OPEN, "nobody", PASS), ERR_NOTFOUND);
	T_EQ(get(&a, WEB_WAIT_CREATE, "li", PASS), ERR_OK);
	T_EQ(a.w.public_key[5], 'l');
	T_EQ(count(), 0);
	keyring_stop(world.k);
}

static void test_one_is_opened_at_a_time_and_the_queue_has_an_end(void)
{
	static struct asked a[KEYRING_WAITERS_MAX + 2];
	uint32_t busy = 0;

	begin();
	hold(true);
	put(&a[0], WEB_WAIT_OPEN, "wang", PASS);
	for (;;) { /* it is inside: the queue is empty */
		pthread_mutex_lock(&world.lock);
		bool inside = world.inside == 1;
		pthread_mutex_unlock(&world.lock);
		if (inside)
			break;
	}
	for (uint32_t i = 1; i < KEYRING_WAITERS_MAX + 2; i++)
		put(&a[i], WEB_WAIT_OPEN, "wang", PASS);
	T_OK(a[KEYRING_WAITERS_MAX + 1].done); /* at once */
	hold(false);
	for (uint32_t i = 0; i < KEYRING_WAITERS_MAX + 2; i++) {
		wait_for(&a[i]);
		busy += a[i].w.err == ERR_BUSY && !a[i].w.seconds;
		sign_key_free(a[i].w.key);
	}
	T_EQ(busy, 1);
	T_EQ(world.most_inside, 1);
	keyring_stop(world.k);
}

static void test_wrong_passphrases_wait_longer_and_longer_but_not_for_ever(void)
{
	static const uint32_t waits[] = {1, 2, 4, 8, 16, 32, 64, 64};
	struct asked a;

	begin();
	for (int i = 0; i < KEYRING_TRIES; i++)
		T_EQ(get(&a, WEB_WAIT_OPEN, "wang", "wrong"), ERR_CRYPTO);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		uint32_t opens = world.opens;

		T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", PASS), ERR_BUSY);
		T_EQ(a.w.seconds, waits[i]);
		T_EQ(world.opens, opens);
		T_EQ(get(&a, WEB_WAIT_OPEN, "li", PASS), ERR_OK); /* others do not wait */
		sign_key_free(a.w.key);
		pass_s(waits[i]);
		T_EQ(get(&a, WEB_WAIT_OPEN, "wang", "wrong"), ERR_CRYPTO);
	}
	T_EQ(keyring_wrong(world.k), KEYRING_TRIES + 8);
	pass_s(64);
	T_EQ(get(&a, WEB_WAIT_OPEN, "wang", PASS), ERR_OK);
	sign_key_free(a.w.key);
	/* the right one ends it */
	T_EQ(get(&a, WEB_WAIT_OPEN, "wang", "wrong"), ERR_CRYPTO);
	T_EQ(get(&a, WEB_WAIT_OPEN, "wang", PASS), ERR_OK);
	sign_key_free(a.w.key);
	keyring_stop(world.k);
}

static void test_a_session_serves_who_opened_it(void)
{
	static const struct web_from others[] = {{.local = true, .uid = 1001},
						 {.local = false, .uid = 1000}};
	struct web_unlocked u, v;
	uint8_t sig[SIGN_BYTES];
	struct asked a;

	begin();
	T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", "wrong"), ERR_CRYPTO);
	T_EQ(count(), 0);
	T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", PASS), ERR_OK);
	T_OK(!a.w.key);
	T_EQ(strlen(a.w.token), 2 * WEB_TOKEN_BYTES);
	T_EQ(a.w.seconds, 60);
	T_EQ(count(), 1);
	for (size_t i = 0; i < 2; i++)
		T_EQ(keyring_use(world.k, a.w.token, others[i], &u), ERR_NOTFOUND);
	T_EQ(use("00"), ERR_NOTFOUND);
	T_EQ(keyring_use(world.k, a.w.token, here, &u), ERR_OK);
	T_STR(u.name, "wang");
	T_EQ(keyring_use(world.k, a.w.token, here, &v), ERR_OK);
	keyring_used(world.k, &v);
	sign(u.key, "x", 1, sig); /* the other one is still using it */
	T_OK(sign_verify(sign_key_public(u.key), "x", 1, sig));
	keyring_used(world.k, &u);
	T_EQ(keyring_end(world.k, a.w.token, others[0]), ERR_NOTFOUND);
	T_EQ(keyring_end(world.k, a.w.token, here), ERR_OK);
	T_EQ(use(a.w.token), ERR_NOTFOUND);
	T_EQ(count(), 0);
	keyring_stop(world.k);
}

static void test_a_session_ends_when_idle_or_old_or_its_key_is_revoked(void)
{
	struct web_unlocked u;
	struct asked a;

	begin();
	T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", PASS), ERR_OK);
	pass_s(59);
	T_EQ(use(a.w.token), ERR_OK);
	pass_s(59);
	T_EQ(use(a.w.token), ERR_OK);
	pass_s(60);
	T_EQ(use(a.w.token), ERR_NOTFOUND);
	T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", PASS), ERR_OK);
	for (uint32_t s = 0; s + 50 < KEYRING_OLD_S; s += 50) {
		T_EQ(use(a.w.token), ERR_OK);
		pass_s(50);
	}
	pass_s(50);
	T_EQ(use(a.w.token), ERR_NOTFOUND);
	T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", PASS), ERR_OK);
	T_EQ(keyring_use(world.k, a.w.token, here, &u), ERR_OK);
	keyring_end_of(world.k, sign_key_public(u.key));
	T_EQ(use(a.w.token), ERR_NOTFOUND);
	keyring_used(world.k, &u); /* what runs ends well */
	T_EQ(count(), 0);
	keyring_stop(world.k);
}

/* Whoever forgets to lock keeps nobody out, not even himself. */
static void test_a_name_has_so_many_sessions_and_no_more(void)
{
	char token[KEYRING_OF_ONE_MAX + 1][2 * WEB_TOKEN_BYTES + 1];
	struct asked a, other;

	begin();
	T_EQ(get(&other, WEB_WAIT_UNLOCK, "li", PASS), ERR_OK);
	for (uint32_t i = 0; i <= KEYRING_OF_ONE_MAX; i++) {
		T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", PASS), ERR_OK);
		memcpy(token[i], a.w.token, sizeof(token[i]));
		pass_s(1);
		if (i == KEYRING_OF_ONE_MAX - 1)
			T_EQ(use(token[0]), ERR_OK); /* used last, if opened first */
	}
	T_EQ(count(), 1 + KEYRING_OF_ONE_MAX);
	for (uint32_t i = 0; i <= KEYRING_OF_ONE_MAX; i++)
		T_EQ(use(token[i]), i == 1 ? ERR_NOTFOUND : ERR_OK);
	T_EQ(use(other.w.token), ERR_OK);
	keyring_stop(world.k);
}

static void test_there_is_a_most_of_sessions(void)
{
	char name[] = "a of sixteen", first[2 * WEB_TOKEN_BYTES + 1];
	struct asked a;

	begin();
	for (uint32_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		name[0] = (char)('a' + i / KEYRING_OF_ONE_MAX);
		T_EQ(get(&a, WEB_WAIT_UNLOCK, name, PASS), ERR_OK);
		if (i == 0)
			memcpy(first, a.w.token, sizeof(first));
	}
	T_EQ(count(), WEB_SESSIONS_MAX);
	T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", PASS), ERR_LIMIT);
	T_EQ(get(&a, WEB_WAIT_UNLOCK, name, PASS), ERR_OK); /* in place of one of his own */
	T_EQ(count(), WEB_SESSIONS_MAX);
	T_EQ(keyring_end(world.k, first, here), ERR_OK);
	T_EQ(get(&a, WEB_WAIT_UNLOCK, "wang", PASS), ERR_OK);
	keyring_stop(world.k); /* ends the rest */
}

static void set_up(void)
{
	t_has_threads();
	T_EQ(crypto_start(), ERR_OK);
}

T_MAIN_WITH(set_up, NULL, T(test_keys_are_opened_and_made),
	    T(test_one_is_opened_at_a_time_and_the_queue_has_an_end),
	    T(test_wrong_passphrases_wait_longer_and_longer_but_not_for_ever),
	    T(test_a_session_serves_who_opened_it),
	    T(test_a_session_ends_when_idle_or_old_or_its_key_is_revoked),
	    T(test_a_name_has_so_many_sessions_and_no_more), T(test_there_is_a_most_of_sessions))
