#ifndef DAEMON_LEDGER_RULES_FILING_NEW_VERSION_H
#define DAEMON_LEDGER_RULES_FILING_NEW_VERSION_H

#include "daemon/ledger/rules/rule.h"

/* What the village decides in versions. V_PERIOD, V_VERSION_USED, V_VERSION_JUMP; V_VERSION_PAST or V_NO_CLOCK when one
 * is in force on the first day. A later version with the same first day takes the earlier one's place. */
int new_version_add(struct rule_ctx *ctx, enum doc_kind doc, const struct document *d);
/* V_VERSION_JUMP: a version far above the newest, @top. */
int new_version_step(struct rule_ctx *ctx, enum rec_code code, uint64_t version, uint64_t top);
int new_version_need(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version,
		     struct document *ret); /* V_VERSION_UNKNOWN */

#endif
