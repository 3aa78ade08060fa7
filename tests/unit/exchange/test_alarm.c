#include "daemon/exchange/alarm.h"

#include "daemon/ledger/state/verdict.h"
#include "lib/err.h"
#include "tests/lib/t.h"

static const char *text_of(const struct alarm *a, enum lang lang, struct buf *b)
{
	buf_reset(b);
	T_EQ(alarm_text(a, lang, b), ERR_OK);
	return buf_str(b);
}

/* How often the number stands in the sentence. */
static unsigned count(const char *s, const char *number)
{
	unsigned n = 0;

	for (s = strstr(s, number); s; s = strstr(s + 1, number))
		n++;
	return n;
}

static void test_every_alarm_says_the_same_in_both_languages(void)
{
	struct buf zh = {0}, en = {0};

	for (unsigned id = ALARM_NONE + 1; id < ALARM_COUNT; id++) {
		struct alarm a = {.id = (enum alarm_id)id, .num = {777001, 777002}};
		const char *z = text_of(&a, LANG_ZH, &zh), *e = text_of(&a, LANG_EN, &en);

		T_OK(alarm_name(a.id)[0] != 0);
		T_OK(strlen(z) > 10 && strlen(e) > 10 && strcmp(z, e) != 0);
		T_OK(!strchr(z, '{') && !strchr(e, '{'));
		T_EQ(count(z, "777001"), count(e, "777001"));
		T_EQ(count(z, "777002"), count(e, "777002"));
	}
	buf_close(&zh);
	buf_close(&en);
}

#define ANOTHER ". An invitation holds once, and until its day: ask the town for another"

static void test_numbers_stand_where_the_sentence_has_them(void)
{
	struct alarm older = {.id = ALARM_OWN_OLDER, .num = {12, 9}};
	struct alarm refused = {.id = ALARM_ENROLMENT_REFUSED, .num = {V_INVITE_UNKNOWN}};
	struct alarm newer_hub = {.id = ALARM_ENROLMENT_REFUSED, .num = {60000}};
	struct alarm none = {.id = ALARM_NONE};
	struct buf b = {0};

	T_STR(text_of(&older, LANG_ZH, &b),
	      "对方持有本日志 12 条，本机只有 9 条，本机可能是旧备份");
	T_STR(text_of(&refused, LANG_EN, &b),
	      "the hub refused the enrolment (INVITE_UNKNOWN)" ANOTHER);
	T_STR(text_of(&newer_hub, LANG_EN, &b), "the hub refused the enrolment (60000)" ANOTHER);
	T_STR(text_of(&none, LANG_EN, &b), "");
	T_STR(alarm_name(ALARM_NONE), "");
	buf_close(&b);
}

T_MAIN(T(test_every_alarm_says_the_same_in_both_languages),
       T(test_numbers_stand_where_the_sentence_has_them))
