#include "daemon/web/import/grid.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/web/import/import_chars.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/sign.h"
#include "lib/vec.h"

_Static_assert(GRID_CELL_BYTES_MAX <= UINT16_MAX, "a cell knows its length");
_Static_assert(GRID_TEXT_MAX <= UINT32_MAX, "a cell knows its place");

int grid_fail(struct grid *g, enum grid_fault f, uint32_t row, uint32_t column)
{
	g->fault = f;
	g->fault_row = row;
	g->fault_column = column;
	switch (f) {
	case GRID_FAULT_QUOTE_OPEN:
	case GRID_FAULT_QUOTE:
	case GRID_FAULT_ORDER: return ERR_FORMAT;
	case GRID_FAULT_NONE:
	case GRID_FAULT_ROWS:
	case GRID_FAULT_COLUMNS:
	case GRID_FAULT_CELLS:
	case GRID_FAULT_CELL:
	case GRID_FAULT_TEXT:
	case GRID_FAULT_MERGES:
	case GRID_FAULTS: break;
	}
	return ERR_LIMIT;
}

void grid_close(struct grid *g)
{
	if (g->text.p)
		secret_wipe(g->text.p, g->text.cap); /* identity numbers */
	buf_close(&g->text);
	mem_free(g->row);
	mem_free(g->cell);
	mem_free(g->merge);
	*g = (struct grid){.nrows = 0};
}

/* --- filling ------------------------------------------------------------------------------------------- */

int grid_row(struct grid *g, uint32_t number, uint32_t width)
{
	uint32_t last = g->nrows ? g->row[g->nrows - 1].number : 0;

	if (number <= last)
		return grid_fail(g, GRID_FAULT_ORDER, number, 0);
	if (VEC_ROOM(g->row, g->nrows, g->rows_cap))
		return ERR_NOMEM;
	g->row[g->nrows++] =
		(struct grid_row){.number = number, .first = g->ncells, .width = width};
	return ERR_OK;
}

/* A cell whose text stands in the buffer already. */
static int put_at(struct grid *g, uint32_t column, size_t at, size_t n, enum grid_kind kind)
{
	struct grid_row *r = &g->row[g->nrows - 1];

	if (chars_blank((struct bytes){g->text.p + at, n}) && kind == GRID_TEXT)
		return ERR_OK;
	if (column >= GRID_COLUMNS_MAX)
		return grid_fail(g, GRID_FAULT_COLUMNS, r->number, column + 1);
	if (n > GRID_CELL_BYTES_MAX)
		return grid_fail(g, GRID_FAULT_CELL, r->number, column + 1);
	if (column < r->n)
		return grid_fail(g, GRID_FAULT_ORDER, r->number, column + 1);
	for (; r->n <= column; r->n++) {
		if (g->ncells == GRID_CELLS_MAX)
			return grid_fail(g, GRID_FAULT_CELLS, r->number, column + 1);
		if (VEC_ROOM(g->cell, g->ncells, g->cells_cap))
			return ERR_NOMEM;
		g->cell[g->ncells++] = (struct grid_cell){.kind = GRID_TEXT};
	}
	g->cell[g->ncells - 1] =
		(struct grid_cell){.at = (uint32_t)at, .n = (uint16_t)n, .kind = (uint8_t)kind};
	return ERR_OK;
}

int grid_put(struct grid *g, uint32_t column, struct bytes text, enum grid_kind kind)
{
	size_t at = g->text.n;

	if (text.n > GRID_TEXT_MAX - at)
		return grid_fail(g, GRID_FAULT_TEXT, g->row[g->nrows - 1].number, column + 1);
	if (buf_put(&g->text, text.p, text.n))
		return g->text.err;
	return put_at(g, column, at, text.n, kind);
}

void grid_row_end(struct grid *g)
{
	if (g->nrows && g->row[g->nrows - 1].n == 0)
		g->nrows--;
}

int grid_merge(struct grid *g, uint32_t column, uint32_t top, uint32_t bottom)
{
	if (g->nmerges == GRID_MERGES_MAX)
		return grid_fail(g, GRID_FAULT_MERGES, top, column + 1);
	if (VEC_ROOM(g->merge, g->nmerges, g->merges_cap))
		return ERR_NOMEM;
	g->merge[g->nmerges++] = (struct grid_merge){column, top, bottom};
	return ERR_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct grid_merge *x = a, *y = b;

	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return x->top < y->top ? -1 : x->top > y->top;
}

void grid_merges_end(struct grid *g)
{
	if (g->nmerges)
		qsort(g->merge, g->nmerges, sizeof(g->merge[0]), by_place);
}

/* --- CSV ------------------------------------------------------------------------------------------------- */

static int csv_failed(struct grid *g, const struct csv *c)
{
	static const enum grid_fault of[] = {[CSV_FAULT_NONE] = GRID_FAULT_NONE,
					     [CSV_FAULT_COLUMNS] = GRID_FAULT_COLUMNS,
					     [CSV_FAULT_CELL] = GRID_FAULT_CELL,
					     [CSV_FAULT_QUOTE_OPEN] = GRID_FAULT_QUOTE_OPEN,
					     [CSV_FAULT_QUOTE] = GRID_FAULT_QUOTE};

	return grid_fail(g, of[c->fault], c->row, c->column);
}

static int take_row(struct grid *g, const struct csv *c)
{
	int err = grid_row(g, c->row, c->ncells);

	for (uint32_t i = 0; !err && i < c->ncells; i++)
		if (c->cell[i].n)
			err = put_at(g, i, (size_t)(c->cell[i].p - (const char *)g->text.p),
				     c->cell[i].n, GRID_TEXT);
	if (err)
		return err;
	grid_row_end(g);
	return g->nrows > GRID_ROWS_MAX ? grid_fail(g, GRID_FAULT_ROWS, c->row, 0) : ERR_OK;
}

int grid_csv(struct grid *g, char separator)
{
	static char nothing[1];
	struct csv c;
	int got, err = ERR_OK;

	if (g->text.n > GRID_TEXT_MAX)
		return grid_fail(g, GRID_FAULT_TEXT, 0, 0);
	csv_open(&c, g->text.n ? (char *)g->text.p : nothing, g->text.n, separator);
	while (!err && (got = csv_next(&c)) != 0)
		err = got < 0 ? csv_failed(g, &c) : take_row(g, &c);
	return err;
}

/* --- reading --------------------------------------------------------------------------------------------- */

static struct bytes text_of(const struct grid *g, const struct grid_cell *c)
{
	return (struct bytes){c->n ? g->text.p + c->at : NULL, c->n};
}

static const struct grid_row *row_numbered(const struct grid *g, uint32_t number)
{
	uint32_t from = 0, to = g->nrows;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (g->row[mid].number < number)
			from = mid + 1;
		else
			to = mid;
	}
	return from < g->nrows && g->row[from].number == number ? &g->row[from] : NULL;
}

/* The last merged range in this column that begins at this row or above it, if it reaches down to it. */
static const struct grid_merge *merge_at(const struct grid *g, uint32_t column, uint32_t number)
{
	uint32_t from = 0, to = g->nmerges;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		const struct grid_merge *m = &g->merge[mid];

		if (m->column < column || (m->column == column && m->top <= number))
			from = mid + 1;
		else
			to = mid;
	}
	if (from == 0)
		return NULL;
	const struct grid_merge *m = &g->merge[from - 1];

	return m->column == column && m->bottom >= number ? m : NULL;
}

struct bytes grid_get(const struct grid *g, uint32_t at, uint32_t column, enum grid_kind *ret_kind)
{
	const struct grid_row *r = &g->row[at], *top;
	const struct grid_cell *c = column < r->n ? &g->cell[r->first + column] : NULL;
	const struct grid_merge *m;
	enum grid_kind ignored = GRID_TEXT;

	ret_kind = ret_kind ? ret_kind : &ignored;
	*ret_kind = c ? (enum grid_kind)c->kind : GRID_TEXT;
	if ((c && (c->n || c->kind != GRID_TEXT)) || !g->nmerges)
		return c ? text_of(g, c) : (struct bytes){NULL, 0};
	m = merge_at(g, column, r->number);
	top = m && m->top < r->number ? row_numbered(g, m->top) : NULL;
	if (!top || column >= top->n)
		return (struct bytes){NULL, 0};
	*ret_kind = GRID_MERGED;
	return text_of(g, &g->cell[top->first + column]);
}
