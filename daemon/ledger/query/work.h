#ifndef DAEMON_LEDGER_QUERY_WORK_H
#define DAEMON_LEDGER_QUERY_WORK_H

#include "daemon/ledger/state/read.h"

/* What is kept about a year, and passbooks. */

/* The sequence of the close. ERR_NOTFOUND: the year is open. */
int view_year_closed(struct kv_txn *t, uint32_t feed_no, int year, uint64_t *ret_seq);
/* Confirmed points of the year of a household with its members, or (@member above 0) of a person. */
int view_year_points(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint32_t member,
		     int year, struct points *ret);

struct view_passbook {
	uint64_t seq; /* of the entry that handed it out */
	char number[25];
	uint64_t upto, lines;
	struct points balance;
};
/* ERR_NOTFOUND: the household has no book. */
int view_passbook(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		  struct view_passbook *ret);

#endif
