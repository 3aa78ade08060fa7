#include "lib/idcard.h"

#include "tests/lib/t.h"

static void test_identity_numbers_are_checked(void)
{
	static const struct {
		const char *text;
		enum idcard_state want;
	} cases[] = {
		{"500199195810083054", IDCARD_OK},	{"50019919890912338X", IDCARD_OK},
		{"50019919890912338x", IDCARD_DIGITS},	{"500199195810083055", IDCARD_CHECK},
		{"500199195810083045", IDCARD_CHECK}, /* two digits swapped */
		{"500199197104204870", IDCARD_CHECK},	{"500199198908274000", IDCARD_ROUNDED},
		{"500199195701230000", IDCARD_SUSPECT}, {"5.00E+17", IDCARD_SCIENTIFIC},
		{"5.00199E17", IDCARD_SCIENTIFIC},	{"5e+17", IDCARD_SCIENTIFIC},
		{"500199580810305", IDCARD_OLD},	{"50019919581008305", IDCARD_LENGTH},
		{"5001991958100830540", IDCARD_LENGTH}, {"护照E1234567", IDCARD_LENGTH},
		{"5001991958100830X4", IDCARD_DIGITS},	{"500199195802303054", IDCARD_DATE},
		{"500199185810083054", IDCARD_DATE},
	};
	struct idcard card;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum idcard_state got = idcard_check(cases[i].text, strlen(cases[i].text), &card);

		if (got != cases[i].want)
			t_fail(__FILE__, __LINE__, "%s: got %d, want %d", cases[i].text, (int)got,
			       (int)cases[i].want);
	}
	T_EQ(idcard_check("500199195810083054", 18, &card), IDCARD_OK);
	T_EQ(card.birth, -4103);
	T_OK(card.male);
	T_EQ(idcard_check("500199198105074180", 18, &card), IDCARD_OK);
	T_OK(!card.male);
}

static void test_single_slips_in_identity_numbers_are_caught(void)
{
	const char *good = "500199195810083054";
	struct idcard card;

	for (int i = 0; i < 18; i++)
		for (char d = '0'; d <= '9'; d++) {
			char text[19];

			memcpy(text, good, sizeof(text));
			text[i] = d;
			T_OK(d == good[i] || idcard_check(text, 18, &card) > IDCARD_SUSPECT);
		}
	for (int i = 0; i < 17; i++) {
		char text[19];

		memcpy(text, good, sizeof(text));
		text[i] = good[i + 1];
		text[i + 1] = good[i];
		T_OK(good[i] == good[i + 1] || idcard_check(text, 18, &card) > IDCARD_SUSPECT);
	}
}

T_MAIN(T(test_identity_numbers_are_checked), T(test_single_slips_in_identity_numbers_are_caught))
