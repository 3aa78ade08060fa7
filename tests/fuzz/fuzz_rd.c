/* The reader side by side with msgpack-c. What rd_skip accepts, msgpack-c unpacks to the same values
 * and wr packs to the same bytes; whatever wr packs, rd_skip accepts. msgpack-c sees accepted bytes
 * only. */
#include <msgpack.h>
#include <string.h>

#include "lib/err.h"
#include "proto/rd.h"
#include "proto/wr.h"
#include "tests/fuzz/fuzz.h"

static void same_run(struct bytes got, const char *p, size_t n)
{
	CHECK(got.p);
	CHECK(got.n == n);
	CHECK(n == 0 || memcmp(got.p, p, n) == 0);
}

/* A positive number reads the same by both calls, as long as it fits the signed one. */
static void same_positive(struct rd *r, uint64_t v, struct buf *again)
{
	struct rd as_signed = *r;

	CHECK(rd_u64(r) == v);
	if (v > INT64_MAX) {
		rd_i64(&as_signed);
		CHECK(rd_err(&as_signed) == ERR_FORMAT);
		wr_u64(again, v);
		return;
	}
	CHECK(rd_i64(&as_signed) == (int64_t)v);
	CHECK(as_signed.c.p == r->c.p);
	wr_i64(again, (int64_t)v);
}

/* Reads one value that must be @o, and packs it again. */
static void same(struct rd *r, const msgpack_object *o, struct buf *again)
{
	struct rd as_unsigned = *r;
	struct bytes run;
	uint32_t n;

	switch (o->type) {
	case MSGPACK_OBJECT_BOOLEAN:
		CHECK(rd_bool(r) == o->via.boolean);
		wr_bool(again, o->via.boolean);
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER: same_positive(r, o->via.u64, again); break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		CHECK(rd_i64(r) == o->via.i64);
		rd_u64(&as_unsigned);
		CHECK(rd_err(&as_unsigned) == ERR_FORMAT);
		wr_i64(again, o->via.i64);
		break;
	case MSGPACK_OBJECT_STR:
		run = rd_str(r);
		same_run(run, o->via.str.ptr, o->via.str.size);
		wr_str(again, run.p, run.n);
		break;
	case MSGPACK_OBJECT_BIN:
		run = rd_bin(r);
		same_run(run, o->via.bin.ptr, o->via.bin.size);
		wr_bin(again, run.p, run.n);
		break;
	case MSGPACK_OBJECT_ARRAY:
		n = rd_array(r);
		CHECK(n == o->via.array.size);
		wr_array(again, n);
		for (uint32_t i = 0; i < n; i++)
			same(r, &o->via.array.ptr[i], again);
		break;
	case MSGPACK_OBJECT_NIL:
	case MSGPACK_OBJECT_MAP:
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
	case MSGPACK_OBJECT_EXT: CHECK(false); break;
	}
	CHECK(rd_err(r) == ERR_OK);
}

static void side_by_side(const uint8_t *data, size_t n)
{
	msgpack_unpacked u;
	struct buf again = {0};
	struct rd r;
	size_t off = 0;

	msgpack_unpacked_init(&u);
	CHECK(msgpack_unpack_next(&u, (const char *)data, n, &off) == MSGPACK_UNPACK_SUCCESS);
	CHECK(off == n);
	r = rd_of(data, n);
	same(&r, &u.data, &again);
	CHECK(rd_done(&r) == ERR_OK);
	CHECK(!again.err);
	CHECK(again.n == n);
	CHECK(memcmp(again.p, data, n) == 0);
	msgpack_unpacked_destroy(&u);
	buf_close(&again);
}

/* One typed read, chosen by @op. After a failure it must give zeros; a run must lie in the input. */
static void typed_read(struct rd *r, uint8_t op, const uint8_t *data)
{
	bool failed = rd_err(r) != ERR_OK;
	struct bytes run = {NULL, 0};
	uint64_t v = 0;

	switch (op % 7) {
	case 0: v = rd_u64(r); break;
	case 1: v = (uint64_t)rd_i64(r); break;
	case 2: v = rd_bool(r); break;
	case 3: run = rd_str(r); break;
	case 4: run = rd_bin(r); break;
	case 5:
		v = rd_array(r);
		CHECK(v <= cur_left(&r->c));
		break;
	default: rd_skip(r); break;
	}
	CHECK(!failed || rd_err(r) == ERR_FORMAT);
	if (rd_err(r)) {
		CHECK(v == 0);
		CHECK(!run.p);
		CHECK(!run.n);
	}
	if (run.p) {
		CHECK(run.p >= data);
		CHECK(run.p + run.n == r->c.p);
	}
	CHECK(r->c.p <= r->c.end);
}

/* Takes the input as orders for the writer. Each array uses input up, so the output is bounded. */
static void write_value(struct cur *c, struct buf *b, unsigned depth)
{
	uint8_t op = cur_u8(c) % 6;
	uint8_t shift = cur_u8(c) % 64;
	uint32_t count = shift % 20;

	switch (op) {
	case 0: wr_u64(b, cur_be64(c) >> shift); break;
	case 1: wr_i64(b, (int64_t)cur_be64(c) >> shift); break;
	case 2: wr_bool(b, shift % 2); break;
	case 3: wr_str(b, "村账points", shift % 2 ? 12 : 3); break;
	case 4:
		count = (uint32_t)cur_left(c) / (shift + 1u);
		wr_bin(b, cur_take(c, count), count);
		break;
	default:
		if (depth == RD_DEPTH_MAX) {
			wr_bool(b, true); /* the profile ends here */
			break;
		}
		wr_array(b, count);
		for (uint32_t i = 0; i < count; i++)
			write_value(c, b, depth + 1);
		break;
	}
}

static void written_is_accepted(const uint8_t *data, size_t n)
{
	struct cur c = cur_of(data, n);
	struct buf b = {0};
	struct rd r;

	write_value(&c, &b, 0);
	CHECK(!b.err);
	r = rd_of(b.p, b.n);
	rd_skip(&r);
	CHECK(rd_done(&r) == ERR_OK);
	side_by_side(b.p, b.n);
	buf_close(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_of(data, n);

	rd_skip(&r);
	if (rd_err(&r) == ERR_OK)
		side_by_side(data, (size_t)(r.c.p - data));
	r = rd_of(data, n);
	for (size_t i = 0; i < n && i < 64; i++)
		typed_read(&r, data[n - 1 - i], data);
	written_is_accepted(data, n);
	return 0;
}
