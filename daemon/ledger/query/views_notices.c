#include "daemon/ledger/query/notices.h"

#include <stdlib.h>

#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/state/state_covered.h"

/* Notices, and which must be made next (R46, R77). */

/* --- notices --------------------------------------------------------------------------------------- */
static uint32_t posted_state(const struct ask *a, const struct row_notices *n)
{
	if (n->withdrawal)
		return POSTED_withdrawn;
	if (n->postings)
		return n->due != DAY_NONE && n->posted_from > n->due ? POSTED_late : POSTED_yes;
	return n->due != DAY_NONE && a->day != DAY_NONE && a->day > n->due ? POSTED_overdue
									   : POSTED_no;
}

int notice_read(const struct ask *a, uint64_t seq, struct row_notices *ret)
{
	const struct reader reader = reader_of(a->t, a->feed.no);
	struct row_notices n = {.entry = seq};
	struct state_notice posted = {0};
	struct rec_notice r;
	int err = entry_head(a->t, a->feed.no, seq, REC_notice, &r);

	if (err)
		return err;
	err = reader_notice(&reader, a->feed.no, seq, &posted);
	if (!err || err == ERR_NOTFOUND) /* posted nowhere */
		err = entry_settled(a->t, a->feed.no, seq, &n.withdrawal);
	if (err)
		return err;
	n.kind = r.kind;
	n.from = r.from;
	n.to = r.to;
	n.size = r.size;
	n.lines = r.lines;
	n.plus = r.plus;
	n.minus = r.minus;
	n.postings = posted.npostings;
	n.posted_from = posted.from;
	n.posted_to = posted.to;
	if (r.kind == NOTICE_assessment || r.kind == NOTICE_redemption)
		n.due = r.to + NOTICE_DUE_DAYS;
	n.state = posted_state(a, &n);
	*ret = n;
	return ERR_OK;
}

struct walk {
	struct ask *a;
	struct view_out *out;
};

static int put_notice(void *ctx, uint64_t seq)
{
	const struct walk *w = ctx;
	struct row_notices n;
	int err = notice_read(w->a, seq, &n);

	return err ? err : view_put(w->out, &n);
}

int rows_notices(struct ask *a, struct view_out *out)
{
	return view_listed(a->t, a->feed.no, REC_notice, 0, put_notice, &(struct walk){a, out});
}

int notice_covering(const struct ask *a, enum rec_choice_NOTICE kind, day_t day,
		    struct row_notices *ret)
{
	struct state_covered c;
	struct state_key k;
	struct bytes row;
	size_t at = 0;
	int err;

	state_covered_key(&k, a->feed.no, kind);
	err = reader_get(READER(a->t, a->feed.no), &k, &row);
	while (!err) {
		err = state_covered_next(row, &at, &c);
		if (!err && c.from <= day && day <= c.to)
			return notice_read(a, c.seq, ret);
	}
	return err;
}

/* --- notices by period ----------------------------------------------------------------------------- */
/* The plan says "by period"; the law on village affairs says at least each quarter. */
#define RHYTHM_MONTHS 3

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

/* A day that is not covered is due with the period that it is in. */
static day_t due_after(day_t covered)
{
	return period_end(covered + 1) + NOTICE_DUE_DAYS;
}

/* On from notice to notice, as long as no day is left out between two of them. */
static int put_past(struct view_out *out, struct hung *h, struct row_periods p, day_t since)
{
	struct row_notices *n = (struct row_notices *)(void *)h->notices.p;
	size_t count = h->notices.n / sizeof(*n);
	day_t covered = since - 1;
	int err = ERR_OK;

	if (count)
		qsort(n, count, sizeof(*n), by_from);
	for (size_t i = 0; i < count && n[i].from <= covered + 1 && !err; i++) {
		if (n[i].to <= covered)
			continue;
		p.due = due_after(covered);
		p.covered = covered = n[i].to;
		p.posted_from = p.done = n[i].posted_from;
		p.posted_to = n[i].posted_to;
		p.entry = n[i].entry;
		err = view_put(out, &p);
	}
	return err;
}

static int past_of(struct ask *a, struct view_out *out, const struct row_periods *p,
		   enum rec_choice_NOTICE kind, day_t since)
{
	struct hung h = {.kind = kind};
	int err = view_each(a, &views[VIEW_notices], on_notice, &h);

	if (!err)
		err = put_past(out, &h, *p, since);
	buf_close(&h.notices);
	return err;
}

/* The period after the last one that is covered has not been posted yet. */
static int next_of(const struct ask *a, struct view_out *out, struct row_periods p,
		   enum rec_choice_NOTICE kind, day_t since)
{
	struct row_notices n;
	int err = notice_covering(a, kind, since, &n);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err) {
		p.covered = n.to;
		p.posted_from = n.posted_from;
		p.posted_to = n.posted_to;
		p.entry = n.entry;
	}
	p.due = due_after(err ? since - 1 : n.to);
	return view_put(out, &p);
}

static int periods_of(struct ask *a, struct view_out *out, enum rec_choice_NOTICE kind, day_t since)
{
	const struct rec_choice *what = &rec_lists[REC_LIST_NOTICE].v[kind];
	const struct row_periods p = {.what = bytes_str(a->lang == LANG_EN ? what->en : what->zh)};
	int err = out->open ? ERR_OK : past_of(a, out, &p, kind, since);

	return err ? err : next_of(a, out, p, kind, since);
}

static int first_scheme(void *ctx, const struct document *d)
{
	*(day_t *)ctx = d->from;
	return 1;
}

/* What was before the first scheme, or before the ledger was kept here, needs no notice of ours. */
static int began(const struct ask *a, day_t *ret)
{
	struct bytes leaf, payload;
	struct entry e;
	day_t wrote;
	int err;

	*ret = DAY_NONE;
	err = read_documents(READER(a->t, a->feed.no), DOC_SCHEME, first_scheme, ret);
	if (err < 0 || *ret == DAY_NONE)
		return err < 0 ? err : ERR_OK;
	err = feedlog_read(a->t, a->feed.no, 0, &leaf, &payload);
	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (err)
		return err;
	wrote = day_of_ms(e.wall_ms);
	if (wrote != DAY_NONE && wrote > *ret)
		*ret = wrote;
	return ERR_OK;
}

int rows_periods(struct ask *a, struct view_out *out)
{
	day_t since = DAY_NONE;
	int err = a->feed.size ? began(a, &since) : ERR_OK;

	if (err || since == DAY_NONE)
		return err;
	err = periods_of(a, out, NOTICE_assessment, since);
	return err ? err : periods_of(a, out, NOTICE_redemption, since);
}
