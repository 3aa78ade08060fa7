#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <nettle/sha2.h>

#define HASH_BYTES 32

/* A SHA-256 value. */
struct hash {
	uint8_t b[HASH_BYTES];
};

struct sha256 {
	struct sha256_ctx c;
};

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, struct hash *ret);

void hash_of(const void *p, size_t n, struct hash *ret);
/* RFC 6962 section 2.1: SHA-256(0x00 || leaf), SHA-256(0x01 || left || right). */
void hash_leaf(const void *p, size_t n, struct hash *ret);
void hash_node(const struct hash *left, const struct hash *right, struct hash *ret);
/* The root of the empty tree. */
extern const struct hash hash_empty;
int hash_cmp(const struct hash *a, const struct hash *b); /* not constant time: public values */
/* The first @n hex digits (n even, at most 64) and NUL into @out. Returns @out. */
const char *hash_hex(const struct hash *h, size_t n, char *out);

#endif
