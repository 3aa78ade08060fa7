#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/lines.h"

int cmd_catalogue_adopt(struct cli *c)
{
	const char *path = cli_option(c, "lines");
	json_t *changes = NULL, *rows = NULL, *head;
	int rv = path ? lines_read(c, c->type, path, &changes, &rows) : EXIT_DONE;

	if (rv)
		return rv;
	head = cli_fields(c, c->type->head, c->type->nhead);
	return rows ? lines_record(c, head, changes, rows)
		    : client_record(c, c->type->name, head, changes);
}

static const char *until(const char *day)
{
	return day[0] ? day : say_text(M_NO_END);
}

static void print_adopted(const json_t *root)
{
	const json_t *filing = json_object_get(root, "filing");
	const char *state = client_str(filing, "state"), *text = client_str(filing, "text");

	SAY(stdout, M_ADOPTED, say_num(client_u64(root, "adopted")),
	    client_str(root, "adopted_from"), until(client_str(root, "adopted_to")));
	if (strcmp(state, "accepted") == 0)
		SAY(stdout, M_FILED, text, client_str(filing, "day"));
	else if (strcmp(state, "returned") == 0)
		SAY(stdout, M_FILING_RETURNED, client_str(filing, "day"), text);
	else
		SAY(stdout, strcmp(state, "none") ? M_FILING_SUBMITTED : M_FILING_NONE);
}

static void print_catalogue(const json_t *root)
{
	static const enum msg_id columns[] = {M_T_CODE,	 M_T_ITEM,     M_T_POINTS,  M_T_CAP,
					      M_T_SCOPE, M_T_EVIDENCE, M_T_DOCUMENT};
	bool en = say_lang() == LANG_EN;
	struct table t;
	const json_t *v;
	size_t i;

	SAY(stdout, M_CATALOGUE_HEAD, say_num(client_u64(root, "version")),
	    client_str(root, "title"), client_str(root, "from"), until(client_str(root, "to")));
	if (json_object_get(root, "adopted"))
		print_adopted(root);
	table_columns(&t, columns, 7);
	t.right[2] = t.right[3] = true;
	json_array_foreach (json_object_get(root, "items"), i, v) {
		const char *name = client_str(v, "name_en");
		char points[64];

		snprintf(points, sizeof(points), "%s%.60s",
			 strcmp(client_str(v, "sign"), "deduct") == 0 ? "-" : "",
			 client_str(v, "points"));
		table_cell(&t, client_str(v, "code"));
		table_cell(&t, en && name[0] ? name : client_str(v, "name_zh"));
		table_cell(&t, points);
		table_cell(&t, client_str(v, "cap"));
		table_cell(&t, cli_choice(&rec_lists[REC_LIST_SCOPE], client_str(v, "scope")));
		table_cell(&t, client_str(v, "evidence"));
		table_cell(&t,
			   strcmp(client_str(v, "document"), "yes") ? "" : say_text(M_DOCUMENT));
	}
	table_print(&t, stdout);
}

int cmd_catalogue_show(struct cli *c)
{
	const char *const params[] = {"version", cli_option(c, "version"), NULL};
	struct reply r = {0};
	int rv = client_query(c, "/api/v1/catalogue", params, &r);

	if (!rv)
		rv = client_result(c, &r);
	if (!rv && !c->json)
		print_catalogue(r.root);
	client_close(&r);
	return rv;
}
