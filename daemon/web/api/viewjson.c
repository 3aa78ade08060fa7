#include "daemon/web/api/viewjson.h"

void viewjson_columns(struct reading *r, const char *key, const struct rec_field *f, uint32_t n)
{
	struct jw *w = &r->w;

	jw_key(w, key);
	jw_arr(w);
	for (uint32_t i = 0; i < n; i++) {
		if (!rec_shown(&f[i], r->ask.upto))
			continue;
		jw_obj(w);
		jw_kstr(w, "name", f[i].name);
		jw_kstr(w, "label", r->ask.lang == LANG_EN ? f[i].en : f[i].zh);
		jw_kstr(w, "kind", rec_kind_name(f[i].kind));
		jw_kbool(w, "right", rec_is_number(&f[i]));
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static void put_cell(struct reading *r, const struct rec_field *f, const void *row)
{
	if (rec_check(f, 1, row, NULL)) /* outside of its bounds: not there */
		jw_str(&r->w, "");
	else if (f->choices)
		jw_str(&r->w, rec_label(f, row, r->ask.lang));
	else
		rec_json_value(&r->w, f, row);
}

struct cache {
	struct reading *r;
	const struct view_def *def;
};

static int on_row(void *ctx, const void *row)
{
	const struct cache *rows = ctx;
	struct jw *w = &rows->r->w;

	jw_arr(w);
	for (uint32_t i = 0; i < rows->def->nfields; i++)
		if (rec_shown(&rows->def->field[i], rows->r->ask.upto))
			put_cell(rows->r, &rows->def->field[i], row);
	jw_arr_end(w);
	return w->out->err;
}

int viewjson_rows(struct reading *r, const struct view_def *def)
{
	int err;

	jw_key(&r->w, "rows");
	jw_arr(&r->w);
	err = view_each(&r->ask, def, on_row, &(struct cache){r, def});
	jw_arr_end(&r->w);
	return err;
}

/* --- objects --------------------------------------------------------------------------------------- */

static bool is_there(const struct rec_field *f, const void *row)
{
	return !rec_check(f, 1, row, NULL) && (f->kind != REC_DAY || rec_day(f, row) != DAY_NONE);
}

void viewjson_fields(struct reading *r, const struct view_def *def, const void *row)
{
	for (uint32_t i = 0; i < def->nfields; i++) {
		const struct rec_field *f = &def->field[i];

		if (!rec_shown(f, r->ask.upto) || !is_there(f, row))
			continue;
		jw_key(&r->w, f->name);
		if (f->choices == &rec_lists[REC_LIST_YES])
			jw_bool(&r->w, rec_chosen(f, row) == YES_yes);
		else
			rec_json_value(&r->w, f, row);
	}
}

static int on_item(void *ctx, const void *row)
{
	const struct cache *rows = ctx;

	jw_obj(&rows->r->w);
	viewjson_fields(rows->r, rows->def, row);
	jw_obj_end(&rows->r->w);
	return rows->r->w.out->err;
}

int viewjson_items(struct reading *r, const char *key, const struct view_def *def)
{
	int err;

	jw_key(&r->w, key);
	jw_arr(&r->w);
	err = view_each(&r->ask, def, on_item, &(struct cache){r, def});
	jw_arr_end(&r->w);
	return err;
}

/* --- openapi.yaml ---------------------------------------------------------------------------------- */

static void put_params(struct buf *out, const struct view_def *def)
{
	const char *sep = "";

	buf_puts(out, "      x-parameters: [");
	for (uint32_t i = 0; i < VIEW_PARAMS; i++) {
		if (!(def->params & view_params[i].param))
			continue;
		buf_printf(out, "%s%s", sep, view_params[i].name);
		sep = ", ";
	}
	buf_puts(out, "]\n");
}

int viewjson_openapi(struct buf *out)
{
	static const char *const privacy[] = {"public", "masked", "private"};
	const char *sep = "";

	buf_puts(out, "    TableName:\n      type: string\n      enum: [");
	for (uint32_t i = 0; i < VIEWS_N; i++) {
		buf_printf(out, "%s%s", sep, views[i].name);
		sep = ", ";
	}
	buf_puts(out, "]\n");
	for (uint32_t i = 0; i < VIEWS_N; i++) {
		const struct view_def *v = &views[i];

		buf_printf(out, "    Table_%s:\n      title: \"%s, %s\"\n", v->name, v->zh, v->en);
		buf_puts(out, "      type: array\n      items: {type: array, items: {}}\n");
		put_params(out, v);
		buf_puts(out, "      x-columns:\n");
		for (uint32_t j = 0; j < v->nfields; j++)
			buf_printf(out,
				   "        - {name: %s, kind: %s, privacy: %s, zh: \"%s\", en: "
				   "\"%s\"}\n",
				   v->field[j].name, rec_kind_name(v->field[j].kind),
				   privacy[v->field[j].privacy], v->field[j].zh, v->field[j].en);
	}
	return out->err;
}
