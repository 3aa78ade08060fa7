#include <stdlib.h>
#include <string.h>

#include "daemon/feed/sigs.h"
#include "daemon/verify/verify_int.h"
#include "lib/err.h"
#include "lib/vec.h"

/* --- roots at the sizes that somebody signed ------------------------------------------------------- */
static int want(struct verify *v, uint64_t size)
{
	if (VEC_ROOM(v->root, v->nroots, v->roots_cap))
		return ERR_NOMEM;
	v->root[v->nroots++] = (struct verify_root){.size = size};
	return ERR_OK;
}

static int by_size(const void *a, const void *b)
{
	const struct verify_root *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

/* Sizes come in the order of witness keys, most of them many times. */
static void sort_roots(struct verify *v)
{
	uint32_t n = 0;

	if (v->nroots)
		qsort(v->root, v->nroots, sizeof(*v->root), by_size);
	for (uint32_t i = 0; i < v->nroots; i++)
		if (n == 0 || v->root[n - 1].size != v->root[i].size)
			v->root[n++] = v->root[i];
	v->nroots = n;
}

static uint64_t size_of(const struct sigs_row *r)
{
	switch (r->kind) {
	case SIGS_SEALED: return r->u.sealed.size;
	case SIGS_COSIG: return r->u.cosig.size;
	default: return r->u.acked.size;
	}
}

bool verify_root_at(const struct verify *v, uint64_t size, struct hash *ret)
{
	const struct verify_root at = {.size = size}, *r = NULL;

	if (v->nroots)
		r = bsearch(&at, v->root, v->nroots, sizeof(*v->root), by_size);
	if (!r || !r->reached)
		return false;
	*ret = r->root;
	return true;
}

/* --- the rows of one feed -------------------------------------------------------------------------- */
struct notes {
	struct verify *v;
	struct verify_feed *f;
	bool sealed;
	uint64_t sealed_size;
	uint64_t confirmed; /* the largest size that others have signed or acknowledged */
};
typedef int (*note_fn)(struct notes *n, bool whole, const struct sigs_row *r);

/* Calls @fn for every row under the number of the feed. */
static int each_note(struct notes *n, note_fn fn)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	uint8_t from[4];
	int err = kv_cursor_open(n->v->t, KV_NOTE, &c);

	be32_put(from, n->f->h.no);
	for (enum kv_how how = KV_GE; !err; how = KV_NEXT) {
		struct sigs_row r;

		err = kv_seek(c, how, kv_bytes(from, sizeof(from)), &key, &val);
		if (err || key.n < sizeof(from) || memcmp(key.p, from, sizeof(from)) != 0)
			break;
		bool whole = sigs_parse(key, val, &r) == ERR_OK;
		err = fn(n, whole, &r);
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int want_note(struct notes *n, bool whole, const struct sigs_row *r)
{
	return whole ? want(n->v, size_of(r)) : ERR_OK;
}

int verify_note_sizes(struct verify *v, struct verify_feed *f)
{
	struct notes n = {.v = v, .f = f};
	int err;

	v->nroots = v->next_root = 0;
	if (f->h.no == v->own && v->guard && want(v, v->guard->size))
		return ERR_NOMEM;
	err = each_note(&n, want_note);
	sort_roots(v);
	return err;
}

static struct checkpoint checkpoint_of(const struct verify_feed *f, uint64_t size,
				       const struct hash *root)
{
	struct checkpoint c = {.size = size, .root = *root};

	memcpy(c.origin, f->h.origin, sizeof(c.origin));
	return c;
}

static void list_note(struct notes *n, enum problem_id id, uint64_t size)
{
	problem_add(n->v, n->f, id, PROBLEM_NO_ENTRY, (int64_t)size);
}

/* The size and root of a row are those of the recomputed tree. */
static bool root_fits(struct notes *n, uint64_t size, const struct hash *root)
{
	struct hash mine;

	return verify_root_at(n->v, size, &mine) && hash_cmp(&mine, root) == 0;
}

static void check_sealed(struct notes *n, const struct sigs_sealed *s)
{
	struct checkpoint c = checkpoint_of(n->f, s->size, &s->root);

	n->sealed = true;
	n->sealed_size = s->size;
	if (!checkpoint_verify(&c, n->f->h.key, s->sig))
		list_note(n, PROBLEM_SEALED_INVALID, s->size);
	else if (!root_fits(n, s->size, &s->root))
		list_note(n, PROBLEM_SEALED_OTHER, s->size);
}

/* Until a village finds its own enrolment in the town feed, its own cosignatures have no name. */
static bool roster_silent(struct notes *n)
{
	const struct verify_feed *own = verify_feed_of(n->v, n->v->own);
	const struct verify_feed *town = verify_feed_of(n->v, FEED_TOWN);

	if (!town || town->broken)
		return true;
	return n->v->own != FEED_TOWN && own && own->here &&
	       !verify_town_enrolled(n->v, &own->h.id);
}

static void check_cosig(struct notes *n, const struct sigs_cosig *s)
{
	struct checkpoint c = checkpoint_of(n->f, s->size, &s->root);

	if (n->confirmed < s->size)
		n->confirmed = s->size;
	if (!cosig_verify(&c, s->witness, &s->cosig))
		list_note(n, PROBLEM_COSIG_INVALID, s->size);
	else if (!root_fits(n, s->size, &s->root))
		list_note(n, PROBLEM_COSIG_OTHER, s->size);
	else if (!verify_town_witness(n->v, s->witness) && !roster_silent(n))
		list_note(n, PROBLEM_COSIG_STRANGER, s->size);
}

static void check_acked(struct notes *n, const struct sigs_acked *a)
{
	if (n->confirmed < a->size)
		n->confirmed = a->size;
	if (n->f->h.no != n->v->own || !root_fits(n, a->size, &a->root))
		list_note(n, PROBLEM_ACKED_OTHER, a->size);
}

static int check_note(struct notes *n, bool whole, const struct sigs_row *r)
{
	if (!whole)
		list_note(n, PROBLEM_NOTE_DAMAGED, 0);
	else if (r->kind == SIGS_SEALED)
		check_sealed(n, &r->u.sealed);
	else if (r->kind == SIGS_COSIG)
		check_cosig(n, &r->u.cosig);
	else
		check_acked(n, &r->u.acked);
	return ERR_OK;
}

/* Entries of another feed come with its checkpoint at their end. The own checkpoint reaches the store one
 * batch late, but before others can sign it. */
static void check_present(struct notes *n)
{
	uint64_t size = n->f->h.size;
	bool own = n->f->h.no == n->v->own;

	if (own && n->confirmed > (n->sealed ? n->sealed_size : 0))
		list_note(n, PROBLEM_SEALED_SHORT, n->confirmed);
	if (!own && size > 0 && (!n->sealed || n->sealed_size != size))
		list_note(n, PROBLEM_SEALED_MISSING, size);
}

int verify_note_run(struct verify *v, struct verify_feed *f)
{
	struct notes n = {.v = v, .f = f};
	int err = each_note(&n, check_note);

	if (!err)
		check_present(&n);
	return err;
}

int verify_surplus_note(struct verify *v)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	int err = kv_cursor_open(v->t, KV_NOTE, &c);

	for (enum kv_how how = KV_GE; !err; how = KV_NEXT) {
		err = kv_seek(c, how, kv_bytes("", 0), &key, &val);
		if (!err && (key.n < 4 || !verify_feed_of(v, be32_get(key.p))))
			problem_add(v, NULL, PROBLEM_NOTE_NO_FEED, PROBLEM_NO_ENTRY, 0);
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* --- the guard ------------------------------------------------------------------------------------- */
void verify_guard(struct verify *v, struct verify_feed *f)
{
	const struct guard *g = v->guard;
	struct checkpoint c = checkpoint_of(f, g->size, &g->root);
	struct hash mine;

	if (!checkpoint_verify(&c, f->h.key, g->sig) || g->epoch != f->h.epoch)
		problem_add(v, f, PROBLEM_GUARD_KEY, PROBLEM_NO_ENTRY, (int64_t)g->size);
	else if (g->size > f->h.size)
		problem_add(v, f, PROBLEM_GUARD_AHEAD, PROBLEM_NO_ENTRY, (int64_t)g->size);
	else if (!verify_root_at(v, g->size, &mine) || hash_cmp(&mine, &g->root))
		problem_add(v, f, PROBLEM_GUARD_OTHER, PROBLEM_NO_ENTRY, (int64_t)g->size);
}
