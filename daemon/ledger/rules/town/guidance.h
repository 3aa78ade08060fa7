#ifndef DAEMON_LEDGER_RULES_TOWN_GUIDANCE_H
#define DAEMON_LEDGER_RULES_TOWN_GUIDANCE_H

#include "daemon/ledger/rules/rule.h"

/* An enrolled village (V_VILLAGE_UNKNOWN); in the town feed. */

int guidance_need_village(struct rule_ctx *ctx, struct bytes code);

#endif
