#include "daemon/writer/writer.h"

#include <assert.h>
#include <string.h>

#include "daemon/writer/halt.h"
#include "daemon/writer/writer_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/vec.h"
#include "proto/record.h"

/* --- sessions -------------------------------------------------------------------------------------- */

static int add_grown(struct writer *w, const struct session *s)
{
	struct grown *g = NULL;

	for (uint32_t i = 0; i < w->ngrown && !g; i++)
		if (w->grown[i].no == s->no)
			g = &w->grown[i];
	if (!g) {
		if (VEC_ROOM(w->grown, w->ngrown, w->grown_cap))
			return ERR_NOMEM;
		g = &w->grown[w->ngrown++];
		*g = (struct grown){.no = s->no, .from = s->flushed};
	}
	g->size = s->log.head.size;
	tlog_root(&s->log.head.edge, &g->root);
	return ERR_OK;
}

static int session_flush(struct writer *w, struct session *s)
{
	int err = ERR_OK;

	if (!s->open || s->log.head.size == s->flushed)
		return ERR_OK;
	err = feedlog_flush(&s->log);
	if (!err)
		err = add_grown(w, s);
	if (!err)
		s->flushed = s->log.head.size;
	return err;
}

static int session_end(struct writer *w, struct session *s)
{
	int err = session_flush(w, s);

	if (!err && s->open)
		err = fold_flush(&s->fold);
	if (!err && s->open && s->has_sealed) {
		err = sigs_sealed_put(w->t, s->no, &s->sealed);
		if (!err)
			err = writer_cosign(w, s);
	}
	fold_close(&s->fold);
	s->open = s->has_sealed = false;
	s->last = NULL;
	return err;
}

int writer_session(struct writer *w, uint32_t no, struct session **ret)
{
	struct session *s = no == w->own ? &w->mine : &w->other;
	int err = ERR_OK;

	if (s->open && s->no != no)
		err = session_end(w, s);
	if (!err && !s->open) {
		err = feedlog_open(&s->log, w->t, no);
		if (!err)
			err = fold_open(&s->fold, w->t, &w->town, &s->log.head);
		if (err)
			return err;
		s->open = true;
		s->log.gather = true;
		s->no = no;
		s->flushed = s->log.head.size;
	}
	*ret = s;
	return err;
}

int writer_flush(struct writer *w)
{
	int err = session_flush(w, &w->mine);

	return err ? err : session_flush(w, &w->other);
}

int writer_flush_for(struct writer *w, struct session *s, const struct entry *e)
{
	return e->type == REC_notice ? session_flush(w, s) : ERR_OK;
}

int writer_flush_town(struct writer *w)
{
	struct session *s = w->own == FEED_TOWN ? &w->mine : &w->other;

	return s->no == FEED_TOWN ? session_flush(w, s) : ERR_OK;
}

static int verdict_put(struct writer *w, uint32_t no, uint64_t seq, const struct verdict *v)
{
	struct buf b = {0};
	uint8_t key[12];
	int err;

	if (verdict_ok(v) && v->nwarn == 0)
		return ERR_OK;
	be32_put(key, no);
	be64_put(key + 4, seq);
	err = verdict_pack(v, &b);
	if (!err)
		err = kv_put(w->t, KV_VERDICT, kv_bytes(key, sizeof(key)), buf_bytes(&b));
	buf_close(&b);
	return err;
}

static void redo_add(struct writer *w, const uint8_t *leaf, struct bytes payload)
{
	if (!w->has_journal || w->redo_over)
		return;
	w->redo_over = w->redo.n + ENTRY_LEAF_BYTES + payload.n > GUARD_REDO_MAX ||
		       buf_put(&w->redo, leaf, ENTRY_LEAF_BYTES) ||
		       buf_put(&w->redo, payload.p, payload.n);
}

int writer_keep(struct writer *w, struct session *s, const struct entry *e, const uint8_t *leaf,
		struct bytes payload, const struct verdict *v, struct hash *ret_leaf_hash)
{
	int err = feedlog_append(&s->log, e, leaf, payload, ret_leaf_hash);

	assert(err != ERR_FORMAT); /* the caller made or linked it */
	if (s == &w->mine)
		redo_add(w, leaf, payload);
	return err ? err : verdict_put(w, s->no, e->seq, v);
}

/* --- the phases ------------------------------------------------------------------------------------ */

static void batch_forget(struct writer *w)
{
	fold_close(&w->mine.fold);
	fold_close(&w->other.fold);
	w->mine.open = w->other.open = false;
	w->mine.has_sealed = w->other.has_sealed = false;
	w->mine.last = w->other.last = NULL;
	w->ngrown = 0;
	w->njobs = 0;
	w->journaled = w->redo_over = false;
	buf_reset(&w->redo);
}

/* The whole batch has failed: of no chunk in it is anything known. */
static int batch_fail(struct writer *w, enum writer_state state, int err)
{
	for (uint32_t i = 0; i < w->njobs; i++) {
		w->jobs[i]->err = err;
		if (w->jobs[i]->type == JOB_INGEST)
			w->jobs[i]->u.ingest.wrong = false;
	}
	batch_forget(w);
	kv_abort(w->t);
	w->t = NULL;
	w->state = state;
	return err;
}

static int run_job(struct writer *w, struct job *j)
{
	switch (j->type) {
	case JOB_APPEND: return writer_append_job(w, j);
	case JOB_INGEST: return writer_ingest_job(w, j);
	case JOB_ACKED: return writer_acked_job(w, j);
	case JOB_COSIG: return writer_cosig_job(w, j);
	}
	return ERR_INVALID;
}

static int sealed_to_store(struct writer *w)
{
	struct sigs_sealed s = {.size = w->sealed.size, .root = w->sealed.root};

	w->storing = w->stored;
	if (w->stored == w->sealed.size)
		return ERR_OK;
	memcpy(s.sig, w->sealed.sig, SIGN_BYTES);
	w->storing = s.size;
	return sigs_sealed_put(w->t, w->own, &s);
}

int writer_apply(struct writer *w, struct job **jobs, uint32_t n)
{
	int err;

	assert(n <= WRITER_BATCH_MAX);
	for (uint32_t i = 0; i < n; i++)
		jobs[i]->err = ERR_STATE;
	if (w->state != WRITER_IDLE)
		return ERR_STATE;
	for (uint32_t i = 0; i < n; i++) {
		w->jobs[i] = jobs[i];
		jobs[i]->err = ERR_OK;
	}
	w->njobs = n;
	err = kv_begin(w->kv, true, &w->t);
	if (err) {
		w->t = NULL;
		/* a store that begins nothing after a failed sync will not do so again */
		return batch_fail(w, err == ERR_IO ? WRITER_DEAD : WRITER_IDLE, err);
	}
	err = sealed_to_store(w);
	for (uint32_t i = 0; i < n && !err; i++)
		err = run_job(w, jobs[i]);
	if (!err)
		err = session_end(w, &w->mine);
	if (!err)
		err = session_end(w, &w->other);
	if (!err)
		err = w->t->err;
	if (err)
		return batch_fail(w, WRITER_IDLE, err);
	w->state = WRITER_APPLIED;
	return ERR_OK;
}

/* Entries that other entries of the batch were judged by must not be lost apart from them. */
static bool fits_journal(const struct writer *w)
{
	return w->has_journal && !w->redo_over && w->redo.n > 0 && w->ngrown == 1 &&
	       w->grown[0].no == w->own && w->changed.n <= GUARD_CHANGED_MAX;
}

static bool own_grown(const struct writer *w)
{
	for (uint32_t i = 0; i < w->ngrown; i++)
		if (w->grown[i].no == w->own)
			return true;
	return false;
}

/* @g with cosigned heads that changed, from @from on, as many as one save takes. */
static struct guard with_changed(const struct writer *w, const struct guard *g, uint32_t from)
{
	uint32_t rest = w->changed.n - from;
	struct guard part = *g;

	part.cosigned = rest ? w->changed.v + from : NULL;
	part.ncosigned = rest < GUARD_CHANGED_MAX ? rest : GUARD_CHANGED_MAX;
	return part;
}

static void guarded(struct writer *w)
{
	w->unguarded = false;
	guard_heads_reset(&w->changed);
}

static int save_guard(struct writer *w, const struct guard *g)
{
	uint32_t from = 0;
	int err;

	do {
		struct guard part = with_changed(w, g, from);

		err = w->ops.save(w->ops.ctx, &part);
		from += part.ncosigned;
	} while (!err && from < w->changed.n);
	if (!err)
		guarded(w);
	return err;
}

/* The guard and the store sync side by side. @intent->size 0: cosignatures alone. */
static int commit_beside_guard(struct writer *w, struct kv_txn *t, const struct guard *intent)
{
	struct guard sealed = with_changed(w, &w->sealed, 0);
	int guard_err = w->journal.begin(w->journal.ctx, &sealed, intent, buf_bytes(&w->redo));
	int err;

	if (guard_err) {
		kv_abort(t);
		return guard_err == ERR_FULL ? ERR_IO : guard_err;
	}
	err = kv_commit(t);
	guard_err = w->journal.wait(w->journal.ctx);
	if (!guard_err)
		guarded(w);
	/* a batch that was refused must not come back from the guard */
	if (err == ERR_FULL && (guard_err || (intent->size && save_guard(w, &w->sealed))))
		err = ERR_IO;
	w->journaled = intent->size > 0;
	if (!err && guard_err)
		err = guard_err == ERR_FULL ? ERR_IO : guard_err;
	return err;
}

static int commit(struct writer *w, struct kv_txn *t)
{
	struct guard intent = {.epoch = w->sealed.epoch};

	if (fits_journal(w)) {
		intent.epoch = w->mine.log.head.epoch;
		intent.size = w->grown[0].size;
		intent.root = w->grown[0].root;
		return commit_beside_guard(w, t, &intent);
	}
	if (t->writes == 0) { /* nothing to sync */
		kv_abort(t);
		return ERR_OK;
	}
	/* own entries are sealed, and the guard saved, after the commit */
	if (w->has_journal && w->changed.n > 0 && w->changed.n <= GUARD_CHANGED_MAX &&
	    !own_grown(w))
		return commit_beside_guard(w, t, &intent);
	return kv_commit(t);
}

int writer_commit(struct writer *w)
{
	struct kv_txn *t = w->t;
	int err;

	if (w->state != WRITER_APPLIED)
		return ERR_STATE;
	w->t = NULL;
	err = commit(w, t);
	if (err)
		return batch_fail(w, err == ERR_FULL ? WRITER_IDLE : WRITER_DEAD, err);
	w->stored = w->storing;
	w->state = WRITER_COMMITTED;
	return ERR_OK;
}

static int sign_head(struct writer *w, uint32_t epoch, uint64_t size, const struct hash *root)
{
	struct guard g = {.epoch = epoch, .size = size, .root = *root};
	struct checkpoint c = {.size = size, .root = *root};
	int err;

	memcpy(c.origin, w->origin, sizeof(c.origin));
	err = checkpoint_sign(&c, w->keys.feed, g.sig);
	if (!err && w->journaled)
		w->unguarded = true; /* size and root are there, the signature follows */
	else if (!err)
		err = save_guard(w, &g);
	if (!err)
		w->sealed = g;
	return err;
}

/* What was written is read back through another transaction and hashed again, before it is signed. */
static int seal_feed(struct writer *w, struct kv_txn *t, const struct grown *g)
{
	uint64_t size, bad;
	struct hash root;
	int err = feedlog_reread(t, g->no, g->from, &root, &size, &bad);

	if (!err && (size != g->size || hash_cmp(&root, &g->root)))
		err = ERR_CORRUPT;
	if (err || g->no != w->own)
		return err;
	return sign_head(w, w->sealed.epoch, size, &root);
}

int writer_seal(struct writer *w)
{
	struct kv_txn *t = NULL;
	int err = ERR_OK;

	if (w->state != WRITER_COMMITTED)
		return ERR_STATE;
	if (w->ngrown > 0)
		err = kv_begin(w->kv, false, &t);
	for (uint32_t i = 0; i < w->ngrown && !err; i++)
		err = seal_feed(w, t, &w->grown[i]);
	kv_abort(t);
	if (!err && (w->changed.n > 0 || (w->njobs == 0 && w->unguarded)))
		err = save_guard(w, &w->sealed);
	if (err == ERR_FULL) /* of the guard; to a client it would mean that nothing was written */
		err = ERR_IO;
	if (err)
		return batch_fail(w, WRITER_DEAD, err);
	batch_forget(w);
	w->state = WRITER_IDLE;
	return ERR_OK;
}

static int run_once(struct writer *w, struct job **jobs, uint32_t n)
{
	int err = writer_apply(w, jobs, n);

	if (!err)
		err = writer_commit(w);
	return err ? err : writer_seal(w);
}

int writer_run(struct writer *w, struct job **jobs, uint32_t n)
{
	int err = run_once(w, jobs, n), rest;

	if (n < 2 || w->state != WRITER_IDLE || (err != ERR_CORRUPT && err != ERR_NOTFOUND))
		return err;
	err = writer_run(w, jobs, n / 2);
	rest = writer_run(w, jobs + n / 2, n - n / 2);
	return err ? err : rest;
}

/* --- opening --------------------------------------------------------------------------------------- */

static int check_guard(struct writer *w, struct kv_txn *t, const struct feed_head *h,
		       const struct guard *g, struct errmsg *msg)
{
	struct checkpoint c = {.size = g->size, .root = g->root};
	struct hash root;
	int err;

	memcpy(c.origin, w->origin, sizeof(c.origin));
	if (!checkpoint_verify(&c, h->key, g->sig))
		return halt_set(msg, &(struct halt){.id = HALT_GUARD_FOREIGN});
	if (g->epoch != h->epoch || g->size > h->size)
		return halt_set(msg, &(struct halt){HALT_STORE_OLD,
						    {h->size, g->size, h->epoch, g->epoch}});
	err = feedlog_root(t, h->no, g->size, &root);
	if (err)
		return err_set(msg, err, "the tree of the own feed cannot be read");
	if (hash_cmp(&root, &g->root))
		return halt_set(msg, &(struct halt){HALT_STORE_OTHER, {g->size}});
	w->sealed = *g;
	w->sealed.cosigned = NULL; /* the writer has its own list */
	w->sealed.ncosigned = 0;
	return ERR_OK;
}

/* What was committed but not signed before the last stop. */
static int seal_tail(struct writer *w, struct kv_txn *t, const struct feed_head *h,
		     struct errmsg *msg)
{
	uint64_t size, bad = 0;
	struct hash root;
	int err = feedlog_reread(t, w->own, w->sealed.size, &root, &size, &bad);

	if (err)
		return err_set(msg, err, "entry %llu of the own feed: %s", (unsigned long long)bad,
			       err_text(err));
	err = sign_head(w, h->epoch, size, &root);
	return err ? err_set(msg, err, "the guard cannot be saved: %s", err_text(err)) : ERR_OK;
}

/* What was about to be sealed: it is in the store, or all of it is missing and can be done again. */
static int check_intent(struct writer *w, struct kv_txn *t, const struct feed_head *h,
			bool *ret_redo, struct errmsg *msg)
{
	const struct guard *in = &w->journal.intent;
	struct hash root;
	int err;

	*ret_redo = false;
	if (!w->has_journal || in->size <= w->sealed.size)
		return ERR_OK;
	if (in->epoch == h->epoch && h->size == w->sealed.size) {
		*ret_redo = true;
		return ERR_OK;
	}
	if (in->epoch == h->epoch && h->size >= in->size) {
		err = feedlog_root(t, h->no, in->size, &root);
		if (err)
			return err_set(msg, err, "the tree of the own feed cannot be read");
		if (hash_cmp(&root, &in->root) == 0)
			return ERR_OK;
	}
	return halt_set(msg, &(struct halt){.id = HALT_INTENT_OTHER});
}

static int open_own(struct writer *w, struct kv_txn *t, const struct guard *guard, bool *ret_redo,
		    struct errmsg *msg)
{
	struct sigs_sealed stored;
	struct feed_head h;
	int err = feedlog_head(t, w->own, &h);

	if (err)
		return err_set(msg, err, "own feed: %s", err_text(err));
	w->own_id = h.id;
	memcpy(w->origin, h.origin, sizeof(w->origin));
	if (memcmp(h.key, sign_key_public(w->keys.feed), SIGN_KEY_BYTES) != 0)
		return err_set(msg, ERR_CRYPTO, "the feed key does not belong to the own feed");
	if (guard)
		err = check_guard(w, t, &h, guard, msg);
	else if (h.size > 0)
		err = halt_set(msg, &(struct halt){HALT_GUARD_MISSING, {h.size}});
	if (!err)
		err = check_intent(w, t, &h, ret_redo, msg);
	if (!err)
		err = writer_cosigned_open(w, t, guard);
	/* an empty feed gets its guard before its first entry, so that a missing one is a lost one */
	if (!err && (!guard || h.size > guard->size))
		err = seal_tail(w, t, &h, msg);
	if (err)
		return err;
	err = sigs_sealed_get(t, w->own, &stored);
	if (err == ERR_NOTFOUND)
		return ERR_OK;
	w->stored = stored.size;
	return err ? err_set(msg, err, "checkpoint of the own feed: %s", err_text(err)) : ERR_OK;
}

/* Brings the newest checkpoint into the store at once. */
static int store_sealed(struct writer *w)
{
	return writer_pending(w) ? run_once(w, NULL, 0) : ERR_OK;
}

int writer_new(struct kv *kv, const struct hash *town, uint32_t own, const struct writer_keys *keys,
	       const struct guard *guard, const struct guard_ops *ops, struct writer **ret,
	       struct errmsg *msg)
{
	return writer_open(kv, town, own, keys, guard, NULL, ops, ret, msg);
}

int writer_open(struct kv *kv, const struct hash *town, uint32_t own,
		const struct writer_keys *keys, const struct guard *guard,
		const struct guard_journal *journal, const struct guard_ops *ops,
		struct writer **ret, struct errmsg *msg)
{
	struct writer *w = mem_alloc(sizeof(*w));
	struct kv_txn *t = NULL;
	bool redo = false;
	int err;

	if (!w)
		return ERR_NOMEM;
	w->kv = kv;
	w->town = *town;
	w->own = own;
	w->keys = *keys;
	w->ops = *ops;
	w->has_journal = journal != NULL;
	if (journal)
		w->journal = *journal;
	err = kv_begin(kv, false, &t);
	if (!err)
		err = open_own(w, t, guard, &redo, msg);
	kv_abort(t);
	if (!err && redo)
		err = writer_redo(w, msg);
	if (!err &&
	    w->changed.n > 0) /* after the redo, which must not fall out of the guard before */
		err = save_guard(w, &w->sealed);
	if (!err)
		err = store_sealed(w);
	if (err) {
		writer_free(w);
		return err;
	}
	*ret = w;
	return ERR_OK;
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	batch_forget(w);
	kv_abort(w->t);
	buf_close(&w->redo);
	mem_free(w->grown);
	guard_heads_close(&w->cosigned);
	guard_heads_close(&w->changed);
	mem_free(w);
}

enum writer_state writer_state(const struct writer *w)
{
	return w->state;
}

void writer_head(const struct writer *w, struct guard *ret)
{
	*ret = w->sealed;
}

bool writer_pending(const struct writer *w)
{
	return w->state != WRITER_DEAD && (w->unguarded || w->stored != w->sealed.size);
}

void writer_invariant(const struct writer *w)
{
	bool between = w->state == WRITER_IDLE || w->state == WRITER_DEAD;

	assert((w->t != NULL) == (w->state == WRITER_APPLIED));
	assert(!w->mine.open && !w->other.open); /* a batch ends its sessions */
	assert(w->njobs <= WRITER_BATCH_MAX);
	assert(!between || (w->njobs == 0 && w->ngrown == 0 && w->redo.n == 0 && !w->journaled));
	assert(w->stored <= w->sealed.size); /* what is sealed comes into the store later */
	assert(!w->unguarded || w->has_journal);
	assert(w->redo.n <= GUARD_REDO_MAX);
	assert(w->ngrown <= w->grown_cap && w->changed.n <= w->cosigned.n);
	for (uint32_t i = 0; i < w->ngrown; i++) {
		assert(w->grown[i].from < w->grown[i].size);
		/* nothing of the own feed was left unsealed by the batch before */
		assert(w->grown[i].no != w->own || w->grown[i].from == w->sealed.size);
	}
	/* the writer keeps the list, and nobody cosigns himself */
	assert(!w->sealed.cosigned && !guard_heads_of(&w->cosigned, &w->own_id));
}
