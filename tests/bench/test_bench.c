/* The registry of the bench: a row that is missing, errs or has no number fails the program; a missed goal does not. */
#include "tests/bench/bench.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/t.h"

#define LIMIT_S 2
#define ROW(n, f)                                                                                  \
	{                                                                                          \
		n, "work", "/s", NULL, BENCH_ABOVE, 10, f                                          \
	}
#define YARD(n, f)                                                                                 \
	{                                                                                          \
		n, "work", "/s", "yardstick", BENCH_AT_LEAST, 0.5, f                               \
	}

static void fast(void *ctx)
{
	(void)ctx;
	bench_add("fast", 20, NAN);
}

static void slow(void *ctx)
{
	(void)ctx;
	bench_add("slow", 1, NAN);
}

static void silent(void *ctx)
{
	(void)ctx;
}

static void one_of_two(void *ctx)
{
	(void)ctx;
	bench_add("first", 20, NAN);
}

static void no_number(void *ctx)
{
	(void)ctx;
	bench_add("nan", NAN, NAN);
}

static void half_a_pair(void *ctx)
{
	(void)ctx;
	bench_add("half", 20, NAN);
}

static void without_yard(void *ctx)
{
	(void)ctx;
	bench_add("alone", 20, NAN);
	bench_no_yard("alone", "PostgreSQL is not installed");
}

static void elsewhere(void *ctx)
{
	(void)ctx;
	bench_skip("elsewhere", "too few files may be open");
}

static void failing(void *ctx)
{
	(void)ctx;
	bench_add("failing", 20, NAN);
	bench_fail("a verdict is a refusal");
}

static void crashing(void *ctx)
{
	(void)ctx;
	raise(SIGABRT);
}

static void hanging(void *ctx)
{
	(void)ctx;
	for (;;)
		pause();
}

static void unknown(void *ctx)
{
	(void)ctx;
	bench_add("nobody", 1, NAN);
}

/* The exit code of a bench with these rows and arguments. */
static int outcome(const struct bench_row *rows, uint32_t n, const char *const *args)
{
	char *argv[8] = {(char *)(uintptr_t) "bench"};
	int argc = 1, status;
	pid_t pid;

	for (; args && *args; args++)
		argv[argc++] = (char *)(uintptr_t)*args;
	fflush(stdout);
	pid = fork();
	T_OK(pid >= 0);
	if (pid == 0) {
		bench_start(argc, argv, rows, n);
		bench_run(NULL, LIMIT_S);
		exit(bench_end());
	}
	T_EQ(waitpid(pid, &status, 0), pid);
	T_OK(WIFEXITED(status));
	return WEXITSTATUS(status);
}
#define OUTCOME(...)                                                                               \
	outcome((const struct bench_row[]){__VA_ARGS__},                                           \
		sizeof((const struct bench_row[]){__VA_ARGS__}) / sizeof(struct bench_row), NULL)

static void test_numbers_pass_and_missed_goals_too(void)
{
	T_EQ(OUTCOME(ROW("fast", fast)), 0);
	T_EQ(OUTCOME(ROW("fast", fast), ROW("slow", slow)), 0);
}

static void test_a_row_without_a_number_fails(void)
{
	T_EQ(OUTCOME(ROW("fast", fast), ROW("silent", silent)), 1);
	T_EQ(OUTCOME(ROW("first", one_of_two), ROW("second", one_of_two)), 1);
	T_EQ(OUTCOME(ROW("nan", no_number)), 1);
	T_EQ(OUTCOME(YARD("half", half_a_pair)), 1);
}

static void test_a_reason_why_not_passes(void)
{
	T_EQ(OUTCOME(ROW("elsewhere", elsewhere)), 0);
	T_EQ(OUTCOME(YARD("alone", without_yard)), 0);
}

static void test_a_line_that_errs_fails_and_leaves_the_others(void)
{
	T_EQ(OUTCOME(ROW("failing", failing), ROW("fast", fast)), 1);
	T_EQ(OUTCOME(ROW("crashing", crashing), ROW("fast", fast)), 1);
	T_EQ(OUTCOME(ROW("fast", fast), ROW("unknown", unknown)), 1);
}

static void test_a_line_that_hangs_is_ended(void)
{
	uint64_t start = bench_ns();

	T_EQ(OUTCOME(ROW("hanging", hanging), ROW("fast", fast)), 1);
	T_OK(bench_since(start) < 60);
}

static void test_only_what_is_asked_for_runs(void)
{
	const struct bench_row rows[] = {ROW("failing", failing), ROW("fast", fast)};

	T_EQ(outcome(rows, 2, (const char *const[]){"--only", "fast", NULL}), 0);
	T_EQ(outcome(rows, 2, (const char *const[]){"--only", "failing", NULL}), 1);
	T_EQ(outcome(rows, 2, (const char *const[]){"--only", "nobody", NULL}), 2);
	T_EQ(outcome(rows, 2, (const char *const[]){"--only", NULL}), 2);
}

T_MAIN(T(test_numbers_pass_and_missed_goals_too), T(test_a_row_without_a_number_fails),
       T(test_a_reason_why_not_passes), T(test_a_line_that_errs_fails_and_leaves_the_others),
       T(test_a_line_that_hangs_is_ended), T(test_only_what_is_asked_for_runs))
