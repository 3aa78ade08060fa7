#ifndef DAEMON_WEB_IMPORT_IMPORT_TABLE_H
#define DAEMON_WEB_IMPORT_IMPORT_TABLE_H

#include <string.h>

#include "daemon/web/import/csv.h"
#include "daemon/web/import/import.h"
#include "lib/map.h"

/* What all importers share: memory and issues of the report, the table with its header, and cells made
 * regular. For daemon/web/import_*.c, and import_squeeze for whoever else reads headers. */

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

#define IMPORT_COLUMNS_MAX 16
#define IMPORT_HEADER_ROWS 20 /* the header is among the first rows */

struct import_column {
	const char *name;
	const char *also; /* other headers, each between bars: "|村民小组|小组|" */
	bool required;	  /* the column; whether a cell may be empty is up to the importer */
};
struct import_table {
	struct csv csv;
	struct buf text;
	struct import_report *rep;
	const struct import_column *column;
	uint32_t ncolumns;
	uint32_t at[IMPORT_COLUMNS_MAX]; /* place of each column in a row, from 0; or UINT32_MAX */
	uint32_t header_cells;
	bool nameless[CSV_COLUMNS_MAX]; /* its header is empty, and it was not reported yet */
	day_t today;
	int64_t total; /* what a row of totals says; -1 */
	uint32_t total_row;
};

/* Decodes the file and finds the header. ERR_INVALID: the report says why. Close it whatever the result. */
int import_table_open(struct import_table *t, const void *p, size_t n,
		      const struct import_column *column, uint32_t ncolumns, day_t today,
		      struct import_report *rep);
void import_table_close(struct import_table *t); /* wipes the text */
/* The next row of data: 1, 0 at the end, ERR_INVALID. Titles, totals and empty rows are stepped over. */
int import_table_next(struct import_table *t);
/* All cells of the row without spaces and full-width forms: equal for rows that say the same. */
struct bytes import_row_key(struct import_table *t);
bool import_table_has(const struct import_table *t, uint32_t column);
struct bytes import_table_raw(const struct import_table *t, uint32_t column);

/* --- cells ---------------------------------------------------------------------------------------------- */

enum import_class {
	IMPORT_CODE, /* full-width letters and digits become plain, spaces go */
	IMPORT_NAME, /* spaces between Chinese characters go */
	IMPORT_TEXT, /* spaces around it go, line breaks become spaces */
	IMPORT_PAPER, /* the same for the number of a paper, which may be as long as that of a card */
	IMPORT_ID,    /* a code whose value is shortened in the report */
	IMPORT_NUMBER, /* a code that a spreadsheet may have taken for a number: 5001.0 */
};
/* The text without any spaces and full-width forms, at @to (as many bytes as @in). Its length. */
size_t import_squeeze(struct bytes in, uint8_t *to);
bool import_blank(struct bytes b); /* nothing but spaces */
/* The cell made regular, kept in the report; what changed is noted. */
struct bytes import_cell(struct import_table *t, uint32_t column, enum import_class class);
/* An issue about a cell of the present row. */
void import_cell_issue(struct import_table *t, uint32_t column, struct bytes value,
		       enum import_id id, const char *s, int64_t num);
/* A day in any usual notation, or a serial number; DAY_NONE for an empty cell and after an error. */
day_t import_cell_day(struct import_table *t, uint32_t column);
/* The same; one after today is an error. */
day_t import_cell_past_day(struct import_table *t, uint32_t column);
/* EMPTY when there is nothing; false then. */
bool import_cell_needed(struct import_table *t, uint32_t column, struct bytes value);
/* One value of a record from text, noting BOUNDS, NUMBER or CHOICE. */
bool import_cell_field(struct import_table *t, uint32_t column, struct bytes value,
		       const struct rec_field *f, void *record);
/* The field of a table by its name; it must be there. */
const struct rec_field *import_field(const struct rec_field *f, uint32_t n, const char *name);

#endif
