#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/feed/feedlog.h"
#include "daemon/io/dir.h"
#include "daemon/io/faults.h"
#include "daemon/io/file.h"
#include "daemon/io/guardfile.h"
#include "daemon/io/kvlmdb.h"
#include "daemon/io/workers.h"
#include "daemon/verify/verify.h"
#include "daemon/web/api/reply.h"
#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

/* Reads the store itself, beside a running daemon or without one. What the daemon and the directory add to
 * the findings of verify_store stands in the same list. */
struct finding {
	json_t *problems; /* as they are printed with --json */
	struct verify_report report;
	struct pages_report pages;
	int rest; /* ERR_*: of a store with damaged pages, whether what is lost is known */
	struct verify_lost lost;
	char feed[2 * HASH_BYTES + 1]; /* the own one */
	const char *label;
};

static void add(struct finding *f, const char *feed, const char *label, const char *table,
		const char *zh, const char *en)
{
	json_t *o = json_pack("{s:s, s:s, s:n, s:s, s:s, s:s, s:s}", "feed", feed, "label", label,
			      "entry", "table", table, "reason", say_lang() == LANG_EN ? en : zh,
			      "reason_zh", zh, "reason_en", en);

	json_array_append_new(f->problems, o);
}

/* A problem of the node itself: a sentence with one text, which comes in both languages. */
static void add_own(struct finding *f, const char *table, enum msg_id id, const char *zh,
		    const char *en)
{
	struct buf text[2] = {{0}};

	say_put(&text[0], LANG_ZH, id, &zh, 1);
	say_put(&text[1], LANG_EN, id, &en, 1);
	add(f, f->feed, f->label, table, buf_str(&text[0]), buf_str(&text[1]));
	buf_close(&text[0]);
	buf_close(&text[1]);
}

/* What cannot be read: in English with the details, which have no translation. */
static void add_unreadable(struct finding *f, const char *table, int err, const struct errmsg *msg)
{
	const struct says words = reply_words(err);

	add_own(f, table, M_VERIFY_UNREADABLE, words.zh, msg->text[0] ? msg->text : words.en);
}

/* A page that is not what belongs there: nothing was read through it. */
static void add_page(struct finding *f, const struct pages_fault *p)
{
	static const enum msg_id what[] = {
#define PAGE_MSG(name, text) M_PAGE_##name,
		PAGES_WHATS(PAGE_MSG)
#undef PAGE_MSG
	};
	enum msg_id id = *p->table ? M_VERIFY_PAGE_OF : M_VERIFY_PAGE;
	const char *number = say_num(p->page);
	const char *zh[] = {number, say_in(LANG_ZH, what[p->what]), p->table};
	const char *en[] = {number, say_in(LANG_EN, what[p->what]), p->table};
	struct buf text[2] = {{0}};

	say_put(&text[0], LANG_ZH, id, zh, 3);
	say_put(&text[1], LANG_EN, id, en, 3);
	add(f, f->feed, f->label, *p->table ? p->table : "store", buf_str(&text[0]),
	    buf_str(&text[1]));
	buf_close(&text[0]);
	buf_close(&text[1]);
}

static void add_report(struct finding *f)
{
	for (uint32_t i = 0; i < f->report.nproblems && i < VERIFY_PROBLEMS_MAX; i++) {
		const struct problem *p = &f->report.problem[i];
		struct buf zh = {0}, en = {0};
		json_t *last;

		problem_text(p, LANG_ZH, &zh);
		problem_text(p, LANG_EN, &en);
		add(f, p->feed, p->label, p->table, buf_str(&zh), buf_str(&en));
		buf_close(&zh);
		buf_close(&en);
		last = json_array_get(f->problems, json_array_size(f->problems) - 1);
		json_object_set_new(last, "name", json_string(problem_name(p->id)));
		if (p->entry != UINT64_MAX)
			json_object_set_new(last, "entry", json_integer((json_int_t)p->entry));
	}
}

/* --- what is found ----------------------------------------------------------------------------------- */

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	uint64_t *shown = ctx, percent = total ? done * 100 / total : 100;
	const char *const args[] = {say_num(percent), say_num(done), say_num(total)};

	if (percent == *shown)
		return;
	*shown = percent;
	fputc('\r', stderr);
	say_to(stderr, M_VERIFYING, args, 3);
	fflush(stderr);
}

static int check_store(const struct cli *c, const struct dir *d, struct kv_txn *t,
		       const struct guard *guard, struct finding *f)
{
	bool all = !cli_switch(c, "quick");
	uint32_t own = d->cfg.role == NODE_HUB ? FEED_TOWN : FEED_TOWN + 1;
	uint64_t shown = UINT64_MAX;
	struct verify_opts opts = {.signatures = all, .rebuild = all, .ctx = &shown};
	struct feed_head head = {0};
	struct workers *threads = NULL;
	int err = workers_new(0, &threads);

	if (err)
		return err;
	opts.workers = workers_run;
	opts.workers_ctx = threads;
	if (isatty(STDERR_FILENO))
		opts.progress = on_progress;
	err = verify_store(t, &d->town, own, guard, &opts, &f->report);
	workers_free(threads);
	if (shown != UINT64_MAX)
		fputs("\r\033[K", stderr);
	add_report(f);
	if (err)
		return err;
	err = feedlog_head(t, own, &head);
	if (err == ERR_NOTFOUND || (!err && hash_cmp(&head.id, &d->feed) != 0))
		add_own(f, "feed", M_VERIFY_NO_FEED, "", "");
	/* It is written after the commit: a reader may come in between for the first entry. */
	if (!err && !guard && head.size > 0) {
		struct guard again;

		if (guardfile_peek(d->cfg.guard, &again, NULL) == ERR_NOTFOUND)
			add_own(f, "guard", M_VERIFY_NO_GUARD, "", "");
	}
	return ERR_OK;
}

/* With damaged pages nothing is asked of LMDB: what stands on the others is read page by page, to name the entries
 * that are lost. */
static int check_rest(const struct dir *d, const char *store, const struct guard *guard,
		      struct finding *f)
{
	uint32_t own = d->cfg.role == NODE_HUB ? FEED_TOWN : FEED_TOWN + 1;
	struct verify_rest *rest;
	int err = verify_rest_new(&d->town, &rest);

	if (err)
		return err;
	err = kvlmdb_rows(store, verify_rest_row, rest);
	if (!err)
		err = verify_rest_report(rest, own, guard, &f->report, &f->lost);
	verify_rest_free(rest);
	if (!err)
		add_report(f);
	return err;
}

/* A daemon that refuses to write knows something, too. */
static void check_daemon(const struct cli *c, struct finding *f)
{
	struct reply r = {0};

	if (client_try(c, "/api/v1/status", &r))
		return;
	if (client_str(r.root, "halted")[0])
		add_own(f, "daemon", M_VERIFY_HALTED, "", "");
	client_close(&r);
}

static bool bytes_to_blame(int err)
{
	return err == ERR_CORRUPT || err == ERR_FORMAT || err == ERR_CRYPTO;
}

/* Opens everything and looks. What keeps a part from being read is a finding too, when the bytes are to
 * blame; ERR_* else. */
static int check(const struct cli *c, const struct dir *d, struct finding *f, struct errmsg *msg)
{
	struct kvlmdb_opts opts = {.readonly = true, .ret_all = &f->pages};
	struct kv_txn *t = NULL;
	struct kv *kv = NULL;
	struct guard guard;
	char path[DIR_PATH_MAX];
	/* The mark first: a running daemon may sign more between the two reads, never less. */
	int err, guard_err = guardfile_peek(d->cfg.guard, &guard, msg);

	if (guard_err && guard_err != ERR_NOTFOUND) {
		if (!bytes_to_blame(guard_err))
			return guard_err;
		add_unreadable(f, "guard", guard_err, msg);
	}
	err = dir_path(d, "store", path);
	if (!err)
		err = kvlmdb_open(path, &opts, &kv, msg);
	if (!err)
		err = kv_begin(kv, false, &t);
	if (!err)
		err = check_store(c, d, t, guard_err ? NULL : &guard, f);
	kv_abort(t);
	kv_close(kv);
	for (uint32_t i = 0; i < f->pages.n; i++)
		add_page(f, &f->pages.fault[i]);
	if (f->pages.n) {
		f->rest = check_rest(d, path, guard_err ? NULL : &guard, f);
		return ERR_OK;
	}
	if (!bytes_to_blame(err))
		return err;
	add_unreadable(f, "store", err, msg);
	return ERR_OK;
}

/* --- what is shown ----------------------------------------------------------------------------------- */

static void print_json(const struct finding *f)
{
	const struct verify_report *r = &f->report;
	size_t n = json_array_size(f->problems);
	json_t *o = json_pack("{s:b, s:I, s:I, s:I, s:I, s:O}", "ok", n == 0, "feeds",
			      (json_int_t)r->feeds, "entries", (json_int_t)r->entries, "signatures",
			      (json_int_t)r->signatures, "problems_count", (json_int_t)n,
			      "problems", f->problems);

	if (f->pages.n && !f->rest)
		json_object_set_new(o, "lost",
				    json_pack("{s:I, s:I}", "entries", (json_int_t)f->lost.entries,
					      "alone", (json_int_t)f->lost.alone));
	cli_print_json(o);
	json_decref(o);
}

static void print_lost(const struct finding *f)
{
	const char *held = say_num(f->lost.entries - f->lost.alone);

	if (f->rest)
		SAY(stdout, f->rest == ERR_BUSY ? M_VERIFY_LOST_BUSY : M_VERIFY_LOST_UNKNOWN);
	else if (f->lost.alone)
		SAY(stdout, M_VERIFY_LOST_ALONE, say_num(f->lost.entries), held,
		    say_num(f->lost.alone));
	else if (f->lost.entries)
		SAY(stdout, M_VERIFY_LOST, say_num(f->lost.entries));
	else if (!f->report.nproblems)
		SAY(stdout, M_VERIFY_LOST_NONE, say_num(f->report.entries));
}

static void print_people(const struct cli *c, const struct finding *f)
{
	const json_t *p;
	size_t i;

	json_array_foreach (f->problems, i, p) {
		const char *feed = client_str(p, "feed"), *label = client_str(p, "label");
		const char *where = label[0] ? label : feed[0] ? feed : client_str(p, "table");
		char named[180];

		/* names are not unique; the beginning of the ID is */
		snprintf(named, sizeof(named), label[0] && feed[0] ? "%s (%.16s)" : "%s", where,
			 feed);
		if (json_is_integer(json_object_get(p, "entry")))
			SAY(stdout, M_VERIFY_AT, named, say_num(client_u64(p, "entry")),
			    client_str(p, "reason"));
		else
			SAY(stdout, M_VERIFY_FEED, named, client_str(p, "reason"));
	}
	if (json_array_size(f->problems))
		SAY(stdout, M_VERIFY_BAD, say_num(json_array_size(f->problems)));
	else
		SAY(stdout, M_VERIFY_OK, say_num(f->report.feeds), say_num(f->report.entries),
		    say_num(f->report.signatures));
	if (f->pages.n) {
		print_lost(f);
		SAY(stdout, M_VERIFY_PAGES, c->dir);
	}
}

/* Nothing was looked at: what is missing, and what to do about it. */
static int not_checked(const struct cli *c, const struct dir *d, int err, const struct errmsg *msg)
{
	char path[DIR_PATH_MAX];

	if (err == ERR_DENIED)
		return cli_fail_err(c, err, msg);
	if (!client_is_node(c))
		return CLI_FAIL(c, "NO_NODE", M_NO_NODE, c->dir);
	if (d->path[0] && !dir_path(d, "store/data.mdb", path) && !file_exists(path))
		return CLI_FAIL(c, "NO_STORE", M_VERIFY_NO_STORE, path, c->dir);
	return cli_fail_err(c, err, msg);
}

int cmd_verify(struct cli *c)
{
	struct finding f = {.problems = json_array()};
	struct errmsg msg = {0};
	struct dir d = {0};
	int rv = EXIT_DONE, err = dir_open(c->dir, &d, &msg);

	faults_set(say_text(M_VERIFY_FAULT));
	if (!err) {
		hash_hex(&d.feed, 64, f.feed);
		f.label = d.cfg.role == NODE_HUB ? d.cfg.town_name : d.cfg.village_name;
		err = check(c, &d, &f, &msg);
	}
	if (err) {
		rv = not_checked(c, &d, err, &msg);
	} else {
		check_daemon(c, &f);
		if (c->json)
			print_json(&f);
		else
			print_people(c, &f);
		rv = json_array_size(f.problems) ? EXIT_UNVERIFIED : EXIT_DONE;
	}
	verify_close(&f.report);
	json_decref(f.problems);
	dir_close(&d);
	return rv;
}
