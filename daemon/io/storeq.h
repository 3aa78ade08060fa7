#ifndef DAEMON_IO_STOREQ_H
#define DAEMON_IO_STOREQ_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/writer/writer.h"

/* The store thread: the only caller of the writer. It drains everything queued into one batch (group
 * commit), takes it through apply, commit and seal, and then reports the results. */
#define STOREQ_JOBS_MAX 8192

struct storeq;
/* Called on the store thread after a job's batch is sealed (or failed). Must not block. */
typedef void (*storeq_done_fn)(void *ctx, struct job *j);
/* Called on the store thread after each sealed batch that grew the own feed. */
typedef void (*storeq_grew_fn)(void *ctx);

int storeq_start(struct writer *w, storeq_grew_fn grew, void *ctx, struct storeq **ret);
/* Whether the last batch that wanted more room found none, and there is none yet. Any thread. */
bool storeq_full(const struct storeq *q);
/* While it is full and nothing is queued @room is asked on the store thread, every @ms, whether there is room again:
 * whoever watches must not have to wait for the next record. Before the first job. */
void storeq_ask_room(struct storeq *q, bool (*room)(void *ctx), void *ctx, uint32_t ms);
/* Queues @n jobs in order; @done is called for each. ERR_BUSY: the queue is full, nothing was taken;
 * ERR_STATE: the writer is dead. Ingest jobs without a chunk_check are checked on the store thread. */
int storeq_put(struct storeq *q, struct job **jobs, uint32_t n, storeq_done_fn done, void *ctx);
/* Queues and waits. Not for the store thread itself. */
int storeq_run(struct storeq *q, struct job **jobs, uint32_t n);
/* Asserts what only a bug can break. Any thread. */
void storeq_invariant(struct storeq *q);
/* Finishes what is queued, then stops the thread. */
void storeq_stop(struct storeq *q);

#endif
