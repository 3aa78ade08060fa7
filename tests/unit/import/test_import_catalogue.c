#include "daemon/web/import/import.h"

#include "lib/err.h"
#include "tests/lib/imports.h"
#include "tests/lib/t.h"

static void test_the_reference_catalogue_imports_without_a_word(void)
{
	static const uint8_t secret[ENTRY_SECRET_BYTES];
	struct rec_catalogue head = {
		.version = 1, .title = {(const uint8_t *)"t", 1}, .from = 20089};
	struct import_report rep = {0};
	struct import_catalogue c;
	struct buf out = {0};

	imports_catalogue(&c, &rep);
	T_EQ(c.n, 55);
	T_STR((const char *)c.v[0].code.p, "A101");
	T_EQ(c.v[0].category, CATEGORY_A);
	T_EQ(c.v[0].sign, SIGN_award);
	T_EQ(points_raw(c.v[0].points), 200);
	T_EQ(points_raw(c.v[0].cap), 2400);
	T_EQ(c.v[0].scope, SCOPE_household);
	T_STR((const char *)c.v[0].evidence.p, "签到表;会议记录");
	T_STR((const char *)c.v[9].name_en.p, "Upkeep of roads, canals and public facilities");
	T_EQ(c.v[54].sign, SIGN_deduct);
	/* what says that a law was broken needs the document of its authority */
	for (uint32_t i = 0; i < c.n; i++) {
		static const char *const by_law[] = {"A201", "B201", "B202", "B203",
						     "B205", "E203", "F202"};
		bool needs = false;

		for (size_t k = 0; k < sizeof(by_law) / sizeof(by_law[0]); k++)
			needs = needs || strcmp((const char *)c.v[i].code.p, by_law[k]) == 0;
		T_EQ(c.v[i].document, needs ? YES_yes : YES_no);
	}
	T_EQ(rec_encode(rec_type_of(REC_catalogue), &head, c.v, c.n, secret, &out, NULL), ERR_OK);
	import_report_close(&rep);
	buf_close(&out);
}

/* That a document is needed is said in many ways, in the heading and in the cell. */
static void test_a_document_is_needed_in_many_words(void)
{
	static const char *const headings[] = {"须有文书", "需要文书", "文书", "是否须有文书*"};
	static const char *const yes[] = {"是", "须", "需", "√", "需要", "Y"},
				 *const no[] = {"否", "", "不需要", "无", "×", "-"};

	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		for (size_t k = 0; k < sizeof(yes) / sizeof(yes[0]); k++) {
			struct import_report rep = {0};
			struct import_catalogue c;
			struct buf text = {0};

			buf_printf(
				&text,
				"事项编码,类别,正负,事项,分值,单位,年度上限,计分对象,证明材料,%s\n"
				"A201,A,-1,甲,2,次,24,户,表,%s\nA202,A,-1,乙,2,次,24,户,表,%s\n",
				headings[i], yes[k], no[k]);
			T_EQ(import_catalogue(text.p, text.n, &imports_strict, &c, &rep), ERR_OK);
			T_EQ(c.v[0].document, YES_yes);
			T_EQ(c.v[1].document, YES_no);
			import_report_close(&rep);
			buf_close(&text);
		}
}

static void test_catalogues_are_checked(void)
{
	static const char header[] =
		"事项编码,类别,正负,事项,分值,单位,年度上限,计分对象,证明材料\n";
	static const struct {
		const char *row;
		enum import_id want;
		int err;
	} cases[] = {
		{"A101,爱党爱国,1,开会,2,次,24,户,签到表\n", ISSUE_COUNT_AWARDS, ERR_OK},
		{"A101,爱党爱国,1,开会,2,次,24,户,签到表\n", ISSUE_COUNT_CATEGORIES, ERR_OK},
		{"A101,爱党爱国,1,开会,2,次,24,户,签到表\n", ISSUE_COUNT_DEDUCTIONS, ERR_OK},
		{"A101,A,1,开会,2.5,event,,household,签到表\n", ISSUE_NO_CAP, ERR_OK},
		{"A101,A,1,开会,2.5,event,0,household,签到表\n", ISSUE_NO_CAP, ERR_OK},
		{"A101,A,1,开会,2.5,event,24,household,\n", ISSUE_NO_EVIDENCE, ERR_OK},
		{"A101,爱党爱国,1,开会,2,次,24,户,\nA101,爱党爱国,1,开会,2,次,24,户,\n",
		 ISSUE_CODE_TWICE, ERR_INVALID},
		{"A101,遵纪守法,1,开会,2,次,24,户,签到表\n", ISSUE_CODE_CATEGORY, ERR_INVALID},
		{"A101,爱党爱国,1,开会,2,次,1,户,签到表\n", ISSUE_CAP_BELOW, ERR_INVALID},
		{"A101,爱党爱国,1,开会,2,周,24,户,签到表\n", ISSUE_CHOICE, ERR_INVALID},
		{"A101,爱党爱国,1,开会,二,次,24,户,签到表\n", ISSUE_NUMBER, ERR_INVALID},
		{"A101,爱党爱国,1,开会,0,次,24,户,签到表\n", ISSUE_NUMBER, ERR_INVALID},
		{"A甲,爱党爱国,1,开会,2,次,24,户,签到表\n", ISSUE_BOUNDS, ERR_INVALID},
		{"A101,爱党爱国,,开会,2,次,24,户,签到表\n", ISSUE_EMPTY, ERR_INVALID},
		{"A101,爱党爱国,1,,2,次,24,户,签到表\n", ISSUE_EMPTY, ERR_INVALID},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_report rep = {0};
		struct import_catalogue c;
		struct buf text = {0};
		bool found = false;
		int err;

		buf_puts(&text, header);
		buf_puts(&text, cases[i].row);
		err = import_catalogue(text.p, text.n, &imports_strict, &c, &rep);
		for (uint32_t k = 0; k < rep.n; k++)
			found |= rep.issue[k].id == cases[i].want;
		T_REPORT(&rep, found && err == cases[i].err);
		import_report_close(&rep);
		buf_close(&text);
	}
}

static void test_a_catalogue_of_121_items_is_refused(void)
{
	struct import_report rep = {0};
	struct import_catalogue c;
	struct buf text = {0};

	buf_puts(&text, "code,category,sign,name_zh,points,unit,cap_per_year,scope,evidence\n");
	for (int i = 0; i < 120; i++)
		buf_printf(&text, "A%d,A,1,x,1,event,0,household,y\n", i);
	T_EQ(import_catalogue(text.p, text.n, &imports_strict, &c, &rep), ERR_OK);
	T_EQ(c.n, 120);
	import_report_close(&rep);
	buf_puts(&text, "A121,A,1,x,1,event,0,household,y\n");
	T_EQ(import_catalogue(text.p, text.n, &imports_strict, &c, &rep), ERR_INVALID);
	T_REPORT(&rep, imports_has(&rep, 122, NULL, ISSUE_ITEMS_MAX));
	import_report_close(&rep);
	buf_close(&text);
}

T_MAIN(T(test_the_reference_catalogue_imports_without_a_word, "R04 R28 R29 R56"),
       T(test_a_document_is_needed_in_many_words), T(test_catalogues_are_checked, "R29 R56"),
       T(test_a_catalogue_of_121_items_is_refused))
