#ifndef DAEMON_WEB_IMPORT_IMPORT_TABLE_H
#define DAEMON_WEB_IMPORT_IMPORT_TABLE_H

#include <string.h>

#include "daemon/web/import/columns.h"
#include "daemon/web/import/grid.h"
#include "daemon/web/import/import.h"
#include "lib/map.h"

/* The one reader of tables: memory and issues of the report, the table with its header, and cells made
 * regular. For daemon/web/import alone. */

/* --- the report; memory errors are sticky in rep->err -------------------------------------------------- */

void *import_alloc(struct import_report *rep, size_t n); /* zeroed, lives in the report; NULL */
/* A copy with a NUL behind it. */
struct bytes import_keep(struct import_report *rep, const void *p, size_t n);
/* Texts kept in the report are NUL-terminated; "" for nothing. */
static inline const char *import_str(struct bytes b)
{
	return b.p ? (const char *)b.p : "";
}
void import_add(struct import_report *rep, const struct import_issue *i);
/* The texts of an issue: copied, cut to IMPORT_VALUE_BYTES, numbers of 11 or more digits, also full-width
 * and spaced ones, shortened to first 3 and last 2. Never NULL. */
const char *import_shown(struct import_report *rep, struct bytes b);
/* An identity number as it may be shown: first 3 and last 2 characters. */
const char *import_shown_id(struct import_report *rep, struct bytes b);
/* Ends an import: sorts, and says ERR_OK, ERR_INVALID or ERR_NOMEM. */
int import_end(struct import_report *rep, const struct import_opts *o);

/* First row of each key. */
struct import_map {
	struct map map;
	struct {
		struct bytes key;
		uint32_t value;
	} * key;
	uint32_t n, cap;
};
void import_map_close(struct import_map *m);
/* The value under @key, after putting @value there if there was none. Borrows the key. UINT32_MAX and a
 * sticky error when memory is short. */
uint32_t import_map_put(struct import_map *m, struct bytes key, uint32_t value,
			struct import_report *rep);

/* --- the table ----------------------------------------------------------------------------------------- */

#define IMPORT_HEADER_ROWS 20 /* the header is among the first rows */

/* A column that is not read, and what stood in it. */
struct import_unread {
	uint32_t heading; /* row of the grid that names it; UINT32_MAX: none does, or it is read */
	uint32_t filled;  /* cells */
	bool counts;	  /* nothing but numbers, each greater than that before it */
	uint64_t last;
};
struct import_table {
	struct grid grid;
	struct import_report *rep;
	const struct import_table_def *def;
	const struct import_column *column; /* of @def */
	uint32_t ncolumns;
	/* the headings of each column, as they are written and plain, NUL after each; an empty one ends the column */
	struct buf words;
	uint32_t words_at[IMPORT_COLUMNS_MAX];
	uint32_t at[IMPORT_COLUMNS_MAX]; /* place of each column in a row, from 0; or UINT32_MAX */
	uint32_t here, next;		 /* rows of the grid */
	uint32_t row;			 /* number of the present one, as spreadsheets count */
	uint32_t header_row;
	bool incomplete; /* a needed column is missing: no row is without errors */
	uint32_t header_cells;
	struct import_unread unread[GRID_COLUMNS_MAX];
	bool nameless[GRID_COLUMNS_MAX]; /* its header is empty, and it was not reported yet */
	uint32_t spoilt; /* columns whose cell in this row was found damaged, a bit each */
	day_t today;
	int64_t total; /* what a row of totals says; -1 */
	uint32_t total_row;
};

/* Reads the file and finds the header. ERR_INVALID: the report says why. Close it whatever the result. */
int import_table_open(struct import_table *t, const void *p, size_t n,
		      const struct import_table_def *def, day_t today, struct import_report *rep);
void import_table_close(struct import_table *t); /* wipes the text */
/* The next row of data: 1, or 0 at the end. Titles, totals and empty rows are stepped over. */
int import_table_next(struct import_table *t);
/* All cells of the row without spaces and full-width forms: equal for rows that say the same. */
struct bytes import_row_key(struct import_table *t);
bool import_table_has(const struct import_table *t, uint32_t column);
/* The cell as it is written. @ret_kind may be NULL. */
struct bytes import_table_raw(const struct import_table *t, uint32_t column,
			      enum grid_kind *ret_kind);

/* --- headings: headings.c -------------------------------------------------------------------------------- */

#define HEADING_BYTES_MAX 128
/* Which columns the cells of a row name, or those of two rows that make one header. */
struct headings {
	uint32_t column[GRID_COLUMNS_MAX]; /* UINT32_MAX: none */
	uint32_t n, found, needed;	   /* cells, and different columns */
};
#define HEADING_NONE UINT32_MAX
/* Prepares the words of the columns, before all others. */
int headings_open(struct import_table *t);
/* @below: the row under it, or HEADING_NONE. */
void headings_of(const struct import_table *t, uint32_t at, uint32_t below, struct headings *ret);
bool headings_enough(const struct import_table *t, const struct headings *h);
/* A cell of a header without spaces, full-width forms and capitals; "" when it is too long to be one. */
void heading_text(struct bytes cell, char out[HEADING_BYTES_MAX]);

/* --- cells ---------------------------------------------------------------------------------------------- */

/* The text without any spaces and full-width forms, at @to (as many bytes as @in). Its length. */
size_t import_squeeze(struct bytes in, uint8_t *to);
/* A text as a cell of that class would be read. Kept in the report. */
struct bytes import_regular(struct import_report *rep, struct bytes in, enum import_class class);
bool import_has_letter(struct bytes b); /* of any script */
/* The text of a cell as it was meant, before it is made regular: out of a formula or a merged cell; empty for words
 * that say "nothing", and for what a spreadsheet put there in place of a value, which is an error. What was read
 * otherwise than it is written is noted. */
struct bytes import_cell_meant(struct import_table *t, uint32_t column);
/* The cell made regular as its column says, kept in the report; what changed is noted. */
struct bytes import_cell(struct import_table *t, uint32_t column);
/* An issue about a cell of the present row. */
void import_cell_issue(struct import_table *t, uint32_t column, struct bytes value,
		       enum import_id id, const char *s, int64_t num);
/* A day in any usual notation, or a serial number; DAY_NONE for an empty cell and after an error. */
day_t import_cell_day(struct import_table *t, uint32_t column);
/* The same; one after today is an error. */
day_t import_cell_past_day(struct import_table *t, uint32_t column);
/* EMPTY when there is nothing; false then, after damage that was reported, and when there is no such column. */
bool import_cell_needed(struct import_table *t, uint32_t column, struct bytes value);
/* Another word for a choice as the record has it, which is noted; any other text as it is. */
struct bytes import_cell_usual(struct import_table *t, uint32_t column, const struct rec_field *f,
			       struct bytes value);
/* One value of a record from text, noting BOUNDS, NUMBER or CHOICE. */
bool import_cell_field(struct import_table *t, uint32_t column, struct bytes value,
		       const struct rec_field *f, void *record);
/* The field of a table by its name; it must be there. */
const struct rec_field *import_field(const struct rec_field *f, uint32_t n, const char *name);

#endif
