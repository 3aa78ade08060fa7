#include "daemon/ledger/rules/fold.h"

#include "lib/err.h"
#include "tests/lib/life.h"
#include "tests/lib/t.h"

/* Every record type is accepted once and refused once by its own rule. The accepted ones come from a village
 * that lives the whole scheme; each is then put again with one field after another set to what does not fit,
 * in a transaction that is thrown away. What roles and the form of an entry refuse does not count. */
#define LINES_MAX 200

static struct town w;
static uint32_t village;
static bool accepted[UINT8_MAX + 1], refused[UINT8_MAX + 1];

struct sample {
	const struct rec_type *type;
	struct payload payload;
	struct buf bytes;
	char author[40];
	union rec_any head;
	uint64_t lines[LINES_MAX * REC_LINE_SIZE_MAX / 8];
	uint32_t nlines;
};

static const char *name_of(const uint8_t key[SIGN_KEY_BYTES])
{
	for (uint32_t i = 0; i < w.nkeys; i++)
		if (memcmp(sign_key_public(w.key[i].key), key, SIGN_KEY_BYTES) == 0)
			return w.key[i].name;
	t_fail(__FILE__, __LINE__, "an author without a name");
}

static void sample_of(uint32_t no, uint64_t seq, struct sample *s)
{
	struct bytes leaf, payload;
	struct entry e;

	town_begin(&w);
	T_EQ(feedlog_read(w.t, no, seq, &leaf, &payload), ERR_OK);
	T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
	buf_reset(&s->bytes);
	T_EQ(buf_put(&s->bytes, payload.p, payload.n), ERR_OK);
	town_commit(&w);
	T_EQ(payload_parse(s->bytes.p, s->bytes.n, &s->payload), ERR_OK);
	s->type = rec_type_of(e.type);
	snprintf(s->author, sizeof(s->author), "%s", name_of(e.author));
	T_EQ(rec_decode_head(s->type, &s->payload, &s->head), ERR_OK);
	T_EQ(rec_nlines(s->type, &s->payload, &s->nlines), ERR_OK);
	for (uint32_t i = 0; i < s->nlines; i++)
		T_EQ(rec_decode_line(s->type, &s->payload, i,
				     (uint8_t *)s->lines + i * s->type->line_size),
		     ERR_OK);
}

/* Does the rule of the type say so, and not what every entry must hold to? */
static bool is_own(enum verdict_id id)
{
	return id != V_ACCEPTED && id != V_NO_ROLE && id != V_UNKNOWN_PERSON &&
	       id != V_UNKNOWN_TYPE && id != V_WRONG_FEED && id != V_NOT_ENROLLED &&
	       id != V_TOWN_SEEN && id != V_TXID_REUSED && id != V_BAD_SIGNATURE;
}

static enum verdict_id try(uint32_t no, const struct sample *s)
{
	town_begin(&w);
	town_put(&w, no, s->author, (enum rec_code)s->type->code, &s->head, s->lines, s->nlines);
	kv_abort(w.t);
	w.t = NULL;
	refused[s->type->code] |= is_own(w.last.reason.id);
	return w.last.reason.id;
}

/* Another value of the field, within its bounds; false: there is none to think of. */
static bool alter(const struct rec_field *f, uint8_t *record, uint8_t text[600])
{
	void *at = record + f->offset;
	struct bytes *b = at;

	switch (f->kind) {
	case REC_U:
	case REC_MINUTE: *(uint64_t *)at = (uint64_t)f->max; return true;
	case REC_POINTS: *(struct points *)at = points_of(f->max); return true;
	case REC_FEN: *(struct fen *)at = fen_of(f->max); return true;
	case REC_QTY: *(struct qty *)at = qty_of(f->max); return true;
	case REC_DAY: *(day_t *)at = DAY_MAX; return true;
	case REC_CHOICE:
		*(uint32_t *)at =
			*(uint32_t *)at == f->max ? (uint32_t)f->min : *(uint32_t *)at + 1;
		return true;
	case REC_CODE:
	case REC_BIN:
	case REC_DIGEST:
		T_OK(f->max <= 600);
		if (b->n == 0)
			b->n = (size_t)f->max;
		memset(text, '9', b->n);
		b->p = text;
		return true;
	case REC_TEXT: return false;
	}
	return false;
}

static void alter_each(uint32_t no, const struct sample *s, const struct rec_field *f, uint32_t n,
		       bool line)
{
	static struct sample other;
	uint8_t text[600];

	for (uint32_t i = 0; i < n; i++) {
		other = *s;
		if (alter(&f[i], line ? (uint8_t *)other.lines : other.head.raw, text))
			try(no, &other);
	}
}

static void provoke(uint32_t no)
{
	static struct sample s;
	uint64_t size = town_size(&w, no);

	for (uint64_t seq = 0; seq < size; seq++) {
		sample_of(no, seq, &s);
		if (accepted[s.type->code])
			continue;
		accepted[s.type->code] = true;
		try(no, &s); /* once more, all the same */
		alter_each(no, &s, s.type->head, s.type->nhead, false);
		if (s.nlines)
			alter_each(no, &s, s.type->line, s.type->nline, true);
	}
	buf_close(&s.bytes);
}

static void live(void)
{
	struct life l = {.w = &w, .code = TOWN_CODE};

	village = l.no = town_open(&w, 3);
	life_live(&l);
}

static void test_every_type_is_accepted_and_refused(void)
{
	provoke(FEED_TOWN);
	provoke(village);
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		if (!accepted[rec_types[i].code])
			t_fail(__FILE__, __LINE__, "no entry of type %s", rec_types[i].name);
		if (!refused[rec_types[i].code])
			t_fail(__FILE__, __LINE__, "nothing refuses type %s", rec_types[i].name);
	}
}

static void close_town(void)
{
	town_close(&w);
}

T_MAIN_WITH(live, close_town, T(test_every_type_is_accepted_and_refused, "R19"))
