#include "lib/sign.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

static const struct seal_cost cheap = {1, 8};

static struct sign_key *key_of(const char *hex)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_key *k = NULL;

	T_EQ(t_hex(hex, seed, sizeof(seed)), SIGN_SEED_BYTES);
	T_EQ(sign_key_from_seed(seed, &k), 0);
	return k;
}

/* RFC 8032 section 7.1, tests 1 and 2 */
static const struct {
	const char *seed, *pub, *msg, *sig;
} ed25519[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
	 "1cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
	 "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
};

static void test_signatures_are_the_published_ones(void)
{
	for (size_t i = 0; i < sizeof(ed25519) / sizeof(ed25519[0]); i++) {
		struct sign_key *k = key_of(ed25519[i].seed);
		uint8_t pub[SIGN_KEY_BYTES], want[SIGN_BYTES], sig[SIGN_BYTES], msg[1];
		uint8_t seed[SIGN_SEED_BYTES], seed_want[SIGN_SEED_BYTES];
		size_t n = t_hex(ed25519[i].msg, msg, sizeof(msg));

		t_hex(ed25519[i].pub, pub, sizeof(pub));
		t_hex(ed25519[i].sig, want, sizeof(want));
		t_hex(ed25519[i].seed, seed_want, sizeof(seed_want));
		T_MEM(sign_key_public(k), pub, sizeof(pub));
		sign(k, msg, n, sig);
		T_MEM(sig, want, sizeof(sig));
		T_OK(sign_verify(pub, msg, n, sig));
		sign_key_seed(k, seed);
		T_MEM(seed, seed_want, sizeof(seed));
		sign_key_free(k);
	}
}

static void test_a_changed_bit_anywhere_is_refused(void)
{
	struct sign_key *k = key_of(ed25519[0].seed);
	uint8_t pub[SIGN_KEY_BYTES], sig[SIGN_BYTES], msg[20] = "the bytes as written";

	memcpy(pub, sign_key_public(k), sizeof(pub));
	sign(k, msg, sizeof(msg), sig);
	T_OK(sign_verify(pub, msg, sizeof(msg), sig));
	T_OK(!sign_verify(pub, msg, sizeof(msg) - 1, sig));
	for (size_t bit = 0; bit < 8 * sizeof(sig); bit++) {
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		T_OK(!sign_verify(pub, msg, sizeof(msg), sig));
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(msg); bit++) {
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
		T_OK(!sign_verify(pub, msg, sizeof(msg), sig));
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(pub); bit++) {
		pub[bit / 8] ^= (uint8_t)(1 << bit % 8);
		T_OK(!sign_verify(pub, msg, sizeof(msg), sig));
		pub[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	T_OK(sign_verify(pub, msg, sizeof(msg), sig));
	sign_key_free(k);
}

/* S + L signs the same equation; to accept it would give one entry two signatures. */
static void test_a_second_form_of_a_signature_is_refused(void)
{
	struct sign_key *k = key_of(ed25519[0].seed);
	uint8_t order[32], sig[SIGN_BYTES];
	unsigned carry = 0;

	t_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order,
	      sizeof(order));
	sign(k, "x", 1, sig);
	for (size_t i = 0; i < sizeof(order); i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	T_EQ(carry, 0);
	T_OK(!sign_verify(sign_key_public(k), "x", 1, sig));
	sign_key_free(k);
}

static void test_weak_public_keys_verify_nothing(void)
{
	uint8_t pub[SIGN_KEY_BYTES] = {0}, sig[SIGN_BYTES] = {0};

	T_OK(!sign_verify(pub, "x", 1, sig));
	pub[0] = 1; /* the neutral point: R = neutral, S = 0 would fit every message */
	sig[0] = 1;
	T_OK(!sign_verify(pub, "x", 1, sig));
}

/* RFC 7748 section 6.1 */
static void test_both_sides_agree_on_the_published_secret(void)
{
	uint8_t a[DH_KEY_BYTES], b[DH_KEY_BYTES], pub[DH_KEY_BYTES], want[DH_KEY_BYTES];
	uint8_t ab[DH_KEY_BYTES], ba[DH_KEY_BYTES];
	struct dh_key *ka = NULL, *kb = NULL;

	t_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", a, sizeof(a));
	t_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", b, sizeof(b));
	T_EQ(dh_key_from_seed(a, &ka), 0);
	T_EQ(dh_key_from_seed(b, &kb), 0);
	t_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", pub, sizeof(pub));
	T_MEM(dh_key_public(ka), pub, sizeof(pub));
	t_hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", pub, sizeof(pub));
	T_MEM(dh_key_public(kb), pub, sizeof(pub));
	t_hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", want,
	      sizeof(want));
	T_EQ(dh(ka, dh_key_public(kb), ab), 0);
	T_EQ(dh(kb, dh_key_public(ka), ba), 0);
	T_MEM(ab, want, sizeof(want));
	T_MEM(ba, want, sizeof(want));
	dh_key_free(ka);
	dh_key_free(kb);
}

static void test_low_order_points_are_refused(void)
{
	static const char *const low[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t seed[DH_KEY_BYTES] = {3}, pub[DH_KEY_BYTES], out[DH_KEY_BYTES] = {9};
	struct dh_key *k = NULL;

	T_EQ(dh_key_from_seed(seed, &k), 0);
	for (size_t i = 0; i < sizeof(low) / sizeof(low[0]); i++) {
		t_hex(low[i], pub, sizeof(pub));
		T_EQ(dh(k, pub, out), ERR_CRYPTO);
		T_EQ(out[0], 9);
	}
	dh_key_free(k);
}

/* SPEC 4.6: "the equation without the cofactor". All of these hold with it: key, R or both have a component of
 * order 8. The last has a challenge that is 0 modulo 8. */
static void test_the_cofactor_does_not_help(void)
{
	static const struct {
		const char *key, *sig;
		bool want;
	} v[] = {
		{"88957010414c8e97fba3b84777dd25cf4f2d8b604180eeb7a680d5df87d0630f",
		 "55779db3e53b39a8a37691edce02770f8df8e6e9734c0c7d533b7a3e41a1d26c"
		 "9eee42a3e72d8de77c5beeff94a40a3c83462192167f9adef26d87bbf9db2802",
		 true},
		{"88957010414c8e97fba3b84777dd25cf4f2d8b604180eeb7a680d5df87d0630f",
		 "014fe59274611ae3af266230986cdc18cde09e2995860cf2d8df46d691b10a56"
		 "140d6c00cf24d5925bd2eee96c05a73417de9bcbfee9b682e1b3f7461c5ae70c",
		 false},
		{"19f47dd72ccad644d81f5149eee91e272201a2ed90db5af8a793d7f3055e9e18",
		 "122ccb51582ce3015ae9abbfd7aa135bd11edf4b543df8351906a83efab2c912"
		 "409b9ac94b1b3b5ce83427d1718192d0686fda295e4a7c36512a8b3c1027d80b",
		 false},
		{"19f47dd72ccad644d81f5149eee91e272201a2ed90db5af8a793d7f3055e9e18",
		 "19a2203fd3ddc9051016ac0158154c36ba4c6741e55333b70cc49d5d3eeb7f27"
		 "8d27c9fde88968e036f59760447e1e51931247745762e47990d3f4da2a950a07",
		 false},
		{"19f47dd72ccad644d81f5149eee91e272201a2ed90db5af8a793d7f3055e9e18",
		 "0bd3419d91cc5790c1f60a0afd8d0d4ca70f8a3e3f75b81e10d949d80a097b78"
		 "3f46f42fd7fda031f222fea0ddf40df47206f296137c2473d63fd4adab36220c",
		 true},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint8_t key[SIGN_KEY_BYTES], sig[SIGN_BYTES];

		t_hex(v[i].key, key, sizeof(key));
		t_hex(v[i].sig, sig, sizeof(sig));
		T_EQ(sign_verify(key, "cofactor", 8, sig), v[i].want);
	}
}

static int make_both_keys(void)
{
	uint8_t seed[32] = {1};
	struct sign_key *s = NULL;
	struct dh_key *d = NULL;
	int err = sign_key_from_seed(seed, &s);

	if (!err)
		err = dh_key_from_seed(seed, &d);
	sign_key_free(s);
	dh_key_free(d);
	return err;
}

static void test_keys_survive_lack_of_memory(void)
{
	T_OOM(make_both_keys());
	T_EQ(mem_live(), 0);
}

static void seal_of(struct seal_cost cost, uint8_t seal[SEAL_BYTES])
{
	uint8_t seed[SIGN_SEED_BYTES], entropy[40];

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(entropy); i++)
		entropy[i] = (uint8_t)(0x80 + i);
	T_EQ(seal_make("口令 pass", seed, cost, entropy, seal), 0);
}

static void test_a_seal_opens_with_its_passphrase_only(void)
{
	uint8_t seal[SEAL_BYTES], got[SIGN_SEED_BYTES];

	seal_of(cheap, seal);
	memset(got, 0xee, sizeof(got));
	T_EQ(seal_open(seal, "口令 Pass", got), ERR_CRYPTO);
	T_EQ(seal_open(seal, "", got), ERR_CRYPTO);
	for (size_t i = 0; i < sizeof(got); i++)
		T_EQ(got[i], 0xee);
	T_EQ(seal_open(seal, "口令 pass", got), 0);
	for (size_t i = 0; i < sizeof(got); i++)
		T_EQ(got[i], i);
}

/* The layout is frozen: a key sealed today must open in ten years. The value was computed without
 * libsodium, from libargon2 and another ChaCha20-Poly1305. */
static void test_the_bytes_of_a_seal_are_frozen(void)
{
	uint8_t seal[SEAL_BYTES], want[SEAL_BYTES];

	seal_of(cheap, seal);
	T_EQ(t_hex("435a5345414c310a808182838485868788898a8b8c8d8e8f0000000100000008909192939495969"
		   "798999a9b"
		   "9c9d9e9fa0a1a2a3a4a5a6a7f753be437616b8138e4a75f94c5da2f9829563b26927ddeab95a90d"
		   "d9a29fd09"
		   "368509d4dfc882bfc2c5467204738cd3",
		   want, sizeof(want)),
	     SEAL_BYTES);
	T_MEM(seal, want, SEAL_BYTES);
}

static void test_an_altered_seal_never_opens(void)
{
	uint8_t seal[SEAL_BYTES], got[SIGN_SEED_BYTES] = {0xee};

	seal_of(cheap, seal);
	for (size_t i = 0; i < SEAL_BYTES; i++) {
		seal[i] ^= 1;
		int err = seal_open(seal, "口令 pass", got);
		T_OK(err == ERR_CRYPTO || err == ERR_FORMAT);
		T_OK(i >= 8 || err == ERR_FORMAT);
		T_EQ(got[0], 0xee);
		seal[i] ^= 1;
	}
	T_EQ(seal_open(seal, "口令 pass", got), 0);
}

/* A seal comes from a file: its cost must be bounded before any of it is paid. */
static void test_the_cost_is_bounded_both_ways(void)
{
	static const struct seal_cost bad[] = {
		{0, 8}, {SEAL_OPS_MAX + 1, 8},	   {UINT32_MAX, 8}, {1, 7},
		{1, 0}, {1, SEAL_MEM_KIB_MAX + 1}, {1, UINT32_MAX},
	};
	uint8_t seed[SIGN_SEED_BYTES] = {1}, entropy[40] = {2}, seal[SEAL_BYTES] = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		T_EQ(seal_make("p", seed, bad[i], entropy, seal), ERR_INVALID);
		T_EQ(seal[0], 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		seal_of(cheap, seal);
		be32_put(seal + 24, bad[i].ops);
		be32_put(seal + 28, bad[i].mem_kib);
		T_EQ(seal_open(seal, "口令 pass", seed), ERR_FORMAT);
		T_EQ(seed[0], 1);
	}
}

/* In a child with little address space; the sanitizers need terabytes of it themselves. An emulator may not keep
 * to the limit: then there is nothing to see. */
#define SPACE_BYTES (128u << 20)
#define NOT_LIMITED 77
static void test_too_little_memory_for_a_seal_is_said_so(void)
{
#ifndef SANITIZED /* clang and gcc say it differently; the Makefile knows */
	pid_t pid = fork();
	int status = 0;

	T_OK(pid >= 0);
	if (pid == 0) {
		struct rlimit lim = {SPACE_BYTES, SPACE_BYTES};
		struct seal_cost dear = {1, SEAL_MEM_KIB_MAX};
		uint8_t seed[SIGN_SEED_BYTES] = {1}, entropy[40] = {2}, seal[SEAL_BYTES];

		if (setrlimit(RLIMIT_AS, &lim))
			_exit(2);
		if (mmap(NULL, SPACE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		    MAP_FAILED)
			_exit(NOT_LIMITED);
		_exit(seal_make("p", seed, dear, entropy, seal) == ERR_NOMEM ? 0 : 1);
	}
	T_EQ(waitpid(pid, &status, 0), pid);
	T_OK(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_LIMITED)
		puts("address space cannot be limited here: not tested");
	else
		T_EQ(WEXITSTATUS(status), 0);
#endif
}

/* The first value of the BLAKE2b authors' keyed test file, and a short one. */
static void test_kdf_is_keyed_blake2b(void)
{
	uint8_t key[64], want[64], got[64];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	t_hex("10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786b5e996e8f0f4eb981fc2"
	      "14b005f42d2ff4233499391653df7aefcbc13fc51568",
	      want, sizeof(want));
	kdf(got, 64, key, 64, NULL, 0);
	T_MEM(got, want, 64);
	t_hex("38289cbcfe3216e7f69a0929f051d655", want, sizeof(want));
	kdf(got, 16, key, 32, "cunzhang", 8);
	T_MEM(got, want, 16);
}

static void test_secrets_are_wiped(void)
{
	uint8_t a[4] = {1, 2, 3, 4};

	secret_wipe(a, 3);
	T_MEM(a, "\0\0\0\4", 4);
}

static void test_nothing_can_be_freed(void)
{
	sign_key_free(NULL);
	dh_key_free(NULL);
	T_EQ(crypto_start(), 0); /* a second start is no error */
	T_EQ(mem_live(), 0);
}

static void start_crypto(void)
{
	T_EQ(crypto_start(), 0);
}

T_MAIN_WITH(start_crypto, NULL, T(test_signatures_are_the_published_ones),
	    T(test_a_changed_bit_anywhere_is_refused),
	    T(test_a_second_form_of_a_signature_is_refused),
	    T(test_weak_public_keys_verify_nothing),
	    T(test_both_sides_agree_on_the_published_secret), T(test_low_order_points_are_refused),
	    T(test_the_cofactor_does_not_help), T(test_keys_survive_lack_of_memory),
	    T(test_a_seal_opens_with_its_passphrase_only), T(test_the_bytes_of_a_seal_are_frozen),
	    T(test_an_altered_seal_never_opens), T(test_the_cost_is_bounded_both_ways),
	    T(test_too_little_memory_for_a_seal_is_said_so), T(test_kdf_is_keyed_blake2b),
	    T(test_secrets_are_wiped), T(test_nothing_can_be_freed))
