#ifndef DAEMON_LEDGER_STATE_STATE_YEAR_H
#define DAEMON_LEDGER_STATE_STATE_YEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/ledger/state/state.h"
#include "lib/buf.h"

/* The year of one person, or of a household as such (member 0): the score, and for each item what counts
 * towards its cap and the days it happened. Row: score | per item, by number: number | length | sum |
 * days of the year ascending, as differences. */

/* More days than this of one item are not remembered; a warning may then be missed, never a refusal. */
#define STATE_YEAR_DAYS_MAX 400

struct state_year {
	int64_t score; /* confirmed, signed, 0.01 point */
	struct bytes items;
};
struct state_year_item {
	int64_t sum; /* recorded and neither refused nor reversed */
	struct bytes days;
	size_t at, end; /* the group in items; empty where it would stand when there is none */
};

/* An empty @row is an empty year. */
int state_year_parse(struct bytes row, struct state_year *ret);
/* A sum of 0 and no days when the item has none. ERR_CORRUPT. */
int state_year_item(const struct state_year *y, uint32_t number, struct state_year_item *ret);
/* A remembered day at most one away from @day (0 = first of January), or -1. */
int state_year_near(const struct state_year_item *i, int day);
/* The first remembered day of @from to @to, or -1. */
int state_year_within(const struct state_year_item *i, int from, int to);
/* Appends the row with another score, the items kept. */
void state_year_put_score(const struct state_year *y, int64_t score, struct buf *out);
/* Appends the row with item @i changed: its sum, and @day put in or (@take) taken out once. */
void state_year_put_item(const struct state_year *y, uint32_t number,
			 const struct state_year_item *i, int64_t sum, int day, bool take,
			 struct buf *out);

#endif
