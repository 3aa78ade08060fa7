#include <stdlib.h>
#include <string.h>

#include "daemon/web/import/import.h"
#include "lib/mem.h"
#include "lib/sign.h"
#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/files.h"
#include "tools/cunzhang/report.h"

/* --- the answer ---------------------------------------------------------------------------------- */

/* What an earlier import of the same file, or a person since, left there. */
static void print_before(const json_t *root)
{
	uint64_t existing = client_u64(root, "existing");

	if (!existing)
		return;
	if (existing == client_u64(root, "records"))
		SAY(stdout, M_IMPORT_SAME, client_str(root, "existing_time"),
		    say_num(client_u64(root, "existing_entry")));
	else
		SAY(stdout, M_IMPORT_BEFORE, say_num(existing), client_str(root, "existing_time"),
		    say_num(client_u64(root, "existing_entry")));
	if (json_object_get(root, "existing_reviewed"))
		SAY(stdout, M_IMPORT_STEPS, say_num(client_u64(root, "existing_reviewed")),
		    say_num(client_u64(root, "existing_confirmed")),
		    say_num(client_u64(root, "existing_refused_lines")));
}

/* What the register has already, and what of it changes. */
static void print_known(const json_t *root)
{
	if (client_u64(root, "known_people"))
		SAY(stdout, M_IMPORT_KNOWN, say_num(client_u64(root, "known")),
		    say_num(client_u64(root, "known_people")),
		    say_num(client_u64(root, "corrections")), say_num(client_u64(root, "joins")));
}

static void print_result(const json_t *root, bool accept)
{
	const json_t *rep = json_object_get(root, "report");
	uint64_t fresh = client_u64(root, "records") - client_u64(root, "existing");
	const char *rows = say_num(client_u64(rep, "rows"));

	print_before(root);
	print_known(root);
	if (json_is_true(json_object_get(root, "partial")))
		SAY(stdout, M_IMPORT_PARTIAL, say_num(client_u64(root, "written")),
		    say_num(client_u64(root, "unfinished")));
	else if (json_is_true(json_object_get(root, "ok")) && !fresh)
		SAY(stdout, M_IMPORT_NOTHING);
	else if (json_is_true(json_object_get(root, "done")))
		SAY(stdout, M_IMPORT_DONE, rows, say_num(fresh));
	else if (json_is_true(json_object_get(root, "ok")))
		SAY(stdout, M_IMPORT_DRY, rows, say_num(fresh));
	else if (client_u64(rep, "errors") == 0 && client_u64(root, "problems_count") == 0 &&
		 (client_u64(rep, "warnings") || client_u64(root, "doubts_count")) && !accept)
		SAY(stdout, M_IMPORT_ACCEPT);
	else
		SAY(stdout, M_IMPORT_NOT);
}

/* --- sending ------------------------------------------------------------------------------------- */

/* A JSON line, then the file as it is. */
static int send_file(const struct cli *c, const char *kind, const json_t *head, struct bytes file,
		     bool dry_run, struct reply *r)
{
	char *line = json_dumps(head, JSON_COMPACT);
	struct buf body = {0}, path = {0};
	int rv = EXIT_MACHINE;

	if (line && buf_reserve(&body, strlen(line) + 1 + file.n)) {
		buf_puts(&body, line);
		buf_put_u8(&body, '\n');
		buf_put(&body, file.p, file.n);
	}
	buf_printf(&path, "/api/v1/import/%s", kind);
	if (dry_run)
		client_param(&path, "dry_run", "1");
	if (cli_switch(c, "accept"))
		client_param(&path, "accept", "1");
	if (!line || body.err || path.err || !body.n)
		SAY(stderr, M_NO_MEMORY);
	else
		rv = client_call(c, "POST", buf_str(&path), buf_bytes(&body), r);
	if (line) {
		secret_wipe(line, strlen(line));
		free(line);
	}
	if (body.p)
		secret_wipe(body.p, body.cap);
	buf_close(&body);
	buf_close(&path);
	return rv;
}

/* @quiet: a trial that is good is not printed; the deed follows. */
static int round_trip(const struct cli *c, const char *kind, const json_t *head, struct bytes file,
		      bool dry_run, bool quiet)
{
	struct reply r = {0};
	int rv = send_file(c, kind, head, file, dry_run, &r);

	if (!rv && !(quiet && r.status == 200)) {
		rv = client_result(c, &r);
		if (!c->json && json_object_get(r.root, "report")) {
			report_print(r.root);
			print_result(r.root, cli_switch(c, "accept"));
		}
	}
	client_close(&r);
	return rv;
}

/* --- the files that a sheet names ------------------------------------------------------------------ */

struct attached {
	struct files *x;
	json_t *files; /* name in the sheet to digest */
};

/* One that cannot be read is left out: the report has it with its row, among all else that is wrong. */
static int on_file(void *ctx, struct bytes name)
{
	struct attached *a = ctx;
	const char *hex;
	int rv = files_digest(a->x, (const char *)name.p, &hex);

	if (rv == EXIT_USAGE)
		return EXIT_DONE;
	if (!rv && strcmp(hex, (const char *)name.p) != 0 &&
	    json_object_set_new(a->files, (const char *)name.p, json_string(hex)))
		rv = CLI_FAIL(a->x->c, "ERR_NOMEM", M_NO_MEMORY);
	return rv;
}

static int attach(struct files *x, const char *kind, json_t *head, struct bytes file)
{
	struct attached a = {x, NULL};
	int rv;

	if (strcmp(kind, "entries") != 0)
		return EXIT_DONE;
	a.files = json_object();
	rv = import_entries_files(file.p, file.n, on_file, &a);
	if (json_object_size(a.files))
		json_object_set(head, "files", a.files);
	json_decref(a.files);
	return rv;
}

/* A person is shown the trial first and asked; nothing is sent that belongs to a sheet which is refused. */
static int carry_out(const struct cli *c, const char *kind, const json_t *head, struct bytes file,
		     struct files *x)
{
	bool ask = cli_would_ask(c);
	int rv = EXIT_DONE;

	if (c->dry_run)
		return round_trip(c, kind, head, file, true, false);
	if (ask || files_any(x))
		rv = round_trip(c, kind, head, file, true, !ask);
	if (!rv && ask && !cli_ask(c, M_ASK_GO_ON, ""))
		rv = EXIT_REFUSED;
	if (!rv)
		rv = files_send(x);
	return rv ? rv : round_trip(c, kind, head, file, false, false);
}

static int import(const struct cli *c, const char *kind, json_t *head)
{
	struct buf file = {0};
	struct files x;
	int rv = cli_read_file(c->args[0], IMPORT_BYTES_MAX, &file);

	files_open(&x, c, c->args[0]);
	if (!rv)
		rv = attach(&x, kind, head, buf_bytes(&file));
	if (!rv)
		rv = carry_out(c, kind, head, buf_bytes(&file), &x);
	files_close(&x);
	buf_close(&file);
	return rv;
}

int cmd_roster_import(struct cli *c)
{
	const char *day = cli_option(c, "consent-day");
	json_t *head = json_object();
	int rv = client_signer(c, head, "as", "as", "passphrase");

	if (day)
		json_object_set_new(head, "consent_day", json_string(day));
	if (!rv)
		rv = import(c, "roster", head);
	client_wipe(head);
	return rv;
}

int cmd_catalogue_import(struct cli *c)
{
	const struct rec_type *t = rec_type_of(REC_catalogue);
	json_t *head = cli_fields(c, t->head, t->nhead);
	int rv = client_signer(c, head, "as", "as", "passphrase");

	if (!rv)
		rv = import(c, "catalogue", head);
	client_wipe(head);
	return rv;
}

int cmd_entry_import(struct cli *c)
{
	json_t *head = json_object();
	int rv = client_signer(c, head, "as", "as", "passphrase");

	if (!rv)
		rv = client_signer(c, head, "review-as", "review_as", "review_passphrase");
	if (!rv)
		rv = client_signer(c, head, "confirm-as", "confirm_as", "confirm_passphrase");
	if (!rv)
		rv = import(c, "entries", head);
	client_wipe(head);
	return rv;
}
