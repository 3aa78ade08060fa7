#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/io/guardfile.h"
#include "daemon/io/kvlmdb.h"
#include "daemon/io/storeq.h"
#include "daemon/verify/verify.h"
#include "lib/err.h"
#include "lib/prng.h"
#include "tests/lib/pair.h"
#include "tests/lib/t.h"

/* A real process appends signed entries by its store thread and prints what was acknowledged; it is killed at a random moment, again and
 * again, on one store. What it said must be there, and the store must be good. */
#define KILLS	    36
#define BATCH_MAX   6
#define ENTRIES_MAX 100000
#define ACKS_MAX    24	 /* received before the kill */
#define LATER_US    2500 /* and then up to so long */

static char dir[64], guard_path[96];
static struct pair tw;

struct ack {
	uint64_t seq;
	struct hash leaf;
};
static struct hash acked[ENTRIES_MAX]; /* leaf hashes of acknowledged entries */
static uint64_t nacked;
static uint32_t came_back; /* times that the guard had a batch which the store had not */

static int guard_save(void *ctx, const struct guard *g)
{
	return guardfile_save(ctx, g);
}

/* Store, guard file and writer, as the daemon opens them. */
struct proc {
	struct kv *kv;
	struct guardfile *gf;
	struct writer *w;
};

static uint64_t stored_size(struct kv *kv)
{
	struct feed_head h;
	struct kv_txn *t;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, FEED_TOWN, &h), ERR_OK);
	kv_abort(t);
	return h.size;
}

static void proc_open(struct proc *p)
{
	struct writer_keys keys = {tw.feed_key[PAIR_HUB], tw.witness[PAIR_HUB]};
	struct guard_ops ops = {.save = guard_save};
	struct guard_journal journal;
	struct errmsg msg = {0};
	struct guard guard;
	int err = kvlmdb_open(dir, &(struct kvlmdb_opts){0}, &p->kv, &msg);

	if (!err)
		err = guardfile_open(guard_path, &p->gf, &msg);
	if (err)
		t_fail(__FILE__, __LINE__, "%s", msg.text);
	ops.ctx = p->gf;
	err = guardfile_load(p->gf, &guard);
	T_OK(!err || err == ERR_NOTFOUND);
	guardfile_journal(p->gf, &journal);
	came_back += journal.intent.size > stored_size(p->kv);
	if (writer_open(p->kv, &tw.id, FEED_TOWN, &keys, err ? NULL : &guard, &journal, &ops, &p->w,
			&msg))
		t_fail(__FILE__, __LINE__, "%s", msg.text);
}

static void proc_close(struct proc *p)
{
	writer_free(p->w);
	guardfile_close(p->gf);
	kv_close(p->kv);
}

static void make_tx(uint64_t seq, struct pair_tx *x)
{
	if (seq < PAIR_STARTED)
		pair_start_tx(&tw, (uint32_t)seq, x);
	else
		pair_grant_tx(&tw, PAIR_HUB, 0, (uint32_t)seq, x);
}

/* Appends until it is killed. */
static void child(int out, uint64_t seed)
{
	struct pair_tx x[BATCH_MAX] = {0};
	struct job *jobs[BATCH_MAX];
	struct storeq *q;
	struct proc p;
	struct guard g;
	struct prng r;

	prng_seed(&r, seed);
	proc_open(&p);
	writer_head(p.w, &g);
	T_EQ(storeq_start(p.w, NULL, NULL, &q), ERR_OK);
	for (uint64_t seq = g.size; seq < ENTRIES_MAX - BATCH_MAX;) {
		struct ack acks[BATCH_MAX];
		uint32_t n = 1 + (uint32_t)prng_below(&r, BATCH_MAX);

		for (uint32_t i = 0; i < n; i++) {
			make_tx(seq + i, &x[i]);
			jobs[i] = &x[i].job;
		}
		T_EQ(storeq_run(q, jobs, n), ERR_OK);
		for (uint32_t i = 0; i < n; i++) {
			const struct job_append *a = &x[i].job.u.append;

			T_EQ(x[i].job.err, ERR_OK);
			T_EQ(a->verdict.reason.id, V_ACCEPTED);
			T_EQ(a->seq, seq + i);
			acks[i] = (struct ack){a->seq, a->leaf_hash};
		}
		T_EQ(write(out, acks, n * sizeof(acks[0])), (ssize_t)(n * sizeof(acks[0])));
		seq += n;
	}
}

static void recv_acks(int in, uint32_t wanted)
{
	for (uint32_t n = 0; n < wanted; n++) {
		struct ack a;
		ssize_t got = read(in, &a, sizeof(a));

		if (got == 0)
			return; /* that was the last word */
		T_EQ(got, sizeof(a));
		T_OK(a.seq < ENTRIES_MAX);
		T_OK(a.seq >= nacked); /* never twice */
		acked[a.seq] = a.leaf;
		/* entries between were sealed, and the word of it was lost with the process */
		for (uint64_t i = nacked; i < a.seq; i++)
			acked[i] = hash_empty;
		nacked = a.seq + 1;
	}
}

static void wait_us(uint64_t us)
{
	struct timespec t = {.tv_nsec = (long)us * 1000};

	ppoll(NULL, 0, &t, NULL);
}

static void run_and_kill(struct prng *r)
{
	uint64_t seed = prng_next(r);
	int fd[2], status;
	pid_t pid;

	T_EQ(pipe(fd), 0);
	pid = fork();
	T_OK(pid >= 0);
	if (pid == 0) {
		close(fd[0]);
		child(fd[1], seed);
		_exit(3); /* there should always be more to do */
	}
	close(fd[1]);
	recv_acks(fd[0], (uint32_t)prng_below(r, ACKS_MAX));
	wait_us(prng_below(r, LATER_US));
	T_EQ(kill(pid, SIGKILL), 0);
	T_EQ(waitpid(pid, &status, 0), pid);
	T_OK(WIFSIGNALED(status));
	recv_acks(fd[0], UINT32_MAX);
	close(fd[0]);
}

static void check_acked(struct kv_txn *t)
{
	struct feed_head h;

	T_EQ(feedlog_head(t, FEED_TOWN, &h), ERR_OK);
	T_OK(h.size >= nacked);
	for (uint64_t seq = 0; seq < nacked; seq++) {
		struct bytes leaf, payload;
		struct hash hash;

		T_EQ(feedlog_read(t, FEED_TOWN, seq, &leaf, &payload), ERR_OK);
		hash_leaf(leaf.p, leaf.n, &hash);
		if (hash_cmp(&acked[seq], &hash_empty))
			T_MEM(hash.b, acked[seq].b, HASH_BYTES);
	}
}

static void check_store(bool signatures)
{
	struct verify_opts opts = {.signatures = signatures, .rebuild = true};
	struct verify_report r;
	struct kv_txn *t;
	struct guard g;
	struct proc p;

	proc_open(&p);
	writer_head(p.w, &g);
	T_EQ(kv_begin(p.kv, false, &t), ERR_OK);
	check_acked(t);
	T_EQ(verify_store(t, &tw.id, FEED_TOWN, &g, &opts, &r), ERR_OK);
	if (r.nproblems)
		t_fail(__FILE__, __LINE__, "%s, entry %" PRIu64 ": %s", r.problem[0].table,
		       r.problem[0].entry, problem_name(r.problem[0].id));
	T_EQ(r.entries, g.size); /* all of it is sealed again */
	verify_close(&r);
	kv_abort(t);
	proc_close(&p);
}

static void remove_all(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lock.mdb", dir);
	unlink(path);
	unlink(guard_path);
	T_EQ(rmdir(dir), 0);
}

static void test_what_was_acknowledged_survives_any_kill(void)
{
	struct prng r;
	struct kv *kv;

	pair_open(&tw);
	snprintf(dir, sizeof(dir), "/tmp/cz-kill-XXXXXX");
	T_OK(mkdtemp(dir));
	snprintf(guard_path, sizeof(guard_path), "%s/guard", dir);
	T_EQ(kvlmdb_open(dir, &(struct kvlmdb_opts){0}, &kv, NULL), ERR_OK);
	pair_feeds(&tw, kv);
	kv_close(kv);
	prng_seed(&r, 20261123);
	for (int i = 0; i < KILLS; i++) {
		run_and_kill(&r);
		check_store(i == KILLS - 1);
	}
	T_OK(nacked > KILLS); /* it did get somewhere */
	T_OK(came_back > 0);  /* and some kill fell between guard and store */
	printf("%" PRIu64
	       " entries acknowledged in %d lives, %u batches brought back by the guard\n",
	       nacked, KILLS, came_back);
	remove_all();
	pair_close(&tw);
}

T_MAIN(T(test_what_was_acknowledged_survives_any_kill))
