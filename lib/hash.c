#include "lib/hash.h"

#include <assert.h>
#include <string.h>

#include "lib/text.h"

#define LEAF_TAG 0x00
#define NODE_TAG 0x01

const struct hash hash_empty = {{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
				 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
				 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}};

void sha256_start(struct sha256 *s)
{
	sha256_init(&s->c);
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
	if (n)
		sha256_update(&s->c, n, p);
}

void sha256_end(struct sha256 *s, struct hash *ret)
{
	sha256_digest(&s->c, HASH_BYTES, ret->b);
}

void hash_of(const void *p, size_t n, struct hash *ret)
{
	struct sha256 s;

	sha256_start(&s);
	sha256_add(&s, p, n);
	sha256_end(&s, ret);
}

void hash_leaf(const void *p, size_t n, struct hash *ret)
{
	static const uint8_t tag = LEAF_TAG;
	struct sha256 s;

	sha256_start(&s);
	sha256_add(&s, &tag, 1);
	sha256_add(&s, p, n);
	sha256_end(&s, ret);
}

void hash_node(const struct hash *left, const struct hash *right, struct hash *ret)
{
	uint8_t raw[1 + 2 * HASH_BYTES];
	struct sha256_ctx c;

	/* in one piece: the first block is then compressed where it lies */
	raw[0] = NODE_TAG;
	memcpy(raw + 1, left->b, HASH_BYTES);
	memcpy(raw + 1 + HASH_BYTES, right->b, HASH_BYTES);
	sha256_init(&c);
	sha256_update(&c, sizeof(raw), raw);
	sha256_digest(&c, HASH_BYTES, ret->b);
}

int hash_cmp(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, HASH_BYTES);
}

const char *hash_hex(const struct hash *h, size_t n, char *out)
{
	assert(n % 2 == 0 && n <= 2 * (size_t)HASH_BYTES);
	hex_put(out, h->b, n / 2);
	return out;
}
