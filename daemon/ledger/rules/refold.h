#ifndef DAEMON_LEDGER_RULES_REFOLD_H
#define DAEMON_LEDGER_RULES_REFOLD_H

#include "daemon/store/kv.h"
#include "lib/err.h"
#include "lib/hash.h"

/* State rows and verdicts follow from the entries, so a program that has another format of them, or other rules, makes
 * them again. Nothing else of the store is changed. */
struct refolded {
	uint64_t feeds, entries;
	uint64_t
		verdicts; /* that are not what they were: entries of a type that is known now, above all */
};
/* All in one write transaction: until it is committed the store is as it was. For a store whose format is not
 * STATE_FORMAT_NOW, before anything reads its state. An author signature is verified where a verdict says that it is bad, or cannot be read: it
 * is what all else was judged by. ERR_CORRUPT: an entry cannot be read or folded. ERR_FULL. */
#define REFOLD_STEP 1000000
/* @progress, NULL allowed: each REFOLD_STEP entries, with how many there were. */
int refold(struct kv *kv, const struct hash *town, void (*progress)(uint64_t entries),
	   struct refolded *ret, struct errmsg *msg);

#endif
