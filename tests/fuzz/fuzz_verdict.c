/* Stored verdicts: what parses packs to the same bytes and can be said in both languages. */
#include <assert.h>
#include <string.h>

#include "daemon/ledger/state/verdict.h"
#include "lib/err.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

static void says(const struct reason *r)
{
	struct buf out = {0};

	for (enum lang lang = LANG_ZH; lang <= LANG_EN; lang++) {
		assert(reason_text(r, lang, &out) == ERR_OK);
		assert(out.n > 0);
		assert(utf8_valid(out.p, out.n));
		buf_reset(&out);
	}
	assert(reason_rule(r->id)[0]);
	assert(reason_name(r->id)[0]);
	buf_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf again = {0};
	struct verdict v;

	if (verdict_parse(data, n, &v))
		return 0;
	assert(verdict_pack(&v, &again) == ERR_OK);
	assert(again.n == n);
	assert(memcmp(again.p, data, n) == 0);
	buf_close(&again);
	says(&v.reason);
	for (uint32_t i = 0; i < v.nwarn && i < VERDICT_WARN_MAX; i++)
		says(&v.warn[i]);
	return 0;
}
