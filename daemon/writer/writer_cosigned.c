#include <string.h>

#include "daemon/writer/writer_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/vec.h"

static struct guard_cosigned *cosigned_of(const struct writer *w, const struct hash *feed)
{
	for (uint32_t i = 0; i < w->ncosigned; i++)
		if (hash_cmp(&w->cosigned[i].feed, feed) == 0)
			return &w->cosigned[i];
	return NULL;
}

/* Room for one more. */
static int reserve(struct writer *w)
{
	if (w->ncosigned == FEEDS_MAX)
		return ERR_LIMIT;
	return VEC_ROOM(w->cosigned, w->ncosigned, w->cosigned_cap);
}

int writer_cosigned_put(struct writer *w, const struct hash *feed, uint64_t size,
			const struct hash *root)
{
	struct guard_cosigned *m = cosigned_of(w, feed);
	int err = m ? ERR_OK : reserve(w);

	if (err)
		return err;
	if (!m)
		m = &w->cosigned[w->ncosigned++];
	*m = (struct guard_cosigned){*feed, size, *root};
	w->cosigned_new = true;
	return ERR_OK;
}

int writer_cosigned_in(const struct writer *w, struct kv_txn *t, const struct feed_head *h,
		       bool *ret)
{
	const struct guard_cosigned *m = cosigned_of(w, &h->id);
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
	const struct guard_cosigned *m = cosigned_of(g->w, &h->id);
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

	for (uint32_t i = 0; found && i < found->ncosigned; i++) {
		const struct guard_cosigned *m = &found->cosigned[i];
		int err = writer_cosigned_put(w, &m->feed, m->size, &m->root);

		if (err)
			return err;
	}
	w->cosigned_new = false;
	return feedlog_each(t, gather_feed, &g);
}
