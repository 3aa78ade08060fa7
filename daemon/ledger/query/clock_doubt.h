#ifndef DAEMON_LEDGER_QUERY_CLOCK_DOUBT_H
#define DAEMON_LEDGER_QUERY_CLOCK_DOUBT_H

#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"
#include "lib/date.h"

/* Does @today fit what the feed and the town's feed, as held here, say of days? V_ACCEPTED, V_CLOCK_BACK or V_CLOCK_AHEAD
 * with its numbers. The rules cannot ask: whoever wrote an entry has said its day. */
int clock_doubt(struct kv_txn *t, uint32_t feed_no, day_t today, struct reason *ret);
/* The day that the last entry of a feed claims; DAY_NONE: none, or it has no day. */
int clock_last(struct kv_txn *t, uint32_t feed_no, day_t *ret, uint64_t *ret_seq);

#endif
