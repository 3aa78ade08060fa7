#include "lib/prng.h"

#include "tests/lib/t.h"

/* The values of the authors' reference code for the state 1, 2, 3, 4. */
static void test_the_sequence_is_xoshiro256_starstar(void)
{
	static const uint64_t want[] = {UINT64_C(11520),
					UINT64_C(0),
					UINT64_C(1509978240),
					UINT64_C(1215971899390074240),
					UINT64_C(1216172134540287360),
					UINT64_C(607988272756665600),
					UINT64_C(16172922978634559625),
					UINT64_C(8476171486693032832),
					UINT64_C(10595114339597558777),
					UINT64_C(2904607092377533576)};
	struct prng g = {{1, 2, 3, 4}};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		T_OK(prng_next(&g) == want[i]);
}

static void test_a_seed_is_spread_by_splitmix64(void)
{
	struct prng g;

	prng_seed(&g, 1234567);
	T_OK(g.s[0] == UINT64_C(6457827717110365317));
	T_OK(g.s[1] == UINT64_C(3203168211198807973));
	T_OK(g.s[2] == UINT64_C(9817491932198370423));
	T_OK(g.s[3] == UINT64_C(4593380528125082431));
	prng_seed(&g, 0);
	T_OK(g.s[0] && g.s[1] && g.s[2] && g.s[3]);
}

static void test_one_seed_gives_one_sequence(void)
{
	struct prng a, b, c;

	prng_seed(&a, 5);
	prng_seed(&b, 5);
	prng_seed(&c, 6);
	int same = 0;
	for (int i = 0; i < 100; i++) {
		uint64_t v = prng_next(&a);

		T_OK(v == prng_next(&b));
		same += v == prng_next(&c);
	}
	T_EQ(same, 0);
}

static void test_below_stays_below_and_reaches_all(void)
{
	static const uint64_t bounds[] = {
		1, 2, 3, 10, UINT64_C(1) << 32, (UINT64_C(1) << 63) + 1, UINT64_MAX};
	uint64_t seen[3] = {0};
	struct prng g;

	prng_seed(&g, 7);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		for (int k = 0; k < 1000; k++)
			T_OK(prng_below(&g, bounds[i]) < bounds[i]);
	for (int k = 0; k < 30000; k++)
		seen[prng_below(&g, 3)]++;
	for (int i = 0; i < 3; i++)
		T_OK(seen[i] > 9700 && seen[i] < 10300);
}

/* With n = 3/4 of 2^64 a plain remainder would fall below 2^62 every second time, not every third. */
static void test_below_is_unbiased(void)
{
	uint64_t n = UINT64_C(3) << 62, low = 0;
	struct prng g;

	prng_seed(&g, 8);
	for (int k = 0; k < 30000; k++)
		low += prng_below(&g, n) < UINT64_C(1) << 62;
	T_OK(low > 9700 && low < 10300);
}

static void test_fill_is_the_sequence_lowest_byte_first(void)
{
	struct prng a, b;
	uint8_t raw[20];

	prng_seed(&a, 9);
	prng_seed(&b, 9);
	memset(raw, 0xee, sizeof(raw));
	prng_fill(&a, raw, 19);
	for (size_t i = 0; i < 19; i++) {
		static uint64_t v;

		if (i % 8 == 0)
			v = prng_next(&b);
		T_EQ(raw[i], v >> (8 * (i % 8)) & 0xff);
	}
	T_EQ(raw[19], 0xee);
	T_OK(prng_next(&a) == prng_next(&b));
}

T_MAIN(T(test_the_sequence_is_xoshiro256_starstar), T(test_a_seed_is_spread_by_splitmix64),
       T(test_one_seed_gives_one_sequence), T(test_below_stays_below_and_reaches_all),
       T(test_below_is_unbiased), T(test_fill_is_the_sequence_lowest_byte_first))
