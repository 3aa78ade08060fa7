#ifndef DAEMON_LEDGER_STATE_AS_OF_H
#define DAEMON_LEDGER_STATE_AS_OF_H

#include "daemon/ledger/state/reader.h"

/* The state at an earlier size of a feed, without folding anything again: a reader with a size. Households are read as
 * their former rows have them, what is decided in versions and postings by the entries that they name. Rows that
 * keep no past (balances, caps, objections) are those of now. */
struct reader as_of(struct kv_txn *t, uint32_t feed_no, uint64_t size);
/* The household as it was when the feed had r->size entries. ERR_NOTFOUND: no entry since has changed it, so its row
 * of now is that. */
int as_of_household(const struct reader *r, struct bytes household, struct state_household *ret);

#endif
