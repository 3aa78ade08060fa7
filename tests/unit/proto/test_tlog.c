#include "proto/tlog.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "lib/prng.h"
#include "lib/text.h"
#include "tests/lib/t.h"

/* A tree kept in plain memory: leaves for the naive reference, nodes as tlog_append reported them. */
#define LEAVES_MAX 132
#define LEVELS	   8

struct tree {
	struct tlog_edge e;
	struct hash leaf[LEAVES_MAX];
	struct hash node[LEVELS][LEAVES_MAX];
	bool have[LEVELS][LEAVES_MAX];
	uint32_t writes;
	int fail_at; /* the write with this number fails; -1 = none */
};

static int on_write(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
	struct tree *t = ctx;

	if (t->fail_at >= 0 && t->fail_at-- == 0)
		return ERR_IO;
	T_OK(level < LEVELS);
	T_OK(index < LEAVES_MAX);
	T_OK(!t->have[level][index]);
	t->have[level][index] = true;
	t->node[level][index] = *h;
	t->writes++;
	return 0;
}

static int on_read(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	struct tree *t = ctx;

	if (level >= LEVELS || index >= LEAVES_MAX || !t->have[level][index])
		return ERR_NOTFOUND;
	*ret = t->node[level][index];
	return 0;
}

static struct tree *tree_new(void)
{
	struct tree *t = calloc(1, sizeof(*t));

	T_OK(t);
	t->fail_at = -1;
	return t;
}

static void tree_add(struct tree *t, const void *p, size_t n)
{
	struct hash h;

	hash_leaf(p, n, &h);
	t->leaf[t->e.size] = h;
	T_EQ(tlog_append(&t->e, &h, on_write, t), 0);
}

static void tree_grow(struct tree *t, uint64_t size)
{
	memset(t, 0, sizeof(*t));
	t->fail_at = -1;
	for (uint64_t i = 0; i < size; i++) {
		char text[32];
		int n = snprintf(text, sizeof(text), "entry-%" PRIu64, i);

		tree_add(t, text, (size_t)n);
	}
}

/* The largest power of two below @n, by counting. */
static uint64_t naive_split(uint64_t n)
{
	uint64_t k = 1;

	while (k * 2 < n)
		k *= 2;
	return k;
}

/* RFC 6962 2.1, as written there. */
static struct hash naive_root(const struct hash *leaf, uint64_t n)
{
	struct hash l, r;

	if (n == 0)
		return hash_empty;
	if (n == 1)
		return leaf[0];
	l = naive_root(leaf, naive_split(n));
	r = naive_root(leaf + naive_split(n), n - naive_split(n));
	hash_node(&l, &r, &l);
	return l;
}

static uint32_t naive_path(const struct hash *leaf, uint64_t m, uint64_t n, struct hash *out)
{
	uint64_t k;
	uint32_t got;

	if (n == 1)
		return 0;
	k = naive_split(n);
	if (m < k) {
		got = naive_path(leaf, m, k, out);
		out[got] = naive_root(leaf + k, n - k);
	} else {
		got = naive_path(leaf + k, m - k, n - k, out);
		out[got] = naive_root(leaf, k);
	}
	return got + 1;
}

static uint32_t naive_subproof(const struct hash *leaf, uint64_t m, uint64_t n, bool b,
			       struct hash *out)
{
	uint64_t k;
	uint32_t got;

	if (m == n) {
		if (b)
			return 0;
		out[0] = naive_root(leaf, m);
		return 1;
	}
	k = naive_split(n);
	if (m <= k) {
		got = naive_subproof(leaf, m, k, b, out);
		out[got] = naive_root(leaf + k, n - k);
	} else {
		got = naive_subproof(leaf + k, m - k, n - k, false, out);
		out[got] = naive_root(leaf, k);
	}
	return got + 1;
}

static void naive_roots(const struct tree *t, struct hash *out)
{
	for (uint64_t i = 0; i <= LEAVES_MAX; i++)
		out[i] = naive_root(t->leaf, i);
}

static void test_root_agrees_with_published_vectors(void)
{
	FILE *f = fopen("tests/vectors/rfc6962-roots.txt", "r");
	struct tree *t = tree_new();
	struct hash root[LEAVES_MAX + 1], want;
	uint32_t checked = 0;
	char line[256];

	T_OK(f);
	tlog_root(&t->e, &root[0]);
	while (fgets(line, sizeof(line), f)) {
		unsigned size;
		char hex[128] = "";

		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "leaf") == 0 || strncmp(line, "leaf ", 5) == 0) {
			uint8_t leaf[64];
			size_t n = line[4] ? t_hex(line + 5, leaf, sizeof(leaf)) : 0;

			tree_add(t, leaf, n);
			tlog_root(&t->e, &root[t->e.size]);
		} else if (sscanf(line, "root %u %127s", &size, hex) == 2) {
			T_OK(size <= t->e.size);
			T_EQ(t_hex(hex, want.b, sizeof(want.b)), HASH_BYTES);
			T_MEM(&root[size], &want, HASH_BYTES);
			checked++;
		}
	}
	T_EQ(checked, 4);
	fclose(f);
	free(t);
}

static void eq_b64(const struct hash *got, uint32_t n, const char *const *want)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t raw[HASH_BYTES];
		size_t len;

		T_EQ(b64_get(want[i], strlen(want[i]), raw, sizeof(raw), &len), 0);
		T_MEM(&got[i], raw, HASH_BYTES);
	}
}

/* tests/vectors/c2sp-golden.txt */
static void test_golden_log_of_five_entries(void)
{
	static const char *const roots[] = {
		"40766b2033429026f53d54502679a839706b4741f8dcaf3a8bba5f41b5ffe075",
		"2f27a5082c1d42afa488ac350a9fc4390c084f54f71ecdff859e98db8429b479",
		"a64bf26e09128f6fe2fe6f8b2d8c801e166b57c047a7cd9b2b809e7a96a2f1cb",
		"256b9e8825e5d370a4ae005d0901ea291977e2927f5cf8e3e72660dd09519edb",
		"1aa68d3074905a581f84cbbd0f753794904fd80451bc4c13e69d9a53bc59502c"};
	static const char *const grown[] = {"BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=",
					    "J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc=",
					    "LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk=",
					    "GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc="};
	struct tree *t = tree_new();
	struct hash proof[TLOG_PROOF_MAX], h;
	char hex[2 * HASH_BYTES + 1];
	uint32_t n;

	for (uint64_t size = 1; size <= 5; size++) {
		tree_grow(t, size);
		tlog_root(&t->e, &h);
		T_STR(hash_hex(&h, 2 * HASH_BYTES, hex), roots[size - 1]);
	}
	T_EQ(tlog_prove_consistency(3, 5, on_read, t, proof, &n), 0);
	T_EQ(n, 4);
	eq_b64(proof, n, grown);
	T_EQ(tlog_prove_inclusion(2, 5, on_read, t, proof, &n), 0);
	T_EQ(n, 3);
	eq_b64(proof, n, grown + 1);
	/* level 0 nodes side by side are the tile */
	hash_of(t->node[0], 5 * sizeof(t->node[0][0]), &h);
	T_STR(hash_hex(&h, 2 * HASH_BYTES, hex),
	      "989366cfb10f5dd2da8b8bbc2edde16e26bab99ce76da96f93e2cc246fe2f758");
	free(t);
}

static void test_every_root_and_edge_is_the_naive_one(void)
{
	struct tree *t = tree_new();

	for (uint64_t size = 0; size <= LEAVES_MAX; size++) {
		struct hash got, want;
		struct tlog_edge e;

		tree_grow(t, size);
		tlog_root(&t->e, &got);
		want = naive_root(t->leaf, size);
		T_MEM(&got, &want, HASH_BYTES);
		T_EQ(tlog_edge_read(size, on_read, t, &e), 0);
		T_EQ(e.size, size);
		T_EQ(e.n, t->e.n);
		T_MEM(e.h, t->e.h, e.n * sizeof(e.h[0]));
		/* every complete subtree was reported once */
		T_EQ(t->writes, 2 * size - (uint64_t)__builtin_popcountll(size));
	}
	free(t);
}

static void test_every_node_is_the_root_of_its_leaves(void)
{
	struct tree *t = tree_new();
	uint32_t seen = 0;

	tree_grow(t, LEAVES_MAX);
	for (unsigned level = 0; level < LEVELS; level++) {
		for (uint64_t i = 0; i < LEAVES_MAX; i++) {
			struct hash want;

			T_EQ(t->have[level][i], (i + 1) << level <= LEAVES_MAX);
			if (!t->have[level][i])
				continue;
			want = naive_root(t->leaf + (i << level), (uint64_t)1 << level);
			T_MEM(&t->node[level][i], &want, HASH_BYTES);
			seen++;
		}
	}
	T_EQ(seen, t->writes);
	free(t);
}

static void test_every_inclusion_proof_is_the_naive_one_and_verifies(void)
{
	struct tree *t = tree_new();
	struct hash got[TLOG_PROOF_MAX], want[TLOG_PROOF_MAX], root;

	tree_grow(t, LEAVES_MAX);
	for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
		root = naive_root(t->leaf, size);
		for (uint64_t i = 0; i < size; i++) {
			uint32_t n = 99;

			T_EQ(tlog_prove_inclusion(i, size, on_read, t, got, &n), 0);
			T_EQ(n, naive_path(t->leaf, i, size, want));
			T_MEM(got, want, n * sizeof(got[0]));
			T_OK(tlog_verify_inclusion(&t->leaf[i], i, size, &root, got, n));
		}
	}
	free(t);
}

static void test_every_consistency_proof_is_the_naive_one_and_verifies(void)
{
	struct tree *t = tree_new();
	struct hash got[TLOG_PROOF_MAX], want[TLOG_PROOF_MAX], root[LEAVES_MAX + 1];

	tree_grow(t, LEAVES_MAX);
	naive_roots(t, root);
	for (uint64_t n = 1; n <= LEAVES_MAX; n++) {
		for (uint64_t m = 1; m <= n; m++) {
			uint32_t len = 99;

			T_EQ(tlog_prove_consistency(m, n, on_read, t, got, &len), 0);
			T_EQ(len, naive_subproof(t->leaf, m, n, true, want));
			T_MEM(got, want, len * sizeof(got[0]));
			T_OK(tlog_verify_consistency(m, &root[m], n, &root[n], got, len));
		}
		T_OK(tlog_verify_consistency(0, &root[0], n, &root[n], NULL, 0));
	}
	T_OK(tlog_verify_consistency(0, &root[0], 0, &root[0], NULL, 0));
	free(t);
}

/* Sizes that exercise full, ragged and single-leaf right edges. */
static const uint64_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 31, 33, 64, 100, 127, 128, 130};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void flip(struct hash *h, uint64_t bit)
{
	h->b[bit / 8 % HASH_BYTES] ^= (uint8_t)(1u << (bit % 8));
}

/* That leaf @m, or the tree of size @m, is in the tree of size @n. */
struct claim {
	bool consistency;
	uint64_t m, n;
	struct hash old, root; /* the leaf, or the root at @m; the root at @n */
	struct hash p[TLOG_PROOF_MAX + 1];
	uint32_t len;
};

static bool holds(const struct claim *c)
{
	if (c->consistency)
		return tlog_verify_consistency(c->m, &c->old, c->n, &c->root, c->p, c->len);
	return tlog_verify_inclusion(&c->old, c->m, c->n, &c->root, c->p, c->len);
}

static void refuse_flipped(struct claim *c, struct hash *h, uint64_t bit)
{
	flip(h, bit);
	T_OK(!holds(c));
	flip(h, bit);
}

/* Anything in it changed, cut off or added. */
static void refuse_altered(struct claim *c)
{
	uint32_t len = c->len;

	T_OK(holds(c));
	for (uint64_t bit = c->m % 8; bit < HASH_BYTES * 8; bit += 8) {
		refuse_flipped(c, &c->old, bit);
		refuse_flipped(c, &c->root, bit);
	}
	for (uint32_t k = 0; k < len; k++)
		refuse_flipped(c, &c->p[k], c->m * 7 + k);
	for (c->len = 0; c->len < len; c->len++)
		T_OK(!holds(c));
	c->len = len + 1;
	c->p[len] = c->root;
	T_OK(!holds(c));
	c->p[len] = c->old;
	T_OK(!holds(c));
	c->len = len;
}

static void test_altered_inclusion_is_refused(void)
{
	struct tree *t = tree_new();
	struct claim c = {0};

	tree_grow(t, LEAVES_MAX);
	for (size_t s = 0; s < SIZES; s++) {
		c.n = sizes[s];
		c.root = naive_root(t->leaf, c.n);
		for (c.m = 0; c.m < c.n; c.m++) {
			c.old = t->leaf[c.m];
			T_EQ(tlog_prove_inclusion(c.m, c.n, on_read, t, c.p, &c.len), 0);
			refuse_altered(&c);
			for (uint64_t j = 0; j < LEAVES_MAX; j++)
				T_EQ(tlog_verify_inclusion(&c.old, j, c.n, &c.root, c.p, c.len),
				     j == c.m);
		}
		c.old = t->leaf[0];
		T_OK(!tlog_verify_inclusion(&c.old, 0, 0, &c.root, c.p, 0));
		T_OK(!tlog_verify_inclusion(&c.old, UINT64_MAX - 1, UINT64_MAX, &c.root, c.p, 0));
	}
	free(t);
}

/* The turns of a leaf's path, 'L' for a sibling on the left, from the leaf up; by recursion. */
static size_t turns(uint64_t i, uint64_t size, char *out)
{
	uint64_t k;
	size_t n;

	if (size == 1)
		return 0;
	k = naive_split(size);
	n = i < k ? turns(i, k, out) : turns(i - k, size - k, out);
	out[n] = i < k ? 'R' : 'L';
	return n + 1;
}

/* Hashes alone cannot tell sizes in which the leaf's path turns alike; the checkpoint, which signs
 * the root with its size, does. Every other size is refused. */
static void test_other_size_is_refused_unless_the_path_turns_alike(void)
{
	struct tree *t = tree_new();
	struct hash p[TLOG_PROOF_MAX], root;
	uint32_t refused = 0;

	tree_grow(t, LEAVES_MAX);
	for (size_t s = 0; s < SIZES; s++) {
		root = naive_root(t->leaf, sizes[s]);
		for (uint64_t i = 0; i < sizes[s]; i++) {
			uint32_t n;

			T_EQ(tlog_prove_inclusion(i, sizes[s], on_read, t, p, &n), 0);
			for (uint64_t other = i + 1; other <= LEAVES_MAX; other++) {
				char a[64] = "", b[64] = "";
				bool ok = tlog_verify_inclusion(&t->leaf[i], i, other, &root, p, n);

				turns(i, sizes[s], a);
				turns(i, other, b);
				T_EQ(ok, strcmp(a, b) == 0);
				refused += !ok;
			}
			for (uint64_t other = 0; other <= i; other++)
				T_OK(!tlog_verify_inclusion(&t->leaf[i], i, other, &root, p, n));
		}
	}
	T_OK(refused > 10000);
	free(t);
}

static void test_altered_consistency_is_refused(void)
{
	struct tree *t = tree_new();
	struct hash root[LEAVES_MAX + 1];
	struct claim c = {.consistency = true};

	tree_grow(t, LEAVES_MAX);
	naive_roots(t, root);
	for (size_t s = 0; s < SIZES; s++) {
		uint64_t n = c.n = sizes[s];

		c.root = root[n];
		for (c.m = 1; c.m <= n; c.m++) {
			c.old = root[c.m];
			T_EQ(tlog_prove_consistency(c.m, n, on_read, t, c.p, &c.len), 0);
			refuse_altered(&c);
			/* an honest proof, claimed of another old size */
			for (uint64_t j = 1; j <= n; j++)
				T_EQ(tlog_verify_consistency(j, &root[j], n, &root[n], c.p, c.len),
				     j == c.m);
			T_OK(!tlog_verify_consistency(n + 1, &c.old, n, &root[n], c.p, c.len));
		}
		c.p[0] = root[n];
		T_OK(!tlog_verify_consistency(0, &root[0], n, &root[n], c.p, 1));
		T_OK(!tlog_verify_consistency(n, &root[n], n, &root[n], c.p, 1));
	}
	T_OK(!tlog_verify_consistency(0, &root[0], 0, &root[1], c.p, 0));
	T_OK(!tlog_verify_consistency(1, &root[1], UINT64_MAX, &root[1], c.p, 1));
	free(t);
}

/* A hash too many would otherwise lift both ends of the claim by one level. */
static void test_a_climb_beyond_the_root_is_refused(void)
{
	struct tree *t = tree_new();
	struct hash p[TLOG_PROOF_MAX], root[LEAVES_MAX + 1], two, above_m, above_n, x = hash_empty;
	uint32_t n;

	tree_grow(t, LEAVES_MAX);
	naive_roots(t, root);
	two = root[2];
	T_OK(tlog_verify_inclusion(&t->leaf[1], 1, 2, &two, &t->leaf[0], 1));
	T_OK(!tlog_verify_inclusion(&t->leaf[1], 0, 1, &two, &t->leaf[0], 1));
	T_EQ(tlog_prove_consistency(3, 4, on_read, t, p, &n), 0);
	p[n] = x;
	hash_node(&x, &root[3], &above_m);
	hash_node(&x, &root[4], &above_n);
	T_OK(tlog_verify_consistency(3, &root[3], 4, &root[4], p, n));
	T_OK(!tlog_verify_consistency(3, &above_m, 4, &above_n, p, n + 1));
	T_OK(!tlog_verify_consistency(3, &root[3], 4, &root[4], NULL, 0));
	free(t);
}

/* The first leaf of 2^k has k siblings, all on the right. */
static void test_sizes_beyond_the_limit_are_refused_however_good_the_proof(void)
{
	struct hash p[TLOG_PROOF_MAX] = {0}, leaf = hash_empty, root = leaf, before;

	for (uint32_t k = 1; k <= 63; k++) {
		before = root;
		hash_node(&root, &p[k - 1], &root);
		T_EQ(tlog_verify_inclusion(&leaf, 0, (uint64_t)1 << k, &root, p, k), k < 63);
		T_EQ(tlog_verify_consistency((uint64_t)1 << (k - 1), &before, (uint64_t)1 << k,
					     &root, &p[k - 1], 1),
		     k < 63);
	}
}

static void test_a_rewritten_history_has_no_proof(void)
{
	struct tree *a = tree_new(), *b = tree_new();
	struct hash p[TLOG_PROOF_MAX], ra, rb;
	uint32_t n;

	for (uint64_t i = 0; i < 50; i++)
		tree_add(a, "entry", 5);
	for (uint64_t i = 0; i < 77; i++)
		tree_add(b, i == 20 ? "other" : "entry", 5);
	tlog_root(&a->e, &ra);
	tlog_root(&b->e, &rb);
	T_EQ(tlog_prove_consistency(50, 77, on_read, b, p, &n), 0);
	T_OK(!tlog_verify_consistency(50, &ra, 77, &rb, p, n));
	free(a);
	free(b);
}

static void test_bounds_are_refused(void)
{
	struct tree *t = tree_new();
	struct hash p[TLOG_PROOF_MAX];
	struct tlog_edge e = {.size = 77};
	uint32_t n = 99;

	tree_grow(t, 9);
	T_EQ(tlog_prove_inclusion(9, 9, on_read, t, p, &n), ERR_INVALID);
	T_EQ(tlog_prove_inclusion(0, 0, on_read, t, p, &n), ERR_INVALID);
	T_EQ(tlog_prove_inclusion(0, UINT64_MAX, on_read, t, p, &n), ERR_INVALID);
	T_EQ(tlog_prove_consistency(0, 9, on_read, t, p, &n), ERR_INVALID);
	T_EQ(tlog_prove_consistency(10, 9, on_read, t, p, &n), ERR_INVALID);
	T_EQ(tlog_prove_consistency(1, UINT64_MAX, on_read, t, p, &n), ERR_INVALID);
	T_EQ(tlog_edge_read(UINT64_MAX, on_read, t, &e), ERR_INVALID);
	/* what the reader says is passed on */
	T_EQ(tlog_prove_inclusion(0, 10, on_read, t, p, &n), ERR_NOTFOUND);
	T_EQ(tlog_prove_consistency(3, 10, on_read, t, p, &n), ERR_NOTFOUND);
	T_EQ(tlog_edge_read(10, on_read, t, &e), ERR_NOTFOUND);
	T_EQ(n, 99);
	T_EQ(e.size, 77);
	free(t);
}

/* Invents nodes, but only such whose leaves all exist. */
static int read_any(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	uint64_t size = *(uint64_t *)ctx;

	T_OK(level < 63);
	T_OK(index < size >> level);
	memset(ret, 0, sizeof(*ret));
	be64_put(ret->b, index);
	ret->b[8] = (uint8_t)level;
	return 0;
}

static void test_the_largest_trees_stay_within_the_proof_limit(void)
{
	static const uint64_t top[] = {TLOG_SIZE_MAX, TLOG_SIZE_MAX - 1, (uint64_t)1 << 62,
				       ((uint64_t)1 << 62) + 1, ((uint64_t)1 << 53) - 3};
	struct hash p[TLOG_PROOF_MAX];
	struct tlog_edge e;
	struct prng g;
	uint32_t n;

	prng_seed(&g, 1);
	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
		uint64_t size = top[i];

		T_EQ(tlog_edge_read(size, read_any, &size, &e), 0);
		for (uint32_t k = 0; k < 200; k++) {
			uint64_t at = k < 2 ? (k ? size - 1 : 0) : prng_below(&g, size);

			T_EQ(tlog_prove_inclusion(at, size, read_any, &size, p, &n), 0);
			T_OK(n <= 63);
			T_EQ(tlog_prove_consistency(at + 1, size, read_any, &size, p, &n), 0);
			T_OK(n <= TLOG_PROOF_MAX);
		}
	}
}

static void test_a_full_tree_takes_no_more(void)
{
	uint64_t size = TLOG_SIZE_MAX;
	struct hash leaf = hash_empty;
	struct tlog_edge e;

	T_EQ(tlog_edge_read(size, read_any, &size, &e), 0);
	T_EQ(e.n, 63);
	T_EQ(tlog_append(&e, &leaf, NULL, NULL), ERR_LIMIT);
	T_EQ(e.n, 63);
	size--;
	T_EQ(tlog_edge_read(size, read_any, &size, &e), 0);
	T_EQ(tlog_append(&e, &leaf, NULL, NULL), 0);
	T_EQ(e.size, TLOG_SIZE_MAX);
	T_EQ(e.n, 63);
}

static void test_a_failed_write_leaves_the_edge_alone(void)
{
	struct tree *t = tree_new();
	struct tlog_edge before;
	struct hash leaf;

	hash_leaf("x", 1, &leaf);
	for (uint64_t size = 0; size < 33; size++) {
		for (int at = 0; at <= __builtin_ctzll(size + 1); at++) {
			tree_grow(t, size);
			before = t->e;
			t->fail_at = at;
			T_EQ(tlog_append(&t->e, &leaf, on_write, t), ERR_IO);
			T_MEM(&t->e, &before, sizeof(before));
		}
	}
	free(t);
}

static void test_append_without_a_writer(void)
{
	struct tree *t = tree_new();
	struct tlog_edge e = {0};
	struct hash a, b;

	tree_grow(t, 77);
	for (uint64_t i = 0; i < 77; i++)
		T_EQ(tlog_append(&e, &t->leaf[i], NULL, NULL), 0);
	tlog_root(&e, &a);
	tlog_root(&t->e, &b);
	T_MEM(&a, &b, HASH_BYTES);
	free(t);
}

static void test_tile_paths(void)
{
	static const struct {
		int level;
		uint64_t n;
		unsigned width;
		const char *want;
	} cases[] = {
		{0, 0, 256, "tile/0/000"},
		{0, 0, 1, "tile/0/000.p/1"},
		{0, 999, 256, "tile/0/999"},
		{0, 1000, 256, "tile/0/x001/000"},
		{0, 1234067, 256, "tile/0/x001/x234/067"},
		{1, 1234067, 255, "tile/1/x001/x234/067.p/255"},
		{-1, 273, 112, "tile/entries/273.p/112"},
		{-1, 1234067, 256, "tile/entries/x001/x234/067"},
		{63, UINT64_MAX, 112, "tile/63/x018/x446/x744/x073/x709/x551/615.p/112"},
		{-1, UINT64_MAX, 255, "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char got[TILE_PATH_MAX];

		tile_path(cases[i].level, cases[i].n, cases[i].width, got);
		T_STR(got, cases[i].want);
	}
}

T_MAIN(T(test_root_agrees_with_published_vectors), T(test_golden_log_of_five_entries),
       T(test_every_root_and_edge_is_the_naive_one), T(test_every_node_is_the_root_of_its_leaves),
       T(test_every_inclusion_proof_is_the_naive_one_and_verifies),
       T(test_every_consistency_proof_is_the_naive_one_and_verifies),
       T(test_altered_inclusion_is_refused),
       T(test_other_size_is_refused_unless_the_path_turns_alike),
       T(test_altered_consistency_is_refused), T(test_a_climb_beyond_the_root_is_refused),
       T(test_sizes_beyond_the_limit_are_refused_however_good_the_proof),
       T(test_a_rewritten_history_has_no_proof), T(test_bounds_are_refused),
       T(test_the_largest_trees_stay_within_the_proof_limit), T(test_a_full_tree_takes_no_more),
       T(test_a_failed_write_leaves_the_edge_alone), T(test_append_without_a_writer),
       T(test_tile_paths))
