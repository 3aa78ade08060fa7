/* What is on the edge of a chunk: the last byte that fits, and forms that say the same in two ways. */
#include "proto/msg.h"

#include "lib/err.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

#define HEAD_BYTES 142 /* SPEC 9.5 */
#define ENTRY_MIN  128 /* payloads from so many bytes on have a length of two bytes */

static const uint8_t a_sig[SIGN_BYTES] = {1, 2, 3};
static struct hash feed;

static void payload_of(struct prng *g, size_t bytes, struct buf *out, struct hash *ret)
{
	uint8_t secret[ENTRY_SECRET_BYTES], part[ENTRY_PAYLOAD_MAX];
	size_t mark, body = bytes - 1 - ENTRY_SECRET_BYTES - 2 - 2;
	struct payload parts;

	prng_fill(g, secret, sizeof(secret));
	prng_fill(g, part, body);
	buf_reset(out);
	payload_begin(out, secret);
	mark = payload_part_begin(out);
	buf_put(out, part, body);
	payload_part_end(out, mark);
	T_EQ(payload_finish(out, 0, 1), ERR_OK);
	T_EQ(out->n, bytes);
	T_EQ(payload_parse(out->p, out->n, &parts), ERR_OK);
	payload_commit(&parts, ret);
}

/* Every one says as little as the one before it. */
static int add(struct chunk_writer *w, struct prng *g, uint64_t seq, size_t bytes)
{
	struct entry e = {.feed = feed, .seq = seq, .epoch = 1, .type = 30, .schema = 1};
	uint8_t leaf[ENTRY_LEAF_BYTES], random[10];
	struct buf payload = {0};
	int err;

	e.wall_ms = UINT64_C(1760000000000);
	prng_fill(g, random, sizeof(random));
	txid_make(e.wall_ms, random, e.txid);
	payload_of(g, bytes, &payload, &e.commitment);
	e.payload_len = (uint32_t)payload.n;
	entry_pack(&e, leaf);
	err = chunk_add(w, leaf, buf_bytes(&payload));
	buf_close(&payload);
	return err;
}

static void begin(struct chunk_writer *w, struct buf *out)
{
	T_EQ(chunk_begin(w, out, &feed, 0, 1), ERR_OK);
}

static void reads_back(struct chunk_writer *w, uint32_t n)
{
	static struct chunk_entry v[CHUNK_ENTRIES_MAX];
	struct chunk c;

	T_EQ(chunk_finish(w, &feed, a_sig), ERR_OK);
	T_EQ(chunk_parse(w->out->p + w->start, w->out->n - w->start, v, CHUNK_ENTRIES_MAX, &c),
	     ERR_OK);
	T_EQ(c.n, n);
}

/* A chunk with @more bytes than it may have, by its last entry; whether there is one in front of it in the buffer. */
static void fill(size_t more, size_t before, int want)
{
	struct chunk_writer w;
	struct buf out = {0};
	struct prng g;
	size_t facts, room;
	uint64_t seq = 0;

	prng_seed(&g, 1);
	while (out.n < before)
		buf_put_u8(&out, 0xee);
	begin(&w, &out);
	T_EQ(add(&w, &g, seq++, ENTRY_MIN), ERR_OK);
	facts = out.n;
	T_EQ(add(&w, &g, seq++, ENTRY_MIN), ERR_OK);
	facts = out.n - facts - ENTRY_MIN;
	while ((room = CHUNK_BYTES_MAX - (out.n - before)) > 4 * (facts + ENTRY_MIN))
		T_EQ(add(&w, &g, seq++, 2 * ENTRY_MIN), ERR_OK);
	T_EQ(add(&w, &g, seq, room - facts + more), want);
	T_EQ(out.n - before, want ? CHUNK_BYTES_MAX - room : CHUNK_BYTES_MAX);
	reads_back(&w, (uint32_t)(want ? seq : seq + 1));
	buf_close(&out);
}

static void test_a_chunk_is_full_to_its_last_byte_and_no_further(void)
{
	for (size_t before = 0; before < 3; before++) {
		fill(0, before, ERR_OK);
		fill(1, before, ERR_LIMIT);
		fill(2, before, ERR_LIMIT);
	}
}

/* Whatever is put into it: what the writer makes, the reader takes. */
static void test_every_chunk_that_is_made_can_be_read(void)
{
	uint32_t made = 0;
	struct prng g;

	prng_seed(&g, 2);
	for (unsigned i = 0; i < 300; i++) {
		size_t most = ENTRY_MIN + (size_t)prng_below(&g, ENTRY_PAYLOAD_MAX - ENTRY_MIN);
		struct chunk_writer w;
		struct buf out = {0};
		uint64_t seq = 0;
		int err;

		begin(&w, &out);
		do
			err = add(&w, &g, seq, ENTRY_MIN + (size_t)prng_below(&g, most));
		while (!err && ++seq);
		T_EQ(err, ERR_LIMIT);
		T_OK(seq > 0); /* the largest entry fits alone */
		T_OK(out.n <= CHUNK_BYTES_MAX);
		reads_back(&w, (uint32_t)seq);
		made += seq > 1;
		buf_close(&out);
	}
	T_OK(made > 100);
}

/* --- one way to write an entry ---------------------------------------------------------------------- */
#define F_AUTHOR_INDEX 0x01
#define F_AUTHOR_NEW   0x02
#define F_KIND	       0x04
#define F_BOOT	       0x08
#define F_TOWN	       0x10

static void test_what_repeats_its_predecessor_is_refused(void)
{
	/* of the second entry, which differs from the first in nothing: flags, wall, boot_ms, the rest of its
	 * transaction ID; what is put in, and where behind the flags */
	static const struct {
		uint8_t flag, at, n, bytes[SIGN_KEY_BYTES];
	} cases[] = {
		{F_AUTHOR_INDEX, 0, 1, {0}},		/* index of the author it has */
		{F_AUTHOR_NEW, 0, SIGN_KEY_BYTES, {0}}, /* the same key in full */
		{F_KIND, 0, 2, {30, 1}},
		{F_BOOT, 1, 1, {0}},
		{F_TOWN, 2, 1, {0}},
		{0, 0, 0, {0}}, /* as the writer has it */
	};
	static struct chunk_entry v[2];
	struct chunk_writer w;
	struct buf made = {0};
	struct prng g;
	struct chunk c;
	size_t second;

	prng_seed(&g, 3);
	begin(&w, &made);
	T_EQ(add(&w, &g, 0, ENTRY_MIN), ERR_OK);
	second = made.n;
	T_EQ(add(&w, &g, 1, ENTRY_MIN), ERR_OK);
	T_EQ(chunk_finish(&w, &feed, a_sig), ERR_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t at = second + 1 + cases[i].at;
		struct buf other = {0};

		buf_put(&other, made.p, at);
		buf_put(&other, cases[i].bytes, cases[i].n);
		buf_put(&other, made.p + at, made.n - at);
		other.p[second] |= cases[i].flag;
		T_EQ(chunk_parse(other.p, other.n, v, 2, &c), cases[i].flag ? ERR_FORMAT : ERR_OK);
		buf_close(&other);
	}
	buf_close(&made);
}

/* The first entry follows on zeros: what is zero there is not said either. */
static void test_a_first_entry_says_no_zeros(void)
{
	static const struct {
		uint8_t flag, at;
	} cases[] = {{F_BOOT, 1}, {F_TOWN, 2}};
	static struct chunk_entry v[1];
	struct chunk_writer w;
	struct buf made = {0};
	struct prng g;
	struct chunk c;
	size_t wall = HEAD_BYTES + 1 + SIGN_KEY_BYTES + 2, end = wall;

	prng_seed(&g, 4);
	begin(&w, &made);
	T_EQ(add(&w, &g, 0, ENTRY_MIN), ERR_OK);
	T_EQ(chunk_finish(&w, &feed, a_sig), ERR_OK);
	while (made.p[end] & 0x80) /* its wall time has more than one byte */
		end++;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t at = end + cases[i].at;
		struct buf other = {0};

		buf_put(&other, made.p, at);
		buf_put_u8(&other, 0);
		buf_put(&other, made.p + at, made.n - at);
		other.p[HEAD_BYTES] |= cases[i].flag;
		T_EQ(chunk_parse(other.p, other.n, v, 1, &c), ERR_FORMAT);
		buf_close(&other);
	}
	buf_close(&made);
}

T_MAIN(T(test_a_chunk_is_full_to_its_last_byte_and_no_further),
       T(test_every_chunk_that_is_made_can_be_read),
       T(test_what_repeats_its_predecessor_is_refused), T(test_a_first_entry_says_no_zeros))
