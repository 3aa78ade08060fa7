#include "daemon/exchange/node_int.h"

#include <assert.h>
#include <string.h>

#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "lib/mem.h"

#define LEAF_EPOCH_AT 48

struct kv_txn *heads_txn(struct node *n)
{
	int err;

	if (n->txn)
		return n->txn;
	err = kv_begin(n->kv, false, &n->txn);
	if (err) {
		n->txn = NULL;
		n->err = err;
	}
	return n->txn;
}

void heads_txn_end(struct node *n)
{
	if (n->txn)
		kv_abort(n->txn);
	n->txn = NULL;
}

int heads_of(struct node *n, uint32_t no, struct msg_front *ret)
{
	struct kv_txn *t = heads_txn(n);
	struct feed_head h;
	int err;

	if (!t)
		return n->err;
	err = feedlog_head(t, no, &h);
	if (err)
		return err;
	ret->feed = h.id;
	ret->size = h.size;
	tlog_root(&h.edge, &ret->root);
	return ERR_OK;
}

int heads_sealed(struct node *n, struct msg_front *ret)
{
	struct kv_txn *t = heads_txn(n);
	uint8_t sig[SIGN_BYTES];
	struct checkpoint c;
	int err;

	if (!t)
		return n->err;
	err = writer_sealed(t, n->own_no, &c, sig);
	if (err && err != ERR_NOTFOUND)
		return err;
	ret->feed = n->cfg.feed;
	ret->size = err ? 0 : c.size;
	ret->root = err ? hash_empty : c.root;
	return ERR_OK;
}

int heads_proven(struct node *n, uint64_t size, struct hash *ret)
{
	struct kv_txn *t = heads_txn(n);

	return t ? feedlog_proven(t, n->own_no, size, n->own.size, &n->own.root, ret) : n->err;
}

/* Only a head that this intermediate one is provably a prefix of has been read back and sealed. A bit that
 * flipped in a stored node since then breaks the proof instead of being signed. */
static int sign_prefix(struct node *n, uint64_t size, struct hash *ret_root,
		       uint8_t ret_sig[SIGN_BYTES])
{
	struct checkpoint c = {.size = size};
	int err = heads_proven(n, size, &c.root);

	if (err)
		return err;
	memcpy(c.origin, n->cfg.origin, sizeof(c.origin));
	*ret_root = c.root;
	return checkpoint_sign(&c, n->cfg.feed_key, ret_sig);
}

/* Adds entries until the chunk is full, the epoch ends or the sealed head is reached. */
static int add_entries(struct node *n, uint64_t from, struct chunk_writer *w, struct buf *out)
{
	struct bytes leaf, payload;
	int err = feedlog_read(n->txn, n->own_no, from, &leaf, &payload);

	if (!err)
		err = chunk_begin(w, out, &n->cfg.feed, from, be32_get(leaf.p + LEAF_EPOCH_AT));
	for (uint64_t seq = from; !err && seq < n->own.size; seq++) {
		err = feedlog_read(n->txn, n->own_no, seq, &leaf, &payload);
		if (!err && w->n && be32_get(leaf.p + LEAF_EPOCH_AT) != w->last.epoch)
			break;
		if (!err)
			err = chunk_add(w, leaf.p, payload);
	}
	if (err == ERR_LIMIT && w->n)
		err = ERR_OK;
	return err;
}

int heads_chunk(struct node *n, uint64_t from, uint64_t *ret_end)
{
	struct chunk_writer w;
	uint8_t sig[SIGN_BYTES];
	struct hash root;
	uint64_t end;
	int err;

	assert(from < n->own.size);
	if (n->cached.n && n->cached_from == from &&
	    (n->cached_full || n->cached_end == n->own.size)) {
		*ret_end = n->cached_end;
		return ERR_OK;
	}
	if (!heads_txn(n))
		return n->err;
	buf_reset(&n->cached);
	buf_put_u8(&n->cached, MSG_CHUNK);
	err = add_entries(n, from, &w, &n->cached);
	if (!err) {
		end = from + w.n;
		err = sign_prefix(n, end, &root, sig);
	}
	if (!err)
		err = chunk_finish(&w, &root, sig);
	if (err) {
		buf_close(&n->cached);
		return err;
	}
	n->cached_from = from;
	n->cached_end = end;
	n->cached_full = end < n->own.size;
	n->packed_tried = false;
	*ret_end = end;
	return ERR_OK;
}

struct bytes heads_message(struct node *n, const struct session *s)
{
	struct bytes chunk = {n->cached.p + 1, n->cached.n - 1};

	if (!s->zstd)
		return buf_bytes(&n->cached);
	if (!n->packed_tried) {
		n->packed_tried = true;
		buf_reset(&n->packed);
		buf_put_u8(&n->packed, MSG_CHUNK_ZSTD);
		if (compress_chunk(n->zstd, chunk, &n->packed))
			buf_reset(&n->packed); /* as it is will always do */
	}
	return buf_bytes(n->packed.n ? &n->packed : &n->cached);
}

/* The town's witness key stands in its charter, a village's in its enrolment. */
static int witness_of(struct node *n, uint32_t no, const struct hash *feed,
		      uint8_t ret[SIGN_KEY_BYTES])
{
	struct kv_txn *t = heads_txn(n);
	bool town = no == FEED_TOWN;
	struct view_village v;
	struct view_town w;
	int err;

	if (!t)
		return n->err;
	err = town ? view_town(t, &w) : view_village_by_feed(t, feed, &v);
	if (!err)
		memcpy(ret, town ? w.witness_key : v.witness_key, SIGN_KEY_BYTES);
	return err;
}

int heads_witness(struct node *n, const struct session *s, uint8_t ret[SIGN_KEY_BYTES])
{
	return witness_of(n, s->feed_no, &s->feed, ret);
}

int heads_cosig(struct node *n, uint32_t no, struct msg_cosig *ret)
{
	uint8_t own[SIGN_KEY_BYTES];
	struct job_cosig c;
	int err = witness_of(n, n->own_no, &n->cfg.feed, own);

	if (!err)
		err = writer_cosig(n->txn, no, own, &c);
	if (err)
		return err;
	*ret = (struct msg_cosig){c.feed, c.size, c.root, c.cosig};
	return ERR_OK;
}
