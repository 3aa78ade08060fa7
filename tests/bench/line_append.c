#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/err.h"
#include "tests/bench/lines.h"
#include "tests/bench/yard.h"

#define CLIENTS		  32
#define BATCH		  1000
#define BATCHES_IN_FLIGHT 2
#define YARD_SIGN_S	  0.25

void line_single(void *ctx)
{
	struct load *l = ctx;
	uint32_t n = (uint32_t)bench_size(1000, 200);
	char dir[BENCH_PATH_MAX];
	struct load_node node;

	load_copy(l->village, "single", dir);
	load_restart(l);
	load_node_open(&node, dir);
	for (int rep = 0; rep < bench_reps(); rep++) {
		struct load_jobs js;
		uint64_t start;
		double ours;

		load_jobs_new(&js, l, n, 1);
		start = bench_ns();
		for (uint32_t i = 0; i < n; i++) {
			load_sign(l, &js.job[i].u.append.tx);
			load_batch(&node, &js.list[i], 1);
		}
		ours = n / bench_since(start);
		bench_add("single", ours, yard_lmdb(js.bytes / n, 1, n));
		load_jobs_free(&js);
	}
	load_node_close(&node);
	bench_drop(dir);
}

/* --- many clients ---------------------------------------------------------------------------------- */
struct client {
	pthread_t thread;
	struct load *l;
	struct storeq *q;
	struct job **list;
	uint32_t n;
};

static atomic_uint commits;

static void on_grew(void *ctx)
{
	(void)ctx;
	atomic_fetch_add(&commits, 1);
}

static void *client_main(void *arg)
{
	struct client *c = arg;

	for (uint32_t i = 0; i < c->n; i++) {
		load_sign(c->l, &c->list[i]->u.append.tx);
		BENCH_OK(storeq_run(c->q, &c->list[i], 1));
		load_check(c->list[i]);
	}
	return NULL;
}

static double clients_rep(struct load *l, struct storeq *q, struct load_jobs *js)
{
	struct client c[CLIENTS];
	uint32_t each = js->n / CLIENTS;
	uint64_t start = bench_ns();

	atomic_store(&commits, 0);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		c[i] = (struct client){.l = l, .q = q, .list = js->list + i * each, .n = each};
		if (pthread_create(&c[i].thread, NULL, client_main, &c[i]))
			bench_fail("no thread");
	}
	for (uint32_t i = 0; i < CLIENTS; i++)
		pthread_join(c[i].thread, NULL);
	return each * CLIENTS / bench_since(start);
}

void line_clients(void *ctx)
{
	struct load *l = ctx;
	uint32_t n = CLIENTS * (uint32_t)bench_size(400, 60);
	char dir[BENCH_PATH_MAX];
	struct load_node node;

	load_copy(l->village, "clients", dir);
	load_restart(l);
	load_node_open(&node, dir);
	BENCH_OK(storeq_start(node.writer, on_grew, NULL, &node.q));
	for (int rep = 0; rep < bench_reps(); rep++) {
		struct load_jobs js;
		uint32_t batch;
		double ours, sign, lmdb;

		load_jobs_new(&js, l, n, 1);
		ours = clients_rep(l, node.q, &js);
		batch = (n + atomic_load(&commits) / 2) / atomic_load(&commits);
		sign = yard_sign(YARD_SIGN_S);
		lmdb = yard_lmdb(js.bytes / n, batch, n / batch / 2 + 1);
		bench_say("32 clients: %u a commit, sign %.0f/s, LMDB %.0f/s", batch, sign, lmdb);
		bench_add("clients", ours, sign < lmdb ? sign : lmdb);
		load_jobs_free(&js);
	}
	load_node_close(&node);
	bench_drop(dir);
}

/* --- batches --------------------------------------------------------------------------------------- */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	uint32_t jobs; /* with the store thread */
};

static void on_done(void *ctx, struct job *j)
{
	struct gate *g = ctx;

	(void)j;
	pthread_mutex_lock(&g->lock);
	g->jobs--;
	pthread_cond_signal(&g->cond);
	pthread_mutex_unlock(&g->lock);
}

static void gate_wait(struct gate *g, uint32_t below, uint32_t add)
{
	pthread_mutex_lock(&g->lock);
	while (g->jobs >= below)
		pthread_cond_wait(&g->cond, &g->lock);
	g->jobs += add;
	pthread_mutex_unlock(&g->lock);
}

/* One thread signs as fast as it can, the store thread does the rest beside it. */
static double batch_rep(struct load *l, struct storeq *q, struct load_jobs *js)
{
	struct gate g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
	uint64_t start = bench_ns();
	double rate;

	for (uint32_t i = 0; i < js->n; i += BATCH) {
		for (uint32_t k = i; k < i + BATCH; k++)
			load_sign(l, &js->job[k].u.append.tx);
		gate_wait(&g, BATCH * (BATCHES_IN_FLIGHT - 1) + 1, BATCH);
		BENCH_OK(storeq_put(q, js->list + i, BATCH, on_done, &g));
	}
	gate_wait(&g, 1, 0);
	rate = js->n / bench_since(start);
	for (uint32_t i = 0; i < js->n; i++)
		load_check(js->list[i]);
	return rate;
}

/* The same with one thread for everything, to stand beside it. */
static double batch_serial(struct load *l, struct load_node *node, struct load_jobs *js)
{
	uint64_t start = bench_ns();

	for (uint32_t i = 0; i < js->n; i += BATCH) {
		for (uint32_t k = i; k < i + BATCH; k++)
			load_sign(l, &js->job[k].u.append.tx);
		load_batch(node, js->list + i, BATCH);
	}
	return js->n / bench_since(start);
}

void line_batch(void *ctx)
{
	struct load *l = ctx;
	uint32_t n = BATCH * (uint32_t)bench_size(20, 6);
	char dir[BENCH_PATH_MAX];
	struct load_node node;
	struct load_jobs js;
	double serial;

	load_copy(l->village, "batch", dir);
	load_restart(l);
	load_node_open(&node, dir);
	load_jobs_new(&js, l, n, 1);
	serial = batch_serial(l, &node, &js);
	bench_say("batches of 1,000 with one thread for signing and writing: %.0f/s", serial);
	load_jobs_free(&js);
	load_node_queue(&node);
	for (int rep = 0; rep < bench_reps(); rep++) {
		load_jobs_new(&js, l, n, 1);
		double ours = batch_rep(l, node.q, &js);
		bench_add("batch", ours, yard_sign(YARD_SIGN_S));
		load_jobs_free(&js);
	}
	load_node_close(&node);
	bench_drop(dir);
}
