/* The order of a commit, and what one batch makes of its jobs. */
#include "daemon/writer/writer.h"

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/stage.h"
#include "tests/lib/t.h"

static void test_entries_are_sealed_and_then_announced(void)
{
	struct pair_tx x[PAIR_STARTED] = {0};
	struct job *jobs[PAIR_STARTED];
	struct checkpoint c;
	struct kv_txn *t;
	struct guard g;
	uint8_t sig[SIGN_BYTES];

	pair_node_open(&hub, &tw, PAIR_HUB, NULL);
	T_OK(hub.has_guard); /* from the first moment */
	T_EQ(hub.guard.size, 0);
	for (uint32_t i = 0; i < PAIR_STARTED; i++) {
		pair_start_tx(&tw, i, &x[i]);
		jobs[i] = &x[i].job;
	}
	T_EQ(writer_apply(hub.w, jobs, PAIR_STARTED), ERR_OK);
	T_EQ(writer_state(hub.w), WRITER_APPLIED);
	T_EQ(stage_size(&hub, FEED_TOWN), 0);
	T_EQ(writer_seal(hub.w), ERR_STATE);
	T_EQ(writer_commit(hub.w), ERR_OK);
	T_EQ(writer_state(hub.w), WRITER_COMMITTED);
	T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED);
	T_EQ(hub.guard.size, 0);
	T_EQ(writer_seal(hub.w), ERR_OK);
	T_EQ(writer_state(hub.w), WRITER_IDLE);
	T_EQ(hub.guard.size, PAIR_STARTED);
	writer_head(hub.w, &g);
	T_MEM(g.root.b, hub.guard.root.b, HASH_BYTES);
	for (uint32_t i = 0; i < PAIR_STARTED; i++) {
		T_EQ(x[i].job.err, ERR_OK);
		T_EQ(x[i].job.u.append.seq, i);
		pair_tx_close(&x[i]);
	}
	/* the store gets the checkpoint with the next batch */
	T_OK(writer_pending(hub.w));
	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(writer_sealed(t, FEED_TOWN, &c, sig), ERR_NOTFOUND);
	kv_abort(t);
	T_EQ(pair_run(&hub, NULL, 0), ERR_OK);
	T_OK(!writer_pending(hub.w));
	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(writer_sealed(t, FEED_TOWN, &c, sig), ERR_OK);
	kv_abort(t);
	T_EQ(c.size, PAIR_STARTED);
	T_OK(checkpoint_verify(&c, sign_key_public(tw.feed_key[PAIR_HUB]), sig));
	T_EQ(hub.guard_saves, 2);
}

static void test_a_crash_before_commit_leaves_nothing(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct errmsg msg;

	stage_hub(&hub, 0);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	T_EQ(writer_apply(hub.w, &j, 1), ERR_OK);
	pair_node_stop(&hub);
	T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(hub.guard.size, PAIR_STARTED);
	pair_put(&hub, &x);
	T_EQ(j->u.append.seq, PAIR_STARTED);
	pair_tx_close(&x);
}

static void test_a_feed_ahead_of_the_guard_is_sealed_at_open(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct errmsg msg;
	struct guard g;

	stage_hub(&hub, 0);
	for (uint32_t i = 0; i < 5; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, i, &x);
		T_EQ(writer_apply(hub.w, &j, 1), ERR_OK);
		T_EQ(writer_commit(hub.w), ERR_OK);
		pair_node_stop(&hub); /* committed, not sealed, not announced */
		T_EQ(hub.guard.size, PAIR_STARTED + i);
		T_EQ(pair_node_start(&hub, &msg), ERR_OK);
		T_EQ(hub.guard.size, PAIR_STARTED + i + 1);
		T_OK(!writer_pending(hub.w));
		writer_head(hub.w, &g);
		T_EQ(g.size, PAIR_STARTED + i + 1);
	}
	/* the client asks again and learns that it is done */
	T_EQ(pair_run(&hub, &j, 1), ERR_OK);
	T_OK(j->u.append.exists);
	T_EQ(j->u.append.seq, PAIR_STARTED + 4);
	pair_tx_close(&x);
}

static void test_a_crash_before_the_first_seal_is_no_lost_guard(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;

	pair_node_open(&hub, &tw, PAIR_HUB, NULL);
	pair_start_tx(&tw, 0, &x);
	T_EQ(writer_apply(hub.w, &j, 1), ERR_OK);
	T_EQ(writer_commit(hub.w), ERR_OK);
	stage_restart(&hub);
	T_EQ(hub.guard.size, 1);
	pair_tx_close(&x);
}

static void test_a_guard_that_cannot_be_saved_stops_the_writer(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;

	stage_hub(&hub, 0);
	hub.guard_err = ERR_IO;
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	T_EQ(pair_run(&hub, &j, 1), ERR_IO);
	T_EQ(j->err, ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	T_EQ(writer_apply(hub.w, &j, 1), ERR_STATE);
	T_EQ(j->err, ERR_STATE);
	hub.guard_err = ERR_OK;
	T_EQ(pair_run(&hub, &j, 1), ERR_STATE);
	stage_restart(&hub);
	T_EQ(hub.guard.size, PAIR_STARTED + 1);
	pair_tx_close(&x);
}

static void test_a_full_store_refuses_and_goes_on(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;

	stage_hub(&hub, 0);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	kvmem_limit(hub.kv, kvmem_bytes(hub.kv) + 100);
	T_EQ(pair_run(&hub, &j, 1), ERR_FULL);
	T_EQ(j->err, ERR_FULL);
	T_EQ(writer_state(hub.w), WRITER_IDLE);
	T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED);
	kvmem_limit(hub.kv, 0);
	pair_put(&hub, &x);
	T_EQ(j->u.append.seq, PAIR_STARTED);
	kvmem_fail_commits(hub.kv, ERR_IO);
	pair_grant_tx(&tw, PAIR_HUB, 0, 2, &x);
	T_EQ(pair_run(&hub, &j, 1), ERR_IO);
	T_EQ(j->err, ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	pair_tx_close(&x);
}

static int begin_fails(struct kv *kv, bool write, struct kv_txn **ret)
{
	(void)kv;
	(void)write;
	(void)ret;
	return ERR_IO;
}

static void test_a_store_that_begins_nothing_more_ends_the_writer(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct kv_ops ops;

	stage_hub(&hub, 0);
	ops = *hub.kv->ops;
	const struct kv_ops *real = hub.kv->ops;
	ops.begin = begin_fails;
	hub.kv->ops = &ops;
	pair_grant_tx(&tw, PAIR_HUB, 0, 7, &x);
	T_EQ(writer_apply(hub.w, &j, 1), ERR_IO);
	T_EQ(j->err, ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	hub.kv->ops = real;
	pair_tx_close(&x);
}

/* --- the jobs of a batch --------------------------------------------------------------------------- */

static void test_a_refused_job_leaves_no_trace(void)
{
	struct pair_tx x[4] = {0};
	struct job *jobs[4];
	struct pair_node same;

	stage_hub(&hub, 0);
	stage_hub(&same, 0);
	stage_jobs(x, jobs, 4);
	pair_start_tx(&tw, 0, &x[1]); /* a second charter */
	x[1].job.u.append.tx.txid[0] ^= 1;
	x[2].job.u.append.author_ok = false;
	T_EQ(pair_run(&hub, jobs, 4), ERR_OK);
	T_EQ(x[0].job.u.append.verdict.reason.id, V_ACCEPTED);
	T_EQ(x[1].job.u.append.verdict.reason.id, V_CHARTER_ORDER);
	T_EQ(x[2].job.u.append.verdict.reason.id, V_BAD_SIGNATURE);
	T_EQ(x[3].job.u.append.verdict.reason.id, V_ACCEPTED);
	T_EQ(x[3].job.u.append.seq, PAIR_STARTED + 1);
	T_EQ(pair_run(&same, (struct job *[]){jobs[0], jobs[3]}, 2), ERR_OK);
	stage_same_state(&hub, &same, FEED_TOWN);
	T_EQ(kvmem_bytes(hub.kv), kvmem_bytes(same.kv));
	T_MEM(hub.guard.root.b, same.guard.root.b, HASH_BYTES);
	stage_jobs_close(x, 4);
	pair_node_close(&same);
}

static void test_malformed_jobs_fail_alone(void)
{
	struct pair_tx x[4] = {0};
	struct job *jobs[4];

	stage_hub(&hub, 0);
	stage_jobs(x, jobs, 4);
	x[0].job.u.append.tx.feed = tw.feed[PAIR_VILLAGE];
	x[1].payload.p[20] ^= 1; /* not what was promised */
	x[2].job.u.append.payload.n--;
	T_EQ(pair_run(&hub, jobs, 4), ERR_OK);
	T_EQ(x[0].job.err, ERR_INVALID);
	T_EQ(x[1].job.err, ERR_FORMAT);
	T_EQ(x[2].job.err, ERR_FORMAT);
	T_EQ(x[3].job.err, ERR_OK);
	T_EQ(x[3].job.u.append.seq, PAIR_STARTED);
	stage_jobs_close(x, 4);
}

static void test_a_transaction_id_stands_for_one_content(void)
{
	struct pair_tx x = {0}, again = {0}, other = {0};
	struct job *jobs[] = {&x.job, &again.job, &other.job};

	stage_hub(&hub, 0);
	for (int pass = 0; pass < 2; pass++) { /* inside one batch, then across batches */
		pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
		pair_grant_tx(&tw, PAIR_HUB, 0, 1, &again);
		pair_grant_tx(&tw, PAIR_HUB, 0, 2, &other);
		memcpy(other.job.u.append.tx.txid, x.job.u.append.tx.txid, TXID_BYTES);
		T_EQ(pair_run(&hub, jobs, 3), ERR_OK);
		T_EQ(x.job.u.append.exists, pass == 1);
		T_OK(again.job.u.append.exists);
		T_EQ(again.job.err, ERR_OK);
		T_EQ(again.job.u.append.seq, PAIR_STARTED);
		T_EQ(again.job.u.append.verdict.reason.id, V_ACCEPTED);
		T_MEM(again.job.u.append.leaf_hash.b, x.job.u.append.leaf_hash.b, HASH_BYTES);
		T_OK(!other.job.u.append.exists);
		T_EQ(other.job.u.append.verdict.reason.id, V_TXID_REUSED);
		T_EQ(other.job.u.append.verdict.reason.num[0], PAIR_STARTED);
	}
	T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED + 1);
	pair_tx_close(&x);
	pair_tx_close(&again);
	pair_tx_close(&other);
}

/* Entries of one batch that name each other by sequence: all of them, or none behind the first that fails. */
static void test_a_job_with_a_place_is_written_there_or_not_at_all(void)
{
	struct pair_tx x[4] = {0};
	struct job *jobs[4];

	stage_hub(&hub, 0);
	for (uint32_t i = 0; i < 4; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, i, &x[i]);
		x[i].job.u.append.placed = true;
		x[i].job.u.append.place = PAIR_STARTED + i;
		jobs[i] = &x[i].job;
	}
	x[1].job.u.append.author_ok = false;
	T_EQ(pair_run(&hub, jobs, 4), ERR_OK);
	T_EQ(x[0].job.err, ERR_OK);
	T_EQ(x[1].job.u.append.verdict.reason.id, V_BAD_SIGNATURE);
	T_EQ(x[2].job.err, ERR_EXISTS);
	T_EQ(x[3].job.err, ERR_EXISTS);
	T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED + 1);
	/* what is there already is found wherever it is; what is new goes on behind it */
	x[1].job.u.append.author_ok = true;
	x[0].job.u.append.place = 0;
	T_EQ(pair_run(&hub, jobs, 4), ERR_OK);
	T_OK(x[0].job.u.append.exists);
	for (uint32_t i = 0; i < 4; i++)
		T_EQ(x[i].job.u.append.seq, PAIR_STARTED + i);
	stage_jobs_close(x, 4);
}

static void test_what_the_village_has_not_seen_it_cannot_name(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;

	stage_hub(&hub, 0);
	stage_village(&village, 1);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED + 1, 1, &x);
	T_EQ(pair_run(&village, &j, 1), ERR_OK);
	T_EQ(j->err, ERR_STATE);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED - 1, 1, &x);
	T_EQ(pair_run(&village, &j, 1), ERR_OK);
	T_EQ(j->u.append.verdict.reason.id, V_TOWN_SEEN);
	T_EQ(stage_size(&village, PAIR_VILLAGE_NO), 1);
	pair_tx_close(&x);
}

static void flip(struct kv *kv, enum kv_table tab, struct bytes key, size_t at)
{
	uint8_t raw[1024];
	struct bytes val;
	struct kv_txn *t;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(kv_get(t, tab, key, &val), ERR_OK);
	memcpy(raw, val.p, val.n);
	raw[at] ^= 4;
	T_EQ(kv_put(t, tab, key, kv_bytes(raw, val.n)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

static void test_a_bit_that_flips_before_the_seal_is_not_signed(void)
{
	uint8_t entry[12] = {0, 0, 0, FEED_TOWN}, row[13] = {0, 0, 0, FEED_TOWN};
	struct pair_tx x = {0};
	struct job *j = &x.job;

	be64_put(entry + 4, PAIR_STARTED);
	for (int what = 0; what < 3; what++) {
		struct guard before;

		stage_hub(&hub, 0);
		before = hub.guard;
		pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
		T_EQ(writer_apply(hub.w, &j, 1), ERR_OK);
		T_EQ(writer_commit(hub.w), ERR_OK);
		if (what < 2)
			flip(hub.kv, KV_ENTRY, kv_bytes(entry, sizeof(entry)),
			     what ? 200 : ENTRY_LEAF_BYTES + 20);
		else
			flip(hub.kv, KV_TREE, kv_bytes(row, sizeof(row)),
			     PAIR_STARTED * HASH_BYTES);
		T_EQ(writer_seal(hub.w), ERR_CORRUPT);
		T_EQ(writer_state(hub.w), WRITER_DEAD);
		T_EQ(j->err, ERR_CORRUPT);
		T_MEM(&hub.guard, &before, sizeof(before));
		struct errmsg msg;
		pair_node_stop(&hub);
		T_EQ(pair_node_start(&hub, &msg), ERR_CORRUPT);
		pair_node_close(&hub);
	}
	pair_tx_close(&x);
}

/* A transaction that comes again when its entry has gone bad in the store: the rest of the batch is not to
 * blame. */
static void test_an_entry_gone_bad_fails_only_who_asks_for_it(void)
{
	static const size_t where[] = {0,
				       ENTRY_LEAF_BYTES - 1}; /* no entry any more; another hash */
	uint8_t entry[12] = {0, 0, 0, FEED_TOWN};

	be64_put(entry + 4, PAIR_STARTED);
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		struct pair_tx again = {0}, other = {0};
		struct job *jobs[2] = {&again.job, &other.job};

		stage_hub(&hub, 0);
		pair_grant_tx(&tw, PAIR_HUB, 0, 1, &again);
		pair_put(&hub, &again);
		flip(hub.kv, KV_ENTRY, kv_bytes(entry, sizeof(entry)), where[i]);
		pair_grant_tx(&tw, PAIR_HUB, 0, 2, &other);
		T_EQ(pair_run(&hub, jobs, 2), ERR_OK);
		T_EQ(again.job.err, ERR_CORRUPT);
		T_EQ(other.job.err, ERR_OK);
		T_EQ(other.job.u.append.verdict.reason.id, V_ACCEPTED);
		pair_tx_close(&again);
		pair_tx_close(&other);
		pair_node_close(&hub);
	}
}

/* --- little memory --------------------------------------------------------------------------------- */

static int append_and_ingest(struct bytes body, struct pair_tx *x)
{
	struct job in = {.type = JOB_INGEST, .u.ingest = {.body = body, .now_s = STAGE_NOW_S}};
	struct job *jobs[] = {&x->job, &in};
	struct errmsg msg;
	int err = pair_run(&hub, jobs, 2);

	if (!err)
		err = x->job.err ? x->job.err : in.err;
	if (!err)
		return err;
	T_OK(err == ERR_NOMEM);
	mem_fail_after(-1);
	pair_node_stop(&hub); /* whatever happened, the way back is to start again */
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	return err;
}

static void test_every_allocation_may_fail(void)
{
	struct pair_tx x = {0};
	uint64_t want = PAIR_STARTED;

	stage_hub(&hub, 0);
	stage_village(&village, 3);
	pair_chunk(&village, 0, 3, &chunk);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	for (long n = 0;; n++) {
		mem_fail_after(n);
		int err = append_and_ingest(buf_bytes(&chunk), &x);
		mem_fail_after(-1);
		if (!err)
			break;
	}
	T_EQ(stage_size(&hub, FEED_TOWN), want + 1);
	T_EQ(stage_size(&hub, PAIR_VILLAGE_NO), 3);
	pair_tx_close(&x);
}

T_MAIN_WITH(stage_open, stage_close, T(test_entries_are_sealed_and_then_announced),
	    T(test_a_crash_before_commit_leaves_nothing),
	    T(test_a_feed_ahead_of_the_guard_is_sealed_at_open),
	    T(test_a_crash_before_the_first_seal_is_no_lost_guard),
	    T(test_a_guard_that_cannot_be_saved_stops_the_writer),
	    T(test_a_full_store_refuses_and_goes_on),
	    T(test_a_store_that_begins_nothing_more_ends_the_writer),
	    T(test_a_refused_job_leaves_no_trace), T(test_malformed_jobs_fail_alone),
	    T(test_a_transaction_id_stands_for_one_content),
	    T(test_a_job_with_a_place_is_written_there_or_not_at_all),
	    T(test_what_the_village_has_not_seen_it_cannot_name),
	    T(test_a_bit_that_flips_before_the_seal_is_not_signed),
	    T(test_an_entry_gone_bad_fails_only_who_asks_for_it), T(test_every_allocation_may_fail))
