#include "daemon/ledger/state/privacy.h"

#include <string.h>

#include "tests/lib/t.h"

struct row {
	const char *text;
	enum privacy_leak leak;
	const char *where;
};

static void check(const struct row *r)
{
	struct bytes where = {NULL, 0}, text = {(const uint8_t *)r->text, strlen(r->text)};
	enum privacy_leak leak = privacy_find(text, &where);

	if (leak != r->leak)
		t_fail(__FILE__, __LINE__, "%s: %d, want %d", r->text, leak, r->leak);
	if (!leak)
		return;
	T_EQ(where.n, strlen(r->where));
	T_MEM(where.p, r->where, where.n);
}

static void test_what_must_not_be_posted_is_found(void)
{
	static const struct row rows[] = {
		{"身份证500199195810083054。", PRIVACY_ID, "500199195810083054"},
		{"50019919860715499X", PRIVACY_ID, "50019919860715499X"},
		{"50019919860715499x号", PRIVACY_ID, "50019919860715499x"},
		{"50019919860715499ｘ号", PRIVACY_ID, "50019919860715499ｘ"},
		{"50019919860715499Ｘ", PRIVACY_ID, "50019919860715499Ｘ"},
		{"500199 19860715 499x", PRIVACY_ID, "500199 19860715 499x"},
		{"500199 19860715 499Ｘ", PRIVACY_ID, "500199 19860715 499Ｘ"},
		{"５００１９９１９８６０７１５４９９ｘ", PRIVACY_ID,
		 "５００１９９１９８６０７１５４９９ｘ"},
		{"500199 19581008 3054", PRIVACY_ID, "500199 19581008 3054"},
		{"５００１９９１９５８１００８３０５４", PRIVACY_ID,
		 "５００１９９１９５８１００８３０５４"},
		{"旧证500199581008305", PRIVACY_ID, "500199581008305"},
		{"电话13800138000", PRIVACY_PHONE, "13800138000"},
		{"138 0013 8000", PRIVACY_PHONE, "138 0013 8000"},
		{"138-0013-8000", PRIVACY_PHONE, "138-0013-8000"},
		{"+86 138 0013 8000", PRIVACY_PHONE, "86 138 0013 8000"},
		{"8613800138000", PRIVACY_PHONE, "8613800138000"},
		{"１３８００１３８０００", PRIVACY_PHONE, "１３８００１３８０００"},
		{"卡号 6222021234567890128", PRIVACY_CARD, "6222021234567890128"},
		{"4111 1111 1111 1111", PRIVACY_CARD, "4111 1111 1111 1111"},
		{"2025-01-31 13800138000", PRIVACY_PHONE, "13800138000"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void test_what_looks_alike_may_be_posted(void)
{
	static const char *const texts[] = {
		"",
		"2025-01-01 至 2025-12-31",
		"QD-20250101-03923",
		"500199195810083055", /* check digit */
		"500199991308305",    /* no such date */
		"12345678901",	      /* no mobile number */
		"4111111111111112",
		"户编号 01001，积分 36.00",
		"1234567890123456789012345678901234567890",
		"50019919860715498Ｘ", /* check digit */
		"50019919860715499ｙ",
		"\xe3\x80",
		"\xef\xbc",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check(&(struct row){texts[i], PRIVACY_NONE, NULL});
}

T_MAIN(T(test_what_must_not_be_posted_is_found, "R09"), T(test_what_looks_alike_may_be_posted))
