#include "daemon/ledger/rules/plain.h"

#include <assert.h>
#include <string.h>

#define WIDE_SPACE   "\xe3\x80\x80"
#define WIDE_SPACE_N (sizeof(WIDE_SPACE) - 1)

/* Bytes of the space at the front; 0: something else is there. */
static size_t space_bytes(const uint8_t *p, size_t n)
{
	if (n && (*p == ' ' || *p == '\t'))
		return 1;
	return n >= WIDE_SPACE_N && memcmp(p, WIDE_SPACE, WIDE_SPACE_N) == 0 ? WIDE_SPACE_N : 0;
}

struct bytes plain_trim(struct bytes s)
{
	size_t n;

	while ((n = space_bytes(s.p, s.n)) > 0)
		s = (struct bytes){s.p + n, s.n - n};
	while (s.n) {
		n = s.n < WIDE_SPACE_N || space_bytes(s.p + s.n - 1, 1) ? 1 : WIDE_SPACE_N;
		if (!space_bytes(s.p + s.n - n, n))
			break;
		s.n -= n;
	}
	return s;
}

void plain_text(struct bytes s, struct plain_text *ret)
{
	assert(s.n <= sizeof(ret->b));
	s = plain_trim(s);
	ret->n = 0;
	for (size_t at = 0; at < s.n; at++) {
		uint8_t c = s.p[at];

		ret->b[ret->n++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
	}
}
