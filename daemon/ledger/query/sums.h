#ifndef DAEMON_LEDGER_QUERY_SUMS_H
#define DAEMON_LEDGER_QUERY_SUMS_H

#include "daemon/ledger/query/statement.h"

/* Sums over the postings of a village in a period, for statistics, ranks and notices. The period is that of
 * confirmation, that of an appraisal the year of the deed (DOMAIN I5); a reversal counts against the period in which it happened, or against the year of its line. Points that came from
 * or went to another household are not earned and not in here. */
enum report_by {
	REPORT_CATEGORY, /* key: its letter */
	REPORT_ITEM,	 /* item code */
	REPORT_MONTH,	 /* of the deed: "2025-01" */
	REPORT_HOUSEHOLD,
	REPORT_PERSON /* household | '-' | member; what a household did as a whole is not in here */
};
#define REPORT_KEY_MAX	32
#define REPORT_ROWS_MAX (UINT32_C(1) << 20)
struct report_row {
	char key[REPORT_KEY_MAX], label[97]; /* label: of categories and items, in Chinese */
	int64_t awards, deductions;	     /* confirmed lines less those reversed in the period */
	struct points plus, minus, redeemed; /* magnitudes */
	struct points net;		     /* plus - minus: what ranks go by */
	uint32_t rank;			     /* report_rank; equal points share one */
};
struct report {
	struct report_row *row;
	uint32_t n;
	struct report_row total;
};
/* Rows in the order of their keys, of the lines of one category alone (its letter) or of all ('\0'). ERR_LIMIT: more than
 * REPORT_ROWS_MAX, or what statement_days gives. Free with report_close, also after a failure. */
int report_make(struct kv_txn *t, uint32_t feed_no, uint64_t size, enum report_by by,
		const struct statement_period *p, char category, struct report *ret);
/* Orders by net points, most first; equal ones by key. */
void report_rank(struct report *r);
void report_close(struct report *r);

#endif
