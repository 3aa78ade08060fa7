#include "daemon/web/import/import.h"

#include <string.h>

#include "daemon/web/import/import_table.h"
#include "lib/mem.h"
#include "lib/text.h"

/* The plan: seven categories, 32 items that add points, 23 that deduct them. */
#define PLAN_CATEGORIES 7
#define PLAN_AWARDS	32
#define PLAN_DEDUCTIONS 23

enum { COLUMNS_CATALOGUE(COLUMN_ID) COLS };

struct work {
	struct import_table t;
	struct import_report *rep;
	struct rec_catalogue_line *v;
	uint32_t *row;
	uint32_t n, good, max; /* items, and those without errors */
	struct import_map codes;
};

static struct bytes usual_sign(struct bytes v)
{
	static const struct {
		const char *word, *usual;
	} words[] = {{"1", "award"},	 {"+1", "award"},   {"-1", "deduct"},	{"正", "award"},
		     {"负", "deduct"},	 {"正向", "award"}, {"负向", "deduct"}, {"加分", "award"},
		     {"扣分", "deduct"}, {"奖励", "award"}, {"处罚", "deduct"}, {"加", "award"},
		     {"减", "deduct"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(import_str(v), v.n, words[i].word))
			return bytes_str(words[i].usual);
	return v;
}

static void check_item(struct work *w, const struct rec_catalogue_line *l)
{
	const struct rec_choice *c = &rec_lists[REC_LIST_CATEGORY].v[l->category];
	char letter[2] = {l->code.n ? (char)l->code.p[0] : '\0', '\0'};
	char cap[AMOUNT_TEXT_MAX];
	uint32_t first = import_map_put(&w->codes, l->code, w->t.row, w->rep);

	if (w->rep->err)
		return;
	if (first != w->t.row)
		import_cell_issue(&w->t, COL_CODE, l->code, ISSUE_CODE_TWICE, "", first);
	if (strcmp(letter, c->name) != 0)
		import_add(w->rep,
			   &(struct import_issue){.row = w->t.row,
						  .id = ISSUE_CODE_CATEGORY,
						  .column = w->t.column[COL_CODE].name,
						  .value = import_shown(w->rep, l->code),
						  .s = import_shown(w->rep, bytes_str(letter)),
						  .t = c->zh});
	/* the plan wants objective items: a measure, a cap and evidence for each */
	if (points_raw(l->cap) == 0)
		import_cell_issue(&w->t, COL_CAP, import_table_raw(&w->t, COL_CAP, NULL),
				  ISSUE_NO_CAP, "", 0);
	if (l->evidence.n == 0)
		import_cell_issue(&w->t, COL_EVIDENCE, l->evidence, ISSUE_NO_EVIDENCE, "", 0);
	if (points_raw(l->cap) && points_cmp(l->cap, l->points) < 0)
		import_cell_issue(&w->t, COL_CAP, import_table_raw(&w->t, COL_CAP, NULL),
				  ISSUE_CAP_BELOW,
				  import_shown(w->rep, bytes_str(points_text(l->cap, cap))), 0);
}

static void read_item(struct work *w)
{
	const struct rec_type *type = rec_type_of(REC_catalogue);
	struct rec_catalogue_line l = {.unit = UNIT_event};
	uint32_t errors = w->rep->count[IMPORT_ERROR];
	bool good = true;

	for (uint32_t i = 0; i < COLS; i++) {
		const struct rec_field *f =
			import_field(type->line, type->nline, w->t.column[i].field);
		struct bytes v = import_cell(&w->t, i);

		v = import_cell_usual(&w->t, i, f, v);
		if (i == COL_SIGN)
			v = usual_sign(v);
		if (v.n == 0 && (i == COL_CAP || i == COL_DOCUMENT)) /* no cap; none is needed */
			continue;
		if ((f->min > 0 || f->kind == REC_CHOICE) && !import_cell_needed(&w->t, i, v))
			good = false;
		else
			good &= import_cell_field(&w->t, i, v, f, &l);
	}
	if (good)
		check_item(w, &l);
	if (w->n == w->max)
		import_add(w->rep, &(struct import_issue){.row = w->t.row,
							  .id = ISSUE_ITEMS_MAX,
							  .num = {w->max}});
	w->n++;
	if (w->n > w->max || w->rep->count[IMPORT_ERROR] != errors || w->t.incomplete)
		return;
	w->v[w->good] = l;
	w->row[w->good++] = w->t.row;
}

static void note_count(struct work *w, enum import_id id, uint32_t plan, uint32_t got)
{
	if (plan != got)
		import_add(w->rep, &(struct import_issue){.id = id, .num = {plan, got}});
}

static void check_counts(struct work *w)
{
	uint32_t seen = 0, categories = 0, awards = 0, n = w->good;

	for (uint32_t i = 0; i < n; i++) {
		seen |= UINT32_C(1) << w->v[i].category;
		awards += w->v[i].sign == SIGN_award;
	}
	for (; seen; seen &= seen - 1)
		categories++;
	note_count(w, ISSUE_COUNT_CATEGORIES, PLAN_CATEGORIES, categories);
	note_count(w, ISSUE_COUNT_AWARDS, PLAN_AWARDS, awards);
	note_count(w, ISSUE_COUNT_DEDUCTIONS, PLAN_DEDUCTIONS, n - awards);
}

static int read_items(struct work *w)
{
	int got = 0;

	w->v = import_alloc(w->rep, w->max * sizeof(w->v[0]));
	w->row = import_alloc(w->rep, w->max * sizeof(w->row[0]));
	if (!w->v || !w->row)
		return ERR_NOMEM;
	/* one more than fits is enough to say so */
	while (w->n <= w->max && !w->rep->err && (got = import_table_next(&w->t)) > 0)
		read_item(w);
	if (got < 0)
		return got;
	if (w->n == 0)
		import_add(w->rep, &(struct import_issue){.id = ISSUE_NOTHING});
	else if (w->good == w->n)
		check_counts(w);
	w->rep->records = w->good;
	return w->rep->err;
}

int import_catalogue(const void *p, size_t n, const struct import_opts *o,
		     struct import_catalogue *ret, struct import_report *rep)
{
	struct work w = {.rep = rep, .max = rec_type_of(REC_catalogue)->lines_max};
	int err = import_table_open(&w.t, p, n, &import_tables[IMPORT_CATALOGUE], o->today, rep);

	if (!err)
		err = read_items(&w);
	if (err == ERR_NOMEM)
		rep->err = err;
	if (!err || err == ERR_INVALID)
		err = import_end(rep, o);
	if (!err || err == ERR_INVALID)
		*ret = (struct import_catalogue){w.v, w.row, w.good};
	import_map_close(&w.codes);
	import_table_close(&w.t);
	return err;
}
