#ifndef PROTO_MSG_H
#define PROTO_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/limit.h"
#include "lib/sign.h"
#include "proto/entry.h"
#include "proto/manifest.h"
#include "proto/note.h"

/* Messages of the exchange (SPEC 9). One message = type u8 | body = one Noise transport message; on the
 * wire u16 length | ciphertext. All integers big-endian or LEB128 varints as noted. */
#define MSG_BYTES_MAX	 20480 /* plaintext; larger frames drop the connection */
#define MSG_FRAME_MAX	 (MSG_BYTES_MAX + 16)
#define MSG_FRONTIER_MAX 64

enum msg_type {
	MSG_FRONTIER_HASH = 1, /* hash 32 of the shared frontier: first thing after the handshake */
	MSG_FRONTIER = 2,      /* the frontier itself, only if hashes differ */
	MSG_CHUNK = 3,	       /* consecutive entries of one feed with a checkpoint at their end */
	MSG_ACK = 4,	       /* durable size of a feed here, after the sync */
	MSG_COSIG = 5,	       /* a witness's cosignature */
	MSG_REFUSE = 6,	       /* a chunk that did not verify: feed, entry, why */
	MSG_ENROL = 7,	       /* a village_enrol transaction, signed with the invitation key */
	MSG_ENROLLED = 8,      /* answer: 0 or a verdict id */
	MSG_PING = 9,
	MSG_PONG = 10,
	MSG_CLOSE = 11,	    /* nothing follows, so that a cut differs from an end */
	MSG_CHUNK_ZSTD = 12 /* MSG_CHUNK in fewer bytes (compress.h), where both sides take it */
};

struct msg_front {
	struct hash feed;
	uint64_t size;
	struct hash root;
};

/* Entries on the wire leave out what the receiver can derive: tag, feed, sequence, epoch, previous hash,
 * payload length, commitment, and the author key after its first use in the chunk. The receiver rebuilds
 * the leaf bytes and proves them right by the tree root of the checkpoint. */
#define CHUNK_HEAD_BYTES  142
#define CHUNK_BYTES_MAX	  LIMIT(16384, 4500)
#define CHUNK_ENTRIES_MAX LIMIT(256, 7)
#define CHUNK_AUTHORS_MAX LIMIT(32, 2)
struct chunk_entry {
	struct entry e;
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct hash leaf_hash;
	struct bytes payload; /* borrowed from the message */
};
struct chunk {
	struct hash feed;
	uint64_t from;
	uint32_t epoch;
	struct hash root;	 /* of the tree of size from + n */
	uint8_t sig[SIGN_BYTES]; /* checkpoint signature by the feed key */
	uint32_t n;
	struct chunk_entry *v; /* CHUNK_ENTRIES_MAX, in the caller's memory */
};

/* Builds MSG_CHUNK bodies one entry at a time. */
struct chunk_writer {
	struct buf *out;
	size_t start;
	uint32_t n;
	uint32_t nauthors;
	uint8_t author[CHUNK_AUTHORS_MAX][SIGN_KEY_BYTES];
	struct entry last;
};
int chunk_begin(struct chunk_writer *w, struct buf *out, const struct hash *feed, uint64_t from,
		uint32_t epoch);
/* ERR_LIMIT (nothing written): does not fit any more; send what there is. ERR_INVALID: not the next entry
 * of this feed and epoch. ERR_NOTFOUND: the payload is not here, so the entry cannot be sent this way.
 * ERR_CORRUPT: leaf and payload do not belong together. ERR_FORMAT: no leaf. */
int chunk_add(struct chunk_writer *w, const void *leaf, struct bytes payload);
/* Fills in the count, root and signature. There must be at least one entry. */
int chunk_finish(struct chunk_writer *w, const struct hash *root, const uint8_t sig[SIGN_BYTES]);
/* Parses the body; @v has room for @cap entries. Fills everything but prev, leaf and leaf_hash. Payload
 * shapes are checked, commitments computed from the payloads. ERR_FORMAT, ERR_LIMIT. */
int chunk_parse(const void *body, size_t n, struct chunk_entry *v, uint32_t cap, struct chunk *ret);
/* Sets prev, leaf and leaf_hash of every entry, the first following the leaf hash @prev. */
void chunk_link(struct chunk *c, const struct hash *prev);
/* Feed, first sequence and count alone, without rebuilding. */
int chunk_peek(const void *body, size_t n, struct hash *ret_feed, uint64_t *ret_from,
	       uint32_t *ret_n);
/* From the facts of an entry to its payload, whose length is returned; what they say is not looked at. */
size_t chunk_skip_facts(struct cur *c);

struct msg_ack {
	struct hash feed;
	uint64_t size;
	struct hash root;
};
struct msg_cosig {
	struct hash feed;
	uint64_t size;
	struct hash root;
	struct cosig cosig;
};
struct msg_refuse {
	struct hash feed;
	uint64_t seq;
	int err; /* ERR_* */
};

/* Each appends a whole message, type and body, to @out. Frontier items are put in order of feed IDs. */
int msg_frontier_hash(struct buf *out, const struct hash *h);
int msg_frontier(struct buf *out, const struct msg_front *f, uint32_t n);
int msg_ack(struct buf *out, const struct msg_ack *m);
int msg_cosig(struct buf *out, const struct msg_cosig *m);
int msg_refuse(struct buf *out, const struct msg_refuse *m);
int msg_enrol(struct buf *out, const uint8_t leaf[ENTRY_LEAF_BYTES], struct bytes payload);
int msg_enrolled(struct buf *out, uint16_t verdict_id);

/* Each reads a body, without the type. ERR_FORMAT, ERR_LIMIT; @ret of lists may then be half filled. */
int msg_frontier_hash_parse(struct bytes body, struct hash *ret);
int msg_frontier_parse(struct bytes body, struct msg_front ret[MSG_FRONTIER_MAX], uint32_t *ret_n);
int msg_ack_parse(struct bytes body, struct msg_ack *ret);
int msg_cosig_parse(struct bytes body, struct msg_cosig *ret);
int msg_refuse_parse(struct bytes body, struct msg_refuse *ret);
/* The payload, borrowed from the body, is of form 0 and is what the leaf commits to. */
int msg_enrol_parse(struct bytes body, struct entry *ret, struct bytes *ret_payload);
int msg_enrolled_parse(struct bytes body, uint16_t *ret);
/* SHA-256 over "CZFRON1\n" and the items (feed | size u64 | root) sorted by feed ID. */
void msg_frontier_digest(const struct msg_front *f, uint32_t n, struct hash *ret);

/* Payload of Noise messages 2 and 3: version u16 | features u32 | max frame u16 | own clock ms u64 |
 * flag u8 | if 1: invitation key 32, its signature 64 over "CZENRL1\n" | handshake hash after message 2.
 * Bytes after these are an error in version 1 and ignored in later ones. */
#define HELLO_VERSION 1
#define HELLO_ZSTD    0x00000001 /* features: takes MSG_CHUNK_ZSTD, whose dictionary is the first */
struct hello {
	uint16_t version;
	uint32_t features;
	uint16_t frame_max;
	uint64_t clock_ms;
	bool invited;
	uint8_t invite_key[SIGN_KEY_BYTES];
	uint8_t invite_sig[SIGN_BYTES];
};
int hello_pack(const struct hello *h, struct buf *out);
int hello_parse(const void *p, size_t n, struct hello *ret);

#endif
