#include "daemon/ledger/query/due.h"

#include <stdlib.h>

#include "daemon/ledger/query/view.h"

/* What a village must have done by a day, from what is held here: it needs no connection. Periodic notices
 * (R46, R77), objections without an answer, guidance of the town that is not done. */

/* The plan says "by period"; the law on village affairs says at least each quarter. */
#define RHYTHM_MONTHS 3

struct walk {
	struct ask *a;
	struct view_out *out;
};

static int put(const struct walk *w, struct row_due *d)
{
	day_t today = w->a->day;

	if (today != DAY_NONE && d->due != DAY_NONE && today > d->due)
		d->late = (uint64_t)(today - d->due);
	return view_put(w->out, d);
}

/* --- periodic notices ------------------------------------------------------------------------------ */
/* Those of one kind that hang or hung and were not taken down. */
struct hung {
	uint32_t kind;
	struct buf notices; /* struct row_notices, one after another */
};

static int on_notice(void *ctx, const void *row)
{
	const struct row_notices *n = row;
	struct hung *h = ctx;

	if (n->kind != h->kind || n->withdrawal || !n->postings)
		return ERR_OK;
	return buf_put(&h->notices, n, sizeof(*n));
}

static int by_from(const void *a, const void *b)
{
	const struct row_notices *x = a, *y = b;

	return x->from != y->from ? (x->from > y->from) - (x->from < y->from)
				  : (x->to > y->to) - (x->to < y->to);
}

/* On from notice to notice, as long as no day is left out between two of them. */
static void cover(struct hung *h, struct row_due *d)
{
	struct row_notices *n = (struct row_notices *)(void *)h->notices.p;
	size_t count = h->notices.n / sizeof(*n);

	if (count)
		qsort(n, count, sizeof(*n), by_from);
	for (size_t i = 0; i < count && n[i].from <= d->covered + 1; i++) {
		if (n[i].to <= d->covered)
			continue;
		d->covered = n[i].to;
		d->posted_from = n[i].posted_from;
		d->posted_to = n[i].posted_to;
		d->entry = n[i].entry;
	}
}

/* The last day of the period of the calendar that @day is in. */
static day_t period_end(day_t day)
{
	int year, month, of_month;
	day_t first;

	day_to_ymd(day, &year, &month, &of_month);
	if (!day_from_ymd(year, month - (month - 1) % RHYTHM_MONTHS, 1, &first))
		return DAY_NONE;
	return day_add_months(first, RHYTHM_MONTHS) - 1;
}

static int notice_due(struct walk *w, enum rec_choice_NOTICE kind, day_t since)
{
	const struct rec_choice *what = &rec_lists[REC_LIST_NOTICE].v[kind];
	struct row_due d = {.what = bytes_str(says_in(SAYS(what->zh, what->en), w->a->lang)),
			    .covered = since - 1};
	struct hung h = {.kind = kind};
	int err = view_each(w->a, &views[VIEW_notices], on_notice, &h);

	if (!err)
		cover(&h, &d);
	buf_close(&h.notices);
	if (err)
		return err;
	d.due = period_end(d.covered + 1) + NOTICE_DUE_DAYS;
	if (!d.entry)
		d.covered = DAY_NONE;
	return put(w, &d);
}

static int first_scheme(void *ctx, const struct view_doc *d)
{
	*(day_t *)ctx = d->from;
	return 1;
}

/* What was before the first scheme, or before the ledger was kept here, needs no notice of ours. */
static int began(struct walk *w, day_t *ret)
{
	struct bytes leaf, payload;
	struct entry e;
	day_t wrote;
	int err;

	*ret = DAY_NONE;
	err = view_docs(w->a->t, w->a->feed.no, VIEW_SCHEME, first_scheme, ret);
	if (err < 0 || *ret == DAY_NONE)
		return err < 0 ? err : ERR_OK;
	err = feedlog_read(w->a->t, w->a->feed.no, 0, &leaf, &payload);
	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (err)
		return err;
	wrote = day_of_ms(e.wall_ms);
	if (wrote != DAY_NONE && wrote > *ret)
		*ret = wrote;
	return ERR_OK;
}

static int notices_due(struct walk *w)
{
	day_t since;
	int err = began(w, &since);

	if (err || since == DAY_NONE)
		return err;
	err = notice_due(w, NOTICE_assessment, since);
	return err ? err : notice_due(w, NOTICE_redemption, since);
}

/* --- what waits for an answer ---------------------------------------------------------------------- */
static int on_objection(void *ctx, const void *row)
{
	const struct row_objections *o = row;
	const struct walk *w = ctx;
	struct row_due d = {
		.what = bytes_str(says_in(SAYS("异议答复", "answer to an objection"), w->a->lang)),
		.subject = o->household,
		.entry = o->entry,
		.due = o->due};

	return o->reply ? ERR_OK : put(w, &d);
}

static int on_guidance(void *ctx, const void *row)
{
	const struct row_guidance *g = row;
	const struct walk *w = ctx;
	struct row_due d = {
		.what = bytes_str(says_in(SAYS("镇指导督促", "guidance of the town"), w->a->lang)),
		.subject = g->title,
		.entry = g->entry,
		.due = g->due};

	return g->state == GUIDED_closed || g->state == GUIDED_done || g->due == DAY_NONE
		       ? ERR_OK
		       : put(w, &d);
}

int rows_due(struct ask *a, struct view_out *out)
{
	struct walk w = {a, out};
	int err = a->feed.size ? notices_due(&w) : ERR_OK;

	if (!err)
		err = view_each(a, &views[VIEW_objections], on_objection, &w);
	return err ? err : view_each(a, &views[VIEW_guidance], on_guidance, &w);
}

static int count_late(void *ctx, const void *row)
{
	const struct row_due *d = row;

	*(uint64_t *)ctx += d->late > 0;
	return ERR_OK;
}

int due_count(struct ask *a, uint64_t *ret)
{
	*ret = 0;
	return view_each(a, &views[VIEW_due], count_late, ret);
}
