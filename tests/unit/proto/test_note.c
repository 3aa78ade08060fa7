#include "proto/note.h"

#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "lib/text.h"
#include "proto/tlog.h"
#include "tests/lib/t.h"

#define GOLDEN		"tests/vectors/c2sp-golden.txt"
#define FILE_MAX	8192
#define LOG_NAME	"hub.example/township-7"
#define WIT_NAME	"village.example/v12"
#define LOG_VKEY	LOG_NAME "+3aea2738+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define WIT_VKEY	WIT_NAME "+65d74a61+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
#define COSIG_T		1700000000
#define ENTRIES		5
#define INDEX		2
#define DASH		"\xe2\x80\x94 "
#define SOME_B64	"AAAAAAAA" /* six bytes: a key ID nobody has and a signature of a strange type */
#define LINE_WITH(name) DASH name " " SOME_B64 "\n"

/* The golden log: five entries, a hub key and a witness key. */
struct log {
	struct sign_key *hub, *wit, *other;
	struct vkey known[2]; /* hub, witness */
	struct hash leaf[ENTRIES];
	struct checkpoint c;
	struct buf note; /* with both lines */
	size_t log_line; /* where they begin */
	size_t wit_line;
};

static struct sign_key *key_of(uint8_t first)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_key *k;

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(first + i);
	T_EQ(sign_key_from_seed(seed, &k), 0);
	return k;
}

static struct vkey vkey_of(const char *name, uint8_t type, const struct sign_key *k)
{
	struct vkey v = {.type = type};

	snprintf(v.name, sizeof(v.name), "%s", name);
	memcpy(v.key, sign_key_public(k), SIGN_KEY_BYTES);
	return v;
}

static void add_log_line(struct buf *b, const struct checkpoint *c, const char *name,
			 const struct sign_key *k)
{
	uint8_t sig[SIGN_BYTES];

	T_EQ(checkpoint_sign(c, k, sig), 0);
	T_EQ(note_add_sig(b, name, sign_key_public(k), sig), 0);
}

static void add_cosig_line(struct buf *b, const struct checkpoint *c, const char *name,
			   const struct sign_key *k, uint64_t time_s)
{
	struct cosig s;

	T_EQ(cosig_make(c, k, time_s, &s), 0);
	T_EQ(note_add_cosig(b, name, sign_key_public(k), &s), 0);
}

static void log_open(struct log *l)
{
	struct tlog_edge e = {0};

	memset(l, 0, sizeof(*l));
	T_EQ(crypto_start(), 0);
	l->hub = key_of(0x00);
	l->wit = key_of(0x20);
	l->other = key_of(0x77);
	l->known[0] = vkey_of(LOG_NAME, NOTE_ED25519, l->hub);
	l->known[1] = vkey_of(WIT_NAME, NOTE_COSIG, l->wit);
	for (unsigned i = 0; i < ENTRIES; i++) {
		char text[16];
		int n = snprintf(text, sizeof(text), "entry-%u", i);

		hash_leaf(text, (size_t)n, &l->leaf[i]);
		T_EQ(tlog_append(&e, &l->leaf[i], NULL, NULL), 0);
	}
	snprintf(l->c.origin, sizeof(l->c.origin), "%s", LOG_NAME);
	l->c.size = e.size;
	tlog_root(&e, &l->c.root);
	T_EQ(note_begin(&l->note, &l->c), 0);
	l->log_line = l->note.n;
	add_log_line(&l->note, &l->c, LOG_NAME, l->hub);
	l->wit_line = l->note.n;
	add_cosig_line(&l->note, &l->c, WIT_NAME, l->wit, COSIG_T);
}

static void log_close(struct log *l)
{
	buf_close(&l->note);
	sign_key_free(l->hub);
	sign_key_free(l->wit);
	sign_key_free(l->other);
}

static int open_with(const struct log *l, const struct buf *note, uint32_t *ret_cosigs)
{
	struct checkpoint c;
	int err = note_open((const char *)note->p, note->n, l->known, 2, &c, ret_cosigs);

	if (!err)
		T_MEM(&c, &l->c, sizeof(c));
	return err;
}

/* Opens the first @n bytes of the note, and @lines behind them. */
static int open_behind(const struct log *l, size_t n, const char *lines, uint32_t *ret_cosigs)
{
	struct buf b = {0};
	int err;

	buf_put(&b, l->note.p, n);
	buf_puts(&b, lines);
	err = open_with(l, &b, ret_cosigs);
	buf_close(&b);
	return err;
}

/* The body and its empty line, with these lines in place of all others. */
static int open_lines(const struct log *l, const char *lines, uint32_t *ret_cosigs)
{
	return open_behind(l, l->log_line, lines, ret_cosigs);
}

/* The proof text at the end of the golden file. */
static size_t golden_proof(char out[FILE_MAX])
{
	static const char head[] = "c2sp.org/tlog-proof@v1\n";
	FILE *f = fopen(GOLDEN, "r");
	char all[FILE_MAX], *at;
	size_t n;

	T_OK(f);
	n = fread(all, 1, sizeof(all) - 1, f);
	fclose(f);
	all[n] = '\0';
	at = strstr(all, head);
	T_OK(at);
	memcpy(out, at, strlen(at) + 1);
	return strlen(out);
}

static void inclusion(const struct log *l, struct hash *p)
{
	struct hash right;

	/* of entry 2 of 5: its neighbour, the pair on the left, the last leaf */
	p[0] = l->leaf[3];
	hash_node(&l->leaf[0], &l->leaf[1], &p[1]);
	right = l->leaf[4];
	p[2] = right;
}

static void test_golden_keys(void)
{
	static const char *const want[] = {LOG_VKEY, WIT_VKEY};
	struct log l;

	log_open(&l);
	for (size_t i = 0; i < 2; i++) {
		struct buf b = {0};
		struct vkey v;

		T_EQ(note_vkey(&b, l.known[i].name, l.known[i].type, l.known[i].key), 0);
		T_STR(buf_str(&b), want[i]);
		T_EQ(note_vkey_parse(want[i], strlen(want[i]), &v), 0);
		T_MEM(&v, &l.known[i], sizeof(v));
		buf_close(&b);
	}
	log_close(&l);
}

static void test_golden_note_is_made_byte_for_byte_and_opens(void)
{
	char text[FILE_MAX];
	uint32_t cosigs = 99;
	struct log l;
	char *note;

	golden_proof(text);
	note = strstr(text, "\n\n") + 2;
	log_open(&l);
	T_STR(buf_str(&l.note), note);
	T_EQ(open_with(&l, &l.note, &cosigs), 0);
	T_EQ(cosigs, 1);
	T_EQ(open_with(&l, &l.note, NULL), 0);
	log_close(&l);
}

static void test_golden_proof_is_made_byte_for_byte_and_checks(void)
{
	char text[FILE_MAX];
	size_t n = golden_proof(text);
	struct hash p[3];
	struct buf b = {0};
	struct checkpoint c;
	struct log l;

	log_open(&l);
	inclusion(&l, p);
	T_EQ(tlog_proof_write(&b, INDEX, p, 3, buf_bytes(&l.note)), 0);
	T_STR(buf_str(&b), text);
	T_EQ(tlog_proof_check(text, n, &l.leaf[INDEX], l.known, 2, &c), 0);
	T_MEM(&c, &l.c, sizeof(c));
	buf_close(&b);
	log_close(&l);
}

static void test_bare_signatures_are_those_of_the_note(void)
{
	uint8_t sig[SIGN_BYTES];
	struct cosig s;
	struct log l;

	log_open(&l);
	T_EQ(checkpoint_sign(&l.c, l.hub, sig), 0);
	T_OK(checkpoint_verify(&l.c, sign_key_public(l.hub), sig));
	T_OK(!checkpoint_verify(&l.c, sign_key_public(l.wit), sig));
	T_EQ(cosig_make(&l.c, l.wit, COSIG_T, &s), 0);
	T_OK(cosig_verify(&l.c, sign_key_public(l.wit), &s));
	T_OK(!cosig_verify(&l.c, sign_key_public(l.hub), &s));
	/* one is never the other, whatever the key */
	T_OK(!checkpoint_verify(&l.c, sign_key_public(l.wit), s.sig));
	s.time_s++;
	T_OK(!cosig_verify(&l.c, sign_key_public(l.wit), &s));
	l.c.size++;
	T_OK(!checkpoint_verify(&l.c, sign_key_public(l.hub), sig));
	s.time_s--;
	T_OK(!cosig_verify(&l.c, sign_key_public(l.wit), &s));
	log_close(&l);
}

/* A changed name or key ID makes the witness's line an unknown one: then it does not count. */
static void test_every_flipped_bit_is_refused(void)
{
	struct log l;
	size_t free_to, ignored = 0;

	log_open(&l);
	free_to = l.wit_line + strlen(DASH WIT_NAME " ") + 6; /* 6 digits hold the key ID */
	for (size_t i = 0; i < l.note.n; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			uint32_t cosigs = 99;
			int err;

			l.note.p[i] ^= (uint8_t)(1u << bit);
			err = open_with(&l, &l.note, &cosigs);
			l.note.p[i] ^= (uint8_t)(1u << bit);
			if (i >= l.wit_line && i < free_to && !err) {
				T_EQ(cosigs, 0);
				ignored++;
			} else {
				T_OK(err == ERR_CRYPTO || err == ERR_FORMAT);
				T_EQ(cosigs, 99);
			}
		}
	}
	T_OK(ignored > 60);
	log_close(&l);
}

static void test_every_other_byte_of_the_text_is_refused(void)
{
	struct log l;

	log_open(&l);
	for (size_t i = 0; i < l.log_line; i++) {
		uint8_t was = l.note.p[i];

		for (unsigned v = 0; v < 256; v++) {
			l.note.p[i] = (uint8_t)v;
			T_EQ(open_with(&l, &l.note, NULL) == 0, v == was);
		}
		l.note.p[i] = was;
	}
	log_close(&l);
}

static void test_every_cut_is_refused_or_loses_a_line(void)
{
	struct log l;
	uint32_t cosigs;

	log_open(&l);
	for (size_t n = 0; n < l.note.n; n++) {
		struct buf cut = {.p = l.note.p, .n = n};

		cosigs = 99;
		if (n == l.wit_line) {
			T_EQ(open_with(&l, &cut, &cosigs), 0);
			T_EQ(cosigs, 0);
		} else {
			T_OK(open_with(&l, &cut, &cosigs) != 0);
		}
	}
	log_close(&l);
}

static void test_unknown_lines_are_ignored(void)
{
	static const char *const strange[] = {
		LINE_WITH("stranger.example"), /* nobody */
		LINE_WITH(LOG_NAME),	       /* a known name, another key ID */
		LINE_WITH(WIT_NAME),
		/* the hub's key ID under another name */
		DASH "x OuonOGwbT2zAnCt4EjQPul4TvbI+d7Fbn1yJVFZCB+s=\n",
		LINE_WITH("\xe6\x9d\x91.example/\xe8\xb4\xa6"),
		LINE_WITH("with-del\x7f"),
	};
	struct log l;

	log_open(&l);
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		size_t at[] = {l.log_line, l.wit_line, l.note.n};

		for (size_t k = 0; k < 3; k++) {
			struct buf b = {0};
			uint32_t cosigs = 99;

			buf_put(&b, l.note.p, at[k]);
			buf_puts(&b, strange[i]);
			buf_put(&b, l.note.p + at[k], l.note.n - at[k]);
			T_EQ(open_with(&l, &b, &cosigs), 0);
			T_EQ(cosigs, 1);
			buf_close(&b);
		}
	}
	log_close(&l);
}

static void test_a_known_line_that_fails_rejects_the_note(void)
{
	struct checkpoint grown;
	struct log l;
	struct cosig s;
	struct buf b = {0};
	uint8_t sig[SIGN_BYTES];

	log_open(&l);
	grown = l.c;
	grown.size++;
	/* good lines first, then one of the witness over another tree */
	buf_put(&b, l.note.p, l.note.n);
	T_EQ(open_with(&l, &b, NULL), 0);
	add_cosig_line(&b, &grown, WIT_NAME, l.wit, COSIG_T);
	T_EQ(open_with(&l, &b, NULL), ERR_CRYPTO);
	/* the log's own line over another tree, beside its good one */
	buf_reset(&b);
	buf_put(&b, l.note.p, l.note.n);
	T_EQ(checkpoint_sign(&grown, l.hub, sig), 0);
	T_EQ(note_add_sig(&b, LOG_NAME, sign_key_public(l.hub), sig), 0);
	T_EQ(open_with(&l, &b, NULL), ERR_CRYPTO);
	/* a good cosignature whose time was changed */
	buf_reset(&b);
	buf_put(&b, l.note.p, l.wit_line);
	T_EQ(cosig_make(&l.c, l.wit, COSIG_T, &s), 0);
	s.time_s--;
	T_EQ(note_add_cosig(&b, WIT_NAME, sign_key_public(l.wit), &s), 0);
	T_EQ(open_with(&l, &b, NULL), ERR_CRYPTO);
	/* a plain signature by the witness key instead of a cosignature */
	buf_reset(&b);
	buf_put(&b, l.note.p, l.wit_line);
	T_EQ(checkpoint_sign(&l.c, l.wit, s.sig), 0);
	T_EQ(note_add_cosig(&b, WIT_NAME, sign_key_public(l.wit), &s), 0);
	T_EQ(open_with(&l, &b, NULL), ERR_CRYPTO);
	buf_close(&b);
	log_close(&l);
}

static void add_raw_line(struct buf *b, const struct vkey *v, const void *p, size_t n)
{
	uint8_t raw[256];

	note_key_id(v->name, v->type, v->key, raw);
	memcpy(raw + NOTE_KEYID_BYTES, p, n);
	buf_printf(b, DASH "%s ", v->name);
	b64_put(b, raw, NOTE_KEYID_BYTES + n);
	buf_put_u8(b, '\n');
}

static void test_a_known_line_of_another_length_rejects_the_note(void)
{
	struct log l;
	uint8_t p[128] = {0};

	log_open(&l);
	for (size_t i = 0; i < 2; i++) {
		size_t right = i ? 8 + SIGN_BYTES : SIGN_BYTES;

		for (size_t n = 1; n <= right + 9; n++) {
			struct buf b = {0};
			struct cosig s;

			T_EQ(checkpoint_sign(&l.c, l.hub, p), 0);
			if (i) {
				T_EQ(cosig_make(&l.c, l.wit, COSIG_T, &s), 0);
				be64_put(p, COSIG_T);
				memcpy(p + 8, s.sig, SIGN_BYTES);
			}
			buf_put(&b, l.note.p, l.note.n);
			add_raw_line(&b, &l.known[i], p, n);
			T_EQ(open_with(&l, &b, NULL), n == right ? 0 : ERR_CRYPTO);
			buf_close(&b);
		}
	}
	log_close(&l);
}

static void test_a_signature_of_the_log_is_needed(void)
{
	struct log l;
	struct buf b = {0};
	uint32_t cosigs = 99;

	log_open(&l);
	/* the witness alone */
	buf_put(&b, l.note.p, l.log_line);
	buf_put(&b, l.note.p + l.wit_line, l.note.n - l.wit_line);
	T_EQ(open_with(&l, &b, &cosigs), ERR_CRYPTO);
	/* a stranger under the log's name */
	buf_reset(&b);
	buf_put(&b, l.note.p, l.log_line);
	add_log_line(&b, &l.c, LOG_NAME, l.other);
	T_EQ(open_with(&l, &b, &cosigs), ERR_CRYPTO);
	/* another log's key that we know does not speak for this origin */
	buf_reset(&b);
	buf_put(&b, l.note.p, l.log_line);
	add_log_line(&b, &l.c, "other.example/log", l.other);
	l.known[0] = vkey_of("other.example/log", NOTE_ED25519, l.other);
	T_EQ(open_with(&l, &b, &cosigs), ERR_CRYPTO);
	T_EQ(cosigs, 99);
	buf_close(&b);
	log_close(&l);
}

static void test_a_witness_counts_once(void)
{
	struct log l;
	struct buf b = {0};
	struct vkey known[4];
	struct checkpoint c;
	uint32_t cosigs;

	log_open(&l);
	buf_put(&b, l.note.p, l.note.n);
	add_cosig_line(&b, &l.c, WIT_NAME, l.wit, COSIG_T + 1);
	T_EQ(open_with(&l, &b, &cosigs), 0);
	T_EQ(cosigs, 1);
	/* one key under two names is still one witness; another key is another */
	memcpy(known, l.known, sizeof(l.known));
	known[2] = vkey_of("second.example", NOTE_COSIG, l.wit);
	known[3] = vkey_of("third.example", NOTE_COSIG, l.other);
	add_cosig_line(&b, &l.c, "second.example", l.wit, COSIG_T);
	T_EQ(note_open((const char *)b.p, b.n, known, 4, &c, &cosigs), 0);
	T_EQ(cosigs, 1);
	add_cosig_line(&b, &l.c, "third.example", l.other, COSIG_T);
	T_EQ(note_open((const char *)b.p, b.n, known, 4, &c, &cosigs), 0);
	T_EQ(cosigs, 2);
	buf_close(&b);
	log_close(&l);
}

static void test_a_key_rotates_under_the_same_name(void)
{
	struct log l;
	struct buf b = {0};
	struct vkey known[3];
	struct checkpoint c;

	log_open(&l);
	memcpy(known, l.known, sizeof(l.known));
	known[2] = vkey_of(LOG_NAME, NOTE_ED25519, l.other);
	buf_put(&b, l.note.p, l.log_line);
	add_log_line(&b, &l.c, LOG_NAME, l.other);
	T_EQ(note_open((const char *)b.p, b.n, known, 3, &c, NULL), 0);
	buf_close(&b);
	log_close(&l);
}

struct id_row {
	uint32_t id;
	uint32_t seed;
};

static int id_cmp(const void *a, const void *b)
{
	const struct id_row *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void key_of_seed(uint32_t seed, uint8_t out[SIGN_KEY_BYTES])
{
	struct prng g;

	prng_seed(&g, seed);
	prng_fill(&g, out, SIGN_KEY_BYTES);
}

/* Key IDs have 32 bits, so two keys with one name and one ID are easy to find. */
static void test_two_known_keys_with_one_id_are_refused(void)
{
	enum { KEYS = 1 << 18 };
	struct id_row *row = calloc(KEYS, sizeof(*row));
	uint8_t id[NOTE_KEYID_BYTES], sig[SIGN_BYTES] = {0};
	struct vkey known[2] = {{.name = LOG_NAME, .type = NOTE_ED25519},
				{.name = LOG_NAME, .type = NOTE_ED25519}};
	struct buf b = {0};
	struct checkpoint c;
	struct log l;
	uint32_t i;

	T_OK(row);
	log_open(&l);
	for (i = 0; i < KEYS; i++) {
		key_of_seed(i, known[0].key);
		note_key_id(LOG_NAME, NOTE_ED25519, known[0].key, id);
		row[i] = (struct id_row){be32_get(id), i};
	}
	qsort(row, KEYS, sizeof(*row), id_cmp);
	for (i = 1; i < KEYS && row[i].id != row[i - 1].id; i++)
		;
	T_OK(i < KEYS);
	key_of_seed(row[i - 1].seed, known[0].key);
	key_of_seed(row[i].seed, known[1].key);
	buf_put(&b, l.note.p, l.log_line);
	T_EQ(note_add_sig(&b, LOG_NAME, known[0].key, sig), 0);
	T_EQ(note_open((const char *)b.p, b.n, known, 1, &c, NULL), ERR_CRYPTO);
	T_EQ(note_open((const char *)b.p, b.n, known, 2, &c, NULL), ERR_INVALID);
	/* the same key twice is no question */
	known[1] = known[0];
	T_EQ(note_open((const char *)b.p, b.n, known, 2, &c, NULL), ERR_CRYPTO);
	buf_close(&b);
	log_close(&l);
	free(row);
}

static void test_sixteen_lines_are_read_and_seventeen_refused(void)
{
	struct log l;

	log_open(&l);
	for (unsigned total = 2; total <= 20; total++) {
		struct buf b = {0};

		buf_put(&b, l.note.p, l.wit_line);
		for (unsigned i = 0; i < total - 2; i++)
			buf_puts(&b, LINE_WITH("stranger.example"));
		buf_put(&b, l.note.p + l.wit_line, l.note.n - l.wit_line);
		T_EQ(open_with(&l, &b, NULL), total <= NOTE_SIGS_MAX ? 0 : ERR_LIMIT);
		buf_close(&b);
	}
	log_close(&l);
}

static void test_sixteen_known_cosigners_count(void)
{
	struct log l;
	struct buf b = {0};
	struct vkey known[NOTE_SIGS_MAX];
	struct checkpoint c;
	uint32_t cosigs;

	log_open(&l);
	buf_put(&b, l.note.p, l.wit_line);
	known[0] = l.known[0];
	for (unsigned i = 1; i < NOTE_SIGS_MAX; i++) {
		struct sign_key *k = key_of((uint8_t)(100 + i));
		char name[32];

		snprintf(name, sizeof(name), "w%u.example", i);
		known[i] = vkey_of(name, NOTE_COSIG, k);
		add_cosig_line(&b, &l.c, name, k, i);
		sign_key_free(k);
	}
	T_EQ(note_open((const char *)b.p, b.n, known, NOTE_SIGS_MAX, &c, &cosigs), 0);
	T_EQ(cosigs, NOTE_SIGS_MAX - 1);
	buf_close(&b);
	log_close(&l);
}

/* A note of exactly @n bytes: the golden one and a long unknown line. */
static void pad_note(const struct log *l, size_t n, struct buf *b)
{
	size_t left = n - l->note.n -
		      strlen(DASH "n"
				  " "
				  "\n");

	buf_put(b, l->note.p, l->note.n);
	buf_puts(b, DASH "n");
	for (; left % 4; left--)
		buf_put_u8(b, 'n');
	buf_put_u8(b, ' ');
	for (; left; left--)
		buf_put_u8(b, 'A');
	buf_put_u8(b, '\n');
	T_EQ(b->n, n);
}

static void test_the_size_limit(void)
{
	struct log l;

	log_open(&l);
	for (size_t n = NOTE_BYTES_MAX - 8; n <= NOTE_BYTES_MAX + 8; n++) {
		struct buf b = {0};

		pad_note(&l, n, &b);
		T_EQ(open_with(&l, &b, NULL), n <= NOTE_BYTES_MAX ? 0 : ERR_LIMIT);
		buf_close(&b);
	}
	log_close(&l);
}

static void test_malformed_signature_lines_are_refused(void)
{
	static const char *const bad[] = {
		"\n",
		"x\n",
		"- a AAAAAAAA\n",
		"\xe2\x80\x94"
		"a AAAAAAAA\n",
		DASH "\n",
		DASH "a\n",
		DASH "a \n",
		DASH " AAAAAAAA\n",
		DASH "a AAAAAAAA",
		DASH "a AAAA\n",     /* three bytes: no key ID */
		DASH "a AAAAAA==\n", /* four bytes: no signature */
		DASH "a AAAAAAA\n",
		DASH "a AAAAAAB=\n", /* bits beyond the end */
		DASH "a AAAA AAAA\n",
		DASH "a  AAAAAAAA\n",
		DASH "a AAAAAAAA \n",
		DASH "a AAAAAAAA\r\n",
		DASH "a\tb AAAAAAAA\n",
		DASH "a+b AAAAAAAA\n",
	};
	struct log l;

	log_open(&l);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		T_EQ(open_behind(&l, l.wit_line, bad[i], NULL), ERR_FORMAT);
	T_EQ(open_lines(&l, "", NULL), ERR_FORMAT); /* nothing at all after the empty line */
	log_close(&l);
}

/* Nor bytes that are no text. */
static void test_a_name_holds_no_space_of_any_script(void)
{
	static const char *const no[] = {"\xc2\xa0",	 "\xc2\x85",	 "\xe1\x9a\x80",
					 "\xe2\x80\x80", "\xe2\x80\x8a", "\xe2\x80\xa8",
					 "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
					 "\xe3\x80\x80", "\xff",	 "\xed\xa0\x80"};
	static const char *const beside_them[] = {"\xe2\x80\x8b", "\xe3\x80\x81"};
	struct log l;
	char line[64];

	log_open(&l);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		snprintf(line, sizeof(line), DASH "a%sb AAAAAAAA\n", no[i]);
		T_EQ(open_behind(&l, l.wit_line, line, NULL), ERR_FORMAT);
	}
	for (size_t i = 0; i < sizeof(beside_them) / sizeof(beside_them[0]); i++) {
		snprintf(line, sizeof(line), LINE_WITH("a%sb"), beside_them[i]);
		T_EQ(open_lines(&l, line, NULL), ERR_CRYPTO);
	}
	log_close(&l);
}

static void test_checkpoint_bodies(void)
{
#define ROOT "GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw="
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{"o\n5\n" ROOT "\n", 0},
		{"o\n0\n" ROOT "\n", 0},
		{"o\n9223372036854775807\n" ROOT "\n", 0},
		{"\xe6\x9d\x91\n5\n" ROOT "\n", 0},
		{"o\n9223372036854775808\n" ROOT "\n", ERR_FORMAT},
		{"o\n18446744073709551616\n" ROOT "\n", ERR_FORMAT},
		{"", ERR_FORMAT},
		{"\n", ERR_FORMAT},
		{"\n5\n" ROOT "\n", ERR_FORMAT},
		{"o\n\n" ROOT "\n", ERR_FORMAT},
		{"o\n5\n\n", ERR_FORMAT},
		{"o\n5\n" ROOT, ERR_FORMAT},
		{"o\n5\n" ROOT "\n\n", ERR_FORMAT},
		{"o\n5\n" ROOT "\nextension\n", ERR_FORMAT},
		{"o\n05\n" ROOT "\n", ERR_FORMAT},
		{"o\n+5\n" ROOT "\n", ERR_FORMAT},
		{"o\n-5\n" ROOT "\n", ERR_FORMAT},
		{"o\n5 \n" ROOT "\n", ERR_FORMAT},
		{"o\n0x5\n" ROOT "\n", ERR_FORMAT},
		{"o o\n5\n" ROOT "\n", ERR_FORMAT},
		{"o+o\n5\n" ROOT "\n", ERR_FORMAT},
		{"o\r\n5\n" ROOT "\n", ERR_FORMAT},
		{"o\xff\n5\n" ROOT "\n", ERR_FORMAT},
		{"o\n5\n" ROOT "=\n", ERR_FORMAT},
		{"o\n5\n" ROOT "AAAA\n", ERR_FORMAT},
		{"o\n5\nGqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCx=\n", ERR_FORMAT},
		{"o\n5\nGqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUA==\n", ERR_FORMAT},
		{"o\n5\nGqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCwA\n", ERR_FORMAT},
		{"o\n5\nGqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUC-=\n", ERR_FORMAT},
	};
	struct buf b = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct checkpoint c;

		T_EQ(checkpoint_parse(cases[i].text, strlen(cases[i].text), &c), cases[i].err);
		if (cases[i].err)
			continue;
		buf_reset(&b);
		T_EQ(checkpoint_body(&c, &b), 0);
		T_STR(buf_str(&b), cases[i].text);
	}
	buf_close(&b);
}

static void test_names_have_a_longest_length(void)
{
	struct log l;
	char name[ORIGIN_MAX + 1];
	struct buf b = {0};
	struct vkey v;
	struct cosig s;
	uint8_t sig[SIGN_BYTES];

	log_open(&l);
	memset(name, 'n', sizeof(name));
	name[ORIGIN_MAX - 1] = '\0'; /* the longest */
	memcpy(l.c.origin, name, ORIGIN_MAX);
	l.known[0] = vkey_of(name, NOTE_ED25519, l.hub);
	T_EQ(note_begin(&b, &l.c), 0);
	add_log_line(&b, &l.c, name, l.hub);
	T_EQ(cosig_make(&l.c, l.wit, NOTE_TIME_MAX, &s), 0);
	T_OK(cosig_verify(&l.c, sign_key_public(l.wit), &s));
	T_EQ(note_add_cosig(&b, WIT_NAME, sign_key_public(l.wit), &s), 0);
	T_EQ(open_with(&l, &b, NULL), 0);
	l.c.size = TLOG_SIZE_MAX;
	T_EQ(checkpoint_sign(&l.c, l.hub, sig), 0);
	T_EQ(cosig_make(&l.c, l.wit, NOTE_TIME_MAX, &s), 0);
	buf_reset(&b);
	T_EQ(note_vkey(&b, name, NOTE_COSIG, sign_key_public(l.wit)), 0);
	T_EQ(note_vkey_parse((const char *)b.p, b.n, &v), 0);
	/* no NUL within ORIGIN_MAX */
	memset(l.c.origin, 'n', ORIGIN_MAX);
	memset(name, 'n', sizeof(name));
	name[ORIGIN_MAX] = '\0';
	T_EQ(checkpoint_sign(&l.c, l.hub, sig), ERR_INVALID);
	T_EQ(note_begin(&b, &l.c), ERR_INVALID);
	T_EQ(note_vkey(&b, name, NOTE_COSIG, sign_key_public(l.wit)), ERR_INVALID);
	buf_close(&b);
	log_close(&l);
}

static void test_what_cannot_be_written_is_refused(void)
{
	static const char *const bad[] = {"",	  "a b",  "a+b",	  "a\nb",
					  "a\tb", "\xff", "a\xe3\x80\x80"};
	struct log l;
	struct buf b = {0};
	struct cosig s;
	uint8_t sig[SIGN_BYTES];

	log_open(&l);
	T_EQ(checkpoint_sign(&l.c, l.hub, sig), 0);
	T_EQ(cosig_make(&l.c, l.wit, COSIG_T, &s), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct checkpoint c = l.c;

		snprintf(c.origin, sizeof(c.origin), "%s", bad[i]);
		T_EQ(checkpoint_body(&c, &b), ERR_INVALID);
		T_EQ(checkpoint_sign(&c, l.hub, sig), ERR_INVALID);
		T_OK(!checkpoint_verify(&c, sign_key_public(l.hub), sig));
		T_EQ(cosig_make(&c, l.wit, 1, &s), ERR_INVALID);
		T_EQ(note_begin(&b, &c), ERR_INVALID);
		T_EQ(note_add_sig(&b, bad[i], l.known[0].key, sig), ERR_INVALID);
		T_EQ(note_add_cosig(&b, bad[i], l.known[1].key, &s), ERR_INVALID);
		T_EQ(note_vkey(&b, bad[i], NOTE_COSIG, l.known[1].key), ERR_INVALID);
	}
	T_EQ(note_vkey(&b, "a", 0x06, l.known[1].key), ERR_INVALID);
	T_EQ(cosig_make(&l.c, l.wit, (uint64_t)NOTE_TIME_MAX + 1, &s), ERR_INVALID);
	s.time_s = (uint64_t)NOTE_TIME_MAX + 1;
	T_OK(!cosig_verify(&l.c, l.known[1].key, &s));
	T_EQ(note_add_cosig(&b, WIT_NAME, l.known[1].key, &s), ERR_INVALID);
	l.c.size = UINT64_MAX;
	T_EQ(checkpoint_body(&l.c, &b), ERR_INVALID);
	T_EQ(b.n, 0);
	T_EQ(b.err, 0);
	buf_close(&b);
	log_close(&l);
}

static void test_vkeys_that_are_refused(void)
{
	static const char *const bad[] = {
		"",
		"+",
		"++",
		LOG_NAME,
		LOG_NAME "+3aea2738",
		LOG_NAME "+3aea2738+",
		"+3aea2738+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
		"hub.example/township-8+3aea2738+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
		LOG_NAME "+3aea2739+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
		LOG_NAME "+3aea273+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
		LOG_NAME "+3aea2738+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
		LOG_NAME "+3aea2738+BgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
		LOG_NAME "+3aea2738+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG",
		LOG_NAME "+3aea2738+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4AAAA",
		LOG_VKEY "\n",
		" " LOG_VKEY,
	};
	struct vkey v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		T_EQ(note_vkey_parse(bad[i], strlen(bad[i]), &v), ERR_FORMAT);
	for (size_t n = 0; n < strlen(WIT_VKEY); n++)
		T_EQ(note_vkey_parse(WIT_VKEY, n, &v), ERR_FORMAT);
}

static int check_text(const struct log *l, const char *text)
{
	struct checkpoint c;

	return tlog_proof_check(text, strlen(text), &l->leaf[INDEX], l->known, 2, &c);
}

/* The golden proof with its first @from replaced by @to. */
static int check_swapped(const struct log *l, const char *from, const char *to)
{
	char text[FILE_MAX];
	struct buf b = {0};
	char *at;
	int err;

	golden_proof(text);
	at = strstr(text, from);
	T_OK(at);
	buf_put(&b, text, (size_t)(at - text));
	buf_puts(&b, to);
	buf_puts(&b, at + strlen(from));
	err = check_text(l, buf_str(&b));
	buf_close(&b);
	return err;
}

static void test_altered_proofs_are_refused(void)
{
#define FIRST  "J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc=\n"
#define SECOND "LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk=\n"
	struct log l;
	struct checkpoint c;
	char text[FILE_MAX];
	size_t n = golden_proof(text);

	log_open(&l);
	for (unsigned i = 0; i < ENTRIES; i++)
		T_EQ(tlog_proof_check(text, n, &l.leaf[i], l.known, 2, &c),
		     i == INDEX ? 0 : ERR_CRYPTO);
	T_EQ(check_swapped(&l, "proof@v1\n", "proof@v1\nextra AAAA\n"), 0);
	T_EQ(check_swapped(&l, "proof@v1\n", "proof@v1\nextra AAAA\nextra AAAA\n"), ERR_FORMAT);
	T_EQ(check_swapped(&l, "proof@v1\n", "proof@v1\nextra AAA\n"), ERR_FORMAT);
	T_EQ(check_swapped(&l, "proof@v1\n", "proof@v2\n"), ERR_FORMAT);
	T_EQ(check_swapped(&l, "index 2", "index 3"), ERR_CRYPTO);
	T_EQ(check_swapped(&l, "index 2", "index 5"), ERR_CRYPTO);
	T_EQ(check_swapped(&l, "index 2", "index 18446744073709551615"), ERR_CRYPTO);
	T_EQ(check_swapped(&l, "index 2", "index 02"), ERR_FORMAT);
	T_EQ(check_swapped(&l, "index 2", "index"), ERR_FORMAT);
	T_EQ(check_swapped(&l, "index 2\n", ""), ERR_FORMAT);
	T_EQ(check_swapped(&l, FIRST, ""), ERR_CRYPTO);
	T_EQ(check_swapped(&l, FIRST, FIRST FIRST), ERR_CRYPTO);
	T_EQ(check_swapped(&l, FIRST SECOND, SECOND FIRST), ERR_CRYPTO);
	T_EQ(check_swapped(&l, FIRST, "J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpd=\n"),
	     ERR_FORMAT);
	T_EQ(check_swapped(&l, FIRST, "AAAA\n"), ERR_FORMAT);
	T_EQ(check_swapped(&l, "=\n\n" LOG_NAME, "=\n" LOG_NAME), ERR_FORMAT);
	T_EQ(check_swapped(&l, "\n5\n", "\n6\n"), ERR_CRYPTO);
	T_EQ(check_text(&l, ""), ERR_FORMAT);
	for (size_t cut = 0; cut < n - strlen(strstr(text, DASH WIT_NAME)); cut++)
		T_OK(tlog_proof_check(text, cut, &l.leaf[INDEX], l.known, 2, &c) != 0);
	log_close(&l);
}

static void test_every_flipped_bit_above_the_note_is_refused(void)
{
	struct log l;
	struct checkpoint c;
	char text[FILE_MAX];
	size_t n = golden_proof(text);
	size_t head = (size_t)(strstr(text, "\n\n") + 2 - text);

	log_open(&l);
	for (size_t i = 0; i < head; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ (1 << bit));
			T_OK(tlog_proof_check(text, n, &l.leaf[INDEX], l.known, 2, &c) != 0);
			text[i] = (char)(text[i] ^ (1 << bit));
		}
	}
	log_close(&l);
}

static void test_proof_limits(void)
{
	struct log l;
	struct hash p[TLOG_PROOF_MAX + 1];
	struct checkpoint c;
	struct buf b = {0};

	log_open(&l);
	memset(p, 0, sizeof(p));
	T_EQ(tlog_proof_write(&b, INDEX, p, TLOG_PROOF_MAX + 1, buf_bytes(&l.note)), ERR_INVALID);
	T_EQ(tlog_proof_write(&b, INDEX, p, TLOG_PROOF_MAX, buf_bytes(&l.note)), 0);
	T_OK(b.n < TLOG_PROOF_TEXT_MAX);
	T_EQ(tlog_proof_check((const char *)b.p, b.n, &l.leaf[INDEX], l.known, 2, &c), ERR_CRYPTO);
	/* one more hash line than any tree needs */
	buf_reset(&b);
	buf_puts(&b, "c2sp.org/tlog-proof@v1\nindex 2\n");
	for (unsigned i = 0; i <= TLOG_PROOF_MAX; i++)
		buf_puts(&b, FIRST);
	buf_puts(&b, "\n");
	buf_put(&b, l.note.p, l.note.n);
	T_EQ(check_text(&l, buf_str(&b)), ERR_LIMIT);
	/* the whole text */
	buf_reset(&b);
	buf_puts(&b, "c2sp.org/tlog-proof@v1\nextra ");
	while (b.n <= TLOG_PROOF_TEXT_MAX)
		buf_puts(&b, "AAAA");
	T_EQ(check_text(&l, buf_str(&b)), ERR_LIMIT);
	buf_close(&b);
	log_close(&l);
}

static int build_all(const struct log *l)
{
	struct hash p[3];
	struct buf note = {0}, proof = {0}, key = {0};
	uint8_t sig[SIGN_BYTES];
	struct cosig s;

	inclusion(l, p);
	T_EQ(checkpoint_sign(&l->c, l->hub, sig), 0); /* these two need no memory */
	T_EQ(cosig_make(&l->c, l->wit, COSIG_T, &s), 0);
	int err = note_begin(&note, &l->c);
	err = err ? err : note_add_sig(&note, LOG_NAME, l->known[0].key, sig);
	err = err ? err : note_add_cosig(&note, WIT_NAME, l->known[1].key, &s);
	err = err ? err : tlog_proof_write(&proof, INDEX, p, 3, buf_bytes(&note));
	err = err ? err : note_vkey(&key, LOG_NAME, NOTE_ED25519, l->known[0].key);
	buf_close(&note);
	buf_close(&proof);
	buf_close(&key);
	return err;
}

static void test_out_of_memory_is_reported(void)
{
	struct log l;

	log_open(&l);
	T_OOM(build_all(&l));
	log_close(&l);
}

static void test_opening_needs_no_memory(void)
{
	char text[FILE_MAX];
	size_t n = golden_proof(text);
	struct checkpoint c;
	struct log l;

	log_open(&l);
	mem_fail_after(0);
	T_EQ(tlog_proof_check(text, n, &l.leaf[INDEX], l.known, 2, &c), 0);
	mem_fail_after(-1);
	log_close(&l);
}

T_MAIN(T(test_golden_keys), T(test_golden_note_is_made_byte_for_byte_and_opens),
       T(test_golden_proof_is_made_byte_for_byte_and_checks),
       T(test_bare_signatures_are_those_of_the_note), T(test_every_flipped_bit_is_refused),
       T(test_every_other_byte_of_the_text_is_refused),
       T(test_every_cut_is_refused_or_loses_a_line), T(test_unknown_lines_are_ignored),
       T(test_a_known_line_that_fails_rejects_the_note),
       T(test_a_known_line_of_another_length_rejects_the_note),
       T(test_a_signature_of_the_log_is_needed), T(test_a_witness_counts_once),
       T(test_a_key_rotates_under_the_same_name), T(test_two_known_keys_with_one_id_are_refused),
       T(test_sixteen_lines_are_read_and_seventeen_refused), T(test_sixteen_known_cosigners_count),
       T(test_the_size_limit), T(test_malformed_signature_lines_are_refused),
       T(test_a_name_holds_no_space_of_any_script), T(test_checkpoint_bodies),
       T(test_names_have_a_longest_length), T(test_what_cannot_be_written_is_refused),
       T(test_vkeys_that_are_refused), T(test_altered_proofs_are_refused),
       T(test_every_flipped_bit_above_the_note_is_refused), T(test_proof_limits),
       T(test_out_of_memory_is_reported), T(test_opening_needs_no_memory))
