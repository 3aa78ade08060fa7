#ifndef LIB_DATE_H
#define LIB_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A civil day as the count of days since 1970-01-01 (proleptic Gregorian). 0 stands for "not given":
 * the first of January 1970 is not a date this field needs. Bounds 1900-01-01 .. 2199-12-31. */
typedef int32_t day_t;
#define DAY_NONE      0
#define DAY_MIN	      (-25567)
#define DAY_MAX	      84005
#define DATE_TEXT_MAX 16

/* False, and @ret untouched, for a day that does not exist, is out of bounds or would be DAY_NONE. */
bool day_from_ymd(int y, int m, int d, day_t *ret);
void day_to_ymd(day_t day, int *y, int *m, int *d);
int day_year(day_t day);
int day_of_year(day_t day); /* 0 = first of January */
/* "2025-01-31"; also reads 2025/1/31, 2025.1.31, 2025年1月31日 and 20250131. */
bool day_parse(const char *s, size_t n, day_t *ret);
const char *day_text(day_t day, char out[DATE_TEXT_MAX]); /* "" for DAY_NONE */
/* The day in China (UTC+8, no daylight saving) of a Unix time in milliseconds; DAY_NONE for 0 and for
 * a time after DAY_MAX. */
day_t day_of_ms(uint64_t unix_ms);
/* The same day @months later, cut to the end of the month; DAY_NONE out of bounds. */
day_t day_add_months(day_t day, int months);
/* Whole years from @birth to @on (age); negative when @on is earlier or one of them is DAY_NONE. */
int day_years_between(day_t birth, day_t on);
/* Mondays to Fridays after @from up to @to, holidays not known; negative when @to is earlier. */
int day_workdays(day_t from, day_t to);
/* The @n-th of them after @day, n from 0: the day itself. DAY_NONE out of bounds. */
day_t day_add_workdays(day_t day, int n);
/* A minute of the day as "09:30"; also reads 9:30 and a full-width colon, up to 24:00. False, and @ret
 * untouched, for anything else. */
bool minute_parse(const char *s, size_t n, uint64_t *ret);
const char *minute_text(uint64_t minute, char out[DATE_TEXT_MAX]); /* "" after 24:00 */
/* "2026-11-23 16:58:17" in UTC+8; "" where day_of_ms gives DAY_NONE. */
const char *time_text(uint64_t unix_ms, char out[32]);

#endif
