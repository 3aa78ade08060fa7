#ifndef DAEMON_LEDGER_STATE_READ_REDEMPTIONS_H
#define DAEMON_LEDGER_STATE_READ_REDEMPTIONS_H

#include "daemon/ledger/state/versions_in_force.h"

/* What was redeemed. What is borrowed lives as long as the transaction. */

struct view_redemption {
	uint64_t entry;
	struct rec_redemption head;
	struct payload payload; /* its lines, for rec_decode_line */
	uint32_t nlines;
	struct points total;
	bool reversed;
	uint64_t reversal; /* the entry that did */
};
int view_redemption(struct kv_txn *t, uint32_t feed_no, uint64_t entry,
		    struct view_redemption *ret);
/* Oldest first, from sequence @from. */
int view_redemptions(struct kv_txn *t, uint32_t feed_no, uint64_t from,
		     int (*fn)(void *ctx, const struct view_redemption *r), void *ctx);
/* What a household has redeemed in a year, less what was taken back. */
int view_redeemed(struct kv_txn *t, uint32_t feed_no, struct bytes household, int year,
		  struct points *ret);

#endif
