#ifndef DAEMON_LEDGER_RULES_YEAR_APPRAISAL_CLOSE_H
#define DAEMON_LEDGER_RULES_YEAR_APPRAISAL_CLOSE_H

#include "daemon/ledger/rules/rule.h"

/* V_YEAR_LATE when the year is closed. */

int appraisal_close_warn(struct rule_ctx *ctx, uint32_t line, int year);

#endif
