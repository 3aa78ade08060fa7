#ifndef DAEMON_WEB_API_NAMES_H
#define DAEMON_WEB_API_NAMES_H

#include <jansson.h>

#include "daemon/web/api/api.h"
#include "proto/record.h"

/* People say who it is by name: where a record takes the number of a member, the name of one of its household does as
 * well. Puts the number in its place, in head and lines. False: the error is in @res. */
bool names_to_numbers(const struct web_services *s, const struct web_req *req, struct web_res *res,
		      const struct rec_type *t, json_t *head, json_t *lines);

#endif
