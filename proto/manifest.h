#ifndef PROTO_MANIFEST_H
#define PROTO_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/sign.h"

/* The birth certificate of a feed; feed ID = SHA-256 of its bytes (SPEC 2). Layout: "CZMANF1\n" |
 * town ID 32 | first feed key 32 | threshold u8 | count u8 | count x recovery key 32 | nonce 16 |
 * predecessor u8 (0, or 1 followed by feed ID 32, size u64, root 32). */
#define MANIFEST_RECOVERY_MAX 7
#define MANIFEST_BYTES_MAX    (8 + 32 + 32 + 2 + 32 * MANIFEST_RECOVERY_MAX + 16 + 1 + 72)

struct manifest {
	struct hash town;
	uint8_t feed_key[SIGN_KEY_BYTES];
	uint8_t threshold; /* of recovery keys; 0 when there are none */
	uint8_t nrecovery;
	uint8_t recovery[MANIFEST_RECOVERY_MAX][SIGN_KEY_BYTES];
	uint8_t nonce[16];
	bool has_pred;
	struct hash pred_feed, pred_root;
	uint64_t pred_size;
};

/* Appends to @out. ERR_INVALID: more than MANIFEST_RECOVERY_MAX recovery keys, a threshold above their
 * count, 0 with keys or not 0 without, a recovery key given twice or equal to the feed key. */
int manifest_pack(const struct manifest *m, struct buf *out);
/* ERR_FORMAT for anything that manifest_pack would not have written. */
int manifest_parse(const void *p, size_t n, struct manifest *ret);
void manifest_feed_id(const void *p, size_t n, struct hash *ret);

/* The C2SP origin of a feed, "<domain>/v/<16 hex of the feed ID>"; witness key name
 * "<domain>/w/<16 hex>". */
#define ORIGIN_MAX 128
#define DOMAIN_MAX 96
/* 1 to DOMAIN_MAX - 1 characters a-z 0-9 . - : what a C2SP key name may hold, and one spelling only. */
bool domain_valid(const char *domain);
/* A town for training (SPEC 2.3): its domain ends in ".invalid", which RFC 2606 gives to nobody, so origins,
 * checkpoints and every paper say for ever that its data are none. */
#define DOMAIN_TRAINING "training.invalid"
bool domain_is_training(const char *domain);
/* @domain: domain_valid(). */
void origin_of(const char *domain, const struct hash *feed, char out[ORIGIN_MAX]);
void witness_name_of(const char *domain, const struct hash *feed, char out[ORIGIN_MAX]);

#endif
