#include "tests/sim/sim.h"

#include <string.h>

#include "daemon/verify/verify.h"
#include "lib/err.h"
#include "tests/lib/t.h"

/* A row of the folded state that no entry explains: a bit of it has changed, it is gone, or there is one more.
 * Tried on a copy, aside: verify must say so, and the digest of the feed must be another. And a bit of a row of any other
 * table that is signed or follows from what is. */
enum rot { ROT_FLIP, ROT_GONE, ROT_MORE, ROTS };
#define ROW_MAX (ENTRY_LEAF_BYTES + ENTRY_PAYLOAD_MAX)

struct rotten {
	uint8_t key[KV_KEY_MAX], val[ROW_MAX];
	size_t key_n, val_n;
};

/* The one after @skip others. */
static void pick(struct kv_txn *t, enum kv_table table, uint64_t skip, struct rotten *ret)
{
	struct kv_cursor *c;
	struct bytes key, val;

	T_EQ(kv_cursor_open(t, table, &c), ERR_OK);
	T_EQ(kv_seek(c, KV_GE, kv_bytes(NULL, 0), &key, &val), ERR_OK);
	while (skip-- && !kv_seek(c, KV_NEXT, key, &key, &val)) {
	}
	T_OK(key.n < sizeof(ret->key) && val.n < sizeof(ret->val));
	memcpy(ret->key, key.p, key.n);
	memcpy(ret->val, val.p, val.n);
	ret->key_n = key.n;
	ret->val_n = val.n;
	kv_cursor_close(c);
}

static uint64_t count_rows(struct kv_txn *t, enum kv_table table)
{
	struct kv_cursor *c;
	struct bytes key, val;
	uint64_t n = 0;

	T_EQ(kv_cursor_open(t, table, &c), ERR_OK);
	for (int err = kv_seek(c, KV_GE, kv_bytes(NULL, 0), &key, &val); !err;
	     err = kv_seek(c, KV_NEXT, key, &key, &val))
		n++;
	kv_cursor_close(c);
	return n;
}

/* An empty row has no bit to change: it gets a byte. */
static void spoil(struct sim *s, struct kv_txn *t, enum kv_table table, struct rotten *r,
		  enum rot how)
{
	if (how == ROT_GONE) {
		T_EQ(kv_del(t, table, kv_bytes(r->key, r->key_n)), ERR_OK);
		return;
	}
	if (how == ROT_MORE)
		r->key[r->key_n++] = 1;
	else if (r->val_n == 0)
		r->val[r->val_n++] = 0;
	else
		r->val[prng_below(&s->crash, r->val_n)] ^=
			(uint8_t)(1u << prng_below(&s->crash, 8));
	T_EQ(kv_put(t, table, kv_bytes(r->key, r->key_n), kv_bytes(r->val, r->val_n)), ERR_OK);
}

static bool verify_says(struct sim *s, uint32_t host, enum kv_table table, struct kv_txn *t)
{
	const struct host *h = &s->m[host].host;
	const struct guarddisk_slot *guard = guarddisk_newest(&h->guard);
	const struct verify_opts opts = {.rebuild = table == KV_STATE || table == KV_VERDICT};
	struct verify_report r;
	bool says = false;

	T_EQ(verify_store(t, &h->town, h->own_no, guard->counter ? &guard->sealed : NULL, &opts,
			  &r),
	     ERR_OK);
	for (uint32_t i = 0; i < r.nproblems; i++)
		says = says || table != KV_STATE || !strcmp(r.problem[i].table, "state");
	verify_close(&r);
	return says;
}

void rot_tries(struct sim *s, uint32_t host)
{
	struct kv *copy;
	struct kv_txn *good, *t;
	struct hash before, after;
	struct rotten r;
	enum rot how = (enum rot)prng_below(&s->crash, ROTS);

	T_EQ(kv_begin(s->m[host].host.kv, false, &good), ERR_OK);
	copy = host_store_of(good);
	pick(good, KV_STATE, prng_below(&s->crash, count_rows(good, KV_STATE)), &r);
	T_EQ(kv_begin(copy, true, &t), ERR_OK);
	spoil(s, t, KV_STATE, &r, how);
	T_EQ(kv_commit(t), ERR_OK);
	T_EQ(kv_begin(copy, false, &t), ERR_OK);
	T_EQ(fold_digest(good, be32_get(r.key), &before), ERR_OK);
	T_EQ(fold_digest(t, be32_get(r.key), &after), ERR_OK);
	if (!hash_cmp(&before, &after))
		sim_fail(s, "rot: %s: a row of state changed and the digest did not (%d)",
			 s->m[host].host.name, how);
	else if (!verify_says(s, host, KV_STATE, t))
		sim_fail(s, "rot: %s: verify does not name a row of state that changed (%d)",
			 s->m[host].host.name, how);
	s->count.rots++;
	kv_abort(t);
	kv_abort(good);
	kv_close(copy);
}

static void flip_one(struct sim *s, uint32_t host, enum kv_table table, struct kv_txn *t)
{
	uint64_t rows = count_rows(t, table);
	struct rotten r;

	if (rows == 0)
		return;
	pick(t, table, prng_below(&s->crash, rows), &r);
	spoil(s, t, table, &r, ROT_FLIP);
	s->count.rots++;
	if (!verify_says(s, host, table, t))
		sim_fail(s, "rot: %s: verify does not name a row of table %u that changed",
			 s->m[host].host.name, (unsigned)table);
}

void rot_anywhere(struct sim *s, uint32_t host)
{
	static const enum kv_table tables[] = {KV_FEED, KV_ENTRY, KV_TREE,
					       KV_TXID, KV_NOTE,  KV_VERDICT};
	struct kv_txn *good, *t;
	struct kv *copy;

	T_EQ(kv_begin(s->m[host].host.kv, false, &good), ERR_OK);
	copy = host_store_of(good);
	kv_abort(good);
	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]) && !s->failed; i++) {
		T_EQ(kv_begin(copy, true, &t), ERR_OK);
		flip_one(s, host, tables[i], t);
		kv_abort(t);
	}
	kv_close(copy);
}
