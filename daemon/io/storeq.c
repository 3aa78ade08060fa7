#include "daemon/io/storeq.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "daemon/io/log.h"
#include "lib/err.h"
#include "lib/mem.h"

#define IDLE_MS 20 /* then an empty batch brings the newest checkpoint into the store */
#define FULL_MS                                                                                    \
	2000 /* the same while the disk is full, and whether there is room is asked as often */

struct slot {
	struct job *job;
	storeq_done_fn done;
	void *ctx;
};

struct storeq {
	struct writer *w;
	storeq_grew_fn grew;
	void *grew_ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool stopping;
	bool dead;
	atomic_bool
		full; /* set by the store thread alone: the last batch found no room on the disk */
	bool (*room)(void *ctx);
	void *room_ctx;
	uint32_t full_ms;
	uint32_t n;			     /* queued */
	struct slot queue[STOREQ_JOBS_MAX];  /* filled by many */
	struct slot batch[WRITER_BATCH_MAX]; /* the store thread's own */
	struct job *jobs[WRITER_BATCH_MAX];
};

/* Waits for work; not for ever when the store still lacks the newest checkpoint. */
static void await(struct storeq *q)
{
	struct timespec end;
	long ms = q->full ? (long)q->full_ms : IDLE_MS;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += ms % 1000 * 1000000L;
	end.tv_sec += ms / 1000 + end.tv_nsec / 1000000000L;
	end.tv_nsec %= 1000000000L;
	while (!q->n && !q->stopping) {
		if (!writer_pending(q->w) && !(q->full && q->room))
			pthread_cond_wait(&q->work, &q->lock);
		else if (pthread_cond_timedwait(&q->work, &q->lock, &end))
			return;
	}
}

/* Returns how many jobs were taken; 0: nothing to do, or stopping and nothing is left. */
static uint32_t take(struct storeq *q, bool *ret_stop)
{
	uint32_t n;

	pthread_mutex_lock(&q->lock);
	await(q);
	*ret_stop = q->stopping && !q->n;
	n = q->n < WRITER_BATCH_MAX ? q->n : WRITER_BATCH_MAX;
	for (uint32_t i = 0; i < n; i++) {
		q->batch[i] = q->queue[i];
		q->jobs[i] = q->batch[i].job;
	}
	for (uint32_t i = n; i < q->n; i++)
		q->queue[i - n] = q->queue[i];
	q->n -= n;
	pthread_mutex_unlock(&q->lock);
	return n;
}

static void fail_all(struct storeq *q, uint32_t n, int err)
{
	for (uint32_t i = 0; i < n; i++)
		q->jobs[i]->err = err;
}

/* Whether a feed grew by the batch: what is smaller may find room in pages that are there. */
static bool any_grew(const struct storeq *q, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct job *j = q->jobs[i];
		const struct job_append *a = &j->u.append;

		if (j->type == JOB_INGEST && !j->err)
			return true;
		if (j->type == JOB_APPEND && !j->err && !a->exists && verdict_ok(&a->verdict))
			return true;
	}
	return false;
}

/* Logged once when it begins and once when it is over, not for every record. */
static void log_full(struct storeq *q, bool full)
{
	if (full && !q->full)
		log_line(LOG_LEVEL_ERROR,
			 log_english() ? "store: the disk is full; nothing new is recorded or "
					 "received until there is room"
				       : "存储：磁盘已满，腾出空间以前不再记录和接收");
	if (!full && q->full)
		log_line(LOG_LEVEL_INFO, log_english() ? "store: there is room on the disk again"
						       : "存储：磁盘又有空间了");
	q->full = full;
}

/* One batch through the commit order. Results are reported only when this has returned. */
static void run_batch(struct storeq *q, uint32_t n)
{
	int err;

	if (writer_state(q->w) != WRITER_IDLE) {
		fail_all(q, n, ERR_STATE);
		return;
	}
	if (n == 0 && q->full && q->room && q->room(q->room_ctx))
		log_full(q, false);
	if (n == 0 && !writer_pending(q->w))
		return;
	err = writer_run(q->w, q->jobs, n);
	if (err == ERR_FULL || (!err && any_grew(q, n)))
		log_full(q, err == ERR_FULL);
	if (writer_state(q->w) == WRITER_DEAD) {
		pthread_mutex_lock(&q->lock);
		q->dead = true;
		pthread_mutex_unlock(&q->lock);
	}
}

static void *store_main(void *arg)
{
	struct storeq *q = arg;
	bool stop;

	for (;;) {
		struct guard before, after;
		uint32_t n = take(q, &stop);

		if (stop)
			break;
		writer_head(q->w, &before);
		run_batch(q, n);
		for (uint32_t i = 0; i < n; i++)
			q->batch[i].done(q->batch[i].ctx, q->batch[i].job);
		writer_head(q->w, &after);
		if (q->grew && (after.size != before.size || writer_state(q->w) == WRITER_DEAD))
			q->grew(q->grew_ctx);
	}
	return NULL;
}

int storeq_start(struct writer *w, storeq_grew_fn grew, void *ctx, struct storeq **ret)
{
	struct storeq *q = mem_alloc(sizeof(*q));
	pthread_condattr_t monotonic;

	if (!q)
		return ERR_NOMEM;
	q->w = w;
	q->full_ms = FULL_MS;
	q->grew = grew;
	q->grew_ctx = ctx;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&q->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&q->thread, NULL, store_main, q)) {
		pthread_cond_destroy(&q->work);
		pthread_mutex_destroy(&q->lock);
		mem_free(q);
		return ERR_NOMEM;
	}
	*ret = q;
	return ERR_OK;
}

void storeq_ask_room(struct storeq *q, bool (*room)(void *ctx), void *ctx, uint32_t ms)
{
	pthread_mutex_lock(&q->lock);
	q->room = room;
	q->room_ctx = ctx;
	q->full_ms = ms ? ms : FULL_MS;
	pthread_mutex_unlock(&q->lock);
}

bool storeq_full(const struct storeq *q)
{
	return atomic_load(&q->full);
}

int storeq_put(struct storeq *q, struct job **jobs, uint32_t n, storeq_done_fn done, void *ctx)
{
	int err = ERR_OK;

	pthread_mutex_lock(&q->lock);
	if (q->dead || q->stopping)
		err = ERR_STATE;
	else if (n > STOREQ_JOBS_MAX - q->n)
		err = ERR_BUSY;
	for (uint32_t i = 0; i < n && !err; i++)
		q->queue[q->n++] = (struct slot){jobs[i], done, ctx};
	if (!err && n)
		pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	return err;
}

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t done;
	uint32_t left;
};

static void on_waited(void *ctx, struct job *j)
{
	struct waiter *w = ctx;

	(void)j;
	pthread_mutex_lock(&w->lock);
	if (--w->left == 0)
		pthread_cond_signal(&w->done);
	pthread_mutex_unlock(&w->lock);
}

int storeq_run(struct storeq *q, struct job **jobs, uint32_t n)
{
	struct waiter w = {.left = n};
	int err;

	if (!n)
		return ERR_OK;
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.done, NULL);
	err = storeq_put(q, jobs, n, on_waited, &w);
	if (!err) {
		pthread_mutex_lock(&w.lock);
		while (w.left)
			pthread_cond_wait(&w.done, &w.lock);
		pthread_mutex_unlock(&w.lock);
	}
	pthread_cond_destroy(&w.done);
	pthread_mutex_destroy(&w.lock);
	return err;
}

void storeq_stop(struct storeq *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->stopping = true;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	assert(q->n == 0);
	pthread_cond_destroy(&q->work);
	pthread_mutex_destroy(&q->lock);
	mem_free(q);
}

void storeq_invariant(struct storeq *q)
{
	pthread_mutex_lock(&q->lock);
	assert(q->n <= STOREQ_JOBS_MAX);
	for (uint32_t i = 0; i < q->n; i++)
		assert(q->queue[i].job && q->queue[i].done);
	pthread_mutex_unlock(&q->lock);
}
