#include "daemon/feed/feedlog.h"

#include <assert.h>
#include <string.h>

#include "lib/err.h"

#define ROW_HASHES	16
#define ROW_LEVELS	4 /* levels from one stored row to the next */
#define FEED_KEY_BYTES	4
#define INDEX_TAG	0xff /* after every feed number */
#define INDEX_KEY_BYTES (1 + HASH_BYTES)
#define ENTRY_KEY_BYTES 12
#define TREE_KEY_BYTES	13
#define TXID_KEY_BYTES	(TXID_BYTES + 4)
#define HEAD_BYTES_MAX                                                                             \
	(HASH_BYTES + SIGN_KEY_BYTES + 8 + 4 + HASH_BYTES + 8 + 1 + ORIGIN_MAX + 2 +               \
	 MANIFEST_BYTES_MAX + TLOG_PROOF_MAX * HASH_BYTES)

static struct bytes feed_key(uint8_t key[FEED_KEY_BYTES], uint32_t no)
{
	be32_put(key, no);
	return kv_bytes(key, FEED_KEY_BYTES);
}

static struct bytes index_key(uint8_t key[INDEX_KEY_BYTES], const struct hash *id)
{
	key[0] = INDEX_TAG;
	memcpy(key + 1, id->b, HASH_BYTES);
	return kv_bytes(key, INDEX_KEY_BYTES);
}

static struct bytes entry_key(uint8_t key[ENTRY_KEY_BYTES], uint32_t no, uint64_t seq)
{
	be32_put(key, no);
	be64_put(key + 4, seq);
	return kv_bytes(key, ENTRY_KEY_BYTES);
}

static struct bytes tree_key(uint8_t key[TREE_KEY_BYTES], uint32_t no, unsigned row, uint64_t group)
{
	be32_put(key, no);
	key[4] = (uint8_t)row;
	be64_put(key + 5, group);
	return kv_bytes(key, TREE_KEY_BYTES);
}

static struct bytes txid_key(uint8_t key[TXID_KEY_BYTES], uint32_t no, const uint8_t *txid)
{
	memcpy(key, txid, TXID_BYTES);
	be32_put(key + TXID_BYTES, no);
	return kv_bytes(key, TXID_KEY_BYTES);
}

/* The row: id 32 | key 32 | size 8 | epoch 4 | last 32 | town_seen 8 | origin u8 + text |
 * manifest u16 + bytes | the edge. */
static int head_put(struct kv_txn *t, const struct feed_head *h, struct bytes manifest)
{
	uint8_t row[HEAD_BYTES_MAX], key[FEED_KEY_BYTES], *p = row;
	size_t origin_n = strlen(h->origin);

	assert(manifest.n <= MANIFEST_BYTES_MAX);
	memcpy(p, h->id.b, HASH_BYTES);
	memcpy(p + 32, h->key, SIGN_KEY_BYTES);
	be64_put(p + 64, h->size);
	be32_put(p + 72, h->epoch);
	memcpy(p + 76, h->last.b, HASH_BYTES);
	be64_put(p + 108, h->town_seen);
	p[116] = (uint8_t)origin_n;
	p += 117;
	memcpy(p, h->origin, origin_n);
	p += origin_n;
	be16_put(p, (uint16_t)manifest.n);
	memcpy(p + 2, manifest.p, manifest.n);
	p += 2 + manifest.n;
	for (uint32_t i = 0; i < h->edge.n; i++, p += HASH_BYTES)
		memcpy(p, h->edge.h[i].b, HASH_BYTES);
	return kv_put(t, KV_FEED, feed_key(key, h->no), kv_bytes(row, (size_t)(p - row)));
}

static int head_parse(struct bytes row, uint32_t no, struct feed_head *ret,
		      struct bytes *ret_manifest)
{
	struct cur c = cur_of(row.p, row.n);
	struct feed_head h = {.no = no};

	cur_copy(&c, h.id.b, HASH_BYTES);
	cur_copy(&c, h.key, SIGN_KEY_BYTES);
	h.size = cur_be64(&c);
	h.epoch = cur_be32(&c);
	cur_copy(&c, h.last.b, HASH_BYTES);
	h.town_seen = cur_be64(&c);
	size_t origin_n = cur_u8(&c);
	if (origin_n >= ORIGIN_MAX)
		return ERR_CORRUPT;
	cur_copy(&c, h.origin, origin_n);
	size_t manifest_n = cur_be16(&c);
	const uint8_t *manifest = cur_take(&c, manifest_n);
	h.edge.size = h.size;
	h.edge.n = (uint32_t)__builtin_popcountll(h.size);
	for (uint32_t i = 0; i < h.edge.n; i++)
		cur_copy(&c, h.edge.h[i].b, HASH_BYTES);
	if (cur_done(&c) || manifest_n > MANIFEST_BYTES_MAX || h.size > TLOG_SIZE_MAX)
		return ERR_CORRUPT;
	*ret = h;
	*ret_manifest = kv_bytes(manifest, manifest_n);
	return ERR_OK;
}

static int head_get(struct kv_txn *t, uint32_t no, struct feed_head *ret,
		    struct bytes *ret_manifest)
{
	uint8_t key[FEED_KEY_BYTES];
	struct bytes row;
	int err = kv_get(t, KV_FEED, feed_key(key, no), &row);

	return err ? err : head_parse(row, no, ret, ret_manifest);
}

/* The number after the last one in use. */
int feedlog_next_no(struct kv_txn *t, uint32_t *ret)
{
	uint32_t last = FEED_TOWN;
	struct kv_cursor *c;
	struct bytes k, v;
	uint8_t end = INDEX_TAG;
	int err = kv_cursor_open(t, KV_FEED, &c);

	if (err)
		return err;
	err = kv_seek(c, KV_LT, kv_bytes(&end, 1), &k, &v);
	if (!err && k.n == FEED_KEY_BYTES)
		last = be32_get(k.p);
	else if (!err)
		err = ERR_CORRUPT;
	kv_cursor_close(c);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (last >= FEEDS_MAX)
		return ERR_LIMIT;
	*ret = last + 1;
	return ERR_OK;
}

static int must_be_new(struct kv_txn *t, const struct feed_head *h)
{
	uint8_t key[FEED_KEY_BYTES];
	struct bytes row;
	uint32_t no;
	int err = feedlog_find(t, &h->id, &no);

	if (err == ERR_NOTFOUND)
		err = kv_get(t, KV_FEED, feed_key(key, h->no), &row);
	if (err == ERR_NOTFOUND)
		return ERR_OK;
	return err ? err : ERR_EXISTS;
}

int feedlog_create(struct kv_txn *t, const void *manifest, size_t n, const char *origin,
		   uint32_t no, struct feed_head *ret)
{
	struct feed_head h = {.no = no, .epoch = 1};
	uint8_t raw_no[FEED_KEY_BYTES], key[INDEX_KEY_BYTES];
	size_t origin_n = strlen(origin);
	struct manifest m;
	int err = manifest_parse(manifest, n, &m);

	if (err)
		return err;
	if (origin_n == 0 || origin_n >= ORIGIN_MAX)
		return ERR_INVALID;
	if (no == 0)
		err = feedlog_next_no(t, &h.no);
	else if (no > FEEDS_MAX)
		err = ERR_LIMIT;
	if (err)
		return err;
	manifest_feed_id(manifest, n, &h.id);
	memcpy(h.key, m.feed_key, SIGN_KEY_BYTES);
	memcpy(h.origin, origin, origin_n);
	h.last = h.id;
	err = must_be_new(t, &h);
	if (!err)
		err = head_put(t, &h, kv_bytes(manifest, n));
	if (!err)
		err = kv_put(t, KV_FEED, index_key(key, &h.id), feed_key(raw_no, h.no));
	if (!err)
		*ret = h;
	return err;
}

int feedlog_head(struct kv_txn *t, uint32_t no, struct feed_head *ret)
{
	struct bytes manifest;

	return head_get(t, no, ret, &manifest);
}

int feedlog_find(struct kv_txn *t, const struct hash *id, uint32_t *ret_no)
{
	uint8_t key[INDEX_KEY_BYTES];
	struct bytes row;
	int err = kv_get(t, KV_FEED, index_key(key, id), &row);

	if (err)
		return err;
	if (row.n != FEED_KEY_BYTES)
		return ERR_CORRUPT;
	*ret_no = be32_get(row.p);
	return ERR_OK;
}

int feedlog_manifest(struct kv_txn *t, uint32_t no, struct manifest *ret)
{
	struct bytes manifest;
	struct feed_head h;
	int err = head_get(t, no, &h, &manifest);

	if (err)
		return err;
	return manifest_parse(manifest.p, manifest.n, ret) ? ERR_CORRUPT : ERR_OK;
}

int feedlog_each(struct kv_txn *t, int (*fn)(void *ctx, const struct feed_head *h), void *ctx)
{
	uint8_t key[FEED_KEY_BYTES];
	struct kv_cursor *c;
	int err = kv_cursor_open(t, KV_FEED, &c);

	if (err)
		return err;
	for (uint32_t no = 0; no <= FEEDS_MAX;) {
		struct bytes k, v, manifest;
		struct feed_head h;

		/* anew each time: @fn may write */
		err = kv_seek(c, KV_GE, feed_key(key, no), &k, &v);
		if (err || k.n != FEED_KEY_BYTES)
			break;
		no = be32_get(k.p);
		err = head_parse(v, no, &h, &manifest);
		if (!err)
			err = fn(ctx, &h);
		if (err)
			break;
		no++;
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int feedlog_open(struct feedlog *f, struct kv_txn *t, uint32_t no)
{
	memset(f, 0, sizeof(*f));
	f->t = t;
	return feedlog_head(t, no, &f->head);
}

static int row_get(struct kv_txn *t, uint32_t no, unsigned row, uint64_t group, struct bytes *ret)
{
	uint8_t key[TREE_KEY_BYTES];
	int err = kv_get(t, KV_TREE, tree_key(key, no, row, group), ret);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (ret->n == 0 || ret->n % HASH_BYTES || ret->n > ROW_HASHES * HASH_BYTES)
		return ERR_CORRUPT;
	return ERR_OK;
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
	return kv_put(f->t, KV_TREE, tree_key(key, f->head.no, i, f->row[i].group),
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
	err = row_get(f->t, f->head.no, i, group, &raw);
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

static int txid_put(struct feedlog *f, const uint8_t *txid, uint64_t seq)
{
	uint8_t key[TXID_KEY_BYTES], raw[8];

	return kv_put(f->t, KV_TXID, txid_key(key, f->head.no, txid), seq_pack(seq, raw));
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
	err = kv_put(f->t, KV_ENTRY, entry_key(key, h->no, e->seq),
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
		err = head_get(f->t, f->head.no, &old, &manifest);
	for (unsigned i = 0; !err && i < FEEDLOG_LEVELS; i++) {
		if (i == 0) /* borrowed until the first write */
			memcpy(raw, manifest.p, manifest.n);
		err = row_flush(f, i);
	}
	return err ? err : head_put(f->t, &f->head, kv_bytes(raw, manifest.n));
}

int feedlog_read(struct kv_txn *t, uint32_t no, uint64_t seq, struct bytes *ret_leaf,
		 struct bytes *ret_payload)
{
	uint8_t key[ENTRY_KEY_BYTES];
	struct bytes row;
	int err = kv_get(t, KV_ENTRY, entry_key(key, no, seq), &row);

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

int feedlog_txid(struct kv_txn *t, uint32_t no, const uint8_t txid[TXID_BYTES], uint64_t *ret_seq)
{
	uint8_t key[TXID_KEY_BYTES];
	struct bytes row;
	int err = kv_get(t, KV_TXID, txid_key(key, no, txid), &row);

	if (err)
		return err;
	return feedlog_txid_seq(row, ret_seq) ? ERR_OK : ERR_CORRUPT;
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
	err = row_get(f->t, f->no, level / ROW_LEVELS, first / ROW_HASHES, &raw);
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
		int err = row_get(r->t, r->no, i, group, &r->row[i].raw);

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

	entry_key(want, r->head.no, r->edge.size);
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
		err = kv_seek(c, how, entry_key(key, no, from), &k, &v);
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
