#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/io/kvlmdb.h"
#include "daemon/io/workers.h"
#include "daemon/verify/verify.h"
#include "lib/err.h"
#include "tests/bench/lines.h"
#include "tests/bench/yard.h"

#define CATCHUP	      100000
#define CATCHUP_QUICK 20000
#define CATCHUP_S     120.0
#define POLL_US	      2000
#define YEAR_ENTRIES  3600 /* of a village of 120 households */
#define IDLE_S	      3
#define KB_A_MB	      1024.0
#define MILLION	      1000000
#define OPEN_QUICK    200000
#define BUSY_YEAR     300
#define YARD_ENTRIES  30000

static void store_of(const char *dir, char out[BENCH_PATH_MAX + 8])
{
	snprintf(out, BENCH_PATH_MAX + 8, "%s/store", dir);
}

/* Size of the village feed in the store of a running daemon; 0 when the feed is not there yet. */
static uint64_t size_beside(struct kv *kv, const struct hash *feed)
{
	struct feed_head head = {0};
	struct kv_txn *t;
	uint32_t no;

	BENCH_OK(kv_begin(kv, false, &t));
	if (feedlog_find(t, feed, &no) == ERR_OK)
		BENCH_OK(feedlog_head(t, no, &head));
	kv_abort(t);
	return head.size;
}

/* --- catch-up and disk ----------------------------------------------------------------------------- */
static char filled[BENCH_PATH_MAX], caught[BENCH_PATH_MAX];
static uint64_t filled_size;

/* A village that wrote for months without a link. */
static void fill_village(struct load *l)
{
	struct load_node n;

	if (filled[0])
		return;
	load_copy(l->village, "filled", filled);
	l->next = 0;
	load_node_open(&n, filled);
	load_fill(l, &n, bench_quick ? CATCHUP_QUICK : CATCHUP, true);
	filled_size = load_size(&n, LOAD_VILLAGE);
	load_node_close(&n);
}

static double catchup_rep(struct load *l)
{
	struct daemon_proc hub, village;
	char store[BENCH_PATH_MAX + 8];
	struct errmsg msg = {0};
	struct kv *kv;
	uint64_t start, size;
	double t;

	load_copy(l->hub, "caught", caught);
	start = bench_ns();
	daemon_start(&hub, caught);
	daemon_wait(&hub, start);
	store_of(caught, store);
	if (kvlmdb_open(store, &(struct kvlmdb_opts){.readonly = true}, &kv, &msg))
		bench_fail("%s", msg.text);
	start = bench_ns();
	daemon_start(&village, filled);
	while ((size = size_beside(kv, &l->feed)) < filled_size) {
		if (bench_since(start) > CATCHUP_S)
			bench_fail("catch-up stands at %llu of %llu entries (see %s/log)",
				   (unsigned long long)size, (unsigned long long)filled_size,
				   caught);
		usleep(POLL_US);
	}
	t = bench_since(start);
	kv_close(kv);
	daemon_stop(&village);
	daemon_stop(&hub);
	return t;
}

void line_catchup(struct load *l)
{
	static char name[64];
	struct bench_row *r = bench_row(name, "s", "N / ingest rate", BENCH_AT_MOST, 1.25);
	uint32_t n = bench_quick ? CATCHUP_QUICK / 2 : YARD_ENTRIES;

	fill_village(l);
	snprintf(name, sizeof(name), "catch-up of %llu entries over TCP, handshake included",
		 (unsigned long long)filled_size);
	for (int rep = 0; rep < BENCH_REPS; rep++) {
		double ours = catchup_rep(l);

		bench_add(r, ours, (double)filled_size / ingest_rate(l, n));
	}
}

static void disk_row(struct bench_row *r, const char *dir)
{
	char store[BENCH_PATH_MAX + 8];
	uint64_t used, file, bytes, rows;

	store_of(dir, store);
	yard_pages(store, &used, &file);
	yard_bytes(store, "entry", &bytes, &rows);
	bench_say("  file %.2f MB, of it in use %.2f MB", (double)file / 1e6, (double)used / 1e6);
	bench_add(r, (double)used / (double)rows, (double)bytes / (double)rows);
}

void line_disk(struct load *l)
{
	struct bench_row *r = bench_row("disk per entry, at the village", "B", "entry bytes",
					BENCH_AT_MOST, 1.40);
	struct bench_row *h =
		bench_row("disk per entry, at the hub", "B", "entry bytes", BENCH_AT_MOST, 1.40);

	fill_village(l);
	disk_row(r, filled);
	if (caught[0])
		disk_row(h, caught);
}

/* --- idle memory ----------------------------------------------------------------------------------- */
void line_idle(struct load *l)
{
	struct bench_row *pss =
		bench_row("idle village node, proportional (Pss)", "MB", NULL, BENCH_BELOW, 6);
	struct bench_row *dirty =
		bench_row("idle village node, private dirty", "MB", NULL, BENCH_BELOW, 3);
	char vdir[BENCH_PATH_MAX], hdir[BENCH_PATH_MAX];
	struct daemon_proc hub, village;
	struct load_node n;
	uint64_t start;

	load_copy(l->village, "idle", vdir);
	l->next = 0;
	load_copy(l->hub, "idle-hub", hdir);
	load_node_open(&n, vdir);
	load_fill(l, &n, YEAR_ENTRIES, true);
	load_node_close(&n);
	daemon_start(&hub, hdir);
	daemon_wait(&hub, bench_ns());
	start = bench_ns();
	daemon_start(&village, vdir);
	daemon_wait(&village, start);
	sleep(IDLE_S);
	daemon_stop(
		&village); /* it has told the hub everything; now it is started for an idle day */
	start = bench_ns();
	daemon_start(&village, vdir);
	daemon_wait(&village, start);
	sleep(IDLE_S);
	bench_add(pss, daemon_memory(&village, "Pss") / KB_A_MB, 0);
	bench_add(dirty, daemon_memory(&village, "Private_Dirty") / KB_A_MB, 0);
	snprintf(pss->note, sizeof(pss->note),
		 "Rss %.1f MB, Pss of files %.1f MB, of anonymous memory %.1f MB",
		 daemon_memory(&village, "Rss") / KB_A_MB,
		 daemon_memory(&village, "Pss_File") / KB_A_MB,
		 daemon_memory(&village, "Pss_Anon") / KB_A_MB);
	daemon_stop(&village);
	daemon_stop(&hub);
}

/* --- opening and verifying ------------------------------------------------------------------------- */
static void open_rows(struct bench_row *r, const char *dir)
{
	char store[BENCH_PATH_MAX + 8];

	store_of(dir, store);
	for (int rep = 0; rep < BENCH_REPS; rep++) {
		uint64_t start = bench_ns();
		struct daemon_proc p;
		double t;

		daemon_start(&p, dir);
		t = daemon_wait(&p, start);
		daemon_stop(&p);
		bench_add(r, t * 1e3, yard_open(store) * 1e3);
	}
}

static void verify_rows(struct bench_row *r, struct load *l, const char *dir)
{
	char store[BENCH_PATH_MAX + 8];

	store_of(dir, store);
	for (int rep = 0; rep < BENCH_REPS; rep++) {
		struct workers *threads;
		struct verify_report report = {0};
		struct errmsg msg = {0};
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
		struct verify_opts opts = {
			.rebuild = true, .workers = workers_run, .workers_ctx = threads};
		BENCH_OK(verify_store(t, &l->town, LOAD_VILLAGE, NULL, &opts, &report));
		workers_free(threads);
		ours = bench_since(start);
		bench_say("verify: %.2f us of CPU an entry, on all cores together",
			  (bench_cpu() - cpu) / (double)report.entries * 1e6);
		if (report.nproblems)
			bench_fail("verify finds %u problems: %s", report.nproblems,
				   problem_name(report.problem[0].id));
		verify_close(&report);
		kv_abort(t);
		kv_close(kv);
		bench_add(r, ours, yard_scan(store, "entry"));
	}
}

/* A village with @n points entries whose author signatures nobody will look at. */
static void fill_large(struct load *l, uint64_t n, const char *name, char dir[BENCH_PATH_MAX])
{
	uint64_t per_year = l->per_year;
	struct load_node node;
	uint64_t start = bench_ns();

	load_copy(l->village, name, dir);
	l->next = 0;
	load_node_open(&node, dir);
	if (n > MILLION) /* there is no calendar for so many quiet years */
		l->per_year = BUSY_YEAR;
	load_fill(l, &node, n, false);
	l->per_year = per_year;
	load_node_close(&node);
	bench_say("wrote %llu entries in %.1f s", (unsigned long long)n, bench_since(start));
}

void line_open(struct load *l)
{
	static char names[2][96];
	uint64_t n = bench_quick ? OPEN_QUICK : MILLION;
	char dir[BENCH_PATH_MAX], large[BENCH_PATH_MAX];
	struct bench_row *open, *verify, *more;

	snprintf(names[0], sizeof(names[0]), "open to serving at %llu entries",
		 (unsigned long long)n);
	snprintf(names[1], sizeof(names[1]),
		 "rebuild and verify %llu entries, author signatures aside", (unsigned long long)n);
	open = bench_row(names[0], "ms", "LMDB open", BENCH_ADDS, 20);
	verify = bench_row(names[1], "s", "scan + SHA-256", BENCH_BELOW, 2.0 * (double)n / MILLION);
	fill_large(l, n, "large", dir);
	if (bench_wants("open"))
		open_rows(open, dir);
	if (bench_wants("verify"))
		verify_rows(verify, l, dir);
	bench_drop(dir);
	if (!bench_large)
		return;
	more = bench_row("open to serving at 10 million entries", "ms", "at 1 million",
			 BENCH_AT_MOST, 1.3);
	fill_large(l, 10 * MILLION, "larger", large);
	open_rows(more, large);
	for (int i = 0; i < more->n; i++)
		more->yard[i] = bench_median(open->ours, open->n);
	bench_drop(large);
}
