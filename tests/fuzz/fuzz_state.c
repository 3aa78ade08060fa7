/* Rows of the store as damage may leave them. The first byte chooses the kind of row, the rest is its value, and its key
 * as well. Nothing crashes; what is read is written the same, or reads as the same when written again. */
#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/feed/sigs.h"
#include "daemon/ledger/state/journal.h"
#include "daemon/ledger/state/state_covered.h"
#include "daemon/ledger/state/state_evidence.h"
#include "daemon/ledger/state/state_lines.h"
#include "daemon/ledger/state/state_open.h"
#include "daemon/ledger/state/state_register.h"
#include "daemon/ledger/state/state_text.h"
#include "daemon/ledger/state/state_year.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "tests/fuzz/fuzz.h"

static void same(struct buf *b, struct bytes want)
{
	CHECK(b->err == ERR_OK);
	CHECK(b->n == want.n);
	CHECK(want.n == 0 || memcmp(b->p, want.p, want.n) == 0);
	buf_close(b);
}

/* Values that pack to the bytes they were read from. */
#define AGAIN(name)                                                                                \
	static void value_##name(struct bytes row)                                                 \
	{                                                                                          \
		struct state_##name v;                                                             \
		struct buf b = {0};                                                                \
                                                                                                   \
		if (state_##name##_parse(row, &v))                                                 \
			return;                                                                    \
		state_##name##_pack(&v, &b);                                                       \
		same(&b, row);                                                                     \
	}
STATE_VALUES(AGAIN)
AGAIN(person)
AGAIN(account)
AGAIN(objection)
AGAIN(facility)
AGAIN(hours)
#undef AGAIN

static void value_household(struct bytes row)
{
	static struct state_member m[STATE_MEMBERS_MAX], found;
	struct state_household h;
	struct buf b = {0};
	uint32_t n = 0;

	if (state_household_parse(row, &h))
		return;
	for (size_t at = 0; state_household_next(&h, &at, &m[n]);) {
		CHECK(at <= h.members.n);
		n++;
		if (n == STATE_MEMBERS_MAX)
			break;
	}
	CHECK(n == h.nmembers);
	state_household_pack(&h, m, &b);
	same(&b, row);
	for (uint32_t i = 0; i < n; i++)
		CHECK(state_household_member(&h, m[i].member, &found));
}

static void item(const struct state_year *y, uint32_t number, int day, bool take)
{
	struct state_year_item i;
	struct state_year after;
	struct buf b = {0};
	int near;

	if (state_year_item(y, number, &i))
		return;
	near = state_year_near(&i, day);
	CHECK(near == -1 || (near >= day - 1 && near <= day + 1));
	state_year_put_item(y, number, &i, i.sum, day, take, &b);
	CHECK(state_year_parse(buf_bytes(&b), &after) == ERR_OK);
	CHECK(after.score == y->score);
	/* what stands behind the item may be damaged: seen when the item is gone */
	if (state_year_item(&after, number, &i))
		take = true;
	if (!take && i.days.n + 4 < STATE_YEAR_DAYS_MAX)
		CHECK(state_year_near(&i, day) >= day - 1);
	buf_close(&b);
}

static void value_year(struct bytes row)
{
	struct state_year y;
	struct buf b = {0};

	if (state_year_parse(row, &y))
		return;
	state_year_put_score(&y, y.score, &b);
	if (row.n)
		same(&b, row);
	buf_close(&b);
	for (uint32_t number = 0; number < 4; number++)
		for (int day = 0; day < 366; day += 73) {
			item(&y, number, day, false);
			item(&y, number, day, true);
		}
}

static void same_lines(const struct state_lines *a, const struct state_lines *b)
{
	CHECK(a->recorder == b->recorder && a->n == b->n);
	for (uint32_t i = 0; i < a->n; i++) {
		CHECK(a->line[i].state == b->line[i].state);
		CHECK(a->line[i].reviewer == b->line[i].reviewer);
		CHECK(a->line[i].confirmer == b->line[i].confirmer);
	}
}

static void value_lines(struct bytes row)
{
	static struct state_lines l, back;
	struct buf b = {0};
	unsigned slot;
	size_t at = 0;

	while (state_lines_next(row, &at, &slot, &l) == ERR_OK) {
		CHECK(at <= row.n);
		CHECK(l.n >= 1 && l.n <= STATE_LINES_MAX);
		buf_reset(&b);
		CHECK(state_lines_put((struct bytes){NULL, 0}, slot, &l, &b) == ERR_OK);
		CHECK(state_lines_get(buf_bytes(&b), slot, &back) == ERR_OK);
		same_lines(&l, &back);
	}
	for (uint64_t seq = 0; seq < STATE_BLOCK; seq += 5) {
		buf_reset(&b);
		if (state_lines_get(row, seq, &l) == ERR_OK &&
		    state_lines_put(row, seq, &l, &b) == ERR_OK) {
			CHECK(state_lines_get(buf_bytes(&b), seq, &back) == ERR_OK);
			same_lines(&l, &back);
		}
	}
	buf_close(&b);
}

static void value_evidence(struct bytes row)
{
	static const uint8_t id[STATE_EVIDENCE_ID] = {'c', 'd', 'e'};
	const struct state_use put = {.seq = 77, .line = 3};
	struct state_use u, last = {0};
	struct buf b = {0};
	uint32_t before = 0, after = 0;
	size_t at = 0;

	while (state_evidence_next(row, id, &at, &u) == ERR_OK)
		before++;
	if (at == row.n && state_evidence_put(row, id, &put, &b) == ERR_OK) {
		CHECK(b.n <= STATE_EVIDENCE_MAX);
		for (at = 0; state_evidence_next(buf_bytes(&b), id, &at, &u) == ERR_OK; after++)
			last = u;
		CHECK(at == b.n);
		CHECK(last.seq == put.seq && last.line == put.line);
		CHECK(after <= before + 1);
	}
	buf_close(&b);
}

/* Earlier postings of an account, and the latest in its row. */
static void postings(struct postings *p, uint64_t first, struct bytes want)
{
	struct posting one;
	struct buf b = {0};
	int err;

	for (uint64_t before = first; (err = postings_next(p, &one)) == ERR_OK; before = one.seq)
		posting_pack(&one, before, &b);
	CHECK(err == ERR_NOTFOUND || err == ERR_CORRUPT);
	CHECK(b.n <= want.n && (b.n == 0 || memcmp(b.p, want.p, b.n) == 0));
	CHECK(err == ERR_CORRUPT || b.n == want.n);
	buf_close(&b);
}

static void value_postings(struct bytes row)
{
	struct state_account a;
	struct postings p;
	struct bytes rest;

	if (!postings_of_run(row, 5, &p)) {
		rest = kv_bytes(p.c.p, cur_left(&p.c));
		postings(&p, 5, rest);
	}
	if (!state_account_parse(row, &a) && !postings_of_account(&a, &p))
		postings(&p, a.first, a.postings);
}

static void value_covered(struct bytes row)
{
	const struct state_covered more = {.from = 20000, .to = 20010, .seq = 9};
	struct state_covered c;
	struct buf b = {0};
	size_t at = 0;
	int err;

	while ((err = state_covered_next(row, &at, &c)) == ERR_OK)
		CHECK(at <= row.n && c.from <= c.to);
	if (err == ERR_NOTFOUND && !state_covered_add(row, &more, &b))
		for (at = 0; state_covered_next(buf_bytes(&b), &at, &c) == ERR_OK;)
			CHECK(at <= b.n);
	buf_close(&b);
}

static void value_open(struct bytes row)
{
	for (int is = 0; is < 2; is++) {
		struct buf b = {0};

		state_open_set(row, 7, is, &b);
		CHECK(b.n <= row.n + 1);
		CHECK(!is || state_open_has(buf_bytes(&b), 7));
		buf_close(&b);
	}
}

static void value_daybook(struct bytes row)
{
	struct bytes household;
	unsigned slot;
	size_t at = 0;

	while (journal_day_next(row, &at, &slot, &household) == ERR_OK) {
		CHECK(at <= row.n && slot < JOURNAL_BLOCK);
		CHECK(household.n >= 1 && household.n <= STATE_CODE_MAX);
	}
}

/* Length of the key, key, value. */
static void row_note(struct bytes row)
{
	struct sigs_row r;
	struct bytes key, val;

	if (row.n == 0 || row.p[0] > row.n - 1)
		return;
	key = kv_bytes(row.p + 1, row.p[0]);
	val = kv_bytes(row.p + 1 + key.n, row.n - 1 - key.n);
	if (sigs_parse(key, val, &r))
		return;
	CHECK(r.no == be32_get(key.p));
	CHECK(r.kind == SIGS_SEALED || r.kind == SIGS_COSIG || r.kind == SIGS_ACKED);
	CHECK(r.kind != SIGS_COSIG || memcmp(r.u.cosig.witness, key.p + 5, SIGN_KEY_BYTES) == 0);
}

static int on_head(void *ctx, const struct feed_head *h)
{
	CHECK(h->no == FEED_TOWN);
	CHECK(memchr(h->origin, 0, sizeof(h->origin)));
	CHECK(h->edge.n <= 64 && h->edge.size == h->size);
	*(bool *)ctx = true;
	return ERR_OK;
}

/* The head of a feed, read through a store. */
static void row_feed(struct bytes row)
{
	struct hash root;
	struct manifest m;
	struct feed_head h;
	struct kv_txn *t;
	uint8_t key[4];
	struct kv *kv;
	bool seen = false;
	int err;

	be32_put(key, FEED_TOWN);
	CHECK(kvmem_new(&kv) == ERR_OK);
	CHECK(kv_begin(kv, true, &t) == ERR_OK);
	CHECK(kv_put(t, KV_FEED, kv_bytes(key, sizeof(key)), row) == ERR_OK);
	err = feedlog_head(t, FEED_TOWN, &h);
	CHECK(err == ERR_OK || err == ERR_CORRUPT);
	CHECK(feedlog_each(t, on_head, &seen) == err);
	CHECK(seen == (err == ERR_OK));
	if (!err) {
		err = feedlog_manifest(t, FEED_TOWN, &m);
		CHECK(err == ERR_OK || err == ERR_CORRUPT);
		err = feedlog_root(t, FEED_TOWN, h.size, &root);
		CHECK(err == ERR_OK || err == ERR_CORRUPT || err == ERR_NOTFOUND);
	}
	kv_abort(t);
	kv_close(kv);
}

/* The rest as a key: it is taken apart and put together the same. */
#define PART(type, name) , p.name
#define KEY(KIND, name, letter, codec, value, zh, en)                                              \
	static void key_##name(struct bytes key)                                                   \
	{                                                                                          \
		struct state_##name##_parts p;                                                     \
		struct state_key k;                                                                \
                                                                                                   \
		if (key.n > STATE_KEY_MAX || state_##name##_split(key, &p))                        \
			return;                                                                    \
		state_##name##_key(&k, be32_get(key.p) KEY_##name(PART));                          \
		CHECK(k.n == key.n);                                                               \
		CHECK(memcmp(k.b, key.p, key.n) == 0);                                             \
	}
STATE_ROWS(KEY)
#undef KEY
#undef PART

static void texts(uint8_t kind, struct bytes row)
{
	struct buf b = {0};
	uint8_t key[STATE_KEY_MAX] = {0};
	size_t n =
		row.n < sizeof(key) - STATE_FEED_LEN - 1 ? row.n : sizeof(key) - STATE_FEED_LEN - 1;

	key[STATE_FEED_LEN] = kind;
	if (n)
		memcpy(key + STATE_FEED_LEN + 1, row.p, n);
	state_text_key(kv_bytes(key, STATE_FEED_LEN + 1 + n), &b);
	state_text_value(kind, row, &b);
	CHECK(b.err == ERR_OK);
	buf_close(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct {
		uint8_t kind;
		void (*key)(struct bytes key);
		void (*value)(struct bytes row);
	} rows[] = {
#define ROW(KIND, name, letter, codec, value, zh, en) {letter, key_##name, value_##value},
		STATE_ROWS(ROW)
#undef ROW
			{0, row_note, row_feed}};
	size_t i = n ? data[0] % (sizeof(rows) / sizeof(rows[0])) : 0;
	struct bytes rest = kv_bytes(data + 1, n ? n - 1 : 0);

	if (n == 0)
		return 0;
	rows[i].key(rest);
	rows[i].value(rest);
	texts(rows[i].kind, rest);
	return 0;
}
