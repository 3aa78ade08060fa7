/* What a node takes in of a feed that another one writes. */
#include "daemon/writer/writer.h"

#include "daemon/feed/sigs.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "tests/lib/stage.h"
#include "tests/lib/t.h"

static void test_the_hub_takes_in_a_village_and_agrees(void)
{
	struct sigs_cosig c;
	struct checkpoint cp = {0};
	struct kv_txn *t;
	struct job j;

	stage_hub(&hub, 0);
	stage_village(&village, 20);
	pair_chunk(&village, 0, 12, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, 12);
	T_EQ(j.u.ingest.refused, 0);
	T_OK(j.u.ingest.cosigned);
	cp.size = 12;
	cp.root = j.u.ingest.root;
	memcpy(cp.origin, tw.origin[PAIR_VILLAGE], ORIGIN_MAX);
	T_OK(cosig_verify(&cp, sign_key_public(tw.witness[PAIR_HUB]), &j.u.ingest.cosig));
	/* again from the start: what is held is compared, the rest is taken */
	pair_chunk(&village, 0, 20, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, 20);
	T_MEM(j.u.ingest.root.b, village.guard.root.b, HASH_BYTES);
	stage_same_state(&hub, &village, PAIR_VILLAGE_NO);
	stage_same_state(&hub, &village, FEED_TOWN);
	/* nothing new: nothing written, nothing cosigned anew */
	size_t bytes = kvmem_bytes(hub.kv);
	pair_chunk(&village, 3, 9, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, 20);
	T_OK(!j.u.ingest.cosigned);
	T_EQ(kvmem_bytes(hub.kv), bytes);
	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(sigs_cosig_get(t, PAIR_VILLAGE_NO, sign_key_public(tw.witness[PAIR_HUB]), &c), ERR_OK);
	T_EQ(c.size, 20);
	T_EQ(c.cosig.time_s, STAGE_NOW_S);
	kv_abort(t);
}

static void test_chunks_in_one_batch_depend_on_none_that_fails(void)
{
	struct buf body[4] = {0};
	struct job j[5] = {0}, *jobs[5];
	struct pair_tx x = {0};

	stage_hub(&hub, 0);
	stage_village(&village, 9);
	pair_chunk(&village, 0, 3, &body[0]);
	pair_chunk(&village, 3, 6, &body[1]);
	body[1].p[body[1].n - 1] ^= 1; /* in the last payload */
	pair_chunk(&village, 3, 7, &body[2]);
	pair_chunk(&village, 8, 9, &body[3]); /* one is missing */
	for (int i = 0; i < 4; i++) {
		j[i] = (struct job){.type = JOB_INGEST,
				    .u.ingest = {.body = buf_bytes(&body[i]),
						 .now_s = STAGE_NOW_S}};
		jobs[i] = &j[i];
	}
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	jobs[4] = &x.job;
	T_EQ(pair_run(&hub, jobs, 5), ERR_OK);
	T_EQ(j[0].err, ERR_OK);
	T_OK(j[1].err != ERR_OK);
	T_EQ(j[1].u.ingest.bad_seq, 5); /* the author's signature tells which */
	T_EQ(j[2].err, ERR_OK);
	T_EQ(j[2].u.ingest.size, 7);
	T_OK(j[2].u.ingest.cosigned);
	T_EQ(j[3].err, ERR_STATE);
	T_EQ(j[3].u.ingest.size, 7);
	T_EQ(x.job.err, ERR_OK);
	T_EQ(stage_size(&hub, PAIR_VILLAGE_NO), 7);
	for (int i = 0; i < 4; i++)
		buf_close(&body[i]);
	pair_tx_close(&x);
}

/* Cuts the last byte off the head of a feed. */
static void damage_head(struct kv *kv, uint32_t no)
{
	uint8_t key[4], row[4096];
	struct kv_txn *t;
	struct bytes v;

	be32_put(key, no);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(kv_get(t, KV_FEED, kv_bytes(key, sizeof(key)), &v), ERR_OK);
	memcpy(row, v.p, v.n);
	T_EQ(kv_put(t, KV_FEED, kv_bytes(key, sizeof(key)), kv_bytes(row, v.n - 1)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

static void test_a_damaged_feed_takes_no_other_jobs_with_it(void)
{
	struct pair_tx x[6] = {0};
	struct job bad = {.type = JOB_INGEST}, *jobs[7];

	stage_hub(&hub, 0);
	stage_village(&village, 3);
	pair_chunk(&village, 0, 3, &chunk);
	bad.u.ingest.body = buf_bytes(&chunk);
	for (uint32_t i = 0; i < 6; i++)
		pair_grant_tx(&tw, PAIR_HUB, 0, i + 1, &x[i]);
	for (uint32_t i = 0; i < 7; i++)
		jobs[i] = i == 4 ? &bad : &x[i - (i > 4)].job;
	damage_head(hub.kv, PAIR_VILLAGE_NO);
	T_EQ(pair_run(&hub, jobs, 7), ERR_CORRUPT);
	T_EQ(bad.err, ERR_CORRUPT);
	T_OK(!bad.u.ingest.wrong); /* the chunk is as good as it ever was */
	for (uint32_t i = 0; i < 6; i++) {
		T_EQ(x[i].job.err, ERR_OK);
		T_EQ(x[i].job.u.append.seq, PAIR_STARTED + i);
		pair_tx_close(&x[i]);
	}
	T_EQ(writer_state(hub.w), WRITER_IDLE);
}

static void test_every_flipped_bit_of_a_chunk_is_refused(void)
{
	struct job j;
	size_t bytes;

	stage_hub(&hub, 0);
	stage_village(&village, 3);
	T_EQ(pair_run(&hub, NULL, 0), ERR_OK);
	bytes = kvmem_bytes(hub.kv);
	pair_chunk(&village, 0, 3, &chunk);
	for (size_t i = 0; i < chunk.n; i++) {
		chunk.p[i] ^= (uint8_t)(1 << i % 8);
		T_OK(stage_ingest(&hub, buf_bytes(&chunk), &j) != ERR_OK);
		T_OK(j.err != ERR_FORK); /* noise is no evidence */
		/* a feed that is not here, or a place not reached yet, is nobody's fault */
		T_EQ(j.u.ingest.wrong, j.err != ERR_NOTFOUND && j.err != ERR_STATE);
		T_OK(!j.u.ingest.cosigned);
		chunk.p[i] ^= (uint8_t)(1 << i % 8);
	}
	T_EQ(kvmem_bytes(hub.kv), bytes);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
}

static void test_a_fork_is_named_and_changes_nothing(void)
{
	struct pair_node twin;
	struct hash before, after;
	struct job j;

	stage_hub(&hub, 0);
	stage_village(&village, 6);
	stage_village(&twin, 3); /* the same three, then others: a copy that went on */
	stage_grants(&twin, PAIR_STARTED, 700, 5);
	pair_chunk(&village, 0, 6, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	before = j.u.ingest.root;
	pair_chunk(&twin, 0, 8, &chunk); /* longer than ours */
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_FORK);
	T_EQ(j.u.ingest.bad_seq, 3);
	pair_chunk(&twin, 2, 5, &chunk); /* within ours */
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_FORK);
	pair_chunk(&twin, 4, 6, &chunk); /* begins after the fork */
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_FORK);
	pair_chunk(&twin, 6, 8, &chunk); /* cannot be known from damage */
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_CORRUPT);
	T_EQ(stage_size(&hub, PAIR_VILLAGE_NO), 6);
	pair_chunk(&village, 5, 6, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	after = j.u.ingest.root;
	T_MEM(after.b, before.b, HASH_BYTES);
	pair_node_close(&twin);
}

static void test_chunks_of_no_business_here_are_refused(void)
{
	struct job j;

	stage_hub(&hub, 1);
	stage_village(&village, 1);
	pair_chunk(&hub, 0, 2, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_INVALID); /* the own feed */
	chunk.p[0] ^= 1;
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_NOTFOUND);
	T_EQ(stage_ingest(&hub, kv_bytes("x", 1), &j), ERR_FORMAT);
	T_OK(j.u.ingest.wrong);
	pair_chunk(&village, 0, 1, &chunk);
	be64_put(chunk.p + HASH_BYTES, 41);
	T_EQ(stage_ingest(&hub, (struct bytes){chunk.p, chunk.n - 1}, &j), ERR_FORMAT);
	T_OK(j.u.ingest.wrong);
	T_EQ(j.u.ingest.bad_seq, 41); /* where the chunk begins, not where the feed does */
	/* judged by town entries that are not here */
	struct pair_tx x = {0};
	pair_chunk(&hub, PAIR_STARTED, PAIR_STARTED + 1, &chunk);
	T_EQ(stage_ingest(&village, buf_bytes(&chunk), &j), ERR_OK);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED + 1, 1, &x);
	pair_put(&village, &x);
	struct pair_node young;
	stage_hub(&young, 0);
	pair_chunk(&village, 0, 2, &chunk);
	T_EQ(stage_ingest(&young, buf_bytes(&chunk), &j), ERR_STATE);
	T_EQ(j.u.ingest.bad_seq, 1);
	T_EQ(stage_size(&young, PAIR_VILLAGE_NO), 0);
	pair_tx_close(&x);
	pair_node_close(&young);
}

static void test_invalid_entries_of_a_village_are_kept_without_effect(void)
{
	struct pair_tx x = {0};
	struct hash before, after;
	struct verdict verdict;
	uint8_t key[12] = {0, 0, 0, PAIR_VILLAGE_NO};
	struct bytes row;
	struct kv_txn *t;
	struct job j;

	stage_hub(&hub, 0);
	stage_village(&village, 2);
	pair_chunk(&village, 0, 2, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	stage_state(&hub, PAIR_VILLAGE_NO, &before);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 300, &x);
	x.job.u.append.tx.sig[0] ^= 1;
	stage_force(&village, &x);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 201, &x); /* its ID is entry 1's */
	stage_force(&village, &x);
	pair_chunk(&village, 2, 4, &chunk);
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, 4);
	T_EQ(j.u.ingest.refused, 2);
	stage_state(&hub, PAIR_VILLAGE_NO, &after);
	T_MEM(after.b, before.b, HASH_BYTES);
	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	be64_put(key + 4, 2);
	T_EQ(kv_get(t, KV_VERDICT, kv_bytes(key, sizeof(key)), &row), ERR_OK);
	T_EQ(verdict_parse(row.p, row.n, &verdict), ERR_OK);
	T_EQ(verdict.reason.id, V_BAD_SIGNATURE);
	be64_put(key + 4, 3);
	T_EQ(kv_get(t, KV_VERDICT, kv_bytes(key, sizeof(key)), &row), ERR_OK);
	T_EQ(verdict_parse(row.p, row.n, &verdict), ERR_OK);
	T_EQ(verdict.reason.id, V_TXID_REUSED);
	T_EQ(verdict.reason.num[0], 1);
	be64_put(key + 4, 1);
	T_EQ(kv_get(t, KV_VERDICT, kv_bytes(key, sizeof(key)), &row), ERR_NOTFOUND);
	kv_abort(t);
	pair_tx_close(&x);
}

/* --- what a chunk costs ----------------------------------------------------------------------------- */
static const struct kv_ops *counted;
static uint32_t entries_read;

static int count_entries(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret)
{
	entries_read += tab == KV_ENTRY;
	return counted->get(t, tab, key, ret);
}

/* Notices that each name all entries before, and a root that is not theirs. */
static void force_notices(uint64_t n)
{
	uint8_t root[HASH_BYTES] = {0};
	struct rec_notice notice = {.from = 20000,
				    .to = 20000,
				    .root = {root, sizeof(root)},
				    .town = PAIR_STARTED,
				    .day = 20000,
				    .digest = {root, sizeof(root)}};
	struct pair_tx x = {0};

	for (uint64_t i = 0; i < n; i++) {
		notice.size = i + 1;
		pair_tx(&tw, PAIR_VILLAGE, REC_notice, &notice, tw.head, PAIR_STARTED,
			(uint32_t)(500 + i), &x);
		stage_force(&village, &x);
	}
	pair_tx_close(&x);
}

/* The root of each is made from a few nodes of the tree, not from all entries since the last batch. */
static void test_notices_in_one_chunk_read_no_entries_again(void)
{
	enum { NOTICES = 60 };
	struct kv_ops ops;
	struct job j;

	stage_hub(&hub, 0);
	stage_village(&village, 1);
	force_notices(NOTICES);
	pair_chunk(&village, 0, NOTICES + 1, &chunk);
	counted = hub.kv->ops;
	ops = *counted;
	ops.get = count_entries;
	hub.kv->ops = &ops;
	entries_read = 0;
	T_EQ(stage_ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	hub.kv->ops = counted;
	T_EQ(j.u.ingest.size, NOTICES + 1);
	T_EQ(j.u.ingest.refused, NOTICES);
	T_EQ(entries_read, 0);
}

static void test_a_witness_without_a_clock_does_not_cosign(void)
{
	struct job j = {.type = JOB_INGEST}, *jobs = &j;

	stage_hub(&hub, 0);
	stage_village(&village, 2);
	pair_chunk(&village, 0, 2, &chunk);
	j.u.ingest.body = buf_bytes(&chunk);
	T_EQ(pair_run(&hub, &jobs, 1), ERR_OK);
	T_EQ(j.err, ERR_OK);
	T_OK(!j.u.ingest.cosigned);
}

T_MAIN_WITH(stage_open, stage_close, T(test_the_hub_takes_in_a_village_and_agrees, "R28"),
	    T(test_chunks_in_one_batch_depend_on_none_that_fails),
	    T(test_a_damaged_feed_takes_no_other_jobs_with_it),
	    T(test_every_flipped_bit_of_a_chunk_is_refused),
	    T(test_a_fork_is_named_and_changes_nothing),
	    T(test_chunks_of_no_business_here_are_refused),
	    T(test_invalid_entries_of_a_village_are_kept_without_effect),
	    T(test_notices_in_one_chunk_read_no_entries_again),
	    T(test_a_witness_without_a_clock_does_not_cosign))
