#ifndef DAEMON_WEB_API_REPLY_H
#define DAEMON_WEB_API_REPLY_H

#include <jansson.h>

#include "daemon/ledger/query/ask.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"
#include "daemon/web/api/api.h"
#include "lib/date.h"
#include "lib/jw.h"

/* What every handler needs: errors, parameters, a read transaction over the feed that was asked for. */

/* An error is {code, message, field, hint}; @field and the hint's texts may be NULL. Replaces whatever
 * @res holds. */
void reply_error(struct web_res *res, enum lang lang, int status, const char *code,
		 const char *field, struct says message, struct says hint);
/* What a machine failure is, for people. */
struct says reply_words(int err);
/* A machine failure; @msg (may be NULL) is in English, for those who run the node: it is neither shown to
 * people far away nor among Chinese words. */
void reply_machine(const struct web_req *req, struct web_res *res, int err,
		   const struct errmsg *msg);
/* 200 (or @status) and an empty JSON text. */
void reply_json(struct web_res *res, int status, struct jw *w);

/* NULL when the query has no such parameter. */
const char *reply_param(const struct web_req *req, const char *name);
/* A number from the query, as ask_u64. False: @res holds the error. */
bool reply_param_u64(const struct web_req *req, struct web_res *res, const char *name, uint64_t max,
		     uint64_t *ret);
/* The last part of the path, for routes that end in "*". */
const char *reply_last(const struct web_req *req);
/* "verdict": {..}, "warnings": [..]; the verdict alone says "accepted". */
void reply_verdict(struct jw *w, const struct verdict *v, enum lang lang);

/* Why a question has no answer. */
void reply_issue(const struct web_req *req, struct web_res *res, const struct ask_issue *i);

/* One read of the store for one answer. */
struct reading {
	const struct web_services *s;
	const struct web_req *req;
	struct web_res *res;
	struct ask ask; /* its feed is that of the parameter "feed" (view_feed_named) */
	struct jw w;	/* opened by reading_begin: an object */
};
/* False: @res holds the error. */
bool reading_begin(struct reading *r, const struct web_services *s, const struct web_req *req,
		   struct web_res *res);
/* Ends the answer; @err, or with ASK_REFUSED the issue, replaces it by an error. */
void reading_end(struct reading *r, int err);

#endif
