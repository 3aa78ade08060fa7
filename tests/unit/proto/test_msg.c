#include "proto/msg.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "proto/tlog.h"
#include "tests/lib/t.h"

#define SAMPLE_MAX     CHUNK_ENTRIES_MAX
#define LEAF_LENGTH_AT 116 /* SPEC 4: of the payload */

/* A feed as its author holds it: leaves and payloads that belong together. */
struct sample {
	struct hash feed;
	uint64_t from;
	uint32_t epoch;
	struct hash before; /* leaf hash of from - 1 */
	uint32_t n;
	struct entry e[SAMPLE_MAX];
	uint8_t leaf[SAMPLE_MAX][ENTRY_LEAF_BYTES];
	struct buf payload[SAMPLE_MAX];
	struct hash root;
};

static void sample_close(struct sample *s)
{
	for (uint32_t i = 0; i < SAMPLE_MAX; i++)
		buf_close(&s->payload[i]);
}

static void root_over(const struct hash *leaf_hash, uint32_t n, struct tlog_edge *edge)
{
	for (uint32_t i = 0; i < n; i++)
		T_EQ(tlog_append(edge, &leaf_hash[i], NULL, NULL), ERR_OK);
}

static void payload_of(struct prng *g, size_t bytes, struct buf *out, struct hash *ret)
{
	uint8_t secret[ENTRY_SECRET_BYTES], part[ENTRY_PAYLOAD_MAX];
	struct payload parts;
	size_t body = bytes - 1 - ENTRY_SECRET_BYTES - 2 - 4,
	       cut = 1 + (size_t)prng_below(g, body - 1);
	size_t mark;

	prng_fill(g, secret, sizeof(secret));
	prng_fill(g, part, body);
	buf_reset(out);
	payload_begin(out, secret);
	mark = payload_part_begin(out);
	buf_put(out, part, cut);
	payload_part_end(out, mark);
	mark = payload_part_begin(out);
	buf_put(out, part + cut, body - cut);
	payload_part_end(out, mark);
	T_EQ(payload_finish(out, 0, 2), ERR_OK);
	T_EQ(out->n, bytes);
	T_EQ(payload_parse(out->p, out->n, &parts), ERR_OK);
	payload_commit(&parts, ret);
}

/* As a clerk works: a few people, steps of seconds, the town feed moving now and then. */
static void ordinary(struct prng *g, struct sample *s, uint32_t i)
{
	struct entry *e = &s->e[i];
	const struct entry *last = i ? e - 1 : NULL;
	uint8_t random[10];

	e->wall_ms = last ? last->wall_ms + prng_below(g, 90000) : UINT64_C(1760000000000);
	e->boot = 7;
	e->boot_ms = last ? last->boot_ms + prng_below(g, 90000) : 5000;
	e->town_seen = last ? last->town_seen + !prng_below(g, 20) : 130;
	e->type = prng_below(g, 3) ? 30 : 31;
	e->schema = 1;
	memset(e->author, (int)prng_below(g, 3), SIGN_KEY_BYTES);
	prng_fill(g, random, sizeof(random));
	txid_make(e->wall_ms, random, e->txid);
}

static void extreme(struct prng *g, struct sample *s, uint32_t i)
{
	static const uint64_t edge[] = {0, 1, UINT64_MAX, INT64_MAX, UINT64_C(1) << 63};
	struct entry *e = &s->e[i];

	e->wall_ms = prng_below(g, 2) ? edge[prng_below(g, 5)] : prng_next(g);
	e->boot = prng_below(g, 2) ? (uint32_t)prng_next(g) : (uint32_t)edge[prng_below(g, 3)];
	e->boot_ms = edge[prng_below(g, 5)];
	e->town_seen = edge[prng_below(g, 5)];
	e->type = (uint16_t)prng_next(g);
	e->schema = (uint16_t)(1 + prng_below(g, UINT16_MAX));
	memset(e->author, (int)prng_below(g, 12), SIGN_KEY_BYTES);
	prng_fill(g, e->txid, TXID_BYTES);
}

static void sample_make(struct prng *g, struct sample *s, uint32_t n, size_t bytes_min,
			size_t bytes_max, void (*facts)(struct prng *, struct sample *, uint32_t))
{
	struct tlog_edge edge = {0};
	struct hash leaf_hash[SAMPLE_MAX], prev;

	prng_fill(g, s->feed.b, HASH_BYTES);
	prng_fill(g, s->before.b, HASH_BYTES);
	s->from = prng_below(g, 1000);
	s->epoch = 1 + (uint32_t)prng_below(g, 3);
	s->n = n;
	prev = s->before;
	for (uint32_t i = 0; i < n; i++) {
		struct entry *e = &s->e[i];
		size_t bytes = bytes_min + (size_t)prng_below(g, bytes_max - bytes_min + 1);

		memset(e, 0, sizeof(*e));
		facts(g, s, i);
		e->feed = s->feed;
		e->seq = s->from + i;
		e->epoch = s->epoch;
		e->prev = prev;
		prng_fill(g, e->sig, SIGN_BYTES);
		payload_of(g, bytes, &s->payload[i], &e->commitment);
		e->payload_len = (uint32_t)s->payload[i].n;
		entry_pack(e, s->leaf[i]);
		hash_leaf(s->leaf[i], ENTRY_LEAF_BYTES, &leaf_hash[i]);
		prev = leaf_hash[i];
	}
	root_over(leaf_hash, n, &edge);
	tlog_root(&edge, &s->root);
}

static const uint8_t a_sig[SIGN_BYTES] = {1, 2, 3};

/* Writes what fits; returns how many entries. */
static uint32_t write_chunk(struct sample *s, struct buf *out)
{
	struct chunk_writer w;
	uint32_t i = 0;
	int err = chunk_begin(&w, out, &s->feed, s->from, s->epoch);

	while (!err && i < s->n) {
		err = chunk_add(&w, s->leaf[i], buf_bytes(&s->payload[i]));
		i += !err;
	}
	T_OK(err == ERR_OK || err == ERR_LIMIT);
	T_EQ(chunk_finish(&w, &s->root, a_sig), ERR_OK);
	T_EQ(w.n, i);
	T_OK(out->n <= CHUNK_BYTES_MAX);
	return i;
}

static void check_back(const struct sample *s, const struct buf *body, uint32_t n)
{
	static struct chunk_entry v[CHUNK_ENTRIES_MAX];
	struct chunk c;

	T_EQ(chunk_parse(body->p, body->n, v, CHUNK_ENTRIES_MAX, &c), ERR_OK);
	T_EQ(c.n, n);
	T_EQ(c.from, s->from);
	T_EQ(c.epoch, s->epoch);
	T_MEM(c.feed.b, s->feed.b, HASH_BYTES);
	T_MEM(c.root.b, s->root.b, HASH_BYTES);
	T_MEM(c.sig, a_sig, SIGN_BYTES);
	chunk_link(&c, &s->before);
	for (uint32_t i = 0; i < n; i++) {
		T_MEM(v[i].leaf, s->leaf[i], ENTRY_LEAF_BYTES);
		T_EQ(v[i].payload.n, s->payload[i].n);
		T_MEM(v[i].payload.p, s->payload[i].p, s->payload[i].n);
	}
}

static void test_leaves_come_back_byte_for_byte(void)
{
	static struct sample s;
	struct prng g;

	prng_seed(&g, 1);
	for (unsigned round = 0; round < 60; round++) {
		struct buf body = {0};
		bool wild = round % 2;

		sample_make(&g, &s, 1 + (uint32_t)prng_below(&g, 100), 30, wild ? 900 : 160,
			    wild ? extreme : ordinary);
		check_back(&s, &body, write_chunk(&s, &body));
		buf_close(&body);
	}
	sample_close(&s);
}

static void test_an_ordinary_entry_needs_little_on_the_wire(void)
{
	static struct sample s;
	struct buf body = {0};
	size_t stored = 0;
	struct prng g;
	uint32_t n;

	prng_seed(&g, 2);
	sample_make(&g, &s, 200, 110, 130, ordinary);
	n = write_chunk(&s, &body);
	for (uint32_t i = 0; i < n; i++)
		stored += ENTRY_LEAF_BYTES + s.payload[i].n;
	printf("wire %.3f of stored (%u entries)\n", (double)body.n / (double)stored, n);
	T_OK(body.n * 100 <= stored * 85);
	T_OK(body.n * 100 <= stored * 60); /* what we reach today */
	buf_close(&body);
	sample_close(&s);
}

static void test_the_largest_entry_fits_a_chunk(void)
{
	static struct sample s;
	struct buf body = {0};
	struct prng g;

	prng_seed(&g, 3);
	sample_make(&g, &s, 2, ENTRY_PAYLOAD_MAX, ENTRY_PAYLOAD_MAX, extreme);
	T_EQ(write_chunk(&s, &body), 1);
	check_back(&s, &body, 1);
	buf_close(&body);
	sample_close(&s);
}

static void test_count_and_authors_end_a_chunk(void)
{
	static struct sample s;
	struct buf body = {0};
	struct prng g;

	prng_seed(&g, 4);
	sample_make(&g, &s, CHUNK_ENTRIES_MAX, 30, 30, ordinary);
	for (uint32_t i = 0; i < CHUNK_ENTRIES_MAX; i++) {
		memset(s.e[i].author, (int)i + 1, SIGN_KEY_BYTES);
		entry_pack(&s.e[i], s.leaf[i]);
	}
	T_EQ(write_chunk(&s, &body), CHUNK_AUTHORS_MAX);
	buf_close(&body);
	sample_close(&s);
}

static void test_what_cannot_be_told_is_an_error(void)
{
	static struct sample s;
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct buf body = {0};
	struct chunk_writer w;
	struct bytes other;
	struct prng g;
	size_t before;

	prng_seed(&g, 5);
	sample_make(&g, &s, 3, 100, 120, ordinary);
	other = buf_bytes(&s.payload[1]);
	T_EQ(chunk_begin(&w, &body, &s.feed, s.from, s.epoch), ERR_OK);
	before = body.n;
	T_EQ(chunk_add(&w, s.leaf[0], (struct bytes){0}), ERR_NOTFOUND);
	T_EQ(chunk_add(&w, s.leaf[0], other), ERR_CORRUPT);
	s.payload[0].p[40] ^= 1;
	T_EQ(chunk_add(&w, s.leaf[0], buf_bytes(&s.payload[0])), ERR_CORRUPT);
	s.payload[0].p[40] ^= 1;
	T_EQ(chunk_add(&w, s.leaf[1], other), ERR_INVALID);
	memcpy(leaf, s.leaf[0], sizeof(leaf));
	leaf[0] ^= 1;
	T_EQ(chunk_add(&w, leaf, buf_bytes(&s.payload[0])), ERR_FORMAT);
	memcpy(leaf, s.leaf[0], sizeof(leaf));
	leaf[10] ^= 1; /* another feed */
	T_EQ(chunk_add(&w, leaf, buf_bytes(&s.payload[0])), ERR_INVALID);
	T_EQ(body.n, before);
	T_EQ(w.n, 0);
	T_EQ(chunk_add(&w, s.leaf[0], buf_bytes(&s.payload[0])), ERR_OK);
	T_EQ(chunk_add(&w, s.leaf[2], buf_bytes(&s.payload[2])), ERR_INVALID);
	buf_close(&body);
	sample_close(&s);
}

static void test_every_truncation_is_refused(void)
{
	static struct chunk_entry v[CHUNK_ENTRIES_MAX];
	static struct sample s;
	struct buf body = {0};
	struct chunk c;
	struct prng g;

	prng_seed(&g, 6);
	sample_make(&g, &s, 4, 60, 120, extreme);
	write_chunk(&s, &body);
	for (size_t n = 0; n < body.n; n++) {
		uint8_t *copy = malloc(n + 1); /* so that a sanitizer sees one byte too far */

		memcpy(copy + 1, body.p, n);
		T_OK(chunk_parse(copy + 1, n, v, CHUNK_ENTRIES_MAX, &c) < 0);
		free(copy);
	}
	buf_put_u8(&body, 0);
	T_EQ(chunk_parse(body.p, body.n, v, CHUNK_ENTRIES_MAX, &c), ERR_FORMAT);
	T_EQ(chunk_parse(body.p, body.n, v, 3, &c), ERR_LIMIT);
	buf_close(&body);
	sample_close(&s);
}

static void flips_are_caught(struct sample *s, struct buf *body)
{
	static struct chunk_entry v[CHUNK_ENTRIES_MAX];
	uint32_t parsed = 0;

	for (size_t bit = 0; bit < body->n * 8; bit++) {
		struct hash leaf_hash[SAMPLE_MAX], root;
		struct tlog_edge edge = {0};
		struct chunk c;

		body->p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!chunk_parse(body->p, body->n, v, CHUNK_ENTRIES_MAX, &c)) {
			parsed++;
			chunk_link(&c, &s->before);
			for (uint32_t i = 0; i < c.n; i++)
				leaf_hash[i] = v[i].leaf_hash;
			root_over(leaf_hash, c.n, &edge);
			tlog_root(&edge, &root);
			/* other entries have another root; a flipped root is not the one signed */
			T_OK(hash_cmp(&root, &c.root) || memcmp(c.sig, a_sig, SIGN_BYTES));
		}
		body->p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	T_OK(parsed > 0);
}

static void test_every_flipped_bit_is_refused_or_changes_the_root(void)
{
	static struct sample s;
	struct prng g;

	prng_seed(&g, 7);
	for (int wild = 0; wild < 2; wild++) {
		struct buf body = {0};

		sample_make(&g, &s, 5, 40, 90, wild ? extreme : ordinary);
		write_chunk(&s, &body);
		flips_are_caught(&s, &body);
		buf_close(&body);
	}
	sample_close(&s);
}

static void test_peek_agrees_with_parse(void)
{
	static struct sample s;
	struct buf body = {0};
	struct hash feed;
	struct prng g;
	uint64_t from;
	uint32_t n;

	prng_seed(&g, 8);
	sample_make(&g, &s, 9, 40, 90, ordinary);
	write_chunk(&s, &body);
	T_EQ(chunk_peek(body.p, body.n, &feed, &from, &n), ERR_OK);
	T_MEM(feed.b, s.feed.b, HASH_BYTES);
	T_EQ(from, s.from);
	T_EQ(n, 9);
	T_EQ(chunk_peek(body.p, 100, &feed, &from, &n), ERR_FORMAT);
	T_EQ(chunk_peek(body.p, CHUNK_BYTES_MAX + 1, &feed, &from, &n), ERR_LIMIT);
	be16_put(body.p + 44, 0);
	T_EQ(chunk_peek(body.p, body.n, &feed, &from, &n), ERR_FORMAT);
	be16_put(body.p + 44, CHUNK_ENTRIES_MAX + 1);
	T_EQ(chunk_peek(body.p, body.n, &feed, &from, &n), ERR_LIMIT);
	be16_put(body.p + 44, 9);
	memset(body.p + 32, 0xff, 8); /* sequences would wrap */
	T_EQ(chunk_peek(body.p, body.n, &feed, &from, &n), ERR_FORMAT);
	buf_close(&body);
	sample_close(&s);
}

static int one_chunk(struct sample *s)
{
	struct buf body = {0};
	struct chunk_writer w;
	int err = chunk_begin(&w, &body, &s->feed, s->from, s->epoch);

	for (uint32_t i = 0; i < s->n && !err; i++)
		err = chunk_add(&w, s->leaf[i], buf_bytes(&s->payload[i]));
	if (!err)
		err = chunk_finish(&w, &s->root, a_sig);
	buf_close(&body);
	return err;
}

static void test_no_memory_is_an_error(void)
{
	static struct sample s;
	struct prng g;

	prng_seed(&g, 9);
	sample_make(&g, &s, 20, 100, 120, ordinary);
	T_OOM(one_chunk(&s));
	sample_close(&s);
}

static struct bytes body_of(const struct buf *b, enum msg_type want)
{
	T_EQ(b->p[0], want);
	return (struct bytes){b->p + 1, b->n - 1};
}

static void test_frontiers_are_sorted_and_come_back(void)
{
	struct msg_front f[3] = {{.size = 7}, {.size = UINT64_MAX}, {.size = 0}},
			 got[MSG_FRONTIER_MAX];
	struct hash a, b;
	struct buf out = {0};
	uint32_t n;

	f[0].feed.b[0] = 9;
	f[1].feed.b[0] = 3;
	f[2].feed.b[0] = 5;
	f[1].root.b[4] = 1;
	T_EQ(msg_frontier(&out, f, 3), ERR_OK);
	T_EQ(msg_frontier_parse(body_of(&out, MSG_FRONTIER), got, &n), ERR_OK);
	T_EQ(n, 3);
	T_MEM(&got[0], &f[1], sizeof(f[0]));
	T_MEM(&got[1], &f[2], sizeof(f[0]));
	T_MEM(&got[2], &f[0], sizeof(f[0]));
	msg_frontier_digest(f, 3, &a);
	msg_frontier_digest(got, 3, &b);
	T_MEM(a.b, b.b, HASH_BYTES);
	got[1].size++;
	msg_frontier_digest(got, 3, &b);
	T_OK(hash_cmp(&a, &b) != 0);
	buf_close(&out);
}

static void test_a_frontier_has_one_order_and_a_maximum(void)
{
	struct msg_front f[MSG_FRONTIER_MAX + 1] = {0}, got[MSG_FRONTIER_MAX];
	struct buf out = {0};
	uint32_t n;

	T_EQ(msg_frontier(&out, f, MSG_FRONTIER_MAX + 1), ERR_LIMIT);
	T_EQ(msg_frontier(&out, f, 2), ERR_OK); /* one feed twice */
	T_EQ(msg_frontier_parse(body_of(&out, MSG_FRONTIER), got, &n), ERR_FORMAT);
	out.p[1] = MSG_FRONTIER_MAX + 1;
	T_EQ(msg_frontier_parse(body_of(&out, MSG_FRONTIER), got, &n), ERR_LIMIT);
	buf_reset(&out);
	T_EQ(msg_frontier(&out, f, 0), ERR_OK);
	T_EQ(msg_frontier_parse(body_of(&out, MSG_FRONTIER), got, &n), ERR_OK);
	T_EQ(n, 0);
	buf_close(&out);
}

static void test_small_messages_come_back(void)
{
	struct msg_ack ack = {.size = 300}, ack2;
	struct msg_cosig cs = {.size = 1, .cosig = {.time_s = 1760000000}}, cs2;
	struct msg_refuse rf = {.seq = 12345, .err = ERR_CORRUPT}, rf2;
	struct hash h = {{1, 2, 3}}, h2;
	struct buf out = {0};
	uint16_t verdict;

	ack.root.b[31] = 1;
	T_EQ(msg_ack(&out, &ack), ERR_OK);
	T_EQ(msg_ack_parse(body_of(&out, MSG_ACK), &ack2), ERR_OK);
	T_MEM(&ack2, &ack, sizeof(ack));
	buf_reset(&out);
	cs.cosig.sig[63] = 9;
	T_EQ(msg_cosig(&out, &cs), ERR_OK);
	T_EQ(msg_cosig_parse(body_of(&out, MSG_COSIG), &cs2), ERR_OK);
	T_EQ(cs2.cosig.time_s, cs.cosig.time_s);
	T_MEM(cs2.cosig.sig, cs.cosig.sig, SIGN_BYTES);
	T_MEM(cs2.root.b, cs.root.b, HASH_BYTES);
	buf_reset(&out);
	cs.cosig.time_s = UINT64_MAX;
	T_EQ(msg_cosig(&out, &cs), ERR_OK);
	T_EQ(msg_cosig_parse(body_of(&out, MSG_COSIG), &cs2), ERR_FORMAT);
	buf_reset(&out);
	T_EQ(msg_refuse(&out, &rf), ERR_OK);
	T_EQ(msg_refuse_parse(body_of(&out, MSG_REFUSE), &rf2), ERR_OK);
	T_EQ(rf2.seq, rf.seq);
	T_EQ(rf2.err, rf.err);
	rf.err = ERR_OK;
	T_EQ(msg_refuse(&out, &rf), ERR_INVALID);
	buf_reset(&out);
	T_EQ(msg_frontier_hash(&out, &h), ERR_OK);
	T_EQ(msg_frontier_hash_parse(body_of(&out, MSG_FRONTIER_HASH), &h2), ERR_OK);
	T_MEM(h2.b, h.b, HASH_BYTES);
	buf_reset(&out);
	T_EQ(msg_enrolled(&out, 513), ERR_OK);
	T_EQ(msg_enrolled_parse(body_of(&out, MSG_ENROLLED), &verdict), ERR_OK);
	T_EQ(verdict, 513);
	buf_close(&out);
}

typedef int parse_fn(struct bytes body);
static int p_ack(struct bytes b)
{
	return msg_ack_parse(b, &(struct msg_ack){0});
}
static int p_cosig(struct bytes b)
{
	return msg_cosig_parse(b, &(struct msg_cosig){0});
}
static int p_refuse(struct bytes b)
{
	return msg_refuse_parse(b, &(struct msg_refuse){0});
}
static int p_frontier(struct bytes b)
{
	struct msg_front f[MSG_FRONTIER_MAX];
	uint32_t n;

	return msg_frontier_parse(b, f, &n);
}
static int p_enrol(struct bytes b)
{
	return msg_enrol_parse(b, &(struct entry){0}, &(struct bytes){0});
}
static int p_enrolled(struct bytes b)
{
	return msg_enrolled_parse(b, &(uint16_t){0});
}
static int p_hash(struct bytes b)
{
	return msg_frontier_hash_parse(b, &(struct hash){0});
}
static int p_hello(struct bytes b)
{
	return hello_parse(b.p, b.n, &(struct hello){0});
}

/* Whole is good; every prefix and one byte more are not. */
static void exact(struct bytes body, parse_fn *parse)
{
	uint8_t *more = malloc(body.n + 1);

	memcpy(more, body.p, body.n);
	more[body.n] = 0;
	T_EQ(parse(body), ERR_OK);
	for (size_t n = 0; n < body.n; n++)
		T_EQ(parse((struct bytes){body.p, n}), ERR_FORMAT);
	T_EQ(parse((struct bytes){more, body.n + 1}), ERR_FORMAT);
	free(more);
}

static void test_messages_have_one_length(void)
{
	static struct sample s;
	struct msg_front f = {.size = 9};
	struct hello h = {.version = HELLO_VERSION, .frame_max = MSG_FRAME_MAX, .invited = true};
	struct buf out = {0};
	struct prng g;

	msg_ack(&out, &(struct msg_ack){.size = 1000});
	exact(body_of(&out, MSG_ACK), p_ack);
	buf_reset(&out);
	msg_cosig(&out, &(struct msg_cosig){.size = 1000});
	exact(body_of(&out, MSG_COSIG), p_cosig);
	buf_reset(&out);
	msg_refuse(&out, &(struct msg_refuse){.seq = 1000, .err = ERR_FORK});
	exact(body_of(&out, MSG_REFUSE), p_refuse);
	buf_reset(&out);
	msg_frontier(&out, &f, 1);
	exact(body_of(&out, MSG_FRONTIER), p_frontier);
	buf_reset(&out);
	msg_enrolled(&out, 3);
	exact(body_of(&out, MSG_ENROLLED), p_enrolled);
	buf_reset(&out);
	msg_frontier_hash(&out, &f.root);
	exact(body_of(&out, MSG_FRONTIER_HASH), p_hash);
	buf_reset(&out);
	prng_seed(&g, 10);
	sample_make(&g, &s, 1, 50, 50, ordinary);
	msg_enrol(&out, s.leaf[0], buf_bytes(&s.payload[0]));
	exact(body_of(&out, MSG_ENROL), p_enrol);
	out.p[1 + ENTRY_LEAF_BYTES + 20] ^= 1;
	T_EQ(p_enrol(body_of(&out, MSG_ENROL)), ERR_FORMAT);
	out.p[1 + ENTRY_LEAF_BYTES + 20] ^= 1;
	out.p[1 + LEAF_LENGTH_AT + 3] ^= 1; /* the leaf says another length */
	T_EQ(p_enrol(body_of(&out, MSG_ENROL)), ERR_FORMAT);
	buf_reset(&out);
	hello_pack(&h, &out);
	exact(buf_bytes(&out), p_hello);
	buf_close(&out);
	sample_close(&s);
}

static void test_hello_comes_back_and_grows_only_in_later_versions(void)
{
	struct hello h = {
		.version = HELLO_VERSION, .features = 5, .frame_max = 20496, .clock_ms = 77};
	struct hello got;
	struct buf out = {0};

	T_EQ(hello_pack(&h, &out), ERR_OK);
	T_EQ(out.n, 17);
	T_EQ(hello_parse(out.p, out.n, &got), ERR_OK);
	T_EQ(got.features, 5);
	T_EQ(got.frame_max, 20496);
	T_EQ(got.clock_ms, 77);
	T_OK(!got.invited);
	buf_put_u8(&out, 1);
	T_EQ(hello_parse(out.p, out.n, &got), ERR_FORMAT);
	out.p[1] = HELLO_VERSION + 1;
	T_EQ(hello_parse(out.p, out.n, &got), ERR_OK);
	out.p[1] = 0;
	T_EQ(hello_parse(out.p, out.n, &got), ERR_FORMAT);
	buf_close(&out);
}

T_MAIN(T(test_leaves_come_back_byte_for_byte), T(test_an_ordinary_entry_needs_little_on_the_wire),
       T(test_the_largest_entry_fits_a_chunk), T(test_count_and_authors_end_a_chunk),
       T(test_what_cannot_be_told_is_an_error), T(test_every_truncation_is_refused),
       T(test_every_flipped_bit_is_refused_or_changes_the_root), T(test_peek_agrees_with_parse),
       T(test_no_memory_is_an_error), T(test_frontiers_are_sorted_and_come_back),
       T(test_a_frontier_has_one_order_and_a_maximum), T(test_small_messages_come_back),
       T(test_messages_have_one_length), T(test_hello_comes_back_and_grows_only_in_later_versions))
