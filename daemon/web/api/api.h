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
 * by jobs for the writer. What the outside provides comes in as services; what takes its time is waited for
 * without a thread (struct web_wait). */

#define WEB_NAME_MAX	 48 /* bytes of the name of a key */
#define WEB_SESSIONS_MAX 64
#define WEB_TOKEN_BYTES	 32
/* Where a request came from: a session serves only requests from where it was opened. */
struct web_from {
	bool local;   /* over the Unix socket */
	uint32_t uid; /* then: of the process at its other end */
};

/* The key of a person, held open by a session for as long as this is kept. */
struct web_unlocked {
	const struct sign_key *key;
	const char *name;
	void *session;
};
struct web_session {
	char as[WEB_NAME_MAX + 1];
	uint32_t idle_s, left_s; /* it ends when it was not used for so long, and in any case */
};

struct web_services {
	struct tx_services tx; /* its ctx is that of all */
	int (*person_public)(void *ctx, const char *name, uint8_t ret_public[SIGN_KEY_BYTES]);
	/* Sessions (daemon/io/keyring.h). ERR_NOTFOUND: there is none of this token, or not from there. */
	int (*session_use)(void *ctx, const char *token, struct web_from from,
			   struct web_unlocked *ret);
	void (*session_used)(void *ctx, const struct web_unlocked *u);
	int (*session_end)(void *ctx, const char *token, struct web_from from);
	void (*sessions_end_of)(void *ctx, const uint8_t key[SIGN_KEY_BYTES]);
	uint32_t (*sessions)(void *ctx, struct web_session *ret, uint32_t max);
	uint64_t (*wrong_passphrases)(void *ctx); /* since the node started */
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
	struct web_from from;
	const char *bearer; /* the token of a session; NULL: none is given */
};

/* What a handler waits for after it has returned. Whoever runs it gets that done and then calls web_go_on. */
enum web_wait_for {
	WEB_WAIT_NOTHING, /* the answer is there */
	WEB_WAIT_JOBS,	  /* @jobs, until they are sealed */
	WEB_WAIT_OPEN,	  /* the key of @name, opened with @passphrase */
	WEB_WAIT_UNLOCK,  /* the same, and kept open for the one who asks, @from */
	WEB_WAIT_CREATE	  /* a new key for @name, sealed under @passphrase */
};
struct web_wait {
	enum web_wait_for what;
	void (*then)(void *ctx);
	void *ctx;
	/* ERR_BUSY: the queue was full, nothing was taken. Jobs: ERR_STATE when the node must not write (restored or
	 * stopped); otherwise each job has its own result. Keys: ERR_NOTFOUND, ERR_EXISTS, ERR_CRYPTO (wrong
	 * passphrase), ERR_BUSY with @seconds (too many wrong ones: none is tried before). */
	int err;
	struct errmsg msg;
	struct job **jobs;
	uint32_t n, left; /* @left: not done yet, the queue's */
	const char *name, *passphrase;
	struct web_from from;
	struct sign_key *key;		     /* OPEN: the receiver's */
	uint8_t public_key[SIGN_KEY_BYTES];  /* CREATE */
	char token[2 * WEB_TOKEN_BYTES + 1]; /* UNLOCK */
	uint32_t seconds;		     /* UNLOCK: until it ends if it is not used */
};
struct web_res {
	int status; /* HTTP */
	const char *type;
	struct buf body;
	struct web_wait wait;
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
/* Runs the route: fills @res, or says in @res->wait what it waits for. Errors are {code, message, field, hint}. */
void web_handle(const struct web_services *s, const struct web_route *r, const struct web_req *req,
		struct web_res *res);
/* The same from where it waited. */
void web_go_on(const struct web_req *req, struct web_res *res);

#endif
