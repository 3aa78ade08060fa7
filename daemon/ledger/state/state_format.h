#ifndef DAEMON_LEDGER_STATE_STATE_FORMAT_H
#define DAEMON_LEDGER_STATE_STATE_FORMAT_H

#include "daemon/ledger/state/state.h"
#include "daemon/store/kv.h"

/* The row that says which format the rows of a store have. A program reads and writes rows of STATE_FORMAT_NOW alone;
 * rules/refold.h makes them of others. */

/* That of this program when there are neither rows nor verdicts; 0: no row says it, or none that can be read. */
int state_format(struct kv_txn *t, uint64_t *ret);
/* With the first row of all: fold_apply does it. */
int state_format_put(struct kv_txn *t);

#endif
