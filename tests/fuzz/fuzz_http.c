/* Heads of requests: in whatever pieces they come, the same is handed on, nothing but what came and, behind a wrong
 * head, one refusal. */
#include <errno.h>
#include <string.h>

#include "daemon/io/http_head.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX (1 << 20)

struct script {
	const uint8_t *p;
	size_t n, step;
};

static long read_script(void *ctx, void *p, size_t n)
{
	struct script *s = ctx;

	n = n < s->step ? n : s->step;
	n = n < s->n ? n : s->n;
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(p, s->p, n);
	s->p += n;
	s->n -= n;
	return (long)n;
}

static int run(const uint8_t *p, size_t n, size_t step, size_t ask, uint8_t *out, size_t *ret_n)
{
	static struct http_head h;
	struct script s = {p, n, step};
	long got;

	memset(&h, 0, sizeof(h));
	*ret_n = 0;
	do {
		got = http_head_recv(&h, out + *ret_n, ask, read_script, &s);
		*ret_n += got > 0 ? (size_t)got : 0;
		CHECK(h.good <= h.n && h.n <= sizeof(h.held));
		/* who got less than he asked for does not ask again before more comes */
		CHECK(got == (long)ask || h.good == 0);
	} while (got > 0 || s.n > 0);
	return h.refused;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t whole[OUT_MAX], parts[OUT_MAX];
	const size_t tail = sizeof(HTTP_HEAD_WRONG) - 1;
	size_t whole_n, parts_n;
	int refused;

	if (n < 2 || n > OUT_MAX / 2)
		return 0;
	refused = run(p + 2, n - 2, n, 4096, whole, &whole_n);
	CHECK(run(p + 2, n - 2, 1 + p[0], 1 + p[1] * 16u, parts, &parts_n) == refused);
	CHECK(parts_n == whole_n && memcmp(whole, parts, whole_n) == 0);
	if (refused) {
		CHECK(whole_n >= tail &&
		      memcmp(whole + whole_n - tail, HTTP_HEAD_WRONG, tail) == 0);
		whole_n -= tail;
	}
	CHECK(whole_n <= n - 2 && memcmp(whole, p + 2, whole_n) == 0);
	return 0;
}
