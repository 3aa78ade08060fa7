#ifndef TOOLS_CUNZHANG_LINES_H
#define TOOLS_CUNZHANG_LINES_H

#include "tools/cunzhang/cli.h"

/* The lines of a record from a table (CSV or xlsx), read as all tables are: its header names the fields, by their
 * name or their label in Chinese or English; empty cells are left out. Gives a list of objects and the row of
 * each, or prints the report of what must be mended. Exit code. */
int lines_read(const struct cli *c, const struct rec_type *t, const char *path, json_t **ret,
	       json_t **ret_rows);
/* As client_record, of c->type: what the rules say of a line is said of its row in the file, and every one that they
 * refuse is named. Takes all three. */
int lines_record(struct cli *c, json_t *record, json_t *lines, json_t *rows);

#endif
