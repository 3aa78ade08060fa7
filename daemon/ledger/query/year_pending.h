#ifndef DAEMON_LEDGER_QUERY_YEAR_PENDING_H
#define DAEMON_LEDGER_QUERY_YEAR_PENDING_H

#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"

/* What the close of a year would shut out: its lines that wait (they would count for the account alone) and its appraisals
 * that wait (nobody could confirm them any more), as warnings. */
int year_pending(struct kv_txn *t, uint32_t feed_no, uint64_t year,
		 int (*fn)(void *ctx, const struct reason *r), void *ctx);

#endif
