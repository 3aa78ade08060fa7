#include <stdlib.h>
#include <string.h>

#include "daemon/io/file.h"
#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/paper.h"

/* Papers: HTML files for A4. Notices and passbooks are recorded, too, so that what was printed can be
 * checked later. */

#define POSTED_MODE 0644
#define PAPER_MODE  0600 /* names in full */

static int write_paper(const struct cli *c, const json_t *root)
{
	const char *path = cli_option(c, "out");
	const json_t *html = json_object_get(root, "html");
	unsigned mode = strcmp(client_str(root, "paper"), "notice") == 0 ? POSTED_MODE : PAPER_MODE;
	int err = file_write(path, json_string_value(html), json_string_length(html), mode, NULL);

	if (err) {
		SAY(stderr, M_FILE_WRITE, path, cli_why(err));
		return EXIT_MACHINE;
	}
	if (!c->json)
		SAY(stdout, M_WROTE_FILE, path);
	return EXIT_DONE;
}

static int get_paper(struct cli *c, const char *name, const char *const *params, struct reply *r)
{
	struct buf path = {0};
	int rv;

	buf_puts(&path, "/api/v1/paper/");
	buf_puts(&path, name);
	rv = client_query(c, buf_str(&path), params, r);
	buf_close(&path);
	if (!rv && r->status != 200)
		rv = client_result(c, r);
	return rv;
}

static void say_paper(const struct cli *c, const struct reply *r, const json_t *record)
{
	const char *code = client_str(r->root, "code");

	if (c->json)
		return;
	if (code[0])
		SAY(stdout, M_CHECK_CODE, code);
	else if (json_object_get(record, "began"))
		SAY(stdout, M_BOOK_CONTINUES, say_num(client_u64(record, "began")),
		    client_str(record, "balance"));
}

/* What nothing is recorded of: where it is. */
static void print_file(const struct cli *c, const json_t *root)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "paper", client_str(root, "paper"), "title",
			      client_str(root, "title"), "file", cli_option(c, "out"));

	cli_print_json(o);
	json_decref(o);
}

/* The file first: what stands in the log can then be in somebody's hands. */
static int write_and_record(struct cli *c, const struct reply *r)
{
	json_t *record = json_object_get(r->root, "record");
	int rv;

	if (json_is_true(json_object_get(r->root, "empty")) && !cli_switch(c, "empty")) {
		SAY(stderr, M_PAPER_EMPTY);
		return EXIT_REFUSED;
	}
	rv = write_paper(c, r->root);
	if (!rv && !record && c->json)
		print_file(c, r->root);
	if (rv || !record)
		return rv;
	say_paper(c, r, record);
	rv = client_record(c, client_str(r->root, "record_type"), json_incref(record), NULL);
	/* a paper that no log knows must not hang */
	if (rv == EXIT_REFUSED && remove(cli_option(c, "out")) == 0 && !c->json)
		SAY(stderr, M_PAPER_REMOVED, cli_option(c, "out"));
	return rv;
}

/* What nobody signs for is a draft. */
static const char *draft(const struct cli *c)
{
	if (cli_option(c, "as") && !c->dry_run)
		return NULL;
	if (!c->json)
		SAY(stderr, M_PAPER_DRAFT);
	return "1";
}

int cmd_notice(struct cli *c)
{
	const char *const params[] = {"kind", c->args[0],	   "from",  cli_option(c, "from"),
				      "to",   cli_option(c, "to"), "draft", draft(c),
				      NULL};
	struct reply r = {0};
	int rv = get_paper(c, "notice", params, &r);

	if (!rv)
		rv = write_and_record(c, &r);
	client_close(&r);
	return rv;
}

static void say_story(const json_t *root)
{
	const json_t *posted = json_object_get(root, "posted");
	const char *kind = client_str(posted, "kind");

	SAY(stdout, M_NOTICE_IS,
	    say_lang() == LANG_EN ? kind : cli_choice(&rec_lists[REC_LIST_NOTICE], kind),
	    client_str(posted, "from"), client_str(posted, "to"), client_str(root, "by"));
	if (client_u64(root, "postings"))
		SAY(stdout, M_NOTICE_HUNG, say_num(client_u64(root, "postings")),
		    client_str(root, "posted_from"), client_str(root, "posted_to"));
	else
		SAY(stdout, M_NOTICE_NOT_HUNG);
	if (json_object_get(root, "withdrawal"))
		SAY(stdout, M_NOTICE_TAKEN, say_num(client_u64(root, "withdrawal")));
}

static void say_check(const json_t *root, bool agrees)
{
	const json_t *posted = json_object_get(root, "posted");
	const json_t *ledger = json_object_get(root, "ledger");

	SAY(stdout, agrees ? M_NOTICE_AGREES : M_NOTICE_DIFFERS,
	    say_num(client_u64(root, "entry")));
	say_story(root);
	SAY(stdout, M_NOTICE_POSTED, say_num(client_u64(posted, "lines")),
	    client_str(posted, "plus"), client_str(posted, "minus"));
	SAY(stdout, M_NOTICE_LEDGER, say_num(client_u64(ledger, "lines")),
	    client_str(ledger, "plus"), client_str(ledger, "minus"));
	if (agrees && !json_is_true(json_object_get(root, "same_page")))
		SAY(stdout, M_NOTICE_OTHER_PAGE);
}

int cmd_notice_check(struct cli *c)
{
	static const char *const none[] = {NULL};
	struct buf path = {0};
	struct reply r = {0};
	bool agrees;
	int rv;

	if (!cli_word_ok(c->args[0]))
		return EXIT_USAGE;
	buf_puts(&path, "/api/v1/notices/");
	buf_puts(&path, c->args[0]);
	rv = client_query(c, buf_str(&path), none, &r);
	buf_close(&path);
	if (!rv)
		rv = client_result(c, &r);
	if (!rv) {
		agrees = json_is_true(json_object_get(r.root, "agrees"));
		if (!c->json)
			say_check(r.root, agrees);
		rv = agrees ? EXIT_DONE : EXIT_UNVERIFIED;
	}
	client_close(&r);
	return rv;
}

int paper_slip_file(struct cli *c, const char *entry)
{
	const char *const params[] = {"entry", entry, NULL};
	struct reply r = {0};
	int rv = get_paper(c, "slip", params, &r);

	if (!rv)
		rv = write_paper(c, r.root);
	client_close(&r);
	return rv;
}

int cmd_print(struct cli *c)
{
	const char *const params[] = {
		"entry",     cli_option(c, "entry"),
		"household", cli_option(c, "household"),
		"all",	     cli_switch(c, "all") ? "1" : NULL,
		"draft",     strcmp(c->args[0], "passbook") == 0 ? draft(c) : NULL,
		NULL};
	struct reply r = {0};
	int rv = cli_word_ok(c->args[0]) ? get_paper(c, c->args[0], params, &r) : EXIT_USAGE;

	if (!rv)
		rv = write_and_record(c, &r);
	client_close(&r);
	return rv;
}
