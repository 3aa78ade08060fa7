#include "tools/cunzhang/lines.h"

#include <stdio.h>
#include <string.h>

#include "daemon/web/import/import.h"
#include "lib/look.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/files.h"
#include "tools/cunzhang/report.h"

/* --- what the node knows of households ------------------------------------------------------------------- */

struct known {
	const struct cli *c;
	bool asked;
	struct reply r, one; /* all households; one with its people */
	char path[64];	     /* of that one */
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

/* Those of the household asked for last. */
static int people_of(struct known *k, struct bytes household, const json_t **ret)
{
	static const char *const none[] = {NULL};
	char path[64];
	int rv = EXIT_DONE;

	snprintf(path, sizeof(path), "/api/v1/households/%.*s", (int)household.n, household.p);
	if (strcmp(path, k->path) != 0) {
		client_close(&k->one);
		snprintf(k->path, sizeof(k->path), "%s", path);
		rv = client_query(k->c, path, none, &k->one);
	}
	*ret = rv || k->one.status != 200 ? NULL : json_object_get(k->one.root, "people");
	return *ret ? ERR_OK : ERR_NOTFOUND;
}

static int find_member(void *ctx, struct bytes household, struct bytes name, uint32_t *ret)
{
	const json_t *people, *m;
	uint32_t found = 0;
	size_t i;
	int err = people_of(ctx, household, &people);

	json_array_foreach (people, i, m) {
		if (!look_same(bytes_str(client_str(m, "name")), name))
			continue;
		*ret = (uint32_t)client_u64(m, "member");
		found++;
	}
	if (err)
		return err;
	return found == 1 ? ERR_OK : found ? ERR_EXISTS : ERR_INVALID;
}

static int find_name(void *ctx, struct bytes household, uint64_t member, struct bytes *ret)
{
	const json_t *people, *m;
	size_t i;
	int err = people_of(ctx, household, &people);

	json_array_foreach (people, i, m) {
		if (client_u64(m, "member") != member)
			continue;
		*ret = bytes_str(client_str(m, "name"));
		return ERR_OK;
	}
	return err ? err : ERR_NOTFOUND;
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

/* That of the head of the record. */
static struct bytes household_of(const struct cli *c)
{
	for (uint32_t i = 0; i < c->type->nhead; i++)
		if (strcmp(c->type->head[i].name, "household") == 0)
			return bytes_str(cli_option(c, "household") ? cli_option(c, "household")
								    : "");
	return (struct bytes){NULL, 0};
}

int lines_read(const struct cli *c, const struct rec_type *t, const char *path, json_t **ret,
	       json_t **ret_rows)
{
	struct known known = {.c = c};
	struct import_lookup look = {.ctx = &known,
				     .head = find_head,
				     .near = find_near,
				     .member = find_member,
				     .name = find_name};
	struct import_opts o = {.accept = c->accept, .look = &look, .household = household_of(c)};
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
	client_close(&known.one);
	buf_close(&raw);
	return rv;
}

/* --- what the rules say of them ------------------------------------------------------------------------- */

/* Does a rule refuse a line that people gave? */
static bool line_refused(const struct reply *r)
{
	const json_t *v = json_object_get(r->root, "verdict");

	return r->status == 422 && client_line_given(r, client_u64(v, "line"));
}

/* Takes the line that is refused out of the body, with its row, and its verdict into @list. */
static void take_refused(const struct cli *c, const struct reply *r, json_t *body, json_t *list)
{
	json_t *v = json_deep_copy(json_object_get(r->root, "verdict"));
	size_t at = (size_t)client_line_given(r, client_u64(v, "line")) - 1;

	SAY(stderr, M_REFUSED, client_str(v, "rule"), client_str(v, "text"));
	json_object_del(v, "line"); /* of those that are left */
	json_object_set(v, "row", json_array_get(c->rows, at));
	json_array_append_new(list, v);
	json_array_remove(json_object_get(body, "lines"), at);
	json_array_remove(c->rows, at);
}

/* A rule names the first line that it refuses: the others are tried without it, and nothing is written any more, until
 * every one is named. */
static int name_others(const struct cli *c, const char *path, json_t *body, struct reply *r)
{
	json_t *first = json_incref(r->root), *list = json_array();
	int rv = EXIT_DONE;

	json_object_set_new(body, "dry_run", json_true());
	while (!rv && line_refused(r)) {
		take_refused(c, r, body, list);
		if (json_array_size(c->rows) == 0)
			break;
		client_close(r);
		*r = (struct reply){0};
		rv = client_post(c, path, json_deep_copy(body), r);
		client_name_rows(c, r);
	}
	SAY(stderr, M_ROWS_REFUSED, say_num(json_array_size(list)));
	json_object_set_new(first, "refused", list);
	if (c->json)
		cli_print_json(first);
	json_decref(first);
	return rv ? rv : EXIT_REFUSED;
}

static int write_rows(struct cli *c, json_t *body, struct reply *r)
{
	json_t *again = json_deep_copy(body);
	char path[64];
	int rv = client_write(c, c->type->name, body, r);

	snprintf(path, sizeof(path), "/api/v1/records/%s", c->type->name);
	if (!rv && line_refused(r))
		rv = name_others(c, path, again, r);
	else if (!rv)
		rv = client_verdict(c, r);
	client_wipe(again);
	return rv;
}

int lines_record(struct cli *c, json_t *record, json_t *lines, json_t *rows)
{
	json_t *body = json_object();
	struct reply r = {0};
	int rv = client_sign(c, body, "passphrase");

	c->rows = rows;
	client_fill(c, body, record, lines);
	if (!rv)
		rv = files_record(c, c->type, body);
	if (rv)
		client_wipe(body);
	else
		rv = write_rows(c, body, &r);
	client_close(&r);
	json_decref(rows);
	c->rows = NULL;
	return rv;
}
