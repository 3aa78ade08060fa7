#include <stdio.h>

#include "daemon/io/kvlmdb.h"
#include "daemon/io/workers.h"
#include "daemon/verify/verify.h"
#include "lib/err.h"
#include "tests/bench/lines.h"
#include "tests/bench/yard.h"

/* What must not grow with the feed: opening and reading; and what may, but not faster than it: verifying, the disk. */
#define LARGE	     1000000
#define LARGE_QUICK  10000
#define SMALL	     10000
#define SMALL_QUICK  1000
#define TIMES_LARGER 10
#define BUSY_YEAR                                                                                  \
	300 /* lines of a household: there is no calendar for ten million in quiet years */

static double open_ms(const char *dir)
{
	uint64_t start = bench_ns();
	struct daemon_proc p;
	double t;

	daemon_start(&p, dir);
	t = daemon_wait(&p, start);
	daemon_stop(&p);
	return t * 1e3;
}

static void open_rows(const char *dir)
{
	char store[BENCH_PATH_MAX + 8];

	store_of(dir, store);
	for (int rep = 0; rep < bench_reps(); rep++) {
		double ours = open_ms(dir);

		bench_add("open", ours, yard_open(store) * 1e3);
	}
}

static double verify_s(struct load *l, const char *store, uint64_t *ret_entries)
{
	struct verify_report report = {0};
	struct errmsg msg = {0};
	struct workers *threads;
	struct kv_txn *t;
	struct kv *kv;
	uint64_t start;
	double ours, cpu;

	if (kvlmdb_open(store, &(struct kvlmdb_opts){.readonly = true}, &kv, &msg))
		bench_fail("%s", msg.text);
	BENCH_OK(kv_begin(kv, false, &t));
	cpu = bench_cpu();
	start = bench_ns();
	BENCH_OK(workers_new(0, &threads));
	struct verify_opts opts = {.rebuild = true, .workers = workers_run, .workers_ctx = threads};
	BENCH_OK(verify_store(t, &l->town, LOAD_VILLAGE, NULL, &opts, &report));
	workers_free(threads);
	ours = bench_since(start);
	bench_say("verify: %.2f us of CPU an entry, on all cores together",
		  (bench_cpu() - cpu) / (double)report.entries * 1e6);
	if (report.nproblems)
		bench_fail("verify finds %u problems: %s", report.nproblems,
			   problem_name(report.problem[0].id));
	*ret_entries = report.entries;
	verify_close(&report);
	kv_abort(t);
	kv_close(kv);
	return ours;
}

/* Seconds for a million. */
static void verify_rows(struct load *l, const char *dir)
{
	char store[BENCH_PATH_MAX + 8];
	uint64_t n;

	store_of(dir, store);
	for (int rep = 0; rep < bench_reps(); rep++) {
		double ours = verify_s(l, store, &n);

		bench_add("verify", ours * 1e6 / (double)n,
			  yard_scan(store, "entry") * 1e6 / (double)n);
	}
}

/* A village with @n entries whose author signatures nobody will look at. @ret: where its life stands. */
static void fill_large(struct load *ret, uint64_t n, const char *name, char dir[BENCH_PATH_MAX])
{
	struct load_node node;
	uint64_t start = bench_ns();

	load_copy(ret->village, name, dir);
	load_restart(ret);
	load_node_open(&node, dir);
	load_fill(ret, &node, n, LOAD_CONFIRMED, false);
	load_node_close(&node);
	bench_say("wrote %llu entries in %.1f s", (unsigned long long)n, bench_since(start));
}

/* The same at ten times the size. */
static void ten_times(struct load *l, uint64_t n, const char *dir)
{
	char larger[BENCH_PATH_MAX];

	if (!bench_wants("open.10x"))
		return;
	if (!bench_quick && !bench_large) {
		bench_skip("open.10x", "10 million entries take 8 GB of disk and some minutes; "
				       "BENCH_LARGE=1 asks for them");
		return;
	}
	l->per_year = BUSY_YEAR;
	fill_large(l, n * TIMES_LARGER, "larger", larger);
	for (int rep = 0; rep < bench_reps(); rep++) {
		double ours = open_ms(larger);

		bench_add("open.10x", ours, open_ms(dir));
	}
	bench_drop(larger);
}

void line_large(void *ctx)
{
	uint64_t n = bench_size(LARGE, LARGE_QUICK), few = bench_size(SMALL, SMALL_QUICK);
	struct load large = *(struct load *)ctx, small = large, larger = large;
	char dir[BENCH_PATH_MAX], small_dir[BENCH_PATH_MAX];

	fill_large(&large, n, "large", dir);
	bench_note("open", "at %llu entries", (unsigned long long)n);
	disk_row("disk.life", dir);
	if (bench_wants("open"))
		open_rows(dir);
	if (bench_wants("verify"))
		verify_rows(&large, dir);
	ten_times(&larger, n, dir);
	fill_large(&small, few, "small", small_dir);
	read_rows(&small, small_dir, &large, dir);
	bench_drop(small_dir);
	bench_drop(dir);
}
