#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

int cmd_entry_record(struct cli *c)
{
	const struct rec_type *t = rec_type_of(REC_points);
	const char *file = cli_option(c, "file");
	json_t *line = cli_fields(c, t->line, t->nline);

	if (file)
		json_object_set_new(line, "digest", json_string(file));
	if (!json_object_get(line, "member")) /* the household as a whole */
		json_object_set_new(line, "member", json_integer(0));
	return client_record(c, t->name, cli_fields(c, t->head, t->nhead), json_pack("[o]", line));
}

int cmd_entry_reverse(struct cli *c)
{
	const struct rec_type *t = rec_type_of(REC_reversal);
	json_t *record = cli_fields(c, t->head, t->nhead);

	json_object_set_new(record, "entry", json_string(c->args[0]));
	if (!cli_ask(c, M_ASK_REVERSE, c->args[0])) {
		json_decref(record);
		return EXIT_REFUSED;
	}
	return client_record(c, t->name, record, NULL);
}

/* --- what waits ---------------------------------------------------------------------------------- */

/* "D201 乱倒垃圾", and what it takes with a minus. */
static void list_item(struct table *t, const json_t *l)
{
	bool deduct = json_is_true(json_object_get(l, "deduct"));
	struct buf b = {0};

	buf_printf(&b, "%s %s", client_str(l, "item"), client_str(l, "item_name"));
	table_cell(t, buf_str(&b));
	buf_close(&b);
	b = (struct buf){0};
	buf_printf(&b, "%s%s", deduct ? "-" : "", client_str(l, "points"));
	table_cell(t, buf_str(&b));
	buf_close(&b);
}

static void list_lines(struct table *t, const json_t *item, enum msg_id state)
{
	const json_t *l;
	size_t i;

	json_array_foreach (json_object_get(item, "lines"), i, l) {
		table_cell(t, say_num(client_u64(item, "entry")));
		table_cell(t, say_num(client_u64(l, "line")));
		table_cell(t, say_text(state));
		table_cell(t, client_str(l, "household"));
		table_cell(t, client_str(l, "name"));
		list_item(t, l);
		table_cell(t, client_str(l, "day"));
		table_cell(t, client_str(item, "recorder"));
		table_cell(t, client_str(l, "reason"));
	}
}

static int list_state(struct cli *c, const char *state, enum msg_id label, struct table *t,
		      json_t *all)
{
	const char *const params[] = {"state", state, NULL};
	struct reply r = {0};
	json_t *v;
	size_t i;
	int rv = client_query(c, "/api/v1/waiting", params, &r);

	if (!rv && r.status != 200)
		rv = client_result(c, &r);
	if (!rv) {
		json_array_foreach (json_object_get(r.root, "items"), i, v) {
			json_object_set_new(v, "state", json_string(state));
			json_array_append(all, v);
			list_lines(t, v, label);
		}
	}
	client_close(&r);
	return rv;
}

int cmd_entry_list(struct cli *c)
{
	static const enum msg_id columns[] = {M_T_ENTRY,    M_T_LINE,  M_T_STATE,  M_T_HOUSEHOLD,
					      M_T_MEMBER,   M_T_ITEM,  M_T_POINTS, M_T_DAY,
					      M_T_RECORDER, M_T_REASON};
	const char *state = cli_option(c, "state");
	json_t *all = json_array();
	struct table t;
	int rv = EXIT_DONE;

	table_columns(&t, columns, 10);
	t.right[0] = t.right[1] = t.right[6] = true;
	if (!state || strcmp(state, "recorded") == 0)
		rv = list_state(c, "recorded", M_STATE_RECORDED, &t, all);
	if (!rv && (!state || strcmp(state, "recorded") != 0))
		rv = list_state(c, state ? state : "reviewed", M_STATE_REVIEWED, &t, all);
	if (!rv && c->json) {
		cli_print_json(all);
	}
	if (!rv && !c->json)
		table_print(&t, stdout);
	buf_close(&t.cells);
	json_decref(all);
	return rv;
}
