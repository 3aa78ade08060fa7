#ifndef DAEMON_STORE_OVERLAY_H
#define DAEMON_STORE_OVERLAY_H

#include "daemon/store/kv.h"

/* A store that shows a read transaction and keeps what is written to it in memory: rules can run over the
 * real state without changing it, or once more from the first entry on. One write transaction, on the thread of
 * @base; commit ends it and keeps nothing. @fresh: tables that begin empty, as OVERLAY_FRESH bits. */
#define OVERLAY_FRESH(table) (UINT32_C(1) << (table))
int overlay_new(struct kv_txn *base, uint32_t fresh, struct kv **ret);
/* Asserts what only a bug can break, in the rows that the write transaction @t has put. */
void overlay_invariant(struct kv_txn *t);

#endif
