#ifndef DAEMON_LEDGER_RULES_REPLAY_H
#define DAEMON_LEDGER_RULES_REPLAY_H

#include "daemon/feed/feedlog.h"
#include "daemon/store/kv.h"

/* A store made of two: KV_STATE begins empty and is kept in memory, every other table is that of a read
 * transaction, of which nothing is copied. The fold runs in it once more over the entries that are there. */
struct replay {
	struct kv *kv;	  /* closing it ends all */
	struct kv_txn *t; /* the one transaction, on the thread of the one below; never committed */
};
/* A transaction ID that the fold may be told of otherwise than the table has it. */
#define REPLAY_TXID_KEY (TXID_BYTES + 4)
struct replay_txid {
	uint8_t key[REPLAY_TXID_KEY];
	struct bytes row; /* p NULL: there is none */
};
/* @txid is looked at whenever its key is asked for; NULL: never. */
int replay_open(struct kv_txn *base, const struct replay_txid *txid, struct replay *ret);
void replay_close(struct replay *r); /* zeroed is allowed */

/* The state that the first @size entries of @feed and the first @town_size of the town feed make: what a
 * village saw at that size. @town is the town ID. ERR_NOTFOUND: not so many entries are here, or
 * one of them saw more of the town. Costs as much as
 * folding these entries again, without signatures: what was refused once had no effect and is passed over. */
int replay_at(struct kv_txn *base, const struct hash *town, const struct feed_head *feed,
	      uint64_t size, uint64_t town_size, struct replay *ret);

#endif
