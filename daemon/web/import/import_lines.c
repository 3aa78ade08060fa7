#include <stdio.h>
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
	struct bytes household; /* in the head of the record */
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
	v = import_cell_usual(&w->t, column, f, import_cell(&w->t, column));
	if (v.n && !rec_is_hex(f))
		import_cell_field(&w->t, column, v, f, &scratch);
	return v;
}

static void issue(struct work *w, uint32_t column, enum import_id id, struct bytes value,
		  struct bytes s, struct bytes t, int64_t num)
{
	import_add(w->rep, &(struct import_issue){.row = w->t.row,
						  .id = id,
						  .column = w->t.column[column].name,
						  .value = import_shown(w->rep, value),
						  .s = import_shown(w->rep, s),
						  .t = import_shown(w->rep, t),
						  .num = {num}});
}

static bool is_called(struct work *w, struct bytes named, struct bytes registered)
{
	return look_same(named, import_regular(w->rep, registered, IMPORT_NAME));
}

/* A household is meant when it is registered but for its zeros. */
static int find_zeros(struct work *w, struct bytes *number, struct bytes *head)
{
	struct import_near near = {.n = 0};
	int err = w->look->near(w->look->ctx, *number, &near);

	if (err || near.n == 0) /* an unknown one is for the rules to refuse */
		return err;
	if (near.n > 1) {
		issue(w, w->def.household, ISSUE_ZEROS_TWO, *number, near.number[0], near.number[1],
		      0);
		return ERR_OK;
	}
	issue(w, w->def.household, ISSUE_ZEROS_LOST, *number, near.number[0], *number, 0);
	*number = import_keep(w->rep, near.number[0].p, near.number[0].n);
	return w->look->head(w->look->ctx, *number, head);
}

/* The head beside it must be its own. */
static int check_household(struct work *w, struct bytes *number)
{
	struct bytes head = {NULL, 0}, named = {NULL, 0};
	int err;

	if (number->n == 0)
		return ERR_OK;
	if (w->def.head != UINT32_MAX)
		named = import_cell(&w->t, w->def.head);
	err = w->look->head(w->look->ctx, *number, &head);
	if (err == ERR_NOTFOUND)
		err = find_zeros(w, number, &head);
	if (!err && head.n && named.n && !is_called(w, named, head))
		issue(w, w->def.head, ISSUE_HEAD_LEDGER, named, *number, head, 0);
	return err;
}

/* --- members ---------------------------------------------------------------------------------------------- */

/* No number: where there must be one it is that of the name; where none means the household, the name is its head's. */
static int find_number(struct work *w, struct bytes household, struct bytes named,
		       struct bytes *number)
{
	static const struct bytes none = {NULL, 0};
	struct bytes head = none;
	uint32_t member = 0;
	char text[16];
	int err;

	if (w->type->line[w->def.member].min == 0) {
		err = w->look->head(w->look->ctx, household, &head);
		if (!err && !is_called(w, named, head))
			issue(w, w->def.name, ISSUE_NAME_NUMBER, named, household, head, 0);
		return err == ERR_NOTFOUND ? ERR_OK : err;
	}
	err = w->look->member(w->look->ctx, household, named, &member);
	if (err == ERR_INVALID || err == ERR_EXISTS) {
		issue(w, w->def.name, err == ERR_EXISTS ? ISSUE_NAME_TWO : ISSUE_NAME_UNKNOWN,
		      named, household, none, 0);
		return ERR_OK;
	}
	snprintf(text, sizeof(text), "%u", member);
	if (!err)
		*number = import_keep(w->rep, text, strlen(text));
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* The name beside a member's number must be that member's. */
static int check_member(struct work *w, struct bytes household, struct bytes *number)
{
	struct bytes named = import_cell(&w->t, w->def.name), is = {NULL, 0};
	uint64_t member = 0;
	int err;

	if (named.n == 0 || household.n == 0 ||
	    (number->n && !u64_parse((const char *)number->p, number->n, &member)))
		return ERR_OK;
	if (member == 0)
		return find_number(w, household, named, number);
	err = w->look->name(w->look->ctx, household, member, &is);
	if (!err && !is_called(w, named, is))
		issue(w, w->def.name, ISSUE_NAME_LEDGER, named, household, is, (int64_t)member);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* What is there for people must be what the ledger says. */
static int check_people(struct work *w, struct bytes *cell)
{
	const struct import_lines_def *d = &w->def;
	int err = ERR_OK;

	if (!w->look)
		return ERR_OK;
	if (d->household != UINT32_MAX)
		err = check_household(w, &cell[d->household]);
	if (!err && d->name != UINT32_MAX)
		err = check_member(w, d->of == UINT32_MAX ? w->household : cell[d->of],
				   &cell[d->member]);
	return err;
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
	if (!err)
		err = check_people(w, &w->cell[first]);
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
	struct work w = {.rep = rep, .type = t, .look = o->look, .household = o->household};
	int err = import_lines_def(t, lang, &w.def);

	if (!err && !o->look) /* nothing to compare people with */
		w.def.def.n = t->nline;
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
