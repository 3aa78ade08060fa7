#ifndef DAEMON_RULES_VIEW_H
#define DAEMON_RULES_VIEW_H

#include "daemon/rules/feedlog.h"
#include "daemon/rules/verdict.h"
#include "lib/amount.h"
#include "lib/date.h"
#include "proto/record.h"

/* Read-only queries over the folded state, for the API, the exchange and the importers. Callbacks get
 * borrowed data and stop the walk with a non-zero return, which is then the result. */

struct view_town {
	char name[97], code[13], domain[DOMAIN_MAX + 1];
	uint8_t feed_key[32], witness_key[32], transport_key[32];
};
int view_town(struct kv_txn *t, struct view_town *ret); /* ERR_NOTFOUND before the charter */

struct view_village {
	char code[13], name[97];
	struct hash feed;
	uint32_t no; /* local feed number; 0 when this node does not carry the feed */
	uint8_t manifest[MANIFEST_BYTES_MAX];
	size_t manifest_n;
	uint8_t witness_key[32], transport_key[32];
	bool enrolled; /* false: invited only */
};
int view_villages(struct kv_txn *t, int (*fn)(void *ctx, const struct view_village *v), void *ctx);
/* The enrolled village with this transport key (the whole town feed held here counts). ERR_NOTFOUND. */
int view_village_by_transport(struct kv_txn *t, const uint8_t key[32], struct view_village *ret);
int view_village_by_feed(struct kv_txn *t, const struct hash *feed, struct view_village *ret);
/* True when an open invitation has this key. */
bool view_invited(struct kv_txn *t, const uint8_t invite_key[32]);

/* A person's name and role bits in a feed (town roles for FEED_TOWN), today @on (DAY_NONE: any day). */
struct view_person {
	uint8_t key[32];
	char name[65];
	uint32_t roles; /* RB() bits */
};
int view_person(struct kv_txn *t, uint32_t feed_no, const uint8_t key[32], day_t on,
		struct view_person *ret);
int view_people(struct kv_txn *t, uint32_t feed_no, day_t on,
		int (*fn)(void *ctx, const struct view_person *p), void *ctx);

struct view_item {
	uint64_t version;
	const struct rec_catalogue_line *line;
	uint32_t index;
};
/* Items of catalogue @version (0: the newest in the town feed), in file order. */
int view_catalogue(struct kv_txn *t, uint64_t version, struct rec_catalogue *ret_head,
		   int (*fn)(void *ctx, const struct view_item *i), void *ctx);
/* The catalogue version in force in a village on @day, judged by the town size its head has. */
int view_catalogue_on(struct kv_txn *t, uint32_t feed_no, day_t day, uint64_t *ret_version);
int view_item(struct kv_txn *t, uint64_t version, struct bytes code,
	      struct rec_catalogue_line *ret); /* borrowed from the transaction */

struct view_household {
	char household[17], group[9], head_name[65];
	bool takes_part;
	day_t consent_day, left_day;
	uint32_t nmembers;
	struct points balance, earned, deducted; /* confirmed; earned - deducted = balance (I1) */
	uint64_t lines;				 /* confirmed lines */
	uint64_t entry;				 /* sequence of the registering entry */
};
int view_household(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		   struct view_household *ret);
int view_households(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_household *h), void *ctx);
struct view_member {
	uint32_t member;
	char name[65], relation[49];
	uint32_t sex, hukou;
	day_t birth, since, agreed, left_day, death_day;
};
int view_members(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		 int (*fn)(void *ctx, const struct view_member *m), void *ctx);
/* Individual year scores (DOMAIN I1 b). */
struct view_score {
	char household[17];
	uint32_t member;
	int year;
	struct points score;
};
int view_scores(struct kv_txn *t, uint32_t feed_no, int year,
		int (*fn)(void *ctx, const struct view_score *s), void *ctx);

/* Where each line of a points entry stands. */
enum line_state { LINE_RECORDED, LINE_REVIEWED, LINE_REFUSED, LINE_CONFIRMED, LINE_REVERSED };
const char *line_state_text(enum line_state s, enum lang lang);
struct view_points {
	uint64_t entry;
	uint32_t nlines;
	uint8_t recorder[32], reviewer[32], confirmer[32]; /* zero: not yet */
	uint8_t state[ENTRY_PARTS_MAX];			   /* enum line_state, index 1..nlines */
};
int view_points(struct kv_txn *t, uint32_t feed_no, uint64_t entry, struct view_points *ret);
/* Points entries that have a line in @state, oldest first. */
int view_waiting(struct kv_txn *t, uint32_t feed_no, enum line_state state,
		 int (*fn)(void *ctx, const struct view_points *p), void *ctx);

/* The verdict of any entry held here. */
int view_verdict(struct kv_txn *t, uint32_t feed_no, uint64_t seq, struct verdict *ret);
/* How many entries of the feed from @from on are of a type this program does not know: stored and relayed, but
 * not audited. Looks at the refused entries and those with warnings alone; a caller that asks often keeps the
 * sum and the size it holds for, and asks for the rest. */
int view_unaudited(struct kv_txn *t, uint32_t feed_no, uint64_t from, uint64_t *ret);

#endif
