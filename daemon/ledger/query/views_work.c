#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/query/view.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/read_filing.h"
#include "daemon/ledger/state/read_open.h"

/* What waits for somebody, beside what was done: one row for each, oldest first. */
struct walk {
	struct ask *a;
	struct view_out *out;
};

static int head_of(const struct walk *w, uint64_t seq, enum rec_code code, void *ret)
{
	return entry_head(w->a->t, w->a->feed.no, seq, code, ret);
}

static int settled_by(const struct walk *w, uint64_t seq, uint64_t *ret)
{
	return entry_settled(w->a->t, w->a->feed.no, seq, ret);
}

static int each_listed(struct walk *w, enum rec_code code, int (*fn)(void *ctx, uint64_t seq))
{
	return view_listed(w->a->t, w->a->feed.no, code, 0, fn, w);
}

static bool is_past(const struct ask *a, day_t due)
{
	return due != DAY_NONE && a->day != DAY_NONE && a->day > due;
}

/* --- objections ------------------------------------------------------------------------------------ */
static int read_answer(const struct walk *w, struct row_objections *o)
{
	bool stands = o->line_state != LINE_REFUSED && o->line_state != LINE_REVERSED;
	struct rec_objection_reply r;
	int err = settled_by(w, o->entry, &o->reply);

	if (err || !o->reply)
		return err;
	err = head_of(w, o->reply, REC_objection_reply, &r);
	if (err)
		return err;
	o->answered = r.day;
	if (r.ruling == RULING_rejected)
		o->state = OBJECTED_rejected;
	else
		o->state = stands ? OBJECTED_to_reverse : OBJECTED_done;
	return ERR_OK;
}

static int on_objection(void *ctx, uint64_t seq)
{
	const struct walk *w = ctx;
	struct row_objections o = {.entry = seq};
	struct rec_objection r;
	struct view_points p;
	struct rec_scheme s;
	int err = head_of(w, seq, REC_objection, &r);

	if (err)
		return err;
	o.of = r.entry;
	o.line = r.line;
	o.day = r.day;
	o.household = r.household;
	err = view_points(w->a->t, w->a->feed.no, r.entry, &p);
	if (!err && r.line > p.nlines)
		err = ERR_CORRUPT;
	if (!err)
		err = read_scheme_on(READER(w->a->t, w->a->feed.no), r.day, &s);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	o.line_state = p.state[r.line];
	o.due = day_add_workdays(r.day, (int)s.answer_days);
	o.state = is_past(w->a, o.due) ? OBJECTED_overdue : OBJECTED_open;
	err = read_answer(w, &o);
	return err ? err : view_put(w->out, &o);
}

int rows_objections(struct ask *a, struct view_out *out)
{
	return each_listed(&(struct walk){a, out}, REC_objection, on_objection);
}

/* --- applications ---------------------------------------------------------------------------------- */
static int on_application(void *ctx, uint64_t seq)
{
	const struct walk *w = ctx;
	struct row_applications v = {.entry = seq, .state = APPLIED_open};
	struct rec_application r;
	uint16_t type = 0;
	int err = head_of(w, seq, REC_application, &r);

	if (err)
		return err;
	v.member = r.member;
	v.day = r.day;
	v.household = r.household;
	v.item = r.item;
	v.applicant = r.applicant;
	err = settled_by(w, seq, &v.by);
	if (!err && v.by)
		err = entry_type(w->a->t, w->a->feed.no, v.by, &type);
	if (err)
		return err;
	if (v.by)
		v.state = type == REC_points ? APPLIED_recorded : APPLIED_declined;
	return view_put(w->out, &v);
}

int rows_applications(struct ask *a, struct view_out *out)
{
	return each_listed(&(struct walk){a, out}, REC_application, on_application);
}

/* --- deductions ------------------------------------------------------------------------------------ */
/* The day of notification, of the line or recorded later, and when the deduction may be confirmed. */
static int read_days(const struct reader *r, struct row_deductions *d, bool *ret_objected)
{
	struct state_objection open;
	struct rec_scheme s;
	int err = read_notified(r, d->entry, (uint32_t)d->line, &d->notified);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (d->notified != DAY_NONE) {
		err = read_scheme_on(r, d->notified, &s);
		if (err)
			return err;
		d->due = d->notified + (day_t)s.notified_days;
	}
	err = read_objections(r, d->entry, (uint32_t)d->line, &open);
	*ret_objected = !err && open.n > 0;
	return err;
}

static uint32_t awaited(const struct ask *a, const struct row_deductions *d, bool objected)
{
	if (d->notified == DAY_NONE)
		return AWAITS_notification;
	if (objected)
		return AWAITS_answer;
	if (a->day != DAY_NONE && a->day < d->due)
		return AWAITS_days;
	return d->state == LINE_RECORDED ? AWAITS_review : AWAITS_confirmation;
}

static int on_waiting_line(const struct walk *w, const struct payload *p, uint64_t entry,
			   uint32_t line, enum line_state state)
{
	struct row_deductions d = {.entry = entry, .line = line, .state = state};
	const struct reader r = reader_of(w->a->t, w->a->feed.no);
	struct rec_points_line l;
	struct item item;
	bool objected;
	int err;

	if (rec_decode_line(rec_type_of(REC_points), p, line - 1, &l))
		return ERR_CORRUPT;
	err = read_item(&r, l.version, l.item, &item);
	if (err || item.line.sign != SIGN_deduct)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	d.household = l.household;
	d.item = l.item;
	d.member = l.member;
	d.points = l.points;
	d.day = l.day;
	d.notified = l.notified;
	err = read_days(&r, &d, &objected);
	if (err)
		return err;
	d.waits = awaited(w->a, &d, objected);
	return view_put(w->out, &d);
}

static int on_waiting(const struct walk *w, const struct view_points *v, enum line_state state)
{
	struct payload p;
	int err = feedlog_payload(w->a->t, w->a->feed.no, v->entry, &p);

	for (uint32_t line = 1; line <= v->nlines && !err; line++)
		if (v->state[line] == state)
			err = on_waiting_line(w, &p, v->entry, line, state);
	return err;
}

static int on_recorded(void *ctx, const struct view_points *v)
{
	return on_waiting(ctx, v, LINE_RECORDED);
}

static int on_reviewed(void *ctx, const struct view_points *v)
{
	return on_waiting(ctx, v, LINE_REVIEWED);
}

/* Those that are neither confirmed nor refused. */
int rows_deductions(struct ask *a, struct view_out *out)
{
	struct walk w = {a, out};
	int err = view_waiting(a->t, a->feed.no, LINE_RECORDED, on_recorded, &w);

	return err ? err : view_waiting(a->t, a->feed.no, LINE_REVIEWED, on_reviewed, &w);
}

/* --- filings --------------------------------------------------------------------------------------- */
struct filings {
	struct walk w;
	enum doc_kind kind;
	enum rec_choice_SUBJECT subject;
};

static int on_version(void *ctx, const struct document *d)
{
	const struct filings *f = ctx;
	struct row_filings v = {.subject = f->subject,
				.version = d->version,
				.entry = d->entry,
				.from = d->from,
				.to = d->to};
	struct view_filing filed;
	const struct ask *a = f->w.a;
	int err = view_filing(a->t, a->feed.no, f->kind, d->version, UINT64_MAX, &filed);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	v.state = filed.state;
	if (filed.state == FILING_ACCEPTED)
		v.number = filed.text;
	if (filed.state == FILING_RETURNED)
		v.comment = filed.text;
	if (filed.state == FILING_ACCEPTED || filed.state == FILING_RETURNED)
		v.day = filed.day;
	return view_put(f->w.out, &v);
}

int rows_filings(struct ask *a, struct view_out *out)
{
	struct filings f[] = {{{a, out}, DOC_CATALOGUE, SUBJECT_catalogue},
			      {{a, out}, DOC_PLAN, SUBJECT_plan},
			      {{a, out}, DOC_SCHEME, SUBJECT_scheme}};
	int err = ERR_OK;

	for (size_t i = 0; i < sizeof(f) / sizeof(f[0]) && !err; i++)
		err = read_documents(READER(a->t, a->feed.no), f[i].kind, on_version, &f[i]);
	return err;
}

/* --- guidance of the town -------------------------------------------------------------------------- */
struct guided {
	struct walk w;
	struct bytes code; /* of the village */
};

static int read_reply(const struct walk *w, struct row_guidance *g)
{
	struct rec_guidance_reply r;
	int err = g->reply ? head_of(w, g->reply, REC_guidance_reply, &r) : ERR_OK;

	if (!err && g->reply) {
		g->replied = r.day;
		g->answer = r.text;
	}
	return err;
}

static uint32_t guided_state(const struct ask *a, const struct row_guidance *g, bool done)
{
	if (g->closed)
		return GUIDED_closed;
	if (done)
		return GUIDED_done;
	if (is_past(a, g->due))
		return GUIDED_overdue;
	return g->reply ? GUIDED_replied : GUIDED_open;
}

static int on_guidance(void *ctx, uint64_t seq)
{
	const struct guided *x = ctx;
	struct row_guidance g = {.entry = seq};
	const struct reader feed = reader_of(x->w.a->t, x->w.a->feed.no);
	struct rec_guidance r;
	struct outcome o;
	int err = entry_head(x->w.a->t, FEED_TOWN, seq, REC_guidance, &r);

	if (err || (r.village.n && !bytes_eq(r.village, x->code)))
		return err;
	g.kind = r.kind;
	g.due = r.due;
	g.title = r.title;
	g.text = r.text;
	err = read_outcome(&feed, rec_type_of(REC_guidance), x->code, seq, &o);
	if (err)
		return err;
	g.closed = o.settled;
	g.reply = o.report;
	g.state = guided_state(x->w.a, &g, o.done);
	err = read_reply(&x->w, &g);
	return err ? err : view_put(x->w.out, &g);
}

int rows_guidance(struct ask *a, struct view_out *out)
{
	struct view_village v;
	struct guided x = {.w = {a, out}};
	int err = view_village_by_feed(a->t, &a->feed.id, &v);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err; /* not enrolled yet */
	x.code = bytes_str(v.code);
	return view_listed(a->t, FEED_TOWN, REC_guidance, 0, on_guidance, &x);
}
