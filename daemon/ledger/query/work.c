#include "daemon/ledger/query/work.h"

#include <string.h>

#include "daemon/ledger/state/read_catalogue.h"
#include "lib/err.h"
#include "lib/text.h"

/* A walk over entries: what the callbacks below get. */
struct walk {
	struct kv_txn *t;
	uint32_t no;
	union {
		int (*objection)(void *ctx, const struct view_objection *o);
		int (*application)(void *ctx, const struct view_application *a);
		int (*deduction)(void *ctx, const struct view_deduction *d);
		int (*appraisal)(void *ctx, const struct view_appraisal *a);
		int (*honour)(void *ctx, const struct view_honour *h);
		int (*notice)(void *ctx, const struct view_notice *n);
		int (*guidance)(void *ctx, const struct view_guidance *g);
	} fn;
	void *ctx;
};

static int head_of(struct kv_txn *t, uint32_t no, uint64_t seq, enum rec_code code, void *ret)
{
	struct payload p;

	return read_head(t, no, seq, code, &p, ret);
}

/* The entry that settled @seq; 0: none yet. */
static int settled_by(struct kv_txn *t, uint32_t no, uint64_t seq, uint64_t *ret)
{
	int err = read_settled(READER(t, no), seq, ret);

	if (err == ERR_NOTFOUND)
		*ret = 0;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int type_of(struct kv_txn *t, uint32_t no, uint64_t seq, uint16_t *ret)
{
	struct bytes leaf, payload;
	struct entry e;
	int err = feedlog_read(t, no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err)
		*ret = e.type;
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

/* --- objections ------------------------------------------------------------------------------------ */
static int read_answer(struct walk *w, struct view_objection *o)
{
	struct rec_objection_reply r;
	bool stands = o->line_state != LINE_REFUSED && o->line_state != LINE_REVERSED;
	int err = settled_by(w->t, w->no, o->seq, &o->reply);

	if (err || o->reply == 0)
		return err;
	err = head_of(w->t, w->no, o->reply, REC_objection_reply, &r);
	if (err)
		return err;
	o->answered = r.day;
	if (r.ruling == RULING_rejected)
		o->state = OBJECTION_REJECTED;
	else
		o->state = stands ? OBJECTION_TO_REVERSE : OBJECTION_DONE;
	return ERR_OK;
}

static int on_objection(void *ctx, uint64_t seq)
{
	struct walk *w = ctx;
	struct view_objection o = {.seq = seq};
	struct rec_objection r;
	struct view_points p;
	struct rec_scheme s;
	int err = head_of(w->t, w->no, seq, REC_objection, &r);

	if (err)
		return err;
	o.entry = r.entry;
	o.line = (uint32_t)r.line;
	o.day = r.day;
	str_set(o.household, sizeof(o.household), r.household);
	err = view_points(w->t, w->no, o.entry, &p);
	if (!err && o.line > p.nlines)
		err = ERR_CORRUPT;
	if (!err)
		err = read_scheme_on(READER(w->t, w->no), o.day, &s);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	o.line_state = (enum line_state)p.state[o.line];
	o.due = day_add_workdays(o.day, (int)s.answer_days);
	err = read_answer(w, &o);
	return err ? err : w->fn.objection(w->ctx, &o);
}

int view_objections(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_objection *o), void *ctx)
{
	struct walk w = {.t = t, .no = feed_no, .fn.objection = fn, .ctx = ctx};

	return view_listed(t, feed_no, REC_objection, 0, on_objection, &w);
}

/* --- applications ---------------------------------------------------------------------------------- */
static int on_application(void *ctx, uint64_t seq)
{
	struct walk *w = ctx;
	struct view_application a = {.seq = seq};
	struct rec_application r;
	uint16_t type = 0;
	int err = head_of(w->t, w->no, seq, REC_application, &r);

	if (err)
		return err;
	a.member = (uint32_t)r.member;
	a.day = r.day;
	str_set(a.household, sizeof(a.household), r.household);
	str_set(a.item, sizeof(a.item), r.item);
	str_set(a.applicant, sizeof(a.applicant), r.applicant);
	err = settled_by(w->t, w->no, seq, &a.by);
	if (!err && a.by)
		err = type_of(w->t, w->no, a.by, &type);
	if (err)
		return err;
	if (a.by)
		a.state = type == REC_points ? APPLICATION_RECORDED : APPLICATION_DECLINED;
	return w->fn.application(w->ctx, &a);
}

int view_applications(struct kv_txn *t, uint32_t feed_no,
		      int (*fn)(void *ctx, const struct view_application *a), void *ctx)
{
	struct walk w = {.t = t, .no = feed_no, .fn.application = fn, .ctx = ctx};

	return view_listed(t, feed_no, REC_application, 0, on_application, &w);
}

/* --- deductions ------------------------------------------------------------------------------------ */
/* The day of telling, of the line or told later, and when the deduction may be confirmed. */
static int read_told(struct walk *w, struct view_deduction *d)
{
	const struct reader r = reader_of(w->t, w->no);
	struct state_objection open;
	struct rec_scheme s;
	int err = read_notified(&r, d->entry, d->line, &d->notified);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (d->notified != DAY_NONE) {
		err = read_scheme_on(&r, d->notified, &s);
		if (err)
			return err;
		d->due = d->notified + (day_t)s.notified_days;
	}
	err = read_objections(&r, d->entry, d->line, &open);
	d->objected = !err && open.n > 0;
	return err;
}

static int on_waiting_line(struct walk *w, const struct payload *p, uint64_t entry, uint32_t line,
			   enum line_state state)
{
	struct view_deduction d = {.entry = entry, .line = line, .state = state};
	struct rec_points_line l;
	struct item item;
	int err;

	if (rec_decode_line(rec_type_of(REC_points), p, line - 1, &l))
		return ERR_CORRUPT;
	err = read_item(READER(w->t, w->no), l.version, l.item, &item);
	if (err || item.line.sign != SIGN_deduct)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	str_set(d.household, sizeof(d.household), l.household);
	str_set(d.item, sizeof(d.item), l.item);
	d.member = (uint32_t)l.member;
	d.points = l.points;
	d.day = l.day;
	d.notified = l.notified;
	err = read_told(w, &d);
	return err ? err : w->fn.deduction(w->ctx, &d);
}

static int on_waiting(struct walk *w, const struct view_points *v, enum line_state state)
{
	struct payload p;
	int err = feedlog_payload(w->t, w->no, v->entry, &p);

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

int view_deductions(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_deduction *d), void *ctx)
{
	struct walk w = {.t = t, .no = feed_no, .fn.deduction = fn, .ctx = ctx};
	int err = view_waiting(t, feed_no, LINE_RECORDED, on_recorded, &w);

	return err ? err : view_waiting(t, feed_no, LINE_REVIEWED, on_reviewed, &w);
}

/* --- the year -------------------------------------------------------------------------------------- */
static int on_appraisal(void *ctx, uint64_t seq)
{
	struct walk *w = ctx;
	struct view_appraisal a = {.seq = seq};
	struct rec_appraisal_confirm c;
	struct rec_appraisal r;
	struct payload p;
	int err = head_of(w->t, w->no, seq, REC_appraisal, &r);

	if (err)
		return err;
	a.year = (int)r.year;
	a.day = r.day;
	str_set(a.title, sizeof(a.title), r.title);
	err = feedlog_payload(w->t, w->no, seq, &p);
	if (!err)
		err = rec_nlines(rec_type_of(REC_appraisal), &p, &a.nlines);
	if (!err)
		err = settled_by(w->t, w->no, seq, &a.by);
	if (!err && a.by)
		err = head_of(w->t, w->no, a.by, REC_appraisal_confirm, &c);
	if (err)
		return err;
	if (a.by)
		a.state = c.decision == DECISION_agree ? APPRAISAL_AGREED : APPRAISAL_DECLINED;
	return w->fn.appraisal(w->ctx, &a);
}

int view_appraisals(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_appraisal *a), void *ctx)
{
	struct walk w = {.t = t, .no = feed_no, .fn.appraisal = fn, .ctx = ctx};

	return view_listed(t, feed_no, REC_appraisal, 0, on_appraisal, &w);
}

static int on_honour(void *ctx, uint64_t seq)
{
	struct walk *w = ctx;
	struct view_honour h = {.seq = seq};
	struct rec_honour r;
	int err = head_of(w->t, w->no, seq, REC_honour, &r);

	if (err)
		return err;
	h.appraisal = r.appraisal;
	h.member = (uint32_t)r.member;
	h.level = r.level;
	h.year = (int)r.year;
	h.day = r.day;
	str_set(h.household, sizeof(h.household), r.household);
	str_set(h.title, sizeof(h.title), r.title);
	str_set(h.certificate, sizeof(h.certificate), r.certificate);
	return w->fn.honour(w->ctx, &h);
}

int view_honours(struct kv_txn *t, uint32_t feed_no,
		 int (*fn)(void *ctx, const struct view_honour *h), void *ctx)
{
	struct walk w = {.t = t, .no = feed_no, .fn.honour = fn, .ctx = ctx};

	return view_listed(t, feed_no, REC_honour, 0, on_honour, &w);
}

/* --- notices --------------------------------------------------------------------------------------- */
struct postings {
	struct walk *w;
	struct view_notice *n;
};

static int on_posting(void *ctx, uint64_t seq)
{
	const struct postings *x = ctx;
	struct view_notice *n = x->n;
	struct rec_posting r;
	int err = head_of(x->w->t, x->w->no, seq, REC_posting, &r);

	if (err || r.notice != n->seq)
		return err;
	if (n->npostings++ == 0 || r.to - r.from > n->posted_to - n->posted_from) {
		n->posted_from = r.from;
		n->posted_to = r.to;
	}
	return ERR_OK;
}

static int on_notice(void *ctx, uint64_t seq)
{
	struct walk *w = ctx;
	struct view_notice n = {.seq = seq};
	struct postings x = {w, &n};
	struct rec_notice r;
	int err = head_of(w->t, w->no, seq, REC_notice, &r);

	if (err)
		return err;
	n.kind = r.kind;
	n.from = r.from;
	n.to = r.to;
	n.size = r.size;
	n.lines = r.lines;
	n.plus = r.plus;
	n.minus = r.minus;
	/* a posting comes after its notice */
	err = view_listed(w->t, w->no, REC_posting, seq, on_posting, &x);
	if (!err)
		err = settled_by(w->t, w->no, seq, &n.withdrawal);
	return err ? err : w->fn.notice(w->ctx, &n);
}

int view_notices(struct kv_txn *t, uint32_t feed_no,
		 int (*fn)(void *ctx, const struct view_notice *n), void *ctx)
{
	struct walk w = {.t = t, .no = feed_no, .fn.notice = fn, .ctx = ctx};

	return view_listed(t, feed_no, REC_notice, 0, on_notice, &w);
}

/* --- guidance -------------------------------------------------------------------------------------- */
struct replies {
	struct walk *w;
	struct view_guidance *g;
};
struct guided {
	struct walk w;
	struct bytes code;
};

static int on_reply(void *ctx, uint64_t seq)
{
	const struct replies *x = ctx;
	struct rec_guidance_reply r;
	int err = head_of(x->w->t, x->w->no, seq, REC_guidance_reply, &r);

	if (err || r.guidance != x->g->seq)
		return err;
	x->g->reply = seq;
	x->g->replied = r.day;
	x->g->done = r.done == YES_yes;
	return ERR_OK;
}

static int read_closed(struct kv_txn *t, struct bytes code, struct view_guidance *g)
{
	struct state_num by = {0};
	int err = reader_guided(READER(t, FEED_TOWN), FEED_TOWN, g->seq, code, &by);

	g->closed = by.n;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int on_guidance(void *ctx, uint64_t seq)
{
	struct guided *x = ctx;
	struct view_guidance g = {.seq = seq};
	struct replies replies = {&x->w, &g};
	struct rec_guidance r;
	int err = head_of(x->w.t, FEED_TOWN, seq, REC_guidance, &r);

	if (err || (r.village.n && !bytes_eq(r.village, x->code)))
		return err;
	g.kind = r.kind;
	g.due = r.due;
	str_set(g.title, sizeof(g.title), r.title);
	err = read_closed(x->w.t, x->code, &g);
	if (!err && x->w.no)
		err = view_listed(x->w.t, x->w.no, REC_guidance_reply, 0, on_reply, &replies);
	return err ? err : x->w.fn.guidance(x->w.ctx, &g);
}

int view_guidances(struct kv_txn *t, uint32_t feed_no, struct bytes code,
		   int (*fn)(void *ctx, const struct view_guidance *g), void *ctx)
{
	struct guided x = {{.t = t, .no = feed_no, .fn.guidance = fn, .ctx = ctx}, code};

	if (code.n >= STATE_VILLAGE_CODE_MAX)
		return ERR_OK;
	return view_listed(t, FEED_TOWN, REC_guidance, 0, on_guidance, &x);
}
