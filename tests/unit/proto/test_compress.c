/* Chunks in fewer bytes: what comes back is what went in, and nothing that a peer may send makes more of it than a
 * chunk may have. */
#include "proto/compress.h"

#include <stdio.h>
#include <zstd.h>

#include "lib/err.h"
#include "lib/hash.h"
#include "proto/msg.h"
#include "tests/lib/recgen.h"
#include "tests/lib/t.h"

#define FRAME_DESCRIPTOR 4 /* RFC 8878, 3.1.1.1 */
#define FRAME_DICT_ID	 5
#define FRAME_SIZE	 7

static struct compress *c;
static struct hash feed = {{7}};
static struct recgen gen;

static void start(void)
{
	T_EQ(crypto_start(), ERR_OK);
	T_EQ(compress_new(&c), ERR_OK);
	recgen_seed(&gen, 3);
}

static void end(void)
{
	compress_free(c);
}

/* --- chunks ------------------------------------------------------------------------------------------- */
struct made {
	struct chunk_writer w;
	struct buf chunk;
	uint64_t seq;
};

static void begin(struct made *m)
{
	*m = (struct made){0};
	T_EQ(chunk_begin(&m->w, &m->chunk, &feed, 5, 1), ERR_OK);
	m->seq = 5;
}

static int add(struct made *m, struct bytes payload)
{
	struct entry e = {.feed = feed, .seq = m->seq, .epoch = 1, .type = 30, .schema = 1};
	uint8_t leaf[ENTRY_LEAF_BYTES], random[10];
	struct payload parts;
	int err;

	e.wall_ms = UINT64_C(1760000000000) + prng_below(&gen.g, 90000);
	e.boot_ms = prng_next(&gen.g);
	e.boot = (uint32_t)prng_below(&gen.g, 2);
	e.town_seen = prng_below(&gen.g, 3);
	e.author[0] = (uint8_t)prng_below(&gen.g, 3);
	prng_fill(&gen.g, random, sizeof(random));
	prng_fill(&gen.g, e.sig, sizeof(e.sig));
	txid_make(prng_below(&gen.g, 2) ? e.wall_ms : 0, random, e.txid);
	T_EQ(payload_parse(payload.p, payload.n, &parts), ERR_OK);
	payload_commit(&parts, &e.commitment);
	e.payload_len = (uint32_t)payload.n;
	entry_pack(&e, leaf);
	err = chunk_add(&m->w, leaf, payload);
	m->seq += !err;
	return err;
}

/* A record as it is typed, in its own words and number. */
static int add_points(struct made *m, unsigned i)
{
	char household[16], no[32];
	struct rec_points head = {0};
	struct rec_points_line l = {.item = bytes_str("C101"),
				    .version = 1,
				    .points = {500},
				    .day = 20112,
				    .place = bytes_str("村委会"),
				    .reason = bytes_str("义务投工投劳"),
				    .evidence = bytes_str("出工登记表")};
	uint8_t secret[ENTRY_SECRET_BYTES];
	struct buf payload = {0};
	int err;

	snprintf(household, sizeof(household), "%05u", 1000 + i * 7 % 120);
	snprintf(no, sizeof(no), "CG-202501%02u-%05u", 1 + i % 28, i);
	l.household = bytes_str(household);
	l.evidence_no = bytes_str(no);
	prng_fill(&gen.g, secret, sizeof(secret));
	T_EQ(rec_encode(rec_type_of(REC_points), &head, &l, 1, secret, &payload, NULL), ERR_OK);
	err = add(m, buf_bytes(&payload));
	buf_close(&payload);
	return err;
}

static void finish(struct made *m)
{
	static const uint8_t sig[SIGN_BYTES] = {1, 2, 3};

	T_EQ(chunk_finish(&m->w, &feed, sig), ERR_OK);
}

static void make(struct made *m, unsigned n)
{
	begin(m);
	for (unsigned i = 0; i < n && !add_points(m, i); i++)
		;
	finish(m);
}

static void pack(const struct made *m, struct buf *out)
{
	buf_reset(out);
	T_EQ(compress_chunk(c, buf_bytes(&m->chunk), out), ERR_OK);
}

/* What is there is there still, and nothing was added. */
static int expand(struct bytes in, struct buf *out)
{
	int err;

	buf_reset(out);
	buf_put_u8(out, 0xee);
	err = compress_expand(c, in, out);
	T_EQ(out->p[0], 0xee);
	if (err) {
		T_EQ(out->n, 1);
		T_OK(err == ERR_FORMAT || err == ERR_LIMIT);
	}
	return err;
}

static void comes_back(const struct made *m, const struct buf *packed)
{
	struct buf out = {0};

	T_EQ(expand(buf_bytes(packed), &out), ERR_OK);
	T_EQ(out.n - 1, m->chunk.n);
	T_MEM(out.p + 1, m->chunk.p, m->chunk.n);
	buf_close(&out);
}

/* --- the way it should go ------------------------------------------------------------------------------ */
static void test_a_chunk_comes_back_as_it_was(void)
{
	struct buf packed = {0};

	for (unsigned n = 1; n <= CHUNK_ENTRIES_MAX; n = n * 2 + 1) {
		struct made m;

		make(&m, n);
		pack(&m, &packed);
		T_OK(packed.n < m.chunk.n);
		comes_back(&m, &packed);
		buf_close(&m.chunk);
	}
	buf_close(&packed);
}

static void test_every_type_of_record_comes_back(void)
{
	struct buf packed = {0};
	unsigned gained = 0;

	for (unsigned i = 0; i < 3 * rec_ntypes; i++) {
		struct buf payload = {0};
		struct made m;

		recgen_payload(&gen, &rec_types[i % rec_ntypes], &payload);
		begin(&m);
		T_EQ(add_points(&m, i), ERR_OK);
		if (!add(&m, buf_bytes(&payload))) {
			finish(&m);
			buf_reset(&packed);
			if (!compress_chunk(c, buf_bytes(&m.chunk), &packed)) {
				comes_back(&m, &packed);
				gained++;
			}
		}
		buf_close(&payload);
		buf_close(&m.chunk);
	}
	T_OK(gained > 10);
	buf_close(&packed);
}

static void test_one_record_and_many_become_small(void)
{
	struct buf packed = {0};
	struct made m;

	make(&m, 1); /* of 142 of head, some 90 that do not repeat, and the text */
	pack(&m, &packed);
	printf("one record: %zu of %zu bytes\n", packed.n, m.chunk.n);
	T_OK(m.chunk.n - packed.n > 40);
	buf_close(&m.chunk);
	make(&m, CHUNK_ENTRIES_MAX);
	pack(&m, &packed);
	printf("a full chunk: %zu of %zu bytes\n", packed.n, m.chunk.n);
	T_OK(packed.n * 5 < m.chunk.n * 4);
	buf_close(&m.chunk);
	buf_close(&packed);
}

static void test_no_gain_is_said_and_adds_nothing(void)
{
	uint8_t part[200];
	struct buf payload = {0}, packed = {0};
	uint8_t secret[ENTRY_SECRET_BYTES] = {1};
	struct made m;
	size_t mark;

	prng_fill(&gen.g, part, sizeof(part));
	payload_begin(&payload, secret);
	mark = payload_part_begin(&payload);
	buf_put(&payload, part, sizeof(part));
	payload_part_end(&payload, mark);
	T_EQ(payload_finish(&payload, 0, 1), ERR_OK);
	begin(&m);
	T_EQ(add(&m, buf_bytes(&payload)), ERR_OK);
	finish(&m);
	buf_put_u8(&packed, 9);
	T_EQ(compress_chunk(c, buf_bytes(&m.chunk), &packed), ERR_LIMIT);
	T_EQ(packed.n, 1);
	buf_close(&m.chunk);
	/* and the next one gains all the same */
	make(&m, 3);
	pack(&m, &packed);
	comes_back(&m, &packed);
	buf_close(&m.chunk);
	buf_close(&packed);
	buf_close(&payload);
}

static void test_secrets_and_signatures_are_not_compressed(void)
{
	struct buf packed = {0};
	struct payload parts;
	struct chunk_entry v[3];
	struct chunk ch;
	struct made m;

	make(&m, 3);
	pack(&m, &packed);
	T_EQ(chunk_parse(m.chunk.p, m.chunk.n, v, 3, &ch), ERR_OK);
	for (uint32_t i = 0; i < ch.n; i++) {
		T_EQ(payload_parse(v[i].payload.p, v[i].payload.n, &parts), ERR_OK);
		T_OK(memmem(packed.p, packed.n, parts.secret, ENTRY_SECRET_BYTES));
		T_OK(memmem(packed.p, packed.n, v[i].e.sig, SIGN_BYTES));
	}
	buf_close(&m.chunk);
	buf_close(&packed);
}

/* --- what a peer may send ------------------------------------------------------------------------------- */
static void test_a_part_of_it_is_nothing(void)
{
	struct buf packed = {0}, out = {0};
	struct made m;

	make(&m, 4);
	pack(&m, &packed);
	for (size_t n = 0; n < packed.n; n++)
		T_EQ(expand((struct bytes){packed.p, n}, &out), ERR_FORMAT);
	buf_put_u8(&packed, 0);
	T_EQ(expand(buf_bytes(&packed), &out), ERR_FORMAT);
	buf_close(&out);
	buf_close(&m.chunk);
	buf_close(&packed);
}

static void test_a_changed_bit_never_makes_more_than_a_chunk(void)
{
	struct buf packed = {0}, out = {0};
	struct made m;

	make(&m, 4);
	pack(&m, &packed);
	for (size_t bit = 0; bit < packed.n * 8; bit++) {
		packed.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!expand(buf_bytes(&packed), &out))
			T_OK(out.n - 1 <= CHUNK_BYTES_MAX);
		packed.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	comes_back(&m, &packed);
	buf_close(&out);
	buf_close(&m.chunk);
	buf_close(&packed);
}

/* The plain part of @m's message and the text that its frame must hold. */
static size_t front_of(const struct made *m, struct buf *packed, struct buf *text)
{
	struct cur at = cur_of(m->chunk.p, m->chunk.n);
	size_t front = CHUNK_HEAD_BYTES;

	buf_reset(text);
	cur_take(&at, CHUNK_HEAD_BYTES);
	while (cur_left(&at)) {
		const uint8_t *from = at.p;
		size_t payload = chunk_skip_facts(&at);

		cur_take(&at, COMPRESS_PLAIN_BYTES);
		front += (size_t)(at.p - from);
		buf_put(text, cur_take(&at, payload - COMPRESS_PLAIN_BYTES),
			payload - COMPRESS_PLAIN_BYTES);
	}
	T_EQ(at.err, ERR_OK);
	pack(m, packed);
	return front;
}

struct frame {
	const void *dict;
	size_t dict_bytes;
	int window_log, checksum, no_size, no_id;
	size_t more; /* so many more bytes of content */
};

/* A frame of libzstd as somebody else might make it. */
static void put_frame(const struct frame *f, const struct buf *text, struct buf *out)
{
	static uint8_t in[1 << 20], to[1 << 20];
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t n = text->n + f->more;

	T_OK(z && n <= sizeof(in));
	memset(in, 'x', sizeof(in));
	memcpy(in, text->p, text->n);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, f->checksum);
	ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, !f->no_size);
	ZSTD_CCtx_setParameter(z, ZSTD_c_dictIDFlag, !f->no_id);
	if (f->window_log)
		ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, f->window_log);
	if (f->dict)
		T_OK(!ZSTD_isError(ZSTD_CCtx_loadDictionary(z, f->dict, f->dict_bytes)));
	n = ZSTD_compress2(z, to, sizeof(to), in, n);
	T_OK(!ZSTD_isError(n));
	ZSTD_freeCCtx(z);
	buf_put(out, to, n);
}

static void frame_is(const struct frame *f, int want)
{
	struct buf packed = {0}, text = {0}, out = {0};
	struct made m;

	make(&m, 6);
	packed.n = 0;
	packed.n = front_of(&m, &packed, &text);
	put_frame(f, &text, &packed);
	T_OK(packed.n < m.chunk.n);
	T_EQ(expand(buf_bytes(&packed), &out), want);
	buf_close(&out);
	buf_close(&text);
	buf_close(&m.chunk);
	buf_close(&packed);
}

static void test_only_the_frame_of_the_spec_is_taken(void)
{
	static uint8_t other[COMPRESS_DICT_BYTES];
	struct frame right = {compress_dict, COMPRESS_DICT_BYTES, 0, 0, 0, 0, 0}, f;

	frame_is(&right, ERR_OK);
	f = right;
	f.checksum = 1;
	frame_is(&f, ERR_FORMAT);
	f = right;
	f.no_size = 1; /* and so with a window of its own */
	frame_is(&f, ERR_FORMAT);
	f = right;
	f.no_id = 1;
	frame_is(&f, ERR_FORMAT);
	f = right;
	f.more = 1;
	frame_is(&f, ERR_FORMAT);
	f.more = (1 << 20) - CHUNK_BYTES_MAX; /* a bomb */
	frame_is(&f, ERR_FORMAT);
	frame_is(&(struct frame){0}, ERR_FORMAT); /* no dictionary */
	memcpy(other, compress_dict, sizeof(other));
	other[4] ^= 1; /* its ID */
	f = right;
	f.dict = other;
	frame_is(&f, ERR_FORMAT);
}

/* Its ID is ours, and so it says something else, or nothing. */
static void test_a_foreign_dictionary_under_our_id_gives_another_text(void)
{
	static uint8_t other[COMPRESS_DICT_BYTES];
	struct buf packed = {0}, text = {0}, out = {0};
	struct made m;

	memcpy(other, compress_dict, sizeof(other));
	memmove(other + sizeof(other) / 4, compress_dict + sizeof(other) / 4 + 1,
		sizeof(other) * 3 / 4 - 1);
	make(&m, 6);
	packed.n = front_of(&m, &packed, &text);
	put_frame(&(struct frame){.dict = other, .dict_bytes = sizeof(other)}, &text, &packed);
	if (!expand(buf_bytes(&packed), &out)) {
		T_EQ(out.n - 1, m.chunk.n);
		T_OK(memcmp(out.p + 1, m.chunk.p, m.chunk.n) != 0);
	}
	buf_close(&out);
	buf_close(&text);
	buf_close(&m.chunk);
	buf_close(&packed);
}

static void test_one_frame_and_nothing_beside_it(void)
{
	static const uint8_t skip[] = {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'};
	static const uint8_t magics[][4] = {
		{0x24, 0xb5, 0x2f, 0xfd}, {0x27, 0xb5, 0x2f, 0xfd}, {0, 0, 0, 0}};
	struct buf packed = {0}, text = {0}, out = {0};
	struct made m;
	size_t front, frame;

	make(&m, 6);
	front = front_of(&m, &packed, &text);
	frame = packed.n - front;
	buf_put(&packed, skip, sizeof(skip));
	T_EQ(expand(buf_bytes(&packed), &out), ERR_FORMAT);
	packed.n = front;
	buf_put(&packed, skip, sizeof(skip));
	packed.n += frame; /* room enough: what it says does not matter any more */
	T_EQ(expand(buf_bytes(&packed), &out), ERR_FORMAT);
	for (unsigned i = 0; i < 3; i++) { /* older formats of zstd, which libzstd may read */
		pack(&m, &packed);
		memcpy(packed.p + front, magics[i], 4);
		T_EQ(expand(buf_bytes(&packed), &out), ERR_FORMAT);
	}
	pack(&m, &packed);
	T_EQ(packed.p[front + FRAME_DESCRIPTOR] & 0x3f, 0x22);
	T_EQ(packed.p[front + FRAME_DICT_ID] | packed.p[front + FRAME_DICT_ID + 1] << 8,
	     COMPRESS_DICT_ID);
	packed.p[front + FRAME_SIZE] ^= 1;
	T_EQ(expand(buf_bytes(&packed), &out), ERR_FORMAT);
	buf_close(&out);
	buf_close(&text);
	buf_close(&m.chunk);
	buf_close(&packed);
}

/* Facts that promise more than a chunk may have are refused before the frame is looked at. */
static void test_promises_are_bounded_by_the_chunk(void)
{
	struct buf b = {0}, out = {0};
	unsigned n = CHUNK_ENTRIES_MAX < 200 ? CHUNK_ENTRIES_MAX : 200;

	buf_put(&b, (uint8_t[CHUNK_HEAD_BYTES]){0}, CHUNK_HEAD_BYTES);
	be16_put(b.p + 44, (uint16_t)n);
	for (unsigned i = 0; i < n && b.n < CHUNK_BYTES_MAX - 200; i++) {
		buf_put(&b, (uint8_t[3 + TXID_BYTES + SIGN_BYTES]){0}, 3 + TXID_BYTES + SIGN_BYTES);
		buf_put_varint(&b, ENTRY_PAYLOAD_MAX);
		buf_put(&b, (uint8_t[COMPRESS_PLAIN_BYTES]){0}, COMPRESS_PLAIN_BYTES);
	}
	T_EQ(expand(buf_bytes(&b), &out), ERR_LIMIT);
	b.n = CHUNK_HEAD_BYTES;
	buf_put(&b, (uint8_t[3 + TXID_BYTES + SIGN_BYTES]){0}, 3 + TXID_BYTES + SIGN_BYTES);
	buf_put_varint(&b, ENTRY_PAYLOAD_MAX + 1);
	T_EQ(expand(buf_bytes(&b), &out), ERR_FORMAT);
	while (b.n <= CHUNK_BYTES_MAX)
		buf_put_u8(&b, 0);
	T_EQ(expand(buf_bytes(&b), &out), ERR_LIMIT);
	buf_close(&b);
	buf_close(&out);
}

static void test_what_is_no_chunk_is_not_compressed(void)
{
	struct buf packed = {0};
	struct made m;

	make(&m, 3);
	for (size_t n = 0; n < m.chunk.n; n++)
		T_EQ(compress_chunk(c, (struct bytes){m.chunk.p, n}, &packed), ERR_FORMAT);
	buf_put_u8(&m.chunk, 0);
	T_EQ(compress_chunk(c, buf_bytes(&m.chunk), &packed), ERR_FORMAT);
	T_EQ(packed.n, 0);
	buf_close(&m.chunk);
	buf_close(&packed);
}

static void test_the_dictionary_is_that_of_the_spec(void)
{
	static char spec[1 << 19];
	char hex[2 * HASH_BYTES + 1], want[200];
	struct hash h;
	FILE *f = fopen("proto/SPEC.md", "rb");

	T_OK(f);
	spec[fread(spec, 1, sizeof(spec) - 1, f)] = 0;
	fclose(f);
	hash_of(compress_dict, sizeof(compress_dict), &h);
	hash_hex(&h, sizeof(hex) - 1, hex);
	snprintf(want, sizeof(want), "| 1 | 0 | %d | %d | %s |", COMPRESS_DICT_ID,
		 COMPRESS_DICT_BYTES, hex);
	if (!strstr(spec, want))
		t_fail(__FILE__, __LINE__, "SPEC has no row %s", want);
}

T_MAIN_WITH(start, end, T(test_a_chunk_comes_back_as_it_was),
	    T(test_every_type_of_record_comes_back), T(test_one_record_and_many_become_small),
	    T(test_no_gain_is_said_and_adds_nothing),
	    T(test_secrets_and_signatures_are_not_compressed), T(test_a_part_of_it_is_nothing),
	    T(test_a_changed_bit_never_makes_more_than_a_chunk),
	    T(test_only_the_frame_of_the_spec_is_taken),
	    T(test_a_foreign_dictionary_under_our_id_gives_another_text),
	    T(test_one_frame_and_nothing_beside_it), T(test_promises_are_bounded_by_the_chunk),
	    T(test_what_is_no_chunk_is_not_compressed), T(test_the_dictionary_is_that_of_the_spec))
