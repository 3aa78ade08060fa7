#ifndef DAEMON_LEDGER_STATE_READ_H
#define DAEMON_LEDGER_STATE_READ_H

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/state/reader.h"
#include "daemon/ledger/state/state_lines.h"
#include "daemon/ledger/state/verdict.h"
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
int view_village_by_witness(struct kv_txn *t, const uint8_t key[32], struct view_village *ret);
/* The feed of a name: own (also NULL or ""), town, a village code or a feed ID in hex. ERR_NOTFOUND. */
int view_feed_named(struct kv_txn *t, uint32_t own, const char *name, struct feed_head *ret);
/* The name of village or town, "" when unknown. */
#define FEED_LABEL_MAX 100
void view_feed_label(struct kv_txn *t, const struct feed_head *h, char out[FEED_LABEL_MAX]);
/* True when an open invitation has this key. */
bool view_invited(struct kv_txn *t, const uint8_t invite_key[32]);
bool view_invitation(struct kv_txn *t,
		     const uint8_t invite_key[32]); /* of this town, used or not */

/* A record of a known type and its head (@ret of the type's struct), borrowed from the transaction; its lines are in
 * @p. */
int read_head(struct kv_txn *t, uint32_t feed_no, uint64_t seq, enum rec_code code,
	      struct payload *p, void *ret);

/* A household as the register has it, whether it has left or not. ERR_NOTFOUND. */
int read_household(const struct reader *r, struct bytes household, struct state_household *ret);
/* What seldom changes about a person stands in the record that brought the person in, or in the last that corrected
 * it; people of one household mostly came with one record, which is then read once. Begin with nothing but the reader; what is read lives as long
 * as the transaction. */
struct details {
	const struct reader *r;
	bool open;
	uint64_t entry;
	uint16_t type;
	struct payload p;
};
int read_details(struct details *d, const struct state_member *m, struct rec_household_line *ret);
/* A person as the register has him or her, as r->size says, in the form in which that is corrected; no reason. Borrowed
 * from the transaction. ERR_NOTFOUND: no such household, or (@member 0 too) no such member. */
int read_registered(const struct reader *r, struct bytes household, uint64_t member,
		    struct rec_person_correction *ret);
struct view_household {
	char household[17], group[9], head_name[65];
	bool takes_part;
	day_t consent_day; /* since when it takes part, or no longer */
	day_t began_day;   /* of one made by a split */
	day_t left_day;	   /* moved out or merged */
	char into[17];	   /* merged: the household that goes on; else "" */
	uint32_t nmembers; /* all that there ever were */
	uint32_t npresent;
	/* confirmed; earned - deducted - redeemed + transferred (by splits and mergers) = balance (I1) */
	struct points balance, earned, deducted, redeemed, transferred;
	int64_t lines;	/* confirmed less reversed */
	uint64_t entry; /* sequence of the registering entry, or of the split */
};
/* As r->size says; balances and the household that a merged one went on in are those of now. ERR_NOTFOUND. */
int view_household_at(const struct reader *r, struct bytes household, struct view_household *ret);
int view_households_at(const struct reader *r, int (*fn)(void *ctx, const struct view_household *h),
		       void *ctx);
int view_household(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		   struct view_household *ret);
int view_households(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_household *h), void *ctx);
struct view_member {
	uint32_t member;
	char name[65], relation[49];
	uint32_t sex, hukou;
	bool head;
	day_t birth, since, agreed, left_day, death_day;
	day_t away_day; /* since when; DAY_NONE: here */
	char into[17];	/* went there by a split or merger; else "" */
	uint32_t into_member;
	uint64_t
		entry; /* where the person's details are; line from 1, 0: a record of this person */
	uint32_t line;
};
int view_members_at(const struct reader *r, struct bytes household,
		    int (*fn)(void *ctx, const struct view_member *m), void *ctx);
int view_members(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		 int (*fn)(void *ctx, const struct view_member *m), void *ctx);
/* Declared kin of a person, with the places where they are now. */
struct view_kin {
	char household[17];
	uint32_t member;
	enum rec_choice_KIN relation; /* what they are to the person */
};
int view_kin(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint32_t member,
	     int (*fn)(void *ctx, const struct view_kin *k), void *ctx);
/* Posts, past and to come as well, by household and member. */
struct view_post {
	char household[17];
	uint32_t member;
	enum rec_choice_POST post;
	day_t from, to;
	uint64_t entry; /* the record, with key and duty */
};
int view_posts(struct kv_txn *t, uint32_t feed_no, int (*fn)(void *ctx, const struct view_post *p),
	       void *ctx);
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

/* Accepted entries of a listed type, oldest first, from sequence @from. */
int view_listed(struct kv_txn *t, uint32_t feed_no, enum rec_code type, uint64_t from,
		int (*fn)(void *ctx, uint64_t seq), void *ctx);

/* The verdict of an entry that is held here: what has no row was plainly accepted. */
int read_verdict(struct kv_txn *t, uint32_t feed_no, uint64_t seq, struct verdict *ret);
/* How many entries of the feed from @from on are of a type this program does not know: stored and relayed, but
 * not audited. Looks at the refused entries and those with warnings alone; a caller that asks often keeps the
 * sum and the size it holds for, and asks for the rest. */
int view_unaudited(struct kv_txn *t, uint32_t feed_no, uint64_t from, uint64_t *ret);

#endif
