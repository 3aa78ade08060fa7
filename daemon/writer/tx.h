#ifndef DAEMON_WRITER_TX_H
#define DAEMON_WRITER_TX_H

#include "daemon/writer/writer.h"
#include "proto/record.h"

/* What transactions of the own feed are made with; given by the driver. */
struct tx_services {
	void *ctx;
	struct kv *kv;
	struct hash town;
	uint32_t own; /* number of the own feed */
	uint64_t (*wall_ms)(void *ctx);
	void (*stamp)(void *ctx, uint32_t *ret_boot, uint64_t *ret_boot_ms);
	int (*random)(void *ctx, void *p, size_t n);
};
/* Today by the node's own clock; DAY_NONE when it has none. */
day_t tx_today(const struct tx_services *s);

/* Transactions for the own feed: made, signed and given to the writer. */
struct tx {
	struct job job; /* JOB_APPEND; results in job.u.append */
	struct buf payload;
	const struct sign_key *author; /* borrowed */
};

/* The secret of the payload's salts follows from author and ID, so that sending the same content again
 * under the same ID gives the same bytes, which the writer knows as "exists". @txid NULL: a new one.
 * ERR_INVALID with @ret_issue, ERR_LIMIT. The tx must not move afterwards. */
int tx_make(const struct tx_services *s, const struct rec_type *t, const void *head,
	    const void *lines, uint32_t nlines, const struct sign_key *author,
	    const uint8_t txid[TXID_BYTES], struct tx *ret, struct rec_issue *ret_issue);
void tx_close(struct tx *x);
/* Signs @n of them, each by its author, for the town feed's present size. @ret_jobs: room for @n; in order, what
 * the writer is to be given. */
int tx_sign(const struct tx_services *s, struct tx **v, uint32_t n, struct job **ret_jobs);
/* Of @n whose jobs are done: moves to the front those refused because another entry saw more of the town feed in the
 * meantime, which may be signed and given once more, and returns how many. */
uint32_t tx_overtaken(struct tx **v, uint32_t n);

#endif
