#ifndef DAEMON_WEB_API_BODY_H
#define DAEMON_WEB_API_BODY_H

#include <jansson.h>

#include "daemon/web/api/api.h"
#include "lib/sign.h"

/* JSON bodies of requests. Functions that return false have put the error into @res. */

/* Reads one object whose keys are all in @keys (NULL-terminated). Free with body_free. */
bool body_read(const struct web_req *req, struct web_res *res, struct bytes text,
	       const char *const *keys, json_t **ret);
/* Wipes every text in it (passphrases are among them), then lets it go. NULL is allowed. */
void body_free(json_t *root);
/* NULL when it is not there. False when it is there and no text. */
bool body_text(const struct web_req *req, struct web_res *res, json_t *root, const char *key,
	       const char **ret);
bool body_need(const struct web_req *req, struct web_res *res, json_t *root, const char *key,
	       const char **ret);
/* @ret keeps its default when it is not there. */
bool body_flag(const struct web_req *req, struct web_res *res, json_t *root, const char *key,
	       bool *ret);
/* The transaction ID under "id": 32 hexadecimal digits. */
bool body_txid(const struct web_req *req, struct web_res *res, json_t *root,
	       uint8_t txid[TXID_BYTES], bool *ret_given);
/* How much of a text of the request is given back: cut between characters. */
int body_shown(const char *s);

#endif
