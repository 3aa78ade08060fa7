#include "tests/lib/recgen.h"

#include <string.h>

#include "tests/lib/t.h"

#define VALUE_BYTES_MAX 12 /* of anything that is not text, encoded */

void recgen_seed(struct recgen *r, uint64_t seed)
{
	prng_seed(&r->g, seed);
	r->used = 0;
}

static bool one_in(struct recgen *r, uint64_t n)
{
	return prng_below(&r->g, n) == 0;
}

static int64_t number(struct recgen *r, int64_t min, int64_t max)
{
	uint64_t span = (uint64_t)max - (uint64_t)min;

	switch (prng_below(&r->g, 8)) {
	case 0: return min;
	case 1: return max;
	case 2: return min + (int64_t)prng_below(&r->g, span < 100 ? span + 1 : 100);
	default:
		return min + (int64_t)(span == UINT64_MAX ? prng_next(&r->g)
							  : prng_below(&r->g, span + 1));
	}
}

static day_t day(struct recgen *r, bool optional)
{
	day_t d;

	if (optional && one_in(r, 4))
		return DAY_NONE;
	d = (day_t)number(r, DAY_MIN, DAY_MAX);
	return d == DAY_NONE ? 20000 : d;
}

/* Mostly short, so that many lines fit; sometimes exactly a bound. */
static size_t length(struct recgen *r, const struct rec_field *f)
{
	size_t min = (size_t)f->min, max = (size_t)f->max;

	if (one_in(r, 16))
		return max;
	if (one_in(r, 4))
		return min;
	if (rec_is_hex(f) && min == 0)
		return max; /* a hash or a key, whole */
	return min + (size_t)prng_below(&r->g, (max - min < 24 ? max - min : 24) + 1);
}

static void text(struct recgen *r, uint8_t *p, size_t n)
{
	static const char *const chars[] = {"a",  "Z",	"7",  " ",  "\"", "\\", "é", "ß",
					    "村", "账", "分", "，", "𠮷", "𫍯", "<", "|"};
	size_t at = 0;

	while (at < n) {
		const char *c = chars[prng_below(&r->g, sizeof(chars) / sizeof(chars[0]))];
		size_t len = strlen(c);

		if (len > n - at)
			continue;
		memcpy(p + at, c, len);
		at += len;
	}
}

static void code(struct recgen *r, uint8_t *p, size_t n)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)digits[prng_below(&r->g, sizeof(digits) - 1)];
}

static struct bytes run(struct recgen *r, const struct rec_field *f)
{
	size_t n = length(r, f);
	uint8_t *p = r->text + r->used;

	if (n > RECGEN_TEXT_BYTES - r->used)
		t_fail(__FILE__, __LINE__, "no room for another text");
	if (f->kind == REC_TEXT)
		text(r, p, n);
	else if (f->kind == REC_CODE)
		code(r, p, n);
	else
		prng_fill(&r->g, p, n);
	r->used += n;
	return (struct bytes){p, n};
}

static void put(void *s, const struct rec_field *f, const void *v, size_t n)
{
	memcpy((uint8_t *)s + f->offset, v, n);
}

static void value(struct recgen *r, const struct rec_field *f, void *s)
{
	struct points p;
	struct fen fen;
	struct qty q;
	struct bytes b;
	uint64_t u;
	uint32_t c;
	day_t d;

	switch (f->kind) {
	case REC_MINUTE:
	case REC_U:
		u = (uint64_t)number(r, f->min, f->max);
		put(s, f, &u, sizeof(u));
		break;
	case REC_POINTS:
		p = points_of(number(r, f->min, f->max));
		put(s, f, &p, sizeof(p));
		break;
	case REC_FEN:
		fen = fen_of(number(r, f->min, f->max));
		put(s, f, &fen, sizeof(fen));
		break;
	case REC_QTY:
		q = qty_of(number(r, f->min, f->max));
		put(s, f, &q, sizeof(q));
		break;
	case REC_DAY:
		d = day(r, f->min == 0);
		put(s, f, &d, sizeof(d));
		break;
	case REC_TEXT:
	case REC_CODE:
	case REC_DIGEST:
	case REC_BIN:
		b = run(r, f);
		put(s, f, &b, sizeof(b));
		break;
	case REC_CHOICE:
		c = (uint32_t)number(r, f->min, f->max);
		put(s, f, &c, sizeof(c));
		break;
	}
}

void recgen_struct(struct recgen *r, const struct rec_field *f, uint32_t n, void *s)
{
	for (uint32_t i = 0; i < n; i++)
		value(r, &f[i], s);
}

/* The longest a part can become, with the length before it. */
static size_t part_bytes_max(const struct rec_field *f, uint32_t n)
{
	size_t sum = 8;

	for (uint32_t i = 0; i < n; i++)
		sum += VALUE_BYTES_MAX +
		       (f[i].kind == REC_TEXT || f[i].kind == REC_CODE || rec_is_hex(&f[i])
				? (size_t)f[i].max
				: 0);
	return sum;
}

void recgen_record(struct recgen *r, const struct rec_type *t)
{
	size_t fixed = part_bytes_max(t->head, t->nhead) + 32;
	uint32_t want = t->line ? (uint32_t)number(r, t->lines_min, t->lines_max) : 0;

	r->used = 0;
	r->nlines = 0;
	memset(&r->head, 0, sizeof(r->head));
	memset(r->lines, 0, sizeof(r->lines));
	prng_fill(&r->g, r->secret, sizeof(r->secret));
	recgen_struct(r, t->head, t->nhead, &r->head);
	while (r->nlines < want) {
		size_t numbers = (size_t)r->nlines * t->nline * VALUE_BYTES_MAX;

		if (r->nlines >= t->lines_min &&
		    fixed + numbers + r->used + part_bytes_max(t->line, t->nline) >
			    ENTRY_PAYLOAD_MAX)
			break;
		recgen_struct(r, t->line, t->nline, (uint8_t *)r->lines + r->nlines * t->line_size);
		r->nlines++;
	}
}

void recgen_payload(struct recgen *r, const struct rec_type *t, struct buf *out)
{
	struct rec_issue issue = {NULL, 0};
	int err;

	recgen_record(r, t);
	err = rec_encode(t, &r->head, r->lines, r->nlines, r->secret, out, &issue);
	if (err)
		t_fail(__FILE__, __LINE__, "%s: %s, part %u, field %s", t->name, err_name(err),
		       (unsigned)issue.part, issue.field ? issue.field->name : "-");
}
