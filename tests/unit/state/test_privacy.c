#include "daemon/ledger/state/privacy.h"

#include <string.h>

#include "tests/lib/t.h"

struct row {
	const char *text;
	enum privacy_leak leak;
	const char *where;
};

static void check_as(const struct row *r, unsigned looks)
{
	struct bytes where = {NULL, 0}, text = {(const uint8_t *)r->text, strlen(r->text)};
	enum privacy_leak leak = privacy_find(text, looks, &where);

	if (leak != r->leak)
		t_fail(__FILE__, __LINE__, "%s: %d, want %d", r->text, leak, r->leak);
	if (!leak)
		return;
	T_EQ(where.n, strlen(r->where));
	T_MEM(where.p, r->where, where.n);
}

static void check(const struct row *r)
{
	check_as(r, PRIVACY_PHONES | PRIVACY_CARDS);
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
		{"+86 138 0013 8000", PRIVACY_PHONE, "138 0013 8000"},
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

/* One number as people write it, and as programs for text and tables leave it. */
static void test_no_separator_hides_a_number(void)
{
	static const char *const phones[] = {"138.1234.5678",
					     "138/1234/5678",
					     "+8613812345678",
					     "+86-138-1234-5678",
					     "(+86) 13812345678",
					     "008613812345678",
					     "0086 138 12345678",
					     "138_1234_5678",
					     "138–1234–5678",
					     "138—1234—5678",
					     "138·1234·5678",
					     "138．1234．5678",
					     "138，1234，5678",
					     "138、1234、5678",
					     "138 - 1234 - 5678",
					     "138　1234　5678",
					     "(138)12345678",
					     "（138）1234-5678",
					     "1381-234-5678",
					     "138-123-45678",
					     "１３８．１２３４．５６７８",
					     "1 3 8 1 2 3 4 5 6 7 8",
					     "138 12 34 56 78",
					     "013812345678",
					     "86138-1234-5678",
					     "138\\1234\\5678",
					     "138*1234*5678",
					     "138~1234~5678",
					     "138\xc2\xa0"
					     "1234\xc2\xa0"
					     "5678",
					     ("138\xe2\x80\x8b"
					      "12345678"),
					     "138|1234|5678",
					     "138--------1234--------5678",
					     "1-3812345678",
					     "138-1234567-8",
					     "+861 3812345678",
					     "༡༣༨༡༢༣༤༥༦༧༨",
					     "᠑᠓᠘ ᠑᠒᠓᠔ ᠕᠖᠗᠘",
					     "๑๓๘๑๒๓๔๕๖๗๘"};
	static const char *const ids[] = {"500199.19581008.3054",
					  "500199/19581008/3054",
					  "500199_1958_1008_3054",
					  "5001 9919 5810 0830 54",
					  "500199-1958-10-08-3054",
					  "500199，19581008，3054",
					  "500 199 195 810 083 054",
					  "50019919860715499 X",
					  "500199.19860715.499.X",
					  "50019919860715499Ｘ",
					  "５００１９９．１９８６０７１５．４９９ｘ",
					  "13812345678500199195810083054",
					  "500199------19581008------3054",
					  "50019919860715499Х",
					  "༥༠༠༡༩༩༡༩༥༨༡༠༠༨༣༠༥༤",
					  "5 0 0 1 9 9 1 9 5 8 1 0 0 8 3 0 5 4"};

	for (size_t i = 0; i < sizeof(phones) / sizeof(phones[0]); i++) {
		struct bytes text = bytes_str(phones[i]);

		if (privacy_find(text, PRIVACY_PHONES, NULL) != PRIVACY_PHONE)
			t_fail(__FILE__, __LINE__, "not seen: %s", phones[i]);
	}
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (privacy_find(bytes_str(ids[i]), 0, NULL) != PRIVACY_ID)
			t_fail(__FILE__, __LINE__, "not seen: %s", ids[i]);
}

static void test_days_codes_and_numbers_of_papers_are_no_numbers_of_people(void)
{
	static const char *const texts[] = {"2026-01-31 2026-02-28",  "2026.1.1-2026.12.31",
					    "150-20260301",	      "150分 2026-03-01",
					    "1.5 元，30 户，2026 年", "渝农〔2026〕15号-2026-00123",
					    "18-2026-0001",	      "QD-20250101-03923",
					    "500101999201",	      "13:30-15:00 2026-03-01",
					    "023-68123456",	      "0-13-14-15-16-17",
					    "19980512 003",	      "15012-260301",
					    "15-202600123",	      "第13、14、15、16、17、8户"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_as(&(struct row){texts[i], PRIVACY_NONE, NULL}, PRIVACY_ALL);
}

static void test_the_number_of_a_paper_may_be_as_long_as_that_of_a_card(void)
{
	check_as(&(struct row){"6222021234567890123", PRIVACY_NONE, NULL}, PRIVACY_PHONES);
	check_as(&(struct row){"6222021234567890123", PRIVACY_CARD, "6222021234567890123"},
		 PRIVACY_ALL);
	check_as(&(struct row){"500199 19581008 3055", PRIVACY_CARD, "500199 19581008 3055"},
		 PRIVACY_ALL); /* one digit wrong */
	check_as(&(struct row){"500199810507418", PRIVACY_NONE, NULL}, 0);
	check_as(&(struct row){"证 500199195810083054", PRIVACY_ID, "500199195810083054"}, 0);
	check_as(&(struct row){"13812345678", PRIVACY_NONE, NULL}, PRIVACY_CARDS | PRIVACY_LONG);
}

T_MAIN(T(test_no_separator_hides_a_number, "R09"),
       T(test_days_codes_and_numbers_of_papers_are_no_numbers_of_people),
       T(test_the_number_of_a_paper_may_be_as_long_as_that_of_a_card),
       T(test_what_must_not_be_posted_is_found, "R09"), T(test_what_looks_alike_may_be_posted))
