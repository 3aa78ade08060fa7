#include "lib/look.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/look.def"
#include "lib/text.h"

struct run {
	uint32_t from, last;
	enum look_kind kind;
};
#define BARRED(from, last, kind) {from, last, LOOK_##kind},
#define ACCENTS(from, last)	 {from, last, LOOK_GOOD},
static const struct run barred[] = {LOOK_BARRED(BARRED)};
static const struct run accents[] = {LOOK_ACCENTS(ACCENTS)};

struct alike {
	uint32_t from;
	const char *text;
};
#define ALIKE(from, text) {from, text},
static const struct alike alike[] = {LOOK_ALIKE(ALIKE)};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- characters ------------------------------------------------------------------------------------ */
static uint8_t *put_char(uint8_t *to, uint32_t c)
{
	unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};

	*to++ = (uint8_t)(lead[more] | c >> (6 * more));
	while (more--)
		*to++ = (uint8_t)(0x80 | (c >> (6 * more) & 0x3f));
	return to;
}

/* The run that holds @c; NULL. */
static const struct run *run_of(const struct run *v, size_t n, uint32_t c)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c > v[mid].last)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && c >= v[lo].from ? &v[lo] : NULL;
}

static enum look_kind kind_of(uint32_t c)
{
	const struct run *r = run_of(barred, COUNT(barred), c);

	return r ? r->kind : LOOK_GOOD;
}

bool look_find(struct bytes text, bool name, struct look_found *ret)
{
	const uint8_t *p = text.p, *end = bytes_end(text);

	for (uint32_t place = 1; p < end; place++) {
		enum look_kind kind;
		uint32_t c;

		/* letters and ideographs, of which nearly all texts consist */
		if (*p >= 0x20 && *p < 0x7f) {
			p++;
			continue;
		}
		if (*p >= 0xe4 && *p <= 0xe9 && end - p >= 3) { /* U+4000 to U+9FFF */
			p += 3;
			continue;
		}
		c = utf8_next(&p, end);
		kind = kind_of(c);
		if (kind == LOOK_GOOD || (kind == LOOK_SYMBOL && !name))
			continue;
		*ret = (struct look_found){c, place, kind};
		return true;
	}
	return false;
}

const char *look_code(uint32_t c, char text[LOOK_CODE_MAX])
{
	snprintf(text, LOOK_CODE_MAX, "U+%04" PRIX32, c & 0x1fffff);
	return text;
}

/* --- names ----------------------------------------------------------------------------------------- */
static uint32_t alike_of(uint32_t c)
{
	size_t lo = 0, hi = COUNT(alike);
	const uint8_t *p, *end;
	uint32_t at, as = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (alike[mid].from <= c)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return c;
	at = c - alike[lo - 1].from;
	p = (const uint8_t *)alike[lo - 1].text;
	end = p + strlen(alike[lo - 1].text);
	/* a character has at most four bytes, so most of what is far behind is seen at once */
	if (at >= (size_t)(end - p))
		return c;
	for (uint32_t i = 0; i <= at; i++) {
		if (p == end)
			return c;
		as = utf8_next(&p, end);
	}
	return as;
}

static bool is_seen(uint32_t c)
{
	enum look_kind kind = kind_of(c);

	return c != ' ' && c != 0x3000 && !run_of(accents, COUNT(accents), c) &&
	       (kind == LOOK_GOOD || kind == LOOK_PRIVATE || kind == LOOK_SYMBOL);
}

void look_of(struct bytes name, struct look *ret)
{
	const uint8_t *p = name.p, *end = bytes_end(name);
	uint8_t *to;

	*ret = (struct look){0};
	to = ret->b;
	if (name.n > LOOK_NAME_MAX)
		end = name.p + LOOK_NAME_MAX;
	while (p < end) {
		uint32_t c = utf8_next(&p, end);

		if (is_seen(c))
			to = put_char(to, alike_of(c));
	}
	ret->n = (uint8_t)(to - ret->b);
	assert(ret->n <= LOOK_MAX);
}

bool look_same(struct bytes a, struct bytes b)
{
	struct look x, y;

	look_of(a, &x);
	look_of(b, &y);
	return bytes_eq(look_bytes(&x), look_bytes(&y));
}

int look_put_skeleton(struct buf *out, struct bytes text)
{
	const uint8_t *p = text.p, *end = bytes_end(text);
	uint8_t as[4];

	while (p < end) {
		uint32_t c = utf8_next(&p, end);

		if (is_seen(c))
			buf_put(out, as, (size_t)(put_char(as, alike_of(c)) - as));
	}
	return out->err;
}

/* --- whatever shows it ----------------------------------------------------------------------------- */
bool look_steers(uint32_t c)
{
	enum look_kind kind = kind_of(c);

	return kind == LOOK_CONTROL || kind == LOOK_HIDDEN || kind == LOOK_NOTHING;
}

int look_put(struct buf *out, struct bytes text)
{
	const uint8_t *p = text.p, *end = bytes_end(text);

	while (p < end) {
		const uint8_t *from = p;

		if (look_steers(utf8_next(&p, end)))
			buf_puts(out, "\xef\xbf\xbd");
		else
			buf_put(out, from, (size_t)(p - from));
	}
	return out->err;
}

void look_mask(char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + n;

	while (p < end) {
		size_t from = (size_t)(p - (const uint8_t *)text);
		/* of a byte that begins no character the rest is a control: so it goes, too */
		bool steers = look_steers(utf8_next(&p, end));

		if (steers)
			memset(text + from, '?', (size_t)(p - (const uint8_t *)text) - from);
	}
}

bool look_turns(struct bytes text)
{
	const uint8_t *p = text.p, *end = bytes_end(text);

	while (p < end) {
		uint32_t c = utf8_next(&p, end);

		if ((c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) ||
		    (c >= 0xfe70 && c <= 0xfefe) || (c >= 0x10800 && c <= 0x10fff) ||
		    (c >= 0x1e800 && c <= 0x1efff))
			return true;
	}
	return false;
}

/* --- the tables of the contract -------------------------------------------------------------------- */
static void spec_barred(struct buf *out)
{
	static const char *const kinds[] = {"",	       "control", "hidden", "blank",
					    "private", "nothing", "symbol"};
	char from[LOOK_CODE_MAX], last[LOOK_CODE_MAX];

	buf_puts(out, "| characters | kind |\n|---|---|\n");
	for (size_t i = 0; i < COUNT(barred); i++) {
		buf_printf(out, "| %s", look_code(barred[i].from, from));
		if (barred[i].last > barred[i].from)
			buf_printf(out, " to %s", look_code(barred[i].last, last));
		buf_printf(out, " | %s |\n", kinds[barred[i].kind]);
	}
}

int look_spec(struct buf *out)
{
	char code[LOOK_CODE_MAX];

	spec_barred(out);
	buf_puts(out, "\nAccents:");
	for (size_t i = 0; i < COUNT(accents); i++) {
		buf_printf(out, "%s %s to ", i ? "," : "", look_code(accents[i].from, code));
		buf_puts(out, look_code(accents[i].last, code));
	}
	buf_puts(out, ".\n\n");
	for (size_t i = 0; i < COUNT(alike); i++)
		buf_printf(out, "    %s %s\n", look_code(alike[i].from, code), alike[i].text);
	return out->err;
}
