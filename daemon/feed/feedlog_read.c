#include "daemon/feed/feedlog_int.h"

#include "lib/err.h"

/* --- entries --------------------------------------------------------------------------------------- */
int feedlog_read(struct kv_txn *t, uint32_t no, uint64_t seq, struct bytes *ret_leaf,
		 struct bytes *ret_payload)
{
	uint8_t key[ENTRY_KEY_BYTES];
	struct bytes row;
	int err = kv_get(t, KV_ENTRY, feedlog_entry_key(key, no, seq), &row);

	if (err)
		return err;
	if (row.n < ENTRY_LEAF_BYTES)
		return ERR_CORRUPT;
	*ret_leaf = kv_bytes(row.p, ENTRY_LEAF_BYTES);
	*ret_payload = kv_bytes(row.p + ENTRY_LEAF_BYTES, row.n - ENTRY_LEAF_BYTES);
	return ERR_OK;
}

int feedlog_payload(struct kv_txn *t, uint32_t no, uint64_t seq, struct payload *ret)
{
	struct bytes leaf, payload;
	int err = feedlog_read(t, no, seq, &leaf, &payload);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return payload_parse(payload.p, payload.n, ret) ? ERR_CORRUPT : ERR_OK;
}

bool feedlog_txid_seq(struct bytes row, uint64_t *ret)
{
	uint64_t seq = 0;

	if (row.n == 0 || row.n > 8 || (row.n > 1 && row.p[0] == 0))
		return false;
	for (size_t i = 0; i < row.n; i++)
		seq = seq << 8 | row.p[i];
	*ret = seq;
	return true;
}

int feedlog_txid(struct kv_txn *t, uint32_t no, const uint8_t txid[TXID_BYTES], uint64_t *ret_seq)
{
	uint8_t key[TXID_KEY_BYTES];
	struct bytes row;
	int err = kv_get(t, KV_TXID, feedlog_txid_key(key, no, txid), &row);

	if (err)
		return err;
	return feedlog_txid_seq(row, ret_seq) ? ERR_OK : ERR_CORRUPT;
}

/* --- the tree -------------------------------------------------------------------------------------- */
int feedlog_row_get(struct kv_txn *t, uint32_t no, unsigned row, uint64_t group, struct bytes *ret)
{
	uint8_t key[TREE_KEY_BYTES];
	int err = kv_get(t, KV_TREE, feedlog_tree_key(key, no, row, group), ret);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (ret->n == 0 || ret->n % HASH_BYTES || ret->n > ROW_HASHES * HASH_BYTES)
		return ERR_CORRUPT;
	return ERR_OK;
}

int feedlog_node(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	struct feedlog_nodes *f = ctx;
	unsigned up = level % ROW_LEVELS;
	struct hash h[ROW_HASHES / 2];
	struct bytes raw;
	int err;

	if (level >= ROW_LEVELS * FEEDLOG_LEVELS || index >= f->size >> level)
		return ERR_INVALID;
	uint64_t first = index << up; /* the node's part of the row below */
	uint32_t n = 1U << up;
	err = feedlog_row_get(f->t, f->no, level / ROW_LEVELS, first / ROW_HASHES, &raw);
	if (err)
		return err;
	if (raw.n / HASH_BYTES < first % ROW_HASHES + n)
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < n; i++)
		memcpy(h[i].b, raw.p + (first % ROW_HASHES + i) * HASH_BYTES, HASH_BYTES);
	for (; n > 1; n /= 2)
		for (uint32_t i = 0; i < n / 2; i++)
			hash_node(&h[2 * i], &h[2 * i + 1], &h[i]);
	*ret = h[0];
	return ERR_OK;
}

int feedlog_root(struct kv_txn *t, uint32_t no, uint64_t size, struct hash *ret)
{
	struct feedlog_nodes nodes = {t, no, size};
	struct tlog_edge edge;
	int err = tlog_edge_read(size, feedlog_node, &nodes, &edge);

	if (!err)
		tlog_root(&edge, ret);
	return err;
}

int feedlog_proven(struct kv_txn *t, uint32_t no, uint64_t size, uint64_t head_size,
		   const struct hash *head, struct hash *ret)
{
	struct feedlog_nodes nodes = {t, no, head_size};
	struct hash root, proof[TLOG_PROOF_MAX];
	uint32_t n = 0;
	int err = size > head_size ? ERR_INVALID : feedlog_root(t, no, size, &root);

	if (!err && size > 0)
		err = tlog_prove_consistency(size, head_size, feedlog_node, &nodes, proof, &n);
	if (!err && !tlog_verify_consistency(size, &root, head_size, head, proof, n))
		err = ERR_CORRUPT;
	if (!err)
		*ret = root;
	return err;
}

int feedlog_rows_match(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
	struct feedlog_rows *r = ctx;
	unsigned i = level / ROW_LEVELS;
	uint64_t group = index / ROW_HASHES, count = r->size >> level;
	size_t slot = index % ROW_HASHES;

	if (level % ROW_LEVELS)
		return ERR_OK;
	if (r->row[i].raw.n == 0 || r->row[i].group != group) {
		uint64_t want = count - group * ROW_HASHES;
		int err = feedlog_row_get(r->t, r->no, i, group, &r->row[i].raw);

		r->row[i].group = group;
		if (!err && r->row[i].raw.n != (want < ROW_HASHES ? want : ROW_HASHES) * HASH_BYTES)
			err = ERR_CORRUPT;
		if (err) {
			r->row[i].raw.n = 0;
			return err;
		}
	}
	if (memcmp(r->row[i].raw.p + slot * HASH_BYTES, h->b, HASH_BYTES))
		return ERR_CORRUPT;
	return ERR_OK;
}
