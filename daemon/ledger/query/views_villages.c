#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/due.h"
#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/query/sums.h"
#include "daemon/ledger/query/view.h"

/* The town's lists over all its villages: of each what this node holds of its feed. */
struct villages {
	struct ask *a;
	struct view_out *out;
	struct statement_period p;
	struct row_villages total;
	uint64_t seen;
};

/* The same question about one village. */
static int ask_of(const struct villages *x, const struct view_village *v, struct ask *ret)
{
	*ret = *x->a;
	return v->no ? feedlog_head(x->a->t, v->no, &ret->feed) : ERR_NOTFOUND;
}

static int each_village(struct villages *x, int (*fn)(void *ctx, const struct view_village *v))
{
	return view_villages(x->a->t, fn, x);
}

/* --- sums and comparison ------------------------------------------------------------------------------- */
static int count_household(void *ctx, const struct view_household *h)
{
	struct row_villages *row = ctx;

	if (!points_add(row->balance, h->balance, &row->balance))
		return ERR_LIMIT;
	row->households += h->left_day == DAY_NONE;
	row->taking_part += h->left_day == DAY_NONE && h->takes_part;
	return ERR_OK;
}

/* Halves of a hundredth are rounded away from zero. */
static struct points mean(struct points sum, uint64_t n)
{
	int64_t raw = points_raw(sum), half = (int64_t)(n / 2);

	return n ? points_of((raw + (raw < 0 ? -half : half)) / (int64_t)n) : POINTS_ZERO;
}

static int put_compared(struct villages *x, struct row_villages *row)
{
	uint64_t tenths = row->households ? (row->taking_part * 2000 + row->households) /
						    (2 * row->households)
					  : 0;
	char percent[48] = "-";

	if (row->households)
		snprintf(percent, sizeof(percent), "%" PRIu64 ".%" PRIu64, tenths / 10,
			 tenths % 10);
	row->percent = bytes_str(percent);
	row->mean = mean(row->net, row->taking_part);
	return view_put(x->out, row);
}

static bool add_up(struct row_villages *to, const struct row_villages *from)
{
	to->households += from->households;
	to->taking_part += from->taking_part;
	to->entries += from->entries;
	to->awards = qty_of(qty_raw(to->awards) + qty_raw(from->awards));
	to->deductions = qty_of(qty_raw(to->deductions) + qty_raw(from->deductions));
	return points_add(to->plus, from->plus, &to->plus) &&
	       points_add(to->minus, from->minus, &to->minus) &&
	       points_add(to->net, from->net, &to->net) &&
	       points_add(to->redeemed, from->redeemed, &to->redeemed) &&
	       points_add(to->balance, from->balance, &to->balance);
}

static int read_sums(const struct villages *x, const struct ask *of, struct row_villages *row)
{
	struct report rep = {0};
	int err = view_households(of->t, of->feed.no, count_household, row);

	if (!err)
		err = report_make(of->t, of->feed.no, of->feed.size, REPORT_CATEGORY, &x->p, '\0',
				  &rep);
	row->awards = qty_of(rep.total.awards);
	row->deductions = qty_of(rep.total.deductions);
	row->plus = rep.total.plus;
	row->minus = rep.total.minus;
	row->net = rep.total.net;
	row->redeemed = rep.total.redeemed;
	row->entries = of->feed.size;
	report_close(&rep);
	return err;
}

static int on_village(void *ctx, const struct view_village *v)
{
	struct villages *x = ctx;
	struct row_villages row = {.village = bytes_str(v->code), .name = bytes_str(v->name)};
	struct ask of;
	int err = ask_of(x, v, &of);

	if (!err)
		err = read_sums(x, &of, &row);
	if (err && err != ERR_NOTFOUND) /* nothing of it has come yet */
		return err;
	if (!add_up(&x->total, &row))
		return ERR_LIMIT;
	x->seen++;
	return put_compared(x, &row);
}

int rows_villages(struct ask *a, struct view_out *out)
{
	struct villages x = {.a = a, .out = out};
	struct view_period p;
	int err = view_period(a, &p);

	if (err)
		return err;
	x.p = view_statement_period(&p);
	err = each_village(&x, on_village);
	if (err || !x.seen)
		return err;
	x.total.name = bytes_str(a->lang == LANG_EN ? "all" : "合计");
	return put_compared(&x, &x.total);
}

/* --- who applied, who was chosen ----------------------------------------------------------------------- */
struct rollout {
	struct villages *x;
	const struct view_village *v;
	const struct ask *of;
	struct row_rollout row;
};

static bool is_of(const struct rollout *r, struct bytes village)
{
	return str_eq((const char *)village.p, village.n, r->v->code);
}

static int on_fact(void *ctx, uint64_t seq)
{
	struct rollout *r = ctx;
	struct rec_village_fact f;
	int err = entry_head(r->x->a->t, FEED_TOWN, seq, REC_village_fact, &f);

	if (err || !is_of(r, f.village))
		return err;
	r->row.work_team = f.work_team;
	r->row.batch = f.batch;
	return ERR_OK;
}

/* The last word of the town about it. */
static int on_choice(void *ctx, uint64_t seq)
{
	struct rollout *r = ctx;
	struct rec_demonstration d;
	int err = entry_head(r->x->a->t, FEED_TOWN, seq, REC_demonstration, &d);

	if (err || !is_of(r, d.village))
		return err;
	r->row.chosen = d.decision;
	r->row.chosen_day = d.day;
	r->row.reason = d.reason;
	r->row.entry = seq;
	return ERR_OK;
}

static int on_intent(void *ctx, uint64_t seq)
{
	struct rollout *r = ctx;
	struct rec_intent i;
	int err = entry_head(r->of->t, r->of->feed.no, seq, REC_intent, &i);

	if (!err && i.kind == INTENT_join)
		r->row.applied = i.day;
	if (!err && i.kind == INTENT_demonstration)
		r->row.demonstration = i.day;
	return err;
}

static int on_rollout(void *ctx, const struct view_village *v)
{
	struct villages *x = ctx;
	struct ask of;
	struct rollout r = {.x = x,
			    .v = v,
			    .of = &of,
			    .row = {.village = bytes_str(v->code),
				    .name = bytes_str(v->name),
				    .enrolled = v->enrolled ? YES_yes : YES_no,
				    .chosen = UINT32_MAX}};
	int err = view_listed(x->a->t, FEED_TOWN, REC_village_fact, 0, on_fact, &r);

	if (!err)
		err = view_listed(x->a->t, FEED_TOWN, REC_demonstration, 0, on_choice, &r);
	if (err)
		return err;
	err = ask_of(x, v, &of);
	if (!err)
		err = view_listed(of.t, of.feed.no, REC_intent, 0, on_intent, &r);
	if (err && err != ERR_NOTFOUND)
		return err;
	/* the plan: who has a resident work team belongs in the first batch */
	r.row.to_include = r.row.work_team == YES_yes && r.row.batch != 1 ? YES_yes : YES_no;
	return view_put(x->out, &r.row);
}

int rows_rollout(struct ask *a, struct view_out *out)
{
	return each_village(&(struct villages){.a = a, .out = out}, on_rollout);
}

/* --- what is filed, what is due, village by village ------------------------------------------------------ */
struct of_village {
	struct villages *x;
	const struct view_village *v;
	struct ask of;
};

static int each_row(void *ctx, const struct view_village *v, enum view_place view,
		    int (*fn)(void *ctx, const void *row))
{
	struct of_village x = {.x = ctx, .v = v};
	int err = ask_of(x.x, v, &x.of);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	x.of.nparams = 0;
	return view_each(&x.of, &views[view], fn, &x);
}

static int put_filing(void *ctx, const void *row)
{
	const struct row_filings *f = row;
	const struct of_village *x = ctx;

	return view_put(x->x->out, &(struct row_town_filings){.village = bytes_str(x->v->code),
							      .name = bytes_str(x->v->name),
							      .subject = f->subject,
							      .version = f->version,
							      .from = f->from,
							      .state = f->state,
							      .day = f->day,
							      .number = f->number,
							      .comment = f->comment,
							      .entry = f->entry});
}

static int on_filings(void *ctx, const struct view_village *v)
{
	return each_row(ctx, v, VIEW_filings, put_filing);
}

int rows_town_filings(struct ask *a, struct view_out *out)
{
	return each_village(&(struct villages){.a = a, .out = out}, on_filings);
}

static int put_due(void *ctx, const void *row)
{
	const struct row_due *d = row;
	const struct of_village *x = ctx;

	return view_put(x->x->out, &(struct row_town_due){.village = bytes_str(x->v->code),
							  .name = bytes_str(x->v->name),
							  .what = d->what,
							  .subject = d->subject,
							  .due = d->due,
							  .late = d->late,
							  .entry = d->entry});
}

static int on_due(void *ctx, const struct view_village *v)
{
	return each_row(ctx, v, VIEW_due, put_due);
}

int rows_town_due(struct ask *a, struct view_out *out)
{
	return each_village(&(struct villages){.a = a, .out = out}, on_due);
}

static int put_guidance(void *ctx, const void *row)
{
	const struct row_guidance *g = row;
	const struct of_village *x = ctx;

	return view_put(x->x->out, &(struct row_town_guidance){.village = bytes_str(x->v->code),
							       .name = bytes_str(x->v->name),
							       .entry = g->entry,
							       .kind = g->kind,
							       .title = g->title,
							       .due = g->due,
							       .state = g->state,
							       .replied = g->replied,
							       .answer = g->answer,
							       .text = g->text});
}

static int on_guidance(void *ctx, const struct view_village *v)
{
	return each_row(ctx, v, VIEW_guidance, put_guidance);
}

int rows_town_guidance(struct ask *a, struct view_out *out)
{
	return each_village(&(struct villages){.a = a, .out = out}, on_guidance);
}
