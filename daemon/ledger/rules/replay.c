#include "daemon/ledger/rules/replay.h"

#include <assert.h>
#include <string.h>

#include "daemon/ledger/rules/fold.h"
#include "daemon/ledger/state/read.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"

/* --- the two stores -------------------------------------------------------------------------------- */
struct overlay {
	struct kv kv;
	struct kv_txn t;
	struct kv_txn *base;
	struct kv *memory;
	struct kv_txn *state; /* of @memory */
	const struct replay_txid *txid;
};
struct over_cursor {
	struct kv_cursor c;
	struct kv_cursor *in;
};

static struct kv_txn *table_of(struct kv_txn *t, enum kv_table tab)
{
	struct overlay *o = (struct overlay *)t->kv;

	return tab == KV_STATE ? o->state : o->base;
}

static int over_begin(struct kv *kv, bool write, struct kv_txn **ret)
{
	struct overlay *o = (struct overlay *)kv;

	(void)write;
	*ret = &o->t;
	return ERR_OK;
}

static int over_commit(struct kv_txn *t)
{
	(void)t;
	return ERR_STATE;
}

static void over_abort(struct kv_txn *t)
{
	(void)t;
}

static int over_get(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret)
{
	const struct replay_txid *x = ((struct overlay *)t->kv)->txid;

	if (x && tab == KV_TXID && key.n == REPLAY_TXID_KEY &&
	    memcmp(key.p, x->key, REPLAY_TXID_KEY) == 0) {
		*ret = x->row;
		return ret->p ? ERR_OK : ERR_NOTFOUND;
	}
	return kv_get(table_of(t, tab), tab, key, ret);
}

static int over_put(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes val)
{
	assert(tab == KV_STATE);
	return kv_put(table_of(t, tab), tab, key, val);
}

static int over_del(struct kv_txn *t, enum kv_table tab, struct bytes key)
{
	assert(tab == KV_STATE);
	return kv_del(table_of(t, tab), tab, key);
}

static int over_cursor(struct kv_txn *t, enum kv_table tab, struct kv_cursor **ret)
{
	struct over_cursor *c = mem_alloc(sizeof(*c));
	int err = c ? kv_cursor_open(table_of(t, tab), tab, &c->in) : ERR_NOMEM;

	if (err) {
		mem_free(c);
		return err;
	}
	*ret = &c->c;
	return ERR_OK;
}

static int over_seek(struct kv_cursor *c, struct bytes key, int how, struct bytes *ret_key,
		     struct bytes *ret_val)
{
	return kv_seek(((struct over_cursor *)c)->in, (enum kv_how)how, key, ret_key, ret_val);
}

static void over_cursor_close(struct kv_cursor *c)
{
	kv_cursor_close(((struct over_cursor *)c)->in);
	mem_free(c);
}

static void over_close(struct kv *kv)
{
	struct overlay *o = (struct overlay *)kv;

	kv_abort(o->state);
	kv_close(o->memory);
	mem_free(o);
}

static const struct kv_ops over_ops = {.begin = over_begin,
				       .commit = over_commit,
				       .abort = over_abort,
				       .get = over_get,
				       .put = over_put,
				       .del = over_del,
				       .cursor = over_cursor,
				       .seek = over_seek,
				       .cursor_close = over_cursor_close,
				       .close = over_close};

int replay_open(struct kv_txn *base, const struct replay_txid *txid, struct replay *ret)
{
	struct overlay *o = mem_alloc(sizeof(*o));
	int err = o ? kvmem_new(&o->memory) : ERR_NOMEM;

	*ret = (struct replay){0};
	if (!err)
		err = kv_begin(o->memory, true, &o->state);
	if (err) {
		if (o)
			kv_close(o->memory);
		mem_free(o);
		return err;
	}
	o->kv.ops = &over_ops;
	o->base = base;
	o->txid = txid;
	ret->kv = &o->kv;
	return kv_begin(ret->kv, true, &ret->t);
}

void replay_close(struct replay *r)
{
	if (r->kv)
		kv_close(r->kv);
	*r = (struct replay){0};
}

/* --- a state of the past --------------------------------------------------------------------------- */
static int fold_entry(struct kv_txn *base, struct fold *f, uint64_t seq, uint64_t town_size)
{
	struct bytes leaf, payload;
	struct verdict v;
	struct entry e;
	int err = read_verdict(base, f->feed_no, seq, &v);

	if (err || !verdict_ok(&v))
		return err;
	err = feedlog_read(base, f->feed_no, seq, &leaf, &payload);
	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err && f->feed_no != FEED_TOWN && e.town_seen > town_size)
		err = ERR_NOTFOUND;
	if (!err)
		err = fold_apply(f, &e, payload, true, &v);
	/* it was accepted, so it is again */
	return !err && !verdict_ok(&v) ? ERR_CORRUPT : err;
}

static int fold_first(struct kv_txn *base, const struct hash *town, const struct feed_head *feed,
		      uint64_t size, uint64_t town_size, struct replay *r)
{
	struct fold f;
	int err = size > feed->size ? ERR_NOTFOUND : fold_open(&f, r->t, town, feed);

	if (err)
		return err;
	for (uint64_t seq = 0; seq < size && !err; seq++)
		err = fold_entry(base, &f, seq, town_size);
	fold_close(&f);
	return err ? err : r->t->err;
}

int replay_at(struct kv_txn *base, const struct hash *town, const struct feed_head *feed,
	      uint64_t size, uint64_t town_size, struct replay *ret)
{
	struct feed_head head;
	int err = replay_open(base, NULL, ret);

	assert(feed->no != FEED_TOWN || size == town_size); /* one feed has one size */
	if (!err)
		err = feedlog_head(base, FEED_TOWN, &head);
	if (!err)
		err = fold_first(base, town, &head, town_size, town_size, ret);
	if (!err && feed->no != FEED_TOWN)
		err = fold_first(base, town, feed, size, town_size, ret);
	if (err)
		replay_close(ret);
	return err;
}
