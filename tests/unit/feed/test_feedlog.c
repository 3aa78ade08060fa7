#include "daemon/feed/feedlog.h"

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

#define ORIGIN	    "town.example/v/0011223344556677"
#define ENTRIES_MAX 700

struct made {
	struct entry e;
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct buf payload;
	struct hash hash;
};

/* In the caller's memory, so that the allocation test counts only the store's. */
static size_t make_manifest(uint8_t tag, uint8_t out[MANIFEST_BYTES_MAX])
{
	struct buf b = {.p = out, .cap = MANIFEST_BYTES_MAX, .max = MANIFEST_BYTES_MAX};
	struct manifest m = {0};

	memset(m.town.b, 0x11, HASH_BYTES);
	memset(m.feed_key, tag, SIGN_KEY_BYTES);
	T_EQ(manifest_pack(&m, &b), ERR_OK);
	T_OK(b.p == out);
	return b.n;
}

static int create(struct kv_txn *t, uint8_t tag, uint32_t no, struct feed_head *ret)
{
	uint8_t manifest[MANIFEST_BYTES_MAX];
	size_t n = make_manifest(tag, manifest);

	return feedlog_create(t, manifest, n, ORIGIN, no, ret);
}

/* The next entry of @h; @id makes its transaction ID. */
static void make(const struct feed_head *h, uint32_t id, struct made *ret)
{
	uint8_t secret[ENTRY_SECRET_BYTES] = {1};
	struct payload parts;
	struct buf *b = &ret->payload;

	buf_reset(b);
	payload_begin(b, secret);
	size_t mark = payload_part_begin(b);
	buf_put_be32(b, id);
	payload_part_end(b, mark);
	T_EQ(payload_finish(b, 0, 1), ERR_OK);
	T_EQ(payload_parse(b->p, b->n, &parts), ERR_OK);
	ret->e = (struct entry){.feed = h->id,
				.seq = h->size,
				.epoch = h->epoch,
				.prev = h->last,
				.town_seen = h->size / 2,
				.type = 30,
				.schema = 1,
				.payload_len = (uint32_t)b->n};
	payload_commit(&parts, &ret->e.commitment);
	be32_put(ret->e.txid, id);
	entry_pack(&ret->e, ret->leaf);
	hash_leaf(ret->leaf, ENTRY_LEAF_BYTES, &ret->hash);
}

static int append(struct feedlog *f, uint32_t id, struct made *m)
{
	struct hash hash;
	int err;

	make(&f->head, id, m);
	err = feedlog_append(f, &m->e, m->leaf, buf_bytes(&m->payload), &hash);
	feedlog_invariant(f);
	if (!err)
		T_MEM(hash.b, m->hash.b, HASH_BYTES);
	return err;
}

/* A feed of @n entries in a new store, committed. */
static struct kv *store_of(uint32_t n)
{
	struct made m = {0};
	struct feed_head h;
	struct feedlog f;
	struct kv_txn *t;
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(create(t, 1, FEED_TOWN, &h), ERR_OK);
	T_EQ(feedlog_open(&f, t, FEED_TOWN), ERR_OK);
	for (uint32_t i = 0; i < n; i++)
		T_EQ(append(&f, i, &m), ERR_OK);
	T_EQ(feedlog_flush(&f), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	buf_close(&m.payload);
	return kv;
}

/* The definition, RFC 6962 2.1. */
static void naive_root(const struct hash *leaf, uint64_t n, struct hash *ret)
{
	struct hash l, r;
	uint64_t k = 1;

	if (n <= 1) {
		*ret = n ? leaf[0] : hash_empty;
		return;
	}
	while (k * 2 < n)
		k *= 2;
	naive_root(leaf, k, &l);
	naive_root(leaf + k, n - k, &r);
	hash_node(&l, &r, ret);
}

static void check_nodes(struct kv_txn *t, const struct hash *leaf, uint64_t size)
{
	struct feedlog_nodes nodes = {t, FEED_TOWN, size};

	for (unsigned level = 0; level < 12; level++) {
		struct hash got, want;
		uint64_t i;

		for (i = 0; (i + 1) << level <= size; i++) {
			T_EQ(feedlog_node(&nodes, level, i, &got), ERR_OK);
			naive_root(leaf + (i << level), (uint64_t)1 << level, &want);
			T_MEM(got.b, want.b, HASH_BYTES);
		}
		T_EQ(feedlog_node(&nodes, level, i, &got), ERR_INVALID);
	}
	T_EQ(feedlog_node(&nodes, 64, 0, &(struct hash){0}), ERR_INVALID);
}

static void test_tree_and_head_follow_the_definition(void)
{
	static struct hash leaf[ENTRIES_MAX];
	struct made m = {0};
	struct hash got, want;
	struct feed_head h;
	struct feedlog f;
	struct kv_txn *t;
	struct prng g;
	struct kv *kv = store_of(0);
	uint64_t size = 0, bad;

	prng_seed(&g, 7);
	while (size < ENTRIES_MAX) {
		uint64_t more = 1 + prng_below(&g, 40), from = size;

		T_EQ(kv_begin(kv, true, &t), ERR_OK);
		T_EQ(feedlog_open(&f, t, FEED_TOWN), ERR_OK);
		for (; more > 0 && size < ENTRIES_MAX; more--, size++) {
			T_EQ(append(&f, (uint32_t)size, &m), ERR_OK);
			leaf[size] = m.hash;
			if (prng_below(&g, 8) == 0)
				T_EQ(feedlog_flush(&f), ERR_OK);
		}
		T_EQ(feedlog_flush(&f), ERR_OK);
		T_EQ(kv_commit(t), ERR_OK);
		T_EQ(kv_begin(kv, false, &t), ERR_OK);
		T_EQ(feedlog_head(t, FEED_TOWN, &h), ERR_OK);
		T_EQ(h.size, size);
		T_EQ(h.town_seen, (size - 1) / 2);
		T_MEM(h.last.b, leaf[size - 1].b, HASH_BYTES);
		naive_root(leaf, size, &want);
		tlog_root(&h.edge, &got);
		T_MEM(got.b, want.b, HASH_BYTES);
		uint64_t reread;
		T_EQ(feedlog_reread(t, FEED_TOWN, from, &got, &reread, &bad), ERR_OK);
		T_EQ(reread, size);
		T_MEM(got.b, want.b, HASH_BYTES);
		kv_abort(t);
	}
	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	check_nodes(t, leaf, size);
	for (uint64_t n = 0; n <= size; n += 13) {
		naive_root(leaf, n, &want);
		T_EQ(feedlog_root(t, FEED_TOWN, n, &got), ERR_OK);
		T_MEM(got.b, want.b, HASH_BYTES);
		uint64_t reread;
		T_EQ(feedlog_reread(t, FEED_TOWN, n, &got, &reread, &bad), ERR_OK);
	}
	kv_abort(t);
	kv_close(kv);
	buf_close(&m.payload);
}

static void test_entries_are_read_as_written(void)
{
	struct kv *kv = store_of(3);
	struct bytes leaf, payload;
	struct made m = {0};
	struct feed_head h;
	struct kv_txn *t;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, FEED_TOWN, &h), ERR_OK);
	T_EQ(feedlog_read(t, FEED_TOWN, 2, &leaf, &payload), ERR_OK);
	h.size = 2;
	make(&h, 2, &m);
	T_EQ(payload.n, m.payload.n);
	T_MEM(payload.p, m.payload.p, payload.n);
	T_MEM(leaf.p + 8, m.leaf + 8, 40);
	T_EQ(feedlog_read(t, FEED_TOWN, 3, &leaf, &payload), ERR_NOTFOUND);
	T_EQ(feedlog_read(t, 2, 0, &leaf, &payload), ERR_NOTFOUND);
	kv_abort(t);
	kv_close(kv);
	buf_close(&m.payload);
}

static void test_what_does_not_follow_is_refused(void)
{
	struct kv *kv = store_of(2);
	struct made m = {0};
	struct feedlog f;
	struct kv_txn *t;
	struct hash hash;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(feedlog_open(&f, t, FEED_TOWN), ERR_OK);
	for (int what = 0; what < 5; what++) {
		make(&f.head, 9, &m);
		if (what == 0)
			m.e.seq++;
		else if (what == 1)
			m.e.epoch++;
		else if (what == 2)
			m.e.feed.b[0] ^= 1;
		else if (what == 3)
			m.e.prev.b[31] ^= 1;
		else
			m.e.payload_len++;
		entry_pack(&m.e, m.leaf);
		T_EQ(feedlog_append(&f, &m.e, m.leaf, buf_bytes(&m.payload), &hash), ERR_FORMAT);
		T_EQ(f.head.size, 2);
		T_EQ(t->writes, 0);
	}
	T_EQ(append(&f, 9, &m), ERR_OK);
	kv_abort(t);
	kv_close(kv);
	buf_close(&m.payload);
}

static void test_the_first_use_of_a_transaction_id_counts(void)
{
	struct kv *kv = store_of(3);
	struct made m = {0};
	struct feed_head h;
	struct feedlog f;
	struct kv_txn *t;
	uint64_t seq;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(create(t, 2, 0, &h), ERR_OK);
	T_EQ(h.no, 2);
	T_EQ(feedlog_open(&f, t, FEED_TOWN), ERR_OK);
	T_EQ(append(&f, 1, &m), ERR_OK);
	T_EQ(feedlog_txid(t, FEED_TOWN, m.e.txid, &seq), ERR_OK);
	T_EQ(seq, 1);
	T_EQ(feedlog_txid(t, h.no, m.e.txid, &seq), ERR_NOTFOUND);
	T_EQ(feedlog_open(&f, t, h.no), ERR_OK);
	T_EQ(append(&f, 1, &m), ERR_OK);
	T_EQ(feedlog_txid(t, h.no, m.e.txid, &seq), ERR_OK);
	T_EQ(seq, 0);
	kv_abort(t);
	kv_close(kv);
	buf_close(&m.payload);
}

/* The index is the same whether IDs are written one by one or many at once. */
static void test_gathered_transaction_ids_make_the_same_index(void)
{
	struct made m = {0};
	struct feed_head h;
	struct feedlog f;
	struct kv_txn *t;
	struct prng g;
	struct kv *kv = store_of(0);
	uint64_t first[400], seq;

	memset(first, 0xff, sizeof(first));
	prng_seed(&g, 3);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(feedlog_open(&f, t, FEED_TOWN), ERR_OK);
	f.gather = true;
	for (uint64_t i = 0; i < ENTRIES_MAX; i++) {
		uint32_t id = (uint32_t)prng_below(&g, 400);

		T_EQ(append(&f, id, &m), ERR_OK);
		if (first[id] == UINT64_MAX)
			first[id] = i;
		if (i % 50 == 0) {
			T_EQ(feedlog_meet(&f, m.e.txid), ERR_OK);
			T_EQ(feedlog_txid(t, FEED_TOWN, m.e.txid, &seq), ERR_OK);
			T_EQ(seq, first[id]);
		}
	}
	T_EQ(feedlog_flush(&f), ERR_OK);
	T_EQ(f.ntxids, 0);
	T_EQ(feedlog_head(t, FEED_TOWN, &h), ERR_OK);
	for (uint32_t id = 0; id < 400; id++) {
		uint8_t txid[TXID_BYTES] = {0};

		be32_put(txid, id);
		T_EQ(feedlog_txid(t, FEED_TOWN, txid, &seq),
		     first[id] == UINT64_MAX ? ERR_NOTFOUND : ERR_OK);
		if (first[id] != UINT64_MAX)
			T_EQ(seq, first[id]);
	}
	kv_abort(t);
	kv_close(kv);
	buf_close(&m.payload);
}

struct list {
	uint32_t n, no[8];
	int stop_at;
};

static int on_feed(void *ctx, const struct feed_head *h)
{
	struct list *l = ctx;

	l->no[l->n++] = h->no;
	return (int)h->no == l->stop_at ? 7 : 0;
}

static void test_feeds_have_one_number_each(void)
{
	uint8_t manifest[MANIFEST_BYTES_MAX];
	struct list l = {0};
	struct feed_head h, again;
	struct manifest m;
	struct kv_txn *t;
	uint32_t no;
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(feedlog_head(t, FEED_TOWN, &h), ERR_NOTFOUND);
	T_EQ(create(t, 5, 0, &h), ERR_OK);
	T_EQ(h.no, 2);
	T_EQ(create(t, 6, FEED_TOWN, &h), ERR_OK);
	T_EQ(create(t, 6, 0, &again), ERR_EXISTS);
	T_EQ(create(t, 7, FEED_TOWN, &again), ERR_EXISTS);
	T_EQ(create(t, 7, FEEDS_MAX + 1, &again), ERR_LIMIT);
	T_EQ(create(t, 7, FEEDS_MAX, &again), ERR_OK);
	T_EQ(create(t, 8, 0, &again), ERR_LIMIT);
	T_EQ(feedlog_create(t, "x", 1, ORIGIN, 0, &again), ERR_FORMAT);
	size_t n = make_manifest(9, manifest);
	T_EQ(feedlog_create(t, manifest, n, "", 3, &again), ERR_INVALID);
	T_EQ(feedlog_find(t, &h.id, &no), ERR_OK);
	T_EQ(no, FEED_TOWN);
	T_EQ(feedlog_manifest(t, no, &m), ERR_OK);
	T_EQ(m.feed_key[0], 6);
	T_STR(h.origin, ORIGIN);
	T_EQ(feedlog_each(t, on_feed, &l), ERR_OK);
	T_EQ(l.n, 3);
	T_EQ(l.no[0], FEED_TOWN);
	T_EQ(l.no[1], 2);
	T_EQ(l.no[2], FEEDS_MAX);
	l = (struct list){.stop_at = 2};
	T_EQ(feedlog_each(t, on_feed, &l), 7);
	T_EQ(l.n, 2);
	kv_abort(t);
	kv_close(kv);
}

/* Flips one bit of one row and gives what a second reading says. */
static int reread_flipped(struct kv *kv, enum kv_table tab, struct bytes key, size_t at,
			  uint64_t from)
{
	uint8_t raw[1024], k[KV_KEY_MAX];
	struct kv_txn *t;
	struct hash root;
	uint64_t size, bad = UINT64_MAX;
	struct bytes val;
	int err;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	memcpy(k, key.p, key.n);
	T_EQ(kv_get(t, tab, kv_bytes(k, key.n), &val), ERR_OK);
	T_OK(val.n <= sizeof(raw));
	T_OK(at < val.n);
	memcpy(raw, val.p, val.n);
	raw[at] ^= 0x10;
	T_EQ(kv_put(t, tab, kv_bytes(k, key.n), kv_bytes(raw, val.n)), ERR_OK);
	err = feedlog_reread(t, FEED_TOWN, from, &root, &size, &bad);
	T_OK(err != ERR_CORRUPT || bad < 40);
	kv_abort(t);
	return err;
}

static void test_a_second_reading_notices_every_flipped_byte(void)
{
	struct kv *kv = store_of(40);
	uint8_t key[13] = {0, 0, 0, FEED_TOWN};

	be64_put(key + 4, 37);
	for (size_t at = 0; at < ENTRY_LEAF_BYTES + 25; at++)
		T_EQ(reread_flipped(kv, KV_ENTRY, kv_bytes(key, 12), at, 30), ERR_CORRUPT);
	key[4] = 0;
	be64_put(key + 5, 2);
	for (size_t at = 0; at < 8 * HASH_BYTES; at++)
		T_EQ(reread_flipped(kv, KV_TREE, kv_bytes(key, 13), at, 30), ERR_CORRUPT);
	key[4] = 1; /* of level 4, node 1 is completed by entry 31 */
	be64_put(key + 5, 0);
	for (size_t at = HASH_BYTES; at < 2 * HASH_BYTES; at++)
		T_EQ(reread_flipped(kv, KV_TREE, kv_bytes(key, 13), at, 30), ERR_CORRUPT);
	T_EQ(reread_flipped(kv, KV_TREE, kv_bytes(key, 13), 0, 0), ERR_CORRUPT);
	/* the last leaf hash and the edge of the head */
	T_EQ(reread_flipped(kv, KV_FEED, kv_bytes(key, 4), 76, 30), ERR_CORRUPT);
	kv_close(kv);
}

static void test_a_missing_entry_is_named(void)
{
	struct kv *kv = store_of(10);
	uint8_t key[12] = {0, 0, 0, FEED_TOWN};
	uint64_t size, bad = 0;
	struct hash root;
	struct kv_txn *t;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	be64_put(key + 4, 6);
	T_EQ(kv_del(t, KV_ENTRY, kv_bytes(key, 12)), ERR_OK);
	T_EQ(feedlog_reread(t, FEED_TOWN, 2, &root, &size, &bad), ERR_CORRUPT);
	T_EQ(bad, 6);
	T_EQ(feedlog_reread(t, FEED_TOWN, 11, &root, &size, &bad), ERR_CORRUPT);
	kv_abort(t);
	kv_close(kv);
}

static int create_and_append(struct made *m)
{
	struct kv_txn *t = NULL;
	struct kv *kv = NULL;
	struct feed_head h;
	struct feedlog f;
	int err = kvmem_new(&kv);

	if (!err)
		err = kv_begin(kv, true, &t);
	if (!err)
		err = create(t, 1, FEED_TOWN, &h);
	if (!err)
		err = feedlog_open(&f, t, FEED_TOWN);
	for (uint32_t i = 0; !err && i < 18; i++)
		err = append(&f, i, m);
	if (!err)
		err = feedlog_flush(&f);
	if (!err) {
		err = kv_commit(t);
		t = NULL;
	}
	kv_abort(t);
	kv_close(kv);
	return err;
}

static void test_every_allocation_may_fail(void)
{
	struct made m = {0};
	struct feed_head h = {.epoch = 1};

	make(&h, 0, &m); /* the payload's buffer */
	T_OOM(create_and_append(&m));
	buf_close(&m.payload);
}

static void test_a_sequence_has_one_form_in_the_index(void)
{
	static const struct {
		const char *row;
		size_t n;
		bool good;
		uint64_t seq;
	} c[] = {{"\x00", 1, true, 0},
		 {"\x07", 1, true, 7},
		 {"\x01\x00", 2, true, 256},
		 {"\xff\xff\xff\xff\xff\xff\xff\xff", 8, true, UINT64_MAX},
		 {"", 0, false, 0},
		 {"\x00\x07", 2, false, 0},
		 {"\x01\x00\x00\x00\x00\x00\x00\x00\x00", 9, false, 0}};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		uint64_t seq = 0;

		T_EQ(feedlog_txid_seq(kv_bytes(c[i].row, c[i].n), &seq), c[i].good);
		T_EQ(seq, c[i].seq);
	}
}

T_MAIN(T(test_a_sequence_has_one_form_in_the_index), T(test_tree_and_head_follow_the_definition),
       T(test_entries_are_read_as_written), T(test_what_does_not_follow_is_refused),
       T(test_the_first_use_of_a_transaction_id_counts),
       T(test_gathered_transaction_ids_make_the_same_index), T(test_feeds_have_one_number_each),
       T(test_a_second_reading_notices_every_flipped_byte), T(test_a_missing_entry_is_named),
       T(test_every_allocation_may_fail))
