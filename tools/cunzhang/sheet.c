#include "tools/cunzhang/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <xlsxwriter.h>

#include "daemon/io/file.h"
#include "lib/look.h"
#include "tools/cunzhang/cli.h"

#define SHEET_FILE_MODE 0600	       /* names of people */
#define BOM		"\xef\xbb\xbf" /* or spreadsheets take the text for GB18030 */
#define NUMBER_TEXT	32
#define FORMULA_MARK	"=+-@\t"

/* --- cells ----------------------------------------------------------------------------------------- */
/* In @clean, without what steers whatever shows it. */
static const char *clean_text(const char *s, struct buf *clean)
{
	buf_reset(clean);
	look_put(clean, bytes_str(s));
	return buf_str(clean);
}

static const char *cell_text(const json_t *v, struct buf *clean, char number[NUMBER_TEXT])
{
	if (json_is_string(v))
		return clean_text(json_string_value(v), clean);
	if (!json_is_integer(v))
		return "";
	snprintf(number, NUMBER_TEXT, "%lld", (long long)json_integer_value(v));
	return number;
}

static const json_t *cell(const struct sheet *s, const json_t *row, uint32_t i)
{
	return i < s->columns ? json_array_get(row, i) : NULL;
}

/* "36.00" and "-3", but no household number with a zero in front. */
static bool is_number(const char *s, double *ret)
{
	char *end;

	if (s[0] == '\0' || (s[0] == '0' && s[1] && s[1] != '.') ||
	    s[strspn(s, "-0123456789.")] != '\0')
		return false;
	*ret = strtod(s, &end);
	return *end == '\0';
}

/* --- CSV ------------------------------------------------------------------------------------------- */
/* Does a spreadsheet take it for a formula? Some look behind blanks, and read full-width signs. */
static bool is_formula(const char *s)
{
	static const char *const wide[] = {"＝", "＋", "－", "＠"};

	s += strspn(s, " ");
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strncmp(s, wide[i], strlen(wide[i])) == 0)
			return true;
	return s[0] && strchr(FORMULA_MARK, s[0]);
}

/* What would be a formula gets an apostrophe in front. */
static void put_csv(struct buf *out, const char *s, bool number)
{
	double ignored;
	bool guard = is_formula(s) && !(number && is_number(s, &ignored));

	if (!guard && !s[strcspn(s, "\",\r\n")]) {
		buf_puts(out, s);
		return;
	}
	buf_put_u8(out, '"');
	if (guard)
		buf_put_u8(out, '\'');
	for (; *s; s++) {
		if (*s == '"')
			buf_put_u8(out, '"');
		buf_put_u8(out, (uint8_t)*s);
	}
	buf_put_u8(out, '"');
}

static int wrote(int err, const char *path)
{
	if (!err)
		return EXIT_DONE;
	SAY(stderr, M_FILE_WRITE, path, cli_why(err));
	return EXIT_MACHINE;
}

int sheet_csv(const struct sheet *s, const char *path)
{
	struct buf out = {0};
	char number[NUMBER_TEXT];
	struct buf clean = {0};
	const json_t *row;
	size_t r;

	buf_puts(&out, BOM);
	for (uint32_t i = 0; i < s->columns; i++) {
		put_csv(&out, clean_text(s->label[i], &clean), false);
		buf_puts(&out, i + 1 < s->columns ? "," : "\r\n");
	}
	json_array_foreach (s->rows, r, row)
		for (uint32_t i = 0; i < s->columns; i++) {
			put_csv(&out, cell_text(cell(s, row, i), &clean, number), s->right[i]);
			buf_puts(&out, i + 1 < s->columns ? "," : "\r\n");
		}
	buf_close(&clean);
	int err = out.err ? out.err : file_write(path, out.p, out.n, SHEET_FILE_MODE, NULL);
	buf_close(&out);
	return wrote(err, path);
}

/* --- xlsx ------------------------------------------------------------------------------------------ */
#define COLUMN_WIDTH 14
#define PAPER_A4     9 /* in the numbers of spreadsheets */

static void put_row(lxw_worksheet *ws, const struct sheet *s, lxw_row_t at, const json_t *row,
		    lxw_format *points)
{
	char number[NUMBER_TEXT];
	struct buf clean = {0};
	double v;

	for (uint32_t i = 0; i < s->columns; i++) {
		const json_t *c = cell(s, row, i);
		const char *text = cell_text(c, &clean, number);

		if (s->right[i] && is_number(text, &v))
			worksheet_write_number(ws, at, (lxw_col_t)i, v,
					       strchr(text, '.') ? points : NULL);
		else
			worksheet_write_string(ws, at, (lxw_col_t)i, text, NULL);
	}
	buf_close(&clean);
}

/* On A4 across, as wide as a page, with the title and the labels on each. */
static void print_as_paper(lxw_worksheet *ws, const struct sheet *s)
{
	char header[LXW_HEADER_FOOTER_MAX];

	snprintf(header, sizeof(header), "&C%s", s->title);
	worksheet_set_header(ws, header);
	worksheet_set_paper(ws, PAPER_A4);
	worksheet_set_landscape(ws);
	worksheet_repeat_rows(ws, 0, 0);
	worksheet_fit_to_pages(ws, 1, 0);
}

static lxw_error fill(lxw_workbook *wb, const void *ctx)
{
	const struct sheet *s = ctx;
	lxw_worksheet *ws = workbook_add_worksheet(wb, NULL);
	lxw_format *bold = workbook_add_format(wb), *points = workbook_add_format(wb);
	const json_t *row;
	size_t r;

	if (!ws || !bold || !points)
		return LXW_ERROR_MEMORY_MALLOC_FAILED;
	format_set_bold(bold);
	format_set_num_format(points, "0.00");
	for (uint32_t i = 0; i < s->columns; i++)
		worksheet_write_string(ws, 0, (lxw_col_t)i, s->label[i], bold);
	worksheet_set_column(ws, 0, (lxw_col_t)(s->columns - 1), COLUMN_WIDTH, NULL);
	worksheet_freeze_panes(ws, 1, 0);
	print_as_paper(ws, s);
	json_array_foreach (s->rows, r, row)
		put_row(ws, s, (lxw_row_t)(r + 1), row, points);
	return LXW_NO_ERROR;
}

/* Makes a workbook beside its place, filled by @fn, and puts it there. */
static int write_book(const char *path, lxw_error (*fn)(lxw_workbook *wb, const void *ctx),
		      const void *ctx)
{
	char part[4096];
	lxw_workbook *wb;
	lxw_error err;

	snprintf(part, sizeof(part), "%s.part", path);
	wb = workbook_new(part);
	err = wb ? fn(wb, ctx) : LXW_ERROR_MEMORY_MALLOC_FAILED;
	if (wb) {
		lxw_error closed = workbook_close(wb);

		err = err ? err : closed;
	}
	if (!err && (chmod(part, SHEET_FILE_MODE) || rename(part, path)))
		err = LXW_ERROR_CREATING_XLSX_FILE;
	if (!err)
		return EXIT_DONE;
	remove(part);
	return wrote(ERR_IO, path);
}

int sheet_xlsx(const struct sheet *s, const char *path)
{
	return write_book(path, fill, s);
}

bool sheet_is_xlsx(const char *path)
{
	size_t n = strlen(path);

	return n > 5 && strcasecmp(path + n - 5, ".xlsx") == 0;
}

/* --- templates --------------------------------------------------------------------------------------- */
#define HELP_WIDTH 48

struct pair {
	const struct sheet *table, *help;
};

static void put_texts(lxw_worksheet *ws, lxw_row_t at, const struct sheet *s, const json_t *row,
		      lxw_format *format)
{
	char number[NUMBER_TEXT];
	struct buf clean = {0};

	for (uint32_t i = 0; i < s->columns; i++)
		worksheet_write_string(ws, at, (lxw_col_t)i,
				       cell_text(cell(s, row, i), &clean, number), format);
	buf_close(&clean);
}

static lxw_error fill_one(lxw_workbook *wb, const struct sheet *s, int width)
{
	lxw_worksheet *ws = workbook_add_worksheet(wb, s->title);
	lxw_format *bold = workbook_add_format(wb), *text = workbook_add_format(wb);
	const json_t *row;
	size_t r;

	if (!ws || !bold || !text)
		return LXW_ERROR_MEMORY_MALLOC_FAILED;
	format_set_bold(bold);
	format_set_num_format(text, "@"); /* or numbers lose their zeros */
	worksheet_set_column(ws, 0, (lxw_col_t)(s->columns - 1), width, text);
	for (uint32_t i = 0; i < s->columns; i++)
		worksheet_write_string(ws, 0, (lxw_col_t)i, s->label[i], bold);
	worksheet_freeze_panes(ws, 1, 0);
	json_array_foreach (s->rows, r, row)
		put_texts(ws, (lxw_row_t)(r + 1), s, row, text);
	return LXW_NO_ERROR;
}

static lxw_error fill_template(lxw_workbook *wb, const void *ctx)
{
	const struct pair *p = ctx;
	lxw_error err = fill_one(wb, p->table, COLUMN_WIDTH);

	return err ? err : fill_one(wb, p->help, HELP_WIDTH);
}

int sheet_template(const struct sheet *s, const struct sheet *help, const char *path)
{
	if (!sheet_is_xlsx(path))
		return sheet_csv(s, path);
	return write_book(path, fill_template, &(struct pair){s, help});
}

/* --- the terminal ---------------------------------------------------------------------------------- */
void sheet_print(const struct sheet *s)
{
	uint32_t n = s->columns < TABLE_COLUMNS_MAX ? s->columns : TABLE_COLUMNS_MAX;
	char number[NUMBER_TEXT];
	struct buf clean = {0};
	const json_t *row;
	struct table t;
	size_t r;

	puts(clean_text(s->title, &clean));
	table_begin(&t, n);
	t.titles = true;
	for (uint32_t i = 0; i < n; i++) {
		t.right[i] = s->right[i];
		table_cell(&t, s->label[i]);
	}
	json_array_foreach (s->rows, r, row)
		for (uint32_t i = 0; i < n; i++)
			table_cell(&t, cell_text(cell(s, row, i), &clean, number));
	buf_close(&clean);
	table_print(&t, stdout);
	if (n < s->columns)
		SAY(stdout, M_MORE_COLUMNS, say_num(s->columns - n));
}
