#ifndef DAEMON_LEDGER_STATE_READ_DOCUMENTS_H
#define DAEMON_LEDGER_STATE_READ_DOCUMENTS_H

#include "daemon/ledger/state/read_registers.h"

/* What a village has decided in versions (catalogue, plan, reward scheme, prices), how far it is filed with the
 * town, and what was redeemed. What is borrowed lives as long as the transaction. */

/* The first three are the values of SUBJECT. */
enum doc_kind { DOC_CATALOGUE, DOC_PLAN, DOC_SCHEME, DOC_PRICES };
struct document {
	uint64_t version;
	uint64_t entry; /* of the record */
	day_t from, to; /* from DAY_NONE: not by day; to DAY_NONE: until the next */
	uint64_t base;	/* catalogue: version of the town's */
};
/* ERR_NOTFOUND. */
int read_document(const struct reader *r, enum doc_kind kind, uint64_t version,
		  struct document *ret);
int read_document_newest(const struct reader *r, enum doc_kind kind, uint64_t *ret_version);
/* The version with the latest first day not after @day; a plan has no day. ERR_NOTFOUND: none, or it has ended. */
int read_document_on(const struct reader *r, enum doc_kind kind, day_t day, struct document *ret);
/* One after another by first day: start with *@day = DAY_MIN. ERR_NOTFOUND at the end. */
int read_document_next(const struct reader *r, enum doc_kind kind, day_t *day,
		       struct document *ret);
/* All versions, in their order. */
int read_documents(const struct reader *r, enum doc_kind kind,
		   int (*fn)(void *ctx, const struct document *d), void *ctx);

/* --- filing --- */
#define FILING_STATES(ROW)                                                                         \
	ROW(FILING, 0, NONE, "未报备", "not filed")                                                \
	ROW(FILING, 1, SUBMITTED, "已报送，待答复", "submitted, no reply yet")                     \
	ROW(FILING, 2, RETURNED, "已退回", "returned")                                             \
	ROW(FILING, 3, ACCEPTED, "已备案", "filed")
enum filing_state { FILING_STATES(CHOICE_CONST) };
struct view_filing {
	enum filing_state state;
	uint64_t submission; /* the last; with FILING_NONE nothing */
	uint64_t reply;	     /* in the town feed; of returned and accepted */
	day_t day;	     /* of the reply */
	struct bytes text;   /* accepted: the filing number; returned: the comment */
};
/* The newest decision (FILED) of the town among its first r->known entries, and its sequence. ERR_NOTFOUND. */
int read_filing_reply(const struct reader *r, struct bytes village, enum doc_kind kind,
		      uint64_t version, uint64_t *ret_seq, uint64_t *ret_decision);
/* As the first @town_size entries of the town feed have it (UINT64_MAX: all held here). ERR_NOTFOUND: no
 * such version, or prices, which are filed with the scheme. */
int view_filing(struct kv_txn *t, uint32_t feed_no, enum doc_kind kind, uint64_t version,
		uint64_t town_size, struct view_filing *ret);

/* --- the reward scheme --- */
/* With version 0, none was decided for this day, and these are the usual numbers. */
int read_scheme_on(const struct reader *r, day_t day, struct rec_scheme *ret);

/* A price list, in its order. */
int read_prices(const struct reader *r, const struct document *d,
		int (*fn)(void *ctx, const struct rec_prices_line *l), void *ctx);
/* ERR_NOTFOUND: the list has no such good. */
int read_price(const struct reader *r, const struct document *d, struct bytes good,
	       struct rec_prices_line *ret);

/* --- redemption --- */
struct view_redemption {
	uint64_t entry;
	struct rec_redemption head;
	struct payload payload; /* its lines, for rec_decode_line */
	uint32_t nlines;
	struct points total;
	bool reversed;
	uint64_t reversal; /* the entry that did */
};
int view_redemption(struct kv_txn *t, uint32_t feed_no, uint64_t entry,
		    struct view_redemption *ret);
/* Oldest first, from sequence @from. */
int view_redemptions(struct kv_txn *t, uint32_t feed_no, uint64_t from,
		     int (*fn)(void *ctx, const struct view_redemption *r), void *ctx);
/* What a household has redeemed in a year, less what was taken back. */
int view_redeemed(struct kv_txn *t, uint32_t feed_no, struct bytes household, int year,
		  struct points *ret);

#endif
