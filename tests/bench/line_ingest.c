#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/exchange/node.h"
#include "lib/err.h"
#include "tests/bench/lines.h"
#include "tests/bench/yard.h"

#define CHECKERS_MAX  64
#define YARD_SIGN_S   0.25
#define YARD_VERIFY_S 0.4
#define SHEET_LINES   140
#define WIRE_ENTRIES  5000
#define PHASE_ENTRIES 20000
#define PHASE_BATCH   1000
#define PHASE_SHEETS  600

/* Chunks on their way: checked in any order, stored in theirs, as daemon/io/driver_store.c does. */
struct flow {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct load_chunks *c;
	struct storeq *q;
	const struct hash *town;
	bool *checked;
	uint32_t taken, put, done;
};

static void on_stored(void *ctx, struct job *j)
{
	struct flow *f = ctx;

	chunk_check_free(j->u.ingest.check);
	j->u.ingest.check = NULL;
	pthread_mutex_lock(&f->lock);
	f->done++;
	pthread_cond_broadcast(&f->cond);
	pthread_mutex_unlock(&f->lock);
}

/* Held: f->lock. */
static void pump(struct flow *f)
{
	while (f->put < f->c->n && f->checked[f->put]) {
		struct job *j = &f->c->job[f->put];

		BENCH_OK(storeq_put(f->q, &j, 1, on_stored, f));
		f->put++;
	}
}

static void *check_main(void *arg)
{
	struct flow *f = arg;

	pthread_mutex_lock(&f->lock);
	while (f->taken < f->c->n) {
		struct job_ingest *g;
		uint32_t i;

		if (f->taken - f->done >= NODE_INGEST_MAX) {
			pthread_cond_wait(&f->cond, &f->lock);
			continue;
		}
		i = f->taken++;
		g = &f->c->job[i].u.ingest;
		pthread_mutex_unlock(&f->lock);
		BENCH_OK(chunk_check_new(g->body, f->town, &g->check));
		pthread_mutex_lock(&f->lock);
		f->checked[i] = true;
		pump(f);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

double ingest_run(struct load_node *hub, struct load_chunks *c, const struct hash *town)
{
	struct flow f = {PTHREAD_MUTEX_INITIALIZER,
			 PTHREAD_COND_INITIALIZER,
			 c,
			 hub->q,
			 town,
			 calloc(c->n, sizeof(bool)),
			 0,
			 0,
			 0};
	pthread_t thread[CHECKERS_MAX];
	unsigned cores = yard_cores();
	uint64_t start = bench_ns();
	double seconds;

	if (!f.checked)
		bench_fail("no memory");
	for (unsigned i = 0; i < cores; i++)
		if (pthread_create(&thread[i], NULL, check_main, &f))
			bench_fail("no thread");
	pthread_mutex_lock(&f.lock);
	while (f.done < c->n)
		pthread_cond_wait(&f.cond, &f.lock);
	pthread_mutex_unlock(&f.lock);
	seconds = bench_since(start);
	for (unsigned i = 0; i < cores; i++)
		pthread_join(thread[i], NULL);
	for (uint32_t i = 0; i < c->n; i++)
		load_check(&c->job[i]);
	free(f.checked);
	return seconds;
}

double ingest_rate(struct load *l, uint32_t n)
{
	struct load_feed feed = l->feed_end;
	struct load_node hub;
	struct load_chunks c;
	struct load_jobs js;
	char dir[BENCH_PATH_MAX];
	double rate, cpu;

	load_copy(l->hub_rostered, "ingest", dir);
	load_restart(l);
	load_node_open(&hub, dir);
	load_node_queue(&hub);
	load_jobs_new(&js, l, n, 1);
	load_chunks_new(&c, &feed, &js);
	cpu = bench_cpu();
	rate = n / ingest_run(&hub, &c, &l->town);
	cpu = bench_cpu() - cpu;
	bench_say("ingest: %u entries in %u chunks, %.0f/s, %.1f us of CPU an entry", n, c.n, rate,
		  cpu / n * 1e6);
	load_chunks_free(&c);
	load_jobs_free(&js);
	load_node_close(&hub);
	bench_drop(dir);
	return rate;
}

void line_ingest(void *ctx)
{
	struct load *l = ctx;
	uint32_t n = (uint32_t)bench_size(30000, 5000);

	for (int rep = 0; rep < bench_reps(); rep++) {
		double ours = ingest_rate(l, n);

		bench_add("ingest", ours, yard_verify(YARD_VERIFY_S));
	}
}

void line_wire(void *ctx)
{
	struct load *l = ctx;
	struct load_feed feed = l->feed_end;
	struct load_chunks c;
	struct load_jobs js;

	load_jobs_new(&js, l, WIRE_ENTRIES, 1);
	load_chunks_new(&c, &feed, &js);
	bench_add("wire", (double)c.wire / (double)c.entries, (double)c.stored / (double)c.entries);
	load_chunks_free(&c);
	load_jobs_free(&js);
}

/* --- batch sheets ---------------------------------------------------------------------------------- */
/* @n sheets, each followed by its review and confirmation when @steps. */
static void sheets_new(struct load *l, uint64_t first, uint32_t n, bool steps, struct load_jobs *js)
{
	uint32_t each = steps ? 3 : 1;

	load_jobs_open(js, n * each);
	for (uint32_t i = 0; i < n * each; i++) {
		struct job *j = load_job_new(js);

		if (i % each == 0)
			load_points(l, SHEET_LINES, j, &js->payload);
		else
			load_step(l, i % each == 1 ? REC_review : REC_confirm, first + i - i % each,
				  j, &js->payload);
		load_sign(l, &j->u.append.tx);
	}
	load_jobs_done(js);
}

static double sheets_rep(struct load *l, uint32_t n, bool steps)
{
	struct load_feed feed = l->feed_end;
	struct load_node hub;
	struct load_chunks c;
	struct load_jobs js;
	char dir[BENCH_PATH_MAX];
	double t;

	load_copy(l->hub_rostered, "sheets", dir);
	load_restart(l);
	load_node_open(&hub, dir);
	load_node_queue(&hub);
	sheets_new(l, feed.seq, n, steps, &js);
	load_chunks_new(&c, &feed, &js);
	t = ingest_run(&hub, &c, &l->town);
	load_chunks_free(&c);
	load_jobs_free(&js);
	load_node_close(&hub);
	bench_drop(dir);
	return (double)n * SHEET_LINES / t;
}

void line_sheets(void *ctx)
{
	struct load *l = ctx;
	uint32_t n = (uint32_t)bench_size(1000, 100);

	for (int rep = 0; rep < bench_reps(); rep++) {
		double all = sheets_rep(l, n, true), sign = yard_sign(YARD_SIGN_S);

		bench_add("sheets", all, sign);
		bench_add("sheets.recorded", sheets_rep(l, n, false), sign);
	}
}

/* --- where the time goes --------------------------------------------------------------------------- */
static double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One thread does everything; CPU microseconds of each phase per @what, and of all of them. */
static double phases(struct load *l, struct load_jobs *js, double units, const char *what)
{
	struct load_feed feed = l->feed_end;
	double check = 0, apply = 0, commit = 0, seal = 0, t;
	struct load_chunks c;
	struct load_node hub;
	char dir[BENCH_PATH_MAX];

	load_copy(l->hub_rostered, "phases", dir);
	load_node_open(&hub, dir);
	load_chunks_new(&c, &feed, js);
	for (uint32_t i = 0; i < c.n;) {
		uint32_t n = c.n - i < NODE_INGEST_MAX / 2 ? c.n - i : NODE_INGEST_MAX / 2;
		struct job *list[NODE_INGEST_MAX];

		t = cpu_now();
		for (uint32_t k = 0; k < n; k++) {
			struct job_ingest *g = &c.job[i + k].u.ingest;

			list[k] = &c.job[i + k];
			BENCH_OK(chunk_check_new(g->body, &l->town, &g->check));
		}
		check += cpu_now() - t, t = cpu_now();
		BENCH_OK(writer_apply(hub.writer, list, n));
		apply += cpu_now() - t, t = cpu_now();
		BENCH_OK(writer_commit(hub.writer));
		commit += cpu_now() - t, t = cpu_now();
		BENCH_OK(writer_seal(hub.writer));
		seal += cpu_now() - t;
		for (uint32_t k = 0; k < n; k++) {
			load_check(list[k]);
			chunk_check_free(list[k]->u.ingest.check);
		}
		i += n;
	}
	bench_say("%s: CPU us each: check %.2f, apply %.2f, commit %.2f, seal %.2f", what,
		  check / units * 1e6, apply / units * 1e6, commit / units * 1e6,
		  seal / units * 1e6);
	load_chunks_free(&c);
	load_node_close(&hub);
	bench_drop(dir);
	return (check + apply + commit + seal) / units * 1e6;
}

/* The same for appends of one village, 1,000 a commit. */
static void append_phases(struct load *l, struct load_jobs *js)
{
	double sign = 0, apply = 0, commit = 0, seal = 0, t;
	struct load_node node;
	char dir[BENCH_PATH_MAX];

	load_copy(l->village, "phases", dir);
	load_node_open(&node, dir);
	for (uint32_t i = 0, n; i < js->n; i += n) {
		n = js->n - i < PHASE_BATCH ? js->n - i : PHASE_BATCH;
		t = cpu_now();
		for (uint32_t k = i; k < i + n; k++)
			load_sign(l, &js->job[k].u.append.tx);
		sign += cpu_now() - t, t = cpu_now();
		BENCH_OK(writer_apply(node.writer, js->list + i, n));
		apply += cpu_now() - t, t = cpu_now();
		BENCH_OK(writer_commit(node.writer));
		commit += cpu_now() - t, t = cpu_now();
		BENCH_OK(writer_seal(node.writer));
		seal += cpu_now() - t;
	}
	bench_say("append: CPU us each: sign %.2f, apply %.2f, commit %.2f, seal %.2f",
		  sign / js->n * 1e6, apply / js->n * 1e6, commit / js->n * 1e6,
		  seal / js->n * 1e6);
	load_node_close(&node);
	bench_drop(dir);
}

void line_phases(void *ctx)
{
	struct load *l = ctx;
	uint32_t n = (uint32_t)bench_size(PHASE_ENTRIES, 2000);
	uint32_t sheets = (uint32_t)bench_size(PHASE_SHEETS, 60);

	for (int rep = 0; rep < bench_reps(); rep++) {
		double verify = 1e6 / yard_verify_one(YARD_SIGN_S), all;
		struct load_jobs js;

		load_restart(l);
		load_jobs_new(&js, l, n, 1);
		append_phases(l, &js);
		all = phases(l, &js, n, "entry of one line");
		bench_add("ingest.beside", all > verify ? all - verify : 0, NAN);
		load_jobs_free(&js);
		sheets_new(l, l->feed_end.seq, sheets, false, &js);
		phases(l, &js, sheets * SHEET_LINES, "line of a sheet, recorded");
		load_jobs_free(&js);
		sheets_new(l, l->feed_end.seq, sheets, true, &js);
		phases(l, &js, sheets * SHEET_LINES, "line of a sheet, all steps");
		load_jobs_free(&js);
	}
}
