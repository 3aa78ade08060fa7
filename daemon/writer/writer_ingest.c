#include <string.h>

#include "daemon/writer/writer.h"
#include "daemon/writer/writer_int.h"
#include "lib/err.h"

/* A chunk under examination. Everything that can be wrong with it is found out before the first put, so
 * that it fails alone. */
struct intake {
	struct writer *w;
	struct session *s;
	struct job *j;
	struct chunk_check *check;
	struct chunk *chunk;
	uint64_t end;
};

/* The chunk itself is wrong, from entry @seq on. */
static int reject(struct intake *in, int err, uint64_t seq)
{
	in->j->err = err;
	in->j->u.ingest.bad_seq = seq;
	in->j->u.ingest.wrong = true;
	return ERR_OK;
}

/* It may be right, and cannot be stored now. */
static int put_off(struct intake *in, int err, uint64_t seq)
{
	in->j->err = err;
	in->j->u.ingest.bad_seq = seq;
	return ERR_OK;
}

/* The tree before the chunk, and the leaf hash it must follow. */
static int tree_before(struct intake *in, struct tlog_edge *ret_edge, struct hash *ret_prev)
{
	const struct feed_head *h = &in->s->log.head;
	struct feedlog_nodes nodes = {in->w->t, in->s->no, in->chunk->from};
	int err;

	if (in->chunk->from == h->size) {
		*ret_edge = h->edge;
		*ret_prev = h->last;
		return ERR_OK;
	}
	err = writer_flush(in->w);
	if (!err)
		err = tlog_edge_read(in->chunk->from, feedlog_node, &nodes, ret_edge);
	if (err)
		return err;
	*ret_prev = h->id;
	return in->chunk->from ? feedlog_node(&nodes, 0, in->chunk->from - 1, ret_prev) : ERR_OK;
}

/* The checkpoint under which the feed was taken in so far. ERR_NOTFOUND: there is nothing yet. */
static int sealed_before(struct intake *in, struct sigs_sealed *ret)
{
	if (!in->s->has_sealed)
		return sigs_sealed_get(in->w->t, in->s->no, ret);
	*ret = in->s->sealed;
	return ERR_OK;
}

/* Before a chunk is found wrong: what it was put on is still what the feed's key signed. ERR_CORRUPT: it is the
 * store here that is damaged. */
static int check_own(struct intake *in, const struct hash *root_before, const struct hash *prev)
{
	struct feedlog_nodes nodes = {in->w->t, in->s->no, in->chunk->from};
	struct sigs_sealed s;
	struct hash held;
	int err = in->chunk->from ? sealed_before(in, &s) : ERR_NOTFOUND;

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = feedlog_proven(in->w->t, in->s->no, in->chunk->from, s.size, &s.root, &held);
	if (!err && hash_cmp(&held, root_before))
		err = ERR_CORRUPT;
	if (!err)
		err = feedlog_node(&nodes, 0, in->chunk->from - 1, &held);
	return !err && hash_cmp(&held, prev) ? ERR_CORRUPT : err;
}

/* Entries and signed root do not fit each other. It is a fork only if the key has signed another root for a
 * size that is held here; else somebody on the way changed something. */
static int judge_mismatch(struct intake *in)
{
	uint64_t bad = in->chunk->from;
	struct sigs_sealed s;
	struct hash root;
	int err;

	for (uint32_t i = 0; i < in->chunk->n; i++) {
		if (!in->check->author_ok[i]) {
			bad += i;
			break;
		}
	}
	if (in->end > in->s->log.head.size)
		return reject(in, ERR_CORRUPT, bad);
	err = sealed_before(in, &s);
	if (!err)
		err = feedlog_proven(in->w->t, in->s->no, in->end, s.size, &s.root, &root);
	if (err)
		return err;
	return reject(in, hash_cmp(&root, &in->chunk->root) ? ERR_FORK : ERR_CORRUPT, bad);
}

/* The chunk is a true history under the feed's key. Is it ours where we hold it? */
static int compare_held(struct intake *in)
{
	struct feedlog_nodes nodes = {in->w->t, in->s->no, in->s->log.head.size};
	struct hash held;

	for (uint64_t i = 0; i < in->chunk->n && in->chunk->from + i < nodes.size; i++) {
		int err = feedlog_node(&nodes, 0, in->chunk->from + i, &held);

		if (err)
			return err;
		if (hash_cmp(&held, &in->chunk->v[i].leaf_hash))
			return reject(in, ERR_FORK, in->chunk->from + i);
	}
	return ERR_OK;
}

static int examine_tree(struct intake *in)
{
	struct tlog_edge edge;
	struct hash prev, before, root;
	int err = tree_before(in, &edge, &prev);

	if (err)
		return err;
	tlog_root(&edge, &before);
	chunk_link(in->chunk, &prev);
	for (uint32_t i = 0; i < in->chunk->n && !err; i++)
		err = tlog_append(&edge, &in->chunk->v[i].leaf_hash, NULL, NULL);
	if (err)
		return reject(in, err, in->chunk->from);
	tlog_root(&edge, &root);
	if (hash_cmp(&root, &in->chunk->root) == 0)
		return compare_held(in);
	err = writer_flush(in->w);
	if (!err)
		err = check_own(in, &before, &prev);
	return err ? err : judge_mismatch(in);
}

/* Entries that have seen more of the town feed than is held here cannot be judged yet. */
static int examine_town_seen(struct intake *in)
{
	struct feed_head town;
	uint64_t held = 0;
	int err;

	if (in->s->no == FEED_TOWN)
		return ERR_OK;
	err = writer_flush_town(in->w);
	if (!err)
		err = feedlog_head(in->w->t, FEED_TOWN, &town);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err)
		held = town.size;
	for (uint32_t i = 0; i < in->chunk->n; i++)
		if (in->chunk->v[i].e.town_seen > held)
			return put_off(in, ERR_STATE, in->chunk->from + i);
	return ERR_OK;
}

static int examine(struct intake *in)
{
	const struct feed_head *h = &in->s->log.head;
	struct chunk *c = in->chunk;
	struct checkpoint cp = {.size = in->end, .root = c->root};
	int err;

	memcpy(cp.origin, h->origin, sizeof(cp.origin));
	if (c->epoch != h->epoch)
		return reject(in, ERR_FORMAT, c->from);
	if (c->from > h->size)
		return put_off(in, ERR_STATE, h->size);
	if (!checkpoint_verify(&cp, h->key, c->sig))
		return reject(in, ERR_CRYPTO, c->from);
	err = examine_tree(in);
	if (!err && !in->j->err)
		err = examine_town_seen(in);
	return err;
}

static int take_entries(struct intake *in)
{
	struct session *s = in->s;
	uint32_t i = (uint32_t)(s->log.head.size - in->chunk->from);
	struct verdict v = {0};
	int err = ERR_OK;

	for (; i < in->chunk->n && !err; i++) {
		const struct chunk_entry *ce = &in->chunk->v[i];
		struct hash hash;

		err = feedlog_meet(&s->log, ce->e.txid);
		if (!err)
			err = writer_flush_for(in->w, s, &ce->e);
		if (!err)
			err = fold_apply(&s->fold, &ce->e, ce->payload, in->check->author_ok[i],
					 &v);
		if (!err)
			err = writer_keep(in->w, s, &ce->e, ce->leaf, ce->payload, &v, &hash);
		if (!err && !verdict_ok(&v))
			in->j->u.ingest.refused++;
	}
	if (err)
		return err;
	s->has_sealed = true;
	s->sealed = (struct sigs_sealed){.size = in->end, .root = in->chunk->root};
	memcpy(s->sealed.sig, in->chunk->sig, SIGN_BYTES);
	return ERR_OK;
}

static int take_in(struct intake *in)
{
	struct job_ingest *g = &in->j->u.ingest;
	const struct feed_head *h;
	uint32_t no;
	int err = feedlog_find(in->w->t, &in->chunk->feed, &no);

	if (err == ERR_NOTFOUND)
		return put_off(in, err, in->chunk->from);
	if (!err && no == in->w->own)
		return reject(in, ERR_INVALID, in->chunk->from);
	if (!err)
		err = writer_session(in->w, no, &in->s);
	if (err)
		return err;
	h = &in->s->log.head;
	in->end = in->chunk->from + in->chunk->n;
	err = examine(in);
	if (!err && !in->j->err && in->end > h->size)
		err = take_entries(in);
	if (err)
		return err;
	g->size = h->size;
	tlog_root(&h->edge, &g->root);
	if (!in->j->err)
		in->s->last = in->j;
	return ERR_OK;
}

int writer_ingest_job(struct writer *w, struct job *j)
{
	struct job_ingest *g = &j->u.ingest;
	struct intake in = {.w = w, .j = j};
	bool checked = g->check != NULL;
	int err;

	g->size = g->bad_seq = 0;
	g->root = hash_empty;
	g->refused = 0;
	g->cosigned = g->wrong = false;
	if (!checked && writer_check(j, &w->town))
		return ERR_OK;
	in.check = g->check;
	in.chunk = &in.check->chunk;
	err = take_in(&in);
	if (!checked) {
		chunk_check_free(g->check);
		g->check = NULL;
	}
	return err;
}

int writer_cosign(struct writer *w, struct session *s)
{
	struct sigs_cosig now = {.size = s->log.head.size}, before;
	struct checkpoint c = {.size = now.size};
	struct job *j = s->last;
	bool hold = false;
	int err;

	if (!j || j->u.ingest.now_s == 0) /* a cosignature has a time */
		return ERR_OK;
	/* SPEC 7.5: "It never cosigns a smaller size again", nor another root, whatever store it was given */
	err = writer_cosigned_in(w, w->t, &s->log.head, &hold);
	if (err || !hold)
		return err;
	memcpy(now.witness, sign_key_public(w->keys.witness), SIGN_KEY_BYTES);
	tlog_root(&s->log.head.edge, &now.root);
	err = sigs_cosig_get(w->t, s->no, now.witness, &before);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err && before.size >= now.size)
		return ERR_OK; /* never backwards */
	memcpy(c.origin, s->log.head.origin, sizeof(c.origin));
	c.root = now.root;
	err = cosig_make(&c, w->keys.witness, j->u.ingest.now_s, &now.cosig);
	if (!err) /* in the guard and in the store before anybody can see it */
		err = writer_cosigned_put(w, &s->log.head.id, now.size, &now.root);
	if (!err)
		err = sigs_cosig_put(w->t, s->no, &now);
	if (err)
		return err;
	j->u.ingest.cosigned = true;
	j->u.ingest.cosig = now.cosig;
	return ERR_OK;
}
