#include "daemon/ledger/state/state_covered.h"

#include "daemon/store/kv.h"
#include "lib/err.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

#define DAYS 120

static void mark(uint8_t *day, const struct state_covered *c)
{
	for (day_t d = c->from; d <= c->to; d++)
		day[d] = 1;
}

/* Against a mark for every day: runs do not touch, cover what was added and nothing else, and name who covers their
 * last day. */
static void test_runs_cover_what_was_added(void)
{
	struct prng g;

	prng_seed(&g, 1);
	for (int round = 0; round < 300; round++) {
		uint8_t want[DAYS + 2] = {0}, got[DAYS + 2] = {0};
		struct state_covered added[20];
		struct buf row = {0};
		uint32_t n = 1 + (uint32_t)prng_below(&g, 20);
		struct state_covered c;
		size_t at = 0;
		day_t last = -5;
		int err;

		for (uint32_t i = 0; i < n; i++) {
			struct buf next = {0};

			added[i] = (struct state_covered){
				.from = 1 + (day_t)prng_below(&g, DAYS - 20), .seq = i};
			added[i].to = added[i].from + (day_t)prng_below(&g, 14);
			mark(want, &added[i]);
			T_EQ(state_covered_add(buf_bytes(&row), &added[i], &next), ERR_OK);
			buf_close(&row);
			row = next;
		}
		while ((err = state_covered_next(buf_bytes(&row), &at, &c)) == ERR_OK) {
			T_OK(c.from > last + 1);
			T_EQ(added[c.seq].to, c.to);
			mark(got, &c);
			last = c.to;
		}
		T_EQ(err, ERR_NOTFOUND);
		T_MEM(got, want, sizeof(want));
		for (size_t cut = 0; cut < row.n; cut++) {
			at = 0;
			while ((err = state_covered_next(kv_bytes(row.p, cut), &at, &c)) == ERR_OK)
				T_OK(at <= cut);
			T_OK(err == ERR_CORRUPT || at == cut);
		}
		buf_close(&row);
	}
}

T_MAIN(T(test_runs_cover_what_was_added))
