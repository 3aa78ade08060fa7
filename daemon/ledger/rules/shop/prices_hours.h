#ifndef DAEMON_LEDGER_RULES_SHOP_PRICES_HOURS_H
#define DAEMON_LEDGER_RULES_SHOP_PRICES_HOURS_H

#include "daemon/ledger/rules/rule.h"

#define FOLD_PRICES_MAX 120 /* lines of a price list */
/* Is this minute within the opening hours posted for the day? Without any it is not. */
int prices_hours_open(struct rule_ctx *ctx, day_t day, uint64_t minute, bool *ret);

#endif
