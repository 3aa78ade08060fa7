#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/sim/sim.h"

/* A hub that signs a second history of the town for a village whose store went back, up to the very size that
 * the village has cosigned; and a second machine with the keys of a village that writes on from an old copy of
 * its store. Honest ones never do; so this is tried on copies of the stores, aside. */
#define LIE_MAX LIMIT(50, 7) /* entries; they must fit a chunk */

static int save_nowhere(void *ctx, const struct guard *g)
{
	(void)ctx;
	(void)g;
	return ERR_OK;
}

/* The entries from @h on are the first one again and again: refused, but stored and part of the tree. */
static void lie(const struct host *who, struct kv_txn *t, const struct feed_head *h, uint64_t to,
		struct buf *out)
{
	struct checkpoint c = {.size = to};
	struct tlog_edge edge = h->edge;
	struct hash prev = h->last;
	struct bytes leaf, payload;
	struct chunk_writer cw;
	uint8_t sig[SIGN_BYTES], raw[ENTRY_LEAF_BYTES];
	struct entry e;

	T_EQ(feedlog_read(t, h->no, 0, &leaf, &payload), ERR_OK);
	T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
	T_EQ(chunk_begin(&cw, out, &h->id, h->size, h->epoch), ERR_OK);
	for (e.seq = h->size; e.seq < to; e.seq++) {
		e.prev = prev;
		entry_pack(&e, raw);
		hash_leaf(raw, sizeof(raw), &prev);
		T_EQ(tlog_append(&edge, &prev, NULL, NULL), ERR_OK);
		T_EQ(chunk_add(&cw, raw, payload), ERR_OK);
	}
	memcpy(c.origin, h->origin, sizeof(c.origin));
	tlog_root(&edge, &c.root);
	T_EQ(checkpoint_sign(&c, who->feed_key, sig), ERR_OK);
	T_EQ(chunk_finish(&cw, &c.root, sig), ERR_OK);
}

static void offer(struct writer *w, struct bytes body, struct job *ret)
{
	struct job *jobs = ret;
	uint32_t n;

	*ret = (struct job){.type = JOB_INGEST,
			    .u.ingest = {.body = body, .now_s = HOST_WALL_MS / 1000}};
	T_EQ(chunk_peek(body.p, body.n, &ret->u.ingest.feed, &(uint64_t){0}, &n), ERR_OK);
	T_EQ(writer_apply(w, &jobs, 1), ERR_OK);
	T_EQ(writer_commit(w), ERR_OK);
	T_EQ(writer_seal(w), ERR_OK);
}

static void offer_lie(struct sim *s, uint32_t village, struct writer *w, struct bytes body)
{
	struct job j;

	offer(w, body, &j);
	T_EQ(j.err, ERR_OK);
	s->count.lies++;
	if (j.u.ingest.cosigned)
		law_cosigned(s, village, &j.u.ingest);
}

void liar_tries(struct sim *s, uint32_t village, struct kv *copy)
{
	struct host *h = &s->m[village].host;
	struct writer_keys keys = {h->feed_key, h->witness_key};
	const struct guarddisk_slot *guard = guarddisk_newest(&h->guard);
	struct guard_ops ops = {save_nowhere, NULL};
	uint64_t most = s->feed[SIM_HUB].cosigned[village];
	struct buf body = {0};
	struct feed_head town;
	struct writer *w;
	struct kv_txn *t;

	T_EQ(kv_begin(copy, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, FEED_TOWN, &town), ERR_OK);
	if (town.size > 0 && most > town.size && most - town.size <= LIE_MAX)
		lie(&s->m[SIM_HUB].host, t, &town, most, &body);
	kv_abort(t);
	if (!body.n || !guard->counter)
		goto out;
	if (!writer_new(copy, &h->town, h->own_no, &keys, &guard->sealed, &ops, &w, NULL)) {
		offer_lie(s, village, w, buf_bytes(&body));
		writer_free(w);
	}
out:
	buf_close(&body);
	kv_close(copy);
}

bool liar_second_history(struct sim *s, uint32_t village, bool of_village, struct buf *out)
{
	uint32_t author = of_village ? village : SIM_HUB, reader = of_village ? SIM_HUB : village;
	struct machine *m = &s->m[author];
	uint64_t held = host_size(&s->m[reader].host, &m->host.feed);
	struct feed_head old;

	if (!m->ncopies || feedlog_head(m->copy[m->ncopies - 1], m->host.own_no, &old) ||
	    old.size == 0 || old.size >= held || held - old.size > LIE_MAX)
		return false;
	buf_reset(out);
	buf_put_u8(out, MSG_CHUNK);
	lie(&m->host, m->copy[m->ncopies - 1], &old, held, out);
	return true;
}

/* --- the twin -------------------------------------------------------------------------------------- */

/* The hub keeps what it has, and knows the fork for one. */
static void offer_twin(struct sim *s, uint32_t village, struct writer *w, struct kv *hub_copy,
		       struct bytes body)
{
	const struct host *hub = &s->m[SIM_HUB].host, *h = &s->m[village].host;
	struct feed_head before, after;
	struct kv_txn *t;
	struct job j;
	uint32_t no;

	T_EQ(kv_begin(s->m[SIM_HUB].host.kv, false, &t), ERR_OK);
	T_EQ(feedlog_find(t, &h->feed, &no), ERR_OK);
	T_EQ(feedlog_head(t, no, &before), ERR_OK);
	kv_abort(t);
	offer(w, body, &j);
	T_EQ(kv_begin(hub_copy, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, no, &after), ERR_OK);
	kv_abort(t);
	s->count.twins++;
	if (j.err != ERR_FORK)
		sim_fail(s, "twin: %s takes a second history of %s for: %s", hub->name, h->name,
			 err_name(j.err));
	else if (before.size != after.size || hash_cmp(&before.last, &after.last))
		sim_fail(s, "twin: %s changed the feed of %s for a second history", hub->name,
			 h->name);
}

void liar_twin(struct sim *s, uint32_t village, struct kv_txn *old)
{
	struct host *hub = &s->m[SIM_HUB].host, *h = &s->m[village].host;
	const struct guarddisk_slot *guard = guarddisk_newest(&hub->guard);
	struct writer_keys keys = {hub->feed_key, hub->witness_key};
	struct guard_ops ops = {save_nowhere, NULL};
	uint64_t held = host_size(hub, &h->feed);
	struct buf body = {0};
	struct feed_head own;
	struct kv_txn *now;
	struct writer *w;
	struct kv *copy;

	T_EQ(feedlog_head(old, h->own_no, &own), ERR_OK);
	if (own.size == 0 || own.size >= held || held - own.size >= LIE_MAX)
		return;
	T_EQ(kv_begin(hub->kv, false, &now), ERR_OK);
	copy = host_store_of(now);
	kv_abort(now);
	lie(h, old, &own, held + prng_below(&s->crash, 2), &body);
	if (!writer_new(copy, &hub->town, FEED_TOWN, &keys, &guard->sealed, &ops, &w, NULL)) {
		offer_twin(s, village, w, copy, buf_bytes(&body));
		writer_free(w);
	}
	buf_close(&body);
	kv_close(copy);
}
