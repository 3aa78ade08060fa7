/* Text files: the cells of CSV, and in which encoding they come. */
#include "daemon/web/import/csv.h"

#include "daemon/web/import/encoding.h"
#include "daemon/web/import/grid.h"
#include "lib/err.h"
#include "tests/lib/t.h"

/* --- CSV ---------------------------------------------------------------------------------------------- */

/* Cells as "a|b|c/" per row. */
static void csv_is(const char *text, const char *want)
{
	char *copy = strdup(text);
	struct buf out = {0};
	struct csv c;

	csv_open(&c, copy, strlen(copy), ',');
	while (csv_next(&c) > 0) {
		for (uint32_t i = 0; i < c.ncells; i++) {
			buf_puts(&out, i ? "|" : "");
			buf_put(&out, c.cell[i].p, c.cell[i].n);
		}
		buf_puts(&out, "/");
	}
	T_EQ(c.fault, CSV_FAULT_NONE);
	T_STR(buf_str(&out), want);
	buf_close(&out);
	free(copy);
}

static void test_csv_cells_are_read_as_rfc_4180_says(void)
{
	csv_is("", "");
	csv_is("a", "a/");
	csv_is("a,b\r\nc,d\r\n", "a|b/c|d/");
	csv_is("a,b\nc,d", "a|b/c|d/");
	csv_is("a\rb\r", "a/b/");
	csv_is("a,,\n,\n", "a||/|/");
	csv_is("\n\na\n", "//a/");
	csv_is("\"a,b\",\"c\"\"d\",\"\"\n", "a,b|c\"d|/");
	csv_is("\"a\r\nb\",c\n", "a\r\nb|c/");
	csv_is("\"\"\"\"\n", "\"/");
	csv_is(" a , b \n", " a | b /");
}

static void csv_fault_is(char *text, size_t n, enum csv_fault fault, int err, uint32_t row,
			 uint32_t column)
{
	struct csv c;
	int got;

	csv_open(&c, text, n, ',');
	while ((got = csv_next(&c)) > 0)
		;
	T_EQ(got, err);
	T_EQ(c.fault, fault);
	T_EQ(c.row, row);
	T_EQ(c.column, column);
	T_EQ(csv_next(&c), err);
}

static void csv_fault_of(const char *text, enum csv_fault fault, uint32_t row, uint32_t column)
{
	char *copy = strdup(text);

	csv_fault_is(copy, strlen(copy), fault, ERR_FORMAT, row, column);
	free(copy);
}

static void test_broken_csv_is_refused_with_row_and_column(void)
{
	csv_fault_of("a,b\nc,\"d\n", CSV_FAULT_QUOTE_OPEN, 2, 2);
	csv_fault_of("\"a\"\"", CSV_FAULT_QUOTE_OPEN, 1, 1);
	csv_fault_of("a,b\"c\n", CSV_FAULT_QUOTE, 1, 2);
	csv_fault_of("a\n\"b\" ,c\n", CSV_FAULT_QUOTE, 2, 1);
	csv_fault_of("\"a\"b", CSV_FAULT_QUOTE, 1, 1);
}

static void test_csv_limits_hold(void)
{
	size_t big = CSV_CELL_BYTES_MAX + 2;
	char *text = malloc(big);

	T_OK(text);
	memset(text, ',', big);
	/* blank cells beyond the last column are nothing */
	csv_fault_is(text, big, CSV_FAULT_NONE, 0, 1, (uint32_t)big + 1);
	text[CSV_COLUMNS_MAX + 9] = 'x';
	csv_fault_is(text, big, CSV_FAULT_COLUMNS, ERR_LIMIT, 1, CSV_COLUMNS_MAX + 10);
	memset(text, 'a', big);
	csv_fault_is(text, CSV_CELL_BYTES_MAX + 1, CSV_FAULT_CELL, ERR_LIMIT, 1, 1);
	csv_fault_is(text, CSV_CELL_BYTES_MAX, CSV_FAULT_NONE, 0, 1, 1);
	free(text);
}

static void grid_is(size_t rows, const char *row, int want, enum grid_fault fault)
{
	struct grid g = {.nrows = 0};

	for (size_t i = 0; i < rows; i++)
		buf_puts(&g.text, row);
	T_EQ(grid_csv(&g, ','), want);
	T_EQ(g.fault, fault);
	grid_close(&g);
}

static void test_only_rows_with_something_in_them_count(void)
{
	grid_is(GRID_ROWS_MAX + 1, ",,\n", ERR_OK, GRID_FAULT_NONE);
	grid_is(GRID_ROWS_MAX, "a\n", ERR_OK, GRID_FAULT_NONE);
	grid_is(GRID_ROWS_MAX + 1, "a\n", ERR_LIMIT, GRID_FAULT_ROWS);
	grid_is(GRID_CELLS_MAX / 50 + 1, ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,a\n",
		ERR_LIMIT, GRID_FAULT_CELLS);
}

/* --- encodings ---------------------------------------------------------------------------------------- */

static void encoding_is(const char *text, size_t n, enum encoding want, const char *utf8,
			uint32_t line)
{
	struct buf out = {0};
	enum encoding got = ENCODING_NUL;
	uint32_t got_line = 0;
	int err = encoding_to_utf8(text, n, &out, &got, &got_line);

	T_EQ(err, utf8 ? ERR_OK : ERR_FORMAT);
	T_EQ(got, want);
	T_EQ(got_line, line);
	T_STR(buf_str(&out), utf8 ? utf8 : "");
	buf_close(&out);
}

static void test_the_encoding_is_found_out(void)
{
	encoding_is("", 0, ENCODING_UTF8, "", 0);
	encoding_is("abc", 3, ENCODING_UTF8, "abc", 0);
	encoding_is("村", 3, ENCODING_UTF8, "村", 0);
	encoding_is("\xef\xbb\xbf村", 6, ENCODING_UTF8_BOM, "村", 0);
	encoding_is("\xb4\xe5", 2, ENCODING_GB18030, "村", 0);
	/* four bytes: outside the basic plane */
	encoding_is("\xb4\xe5\x95\x34\xb2\x35", 6, ENCODING_GB18030, "村𠮷", 0);
	encoding_is("a\nb\n\xb4", 5, ENCODING_BAD, NULL, 3);
	encoding_is("\xb4\xe5\n\xff\xb4\xe5", 6, ENCODING_BAD, NULL, 2);
	encoding_is("\xff\xfe\x61\0", 4, ENCODING_UTF16, "a", 0);
	encoding_is("\xfe\xff\x67\x51", 4, ENCODING_UTF16, "村", 0);
	encoding_is("\xff\xfe\x0a\0\x00\xd8", 6, ENCODING_BAD, NULL, 2);
	encoding_is("\xff\xfe\x61\0\0\0", 6, ENCODING_NUL, NULL, 0);
	encoding_is(" <HTML><table>", 14, ENCODING_HTML, NULL, 0);
	encoding_is("PK\x03\x04rest", 8, ENCODING_XLSX, NULL, 0);
	encoding_is("\xd0\xcf\x11\xe0rest", 8, ENCODING_XLS, NULL, 0);
	encoding_is("a\0b", 3, ENCODING_NUL, NULL, 0);
	/* two bytes of GB18030 that are a character of UTF-8, too: no proof */
	encoding_is("\xc5\xae\n\xb4\xe5", 5, ENCODING_GB18030, "女\n村", 0);
}

static void test_a_file_of_two_encodings_is_no_text(void)
{
	/* one row of UTF-8 under a header of GB18030, and the other way round */
	encoding_is("\xb4\xe5,\xc3\xfb\n1,孟山\n", 15, ENCODING_BAD, NULL, 1);
	encoding_is("户,名\n1,孟山\n2,\xb4\xe5\n", 22, ENCODING_BAD, NULL, 3);
	encoding_is("户,名\r\n1,孟山\r\xff\r", 20, ENCODING_BAD, NULL, 3);
	/* the mark says UTF-8 and nothing else */
	encoding_is("\xef\xbb\xbf"
		    "ab\n\xb4\xe5",
		    8, ENCODING_BAD, NULL, 2);
}

T_MAIN(T(test_csv_cells_are_read_as_rfc_4180_says),
       T(test_broken_csv_is_refused_with_row_and_column), T(test_csv_limits_hold),
       T(test_only_rows_with_something_in_them_count), T(test_the_encoding_is_found_out, "R59"),
       T(test_a_file_of_two_encodings_is_no_text))
