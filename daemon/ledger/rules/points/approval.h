#ifndef DAEMON_LEDGER_RULES_POINTS_APPROVAL_H
#define DAEMON_LEDGER_RULES_POINTS_APPROVAL_H

#include "daemon/ledger/rules/rule.h"

/* The lines of a points entry, in fold_work.lines; @line is 0 or one of them (V_TARGET_UNKNOWN). */

int approval_lines(struct rule_ctx *ctx, uint64_t entry, uint64_t line);
/* A line of the points entry in fold_work.target, and its item. */
int approval_line(struct rule_ctx *ctx, uint32_t line, struct rec_points_line *ret,
		  const struct catalogue_item **ret_item);
int approval_wrong_state(struct rule_ctx *ctx, uint64_t entry, uint32_t line); /* V_TARGET_STATE */

#endif
