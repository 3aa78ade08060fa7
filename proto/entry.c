#include "proto/entry.h"

#include <assert.h>
#include <string.h>

#include "lib/err.h"
#include "proto/tlog.h"

#define TX_TAG		 "CZTXN01\n"
#define SALT_TAG	 "CZSALT1\n"
#define PART_TAG	 "CZPART1\n"
#define TAG_BYTES	 8
#define SALT_BYTES	 16
#define PAYLOAD_FORM	 0x00
#define PAYLOAD_COUNT_AT (1 + ENTRY_SECRET_BYTES) /* offset of the part count */

_Static_assert(sizeof(ENTRY_TAG) - 1 == TAG_BYTES, "every tag has 8 bytes");
_Static_assert(sizeof(TX_TAG) - 1 == TAG_BYTES, "every tag has 8 bytes");
_Static_assert(sizeof(SALT_TAG) - 1 == TAG_BYTES, "every tag has 8 bytes");
_Static_assert(sizeof(PART_TAG) - 1 == TAG_BYTES, "every tag has 8 bytes");
_Static_assert(ENTRY_LEAF_BYTES == ENTRY_HEADER_BYTES + ENTRY_ENVELOPE_BYTES, "SPEC 4");
_Static_assert(ENTRY_ENVELOPE_BYTES == SIGN_KEY_BYTES + TXID_BYTES + SIGN_BYTES, "SPEC 4");

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
	memcpy(at, p, n);
	return at + n;
}

static uint8_t *put16(uint8_t *at, uint16_t v)
{
	be16_put(at, v);
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
	be32_put(at, v);
	return at + 4;
}

static uint8_t *put64(uint8_t *at, uint64_t v)
{
	be64_put(at, v);
	return at + 8;
}

void entry_pack(const struct entry *e, uint8_t out[ENTRY_LEAF_BYTES])
{
	uint8_t *at = out;

	at = put(at, ENTRY_TAG, TAG_BYTES);
	at = put(at, e->feed.b, HASH_BYTES);
	at = put64(at, e->seq);
	at = put32(at, e->epoch);
	at = put(at, e->prev.b, HASH_BYTES);
	at = put64(at, e->wall_ms);
	at = put32(at, e->boot);
	at = put64(at, e->boot_ms);
	at = put64(at, e->town_seen);
	at = put16(at, e->type);
	at = put16(at, e->schema);
	at = put32(at, e->payload_len);
	at = put(at, e->commitment.b, HASH_BYTES);
	assert(at == out + ENTRY_HEADER_BYTES);
	at = put(at, e->author, SIGN_KEY_BYTES);
	at = put(at, e->txid, TXID_BYTES);
	at = put(at, e->sig, SIGN_BYTES);
	assert(at == out + ENTRY_LEAF_BYTES);
}

int entry_parse(const void *leaf, size_t n, struct entry *ret)
{
	const uint8_t *p = leaf;

	if (n != ENTRY_LEAF_BYTES || memcmp(p, ENTRY_TAG, TAG_BYTES) != 0)
		return ERR_FORMAT;
	/* the length is fixed, so the places are, too */
	if (be32_get(p + 48) == 0 || be16_get(p + 114) == 0 ||
	    be32_get(p + 116) > ENTRY_PAYLOAD_MAX)
		return ERR_FORMAT;
	memcpy(ret->feed.b, p + 8, HASH_BYTES);
	ret->seq = be64_get(p + 40);
	ret->epoch = be32_get(p + 48);
	memcpy(ret->prev.b, p + 52, HASH_BYTES);
	ret->wall_ms = be64_get(p + 84);
	ret->boot = be32_get(p + 92);
	ret->boot_ms = be64_get(p + 96);
	ret->town_seen = be64_get(p + 104);
	ret->type = be16_get(p + 112);
	ret->schema = be16_get(p + 114);
	ret->payload_len = be32_get(p + 116);
	memcpy(ret->commitment.b, p + 120, HASH_BYTES);
	memcpy(ret->author, p + 152, SIGN_KEY_BYTES);
	memcpy(ret->txid, p + 184, TXID_BYTES);
	memcpy(ret->sig, p + 200, SIGN_BYTES);
	return ERR_OK;
}

void entry_tx_message(const struct entry *e, const struct hash *town, uint8_t out[TX_MESSAGE_BYTES])
{
	uint8_t *at = out;

	at = put(at, TX_TAG, TAG_BYTES);
	at = put(at, town->b, HASH_BYTES);
	at = put(at, e->feed.b, HASH_BYTES);
	at = put(at, e->txid, TXID_BYTES);
	at = put16(at, e->type);
	at = put16(at, e->schema);
	at = put64(at, e->town_seen);
	at = put64(at, e->wall_ms);
	at = put(at, e->commitment.b, HASH_BYTES);
	assert(at == out + TX_MESSAGE_BYTES);
}

void entry_tx_sign(struct entry *e, const struct hash *town, const struct sign_key *author)
{
	uint8_t msg[TX_MESSAGE_BYTES];

	memcpy(e->author, sign_key_public(author), SIGN_KEY_BYTES);
	entry_tx_message(e, town, msg);
	sign(author, msg, sizeof(msg), e->sig);
}

bool entry_tx_verify(const struct entry *e, const struct hash *town)
{
	uint8_t msg[TX_MESSAGE_BYTES];

	entry_tx_message(e, town, msg);
	return sign_verify(e->author, msg, sizeof(msg), e->sig);
}

int payload_parse(const void *p, size_t n, struct payload *ret)
{
	struct cur c = cur_of(p, n);
	uint32_t nparts;

	if (n > ENTRY_PAYLOAD_MAX)
		return ERR_LIMIT;
	if (cur_u8(&c) != PAYLOAD_FORM)
		return ERR_FORMAT;
	ret->secret = cur_take(&c, ENTRY_SECRET_BYTES);
	nparts = cur_be16(&c);
	if (c.err || nparts == 0)
		return ERR_FORMAT;
	if (nparts > ENTRY_PARTS_MAX)
		return ERR_LIMIT;
	for (uint32_t i = 0; i < nparts; i++) {
		size_t len = cur_be16(&c);

		ret->part[i] = (struct bytes){cur_take(&c, len), len};
		if (c.err || len == 0)
			return ERR_FORMAT;
	}
	ret->nparts = nparts;
	return cur_done(&c);
}

/* The leaf hash of part @i: SHA-256(0x00 | tag | salt | bytes). */
static void part_hash(const struct payload *p, uint32_t i, struct hash *ret)
{
	uint8_t salted[TAG_BYTES + ENTRY_SECRET_BYTES + 4];
	uint8_t lead[1 + TAG_BYTES + SALT_BYTES];
	struct hash salt;
	struct sha256 s;

	memcpy(salted, SALT_TAG, TAG_BYTES);
	memcpy(salted + TAG_BYTES, p->secret, ENTRY_SECRET_BYTES);
	be32_put(salted + TAG_BYTES + ENTRY_SECRET_BYTES, i);
	hash_of(salted, sizeof(salted), &salt);
	lead[0] = 0x00;
	memcpy(lead + 1, PART_TAG, TAG_BYTES);
	memcpy(lead + 1 + TAG_BYTES, salt.b, SALT_BYTES);
	sha256_start(&s);
	sha256_add(&s, lead, sizeof(lead));
	sha256_add(&s, p->part[i].p, p->part[i].n);
	sha256_end(&s, ret);
}

void payload_commit(const struct payload *p, struct hash *ret)
{
	struct tlog_edge edge;

	edge.size = 0;
	edge.n = 0;
	for (uint32_t i = 0; i < p->nparts; i++) {
		struct hash leaf;
		int err;

		part_hash(p, i, &leaf);
		err = tlog_append(&edge, &leaf, NULL, NULL);
		assert(!err); /* there is no writer that could fail */
	}
	tlog_root(&edge, ret);
}

void payload_begin(struct buf *out, const uint8_t secret[ENTRY_SECRET_BYTES])
{
	buf_put_u8(out, PAYLOAD_FORM);
	buf_put(out, secret, ENTRY_SECRET_BYTES);
	buf_put_be16(out, 0);
}

size_t payload_part_begin(struct buf *out)
{
	buf_put_be16(out, 0);
	return out->n;
}

void payload_part_end(struct buf *out, size_t mark)
{
	if (out->err)
		return;
	assert(mark >= 2);
	assert(mark < out->n); /* a part has at least one byte */
	be16_put(out->p + mark - 2, (uint16_t)(out->n - mark));
}

int payload_finish(struct buf *out, size_t start, uint32_t nparts)
{
	struct payload check;
	int err;

	if (out->err)
		return out->err;
	if (out->n - start > ENTRY_PAYLOAD_MAX || nparts > ENTRY_PARTS_MAX)
		return ERR_LIMIT; /* a length that did not fit its field ends here, too */
	be16_put(out->p + start + PAYLOAD_COUNT_AT, (uint16_t)nparts);
	err = payload_parse(out->p + start, out->n - start, &check);
	assert(!err); /* the caller counts its parts */
	return ERR_OK;
}

void txid_make(uint64_t wall_ms, const uint8_t random[10], uint8_t out[TXID_BYTES])
{
	uint8_t ms[8];

	be64_put(ms, wall_ms);
	memcpy(out, ms + 2, 6);
	memcpy(out + 6, random, 10);
}
