#ifndef DAEMON_LEDGER_RULES_POINTS_DUE_PROCESS_H
#define DAEMON_LEDGER_RULES_POINTS_DUE_PROCESS_H

#include "daemon/ledger/rules/rule.h"

struct notified_days_from {
	day_t from;
	uint32_t days;
};

/* A points line that names an application is about the same and settles it (V_APPLICATION_LINE). */
int due_process_apply(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l);
/* Before an entry that confirms has changed a row: what due_process_due needs. */
int due_process_ready(struct rule_ctx *ctx);
/* P15: may this deduction, line @line of entry @entry, be confirmed today? */
int due_process_due(struct rule_ctx *ctx, uint64_t entry, uint32_t line,
		    const struct rec_points_line *l);

#endif
