#ifndef LIB_PRNG_H
#define LIB_PRNG_H

#include <stddef.h>
#include <stdint.h>

/* Seeded generator for tests, the simulator and jitter; never for keys. xoshiro256**. */
struct prng {
	uint64_t s[4];
};

void prng_seed(struct prng *g, uint64_t seed);
uint64_t prng_next(struct prng *g);
uint64_t prng_below(struct prng *g, uint64_t n); /* 0..n-1, unbiased; n > 0 */
void prng_fill(struct prng *g, void *p, size_t n);

#endif
