#include "lib/text.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

/* RFC 4648 section 10 */
static const struct {
	const char *plain, *coded;
} b64_cases[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff", "+/8="},
};

static void test_base64_gives_the_published_values(void)
{
	for (size_t i = 0; i < sizeof(b64_cases) / sizeof(b64_cases[0]); i++) {
		const char *plain = b64_cases[i].plain, *coded = b64_cases[i].coded;
		struct buf b = {0};
		uint8_t out[16];
		size_t n = 77;

		T_EQ(b64_put(&b, plain, strlen(plain)), 0);
		T_STR(buf_str(&b), coded);
		T_EQ(B64_LEN(strlen(plain)), strlen(coded));
		T_EQ(b64_get(coded, strlen(coded), out, strlen(plain), &n), 0);
		T_EQ(n, strlen(plain));
		T_MEM(out, plain, n);
		buf_close(&b);
	}
}

static void test_base64_is_strict(void)
{
	static const char *const bad[] = {"Z",	      "Zg",   "Zg=",	 "Zg===",    "====",
					  "=",	      "Z===", "Zm9v=",	 "Zg==Zg==", "Zm=v",
					  "Zh==",     "Zm9=", "Zm 9",	 "Zm9v\n",   " Zm9",
					  "Zm9v Zm9", "Zm-_", "Zm9\xc3", "Zm9vZ===", "Zg==\n",
					  "A=A=",     "=AAA", "AA=A"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t out[16];
		size_t n = 77;

		T_EQ(b64_get(bad[i], strlen(bad[i]), out, sizeof(out), &n), ERR_FORMAT);
		T_EQ(n, 77);
	}
}

static void test_base64_output_is_bounded(void)
{
	uint8_t out[4] = {9, 9, 9, 9};
	size_t n = 77;
	struct buf b;

	T_EQ(b64_get("Zm9vYg==", 8, out, 3, &n), ERR_LIMIT);
	T_EQ(n, 77);
	T_MEM(out, "\x09\x09\x09\x09", 4);
	buf_init(&b, 7);
	T_EQ(b64_put(&b, "foob", 4), ERR_LIMIT);
	T_EQ(b.n, 0);
	buf_close(&b);
	buf_init(&b, 8);
	T_EQ(b64_put(&b, "foob", SIZE_MAX), ERR_LIMIT);
	T_EQ(b64_put(&b, "foob", 4), ERR_LIMIT);
	buf_close(&b);
}

static int code_some(void)
{
	struct buf b = {0};
	uint8_t block[200] = {0};
	int err;

	b64_put(&b, block, sizeof(block));
	b64_put(&b, block, sizeof(block));
	err = b.err;
	buf_close(&b);
	return err;
}

static void test_base64_survives_lack_of_memory(void)
{
	T_OOM(code_some());
}

static void test_base64_of_random_bytes_reads_back(void)
{
	struct prng g;
	uint8_t in[100], out[100];

	prng_seed(&g, 1);
	for (size_t n = 0; n <= sizeof(in); n++) {
		struct buf b = {0};
		size_t got;

		prng_fill(&g, in, n);
		T_EQ(b64_put(&b, in, n), 0);
		T_EQ(b64_get(buf_str(&b), b.n, out, n, &got), 0);
		T_EQ(got, n);
		T_MEM(out, in, n);
		buf_close(&b);
	}
}

static void test_hex_reads_back_in_both_cases(void)
{
	static const uint8_t raw[4] = {0x00, 0x9a, 0xbc, 0xff};
	uint8_t out[4];
	char text[9];

	hex_put(text, raw, sizeof(raw));
	T_STR(text, "009abcff");
	hex_put(text, raw, 0);
	T_STR(text, "");
	T_OK(hex_get("009abcff", 8, out, 4));
	T_MEM(out, raw, 4);
	T_OK(hex_get("009ABCff", 8, out, 4));
	T_MEM(out, raw, 4);
	T_OK(hex_get("", 0, out, 0));
}

static void test_hex_of_another_shape_is_refused(void)
{
	static const char *const bad[] = {"",	       "0",	     "0011223",
					  "001122334", "0011223344", "0011223g",
					  "00 11 22",  "0x112233",   "0011223\xff"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t out[4] = {9, 9, 9, 9};

		T_OK(!hex_get(bad[i], strlen(bad[i]), out, sizeof(out)));
		T_MEM(out, "\x09\x09\x09\x09", 4);
	}
	T_OK(!hex_get("00", SIZE_MAX, NULL, SIZE_MAX / 2 + 1));
}

static const struct {
	const char *text;
	int count; /* -1: not UTF-8 */
} utf8_cases[] = {
	{"", 0},
	{"abc", 3},
	{"村账", 2},
	{"a\xc3\xa9z", 3},
	{"\x7f", 1},
	{"\xc2\x80", 1},
	{"\xdf\xbf", 1},
	{"\xe0\xa0\x80", 1},
	{"\xed\x9f\xbf", 1},
	{"\xee\x80\x80", 1},
	{"\xef\xbf\xbf", 1},
	{"\xf0\x90\x80\x80", 1},
	{"\xf0\xa0\xae\xb7", 1}, /* a rare character of a name */
	{"\xf4\x8f\xbf\xbf", 1},
	{"\x80", -1},
	{"\xbf", -1},
	{"\xc0\x80", -1},
	{"\xc1\xbf", -1},
	{"\xc2", -1},
	{"\xc2\x7f", -1},
	{"\xc2\xc0", -1},
	{"\xe0\x80\x80", -1},
	{"\xe0\x9f\xbf", -1},
	{"\xe6\x9d", -1},
	{"\xe6\x9d\xe6", -1},
	{"\xed\xa0\x80", -1}, /* a surrogate */
	{"\xed\xbf\xbf", -1},
	{"\xf0\x80\x80\x80", -1},
	{"\xf0\x8f\xbf\xbf", -1},
	{"\xf0\x90\x80", -1},
	{"\xf4\x90\x80\x80", -1},
	{"\xf5\x80\x80\x80", -1},
	{"\xf8\x88\x80\x80\x80", -1},
	{"\xfe", -1},
	{"\xff", -1},
	{"ok\xff", -1},
	{"\xb4\xe5\xd5\xcb", -1}, /* GB18030 */
};

/* On the heap without a NUL, so that the address sanitizer sees a step too far. */
static void test_utf8_well_formed_or_not(void)
{
	for (size_t i = 0; i < sizeof(utf8_cases) / sizeof(utf8_cases[0]); i++) {
		size_t n = strlen(utf8_cases[i].text);
		char *copy = malloc(n ? n : 1);
		bool want = utf8_cases[i].count >= 0;

		T_OK(copy);
		memcpy(copy, utf8_cases[i].text, n);
		if (utf8_valid(copy, n) != want)
			t_fail(__FILE__, __LINE__, "case %zu: want %d", i, want);
		if (want)
			T_EQ(utf8_count(copy, n), utf8_cases[i].count);
		free(copy);
	}
	T_OK(utf8_valid("a\0b", 3));
}

/* Every code point is either a surrogate or reads as one character. */
static void test_utf8_knows_every_code_point(void)
{
	for (uint32_t cp = 0; cp <= 0x110100; cp++) {
		uint8_t raw[4];
		size_t n;

		if (cp < 0x80) {
			raw[0] = (uint8_t)cp;
			n = 1;
		} else if (cp < 0x800) {
			raw[0] = (uint8_t)(0xc0 | cp >> 6);
			n = 2;
		} else if (cp < 0x10000) {
			raw[0] = (uint8_t)(0xe0 | cp >> 12);
			n = 3;
		} else {
			raw[0] = (uint8_t)(0xf0 | cp >> 18);
			n = 4;
		}
		for (size_t i = 1; i < n; i++)
			raw[i] = (uint8_t)(0x80 | (cp >> (6 * (n - 1 - i)) & 0x3f));
		T_EQ(utf8_valid(raw, n), !(cp >= 0xd800 && cp <= 0xdfff) && cp <= 0x10ffff);
		T_OK(n == 1 || !utf8_valid(raw, n - 1));
	}
}

static void test_clean_text_has_no_control_characters(void)
{
	T_OK(utf8_clean("村账 a~", strlen("村账 a~"), false));
	T_OK(utf8_clean("", 0, false));
	T_OK(!utf8_clean("a\nb", 3, false));
	T_OK(utf8_clean("a\nb", 3, true));
	T_OK(!utf8_clean("a\r\nb", 4, true));
	T_OK(!utf8_clean("a\tb", 3, true));
	T_OK(!utf8_clean("a\0b", 3, true));
	T_OK(!utf8_clean("\x1f", 1, true));
	T_OK(!utf8_clean("\x7f", 1, true));
	T_OK(!utf8_clean("ok\xff", 3, true));
}

static void test_a_cut_falls_between_characters(void)
{
	static const size_t want[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9, 9};
	const char *text = "a村\xf0\xa0\xae\xb7z";

	T_EQ(strlen(text), 9);
	for (size_t max = 0; max < sizeof(want) / sizeof(want[0]); max++)
		T_EQ(utf8_cut(text, 9, max), want[max]);
	T_EQ(utf8_cut("", 0, 0), 0);
	T_EQ(utf8_cut("", 0, 5), 0);
	T_EQ(utf8_cut("\x80\x80\x80", 3, 2), 0);
}

static void test_u64_takes_shortest_decimals_only(void)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = {{"0", 0}, {"7", 7}, {"10", 10}, {"18446744073709551615", UINT64_MAX}};
	static const char *const bad[] = {"",
					  "00",
					  "01",
					  "-1",
					  "+1",
					  " 1",
					  "1 ",
					  "1a",
					  "0x1",
					  "1.0",
					  "１",
					  "18446744073709551616",
					  "18446744073709551620",
					  "184467440737095516150"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t v = 77;

		T_OK(u64_parse(good[i].text, strlen(good[i].text), &v));
		T_OK(v == good[i].want);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t v = 77;

		if (u64_parse(bad[i], strlen(bad[i]), &v))
			t_fail(__FILE__, __LINE__, "read as a number: \"%s\"", bad[i]);
		T_EQ(v, 77);
	}
}

static void test_equal_strings(void)
{
	T_OK(str_eq("village", 7, "village"));
	T_OK(!str_eq("village", 6, "village"));
	T_OK(!str_eq("villagers", 9, "village"));
	T_OK(!str_eq("Village", 7, "village"));
	T_OK(str_eq(NULL, 0, ""));
	T_OK(!str_eq("a\0b", 3, "a"));
}

static void test_text_is_cut_to_its_place_and_filled_up(void)
{
	char to[4] = "abc";

	str_set(to, sizeof(to), (struct bytes){(const uint8_t *)"longer", 6});
	T_MEM(to, "lon\0", 4);
	str_set(to, sizeof(to), (struct bytes){(const uint8_t *)"x", 1});
	T_MEM(to, "x\0\0\0", 4);
	str_set(to, sizeof(to), (struct bytes){NULL, 0});
	T_MEM(to, "\0\0\0\0", 4);
}

T_MAIN(T(test_text_is_cut_to_its_place_and_filled_up), T(test_base64_gives_the_published_values),
       T(test_base64_is_strict), T(test_base64_output_is_bounded),
       T(test_base64_survives_lack_of_memory), T(test_base64_of_random_bytes_reads_back),
       T(test_hex_reads_back_in_both_cases), T(test_hex_of_another_shape_is_refused),
       T(test_utf8_well_formed_or_not), T(test_utf8_knows_every_code_point),
       T(test_clean_text_has_no_control_characters), T(test_a_cut_falls_between_characters),
       T(test_u64_takes_shortest_decimals_only), T(test_equal_strings))
