#ifndef TESTS_LIB_T_H
#define TESTS_LIB_T_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A test file is a list of claims:
 *
 *	static void test_overflow_is_refused(void) { T_EQ(f(), 3); }
 *	T_MAIN(T(test_overflow_is_refused, "R02 R35"), T(test_...))
 *
 * A claim that shows requirements of the points scheme carries their names; tests/requirements asks for them.
 * A failed check prints file, line and both values, and ends the process with 1. */
struct t_case {
	const char *name;
	void (*fn)(void);
	const char *requirements; /* names with a space between them, or "" */
};
#define T(f, ...)                                                                                  \
	{                                                                                          \
		.name = #f, .fn = f, .requirements = "" __VA_ARGS__                                \
	}
struct t_suite {
	const struct t_case *cases;
	size_t n;
	void (*open)(void), (*close)(void); /* before and after each case; may be NULL */
};
#define T_MAIN(...) T_MAIN_WITH(NULL, NULL, __VA_ARGS__)
#define T_MAIN_WITH(open_fn, close_fn, ...)                                                        \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		static const struct t_case t_cases[] = {__VA_ARGS__};                              \
		static const struct t_suite t_suite = {                                            \
			t_cases, sizeof(t_cases) / sizeof(t_cases[0]), open_fn, close_fn};         \
		return t_run(argc, argv, &t_suite);                                                \
	}

/* Runs every case in a process of its own, so that none rests on another, and prints "name ... ok"; a case that
 * leaves memory allocated fails. With an argument it runs those cases whose names contain it, in this process;
 * with "--requirements" it runs none and prints "R02 name" for each requirement that a case shows. Returns 0, or 1
 * when a case failed or none fits. */
int t_run(int argc, char **argv, const struct t_suite *s);
__attribute__((noreturn, format(printf, 3, 4))) void t_fail(const char *file, int line,
							    const char *fmt, ...);
/* Long rows of cases go on by this: 1, or STEP in the environment, for machines on which every case costs much. */
uint32_t t_step(void);
/* For a test whose threads free what others allocated: mem_live counts for one thread. */
void t_has_threads(void);
void t_eq_mem(const char *file, int line, const char *what, const void *got, const void *want,
	      size_t n);
void t_eq_str(const char *file, int line, const char *what, const char *got, const char *want);
/* Bytes of a hex string; ends the test when it is not one. Returns the length. */
size_t t_hex(const char *hex, uint8_t *out, size_t cap);

#define T_OK(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			t_fail(__FILE__, __LINE__, "not true: %s", #cond);                         \
	} while (0)
#define T_EQ(got, want)                                                                            \
	do {                                                                                       \
		intmax_t t_g = (intmax_t)(got), t_w = (intmax_t)(want);                            \
		if (t_g != t_w)                                                                    \
			t_fail(__FILE__, __LINE__, "%s: got %jd, want %jd", #got, t_g, t_w);       \
	} while (0)
#define T_STR(got, want)    t_eq_str(__FILE__, __LINE__, #got, (got), (want))
#define T_MEM(got, want, n) t_eq_mem(__FILE__, __LINE__, #got, (got), (want), (n))

/* Runs @body with the 0th, 1st, 2nd ... allocation failing until it succeeds. @body is an expression
 * that returns an error code; it must give ERR_NOMEM (or succeed) and leak nothing. */
#define T_OOM(body)                                                                                \
	do {                                                                                       \
		for (long t_n = 0;; t_n++) {                                                       \
			long t_live = mem_live();                                                  \
			mem_fail_after(t_n);                                                       \
			int t_err = (body);                                                        \
			mem_fail_after(-1);                                                        \
			if (t_err == 0)                                                            \
				break;                                                             \
			T_EQ(t_err, ERR_NOMEM);                                                    \
			T_EQ(mem_live(), t_live);                                                  \
		}                                                                                  \
	} while (0)

#endif
