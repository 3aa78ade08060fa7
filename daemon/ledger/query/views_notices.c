#include <stdlib.h>

#include "daemon/ledger/query/notice_due.h"

/* Notices, and which must be made next (R46, R77); the rule is in notice_due.c. */

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

/* --- notices by period ----------------------------------------------------------------------------- */
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
		p.due = notice_due_after(covered);
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
	p.due = notice_due_after(err ? since - 1 : n.to);
	return view_put(out, &p);
}

static int periods_of(struct ask *a, struct view_out *out, enum rec_choice_NOTICE kind, day_t since)
{
	const struct rec_choice *what = &rec_lists[REC_LIST_NOTICE].v[kind];
	const struct row_periods p = {.what = bytes_str(a->lang == LANG_EN ? what->en : what->zh)};
	int err = out->only & DUTIES_OPEN ? ERR_OK : past_of(a, out, &p, kind, since);

	return err ? err : next_of(a, out, p, kind, since);
}

int rows_periods(struct ask *a, struct view_out *out)
{
	day_t since = DAY_NONE;
	int err = a->feed.size ? notice_due_since(a, &since) : ERR_OK;

	if (err || since == DAY_NONE)
		return err;
	err = periods_of(a, out, NOTICE_assessment, since);
	return err ? err : periods_of(a, out, NOTICE_redemption, since);
}
