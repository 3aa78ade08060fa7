/* Workbooks: what their cells become, and what hostile ones are refused for. */
#include "daemon/web/import/xlsx.h"

#include "daemon/web/import/import.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "tests/lib/t.h"
#include "tests/lib/zipfile.h"

/* --- numbers ------------------------------------------------------------------------------------------- */

static void number_is(const char *v, uint16_t shown, bool from_1904, const char *want)
{
	struct buf out = {0};

	T_EQ(xlsx_number(bytes_str(v), shown, from_1904, &out), ERR_OK);
	T_STR(buf_str(&out), want);
	buf_close(&out);
}

static void test_numbers_are_shown_as_a_spreadsheet_does(void)
{
	static const char *const cases[][2] = {
		{"0", "0"},
		{"-0", "0"},
		{"20", "20"},
		{"020.50", "20.5"},
		{"-3", "-3"},
		{"0.30000000000000004", "0.3"},
		{"0.1", "0.1"},
		{"0.005", "0.005"},
		{"1E3", "1000"},
		{"1.5e-2", "0.015"},
		{"99.9999999999999999", "100"},
		{"123456789012345", "123456789012345"},
		{"1234567890123456", "1.23456789012346E+15"},
		{"5.001011990010113E17", "5.00101199001011E+17"},
		{"500101199001011000", "5.00101199001011E+17"},
		{"13800138000", "13800138000"},
		{"1E-9", "1E-9"},
		{"1.25E-7", "0.000000125"},
		{"", ""},
		{"abc", "abc"},
		{"1e", "1e"},
		{"1.2.3", "1.2.3"},
		{"-", "-"},
		{"1E99999", "1E99999"},
		{"1E400", "1E+400"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		number_is(cases[i][0], XLSX_PLAIN, false, cases[i][1]);
}

static void test_days_and_times_are_numbers_with_a_format(void)
{
	number_is("46022", XLSX_DAY, false, "2025-12-31");
	number_is("46022.75", XLSX_DAY, false, "2025-12-31");
	number_is("44560", XLSX_DAY, true, "2025-12-31");
	number_is("25569", XLSX_DAY, false, "1970-01-01");
	number_is("1", XLSX_DAY, false, "1900-01-01");
	number_is("59", XLSX_DAY, false, "1900-02-28");
	number_is("61", XLSX_DAY, false, "1900-03-01");
	number_is("0", XLSX_DAY, false, "0");
	number_is("-5", XLSX_DAY, false, "-5");
	number_is("20251231", XLSX_DAY, false, "20251231");
	number_is("0.395833333333333", XLSX_TIME, false, "09:30");
	number_is("0.0416666666666667", XLSX_TIME, false, "01:00");
	number_is("6.9444444444444447E-4", XLSX_TIME, false, "00:01");
	number_is("0", XLSX_TIME, false, "00:00");
	number_is("1.5", XLSX_TIME, false, "1.5");
	number_is("5001", XLSX_ZEROS + 5, false, "05001");
	number_is("123456", XLSX_ZEROS + 5, false, "123456");
	number_is("0", XLSX_ZEROS + 3, false, "000");
	number_is("1.5", XLSX_ZEROS + 3, false, "1.5");
}

static void test_formats_are_days_by_what_they_show(void)
{
	static const struct {
		const char *code;
		uint16_t want;
	} cases[] = {
		{"General", XLSX_PLAIN},
		{"0.00", XLSX_PLAIN},
		{"@", XLSX_PLAIN},
		{"#,##0.00\"yd\"", XLSX_PLAIN},
		{"_ \\d* #,##0.00_ ;[Red]d", XLSX_PLAIN},
		{"0.00E+00", XLSX_PLAIN},
		{"yyyy/m/d;@", XLSX_DAY},
		{"yyyy\"年\"m\"月\"d\"日\"", XLSX_DAY},
		{"[$-804]aaaa\\ m\"月\"", XLSX_DAY},
		{"m-d-yy h:mm", XLSX_DAY},
		{"h:mm", XLSX_TIME},
		{"[h]:mm:ss", XLSX_TIME},
		{"00000", XLSX_ZEROS + 5},
		{"000;@", XLSX_ZEROS + 3},
		{"0", XLSX_PLAIN},
		{"\"unclosed", XLSX_PLAIN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (xlsx_custom_format(cases[i].code) != cases[i].want)
			t_fail(__FILE__, __LINE__, "%s: %d", cases[i].code,
			       xlsx_custom_format(cases[i].code));
	T_EQ(xlsx_builtin_format(14), XLSX_DAY);
	T_EQ(xlsx_builtin_format(31), XLSX_DAY);
	T_EQ(xlsx_builtin_format(58), XLSX_DAY);
	T_EQ(xlsx_builtin_format(20), XLSX_TIME);
	T_EQ(xlsx_builtin_format(49), XLSX_PLAIN);
}

/* --- sheets -------------------------------------------------------------------------------------------- */

/* Rows as "number:a|b/"; a merged cell has "^" in front, a formula without value is "=". */
static void sheet_is(const struct workbook *w, const char *want)
{
	struct zipfile z;
	struct buf out = {0};
	struct grid g = {.nrows = 0};
	struct xlsx x;

	workbook_make(w, &z);
	T_EQ(xlsx_open(&x, z.out.p, z.out.n), ERR_OK);
	T_EQ(x.nsheets, 1);
	T_STR(x.sheet[0].name, "表");
	T_EQ(xlsx_read(&x, 0, &g), ERR_OK);
	for (uint32_t i = 0; i < g.nrows; i++) {
		buf_printf(&out, "%u:", g.row[i].number);
		for (uint32_t k = 0; k < g.row[i].n || k == 0; k++) {
			enum grid_kind kind;
			struct bytes cell = grid_get(&g, i, k, &kind);

			buf_puts(&out, k ? "|" : "");
			buf_puts(&out, kind == GRID_MERGED ? "^" : kind == GRID_UNSAVED ? "=" : "");
			buf_put(&out, cell.p, cell.n);
		}
		buf_puts(&out, "/");
	}
	T_STR(buf_str(&out), want);
	grid_close(&g);
	xlsx_close(&x);
	zipfile_close(&z);
	buf_close(&out);
}

static void test_every_kind_of_cell_becomes_text(void)
{
	static const struct workbook w = {
		.strings = "<si><t>孟林强</t></si>"
			   "<si><r><t>孟</t></r><r><rPr/><t>山</t></r><rPh><t>meng</t></rPh></"
			   "si><si/>",
		.styles = "<numFmts><numFmt numFmtId=\"176\" formatCode=\"yyyy/m/d\"/></numFmts>"
			  "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>"
			  "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"176\"/><xf "
			  "numFmtId=\"20\"/></cellXfs>",
		.rows = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"C2\" "
			"t=\"s\"><v>1</v></c>"
			"<c t=\"s\"><v>2</v></c><c "
			"t=\"inlineStr\"><is><t>字&amp;</t></is></c></row>"
			"<row><c s=\"1\"><v>46022</v></c><c "
			"s=\"2\"><v>0.5</v></c><c><v>5001</v></c>"
			"<c t=\"b\"><v>1</v></c><c t=\"b\"><v>0</v></c><c "
			"t=\"e\"><v>#N/A</v></c></row>"
			"<row r=\"7\"/>"
			"<row r=\"9\"><c t=\"str\"><f>A1&amp;B1</f><v>甲乙</v></c>"
			"<c><f>SUM(A1)</f></c><c><f>1+1</f><v>2</v></c><c "
			"t=\"str\"><f>x</f><v></v></c>"
			"<c t=\"d\"><v>2025-12-31T00:00:00</v></c></row>",
	};

	sheet_is(&w, "2:孟林强||孟山||字&/3:2025-12-31|12:00|5001|TRUE|FALSE|#N/A/"
		     "9:甲乙|=|2||2025-12-31T00:00:00/");
}

static void test_merged_cells_reach_down(void)
{
	static const struct workbook w = {
		.rows = "<row r=\"1\"><c r=\"A1\"><v>7</v></c><c r=\"B1\"><v>1</v></c></row>"
			"<row r=\"2\"><c r=\"B2\"><v>2</v></c></row>"
			"<row r=\"3\"><c r=\"B3\"><v>3</v></c></row>"
			"<row r=\"4\"><c r=\"B4\"><v>4</v></c></row>",
		.behind = "<mergeCells><mergeCell ref=\"C1:D1\"/><mergeCell "
			  "ref=\"A1:A3\"/></mergeCells>",
	};

	sheet_is(&w, "1:7|1/2:^7|2/3:^7|3/4:|4/");
}

/* Characters that XML cannot hold come as _x000D_; what only looks like that stays. */
static void test_escaped_characters_are_read(void)
{
	static const struct workbook w = {
		.strings = "<si><t>院坝_x000D_东</t></si><si><r><t>a_x005F_</t></r><r><t>x0041_</"
			   "t></r></si>",
		.rows = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c>"
			"<c t=\"inlineStr\"><is><t>ZP_x4E00_</t></is></c><c "
			"t=\"str\"><v>_x002d_</v></c>"
			"<c t=\"inlineStr\"><is><t>_xD83D__x0000__x12_x002D</t></is></c></row>",
	};

	sheet_is(&w, "1:院坝\r东|a_x0041_|ZP一|-|_xD83D__x0000__x12_x002D/");
}

static void test_days_may_count_from_1904(void)
{
	static const struct workbook w = {
		.properties = "date1904=\"1\"",
		.styles = "<cellXfs><xf numFmtId=\"14\"/></cellXfs>",
		.rows = "<row><c s=\"0\"><v>44560</v></c></row>",
	};

	sheet_is(&w, "1:2025-12-31/");
}

/* --- as tables ------------------------------------------------------------------------------------------ */

#define TEXT(s) "<c t=\"inlineStr\"><is><t>" s "</t></is></c>"
#define ROSTER_HEADER                                                                              \
	"<row r=\"1\">" TEXT("户编号") TEXT("姓名") TEXT("与户主关系") TEXT("是否参加")            \
		TEXT("身份证号") TEXT("出生日期") "</row>"

static void issues_of(struct import_report *rep, struct buf *out)
{
	struct jw w;

	jw_init(&w, out);
	import_report_json(rep, &w);
}

/* What is said of a file: the name of an issue, or NULL when all of it is read. */
static void file_says(const void *p, size_t n, const char *want)
{
	struct import_opts o = {.today = 20500};
	struct import_report rep = {0};
	struct import_roster r;
	struct buf out = {0};
	int err = import_roster(p, n, &o, &r, &rep);

	issues_of(&rep, &out);
	if ((want == NULL) != (err == ERR_OK) || (want && !strstr(buf_str(&out), want)))
		t_fail(__FILE__, __LINE__, "want %s, got %s:\n%s", want ? want : "nothing",
		       err_name(err), buf_str(&out));
	buf_close(&out);
	import_report_close(&rep);
}

static void book_says(const struct workbook *w, const char *want)
{
	struct zipfile z;

	workbook_make(w, &z);
	file_says(z.out.p, z.out.n, want);
	zipfile_close(&z);
}

static void test_a_roster_may_be_a_workbook(void)
{
	static const char styles[] = "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs>";

	book_says(
		&(struct workbook){
			.styles = styles,
			.rows = ROSTER_HEADER
			"<row r=\"2\"><c><v>5001</v></c>" TEXT("孟山") TEXT("户主") TEXT("是")
				TEXT("500199198105074180") "<c s=\"1\"><v>29713</v></c></row>"},
		NULL);
	/* a number of 18 digits in a cell for numbers has lost three of them */
	book_says(&(struct workbook){.rows = ROSTER_HEADER
				     "<row r=\"2\"><c><v>1</v></c>" TEXT("孟山") TEXT("户主")
					     TEXT("是") "<c><v>500199198105074180</v></c></row>"},
		  "ID_SCIENTIFIC");
	book_says(&(struct workbook){.rows = ROSTER_HEADER
				     "<row r=\"2\"><c><v>1</v></c>" TEXT("孟山")
					     TEXT("户主") "<c t=\"e\"><v>#REF!</v></c></row>"},
		  "ERROR_VALUE");
	book_says(&(struct workbook){.rows = ROSTER_HEADER
				     "<row r=\"2\"><c><v>1</v></c><c><f>B9</f></c>" TEXT("户主")
					     TEXT("是") "</row>"},
		  "\"FORMULA\"");
	book_says(&(struct workbook){.rows = ROSTER_HEADER
				     "<row r=\"2\" hidden=\"1\"><c><v>1</v></c>" TEXT("孟山")
					     TEXT("户主") TEXT("是") "</row>"},
		  "ROWS_HIDDEN");
	/* of hidden rows without anything nothing is imported */
	book_says(&(struct workbook){.rows = ROSTER_HEADER
				     "<row r=\"2\"><c><v>1</v></c>" TEXT("孟山") TEXT("户主") TEXT(
					     "是") "</row><row r=\"3\" hidden=\"1\"/>"
						   "<row r=\"4\" hidden=\"1\"><c s=\"0\"/></row>"},
		  NULL);
	book_says(&(struct workbook){.rows = ROSTER_HEADER
				     "<row r=\"2\"><c><v>1</v></c>" TEXT("孟山") TEXT("户主")
					     TEXT("是") "</row>"
							"<row r=\"3\"><c/>" TEXT("孟水")
								TEXT("长子") TEXT("是") "</row>",
				     .behind =
					     "<mergeCells><mergeCell ref=\"A2:A3\"/></mergeCells>"},
		  NULL);
	book_says(&(struct workbook){.rows = "<row/>"}, "NO_HEADER");
}

/* --- as a spreadsheet saves them --------------------------------------------------------------------------- */

static void saved(const char *name, struct import_roster *ret, struct import_report *rep, int want)
{
	struct import_opts o = {.today = 20700};
	uint8_t *p = malloc(IMPORT_BYTES_MAX);
	char path[128];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/village-1/%s", name);
	f = fopen(path, "rb");
	T_OK(f && p);
	n = fread(p, 1, IMPORT_BYTES_MAX, f);
	fclose(f);
	T_EQ(import_roster(p, n, &o, ret, rep), want);
	free(p);
}

static void test_a_saved_workbook_says_what_the_text_says(void)
{
	struct import_report a_rep = {0}, b_rep = {0};
	struct import_roster a = {.n = 0}, b = {.n = 0};

	saved("roster.csv", &a, &a_rep, ERR_OK);
	saved("roster.xlsx", &b, &b_rep, ERR_OK);
	T_EQ(b_rep.n, 0);
	T_EQ(a.n, 120);
	T_EQ(b.n, a.n);
	for (uint32_t i = 0; i < a.n; i++) {
		T_OK(bytes_eq(a.v[i].head.household, b.v[i].head.household));
		T_OK(bytes_eq(a.v[i].head.group, b.v[i].head.group));
		T_EQ(a.v[i].row, b.v[i].row);
		T_EQ(a.v[i].nlines, b.v[i].nlines);
		for (uint32_t k = 0; k < a.v[i].nlines; k++) {
			T_OK(bytes_eq(a.v[i].line[k].name, b.v[i].line[k].name));
			T_OK(bytes_eq(a.v[i].line[k].phone, b.v[i].line[k].phone));
			T_OK(bytes_eq(a.v[i].line[k].id_tail, b.v[i].line[k].id_tail));
			T_EQ(a.v[i].line[k].birth, b.v[i].line[k].birth);
		}
	}
	import_report_close(&a_rep);
	import_report_close(&b_rep);
}

/* Every identity number is named as lost, and no other cell is complained about. */
static void test_a_workbook_that_made_numbers_of_all_is_named(void)
{
	struct import_report rep = {0};
	struct import_roster r;
	uint32_t lost = 0;

	saved("roster-as-numbers.xlsx", &r, &rep, ERR_INVALID);
	for (uint32_t i = 0; i < rep.n; i++) {
		lost += rep.issue[i].id == ISSUE_ID_SCIENTIFIC;
		T_OK(import_issue_severity(rep.issue[i].id) != IMPORT_ERROR ||
		     rep.issue[i].id == ISSUE_ID_SCIENTIFIC);
	}
	T_EQ(lost, 294);
	import_report_close(&rep);
}

/* --- hostile files --------------------------------------------------------------------------------------- */

static void test_broken_workbooks_are_named(void)
{
	static const struct {
		const char *rows, *want;
	} cases[] = {
		{"<row r=\"5\"/><row r=\"4\"/>", "DAMAGED"},
		{"<row r=\"x\"/>", "DAMAGED"},
		{"<row r=\"1\"><c r=\"A2\"><v>1</v></c></row>", "DAMAGED"},
		{"<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>", "DAMAGED"},
		{"<row r=\"1\"><c t=\"s\"><v>9</v></c></row>", "DAMAGED"},
		{"<row r=\"1\"><c t=\"s\"><v>-1</v></c></row>", "DAMAGED"},
		{"<row r=\"1\"><c s=\"9\"><v>1</v></c></row>", "DAMAGED"},
		{"<row r=\"1\"><c s=\"99999999999\"><v>1</v></c></row>", "DAMAGED"},
		{"<row r=\"99999999999\"/>", "DAMAGED"},
		{"<row", "DAMAGED"},
		{"<row r=\"1\"><c r=\"BM1\"><v>1</v></c></row>", "\"COLUMNS\""},
		{"<row r=\"1\"><c r=\"XFD1\"/></row>", "NO_HEADER"},
		{"<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>"
		 "<a><a><a><a>",
		 "DAMAGED"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		book_says(&(struct workbook){.rows = cases[i].rows}, cases[i].want);
}

static void one_part(const char *name, const void *p, size_t n, bool packed, const char *want)
{
	struct zipfile z = {.n = 0};

	zipfile_add(&z, name, p, n, packed);
	zipfile_end(&z);
	file_says(z.out.p, z.out.n, want);
	zipfile_close(&z);
}

static void test_a_zip_file_that_is_no_workbook_is_refused(void)
{
	static const char doctype[] = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><workbook>&a;</workbook>";

	one_part("mimetype", "application/vnd.oasis", 21, false, "NO_WORKBOOK");
	one_part("xl/workbook.xml", doctype, sizeof(doctype) - 1, true, "DAMAGED");
	one_part("xl/workbook.xml", "", 0, false, "DAMAGED");
	one_part("xl/workbook.xml", "<workbook/>", 11, false, "NO_WORKBOOK");
	file_says("PK\x03\x04", 4, "DAMAGED");
}

/* Sixty megabytes of spaces in a few kilobytes. */
static void test_what_unpacks_to_too_much_is_refused(void)
{
	size_t n = 60 << 20;
	char *spaces = malloc(n);

	T_OK(spaces);
	memset(spaces, ' ', n);
	one_part("xl/workbook.xml", spaces, n, true, "UNPACKED");
	free(spaces);
}

static void test_there_is_a_limit_to_sheets(void)
{
	struct zipfile z = {.n = 0};
	struct buf xml = {0};

	buf_puts(&xml, "<workbook><sheets>");
	for (int i = 0; i <= XLSX_SHEETS_MAX; i++)
		buf_printf(&xml, "<sheet name=\"%d\" id=\"r%d\"/>", i, i);
	buf_puts(&xml, "</sheets></workbook>");
	zipfile_add(&z, "xl/workbook.xml", xml.p, xml.n, true);
	zipfile_end(&z);
	file_says(z.out.p, z.out.n, "\"SHEETS\"");
	zipfile_close(&z);
	buf_close(&xml);
}

/* A tag that does not end is read again with each piece of it. */
static void test_an_endless_tag_is_not_read_to_its_end(void)
{
	static const char *const begin[] = {"<workbook x=\"", "<workbook><!--", "<workbook><?x "};
	struct buf xml = {0};

	for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++) {
		buf_reset(&xml);
		buf_puts(&xml, begin[i]);
		for (int k = 0; k < 4 << 20; k += 8)
			buf_printf(&xml, "%08x", (unsigned)k * 2654435761u);
		buf_puts(&xml, i == 0 ? "\"/>" : i == 1 ? "--></workbook>" : "?></workbook>");
		one_part("xl/workbook.xml", xml.p, xml.n, true, "DAMAGED");
	}
	/* what is long and in pieces is no such thing */
	buf_reset(&xml);
	buf_puts(&xml, "<workbook>");
	for (int k = 0; k < 4 << 20; k += 8)
		buf_printf(&xml, "%08x", (unsigned)k * 2654435761u);
	buf_puts(&xml, "</workbook>");
	one_part("xl/workbook.xml", xml.p, xml.n, true, "NO_WORKBOOK");
	buf_close(&xml);
}

/* Every truncation and every altered byte ends in a report. */
static void test_no_altered_workbook_does_harm(void)
{
	struct import_opts o = {.accept = true};
	struct zipfile z;

	workbook_make(&(struct workbook){.rows = ROSTER_HEADER "<row r=\"2\"><c><v>1</v></c></row>",
					 .strings = "<si><t>x</t></si>",
					 .styles = "<cellXfs><xf numFmtId=\"0\"/></cellXfs>"},
		      &z);
	for (size_t i = 4; i < z.out.n; i++) {
		struct import_report rep = {0};
		struct import_roster r;

		import_roster(z.out.p, i, &o, &r, &rep);
		import_report_close(&rep);
		z.out.p[i] ^= 0x41;
		import_roster(z.out.p, z.out.n, &o, &r, &rep);
		import_report_close(&rep);
		z.out.p[i] ^= 0x41;
	}
	zipfile_close(&z);
}

T_MAIN(T(test_numbers_are_shown_as_a_spreadsheet_does),
       T(test_days_and_times_are_numbers_with_a_format), T(test_formats_are_days_by_what_they_show),
       T(test_every_kind_of_cell_becomes_text), T(test_merged_cells_reach_down),
       T(test_days_may_count_from_1904), T(test_escaped_characters_are_read),
       T(test_a_roster_may_be_a_workbook, "R24"),
       T(test_a_saved_workbook_says_what_the_text_says, "R24"),
       T(test_a_workbook_that_made_numbers_of_all_is_named), T(test_broken_workbooks_are_named),
       T(test_a_zip_file_that_is_no_workbook_is_refused),
       T(test_what_unpacks_to_too_much_is_refused), T(test_an_endless_tag_is_not_read_to_its_end),
       T(test_there_is_a_limit_to_sheets), T(test_no_altered_workbook_does_harm))
