#ifndef DAEMON_WRITER_TRIAL_H
#define DAEMON_WRITER_TRIAL_H

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/rules/fold.h"
#include "daemon/writer/tx.h"

/* What would become of many transactions one after another: the fold over an overlay of the own feed, in
 * which each sees those before it. Nothing reaches the store. */
struct trial {
	const struct tx_services *s;
	struct kv_txn *base, *t;
	struct kv *over;
	struct feedlog log;
	struct fold fold;
	uint64_t town_seen;
};

int trial_begin(struct trial *r, const struct tx_services *s);
void trial_end(struct trial *r); /* zeroed is allowed */
/* Sets verdict, seq and exists of @x as the writer would. One that exists already is not judged again;
 * tx.wall_ms then says when it was written. */
int trial_run(struct trial *r, struct tx *x);
/* The same of one transaction alone. */
int trial_of(const struct tx_services *s, struct tx *x);

#endif
