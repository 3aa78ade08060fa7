#include <string.h>

#include "daemon/verify/verify.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/sim/sim.h"

/* A hub that signs a second history of the town for a village whose store went back, up to the size that
 * the village has cosigned, or less; and a second machine with the keys of a village that writes on from an old copy of
 * its store. Honest ones never do; so this is tried on copies of the stores, aside. */
#define LIE_MAX	    LIMIT(50, 7) /* entries; they must fit a chunk */
#define SMALL_BYTES 600		 /* of a payload: three of them fit a chunk */

static int save_nowhere(void *ctx, const struct guard *g)
{
	(void)ctx;
	(void)g;
	return ERR_OK;
}

/* An entry to be: its place in the feed is not known yet. */
struct forged {
	struct entry e;
	struct bytes payload;
};

/* The chunk in which @who signs them behind @h. */
static void forge(const struct host *who, const struct feed_head *h, struct forged *v, uint64_t n,
		  struct buf *out)
{
	struct checkpoint c = {.size = h->size + n};
	struct tlog_edge edge = h->edge;
	struct hash prev = h->last;
	struct chunk_writer cw;
	uint8_t sig[SIGN_BYTES], raw[ENTRY_LEAF_BYTES];

	T_EQ(chunk_begin(&cw, out, &h->id, h->size, h->epoch), ERR_OK);
	for (uint64_t i = 0; i < n; i++) {
		v[i].e.seq = h->size + i;
		v[i].e.prev = prev;
		entry_pack(&v[i].e, raw);
		hash_leaf(raw, sizeof(raw), &prev);
		T_EQ(tlog_append(&edge, &prev, NULL, NULL), ERR_OK);
		T_EQ(chunk_add(&cw, raw, v[i].payload), ERR_OK);
	}
	memcpy(c.origin, h->origin, sizeof(c.origin));
	tlog_root(&edge, &c.root);
	T_EQ(checkpoint_sign(&c, who->feed_key, sig), ERR_OK);
	T_EQ(chunk_finish(&cw, &c.root, sig), ERR_OK);
}

static void read_entry(struct kv_txn *t, const struct feed_head *h, uint64_t seq,
		       struct forged *ret)
{
	struct bytes leaf;

	T_EQ(feedlog_read(t, h->no, seq, &leaf, &ret->payload), ERR_OK);
	T_EQ(entry_parse(leaf.p, leaf.n, &ret->e), ERR_OK);
}

/* The entries from @h on are the first one again and again: refused, but stored and part of the tree. */
static void lie(const struct host *who, struct kv_txn *t, const struct feed_head *h, uint64_t to,
		struct buf *out)
{
	struct forged v[LIE_MAX];

	T_OK(to - h->size <= LIE_MAX);
	read_entry(t, h, 0, &v[0]);
	for (uint64_t i = 1; i < to - h->size; i++)
		v[i] = v[0];
	forge(who, h, v, to - h->size, out);
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

void liar_tries(struct sim *s, uint32_t village, struct kv *copy, const struct guard *sealed)
{
	struct host *h = &s->m[village].host;
	struct writer_keys keys = {h->feed_key, h->witness_key};
	const struct guarddisk_slot *newest = guarddisk_newest(&h->guard);
	struct guard_ops ops = {save_nowhere, NULL};
	struct guard guard = *sealed;
	uint64_t most = s->feed[SIM_HUB].cosigned[village];
	struct buf body = {0};
	struct feed_head town;
	struct writer *w;
	struct kv_txn *t;

	T_EQ(kv_begin(copy, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, FEED_TOWN, &town), ERR_OK);
	if (town.size > 0 && most > town.size && most - town.size <= LIE_MAX)
		lie(&s->m[SIM_HUB].host, t, &town,
		    town.size + 1 + prng_below(&s->crash, most - town.size), &body);
	kv_abort(t);
	if (!body.n || !newest->counter)
		goto out;
	guard.cosigned = newest->sealed.cosigned;
	guard.ncosigned = newest->sealed.ncosigned;
	if (!writer_new(copy, &h->town, h->own_no, &keys, &guard, &ops, &w, NULL)) {
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

void liar_returns(struct sim *s, uint32_t village)
{
	struct machine *m = &s->m[village];
	struct kv_txn *old;

	T_EQ(kv_begin(m->image, false, &old), ERR_OK);
	liar_twin(s, village, old);
	kv_abort(old);
	if (s->failed)
		kv_close(m->image);
	else
		liar_tries(s, village, m->image, &m->image_guard);
	m->image = NULL;
}

/* --- a village that signs what is no good ------------------------------------------------------------ */

/* The last entry that counts and is small: its author has signed it well. */
static bool find_small(struct kv_txn *t, const struct feed_head *h, struct forged *ret)
{
	struct verdict v;

	for (uint64_t seq = h->size; seq-- > 0;) {
		read_entry(t, h, seq, ret);
		T_EQ(read_verdict(t, h->no, seq, &v), ERR_OK);
		if (verdict_ok(&v) && ret->payload.n <= SMALL_BYTES)
			return true;
	}
	return false;
}

static void verdict_is(struct sim *s, const struct host *h, struct kv *copy, uint32_t no,
		       uint64_t seq, enum verdict_id want)
{
	struct kv_txn *t;
	struct verdict v;

	T_EQ(kv_begin(copy, false, &t), ERR_OK);
	T_EQ(read_verdict(t, no, seq, &v), ERR_OK);
	kv_abort(t);
	s->count.forgeries++;
	if (v.reason.id != want)
		sim_fail(s, "forgery: an entry of %s is answered %s and not %s", h->name,
			 reason_name(v.reason.id), reason_name(want));
}

/* Once more what counted; the same under a signature that is none, behind one by the same author that is
 * good; and what has seen less of the town feed than entries before it. */
static void write_bad(struct sim *s, const struct host *h, struct writer *w, struct kv *copy,
		      uint32_t no)
{
	struct feed_head head;
	struct buf body = {0};
	struct forged v[3];
	struct kv_txn *t;
	struct job j;

	T_EQ(kv_begin(copy, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, no, &head), ERR_OK);
	if (find_small(t, &head, &v[0])) {
		v[1] = v[2] = v[0];
		v[1].e.sig[prng_below(&s->crash, SIGN_BYTES)] ^= 1;
		v[2].e.town_seen = 0;
		prng_fill(&s->crash, v[2].e.txid, TXID_BYTES);
		entry_tx_sign(&v[2].e, &h->town, h->person[HOST_HEAD]);
		forge(h, &head, v, 3, &body);
	}
	kv_abort(t);
	if (!body.n)
		return;
	offer(w, buf_bytes(&body), &j);
	T_EQ(j.err, ERR_OK);
	verdict_is(s, h, copy, no, head.size,
		   v[0].e.town_seen < head.town_seen ? V_TOWN_SEEN : V_TXID_REUSED);
	verdict_is(s, h, copy, no, head.size + 1, V_BAD_SIGNATURE);
	verdict_is(s, h, copy, no, head.size + 2, V_TOWN_SEEN);
	buf_close(&body);
}

/* What has seen more of the town feed than there is: it waits, and nothing of it is taken. */
static void write_ahead(struct sim *s, const struct host *h, struct writer *w, struct kv *copy,
			uint32_t no)
{
	struct feed_head head, town;
	struct buf body = {0};
	struct forged v;
	struct kv_txn *t;
	struct job j;

	T_EQ(kv_begin(copy, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, no, &head), ERR_OK);
	T_EQ(feedlog_head(t, FEED_TOWN, &town), ERR_OK);
	if (find_small(t, &head, &v)) {
		v.e.town_seen = town.size + 1;
		prng_fill(&s->crash, v.e.txid, TXID_BYTES);
		entry_tx_sign(&v.e, &h->town, h->person[HOST_HEAD]);
		forge(h, &head, &v, 1, &body);
	}
	kv_abort(t);
	if (!body.n)
		return;
	offer(w, buf_bytes(&body), &j);
	s->count.forgeries++;
	if (j.err != ERR_STATE)
		sim_fail(s, "forgery: an entry of %s that has seen what is not there: %s", h->name,
			 err_name(j.err));
	buf_close(&body);
}

/* That a signature was bad only its verdict says; who takes it out must not get away with it. */
static void hide_bad(struct sim *s, const struct host *h, struct kv *copy, uint32_t no,
		     uint64_t seq)
{
	const struct verify_opts opts = {.signatures = true};
	struct verify_report r;
	struct kv_txn *t;
	uint8_t key[12];

	be32_put(key, no);
	be64_put(key + 4, seq);
	T_EQ(kv_begin(copy, true, &t), ERR_OK);
	T_EQ(kv_del(t, KV_VERDICT, kv_bytes(key, sizeof(key))), ERR_OK);
	T_EQ(verify_store(t, &h->town, FEED_TOWN, NULL, &opts, &r), ERR_OK);
	kv_abort(t);
	s->count.forgeries++;
	if (r.nproblems == 0)
		sim_fail(s, "forgery: verify does not see that an author of %s has not signed",
			 h->name);
	verify_close(&r);
}

void liar_writes(struct sim *s, uint32_t village)
{
	struct host *hub = &s->m[SIM_HUB].host, *h = &s->m[village].host;
	struct writer_keys keys = {hub->feed_key, hub->witness_key};
	const struct guarddisk_slot *guard = guarddisk_newest(&hub->guard);
	struct guard_ops ops = {save_nowhere, NULL};
	struct feed_head before;
	struct kv_txn *t;
	struct writer *w;
	struct kv *copy;
	uint32_t no;

	T_EQ(kv_begin(hub->kv, false, &t), ERR_OK);
	copy = host_store_of(t);
	kv_abort(t);
	T_EQ(kv_begin(copy, false, &t), ERR_OK);
	T_EQ(feedlog_find(t, &h->feed, &no), ERR_OK);
	T_EQ(feedlog_head(t, no, &before), ERR_OK);
	kv_abort(t);
	T_EQ(writer_new(copy, &hub->town, FEED_TOWN, &keys, &guard->sealed, &ops, &w, NULL),
	     ERR_OK);
	write_ahead(s, h, w, copy, no);
	write_bad(s, h, w, copy, no);
	writer_free(w);
	if (!s->failed)
		hide_bad(s, h, copy, no, before.size + 1);
	kv_close(copy);
}

/* --- a guard from elsewhere -------------------------------------------------------------------------- */

void liar_guards(struct sim *s, uint32_t village)
{
	struct host *h = &s->m[village].host;
	struct writer_keys keys = {h->feed_key, h->witness_key};
	struct guard guard = guarddisk_newest(&h->guard)->sealed;
	struct guard_ops ops = {save_nowhere, NULL};
	struct writer *w;
	int err;

	guard.sig[prng_below(&s->crash, SIGN_BYTES)] ^= 1;
	err = writer_new(h->kv, &h->town, h->own_no, &keys, &guard, &ops, &w, NULL);
	s->count.forgeries++;
	if (err == ERR_OK)
		writer_free(w);
	if (err != ERR_FORK)
		sim_fail(s, "forgery: %s starts with a guard that it never signed: %s", h->name,
			 err_name(err));
}
