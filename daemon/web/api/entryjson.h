#ifndef DAEMON_WEB_API_ENTRYJSON_H
#define DAEMON_WEB_API_ENTRYJSON_H

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_person.h"
#include "daemon/web/api/reply.h"

/* One entry of the feed of a reading as a JSON object: header, author, record by the description table (to
 * people far away only its public fields), verdict, and what settled it. ERR_NOTFOUND, ERR_CORRUPT. */
int entryjson_put(struct reading *r, uint64_t seq);
/* A person of this feed or the town. */
bool entryjson_person(struct reading *r, const uint8_t author[SIGN_KEY_BYTES],
		      struct view_person *ret);
/* The name of a person of this feed or the town under @key; nothing when there is none. */
void entryjson_name(struct reading *r, const char *key, const uint8_t author[SIGN_KEY_BYTES]);

#endif
