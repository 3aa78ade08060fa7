#include "lib/hash.h"

#include "tests/lib/t.h"

static void want_hex(const struct hash *h, const char *hex)
{
	char out[2 * HASH_BYTES + 1];

	T_STR(hash_hex(h, sizeof(out) - 1, out), hex);
}

/* FIPS 180-2 appendix B */
static void test_sha256_gives_the_published_values(void)
{
	struct hash h;
	struct sha256 s;

	hash_of("", 0, &h);
	want_hex(&h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_of(NULL, 0, &h);
	T_EQ(hash_cmp(&h, &hash_empty), 0);
	hash_of("abc", 3, &h);
	want_hex(&h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, &h);
	want_hex(&h, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	sha256_start(&s);
	for (int i = 0; i < 1000; i++) {
		char block[1000];

		memset(block, 'a', sizeof(block));
		sha256_add(&s, block, sizeof(block));
	}
	sha256_end(&s, &h);
	want_hex(&h, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_pieces_hash_like_the_whole(void)
{
	uint8_t data[200];
	struct hash whole, parts;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	hash_of(data, sizeof(data), &whole);
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		struct sha256 s;

		sha256_start(&s);
		sha256_add(&s, data, cut);
		sha256_add(&s, NULL, 0);
		sha256_add(&s, data + cut, sizeof(data) - cut);
		sha256_end(&s, &parts);
		T_EQ(hash_cmp(&parts, &whole), 0);
	}
}

/* Root of the tree over leaves[from..to), split at the largest power of two below the count. */
static void root_of(const struct hash *leaves, size_t n, struct hash *ret)
{
	struct hash left, right;
	size_t k = 1;

	if (n == 1) {
		*ret = leaves[0];
		return;
	}
	while (k * 2 < n)
		k *= 2;
	root_of(leaves, k, &left);
	root_of(leaves + k, n - k, &right);
	hash_node(&left, &right, ret);
}

/* The eight leaves every implementation of RFC 6962 is checked with. */
static void test_leaf_and_node_give_the_classic_roots(void)
{
	static const char *const leaf_hex[8] = {"",
						"00",
						"10",
						"2021",
						"3031",
						"40414243",
						"5051525354555657",
						"606162636465666768696a6b6c6d6e6f"};
	static const struct {
		size_t n;
		const char *root;
	} roots[] = {
		{1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	};
	struct hash leaves[8], root;

	for (size_t i = 0; i < 8; i++) {
		uint8_t raw[16];

		hash_leaf(raw, t_hex(leaf_hex[i], raw, sizeof(raw)), &leaves[i]);
	}
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		root_of(leaves, roots[i].n, &root);
		want_hex(&root, roots[i].root);
	}
}

static void test_a_node_may_be_written_over_its_child(void)
{
	struct hash left, right, want;

	hash_of("l", 1, &left);
	hash_of("r", 1, &right);
	hash_node(&left, &right, &want);
	hash_node(&left, &right, &left);
	T_MEM(left.b, want.b, HASH_BYTES);
}

static void test_hex_may_be_short(void)
{
	char out[2 * HASH_BYTES + 1];

	T_STR(hash_hex(&hash_empty, 8, out), "e3b0c442");
	T_STR(hash_hex(&hash_empty, 0, out), "");
}

static void test_order_is_by_bytes(void)
{
	struct hash a = {{0}}, b = {{0}};

	a.b[31] = 1;
	b.b[0] = 0x80;
	T_OK(hash_cmp(&a, &b) < 0);
	T_OK(hash_cmp(&b, &a) > 0);
	T_EQ(hash_cmp(&a, &a), 0);
}

T_MAIN(T(test_sha256_gives_the_published_values), T(test_pieces_hash_like_the_whole),
       T(test_leaf_and_node_give_the_classic_roots), T(test_a_node_may_be_written_over_its_child),
       T(test_hex_may_be_short), T(test_order_is_by_bytes))
