#ifndef TOOLS_CUNZHANG_REPORT_H
#define TOOLS_CUNZHANG_REPORT_H

#include "tools/cunzhang/cli.h"

/* What was found in a table that a person brought, and what the rules say of it: @root holds "report" as
 * import_report_json makes it, and perhaps "problems", "doubts" and "warnings". Of every list as much as people read;
 * all of it is in --json. */
void report_print(const json_t *root);

#endif
