#ifndef DAEMON_WEB_API_VIEWJSON_H
#define DAEMON_WEB_API_VIEWJSON_H

#include "daemon/ledger/query/view.h"
#include "daemon/web/api/reply.h"

/* Lists as JSON, by their description. Fields that the reader may not see have neither a column nor a cell. */

/* A list of the fields in their order, so that programs need no table of their own: name, label, kind, and whether
 * it is written from the right. */
void viewjson_columns(struct reading *r, const char *key, const struct rec_field *f, uint32_t n);
/* "rows": a list of cells for each, choices by their label; what is not there is an empty text. */
int viewjson_rows(struct reading *r, const struct view_def *def);
/* The fields of a row in an open object, as records have them: choices by their name, yes and no as truth; what is
 * not there has no key, an empty text has one. */
void viewjson_fields(struct reading *r, const struct view_def *def, const void *row);
/* A list of objects, one for each row. */
int viewjson_items(struct reading *r, const char *key, const struct view_def *def);
/* The lists in openapi.yaml: their names, parameters and columns; a test compares. */
int viewjson_openapi(struct buf *out);

#endif
