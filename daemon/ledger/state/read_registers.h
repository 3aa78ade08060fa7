#ifndef DAEMON_LEDGER_STATE_READ_REGISTERS_H
#define DAEMON_LEDGER_STATE_READ_REGISTERS_H

#include "daemon/ledger/state/read.h"

/* Small registers of a village. */

/* The entry that settled this one: an objection answered, a redemption taken back. ERR_NOTFOUND. */
int read_settled(const struct reader *r, uint64_t seq, uint64_t *ret_by);
/* The one that settled it for the village of this code, else the one that settled it as a whole. ERR_NOTFOUND. */
int read_settled_for(const struct reader *r, uint64_t seq, struct bytes village, uint64_t *ret_by);
/* The day on which the household of a deduction was notified after the line was recorded. ERR_NOTFOUND. */
int read_notified(const struct reader *r, uint64_t entry, uint32_t line, day_t *ret);
/* Objections to a line that wait for an answer; none when there is no row. */
int read_objections(const struct reader *r, uint64_t entry, uint32_t line,
		    struct state_objection *ret);

/* The sequence of the close. ERR_NOTFOUND: the year is open. */
int read_year_closed(const struct reader *r, int year, uint64_t *ret_seq);
/* Confirmed points of the year of a household with its members, or (@member above 0) of a person. */
int read_year_points(const struct reader *r, struct bytes household, uint32_t member, int year,
		     struct points *ret);

/* The passbook of a household @h; not held when it has none. */
int read_book(const struct reader *r, struct bytes household, const struct state_household *h,
	      struct state_book *ret);
struct passbook {
	uint64_t seq; /* of the entry that handed it out */
	char number[25];
	uint64_t upto, lines;
	struct points balance;
};
/* ERR_NOTFOUND: the household has no book. */
int read_passbook(const struct reader *r, struct bytes household, struct passbook *ret);

#endif
