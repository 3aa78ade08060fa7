#ifndef TESTS_LIB_WORLD_H
#define TESTS_LIB_WORLD_H

#include "daemon/ledger/state/read.h"
#include "tests/lib/town.h"

/* The village of town_open on a day: what tests of rules and queries begin with. town_close(&x.w) ends it. */
struct world {
	struct town w;
	uint32_t no;	  /* of the village's feed */
	day_t day, today; /* a Friday ten days ago; the day of the clock */
	uint32_t slips;	  /* of redemptions, so far */
	char slip[16];	  /* the number of the last of them */
};
void world_open(struct world *x, uint64_t seed);
/* Noon of another day. */
void world_clock(struct world *x, day_t today);
/* An entry of the village. */
enum verdict_id world_put(struct world *x, const char *author, enum rec_code type, const void *head,
			  const void *lines, uint32_t nlines);
/* The number of the village's last entry. */
uint64_t world_last(struct world *x);
struct view_household world_household(struct world *x, const char *household);
/* In hundredths. */
int64_t world_balance(struct world *x, const char *household);

enum line_state world_line_state(struct world *x, uint64_t entry, uint32_t line);

/* What a village may make of the town's catalogue: D101 changed, Z001 dropped, V001 added. */
#define WORLD_CHANGES 3
void world_changes(struct rec_adopt_catalogue_line l[WORLD_CHANGES]);

/* Who gives out goods. */
#define WORLD_KEEPER "keeper"
/* From 2026 on, with a keeper: @scheme, and prices 1. */
void world_store(struct world *x, const struct rec_scheme *scheme,
		 const struct rec_prices_line *goods, uint32_t n);
/* The next slip, by prices 1: member 1 of a household, today at ten. Its number is in @x until the next one. */
struct rec_redemption world_slip(struct world *x, const char *household);
/* So many of a good at its price. */
struct rec_redemption_line world_taken(const char *good, int64_t n, int64_t price);

#endif
