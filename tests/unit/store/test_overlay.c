#include "daemon/store/overlay.h"

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

#define MODEL_KEYS  24
#define MODEL_STEPS 4000

struct model {
	bool there[MODEL_KEYS];
	uint8_t val[MODEL_KEYS];
};

static struct bytes model_key(uint8_t k[2], unsigned i)
{
	k[0] = 'k';
	k[1] = (uint8_t)(10 * i);
	return kv_bytes(k, 2);
}

/* The row that a walk in one direction finds next, -1 at the end. */
static int model_next(const struct model *m, int from, int step)
{
	for (from += step; from >= 0 && from < MODEL_KEYS; from += step)
		if (m->there[from])
			return from;
	return -1;
}

static void walk(struct kv_txn *t, const struct model *m, bool forward)
{
	struct kv_cursor *c;
	struct bytes key, val;
	uint8_t k[2];
	int i = forward ? -1 : MODEL_KEYS, err;

	T_EQ(kv_cursor_open(t, KV_STATE, &c), ERR_OK);
	err = forward ? kv_seek(c, KV_GE, model_key(k, 0), &key, &val)
		      : kv_seek(c, KV_LAST, kv_bytes(NULL, 0), &key, &val);
	while ((i = model_next(m, i, forward ? 1 : -1)) >= 0) {
		T_EQ(err, ERR_OK);
		T_EQ(key.p[1], 10 * i);
		T_EQ(val.p[0], m->val[i]);
		err = kv_seek(c, forward ? KV_NEXT : KV_PREV, key, &key, &val);
	}
	T_EQ(err, ERR_NOTFOUND);
	kv_cursor_close(c);
}

static void one_change(struct kv_txn *t, struct model *m, struct prng *g)
{
	unsigned i = (unsigned)prng_below(g, MODEL_KEYS);
	uint8_t k[2], v = (uint8_t)prng_next(g);

	if (prng_below(g, 3)) {
		T_EQ(kv_put(t, KV_STATE, model_key(k, i), kv_bytes(&v, 1)), ERR_OK);
		m->there[i] = true;
		m->val[i] = v;
	} else {
		T_EQ(kv_del(t, KV_STATE, model_key(k, i)), m->there[i] ? ERR_OK : ERR_NOTFOUND);
		m->there[i] = false;
	}
}

/* Changes over a store with rows of its own; @fresh: over a table that begins empty. */
static void reads_like_one_store(uint32_t fresh)
{
	struct kv *base, *over;
	struct kv_txn *b, *t;
	struct model below = {0}, m = {0};
	struct prng g;
	struct bytes val;
	uint8_t k[2];

	prng_seed(&g, 7);
	T_EQ(kvmem_new(&base), ERR_OK);
	T_EQ(kv_begin(base, true, &b), ERR_OK);
	for (int i = 0; i < MODEL_KEYS; i++)
		one_change(b, &below, &g);
	T_EQ(kv_commit(b), ERR_OK);
	T_EQ(kv_begin(base, false, &b), ERR_OK);
	T_EQ(overlay_new(b, fresh, &over), ERR_OK);
	T_EQ(kv_begin(over, true, &t), ERR_OK);
	if (!fresh)
		m = below;
	walk(t, &m, true);
	for (int i = 0; i < MODEL_STEPS; i++) {
		unsigned j = (unsigned)prng_below(&g, MODEL_KEYS);

		one_change(t, &m, &g);
		overlay_invariant(t);
		T_EQ(kv_get(t, KV_STATE, model_key(k, j), &val),
		     m.there[j] ? ERR_OK : ERR_NOTFOUND);
		if (m.there[j])
			T_EQ(val.p[0], m.val[j]);
		if (i % 50 == 0) {
			walk(t, &m, true);
			walk(t, &m, false);
		}
	}
	T_EQ(kv_commit(t), ERR_OK);
	kv_close(over);
	walk(b, &below, true); /* and the store below is as it was */
	kv_abort(b);
	kv_close(base);
}

static void test_an_overlay_reads_like_one_store(void)
{
	reads_like_one_store(0);
}

static void test_a_fresh_table_shows_nothing_of_the_store_below(void)
{
	reads_like_one_store(OVERLAY_FRESH(KV_STATE));
}

static int open_and_put(struct kv_txn *b)
{
	struct kv *over = NULL;
	struct kv_txn *t = NULL;
	int err = overlay_new(b, OVERLAY_FRESH(KV_STATE), &over);

	if (!err)
		err = kv_begin(over, true, &t);
	if (!err)
		err = kv_put(t, KV_STATE, kv_bytes("a", 1), kv_bytes("b", 1));
	if (!err)
		err = kv_put(t, KV_META, kv_bytes("a", 1), kv_bytes("b", 1));
	kv_abort(t);
	kv_close(over);
	return err;
}

static void test_every_allocation_may_fail(void)
{
	struct kv_txn *b;
	struct kv *base;

	T_EQ(kvmem_new(&base), ERR_OK);
	T_EQ(kv_begin(base, false, &b), ERR_OK);
	T_OOM(open_and_put(b));
	kv_abort(b);
	kv_close(base);
}

T_MAIN(T(test_an_overlay_reads_like_one_store),
       T(test_a_fresh_table_shows_nothing_of_the_store_below), T(test_every_allocation_may_fail))
