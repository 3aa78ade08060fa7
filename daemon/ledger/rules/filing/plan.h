#ifndef DAEMON_LEDGER_RULES_FILING_PLAN_H
#define DAEMON_LEDGER_RULES_FILING_PLAN_H

#include "daemon/ledger/rules/rule.h"

/* The scheme in force on @day, its texts borrowed. ERR_NOTFOUND: none; the defaults are then in @ret. */
int plan_scheme_on(struct rule_ctx *ctx, day_t day, struct rec_scheme *ret);

#endif
