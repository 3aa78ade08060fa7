#include "daemon/web/api/keptjson.h"

#include <stdio.h>

#include "daemon/web/api/reply.h"

/* --- the request ----------------------------------------------------------------------------------- */
static bool refuse(const struct web_req *req, struct web_res *res, const char *zh, const char *en)
{
	reply_error(res, req->lang, 400, "FIELD_VALUE", "drop", SAYS(zh, en), SAYS(NULL, NULL));
	return false;
}

bool keptjson_drop(const struct web_req *req, struct web_res *res, json_t *root,
		   const struct rec_type *t, struct bytes drop[KEPTJSON_DROP_MAX], uint32_t *ret_n)
{
	json_t *list = json_object_get(root, "drop"), *v;
	size_t i;

	*ret_n = 0;
	if (!list)
		return true;
	if (!kept_is(t))
		return refuse(req, res, "drop 只用于清单、方案、价目的新版本",
			      "drop is for new versions of catalogue, plan, scheme and prices");
	if (!json_is_array(list) || json_array_size(list) > KEPTJSON_DROP_MAX)
		return refuse(req, res, "drop 应为文字列表，最多 120 项",
			      "drop is a list of at most 120 texts");
	json_array_foreach (list, i, v) {
		if (!json_is_string(v) || !json_string_length(v))
			return refuse(req, res, "drop 应为文字列表", "drop is a list of texts");
		drop[i] = (struct bytes){(const uint8_t *)json_string_value(v),
					 json_string_length(v)};
	}
	*ret_n = (uint32_t)json_array_size(list);
	return true;
}

static void put_issue(const struct kept *k, struct recjson_issue *i)
{
	*i = (struct recjson_issue){.why = k->missing ? RECJSON_MISSING : RECJSON_LINES,
				    .t = k->t,
				    .field = k->missing,
				    .line = k->line};
	if (!k->missing)
		snprintf(i->path, sizeof(i->path), "lines");
	else if (k->line)
		snprintf(i->path, sizeof(i->path), "lines[%u].%s", k->line - 1, k->missing->name);
	else
		snprintf(i->path, sizeof(i->path), "record.%s", k->missing->name);
}

int keptjson_fill(const struct defaults_at *at, const uint8_t *txid, struct recjson *r,
		  struct kept *k, struct reason *why, struct recjson_issue *issue)
{
	int err;

	k->t = r->t;
	k->head = &r->head;
	k->given = r->given;
	k->lines = r->lines;
	k->line_given = r->line_given;
	k->nlines = r->nlines;
	err = kept_fill(at, txid, k, why);
	r->lines = k->lines;
	r->line_given = k->line_given;
	r->nlines = k->nlines;
	if (err == ERR_INVALID)
		put_issue(k, issue);
	return err;
}

/* --- the answer ------------------------------------------------------------------------------------ */
/* As people read it: a choice by its label, an amount with its unit. */
static void put_value(struct jw *w, const struct rec_field *f, const void *s, enum lang lang)
{
	struct buf b = {0};

	jw_key(w, "value");
	rec_show(f, s, lang, &b);
	jw_strn(w, (const char *)b.p, b.n);
	buf_close(&b);
}

static void put_fields(struct jw *w, const char *key, const struct kept *k, uint64_t which,
		       enum lang lang)
{
	jw_key(w, key);
	jw_arr(w);
	for (uint32_t i = 0; i < k->t->nhead; i++) {
		const struct rec_field *f = &k->t->head[i];

		if (!(which >> i & 1) || rec_is_zero(f, k->head))
			continue;
		jw_obj(w);
		jw_kstr(w, "name", f->name);
		jw_kstr(w, "label", lang == LANG_EN ? f->en : f->zh);
		put_value(w, f, k->head, lang);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

/* Does the line say that an item of the town is none of the village? */
static bool drops(const struct kept *k, const void *line)
{
	return k->t->code == REC_adopt_catalogue &&
	       ((const struct rec_adopt_catalogue_line *)line)->change == CHANGE_drop;
}

static void put_lines(struct jw *w, const char *name, const struct kept *k, bool dropped)
{
	const struct rec_field *key = rec_line_key(k->t);

	jw_key(w, name);
	jw_arr(w);
	for (uint32_t i = 0; i < k->nlines; i++) {
		const void *line = k->lines + (size_t)i * k->t->line_size;
		struct bytes b = rec_bytes(key, line);

		if (k->how[i] == KEPT_WHOLE && drops(k, line) == dropped)
			jw_strn(w, (const char *)b.p, b.n);
	}
	jw_arr_end(w);
}

/* What is said of line N of the record is said of this one of the request. */
static void put_from(struct jw *w, const struct kept *k)
{
	jw_key(w, "from");
	jw_arr(w);
	for (uint32_t i = 0; i < k->nlines; i++)
		jw_u64(w, k->from[i]);
	jw_arr_end(w);
}

void keptjson_put(struct jw *w, const struct kept *k, enum lang lang)
{
	jw_key(w, "kept");
	jw_obj(w);
	jw_ku64(w, "version", k->version);
	put_fields(w, "fields", k, k->carried, lang);
	put_fields(w, "usual", k, k->first, lang);
	put_lines(w, "lines", k, false);
	put_lines(w, "dropped", k, true);
	put_from(w, k);
	jw_ku64(w, "gone", k->ngone);
	jw_obj_end(w);
}
