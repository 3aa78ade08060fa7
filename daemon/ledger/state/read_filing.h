#ifndef DAEMON_LEDGER_STATE_READ_FILING_H
#define DAEMON_LEDGER_STATE_READ_FILING_H

#include "daemon/ledger/state/versions_in_force.h"

/* How far what a village has decided is filed with the town. */

#define FILING_STATES(ROW)                                                                         \
	ROW(FILING, 0, NONE, "未报备", "not filed")                                                \
	ROW(FILING, 1, SUBMITTED, "已报送，待答复", "submitted, no reply yet")                     \
	ROW(FILING, 2, RETURNED, "已退回", "returned")                                             \
	ROW(FILING, 3, ACCEPTED, "已备案", "filed")
enum filing_state { FILING_STATES(CHOICE_CONST) };
struct view_filing {
	enum filing_state state;
	uint64_t submission; /* the last; with FILING_NONE nothing */
	uint64_t reply;	     /* in the town feed; of returned and accepted */
	day_t day;	     /* of the reply */
	struct bytes text;   /* accepted: the filing number; returned: the comment */
};
/* The newest decision (FILED) of the town among its first r->known entries, and its sequence. ERR_NOTFOUND. */
int read_filing_reply(const struct reader *r, struct bytes village, enum doc_kind kind,
		      uint64_t version, uint64_t *ret_seq, uint64_t *ret_decision);
/* As the first @town_size entries of the town feed have it (UINT64_MAX: all held here). ERR_NOTFOUND: no
 * such version, or prices, which are filed with the scheme. */
int view_filing(struct kv_txn *t, uint32_t feed_no, enum doc_kind kind, uint64_t version,
		uint64_t town_size, struct view_filing *ret);

#endif
