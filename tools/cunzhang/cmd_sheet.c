#include <string.h>
#include <time.h>

#include "daemon/ledger/rules/people/eligible.h"
#include "daemon/ledger/state/placeholder.h"
#include "lib/date.h"
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

static void put_row(const struct cli *c, const json_t *h, const char *day, json_t *rows)
{
	const char *const cells[COLUMNS] = {day,
					    client_str(h, "household"),
					    client_str(h, "head_name"),
					    "",
					    cli_option(c, "item"),
					    cli_option(c, "place"),
					    cli_option(c, "reason"),
					    cli_option(c, "evidence")};
	json_t *row = json_array();

	for (size_t i = 0; i < COLUMNS; i++)
		json_array_append_new(row, json_string(cells[i]));
	json_array_append_new(rows, row);
}

/* Days are written so that the earlier one comes first among texts. */
static bool since(const json_t *h, const char *key, const char *day)
{
	return strcmp(client_str(h, key), day) <= 0;
}

/* It was here and took part on that day already. */
static bool is_here(const struct cli *c, const json_t *h, const char *day)
{
	return strcmp(client_str(h, "group"), cli_option(c, "group")) == 0 &&
	       json_is_true(json_object_get(h, "takes_part")) && !client_str(h, "left_day")[0] &&
	       client_u64(h, "present") > 0 && since(h, "consent_day", day) &&
	       since(h, "began_day", day);
}

static day_t day_of(const json_t *o, const char *key)
{
	const char *text = client_str(o, key);
	day_t day = DAY_NONE;

	day_parse(text, strlen(text), &day);
	return day;
}

static bool any_may(const json_t *people, day_t day)
{
	const json_t *p;
	size_t i;

	json_array_foreach (people, i, p) {
		struct state_member m = {.other_hukou =
						 strcmp(client_str(p, "hukou"), "other") == 0,
					 .since = day_of(p, "since"),
					 .agreed = day_of(p, "agreed"),
					 .left = day_of(p, "left_day"),
					 .death = day_of(p, "death_day")};

		if (eligible_person(&m, day))
			return true;
	}
	return false;
}

/* One whose people are all registered elsewhere, and not resident for long enough, earns nothing yet. Exit code. */
static int may_earn(const struct cli *c, const json_t *h, const char *day, bool *ret)
{
	struct buf path = {0};
	struct reply r = {0};
	day_t on = DAY_NONE;
	int rv;

	buf_printf(&path, "/api/v1/households/%s", client_str(h, "household"));
	rv = client_get(c, buf_str(&path), &r);
	if (!rv && r.status != 200)
		rv = client_result(c, &r);
	day_parse(day, strlen(day), &on);
	*ret = !rv && any_may(json_object_get(r.root, "people"), on);
	client_close(&r);
	buf_close(&path);
	return rv;
}

/* --- what the item takes ------------------------------------------------------------------------------ */

static const json_t *item_of(const json_t *catalogue, const char *code)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(catalogue, "items"), i, v)
		if (strcmp(client_str(v, "code"), code) == 0)
			return v;
	return NULL;
}

/* What every row has must be such that the rules take it. */
static bool check_texts(const struct cli *c)
{
	static const char *const texts[] = {"place", "reason"};

	for (size_t i = 0; i < 2; i++)
		if (placeholder(bytes_str(cli_option(c, texts[i])))) {
			SAY(stderr, M_SHEET_EMPTY, texts[i], cli_option(c, texts[i]));
			return false;
		}
	return true;
}

/* A sheet for awards to households; its own import would refuse every row of another. */
static int check_item(const struct cli *c, const json_t *catalogue)
{
	const char *code = cli_option(c, "item"), *kind = cli_option(c, "evidence"), *kinds;
	const json_t *v = item_of(catalogue, code);

	if (!v) {
		SAY(stderr, M_SHEET_ITEM, code);
		return EXIT_REFUSED;
	}
	kinds = client_str(v, "evidence");
	if (strcmp(client_str(v, "scope"), "individual") == 0) {
		SAY(stderr, M_SHEET_PERSONS, code, client_str(v, "name_zh"));
		return EXIT_REFUSED;
	}
	if (strcmp(client_str(v, "sign"), "deduct") == 0) {
		SAY(stderr, M_SHEET_DEDUCTS, code, client_str(v, "name_zh"));
		return EXIT_REFUSED;
	}
	if (!evidence_kind_of(bytes_str(kinds), bytes_str(kind))) {
		SAY(stderr, M_SHEET_KINDS, kind, code, kinds);
		return EXIT_REFUSED;
	}
	return EXIT_DONE;
}

static int check_catalogue(struct cli *c)
{
	static const char *const none[] = {NULL};
	struct reply r = {0};
	int rv = client_query(c, "/api/v1/catalogue", none, &r);

	if (!rv && r.status != 200)
		rv = client_result(c, &r);
	if (!rv)
		rv = check_item(c, r.root);
	client_close(&r);
	return rv;
}

/* The day as the API writes it. False: it is none, or still to come. */
static bool read_day(const char *text, char out[DATE_TEXT_MAX])
{
	uint64_t now = (uint64_t)time(NULL) * 1000;
	day_t day;

	if (!day_parse(text, strlen(text), &day) || day > day_of_ms(now)) {
		SAY(stderr, M_SHEET_DAY_BAD, text);
		return false;
	}
	day_text(day, out);
	return true;
}

static int write_sheet(const struct cli *c, const struct reply *r, const char *day)
{
	const char *path = cli_option(c, "out");
	struct sheet s = {.columns = COLUMNS, .rows = json_array()};
	const json_t *h;
	size_t i;
	int rv = EXIT_DONE;

	s.title = columns[0];
	memcpy(s.label, columns, sizeof(columns));
	json_array_foreach (json_object_get(r->root, "items"), i, h) {
		bool earns = false;

		if (!rv && is_here(c, h, day))
			rv = may_earn(c, h, day, &earns);
		if (earns)
			put_row(c, h, day, s.rows);
	}
	if (!rv && json_array_size(s.rows) == 0) {
		SAY(stderr, M_GROUP_EMPTY, cli_option(c, "group"), day);
		rv = EXIT_REFUSED;
	} else if (!rv) {
		rv = sheet_is_xlsx(path) ? sheet_xlsx(&s, path) : sheet_csv(&s, path);
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
	char day[DATE_TEXT_MAX];
	struct reply r = {0};
	bool good = read_day(cli_option(c, "day"), day) && check_texts(c);
	int rv = good ? check_catalogue(c) : EXIT_USAGE;

	if (!rv)
		rv = client_query(c, "/api/v1/accounts", none, &r);
	if (!rv && r.status != 200)
		rv = client_result(c, &r);
	if (!rv)
		rv = write_sheet(c, &r, day);
	client_close(&r);
	return rv;
}
