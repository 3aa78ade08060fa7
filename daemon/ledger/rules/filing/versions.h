#ifndef DAEMON_LEDGER_RULES_FILING_VERSIONS_H
#define DAEMON_LEDGER_RULES_FILING_VERSIONS_H

#include "daemon/ledger/rules/rule.h"

/* What the village decides in versions. The first three are the values of SUBJECT. */
enum doc_kind { DOC_CATALOGUE, DOC_PLAN, DOC_SCHEME, DOC_PRICES };
struct version_row {
	uint64_t seq;	/* of the record */
	day_t from, to; /* from DAY_NONE: not by day; to DAY_NONE: until the next */
	uint64_t base;	/* catalogue: version of the town's */
};
/* V_PERIOD, V_VERSION_USED, V_VERSION_JUMP; V_VERSION_PAST or V_NO_CLOCK when one is in force on the first
 * day. A later version with the same first day takes the earlier one's place. */
int versions_add(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version,
		 const struct version_row *row);
/* V_VERSION_JUMP: a version far above the newest, @top. */
int versions_step(struct rule_ctx *ctx, enum rec_code code, uint64_t version, uint64_t top);
int versions_get(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version,
		 struct version_row *ret); /* ERR_NOTFOUND */
int versions_need(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version,
		  struct version_row *ret); /* V_VERSION_UNKNOWN */
/* The version with the latest first day not after @day. ERR_NOTFOUND: none, or it has ended. */
int versions_on(struct rule_ctx *ctx, enum doc_kind doc, day_t day, uint64_t *ret_version,
		struct version_row *ret);
/* One after another by first day: start with *@day = DAY_MIN. ERR_NOTFOUND at the end. */
int versions_next(struct rule_ctx *ctx, enum doc_kind doc, day_t *day, uint64_t *ret_version,
		  struct version_row *ret);

#endif
