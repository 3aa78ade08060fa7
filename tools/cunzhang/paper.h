#ifndef TOOLS_CUNZHANG_PAPER_H
#define TOOLS_CUNZHANG_PAPER_H

#include "tools/cunzhang/cli.h"

/* Writes the slip of redemption @entry to the file of --out. Exit code. */
int paper_slip_file(struct cli *c, const char *entry);

#endif
