#ifndef DAEMON_WEB_API_SECOND_KEY_H
#define DAEMON_WEB_API_SECOND_KEY_H

#include "daemon/ledger/state/read_person.h"
#include "daemon/web/api/api.h"

/* One person, one key on each node. Within a feed the rules see to that (F27); what the town grants in a village and what
 * the village grants are two feeds, so a second key for a name that looks the same is told before it is made.
 *
 * Somebody called @name who holds a role here, or in @village (NULL: none is named) when this is the hub, with another key
 * than @key (NULL: one that is still to be made), given by another feed than the one that is to give the role now.
 * ERR_NOTFOUND: nobody. */
int second_key_find(const struct web_services *s, const char *name, const uint8_t *key,
		    const char *village, struct view_person *ret);

#endif
