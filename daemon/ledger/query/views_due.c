#include "daemon/ledger/query/due.h"

#include <inttypes.h>
#include <stdio.h>

/* What a village must have done by a day, from what is held here: it needs no connection. */

/* --- duties of any list ---------------------------------------------------------------------------- */
struct duties {
	const struct view_def *def;
	uint32_t only;
	int (*fn)(void *ctx, const struct duty *d);
	void *ctx;
};

static bool is_done(const struct view_def *v, const void *row)
{
	const struct rec_field *by = view_field(v, v->by);

	return by->kind == REC_DAY ? rec_day(by, row) != DAY_NONE : rec_u(by, row) != 0;
}

static int on_duty(void *ctx, const void *row)
{
	const struct duties *x = ctx;
	const struct view_def *v = x->def;
	const struct duty d = {.def = v,
			       .row = row,
			       .what = rec_bytes(view_field(v, "what"), row),
			       .subject = rec_bytes(view_field(v, "subject"), row),
			       .entry = rec_u(view_field(v, "entry"), row),
			       .due = rec_day(view_field(v, v->due), row),
			       .done = rec_day(view_field(v, v->done), row)};

	if ((x->only & DUTIES_OPEN) && is_done(v, row))
		return ERR_OK;
	if ((x->only & DUTIES_DATED) && d.due == DAY_NONE)
		return ERR_OK;
	return x->fn(x->ctx, &d);
}

int duty_each(struct ask *a, uint32_t only, int (*fn)(void *ctx, const struct duty *d), void *ctx)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < VIEWS_N && !err; i++) {
		struct duties x = {&views[i], only, fn, ctx};

		if (views[i].due)
			err = views[i].rows(a, &(struct view_out){.def = &views[i],
								  .upto = a->upto,
								  .only = only,
								  .row = on_duty,
								  .ctx = &x});
	}
	return err;
}

uint64_t duty_late(const struct duty *d, day_t today)
{
	return today != DAY_NONE && d->due != DAY_NONE && today > d->due
		       ? (uint64_t)(today - d->due)
		       : 0;
}

/* --- what is due ----------------------------------------------------------------------------------- */
struct walk {
	struct ask *a;
	struct view_out *out;
};

static day_t day_if(const struct duty *d, const char *field)
{
	const struct rec_field *f = view_field(d->def, field);

	return f ? rec_day(f, d->row) : DAY_NONE;
}

static int put_due(void *ctx, const struct duty *d)
{
	const struct walk *w = ctx;

	return view_put(w->out, &(struct row_due){.what = d->what,
						  .subject = d->subject,
						  .covered = day_if(d, "covered"),
						  .posted_from = day_if(d, "posted_from"),
						  .posted_to = day_if(d, "posted_to"),
						  .due = d->due,
						  .late = duty_late(d, w->a->day),
						  .entry = d->entry});
}

int rows_due(struct ask *a, struct view_out *out)
{
	return duty_each(a, DUTIES_OPEN | DUTIES_DATED, put_due, &(struct walk){a, out});
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

/* --- all that waits -------------------------------------------------------------------------------- */
static int put_open(void *ctx, const struct duty *d)
{
	const struct walk *w = ctx;

	return view_put(w->out, &(struct row_work){.what = d->what,
						   .subject = d->subject,
						   .day = day_if(d, "day"),
						   .due = d->due,
						   .late = duty_late(d, w->a->day),
						   .entry = d->entry});
}

/* Nobody can go on before the household has been notified. */
static int put_deduction(void *ctx, const void *row)
{
	const struct row_deductions *v = row;
	const struct walk *w = ctx;

	if (v->waits != AWAITS_notification)
		return ERR_OK;
	return view_put(w->out,
			&(struct row_work){.what = rec_title(rec_type_of(REC_notified), w->a->lang),
					   .subject = v->household,
					   .day = v->day,
					   .entry = v->entry,
					   .line = v->line});
}

struct waiting {
	struct walk w;
	enum rec_code step;
};

/* The first line that waits, and how many do. */
static int first_waiting(const struct waiting *x, const struct view_points *v,
			 struct rec_points_line *ret, uint32_t *ret_n)
{
	enum line_state state = x->step == REC_review ? LINE_RECORDED : LINE_REVIEWED;
	struct payload p;
	int err = feedlog_payload(x->w.a->t, x->w.a->feed.no, v->entry, &p);

	*ret_n = 0;
	for (uint32_t line = 1; line <= v->nlines && !err; line++)
		if (v->state[line] == state && (*ret_n)++ == 0 &&
		    rec_decode_line(rec_type_of(REC_points), &p, line - 1, ret))
			err = ERR_CORRUPT;
	return err;
}

static int put_waiting(void *ctx, const struct view_points *v)
{
	const struct waiting *x = ctx;
	const struct rec_type *step = rec_type_of((uint16_t)x->step);
	bool en = x->w.a->lang == LANG_EN;
	struct rec_points_line l = {0};
	char subject[ASK_TEXT_MAX];
	uint32_t n;
	int len, err = first_waiting(x, v, &l, &n);

	if (err)
		return err;
	len = snprintf(subject, sizeof(subject), "%.*s %.*s", (int)l.household.n,
		       (const char *)l.household.p, (int)l.item.n, (const char *)l.item.p);
	if (n > 1)
		snprintf(subject + len, sizeof(subject) - (size_t)len,
			 en ? " and others, %" PRIu32 " lines" : " 等 %" PRIu32 " 行", n);
	return view_put(x->w.out, &(struct row_work){.what = rec_title(step, x->w.a->lang),
						     .subject = bytes_str(subject),
						     .day = l.day,
						     .entry = v->entry});
}

int rows_work(struct ask *a, struct view_out *out)
{
	struct waiting review = {{a, out}, REC_review}, confirm = {{a, out}, REC_confirm};
	struct walk w = {a, out};
	int err = duty_each(a, DUTIES_OPEN, put_open, &w);

	if (!err)
		err = view_each(a, &views[VIEW_deductions], put_deduction, &w);
	if (!err)
		err = view_waiting(a->t, a->feed.no, LINE_RECORDED, put_waiting, &review);
	return err ? err : view_waiting(a->t, a->feed.no, LINE_REVIEWED, put_waiting, &confirm);
}
