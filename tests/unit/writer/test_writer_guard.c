/* The guard outlives the store: a store that went back writes nothing, and what only the guard has comes back. */
#include "daemon/writer/writer.h"

#include "daemon/ledger/state/read.h"
#include "daemon/store/kvmem.h"
#include "daemon/writer/halt.h"
#include "lib/err.h"
#include "tests/lib/stage.h"
#include "tests/lib/t.h"

static void test_a_restored_store_must_not_write(void)
{
	struct pair_node old;
	struct errmsg msg;
	struct guard good;

	stage_hub(&hub, 4);
	stage_hub(&old, 2); /* the same entries, but fewer: an old copy */
	pair_node_stop(&old);
	old.guard = hub.guard;
	T_EQ(pair_node_start(&old, &msg), ERR_FORK);
	T_OK(strstr(msg.text, "restored") != NULL);
	T_EQ(halt_of(&msg).id, HALT_STORE_OLD);
	T_EQ(halt_of(&msg).num[1], hub.guard.size);
	T_OK(old.w == NULL);
	pair_node_stop(&hub);
	good = hub.guard;
	hub.guard.root.b[5] ^= 1;
	T_EQ(pair_node_start(&hub, &msg), ERR_FORK);
	T_EQ(halt_of(&msg).id, HALT_GUARD_FOREIGN); /* not signed by us */
	hub.guard = good;
	hub.guard.epoch = 2;
	T_EQ(pair_node_start(&hub, &msg), ERR_FORK);
	hub.guard = good;
	hub.has_guard = false;
	T_EQ(pair_node_start(&hub, &msg), ERR_FORK);
	T_EQ(halt_of(&msg).id, HALT_GUARD_MISSING);
	hub.has_guard = true;
	hub.feed = PAIR_VILLAGE; /* guard and keys of another feed */
	T_EQ(pair_node_start(&hub, &msg), ERR_FORK);
	hub.feed = PAIR_HUB;
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	pair_node_close(&old);
}

static void test_another_history_under_the_guard_must_not_write(void)
{
	struct pair_node other;
	struct errmsg msg;

	stage_hub(&hub, 1);
	stage_hub(&other, 0);
	stage_grants(&other, 0, 900, 3);
	pair_node_stop(&other);
	other.guard = hub.guard;
	T_EQ(pair_node_start(&other, &msg), ERR_FORK);
	pair_node_close(&other);
}

/* --- the guard beside the commit ------------------------------------------------------------------- */

static void journal_hub(struct pair_node *n)
{
	stage_hub(n, 0);
	n->journal = true;
	stage_restart(n);
}

static void test_a_small_batch_is_guarded_beside_its_commit(void)
{
	struct pair_tx x[3] = {0};
	struct job *jobs[3];
	uint32_t saves;

	journal_hub(&hub);
	saves = hub.guard_saves;
	stage_jobs(x, jobs, 3);
	T_EQ(pair_run(&hub, jobs, 3), ERR_OK);
	T_EQ(hub.guard_saves, saves);
	T_EQ(hub.guard.size, PAIR_STARTED);
	T_EQ(hub.intent.size, PAIR_STARTED + 3);
	struct guard head;
	writer_head(hub.w, &head);
	T_EQ(head.size, PAIR_STARTED + 3);
	T_MEM(head.root.b, hub.intent.root.b, HASH_BYTES);
	/* when idle the mark becomes a signed one */
	T_OK(writer_pending(hub.w));
	T_EQ(pair_run(&hub, NULL, 0), ERR_OK);
	T_OK(!writer_pending(hub.w));
	T_EQ(hub.guard_saves, saves + 1);
	T_EQ(hub.guard.size, PAIR_STARTED + 3);
	T_EQ(hub.intent.size, 0);
	stage_jobs_close(x, 3);
}

static void test_a_batch_that_only_the_guard_has_comes_back(void)
{
	struct pair_tx x = {0}, y = {0};
	struct job *jobs[] = {&x.job, &y.job};
	struct errmsg msg;
	struct guard g, want;
	struct hash leaf;

	journal_hub(&hub);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	pair_grant_tx(&tw, PAIR_HUB, 0, 2, &y);
	kvmem_fail_commits(hub.kv, ERR_IO); /* the store lost it, whatever it said */
	T_EQ(pair_run(&hub, jobs, 2), ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	kvmem_fail_commits(hub.kv, ERR_OK);
	want = hub.intent;
	T_EQ(want.size, PAIR_STARTED + 2);
	pair_node_stop(&hub);
	T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	writer_head(hub.w, &g);
	T_EQ(g.size, PAIR_STARTED + 2);
	T_MEM(g.root.b, want.root.b, HASH_BYTES); /* the same bytes: no other history */
	leaf = y.job.u.append.leaf_hash;
	T_EQ(pair_run(&hub, jobs, 2), ERR_OK);
	T_OK(y.job.u.append.exists);
	T_MEM(y.job.u.append.leaf_hash.b, leaf.b, HASH_BYTES);
	pair_tx_close(&x);
	pair_tx_close(&y);
}

/* What may have been sent is what the guard was told to expect: a store with as many entries, but others, is the
 * store of another history. */
static void test_entries_other_than_the_intended_must_not_be_sealed(void)
{
	struct pair_tx x[2] = {0};
	struct job *jobs[2];
	struct errmsg msg;
	struct guard good;

	journal_hub(&hub);
	stage_jobs(x, jobs, 2);
	T_EQ(pair_run(&hub, jobs, 2), ERR_OK);
	pair_node_stop(&hub); /* before the mark became a signed one */
	good = hub.intent;
	T_EQ(good.size, PAIR_STARTED + 2);
	hub.intent.root.b[0] ^= 1;
	T_EQ(pair_node_start(&hub, &msg), ERR_FORK);
	T_EQ(halt_of(&msg).id, HALT_INTENT_OTHER);
	hub.intent = good;
	hub.intent.size++; /* the store stops halfway: no commit ends there */
	T_EQ(pair_node_start(&hub, &msg), ERR_FORK);
	T_EQ(halt_of(&msg).id, HALT_INTENT_OTHER);
	hub.intent = good;
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(hub.guard.size, PAIR_STARTED + 2);
	stage_jobs_close(x, 2);
}

static void test_a_guard_that_was_not_written_is_behind_as_ever(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;

	journal_hub(&hub);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	hub.guard_err = ERR_IO;
	T_EQ(pair_run(&hub, &j, 1), ERR_IO);
	T_EQ(j->err, ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	T_EQ(hub.intent.size, 0);
	hub.guard_err = ERR_OK;
	stage_restart(&hub);
	T_EQ(hub.guard.size, PAIR_STARTED + 1);
	pair_tx_close(&x);
}

static void test_a_full_store_takes_the_batch_out_of_the_guard(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;

	journal_hub(&hub);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	kvmem_limit(hub.kv, kvmem_bytes(hub.kv) + 100);
	T_EQ(pair_run(&hub, &j, 1), ERR_FULL);
	T_EQ(writer_state(hub.w), WRITER_IDLE);
	T_EQ(hub.intent.size, 0);
	T_EQ(hub.guard.size, PAIR_STARTED);
	kvmem_limit(hub.kv, 0);
	stage_restart(&hub);
	T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED); /* it was refused and stays so */
	pair_put(&hub, &x);
	pair_tx_close(&x);
}

static void test_a_restored_store_is_noticed_with_a_journal_too(void)
{
	struct pair_node old;
	struct errmsg msg;

	journal_hub(&hub);
	journal_hub(&old);
	stage_grants(&hub, 0, 0, 2); /* two batches ahead of the copy */
	pair_node_stop(&old);
	old.guard = hub.guard;
	old.intent = hub.intent;
	T_EQ(buf_put(&old.redo, hub.redo.p, hub.redo.n), ERR_OK);
	T_EQ(pair_node_start(&old, &msg), ERR_FORK);
	pair_node_close(&old);
}

static void test_what_the_guard_brings_back_must_be_whole(void)
{
	struct pair_tx x = {0};
	struct pair_node again;
	struct errmsg msg;

	pair_grant_tx(&tw, PAIR_HUB, 0, 0, &x);
	journal_hub(&again);
	pair_put(&again, &x);
	pair_node_stop(&again);
	struct kv *store = again.kv; /* its store goes back to before the batch */
	struct pair_node fresh;
	journal_hub(&fresh);
	pair_node_stop(&fresh);
	again.kv = fresh.kv;
	fresh.kv = store;
	struct guard guard = again.guard, intent = again.intent;
	/* what the writer fills in by itself comes out right anyhow */
	for (size_t at = ENTRY_HEADER_BYTES; at < again.redo.n; at += 7) {
		again.redo.p[at] ^= 1;
		T_EQ(pair_node_start(&again, &msg), ERR_FORK);
		T_EQ(stage_size(&again, FEED_TOWN), PAIR_STARTED);
		again.redo.p[at] ^= 1;
		T_MEM(&again.guard, &guard, sizeof(guard));
		T_EQ(again.intent.size, intent.size);
	}
	T_EQ(pair_node_start(&again, &msg), ERR_OK);
	T_EQ(stage_size(&again, FEED_TOWN), PAIR_STARTED + 1);
	pair_tx_close(&x);
	pair_node_close(&again);
	pair_node_close(&fresh);
}

/* Entries that a chunk of the same batch made possible must not come back without it. */
static void test_a_batch_with_other_feeds_is_guarded_after_its_commit(void)
{
	struct pair_tx x = {0};
	uint32_t saves;

	stage_hub(&hub, 1);
	stage_village(&village, 1);
	village.journal = true;
	stage_restart(&village);
	saves = village.guard_saves;
	pair_chunk(&hub, PAIR_STARTED, PAIR_STARTED + 1, &chunk);
	struct job in = {.type = JOB_INGEST, .u.ingest = {.body = buf_bytes(&chunk)}};
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED + 1, 5, &x);
	T_EQ(pair_run(&village, (struct job *[]){&in, &x.job}, 2), ERR_OK);
	T_EQ(x.job.err, ERR_OK);
	T_EQ(village.guard_saves, saves + 1);
	T_EQ(village.intent.size, 0);
	T_EQ(village.guard.size, 2);
	pair_tx_close(&x);
}

static void test_a_batch_too_large_for_the_journal_is_guarded_after(void)
{
	enum { N = 400 };
	static struct pair_tx x[N];
	static struct job *jobs[N];
	uint32_t saves;

	journal_hub(&hub);
	stage_jobs(x, jobs, N);
	T_EQ(pair_run(&hub, jobs, 1), ERR_OK);
	saves = hub.guard_saves;
	T_EQ(pair_run(&hub, jobs + 1, N - 1), ERR_OK);
	T_EQ(hub.guard_saves, saves + 1);
	T_EQ(hub.guard.size, PAIR_STARTED + N);
	T_EQ(hub.intent.size, 0);
	stage_jobs_close(x, N);
}

/* @n goes on with a store that lacks everything after the first entries, as from an old copy. */
static void store_goes_back(struct pair_node *n)
{
	struct pair_node old;

	journal_hub(&old);
	pair_node_stop(&old);
	pair_node_stop(n);
	kv_close(n->kv);
	n->kv = old.kv;
	buf_close(&old.redo);
	buf_close(&old.begun_redo);
}

/* Told entries must not fall out of the guard because there is no room for them just now. */
static void test_a_full_store_at_the_start_leaves_the_batch_in_the_guard(void)
{
	struct pair_tx x = {0}, y = {0};
	struct job *j = &x.job;
	struct errmsg msg;
	struct guard announced, g;

	journal_hub(&hub);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	pair_put(&hub, &x);
	writer_head(hub.w, &announced);
	store_goes_back(&hub);
	for (int i = 0; i < 3; i++) { /* a supervisor that starts it again and again */
		kvmem_limit(hub.kv, kvmem_bytes(hub.kv) + 100);
		T_EQ(pair_node_start(&hub, &msg), ERR_FULL);
		T_OK(hub.w == NULL);
		T_EQ(hub.intent.size, PAIR_STARTED + 1);
		T_OK(hub.redo.n > 0);
	}
	kvmem_limit(hub.kv, 0);
	hub.guard_err = ERR_IO;
	T_EQ(pair_node_start(&hub, &msg), ERR_IO);
	hub.guard_err = ERR_OK;
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	writer_head(hub.w, &g);
	T_EQ(g.size, announced.size);
	T_MEM(g.root.b, announced.root.b, HASH_BYTES);
	T_EQ(hub.guard.size, announced.size);
	T_EQ(pair_run(&hub, &j, 1), ERR_OK);
	T_OK(j->u.append.exists);
	pair_grant_tx(&tw, PAIR_HUB, 0, 2, &y);
	pair_put(&hub, &y);
	pair_tx_close(&x);
	pair_tx_close(&y);
}

/* As a program with other rules finds it: it would refuse what the one before has written, and perhaps acknowledged. */
static void test_what_the_guard_brings_back_is_kept_whatever_the_verdict(void)
{
	struct pair_tx x = {0};
	struct kv_cursor *c;
	struct bytes key, row;
	struct verdict v;
	struct kv_txn *t;
	struct errmsg msg;

	journal_hub(&hub);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	pair_put(&hub, &x);
	store_goes_back(&hub);
	T_EQ(kv_begin(hub.kv, true, &t), ERR_OK);
	for (;;) { /* nobody has a right to anything */
		uint8_t copy[KV_KEY_MAX];

		T_EQ(kv_cursor_open(t, KV_STATE, &c), ERR_OK);
		int err = kv_seek(c, KV_LAST, kv_bytes("", 0), &key, &row);
		kv_cursor_close(c);
		if (err == ERR_NOTFOUND)
			break;
		memcpy(copy, key.p, key.n);
		T_EQ(kv_del(t, KV_STATE, kv_bytes(copy, key.n)), ERR_OK);
	}
	T_EQ(kv_commit(t), ERR_OK);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED + 1);
	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(read_verdict(t, FEED_TOWN, PAIR_STARTED, &v), ERR_OK);
	kv_abort(t);
	T_OK(!verdict_ok(&v));
	pair_tx_close(&x);
}

/* ERR_FULL says that nothing was written. After the commit that would be a lie. */
static void test_a_full_guard_is_not_reported_as_a_full_store(void)
{
	for (int journal = 0; journal < 2; journal++) {
		struct pair_tx x = {0};
		struct job *j = &x.job;

		if (journal)
			journal_hub(&hub);
		else
			stage_hub(&hub, 0);
		hub.guard_err = ERR_FULL;
		pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
		T_EQ(pair_run(&hub, &j, 1), ERR_IO);
		T_EQ(j->err, ERR_IO);
		T_EQ(writer_state(hub.w), WRITER_DEAD);
		hub.guard_err = ERR_OK;
		stage_restart(&hub);
		T_EQ(stage_size(&hub, FEED_TOWN), PAIR_STARTED + 1);
		pair_tx_close(&x);
		pair_node_close(&hub);
	}
}

/* The redo of a village entry needs the part of the town feed that it was judged by. */
static void test_a_redo_without_its_town_feed_is_refused(void)
{
	struct pair_node old;
	struct pair_tx x = {0};
	struct errmsg msg;
	struct job in;

	stage_hub(&hub, 1);
	stage_village(&village, 1);
	stage_village(&old, 1);
	village.journal = true;
	stage_restart(&village);
	pair_chunk(&hub, PAIR_STARTED, PAIR_STARTED + 1, &chunk);
	T_EQ(stage_ingest(&village, buf_bytes(&chunk), &in), ERR_OK);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED + 1, 5, &x);
	pair_put(&village, &x);
	T_EQ(village.intent.size, 2);
	pair_node_stop(&village);
	struct kv *newest = village.kv;
	village.kv = old.kv; /* neither the chunk nor the entry */
	T_EQ(pair_node_start(&village, &msg), ERR_FORK);
	T_EQ(stage_size(&village, PAIR_VILLAGE_NO), 1);
	T_EQ(village.intent.size, 2);
	village.kv = newest;
	T_EQ(pair_node_start(&village, &msg), ERR_OK);
	pair_tx_close(&x);
	pair_node_close(&old);
}

T_MAIN_WITH(stage_open, stage_close, T(test_a_restored_store_must_not_write),
	    T(test_another_history_under_the_guard_must_not_write),
	    T(test_a_small_batch_is_guarded_beside_its_commit),
	    T(test_a_batch_that_only_the_guard_has_comes_back),
	    T(test_entries_other_than_the_intended_must_not_be_sealed),
	    T(test_a_guard_that_was_not_written_is_behind_as_ever),
	    T(test_a_full_store_takes_the_batch_out_of_the_guard),
	    T(test_a_restored_store_is_noticed_with_a_journal_too),
	    T(test_what_the_guard_brings_back_must_be_whole),
	    T(test_a_batch_with_other_feeds_is_guarded_after_its_commit),
	    T(test_a_batch_too_large_for_the_journal_is_guarded_after),
	    T(test_a_full_store_at_the_start_leaves_the_batch_in_the_guard),
	    T(test_a_full_guard_is_not_reported_as_a_full_store),
	    T(test_a_redo_without_its_town_feed_is_refused),
	    T(test_what_the_guard_brings_back_is_kept_whatever_the_verdict))
