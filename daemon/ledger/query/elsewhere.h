#ifndef DAEMON_LEDGER_QUERY_ELSEWHERE_H
#define DAEMON_LEDGER_QUERY_ELSEWHERE_H

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/verdict.h"
#include "proto/record.h"

/* People and households once: whoever stands in two households would earn twice, and two numbers that differ by zeros
 * in front alone are taken for each other by people and spreadsheets. */

/* Are two people of one name the same one? By birth, unless both identity numbers are known and differ; by those
 * where a birth is not known. */
bool elsewhere_same(day_t birth, struct bytes id_tail, day_t other, struct bytes other_tail);
/* The number without zeros in front. */
struct bytes elsewhere_bare(struct bytes household);
/* Of a record that registers a household or a person: ERR_EXISTS with @why when one is registered already. */
int elsewhere_find(const struct reader *r, const struct rec_type *t, const union rec_any *head,
		   const void *lines, uint32_t nlines, struct reason *why);

#endif
