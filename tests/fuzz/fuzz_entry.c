/* Leaves and payloads from anywhere: what is accepted packs to the same bytes, and the commitment is
 * the root that the definition of RFC 6962 gives. */
#include <string.h>

#include "lib/err.h"
#include "proto/entry.h"
#include "tests/fuzz/fuzz.h"

static void leaf(const uint8_t *data, size_t n)
{
	uint8_t again[ENTRY_LEAF_BYTES];
	struct entry e;

	if (entry_parse(data, n, &e))
		return;
	CHECK(e.payload_len <= ENTRY_PAYLOAD_MAX);
	entry_pack(&e, again);
	CHECK(n == sizeof(again));
	CHECK(memcmp(again, data, n) == 0);
}

static void part_hash(const struct payload *p, uint32_t i, struct hash *ret)
{
	static uint8_t raw[24 + ENTRY_PAYLOAD_MAX];
	uint8_t salted[28];
	struct hash salt;

	memcpy(salted, "CZSALT1\n", 8);
	memcpy(salted + 8, p->secret, 16);
	be32_put(salted + 24, i);
	hash_of(salted, sizeof(salted), &salt);
	memcpy(raw, "CZPART1\n", 8);
	memcpy(raw + 8, salt.b, 16);
	memcpy(raw + 24, p->part[i].p, p->part[i].n);
	hash_leaf(raw, 24 + p->part[i].n, ret);
}

/* RFC 6962 2.1 as it is written: split at the largest power of two below the count. */
static void root(const struct payload *p, uint32_t first, uint32_t count, struct hash *ret)
{
	struct hash l, r;
	uint32_t k = 1;

	if (count == 1) {
		part_hash(p, first, ret);
		return;
	}
	while (k * 2 < count)
		k *= 2;
	root(p, first, k, &l);
	root(p, first + k, count - k, &r);
	hash_node(&l, &r, ret);
}

static void payload(const uint8_t *data, size_t n)
{
	struct payload p;
	struct hash got, want;
	struct buf b = {0};

	if (payload_parse(data, n, &p))
		return;
	CHECK(p.nparts >= 1);
	CHECK(p.nparts <= ENTRY_PARTS_MAX);
	payload_begin(&b, p.secret);
	for (uint32_t i = 0; i < p.nparts; i++) {
		size_t mark = payload_part_begin(&b);

		buf_put(&b, p.part[i].p, p.part[i].n);
		payload_part_end(&b, mark);
	}
	CHECK(payload_finish(&b, 0, p.nparts) == ERR_OK);
	CHECK(b.n == n);
	CHECK(memcmp(b.p, data, n) == 0);
	buf_close(&b);
	payload_commit(&p, &got);
	root(&p, 0, p.nparts, &want);
	CHECK(hash_cmp(&got, &want) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	leaf(data, n);
	payload(data, n);
	return 0;
}
