#ifndef LIB_SIGN_H
#define LIB_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* Keys, signatures and seals over libsodium. One key, one purpose. Secrets live in
 * sodium_malloc memory and are wiped on free. Ed25519 signing is deterministic. */
#define SIGN_KEY_BYTES	32 /* public */
#define SIGN_SEED_BYTES 32 /* secret seed */
#define SIGN_BYTES	64
#define DH_KEY_BYTES	32
#define TXID_BYTES	16

struct sign_key; /* an Ed25519 secret key */
struct dh_key;	 /* an X25519 secret key */

/* Once per process, before anything else here. ERR_CRYPTO: libsodium does not start, or is a build whose
 * signatures do not verify as in SPEC 4.6; with that a node would come to other verdicts than the rest. */
int crypto_start(void);

int sign_key_from_seed(const uint8_t seed[SIGN_SEED_BYTES], struct sign_key **ret);
void sign_key_free(struct sign_key *k);
const uint8_t *sign_key_public(const struct sign_key *k);
/* While it is hidden its secret can be neither read nor used: whoever tries dies. Not counted; one thread at a time. */
void sign_key_hide(struct sign_key *k);
void sign_key_show(struct sign_key *k);
void sign_key_seed(const struct sign_key *k, uint8_t out[SIGN_SEED_BYTES]);
void sign(const struct sign_key *k, const void *p, size_t n, uint8_t out[SIGN_BYTES]);
bool sign_verify(const uint8_t pub[SIGN_KEY_BYTES], const void *p, size_t n,
		 const uint8_t sig[SIGN_BYTES]);

int dh_key_from_seed(const uint8_t seed[DH_KEY_BYTES], struct dh_key **ret);
void dh_key_free(struct dh_key *k);
const uint8_t *dh_key_public(const struct dh_key *k);
/* ERR_CRYPTO for a low-order point. */
int dh(const struct dh_key *k, const uint8_t pub[DH_KEY_BYTES], uint8_t out[DH_KEY_BYTES]);

/* A seed sealed under a passphrase: magic 8 "CZSEAL1\n" | salt 16 | ops u32 | mem_kib u32 | nonce 24 |
 * xchacha20poly1305(seed 32) 48. argon2id; the limits are in the bytes and bounded on reading. */
#define SEAL_BYTES	     (8 + 16 + 4 + 4 + 24 + 48)
#define SEAL_OPS_DEFAULT     3
#define SEAL_MEM_KIB_DEFAULT 65536
#define SEAL_OPS_MAX	     16
#define SEAL_MEM_KIB_MAX     1048576
struct seal_cost {
	uint32_t ops;
	uint32_t mem_kib;
};
/* @entropy: 40 random bytes (salt, nonce). ERR_NOMEM when the memory for argon2id is not there. */
int seal_make(const char *passphrase, const uint8_t seed[SIGN_SEED_BYTES], struct seal_cost cost,
	      const uint8_t entropy[40], uint8_t out[SEAL_BYTES]);
/* ERR_CRYPTO: wrong passphrase or altered bytes; ERR_FORMAT: not a seal. */
int seal_open(const uint8_t in[SEAL_BYTES], const char *passphrase, uint8_t seed[SIGN_SEED_BYTES]);

/* BLAKE2b with a key, for deriving one secret from another; out 16..64 bytes. */
void kdf(uint8_t *out, size_t out_n, const void *key, size_t key_n, const void *msg, size_t msg_n);
void secret_wipe(void *p, size_t n);

#endif
