#ifndef DAEMON_FEED_FEEDLOG_H
#define DAEMON_FEED_FEEDLOG_H

#include <stdint.h>

#include "daemon/store/kv.h"
#include "lib/hash.h"
#include "proto/entry.h"
#include "proto/manifest.h"
#include "proto/note.h"
#include "proto/tlog.h"

/* One feed in the store: entries, tree, head. Knows chain and tree, nothing of what entries mean.
 *
 * Keys, big-endian: KV_FEED  no u32            -> head (below) and manifest
 *			      0xff | feed ID 32 -> no u32
 *		     KV_ENTRY no u32 | seq u64    -> leaf 264 | payload
 *		     KV_TREE  no u32 | level/4 u8 | index/16 u64 -> 1..16 hashes of the nodes at that level;
 *			      only levels 0, 4, 8, ... are stored; others are computed from the row below
 *		     KV_TXID  txid 16 | no u32   -> sequence of the first entry of the feed with
 *			      that ID, without zero bytes in front
 * Feed number 1 is the town feed; a feed keeps its number for the life of the store. */
#define FEED_TOWN 1
#define FEEDS_MAX 16384

struct feed_head {
	uint32_t no;
	struct hash id;
	uint8_t key[SIGN_KEY_BYTES]; /* the feed key of the current epoch */
	char origin[ORIGIN_MAX];
	uint64_t size;
	uint32_t epoch;
	struct hash last;   /* leaf hash of size - 1; the feed ID when empty */
	uint64_t town_seen; /* of the last entry */
	struct tlog_edge edge;
};

/* Registers a feed under the number @no; 0: the next free one after FEED_TOWN. ERR_EXISTS: its ID is
 * known or the number is taken. ERR_LIMIT: FEEDS_MAX. ERR_FORMAT: not a manifest. ERR_INVALID: @origin is
 * empty or too long. */
int feedlog_create(struct kv_txn *t, const void *manifest, size_t n, const char *origin,
		   uint32_t no, struct feed_head *ret);
/* The number that the next new feed gets. ERR_LIMIT: there is room for none. */
int feedlog_next_no(struct kv_txn *t, uint32_t *ret);
int feedlog_head(struct kv_txn *t, uint32_t no, struct feed_head *ret);
int feedlog_find(struct kv_txn *t, const struct hash *id, uint32_t *ret_no);
int feedlog_manifest(struct kv_txn *t, uint32_t no, struct manifest *ret);
/* Calls @fn for every feed in number order; stops at the first non-zero return and gives it. */
int feedlog_each(struct kv_txn *t, int (*fn)(void *ctx, const struct feed_head *h), void *ctx);

/* An append session over one feed in a write transaction: tree rows are gathered and written by
 * feedlog_flush, which also writes the head. */
#define FEEDLOG_LEVELS 16
#define FEEDLOG_TXIDS  LIMIT(256, 2)
struct feedlog {
	struct kv_txn *t;
	struct feed_head head;
	struct {
		uint64_t group;
		uint8_t n; /* hashes held; 0 = row not loaded */
		bool dirty;
		struct hash h[16];
	} row[FEEDLOG_LEVELS];
	/* Set after feedlog_open: transaction IDs reach the store many at once and in key order, which keeps
	 * its pages full; feedlog_txid then sees them after feedlog_flush, or one of them after feedlog_meet. */
	bool gather;
	uint32_t ntxids;
	struct {
		uint8_t txid[TXID_BYTES];
		uint64_t seq;
	} txid[FEEDLOG_TXIDS]; /* ascending */
};
int feedlog_open(struct feedlog *f, struct kv_txn *t, uint32_t no);
/* Appends bytes as they are. The leaf must name this feed, the next sequence, the epoch and the last leaf
 * hash: ERR_FORMAT if not (nothing changed). Also writes the transaction ID unless an earlier entry of the
 * feed has it. feedlog_read sees the entry at once, feedlog_node and feedlog_head after feedlog_flush. */
int feedlog_append(struct feedlog *f, const struct entry *e, const uint8_t *leaf,
		   struct bytes payload, struct hash *ret_leaf_hash);
int feedlog_flush(struct feedlog *f);
/* feedlog_txid sees @txid if this session has appended it. */
int feedlog_meet(struct feedlog *f, const uint8_t txid[TXID_BYTES]);
/* Asserts what only a bug can break. Between calls; not after one that failed. */
void feedlog_invariant(const struct feedlog *f);

/* Borrowed from the transaction. ERR_NOTFOUND, ERR_CORRUPT (row too short). */
int feedlog_read(struct kv_txn *t, uint32_t no, uint64_t seq, struct bytes *ret_leaf,
		 struct bytes *ret_payload);
/* The payload of an entry that was accepted, so it is there and has its form: else ERR_CORRUPT. Borrowed. */
int feedlog_payload(struct kv_txn *t, uint32_t no, uint64_t seq, struct payload *ret);
/* The first entry of the feed with this transaction ID. ERR_NOTFOUND. */
int feedlog_txid(struct kv_txn *t, uint32_t no, const uint8_t txid[TXID_BYTES], uint64_t *ret_seq);
/* The row of KV_TXID, read. False: not the one form of a sequence. */
bool feedlog_txid_seq(struct bytes row, uint64_t *ret);
/* Tree node for tlog_prove_*; @ctx is a struct feedlog_nodes. ERR_INVALID: not complete at its size. */
struct feedlog_nodes {
	struct kv_txn *t;
	uint32_t no;
	uint64_t size;
};
int feedlog_node(void *ctx, unsigned level, uint64_t index, struct hash *ret);

/* The root of the first @size entries, at most the size of the feed, from stored nodes. */
int feedlog_root(struct kv_txn *t, uint32_t no, uint64_t size, struct hash *ret);
/* The same, proved to be a prefix of the tree of @head_size entries with the root @head: a bit that flipped in
 * a stored node breaks the proof. ERR_CORRUPT; ERR_INVALID: @size is over that. */
int feedlog_proven(struct kv_txn *t, uint32_t no, uint64_t size, uint64_t head_size,
		   const struct hash *head, struct hash *ret);

/* What can be wrong with a stored entry that must follow the leaf hash @prev. */
enum feedlog_flaw {
	FEEDLOG_GOOD,
	FEEDLOG_LEAF,	/* not a leaf */
	FEEDLOG_PLACE,	/* other feed, sequence or epoch */
	FEEDLOG_PREV,	/* does not follow the entry before */
	FEEDLOG_PAYLOAD /* the payload is not what the leaf commits to */
};
enum feedlog_flaw feedlog_check(const struct feed_head *h, uint64_t seq, const struct hash *prev,
				struct bytes leaf, struct bytes payload, struct entry *ret,
				struct hash *ret_leaf_hash);

/* Compares computed tree nodes with the stored rows of a feed of @size entries, in a read transaction; ctx
 * of feedlog_rows_match, which is a tlog_write_fn. Zero what is not named. */
struct feedlog_rows {
	struct kv_txn *t;
	uint32_t no;
	uint64_t size;
	struct {
		uint64_t group;
		struct bytes raw; /* n 0: none */
	} row[FEEDLOG_LEVELS];
};
/* ERR_CORRUPT: the row is missing, of a wrong length, or has another hash. */
int feedlog_rows_match(void *ctx, unsigned level, uint64_t index, const struct hash *h);

/* The second path of a commit: re-reads entries [from, size) in a fresh transaction, checks chain,
 * sequence, feed, commitment and re-hashes them onto the edge that the stored tree has at @from; compares
 * every tree node and the head with what it finds. Gives the root that may be signed. ERR_CORRUPT with
 * @ret_bad = the first wrong entry. */
int feedlog_reread(struct kv_txn *t, uint32_t no, uint64_t from, struct hash *ret_root,
		   uint64_t *ret_size, uint64_t *ret_bad);

#endif
