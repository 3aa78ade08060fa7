#include <string.h>

#include "daemon/web/api/recjson.h"
#include "tools/cunzhang/columns.h"
#include "tools/cunzhang/sheet.h"

/* Empty tables to be filled in, and the names of their columns: all from the descriptions that the reader has. */

#define EXAMPLE_MARK "例：" /* the reader steps over such a row */

static const struct rec_field *field_of(const struct rec_type *t, const char *name)
{
	for (uint32_t i = 0; i < t->nline; i++)
		if (strcmp(t->line[i].name, name) == 0)
			return &t->line[i];
	for (uint32_t i = 0; i < t->nhead; i++)
		if (strcmp(t->head[i].name, name) == 0)
			return &t->head[i];
	return NULL;
}

static const struct rec_type *type_of(const struct import_table_def *def)
{
	static const uint16_t types[IMPORT_KINDS] = {[IMPORT_ROSTER] = REC_household,
						     [IMPORT_CATALOGUE] = REC_catalogue,
						     [IMPORT_ENTRIES] = REC_points};

	for (uint32_t i = 0; i < IMPORT_KINDS; i++)
		if (def == &import_tables[i])
			return rec_type_of(types[i]);
	return rec_type_named(def->name);
}

void columns_explain(const struct import_column *col, const struct rec_type *t, struct buf *out)
{
	const char *text = say_lang() == LANG_EN ? col->en : col->zh;
	const struct rec_field *f = field_of(t, col->field);

	if (f && (!text[0] || text == f->en || text == f->zh))
		recjson_expects(f, say_lang(), out);
	else
		buf_puts(out, text);
}

static const char *use_of(const struct import_table_def *def, const struct import_column *col,
			  const struct rec_type *t)
{
	const struct rec_field *f = field_of(t, col->field);

	if (col->use == IMPORT_PEOPLE)
		return say_text(M_COLUMN_PEOPLE);
	if (col->use == IMPORT_NEEDED || (def->labels && f && !rec_optional(f)))
		return say_text(M_COLUMN_NEEDED);
	return "";
}

static void print_columns(const struct import_table_def *def)
{
	const struct rec_type *type = type_of(def);
	struct table t;

	table_begin(&t, 3);
	for (uint32_t i = 0; i < def->n; i++) {
		struct buf b = {0};

		buf_printf(&b, "  %s", def->column[i].name);
		table_cell(&t, buf_str(&b));
		table_cell(&t, use_of(def, &def->column[i], type));
		buf_reset(&b);
		columns_explain(&def->column[i], type, &b);
		table_cell(&t, buf_str(&b));
		buf_close(&b);
	}
	table_print(&t, stdout);
}

void columns_help(const struct command *cmd)
{
	for (uint32_t i = 0; i < IMPORT_KINDS; i++) {
		static int (*const commands[IMPORT_KINDS])(
			struct cli *) = {[IMPORT_ROSTER] = cmd_roster_import,
					 [IMPORT_CATALOGUE] = cmd_catalogue_import,
					 [IMPORT_ENTRIES] = cmd_entry_import};

		if (cmd->run != commands[i])
			continue;
		putchar('\n');
		SAY(stdout, M_COLUMNS_ARE, import_tables[i].name);
		print_columns(&import_tables[i]);
	}
}

/* --- the file ------------------------------------------------------------------------------------------- */

static json_t *example_row(const struct import_table_def *def, const struct rec_type *t)
{
	json_t *row = json_array();

	for (uint32_t i = 0; i < def->n; i++) {
		const struct import_column *col = &def->column[i];
		const struct rec_field *f = field_of(t, col->field);
		struct buf b = {0};

		buf_puts(&b, i ? "" : EXAMPLE_MARK);
		if (col->example[0])
			buf_puts(&b, col->example);
		else if (def->labels && f)
			rec_example(f, LANG_ZH, &b);
		json_array_append_new(row, json_string(buf_str(&b)));
		buf_close(&b);
	}
	return row;
}

static json_t *help_rows(const struct import_table_def *def, const struct rec_type *t)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < def->n; i++) {
		struct buf b = {0};

		columns_explain(&def->column[i], t, &b);
		json_array_append_new(rows, json_pack("[s,s,s,s]", def->column[i].name,
						      use_of(def, &def->column[i], t), buf_str(&b),
						      def->column[i].example));
		buf_close(&b);
	}
	return rows;
}

static int write_template(const struct cli *c, const struct import_table_def *def)
{
	const struct rec_type *t = type_of(def);
	const char *path = cli_option(c, "out");
	struct sheet table = {.title = says_in(def->title, say_lang()),
			      .columns = def->n,
			      .rows = json_pack("[o]", example_row(def, t))},
		     help = {.title = say_text(M_TEMPLATE_HELP),
			     .columns = 4,
			     .label = {say_text(M_TEMPLATE_COLUMN), say_text(M_TEMPLATE_USE),
				       say_text(M_TEMPLATE_TEXT), say_text(M_TEMPLATE_EXAMPLE)},
			     .rows = help_rows(def, t)};
	int rv;

	for (uint32_t i = 0; i < def->n; i++)
		table.label[i] = def->column[i].name;
	rv = sheet_template(&table, &help, path);
	if (!rv && c->json)
		printf("{\"file\": true, \"columns\": %u}\n", def->n);
	else if (!rv) {
		SAY(stdout, M_TEMPLATE_WRITTEN, path);
		if (!sheet_is_xlsx(path))
			print_columns(def);
	}
	json_decref(table.rows);
	json_decref(help.rows);
	return rv;
}

static int unknown(const char *name)
{
	SAY(stderr, M_TEMPLATE_UNKNOWN, name);
	for (uint32_t i = 0; i < IMPORT_KINDS; i++)
		SAY(stderr, M_FIELD, import_tables[i].name,
		    says_in(import_tables[i].title, say_lang()));
	for (uint32_t i = 0; i < rec_ntypes; i++)
		if (rec_types[i].line)
			SAY(stderr, M_FIELD, rec_types[i].name,
			    say_lang() == LANG_EN ? rec_types[i].en : rec_types[i].zh);
	return EXIT_USAGE;
}

int cmd_template(struct cli *c)
{
	const char *name = c->args[0];
	struct import_lines_def lines;
	int rv;

	for (uint32_t i = 0; i < IMPORT_KINDS; i++)
		if (strcmp(import_tables[i].name, name) == 0)
			return write_template(c, &import_tables[i]);
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		char option[CLI_FIELD_MAX];

		if (!rec_types[i].line ||
		    (strcmp(name, rec_types[i].name) != 0 &&
		     strcmp(name, cli_option_name(rec_types[i].name, option)) != 0))
			continue;
		if (import_lines_def(&rec_types[i], say_lang(), &lines))
			return CLI_FAIL(c, "ERR_NOMEM", M_NO_MEMORY);
		rv = write_template(c, &lines.def);
		import_lines_def_close(&lines);
		return rv;
	}
	return unknown(name);
}
