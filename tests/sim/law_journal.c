#include "tests/sim/sim.h"

#include <string.h>

#include "daemon/ledger/query/statement.h"
#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "tests/lib/t.h"

/* The laws of the journal in one feed: all balances together are 0, each is the sum of its postings, and each posting
 * is under the account of the household that its record names, or in which that went on, once in the daybook. */
const char law_credits[] = "debits equal credits";
const char law_sums[] = "every balance is the sum of its postings";
const char law_statement[] = "a statement is that of its account";

/* --- balances --------------------------------------------------------------------------------------- */
struct account_row {
	struct bytes household;
	struct state_account a;
};

static void each_account(struct kv_txn *t, uint32_t no,
			 const char *(*fn)(void *ctx, const struct account_row *r), void *ctx,
			 const char **ret)
{
	struct kv_cursor *c;
	struct account_row r;
	struct bytes key, val;
	struct state_key k;

	state_key_of(&k, no, STATE_ACCOUNT);
	T_EQ(kv_cursor_open(t, KV_STATE, &c), ERR_OK);
	for (int err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &val);
	     !err && key.n > k.n && memcmp(key.p, k.b, k.n) == 0 && !*ret;
	     err = kv_seek(c, KV_NEXT, key, &key, &val)) {
		r.household = kv_bytes(key.p + k.n, key.n - k.n - 1);
		T_EQ(state_account_parse(val, &r.a), ERR_OK);
		*ret = fn(ctx, &r);
	}
	kv_cursor_close(c);
}

/* The latest postings alone: what is before them was looked at when it was the latest. */
static const char *sum_account(void *ctx, const struct account_row *r)
{
	struct postings s;
	struct posting p;
	struct points balance;
	int64_t *sum = ctx;
	int err = postings_of_account(&r->a, &s);

	while (!err)
		err = postings_next(&s, &p);
	if (err != ERR_NOTFOUND || !state_account_balance(&r->a, &balance) ||
	    points_cmp(balance, s.balance) != 0 || s.seq != r->a.last)
		return law_sums;
	*sum += points_raw(balance);
	return NULL;
}

static int64_t redeemed(struct kv_txn *t, uint32_t no)
{
	struct points p;

	T_EQ(journal_own(READER(t, no), &(struct account){.of = ACCOUNT_REDEEMED}, &p), ERR_OK);
	return points_raw(p);
}

static int64_t issued(struct kv_txn *t, uint32_t no)
{
	struct account a = {.of = ACCOUNT_ISSUE};
	int64_t sum = 0;
	struct points p;

	for (; a.category < rec_lists[REC_LIST_CATEGORY].n; a.category++) {
		T_EQ(journal_own(READER(t, no), &a, &p), ERR_OK);
		sum -= points_raw(p);
	}
	return sum;
}

const char *law_totals(struct kv_txn *t, uint32_t no, int64_t confirmed, int64_t given)
{
	return issued(t, no) == confirmed && redeemed(t, no) == given ? NULL : law_credits;
}

const char *law_balances(struct kv_txn *t, uint32_t no)
{
	const char *broken = NULL;
	int64_t sum = redeemed(t, no) - issued(t, no);

	each_account(t, no, sum_account, &sum, &broken);
	return broken ? broken : sum ? law_credits : NULL;
}

/* --- postings and records ----------------------------------------------------------------------------- */
struct statement {
	struct kv_txn *t;
	uint32_t no;
	uint64_t size, rows;
	struct points balance;
	const char *broken;
};

/* Is @household the one that @named is or went on in? */
static bool is_or_became(const struct statement *s, struct bytes named, struct bytes household)
{
	struct view_household h;
	char name[17];

	for (uint64_t hops = 0; hops <= s->size; hops++) {
		if (bytes_eq(named, household))
			return true;
		if (view_household(s->t, s->no, named, &h) || !h.into[0])
			return false;
		memcpy(name, h.into, sizeof(name));
		named = bytes_str(name);
	}
	return false;
}

static int on_row(void *ctx, const struct statement_row *row)
{
	struct statement *s = ctx;
	struct points sum;

	s->rows++;
	if (!points_add(s->balance, row->points, &sum) || points_cmp(sum, row->balance) != 0)
		s->broken = law_sums;
	s->balance = row->balance;
	if (row->points_line && !is_or_became(s, row->points_line->household, row->household))
		s->broken = law_statement;
	if (row->redemption && !is_or_became(s, row->redemption->household, row->household))
		s->broken = law_statement;
	return s->broken != NULL;
}

static const char *check_account(void *ctx, const struct account_row *r)
{
	struct statement *s = ctx;
	struct points balance;
	int err;

	s->balance = POINTS_ZERO;
	err = statement_account(s->t, s->no, r->household, 0, s->size, on_row, s);
	if (s->broken || err)
		return s->broken ? s->broken : law_statement;
	return state_account_balance(&r->a, &balance) && points_cmp(balance, s->balance) == 0
		       ? NULL
		       : law_sums;
}

static int count_row(void *ctx, const struct statement_row *row)
{
	(void)row;
	--*(uint64_t *)ctx;
	return ERR_OK;
}

const char *law_postings(struct kv_txn *t, uint32_t no)
{
	const struct statement_period always = {.from = DAY_NONE, .to = DAY_NONE};
	struct statement s = {.t = t, .no = no};
	struct feed_head head;

	T_EQ(feedlog_head(t, no, &head), ERR_OK);
	s.size = head.size;
	each_account(t, no, check_account, &s, &s.broken);
	if (s.broken)
		return s.broken;
	if (statement_days(t, no, &always, kv_bytes(NULL, 0), s.size, count_row, &s.rows) || s.rows)
		return law_statement;
	return NULL;
}
