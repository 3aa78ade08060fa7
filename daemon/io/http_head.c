#include "daemon/io/http_head.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define OK	      200
#define BAD	      400
#define TOO_LARGE     413
#define LINE_TOO_LONG 414
#define TOO_MANY      431
#define DRAIN_BYTES   4096
#define DRAIN_TIMES   32

struct facts {
	uint32_t lines, lengths, hosts;
	uint64_t body;
};

static bool is_token(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] <= ' ' || (unsigned char)p[i] >= 0x7f ||
		    strchr("\"(),/:;<=>?@[\\]{}", p[i]))
			return false;
	return n > 0;
}

/* No control characters but tab. */
static bool is_text(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return false;
	return true;
}

static bool is_name(const char *p, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(p, name, n) == 0;
}

/* "GET /path HTTP/1.1": three words with one space between them. */
static int request_line(const char *p, size_t n)
{
	const char *target = memchr(p, ' ', n), *version;

	if (!target || !is_token(p, (size_t)(target - p)))
		return BAD;
	target++;
	version = memchr(target, ' ', n - (size_t)(target - p));
	if (!version || version == target || !is_text(target, (size_t)(version - target)))
		return BAD;
	version++;
	n -= (size_t)(version - p);
	return n == 8 && memcmp(version, "HTTP/1.", 7) == 0 &&
			       (version[7] == '0' || version[7] == '1')
		       ? OK
		       : BAD;
}

static int length_field(const char *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	bool large = false;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return BAD;
		large = large || v > (UINT64_MAX - 9) / 10;
		v = v * 10 + (uint64_t)(p[i] - '0');
	}
	*ret = v;
	return n == 0 ? BAD : large ? TOO_LARGE : OK;
}

static int field(const char *p, size_t n, struct facts *f)
{
	const char *colon = memchr(p, ':', n), *v;
	size_t name = colon ? (size_t)(colon - p) : 0, vn;

	if (!colon || !is_token(p, name) || !is_text(colon, n - name))
		return BAD;
	if (++f->lines > HTTP_LINES_MAX)
		return TOO_MANY;
	v = colon + 1;
	vn = n - name - 1;
	while (vn && (*v == ' ' || *v == '\t')) {
		v++;
		vn--;
	}
	while (vn && (v[vn - 1] == ' ' || v[vn - 1] == '\t'))
		vn--;
	if (is_name(p, name, "Transfer-Encoding") || (is_name(p, name, "Host") && f->hosts++))
		return BAD;
	if (!is_name(p, name, "Content-Length"))
		return OK;
	return f->lengths++ ? BAD : length_field(v, vn, &f->body);
}

/* The end of the line that begins @p; NULL: not there yet. *ret_bad: it can be none. */
static const char *line_end(const char *p, size_t n, bool *ret_bad)
{
	const char *lf = memchr(p, '\n', n);
	size_t len = lf ? (size_t)(lf - p) : n;

	/* a CR at the end may still become a line end, and a line of text never holds one */
	if (len && p[len - 1] == '\r')
		len--;
	else if (lf)
		*ret_bad = true;
	*ret_bad = *ret_bad || !is_text(p, len);
	return *ret_bad || !lf ? NULL : p + len;
}

int http_head_parse(const void *head, size_t n, size_t *ret_n, uint64_t *ret_body)
{
	const char *p = head, *end = p + n, *stop;
	struct facts f = {0};
	bool bad = false, first = true;

	/* clients may send an empty line too much behind a body */
	if (n >= 2 && memcmp(p, "\r\n", 2) == 0)
		p += 2;
	while ((stop = line_end(p, (size_t)(end - p), &bad))) {
		size_t len = (size_t)(stop - p);
		int status = first ? request_line(p, len) : len == 0 ? OK : field(p, len, &f);

		p = stop + 2;
		if (status != OK)
			return status;
		if (!first && len == 0) {
			*ret_n = (size_t)(p - (const char *)head);
			*ret_body = f.body;
			return f.hosts == 1 ? OK : BAD;
		}
		first = false;
	}
	if (bad)
		return BAD;
	if (n >= HTTP_HEAD_MAX)
		return first ? LINE_TOO_LONG : TOO_MANY;
	return 0;
}

/* --- one connection ---------------------------------------------------------------------------------- */

static void refuse(struct http_head *h, int status)
{
	h->refused = status;
	h->body = 0;
	memcpy(h->held + h->good, HTTP_HEAD_WRONG, sizeof(HTTP_HEAD_WRONG) - 1);
	h->n = h->good += sizeof(HTTP_HEAD_WRONG) - 1;
}

/* Finds out how much of what is held may be handed on. There is room for a refusal: nothing good is held while
 * more is read. */
static void look(struct http_head *h)
{
	while (!h->refused && h->n > h->good) {
		size_t n = h->n - h->good;
		int status;

		if (h->body) {
			n = h->body < n ? (size_t)h->body : n;
			h->good += n;
			h->body -= n;
			continue;
		}
		status = http_head_parse(h->held + h->good, n, &n, &h->body);
		if (status == 0)
			return;
		if (status != OK) {
			h->body = 0;
			/* what is good goes first */
			if (h->good > sizeof(h->held) - sizeof(HTTP_HEAD_WRONG))
				return;
			refuse(h, status);
			return;
		}
		h->good += n;
	}
}

static size_t hand_on(struct http_head *h, char *p, size_t n)
{
	n = h->good < n ? h->good : n;
	memcpy(p, h->held, n);
	memmove(h->held, h->held + n, h->n - n);
	h->n -= n;
	h->good -= n;
	return n;
}

/* Whoever reads, and whether nothing more has come: fewer bytes than there was room for. */
struct source {
	long (*read)(void *ctx, void *p, size_t n);
	void *ctx;
	long got; /* last */
	bool dry;
};

static size_t read_from(struct source *s, void *p, size_t n)
{
	s->got = s->read(s->ctx, p, n);
	s->dry = s->got < (long)n;
	return s->got > 0 ? (size_t)s->got : 0;
}

/* After a refusal the rest is read and forgotten: unread, it would make the system cut the answer off. Nobody keeps
 * this thread busy by sending more. */
static void drain(struct source *s)
{
	char rest[DRAIN_BYTES];

	for (int i = 0; i < DRAIN_TIMES && !s->dry; i++)
		read_from(s, rest, sizeof(rest));
	s->dry = true;
}

long http_head_recv(struct http_head *h, void *to, size_t n,
		    long (*read)(void *ctx, void *p, size_t n), void *ctx)
{
	struct source s = {.read = read, .ctx = ctx};
	char *p = to;
	size_t done = 0;

	while (done < n) {
		look(h);
		if (h->good) {
			done += hand_on(h, p + done, n - done);
		} else if (s.dry) {
			break;
		} else if (h->refused) {
			drain(&s);
		} else if (h->body) {
			size_t got;

			assert(h->n == 0);
			got = read_from(&s, p + done,
					h->body < n - done ? (size_t)h->body : n - done);
			done += got;
			h->body -= got;
		} else {
			h->n += read_from(&s, h->held + h->n, sizeof(h->held) - h->n);
		}
	}
	if (done)
		return (long)done;
	h->ended = h->ended || (s.got == 0 && h->answering && !h->body && !h->n);
	if (s.got > 0 || h->ended) { /* nothing can be handed on yet */
		errno = EAGAIN;
		return -1;
	}
	return s.got;
}
