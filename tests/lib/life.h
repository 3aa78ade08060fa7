#ifndef TESTS_LIB_LIFE_H
#define TESTS_LIB_LIFE_H

#include "tests/lib/town.h"

/* A village that lives the whole scheme: in the town's feed and its own there is afterwards an accepted
 * entry of every record type, and a state row of every kind. */
struct life {
	struct town *w;
	uint32_t no;	  /* of a village made with town_village */
	const char *code; /* of that village */
	/* NULL, or called after every entry: w->last is its verdict */
	void (*after)(void *ctx, uint32_t no);
	void *ctx;
};
/* Works in 2025 and up to the day of the clock, which stands as town_init left it. */
void life_live(const struct life *l);

/* The points of its households when all is done, in hundredths, counted by hand; ends with a NULL. */
struct life_balance {
	const char *household;
	int64_t balance;
};
extern const struct life_balance life_balances[];

#endif
