#ifndef DAEMON_LEDGER_RULES_FIELDS_H
#define DAEMON_LEDGER_RULES_FIELDS_H

#include "daemon/ledger/rules/rule.h"

/* What follows from the kinds and meanings of the fields of a record (proto/records.def), for every type alike:
 * decodes the head into ctx->head and checks it, then the lines, but those of types whose rule does that. */
int fields_check(struct rule_ctx *ctx);
/* After the rule: what the head says is settled by this entry is. */
int fields_settle(struct rule_ctx *ctx);

#endif
