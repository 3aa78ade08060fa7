#ifndef DAEMON_WEB_API_API_H
#define DAEMON_WEB_API_API_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/exchange/node.h"
#include "daemon/ledger/query/ask.h"
#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"
#include "daemon/web/paper/paper.h"
#include "daemon/writer/halt.h"
#include "daemon/writer/tx.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/sign.h"

/* The HTTP/JSON interface (daemon/web/api/openapi.yaml), free of sockets: a request struct in, a response struct
 * out. Handlers run on worker threads; they read through their own read transaction and change things only
 * by submitting jobs. What the outside provides comes in as services. */
struct web_services {
	struct tx_services tx; /* its ctx is that of all */
	/* Sealed keys of people on this node. ERR_NOTFOUND, ERR_CRYPTO (wrong passphrase), ERR_EXISTS. */
	int (*person_open)(void *ctx, const char *name, const char *passphrase,
			   struct sign_key **ret, struct errmsg *msg);
	int (*person_create)(void *ctx, const char *name, const char *passphrase,
			     uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg);
	int (*person_public)(void *ctx, const char *name, uint8_t ret_public[SIGN_KEY_BYTES]);
	uint32_t (*links)(void *ctx, struct node_link *ret, uint32_t max);
	uint32_t (*alarms)(void *ctx, struct alarm *ret, uint32_t max);
	int (*guard)(void *ctx, struct guard *ret); /* ERR_NOTFOUND: never signed */
	/* The invitation file for a village: text of dir_invitation (daemon/io/dir.h). */
	int (*invitation)(void *ctx, const char *village_code, const char *village_name,
			  const uint8_t invite_seed[SIGN_SEED_BYTES], struct buf *out,
			  struct errmsg *msg);
	/* A file to be kept beside the ledger, as it comes in: called on the loop's thread, but for keep.
	 * NULL when memory is short; other failures come from keep. */
	void *(*file_begin)(void *ctx);
	void (*file_add)(void *file, const void *p, size_t n);
	int (*file_keep)(void *file, struct hash *ret, bool *ret_new, struct errmsg *msg);
	void (*file_end)(void *file);
	/* NULL, or why the node does not write (for status). */
	const struct halt *(*halted)(void *ctx);
	/* Whether the last write found no room, and there is none yet. NULL: there always is. */
	bool (*full)(void *ctx);
	/* A sentence: why there is no connection to the hub; nothing while there is one. NULL: nothing. */
	void (*unlinked)(void *ctx, enum lang lang, struct buf *out);
};

/* The node whose own feed is the town's. */
static inline bool web_at_hub(const struct web_services *s)
{
	return s->tx.own == FEED_TOWN;
}

#define WEB_FILE_MAX ((size_t)16 << 20) /* of a file kept beside the ledger */
/* Shorter ones person_create refuses, too. */
#define WEB_PASSPHRASE_MIN 8
#define WEB_PATH_MAX	   256
#define WEB_PARAMS_MAX	   8
struct web_req {
	const char *method, *path; /* path without the query */
	struct ask_param query[WEB_PARAMS_MAX];
	uint32_t nquery;
	struct bytes body;
	void *file; /* in place of the body, where web_route_takes_file */
	enum lang lang;
	bool local; /* came over the Unix socket */
};
struct web_res {
	int status; /* HTTP */
	const char *type;
	struct buf body;
};

struct web_route {
	const char *method, *path; /* a final "*" stands for one parameter */
	bool local_only;
	size_t body_max;
	void (*run)(const struct web_services *s, const struct web_req *req, struct web_res *res);
};
extern const struct web_route web_routes[];
extern const uint32_t web_nroutes;
/* NULL with *ret_status 404 or 405. Used by the HTTP module before it reads a body. */
const struct web_route *web_route_find(const char *method, const char *path, bool local,
				       int *ret_status);
/* Does its body go to file_add, piece by piece, and is never in memory as a whole? */
bool web_route_takes_file(const struct web_route *r);
/* Fills @res with the error of an HTTP status that needs no handler (400, 404, 405, 413, 421, 503). */
void web_refuse(int status, enum lang lang, struct web_res *res);
/* Runs the route; always fills @res. Errors are {code, message, field, hint}. */
void web_handle(const struct web_services *s, const struct web_route *r, const struct web_req *req,
		struct web_res *res);

#endif
