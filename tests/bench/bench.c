#include "tests/bench/bench.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/err.h"
#include "lib/sign.h"

#define LIMIT_QUICK_S 120
#define LIMIT_S	      1800
#define ROOM_QUICK    (UINT64_C(1) << 29) /* free bytes that the data may need */
#define ROOM	      (UINT64_C(4) << 30)
#define ROOM_LARGE    (UINT64_C(16) << 30)

bool bench_quick, bench_large;
const char *bench_bin;

/* What the process of a line leaves behind, in memory that it shares with the one that prints. */
struct result {
	bool failed, skipped, no_yard;
	int n;
	double ours[BENCH_REPS_MAX], yard[BENCH_REPS_MAX];
	char note[BENCH_NOTE_MAX];
};
static struct shared {
	struct result row[BENCH_ROWS_MAX];
	char why[BENCH_NOTE_MAX]; /* the line under way failed */
} * shared;

static const struct bench_row *rows;
static uint32_t nrows;
static bool wanted[BENCH_ROWS_MAX];
static bool in_line; /* this is the process of a line */
static char root[BENCH_PATH_MAX];
static uint64_t started;
static volatile sig_atomic_t interrupted;

void bench_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shared->why, sizeof(shared->why), fmt, ap);
	va_end(ap);
	shared->why[strcspn(shared->why, "\n")] = 0;
	fprintf(stderr, "bench: %s\n", shared->why);
	if (in_line)
		_exit(1);
	if (root[0])
		bench_drop(root);
	exit(1);
}

void bench_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "[%5.1f s] ", bench_since(started));
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* --- the command line ------------------------------------------------------------------------------ */
static bool flag(const char *name)
{
	const char *v = getenv(name);

	return v && v[0] && strcmp(v, "0") != 0;
}

static uint32_t row_at(const char *name)
{
	uint32_t i = 0;

	while (i < nrows && strcmp(rows[i].name, name) != 0)
		i++;
	return i;
}

__attribute__((noreturn)) static void usage(const char *program, int status)
{
	fprintf(status ? stderr : stdout, "usage: %s [--quick] [--list] [--only NAME]...\nrows:\n",
		program);
	for (uint32_t i = 0; i < nrows; i++)
		fprintf(status ? stderr : stdout, "  %-16s %s\n", rows[i].name, rows[i].title);
	exit(status);
}

static void read_args(int argc, char **argv)
{
	bool some = false;

	for (int i = 1; i < argc; i++) {
		uint32_t at;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--list") == 0)
			usage(argv[0], 0);
		if (strcmp(argv[i], "--quick") == 0) {
			bench_quick = true;
			continue;
		}
		if (strcmp(argv[i], "--only") == 0 && ++i == argc)
			usage(argv[0], 2);
		at = row_at(argv[i]);
		if (at == nrows) {
			fprintf(stderr, "bench: there is no row \"%s\"\n", argv[i]);
			usage(argv[0], 2);
		}
		wanted[at] = some = true;
	}
	for (uint32_t i = 0; i < nrows && !some; i++)
		wanted[i] = true;
}

/* --- the machine ----------------------------------------------------------------------------------- */
static const char *filesystem(const char *path)
{
	static const struct {
		long type;
		const char *name;
	} known[] = {{0xEF53, "ext4"},	    {0x58465342, "xfs"},     {0x9123683E, "btrfs"},
		     {0x01021994, "tmpfs"}, {0x794C7630, "overlay"}, {0x2FC12FC1, "zfs"}};
	struct statfs s;

	if (statfs(path, &s))
		return "?";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type == (long)s.f_type)
			return known[i].name;
	return "another file system";
}

static void print_machine(void)
{
	struct utsname u;
	struct statvfs v;
	uint64_t room = bench_quick ? ROOM_QUICK : bench_large ? ROOM_LARGE : ROOM;
	uint64_t there = statvfs(root, &v) ? 0 : (uint64_t)v.f_bavail * v.f_frsize;

	if (uname(&u))
		bench_fail("uname: %s", strerror(errno));
	printf("%s sizes; %ld cores, %.0f GB of memory, data on %s, %s %s\n",
	       bench_quick ? "quick" : "full", sysconf(_SC_NPROCESSORS_ONLN),
	       (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1e9,
	       filesystem(root), u.sysname, u.release);
	fflush(stdout); /* before the first line's process copies what is not written yet */
	if (there < room)
		bench_fail("%s has %.1f GB free, %.1f GB are needed; set TMPDIR", root,
			   (double)there / 1e9, (double)room / 1e9);
}

void bench_start(int argc, char **argv, const struct bench_row *list, uint32_t n)
{
	const char *tmp = getenv("TMPDIR");

	rows = list;
	nrows = n;
	started = bench_ns();
	read_args(argc, argv);
	bench_large = flag("BENCH_LARGE");
	bench_bin = getenv("BIN");
	if (!bench_bin)
		bench_bin = "build/release";
	if (!tmp) {
		tmp = "build";
		mkdir(tmp, 0777);
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	snprintf(root, sizeof(root), "%s/bench.XXXXXX", tmp);
	if (shared == MAP_FAILED || nrows > BENCH_ROWS_MAX || !mkdtemp(root)) {
		fprintf(stderr, "bench: %s: %s\n", root, strerror(errno));
		exit(1);
	}
	if (crypto_start())
		bench_fail("libsodium does not start");
	chmod(root, 0711); /* PostgreSQL runs as another user */
	print_machine();
}

bool bench_wants(const char *row)
{
	uint32_t i = row_at(row);

	return i < nrows && wanted[i];
}

int bench_reps(void)
{
	return bench_quick ? 1 : BENCH_REPS;
}

uint64_t bench_size(uint64_t full, uint64_t quick)
{
	return bench_quick ? quick : full;
}

/* --- folders, time --------------------------------------------------------------------------------- */
void bench_dir(const char *name, char out[BENCH_PATH_MAX])
{
	int n = snprintf(out, BENCH_PATH_MAX, "%s/%s", root, name);

	if (n < 0 || n >= BENCH_PATH_MAX)
		bench_fail("path too long");
	bench_drop(out);
	if (mkdir(out, 0700))
		bench_fail("%s: %s", out, strerror(errno));
}

static int on_path(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void bench_drop(const char *path)
{
	nftw(path, on_path, 16, FTW_DEPTH | FTW_PHYS);
}

uint64_t bench_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

double bench_since(uint64_t start_ns)
{
	return (double)(bench_ns() - start_ns) / 1e9;
}

double bench_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(const double *v, int n)
{
	double s[BENCH_REPS_MAX];

	if (n <= 0 || n > BENCH_REPS_MAX)
		return 0;
	memcpy(s, v, (size_t)n * sizeof(*v));
	qsort(s, (size_t)n, sizeof(*s), by_value);
	return n % 2 ? s[n / 2] : (s[n / 2 - 1] + s[n / 2]) / 2;
}

/* --- running --------------------------------------------------------------------------------------- */
static struct result *result_of(const char *row)
{
	uint32_t i = row_at(row);

	if (i == nrows)
		bench_fail("there is no row \"%s\"", row);
	return &shared->row[i];
}

void bench_add(const char *row, double ours, double yard)
{
	struct result *r = result_of(row);
	const struct bench_row *d = &rows[r - shared->row];

	if (r->n == BENCH_REPS_MAX)
		bench_fail("%s: too many repetitions", row);
	r->ours[r->n] = ours;
	r->yard[r->n++] = yard;
	if (d->yard && !isnan(yard))
		bench_say("%s: %.4g %s, %s %.4g, ratio %.3f", row, ours, d->unit, d->yard, yard,
			  ours / yard);
	else
		bench_say("%s: %.4g %s", row, ours, d->unit);
}

void bench_note(const char *row, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(result_of(row)->note, BENCH_NOTE_MAX, fmt, ap);
	va_end(ap);
}

void bench_no_yard(const char *row, const char *fmt, ...)
{
	struct result *r = result_of(row);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->note, BENCH_NOTE_MAX, fmt, ap);
	va_end(ap);
	r->no_yard = true;
	bench_say("%s: no yardstick here: %s", row, r->note);
}

void bench_skip(const char *row, const char *fmt, ...)
{
	struct result *r = result_of(row);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->note, BENCH_NOTE_MAX, fmt, ap);
	va_end(ap);
	r->skipped = true;
	bench_say("%s: cannot be measured here: %s", row, r->note);
}

/* In the process of the line. It leads a group, so that what it starts can be ended with it. */
__attribute__((noreturn)) static void line_main(void (*run)(void *ctx), void *ctx, uint32_t limit_s)
{
	in_line = true;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	alarm(limit_s);
	run(ctx);
	_exit(0);
}

static void line_end(uint32_t first, uint32_t last, int status, uint32_t limit_s)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(shared->why, sizeof(shared->why), "overran its limit of %u s", limit_s);
	else if (WIFSIGNALED(status))
		snprintf(shared->why, sizeof(shared->why), "ended by signal %d", WTERMSIG(status));
	for (uint32_t i = first; i < last; i++) {
		if (!wanted[i])
			continue;
		shared->row[i].failed = true;
		memcpy(shared->row[i].note, shared->why, BENCH_NOTE_MAX);
		bench_say("%s: FAILED: %s", rows[i].name, shared->why);
	}
}

static void on_signal(int sig)
{
	interrupted = sig;
}

/* Waits for the process of a line. An interrupted bench leaves neither daemons nor data behind. */
static int line_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid) {
		if (errno != EINTR)
			bench_fail("waitpid: %s", strerror(errno));
		if (!interrupted)
			continue;
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		bench_fail("interrupted");
	}
	kill(-pid, SIGKILL); /* daemons that it left behind */
	return status;
}

static void run_line(uint32_t first, uint32_t last, void *ctx, uint32_t limit_s)
{
	pid_t pid;

	snprintf(shared->why, sizeof(shared->why), "ended without a word");
	pid = fork();
	if (pid < 0)
		bench_fail("fork: %s", strerror(errno));
	if (pid == 0)
		line_main(rows[first].run, ctx, limit_s);
	setpgid(pid, pid); /* whoever of the two is first */
	line_end(first, last, line_wait(pid), limit_s);
}

void bench_run(void *ctx, uint32_t limit_s)
{
	struct sigaction on = {.sa_handler = on_signal};

	sigaction(SIGINT, &on, NULL);
	sigaction(SIGTERM, &on, NULL);
	if (!limit_s)
		limit_s = bench_quick ? LIMIT_QUICK_S : LIMIT_S;
	for (uint32_t i = 0, next; i < nrows; i = next) {
		bool any = false;

		for (next = i; next < nrows && rows[next].run == rows[i].run; next++)
			any |= wanted[next];
		if (any)
			run_line(i, next, ctx, limit_s);
	}
}

/* --- the table ------------------------------------------------------------------------------------- */
static void number(double v, char *out, size_t cap)
{
	if (v >= 1000000)
		snprintf(out, cap, "%.2fM", v / 1e6);
	else if (v >= 100000)
		snprintf(out, cap, "%.0fk", v / 1000);
	else if (v >= 1000)
		snprintf(out, cap, "%.1fk", v / 1000);
	else if (v >= 100)
		snprintf(out, cap, "%.0f", v);
	else
		snprintf(out, cap, "%.3g", v);
}

static double ratio_of(const struct result *r)
{
	double q[BENCH_REPS_MAX];

	for (int i = 0; i < r->n; i++)
		q[i] = r->ours[i] / r->yard[i];
	return bench_median(q, r->n);
}

static double value_of(const struct bench_row *d, const struct result *r)
{
	double ours = bench_median(r->ours, r->n);

	switch (d->kind) {
	case BENCH_AT_LEAST:
	case BENCH_AT_MOST: return ratio_of(r);
	case BENCH_ADDS: return ours - bench_median(r->yard, r->n);
	case BENCH_ABOVE:
	case BENCH_BELOW: return ours;
	}
	return 0;
}

static bool met(const struct bench_row *d, const struct result *r)
{
	bool least = d->kind == BENCH_AT_LEAST || d->kind == BENCH_ABOVE;

	return least ? value_of(d, r) >= d->goal : value_of(d, r) <= d->goal;
}

static void goal_text(const struct bench_row *d, char *out, size_t cap)
{
	char g[32];

	number(d->goal, g, sizeof(g));
	switch (d->kind) {
	case BENCH_AT_LEAST: snprintf(out, cap, "≥ %s ×", g); break;
	case BENCH_AT_MOST: snprintf(out, cap, "≤ %s ×", g); break;
	case BENCH_ADDS: snprintf(out, cap, "≤ yardstick + %s %s", g, d->unit); break;
	case BENCH_ABOVE: snprintf(out, cap, "≥ %s %s", g, d->unit); break;
	case BENCH_BELOW: snprintf(out, cap, "≤ %s %s", g, d->unit); break;
	}
}

/* Numbers, each of them real, and one more for the yardstick where there is one. */
static bool has_numbers(const struct bench_row *d, const struct result *r)
{
	bool ok = r->n > 0;

	for (int i = 0; i < r->n; i++)
		ok = ok && isfinite(r->ours[i]) && r->ours[i] >= 0 &&
		     (!d->yard || r->no_yard || (isfinite(r->yard[i]) && r->yard[i] > 0));
	return ok;
}

static bool row_ok(const struct bench_row *d, const struct result *r)
{
	return !r->failed && (r->skipped || has_numbers(d, r));
}

/* "met", or why not. */
static const char *outcome(const struct bench_row *d, const struct result *r)
{
	if (!row_ok(d, r))
		return "**NO NUMBER**";
	if (r->skipped)
		return "not here";
	if (r->no_yard && d->kind != BENCH_ABOVE && d->kind != BENCH_BELOW)
		return "no yardstick here";
	return met(d, r) ? "met" : "**missed**";
}

static void print_row(const struct bench_row *d, const struct result *r)
{
	char ours[32], yard[32] = "-", ratio[32] = "-", goal[96];

	goal_text(d, goal, sizeof(goal));
	if (!row_ok(d, r) || r->skipped) {
		printf("| %s | %s | - | - | - | %s | %s |\n", d->name, d->title, goal,
		       outcome(d, r));
		return;
	}
	number(bench_median(r->ours, r->n), ours, sizeof(ours));
	if (d->yard && !r->no_yard) {
		number(bench_median(r->yard, r->n), yard, sizeof(yard));
		snprintf(ratio, sizeof(ratio), ratio_of(r) < 0.1 ? "%.2g" : "%.2f", ratio_of(r));
	}
	printf("| %s | %s | %s %s | %s%s%s | %s | %s | %s |\n", d->name, d->title, ours, d->unit,
	       yard, d->yard ? " " : "", d->yard ? d->yard : "", ratio, goal, outcome(d, r));
}

static void print_counts(void)
{
	uint32_t good = 0, missed = 0, skipped = 0, failed = 0;

	for (uint32_t i = 0; i < nrows; i++) {
		const struct result *r = &shared->row[i];

		if (!wanted[i])
			continue;
		if (!row_ok(&rows[i], r))
			failed++;
		else if (strstr(outcome(&rows[i], r), "here"))
			skipped++;
		else if (met(&rows[i], r))
			good++;
		else
			missed++;
	}
	printf("\n%u goals met, %u missed, %u rows cannot be measured here, %u without a number\n",
	       good, missed, skipped, failed);
	if (bench_quick)
		printf("(quick: small sizes, one repetition; that each row works is all it "
		       "shows)\n");
}

int bench_end(void)
{
	bool ok = true;

	bench_drop(root);
	printf("\n| row | work | here | yardstick | ratio | goal | "
	       "|\n|---|---|---|---|---|---|---|\n");
	for (uint32_t i = 0; i < nrows; i++)
		if (wanted[i])
			print_row(&rows[i], &shared->row[i]);
	putchar('\n');
	for (uint32_t i = 0; i < nrows; i++) {
		const struct result *r = &shared->row[i];

		if (!wanted[i])
			continue;
		if (!row_ok(&rows[i], r) && !r->failed)
			printf("%s: its line ended without a number for it\n", rows[i].name);
		else if (r->note[0])
			printf("%s: %s\n", rows[i].name, r->note);
		ok = ok && row_ok(&rows[i], r);
	}
	print_counts();
	return ok ? 0 : 1;
}
