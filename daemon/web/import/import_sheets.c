#include <assert.h>
#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/web/import/import_plan.h"

/* Entry sheets, their review and their confirmation. */

#define STEP_SHEETS 200 /* reviewed or confirmed by one record */

_Static_assert(STEP_SHEETS + 2 <= WRITER_BATCH_MAX, "sheets fit a batch with their two steps");

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
	struct plan_lines l = {.v = (uint8_t *)&m->entries.v[*at],
			       .row = &m->entries.row[*at],
			       .n = n,
			       .size = sizeof(m->entries.v[0])};
	uint8_t id[TXID_BYTES];
	int err;

	if (n == 0)
		return ERR_LIMIT;
	assert(n <= SHEET_LINES_MAX);
	plan_id_at(m, index, id);
	err = plan_add_lines(m, r, (struct import_record){.row = l.row[0]}, REC_points, &head, &l,
			     id);
	*at += n;
	if (!err && l.n)
		err = look_at_sheet(m, r, plan_latest(m), ret);
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
	plan_id_of(m, step, what, k, id);
	like.step = step;
	return plan_try_record(m, r, like, step == STEP_REVIEW ? REC_review : REC_confirm, &head,
			       line, n, id);
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
		if (!plan_accepted(m)) {
			plan_list_latest(m);
			set_past(w, STEP_REVIEW, i);
			set_past(w, STEP_CONFIRM, i);
			w->nrefused++;
		}
		plan_drop_latest(m);
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
		good = plan_accepted(m);
		plan_drop_latest(m);
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
		if (plan_accepted(m)) {
			plan_keep_latest(m, w, n);
			return ERR_OK;
		}
		refused = reason_names_line(plan_latest(m)->verdict.reason.id);
		if (!refused) {
			plan_list_latest(m);
			plan_drop_latest(m);
			return ERR_OK;
		}
		plan_drop_latest(m);
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

int plan_entries(struct import *m, struct trial *r)
{
	uint32_t sheets = sheets_of(&m->entries), index = 0;
	int err = plan_room(m, sheets + 2 * (sheets / STEP_SHEETS + 1));

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
