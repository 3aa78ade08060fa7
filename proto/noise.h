#ifndef PROTO_NOISE_H
#define PROTO_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/limit.h"
#include "lib/sign.h"

/* Noise_XK_25519_ChaChaPoly_BLAKE2b (Noise revision 34) on libsodium primitives. Pure: the ephemeral
 * seed is an argument. Messages: 1 "e, es" 48 + payload, 2 "e, ee" 48 + payload, 3 "s, se" 64 + payload.
 * Any failure makes the session unusable; wipe it with noise_close. */
#define NOISE_MSG_MAX	  65535
#define NOISE_TAG_BYTES	  16
#define NOISE_REKEY_MSGS  LIMIT(65536, 5)
#define NOISE_REKEY_BYTES LIMIT((uint64_t)1 << 30, 1024)
#define NOISE_HASH_BYTES  64
#define NOISE_LABEL	  "cunzhang/1\n" /* prologue = label | town ID */

struct noise_cipher {
	uint8_t k[32];
	uint64_t n;
	uint64_t since_msgs, since_bytes; /* since the last rekey */
};

struct noise {
	bool initiator;
	uint8_t step; /* next handshake message 1..3; 4 = transport */
	bool dead;
	uint8_t ck[NOISE_HASH_BYTES], h[NOISE_HASH_BYTES];
	struct noise_cipher hs, send, recv;
	const struct dh_key *s; /* borrowed static key */
	struct dh_key *e;
	uint8_t rs[DH_KEY_BYTES], re[DH_KEY_BYTES];
};

/* @rs: responder's static key (initiator only, else NULL). Borrows @s until noise_close; @ephemeral_seed
 * must be fresh random bytes for every session. ERR_NOMEM, ERR_CRYPTO. */
int noise_init(struct noise *n, bool initiator, const struct dh_key *s, const uint8_t *rs,
	       const void *prologue, size_t prologue_n, const uint8_t ephemeral_seed[32]);
void noise_close(struct noise *n);
/* Writes the next handshake message (payload may be empty) to the end of @out. Here and below: input
 * does not lie in @out, which is unchanged on failure; ERR_STATE when it is the other side's turn or
 * after a failure, ERR_INVALID for more than fits in NOISE_MSG_MAX, or what buf_reserve met. */
int noise_write(struct noise *n, const void *payload, size_t len, struct buf *out);
/* Reads one; its payload is appended to @out. ERR_CRYPTO, ERR_FORMAT. */
int noise_read(struct noise *n, const void *msg, size_t len, struct buf *out);
bool noise_ready(const struct noise *n);
/* The other side's static key; NULL for the responder before message 3 has been read. */
const uint8_t *noise_remote(const struct noise *n);
/* The handshake hash so far, NOISE_HASH_BYTES: alike on both sides after each message, final after
 * message 3. Changes with the next message: copy what must outlive it. */
const uint8_t *noise_binding(const struct noise *n);
/* Transport: plaintext at most NOISE_MSG_MAX - 16; the u16 frame length is the caller's. Rekeys by
 * itself per direction. ERR_LIMIT after 2^64 - 1 messages. */
int noise_seal(struct noise *n, const void *p, size_t len, struct buf *out);
int noise_open(struct noise *n, const void *p, size_t len, struct buf *out);

#endif
