#ifndef DAEMON_LEDGER_QUERY_NOTICE_FIGURES_H
#define DAEMON_LEDGER_QUERY_NOTICE_FIGURES_H

#include "daemon/ledger/query/statement.h"
#include "daemon/ledger/query/sums.h"

/* The figures of a notice (N02), made from the ledger as it was when the feed had the entries that the notice names:
 * the page prints them, whoever checks a code compares them. */

/* Fills in lines, plus and minus of @n, which says kind, period and sizes. ERR_NOTFOUND: of what is published by
 * version, none is in force on the last day. */
int notice_figures(struct kv_txn *t, uint32_t feed_no, struct rec_notice *n);
/* Assessment: sums by household of the period. Free with report_close, also after a failure. */
int notice_assessed(struct kv_txn *t, uint32_t feed_no, const struct rec_notice *n,
		    struct report *ret);
/* Does the household stand on an assessment? Who has deductions alone does not: they are published as totals. */
bool notice_names(const struct report_row *row);
/* Redemptions of the period and those taken back, in the order of the feed. */
int notice_redeemed(struct kv_txn *t, uint32_t feed_no, const struct rec_notice *n,
		    statement_fn *fn, void *ctx);

#endif
