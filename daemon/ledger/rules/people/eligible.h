#ifndef DAEMON_LEDGER_RULES_PEOPLE_ELIGIBLE_H
#define DAEMON_LEDGER_RULES_PEOPLE_ELIGIBLE_H

#include "daemon/ledger/rules/rule.h"

/* May points of @day go to this household or (@member above 0) this member of it? */

int eligible(struct rule_ctx *ctx, uint32_t line, const struct state_household *h,
	     const struct rec_points_line *l, bool deduct);
/* May this person take part on @day, by residence, death and moves alone? A household earns as such while one of its
 * people may. */
bool eligible_person(const struct state_member *m, day_t day);

/* The first day on which six months of residence are over; DAY_NONE: not known, or beyond the calendar. */
day_t eligible_from(day_t since);

#endif
