#ifndef TOOLS_CUNZHANG_HELP_H
#define TOOLS_CUNZHANG_HELP_H

#include "tools/cunzhang/cli.h"

/* Help on standard output. */
void help_all(void);
/* The commands that begin with @word. */
void help_group(const char *word);
/* All types of records, in groups. */
void help_types(FILE *f);
/* c->cmd with the options gathered for it. */
void help_command(const struct cli *c);

#endif
