#ifndef TOOLS_CUNZHANG_ARGS_H
#define TOOLS_CUNZHANG_ARGS_H

#include "tools/cunzhang/cli.h"

/* Reading a command line. What is wrong is said, with the nearest name that there is. */

/* Options of every command, before it or after it; ends with a NULL name. */
extern const struct option_def args_globals[];
/* True when a global option says something to this command. */
bool args_global_fits(const struct option_def *o, const struct command *cmd);

/* Takes global options from the front; *@at moves to the first word that is none. Exit code. */
int args_take_globals(struct cli *c, int argc, char **argv, int *at);
/* Gathers in c->opts what options c->cmd has; for `record` by the type among the words from @at on.
 * Exit code. */
int args_gather(struct cli *c, int argc, char **argv, int at);
/* Takes the rest of the command line. Exit code. */
int args_take_rest(struct cli *c, int argc, char **argv, int at);

/* Is it an option for a field of a line, not of the head? */
bool args_of_line(const struct cli *c, const struct option_def *o);

/* The nearest of @n names by letters inserted, left out, replaced or swapped; NULL when none is near. */
const char *args_nearest(const char *word, const char *const *names, uint32_t n);

/* Says that there is no such record type, and which there are. EXIT_USAGE. */
int args_unknown_type(const char *name);

#endif
