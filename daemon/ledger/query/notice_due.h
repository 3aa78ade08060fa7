#ifndef DAEMON_LEDGER_QUERY_NOTICE_DUE_H
#define DAEMON_LEDGER_QUERY_NOTICE_DUE_H

#include "daemon/ledger/query/view.h"

/* When a notice must hang (N01), and whether it does. */

/* N01: what is published by period must be on the board so many days after it. */
#define NOTICE_DUE_DAYS 10
/* One row of the list of notices. */
int notice_read(const struct ask *a, uint64_t seq, struct row_notices *ret);
/* Notices of a periodic kind that hang or hung and were not taken down cover the days from @day on without a gap: that
 * of the last day. ERR_NOTFOUND: none covers @day. */
int notice_covering(const struct ask *a, enum rec_choice_NOTICE kind, day_t day,
		    struct row_notices *ret);
/* A day that is not covered is due with the period of the calendar that it is in: the last day for a notice when all
 * days to @covered are covered. */
day_t notice_due_after(day_t covered);
/* What was before the first catalogue or scheme, or before the ledger was kept here, needs no notice of ours: the first day that
 * does; DAY_NONE: none yet. */
int notice_due_since(const struct ask *a, day_t *ret);

#endif
