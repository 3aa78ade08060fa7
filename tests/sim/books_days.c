#include "tests/sim/books.h"

/* The calendar of the books: counted out month by month, with nothing of lib/date.c but that day 0 is 1970-01-01, a
 * Thursday. */
#define EPOCH_YEAR   1970
#define CHINA_MS     UINT64_C(28800000)
#define MS_PER_DAY   UINT64_C(86400000)
#define THURSDAY     3 /* Monday is 0 */
#define WORKING_DAYS 5

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Where the month of @day begins. */
static day_t month_of(day_t day, int *year, int *month)
{
	day_t first = 0;

	for (*year = EPOCH_YEAR, *month = 1; first + days_in(*year, *month) <= day;) {
		first += days_in(*year, *month);
		*year += *month == 12;
		*month = *month % 12 + 1;
	}
	return first;
}

day_t books_day_of(uint64_t unix_ms)
{
	return unix_ms ? (day_t)((unix_ms + CHINA_MS) / MS_PER_DAY) : DAY_NONE;
}

int books_year_of(day_t day)
{
	int year, month;

	month_of(day, &year, &month);
	return year;
}

day_t books_months_after(day_t day, uint32_t months)
{
	int year, month;
	day_t first = month_of(day, &year, &month), in_month = day - first;

	for (; months; months--) {
		first += days_in(year, month);
		year += month == 12;
		month = month % 12 + 1;
	}
	return first + (in_month < days_in(year, month) ? in_month : days_in(year, month) - 1);
}

day_t books_month_end(day_t day)
{
	int year, month;
	day_t first = month_of(day, &year, &month);

	return first + days_in(year, month) - 1;
}

int books_workdays(day_t from, day_t to)
{
	int n = 0;

	for (day_t day = from + 1; day <= to; day++)
		n += (day + THURSDAY) % 7 < WORKING_DAYS;
	return n;
}
