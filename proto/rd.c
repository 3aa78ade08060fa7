#include "proto/rd.h"

#include "lib/err.h"
#include "lib/text.h"

/* What the first bytes of a value say; the last three announce bytes or elements that follow. */
enum kind { KIND_BAD, KIND_UINT, KIND_NEG, KIND_BOOL, KIND_STR, KIND_BIN, KIND_ARRAY };

struct head {
	enum kind kind;
	uint64_t value; /* number (two's complement when negative), length or element count */
};

static const struct head bad_head = {KIND_BAD, 0};

static void rd_fail(struct rd *r)
{
	r->c.err = ERR_FORMAT;
	r->c.p = r->c.end; /* nothing can be read after an error */
}

static uint64_t rd_left(const struct rd *r)
{
	return (uint64_t)(r->c.end - r->c.p);
}

/* A big-endian number of @n bytes that a shorter form could not have held: at least @min. */
static struct head wide(struct rd *r, enum kind kind, unsigned n, uint64_t min)
{
	uint64_t v = 0;

	if (rd_left(r) < n)
		return bad_head;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | *r->c.p++;
	if (v < min)
		return bad_head;
	return (struct head){kind, v};
}

/* A negative number of @n bytes, less than @limit. Zero and above have unsigned forms. */
static struct head wide_neg(struct rd *r, unsigned n, int64_t limit)
{
	struct head h = wide(r, KIND_NEG, n, 0);
	uint64_t sign = UINT64_C(1) << (8 * n - 1);

	if (h.kind == KIND_BAD || !(h.value & sign))
		return bad_head;
	h.value |= ~(sign | (sign - 1));
	if ((int64_t)h.value >= limit)
		return bad_head;
	return h;
}

static struct head head_of(struct rd *r)
{
	uint8_t b;

	if (!rd_left(r))
		return bad_head;
	b = *r->c.p++;
	if (b <= 0x7f)
		return (struct head){KIND_UINT, b};
	if (b >= 0xe0)
		return (struct head){KIND_NEG, UINT64_MAX - 0xff + b};
	if (b >= 0xa0 && b <= 0xbf)
		return (struct head){KIND_STR, b & 0x1f};
	if (b >= 0x90 && b <= 0x9f)
		return (struct head){KIND_ARRAY, b & 0x0f};
	switch (b) {
	case 0xc2: return (struct head){KIND_BOOL, 0};
	case 0xc3: return (struct head){KIND_BOOL, 1};
	case 0xc4: return wide(r, KIND_BIN, 1, 0);
	case 0xc5: return wide(r, KIND_BIN, 2, 0x100);
	case 0xc6: return wide(r, KIND_BIN, 4, 0x10000);
	case 0xcc: return wide(r, KIND_UINT, 1, 0x80);
	case 0xcd: return wide(r, KIND_UINT, 2, 0x100);
	case 0xce: return wide(r, KIND_UINT, 4, 0x10000);
	case 0xcf: return wide(r, KIND_UINT, 8, UINT64_C(0x100000000));
	case 0xd0: return wide_neg(r, 1, -32);
	case 0xd1: return wide_neg(r, 2, INT8_MIN);
	case 0xd2: return wide_neg(r, 4, INT16_MIN);
	case 0xd3: return wide_neg(r, 8, INT32_MIN);
	case 0xd9: return wide(r, KIND_STR, 1, 0x20);
	case 0xda: return wide(r, KIND_STR, 2, 0x100);
	case 0xdb: return wide(r, KIND_STR, 4, 0x10000);
	case 0xdc: return wide(r, KIND_ARRAY, 2, 0x10);
	case 0xdd: return wide(r, KIND_ARRAY, 4, 0x10000);
	default: return bad_head; /* nil, floats, maps, ext, 0xc1 */
	}
}

/* The head of a value of the kind @want and no other; its value, or 0 after an error. A count or
 * length never exceeds the bytes left, so nobody can be made to reserve more than was sent. */
static uint64_t rd_head(struct rd *r, enum kind want)
{
	struct head h = head_of(r);

	if (h.kind != want || (want >= KIND_STR && h.value > rd_left(r))) {
		rd_fail(r);
		return 0;
	}
	return h.value;
}

static struct bytes rd_run(struct rd *r, uint64_t n)
{
	struct bytes b = {r->c.p, (size_t)n};

	if (r->c.err)
		return (struct bytes){NULL, 0};
	r->c.p += n;
	return b;
}

struct rd rd_of(const void *p, size_t n)
{
	return (struct rd){cur_of(p, n)};
}

uint32_t rd_array(struct rd *r)
{
	return (uint32_t)rd_head(r, KIND_ARRAY);
}

uint64_t rd_u64(struct rd *r)
{
	return rd_head(r, KIND_UINT);
}

int64_t rd_i64(struct rd *r)
{
	struct head h = head_of(r);

	if (h.kind == KIND_NEG || (h.kind == KIND_UINT && h.value <= INT64_MAX))
		return (int64_t)h.value;
	rd_fail(r);
	return 0;
}

bool rd_bool(struct rd *r)
{
	return rd_head(r, KIND_BOOL) != 0;
}

struct bytes rd_str(struct rd *r)
{
	struct bytes s = rd_run(r, rd_head(r, KIND_STR));

	if (s.p && !utf8_valid(s.p, s.n)) {
		rd_fail(r);
		return (struct bytes){NULL, 0};
	}
	return s;
}

struct bytes rd_bin(struct rd *r)
{
	return rd_run(r, rd_head(r, KIND_BIN));
}

int rd_err(const struct rd *r)
{
	return r->c.err;
}

int rd_done(const struct rd *r)
{
	return cur_done(&r->c);
}

/* Steps over one value, for an array only over its head. True for an array; then its element
 * count is in @ret_count. */
static bool skip_head(struct rd *r, uint32_t *ret_count)
{
	struct rd start = *r;
	struct head h = head_of(r);

	switch (h.kind) {
	case KIND_UINT:
	case KIND_NEG:
	case KIND_BOOL: return false;
	case KIND_STR:
		*r = start;
		rd_str(r);
		return false;
	case KIND_BIN:
		*r = start;
		rd_bin(r);
		return false;
	case KIND_ARRAY:
		*r = start;
		*ret_count = rd_array(r);
		return true;
	case KIND_BAD: break;
	}
	rd_fail(r);
	return false;
}

void rd_skip(struct rd *r)
{
	uint32_t todo[RD_DEPTH_MAX + 1] = {1}; /* values still to come, inside so many arrays */
	unsigned depth = 0;

	while (!r->c.err) {
		uint32_t count = 0;

		if (todo[depth] == 0) {
			if (depth == 0)
				return;
			depth--;
			continue;
		}
		todo[depth]--;
		if (!skip_head(r, &count))
			continue;
		if (depth == RD_DEPTH_MAX)
			rd_fail(r);
		else
			todo[++depth] = count;
	}
}
