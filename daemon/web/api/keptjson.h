#ifndef DAEMON_WEB_API_KEPTJSON_H
#define DAEMON_WEB_API_KEPTJSON_H

#include "daemon/ledger/query/kept.h"
#include "daemon/web/api/recjson.h"

/* New versions that start from the one before, in requests and answers. */

#define KEPTJSON_DROP_MAX 120 /* lines that one request may drop */
/* The keys under "drop" that do not go on. False: the error is in @res. */
bool keptjson_drop(const struct web_req *req, struct web_res *res, json_t *root,
		   const struct rec_type *t, struct bytes drop[KEPTJSON_DROP_MAX], uint32_t *ret_n);
/* Fills in @r; its lines are then those of the whole version. As kept_fill, with ERR_INVALID in @issue. */
int keptjson_fill(const struct defaults_at *at, const uint8_t *txid, struct recjson *r,
		  struct kept *k, struct reason *why, struct recjson_issue *issue);
/* "kept": what the record took over, with labels and values as people read them. */
void keptjson_put(struct jw *w, const struct kept *k, enum lang lang);

#endif
