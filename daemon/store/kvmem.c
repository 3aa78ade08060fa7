#include "daemon/store/kvmem.h"

#include <assert.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"

/* A B+ tree per table whose nodes are counted and shared: a transaction holds the roots it began with, a
 * write transaction copies the nodes on its way down the first time it changes them, commit puts the new
 * roots in place of the old. So nothing is merged, and nothing can fail half-way.
 *
 * A node splits when full and goes when empty; in between it is left alone. */
#define FAN	  32
#define DEPTH_MAX 12 /* 16^12 rows, far over any memory */

struct item {
	uint32_t refs;
	uint32_t kn, vn;
	uint8_t d[]; /* key, value */
};

/* A leaf has @n rows. A branch has @n children; key[i] <= every key below kid[i], key[0] is NULL. */
struct node {
	uint32_t refs;
	uint16_t n;
	bool leaf;
	struct item *key[FAN];
	struct node *kid[]; /* FAN in a branch, none in a leaf */
};

struct memkv {
	struct kv kv;
	struct node *root[KV_NTABLES];
	size_t bytes, limit;
	uint32_t txns;
	bool writing;
	int fail;
};
struct memtxn {
	struct kv_txn t;
	struct node *root[KV_NTABLES];
	size_t bytes;
};
struct memcur {
	struct kv_cursor c;
	enum kv_table tab;
	uint32_t depth; /* entries of the path; 0: nowhere */
	struct {
		struct node *node;
		uint32_t i;
	} path[DEPTH_MAX];
};

static struct memkv *kv_of(struct kv *kv)
{
	return (struct memkv *)kv;
}

static struct memtxn *txn_of(struct kv_txn *t)
{
	return (struct memtxn *)t;
}

static void item_drop(struct item *it)
{
	if (it && --it->refs == 0)
		mem_free(it);
}

static struct item *item_keep(struct item *it)
{
	if (it)
		it->refs++;
	return it;
}

static struct item *item_new(struct bytes key, struct bytes val)
{
	struct item *it = mem_alloc(sizeof(*it) + key.n + val.n);

	if (!it)
		return NULL;
	it->refs = 1;
	it->kn = (uint32_t)key.n;
	it->vn = (uint32_t)val.n;
	memcpy(it->d, key.p, key.n);
	if (val.n)
		memcpy(it->d + key.n, val.p, val.n);
	return it;
}

static size_t item_bytes(const struct item *it)
{
	return (size_t)it->kn + it->vn;
}

static int key_cmp(struct bytes key, const struct item *it)
{
	size_t n = key.n < it->kn ? key.n : it->kn;
	int d = n ? memcmp(key.p, it->d, n) : 0;

	if (d)
		return d;
	return key.n < it->kn ? -1 : key.n > it->kn;
}

static struct node *node_new(bool leaf)
{
	struct node *nd = mem_alloc(sizeof(*nd) + (leaf ? 0 : FAN * sizeof(nd->kid[0])));

	if (!nd)
		return NULL;
	nd->refs = 1;
	nd->leaf = leaf;
	return nd;
}

static void node_drop(struct node *nd) /* calls itself, DEPTH_MAX deep */
{
	if (!nd || --nd->refs > 0)
		return;
	for (uint32_t i = 0; i < nd->n; i++) {
		item_drop(nd->key[i]);
		if (!nd->leaf)
			node_drop(nd->kid[i]);
	}
	mem_free(nd);
}

/* Makes the node at @slot this transaction's alone. */
static int node_own(struct node **slot)
{
	struct node *old = *slot, *nd;

	if (old->refs == 1)
		return ERR_OK;
	nd = node_new(old->leaf);
	if (!nd)
		return ERR_NOMEM;
	nd->n = old->n;
	for (uint32_t i = 0; i < old->n; i++) {
		nd->key[i] = item_keep(old->key[i]);
		if (!old->leaf) {
			nd->kid[i] = old->kid[i];
			nd->kid[i]->refs++;
		}
	}
	old->refs--;
	*slot = nd;
	return ERR_OK;
}

/* The first row of a leaf that is not before @key. */
static uint32_t leaf_at(const struct node *nd, struct bytes key)
{
	uint32_t lo = 0, hi = nd->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (key_cmp(key, nd->key[mid]) > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The child of a branch that @key belongs to. */
static uint32_t branch_at(const struct node *nd, struct bytes key)
{
	uint32_t lo = 1, hi = nd->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (key_cmp(key, nd->key[mid]) >= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

static struct item *find(struct node *nd, struct bytes key)
{
	while (nd && !nd->leaf)
		nd = nd->kid[branch_at(nd, key)];
	if (!nd)
		return NULL;
	uint32_t i = leaf_at(nd, key);
	return i < nd->n && key_cmp(key, nd->key[i]) == 0 ? nd->key[i] : NULL;
}

/* Opens a gap at @i for a row or a child. */
static void node_gap(struct node *nd, uint32_t i)
{
	assert(nd->n < FAN);
	memmove(nd->key + i + 1, nd->key + i, (nd->n - i) * sizeof(nd->key[0]));
	if (!nd->leaf)
		memmove(nd->kid + i + 1, nd->kid + i, (nd->n - i) * sizeof(nd->kid[0]));
	nd->n++;
}

static void node_cut(struct node *nd, uint32_t i)
{
	nd->n--;
	memmove(nd->key + i, nd->key + i + 1, (nd->n - i) * sizeof(nd->key[0]));
	if (!nd->leaf)
		memmove(nd->kid + i, nd->kid + i + 1, (nd->n - i) * sizeof(nd->kid[0]));
}

/* Splits the full child @i of @up; rows that come in order leave full nodes behind. */
static int node_split(struct node *up, uint32_t i, struct bytes key)
{
	struct node *left = up->kid[i], *right = node_new(left->leaf);
	bool in_order = key_cmp(key, left->key[left->n - 1]) > 0;
	uint32_t at = in_order ? left->n - 1U : left->n / 2U;

	if (!right)
		return ERR_NOMEM;
	right->n = (uint16_t)(left->n - at);
	memcpy(right->key, left->key + at, right->n * sizeof(right->key[0]));
	if (!left->leaf)
		memcpy(right->kid, left->kid + at, right->n * sizeof(right->kid[0]));
	left->n = (uint16_t)at;
	node_gap(up, i + 1);
	up->kid[i + 1] = right;
	if (left->leaf) {
		up->key[i + 1] = item_keep(right->key[0]);
	} else {
		up->key[i + 1] = right->key[0]; /* moves up */
		right->key[0] = NULL;
	}
	return ERR_OK;
}

/* The root of @slot exists, is ours and has room. */
static int root_ready(struct node **slot, struct bytes key)
{
	struct node *up;
	int err;

	if (!*slot) {
		*slot = node_new(true);
		return *slot ? ERR_OK : ERR_NOMEM;
	}
	err = node_own(slot);
	if (err || (*slot)->n < FAN)
		return err;
	up = node_new(false);
	if (!up)
		return ERR_NOMEM;
	up->n = 1;
	up->kid[0] = *slot;
	err = node_split(up, 0, key);
	if (err) {
		up->n = 0;
		node_drop(up);
		return err;
	}
	*slot = up;
	return ERR_OK;
}

/* The leaf for @key, every node on the way ours and with room. */
static int leaf_ready(struct node **slot, struct bytes key, struct node **ret)
{
	struct node *nd;
	int err = root_ready(slot, key);

	if (err)
		return err;
	for (nd = *slot; !nd->leaf;) {
		uint32_t i = branch_at(nd, key);

		err = node_own(&nd->kid[i]);
		if (!err && nd->kid[i]->n == FAN) {
			err = node_split(nd, i, key);
			if (!err)
				i = branch_at(nd, key);
		}
		if (err)
			return err;
		nd = nd->kid[i];
	}
	*ret = nd;
	return ERR_OK;
}

static int kvmem_put(struct kv_txn *txn, enum kv_table tab, struct bytes key, struct bytes val)
{
	struct memtxn *t = txn_of(txn);
	struct item *it = item_new(key, val);
	struct node *leaf;
	int err = it ? leaf_ready(&t->root[tab], key, &leaf) : ERR_NOMEM;

	if (err) {
		item_drop(it);
		return err;
	}
	uint32_t i = leaf_at(leaf, key);
	if (i < leaf->n && key_cmp(key, leaf->key[i]) == 0) {
		t->bytes -= item_bytes(leaf->key[i]);
		item_drop(leaf->key[i]);
	} else {
		node_gap(leaf, i);
	}
	leaf->key[i] = it;
	t->bytes += item_bytes(it);
	return ERR_OK;
}

/* Removes row @i of the last node of a path of owned nodes, and the nodes that become empty. */
static void path_cut(struct node **slot, struct node *const *path, const uint32_t *at,
		     uint32_t depth)
{
	struct node *nd;

	for (uint32_t d = depth; d-- > 0;) {
		nd = path[d];
		item_drop(nd->key[at[d]]);
		node_cut(nd, at[d]);
		if (nd->n > 0) {
			if (!nd->leaf && at[d] == 0) {
				item_drop(nd->key[0]);
				nd->key[0] = NULL;
			}
			break;
		}
		node_drop(nd);
		if (d == 0)
			*slot = NULL;
	}
	while ((nd = *slot) && !nd->leaf && nd->n == 1) {
		*slot = nd->kid[0];
		nd->n = 0;
		node_drop(nd);
	}
}

static int kvmem_del(struct kv_txn *txn, enum kv_table tab, struct bytes key)
{
	struct memtxn *t = txn_of(txn);
	struct node **slot = &t->root[tab], *path[DEPTH_MAX];
	struct item *it = find(*slot, key);
	uint32_t at[DEPTH_MAX], depth = 0;

	if (!it)
		return ERR_NOTFOUND;
	for (;;) {
		int err = node_own(slot);
		struct node *nd = *slot;

		if (err)
			return err;
		assert(depth < DEPTH_MAX);
		path[depth] = nd;
		at[depth] = nd->leaf ? leaf_at(nd, key) : branch_at(nd, key);
		depth++;
		if (nd->leaf)
			break;
		slot = &nd->kid[at[depth - 1]];
	}
	t->bytes -= item_bytes(it);
	path_cut(&t->root[tab], path, at, depth);
	return ERR_OK;
}

static int kvmem_get(struct kv_txn *txn, enum kv_table tab, struct bytes key, struct bytes *ret)
{
	struct item *it = find(txn_of(txn)->root[tab], key);

	if (!it)
		return ERR_NOTFOUND;
	*ret = kv_bytes(it->d + it->kn, it->vn);
	return ERR_OK;
}

static int kvmem_cursor(struct kv_txn *t, enum kv_table tab, struct kv_cursor **ret)
{
	struct memcur *c = mem_alloc(sizeof(*c));

	(void)t;
	if (!c)
		return ERR_NOMEM;
	c->tab = tab;
	*ret = &c->c;
	return ERR_OK;
}

static void kvmem_cursor_close(struct kv_cursor *c)
{
	mem_free(c);
}

static void path_push(struct memcur *c, struct node *nd, uint32_t i)
{
	assert(c->depth < DEPTH_MAX);
	c->path[c->depth].node = nd;
	c->path[c->depth].i = i;
	c->depth++;
}

/* To the first row below the end of the path, or the last. */
static void path_down(struct memcur *c, struct node *nd, bool last)
{
	for (;; nd = nd->kid[c->path[c->depth - 1].i]) {
		path_push(c, nd, last ? nd->n - 1U : 0);
		if (nd->leaf)
			return;
	}
}

static bool path_next(struct memcur *c)
{
	for (; c->depth > 0; c->depth--) {
		struct node *nd = c->path[c->depth - 1].node;
		uint32_t i = ++c->path[c->depth - 1].i;

		if (i >= nd->n)
			continue;
		if (!nd->leaf)
			path_down(c, nd->kid[i], false);
		return true;
	}
	return false;
}

static bool path_prev(struct memcur *c)
{
	for (; c->depth > 0; c->depth--) {
		struct node *nd = c->path[c->depth - 1].node;

		if (c->path[c->depth - 1].i == 0)
			continue;
		uint32_t i = --c->path[c->depth - 1].i;
		if (!nd->leaf)
			path_down(c, nd->kid[i], true);
		return true;
	}
	return false;
}

/* To the place of @key in its leaf, which may be one behind the last row there. */
static void path_to(struct memcur *c, struct node *nd, struct bytes key)
{
	c->depth = 0;
	while (nd) {
		path_push(c, nd, nd->leaf ? leaf_at(nd, key) : branch_at(nd, key));
		nd = nd->leaf ? NULL : nd->kid[c->path[c->depth - 1].i];
	}
}

static bool path_seek(struct memcur *c, struct node *root, enum kv_how how, struct bytes key)
{
	switch (how) {
	case KV_GE:
		path_to(c, root, key);
		if (c->depth == 0)
			return false;
		if (c->path[c->depth - 1].i < c->path[c->depth - 1].node->n)
			return true;
		return path_next(c);
	case KV_LT: path_to(c, root, key); return path_prev(c);
	case KV_NEXT: return path_next(c);
	case KV_PREV: return path_prev(c);
	case KV_LAST:
		c->depth = 0;
		if (root)
			path_down(c, root, true);
		return root != NULL;
	}
	return false;
}

static int kvmem_seek(struct kv_cursor *cur, struct bytes key, int how, struct bytes *ret_key,
		      struct bytes *ret_val)
{
	struct memcur *c = (struct memcur *)cur;
	struct item *it;

	if (!path_seek(c, txn_of(cur->txn)->root[c->tab], (enum kv_how)how, key))
		return ERR_NOTFOUND;
	it = c->path[c->depth - 1].node->key[c->path[c->depth - 1].i];
	*ret_key = kv_bytes(it->d, it->kn);
	*ret_val = kv_bytes(it->d + it->kn, it->vn);
	return ERR_OK;
}

static int kvmem_begin(struct kv *kv, bool write, struct kv_txn **ret)
{
	struct memkv *m = kv_of(kv);
	struct memtxn *t = mem_alloc(sizeof(*t));

	if (!t)
		return ERR_NOMEM;
	assert(!write || !m->writing);
	for (int i = 0; i < KV_NTABLES; i++) {
		t->root[i] = m->root[i];
		if (t->root[i])
			t->root[i]->refs++;
	}
	t->bytes = m->bytes;
	m->txns++;
	m->writing |= write;
	*ret = &t->t;
	return ERR_OK;
}

static void kvmem_abort(struct kv_txn *txn)
{
	struct memtxn *t = txn_of(txn);
	struct memkv *m = kv_of(txn->kv);

	for (int i = 0; i < KV_NTABLES; i++)
		node_drop(t->root[i]);
	m->txns--;
	if (txn->write)
		m->writing = false;
	mem_free(t);
}

static int kvmem_commit(struct kv_txn *txn)
{
	struct memtxn *t = txn_of(txn);
	struct memkv *m = kv_of(txn->kv);
	int err = ERR_OK;

	if (txn->write) {
		err = m->fail;
		if (!err && m->limit && t->bytes > m->limit)
			err = ERR_FULL;
	}
	for (int i = 0; !err && txn->write && i < KV_NTABLES; i++) {
		struct node *old = m->root[i];

		m->root[i] = t->root[i];
		t->root[i] = old;
	}
	if (!err && txn->write)
		m->bytes = t->bytes;
	kvmem_abort(txn);
	return err;
}

static void kvmem_close(struct kv *kv)
{
	struct memkv *m = kv_of(kv);

	assert(m->txns == 0);
	for (int i = 0; i < KV_NTABLES; i++)
		node_drop(m->root[i]);
	mem_free(m);
}

int kvmem_new(struct kv **ret)
{
	static const struct kv_ops ops = {
		.begin = kvmem_begin,
		.commit = kvmem_commit,
		.abort = kvmem_abort,
		.get = kvmem_get,
		.put = kvmem_put,
		.del = kvmem_del,
		.cursor = kvmem_cursor,
		.seek = kvmem_seek,
		.cursor_close = kvmem_cursor_close,
		.close = kvmem_close,
	};
	struct memkv *m = mem_alloc(sizeof(*m));

	if (!m)
		return ERR_NOMEM;
	m->kv.ops = &ops;
	*ret = &m->kv;
	return ERR_OK;
}

void kvmem_fail_commits(struct kv *kv, int err)
{
	kv_of(kv)->fail = err;
}

size_t kvmem_bytes(const struct kv *kv)
{
	return ((const struct memkv *)kv)->bytes;
}

void kvmem_limit(struct kv *kv, size_t bytes)
{
	kv_of(kv)->limit = bytes;
}

/* --- invariant ------------------------------------------------------------------------------------- */
struct walk {
	const struct item *last; /* row */
	uint32_t leaf_depth;	 /* 0: no leaf yet */
	size_t bytes;
};

static bool item_below(const struct item *a, const struct item *b)
{
	return key_cmp((struct bytes){a->d, a->kn}, b) < 0;
}

static void leaf_invariant(const struct node *nd, uint32_t depth, struct walk *w)
{
	assert(w->leaf_depth == 0 || w->leaf_depth == depth);
	w->leaf_depth = depth;
	for (uint32_t i = 0; i < nd->n; i++) {
		assert(nd->key[i]->refs > 0);
		assert(!w->last || item_below(w->last, nd->key[i]));
		w->last = nd->key[i];
		w->bytes += item_bytes(nd->key[i]);
	}
}

static void node_invariant(const struct node *nd, uint32_t depth, struct walk *w) /* calls itself */
{
	assert(depth <= DEPTH_MAX);
	assert(nd->refs > 0 && nd->n > 0 && nd->n <= FAN);
	if (nd->leaf) {
		leaf_invariant(nd, depth, w);
		return;
	}
	assert(!nd->key[0]);
	for (uint32_t i = 0; i < nd->n; i++) {
		/* all rows of the child before are below the key of this one */
		assert(i == 0 || (nd->key[i]->refs > 0 && item_below(w->last, nd->key[i])));
		node_invariant(nd->kid[i], depth + 1, w);
		assert(i == 0 || !item_below(w->last, nd->key[i]));
	}
}

void kvmem_invariant(const struct kv *kv)
{
	const struct memkv *m = (const struct memkv *)kv;
	size_t bytes = 0;

	assert(!m->writing || m->txns > 0);
	for (int i = 0; i < KV_NTABLES; i++) {
		struct walk w = {0};

		if (m->root[i])
			node_invariant(m->root[i], 1, &w);
		bytes += w.bytes;
	}
	assert(bytes == m->bytes);
}
