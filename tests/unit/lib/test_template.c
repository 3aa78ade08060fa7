#include "lib/template.h"

#include "lib/err.h"
#include "tests/lib/t.h"

static unsigned nput;

static void put(const void *ctx, char what, char how, struct buf *out)
{
	T_OK(ctx == &nput);
	nput++;
	buf_printf(out, "<%c%c>", what, how ? how : '-');
}

static void fills(const char *sentence, const char *want, unsigned places)
{
	struct buf b = {0};

	nput = 0;
	T_EQ(template_fill(sentence, put, &nput, &b), ERR_OK);
	T_STR(buf_str(&b), want);
	T_EQ(nput, places);
	buf_close(&b);
}

static void test_places_are_filled_and_the_rest_is_copied(void)
{
	fills("", "", 0);
	fills("no place", "no place", 0);
	fills("{0}", "<0->", 1);
	fills("第 {0} 条：{sf}，{1p}{2}", "第 <0-> 条：<sf>，<1p><2->", 4);
}

static void test_other_braces_are_text(void)
{
	fills("{", "{", 0);
	fills("{}", "{}", 0);
	fills("{0", "{0", 0);
	fills("{0p", "{0p", 0);
	fills("{0pq} {A} {-}", "{0pq} {A} {-}", 0);
	fills("{\"a\": {0}}", "{\"a\": <0->}", 1);
	fills("{{0}", "{<0->", 1);
}

static void test_no_memory_is_an_error(void)
{
	struct buf b = {.max = 4};

	T_EQ(template_fill("longer than four", put, &nput, &b), ERR_LIMIT);
	buf_close(&b);
}

T_MAIN(T(test_places_are_filled_and_the_rest_is_copied), T(test_other_braces_are_text),
       T(test_no_memory_is_an_error))
