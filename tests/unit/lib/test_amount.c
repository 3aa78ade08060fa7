#include "lib/amount.h"

#include "tests/lib/t.h"

static void test_sums_stay_in_bounds(void)
{
	static const struct {
		int64_t a, b;
		bool ok;
		int64_t sum;
	} cases[] = {
		{1, 2, true, 3},
		{-50, 50, true, 0},
		{POINTS_ABS_MAX, 0, true, POINTS_ABS_MAX},
		{POINTS_ABS_MAX, 1, false, 0},
		{POINTS_ABS_MAX - 1, 1, true, POINTS_ABS_MAX},
		{-POINTS_ABS_MAX, -1, false, 0},
		{-POINTS_ABS_MAX, 1, true, 1 - POINTS_ABS_MAX},
		{INT64_MAX, 1, false, 0},
		{INT64_MIN, -1, false, 0},
		{INT64_MAX, INT64_MIN, true, -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct points p = points_of(77);
		struct fen f = fen_of(77);
		struct qty q = qty_of(77);
		int64_t want = cases[i].ok ? cases[i].sum : 77;

		T_EQ(points_add(points_of(cases[i].a), points_of(cases[i].b), &p), cases[i].ok);
		T_EQ(points_raw(p), want);
		T_EQ(fen_add(fen_of(cases[i].a), fen_of(cases[i].b), &f), cases[i].ok);
		T_EQ(fen_raw(f), want);
		T_EQ(qty_add(qty_of(cases[i].a), qty_of(cases[i].b), &q), cases[i].ok);
		T_EQ(qty_raw(q), want);
	}
}

static void test_differences_stay_in_bounds(void)
{
	static const struct {
		int64_t a, b;
		bool ok;
		int64_t diff;
	} cases[] = {
		{3, 2, true, 1},
		{2, 3, true, -1},
		{-POINTS_ABS_MAX, 1, false, 0},
		{POINTS_ABS_MAX, -1, false, 0},
		{0, INT64_MIN, false, 0},
		{INT64_MIN, 1, false, 0},
		{POINTS_ABS_MAX, POINTS_ABS_MAX, true, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct points p = points_of(77);
		struct fen f = fen_of(77);
		struct qty q = qty_of(77);
		int64_t want = cases[i].ok ? cases[i].diff : 77;

		T_EQ(points_sub(points_of(cases[i].a), points_of(cases[i].b), &p), cases[i].ok);
		T_EQ(points_raw(p), want);
		T_EQ(fen_sub(fen_of(cases[i].a), fen_of(cases[i].b), &f), cases[i].ok);
		T_EQ(fen_raw(f), want);
		T_EQ(qty_sub(qty_of(cases[i].a), qty_of(cases[i].b), &q), cases[i].ok);
		T_EQ(qty_raw(q), want);
	}
}

static void test_products_stay_in_bounds(void)
{
	static const struct {
		int64_t a, n;
		bool ok;
		int64_t product;
	} cases[] = {
		{1050, 3, true, 3150},
		{-1050, 3, true, -3150},
		{-7, -6, true, 42},
		{1050, 0, true, 0},
		{0, INT64_MIN, true, 0},
		{POINTS_ABS_MAX, 1, true, POINTS_ABS_MAX},
		{POINTS_ABS_MAX, -1, true, -POINTS_ABS_MAX},
		{POINTS_ABS_MAX / 10, 10, true, POINTS_ABS_MAX},
		{POINTS_ABS_MAX / 10 + 1, 10, false, 0},
		{POINTS_ABS_MAX / 10 + 1, -10, false, 0},
		{INT64_C(1) << 32, INT64_C(1) << 32, false,
		 0}, /* 2^64: nothing is left in 64 bits */
		{INT64_C(1) << 32, -(INT64_C(1) << 32), false, 0},
		{INT64_MAX, INT64_MAX, false, 0}, /* 1 in 64 bits */
		{INT64_MIN, -1, false, 0},
		{INT64_MIN, INT64_MIN, false, 0}, /* 0 in 64 bits */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct points p = points_of(77);
		struct fen f = fen_of(77);
		int64_t want = cases[i].ok ? cases[i].product : 77;

		T_EQ(points_times(points_of(cases[i].a), qty_of(cases[i].n), &p), cases[i].ok);
		T_EQ(points_raw(p), want);
		T_EQ(fen_times(fen_of(cases[i].a), qty_of(cases[i].n), &f), cases[i].ok);
		T_EQ(fen_raw(f), want);
	}
}

static void test_a_sign_turns_within_bounds(void)
{
	static const struct {
		int64_t a;
		bool ok;
		int64_t neg;
	} cases[] = {{0, true, 0},
		     {36, true, -36},
		     {-36, true, 36},
		     {POINTS_ABS_MAX, true, -POINTS_ABS_MAX},
		     {-POINTS_ABS_MAX, true, POINTS_ABS_MAX},
		     {POINTS_ABS_MAX + 1, false, 0},
		     {INT64_MAX, false, 0},
		     {INT64_MIN, false, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct points p = points_of(77);

		T_EQ(points_neg(points_of(cases[i].a), &p), cases[i].ok);
		T_EQ(points_raw(p), cases[i].ok ? cases[i].neg : 77);
	}
}

static void test_order(void)
{
	T_EQ(points_cmp(points_of(1), points_of(2)), -1);
	T_EQ(points_cmp(points_of(2), points_of(1)), 1);
	T_EQ(points_cmp(points_of(2), points_of(2)), 0);
	T_EQ(points_cmp(points_of(INT64_MIN), points_of(INT64_MAX)), -1);
	T_EQ(points_cmp(POINTS_ZERO, points_of(0)), 0);
}

static void test_text_has_two_decimals(void)
{
	char out[AMOUNT_TEXT_MAX];

	T_STR(points_text(points_of(3600), out), "36.00");
	T_STR(points_text(points_of(-50), out), "-0.50");
	T_STR(points_text(points_of(0), out), "0.00");
	T_STR(points_text(points_of(5), out), "0.05");
	T_STR(points_text(points_of(POINTS_ABS_MAX), out), "10000000000000.00");
	T_STR(points_text(points_of(INT64_MIN), out), "-92233720368547758.08");
	T_STR(fen_text(fen_of(-12345), out), "-123.45");
	T_STR(fen_text(fen_of(INT64_MAX), out), "92233720368547758.07");
}

static void test_parsing_takes_plain_numbers_only(void)
{
	static const struct {
		const char *text;
		int64_t want;
	} good[] = {
		{"36", 3600},
		{"36.5", 3650},
		{"-36.50", -3650},
		{"0", 0},
		{"-0", 0},
		{"0.05", 5},
		{"-0.01", -1},
		{"007", 700},
		{"10000000000000", POINTS_ABS_MAX},
		{"10000000000000.00", POINTS_ABS_MAX},
		{"-10000000000000.00", -POINTS_ABS_MAX},
	};
	static const char *const bad[] = {"",
					  "-",
					  ".",
					  "-.",
					  ".5",
					  "-.5",
					  "36.",
					  "36.500",
					  "36.5.",
					  "3.6.5",
					  "3..6",
					  "+36",
					  " 36",
					  "36 ",
					  "--36",
					  "36-",
					  "1e3",
					  "0x10",
					  "1,000",
					  "３６",
					  "10000000000000.01",
					  "-10000000000000.01",
					  "100000000000000",
					  "9223372036854775807",
					  "9223372036854775808",
					  "99999999999999999999999999999999"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct points p = points_of(77);
		struct fen f = fen_of(77);

		T_OK(points_parse(good[i].text, strlen(good[i].text), &p));
		T_EQ(points_raw(p), good[i].want);
		T_OK(fen_parse(good[i].text, strlen(good[i].text), &f));
		T_EQ(fen_raw(f), good[i].want);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct points p = points_of(77);
		struct fen f = fen_of(77);

		if (points_parse(bad[i], strlen(bad[i]), &p) ||
		    fen_parse(bad[i], strlen(bad[i]), &f))
			t_fail(__FILE__, __LINE__, "read as an amount: \"%s\"", bad[i]);
		T_EQ(points_raw(p), 77);
		T_EQ(fen_raw(f), 77);
	}
}

static void test_parsing_stops_at_the_length(void)
{
	struct points p = points_of(77);

	T_OK(points_parse("36.55", 4, &p));
	T_EQ(points_raw(p), 3650);
	T_OK(!points_parse("36.55", 3, &p));
	T_OK(!points_parse("3\0", 2, &p));
	T_EQ(points_raw(p), 3650);
}

T_MAIN(T(test_sums_stay_in_bounds, "I4"), T(test_differences_stay_in_bounds),
       T(test_products_stay_in_bounds), T(test_a_sign_turns_within_bounds), T(test_order),
       T(test_text_has_two_decimals), T(test_parsing_takes_plain_numbers_only, "I4"),
       T(test_parsing_stops_at_the_length))
