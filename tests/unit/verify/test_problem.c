#include "daemon/verify/problem.h"

#include "lib/err.h"
#include "tests/lib/t.h"

static unsigned count(struct buf *b, const char *part)
{
	unsigned n = 0;

	for (const char *s = strstr(buf_str(b), part); s; s = strstr(s + 1, part))
		n++;
	return n;
}

static void test_every_problem_says_the_same_in_both_languages(void)
{
	static const char *const values[] = {"770001", "770002", "770003", "SSS", "TTT", "{"};
	struct buf zh = {0}, en = {0};

	for (unsigned id = 0; id < PROBLEM_COUNT; id++) {
		struct problem p = {.id = (enum problem_id)id,
				    .entry = 770001,
				    .num = {770002, 770003},
				    .s = "SSS",
				    .t = "TTT"};

		buf_reset(&zh);
		buf_reset(&en);
		T_EQ(problem_text(&p, LANG_ZH, &zh), ERR_OK);
		T_EQ(problem_text(&p, LANG_EN, &en), ERR_OK);
		T_OK(problem_name(p.id)[0] != 0);
		T_OK(zh.n > 20 && en.n > 20);
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			T_EQ(count(&zh, values[i]), count(&en, values[i]));
		T_EQ(count(&en, "{"), 0);
	}
	buf_close(&zh);
	buf_close(&en);
}

static void says(const struct problem *p, enum lang lang, const char *want)
{
	struct buf b = {0};

	T_EQ(problem_text(p, lang, &b), ERR_OK);
	if (!strstr(buf_str(&b), want))
		t_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\"", want, buf_str(&b));
	buf_close(&b);
}

static void test_values_stand_in_the_words_of_their_reader(void)
{
	struct problem balance = {.id = PROBLEM_STATE_BALANCE, .num = {1250, 1200}, .s = " 05001"};
	struct problem verdict = {.id = PROBLEM_VERDICT_WRONG,
				  .entry = 12,
				  .reason = {.id = V_HOUSEHOLD_UNKNOWN, .s = "05001"}};
	struct problem fold = {.id = PROBLEM_FOLD_FAILED, .entry = 3, .num = {ERR_CORRUPT}};
	struct problem head = {.id = PROBLEM_HEAD_FIELD, .num = {0}};

	says(&balance, LANG_EN,
	     "account 05001: the balance is stored as 12.50, the records make it 12.00");
	says(&verdict, LANG_EN, "entry 12 is wrong");
	says(&verdict, LANG_EN, "there is no household 05001");
	says(&verdict, LANG_ZH, "没有户编号 05001");
	says(&fold, LANG_EN, "(ERR_CORRUPT)");
	says(&head, LANG_ZH, "“证书”");
}

T_MAIN(T(test_every_problem_says_the_same_in_both_languages),
       T(test_values_stand_in_the_words_of_their_reader))
