#ifndef DAEMON_LEDGER_STATE_STATE_REGISTER_H
#define DAEMON_LEDGER_STATE_STATE_REGISTER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/ledger/state/state.h"
#include "lib/buf.h"

/* Small registers of a village: objections to a line, keepers of a facility, opening hours.
 * An empty row is an empty register. */

/* The objections to one line that wait for an answer. Row: their sequences, ascending. */
#define STATE_OBJECTIONS_MAX 64
struct state_objection {
	uint32_t n;
	uint64_t seq[STATE_OBJECTIONS_MAX];
};
void state_objection_pack(const struct state_objection *o, struct buf *out);
int state_objection_parse(struct bytes row, struct state_objection *ret);

/* Who keeps a facility from which day on. Row: per keeper, by first day: first day | last day | household.
 * With more than STATE_KEEPERS_MAX the oldest falls out. */
#define STATE_KEEPERS_MAX 64
struct state_keeper {
	day_t from, to; /* to DAY_NONE: until the next */
	uint8_t household_n;
	char household[STATE_CODE_MAX];
};
struct state_facility {
	uint32_t n;
	struct state_keeper keeper[STATE_KEEPERS_MAX];
};
void state_facility_pack(const struct state_facility *f, struct buf *out);
int state_facility_parse(struct bytes row, struct state_facility *ret);
/* Takes the place of a keeper with the same first day. */
void state_facility_add(struct state_facility *f, const struct state_keeper *k);
/* The keeper with the latest first day not after @day; NULL: none, or that one has ended. */
const struct state_keeper *state_facility_on(const struct state_facility *f, day_t day);

/* When the shop is open on one day, in minutes. Row: from, to, from, to ... */
#define STATE_HOURS_MAX 60
struct state_hours {
	uint32_t n;
	struct {
		uint32_t from, to;
	} open[STATE_HOURS_MAX];
};
void state_hours_pack(const struct state_hours *h, struct buf *out);
int state_hours_parse(struct bytes row, struct state_hours *ret);

#endif
