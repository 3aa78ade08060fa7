#ifndef DAEMON_STORE_KV_H
#define DAEMON_STORE_KV_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* The ordered key-value store the rules see: byte keys in memcmp order, tables, transactions. Two
 * implementations, memory (kvmem.h) and LMDB (daemon/io/kvlmdb.h); one conformance suite runs on both.
 *
 * One write transaction at a time; it sees its own writes. Any number of read transactions, each a
 * snapshot of the last commit before it began. A transaction belongs to one thread.
 * Transactions are sticky: after the first failing put or del, later ones do nothing and commit
 * aborts with that error. */

/* X(table, name): KV_META configuration of the node; KV_FEED heads of feeds; KV_ENTRY leaf | payload;
 * KV_TREE rows of tree nodes; KV_TXID transaction IDs; KV_NOTE checkpoints, cosignatures, acknowledged
 * sizes; KV_VERDICT verdicts that are not plain acceptances; KV_STATE folded state. */
#define KV_TABLES(X)                                                                               \
	X(KV_META, "meta")                                                                         \
	X(KV_FEED, "feed")                                                                         \
	X(KV_ENTRY, "entry")                                                                       \
	X(KV_TREE, "tree")                                                                         \
	X(KV_TXID, "txid")                                                                         \
	X(KV_NOTE, "note")                                                                         \
	X(KV_VERDICT, "verdict")                                                                   \
	X(KV_STATE, "state")
#define KV_ENUM(id, name) id,
enum kv_table { KV_TABLES(KV_ENUM) KV_NTABLES };
#undef KV_ENUM
const char *kv_table_name(enum kv_table t);

#define KV_KEY_MAX   128
#define KV_VALUE_MAX (1 << 20)

struct kv;
struct kv_txn;
struct kv_cursor;

struct kv_ops {
	int (*begin)(struct kv *kv, bool write, struct kv_txn **ret);
	int (*commit)(struct kv_txn *t); /* ends the transaction also on failure */
	void (*abort)(struct kv_txn *t);
	int (*get)(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret);
	int (*put)(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes val);
	int (*del)(struct kv_txn *t, enum kv_table tab, struct bytes key);
	int (*cursor)(struct kv_txn *t, enum kv_table tab, struct kv_cursor **ret);
	int (*seek)(struct kv_cursor *c, struct bytes key, int how, struct bytes *ret_key,
		    struct bytes *ret_val);
	void (*cursor_close)(struct kv_cursor *c);
	void (*close)(struct kv *kv);
};

/* Implementations embed these as their first member. */
struct kv {
	const struct kv_ops *ops;
};
struct kv_txn {
	struct kv *kv;
	bool write;
	int err;	  /* sticky */
	uint32_t cursors; /* open */
	uint64_t writes;  /* puts and dels so far */
};
struct kv_cursor {
	struct kv_txn *txn;
	uint64_t writes; /* of the transaction when it was positioned */
	bool at;	 /* positioned; false after ERR_NOTFOUND */
};

int kv_begin(struct kv *kv, bool write, struct kv_txn **ret);
/* ERR_FULL: no room, nothing changed, later transactions may work. ERR_IO: the sync failed: stop. */
int kv_commit(struct kv_txn *t);
void kv_abort(struct kv_txn *t); /* NULL is allowed */
/* The value is borrowed until the next write in this transaction or its end. ERR_NOTFOUND. */
int kv_get(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret);
int kv_put(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes val);
int kv_del(struct kv_txn *t, enum kv_table tab, struct bytes key); /* ERR_NOTFOUND (not sticky) */
/* A cursor must be closed before its transaction ends; after a write through the transaction it must be
 * positioned anew with KV_GE, KV_LT or KV_LAST (asserted). KV_NEXT and KV_PREV give ERR_NOTFOUND on a
 * cursor that is not on a row. An empty key comes before all others. Results are borrowed as with kv_get. */
enum kv_how {
	KV_GE,	 /* the smallest key >= @key */
	KV_LT,	 /* the largest key < @key */
	KV_NEXT, /* @key ignored */
	KV_PREV,
	KV_LAST /* the largest key of the table */
};
int kv_cursor_open(struct kv_txn *t, enum kv_table tab, struct kv_cursor **ret);
int kv_seek(struct kv_cursor *c, enum kv_how how, struct bytes key, struct bytes *ret_key,
	    struct bytes *ret_val);	   /* ERR_NOTFOUND at the end */
void kv_cursor_close(struct kv_cursor *c); /* NULL is allowed */
void kv_close(struct kv *kv);		   /* NULL is allowed */

static inline struct bytes kv_bytes(const void *p, size_t n)
{
	return (struct bytes){(const uint8_t *)p, n};
}

#endif
