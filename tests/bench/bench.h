#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What every bench program shares: repetitions, medians, the table, folders. A line of the table is measured
 * interleaved with its yardstick: our work, the yardstick, our work, ... in one run, and the ratio is the
 * median of the ratios of the pairs, so that a busy machine slows both.
 *
 * Environment: BENCH_QUICK=1 small sizes, BENCH_LARGE=1 also 10 million entries, TMPDIR where the data goes
 * (the folder must lie on a real disk), BIN the folder of the programs. Arguments: names of lines to run. */
#define BENCH_REPS     5
#define BENCH_REPS_MAX 15
#define BENCH_ROWS_MAX 40
#define BENCH_PATH_MAX 400

extern bool bench_quick, bench_large;
extern const char *bench_bin;
/* @usage: the names of the lines. Makes the data folder, starts libsodium. Ends the program on "--help". */
void bench_start(int argc, char **argv, const char *usage);
/* True when the command line names @line or no line at all. */
bool bench_wants(const char *line);
/* Prints the Markdown table and removes the data folder. Returns the exit code: 0 also with missed goals. */
int bench_end(void);

/* A new empty folder under the data folder; bench_drop removes it with what is in it. */
void bench_dir(const char *name, char out[BENCH_PATH_MAX]);
void bench_drop(const char *path);

uint64_t bench_ns(void);
double bench_since(uint64_t start_ns);	     /* seconds */
double bench_cpu(void);			     /* CPU seconds of this process so far */
double bench_median(const double *v, int n); /* @v is not changed */

/* One line of the table, filled one repetition after the other. */
enum bench_kind {
	BENCH_AT_LEAST, /* ours / yardstick >= goal */
	BENCH_AT_MOST,	/* ours / yardstick <= goal */
	BENCH_ADDS,	/* ours - yardstick <= goal */
	BENCH_ABOVE,	/* ours >= goal */
	BENCH_BELOW	/* ours <= goal */
};
struct bench_row {
	const char *name, *unit, *yard_name;
	enum bench_kind kind;
	double goal;
	int n;
	double ours[BENCH_REPS_MAX], yard[BENCH_REPS_MAX];
	char note[200];
};
struct bench_row *bench_row(const char *name, const char *unit, const char *yard_name,
			    enum bench_kind kind, double goal);
/* Adds a repetition. @yard 0: this line has none. */
void bench_add(struct bench_row *r, double ours, double yard);
/* The time a part took, printed on stderr with what else is worth knowing. */
__attribute__((format(printf, 1, 2))) void bench_say(const char *fmt, ...);
/* Ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) void bench_fail(const char *fmt, ...);
#define BENCH_OK(call)                                                                             \
	do {                                                                                       \
		int bench_err = (call);                                                            \
		if (bench_err)                                                                     \
			bench_fail("%s:%d: %s: %s", __FILE__, __LINE__, #call,                     \
				   err_name(bench_err));                                           \
	} while (0)

#endif
