#ifndef TOOLS_CUNZHANG_COLUMNS_H
#define TOOLS_CUNZHANG_COLUMNS_H

#include "daemon/web/import/columns.h"
#include "tools/cunzhang/cli.h"

/* Appends what a column takes, for people. @t: the record that it becomes. */
void columns_explain(const struct import_column *col, const struct rec_type *t, struct buf *out);
/* Prints the columns of the table that a command imports; nothing for other commands. */
void columns_help(const struct command *cmd);

#endif
