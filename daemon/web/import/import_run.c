#include "daemon/web/import/import_run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/web/import/import_table.h"
#include "daemon/writer/trial.h"
#include "lib/mem.h"
#include "lib/vec.h"

#define RECORDS_MAX	60000
#define STEP_SHEETS	200 /* reviewed or confirmed by one record */
#define SHEET_LINES_MAX 200
#define TRIES_MAX	5 /* how often others may come between trial and deed */

_Static_assert(STEP_SHEETS + 2 <= WRITER_BATCH_MAX, "sheets fit a batch with their two steps");

/* --- what is listed ------------------------------------------------------------------------------ */

static void reasons_reset(struct import_reasons *l)
{
	l->n = 0;
}

static void reasons_add(struct import_reasons *to, uint32_t row, const struct reason *r)
{
	if (to->n++ >= IMPORT_REASONS_MAX)
		return;
	if (!to->v)
		to->v = mem_array(IMPORT_REASONS_MAX, sizeof(to->v[0]));
	if (to->v)
		to->v[to->n - 1] = (struct import_reason){row, to->n, *r};
}

static int by_row(const void *a, const void *b)
{
	const struct import_reason *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void import_reasons_json(struct import_reasons *l, enum lang lang, struct jw *w)
{
	uint32_t n = l->v ? (l->n < IMPORT_REASONS_MAX ? l->n : IMPORT_REASONS_MAX) : 0;

	if (n)
		qsort(l->v, n, sizeof(l->v[0]), by_row);
	jw_arr(w);
	for (uint32_t i = 0; i < n; i++) {
		jw_obj(w);
		jw_ku64(w, "row", l->v[i].row);
		reason_json(w, &l->v[i].reason, lang);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

/* The line of the record that a reason is about, from 0; UINT32_MAX: none of its own. */
static uint32_t line_of(const struct import_record *rec, const struct reason *r)
{
	bool has = reason_names_line(r->id) && r->num[0] >= 1 && (uint64_t)r->num[0] <= rec->nrows;

	return has ? (uint32_t)r->num[0] - 1 : UINT32_MAX;
}

/* Lists a reason of @rec; the row of the file, which is shown beside the sentence, stands for the line of the
 * entry in it. */
static void list_reason(struct import_reasons *to, const struct import_record *rec,
			const struct reason *reason)
{
	struct reason r = *reason;
	uint32_t line = line_of(rec, reason);

	if (line != UINT32_MAX)
		r.num[0] = 0;
	reasons_add(to, line == UINT32_MAX ? rec->row : rec->rows[line], &r);
}

/* What may be there already counts only when a person has looked at it. */
static bool is_doubt(const struct reason *r)
{
	return r->id == V_P09_NEAR || r->id == V_P09_EVIDENCE;
}

struct listener {
	struct import *m;
	const struct fold *fold;
};

/* Every warning of the record at hand, also those that its verdict does not keep. */
static void on_warning(void *ctx, const struct reason *r)
{
	const struct listener *l = ctx;
	struct import_warned *h = &l->m->warned;

	if (VEC_ROOM(h->v, h->n, h->cap)) {
		h->err = ERR_NOMEM;
		return;
	}
	h->v[h->n].reason = *r;
	h->v[h->n++].about = l->fold->about;
}

/* What a sheet still waits for. */
struct sheet_wait {
	uint64_t entry;
	bool review, confirm;
	const uint32_t *rows; /* of its lines */
	uint32_t nrows, nrefused;
	/* lines that have the step behind them or were refused at one, a bit for each */
	uint8_t past[STEPS][(SHEET_LINES_MAX + 7) / 8];
};

/* The record at hand, as far as the warning is concerned: of a step, the sheet that it is about. */
static struct import_record about(const struct import_record *rec, const struct sheet_wait *w,
				  uint32_t n, uint64_t entry)
{
	struct import_record like = *rec;

	for (uint32_t i = 0; entry && i < n; i++)
		if (w[i].entry == entry) {
			like.rows = w[i].rows;
			like.nrows = w[i].nrows;
		}
	return like;
}

/* @w, @n: of a step, the sheets in it. */
static void list_warned(struct import *m, const struct import_record *rec,
			const struct sheet_wait *w, uint32_t n)
{
	for (uint32_t i = 0; i < m->warned.n; i++) {
		const struct reason *r = &m->warned.v[i].reason;
		struct import_record like = about(rec, w, n, m->warned.v[i].about);

		list_reason(is_doubt(r) ? &m->doubts : &m->warnings, &like, r);
	}
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

/* Makes the record, described by @like, and tries it; its verdict is in it. */
static int try_record(struct import *m, struct trial *r, struct import_record like,
		      enum rec_code code, const void *head, const void *lines, uint32_t nlines,
		      const uint8_t id[TXID_BYTES])
{
	struct import_record *rec = &m->record[m->n];
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
	return err ? err : m->warned.err;
}

static const struct job_append *latest(const struct import *m)
{
	return &m->record[m->n - 1].tx.job.u.append;
}

static bool accepted(const struct import *m)
{
	return verdict_ok(&latest(m)->verdict);
}

static void drop_latest(struct import *m)
{
	tx_close(&m->record[--m->n].tx);
}

static void keep_latest(struct import *m, const struct sheet_wait *w, uint32_t n)
{
	if (latest(m)->exists)
		take_existing(m, latest(m));
	list_warned(m, &m->record[m->n - 1], w, n);
}

static void list_latest(struct import *m)
{
	list_reason(&m->problems, &m->record[m->n - 1], &latest(m)->verdict.reason);
}

/* The lines of a record that is being tried, less those that were refused: their own copies of both. */
struct lines {
	uint8_t *v;
	uint32_t *row;
	uint32_t n, dropped;
	size_t size;
};

static int lines_copy(struct import *m, struct lines *l)
{
	uint8_t *v = import_alloc(&m->report, l->n * l->size);
	uint32_t *row = import_alloc(&m->report, l->n * sizeof(*row));

	if (!v || !row)
		return ERR_NOMEM;
	memcpy(v, l->v, l->n * l->size);
	memcpy(row, l->row, l->n * sizeof(*row));
	l->v = v;
	l->row = row;
	return ERR_OK;
}

static int lines_drop(struct import *m, struct lines *l, uint32_t at)
{
	int err = l->dropped++ ? ERR_OK : lines_copy(m, l);

	if (err)
		return err;
	l->n--;
	memmove(l->v + at * l->size, l->v + (at + 1) * l->size, (l->n - at) * l->size);
	memmove(&l->row[at], &l->row[at + 1], (l->n - at) * sizeof(l->row[0]));
	return ERR_OK;
}

/* Tries a record with lines. A rule names the first line that it refuses: that is listed, and the rest tried without it,
 * until every refused row of the file is known. What is refused only because another line is missing is not said. In
 * @l is what was accepted; no lines: nothing was, and no record is left. */
static int add_lines(struct import *m, struct trial *r, struct import_record like,
		     enum rec_code code, const void *head, struct lines *l,
		     const uint8_t id[TXID_BYTES])
{
	int err = ERR_OK;

	while (!err && l->n) {
		like.rows = l->row;
		like.nrows = l->n;
		err = try_record(m, r, like, code, head, l->v, l->n, id);
		if (err || accepted(m))
			break;
		uint32_t line = line_of(&m->record[m->n - 1], &latest(m)->verdict.reason);

		if (line != UINT32_MAX || !l->dropped)
			list_latest(m);
		drop_latest(m);
		if (line == UINT32_MAX)
			l->n = 0;
		else
			err = lines_drop(m, l, line);
	}
	if (!err && l->n)
		keep_latest(m, NULL, 0);
	return err;
}

static int plan_home(struct import *m, struct trial *r, const struct import_household *h,
		     const uint8_t id[TXID_BYTES])
{
	struct lines l = {.v = (uint8_t *)h->line,
			  .row = h->rows,
			  .n = h->nlines,
			  .size = sizeof(h->line[0])};

	return add_lines(m, r, (struct import_record){.row = h->row, .whole = true}, REC_household,
			 &h->head, &l, id);
}

/* Of a change its ID follows from what it changes: the same one of a later state is another record. */
static int plan_change(struct import *m, struct trial *r, const struct import_change *c)
{
	/* household and member are the first fields of all three */
	const struct rec_person_correction *p = &c->u.person;
	uint8_t what[2 + 8 + 8 + STATE_CODE_MAX], id[TXID_BYTES];
	bool whole = c->code == REC_household_correction;
	int err;

	be16_put(what, (uint16_t)c->code);
	be64_put(what + 2, m->update.size);
	be64_put(what + 10, whole ? 0 : c->code == REC_member_join ? c->u.join.member : p->member);
	memcpy(what + 18, p->household.p, p->household.n);
	id_of(m, STEP_RECORD, what, 18 + p->household.n, id);
	err = try_record(m, r, (struct import_record){.row = c->row, .whole = true}, c->code, &c->u,
			 NULL, 0, id);
	if (err)
		return err;
	if (accepted(m)) {
		keep_latest(m, NULL, 0);
		return ERR_OK;
	}
	list_latest(m);
	drop_latest(m);
	return ERR_OK;
}

static int plan_roster(struct import *m, struct trial *r)
{
	uint8_t id[TXID_BYTES];
	int err = room(m, m->roster.n + m->update.n);

	for (uint32_t i = 0; !err && i < m->update.n; i++)
		err = plan_change(m, r, &m->update.change[i]);
	for (uint32_t i = 0; !err && i < m->roster.n; i++) {
		if (m->roster.v[i].known)
			continue;
		id_at(m, i, id);
		err = plan_home(m, r, &m->roster.v[i], id);
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
	return add_lines(m, r, (struct import_record){.whole = true}, REC_catalogue, h,
			 &(struct lines){.v = (uint8_t *)m->catalogue.v,
					 .row = m->catalogue.row,
					 .n = m->catalogue.n,
					 .size = sizeof(m->catalogue.v[0])},
			 id);
}

static bool is_past(const struct sheet_wait *w, enum import_step step, uint32_t line)
{
	return w->past[step][line / 8] >> line % 8 & 1;
}

static void set_past(struct sheet_wait *w, enum import_step step, uint32_t line)
{
	w->past[step][line / 8] |= (uint8_t)(1u << line % 8);
}

/* A sheet that was there before may have been reviewed or confirmed since, by this import or by hand. */
static int look_at_sheet(struct import *m, struct trial *r, const struct job_append *a,
			 struct sheet_wait *ret)
{
	struct view_points p;
	bool review = !a->exists, confirm = !a->exists;
	int err = a->exists ? view_points(r->t, m->s->own, a->seq, &p) : ERR_OK;

	*ret = (struct sheet_wait){.entry = a->seq};
	if (err)
		return err;
	for (uint32_t i = 1; a->exists && i <= p.nlines; i++) {
		review |= p.state[i] == LINE_RECORDED;
		confirm |= p.state[i] == LINE_RECORDED || p.state[i] == LINE_REVIEWED;
		m->existing_refused_lines += p.state[i] == LINE_REFUSED;
		if (p.state[i] != LINE_RECORDED)
			set_past(ret, STEP_REVIEW, i - 1);
		if (p.state[i] != LINE_RECORDED && p.state[i] != LINE_REVIEWED)
			set_past(ret, STEP_CONFIRM, i - 1);
	}
	m->existing_reviewed += a->exists && !review && confirm;
	m->existing_confirmed += a->exists && !confirm;
	ret->review = review;
	ret->confirm = confirm;
	return ERR_OK;
}

static int plan_sheet(struct import *m, struct trial *r, uint32_t index, uint32_t *at,
		      struct sheet_wait *ret)
{
	struct rec_points head = {0};
	uint32_t n = import_entries_fit(&m->entries, *at, 0);
	struct lines l = {.v = (uint8_t *)&m->entries.v[*at],
			  .row = &m->entries.row[*at],
			  .n = n,
			  .size = sizeof(m->entries.v[0])};
	uint8_t id[TXID_BYTES];
	int err;

	if (n == 0)
		return ERR_LIMIT;
	assert(n <= SHEET_LINES_MAX);
	id_at(m, index, id);
	err = add_lines(m, r, (struct import_record){.row = l.row[0]}, REC_points, &head, &l, id);
	*at += n;
	if (!err && l.n)
		err = look_at_sheet(m, r, latest(m), ret);
	ret->rows = l.row;
	ret->nrows = l.n;
	return err;
}

/* One record of a step; its ID follows from which lines it is about: after a step by hand it is another record. */
static int try_step(struct import *m, struct trial *r, enum import_step step,
		    const struct rec_review_line *line, uint32_t n, struct import_record like)
{
	struct rec_review head = {0};
	uint8_t what[STEP_SHEETS * 16], id[TXID_BYTES];
	uint32_t k = 0;

	_Static_assert(sizeof(struct rec_review_line) == sizeof(struct rec_confirm_line),
		       "review and confirmation have the same fields");
	for (uint32_t i = 0; i < n; i++) {
		be64_put(what + k, line[i].entry);
		k += 8;
		if (!line[i].line)
			continue;
		be64_put(what + k, line[i].line);
		k += 8;
	}
	id_of(m, step, what, k, id);
	like.step = step;
	return try_record(m, r, like, step == STEP_REVIEW ? REC_review : REC_confirm, &head, line,
			  n, id);
}

static bool waits(const struct sheet_wait *w, enum import_step step)
{
	return step == STEP_REVIEW ? w->review : w->confirm;
}

/* Every line of a sheet by itself, so that each one that is refused can be named with its row. Nothing of this
 * is written: where anything is refused, nothing is. */
static int step_by_lines(struct import *m, struct trial *r, enum import_step step,
			 struct sheet_wait *w)
{
	int err = ERR_OK;

	for (uint32_t i = 0; !err && i < w->nrows; i++) {
		struct rec_review_line line = {
			.entry = w->entry, .line = i + 1, .decision = DECISION_agree};

		if (is_past(w, step, i))
			continue;
		err = try_step(m, r, step, &line, 1,
			       (struct import_record){
				       .row = w->rows[i], .rows = w->rows, .nrows = w->nrows});
		if (err)
			break;
		if (!accepted(m)) {
			list_latest(m);
			set_past(w, STEP_REVIEW, i);
			set_past(w, STEP_CONFIRM, i);
			w->nrefused++;
		}
		drop_latest(m);
	}
	return err;
}

/* A sheet by itself, else its lines. */
static int step_by_sheet(struct import *m, struct trial *r, enum import_step step,
			 struct sheet_wait *w)
{
	struct rec_review_line line = {.entry = w->entry, .decision = DECISION_agree};
	bool good = false;
	int err = ERR_OK;

	if (!w->nrefused) {
		err = try_step(m, r, step, &line, 1, (struct import_record){.row = 0});
		if (err)
			return err;
		good = accepted(m);
		drop_latest(m);
	}
	return good ? ERR_OK : step_by_lines(m, r, step, w);
}

/* The review, or the confirmation, of the sheets that wait for it. When it is refused for a line, every sheet is
 * tried by itself. */
static int plan_step(struct import *m, struct trial *r, enum import_step step, struct sheet_wait *w,
		     uint32_t n)
{
	struct rec_review_line line[STEP_SHEETS];
	uint32_t k = 0, refused = 0;
	int err = ERR_OK;

	for (uint32_t i = 0; i < n; i++) {
		refused += waits(&w[i], step) ? w[i].nrefused : 0;
		if (waits(&w[i], step))
			line[k++] = (struct rec_review_line){.entry = w[i].entry,
							     .decision = DECISION_agree};
	}
	if (k == 0)
		return ERR_OK;
	if (!refused) {
		err = try_step(m, r, step, line, k, (struct import_record){.row = 0});
		if (err)
			return err;
		if (accepted(m)) {
			keep_latest(m, w, n);
			return ERR_OK;
		}
		refused = reason_names_line(latest(m)->verdict.reason.id);
		if (!refused) {
			list_latest(m);
			drop_latest(m);
			return ERR_OK;
		}
		drop_latest(m);
	}
	for (uint32_t i = 0; !err && i < n; i++)
		if (waits(&w[i], step))
			err = step_by_sheet(m, r, step, &w[i]);
	return err;
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
		if (!err)
			err = plan_step(m, r, STEP_REVIEW, w, n);
		if (!err)
			err = plan_step(m, r, STEP_CONFIRM, w, n);
		if (!err && m->n)
			m->record[m->n - 1].whole = true;
	}
	return err;
}

static int plan(struct import *m)
{
	struct trial r;
	struct listener listener = {m, &r.fold};
	int err = trial_begin(&r, m->s);

	reasons_reset(&m->problems);
	reasons_reset(&m->warnings);
	reasons_reset(&m->doubts);
	m->existing = 0;
	m->existing_reviewed = m->existing_confirmed = m->existing_refused_lines = 0;
	if (!err) {
		r.fold.warned = on_warning;
		r.fold.warned_ctx = &listener;
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
			list_reason(&m->problems, rec, &a->verdict.reason);
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
	int err = import_read(m);

	import_report_sort(&m->report);
	if (err && err != ERR_INVALID)
		return err;
	/* rows without errors are tried all the same: every refusal is said in one run */
	if (err && m->roster.n + m->catalogue.n + m->entries.n == 0)
		return ERR_OK;
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
	mem_free(m->problems.v);
	mem_free(m->warnings.v);
	mem_free(m->doubts.v);
	mem_free(m->warned.v);
}
