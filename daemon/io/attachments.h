#ifndef DAEMON_IO_ATTACHMENTS_H
#define DAEMON_IO_ATTACHMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "lib/hash.h"

/* Photos, forms and slips that entries name by digest, kept in DIR/evidence/<first two hex digits>/<SHA-256 in
 * hex>. They are not part of the ledger: they never leave by gossip, and a file that is lost takes nothing
 * from an entry but its picture. */
#define ATTACHMENTS_PATH_MAX 640

/* One that is coming in, piece by piece. */
struct attachment;
/* NULL when memory is short; every other failure is remembered until attachments_keep. */
struct attachment *attachments_begin(const char *dir);
void attachments_add(struct attachment *e, const void *p, size_t n);
/* Durable when it returns 0, under its name. *@ret_new: it was not there, or not as it should be. ERR_INVALID: not a
 * byte came. */
int attachments_keep(struct attachment *e, struct hash *ret, bool *ret_new, struct errmsg *msg);
void attachments_end(struct attachment *e); /* NULL is allowed; removes what was not kept */
/* Removes what a daemon that died left half written. Only while nothing comes in. */
void attachments_sweep(const char *dir);

/* "DIR/evidence/ab/ab12...". ERR_LIMIT: too long. */
int attachments_path(const char *dir, const struct hash *h, char out[ATTACHMENTS_PATH_MAX]);
enum attachment_state { ATTACHMENT_INTACT, ATTACHMENT_ALTERED, ATTACHMENT_ABSENT };
/* Reads the whole file and compares. */
int attachments_look(const char *dir, const struct hash *h, enum attachment_state *ret,
		     struct errmsg *msg);
/* Calls @fn with the name of each file that is kept, in no order. ERR_IO: a folder cannot be read. */
int attachments_each(const char *dir, void (*fn)(void *ctx, const struct hash *h), void *ctx,
		     struct errmsg *msg);
/* The digest of any file. ERR_NOTFOUND, ERR_LIMIT (over @max bytes), ERR_IO. */
int attachments_digest(const char *path, size_t max, struct hash *ret, struct errmsg *msg);

#endif
