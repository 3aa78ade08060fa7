#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/sheet.h"

/* The sheet of an inspection round: a row for every household of a group that takes part and is here, in the
 * columns that `entry import` reads. It is marked up in a spreadsheet; whoever did not pass is a row deleted. */

/* The head is there for whoever walks round with the sheet: with a name under 姓名, the line would be that
 * person's and not the household's. */
static const char *const columns[] = {"发生日期", "户编号", "户主", "姓名",
				      "事项编码", "地点",   "事由", "证明材料"};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void put_row(const struct cli *c, const json_t *h, json_t *rows)
{
	const char *const cells[COLUMNS] = {cli_option(c, "day"),	client_str(h, "household"),
					    client_str(h, "head_name"), "",
					    cli_option(c, "item"),	cli_option(c, "place"),
					    cli_option(c, "reason"),	cli_option(c, "evidence")};
	json_t *row = json_array();

	for (size_t i = 0; i < COLUMNS; i++)
		json_array_append_new(row, json_string(cells[i]));
	json_array_append_new(rows, row);
}

static bool is_here(const struct cli *c, const json_t *h)
{
	return strcmp(client_str(h, "group"), cli_option(c, "group")) == 0 &&
	       json_is_true(json_object_get(h, "takes_part")) && !client_str(h, "left_day")[0] &&
	       client_u64(h, "present") > 0;
}

static int write_sheet(const struct cli *c, const struct reply *r)
{
	const char *path = cli_option(c, "out");
	struct sheet s = {.columns = COLUMNS, .rows = json_array()};
	const json_t *h;
	size_t i;
	int rv;

	memcpy(s.label, columns, sizeof(columns));
	json_array_foreach (json_object_get(r->root, "items"), i, h) {
		if (is_here(c, h))
			put_row(c, h, s.rows);
	}
	if (json_array_size(s.rows) == 0) {
		SAY(stderr, M_GROUP_EMPTY, cli_option(c, "group"));
		rv = EXIT_REFUSED;
	} else {
		rv = sheet_csv(&s, path);
	}
	if (!rv && c->json)
		printf("{\"file\": true, \"rows\": %zu}\n", json_array_size(s.rows));
	else if (!rv)
		SAY(stdout, M_SHEET_WRITTEN, path, say_num(json_array_size(s.rows)));
	json_decref(s.rows);
	return rv;
}

int cmd_entry_sheet(struct cli *c)
{
	static const char *const none[] = {NULL};
	struct reply r = {0};
	int rv = client_query(c, "/api/v1/accounts", none, &r);

	if (!rv && r.status != 200)
		rv = client_result(c, &r);
	if (!rv)
		rv = write_sheet(c, &r);
	client_close(&r);
	return rv;
}
