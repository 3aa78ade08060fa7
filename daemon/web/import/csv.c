#include "daemon/web/import/csv.h"

#include <stdbool.h>
#include <string.h>

#include "lib/err.h"

void csv_open(struct csv *c, char *text, size_t n)
{
	memset(c, 0, sizeof(*c));
	c->p = text;
	c->end = text + n;
}

static int error_of(enum csv_fault f)
{
	switch (f) {
	case CSV_FAULT_NONE: return ERR_OK;
	case CSV_FAULT_ROWS:
	case CSV_FAULT_COLUMNS:
	case CSV_FAULT_CELL: return ERR_LIMIT;
	case CSV_FAULT_QUOTE_OPEN:
	case CSV_FAULT_QUOTE: return ERR_FORMAT;
	}
	return ERR_FORMAT;
}

static bool ends_cell(const struct csv *c)
{
	return c->p == c->end || *c->p == ',' || *c->p == '\r' || *c->p == '\n';
}

/* The text between quotes; what is unquoted never grows, so it stays where it is. */
static enum csv_fault quoted(struct csv *c, struct csv_cell *ret)
{
	char *out = ++c->p;

	ret->p = out;
	for (;; c->p++) {
		if (c->p == c->end)
			return CSV_FAULT_QUOTE_OPEN;
		if (*c->p == '"' && (++c->p == c->end || *c->p != '"'))
			break;
		*out++ = *c->p;
	}
	ret->n = (size_t)(out - ret->p);
	return ends_cell(c) ? CSV_FAULT_NONE : CSV_FAULT_QUOTE;
}

static enum csv_fault plain(struct csv *c, struct csv_cell *ret)
{
	ret->p = c->p;
	for (; !ends_cell(c); c->p++)
		if (*c->p == '"')
			return CSV_FAULT_QUOTE;
	ret->n = (size_t)(c->p - ret->p);
	return CSV_FAULT_NONE;
}

static enum csv_fault read_cell(struct csv *c)
{
	struct csv_cell *to = &c->cell[c->ncells];
	enum csv_fault f;

	c->column = c->ncells + 1;
	if (c->ncells == CSV_COLUMNS_MAX)
		return CSV_FAULT_COLUMNS;
	f = c->p < c->end && *c->p == '"' ? quoted(c, to) : plain(c, to);
	if (!f && to->n > CSV_CELL_BYTES_MAX)
		f = CSV_FAULT_CELL;
	c->ncells++;
	return f;
}

/* Steps over the end of a row, if that is what comes. */
static void end_row(struct csv *c)
{
	if (c->p < c->end && *c->p == '\r')
		c->p++;
	else if (c->p == c->end || *c->p != '\n')
		return;
	if (c->p < c->end && *c->p == '\n')
		c->p++;
}

int csv_next(struct csv *c)
{
	if (c->fault)
		return error_of(c->fault);
	if (c->p == c->end)
		return 0;
	c->row++;
	c->ncells = 0;
	if (c->row > CSV_ROWS_MAX)
		c->fault = CSV_FAULT_ROWS;
	while (!c->fault) {
		c->fault = read_cell(c);
		if (c->fault || c->p == c->end || *c->p != ',')
			break;
		c->p++;
	}
	if (c->fault)
		return error_of(c->fault);
	end_row(c);
	return 1;
}
