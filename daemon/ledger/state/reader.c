#include "daemon/ledger/state/reader.h"

#include <string.h>

#include "lib/err.h"

int reader_get(const struct reader *r, const struct state_key *k, struct bytes *ret)
{
	if (r->cache && be32_get(k->b) == r->feed_no)
		return cache_get(r->cache, k, ret);
	return kv_get(r->txn, KV_STATE, state_key_bytes(k), ret);
}

static int stored(const struct reader *r, enum kv_how how, const struct state_key *k, size_t prefix,
		  struct bytes *ret_key, struct bytes *ret_row)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	int err = kv_cursor_open(r->txn, KV_STATE, &c);

	if (!err)
		err = kv_seek(c, how, state_key_bytes(k), &key, &row);
	if (!err && (key.n < prefix || memcmp(key.p, k->b, prefix) != 0))
		err = ERR_NOTFOUND;
	kv_cursor_close(c);
	if (err)
		return err;
	*ret_key = key;
	*ret_row = row;
	return ERR_OK;
}

int reader_before(const struct reader *r, const struct state_key *k, unsigned parts,
		  struct bytes *ret_key, struct bytes *ret_row)
{
	size_t prefix = state_key_prefix(k, parts);

	return r->cache ? cache_before(r->cache, k, prefix, ret_key, ret_row)
			: stored(r, KV_LT, k, prefix, ret_key, ret_row);
}

int reader_from(const struct reader *r, const struct state_key *k, unsigned parts,
		struct bytes *ret_key, struct bytes *ret_row)
{
	size_t prefix = state_key_prefix(k, parts);

	return r->cache ? cache_from(r->cache, k, prefix, ret_key, ret_row)
			: stored(r, KV_GE, k, prefix, ret_key, ret_row);
}

static int each_cached(const struct reader *r, struct state_key k, size_t prefix,
		       int (*fn)(void *ctx, struct bytes key, struct bytes row), void *ctx)
{
	struct bytes key, row;
	int err = cache_from(r->cache, &k, prefix, &key, &row);

	while (!err) {
		if (key.n >= STATE_KEY_MAX) /* no key of ours is as long */
			return ERR_CORRUPT;
		k.n = (uint8_t)key.n;
		memcpy(k.b, key.p, key.n);
		state_key_after(&k);
		err = fn(ctx, key, row);
		if (err)
			return err;
		err = cache_from(r->cache, &k, prefix, &key, &row);
	}
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int each_stored(const struct reader *r, const struct state_key *k, size_t prefix,
		       int (*fn)(void *ctx, struct bytes key, struct bytes row), void *ctx)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	int err = kv_cursor_open(r->txn, KV_STATE, &c), stop = 0;

	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(k), &key, &row);
	while (!err && !stop && key.n >= prefix && memcmp(key.p, k->b, prefix) == 0) {
		stop = fn(ctx, key, row);
		if (!stop)
			err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

int reader_each(const struct reader *r, const struct state_key *k, unsigned parts,
		int (*fn)(void *ctx, struct bytes key, struct bytes row), void *ctx)
{
	size_t prefix = state_key_prefix(k, parts);

	return r->cache ? each_cached(r, *k, prefix, fn, ctx) : each_stored(r, k, prefix, fn, ctx);
}

#define ARG(type, name) , name
#define FIELDS(name, value)                                                                        \
	int reader_##name(const struct reader *r, uint32_t feed_no KEY_##name(STATE_PARAM),        \
			  struct state_##value *ret)                                               \
	{                                                                                          \
		struct state_key k;                                                                \
		struct bytes row;                                                                  \
		int err;                                                                           \
                                                                                                   \
		state_##name##_key(&k, feed_no KEY_##name(ARG));                                   \
		err = reader_get(r, &k, &row);                                                     \
		return err ? err : state_##value##_parse(row, ret);                                \
	}
#define OWN(name, value) FIELDS(name, value)
#define BLOCK(name, value)
#define GETTER(KIND, name, letter, codec, value, zh, en) codec(name, value)
STATE_ROWS(GETTER)
