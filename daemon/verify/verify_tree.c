#include <string.h>

#include "daemon/verify/verify_int.h"
#include "lib/err.h"

#define ROW_HASHES     16 /* as feedlog.h says */
#define ROW_LEVELS     4
#define TREE_KEY_BYTES 13

static int row_load(struct verify_pass *p, unsigned i, uint64_t group)
{
	uint8_t key[TREE_KEY_BYTES];
	bool found;

	if (p->tree[i].loaded && p->tree[i].group == group)
		return ERR_OK;
	p->tree[i].loaded = true;
	p->tree[i].listed = false;
	p->tree[i].group = group;
	p->tree[i].raw = kv_bytes(NULL, 0);
	be32_put(key, p->f->h.no);
	key[4] = (uint8_t)i;
	be64_put(key + 5, group);
	return verify_get(p->v, KV_TREE, kv_bytes(key, sizeof(key)), &found, &p->tree[i].raw);
}

void verify_tree_bad(struct verify_pass *p, unsigned i)
{
	uint64_t first = p->tree[i].group << (ROW_LEVELS * (i + 1));

	if (p->tree[i].listed)
		return;
	p->tree[i].listed = true;
	p->tree_bad = true;
	problem_add(p->v, p->f, p->tree[i].raw.n ? PROBLEM_TREE_ALTERED : PROBLEM_TREE_MISSING,
		    first, 0);
}

int verify_tree_leaf(struct verify_pass *p, uint64_t n, const uint8_t **ret)
{
	size_t at = n % ROW_HASHES * HASH_BYTES;
	int err = row_load(p, 0, n / ROW_HASHES);

	*ret = !err && p->tree[0].raw.n >= at + HASH_BYTES ? p->tree[0].raw.p + at : NULL;
	return err;
}

int verify_tree_node(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
	struct verify_pass *p = ctx;
	unsigned i = level / ROW_LEVELS;
	size_t at = index % ROW_HASHES * HASH_BYTES;
	int err;

	if (level % ROW_LEVELS)
		return ERR_OK;
	err = row_load(p, i, index / ROW_HASHES);
	if (err)
		return err;
	if (p->tree[i].raw.n < at + HASH_BYTES ||
	    memcmp(p->tree[i].raw.p + at, h->b, HASH_BYTES) != 0 ||
	    (index % ROW_HASHES == ROW_HASHES - 1 &&
	     p->tree[i].raw.n != (size_t)ROW_HASHES * HASH_BYTES))
		verify_tree_bad(p, i);
	return ERR_OK;
}

int verify_tree_end(struct verify_pass *p)
{
	int err = ERR_OK;

	for (unsigned i = 0; i < FEEDLOG_LEVELS && !err; i++) {
		uint64_t count = p->edge.size >> (ROW_LEVELS * i);

		if (count % ROW_HASHES == 0)
			continue;
		err = row_load(p, i, count / ROW_HASHES);
		if (!err && p->tree[i].raw.n != count % ROW_HASHES * HASH_BYTES)
			verify_tree_bad(p, i);
	}
	return err;
}

static bool tree_row_known(struct verify *v, struct bytes key)
{
	struct verify_feed *f;
	uint64_t count;

	if (key.n != TREE_KEY_BYTES || key.p[4] >= FEEDLOG_LEVELS)
		return false;
	f = verify_feed_of(v, be32_get(key.p));
	if (!f)
		return false;
	if (!f->here)
		return true;
	count = f->h.size >> (ROW_LEVELS * key.p[4]);
	return count > 0 && be64_get(key.p + 5) <= (count - 1) / ROW_HASHES;
}

int verify_surplus_tree(struct verify *v)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	int err = kv_cursor_open(v->t, KV_TREE, &c);

	for (enum kv_how how = KV_GE; !err; how = KV_NEXT) {
		err = kv_seek(c, how, kv_bytes("", 0), &key, &val);
		if (err || tree_row_known(v, key))
			continue;
		problem_add(v, key.n == TREE_KEY_BYTES ? verify_feed_of(v, be32_get(key.p)) : NULL,
			    PROBLEM_TREE_SURPLUS, PROBLEM_NO_ENTRY, 0);
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}
