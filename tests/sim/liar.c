#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/sim/sim.h"

/* A hub that signs a second history of the town for a village whose store went back, up to the very size that
 * the village has cosigned. Honest hubs never do; so this is tried on a copy of the store, aside. */
#define LIE_MAX 50 /* entries; they must fit a chunk */

static int save_nowhere(void *ctx, const struct guard *g)
{
	(void)ctx;
	(void)g;
	return ERR_OK;
}

/* The entries from @h on are the first one again and again: refused, but stored and part of the tree. */
static void lie(const struct host *hub, struct kv_txn *t, const struct feed_head *h, uint64_t to,
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
	T_EQ(checkpoint_sign(&c, hub->feed_key, sig), ERR_OK);
	T_EQ(chunk_finish(&cw, &c.root, sig), ERR_OK);
}

static void offer(struct sim *s, uint32_t village, struct writer *w, struct bytes body)
{
	struct job j = {.type = JOB_INGEST,
			.u.ingest = {.body = body, .now_s = HOST_WALL_MS / 1000}};
	struct job *jobs = &j;
	uint32_t n;

	T_EQ(chunk_peek(body.p, body.n, &j.u.ingest.feed, &(uint64_t){0}, &n), ERR_OK);
	T_EQ(writer_apply(w, &jobs, 1), ERR_OK);
	T_EQ(writer_commit(w), ERR_OK);
	T_EQ(writer_seal(w), ERR_OK);
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
		offer(s, village, w, buf_bytes(&body));
		writer_free(w);
	}
out:
	buf_close(&body);
	kv_close(copy);
}
