/* What spreadsheets and people do to tables, and how it is read or named: one case a row. */
#include "daemon/web/import/import.h"
#include "daemon/web/import/import_table.h"
#include "lib/text.h"
#include "tests/lib/t.h"

#define TODAY	    20500 /* 2026-02-16 */
#define SHOWN_BYTES 96

static void fail(const struct import_report *rep, int line, const char *what)
{
	struct buf out = {0};
	struct jw w;

	jw_init(&w, &out);
	import_report_json(rep, &w);
	t_fail(__FILE__, line, "%s:\n%s", what, buf_str(&out));
}

static const struct import_issue *find(const struct import_report *rep, uint32_t row,
				       enum import_id id)
{
	for (uint32_t i = 0; i < rep->n; i++)
		if (rep->issue[i].row == row && rep->issue[i].id == id)
			return &rep->issue[i];
	return NULL;
}

/* --- what is registered ------------------------------------------------------------------------------- */

static const struct {
	const char *number, *head;
} registered[] = {{"05001", "孟林强"}, {"06002", "买买提．阿不都"}, {"007", "甲"}, {"0007", "乙"}};
#define REGISTERED (sizeof(registered) / sizeof(registered[0]))

static int find_head(void *ctx, struct bytes household, struct bytes *ret)
{
	(void)ctx;
	for (size_t i = 0; i < REGISTERED; i++)
		if (bytes_eq(household, bytes_str(registered[i].number))) {
			*ret = bytes_str(registered[i].head);
			return ERR_OK;
		}
	return ERR_NOTFOUND;
}

static struct bytes bare(struct bytes b)
{
	while (b.n > 1 && b.p[0] == '0') {
		b.p++;
		b.n--;
	}
	return b;
}

static int find_near(void *ctx, struct bytes household, struct import_near *ret)
{
	(void)ctx;
	*ret = (struct import_near){.n = 0};
	for (size_t i = 0; i < REGISTERED && ret->n < 2; i++)
		if (bytes_eq(bare(bytes_str(registered[i].number)), bare(household)))
			ret->number[ret->n++] = bytes_str(registered[i].number);
	return ERR_OK;
}

static int find_member(void *ctx, struct bytes household, struct bytes name, uint32_t *ret)
{
	(void)ctx;
	(void)household;
	(void)name;
	*ret = 1;
	return ERR_OK;
}

static int find_item(void *ctx, struct bytes code, day_t day, struct import_item *ret)
{
	(void)ctx;
	(void)code;
	(void)day;
	*ret = (struct import_item){3, bytes_str("庭院 清洁"), points_of(300), false};
	return ERR_OK;
}

static int find_name(void *ctx, struct bytes household, uint64_t member, struct bytes *ret)
{
	(void)ctx;
	*ret = bytes_str(member == 1 ? "孟林强" : "买买提．阿不都");
	return bytes_eq(household, bytes_str("05001")) && member <= 2 ? ERR_OK : ERR_NOTFOUND;
}

static const struct import_lookup ledger = {.head = find_head,
					    .near = find_near,
					    .member = find_member,
					    .item = find_item,
					    .name = find_name};

/* --- rosters ------------------------------------------------------------------------------------------- */

static int roster(const char *text, bool accept, struct import_roster *ret,
		  struct import_report *rep)
{
	struct import_opts o = {.accept = accept, .today = TODAY};

	return import_roster(text, strlen(text), &o, ret, rep);
}

/* What is said of row @row, and the name of the first person of the first household when all is read. */
static void roster_says(const char *text, uint32_t row, enum import_id want, const char *name)
{
	struct import_report rep = {0};
	struct import_roster r = {.n = 0};
	int err = roster(text, true, &r, &rep);

	if ((err == ERR_OK) != (name != NULL) || !find(&rep, row, want))
		fail(&rep, __LINE__, text);
	if (name)
		T_OK(str_eq((const char *)r.v[0].line[0].name.p, r.v[0].line[0].name.n, name));
	import_report_close(&rep);
}

#define HEADER "户编号,姓名,与户主关系,是否参加,联系电话,出生日期,身份证号,组\n"

static void test_headings_are_found_with_what_stands_around_them(void)
{
	static const char *const headings[] = {
		"身份证号码（18位）",	"身份证号*",	"居民身份证号码",
		"*身份证号(必填)",	"7.身份证号",	"身份证 号 码：",
		"公民身份号码【必填】", "本人身份证号", "身份证号★"};
	char text[256];

	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
		struct import_report rep = {0};
		struct import_roster r = {.n = 0};

		snprintf(text, sizeof(text),
			 "户编号,姓名,与户主关系,是否参加,%s\n1,孟山,户主,是,500199198105074180\n",
			 headings[i]);
		if (roster(text, false, &r, &rep) || !r.v[0].line[0].id_tail.n)
			fail(&rep, __LINE__, headings[i]);
		import_report_close(&rep);
	}
	/* the number of somebody else, which must not be taken for that of the person */
	roster_says("户编号,姓名,与户主关系,是否参加,户主身份证号\n1,孟山,户主,是,x\n", 1,
		    ISSUE_COLUMN_FILLED, "孟山");
}

static void test_a_header_may_have_two_rows(void)
{
	roster_says("花名册,,,\n户编号,家庭成员,,是否参加\n,姓名,与户主关系,\n1,孟山,户主,是\n", 1,
		    ISSUE_TITLE_ROW, "孟山");
	roster_says("户编号,家庭成员,,是否参加\n,姓名,与户主关系,\n1,孟山,户主\n", 3, ISSUE_EMPTY,
		    NULL);
	/* both rows make one heading */
	roster_says("户编号,姓名,与户主,是否,居住\n,,关系,参加,起始日\n1,孟山,户主,是,2020/1/1\n",
		    3, ISSUE_DATE_NOTATION, "孟山");
	/* a row that says what must be filled in */
	roster_says("户编号,姓名,与户主关系,是否参加\n必填,必填,必填,选填\n1,孟山,户主,是\n", 2,
		    ISSUE_HEADER_AGAIN, "孟山");
}

/* A line of its own that begins with such a word, or a bracket, is no remark below the table and no legend. */
static void test_a_line_is_not_taken_for_a_remark(void)
{
	static const char *const lines[] = {
		"奖励事项,说明\n说明会补助,x\n审核小组表彰,y\n备注奖,z\n注册农技员补助,\n",
		"奖励事项,说明\n（一）动员奖,（每季）评\n（二）试行奖,\n(三),\n制表能手,\n",
	};
	struct import_opts o = {.accept = false};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct import_report rep = {0};
		struct import_lines l;

		T_EQ(import_lines(lines[i], strlen(lines[i]), rec_type_of(REC_scheme), LANG_ZH, &o,
				  &l, &rep),
		     ERR_OK);
		T_EQ(l.n, 4);
		import_report_close(&rep);
	}
	roster_says("户编号,姓名,与户主关系,是否参加\n1,孟山,户主,是\n填报人,张三,审核人,李四\n", 3,
		    ISSUE_FOOTER_ROW, "孟山");
	roster_says("户编号,姓名,与户主关系,是否参加\n1,孟山,户主,是\n备注：另附说明\n", 3,
		    ISSUE_FOOTER_ROW, "孟山");
}

/* Of a number that became scientific notation digits are lost, in whatever column it stands. */
static void test_lost_digits_are_named_in_every_column(void)
{
	roster_says("户编号,姓名,与户主关系,是否参加,备注\n1,孟山,户主,是,1.38E+10\n", 2,
		    ISSUE_SCIENTIFIC, NULL);
}

static void test_a_filled_column_that_is_not_read_is_a_warning(void)
{
	struct import_report rep = {0};
	struct import_roster r;

	T_EQ(roster("户编号,姓名,与户主关系,是否参加,民族,年龄\n1,孟山,户主,是,汉,\n", false, &r,
		    &rep),
	     ERR_INVALID);
	T_EQ(rep.count[IMPORT_WARNING], 1);
	T_STR(find(&rep, 1, ISSUE_COLUMN_FILLED)->value, "民族");
	T_STR(find(&rep, 1, ISSUE_COLUMN_UNUSED)->value, "年龄");
	import_report_close(&rep);
	/* the numbers of the rows hold nothing */
	T_EQ(roster("序号,户编号,姓名,与户主关系,是否参加\n1,7,孟山,户主,是\n2,8,孟水,户主,是\n",
		    false, &r, &rep),
	     ERR_OK);
	T_OK(find(&rep, 1, ISSUE_COLUMN_UNUSED));
	import_report_close(&rep);
}

/* The row of a template that shows how, left where it was. */
static void test_the_example_of_a_template_is_stepped_over(void)
{
	roster_says("户编号,姓名,与户主关系,是否参加\n例：05001,孟山,户主,是\n7,孟水,户主,是\n", 2,
		    ISSUE_EXAMPLE_ROW, "孟水");
	roster_says("户编号,姓名,与户主关系,是否参加\n例：05001,孟山,户主,是\n", 0, ISSUE_NOTHING,
		    NULL);
}

static void test_separators_are_found_by_themselves(void)
{
	static const char *const texts[] = {
		"户编号\t姓名\t与户主关系\t是否参加\n1\t孟,山;\t户主\t是\n",
		"户编号;姓名;与户主关系;是否参加\n1;孟,山;户主;是\n",
		"花名册（一,二;三）\n户编号;姓名;与户主关系;是否参加\n1;孟,山;户主;是\n",
	};
	struct import_report rep = {0};
	struct import_roster r;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (roster(texts[i], true, &r, &rep))
			fail(&rep, __LINE__, texts[i]);
		import_report_close(&rep);
	}
	/* a first line for the spreadsheet, which does not count it */
	roster_says("sep=|\r\n户编号|姓名|与户主关系|是否参加\r\n1|#N/A|户主|是\r\n", 2,
		    ISSUE_ERROR_VALUE, NULL);
}

static void test_empty_columns_and_rows_behind_the_data_are_nothing(void)
{
	struct import_report rep = {0};
	struct import_roster r;
	struct buf text = {0};

	buf_puts(&text, "户编号,姓名,与户主关系,是否参加");
	for (int row = 0; row < 60; row++) {
		for (int i = 0; i < 300; i++)
			buf_puts(&text, i == 70 ? ", 　" : ",");
		buf_puts(&text, row ? "\n" : "\n1,孟山,户主,是");
	}
	T_EQ(import_roster(text.p, text.n, &(struct import_opts){.today = TODAY}, &r, &rep),
	     ERR_OK);
	T_EQ(rep.n, 0);
	import_report_close(&rep);
	buf_close(&text);
}

static void test_what_is_no_value_is_named(void)
{
	static const struct {
		const char *row;
		enum import_id want;
		const char *name; /* NULL: an error */
	} cases[] = {
		{"1,#N/A,户主,是", ISSUE_ERROR_VALUE, NULL},
		{"1,＃ｎ／ａ,户主,是", ISSUE_ERROR_VALUE, NULL},
		{"1,#NAME?,户主,是", ISSUE_ERROR_VALUE, NULL},
		{"1,Err:502,户主,是", ISSUE_ERROR_VALUE, NULL},
		{"1,######,户主,是", ISSUE_ERROR_VALUE, NULL},
		{"#REF!,孟山,户主,是", ISSUE_ERROR_VALUE, NULL},
		{"1,孟山,户主,是,#VALUE!", ISSUE_ERROR_VALUE, NULL},
		{"1,孟山,户主,是,,#DIV/0!", ISSUE_ERROR_VALUE, NULL},
		{"1,12345,户主,是", ISSUE_NO_LETTER, "12345"},
		{"〃,孟山,户主,是", ISSUE_DITTO, NULL},
		{"1,孟山,户主,同上", ISSUE_DITTO, NULL},
		{"1,孟山,户主,是,\"\"\"\"", ISSUE_DITTO, NULL},
		{"1,孟山,户主,是,无", ISSUE_NONE_WORD, "孟山"},
		{"1,孟山,户主,是,—", ISSUE_NONE_WORD, "孟山"},
		{"1,孟山,户主,是,／", ISSUE_NONE_WORD, "孟山"},
		{"1,孟山,户主,是,,暂 无", ISSUE_NONE_WORD, "孟山"},
		{"1,孟山,户主,是,,,没有", ISSUE_NONE_WORD, "孟山"},
		{"1,孟山,户主,是,无电话", ISSUE_NONE_WORD, "孟山"},
		{"1,孟山,户主,是,,不详", ISSUE_NONE_WORD, "孟山"},
		{"1,孟山,户主,是,NA", ISSUE_NONE_WORD, "孟山"},
		{"1,孟山,户主,未知", ISSUE_CHOICE, NULL},
		{"1,#VALUE,户主,是", ISSUE_ERROR_VALUE, NULL},
		{"\"5,001\",孟山,户主,是", ISSUE_NORMALISED, "孟山"},
		{"1,无,户主,是", ISSUE_EMPTY, NULL},
		{"1,孟山,户主,是,1.38E+10", ISSUE_SCIENTIFIC, NULL},
		{"1,买买提．阿不都,户主,是", ISSUE_NORMALISED, "买买提·阿不都"},
		{"1,买买提•阿不都,户主,是", ISSUE_NORMALISED, "买买提·阿不都"},
		{"1,买买提・阿不都,户主,是", ISSUE_NORMALISED, "买买提·阿不都"},
		{"1,买买提.阿不都,户主,是", ISSUE_NORMALISED, "买买提·阿不都"},
		{"1,买买提 . 阿不都,户主,是", ISSUE_NORMALISED, "买买提·阿不都"},
		{"1,J. Smith,户主,是", ISSUE_NONE_WORD, NULL},
		{"1,孟山,户主,是,,,,大河沟组", ISSUE_GROUP_NAME, NULL},
		{"1,孟山,户主,是,,,,第五组", ISSUE_NORMALISED, "孟山"},
		{",孟山,户主,是", ISSUE_HOUSEHOLD_MISSING, NULL},
	};
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\n", HEADER, cases[i].row);
		if (strstr(text, "J. Smith")) {
			struct import_report rep = {0};
			struct import_roster r;

			/* a full stop between plain letters is one */
			T_EQ(roster(text, false, &r, &rep), ERR_OK);
			T_EQ(rep.n, 0);
			import_report_close(&rep);
			continue;
		}
		roster_says(text, 2, cases[i].want, cases[i].name);
	}
}

/* Rows of last year and of this one in one file. */
static void test_one_person_has_one_row(void)
{
	roster_says(HEADER "1,吴一,户主,是,,1971-01-02,\n1,吴二,长子,是,,1991-01-02,\n1,吴 "
			   "二,次子,是,,1991-01-02,\n",
		    4, ISSUE_PERSON_TWICE, NULL);
	roster_says(HEADER "1,吴一,户主,是,,1971-01-02,\n1,吴二,长子,是,,1991-01-02,\n1,吴 "
			   "二,次子,是,,1992-01-02,\n",
		    4, ISSUE_NORMALISED, "吴一");
}

static void test_somebody_is_born_on_the_first_day_of_1970(void)
{
	roster_says(HEADER "1,吴一,户主,是,,1970-01-01,500199197001013450\n", 2, ISSUE_DATE_EPOCH,
		    "吴一");
	roster_says(HEADER "1,吴一,户主,是,,,500199197001013450\n", 2, ISSUE_BIRTH_EPOCH, "吴一");
	roster_says(HEADER "1,吴一,户主,是,,1971-01-01,500199197001013450\n", 2, ISSUE_BIRTH_ID,
		    NULL);
}

static void test_lost_zeros_are_found_in_the_ledger(void)
{
	static const struct {
		const char *row;
		enum import_id want;
		const char *number; /* NULL: an error */
	} cases[] = {
		{"5001,孟林强,户主,是", ISSUE_ZEROS_LOST, "05001"},
		{"6002,买买提·阿不都,户主,是", ISSUE_ZEROS_LOST, "06002"},
		{"5001,孟山,户主,是", ISSUE_ZEROS_LEDGER, NULL}, /* another head */
		{"7,甲,户主,是", ISSUE_ZEROS_LEDGER, NULL},	 /* two fit */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_opts o = {.today = TODAY, .look = &ledger};
		struct import_report rep = {0};
		struct import_roster r = {.n = 0};
		char text[256];
		int err;

		snprintf(text, sizeof(text), "%s%s\n", HEADER, cases[i].row);
		err = import_roster(text, strlen(text), &o, &r, &rep);
		if ((err == ERR_OK) != (cases[i].number != NULL) || !find(&rep, 2, cases[i].want))
			fail(&rep, __LINE__, cases[i].row);
		if (cases[i].number)
			T_OK(bytes_eq(r.v[0].head.household, bytes_str(cases[i].number)));
		import_report_close(&rep);
	}
}

/* --- entry sheets ------------------------------------------------------------------------------------- */

static void sheet_says(const char *text, uint32_t row, enum import_id want, int err)
{
	struct import_opts o = {.today = TODAY};
	struct import_report rep = {0};
	struct import_entries e;
	int got = import_entries(text, strlen(text), &o, &ledger, &e, &rep);

	if (got != err || !find(&rep, row, want))
		fail(&rep, __LINE__, text);
	import_report_close(&rep);
}

static void test_columns_for_people_are_compared_with_the_ledger(void)
{
	static const char h[] = "发生日期,户编号,户主,姓名,事项编码,事项,得分\n";
	char text[256];

	snprintf(text, sizeof(text), "%s2026-01-05,05001,孟水,,D101,,\n", h);
	sheet_says(text, 2, ISSUE_HEAD_LEDGER, ERR_INVALID);
	snprintf(text, sizeof(text), "%s2026-01-05,06002,买买提・阿不都,,D101,,\n", h);
	sheet_says(text, 2, ISSUE_NORMALISED, ERR_OK);
	snprintf(text, sizeof(text), "%s2026-01-05,05001,孟林强,,D101,清扫,\n", h);
	sheet_says(text, 2, ISSUE_ITEM_NAME, ERR_INVALID);
	snprintf(text, sizeof(text), "%s2026-01-05,05001,孟林强,,D101,,30\n", h);
	sheet_says(text, 2, ISSUE_ITEM_POINTS, ERR_INVALID);
	snprintf(text, sizeof(text), "%s2026-01-05,7,,,D101,,\n", h);
	sheet_says(text, 2, ISSUE_ZEROS_TWO, ERR_INVALID);
	snprintf(text, sizeof(text), "%s2026/1/5,5001,孟林强,,D101,庭院清洁,3\n", h);
	sheet_says(text, 2, ISSUE_ZEROS_LOST, ERR_OK);
}

static void test_points_have_many_headings(void)
{
	static const char *const headings[] = {"得分",	"分值(分)", "积分分值",
					       "分值*", "本次得分", "加分"};
	char text[256];

	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
		snprintf(text, sizeof(text),
			 "发生日期,户编号,姓名,事项编码,%s\n2026-01-05,05001,,D101,30\n",
			 headings[i]);
		sheet_says(text, 2, ISSUE_ITEM_POINTS, ERR_INVALID);
	}
}

/* --- lines ---------------------------------------------------------------------------------------------- */

/* The cells of line 1, with bars between. */
static void lines_are(uint16_t type, const char *text, const char *want)
{
	struct import_opts o = {.look = &ledger, .household = bytes_str("05001")};
	struct import_report rep = {0};
	struct import_lines l = {.n = 0};
	struct buf out = {0};

	if (import_lines(text, strlen(text), rec_type_of(type), LANG_ZH, &o, &l, &rep))
		fail(&rep, __LINE__, text);
	for (uint32_t i = 0; i < l.columns; i++) {
		buf_put(&out, l.cell[i].p, l.cell[i].n);
		buf_puts(&out, "|");
	}
	T_STR(buf_str(&out), want);
	buf_close(&out);
	import_report_close(&rep);
}

static void lines_say(uint16_t type, const char *text, uint32_t row, enum import_id want)
{
	struct import_opts o = {.look = &ledger, .household = bytes_str("05001")};
	struct import_report rep = {0};
	struct import_lines l;

	T_EQ(import_lines(text, strlen(text), rec_type_of(type), LANG_ZH, &o, &l, &rep),
	     ERR_INVALID);
	if (!find(&rep, row, want))
		fail(&rep, __LINE__, text);
	import_report_close(&rep);
}

static void test_lines_are_read_as_all_tables_are(void)
{
	static const char h[] = "good,title,class,unit,price,cost\n";
	char text[256];

	snprintf(text, sizeof(text), "%sG01,洗衣液,household,瓶,２０,¥1，020.50\n", h);
	lines_are(REC_prices, text, "G01|洗衣液|household|瓶|20|1020.50|");
	snprintf(text, sizeof(text), "%sG01,洗衣液,household goods,瓶,\"1,000分\",20元\n", h);
	lines_are(REC_prices, text, "G01|洗衣液|household goods|瓶|1000|20|");
	lines_are(REC_prices,
		  "\n物品编码*,物品,类别,单位,兑换积分,单位成本(元)\n\nＧ01, 洗衣液 "
		  ",家庭日常用品,瓶,20,￥20\n",
		  "G01|洗衣液|家庭日常用品|瓶|20|20|");
	/* every row that is wrong, by the number that the spreadsheet gives it */
	snprintf(text, sizeof(text), "%sG01,a,household,x,1.234.5,1\n\nG02,b,cars,x,1,1\n", h);
	lines_say(REC_prices, text, 2, ISSUE_NUMBER);
	lines_say(REC_prices, text, 4, ISSUE_CHOICE);
	lines_say(REC_prices, "good,title,class,unit,price,colour\nG01,a,household,x,1,red\n", 1,
		  ISSUE_COLUMN_FILLED);
	lines_say(REC_prices, h, 0, ISSUE_NOTHING);
	lines_say(REC_prices, "a,b\n1,2\n", 0, ISSUE_NO_HEADER);
}

/* 1,00 and 1,0000 are slips, not thousands. */
static void test_commas_stand_before_three_digits(void)
{
	static const char *const wrong[] = {"1,00",	"1,0000",   ",100",
					    "1000,000", "1,000,00", "1.5,000"};
	char text[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text),
			 "good,title,class,unit,price\nG01,a,household,x,\"%s\"\n", wrong[i]);
		lines_say(REC_prices, text, 2, ISSUE_NUMBER);
	}
}

static void test_a_household_in_a_line_is_compared_with_its_head(void)
{
	lines_say(REC_points, "户编号,户主,事项编码\n05001,孟水,D101\n", 2, ISSUE_HEAD_LEDGER);
	lines_say(REC_points, "户编号,户主,发生日期\n5001,孟水,2026-01-05\n", 2, ISSUE_HEAD_LEDGER);
	lines_say(REC_appraisal, "户编号,户主,等次\n05001,孟水,x\n", 2, ISSUE_HEAD_LEDGER);
}

/* A name beside a member's number is there for people: where both disagree one of them is in the wrong row. */
static void test_a_member_in_a_line_is_compared_with_the_name(void)
{
	static const char h[] = "名次,户编号,成员序号,姓名,年度积分\n";
	static const struct {
		const char *row;
		enum import_id want;
	} wrong[] = {
		{"1,05001,1,孟水,3", ISSUE_NAME_LEDGER}, {"1,5001,2,孟林强,3", ISSUE_NAME_LEDGER},
		{"1,05001,0,孟水,3", ISSUE_NAME_NUMBER}, {"1,05001,,孟水,3", ISSUE_NAME_NUMBER},
		{"1,7,1,孟水,3", ISSUE_ZEROS_TWO},
	};
	char text[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\n", h, wrong[i].row);
		lines_say(REC_appraisal, text, 2, wrong[i].want);
	}
	snprintf(text, sizeof(text), "%s1,5001,2,买买提•阿不都,3\n", h);
	lines_are(REC_appraisal, text, "1|05001|2|3|");
	snprintf(text, sizeof(text), "%s1,05001,,孟林强,3\n",
		 h); /* the whole household, by its head */
	lines_are(REC_appraisal, text, "1|05001||3|");
	/* where a member must be named, the name says which one */
	lines_are(REC_kin, "亲属关系,亲属户编号,亲属姓名\n父母,5001,孟林强\n", "父母|05001|1|");
	lines_say(REC_kin, "亲属关系,亲属户编号,亲属成员序号,姓名\n父母,05001,2,孟林强\n", 2,
		  ISSUE_NAME_LEDGER);
	/* that of the household in the head of the record */
	lines_say(REC_split, "原成员序号,新成员序号,姓名\n2,1,孟林强\n", 2, ISSUE_NAME_LEDGER);
	lines_are(REC_split, "原成员序号,新成员序号,姓名\n1,1,孟林强\n", "1|1|");
}

/* --- what cells of our own files become ----------------------------------------------------------------- */

static void regular_is(const char *text, enum import_class class, const char *want)
{
	struct import_report rep = {0};
	struct bytes v = import_regular(&rep, bytes_str(text), class);

	T_OK(str_eq((const char *)v.p, v.n, want));
	import_report_close(&rep);
}

static void test_the_mark_that_keeps_a_text_from_being_a_formula_goes(void)
{
	regular_is("'-3 度", IMPORT_TEXT, "-3 度");
	regular_is("'=1+1", IMPORT_PAPER, "=1+1");
	regular_is("'＝1+1", IMPORT_TEXT, "＝1+1");
	regular_is("'  @x", IMPORT_TEXT, "@x");
	regular_is("'n Huis", IMPORT_TEXT, "'n Huis");
	regular_is("'05001", IMPORT_NUMBER, "05001");
	regular_is("−3", IMPORT_POINTS, "-3");
	regular_is("-1,000.50", IMPORT_POINTS, "-1000.50");
	regular_is("+5分", IMPORT_POINTS, "5");
}

T_MAIN(T(test_headings_are_found_with_what_stands_around_them), T(test_a_header_may_have_two_rows),
       T(test_a_line_is_not_taken_for_a_remark), T(test_lost_digits_are_named_in_every_column),
       T(test_a_filled_column_that_is_not_read_is_a_warning),
       T(test_the_example_of_a_template_is_stepped_over),
       T(test_separators_are_found_by_themselves),
       T(test_empty_columns_and_rows_behind_the_data_are_nothing),
       T(test_what_is_no_value_is_named), T(test_somebody_is_born_on_the_first_day_of_1970),
       T(test_one_person_has_one_row), T(test_lost_zeros_are_found_in_the_ledger),
       T(test_columns_for_people_are_compared_with_the_ledger), T(test_points_have_many_headings),
       T(test_lines_are_read_as_all_tables_are, "R52"), T(test_commas_stand_before_three_digits),
       T(test_a_household_in_a_line_is_compared_with_its_head),
       T(test_a_member_in_a_line_is_compared_with_the_name),
       T(test_the_mark_that_keeps_a_text_from_being_a_formula_goes))
