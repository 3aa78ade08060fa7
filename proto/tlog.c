#include "proto/tlog.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"

#define LEVEL_MAX 63

/* The largest power of two below @n; n > 1. */
static uint64_t split_point(uint64_t n)
{
	assert(n > 1);
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

static void invariant(const struct tlog_edge *e)
{
	assert(e->size <= TLOG_SIZE_MAX);
	assert(e->n == (uint32_t)__builtin_popcountll(e->size));
}

int tlog_append(struct tlog_edge *e, const struct hash *leaf, tlog_write_fn write, void *ctx)
{
	struct hash node = *leaf;
	uint64_t index = e->size;
	uint32_t n = e->n;
	unsigned level = 0;
	int err;

	invariant(e);
	if (e->size == TLOG_SIZE_MAX)
		return ERR_LIMIT;
	for (;;) {
		err = write ? write(ctx, level, index, &node) : 0;
		if (err)
			return err;
		if (!(index & 1))
			break;
		hash_node(&e->h[--n], &node, &node);
		index >>= 1;
		level++;
	}
	e->h[n++] = node;
	e->n = n;
	e->size++;
	invariant(e);
	return 0;
}

/* The root over complete subtrees of falling size: the smallest two are joined first. */
static void fold_right(const struct hash *h, uint32_t n, struct hash *ret)
{
	assert(n > 0);
	struct hash root = h[n - 1];

	for (uint32_t i = n - 1; i > 0; i--)
		hash_node(&h[i - 1], &root, &root);
	*ret = root;
}

void tlog_root(const struct tlog_edge *e, struct hash *ret)
{
	invariant(e);
	if (e->size == 0)
		*ret = hash_empty;
	else
		fold_right(e->h, e->n, ret);
}

/* Reads the complete subtrees that make up leaves [@lo, @lo + @n), largest first. @lo is a multiple
 * of the largest of them, so each is one stored node. */
static int read_range(uint64_t lo, uint64_t n, tlog_read_fn read, void *ctx, struct hash *ret,
		      uint32_t *ret_n)
{
	uint32_t got = 0;

	for (int level = LEVEL_MAX; level >= 0; level--) {
		uint64_t width = (uint64_t)1 << level;
		int err;

		if (!(n & width))
			continue;
		assert((lo & (width - 1)) == 0);
		err = read(ctx, (unsigned)level, lo >> level, &ret[got]);
		if (err)
			return err;
		got++;
		lo += width;
	}
	*ret_n = got;
	return 0;
}

static int range_root(uint64_t lo, uint64_t n, tlog_read_fn read, void *ctx, struct hash *ret)
{
	struct hash part[TLOG_PROOF_MAX];
	uint32_t parts;
	int err = read_range(lo, n, read, ctx, part, &parts);

	if (err)
		return err;
	fold_right(part, parts, ret);
	return 0;
}

int tlog_edge_read(uint64_t size, tlog_read_fn read, void *ctx, struct tlog_edge *ret)
{
	struct tlog_edge e = {.size = size};
	int err;

	if (size > TLOG_SIZE_MAX)
		return ERR_INVALID;
	err = read_range(0, size, read, ctx, e.h, &e.n);
	if (err)
		return err;
	invariant(&e);
	*ret = e;
	return 0;
}

static void reverse(struct hash *h, uint32_t n)
{
	for (uint32_t i = 0; i < n / 2; i++) {
		struct hash t = h[i];

		h[i] = h[n - 1 - i];
		h[n - 1 - i] = t;
	}
}

int tlog_prove_inclusion(uint64_t index, uint64_t size, tlog_read_fn read, void *ctx,
			 struct hash *ret, uint32_t *ret_n)
{
	uint64_t lo = 0, n = size;
	uint32_t len = 0;

	if (size > TLOG_SIZE_MAX || index >= size)
		return ERR_INVALID;
	/* From the root down, taking the sibling of each step; the proof lists them upwards. */
	while (n > 1) {
		uint64_t k = split_point(n);
		bool left = index - lo < k;
		int err = left ? range_root(lo + k, n - k, read, ctx, &ret[len])
			       : range_root(lo, k, read, ctx, &ret[len]);

		if (err)
			return err;
		len++;
		assert(len <= TLOG_PROOF_MAX);
		lo = left ? lo : lo + k;
		n = left ? k : n - k;
	}
	reverse(ret, len);
	*ret_n = len;
	return 0;
}

int tlog_prove_consistency(uint64_t m, uint64_t n, tlog_read_fn read, void *ctx, struct hash *ret,
			   uint32_t *ret_n)
{
	uint64_t lo = 0;
	uint32_t len = 0;
	int err;

	if (n > TLOG_SIZE_MAX || m > n || m == 0)
		return ERR_INVALID;
	/* RFC 9162 2.1.4.1 SUBPROOF without recursion. lo stays 0 as long as its flag b is true: the
	 * verifier then knows the hash of what is left, it is the old root. */
	while (m != n) {
		uint64_t k = split_point(n);
		bool left = m <= k;

		err = left ? range_root(lo + k, n - k, read, ctx, &ret[len])
			   : range_root(lo, k, read, ctx, &ret[len]);
		if (err)
			return err;
		len++;
		assert(len < TLOG_PROOF_MAX);
		lo = left ? lo : lo + k;
		m = left ? m : m - k;
		n = left ? k : n - k;
	}
	if (lo > 0) {
		err = range_root(lo, n, read, ctx, &ret[len]);
		if (err)
			return err;
		len++;
	}
	reverse(ret, len);
	*ret_n = len;
	return 0;
}

/* The walk up two paths at once, RFC 9162 2.1.3.2 and 2.1.4.2. */
struct climb {
	uint64_t fn, sn;
};

/* True when the next proof hash stands to the left. */
static bool climb_left(const struct climb *c)
{
	return (c->fn & 1) || c->fn == c->sn;
}

static void climb_up(struct climb *c, bool left)
{
	/* A last node without a right neighbour rises unchanged until it gets a left one. */
	while (left && !(c->fn & 1) && c->fn) {
		c->fn >>= 1;
		c->sn >>= 1;
	}
	c->fn >>= 1;
	c->sn >>= 1;
}

bool tlog_verify_inclusion(const struct hash *leaf, uint64_t index, uint64_t size,
			   const struct hash *root, const struct hash *proof, uint32_t proof_n)
{
	struct climb c = {.fn = index, .sn = size - 1};
	struct hash r = *leaf;

	if (index >= size || size > TLOG_SIZE_MAX)
		return false;
	for (uint32_t i = 0; i < proof_n; i++) {
		bool left = climb_left(&c);

		if (c.sn == 0)
			return false;
		if (left)
			hash_node(&proof[i], &r, &r);
		else
			hash_node(&r, &proof[i], &r);
		climb_up(&c, left);
	}
	return c.sn == 0 && hash_cmp(&r, root) == 0;
}

bool tlog_verify_consistency(uint64_t m, const struct hash *root_m, uint64_t n,
			     const struct hash *root_n, const struct hash *proof, uint32_t proof_n)
{
	struct climb c = {.fn = m - 1, .sn = n - 1};
	struct hash fr, sr;
	uint32_t i = 0;

	if (m > n || n > TLOG_SIZE_MAX)
		return false;
	if (m == n)
		return proof_n == 0 && hash_cmp(root_m, root_n) == 0;
	if (m == 0)
		return proof_n == 0;
	if (proof_n == 0)
		return false;
	while (c.fn & 1) {
		c.fn >>= 1;
		c.sn >>= 1;
	}
	/* The old tree is one complete subtree of the new: the proof leaves its root out. */
	fr = (m & (m - 1)) == 0 ? *root_m : proof[i++];
	sr = fr;
	for (; i < proof_n; i++) {
		bool left = climb_left(&c);

		if (c.sn == 0)
			return false;
		if (left) {
			hash_node(&proof[i], &fr, &fr);
			hash_node(&proof[i], &sr, &sr);
		} else {
			hash_node(&sr, &proof[i], &sr);
		}
		climb_up(&c, left);
	}
	return c.sn == 0 && hash_cmp(&fr, root_m) == 0 && hash_cmp(&sr, root_n) == 0;
}

void tile_path(int level, uint64_t n, unsigned width, char out[TILE_PATH_MAX])
{
	char group[7][5]; /* 2^64 has 20 digits */
	uint32_t groups = 0;
	size_t at;

	assert(level >= -1 && level <= LEVEL_MAX);
	assert(width >= 1 && width <= TILE_WIDTH);
	do {
		snprintf(group[groups], sizeof(group[0]), "%s%03u", groups ? "x" : "",
			 (unsigned)(n % 1000));
		groups++;
		n /= 1000;
	} while (n);
	at = level < 0 ? (size_t)snprintf(out, TILE_PATH_MAX, "tile/entries")
		       : (size_t)snprintf(out, TILE_PATH_MAX, "tile/%d", level);
	while (groups-- > 0)
		at += (size_t)snprintf(out + at, TILE_PATH_MAX - at, "/%s", group[groups]);
	if (width < TILE_WIDTH)
		at += (size_t)snprintf(out + at, TILE_PATH_MAX - at, ".p/%u", width);
	assert(at < TILE_PATH_MAX);
}
