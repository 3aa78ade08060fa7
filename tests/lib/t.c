#include "tests/lib/t.h"

#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/text.h"

#define SHOWN_BYTES_MAX 64

static const char *running = "";
static bool has_threads;

static int list_requirements(const struct t_suite *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (const char *r = s->cases[i].requirements; *r; r += strspn(r, " ")) {
			size_t len = strcspn(r, " ");

			printf("%.*s %s\n", (int)len, r, s->cases[i].name);
			r += len;
		}
	return 0;
}

static void run_case(const struct t_suite *s, const struct t_case *c)
{
	long live = mem_live();

	running = c->name;
	if (s->open)
		s->open();
	c->fn();
	if (s->close)
		s->close();
	if (mem_live() != live && !has_threads)
		t_fail(__FILE__, __LINE__, "allocations left: %ld", mem_live() - live);
	printf("%s ... ok\n", running);
	fflush(stdout);
}

static bool passes_alone(const struct t_suite *s, const struct t_case *c)
{
	int status = 1;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		run_case(s, c);
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		t_fail(__FILE__, __LINE__, "no process for %s", c->name);
	if (WIFSIGNALED(status))
		fprintf(stderr, "%s: ended by signal %d\n", c->name, WTERMSIG(status));
	return status == 0;
}

static int run_all(const struct t_suite *s)
{
	size_t failed = 0;

	if (t_step() > 1)
		printf("of long rows only each %" PRIu32 "th case\n", t_step());
	for (size_t i = 0; i < s->n; i++)
		failed += !passes_alone(s, &s->cases[i]);
	if (failed)
		fprintf(stderr, "%zu of %zu tests failed\n", failed, s->n);
	return failed ? 1 : 0;
}

int t_run(int argc, char **argv, const struct t_suite *s)
{
	size_t ran = 0;

	if (argc < 2)
		return run_all(s);
	if (strcmp(argv[1], "--requirements") == 0)
		return list_requirements(s);
	for (size_t i = 0; i < s->n; i++)
		if (strstr(s->cases[i].name, argv[1])) {
			run_case(s, &s->cases[i]);
			ran++;
		}
	if (ran == 0)
		fprintf(stderr, "no test is called like that\n");
	return ran ? 0 : 1;
}

void t_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s:%d: %s: ", file, line, running);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

uint32_t t_step(void)
{
	const char *text = getenv("STEP");
	uint32_t step = text ? (uint32_t)strtoul(text, NULL, 10) : 1;

	return step ? step : 1;
}

void t_has_threads(void)
{
	has_threads = true;
}

void t_eq_mem(const char *file, int line, const char *what, const void *got, const void *want,
	      size_t n)
{
	const uint8_t *g = got, *w = want;
	char gt[2 * SHOWN_BYTES_MAX + 1], wt[2 * SHOWN_BYTES_MAX + 1];
	size_t at = 0;

	while (at < n && g[at] == w[at])
		at++;
	if (at == n)
		return;
	size_t from = at < SHOWN_BYTES_MAX / 2 ? 0 : at - SHOWN_BYTES_MAX / 2;
	size_t len = n - from < SHOWN_BYTES_MAX ? n - from : SHOWN_BYTES_MAX;
	hex_put(gt, g + from, len);
	hex_put(wt, w + from, len);
	t_fail(file, line, "%s: differs at byte %zu of %zu; from byte %zu on\n  got  %s\n  want %s",
	       what, at, n, from, gt, wt);
}

void t_eq_str(const char *file, int line, const char *what, const char *got, const char *want)
{
	if (!got || !want) {
		if (got != want)
			t_fail(file, line, "%s: got %s, want %s", what, got ? got : "NULL",
			       want ? want : "NULL");
		return;
	}
	if (strcmp(got, want) != 0)
		t_fail(file, line, "%s: got \"%s\", want \"%s\"", what, got, want);
}

size_t t_hex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = strlen(hex) / 2;

	if (n > cap || !hex_get(hex, strlen(hex), out, n))
		t_fail(__FILE__, __LINE__, "not a hex string of at most %zu bytes: %s", cap, hex);
	return n;
}
