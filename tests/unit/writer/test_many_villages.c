#include "daemon/feed/sigs.h"
#include "daemon/ledger/state/read.h"
#include "daemon/writer/writer.h"
#include "lib/err.h"
#include "tests/lib/reads.h"
#include "tests/lib/t.h"
#include "tests/lib/town.h"

/* What is asked about one village, or about a few witnesses, costs the same in a large town. */
#define VILLAGES_MAX 32
#define LAST	     "500101999299" /* behind all others */

/* A town with TOWN_CODE, @n villages that are invited, and LAST, which is enrolled too. Returns its feed. */
static uint32_t open_town(struct town *w, uint32_t n)
{
	char code[13];

	T_OK(n <= VILLAGES_MAX);
	town_open(w, 1);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(code, sizeof(code), "5001019992%02" PRIu32, 10 + i);
		T_EQ(town_invite(w, code, "新村", DAY_NONE), V_ACCEPTED);
	}
	T_EQ(town_invite(w, LAST, "后村", DAY_NONE), V_ACCEPTED);
	T_EQ(town_enrol(w, LAST), V_ACCEPTED);
	return town_feed(w, LAST);
}

static uint32_t read_to_find(uint32_t n)
{
	uint32_t nread;
	struct feed_head h;
	struct town w;
	uint32_t no = open_town(&w, n);

	town_begin(&w);
	reads_begin(w.kv);
	T_EQ(view_feed_named(w.t, FEED_TOWN, LAST, &h), ERR_OK);
	nread = reads_end();
	T_EQ(h.no, no);
	town_commit(&w);
	town_close(&w);
	return nread;
}

static void test_a_feed_is_found_by_code_beside_many_villages(void)
{
	T_EQ(read_to_find(VILLAGES_MAX), read_to_find(1));
}

static void test_a_name_that_is_no_code_finds_nothing(void)
{
	static const char *const names[] = {"500101999210", "50010199929", "5001019992999",
					    "elsewhere",
					    "a name that is far longer than the code of any "
					    "village, or a feed ID in hex, ever is, "
					    "and longer than a key of the store may be"};
	struct feed_head h;
	struct town w;

	open_town(&w, 1);
	town_begin(&w);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		T_EQ(view_feed_named(w.t, FEED_TOWN, names[i], &h), ERR_NOTFOUND);
	town_commit(&w);
	town_close(&w);
}

static void seal(struct town *w, struct checkpoint *ret)
{
	struct sigs_sealed s;
	struct feed_head h;

	T_EQ(feedlog_head(w->t, FEED_TOWN, &h), ERR_OK);
	memcpy(ret->origin, h.origin, sizeof(ret->origin));
	s.size = ret->size = h.size;
	T_EQ(feedlog_root(w->t, FEED_TOWN, h.size, &s.root), ERR_OK);
	ret->root = s.root;
	T_EQ(checkpoint_sign(ret, town_key(w, "feed/town"), s.sig), ERR_OK);
	T_EQ(sigs_sealed_put(w->t, FEED_TOWN, &s), ERR_OK);
}

static void cosign(struct town *w, const struct checkpoint *c, const char *key)
{
	struct sigs_cosig s = {.size = c->size, .root = c->root};

	memcpy(s.witness, sign_key_public(town_key(w, key)), SIGN_KEY_BYTES);
	T_EQ(cosig_make(c, town_key(w, key), 1767225600, &s.cosig), ERR_OK);
	T_EQ(sigs_cosig_put(w->t, FEED_TOWN, &s), ERR_OK);
}

static uint32_t lines_of(const struct buf *note)
{
	uint32_t n = 0;

	for (size_t i = 0; i < note->n; i++)
		n += note->p[i] == '\n';
	return n;
}

/* The note of a town feed that two villages have cosigned, and keys that witness nothing. */
static uint32_t read_for_note(uint32_t n)
{
	static const char *const keys[] = {"witness/" TOWN_CODE, "witness/" LAST, "feed/" LAST,
					   "feed/town", "stranger"};
	uint32_t nread;
	struct buf note = {0};
	struct checkpoint c = {0};
	struct town w;

	open_town(&w, n);
	town_begin(&w);
	seal(&w, &c);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		cosign(&w, &c, keys[i]);
	reads_begin(w.kv);
	T_EQ(writer_note(w.t, FEED_TOWN, &note), ERR_OK);
	nread = reads_end();
	T_EQ(lines_of(&note),
	     4 + 1 + 2); /* body and empty line, the town's own line, two witnesses */
	buf_close(&note);
	town_commit(&w);
	town_close(&w);
	return nread;
}

static void test_a_note_names_its_witnesses_beside_many_villages(void)
{
	T_EQ(read_for_note(VILLAGES_MAX), read_for_note(1));
}

/* A witness that has signed another tree, or a smaller one, has not signed this one. */
static void test_a_note_has_no_cosignature_of_another_tree(void)
{
	struct checkpoint c = {0}, other;
	struct buf note = {0};
	struct town w;

	open_town(&w, 1);
	town_begin(&w);
	seal(&w, &c);
	other = c;
	other.root.b[0] ^= 1;
	cosign(&w, &other, "witness/" TOWN_CODE);
	other = c;
	other.size--;
	cosign(&w, &other, "witness/" LAST);
	T_EQ(writer_note(w.t, FEED_TOWN, &note), ERR_OK);
	T_EQ(lines_of(&note), 4 + 1); /* body and empty line, the town's own line */
	buf_reset(&note);
	cosign(&w, &c, "witness/" LAST);
	T_EQ(writer_note(w.t, FEED_TOWN, &note), ERR_OK);
	T_EQ(lines_of(&note), 4 + 1 + 1);
	buf_close(&note);
	town_commit(&w);
	town_close(&w);
}

T_MAIN(T(test_a_feed_is_found_by_code_beside_many_villages),
       T(test_a_name_that_is_no_code_finds_nothing),
       T(test_a_note_names_its_witnesses_beside_many_villages),
       T(test_a_note_has_no_cosignature_of_another_tree))
