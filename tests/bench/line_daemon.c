#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/io/kvlmdb.h"
#include "lib/err.h"
#include "tests/bench/lines.h"
#include "tests/bench/yard.h"

#define CATCHUP	      100000
#define CATCHUP_QUICK 6000
#define CATCHUP_S     120.0
#define POLL_US	      2000
#define YEAR_ENTRIES  3600 /* of a village of 120 households */
#define IDLE_S	      3
#define KB_A_MB	      1024.0
#define YARD_ENTRIES  30000

void store_of(const char *dir, char out[BENCH_PATH_MAX + 8])
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
	load_restart(l);
	load_node_open(&n, filled);
	load_fill(l, &n, bench_size(CATCHUP, CATCHUP_QUICK), LOAD_RECORDED, true);
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

void disk_row(const char *row, const char *dir)
{
	char store[BENCH_PATH_MAX + 8];
	uint64_t used, file, bytes, rows;

	store_of(dir, store);
	yard_pages(store, &used, &file);
	yard_bytes(store, "entry", &bytes, &rows);
	bench_say("  file %.2f MB, of it in use %.2f MB", (double)file / 1e6, (double)used / 1e6);
	bench_add(row, (double)used / (double)rows, (double)bytes / (double)rows);
}

void line_catchup(void *ctx)
{
	struct load *l = ctx;
	uint32_t n = (uint32_t)bench_size(YARD_ENTRIES, CATCHUP_QUICK / 2);

	fill_village(l);
	bench_note("catchup", "%llu entries over TCP on the loopback",
		   (unsigned long long)filled_size);
	for (int rep = 0; rep < bench_reps(); rep++) {
		double ours = catchup_rep(l);

		bench_add("catchup", ours, (double)filled_size / ingest_rate(l, n));
	}
	disk_row("disk", filled);
	disk_row("disk.hub", caught);
}

/* --- idle memory ----------------------------------------------------------------------------------- */
void line_idle(void *ctx)
{
	struct load *l = ctx;
	char vdir[BENCH_PATH_MAX], hdir[BENCH_PATH_MAX];
	struct daemon_proc hub, village;
	struct load_node n;
	uint64_t start;

	load_copy(l->village, "idle", vdir);
	load_restart(l);
	load_copy(l->hub, "idle-hub", hdir);
	load_node_open(&n, vdir);
	load_fill(l, &n, YEAR_ENTRIES, LOAD_CONFIRMED, true);
	load_node_close(&n);
	daemon_start(&hub, hdir);
	daemon_wait(&hub, bench_ns());
	start = bench_ns();
	daemon_start(&village, vdir);
	daemon_wait(&village, start);
	sleep(IDLE_S);
	daemon_stop(&village); /* the hub has everything of it; now it is started for an idle day */
	start = bench_ns();
	daemon_start(&village, vdir);
	daemon_wait(&village, start);
	sleep(IDLE_S);
	bench_add("idle", daemon_memory(&village, "Pss") / KB_A_MB, NAN);
	bench_add("idle.dirty", daemon_memory(&village, "Private_Dirty") / KB_A_MB, NAN);
	bench_note("idle", "Rss %.1f MB, Pss of files %.1f MB, of anonymous memory %.1f MB",
		   daemon_memory(&village, "Rss") / KB_A_MB,
		   daemon_memory(&village, "Pss_File") / KB_A_MB,
		   daemon_memory(&village, "Pss_Anon") / KB_A_MB);
	daemon_stop(&village);
	daemon_stop(&hub);
}
