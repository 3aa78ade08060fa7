#ifndef TESTS_LIB_SERVICES_H
#define TESTS_LIB_SERVICES_H

#include "daemon/web/api/api.h"
#include "tests/lib/town.h"

/* What handlers of requests need of a node, given by a town in memory: its store and clock, random bytes from
 * its seed, the keys of its people, all under one passphrase; no links, no alarms, a guard that never signed.
 * It submits nothing. A test sets what it wants otherwise. */
#define SERVICES_PASS "correct horse"
/* @w is the context of all of them. @own: number of the node's feed. */
struct web_services services_of(struct town *w, uint32_t own);

/* What handlers wait for, given at once. */
struct services_outside {
	int (*submit)(void *ctx, struct job **jobs, uint32_t n);
	/* NULL: of the keys of the town */
	int (*open)(void *ctx, const char *name, const char *passphrase, struct sign_key **ret,
		    struct errmsg *msg);
	int (*create)(void *ctx, const char *name, const char *passphrase,
		      uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg);
};
/* Runs a request to its end. */
void services_handle(const struct web_services *s, const struct services_outside *o,
		     const struct web_route *r, const struct web_req *req, struct web_res *res);

#endif
