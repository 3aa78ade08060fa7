#ifndef DAEMON_LEDGER_STATE_CACHE_H
#define DAEMON_LEDGER_STATE_CACHE_H

#include "daemon/ledger/state/state.h"
#include "daemon/store/kv.h"

/* The rows of KV_STATE as one entry after another sees and changes them in a write transaction: a bounded
 * cache in front of the store, and an undo log of the present entry. What an entry changes is kept when it
 * is accepted (cache_commit) and reaches the store, many entries at once and in key order, with cache_flush;
 * cache_rollback leaves no trace of it. */
#define CACHE_ROWS_MAX	LIMIT(UINT32_C(1) << 18, 16)
#define CACHE_BYTES_MAX LIMIT((size_t)64 << 20, 2000)

struct cache;
/* @feed_no: the feed whose rows will be put. */
int cache_new(struct kv_txn *t, uint32_t feed_no, struct cache **ret);
void cache_free(struct cache *r); /* NULL is allowed; what was not flushed is lost */
/* Before each entry: the cache is flushed and emptied when it has grown past its bounds. */
int cache_begin(struct cache *r);
/* ERR_NOTFOUND: there is no such row. Borrowed until this row is put, or the entry ends. */
int cache_get(struct cache *r, const struct state_key *k, struct bytes *ret);
/* The same, but an absent row is an empty one. */
int cache_get_or_empty(struct cache *r, const struct state_key *k, struct bytes *ret);
/* @val may not lie in the row itself. */
int cache_put(struct cache *r, const struct state_key *k, struct bytes val);
/* Bytes of all values put so far. */
uint64_t cache_put_bytes(const struct cache *r);
void cache_commit(struct cache *r);
void cache_rollback(struct cache *r);
/* Between entries. An error is one of the store: the transaction must be aborted. */
int cache_flush(struct cache *r);

/* As cache_get sees them, with what the present entry has put: the row with the largest key below @k among those
 * whose keys begin with the first @prefix bytes of @k, the feed number among them. Borrowed as there. ERR_NOTFOUND. */
int cache_before(struct cache *r, const struct state_key *k, size_t prefix, struct bytes *ret_key,
		 struct bytes *ret_val);
/* The same with the smallest key >= @k. */
int cache_from(struct cache *r, const struct state_key *k, size_t prefix, struct bytes *ret_key,
	       struct bytes *ret_val);

/* Asserts what only a bug can break; reads all rows held. */
void cache_invariant(const struct cache *r);

#endif
