#include <stdlib.h>

#include "daemon/ledger/query/due.h"
#include "daemon/ledger/query/entries.h"

/* What has to be done by a day: the notices of each period (R46, R77), and the records that somebody must act
 * on. */

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

/* On from notice to notice, as long as no day is left out between two of them; the period after the last one
 * has not been posted yet. */
static int put_periods(struct view_out *out, struct hung *h, struct row_periods *p, day_t since)
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
		p->due = due_after(covered);
		p->covered = covered = n[i].to;
		p->posted_from = n[i].posted_from;
		p->posted_to = n[i].posted_to;
		p->done = n[i].posted_from;
		p->entry = n[i].entry;
		err = view_put(out, p);
	}
	p->due = due_after(covered);
	p->done = DAY_NONE;
	return err ? err : view_put(out, p);
}

static int periods_of(struct ask *a, struct view_out *out, enum rec_choice_NOTICE kind, day_t since)
{
	const struct rec_choice *what = &rec_lists[REC_LIST_NOTICE].v[kind];
	struct row_periods p = {.what = bytes_str(a->lang == LANG_EN ? what->en : what->zh)};
	struct hung h = {.kind = kind};
	int err = view_each(a, &views[VIEW_notices], on_notice, &h);

	if (!err)
		err = put_periods(out, &h, &p, since);
	buf_close(&h.notices);
	return err;
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

/* --- records that are open ------------------------------------------------------------------------- */
/* The entries of one type. Those of the town's feed are for one village or for all. */
struct open_type {
	struct ask *a;
	struct view_out *out;
	const struct rec_type *type;
	const struct rec_field *settled_by; /* REF of the type that settles it */
	uint32_t feed_no;
	struct bytes village; /* its code; for the town's alone */
};

static const struct rec_field *field_named(const struct rec_type *t, const char *name)
{
	for (uint32_t i = 0; i < t->nhead; i++)
		if (strcmp(t->head[i].name, name) == 0)
			return &t->head[i];
	return NULL;
}

/* What it is about, as far as a short text says it: a title, or else a household. */
static struct bytes subject_of(const struct rec_type *t, const void *head)
{
	const struct rec_field *f = field_named(t, "title");

	for (uint32_t i = 0; i < t->nhead && !f; i++)
		if (t->head[i].household)
			f = &t->head[i];
	return f ? rec_bytes(f, head) : bytes_str("");
}

static int due_day(const struct open_type *x, const void *head, day_t *ret)
{
	const struct rec_open *o = &x->type->open;
	struct rec_scheme s;
	int err;

	*ret = rec_day(o->day, head);
	if (!o->days || *ret == DAY_NONE)
		return ERR_OK;
	err = read_scheme_on(READER(x->a->t, x->a->feed.no), *ret, &s);
	if (!err)
		*ret = day_add_workdays(*ret, (int)rec_u(o->days, &s));
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

/* The day that an entry gives, or else the day of the entry. */
static int day_of_entry(struct kv_txn *t, uint32_t no, uint64_t seq, day_t *ret)
{
	const struct rec_type *type;
	const struct rec_field *f;
	struct bytes leaf, payload;
	union rec_any head;
	struct payload p;
	struct entry e;
	int err = feedlog_read(t, no, seq, &leaf, &payload);

	if (!err && (entry_parse(leaf.p, leaf.n, &e) || payload_parse(payload.p, payload.n, &p)))
		err = ERR_CORRUPT;
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	type = rec_type_of(e.type);
	f = type ? field_named(type, "day") : NULL;
	if (f && rec_decode_head(type, &p, &head))
		return ERR_CORRUPT;
	*ret = f ? rec_day(f, &head) : day_of_ms(e.wall_ms);
	return ERR_OK;
}

/* The entry that settled it, for this village where it is settled village by village. */
static int settled(const struct open_type *x, struct row_duties *d)
{
	const struct reader r = reader_of(x->a->t, x->feed_no);
	struct state_num by = {0};
	int err = x->settled_by->settles_for
			  ? reader_guided(&r, x->feed_no, d->entry, x->village, &by)
			  : read_settled(&r, d->entry, &by.n);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	d->by = by.n;
	return day_of_entry(x->a->t, x->feed_no, d->by, &d->done);
}

/* --- what a village reports as done --- */
struct report {
	const struct open_type *x;
	const struct rec_type *type;
	const struct rec_field *ref;
	struct row_duties *d;
};

static int on_report(void *ctx, uint64_t seq)
{
	const struct report *r = ctx;
	const struct ask *a = r->x->a;
	union rec_any head;
	int err = entry_head(a->t, a->feed.no, seq, (enum rec_code)r->type->code, &head);

	if (err || rec_u(r->ref, &head) != r->d->entry)
		return err;
	r->d->by = seq;
	r->d->done = DAY_NONE;
	if (rec_chosen(r->ref->done_when, &head) != YES_yes)
		return ERR_OK;
	return day_of_entry(a->t, a->feed.no, seq, &r->d->done);
}

/* The last report counts. */
static int reported(const struct open_type *x, struct row_duties *d)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < rec_ntypes && !err; i++) {
		const struct rec_type *t = &rec_types[i];

		for (uint32_t j = 0; j < t->nhead && !err; j++) {
			struct report r = {x, t, &t->head[j], d};

			if (r.ref->ref == x->type->code && r.ref->done_when)
				err = view_listed(x->a->t, x->a->feed.no, (enum rec_code)t->code, 0,
						  on_report, &r);
		}
	}
	return err;
}

static bool is_for(const struct open_type *x, const void *head)
{
	for (uint32_t i = 0; i < x->type->nhead && x->feed_no == FEED_TOWN; i++) {
		const struct rec_field *f = &x->type->head[i];
		struct bytes code = f->enrolled ? rec_bytes(f, head) : bytes_str("");

		if (code.n && !bytes_eq(code, x->village))
			return false;
	}
	return true;
}

static int on_open(void *ctx, uint64_t seq)
{
	const struct open_type *x = ctx;
	struct row_duties d = {.what = rec_title(x->type, x->a->lang), .entry = seq};
	const struct rec_field *day = field_named(x->type, "day");
	union rec_any head;
	int err = entry_head(x->a->t, x->feed_no, seq, (enum rec_code)x->type->code, &head);

	if (err || !is_for(x, &head))
		return err;
	d.subject = subject_of(x->type, &head);
	if (day)
		d.day = rec_day(day, &head);
	err = due_day(x, &head, &d.due);
	if (!err)
		err = settled(x, &d);
	if (!err && !d.by)
		err = reported(x, &d);
	return err ? err : view_put(x->out, &d);
}

static const struct rec_field *settler_of(const struct rec_type *t)
{
	for (uint32_t i = 0; i < rec_ntypes; i++)
		for (uint32_t j = 0; j < rec_types[i].nhead; j++)
			if (rec_types[i].head[j].ref == t->code && rec_types[i].head[j].settles)
				return &rec_types[i].head[j];
	return NULL;
}

int rows_duties(struct ask *a, struct view_out *out)
{
	struct view_village v = {.code = ""};
	int err = view_village_by_feed(a->t, &a->feed.id, &v);
	bool enrolled = !err;

	if (err == ERR_NOTFOUND)
		err = ERR_OK;
	for (uint32_t i = 0; i < rec_ntypes && !err; i++) {
		const struct rec_type *t = &rec_types[i];
		struct open_type x = {a, out, t, settler_of(t), a->feed.no, bytes_str(v.code)};

		if (t->feed == REC_FEED_TOWN)
			x.feed_no = FEED_TOWN;
		if (t->open.day && (enrolled || t->feed != REC_FEED_TOWN))
			err = view_listed(a->t, x.feed_no, (enum rec_code)t->code, 0, on_open, &x);
	}
	return err;
}
