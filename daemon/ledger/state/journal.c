#include "daemon/ledger/state/journal.h"

#include <assert.h>
#include <string.h>

#include "lib/err.h"
#include "proto/record.h"

#define KIND_BITS     3
#define LEN_BITS      5 /* of a household in a row of the daybook */
#define OWN_REDEEMED  0xff
#define POSTING_FIXED 41 /* bytes at most without the other household: kind, four numbers */

/* --- keys ------------------------------------------------------------------------------------------ */
void journal_account_key(struct state_key *k, uint32_t feed_no, struct bytes household)
{
	state_key_of(k, feed_no, STATE_ACCOUNT);
	state_key_text(k, household);
}

static void runs_key(struct state_key *k, uint32_t feed_no, struct bytes household)
{
	state_key_of(k, feed_no, STATE_POSTED);
	state_key_text(k, household);
}

void journal_run_key(struct state_key *k, uint32_t feed_no, struct bytes household, uint64_t first)
{
	runs_key(k, feed_no, household);
	state_key_uint(k, first);
}

void journal_own_key(struct state_key *k, uint32_t feed_no, const struct account *a)
{
	assert(a->of != ACCOUNT_HOUSEHOLD);
	state_key_of(k, feed_no, STATE_OWN);
	state_key_u8(k, a->of == ACCOUNT_ISSUE ? (uint8_t)a->category : OWN_REDEEMED);
}

void journal_day_key(struct state_key *k, uint32_t feed_no, day_t day, uint64_t seq)
{
	state_key_of(k, feed_no, STATE_DAYBOOK);
	state_key_day(k, day);
	state_key_uint(k, seq / JOURNAL_BLOCK);
}

/* What state_key_uint wrote behind the first @at bytes. */
static int key_uint(struct bytes key, size_t at, uint64_t *ret)
{
	if (key.n <= at || key.p[at] > 8 || key.n != at + 1 + key.p[at])
		return ERR_CORRUPT;
	*ret = 0;
	for (size_t i = at + 1; i < key.n; i++)
		*ret = *ret << 8 | key.p[i];
	return ERR_OK;
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

static int put_day(struct journal *j, day_t day, struct bytes household)
{
	struct state_key k;
	struct bytes row;
	int err;

	journal_day_key(&k, j->feed_no, day, j->seq);
	err = rows_get_or_empty(j->rows, &k, &row);
	if (err)
		return err;
	buf_reset(j->out);
	buf_put(j->out, row.p, row.n);
	buf_put_u8(j->out, (uint8_t)(j->seq % JOURNAL_BLOCK << LEN_BITS | household.n));
	buf_put(j->out, household.p, household.n);
	return j->out->err ? j->out->err : rows_put(j->rows, &k, buf_bytes(j->out));
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
	return add(&a->moved, p->points);
}

/* The latest postings become a run of their own. */
static int end_run(struct journal *j, struct bytes household, struct state_account *a)
{
	struct state_key k;
	struct points balance;

	if (!state_account_balance(a, &balance))
		return ERR_CORRUPT;
	journal_run_key(&k, j->feed_no, household, a->first);
	buf_reset(j->out);
	state_put_zigzag(j->out, a->opening);
	buf_put(j->out, a->postings.p, a->postings.n);
	a->opening = points_raw(balance);
	a->postings.n = 0;
	return j->out->err ? j->out->err : rows_put(j->rows, &k, buf_bytes(j->out));
}

static int post_household(struct journal *j, struct bytes household, const struct posting *p)
{
	struct state_account a = {0};
	struct state_key k;
	struct points unused;
	struct bytes row;
	int err;

	journal_account_key(&k, j->feed_no, household);
	err = rows_get_or_empty(j->rows, &k, &row);
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
	uint64_t before = a.last;
	a.last = j->seq;
	buf_reset(j->out);
	state_account_pack(&a, j->out);
	posting_pack(p, before, j->out);
	return j->out->err ? j->out->err : rows_put(j->rows, &k, buf_bytes(j->out));
}

static int get_own(struct bytes row, int64_t *ret)
{
	*ret = 0;
	return row.n ? state_nums_parse(row, ret, 1) : ERR_OK;
}

static int post_own(struct journal *j, const struct account *a, struct points p)
{
	struct state_key k;
	struct bytes row;
	int64_t balance;
	int err;

	journal_own_key(&k, j->feed_no, a);
	err = rows_get_or_empty(j->rows, &k, &row);
	if (!err)
		err = get_own(row, &balance);
	if (err)
		return err;
	if (!in_range(balance) || !add(&balance, p))
		return ERR_LIMIT;
	buf_reset(j->out);
	state_nums_pack(&balance, 1, j->out);
	return j->out->err ? j->out->err : rows_put(j->rows, &k, buf_bytes(j->out));
}

static int post_days(struct journal *j, const struct transfer *x, struct bytes household)
{
	int err = put_day(j, j->booked, household);

	if (err || j->booked == DAY_NONE || x->deed == DAY_NONE || x->deed <= j->booked)
		return err;
	return put_day(j, DAY_NONE, household);
}

static int post_side(struct journal *j, const struct transfer *x, bool from, struct points p)
{
	const struct account *own = from ? &x->from : &x->to, *other = from ? &x->to : &x->from;
	struct posting posting = {
		.kind = x->kind, .seq = j->seq, .entry = x->entry, .line = x->line, .points = p};
	int err;

	if (own->of != ACCOUNT_HOUSEHOLD)
		return post_own(j, own, p);
	if (other->of == ACCOUNT_HOUSEHOLD) {
		posting.kind = from ? POSTING_OUT : POSTING_IN;
		posting.entry = j->seq;
		posting.other = other->household;
	}
	posting.category = other->of == ACCOUNT_ISSUE ? other->category : 0;
	err = post_household(j, own->household, &posting);
	return err ? err : post_days(j, x, own->household);
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

/* --- reading ---------------------------------------------------------------------------------------- */
struct walk {
	uint64_t from, size;
	int (*fn)(void *ctx, const struct posting *p);
	void *ctx;
	bool begun, done;      /* done: the rest is above @size */
	struct points balance; /* after the last one read */
};

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

/* The run that may hold @from: the last that begins not after it, else the first there is. */
static int seek_run(struct kv_cursor *c, uint32_t no, struct bytes household, uint64_t from,
		    struct bytes *ret_key, struct bytes *ret_row)
{
	struct state_key k, after;
	int err;

	runs_key(&k, no, household);
	journal_run_key(&after, no, household, from < UINT64_MAX ? from + 1 : from);
	err = kv_seek(c, KV_LT, state_key_bytes(&after), ret_key, ret_row);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err && ret_key->n > k.n && memcmp(ret_key->p, k.b, k.n) == 0)
		return ERR_OK;
	return kv_seek(c, KV_GE, state_key_bytes(&k), ret_key, ret_row);
}

static int walk_runs(struct walk *w, struct kv_txn *t, uint32_t no, struct bytes household)
{
	struct kv_cursor *c = NULL;
	struct postings s;
	struct state_key k;
	struct bytes key, row;
	uint64_t first;
	int err = kv_cursor_open(t, KV_STATE, &c), stop = 0;

	runs_key(&k, no, household);
	if (!err)
		err = seek_run(c, no, household, w->from, &key, &row);
	while (!err && key.n > k.n && memcmp(key.p, k.b, k.n) == 0) {
		stop = key_uint(key, k.n, &first);
		if (!stop)
			stop = postings_of_run(row, first, &s);
		if (!stop)
			stop = walk_postings(w, &s);
		if (stop || w->done)
			break;
		err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

static int get_account(struct kv_txn *t, uint32_t no, struct bytes household,
		       struct state_account *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	if (household.n > STATE_CODE_MAX)
		return ERR_NOTFOUND;
	journal_account_key(&k, no, household);
	err = kv_get(t, KV_STATE, state_key_bytes(&k), &row);
	return err ? err : state_account_parse(row, ret);
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

int journal_walk(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint64_t from,
		 uint64_t size, int (*fn)(void *ctx, const struct posting *p), void *ctx)
{
	struct walk w = {.from = from, .size = size, .fn = fn, .ctx = ctx};
	struct state_account a;
	int err = get_account(t, feed_no, household, &a);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	/* runs end before the latest postings begin */
	if (from < a.first)
		err = walk_runs(&w, t, feed_no, household);
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
static int latest_runs(struct kv_txn *t, uint32_t no, struct bytes household, uint64_t size,
		       uint32_t n, uint64_t *from, uint32_t *sum)
{
	struct kv_cursor *c = NULL;
	struct state_key k, before;
	struct postings s;
	struct bytes key, row;
	int err = kv_cursor_open(t, KV_STATE, &c);

	runs_key(&k, no, household);
	while (!err && *sum < n) {
		journal_run_key(&before, no, household, *from);
		err = kv_seek(c, KV_LT, state_key_bytes(&before), &key, &row);
		if (!err && (key.n <= k.n || memcmp(key.p, k.b, k.n) != 0))
			err = ERR_NOTFOUND;
		if (!err)
			err = key_uint(key, k.n, from);
		if (!err)
			err = postings_of_run(row, *from, &s);
		if (!err)
			err = count_below(&s, size, sum);
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int journal_latest(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint64_t size,
		   uint32_t n, uint64_t *ret_from, uint32_t *ret_skip)
{
	struct state_account a;
	struct postings s;
	uint64_t from = 0;
	uint32_t sum = 0;
	int err = get_account(t, feed_no, household, &a);

	if (!err) {
		from = a.first;
		err = postings_of_account(&a, &s);
	}
	if (!err)
		err = count_below(&s, size, &sum);
	if (!err)
		err = latest_runs(t, feed_no, household, size, n, &from, &sum);
	if (err && err != ERR_NOTFOUND)
		return err;
	*ret_from = from;
	*ret_skip = sum > n ? sum - n : 0;
	return ERR_OK;
}

/* --- by days ---------------------------------------------------------------------------------------- */
struct days {
	uint64_t size;
	int (*fn)(void *ctx, day_t day, uint64_t seq, struct bytes household);
	void *ctx;
};

static int walk_block(const struct days *w, day_t day, uint64_t first, struct bytes row)
{
	struct bytes household;
	unsigned slot;
	size_t at = 0;
	int err;

	while ((err = journal_day_next(row, &at, &slot, &household)) == ERR_OK) {
		if (first + slot < w->size)
			err = w->fn(w->ctx, day, first + slot, household);
		if (err)
			return err;
	}
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* From the first day not before @from to @to. */
static int walk_days(const struct days *w, struct kv_txn *t, uint32_t no, day_t from, day_t to)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	struct state_key k;
	uint64_t block;
	size_t prefix;
	int err = kv_cursor_open(t, KV_STATE, &c), stop = 0;

	state_key_of(&k, no, STATE_DAYBOOK);
	prefix = k.n;
	state_key_day(&k, from);
	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &row);
	while (!err && key.n > prefix + 4 && memcmp(key.p, k.b, prefix) == 0) {
		day_t day = (day_t)(be32_get(key.p + prefix) - STATE_DAY_BIAS);

		if (day > to)
			break;
		stop = key_uint(key, prefix + 4, &block);
		if (!stop)
			stop = walk_block(w, day, block * JOURNAL_BLOCK, row);
		if (stop)
			break;
		err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

int journal_days(struct kv_txn *t, uint32_t feed_no, day_t from, day_t to, bool late, uint64_t size,
		 int (*fn)(void *ctx, day_t day, uint64_t seq, struct bytes household), void *ctx)
{
	const struct days w = {size, fn, ctx};
	int err = ERR_OK;

	/* no claimed day is before DAY_NONE */
	if (late && from != DAY_NONE)
		err = walk_days(&w, t, feed_no, DAY_NONE, DAY_NONE);
	return err ? err : walk_days(&w, t, feed_no, from, to == DAY_NONE ? DAY_MAX : to);
}

int journal_own(struct kv_txn *t, uint32_t feed_no, const struct account *a, struct points *ret)
{
	struct state_key k;
	struct bytes row = {0};
	int64_t balance;
	int err;

	journal_own_key(&k, feed_no, a);
	err = kv_get(t, KV_STATE, state_key_bytes(&k), &row);
	if (err && err != ERR_NOTFOUND)
		return err;
	err = get_own(row, &balance);
	if (!err)
		*ret = points_of(balance);
	return err;
}
