#include "daemon/ledger/state/state_open.h"

#include "daemon/store/kv.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

/* Against a mark for every member: a row has what was put and not taken, ascending, once. */
static void test_a_row_has_what_was_put_and_not_taken(void)
{
	bool want[STATE_OPEN_FAN] = {false};
	struct buf row = {0};
	struct prng g;

	prng_seed(&g, 1);
	for (int i = 0; i < 5000; i++) {
		uint8_t member = (uint8_t)prng_below(&g, STATE_OPEN_FAN);
		bool is = prng_below(&g, 2);
		struct buf next = {0};
		size_t n = 0;

		state_open_set(buf_bytes(&row), member, is, &next);
		buf_close(&row);
		row = next;
		want[member] = is;
		for (uint32_t m = 0; m < STATE_OPEN_FAN; m++) {
			T_EQ(state_open_has(buf_bytes(&row), (uint8_t)m), want[m]);
			if (!want[m])
				continue;
			T_OK(n < row.n);
			T_EQ(row.p[n++], m);
		}
		T_EQ(row.n, n);
	}
	buf_close(&row);
}

T_MAIN(T(test_a_row_has_what_was_put_and_not_taken))
