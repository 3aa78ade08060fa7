#ifndef DAEMON_LEDGER_STATE_STATE_NOTICE_H
#define DAEMON_LEDGER_STATE_STATE_NOTICE_H

#include "daemon/ledger/state/state.h"

/* Notices that were posted, and the days that those of a kind cover without a gap. */

/* STATE_NOTICE: postings of a notice; from and to are of the one that stays up longest. */
struct state_notice {
	uint32_t npostings;
	day_t from, to;
};
void state_notice_key(struct state_key *k, uint32_t feed_no, uint64_t seq);
void state_notice_pack(const struct state_notice *n, struct buf *out);
int state_notice_parse(struct bytes row, struct state_notice *ret); /* an empty @row: none */

/* STATE_COVERED: runs of days, ascending, with at least a day between them. */
struct state_covered {
	day_t from, to;
	uint64_t seq; /* of a notice that covers the last day */
};
void state_covered_key(struct state_key *k, uint32_t feed_no, uint32_t kind);
/* One after another: start with *@at = 0. ERR_NOTFOUND at the end, ERR_CORRUPT. */
int state_covered_next(struct bytes row, size_t *at, struct state_covered *ret);
/* Appends the row with @more added. ERR_CORRUPT. */
int state_covered_add(struct bytes row, const struct state_covered *more, struct buf *out);

#endif
