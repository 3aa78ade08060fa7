#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "proto/note.h"
#include "proto/tlog.h"
#include "tests/fuzz/fuzz.h"

/* The input is text for every reader of proto/note.h. Known are the keys of the golden log, so that
 * its texts, which are in the corpus, open. */
#define LOG_NAME "hub.example/township-7"
#define WIT_NAME "village.example/v12"

static struct {
	struct sign_key *hub, *wit;
	struct vkey known[2];
	struct hash leaf; /* entry 2 of the golden log */
} g;

static struct sign_key *key_of(uint8_t first)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_key *k = NULL;
	int err;

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(first + i);
	err = sign_key_from_seed(seed, &k);
	CHECK(!err);
	return k;
}

static struct vkey vkey_of(const char *name, uint8_t type, const struct sign_key *k)
{
	struct vkey v = {.type = type};

	snprintf(v.name, sizeof(v.name), "%s", name);
	memcpy(v.key, sign_key_public(k), SIGN_KEY_BYTES);
	return v;
}

static void once(void)
{
	if (g.hub)
		return;
	int err = crypto_start();
	CHECK(!err);
	g.hub = key_of(0x00);
	g.wit = key_of(0x20);
	g.known[0] = vkey_of(LOG_NAME, NOTE_ED25519, g.hub);
	g.known[1] = vkey_of(WIT_NAME, NOTE_COSIG, g.wit);
	hash_leaf("entry-2", 7, &g.leaf);
}

static void try_vkey(const char *p, size_t n)
{
	struct vkey v, again;
	struct buf b = {0};
	int err;

	if (note_vkey_parse(p, n, &v))
		return;
	err = note_vkey(&b, v.name, v.type, v.key);
	CHECK(!err);
	err = note_vkey_parse((const char *)b.p, b.n, &again);
	CHECK(!err);
	CHECK(memcmp(&v, &again, sizeof(v)) == 0);
	buf_close(&b);
}

/* Whatever reads as a checkpoint is written again as the same bytes, and can be signed and opened. */
static void try_checkpoint(const char *p, size_t n)
{
	struct checkpoint c, again;
	struct vkey known[2];
	uint8_t sig[SIGN_BYTES];
	struct cosig s;
	struct buf b = {0};
	uint32_t cosigs;
	int err;

	if (checkpoint_parse(p, n, &c))
		return;
	err = note_begin(&b, &c);
	CHECK(!err);
	CHECK(b.n == n + 1);
	CHECK(memcmp(b.p, p, n) == 0);
	err = checkpoint_sign(&c, g.hub, sig);
	CHECK(!err);
	err = cosig_make(&c, g.wit, c.size, &s);
	CHECK(!err);
	known[0] = vkey_of(c.origin, NOTE_ED25519, g.hub);
	known[1] = vkey_of(c.origin, NOTE_COSIG, g.wit);
	note_add_sig(&b, c.origin, known[0].key, sig);
	note_add_cosig(&b, c.origin, known[1].key, &s);
	err = note_open((const char *)b.p, b.n, known, 2, &again, &cosigs);
	CHECK(!err);
	CHECK(cosigs == 1);
	CHECK(memcmp(&c, &again, sizeof(c)) == 0);
	buf_close(&b);
}

/* Nobody else holds the keys: what opens is the golden checkpoint. */
static void is_golden(const struct checkpoint *c)
{
	CHECK(c->size == 5);
	CHECK(strcmp(c->origin, LOG_NAME) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct checkpoint c;
	uint32_t cosigs;

	once();
	try_vkey(p, n);
	try_checkpoint(p, n);
	if (note_open(p, n, g.known, 2, &c, &cosigs) == 0) {
		CHECK(cosigs <= 1);
		is_golden(&c);
	}
	if (tlog_proof_check(p, n, &g.leaf, g.known, 2, &c) == 0)
		is_golden(&c);
	return 0;
}
