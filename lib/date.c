#include "lib/date.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_DAY	   UINT64_C(86400000)
#define CHINA_AHEAD_MS	   UINT64_C(28800000)
#define MINUTES_PER_DAY	   1440
#define DAYS_PER_400_YEARS 146097
/* from 0000-03-01 to 1970-01-01 */
#define EPOCH_SHIFT 719468

static bool is_leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int month_days(int y, int m)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return m == 2 && is_leap(y) ? 29 : days[m - 1];
}

/* Years counted from March, so that the leap day is the last one; y > 0. */
static day_t days_from_civil(int y, int m, int d)
{
	int from_march = (m + 9) % 12;

	y -= m <= 2;
	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + d - 1 -
	       EPOCH_SHIFT;
}

static bool in_bounds(day_t day)
{
	return day >= DAY_MIN && day <= DAY_MAX;
}

bool day_from_ymd(int y, int m, int d, day_t *ret)
{
	if (y < 1900 || y > 2199 || m < 1 || m > 12 || d < 1 || d > month_days(y, m))
		return false;
	day_t day = days_from_civil(y, m, d);
	if (day == DAY_NONE)
		return false;
	*ret = day;
	return true;
}

void day_to_ymd(day_t day, int *y, int *m, int *d)
{
	int64_t since = (int64_t)day + EPOCH_SHIFT;
	int64_t era = (since >= 0 ? since : since - (DAYS_PER_400_YEARS - 1)) / DAYS_PER_400_YEARS;
	int in_era = (int)(since - era * DAYS_PER_400_YEARS);
	int year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int in_year = in_era - (365 * year + year / 4 - year / 100);
	int from_march = (5 * in_year + 2) / 153;

	*d = in_year - (153 * from_march + 2) / 5 + 1;
	*m = from_march < 10 ? from_march + 3 : from_march - 9;
	*y = (int)(year + era * 400) + (*m <= 2);
}

int day_year(day_t day)
{
	int y, m, d;

	day_to_ymd(day, &y, &m, &d);
	return y;
}

int day_of_year(day_t day)
{
	int y, m, d, n;

	day_to_ymd(day, &y, &m, &d);
	n = d - 1;
	while (--m > 0)
		n += month_days(y, m);
	return n;
}

/* Reads between @least and @most digits at *@i. */
static bool digits(const char *s, size_t n, size_t *i, int least, int most, int *ret)
{
	int count = 0;

	for (*ret = 0; count < most && *i < n && s[*i] >= '0' && s[*i] <= '9'; count++)
		*ret = *ret * 10 + (s[(*i)++] - '0');
	return count >= least;
}

static bool literal(const char *s, size_t n, size_t *i, const char *lit)
{
	size_t len = strlen(lit);

	if (n - *i < len || memcmp(s + *i, lit, len) != 0)
		return false;
	*i += len;
	return true;
}

bool day_parse(const char *s, size_t n, day_t *ret)
{
	static const struct {
		int least;
		const char *year, *month, *day;
	} forms[] = {{2, "", "", ""},
		     {1, "-", "-", ""},
		     {1, "/", "/", ""},
		     {1, ".", ".", ""},
		     {1, "年", "月", "日"}};

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		size_t i = 0;
		int y, m, d;

		if (digits(s, n, &i, 4, 4, &y) && literal(s, n, &i, forms[f].year) &&
		    digits(s, n, &i, forms[f].least, 2, &m) && literal(s, n, &i, forms[f].month) &&
		    digits(s, n, &i, forms[f].least, 2, &d) && literal(s, n, &i, forms[f].day) &&
		    i == n)
			return day_from_ymd(y, m, d, ret);
	}
	return false;
}

const char *day_text(day_t day, char out[DATE_TEXT_MAX])
{
	int y, m, d;

	out[0] = '\0';
	if (day == DAY_NONE || !in_bounds(day))
		return out;
	day_to_ymd(day, &y, &m, &d);
	snprintf(out, DATE_TEXT_MAX, "%04u-%02u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u,
		 (unsigned)d % 100u);
	return out;
}

day_t day_of_ms(uint64_t unix_ms)
{
	uint64_t day = unix_ms / MS_PER_DAY + (unix_ms % MS_PER_DAY + CHINA_AHEAD_MS) / MS_PER_DAY;

	return day <= DAY_MAX ? (day_t)day : DAY_NONE;
}

day_t day_add_months(day_t day, int months)
{
	int y, m, d;
	int64_t count;

	if (day == DAY_NONE || !in_bounds(day))
		return DAY_NONE;
	day_to_ymd(day, &y, &m, &d);
	count = (int64_t)y * 12 + (m - 1) + months;
	if (count < INT64_C(1900) * 12 || count >= INT64_C(2200) * 12)
		return DAY_NONE;
	y = (int)(count / 12);
	m = (int)(count % 12) + 1;
	if (d > month_days(y, m))
		d = month_days(y, m);
	return days_from_civil(y, m, d);
}

int day_years_between(day_t birth, day_t on)
{
	int by, bm, bd, y, m, d;

	if (birth == DAY_NONE || on == DAY_NONE)
		return -1;
	day_to_ymd(birth, &by, &bm, &bd);
	day_to_ymd(on, &y, &m, &d);
	return y - by - (m < bm || (m == bm && d < bd));
}

/* Working days up to and with @day, counted from Monday 1899-12-25. */
static int workdays_to(day_t day)
{
	int n = day - DAY_MIN + 7, in_week = n % 7 + 1;

	return n / 7 * 5 + (in_week < 5 ? in_week : 5);
}

int day_workdays(day_t from, day_t to)
{
	return workdays_to(to) - workdays_to(from);
}

day_t day_add_workdays(day_t day, int n)
{
	int want;

	if (day == DAY_NONE || !in_bounds(day))
		return DAY_NONE;
	/* a weekend counts as the Friday before */
	for (want = workdays_to(day) + n; workdays_to(day) < want && in_bounds(day);)
		day++;
	return in_bounds(day) ? day : DAY_NONE;
}

/* One or two digits at the start of @s; their number, or 0. */
static size_t two_digits(const char *s, size_t n, unsigned *ret)
{
	size_t k = 0;

	for (*ret = 0; k < n && k < 2 && s[k] >= '0' && s[k] <= '9'; k++)
		*ret = *ret * 10 + (unsigned)(s[k] - '0');
	return k;
}

bool minute_parse(const char *s, size_t n, uint64_t *ret)
{
	static const char *const colons[] = {":", "：", "∶"};
	unsigned h, m;
	size_t hours = two_digits(s, n, &h), colon = 0;

	for (size_t i = 0; i < sizeof(colons) / sizeof(colons[0]) && !colon; i++) {
		size_t len = strlen(colons[i]);

		if (hours && n - hours > len && memcmp(s + hours, colons[i], len) == 0)
			colon = len;
	}
	if (!colon || n - hours - colon != 2 || two_digits(s + n - 2, 2, &m) != 2 || m > 59 ||
	    h * 60 + m > MINUTES_PER_DAY)
		return false;
	*ret = h * 60 + m;
	return true;
}

const char *minute_text(uint64_t minute, char out[DATE_TEXT_MAX])
{
	out[0] = '\0';
	if (minute <= MINUTES_PER_DAY)
		snprintf(out, DATE_TEXT_MAX, "%02u:%02u", (unsigned)(minute / 60),
			 (unsigned)(minute % 60));
	return out;
}

const char *time_text(uint64_t unix_ms, char out[32])
{
	char date[DATE_TEXT_MAX];
	unsigned s = (unsigned)((unix_ms % MS_PER_DAY + CHINA_AHEAD_MS) % MS_PER_DAY / 1000);

	out[0] = '\0';
	if (*day_text(day_of_ms(unix_ms), date))
		snprintf(out, 32, "%s %02u:%02u:%02u", date, s / 3600, s / 60 % 60, s % 60);
	return out;
}
