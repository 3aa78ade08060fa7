/* What a writer must not believe: a guard that somebody else signed, a transaction that was here long ago, witnesses
 * of an older head. */
#include "daemon/feed/sigs.h"
#include "daemon/ledger/state/read.h"
#include "daemon/writer/halt.h"
#include "lib/err.h"
#include "tests/lib/pair.h"
#include "tests/lib/t.h"

#define MANY                                                                                       \
	300 /* entries between a transaction and its replay: more than a chunk or a batch has */

static struct pair tw;
static struct pair_node hub, village;
static struct pair_tx tx;

static void open_town(void)
{
	pair_open(&tw);
	pair_node_open(&hub, &tw, PAIR_HUB, NULL);
	for (uint32_t i = 0; i < PAIR_STARTED; i++) {
		pair_start_tx(&tw, i, &tx);
		pair_put(&hub, &tx);
	}
}

static int ingest(struct pair_node *n, struct bytes chunk)
{
	struct job j = {.type = JOB_INGEST, .u.ingest = {.body = chunk, .now_s = 1}}, *one = &j;
	uint64_t from;
	uint32_t count;

	T_EQ(chunk_peek(chunk.p, chunk.n, &j.u.ingest.feed, &from, &count), ERR_OK);
	T_EQ(pair_run(n, &one, 1), ERR_OK);
	return j.err;
}

static void open_village(void)
{
	struct buf chunk = {0};

	pair_node_open(&village, &tw, PAIR_VILLAGE, NULL);
	pair_chunk(&hub, 0, PAIR_STARTED, &chunk);
	T_EQ(ingest(&village, buf_bytes(&chunk)), ERR_OK);
	buf_close(&chunk);
}

static void close_town(void)
{
	pair_tx_close(&tx);
	if (village.kv)
		pair_node_close(&village);
	pair_node_close(&hub);
	pair_close(&tw);
}

/* --- the guard -------------------------------------------------------------------------------------- */

/* Size and root are right: whoever may write the guard file may not let this node go on from a head that its key has
 * not signed. */
static void test_a_guard_signed_by_another_key_stops_the_writer(void)
{
	struct checkpoint c = {.size = PAIR_STARTED};
	struct errmsg why = {0};
	struct guard good;

	pair_node_stop(&hub);
	good = hub.guard;
	T_EQ(good.size, PAIR_STARTED);
	memcpy(c.origin, tw.origin[PAIR_HUB], ORIGIN_MAX);
	c.root = good.root;
	T_EQ(checkpoint_sign(&c, tw.witness[PAIR_HUB], hub.guard.sig), ERR_OK);
	T_EQ(pair_node_start(&hub, &why), ERR_FORK);
	T_EQ(halt_of(&why).id, HALT_GUARD_FOREIGN);
	hub.guard = good;
	hub.guard.sig[63] ^= 1;
	T_EQ(pair_node_start(&hub, &why), ERR_FORK);
	hub.guard = good;
	T_EQ(pair_node_start(&hub, &why), ERR_OK);
}

/* --- replays ---------------------------------------------------------------------------------------- */

/* Appends what the writer of an honest village would not. */
static void force(const struct entry *tx_before, struct bytes payload)
{
	struct entry e = *tx_before;
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct feedlog f;
	struct hash hash;
	struct kv_txn *t;

	T_EQ(kv_begin(village.kv, true, &t), ERR_OK);
	T_EQ(feedlog_open(&f, t, PAIR_VILLAGE_NO), ERR_OK);
	e.seq = f.head.size;
	e.prev = f.head.last;
	entry_pack(&e, leaf);
	T_EQ(feedlog_append(&f, &e, leaf, payload, &hash), ERR_OK);
	T_EQ(feedlog_flush(&f), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

static void verdict_is(uint64_t seq, enum verdict_id id, int64_t num)
{
	struct verdict v;
	struct kv_txn *t;

	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(read_verdict(t, PAIR_VILLAGE_NO, seq, &v), ERR_OK);
	kv_abort(t);
	T_STR(reason_name(v.reason.id), reason_name(id));
	T_EQ(v.reason.num[0], num);
}

/* In a chunk of its own, in one with others behind what is stored, and beside itself. */
static void test_a_transaction_from_long_ago_counts_once(void)
{
	struct pair_tx first = {0}, fifth = {0};
	struct buf chunk = {0};

	open_village();
	for (uint32_t i = 0; i < MANY; i++) {
		struct pair_tx *x = i == 0 ? &first : i == 5 ? &fifth : &tx;

		pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 100 + i, x);
		pair_put(&village, x);
	}
	pair_node_stop(&village);
	force(&first.job.u.append.tx, buf_bytes(&first.payload)); /* MANY */
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 100 + MANY, &tx);
	force(&tx.job.u.append.tx, buf_bytes(&tx.payload));
	force(&fifth.job.u.append.tx, buf_bytes(&fifth.payload)); /* MANY + 2 */
	force(&tx.job.u.append.tx, buf_bytes(&tx.payload));	  /* of its own chunk */
	for (uint64_t at = 0; at < MANY; at += 50) {
		pair_chunk(&village, at, at + 50, &chunk);
		T_EQ(ingest(&hub, buf_bytes(&chunk)), ERR_OK);
	}
	pair_chunk(&village, MANY, MANY + 1, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk)), ERR_OK);
	pair_chunk(&village, MANY + 1, MANY + 4, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk)), ERR_OK);
	verdict_is(MANY, V_TXID_REUSED, 0);
	verdict_is(MANY + 1, V_ACCEPTED, 0);
	verdict_is(MANY + 2, V_TXID_REUSED, 5);
	verdict_is(MANY + 3, V_TXID_REUSED, MANY + 1);
	buf_close(&chunk);
	pair_tx_close(&first);
	pair_tx_close(&fifth);
}

/* --- status ----------------------------------------------------------------------------------------- */
static void cosigned_is(uint64_t size, uint32_t witnesses)
{
	struct feed_status st;
	struct kv_txn *t;

	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(writer_feed_status(t, FEED_TOWN, true, &st), ERR_OK);
	kv_abort(t);
	T_EQ(st.size, PAIR_STARTED);
	T_EQ(st.cosigned, size);
	T_EQ(st.witnesses, witnesses);
}

static void cosign(uint8_t witness, uint64_t size)
{
	struct sigs_cosig c = {.size = size};
	struct kv_txn *t;

	memset(c.witness, witness, SIGN_KEY_BYTES);
	T_EQ(kv_begin(hub.kv, true, &t), ERR_OK);
	T_EQ(sigs_cosig_put(t, FEED_TOWN, &c), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

/* Whatever the order of their keys. */
static void test_only_witnesses_of_the_newest_head_are_counted(void)
{
	cosigned_is(0, 0);
	cosign(5, 1);
	cosigned_is(1, 1);
	cosign(7, 2);
	cosigned_is(2, 1); /* the older one comes first */
	cosign(9, 1);
	cosigned_is(2, 1); /* and behind */
	cosign(3, 2);
	cosign(1, 1);
	cosigned_is(2, 2);
	cosign(5, 3);
	cosigned_is(3, 1);
}

T_MAIN_WITH(open_town, close_town, T(test_a_guard_signed_by_another_key_stops_the_writer),
	    T(test_a_transaction_from_long_ago_counts_once),
	    T(test_only_witnesses_of_the_newest_head_are_counted))
