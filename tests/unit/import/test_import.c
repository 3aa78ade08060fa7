/* What the importer says, and what no file can do to it. */
#include "daemon/web/import/import.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "lib/text.h"
#include "tests/lib/imports.h"
#include "tests/lib/t.h"

/* --- reports ------------------------------------------------------------------------------------------ */

static void test_every_sentence_is_complete_in_both_languages(void)
{
	for (int id = 0; id < ISSUE_COUNT; id++) {
		struct import_issue i = {.id = (enum import_id)id,
					 .column = "",
					 .value = "",
					 .s = "",
					 .t = "",
					 .num = {1, 2}};

		for (int lang = LANG_ZH; lang <= LANG_EN; lang++) {
			struct buf out = {0};

			T_EQ(import_issue_text(&i, (enum lang)lang, &out), ERR_OK);
			T_OK(out.n > 10);
			T_OK(!strchr(buf_str(&out), '{'));
			T_OK(utf8_clean(out.p, out.n, false));
			buf_close(&out);
		}
	}
}

static void test_the_report_as_json(void)
{
	static const char text[] = "户编号,姓名,与户主关系,是否参加,身份证号\n"
				   "1,张三,户主,是,5.00E+17\n";
	struct import_report rep = {0};
	struct import_roster r;
	struct buf out = {0};
	struct jw w;

	T_EQ(imports_roster(text, &imports_strict, &r, &rep), ERR_INVALID);
	jw_init(&w, &out);
	import_report_json(&rep, &w);
	T_STR(buf_str(&out),
	      "{\"importable\":false,\"accepted\":false,\"encoding\":\"UTF-8\",\"rows\":1,"
	      "\"records\":1,\"errors\":1,\"warnings\":0,\"notes\":0,\"unlisted\":0,\"issues\":[{"
	      "\"row\":2,"
	      "\"column\":\"身份证号\",\"value\":\"5.00E+17\",\"severity\":\"error\","
	      "\"code\":\"ID_SCIENTIFIC\",\"text_zh\":"
	      "\"身份证号被表格软件变成了科学计数，原号码已丢失；"
	      "请把该列设为“文本”格式，按证件重新填写 18 位号码\",\"text_en\":\"the spreadsheet "
	      "turned "
	      "the "
	      "identity number into scientific notation and lost it; set the column to "
	      "\\\"text\\\" "
	      "and write the 18 characters from the card\"}]}");
	import_report_close(&rep);
	buf_close(&out);
}

static void test_notes_do_not_hide_errors(void)
{
	struct import_report rep = {0};
	struct import_roster r;
	struct buf text = {0};

	buf_puts(&text, "户编号,姓名,与户主关系,是否参加\n");
	for (int i = 0; i < IMPORT_ISSUES_MAX + 5; i++)
		buf_printf(&text, "A%d,张 三,户主,是\n", i);
	buf_puts(&text, "Z,张三,户主,\n");
	T_EQ(import_roster(text.p, text.n, &imports_strict, &r, &rep), ERR_INVALID);
	T_EQ(rep.n, IMPORT_ISSUES_MAX + 1);
	T_EQ(rep.count[IMPORT_NOTE], IMPORT_ISSUES_MAX + 5);
	T_EQ(rep.issue[0].id, ISSUE_EMPTY); /* errors first */
	T_OK(imports_says(&rep, "\"unlisted\":5,"));
	import_report_close(&rep);
	buf_close(&text);
}

/* --- hostile files, little memory --------------------------------------------------------------------- */

static void test_mangled_files_do_no_harm(void)
{
	static const uint8_t nasty[] = {'"', ',', '\n', '\r', 0, 0xff, 0x81, 0x30, '0', 'E'};
	struct prng g;
	size_t n;
	uint8_t *p = imports_village(1, "roster-as-received.csv", &n);
	uint8_t *m = malloc(n);

	T_OK(m);
	prng_seed(&g, 11);
	for (int round = 0; round < 200; round++) {
		size_t len = prng_below(&g, 4) ? n : (size_t)prng_below(&g, n + 1);
		struct import_report rep = {0};
		struct import_roster r;
		int err;

		memcpy(m, p, n);
		for (uint64_t k = prng_below(&g, 40); k > 0; k--)
			m[prng_below(&g, n)] = nasty[prng_below(&g, sizeof(nasty))];
		err = import_roster(m, len, &imports_accepting, &r, &rep);
		T_OK(err == ERR_OK || err == ERR_INVALID);
		T_EQ(err == ERR_OK, import_report_clean(&rep));
		import_report_close(&rep);
	}
	free(m);
	free(p);
}

static int import_small(void)
{
	struct import_report rep = {0};
	struct import_roster r;
	struct buf text = {0};
	int err;

	imports_base(&text, C_NAME, " 孟　山");
	err = text.err ? text.err : import_roster(text.p, text.n, &imports_strict, &r, &rep);
	import_report_close(&rep);
	buf_close(&text);
	return err;
}

static void test_importing_survives_lack_of_memory(void)
{
	T_OOM(import_small());
}

T_MAIN(T(test_every_sentence_is_complete_in_both_languages), T(test_the_report_as_json),
       T(test_notes_do_not_hide_errors), T(test_mangled_files_do_no_harm),
       T(test_importing_survives_lack_of_memory))
