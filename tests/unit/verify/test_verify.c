#include "daemon/verify/verify.h"

#include "daemon/feed/sigs.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/held.h"
#include "tests/lib/stage.h"
#include "tests/lib/t.h"

static struct held_row rows[HELD_ROWS_MAX];
static uint32_t nrows;

/* A hub with both feeds, refused entries, checkpoints, cosignatures, an acknowledged size. One entry of the village
 * has a wrong signature of its author, as a careless village could append it. */
static void make_hub(void)
{
	struct pair_tx x = {0};
	struct job j;

	stage_hub(&hub, 0);
	stage_grants(&hub, 1, 0, 2);
	stage_village(&village, 0);
	stage_grants(&village, PAIR_STARTED, 0, 3);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 999, &x);
	x.job.u.append.tx.sig[7] ^= 1;
	stage_force(&village, &x);
	pair_tx_close(&x);
	pair_chunk(&village, 0, 4, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.refused, 1);
	T_OK(j.u.ingest.cosigned);
	T_EQ(stage_cosig(&hub, PAIR_HUB, PAIR_VILLAGE, 4, false), ERR_OK);
	T_EQ(stage_acked(&hub, PAIR_HUB, 5), ERR_OK);
	T_OK(!writer_pending(hub.w));
	nrows = held_rows(hub.kv, rows, HELD_ROWS_MAX);
}

/* The number of problems after @change has been made in a transaction that is then thrown away. */
struct change {
	enum kv_table tab;
	struct bytes key;
	struct bytes val; /* p NULL: delete */
};

static uint32_t problems_after(const struct change *ch, bool signatures, struct problem *ret_first)
{
	struct verify_opts opts = {.signatures = signatures, .rebuild = true};
	struct verify_report r;
	struct kv_txn *t;
	uint32_t n;

	T_EQ(kv_begin(hub.kv, true, &t), ERR_OK);
	if (ch && ch->val.p)
		T_EQ(kv_put(t, ch->tab, ch->key, ch->val), ERR_OK);
	else if (ch)
		T_EQ(kv_del(t, ch->tab, ch->key), ERR_OK);
	T_EQ(verify_store(t, &tw.id, FEED_TOWN, &hub.guard, &opts, &r), ERR_OK);
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

static void flip_is_found(const struct held_row *r, size_t at)
{
	struct held_row bad = *r;
	struct change ch = {bad.tab, kv_bytes(bad.k, bad.kn), kv_bytes(bad.v, bad.vn)};
	struct problem first = {0};

	bad.v[at] ^= (uint8_t)(1 << at % 8);
	if (problems_after(&ch, r->tab == KV_ENTRY, &first) == 0)
		t_fail(__FILE__, __LINE__, "table %s, key byte 4 %02x, value byte %zu of %zu",
		       kv_table_name(r->tab), bad.k[4], at, r->vn);
	T_OK(first.id != PROBLEM_MORE);
	T_OK(first.table[0] != '\0');
}

static void test_a_good_store_has_no_problems(void)
{
	struct problem first = {0};

	make_hub();
	if (problems_after(NULL, true, &first))
		t_fail(__FILE__, __LINE__, "%s: %s", first.table, problem_name(first.id));
	T_EQ(problems_after(NULL, false, NULL), 0);
}

/* All bytes of one row of each kind; of every other row one byte. */
static void test_every_flipped_bit_is_found(void)
{
	bool seen[KV_NTABLES][256] = {{false}};
	uint32_t whole = 0;

	make_hub();
	for (uint32_t i = 0; i < nrows; i++) {
		const struct held_row *r = &rows[i];
		uint8_t kind = held_kind(r);

		if (seen[r->tab][kind]) {
			if (r->vn)
				flip_is_found(r, i * 31 % r->vn);
			continue;
		}
		seen[r->tab][kind] = true;
		whole++;
		for (size_t at = 0; at < r->vn; at++)
			flip_is_found(r, at);
	}
	T_OK(seen[KV_NOTE][SIGS_SEALED]);
	T_OK(seen[KV_NOTE][SIGS_COSIG]);
	T_OK(seen[KV_NOTE][SIGS_ACKED]);
	T_OK(seen[KV_FEED][0xff]);
	T_OK(seen[KV_VERDICT][0]);
	T_OK(seen[KV_TXID][0]);
	T_OK(seen[KV_TREE][0]);
	T_OK(whole > 15);
}

static void test_every_missing_row_is_found(void)
{
	make_hub();
	for (uint32_t i = 0; i < nrows; i++) {
		const struct held_row *r = &rows[i];
		struct change ch = {.tab = r->tab, .key = kv_bytes(r->k, r->kn)};

		/* what others said may be forgotten; nothing shows that it was there */
		if (r->tab == KV_NOTE && (r->k[4] != SIGS_SEALED || r->k[3] == FEED_TOWN))
			continue;
		if (problems_after(&ch, false, NULL) == 0)
			t_fail(__FILE__, __LINE__, "table %s, row %u, key byte 4 %02x",
			       kv_table_name(r->tab), i, r->k[4]);
	}
}

static void test_every_stray_row_is_found(void)
{
	make_hub();
	for (uint32_t i = 0; i < nrows; i++) {
		struct held_row stray = rows[i];
		struct change ch = {stray.tab, kv_bytes(stray.k, stray.kn),
				    kv_bytes(stray.v, stray.vn)};

		for (size_t at = 0; at < stray.kn; at++) {
			stray.k[at] ^= 0x41;
			if (problems_after(&ch, false, NULL) == 0)
				t_fail(__FILE__, __LINE__, "table %s, key byte %zu of %zu",
				       kv_table_name(stray.tab), at, stray.kn);
			stray.k[at] ^= 0x41;
		}
	}
	struct change meta = {KV_META, kv_bytes("x", 1), kv_bytes("y", 1)};
	T_OK(problems_after(&meta, false, NULL) > 0);
}

/* The report says where: feed, village, entry. */
static void test_a_problem_names_its_entry(void)
{
	uint8_t key[12] = {0, 0, 0, PAIR_VILLAGE_NO};
	struct problem first = {0};
	char hex[65];

	make_hub();
	be64_put(key + 4, 1);
	for (uint32_t i = 0; i < nrows; i++) {
		struct held_row bad = rows[i];
		struct change ch = {KV_ENTRY, kv_bytes(bad.k, bad.kn), kv_bytes(bad.v, bad.vn)};

		if (bad.tab != KV_ENTRY || memcmp(bad.k, key, sizeof(key)) != 0)
			continue;
		/* wall clock, author signature, payload: the entry, and that nothing can be folded */
		static const size_t at[] = {92, 240, ENTRY_LEAF_BYTES + 30};
		for (size_t k = 0; k < 3; k++) {
			bad.v[at[k]] ^= 1;
			T_EQ(problems_after(&ch, false, &first), 2);
			bad.v[at[k]] ^= 1;
			T_EQ(first.entry, 1);
			T_STR(first.table, "entry");
			T_STR(first.feed, hash_hex(&tw.feed[PAIR_VILLAGE], 64, hex));
			T_STR(first.label, "石桥村");
		}
	}
	T_STR(first.table, "entry");
}

static void test_the_guard_is_compared(void)
{
	struct guard good;

	make_hub();
	good = hub.guard;
	for (size_t at = 4; at < sizeof(good); at++) {
		struct guard bad = good;

		((uint8_t *)&bad)[at] ^= 1;
		if (!memcmp(&bad.size, &good.size, 8) && !memcmp(&bad.root, &good.root, 32) &&
		    !memcmp(bad.sig, good.sig, SIGN_BYTES))
			continue; /* padding */
		hub.guard = bad;
		T_OK(problems_after(NULL, false, NULL) > 0);
	}
	hub.guard = good;
	hub.guard.epoch++;
	T_OK(problems_after(NULL, false, NULL) > 0);
	hub.guard = good;
	T_EQ(problems_after(NULL, false, NULL), 0);
}

static void test_a_forged_author_is_found_with_signatures_only(void)
{
	struct verify_opts opts = {.signatures = true};
	struct verify_report r;
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct kv_txn *t;

	make_hub();
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
}

static int verify_again(void)
{
	struct verify_opts opts = {.rebuild = true};
	struct verify_report r;
	struct kv_txn *t;
	int err = kv_begin(hub.kv, false, &t);

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
	struct kv_txn *t;

	make_hub();
	T_EQ(kv_begin(hub.kv, true, &t), ERR_OK);
	T_EQ(kv_put(t, KV_META, kv_bytes("x", 1), kv_bytes("y", 1)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	T_OOM(verify_again());
}

T_MAIN_WITH(stage_open, stage_close, T(test_a_good_store_has_no_problems),
	    T(test_every_flipped_bit_is_found), T(test_every_missing_row_is_found),
	    T(test_every_stray_row_is_found), T(test_a_problem_names_its_entry),
	    T(test_the_guard_is_compared),
	    T(test_a_forged_author_is_found_with_signatures_only, "R03"),
	    T(test_every_allocation_may_fail))
