#include "tests/lib/t.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/err.h"
#include "lib/mem.h"

/* The checks must be able to fail, so each is made to fail in a child. */
static int code_of_printing(void (*fn)(void), int out)
{
	int status = 0;

	fflush(stdout);
	pid_t pid = fork();
	T_OK(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		if (null < 0 || dup2(null, STDERR_FILENO) < 0 ||
		    dup2(out < 0 ? null : out, STDOUT_FILENO) < 0)
			_exit(99);
		fn();
		_exit(0);
	}
	T_EQ(waitpid(pid, &status, 0), pid);
	T_OK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int code_of(void (*fn)(void))
{
	return code_of_printing(fn, -1);
}

static void checks_that_hold(void)
{
	uint8_t raw[3];

	T_OK(true);
	T_EQ(-1, -1);
	T_STR("a", "a");
	T_STR(NULL, NULL);
	T_MEM("ab", "ab", 2);
	T_MEM("a", "b", 0);
	T_EQ(t_hex("00ff10", raw, sizeof(raw)), 3);
	T_EQ(raw[1], 0xff);
}

static void not_true(void)
{
	T_OK(false);
}

static void not_equal(void)
{
	T_EQ(1, 2);
}

static void other_string(void)
{
	T_STR("a", "b");
}

static void no_string(void)
{
	T_STR(NULL, "b");
}

static void other_bytes_far_away(void)
{
	uint8_t a[500] = {0}, b[500] = {0};

	a[499] = 1;
	T_MEM(a, b, sizeof(a));
}

static void odd_hex(void)
{
	uint8_t raw[3];

	t_hex("00f", raw, sizeof(raw));
}

static void long_hex(void)
{
	uint8_t raw[1];

	t_hex("0011", raw, sizeof(raw));
}

static int leak_on_failure(void)
{
	void *a = mem_alloc(1), *b = mem_alloc(1);

	if (!a || !b)
		return ERR_NOMEM; /* loses a */
	mem_free(a);
	mem_free(b);
	return ERR_OK;
}

static void leaking_body(void)
{
	T_OOM(leak_on_failure());
}

static int wrong_code(void)
{
	void *a = mem_alloc(1);

	mem_free(a);
	return a ? ERR_OK : ERR_IO;
}

static void body_with_the_wrong_code(void)
{
	T_OOM(wrong_code());
}

static void no_such_test(void)
{
	static const struct t_case cases[] = {T(checks_that_hold)};
	char name[] = "t", filter[] = "nothing";
	char *argv[] = {name, filter, NULL};

	_exit(t_run(2, argv, &(struct t_suite){cases, 1, NULL, NULL}));
}

static void a_test_by_name(void)
{
	static const struct t_case cases[] = {T(not_true), T(checks_that_hold)};
	char name[] = "t", filter[] = "that_hold";
	char *argv[] = {name, filter, NULL};

	_exit(t_run(2, argv, &(struct t_suite){cases, 2, NULL, NULL}));
}

static void leaks(void)
{
	T_OK(mem_alloc(1));
}

static void ends_by_a_signal(void)
{
	raise(SIGKILL);
}

static int changed;

static void change(void)
{
	changed++;
}

static void finds_one_change(void)
{
	T_EQ(changed++, 1);
}

static void finds_another_change(void)
{
	T_EQ(changed, 2);
}

static void run_two(struct t_case one, struct t_case two, void (*open)(void))
{
	const struct t_case cases[] = {one, two};
	char name[] = "t";
	char *argv[] = {name, NULL};

	exit(t_run(1, argv, &(struct t_suite){cases, 2, open, NULL}));
}

static void a_leak(void)
{
	run_two((struct t_case)T(checks_that_hold), (struct t_case)T(leaks), NULL);
}

static void a_signal(void)
{
	run_two((struct t_case)T(ends_by_a_signal), (struct t_case)T(checks_that_hold), NULL);
}

static void one_rests_on_the_other(void)
{
	run_two((struct t_case)T(finds_one_change), (struct t_case)T(finds_another_change), change);
}

static void each_for_itself(void)
{
	run_two((struct t_case)T(finds_one_change), (struct t_case)T(finds_one_change), change);
}

static void requirements_of_three(void)
{
	static const struct t_case cases[] = {T(not_true, "R02 I3"), T(not_equal),
					      T(odd_hex, "R02")};
	char name[] = "t", asked[] = "--requirements";
	char *argv[] = {name, asked, NULL};

	exit(t_run(2, argv, &(struct t_suite){cases, 3, NULL, NULL}));
}

static void test_checks_that_hold_pass(void)
{
	T_EQ(code_of(checks_that_hold), 0);
}

static void test_every_check_can_fail(void)
{
	static void (*const bodies[])(void) = {not_true,
					       not_equal,
					       other_string,
					       no_string,
					       other_bytes_far_away,
					       odd_hex,
					       long_hex,
					       leaking_body,
					       body_with_the_wrong_code};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		T_EQ(code_of(bodies[i]), 1);
}

static void test_a_name_selects(void)
{
	T_EQ(code_of(a_test_by_name), 0);
	T_EQ(code_of(no_such_test), 1);
}

static void test_each_case_runs_alone(void)
{
	T_EQ(code_of(each_for_itself), 0);
	T_EQ(code_of(one_rests_on_the_other), 1);
}

static void test_leaks_and_signals_fail(void)
{
	T_EQ(code_of(a_leak), 1);
	T_EQ(code_of(a_signal), 1);
}

static void test_requirements_are_listed_and_nothing_runs(void)
{
	char got[200] = "";
	FILE *out = tmpfile();

	T_OK(out);
	T_EQ(code_of_printing(requirements_of_three, fileno(out)), 0);
	rewind(out);
	T_OK(fread(got, 1, sizeof(got) - 1, out) > 0);
	T_STR(got, "R02 not_true\nI3 not_true\nR02 odd_hex\n");
	fclose(out);
}

T_MAIN(T(test_each_case_runs_alone), T(test_leaks_and_signals_fail), T(test_checks_that_hold_pass),
       T(test_every_check_can_fail), T(test_a_name_selects),
       T(test_requirements_are_listed_and_nothing_runs))
