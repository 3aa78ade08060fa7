#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "daemon/io/dir.h"
#include "daemon/io/file.h"
#include "lib/look.h"
#include "lib/sign.h"
#include "lib/text.h"
#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

#define INVITE_MODE 0600
#define KEY_SHOWN   16 /* digits in a list: enough for namesakes to differ */

/* --- invitations --------------------------------------------------------------------------------- */

static int save_invitation(const struct cli *c, const struct reply *r)
{
	const char *text = client_str(r->root, "file"), *path = cli_option(c, "out");
	int err;

	if (!text[0])
		return EXIT_DONE; /* a trial */
	err = file_write(path, text, strlen(text), INVITE_MODE, NULL);
	if (err) {
		SAY(stderr, M_FILE_WRITE, path, cli_why(err));
		SAY(stderr, M_INVITE_AGAIN, c->id);
		return EXIT_MACHINE;
	}
	SAY(c->json ? stderr : stdout, M_INVITED, path);
	return EXIT_DONE;
}

/* Before the invitation stands in the log: it goes into a new file. */
static int check_out(const char *path)
{
	if (!file_exists(path))
		return EXIT_DONE;
	SAY(stderr, M_FILE_EXISTS, path);
	return EXIT_USAGE;
}

int cmd_invite(struct cli *c)
{
	const struct rec_type *t = rec_type_of(REC_invitation);
	json_t *body = cli_fields(c, t->head, t->nhead), *file;
	struct reply r = {0};
	int rv = check_out(cli_option(c, "out"));

	if (!rv)
		rv = client_sign(c, body, "passphrase");
	if (rv) {
		client_wipe(body);
		return rv;
	}
	rv = client_write_at(c, "/api/v1/invitations", body, &r);
	if (!rv) {
		/* The secret goes to the file and nowhere else, not to --json either. */
		file = json_incref(json_object_get(r.root, "file"));
		json_object_del(r.root, "file");
		rv = client_verdict(c, &r);
		if (file)
			json_object_set_new(r.root, "file", file);
		if (!rv)
			rv = save_invitation(c, &r);
	}
	client_wipe(r.root);
	return rv;
}

int cmd_villages(struct cli *c)
{
	static const enum msg_id columns[] = {M_T_CODE,	    M_T_VILLAGE, M_T_ENROLLED,
					      M_T_RECORDED, M_T_BATCH,	 M_T_NOTE};
	struct reply r = {0};
	struct table t;
	const json_t *v;
	size_t i;
	int rv = client_get(c, "/api/v1/villages", &r);

	if (!rv)
		rv = client_list(c, &r, "items");
	if (!rv && !c->json) {
		table_columns(&t, columns, 6);
		json_array_foreach (json_object_get(r.root, "items"), i, v) {
			table_cell(&t, client_str(v, "code"));
			table_cell(&t, client_str(v, "name"));
			table_cell(&t,
				   say_text(json_is_true(json_object_get(v, "enrolled")) ? M_YES
											 : M_NO));
			table_cell(&t, json_object_get(v, "size") ? say_num(client_u64(v, "size"))
								  : "");
			table_cell(&t,
				   client_u64(v, "batch") ? say_num(client_u64(v, "batch")) : "");
			table_cell(&t, json_is_true(json_object_get(v, "to_include"))
					       ? say_text(M_TO_INCLUDE)
					       : "");
		}
		table_print(&t, stdout);
	}
	client_close(&r);
	return rv;
}

/* --- people -------------------------------------------------------------------------------------- */

/* The new person's own passphrase, unless the key comes from elsewhere. */
static int add_passphrase(const struct cli *c, json_t *body, bool known)
{
	char *pass = NULL;
	int rv = pass_get(c, c->args[0], !known, &pass);

	if (!rv)
		json_object_set_new(body, "passphrase", json_string(pass));
	pass_free(pass);
	return rv;
}

static bool begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

/* Those of that name, with a key that begins with @digits (NULL: any), as the node lists them. Gives an
 * array, or an exit code. */
static int find_people(const struct cli *c, const char *name, const char *digits, json_t **ret)
{
	json_t *found = json_array(), *v;
	struct reply r = {0};
	size_t i;
	int rv = client_get(c, "/api/v1/people", &r);

	if (!rv && r.status != 200)
		rv = client_result(c, &r);
	json_array_foreach (json_object_get(r.root, "items"), i, v) {
		if (look_same(bytes_str(client_str(v, "name")), bytes_str(name)) &&
		    begins(client_str(v, "key"), digits ? digits : ""))
			json_array_append(found, v);
	}
	client_close(&r);
	if (rv)
		json_decref(found);
	else
		*ret = found;
	return rv;
}

/* Is the sealed key of one of that name on the node? Exit code. */
static int key_is_here(const struct cli *c, const char *name, bool *ret)
{
	json_t *found = NULL, *v;
	size_t i;
	int rv = find_people(c, name, NULL, &found);

	json_array_foreach (found, i, v)
		*ret = *ret || json_is_true(json_object_get(v, "key_here"));
	json_decref(found);
	return rv;
}

/* What is asked for; a second key for a name only when @second. */
static int person_body(struct cli *c, bool second, json_t **ret)
{
	const struct rec_type *t = rec_type_of(REC_grant);
	json_t *body = cli_fields(c, t->head, t->nhead);
	const char *hex = cli_option(c, "key");
	bool here = false;
	int rv = EXIT_DONE;

	json_object_set_new(body, "name", json_string(c->args[0]));
	if (second)
		json_object_set_new(body, "second_key", json_true());
	if (hex)
		json_object_set_new(body, "key", json_string(hex));
	else
		rv = key_is_here(c, c->args[0], &here);
	if (!rv)
		rv = client_sign(c, body, "as_passphrase");
	if (!rv && !hex)
		rv = add_passphrase(c, body, here);
	if (rv)
		client_wipe(body);
	else
		*ret = body;
	return rv;
}

static int post_person(struct cli *c, bool second, struct reply *r)
{
	json_t *body;
	int rv = person_body(c, second, &body);

	return rv ? rv : client_write_at(c, "/api/v1/people", body, r);
}

static bool is_second(const struct reply *r)
{
	return r->status == 409 && strcmp(client_str(r->root, "code"), "SECOND_KEY") == 0;
}

int cmd_operator_add(struct cli *c)
{
	struct reply r = {0};
	int rv;

	if (!cli_option(c, "key") && !dir_name_ok(c->args[0])) {
		SAY(stderr, M_BAD_NAME, c->args[0], say_num(DIR_NAME_MAX));
		return EXIT_USAGE;
	}
	rv = post_person(c, cli_switch(c, "second-key"), &r);
	if (!rv && is_second(&r) && cli_would_ask(c)) {
		SAY(stderr, M_FAILED, client_str(r.root, "message"));
		if (cli_ask(c, M_ASK_SECOND_KEY, c->args[0])) {
			client_close(&r);
			rv = post_person(c, true, &r);
		}
	}
	if (!rv)
		rv = client_verdict(c, &r);
	if (!rv && !c->json && json_object_get(r.root, "key"))
		SAY(stdout,
		    json_is_true(json_object_get(r.root, "created")) ? M_PERSON_MADE : M_PERSON_KEY,
		    c->args[0], client_str(r.root, "key"));
	client_close(&r);
	return rv;
}

/* One of @found, or a complaint. */
static int only_one(const struct cli *c, const json_t *found)
{
	size_t i, n = json_array_size(found);
	const json_t *v;

	if (n == 1)
		return EXIT_DONE;
	if (n == 0) {
		SAY(stderr, M_NO_PERSON, c->args[0]);
		return EXIT_REFUSED;
	}
	SAY(stderr, M_NAMESAKES, c->args[0], say_num(n));
	json_array_foreach (found, i, v)
		fprintf(stderr, "  --key %s\n", client_str(v, "key"));
	return EXIT_USAGE;
}

int cmd_operator_revoke(struct cli *c)
{
	json_t *found = NULL, *record;
	int rv = find_people(c, c->args[0], cli_option(c, "key"), &found);

	if (!rv)
		rv = only_one(c, found);
	if (!rv) {
		record = cli_fields(c, c->type->head, c->type->nhead);
		json_object_set(record, "key", json_object_get(json_array_get(found, 0), "key"));
		rv = client_record(c, c->type->name, record, NULL);
	}
	json_decref(found);
	return rv;
}

/* In English the name that --role takes. */
static const char *role_label(const char *name)
{
	return say_lang() == LANG_EN ? name : cli_choice(&rec_lists[REC_LIST_ROLE], name);
}

/* "recorder (1, 2026-01-01..2026-12-31)" */
static void put_grant(struct buf *b, const json_t *v)
{
	const char *group = client_str(v, "group"), *from = client_str(v, "from"),
		   *to = client_str(v, "to");
	bool en = say_lang() == LANG_EN;

	buf_puts(b, role_label(client_str(v, "role")));
	if (!group[0] && !from[0] && !to[0])
		return;
	buf_puts(b, en ? " (" : "（");
	if (group[0])
		buf_printf(b, en ? "group %s" : "%s 组", group);
	if (group[0] && (from[0] || to[0]))
		buf_puts(b, en ? ", " : "，");
	if (from[0] || to[0])
		buf_printf(b, "%s..%s", from, to);
	buf_puts(b, en ? ")" : "）");
}

static void roles_cell(struct table *t, const json_t *grants)
{
	struct buf b = {0};
	const json_t *v;
	size_t i;

	json_array_foreach (grants, i, v) {
		buf_puts(&b, i ? ", " : "");
		put_grant(&b, v);
	}
	table_cell(t, buf_str(&b));
	buf_close(&b);
}

int cmd_operator_list(struct cli *c)
{
	static const enum msg_id columns[] = {M_T_NAME, M_T_ROLES, M_T_KEY_HERE, M_T_KEY};
	static const char *const none[] = {NULL};
	struct reply r = {0};
	struct table t;
	const json_t *v;
	size_t i;
	int rv = client_query(c, "/api/v1/people", none, &r);

	if (!rv)
		rv = client_list(c, &r, "items");
	if (!rv && !c->json) {
		table_columns(&t, columns, 4);
		json_array_foreach (json_object_get(r.root, "items"), i, v) {
			char key[KEY_SHOWN + 1];

			snprintf(key, sizeof(key), "%s", client_str(v, "key"));
			table_cell(&t, client_str(v, "name"));
			roles_cell(&t, json_object_get(v, "grants"));
			table_cell(&t,
				   say_text(json_is_true(json_object_get(v, "key_here")) ? M_YES
											 : M_NO));
			table_cell(&t, key);
		}
		table_print(&t, stdout);
	}
	client_close(&r);
	return rv;
}
