#include "proto/note.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "lib/text.h"
#include "proto/tlog.h"

#define ED25519_LINE_BYTES (NOTE_KEYID_BYTES + SIGN_BYTES)
#define COSIG_LINE_BYTES   (NOTE_KEYID_BYTES + 8 + SIGN_BYTES)
#define LINE_BYTES_MAX	   (NOTE_BYTES_MAX / 4 * 3) /* what one signature line can hold */
#define KEYID_HEX	   (2 * NOTE_KEYID_BYTES)
#define ROOT_B64	   B64_LEN(HASH_BYTES)
#define SIZE_DIGITS_MAX	   19
#define BODY_MAX	   (ORIGIN_MAX + SIZE_DIGITS_MAX + 1 + ROOT_B64 + 1)
#define COSIG_MSG_MAX	   (BODY_MAX + 64)
#define DASH		   "\xe2\x80\x94 " /* U+2014 and a space begin a signature line */
#define PROOF_HEAD	   "c2sp.org/tlog-proof@v1"

/* A line without its LF. */
struct line {
	const char *p;
	size_t n;
};

/* Takes the text up to the next LF; false when there is none. */
static bool line_next(const char **p, const char *end, struct line *ret)
{
	const char *lf = *p < end ? memchr(*p, '\n', (size_t)(end - *p)) : NULL;

	if (!lf)
		return false;
	*ret = (struct line){*p, (size_t)(lf - *p)};
	*p = lf + 1;
	return true;
}

/* True and the prefix is removed. */
static bool line_skip(struct line *l, const char *prefix)
{
	size_t n = strlen(prefix);

	if (l->n < n || memcmp(l->p, prefix, n) != 0)
		return false;
	l->p += n;
	l->n -= n;
	return true;
}

/* The bytes of a Unicode space at @p, or 0. Below U+0020 nothing comes here. */
static size_t space_bytes(const char *p, size_t n)
{
	static const char *const three[] = {"\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
					    "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

	if (p[0] == ' ')
		return 1;
	if (n >= 2 && (memcmp(p, "\xc2\x85", 2) == 0 || memcmp(p, "\xc2\xa0", 2) == 0))
		return 2;
	if (n < 3)
		return 0;
	for (size_t i = 0; i < sizeof(three) / sizeof(three[0]); i++) {
		if (memcmp(p, three[i], 3) == 0)
			return 3;
	}
	/* U+2000 to U+200A */
	return memcmp(p, "\xe2\x80", 2) == 0 && (uint8_t)p[2] >= 0x80 && (uint8_t)p[2] <= 0x8a ? 3
											       : 0;
}

/* signed-note: UTF-8, not empty, no Unicode spaces, no plus sign, no control characters. All else in a
 * note is digits, base64 and LF, so with this the whole of it has the characters it may have. */
static bool name_chars(const char *p, size_t n)
{
	if (n == 0 || !utf8_valid(p, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((uint8_t)p[i] < 0x20 || p[i] == '+' || space_bytes(p + i, n - i))
			return false;
	}
	return true;
}

static bool name_valid(const char *name)
{
	size_t n = strnlen(name, ORIGIN_MAX);

	return n < ORIGIN_MAX && name_chars(name, n);
}

static bool name_copy(char out[ORIGIN_MAX], const char *p, size_t n)
{
	if (n >= ORIGIN_MAX || !name_chars(p, n))
		return false;
	memset(out, 0, ORIGIN_MAX);
	memcpy(out, p, n);
	return true;
}

/* A buffer over @mem that never asks for more: its maximum, and the NUL of a printf, fit. Not to be
 * closed. */
static struct buf fixed_buf(char *mem, size_t n)
{
	return (struct buf){.p = (uint8_t *)mem, .cap = n, .max = n - 1};
}

/* A line of exactly one hash in base64. */
static bool hash_line(struct line l, struct hash *ret)
{
	size_t got;

	return b64_get(l.p, l.n, ret->b, HASH_BYTES, &got) == 0 && got == HASH_BYTES;
}

static bool known_type(uint8_t type)
{
	return type == NOTE_ED25519 || type == NOTE_COSIG;
}

void note_key_id(const char *name, uint8_t type, const uint8_t key[SIGN_KEY_BYTES],
		 uint8_t out[NOTE_KEYID_BYTES])
{
	struct sha256 s;
	struct hash h;

	sha256_start(&s);
	sha256_add(&s, name, strlen(name));
	sha256_add(&s, "\n", 1);
	sha256_add(&s, &type, 1);
	sha256_add(&s, key, SIGN_KEY_BYTES);
	sha256_end(&s, &h);
	memcpy(out, h.b, NOTE_KEYID_BYTES);
}

int note_vkey(struct buf *out, const char *name, uint8_t type, const uint8_t key[SIGN_KEY_BYTES])
{
	uint8_t id[NOTE_KEYID_BYTES], full[1 + SIGN_KEY_BYTES];
	char hex[KEYID_HEX + 1];

	if (!name_valid(name) || !known_type(type))
		return ERR_INVALID;
	note_key_id(name, type, key, id);
	hex_put(hex, id, sizeof(id));
	full[0] = type;
	memcpy(full + 1, key, SIGN_KEY_BYTES);
	buf_printf(out, "%s+%s+", name, hex);
	b64_put(out, full, sizeof(full));
	return out->err;
}

int note_vkey_parse(const char *s, size_t n, struct vkey *ret)
{
	/* The base64 may hold plus signs of its own: only the first two separate. */
	const char *plus = n ? memchr(s, '+', n) : NULL;
	uint8_t id[NOTE_KEYID_BYTES], want[NOTE_KEYID_BYTES], full[1 + SIGN_KEY_BYTES];
	struct vkey v = {0};
	struct line rest;
	size_t got;

	if (!plus || !name_copy(v.name, s, (size_t)(plus - s)))
		return ERR_FORMAT;
	rest = (struct line){plus + 1, n - (size_t)(plus - s) - 1};
	if (rest.n < KEYID_HEX + 1 || rest.p[KEYID_HEX] != '+' ||
	    !hex_get(rest.p, KEYID_HEX, id, sizeof(id)))
		return ERR_FORMAT;
	if (b64_get(rest.p + KEYID_HEX + 1, rest.n - KEYID_HEX - 1, full, sizeof(full), &got) ||
	    got != sizeof(full) || !known_type(full[0]))
		return ERR_FORMAT;
	v.type = full[0];
	memcpy(v.key, full + 1, SIGN_KEY_BYTES);
	note_key_id(v.name, v.type, v.key, want);
	if (memcmp(id, want, sizeof(id)) != 0)
		return ERR_FORMAT;
	*ret = v;
	return 0;
}

int checkpoint_body(const struct checkpoint *c, struct buf *out)
{
	if (!name_valid(c->origin) || c->size > TLOG_SIZE_MAX)
		return ERR_INVALID;
	buf_printf(out, "%s\n%" PRIu64 "\n", c->origin, c->size);
	b64_put(out, c->root.b, HASH_BYTES);
	return buf_put_u8(out, '\n');
}

int checkpoint_parse(const char *body, size_t n, struct checkpoint *ret)
{
	const char *p = body, *end = body + n;
	struct line origin, size, root;
	struct checkpoint c;

	if (!line_next(&p, end, &origin) || !line_next(&p, end, &size) ||
	    !line_next(&p, end, &root) || p != end)
		return ERR_FORMAT;
	if (!name_copy(c.origin, origin.p, origin.n))
		return ERR_FORMAT;
	if (!u64_parse(size.p, size.n, &c.size) || c.size > TLOG_SIZE_MAX)
		return ERR_FORMAT;
	if (!hash_line(root, &c.root))
		return ERR_FORMAT;
	*ret = c;
	return 0;
}

int checkpoint_sign(const struct checkpoint *c, const struct sign_key *feed_key,
		    uint8_t out[SIGN_BYTES])
{
	char mem[BODY_MAX + 1];
	struct buf b = fixed_buf(mem, sizeof(mem));
	int err = checkpoint_body(c, &b);

	if (err)
		return err;
	sign(feed_key, b.p, b.n, out);
	return 0;
}

bool checkpoint_verify(const struct checkpoint *c, const uint8_t feed_key[SIGN_KEY_BYTES],
		       const uint8_t sig[SIGN_BYTES])
{
	char mem[BODY_MAX + 1];
	struct buf b = fixed_buf(mem, sizeof(mem));

	return checkpoint_body(c, &b) == 0 && sign_verify(feed_key, b.p, b.n, sig);
}

static int cosig_head(uint64_t time_s, struct buf *out)
{
	if (time_s > NOTE_TIME_MAX)
		return ERR_INVALID;
	return buf_printf(out, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
}

static int cosig_message(const struct checkpoint *c, uint64_t time_s, struct buf *out)
{
	int err = cosig_head(time_s, out);

	return err ? err : checkpoint_body(c, out);
}

int cosig_make(const struct checkpoint *c, const struct sign_key *witness, uint64_t time_s,
	       struct cosig *ret)
{
	char mem[COSIG_MSG_MAX + 1];
	struct buf b = fixed_buf(mem, sizeof(mem));
	int err = cosig_message(c, time_s, &b);

	if (err)
		return err;
	ret->time_s = time_s;
	sign(witness, b.p, b.n, ret->sig);
	return 0;
}

bool cosig_verify(const struct checkpoint *c, const uint8_t witness[SIGN_KEY_BYTES],
		  const struct cosig *s)
{
	char mem[COSIG_MSG_MAX + 1];
	struct buf b = fixed_buf(mem, sizeof(mem));

	return cosig_message(c, s->time_s, &b) == 0 && sign_verify(witness, b.p, b.n, s->sig);
}

int note_begin(struct buf *out, const struct checkpoint *c)
{
	int err = checkpoint_body(c, out);

	return err ? err : buf_put_u8(out, '\n');
}

static int add_line(struct buf *out, const char *name, const void *payload, size_t n)
{
	buf_printf(out, DASH "%s ", name);
	b64_put(out, payload, n);
	return buf_put_u8(out, '\n');
}

int note_add_sig(struct buf *out, const char *name, const uint8_t key[SIGN_KEY_BYTES],
		 const uint8_t sig[SIGN_BYTES])
{
	uint8_t payload[ED25519_LINE_BYTES];

	if (!name_valid(name))
		return ERR_INVALID;
	note_key_id(name, NOTE_ED25519, key, payload);
	memcpy(payload + NOTE_KEYID_BYTES, sig, SIGN_BYTES);
	return add_line(out, name, payload, sizeof(payload));
}

int note_add_cosig(struct buf *out, const char *name, const uint8_t key[SIGN_KEY_BYTES],
		   const struct cosig *s)
{
	uint8_t payload[COSIG_LINE_BYTES];

	if (!name_valid(name) || s->time_s > NOTE_TIME_MAX)
		return ERR_INVALID;
	note_key_id(name, NOTE_COSIG, key, payload);
	be64_put(payload + NOTE_KEYID_BYTES, s->time_s);
	memcpy(payload + NOTE_KEYID_BYTES + 8, s->sig, SIGN_BYTES);
	return add_line(out, name, payload, sizeof(payload));
}

/* What note_open has found so far. */
struct opening {
	struct bytes text; /* as received; it is what was signed */
	const struct vkey *known;
	uint32_t nknown;
	struct checkpoint c;
	bool by_log;
	uint32_t cosigs;
	const struct vkey *cosigner[NOTE_SIGS_MAX];
};

/* ERR_NOTFOUND when no known key has this name and key ID. */
static int find_known(const struct opening *o, const struct line *name,
		      const uint8_t id[NOTE_KEYID_BYTES], const struct vkey **ret)
{
	const struct vkey *found = NULL;

	for (uint32_t i = 0; i < o->nknown; i++) {
		const struct vkey *v = &o->known[i];
		uint8_t have[NOTE_KEYID_BYTES];

		if (!str_eq(name->p, name->n, v->name))
			continue;
		note_key_id(v->name, v->type, v->key, have);
		if (memcmp(id, have, sizeof(have)) != 0)
			continue;
		if (found &&
		    (found->type != v->type || memcmp(found->key, v->key, SIGN_KEY_BYTES) != 0))
			return ERR_INVALID;
		found = v;
	}
	if (!found)
		return ERR_NOTFOUND;
	*ret = found;
	return 0;
}

static void count_cosigner(struct opening *o, const struct vkey *v)
{
	for (uint32_t i = 0; i < o->cosigs; i++) {
		if (memcmp(o->cosigner[i]->key, v->key, SIGN_KEY_BYTES) == 0)
			return;
	}
	assert(o->cosigs < NOTE_SIGS_MAX);
	o->cosigner[o->cosigs++] = v;
}

static bool cosig_line(const struct opening *o, const struct vkey *v, const uint8_t *p)
{
	char mem[COSIG_MSG_MAX + 1];
	struct buf b = fixed_buf(mem, sizeof(mem));

	return cosig_head(be64_get(p), &b) == 0 && buf_put(&b, o->text.p, o->text.n) == 0 &&
	       sign_verify(v->key, b.p, b.n, p + 8);
}

/* A line whose name and key ID are known must verify. */
static bool known_line(struct opening *o, const struct vkey *v, const uint8_t *p, size_t n)
{
	switch (v->type) {
	case NOTE_ED25519:
		if (n != SIGN_BYTES || !sign_verify(v->key, o->text.p, o->text.n, p))
			return false;
		o->by_log |= strcmp(v->name, o->c.origin) == 0;
		return true;
	case NOTE_COSIG:
		if (n != 8 + SIGN_BYTES || !cosig_line(o, v, p))
			return false;
		count_cosigner(o, v);
		return true;
	default: return false;
	}
}

static int open_line(struct opening *o, struct line l)
{
	uint8_t payload[LINE_BYTES_MAX];
	const struct vkey *v = NULL;
	const char *space;
	struct line name;
	size_t got;
	int err;

	if (!line_skip(&l, DASH))
		return ERR_FORMAT;
	space = l.n ? memchr(l.p, ' ', l.n) : NULL;
	if (!space)
		return ERR_FORMAT;
	name = (struct line){l.p, (size_t)(space - l.p)};
	l = (struct line){space + 1, l.n - name.n - 1};
	/* No limit on the length of a name that we may not know. */
	if (!name_chars(name.p, name.n) || b64_get(l.p, l.n, payload, sizeof(payload), &got) ||
	    got <= NOTE_KEYID_BYTES)
		return ERR_FORMAT;
	err = find_known(o, &name, payload, &v);
	if (err == ERR_NOTFOUND)
		return 0;
	if (err)
		return err;
	return known_line(o, v, payload + NOTE_KEYID_BYTES, got - NOTE_KEYID_BYTES) ? 0
										    : ERR_CRYPTO;
}

/* Where the signature lines begin: after the last empty line. NULL when there is none. */
static const char *split_note(const char *note, size_t n)
{
	for (size_t i = n; i >= 2; i--) {
		if (note[i - 1] == '\n' && note[i - 2] == '\n')
			return note + i;
	}
	return NULL;
}

static uint32_t count_lines(const char *p, const char *end)
{
	uint32_t n = 0;

	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

int note_open(const char *note, size_t n, const struct vkey *known, uint32_t nknown,
	      struct checkpoint *ret, uint32_t *ret_cosigs)
{
	struct opening o = {.known = known, .nknown = nknown};
	const char *end = note + n, *p;
	struct line l;
	int err;

	if (n > NOTE_BYTES_MAX)
		return ERR_LIMIT;
	p = split_note(note, n);
	if (!p || p == end || end[-1] != '\n')
		return ERR_FORMAT;
	if (count_lines(p, end) > NOTE_SIGS_MAX)
		return ERR_LIMIT;
	o.text = (struct bytes){(const uint8_t *)note, (size_t)(p - 1 - note)};
	err = checkpoint_parse(note, o.text.n, &o.c);
	if (err)
		return err;
	while (line_next(&p, end, &l)) {
		err = open_line(&o, l);
		if (err)
			return err;
	}
	if (!o.by_log)
		return ERR_CRYPTO;
	*ret = o.c;
	if (ret_cosigs)
		*ret_cosigs = o.cosigs;
	return 0;
}

int tlog_proof_write(struct buf *out, uint64_t index, const struct hash *proof, uint32_t n,
		     struct bytes note)
{
	if (n > TLOG_PROOF_MAX)
		return ERR_INVALID;
	buf_printf(out, PROOF_HEAD "\nindex %" PRIu64 "\n", index);
	for (uint32_t i = 0; i < n; i++) {
		b64_put(out, proof[i].b, HASH_BYTES);
		buf_put_u8(out, '\n');
	}
	buf_put_u8(out, '\n');
	return buf_put(out, note.p, note.n);
}

static bool extra_valid(struct line l)
{
	uint8_t extra[TLOG_PROOF_TEXT_MAX / 4 * 3];
	size_t got;

	return b64_get(l.p, l.n, extra, sizeof(extra), &got) == 0;
}

/* The lines above the note; *@p is then at its first byte. */
static int proof_parse(const char **p, const char *end, uint64_t *ret_index, struct hash *ret,
		       uint32_t *ret_n)
{
	struct line l;
	uint32_t len = 0;

	if (!line_next(p, end, &l) || !str_eq(l.p, l.n, PROOF_HEAD) || !line_next(p, end, &l))
		return ERR_FORMAT;
	if (line_skip(&l, "extra ") && (!extra_valid(l) || !line_next(p, end, &l)))
		return ERR_FORMAT;
	if (!line_skip(&l, "index ") || !u64_parse(l.p, l.n, ret_index))
		return ERR_FORMAT;
	for (;;) {
		if (!line_next(p, end, &l))
			return ERR_FORMAT;
		if (l.n == 0)
			break;
		if (len == TLOG_PROOF_MAX)
			return ERR_LIMIT;
		if (!hash_line(l, &ret[len]))
			return ERR_FORMAT;
		len++;
	}
	*ret_n = len;
	return 0;
}

int tlog_proof_check(const char *text, size_t n, const struct hash *leaf_hash,
		     const struct vkey *known, uint32_t nknown, struct checkpoint *ret)
{
	const char *p = text, *end = text + n;
	struct hash proof[TLOG_PROOF_MAX];
	struct checkpoint c;
	uint64_t index;
	uint32_t len;
	int err;

	if (n > TLOG_PROOF_TEXT_MAX)
		return ERR_LIMIT;
	err = proof_parse(&p, end, &index, proof, &len);
	if (err)
		return err;
	err = note_open(p, (size_t)(end - p), known, nknown, &c, NULL);
	if (err)
		return err;
	if (!tlog_verify_inclusion(leaf_hash, index, c.size, &c.root, proof, len))
		return ERR_CRYPTO;
	*ret = c;
	return 0;
}
