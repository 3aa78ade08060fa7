#ifndef DAEMON_FEED_GUARD_H
#define DAEMON_FEED_GUARD_H

#include "lib/hash.h"
#include "lib/map.h"
#include "lib/sign.h"

/* What must never be signed backwards: the highest own head ever signed, and of every feed that this node
 * has cosigned the newest head. Kept outside the store, on another path.
 *
 * The store alone cannot remember what was cosigned: when it goes back to an old copy, the own feed may not
 * have moved since, and then nothing shows that a longer head of another feed was cosigned. A village cosigns
 * one feed, a hub up to FEEDS_MAX. One digest over all that the hub cosigned would show a rollback, but not
 * of which feed or how far, so the hub could cosign nothing again until people had looked; with a head per
 * feed it goes on by itself, feed by feed, as the villages send it what it lost.
 *
 * A start finds all heads; a save brings those that are new since the one before, so that its cost does not grow
 * with the number of feeds.
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
	uint32_t ncosigned; /* found: at most FEEDS_MAX; saved: at most GUARD_CHANGED_MAX */
};
#define GUARD_CHANGED_MAX LIMIT(512, 1)

/* Heads, one a feed, in the order in which their feeds came; each keeps its place. Zero-initialised is valid and
 * empty. */
struct guard_heads {
	struct guard_cosigned *v;
	uint32_t n, cap;
	struct map at;
};
const struct guard_cosigned *guard_heads_of(const struct guard_heads *h, const struct hash *feed);
/* Adds the head, or puts it in the place of the one that its feed has. ERR_LIMIT: FEEDS_MAX; ERR_NOMEM; then nothing
 * is changed. */
int guard_heads_put(struct guard_heads *h, const struct guard_cosigned *c, uint32_t *ret_place);
int guard_heads_put_all(struct guard_heads *h, const struct guard_cosigned *v, uint32_t n);
void guard_heads_reset(struct guard_heads *h); /* empty; keeps its memory */
void guard_heads_close(struct guard_heads *h);

#endif
