#include "daemon/feed/feedlog.h"

#include <assert.h>

#include "daemon/feed/feedlog_int.h"
#include "lib/err.h"

int feedlog_open(struct feedlog *f, struct kv_txn *t, uint32_t no)
{
	memset(f, 0, sizeof(*f));
	f->t = t;
	return feedlog_head(t, no, &f->head);
}

static int row_flush(struct feedlog *f, unsigned i)
{
	uint8_t key[TREE_KEY_BYTES], raw[ROW_HASHES * HASH_BYTES];
	uint8_t n = f->row[i].n;

	if (!f->row[i].dirty)
		return ERR_OK;
	for (uint8_t k = 0; k < n; k++)
		memcpy(raw + (size_t)k * HASH_BYTES, f->row[i].h[k].b, HASH_BYTES);
	f->row[i].dirty = false;
	return kv_put(f->t, KV_TREE, feedlog_tree_key(key, f->head.no, i, f->row[i].group),
		      kv_bytes(raw, (size_t)n * HASH_BYTES));
}

/* Makes row @i the one of @group, holding its first @n hashes. */
static int row_load(struct feedlog *f, unsigned i, uint64_t group, uint8_t n)
{
	struct bytes raw;
	int err = row_flush(f, i);

	f->row[i].group = group;
	f->row[i].n = 0;
	if (err || n == 0)
		return err;
	err = feedlog_row_get(f->t, f->head.no, i, group, &raw);
	if (!err && raw.n != (size_t)n * HASH_BYTES)
		err = ERR_CORRUPT;
	if (err)
		return err;
	for (uint8_t k = 0; k < n; k++)
		memcpy(f->row[i].h[k].b, raw.p + (size_t)k * HASH_BYTES, HASH_BYTES);
	f->row[i].n = n;
	return ERR_OK;
}

static int on_node_complete(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
	struct feedlog *f = ctx;
	unsigned i = level / ROW_LEVELS;
	uint8_t slot = index % ROW_HASHES;

	if (level % ROW_LEVELS)
		return ERR_OK;
	assert(i < FEEDLOG_LEVELS);
	if (f->row[i].n == 0 || f->row[i].group != index / ROW_HASHES) {
		int err = row_load(f, i, index / ROW_HASHES, slot);

		if (err)
			return err;
	}
	assert(f->row[i].n == slot);
	f->row[i].h[slot] = *h;
	f->row[i].n++;
	f->row[i].dirty = true;
	return ERR_OK;
}

static struct bytes seq_pack(uint64_t seq, uint8_t raw[8])
{
	size_t zeros = 0;

	be64_put(raw, seq);
	while (zeros < 7 && raw[zeros] == 0)
		zeros++;
	return kv_bytes(raw + zeros, 8 - zeros);
}

static int txid_put(struct feedlog *f, const uint8_t *txid, uint64_t seq)
{
	uint8_t key[TXID_KEY_BYTES], raw[8];

	return kv_put(f->t, KV_TXID, feedlog_txid_key(key, f->head.no, txid), seq_pack(seq, raw));
}

/* The first gathered ID that is not before @txid. */
static uint32_t txid_at(const struct feedlog *f, const uint8_t *txid)
{
	uint32_t lo = 0, hi = f->ntxids;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (memcmp(f->txid[mid].txid, txid, TXID_BYTES) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool txid_gathered(const struct feedlog *f, uint32_t at, const uint8_t *txid)
{
	return at < f->ntxids && memcmp(f->txid[at].txid, txid, TXID_BYTES) == 0;
}

static int txids_flush(struct feedlog *f)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < f->ntxids && !err; i++)
		err = txid_put(f, f->txid[i].txid, f->txid[i].seq);
	f->ntxids = 0;
	return err;
}

int feedlog_meet(struct feedlog *f, const uint8_t txid[TXID_BYTES])
{
	return txid_gathered(f, txid_at(f, txid), txid) ? txids_flush(f) : ERR_OK;
}

static int txid_add(struct feedlog *f, const uint8_t *txid, uint64_t seq)
{
	uint32_t at = txid_at(f, txid);
	uint64_t first;
	int err;

	if (txid_gathered(f, at, txid))
		return ERR_OK;
	err = feedlog_txid(f->t, f->head.no, txid, &first);
	if (err != ERR_NOTFOUND)
		return err;
	if (!f->gather)
		return txid_put(f, txid, seq);
	if (f->ntxids == FEEDLOG_TXIDS) {
		err = txids_flush(f);
		if (err)
			return err;
		at = 0;
	}
	memmove(&f->txid[at + 1], &f->txid[at], (f->ntxids - at) * sizeof(f->txid[0]));
	memcpy(f->txid[at].txid, txid, TXID_BYTES);
	f->txid[at].seq = seq;
	f->ntxids++;
	return ERR_OK;
}

static bool follows(const struct feed_head *h, const struct entry *e, struct bytes payload)
{
	return hash_cmp(&e->feed, &h->id) == 0 && e->seq == h->size && e->epoch == h->epoch &&
	       hash_cmp(&e->prev, &h->last) == 0 && e->payload_len == payload.n &&
	       payload.n <= ENTRY_PAYLOAD_MAX;
}

int feedlog_append(struct feedlog *f, const struct entry *e, const uint8_t *leaf,
		   struct bytes payload, struct hash *ret_leaf_hash)
{
	uint8_t row[ENTRY_LEAF_BYTES + ENTRY_PAYLOAD_MAX], key[ENTRY_KEY_BYTES];
	struct feed_head *h = &f->head;
	struct hash hash;
	int err;

	if (!follows(h, e, payload))
		return ERR_FORMAT;
	memcpy(row, leaf, ENTRY_LEAF_BYTES);
	if (payload.n)
		memcpy(row + ENTRY_LEAF_BYTES, payload.p, payload.n);
	hash_leaf(leaf, ENTRY_LEAF_BYTES, &hash);
	err = kv_put(f->t, KV_ENTRY, feedlog_entry_key(key, h->no, e->seq),
		     kv_bytes(row, ENTRY_LEAF_BYTES + payload.n));
	if (!err)
		err = txid_add(f, e->txid, e->seq);
	if (!err)
		err = tlog_append(&h->edge, &hash, on_node_complete, f);
	if (err)
		return err;
	h->size = h->edge.size;
	h->last = hash;
	h->town_seen = e->town_seen;
	*ret_leaf_hash = hash;
	return ERR_OK;
}

int feedlog_flush(struct feedlog *f)
{
	uint8_t raw[MANIFEST_BYTES_MAX];
	struct bytes manifest = {0};
	struct feed_head old;
	int err = txids_flush(f);

	if (!err)
		err = feedlog_head_get(f->t, f->head.no, &old, &manifest);
	for (unsigned i = 0; !err && i < FEEDLOG_LEVELS; i++) {
		if (i == 0) /* borrowed until the first write */
			memcpy(raw, manifest.p, manifest.n);
		err = row_flush(f, i);
	}
	return err ? err : feedlog_head_put(f->t, &f->head, kv_bytes(raw, manifest.n));
}

void feedlog_invariant(const struct feedlog *f)
{
	const struct feed_head *h = &f->head;

	assert(h->edge.size == h->size && h->size <= TLOG_SIZE_MAX);
	assert(h->edge.n == (uint32_t)__builtin_popcountll(h->size));
	/* a row that is held is the last of its level, and whole as far as the level goes */
	for (unsigned i = 0; i < FEEDLOG_LEVELS; i++) {
		assert(f->row[i].n <= ROW_HASHES);
		assert(f->row[i].n > 0 || !f->row[i].dirty);
		assert(f->row[i].n == 0 ||
		       f->row[i].group * ROW_HASHES + f->row[i].n == h->size >> (ROW_LEVELS * i));
	}
	assert(f->ntxids <= FEEDLOG_TXIDS && (f->gather || f->ntxids == 0));
	for (uint32_t i = 0; i < f->ntxids; i++) {
		assert(f->txid[i].seq < h->size);
		assert(i == 0 || memcmp(f->txid[i - 1].txid, f->txid[i].txid, TXID_BYTES) < 0);
	}
}
