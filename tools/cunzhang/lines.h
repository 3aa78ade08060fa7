#ifndef TOOLS_CUNZHANG_LINES_H
#define TOOLS_CUNZHANG_LINES_H

#include "tools/cunzhang/cli.h"

/* The lines of a record from a CSV file (UTF-8 or GB18030): the first row names the fields, by their name or
 * their label in Chinese or English, however it is spaced and with or without what stands in brackets; empty
 * cells are left out, and spaces around the others. Gives a list of objects, or says which row and
 * column cannot be read and how to mend it. Exit code. */
int lines_read(const struct rec_type *t, const char *path, json_t **ret);

#endif
