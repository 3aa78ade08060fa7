#include <inttypes.h>
#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

#define HOUSEHOLD_MAX 16

static void print_accounts(const struct reply *r)
{
	static const enum msg_id columns[] = {M_T_HOUSEHOLD, M_T_HEAD,	  M_T_GROUP, M_T_EARNED,
					      M_T_DEDUCTED,  M_T_BALANCE, M_T_LINES};
	struct table t;
	const json_t *v;
	size_t i;

	table_columns(&t, columns, 7);
	t.right[3] = t.right[4] = t.right[5] = t.right[6] = true;
	json_array_foreach (json_object_get(r->root, "items"), i, v) {
		table_cell(&t, client_str(v, "household"));
		table_cell(&t, client_str(v, "head_name"));
		table_cell(&t, client_str(v, "group"));
		table_cell(&t, client_str(v, "earned"));
		table_cell(&t, client_str(v, "deducted"));
		table_cell(&t, client_str(v, "balance"));
		table_cell(&t, say_num(client_u64(v, "lines")));
	}
	table_print(&t, stdout);
	SAY(stdout, M_TOTAL, say_num(client_u64(r->root, "count")), client_str(r->root, "balance"));
}

/* What became of a person: died, went to another household, left, is away. */
static const char *member_now(const json_t *v, char *text, size_t cap)
{
	const char *died = client_str(v, "death_day"), *left = client_str(v, "left_day");
	const char *away = client_str(v, "away_day"), *into = client_str(v, "into");

	if (into[0])
		snprintf(text, cap, "%s → %s-%s", left, into,
			 say_num(client_u64(v, "into_member")));
	else if (away[0] && !died[0] && !left[0])
		snprintf(text, cap, "%s %s", say_text(M_T_AWAY), away);
	else
		snprintf(text, cap, "%s", died[0] ? died : left);
	return text;
}

static void print_members(const json_t *h)
{
	static const enum msg_id columns[] = {M_T_MEMBER, M_T_NAME,   M_T_RELATION,
					      M_T_BIRTH,  M_T_JOINED, M_T_LEFT};
	struct table t;
	char now[96];
	const json_t *v;
	size_t i;

	table_columns(&t, columns, 6);
	json_array_foreach (json_object_get(h, "people"), i, v) {
		const char *relation = client_str(v, "relation");
		bool head = json_is_true(json_object_get(v, "head"));

		table_cell(&t, say_num(client_u64(v, "member")));
		table_cell(&t, client_str(v, "name"));
		table_cell(&t, head ? say_text(M_T_HEAD) : relation);
		table_cell(&t, client_str(v, "birth"));
		table_cell(&t, client_str(v, "since"));
		table_cell(&t, member_now(v, now, sizeof(now)));
	}
	table_print(&t, stdout);
}

static void print_latest(const json_t *h)
{
	static const enum msg_id columns[] = {M_T_DAY,	  M_T_KIND,	  M_T_WHAT,
					      M_T_POINTS, M_T_LEFT_AFTER, M_T_LINE_AT};
	const json_t *latest = json_object_get(h, "latest"), *v;
	struct table t;
	char at[48];
	size_t i;

	if (json_array_size(latest) == 0)
		return;
	putchar('\n');
	SAY(stdout, M_LATEST_LINES, say_num(json_array_size(latest)), client_str(h, "household"));
	table_columns(&t, columns, 6);
	t.right[3] = t.right[4] = t.right[5] = true;
	json_array_foreach (latest, i, v) {
		table_cell(&t, client_str(v, "booked"));
		table_cell(&t, client_str(v, "kind"));
		table_cell(&t, client_str(v, "what"));
		table_cell(&t, client_str(v, "points"));
		table_cell(&t, client_str(v, "balance"));
		snprintf(at, sizeof(at), "%" PRIu64 ".%" PRIu64, client_u64(v, "entry"),
			 client_u64(v, "line"));
		table_cell(&t, at);
	}
	table_print(&t, stdout);
}

static void print_corrections(const json_t *h)
{
	static const enum msg_id columns[] = {M_T_DAY,	  M_T_MEMBER, M_T_CORRECTED,
					      M_T_FORMER, M_T_NOW,    M_T_ENTRY};
	const json_t *all = json_object_get(h, "corrections"), *v;
	struct table t;
	size_t i;

	if (json_array_size(all) == 0)
		return;
	putchar('\n');
	SAY(stdout, M_CORRECTIONS);
	table_columns(&t, columns, 6);
	json_array_foreach (all, i, v) {
		table_cell(&t, client_str(v, "day"));
		table_cell(&t, say_num(client_u64(v, "member")));
		table_cell(&t, client_str(v, "what"));
		table_cell(&t, client_str(v, "former"));
		table_cell(&t, client_str(v, "now"));
		table_cell(&t, say_num(client_u64(v, "entry")));
	}
	table_print(&t, stdout);
}

static void print_household(const json_t *h)
{
	const char *into = client_str(h, "into"), *left = client_str(h, "left_day");

	SAY(stdout, M_HOUSEHOLD_IS, client_str(h, "household"), client_str(h, "head_name"),
	    client_str(h, "group"));
	if (into[0])
		SAY(stdout, M_HOUSEHOLD_MERGED, left, into);
	else if (left[0])
		SAY(stdout, M_HOUSEHOLD_LEFT, left);
	SAY(stdout, M_BALANCE_OF, client_str(h, "balance"), client_str(h, "earned"),
	    client_str(h, "deducted"), client_str(h, "redeemed"), client_str(h, "transferred"));
	putchar('\n');
	print_members(h);
	print_corrections(h);
	print_latest(h);
}

/* As the records have it; ".." would be another path. */
static bool household_ok(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n <= HOUSEHOLD_MAX && !s[n] && strspn(s, ".") < n;
}

static int ask_household(struct cli *c, const char *number, struct reply *r)
{
	static const char *const none[] = {NULL};
	struct buf path = {0};
	int rv;

	buf_printf(&path, "/api/v1/households/%s", number);
	rv = client_query(c, buf_str(&path), none, r);
	buf_close(&path);
	return rv;
}

static int show_household(struct cli *c, const struct reply *r)
{
	int rv = client_result(c, r);

	if (!rv && !c->json)
		print_household(r->root);
	return rv;
}

/* The household where somebody is called so; where there are several, their list. */
static int account_of(struct cli *c, const char *name)
{
	const char *const params[] = {"all", "1", "name", name, NULL};
	struct reply list = {0}, r = {0};
	const json_t *items;
	int rv = client_query(c, "/api/v1/accounts", params, &list);

	if (!rv && list.status != 200)
		rv = client_result(c, &list);
	items = json_object_get(list.root, "items");
	if (!rv && json_array_size(items) == 0) {
		SAY(stderr, M_BAD_HOUSEHOLD, name);
		rv = EXIT_REFUSED;
	} else if (!rv && json_array_size(items) == 1) {
		rv = ask_household(c, client_str(json_array_get(items, 0), "household"), &r);
		if (!rv)
			rv = show_household(c, &r);
	} else if (!rv) {
		rv = client_list(c, &list, "items");
		if (!c->json)
			print_accounts(&list);
	}
	client_close(&list);
	client_close(&r);
	return rv;
}

static int one_account(struct cli *c)
{
	struct reply r = {0};
	int rv;

	if (!household_ok(c->args[0]))
		return account_of(c, c->args[0]);
	rv = ask_household(c, c->args[0], &r);
	if (!rv)
		rv = show_household(c, &r);
	client_close(&r);
	return rv;
}

int cmd_account(struct cli *c)
{
	const char *const params[] = {"all", cli_switch(c, "all") ? "1" : NULL, NULL};
	struct reply r = {0};
	int rv;

	if (c->nargs)
		return one_account(c);
	rv = client_query(c, "/api/v1/accounts", params, &r);
	if (!rv)
		rv = client_list(c, &r, "items");
	if (!rv && !c->json)
		print_accounts(&r);
	client_close(&r);
	return rv;
}

int cmd_score(struct cli *c)
{
	static const enum msg_id columns[] = {M_T_HOUSEHOLD, M_T_MEMBER, M_T_SCORE};
	const char *const params[] = {"year", cli_option(c, "year"), NULL};
	struct reply r = {0};
	struct table t;
	const json_t *v;
	size_t i;
	int rv = client_query(c, "/api/v1/scores", params, &r);

	if (!rv)
		rv = client_list(c, &r, "items");
	if (!rv && !c->json) {
		table_columns(&t, columns, 3);
		t.right[1] = t.right[2] = true;
		json_array_foreach (json_object_get(r.root, "items"), i, v) {
			table_cell(&t, client_str(v, "household"));
			table_cell(&t, say_num(client_u64(v, "member")));
			table_cell(&t, client_str(v, "score"));
		}
		table_print(&t, stdout);
	}
	client_close(&r);
	return rv;
}
