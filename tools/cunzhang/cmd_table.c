#include <string.h>

#include "daemon/ledger/query/view.h"
#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/sheet.h"

/* Statistics and registers: on the terminal, as JSON, or as a file for spreadsheets. */

static int give(const struct cli *c, const struct sheet *s)
{
	const char *csv = cli_option(c, "csv"), *xlsx = cli_option(c, "xlsx");
	int rv = EXIT_DONE;

	if (csv)
		rv = sheet_csv(s, csv);
	if (!rv && xlsx)
		rv = sheet_xlsx(s, xlsx);
	if (c->json)
		return rv;
	if (!rv && !csv && !xlsx)
		sheet_print(s);
	if (!rv && csv)
		SAY(stdout, M_WROTE_FILE, csv);
	if (!rv && xlsx)
		SAY(stdout, M_WROTE_FILE, xlsx);
	return rv;
}

/* --- statistics ------------------------------------------------------------------------------------ */
static void take_columns(struct sheet *s, const json_t *columns)
{
	const json_t *v;
	size_t i;

	json_array_foreach (columns, i, v) {
		if (s->columns == SHEET_COLUMNS_MAX)
			return;
		s->label[s->columns] = client_str(v, "label");
		s->right[s->columns++] = json_is_true(json_object_get(v, "right"));
	}
}

/* Names with their titles, to be ended by list_end. */
struct listing {
	json_t *all;
	struct table t;
};

static void list_begin(struct listing *l)
{
	l->all = json_array();
	table_begin(&l->t, 2);
}

static void list_add(struct listing *l, const char *key, const char *name, const char *title)
{
	table_cell(&l->t, name);
	table_cell(&l->t, title);
	json_array_append_new(l->all, json_pack("{s:s, s:s}", key, name, "title", title));
}

static int list_end(const struct cli *c, struct listing *l)
{
	if (c->json) {
		cli_print_json(l->all);
		buf_close(&l->t.cells);
	} else {
		table_print(&l->t, stdout);
	}
	json_decref(l->all);
	return EXIT_DONE;
}

static int list_tables(const struct cli *c)
{
	struct listing l;

	list_begin(&l);
	for (uint32_t i = 0; i < VIEWS_N; i++)
		list_add(&l, "table", views[i].name,
			 say_lang() == LANG_EN ? views[i].en : views[i].zh);
	return list_end(c, &l);
}

static int show_table(struct cli *c, const char *name, const char *const *params)
{
	struct sheet s = {0};
	struct buf path = {0};
	struct reply r = {0};
	int rv;

	buf_puts(&path, "/api/v1/tables/");
	buf_puts(&path, name);
	rv = cli_word_ok(name) ? client_query(c, buf_str(&path), params, &r) : EXIT_USAGE;
	buf_close(&path);
	if (!rv)
		rv = client_result(c, &r);
	if (!rv) {
		s.title = client_str(r.root, "title");
		s.rows = json_object_get(r.root, "rows");
		take_columns(&s, json_object_get(r.root, "columns"));
		rv = give(c, &s);
	}
	client_close(&r);
	return rv;
}

int cmd_table(struct cli *c)
{
	const char *const params[] = {
		"from",	    cli_option(c, "from"),     "to",	    cli_option(c, "to"),
		"category", cli_option(c, "category"), "household", cli_option(c, "household"),
		"year",	    cli_option(c, "year"),     NULL};

	return c->nargs ? show_table(c, c->args[0], params) : list_tables(c);
}

/* --- registers ------------------------------------------------------------------------------------- */
static int list_registers(const struct cli *c)
{
	struct listing l;

	list_begin(&l);
	for (uint32_t i = 0; i < rec_ntypes; i++)
		if (rec_types[i].listed || rec_types[i].code == REC_household)
			list_add(&l, "type", rec_types[i].name,
				 say_lang() == LANG_EN ? rec_types[i].en : rec_types[i].zh);
	return list_end(c, &l);
}

static void add_column(struct sheet *s, const char *label, bool right)
{
	if (s->columns == SHEET_COLUMNS_MAX)
		return;
	s->label[s->columns] = label;
	s->right[s->columns++] = right;
}

static void add_fields(struct sheet *s, const struct rec_field *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		add_column(s, say_lang() == LANG_EN ? f[i].en : f[i].zh, rec_is_number(&f[i]));
}

static void put_values(json_t *row, const struct rec_field *f, uint32_t n, const json_t *values)
{
	for (uint32_t i = 0; i < n; i++) {
		json_t *v = json_object_get(values, f[i].name);

		if (f[i].choices && json_is_string(v))
			json_array_append_new(
				row, json_string(cli_choice(f[i].choices, json_string_value(v))));
		else
			json_array_append(row, v ? v : json_null());
	}
}

/* One row, or one per line with the head before each. */
static void put_item(const struct rec_type *t, const json_t *item, const json_t *line, json_t *rows)
{
	json_t *row = json_array(), *by = json_object_get(item, "settled_by");

	json_array_append(row, json_object_get(item, "entry"));
	json_array_append(row, json_object_get(item, "time"));
	json_array_append(row, json_object_get(item, "author"));
	json_array_append(row, by ? by : json_null());
	put_values(row, t->head, t->nhead, json_object_get(item, "record"));
	if (t->line)
		put_values(row, t->line, t->nline, line);
	json_array_append_new(rows, row);
}

static void put_items(const struct rec_type *t, const json_t *items, json_t *rows)
{
	const json_t *item, *line;
	size_t i, j;

	json_array_foreach (items, i, item) {
		const json_t *lines = json_object_get(item, "lines");

		if (json_array_size(lines) == 0)
			put_item(t, item, NULL, rows);
		json_array_foreach (lines, j, line)
			put_item(t, item, line, rows);
	}
}

/* All pages of the register. */
static int read_register(const struct cli *c, const struct rec_type *t, json_t *rows, json_t *all)
{
	const char *from = NULL;
	char next[32];
	int rv = EXIT_DONE;

	do {
		const char *const params[] = {"from", from, NULL};
		struct buf path = {0};
		struct reply r = {0};
		json_t *more;

		buf_puts(&path, "/api/v1/registers/");
		buf_puts(&path, t->name);
		rv = client_query(c, buf_str(&path), params, &r);
		buf_close(&path);
		if (!rv && r.status != 200)
			rv = client_result(c, &r);
		from = NULL;
		if (!rv) {
			json_array_extend(all, json_object_get(r.root, "items"));
			put_items(t, json_object_get(r.root, "items"), rows);
			more = json_object_get(r.root, "next");
			if (json_is_integer(more)) {
				snprintf(next, sizeof(next), "%lld",
					 (long long)json_integer_value(more));
				from = next;
			}
		}
		client_close(&r);
	} while (!rv && from);
	return rv;
}

int cmd_register(struct cli *c)
{
	static const char *const everybody[] = {"all", "1", NULL};
	struct sheet s = {0};
	const struct rec_type *t;
	json_t *all;
	int rv;

	if (c->nargs == 0)
		return list_registers(c);
	t = cli_type(c->args[0]);
	if (!t)
		return EXIT_USAGE;
	if (!t->listed) /* too many for a register: a table leads to them */
		return show_table(c, t->code == REC_household ? "accounts" : "ledger",
				  t->code == REC_household ? everybody : everybody + 2);
	s.title = say_lang() == LANG_EN ? t->en : t->zh;
	s.rows = json_array();
	add_column(&s, say_text(M_T_ENTRY), true);
	add_column(&s, say_text(M_T_TIME), false);
	add_column(&s, say_text(M_T_AUTHOR), false);
	add_column(&s, say_text(M_T_SETTLED), true);
	add_fields(&s, t->head, t->nhead);
	if (t->line)
		add_fields(&s, t->line, t->nline);
	all = json_array();
	rv = read_register(c, t, s.rows, all);
	if (!rv && c->json)
		cli_print_json(all);
	if (!rv)
		rv = give(c, &s);
	json_decref(all);
	json_decref(s.rows);
	return rv;
}
