#include <string.h>

#include "daemon/verify/verify_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "proto/record.h"

#define PROGRESS_EVERY 4096

/* --- one entry ------------------------------------------------------------------------------------- */
static struct bytes payload_of(const struct verify_row *r)
{
	size_t leaf = r->val.n < ENTRY_LEAF_BYTES ? r->val.n : ENTRY_LEAF_BYTES;

	return kv_bytes(r->val.p + leaf, r->val.n - leaf);
}

static void remember_bad(struct verify_pass *p, uint64_t n)
{
	if (p->f->nbad < VERIFY_BAD_MAX)
		p->f->bad[p->f->nbad++] = n;
}

static void stop_fold(struct verify_pass *p)
{
	p->f->broken = true;
	if (p->folding)
		fold_close(&p->fold);
	p->folding = false;
}

/* The tree has another hash for entry @n than its leaf: which of the two was altered? The next entry
 * knows, or the head; if both are silent, the signature of the author. */
static int leaf_altered(struct verify_pass *p, uint64_t n, const uint8_t *in_tree,
			const struct verify_row *r, bool good, bool *ret)
{
	uint8_t key[VERIFY_ENTRY_KEY];
	struct bytes row;
	struct entry next;
	bool found;
	int err =
		verify_get(p->v, KV_ENTRY, verify_entry_key(key, p->f->h.no, n + 1), &found, &row);

	if (err)
		return err;
	if (found && row.n >= ENTRY_LEAF_BYTES &&
	    entry_parse(row.p, ENTRY_LEAF_BYTES, &next) == ERR_OK)
		;
	else if (n + 1 == p->f->stored.size)
		next.prev = p->f->stored.last;
	else
		next.prev = hash_empty;
	if (memcmp(next.prev.b, in_tree, HASH_BYTES) == 0)
		*ret = true;
	else if (hash_cmp(&next.prev, &r->hash) == 0)
		*ret = false;
	else
		*ret = !good || !entry_tx_verify(&r->e, p->v->town);
	return ERR_OK;
}

static void list_flaw(struct verify_pass *p, uint64_t n, enum feedlog_flaw flaw)
{
	static const enum problem_id of[] = {
		[FEEDLOG_LEAF] = PROBLEM_ENTRY_FORMAT,
		[FEEDLOG_PLACE] = PROBLEM_ENTRY_PLACE,
		[FEEDLOG_PREV] = PROBLEM_ENTRY_PREV,
		[FEEDLOG_PAYLOAD] = PROBLEM_ENTRY_PAYLOAD,
	};

	if (flaw != FEEDLOG_GOOD)
		problem_add(p->v, p->f, of[flaw], n, 0);
}

static enum feedlog_flaw flaw_of(const struct verify_pass *p, uint64_t n,
				 const struct verify_row *r)
{
	const struct feed_head *h = &p->f->h;

	if (!r->leaf)
		return FEEDLOG_LEAF;
	if (hash_cmp(&r->e.feed, &h->id) || r->e.seq != n || r->e.epoch != h->epoch)
		return FEEDLOG_PLACE;
	if (hash_cmp(&r->e.prev, &p->prev))
		return FEEDLOG_PREV;
	return r->payload ? FEEDLOG_GOOD : FEEDLOG_PAYLOAD;
}

/* Leaf, chain and payload. @ret_leaf: the leaf is what was once written; @ret_good: so is the payload.
 * @ret_hash: the leaf hash with which the chain goes on. */
static int check_entry(struct verify_pass *p, uint64_t n, const uint8_t *in_tree,
		       const struct verify_row *r, bool *ret_leaf, bool *ret_good,
		       struct hash *ret_hash)
{
	enum feedlog_flaw flaw = flaw_of(p, n, r);
	bool altered = false;
	int err = ERR_OK;

	*ret_hash = r->hash;
	if (in_tree && memcmp(in_tree, r->hash.b, HASH_BYTES) != 0) {
		err = leaf_altered(p, n, in_tree, r, flaw == FEEDLOG_GOOD, &altered);
		if (!err && !altered)
			verify_tree_bad(p, 0);
	}
	if (altered) {
		memcpy(ret_hash->b, in_tree, HASH_BYTES);
		problem_add(p->v, p->f, PROBLEM_ENTRY_ALTERED, n, 0);
	} else {
		list_flaw(p, n, flaw);
	}
	*ret_leaf = !altered && (flaw == FEEDLOG_GOOD || flaw == FEEDLOG_PAYLOAD);
	*ret_good = !altered && flaw == FEEDLOG_GOOD;
	if (!*ret_leaf)
		remember_bad(p, n);
	if (!*ret_good)
		stop_fold(p);
	return err;
}

/* Is the author's signature good? Without opts->signatures only a stored "bad" is put to the test. */
static bool check_signature(struct verify_pass *p, uint64_t n, const struct verify_row *r,
			    bool has_stored, struct bytes stored)
{
	struct verdict *before = &p->verdict;
	bool called_bad = has_stored && verdict_parse(stored.p, stored.n, before) == ERR_OK &&
			  before->reason.id == V_BAD_SIGNATURE;
	bool ok = r->author_ok;

	if (called_bad && !p->v->opts->signatures)
		ok = entry_tx_verify(&r->e, p->v->town);
	p->v->report->signatures += called_bad || p->v->opts->signatures;
	if (!ok && !called_bad) {
		problem_add(p->v, p->f, PROBLEM_SIGNATURE_UNJUDGED, n, 0);
		return true; /* listed; what follows from it need not be */
	}
	return ok;
}

static bool is_machine(int err)
{
	return err == ERR_NOMEM || err == ERR_IO || err == ERR_FULL;
}

static void wrong_verdict(struct verify_pass *p, uint64_t n, const struct reason *r)
{
	struct problem *o = problem_add(p->v, p->f, PROBLEM_VERDICT_WRONG, n, 0);

	if (!o)
		return;
	o->reason.id = r->id;
	memcpy(o->reason.num, r->num, sizeof(r->num));
	memcpy(o->reason.s, r->s, sizeof(r->s));
	memcpy(o->reason.t, r->t, sizeof(r->t));
}

/* Folds the entry again and compares the verdict. */
static int judge(struct verify_pass *p, uint64_t n, const struct verify_row *r, bool author_ok,
		 bool has_stored, struct bytes stored)
{
	struct verify *v = p->v;
	bool plain;
	int err = fold_apply(&p->fold, &r->e, payload_of(r), author_ok, &p->verdict);

	if (err && is_machine(err))
		return err;
	if (err) {
		problem_add(v, p->f,
			    err == ERR_STATE ? PROBLEM_FOLD_TOWN_SHORT : PROBLEM_FOLD_FAILED, n,
			    err);
		stop_fold(p);
		return ERR_OK;
	}
	plain = verdict_ok(&p->verdict) && p->verdict.nwarn == 0;
	if (plain && !has_stored)
		return ERR_OK;
	buf_reset(&v->pack);
	err = plain ? ERR_OK : verdict_pack(&p->verdict, &v->pack);
	if (!err && (plain || !has_stored || verify_cmp(buf_bytes(&v->pack), stored) != 0))
		wrong_verdict(p, n, &p->verdict.reason);
	return err;
}

/* What is stored as the verdict, when it cannot be recomputed. */
static bool accepted_as_stored(struct verify_pass *p, uint64_t n, bool has_stored,
			       struct bytes stored)
{
	if (!has_stored)
		return true;
	if (verdict_parse(stored.p, stored.n, &p->verdict) == ERR_OK)
		return verdict_ok(&p->verdict);
	problem_add(p->v, p->f, PROBLEM_VERDICT_DAMAGED, n, 0);
	return false;
}

static int take_entry(struct verify_pass *p, uint64_t n, const uint8_t *in_tree,
		      const struct verify_row *r, struct hash *ret_hash)
{
	struct bytes stored = {NULL, 0};
	bool leaf, good, has_stored, author_ok, accepted;
	int err = check_entry(p, n, in_tree, r, &leaf, &good, ret_hash);

	if (!err)
		err = verify_verdict_claim(p, n, &has_stored, &stored);
	if (!err && leaf)
		err = verify_txid(p, n, &r->e);
	p->seen_known = leaf;
	if (err || !leaf)
		return err;
	p->town_seen = r->e.town_seen;
	author_ok = check_signature(p, n, r, has_stored, stored);
	if (!good)
		return ERR_OK;
	/* a notice is judged by a root, which the fold takes from the stored tree */
	if (p->tree_bad && r->e.type == REC_notice)
		stop_fold(p);
	if (p->folding) {
		err = judge(p, n, r, author_ok, has_stored, stored);
		accepted = verdict_ok(&p->verdict);
	} else {
		accepted = accepted_as_stored(p, n, has_stored, stored);
	}
	if (!err && accepted && p->f->h.no == FEED_TOWN)
		err = verify_town_entry(p->v, &r->e, payload_of(r));
	return err;
}

/* --- the walk -------------------------------------------------------------------------------------- */
static void surplus_row(struct verify_pass *p, const struct verify_row *r)
{
	bool whole = r->key.n == VERIFY_ENTRY_KEY;

	problem_add(p->v, p->f, PROBLEM_ENTRY_SURPLUS,
		    whole ? be64_get(r->key.p + 4) : PROBLEM_NO_ENTRY, 0);
}

static void list_gap(struct verify_pass *p)
{
	if (p->gap_n)
		problem_add(p->v, p->f, PROBLEM_ENTRIES_MISSING, p->gap_from, (int64_t)p->gap_n);
	p->gap_n = 0;
}

static void reach_roots(struct verify_pass *p)
{
	struct verify *v = p->v;

	while (v->next_root < v->nroots && v->root[v->next_root].size <= p->edge.size) {
		struct verify_root *r = &v->root[v->next_root++];

		tlog_root(&p->edge, &r->root);
		r->reached = true;
	}
}

/* Puts entry @n on the chain and the tree. */
static int go_on(struct verify_pass *p, const struct hash *hash)
{
	struct verify *v = p->v;
	int err = tlog_append(&p->edge, hash, verify_tree_node, p);

	if (err)
		return err;
	p->prev = *hash;
	if (v->next_root < v->nroots)
		reach_roots(p);
	v->report->entries++;
	if (++v->done % PROGRESS_EVERY == 0 && v->opts->progress)
		v->opts->progress(v->opts->ctx, v->done < v->total ? v->done : v->total, v->total);
	return ERR_OK;
}

/* Entries that the tree and the head know, and of which there is no row, up to @seq. */
static int missing_entries(struct verify_pass *p, uint64_t seq)
{
	struct bytes stored;
	bool has_stored;
	int err = ERR_OK;

	while (!err && p->edge.size < seq) {
		uint64_t n = p->edge.size;
		const uint8_t *in_tree;
		struct hash hash;

		err = verify_tree_leaf(p, n, &in_tree);
		if (err || !in_tree || n >= p->f->stored.size)
			break;
		if (p->gap_n++ == 0)
			p->gap_from = n;
		memcpy(hash.b, in_tree, HASH_BYTES);
		remember_bad(p, n);
		stop_fold(p);
		p->seen_known = false;
		err = verify_verdict_claim(p, n, &has_stored, &stored);
		if (!err)
			err = go_on(p, &hash);
	}
	return err;
}

/* That entry n exists is shown by its row, by the tree and by the head: two of the three decide, so that one
 * altered row is called what it is. */
static int take_row(struct verify_pass *p, const struct verify_row *r)
{
	uint64_t seq = r->key.n == VERIFY_ENTRY_KEY ? be64_get(r->key.p + 4) : 0;
	const uint8_t *in_tree = NULL;
	struct hash hash;
	int err = missing_entries(p, seq);

	if (!err)
		err = verify_tree_leaf(p, p->edge.size, &in_tree);
	if (err)
		return err;
	if (r->key.n != VERIFY_ENTRY_KEY || seq != p->edge.size ||
	    (!in_tree && seq >= p->f->stored.size)) {
		surplus_row(p, r);
		return ERR_OK;
	}
	list_gap(p);
	err = take_entry(p, seq, in_tree, r, &hash);
	return err ? err : go_on(p, &hash);
}

static int take_batch(struct verify_pass *p, const struct verify_batch *b)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < b->n && !err; i++)
		err = take_row(p, &b->row[i]);
	return err;
}

static int fetch_batch(struct verify_pass *p, struct verify_batch *b)
{
	uint8_t from[4];
	int err = ERR_OK;

	be32_put(from, p->f->h.no);
	for (b->n = 0; b->n < VERIFY_BATCH; b->n++) {
		struct verify_row *r = &b->row[b->n];

		err = kv_seek(p->c, p->begun ? KV_NEXT : KV_GE, kv_bytes(from, sizeof(from)),
			      &r->key, &r->val);
		p->begun = true;
		if (err || r->key.n < sizeof(from) || memcmp(r->key.p, from, sizeof(from)) != 0)
			break;
	}
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* On any thread. */
static void look_at(const struct verify *v, struct verify_row *r)
{
	struct bytes payload = payload_of(r);
	struct payload parts;
	struct hash commitment;
	size_t n = r->val.n - payload.n;

	r->leaf = entry_parse(r->val.p, n, &r->e) == ERR_OK;
	hash_leaf(r->val.p, n, &r->hash);
	r->payload = r->leaf && r->e.payload_len == payload.n &&
		     payload_parse(payload.p, payload.n, &parts) == ERR_OK;
	if (r->payload) {
		payload_commit(&parts, &commitment);
		r->payload = hash_cmp(&commitment, &r->e.commitment) == 0;
	}
	r->author_ok = !v->opts->signatures || (r->leaf && entry_tx_verify(&r->e, v->town));
}

/* Part 0 is for the thread of the caller and alone touches the store; the others share a batch. */
static void run_part(void *arg, uint32_t i)
{
	struct verify_pass *p = arg;

	if (i == 0) {
		p->err = take_batch(p, p->take);
		if (!p->err)
			p->err = fetch_batch(p, p->fetch);
		return;
	}
	for (uint32_t k = (i - 1) * VERIFY_SHARE; k < i * VERIFY_SHARE && k < p->look->n; k++)
		look_at(p->v, &p->look->row[k]);
}

static void run_parts(struct verify_pass *p)
{
	const struct verify_opts *o = p->v->opts;
	uint32_t n = 1 + (p->look->n + VERIFY_SHARE - 1) / VERIFY_SHARE;

	if (o->workers)
		o->workers(o->workers_ctx, run_part, p, n);
	else
		for (uint32_t i = 0; i < n; i++)
			run_part(p, i);
}

static int walk(struct verify_pass *p)
{
	struct verify_batch *b = p->v->batch;

	p->take = &b[0];
	p->look = &b[1];
	p->fetch = &b[2];
	p->take->n = 0;
	p->err = fetch_batch(p, p->look);
	while (!p->err && p->take->n + p->look->n > 0) {
		struct verify_batch *done = p->take;

		run_parts(p);
		p->take = p->look;
		p->look = p->fetch;
		p->fetch = done;
	}
	if (!p->err)
		p->err = missing_entries(p, UINT64_MAX);
	list_gap(p);
	return p->err;
}

static int open_fold(struct verify_pass *p)
{
	struct verify *v = p->v;
	const struct verify_feed *town = verify_feed_of(v, FEED_TOWN);
	int err;

	if (!v->fold_t)
		return ERR_OK;
	if (p->f->h.no != FEED_TOWN && (!town || town->broken)) {
		p->f->broken = true;
		return ERR_OK;
	}
	err = fold_open(&p->fold, v->fold_t, v->town, &p->f->h);
	p->fold.txid = &v->txid;
	p->folding = !err;
	return err;
}

int verify_feed_run(struct verify *v, struct verify_feed *f)
{
	struct verify_pass p = {.v = v, .f = f, .prev = f->h.id, .seen_known = true};
	int err;

	if (!v->batch)
		v->batch = mem_array(3, sizeof(*v->batch));
	if (!v->batch)
		return ERR_NOMEM;
	verify_head_origin(v, f);
	reach_roots(&p);
	err = open_fold(&p);
	if (!err)
		err = kv_cursor_open(v->t, KV_ENTRY, &p.c);
	if (!err)
		err = kv_cursor_open(v->t, KV_TXID, &p.txids);
	if (!err)
		err = walk(&p);
	kv_cursor_close(p.txids);
	kv_cursor_close(p.c);
	if (p.folding)
		fold_close(&p.fold);
	if (!err && v->fold_t) /* closing a fold writes its rows */
		err = v->fold_t->err;
	if (!err)
		err = verify_tree_end(&p);
	if (err)
		return err;
	verify_head_check(&p);
	v->report->feeds++;
	return ERR_OK;
}
