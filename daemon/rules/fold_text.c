#include <assert.h>

#include "daemon/rules/fold_rules.h"

#define WIDE_SPACE   "\xe3\x80\x80"
#define WIDE_SPACE_N (sizeof(WIDE_SPACE) - 1)

/* Bytes of the space at the front; 0: something else is there. */
static size_t space_bytes(const uint8_t *p, size_t n)
{
	if (n && (*p == ' ' || *p == '\t'))
		return 1;
	return n >= WIDE_SPACE_N && memcmp(p, WIDE_SPACE, WIDE_SPACE_N) == 0 ? WIDE_SPACE_N : 0;
}

void fold_plain(struct bytes s, enum fold_spaces spaces, struct fold_plain *ret)
{
	size_t end = 0;

	assert(s.n <= sizeof(ret->b));
	ret->n = 0;
	for (size_t at = 0, n; at < s.n; at += n ? n : 1) {
		uint8_t c = s.p[at];

		n = space_bytes(s.p + at, s.n - at);
		if (n && (spaces == FOLD_NO_SPACES || ret->n == 0))
			continue;
		if (n) {
			memcpy(ret->b + ret->n, s.p + at, n);
			ret->n = (uint8_t)(ret->n + n);
			continue;
		}
		ret->b[ret->n++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
		end = ret->n;
	}
	ret->n = (uint8_t)end; /* without the spaces behind */
}
