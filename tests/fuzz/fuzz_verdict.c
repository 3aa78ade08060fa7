/* Stored verdicts: what parses packs to the same bytes and can be said in both languages. */
#include <string.h>

#include "daemon/ledger/state/verdict.h"
#include "lib/err.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

static void says(const struct reason *r)
{
	struct buf out = {0};

	for (enum lang lang = LANG_ZH; lang <= LANG_EN; lang++) {
		CHECK(reason_text(r, lang, &out) == ERR_OK);
		CHECK(out.n > 0);
		CHECK(utf8_valid(out.p, out.n));
		buf_reset(&out);
	}
	CHECK(reason_rule(r->id)[0]);
	CHECK(reason_name(r->id)[0]);
	buf_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf again = {0};
	struct verdict v;

	if (verdict_parse(data, n, &v))
		return 0;
	CHECK(verdict_pack(&v, &again) == ERR_OK);
	CHECK(again.n == n);
	CHECK(memcmp(again.p, data, n) == 0);
	buf_close(&again);
	says(&v.reason);
	for (uint32_t i = 0; i < v.nwarn && i < VERDICT_WARN_MAX; i++)
		says(&v.warn[i]);
	return 0;
}
