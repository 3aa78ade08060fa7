#include "tests/sim/sim.h"

#include <string.h>

#include "daemon/ledger/state/journal.h"
#include "lib/err.h"
#include "tests/lib/t.h"

/* What rules must never do to the journal, done to a copy of the store: the law that is meant for it must say so. */
enum mispost {
	MISPOST_ONE_SIDED, /* a posting without its counterpart */
	MISPOST_ELSEWHERE, /* a posting under the wrong account */
	MISPOST_SILENT,	   /* a balance moved without a posting */
	MISPOSTS
};

/* The account with the last posting of all, without that posting. */
struct last {
	char household[STATE_CODE_MAX + 1];
	struct state_account a;
	struct posting p;
	uint64_t before; /* sequence of the posting before it */
	size_t at;	 /* where it begins */
};

static bool find_last(struct kv_txn *t, uint32_t no, struct last *ret)
{
	struct bytes key, val;
	struct state_account a;
	struct kv_cursor *c;
	struct state_key k;
	bool found = false;

	state_key_of(&k, no, STATE_ACCOUNT);
	T_EQ(kv_cursor_open(t, KV_STATE, &c), ERR_OK);
	for (int err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &val);
	     !err && key.n > k.n && memcmp(key.p, k.b, k.n) == 0;
	     err = kv_seek(c, KV_NEXT, key, &key, &val)) {
		T_EQ(state_account_parse(val, &a), ERR_OK);
		if (found && a.last <= ret->a.last)
			continue;
		found = true;
		ret->a = a;
		memset(ret->household, 0, sizeof(ret->household));
		memcpy(ret->household, key.p + k.n, key.n - k.n - 1);
	}
	kv_cursor_close(c);
	return found;
}

static void read_last(struct last *l)
{
	struct postings s;
	struct posting p;
	size_t at = 0;
	uint64_t before;

	T_EQ(postings_of_account(&l->a, &s), ERR_OK);
	for (before = s.seq; postings_next(&s, &p) == ERR_OK; before = p.seq) {
		l->p = p;
		l->before = before;
		l->at = at;
		at = l->a.postings.n - cur_left(&s.c);
	}
	T_EQ(at, l->a.postings.n);
}

/* As journal.c adds it. */
static void add(struct state_account *a, const struct posting *p, int64_t sign)
{
	int64_t points = sign * points_raw(p->points);
	bool deduct = (points_raw(p->points) < 0) == (p->kind == POSTING_LINE);

	if (p->kind == POSTING_LINE || p->kind == POSTING_REVERSAL) {
		a->lines += p->kind == POSTING_LINE ? sign : -sign;
		*(deduct ? &a->deducted : &a->earned) += deduct ? -points : points;
	} else if (p->kind == POSTING_REDEEMED || p->kind == POSTING_RETURNED) {
		a->redeemed -= points;
	} else {
		a->transferred += points;
	}
}

static void put_account(struct kv_txn *t, uint32_t no, const char *household,
			const struct state_account *a, const struct posting *more, uint64_t before)
{
	struct buf row = {0};
	struct state_key k;

	state_account_pack(a, &row);
	if (more)
		posting_pack(more, before, &row);
	state_account_key(&k, no, bytes_str(household));
	T_EQ(kv_put(t, KV_STATE, state_key_bytes(&k), buf_bytes(&row)), ERR_OK);
	buf_close(&row);
}

static void take_off(struct kv_txn *t, uint32_t no, const struct last *l)
{
	struct state_account a = l->a;

	add(&a, &l->p, -1);
	a.postings.n = l->at;
	a.last = l->before;
	put_account(t, no, l->household, &a, NULL, 0);
}

static void put_elsewhere(struct kv_txn *t, uint32_t no, const struct last *l)
{
	struct state_account a = {.first = l->p.seq, .last = l->p.seq};

	add(&a, &l->p, 1);
	put_account(t, no, "nobody", &a, &l->p, l->p.seq);
}

static void move_silently(struct kv_txn *t, uint32_t no, const struct last *l)
{
	const struct account redeemed = {.of = ACCOUNT_REDEEMED};
	struct state_account a = l->a;
	struct points own;
	struct state_key k;
	struct buf row = {0};
	struct state_balance b;

	T_EQ(journal_own(READER(t, no), &redeemed, &own), ERR_OK);
	b.points = points_raw(own) + 100;
	a.redeemed += 100;
	put_account(t, no, l->household, &a, NULL, 0);
	journal_own_key(&k, no, &redeemed);
	state_balance_pack(&b, &row);
	T_EQ(kv_put(t, KV_STATE, state_key_bytes(&k), buf_bytes(&row)), ERR_OK);
	buf_close(&row);
}

static const char *mispost(struct kv_txn *t, uint32_t no, enum mispost how, const struct last *l)
{
	switch (how) {
	case MISPOST_ONE_SIDED: take_off(t, no, l); return law_credits;
	case MISPOST_ELSEWHERE:
		take_off(t, no, l);
		put_elsewhere(t, no, l);
		return law_statement;
	case MISPOST_SILENT: move_silently(t, no, l); return law_sums;
	case MISPOSTS: break;
	}
	return NULL;
}

static void try(struct sim *s, uint32_t village, enum mispost how)
{
	struct host *h = &s->m[village].host;
	const char *want, *got;
	struct last last;
	struct kv_txn *good, *t;
	struct kv *copy;

	T_EQ(kv_begin(h->kv, false, &good), ERR_OK);
	copy = host_store_of(good);
	if (find_last(good, h->own_no, &last)) {
		read_last(&last);
		T_EQ(kv_begin(copy, true, &t), ERR_OK);
		want = mispost(t, h->own_no, how, &last);
		got = law_balances(t, h->own_no);
		if (!got)
			got = law_postings(t, h->own_no);
		if (got != want)
			sim_fail(s,
				 "mispost: %s: of a journal spoiled (%d) the law \"%s\" says "
				 "nothing",
				 h->name, how, want);
		s->count.misposts++;
		kv_abort(t);
	}
	kv_abort(good);
	kv_close(copy);
}

void mispost_tries(struct sim *s, uint32_t village)
{
	for (int how = 0; how < MISPOSTS && !s->failed; how++)
		try(s, village, (enum mispost)how);
}
