#ifndef DAEMON_WEB_COMPLETE_H
#define DAEMON_WEB_COMPLETE_H

#include "daemon/web/recjson.h"

/* What follows from other fields and from the day, and people may leave out: day, version and points of a line
 * of points, prices, day, minute and points of a redemption. */

/* Names of such fields for recjson_read; NULL: this type has none. */
const char *const *complete_lax(const struct rec_type *t);
/* Fills in what is missing; @head (may be NULL) is the JSON that @r was read from. @txid (may be NULL): what was
 * written under this ID before says what is missing, so that the same request is the same record on another
 * day, too. ERR_NOTFOUND: the catalogue or price list has no such thing, or the day is unknown, as @why
 * says. */
int complete_record(const struct web_services *s, const uint8_t *txid, json_t *head,
		    struct recjson *r, struct reason *why);

#endif
