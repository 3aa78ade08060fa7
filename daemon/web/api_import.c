#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/rules/view.h"
#include "daemon/web/body.h"
#include "daemon/web/handlers.h"
#include "daemon/web/import.h"
#include "daemon/web/reply.h"
#include "daemon/web/trial.h"
#include "daemon/web/tx.h"
#include "lib/mem.h"

/* Imports: a JSON line (who signs, and what belongs to the head), then the file as it is. Read, tried as a
 * whole over an overlay, and only then written; nothing is written when anything is refused.
 *
 * The transaction IDs follow from the file: the same file again finds its own entries, so an import that
 * was cut short goes on where it stopped and one that was finished changes nothing. */

#define BATCH	     1000 /* jobs given to the writer at a time */
#define PROBLEMS_MAX 1000 /* told; all are counted */
#define RECORDS_MAX  50000
#define STEP_LINES   200 /* entries reviewed or confirmed by one record */

enum kind { ROSTER, CATALOGUE, ENTRIES };
enum step { STEP_RECORD, STEP_REVIEW, STEP_CONFIRM, STEPS };

struct import {
	const struct web_services *s;
	const struct web_req *req;
	struct web_res *res;
	enum kind kind;
	json_t *root;
	struct bytes file;
	struct sign_key *signer[STEPS];
	bool dry_run;
	struct import_opts opts;
	struct import_report report;
	uint8_t base[TXID_BYTES]; /* all transaction IDs follow from it */
	/* what was read */
	struct import_roster roster;
	struct import_catalogue catalogue;
	struct rec_catalogue catalogue_head;
	struct import_entries entries;
	uint32_t *first_row;  /* of each record */
	uint32_t *first_line; /* index into entries of each record */
	/* the records of the step at hand */
	struct tx *tx;
	uint32_t n;
	uint64_t *entry; /* sequences of the points entries */
	uint32_t nentry;
	/* for the answer */
	uint32_t written, existing, nproblems, nwarnings, ndoubts;
	struct buf problems, warnings, doubts;
	struct jw wproblems, wwarnings, wdoubts;
	bool partial;
};

/* --- the request --------------------------------------------------------------------------------- */

static bool split_body(struct import *m)
{
	static const char *const keys[] = {"as",	 "passphrase",
					   "review_as",	 "review_passphrase",
					   "confirm_as", "confirm_passphrase",
					   "id",	 "consent_day",
					   "version",	 "title",
					   "from",	 "to",
					   NULL};
	struct bytes all = m->req->body;
	const uint8_t *end = all.n ? memchr(all.p, '\n', all.n) : NULL;

	if (!end) {
		reply_error(m->res, m->req->lang, 400, "BODY", NULL,
			    SAYS("请求内容应为一行 JSON，换行后接文件内容",
				 "the body is one line of JSON, a line feed, and the file"),
			    SAYS(NULL, NULL));
		return false;
	}
	m->file = (struct bytes){end + 1, (size_t)(all.p + all.n - end - 1)};
	return body_read(m->req, m->res, (struct bytes){all.p, (size_t)(end - all.p)}, keys,
			 &m->root);
}

static bool read_day(struct import *m, const char *key, day_t *ret)
{
	const char *text;

	if (!body_text(m->req, m->res, m->root, key, &text))
		return false;
	if (!text || !text[0] || day_parse(text, strlen(text), ret))
		return true;
	reply_error(m->res, m->req->lang, 400, "FIELD_VALUE", key,
		    SAYS("日期应写成 2025-01-31 的样子", "a date is written like 2025-01-31"),
		    SAYS(NULL, NULL));
	return false;
}

static bool refuse_param(struct import *m, const char *code, const char *name, const char *zh,
			 const char *en)
{
	reply_error(m->res, m->req->lang, 400, code, name, SAYS(zh, en), SAYS(NULL, NULL));
	return false;
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* A trial that is taken for the deed cannot be taken back: nothing here is guessed. */
static bool read_query(struct import *m)
{
	static const char *const yes[] = {"1", "true", "yes", NULL};
	static const char *const no[] = {"0", "false", "no", NULL};
	struct {
		const char *name;
		bool *to, given;
	} flags[] = {{"dry_run", &m->dry_run, false}, {"accept", &m->opts.accept, false}};

	for (uint32_t i = 0; i < m->req->nquery; i++) {
		const struct web_param *q = &m->req->query[i];
		size_t k = strcmp(q->name, flags[0].name) != 0;

		if (strcmp(q->name, flags[k].name) != 0)
			return refuse_param(m, "PARAMETER_UNKNOWN", NULL,
					    "只有参数 dry_run 和 accept",
					    "the parameters are dry_run and accept");
		if (flags[k].given || (!is_one_of(q->value, yes) && !is_one_of(q->value, no)))
			return refuse_param(m, "PARAMETER", flags[k].name,
					    "应为 1、true、yes 或 0、false、no，且只写一次",
					    "it is 1, true, yes or 0, false, no, and given once");
		flags[k].given = true;
		*flags[k].to = is_one_of(q->value, yes);
	}
	return true;
}

static bool open_signers(struct import *m)
{
	static const char *const who[STEPS] = {"as", "review_as", "confirm_as"};
	static const char *const pass[STEPS] = {"passphrase", "review_passphrase",
						"confirm_passphrase"};
	int steps = m->kind == ENTRIES ? STEPS : 1;

	for (int i = 0; i < steps; i++)
		if (!body_person(m->s, m->req, m->res, m->root, who[i], pass[i], &m->signer[i]))
			return false;
	return true;
}

static bool make_base(struct import *m)
{
	static const char label[] = "CZ import\n";
	const uint8_t kind = (uint8_t)m->kind;
	struct sha256 h;
	struct hash base;
	bool given;

	if (!body_txid(m->req, m->res, m->root, m->base, &given))
		return false;
	if (given)
		return true;
	sha256_start(&h);
	sha256_add(&h, label, sizeof(label) - 1);
	sha256_add(&h, &kind, sizeof(kind));
	sha256_add(&h, m->file.p, m->file.n);
	sha256_end(&h, &base);
	memcpy(m->base, base.b, TXID_BYTES);
	return true;
}

static void id_of(const struct import *m, enum step step, uint32_t i, uint8_t out[TXID_BYTES])
{
	uint8_t msg[TXID_BYTES + 1 + 4];
	struct hash h;

	memcpy(msg, m->base, TXID_BYTES);
	msg[TXID_BYTES] = (uint8_t)step;
	be32_put(msg + TXID_BYTES + 1, i);
	hash_of(msg, sizeof(msg), &h);
	memcpy(out, h.b, TXID_BYTES);
}

/* --- reading the file ---------------------------------------------------------------------------- */

struct lookup {
	struct kv_txn *t;
	uint32_t feed;
	day_t day; /* of the version found last */
	uint64_t version;
};
struct by_name {
	struct bytes name;
	uint32_t member, found;
};

static int match_member(void *ctx, const struct view_member *m)
{
	struct by_name *by = ctx;

	if (strlen(m->name) == by->name.n && memcmp(m->name, by->name.p, by->name.n) == 0) {
		by->member = m->member;
		by->found++;
	}
	return 0;
}

static int find_member(void *ctx, struct bytes household, struct bytes name, uint32_t *ret)
{
	struct lookup *look = ctx;
	struct by_name by = {.name = name};
	struct view_household h;
	int err = view_household(look->t, look->feed, household, &h);

	if (!err && name.n)
		err = view_members(look->t, look->feed, household, match_member, &by);
	if (err)
		return err;
	if (name.n && by.found != 1)
		return by.found ? ERR_EXISTS : ERR_INVALID;
	*ret = by.member;
	return ERR_OK;
}

static int find_item(void *ctx, struct bytes code, day_t day, struct import_item *ret)
{
	struct lookup *look = ctx;
	struct rec_catalogue_line line;
	int err = ERR_OK;

	if (look->day != day || !look->version)
		err = view_catalogue_on(look->t, look->feed, day, &look->version);
	if (err) {
		look->version = 0;
		return err;
	}
	look->day = day;
	err = view_item(look->t, look->version, code, &line);
	if (!err)
		*ret = (struct import_item){look->version, line.name_zh, line.points,
					    line.sign == SIGN_deduct};
	return err;
}

/* The next version, unless one was given. */
static int catalogue_head(struct import *m, struct kv_txn *t)
{
	struct rec_catalogue newest = {0}, *h = &m->catalogue_head;
	const char *version, *title;
	uint8_t scratch[REC_SCRATCH_BYTES];
	const struct rec_type *type = rec_type_of(REC_catalogue);
	int err = view_catalogue(t, 0, &newest, NULL, NULL);

	if (err && err != ERR_NOTFOUND)
		return err;
	h->version = err ? 1 : newest.version + 1;
	if (!body_text(m->req, m->res, m->root, "version", &version) ||
	    !body_text(m->req, m->res, m->root, "title", &title) ||
	    !read_day(m, "from", &h->from) || !read_day(m, "to", &h->to))
		return ERR_INVALID;
	if (version && rec_field_parse(&type->head[0], version, strlen(version), scratch, h)) {
		reply_error(m->res, m->req->lang, 400, "FIELD_VALUE", "version",
			    SAYS("版本应为正整数", "a version is a positive whole number"),
			    SAYS(NULL, NULL));
		return ERR_INVALID;
	}
	if (!title || !title[0])
		title = "积分事项参考清单";
	h->title = (struct bytes){(const uint8_t *)title, strlen(title)};
	if (h->from == DAY_NONE)
		h->from = reply_today(m->s);
	return ERR_OK;
}

/* ERR_INVALID: the report, or already the answer, says why. */
static int read_file(struct import *m)
{
	struct kv_txn *t = NULL;
	struct lookup look = {.feed = m->s->own};
	struct import_lookup ops = {&look, find_member, find_item};
	int err = kv_begin(m->s->kv, false, &t);

	if (err)
		return err;
	look.t = t;
	switch (m->kind) {
	case ROSTER:
		err = import_roster(m->file.p, m->file.n, &m->opts, &m->roster, &m->report);
		break;
	case CATALOGUE:
		err = catalogue_head(m, t);
		if (!err)
			err = import_catalogue(m->file.p, m->file.n, &m->opts, &m->catalogue,
					       &m->report);
		break;
	case ENTRIES:
		err = import_entries(m->file.p, m->file.n, &m->opts, &ops, &m->entries, &m->report);
		break;
	}
	kv_abort(t);
	return err;
}

/* --- records ------------------------------------------------------------------------------------- */

static void drop_records(struct import *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		tx_close(&m->tx[i]);
	mem_free(m->tx);
	m->tx = NULL;
	m->n = 0;
}

static int add_record(struct import *m, enum step step, enum rec_code code, const void *head,
		      const void *lines, uint32_t nlines)
{
	uint8_t id[TXID_BYTES];
	int err;

	id_of(m, step, m->n, id);
	err = tx_make(m->s, rec_type_of((uint16_t)code), head, lines, nlines, m->signer[step], id,
		      &m->tx[m->n], NULL);
	if (!err)
		m->n++;
	return err;
}

static int room(struct import *m, uint32_t n)
{
	drop_records(m);
	if (n > RECORDS_MAX)
		return ERR_LIMIT;
	m->tx = mem_array(n + 1, sizeof(*m->tx));
	return m->tx ? ERR_OK : ERR_NOMEM;
}

static int make_households(struct import *m)
{
	int err = room(m, m->roster.n);

	for (uint32_t i = 0; !err && i < m->roster.n; i++) {
		const struct import_household *h = &m->roster.v[i];

		m->first_row[i] = h->row;
		err = add_record(m, STEP_RECORD, REC_household, &h->head, h->line, h->nlines);
	}
	return err;
}

static int make_sheets(struct import *m)
{
	struct rec_points head = {0};
	int err = room(m, m->entries.n);

	for (uint32_t at = 0, k; !err && at < m->entries.n; at += k) {
		k = import_entries_fit(&m->entries, at, 0);
		if (k == 0)
			return ERR_LIMIT;
		m->first_row[m->n] = m->entries.row[at];
		m->first_line[m->n] = at;
		err = add_record(m, STEP_RECORD, REC_points, &head, &m->entries.v[at], k);
	}
	return err;
}

static int make_catalogue(struct import *m)
{
	int err = room(m, 1);

	m->first_row[0] = 0;
	return err ? err
		   : add_record(m, STEP_RECORD, REC_catalogue, &m->catalogue_head, m->catalogue.v,
				m->catalogue.n);
}

/* Reviews, or confirmations, of all entries of the file. */
static int make_step(struct import *m, enum step step)
{
	struct rec_review head = {0};
	struct rec_review_line line[STEP_LINES];
	uint32_t k;
	int err = room(m, m->nentry / STEP_LINES + 1);

	_Static_assert(sizeof(struct rec_review_line) == sizeof(struct rec_confirm_line),
		       "review and confirmation have the same fields");
	for (uint32_t at = 0; !err && at < m->nentry; at += k) {
		k = m->nentry - at < STEP_LINES ? m->nentry - at : STEP_LINES;
		for (uint32_t i = 0; i < k; i++)
			line[i] = (struct rec_review_line){.entry = m->entry[at + i],
							   .decision = DECISION_agree};
		m->first_row[m->n] = 0;
		err = add_record(m, step, step == STEP_REVIEW ? REC_review : REC_confirm, &head,
				 line, k);
	}
	return err;
}

static int make_records(struct import *m, enum step step)
{
	if (step != STEP_RECORD)
		return make_step(m, step);
	switch (m->kind) {
	case ROSTER: return make_households(m);
	case CATALOGUE: return make_catalogue(m);
	case ENTRIES: return make_sheets(m);
	}
	return ERR_INVALID;
}

/* --- what is told -------------------------------------------------------------------------------- */

/* The row of the file that a reason is about: these all name a line first. */
static uint32_t row_of(const struct import *m, enum step step, uint32_t i, const struct reason *r)
{
	bool by_line = (r->id >= V_P05_FUTURE && r->id <= V_P13_CHILD) ||
		       r->id == V_HOUSEHOLD_UNKNOWN || r->id == V_MEMBER_UNKNOWN;
	uint64_t at;

	if (step != STEP_RECORD)
		return 0;
	if (m->kind != ENTRIES || !by_line || r->num[0] < 1)
		return m->first_row[i];
	at = m->first_line[i] + (uint64_t)r->num[0] - 1;
	return at < m->entries.n ? m->entries.row[at] : m->first_row[i];
}

static void tell(struct jw *w, uint32_t *count, uint32_t row, const struct reason *r,
		 enum lang lang)
{
	if ((*count)++ >= PROBLEMS_MAX)
		return;
	jw_obj(w);
	jw_ku64(w, "row", row);
	reply_reason(w, r, lang);
	jw_obj_end(w);
}

/* What may be there already counts only when a person has looked at it. */
static bool is_doubt(const struct reason *r)
{
	return r->id == V_P09_NEAR || r->id == V_P09_EVIDENCE;
}

/* Warnings beyond those kept: late lines, of which each has one, and for the rest doubts. */
static uint32_t hidden_doubts(const struct import *m, uint32_t i, const struct verdict *v)
{
	uint32_t kept = 0, late = 0, end = i + 1 < m->n ? m->first_line[i + 1] : m->entries.n;
	int64_t today = 0, limit = 0;

	if (v->nwarn <= VERDICT_WARN_MAX)
		return 0;
	for (uint32_t k = 0; k < VERDICT_WARN_MAX; k++) {
		const struct reason *r = &v->warn[k];
		uint64_t at = m->first_line[i] + (uint64_t)r->num[0] - 1;

		if (r->id != V_P05_LATE || at >= end)
			continue;
		today = m->entries.v[at].day + r->num[1];
		limit = r->num[2];
		kept++;
	}
	for (uint32_t at = m->first_line[i]; kept && at < end; at++)
		late += today - m->entries.v[at].day > limit;
	late -= late < kept ? late : kept;
	return v->nwarn - VERDICT_WARN_MAX > late ? v->nwarn - VERDICT_WARN_MAX - late : 0;
}

static void take_warnings(struct import *m, enum step step, uint32_t i, const struct verdict *v)
{
	uint32_t hidden = 0;

	for (uint32_t k = 0; k < v->nwarn && k < VERDICT_WARN_MAX; k++) {
		bool doubt = is_doubt(&v->warn[k]);

		tell(doubt ? &m->wdoubts : &m->wwarnings, doubt ? &m->ndoubts : &m->nwarnings,
		     row_of(m, step, i, &v->warn[k]), &v->warn[k], m->req->lang);
	}
	if (v->nwarn <= VERDICT_WARN_MAX)
		return;
	if (m->kind == ENTRIES && step == STEP_RECORD)
		hidden = hidden_doubts(m, i, v);
	m->ndoubts += hidden;
	m->nwarnings += v->nwarn - VERDICT_WARN_MAX - hidden;
}

/* Sequences for the next steps, and what was refused or warned of. */
static void take_result(struct import *m, enum step step, uint32_t i)
{
	const struct job_append *a = &m->tx[i].job.u.append;
	const struct verdict *v = &a->verdict;

	if (!verdict_ok(v))
		tell(&m->wproblems, &m->nproblems, row_of(m, step, i, &v->reason), &v->reason,
		     m->req->lang);
	take_warnings(m, step, i, v);
	m->written++;
	m->existing += a->exists;
	if (step == STEP_RECORD)
		m->entry[i] = a->seq;
}

static void tell_afresh(struct import *m)
{
	m->written = m->existing = m->nproblems = m->nwarnings = m->ndoubts = 0;
	buf_reset(&m->problems);
	buf_reset(&m->warnings);
	buf_reset(&m->doubts);
	jw_init(&m->wproblems, &m->problems);
	jw_init(&m->wwarnings, &m->warnings);
	jw_init(&m->wdoubts, &m->doubts);
	jw_arr(&m->wproblems);
	jw_arr(&m->wwarnings);
	jw_arr(&m->wdoubts);
}

/* --- trial and deed ------------------------------------------------------------------------------ */

static int try_step(struct import *m, struct trial *r, enum step step)
{
	int err = make_records(m, step);

	for (uint32_t i = 0; !err && i < m->n; i++) {
		err = trial_run(r, &m->tx[i]);
		if (!err)
			take_result(m, step, i);
	}
	if (step == STEP_RECORD)
		m->nentry = m->n;
	return err;
}

static int steps_of(const struct import *m)
{
	return m->kind == ENTRIES ? STEPS : 1;
}

static int try_all(struct import *m)
{
	struct trial r;
	int err = trial_begin(&r, m->s);

	tell_afresh(m);
	for (int step = 0; !err && step < steps_of(m) && !m->nproblems; step++)
		err = try_step(m, &r, (enum step)step);
	trial_end(&r);
	return err;
}

static int do_step(struct import *m, enum step step)
{
	struct tx *batch[BATCH];
	uint32_t k;
	int err = make_records(m, step);

	for (uint32_t at = 0; !err && at < m->n && !m->nproblems; at += k) {
		k = m->n - at < BATCH ? m->n - at : BATCH;
		for (uint32_t i = 0; i < k; i++)
			batch[i] = &m->tx[at + i];
		err = tx_submit(m->s, batch, k, m->signer[step], false);
		for (uint32_t i = 0; !err && i < k; i++)
			take_result(m, step, at + i);
	}
	return err;
}

static int do_all(struct import *m)
{
	int err = ERR_OK;

	tell_afresh(m);
	for (int step = 0; !err && step < steps_of(m) && !m->nproblems; step++)
		err = do_step(m, (enum step)step);
	/* The trial was good and yet something was refused: another change came between. */
	m->partial = err || m->nproblems;
	return err;
}

/* --- the answer ---------------------------------------------------------------------------------- */

static void put_list(struct jw *w, const char *key, struct jw *list, struct buf *text)
{
	if (list->depth)
		jw_arr_end(list);
	jw_key(w, key);
	w->keyed = false; /* the text of the list is the value */
	buf_puts(w->out, text->err || !text->n ? "[]" : buf_str(text));
}

static void put_answer(struct import *m, bool ok, bool done)
{
	struct jw w;

	reply_json(m->res, ok ? 200 : m->partial ? 409 : 422, &w);
	jw_obj(&w);
	jw_kbool(&w, "ok", ok);
	jw_kbool(&w, "done", done);
	jw_kbool(&w, "partial", m->partial);
	jw_kbool(&w, "dry_run", m->dry_run);
	jw_ku64(&w, "records", m->written);
	jw_ku64(&w, "existing", m->existing);
	if (m->kind == CATALOGUE)
		jw_ku64(&w, "version", m->catalogue_head.version);
	put_list(&w, "problems", &m->wproblems, &m->problems);
	put_list(&w, "warnings", &m->wwarnings, &m->warnings);
	put_list(&w, "doubts", &m->wdoubts, &m->doubts);
	jw_ku64(&w, "problems_count", m->nproblems);
	jw_ku64(&w, "warnings_count", m->nwarnings);
	jw_ku64(&w, "doubts_count", m->ndoubts);
	jw_key(&w, "report");
	import_report_json(&m->report, &w);
	jw_obj_end(&w);
	buf_puts(&m->res->body, "\n");
}

static void run(struct import *m)
{
	uint32_t n;
	int err = read_file(m);

	import_report_sort(&m->report);
	if (err == ERR_INVALID) {
		if (!m->res->body.n)
			put_answer(m, false, false);
		return;
	}
	n = m->roster.n + m->entries.n + 1;
	m->first_row = mem_array(n + 1, sizeof(uint32_t));
	m->first_line = mem_array(n + 1, sizeof(uint32_t));
	m->entry = mem_array(n + 1, sizeof(uint64_t));
	if (!err && (!m->first_row || !m->first_line || !m->entry))
		err = ERR_NOMEM;
	if (!err)
		err = try_all(m);
	if (err) {
		reply_machine(m->req, m->res, err, NULL);
	} else if (m->nproblems || m->dry_run || (m->ndoubts && !m->opts.accept)) {
		put_answer(m, !m->nproblems && (!m->ndoubts || m->opts.accept), false);
	} else {
		err = do_all(m);
		if (err && !m->written)
			reply_machine(m->req, m->res, err, NULL);
		else
			put_answer(m, !m->partial, !m->partial);
	}
}

static void import_end(struct import *m)
{
	drop_records(m);
	for (int i = 0; i < STEPS; i++)
		sign_key_free(m->signer[i]);
	import_report_close(&m->report);
	mem_free(m->first_row);
	mem_free(m->first_line);
	mem_free(m->entry);
	buf_close(&m->problems);
	buf_close(&m->warnings);
	buf_close(&m->doubts);
	body_free(m->root);
}

void api_import(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const kinds[] = {"roster", "catalogue", "entries"};
	struct import m = {.s = s, .req = req, .res = res};
	size_t k = 0;

	while (k < 3 && strcmp(kinds[k], reply_last(req)) != 0)
		k++;
	if (k == 3) {
		web_refuse(404, req->lang, res);
		return;
	}
	m.kind = (enum kind)k;
	if (read_query(&m) && split_body(&m) && read_day(&m, "consent_day", &m.opts.consent_day) &&
	    make_base(&m) && open_signers(&m))
		run(&m);
	import_end(&m);
}
