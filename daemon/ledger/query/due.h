#ifndef DAEMON_LEDGER_QUERY_DUE_H
#define DAEMON_LEDGER_QUERY_DUE_H

#include "daemon/ledger/query/view.h"

/* A row of any list that says OPEN. */
struct duty {
	const struct view_def *def;
	const void *row;
	struct bytes what, subject;
	uint64_t entry;
	day_t due, done; /* DAY_NONE: no deadline; not done, or nobody knows when */
};
/* List by list, all of them, or those that @only says (DUTIES_*). */
int duty_each(struct ask *a, uint32_t only, int (*fn)(void *ctx, const struct duty *d), void *ctx);
/* Days since it was due; 0: not late, or today is not known. */
uint64_t duty_late(const struct duty *d, day_t today);
/* How many rows of the list "due" are late in the feed that was asked for, which is of a village. */
int due_count(struct ask *a, uint64_t *ret);

#endif
