#ifndef DAEMON_LEDGER_STATE_STATE_COVERED_H
#define DAEMON_LEDGER_STATE_STATE_COVERED_H

#include "daemon/ledger/state/state.h"

/* The days that notices of a kind cover without a gap: runs, ascending, with at least a day between them. */
struct state_covered {
	day_t from, to;
	uint64_t seq; /* of a notice that covers the last day */
};
/* One after another: start with *@at = 0. ERR_NOTFOUND at the end, ERR_CORRUPT. */
int state_covered_next(struct bytes row, size_t *at, struct state_covered *ret);
/* Appends the row with @more added. ERR_CORRUPT. */
int state_covered_add(struct bytes row, const struct state_covered *more, struct buf *out);

#endif
