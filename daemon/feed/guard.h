#ifndef DAEMON_FEED_GUARD_H
#define DAEMON_FEED_GUARD_H

#include "lib/hash.h"
#include "lib/sign.h"

/* What must never be signed backwards: the highest own head ever signed, and of every feed that this node
 * has cosigned the newest head. Kept outside the store, on another path.
 *
 * The store alone cannot remember what was cosigned: when it goes back to an old copy, the own feed may not
 * have moved since, and then nothing shows that a longer head of another feed was cosigned. A village cosigns
 * one feed, the hub up to FEEDS_MAX. One digest over all that the hub cosigned would show a rollback, but not
 * of which feed or how far, so the hub could cosign nothing again until people had looked; with a head per
 * feed it goes on by itself, feed by feed, as the villages send it what it lost. 72 bytes for each feed in
 * the guard is one disk sector for a usual town and never more than FEEDS_MAX of them.
 *
 * A head may stand in the guard that the store lacks: the two are written side by side, and only one of them
 * may reach its disk. That is harmless. The owner of the feed has signed that head, so it has the entries
 * and gives them again; until then nothing of the feed is cosigned. */
struct guard_cosigned {
	struct hash feed;
	uint64_t size;
	struct hash root;
};
struct guard {
	uint32_t epoch;
	uint64_t size;
	struct hash root;
	uint8_t sig[SIGN_BYTES];	       /* checkpoint signature over it */
	const struct guard_cosigned *cosigned; /* borrowed; one a feed */
	uint32_t ncosigned;		       /* at most FEEDS_MAX */
};

#endif
