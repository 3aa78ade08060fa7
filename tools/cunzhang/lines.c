#include "tools/cunzhang/lines.h"

#include <string.h>

#include "daemon/io/file.h"
#include "daemon/web/csv.h"
#include "daemon/web/encoding.h"
#include "lib/text.h"

#define LINES_FILE_MAX ((size_t)1 << 20)

static const struct rec_field *field_of(const struct rec_type *t, const struct csv_cell *c)
{
	for (uint32_t i = 0; i < t->nline; i++) {
		const struct rec_field *f = &t->line[i];

		if (str_eq(c->p, c->n, f->name) || str_eq(c->p, c->n, f->zh) ||
		    str_eq(c->p, c->n, f->en))
			return f;
	}
	return NULL;
}

static int read_header(const struct rec_type *t, const struct csv *c, const char *path,
		       const struct rec_field *field[CSV_COLUMNS_MAX])
{
	char name[64];

	for (uint32_t i = 0; i < c->ncells; i++) {
		field[i] = field_of(t, &c->cell[i]);
		if (field[i])
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)utf8_cut(c->cell[i].p, c->cell[i].n, sizeof(name) - 1), c->cell[i].p);
		SAY(stderr, M_LINES_COLUMN, path, name);
		for (uint32_t j = 0; j < t->nline; j++)
			SAY(stderr, M_FIELD, t->line[j].name,
			    say_lang() == LANG_EN ? t->line[j].en : t->line[j].zh);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static bool is_empty(const struct csv *c)
{
	return c->ncells == 1 && c->cell[0].n == 0;
}

static json_t *read_row(const struct csv *c, const struct rec_field *const *field, uint32_t n)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < c->ncells && i < n; i++)
		if (c->cell[i].n)
			json_object_set_new(o, field[i]->name,
					    json_stringn(c->cell[i].p, c->cell[i].n));
	return o;
}

static int read_text(const struct rec_type *t, const char *path, struct buf *text, json_t *rows)
{
	const struct rec_field *field[CSV_COLUMNS_MAX];
	struct csv c;
	uint32_t n = 0;
	int got, rv = EXIT_DONE;

	csv_open(&c, (char *)text->p, text->n);
	while (!rv && (got = csv_next(&c)) == 1) {
		if (is_empty(&c))
			continue;
		if (n == 0) {
			rv = read_header(t, &c, path, field);
			n = c.ncells;
		} else if (c.ncells > n) {
			SAY(stderr, M_LINES_CELLS, path, say_num(c.row), say_num(n));
			rv = EXIT_USAGE;
		} else {
			json_array_append_new(rows, read_row(&c, field, n));
		}
	}
	if (!rv && got < 0) {
		SAY(stderr, M_LINES_BROKEN, path, say_num(c.row));
		rv = EXIT_USAGE;
	}
	return rv;
}

int lines_read(const struct rec_type *t, const char *path, json_t **ret)
{
	struct buf raw = {0}, text = {0};
	struct errmsg msg = {0};
	enum encoding enc = ENCODING_UTF8;
	uint32_t line = 0;
	json_t *rows = json_array();
	int rv = EXIT_DONE;

	if (file_read(path, LINES_FILE_MAX, &raw, &msg)) {
		SAY(stderr, M_FILE_READ, path, msg.text);
		rv = EXIT_MACHINE;
	} else if (encoding_to_utf8(raw.p, raw.n, &text, &enc, &line)) {
		SAY(stderr, M_LINES_ENCODING, path);
		rv = EXIT_USAGE;
	} else {
		rv = read_text(t, path, &text, rows);
	}
	buf_close(&raw);
	buf_close(&text);
	if (rv)
		json_decref(rows);
	else
		*ret = rows;
	return rv;
}
