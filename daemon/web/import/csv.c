#include "daemon/web/import/csv.h"

#include <stdbool.h>
#include <string.h>

#include "daemon/web/import/import_chars.h"
#include "lib/err.h"

void csv_open(struct csv *c, char *text, size_t n, char separator)
{
	memset(c, 0, sizeof(*c));
	c->separator = separator;
	c->p = text;
	c->end = text + n;
}

static int error_of(enum csv_fault f)
{
	switch (f) {
	case CSV_FAULT_NONE: return ERR_OK;
	case CSV_FAULT_COLUMNS:
	case CSV_FAULT_CELL: return ERR_LIMIT;
	case CSV_FAULT_QUOTE_OPEN:
	case CSV_FAULT_QUOTE: return ERR_FORMAT;
	}
	return ERR_FORMAT;
}

static bool ends_cell(const struct csv *c)
{
	return c->p == c->end || *c->p == c->separator || *c->p == '\r' || *c->p == '\n';
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

/* ="0501" as it stands; whoever reads the cell knows what it means. */
static enum csv_fault formula(struct csv *c, struct csv_cell *ret)
{
	ret->p = c->p;
	for (c->p += 2;; c->p++) {
		if (c->p == c->end)
			return CSV_FAULT_QUOTE_OPEN;
		if (*c->p == '"' && (++c->p == c->end || *c->p != '"'))
			break;
	}
	ret->n = (size_t)(c->p - ret->p);
	return ends_cell(c) ? CSV_FAULT_NONE : CSV_FAULT_QUOTE;
}

static enum csv_fault plain(struct csv *c, struct csv_cell *ret)
{
	if (c->end - c->p >= 2 && c->p[0] == '=' && c->p[1] == '"')
		return formula(c, ret);
	ret->p = c->p;
	for (; !ends_cell(c); c->p++)
		if (*c->p == '"')
			return CSV_FAULT_QUOTE;
	ret->n = (size_t)(c->p - ret->p);
	return CSV_FAULT_NONE;
}

static enum csv_fault read_cell(struct csv *c)
{
	bool fits = c->ncells < CSV_COLUMNS_MAX;
	struct csv_cell beyond = {NULL, 0}, *to = fits ? &c->cell[c->ncells] : &beyond;
	enum csv_fault f;

	c->column++;
	f = c->p < c->end && *c->p == '"' ? quoted(c, to) : plain(c, to);
	if (!f && to->n > CSV_CELL_BYTES_MAX)
		f = CSV_FAULT_CELL;
	if (!f && !fits && !chars_blank((struct bytes){(const uint8_t *)to->p, to->n}))
		f = CSV_FAULT_COLUMNS;
	c->ncells += fits;
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
	c->ncells = c->column = 0;
	while (!c->fault) {
		c->fault = read_cell(c);
		if (c->fault || c->p == c->end || *c->p != c->separator)
			break;
		c->p++;
	}
	if (c->fault)
		return error_of(c->fault);
	end_row(c);
	return 1;
}
