#include "tests/lib/t.h"

#include <stdarg.h>

#include "lib/text.h"

#define SHOWN_BYTES_MAX 64

static const char *running = "";

static int list_requirements(const struct t_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (const char *r = cases[i].requirements; *r; r += strspn(r, " ")) {
			size_t len = strcspn(r, " ");

			printf("%.*s %s\n", (int)len, r, cases[i].name);
			r += len;
		}
	return 0;
}

int t_run(int argc, char **argv, const struct t_case *cases, size_t n)
{
	size_t ran = 0;

	if (argc > 1 && strcmp(argv[1], "--requirements") == 0)
		return list_requirements(cases, n);
	for (size_t i = 0; i < n; i++) {
		if (argc > 1 && !strstr(cases[i].name, argv[1]))
			continue;
		running = cases[i].name;
		cases[i].fn();
		printf("%s ... ok\n", running);
		fflush(stdout);
		ran++;
	}
	if (ran == 0) {
		fprintf(stderr, "no test is called like that\n");
		return 1;
	}
	return 0;
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
