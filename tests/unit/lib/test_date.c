#include "lib/date.h"

#include "tests/lib/t.h"

static day_t day(int y, int m, int d)
{
	day_t ret = DAY_NONE;

	T_OK(day_from_ymd(y, m, d, &ret));
	return ret;
}

static void test_known_days_have_known_numbers(void)
{
	T_EQ(day(1970, 1, 2), 1);
	T_EQ(day(1969, 12, 31), -1);
	T_EQ(day(2000, 2, 29), 11016);
	T_EQ(day(2000, 3, 1), 11017);
	T_EQ(day(2025, 1, 31), 20119);
	T_EQ(day(1900, 1, 1), DAY_MIN);
	T_EQ(day(2199, 12, 31), DAY_MAX);
}

/* An independent count: one day after the other, with the month lengths written out. */
static void test_every_day_in_bounds_goes_there_and_back(void)
{
	static const int len[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	day_t at = DAY_MIN;

	for (int y = 1900; y <= 2199; y++) {
		bool leap = y % 400 == 0 || (y % 4 == 0 && y % 100 != 0);
		int in_year = 0;

		for (int m = 1; m <= 12; m++) {
			for (int d = 1; d <= len[m - 1] + (m == 2 && leap); d++, at++, in_year++) {
				int ry, rm, rd;
				day_t got = 12345;

				T_EQ(day_from_ymd(y, m, d, &got), at != DAY_NONE);
				T_EQ(got, at != DAY_NONE ? at : 12345);
				day_to_ymd(at, &ry, &rm, &rd);
				T_OK(ry == y && rm == m && rd == d);
				T_EQ(day_of_year(at), in_year);
				T_EQ(day_year(at), y);
			}
		}
	}
	T_EQ(at, DAY_MAX + 1);
}

static void test_impossible_days_are_refused(void)
{
	static const int bad[][3] = {{2025, 2, 29}, {2025, 2, 30}, {1900, 2, 29},  {2100, 2, 29},
				     {2024, 2, 30}, {2025, 4, 31}, {2025, 0, 1},   {2025, 13, 1},
				     {2025, 1, 0},  {2025, 1, 32}, {1899, 12, 31}, {2200, 1, 1},
				     {2025, -1, 1}, {2025, 1, -1}, {-1, 1, 1},	   {1970, 1, 1}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		day_t got = 7;

		T_OK(!day_from_ymd(bad[i][0], bad[i][1], bad[i][2], &got));
		T_EQ(got, 7);
	}
}

static void test_all_named_forms_are_read(void)
{
	static const char *const good[] = {"2025-01-31",    "2025-1-31",     "2025/1/31",
					   "2025/01/31",    "2025.1.31",     "20250131",
					   "2025年1月31日", "2025年01月31日"};
	static const char *const bad[] = {
		"",	      "2025",	     "2025-",	      "2025-01",	"2025-01-",
		"2025-1/31",  "2025/1-31",   "2025-001-31",   "2025-01-311",	"202501310",
		"2025013",    "25-01-31",    " 2025-01-31",   "2025-01-31 ",	"2025-02-30",
		"20250230",   "2025年1月31", "2025年1月31号", "2025年2月30日",	"2025-01-31T00",
		"+025-01-31", "2025--1-31",  "2025-1-3x",     "1970-01-01",	"0000-00-00",
		"2025年1",    "2025年",	     "2025\xe5",      "２０２５-01-31", "99999999"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		day_t got = 0;

		T_OK(day_parse(good[i], strlen(good[i]), &got));
		T_EQ(got, 20119);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		day_t got = 7;

		if (day_parse(bad[i], strlen(bad[i]), &got))
			t_fail(__FILE__, __LINE__, "read as a date: \"%s\"", bad[i]);
		T_EQ(got, 7);
	}
}

/* The copy on the heap ends where the text ends, so that the address sanitizer sees a step too far. */
static void test_parsing_never_reads_past_the_end(void)
{
	static const char *const texts[] = {"2025-01-31", "2025年1月31日", "20250131"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t n = 0; n <= strlen(texts[i]); n++) {
			char *copy = malloc(n ? n : 1);
			day_t got;

			T_OK(copy);
			memcpy(copy, texts[i], n);
			bool ok = day_parse(copy, n, &got);
			free(copy);
			/* "2025-01-3" is a date as well */
			T_EQ(ok, n == strlen(texts[i]) || (i == 0 && n == 9));
		}
	}
}

static void test_text_reads_back(void)
{
	static const day_t days[] = {DAY_MIN, -1, 1, 11016, 20119, DAY_MAX};
	char out[DATE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		day_t got;

		day_text(days[i], out);
		T_EQ(strlen(out), 10);
		T_OK(day_parse(out, strlen(out), &got));
		T_EQ(got, days[i]);
	}
	T_STR(day_text(20119, out), "2025-01-31");
	T_STR(day_text(DAY_NONE, out), "");
	T_STR(day_text(DAY_MAX + 1, out), "");
	T_STR(day_text(INT32_MIN, out), "");
}

static void test_a_day_in_china_begins_at_16_utc(void)
{
	char out[32];
	uint64_t midnight = UINT64_C(1738252800000); /* 2025-01-30T16:00:00Z */

	T_EQ(day_of_ms(midnight - 1), day(2025, 1, 30));
	T_EQ(day_of_ms(midnight), day(2025, 1, 31));
	T_STR(time_text(midnight - 1, out), "2025-01-30 23:59:59");
	T_STR(time_text(midnight, out), "2025-01-31 00:00:00");
	T_STR(time_text(UINT64_C(1795424297000), out), "2026-11-23 16:58:17");
}

static void test_unknown_and_absurd_times_have_no_day(void)
{
	char out[32];

	T_EQ(day_of_ms(0), DAY_NONE);
	T_STR(time_text(0, out), "");
	T_EQ(day_of_ms(UINT64_C(7258089600000) - 1), DAY_MAX); /* the last ms of 2199 in China */
	T_STR(time_text(UINT64_C(7258089600000) - 1, out), "2199-12-31 23:59:59");
	T_EQ(day_of_ms(UINT64_C(7258089600000)), DAY_NONE);
	T_EQ(day_of_ms(UINT64_MAX), DAY_NONE);
	T_STR(time_text(UINT64_MAX, out), "");
}

static void test_months_are_cut_to_their_end(void)
{
	T_EQ(day_add_months(day(2025, 1, 31), 1), day(2025, 2, 28));
	T_EQ(day_add_months(day(2024, 1, 31), 1), day(2024, 2, 29));
	T_EQ(day_add_months(day(2024, 2, 29), 12), day(2025, 2, 28));
	T_EQ(day_add_months(day(2024, 2, 29), 48), day(2028, 2, 29));
	T_EQ(day_add_months(day(2025, 3, 31), -1), day(2025, 2, 28));
	T_EQ(day_add_months(day(2025, 11, 30), 3), day(2026, 2, 28));
	T_EQ(day_add_months(day(2025, 12, 15), 1), day(2026, 1, 15));
	T_EQ(day_add_months(day(2025, 1, 15), -1), day(2024, 12, 15));
	T_EQ(day_add_months(day(2025, 5, 5), 0), day(2025, 5, 5));
	T_EQ(day_add_months(DAY_MAX, 1), DAY_NONE);
	T_EQ(day_add_months(DAY_MIN, -1), DAY_NONE);
	T_EQ(day_add_months(DAY_NONE, 1), DAY_NONE);
	T_EQ(day_add_months(1, INT32_MAX), DAY_NONE);
	T_EQ(day_add_months(1, INT32_MIN), DAY_NONE);
}

static void test_age_grows_on_the_birthday(void)
{
	T_EQ(day_years_between(day(1965, 5, 20), day(2025, 5, 19)), 59);
	T_EQ(day_years_between(day(1965, 5, 20), day(2025, 5, 20)), 60);
	T_EQ(day_years_between(day(2004, 2, 29), day(2022, 2, 28)), 17);
	T_EQ(day_years_between(day(2004, 2, 29), day(2022, 3, 1)), 18);
	T_EQ(day_years_between(day(2025, 5, 20), day(2025, 5, 20)), 0);
	T_OK(day_years_between(day(2025, 5, 20), day(2025, 5, 19)) < 0);
	T_EQ(day_years_between(DAY_NONE, day(2025, 5, 19)), -1);
	T_EQ(day_years_between(day(1965, 5, 20), DAY_NONE), -1);
}

/* --- working days ---------------------------------------------------------------------------------- */
/* 1970-01-01 was a Thursday. */
static bool is_workday(day_t d)
{
	int64_t since_monday = ((int64_t)d + 3 + INT64_C(7) * 100000) % 7;

	return since_monday < 5;
}

static void test_known_weeks_have_known_workdays(void)
{
	static const struct {
		int from[3], to[3], want;
	} cases[] = {
		{{2026, 3, 2}, {2026, 3, 2}, 0},				    /* a Monday */
		{{2026, 3, 2}, {2026, 3, 3}, 1},   {{2026, 3, 2}, {2026, 3, 6}, 4}, /* to Friday */
		{{2026, 3, 6}, {2026, 3, 7}, 0}, /* Friday to Saturday */
		{{2026, 3, 6}, {2026, 3, 9}, 1}, /* Friday to Monday */
		{{2026, 3, 7}, {2026, 3, 8}, 0}, /* a weekend */
		{{2026, 3, 7}, {2026, 3, 9}, 1},   {{2026, 3, 2}, {2026, 3, 9}, 5}, /* a week */
		{{2026, 3, 9}, {2026, 3, 2}, -5},  {{2026, 3, 9}, {2026, 3, 6}, -1},
		{{2026, 1, 1}, {2027, 1, 1}, 261}, /* a year of 52 weeks and a Friday */
		{{1969, 12, 31}, {1970, 1, 2}, 2}, /* over the day that is no day: Thursday, Friday */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int *f = cases[i].from, *t = cases[i].to;

		T_EQ(day_workdays(day(f[0], f[1], f[2]), day(t[0], t[1], t[2])), cases[i].want);
	}
}

/* Counted one day after the other, from both ends of the calendar and from every day of a week. */
static void test_workdays_are_those_a_calendar_shows(void)
{
	static const day_t starts[] = {DAY_MIN, -40, 20512, DAY_MAX - 100};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		for (day_t from = starts[i]; from < starts[i] + 7; from++) {
			int n = 0;

			for (day_t to = from; to <= starts[i] + 90; to++) {
				n += to > from && is_workday(to);
				T_EQ(day_workdays(from, to), n);
				T_EQ(day_workdays(to, from), -n);
			}
		}
	}
}

static void test_a_term_of_workdays_ends_on_one(void)
{
	for (day_t from = 20512; from < 20512 + 7; from++) {
		T_EQ(day_add_workdays(from, 0), from);
		for (int n = 1; n <= 60; n++) {
			day_t to = day_add_workdays(from, n);

			T_OK(is_workday(to));
			T_EQ(day_workdays(from, to), n);
		}
	}
	T_EQ(day_add_workdays(DAY_NONE, 1), DAY_NONE);
	T_EQ(day_add_workdays(DAY_MAX + 1, 1), DAY_NONE);
	T_EQ(day_add_workdays(DAY_MAX, 7), DAY_NONE);
}

static void test_a_time_of_day_is_read_and_written(void)
{
	static const struct {
		const char *text;
		int minute; /* -1: refused */
	} cases[] = {{"00:00", 0},    {"9:30", 570},   {"09:30", 570}, {"09：30", 570},
		     {"23:59", 1439}, {"24:00", 1440}, {"24:01", -1},  {"09:60", -1},
		     {"930", -1},     {"570", -1},     {"9:3", -1},    {"009:30", -1},
		     {":30", -1},     {"09:", -1},     {"", -1},       {"09:300", -1},
		     {"9：", -1},     {"-1:30", -1},   {"9:30 ", -1}};
	char text[DATE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t got = 7777;
		bool ok = minute_parse(cases[i].text, strlen(cases[i].text), &got);

		T_EQ(ok, cases[i].minute >= 0);
		T_EQ(got, ok ? (uint64_t)cases[i].minute : 7777);
	}
	T_STR(minute_text(0, text), "00:00");
	T_STR(minute_text(570, text), "09:30");
	T_STR(minute_text(1440, text), "24:00");
	T_STR(minute_text(1441, text), "");
}

T_MAIN(T(test_known_days_have_known_numbers), T(test_every_day_in_bounds_goes_there_and_back),
       T(test_impossible_days_are_refused), T(test_all_named_forms_are_read),
       T(test_parsing_never_reads_past_the_end), T(test_text_reads_back),
       T(test_a_day_in_china_begins_at_16_utc), T(test_unknown_and_absurd_times_have_no_day),
       T(test_months_are_cut_to_their_end), T(test_age_grows_on_the_birthday),
       T(test_known_weeks_have_known_workdays), T(test_workdays_are_those_a_calendar_shows),
       T(test_a_term_of_workdays_ends_on_one), T(test_a_time_of_day_is_read_and_written))
