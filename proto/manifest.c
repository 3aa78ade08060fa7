#include "proto/manifest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"

#define MANIFEST_TAG "CZMANF1\n"
#define TAG_BYTES    8
#define NAME_DIGITS  16

_Static_assert(sizeof(MANIFEST_TAG) - 1 == TAG_BYTES, "every tag has 8 bytes");
_Static_assert(DOMAIN_MAX + sizeof("/v/") + NAME_DIGITS <= ORIGIN_MAX, "an origin always fits");

/* A quorum must be reachable and must not be one holder counted twice, nor the node itself. */
static bool keys_sound(const struct manifest *m)
{
	if (m->nrecovery > MANIFEST_RECOVERY_MAX || m->threshold > m->nrecovery)
		return false;
	if ((m->threshold == 0) != (m->nrecovery == 0))
		return false;
	for (unsigned i = 0; i < m->nrecovery; i++) {
		if (!memcmp(m->recovery[i], m->feed_key, SIGN_KEY_BYTES))
			return false;
		for (unsigned j = 0; j < i; j++)
			if (!memcmp(m->recovery[i], m->recovery[j], SIGN_KEY_BYTES))
				return false;
	}
	return true;
}

int manifest_pack(const struct manifest *m, struct buf *out)
{
	if (!keys_sound(m))
		return ERR_INVALID;
	buf_put(out, MANIFEST_TAG, TAG_BYTES);
	buf_put(out, m->town.b, HASH_BYTES);
	buf_put(out, m->feed_key, SIGN_KEY_BYTES);
	buf_put_u8(out, m->threshold);
	buf_put_u8(out, m->nrecovery);
	buf_put(out, m->recovery, (size_t)m->nrecovery * SIGN_KEY_BYTES);
	buf_put(out, m->nonce, sizeof(m->nonce));
	buf_put_u8(out, m->has_pred);
	if (m->has_pred) {
		buf_put(out, m->pred_feed.b, HASH_BYTES);
		buf_put_be64(out, m->pred_size);
		buf_put(out, m->pred_root.b, HASH_BYTES);
	}
	return out->err;
}

int manifest_parse(const void *p, size_t n, struct manifest *ret)
{
	struct cur c = cur_of(p, n);
	struct manifest m = {0};
	uint8_t tag[TAG_BYTES] = {0};
	uint8_t pred;

	cur_copy(&c, tag, TAG_BYTES);
	if (memcmp(tag, MANIFEST_TAG, TAG_BYTES) != 0)
		return ERR_FORMAT;
	cur_copy(&c, m.town.b, HASH_BYTES);
	cur_copy(&c, m.feed_key, SIGN_KEY_BYTES);
	m.threshold = cur_u8(&c);
	m.nrecovery = cur_u8(&c);
	if (m.nrecovery > MANIFEST_RECOVERY_MAX)
		return ERR_FORMAT;
	cur_copy(&c, m.recovery, (size_t)m.nrecovery * SIGN_KEY_BYTES);
	cur_copy(&c, m.nonce, sizeof(m.nonce));
	pred = cur_u8(&c);
	if (pred > 1)
		return ERR_FORMAT;
	m.has_pred = pred;
	if (m.has_pred) {
		cur_copy(&c, m.pred_feed.b, HASH_BYTES);
		m.pred_size = cur_be64(&c);
		cur_copy(&c, m.pred_root.b, HASH_BYTES);
	}
	if (cur_done(&c) || !keys_sound(&m))
		return ERR_FORMAT;
	*ret = m;
	return ERR_OK;
}

void manifest_feed_id(const void *p, size_t n, struct hash *ret)
{
	hash_of(p, n, ret);
}

bool domain_valid(const char *domain)
{
	size_t n = strlen(domain);

	if (n == 0 || n >= DOMAIN_MAX)
		return false;
	return strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789.-") == n;
}

bool domain_is_training(const char *domain)
{
	static const char end[] = ".invalid";
	size_t n = strlen(domain), m = sizeof(end) - 1;

	return n > m && memcmp(domain + n - m, end, m) == 0;
}

static void name_of(const char *domain, const char *kind, const struct hash *feed,
		    char out[ORIGIN_MAX])
{
	char digits[2 * HASH_BYTES + 1];
	int n;

	hash_hex(feed, NAME_DIGITS, digits);
	n = snprintf(out, ORIGIN_MAX, "%s/%s/%s", domain, kind, digits);
	assert(n > 0);
	assert(n < ORIGIN_MAX);
}

void origin_of(const char *domain, const struct hash *feed, char out[ORIGIN_MAX])
{
	name_of(domain, "v", feed, out);
}

void witness_name_of(const char *domain, const struct hash *feed, char out[ORIGIN_MAX])
{
	name_of(domain, "w", feed, out);
}
