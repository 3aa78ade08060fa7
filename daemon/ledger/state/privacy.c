#include "daemon/ledger/state/privacy.h"

#include <stdbool.h>
#include <string.h>

#include "lib/date.h"
#include "lib/idcard.h"
#include "lib/text.h"

#define RUN_MAX	     32 /* digits of a run that are kept */
#define GROUPS_MAX   18 /* of a number that people have written in groups: digit by digit */
#define GAP_MAX	     8	/* characters between two groups */
#define PHONE_DIGITS 11
#define OLD_ID_CHARS 15
#define CARD_MIN     16
#define CARD_MAX     19

/* One run of digits; an X behind 17 digits of a number belongs to it. */
struct run {
	const uint8_t *end;
	unsigned n; /* of all of them */
	char digit[RUN_MAX];
};

/* --- characters ------------------------------------------------------------------------------------ */
/* Also full-width and mathematical ones, and those of the scripts that people here write; -1: none. */
static int digit_of(uint32_t c)
{
	static const uint32_t zeros[] = {'0',	 0xff10, 0x660,	 0x6f0,	 0x966,	 0xe50, 0xf20,
					 0x1040, 0x1090, 0x1810, 0x19d0, 0x1a80, 0x1a90};

	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
		if (c >= zeros[i] && c <= zeros[i] + 9)
			return (int)(c - zeros[i]);
	return c >= 0x1d7ce && c <= 0x1d7ff ? (int)(c - 0x1d7ce) % 10 : -1;
}

/* The Latin X, the Greek and the Cyrillic one, full-width ones and the multiplication sign. */
static bool is_x(uint32_t c)
{
	return c == 'x' || c == 'X' || c == 0xff58 || c == 0xff38 || c == 0xd7 || c == 0x3a7 ||
	       c == 0x3c7 || c == 0x425 || c == 0x445;
}

/* What can stand between groups: signs and blanks, but no letter of any script. */
static bool is_gap(uint32_t c)
{
	if (c < 0x80)
		return !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			 (c >= 'a' && c <= 'z'));
	return c <= 0xbf || c == 0xd7 || (c >= 0x2000 && c <= 0x206f) || c == 0x2212 ||
	       (c >= 0x2500 && c <= 0x25ff) || (c >= 0x3000 && c <= 0x3020) || c == 0x30fb ||
	       c == 0x30fc || c == 0xfeff || (c >= 0xff01 && c <= 0xff0f) ||
	       (c >= 0xff1a && c <= 0xff20) || (c >= 0xff3b && c <= 0xff40) ||
	       (c >= 0xff5b && c <= 0xff65);
}

/* Reads a run at @p; false: there is no digit. */
static bool read_run(const uint8_t *p, const uint8_t *end, struct run *r)
{
	r->n = 0;
	r->end = p;
	while (p < end) {
		int d = digit_of(utf8_next(&p, end));

		if (d < 0)
			break;
		if (r->n < RUN_MAX)
			r->digit[r->n] = (char)('0' + d);
		r->n++;
		r->end = p;
	}
	return r->n > 0;
}

/* Where the next group begins, behind a gap; NULL: none does. */
static const uint8_t *skip_gap(const uint8_t *p, const uint8_t *end)
{
	for (unsigned i = 0; i <= GAP_MAX && p < end; i++) {
		const uint8_t *from = p;
		uint32_t c = utf8_next(&p, end);

		if (digit_of(c) >= 0 || is_x(c))
			return from;
		if (!is_gap(c))
			return NULL;
	}
	return NULL;
}

/* --- what a number is ------------------------------------------------------------------------------ */
static bool luhn(const char *d, unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned v = (unsigned)(d[n - 1 - i] - '0');

		v = i % 2 ? 2 * v : v;
		sum += v > 9 ? v - 9 : v;
	}
	return sum % 10 == 0;
}

/* The old form: district 6, date YYMMDD, three more. */
static bool is_old_id(const char *d)
{
	int v[6];
	day_t day;

	for (int i = 0; i < 6; i++)
		v[i] = d[6 + i] - '0';
	return day_from_ymd(1900 + v[0] * 10 + v[1], v[2] * 10 + v[3], v[4] * 10 + v[5], &day);
}

static bool is_id(const char *d)
{
	struct idcard card;
	enum idcard_state s = idcard_check(d, IDCARD_CHARS, &card);

	return s == IDCARD_OK || s == IDCARD_SUSPECT;
}

/* Digits without anything between them. */
static enum privacy_leak leak_of(const struct run *r, unsigned looks)
{
	const char *d = r->digit;

	for (unsigned i = 0; i + IDCARD_CHARS <= r->n && i + IDCARD_CHARS <= RUN_MAX; i++)
		if (is_id(d + i))
			return PRIVACY_ID;
	if (r->n == OLD_ID_CHARS && looks & PRIVACY_CARDS && is_old_id(d))
		return PRIVACY_ID;
	if (r->n >= OLD_ID_CHARS && r->n <= CARD_MAX && looks & PRIVACY_LONG && d[0] != '0')
		return PRIVACY_CARD;
	return r->n >= CARD_MIN && r->n <= CARD_MAX && looks & PRIVACY_CARDS && luhn(d, r->n)
		       ? PRIVACY_CARD
		       : PRIVACY_NONE;
}

/* --- numbers in groups ----------------------------------------------------------------------------- */
struct groups {
	unsigned n, digits;
	char digit[RUN_MAX];
	uint8_t size[GROUPS_MAX];
	const uint8_t *end[GROUPS_MAX];
};

/* A longer first group is a number with that in front of it. */
static unsigned prefix_of(const struct run *r)
{
	static const char *const prefixes[] = {"0086", "086", "86", "0"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		unsigned n = (unsigned)strlen(prefixes[i]);

		if (r->n > n && r->n <= n + PHONE_DIGITS && memcmp(r->digit, prefixes[i], n) == 0 &&
		    r->digit[n] == '1')
			return n;
	}
	return 0;
}

static void add_group(struct groups *g, const struct run *r, unsigned from)
{
	memcpy(g->digit + g->digits, r->digit + from, r->n - from);
	g->digits += r->n - from;
	g->size[g->n] = (uint8_t)(r->n - from);
	g->end[g->n++] = r->end;
}

/* The X of an identity number, perhaps behind a gap; NULL. */
static const uint8_t *x_behind(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = skip_gap(p, end);

	return at && is_x(utf8_next(&at, end)) ? at : NULL;
}

/* The groups from @first on, of at most 18 digits in all; false: they make up an identity number. */
static bool read_groups(const struct run *first, const uint8_t *end, struct groups *g)
{
	struct run r = *first;
	unsigned prefix = prefix_of(first);
	const uint8_t *p;

	*g = (struct groups){0};
	for (;;) {
		if (r.n > IDCARD_CHARS || g->digits + r.n > IDCARD_CHARS + 1)
			return true;
		add_group(g, &r, g->n ? 0 : prefix);
		if (!prefix && g->digits == IDCARD_CHARS && is_id(g->digit))
			return false;
		p = !prefix && g->digits == IDCARD_CHARS - 1 ? x_behind(r.end, end) : NULL;
		g->digit[g->digits] = 'X';
		if (p && is_id(g->digit)) {
			g->end[g->n - 1] = p;
			return false;
		}
		p = skip_gap(r.end, end);
		if (!p || g->n == GROUPS_MAX || !read_run(p, end, &r))
			return true;
	}
}

/* Only groups that people make: a date and a number beside it are neither a phone nor a card. */
static const struct shape {
	uint8_t n, size[6];
	enum privacy_leak leak;
} shapes[] = {{1, {11}, PRIVACY_PHONE},
	      {2, {3, 8}, PRIVACY_PHONE},
	      {2, {7, 4}, PRIVACY_PHONE},
	      {2, {1, 10}, PRIVACY_PHONE},
	      {3, {3, 7, 1}, PRIVACY_PHONE},
	      {3, {3, 4, 4}, PRIVACY_PHONE},
	      {3, {3, 3, 5}, PRIVACY_PHONE},
	      {3, {3, 5, 3}, PRIVACY_PHONE},
	      {3, {4, 3, 4}, PRIVACY_PHONE},
	      {3, {4, 4, 3}, PRIVACY_PHONE},
	      {4, {3, 3, 3, 2}, PRIVACY_PHONE},
	      {4, {2, 3, 3, 3}, PRIVACY_PHONE},
	      {5, {3, 2, 2, 2, 2}, PRIVACY_PHONE},
	      {6, {1, 2, 2, 2, 2, 2}, PRIVACY_PHONE},
	      {3, {6, 6, 3}, PRIVACY_ID},
	      {4, {4, 4, 4, 4}, PRIVACY_CARD},
	      {5, {4, 4, 4, 4, 1}, PRIVACY_CARD},
	      {5, {4, 4, 4, 4, 2}, PRIVACY_CARD},
	      {5, {4, 4, 4, 4, 3}, PRIVACY_CARD},
	      {3, {6, 8, 4}, PRIVACY_CARD},
	      {4, {6, 4, 4, 4}, PRIVACY_CARD},
	      {2, {6, 13}, PRIVACY_CARD},
	      {2, {6, 10}, PRIVACY_CARD}};

static bool has_shape(const struct groups *g, const struct shape *s)
{
	return g->n >= s->n && memcmp(g->size, s->size, s->n) == 0;
}

/* 150 20260301 is a number and a day. */
static bool is_number_and_day(const struct groups *g)
{
	day_t day;

	return g->size[0] == 3 && g->size[1] == 8 && memcmp(g->digit + 3, "20", 2) == 0 &&
	       day_parse(g->digit + 3, 8, &day);
}

static bool is_phone(const struct groups *g)
{
	return g->digit[0] == '1' && g->digit[1] >= '3' && !is_number_and_day(g);
}

static bool is_card(const struct groups *g, unsigned digits, unsigned looks)
{
	return (looks & PRIVACY_LONG && g->digit[0] >= '3') || luhn(g->digit, digits);
}

static bool fits(const struct groups *g, const struct shape *s, unsigned looks)
{
	unsigned digits = 0;

	if (!has_shape(g, s))
		return false;
	for (unsigned i = 0; i < s->n; i++)
		digits += s->size[i];
	if (s->leak == PRIVACY_PHONE)
		return looks & PRIVACY_PHONES && is_phone(g);
	if (!(looks & PRIVACY_CARDS))
		return false;
	return s->leak == PRIVACY_ID ? is_old_id(g->digit) : is_card(g, digits, looks);
}

static bool digit_by_digit(const struct groups *g, unsigned looks)
{
	static const uint8_t ones[PHONE_DIGITS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

	return looks & PRIVACY_PHONES && g->n >= PHONE_DIGITS &&
	       memcmp(g->size, ones, sizeof(ones)) == 0 && is_phone(g);
}

static enum privacy_leak leak_in_groups(const struct groups *g, unsigned looks,
					const uint8_t **ret_end)
{
	for (size_t i = sizeof(shapes) / sizeof(shapes[0]); i-- > 0;)
		if (fits(g, &shapes[i], looks)) {
			*ret_end = g->end[shapes[i].n - 1];
			return shapes[i].leak;
		}
	if (!digit_by_digit(g, looks))
		return PRIVACY_NONE;
	*ret_end = g->end[PHONE_DIGITS - 1];
	return PRIVACY_PHONE;
}

/* What begins with the run @r. */
static enum privacy_leak leak_at(const struct run *r, const uint8_t *end, unsigned looks,
				 const uint8_t **ret_end)
{
	enum privacy_leak leak = leak_of(r, looks);
	struct groups g;

	*ret_end = r->end;
	if (leak)
		return leak;
	if (!read_groups(r, end, &g)) {
		*ret_end = g.end[g.n - 1];
		return PRIVACY_ID;
	}
	return leak_in_groups(&g, looks, ret_end);
}

/* Most texts hold no digit at all, in a form that the compiler makes fast: no early exit. Digits of other scripts begin
 * with the bytes from 0xd9 to 0xe1, full-width ones with 0xef. */
static bool may_hold(struct bytes text, unsigned looks)
{
	bool found = false;

	if (text.n < (looks ? PHONE_DIGITS : IDCARD_CHARS))
		return false;
	for (size_t i = 0; i < text.n; i++)
		found |= (uint8_t)(text.p[i] - '0') <= 9 || text.p[i] >= 0xef ||
			 (uint8_t)(text.p[i] - 0xd9) <= 0xe1 - 0xd9;
	return found;
}

enum privacy_leak privacy_find(struct bytes text, unsigned looks, struct bytes *ret_where)
{
	const uint8_t *p = text.p, *end = bytes_end(text);

	if (!may_hold(text, looks))
		return PRIVACY_NONE;
	while (p < end) {
		const uint8_t *from = p, *last;
		enum privacy_leak leak;
		struct run r;

		/* ideographs, of which most texts consist, begin with none of the bytes of digits */
		if ((*p >= 0xe3 && *p <= 0xee) || !read_run(p, end, &r)) {
			utf8_next(&p, end);
			continue;
		}
		leak = leak_at(&r, end, looks, &last);
		if (leak) {
			if (ret_where)
				*ret_where = (struct bytes){from, (size_t)(last - from)};
			return leak;
		}
		p = r.end;
	}
	return PRIVACY_NONE;
}
