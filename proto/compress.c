#include "proto/compress.h"

#include <string.h>
#include <zstd.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "proto/msg.h"

/* What a frame begins with, so that nothing of it is left to the frame (RFC 8878, 3.1.1): the magic number; no
 * checksum, no window but the content itself, an ID of two bytes; ID and content size in little-endian. */
#define LEVEL	       6
#define MAGIC	       "\x28\xb5\x2f\xfd"
#define MAGIC_BYTES    4
#define DESCRIPTOR     0x22
#define CONTENT_SIZE   0xc0 /* bits of the descriptor: how the content size is written */
#define FRAME_HEAD_MIN 8

_Static_assert(COMPRESS_DICT_ID >= 32768 && COMPRESS_DICT_ID <= UINT16_MAX,
	       "for private use, and of two bytes");
_Static_assert(COMPRESS_PLAIN_BYTES == 1 + ENTRY_SECRET_BYTES, "form and secret");

struct compress {
	ZSTD_CCtx *pack;
	ZSTD_CDict *pack_dict;
	ZSTD_DCtx *unpack;
	ZSTD_DDict *unpack_dict;
	uint8_t text[CHUNK_BYTES_MAX]; /* of all payloads of a chunk */
};

int compress_new(struct compress **ret)
{
	*ret = mem_alloc(sizeof(**ret));
	return *ret ? ERR_OK : ERR_NOMEM;
}

void compress_free(struct compress *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->pack);
	ZSTD_freeCDict(c->pack_dict);
	ZSTD_freeDCtx(c->unpack);
	ZSTD_freeDDict(c->unpack_dict);
	mem_free(c);
}

static int pack_ready(struct compress *c)
{
	if (c->pack)
		return ERR_OK;
	if (!c->pack_dict)
		c->pack_dict = ZSTD_createCDict(compress_dict, sizeof(compress_dict), LEVEL);
	c->pack = c->pack_dict ? ZSTD_createCCtx() : NULL;
	if (!c->pack)
		return ERR_NOMEM;
	/* once: behind a frame that found no room libzstd would refuse it */
	ZSTD_CCtx_refCDict(c->pack, c->pack_dict);
	return ERR_OK;
}

static int unpack_ready(struct compress *c)
{
	if (!c->unpack)
		c->unpack = ZSTD_createDCtx();
	if (!c->unpack_dict)
		c->unpack_dict = ZSTD_createDDict(compress_dict, sizeof(compress_dict));
	return c->unpack && c->unpack_dict ? ERR_OK : ERR_NOMEM;
}

/* The next entry: its facts with what stays plain of its payload, and how long the rest is. */
static struct bytes next_entry(struct cur *c, size_t *ret_text)
{
	const uint8_t *from = c->p;
	size_t payload = chunk_skip_facts(c);

	if (payload <= COMPRESS_PLAIN_BYTES)
		c->err = ERR_FORMAT;
	cur_take(c, COMPRESS_PLAIN_BYTES);
	*ret_text = c->err ? 0 : payload - COMPRESS_PLAIN_BYTES;
	return (struct bytes){from, c->err ? 0 : (size_t)(c->p - from)};
}

/* --- to the air --------------------------------------------------------------------------------------- */

/* Head, facts and secrets to @out, the rest to c->text. */
static int split(struct compress *c, struct bytes body, struct buf *out, size_t *ret_text)
{
	struct cur at = cur_of(body.p, body.n);
	struct hash feed;
	uint64_t from;
	uint32_t n;
	size_t text = 0;
	int err = chunk_peek(body.p, body.n, &feed, &from, &n);

	if (err)
		return err;
	buf_put(out, cur_take(&at, CHUNK_HEAD_BYTES), CHUNK_HEAD_BYTES);
	for (uint32_t i = 0; i < n; i++) {
		size_t more;
		struct bytes plain = next_entry(&at, &more);
		const uint8_t *rest = cur_take(&at, more);

		if (at.err)
			return ERR_FORMAT;
		buf_put(out, plain.p, plain.n);
		memcpy(c->text + text, rest, more);
		text += more;
	}
	*ret_text = text;
	return cur_done(&at) ? ERR_FORMAT : out->err;
}

/* Appends the frame of c->text if it has fewer bytes. */
static int put_frame(struct compress *c, size_t text, struct buf *out)
{
	uint8_t *to = buf_reserve(out, text);
	size_t n;

	if (!to)
		return out->err;
	n = ZSTD_compress2(c->pack, to, text - 1, c->text, text);
	if (ZSTD_isError(n))
		return ERR_LIMIT;
	out->n += n;
	return ERR_OK;
}

int compress_chunk(struct compress *c, struct bytes body, struct buf *out)
{
	size_t start = out->n, text = 0;
	int err = pack_ready(c);

	if (!err)
		err = split(c, body, out, &text);
	if (!err)
		err = put_frame(c, text, out);
	if (err)
		out->n = start;
	return err;
}

/* --- from the air -------------------------------------------------------------------------------------- */

/* How many bytes of text @in must hold for its facts, and where its frame begins. */
static int promised(struct bytes in, uint32_t n, size_t *ret_text, struct bytes *ret_frame)
{
	struct cur at = cur_of(in.p, in.n);
	size_t text = 0;

	cur_take(&at, CHUNK_HEAD_BYTES);
	for (uint32_t i = 0; i < n && !at.err && text <= CHUNK_BYTES_MAX; i++) {
		size_t more;

		next_entry(&at, &more);
		text += more;
	}
	if (at.err)
		return ERR_FORMAT;
	if ((size_t)(at.p - in.p) + text > CHUNK_BYTES_MAX)
		return ERR_LIMIT;
	*ret_text = text;
	*ret_frame = (struct bytes){at.p, cur_left(&at)};
	return ERR_OK;
}

/* The frame alone, of that content, with that dictionary: c->text then has it. */
static int get_frame(struct compress *c, struct bytes f, size_t text)
{
	if (f.n < FRAME_HEAD_MIN || f.n >= text || memcmp(f.p, MAGIC, MAGIC_BYTES) != 0 ||
	    (f.p[MAGIC_BYTES] & ~CONTENT_SIZE) != DESCRIPTOR ||
	    ZSTD_getDictID_fromFrame(f.p, f.n) != COMPRESS_DICT_ID ||
	    ZSTD_getFrameContentSize(f.p, f.n) != text ||
	    ZSTD_findFrameCompressedSize(f.p, f.n) != f.n)
		return ERR_FORMAT;
	if (ZSTD_decompress_usingDDict(c->unpack, c->text, text, f.p, f.n, c->unpack_dict) != text)
		return ERR_FORMAT;
	return ERR_OK;
}

static int join(const struct compress *c, struct bytes in, uint32_t n, struct buf *out)
{
	struct cur at = cur_of(in.p, in.n);
	const uint8_t *text = c->text;

	buf_put(out, cur_take(&at, CHUNK_HEAD_BYTES), CHUNK_HEAD_BYTES);
	for (uint32_t i = 0; i < n; i++) {
		size_t more;
		struct bytes plain = next_entry(&at, &more);

		buf_put(out, plain.p, plain.n);
		buf_put(out, text, more);
		text += more;
	}
	return out->err;
}

int compress_expand(struct compress *c, struct bytes in, struct buf *out)
{
	size_t start = out->n, text = 0;
	struct bytes frame = {0};
	struct hash feed;
	uint64_t from;
	uint32_t n;
	int err = chunk_peek(in.p, in.n, &feed, &from, &n);

	if (!err)
		err = promised(in, n, &text, &frame);
	if (!err)
		err = unpack_ready(c);
	if (!err)
		err = get_frame(c, frame, text);
	if (!err)
		err = join(c, in, n, out);
	if (err)
		out->n = start;
	return err;
}
