#ifndef DAEMON_LEDGER_QUERY_ENTRIES_H
#define DAEMON_LEDGER_QUERY_ENTRIES_H

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_registers.h"

/* Single entries of a feed, as producers of lists need them. */

/* The head of an entry that is known to be of type @code; borrowed. ERR_CORRUPT. */
int entry_head(struct kv_txn *t, uint32_t no, uint64_t seq, enum rec_code code, void *ret);
int entry_lines(struct kv_txn *t, uint32_t no, uint64_t seq, enum rec_code code, uint32_t *ret);
int entry_type(struct kv_txn *t, uint32_t no, uint64_t seq, uint16_t *ret);
/* The entry that settled @seq; 0: none yet. */
int entry_settled(struct kv_txn *t, uint32_t no, uint64_t seq, uint64_t *ret);

#endif
