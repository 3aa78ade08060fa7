#ifndef PROTO_NOTE_H
#define PROTO_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/sign.h"
#include "proto/manifest.h"

/* C2SP signed-note, tlog-checkpoint, tlog-cosignature v1 and tlog-proof, Ed25519 types 0x01 and 0x04. */
#define NOTE_ED25519	 0x01
#define NOTE_COSIG	 0x04
#define NOTE_SIGS_MAX	 16
#define NOTE_BYTES_MAX	 8192
#define NOTE_KEYID_BYTES 4
#define NOTE_TIME_MAX	 INT64_MAX /* of a cosignature, seconds */
/* A tlog-proof text: note, hashes, first lines and an "extra" line that is not used. */
#define TLOG_PROOF_TEXT_MAX 16384

/* First 4 bytes of SHA-256(name | 0x0A | type | key). */
void note_key_id(const char *name, uint8_t type, const uint8_t key[SIGN_KEY_BYTES],
		 uint8_t out[NOTE_KEYID_BYTES]);
/* "name+keyid hex+base64(type | key)". ERR_INVALID: not a key name (empty, too long, a space or plus
 * sign or control character in it) or not a known type. */
int note_vkey(struct buf *out, const char *name, uint8_t type, const uint8_t key[SIGN_KEY_BYTES]);
struct vkey {
	char name[ORIGIN_MAX];
	uint8_t type;
	uint8_t key[SIGN_KEY_BYTES];
};
int note_vkey_parse(const char *s, size_t n, struct vkey *ret); /* checks the key ID; ERR_FORMAT */

struct checkpoint {
	char origin[ORIGIN_MAX];
	uint64_t size;
	struct hash root;
};
/* "origin\nsize\nbase64 root\n". ERR_INVALID: the origin is not a key name, or the size is above
 * TLOG_SIZE_MAX; so for every function below that makes bytes from a checkpoint. */
int checkpoint_body(const struct checkpoint *c, struct buf *out);
/* The three lines; extension lines are refused. ERR_FORMAT. */
int checkpoint_parse(const char *body, size_t n, struct checkpoint *ret);

/* The bare signature of a checkpoint (over its body) by a feed key, and its check. */
int checkpoint_sign(const struct checkpoint *c, const struct sign_key *feed_key,
		    uint8_t out[SIGN_BYTES]);
bool checkpoint_verify(const struct checkpoint *c, const uint8_t feed_key[SIGN_KEY_BYTES],
		       const uint8_t sig[SIGN_BYTES]);

/* A v1 cosignature: time in seconds and the signature over "cosignature/v1\ntime T\n" | body. */
struct cosig {
	uint64_t time_s;
	uint8_t sig[SIGN_BYTES];
};
int cosig_make(const struct checkpoint *c, const struct sign_key *witness, uint64_t time_s,
	       struct cosig *ret);
bool cosig_verify(const struct checkpoint *c, const uint8_t witness[SIGN_KEY_BYTES],
		  const struct cosig *s);

/* Note text: appends body, empty line and then signature lines one by one; the caller keeps within
 * NOTE_SIGS_MAX lines. ERR_INVALID as in note_vkey. */
int note_begin(struct buf *out, const struct checkpoint *c);
int note_add_sig(struct buf *out, const char *name, const uint8_t key[SIGN_KEY_BYTES],
		 const uint8_t sig[SIGN_BYTES]);
int note_add_cosig(struct buf *out, const char *name, const uint8_t key[SIGN_KEY_BYTES],
		   const struct cosig *s);

/* Verifies a note against known keys (C2SP rule: unknown lines ignored, a known line must verify, at
 * least one good known signature of type 0x01 by the log key: one whose name is the origin).
 * @ret_cosigs (may be NULL) counts the different known 0x04 keys with a good line. Two known keys with
 * one name and key ID are ERR_INVALID when a line bears them. ERR_FORMAT, ERR_CRYPTO, ERR_LIMIT. */
int note_open(const char *note, size_t n, const struct vkey *known, uint32_t nknown,
	      struct checkpoint *ret, uint32_t *ret_cosigs);

/* c2sp.org/tlog-proof@v1 text: index, hashes, empty line, note. */
int tlog_proof_write(struct buf *out, uint64_t index, const struct hash *proof, uint32_t n,
		     struct bytes note);
/* Opens the note and checks that @leaf_hash is in its tree at the index of the text. ERR_CRYPTO: it is
 * not; else as note_open. */
int tlog_proof_check(const char *text, size_t n, const struct hash *leaf_hash,
		     const struct vkey *known, uint32_t nknown, struct checkpoint *ret);

#endif
