#include "daemon/writer/writer.h"

#include "daemon/feed/sigs.h"
#include "daemon/store/kvmem.h"
#include "daemon/writer/halt.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/pair.h"
#include "tests/lib/t.h"

#define NOW_S 1767225600

static struct pair tw;

static struct kv *new_kv(void)
{
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	return kv;
}

/* A hub whose town feed has the village enrolled and @grants grants. */
static void hub_open(struct pair_node *hub, uint32_t grants)
{
	struct pair_tx x = {0};

	pair_node_open(hub, &tw, PAIR_HUB, new_kv());
	for (uint32_t i = 0; i < PAIR_STARTED; i++) {
		pair_start_tx(&tw, i, &x);
		pair_put(hub, &x);
	}
	for (uint32_t i = 0; i < grants; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, 100 + i, &x);
		pair_put(hub, &x);
	}
	pair_tx_close(&x);
}

static int ingest(struct pair_node *n, struct bytes body, struct job *j)
{
	*j = (struct job){.type = JOB_INGEST, .u.ingest = {.body = body, .now_s = NOW_S}};
	T_EQ(pair_run(n, &j, 1), ERR_OK);
	return j->err;
}

/* A village that has the hub's town feed and @grants entries of its own. */
static void village_open(struct pair_node *v, struct pair_node *hub, uint32_t grants)
{
	struct pair_tx x = {0};
	struct buf chunk = {0};
	struct job j;

	pair_node_open(v, &tw, PAIR_VILLAGE, new_kv());
	pair_chunk(hub, 0, PAIR_STARTED, &chunk);
	T_EQ(ingest(v, buf_bytes(&chunk), &j), ERR_OK);
	for (uint32_t i = 0; i < grants; i++) {
		pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 200 + i, &x);
		pair_put(v, &x);
	}
	pair_tx_close(&x);
	buf_close(&chunk);
}

static uint64_t size_of(struct kv *kv, uint32_t no)
{
	struct feed_head h;
	struct kv_txn *t;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, no, &h), ERR_OK);
	kv_abort(t);
	return h.size;
}

static void state_of(struct kv *kv, uint32_t no, struct hash *ret)
{
	struct kv_txn *t;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(fold_digest(t, no, ret), ERR_OK);
	kv_abort(t);
}

static void test_entries_are_sealed_and_then_announced(void)
{
	struct pair_tx x[PAIR_STARTED] = {0};
	struct job *jobs[PAIR_STARTED];
	struct pair_node hub;
	struct checkpoint c;
	struct kv_txn *t;
	struct guard g;
	uint8_t sig[SIGN_BYTES];

	pair_node_open(&hub, &tw, PAIR_HUB, new_kv());
	T_OK(hub.has_guard); /* from the first moment */
	T_EQ(hub.guard.size, 0);
	for (uint32_t i = 0; i < PAIR_STARTED; i++) {
		pair_start_tx(&tw, i, &x[i]);
		jobs[i] = &x[i].job;
	}
	T_EQ(writer_apply(hub.w, jobs, PAIR_STARTED), ERR_OK);
	T_EQ(writer_state(hub.w), WRITER_APPLIED);
	T_EQ(size_of(hub.kv, FEED_TOWN), 0);
	T_EQ(writer_seal(hub.w), ERR_STATE);
	T_EQ(writer_commit(hub.w), ERR_OK);
	T_EQ(writer_state(hub.w), WRITER_COMMITTED);
	T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED);
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
	pair_node_close(&hub);
}

static void test_a_crash_before_commit_leaves_nothing(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct pair_node hub;
	struct errmsg msg;

	hub_open(&hub, 0);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	T_EQ(writer_apply(hub.w, &j, 1), ERR_OK);
	pair_node_stop(&hub);
	T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(hub.guard.size, PAIR_STARTED);
	pair_put(&hub, &x);
	T_EQ(j->u.append.seq, PAIR_STARTED);
	pair_tx_close(&x);
	pair_node_close(&hub);
}

static void test_a_feed_ahead_of_the_guard_is_sealed_at_open(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct pair_node hub;
	struct errmsg msg;
	struct guard g;

	hub_open(&hub, 0);
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
	pair_node_close(&hub);
}

static void test_a_crash_before_the_first_seal_is_no_lost_guard(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct pair_node hub;
	struct errmsg msg;

	pair_node_open(&hub, &tw, PAIR_HUB, new_kv());
	pair_start_tx(&tw, 0, &x);
	T_EQ(writer_apply(hub.w, &j, 1), ERR_OK);
	T_EQ(writer_commit(hub.w), ERR_OK);
	pair_node_stop(&hub);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(hub.guard.size, 1);
	pair_tx_close(&x);
	pair_node_close(&hub);
}

static void test_a_restored_store_must_not_write(void)
{
	struct pair_node hub, old;
	struct errmsg msg;
	struct guard good;

	hub_open(&hub, 4);
	hub_open(&old, 2); /* the same entries, but fewer: an old copy */
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
	pair_node_close(&hub);
	pair_node_close(&old);
}

static void test_another_history_under_the_guard_must_not_write(void)
{
	struct pair_node hub, other;
	struct pair_tx x = {0};
	struct errmsg msg;

	hub_open(&hub, 1);
	hub_open(&other, 0);
	for (uint32_t i = 0; i < 3; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, 900 + i, &x);
		pair_put(&other, &x);
	}
	pair_node_stop(&other);
	other.guard = hub.guard;
	T_EQ(pair_node_start(&other, &msg), ERR_FORK);
	pair_tx_close(&x);
	pair_node_close(&hub);
	pair_node_close(&other);
}

static void test_a_guard_that_cannot_be_saved_stops_the_writer(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct pair_node hub;
	struct errmsg msg;

	hub_open(&hub, 0);
	hub.guard_err = ERR_IO;
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	T_EQ(pair_run(&hub, &j, 1), ERR_IO);
	T_EQ(j->err, ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	T_EQ(writer_apply(hub.w, &j, 1), ERR_STATE);
	T_EQ(j->err, ERR_STATE);
	hub.guard_err = ERR_OK;
	T_EQ(pair_run(&hub, &j, 1), ERR_STATE);
	pair_node_stop(&hub);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(hub.guard.size, PAIR_STARTED + 1);
	pair_tx_close(&x);
	pair_node_close(&hub);
}

static void test_a_full_store_refuses_and_goes_on(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct pair_node hub;

	hub_open(&hub, 0);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	kvmem_limit(hub.kv, kvmem_bytes(hub.kv) + 100);
	T_EQ(pair_run(&hub, &j, 1), ERR_FULL);
	T_EQ(j->err, ERR_FULL);
	T_EQ(writer_state(hub.w), WRITER_IDLE);
	T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED);
	kvmem_limit(hub.kv, 0);
	pair_put(&hub, &x);
	T_EQ(j->u.append.seq, PAIR_STARTED);
	kvmem_fail_commits(hub.kv, ERR_IO);
	pair_grant_tx(&tw, PAIR_HUB, 0, 2, &x);
	T_EQ(pair_run(&hub, &j, 1), ERR_IO);
	T_EQ(j->err, ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	pair_tx_close(&x);
	pair_node_close(&hub);
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
	struct pair_node hub;
	struct kv_ops ops;

	hub_open(&hub, 0);
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
	pair_node_close(&hub);
}

static void test_a_refused_job_leaves_no_trace(void)
{
	struct pair_tx x[4] = {0};
	struct job *jobs[4];
	struct pair_node hub, same;
	struct hash a, b;

	hub_open(&hub, 0);
	hub_open(&same, 0);
	for (uint32_t i = 0; i < 4; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, i, &x[i]);
		jobs[i] = &x[i].job;
	}
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
	state_of(hub.kv, FEED_TOWN, &a);
	state_of(same.kv, FEED_TOWN, &b);
	T_MEM(a.b, b.b, HASH_BYTES);
	T_EQ(kvmem_bytes(hub.kv), kvmem_bytes(same.kv));
	T_MEM(hub.guard.root.b, same.guard.root.b, HASH_BYTES);
	for (int i = 0; i < 4; i++)
		pair_tx_close(&x[i]);
	pair_node_close(&hub);
	pair_node_close(&same);
}

/* --- the guard beside the commit ------------------------------------------------------------------- */

static void journal_hub(struct pair_node *hub, uint32_t grants)
{
	struct errmsg msg;

	hub_open(hub, grants);
	pair_node_stop(hub);
	hub->journal = true;
	T_EQ(pair_node_start(hub, &msg), ERR_OK);
}

static void test_a_small_batch_is_guarded_beside_its_commit(void)
{
	struct pair_tx x[3] = {0};
	struct job *jobs[3];
	struct pair_node hub;
	uint32_t saves;

	journal_hub(&hub, 0);
	saves = hub.guard_saves;
	for (uint32_t i = 0; i < 3; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, i, &x[i]);
		jobs[i] = &x[i].job;
	}
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
	for (int i = 0; i < 3; i++)
		pair_tx_close(&x[i]);
	pair_node_close(&hub);
}

static void test_a_batch_that_only_the_guard_has_comes_back(void)
{
	struct pair_tx x = {0}, y = {0};
	struct job *jobs[] = {&x.job, &y.job};
	struct pair_node hub;
	struct errmsg msg;
	struct guard g, want;
	struct hash leaf;

	journal_hub(&hub, 0);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	pair_grant_tx(&tw, PAIR_HUB, 0, 2, &y);
	kvmem_fail_commits(hub.kv, ERR_IO); /* the store lost it, whatever it said */
	T_EQ(pair_run(&hub, jobs, 2), ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	kvmem_fail_commits(hub.kv, ERR_OK);
	want = hub.intent;
	T_EQ(want.size, PAIR_STARTED + 2);
	pair_node_stop(&hub);
	T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED);
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
	pair_node_close(&hub);
}

static void test_a_guard_that_was_not_written_is_behind_as_ever(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct pair_node hub;
	struct errmsg msg;

	journal_hub(&hub, 0);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	hub.guard_err = ERR_IO;
	T_EQ(pair_run(&hub, &j, 1), ERR_IO);
	T_EQ(j->err, ERR_IO);
	T_EQ(writer_state(hub.w), WRITER_DEAD);
	T_EQ(hub.intent.size, 0);
	hub.guard_err = ERR_OK;
	pair_node_stop(&hub);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(hub.guard.size, PAIR_STARTED + 1);
	pair_tx_close(&x);
	pair_node_close(&hub);
}

static void test_a_full_store_takes_the_batch_out_of_the_guard(void)
{
	struct pair_tx x = {0};
	struct job *j = &x.job;
	struct pair_node hub;
	struct errmsg msg;

	journal_hub(&hub, 0);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	kvmem_limit(hub.kv, kvmem_bytes(hub.kv) + 100);
	T_EQ(pair_run(&hub, &j, 1), ERR_FULL);
	T_EQ(writer_state(hub.w), WRITER_IDLE);
	T_EQ(hub.intent.size, 0);
	T_EQ(hub.guard.size, PAIR_STARTED);
	kvmem_limit(hub.kv, 0);
	pair_node_stop(&hub);
	T_EQ(pair_node_start(&hub, &msg), ERR_OK);
	T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED); /* it was refused and stays so */
	pair_put(&hub, &x);
	pair_tx_close(&x);
	pair_node_close(&hub);
}

static void test_a_restored_store_is_noticed_with_a_journal_too(void)
{
	struct pair_tx x = {0};
	struct pair_node hub, old;
	struct errmsg msg;

	journal_hub(&hub, 0);
	journal_hub(&old, 0);
	for (uint32_t i = 0; i < 2; i++) { /* two batches ahead of the copy */
		pair_grant_tx(&tw, PAIR_HUB, 0, i, &x);
		pair_put(&hub, &x);
	}
	pair_node_stop(&old);
	old.guard = hub.guard;
	old.intent = hub.intent;
	T_EQ(buf_put(&old.redo, hub.redo.p, hub.redo.n), ERR_OK);
	T_EQ(pair_node_start(&old, &msg), ERR_FORK);
	pair_tx_close(&x);
	pair_node_close(&hub);
	pair_node_close(&old);
}

static void test_what_the_guard_brings_back_must_be_whole(void)
{
	struct pair_tx x = {0};
	struct pair_node again;
	struct errmsg msg;

	pair_grant_tx(&tw, PAIR_HUB, 0, 0, &x);
	journal_hub(&again, 0);
	pair_put(&again, &x);
	pair_node_stop(&again);
	struct kv *store = again.kv; /* its store goes back to before the batch */
	struct pair_node fresh;
	journal_hub(&fresh, 0);
	pair_node_stop(&fresh);
	again.kv = fresh.kv;
	fresh.kv = store;
	struct guard guard = again.guard, intent = again.intent;
	/* what the writer fills in by itself comes out right anyhow */
	for (size_t at = ENTRY_HEADER_BYTES; at < again.redo.n; at += 7) {
		again.redo.p[at] ^= 1;
		T_EQ(pair_node_start(&again, &msg), ERR_FORK);
		T_EQ(size_of(again.kv, FEED_TOWN), PAIR_STARTED);
		again.redo.p[at] ^= 1;
		T_MEM(&again.guard, &guard, sizeof(guard));
		T_EQ(again.intent.size, intent.size);
	}
	T_EQ(pair_node_start(&again, &msg), ERR_OK);
	T_EQ(size_of(again.kv, FEED_TOWN), PAIR_STARTED + 1);
	pair_tx_close(&x);
	pair_node_close(&again);
	pair_node_close(&fresh);
}

/* Entries that a chunk of the same batch made possible must not come back without it. */
static void test_a_batch_with_other_feeds_is_guarded_after_its_commit(void)
{
	struct pair_node hub, v;
	struct pair_tx x = {0};
	struct buf chunk = {0};
	struct errmsg msg;
	uint32_t saves;

	hub_open(&hub, 1);
	village_open(&v, &hub, 1);
	pair_node_stop(&v);
	v.journal = true;
	T_EQ(pair_node_start(&v, &msg), ERR_OK);
	saves = v.guard_saves;
	pair_chunk(&hub, PAIR_STARTED, PAIR_STARTED + 1, &chunk);
	struct job in = {.type = JOB_INGEST, .u.ingest = {.body = buf_bytes(&chunk)}};
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED + 1, 5, &x);
	T_EQ(pair_run(&v, (struct job *[]){&in, &x.job}, 2), ERR_OK);
	T_EQ(x.job.err, ERR_OK);
	T_EQ(v.guard_saves, saves + 1);
	T_EQ(v.intent.size, 0);
	T_EQ(v.guard.size, 2);
	pair_tx_close(&x);
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static void test_a_batch_too_large_for_the_journal_is_guarded_after(void)
{
	enum { N = 400 };
	static struct pair_tx x[N];
	static struct job *jobs[N];
	struct pair_node hub;
	uint32_t saves;

	journal_hub(&hub, 0);
	for (uint32_t i = 0; i < N; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, i, &x[i]);
		jobs[i] = &x[i].job;
	}
	T_EQ(pair_run(&hub, jobs, 1), ERR_OK);
	saves = hub.guard_saves;
	T_EQ(pair_run(&hub, jobs + 1, N - 1), ERR_OK);
	T_EQ(hub.guard_saves, saves + 1);
	T_EQ(hub.guard.size, PAIR_STARTED + N);
	T_EQ(hub.intent.size, 0);
	for (int i = 0; i < N; i++)
		pair_tx_close(&x[i]);
	pair_node_close(&hub);
}

/* @n goes on with a store that lacks everything after the first entries, as from an old copy. */
static void store_goes_back(struct pair_node *n)
{
	struct pair_node old;

	journal_hub(&old, 0);
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
	struct pair_node hub;
	struct errmsg msg;
	struct guard announced, g;

	journal_hub(&hub, 0);
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
	pair_node_close(&hub);
}

/* ERR_FULL says that nothing was written. After the commit that would be a lie. */
static void test_a_full_guard_is_not_reported_as_a_full_store(void)
{
	for (int journal = 0; journal < 2; journal++) {
		struct pair_tx x = {0};
		struct job *j = &x.job;
		struct pair_node hub;
		struct errmsg msg;

		if (journal)
			journal_hub(&hub, 0);
		else
			hub_open(&hub, 0);
		hub.guard_err = ERR_FULL;
		pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
		T_EQ(pair_run(&hub, &j, 1), ERR_IO);
		T_EQ(j->err, ERR_IO);
		T_EQ(writer_state(hub.w), WRITER_DEAD);
		pair_node_stop(&hub);
		hub.guard_err = ERR_OK;
		T_EQ(pair_node_start(&hub, &msg), ERR_OK);
		T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED + 1);
		pair_tx_close(&x);
		pair_node_close(&hub);
	}
}

/* The redo of a village entry needs the part of the town feed that it was judged by. */
static void test_a_redo_without_its_town_feed_is_refused(void)
{
	struct pair_node hub, v, old;
	struct pair_tx x = {0};
	struct buf chunk = {0};
	struct errmsg msg;
	struct job in;

	hub_open(&hub, 1);
	village_open(&v, &hub, 1);
	village_open(&old, &hub, 1);
	pair_node_stop(&v);
	v.journal = true;
	T_EQ(pair_node_start(&v, &msg), ERR_OK);
	pair_chunk(&hub, PAIR_STARTED, PAIR_STARTED + 1, &chunk);
	T_EQ(ingest(&v, buf_bytes(&chunk), &in), ERR_OK);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED + 1, 5, &x);
	pair_put(&v, &x);
	T_EQ(v.intent.size, 2);
	pair_node_stop(&v);
	struct kv *newest = v.kv;
	v.kv = old.kv; /* neither the chunk nor the entry */
	T_EQ(pair_node_start(&v, &msg), ERR_FORK);
	T_EQ(size_of(v.kv, PAIR_VILLAGE_NO), 1);
	T_EQ(v.intent.size, 2);
	v.kv = newest;
	T_EQ(pair_node_start(&v, &msg), ERR_OK);
	pair_tx_close(&x);
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&old);
	pair_node_close(&hub);
}

static void test_malformed_jobs_fail_alone(void)
{
	struct pair_tx x[4] = {0};
	struct job *jobs[4];
	struct pair_node hub;

	hub_open(&hub, 0);
	for (uint32_t i = 0; i < 4; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, i, &x[i]);
		jobs[i] = &x[i].job;
	}
	x[0].job.u.append.tx.feed = tw.feed[PAIR_VILLAGE];
	x[1].payload.p[20] ^= 1; /* not what was promised */
	x[2].job.u.append.payload.n--;
	T_EQ(pair_run(&hub, jobs, 4), ERR_OK);
	T_EQ(x[0].job.err, ERR_INVALID);
	T_EQ(x[1].job.err, ERR_FORMAT);
	T_EQ(x[2].job.err, ERR_FORMAT);
	T_EQ(x[3].job.err, ERR_OK);
	T_EQ(x[3].job.u.append.seq, PAIR_STARTED);
	for (int i = 0; i < 4; i++)
		pair_tx_close(&x[i]);
	pair_node_close(&hub);
}

static void test_a_transaction_id_stands_for_one_content(void)
{
	struct pair_tx x = {0}, again = {0}, other = {0};
	struct job *jobs[] = {&x.job, &again.job, &other.job};
	struct pair_node hub;

	hub_open(&hub, 0);
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
	T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED + 1);
	pair_tx_close(&x);
	pair_tx_close(&again);
	pair_tx_close(&other);
	pair_node_close(&hub);
}

static void test_a_dry_run_keeps_nothing(void)
{
	struct pair_tx dry = {0}, wet = {0};
	struct job *jobs[] = {&dry.job, &wet.job};
	struct pair_node hub;
	size_t bytes;

	hub_open(&hub, 0);
	T_EQ(pair_run(&hub, NULL, 0), ERR_OK);
	bytes = kvmem_bytes(hub.kv);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &dry);
	dry.job.u.append.dry_run = true;
	T_EQ(pair_run(&hub, jobs, 1), ERR_OK);
	T_EQ(dry.job.u.append.verdict.reason.id, V_ACCEPTED);
	T_EQ(kvmem_bytes(hub.kv), bytes);
	/* the same transaction in the same batch is new */
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &wet);
	T_EQ(pair_run(&hub, jobs, 2), ERR_OK);
	T_OK(!wet.job.u.append.exists);
	T_EQ(wet.job.u.append.seq, PAIR_STARTED);
	T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED + 1);
	pair_tx_close(&dry);
	pair_tx_close(&wet);
	pair_node_close(&hub);
}

/* Entries of one batch that name each other by sequence: all of them, or none behind the first that fails. */
static void test_a_job_with_a_place_is_written_there_or_not_at_all(void)
{
	struct pair_tx x[4] = {0};
	struct job *jobs[4];
	struct pair_node hub;

	hub_open(&hub, 0);
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
	T_EQ(size_of(hub.kv, FEED_TOWN), PAIR_STARTED + 1);
	/* what is there already is found wherever it is; what is new goes on behind it */
	x[1].job.u.append.author_ok = true;
	x[0].job.u.append.place = 0;
	T_EQ(pair_run(&hub, jobs, 4), ERR_OK);
	T_OK(x[0].job.u.append.exists);
	for (uint32_t i = 0; i < 4; i++)
		T_EQ(x[i].job.u.append.seq, PAIR_STARTED + i);
	for (uint32_t i = 0; i < 4; i++)
		pair_tx_close(&x[i]);
	pair_node_close(&hub);
}

static void test_what_the_village_has_not_seen_it_cannot_name(void)
{
	struct pair_node hub, v;
	struct pair_tx x = {0};
	struct job *j = &x.job;

	hub_open(&hub, 0);
	village_open(&v, &hub, 1);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED + 1, 1, &x);
	T_EQ(pair_run(&v, &j, 1), ERR_OK);
	T_EQ(j->err, ERR_STATE);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED - 1, 1, &x);
	T_EQ(pair_run(&v, &j, 1), ERR_OK);
	T_EQ(j->u.append.verdict.reason.id, V_TOWN_SEEN);
	T_EQ(size_of(v.kv, PAIR_VILLAGE_NO), 1);
	pair_tx_close(&x);
	pair_node_close(&v);
	pair_node_close(&hub);
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
		struct pair_node hub;
		struct guard before;

		hub_open(&hub, 0);
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
		struct pair_node hub;

		hub_open(&hub, 0);
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

static void test_the_hub_takes_in_a_village_and_agrees(void)
{
	struct pair_node hub, v;
	struct buf chunk = {0};
	struct sigs_cosig c;
	struct checkpoint cp = {0};
	struct hash a, b;
	struct kv_txn *t;
	struct job j;

	hub_open(&hub, 0);
	village_open(&v, &hub, 20);
	pair_chunk(&v, 0, 12, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, 12);
	T_EQ(j.u.ingest.refused, 0);
	T_OK(j.u.ingest.cosigned);
	cp.size = 12;
	cp.root = j.u.ingest.root;
	memcpy(cp.origin, tw.origin[PAIR_VILLAGE], ORIGIN_MAX);
	T_OK(cosig_verify(&cp, sign_key_public(tw.witness[PAIR_HUB]), &j.u.ingest.cosig));
	/* again from the start: what is held is compared, the rest is taken */
	pair_chunk(&v, 0, 20, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, 20);
	T_MEM(j.u.ingest.root.b, v.guard.root.b, HASH_BYTES);
	state_of(hub.kv, PAIR_VILLAGE_NO, &a);
	state_of(v.kv, PAIR_VILLAGE_NO, &b);
	T_MEM(a.b, b.b, HASH_BYTES);
	state_of(hub.kv, FEED_TOWN, &a);
	state_of(v.kv, FEED_TOWN, &b);
	T_MEM(a.b, b.b, HASH_BYTES);
	/* nothing new: nothing written, nothing cosigned anew */
	size_t bytes = kvmem_bytes(hub.kv);
	pair_chunk(&v, 3, 9, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, 20);
	T_OK(!j.u.ingest.cosigned);
	T_EQ(kvmem_bytes(hub.kv), bytes);
	T_EQ(kv_begin(hub.kv, false, &t), ERR_OK);
	T_EQ(sigs_cosig_get(t, PAIR_VILLAGE_NO, sign_key_public(tw.witness[PAIR_HUB]), &c), ERR_OK);
	T_EQ(c.size, 20);
	T_EQ(c.cosig.time_s, NOW_S);
	kv_abort(t);
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static void test_chunks_in_one_batch_depend_on_none_that_fails(void)
{
	struct pair_node hub, v;
	struct buf body[4] = {0};
	struct job j[5] = {0}, *jobs[5];
	struct pair_tx x = {0};

	hub_open(&hub, 0);
	village_open(&v, &hub, 9);
	pair_chunk(&v, 0, 3, &body[0]);
	pair_chunk(&v, 3, 6, &body[1]);
	body[1].p[body[1].n - 1] ^= 1; /* in the last payload */
	pair_chunk(&v, 3, 7, &body[2]);
	pair_chunk(&v, 8, 9, &body[3]); /* one is missing */
	for (int i = 0; i < 4; i++) {
		j[i] = (struct job){.type = JOB_INGEST,
				    .u.ingest = {.body = buf_bytes(&body[i]), .now_s = NOW_S}};
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
	T_EQ(size_of(hub.kv, PAIR_VILLAGE_NO), 7);
	for (int i = 0; i < 4; i++)
		buf_close(&body[i]);
	pair_tx_close(&x);
	pair_node_close(&v);
	pair_node_close(&hub);
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
	struct pair_node hub, v;
	struct pair_tx x[6] = {0};
	struct buf chunk = {0};
	struct job bad = {.type = JOB_INGEST}, *jobs[7];

	hub_open(&hub, 0);
	village_open(&v, &hub, 3);
	pair_chunk(&v, 0, 3, &chunk);
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
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static void test_every_flipped_bit_of_a_chunk_is_refused(void)
{
	struct pair_node hub, v;
	struct buf chunk = {0};
	struct job j;
	size_t bytes;

	hub_open(&hub, 0);
	village_open(&v, &hub, 3);
	T_EQ(pair_run(&hub, NULL, 0), ERR_OK);
	bytes = kvmem_bytes(hub.kv);
	pair_chunk(&v, 0, 3, &chunk);
	for (size_t i = 0; i < chunk.n; i++) {
		chunk.p[i] ^= (uint8_t)(1 << i % 8);
		T_OK(ingest(&hub, buf_bytes(&chunk), &j) != ERR_OK);
		T_OK(j.err != ERR_FORK); /* noise is no evidence */
		/* a feed that is not here, or a place not reached yet, is nobody's fault */
		T_EQ(j.u.ingest.wrong, j.err != ERR_NOTFOUND && j.err != ERR_STATE);
		T_OK(!j.u.ingest.cosigned);
		chunk.p[i] ^= (uint8_t)(1 << i % 8);
	}
	T_EQ(kvmem_bytes(hub.kv), bytes);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static void test_a_fork_is_named_and_changes_nothing(void)
{
	struct pair_node hub, v, twin;
	struct pair_tx x = {0};
	struct buf chunk = {0};
	struct hash before, after;
	struct job j;

	hub_open(&hub, 0);
	village_open(&v, &hub, 6);
	village_open(&twin, &hub, 3); /* the same three, then others: a copy that went on */
	for (uint32_t i = 0; i < 5; i++) {
		pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 700 + i, &x);
		pair_put(&twin, &x);
	}
	pair_chunk(&v, 0, 6, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	before = j.u.ingest.root;
	pair_chunk(&twin, 0, 8, &chunk); /* longer than ours */
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_FORK);
	T_EQ(j.u.ingest.bad_seq, 3);
	pair_chunk(&twin, 2, 5, &chunk); /* within ours */
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_FORK);
	pair_chunk(&twin, 4, 6, &chunk); /* begins after the fork */
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_FORK);
	pair_chunk(&twin, 6, 8, &chunk); /* cannot be known from damage */
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_CORRUPT);
	T_EQ(size_of(hub.kv, PAIR_VILLAGE_NO), 6);
	pair_chunk(&v, 5, 6, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	after = j.u.ingest.root;
	T_MEM(after.b, before.b, HASH_BYTES);
	pair_tx_close(&x);
	buf_close(&chunk);
	pair_node_close(&twin);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static void test_chunks_of_no_business_here_are_refused(void)
{
	struct pair_node hub, v;
	struct buf chunk = {0};
	struct job j;

	hub_open(&hub, 1);
	village_open(&v, &hub, 1);
	pair_chunk(&hub, 0, 2, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_INVALID); /* the own feed */
	chunk.p[0] ^= 1;
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_NOTFOUND);
	T_EQ(ingest(&hub, kv_bytes("x", 1), &j), ERR_FORMAT);
	T_OK(j.u.ingest.wrong);
	pair_chunk(&v, 0, 1, &chunk);
	be64_put(chunk.p + HASH_BYTES, 41);
	T_EQ(ingest(&hub, (struct bytes){chunk.p, chunk.n - 1}, &j), ERR_FORMAT);
	T_OK(j.u.ingest.wrong);
	T_EQ(j.u.ingest.bad_seq, 41); /* where the chunk begins, not where the feed does */
	/* judged by town entries that are not here */
	struct pair_tx x = {0};
	pair_chunk(&hub, PAIR_STARTED, PAIR_STARTED + 1, &chunk);
	T_EQ(ingest(&v, buf_bytes(&chunk), &j), ERR_OK);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED + 1, 1, &x);
	pair_put(&v, &x);
	struct pair_node young;
	hub_open(&young, 0);
	pair_chunk(&v, 0, 2, &chunk);
	T_EQ(ingest(&young, buf_bytes(&chunk), &j), ERR_STATE);
	T_EQ(j.u.ingest.bad_seq, 1);
	T_EQ(size_of(young.kv, PAIR_VILLAGE_NO), 0);
	pair_tx_close(&x);
	buf_close(&chunk);
	pair_node_close(&young);
	pair_node_close(&v);
	pair_node_close(&hub);
}

/* Appends what the writer of an honest village would not. */
static void force(struct pair_node *v, struct pair_tx *x)
{
	struct hash hash;
	struct feedlog f;
	struct kv_txn *t;
	struct entry e = x->job.u.append.tx;
	uint8_t leaf[ENTRY_LEAF_BYTES];

	T_EQ(kv_begin(v->kv, true, &t), ERR_OK);
	T_EQ(feedlog_open(&f, t, PAIR_VILLAGE_NO), ERR_OK);
	e.seq = f.head.size;
	e.prev = f.head.last;
	entry_pack(&e, leaf);
	T_EQ(feedlog_append(&f, &e, leaf, buf_bytes(&x->payload), &hash), ERR_OK);
	T_EQ(feedlog_flush(&f), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

static void test_invalid_entries_of_a_village_are_kept_without_effect(void)
{
	struct pair_node hub, v;
	struct pair_tx x = {0};
	struct buf chunk = {0};
	struct hash before, after;
	struct verdict verdict;
	uint8_t key[12] = {0, 0, 0, PAIR_VILLAGE_NO};
	struct bytes row;
	struct kv_txn *t;
	struct job j;

	hub_open(&hub, 0);
	village_open(&v, &hub, 2);
	pair_chunk(&v, 0, 2, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	state_of(hub.kv, PAIR_VILLAGE_NO, &before);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 300, &x);
	x.job.u.append.tx.sig[0] ^= 1;
	force(&v, &x);
	pair_grant_tx(&tw, PAIR_VILLAGE, PAIR_STARTED, 201, &x); /* its ID is entry 1's */
	force(&v, &x);
	pair_chunk(&v, 2, 4, &chunk);
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, 4);
	T_EQ(j.u.ingest.refused, 2);
	state_of(hub.kv, PAIR_VILLAGE_NO, &after);
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
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&hub);
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
static void force_notices(struct pair_node *v, uint64_t n)
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
		force(v, &x);
	}
	pair_tx_close(&x);
}

/* The root of each is made from a few nodes of the tree, not from all entries since the last batch. */
static void test_notices_in_one_chunk_read_no_entries_again(void)
{
	enum { NOTICES = 60 };
	struct pair_node hub, v;
	struct buf chunk = {0};
	struct kv_ops ops;
	struct job j;

	hub_open(&hub, 0);
	village_open(&v, &hub, 1);
	force_notices(&v, NOTICES);
	pair_chunk(&v, 0, NOTICES + 1, &chunk);
	counted = hub.kv->ops;
	ops = *counted;
	ops.get = count_entries;
	hub.kv->ops = &ops;
	entries_read = 0;
	T_EQ(ingest(&hub, buf_bytes(&chunk), &j), ERR_OK);
	hub.kv->ops = counted;
	T_EQ(j.u.ingest.size, NOTICES + 1);
	T_EQ(j.u.ingest.refused, NOTICES);
	T_EQ(entries_read, 0);
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static void test_a_witness_without_a_clock_does_not_cosign(void)
{
	struct pair_node hub, v;
	struct buf chunk = {0};
	struct job j = {.type = JOB_INGEST}, *jobs = &j;

	hub_open(&hub, 0);
	village_open(&v, &hub, 2);
	pair_chunk(&v, 0, 2, &chunk);
	j.u.ingest.body = buf_bytes(&chunk);
	T_EQ(pair_run(&hub, &jobs, 1), ERR_OK);
	T_EQ(j.err, ERR_OK);
	T_OK(!j.u.ingest.cosigned);
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&hub);
}

/* --- a witness whose store went back ---------------------------------------------------------------- */

static bool cosigns(struct pair_node *n, struct pair_node *owner, uint64_t from, uint64_t to)
{
	struct buf chunk = {0};
	struct job j;

	pair_chunk(owner, from, to, &chunk);
	T_EQ(ingest(n, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, to);
	buf_close(&chunk);
	return j.u.ingest.cosigned;
}

/* @n goes on with the store of @old, which is empty-handed afterwards; the guard stays. */
static void swap_store(struct pair_node *n, struct pair_node *old)
{
	struct kv *newest = n->kv;
	struct errmsg msg = {0};

	pair_node_stop(n);
	pair_node_stop(old);
	n->kv = old->kv;
	old->kv = newest;
	if (pair_node_start(n, &msg))
		t_fail(__FILE__, __LINE__, "%s", msg.text);
}

static void put_grants(struct pair_node *n, uint64_t town_seen, uint32_t first, uint32_t count)
{
	struct pair_tx x = {0};

	for (uint32_t i = 0; i < count; i++) {
		pair_grant_tx(&tw, n->feed, town_seen, first + i, &x);
		pair_put(n, &x);
	}
	pair_tx_close(&x);
}

static void restart(struct pair_node *n, bool journal)
{
	struct errmsg msg;

	pair_node_stop(n);
	n->journal = journal;
	T_EQ(pair_node_start(n, &msg), ERR_OK);
}

/* Its own feed has not moved, so only what it cosigned shows that it lacks something. */
static void test_a_village_whose_store_went_back_signs_one_history(void)
{
	for (int journal = 0; journal < 2; journal++) {
		struct pair_node hub, twin, v, old;

		hub_open(&hub, 5);
		hub_open(&twin, 2);
		put_grants(&twin, 0, 900, 4);
		for (int forked = 0; forked < 2; forked++) {
			village_open(&v, &hub, 1);
			village_open(&old, &hub, 1);
			restart(&v, journal);
			T_OK(cosigns(&v, &hub, 3, 8));
			swap_store(&v, &old);
			if (forked) {
				T_OK(!cosigns(&v, &twin, 3, 8));
				T_OK(!cosigns(&v, &twin, 8, 9));
				restart(&v, journal);
			} else {
				T_OK(!cosigns(&v, &hub, 3, 6)); /* never a smaller size */
				T_OK(cosigns(&v, &hub, 6, 8));
			}
			T_OK(!cosigns(&v, forked ? &twin : &hub, 0, forked ? 9 : 8));
			pair_node_close(&v);
			pair_node_close(&old);
		}
		pair_node_close(&hub);
		pair_node_close(&twin);
	}
}

static void test_a_hub_whose_store_went_back_signs_one_history(void)
{
	for (int journal = 0; journal < 2; journal++) {
		struct pair_node hub, old, v, twin;

		hub_open(&hub, 0);
		hub_open(&old, 0);
		restart(&hub, journal);
		village_open(&v, &hub, 4);
		village_open(&twin, &hub, 2);
		put_grants(&twin, PAIR_STARTED, 900, 4);
		T_OK(cosigns(&hub, &v, 0, 3));
		swap_store(&hub, &old);
		T_OK(!cosigns(&hub, &twin, 0, 2));
		T_OK(!cosigns(&hub, &twin, 2, 6));
		swap_store(&hub, &old); /* the right one is found again */
		T_OK(cosigns(&hub, &v, 3, 4));
		pair_node_close(&hub);
		pair_node_close(&old);
		pair_node_close(&v);
		pair_node_close(&twin);
	}
}

/* The power went when the store had reached its disk and the guard had not: what the store says is cosigned
 * is sent after the start, so it is guarded first. */
static void test_what_only_the_store_has_cosigned_is_guarded_at_the_start(void)
{
	struct pair_node hub, twin, v, old;
	struct buf chunk = {0};
	struct job j = {.type = JOB_INGEST}, *jobs = &j;
	struct errmsg msg;

	hub_open(&hub, 5);
	hub_open(&twin, 2);
	put_grants(&twin, 0, 900, 4);
	village_open(&v, &hub, 1);
	village_open(&old, &hub, 1);
	restart(&v, true);
	pair_chunk(&hub, 3, 8, &chunk);
	j.u.ingest.body = buf_bytes(&chunk);
	j.u.ingest.now_s = NOW_S;
	v.guard_err = ERR_IO;
	T_EQ(pair_run(&v, &jobs, 1), ERR_IO);
	T_EQ(writer_state(v.w), WRITER_DEAD);
	pair_node_stop(&v);
	T_EQ(pair_node_start(&v, &msg), ERR_IO); /* and not before */
	v.guard_err = ERR_OK;
	T_EQ(pair_node_start(&v, &msg), ERR_OK);
	T_EQ(size_of(v.kv, FEED_TOWN), 8);
	swap_store(&v, &old);
	T_OK(!cosigns(&v, &twin, 3, 8));
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&old);
	pair_node_close(&hub);
	pair_node_close(&twin);
}

static void test_a_cosignature_waits_for_no_second_disk(void)
{
	struct pair_node hub, v;
	uint32_t saves;

	hub_open(&hub, 5);
	village_open(&v, &hub, 1);
	restart(&v, true);
	saves = v.guard_saves;
	T_OK(cosigns(&v, &hub, 3, 8)); /* guarded beside the commit */
	T_EQ(v.guard_saves, saves);
	T_EQ(v.guard.ncosigned, 1);
	T_EQ(v.guard.cosigned[0].size, 8);
	put_grants(&v, 8, 400, 2);
	T_EQ(v.guard_saves, saves);
	T_EQ(v.guard.ncosigned, 1);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static int cosig_job(struct pair_node *n, enum pair_feed feed, enum pair_feed witness,
		     uint64_t size, bool other_root)
{
	struct job j = {.type = JOB_COSIG}, *jobs = &j;
	struct job_cosig *c = &j.u.cosig;
	struct checkpoint cp = {.size = size};
	struct kv_txn *t;

	T_EQ(kv_begin(n->kv, false, &t), ERR_OK);
	if (feedlog_root(t, (uint32_t)feed + 1, size, &cp.root))
		cp.root = hash_empty;
	kv_abort(t);
	cp.root.b[0] ^= other_root;
	memcpy(cp.origin, tw.origin[feed], ORIGIN_MAX);
	c->feed = tw.feed[feed];
	c->size = size;
	c->root = cp.root;
	memcpy(c->witness, sign_key_public(tw.witness[witness]), SIGN_KEY_BYTES);
	T_EQ(cosig_make(&cp, tw.witness[witness], NOW_S, &c->cosig), ERR_OK);
	T_EQ(pair_run(n, &jobs, 1), ERR_OK);
	return j.err;
}

static int acked_job(struct pair_node *n, enum pair_feed feed, uint64_t size)
{
	struct job j = {.type = JOB_ACKED, .u.acked = {tw.feed[feed], size}}, *jobs = &j;

	T_EQ(pair_run(n, &jobs, 1), ERR_OK);
	return j.err;
}

static struct feed_status status_of(struct pair_node *n, uint32_t no, bool is_hub)
{
	struct feed_status s;
	struct kv_txn *t;

	T_EQ(kv_begin(n->kv, false, &t), ERR_OK);
	T_EQ(writer_feed_status(t, no, is_hub, &s), ERR_OK);
	kv_abort(t);
	return s;
}

static void test_status_is_three_honest_numbers(void)
{
	struct pair_node hub, v;
	struct feed_status s;

	hub_open(&hub, 0);
	village_open(&v, &hub, 9);
	s = status_of(&v, PAIR_VILLAGE_NO, false);
	T_EQ(s.size, 9);
	T_EQ(s.at_hub, 0);
	T_EQ(s.cosigned, 0);
	T_EQ(s.witnesses, 0);
	T_EQ(acked_job(&v, PAIR_VILLAGE, 6), ERR_OK);
	T_EQ(acked_job(&v, PAIR_VILLAGE, 10), ERR_STATE); /* nobody holds what is not here */
	T_EQ(cosig_job(&v, PAIR_VILLAGE, PAIR_HUB, 5, false), ERR_OK);
	T_EQ(cosig_job(&v, PAIR_VILLAGE, PAIR_HUB, 4, false), ERR_OK); /* older: of no use */
	T_EQ(cosig_job(&v, PAIR_VILLAGE, PAIR_HUB, 6, true), ERR_FORK);
	T_EQ(cosig_job(&v, PAIR_VILLAGE, PAIR_HUB, 10, false), ERR_STATE);
	T_EQ(cosig_job(&v, PAIR_HUB, PAIR_VILLAGE, 1, false), ERR_INVALID); /* our own name */
	s = status_of(&v, PAIR_VILLAGE_NO, false);
	T_EQ(s.at_hub, 6);
	T_EQ(s.cosigned, 5);
	T_EQ(s.witnesses, 1);
	s = status_of(&v, FEED_TOWN, false); /* cosigned by us when it came */
	T_EQ(s.size, PAIR_STARTED);
	T_EQ(s.at_hub, PAIR_STARTED);
	T_EQ(s.cosigned, PAIR_STARTED);
	T_EQ(s.witnesses, 1);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static void test_the_note_is_one_that_others_can_check(void)
{
	struct pair_node hub, v;
	struct vkey known[2] = {{.type = NOTE_ED25519}, {.type = NOTE_COSIG}};
	struct buf note = {0};
	struct checkpoint c;
	struct kv_txn *t;
	uint32_t cosigs;

	hub_open(&hub, 0);
	village_open(&v, &hub, 3);
	T_EQ(pair_run(&v, NULL, 0), ERR_OK);
	T_EQ(cosig_job(&v, PAIR_VILLAGE, PAIR_HUB, 3, false), ERR_OK);
	T_EQ(kv_begin(v.kv, false, &t), ERR_OK);
	T_EQ(writer_note(t, PAIR_VILLAGE_NO, &note), ERR_OK);
	memcpy(known[0].name, tw.origin[PAIR_VILLAGE], ORIGIN_MAX);
	memcpy(known[0].key, sign_key_public(tw.feed_key[PAIR_VILLAGE]), SIGN_KEY_BYTES);
	witness_name_of("town.example", &tw.feed[PAIR_HUB], known[1].name);
	memcpy(known[1].key, sign_key_public(tw.witness[PAIR_HUB]), SIGN_KEY_BYTES);
	T_EQ(note_open((const char *)note.p, note.n, known, 2, &c, &cosigs), ERR_OK);
	T_EQ(c.size, 3);
	T_EQ(cosigs, 1);
	buf_reset(&note);
	T_EQ(writer_note(t, FEED_TOWN, &note), ERR_OK);
	memcpy(known[0].name, tw.origin[PAIR_HUB], ORIGIN_MAX);
	memcpy(known[0].key, sign_key_public(tw.feed_key[PAIR_HUB]), SIGN_KEY_BYTES);
	witness_name_of("town.example", &tw.feed[PAIR_VILLAGE], known[1].name);
	memcpy(known[1].key, sign_key_public(tw.witness[PAIR_VILLAGE]), SIGN_KEY_BYTES);
	T_EQ(note_open((const char *)note.p, note.n, known, 2, &c, &cosigs), ERR_OK);
	T_EQ(cosigs, 1);
	kv_abort(t);
	buf_close(&note);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static int append_and_ingest(struct pair_node *hub, struct bytes body, struct pair_tx *x)
{
	struct job in = {.type = JOB_INGEST, .u.ingest = {.body = body, .now_s = NOW_S}};
	struct job *jobs[] = {&x->job, &in};
	struct errmsg msg;
	int err = pair_run(hub, jobs, 2);

	if (!err)
		err = x->job.err ? x->job.err : in.err;
	if (!err)
		return err;
	T_OK(err == ERR_NOMEM);
	mem_fail_after(-1);
	pair_node_stop(hub); /* whatever happened, the way back is to start again */
	T_EQ(pair_node_start(hub, &msg), ERR_OK);
	return err;
}

static void test_every_allocation_may_fail(void)
{
	struct pair_node hub, v;
	struct pair_tx x = {0};
	struct buf chunk = {0};
	uint64_t want = PAIR_STARTED;

	hub_open(&hub, 0);
	village_open(&v, &hub, 3);
	pair_chunk(&v, 0, 3, &chunk);
	pair_grant_tx(&tw, PAIR_HUB, 0, 1, &x);
	for (long n = 0;; n++) {
		mem_fail_after(n);
		int err = append_and_ingest(&hub, buf_bytes(&chunk), &x);
		mem_fail_after(-1);
		if (!err)
			break;
	}
	T_EQ(size_of(hub.kv, FEED_TOWN), want + 1);
	T_EQ(size_of(hub.kv, PAIR_VILLAGE_NO), 3);
	pair_tx_close(&x);
	buf_close(&chunk);
	pair_node_close(&v);
	pair_node_close(&hub);
}

static void open_town(void)
{
	pair_open(&tw);
}

static void close_town(void)
{
	pair_close(&tw);
}

T_MAIN_WITH(open_town, close_town, T(test_entries_are_sealed_and_then_announced),
	    T(test_a_crash_before_commit_leaves_nothing),
	    T(test_a_feed_ahead_of_the_guard_is_sealed_at_open),
	    T(test_a_crash_before_the_first_seal_is_no_lost_guard),
	    T(test_a_restored_store_must_not_write),
	    T(test_another_history_under_the_guard_must_not_write),
	    T(test_a_guard_that_cannot_be_saved_stops_the_writer),
	    T(test_a_store_that_begins_nothing_more_ends_the_writer),
	    T(test_a_full_store_refuses_and_goes_on), T(test_a_refused_job_leaves_no_trace),
	    T(test_a_job_with_a_place_is_written_there_or_not_at_all),
	    T(test_a_small_batch_is_guarded_beside_its_commit),
	    T(test_a_batch_that_only_the_guard_has_comes_back),
	    T(test_a_guard_that_was_not_written_is_behind_as_ever),
	    T(test_a_full_store_takes_the_batch_out_of_the_guard),
	    T(test_a_restored_store_is_noticed_with_a_journal_too),
	    T(test_what_the_guard_brings_back_must_be_whole),
	    T(test_a_batch_with_other_feeds_is_guarded_after_its_commit),
	    T(test_a_batch_too_large_for_the_journal_is_guarded_after),
	    T(test_a_full_store_at_the_start_leaves_the_batch_in_the_guard),
	    T(test_a_full_guard_is_not_reported_as_a_full_store),
	    T(test_a_redo_without_its_town_feed_is_refused), T(test_malformed_jobs_fail_alone),
	    T(test_a_transaction_id_stands_for_one_content), T(test_a_dry_run_keeps_nothing),
	    T(test_what_the_village_has_not_seen_it_cannot_name),
	    T(test_a_bit_that_flips_before_the_seal_is_not_signed),
	    T(test_an_entry_gone_bad_fails_only_who_asks_for_it),
	    T(test_the_hub_takes_in_a_village_and_agrees, "R28"),
	    T(test_chunks_in_one_batch_depend_on_none_that_fails),
	    T(test_a_damaged_feed_takes_no_other_jobs_with_it),
	    T(test_every_flipped_bit_of_a_chunk_is_refused),
	    T(test_a_fork_is_named_and_changes_nothing),
	    T(test_chunks_of_no_business_here_are_refused),
	    T(test_invalid_entries_of_a_village_are_kept_without_effect),
	    T(test_notices_in_one_chunk_read_no_entries_again),
	    T(test_a_witness_without_a_clock_does_not_cosign),
	    T(test_a_village_whose_store_went_back_signs_one_history),
	    T(test_a_hub_whose_store_went_back_signs_one_history),
	    T(test_what_only_the_store_has_cosigned_is_guarded_at_the_start),
	    T(test_a_cosignature_waits_for_no_second_disk), T(test_status_is_three_honest_numbers),
	    T(test_the_note_is_one_that_others_can_check), T(test_every_allocation_may_fail))
