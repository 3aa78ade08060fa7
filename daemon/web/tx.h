#ifndef DAEMON_WEB_TX_H
#define DAEMON_WEB_TX_H

#include "daemon/rules/writer.h"
#include "daemon/web/api.h"
#include "proto/record.h"

/* Transactions for the own feed: made, signed and given to the writer. */
struct tx {
	struct job job; /* JOB_APPEND; results in job.u.append */
	struct buf payload;
	const struct sign_key *author; /* borrowed */
};

/* The secret of the payload's salts follows from author and ID, so that sending the same content again
 * under the same ID gives the same bytes, which the writer knows as "exists". @txid NULL: a new one.
 * ERR_INVALID with @ret_issue, ERR_LIMIT. The tx must not move afterwards. */
int tx_make(const struct web_services *s, const struct rec_type *t, const void *head,
	    const void *lines, uint32_t nlines, const struct sign_key *author,
	    const uint8_t txid[TXID_BYTES], struct tx *ret, struct rec_issue *ret_issue);
void tx_close(struct tx *x);
/* Signs @n of them, each by its author, for the town feed's present size and submits them in order; those refused because
 * another entry saw more of the town feed in the meantime are sent once more. Returns the first machine
 * failure; each job then has its own result. */
int tx_submit(const struct web_services *s, struct tx **v, uint32_t n, bool dry_run);

#endif
