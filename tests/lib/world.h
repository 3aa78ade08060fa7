#ifndef TESTS_LIB_WORLD_H
#define TESTS_LIB_WORLD_H

#include "tests/lib/town.h"

/* The village of town_open on a day: what tests of rules and queries begin with. town_close(&x.w) ends it. */
struct world {
	struct town w;
	uint32_t no;	  /* of the village's feed */
	day_t day, today; /* a Friday ten days ago; the day of the clock */
};
static inline void world_open(struct world *x, uint64_t seed)
{
	x->no = town_open(&x->w, seed);
	x->day = town_day(2026, 2, 20);
	x->today = town_day(2026, 3, 1);
}

#endif
