/* Everything a peer can say. The first byte chooses the parser as on the wire, 0 is a hello. What is
 * accepted is written again and must give the same bytes: there is one form for everything. */
#include <string.h>

#include "lib/err.h"
#include "proto/compress.h"
#include "proto/msg.h"
#include "tests/fuzz/fuzz.h"

static void same(struct buf *b, const uint8_t *want, size_t n)
{
	CHECK(b->err == ERR_OK);
	CHECK(b->n == n);
	CHECK(memcmp(b->p, want, n) == 0);
	buf_close(b);
}

static void frontier(const uint8_t *data, size_t n)
{
	struct msg_front f[MSG_FRONTIER_MAX];
	struct buf b = {0};
	struct hash h;
	uint32_t count;

	if (msg_frontier_parse((struct bytes){data + 1, n - 1}, f, &count))
		return;
	msg_frontier_digest(f, count, &h);
	msg_frontier(&b, f, count);
	same(&b, data, n);
}

/* Parses, links, writes again. */
static void chunk(const uint8_t *data, size_t n)
{
	static struct chunk_entry v[CHUNK_ENTRIES_MAX];
	struct hash prev = {{7}}, feed;
	struct chunk_writer w;
	struct buf b = {0};
	struct chunk c;
	uint64_t from;
	uint32_t count;

	if (chunk_parse(data + 1, n - 1, v, CHUNK_ENTRIES_MAX, &c))
		return;
	CHECK(chunk_peek(data + 1, n - 1, &feed, &from, &count) == ERR_OK);
	CHECK(from == c.from);
	CHECK(count == c.n);
	chunk_link(&c, &prev);
	buf_put_u8(&b, MSG_CHUNK);
	CHECK(chunk_begin(&w, &b, &c.feed, c.from, c.epoch) == ERR_OK);
	for (uint32_t i = 0; i < c.n; i++) {
		struct entry e;

		CHECK(entry_parse(v[i].leaf, ENTRY_LEAF_BYTES, &e) == ERR_OK);
		CHECK(chunk_add(&w, v[i].leaf, v[i].payload) == ERR_OK);
	}
	CHECK(chunk_finish(&w, &c.root, c.sig) == ERR_OK);
	same(&b, data, n);
}

/* Any chunk comes back from its compressed form; a frame may be packed in more ways than one. */
static void compressed(const uint8_t *data, size_t n)
{
	struct buf plain = {0}, packed = {0}, again = {0};
	struct compress *c;

	CHECK(compress_new(&c) == ERR_OK);
	if (!compress_expand(c, (struct bytes){data + 1, n - 1}, &plain)) {
		CHECK(plain.n <= CHUNK_BYTES_MAX);
		CHECK(plain.n > n - 1);
		if (!compress_chunk(c, buf_bytes(&plain), &packed)) {
			CHECK(compress_expand(c, buf_bytes(&packed), &again) == ERR_OK);
			same(&again, plain.p, plain.n);
		}
	}
	compress_free(c);
	buf_close(&plain);
	buf_close(&packed);
	buf_close(&again);
}

static void enrol(const uint8_t *data, size_t n)
{
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct buf b = {0};
	struct bytes payload;
	struct entry e;

	if (msg_enrol_parse((struct bytes){data + 1, n - 1}, &e, &payload))
		return;
	entry_pack(&e, leaf);
	msg_enrol(&b, leaf, payload);
	same(&b, data, n);
}

static void small(const uint8_t *data, size_t n)
{
	struct bytes body = {data + 1, n - 1};
	struct buf b = {0};
	union {
		struct hash hash;
		struct msg_ack ack;
		struct msg_cosig cosig;
		struct msg_refuse refuse;
		uint16_t enrolled;
	} u;

	if (data[0] == MSG_FRONTIER_HASH && !msg_frontier_hash_parse(body, &u.hash))
		msg_frontier_hash(&b, &u.hash);
	else if (data[0] == MSG_ACK && !msg_ack_parse(body, &u.ack))
		msg_ack(&b, &u.ack);
	else if (data[0] == MSG_COSIG && !msg_cosig_parse(body, &u.cosig))
		msg_cosig(&b, &u.cosig);
	else if (data[0] == MSG_REFUSE && !msg_refuse_parse(body, &u.refuse))
		msg_refuse(&b, &u.refuse);
	else if (data[0] == MSG_ENROLLED && !msg_enrolled_parse(body, &u.enrolled))
		msg_enrolled(&b, u.enrolled);
	else
		return;
	same(&b, data, n);
}

static void hello(const uint8_t *data, size_t n)
{
	struct buf b = {0};
	struct hello h;

	if (hello_parse(data, n, &h))
		return;
	hello_pack(&h, &b);
	CHECK(b.n <= n);
	same(&b, data, h.version == HELLO_VERSION ? n : b.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	if (data[0] == 0)
		hello(data + 1, n - 1);
	else if (data[0] == MSG_FRONTIER)
		frontier(data, n);
	else if (data[0] == MSG_CHUNK)
		chunk(data, n);
	else if (data[0] == MSG_CHUNK_ZSTD)
		compressed(data, n);
	else if (data[0] == MSG_ENROL)
		enrol(data, n);
	else
		small(data, n);
	return 0;
}
