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
 *	'A'		 size u64 | root 32				what the upstream has acknowledged */
#define SIGS_SEALED 'S'
#define SIGS_COSIG  'C'
#define SIGS_ACKED  'A'

struct sigs_sealed {
	uint64_t size;
	struct hash root;
	uint8_t sig[SIGN_BYTES];
};
struct sigs_cosig {
	uint8_t witness[SIGN_KEY_BYTES];
	uint64_t size;
	struct hash root;
	struct cosig cosig;
};
struct sigs_acked {
	uint64_t size;
	struct hash root;
};

/* The getters: ERR_NOTFOUND, ERR_CORRUPT. */
int sigs_sealed_get(struct kv_txn *t, uint32_t no, struct sigs_sealed *ret);
int sigs_sealed_put(struct kv_txn *t, uint32_t no, const struct sigs_sealed *s);
int sigs_cosig_get(struct kv_txn *t, uint32_t no, const uint8_t witness[SIGN_KEY_BYTES],
		   struct sigs_cosig *ret);
int sigs_cosig_put(struct kv_txn *t, uint32_t no, const struct sigs_cosig *c);
/* By witness key; stops at the first non-zero return of @fn and gives it. */
int sigs_cosig_each(struct kv_txn *t, uint32_t no, int (*fn)(void *ctx, const struct sigs_cosig *c),
		    void *ctx);
int sigs_acked_get(struct kv_txn *t, uint32_t no, struct sigs_acked *ret);
int sigs_acked_put(struct kv_txn *t, uint32_t no, const struct sigs_acked *a);

/* For verify, which walks the table: what a row is. ERR_CORRUPT: no row of this table. */
struct sigs_row {
	uint32_t no;
	uint8_t kind;
	union {
		struct sigs_sealed sealed;
		struct sigs_cosig cosig;
		struct sigs_acked acked;
	} u;
};
int sigs_parse(struct bytes key, struct bytes val, struct sigs_row *ret);

#endif
