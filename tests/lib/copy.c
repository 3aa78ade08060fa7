#include "tests/lib/copy.h"

#include "lib/err.h"
#include "tests/lib/t.h"

void copy_open(struct copy *c, const struct town *from)
{
	town_new(&c->w, from->seed);
	T_EQ(kv_begin(from->kv, false, &c->src), ERR_OK);
	town_feed_only(&c->w);
}

void copy_close(struct copy *c)
{
	kv_abort(c->src);
	town_close(&c->w);
}

void copy_entries(struct copy *c, uint32_t src_no, uint32_t no, uint64_t from, uint64_t to)
{
	struct bytes leaf, payload;
	struct feedlog log;
	struct verdict v;
	struct fold f;
	struct entry e;
	struct hash h;

	town_begin(&c->w);
	T_EQ(feedlog_open(&log, c->w.t, no), ERR_OK);
	T_EQ(fold_open(&f, c->w.t, &c->w.id, &log.head), ERR_OK);
	for (uint64_t seq = from; seq < to; seq++) {
		T_EQ(feedlog_read(c->src, src_no, seq, &leaf, &payload), ERR_OK);
		T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
		/* before or after the entry is in the store: the same */
		if (seq % 2)
			T_EQ(feedlog_append(&log, &e, leaf.p, payload, &h), ERR_OK);
		T_EQ(fold_apply(&f, &e, payload, entry_tx_verify(&e, &c->w.id), &v), ERR_OK);
		if (seq % 2 == 0)
			T_EQ(feedlog_append(&log, &e, leaf.p, payload, &h), ERR_OK);
	}
	fold_close(&f);
	T_EQ(feedlog_flush(&log), ERR_OK);
	town_commit(&c->w);
}

void copy_same(struct town *a, uint32_t no_a, struct town *b, uint32_t no_b)
{
	struct hash x, y;

	town_digest(a, no_a, &x);
	town_digest(b, no_b, &y);
	T_MEM(&x, &y, sizeof(x));
}
