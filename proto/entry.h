#ifndef PROTO_ENTRY_H
#define PROTO_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/limit.h"
#include "lib/sign.h"

/* The leaf: header 152 bytes | author envelope 112 bytes, all integers big-endian (SPEC 4). A leaf is
 * hashed, stored, sent and verified exactly as first written. */
#define ENTRY_TAG	     "CZENTR1\n"
#define ENTRY_HEADER_BYTES   152
#define ENTRY_ENVELOPE_BYTES 112
#define ENTRY_LEAF_BYTES     264
#define ENTRY_PAYLOAD_MAX    LIMIT(15360, 4096) /* so that any entry fits one 16 KiB chunk */
#define ENTRY_PARTS_MAX	     201		/* part 0 is the head, 1..200 are lines */
#define ENTRY_SECRET_BYTES   16

struct entry {
	struct hash feed;
	uint64_t seq;	  /* from 0 */
	uint32_t epoch;	  /* from 1 */
	struct hash prev; /* leaf hash of seq - 1; the feed ID for seq 0 */
	uint64_t wall_ms; /* what the writer's clock showed; 0 = unknown; a claim, never trusted */
	uint32_t boot;	  /* boot counter of the node */
	uint64_t boot_ms; /* milliseconds since that boot */
	uint64_t town_seen;	/* entries of the town feed that judge this one */
	uint16_t type;		/* proto/records.def */
	uint16_t schema;	/* from 1 */
	uint32_t payload_len;	/* bytes of the payload as first written */
	struct hash commitment; /* payload_commit() */
	uint8_t author[SIGN_KEY_BYTES];
	uint8_t txid[TXID_BYTES];
	uint8_t sig[SIGN_BYTES];
};

void entry_pack(const struct entry *e, uint8_t out[ENTRY_LEAF_BYTES]);
/* ERR_FORMAT: other length, other tag, payload_len over ENTRY_PAYLOAD_MAX, epoch or schema 0. */
int entry_parse(const void *leaf, size_t n, struct entry *ret);

/* What the author signs: "CZTXN01\n" | town ID 32 | feed 32 | txid 16 | type 2 | schema 2 | town_seen 8 |
 * wall_ms 8 | commitment 32. The author may be far from the node that appends. */
#define TX_MESSAGE_BYTES 140
void entry_tx_message(const struct entry *e, const struct hash *town,
		      uint8_t out[TX_MESSAGE_BYTES]);
void entry_tx_sign(struct entry *e, const struct hash *town, const struct sign_key *author);
bool entry_tx_verify(const struct entry *e, const struct hash *town);

/* The payload beside the leaf, form 0: 0x00 | secret 16 | part count u16 | per part: length u16, bytes.
 * Salt of part i = first 16 bytes of SHA-256("CZSALT1\n" | secret | u32 i). */
struct payload {
	const uint8_t *secret;
	uint32_t nparts; /* at least 1 */
	struct bytes part[ENTRY_PARTS_MAX];
};
/* Borrows @p. A part has at least one byte. ERR_FORMAT for anything not exactly of form 0, ERR_LIMIT
 * over a maximum; @ret is then undefined. */
int payload_parse(const void *p, size_t n, struct payload *ret);
/* Root of the RFC 6962 tree whose leaves are "CZPART1\n" | salt 16 | part bytes. */
void payload_commit(const struct payload *p, struct hash *ret);
/* Begins a payload in @out (appends); then payload_part_begin/_end around each part's bytes. An empty
 * part or a wrong @nparts is a bug of the caller (assert). */
void payload_begin(struct buf *out, const uint8_t secret[ENTRY_SECRET_BYTES]);
size_t payload_part_begin(struct buf *out);
void payload_part_end(struct buf *out, size_t mark);
/* Fills in the part count; ERR_LIMIT when a maximum is broken. @start: out->n before payload_begin. */
int payload_finish(struct buf *out, size_t start, uint32_t nparts);

/* A transaction ID: 6 bytes of @wall_ms, 10 random bytes: sorts by time, so its index stays compact. */
void txid_make(uint64_t wall_ms, const uint8_t random[10], uint8_t out[TXID_BYTES]);

#endif
