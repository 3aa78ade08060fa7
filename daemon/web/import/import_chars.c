#include "daemon/web/import/import_chars.h"

#include <string.h>

#include "daemon/ledger/state/privacy.h"
#include "lib/idcard.h"

bool chars_next(struct chars *s)
{
	static const uint8_t lead[] = {0x7f, 0x1f, 0x0f, 0x07};

	if (s->p == s->end)
		return false;
	s->size = *s->p < 0x80 ? 1 : *s->p < 0xe0 ? 2 : *s->p < 0xf0 ? 3 : 4;
	s->c = *s->p & lead[s->size - 1];
	for (size_t i = 1; i < s->size; i++)
		s->c = s->c << 6 | (s->p[i] & 0x3f);
	s->p += s->size;
	return true;
}

struct chars chars_of(struct bytes b)
{
	static const uint8_t nothing[1];
	const uint8_t *p = b.n ? b.p : nothing;

	return (struct chars){.p = p, .end = p + b.n};
}

uint8_t *chars_put(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (uint8_t)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (uint8_t)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (uint8_t)(0xe0 | c >> 12);
		} else {
			*to++ = (uint8_t)(0xf0 | c >> 18);
			*to++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (uint8_t)(0x80 | (c & 0x3f));
	return to;
}

bool chars_is_space(uint32_t c)
{
	return c <= 0x20 || c == 0x7f || c == 0xa0 || (c >= 0x2000 && c <= 0x200f) || c == 0x202f ||
	       c == 0x2028 || c == 0x2029 || c == 0x205f || c == 0x2060 || c == 0x3000 ||
	       c == 0xfeff;
}

bool chars_blank(struct bytes b)
{
	struct chars s = chars_of(b);

	while (chars_next(&s))
		if (!chars_is_space(s.c))
			return false;
	return true;
}

bool chars_is_format(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

uint32_t chars_narrow(uint32_t c)
{
	return c >= 0xff01 && c <= 0xff5e ? c - 0xfee0 : c;
}

/* --- numbers ------------------------------------------------------------------------------------- */

static void run_add(struct chars_run *r, uint32_t c, const uint8_t *end)
{
	if (r->n < CHARS_RUN_MAX)
		r->text[r->n] = (char)c;
	r->n++;
	r->last[0] = r->last[1];
	r->last[1] = (char)c;
	r->end = end;
}

struct chars_run chars_run_at(const uint8_t *p, const uint8_t *end, uint32_t also)
{
	struct chars s = {.p = p, .end = end};
	struct chars_run r = {.end = p};

	while (chars_next(&s)) {
		uint32_t c = chars_narrow(s.c);

		if (c >= '0' && c <= '9') {
			run_add(&r, c, s.p);
		} else if (r.n == IDCARD_CHARS - 1 && (c == 'X' || c == 'x')) {
			run_add(&r, 'X', s.p);
			break;
		} else if (r.n == 0 || !(chars_is_space(s.c) || (also && c == also))) {
			break;
		}
	}
	return r;
}

bool chars_personal(struct bytes b, unsigned looks)
{
	unsigned of = (looks & CHARS_PHONE ? PRIVACY_PHONES : 0) |
		      (looks & CHARS_CARD ? PRIVACY_CARDS | PRIVACY_LONG : 0);

	return privacy_find(b, of, NULL) != PRIVACY_NONE;
}
