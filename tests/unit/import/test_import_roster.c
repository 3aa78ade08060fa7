/* Rosters, one cell at a time and as a whole. */
#include "daemon/web/import/import.h"

#include "lib/err.h"
#include "tests/lib/imports.h"
#include "tests/lib/t.h"

struct damage {
	int column;
	const char *value;
	enum import_id want; /* ISSUE_COUNT: none at all */
};

static void damage_is(const struct damage *d)
{
	enum import_severity sev =
		d->want == ISSUE_COUNT ? IMPORT_NOTE : import_issue_severity(d->want);
	/* these two speak about another cell or the row */
	const char *column = d->want == ISSUE_CELLS_EXTRA ? ""
			     : d->want == ISSUE_RESIDENCE ? imports_header[C_SINCE]
							  : imports_header[d->column];
	struct import_report rep = {0};
	struct import_roster r = {0};
	struct buf text = {0};
	int err;

	imports_base(&text, d->column, d->value);
	err = import_roster(text.p, text.n, &imports_strict, &r, &rep);
	T_REPORT(&rep, err == (sev == IMPORT_NOTE ? ERR_OK : ERR_INVALID));
	if (d->want == ISSUE_COUNT)
		T_REPORT(&rep, rep.n == 0);
	else
		T_REPORT(&rep, imports_has(&rep, 3, column, d->want));
	for (uint32_t k = 0; k < rep.n; k++)
		T_REPORT(&rep, rep.issue[k].row == 3);
	import_report_close(&rep);
	buf_close(&text);
}

static const struct damage damages[] = {
	{C_HOUSEHOLD, "０５００１", ISSUE_NORMALISED},
	{C_HOUSEHOLD, " 05001", ISSUE_NORMALISED},
	{C_HOUSEHOLD, "", ISSUE_HOUSEHOLD_MISSING_HINT},
	{C_HOUSEHOLD, "05/001", ISSUE_BOUNDS},
	{C_HOUSEHOLD, "05001.0", ISSUE_NORMALISED},
	{C_GROUP, "５", ISSUE_NORMALISED},
	{C_GROUP, "第五村民小组", ISSUE_NORMALISED},
	{C_GROUP, "5组", ISSUE_NORMALISED},
	{C_GROUP, "6", ISSUE_GROUP_DIFFERS},
	{C_GROUP, "五十五", ISSUE_GROUP_DIFFERS},
	{C_HEAD, "孟林墙", ISSUE_HEAD_NAME},
	{C_HEAD, "", ISSUE_COUNT},
	{C_NAME, " 孟　山", ISSUE_NORMALISED},
	{C_NAME, "孟𠮷", ISSUE_COUNT},
	{C_NAME, "孟·山", ISSUE_COUNT},
	{C_NAME, "孟\xe2\x80\x8b山", ISSUE_FORMAT_CHARACTER},
	{C_NAME, "孟山\xe2\x80\xae", ISSUE_FORMAT_CHARACTER},
	{C_NAME, "孟15663167431", ISSUE_PERSONAL_NUMBER},
	{C_NOTE, "\xe2\x81\xa6在外", ISSUE_FORMAT_CHARACTER},
	{C_NOTE, "\xef\xbb\xbf在外", ISSUE_FORMAT_CHARACTER},
	{C_NOTE, "证号500199198105074180", ISSUE_PERSONAL_NUMBER},
	{C_NOTE, "证号 500199 19810507 4180。", ISSUE_PERSONAL_NUMBER},
	{C_NOTE, "证号500199-19810507-4180", ISSUE_PERSONAL_NUMBER},
	{C_NOTE, "旧证500199810507418", ISSUE_PERSONAL_NUMBER},
	{C_NOTE, "电话１５６ ６３１６ ７４３１", ISSUE_PERSONAL_NUMBER},
	{C_NOTE, "电话156-6316-7431", ISSUE_PERSONAL_NUMBER},
	{C_NOTE, "卡6222 0212 3456 7890 123", ISSUE_PERSONAL_NUMBER},
	{C_NOTE, "2025-01-01 2025-02-01 在外", ISSUE_COUNT},
	{C_NOTE, "合同 20250101001 号", ISSUE_COUNT},
	{C_PHONE, "500199198105074180", ISSUE_PERSONAL_NUMBER},
	{C_PHONE, "008615663167431", ISSUE_COUNT},
	{C_BIRTH, "2026-02-17", ISSUE_DAY_FUTURE},
	{C_AGREED, "2027-01-01", ISSUE_DAY_FUTURE},
	{C_NAME, "孟•山", ISSUE_NORMALISED},
	{C_NAME, "", ISSUE_EMPTY},
	{C_NAME, "孟?", ISSUE_LOST_CHARACTER},
	{C_NAME, "孟\xef\xbf\xbd", ISSUE_LOST_CHARACTER},
	{C_NAME, "孟\xee\x80\x80", ISSUE_PRIVATE_CHARACTER},
	{C_RELATION, "", ISSUE_EMPTY},
	{C_RELATION, "户主", ISSUE_HEAD_TWO},
	{C_SEX, "不详", ISSUE_SEX_UNKNOWN},
	{C_SEX, "女性", ISSUE_NORMALISED},
	{C_SEX, "男", ISSUE_SEX_ID},
	{C_SEX, "", ISSUE_COUNT},
	{C_ID, "5.00E+17", ISSUE_ID_SCIENTIFIC},
	{C_ID, "500199198105074000", ISSUE_ID_ROUNDED},
	{C_ID, "500199198105074181", ISSUE_ID_CHECK},
	{C_ID, "500199810507418", ISSUE_ID_OLD},
	{C_ID, "50019919810507418", ISSUE_ID_LENGTH},
	{C_ID, "500199198105O74180", ISSUE_ID_DIGITS},
	{C_ID, "500199198113074180", ISSUE_ID_DATE},
	{C_ID, "５00199198105074180", ISSUE_NORMALISED},
	{C_ID, "'500199198105074180", ISSUE_NORMALISED},
	{C_ID, "500199 19810507 4180", ISSUE_NORMALISED},
	{C_ID, "500199195810083054", ISSUE_ID_TWICE}, /* and birth and sex differ */
	{C_ID, "", ISSUE_COUNT},
	{C_BIRTH, "1981-05-08", ISSUE_BIRTH_ID},
	{C_BIRTH, "1981.05.07", ISSUE_DATE_NOTATION},
	{C_BIRTH, "1981年5月7日", ISSUE_DATE_NOTATION},
	{C_BIRTH, "１９８１／５／７", ISSUE_DATE_NOTATION},
	{C_BIRTH, "1981-05-07 00:00:00", ISSUE_DATE_NOTATION},
	{C_BIRTH, "19810507", ISSUE_DATE_NOTATION},
	{C_BIRTH, "29713", ISSUE_DATE_SERIAL},
	{C_BIRTH, "29714", ISSUE_BIRTH_ID}, /* the day after, as a serial number */
	{C_BIRTH, "81.5.7", ISSUE_DATE},
	{C_BIRTH, "1981-02-30", ISSUE_DATE},
	{C_BIRTH, "1981", ISSUE_DATE},
	{C_BIRTH, "", ISSUE_BIRTH_FROM_ID},
	{C_HUKOU, "", ISSUE_HUKOU_EMPTY},
	{C_HUKOU, "外村", ISSUE_RESIDENCE},
	{C_HUKOU, "重庆", ISSUE_CHOICE},
	{C_HUKOU, "本村户籍", ISSUE_NORMALISED},
	{C_HUKOU, "是", ISSUE_NORMALISED}, /* 是否本村户籍 */
	{C_HUKOU, "否", ISSUE_RESIDENCE},
	{C_SINCE, "昨天", ISSUE_DATE},
	{C_SINCE, "1970-01-01", ISSUE_DATE_EPOCH},
	{C_AGREED, "2025.1.1", ISSUE_DATE_NOTATION},
	{C_AGREED, "1970年1月1日", ISSUE_DATE_EPOCH},
	{C_PHONE, "１56 6316 7431", ISSUE_NORMALISED},
	{C_PHONE, "156631674311566316743", ISSUE_BOUNDS},
	{C_PHONE, "见备注", ISSUE_BOUNDS},
	{C_PART, "", ISSUE_EMPTY},
	{C_PART, "否", ISSUE_PART_DIFFERS},
	{C_PART, "√", ISSUE_NORMALISED},
	{C_PART, "可能", ISSUE_CHOICE},
	{C_NOTE, " 在外务工 ", ISSUE_NORMALISED},
	{C_NOTE, "\"二\n行\"", ISSUE_NORMALISED},
	{C_NOTE, "在外务工（广东）", ISSUE_COUNT},
	{C_NOTE, ",多出一格", ISSUE_CELLS_EXTRA},
};

static void test_each_kind_of_damage_is_reported_on_its_cell(void)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
		damage_is(&damages[i]);
}

static void test_normalised_values_are_what_is_recorded(void)
{
	static const struct {
		int column;
		const char *value, *field, *want;
	} cases[] = {{C_NAME, " 孟　山 ", "name", "孟山"},
		     {C_NAME, "阿依古丽 ・ 买买提", "name", "阿依古丽·买买提"},
		     {C_NAME, "Ann  Lee", "name", "Ann Lee"},
		     {C_PHONE, "１５６-6316 7431", "phone", "156-63167431"},
		     {C_ID, " ５00199198105074180", "id_tail", "4180"},
		     {C_NOTE, "　在外\t务工，广东 ", "note", "在外 务工，广东"}};
	const struct rec_type *t = rec_type_of(REC_household);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_report rep = {0};
		struct import_roster r;
		struct buf text = {0};
		struct bytes got = {NULL, 0};
		int err;

		imports_base(&text, cases[i].column, cases[i].value);
		err = import_roster(text.p, text.n, &imports_strict, &r, &rep);
		T_REPORT(&rep, err == ERR_OK && rep.n == 1);
		for (uint32_t k = 0; k < t->nline; k++)
			if (strcmp(t->line[k].name, cases[i].field) == 0)
				memcpy(&got, (uint8_t *)&r.v[0].line[1] + t->line[k].offset,
				       sizeof(got));
		T_STR((const char *)got.p, cases[i].want);
		T_EQ(got.n, strlen(cases[i].want));
		import_report_close(&rep);
		buf_close(&text);
	}
}

static void test_warnings_are_taken_only_when_accepted(void)
{
	struct import_report rep = {0};
	struct import_roster r = {.n = 77};
	struct buf text = {0};

	imports_base(&text, C_BIRTH, "29713");
	T_EQ(import_roster(text.p, text.n, &imports_strict, &r, &rep), ERR_INVALID);
	T_EQ(r.n, 1); /* for the rules to be asked about */
	T_EQ(rep.records, 1);
	T_OK(!import_report_clean(&rep));
	import_report_close(&rep);
	T_EQ(import_roster(text.p, text.n, &imports_accepting, &r, &rep), ERR_OK);
	T_EQ(r.n, 1);
	T_EQ(r.v[0].line[1].birth, 4144);
	import_report_close(&rep);
	buf_reset(&text);
	imports_base(&text, C_BIRTH, "1981-02-30");
	T_EQ(import_roster(text.p, text.n, &imports_accepting, &r, &rep), ERR_INVALID);
	import_report_close(&rep);
	buf_close(&text);
}

static void test_groups_in_words_are_numbers(void)
{
	static const struct {
		const char *word, *number;
	} cases[] = {{"九小组", "9"},	       {"十组", "10"},	   {"第十二村民小组", "12"},
		     {"第二十村民小组", "20"}, {"二十一组", "21"}, {"九十九社", "99"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_report rep = {0};
		struct import_roster r = {0};
		struct buf text = {0};
		uint32_t at = 0;

		imports_base(&text, C_GROUP, cases[i].word);
		T_EQ(import_roster(text.p, text.n, &imports_strict, &r, &rep), ERR_INVALID);
		while (at < rep.n && rep.issue[at].id != ISSUE_GROUP_DIFFERS)
			at++;
		T_REPORT(&rep, at < rep.n);
		T_STR(rep.issue[at].value, cases[i].number);
		import_report_close(&rep);
		buf_close(&text);
	}
}

/* Who is registered elsewhere needs both days: when the stay began and when the committees agreed. */
static void test_both_days_of_a_stay_are_asked_for(void)
{
	static const char *const days[][2] = {
		{"", ""}, {"2024-01-01", ""}, {"", "2024-08-01"}, {"2024-01-01", "2024-08-01"}};

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		struct import_report rep = {0};
		struct import_roster r = {0};
		struct buf text = {0};

		buf_printf(&text,
			   "户编号,姓名,与户主关系,是否参加,户籍,居住起始日,两委同意日期\n"
			   "1,张三,户主,是,外村,%s,%s\n",
			   days[i][0], days[i][1]);
		(void)import_roster(text.p, text.n, &imports_strict, &r, &rep);
		T_REPORT(&rep, imports_has(&rep, 2, "居住起始日", ISSUE_RESIDENCE) ==
				       !(*days[i][0] && *days[i][1]));
		import_report_close(&rep);
		buf_close(&text);
	}
}

static void test_the_day_of_consent_is_for_those_who_take_part(void)
{
	static const char text[] = "户编号,姓名,与户主关系,是否参加\n"
				   "1,张三,户主,是\n2,李四,户主,否\n";
	struct import_opts o = {.consent_day = 20000};
	struct import_report rep = {0};
	struct import_roster r;

	T_EQ(imports_roster(text, &o, &r, &rep), ERR_OK);
	T_EQ(r.v[0].head.consent_day, 20000);
	T_EQ(r.v[1].head.consent_day, DAY_NONE);
	T_EQ(r.v[1].head.takes_part, YES_no);
	import_report_close(&rep);
}

static void test_serial_dates_follow_the_1900_system(void)
{
	static const struct {
		const char *serial, *day;
	} cases[] = {{"10000", "1927-05-18"}, {"25568", "1969-12-31"}, {"25570", "1970-01-02"},
		     {"36526", "2000-01-01"}, {"45658", "2025-01-01"}, {"73050", "2099-12-31"}};
	const struct import_opts no_clock = {.accept = true};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_report rep = {0};
		struct import_roster r;
		struct buf text = {0};
		char day[DATE_TEXT_MAX];

		imports_base(&text, C_AGREED, cases[i].serial);
		T_EQ(import_roster(text.p, text.n, &no_clock, &r, &rep), ERR_OK);
		T_STR(day_text(r.v[0].line[1].agreed, day), cases[i].day);
		T_STR(rep.issue[0].s, cases[i].day);
		import_report_close(&rep);
		buf_close(&text);
	}
}

static void test_what_is_around_the_table_is_named(void)
{
	struct import_report rep = {0};
	struct import_roster r;
	struct buf text = {0};

	buf_puts(&text, "花名册\n\n");
	imports_base(&text, -1, NULL);
	buf_puts(&text, ",,\n 　\n合 计：,,,３人\n填报人：张三\n");
	imports_row(&text, imports_header);
	T_EQ(import_roster(text.p, text.n, &imports_strict, &r, &rep), ERR_INVALID);
	T_REPORT(&rep, imports_has(&rep, 1, NULL, ISSUE_TITLE_ROW));
	T_REPORT(&rep, imports_has(&rep, 8, NULL, ISSUE_TOTAL_ROW));
	T_REPORT(&rep, imports_has(&rep, 8, NULL, ISSUE_TOTAL_DIFFERS));
	T_REPORT(&rep, imports_has(&rep, 9, NULL, ISSUE_FOOTER_ROW));
	T_REPORT(&rep, imports_has(&rep, 10, NULL, ISSUE_HEADER_AGAIN));
	T_REPORT(&rep, rep.n == 5);
	T_EQ(rep.rows, 2);
	import_report_close(&rep);
	buf_close(&text);
}

/* "户主" and "参加" are headers, too; a row that holds them is somebody all the same. */
static void test_words_of_the_header_in_a_row_do_not_make_it_one(void)
{
	struct import_report rep = {0};
	struct import_roster r;

	T_EQ(imports_roster("户编号,姓名,与户主关系,是否参加\n1,张三,户主,参加\n2,李四,户主,参加\n",
			    &imports_strict, &r, &rep),
	     ERR_OK);
	T_EQ(r.n, 2);
	T_REPORT(&rep, !imports_has(&rep, 2, NULL, ISSUE_HEADER_AGAIN));
	import_report_close(&rep);
	/* in other columns it is no header of this table: errors, not silence */
	T_EQ(imports_roster(
		     "户编号,姓名,与户主关系,是否参加\n1,张三,户主,是\n姓名,户编号,与户主关系,"
		     "是否参加\n",
		     &imports_strict, &r, &rep),
	     ERR_INVALID);
	T_REPORT(&rep, imports_has(&rep, 3, "户编号", ISSUE_BOUNDS));
	import_report_close(&rep);
}

static void test_cells_without_a_header_are_named_by_column(void)
{
	struct import_report rep = {0};
	struct import_roster r;
	struct buf text = {0};

	T_EQ(imports_roster(
		     "户编号,姓名,,与户主关系, ,是否参加\n1,张三,,户主,,是\n2,李四,党员,户主,,是\n"
		     "3,王五,群众,户主,,是\n",
		     &imports_strict, &r, &rep),
	     ERR_INVALID);
	T_REPORT(&rep, rep.n == 1 && imports_has(&rep, 3, NULL, ISSUE_COLUMN_NAMELESS));
	T_STR(rep.issue[0].s, "C");
	import_report_close(&rep);
	buf_puts(&text, "户编号,姓名,与户主关系,是否参加");
	for (int i = 4; i < 28; i++)
		buf_puts(&text, ",");
	buf_puts(&text, "\n1,张三,户主,是");
	for (int i = 4; i < 28; i++)
		buf_puts(&text, i == 27 ? ",x\n" : ",");
	T_EQ(import_roster(text.p, text.n, &imports_accepting, &r, &rep), ERR_OK);
	T_STR(rep.issue[0].s, "AB");
	import_report_close(&rep);
	buf_close(&text);
}

static void test_files_that_are_no_roster_say_why(void)
{
	static const struct {
		const char *text;
		enum import_id want;
		uint32_t row;
	} cases[] = {
		{"", ISSUE_NO_HEADER, 0},
		{"a,b,c\n1,2,3\n", ISSUE_NO_HEADER, 0},
		{"户编号\t姓名\t是否参加\n", ISSUE_NO_COLUMN, 1},
		{"户编号;姓名;是否参加\n", ISSUE_NO_COLUMN, 1},
		{"户编号，姓名，是否参加\n", ISSUE_NO_HEADER_COMMA, 0},
		{"户编号,姓名,与户主关系\n1,2,3\n", ISSUE_NO_COLUMN, 1},
		{"户编号,姓名,与户主关系,是否参加,户号\n", ISSUE_COLUMN_TWICE, 1},
		{"户编号,姓名,与户主关系,是否参加,政治面貌\n", ISSUE_COLUMN_UNUSED, 1},
		{"户编号,姓名,与户主关系,是否参加\n", ISSUE_NOTHING, 0},
		{"户编号,姓名,与户主关系,是否参加\n1,\"张三\n", ISSUE_QUOTE_OPEN, 2},
		{"户编号,姓名,与户主关系,是否参加\n1,张\"三\n", ISSUE_QUOTE, 2},
		{"户编号,姓名,与户主关系,是否参加\n1,张三\n\xff\xff\n", ISSUE_ENCODING, 0},
		{"PK\x03\x04", ISSUE_DAMAGED, 0},
		{"\xd0\xcf\x11\xe0", ISSUE_KIND, 0},
		{"<html><table>", ISSUE_KIND, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_report rep = {0};
		struct import_roster r;

		T_EQ(imports_roster(cases[i].text, &imports_accepting, &r, &rep), ERR_INVALID);
		T_REPORT(&rep, imports_has(&rep, cases[i].row, NULL, cases[i].want));
		import_report_close(&rep);
	}
}

/* A file with another delimiter is quoted by whole rows. */
static void test_quoted_rows_hide_the_numbers_of_people(void)
{
	static const char text[] =
		"户编号|姓名|身份证号|联系电话\n"
		"05001|孟林强|500199195810083054|15663167431|1958-10-08|1234567890\n"
		"05001|孟山|50019919890912338X|\n"
		"05001|孟山|这一格写得很长很长很长很长很长很长很长很长很长很长很长长长|"
		"500199198105074180\n";
	struct import_report rep = {0};
	struct import_roster r;

	T_EQ(imports_roster(text, &imports_strict, &r, &rep), ERR_INVALID);
	T_OK(!imports_says(&rep, "00199"));
	T_OK(!imports_says(&rep, "63167431"));
	T_OK(imports_says(&rep, "孟林强|500***54|156***31|1958-10-08|1234567890\""));
	T_OK(imports_says(&rep, "孟山|500***8X|"));
	import_report_close(&rep);
	/* full-width and spaced, too; short ones and dates stay readable */
	T_EQ(imports_roster(
		     "户编号；孟１５６ ６３１６　７４３１；500199 19810507 4180；１９８１-05-07 "
		     "是\n",
		     &imports_strict, &r, &rep),
	     ERR_INVALID);
	T_OK(imports_says(&rep, "户编号；孟156***31；500***80；１９８１-05-07 是"));
	import_report_close(&rep);
}

static void test_files_over_the_limit_are_refused(void)
{
	struct import_report rep = {0};
	struct import_roster r;
	char *text = calloc(1, IMPORT_BYTES_MAX + 1);

	T_OK(text);
	T_EQ(import_roster(text, IMPORT_BYTES_MAX + 1, &imports_accepting, &r, &rep), ERR_INVALID);
	T_REPORT(&rep, rep.n == 1 && imports_has(&rep, 0, NULL, ISSUE_TOO_LARGE));
	import_report_close(&rep);
	free(text);
}

static void test_households_are_checked_as_a_whole(void)
{
	static const char header[] = "户编号,姓名,与户主关系,是否参加\n";
	struct import_report rep = {0};
	struct import_roster r;
	struct buf text = {0};

	buf_puts(&text, header);
	buf_puts(&text, "1,张三,配偶,是\n2,李四,户主,是\n1,王五,长子,是\n");
	T_EQ(import_roster(text.p, text.n, &imports_accepting, &r, &rep), ERR_INVALID);
	T_REPORT(&rep, rep.n == 1 && imports_has(&rep, 2, "与户主关系", ISSUE_HEAD_NONE));
	import_report_close(&rep);
	buf_reset(&text);
	buf_puts(&text, header);
	for (int i = 0; i < 41; i++)
		buf_printf(&text, "1,张%d,%s,是\n", i, i ? "其他" : "户主");
	T_EQ(import_roster(text.p, text.n, &imports_accepting, &r, &rep), ERR_INVALID);
	T_REPORT(&rep, rep.n == 1 && imports_has(&rep, 2, "户编号", ISSUE_MEMBERS));
	import_report_close(&rep);
	buf_close(&text);
}

static void test_a_lost_zero_names_both_households(void)
{
	struct import_report rep = {0};
	struct import_roster r;

	T_EQ(imports_roster(
		     "户编号,姓名,与户主关系,是否参加\n05001,张三,户主,是\n6,王五,户主,是\n5001,"
		     "李四,户主,是\n",
		     &imports_strict, &r, &rep),
	     ERR_INVALID);
	T_REPORT(&rep, rep.n == 1 && imports_has(&rep, 4, "户编号", ISSUE_HOUSEHOLD_ZERO));
	T_STR(rep.issue[0].value, "5001");
	T_STR(rep.issue[0].s, "05001");
	import_report_close(&rep);
}

static void test_numbers_ending_in_000_are_suspect_only_among_rounded_ones(void)
{
	static const char header[] = "户编号,姓名,与户主关系,是否参加,身份证号\n";
	struct import_report rep = {0};
	struct import_roster r;
	struct buf text = {0};

	buf_puts(&text, header);
	buf_puts(&text, "1,张三,户主,是,500199195701230000\n");
	T_EQ(import_roster(text.p, text.n, &imports_strict, &r, &rep), ERR_OK);
	import_report_close(&rep);
	buf_puts(&text, "2,李四,户主,是,5.00E+17\n");
	T_EQ(import_roster(text.p, text.n, &imports_accepting, &r, &rep), ERR_INVALID);
	T_REPORT(&rep, imports_has(&rep, 2, "身份证号", ISSUE_ID_SUSPECT));
	import_report_close(&rep);
	buf_close(&text);
}

T_MAIN(T(test_each_kind_of_damage_is_reported_on_its_cell),
       T(test_normalised_values_are_what_is_recorded), T(test_groups_in_words_are_numbers),
       T(test_both_days_of_a_stay_are_asked_for), T(test_warnings_are_taken_only_when_accepted),
       T(test_the_day_of_consent_is_for_those_who_take_part, "I6"),
       T(test_serial_dates_follow_the_1900_system), T(test_what_is_around_the_table_is_named),
       T(test_words_of_the_header_in_a_row_do_not_make_it_one),
       T(test_cells_without_a_header_are_named_by_column), T(test_files_that_are_no_roster_say_why),
       T(test_quoted_rows_hide_the_numbers_of_people), T(test_files_over_the_limit_are_refused),
       T(test_households_are_checked_as_a_whole), T(test_a_lost_zero_names_both_households),
       T(test_numbers_ending_in_000_are_suspect_only_among_rounded_ones))
