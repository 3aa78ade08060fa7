#include <string.h>

#include "daemon/writer/writer_int.h"
#include "lib/err.h"

int writer_cosigned_put(struct writer *w, const struct hash *feed, uint64_t size,
			const struct hash *root)
{
	struct guard_cosigned c = {*feed, size, *root};
	int err = guard_heads_put(&w->cosigned, &c, NULL);

	return err ? err : guard_heads_put(&w->changed, &c, NULL);
}

int writer_cosigned_in(const struct writer *w, struct kv_txn *t, const struct feed_head *h,
		       bool *ret)
{
	const struct guard_cosigned *m = guard_heads_of(&w->cosigned, &h->id);
	struct hash root;
	int err;

	*ret = !m;
	if (!m || m->size > h->size)
		return ERR_OK;
	err = feedlog_root(t, h->no, m->size, &root);
	if (!err)
		*ret = hash_cmp(&root, &m->root) == 0;
	return err;
}

struct gather {
	struct writer *w;
	struct kv_txn *t;
};

/* The store may have been written when the guard was not: cosignatures in it may be sent from now on. */
static int gather_feed(void *ctx, const struct feed_head *h)
{
	const struct gather *g = ctx;
	const struct guard_cosigned *m = guard_heads_of(&g->w->cosigned, &h->id);
	struct sigs_cosig c;
	bool hold = false;
	int err = sigs_cosig_get(g->t, h->no, sign_key_public(g->w->keys.witness), &c);

	if (err == ERR_NOTFOUND || (!err && m && c.size <= m->size))
		return ERR_OK;
	if (!err)
		err = writer_cosigned_in(g->w, g->t, h, &hold);
	if (err || !hold)
		return err;
	return writer_cosigned_put(g->w, &h->id, c.size, &c.root);
}

int writer_cosigned_open(struct writer *w, struct kv_txn *t, const struct guard *found)
{
	struct gather g = {w, t};

	int err = found ? guard_heads_put_all(&w->cosigned, found->cosigned, found->ncosigned)
			: ERR_OK;

	return err ? err : feedlog_each(t, gather_feed, &g);
}
