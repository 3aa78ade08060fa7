#include "tests/lib/vec.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/t.h"

#define LINE_MAX_BYTES	65536
#define VALUE_MAX_BYTES (LINE_MAX_BYTES / 2)

/* Finds the value of @key; it stays valid until the next call. */
static const char *vec_line(const char *file, const char *key)
{
	static char line[LINE_MAX_BYTES];
	char path[256];
	size_t n = strlen(key);
	FILE *f;

	snprintf(path, sizeof(path), "tests/vectors/%s", file);
	f = fopen(path, "r");
	if (!f)
		t_fail(__FILE__, __LINE__, "cannot open %s", path);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, key, n) == 0 && line[n] == ' ') {
			fclose(f);
			return line + n + 1;
		}
	}
	fclose(f);
	t_fail(__FILE__, __LINE__, "%s has no value %s", path, key);
}

size_t vec_get(const char *file, const char *key, uint8_t *out, size_t cap)
{
	return t_hex(vec_line(file, key), out, cap);
}

void vec_text(const char *file, const char *key, char *out, size_t cap)
{
	const char *s = vec_line(file, key);

	if (s[0] != '@' || strlen(s) > cap)
		t_fail(__FILE__, __LINE__, "%s: %s is no text of less than %zu bytes", file, key,
		       cap);
	memcpy(out, s + 1, strlen(s)); /* its NUL too */
}

void vec_check(const char *file, const char *key, const void *got, size_t n)
{
	static uint8_t want[VALUE_MAX_BYTES];
	size_t want_n = vec_get(file, key, want, sizeof(want));

	if (want_n != n)
		t_fail(__FILE__, __LINE__, "%s: got %zu bytes, want %zu", key, n, want_n);
	t_eq_mem(file, 0, key, got, want, n);
}
