#include "daemon/verify/verify.h"

#include "daemon/feed/sigs.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/pair.h"
#include "tests/lib/t.h"

#define NOW_S	 1767225600
#define ROWS_MAX 256

static struct pair tw;

/* A row outside the store, to put back. */
struct row {
	enum kv_table tab;
	size_t kn, vn;
	uint8_t k[KV_KEY_MAX], v[1024];
};
static struct row rows[ROWS_MAX];
static uint32_t nrows;

static void run_one(struct pair_node *n, struct job *j)
{
	T_EQ(pair_run(n, &j, 1), ERR_OK);
	T_EQ(j->err, ERR_OK);
}

/* An entry whose author's signature is wrong, as a careless village could append it. */
static void force_unsigned(struct pair_node *v)
{
	struct pair_tx x = {0};
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct hash hash;
	struct feedlog f;
	struct kv_txn *t;
	struct entry e;

	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 999, &x);
	e = x.job.u.append.tx;
	e.sig[7] ^= 1;
	T_EQ(kv_begin(v->kv, true, &t), ERR_OK);
	T_EQ(feedlog_open(&f, t, PAIR_VILLAGE_NO), ERR_OK);
	e.seq = f.head.size;
	e.prev = f.head.last;
	entry_pack(&e, leaf);
	T_EQ(feedlog_append(&f, &e, leaf, buf_bytes(&x.payload), &hash), ERR_OK);
	T_EQ(feedlog_flush(&f), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	pair_tx_close(&x);
}

static void witness_both(struct pair_node *hub)
{
	struct job j = {.type = JOB_COSIG, .u.cosig = {.feed = tw.feed[PAIR_HUB], .size = 4}};
	struct checkpoint cp = {.size = 4};
	struct kv_txn *t;

	T_EQ(kv_begin(hub->kv, false, &t), ERR_OK);
	T_EQ(feedlog_root(t, FEED_TOWN, 4, &cp.root), ERR_OK);
	kv_abort(t);
	memcpy(cp.origin, tw.origin[PAIR_HUB], ORIGIN_MAX);
	j.u.cosig.root = cp.root;
	memcpy(j.u.cosig.witness, sign_key_public(tw.witness[PAIR_VILLAGE]), SIGN_KEY_BYTES);
	T_EQ(cosig_make(&cp, tw.witness[PAIR_VILLAGE], NOW_S, &j.u.cosig.cosig), ERR_OK);
	run_one(hub, &j);
	j = (struct job){.type = JOB_ACKED, .u.acked = {tw.feed[PAIR_HUB], 5}};
	run_one(hub, &j);
}

/* A hub with both feeds, refused entries, checkpoints, cosignatures, an acknowledged size. */
static void make_hub(struct pair_node *hub)
{
	struct pair_node v;
	struct pair_tx x = {0};
	struct buf chunk = {0};
	struct job j = {.type = JOB_INGEST};

	pair_node_open(hub, &tw, PAIR_HUB, NULL);
	for (uint32_t i = 0; i < PAIR_STARTED; i++) {
		pair_start_tx(&tw, i, &x);
		pair_put(hub, &x);
	}
	for (uint32_t i = 0; i < 2; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 1, i, &x);
		pair_put(hub, &x);
	}
	pair_node_open(&v, &tw, PAIR_VILLAGE, NULL);
	pair_chunk(hub, 0, PAIR_STARTED, &chunk);
	j.u.ingest.body = buf_bytes(&chunk);
	run_one(&v, &j);
	for (uint32_t i = 0; i < 3; i++) {
		pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, i, &x);
		pair_put(&v, &x);
	}
	force_unsigned(&v);
	pair_chunk(&v, 0, 4, &chunk);
	j.u.ingest = (struct job_ingest){.body = buf_bytes(&chunk), .now_s = NOW_S};
	run_one(hub, &j);
	T_EQ(j.u.ingest.refused, 1);
	T_OK(j.u.ingest.cosigned);
	witness_both(hub);
	T_OK(!writer_pending(hub->w));
	pair_tx_close(&x);
	buf_close(&chunk);
	pair_node_close(&v);
}

static void load_rows(struct kv *kv)
{
	struct kv_txn *t;

	nrows = 0;
	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	for (int tab = 0; tab < KV_NTABLES; tab++) {
		struct bytes k = {0}, v;
		struct kv_cursor *c;

		T_EQ(kv_cursor_open(t, (enum kv_table)tab, &c), ERR_OK);
		for (int err = kv_seek(c, KV_GE, k, &k, &v); !err;
		     err = kv_seek(c, KV_NEXT, k, &k, &v)) {
			struct row *r = &rows[nrows++];

			T_OK(nrows <= ROWS_MAX);
			T_OK(v.n <= sizeof(r->v));
			r->tab = (enum kv_table)tab;
			r->kn = k.n;
			r->vn = v.n;
			memcpy(r->k, k.p, k.n);
			memcpy(r->v, v.p, v.n);
		}
		kv_cursor_close(c);
	}
	kv_abort(t);
}

/* The number of problems after @change has been made in a transaction that is then thrown away. */
struct change {
	enum kv_table tab;
	struct bytes key;
	struct bytes val; /* p NULL: delete */
};

static uint32_t problems_after(struct pair_node *hub, const struct change *ch, bool signatures,
			       struct problem *ret_first)
{
	struct verify_opts opts = {.signatures = signatures, .rebuild = true};
	struct verify_report r;
	struct kv_txn *t;
	uint32_t n;

	T_EQ(kv_begin(hub->kv, true, &t), ERR_OK);
	if (ch && ch->val.p)
		T_EQ(kv_put(t, ch->tab, ch->key, ch->val), ERR_OK);
	else if (ch)
		T_EQ(kv_del(t, ch->tab, ch->key), ERR_OK);
	T_EQ(verify_store(t, &tw.id, FEED_TOWN, &hub->guard, &opts, &r), ERR_OK);
	n = r.nproblems;
	if (n && ret_first)
		*ret_first = r.problem[0];
	if (!ch) {
		T_EQ(r.feeds, 2);
		T_EQ(r.entries, 9);
	}
	verify_close(&r);
	kv_abort(t);
	return n;
}

static void flip_is_found(struct pair_node *hub, const struct row *r, size_t at)
{
	struct row bad = *r;
	struct change ch = {bad.tab, kv_bytes(bad.k, bad.kn), kv_bytes(bad.v, bad.vn)};
	struct problem first = {0};

	bad.v[at] ^= (uint8_t)(1 << at % 8);
	if (problems_after(hub, &ch, r->tab == KV_ENTRY, &first) == 0)
		t_fail(__FILE__, __LINE__, "table %s, key byte 4 %02x, value byte %zu of %zu",
		       kv_table_name(r->tab), bad.k[4], at, r->vn);
	T_OK(first.id != PROBLEM_MORE);
	T_OK(first.table[0] != '\0');
}

static void open_town(void)
{
	pair_open(&tw);
}

static void test_a_good_store_has_no_problems(void)
{
	struct problem first = {0};
	struct pair_node hub;

	make_hub(&hub);
	if (problems_after(&hub, NULL, true, &first))
		t_fail(__FILE__, __LINE__, "%s: %s", first.table, problem_name(first.id));
	T_EQ(problems_after(&hub, NULL, false, NULL), 0);
	pair_node_close(&hub);
}

/* All bytes of one row of each kind; of every other row one byte. */
static void test_every_flipped_bit_is_found(void)
{
	bool seen[KV_NTABLES][256] = {{false}};
	uint32_t whole = 0;
	struct pair_node hub;

	make_hub(&hub);
	load_rows(hub.kv);
	for (uint32_t i = 0; i < nrows; i++) {
		const struct row *r = &rows[i];
		uint8_t kind = r->tab == KV_STATE || r->tab == KV_NOTE ? r->k[4]
			       : r->tab == KV_FEED		       ? r->k[0]
			       : r->tab == KV_TREE		       ? r->k[4]
								       : 0;

		if (seen[r->tab][kind]) {
			if (r->vn)
				flip_is_found(&hub, r, i * 31 % r->vn);
			continue;
		}
		seen[r->tab][kind] = true;
		whole++;
		for (size_t at = 0; at < r->vn; at++)
			flip_is_found(&hub, r, at);
	}
	T_OK(seen[KV_NOTE][SIGS_SEALED]);
	T_OK(seen[KV_NOTE][SIGS_COSIG]);
	T_OK(seen[KV_NOTE][SIGS_ACKED]);
	T_OK(seen[KV_FEED][0xff]);
	T_OK(seen[KV_VERDICT][0]);
	T_OK(seen[KV_TXID][0]);
	T_OK(seen[KV_TREE][0]);
	T_OK(whole > 15);
	pair_node_close(&hub);
}

static void test_every_missing_row_is_found(void)
{
	struct pair_node hub;

	make_hub(&hub);
	load_rows(hub.kv);
	for (uint32_t i = 0; i < nrows; i++) {
		const struct row *r = &rows[i];
		struct change ch = {.tab = r->tab, .key = kv_bytes(r->k, r->kn)};

		/* what others said may be forgotten; nothing shows that it was there */
		if (r->tab == KV_NOTE && (r->k[4] != SIGS_SEALED || r->k[3] == FEED_TOWN))
			continue;
		if (problems_after(&hub, &ch, false, NULL) == 0)
			t_fail(__FILE__, __LINE__, "table %s, row %u, key byte 4 %02x",
			       kv_table_name(r->tab), i, r->k[4]);
	}
	pair_node_close(&hub);
}

static void test_every_stray_row_is_found(void)
{
	struct pair_node hub;

	make_hub(&hub);
	load_rows(hub.kv);
	for (uint32_t i = 0; i < nrows; i++) {
		struct row stray = rows[i];
		struct change ch = {stray.tab, kv_bytes(stray.k, stray.kn),
				    kv_bytes(stray.v, stray.vn)};

		for (size_t at = 0; at < stray.kn; at++) {
			stray.k[at] ^= 0x41;
			if (problems_after(&hub, &ch, false, NULL) == 0)
				t_fail(__FILE__, __LINE__, "table %s, key byte %zu of %zu",
				       kv_table_name(stray.tab), at, stray.kn);
			stray.k[at] ^= 0x41;
		}
	}
	struct change meta = {KV_META, kv_bytes("x", 1), kv_bytes("y", 1)};
	T_OK(problems_after(&hub, &meta, false, NULL) > 0);
	pair_node_close(&hub);
}

/* The report says where: feed, village, entry. */
static void test_a_problem_names_its_entry(void)
{
	uint8_t key[12] = {0, 0, 0, PAIR_VILLAGE_NO};
	struct problem first = {0};
	struct pair_node hub;
	char hex[65];

	make_hub(&hub);
	load_rows(hub.kv);
	be64_put(key + 4, 1);
	for (uint32_t i = 0; i < nrows; i++) {
		struct row bad = rows[i];
		struct change ch = {KV_ENTRY, kv_bytes(bad.k, bad.kn), kv_bytes(bad.v, bad.vn)};

		if (bad.tab != KV_ENTRY || memcmp(bad.k, key, sizeof(key)) != 0)
			continue;
		/* wall clock, author signature, payload: the entry, and that nothing can be folded */
		static const size_t at[] = {92, 240, ENTRY_LEAF_BYTES + 30};
		for (size_t k = 0; k < 3; k++) {
			bad.v[at[k]] ^= 1;
			T_EQ(problems_after(&hub, &ch, false, &first), 2);
			bad.v[at[k]] ^= 1;
			T_EQ(first.entry, 1);
			T_STR(first.table, "entry");
			T_STR(first.feed, hash_hex(&tw.feed[PAIR_VILLAGE], 64, hex));
			T_STR(first.label, "石桥村");
		}
	}
	T_STR(first.table, "entry");
	pair_node_close(&hub);
}

static void test_the_guard_is_compared(void)
{
	struct pair_node hub;
	struct guard good;

	make_hub(&hub);
	good = hub.guard;
	for (size_t at = 4; at < sizeof(good); at++) {
		struct guard bad = good;

		((uint8_t *)&bad)[at] ^= 1;
		if (!memcmp(&bad.size, &good.size, 8) && !memcmp(&bad.root, &good.root, 32) &&
		    !memcmp(bad.sig, good.sig, SIGN_BYTES))
			continue; /* padding */
		hub.guard = bad;
		T_OK(problems_after(&hub, NULL, false, NULL) > 0);
	}
	hub.guard = good;
	hub.guard.epoch++;
	T_OK(problems_after(&hub, NULL, false, NULL) > 0);
	hub.guard = good;
	T_EQ(problems_after(&hub, NULL, false, NULL), 0);
	pair_node_close(&hub);
}

static void test_a_forged_author_is_found_with_signatures_only(void)
{
	struct verify_opts opts = {.signatures = true};
	struct verify_report r;
	struct pair_node hub;
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct kv_txn *t;

	make_hub(&hub);
	pair_grant_tx(&tw, PAIR_HUB, 1, 77, &x);
	x.job.u.append.tx.sig[3] ^= 1; /* and author_ok says that it is good */
	T_EQ(pair_run(&hub, &j, 1), ERR_OK);
	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(verify_store(t, &tw.id, FEED_TOWN, &hub.guard, &opts, &r), ERR_OK);
	T_EQ(r.nproblems, 1);
	T_EQ(r.problem[0].entry, 5);
	verify_close(&r);
	opts.signatures = false;
	T_EQ(verify_store(t, &tw.id, FEED_TOWN, &hub.guard, &opts, &r), ERR_OK);
	T_EQ(r.nproblems, 0);
	verify_close(&r);
	kv_abort(t);
	pair_tx_close(&x);
	pair_node_close(&hub);
}

static int verify_again(struct pair_node *hub)
{
	struct verify_opts opts = {.rebuild = true};
	struct verify_report r;
	struct kv_txn *t;
	int err = kv_begin(hub->kv, false, &t);

	if (err)
		return err;
	err = verify_store(t, &tw.id, FEED_TOWN, NULL, &opts, &r);
	if (!err) {
		T_EQ(r.nproblems, 1);
		verify_close(&r);
	}
	kv_abort(t);
	return err;
}

static void test_every_allocation_may_fail(void)
{
	struct pair_node hub;
	struct kv_txn *t;

	make_hub(&hub);
	T_EQ(kv_begin(hub.kv, true, &t), ERR_OK);
	T_EQ(kv_put(t, KV_META, kv_bytes("x", 1), kv_bytes("y", 1)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	T_OOM(verify_again(&hub));
	pair_node_close(&hub);
}

static void close_town(void)
{
	pair_close(&tw);
}

T_MAIN_WITH(open_town, close_town, T(test_a_good_store_has_no_problems),
	    T(test_every_flipped_bit_is_found), T(test_every_missing_row_is_found),
	    T(test_every_stray_row_is_found), T(test_a_problem_names_its_entry),
	    T(test_the_guard_is_compared),
	    T(test_a_forged_author_is_found_with_signatures_only, "R03"),
	    T(test_every_allocation_may_fail))
