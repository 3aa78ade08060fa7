#ifndef DAEMON_LEDGER_RULES_RULES_H
#define DAEMON_LEDGER_RULES_RULES_H

#include "daemon/ledger/rules/rule.h"

/* The rule of each record type that has one, rule_points for points: what is judged after the form, the author and
 * the fields. */
#define RULE(name)						 int rule_##name(struct rule_ctx *ctx);
#define FIELDS(name)						 /* none */
#define LINES(name)						 RULE(name)
#define REC_X(name, code, schema, feed, roles, index, rule, ...) rule(name)
RECORDS(REC_X, REC_X)
#undef RULE
#undef FIELDS
#undef LINES
#undef REC_X

#endif
