#include "proto/msg.h"

#include <assert.h>
#include <string.h>

#include "lib/err.h"

/* Body of MSG_CHUNK: feed 32 | first sequence u64 | epoch u32 | count u16 | root 32 | signature 64, then
 * the entries. Each entry says only what its predecessor in the chunk does not; there is one way to
 * write an entry, and the reader refuses every other. */
#define AT_FEED	 0
#define AT_FROM	 32
#define AT_EPOCH 40
#define AT_COUNT 44
#define AT_ROOT	 46
#define AT_SIG	 78

#define F_AUTHOR	0x03 /* 0: as before, 1: index of an earlier one, 2: new */
#define F_AUTHOR_INDEX	0x01
#define F_AUTHOR_NEW	0x02
#define F_KIND		0x04 /* type and schema follow */
#define F_BOOT		0x08
#define F_TOWN		0x10
#define F_TXID_TIMED	0x20 /* the first 6 bytes of the ID are those of the wall time */
#define F_ALL		0x3f
#define TXID_TIME_BYTES 6

#define VARINT_MAX 10
/* flags, author, type, schema, wall, boot, boot_ms, town, txid, signature, payload length */
#define FACTS_MAX (1 + SIGN_KEY_BYTES + 7 * VARINT_MAX + TXID_BYTES + SIGN_BYTES + VARINT_MAX)

_Static_assert(CHUNK_HEAD_BYTES + FACTS_MAX + ENTRY_PAYLOAD_MAX <= CHUNK_BYTES_MAX,
	       "any entry fits a chunk of its own");
_Static_assert(CHUNK_BYTES_MAX < MSG_BYTES_MAX, "a chunk fits a message");
_Static_assert(CHUNK_AUTHORS_MAX <= 256, "an author's index is one byte");

struct facts {
	uint8_t b[FACTS_MAX];
	size_t n;
};

static void put(struct facts *f, const void *p, size_t n)
{
	assert(n <= sizeof(f->b) - f->n);
	memcpy(f->b + f->n, p, n);
	f->n += n;
}

static void put_varint(struct facts *f, uint64_t v)
{
	uint8_t raw[VARINT_MAX];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		raw[n++] = (uint8_t)(v | 0x80);
	raw[n++] = (uint8_t)v;
	put(f, raw, n);
}

/* Differences wrap at 2^64, so any value can follow any other; small steps either way stay short. */
static uint64_t zigzag(uint64_t now, uint64_t before)
{
	uint64_t d = now - before;

	return (d << 1) ^ (0 - (d >> 63));
}

static uint64_t unzigzag(uint64_t z, uint64_t before)
{
	return before + ((z >> 1) ^ (0 - (z & 1)));
}

static uint32_t author_find(const uint8_t known[][SIGN_KEY_BYTES], uint32_t n,
			    const uint8_t key[SIGN_KEY_BYTES])
{
	uint32_t i = 0;

	while (i < n && memcmp(known[i], key, SIGN_KEY_BYTES) != 0)
		i++;
	return i;
}

static bool txid_timed(const struct entry *e)
{
	uint8_t ms[8];

	be64_put(ms, e->wall_ms);
	return !memcmp(e->txid, ms + 2, TXID_TIME_BYTES);
}

int chunk_begin(struct chunk_writer *w, struct buf *out, const struct hash *feed, uint64_t from,
		uint32_t epoch)
{
	static const uint8_t later[CHUNK_HEAD_BYTES - AT_COUNT];

	memset(w, 0, sizeof(*w));
	w->out = out;
	w->start = out->n;
	w->last.feed = *feed;
	w->last.seq = from;
	w->last.epoch = epoch;
	buf_put(out, feed->b, HASH_BYTES);
	buf_put_be64(out, from);
	buf_put_be32(out, epoch);
	return buf_put(out, later, sizeof(later));
}

/* What the receiver cannot see from the leaf must be here, and must be what the leaf promises. */
static int check_entry(const struct chunk_writer *w, const struct entry *e, struct bytes payload)
{
	struct payload parts;
	struct hash commitment;

	if (hash_cmp(&e->feed, &w->last.feed) || e->epoch != w->last.epoch ||
	    e->seq != w->last.seq + (w->n > 0))
		return ERR_INVALID;
	if (payload.n == 0)
		return ERR_NOTFOUND;
	if (payload.n != e->payload_len || payload_parse(payload.p, payload.n, &parts))
		return ERR_CORRUPT;
	payload_commit(&parts, &commitment);
	return hash_cmp(&commitment, &e->commitment) ? ERR_CORRUPT : ERR_OK;
}

static void put_author(const struct chunk_writer *w, const struct entry *e, struct facts *f)
{
	uint32_t i = author_find(w->author, w->nauthors, e->author);

	if (w->n > 0 && !memcmp(e->author, w->last.author, SIGN_KEY_BYTES))
		return;
	if (i < w->nauthors) {
		f->b[0] |= F_AUTHOR_INDEX;
		put(f, &(uint8_t){(uint8_t)i}, 1);
	} else {
		f->b[0] |= F_AUTHOR_NEW;
		put(f, e->author, SIGN_KEY_BYTES);
	}
}

static void put_facts(const struct chunk_writer *w, const struct entry *e, struct facts *f)
{
	const struct entry *last = &w->last;

	f->b[0] = 0;
	f->n = 1;
	put_author(w, e, f);
	if (e->type != last->type || e->schema != last->schema) {
		f->b[0] |= F_KIND;
		put_varint(f, e->type);
		put_varint(f, e->schema);
	}
	put_varint(f, zigzag(e->wall_ms, last->wall_ms));
	if (e->boot != last->boot) {
		f->b[0] |= F_BOOT;
		put_varint(f, zigzag(e->boot, last->boot));
	}
	put_varint(f, zigzag(e->boot_ms, last->boot_ms));
	if (e->town_seen != last->town_seen) {
		f->b[0] |= F_TOWN;
		put_varint(f, zigzag(e->town_seen, last->town_seen));
	}
	if (txid_timed(e)) {
		f->b[0] |= F_TXID_TIMED;
		put(f, e->txid + TXID_TIME_BYTES, TXID_BYTES - TXID_TIME_BYTES);
	} else {
		put(f, e->txid, TXID_BYTES);
	}
	put(f, e->sig, SIGN_BYTES);
	put_varint(f, e->payload_len);
}

int chunk_add(struct chunk_writer *w, const void *leaf, struct bytes payload)
{
	struct facts f;
	struct entry e;
	int err = entry_parse(leaf, ENTRY_LEAF_BYTES, &e);

	if (!err)
		err = check_entry(w, &e, payload);
	if (err)
		return err;
	put_facts(w, &e, &f);
	if (w->n == CHUNK_ENTRIES_MAX || f.n + payload.n > CHUNK_BYTES_MAX - (w->out->n - w->start))
		return ERR_LIMIT;
	if (f.b[0] & F_AUTHOR_NEW) {
		if (w->nauthors == CHUNK_AUTHORS_MAX)
			return ERR_LIMIT;
		memcpy(w->author[w->nauthors++], e.author, SIGN_KEY_BYTES);
	}
	buf_put(w->out, f.b, f.n);
	buf_put(w->out, payload.p, payload.n);
	w->last = e;
	w->n++;
	return w->out->err;
}

int chunk_finish(struct chunk_writer *w, const struct hash *root, const uint8_t sig[SIGN_BYTES])
{
	uint8_t *head;

	if (w->out->err)
		return w->out->err;
	assert(w->n > 0);
	head = w->out->p + w->start;
	be16_put(head + AT_COUNT, (uint16_t)w->n);
	memcpy(head + AT_ROOT, root->b, HASH_BYTES);
	memcpy(head + AT_SIG, sig, SIGN_BYTES);
	return ERR_OK;
}

int chunk_peek(const void *body, size_t n, struct hash *ret_feed, uint64_t *ret_from,
	       uint32_t *ret_n)
{
	const uint8_t *p = body;
	uint32_t count;

	if (n < CHUNK_HEAD_BYTES)
		return ERR_FORMAT;
	if (n > CHUNK_BYTES_MAX)
		return ERR_LIMIT;
	count = be16_get(p + AT_COUNT);
	if (count == 0 || be64_get(p + AT_FROM) > UINT64_MAX - count)
		return ERR_FORMAT;
	if (count > CHUNK_ENTRIES_MAX)
		return ERR_LIMIT;
	memcpy(ret_feed->b, p + AT_FEED, HASH_BYTES);
	*ret_from = be64_get(p + AT_FROM);
	*ret_n = count;
	return ERR_OK;
}

size_t chunk_skip_facts(struct cur *c)
{
	uint8_t flags = cur_u8(c);
	size_t author = flags & F_AUTHOR_NEW ? SIGN_KEY_BYTES : flags & F_AUTHOR_INDEX;
	size_t txid = flags & F_TXID_TIMED ? TXID_BYTES - TXID_TIME_BYTES : TXID_BYTES;
	/* type and schema; wall time; boot; ms since boot; town size */
	unsigned varints = (flags & F_KIND ? 4 : 2) + !!(flags & F_BOOT) + !!(flags & F_TOWN);
	uint64_t payload;

	cur_take(c, author);
	while (varints--)
		cur_varint(c);
	cur_take(c, txid + SIGN_BYTES);
	payload = cur_varint(c);
	if (payload > ENTRY_PAYLOAD_MAX)
		c->err = ERR_FORMAT;
	return c->err ? 0 : (size_t)payload;
}

/* What the reader remembers while it walks the entries of one chunk. */
struct walk {
	struct cur c;
	struct entry last;
	uint32_t n;
	uint32_t nauthors;
	const uint8_t *author[CHUNK_AUTHORS_MAX];
};

static uint64_t differing(struct walk *w, bool given, uint64_t before)
{
	uint64_t v;

	if (!given)
		return before;
	v = unzigzag(cur_varint(&w->c), before);
	if (v == before)
		w->c.err = ERR_FORMAT;
	return v;
}

static void get_author(struct walk *w, uint8_t how, uint8_t ret[SIGN_KEY_BYTES])
{
	const uint8_t *key = w->last.author;
	uint32_t i = 0;

	if (how == F_AUTHOR_INDEX) {
		i = cur_u8(&w->c);
		key = i < w->nauthors ? w->author[i] : NULL;
	} else if (how == F_AUTHOR_NEW) {
		key = cur_take(&w->c, SIGN_KEY_BYTES);
		while (key && i < w->nauthors)
			if (!memcmp(w->author[i++], key, SIGN_KEY_BYTES))
				key = NULL; /* an earlier author has an index */
		if (key && w->nauthors == CHUNK_AUTHORS_MAX)
			key = NULL;
		if (key)
			w->author[w->nauthors++] = key;
	} else if (w->n == 0 || how) {
		key = NULL;
	}
	if (key && how == F_AUTHOR_INDEX && !memcmp(key, w->last.author, SIGN_KEY_BYTES))
		key = NULL;
	if (key)
		memcpy(ret, key, SIGN_KEY_BYTES);
	else
		w->c.err = ERR_FORMAT;
}

static void get_kind(struct walk *w, bool given, struct entry *e)
{
	uint64_t type = w->last.type, schema = w->last.schema;

	if (given) {
		type = cur_varint(&w->c);
		schema = cur_varint(&w->c);
		if (type > UINT16_MAX || schema > UINT16_MAX ||
		    (type == w->last.type && schema == w->last.schema))
			w->c.err = ERR_FORMAT;
	}
	if (schema == 0)
		w->c.err = ERR_FORMAT;
	e->type = (uint16_t)type;
	e->schema = (uint16_t)schema;
}

static void get_txid(struct walk *w, bool timed, struct entry *e)
{
	uint8_t ms[8];

	if (!timed) {
		cur_copy(&w->c, e->txid, TXID_BYTES);
		if (txid_timed(e))
			w->c.err = ERR_FORMAT;
		return;
	}
	be64_put(ms, e->wall_ms);
	memcpy(e->txid, ms + 2, TXID_TIME_BYTES);
	cur_copy(&w->c, e->txid + TXID_TIME_BYTES, TXID_BYTES - TXID_TIME_BYTES);
}

static int get_payload(struct walk *w, struct chunk_entry *ce)
{
	struct payload parts;
	uint64_t n = cur_varint(&w->c);
	int err;

	if (n > ENTRY_PAYLOAD_MAX)
		return ERR_LIMIT;
	ce->payload.n = (size_t)n;
	ce->payload.p = cur_take(&w->c, (size_t)n);
	if (w->c.err)
		return ERR_FORMAT;
	err = payload_parse(ce->payload.p, ce->payload.n, &parts);
	if (err)
		return err;
	payload_commit(&parts, &ce->e.commitment);
	ce->e.payload_len = (uint32_t)n;
	return ERR_OK;
}

static int get_entry(struct walk *w, struct chunk_entry *ce)
{
	struct entry *e = &ce->e;
	uint8_t flags = cur_u8(&w->c);
	uint64_t boot;
	int err;

	if (flags & ~F_ALL)
		return ERR_FORMAT;
	*e = w->last;
	e->seq += w->n > 0;
	get_author(w, flags & F_AUTHOR, e->author);
	get_kind(w, flags & F_KIND, e);
	e->wall_ms = unzigzag(cur_varint(&w->c), w->last.wall_ms);
	boot = differing(w, flags & F_BOOT, w->last.boot);
	if (boot > UINT32_MAX)
		return ERR_FORMAT;
	e->boot = (uint32_t)boot;
	e->boot_ms = unzigzag(cur_varint(&w->c), w->last.boot_ms);
	e->town_seen = differing(w, flags & F_TOWN, w->last.town_seen);
	get_txid(w, flags & F_TXID_TIMED, e);
	cur_copy(&w->c, e->sig, SIGN_BYTES);
	err = get_payload(w, ce);
	if (err || w->c.err)
		return err ? err : ERR_FORMAT;
	w->last = *e;
	w->n++;
	return ERR_OK;
}

int chunk_parse(const void *body, size_t n, struct chunk_entry *v, uint32_t cap, struct chunk *ret)
{
	struct chunk c = {.v = v};
	struct walk w = {0};
	const uint8_t *p = body;
	int err = chunk_peek(body, n, &c.feed, &c.from, &c.n);

	if (err)
		return err;
	if (c.n > cap)
		return ERR_LIMIT;
	c.epoch = be32_get(p + AT_EPOCH);
	if (c.epoch == 0)
		return ERR_FORMAT;
	memcpy(c.root.b, p + AT_ROOT, HASH_BYTES);
	memcpy(c.sig, p + AT_SIG, SIGN_BYTES);
	w.c = cur_of(p + CHUNK_HEAD_BYTES, n - CHUNK_HEAD_BYTES);
	w.last.feed = c.feed;
	w.last.seq = c.from;
	w.last.epoch = c.epoch;
	while (w.n < c.n) {
		err = get_entry(&w, &v[w.n]);
		if (err)
			return err;
	}
	if (cur_done(&w.c))
		return ERR_FORMAT;
	*ret = c;
	return ERR_OK;
}

void chunk_link(struct chunk *c, const struct hash *prev)
{
	for (uint32_t i = 0; i < c->n; i++) {
		struct chunk_entry *ce = &c->v[i];

		ce->e.prev = *prev;
		entry_pack(&ce->e, ce->leaf);
		hash_leaf(ce->leaf, ENTRY_LEAF_BYTES, &ce->leaf_hash);
		prev = &ce->leaf_hash;
	}
}
