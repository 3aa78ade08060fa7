#include "daemon/web/import/import_table.h"

#include <assert.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/sign.h"
#include "lib/text.h"

#define NOWHERE		 UINT32_MAX
#define FOOTER_CELLS_MAX 4

/* --- the header --------------------------------------------------------------------------------------- */

static struct bytes bytes_of(const struct csv_cell *c)
{
	return (struct bytes){(const uint8_t *)c->p, c->n};
}

#define HEADER_BYTES_MAX 96

/* A header without spaces, full-width forms and capitals; "" when it is too long to be one. */
static void header_text(const struct csv_cell *cell, char out[HEADER_BYTES_MAX])
{
	size_t n = 0;

	if (cell->n < HEADER_BYTES_MAX)
		n = import_squeeze(bytes_of(cell), (uint8_t *)out);
	for (size_t i = 0; i < n; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	out[n] = '\0';
}

static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p && (p = strstr(p, word)); p++)
		if (p > list && p[-1] == '|' && p[n] == '|')
			return true;
	return false;
}

static uint32_t column_of(const struct import_table *t, const char *header)
{
	if (!*header)
		return NOWHERE;
	for (uint32_t i = 0; i < t->ncolumns; i++)
		if (strcmp(t->column[i].name, header) == 0 || listed(t->column[i].also, header))
			return i;
	return NOWHERE;
}

/* Half of the needed columns, and no fewer than two. */
static bool is_header(const struct import_table *t)
{
	uint32_t needed = 0, found = 0;

	for (uint32_t i = 0; i < t->ncolumns; i++)
		needed += t->column[i].required;
	for (uint32_t i = 0; i < t->csv.ncells; i++) {
		char text[HEADER_BYTES_MAX];

		header_text(&t->csv.cell[i], text);
		found += column_of(t, text) != NOWHERE;
	}
	return found >= 2 && found >= (needed + 1) / 2;
}

/* The header once more. A row of data may hold words that are headers, too (户主, 参加): only one that has
 * every needed column in its place, and no header in another's, is no data. */
static bool is_header_again(const struct import_table *t)
{
	uint32_t needed = 0;

	for (uint32_t i = 0; i < t->ncolumns; i++)
		needed += t->column[i].required;
	for (uint32_t i = 0; i < t->csv.ncells; i++) {
		char text[HEADER_BYTES_MAX];
		uint32_t c;

		header_text(&t->csv.cell[i], text);
		c = column_of(t, text);
		if (c == NOWHERE)
			continue;
		if (t->at[c] != i)
			return false;
		needed -= t->column[c].required;
	}
	return needed == 0;
}

static void row_issue(struct import_table *t, enum import_id id, struct bytes value, const char *s)
{
	import_add(t->rep, &(struct import_issue){.row = t->csv.row,
						  .id = id,
						  .value = import_shown(t->rep, value),
						  .s = s});
}

static void read_header(struct import_table *t)
{
	t->header_cells = t->csv.ncells;
	for (uint32_t i = 0; i < t->csv.ncells; i++) {
		struct bytes raw = bytes_of(&t->csv.cell[i]);
		char text[HEADER_BYTES_MAX];
		uint32_t c;

		header_text(&t->csv.cell[i], text);
		c = column_of(t, text);
		if (c == NOWHERE) {
			t->nameless[i] = import_blank(raw);
			if (!t->nameless[i])
				row_issue(t, ISSUE_COLUMN_UNUSED, raw, "");
			continue;
		}
		if (t->at[c] != NOWHERE)
			row_issue(t, ISSUE_COLUMN_TWICE, raw, t->column[c].name);
		else if (!str_eq((const char *)raw.p, raw.n, t->column[c].name))
			row_issue(t, ISSUE_COLUMN_READ_AS, raw, t->column[c].name);
		t->at[c] = i;
	}
	for (uint32_t i = 0; i < t->ncolumns; i++)
		if (t->column[i].required && t->at[i] == NOWHERE)
			row_issue(t, ISSUE_NO_COLUMN, (struct bytes){NULL, 0}, t->column[i].name);
}

/* Cells with something in them; the first of them in @ret_first. */
static uint32_t filled(const struct import_table *t, const struct csv_cell **ret_first)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->csv.ncells; i++)
		if (!import_blank(bytes_of(&t->csv.cell[i])) && n++ == 0)
			*ret_first = &t->csv.cell[i];
	return n;
}

static int csv_fault(struct import_table *t)
{
	static const struct {
		enum import_id id;
		int64_t limit;
	} of[] = {[CSV_FAULT_ROWS] = {ISSUE_ROWS, CSV_ROWS_MAX},
		  [CSV_FAULT_COLUMNS] = {ISSUE_COLUMNS, CSV_COLUMNS_MAX},
		  [CSV_FAULT_CELL] = {ISSUE_CELL, CSV_CELL_BYTES_MAX},
		  [CSV_FAULT_QUOTE_OPEN] = {ISSUE_QUOTE_OPEN, 0},
		  [CSV_FAULT_QUOTE] = {ISSUE_QUOTE, 0}};

	import_add(t->rep, &(struct import_issue){.row = t->csv.row,
						  .id = of[t->csv.fault].id,
						  .num = {of[t->csv.fault].limit, t->csv.column}});
	return ERR_INVALID;
}

/* No header among the first rows: says why. */
static int no_header(struct import_table *t, const char *other_separator)
{
	struct buf names = {0};

	if (other_separator) {
		import_add(t->rep, &(struct import_issue){.id = ISSUE_NO_HEADER_COMMA,
							  .s = other_separator});
		return ERR_INVALID;
	}
	for (uint32_t i = 0; i < t->ncolumns; i++)
		if (t->column[i].required)
			buf_printf(&names, "%s%s", names.n ? ", " : "", t->column[i].name);
	import_add(t->rep, &(struct import_issue){.id = ISSUE_NO_HEADER,
						  .num = {IMPORT_HEADER_ROWS},
						  .s = import_shown(t->rep, buf_bytes(&names))});
	buf_close(&names);
	return ERR_INVALID;
}

/* What stands between the cells of a row that has no comma; @usual when that is not seen. */
static const char *other_separator(const struct csv_cell *c, const char *usual)
{
	static const struct {
		const char *bytes, *name;
	} separators[] = {{"\t", "TAB"}, {";", "“;”"}, {"，", "“，”"}, {"；", "“；”"}};

	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++)
		if (memmem(c->p, c->n, separators[i].bytes, strlen(separators[i].bytes)))
			return separators[i].name;
	return usual;
}

static int find_header(struct import_table *t)
{
	const char *separator = NULL;
	const struct csv_cell *first = NULL;

	for (int i = 0; i < IMPORT_HEADER_ROWS; i++) {
		int got = csv_next(&t->csv);

		if (got < 0)
			return csv_fault(t);
		if (got == 0)
			break;
		if (is_header(t)) {
			read_header(t);
			return ERR_OK;
		}
		if (filled(t, &first) == 0)
			continue;
		if (t->csv.ncells == 1)
			separator = other_separator(first, separator);
		row_issue(t, ISSUE_TITLE_ROW, bytes_of(first), "");
	}
	return no_header(t, separator);
}

static enum import_id unreadable(enum encoding e)
{
	switch (e) {
	case ENCODING_NUL: return ISSUE_ZERO_BYTES;
	case ENCODING_UTF16:
	case ENCODING_XLSX:
	case ENCODING_XLS: return ISSUE_KIND;
	case ENCODING_UTF8:
	case ENCODING_UTF8_BOM:
	case ENCODING_GB18030:
	case ENCODING_BAD: return ISSUE_ENCODING;
	}
	return ISSUE_ENCODING;
}

static int decode(struct import_table *t, const void *p, size_t n)
{
	uint32_t line = 0;
	int err;

	if (n > IMPORT_BYTES_MAX) {
		import_add(t->rep, &(struct import_issue){.id = ISSUE_TOO_LARGE,
							  .num = {IMPORT_BYTES_MAX}});
		return ERR_INVALID;
	}
	err = encoding_to_utf8(p, n, &t->text, &t->rep->encoding, &line);
	if (err != ERR_FORMAT)
		return err;
	import_add(t->rep, &(struct import_issue){.id = unreadable(t->rep->encoding),
						  .num = {line},
						  .s = encoding_name(t->rep->encoding)});
	return ERR_INVALID;
}

int import_table_open(struct import_table *t, const void *p, size_t n,
		      const struct import_column *column, uint32_t ncolumns, day_t today,
		      struct import_report *rep)
{
	static char nothing[1];
	int err;

	assert(ncolumns <= IMPORT_COLUMNS_MAX);
	memset(t, 0, sizeof(*t));
	t->rep = rep;
	t->column = column;
	t->ncolumns = ncolumns;
	t->today = today;
	t->total = -1;
	memset(t->at, 0xff, sizeof(t->at));
	err = decode(t, p, n);
	if (err)
		return err;
	csv_open(&t->csv, t->text.n ? (char *)t->text.p : nothing, t->text.n);
	return find_header(t);
}

void import_table_close(struct import_table *t)
{
	if (t->text.p)
		secret_wipe(t->text.p, t->text.cap); /* identity numbers */
	buf_close(&t->text);
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
	for (uint32_t i = 0; i < t->csv.ncells; i++) {
		char text[HEADER_BYTES_MAX];
		const char *p = text;
		int64_t v = 0;

		header_text(&t->csv.cell[i], text);
		p += strcspn(p, "0123456789");
		if (!*p)
			continue;
		for (; *p >= '0' && *p <= '9' && v <= CSV_ROWS_MAX; p++)
			v = v * 10 + (*p - '0');
		return v;
	}
	return -1;
}

/* Totals, headers and remarks are stepped over, but never silently. */
static bool is_data(struct import_table *t)
{
	static const char *const totals[] = {"合计", "总计", "共计", "总人数", "total"};
	static const char *const parts[] = {"小计"};
	static const char *const remarks[] = {"填报", "填表", "制表", "审核",
					      "说明", "注:",  "备注"};
	const struct csv_cell *first = NULL;
	uint32_t n = filled(t, &first);
	char text[HEADER_BYTES_MAX];
	struct bytes word = {(const uint8_t *)text, 0};

	if (n == 0)
		return false;
	header_text(first, text);
	word.n = strlen(text);
	if (begins_with_one_of(word, totals, sizeof(totals) / sizeof(totals[0]))) {
		t->total = row_number(t);
		t->total_row = t->csv.row;
		row_issue(t, ISSUE_TOTAL_ROW, bytes_of(first), "");
		return false;
	}
	if (begins_with_one_of(word, parts, sizeof(parts) / sizeof(parts[0]))) {
		row_issue(t, ISSUE_TOTAL_ROW, bytes_of(first), "");
		return false;
	}
	if (n <= FOOTER_CELLS_MAX &&
	    begins_with_one_of(word, remarks, sizeof(remarks) / sizeof(remarks[0]))) {
		row_issue(t, ISSUE_FOOTER_ROW, bytes_of(first), "");
		return false;
	}
	if (is_header_again(t)) {
		row_issue(t, ISSUE_HEADER_AGAIN, bytes_of(first), "");
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

_Static_assert(CSV_COLUMNS_MAX <= 26 * 27, "two letters name every column");

/* Cells that no header speaks for: under an empty one they are noted once per column, beyond the last they
 * are an error, for the row may be shifted. */
static void look_at_cells(struct import_table *t)
{
	char letters[3];

	for (uint32_t i = 0; i < t->csv.ncells; i++) {
		struct bytes raw = bytes_of(&t->csv.cell[i]);

		if ((i < t->header_cells && !t->nameless[i]) || import_blank(raw))
			continue;
		if (i >= t->header_cells) {
			row_issue(t, ISSUE_CELLS_EXTRA, raw, "");
			break;
		}
		row_issue(t, ISSUE_COLUMN_NAMELESS, raw,
			  import_shown(t->rep, bytes_str(column_letters(i, letters))));
		t->nameless[i] = false;
	}
}

int import_table_next(struct import_table *t)
{
	for (;;) {
		int got = csv_next(&t->csv);

		if (got < 0)
			return csv_fault(t);
		if (got == 0)
			return 0;
		if (!is_data(t))
			continue;
		look_at_cells(t);
		t->rep->rows++;
		return 1;
	}
}

bool import_table_has(const struct import_table *t, uint32_t column)
{
	return t->at[column] != NOWHERE;
}

struct bytes import_table_raw(const struct import_table *t, uint32_t column)
{
	uint32_t at = t->at[column];

	return at < t->csv.ncells ? bytes_of(&t->csv.cell[at]) : (struct bytes){NULL, 0};
}

struct bytes import_row_key(struct import_table *t)
{
	size_t n = 0;
	uint8_t *to;

	for (uint32_t i = 0; i < t->ncolumns; i++)
		n += import_table_raw(t, i).n + 1;
	to = import_alloc(t->rep, n);
	if (!to)
		return (struct bytes){NULL, 0};
	n = 0;
	for (uint32_t i = 0; i < t->ncolumns; i++) {
		n += import_squeeze(import_table_raw(t, i), to + n);
		to[n++] = '\n'; /* squeezed text has none */
	}
	for (size_t i = 0; i < n; i++)
		if (to[i] == 'x') /* identity numbers */
			to[i] = 'X';
	return (struct bytes){to, n};
}
