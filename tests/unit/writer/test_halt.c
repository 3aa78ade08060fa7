#include "daemon/writer/halt.h"

#include <string.h>

#include "tests/lib/t.h"

/* Why a node does not write, in words. */
static void test_every_reason_has_a_name_and_two_sentences(void)
{
	for (int id = HALT_NONE + 1; id < HALT_COUNT; id++) {
		struct halt h = {(enum halt_id)id, {3, 17, 1, 2}};
		struct buf zh = {0}, en = {0};

		T_OK(halt_name(h.id)[0]);
		T_EQ(halt_text(&h, LANG_ZH, &zh), ERR_OK);
		T_EQ(halt_text(&h, LANG_EN, &en), ERR_OK);
		T_OK(strstr(buf_str(&zh), "cunzhang verify") && !strchr(buf_str(&zh), '{'));
		T_OK(strstr(buf_str(&en), "cunzhang verify") && !strchr(buf_str(&en), '{'));
		T_OK(strlen(buf_str(&en)) < ERRMSG_MAX);
		buf_close(&zh);
		buf_close(&en);
	}
}

static void test_the_reason_travels_with_its_numbers(void)
{
	const struct halt old = {HALT_STORE_OLD, {7, 9, 1, 1}};
	struct errmsg msg = {0};
	struct halt got;

	T_EQ(halt_set(NULL, &old), ERR_FORK);
	T_EQ(halt_set(&msg, &old), ERR_FORK);
	T_OK(strstr(msg.text, "7 of 9 entries, epoch 1 of 1"));
	got = halt_of(&msg);
	T_EQ(got.id, HALT_STORE_OLD);
	T_EQ(got.num[1], 9);
	err_set(&msg, ERR_IO, "another failure");
	T_EQ(halt_of(&msg).id, HALT_NONE);
	msg.why = HALT_COUNT;
	T_EQ(halt_of(&msg).id, HALT_NONE);
}

T_MAIN(T(test_every_reason_has_a_name_and_two_sentences),
       T(test_the_reason_travels_with_its_numbers))
