#ifndef DAEMON_LEDGER_STATE_READ_OPEN_H
#define DAEMON_LEDGER_STATE_READ_OPEN_H

#include "daemon/ledger/state/read.h"

/* What somebody must act on, and what became of it. Of the types of the town's feed for the village of this code,
 * which is the one of r->feed_no; of other types in r->feed_no, without a code. */

/* Of a type that is open: entries that nothing has settled and that the village has not reported as done, ascending.
 * Reads only these. Stops with what is not 0, which is then the result; @fn may put rows of another set. */
int read_open(const struct reader *r, const struct rec_type *type, struct bytes village,
	      int (*fn)(void *ctx, uint64_t seq), void *ctx);

struct outcome {
	uint64_t settled; /* by this entry of the feed of the type; 0: not */
	uint64_t report;  /* the last one of r->feed_no; 0: none */
	bool done;	  /* says that one */
};
int read_outcome(const struct reader *r, const struct rec_type *type, struct bytes village,
		 uint64_t seq, struct outcome *ret);

#endif
