#include "daemon/web/import/import_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "daemon/web/import/import_chars.h"
#include "daemon/web/import/xlsx.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/text.h"

#define FOOTER_CELLS_MAX 4

static void issue_at(struct import_table *t, uint32_t row, enum import_id id, struct bytes value,
		     const char *s, int64_t num)
{
	import_add(t->rep, &(struct import_issue){.row = row,
						  .id = id,
						  .value = import_shown(t->rep, value),
						  .s = s,
						  .num = {num}});
}

static void row_issue(struct import_table *t, enum import_id id, struct bytes value, const char *s)
{
	issue_at(t, t->row, id, value, s, 0);
}

/* --- the file ----------------------------------------------------------------------------------------- */

static int grid_failed(struct import_table *t)
{
	static const struct {
		enum import_id id;
		int64_t limit;
	} of[GRID_FAULTS] = {[GRID_FAULT_ROWS] = {ISSUE_ROWS, GRID_ROWS_MAX},
			     [GRID_FAULT_COLUMNS] = {ISSUE_COLUMNS, GRID_COLUMNS_MAX},
			     [GRID_FAULT_CELLS] = {ISSUE_CELLS, GRID_CELLS_MAX},
			     [GRID_FAULT_CELL] = {ISSUE_CELL, GRID_CELL_BYTES_MAX},
			     [GRID_FAULT_TEXT] = {ISSUE_TEXT, GRID_TEXT_MAX},
			     [GRID_FAULT_QUOTE_OPEN] = {ISSUE_QUOTE_OPEN, 0},
			     [GRID_FAULT_QUOTE] = {ISSUE_QUOTE, 0},
			     [GRID_FAULT_MERGES] = {ISSUE_MERGES, GRID_MERGES_MAX},
			     [GRID_FAULT_ORDER] = {ISSUE_DAMAGED, 0}};
	const struct grid *g = &t->grid;

	import_add(t->rep, &(struct import_issue){.row = g->fault_row,
						  .id = of[g->fault].id,
						  .num = {of[g->fault].limit, g->fault_column}});
	return ERR_INVALID;
}

static enum import_id unreadable(enum encoding e)
{
	switch (e) {
	case ENCODING_NUL: return ISSUE_ZERO_BYTES;
	case ENCODING_HTML:
	case ENCODING_XLSX:
	case ENCODING_XLS: return ISSUE_KIND;
	case ENCODING_UTF8:
	case ENCODING_UTF8_BOM:
	case ENCODING_UTF16:
	case ENCODING_GB18030:
	case ENCODING_BAD: return ISSUE_ENCODING;
	}
	return ISSUE_ENCODING;
}

static int undecoded(struct import_table *t, uint32_t line)
{
	import_add(t->rep, &(struct import_issue){.id = unreadable(t->rep->encoding),
						  .num = {line},
						  .s = encoding_name(t->rep->encoding)});
	return ERR_INVALID;
}

/* --- what separates the cells of a text ----------------------------------------------------------------- */

#define LOOK_BYTES 65536 /* of the text, to find out */

/* "sep=;" in the first line is for spreadsheets, which do not count that line. '\0': it is not there. */
static char separator_line(struct buf *text)
{
	const char *s = buf_str(text);
	size_t end = strcspn(s, "\r\n"), from = s[0] == '"';

	if (end < 5 + from)
		return '\0';
	if ((memcmp(s + from, "sep=", 4) != 0 && memcmp(s + from, "SEP=", 4) != 0) ||
	    end != 5 + 2 * from)
		return '\0';
	char separator = s[from + 4];

	if (s[end] == '\r')
		end++;
	if (s[end] == '\n')
		end++;
	memmove(text->p, text->p + end, text->n - end);
	text->n -= end;
	return separator;
}

/* The most columns that a row of the first ones names when it is cut like this. */
static uint32_t named_with(const struct import_table *t, char separator)
{
	struct import_table look = *t;
	size_t n = t->grid.text.n < LOOK_BYTES ? t->grid.text.n : LOOK_BYTES;
	uint32_t most = 0;
	struct headings h;

	look.grid = (struct grid){.nrows = 0};
	n = utf8_cut((const char *)t->grid.text.p, n, n);
	buf_put(&look.grid.text, t->grid.text.p, n);
	/* what is cut off in the middle is no matter: the header stands before it */
	grid_csv(&look.grid, separator);
	for (uint32_t i = 0; i < look.grid.nrows && i < IMPORT_HEADER_ROWS; i++) {
		headings_of(&look, i, HEADING_NONE, &h);
		most = h.found > most ? h.found : most;
	}
	grid_close(&look.grid);
	return most;
}

static char find_separator(struct import_table *t)
{
	static const char separators[] = {',', '\t', ';'};
	uint32_t most = 0;
	char best = separator_line(&t->grid.text);

	if (best)
		return best;
	best = separators[0];
	for (size_t i = 0; i < sizeof(separators); i++) {
		uint32_t n = named_with(t, separators[i]);

		if (n > most) {
			most = n;
			best = separators[i];
		}
	}
	return best;
}

static int read_text(struct import_table *t)
{
	int err = grid_csv(&t->grid, find_separator(t));

	return t->grid.fault ? grid_failed(t) : err;
}

/* --- workbooks ------------------------------------------------------------------------------------------- */

static bool is_upper_half(const struct import_table *t, uint32_t at, const struct headings *h);

static int xlsx_failed(struct import_table *t, const struct xlsx *x)
{
	static const struct {
		enum import_id id;
		int64_t limit;
	} of[XLSX_FAULTS] = {[XLSX_FAULT_NONE_IN] = {ISSUE_NO_WORKBOOK, 0},
			     [XLSX_FAULT_XML] = {ISSUE_DAMAGED, 0},
			     [XLSX_FAULT_DOCTYPE] = {ISSUE_DAMAGED, 0},
			     [XLSX_FAULT_DEPTH] = {ISSUE_DAMAGED, 0},
			     [XLSX_FAULT_REFERENCE] = {ISSUE_DAMAGED, 0},
			     [XLSX_FAULT_SHEETS] = {ISSUE_SHEETS, XLSX_SHEETS_MAX},
			     [XLSX_FAULT_STRINGS] = {ISSUE_STRINGS, XLSX_STRINGS_MAX},
			     [XLSX_FAULT_FORMATS] = {ISSUE_FORMATS, XLSX_FORMATS_MAX}},
	  zip[ZIP_FAULTS] = {[ZIP_FAULT_BROKEN] = {ISSUE_DAMAGED, 0},
			     [ZIP_FAULT_PARTS] = {ISSUE_UNPACKED, ZIP_BYTES_MAX},
			     [ZIP_FAULT_PART] = {ISSUE_UNPACKED, ZIP_PART_BYTES_MAX},
			     [ZIP_FAULT_ALL] = {ISSUE_UNPACKED, ZIP_BYTES_MAX},
			     [ZIP_FAULT_RATIO] = {ISSUE_UNPACKED, ZIP_PART_BYTES_MAX},
			     [ZIP_FAULT_LOCKED] = {ISSUE_LOCKED, 0}};

	if (x->fault == XLSX_FAULT_GRID)
		return grid_failed(t);
	import_add(t->rep, &(struct import_issue){
				   .id = x->fault == XLSX_FAULT_ZIP ? zip[x->zip.fault].id
								    : of[x->fault].id,
				   .num = {x->fault == XLSX_FAULT_ZIP ? zip[x->zip.fault].limit
								      : of[x->fault].limit}});
	return ERR_INVALID;
}

/* Whether a header of this table is among the first rows. */
static bool has_header(const struct import_table *t, const struct grid *g)
{
	struct import_table look = *t;
	struct headings h;

	look.grid = *g;

	for (uint32_t i = 0; i < g->nrows && i < IMPORT_HEADER_ROWS; i++) {
		headings_of(&look, i, HEADING_NONE, &h);
		if (headings_enough(&look, &h) || is_upper_half(&look, i, &h))
			return true;
	}
	return false;
}

static bool is_help(const struct xlsx_sheet *s)
{
	return strcmp(s->name, IMPORT_HELP_SHEET_ZH) == 0 ||
	       strcmp(s->name, IMPORT_HELP_SHEET_EN) == 0;
}

/* A sheet that is not read although something stands in it. That of our templates explains the others. */
static void sheet_unread(struct import_table *t, const struct xlsx_sheet *s, const struct grid *g)
{
	if (g->nrows)
		issue_at(t, 0,
			 is_help(s)  ? ISSUE_SHEET_HELP
			 : s->hidden ? ISSUE_SHEET_HIDDEN
				     : ISSUE_SHEET_UNREAD,
			 bytes_str(s->name), "", g->nrows);
}

/* The sheet with the header, the first one that people see, or UINT32_MAX; and the first that holds anything. */
struct choice {
	uint32_t header, first;
};

static int look_at_sheet(struct import_table *t, struct xlsx *x, uint32_t i, struct choice *c)
{
	struct grid g = {.nrows = 0};
	int err = xlsx_read(x, i, &g);
	bool seen = !err && g.nrows && !x->sheet[i].hidden;

	if (seen && c->first == UINT32_MAX)
		c->first = i;
	if (seen && c->header == UINT32_MAX && !is_help(&x->sheet[i]) && has_header(t, &g))
		c->header = i;
	else if (!err)
		sheet_unread(t, &x->sheet[i], &g);
	t->grid.fault = g.fault;
	t->grid.fault_row = g.fault_row;
	t->grid.fault_column = g.fault_column;
	grid_close(&g);
	return err;
}

/* When no sheet has a header, the first that holds anything will have it missed. */
static int choose_sheet(struct import_table *t, struct xlsx *x)
{
	struct choice c = {UINT32_MAX, UINT32_MAX};
	int err = ERR_OK;

	for (uint32_t i = 0; !err && i < x->nsheets; i++)
		err = look_at_sheet(t, x, i, &c);
	if (c.header == UINT32_MAX)
		c.header = c.first;
	return err || c.header == UINT32_MAX ? err : xlsx_read(x, c.header, &t->grid);
}

static int read_workbook(struct import_table *t, const void *p, size_t n)
{
	struct xlsx x;
	int err = xlsx_open(&x, p, n);

	if (!err)
		err = choose_sheet(t, &x);
	if (x.fault)
		err = xlsx_failed(t, &x);
	else if (!err && t->grid.hidden)
		issue_at(t, 0, ISSUE_ROWS_HIDDEN, (struct bytes){NULL, 0}, "", t->grid.hidden);
	xlsx_close(&x);
	return err;
}

/* --- the header --------------------------------------------------------------------------------------- */

static struct bytes cell_at(const struct import_table *t, uint32_t at, uint32_t i)
{
	return grid_get(&t->grid, at, i, NULL);
}

static struct bytes cell_here(const struct import_table *t, uint32_t i)
{
	return cell_at(t, t->here, i);
}

static uint32_t cells_here(const struct import_table *t)
{
	return t->grid.row[t->here].n;
}

static void go_to(struct import_table *t, uint32_t at)
{
	t->here = at;
	t->next = at + 1;
	t->row = t->grid.row[at].number;
	t->spoilt = 0;
}

/* Cells with something in them; the first of them in @ret_first. */
static uint32_t filled(const struct import_table *t, struct bytes *ret_first)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < cells_here(t); i++) {
		struct bytes cell = cell_here(t, i);

		if (!chars_blank(cell) && n++ == 0)
			*ret_first = cell;
	}
	return n;
}

/* Every cell of the row under a header goes on with it: it stands where the header names nothing, or is a
 * heading itself. */
static bool goes_on(const struct import_table *t, uint32_t at, const struct headings *h)
{
	struct headings below, both;
	enum grid_kind kind;

	if (at + 1 >= t->grid.nrows || t->grid.row[at + 1].number != t->grid.row[at].number + 1)
		return false;
	headings_of(t, at + 1, HEADING_NONE, &below);
	headings_of(t, at, at + 1, &both);
	if (both.found <= h->found)
		return false;
	for (uint32_t i = 0; i < h->n && i < below.n; i++)
		if (h->column[i] != HEADING_NONE && below.column[i] == HEADING_NONE &&
		    !chars_blank(grid_get(&t->grid, at + 1, i, &kind)) && kind != GRID_MERGED)
			return false;
	return true;
}

/* Half a header whose other half is in the row below. */
static bool is_upper_half(const struct import_table *t, uint32_t at, const struct headings *h)
{
	struct headings below, both;

	if (h->found == 0 || at + 1 >= t->grid.nrows)
		return false;
	headings_of(t, at + 1, HEADING_NONE, &below);
	headings_of(t, at, at + 1, &both);
	return headings_enough(t, &both) && both.found > below.found && goes_on(t, at, h);
}

static void name_column(struct import_table *t, uint32_t i, uint32_t c, struct bytes raw)
{
	const char *name = t->column[c].name;
	char text[HEADING_BYTES_MAX], bars[HEADING_BYTES_MAX + 2];

	heading_text(raw, text);
	snprintf(bars, sizeof(bars), "|%s|", text);
	if (t->at[c] != HEADING_NONE)
		row_issue(t, ISSUE_COLUMN_TWICE, raw, name);
	else if (!str_eq((const char *)raw.p, raw.n, name) &&
		 !(t->def->labels && strstr(t->column[c].also, bars)))
		row_issue(t, ISSUE_COLUMN_READ_AS, raw, name);
	t->at[c] = i;
}

static void read_header(struct import_table *t, uint32_t upper, const struct headings *h)
{
	uint32_t width = t->grid.row[upper].width;

	t->header_row = t->here;
	t->header_cells = h->n > width ? h->n : width;
	for (uint32_t i = 0; i < t->header_cells && i < GRID_COLUMNS_MAX; i++) {
		struct bytes raw = cell_here(t, i);

		if (chars_blank(raw))
			raw = cell_at(t, upper, i);
		t->nameless[i] = chars_blank(raw);
		if (i < h->n && h->column[i] != HEADING_NONE)
			name_column(t, i, h->column[i], raw);
		else if (!t->nameless[i])
			t->unread[i].heading = chars_blank(cell_here(t, i)) ? upper : t->header_row;
	}
	for (uint32_t i = 0; i < t->ncolumns; i++)
		if (t->column[i].use == IMPORT_NEEDED && t->at[i] == HEADING_NONE) {
			row_issue(t, ISSUE_NO_COLUMN, (struct bytes){NULL, 0}, t->column[i].name);
			t->incomplete = true;
		}
}

/* What stands between the cells of a row that has one cell; @usual when that is not seen. */
static const char *other_separator(struct bytes c, const char *usual)
{
	static const struct {
		const char *bytes, *name;
	} separators[] = {{"，", "“，”"}, {"；", "“；”"}, {"|", "“|”"}};

	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++)
		if (memmem(c.p, c.n, separators[i].bytes, strlen(separators[i].bytes)))
			return separators[i].name;
	return usual;
}

/* No header among the first rows: says why. */
static int no_header(struct import_table *t, const char *separator)
{
	struct buf names = {0};
	bool needed = false;

	if (separator) {
		import_add(t->rep,
			   &(struct import_issue){.id = ISSUE_NO_HEADER_COMMA, .s = separator});
		return ERR_INVALID;
	}
	for (uint32_t i = 0; i < t->ncolumns; i++)
		needed |= t->column[i].use == IMPORT_NEEDED;
	for (uint32_t i = 0; i < t->ncolumns; i++)
		if (t->column[i].use == IMPORT_NEEDED || !needed)
			buf_printf(&names, "%s%s", names.n ? ", " : "", t->column[i].name);
	import_add(t->rep, &(struct import_issue){.id = ISSUE_NO_HEADER,
						  .num = {IMPORT_HEADER_ROWS},
						  .s = import_shown(t->rep, buf_bytes(&names))});
	buf_close(&names);
	return ERR_INVALID;
}

/* The header at this row, or at it and the next. */
static bool take_header(struct import_table *t, uint32_t at)
{
	struct headings h;
	bool two;

	headings_of(t, at, HEADING_NONE, &h);
	two = headings_enough(t, &h) ? goes_on(t, at, &h) : is_upper_half(t, at, &h);
	if (!two && !headings_enough(t, &h))
		return false;
	if (two)
		headings_of(t, at, at + 1, &h);
	go_to(t, two ? at + 1 : at);
	read_header(t, at, &h);
	return true;
}

static int find_header(struct import_table *t)
{
	const char *separator = NULL;
	struct bytes first = {NULL, 0};

	for (uint32_t i = 0; i < t->grid.nrows && i < IMPORT_HEADER_ROWS; i++) {
		if (take_header(t, i))
			return ERR_OK;
		go_to(t, i);
		if (filled(t, &first) == 1)
			separator = other_separator(first, separator);
		row_issue(t, ISSUE_TITLE_ROW, first, "");
	}
	return no_header(t, separator);
}

int import_table_open(struct import_table *t, const void *p, size_t n,
		      const struct import_table_def *def, day_t today, struct import_report *rep)
{
	uint32_t line = 0;
	int err;

	assert(def->n <= IMPORT_COLUMNS_MAX);
	memset(t, 0, sizeof(*t));
	t->rep = rep;
	t->def = def;
	t->column = def->column;
	t->ncolumns = def->n;
	t->today = today;
	t->total = -1;
	memset(t->at, 0xff, sizeof(t->at));
	for (uint32_t i = 0; i < GRID_COLUMNS_MAX; i++)
		t->unread[i] = (struct import_unread){.heading = HEADING_NONE, .counts = true};
	if (n > IMPORT_BYTES_MAX) {
		import_add(rep, &(struct import_issue){.id = ISSUE_TOO_LARGE,
						       .num = {IMPORT_BYTES_MAX}});
		return ERR_INVALID;
	}
	err = headings_open(t);
	if (err)
		return err;
	err = encoding_to_utf8(p, n, &t->grid.text, &rep->encoding, &line);
	if (err == ERR_FORMAT && rep->encoding == ENCODING_XLSX)
		err = read_workbook(t, p, n);
	else if (err == ERR_FORMAT)
		err = undecoded(t, line);
	else if (!err)
		err = read_text(t);
	return err ? err : find_header(t);
}

void import_table_close(struct import_table *t)
{
	buf_close(&t->words);
	grid_close(&t->grid);
}

/* --- rows --------------------------------------------------------------------------------------------- */

static bool begins_with_one_of(struct bytes b, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (b.n >= strlen(words[i]) && memcmp(b.p, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* The first number of the row. */
static int64_t row_number(const struct import_table *t)
{
	for (uint32_t i = 0; i < cells_here(t); i++) {
		char text[HEADING_BYTES_MAX];
		const char *p = text;
		int64_t v = 0;

		heading_text(cell_here(t, i), text);
		p += strcspn(p, "0123456789");
		if (!*p)
			continue;
		for (; *p >= '0' && *p <= '9' && v <= GRID_ROWS_MAX; p++)
			v = v * 10 + (*p - '0');
		return v;
	}
	return -1;
}

/* The header once more. A row of data may hold words that are headers, too (户主, 参加): only one that has what
 * the header has in every needed column is no data. */
static bool is_header_again(const struct import_table *t)
{
	uint32_t same = 0;
	bool needed = false;

	for (uint32_t i = 0; i < t->ncolumns; i++)
		needed |= t->column[i].use == IMPORT_NEEDED;
	for (uint32_t i = 0; i < t->ncolumns; i++) {
		char head[HEADING_BYTES_MAX], text[HEADING_BYTES_MAX];

		if (t->at[i] == HEADING_NONE || (needed && t->column[i].use != IMPORT_NEEDED))
			continue;
		heading_text(cell_at(t, t->header_row, t->at[i]), head);
		heading_text(cell_here(t, t->at[i]), text);
		if (strcmp(head, text) != 0)
			return false;
		same += head[0] != '\0';
	}
	return same >= 1;
}

/* A whole text in brackets: 文本(必填) is none, (一)动员 is none. */
static bool in_brackets(const char *text)
{
	size_t n = strlen(text);

	return n > 2 && text[0] == '(' && text[n - 1] == ')' && strchr(text, ')') == text + n - 1;
}

/* A row under the header that says which columns must be filled in. */
static bool is_legend(const struct import_table *t)
{
	static const char words[] = "|必填|选填|非必填|可选|可不填|必须|选择|文本|";

	if (t->here != t->header_row + 1)
		return false;
	for (uint32_t i = 0; i < cells_here(t); i++) {
		char text[HEADING_BYTES_MAX], bars[HEADING_BYTES_MAX + 2];

		heading_text(cell_here(t, i), text);
		snprintf(bars, sizeof(bars), "|%s|", text);
		if (text[0] && !in_brackets(text) && !strstr(words, bars))
			return false;
	}
	return true;
}

/* Who filled in the table and what it means, below it: the word by itself or in front of a colon. 说明会 and
 * 审核小组 begin lines of their own. */
static bool is_remark(const char *text)
{
	static const char *const begins[] = {"填报", "填表", "制表", "审核", "说明", "注", "备注"};
	static const char words[] = "|填报|填报人|填报单位|填报日期|填报时间|填表|填表人|填表日期|"
				    "填表时间|填表说明|制表|制表人|制表日期|"
				    "制表时间|审核|审核人|审核日期|说明|备注|注|";
	char bars[HEADING_BYTES_MAX + 2];
	bool begun = false;

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		begun |= strncmp(text, begins[i], strlen(begins[i])) == 0;
	snprintf(bars, sizeof(bars), "|%s|", text);
	return begun && (strchr(text, ':') || strstr(words, bars));
}

/* Totals, headers and remarks are stepped over, but never silently. */
static bool is_data(struct import_table *t)
{
	static const char *const totals[] = {"合计", "总计", "共计", "总人数", "total"};
	static const char *const parts[] = {"小计"};
	static const char *const examples[] = {"例:", "示例:", "如:"};
	struct bytes first = {NULL, 0};
	uint32_t n = filled(t, &first);
	char text[HEADING_BYTES_MAX];
	struct bytes word = {(const uint8_t *)text, 0};

	if (n == 0)
		return false;
	heading_text(first, text);
	word.n = strlen(text);
	if (begins_with_one_of(word, totals, sizeof(totals) / sizeof(totals[0]))) {
		t->total = row_number(t);
		t->total_row = t->row;
		row_issue(t, ISSUE_TOTAL_ROW, first, "");
		return false;
	}
	if (begins_with_one_of(word, parts, sizeof(parts) / sizeof(parts[0]))) {
		row_issue(t, ISSUE_TOTAL_ROW, first, "");
		return false;
	}
	if (begins_with_one_of(word, examples, sizeof(examples) / sizeof(examples[0]))) {
		row_issue(t, ISSUE_EXAMPLE_ROW, first, "");
		return false;
	}
	if (n <= FOOTER_CELLS_MAX && is_remark(text)) {
		row_issue(t, ISSUE_FOOTER_ROW, first, "");
		return false;
	}
	if (is_header_again(t) || is_legend(t)) {
		row_issue(t, ISSUE_HEADER_AGAIN, first, "");
		return false;
	}
	return true;
}

/* "A" .. "BL", as spreadsheets call a column. */
static const char *column_letters(uint32_t i, char out[3])
{
	size_t n = 0;

	if (i >= 26)
		out[n++] = (char)('A' + i / 26 - 1);
	out[n++] = (char)('A' + i % 26);
	out[n] = '\0';
	return out;
}

_Static_assert(GRID_COLUMNS_MAX <= 26 * 27, "two letters name every column");

static bool is_number(struct bytes cell, uint64_t *ret)
{
	char text[HEADING_BYTES_MAX];

	heading_text(cell, text);
	return u64_parse(text, strlen(text), ret);
}

static void look_at_unread(struct import_table *t, uint32_t i, struct bytes cell)
{
	struct import_unread *u = &t->unread[i];
	uint64_t v = 0;

	u->counts = u->counts && is_number(cell, &v) && v > u->last;
	u->last = v;
	u->filled++;
}

/* Cells that no header speaks for: under an empty one they are named once per column, beyond the last they
 * are an error, for the row may be shifted. */
static void look_at_cells(struct import_table *t)
{
	char letters[3];

	for (uint32_t i = 0; i < cells_here(t); i++) {
		struct bytes raw = cell_here(t, i);

		if (chars_blank(raw))
			continue;
		if (i >= t->header_cells) {
			row_issue(t, ISSUE_CELLS_EXTRA, raw, "");
			break;
		}
		if (t->unread[i].heading != HEADING_NONE)
			look_at_unread(t, i, raw);
		if (!t->nameless[i])
			continue;
		row_issue(t, ISSUE_COLUMN_NAMELESS, raw,
			  import_shown(t->rep, bytes_str(column_letters(i, letters))));
		t->nameless[i] = false;
	}
}

/* What stands in columns that nobody reads must not be lost in silence. Those that number the rows hold
 * nothing. */
static void report_unread(struct import_table *t)
{
	for (uint32_t i = 0; i < GRID_COLUMNS_MAX; i++) {
		struct import_unread *u = &t->unread[i];
		bool nothing = u->filled == 0 || (u->counts && u->filled == t->rep->rows);

		if (u->heading == HEADING_NONE)
			continue;
		issue_at(t, t->grid.row[t->header_row].number,
			 nothing ? ISSUE_COLUMN_UNUSED : ISSUE_COLUMN_FILLED,
			 cell_at(t, u->heading, i), "", u->filled);
		u->heading = HEADING_NONE;
	}
}

int import_table_next(struct import_table *t)
{
	while (t->next < t->grid.nrows) {
		go_to(t, t->next);
		if (!is_data(t))
			continue;
		look_at_cells(t);
		t->rep->rows++;
		return 1;
	}
	report_unread(t);
	return 0;
}

bool import_table_has(const struct import_table *t, uint32_t column)
{
	return t->at[column] != HEADING_NONE;
}

struct bytes import_table_raw(const struct import_table *t, uint32_t column,
			      enum grid_kind *ret_kind)
{
	uint32_t at = t->at[column];

	if (ret_kind)
		*ret_kind = GRID_TEXT;
	return at == HEADING_NONE ? (struct bytes){NULL, 0}
				  : grid_get(&t->grid, t->here, at, ret_kind);
}

struct bytes import_row_key(struct import_table *t)
{
	size_t n = 0;
	uint8_t *to;

	for (uint32_t i = 0; i < t->ncolumns; i++)
		n += import_table_raw(t, i, NULL).n + 1;
	to = import_alloc(t->rep, n);
	if (!to)
		return (struct bytes){NULL, 0};
	n = 0;
	for (uint32_t i = 0; i < t->ncolumns; i++) {
		n += import_squeeze(import_table_raw(t, i, NULL), to + n);
		to[n++] = '\n'; /* squeezed text has none */
	}
	for (size_t i = 0; i < n; i++)
		if (to[i] == 'x') /* identity numbers */
			to[i] = 'X';
	return (struct bytes){to, n};
}
