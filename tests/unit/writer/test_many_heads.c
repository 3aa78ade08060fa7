#include "daemon/feed/feedlog.h"
#include "daemon/feed/sigs.h"
#include "lib/err.h"
#include "proto/manifest.h"
#include "tests/lib/pair.h"
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

T_MAIN(T(test_a_start_guards_more_heads_than_one_save_takes))
