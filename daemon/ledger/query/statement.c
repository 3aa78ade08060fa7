#include "daemon/ledger/query/statement.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/reader.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/vec.h"

const char *posting_kind_text(enum posting_kind k, enum lang lang)
{
	static const char *const zh[] = {"积分", "冲正", "兑换", "兑换冲正", "转出", "转入"};
	static const char *const en[] = {"points",   "reversal",  "redemption",
					 "returned", "moved out", "moved in"};

	return lang == LANG_EN ? en[k] : zh[k];
}

/* --- the records behind a posting ------------------------------------------------------------------ */
/* Postings in a row are mostly by one entry, about lines of one other and a few items: what was read last stays. */
#define ITEMS 64 /* a power of two */
struct maker {
	struct kv_txn *t;
	uint32_t no;
	statement_fn *fn;
	void *ctx;
	bool has_entry, has_target;
	struct entry e;	 /* that posted it */
	uint64_t target; /* sequence of the points entry or redemption in @payload */
	struct payload payload;
	struct statement_item item[ITEMS];
	struct rec_points_line line;
	struct rec_redemption redemption;
	struct statement_row row;
};

static int read_entry(struct maker *w, uint64_t seq)
{
	struct bytes leaf, payload;
	int err;

	if (w->has_entry && w->e.seq == seq)
		return ERR_OK;
	w->has_entry = false;
	err = feedlog_read(w->t, w->no, seq, &leaf, &payload);
	if (!err && entry_parse(leaf.p, leaf.n, &w->e))
		err = ERR_CORRUPT;
	w->has_entry = !err;
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

static int read_target(struct maker *w, uint64_t seq)
{
	int err;

	if (w->has_target && w->target == seq)
		return ERR_OK;
	w->has_target = false;
	err = feedlog_payload(w->t, w->no, seq, &w->payload);
	w->target = seq;
	w->has_target = !err;
	return err;
}

static struct statement_item *item_place(struct maker *w, uint64_t version, struct bytes code)
{
	uint32_t h = UINT32_C(2166136261) ^ (uint32_t)version;

	for (size_t i = 0; i < code.n; i++)
		h = (h ^ code.p[i]) * UINT32_C(16777619);
	return &w->item[(h ^ h >> 15) & (ITEMS - 1)];
}

static int line_item(struct maker *w, const struct rec_points_line *l)
{
	struct statement_item *it = item_place(w, l->version, l->item);
	struct item found;
	int err;

	w->row.item = it;
	if (it->version == l->version && str_eq((const char *)l->item.p, l->item.n, it->code))
		return ERR_OK;
	err = read_item(READER(w->t, w->no), l->version, l->item, &found);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	*it = (struct statement_item){.version = l->version,
				      .sign = found.line.sign,
				      .category = found.line.category,
				      .scope = found.line.scope};
	str_set(it->code, sizeof(it->code), l->item);
	str_set(it->name, sizeof(it->name), found.line.name_zh);
	return ERR_OK;
}

static int read_line(struct maker *w, const struct posting *p)
{
	bool minus;
	struct points size = p->points;
	int err;

	if (w->payload.nparts <= p->line ||
	    rec_decode_line(rec_type_of(REC_points), &w->payload, p->line - 1, &w->line))
		return ERR_CORRUPT;
	w->row.points_line = &w->line;
	err = line_item(w, &w->line);
	if (err)
		return err;
	minus = (w->row.item->sign == SIGN_deduct) != (p->kind == POSTING_REVERSAL);
	if (minus && !points_neg(p->points, &size))
		return ERR_CORRUPT;
	return points_cmp(size, w->line.points) == 0 && p->category == w->row.item->category
		       ? ERR_OK
		       : ERR_CORRUPT;
}

static int read_redemption(struct maker *w)
{
	if (rec_decode_head(rec_type_of(REC_redemption), &w->payload, &w->redemption))
		return ERR_CORRUPT;
	w->row.redemption = &w->redemption;
	w->row.payload = &w->payload;
	return ERR_OK;
}

static int read_records(struct maker *w, const struct posting *p)
{
	int err = read_entry(w, p->seq);

	if (err || p->kind == POSTING_OUT || p->kind == POSTING_IN)
		return err;
	err = read_target(w, p->entry);
	if (err)
		return err;
	return p->kind == POSTING_LINE || p->kind == POSTING_REVERSAL ? read_line(w, p)
								      : read_redemption(w);
}

static int maker_new(struct kv_txn *t, uint32_t no, statement_fn *fn, void *ctx, struct maker **ret)
{
	*ret = mem_alloc(sizeof(**ret));
	if (!*ret)
		return ERR_NOMEM;
	(*ret)->t = t;
	(*ret)->no = no;
	(*ret)->fn = fn;
	(*ret)->ctx = ctx;
	return ERR_OK;
}

/* --- periods ---------------------------------------------------------------------------------------- */
bool statement_covers(const struct statement_period *p, day_t day)
{
	return (p->from == DAY_NONE || day >= p->from) && (p->to == DAY_NONE || day <= p->to);
}

static bool counts(const struct statement_period *p, const struct statement_row *row)
{
	day_t day = row->booked;

	if (p->day == STATEMENT_DEED && row->points_line)
		day = row->points_line->day;
	if (p->day == STATEMENT_DEED && row->redemption)
		day = row->redemption->day;
	return statement_covers(p, day);
}

/* With no period every posting is told. */
static int put_row(struct maker *w, struct bytes household, const struct posting *p,
		   const struct statement_period *period)
{
	int err;

	w->row = (struct statement_row){.kind = p->kind,
					.seq = p->seq,
					.household = household,
					.points = p->points,
					.balance = p->balance,
					.entry = p->entry,
					.line = p->line,
					.other = p->other};
	err = read_records(w, p);
	if (err)
		return err;
	w->row.wall_ms = w->e.wall_ms;
	w->row.author = w->e.author;
	w->row.booked = day_of_ms(w->e.wall_ms);
	return period && !counts(period, &w->row) ? ERR_OK : w->fn(w->ctx, &w->row);
}

/* --- one household ---------------------------------------------------------------------------------- */
struct account_rows {
	struct maker *w;
	struct bytes household;
	uint32_t skip;
};

static int on_posting(void *ctx, const struct posting *p)
{
	struct account_rows *a = ctx;

	if (a->skip) {
		a->skip--;
		return ERR_OK;
	}
	return put_row(a->w, a->household, p, NULL);
}

static int account_rows(struct kv_txn *t, uint32_t no, struct account_rows *a, uint64_t from,
			uint64_t size, statement_fn *fn, void *ctx)
{
	int err = maker_new(t, no, fn, ctx, &a->w);

	if (!err)
		err = journal_walk(READER(t, no), a->household, from, size, on_posting, a);
	mem_free(a->w);
	return err;
}

int statement_account(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint64_t from,
		      uint64_t size, statement_fn *fn, void *ctx)
{
	struct account_rows a = {.household = household};

	return account_rows(t, feed_no, &a, from, size, fn, ctx);
}

int statement_latest(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint64_t size,
		     uint32_t n, statement_fn *fn, void *ctx)
{
	struct account_rows a = {.household = household};
	uint64_t from;
	int err = journal_latest(READER(t, feed_no), household, size, n, &from, &a.skip);

	return err ? err : account_rows(t, feed_no, &a, from, size, fn, ctx);
}

/* --- a period ---------------------------------------------------------------------------------------- */
struct posted {
	uint64_t seq;
	uint32_t order; /* among all */
	uint8_t n;
	uint8_t household[STATE_CODE_MAX];
};
struct period_rows {
	struct maker *w;
	const struct statement_period *p;
	struct bytes household; /* empty: all */
	struct posted *v;
	uint32_t n, cap;
	uint32_t tested; /* of v: so many are known to have rows in the period */
	uint32_t met;
};

/* What one entry posted to one household. */
struct posted_rows {
	const struct period_rows *y;
	struct bytes household;
	bool any;
};

static int on_posted_row(void *ctx, const struct posting *p)
{
	struct posted_rows *x = ctx;

	x->any = true;
	return put_row(x->y->w, x->household, p, x->y->p);
}

static int put_posted(const struct period_rows *y, const struct posted *v)
{
	struct posted_rows x = {.y = y, .household = kv_bytes(v->household, v->n)};
	int err = journal_walk(READER(y->w->t, y->w->no), x.household, v->seq, v->seq + 1,
			       on_posted_row, &x);

	return err || x.any ? err : ERR_CORRUPT;
}

static int note_row(void *ctx, const struct statement_row *row)
{
	(void)row;
	*(bool *)ctx = true;
	return ERR_OK;
}

static int has_rows(const struct period_rows *y, const struct posted *v, bool *ret)
{
	struct maker *w = y->w;
	statement_fn *fn = w->fn;
	void *ctx = w->ctx;
	int err;

	w->fn = note_row;
	w->ctx = ret;
	err = put_posted(y, v);
	w->fn = fn;
	w->ctx = ctx;
	return err;
}

/* Those held that posted nothing in the period make room, each looked at once. By the day of booking there are none. */
static int make_room(struct period_rows *y)
{
	uint32_t kept = y->tested;
	int err = ERR_OK;

	if (y->p->day == STATEMENT_BOOKED)
		return ERR_LIMIT;
	for (uint32_t i = kept; i < y->n && !err; i++) {
		bool any = false;

		err = has_rows(y, &y->v[i], &any);
		if (any)
			y->v[kept++] = y->v[i];
	}
	y->n = y->tested = kept;
	return err ? err : kept == STATEMENT_POSTED_MAX ? ERR_LIMIT : ERR_OK;
}

static int on_posted(void *ctx, uint64_t seq, struct bytes household)
{
	struct period_rows *y = ctx;
	int err;

	if (y->household.n && !bytes_eq(y->household, household))
		return ERR_OK;
	err = VEC_ROOM(y->v, y->n, y->cap);
	if (err)
		return err;
	y->v[y->n] = (struct posted){.seq = seq, .order = y->met++, .n = (uint8_t)household.n};
	memcpy(y->v[y->n++].household, household.p, household.n);
	return y->n == STATEMENT_POSTED_MAX ? make_room(y) : ERR_OK;
}

static int by_seq(const void *a, const void *b)
{
	const struct posted *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Deeds of a year are in the postings of entries that claim a day of it, and in those of the yearbook. */
static int collect(struct period_rows *y, uint32_t feed_no, uint64_t size)
{
	const struct statement_period *p = y->p;
	const struct reader r = reader_of(y->w->t, feed_no);
	int year = day_year(p->from), err;
	day_t first = DAY_NONE, last = DAY_NONE;

	if (p->day == STATEMENT_BOOKED)
		return journal_days(&r, p->from, p->to, size, on_posted, y);
	assert(p->from != DAY_NONE && p->to != DAY_NONE && day_year(p->to) == year);
	day_from_ymd(year, 1, 1, &first);
	day_from_ymd(year, 12, 31, &last);
	err = journal_days(&r, first, last, size, on_posted, y);
	return err ? err : journal_year(&r, year, size, on_posted, y);
}

int statement_days(struct kv_txn *t, uint32_t feed_no, const struct statement_period *p,
		   struct bytes household, uint64_t size, statement_fn *fn, void *ctx)
{
	struct period_rows y = {.p = p, .household = household};
	int err;

	if (household.n && p->from == DAY_NONE && p->to == DAY_NONE)
		return statement_account(t, feed_no, household, 0, size, fn, ctx);
	err = maker_new(t, feed_no, fn, ctx, &y.w);
	if (!err)
		err = collect(&y, feed_no, size);
	if (!err && y.n)
		qsort(y.v, y.n, sizeof(*y.v), by_seq);
	for (uint32_t i = 0; i < y.n && !err; i++)
		err = put_posted(&y, &y.v[i]);
	mem_free(y.v);
	mem_free(y.w);
	return err;
}
