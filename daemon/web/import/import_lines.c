#include <string.h>

#include "daemon/web/import/import.h"
#include "daemon/web/import/import_table.h"
#include "lib/look.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/vec.h"

struct work {
	struct import_table t;
	struct import_lines_def def;
	struct import_report *rep;
	const struct rec_type *type;
	const struct import_lookup *look;
	struct bytes *cell;
	uint32_t *row;
	uint32_t ncells, cells_cap, n, rows_cap;
};

static struct bytes read_day(struct work *w, uint32_t column)
{
	char text[DATE_TEXT_MAX];

	day_text(import_cell_day(&w->t, column), text);
	return import_keep(w->rep, text, strlen(text));
}

static struct bytes read_field(struct work *w, uint32_t column)
{
	const struct rec_field *f = &w->type->line[column];
	union rec_any scratch = {{0}};
	struct bytes v;

	if (f->kind == REC_DAY)
		return read_day(w, column);
	if (f->kind == REC_DIGEST) /* perhaps the name of a file */
		return import_regular(w->rep, import_cell_meant(&w->t, column), IMPORT_FILE);
	v = import_cell(&w->t, column);
	if (v.n && !rec_is_hex(f))
		import_cell_field(&w->t, column, v, f, &scratch);
	return v;
}

/* A household is meant when it is registered but for its zeros, and the head beside it must be its own. */
static int check_household(struct work *w, struct bytes *number)
{
	struct bytes head = {NULL, 0}, named;
	struct import_near near = {.n = 0};
	int err;

	if (number->n == 0 || !w->look)
		return ERR_OK;
	named = import_cell(&w->t, w->def.head);
	err = w->look->head(w->look->ctx, *number, &head);
	if (err == ERR_NOTFOUND)
		err = w->look->near(w->look->ctx, *number, &near);
	if (!err && near.n == 1) {
		struct bytes whole = import_keep(w->rep, near.number[0].p, near.number[0].n);

		import_cell_issue(&w->t, w->def.household, *number, ISSUE_ZEROS_LOST,
				  import_shown(w->rep, whole), 0);
		*number = whole;
		err = w->look->head(w->look->ctx, whole, &head);
	}
	if (err || head.n == 0 || named.n == 0) /* an unknown one is for the rules to refuse */
		return err;
	head = import_regular(w->rep, head, IMPORT_NAME);
	if (!look_same(named, head))
		import_add(w->rep, &(struct import_issue){.row = w->t.row,
							  .id = ISSUE_HEAD_LEDGER,
							  .column = w->t.column[w->def.head].name,
							  .value = import_shown(w->rep, named),
							  .s = import_shown(w->rep, *number),
							  .t = import_shown(w->rep, head)});
	return ERR_OK;
}

static int read_line(struct work *w)
{
	uint32_t first = w->ncells;
	int err = VEC_ROOM(w->row, w->n, w->rows_cap);

	for (uint32_t i = 0; !err && i < w->type->nline; i++) {
		err = VEC_ROOM(w->cell, w->ncells, w->cells_cap);
		if (!err)
			w->cell[w->ncells++] = read_field(w, i);
	}
	if (!err && w->def.head != UINT32_MAX)
		err = check_household(w, &w->cell[first + w->def.household]);
	if (err)
		return err;
	w->row[w->n++] = w->t.row;
	return w->rep->err;
}

static int read_lines(struct work *w)
{
	int err = ERR_OK;

	while (!err && import_table_next(&w->t) > 0) {
		if (w->n == w->type->lines_max) {
			import_add(w->rep, &(struct import_issue){.row = w->t.row,
								  .id = ISSUE_LINES_MAX,
								  .num = {w->type->lines_max}});
			break;
		}
		err = read_line(w);
	}
	if (!err && w->n == 0)
		import_add(w->rep, &(struct import_issue){.id = ISSUE_NOTHING});
	w->rep->records = w->n;
	return err;
}

/* Moves the lines into the report, where the caller's results live. */
static int give(struct work *w, struct import_lines *ret)
{
	struct bytes cells = import_keep(w->rep, w->cell, w->ncells * sizeof(w->cell[0])),
		     rows = import_keep(w->rep, w->row, w->n * sizeof(w->row[0]));

	if (!cells.p || !rows.p)
		return ERR_NOMEM;
	*ret = (struct import_lines){.n = w->n, .columns = w->type->nline};
	ret->cell = (struct bytes *)(uintptr_t)cells.p;
	ret->row = (uint32_t *)(uintptr_t)rows.p;
	return ERR_OK;
}

int import_lines(const void *p, size_t n, const struct rec_type *t, enum lang lang,
		 const struct import_opts *o, struct import_lines *ret, struct import_report *rep)
{
	struct work w = {.rep = rep, .type = t, .look = o->look};
	int err = import_lines_def(t, lang, &w.def);

	if (!err && !o->look && w.def.head != UINT32_MAX) /* nothing to compare it with */
		w.def.def.n = w.def.head;
	if (!err)
		err = import_table_open(&w.t, p, n, &w.def.def, o->today, rep);
	if (!err)
		err = read_lines(&w);
	if (err == ERR_NOMEM)
		rep->err = err;
	if (!err || err == ERR_INVALID)
		err = import_end(rep, o);
	if (!err)
		err = give(&w, ret);
	mem_free(w.cell);
	mem_free(w.row);
	import_table_close(&w.t);
	import_lines_def_close(&w.def);
	return err;
}
