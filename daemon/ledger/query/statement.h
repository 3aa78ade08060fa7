#ifndef DAEMON_LEDGER_QUERY_STATEMENT_H
#define DAEMON_LEDGER_QUERY_STATEMENT_H

#include "daemon/ledger/state/journal.h"
#include "lib/text.h"
#include "proto/record.h"

/* Statements: postings of the journal with the records that they are about. A statement reads the entries that it
 * shows and no others, so its cost is that of its rows. */

const char *posting_kind_text(enum posting_kind k, enum lang lang);

/* An item as the village had it in the version of the line. */
struct statement_item {
	uint64_t version;
	uint32_t sign, category, scope;
	char code[17], name[97];
};
struct statement_row {
	enum posting_kind kind;
	uint64_t seq; /* of the entry that posted it */
	uint64_t wall_ms;
	const uint8_t *author; /* of that entry */
	day_t booked;	       /* the day of that entry by its claim */
	struct bytes household;
	struct points points;  /* signed: what the balance changed by */
	struct points balance; /* afterwards */
	uint64_t entry;	       /* of the points entry or the redemption; else @seq */
	uint32_t line;	       /* of the points entry, from 1; 0: none */
	/* LINE and REVERSAL: the line as it was recorded, its household perhaps another since a merger */
	const struct rec_points_line *points_line;
	const struct statement_item *item;
	/* REDEEMED and RETURNED: the redemption; its lines are parts of @payload */
	const struct rec_redemption *redemption;
	const struct payload *payload;
	struct bytes other; /* OUT and IN: the other household */
};
/* What it gets is borrowed until it returns; a non-zero return ends the statement and is its result. */
typedef int statement_fn(void *ctx, const struct statement_row *row);

/* The rows of a household by entries with @from <= seq < @size, oldest first. ERR_CORRUPT: postings and records
 * do not fit together. */
int statement_account(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint64_t from,
		      uint64_t size, statement_fn *fn, void *ctx);
/* The last @n rows of a household among the first @size entries, oldest first. */
int statement_latest(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint64_t size,
		     uint32_t n, statement_fn *fn, void *ctx);

/* Which day must be in a period. */
enum statement_day {
	STATEMENT_BOOKED, /* of the entry that posted it */
	STATEMENT_DEED	  /* the day it was done or given, as a year is appraised */
};
struct statement_period {
	day_t from, to; /* both included; DAY_NONE: open. By deeds: of one year, neither open */
	enum statement_day day;
};
bool statement_covers(const struct statement_period *p, day_t day);
/* Each entry counts once for every household that it posted to in the period; a statement holds 32 bytes for it. */
#define STATEMENT_POSTED_MAX (UINT32_C(1) << 20)
/* The rows of a period among the first @size entries, in the order of the feed, those of one entry household by
 * household; of one household or, when it is empty, of all. ERR_LIMIT: not fewer than STATEMENT_POSTED_MAX. */
int statement_days(struct kv_txn *t, uint32_t feed_no, const struct statement_period *p,
		   struct bytes household, uint64_t size, statement_fn *fn, void *ctx);

#endif
