#ifndef DAEMON_WEB_IMPORT_GRID_H
#define DAEMON_WEB_IMPORT_GRID_H

#include <stdbool.h>

#include "daemon/web/import/csv.h"
#include "lib/buf.h"

/* A table in memory, whatever file it came from: the rows that hold something, with the numbers that the
 * spreadsheet gives them, and their cells as text. What a cell holds is not judged here. Zero-initialised is
 * valid and empty. */
#define GRID_ROWS_MAX	    50000 /* with something in them */
#define GRID_COLUMNS_MAX    CSV_COLUMNS_MAX
#define GRID_CELLS_MAX	    1600000
#define GRID_CELL_BYTES_MAX CSV_CELL_BYTES_MAX
#define GRID_TEXT_MAX	    ((size_t)64 << 20) /* bytes of all cells */
#define GRID_MERGES_MAX	    20000

enum grid_kind {
	GRID_TEXT,
	GRID_MERGED,  /* covered by a merged cell above it, whose text it has */
	GRID_UNSAVED, /* a formula without the value that a spreadsheet keeps beside it */
};
enum grid_fault {
	GRID_FAULT_NONE,
	GRID_FAULT_ROWS,
	GRID_FAULT_COLUMNS,
	GRID_FAULT_CELLS,
	GRID_FAULT_CELL,
	GRID_FAULT_TEXT,
	GRID_FAULT_QUOTE_OPEN,
	GRID_FAULT_QUOTE,
	GRID_FAULT_MERGES,
	GRID_FAULT_ORDER, /* rows or cells out of order */
	GRID_FAULTS
};
struct grid_cell {
	uint32_t at; /* in the text */
	uint16_t n;
	uint8_t kind;
};
struct grid_row {
	uint32_t number; /* from 1, as spreadsheets count */
	uint32_t first;	 /* of its cells */
	uint32_t n;	 /* up to the last one that is not blank */
	uint32_t width;	 /* with the blank ones behind it, as far as they are written */
};
/* The cells below the first row of a merged range, in its first column. */
struct grid_merge {
	uint32_t column, top, bottom;
};
struct grid {
	struct buf text;
	struct grid_row *row;
	uint32_t nrows, rows_cap;
	struct grid_cell *cell;
	uint32_t ncells, cells_cap;
	struct grid_merge *merge; /* sorted by column and row once they are all there */
	uint32_t nmerges, merges_cap;
	uint32_t hidden; /* rows that the spreadsheet does not show */
	/* why it could not be read, and where */
	enum grid_fault fault;
	uint32_t fault_row, fault_column;
};

/* Reads the text that stands in g->text already. ERR_FORMAT or ERR_LIMIT with the fault; ERR_NOMEM. */
int grid_csv(struct grid *g, char separator);
void grid_close(struct grid *g); /* wipes the text */

/* --- for those who fill it: rows and columns in ascending order ------------------------------------------ */

int grid_row(struct grid *g, uint32_t number, uint32_t width);
/* A cell of the row begun last; @column from 0. A blank one may be left out. */
int grid_put(struct grid *g, uint32_t column, struct bytes text, enum grid_kind kind);
/* Drops a row without anything in it. */
void grid_row_end(struct grid *g);
int grid_merge(struct grid *g, uint32_t column, uint32_t top, uint32_t bottom);
void grid_merges_end(struct grid *g);
int grid_fail(struct grid *g, enum grid_fault f, uint32_t row, uint32_t column);

/* --- for those who read it -------------------------------------------------------------------------------- */

/* What stands in a cell of the row at @at; empty when nothing does. @ret_kind may be NULL. */
struct bytes grid_get(const struct grid *g, uint32_t at, uint32_t column, enum grid_kind *ret_kind);

#endif
