#ifndef DAEMON_LEDGER_RULES_OPEN_H
#define DAEMON_LEDGER_RULES_OPEN_H

#include "daemon/ledger/rules/rule.h"

/* The index of what somebody must act on. Entries of types that are not open are not in it. */

/* Entry @seq of this feed is open or no longer: for this village, or (empty) as a whole, which of a type of the town's
 * feed is for all enrolled villages and those that enrol later. */
int open_mark(struct rule_ctx *ctx, const struct rec_type *type, uint64_t seq, struct bytes village,
	      bool is);
/* Now open for the village that enrols: what is so for all. */
int open_enrol(struct rule_ctx *ctx, struct bytes village);
/* This entry reports on that one. */
int open_report(struct rule_ctx *ctx, const struct rec_type *type, uint64_t seq, bool done);

#endif
