#include "proto/msg.h"

#include <string.h>

#include "lib/err.h"

#define FRONTIER_TAG   "CZFRON1\n"
#define TAG_BYTES      8
#define REFUSE_ERR_MAX 255

_Static_assert(sizeof(FRONTIER_TAG) - 1 == TAG_BYTES, "every tag has 8 bytes");
_Static_assert(MSG_FRONTIER_MAX <= 255, "the count of a frontier is one byte");
_Static_assert(MSG_FRAME_MAX <= UINT16_MAX, "a frame's length has two bytes");

int msg_frontier_hash(struct buf *out, const struct hash *h)
{
	buf_put_u8(out, MSG_FRONTIER_HASH);
	return buf_put(out, h->b, HASH_BYTES);
}

int msg_frontier_hash_parse(struct bytes body, struct hash *ret)
{
	if (body.n != HASH_BYTES)
		return ERR_FORMAT;
	memcpy(ret->b, body.p, HASH_BYTES);
	return ERR_OK;
}

/* Order of feed IDs without moving the caller's items; n is small. */
static uint32_t sort_items(const struct msg_front *f, uint32_t n,
			   const struct msg_front *ret[MSG_FRONTIER_MAX])
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = i;

		for (; at > 0 && hash_cmp(&ret[at - 1]->feed, &f[i].feed) > 0; at--)
			ret[at] = ret[at - 1];
		ret[at] = &f[i];
	}
	return n;
}

int msg_frontier(struct buf *out, const struct msg_front *f, uint32_t n)
{
	const struct msg_front *item[MSG_FRONTIER_MAX];

	if (n > MSG_FRONTIER_MAX)
		return ERR_LIMIT;
	sort_items(f, n, item);
	buf_put_u8(out, MSG_FRONTIER);
	buf_put_u8(out, (uint8_t)n);
	for (uint32_t i = 0; i < n; i++) {
		buf_put(out, item[i]->feed.b, HASH_BYTES);
		buf_put_varint(out, item[i]->size);
		buf_put(out, item[i]->root.b, HASH_BYTES);
	}
	return out->err;
}

int msg_frontier_parse(struct bytes body, struct msg_front ret[MSG_FRONTIER_MAX], uint32_t *ret_n)
{
	struct cur c = cur_of(body.p, body.n);
	uint32_t n = cur_u8(&c);

	if (n > MSG_FRONTIER_MAX)
		return ERR_LIMIT;
	for (uint32_t i = 0; i < n; i++) {
		cur_copy(&c, ret[i].feed.b, HASH_BYTES);
		ret[i].size = cur_varint(&c);
		cur_copy(&c, ret[i].root.b, HASH_BYTES);
		if (c.err || (i > 0 && hash_cmp(&ret[i - 1].feed, &ret[i].feed) >= 0))
			return ERR_FORMAT;
	}
	if (cur_done(&c))
		return ERR_FORMAT;
	*ret_n = n;
	return ERR_OK;
}

void msg_frontier_digest(const struct msg_front *f, uint32_t n, struct hash *ret)
{
	const struct msg_front *item[MSG_FRONTIER_MAX];
	struct sha256 s;

	if (n > MSG_FRONTIER_MAX)
		n = MSG_FRONTIER_MAX;
	sort_items(f, n, item);
	sha256_start(&s);
	sha256_add(&s, FRONTIER_TAG, TAG_BYTES);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t size[8];

		be64_put(size, item[i]->size);
		sha256_add(&s, item[i]->feed.b, HASH_BYTES);
		sha256_add(&s, size, sizeof(size));
		sha256_add(&s, item[i]->root.b, HASH_BYTES);
	}
	sha256_end(&s, ret);
}

int msg_ack(struct buf *out, const struct msg_ack *m)
{
	buf_put_u8(out, MSG_ACK);
	buf_put(out, m->feed.b, HASH_BYTES);
	buf_put_varint(out, m->size);
	return buf_put(out, m->root.b, HASH_BYTES);
}

int msg_ack_parse(struct bytes body, struct msg_ack *ret)
{
	struct cur c = cur_of(body.p, body.n);
	struct msg_ack m;

	cur_copy(&c, m.feed.b, HASH_BYTES);
	m.size = cur_varint(&c);
	cur_copy(&c, m.root.b, HASH_BYTES);
	if (cur_done(&c))
		return ERR_FORMAT;
	*ret = m;
	return ERR_OK;
}

int msg_cosig(struct buf *out, const struct msg_cosig *m)
{
	buf_put_u8(out, MSG_COSIG);
	buf_put(out, m->feed.b, HASH_BYTES);
	buf_put_varint(out, m->size);
	buf_put(out, m->root.b, HASH_BYTES);
	buf_put_varint(out, m->cosig.time_s);
	return buf_put(out, m->cosig.sig, SIGN_BYTES);
}

int msg_cosig_parse(struct bytes body, struct msg_cosig *ret)
{
	struct cur c = cur_of(body.p, body.n);
	struct msg_cosig m;

	cur_copy(&c, m.feed.b, HASH_BYTES);
	m.size = cur_varint(&c);
	cur_copy(&c, m.root.b, HASH_BYTES);
	m.cosig.time_s = cur_varint(&c);
	cur_copy(&c, m.cosig.sig, SIGN_BYTES);
	/* C2SP: a time is at most 2^63 - 1 */
	if (cur_done(&c) || m.cosig.time_s > INT64_MAX)
		return ERR_FORMAT;
	*ret = m;
	return ERR_OK;
}

int msg_refuse(struct buf *out, const struct msg_refuse *m)
{
	if (m->err > -1 || m->err < -REFUSE_ERR_MAX)
		return ERR_INVALID;
	buf_put_u8(out, MSG_REFUSE);
	buf_put(out, m->feed.b, HASH_BYTES);
	buf_put_varint(out, m->seq);
	return buf_put_u8(out, (uint8_t)-m->err);
}

int msg_refuse_parse(struct bytes body, struct msg_refuse *ret)
{
	struct cur c = cur_of(body.p, body.n);
	struct msg_refuse m;

	cur_copy(&c, m.feed.b, HASH_BYTES);
	m.seq = cur_varint(&c);
	m.err = -(int)cur_u8(&c);
	if (cur_done(&c) || m.err == 0)
		return ERR_FORMAT;
	*ret = m;
	return ERR_OK;
}

int msg_enrol(struct buf *out, const uint8_t leaf[ENTRY_LEAF_BYTES], struct bytes payload)
{
	if (payload.n > ENTRY_PAYLOAD_MAX)
		return ERR_LIMIT;
	buf_put_u8(out, MSG_ENROL);
	buf_put(out, leaf, ENTRY_LEAF_BYTES);
	return buf_put(out, payload.p, payload.n);
}

int msg_enrol_parse(struct bytes body, struct entry *ret, struct bytes *ret_payload)
{
	struct payload parts;
	struct bytes payload;
	struct hash commitment;
	struct entry e;
	int err;

	if (body.n < ENTRY_LEAF_BYTES)
		return ERR_FORMAT;
	payload = (struct bytes){body.p + ENTRY_LEAF_BYTES, body.n - ENTRY_LEAF_BYTES};
	err = entry_parse(body.p, ENTRY_LEAF_BYTES, &e);
	if (!err)
		err = payload_parse(payload.p, payload.n, &parts);
	if (err)
		return err;
	payload_commit(&parts, &commitment);
	if (payload.n != e.payload_len || hash_cmp(&commitment, &e.commitment))
		return ERR_FORMAT;
	*ret = e;
	*ret_payload = payload;
	return ERR_OK;
}

int msg_enrolled(struct buf *out, uint16_t verdict_id)
{
	buf_put_u8(out, MSG_ENROLLED);
	return buf_put_be16(out, verdict_id);
}

int msg_enrolled_parse(struct bytes body, uint16_t *ret)
{
	if (body.n != 2)
		return ERR_FORMAT;
	*ret = be16_get(body.p);
	return ERR_OK;
}

int hello_pack(const struct hello *h, struct buf *out)
{
	buf_put_be16(out, h->version);
	buf_put_be32(out, h->features);
	buf_put_be16(out, h->frame_max);
	buf_put_be64(out, h->clock_ms);
	buf_put_u8(out, h->invited);
	if (h->invited) {
		buf_put(out, h->invite_key, SIGN_KEY_BYTES);
		buf_put(out, h->invite_sig, SIGN_BYTES);
	}
	return out->err;
}

int hello_parse(const void *p, size_t n, struct hello *ret)
{
	struct cur c = cur_of(p, n);
	struct hello h = {0};
	uint8_t invited;

	h.version = cur_be16(&c);
	h.features = cur_be32(&c);
	h.frame_max = cur_be16(&c);
	h.clock_ms = cur_be64(&c);
	invited = cur_u8(&c);
	h.invited = invited == 1;
	if (h.invited) {
		cur_copy(&c, h.invite_key, SIGN_KEY_BYTES);
		cur_copy(&c, h.invite_sig, SIGN_BYTES);
	}
	if (c.err || invited > 1 || h.version == 0)
		return ERR_FORMAT;
	/* a later version may say more after what this one knows */
	if (h.version == HELLO_VERSION && cur_done(&c))
		return ERR_FORMAT;
	*ret = h;
	return ERR_OK;
}
