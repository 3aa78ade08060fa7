#ifndef DAEMON_LEDGER_RULES_FIELDS_H
#define DAEMON_LEDGER_RULES_FIELDS_H

#include "daemon/ledger/rules/rule.h"

/* What follows from the kinds and meanings of the fields of a record (proto/records.def), for every type alike:
 * decodes the head into ctx->head and checks it, then the lines, but those of types whose rule does that. */
int fields_check(struct rule_ctx *ctx);
/* Of a line whose type does that: its texts show what they say, and hold no number of a person. */
int fields_texts(struct rule_ctx *ctx, uint32_t line, const void *s);
/* After the rule: the entry is open if its type is, and what its head settles or reports on is so. */
int fields_apply(struct rule_ctx *ctx);

#endif
