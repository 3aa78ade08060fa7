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
 * STATE_FORMAT_NOW, before anything reads its state. Author signatures are not verified but of entries that have a verdict,
 * which may say that they are bad. ERR_CORRUPT: an entry cannot be read or folded. ERR_FULL. */
int refold(struct kv *kv, const struct hash *town, struct refolded *ret, struct errmsg *msg);

#endif
