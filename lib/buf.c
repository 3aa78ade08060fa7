#include "lib/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"

#define CAP_MIN		 64
#define VARINT_BYTES_MAX 10

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_close(struct buf *b)
{
	if (!b)
		return;
	mem_free(b->p);
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->err = ERR_OK;
}

static size_t max_of(const struct buf *b)
{
	return b->max ? b->max : BUF_BYTES_MAX;
}

/* Grows to at least @need bytes; doubling, so that appending stays linear. */
static int grow(struct buf *b, size_t need)
{
	size_t cap = b->cap < CAP_MIN ? CAP_MIN : b->cap;

	if (need <= b->cap)
		return ERR_OK;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	/* near the maximum doubling would overshoot; one more byte is for buf_str */
	if (cap > max_of(b) && need <= max_of(b) + 1)
		cap = max_of(b) + 1;
	uint8_t *p = mem_resize(b->p, cap, 1);
	if (!p)
		return b->err = ERR_NOMEM;
	b->p = p;
	b->cap = cap;
	return ERR_OK;
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
	if (b->err)
		return NULL;
	if (b->n > max_of(b) || n > max_of(b) - b->n) {
		b->err = ERR_LIMIT;
		return NULL;
	}
	/* at least one byte, so that the answer is never NULL on success */
	if (grow(b, b->n + n + (b->n + n == 0)))
		return NULL;
	return b->p + b->n;
}

int buf_put(struct buf *b, const void *p, size_t n)
{
	uint8_t *to = buf_reserve(b, n);

	if (!to)
		return b->err;
	if (n)
		memcpy(to, p, n);
	b->n += n;
	return ERR_OK;
}

int buf_put_u8(struct buf *b, uint8_t v)
{
	return buf_put(b, &v, 1);
}

int buf_put_be16(struct buf *b, uint16_t v)
{
	uint8_t raw[2];

	be16_put(raw, v);
	return buf_put(b, raw, sizeof(raw));
}

int buf_put_be32(struct buf *b, uint32_t v)
{
	uint8_t raw[4];

	be32_put(raw, v);
	return buf_put(b, raw, sizeof(raw));
}

int buf_put_be64(struct buf *b, uint64_t v)
{
	uint8_t raw[8];

	be64_put(raw, v);
	return buf_put(b, raw, sizeof(raw));
}

int buf_put_varint(struct buf *b, uint64_t v)
{
	uint8_t raw[VARINT_BYTES_MAX];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		raw[n++] = (uint8_t)(v | 0x80);
	raw[n++] = (uint8_t)v;
	return buf_put(b, raw, n);
}

int buf_puts(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	size_t room;
	int n;

	if (b->err)
		return b->err;
	room = b->cap - b->n;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(room ? (char *)b->p + b->n : NULL, room, fmt, ap);
	if (n < 0)
		b->err = ERR_LIMIT;
	else if (!buf_reserve(b, (size_t)n) || grow(b, b->n + (size_t)n + 1))
		n = 0;
	else if ((size_t)n >= room)
		vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
	if (!b->err)
		b->n += (size_t)n;
	va_end(again);
	va_end(ap);
	return b->err;
}

const char *buf_str(struct buf *b)
{
	if (b->err || grow(b, b->n + 1))
		return "";
	b->p[b->n] = '\0';
	return (const char *)b->p;
}

struct cur cur_of(const void *p, size_t n)
{
	static const uint8_t nothing[1];
	const uint8_t *from = p ? p : nothing;

	assert(p || n == 0);
	return (struct cur){.p = from, .end = from + n};
}

size_t cur_left(const struct cur *c)
{
	return (size_t)(c->end - c->p);
}

const uint8_t *cur_take(struct cur *c, size_t n)
{
	const uint8_t *p = c->p;

	if (c->err)
		return NULL;
	if (n > cur_left(c)) {
		c->err = ERR_FORMAT;
		return NULL;
	}
	c->p += n;
	return p;
}

uint8_t cur_u8(struct cur *c)
{
	const uint8_t *p = cur_take(c, 1);

	return p ? *p : 0;
}

uint16_t cur_be16(struct cur *c)
{
	const uint8_t *p = cur_take(c, 2);

	return p ? be16_get(p) : 0;
}

uint32_t cur_be32(struct cur *c)
{
	const uint8_t *p = cur_take(c, 4);

	return p ? be32_get(p) : 0;
}

uint64_t cur_be64(struct cur *c)
{
	const uint8_t *p = cur_take(c, 8);

	return p ? be64_get(p) : 0;
}

uint64_t cur_varint(struct cur *c)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
		uint8_t byte = cur_u8(c);

		/* the tenth byte carries bit 63 only; a last byte of zero adds nothing */
		if (c->err || (i == VARINT_BYTES_MAX - 1 && byte > 1) || (i > 0 && byte == 0))
			break;
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80)
			return v;
	}
	c->err = ERR_FORMAT;
	return 0;
}

void cur_copy(struct cur *c, void *out, size_t n)
{
	const uint8_t *p = cur_take(c, n);

	if (n == 0)
		return;
	if (p)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
}

int cur_done(const struct cur *c)
{
	return !c->err && c->p == c->end ? ERR_OK : ERR_FORMAT;
}
