#include "proto/rd.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "proto/wr.h"
#include "tests/lib/t.h"

/* The hex text as a reader over static memory. */
static struct rd of(const char *hex)
{
	static uint8_t m[4096];

	return rd_of(m, t_hex(hex, m, sizeof(m)));
}

static void refused(const char *hex)
{
	struct rd r = of(hex);

	rd_skip(&r);
	if (rd_err(&r) != ERR_FORMAT)
		t_fail(__FILE__, __LINE__, "rd_skip accepted %s", hex);
}

static void accepted(const char *hex)
{
	struct rd r = of(hex);

	rd_skip(&r);
	if (rd_done(&r) != ERR_OK)
		t_fail(__FILE__, __LINE__, "rd_skip refused %s", hex);
}

static void test_unsigned_bounds_have_their_shortest_form(void)
{
	static const struct {
		uint64_t v;
		const char *hex;
	} cases[] = {
		{0, "00"},
		{127, "7f"},
		{128, "cc80"},
		{255, "ccff"},
		{256, "cd0100"},
		{65535, "cdffff"},
		{65536, "ce00010000"},
		{UINT32_MAX, "ceffffffff"},
		{UINT64_C(1) << 32, "cf0000000100000000"},
		{UINT64_MAX, "cfffffffffffffffff"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rd r = of(cases[i].hex);
		uint8_t want[16];
		size_t n = t_hex(cases[i].hex, want, sizeof(want));
		struct buf b = {0};

		T_OK(rd_u64(&r) == cases[i].v);
		T_EQ(rd_done(&r), ERR_OK);
		wr_u64(&b, cases[i].v);
		T_EQ(b.n, n);
		T_MEM(b.p, want, n);
		buf_close(&b);
	}
}

static void test_signed_bounds_have_their_shortest_form(void)
{
	static const struct {
		int64_t v;
		const char *hex;
	} cases[] = {
		{127, "7f"},
		{128, "cc80"},
		{INT64_MAX, "cf7fffffffffffffff"},
		{-1, "ff"},
		{-32, "e0"},
		{-33, "d0df"},
		{-128, "d080"},
		{-129, "d1ff7f"},
		{-32768, "d18000"},
		{-32769, "d2ffff7fff"},
		{INT32_MIN, "d280000000"},
		{(int64_t)INT32_MIN - 1, "d3ffffffff7fffffff"},
		{INT64_MIN, "d38000000000000000"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rd r = of(cases[i].hex);
		uint8_t want[16];
		size_t n = t_hex(cases[i].hex, want, sizeof(want));
		struct buf b = {0};

		T_EQ(rd_i64(&r), cases[i].v);
		T_EQ(rd_done(&r), ERR_OK);
		wr_i64(&b, cases[i].v);
		T_EQ(b.n, n);
		T_MEM(b.p, want, n);
		buf_close(&b);
	}
}

static void test_longer_forms_of_integers_are_refused(void)
{
	static const char *const cases[] = {
		"cc00",
		"cc7f",
		"cd0000",
		"cd00ff",
		"ce00000000",
		"ce0000ffff",
		"cf0000000000000001",
		"cf00000000ffffffff",
		"d000",
		"d07f",
		"d0e0",
		"d0ff",
		"d10000",
		"d17fff",
		"d1ff80",
		"d1ffff",
		"d200000000",
		"d27fffffff",
		"d2ffff8000",
		"d3000000000000000a",
		"d37fffffffffffffff",
		"d3ffffffff80000000",
		"d3ffffffffffffffff",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i]);
}

static void test_foreign_types_are_refused(void)
{
	static const char *const cases[] = {
		"c0",
		"c1",
		"ca3f800000",
		"cb3ff0000000000000",
		"80",
		"810101",
		"de000101",
		"df0000000101",
		"d40100",
		"d5010000",
		"d60100000000",
		"d7010000000000000000",
		"d80100000000000000000000000000000000",
		"c70101ff",
		"c8000101ff",
		"c90000000101ff",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i]);
}

static void test_longer_forms_of_lengths_are_refused(void)
{
	static const struct {
		uint8_t first;
		unsigned bytes;
		uint32_t shorter_max;
	} forms[] = {{0xc5, 2, 255},   {0xc6, 4, 65535}, {0xd9, 1, 31},	  {0xda, 2, 255},
		     {0xdb, 4, 65535}, {0xdc, 2, 15},	 {0xdd, 4, 65535}};
	static uint8_t m[70000]; /* zeros: text, bytes and array elements alike */

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint32_t len = forms[i].shorter_max;

		for (uint32_t more = 0; more < 2; more++) {
			struct rd r;

			m[0] = forms[i].first;
			for (unsigned j = 0; j < forms[i].bytes; j++)
				m[1 + j] = (uint8_t)((len + more) >> 8 * (forms[i].bytes - 1 - j));
			r = rd_of(m, 1 + forms[i].bytes + len + more);
			rd_skip(&r);
			T_EQ(rd_done(&r), more ? ERR_OK : ERR_FORMAT);
			memset(m, 0, 5);
		}
	}
	refused("d90161");
	refused("da000161");
	refused("db0000000161");
	refused("c5000161");
	refused("c60000000161");
	refused("dc000101");
	refused("dd0000000101");
	accepted("c40161"); /* bin has no shorter form than this */
	accepted("c400");
	accepted("a0");
	accepted("90");
}

static void test_counts_beyond_the_bytes_left_are_refused(void)
{
	static const char *const cases[] = {
		"ddffffffff", "dcffff",	      "9f01",	  "c6ffffffff", "c5ffff00", "c402ff",
		"dbffffffff", "daffff616161", "d92161",	  "bf61",	"a3e4b8",   "91",
		"cc",	      "cd01",	      "cf010203", "d1ff",	"a261",	    "c40261",
		"9201",	      "c4",	      "dd0001",	  "",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i]);
}

/* The count is refused before the first element is asked for. */
static void test_a_bomb_is_refused_at_its_head(void)
{
	struct rd r = of("ddffffffff01");

	T_EQ(rd_array(&r), 0);
	T_EQ(rd_err(&r), ERR_FORMAT);
	r = of("9301c2");
	T_EQ(rd_array(&r), 0);
	T_EQ(rd_err(&r), ERR_FORMAT);
	r = of("c6ffffffff01");
	T_OK(!rd_bin(&r).p);
	T_EQ(rd_err(&r), ERR_FORMAT);
	r = of("a36162");
	T_OK(!rd_str(&r).p);
	T_EQ(rd_err(&r), ERR_FORMAT);
}

static void test_wrong_utf8_is_refused(void)
{
	accepted("a3e4b8ad");
	accepted("c402c080"); /* bin holds any bytes */
	refused("a1ff");
	refused("a2c080");
	refused("a3eda080");
	refused("a4f4908080");
	refused("a2e4b8");
}

static void test_nine_nested_arrays_are_refused(void)
{
	accepted("919191919191919101");
	accepted("9191919191919190");
	refused("91919191919191919101");
	refused("919191919191919190");
}

static void test_bytes_left_over_are_refused(void)
{
	struct rd r = of("9000");

	rd_skip(&r);
	T_EQ(rd_err(&r), ERR_OK);
	T_EQ(rd_done(&r), ERR_FORMAT);
	r = of("0102");
	T_EQ(rd_u64(&r), 1);
	T_EQ(rd_err(&r), ERR_OK);
	T_EQ(rd_done(&r), ERR_FORMAT);
	T_EQ(rd_u64(&r), 2);
	T_EQ(rd_done(&r), ERR_OK);
}

static void test_a_value_of_another_kind_is_refused(void)
{
	static const char *const cases[] = {"01", "ff", "c3", "a161", "c40161", "9101"};
	size_t n = sizeof(cases) / sizeof(cases[0]);

	for (size_t i = 0; i < n; i++) {
		struct rd r = of(cases[i]);

		rd_u64(&r);
		T_EQ(rd_err(&r), i == 0 ? ERR_OK : ERR_FORMAT);
		r = of(cases[i]);
		rd_i64(&r);
		T_EQ(rd_err(&r), i <= 1 ? ERR_OK : ERR_FORMAT);
		r = of(cases[i]);
		rd_bool(&r);
		T_EQ(rd_err(&r), i == 2 ? ERR_OK : ERR_FORMAT);
		r = of(cases[i]);
		rd_str(&r);
		T_EQ(rd_err(&r), i == 3 ? ERR_OK : ERR_FORMAT);
		r = of(cases[i]);
		rd_bin(&r);
		T_EQ(rd_err(&r), i == 4 ? ERR_OK : ERR_FORMAT);
		r = of(cases[i]);
		rd_array(&r);
		T_EQ(rd_err(&r), i == 5 ? ERR_OK : ERR_FORMAT);
	}
}

static void test_an_unsigned_number_above_i64_is_refused_as_signed(void)
{
	struct rd r = of("cf8000000000000000");

	T_EQ(rd_i64(&r), 0);
	T_EQ(rd_err(&r), ERR_FORMAT);
}

static void test_errors_are_sticky_and_read_as_zeros(void)
{
	struct rd r = of("c0019101c3a161c40161");

	T_EQ(rd_u64(&r), 0);
	T_EQ(rd_err(&r), ERR_FORMAT);
	T_EQ(rd_u64(&r), 0);
	T_EQ(rd_i64(&r), 0);
	T_EQ(rd_array(&r), 0);
	T_OK(!rd_bool(&r));
	T_OK(!rd_str(&r).p);
	T_OK(!rd_bin(&r).p);
	rd_skip(&r);
	T_EQ(rd_err(&r), ERR_FORMAT);
	T_EQ(rd_done(&r), ERR_FORMAT);
}

static void test_text_and_bin_are_borrowed(void)
{
	struct rd r = of("92a3e4b8adc402ff00");
	const uint8_t *start = r.c.p;
	struct bytes s, b;

	T_EQ(rd_array(&r), 2);
	s = rd_str(&r);
	b = rd_bin(&r);
	T_EQ(rd_done(&r), ERR_OK);
	T_EQ(s.n, 3);
	T_OK(s.p == start + 2);
	T_EQ(b.n, 2);
	T_OK(b.p == start + 7);
	r = of("a0");
	s = rd_str(&r);
	T_OK(s.p);
	T_EQ(s.n, 0);
}

/* Every length around a change of form is written and read back. */
static void test_lengths_come_back(void)
{
	static const uint32_t sizes[] = {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536, 70000};
	static uint8_t text[70000];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t n = sizes[i];
		struct buf b = {0};
		struct rd r;

		wr_str(&b, text, n);
		wr_bin(&b, text, n);
		wr_array(&b, n);
		for (uint32_t j = 0; j < n; j++)
			wr_bool(&b, j % 2);
		T_EQ(b.err, ERR_OK);
		r = rd_of(b.p, b.n);
		T_EQ(rd_str(&r).n, n);
		T_EQ(rd_bin(&r).n, n);
		T_EQ(rd_array(&r), n);
		for (uint32_t j = 0; j < n; j++)
			T_EQ(rd_bool(&r), j % 2);
		T_EQ(rd_done(&r), ERR_OK);
		r = rd_of(b.p, b.n);
		for (int j = 0; j < 3; j++)
			rd_skip(&r);
		T_EQ(rd_done(&r), ERR_OK);
		buf_close(&b);
	}
}

static void test_random_numbers_come_back(void)
{
	struct prng g;

	prng_seed(&g, 3);
	for (int i = 0; i < 20000; i++) {
		uint64_t v = prng_next(&g) >> prng_below(&g, 64);
		int64_t w = (int64_t)prng_next(&g) >> prng_below(&g, 64);
		struct buf b = {0};
		struct rd r;

		wr_u64(&b, v);
		wr_i64(&b, w);
		r = rd_of(b.p, b.n);
		T_OK(rd_u64(&r) == v);
		T_EQ(rd_i64(&r), w);
		T_EQ(rd_done(&r), ERR_OK);
		buf_close(&b);
	}
}

static void test_every_cut_of_a_value_is_refused(void)
{
	uint8_t m[64];
	size_t n = t_hex("95cd4fc4a3e4b8adc402ff0093d1ff7f9001c3", m, sizeof(m));
	struct rd r = rd_of(m, n);

	rd_skip(&r);
	T_EQ(rd_done(&r), ERR_OK);
	for (size_t i = 0; i < n; i++) {
		r = rd_of(m, i);
		rd_skip(&r);
		T_EQ(rd_err(&r), ERR_FORMAT);
	}
}

static int write_all(void)
{
	struct buf b = {0};
	int err;

	wr_array(&b, 300);
	wr_str(&b, "abc", 3);
	wr_u64(&b, UINT64_MAX);
	err = b.err;
	buf_close(&b);
	return err;
}

static void test_writing_survives_lack_of_memory(void)
{
	T_OOM(write_all());
}

static void test_writing_stops_at_the_maximum_of_the_buffer(void)
{
	uint8_t big[64] = {0};
	struct buf b = {0};

	buf_init(&b, 40);
	wr_bin(&b, big, sizeof(big));
	T_EQ(b.err, ERR_LIMIT);
	wr_bool(&b, true);
	T_EQ(b.err, ERR_LIMIT);
	buf_close(&b);
#if SIZE_MAX > UINT32_MAX
	wr_str(&b, big, (size_t)UINT32_MAX + 2); /* would be cut to one byte by msgpack-c */
	T_EQ(b.err, ERR_LIMIT);
	T_EQ(b.n, 0);
	buf_close(&b);
#endif
}

T_MAIN(T(test_unsigned_bounds_have_their_shortest_form),
       T(test_signed_bounds_have_their_shortest_form), T(test_longer_forms_of_integers_are_refused),
       T(test_foreign_types_are_refused, "I4"), T(test_longer_forms_of_lengths_are_refused),
       T(test_counts_beyond_the_bytes_left_are_refused), T(test_a_bomb_is_refused_at_its_head),
       T(test_wrong_utf8_is_refused), T(test_nine_nested_arrays_are_refused),
       T(test_bytes_left_over_are_refused), T(test_a_value_of_another_kind_is_refused),
       T(test_an_unsigned_number_above_i64_is_refused_as_signed),
       T(test_errors_are_sticky_and_read_as_zeros), T(test_text_and_bin_are_borrowed),
       T(test_lengths_come_back), T(test_random_numbers_come_back),
       T(test_every_cut_of_a_value_is_refused), T(test_writing_survives_lack_of_memory),
       T(test_writing_stops_at_the_maximum_of_the_buffer))
