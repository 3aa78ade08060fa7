#ifndef TOOLS_CUNZHANG_LINES_H
#define TOOLS_CUNZHANG_LINES_H

#include "tools/cunzhang/cli.h"

/* The lines of a record from a table (CSV or xlsx), read as all tables are: its header names the fields, by their
 * name or their label in Chinese or English; empty cells are left out. Gives a list of objects, or prints the report of
 * what must be mended. Exit code. */
int lines_read(const struct cli *c, const struct rec_type *t, const char *path, json_t **ret);

#endif
