#include "daemon/web/import/import_run.h"

#include <assert.h>
#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/writer/trial.h"
#include "lib/look.h"
#include "lib/mem.h"
#include "lib/vec.h"

#define RECORDS_MAX 60000
#define STEP_SHEETS 200 /* reviewed or confirmed by one record */
#define TRIES_MAX   5	/* how often others may come between trial and deed */

_Static_assert(STEP_SHEETS + 2 <= WRITER_BATCH_MAX, "sheets fit a batch with their two steps");

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

	if (look_same(bytes_str(m->name), by->name)) {
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
	struct item item;
	int err = ERR_OK;

	if (look->day != day || !look->version)
		err = read_catalogue_on(READER(look->t, look->feed), day, &look->version);
	if (err) {
		look->version = 0;
		return err;
	}
	look->day = day;
	err = read_item(READER(look->t, look->feed), look->version, code, &item);
	if (!err)
		*ret = (struct import_item){look->version, item.line.name_zh, item.line.points,
					    item.line.sign == SIGN_deduct};
	return err;
}

/* As an update of what is registered. */
static int read_roster(struct import *m, struct kv_txn *t)
{
	const struct reader r = reader_of(t, m->s->own);
	struct feed_head head = {.size = 0};
	int err = feedlog_head(t, m->s->own, &head);

	if (err && err != ERR_NOTFOUND)
		return err;
	m->update = (struct import_update){.r = &r, .o = &m->opts, .size = head.size};
	m->opts.update = import_update;
	m->opts.update_ctx = &m->update;
	err = import_roster(m->file.p, m->file.n, &m->opts, &m->roster, &m->report);
	m->update.r = NULL;
	return err;
}

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
	case IMPORT_ROSTER: err = read_roster(m, t); break;
	case IMPORT_CATALOGUE:
		err = import_catalogue(m->file.p, m->file.n, &m->opts, &m->catalogue, &m->report);
		break;
	case IMPORT_ENTRIES:
		err = import_entries(m->file.p, m->file.n, &m->opts, &ops, &m->entries, &m->report);
		break;
	}
	kv_abort(t);
	return err;
}

/* --- what is listed ------------------------------------------------------------------------------ */

static void reasons_reset(struct import_reasons *l)
{
	l->n = 0;
	buf_reset(&l->text);
	jw_init(&l->w, &l->text);
	jw_arr(&l->w);
}

static void reasons_add(struct import *m, struct import_reasons *to, uint32_t row,
			const struct reason *r)
{
	if (to->n++ >= IMPORT_REASONS_MAX)
		return;
	jw_obj(&to->w);
	jw_ku64(&to->w, "row", row);
	reason_json(&to->w, r, m->lang);
	jw_obj_end(&to->w);
}

/* Lists a reason of @rec; the row of the file, which is shown beside the sentence, stands for the line of the
 * entry in it. */
static void list_reason(struct import *m, struct import_reasons *to,
			const struct import_record *rec, const struct reason *reason)
{
	struct reason r = *reason;
	uint32_t row = rec->row;
	uint64_t at;

	if (m->kind == IMPORT_ENTRIES && rec->step == STEP_RECORD && reason_names_line(r.id) &&
	    r.num[0] >= 1) {
		at = rec->line + (uint64_t)r.num[0] - 1;
		if (at < m->entries.n)
			row = m->entries.row[at];
		r.num[0] = 0;
	}
	reasons_add(m, to, row, &r);
}

/* What may be there already counts only when a person has looked at it. */
static bool is_doubt(const struct reason *r)
{
	return r->id == V_P09_NEAR || r->id == V_P09_EVIDENCE;
}

/* Every warning of the record at hand, also those that its verdict does not keep. */
static void on_warning(void *ctx, const struct reason *r)
{
	struct import_warned *h = &((struct import *)ctx)->warned;

	if (VEC_ROOM(h->v, h->n, h->cap)) {
		h->err = ERR_NOMEM;
		return;
	}
	h->v[h->n++] = *r;
}

static void list_warned(struct import *m, const struct import_record *rec)
{
	for (uint32_t i = 0; i < m->warned.n; i++)
		list_reason(m, is_doubt(&m->warned.v[i]) ? &m->doubts : &m->warnings, rec,
			    &m->warned.v[i]);
}

/* --- the plan: all records, each tried behind those before it ---------------------------------------- */

/* @what keeps the records of a step apart. */
static void id_of(const struct import *m, enum import_step step, const void *what, size_t n,
		  uint8_t out[TXID_BYTES])
{
	const uint8_t number = (uint8_t)step;
	struct sha256 sum;
	struct hash h;

	sha256_start(&sum);
	sha256_add(&sum, m->base, TXID_BYTES);
	sha256_add(&sum, &number, sizeof(number));
	sha256_add(&sum, what, n);
	sha256_end(&sum, &h);
	memcpy(out, h.b, TXID_BYTES);
}

static void id_at(const struct import *m, uint32_t index, uint8_t out[TXID_BYTES])
{
	uint8_t what[4];

	be32_put(what, index);
	id_of(m, STEP_RECORD, what, sizeof(what), out);
}

static void drop_records(struct import *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		tx_close(&m->record[i].tx);
	mem_free(m->record);
	m->record = NULL;
	m->n = m->cap = 0;
}

/* Room for @n records in all: they must not move once they are made. */
static int room(struct import *m, uint32_t n)
{
	drop_records(m);
	if (n > RECORDS_MAX)
		return ERR_LIMIT;
	m->record = mem_array(n + 1, sizeof(*m->record));
	m->cap = n;
	return m->record ? ERR_OK : ERR_NOMEM;
}

static void take_existing(struct import *m, const struct job_append *a)
{
	if (m->existing++ == 0) {
		m->existing_seq = a->seq;
		m->existing_ms = a->tx.wall_ms;
	}
}

/* Makes the record, described by @like, and tries it. */
static int add_record(struct import *m, struct trial *r, struct import_record like,
		      enum rec_code code, const void *head, const void *lines, uint32_t nlines,
		      const uint8_t id[TXID_BYTES])
{
	struct import_record *rec = &m->record[m->n];
	const struct job_append *a = &rec->tx.job.u.append;
	int err;

	assert(m->n < m->cap);
	*rec = like;
	err = tx_make(m->s, rec_type_of((uint16_t)code), head, lines, nlines, m->signer[like.step],
		      id, &rec->tx, NULL);
	if (err)
		return err;
	m->n++;
	m->warned.n = 0;
	err = trial_run(r, &rec->tx);
	if (!err)
		err = m->warned.err;
	if (err)
		return err;
	if (!verdict_ok(&a->verdict)) {
		list_reason(m, &m->problems, rec, &a->verdict.reason);
		return ERR_OK;
	}
	if (a->exists)
		take_existing(m, a);
	list_warned(m, rec);
	return ERR_OK;
}

/* Of a change its ID follows from what it changes: the same one of a later state is another record. */
static int plan_change(struct import *m, struct trial *r, const struct import_change *c)
{
	/* household and member are the first fields of all three */
	const struct rec_person_correction *p = &c->u.person;
	uint8_t what[2 + 8 + 8 + STATE_CODE_MAX], id[TXID_BYTES];
	bool whole = c->code == REC_household_correction;

	be16_put(what, (uint16_t)c->code);
	be64_put(what + 2, m->update.size);
	be64_put(what + 10, whole ? 0 : c->code == REC_member_join ? c->u.join.member : p->member);
	memcpy(what + 18, p->household.p, p->household.n);
	id_of(m, STEP_RECORD, what, 18 + p->household.n, id);
	return add_record(m, r, (struct import_record){.row = c->row, .whole = true}, c->code,
			  &c->u, NULL, 0, id);
}

static int plan_roster(struct import *m, struct trial *r)
{
	uint8_t id[TXID_BYTES];
	int err = room(m, m->roster.n + m->update.n);

	for (uint32_t i = 0; !err && i < m->update.n; i++)
		err = plan_change(m, r, &m->update.change[i]);
	for (uint32_t i = 0; !err && i < m->roster.n; i++) {
		const struct import_household *h = &m->roster.v[i];

		if (h->known)
			continue;
		id_at(m, i, id);
		err = add_record(m, r, (struct import_record){.row = h->row, .whole = true},
				 REC_household, &h->head, h->line, h->nlines, id);
	}
	return err;
}

/* The catalogue under this ID, if it was imported before: what was not given is what it was then. Anything
 * else under it is for the trial to refuse. */
static int catalogue_then(struct import *m, struct trial *r, const uint8_t id[TXID_BYTES],
			  struct rec_catalogue *ret)
{
	struct payload p;
	uint64_t seq;
	int err = feedlog_txid(r->t, m->s->own, id, &seq);

	if (!err)
		err = feedlog_payload(r->t, m->s->own, seq, &p);
	if (!err && rec_decode_head(rec_type_of(REC_catalogue), &p, ret))
		err = ERR_NOTFOUND;
	return err;
}

/* The next version, from today on. */
static int catalogue_now(struct import *m, struct trial *r, struct rec_catalogue *ret)
{
	struct rec_catalogue newest = {0};
	int err = view_catalogue(r->t, 0, &newest, NULL, NULL);

	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = (struct rec_catalogue){.version = err ? 1 : newest.version + 1,
				      .from = tx_today(m->s)};
	return ERR_OK;
}

static int plan_catalogue(struct import *m, struct trial *r)
{
	struct rec_catalogue *h = &m->catalogue_head, usual = {0};
	uint8_t id[TXID_BYTES];
	int err = room(m, 1);

	id_at(m, 0, id);
	if (!err)
		err = catalogue_then(m, r, id, &usual);
	if (err == ERR_NOTFOUND)
		err = catalogue_now(m, r, &usual);
	if (err)
		return err;
	if (!h->version)
		h->version = usual.version;
	if (h->from == DAY_NONE)
		h->from = usual.from;
	return add_record(m, r, (struct import_record){.whole = true}, REC_catalogue, h,
			  m->catalogue.v, m->catalogue.n, id);
}

/* What a sheet still waits for. */
struct sheet_wait {
	uint64_t entry;
	bool review, confirm;
};

/* A sheet that was there before may have been reviewed or confirmed since, by this import or by hand. */
static int look_at_sheet(struct import *m, struct trial *r, const struct job_append *a,
			 struct sheet_wait *ret)
{
	struct view_points p;
	bool review = !a->exists, confirm = !a->exists;
	int err = a->exists ? view_points(r->t, m->s->own, a->seq, &p) : ERR_OK;

	if (err)
		return err;
	for (uint32_t i = 1; a->exists && i <= p.nlines; i++) {
		review |= p.state[i] == LINE_RECORDED;
		confirm |= p.state[i] == LINE_RECORDED || p.state[i] == LINE_REVIEWED;
		m->existing_refused_lines += p.state[i] == LINE_REFUSED;
	}
	m->existing_reviewed += a->exists && !review && confirm;
	m->existing_confirmed += a->exists && !confirm;
	*ret = (struct sheet_wait){a->seq, review, confirm};
	return ERR_OK;
}

static int plan_sheet(struct import *m, struct trial *r, uint32_t index, uint32_t *at,
		      struct sheet_wait *ret)
{
	struct rec_points head = {0};
	uint32_t lines = import_entries_fit(&m->entries, *at, 0);
	const struct import_record *rec = &m->record[m->n];
	uint8_t id[TXID_BYTES];
	int err;

	if (lines == 0)
		return ERR_LIMIT;
	id_at(m, index, id);
	err = add_record(m, r, (struct import_record){.row = m->entries.row[*at], .line = *at},
			 REC_points, &head, &m->entries.v[*at], lines, id);
	*at += lines;
	if (!err && verdict_ok(&rec->tx.job.u.append.verdict))
		err = look_at_sheet(m, r, &rec->tx.job.u.append, ret);
	return err;
}

/* The review, or the confirmation, of the sheets that wait for it. Its ID follows from which they are: after
 * a step by hand it is another record. */
static int plan_step(struct import *m, struct trial *r, enum import_step step,
		     const struct sheet_wait *w, uint32_t n)
{
	struct rec_review head = {0};
	struct rec_review_line line[STEP_SHEETS];
	uint8_t entries[STEP_SHEETS * 8], id[TXID_BYTES];
	uint32_t k = 0;

	_Static_assert(sizeof(struct rec_review_line) == sizeof(struct rec_confirm_line),
		       "review and confirmation have the same fields");
	for (uint32_t i = 0; i < n; i++) {
		if (!(step == STEP_REVIEW ? w[i].review : w[i].confirm))
			continue;
		line[k] = (struct rec_review_line){.entry = w[i].entry, .decision = DECISION_agree};
		be64_put(entries + 8 * k++, w[i].entry);
	}
	if (k == 0)
		return ERR_OK;
	id_of(m, step, entries, 8 * k, id);
	return add_record(m, r, (struct import_record){.step = step},
			  step == STEP_REVIEW ? REC_review : REC_confirm, &head, line, k, id);
}

static uint32_t sheets_of(const struct import_entries *e)
{
	uint32_t n = 0;

	for (uint32_t at = 0, k; at < e->n; at += k, n++) {
		k = import_entries_fit(e, at, 0);
		if (k == 0)
			break; /* plan_sheet says so */
	}
	return n + 1;
}

static int plan_entries(struct import *m, struct trial *r)
{
	uint32_t sheets = sheets_of(&m->entries), index = 0;
	int err = room(m, sheets + 2 * (sheets / STEP_SHEETS + 1));

	for (uint32_t at = 0; !err && at < m->entries.n;) {
		struct sheet_wait w[STEP_SHEETS] = {{0}};
		uint32_t n = 0;

		while (!err && n < STEP_SHEETS && at < m->entries.n)
			err = plan_sheet(m, r, index++, &at, &w[n++]);
		/* all sheets are tried; steps behind a refused one would only be refused, too */
		if (!err && !m->problems.n)
			err = plan_step(m, r, STEP_REVIEW, w, n);
		if (!err && !m->problems.n)
			err = plan_step(m, r, STEP_CONFIRM, w, n);
		if (!err)
			m->record[m->n - 1].whole = true;
	}
	return err;
}

static int plan(struct import *m)
{
	struct trial r;
	int err = trial_begin(&r, m->s);

	reasons_reset(&m->problems);
	reasons_reset(&m->warnings);
	reasons_reset(&m->doubts);
	m->existing = 0;
	m->existing_reviewed = m->existing_confirmed = m->existing_refused_lines = 0;
	if (!err) {
		r.fold.warned = on_warning;
		r.fold.warned_ctx = m;
		switch (m->kind) {
		case IMPORT_ROSTER: err = plan_roster(m, &r); break;
		case IMPORT_CATALOGUE: err = plan_catalogue(m, &r); break;
		case IMPORT_ENTRIES: err = plan_entries(m, &r); break;
		}
	}
	trial_end(&r);
	return err;
}

/* --- the deed ------------------------------------------------------------------------------------ */

/* How many of the next records go together. */
static uint32_t batch_of(const struct import *m, uint32_t at)
{
	uint32_t n = 0;

	for (uint32_t i = at; i < m->n && i - at < WRITER_BATCH_MAX; i++)
		if (m->record[i].whole)
			n = i - at + 1;
	return n;
}

static int write_batch(struct import *m, uint32_t at, uint32_t n)
{
	struct tx **batch = mem_array(n, sizeof(struct tx *));
	uint32_t k = 0;
	int err = batch ? ERR_OK : ERR_NOMEM;

	for (uint32_t i = at; !err && i < at + n; i++) {
		struct job_append *a = &m->record[i].tx.job.u.append;

		if (a->exists)
			continue;
		a->placed = m->kind == IMPORT_ENTRIES;
		a->place = a->seq;
		batch[k++] = &m->record[i].tx;
	}
	if (!err && k)
		err = tx_submit(m->s, batch, k, false);
	for (uint32_t i = at; !err && k && i < at + n; i++) {
		const struct import_record *rec = &m->record[i];
		const struct job_append *a = &rec->tx.job.u.append;

		if (!verdict_ok(&a->verdict))
			list_reason(m, &m->problems, rec, &a->verdict.reason);
		else if (!a->exists)
			m->written++;
	}
	mem_free(batch);
	return err;
}

/* ERR_EXISTS: another entry took a place; nothing of the batch was written. */
static int write_all(struct import *m)
{
	int err = ERR_OK;

	for (uint32_t at = 0, k; !err && at < m->n && !m->problems.n; at += k) {
		k = batch_of(m, at);
		assert(k > 0);
		err = write_batch(m, at, k);
	}
	return err;
}

bool import_good(const struct import *m)
{
	return import_report_clean(&m->report) && !m->partial && !m->problems.n &&
	       (!m->doubts.n || m->opts.accept);
}

int import_run(struct import *m)
{
	int err = read_file(m);

	import_report_sort(&m->report);
	if (err)
		return err == ERR_INVALID ? ERR_OK : err;
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		err = plan(m);
		if (err || m->dry_run || !import_good(m))
			break;
		err = write_all(m);
		m->done = !err && !m->problems.n;
		if (err != ERR_EXISTS)
			break;
	}
	/* the trial was good and yet not all was written: another change came between, or a failure */
	m->partial = m->written && !m->done;
	if (m->partial)
		return ERR_OK;
	return err == ERR_EXISTS ? ERR_BUSY : err;
}

void import_close(struct import *m)
{
	drop_records(m);
	for (int i = 0; i < STEPS; i++)
		sign_key_free(m->signer[i]);
	import_update_close(&m->update);
	import_report_close(&m->report);
	buf_close(&m->problems.text);
	buf_close(&m->warnings.text);
	buf_close(&m->doubts.text);
	mem_free(m->warned.v);
}
