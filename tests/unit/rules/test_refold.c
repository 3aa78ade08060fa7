#include "daemon/ledger/rules/refold.h"

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state_format.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/held.h"
#include "tests/lib/t.h"

/* What follows from the entries is made again, when it has another format than this program's. */
#define FEEDS 3
static struct held g;
static struct kv *kv;

static void open_town(void)
{
	T_EQ(kvmem_new(&kv), ERR_OK);
	held_make(&g, kv);
}

static void close_town(void)
{
	held_close(&g);
	kv_close(kv);
}

/* --- the list of formats --------------------------------------------------------------------------- */
#define PIN 17
struct format {
	unsigned number;
	const char *table, *entries, *fold;
};
#define FORMAT(number, table, entries, fold) {number, table, entries, fold},
static const struct format formats[] = {STATE_FORMATS(FORMAT)};

static void pin(struct sha256 *s, char out[PIN])
{
	struct hash h;

	sha256_end(s, &h);
	hash_hex(&h, PIN - 1, out);
}

static void add_text(struct sha256 *s, const char *text, unsigned number)
{
	uint8_t b[4];

	be32_put(b, number);
	sha256_add(s, text, strlen(text) + 1);
	sha256_add(s, b, sizeof(b));
}

static void add_row(struct sha256 *s, unsigned kind, const struct state_row *row)
{
	add_text(s, row->name, kind);
	for (size_t i = 0; i < row->nparts; i++)
		add_text(s, row->part[i].name, row->part[i].type);
	for (size_t i = 0; i < row->nfields; i++)
		add_text(s, row->field[i].name, row->field[i].type);
}

/* Keys and values of the rows, and which entries are known. */
static void pin_table(char out[PIN])
{
	struct sha256 s;

	sha256_start(&s);
	for (unsigned kind = 0; kind <= UINT8_MAX; kind++)
		if (state_row_of((uint8_t)kind))
			add_row(&s, kind, state_row_of((uint8_t)kind));
	for (size_t i = 0; i < rec_ntypes; i++)
		add_text(&s, rec_types[i].name, rec_types[i].code << 8 | rec_types[i].schema);
	pin(&s, out);
}

static void digests(struct hash ret[FEEDS])
{
	const uint32_t no[FEEDS] = {FEED_TOWN, g.a, g.b};

	for (int i = 0; i < FEEDS; i++)
		town_digest(&g.w, no[i], &ret[i]);
}

static void pin_fold(char out[PIN])
{
	struct hash d[FEEDS];
	struct sha256 s;

	digests(d);
	sha256_start(&s);
	sha256_add(&s, d, sizeof(d));
	for (uint32_t i = 0; i < g.nrows; i++)
		if (g.rows[i].tab == KV_VERDICT)
			sha256_add(&s, g.rows[i].v, g.rows[i].vn);
	pin(&s, out);
}

static void pin_entries(char out[PIN])
{
	const uint32_t no[FEEDS] = {FEED_TOWN, g.a, g.b};
	struct sha256 s;
	struct hash root;

	sha256_start(&s);
	town_begin(&g.w);
	for (int i = 0; i < FEEDS; i++) {
		struct feed_head h;

		T_EQ(feedlog_head(g.w.t, no[i], &h), ERR_OK);
		tlog_root(&h.edge, &root);
		sha256_add(&s, root.b, sizeof(root.b));
	}
	town_commit(&g.w);
	pin(&s, out);
}

/* Whoever changes what the rows look like, or what becomes of an entry, gives the next number. */
static void test_another_format_has_another_number(void)
{
	const struct format *now = &formats[STATE_FORMAT_NOW - 1];
	char table[PIN], entries[PIN], fold[PIN];

	for (unsigned i = 0; i < STATE_FORMAT_NOW; i++)
		T_EQ(formats[i].number, i + 1);
	pin_table(table);
	pin_entries(entries);
	pin_fold(fold);
	if (strcmp(table, now->table) == 0 && strcmp(entries, now->entries) == 0 &&
	    strcmp(fold, now->fold) == 0)
		return;
	if (strcmp(table, now->table) == 0 && strcmp(entries, now->entries) != 0)
		t_fail(__FILE__, __LINE__,
		       "the test town has other entries: if the format is the same, the last line "
		       "of "
		       "STATE_FORMATS (state.def) becomes X(%d, \"%s\", \"%s\", \"%s\")",
		       STATE_FORMAT_NOW, table, entries, fold);
	t_fail(__FILE__, __LINE__,
	       "stores are to be folded again: add to STATE_FORMATS (state.def) X(%d, \"%s\", "
	       "\"%s\", \"%s\")",
	       STATE_FORMAT_NOW + 1, table, entries, fold);
}

/* --- folding again --------------------------------------------------------------------------------- */
static uint64_t format_now(void)
{
	struct kv_txn *t;
	uint64_t format;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(state_format(t, &format), ERR_OK);
	kv_abort(t);
	return format;
}

static void put(enum kv_table tab, struct bytes key, struct bytes val)
{
	struct kv_txn *t;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(val.p ? kv_put(t, tab, key, val) : kv_del(t, tab, key), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

/* A store as an earlier program left it: rows of other kinds, others are missing, an entry was of unknown type. */
static void age(void)
{
	static const uint8_t row[] = {0, 0, 0, 2, 'A', 'x', 0}, none[] = {0, 0, 0, 1, '*'};
	struct verdict v = {.reason = {.id = V_UNKNOWN_TYPE}};
	uint8_t key[VERDICT_KEY_BYTES], older[] = {0};
	struct buf b = {0};
	struct state_key k;
	uint32_t accounts = 0;

	put(KV_STATE, kv_bytes(row, sizeof(row)), kv_bytes("?", 1));
	put(KV_STATE, kv_bytes(none, sizeof(none)), kv_bytes("?", 1));
	for (uint32_t i = 0; i < g.nrows; i++) {
		const struct held_row *r = &g.rows[i];

		if (r->tab == KV_STATE && r->k[4] == STATE_ACCOUNT && accounts++ % 2 == 0)
			put(KV_STATE, kv_bytes(r->k, r->kn), kv_bytes(NULL, 0));
	}
	T_OK(accounts > 2);
	T_EQ(verdict_pack(&v, &b), ERR_OK);
	put(KV_VERDICT, verdict_key(key, FEED_TOWN, 1), buf_bytes(&b));
	buf_close(&b);
	state_format_key(&k, STATE_OF_STORE);
	put(KV_STATE, state_key_bytes(&k), kv_bytes(older, sizeof(older)));
	T_EQ(format_now(), 0);
}

/* Row by row what the town had. */
static void is_as_it_was(void)
{
	struct bytes key = {0}, val;
	struct kv_cursor *c;
	struct kv_txn *t;
	uint32_t i = 0;
	int err;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	for (int tab = 0; tab < KV_NTABLES; tab++) {
		T_EQ(kv_cursor_open(t, (enum kv_table)tab, &c), ERR_OK);
		for (err = kv_seek(c, KV_GE, key, &key, &val); !err;
		     err = kv_seek(c, KV_NEXT, key, &key, &val), i++) {
			T_OK(i < g.nrows && (int)g.rows[i].tab == tab);
			T_OK(bytes_eq(key, kv_bytes(g.rows[i].k, g.rows[i].kn)));
			T_OK(bytes_eq(val, kv_bytes(g.rows[i].v, g.rows[i].vn)));
		}
		T_EQ(err, ERR_NOTFOUND);
		key = kv_bytes(NULL, 0);
		kv_cursor_close(c);
	}
	T_EQ(i, g.nrows);
	kv_abort(t);
}

static void test_a_store_of_an_older_format_is_folded_again(void)
{
	struct hash before[FEEDS], after[FEEDS];
	struct refolded sum;

	digests(before);
	age();
	digests(after);
	T_OK(memcmp(before, after, sizeof(before)) != 0);
	T_EQ(refold(kv, &g.w.id, NULL, &sum, NULL), ERR_OK);
	T_EQ(format_now(), STATE_FORMAT_NOW);
	digests(after);
	T_MEM(after, before, sizeof(before));
	is_as_it_was();
	T_EQ(sum.feeds, FEEDS);
	T_EQ(sum.entries, town_size(&g.w, FEED_TOWN) + town_size(&g.w, g.a) + town_size(&g.w, g.b));
	T_EQ(sum.verdicts, 1);
}

static void test_folding_twice_is_folding_once(void)
{
	struct refolded sum;

	T_EQ(refold(kv, &g.w.id, NULL, &sum, NULL), ERR_OK);
	T_EQ(sum.verdicts, 0);
	is_as_it_was();
}

/* Wherever it stops, the store is as it was and says so: the next start begins again. */
static void test_an_interrupted_fold_changes_nothing(void)
{
	struct hash aged[FEEDS], now[FEEDS];
	struct refolded sum;
	int err = ERR_NOMEM;

	age();
	digests(aged);
	for (long n = 0; err; n += n / 4 + 1) {
		mem_fail_after(n);
		err = refold(kv, &g.w.id, NULL, &sum, NULL);
		mem_fail_after(-1);
		if (!err)
			break;
		T_EQ(err, ERR_NOMEM);
		T_EQ(format_now(), 0);
		digests(now);
		T_MEM(now, aged, sizeof(now));
	}
	is_as_it_was();
}

/* Its state cannot be made: the store stays as it is, for the program that can read it. */
static void test_an_entry_that_cannot_be_read_stops_the_fold(void)
{
	const struct held_row *row = g.rows;
	struct errmsg msg = {0};
	struct refolded sum;
	char want[64];

	while (row->tab != KV_ENTRY || be32_get(row->k) != g.a || be64_get(row->k + 4) != 9)
		row++;
	age();
	put(KV_ENTRY, kv_bytes(row->k, row->kn), kv_bytes(NULL, 0));
	T_EQ(refold(kv, &g.w.id, NULL, &sum, &msg), ERR_CORRUPT);
	snprintf(want, sizeof(want), "feed %u, entry 9:", (unsigned)g.a);
	T_OK(strncmp(msg.text, want, strlen(want)) == 0);
	T_EQ(format_now(), 0);
	put(KV_ENTRY, kv_bytes(row->k, row->kn), kv_bytes(row->v, row->vn));
	T_EQ(refold(kv, &g.w.id, NULL, &sum, &msg), ERR_OK);
	is_as_it_was();
}

static void forget_rows(void)
{
	for (uint32_t i = 0; i < g.nrows; i++)
		if (g.rows[i].tab == KV_STATE)
			put(KV_STATE, kv_bytes(g.rows[i].k, g.rows[i].kn), kv_bytes(NULL, 0));
}

/* A program that knew none of the types has refused all: there are no rows, and those of now are wanted. */
static void test_a_store_where_all_was_refused_is_folded_again(void)
{
	struct verdict v = {.reason = {.id = V_UNKNOWN_TYPE}};
	uint8_t key[VERDICT_KEY_BYTES];
	struct refolded sum;
	struct buf b = {0};

	T_EQ(verdict_pack(&v, &b), ERR_OK);
	forget_rows();
	put(KV_VERDICT, verdict_key(key, FEED_TOWN, 0), buf_bytes(&b));
	buf_close(&b);
	T_EQ(format_now(), 0);
	T_EQ(refold(kv, &g.w.id, NULL, &sum, NULL), ERR_OK);
	T_EQ(format_now(), STATE_FORMAT_NOW);
	is_as_it_was();
}

/* What was refused for its signature stays so; its rows hold nothing. */
static void test_a_bad_signature_stays_one(void)
{
	struct verdict bad = {.reason = {.id = V_BAD_SIGNATURE}}, v;
	struct state_key k;
	uint8_t key[VERDICT_KEY_BYTES], older[] = {0};
	struct refolded sum;
	struct buf b = {0};
	struct kv_txn *t;

	T_EQ(verdict_pack(&bad, &b), ERR_OK);
	put(KV_VERDICT, verdict_key(key, g.a, 5), buf_bytes(&b)); /* a lie: its signature is good */
	state_format_key(&k, STATE_OF_STORE);
	put(KV_STATE, state_key_bytes(&k), kv_bytes(older, sizeof(older)));
	T_EQ(refold(kv, &g.w.id, NULL, &sum, NULL), ERR_OK);
	is_as_it_was(); /* it was looked at again */
	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(read_verdict(t, g.a, 5, &v), ERR_OK);
	kv_abort(t);
	T_OK(v.reason.id != V_BAD_SIGNATURE);
	buf_close(&b);
}

/* Programs to come must be able to read it. */
static void test_the_row_of_the_format_never_changes(void)
{
	static const uint8_t want[] = {0, 0, 0, 0, '#'};
	struct bytes row;
	struct kv_txn *t;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(kv_get(t, KV_STATE, kv_bytes(want, sizeof(want)), &row), ERR_OK);
	T_EQ(row.n, 1);
	T_EQ(row.p[0], STATE_FORMAT_NOW);
	kv_abort(t);
}

static void test_a_new_store_has_nothing_to_fold(void)
{
	struct refolded sum;
	struct kv *empty;

	T_EQ(kvmem_new(&empty), ERR_OK);
	T_EQ(refold(empty, &g.w.id, NULL, &sum, NULL), ERR_OK);
	T_EQ(sum.entries, 0);
	kv_close(empty);
}

T_MAIN_WITH(open_town, close_town, T(test_another_format_has_another_number),
	    T(test_a_store_of_an_older_format_is_folded_again),
	    T(test_folding_twice_is_folding_once), T(test_an_interrupted_fold_changes_nothing),
	    T(test_an_entry_that_cannot_be_read_stops_the_fold),
	    T(test_a_new_store_has_nothing_to_fold),
	    T(test_a_store_where_all_was_refused_is_folded_again),
	    T(test_a_bad_signature_stays_one), T(test_the_row_of_the_format_never_changes))
