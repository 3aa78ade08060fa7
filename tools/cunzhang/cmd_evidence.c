#include <string.h>

#include "daemon/io/attachments.h"
#include "lib/text.h"
#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

/* Files beside the ledger, as the node's folder has them now: the daemon says which entries name which, the
 * files are read here. */

enum { UNREADABLE = ATTACHMENT_ABSENT + 1, STATES };

struct walk {
	struct cli *c;
	struct table t;
	json_t *items; /* of all answers, with "state" */
	json_t *named; /* digests of all of them, as keys */
	uint64_t count[STATES], unnamed;
	/* show: only these */
	const char *digest;
	uint64_t entry, line;
	bool has_line, has_entry;
	int rv;
};

static const char *const state_names[] = {"intact", "altered", "missing", "unreadable"};
static const enum msg_id state_texts[] = {M_EVIDENCE_INTACT, M_EVIDENCE_ALTERED, M_EVIDENCE_ABSENT,
					  M_EVIDENCE_UNREADABLE};

static void begin(struct walk *w)
{
	static const enum msg_id columns[] = {M_T_ENTRY, M_T_LINE,  M_T_TYPE,
					      M_T_FIELD, M_T_STATE, M_T_DIGEST};

	table_columns(&w->t, columns, 6);
	w->t.right[0] = w->t.right[1] = true;
	w->items = json_array();
	w->named = json_object();
}

/* One that cannot be read hides nothing of the others: it is printed, and counted at the end. */
static unsigned state_of(const struct walk *w, const char *hex)
{
	struct errmsg msg = {0};
	enum attachment_state s;
	struct hash h;
	int err = hex_get(hex, strlen(hex), h.b, HASH_BYTES)
			  ? attachments_look(w->c->dir, &h, &s, &msg)
			  : err_set(&msg, ERR_FORMAT, "%s", hex);

	if (!err)
		return s;
	SAY(stderr, M_FAILED_WITH, cli_why(err), msg.text);
	return UNREADABLE;
}

static bool wanted(const struct walk *w, const json_t *v)
{
	if (w->digest)
		return strcasecmp(client_str(v, "digest"), w->digest) == 0;
	if (w->has_entry)
		return client_u64(v, "entry") == w->entry &&
		       (!w->has_line || client_u64(v, "line") == w->line);
	return true;
}

static void take(struct walk *w, json_t *v)
{
	const char *digest = client_str(v, "digest");
	unsigned s = state_of(w, digest);

	w->count[s]++;
	json_object_set_new(w->named, digest, json_true());
	json_object_set_new(v, "state", json_string(state_names[s]));
	json_array_append(w->items, v);
	table_cell(&w->t, say_num(client_u64(v, "entry")));
	table_cell(&w->t, client_u64(v, "line") ? say_num(client_u64(v, "line")) : "");
	table_cell(&w->t, client_str(v, "type_text"));
	table_cell(&w->t, client_str(v, "field_text"));
	table_cell(&w->t, say_text(state_texts[s]));
	table_cell(&w->t, digest);
}

static int walk(struct walk *w)
{
	uint64_t from = 0;
	bool more = true;
	int rv = EXIT_DONE;

	while (!rv && more) {
		const char *const params[] = {"from", say_num(from), NULL};
		struct reply r = {0};
		json_t *v;
		size_t i;

		rv = client_query(w->c, "/api/v1/evidence", params, &r);
		if (!rv && r.status != 200)
			rv = client_result(w->c, &r);
		json_array_foreach (json_object_get(r.root, "items"), i, v) {
			if (!rv && wanted(w, v))
				take(w, v);
		}
		more = json_is_integer(json_object_get(r.root, "next"));
		from = client_u64(r.root, "next");
		client_close(&r);
	}
	return rv;
}

static void print_json(const struct walk *w)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < STATES; i++)
		json_object_set_new(o, state_names[i], json_integer((json_int_t)w->count[i]));
	json_object_set_new(o, "unnamed", json_integer((json_int_t)w->unnamed));
	json_object_set(o, "items", w->items);
	cli_print_json(o);
	json_decref(o);
}

static void print_result(struct walk *w)
{
	if (w->c->json) {
		print_json(w);
		return;
	}
	table_print(&w->t, stdout);
	SAY(stdout, M_EVIDENCE_COUNTS, say_num(w->count[ATTACHMENT_INTACT]),
	    say_num(w->count[ATTACHMENT_ALTERED]), say_num(w->count[ATTACHMENT_ABSENT]));
	if (w->count[UNREADABLE])
		SAY(stdout, M_EVIDENCE_UNREADABLE_COUNT, say_num(w->count[UNREADABLE]));
	if (w->unnamed)
		SAY(stdout, M_EVIDENCE_UNNAMED, say_num(w->unnamed));
}

/* A file that was altered is the worst; one that could not be read leaves it open. */
static int exit_of(const struct walk *w)
{
	if (w->count[ATTACHMENT_ALTERED])
		return EXIT_UNVERIFIED;
	return w->count[UNREADABLE] ? EXIT_MACHINE : EXIT_DONE;
}

static void end(struct walk *w)
{
	buf_close(&w->t.cells);
	json_decref(w->items);
	json_decref(w->named);
}

static void count_unnamed(void *ctx, const struct hash *h)
{
	struct walk *w = ctx;
	char hex[2 * HASH_BYTES + 1];

	hash_hex(h, 2 * HASH_BYTES, hex);
	w->unnamed += !json_object_get(w->named, hex);
}

/* Files here belong to the node's own entries. */
static int look_for_unnamed(struct walk *w)
{
	struct errmsg msg = {0};
	int err = cli_option(w->c, "feed") ? ERR_OK
					   : attachments_each(w->c->dir, count_unnamed, w, &msg);

	return err ? cli_fail_err(w->c, err, &msg) : EXIT_DONE;
}

int cmd_evidence_check(struct cli *c)
{
	struct walk w = {.c = c};
	int rv;

	begin(&w);
	rv = walk(&w);
	if (!rv)
		rv = look_for_unnamed(&w);
	if (!rv) {
		print_result(&w);
		rv = exit_of(&w);
	}
	end(&w);
	return rv;
}

/* "12", "12.3" or 64 hexadecimal digits. */
static bool read_which(struct walk *w, const char *text)
{
	uint8_t digest[HASH_BYTES];
	size_t n = strcspn(text, ".");

	if (hex_get(text, strlen(text), digest, sizeof(digest))) {
		w->digest = text;
		return true;
	}
	w->has_line = text[n] == '.';
	w->has_entry = u64_parse(text, n, &w->entry);
	return w->has_entry &&
	       (!w->has_line || u64_parse(text + n + 1, strlen(text + n + 1), &w->line));
}

/* Where each file is; the entries that name it stand in the table above. */
static void print_paths(const struct walk *w)
{
	const char *last = "";
	const json_t *v;
	size_t i;

	json_array_foreach (w->items, i, v) {
		char path[ATTACHMENTS_PATH_MAX];
		const char *hex = client_str(v, "digest");
		struct hash h;

		if (strcmp(hex, last) == 0 || strcmp(client_str(v, "state"), "missing") == 0 ||
		    !hex_get(hex, strlen(hex), h.b, HASH_BYTES) ||
		    attachments_path(w->c->dir, &h, path))
			continue;
		printf("%s\n", path);
		last = hex;
	}
}

int cmd_evidence_show(struct cli *c)
{
	struct walk w = {.c = c};
	int rv;

	if (!read_which(&w, c->args[0])) {
		SAY(stderr, M_BAD_WHICH, c->args[0]);
		return EXIT_USAGE;
	}
	begin(&w);
	rv = walk(&w);
	if (!rv && json_array_size(w.items) == 0) {
		SAY(stderr, M_EVIDENCE_NONE, c->args[0]);
		rv = EXIT_REFUSED;
	} else if (!rv) {
		print_result(&w);
		if (!c->json)
			print_paths(&w);
		rv = exit_of(&w);
	}
	end(&w);
	return rv;
}
