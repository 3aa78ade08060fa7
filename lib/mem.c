#include "lib/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local long fail_after = -1;
static _Thread_local long live;

static bool must_fail(void)
{
	return fail_after >= 0 && fail_after-- == 0;
}

void *mem_alloc(size_t n)
{
	return mem_array(1, n);
}

void *mem_array(size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n) || must_fail())
		return NULL;
	/* calloc(0) may give NULL, which would look like a failure */
	void *p = calloc(n ? n : 1, 1);
	if (p)
		live++;
	return p;
}

void *mem_resize(void *p, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n) || must_fail())
		return NULL;
	void *q = realloc(p, n ? n : 1);
	if (q && !p)
		live++;
	return q;
}

void mem_free(void *p)
{
	if (!p)
		return;
	live--;
	free(p);
}

char *mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = mem_alloc(n);

	if (p)
		memcpy(p, s, n);
	return p;
}

void mem_fail_after(long n)
{
	fail_after = n;
}

long mem_live(void)
{
	return live;
}
