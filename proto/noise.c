#include "proto/noise.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "lib/err.h"

/* Names as in the Noise specification, revision 34: h, ck, MixHash, MixKey, EncryptAndHash, Split. */
#define PROTOCOL       "Noise_XK_25519_ChaChaPoly_BLAKE2b"
#define BLOCK_BYTES    128 /* of BLAKE2b */
#define KEY_BYTES      32
#define STEP_TRANSPORT 4
#define MSG_E_BYTES    (DH_KEY_BYTES + NOISE_TAG_BYTES) /* messages 1 and 2, empty payload */
#define MSG_S_BYTES    (MSG_E_BYTES + NOISE_TAG_BYTES)	/* message 3 */

_Static_assert(sizeof(PROTOCOL) - 1 <= NOISE_HASH_BYTES, "the name is padded, not hashed");
_Static_assert(crypto_aead_chacha20poly1305_ietf_KEYBYTES == KEY_BYTES, "cipher key");
_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == NOISE_TAG_BYTES, "cipher tag");
_Static_assert(crypto_generichash_blake2b_BYTES_MAX == NOISE_HASH_BYTES, "hash");

static void hash2(uint8_t out[NOISE_HASH_BYTES], const void *a, size_t an, const void *b, size_t bn)
{
	crypto_generichash_blake2b_state st;

	crypto_generichash_blake2b_init(&st, NULL, 0, NOISE_HASH_BYTES);
	crypto_generichash_blake2b_update(&st, a, an);
	crypto_generichash_blake2b_update(&st, b, bn);
	crypto_generichash_blake2b_final(&st, out, NOISE_HASH_BYTES);
	sodium_memzero(&st, sizeof(st));
}

/* RFC 2104 HMAC. The key is always a hash, so it is never longer than a block. */
static void hmac(const uint8_t key[NOISE_HASH_BYTES], const void *p, size_t n,
		 uint8_t out[NOISE_HASH_BYTES])
{
	uint8_t pad[BLOCK_BYTES], inner[NOISE_HASH_BYTES];

	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < NOISE_HASH_BYTES; i++)
		pad[i] ^= key[i];
	hash2(inner, pad, sizeof(pad), p, n);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash2(out, pad, sizeof(pad), inner, sizeof(inner));
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(inner, sizeof(inner));
}

/* HKDF with two outputs, Noise 4.3. */
static void hkdf2(const uint8_t ck[NOISE_HASH_BYTES], const void *ikm, size_t n,
		  uint8_t out1[NOISE_HASH_BYTES], uint8_t out2[NOISE_HASH_BYTES])
{
	uint8_t temp[NOISE_HASH_BYTES], msg[NOISE_HASH_BYTES + 1];

	hmac(ck, ikm, n, temp);
	hmac(temp, "\x01", 1, out1);
	memcpy(msg, out1, NOISE_HASH_BYTES);
	msg[NOISE_HASH_BYTES] = 2;
	hmac(temp, msg, sizeof(msg), out2);
	sodium_memzero(temp, sizeof(temp));
	sodium_memzero(msg, sizeof(msg));
}

static void nonce_of(uint64_t n, uint8_t out[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
	memset(out, 0, 4);
	for (int i = 0; i < 8; i++)
		out[4 + i] = (uint8_t)(n >> (8 * i));
}

/* @out: @n + NOISE_TAG_BYTES. */
static int encrypt(struct noise_cipher *c, const void *ad, size_t ad_n, const void *p, size_t n,
		   uint8_t *out)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	if (c->n == UINT64_MAX)
		return ERR_LIMIT;
	nonce_of(c->n, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, p, n, ad, ad_n, NULL, nonce, c->k);
	c->n++;
	return 0;
}

/* @n counts the tag; @out: @n - NOISE_TAG_BYTES. */
static int decrypt(struct noise_cipher *c, const void *ad, size_t ad_n, const void *p, size_t n,
		   uint8_t *out)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	assert(n >= NOISE_TAG_BYTES);
	if (c->n == UINT64_MAX)
		return ERR_LIMIT;
	nonce_of(c->n, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, p, n, ad, ad_n, nonce, c->k))
		return ERR_CRYPTO;
	c->n++;
	return 0;
}

static void rekey(struct noise_cipher *c)
{
	static const uint8_t zeros[KEY_BYTES];
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	uint8_t out[KEY_BYTES + NOISE_TAG_BYTES];

	nonce_of(UINT64_MAX, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, zeros, sizeof(zeros), NULL, 0, NULL,
						  nonce, c->k);
	memcpy(c->k, out, KEY_BYTES);
	c->since_msgs = 0;
	c->since_bytes = 0;
	sodium_memzero(out, sizeof(out));
}

/* After each transport message, on both sides alike. */
static void count(struct noise_cipher *c, size_t plain_n)
{
	c->since_msgs++;
	c->since_bytes += plain_n;
	if (c->since_msgs >= NOISE_REKEY_MSGS || c->since_bytes >= NOISE_REKEY_BYTES)
		rekey(c);
}

static void mix_hash(struct noise *n, const void *p, size_t len)
{
	hash2(n->h, n->h, sizeof(n->h), p, len);
}

static void mix_key(struct noise *n, const uint8_t ikm[DH_KEY_BYTES])
{
	uint8_t k[NOISE_HASH_BYTES];

	hkdf2(n->ck, ikm, DH_KEY_BYTES, n->ck, k);
	memcpy(n->hs.k, k, KEY_BYTES);
	n->hs.n = 0;
	sodium_memzero(k, sizeof(k));
}

static int mix_dh(struct noise *n, const struct dh_key *own, const uint8_t pub[DH_KEY_BYTES])
{
	uint8_t shared[DH_KEY_BYTES];
	int err = dh(own, pub, shared);

	if (!err)
		mix_key(n, shared);
	sodium_memzero(shared, sizeof(shared));
	return err;
}

static int encrypt_and_hash(struct noise *n, const void *p, size_t len, uint8_t *out)
{
	int err = encrypt(&n->hs, n->h, sizeof(n->h), p, len, out);

	if (!err)
		mix_hash(n, out, len + NOISE_TAG_BYTES);
	return err;
}

static int decrypt_and_hash(struct noise *n, const void *p, size_t len, uint8_t *out)
{
	int err = decrypt(&n->hs, n->h, sizeof(n->h), p, len, out);

	if (!err)
		mix_hash(n, p, len);
	return err;
}

/* Split: the keys of both directions; what made them is forgotten, h stays as channel binding. */
static void split(struct noise *n)
{
	uint8_t k1[NOISE_HASH_BYTES], k2[NOISE_HASH_BYTES];

	hkdf2(n->ck, NULL, 0, k1, k2);
	n->send = n->recv = (struct noise_cipher){0};
	memcpy(n->send.k, n->initiator ? k1 : k2, KEY_BYTES);
	memcpy(n->recv.k, n->initiator ? k2 : k1, KEY_BYTES);
	sodium_memzero(k1, sizeof(k1));
	sodium_memzero(k2, sizeof(k2));
	sodium_memzero(n->ck, sizeof(n->ck));
	sodium_memzero(&n->hs, sizeof(n->hs));
	dh_key_free(n->e);
	n->e = NULL;
}

int noise_init(struct noise *n, bool initiator, const struct dh_key *s, const uint8_t *rs,
	       const void *prologue, size_t prologue_n, const uint8_t ephemeral_seed[32])
{
	int err;

	assert(initiator == (rs != NULL));
	*n = (struct noise){.initiator = initiator, .step = 1, .s = s};
	err = dh_key_from_seed(ephemeral_seed, &n->e);
	if (err) {
		*n = (struct noise){.dead = true};
		return err;
	}
	memcpy(n->h, PROTOCOL, sizeof(PROTOCOL) - 1);
	memcpy(n->ck, n->h, sizeof(n->ck));
	mix_hash(n, prologue, prologue_n);
	if (initiator)
		memcpy(n->rs, rs, DH_KEY_BYTES);
	mix_hash(n, initiator ? rs : dh_key_public(s), DH_KEY_BYTES);
	return 0;
}

void noise_close(struct noise *n)
{
	if (!n)
		return;
	dh_key_free(n->e);
	sodium_memzero(n, sizeof(*n));
	n->dead = true;
}

static void write_e(struct noise *n, uint8_t *out)
{
	memcpy(out, dh_key_public(n->e), DH_KEY_BYTES);
	mix_hash(n, out, DH_KEY_BYTES);
}

static void read_e(struct noise *n, const uint8_t *msg)
{
	memcpy(n->re, msg, DH_KEY_BYTES);
	mix_hash(n, msg, DH_KEY_BYTES);
}

/* Bytes of handshake message @step without its payload. */
static size_t overhead(uint8_t step)
{
	return step == 3 ? MSG_S_BYTES : MSG_E_BYTES;
}

/* Messages 1 and 3 are the initiator's. */
static bool my_turn(const struct noise *n, bool writing)
{
	return !n->dead && n->step < STEP_TRANSPORT && (n->initiator == (n->step != 2)) == writing;
}

static int write_msg(struct noise *n, const void *payload, size_t len, uint8_t *out)
{
	int err = 0;

	switch (n->step) {
	case 1: /* e, es */
		write_e(n, out);
		err = mix_dh(n, n->e, n->rs);
		break;
	case 2: /* e, ee */
		write_e(n, out);
		err = mix_dh(n, n->e, n->re);
		break;
	case 3: /* s, se */
		err = encrypt_and_hash(n, dh_key_public(n->s), DH_KEY_BYTES, out);
		err = err ? err : mix_dh(n, n->s, n->re);
		break;
	default: assert(false);
	}
	if (err)
		return err;
	return encrypt_and_hash(n, payload, len, out + overhead(n->step) - NOISE_TAG_BYTES);
}

static int read_msg(struct noise *n, const uint8_t *msg, size_t len, uint8_t *out)
{
	size_t head = overhead(n->step) - NOISE_TAG_BYTES;
	int err = 0;

	switch (n->step) {
	case 1:
		read_e(n, msg);
		err = mix_dh(n, n->s, n->re);
		break;
	case 2:
		read_e(n, msg);
		err = mix_dh(n, n->e, n->re);
		break;
	case 3:
		err = decrypt_and_hash(n, msg, head, n->rs);
		err = err ? err : mix_dh(n, n->e, n->rs);
		break;
	default: assert(false);
	}
	if (err)
		return err;
	return decrypt_and_hash(n, msg + head, len - head, out);
}

static void step_done(struct noise *n)
{
	if (++n->step == STEP_TRANSPORT)
		split(n);
}

static int fail(struct noise *n, int err)
{
	n->dead = true;
	return err;
}

int noise_write(struct noise *n, const void *payload, size_t len, struct buf *out)
{
	uint8_t *p;
	int err;

	if (!my_turn(n, true))
		return fail(n, ERR_STATE);
	if (len > NOISE_MSG_MAX - overhead(n->step))
		return fail(n, ERR_INVALID);
	p = buf_reserve(out, overhead(n->step) + len);
	if (!p)
		return fail(n, out->err);
	err = write_msg(n, payload, len, p);
	if (err)
		return fail(n, err);
	out->n += overhead(n->step) + len;
	step_done(n);
	return 0;
}

int noise_read(struct noise *n, const void *msg, size_t len, struct buf *out)
{
	uint8_t *p;
	int err;

	if (!my_turn(n, false))
		return fail(n, ERR_STATE);
	if (len < overhead(n->step) || len > NOISE_MSG_MAX)
		return fail(n, ERR_FORMAT);
	p = buf_reserve(out, len - overhead(n->step));
	if (!p)
		return fail(n, out->err);
	err = read_msg(n, msg, len, p);
	if (err)
		return fail(n, err);
	out->n += len - overhead(n->step);
	step_done(n);
	return 0;
}

bool noise_ready(const struct noise *n)
{
	return !n->dead && n->step == STEP_TRANSPORT;
}

const uint8_t *noise_remote(const struct noise *n)
{
	return n->initiator || n->step == STEP_TRANSPORT ? n->rs : NULL;
}

const uint8_t *noise_binding(const struct noise *n)
{
	return n->h;
}

int noise_seal(struct noise *n, const void *p, size_t len, struct buf *out)
{
	uint8_t *to;
	int err;

	if (!noise_ready(n))
		return fail(n, ERR_STATE);
	if (len > NOISE_MSG_MAX - NOISE_TAG_BYTES)
		return fail(n, ERR_INVALID);
	to = buf_reserve(out, len + NOISE_TAG_BYTES);
	if (!to)
		return fail(n, out->err);
	err = encrypt(&n->send, NULL, 0, p, len, to);
	if (err)
		return fail(n, err);
	out->n += len + NOISE_TAG_BYTES;
	count(&n->send, len);
	return 0;
}

int noise_open(struct noise *n, const void *p, size_t len, struct buf *out)
{
	uint8_t *to;
	int err;

	if (!noise_ready(n))
		return fail(n, ERR_STATE);
	if (len < NOISE_TAG_BYTES || len > NOISE_MSG_MAX)
		return fail(n, ERR_FORMAT);
	to = buf_reserve(out, len - NOISE_TAG_BYTES);
	if (!to)
		return fail(n, out->err);
	err = decrypt(&n->recv, NULL, 0, p, len, to);
	if (err)
		return fail(n, err);
	out->n += len - NOISE_TAG_BYTES;
	count(&n->recv, len - NOISE_TAG_BYTES);
	return 0;
}
