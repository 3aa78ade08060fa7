#include "daemon/feed/feedlog_int.h"

#include <assert.h>

#include "lib/err.h"

#define FEED_KEY_BYTES	4
#define INDEX_TAG	0xff /* after every feed number */
#define INDEX_KEY_BYTES (1 + HASH_BYTES)
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

/* The row: id 32 | key 32 | size 8 | epoch 4 | last 32 | town_seen 8 | origin u8 + text |
 * manifest u16 + bytes | the edge. */
int feedlog_head_put(struct kv_txn *t, const struct feed_head *h, struct bytes manifest)
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

int feedlog_head_get(struct kv_txn *t, uint32_t no, struct feed_head *ret,
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
		err = feedlog_head_put(t, &h, kv_bytes(manifest, n));
	if (!err)
		err = kv_put(t, KV_FEED, index_key(key, &h.id), feed_key(raw_no, h.no));
	if (!err)
		*ret = h;
	return err;
}

int feedlog_head(struct kv_txn *t, uint32_t no, struct feed_head *ret)
{
	struct bytes manifest;

	return feedlog_head_get(t, no, ret, &manifest);
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
	int err = feedlog_head_get(t, no, &h, &manifest);

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
