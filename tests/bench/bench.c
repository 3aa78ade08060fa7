#include "tests/bench/bench.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/err.h"
#include "lib/sign.h"

bool bench_quick, bench_large;
const char *bench_bin;

static char root[BENCH_PATH_MAX];
static struct bench_row rows[BENCH_ROWS_MAX];
static int nrows;
static char **wanted;
static int nwanted;
static uint64_t started;

void bench_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
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

static bool flag(const char *name)
{
	const char *v = getenv(name);

	return v && v[0] && strcmp(v, "0") != 0;
}

void bench_start(int argc, char **argv, const char *usage)
{
	const char *tmp = getenv("TMPDIR");

	if (argc > 1 && argv[1][0] == '-') {
		printf("usage: %s [LINE...]\nlines: %s\n", argv[0], usage);
		exit(strcmp(argv[1], "--help") == 0 ? 0 : 2);
	}
	started = bench_ns();
	wanted = argv + 1;
	nwanted = argc - 1;
	bench_quick = flag("BENCH_QUICK");
	bench_large = flag("BENCH_LARGE");
	bench_bin = getenv("BIN");
	if (!bench_bin)
		bench_bin = "build/release";
	if (!tmp) {
		tmp = "build";
		mkdir(tmp, 0777);
	}
	snprintf(root, sizeof(root), "%s/bench.XXXXXX", tmp);
	if (!mkdtemp(root)) {
		fprintf(stderr, "bench: %s: %s\n", root, strerror(errno));
		exit(1);
	}
	if (crypto_start())
		bench_fail("libsodium does not start");
}

bool bench_wants(const char *line)
{
	for (int i = 0; i < nwanted; i++)
		if (strcmp(wanted[i], line) == 0)
			return true;
	return nwanted == 0;
}

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

struct bench_row *bench_row(const char *name, const char *unit, const char *yard_name,
			    enum bench_kind kind, double goal)
{
	struct bench_row *r = &rows[nrows];

	if (nrows == BENCH_ROWS_MAX)
		bench_fail("too many rows");
	nrows++;
	*r = (struct bench_row){
		.name = name, .unit = unit, .yard_name = yard_name, .kind = kind, .goal = goal};
	return r;
}

static double row_ratio(const struct bench_row *r)
{
	double q[BENCH_REPS_MAX];

	for (int i = 0; i < r->n; i++)
		q[i] = r->yard[i] > 0 ? r->ours[i] / r->yard[i] : 0;
	return bench_median(q, r->n);
}

void bench_add(struct bench_row *r, double ours, double yard)
{
	if (r->n == BENCH_REPS_MAX)
		bench_fail("%s: too many repetitions", r->name);
	r->ours[r->n] = ours;
	r->yard[r->n++] = yard;
	if (yard > 0)
		bench_say("%s: %.4g %s, %s %.4g, ratio %.3f", r->name, ours, r->unit, r->yard_name,
			  yard, ours / yard);
	else
		bench_say("%s: %.4g %s", r->name, ours, r->unit);
}

static void number(double v, char *out, size_t cap)
{
	if (v >= 100000)
		snprintf(out, cap, "%.0fk", v / 1000);
	else if (v >= 1000)
		snprintf(out, cap, "%.1fk", v / 1000);
	else if (v >= 100)
		snprintf(out, cap, "%.0f", v);
	else
		snprintf(out, cap, "%.3g", v);
}

static double row_value(const struct bench_row *r)
{
	double ours = bench_median(r->ours, r->n);

	switch (r->kind) {
	case BENCH_AT_LEAST:
	case BENCH_AT_MOST: return row_ratio(r);
	case BENCH_ADDS: return ours - bench_median(r->yard, r->n);
	case BENCH_ABOVE:
	case BENCH_BELOW: return ours;
	}
	return 0;
}

static bool row_met(const struct bench_row *r)
{
	bool least = r->kind == BENCH_AT_LEAST || r->kind == BENCH_ABOVE;

	return least ? row_value(r) >= r->goal : row_value(r) <= r->goal;
}

static void goal_text(const struct bench_row *r, char *out, size_t cap)
{
	char g[32];

	number(r->goal, g, sizeof(g));
	switch (r->kind) {
	case BENCH_AT_LEAST: snprintf(out, cap, "≥ %s ×", g); break;
	case BENCH_AT_MOST: snprintf(out, cap, "≤ %s ×", g); break;
	case BENCH_ADDS: snprintf(out, cap, "≤ yardstick + %s %s", g, r->unit); break;
	case BENCH_ABOVE: snprintf(out, cap, "≥ %s %s", g, r->unit); break;
	case BENCH_BELOW: snprintf(out, cap, "≤ %s %s", g, r->unit); break;
	}
}

static void print_row(const struct bench_row *r)
{
	char ours[32], yard[32] = "-", ratio[32] = "-", goal[96];
	const char *name = r->yard_name ? r->yard_name : "";

	number(bench_median(r->ours, r->n), ours, sizeof(ours));
	if (bench_median(r->yard, r->n) > 0) {
		number(bench_median(r->yard, r->n), yard, sizeof(yard));
		snprintf(ratio, sizeof(ratio), "%.2f", row_ratio(r));
	}
	goal_text(r, goal, sizeof(goal));
	printf("| %s | %s %s | %s%s%s | %s | %s | %s |\n", r->name, ours, r->unit, yard,
	       *name ? " " : "", name, ratio, goal, row_met(r) ? "met" : "**missed**");
}

int bench_end(void)
{
	bench_drop(root);
	printf("| work | here | yardstick | ratio | goal | |\n|---|---|---|---|---|---|\n");
	for (int i = 0; i < nrows; i++)
		if (rows[i].n)
			print_row(&rows[i]);
	for (int i = 0; i < nrows; i++)
		if (rows[i].n && rows[i].note[0])
			printf("%s%s: %s\n", i ? "" : "\n", rows[i].name, rows[i].note);
	return 0;
}
