#include "tools/cunzhang/lines.h"

#include <string.h>

#include "daemon/web/import/import.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/files.h"
#include "tools/cunzhang/report.h"

/* --- what the node knows of households ------------------------------------------------------------------- */

struct known {
	const struct cli *c;
	bool asked;
	struct reply r;
};

static const json_t *households(struct known *k)
{
	static const char *const all[] = {"all", "1", NULL};
	int rv = EXIT_DONE;

	if (!k->asked)
		rv = client_query(k->c, "/api/v1/accounts", all, &k->r);
	k->asked = true;
	return rv || k->r.status != 200 ? NULL : json_object_get(k->r.root, "items");
}

static int find_head(void *ctx, struct bytes household, struct bytes *ret)
{
	const json_t *h;
	size_t i;

	json_array_foreach (households(ctx), i, h)
		if (bytes_eq(bytes_str(client_str(h, "household")), household)) {
			*ret = bytes_str(client_str(h, "head_name"));
			return ERR_OK;
		}
	return ERR_NOTFOUND;
}

static struct bytes without_zeros(struct bytes b)
{
	while (b.n > 1 && b.p[0] == '0') {
		b.p++;
		b.n--;
	}
	return b;
}

static int find_near(void *ctx, struct bytes household, struct import_near *ret)
{
	const json_t *h;
	size_t i;

	*ret = (struct import_near){.n = 0};
	json_array_foreach (households(ctx), i, h) {
		struct bytes number = bytes_str(client_str(h, "household"));

		if (ret->n < 2 && bytes_eq(without_zeros(number), without_zeros(household)))
			ret->number[ret->n++] = number;
	}
	return ERR_OK;
}

/* --- the file ------------------------------------------------------------------------------------------- */

static void show(const struct cli *c, const char *path, struct import_report *rep)
{
	struct buf text = {0};
	json_t *root = json_object(), *report;
	struct jw w;

	import_report_sort(rep);
	jw_init(&w, &text);
	import_report_json(rep, &w);
	report = text.err ? NULL : json_loadb((const char *)text.p, text.n, 0, NULL);
	json_object_set_new(root, "report", report);
	if (c->json) {
		cli_print_json(root);
	} else {
		SAY(stdout, M_LINES_IN, path);
		report_print(root);
		if (!rep->count[IMPORT_ERROR])
			SAY(stdout, M_IMPORT_ACCEPT);
	}
	json_decref(root);
	buf_close(&text);
}

static json_t *lines_of(const struct rec_type *t, const struct import_lines *l, json_t *rows)
{
	json_t *lines = json_array(), *o;

	for (uint32_t i = 0; i < l->n; i++) {
		o = json_object();
		json_array_append_new(rows, json_integer(l->row[i]));
		for (uint32_t k = 0; k < l->columns; k++) {
			struct bytes cell = l->cell[i * l->columns + k];

			if (cell.n)
				json_object_set_new(o, t->line[k].name,
						    json_stringn((const char *)cell.p, cell.n));
		}
		json_array_append_new(lines, o);
	}
	return lines;
}

int lines_read(const struct cli *c, const struct rec_type *t, const char *path, json_t **ret,
	       json_t **ret_rows)
{
	struct known known = {.c = c};
	struct import_lookup look = {.ctx = &known, .head = find_head, .near = find_near};
	struct import_opts o = {.accept = cli_switch(c, "accept"), .look = &look};
	struct import_report rep = {0};
	struct import_lines lines = {.n = 0};
	struct buf raw = {0};
	int err, rv = cli_read_file(path, IMPORT_BYTES_MAX, &raw);

	if (!rv) {
		err = import_lines(raw.p, raw.n, t, say_lang(), &o, &lines, &rep);
		if (!err) {
			*ret_rows = json_array();
			*ret = lines_of(t, &lines, *ret_rows);
		} else if (err == ERR_INVALID) {
			show(c, path, &rep);
			rv = EXIT_USAGE;
		} else {
			rv = cli_fail_err(c, err, &(struct errmsg){.text = ""});
		}
	}
	import_report_close(&rep);
	client_close(&known.r);
	buf_close(&raw);
	return rv;
}

/* --- what the rules say of them ------------------------------------------------------------------------- */

/* The number of the line in a sentence becomes that of the row. False: it names no line. */
static bool name_row(json_t *reason, const json_t *rows)
{
	bool en = say_lang() == LANG_EN;
	uint64_t line = client_u64(reason, "line");
	const char *text = client_str(reason, "text");
	struct buf b = {0};
	char before[64];

	if (!line || line > json_array_size(rows))
		return false;
	snprintf(before, sizeof(before), en ? "line %s: " : "第 %s 行：", say_num(line));
	if (strncmp(text, before, strlen(before)) == 0)
		text += strlen(before);
	buf_printf(&b, en ? "row %s: %s" : "第 %s 行：%s",
		   say_num((uint64_t)json_integer_value(json_array_get(rows, line - 1))), text);
	json_object_set_new(reason, "text", json_string(buf_str(&b)));
	buf_close(&b);
	return true;
}

static bool name_rows(const struct reply *r, const json_t *rows)
{
	json_t *w;
	size_t i;

	json_array_foreach (json_object_get(r->root, "warnings"), i, w)
		name_row(w, rows);
	return name_row(json_object_get(r->root, "verdict"), rows) && r->status == 422;
}

/* A rule names the first line that it refuses: the others are tried without it, and nothing is written any more, until
 * every one is named. */
static int name_others(const struct cli *c, const char *path, json_t *body, json_t *rows,
		       struct reply *r)
{
	uint64_t n = 0;
	bool refused = true;
	int rv = EXIT_DONE;

	json_object_set_new(body, "dry_run", json_true());
	while (!rv && refused) {
		const json_t *v = json_object_get(r->root, "verdict");
		size_t at = (size_t)client_u64(v, "line") - 1;

		n++;
		SAY(stderr, M_REFUSED, client_str(v, "rule"), client_str(v, "text"));
		json_array_remove(json_object_get(body, "lines"), at);
		json_array_remove(rows, at);
		if (json_array_size(rows) == 0)
			break;
		client_close(r);
		*r = (struct reply){0};
		rv = client_post(c, path, json_deep_copy(body), r);
		refused = !rv && name_rows(r, rows);
	}
	SAY(stderr, M_ROWS_REFUSED, say_num(n));
	return rv ? rv : EXIT_REFUSED;
}

int lines_record(struct cli *c, json_t *record, json_t *lines, json_t *rows)
{
	json_t *body = json_object();
	struct reply r = {0};
	char path[64];
	int rv = client_sign(c, body, "passphrase");

	json_object_set_new(body, "record", record);
	json_object_set_new(body, "lines", lines);
	snprintf(path, sizeof(path), "/api/v1/records/%s", c->type->name);
	if (!rv)
		rv = files_record(c, c->type, body);
	if (!rv)
		rv = client_post(c, path, json_deep_copy(body), &r);
	if (!rv && name_rows(&r, rows) && !c->json)
		rv = name_others(c, path, body, rows, &r);
	else if (!rv)
		rv = client_verdict(c, &r);
	client_close(&r);
	client_wipe(body);
	json_decref(rows);
	return rv;
}
