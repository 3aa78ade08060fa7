#include "lib/prng.h"

#include <assert.h>

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

/* splitmix64 spreads any seed, zero too, over the whole state */
void prng_seed(struct prng *g, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		g->s[i] = z ^ z >> 31;
	}
}

uint64_t prng_next(struct prng *g)
{
	uint64_t result = rotl(g->s[1] * 5, 7) * 9;
	uint64_t t = g->s[1] << 17;

	g->s[2] ^= g->s[0];
	g->s[3] ^= g->s[1];
	g->s[1] ^= g->s[2];
	g->s[0] ^= g->s[3];
	g->s[2] ^= t;
	g->s[3] = rotl(g->s[3], 45);
	return result;
}

uint64_t prng_below(struct prng *g, uint64_t n)
{
	uint64_t v;

	assert(n > 0);
	/* drop the 2^64 mod n smallest values: what is left is a multiple of n */
	uint64_t skip = (0 - n) % n;
	do
		v = prng_next(g);
	while (v < skip);
	return v % n;
}

void prng_fill(struct prng *g, void *p, size_t n)
{
	uint8_t *out = p;
	uint64_t v = 0;

	/* lowest byte first on every machine */
	for (size_t i = 0; i < n; i++, v >>= 8) {
		if (i % 8 == 0)
			v = prng_next(g);
		out[i] = (uint8_t)v;
	}
}
