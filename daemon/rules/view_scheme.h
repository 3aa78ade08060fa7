#ifndef DAEMON_RULES_VIEW_SCHEME_H
#define DAEMON_RULES_VIEW_SCHEME_H

#include "daemon/rules/view.h"

/* What a village has decided in versions: catalogue, plan, reward scheme, prices. Read-only, as view.h. */

enum view_doc_kind { VIEW_CATALOGUE, VIEW_PLAN, VIEW_SCHEME, VIEW_PRICES };
struct view_doc {
	uint64_t version;
	uint64_t entry; /* of the record */
	day_t from, to; /* from DAY_NONE: not by day; to DAY_NONE: until the next */
	uint64_t base;	/* catalogue: version of the town's */
};
/* ERR_NOTFOUND. */
int view_doc(struct kv_txn *t, uint32_t feed_no, enum view_doc_kind kind, uint64_t version,
	     struct view_doc *ret);

#endif
