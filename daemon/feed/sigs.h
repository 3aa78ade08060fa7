#ifndef DAEMON_FEED_SIGS_H
#define DAEMON_FEED_SIGS_H

#include <stdint.h>

#include "daemon/store/kv.h"
#include "lib/hash.h"
#include "lib/sign.h"
#include "proto/note.h"

/* Rows of KV_NOTE: what was signed about feeds. Keys: no u32 | kind u8 | ...
 *
 *	'S'		 size u64 | root 32 | signature 64		the newest checkpoint by the feed key
 *	'C' | witness 32 size u64 | root 32 | time u64 | signature 64	its newest cosignature by a witness
 *	'A'		 size u64 | root 32				what the hub said that it holds */
#define NOTES_SEALED	    'S'
#define NOTES_COSIG	    'C'
#define NOTES_ACKED	    'A'
#define NOTES_WITNESSES_MAX 1024 /* per feed */

struct notes_sealed {
	uint64_t size;
	struct hash root;
	uint8_t sig[SIGN_BYTES];
};
struct notes_cosig {
	uint8_t witness[SIGN_KEY_BYTES];
	uint64_t size;
	struct hash root;
	struct cosig cosig;
};
struct notes_acked {
	uint64_t size;
	struct hash root;
};

/* The getters: ERR_NOTFOUND, ERR_CORRUPT. */
int notes_sealed_get(struct kv_txn *t, uint32_t no, struct notes_sealed *ret);
int notes_sealed_put(struct kv_txn *t, uint32_t no, const struct notes_sealed *s);
int notes_cosig_get(struct kv_txn *t, uint32_t no, const uint8_t witness[SIGN_KEY_BYTES],
		    struct notes_cosig *ret);
int notes_cosig_put(struct kv_txn *t, uint32_t no, const struct notes_cosig *c);
/* By witness key; stops at the first non-zero return of @fn and gives it. */
int notes_cosig_each(struct kv_txn *t, uint32_t no,
		     int (*fn)(void *ctx, const struct notes_cosig *c), void *ctx);
int notes_acked_get(struct kv_txn *t, uint32_t no, struct notes_acked *ret);
int notes_acked_put(struct kv_txn *t, uint32_t no, const struct notes_acked *a);

/* For verify, which walks the table: what a row is. ERR_CORRUPT: no row of this table. */
struct notes_row {
	uint32_t no;
	uint8_t kind;
	union {
		struct notes_sealed sealed;
		struct notes_cosig cosig;
		struct notes_acked acked;
	} u;
};
int notes_parse(struct bytes key, struct bytes val, struct notes_row *ret);

#endif
