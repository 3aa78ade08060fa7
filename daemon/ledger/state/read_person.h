#ifndef DAEMON_LEDGER_STATE_READ_PERSON_H
#define DAEMON_LEDGER_STATE_READ_PERSON_H

#include "daemon/ledger/state/read.h"

/* Who may do what: the roles that the town and the village have given. */

/* The person as the town feed's first r->known entries have it. ERR_NOTFOUND. */
int read_town_person(const struct reader *r, const uint8_t key[32], struct state_person *ret);
/* RB() bits of the roles for @village ("": of the feed itself) on a day (DAY_NONE: any). */
uint32_t read_person_roles(const struct state_person *p, const char *village, day_t on);

/* A person's name and roles in the feed (town roles for FEED_TOWN): those that the village gave and, in a village,
 * those that the town gave for it. */
struct view_person {
	uint8_t key[32];
	char name[65];
	uint32_t roles; /* RB() bits */
	/* each of them with its term and territory, also one that is over or still to come */
	struct state_role grant[2 * STATE_ROLES_MAX];
	uint32_t ngrants;
};
/* ERR_NOTFOUND: neither the feed nor, for this village, the town knows the person. */
int read_person(const struct reader *r, const uint8_t key[32], day_t on, struct view_person *ret);
int view_people(struct kv_txn *t, uint32_t feed_no, day_t on,
		int (*fn)(void *ctx, const struct view_person *p), void *ctx);

#endif
