#include "tests/lib/stage.h"

#include "lib/err.h"
#include "tests/lib/t.h"

struct pair tw;
struct pair_node hub, village;
struct buf chunk;

void stage_open(void)
{
	pair_open(&tw);
}

void stage_close(void)
{
	if (hub.kv)
		pair_node_close(&hub);
	if (village.kv)
		pair_node_close(&village);
	buf_close(&chunk);
	pair_close(&tw);
}

void stage_hub(struct pair_node *n, uint32_t grants)
{
	struct pair_tx x = {0};

	pair_node_open(n, &tw, PAIR_HUB, NULL);
	for (uint32_t i = 0; i < PAIR_STARTED; i++) {
		pair_start_tx(&tw, i, &x);
		pair_put(n, &x);
	}
	pair_tx_close(&x);
	stage_grants(n, 0, 100, grants);
}

void stage_village(struct pair_node *n, uint32_t grants)
{
	struct buf town = {0};
	struct job j;

	pair_node_open(n, &tw, PAIR_VILLAGE, NULL);
	pair_chunk(&hub, 0, PAIR_STARTED, &town);
	T_EQ(stage_ingest(n, buf_bytes(&town), &j), ERR_OK);
	buf_close(&town);
	stage_grants(n, PAIR_STARTED, 200, grants);
}

void stage_restart(struct pair_node *n)
{
	struct errmsg msg = {0};

	pair_node_stop(n);
	if (pair_node_start(n, &msg))
		t_fail(__FILE__, __LINE__, "%s", msg.text);
}

void stage_grants(struct pair_node *n, uint64_t town_seen, uint32_t first, uint32_t count)
{
	struct pair_tx x = {0};

	for (uint32_t i = 0; i < count; i++) {
		pair_grant_tx(&tw, n->feed, town_seen, first + i, &x);
		pair_put(n, &x);
	}
	pair_tx_close(&x);
}

void stage_jobs(struct pair_tx *x, struct job **jobs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		pair_grant_tx(&tw, PAIR_HUB, 0, i, &x[i]);
		jobs[i] = &x[i].job;
	}
}

void stage_jobs_close(struct pair_tx *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		pair_tx_close(&x[i]);
}

int stage_ingest(struct pair_node *n, struct bytes body, struct job *ret)
{
	*ret = (struct job){.type = JOB_INGEST, .u.ingest = {.body = body, .now_s = STAGE_NOW_S}};
	T_EQ(pair_run(n, &ret, 1), ERR_OK);
	return ret->err;
}

int stage_cosig(struct pair_node *n, enum pair_feed feed, enum pair_feed witness, uint64_t size,
		bool other_root)
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
	T_EQ(cosig_make(&cp, tw.witness[witness], STAGE_NOW_S, &c->cosig), ERR_OK);
	T_EQ(pair_run(n, &jobs, 1), ERR_OK);
	return j.err;
}

int stage_acked(struct pair_node *n, enum pair_feed feed, uint64_t size)
{
	struct job j = {.type = JOB_ACKED, .u.acked = {tw.feed[feed], size}}, *jobs = &j;

	T_EQ(pair_run(n, &jobs, 1), ERR_OK);
	return j.err;
}

void stage_force(struct pair_node *n, const struct pair_tx *x)
{
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct entry e = x->job.u.append.tx;
	struct hash hash;
	struct feedlog f;
	struct kv_txn *t;

	T_EQ(kv_begin(n->kv, true, &t), ERR_OK);
	T_EQ(feedlog_open(&f, t, (uint32_t)n->feed + 1), ERR_OK);
	e.seq = f.head.size;
	e.prev = f.head.last;
	entry_pack(&e, leaf);
	T_EQ(feedlog_append(&f, &e, leaf, buf_bytes(&x->payload), &hash), ERR_OK);
	T_EQ(feedlog_flush(&f), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

uint64_t stage_size(const struct pair_node *n, uint32_t no)
{
	struct feed_head h;
	struct kv_txn *t;

	T_EQ(kv_begin(n->kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, no, &h), ERR_OK);
	kv_abort(t);
	return h.size;
}

void stage_state(const struct pair_node *n, uint32_t no, struct hash *ret)
{
	struct kv_txn *t;

	T_EQ(kv_begin(n->kv, false, &t), ERR_OK);
	T_EQ(fold_digest(t, no, ret), ERR_OK);
	kv_abort(t);
}

void stage_same_state(const struct pair_node *a, const struct pair_node *b, uint32_t no)
{
	struct hash in_a, in_b;

	stage_state(a, no, &in_a);
	stage_state(b, no, &in_b);
	T_MEM(in_a.b, in_b.b, HASH_BYTES);
}
