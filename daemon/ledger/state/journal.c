#include "daemon/ledger/state/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/vec.h"
#include "proto/record.h"

#define KIND_BITS     3
#define LEN_BITS      5 /* of a household in a row of the daybook */
#define OWN_REDEEMED  0xff
#define POSTING_FIXED 41 /* bytes at most without the other household: kind, four numbers */

void journal_own_key(struct state_key *k, uint32_t feed_no, const struct account *a)
{
	assert(a->of != ACCOUNT_HOUSEHOLD);
	state_own_key(k, feed_no, a->of == ACCOUNT_ISSUE ? a->category : OWN_REDEEMED);
}

/* --- postings --------------------------------------------------------------------------------------- */
static bool has_line(enum posting_kind k)
{
	return k == POSTING_LINE || k == POSTING_REVERSAL;
}

static bool between_households(enum posting_kind k)
{
	return k == POSTING_OUT || k == POSTING_IN;
}

void posting_pack(const struct posting *p, uint64_t before, struct buf *out)
{
	uint8_t b[POSTING_FIXED];
	size_t n = 0;

	b[n++] = (uint8_t)(p->kind | (has_line(p->kind) ? p->category << KIND_BITS : 0));
	n += state_num_bytes(b + n, p->seq - before);
	if (has_line(p->kind) || p->kind == POSTING_RETURNED)
		n += state_num_bytes(b + n, p->seq - p->entry);
	if (has_line(p->kind))
		n += state_num_bytes(b + n, p->line);
	buf_put(out, b, n);
	state_put_zigzag(out, points_raw(p->points));
	if (between_households(p->kind))
		state_put_text(out, p->other);
}

static int postings_open(struct bytes row, uint64_t first, int64_t opening, struct postings *ret)
{
	if (opening < -POINTS_ABS_MAX || opening > POINTS_ABS_MAX)
		return ERR_CORRUPT;
	*ret = (struct postings){
		.c = cur_of(row.p, row.n), .seq = first, .balance = points_of(opening)};
	return ERR_OK;
}

int postings_of_account(const struct state_account *a, struct postings *ret)
{
	return postings_open(a->postings, a->first, a->opening, ret);
}

int postings_of_run(struct bytes row, uint64_t first, struct postings *ret)
{
	struct cur c = cur_of(row.p, row.n);
	int64_t opening = state_get_zigzag(&c);

	return c.err ? ERR_CORRUPT
		     : postings_open(kv_bytes(c.p, cur_left(&c)), first, opening, ret);
}

/* The numbers that depend on the kind. */
static void get_origin(struct cur *c, struct posting *p)
{
	uint64_t back = 0, line = 0;

	if (has_line(p->kind) || p->kind == POSTING_RETURNED)
		back = state_get_num(c);
	if (has_line(p->kind))
		line = state_get_num(c);
	if (back > p->seq || line > ENTRY_PARTS_MAX || (has_line(p->kind) && line == 0))
		c->err = ERR_FORMAT;
	p->entry = p->seq - back;
	p->line = (uint32_t)line;
}

static bool in_range(int64_t v)
{
	return v >= -POINTS_ABS_MAX && v <= POINTS_ABS_MAX;
}

int postings_next(struct postings *s, struct posting *ret)
{
	struct posting p = {0};
	int64_t points;

	if (cur_left(&s->c) == 0)
		return s->c.err ? ERR_CORRUPT : ERR_NOTFOUND;
	uint8_t head = cur_u8(&s->c);
	p.kind = (enum posting_kind)(head & ((1u << KIND_BITS) - 1));
	p.category = head >> KIND_BITS;
	if (p.kind >= POSTING_KINDS || (!has_line(p.kind) && p.category) ||
	    p.category >= rec_lists[REC_LIST_CATEGORY].n)
		return ERR_CORRUPT;
	p.seq = s->seq + state_get_num(&s->c);
	if (p.seq < s->seq)
		return ERR_CORRUPT;
	get_origin(&s->c, &p);
	points = state_get_zigzag(&s->c);
	if (between_households(p.kind))
		p.other = state_get_text(&s->c);
	if (s->c.err || !in_range(points) || p.other.n > STATE_CODE_MAX)
		return ERR_CORRUPT;
	p.points = points_of(points);
	if (!points_add(s->balance, p.points, &p.balance))
		return ERR_CORRUPT;
	s->seq = p.seq;
	s->balance = p.balance;
	*ret = p;
	return ERR_OK;
}

/* --- the daybook ------------------------------------------------------------------------------------ */
int journal_day_next(struct bytes row, size_t *at, unsigned *ret_slot, struct bytes *ret_household)
{
	size_t left = row.n - *at, n;

	if (left == 0)
		return ERR_NOTFOUND;
	n = row.p[*at] & ((1u << LEN_BITS) - 1);
	if (n == 0 || n > STATE_CODE_MAX || n >= left)
		return ERR_CORRUPT;
	*ret_slot = row.p[*at] >> LEN_BITS;
	*ret_household = kv_bytes(row.p + *at + 1, n);
	*at += 1 + n;
	return ERR_OK;
}

/* --- posting ---------------------------------------------------------------------------------------- */
static bool add(int64_t *sum, struct points p)
{
	struct points s;

	if (!points_add(points_of(*sum), p, &s))
		return false;
	*sum = points_raw(s);
	return true;
}

static bool take(int64_t *sum, struct points p)
{
	struct points minus;

	return points_neg(p, &minus) && add(sum, minus);
}

/* A line of points is above 0, so the sign of its posting says whether it is an award. */
static bool add_line(struct state_account *a, const struct posting *p)
{
	bool back = p->kind == POSTING_REVERSAL;
	bool deduct = (points_cmp(p->points, POINTS_ZERO) < 0) != back;

	a->lines += back ? -1 : 1;
	return deduct ? take(&a->deducted, p->points) : add(&a->earned, p->points);
}

static bool add_sum(struct state_account *a, const struct posting *p)
{
	switch (p->kind) {
	case POSTING_LINE:
	case POSTING_REVERSAL: return add_line(a, p);
	case POSTING_REDEEMED:
	case POSTING_RETURNED: return take(&a->redeemed, p->points);
	case POSTING_OUT:
	case POSTING_IN: break;
	}
	return add(&a->transferred, p->points);
}

/* The latest postings become a run of their own. */
static int end_run(struct journal *j, struct bytes household, struct state_account *a)
{
	struct state_key k;
	struct points balance;

	if (!state_account_balance(a, &balance))
		return ERR_CORRUPT;
	state_posted_key(&k, j->feed_no, household, a->first);
	buf_reset(j->out);
	state_put_zigzag(j->out, a->opening);
	buf_put(j->out, a->postings.p, a->postings.n);
	a->opening = points_raw(balance);
	a->postings.n = 0;
	return j->out->err ? j->out->err : cache_put(j->rows, &k, buf_bytes(j->out));
}

/* Posts to the sums; the row keeps the postings of earlier entries, which are few. @ret_before: of the posting before. */
static int post_sums(struct journal *j, struct bytes household, const struct posting *p,
		     uint64_t *ret_before)
{
	struct state_account a = {0};
	struct state_key k;
	struct points unused;
	struct bytes row;
	int err;

	state_account_key(&k, j->feed_no, household);
	err = cache_get_or_empty(j->rows, &k, &row);
	if (!err && row.n)
		err = state_account_parse(row, &a);
	if (!err && a.postings.n >= JOURNAL_TAIL_BYTES && a.last != j->seq)
		err = end_run(j, household, &a);
	if (err)
		return err;
	if (!add_sum(&a, p) || !state_account_balance(&a, &unused))
		return ERR_LIMIT;
	if (a.postings.n == 0)
		a.first = a.last = j->seq;
	*ret_before = a.last;
	a.last = j->seq;
	buf_reset(j->out);
	state_account_pack(&a, j->out);
	return j->out->err ? j->out->err : cache_put(j->rows, &k, buf_bytes(j->out));
}

/* 0: it is found under the claimed day. */
static int year_elsewhere(const struct journal *j, day_t deed)
{
	bool same = j->booked != DAY_NONE && day_year(j->booked) == day_year(deed);

	return deed == DAY_NONE || same ? 0 : day_year(deed);
}

static int post_household(struct journal *j, struct bytes household, const struct posting *p,
			  day_t deed)
{
	struct journal_posting v = {.at = j->packed.n,
				    .year = (int16_t)year_elsewhere(j, deed),
				    .household_n = (uint8_t)household.n};
	uint64_t before;
	int err = post_sums(j, household, p, &before);

	if (!err)
		err = VEC_ROOM(j->v, j->n, j->cap);
	if (err)
		return err;
	posting_pack(p, before, &j->packed);
	v.n = (uint8_t)(j->packed.n - v.at);
	memcpy(v.household, household.p, household.n);
	j->v[j->n++] = v;
	return j->packed.err;
}

static int post_own(struct journal *j, const struct account *a, struct points p)
{
	struct state_balance b = {0};
	struct state_key k;
	struct bytes row;
	int err;

	journal_own_key(&k, j->feed_no, a);
	err = cache_get_or_empty(j->rows, &k, &row);
	if (!err && row.n)
		err = state_balance_parse(row, &b);
	if (err)
		return err;
	if (!in_range(b.points) || !add(&b.points, p))
		return ERR_LIMIT;
	buf_reset(j->out);
	state_balance_pack(&b, j->out);
	return j->out->err ? j->out->err : cache_put(j->rows, &k, buf_bytes(j->out));
}

static int post_side(struct journal *j, const struct transfer *x, bool from, struct points p)
{
	const struct account *own = from ? &x->from : &x->to, *other = from ? &x->to : &x->from;
	struct posting posting = {
		.kind = x->kind, .seq = j->seq, .entry = x->entry, .line = x->line, .points = p};

	if (own->of != ACCOUNT_HOUSEHOLD)
		return post_own(j, own, p);
	if (other->of == ACCOUNT_HOUSEHOLD) {
		posting.kind = from ? POSTING_OUT : POSTING_IN;
		posting.entry = j->seq;
		posting.other = other->household;
	}
	posting.category = other->of == ACCOUNT_ISSUE ? other->category : 0;
	return post_household(j, own->household, &posting, x->deed);
}

int journal_post(struct journal *j, const struct transfer *x)
{
	struct points minus;
	int err;

	if (!points_neg(x->points, &minus))
		return ERR_LIMIT;
	err = post_side(j, x, true, minus);
	return err ? err : post_side(j, x, false, x->points);
}

/* --- the end of the entry ---------------------------------------------------------------------------- */
void journal_begin(struct journal *j, uint64_t seq, day_t booked)
{
	j->seq = seq;
	j->booked = booked;
	j->n = 0;
	buf_reset(&j->packed);
}

void journal_close(struct journal *j)
{
	buf_close(&j->packed);
	mem_free(j->v);
}

static struct bytes posted_to(const struct journal_posting *v)
{
	return kv_bytes(v->household, v->household_n);
}

static int in_order(const void *a, const void *b)
{
	const struct journal_posting *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static int by_household(const void *a, const void *b)
{
	const struct journal_posting *x = a, *y = b;
	int d = x->household_n - y->household_n;

	if (d == 0)
		d = memcmp(x->household, y->household, x->household_n);
	return d ? d : in_order(a, b);
}

/* Does one of the postings [@from, @i) have the year of posting @i? */
static bool has_year(const struct journal *j, uint32_t from, uint32_t i)
{
	for (uint32_t k = from; k < i; k++)
		if (j->v[k].year == j->v[i].year)
			return true;
	return false;
}

/* The postings [@from, @end), all of one household. */
static int end_account(struct journal *j, uint32_t from, uint32_t end)
{
	struct journal_posting *first = &j->v[from];
	struct state_key k;
	struct bytes row;
	int err;

	first->first = true;
	for (uint32_t i = from; i < end; i++)
		j->v[i].first_of_year = j->v[i].year && !has_year(j, from, i);
	state_account_key(&k, j->feed_no, posted_to(first));
	err = cache_get(j->rows, &k, &row);
	if (err)
		return err;
	buf_reset(j->out);
	buf_put(j->out, row.p, row.n);
	for (uint32_t i = from; i < end; i++)
		buf_put(j->out, j->packed.p + j->v[i].at, j->v[i].n);
	return j->out->err ? j->out->err : cache_put(j->rows, &k, buf_bytes(j->out));
}

static int end_accounts(struct journal *j)
{
	int err = ERR_OK;

	for (uint32_t i = 0, end; i < j->n && !err; i = end) {
		for (end = i + 1; end < j->n; end++)
			if (!bytes_eq(posted_to(&j->v[end]), posted_to(&j->v[i])))
				break;
		err = end_account(j, i, end);
	}
	return err;
}

/* Appends to the row who got postings, or (@year above 0) who got some about that year. */
static int put_who(struct journal *j, const struct state_key *k, int year)
{
	struct bytes row;
	int err = cache_get_or_empty(j->rows, k, &row);

	if (err)
		return err;
	buf_reset(j->out);
	buf_put(j->out, row.p, row.n);
	for (uint32_t i = 0; i < j->n; i++) {
		const struct journal_posting *v = &j->v[i];

		if (year ? !v->first_of_year || v->year != year : !v->first)
			continue;
		buf_put_u8(j->out, (uint8_t)(j->seq % JOURNAL_BLOCK << LEN_BITS | v->household_n));
		buf_put(j->out, v->household, v->household_n);
	}
	return j->out->err ? j->out->err : cache_put(j->rows, k, buf_bytes(j->out));
}

static int put_books(struct journal *j)
{
	uint64_t block = j->seq / JOURNAL_BLOCK;
	struct state_key k;
	int err;

	state_daybook_key(&k, j->feed_no, j->booked, block);
	err = put_who(j, &k, 0);
	for (uint32_t i = 0; i < j->n && !err; i++) {
		if (!j->v[i].year || has_year(j, 0, i))
			continue;
		state_yearbook_key(&k, j->feed_no, (uint64_t)j->v[i].year, block);
		err = put_who(j, &k, j->v[i].year);
	}
	return err;
}

int journal_end(struct journal *j)
{
	int err;

	if (j->n == 0)
		return ERR_OK;
	qsort(j->v, j->n, sizeof(*j->v), by_household);
	err = end_accounts(j);
	qsort(j->v, j->n, sizeof(*j->v), in_order);
	return err ? err : put_books(j);
}

/* --- reading ---------------------------------------------------------------------------------------- */
struct walk {
	uint64_t from, size;
	int (*fn)(void *ctx, const struct posting *p);
	void *ctx;
	bool begun, done;      /* done: the rest is above @size */
	struct points balance; /* after the last one read */
};
#define STOPPED 1 /* by w->done, not by @fn */

static int walk_postings(struct walk *w, struct postings *s)
{
	struct posting p;
	int err;

	if (w->begun && points_cmp(w->balance, s->balance) != 0)
		return ERR_CORRUPT;
	w->begun = true;
	while ((err = postings_next(s, &p)) == ERR_OK) {
		w->done = p.seq >= w->size;
		if (!w->done && p.seq >= w->from)
			err = w->fn(w->ctx, &p);
		if (err || w->done)
			return err;
	}
	w->balance = s->balance;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int on_run(void *ctx, struct bytes key, struct bytes row)
{
	struct walk *w = ctx;
	struct state_posted_parts at;
	struct postings s;
	int err = state_posted_split(key, &at);

	if (!err)
		err = postings_of_run(row, at.first, &s);
	if (!err)
		err = walk_postings(w, &s);
	return err ? err : w->done ? STOPPED : ERR_OK;
}

/* From the run that may hold @w->from: the last that begins not after it, else the first there is. */
static int walk_runs(struct walk *w, const struct reader *r, struct bytes household)
{
	struct state_posted_parts at = {.first = 0};
	struct state_key k;
	struct bytes key, row;
	int err;

	state_posted_key(&k, r->feed_no, household, w->from);
	state_key_after(&k);
	err = reader_before(r, &k, 1, &key, &row);
	if (!err)
		err = state_posted_split(key, &at);
	if (err && err != ERR_NOTFOUND)
		return err;
	state_posted_key(&k, r->feed_no, household, at.first);
	err = reader_each(r, &k, 1, on_run, w);
	return w->done ? ERR_OK : err;
}

static int get_account(const struct reader *r, struct bytes household, struct state_account *ret)
{
	return household.n > STATE_CODE_MAX ? ERR_NOTFOUND
					    : reader_account(r, r->feed_no, household, ret);
}

/* The latest, behind which the balance is that of the account. */
static int walk_tail(struct walk *w, const struct state_account *a)
{
	struct points balance;
	struct postings s;
	int err = postings_of_account(a, &s);

	if (!err)
		err = walk_postings(w, &s);
	if (err || w->done)
		return err;
	return state_account_balance(a, &balance) && points_cmp(balance, w->balance) == 0
		       ? ERR_OK
		       : ERR_CORRUPT;
}

int journal_walk(const struct reader *r, struct bytes household, uint64_t from, uint64_t size,
		 int (*fn)(void *ctx, const struct posting *p), void *ctx)
{
	struct walk w = {.from = from, .size = size, .fn = fn, .ctx = ctx};
	struct state_account a;
	int err = get_account(r, household, &a);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	/* runs end before the latest postings begin */
	if (from < a.first)
		err = walk_runs(&w, r, household);
	return err || w.done ? err : walk_tail(&w, &a);
}

/* How many are below @size. */
static int count_below(struct postings *s, uint64_t size, uint32_t *sum)
{
	struct posting p;
	int err;

	while ((err = postings_next(s, &p)) == ERR_OK && p.seq < size)
		++*sum;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* Goes back from run to run until there are enough. */
static int latest_runs(const struct reader *r, struct bytes household, uint64_t size, uint32_t n,
		       uint64_t *from, uint32_t *sum)
{
	struct state_posted_parts at;
	struct postings s;
	struct state_key k;
	struct bytes key, row;
	int err = ERR_OK;

	while (!err && *sum < n) {
		state_posted_key(&k, r->feed_no, household, *from);
		err = reader_before(r, &k, 1, &key, &row);
		if (!err)
			err = state_posted_split(key, &at);
		if (err)
			break;
		*from = at.first;
		err = postings_of_run(row, at.first, &s);
		if (!err)
			err = count_below(&s, size, sum);
	}
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int journal_latest(const struct reader *r, struct bytes household, uint64_t size, uint32_t n,
		   uint64_t *ret_from, uint32_t *ret_skip)
{
	struct state_account a;
	struct postings s;
	uint64_t from = 0;
	uint32_t sum = 0;
	int err = get_account(r, household, &a);

	if (!err) {
		from = a.first;
		err = postings_of_account(&a, &s);
	}
	if (!err)
		err = count_below(&s, size, &sum);
	if (!err)
		err = latest_runs(r, household, size, n, &from, &sum);
	if (err && err != ERR_NOTFOUND)
		return err;
	*ret_from = from;
	*ret_skip = sum > n ? sum - n : 0;
	return ERR_OK;
}

/* --- by days and years ------------------------------------------------------------------------------ */
struct books {
	day_t to; /* of the daybook */
	uint64_t size;
	journal_who_fn *fn;
	void *ctx;
	bool done; /* the rest is of days after @to */
};

static int on_block(struct books *w, uint64_t block, struct bytes row)
{
	struct bytes household;
	unsigned slot;
	size_t at = 0;
	int err;

	while ((err = journal_day_next(row, &at, &slot, &household)) == ERR_OK) {
		uint64_t seq = block * JOURNAL_BLOCK + slot;

		if (seq < w->size)
			err = w->fn(w->ctx, seq, household);
		if (err)
			return err;
	}
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int on_day(void *ctx, struct bytes key, struct bytes row)
{
	struct books *w = ctx;
	struct state_daybook_parts p;
	int err = state_daybook_split(key, &p);

	w->done = !err && p.day > w->to;
	if (err || w->done)
		return err ? err : STOPPED;
	return on_block(w, p.block, row);
}

int journal_days(const struct reader *r, day_t from, day_t to, uint64_t size, journal_who_fn *fn,
		 void *ctx)
{
	struct books w = {.to = to == DAY_NONE ? DAY_MAX : to, .size = size, .fn = fn, .ctx = ctx};
	struct state_key k;
	int err;

	state_daybook_key(&k, r->feed_no, from, 0); /* no claimed day is before DAY_NONE */
	err = reader_each(r, &k, 0, on_day, &w);
	return w.done ? ERR_OK : err;
}

static int on_year(void *ctx, struct bytes key, struct bytes row)
{
	struct state_yearbook_parts p;
	int err = state_yearbook_split(key, &p);

	return err ? err : on_block(ctx, p.block, row);
}

int journal_year(const struct reader *r, int year, uint64_t size, journal_who_fn *fn, void *ctx)
{
	struct books w = {.size = size, .fn = fn, .ctx = ctx};
	struct state_key k;

	state_yearbook_key(&k, r->feed_no, (uint64_t)year, 0);
	return reader_each(r, &k, 1, on_year, &w);
}

int journal_own(const struct reader *r, const struct account *a, struct points *ret)
{
	struct state_balance b = {0};
	struct state_key k;
	struct bytes row;
	int err;

	journal_own_key(&k, r->feed_no, a);
	err = reader_get(r, &k, &row);
	if (!err)
		err = state_balance_parse(row, &b);
	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = points_of(b.points);
	return ERR_OK;
}
