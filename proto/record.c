#include "proto/record.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "lib/text.h"
#include "proto/rd.h"
#include "proto/record_value.h"
#include "proto/wr.h"

/* --- tables, all of them made from proto/records.def ------------------------------------------------ */

#define CHOICE_ROW(list, value, name, zh, en) [value] = {#name, zh, en},
#define CHOICE_TABLE(list)                                                                         \
	static const struct rec_choice choice_##list[] = {CHOICES_##list(CHOICE_ROW)};
CHOICES_ALL(CHOICE_TABLE)

#define LIST_ROW(list) {#list, choice_##list, sizeof(choice_##list) / sizeof(choice_##list[0])},
const struct rec_choices rec_lists[] = {CHOICES_ALL(LIST_ROW)};
const uint32_t rec_nlists = REC_LIST_NONE;

/* what a field means; of those that name another one, it is in the same head or line */
#define NAME			.person = true
#define PAPER			.paper = true
#define PHONE			.phone = true
#define DEFAULT(how)		.fill = REC_##how
#define FIRST(text)		.first = (text)
#define TOGETHER(R, with)	.together = &fields_##R[AT_##R##_##with]
#define KEY			.key = true
#define NEAR			.near = true
#define COUNTS(of)		.counts = REC_##of
#define EXAMPLE(text)		.example = (text)
#define PAST			.past = true
#define PERIOD_TO(R, from)	.not_before = &fields_##R[AT_##R##_##from]
#define AT_MOST(R, field)	.at_most = &fields_##R[AT_##R##_##field]
#define HOUSEHOLD(is)		.household = REC_##is
#define MEMBER(R, of, is)	.member = REC_##is, .member_of = &fields_##R[AT_##R##_##of]
#define ENROLLED		.enrolled = true
#define OTHER_PERSON		.other_person = true
#define REF(type)		.ref = REC_##type
#define SETTLES			.settles = true
#define SETTLES_FOR(R, village) .settles = true, .settles_for = &fields_##R[AT_##R##_##village]
#define DONE_WHEN(R, yes)	.done_when = &fields_##R[AT_##R##_##yes]

/* Tables fields_points for a head and fields_points_line for its lines, with the places of their fields. */
#define FIELD_AT(R, field, ...) AT_##R##_##field,
#define FIELD(R, field, kind_, min_, max_, list, privacy_, zh_, ...)                               \
	{.name = #field,                                                                           \
	 .kind = REC_##kind_,                                                                      \
	 .privacy = REC_##privacy_,                                                                \
	 .offset = offsetof(struct rec_##R, field),                                                \
	 .min = (min_),                                                                            \
	 .max = (max_),                                                                            \
	 .choices = REC_LIST_##list == REC_LIST_NONE ? NULL : &rec_lists[REC_LIST_##list],         \
	 .zh = (zh_),                                                                              \
	 .en = __VA_ARGS__},
#define REC_X(name, ...)                                                                           \
	enum { HEAD_##name(FIELD_AT, name) };                                                      \
	static const struct rec_field fields_##name[] = {HEAD_##name(FIELD, name)};                \
	_Static_assert(sizeof(struct rec_##name) <= REC_HEAD_SIZE_MAX, "head too large");
#define REC_XL(name, code, schema, feed, roles, index, rule, open, lmin, lmax, ...)                \
	REC_X(name, code)                                                                          \
	enum { LINE_##name(FIELD_AT, name##_line) };                                               \
	static const struct rec_field fields_##name##_line[] = {LINE_##name(FIELD, name##_line)};  \
	_Static_assert(sizeof(struct rec_##name##_line) <= REC_LINE_SIZE_MAX,                      \
		       "a line that is too large");                                                \
	_Static_assert((lmax) < ENTRY_PARTS_MAX, "more lines than parts");
RECORDS(REC_X, REC_XL)
#undef REC_X
#undef REC_XL

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define REC_IS_LISTED true
#define REC_IS_BULK   false
/* the column @rule: who checks the fields of the lines */
#define REC_BY_RULE   false
#define REC_BY_FIELDS false
#define REC_BY_LINES  true
/* the column @open */
#define CLOSED		 .open.is = false
#define OPEN_UNDATED	 .open.is = true
#define OPEN(name, day_) OPEN_UNDATED, .open.day = &fields_##name[AT_##name##_##day_]
#define OPEN_WITHIN(name, day_, days_)                                                             \
	OPEN(name, day_), .open.days = &fields_scheme[AT_scheme_##days_]
#define TYPE(type, no, version, feeds, writers, index, rule)                                       \
	.name = #type, .code = (no), .schema = (version), .feed = REC_FEED_##feeds,                \
	.roles = (writers), .listed = REC_IS_##index, .own_lines = REC_BY_##rule,                  \
	.head = fields_##type, .nhead = COUNT(fields_##type),                                      \
	.head_size = sizeof(struct rec_##type)
#define REC_X(name, code, schema, feed, roles, index, rule, open, name_zh, name_en)                \
	{TYPE(name, code, schema, feed, roles, index, rule), open, .zh = name_zh, .en = name_en},
#define REC_XL(name, code, schema, feed, roles, index, rule, open, lmin, lmax, name_zh, name_en)   \
	{TYPE(name, code, schema, feed, roles, index, rule),                                       \
	 open,                                                                                     \
	 .line = fields_##name##_line,                                                             \
	 .nline = COUNT(fields_##name##_line),                                                     \
	 .lines_min = (lmin),                                                                      \
	 .lines_max = (lmax),                                                                      \
	 .line_size = sizeof(struct rec_##name##_line),                                            \
	 .zh = name_zh,                                                                            \
	 .en = name_en},
const struct rec_type rec_types[] = {RECORDS(REC_X, REC_XL)};
const uint32_t rec_ntypes = COUNT(rec_types);
#undef REC_X
#undef REC_XL

/* Place of a type in the table. */
#define REC_X(name, ...) PLACE_##name,
enum { RECORDS(REC_X, REC_X) };
#undef REC_X

const struct rec_type *rec_type_of(uint16_t code)
{
	/* a switch, so that a code used twice does not compile */
	switch (code) {
#define REC_X(name, code, ...)                                                                     \
	case code: return &rec_types[PLACE_##name];
		RECORDS(REC_X, REC_X)
#undef REC_X
	default: return NULL;
	}
}

const struct rec_type *rec_type_named(const char *name)
{
	for (uint32_t i = 0; i < rec_ntypes; i++)
		if (strcmp(rec_types[i].name, name) == 0)
			return &rec_types[i];
	return NULL;
}

struct bytes rec_title(const struct rec_type *t, enum lang lang)
{
	return bytes_str(lang == LANG_EN ? t->en : t->zh);
}

/* --- one value --------------------------------------------------------------------------------------- */

static bool within(int64_t v, const struct rec_field *f)
{
	return v >= f->min && v <= f->max;
}

static bool length_ok(struct bytes b, const struct rec_field *f)
{
	return b.n <= (uint64_t)f->max && b.n >= (uint64_t)f->min;
}

/* Bytes that may be left out are a hash or a key: all of it, or nothing. */
static bool is_whole(struct bytes b, const struct rec_field *f)
{
	return f->min > 0 ? length_ok(b, f) : b.n == 0 || b.n == (uint64_t)f->max;
}

static bool is_code(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		uint8_t c = b.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

static bool has_control(struct bytes b)
{
	bool found = false;

	for (size_t i = 0; i < b.n; i++) /* no early exit: this way the compiler makes it fast */
		found |= b.p[i] < 0x20 || b.p[i] == 0x7f;
	return found;
}

static bool is_day(day_t day, const struct rec_field *f)
{
	return day == DAY_NONE ? f->min == 0 : day >= DAY_MIN && day <= DAY_MAX;
}

static bool value_ok(const struct rec_field *f, const void *s)
{
	struct bytes b;

	switch (f->kind) {
	case REC_MINUTE:
	case REC_U: return value_u(f, s) <= INT64_MAX && within((int64_t)value_u(f, s), f);
	case REC_POINTS: return within(points_raw(value_points(f, s)), f);
	case REC_FEN: return within(fen_raw(value_fen(f, s)), f);
	case REC_QTY: return within(qty_raw(value_qty(f, s)), f);
	case REC_DAY: return is_day(value_day(f, s), f);
	case REC_TEXT: b = value_bytes(f, s); return length_ok(b, f) && utf8_clean(b.p, b.n, false);
	case REC_CODE: b = value_bytes(f, s); return length_ok(b, f) && is_code(b);
	case REC_DIGEST:
	case REC_BIN: return is_whole(value_bytes(f, s), f);
	case REC_CHOICE: return within(value_choice(f, s), f);
	}
	return false;
}

static void value_write(const struct rec_field *f, const void *s, struct buf *out)
{
	struct bytes b;

	switch (f->kind) {
	case REC_MINUTE:
	case REC_U: wr_u64(out, value_u(f, s)); break;
	case REC_POINTS: wr_i64(out, points_raw(value_points(f, s))); break;
	case REC_FEN: wr_i64(out, fen_raw(value_fen(f, s))); break;
	case REC_QTY: wr_i64(out, qty_raw(value_qty(f, s))); break;
	case REC_DAY: wr_i64(out, value_day(f, s)); break;
	case REC_TEXT:
	case REC_CODE:
		b = value_bytes(f, s);
		wr_str(out, b.p, b.n);
		break;
	case REC_DIGEST:
	case REC_BIN:
		b = value_bytes(f, s);
		wr_bin(out, b.p, b.n);
		break;
	case REC_CHOICE: wr_u64(out, value_choice(f, s)); break;
	}
}

/* Reads one value into @s and checks its bounds. False when it is out of them; whether it could be
 * read at all, the reader remembers. */
static bool value_read(const struct rec_field *f, struct rd *r, void *s)
{
	uint64_t u;
	int64_t i;
	struct bytes b;

	switch (f->kind) {
	case REC_MINUTE:
	case REC_U:
		u = rd_u64(r);
		value_put_u(f, s, u);
		return u <= INT64_MAX && within((int64_t)u, f);
	case REC_POINTS:
		i = rd_i64(r);
		value_put_points(f, s, points_of(i));
		return within(i, f);
	case REC_FEN:
		i = rd_i64(r);
		value_put_fen(f, s, fen_of(i));
		return within(i, f);
	case REC_QTY:
		i = rd_i64(r);
		value_put_qty(f, s, qty_of(i));
		return within(i, f);
	case REC_DAY:
		i = rd_i64(r);
		if (i < DAY_MIN || i > DAY_MAX)
			return false;
		value_put_day(f, s, (day_t)i);
		return is_day((day_t)i, f);
	case REC_TEXT: /* the reader has checked the encoding */
		b = rd_str(r);
		value_put_bytes(f, s, b);
		return length_ok(b, f) && !has_control(b);
	case REC_CODE:
		b = rd_str(r);
		value_put_bytes(f, s, b);
		return length_ok(b, f) && is_code(b);
	case REC_DIGEST:
	case REC_BIN:
		b = rd_bin(r);
		value_put_bytes(f, s, b);
		return is_whole(b, f);
	case REC_CHOICE:
		u = rd_u64(r);
		if (u > UINT32_MAX)
			return false;
		value_put_choice(f, s, (uint32_t)u);
		return within((int64_t)u, f);
	}
	return false;
}

bool rec_optional(const struct rec_field *f)
{
	return f->fill || (f->kind != REC_CHOICE && f->min <= 0);
}

const struct rec_field *rec_line_key(const struct rec_type *t)
{
	for (uint32_t i = 0; i < t->nline; i++)
		if (t->line[i].key)
			return &t->line[i];
	return NULL;
}

bool rec_first_needed(const struct rec_field *f)
{
	return f->fill == REC_KEPT && !f->first && (f->kind == REC_CHOICE || f->min > 0);
}

static bool kept_number(const struct rec_field *f, const void *s, int64_t *ret)
{
	switch (f->kind) {
	case REC_U: *ret = (int64_t)value_u(f, s); return true;
	case REC_POINTS: *ret = points_raw(value_points(f, s)); return true;
	case REC_FEN: *ret = fen_raw(value_fen(f, s)); return true;
	case REC_QTY:
	case REC_DAY:
	case REC_TEXT:
	case REC_CODE:
	case REC_BIN:
	case REC_CHOICE:
	case REC_MINUTE:
	case REC_DIGEST: break;
	}
	return false;
}

bool rec_far(const struct rec_field *f, const void *s, int64_t *ret_first, int64_t *ret_value)
{
	union rec_any usual;
	int64_t first, value;

	if (!f->near || !rec_put_first(f, &usual) || !kept_number(f, &usual, &first) ||
	    !kept_number(f, s, &value))
		return false;
	*ret_first = first;
	*ret_value = value;
	return value > 2 * first || (value < first && value < first - value);
}

bool rec_is_hex(const struct rec_field *f)
{
	return f->kind == REC_BIN || f->kind == REC_DIGEST;
}

uint64_t rec_u(const struct rec_field *f, const void *s)
{
	assert(f->kind == REC_U || f->kind == REC_MINUTE);
	return value_u(f, s);
}

uint32_t rec_chosen(const struct rec_field *f, const void *s)
{
	assert(f->kind == REC_CHOICE);
	return value_choice(f, s);
}

day_t rec_day(const struct rec_field *f, const void *s)
{
	assert(f->kind == REC_DAY);
	return value_day(f, s);
}

struct bytes rec_bytes(const struct rec_field *f, const void *s)
{
	assert(rec_is_hex(f) || f->kind == REC_TEXT || f->kind == REC_CODE);
	return value_bytes(f, s);
}

static size_t value_size(enum rec_kind kind)
{
	switch (kind) {
	case REC_MINUTE:
	case REC_U: return sizeof(uint64_t);
	case REC_POINTS: return sizeof(struct points);
	case REC_FEN: return sizeof(struct fen);
	case REC_QTY: return sizeof(struct qty);
	case REC_DAY: return sizeof(day_t);
	case REC_TEXT:
	case REC_CODE:
	case REC_DIGEST:
	case REC_BIN: return sizeof(struct bytes);
	case REC_CHOICE: return sizeof(uint32_t);
	}
	return 0;
}

bool rec_is_zero(const struct rec_field *f, const void *s)
{
	static const uint8_t zero[sizeof(struct bytes)];

	return memcmp((const uint8_t *)s + f->offset, zero, value_size(f->kind)) == 0;
}

void rec_copy(const struct rec_field *f, void *s, const void *from)
{
	value_put(f, s, (const uint8_t *)from + f->offset, value_size(f->kind));
}

void rec_clear(const struct rec_field *f, void *s)
{
	static const uint8_t zero[sizeof(struct bytes)];

	value_put(f, s, zero, value_size(f->kind));
}

void rec_put_bytes(const struct rec_field *f, void *s, struct bytes b)
{
	assert(rec_is_hex(f) || f->kind == REC_TEXT || f->kind == REC_CODE);
	value_put_bytes(f, s, b);
}

void rec_put_u(const struct rec_field *f, void *s, uint64_t u)
{
	assert(f->kind == REC_U);
	value_put_u(f, s, u);
}

void rec_put_day(const struct rec_field *f, void *s, day_t day)
{
	assert(f->kind == REC_DAY);
	value_put_day(f, s, day);
}

/* --- records ----------------------------------------------------------------------------------------- */

static int issue(struct rec_issue *ret, const struct rec_field *f, uint32_t part)
{
	if (ret)
		*ret = (struct rec_issue){f, part};
	return ERR_INVALID;
}

int rec_check(const struct rec_field *f, uint32_t n, const void *s, struct rec_issue *ret)
{
	for (uint32_t i = 0; i < n; i++)
		if (!value_ok(&f[i], s))
			return issue(ret, &f[i], 0);
	return ERR_OK;
}

static int part_write(const struct rec_field *f, uint32_t n, const void *s, uint32_t part,
		      struct buf *out, struct rec_issue *ret_issue)
{
	size_t mark = payload_part_begin(out);

	wr_array(out, n);
	for (uint32_t i = 0; i < n; i++) {
		if (!value_ok(&f[i], s))
			return issue(ret_issue, &f[i], part);
		value_write(&f[i], s, out);
	}
	payload_part_end(out, mark);
	return out->err;
}

int rec_encode(const struct rec_type *t, const void *head, const void *lines, uint32_t nlines,
	       const uint8_t secret[ENTRY_SECRET_BYTES], struct buf *out,
	       struct rec_issue *ret_issue)
{
	size_t start = out->n;
	int err;

	if (nlines < t->lines_min || nlines > t->lines_max)
		return issue(ret_issue, NULL, 0);
	payload_begin(out, secret);
	err = part_write(t->head, t->nhead, head, 0, out, ret_issue);
	for (uint32_t i = 0; !err && i < nlines; i++)
		err = part_write(t->line, t->nline, (const uint8_t *)lines + i * t->line_size,
				 i + 1, out, ret_issue);
	if (!err)
		err = payload_finish(out, start, nlines + 1);
	if (err)
		out->n = start;
	return err;
}

/* Reads @upto of the @n fields; all of them, and nothing behind them, when that is @n. */
static int part_read(const struct rec_field *f, uint32_t n, uint32_t upto, struct bytes part,
		     void *ret, size_t size)
{
	struct rd r = rd_of(part.p, part.n);
	union rec_any s;

	/* also between the members, so that equal records are equal bytes */
	memset(s.raw, 0, size);
	if (rd_array(&r) != n)
		return ERR_FORMAT;
	for (uint32_t i = 0; i < upto; i++)
		if (!value_read(&f[i], &r, s.raw))
			return ERR_FORMAT;
	if (upto < n ? rd_err(&r) : rd_done(&r))
		return ERR_FORMAT;
	memcpy(ret, s.raw, size);
	return ERR_OK;
}

const struct rec_field *rec_bad_field(const struct rec_field *f, uint32_t n, struct bytes part)
{
	union rec_any s;

	for (uint32_t i = 0; i < n; i++)
		if (part_read(f, n, i, part, &s, 0) == ERR_OK &&
		    part_read(f, n, i + 1, part, &s, 0) != ERR_OK)
			return &f[i];
	return NULL;
}

int rec_decode_head(const struct rec_type *t, const struct payload *p, void *ret)
{
	return part_read(t->head, t->nhead, t->nhead, p->part[0], ret, t->head_size);
}

int rec_decode_line(const struct rec_type *t, const struct payload *p, uint32_t i, void *ret)
{
	if (!t->line || i >= p->nparts - 1)
		return ERR_FORMAT;
	return part_read(t->line, t->nline, t->nline, p->part[i + 1], ret, t->line_size);
}

int rec_nlines(const struct rec_type *t, const struct payload *p, uint32_t *ret)
{
	uint32_t n = p->nparts - 1;

	if (n < t->lines_min || n > t->lines_max)
		return ERR_FORMAT;
	*ret = n;
	return ERR_OK;
}
