#include "daemon/ledger/state/journal.h"

#include <stdio.h>

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

/* The journal against a plain list of what was posted. */
#define FEED	   7
#define HOUSEHOLDS 5
#define ENTRIES	   900
#define LIST_MAX   6000
#define DAY0	   20000

struct plain {
	struct posting p;
	char household[8], other[24];
	day_t booked, deed;
};
struct list {
	uint32_t n;
	struct plain v[LIST_MAX];
	int64_t balance[HOUSEHOLDS], own;
};
static struct list all;

static struct bytes text(const char *s)
{
	return bytes_str(s);
}

static const char *name_of(uint32_t i)
{
	static const char *const names[HOUSEHOLDS] = {"1", "0001", "00012", "a-long-number-16",
						      "x"};

	return names[i];
}

/* --- what is posted --------------------------------------------------------------------------------- */
static void note(uint32_t household, const struct transfer *x, const struct journal *j,
		 enum posting_kind kind, int64_t points, const char *other)
{
	struct plain *v = &all.v[all.n++];

	T_OK(all.n <= LIST_MAX);
	all.balance[household] += points;
	*v = (struct plain){.p = {.kind = kind,
				  .seq = j->seq,
				  .entry = x->entry,
				  .line = x->line,
				  .category = x->from.of == ACCOUNT_ISSUE ? x->from.category
					      : x->to.of == ACCOUNT_ISSUE ? x->to.category
									  : 0,
				  .points = points_of(points),
				  .balance = points_of(all.balance[household])},
			    .booked = j->booked,
			    .deed = x->deed};
	snprintf(v->household, sizeof(v->household), "%u", (unsigned)household);
	snprintf(v->other, sizeof(v->other), "%s", other ? other : "");
}

static struct account own_account(struct prng *g)
{
	if (prng_below(g, 3) == 0)
		return (struct account){.of = ACCOUNT_REDEEMED};
	return (struct account){.of = ACCOUNT_ISSUE, .category = (uint32_t)prng_below(g, 7)};
}

static void post_own_side(struct prng *g, struct journal *j, bool keep)
{
	uint32_t h = (uint32_t)prng_below(g, HOUSEHOLDS);
	struct account own = own_account(g), household = {.household = text(name_of(h))};
	bool plus = prng_below(g, 2), back = prng_below(g, 4) == 0;
	int64_t points = 1 + (int64_t)prng_below(g, prng_below(g, 10) ? 900 : 90000000);
	bool line = own.of == ACCOUNT_ISSUE;
	struct transfer x = {.from = plus ? own : household,
			     .to = plus ? household : own,
			     .points = points_of(points),
			     .entry = j->seq - prng_below(g, j->seq + 1),
			     .line = line ? 1 + (uint32_t)prng_below(g, 200) : 0,
			     .deed = (j->booked == DAY_NONE ? DAY0 : j->booked) - 3 +
				     (day_t)prng_below(g, 5)};

	if (prng_below(g, 6) == 0)
		x.deed += (day_t)prng_below(g, 1200) - 600;

	x.kind = line ? (back ? POSTING_REVERSAL : POSTING_LINE)
		      : (plus ? POSTING_RETURNED : POSTING_REDEEMED);
	if (x.kind == POSTING_REDEEMED)
		x.entry = j->seq;
	T_EQ(journal_post(j, &x), ERR_OK);
	if (!keep)
		return;
	all.own -= plus ? points : -points;
	note(h, &x, j, x.kind, plus ? points : -points, NULL);
}

static void post_between(struct prng *g, struct journal *j, bool keep)
{
	uint32_t a = (uint32_t)prng_below(g, HOUSEHOLDS),
		 b = (a + 1 + (uint32_t)prng_below(g, HOUSEHOLDS - 1)) % HOUSEHOLDS;
	int64_t points = (int64_t)prng_below(g, 2000) - 1000;
	struct transfer x = {.from.household = text(name_of(a)),
			     .to.household = text(name_of(b)),
			     .points = points_of(points),
			     .entry = j->seq};

	T_EQ(journal_post(j, &x), ERR_OK);
	if (!keep)
		return;
	note(a, &x, j, POSTING_OUT, -points, name_of(b));
	note(b, &x, j, POSTING_IN, points, name_of(a));
}

static day_t some_day(struct prng *g)
{
	return prng_below(g, 12) ? DAY0 + (day_t)prng_below(g, 40) : DAY_NONE;
}

/* A rule may refuse before the end of the entry, and what comes after it may. */
static void post_entry(struct prng *g, struct journal *j, uint64_t seq)
{
	day_t booked = some_day(g);
	uint32_t n = (uint32_t)prng_below(g, prng_below(g, 20) ? 4 : 90);
	bool keep = prng_below(g, 6) != 0;

	T_EQ(cache_begin(j->rows), ERR_OK);
	journal_begin(j, seq, booked);
	for (uint32_t i = 0; i < n; i++)
		prng_below(g, 8) ? post_own_side(g, j, keep) : post_between(g, j, keep);
	if (keep || prng_below(g, 2))
		T_EQ(journal_end(j), ERR_OK);
	keep ? cache_commit(j->rows) : cache_rollback(j->rows);
}

/* A journal in @t, and in the list. */
static void fill(struct kv_txn *t, uint64_t seed)
{
	struct buf out = {0};
	struct journal j = {.out = &out, .feed_no = FEED};
	struct prng g;

	memset(&all, 0, sizeof(all));
	prng_seed(&g, seed);
	T_EQ(cache_new(t, FEED, &j.rows), ERR_OK);
	for (uint64_t seq = 0; seq < ENTRIES; seq++) {
		post_entry(&g, &j, seq);
		if (prng_below(&g, 50) == 0)
			T_EQ(cache_flush(j.rows), ERR_OK);
	}
	T_EQ(cache_flush(j.rows), ERR_OK);
	journal_close(&j);
	cache_free(j.rows);
	buf_close(&out);
}

/* --- what is read ------------------------------------------------------------------------------------ */
struct reading {
	uint32_t household, at; /* at: in the list */
	uint64_t from, size;
	uint32_t n, stop;
};

static bool is_next(const struct reading *r)
{
	const struct plain *v = &all.v[r->at];

	return v->household[0] - '0' == (int)r->household && v->p.seq >= r->from &&
	       v->p.seq < r->size;
}

static int on_posting(void *ctx, const struct posting *p)
{
	struct reading *r = ctx;

	while (r->at < all.n && !is_next(r))
		r->at++;
	T_OK(r->at < all.n);
	const struct plain *v = &all.v[r->at++];
	T_EQ(p->kind, v->p.kind);
	T_EQ(p->seq, v->p.seq);
	T_EQ(p->entry, v->p.entry);
	T_EQ(p->line, v->p.line);
	T_EQ(p->category, v->p.category);
	T_EQ(points_raw(p->points), points_raw(v->p.points));
	T_EQ(points_raw(p->balance), points_raw(v->p.balance));
	T_OK(bytes_eq(p->other, text(v->other)));
	return ++r->n == r->stop ? 77 : 0;
}

static uint32_t count(const struct reading *want)
{
	struct reading r = *want;
	uint32_t n = 0;

	for (r.at = 0; r.at < all.n; r.at++)
		n += is_next(&r);
	return n;
}

static void test_a_walk_gives_what_was_posted(void)
{
	struct kv_txn *t;
	struct kv *kv;
	struct prng g;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	fill(t, 1);
	prng_seed(&g, 2);
	for (int i = 0; i < 400; i++) {
		struct reading r = {.household = (uint32_t)prng_below(&g, HOUSEHOLDS),
				    .from = prng_below(&g, 3) ? prng_below(&g, ENTRIES) : 0,
				    .size = prng_below(&g, 3) ? prng_below(&g, ENTRIES) : ENTRIES};
		uint32_t want = count(&r);

		T_EQ(journal_walk(READER(t, FEED), text(name_of(r.household)), r.from, r.size,
				  on_posting, &r),
		     ERR_OK);
		T_EQ(r.n, want);
		if (want == 0)
			continue;
		r.n = r.at = 0;
		r.stop = 1 + (uint32_t)prng_below(&g, want);
		T_EQ(journal_walk(READER(t, FEED), text(name_of(r.household)), r.from, r.size,
				  on_posting, &r),
		     77);
		T_EQ(r.n, r.stop);
	}
	T_EQ(journal_walk(READER(t, FEED), text("0"), 0, ENTRIES, on_posting, NULL), ERR_OK);
	T_EQ(journal_walk(READER(t, FEED + 1), text("1"), 0, ENTRIES, on_posting, NULL), ERR_OK);
	kv_abort(t);
	kv_close(kv);
}

static void test_the_latest_are_found_from_behind(void)
{
	struct kv_txn *t;
	struct kv *kv;
	struct prng g;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	fill(t, 3);
	prng_seed(&g, 4);
	for (int i = 0; i < 400; i++) {
		struct reading r = {.household = (uint32_t)prng_below(&g, HOUSEHOLDS),
				    .size = prng_below(&g, 3) ? prng_below(&g, ENTRIES) : ENTRIES};
		uint32_t there = count(&r), n = 1 + (uint32_t)prng_below(&g, there + 20), skip;

		T_EQ(journal_latest(READER(t, FEED), text(name_of(r.household)), r.size, n, &r.from,
				    &skip),
		     ERR_OK);
		T_EQ(count(&r), skip + (there < n ? there : n));
		T_OK(skip < 120); /* no more than a run and one entry */
	}
	kv_abort(t);
	kv_close(kv);
}

static void test_all_balances_together_are_nothing(void)
{
	int64_t households = 0, own = 0;
	struct points p;
	struct kv_txn *t;
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	fill(t, 5);
	for (int i = 0; i < HOUSEHOLDS; i++)
		households += all.balance[i];
	for (uint32_t c = 0; c < 7; c++) {
		T_EQ(journal_own(READER(t, FEED),
				 &(struct account){.of = ACCOUNT_ISSUE, .category = c}, &p),
		     ERR_OK);
		own += points_raw(p);
	}
	T_EQ(journal_own(READER(t, FEED), &(struct account){.of = ACCOUNT_REDEEMED}, &p), ERR_OK);
	own += points_raw(p);
	T_OK(households != 0);
	T_EQ(own, all.own);
	T_EQ(households + own, 0);
	kv_abort(t);
	kv_close(kv);
}

/* --- who got postings --------------------------------------------------------------------------------- */
struct who {
	day_t from, to; /* days; or */
	int year;	/* above 0: by the deed */
	uint64_t size;
	uint32_t n;
	uint8_t seen[LIST_MAX]; /* at the first posting of the entry to the household */
};

static bool is_asked(const struct who *w, const struct plain *v)
{
	bool open = w->from == DAY_NONE;

	if (v->p.seq >= w->size)
		return false;
	if (w->year)
		return v->deed != DAY_NONE && day_year(v->deed) == w->year &&
		       (v->booked == DAY_NONE || day_year(v->booked) != w->year);
	return v->booked == DAY_NONE
		       ? open
		       : v->booked >= w->from && (w->to == DAY_NONE || v->booked <= w->to);
}

/* Is the posting the first of those asked for by its entry to its household? */
static bool is_first(const struct who *w, uint32_t at)
{
	const struct plain *v = &all.v[at];

	for (uint32_t i = 0; i < at; i++)
		if (all.v[i].p.seq == v->p.seq && is_asked(w, &all.v[i]) &&
		    strcmp(all.v[i].household, v->household) == 0)
			return false;
	return is_asked(w, v);
}

static int on_who(void *ctx, uint64_t seq, struct bytes household)
{
	struct who *w = ctx;

	for (uint32_t i = 0; i < all.n; i++) {
		const struct plain *v = &all.v[i];

		if (v->p.seq != seq || !is_first(w, i) ||
		    !bytes_eq(household, text(name_of((uint32_t)(v->household[0] - '0')))))
			continue;
		T_OK(!w->seen[i]);
		w->seen[i] = 1;
		w->n++;
		return ERR_OK;
	}
	t_fail(__FILE__, __LINE__, "year %d, entry %llu", w->year, (unsigned long long)seq);
}

static void test_days_and_years_have_what_their_entries_posted(void)
{
	static struct who w;
	struct kv_txn *t;
	struct kv *kv;
	struct prng g;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	fill(t, 6);
	prng_seed(&g, 7);
	for (int k = 0; k < 60; k++) {
		uint32_t want = 0;

		w = (struct who){.from = some_day(&g),
				 .to = some_day(&g),
				 .size = prng_below(&g, 2) ? ENTRIES : prng_below(&g, ENTRIES)};
		if (k % 2)
			w.year = 2022 + (int)prng_below(&g, 5);
		for (uint32_t i = 0; i < all.n; i++)
			want += is_first(&w, i);
		if (w.year)
			T_EQ(journal_year(READER(t, FEED), w.year, w.size, on_who, &w), ERR_OK);
		else
			T_EQ(journal_days(READER(t, FEED), w.from, w.to, w.size, on_who, &w),
			     ERR_OK);
		T_EQ(w.n, want);
	}
	kv_abort(t);
	kv_close(kv);
}

/* --- limits ------------------------------------------------------------------------------------------- */
static int post(struct journal *j, struct account from, struct account to, int64_t points)
{
	struct transfer x = {.from = from,
			     .to = to,
			     .points = points_of(points),
			     .kind = POSTING_LINE,
			     .line = 1};

	return journal_post(j, &x);
}

static void test_no_balance_leaves_what_points_can_be(void)
{
	const struct account a = {.household = text("1")}, b = {.household = text("2")};
	const struct account issue = {.of = ACCOUNT_ISSUE},
			     other = {.of = ACCOUNT_ISSUE, .category = 1};
	struct buf out = {0};
	struct journal j = {.out = &out, .feed_no = FEED};
	struct kv_txn *t;
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(cache_new(t, FEED, &j.rows), ERR_OK);
	T_EQ(cache_begin(j.rows), ERR_OK);
	T_EQ(post(&j, issue, a, POINTS_ABS_MAX), ERR_OK);
	cache_commit(j.rows);
	T_EQ(cache_begin(j.rows), ERR_OK);
	T_EQ(post(&j, other, a, 1), ERR_LIMIT); /* the household has no room */
	cache_rollback(j.rows);
	T_EQ(post(&j, issue, b, 1), ERR_LIMIT); /* the issue has none */
	cache_rollback(j.rows);
	T_EQ(post(&j, other, b, POINTS_ABS_MAX), ERR_OK);
	cache_commit(j.rows);
	T_EQ(post(&j, a, b, 1), ERR_LIMIT);
	cache_rollback(j.rows);
	T_EQ(post(&j, a, other, 1), ERR_OK);
	cache_commit(j.rows);
	journal_close(&j);
	cache_free(j.rows);
	buf_close(&out);
	kv_abort(t);
	kv_close(kv);
}

/* --- cost --------------------------------------------------------------------------------------------- */
static void post_lines(struct journal *j, uint32_t households, uint32_t n)
{
	const struct account issue = {.of = ACCOUNT_ISSUE};
	char name[8];

	for (uint32_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%05u", (unsigned)(i % households));
		T_EQ(post(j, issue, (struct account){.household = text(name)}, 1 + i % 200),
		     ERR_OK);
	}
}

/* Bytes put for each of @n postings by each of the entries of a row of the daybook. */
static uint64_t bytes_per_posting(uint32_t households, uint32_t n)
{
	struct buf out = {0};
	struct journal j = {.out = &out, .feed_no = FEED};
	uint64_t bytes;
	struct kv_txn *t;
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(cache_new(t, FEED, &j.rows), ERR_OK);
	for (uint64_t seq = 0; seq < JOURNAL_BLOCK; seq++) {
		T_EQ(cache_begin(j.rows), ERR_OK);
		journal_begin(&j, seq, DAY0);
		post_lines(&j, households, n);
		T_EQ(journal_end(&j), ERR_OK);
		cache_commit(j.rows);
	}
	bytes = cache_put_bytes(j.rows);
	journal_close(&j);
	cache_free(j.rows);
	buf_close(&out);
	kv_abort(t);
	kv_close(kv);
	return bytes / JOURNAL_BLOCK / n;
}

/* However many lines an entry has, and to whomever they are: a row of sums with the few postings of earlier entries,
 * and the part of the posting in the rows that are put at the end. */
static void test_what_a_posting_costs_does_not_follow_its_entry(void)
{
	static const uint32_t households[] = {1, 7, 50, 4000};

	for (size_t i = 0; i < sizeof(households) / sizeof(households[0]); i++)
		T_OK(bytes_per_posting(households[i], 4000) <= 300);
}

/* --- damage ------------------------------------------------------------------------------------------- */
static int ignore(void *ctx, const struct posting *p)
{
	(void)p;
	++*(uint32_t *)ctx;
	return ERR_OK;
}

/* Nothing but what was there comes out of a row that was cut; a bit altered is seen, or changes what is told, and
 * never more. */
static void spoil(struct kv_txn *t, struct bytes key, struct bytes val, const char *household)
{
	uint8_t raw[4096];
	uint32_t n;
	int err;

	T_OK(val.n < sizeof(raw));
	memcpy(raw, val.p, val.n);
	for (size_t cut = 0; cut < val.n; cut++) {
		T_EQ(kv_put(t, KV_STATE, key, kv_bytes(raw, cut)), ERR_OK);
		n = 0;
		T_EQ(journal_walk(READER(t, FEED), text(household), 0, ENTRIES, ignore, &n),
		     ERR_CORRUPT);
	}
	for (size_t bit = 0; bit < 8 * val.n; bit++) {
		raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
		T_EQ(kv_put(t, KV_STATE, key, kv_bytes(raw, val.n)), ERR_OK);
		raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
		n = 0;
		err = journal_walk(READER(t, FEED), text(household), 0, UINT64_MAX, ignore, &n);
		T_OK(err == ERR_CORRUPT || err == ERR_OK);
		T_OK(n <= all.n);
	}
	T_EQ(kv_put(t, KV_STATE, key, kv_bytes(raw, val.n)), ERR_OK);
	n = 0;
	T_EQ(journal_walk(READER(t, FEED), text(household), 0, ENTRIES, ignore, &n), ERR_OK);
	T_OK(n > 0);
}

static void test_rows_that_were_cut_or_altered_are_damage(void)
{
	struct bytes key, val;
	struct kv_cursor *c;
	struct state_key k;
	struct kv_txn *t;
	struct kv *kv;
	uint8_t raw[KV_KEY_MAX];

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	fill(t, 8);
	state_account_key(&k, FEED, text(name_of(0)));
	T_EQ(kv_get(t, KV_STATE, state_key_bytes(&k), &val), ERR_OK);
	spoil(t, state_key_bytes(&k), val, name_of(0));
	state_posted_key(&k, FEED, text(name_of(0)), 0);
	T_EQ(kv_cursor_open(t, KV_STATE, &c), ERR_OK);
	T_EQ(kv_seek(c, KV_GE, state_key_bytes(&k), &key, &val), ERR_OK);
	T_EQ(key.p[4], STATE_POSTED);
	memcpy(raw, key.p, key.n);
	key.p = raw;
	kv_cursor_close(c);
	spoil(t, key, val, name_of(0));
	kv_abort(t);
	kv_close(kv);
}

static void test_a_row_of_the_daybook_is_read_strictly(void)
{
	static const struct {
		uint8_t raw[4];
		size_t n;
		int err;
	} cases[] = {{{0x41, 'x'}, 2, ERR_NOTFOUND}, {{0x41, 'x', 0x41}, 3, ERR_CORRUPT},
		     {{0x42, 'x'}, 2, ERR_CORRUPT},  {{0x40, 'x'}, 2, ERR_CORRUPT},
		     {{0x51, 'x'}, 2, ERR_CORRUPT},  {{0}, 0, ERR_NOTFOUND}};
	struct bytes household;
	unsigned slot;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t at = 0;
		int err;

		while ((err = journal_day_next(kv_bytes(cases[i].raw, cases[i].n), &at, &slot,
					       &household)) == ERR_OK) {
			T_EQ(slot, 2);
			T_OK(bytes_eq(household, text("x")));
		}
		T_EQ(err, cases[i].err);
	}
}

T_MAIN(T(test_a_walk_gives_what_was_posted), T(test_the_latest_are_found_from_behind),
       T(test_all_balances_together_are_nothing),
       T(test_days_and_years_have_what_their_entries_posted),
       T(test_no_balance_leaves_what_points_can_be),
       T(test_what_a_posting_costs_does_not_follow_its_entry),
       T(test_rows_that_were_cut_or_altered_are_damage),
       T(test_a_row_of_the_daybook_is_read_strictly))
