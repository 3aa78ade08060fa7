#ifndef DAEMON_LEDGER_RULES_FOLD_H
#define DAEMON_LEDGER_RULES_FOLD_H

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"
#include "proto/entry.h"

/* The fold: what an entry means. Pure: reads and writes KV_STATE (and reads KV_ENTRY, KV_TXID and the
 * head of the town feed) of @t, no clock, no randomness. A village entry is judged by the first
 * e->town_seen entries of the town feed: facts of the town are stored with the sequence from which they
 * hold and looked up as of that size. An entry of the town feed is judged by all entries before it,
 * whatever it has seen.
 *
 * The entries before an entry must be in KV_ENTRY when it is judged. Two folds may be open in one
 * transaction, one per feed. */
struct fold_txid {
	bool found;
	uint64_t seq;
};
struct fold {
	struct kv_txn *t;
	struct hash town; /* town ID */
	uint32_t feed_no; /* of the entries that follow */
	struct hash feed_id;
	uint64_t town_seen; /* the largest of an accepted entry, for V_TOWN_SEEN */
	/* Optional, set after fold_open: hears every warning while an entry is judged, in the order of its
	 * lines, also those beyond VERDICT_WARN_MAX of which the verdict keeps only the number. An entry that
	 * is refused in the end may have warned before: what was heard of it counts for nothing. @r is
	 * borrowed for the call; the fold must not be called from it. */
	void (*warned)(void *ctx, const struct reason *r);
	void *warned_ctx;
	/* While @warned is called: the earlier points entry whose line the warning numbers; 0: those of the entry that
	 * is judged. */
	uint64_t about;
	/* Optional, set after fold_open: what the caller knows of the first entry with the transaction ID of the one to be
	 * judged; NULL: the fold looks it up in KV_TXID. Borrowed. */
	const struct fold_txid *txid;
	struct fold_work *work;
};

int fold_open(struct fold *f, struct kv_txn *t, const struct hash *town,
	      const struct feed_head *head);
/* Flushes; a failure stays in the transaction. Before the transaction ends; zeroed is allowed. */
void fold_close(struct fold *f);
/* Brings what was accepted into KV_STATE. Until then (or fold_close) readers of the same transaction see the
 * rows of a village as they were before; those of the town are there at once. */
int fold_flush(struct fold *f);
/* Judges entry @e (sequence e->seq of the feed, author signature good or not as @author_ok says) and,
 * if accepted, applies it. A refused entry changes nothing in KV_STATE. Of @ret only the kept warnings
 * are written.
 * ERR_STATE: the entry names more of the town feed than is held here; nothing was changed and the
 * transaction can go on. Other ERR_* are machine failures (the transaction must then be aborted). */
int fold_apply(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       struct verdict *ret);
/* The same verdict, but nothing is changed. */
int fold_judge(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       struct verdict *ret);

/* SHA-256 over all KV_STATE rows of a feed in key order, without the local feed number: equal at village
 * and hub for equal sizes. */
int fold_digest(struct kv_txn *t, uint32_t feed_no, struct hash *ret);

#endif
