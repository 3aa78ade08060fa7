#ifndef DAEMON_WEB_REPLY_H
#define DAEMON_WEB_REPLY_H

#include <jansson.h>

#include "daemon/rules/kv.h"
#include "daemon/rules/verdict.h"
#include "daemon/web/api.h"
#include "lib/date.h"
#include "lib/jw.h"

/* What every handler needs: errors, parameters, a read transaction over the feed that was asked for. */

/* A sentence in both languages. */
struct says {
	const char *zh, *en;
};
#define SAYS(zh, en) ((struct says){zh, en})
static inline const char *says_in(struct says s, enum lang lang)
{
	return lang == LANG_EN ? s.en : s.zh;
}

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
/* The last part of the path, for routes that end in "*". */
const char *reply_last(const struct web_req *req);
/* A number from the query. False: @res holds the error. @ret keeps its default when it is not given. */
bool reply_param_u64(const struct web_req *req, struct web_res *res, const char *name, uint64_t max,
		     uint64_t *ret);
/* A day from the query, as people write it. Else as above. */
bool reply_param_day(const struct web_req *req, struct web_res *res, const char *name, day_t *ret);
/* Today by the node's own clock; DAY_NONE when it has none. */
day_t reply_today(const struct web_services *s);

/* "rule", "name", "text" of a reason into an open object. */
void reply_reason(struct jw *w, const struct reason *r, enum lang lang);
/* "verdict": {..}, "warnings": [..]; the verdict alone says "accepted". */
void reply_verdict(struct jw *w, const struct verdict *v, enum lang lang);

/* One read of the store for one answer. */
struct reading {
	const struct web_services *s;
	const struct web_req *req;
	struct web_res *res;
	struct kv_txn *t;
	struct feed_head
		feed; /* of the parameter "feed": own (default), town, a village code, a feed ID */
	struct jw w;  /* opened by reading_begin: an object */
};
/* False: @res holds the error. */
bool reading_begin(struct reading *r, const struct web_services *s, const struct web_req *req,
		   struct web_res *res);
/* Ends the answer; @err replaces it by an error. */
void reading_end(struct reading *r, int err);
/* Looks up a feed by its name as in the parameter "feed". ERR_NOTFOUND. */
int reading_feed(const struct web_services *s, struct kv_txn *t, const char *name,
		 struct feed_head *ret);
/* The name of village or town, "" when unknown. */
#define FEED_LABEL_MAX 100
void reading_label(struct kv_txn *t, const struct feed_head *h, char out[FEED_LABEL_MAX]);

#endif
