#ifndef DAEMON_WEB_API_RECJSON_H
#define DAEMON_WEB_API_RECJSON_H

#include <jansson.h>

#include "daemon/ledger/state/verdict.h"
#include "daemon/web/api/api.h"
#include "lib/buf.h"
#include "proto/record.h"

/* JSON into record structs by the description table, every complaint with the place it is about. Values
 * are text as people write them (rec_field_parse), whole numbers for numbers and points, true and false
 * for yes and no. A missing value is allowed only where the table says that it is optional. */
struct recjson {
	const struct rec_type *t;
	union rec_any head;
	uint8_t *lines; /* nlines structs of the line type */
	uint32_t nlines;
	uint8_t *scratch;     /* of the BIN values */
	uint64_t given;	      /* bit of each field of the head that was there */
	uint64_t *line_given; /* the same of each line */
};

enum recjson_why {
	RECJSON_MISSING,
	RECJSON_UNKNOWN, /* no field of this name */
	RECJSON_VALUE,
	RECJSON_SHAPE, /* not an object, or lines not a list of objects */
	RECJSON_LINES  /* too few or too many, or a type without lines */
};
struct recjson_issue {
	enum recjson_why why;
	const struct rec_type *t;
	const struct rec_field *field; /* NULL for SHAPE, LINES and UNKNOWN */
	char path[96];		       /* "record.day", "lines[2].day": from 0 */
	uint32_t line;		       /* from 1; 0: the head */
};

/* A new version (kept_is) may have fewer lines: what is not there is as in the one before.
 * Text is borrowed from the JSON values; what is left out is zero. @head or @lines may be NULL: nothing given.
 * ERR_INVALID with @ret_issue, ERR_NOMEM. recjson_close also after a failure. */
int recjson_read(const struct rec_type *t, json_t *head, json_t *lines, struct recjson *ret,
		 struct recjson_issue *ret_issue);
void recjson_close(struct recjson *r);

/* The complaint as an answer: what, where, and what is expected. */
void recjson_refuse(const struct recjson_issue *i, enum lang lang, struct web_res *res);
/* What a field takes, in words: "日期，如 2025-01-31". Appends. */
void recjson_expects(const struct rec_field *f, enum lang lang, struct buf *out);

#endif
