#include "lib/sign.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "lib/err.h"
#include "lib/mem.h"

#define SALT_BYTES	 crypto_pwhash_SALTBYTES
#define NONCE_BYTES	 crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_MAGIC	 "CZSEAL1\n"
#define SEAL_MAGIC_BYTES 8
#define SEAL_MEM_KIB_MIN (crypto_pwhash_MEMLIMIT_MIN / 1024)
#define SEAL_AT_SALT	 SEAL_MAGIC_BYTES
#define SEAL_AT_OPS	 (SEAL_AT_SALT + SALT_BYTES)
#define SEAL_AT_MEM	 (SEAL_AT_OPS + 4)
#define SEAL_AT_NONCE	 (SEAL_AT_MEM + 4)
#define SEAL_AT_BOX	 (SEAL_AT_NONCE + NONCE_BYTES)

_Static_assert(SIGN_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
_Static_assert(SIGN_SEED_BYTES == crypto_sign_SEEDBYTES, "Ed25519 seed");
_Static_assert(SIGN_BYTES == crypto_sign_BYTES, "Ed25519 signature");
_Static_assert(DH_KEY_BYTES == crypto_scalarmult_BYTES, "X25519 key");
_Static_assert(SALT_BYTES + NONCE_BYTES == 40, "entropy of a seal");
_Static_assert(SEAL_AT_BOX + SIGN_SEED_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES ==
		       SEAL_BYTES,
	       "layout of a seal");

/* The public half lives in ordinary memory, the secret half between guard pages. */
struct sign_key {
	uint8_t pub[SIGN_KEY_BYTES];
	uint8_t *secret; /* crypto_sign_SECRETKEYBYTES, read-only */
};

struct dh_key {
	uint8_t pub[DH_KEY_BYTES];
	uint8_t *secret; /* DH_KEY_BYTES, read-only */
};

/* Signatures at the edge where implementations of Ed25519 differ: the key has a component of small order, and
 * the equation with the cofactor holds for all. Without the cofactor, as SPEC 4.6 wants it, it holds for one.
 * The message is "cofactor". */
static const char edge_key[] = "19f47dd72ccad644d81f5149eee91e272201a2ed90db5af8a793d7f3055e9e18";
static const struct {
	const char *sig;
	bool verifies;
} edges[] = {
	{"122ccb51582ce3015ae9abbfd7aa135bd11edf4b543df8351906a83efab2c912"
	 "409b9ac94b1b3b5ce83427d1718192d0686fda295e4a7c36512a8b3c1027d80b",
	 false},
	{"0bd3419d91cc5790c1f60a0afd8d0d4ca70f8a3e3f75b81e10d949d80a097b78"
	 "3f46f42fd7fda031f222fea0ddf40df47206f296137c2473d63fd4adab36220c",
	 true},
};

static bool verifies_as_specified(void)
{
	uint8_t key[SIGN_KEY_BYTES], sig[SIGN_BYTES];

	sodium_hex2bin(key, sizeof(key), edge_key, strlen(edge_key), NULL, NULL, NULL);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		sodium_hex2bin(sig, sizeof(sig), edges[i].sig, strlen(edges[i].sig), NULL, NULL,
			       NULL);
		if (sign_verify(key, "cofactor", 8, sig) != edges[i].verifies)
			return false;
	}
	return true;
}

int crypto_start(void)
{
	if (sodium_init() < 0)
		return ERR_CRYPTO;
	return verifies_as_specified() ? ERR_OK : ERR_CRYPTO;
}

int sign_key_from_seed(const uint8_t seed[SIGN_SEED_BYTES], struct sign_key **ret)
{
	struct sign_key *k = mem_alloc(sizeof(*k));

	if (!k)
		return ERR_NOMEM;
	k->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
	if (!k->secret) {
		sign_key_free(k);
		return ERR_NOMEM;
	}
	crypto_sign_seed_keypair(k->pub, k->secret, seed);
	sodium_mprotect_readonly(k->secret);
	*ret = k;
	return ERR_OK;
}

void sign_key_free(struct sign_key *k)
{
	if (!k)
		return;
	sodium_free(k->secret); /* wipes; NULL is allowed */
	mem_free(k);
}

const uint8_t *sign_key_public(const struct sign_key *k)
{
	return k->pub;
}

void sign_key_hide(struct sign_key *k)
{
	sodium_mprotect_noaccess(k->secret);
}

void sign_key_show(struct sign_key *k)
{
	sodium_mprotect_readonly(k->secret);
}

void sign_key_seed(const struct sign_key *k, uint8_t out[SIGN_SEED_BYTES])
{
	crypto_sign_ed25519_sk_to_seed(out, k->secret);
}

void sign(const struct sign_key *k, const void *p, size_t n, uint8_t out[SIGN_BYTES])
{
	crypto_sign_detached(out, NULL, p, n, k->secret);
}

bool sign_verify(const uint8_t pub[SIGN_KEY_BYTES], const void *p, size_t n,
		 const uint8_t sig[SIGN_BYTES])
{
	return crypto_sign_verify_detached(sig, p, n, pub) == 0;
}

int dh_key_from_seed(const uint8_t seed[DH_KEY_BYTES], struct dh_key **ret)
{
	struct dh_key *k = mem_alloc(sizeof(*k));

	if (!k)
		return ERR_NOMEM;
	k->secret = sodium_malloc(DH_KEY_BYTES);
	if (!k->secret) {
		dh_key_free(k);
		return ERR_NOMEM;
	}
	memcpy(k->secret, seed, DH_KEY_BYTES);
	crypto_scalarmult_base(k->pub, k->secret);
	sodium_mprotect_readonly(k->secret);
	*ret = k;
	return ERR_OK;
}

void dh_key_free(struct dh_key *k)
{
	if (!k)
		return;
	sodium_free(k->secret);
	mem_free(k);
}

const uint8_t *dh_key_public(const struct dh_key *k)
{
	return k->pub;
}

int dh(const struct dh_key *k, const uint8_t pub[DH_KEY_BYTES], uint8_t out[DH_KEY_BYTES])
{
	uint8_t shared[DH_KEY_BYTES];
	int err = crypto_scalarmult(shared, k->secret, pub) ? ERR_CRYPTO : ERR_OK;

	if (!err)
		memcpy(out, shared, sizeof(shared));
	secret_wipe(shared, sizeof(shared));
	return err;
}

static bool cost_in_bounds(struct seal_cost cost)
{
	return cost.ops >= crypto_pwhash_OPSLIMIT_MIN && cost.ops <= SEAL_OPS_MAX &&
	       cost.mem_kib >= SEAL_MEM_KIB_MIN && cost.mem_kib <= SEAL_MEM_KIB_MAX;
}

/* The bounded arguments leave memory as the one thing that can fail. */
static int stretch(const char *passphrase, const uint8_t *seal, struct seal_cost cost,
		   uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES])
{
	if (crypto_pwhash(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, passphrase,
			  strlen(passphrase), seal + SEAL_AT_SALT, cost.ops,
			  (size_t)cost.mem_kib * 1024, crypto_pwhash_ALG_ARGON2ID13))
		return ERR_NOMEM;
	return ERR_OK;
}

int seal_make(const char *passphrase, const uint8_t seed[SIGN_SEED_BYTES], struct seal_cost cost,
	      const uint8_t entropy[40], uint8_t out[SEAL_BYTES])
{
	uint8_t seal[SEAL_BYTES], key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];

	if (!cost_in_bounds(cost))
		return ERR_INVALID;
	memcpy(seal, SEAL_MAGIC, SEAL_MAGIC_BYTES);
	memcpy(seal + SEAL_AT_SALT, entropy, SALT_BYTES);
	be32_put(seal + SEAL_AT_OPS, cost.ops);
	be32_put(seal + SEAL_AT_MEM, cost.mem_kib);
	memcpy(seal + SEAL_AT_NONCE, entropy + SALT_BYTES, NONCE_BYTES);
	int err = stretch(passphrase, seal, cost, key);
	if (err)
		return err;
	crypto_aead_xchacha20poly1305_ietf_encrypt(seal + SEAL_AT_BOX, NULL, seed, SIGN_SEED_BYTES,
						   seal, SEAL_AT_BOX, NULL, seal + SEAL_AT_NONCE,
						   key);
	secret_wipe(key, sizeof(key));
	memcpy(out, seal, SEAL_BYTES);
	return ERR_OK;
}

int seal_open(const uint8_t in[SEAL_BYTES], const char *passphrase, uint8_t seed[SIGN_SEED_BYTES])
{
	uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES], plain[SIGN_SEED_BYTES];
	struct seal_cost cost = {be32_get(in + SEAL_AT_OPS), be32_get(in + SEAL_AT_MEM)};

	if (memcmp(in, SEAL_MAGIC, SEAL_MAGIC_BYTES) != 0 || !cost_in_bounds(cost))
		return ERR_FORMAT;
	int err = stretch(passphrase, in, cost, key);
	if (err)
		return err;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, in + SEAL_AT_BOX,
						       SEAL_BYTES - SEAL_AT_BOX, in, SEAL_AT_BOX,
						       in + SEAL_AT_NONCE, key))
		err = ERR_CRYPTO;
	else
		memcpy(seed, plain, SIGN_SEED_BYTES);
	secret_wipe(key, sizeof(key));
	secret_wipe(plain, sizeof(plain));
	return err;
}

void kdf(uint8_t *out, size_t out_n, const void *key, size_t key_n, const void *msg, size_t msg_n)
{
	assert(out_n >= crypto_generichash_BYTES_MIN && out_n <= crypto_generichash_BYTES_MAX);
	assert(key_n >= crypto_generichash_KEYBYTES_MIN &&
	       key_n <= crypto_generichash_KEYBYTES_MAX);
	crypto_generichash(out, out_n, msg, msg_n, key, key_n);
}

void secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}
