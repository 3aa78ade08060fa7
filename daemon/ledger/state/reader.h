#ifndef DAEMON_LEDGER_STATE_READER_H
#define DAEMON_LEDGER_STATE_READER_H

#include "daemon/ledger/state/cache.h"
#include "daemon/ledger/state/state.h"
#include "daemon/ledger/state/state_register.h"
#include "daemon/ledger/state/state_year.h"
#include "daemon/store/kv.h"

/* Rows as one feed sees them. A rule sees them through the cache, with what its own entry has put; everybody else in a
 * transaction. What is read is borrowed: until the row is put or the entry ends, or until the transaction does. */
struct reader {
	struct kv_txn *txn;
	struct cache *cache; /* of feed_no's rows; NULL: there is none */
	uint32_t feed_no;
	uint64_t known; /* so many entries of the town feed count */
	/* Households and documents are as the first so many entries of feed_no left them; 0: as all did. Other rows are
	 * those of now. */
	uint64_t size;
};
#define READER_ALL UINT64_MAX
/* For one call. */
#define READER(t, no) (&(const struct reader){.txn = (t), .feed_no = (no), .known = READER_ALL})
static inline struct reader reader_of(struct kv_txn *t, uint32_t feed_no)
{
	return (struct reader){.txn = t, .feed_no = feed_no, .known = READER_ALL};
}

/* Of whichever feed the key names. Of other feeds nothing is kept in the cache: the town feed may grow in the same
 * transaction. ERR_NOTFOUND. */
int reader_get(const struct reader *r, const struct state_key *k, struct bytes *ret);
/* The row with the largest key below @k, or with the smallest not below it, of those that have its first @parts parts.
 * ERR_NOTFOUND. */
int reader_before(const struct reader *r, const struct state_key *k, unsigned parts,
		  struct bytes *ret_key, struct bytes *ret_row);
int reader_from(const struct reader *r, const struct state_key *k, unsigned parts,
		struct bytes *ret_key, struct bytes *ret_row);
/* All rows from @k on that have its first @parts parts, in key order; @fn may put rows. Stops with what is not 0, which
 * is then the result. */
int reader_each(const struct reader *r, const struct state_key *k, unsigned parts,
		int (*fn)(void *ctx, struct bytes key, struct bytes row), void *ctx);

/* For each row of the table that is read whole, as
 *	int reader_village(const struct reader *r, uint32_t feed_no, struct bytes code, struct state_village *ret);
 * ERR_NOTFOUND, ERR_CORRUPT. */
#define READER_FIELDS(name, value)                                                                 \
	int reader_##name(const struct reader *r, uint32_t feed_no KEY_##name(STATE_PARAM),        \
			  struct state_##value *ret);
#define READER_OWN(name, value) READER_FIELDS(name, value)
#define READER_BLOCK(name, value)
#define READER_DECL(KIND, name, letter, codec, value, zh, en) READER_##codec(name, value)
STATE_ROWS(READER_DECL)
#undef READER_DECL
#undef READER_BLOCK
#undef READER_OWN
#undef READER_FIELDS

#endif
