#ifndef DAEMON_LEDGER_RULES_ACCOUNTS_H
#define DAEMON_LEDGER_RULES_ACCOUNTS_H

#include "daemon/ledger/rules/rule.h"
#include "daemon/ledger/state/journal.h"

/* What a household has, 0 without an account. */
int rule_balance(struct rule_ctx *ctx, struct bytes household, struct points *ret);
/* Points leave one account and come to another; that of a household that merged is the account in which it went on
 * (V_OVERFLOW). */
int rule_transfer(struct rule_ctx *ctx, const struct transfer *x);

#endif
