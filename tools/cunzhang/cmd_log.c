#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

#define LOG_MAX 200 /* of one answer */

static void print_fields(const struct rec_field *f, uint32_t n, const json_t *values)
{
	for (uint32_t i = 0; i < n; i++) {
		const json_t *v = json_object_get(values, f[i].name);
		const char *text = json_string_value(v);
		const char *label = say_lang() == LANG_EN ? f[i].en : f[i].zh;

		if (json_is_integer(v))
			text = say_num((uint64_t)json_integer_value(v));
		if (text && f[i].choices)
			text = cli_choice(f[i].choices, text);
		if (text && text[0])
			SAY(stdout, M_FIELD, label, text);
	}
}

static void print_full(const json_t *item)
{
	const struct rec_type *t = rec_type_named(client_str(item, "type"));
	const json_t *l, *w;
	size_t i;

	json_array_foreach (json_object_get(item, "warnings"), i, w) {
		SAY(stdout, M_WARNING, client_str(w, "rule"), client_str(w, "text"));
	}
	SAY(stdout, M_FIELD, say_text(M_T_ID), client_str(item, "id"));
	SAY(stdout, M_FIELD, say_text(M_T_LEAF), client_str(item, "leaf_hash"));
	if (!t)
		return;
	print_fields(t->head, t->nhead, json_object_get(item, "record"));
	json_array_foreach (json_object_get(item, "lines"), i, l) {
		SAY(stdout, M_LINE_NUMBER, say_num(i + 1));
		print_fields(t->line, t->nline, l);
	}
}

/* What is accepted has no rule to name. */
static void put_verdict(struct table *t, const json_t *v)
{
	const char *words[] = {client_str(v, "rule"), client_str(v, "text")};
	struct buf b = {0};

	if (json_is_true(json_object_get(v, "accepted")))
		buf_puts(&b, words[1]);
	else
		say_put(&b, say_lang(), M_VERDICT, words, 2);
	table_cell(t, buf_str(&b));
	buf_close(&b);
}

static void log_row(struct table *t, const json_t *v)
{
	size_t lines = json_array_size(json_object_get(v, "lines"));

	table_cell(t, say_num(client_u64(v, "entry")));
	table_cell(t, client_str(v, "time"));
	table_cell(t, client_str(v, "type_text"));
	table_cell(t, lines ? say_num(lines) : "");
	table_cell(t, client_str(v, "author"));
	put_verdict(t, json_object_get(v, "verdict"));
}

static void log_table(struct table *t)
{
	static const enum msg_id columns[] = {M_T_ENTRY, M_T_TIME,   M_T_TYPE,
					      M_T_LINES, M_T_AUTHOR, M_T_VERDICT};

	table_columns(t, columns, 6);
	t->right[0] = t->right[3] = true;
}

static void print_log(const json_t *root, bool full)
{
	struct table t;
	const json_t *v;
	size_t i = 0;

	if (!full)
		log_table(&t);
	json_array_foreach (json_object_get(root, "items"), i, v) {
		if (full)
			log_table(&t);
		log_row(&t, v);
		if (!full)
			continue;
		table_print(&t, stdout);
		print_full(v);
	}
	if (!full)
		table_print(&t, stdout);
	else if (!i)
		printf("%s\n", say_text(M_NONE));
}

int cmd_log(struct cli *c)
{
	const char *const params[] = {"from", cli_option(c, "from"), "n", cli_option(c, "count"),
				      NULL};
	struct reply r = {0};
	int rv;

	if (!cli_number_ok("--from", params[1], INT64_MAX) ||
	    !cli_number_ok("--count", params[3], LOG_MAX))
		return EXIT_USAGE;
	rv = client_query(c, "/api/v1/log", params, &r);
	if (!rv)
		rv = client_result(c, &r);
	if (!rv && !c->json)
		print_log(r.root, cli_switch(c, "full"));
	client_close(&r);
	return rv;
}
