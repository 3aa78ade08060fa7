#include "daemon/ledger/state/privacy.h"

#include <stdbool.h>
#include <string.h>

#include "lib/date.h"
#include "lib/idcard.h"

#define RUN_MAX	   24 /* digits of the longest run that can be something */
#define GROUPS_MAX 5  /* of a number that people have written in groups */

/* One run of digits; an X behind 17 of them belongs to it. */
struct run {
	const uint8_t *p, *end;
	uint8_t n; /* RUN_MAX + 1: longer */
	char digit[RUN_MAX + 1];
};

/* The ASCII digit at @p, also when it is full-width; its length. 0: none. */
static size_t digit_at(const uint8_t *p, const uint8_t *end, char *ret)
{
	if (*p >= '0' && *p <= '9') {
		*ret = (char)*p;
		return 1;
	}
	if (end - p >= 3 && p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x90 && p[2] <= 0x99) {
		*ret = (char)('0' + p[2] - 0x90);
		return 3;
	}
	return 0;
}

/* The X of an identity number: x X ｘ Ｘ. */
static size_t x_at(const uint8_t *p, const uint8_t *end)
{
	if (p < end && (*p == 'x' || *p == 'X'))
		return 1;
	return end - p >= 3 && p[0] == 0xef &&
			       ((p[1] == 0xbc && p[2] == 0xb8) || (p[1] == 0xbd && p[2] == 0x98))
		       ? 3
		       : 0;
}

/* Reads a run at @p; false: there is no digit. */
static bool read_run(const uint8_t *p, const uint8_t *end, struct run *r)
{
	char c = 0;
	size_t len;

	r->p = p;
	r->n = 0;
	while (p < end && (len = digit_at(p, end, &c)) > 0) {
		if (r->n < RUN_MAX)
			r->digit[r->n] = c;
		if (r->n <= RUN_MAX)
			r->n++;
		p += len;
	}
	len = r->n % 4 == 1 || r->n == 3 ? x_at(p, end) : 0; /* 17, or the last group of one */
	if (len && r->n < RUN_MAX) {
		r->digit[r->n++] = 'X';
		p += len;
	}
	r->end = p;
	return r->n > 0;
}

/* One space (also full-width) or hyphen between groups. */
static size_t gap_at(const uint8_t *p, const uint8_t *end)
{
	if (p < end && (*p == ' ' || *p == '-'))
		return 1;
	return end - p >= 3 && p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
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

static enum privacy_leak leak_of(const char *d, unsigned n)
{
	bool digits = n > 0 && d[n - 1] != 'X';

	if (n == IDCARD_CHARS && is_id(d))
		return PRIVACY_ID;
	if (!digits)
		return PRIVACY_NONE;
	if (n == 15 && is_old_id(d))
		return PRIVACY_ID;
	if (n == 13 && d[0] == '8' && d[1] == '6')
		return leak_of(d + 2, 11);
	if (n == 11 && d[0] == '1' && d[1] >= '3')
		return PRIVACY_PHONE;
	return n >= 16 && n <= 19 && luhn(d, n) ? PRIVACY_CARD : PRIVACY_NONE;
}

/* --- numbers in groups ----------------------------------------------------------------------------- */
/* Only groups that people make: a date and a number beside it are no card. */
static const struct {
	uint8_t n, size[GROUPS_MAX];
} shapes[] = {{3, {3, 4, 4}},	 {4, {2, 3, 4, 4}},    {3, {6, 8, 4}},	     {4, {6, 4, 4, 4}},
	      {4, {4, 4, 4, 4}}, {5, {4, 4, 4, 4, 1}}, {5, {4, 4, 4, 4, 2}}, {5, {4, 4, 4, 4, 3}}};

static enum privacy_leak leak_in_groups(const struct run *r, unsigned n, const uint8_t **ret_end)
{
	for (unsigned s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		char d[RUN_MAX];
		unsigned len = 0, i = 0;

		for (; i < shapes[s].n && i < n && r[i].n == shapes[s].size[i]; i++) {
			memcpy(d + len, r[i].digit, r[i].n);
			len += r[i].n;
		}
		if (i < shapes[s].n)
			continue;
		enum privacy_leak leak = leak_of(d, len);
		if (leak) {
			*ret_end = r[i - 1].end;
			return leak;
		}
	}
	return PRIVACY_NONE;
}

/* The runs from @p on with one gap between; the first is there. */
static unsigned read_groups(const uint8_t *p, const uint8_t *end, struct run r[GROUPS_MAX])
{
	unsigned n = 0;

	while (n < GROUPS_MAX && p < end && read_run(p, end, &r[n])) {
		p = r[n++].end;
		size_t gap = gap_at(p, end);
		if (gap == 0)
			break;
		p += gap;
	}
	return n;
}

enum privacy_leak privacy_find(struct bytes text, struct bytes *ret_where)
{
	const uint8_t *p = text.p, *end = text.p + text.n, *last;
	struct run r[GROUPS_MAX];

	while (p < end) {
		unsigned n = read_groups(p, end, r);
		enum privacy_leak leak;

		if (n == 0) {
			p++;
			continue;
		}
		last = r[0].end;
		leak = r[0].n <= RUN_MAX ? leak_of(r[0].digit, r[0].n) : PRIVACY_NONE;
		if (!leak)
			leak = leak_in_groups(r, n, &last);
		if (leak) {
			if (ret_where)
				*ret_where = (struct bytes){p, (size_t)(last - p)};
			return leak;
		}
		p = r[0].end;
	}
	return PRIVACY_NONE;
}
