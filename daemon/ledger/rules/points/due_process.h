#ifndef DAEMON_LEDGER_RULES_POINTS_DUE_PROCESS_H
#define DAEMON_LEDGER_RULES_POINTS_DUE_PROCESS_H

#include "daemon/ledger/rules/rule.h"

/* A points line that names an application is about the same and settles it (V_APPLICATION_LINE). */
int due_process_apply(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l);
/* P15: may this deduction, line @line of entry @entry, be confirmed today? */
int due_process_due(struct rule_ctx *ctx, uint64_t entry, uint32_t line,
		    const struct rec_points_line *l);

#endif
