#include <string.h>

#include "daemon/writer/writer_int.h"
#include "lib/err.h"
#include "lib/mem.h"

static struct guard_cosigned *mark_of(const struct writer *w, const struct hash *feed)
{
	for (uint32_t i = 0; i < w->nmarks; i++)
		if (hash_cmp(&w->marks[i].feed, feed) == 0)
			return &w->marks[i];
	return NULL;
}

/* Room for one more. */
static int reserve(struct writer *w)
{
	uint32_t cap = w->marks_cap ? 2 * w->marks_cap : 2;
	struct guard_cosigned *more;

	if (w->nmarks == FEEDS_MAX)
		return ERR_LIMIT;
	if (w->nmarks < w->marks_cap)
		return ERR_OK;
	more = mem_resize(w->marks, cap, sizeof(*more));
	if (!more)
		return ERR_NOMEM;
	w->marks = more;
	w->marks_cap = cap;
	return ERR_OK;
}

int writer_marks_put(struct writer *w, const struct hash *feed, uint64_t size,
		     const struct hash *root)
{
	struct guard_cosigned *m = mark_of(w, feed);
	int err = m ? ERR_OK : reserve(w);

	if (err)
		return err;
	if (!m)
		m = &w->marks[w->nmarks++];
	*m = (struct guard_cosigned){*feed, size, *root};
	w->marked = true;
	return ERR_OK;
}

int writer_marks_hold(const struct writer *w, struct kv_txn *t, const struct feed_head *h,
		      bool *ret)
{
	const struct guard_cosigned *m = mark_of(w, &h->id);
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

/* The store may have been written when the guard was not: what it says is cosigned may be told from now on. */
static int gather_feed(void *ctx, const struct feed_head *h)
{
	const struct gather *g = ctx;
	const struct guard_cosigned *m = mark_of(g->w, &h->id);
	struct notes_cosig c;
	bool hold = false;
	int err = notes_cosig_get(g->t, h->no, sign_key_public(g->w->keys.witness), &c);

	if (err == ERR_NOTFOUND || (!err && m && c.size <= m->size))
		return ERR_OK;
	if (!err)
		err = writer_marks_hold(g->w, g->t, h, &hold);
	if (err || !hold)
		return err;
	return writer_marks_put(g->w, &h->id, c.size, &c.root);
}

int writer_marks_open(struct writer *w, struct kv_txn *t, const struct guard *found)
{
	struct gather g = {w, t};

	for (uint32_t i = 0; found && i < found->ncosigned; i++) {
		const struct guard_cosigned *m = &found->cosigned[i];
		int err = writer_marks_put(w, &m->feed, m->size, &m->root);

		if (err)
			return err;
	}
	w->marked = false;
	return feedlog_each(t, gather_feed, &g);
}
