#include "proto/wr.h"

#include <msgpack/pack.h>

#include "lib/err.h"

static int put(void *ctx, const char *p, size_t n)
{
	return buf_put(ctx, p, n);
}

static msgpack_packer packer(struct buf *b)
{
	return (msgpack_packer){.data = b, .callback = put};
}

/* msgpack counts in 32 bits and msgpack-c cuts what is longer without a word. */
static bool fits(struct buf *b, size_t n)
{
	if (n <= BUF_BYTES_MAX)
		return true;
	if (!b->err)
		b->err = ERR_LIMIT;
	return false;
}

void wr_array(struct buf *b, uint32_t n)
{
	msgpack_packer pk = packer(b);

	msgpack_pack_array(&pk, n);
}

void wr_u64(struct buf *b, uint64_t v)
{
	msgpack_packer pk = packer(b);

	msgpack_pack_uint64(&pk, v);
}

void wr_i64(struct buf *b, int64_t v)
{
	msgpack_packer pk = packer(b);

	msgpack_pack_int64(&pk, v);
}

void wr_bool(struct buf *b, bool v)
{
	msgpack_packer pk = packer(b);

	if (v)
		msgpack_pack_true(&pk);
	else
		msgpack_pack_false(&pk);
}

void wr_str(struct buf *b, const void *p, size_t n)
{
	msgpack_packer pk = packer(b);

	if (!fits(b, n))
		return;
	msgpack_pack_str(&pk, n);
	buf_put(b, p, n);
}

void wr_bin(struct buf *b, const void *p, size_t n)
{
	msgpack_packer pk = packer(b);

	if (!fits(b, n))
		return;
	msgpack_pack_bin(&pk, n);
	buf_put(b, p, n);
}
