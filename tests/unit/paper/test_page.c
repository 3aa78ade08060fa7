#include "daemon/web/paper/page.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

/* A page as it is written: what stands in it is text and never markup, and what must not be posted is found. */

static struct page page;
static struct buf html;
static size_t begun; /* where the text behind the head of the page is */

static void open_page(bool posted)
{
	page_begin(&page, &html, "公示", posted, NULL);
	begun = html.n;
}

static void close_page(void)
{
	T_EQ(html.err, ERR_OK);
	buf_close(&html);
}

/* What was written since the page was opened, or since the last call. */
static void wrote(const char *want)
{
	T_STR(buf_str(&html) + begun, want);
	begun = html.n;
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* --- text ------------------------------------------------------------------------------------------ */
static void test_what_somebody_wrote_is_never_markup(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{"王大明", "王大明"},
		{"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
		{"a & b", "a &amp; b"},
		{"&lt;", "&amp;lt;"}, /* once more, so that it shows as it was written */
		{"\"x\" 'y'", "&quot;x&quot; &#39;y&#39;"},
		{"一<二", "一&lt;二"},
		{"王\xc2\x9b"
		 "31m\xe2\x80\xae明",
		 "王\xef\xbf\xbd"
		 "31m\xef\xbf\xbd明"},
		{"ئايگۈل 98", "<bdi>ئايگۈل 98</bdi>"}, /* or the number would stand before it */
	};
	char cell[120];

	open_page(true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		page_text(&page, bytes_of(cases[i].text));
		wrote(cases[i].want);
		page_str(&page, cases[i].text);
		wrote(cases[i].want);
		page_own(&page, cases[i].text);
		wrote(cases[i].want);
		snprintf(cell, sizeof(cell), "<td>%s</td>", cases[i].want);
		page_cell(&page, bytes_of(cases[i].text));
		wrote(cell);
		page_cell_str(&page, cases[i].text);
		wrote(cell);
		snprintf(cell, sizeof(cell), "<td class=\"d\">%s</td>", cases[i].want);
		page_cell_own(&page, cases[i].text);
		wrote(cell);
	}
	page_text(&page,
		  (struct bytes){(const uint8_t *)"积分<b>", 7}); /* it need not end with a NUL */
	wrote("积分&lt;");
	page_text(&page, (struct bytes){NULL, 0});
	wrote("");
	page_tag(&page, "<b class=\"x\">&nbsp;</b>"); /* ours */
	wrote("<b class=\"x\">&nbsp;</b>");
	close_page();
}

static void test_a_page_is_whole_and_needs_nothing_from_outside(void)
{
	static const char *const outside[] = {
		"http:", "https:", "src=", "href=", "url(", "@import"};
	const char *end = "</body></html>\n";

	page_begin(&page, &html, "甲 & <乙>", false, NULL);
	page_end(&page);
	T_OK(strncmp(buf_str(&html), "<!doctype html>\n<html lang=\"zh-CN\">", 35) == 0);
	T_OK(strstr(buf_str(&html), "<meta charset=\"utf-8\">"));
	T_OK(strstr(buf_str(&html), "<title>甲 &amp; &lt;乙&gt;</title>"));
	T_STR(buf_str(&html) + html.n - strlen(end), end);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		T_OK(!strstr(buf_str(&html), outside[i]));
	close_page();
}

static void test_a_mark_stands_across_the_page(void)
{
	page_begin(&page, &html, "公示", true, "草稿 <不得张贴>");
	T_OK(strstr(buf_str(&html), "<body>\n<div class=\"mark\">草稿 &lt;不得张贴&gt;</div>\n"));
	buf_close(&html);
	page_begin(&page, &html, "公示", true, NULL);
	T_OK(!strstr(buf_str(&html), "class=\"mark\""));
	close_page();
}

static void test_names_are_masked(void)
{
	static const struct {
		const char *name, *want;
	} cases[] = {{"王大明", "王*明"},  {"张三", "张*"}, {"欧阳小明", "欧阳*明"},
		     {"<b>", "&lt;*&gt;"}, {"王", "*"},	    {"", ""}};

	open_page(true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		page_masked(&page, cases[i].name);
		wrote(cases[i].want);
	}
	close_page();
}

static void test_cells_show_numbers_points_and_days(void)
{
	day_t day = DAY_NONE;

	T_OK(day_from_ymd(2026, 3, 1, &day));
	open_page(true);
	page_cell_num(&page, 0);
	wrote("<td class=\"n\">0</td>");
	page_cell_num(&page, INT64_MIN);
	wrote("<td class=\"n\">-9223372036854775808</td>");
	page_cell_points(&page, points_of(123450));
	wrote("<td class=\"n\">1234.50</td>");
	page_cell_points(&page, points_of(-5));
	wrote("<td class=\"n\">-0.05</td>");
	page_cell_day(&page, day);
	wrote("<td class=\"d\">2026-03-01</td>");
	T_EQ(page.leak, PRIVACY_NONE);
	close_page();
}

/* --- what must not be posted ----------------------------------------------------------------------- */
static const struct leak {
	const char *text;
	enum privacy_leak leak;
} leaks[] = {{"咨询 13812345678", PRIVACY_PHONE},
	     {"身份证500199195810083054", PRIVACY_ID},
	     {"卡号 6222021234567890128", PRIVACY_CARD},
	     {"冉小宝家的院坝", PRIVACY_CHILD},
	     {"由孟青青领取", PRIVACY_CHILD},
	     {"由孟 青　青领取", PRIVACY_CHILD},
	     {"由孟⻘靑领取", PRIVACY_CHILD}};
#define NLEAKS (sizeof(leaks) / sizeof(leaks[0]))

static void open_with_children(bool posted)
{
	static const char children[] = "冉小宝\0孟青青"; /* and the NUL of the literal */

	open_page(posted);
	page.children = (struct bytes){(const uint8_t *)children, sizeof(children)};
}

static void write_text(const char *text)
{
	page_text(&page, bytes_of(text));
}

static void write_str(const char *text)
{
	page_str(&page, text);
}

static void write_cell(const char *text)
{
	page_cell(&page, bytes_of(text));
}

static void write_cell_str(const char *text)
{
	page_cell_str(&page, text);
}

static void test_a_leak_is_found_on_a_page_for_the_board(void)
{
	static void (*const ways[])(const char *) = {write_text, write_str, write_cell,
						     write_cell_str};

	for (size_t i = 0; i < NLEAKS; i++)
		for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
			open_with_children(true);
			ways[k]("积分超市");
			T_EQ(page.leak, PRIVACY_NONE);
			T_STR(page.where, "");
			ways[k](leaks[i].text);
			T_EQ(page.leak, leaks[i].leak);
			T_STR(page.where, leaks[i].text);
			T_OK(strstr(buf_str(&html),
				    leaks[i].text)); /* the caller refuses the page */
			close_page();
		}
}

/* The household keeps its own slip and book. */
static void test_what_is_not_posted_may_say_it(void)
{
	open_with_children(false);
	for (size_t i = 0; i < NLEAKS; i++) {
		page_str(&page, leaks[i].text);
		page_cell_str(&page, leaks[i].text);
	}
	T_EQ(page.leak, PRIVACY_NONE);
	T_STR(page.where, "");
	close_page();
}

static void test_words_of_ours_are_not_looked_at(void)
{
	open_with_children(true);
	for (size_t i = 0; i < NLEAKS; i++) {
		page_own(&page, leaks[i].text);
		page_cell_own(&page, leaks[i].text);
		page_tag(&page, leaks[i].text);
	}
	page_cell_num(&page, INT64_C(13812345678));
	T_EQ(page.leak, PRIVACY_NONE);
	close_page();
}

static void test_the_first_leak_is_kept(void)
{
	open_with_children(true);
	page_str(&page, "孟青青 13812345678"); /* of two in one text it is the number */
	page_str(&page, "身份证500199195810083054");
	T_EQ(page.leak, PRIVACY_PHONE);
	T_STR(page.where, "孟青青 13812345678");
	close_page();
}

static void test_a_long_text_with_a_leak_is_cut_between_characters(void)
{
	static const char text[] = "13812345678一二三四五六七八九十一二三四五六七八九十";

	open_page(true);
	page_str(&page, text);
	T_EQ(page.leak, PRIVACY_PHONE);
	T_EQ(strlen(page.where), 62); /* eleven digits, seventeen characters of three bytes */
	T_MEM(page.where, text, 62);
	close_page();
}

static void test_a_child_is_known_by_the_whole_name_within_one_text(void)
{
	open_with_children(true);
	page_str(&page, "冉小");
	page_str(&page, "宝");
	page_str(&page, "冉小明、孟青");
	page_masked(&page, "冉小宝");
	T_EQ(page.leak, PRIVACY_NONE);
	page_str(&page, "青青孟青青");
	T_EQ(page.leak, PRIVACY_CHILD);
	T_STR(page.where, "青青孟青青");
	close_page();
	open_page(true); /* of a village without children */
	page_str(&page, "冉小宝");
	T_EQ(page.leak, PRIVACY_NONE);
	close_page();
}

/* --- memory ---------------------------------------------------------------------------------------- */
static size_t whole; /* bytes of the page when nothing fails */

static int write_page(void)
{
	struct buf out = {0};
	struct page p;

	page_begin(&p, &out, "公示", true, "草稿");
	for (int i = 0; i < 40; i++) {
		page_masked(&p, "王大明");
		page_cell_str(&p, "村委会广场");
		page_cell_num(&p, i);
	}
	page_end(&p);
	int err = out.err;
	if (!err && whole)
		T_EQ(out.n, whole);
	if (!err)
		whole = out.n;
	buf_close(&out);
	return err;
}

/* A page from which a name is missing must not be taken for a whole one. */
static void test_a_page_for_which_memory_was_missing_says_so(void)
{
	T_EQ(write_page(), ERR_OK);
	T_OOM(write_page());
}

T_MAIN(T(test_what_somebody_wrote_is_never_markup),
       T(test_a_page_is_whole_and_needs_nothing_from_outside),
       T(test_a_mark_stands_across_the_page), T(test_names_are_masked),
       T(test_cells_show_numbers_points_and_days), T(test_a_leak_is_found_on_a_page_for_the_board),
       T(test_what_is_not_posted_may_say_it), T(test_words_of_ours_are_not_looked_at),
       T(test_the_first_leak_is_kept), T(test_a_long_text_with_a_leak_is_cut_between_characters),
       T(test_a_child_is_known_by_the_whole_name_within_one_text),
       T(test_a_page_for_which_memory_was_missing_says_so))
