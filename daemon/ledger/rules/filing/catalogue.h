#ifndef DAEMON_LEDGER_RULES_FILING_CATALOGUE_H
#define DAEMON_LEDGER_RULES_FILING_CATALOGUE_H

#include "daemon/ledger/rules/rule.h"

/* An item of the village's catalogue as the points rules need it; kept between entries. */
#define FOLD_ITEMS_MAX	  512
#define FOLD_EVIDENCE_MAX 160
struct catalogue_item {
	uint64_t version; /* of the village */
	day_t from, to;	  /* of the town's catalogue */
	uint32_t number;
	uint32_t category, sign, scope, unit;
	bool document;
	int64_t points, cap;
	uint8_t code_n, evidence_n;
	char code[16];
	char evidence[FOLD_EVIDENCE_MAX];
};
struct catalogue_adopted {
	day_t from, to;
	uint64_t version;
};

/* The version in force in the village on @day; 0: none. */
int catalogue_on(struct rule_ctx *ctx, day_t day, uint64_t *ret_version);
/* ERR_NOTFOUND: no such item as of ctx->known. */
int catalogue_find(struct rule_ctx *ctx, uint64_t version, struct bytes code,
		   const struct catalogue_item **ret);

#endif
