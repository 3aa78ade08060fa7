#include "proto/entry.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "proto/wr.h"
#include "tests/lib/t.h"
#include "tests/lib/vec.h"

#define FILE_NAME    "entry.txt"
#define GOLDEN_PARTS 5

static struct sign_key *golden_key(void)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_key *key;

	T_EQ(crypto_start(), ERR_OK);
	vec_get(FILE_NAME, "author_seed", seed, sizeof(seed));
	T_EQ(sign_key_from_seed(seed, &key), ERR_OK);
	return key;
}

static struct hash golden_town(void)
{
	struct hash town;

	vec_get(FILE_NAME, "town", town.b, HASH_BYTES);
	return town;
}

/* The payload of the vector from its parts. */
static void golden_payload(struct buf *out)
{
	uint8_t secret[ENTRY_SECRET_BYTES], part[256];
	size_t start = out->n;

	vec_get(FILE_NAME, "secret", secret, sizeof(secret));
	payload_begin(out, secret);
	for (int i = 0; i < GOLDEN_PARTS; i++) {
		char key[16];
		size_t mark = payload_part_begin(out);

		snprintf(key, sizeof(key), "part%d", i);
		buf_put(out, part, vec_get(FILE_NAME, key, part, sizeof(part)));
		payload_part_end(out, mark);
	}
	T_EQ(payload_finish(out, start, GOLDEN_PARTS), ERR_OK);
}

static struct entry golden_entry(const struct buf *payload)
{
	struct entry e = {.epoch = 1,
			  .wall_ms = UINT64_C(1764312345678),
			  .boot = 7,
			  .boot_ms = 86400123,
			  .town_seen = 42,
			  .type = 0x0102,
			  .schema = 1,
			  .payload_len = (uint32_t)payload->n};
	struct payload p;
	uint8_t random[10];

	vec_get(FILE_NAME, "feed", e.feed.b, HASH_BYTES);
	e.prev = e.feed;
	T_EQ(payload_parse(payload->p, payload->n, &p), ERR_OK);
	payload_commit(&p, &e.commitment);
	vec_get(FILE_NAME, "random", random, sizeof(random));
	txid_make(e.wall_ms, random, e.txid);
	return e;
}

static void test_the_golden_entry_holds_byte_for_byte(void)
{
	struct sign_key *key = golden_key();
	struct hash town = golden_town(), h;
	uint8_t msg[TX_MESSAGE_BYTES], leaf[ENTRY_LEAF_BYTES];
	struct buf b = {0};
	struct entry e;

	golden_payload(&b);
	vec_check(FILE_NAME, "payload", b.p, b.n);
	e = golden_entry(&b);
	vec_check(FILE_NAME, "commitment", e.commitment.b, HASH_BYTES);
	vec_check(FILE_NAME, "txid", e.txid, TXID_BYTES);
	entry_tx_sign(&e, &town, key);
	entry_tx_message(&e, &town, msg);
	vec_check(FILE_NAME, "author", e.author, SIGN_KEY_BYTES);
	vec_check(FILE_NAME, "message", msg, sizeof(msg));
	vec_check(FILE_NAME, "signature", e.sig, SIGN_BYTES);
	T_OK(entry_tx_verify(&e, &town));
	entry_pack(&e, leaf);
	vec_check(FILE_NAME, "leaf", leaf, sizeof(leaf));
	hash_leaf(leaf, sizeof(leaf), &h);
	vec_check(FILE_NAME, "leaf_hash", h.b, HASH_BYTES);
	buf_close(&b);
	sign_key_free(key);
}

static void test_the_golden_parts_read_as_written(void)
{
	static const char *const text = "环境卫生 第3周";
	struct buf b = {0}, head = {0};
	struct payload p;

	golden_payload(&b);
	T_EQ(payload_parse(b.p, b.n, &p), ERR_OK);
	T_EQ(p.nparts, GOLDEN_PARTS);
	wr_array(&head, 5);
	wr_u64(&head, 20420);
	wr_str(&head, text, strlen(text));
	wr_u64(&head, 3);
	wr_bool(&head, true);
	wr_bin(&head, "\x00\xff", 2);
	T_EQ(p.part[0].n, head.n);
	T_MEM(p.part[0].p, head.p, head.n);
	buf_reset(&head);
	wr_array(&head, 3);
	wr_u64(&head, 2);
	wr_str(&head, "A-07", 4);
	wr_i64(&head, -50);
	T_EQ(p.part[2].n, head.n);
	T_MEM(p.part[2].p, head.p, head.n);
	buf_close(&head);
	buf_close(&b);
}

static void test_a_leaf_comes_back_field_by_field(void)
{
	uint8_t leaf[ENTRY_LEAF_BYTES], again[ENTRY_LEAF_BYTES];
	struct entry e;

	for (size_t i = 0; i < sizeof(leaf); i++)
		leaf[i] = (uint8_t)(i * 7 + 1);
	memcpy(leaf, ENTRY_TAG, 8);
	be32_put(leaf + 116, 1000); /* payload length */
	T_EQ(entry_parse(leaf, sizeof(leaf), &e), ERR_OK);
	T_MEM(e.feed.b, leaf + 8, 32);
	T_OK(e.seq == be64_get(leaf + 40));
	T_OK(e.epoch == be32_get(leaf + 48));
	T_MEM(e.prev.b, leaf + 52, 32);
	T_OK(e.wall_ms == be64_get(leaf + 84));
	T_OK(e.boot == be32_get(leaf + 92));
	T_OK(e.boot_ms == be64_get(leaf + 96));
	T_OK(e.town_seen == be64_get(leaf + 104));
	T_EQ(e.type, be16_get(leaf + 112));
	T_EQ(e.schema, be16_get(leaf + 114));
	T_EQ(e.payload_len, 1000);
	T_MEM(e.commitment.b, leaf + 120, 32);
	T_MEM(e.author, leaf + 152, 32);
	T_MEM(e.txid, leaf + 184, 16);
	T_MEM(e.sig, leaf + 200, 64);
	entry_pack(&e, again);
	T_MEM(again, leaf, sizeof(leaf));
}

static void leaf_refused(size_t at, uint32_t v, unsigned bytes)
{
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct entry e = {.seq = 99};

	vec_get(FILE_NAME, "leaf", leaf, sizeof(leaf));
	if (bytes == 4)
		be32_put(leaf + at, v);
	else
		be16_put(leaf + at, (uint16_t)v);
	T_EQ(entry_parse(leaf, sizeof(leaf), &e), ERR_FORMAT);
	T_EQ(e.seq, 99);
}

static void test_unsound_leaves_are_refused(void)
{
	uint8_t leaf[ENTRY_LEAF_BYTES + 1] = {0};
	struct entry e;

	leaf_refused(0, 0x435a4550, 4); /* another tag */
	leaf_refused(6, 0x320a, 2);	/* another version of it */
	leaf_refused(48, 0, 4);		/* epoch */
	leaf_refused(114, 0, 2);	/* schema */
	leaf_refused(116, ENTRY_PAYLOAD_MAX + 1, 4);
	leaf_refused(116, UINT32_MAX, 4);
	vec_get(FILE_NAME, "leaf", leaf, ENTRY_LEAF_BYTES);
	T_EQ(entry_parse(leaf, ENTRY_LEAF_BYTES, &e), ERR_OK);
	T_EQ(entry_parse(leaf, ENTRY_LEAF_BYTES + 1, &e), ERR_FORMAT);
	for (size_t i = 0; i < ENTRY_LEAF_BYTES; i++)
		T_EQ(entry_parse(leaf, i, &e), ERR_FORMAT);
}

/* The signature covers what the author says; the place in the feed is the node's affair. */
static void test_each_signed_field_is_covered(void)
{
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct hash town = golden_town(), other = town;

	T_EQ(crypto_start(), ERR_OK);
	other.b[31] ^= 1;
	vec_get(FILE_NAME, "leaf", leaf, sizeof(leaf));
	for (size_t at = 8; at < ENTRY_LEAF_BYTES; at++) {
		bool node =
			(at >= 40 && at < 84) || (at >= 92 && at < 104) || (at >= 116 && at < 120);
		struct entry e;

		leaf[at] ^= 1;
		if (entry_parse(leaf, sizeof(leaf), &e) == ERR_OK)
			T_EQ(entry_tx_verify(&e, &town), node);
		leaf[at] ^= 1;
		if (at == 8) {
			T_EQ(entry_parse(leaf, sizeof(leaf), &e), ERR_OK);
			T_OK(entry_tx_verify(&e, &town));
			T_OK(!entry_tx_verify(&e, &other));
		}
	}
}

/* A payload of @n parts [i]; the commitment into @ret. */
static void commit_of(uint32_t n, struct hash *ret)
{
	uint8_t secret[ENTRY_SECRET_BYTES];
	struct buf b = {0};
	struct payload p;

	vec_get(FILE_NAME, "secret", secret, sizeof(secret));
	payload_begin(&b, secret);
	for (uint32_t i = 0; i < n; i++) {
		size_t mark = payload_part_begin(&b);

		wr_array(&b, 1);
		wr_u64(&b, i);
		payload_part_end(&b, mark);
	}
	T_EQ(payload_finish(&b, 0, n), ERR_OK);
	T_EQ(payload_parse(b.p, b.n, &p), ERR_OK);
	T_EQ(p.nparts, n);
	payload_commit(&p, ret);
	buf_close(&b);
}

static void test_commitments_of_many_sizes_hold(void)
{
	static const uint32_t sizes[] = {1, 2, 3, 4, 7, 8, 200, 201};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char key[32];
		struct hash h;

		snprintf(key, sizeof(key), "commitment_n%u", (unsigned)sizes[i]);
		commit_of(sizes[i], &h);
		vec_check(FILE_NAME, key, h.b, HASH_BYTES);
	}
}

static void test_any_changed_byte_changes_the_commitment(void)
{
	struct buf b = {0};
	struct payload p;
	struct hash want, h;

	golden_payload(&b);
	vec_get(FILE_NAME, "commitment", want.b, HASH_BYTES);
	for (size_t at = 0; at < b.n; at++) {
		b.p[at] ^= 1;
		if (payload_parse(b.p, b.n, &p) == ERR_OK) {
			payload_commit(&p, &h);
			T_OK(hash_cmp(&h, &want) != 0);
		}
		b.p[at] ^= 1;
	}
	buf_close(&b);
}

static void payload_gives(const char *hex, int want)
{
	uint8_t p[256];
	size_t n = t_hex(hex, p, sizeof(p));
	struct payload pl;
	int got = payload_parse(p, n, &pl);

	if (got != want)
		t_fail(__FILE__, __LINE__, "%s: got %d, want %d", hex, got, want);
}

#define SECRET "000102030405060708090a0b0c0d0e0f"

static void test_unsound_payloads_are_refused(void)
{
	uint8_t big[ENTRY_PAYLOAD_MAX + 1] = {0};
	struct payload pl;

	payload_gives("00" SECRET "0001000190", ERR_OK);
	payload_gives("00" SECRET "00020001900002910a", ERR_OK);
	payload_gives("01" SECRET "0001000190", ERR_FORMAT);
	payload_gives("00" SECRET "0000", ERR_FORMAT);
	payload_gives("00" SECRET "0001", ERR_FORMAT);
	payload_gives("00" SECRET "00010000", ERR_FORMAT);
	payload_gives("00" SECRET "0001000290", ERR_FORMAT);
	payload_gives("00" SECRET "000100019000", ERR_FORMAT);
	payload_gives("00" SECRET "0002000190", ERR_FORMAT);
	payload_gives("00" SECRET "ffff000190", ERR_LIMIT);
	payload_gives("00" SECRET "00ca000190", ERR_LIMIT);
	payload_gives("00" SECRET "00", ERR_FORMAT);
	payload_gives("00", ERR_FORMAT);
	payload_gives("", ERR_FORMAT);
	T_EQ(payload_parse(big, sizeof(big), &pl), ERR_LIMIT);
}

/* A payload with one part that makes it @total bytes long. */
static int finish_of(size_t total)
{
	uint8_t secret[ENTRY_SECRET_BYTES] = {0}, zeros[1024] = {0};
	struct buf b = {0};
	size_t mark;
	int err;

	buf_puts(&b, "before"); /* payloads may begin anywhere */
	payload_begin(&b, secret);
	mark = payload_part_begin(&b);
	while (b.n < total + 6 && !b.err) {
		size_t n = total + 6 - b.n;

		buf_put(&b, zeros, n < sizeof(zeros) ? n : sizeof(zeros));
	}
	payload_part_end(&b, mark);
	err = payload_finish(&b, 6, 1);
	buf_close(&b);
	return err;
}

static void test_a_payload_ends_at_its_maximum(void)
{
	T_EQ(finish_of(ENTRY_PAYLOAD_MAX), ERR_OK);
	T_EQ(finish_of(ENTRY_PAYLOAD_MAX + 1), ERR_LIMIT);
	T_EQ(finish_of(65536 + 100), ERR_LIMIT); /* the length field would wrap to a small one */
}

static void test_too_many_parts_are_refused(void)
{
	uint8_t secret[ENTRY_SECRET_BYTES] = {0};
	struct buf b = {0};

	payload_begin(&b, secret);
	for (int i = 0; i < ENTRY_PARTS_MAX + 1; i++) {
		size_t mark = payload_part_begin(&b);

		wr_u64(&b, 0);
		payload_part_end(&b, mark);
	}
	T_EQ(payload_finish(&b, 0, ENTRY_PARTS_MAX + 1), ERR_LIMIT);
	buf_close(&b);
}

static void test_writing_a_payload_survives_lack_of_memory(void)
{
	T_OOM(finish_of(9000));
}

static void test_transaction_ids_sort_by_time(void)
{
	static const uint8_t ones[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
	static const uint8_t zeros[10] = {0};
	uint8_t a[TXID_BYTES], b[TXID_BYTES];

	txid_make(UINT64_C(0x01020304fffe), ones, a);
	txid_make(UINT64_C(0x01020304ffff), zeros, b);
	T_OK(memcmp(a, b, TXID_BYTES) < 0);
	txid_make(UINT64_C(0x010203050000), zeros, a);
	T_OK(memcmp(a, b, TXID_BYTES) > 0);
	T_MEM(a + 6, zeros, 10);
}

T_MAIN(T(test_the_golden_entry_holds_byte_for_byte), T(test_the_golden_parts_read_as_written),
       T(test_a_leaf_comes_back_field_by_field), T(test_unsound_leaves_are_refused),
       T(test_each_signed_field_is_covered), T(test_commitments_of_many_sizes_hold),
       T(test_any_changed_byte_changes_the_commitment), T(test_unsound_payloads_are_refused),
       T(test_a_payload_ends_at_its_maximum), T(test_too_many_parts_are_refused),
       T(test_writing_a_payload_survives_lack_of_memory), T(test_transaction_ids_sort_by_time))
