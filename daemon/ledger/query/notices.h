#ifndef DAEMON_LEDGER_QUERY_NOTICES_H
#define DAEMON_LEDGER_QUERY_NOTICES_H

#include "daemon/ledger/query/view.h"

/* N01: what is published by period must be on the board so many days after it. */
#define NOTICE_DUE_DAYS 10
/* One row of the list of notices. */
int notice_read(const struct ask *a, uint64_t seq, struct row_notices *ret);
/* Notices of a periodic kind that hang or hung and were not taken down cover the days from @day on without a gap: that
 * of the last day. ERR_NOTFOUND: none covers @day. */
int notice_covering(const struct ask *a, enum rec_choice_NOTICE kind, day_t day,
		    struct row_notices *ret);

#endif
