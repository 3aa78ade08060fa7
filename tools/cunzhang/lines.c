#include "tools/cunzhang/lines.h"

#include <string.h>

#include "daemon/web/import/csv.h"
#include "daemon/web/import/encoding.h"
#include "daemon/web/import/import_table.h"
#include "lib/text.h"

#define LINES_FILE_MAX ((size_t)1 << 20)

#define NAME_BYTES_MAX 128

/* A header or a label without spaces, full-width forms, capitals and joining marks; without what stands in
 * brackets, too, if @short_form. "" when it is too long to be one. */
static void plain(const char *p, size_t n, bool short_form, char out[NAME_BYTES_MAX])
{
	size_t len = n < NAME_BYTES_MAX
			     ? import_squeeze((struct bytes){(const uint8_t *)p, n}, (uint8_t *)out)
			     : 0,
	       to = 0;

	for (size_t i = 0; i < len && !(short_form && out[i] == '('); i++) {
		char c = out[i];

		if (c != '_' && c != '-')
			out[to++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[to] = '\0';
}

static bool is_called(const struct rec_field *f, const char *header, bool short_form)
{
	const char *const names[] = {f->name, f->zh, f->en};
	char name[NAME_BYTES_MAX];

	for (size_t i = 0; header[0] && i < sizeof(names) / sizeof(names[0]); i++) {
		plain(names[i], strlen(names[i]), short_form, name);
		if (strcmp(name, header) == 0)
			return true;
	}
	return false;
}

/* What people call the file that a line names. */
static bool is_file_word(const char *header)
{
	char word[NAME_BYTES_MAX + 2];

	snprintf(word, sizeof(word), "|%s|", header);
	return header[0] && strstr(IMPORT_FILE_WORDS, word);
}

/* By its whole name or label first; a short form counts when it can be only one. */
static const struct rec_field *field_of(const struct rec_type *t, const struct csv_cell *c)
{
	const struct rec_field *found = NULL;
	char header[NAME_BYTES_MAX], brief[NAME_BYTES_MAX];
	uint32_t n = 0;

	plain(c->p, c->n, false, header);
	plain(c->p, c->n, true, brief);
	for (uint32_t i = 0; i < t->nline; i++)
		if (is_called(&t->line[i], header, false))
			return &t->line[i];
	for (uint32_t i = 0; i < t->nline; i++) {
		const struct rec_field *f = &t->line[i];

		if (is_called(f, brief, true) || (f->kind == REC_DIGEST && is_file_word(brief))) {
			found = f;
			n++;
		}
	}
	return n == 1 ? found : NULL;
}

static void say_columns(const struct rec_type *t)
{
	for (uint32_t i = 0; i < t->nline; i++)
		SAY(stderr, M_FIELD, t->line[i].name,
		    say_lang() == LANG_EN ? t->line[i].en : t->line[i].zh);
}

static int read_header(const struct rec_type *t, const struct csv *c, uint32_t n, const char *path,
		       const struct rec_field *field[CSV_COLUMNS_MAX])
{
	char name[64];

	for (uint32_t i = 0; i < n; i++) {
		bool twice = false;

		field[i] = field_of(t, &c->cell[i]);
		for (uint32_t j = 0; j < i; j++)
			twice = twice || (field[i] && field[j] == field[i]);
		if (field[i] && !twice)
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)utf8_cut(c->cell[i].p, c->cell[i].n, sizeof(name) - 1), c->cell[i].p);
		SAY(stderr, twice ? M_LINES_TWICE : M_LINES_COLUMN, path, name);
		if (!twice)
			say_columns(t);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* The bytes of a space that a spreadsheet or a clerk leaves at @p: also a wide one and one that does not
 * break; 0: none. */
static size_t space_at(const char *p, size_t n)
{
	if (n >= 1 && (p[0] == ' ' || p[0] == '\t'))
		return 1;
	if (n >= 2 && memcmp(p, "\xc2\xa0", 2) == 0)
		return 2;
	return n >= 3 && memcmp(p, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

static struct csv_cell trimmed(struct csv_cell c)
{
	size_t k;

	while ((k = space_at(c.p, c.n))) {
		c.p += k;
		c.n -= k;
	}
	for (k = 1; k <= 3 && k <= c.n; k++)
		if (space_at(c.p + c.n - k, k) == k) {
			c.n -= k;
			k = 0;
		}
	return c;
}

/* A spreadsheet writes the empty columns behind a table that something once stood in. */
static uint32_t columns_of(const struct csv *c)
{
	uint32_t n = c->ncells;

	while (n && !trimmed(c->cell[n - 1]).n)
		n--;
	return n;
}

static json_t *read_row(const struct csv *c, const struct rec_field *const *field, uint32_t n)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < n; i++) {
		struct csv_cell cell = trimmed(c->cell[i]);

		if (cell.n)
			json_object_set_new(o, field[i]->name, json_stringn(cell.p, cell.n));
	}
	return o;
}

static int read_text(const struct rec_type *t, const char *path, struct buf *text, json_t *rows)
{
	const struct rec_field *field[CSV_COLUMNS_MAX];
	struct csv c;
	uint32_t columns, n = 0;
	int got, rv = EXIT_DONE;

	csv_open(&c, (char *)text->p, text->n);
	while (!rv && (got = csv_next(&c)) == 1) {
		columns = columns_of(&c);
		if (columns == 0)
			continue;
		if (n == 0) {
			rv = read_header(t, &c, columns, path, field);
			n = columns;
		} else if (columns > n) {
			SAY(stderr, M_LINES_CELLS, path, say_num(c.row), say_num(n));
			rv = EXIT_USAGE;
		} else {
			json_array_append_new(rows, read_row(&c, field, columns));
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
	enum encoding enc = ENCODING_UTF8;
	uint32_t line = 0;
	json_t *rows = json_array();
	int rv;

	rv = cli_read_file(path, LINES_FILE_MAX, &raw);
	if (!rv && encoding_to_utf8(raw.p, raw.n, &text, &enc, &line)) {
		SAY(stderr, M_LINES_ENCODING, path);
		rv = EXIT_USAGE;
	} else if (!rv) {
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
