#ifndef PROTO_TLOG_H
#define PROTO_TLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hash.h"

/* The RFC 6962 / RFC 9162 tree, SHA-256: appending, roots, proofs and their verification. Pure; nodes
 * are read and written through callbacks. Node (level, index) = hash of the complete subtree over
 * leaves [index << level, (index + 1) << level). */
#define TLOG_PROOF_MAX 64
/* The largest tree; then no proof is longer than TLOG_PROOF_MAX, and a size fits int64. */
#define TLOG_SIZE_MAX INT64_MAX

/* The right edge: one hash for each set bit of size, highest first. */
struct tlog_edge {
	uint64_t size;
	uint32_t n;
	struct hash h[TLOG_PROOF_MAX];
};

typedef int (*tlog_write_fn)(void *ctx, unsigned level, uint64_t index, const struct hash *h);
typedef int (*tlog_read_fn)(void *ctx, unsigned level, uint64_t index, struct hash *ret);

/* Adds a leaf hash; @write (may be NULL) is called with every completed node, the leaf (level 0) first.
 * Returns ERR_LIMIT at TLOG_SIZE_MAX, else what @write returned; on failure the edge is unchanged. */
int tlog_append(struct tlog_edge *e, const struct hash *leaf, tlog_write_fn write, void *ctx);
void tlog_root(const struct tlog_edge *e, struct hash *ret); /* hash_empty for size 0 */
/* The edge at @size from stored nodes. ERR_INVALID above TLOG_SIZE_MAX. */
int tlog_edge_read(uint64_t size, tlog_read_fn read, void *ctx, struct tlog_edge *ret);

/* Proofs, RFC 9162 order. @ret has room for TLOG_PROOF_MAX hashes, its contents are undefined on
 * failure. Only complete nodes are read. ERR_INVALID: index >= size, m > n, m == 0, a size above
 * TLOG_SIZE_MAX; else what @read returned. */
int tlog_prove_inclusion(uint64_t index, uint64_t size, tlog_read_fn read, void *ctx,
			 struct hash *ret, uint32_t *ret_n);
int tlog_prove_consistency(uint64_t m, uint64_t n, tlog_read_fn read, void *ctx, struct hash *ret,
			   uint32_t *ret_n);
bool tlog_verify_inclusion(const struct hash *leaf, uint64_t index, uint64_t size,
			   const struct hash *root, const struct hash *proof, uint32_t proof_n);
/* m == 0 < n: the proof is empty and @root_m is not looked at; m == n: proof empty and roots equal. */
bool tlog_verify_consistency(uint64_t m, const struct hash *root_m, uint64_t n,
			     const struct hash *root_n, const struct hash *proof, uint32_t proof_n);

/* C2SP tlog-tiles: "tile/<L>/<N>[.p/<W>]", entries with level -1: "tile/entries/<N>[.p/<W>]".
 * @width 1..TILE_WIDTH, TILE_WIDTH = full; level -1..63. */
#define TILE_WIDTH    256
#define TILE_PATH_MAX 64
void tile_path(int level, uint64_t n, unsigned width, char out[TILE_PATH_MAX]);

#endif
