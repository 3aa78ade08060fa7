#include "daemon/ledger/state/cache.h"

#include <string.h>

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

static void number_key(struct state_key *k, uint32_t i)
{
	state_version_key(k, 3, i);
}

static void check_row(struct cache *r, uint32_t i, int64_t want)
{
	struct state_key k;
	struct bytes got;
	int err;

	number_key(&k, i);
	err = cache_get(r, &k, &got);
	T_EQ(err, want < 0 ? ERR_NOTFOUND : ERR_OK);
	if (!err) {
		T_EQ(got.n, (size_t)want % 50 + 1);
		T_EQ(got.p[0], (uint8_t)want);
		T_EQ(got.p[got.n - 1], (uint8_t)want);
	}
}

#define ROWS 700
static void test_rolled_back_entries_leave_no_trace(void)
{
	static int64_t now[ROWS], before[ROWS];
	uint8_t val[64];
	struct kv_txn *t;
	struct state_key k;
	struct bytes got;
	struct prng g;
	struct cache *r;
	struct kv *kv;

	prng_seed(&g, 3);
	T_EQ(kvmem_new(&kv), ERR_OK);
	memset(now, 0xff, sizeof(now));
	for (int round = 0; round < 10; round++) {
		T_EQ(kv_begin(kv, true, &t), ERR_OK);
		T_EQ(cache_new(t, 3, &r), ERR_OK);
		for (int entry = 0; entry < 60; entry++) {
			T_EQ(cache_begin(r), ERR_OK);
			memcpy(before, now, sizeof(now));
			for (uint64_t puts = prng_below(&g, 40); puts; puts--) {
				uint32_t i = (uint32_t)prng_below(&g, ROWS);

				now[i] = (int64_t)prng_below(&g, 1000);
				memset(val, (int)now[i], sizeof(val));
				number_key(&k, i);
				T_EQ(cache_put(r, &k, kv_bytes(val, (size_t)now[i] % 50 + 1)),
				     ERR_OK);
				check_row(r, i, now[i]);
			}
			cache_invariant(r);
			if (prng_below(&g, 3) == 0) {
				cache_rollback(r);
				memcpy(now, before, sizeof(now));
			} else {
				cache_commit(r);
			}
			if (entry % 20 == 19)
				T_EQ(cache_flush(r), ERR_OK);
			cache_invariant(r);
			for (uint32_t i = 0; i < ROWS; i++)
				check_row(r, i, now[i]);
		}
		T_EQ(cache_flush(r), ERR_OK);
		cache_free(r);
		/* the store holds just the same */
		for (uint32_t i = 0; i < ROWS; i++) {
			number_key(&k, i);
			int err = kv_get(t, KV_STATE, state_key_bytes(&k), &got);
			T_EQ(err, now[i] < 0 ? ERR_NOTFOUND : ERR_OK);
			if (!err)
				T_EQ(got.p[0], (uint8_t)now[i]);
		}
		T_EQ(kv_commit(t), ERR_OK);
	}
	kv_close(kv);
}

/* A cache that is full goes to the store and starts anew. */
static void test_more_rows_than_the_cache_holds(void)
{
	uint8_t val[2000] = {0};
	struct state_key k;
	struct bytes got;
	struct kv_txn *t;
	struct cache *r;
	struct kv *kv;
	const uint32_t n = (uint32_t)(CACHE_BYTES_MAX / sizeof(val)) + 5000;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(cache_new(t, 3, &r), ERR_OK);
	for (uint32_t i = 0; i < n; i++) {
		T_EQ(cache_begin(r), ERR_OK);
		number_key(&k, i);
		be32_put(val, i);
		T_EQ(cache_put(r, &k, kv_bytes(val, sizeof(val))), ERR_OK);
		cache_commit(r);
	}
	for (uint32_t i = 0; i < n; i += 97) {
		T_EQ(cache_begin(r), ERR_OK);
		number_key(&k, i);
		T_EQ(cache_get(r, &k, &got), ERR_OK);
		T_EQ(be32_get(got.p), i);
		cache_rollback(r);
	}
	cache_free(r);
	kv_abort(t);
	kv_close(kv);
}

/* --- ranges against a plain sorted list ------------------------------------------------------------- */
#define LETTERS	 3
#define TAIL_MAX 4
#define NKEYS	 (1 + 3 + 9 + 27 + 81)
#define ABSENT	 (-1)

/* Keys of which some begin with others, in key order, and their values: accepted, and with what the present
 * entry has put. */
struct model {
	struct state_key key[NKEYS];
	uint32_t n;
	int accepted[NKEYS], now[NKEYS];
};

static void put_byte(struct state_key *k, uint8_t v)
{
	T_OK(k->n < STATE_KEY_MAX);
	k->b[k->n++] = v;
}

static void add_keys(struct model *m, const struct state_key *k, unsigned depth)
{
	m->key[m->n++] = *k;
	for (uint8_t c = 0; depth < TAIL_MAX && c < LETTERS; c++) {
		struct state_key longer = *k;

		put_byte(&longer, c ? (uint8_t)(c * 127) : 0);
		add_keys(m, &longer, depth + 1);
	}
}

static void model_start(struct model *m)
{
	struct state_key k;

	m->n = 0;
	state_key_of(&k, 3, STATE_KIN);
	add_keys(m, &k, 0);
	T_EQ(m->n, NKEYS);
	for (uint32_t i = 0; i < NKEYS; i++)
		m->accepted[i] = m->now[i] = ABSENT;
}

/* The next key of the model on that side which has a value and the prefix; NKEYS: none. */
static uint32_t model_next(const struct model *m, bool before, const struct state_key *k,
			   size_t prefix)
{
	uint32_t found = NKEYS;

	for (uint32_t i = 0; i < m->n; i++) {
		const struct state_key *at = &m->key[i];
		int d = memcmp(at->b, k->b, at->n < k->n ? at->n : k->n);

		d = d ? d : at->n - k->n;
		if (m->now[i] == ABSENT || (before ? d >= 0 : d < 0))
			continue;
		found = i;
		if (!before)
			break;
	}
	return found < NKEYS && m->key[found].n >= prefix &&
			       memcmp(m->key[found].b, k->b, prefix) == 0
		       ? found
		       : NKEYS;
}

/* Values of different lengths, so that rows grow, shrink and move. */
static struct bytes value_of(int v, uint8_t buf[64])
{
	memset(buf, v, 64);
	return kv_bytes(buf, (size_t)v % 60 + 1);
}

static void value_is(struct bytes got, int want)
{
	uint8_t buf[64];
	struct bytes v = value_of(want, buf);

	T_EQ(got.n, v.n);
	T_MEM(got.p, v.p, v.n);
}

static void check_range(struct cache *r, const struct model *m, bool before,
			const struct state_key *k, size_t prefix)
{
	uint32_t want = model_next(m, before, k, prefix);
	struct bytes key, val;
	int err = before ? cache_before(r, k, prefix, &key, &val)
			 : cache_from(r, k, prefix, &key, &val);

	T_EQ(err, want == NKEYS ? ERR_NOTFOUND : ERR_OK);
	if (err)
		return;
	T_EQ(key.n, m->key[want].n);
	T_MEM(key.p, m->key[want].b, key.n);
	value_is(val, m->now[want]);
}

static void random_range(struct cache *r, const struct model *m, struct prng *g)
{
	struct state_key k = m->key[prng_below(g, NKEYS)];
	bool before = prng_below(g, 2);

	if (prng_below(g, 3) == 0) /* between the keys there are */
		put_byte(&k, (uint8_t)prng_below(g, 256));
	check_range(r, m, before, &k,
		    STATE_FEED_LEN + (size_t)prng_below(g, k.n + 1u - STATE_FEED_LEN));
}

static void random_get(struct cache *r, const struct model *m, struct prng *g)
{
	uint32_t i = (uint32_t)prng_below(g, NKEYS);
	struct bytes got;
	int err = cache_get(r, &m->key[i], &got);

	T_EQ(err, m->now[i] == ABSENT ? ERR_NOTFOUND : ERR_OK);
	if (!err)
		value_is(got, m->now[i]);
}

static void random_put(struct cache *r, struct model *m, struct prng *g)
{
	uint32_t i = (uint32_t)prng_below(g, NKEYS);
	uint8_t buf[64];

	m->now[i] = (int)prng_below(g, 256);
	T_EQ(cache_put(r, &m->key[i], value_of(m->now[i], buf)), ERR_OK);
}

static void end_entry(struct cache *r, struct model *m, struct prng *g)
{
	if (prng_below(g, 2)) {
		cache_rollback(r);
		memcpy(m->now, m->accepted, sizeof(m->now));
	} else {
		cache_commit(r);
		memcpy(m->accepted, m->now, sizeof(m->now));
	}
	if (prng_below(g, 10) == 0)
		T_EQ(cache_flush(r), ERR_OK);
	T_EQ(cache_begin(r), ERR_OK);
}

/* @per_put: gets and ranges for each put; none leaves long lists to sort. */
static void random_steps(struct cache *r, struct model *m, struct prng *g, unsigned per_put)
{
	for (int step = 0; step < 3000; step++) {
		random_put(r, m, g);
		for (unsigned i = 0; i < per_put; i++) {
			random_range(r, m, g);
			random_get(r, m, g);
		}
		if (prng_below(g, 8) == 0)
			end_entry(r, m, g);
		if (prng_below(g, 50) == 0)
			random_range(r, m, g);
		cache_invariant(r);
	}
}

static void test_ranges_agree_with_a_sorted_list(void)
{
	static struct model m;
	struct kv_txn *t;
	struct bytes got;
	struct prng g;
	struct cache *r;
	struct kv *kv;

	for (uint64_t seed = 1; seed <= 24; seed++) {
		prng_seed(&g, seed);
		model_start(&m);
		T_EQ(kvmem_new(&kv), ERR_OK);
		T_EQ(kv_begin(kv, true, &t), ERR_OK);
		T_EQ(cache_new(t, 3, &r), ERR_OK);
		T_EQ(cache_begin(r), ERR_OK);
		random_steps(r, &m, &g, (unsigned)seed % 4);
		cache_rollback(r);
		T_EQ(cache_flush(r), ERR_OK);
		cache_free(r);
		for (uint32_t i = 0; i < NKEYS; i++) {
			int err = kv_get(t, KV_STATE, state_key_bytes(&m.key[i]), &got);

			T_EQ(err, m.accepted[i] == ABSENT ? ERR_NOTFOUND : ERR_OK);
			if (!err)
				value_is(got, m.accepted[i]);
		}
		kv_abort(t);
		kv_close(kv);
	}
}

/* A range after every entry of a long chunk: what was changed is not sorted anew each time. */
static void test_a_long_walk_of_puts_and_ranges_is_in_order(void)
{
	struct bytes key, val;
	struct state_key k;
	struct kv_txn *t;
	struct cache *r;
	struct kv *kv;
	uint8_t v[4];

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(cache_new(t, 3, &r), ERR_OK);
	for (uint32_t i = 1; i <= 100000; i++) {
		T_EQ(cache_begin(r), ERR_OK);
		number_key(&k, i * UINT32_C(2654435761)); /* every number once */
		be32_put(v, i);
		T_EQ(cache_put(r, &k, kv_bytes(v, sizeof(v))), ERR_OK);
		T_EQ(cache_from(r, &k, 5, &key, &val), ERR_OK);
		T_EQ(be32_get(val.p), i);
		if (i % 10000 == 0)
			cache_invariant(r);
		cache_commit(r);
	}
	number_key(&k, 0);
	for (uint32_t n = 0, last = 0; n < 100000; n++) {
		T_EQ(cache_from(r, &k, 5, &key, &val), ERR_OK);
		uint32_t at = be32_get(key.p + 5);
		T_OK(at > last);
		T_EQ(be32_get(val.p) * UINT32_C(2654435761), at);
		last = at;
		number_key(&k, at + 1);
	}
	T_EQ(cache_from(r, &k, 5, &key, &val), ERR_NOTFOUND);
	cache_free(r);
	kv_abort(t);
	kv_close(kv);
}

static void test_ranges_of_other_feeds_are_those_of_the_store(void)
{
	struct state_key k;
	struct bytes key, val;
	struct kv_txn *t;
	struct cache *r;
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(cache_new(t, 3, &r), ERR_OK);
	T_EQ(cache_begin(r), ERR_OK);
	number_key(&k, 5);
	T_EQ(cache_put(r, &k, kv_bytes("five", 4)), ERR_OK);
	state_version_key(&k, 4, 7);
	T_EQ(kv_put(t, KV_STATE, state_key_bytes(&k), kv_bytes("seven", 5)), ERR_OK);
	T_EQ(cache_from(r, &k, 5, &key, &val), ERR_OK);
	T_MEM(val.p, "seven", 5);
	T_EQ(cache_before(r, &k, STATE_FEED_LEN, &key, &val), ERR_NOTFOUND);
	number_key(&k, 6);
	T_EQ(cache_from(r, &k, STATE_FEED_LEN, &key, &val), ERR_NOTFOUND);
	T_EQ(cache_before(r, &k, STATE_FEED_LEN, &key, &val), ERR_OK);
	T_MEM(val.p, "five", 4);
	cache_free(r);
	kv_abort(t);
	kv_close(kv);
}

T_MAIN(T(test_rolled_back_entries_leave_no_trace), T(test_more_rows_than_the_cache_holds),
       T(test_ranges_agree_with_a_sorted_list), T(test_a_long_walk_of_puts_and_ranges_is_in_order),
       T(test_ranges_of_other_feeds_are_those_of_the_store))
