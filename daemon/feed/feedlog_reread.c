#include "daemon/feed/feedlog_int.h"

#include "lib/err.h"

enum feedlog_flaw feedlog_check(const struct feed_head *h, uint64_t seq, const struct hash *prev,
				struct bytes leaf, struct bytes payload, struct entry *ret,
				struct hash *ret_leaf_hash)
{
	struct hash commitment;
	struct payload parts;

	if (entry_parse(leaf.p, leaf.n, ret))
		return FEEDLOG_LEAF;
	hash_leaf(leaf.p, leaf.n, ret_leaf_hash);
	if (hash_cmp(&ret->feed, &h->id) || ret->seq != seq || ret->epoch != h->epoch)
		return FEEDLOG_PLACE;
	if (hash_cmp(&ret->prev, prev))
		return FEEDLOG_PREV;
	if (ret->payload_len != payload.n || payload_parse(payload.p, payload.n, &parts))
		return FEEDLOG_PAYLOAD;
	payload_commit(&parts, &commitment);
	return hash_cmp(&commitment, &ret->commitment) ? FEEDLOG_PAYLOAD : FEEDLOG_GOOD;
}

/* State of a second reading: the head as stored, the edge as computed. */
struct reread {
	struct feed_head head;
	struct tlog_edge edge;
	struct hash last;
	struct feedlog_rows rows;
};

static int reread_open(struct reread *r, struct kv_txn *t, uint32_t no, uint64_t from)
{
	struct feedlog_nodes nodes = {t, no, from};
	int err;

	memset(r, 0, sizeof(*r));
	err = feedlog_head(t, no, &r->head);
	r->rows.t = t;
	r->rows.no = no;
	r->rows.size = r->head.size;
	if (!err && from > r->head.size)
		err = ERR_CORRUPT;
	if (!err)
		err = tlog_edge_read(from, feedlog_node, &nodes, &r->edge);
	if (err)
		return err;
	r->last = r->head.id;
	return from ? feedlog_node(&nodes, 0, from - 1, &r->last) : ERR_OK;
}

static int reread_entry(struct reread *r, struct bytes key, struct bytes row)
{
	uint8_t want[ENTRY_KEY_BYTES];
	struct entry e;
	struct hash hash;
	int err;

	feedlog_entry_key(want, r->head.no, r->edge.size);
	if (key.n != ENTRY_KEY_BYTES || memcmp(key.p, want, ENTRY_KEY_BYTES) ||
	    row.n < ENTRY_LEAF_BYTES)
		return ERR_CORRUPT;
	if (feedlog_check(&r->head, r->edge.size, &r->last, kv_bytes(row.p, ENTRY_LEAF_BYTES),
			  kv_bytes(row.p + ENTRY_LEAF_BYTES, row.n - ENTRY_LEAF_BYTES), &e, &hash))
		return ERR_CORRUPT;
	err = tlog_append(&r->edge, &hash, feedlog_rows_match, &r->rows);
	if (err)
		return err;
	r->last = hash;
	return ERR_OK;
}

static bool head_agrees(const struct reread *r)
{
	const struct tlog_edge *a = &r->head.edge, *b = &r->edge;

	return hash_cmp(&r->head.last, &r->last) == 0 && a->n == b->n &&
	       memcmp(a->h, b->h, a->n * sizeof(a->h[0])) == 0;
}

int feedlog_reread(struct kv_txn *t, uint32_t no, uint64_t from, struct hash *ret_root,
		   uint64_t *ret_size, uint64_t *ret_bad)
{
	struct kv_cursor *c = NULL;
	uint8_t key[ENTRY_KEY_BYTES];
	struct bytes k, v;
	struct reread r;
	int err = reread_open(&r, t, no, from);

	if (!err)
		err = kv_cursor_open(t, KV_ENTRY, &c);
	for (enum kv_how how = KV_GE; !err && r.edge.size < r.head.size; how = KV_NEXT) {
		err = kv_seek(c, how, feedlog_entry_key(key, no, from), &k, &v);
		if (!err)
			err = reread_entry(&r, k, v);
		else if (err == ERR_NOTFOUND)
			err = ERR_CORRUPT;
	}
	kv_cursor_close(c);
	if (!err && !head_agrees(&r))
		err = ERR_CORRUPT;
	if (err == ERR_CORRUPT)
		*ret_bad = r.edge.size < r.head.size || r.edge.size == 0 ? r.edge.size
									 : r.edge.size - 1;
	if (err)
		return err;
	tlog_root(&r.edge, ret_root);
	*ret_size = r.edge.size;
	return ERR_OK;
}
