#include "daemon/io/storeq.h"

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "tests/lib/pair.h"
#include "tests/lib/t.h"

/* The store thread on a store whose commits the test holds, and a guard that counts: no job is reported
 * before its batch is committed and sealed. */
#define JOBS_MAX    8
#define REPORTS_MAX 64
#define GRANT_BASE  100

static struct pair tw;
static struct pair_node node;
static struct storeq *q;
static struct pair_tx tx[JOBS_MAX];

/* Between the store thread and the test. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool hold;	      /* commits wait */
	atomic_uint entered;  /* commits begun */
	atomic_uint returned; /* and come back */
	atomic_int err;	      /* of the next commits */
	atomic_uint nreported;
	struct {
		int err;
		uint32_t commits, saves; /* there were when it was reported */
	} reported[REPORTS_MAX];
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static int (*real_commit)(struct kv_txn *t);
static void (*real_abort)(struct kv_txn *t);

static int held_commit(struct kv_txn *t)
{
	int err;

	pthread_mutex_lock(&gate.lock);
	gate.entered++;
	pthread_cond_broadcast(&gate.moved);
	while (gate.hold)
		pthread_cond_wait(&gate.moved, &gate.lock);
	err = gate.err;
	pthread_mutex_unlock(&gate.lock);
	if (err)
		real_abort(t);
	else
		err = real_commit(t);
	pthread_mutex_lock(&gate.lock);
	gate.returned++;
	pthread_mutex_unlock(&gate.lock);
	return err;
}

static void on_reported(void *ctx, struct job *j)
{
	(void)ctx;
	pthread_mutex_lock(&gate.lock);
	T_OK(gate.nreported < REPORTS_MAX);
	gate.reported[gate.nreported].err = j->err;
	gate.reported[gate.nreported].commits = gate.returned;
	gate.reported[gate.nreported].saves = node.guard_saves;
	gate.nreported++;
	pthread_cond_broadcast(&gate.moved);
	pthread_mutex_unlock(&gate.lock);
}

static void await(const atomic_uint *count, uint32_t at_least)
{
	pthread_mutex_lock(&gate.lock);
	while (*count < at_least)
		pthread_cond_wait(&gate.moved, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static void set_hold(bool hold)
{
	pthread_mutex_lock(&gate.lock);
	gate.hold = hold;
	pthread_cond_broadcast(&gate.moved);
	pthread_mutex_unlock(&gate.lock);
}

/* A hub with its charter in the feed, and the queue running. */
static void open_queue(void)
{
	static struct kv_ops ops;
	struct job *j = &tx[0].job;

	pair_node_open(&node, &tw, PAIR_HUB, NULL);
	ops = *node.kv->ops;
	real_commit = ops.commit;
	real_abort = ops.abort;
	ops.commit = held_commit;
	node.kv->ops = &ops;
	gate.hold = false;
	gate.err = ERR_OK;
	gate.entered = gate.returned = gate.nreported = 0;
	T_EQ(storeq_start(node.w, NULL, NULL, &q), ERR_OK);
	pair_start_tx(&tw, 0, &tx[0]);
	T_EQ(storeq_run(q, &j, 1), ERR_OK);
	T_EQ(j->err, ERR_OK);
}

static void close_queue(void)
{
	storeq_stop(q);
	pair_node_close(&node);
}

static int put_grants(uint32_t base, uint32_t n)
{
	struct job *jobs[JOBS_MAX];
	int err;

	for (uint32_t i = 0; i < n; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, base + i, &tx[i]);
		jobs[i] = &tx[i].job;
	}
	err = storeq_put(q, jobs, n, on_reported, NULL);
	storeq_invariant(q);
	return err;
}

static void test_nothing_is_reported_before_commit_and_seal(void)
{
	uint32_t commits, saves;

	open_queue();
	commits = gate.entered;
	saves = node.guard_saves;
	set_hold(true);
	T_EQ(put_grants(GRANT_BASE, JOBS_MAX), ERR_OK);
	await(&gate.entered, commits + 1);
	pthread_mutex_lock(&gate.lock);
	T_EQ(gate.nreported, 0);
	pthread_mutex_unlock(&gate.lock);
	set_hold(false);
	await(&gate.nreported, JOBS_MAX);
	for (uint32_t i = 0; i < JOBS_MAX; i++) {
		T_EQ(gate.reported[i].err, ERR_OK);
		T_EQ(tx[i].job.u.append.seq, 1 + i);
		T_OK(gate.reported[i].commits > commits);
		T_OK(gate.reported[i].saves > saves);
	}
	close_queue();
}

/* Whatever fails, every job is reported, and none as done. */
static void fails_with(int commit_err, int guard_err, int want)
{
	uint32_t commits;

	open_queue();
	commits = gate.returned;
	gate.err = commit_err;
	node.guard_err = guard_err;
	T_EQ(put_grants(GRANT_BASE, JOBS_MAX), ERR_OK);
	await(&gate.nreported, JOBS_MAX);
	for (uint32_t i = 0; i < JOBS_MAX; i++) {
		T_EQ(gate.reported[i].err, want);
		T_OK(gate.reported[i].commits > commits);
	}
	gate.err = ERR_OK;
	node.guard_err = ERR_OK;
}

static void test_after_a_failed_sync_nothing_more_is_taken(void)
{
	fails_with(ERR_IO, ERR_OK, ERR_IO);
	T_EQ(put_grants(GRANT_BASE, 1), ERR_STATE);
	T_EQ(writer_state(node.w), WRITER_DEAD);
	close_queue();
}

static void test_a_seal_that_failed_is_reported_as_failed(void)
{
	fails_with(ERR_OK, ERR_FULL, ERR_IO);
	T_EQ(writer_state(node.w), WRITER_DEAD);
	close_queue();
}

static void test_a_full_disk_is_reported_and_the_next_batch_works(void)
{
	fails_with(ERR_FULL, ERR_OK, ERR_FULL);
	T_EQ(put_grants(GRANT_BASE, JOBS_MAX), ERR_OK);
	await(&gate.nreported, 2 * JOBS_MAX);
	for (uint32_t i = 0; i < JOBS_MAX; i++)
		T_EQ(gate.reported[JOBS_MAX + i].err, ERR_OK);
	close_queue();
}

static struct {
	pthread_mutex_t lock;
	pthread_cond_t asked;
	uint32_t times;
	bool is; /* the answer */
} room = {.lock = PTHREAD_MUTEX_INITIALIZER, .asked = PTHREAD_COND_INITIALIZER};

static bool on_room(void *ctx)
{
	bool is;

	(void)ctx;
	pthread_mutex_lock(&room.lock);
	is = room.is;
	room.times++;
	pthread_cond_broadcast(&room.asked);
	pthread_mutex_unlock(&room.lock);
	return is;
}

static void await_asked(uint32_t more, bool answer)
{
	uint32_t until;

	pthread_mutex_lock(&room.lock);
	room.is = answer;
	until = room.times + more;
	while (room.times < until)
		pthread_cond_wait(&room.asked, &room.lock);
	pthread_mutex_unlock(&room.lock);
}

/* Whoever watches sees it, from the first record that found no room until there is some, with or without another. */
static void test_a_full_disk_is_seen_until_there_is_room(void)
{
	open_queue();
	storeq_ask_room(q, on_room, NULL, 1);
	T_OK(!storeq_full(q));
	gate.err = ERR_FULL;
	T_EQ(put_grants(GRANT_BASE, 1), ERR_OK);
	await(&gate.nreported, 1);
	await_asked(3, false);
	T_OK(storeq_full(q));
	gate.err = ERR_OK;
	await_asked(1, true); /* the answer counts when it has come back */
	T_EQ(put_grants(GRANT_BASE, 1), ERR_OK);
	await(&gate.nreported, 2);
	T_EQ(gate.reported[1].err, ERR_OK);
	T_OK(!storeq_full(q));
	close_queue();
}

/* A record that was written is an answer, too. */
static void test_a_full_disk_is_over_when_a_record_is_written(void)
{
	open_queue();
	storeq_ask_room(q, on_room, NULL, 1);
	room.is = false;
	gate.err = ERR_FULL;
	T_EQ(put_grants(GRANT_BASE, 1), ERR_OK);
	await(&gate.nreported, 1);
	gate.err = ERR_OK;
	T_EQ(put_grants(GRANT_BASE, 1), ERR_OK);
	await(&gate.nreported, 2);
	T_OK(!storeq_full(q));
	close_queue();
}

static void test_what_is_queued_is_finished_before_the_stop(void)
{
	open_queue();
	set_hold(true);
	T_EQ(put_grants(GRANT_BASE, JOBS_MAX), ERR_OK);
	set_hold(false);
	storeq_stop(q);
	T_EQ(gate.nreported, JOBS_MAX);
	pair_node_close(&node);
}

/* --- the maximum ------------------------------------------------------------------------------------ */

/* Jobs that fail alone: their feed is not carried here. */
static struct job small[STOREQ_JOBS_MAX + 1], *small_at[STOREQ_JOBS_MAX + 1];
static atomic_uint nsmall;

static void on_small(void *ctx, struct job *j)
{
	(void)ctx;
	T_EQ(j->err, ERR_NOTFOUND);
	pthread_mutex_lock(&gate.lock);
	nsmall++;
	pthread_cond_broadcast(&gate.moved);
	pthread_mutex_unlock(&gate.lock);
}

static void test_a_full_queue_takes_nothing_and_loses_nothing(void)
{
	uint32_t entered;

	open_queue();
	nsmall = 0;
	for (uint32_t i = 0; i <= STOREQ_JOBS_MAX; i++) {
		small[i] = (struct job){.type = JOB_ACKED};
		small_at[i] = &small[i];
	}
	entered = gate.entered;
	set_hold(true);
	T_EQ(put_grants(GRANT_BASE, 1), ERR_OK);
	await(&gate.entered, entered + 1); /* the thread has that one, and waits */
	T_EQ(storeq_put(q, small_at, STOREQ_JOBS_MAX + 1, on_small, NULL), ERR_BUSY);
	T_EQ(storeq_put(q, small_at, STOREQ_JOBS_MAX - 2, on_small, NULL), ERR_OK);
	T_EQ(storeq_put(q, small_at + STOREQ_JOBS_MAX - 2, 3, on_small, NULL), ERR_BUSY);
	T_EQ(storeq_put(q, small_at + STOREQ_JOBS_MAX - 2, 2, on_small, NULL), ERR_OK);
	storeq_invariant(q);
	T_EQ(storeq_put(q, small_at + STOREQ_JOBS_MAX, 1, on_small, NULL), ERR_BUSY);
	storeq_invariant(q);
	set_hold(false);
	await(&nsmall, STOREQ_JOBS_MAX); /* more than one batch has, in batches */
	T_EQ(storeq_put(q, small_at + STOREQ_JOBS_MAX, 1, on_small, NULL), ERR_OK);
	await(&nsmall, STOREQ_JOBS_MAX + 1);
	close_queue();
	T_EQ(nsmall, STOREQ_JOBS_MAX + 1); /* each once */
	T_EQ(tx[0].job.err, ERR_OK);
}

static void open_town(void)
{
	t_has_threads();
	pair_open(&tw);
}

static void close_town(void)
{
	for (uint32_t i = 0; i < JOBS_MAX; i++)
		pair_tx_close(&tx[i]);
	pair_close(&tw);
}

T_MAIN_WITH(open_town, close_town, T(test_nothing_is_reported_before_commit_and_seal),
	    T(test_after_a_failed_sync_nothing_more_is_taken),
	    T(test_a_seal_that_failed_is_reported_as_failed),
	    T(test_a_full_disk_is_reported_and_the_next_batch_works),
	    T(test_a_full_disk_is_seen_until_there_is_room),
	    T(test_a_full_disk_is_over_when_a_record_is_written),
	    T(test_what_is_queued_is_finished_before_the_stop),
	    T(test_a_full_queue_takes_nothing_and_loses_nothing))
