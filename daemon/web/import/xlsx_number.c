#include <string.h>

#include "daemon/web/import/xlsx.h"
#include "lib/date.h"
#include "lib/err.h"

#define DIGITS_MAX     15 /* that a spreadsheet keeps */
#define SERIAL_MAX     109574
#define SERIAL_1970    25569 /* in the 1900 system, from its 1900-03-01 on */
#define LEAP_SERIAL    60    /* 1900-02-29, which never was */
#define DAYS_TO_1904   1462
#define DAY_MINUTES    1440
#define FRACTION_SCALE INT64_C(1000000000000)

/* --- formats -------------------------------------------------------------------------------------------- */

uint16_t xlsx_builtin_format(uint32_t id)
{
	if ((id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 ||
	    (id >= 50 && id <= 54) || id == 57 || id == 58)
		return XLSX_DAY;
	if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) ||
	    id == 55 || id == 56)
		return XLSX_TIME;
	return XLSX_PLAIN;
}

/* Steps over what is only printed: "text", [red], \x, _x and *x. */
static const char *over_text(const char *s)
{
	const char *end = NULL;

	if (*s == '"' || *s == '[') {
		end = strchr(s + 1, *s == '"' ? '"' : ']');
		if (!end)
			return s + strlen(s);
	} else if ((*s == '\\' || *s == '_' || *s == '*') && s[1]) {
		end = s + 1;
	}
	return end ? end + 1 : s;
}

uint16_t xlsx_custom_format(const char *code)
{
	size_t zeros = strspn(code, "0");
	bool day = false, time = false, month = false;

	if (zeros >= 2 && zeros <= DIGITS_MAX && (code[zeros] == '\0' || code[zeros] == ';'))
		return (uint16_t)(XLSX_ZEROS + zeros);
	for (const char *s = code; *s && *s != ';';) {
		const char *next = over_text(s);

		if (next != s) {
			s = next;
			continue;
		}
		day |= *s == 'y' || *s == 'd' || *s == 'Y' || *s == 'D';
		time |= *s == 'h' || *s == 's' || *s == 'H' || *s == 'S';
		month |= *s == 'm' || *s == 'M';
		s++;
	}
	return day || (month && !time) ? XLSX_DAY : time ? XLSX_TIME : XLSX_PLAIN;
}

/* --- numbers -------------------------------------------------------------------------------------------- */

/* 0.d1d2d3... times ten to the power of exp; n 0: zero. */
struct decimal {
	bool minus;
	uint8_t d[DIGITS_MAX + 1];
	int n, exp;
};

/* The part behind "E". */
static bool read_exponent(struct bytes v, size_t i, int *exp)
{
	bool minus = i < v.n && v.p[i] == '-';
	int e = 0;

	i += i < v.n && (v.p[i] == '-' || v.p[i] == '+');
	if (i == v.n)
		return false;
	for (; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9' || e > 1000)
			return false;
		e = e * 10 + (v.p[i] - '0');
	}
	*exp += minus ? -e : e;
	return true;
}

static bool read_decimal(struct bytes v, struct decimal *ret)
{
	size_t i = v.n && v.p[0] == '-', digits = 0;
	bool point = false;

	*ret = (struct decimal){.minus = i};
	for (; i < v.n; i++) {
		if (v.p[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (v.p[i] < '0' || v.p[i] > '9')
			break;
		digits++;
		if (ret->n == 0 && v.p[i] == '0') {
			ret->exp -= point;
			continue;
		}
		ret->exp += !point;
		if (ret->n <= DIGITS_MAX)
			ret->d[ret->n++] = (uint8_t)(v.p[i] - '0');
	}
	if (!digits || v.n > 400)
		return false;
	return i == v.n || ((v.p[i] == 'E' || v.p[i] == 'e') && read_exponent(v, i + 1, &ret->exp));
}

/* To the digits that a spreadsheet keeps, without zeros at the end. */
static void round_decimal(struct decimal *x)
{
	bool up = x->n > DIGITS_MAX && x->d[DIGITS_MAX] >= 5;

	x->n = x->n > DIGITS_MAX ? DIGITS_MAX : x->n;
	for (int i = x->n - 1; up && i >= 0; i--) {
		up = x->d[i] == 9;
		x->d[i] = up ? 0 : (uint8_t)(x->d[i] + 1);
	}
	if (up) { /* 999... became 1000... */
		x->d[0] = 1;
		x->exp++;
	}
	while (x->n && x->d[x->n - 1] == 0)
		x->n--;
}

static void put_digits(const struct decimal *x, int from, int to, struct buf *out)
{
	for (int i = from; i < to; i++)
		buf_put_u8(out, (uint8_t)('0' + (i < x->n && i >= 0 ? x->d[i] : 0)));
}

static void put_plain(const struct decimal *x, int zeros, struct buf *out)
{
	int whole = x->exp > 0 ? x->exp : 0;

	if (x->minus && x->n)
		buf_put_u8(out, '-');
	for (int i = whole > 1 ? whole : 1; i < zeros; i++)
		buf_put_u8(out, '0');
	if (whole == 0)
		buf_put_u8(out, '0');
	put_digits(x, 0, whole, out);
	if (x->n > whole) {
		buf_put_u8(out, '.');
		for (int i = x->exp; i < 0; i++)
			buf_put_u8(out, '0');
		put_digits(x, whole, x->n, out);
	}
}

static void put_scientific(const struct decimal *x, struct buf *out)
{
	if (x->minus)
		buf_put_u8(out, '-');
	put_digits(x, 0, 1, out);
	if (x->n > 1)
		buf_put_u8(out, '.');
	put_digits(x, 1, x->n, out);
	buf_printf(out, "E%c%d", x->exp > 0 ? '+' : '-', x->exp > 0 ? x->exp - 1 : 1 - x->exp);
}

/* The whole part, when it is that of a day. */
static int64_t whole_of(const struct decimal *x)
{
	int64_t v = 0;

	for (int i = 0; i < x->exp && i < 7; i++)
		v = v * 10 + (i < x->n ? x->d[i] : 0);
	return x->minus || x->exp > 6 ? -1 : v;
}

static bool put_day(const struct decimal *x, bool from_1904, struct buf *out)
{
	int64_t serial = whole_of(x);
	char text[DATE_TEXT_MAX];
	day_t day;

	if (serial < 0)
		return false;
	serial += from_1904 ? DAYS_TO_1904 : 0;
	if (serial < 1 || serial > SERIAL_MAX)
		return false;
	day = (day_t)(serial - SERIAL_1970 + (serial < LEAP_SERIAL));
	return buf_puts(out, day == DAY_NONE ? "1970-01-01" : day_text(day, text)) == ERR_OK;
}

static bool put_time(const struct decimal *x, struct buf *out)
{
	int64_t v = 0, minutes;

	if (x->minus || x->exp > 0)
		return false;
	for (int i = x->exp; i < x->exp + 12; i++)
		v = v * 10 + (i >= 0 && i < x->n ? x->d[i] : 0);
	minutes = (v * DAY_MINUTES + FRACTION_SCALE / 2) / FRACTION_SCALE;
	buf_printf(out, "%02d:%02d", (int)(minutes / 60), (int)(minutes % 60));
	return true;
}

int xlsx_number(struct bytes v, uint16_t shown, bool from_1904, struct buf *out)
{
	struct decimal x;

	if (!read_decimal(v, &x))
		return buf_put(out, v.p, v.n);
	round_decimal(&x);
	if ((shown == XLSX_DAY && put_day(&x, from_1904, out)) ||
	    (shown == XLSX_TIME && put_time(&x, out)))
		return out->err;
	if (x.n && (x.exp > DIGITS_MAX || x.exp < -6))
		put_scientific(&x, out);
	else
		put_plain(&x, shown > XLSX_ZEROS && x.n <= x.exp ? shown - XLSX_ZEROS : 0, out);
	return out->err;
}
