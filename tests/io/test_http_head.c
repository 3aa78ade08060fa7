#include "daemon/io/http_head.h"

#include <errno.h>

#include "tests/lib/t.h"

#define H	"Host: localhost\r\n"
#define OUT_MAX 65536

/* Bytes as they come from a client, so many at a time: a read gets no more than has come by then. */
struct script {
	const char *p;
	size_t n, at, step;
};

static long read_script(void *ctx, void *p, size_t n)
{
	struct script *s = ctx;

	n = n < s->step ? n : s->step;
	n = n < s->n - s->at ? n : s->n - s->at;
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(p, s->p + s->at, n);
	s->at += n;
	return (long)n;
}

/* What the library gets when it asks for @ask bytes whenever something has come. Returns the refusal. */
static int run(const char *text, size_t n, size_t step, size_t ask, char out[OUT_MAX],
	       size_t *ret_n)
{
	static struct http_head h;
	struct script s = {text, n, 0, step};
	long got;

	memset(&h, 0, sizeof(h));
	*ret_n = 0;
	do {
		got = http_head_recv(&h, out + *ret_n, ask, read_script, &s);
		*ret_n += got > 0 ? (size_t)got : 0;
		T_OK(got > 0 || errno == EAGAIN);
		/* who got less than he asked for does not ask again before more comes */
		T_OK(got == (long)ask || h.good == 0);
	} while (got > 0 || s.at < n);
	return h.refused;
}

/* In whatever pieces it comes and is asked for. */
static void each_way(const char *text, size_t n, int refused, const char *want, size_t want_n)
{
	static const size_t asks[] = {1, 7, 4096};
	static char out[OUT_MAX];

	for (size_t step = 1; step <= n; step = step < 40 ? step + 1 : step * 2)
		for (size_t i = 0; i < 3; i++) {
			size_t got;

			T_EQ(run(text, n, step, asks[i], out, &got), refused);
			T_EQ(got, want_n);
			T_MEM(out, want, want_n);
		}
}

static void passes(const char *text)
{
	each_way(text, strlen(text), 0, text, strlen(text));
}

static void test_good_requests_pass_byte_for_byte(void)
{
	passes("GET /hello HTTP/1.1\r\n" H "\r\n");
	passes("GET /hello HTTP/1.0\r\nhost:x\r\n\r\n");
	passes("GET /a?b=%20 HTTP/1.1\r\n" H "Accept: */*\r\nX-A:\ta\tb \r\nX-B:\r\n\r\n");
	passes("POST /echo HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\na\n\rb");
	passes("POST /echo HTTP/1.1\r\n" H "content-length:\t0004 \r\n\r\n\r\n\r\n"
	       "GET /hello HTTP/1.1\r\n" H "\r\n");
	passes("GET /a HTTP/1.1\r\n" H "\r\nGET /b HTTP/1.1\r\n" H "\r\n\r\nGET /c HTTP/1.1\r\n" H
	       "\r\n");
	passes("PRI /\xe6\x9d\x91 HTTP/1.1\r\nHost: \xe6\x9d\x91\r\n\r\n");
}

/* Nothing of a head is handed on before all of it is there. */
static void test_half_a_head_is_kept_back(void)
{
	const char *whole = "GET /a HTTP/1.1\r\n" H "\r\n",
		   *part = "GET /b HTTP/1.1\r\nHost: b\r\n\r";
	char both[256];

	each_way(part, strlen(part), 0, "", 0);
	snprintf(both, sizeof(both), "%s%s", whole, part);
	each_way(both, strlen(both), 0, whole, strlen(whole));
}

struct wrong {
	int status;
	size_t n;
	const char *text;
};
#define WRONG(status, text)                                                                        \
	{                                                                                          \
		status, sizeof(text) - 1, text                                                     \
	}

static const struct wrong wrongs[] = {
	WRONG(400, "GET /a HTTP/1.1\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H H "\r\n"),
	WRONG(400, "GET /a HTTP/1.1\nHost: a\n\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "X-A: a\0b\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "X-A: a\r\n b\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "X-A : a\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H ": a\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "X-A\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "X-A: a\rb\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "Content-Length: 1 1\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "Content-Length: 4, 4\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "Content-Length: 4\r\nContent-Length: 4\r\n\r\n"),
	WRONG(413, "GET /a HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n"),
	WRONG(413, "GET /a HTTP/1.1\r\n" H "Content-Length: 99999999999999999999999999999\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.1\r\n" H "transfer-encoding:\r\n\r\n"),
	WRONG(400,
	      "GET /a HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
	WRONG(400, "GET /a HTTP/1.2\r\n" H "\r\n"),
	WRONG(400, "GET /a HTTP/1.1 \r\n" H "\r\n"),
	WRONG(400, "GET  /a HTTP/1.1\r\n" H "\r\n"),
	WRONG(400, "GET /a b HTTP/1.1\r\n" H "\r\n"),
	WRONG(400, "GET /a\r\n\r\n"),
	WRONG(400, "G(T /a HTTP/1.1\r\n" H "\r\n"),
	WRONG(400, "\r\n\r\nGET /a HTTP/1.1\r\n" H "\r\n"),
	WRONG(400, "\x16\x03\x01\x02"),
};

/* One request in its place that is answered by the refusal, and nothing behind it. */
static void test_wrong_heads_are_one_refusal(void)
{
	const char *canned = HTTP_HEAD_WRONG, *good = "GET /b HTTP/1.1\r\nHost: b\r\n\r\n";
	char text[512], want[512];

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];
		size_t n = strlen(good);

		each_way(w->text, w->n, w->status, canned, strlen(canned));
		memcpy(text, good, n);
		memcpy(text + n, w->text, w->n);
		memcpy(text + n + w->n, good, strlen(good));
		snprintf(want, sizeof(want), "%s%s", good, canned);
		each_way(text, 2 * n + w->n, w->status, want, strlen(want));
	}
}

static void test_large_heads_are_refused(void)
{
	static char text[3 * HTTP_HEAD_MAX];
	const char *canned = HTTP_HEAD_WRONG, *begin = "GET /a HTTP/1.1\r\n" H;
	size_t n;

	memset(text, 'a', sizeof(text));
	each_way(text, sizeof(text), 414, canned, strlen(canned));
	memcpy(text, begin, strlen(begin));
	each_way(text, sizeof(text), 431, canned, strlen(canned));
	n = (size_t)snprintf(text, sizeof(text), "%s", begin);
	for (int i = 0; i < HTTP_LINES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "X: %d\r\n", i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n");
	each_way(text, n, 431, canned, strlen(canned));
}

static long read_for_ever(void *ctx, void *p, size_t n)
{
	memset(p, 'x', n);
	++*(uint32_t *)ctx;
	return (long)n;
}

static void test_nobody_is_read_for_ever_after_a_refusal(void)
{
	struct http_head h = {.refused = 400};
	uint32_t reads = 0;
	char byte;

	T_EQ(http_head_recv(&h, &byte, 1, read_for_ever, &reads), -1);
	T_EQ(errno, EAGAIN);
	T_OK(reads > 0 && reads < 100);
}

T_MAIN(T(test_good_requests_pass_byte_for_byte), T(test_half_a_head_is_kept_back),
       T(test_wrong_heads_are_one_refusal), T(test_large_heads_are_refused),
       T(test_nobody_is_read_for_ever_after_a_refusal))
