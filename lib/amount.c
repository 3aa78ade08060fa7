#include "lib/amount.h"

#include <stdio.h>

#define DECIMALS 2

static bool in_bounds(int64_t c)
{
	return c >= -POINTS_ABS_MAX && c <= POINTS_ABS_MAX;
}

static bool sum(int64_t a, int64_t b, int64_t *ret)
{
	int64_t c;

	if (__builtin_add_overflow(a, b, &c) || !in_bounds(c))
		return false;
	*ret = c;
	return true;
}

static bool difference(int64_t a, int64_t b, int64_t *ret)
{
	int64_t c;

	if (__builtin_sub_overflow(a, b, &c) || !in_bounds(c))
		return false;
	*ret = c;
	return true;
}

static bool product(int64_t a, int64_t b, int64_t *ret)
{
	int64_t c;

	if (__builtin_mul_overflow(a, b, &c) || !in_bounds(c))
		return false;
	*ret = c;
	return true;
}

static const char *text(int64_t c, char out[AMOUNT_TEXT_MAX])
{
	/* in unsigned, where the smallest int64_t has a magnitude too */
	uint64_t abs = c < 0 ? 0 - (uint64_t)c : (uint64_t)c;

	snprintf(out, AMOUNT_TEXT_MAX, "%s%llu.%02u", c < 0 ? "-" : "",
		 (unsigned long long)(abs / 100), (unsigned)(abs % 100));
	return out;
}

static bool parse(const char *s, size_t n, int64_t *ret)
{
	bool minus = n > 0 && s[0] == '-', dot = false, digit = false;
	unsigned decimals = 0;
	int64_t c = 0;

	for (size_t i = minus; i < n; i++) {
		if (s[i] == '.' && digit && !dot) {
			dot = true;
			digit = false; /* one more must follow */
			continue;
		}
		if (s[i] < '0' || s[i] > '9' || (dot && ++decimals > DECIMALS))
			return false;
		digit = true;
		c = c * 10 + (s[i] - '0');
		if (!in_bounds(c))
			return false;
	}
	for (; decimals < DECIMALS; decimals++)
		c *= 10;
	if (!digit || !in_bounds(c))
		return false;
	*ret = minus ? -c : c;
	return true;
}

struct points points_of(int64_t hundredths)
{
	return (struct points){hundredths};
}

int64_t points_raw(struct points p)
{
	return p.c;
}

bool points_add(struct points a, struct points b, struct points *ret)
{
	return sum(a.c, b.c, &ret->c);
}

bool points_sub(struct points a, struct points b, struct points *ret)
{
	return difference(a.c, b.c, &ret->c);
}

bool points_neg(struct points a, struct points *ret)
{
	return difference(0, a.c, &ret->c);
}

int points_cmp(struct points a, struct points b)
{
	return (a.c > b.c) - (a.c < b.c);
}

const char *points_text(struct points p, char out[AMOUNT_TEXT_MAX])
{
	return text(p.c, out);
}

bool points_parse(const char *s, size_t n, struct points *ret)
{
	return parse(s, n, &ret->c);
}

bool points_times(struct points a, struct qty n, struct points *ret)
{
	return product(a.c, n.c, &ret->c);
}

struct fen fen_of(int64_t fen)
{
	return (struct fen){fen};
}

int64_t fen_raw(struct fen f)
{
	return f.c;
}

bool fen_add(struct fen a, struct fen b, struct fen *ret)
{
	return sum(a.c, b.c, &ret->c);
}

bool fen_sub(struct fen a, struct fen b, struct fen *ret)
{
	return difference(a.c, b.c, &ret->c);
}

const char *fen_text(struct fen f, char out[AMOUNT_TEXT_MAX])
{
	return text(f.c, out);
}

bool fen_times(struct fen a, struct qty n, struct fen *ret)
{
	return product(a.c, n.c, &ret->c);
}

bool fen_parse(const char *s, size_t n, struct fen *ret)
{
	return parse(s, n, &ret->c);
}

struct qty qty_of(int64_t n)
{
	return (struct qty){n};
}

int64_t qty_raw(struct qty q)
{
	return q.c;
}

bool qty_add(struct qty a, struct qty b, struct qty *ret)
{
	return sum(a.c, b.c, &ret->c);
}

bool qty_sub(struct qty a, struct qty b, struct qty *ret)
{
	return difference(a.c, b.c, &ret->c);
}
