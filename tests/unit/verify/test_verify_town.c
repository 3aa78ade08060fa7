#include "daemon/verify/verify.h"

#include "daemon/feed/sigs.h"
#include "daemon/ledger/state/state.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/held.h"
#include "tests/lib/t.h"

/* A hub that holds the town feed and two villages: every row of every table is altered, removed, exchanged
 * and added to, one at a time, in a transaction that is thrown away afterwards. */
#define PROBLEMS_OK 6 /* one altered row gives a few problems, not a flood */

static struct held g;

static void make_town(void)
{
	held_make(&g, NULL);
}

/* --- looking --------------------------------------------------------------------------------------- */
struct change {
	enum kv_table tab;
	struct bytes key, val; /* val.p NULL: delete */
};

static void apply(struct kv_txn *t, const struct change *c)
{
	if (c->val.p)
		T_EQ(kv_put(t, c->tab, c->key, c->val), ERR_OK);
	else
		T_EQ(kv_del(t, c->tab, c->key), ERR_OK);
}

static void look(const struct change *c, uint32_t n, const struct verify_opts *opts,
		 struct verify_report *ret)
{
	struct kv_txn *t;

	T_EQ(kv_begin(g.kv, true, &t), ERR_OK);
	for (uint32_t i = 0; i < n; i++)
		apply(t, &c[i]);
	T_EQ(verify_store(t, &g.w.id, FEED_TOWN, &g.guard, opts, ret), ERR_OK);
	kv_abort(t);
}

static const struct verify_opts rebuild = {.rebuild = true};
/* That a signature is bad is known by its verdict row, or by verifying it. */
static const struct verify_opts all = {.rebuild = true, .signatures = true};

static struct buf text[2]; /* by enum lang */

static const char *text_of(const struct problem *p, enum lang lang)
{
	buf_reset(&text[lang]);
	T_EQ(problem_text(p, lang, &text[lang]), ERR_OK);
	return buf_str(&text[lang]);
}

static void print(const struct verify_report *r)
{
	for (uint32_t i = 0; i < r->nproblems; i++) {
		const struct problem *p = &r->problem[i];

		fprintf(stderr, "  [%s] %.8s %s entry %jd: %s | %s\n", p->table, p->feed, p->label,
			(intmax_t)p->entry, text_of(p, LANG_EN), text_of(p, LANG_ZH));
	}
}

static bool lists(const struct verify_report *r, const char *table, const char *feed,
		  uint64_t entry)
{
	for (uint32_t i = 0; i < r->nproblems; i++) {
		const struct problem *p = &r->problem[i];

		if (strcmp(p->table, table) == 0 && (!feed || strcmp(p->feed, feed) == 0) &&
		    p->entry == entry)
			return true;
	}
	return false;
}

/* Every problem can be read, and there is no flood of them. */
static void readable(const struct verify_report *r)
{
	if (r->nproblems > PROBLEMS_OK)
		print(r);
	T_OK(r->nproblems > 0);
	T_OK(r->nproblems <= PROBLEMS_OK);
	for (uint32_t i = 0; i < r->nproblems; i++) {
		const struct problem *p = &r->problem[i];

		T_OK(p->table[0] != 0);
		T_OK(strlen(text_of(p, LANG_ZH)) > 10);
		T_OK(strlen(text_of(p, LANG_EN)) > 10);
		T_OK(!strchr(text_of(p, LANG_EN), '{'));
	}
}

static void feed_hex(uint32_t no, char out[65])
{
	struct feed_head h;
	struct kv_txn *t;

	out[0] = '\0';
	if (no == STATE_OF_STORE)
		return;
	T_EQ(kv_begin(g.kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, no, &h), ERR_OK);
	kv_abort(t);
	hash_hex(&h.id, 64, out);
}

static void test_a_good_store_has_no_problems(void)
{
	struct verify_opts opts = {.rebuild = true, .signatures = true};
	struct verify_report r;
	uint64_t entries = town_size(&g.w, FEED_TOWN) + town_size(&g.w, g.a) + town_size(&g.w, g.b);

	T_OK(town_size(&g.w, g.a) > 32); /* rows of two levels, one of them with two nodes */
	for (int i = 0; i < 4; i++) {
		opts.rebuild = i & 1;
		opts.signatures = i & 2;
		look(NULL, 0, &opts, &r);
		print(&r);
		T_EQ(r.nproblems, 0);
		T_EQ(r.feeds, 3);
		T_EQ(r.entries, entries);
		T_EQ(r.signatures, opts.signatures ? entries : 2);
		verify_close(&r);
	}
}

/* What the problems must say about this row, at least. */
static bool named(const struct verify_report *r, const struct held_row *row)
{
	char feed[65];
	uint64_t seq;

	switch (row->tab) {
	case KV_ENTRY:
		feed_hex(be32_get(row->k), feed);
		return lists(r, "entry", feed, be64_get(row->k + 4));
	case KV_TREE:
		feed_hex(be32_get(row->k), feed);
		return lists(r, "tree", feed, be64_get(row->k + 5) << (4 * (row->k[4] + 1)));
	case KV_TXID:
		feed_hex(be32_get(row->k + TXID_BYTES), feed);
		T_OK(feedlog_txid_seq(kv_bytes(row->v, row->vn), &seq));
		return lists(r, "txid", feed, seq);
	case KV_VERDICT:
		feed_hex(be32_get(row->k), feed);
		return lists(r, "verdict", feed, be64_get(row->k + 4));
	case KV_FEED: return lists(r, "feed", NULL, UINT64_MAX);
	case KV_NOTE: feed_hex(be32_get(row->k), feed); return lists(r, "note", feed, UINT64_MAX);
	case KV_STATE: feed_hex(be32_get(row->k), feed); return lists(r, "state", feed, UINT64_MAX);
	case KV_META:
	case KV_NTABLES: break;
	}
	return false;
}

static void must_be_listed(const struct change *c, uint32_t n, const struct held_row *row,
			   const char *what, size_t at)
{
	struct verify_report r;

	look(c, n, row->tab == KV_VERDICT ? &all : &rebuild, &r);
	if (r.nproblems == 0 || r.nproblems > PROBLEMS_OK || !named(&r, row)) {
		print(&r);
		t_fail(__FILE__, __LINE__, "%s: table %s, feed or key %08x %02x.., byte %zu of %zu",
		       what, kv_table_name(row->tab), be32_get(row->k), row->k[4], at, row->vn);
	}
	readable(&r);
	verify_close(&r);
}

static void flip(const struct held_row *row, size_t at, unsigned bit)
{
	static struct held_row bad;
	struct change c = {row->tab, kv_bytes(bad.k, row->kn), kv_bytes(bad.v, row->vn)};

	bad = *row;
	bad.v[at] ^= (uint8_t)(1u << bit);
	must_be_listed(&c, 1, row, "flipped", at);
}

static void test_a_flipped_bit_in_any_row_is_found_and_named(void)
{
	struct prng rnd;

	prng_seed(&rnd, 5);
	for (uint32_t i = 0; i < g.nrows; i += t_step()) /* but for rows whose key says all */
		if (g.rows[i].vn)
			flip(&g.rows[i], (size_t)prng_below(&rnd, g.rows[i].vn),
			     (unsigned)prng_below(&rnd, 8));
}

static void test_a_flipped_bit_in_any_byte_of_each_kind_is_found(void)
{
	static bool seen[KV_NTABLES][256];
	uint32_t kinds = 0;

	for (uint32_t i = g.nrows;
	     i-- > 0;) { /* from the end: the later rows are the richer ones */
		const struct held_row *r = &g.rows[i];

		if (seen[r->tab][held_kind(r)])
			continue;
		seen[r->tab][held_kind(r)] = true;
		kinds++;
		for (size_t at = 0; at < r->vn; at += t_step())
			flip(r, at, (unsigned)(at % 8));
	}
	T_OK(seen[KV_NOTE][SIGS_SEALED] && seen[KV_NOTE][SIGS_COSIG] && seen[KV_NOTE][SIGS_ACKED]);
	T_OK(seen[KV_TREE][0] && seen[KV_TREE][1]);
	T_OK(seen[KV_FEED][0] && seen[KV_FEED][0xff]);
	T_OK(seen[KV_STATE][STATE_ACCOUNT] && seen[KV_STATE][STATE_EVIDENCE]);
	T_OK(kinds >= 20);
}

static void move_row(const struct held_row *row, size_t at, unsigned bit)
{
	struct held_row moved = *row;
	struct change c[2] = {{row->tab, kv_bytes(row->k, row->kn), {NULL, 0}},
			      {row->tab, kv_bytes(moved.k, row->kn), kv_bytes(row->v, row->vn)}};
	struct verify_report r;

	moved.k[at] ^= (uint8_t)(1u << bit);
	look(c, 2, row->tab == KV_VERDICT ? &all : &rebuild, &r);
	if (r.nproblems == 0)
		t_fail(__FILE__, __LINE__, "key of table %s, %08x %02x.., byte %zu",
		       kv_table_name(row->tab), be32_get(row->k), row->k[4], at);
	readable(&r);
	verify_close(&r);
}

static void test_a_flipped_bit_in_any_key_is_found(void)
{
	static bool seen[KV_NTABLES][256];
	struct prng rnd;

	prng_seed(&rnd, 6);
	for (uint32_t i = 0; i < g.nrows; i += t_step()) {
		const struct held_row *row = &g.rows[i];
		bool *before = &seen[row->tab][held_kind(row)];

		for (size_t at = 0; at < row->kn && !*before; at++)
			move_row(row, at, (unsigned)prng_below(&rnd, 8));
		if (*before)
			move_row(row, (size_t)prng_below(&rnd, row->kn),
				 (unsigned)prng_below(&rnd, 8));
		*before = true;
	}
}

static void test_any_missing_row_is_found_and_named(void)
{
	for (uint32_t i = 0; i < g.nrows; i += t_step()) {
		const struct held_row *row = &g.rows[i];
		struct change c = {row->tab, kv_bytes(row->k, row->kn), {NULL, 0}};

		/* what others said may be forgotten: nothing shows that it was there */
		if (row->tab == KV_NOTE && row->k[4] != SIGS_SEALED)
			continue;
		must_be_listed(&c, 1, row, "removed", 0);
	}
}

static void test_values_that_change_places_are_found(void)
{
	struct verify_report r;

	for (uint32_t i = 0; i + 1 < g.nrows; i += t_step()) {
		const struct held_row *a = &g.rows[i], *b = &g.rows[i + 1];
		struct change c[2] = {{a->tab, kv_bytes(a->k, a->kn), kv_bytes(b->v, b->vn)},
				      {b->tab, kv_bytes(b->k, b->kn), kv_bytes(a->v, a->vn)}};

		if (a->tab != b->tab || (a->vn == b->vn && memcmp(a->v, b->v, a->vn) == 0))
			continue;
		look(c, 2, &rebuild, &r);
		if (r.nproblems == 0)
			t_fail(__FILE__, __LINE__, "table %s, %08x %02x", kv_table_name(a->tab),
			       be32_get(a->k), a->k[4]);
		if (r.nproblems > 2 * PROBLEMS_OK)
			print(&r);
		T_OK(r.nproblems <= 2 * PROBLEMS_OK);
		verify_close(&r);
	}
}

/* A copy of every row under a new key: a bit of it turned, one byte more, one byte less. */
static void test_a_surplus_row_is_found(void)
{
	struct verify_report r;

	for (uint32_t i = 0; i < g.nrows; i += t_step()) {
		for (int how = 0; how < 4; how++) {
			struct held_row add = g.rows[i];
			struct change c = {.tab = add.tab, .val = kv_bytes(add.v, add.vn)};

			if (how == 0)
				add.k[add.kn - 1] ^= 0x40;
			else if (how == 1)
				add.k[0] ^= 0x40;
			else
				add.kn += how == 2 ? 1 : -1;
			c.key = kv_bytes(add.k, add.kn);
			look(&c, 1, &rebuild, &r);
			if (r.nproblems == 0)
				t_fail(__FILE__, __LINE__, "table %s, %08x %02x, way %d",
				       kv_table_name(add.tab), be32_get(add.k), add.k[4], how);
			readable(&r);
			verify_close(&r);
		}
	}
	struct change meta = {KV_META, kv_bytes("x", 1), kv_bytes("y", 1)};
	look(&meta, 1, &rebuild, &r);
	T_EQ(r.nproblems, 1);
	T_STR(r.problem[0].table, "meta");
	verify_close(&r);
}

static void test_without_the_fold_all_but_the_fold_is_checked(void)
{
	const struct verify_opts opts = {0};
	struct verify_report r;

	for (uint32_t i = 0; i < g.nrows; i += t_step()) {
		struct held_row bad = g.rows[i];
		struct change c = {bad.tab, kv_bytes(bad.k, bad.kn), kv_bytes(bad.v, bad.vn)};

		if (bad.tab == KV_STATE || bad.tab == KV_VERDICT)
			continue;
		bad.v[bad.vn / 2] ^= 1;
		look(&c, 1, &opts, &r);
		T_OK(r.nproblems > 0);
		T_OK(named(&r, &g.rows[i]));
		verify_close(&r);
	}
}

static void test_problems_name_village_and_balance(void)
{
	char feed[65];
	struct verify_report r;

	feed_hex(g.a, feed);
	for (uint32_t i = 0; i < g.nrows; i++) {
		struct held_row bad = g.rows[i];
		struct change c = {bad.tab, kv_bytes(bad.k, bad.kn), kv_bytes(bad.v, bad.vn)};

		if (bad.tab != KV_STATE || be32_get(bad.k) != g.a || bad.k[4] != STATE_ACCOUNT)
			continue;
		bad.v[0] ^= 1;
		look(&c, 1, &rebuild, &r);
		T_EQ(r.nproblems, 1);
		T_STR(r.problem[0].feed, feed);
		T_STR(r.problem[0].label, "示范村");
		T_STR(r.problem[0].table, "state");
		T_OK(strstr(text_of(&r.problem[0], LANG_EN),
			    "account 000: the balance is stored as"));
		T_OK(strstr(text_of(&r.problem[0], LANG_ZH), "账户 000 的余额存为"));
		verify_close(&r);
		return;
	}
	t_fail(__FILE__, __LINE__, "there is no account");
}

/* A row of fields: its key, what is stored, and what should be. */
static void test_a_row_is_shown_as_it_is_and_as_it_should_be(void)
{
	struct verify_report r;
	char want[160];

	for (uint32_t i = 0; i < g.nrows; i++) {
		struct held_row bad = g.rows[i];
		struct change c = {bad.tab, kv_bytes(bad.k, bad.kn), kv_bytes(bad.v, bad.vn)};

		if (bad.tab != KV_STATE || be32_get(bad.k) != g.a || bad.k[4] != STATE_CODE)
			continue;
		T_EQ(bad.vn, 1);
		bad.v[0] ^= 1;
		look(&c, 1, &rebuild, &r);
		T_EQ(r.nproblems, 1);
		snprintf(want, sizeof(want),
			 "number of item %.16s is stored as n=%u, the records make it n=%u;",
			 (const char *)bad.k + 5, bad.v[0], g.rows[i].v[0]);
		T_OK(strstr(text_of(&r.problem[0], LANG_EN), want));
		snprintf(want, sizeof(want), " 存为 n=%u，由记录重算应为 n=%u；", bad.v[0],
			 g.rows[i].v[0]);
		T_OK(strstr(text_of(&r.problem[0], LANG_ZH), want));
		verify_close(&r);
		return;
	}
	t_fail(__FILE__, __LINE__, "no row of an item's number");
}

/* All rows of another format differ: that is one problem, which says what to do. */
static void test_another_format_of_the_state_is_one_problem(void)
{
	struct change c[2] = {{.tab = KV_STATE, .val = kv_bytes("\x7f", 1)},
			      {.tab = KV_STATE, .val = kv_bytes("?", 1)}};
	struct state_key k, meta;
	struct verify_report r;

	state_format_key(&k, STATE_OF_STORE);
	state_meta_key(&meta, g.a);
	c[0].key = state_key_bytes(&k);
	c[1].key = state_key_bytes(&meta);
	look(c, 2, &all, &r);
	T_EQ(r.nproblems, 1);
	T_EQ(r.problem[0].id, PROBLEM_STATE_FORMAT);
	T_EQ(r.problem[0].num[0], 127);
	T_EQ(r.problem[0].num[1], STATE_FORMAT_NOW);
	readable(&r);
	verify_close(&r);
}

/* A hundred broken entries give a readable list, too. */
static void test_many_problems_of_a_kind_are_cut_short(void)
{
	static struct change c[HELD_ROWS_MAX];
	static struct held_row bad[HELD_ROWS_MAX];
	struct verify_report r;
	uint32_t n = 0;

	for (uint32_t i = 0; i < g.nrows; i++) {
		if (g.rows[i].tab != KV_ENTRY || be32_get(g.rows[i].k) != g.a)
			continue;
		bad[n] = g.rows[i];
		bad[n].v[ENTRY_LEAF_BYTES + 3] ^= 1;
		c[n] = (struct change){KV_ENTRY, kv_bytes(bad[n].k, bad[n].kn),
				       kv_bytes(bad[n].v, bad[n].vn)};
		n++;
	}
	T_OK(n > 25);
	look(c, n, &rebuild, &r);
	T_EQ(r.nproblems,
	     22); /* twenty, a word that there are more, and that nothing can be folded */
	T_OK(strstr(text_of(&r.problem[20], LANG_EN), "more problems"));
	verify_close(&r);
	for (uint32_t i = 0; i < n; i++)
		c[i].val = (struct bytes){NULL, 0};
	look(c + 3, n - 5, &rebuild, &r);
	T_OK(r.nproblems <= PROBLEMS_OK); /* a gap is one problem */
	T_EQ(r.problem[0].entry, 3);
	verify_close(&r);
}

static void test_the_guard_is_compared(void)
{
	const struct guard good = g.guard;
	struct verify_report r;

	for (int what = 0; what < 5; what++) {
		g.guard = good;
		if (what == 0)
			g.guard.sig[40] ^= 1;
		else if (what == 1)
			g.guard.root.b[0] ^= 1;
		else if (what == 2)
			g.guard.epoch++;
		else if (what == 3)
			g.guard.size++;
		look(NULL, 0, &rebuild, &r);
		T_EQ(r.nproblems, what < 4 ? 1 : 0);
		if (what < 4)
			T_STR(r.problem[0].table, "guard");
		verify_close(&r);
	}
	/* signed, but more than the store holds: an old copy */
	struct checkpoint cp = {.size = good.size + 7, .root = good.root};
	struct feed_head h;
	struct kv_txn *t;
	T_EQ(kv_begin(g.kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, FEED_TOWN, &h), ERR_OK);
	kv_abort(t);
	memcpy(cp.origin, h.origin, sizeof(cp.origin));
	g.guard.size = cp.size;
	T_EQ(checkpoint_sign(&cp, town_key(&g.w, "feed/town"), g.guard.sig), ERR_OK);
	look(NULL, 0, &rebuild, &r);
	T_EQ(r.nproblems, 1);
	T_OK(strstr(text_of(&r.problem[0], LANG_EN), "old copy"));
	verify_close(&r);
	g.guard = good;
}

/* Not asked to verify signatures, verify still tests those that the store calls bad: a good entry cannot be
 * made void by a verdict row. */
static void test_a_good_signature_cannot_be_called_bad(void)
{
	uint8_t key[VERDICT_KEY_BYTES];
	struct verdict v = {.reason.id = V_BAD_SIGNATURE};
	struct verify_report r;
	struct buf b = {0};
	struct change c = {.tab = KV_VERDICT, .key = verdict_key(key, g.a, 2)};

	T_EQ(verdict_pack(&v, &b), ERR_OK);
	c.val = buf_bytes(&b);
	look(&c, 1, &rebuild, &r);
	T_EQ(r.nproblems, 1);
	T_OK(lists(&r, "verdict", NULL, 2));
	verify_close(&r);
	buf_close(&b);
}

struct seen {
	uint64_t calls, done, total;
};

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct seen *s = ctx;

	T_OK(done >= s->done);
	T_OK(done <= total);
	*s = (struct seen){s->calls + 1, done, total};
}

static void test_progress_ends_at_the_total(void)
{
	struct seen s = {0};
	struct verify_opts opts = {.rebuild = true, .progress = on_progress, .ctx = &s};
	struct verify_report r;

	look(NULL, 0, &opts, &r);
	T_OK(s.calls > 0);
	T_EQ(s.total, r.entries);
	T_EQ(s.done, s.total);
	verify_close(&r);
}

static int look_again(void)
{
	struct verify_report r;
	struct kv_txn *t;
	int err = kv_begin(g.kv, false, &t);

	if (err)
		return err;
	err = verify_store(t, &g.w.id, g.a, &g.guard, &rebuild, &r);
	if (!err) {
		T_OK(r.nproblems > 0); /* the guard is not this feed's */
		verify_close(&r);
	}
	kv_abort(t);
	return err;
}

static void test_every_allocation_may_fail(void)
{
	T_OOM(look_again());
}

/* --- other stores ---------------------------------------------------------------------------------- */
static void look_as(uint32_t own, const struct change *c, uint32_t n, struct verify_report *ret)
{
	struct kv_txn *t;

	T_EQ(kv_begin(g.kv, true, &t), ERR_OK);
	for (uint32_t i = 0; i < n; i++)
		apply(t, &c[i]);
	T_EQ(verify_store(t, &g.w.id, own, NULL, &rebuild, ret), ERR_OK);
	kv_abort(t);
}

/* The rows of the notes as village A would have them: what the hub acknowledged is about its own feed. */
static uint32_t village_notes(struct change *c, const struct held_row **ret_sealed)
{
	static uint8_t key[5], val[8 + HASH_BYTES];
	struct hash root;
	struct kv_txn *t;
	uint32_t n = 0;

	T_EQ(kv_begin(g.kv, false, &t), ERR_OK);
	T_EQ(feedlog_root(t, g.a, 9, &root), ERR_OK);
	kv_abort(t);
	be32_put(key, g.a);
	key[4] = SIGS_ACKED;
	be64_put(val, 9);
	memcpy(val + 8, root.b, HASH_BYTES);
	for (uint32_t i = 0; i < g.nrows; i++) {
		const struct held_row *r = &g.rows[i];

		if (r->tab == KV_NOTE && r->k[4] == SIGS_ACKED)
			c[n++] = (struct change){KV_NOTE, kv_bytes(r->k, r->kn), {NULL, 0}};
		if (r->tab == KV_NOTE && r->k[4] == SIGS_SEALED && be32_get(r->k) == g.a)
			*ret_sealed = r;
	}
	c[n++] = (struct change){KV_NOTE, kv_bytes(key, sizeof(key)), kv_bytes(val, sizeof(val))};
	return n;
}

static void test_a_village_judges_by_what_it_should_hold(void)
{
	const struct held_row *sealed = NULL;
	struct verify_report r;
	struct change c[4];
	uint32_t n = village_notes(c, &sealed);
	char feed[65];

	feed_hex(g.a, feed);
	look_as(g.a, NULL, 0, &r);
	T_EQ(r.nproblems, 1); /* an acknowledgement of a feed that is not its own */
	verify_close(&r);
	look_as(g.a, c, n, &r);
	print(&r);
	T_EQ(r.nproblems, 0);
	verify_close(&r);
	c[n] = (struct change){KV_NOTE, kv_bytes(sealed->k, sealed->kn), {NULL, 0}};
	look_as(g.a, c, n + 1, &r);
	T_EQ(r.nproblems, 1);
	T_OK(lists(&r, "note", feed, UINT64_MAX));
	verify_close(&r);
}

/* A hub without the feed of an enrolled village, and without any trace of it. */
static void test_a_village_that_vanished_is_missed(void)
{
	static struct change c[HELD_ROWS_MAX];
	struct verify_report r;
	struct feed_head h;
	struct kv_txn *t;
	uint32_t n = 0;

	T_EQ(kv_begin(g.kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, g.b, &h), ERR_OK);
	kv_abort(t);
	for (uint32_t i = 0; i < g.nrows; i++) {
		const struct held_row *row = &g.rows[i];
		size_t at = row->tab == KV_TXID ? TXID_BYTES : 0;
		bool index = row->tab == KV_FEED && row->kn > 4;

		if (index ? memcmp(row->k + 1, h.id.b, HASH_BYTES) == 0
			  : be32_get(row->k + at) == g.b)
			c[n++] = (struct change){row->tab, kv_bytes(row->k, row->kn), {NULL, 0}};
	}
	look(c, n, &rebuild, &r);
	T_EQ(r.nproblems, 1);
	T_OK(strstr(text_of(&r.problem[0], LANG_EN), HELD_CODE_B));
	verify_close(&r);
	look_as(g.a, c, n, &r); /* a village does not hold its neighbours */
	T_EQ(r.nproblems, 1);	/* (the acknowledgement, as above) */
	verify_close(&r);
}

static void test_a_new_store_has_no_problems(void)
{
	struct feed_head h;
	struct verify_report r;
	struct buf m = {0};
	char origin[ORIGIN_MAX];
	struct hash id;
	struct town w;
	struct kv_txn *t;
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	town_init(&w, kv, 3);
	for (uint32_t no = 1; no <= 2; no++) {
		T_EQ(kv_begin(kv, true, &t), ERR_OK);
		buf_reset(&m);
		town_manifest(&w, no == 1 ? "town" : "one", &m);
		manifest_feed_id(m.p, m.n, &id);
		origin_of(TOWN_DOMAIN, &id, origin);
		T_EQ(feedlog_create(t, m.p, m.n, origin, no, &h), ERR_OK);
		T_EQ(verify_store(t, &w.id, 2, NULL, &all, &r), ERR_OK);
		T_EQ(r.nproblems, no == 1 ? 1 : 0); /* the own feed is missing */
		T_EQ(r.feeds, no);
		verify_close(&r);
		T_EQ(verify_store(t, &h.id, no, NULL, &all, &r), ERR_OK);
		T_EQ(r.nproblems, no); /* another town's */
		verify_close(&r);
		T_EQ(kv_commit(t), ERR_OK);
	}
	buf_close(&m);
	town_close(&w);
	kv_close(kv);
}

/* Entries of another feed count only under its signature. */
static void test_an_entry_that_nobody_signed_for_is_told(void)
{
	struct verify_report r;
	char feed[65];

	feed_hex(g.a, feed);
	T_EQ(town_household(&g.w, g.a, "rec/" HELD_CODE_A, "070", 1), V_ACCEPTED);
	look(NULL, 0, &all, &r);
	T_EQ(r.nproblems, 1);
	T_OK(lists(&r, "note", feed, UINT64_MAX));
	verify_close(&r);
}

static void close_town(void)
{
	buf_close(&text[LANG_ZH]);
	buf_close(&text[LANG_EN]);
	held_close(&g);
}

T_MAIN_WITH(make_town, close_town, T(test_a_good_store_has_no_problems),
	    T(test_a_flipped_bit_in_any_row_is_found_and_named),
	    T(test_a_flipped_bit_in_any_byte_of_each_kind_is_found),
	    T(test_a_flipped_bit_in_any_key_is_found), T(test_any_missing_row_is_found_and_named),
	    T(test_values_that_change_places_are_found), T(test_a_surplus_row_is_found),
	    T(test_without_the_fold_all_but_the_fold_is_checked),
	    T(test_problems_name_village_and_balance),
	    T(test_a_row_is_shown_as_it_is_and_as_it_should_be),
	    T(test_another_format_of_the_state_is_one_problem),
	    T(test_many_problems_of_a_kind_are_cut_short), T(test_the_guard_is_compared),
	    T(test_a_good_signature_cannot_be_called_bad), T(test_progress_ends_at_the_total),
	    T(test_every_allocation_may_fail), T(test_a_village_judges_by_what_it_should_hold),
	    T(test_a_village_that_vanished_is_missed), T(test_a_new_store_has_no_problems),
	    T(test_an_entry_that_nobody_signed_for_is_told))
