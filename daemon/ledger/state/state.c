#include "daemon/ledger/state/state.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "lib/err.h"

/* --- the table ------------------------------------------------------------------------------------- */
#define FIELD(value, type, name) {STATE_FIELD_##type, #name, offsetof(struct state_##value, name)},
#define VALUE(value)                                                                               \
	static const struct state_field value##_fields[] = {VALUE_##value(FIELD, value)};
STATE_VALUES(VALUE)
#undef VALUE
#undef FIELD

/* The last is not counted: a key may have no parts. */
#define PART(type, name) {STATE_PART_##type, #name},
#define PARTS(KIND, name, letter, codec, value, zh, en)                                            \
	static const struct state_part name##_parts[] = {KEY_##name(PART){STATE_PART_REST, ""}};
STATE_ROWS(PARTS)
#undef PARTS
#undef PART

#define COUNT(list)   (sizeof(list) / sizeof(list[0]))
#define FIELDS(value) value##_fields, COUNT(value##_fields)
#define OWN(value)    NULL, 0
#define BLOCK(value)  NULL, 0
#define ROW(KIND, name, letter, codec, value, zh, en)                                              \
	[letter] = {#name, zh, en, name##_parts, COUNT(name##_parts) - 1, codec(value)},
static const struct state_row rows[] = {STATE_ROWS(ROW)};
#undef ROW
#undef BLOCK
#undef OWN
#undef FIELDS

const struct state_row *state_row_of(uint8_t kind)
{
	return kind < COUNT(rows) && rows[kind].name ? &rows[kind] : NULL;
}

/* --- keys ------------------------------------------------------------------------------------------ */
void state_key_of(struct state_key *k, uint32_t feed_no, enum state_kind kind)
{
	be32_put(k->b, feed_no);
	k->b[STATE_FEED_LEN] = (uint8_t)kind;
	k->n = STATE_FEED_LEN + 1;
}

static void put_raw(struct state_key *k, const void *p, size_t n)
{
	assert(k->n <= STATE_KEY_MAX);
	assert(n <= (size_t)(STATE_KEY_MAX - k->n));
	if (n)
		memcpy(k->b + k->n, p, n);
	k->n = (uint8_t)(k->n + n);
}

void state_key_after(struct state_key *k)
{
	put_raw(k, "", 1);
}

static void put_U8(struct state_key *k, uint64_t v)
{
	uint8_t b = (uint8_t)v;

	assert(v <= UINT8_MAX);
	put_raw(k, &b, 1);
}

static void put_U16(struct state_key *k, uint64_t v)
{
	uint8_t b[2];

	assert(v <= UINT16_MAX);
	be16_put(b, (uint16_t)v);
	put_raw(k, b, sizeof(b));
}

static void put_U32(struct state_key *k, uint64_t v)
{
	uint8_t b[4];

	assert(v <= UINT32_MAX);
	be32_put(b, (uint32_t)v);
	put_raw(k, b, sizeof(b));
}

static void put_U64(struct state_key *k, uint64_t v)
{
	uint8_t b[8];

	be64_put(b, v);
	put_raw(k, b, sizeof(b));
}

static void put_UINT(struct state_key *k, uint64_t v)
{
	uint8_t b[8], n = 0;

	be64_put(b, v);
	while (n < 8 && b[n] == 0)
		n++;
	put_U8(k, 8u - n);
	put_raw(k, b + n, 8u - n);
}

static void put_DAY(struct state_key *k, day_t day)
{
	put_U32(k, (uint32_t)day + STATE_DAY_BIAS);
}

static void put_TEXT(struct state_key *k, struct bytes text)
{
	put_raw(k, text.p, text.n);
	put_U8(k, 0);
}

static void put_KEY(struct state_key *k, const uint8_t *key)
{
	put_raw(k, key, HASH_BYTES);
}

static void put_ID(struct state_key *k, const uint8_t *id)
{
	put_raw(k, id, STATE_ID);
}

static void put_REST(struct state_key *k, struct bytes rest)
{
	put_raw(k, rest.p, rest.n);
}

/* What the parts of a key take, one after another. */
static struct bytes take(struct cur *c, size_t n)
{
	const uint8_t *p = cur_take(c, n);

	return (struct bytes){p, p ? n : 0};
}

static struct bytes take_TEXT(struct cur *c)
{
	const uint8_t *end = c->p ? memchr(c->p, 0, cur_left(c)) : NULL;
	struct bytes text;

	if (!end) {
		c->err = ERR_FORMAT;
		return (struct bytes){NULL, 0};
	}
	text = take(c, (size_t)(end - c->p));
	cur_u8(c);
	return text;
}

static uint64_t take_UINT(struct cur *c)
{
	struct bytes b = take(c, cur_u8(c));
	uint64_t v = 0;

	if (b.n > sizeof(v) || (b.n && b.p[0] == 0))
		c->err = ERR_FORMAT;
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

static day_t take_DAY(struct cur *c)
{
	return (day_t)(cur_be32(c) - STATE_DAY_BIAS);
}

#define take_U8(c)   cur_u8(c)
#define take_U16(c)  cur_be16(c)
#define take_U32(c)  cur_be32(c)
#define take_U64(c)  cur_be64(c)
#define take_KEY(c)  cur_take(c, HASH_BYTES)
#define take_ID(c)   cur_take(c, STATE_ID)
#define take_REST(c) take(c, cur_left(c))

#define PUT(type, name)	 put_##type(k, name);
#define TAKE(type, name) p.name = take_##type(&c);
#define KEY(KIND, name, letter, codec, value, zh, en)                                              \
	void state_##name##_key(struct state_key *k, uint32_t feed_no KEY_##name(STATE_PARAM))     \
	{                                                                                          \
		state_key_of(k, feed_no, STATE_##KIND);                                            \
		KEY_##name(PUT)                                                                    \
	}                                                                                          \
                                                                                                   \
	int state_##name##_split(struct bytes key, struct state_##name##_parts *ret)               \
	{                                                                                          \
		struct cur c = cur_of(key.p, key.n);                                               \
		struct state_##name##_parts p;                                                     \
                                                                                                   \
		cur_take(&c, STATE_FEED_LEN);                                                      \
		p.kind = cur_u8(&c);                                                               \
		KEY_##name(TAKE) if (cur_done(&c) || p.kind != STATE_##KIND) return ERR_CORRUPT;   \
		*ret = p;                                                                          \
		return ERR_OK;                                                                     \
	}
STATE_ROWS(KEY)
#undef KEY
#undef TAKE
#undef PUT

size_t state_key_prefix(const struct state_key *k, unsigned parts)
{
	const struct state_row *row = state_row_of(k->b[STATE_FEED_LEN]);
	struct cur c = cur_of(k->b, k->n);

	assert(row && parts <= row->nparts);
	cur_take(&c, STATE_FEED_LEN + 1);
	for (unsigned i = 0; i < parts; i++)
		state_key_part(&c, row->part[i].type);
	assert(c.err == ERR_OK);
	return k->n - cur_left(&c);
}

struct bytes state_key_part(struct cur *c, enum state_part_type type)
{
	const uint8_t *from = c->p;

	switch (type) {
	case STATE_PART_U8: return take(c, 1);
	case STATE_PART_U16: return take(c, 2);
	case STATE_PART_U32:
	case STATE_PART_DAY: return take(c, 4);
	case STATE_PART_U64: return take(c, 8);
	case STATE_PART_KEY: return take(c, HASH_BYTES);
	case STATE_PART_ID: return take(c, STATE_ID);
	case STATE_PART_TEXT: return take_TEXT(c);
	case STATE_PART_UINT: take_UINT(c); return (struct bytes){from, (size_t)(c->p - from)};
	case STATE_PART_REST: break;
	}
	return take(c, cur_left(c));
}

/* --- values ---------------------------------------------------------------------------------------- */
void state_put_zigzag(struct buf *out, int64_t v)
{
	buf_put_varint(out, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

int64_t state_get_zigzag(struct cur *c)
{
	uint64_t v = state_get_num(c);

	return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

void state_put_day(struct buf *out, day_t d)
{
	state_put_zigzag(out, d);
}

day_t state_get_day(struct cur *c)
{
	int64_t v = state_get_zigzag(c);

	if (v < DAY_MIN || v > DAY_MAX) {
		c->err = ERR_FORMAT;
		return DAY_NONE;
	}
	return (day_t)v;
}

void state_put_text(struct buf *out, struct bytes text)
{
	buf_put_varint(out, text.n);
	buf_put(out, text.p, text.n);
}

struct bytes state_get_text(struct cur *c)
{
	uint64_t n = state_get_num(c);
	const uint8_t *p;

	if (n > cur_left(c)) {
		c->err = ERR_FORMAT;
		return (struct bytes){NULL, 0};
	}
	p = cur_take(c, (size_t)n);
	return (struct bytes){p, p ? (size_t)n : 0};
}

static bool get_bool(struct cur *c)
{
	uint8_t v = cur_u8(c);

	if (v > 1)
		c->err = ERR_FORMAT;
	return v == 1;
}

uint32_t state_get_u32(struct cur *c)
{
	uint64_t v = state_get_num(c);

	if (v > UINT32_MAX)
		c->err = ERR_FORMAT;
	return (uint32_t)v;
}

static struct bytes get_code(struct cur *c)
{
	struct bytes code = state_get_text(c);

	if (code.n == 0 || code.n > STATE_CODE_MAX)
		c->err = ERR_FORMAT;
	return code;
}

static void put_field(struct buf *out, enum state_field_type type, const void *v)
{
	switch (type) {
	case STATE_FIELD_BOOL: buf_put_u8(out, *(const bool *)v); break;
	case STATE_FIELD_NUM: buf_put_varint(out, *(const uint64_t *)v); break;
	case STATE_FIELD_U32: buf_put_varint(out, *(const uint32_t *)v); break;
	case STATE_FIELD_U8: buf_put_u8(out, (uint8_t) * (const uint32_t *)v); break;
	case STATE_FIELD_SUM: state_put_zigzag(out, *(const int64_t *)v); break;
	case STATE_FIELD_DAY: state_put_day(out, *(const day_t *)v); break;
	case STATE_FIELD_TEXT:
	case STATE_FIELD_CODE: state_put_text(out, *(const struct bytes *)v); break;
	case STATE_FIELD_KEY: buf_put(out, *(const uint8_t *const *)v, HASH_BYTES); break;
	case STATE_FIELD_RAW:
		buf_put(out, ((const struct bytes *)v)->p, ((const struct bytes *)v)->n);
		break;
	}
}

static void get_field(struct cur *c, enum state_field_type type, void *ret)
{
	switch (type) {
	case STATE_FIELD_BOOL: *(bool *)ret = get_bool(c); break;
	case STATE_FIELD_NUM: *(uint64_t *)ret = state_get_num(c); break;
	case STATE_FIELD_U32: *(uint32_t *)ret = state_get_u32(c); break;
	case STATE_FIELD_U8: *(uint32_t *)ret = cur_u8(c); break;
	case STATE_FIELD_SUM: *(int64_t *)ret = state_get_zigzag(c); break;
	case STATE_FIELD_DAY: *(day_t *)ret = state_get_day(c); break;
	case STATE_FIELD_TEXT: *(struct bytes *)ret = state_get_text(c); break;
	case STATE_FIELD_CODE: *(struct bytes *)ret = get_code(c); break;
	case STATE_FIELD_KEY: *(const uint8_t **)ret = cur_take(c, HASH_BYTES); break;
	case STATE_FIELD_RAW: *(struct bytes *)ret = take(c, cur_left(c)); break;
	}
}

static void put_fields(struct buf *out, const struct state_field *f, size_t n, const void *v)
{
	for (size_t i = 0; i < n; i++)
		put_field(out, f[i].type, (const uint8_t *)v + f[i].at);
}

static int get_fields(struct bytes row, const struct state_field *f, size_t n, void *ret)
{
	struct cur c = cur_of(row.p, row.n);

	for (size_t i = 0; i < n; i++)
		get_field(&c, f[i].type, (uint8_t *)ret + f[i].at);
	/* what is in the store was written by this file: anything else is damage */
	return cur_done(&c) ? ERR_CORRUPT : ERR_OK;
}

#define VALUE(value)                                                                               \
	void state_##value##_pack(const struct state_##value *v, struct buf *out)                  \
	{                                                                                          \
		put_fields(out, value##_fields, COUNT(value##_fields), v);                         \
	}                                                                                          \
                                                                                                   \
	int state_##value##_parse(struct bytes row, struct state_##value *ret)                     \
	{                                                                                          \
		struct state_##value v;                                                            \
		int err = get_fields(row, value##_fields, COUNT(value##_fields), &v);              \
                                                                                                   \
		if (!err)                                                                          \
			*ret = v;                                                                  \
		return err;                                                                        \
	}
STATE_VALUES(VALUE)
#undef VALUE

/* --- accounts -------------------------------------------------------------------------------------- */
static size_t zigzag_bytes(uint8_t *p, int64_t v)
{
	return state_num_bytes(p, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

#define ACCOUNT_NUMS 8
void state_account_pack(const struct state_account *a, struct buf *out)
{
	uint8_t b[10 * ACCOUNT_NUMS];
	size_t n = zigzag_bytes(b, a->earned);

	n += zigzag_bytes(b + n, a->deducted);
	n += zigzag_bytes(b + n, a->lines);
	n += zigzag_bytes(b + n, a->redeemed);
	n += zigzag_bytes(b + n, a->transferred);
	n += zigzag_bytes(b + n, a->opening);
	n += state_num_bytes(b + n, a->first);
	n += state_num_bytes(b + n, a->last - a->first);
	buf_put(out, b, n);
	buf_put(out, a->postings.p, a->postings.n);
}

int state_account_parse(struct bytes row, struct state_account *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->earned = state_get_zigzag(&c);
	ret->deducted = state_get_zigzag(&c);
	ret->lines = state_get_zigzag(&c);
	ret->redeemed = state_get_zigzag(&c);
	ret->transferred = state_get_zigzag(&c);
	ret->opening = state_get_zigzag(&c);
	ret->first = state_get_num(&c);
	ret->last = state_get_num(&c);
	if (c.err || ret->last > UINT64_MAX - ret->first)
		return ERR_CORRUPT;
	ret->last += ret->first;
	ret->postings = (struct bytes){c.p, cur_left(&c)};
	return ERR_OK;
}

bool state_account_balance(const struct state_account *a, struct points *ret)
{
	struct points sum;

	return points_sub(points_of(a->earned), points_of(a->deducted), &sum) &&
	       points_sub(sum, points_of(a->redeemed), &sum) &&
	       points_add(sum, points_of(a->transferred), ret);
}
