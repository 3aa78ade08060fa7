#include "lib/jw.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

static void write_all(struct jw *w)
{
	static const uint8_t raw[] = {0x00, 0xff, 0x7a};

	jw_obj(w);
	jw_kstr(w, "name", "后山村");
	jw_ku64(w, "size", UINT64_MAX);
	jw_key(w, "balance");
	jw_i64(w, INT64_MIN);
	jw_kbool(w, "ok", true);
	jw_khex(w, "root", raw, sizeof(raw));
	jw_key(w, "none");
	jw_null(w);
	jw_key(w, "list");
	jw_arr(w);
	jw_u64(w, 0);
	jw_i64(w, -1);
	jw_bool(w, false);
	jw_str(w, "x");
	jw_strn(w, "yz", 1);
	jw_hex(w, NULL, 0);
	jw_arr(w);
	jw_arr_end(w);
	jw_obj(w);
	jw_obj_end(w);
	jw_obj(w);
	jw_key(w, "in");
	jw_obj(w);
	jw_kstr(w, "a", "");
	jw_obj_end(w);
	jw_ku64(w, "b", 1);
	jw_obj_end(w);
	jw_null(w);
	jw_arr_end(w);
	jw_ku64(w, "last", 9);
	jw_obj_end(w);
}

static void test_commas_and_colons_stand_where_they_belong(void)
{
	struct buf b = {0};
	struct jw w;

	jw_init(&w, &b);
	write_all(&w);
	T_STR(buf_str(&b), "{\"name\":\"后山村\",\"size\":18446744073709551615,"
			   "\"balance\":-9223372036854775808,\"ok\":true,\"root\":\"00ff7a\","
			   "\"none\":null,\"list\":[0,-1,false,\"x\",\"y\",\"\",[],{},"
			   "{\"in\":{\"a\":\"\"},\"b\":1},null],\"last\":9}");
	T_EQ(w.depth, 0);
	buf_close(&b);
}

static void test_a_value_may_stand_alone(void)
{
	struct buf b = {0};
	struct jw w;

	jw_init(&w, &b);
	jw_str(&w, "only");
	T_STR(buf_str(&b), "\"only\"");
	buf_close(&b);
}

static void test_text_is_escaped_and_nothing_else_is(void)
{
	static const struct {
		const char *in;
		size_t n;
		const char *want;
	} cases[] = {
		{"", 0, "\"\""},
		{NULL, 0, "\"\""},
		{"\"", 1, "\"\\\"\""},
		{"\\", 1, "\"\\\\\""},
		{"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
		{"\n\r\t", 3, "\"\\n\\r\\t\""},
		{"\0", 1, "\"\\u0000\""},
		{"a\x01z\x1f", 4, "\"a\\u0001z\\u001f\""},
		{"\x7f", 1, "\"\\u007f\""},
		{"/<>&'", 5, "\"/<>&'\""},
		{"村\xf0\xa0\xae\xb7", 7, "\"村\xf0\xa0\xae\xb7\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = {0};
		struct jw w;

		jw_init(&w, &b);
		jw_strn(&w, cases[i].in, cases[i].n);
		T_STR(buf_str(&b), cases[i].want);
		buf_close(&b);
	}
}

static void test_keys_are_escaped_too(void)
{
	struct buf b = {0};
	struct jw w;

	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "a\"b", "c");
	jw_obj_end(&w);
	T_STR(buf_str(&b), "{\"a\\\"b\":\"c\"}");
	buf_close(&b);
}

static void test_long_hex_is_whole(void)
{
	for (size_t n = 0; n < 130; n++) {
		uint8_t raw[130];
		struct buf b = {0};
		struct jw w;

		for (size_t i = 0; i < n; i++)
			raw[i] = (uint8_t)i;
		jw_init(&w, &b);
		jw_hex(&w, raw, n);
		T_EQ(b.n, 2 * n + 2);
		for (size_t i = 0; i < n; i++) {
			char want[3];

			snprintf(want, sizeof(want), "%02x", (unsigned)i);
			T_MEM(b.p + 1 + 2 * i, want, 2);
		}
		buf_close(&b);
	}
}

static void test_nesting_reaches_the_named_depth(void)
{
	struct buf b = {0};
	struct jw w;

	jw_init(&w, &b);
	for (int i = 0; i < JW_DEPTH_MAX; i++)
		jw_arr(&w);
	jw_u64(&w, 1);
	for (int i = 0; i < JW_DEPTH_MAX; i++)
		jw_arr_end(&w);
	T_STR(buf_str(&b), "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]");
	buf_close(&b);
}

static void test_a_full_buffer_is_the_error(void)
{
	struct buf b;
	struct jw w;

	buf_init(&b, 20);
	jw_init(&w, &b);
	write_all(&w);
	T_EQ(b.err, ERR_LIMIT);
	buf_close(&b);
}

static int write_once(void)
{
	struct buf b = {0};
	struct jw w;
	int err;

	jw_init(&w, &b);
	write_all(&w);
	err = b.err;
	buf_close(&b);
	return err;
}

static void test_lack_of_memory_is_the_error(void)
{
	T_OOM(write_once());
}

T_MAIN(T(test_commas_and_colons_stand_where_they_belong), T(test_a_value_may_stand_alone),
       T(test_text_is_escaped_and_nothing_else_is), T(test_keys_are_escaped_too),
       T(test_long_hex_is_whole), T(test_nesting_reaches_the_named_depth),
       T(test_a_full_buffer_is_the_error), T(test_lack_of_memory_is_the_error))
