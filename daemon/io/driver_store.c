#include <string.h>

#include "daemon/io/driver_int.h"
#include "daemon/io/log.h"
#include "lib/mem.h"

#define CHECKS_MAX	4	   /* in the pool at once: requests of the API wait for no more */
#define CHECK_BYTES_MAX (32 << 20) /* checked and not stored yet */

/* A job from the node. Signatures of chunks are checked side by side on the pool, but jobs enter the store
 * queue in the order the node gave them: a later chunk of a feed is useless before an earlier one. */
struct ingest {
	uv_work_t work;
	struct driver *d;
	struct job *job;
	struct ingest *next;
	bool checked; /* job->err: of the check */
	size_t bytes; /* of the check, counted from its beginning */
	bool began;
};

static void on_done(void *ctx, struct job *j);

static void done_push(struct ingest *i)
{
	struct driver *d = i->d;

	pthread_mutex_lock(&d->done_lock);
	i->next = d->done;
	d->done = i;
	pthread_mutex_unlock(&d->done_lock);
	uv_async_send(&d->wake);
}

/* Moves what is ready from the front of the line into the store queue. */
static void pump(struct driver *d)
{
	while (d->first && d->first->checked) {
		struct ingest *i = d->first;
		struct ingest *next = i->next;
		int err = i->job->err; /* of the check; once queued the job is the store thread's */

		if (!err)
			err = storeq_put(d->storeq, &i->job, 1, on_done, i);
		if (err == ERR_BUSY)
			return; /* tried again when something has finished */
		d->first = next;
		if (!next)
			d->last = NULL;
		if (err) {
			i->job->err = err;
			done_push(i);
		}
	}
}

static void check_more(struct driver *d);

static void on_check(uv_work_t *w)
{
	struct ingest *i = w->data;

	writer_check(i->job, &i->d->dir->town);
}

static void on_checked(uv_work_t *w, int status)
{
	struct ingest *i = w->data;
	struct driver *d = i->d;

	d->checking--;
	i->checked = true;
	if (status)
		i->job->err = ERR_CANCELED;
	check_more(d);
	driver_release(d);
}

static size_t check_bytes(const struct job *j)
{
	struct bytes b = j->u.ingest.body;
	struct hash feed;
	uint64_t from;
	uint32_t n;

	if (chunk_peek(b.p, b.n, &feed, &from, &n))
		return 0;
	return sizeof(struct chunk_check) + n * sizeof(struct chunk_entry);
}

static bool may_check(const struct driver *d, const struct ingest *i)
{
	return d->checking < CHECKS_MAX &&
	       (!d->check_bytes || d->check_bytes + i->bytes <= CHECK_BYTES_MAX);
}

static void check_begin(struct driver *d, struct ingest *i)
{
	i->began = true;
	d->check_bytes += i->bytes;
	d->checking++;
	d->pending++;
	if (!uv_queue_work(d->loop, &i->work, on_check, on_checked))
		return;
	d->pending--;
	d->checking--;
	i->job->err = ERR_NOMEM;
	i->checked = true;
}

/* Begins checks as far as there is room for their results, and takes on what is checked. */
static void check_more(struct driver *d)
{
	while (!d->closing && d->unchecked && may_check(d, d->unchecked)) {
		struct ingest *i = d->unchecked;

		do
			d->unchecked = d->unchecked->next;
		while (d->unchecked && d->unchecked->checked);
		check_begin(d, i);
	}
	if (!d->closing)
		pump(d);
}

/* Store thread. */
static void on_done(void *ctx, struct job *j)
{
	(void)j;
	done_push(ctx);
}

void driver_store_on_grew(void *ctx)
{
	struct driver *d = ctx;

	if (writer_state(d->writer) == WRITER_DEAD) {
		log_line(LOG_LEVEL_ERROR,
			 log_english() ? "store: it cannot be written any more; stopping, "
					 "nothing was acknowledged"
				       : "存储：已不能写入，正在停止，未确认任何内容");
		driver_break(d);
	}
	pthread_mutex_lock(&d->done_lock);
	writer_head(d->writer, &d->head);
	pthread_mutex_unlock(&d->done_lock);
	atomic_store(&d->grew, true);
	uv_async_send(&d->wake);
}

void driver_store_job(struct driver *d, struct job *j)
{
	struct ingest *i = mem_alloc(sizeof(*i));

	if (!i) {
		/* The node would wait for this job for ever. */
		log_line(LOG_LEVEL_ERROR, log_english() ? "out of memory" : "内存不足");
		driver_break(d);
		node_job_free(j);
		return;
	}
	i->d = d;
	i->job = j;
	i->work.data = i;
	if (d->last)
		d->last->next = i;
	else
		d->first = i;
	d->last = i;
	i->checked = j->type != JOB_INGEST;
	if (!i->checked) {
		i->bytes = check_bytes(j);
		d->unchecked = d->unchecked ? d->unchecked : i;
	}
	check_more(d);
}

static struct ingest *take_done(struct driver *d)
{
	struct ingest *list, *ordered = NULL;

	pthread_mutex_lock(&d->done_lock);
	list = d->done;
	d->done = NULL;
	pthread_mutex_unlock(&d->done_lock);
	while (list) { /* newest first -> oldest first */
		struct ingest *next = list->next;

		list->next = ordered;
		ordered = list;
		list = next;
	}
	return ordered;
}

static struct job *ingest_free(struct ingest *i)
{
	struct job *j = i->job;

	i->d->check_bytes -= i->began ? i->bytes : 0;
	if (j->type == JOB_INGEST) {
		chunk_check_free(j->u.ingest.check);
		j->u.ingest.check = NULL;
	}
	mem_free(i);
	return j;
}

void driver_store_drain(struct driver *d)
{
	struct ingest *list = take_done(d);

	while (list) {
		struct ingest *next = list->next;
		struct event ev = {.type = EV_STORED, .job = ingest_free(list)};

		driver_feed(d, &ev);
		list = next;
	}
	if (atomic_exchange(&d->grew, false)) {
		struct event ev = {.type = EV_GREW};

		pthread_mutex_lock(&d->done_lock);
		ev.head = d->head;
		pthread_mutex_unlock(&d->done_lock);
		driver_feed(d, &ev);
	}
	check_more(d);
}

void driver_store_finish(struct driver *d)
{
	struct ingest *list = take_done(d);

	while (list) {
		struct ingest *next = list->next;

		node_job_free(ingest_free(list));
		list = next;
	}
	while (d->first) {
		struct ingest *next = d->first->next;

		node_job_free(ingest_free(d->first));
		d->first = next;
	}
	d->last = NULL;
}
