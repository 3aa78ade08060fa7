#ifndef DAEMON_LEDGER_RULES_BOARD_PASSBOOK_H
#define DAEMON_LEDGER_RULES_BOARD_PASSBOOK_H

#include "daemon/ledger/rules/rule.h"

/* The household gets the book of this number, which no household has (V_BOOK_TAKEN). */
int passbook_take(struct rule_ctx *ctx, struct bytes household, struct bytes number);

#endif
