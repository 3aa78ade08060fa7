#include "lib/buf.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

static void test_a_zeroed_buffer_is_valid_and_empty(void)
{
	struct buf b = {0};

	T_EQ(b.n, 0);
	T_STR(buf_str(&b), "");
	buf_close(&b);
	buf_close(&b);
	buf_close(NULL);
	T_EQ(mem_live(), 0);
}

static void test_integers_are_big_endian(void)
{
	struct buf b = {0};
	uint8_t want[15];

	T_EQ(buf_put_u8(&b, 0xab), 0);
	T_EQ(buf_put_be16(&b, 0x0102), 0);
	T_EQ(buf_put_be32(&b, 0x03040506), 0);
	T_EQ(buf_put_be64(&b, UINT64_C(0x0708090a0b0c0d0e)), 0);
	T_EQ(b.n, t_hex("ab0102030405060708090a0b0c0d0e", want, sizeof(want)));
	T_MEM(b.p, want, b.n);
	struct cur c = cur_of(b.p, b.n);
	T_EQ(cur_u8(&c), 0xab);
	T_EQ(cur_be16(&c), 0x0102);
	T_EQ(cur_be32(&c), 0x03040506);
	T_EQ(cur_be64(&c), INT64_C(0x0708090a0b0c0d0e));
	T_EQ(cur_done(&c), 0);
	buf_close(&b);
}

static void test_plain_loads_and_stores_keep_the_top_bit(void)
{
	uint8_t raw[8];

	be16_put(raw, 0xfffe);
	T_EQ(be16_get(raw), 0xfffe);
	be32_put(raw, 0xfffefdfc);
	T_EQ(be32_get(raw), 0xfffefdfc);
	be64_put(raw, UINT64_MAX - 1);
	T_OK(be64_get(raw) == UINT64_MAX - 1);
	T_EQ(raw[0], 0xff);
	T_EQ(raw[7], 0xfe);
}

static void test_appending_grows_and_keeps_what_is_there(void)
{
	struct buf b = {0};

	for (unsigned i = 0; i < 10000; i++)
		T_EQ(buf_put_be32(&b, i), 0);
	T_EQ(b.n, 40000);
	T_OK(b.cap < 2 * 40000 + 64);
	struct cur c = cur_of(b.p, b.n);
	for (unsigned i = 0; i < 10000; i++)
		T_EQ(cur_be32(&c), i);
	T_EQ(cur_done(&c), 0);
	buf_close(&b);
}

static void test_the_maximum_is_exact(void)
{
	struct buf b;

	buf_init(&b, 100);
	T_EQ(buf_printf(&b, "%099d", 0), 0);
	T_EQ(buf_put_u8(&b, 'x'), 0);
	T_EQ(strlen(buf_str(&b)), 100); /* the NUL does not count */
	T_EQ(buf_put(&b, "", 0), 0);
	T_EQ(buf_put_u8(&b, 'y'), ERR_LIMIT);
	T_EQ(b.n, 100);
	T_EQ(b.err, ERR_LIMIT);
	buf_close(&b);
	T_EQ(b.err, 0);
	T_EQ(b.max, 100);
	T_OK(!buf_reserve(&b, SIZE_MAX));
	T_EQ(b.err, ERR_LIMIT);
	T_OK(!b.p);
	buf_reset(&b);
	T_EQ(buf_puts(&b, "again"), 0);
	T_STR(buf_str(&b), "again");
	buf_close(&b);
}

static void test_the_default_maximum_holds(void)
{
	struct buf b = {0};

	T_OK(!buf_reserve(&b, BUF_BYTES_MAX + 1));
	T_EQ(b.err, ERR_LIMIT);
	buf_close(&b);
}

static void test_an_error_sticks(void)
{
	struct buf b = {0};

	buf_puts(&b, "ok");
	b.err = ERR_NOMEM;
	T_EQ(buf_puts(&b, "more"), ERR_NOMEM);
	T_EQ(buf_printf(&b, "%d", 1), ERR_NOMEM);
	T_EQ(buf_put_varint(&b, 1), ERR_NOMEM);
	T_OK(!buf_reserve(&b, 0));
	T_STR(buf_str(&b), "");
	T_EQ(b.n, 2);
	buf_reset(&b);
	T_EQ(b.n, 0);
	T_STR(buf_str(&b), "");
	T_EQ(b.err, 0);
	buf_close(&b);
}

static void test_printf_fits_at_every_fill_level(void)
{
	for (size_t fill = 0; fill < 140; fill++) {
		struct buf b = {0};

		for (size_t i = 0; i < fill; i++)
			buf_put_u8(&b, '.');
		T_EQ(buf_printf(&b, "%s-%d", "text", 42), 0);
		T_EQ(b.n, fill + 7);
		T_STR(buf_str(&b) + fill, "text-42");
		buf_close(&b);
	}
}

static void test_printf_of_nothing_is_no_error(void)
{
	struct buf b = {0};

	T_EQ(buf_printf(&b, "%s", ""), 0);
	T_EQ(b.n, 0);
	buf_close(&b);
}

static void test_printf_over_the_maximum_adds_nothing(void)
{
	struct buf b;

	buf_init(&b, 8);
	T_EQ(buf_printf(&b, "1234"), 0);
	T_EQ(buf_printf(&b, "56789"), ERR_LIMIT);
	T_EQ(b.n, 4);
	buf_close(&b);
}

static void test_reserve_of_nothing_still_points_somewhere(void)
{
	struct buf b = {0};

	T_OK(buf_reserve(&b, 0));
	T_EQ(b.n, 0);
	buf_close(&b);
}

static void test_varints_are_shortest(void)
{
	static const struct {
		uint64_t v;
		const char *hex;
	} cases[] = {
		{0, "00"},
		{1, "01"},
		{127, "7f"},
		{128, "8001"},
		{300, "ac02"},
		{16383, "ff7f"},
		{16384, "808001"},
		{UINT64_C(1) << 63, "80808080808080808001"},
		{UINT64_MAX, "ffffffffffffffffff01"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = {0};
		uint8_t want[10];

		T_EQ(buf_put_varint(&b, cases[i].v), 0);
		T_EQ(b.n, t_hex(cases[i].hex, want, sizeof(want)));
		T_MEM(b.p, want, b.n);
		struct cur c = cur_of(b.p, b.n);
		T_OK(cur_varint(&c) == cases[i].v);
		T_EQ(cur_done(&c), 0);
		buf_close(&b);
	}
}

static void test_other_varints_are_refused(void)
{
	static const char *const bad[] = {
		"",
		"80",
		"8000",
		"ff00",
		"808000",
		"ffffffffffffffffff02",
		"ffffffffffffffffff81",
		"ffffffffffffffffffff01",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t raw[16];
		struct cur c = cur_of(raw, t_hex(bad[i], raw, sizeof(raw)));

		T_EQ(cur_varint(&c), 0);
		T_EQ(c.err, ERR_FORMAT);
		T_EQ(cur_done(&c), ERR_FORMAT);
	}
}

static void test_a_short_read_sticks_and_gives_zeros(void)
{
	static const uint8_t raw[5] = {1, 2, 3, 4, 5};
	uint8_t out[4] = {9, 9, 9, 9};
	struct cur c = cur_of(raw, sizeof(raw));

	T_EQ(cur_u8(&c), 1);
	T_EQ(cur_left(&c), 4);
	T_EQ(cur_be64(&c), 0);
	T_EQ(c.err, ERR_FORMAT);
	T_EQ(cur_u8(&c), 0);
	T_EQ(cur_be16(&c), 0);
	T_EQ(cur_be32(&c), 0);
	T_OK(!cur_take(&c, 0));
	cur_copy(&c, out, sizeof(out));
	T_MEM(out, "\0\0\0\0", 4);
	T_EQ(cur_done(&c), ERR_FORMAT);
}

static void test_what_is_left_over_is_an_error(void)
{
	static const uint8_t raw[3] = {1, 2, 3};
	uint8_t out[2];
	struct cur c = cur_of(raw, sizeof(raw));

	cur_copy(&c, out, 2);
	T_MEM(out, raw, 2);
	T_EQ(c.err, 0);
	T_EQ(cur_done(&c), ERR_FORMAT);
	T_OK(cur_take(&c, 1) == raw + 2);
	T_EQ(cur_done(&c), 0);
	T_OK(cur_take(&c, 0) == raw + 3);
	T_OK(!cur_take(&c, SIZE_MAX));
}

static void test_a_cursor_over_nothing(void)
{
	struct cur c = cur_of(NULL, 0);

	T_EQ(cur_left(&c), 0);
	T_EQ(cur_done(&c), 0);
	T_OK(cur_take(&c, 0));
	cur_copy(&c, NULL, 0);
	T_EQ(cur_done(&c), 0);
	T_OK(!cur_take(&c, 1));
}

static int fill_everything(void)
{
	struct buf b = {0};
	uint8_t block[100] = {0};
	int err;

	for (int i = 0; i < 20; i++) {
		buf_put(&b, block, sizeof(block));
		buf_printf(&b, "%0200d", i);
		buf_str(&b);
	}
	err = b.err;
	buf_close(&b);
	return err;
}

static int text_of_nothing(void)
{
	struct buf b = {0};

	T_STR(buf_str(&b), "");
	int err = b.err;
	buf_close(&b);
	return err;
}

static void test_lack_of_memory_is_reported_and_leaks_nothing(void)
{
	T_OOM(fill_everything());
	T_OOM(text_of_nothing());
}

static void test_lack_of_memory_keeps_what_was_written(void)
{
	struct buf b = {0};
	uint8_t block[1000] = {0};

	buf_puts(&b, "kept");
	mem_fail_after(0);
	T_EQ(buf_put(&b, block, sizeof(block)), ERR_NOMEM);
	mem_fail_after(-1);
	T_EQ(b.n, 4);
	T_MEM(b.p, "kept", 4);
	buf_close(&b);
}

T_MAIN(T(test_a_zeroed_buffer_is_valid_and_empty), T(test_integers_are_big_endian),
       T(test_plain_loads_and_stores_keep_the_top_bit),
       T(test_appending_grows_and_keeps_what_is_there), T(test_the_maximum_is_exact),
       T(test_the_default_maximum_holds), T(test_an_error_sticks),
       T(test_printf_fits_at_every_fill_level), T(test_printf_of_nothing_is_no_error),
       T(test_printf_over_the_maximum_adds_nothing),
       T(test_reserve_of_nothing_still_points_somewhere), T(test_varints_are_shortest),
       T(test_other_varints_are_refused), T(test_a_short_read_sticks_and_gives_zeros),
       T(test_what_is_left_over_is_an_error), T(test_a_cursor_over_nothing),
       T(test_lack_of_memory_is_reported_and_leaks_nothing),
       T(test_lack_of_memory_keeps_what_was_written))
