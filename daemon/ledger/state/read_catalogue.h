#ifndef DAEMON_LEDGER_STATE_READ_CATALOGUE_H
#define DAEMON_LEDGER_STATE_READ_CATALOGUE_H

#include "daemon/ledger/state/versions_in_force.h"

/* Catalogues: what the town issues, and what a village makes of it. What is borrowed lives as long as the
 * transaction. */

/* A version that the town has issued among its first r->known entries. ERR_NOTFOUND. */
int read_catalogue(const struct reader *r, uint64_t version, struct state_version *ret);
struct view_item {
	uint64_t version;
	const struct rec_catalogue_line *line;
	uint32_t index;
};
/* Items of the town's catalogue @version (0: the newest in the town feed), in file order. */
int view_catalogue(struct kv_txn *t, uint64_t version, struct rec_catalogue *ret_head,
		   int (*fn)(void *ctx, const struct view_item *i), void *ctx);

/* The village's version of the catalogue in force on @day, as long as that of the town is. ERR_NOTFOUND. */
int read_catalogue_on(const struct reader *r, day_t day, uint64_t *ret_version);
struct item {
	uint32_t number;
	day_t from, to; /* of the town's catalogue */
	struct rec_catalogue_line line;
};
/* An item of the village's @version, as the village has it. ERR_NOTFOUND: there is none, or the village dropped it. */
int read_item(const struct reader *r, uint64_t version, struct bytes code, struct item *ret);

/* --- the village's catalogue against that of the town --- */
enum view_change { VIEW_SAME, VIEW_ADDED, VIEW_CHANGED, VIEW_DROPPED };
struct view_village_item {
	enum view_change change;
	struct rec_catalogue_line line; /* as the village has it; dropped: as the town has it */
	struct rec_catalogue_line town; /* changed: as the town has it */
};
/* The items of the town in its order, then those added. ERR_NOTFOUND: no such version. */
int view_village_catalogue(struct kv_txn *t, uint32_t feed_no, uint64_t version,
			   int (*fn)(void *ctx, const struct view_village_item *i), void *ctx);

#endif
