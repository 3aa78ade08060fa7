#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

static void print_feeds(const json_t *feeds)
{
	static const enum msg_id columns[] = {M_T_FEED,	  M_T_RECORDED, M_T_DURABLE,
					      M_T_AT_HUB, M_T_COSIGNED, M_T_WITNESSES};
	struct table t;
	const json_t *v;
	size_t i;

	table_columns(&t, columns, 6);
	for (int k = 1; k < 6; k++)
		t.right[k] = true;
	json_array_foreach (feeds, i, v) {
		const char *label = client_str(v, "label");
		char name[128];

		snprintf(name, sizeof(name), "%s%.100s",
			 json_is_true(json_object_get(v, "own")) ? "* " : "  ",
			 label[0] ? label : client_str(v, "origin"));
		table_cell(&t, name);
		table_cell(&t, say_num(client_u64(v, "size")));
		table_cell(&t, say_num(client_u64(v, "durable")));
		table_cell(&t, say_num(client_u64(v, "at_hub")));
		table_cell(&t, say_num(client_u64(v, "cosigned")));
		table_cell(&t, say_num(client_u64(v, "witnesses")));
	}
	table_print(&t, stdout);
}

/* The name of a feed as the same answer gives it. */
static const char *label_of(const json_t *root, const char *feed)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(root, "feeds"), i, v) {
		if (strcmp(client_str(v, "feed"), feed) == 0 && client_str(v, "label")[0])
			return client_str(v, "label");
	}
	return feed;
}

/* A village by its own name, once it is enrolled and has one. */
static void print_role(const json_t *root)
{
	const char *town = client_str(root, "town_name"), *label = "";
	bool hub = strcmp(client_str(root, "role"), "hub") == 0;
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(root, "feeds"), i, v) {
		if (json_is_true(json_object_get(v, "own")))
			label = client_str(v, "label");
	}
	if (!hub && town[0] && label[0])
		SAY(stdout, M_ROLE_VILLAGE, label, town);
	else
		SAY(stdout, M_ROLE_LINE, town, say_text(hub ? M_HUB : M_VILLAGE));
}

static void print_links(const json_t *root)
{
	const json_t *links = json_object_get(root, "links"), *v;
	uint64_t running = 0;
	size_t i;

	json_array_foreach (links, i, v) {
		running += json_is_true(json_object_get(v, "running"));
		if (client_str(v, "last_refusal")[0])
			SAY(stdout, M_LINK_REFUSED, label_of(root, client_str(v, "feed")),
			    client_str(v, "last_refusal"));
	}
	SAY(stdout, M_LINKS, say_num(running));
	if (client_str(root, "unlinked")[0])
		SAY(stdout, M_UNLINKED, client_str(root, "unlinked"));
}

static void print_counts(const json_t *root)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(root, "feeds"), i, v) {
		if (client_u64(v, "unaudited"))
			SAY(stdout, M_UNAUDITED, label_of(root, client_str(v, "feed")),
			    say_num(client_u64(v, "unaudited")));
		if (client_u64(v, "overdue"))
			SAY(stdout, M_OVERDUE, label_of(root, client_str(v, "feed")),
			    say_num(client_u64(v, "overdue")));
	}
}

static void print_unlocked(const json_t *root)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(root, "unlocked"), i, v)
		SAY(stdout, M_UNLOCKED_ROW, client_str(v, "as"),
		    say_num((client_u64(v, "ends_in") + 59) / 60));
	if (client_u64(root, "wrong_passphrases"))
		SAY(stdout, M_WRONG_PASSES, say_num(client_u64(root, "wrong_passphrases")));
}

/* "durable" is what this machine would still have after a power cut; only the last two columns are the
 * others' word. */
static void print_status(const json_t *root)
{
	const char *halted = client_str(root, "halted");
	const json_t *v;
	size_t i;

	print_role(root);
	if (json_is_true(json_object_get(root, "training")))
		SAY(stdout, M_TRAINING);
	if (halted[0])
		SAY(stdout, M_HALTED, halted);
	if (json_is_true(json_object_get(root, "full")))
		SAY(stdout, M_FULL);
	print_feeds(json_object_get(root, "feeds"));
	print_counts(root);
	json_array_foreach (json_object_get(root, "missing"), i, v) {
		SAY(stdout, M_MISSING_ROW, client_str(v, "what"), client_str(v, "about"),
		    client_str(v, "due"));
	}
	print_links(root);
	print_unlocked(root);
	json_array_foreach (json_object_get(root, "alarms"), i, v) {
		SAY(stdout, M_ALARM, client_str(v, "time"), label_of(root, client_str(v, "feed")),
		    say_num(client_u64(v, "entry")), client_str(v, "reason"));
	}
}

int cmd_status(struct cli *c)
{
	const char *const params[] = {"full", cli_switch(c, "full") ? "1" : NULL, NULL};
	struct reply r = {0};
	int rv = client_query(c, "/api/v1/status", params, &r);

	if (!rv)
		rv = client_result(c, &r);
	if (!rv && !c->json)
		print_status(r.root);
	client_close(&r);
	return rv;
}
