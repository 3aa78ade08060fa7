#include "proto/noticecode.h"

#include "tests/lib/t.h"

/* The codes were computed by another program, as SPEC 10.4 describes them. */
static uint8_t root_up[HASH_BYTES], root_ff[HASH_BYTES];
static struct hash feed_up, feed_zero;

static void make_roots(void)
{
	for (unsigned i = 0; i < HASH_BYTES; i++) {
		feed_up.b[i] = (uint8_t)i;
		root_up[i] = (uint8_t)(100 + i);
		root_ff[i] = 0xff;
	}
}

static struct rec_notice notice(uint64_t size, const uint8_t *root, uint32_t kind, day_t from,
				day_t to, uint64_t lines, int64_t plus, int64_t minus)
{
	return (struct rec_notice){.size = size,
				   .root = {root, HASH_BYTES},
				   .kind = kind,
				   .from = from,
				   .to = to,
				   .lines = lines,
				   .plus = points_of(plus),
				   .minus = points_of(minus)};
}

static void test_codes_are_those_of_the_specification(void)
{
	const struct {
		const struct hash *feed;
		struct rec_notice n;
		const char *code;
	} cases[] = {
		{&feed_up, notice(1, root_up, 0, 20454, 20484, 0, 0, 0), "P841-D7E6-MGRQ-BPG0"},
		{&feed_up,
		 notice(123456789012, root_up, 1, DAY_MIN, DAY_MAX, 1000000, POINTS_ABS_MAX,
			-POINTS_ABS_MAX),
		 "RZBF-WWV4-XQBC-0XKF"},
		{&feed_zero, notice(INT64_MAX, root_ff, 3, 1, 1, 1, -1, 1), "ZYA3-ER77-J7CV-4GJD"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char code[NOTICE_CODE_TEXT];

		notice_code(cases[i].feed, &cases[i].n, code);
		T_STR(code, cases[i].code);
	}
}

/* One unit more in any figure is another code; what is not on the paper is not in it. */
static void test_every_figure_is_in_the_code(void)
{
	struct rec_notice n = notice(9, root_up, 1, 100, 200, 7, 500, 300);
	char before[NOTICE_CODE_TEXT], after[NOTICE_CODE_TEXT];
	struct rec_notice v[] = {n, n, n, n, n, n, n, n};
	struct hash feed = feed_up;

	notice_code(&feed_up, &n, before);
	v[0].size++;
	v[1].root.p = root_ff;
	v[2].kind++;
	v[3].from++;
	v[4].to++;
	v[5].lines++;
	v[6].plus = points_of(501);
	v[7].minus = points_of(301);
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		notice_code(&feed_up, &v[i], after);
		T_OK(strcmp(before, after) != 0);
	}
	feed.b[31] ^= 1;
	notice_code(&feed, &n, after);
	T_OK(strcmp(before, after) != 0);
	n.digest = (struct bytes){root_ff, HASH_BYTES};
	notice_code(&feed_up, &n, after);
	T_STR(after, before);
}

static void test_a_code_is_known_as_people_copy_it(void)
{
	static const char code[NOTICE_CODE_TEXT] = "8Q1K-V0YD-0M6T-ZB4R";
	static const char *const same[] = {"8Q1K-V0YD-0M6T-ZB4R",   "8q1k-v0yd-0m6t-zb4r",
					   "8Q1KV0YD0M6TZB4R",	    "8QIK-VOYD-OM6T-ZB4R",
					   "8Qlk VoYD 0M6T ZB4R",   " 8Q1K--V0YD-0M6T-ZB4R- ",
					   "8 Q 1 K V 0 YD0M6TZB4R"};
	static const char *const other[] = {"",
					    "-",
					    "8Q1K",
					    "8Q1K-V0YD-0M6T-ZB4",
					    "8Q1K-V0YD-0M6T-ZB4RR",
					    "8Q1K-V0YD-0M6T-ZB4R-8",
					    "8Q1K-V0YD-0M6T-ZB4S",
					    "9Q1K-V0YD-0M6T-ZB4R",
					    "Q8K1-V0YD-0M6T-ZB4R",
					    "8Q1K_V0YD_0M6T_ZB4R",
					    "8Q1K-V0YD-0M6T-ZB4R\t",
					    "８Q1K-V0YD-0M6T-ZB4R",
					    "8Q1K-V0YD-QM6T-ZB4R"};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (!notice_code_same(same[i], code))
			t_fail(__FILE__, __LINE__, "another code: \"%s\"", same[i]);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (notice_code_same(other[i], code))
			t_fail(__FILE__, __LINE__, "the same code: \"%s\"", other[i]);
}

T_MAIN_WITH(make_roots, NULL, T(test_codes_are_those_of_the_specification),
	    T(test_every_figure_is_in_the_code), T(test_a_code_is_known_as_people_copy_it))
