#include "daemon/feed/feedlog.h"
#include "daemon/feed/sigs.h"
#include "lib/err.h"
#include "proto/manifest.h"
#include "tests/lib/pair.h"
#include "tests/lib/reads.h"
#include "tests/lib/t.h"

/* The guard of a hub that has cosigned more feeds than one save takes. */
#define MANY (2 * GUARD_CHANGED_MAX + 3)

static struct pair tw;

/* An empty feed of which this node says in the store that it has cosigned it. */
static void put_cosigned(struct kv_txn *t, uint32_t i)
{
	struct manifest m = {.town = tw.id};
	struct sigs_cosig c = {0};
	struct buf raw = {0};
	struct feed_head h;

	memcpy(m.feed_key, sign_key_public(tw.head), SIGN_KEY_BYTES);
	be32_put(m.nonce, i);
	T_EQ(manifest_pack(&m, &raw), ERR_OK);
	T_EQ(feedlog_create(t, raw.p, raw.n, "many.example/v/0", 0, &h), ERR_OK);
	buf_close(&raw);
	memcpy(c.witness, sign_key_public(tw.witness[PAIR_HUB]), SIGN_KEY_BYTES);
	c.size = 1 + i;
	T_EQ(sigs_cosig_put(t, h.no, &c), ERR_OK);
}

static void test_a_start_guards_more_heads_than_one_save_takes(void)
{
	struct pair_node hub;
	struct kv_txn *t;
	struct errmsg msg;
	uint32_t saves;

	pair_open(&tw);
	pair_node_open(&hub, &tw, PAIR_HUB, NULL);
	pair_node_stop(&hub);
	T_EQ(kv_begin(hub.kv, true, &t), ERR_OK);
	for (uint32_t i = 0; i < MANY; i++)
		put_cosigned(t, i);
	T_EQ(kv_commit(t), ERR_OK);
	saves = hub.guard_saves;
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(hub.guard.ncosigned, MANY);
	T_EQ(hub.guard_saves, saves + 3);
	for (uint32_t i = 0; i < MANY; i++)
		T_EQ(hub.guard.cosigned[i].size, 1 + i);
	pair_node_stop(&hub);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK); /* nothing is new */
	T_EQ(hub.guard_saves, saves + 3);
	pair_node_close(&hub);
	pair_close(&tw);
}

/* --- many witnesses of one feed --------------------------------------------------------------------- */

/* Rows of @n other witnesses of the town feed. */
static void put_witnesses(struct pair_node *hub, uint32_t n)
{
	struct sigs_cosig c = {.size = 1};
	struct kv_txn *t;

	T_EQ(kv_begin(hub->kv, true, &t), ERR_OK);
	for (uint32_t i = 0; i < n; i++) {
		be32_put(c.witness, i);
		T_EQ(sigs_cosig_put(t, FEED_TOWN, &c), ERR_OK);
	}
	T_EQ(kv_commit(t), ERR_OK);
}

/* How many rows are read for the first cosignature of a new witness beside @n others. */
static uint32_t read_beside(uint32_t n)
{
	struct job j = {.type = JOB_COSIG, .u.cosig = {.feed = tw.feed[PAIR_HUB], .size = 1}};
	struct job *jobs = &j;
	struct pair_node hub;
	struct pair_tx x = {0};
	uint32_t nread;
	struct kv_txn *t;

	pair_node_open(&hub, &tw, PAIR_HUB, NULL);
	pair_start_tx(&tw, 0, &x);
	pair_put(&hub, &x);
	pair_tx_close(&x);
	put_witnesses(&hub, n);
	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(feedlog_root(t, FEED_TOWN, 1, &j.u.cosig.root), ERR_OK);
	kv_abort(t);
	memcpy(j.u.cosig.witness, sign_key_public(tw.witness[PAIR_VILLAGE]), SIGN_KEY_BYTES);
	reads_begin(hub.kv);
	T_EQ(pair_run(&hub, &jobs, 1), ERR_OK);
	nread = reads_end();
	T_EQ(j.err, ERR_OK);
	pair_node_close(&hub);
	return nread;
}

static void test_a_new_witness_costs_the_same_beside_many_others(void)
{
	pair_open(&tw);
	T_EQ(read_beside(300), read_beside(3));
	pair_close(&tw);
}

T_MAIN(T(test_a_start_guards_more_heads_than_one_save_takes),
       T(test_a_new_witness_costs_the_same_beside_many_others))
