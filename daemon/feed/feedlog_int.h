#ifndef DAEMON_FEED_FEEDLOG_INT_H
#define DAEMON_FEED_FEEDLOG_INT_H

#include <string.h>

#include "daemon/feed/feedlog.h"

/* Between the files of the feed log.
 *
 *	feedlog.c		an append session
 *	feedlog_heads.c		the directory of feeds and their heads
 *	feedlog_read.c		entries, transaction IDs, tree nodes, roots and proofs
 *	feedlog_reread.c	the second reading, before a head is signed */

#define ROW_HASHES	16
#define ROW_LEVELS	4 /* levels from one stored row to the next */
#define ENTRY_KEY_BYTES 12
#define TREE_KEY_BYTES	13
#define TXID_KEY_BYTES	(TXID_BYTES + 4)

static inline struct bytes feedlog_entry_key(uint8_t key[ENTRY_KEY_BYTES], uint32_t no,
					     uint64_t seq)
{
	be32_put(key, no);
	be64_put(key + 4, seq);
	return kv_bytes(key, ENTRY_KEY_BYTES);
}

static inline struct bytes feedlog_tree_key(uint8_t key[TREE_KEY_BYTES], uint32_t no, unsigned row,
					    uint64_t group)
{
	be32_put(key, no);
	key[4] = (uint8_t)row;
	be64_put(key + 5, group);
	return kv_bytes(key, TREE_KEY_BYTES);
}

static inline struct bytes feedlog_txid_key(uint8_t key[TXID_KEY_BYTES], uint32_t no,
					    const uint8_t *txid)
{
	memcpy(key, txid, TXID_BYTES);
	be32_put(key + TXID_BYTES, no);
	return kv_bytes(key, TXID_KEY_BYTES);
}

/* The head and, borrowed, the manifest. ERR_NOTFOUND, ERR_CORRUPT. */
int feedlog_head_get(struct kv_txn *t, uint32_t no, struct feed_head *ret,
		     struct bytes *ret_manifest);
int feedlog_head_put(struct kv_txn *t, const struct feed_head *h, struct bytes manifest);
/* The hashes of a row of the tree, borrowed. ERR_CORRUPT: it is missing, or not whole hashes. */
int feedlog_row_get(struct kv_txn *t, uint32_t no, unsigned row, uint64_t group, struct bytes *ret);

#endif
