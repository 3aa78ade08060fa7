#ifndef TESTS_LIB_REPLAY_H
#define TESTS_LIB_REPLAY_H

#include "daemon/feed/feedlog.h"
#include "daemon/store/kv.h"

/* The fold once more over the entries of a read transaction: a store whose state begins empty and is kept in memory;
 * every other table is that of the transaction. */
struct replay {
	struct kv *kv;
	struct kv_txn *t; /* the one transaction, on the thread of the one below; never committed */
};
int replay_open(struct kv_txn *base, struct replay *ret);
void replay_close(struct replay *r); /* zeroed is allowed */

/* The state that the first @size entries of @feed and the first @town_size of the town feed make: what a
 * village saw at that size. @town is the town ID. ERR_NOTFOUND: not so many entries are here, or
 * one of them saw more of the town. Costs as much as
 * folding these entries again, without signatures: what was refused once had no effect and is passed over. */
int replay_at(struct kv_txn *base, const struct hash *town, const struct feed_head *feed,
	      uint64_t size, uint64_t town_size, struct replay *ret);

#endif
