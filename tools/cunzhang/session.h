#ifndef TOOLS_CUNZHANG_SESSION_H
#define TOOLS_CUNZHANG_SESSION_H

#include "tools/cunzhang/cli.h"

/* Keys that were unlocked: the token of each session is in a file of its own (0600), under $XDG_RUNTIME_DIR, which goes when
 * the person logs out, or else in the node's folder. */

/* Is the key of @name unlocked? Then this command's requests carry its token. */
bool session_take(const struct cli *c, const char *name);
/* That token; NULL: none was taken. */
const char *session_token(void);

#endif
