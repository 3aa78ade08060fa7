#ifndef DAEMON_LEDGER_QUERY_DUE_H
#define DAEMON_LEDGER_QUERY_DUE_H

#include "daemon/feed/feedlog.h"
#include "lib/date.h"
#include "lib/text.h"

/* What a village must have done by a day, from what is held here: it needs no connection. Periodic notices
 * (R46, R77), objections without an answer, guidance of the town that is not done. */
/* N01: what is published by period must be on the board so many days after it. */
#define NOTICE_DUE_DAYS 10
struct due {
	struct says what;
	const char *subject; /* guidance: its title; objection: the household */
	uint64_t entry;	     /* the objection, the guidance, the last notice that counts; 0: none */
	day_t covered;	     /* notices: every day to this one has been posted */
	day_t posted_from, posted_to;
	day_t due;
};
/* DAY_NONE where something is not known. @feed: of a village. */
int due_walk(struct kv_txn *t, const struct feed_head *feed,
	     int (*fn)(void *ctx, const struct due *d), void *ctx);
/* Days since it was due; 0: not late, or today is not known. */
int due_late(const struct due *d, day_t today);
/* How many are late. */
int due_count(struct kv_txn *t, const struct feed_head *feed, day_t today, uint64_t *ret);

#endif
