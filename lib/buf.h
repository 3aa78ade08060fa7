#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes. */
struct bytes {
	const uint8_t *p;
	size_t n;
};
static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The byte behind the last one. Of no bytes NULL may be the place, to which C does not even add 0. */
static inline const uint8_t *bytes_end(struct bytes b)
{
	return b.n ? b.p + b.n : b.p;
}

static inline struct bytes bytes_str(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* A growing byte buffer with a sticky error: after the first failure every call does nothing and
 * buf.err says why. Zero-initialised is valid and empty; then the maximum is BUF_BYTES_MAX. */
struct buf {
	uint8_t *p;
	size_t n;   /* bytes used */
	size_t cap; /* bytes allocated */
	size_t max; /* 0: BUF_BYTES_MAX */
	int err;    /* ERR_OK, ERR_NOMEM or ERR_LIMIT */
};

#define BUF_BYTES_MAX ((size_t)256 << 20)

void buf_init(struct buf *b, size_t max);
void buf_close(struct buf *b); /* frees; the buffer is then valid and empty. NULL is allowed. */
void buf_reset(struct buf *b); /* empties, keeps the memory, clears the error */
/* Makes room for @n more bytes and returns where they go (caller then adds to b->n), or NULL. */
uint8_t *buf_reserve(struct buf *b, size_t n);
int buf_put(struct buf *b, const void *p, size_t n);
int buf_put_u8(struct buf *b, uint8_t v);
int buf_put_be16(struct buf *b, uint16_t v);
int buf_put_be32(struct buf *b, uint32_t v);
int buf_put_be64(struct buf *b, uint64_t v);
int buf_put_varint(struct buf *b, uint64_t v); /* LEB128, at most 10 bytes */
int buf_puts(struct buf *b, const char *s);
__attribute__((format(printf, 2, 3))) int buf_printf(struct buf *b, const char *fmt, ...);
/* Ends the text with a NUL that is not counted, and returns it; "" after an error. */
const char *buf_str(struct buf *b);
static inline struct bytes buf_bytes(const struct buf *b)
{
	return (struct bytes){b->p, b->n};
}

/* Big-endian loads and stores on plain memory. */
static inline uint16_t be16_get(const uint8_t *p)
{
	return (uint16_t)((uint16_t)p[0] << 8 | p[1]);
}
static inline uint32_t be32_get(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint64_t be64_get(const uint8_t *p)
{
	return (uint64_t)be32_get(p) << 32 | be32_get(p + 4);
}
static inline void be16_put(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}
static inline void be32_put(uint8_t *p, uint32_t v)
{
	be16_put(p, (uint16_t)(v >> 16));
	be16_put(p + 2, (uint16_t)v);
}
static inline void be64_put(uint8_t *p, uint64_t v)
{
	be32_put(p, (uint32_t)(v >> 32));
	be32_put(p + 4, (uint32_t)v);
}

/* A bounded cursor over borrowed bytes, sticky: after the first short read cur.err is set, reads
 * give zeros and NULL. */
struct cur {
	const uint8_t *p;
	const uint8_t *end;
	int err; /* ERR_OK or ERR_FORMAT */
};

struct cur cur_of(const void *p, size_t n);
size_t cur_left(const struct cur *c);
const uint8_t *cur_take(struct cur *c, size_t n); /* NULL when fewer than @n are left */
uint8_t cur_u8(struct cur *c);
uint16_t cur_be16(struct cur *c);
uint32_t cur_be32(struct cur *c);
uint64_t cur_be64(struct cur *c);
uint64_t cur_varint(struct cur *c); /* shortest form only */
void cur_copy(struct cur *c, void *out, size_t n);
/* ERR_OK when nothing failed and nothing is left over, else ERR_FORMAT. */
int cur_done(const struct cur *c);

#endif
