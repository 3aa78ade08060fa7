#ifndef DAEMON_WEB_IMPORT_IMPORT_UPDATE_H
#define DAEMON_WEB_IMPORT_IMPORT_UPDATE_H

#include "daemon/ledger/state/reader.h"
#include "daemon/web/import/import.h"
#include "lib/map.h"

/* A roster of a village that has one: households and people that are there with the same facts are passed over and
 * counted; facts that differ are shown one by one and become corrections when the person accepts them; new people join,
 * new households are registered. What the file leaves out or leaves empty stays as it is. */

/* A record that follows from the comparison; texts live in the report. */
struct import_change {
	uint32_t row;
	enum rec_code code;
	union {
		struct rec_person_correction person;
		struct rec_household_correction household;
		struct rec_member_join join;
	} u;
};
struct update_person;
struct import_update {
	const struct reader *r;
	const struct import_opts *o;
	uint64_t
		size; /* of the feed when it was compared: the same change later is another record */
	/* results */
	struct import_change *change;
	uint32_t n, cap;
	uint32_t known, known_people; /* households passed over, and people in all that are known */
	uint32_t corrections, joins;
	/* its own */
	struct import_report *rep;
	struct update_person *person; /* all who are registered or new */
	uint32_t npeople, people_cap;
	struct map names;	      /* the last of each skeleton */
	struct update_member *member; /* of the household at hand */
};
/* For import_opts.update, with the import_update as context. */
int import_update(void *ctx, struct import_roster *roster, struct import_report *rep);
void import_update_close(struct import_update *u);

#endif
