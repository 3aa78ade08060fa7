#ifndef DAEMON_LEDGER_STATE_CACHE_H
#define DAEMON_LEDGER_STATE_CACHE_H

#include "daemon/ledger/state/state.h"
#include "daemon/store/kv.h"

/* The rows of KV_STATE as one entry after another sees and changes them in a write transaction: a bounded
 * cache in front of the store, and an undo log of the present entry. What an entry changes is kept when it
 * is accepted (rows_commit) and reaches the store, many entries at once and in key order, with rows_flush;
 * rows_rollback leaves no trace of it. */
#define ROWS_MAX       (UINT32_C(1) << 18)
#define ROWS_BYTES_MAX ((size_t)64 << 20)

struct rows;
/* @feed_no: the feed whose rows will be put. */
int rows_new(struct kv_txn *t, uint32_t feed_no, struct rows **ret);
void rows_free(struct rows *r); /* NULL is allowed; what was not flushed is lost */
/* Before each entry: the cache is flushed and emptied when it has grown past its bounds. */
int rows_begin(struct rows *r);
/* ERR_NOTFOUND: there is no such row. Borrowed until this row is put, or the entry ends. */
int rows_get(struct rows *r, const struct state_key *k, struct bytes *ret);
/* The same, but an absent row is an empty one. */
int rows_get_or_empty(struct rows *r, const struct state_key *k, struct bytes *ret);
/* @val may not lie in the row itself. */
int rows_put(struct rows *r, const struct state_key *k, struct bytes val);
void rows_commit(struct rows *r);
void rows_rollback(struct rows *r);
/* Between entries. An error is one of the store: the transaction must be aborted. */
int rows_flush(struct rows *r);

/* As rows_get sees them, with what the present entry has put: the row with the largest key below @k among those
 * whose keys begin with the first @prefix bytes of @k, the feed number among them. Borrowed as there. ERR_NOTFOUND. */
int rows_before(struct rows *r, const struct state_key *k, size_t prefix, struct bytes *ret_key,
		struct bytes *ret_val);
/* The same with the smallest key >= @k. */
int rows_from(struct rows *r, const struct state_key *k, size_t prefix, struct bytes *ret_key,
	      struct bytes *ret_val);

/* Asserts what only a bug can break; reads all rows held. */
void rows_invariant(const struct rows *r);

#endif
