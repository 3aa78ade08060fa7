#ifndef DAEMON_WEB_API_SIGNER_H
#define DAEMON_WEB_API_SIGNER_H

#include <jansson.h>

#include "daemon/web/api/api.h"

/* Who signs: a key opened with its passphrase for this request, or one that a session holds open. */
struct signer {
	const struct sign_key *key; /* NULL: none */
	const struct web_services *s;
	const struct web_req *req;
	struct web_res *res;
	const char *who, *passphrase; /* keys of the body */
	const char *name;
	struct sign_key *own;
	struct web_unlocked unlocked;
	void (*then)(void *ctx);
	void *ctx;
};

/* The person named under @who of @root with the passphrase under @passphrase, or the one of the session that the request
 * names (@may_be_unlocked). Calls @then, now or after a wait; with no key there the answer is in @res. */
void signer_open(struct signer *x, json_t *root, const char *who, const char *passphrase,
		 bool may_be_unlocked, void (*then)(void *ctx), void *ctx);
void signer_close(struct signer *x); /* zeroed is allowed */
/* The answer when a key could not be opened. */
void signer_refuse(const struct web_req *req, struct web_res *res, const char *who,
		   const char *name, const char *passphrase);
void signer_no_session(const struct web_req *req, struct web_res *res);

#endif
