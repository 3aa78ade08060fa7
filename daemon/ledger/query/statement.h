#ifndef DAEMON_LEDGER_QUERY_STATEMENT_H
#define DAEMON_LEDGER_QUERY_STATEMENT_H

#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"
#include "lib/amount.h"
#include "lib/date.h"
#include "proto/record.h"

/* What moved points in a village, one movement after another in the order of the feed, told from the entries
 * themselves and not from the folded accounts: passbooks, notices, ranks and statistics are made of it, and
 * the last balances must be those of the accounts. Verdicts are taken as the fold gave them. */
enum move_kind {
	MOVE_LINE,     /* a line of points was confirmed */
	MOVE_REVERSAL, /* a confirmed line was taken back */
	MOVE_REDEEMED,
	MOVE_RETURNED, /* a redemption was taken back */
	MOVE_OUT,      /* to another household: split or merger */
	MOVE_IN
};
const char *move_kind_text(enum move_kind k, enum lang lang);
/* An item as the village had it in the version of the line. */
struct move_item {
	uint64_t version;
	uint32_t sign, category, scope;
	char code[17], name[97];
};
struct move {
	enum move_kind kind;
	uint64_t seq; /* of the entry that moved them */
	uint64_t wall_ms;
	const uint8_t *author; /* of that entry */
	day_t booked;	       /* the day of that entry by its claim */
	struct bytes household;
	struct points points;  /* signed: what the account changed by */
	struct points balance; /* afterwards */
	uint64_t entry;	       /* of the points entry or the redemption; else @seq */
	uint32_t line;	       /* of the points entry, from 1; 0: none */
	/* LINE and REVERSAL: the line as it was recorded, its household perhaps another since a merger */
	const struct rec_points_line *points_line;
	const struct move_item *item;
	/* REDEEMED and RETURNED: the redemption; its lines are parts of @payload */
	const struct rec_redemption *redemption;
	const struct payload *payload;
	struct bytes other; /* OUT and IN: the other household */
};

/* Calls @fn for every movement in the first @size entries of a village feed; what it gets is borrowed until
 * it returns; a non-zero return ends the walk and is the result. ERR_CORRUPT: the entries do not fit
 * together. */
int moves_walk(struct kv_txn *t, uint32_t feed_no, uint64_t size,
	       int (*fn)(void *ctx, const struct move *m), void *ctx);

#endif
