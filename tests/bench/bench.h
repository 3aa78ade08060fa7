#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What every line of the bench shares: the registry of rows, repetitions, medians, the table, folders.
 *
 * A row is measured interleaved with its yardstick: our work, the yardstick, our work, ... in one run, and its
 * ratio is the median of the ratios of the pairs, so that a busy machine slows both. Every row of the registry
 * ends with numbers, or with a reason why this machine cannot give one (bench_skip); one that ends with neither
 * fails the program. A missed goal does not: machines differ, and the reader judges.
 *
 * The work of a row runs in a process of its own, so that a line that fails, crashes or hangs leaves the others
 * alone and is named.
 *
 * Environment: BENCH_LARGE=1 also 10 million entries, TMPDIR where the data goes (the folder must lie on a real
 * disk), BIN the folder of the programs. */
#define BENCH_REPS     5
#define BENCH_REPS_MAX 15
#define BENCH_ROWS_MAX 64
#define BENCH_PATH_MAX 400
#define BENCH_NOTE_MAX 240

enum bench_kind {
	BENCH_AT_LEAST, /* ours / yardstick >= goal */
	BENCH_AT_MOST,	/* ours / yardstick <= goal */
	BENCH_ADDS,	/* ours - yardstick <= goal */
	BENCH_ABOVE,	/* ours >= goal */
	BENCH_BELOW	/* ours <= goal */
};
struct bench_row {
	const char *name; /* on the command line */
	const char *title, *unit, *yard;
	enum bench_kind kind;
	double goal;
	void (*run)(
		void *ctx); /* rows that follow each other may share it: then it runs once for all */
};

extern bool bench_quick, bench_large;
extern const char *bench_bin;
/* Reads "[--quick] [--only NAME]... [NAME]...", makes the data folder, starts libsodium. Ends the program on
 * --help, --list and on a name that no row has. */
void bench_start(int argc, char **argv, const struct bench_row *rows, uint32_t nrows);
/* True when the command line names @row, or no row at all. */
bool bench_wants(const char *row);
/* Runs what is wanted. @limit_s: for one function; 0: the default. */
void bench_run(void *ctx, uint32_t limit_s);
/* Prints the table and removes the data folder. The exit code: 1 when a wanted row has no number and no reason. */
int bench_end(void);

/* --- for the functions of rows --- */
/* Adds a repetition. @yard: NAN where the row has no yardstick. */
void bench_add(const char *row, double ours, double yard);
/* What is worth knowing beside the number. */
__attribute__((format(printf, 2, 3))) void bench_note(const char *row, const char *fmt, ...);
/* The row has its number, but this machine has no yardstick for it: the reason. */
__attribute__((format(printf, 2, 3))) void bench_no_yard(const char *row, const char *fmt, ...);
/* This machine cannot measure it: the reason. */
__attribute__((format(printf, 2, 3))) void bench_skip(const char *row, const char *fmt, ...);
/* The time a part took, written to stderr with what else is worth knowing. */
__attribute__((format(printf, 1, 2))) void bench_say(const char *fmt, ...);
/* Ends the line: none of its rows counts. */
__attribute__((noreturn, format(printf, 1, 2))) void bench_fail(const char *fmt, ...);
#define BENCH_OK(call)                                                                             \
	do {                                                                                       \
		int bench_err = (call);                                                            \
		if (bench_err)                                                                     \
			bench_fail("%s:%d: %s: %s", __FILE__, __LINE__, #call,                     \
				   err_name(bench_err));                                           \
	} while (0)
/* How many repetitions: BENCH_REPS, or one in the quick form. */
int bench_reps(void);
uint64_t bench_size(uint64_t full, uint64_t quick);

/* A new empty folder under the data folder; bench_drop removes it with what is in it. */
void bench_dir(const char *name, char out[BENCH_PATH_MAX]);
void bench_drop(const char *path);

uint64_t bench_ns(void);
double bench_since(uint64_t start_ns);	     /* seconds */
double bench_cpu(void);			     /* CPU seconds of this process so far */
double bench_median(const double *v, int n); /* @v is not changed */

#endif
