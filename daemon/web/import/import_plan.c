#include "daemon/web/import/import_plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/web/import/import_table.h"
#include "lib/mem.h"

#define RECORDS_MAX 60000

/* --- what is listed ------------------------------------------------------------------------------ */

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

void plan_list_reason(struct import_reasons *to, const struct import_record *rec,
		      const struct reason *reason)
{
	struct reason r = *reason;
	uint32_t line = line_of(rec, reason);

	if (line != UINT32_MAX)
		r.num[0] = 0;
	reasons_add(to, line == UINT32_MAX ? rec->row : rec->rows[line], &r);
}

/* What may be there already, or far from what is usual, counts only when a person has looked at it. */
static bool is_doubt(const struct reason *r)
{
	return reason_asks(r->id) || r->id == V_P09_NEAR || r->id == V_P09_PERIOD ||
	       r->id == V_P09_EVIDENCE;
}

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

		plan_list_reason(is_doubt(r) ? &m->doubts : &m->warnings, &like, r);
	}
}

/* --- one record more --------------------------------------------------------------------------------- */

void plan_id_of(const struct import *m, enum import_step step, const void *what, size_t n,
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

void plan_id_at(const struct import *m, uint32_t index, uint8_t out[TXID_BYTES])
{
	uint8_t what[4];

	be32_put(what, index);
	plan_id_of(m, STEP_RECORD, what, sizeof(what), out);
}

void plan_drop_records(struct import *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		tx_close(&m->record[i].tx);
	mem_free(m->record);
	m->record = NULL;
	m->n = m->cap = 0;
}

int plan_room(struct import *m, uint32_t n)
{
	plan_drop_records(m);
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

int plan_try_record(struct import *m, struct trial *r, struct import_record like,
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

const struct job_append *plan_latest(const struct import *m)
{
	return &m->record[m->n - 1].tx.job.u.append;
}

bool plan_accepted(const struct import *m)
{
	return verdict_ok(&plan_latest(m)->verdict);
}

void plan_drop_latest(struct import *m)
{
	tx_close(&m->record[--m->n].tx);
}

void plan_keep_latest(struct import *m, const struct sheet_wait *w, uint32_t n)
{
	if (plan_latest(m)->exists)
		take_existing(m, plan_latest(m));
	list_warned(m, &m->record[m->n - 1], w, n);
}

void plan_list_latest(struct import *m)
{
	plan_list_reason(&m->problems, &m->record[m->n - 1], &plan_latest(m)->verdict.reason);
}

static int lines_copy(struct import *m, struct plan_lines *l)
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

static int lines_drop(struct import *m, struct plan_lines *l, uint32_t at)
{
	int err = l->dropped++ ? ERR_OK : lines_copy(m, l);

	if (err)
		return err;
	l->n--;
	memmove(l->v + at * l->size, l->v + (at + 1) * l->size, (l->n - at) * l->size);
	memmove(&l->row[at], &l->row[at + 1], (l->n - at) * sizeof(l->row[0]));
	return ERR_OK;
}

int plan_add_lines(struct import *m, struct trial *r, struct import_record like, enum rec_code code,
		   const void *head, struct plan_lines *l, const uint8_t id[TXID_BYTES])
{
	int err = ERR_OK;

	while (!err && l->n) {
		like.rows = l->row;
		like.nrows = l->n;
		err = plan_try_record(m, r, like, code, head, l->v, l->n, id);
		if (err || plan_accepted(m))
			break;
		uint32_t line = line_of(&m->record[m->n - 1], &plan_latest(m)->verdict.reason);

		if (line != UINT32_MAX || !l->dropped)
			plan_list_latest(m);
		plan_drop_latest(m);
		if (line == UINT32_MAX)
			l->n = 0;
		else
			err = lines_drop(m, l, line);
	}
	if (!err && l->n)
		plan_keep_latest(m, NULL, 0);
	return err;
}
