#include "lib/err.h"

#include "lib/text.h"
#include "tests/lib/t.h"

static void test_names_values_and_sentences_are_frozen(void)
{
	T_EQ(ERR_OK, 0);
	T_EQ(ERR_NOMEM, -1);
	T_EQ(ERR_IO, -10);
	T_EQ(ERR_TIMEOUT, -16);
	T_EQ(ERR_NEWER, -21);
	T_STR(err_name(ERR_IO), "ERR_IO");
	T_STR(err_text(ERR_FORK), "two signed histories of one feed contradict each other");
	for (int err = ERR_NEWER; err <= ERR_OK; err++) {
		T_OK(strncmp(err_name(err), "ERR_", 4) == 0);
		T_OK(strcmp(err_name(err), "ERR_UNKNOWN") != 0);
		T_OK(*err_text(err));
	}
}

static void test_foreign_codes_have_a_name_too(void)
{
	T_STR(err_name(1), "ERR_UNKNOWN");
	T_STR(err_text(-999), "unknown error");
}

static void test_a_message_is_wrapped_upwards(void)
{
	struct errmsg m = {0};

	T_EQ(err_set(&m, ERR_FULL, "%s: no space", "data.mdb"), ERR_FULL);
	T_EQ(err_wrap(&m, ERR_FULL, "open %s", "store"), ERR_FULL);
	T_STR(m.text, "open store: data.mdb: no space");
	T_EQ(err_set(&m, ERR_IO, "fresh"), ERR_IO);
	T_STR(m.text, "fresh");
}

static void test_wrapping_nothing_says_what_the_code_means(void)
{
	struct errmsg m = {0};

	err_wrap(&m, ERR_NOTFOUND, "feed 3");
	T_STR(m.text, "feed 3: there is no such item");
}

static void test_no_message_wanted(void)
{
	T_EQ(err_set(NULL, ERR_IO, "%d", 1), ERR_IO);
	T_EQ(err_wrap(NULL, ERR_IO, "%d", 1), ERR_IO);
}

static void test_a_message_may_quote_itself(void)
{
	struct errmsg m = {.text = "inner"};

	err_set(&m, ERR_IO, "<%s>", m.text);
	T_STR(m.text, "<inner>");
	err_wrap(&m, ERR_IO, "%s", m.text);
	T_STR(m.text, "<inner>: <inner>");
}

/* A long Chinese sentence, shifted byte by byte, is never cut inside a character. */
static void test_long_messages_are_cut_between_characters(void)
{
	char han[601];

	for (size_t i = 0; i < 600; i += 3)
		memcpy(han + i, "村", 3);
	han[600] = '\0';
	for (int shift = 0; shift < 6; shift++) {
		struct errmsg m = {0};

		err_set(&m, ERR_IO, "%.*s%s", shift, "xxxxxx", han);
		T_OK(strlen(m.text) > ERRMSG_MAX - 4 && strlen(m.text) < ERRMSG_MAX);
		T_OK(utf8_valid(m.text, strlen(m.text)));
		err_wrap(&m, ERR_IO, "%.*s", shift, "yyyyyy");
		T_OK(strlen(m.text) > ERRMSG_MAX - 4 && strlen(m.text) < ERRMSG_MAX);
		T_OK(utf8_valid(m.text, strlen(m.text)));
		err_wrap(&m, ERR_IO, "%.*s%s", shift, "zzzzzz", han);
		T_OK(strlen(m.text) > ERRMSG_MAX - 4 && strlen(m.text) < ERRMSG_MAX);
		T_OK(utf8_valid(m.text, strlen(m.text)));
	}
}

T_MAIN(T(test_names_values_and_sentences_are_frozen), T(test_foreign_codes_have_a_name_too),
       T(test_a_message_is_wrapped_upwards), T(test_wrapping_nothing_says_what_the_code_means),
       T(test_no_message_wanted), T(test_a_message_may_quote_itself),
       T(test_long_messages_are_cut_between_characters))
