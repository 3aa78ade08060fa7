#ifndef DAEMON_LEDGER_RULES_VILLAGE_VILLAGE_H
#define DAEMON_LEDGER_RULES_VILLAGE_VILLAGE_H

#include "daemon/ledger/rules/rule.h"

/* A points line that names a facility goes to its keeper household (V_FACILITY_KEEPER). */

int village_kept(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l);

#endif
