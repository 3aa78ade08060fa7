/* A store that is damaged, or older than what was sent from it: who notices, and who is blamed. */
#include "daemon/exchange/node.h"

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/wire.h"

/* Flips a bit in a row of the store, of its last byte when there is no @byte, behind everybody's back. */
static void damage(struct host *h, enum kv_table tab, uint32_t no, uint64_t which, size_t byte)
{
	uint8_t prefix[4], row[20000], key[64];
	struct kv_cursor *c;
	struct kv_txn *t;
	struct bytes k, v;
	size_t vn, kn;

	be32_put(prefix, no);
	T_EQ(kv_begin(h->kv, true, &t), ERR_OK);
	T_EQ(kv_cursor_open(t, tab, &c), ERR_OK);
	T_EQ(kv_seek(c, KV_GE, kv_bytes(prefix, 4), &k, &v), ERR_OK);
	while (which-- > 0)
		T_EQ(kv_seek(c, KV_NEXT, k, &k, &v), ERR_OK);
	memcpy(row, v.p, vn = v.n);
	memcpy(key, k.p, kn = k.n);
	kv_cursor_close(c);
	row[byte < vn ? byte : vn - 1] ^= 0x10;
	T_EQ(kv_put(t, tab, kv_bytes(key, kn), kv_bytes(row, vn)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

static void test_a_refused_chunk_alarms_both_sides(void)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct wire w;

	wire_up(&w, 19);
	w.no_dial = true;
	wire_cut(&w);
	wire_grants(&w, VILLAGE, 3);
	damage(&w.h[VILLAGE], KV_ENTRY, w.h[VILLAGE].own_no, 1, ENTRY_LEAF_BYTES - 1);
	w.no_dial = false;
	wire_pass(&w, 3000);
	T_EQ(wire_size(&w, HUB, VILLAGE), 0);
	T_EQ(wire_alarms(&w, HUB, a), 1);
	T_MEM(a[0].feed.b, w.h[VILLAGE].feed.b, HASH_BYTES);
	T_EQ(a[0].id, ALARM_PEER_INVALID);
	T_EQ(a[0].err, ERR_CORRUPT);
	T_EQ(a[0].seq, 1);
	T_EQ(wire_alarms(&w, VILLAGE, a), 1);
	T_EQ(a[0].id, ALARM_OWN_REFUSED);
	T_MEM(a[0].peer.b, w.h[HUB].feed.b, HASH_BYTES);
	T_EQ(a[0].seq, 1);
	T_OK(strstr(w.closed[VILLAGE], "refused entry 1") != NULL);
	T_OK(w.dials < 5);
	/* the town feed is not held up for ever by it */
	wire_grants(&w, HUB, 1);
	wire_pass(&w, 600000);
	T_EQ(wire_size(&w, VILLAGE, HUB), 4);
	/* and what reads well again is sent again */
	damage(&w.h[VILLAGE], KV_ENTRY, w.h[VILLAGE].own_no, 1, ENTRY_LEAF_BYTES - 1);
	wire_pass(&w, 600000);
	T_EQ(wire_size(&w, HUB, VILLAGE), 3);
	wire_check_equal(&w);
	wire_close(&w);
}

/* Makes every row of a table about feed @no one byte longer. */
static void spoil(struct host *h, enum kv_table tab, uint32_t no)
{
	uint8_t row[20000], key[64];
	struct bytes k = {0}, v;
	struct kv_cursor *c;
	struct kv_txn *t;
	uint64_t n = 0;

	be32_put(key, no);
	T_EQ(kv_begin(h->kv, true, &t), ERR_OK);
	T_EQ(kv_cursor_open(t, tab, &c), ERR_OK);
	for (int err = kv_seek(c, KV_GE, kv_bytes(key, 4), &k, &v);
	     !err && be32_get(k.p) == no && n < 1000; n++) {
		size_t kn = k.n;

		memcpy(key, k.p, kn);
		memcpy(row, v.p, v.n);
		row[v.n] = 0xff;
		T_EQ(kv_put(t, tab, kv_bytes(key, kn), kv_bytes(row, v.n + 1)), ERR_OK);
		err = kv_seek(c, KV_GE, kv_bytes(key, kn), &k, &v);
		if (!err)
			err = kv_seek(c, KV_NEXT, k, &k, &v);
	}
	kv_cursor_close(c);
	T_OK(n > 0);
	T_EQ(kv_commit(t), ERR_OK);
}

static void nobody_else_is_blamed(bool flip, enum kv_table tab, size_t byte)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct wire w;

	wire_up(&w, 31);
	wire_grants(&w, VILLAGE, 3);
	wire_run(&w);
	w.no_dial = true;
	if (flip)
		damage(&w.h[HUB], tab, 2, 0, byte);
	else
		spoil(&w.h[HUB], tab, 2);
	wire_grants(&w, VILLAGE, 1);
	wire_run(&w);
	T_EQ(wire_alarms(&w, VILLAGE, a), 0);
	T_OK(strstr(w.closed[VILLAGE], "refused") == NULL);
	T_EQ(wire_alarms(&w, HUB, a), 1);
	T_EQ(a[0].err, ERR_CORRUPT);
	T_EQ(a[0].id, ALARM_PEER_DAMAGED);
	T_EQ(w.unasked, 0); /* each line says who caused it, so that the driver can limit them */
	wire_close(&w);
}

static void test_damage_at_the_receiver_is_not_the_senders_fault(void)
{
	nobody_else_is_blamed(false, KV_FEED, 0);
	nobody_else_is_blamed(true, KV_FEED, 76);	/* hash of the last leaf */
	nobody_else_is_blamed(true, KV_FEED, SIZE_MAX); /* the edge of the tree */
}

static void test_a_flipped_tree_node_is_never_signed(void)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct wire w;

	wire_up(&w, 20);
	w.no_dial = true;
	wire_cut(&w);
	for (unsigned i = 0; i < 5; i++)
		wire_grants(&w, VILLAGE, 100);
	damage(&w.h[VILLAGE], KV_TREE, w.h[VILLAGE].own_no, 32, 40); /* level 4 */
	w.no_dial = false;
	wire_pass(&w, 3000);
	T_EQ(wire_size(&w, HUB, VILLAGE), 0);
	T_EQ(wire_alarms(&w, HUB, a), 0);
	T_EQ(wire_alarms(&w, VILLAGE, a), 1);
	T_EQ(a[0].id, ALARM_OWN_DAMAGED);
	T_EQ(a[0].err, ERR_CORRUPT);
	wire_close(&w);
}

/* What the own store no longer has right is not the fault of those who cosigned it. */
static void test_a_cosignature_over_a_damaged_tree_is_no_lie(void)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct wire w;

	wire_up(&w, 30);
	wire_grants(&w, VILLAGE, 5);
	wire_run(&w);
	wire_cut(&w);
	damage(&w.h[VILLAGE], KV_TREE, w.h[VILLAGE].own_no, 0, 8);
	wire_pass(&w, NODE_BACKOFF_MS_MAX);
	T_EQ(wire_alarms(&w, HUB, a), 0);
	T_OK(wire_alarms(&w, VILLAGE, a) > 0);
	T_EQ(a[0].err, ERR_CORRUPT);
	T_OK(strstr(w.closed[VILLAGE], "does not verify") == NULL);
	wire_close(&w);
}

static void test_an_older_copy_is_noticed_by_both(void)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct wire w, old;

	wire_up(&w, 21);
	wire_grants(&w, VILLAGE, 5);
	wire_run(&w);
	T_EQ(wire_size(&w, HUB, VILLAGE), 5);
	/* a twin with the same keys that never wrote anything */
	wire_open(&old, 21);
	host_crash(&w.h[VILLAGE], NULL, NULL);
	wire_cut(&w);
	{
		struct kv *kv = w.h[VILLAGE].kv;

		w.h[VILLAGE].kv = old.h[VILLAGE].kv;
		old.h[VILLAGE].kv = kv;
		guarddisk_lose(&w.h[VILLAGE].guard);
	}
	wire_start(&w);
	wire_pass(&w, 3000);
	T_EQ(wire_alarms(&w, VILLAGE, a), 1);
	T_EQ(a[0].id, ALARM_OWN_OLDER);
	T_EQ(a[0].num[0], 5);
	T_EQ(a[0].num[1], 0);
	T_MEM(a[0].feed.b, w.h[VILLAGE].feed.b, HASH_BYTES);
	T_EQ(wire_alarms(&w, HUB, a), 1);
	T_EQ(a[0].id, ALARM_PEER_OLDER);
	T_MEM(a[0].peer.b, w.h[VILLAGE].feed.b, HASH_BYTES);
	/* what it writes now is another history: it stays here, and the town feed still moves */
	T_EQ(wire_size(&w, VILLAGE, HUB), 3);
	wire_grants(&w, VILLAGE, 5);
	wire_grants(&w, HUB, 1);
	wire_pass(&w, 1000);
	T_EQ(wire_size(&w, HUB, VILLAGE), 5);
	T_EQ(wire_size(&w, VILLAGE, HUB), 4);
	wire_cut(&w);
	wire_pass(&w, 600000);
	T_EQ(wire_alarms(&w, HUB, a), 2); /* equal sizes, other roots */
	T_EQ(wire_size(&w, HUB, VILLAGE), 5);
	wire_close(&w);
	wire_close(&old);
}

/* What a machine had on its disks at some time: store and guard. */
struct backup {
	struct kv *kv;
	struct guard guard;
};

static void back_up(struct host *h, struct backup *ret)
{
	struct kv_txn *t;

	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	ret->kv = host_store_of(t);
	kv_abort(t);
	writer_head(h->writer, &ret->guard);
}

static void restore(struct wire *w, unsigned side, const struct backup *b)
{
	struct host *h = &w->h[side];

	host_crash(h, NULL, NULL);
	wire_cut(w);
	kv_close(h->kv);
	h->kv = b->kv;
	guarddisk_lose(&h->guard);
	T_EQ(guarddisk_save(&h->guard, &b->guard), ERR_OK);
	T_EQ(host_start(h, 9, NULL), ERR_OK);
}

/* One side comes back from an old copy. Its own feed stands still and says why; the other one moves, also
 * after the connection was made anew: what each has cosigned before is no reason to hang up. */
static void come_back_older(unsigned side)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct wire w;
	struct backup b;
	uint32_t dials;

	wire_up(&w, 29);
	wire_grants(&w, VILLAGE, 1);
	wire_run(&w);
	back_up(&w.h[side], &b);
	wire_grants(&w, VILLAGE, 2);
	wire_grants(&w, HUB, 2);
	wire_run(&w);
	wire_check_equal(&w);
	restore(&w, side, &b);
	wire_pass(&w, NODE_BACKOFF_MS_MAX);
	for (unsigned again = 0; again < 2; again++) {
		T_OK(wire_linked(&w, HUB));
		T_OK(wire_linked(&w, VILLAGE));
		T_EQ(wire_alarms(&w, side, a), 1);
		T_EQ(a[0].id, ALARM_OWN_OLDER);
		T_MEM(a[0].feed.b, w.h[side].feed.b, HASH_BYTES);
		T_EQ(wire_alarms(&w, !side, a), 1);
		T_EQ(a[0].id, ALARM_PEER_OLDER);
		T_MEM(a[0].feed.b, w.h[side].feed.b, HASH_BYTES);
		/* what the hub has of another history is not ours */
		T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, side == HUB ? 3 : 0);
		/* the older one gets back what it had of the other's feed, and what is new there
		 * (but the hub cannot judge what names entries that it has lost: SPEC 9.6) */
		if (side == VILLAGE)
			wire_grants(&w, HUB, 2);
		wire_run(&w);
		T_EQ(wire_size(&w, side, !side), wire_size(&w, !side, !side));
		dials = w.dials;
		wire_pass(&w, 3600000);
		T_EQ(w.dials, dials);
		wire_cut(&w);
		wire_pass(&w, NODE_BACKOFF_MS_MAX);
	}
	wire_close(&w);
}

static void test_after_a_restore_the_other_feed_still_moves(void)
{
	come_back_older(HUB);
	come_back_older(VILLAGE);
}

static void test_status_forgets_what_the_hub_has_lost(void)
{
	static struct wire w;
	struct backup b;

	wire_up(&w, 38);
	back_up(&w.h[HUB], &b);
	wire_grants(&w, VILLAGE, 2);
	wire_run(&w);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 2);
	restore(&w, HUB, &b);
	w.h[HUB].node->njobs = NODE_JOBS_MAX; /* it stores nothing yet */
	wire_pass(&w, 5000);
	T_OK(wire_linked(&w, VILLAGE));
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 0);
	w.h[HUB].node->njobs = 0;
	host_feed(&w.h[HUB], &(struct event){.type = EV_TICK});
	wire_run(&w);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 2);
	wire_no_alarms(&w);
	wire_close(&w);
}

T_MAIN(T(test_a_refused_chunk_alarms_both_sides),
       T(test_damage_at_the_receiver_is_not_the_senders_fault),
       T(test_a_flipped_tree_node_is_never_signed),
       T(test_a_cosignature_over_a_damaged_tree_is_no_lie),
       T(test_an_older_copy_is_noticed_by_both), T(test_after_a_restore_the_other_feed_still_moves),
       T(test_status_forgets_what_the_hub_has_lost))
