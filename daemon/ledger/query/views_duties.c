#include "daemon/ledger/query/due.h"
#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/state/read_open.h"

/* Records that somebody must act on: which, by when, and until what, the table of record types says. */

/* The entries of one type. Those of the town's feed are for one village or for all. */
struct open_type {
	struct ask *a;
	struct view_out *out;
	const struct rec_type *type;
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

	*ret = o->day ? rec_day(o->day, head) : DAY_NONE;
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

/* The entry that settled it, or else the last report, if that says that it is done. */
static int read_done(const struct open_type *x, struct row_duties *d)
{
	const struct reader r = reader_of(x->a->t, x->a->feed.no);
	uint32_t no = x->feed_no;
	struct outcome o;
	int err = read_outcome(&r, x->type, x->village, d->entry, &o);

	if (err)
		return err;
	d->by = o.settled;
	if (!o.settled && o.done) {
		d->by = o.report;
		no = r.feed_no;
	}
	return d->by ? day_of_entry(x->a->t, no, d->by, &d->done) : ERR_OK;
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
		err = read_done(x, &d);
	return err ? err : view_put(x->out, &d);
}

static int each_entry(struct open_type *x)
{
	struct kv_txn *t = x->a->t;

	if (x->out->only & DUTIES_OPEN)
		return read_open(READER(t, x->a->feed.no), x->type, x->village, on_open, x);
	return view_listed(t, x->feed_no, (enum rec_code)x->type->code, 0, on_open, x);
}

static bool is_wanted(const struct view_out *out, const struct rec_type *t)
{
	return t->open.is && (t->open.day || !(out->only & DUTIES_DATED));
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
		struct open_type x = {a, out, t, a->feed.no, bytes_str("")};

		if (t->feed == REC_FEED_TOWN) {
			x.feed_no = FEED_TOWN;
			x.village = bytes_str(v.code);
		}
		if (is_wanted(out, t) && (enrolled || t->feed != REC_FEED_TOWN))
			err = each_entry(&x);
	}
	return err;
}
