#ifndef DAEMON_LEDGER_STATE_JOURNAL_H
#define DAEMON_LEDGER_STATE_JOURNAL_H

#include "daemon/ledger/state/reader.h"

/* The journal of points: every change of a balance is a posting with two sides, so that all balances together are
 * always 0. Points run from issue to a household, from there to redeemed or to another household, and back.
 *
 * Rows: STATE_ACCOUNT holds the sums of a household and its latest postings, STATE_POSTED the earlier ones in runs,
 * STATE_OWN the balance of an account of the village itself: its postings are those of the other side. STATE_DAYBOOK
 * says who got postings by which entry of a day, each once; STATE_YEARBOOK who got postings about a deed of a year by
 * which entry that claims a day of another year, or none: the two have all postings about the deeds of a year. */

/* An account: of a household, or of the village itself. */
enum account_of { ACCOUNT_HOUSEHOLD, ACCOUNT_ISSUE, ACCOUNT_REDEEMED };
struct account {
	enum account_of of;
	uint32_t category; /* ISSUE: CATEGORY_A ... */
	struct bytes household;
};

/* What a posting is to the household. */
enum posting_kind {
	POSTING_LINE,	  /* a line of points was confirmed */
	POSTING_REVERSAL, /* a confirmed line was taken back */
	POSTING_REDEEMED,
	POSTING_RETURNED, /* a redemption was taken back */
	POSTING_OUT,	  /* to another household: split or merger */
	POSTING_IN
};
#define POSTING_KINDS 6
/* A posting as the account of a household has it. */
struct posting {
	enum posting_kind kind;
	uint64_t seq;	       /* of the entry that posted it */
	uint64_t entry;	       /* of the points entry or the redemption; else @seq */
	uint32_t line;	       /* of the points entry, from 1; else 0 */
	uint32_t category;     /* LINE and REVERSAL: the other side is the issue of it */
	struct bytes other;    /* OUT and IN: the other side */
	struct points points;  /* signed: what the balance changed by */
	struct points balance; /* afterwards */
};

/* --- posting: for rules ----------------------------------------------------------------------------- */
/* A posting of the entry being judged, that is not among the postings of its account yet. */
struct journal_posting {
	size_t at; /* where it lies in the journal's buffer, packed, and so its place in the order */
	uint8_t n;
	int16_t year; /* of the deed, when it is not that of the claimed day; 0: it is, or there is no deed */
	bool first;	    /* to this household */
	bool first_of_year; /* to this household with this @year, which is not 0 */
	uint8_t household_n;
	uint8_t household[STATE_CODE_MAX];
};
/* The entry being judged. Set the first three, zero the rest. Sums are in the rows at once; postings come there all
 * together, so that no row is copied for each of them. */
struct journal {
	struct cache *rows;
	struct buf *out; /* scratch */
	uint32_t feed_no;
	uint64_t seq;
	day_t booked; /* claimed; DAY_NONE */
	struct buf packed;
	struct journal_posting *v;
	uint32_t n, cap;
};
/* Before the rule; forgets what an entry posted that was refused. */
void journal_begin(struct journal *j, uint64_t seq, day_t booked);
/* After the rule, when it did not refuse: postings reach the rows. */
int journal_end(struct journal *j);
void journal_close(struct journal *j);
/* Points leave one account and come to another. */
struct transfer {
	struct account from, to;
	struct points points;
	enum posting_kind kind; /* between households OUT and IN, whatever stands here */
	uint64_t entry;
	uint32_t line;
	day_t deed; /* LINE, REVERSAL: of the line; REDEEMED, RETURNED: of the redemption; DAY_NONE */
};
/* ERR_LIMIT: a balance or a sum leaves what points can be; then the entry must be refused. */
int journal_post(struct journal *j, const struct transfer *x);

/* --- rows -------------------------------------------------------------------------------------------- */
/* Bytes of the latest postings in the row of an account; the postings of one entry stay together. */
#define JOURNAL_TAIL_BYTES 160
void journal_own_key(struct state_key *k, uint32_t feed_no, const struct account *a);
/* Entries of one row of the daybook or yearbook. In the daybook those that claim no day are under DAY_NONE. */
#define JOURNAL_BLOCK 8

/* Postings one after another. */
struct postings {
	struct cur c;
	uint64_t seq;
	struct points balance; /* before the next */
};
/* The latest postings of an account. ERR_CORRUPT. */
int postings_of_account(const struct state_account *a, struct postings *ret);
/* Those of a STATE_POSTED row whose key says @first. ERR_CORRUPT. */
int postings_of_run(struct bytes row, uint64_t first, struct postings *ret);
/* ERR_NOTFOUND at the end, ERR_CORRUPT. */
int postings_next(struct postings *p, struct posting *ret);
/* Appends @p, whose predecessor in the run is of @before. */
void posting_pack(const struct posting *p, uint64_t before, struct buf *out);

/* Who got postings, in the order of the first: start with *@at = 0. @ret_slot: the sequence less that of the block.
 * ERR_NOTFOUND at the end, ERR_CORRUPT. */
int journal_day_next(struct bytes row, size_t *at, unsigned *ret_slot, struct bytes *ret_household);

/* --- reading ----------------------------------------------------------------------------------------- */
/* All postings of a household with @from <= seq < @size, oldest first; a non-zero return ends the walk and is
 * the result. ERR_CORRUPT: they do not fit together. */
int journal_walk(const struct reader *r, struct bytes household, uint64_t from, uint64_t size,
		 int (*fn)(void *ctx, const struct posting *p), void *ctx);
/* From where journal_walk gives the latest @n postings below @size, and how many more before them. */
int journal_latest(const struct reader *r, struct bytes household, uint64_t size, uint32_t n,
		   uint64_t *ret_from, uint32_t *ret_skip);
/* What it returns other than 0 ends the walk and is the result. */
typedef int journal_who_fn(void *ctx, uint64_t seq, struct bytes household);
/* Who got postings by entries below @size that claim a day of [@from, @to] (DAY_NONE: open; without @from also those
 * that claim none), day by day. An entry comes once for each household. */
int journal_days(const struct reader *r, day_t from, day_t to, uint64_t size, journal_who_fn *fn,
		 void *ctx);
/* Who got postings about a deed of @year by entries below @size that claim a day of another year, or none. An entry
 * comes once for each household. */
int journal_year(const struct reader *r, int year, uint64_t size, journal_who_fn *fn, void *ctx);
/* The balance of an account of the village itself. */
int journal_own(const struct reader *r, const struct account *a, struct points *ret);

#endif
