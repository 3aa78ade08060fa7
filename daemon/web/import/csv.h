#ifndef DAEMON_WEB_IMPORT_CSV_H
#define DAEMON_WEB_IMPORT_CSV_H

#include <stddef.h>
#include <stdint.h>

/* A bounded RFC 4180 reader over text in memory: one separator, double quotes, rows that end in LF, CRLF or
 * CR. It allocates nothing: cells are unquoted in place and borrow the text. Beyond RFC 4180 it takes ="0501",
 * which exporters write to keep a spreadsheet from reading a number. Blank cells beyond the last column are read
 * and left out. How long the text is and that it holds no zero bytes is the matter of whoever brings it. */
#define CSV_COLUMNS_MAX	   64
#define CSV_CELL_BYTES_MAX 32768

struct csv_cell {
	const char *p;
	size_t n;
};
enum csv_fault {
	CSV_FAULT_NONE,
	CSV_FAULT_COLUMNS,    /* something stands beyond CSV_COLUMNS_MAX */
	CSV_FAULT_CELL,	      /* over CSV_CELL_BYTES_MAX */
	CSV_FAULT_QUOTE_OPEN, /* a quote that is never closed */
	CSV_FAULT_QUOTE, /* a quote inside a cell that is not quoted, or text after the closing one */
};
struct csv {
	char *p, *end;
	char separator;
	uint32_t row;	 /* of the cells, counted from 1 as spreadsheets do */
	uint32_t column; /* of the fault, from 1 */
	enum csv_fault fault;
	uint32_t ncells;
	struct csv_cell cell[CSV_COLUMNS_MAX];
};

/* Borrows @text for writing. */
void csv_open(struct csv *c, char *text, size_t n, char separator);
/* Reads the next row into c->cell. 1: a row (an empty line is one empty cell); 0: the end; ERR_FORMAT or
 * ERR_LIMIT with c->fault, c->row and c->column, from then on every time. */
int csv_next(struct csv *c);

#endif
