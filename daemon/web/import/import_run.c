#include "daemon/web/import/import_run.h"

#include <assert.h>

#include "daemon/ledger/query/clock_doubt.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/web/import/import_plan.h"
#include "lib/mem.h"
#include "lib/vec.h"

#define TRIES_MAX 5 /* how often others may come between trial and deed */

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

/* --- the plan: all records, each tried behind those before it ---------------------------------------- */

static int plan_home(struct import *m, struct trial *r, const struct import_household *h,
		     const uint8_t id[TXID_BYTES])
{
	struct plan_lines l = {.v = (uint8_t *)h->line,
			       .row = h->rows,
			       .n = h->nlines,
			       .size = sizeof(h->line[0])};

	return plan_add_lines(m, r, (struct import_record){.row = h->row, .whole = true},
			      REC_household, &h->head, &l, id);
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
	plan_id_of(m, STEP_RECORD, what, 18 + p->household.n, id);
	err = plan_try_record(m, r, (struct import_record){.row = c->row, .whole = true}, c->code,
			      &c->u, NULL, 0, id);
	if (err)
		return err;
	if (plan_accepted(m)) {
		plan_keep_latest(m, NULL, 0);
		return ERR_OK;
	}
	plan_list_latest(m);
	plan_drop_latest(m);
	return ERR_OK;
}

static int plan_roster(struct import *m, struct trial *r)
{
	uint8_t id[TXID_BYTES];
	int err = plan_room(m, m->roster.n + m->update.n);

	for (uint32_t i = 0; !err && i < m->update.n; i++)
		err = plan_change(m, r, &m->update.change[i]);
	for (uint32_t i = 0; !err && i < m->roster.n; i++) {
		if (m->roster.v[i].known)
			continue;
		plan_id_at(m, i, id);
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
	int err = plan_room(m, 1);

	plan_id_at(m, 0, id);
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
	return plan_add_lines(m, r, (struct import_record){.whole = true}, REC_catalogue, h,
			      &(struct plan_lines){.v = (uint8_t *)m->catalogue.v,
						   .row = m->catalogue.row,
						   .n = m->catalogue.n,
						   .size = sizeof(m->catalogue.v[0])},
			      id);
}

/* Whatever is signed under a wrong day says so for ever. */
static void doubt_clock(struct import *m, const struct reason *clock)
{
	if (clock->id != V_ACCEPTED && m->n > m->existing)
		plan_list_reason(&m->doubts, &(struct import_record){0}, clock);
}

static int plan(struct import *m)
{
	struct trial r;
	struct listener listener = {m, &r.fold};
	struct reason clock = {.id = V_ACCEPTED};
	int err = trial_begin(&r, m->s);

	if (!err)
		err = clock_doubt(r.t, m->s->own, tx_today(m->s), &clock);
	m->at = m->batch_n = 0;
	m->problems.n = 0;
	m->warnings.n = 0;
	m->doubts.n = 0;
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
	if (!err)
		doubt_clock(m, &clock);
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

/* What of the records from @at on is not in the log yet. */
static int make_batch(struct import *m, uint32_t at, uint32_t n, uint32_t *ret_n)
{
	*ret_n = 0;
	mem_free(m->batch);
	m->batch = mem_array(n, sizeof(m->batch[0]));
	if (!m->batch)
		return ERR_NOMEM;
	for (uint32_t i = at; i < at + n; i++) {
		struct job_append *a = &m->record[i].tx.job.u.append;

		if (a->exists)
			continue;
		a->placed = m->kind == IMPORT_ENTRIES;
		a->place = a->seq;
		m->batch[(*ret_n)++] = &m->record[i].tx;
	}
	return ERR_OK;
}

int import_next(struct import *m, struct tx ***ret, uint32_t *ret_n)
{
	int err = ERR_OK;

	*ret_n = 0;
	if (m->dry_run || !import_good(m))
		return ERR_OK;
	while (!err && *ret_n == 0 && m->at + m->batch_n < m->n) {
		m->at += m->batch_n;
		m->batch_n = batch_of(m, m->at);
		assert(m->batch_n > 0);
		err = make_batch(m, m->at, m->batch_n, ret_n);
		*ret = m->batch;
	}
	m->done = !err && *ret_n == 0;
	return err;
}

/* The trial was good and yet not all was written: another change came between, or a failure. */
static int written_in_part(struct import *m, int err)
{
	m->partial = m->written && !m->done;
	if (m->partial)
		return ERR_OK;
	return err == ERR_EXISTS ? ERR_BUSY : err;
}

int import_wrote(struct import *m, int err)
{
	/* another entry took a place: nothing of the batch was written */
	if (err == ERR_EXISTS && ++m->tries < TRIES_MAX) {
		err = plan(m);
		return err || !import_good(m) ? written_in_part(m, err) : ERR_OK;
	}
	for (uint32_t i = m->at; !err && i < m->at + m->batch_n; i++) {
		const struct import_record *rec = &m->record[i];
		const struct job_append *a = &rec->tx.job.u.append;

		if (!verdict_ok(&a->verdict))
			plan_list_reason(&m->problems, rec, &a->verdict.reason);
		else if (!a->exists)
			m->written++;
	}
	return err || m->problems.n ? written_in_part(m, err) : ERR_OK;
}

bool import_good(const struct import *m)
{
	return import_report_clean(&m->report) && !m->partial && !m->problems.n &&
	       (!m->doubts.n || m->opts.accept);
}

int import_begin(struct import *m)
{
	int err = import_read(m);

	import_report_sort(&m->report);
	if (err && err != ERR_INVALID)
		return err;
	/* rows without errors are tried all the same: every refusal is said in one run */
	if (err && m->roster.n + m->catalogue.n + m->entries.n == 0)
		return ERR_OK;
	return plan(m);
}

void import_close(struct import *m)
{
	plan_drop_records(m);
	mem_free(m->batch);
	import_update_close(&m->update);
	import_report_close(&m->report);
	mem_free(m->problems.v);
	mem_free(m->warnings.v);
	mem_free(m->doubts.v);
	mem_free(m->warned.v);
}
