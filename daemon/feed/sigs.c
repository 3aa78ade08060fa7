#include "daemon/feed/sigs.h"

#include <string.h>

#include "lib/err.h"

#define KEY_BYTES	5
#define COSIG_KEY_BYTES (KEY_BYTES + SIGN_KEY_BYTES)
#define ACKED_BYTES	(8 + HASH_BYTES)
#define SEALED_BYTES	(8 + HASH_BYTES + SIGN_BYTES)
#define COSIG_BYTES	(8 + HASH_BYTES + 8 + SIGN_BYTES)

static struct bytes key_of(uint8_t key[COSIG_KEY_BYTES], uint32_t no, uint8_t kind,
			   const uint8_t *witness)
{
	be32_put(key, no);
	key[4] = kind;
	if (!witness)
		return kv_bytes(key, KEY_BYTES);
	memcpy(key + KEY_BYTES, witness, SIGN_KEY_BYTES);
	return kv_bytes(key, COSIG_KEY_BYTES);
}

int sigs_parse(struct bytes key, struct bytes val, struct sigs_row *ret)
{
	struct cur c = cur_of(val.p, val.n);
	struct sigs_row r = {0};
	bool cosig = key.n == COSIG_KEY_BYTES;

	if (key.n != KEY_BYTES && !cosig)
		return ERR_CORRUPT;
	r.no = be32_get(key.p);
	r.kind = key.p[4];
	if (cosig != (r.kind == SIGS_COSIG))
		return ERR_CORRUPT;
	if (cosig) {
		memcpy(r.u.cosig.witness, key.p + KEY_BYTES, SIGN_KEY_BYTES);
		r.u.cosig.size = cur_be64(&c);
		cur_copy(&c, r.u.cosig.root.b, HASH_BYTES);
		r.u.cosig.cosig.time_s = cur_be64(&c);
		cur_copy(&c, r.u.cosig.cosig.sig, SIGN_BYTES);
	} else if (r.kind == SIGS_SEALED) {
		r.u.sealed.size = cur_be64(&c);
		cur_copy(&c, r.u.sealed.root.b, HASH_BYTES);
		cur_copy(&c, r.u.sealed.sig, SIGN_BYTES);
	} else if (r.kind == SIGS_ACKED) {
		r.u.acked.size = cur_be64(&c);
		cur_copy(&c, r.u.acked.root.b, HASH_BYTES);
	} else {
		return ERR_CORRUPT;
	}
	if (cur_done(&c))
		return ERR_CORRUPT;
	*ret = r;
	return ERR_OK;
}

static int row_get(struct kv_txn *t, uint32_t no, uint8_t kind, const uint8_t *witness,
		   struct sigs_row *ret)
{
	uint8_t raw[COSIG_KEY_BYTES];
	struct bytes key = key_of(raw, no, kind, witness), val;
	int err = kv_get(t, KV_NOTE, key, &val);

	return err ? err : sigs_parse(key, val, ret);
}

int sigs_sealed_get(struct kv_txn *t, uint32_t no, struct sigs_sealed *ret)
{
	struct sigs_row r;
	int err = row_get(t, no, SIGS_SEALED, NULL, &r);

	if (!err)
		*ret = r.u.sealed;
	return err;
}

int sigs_sealed_put(struct kv_txn *t, uint32_t no, const struct sigs_sealed *s)
{
	uint8_t key[COSIG_KEY_BYTES], val[SEALED_BYTES];

	be64_put(val, s->size);
	memcpy(val + 8, s->root.b, HASH_BYTES);
	memcpy(val + 8 + HASH_BYTES, s->sig, SIGN_BYTES);
	return kv_put(t, KV_NOTE, key_of(key, no, SIGS_SEALED, NULL), kv_bytes(val, sizeof(val)));
}

int sigs_cosig_get(struct kv_txn *t, uint32_t no, const uint8_t witness[SIGN_KEY_BYTES],
		   struct sigs_cosig *ret)
{
	struct sigs_row r;
	int err = row_get(t, no, SIGS_COSIG, witness, &r);

	if (!err)
		*ret = r.u.cosig;
	return err;
}

int sigs_cosig_put(struct kv_txn *t, uint32_t no, const struct sigs_cosig *c)
{
	uint8_t key[COSIG_KEY_BYTES], val[COSIG_BYTES];

	be64_put(val, c->size);
	memcpy(val + 8, c->root.b, HASH_BYTES);
	be64_put(val + 8 + HASH_BYTES, c->cosig.time_s);
	memcpy(val + 16 + HASH_BYTES, c->cosig.sig, SIGN_BYTES);
	return kv_put(t, KV_NOTE, key_of(key, no, SIGS_COSIG, c->witness),
		      kv_bytes(val, sizeof(val)));
}

int sigs_cosig_each(struct kv_txn *t, uint32_t no, int (*fn)(void *ctx, const struct sigs_cosig *c),
		    void *ctx)
{
	uint8_t raw[COSIG_KEY_BYTES];
	struct bytes from = key_of(raw, no, SIGS_COSIG, NULL), key, val;
	struct kv_cursor *c;
	int err = kv_cursor_open(t, KV_NOTE, &c);

	if (err)
		return err;
	err = kv_seek(c, KV_GE, from, &key, &val);
	while (!err && key.n >= from.n && memcmp(key.p, from.p, from.n) == 0) {
		struct sigs_row r;

		err = sigs_parse(key, val, &r);
		if (!err)
			err = fn(ctx, &r.u.cosig);
		if (!err)
			err = kv_seek(c, KV_NEXT, from, &key, &val);
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int sigs_acked_get(struct kv_txn *t, uint32_t no, struct sigs_acked *ret)
{
	struct sigs_row r;
	int err = row_get(t, no, SIGS_ACKED, NULL, &r);

	if (!err)
		*ret = r.u.acked;
	return err;
}

int sigs_acked_put(struct kv_txn *t, uint32_t no, const struct sigs_acked *a)
{
	uint8_t key[COSIG_KEY_BYTES], val[ACKED_BYTES];

	be64_put(val, a->size);
	memcpy(val + 8, a->root.b, HASH_BYTES);
	return kv_put(t, KV_NOTE, key_of(key, no, SIGS_ACKED, NULL), kv_bytes(val, sizeof(val)));
}
