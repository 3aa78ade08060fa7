#include "daemon/ledger/query/year_pending.h"

#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/state/read.h"

struct pending {
	struct kv_txn *t;
	uint32_t feed_no;
	uint64_t year;
	enum line_state state;
	int (*fn)(void *ctx, const struct reason *r);
	void *ctx;
};

static int on_waiting(void *ctx, const struct view_points *v)
{
	const struct pending *x = ctx;
	struct rec_points_line l;
	struct payload p;
	int err = feedlog_payload(x->t, x->feed_no, v->entry, &p);

	for (uint32_t line = 1; line <= v->nlines && !err; line++) {
		struct reason r = {.id = V_YEAR_LINE_WAITS, .num = {line, (int64_t)v->entry}};

		if (v->state[line] != x->state)
			continue;
		if (rec_decode_line(rec_type_of(REC_points), &p, line - 1, &l))
			return ERR_CORRUPT;
		if (day_year(l.day) != (int)x->year)
			continue;
		r.num[2] = l.day;
		r.num[3] = (int64_t)x->year;
		reason_set_text(r.s, l.household.p, l.household.n);
		reason_set_text(r.t, l.item.p, l.item.n);
		err = x->fn(x->ctx, &r);
	}
	return err;
}

static int on_appraisal(void *ctx, uint64_t seq)
{
	const struct pending *x = ctx;
	struct reason r = {.id = V_YEAR_APPRAISAL_WAITS, .num = {(int64_t)seq, (int64_t)x->year}};
	struct rec_appraisal a;
	uint64_t by = 0;
	int err = entry_head(x->t, x->feed_no, seq, REC_appraisal, &a);

	if (!err)
		err = entry_settled(x->t, x->feed_no, seq, &by);
	if (err || by || a.year != x->year)
		return err;
	reason_set_text(r.s, a.title.p, a.title.n);
	return x->fn(x->ctx, &r);
}

int year_pending(struct kv_txn *t, uint32_t feed_no, uint64_t year,
		 int (*fn)(void *ctx, const struct reason *r), void *ctx)
{
	struct pending x = {t, feed_no, year, LINE_RECORDED, fn, ctx};
	int err = view_listed(t, feed_no, REC_appraisal, 0, on_appraisal, &x);

	if (!err)
		err = view_waiting(t, feed_no, LINE_RECORDED, on_waiting, &x);
	x.state = LINE_REVIEWED;
	return err ? err : view_waiting(t, feed_no, LINE_REVIEWED, on_waiting, &x);
}
