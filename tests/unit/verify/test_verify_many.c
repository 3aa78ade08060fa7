#include "daemon/feed/sigs.h"
#include "daemon/store/kvmem.h"
#include "daemon/verify/verify.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "proto/manifest.h"
#include "tests/lib/t.h"
#include "tests/lib/town.h"

/* A healthy hub with thousands of villages. Nothing is folded and no author signs, so the check runs without both. */
#define NOBODY UINT32_MAX

struct many {
	struct town w;
	struct feedlog log; /* of the town feed */
	struct buf payload, manifest;
	uint32_t absent; /* the village whose feed is not here */
	uint32_t forks;	 /* the village that has cosigned another history */
	bool apart;	 /* village i has cosigned at a size of its own */
};

static void code_of(uint32_t i, char ret[13])
{
	snprintf(ret, 13, "5001%08" PRIu32, i);
}

static struct sign_key *key_of(uint32_t i)
{
	uint8_t seed[32] = "village";
	struct sign_key *k;

	be32_put(seed + 8, i);
	T_EQ(sign_key_from_seed(seed, &k), ERR_OK);
	return k;
}

static void append(struct many *m, enum rec_code type, const void *head)
{
	static const uint8_t secret[ENTRY_SECRET_BYTES];
	const struct rec_type *rec = rec_type_of((uint16_t)type);
	struct entry e = {.feed = m->log.head.id, .type = rec->code, .schema = rec->schema};
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct payload parts;
	struct hash hash;

	buf_reset(&m->payload);
	T_EQ(rec_encode(rec, head, NULL, 0, secret, &m->payload, NULL), ERR_OK);
	T_EQ(payload_parse(m->payload.p, m->payload.n, &parts), ERR_OK);
	payload_commit(&parts, &e.commitment);
	e.payload_len = (uint32_t)m->payload.n;
	e.wall_ms = m->w.wall_ms;
	town_place(&m->log.head, &e);
	be64_put(e.txid, e.seq + 1);
	entry_pack(&e, leaf);
	T_EQ(feedlog_append(&m->log, &e, leaf, buf_bytes(&m->payload), &hash), ERR_OK);
}

static void enrol(struct many *m, uint32_t i)
{
	struct manifest parts = {.town = m->w.id};
	struct sign_key *key = key_of(i);
	char origin[ORIGIN_MAX], code[13];
	struct feed_head h;
	struct hash id;

	code_of(i, code);
	memcpy(parts.feed_key, sign_key_public(key), SIGN_KEY_BYTES);
	buf_reset(&m->manifest);
	T_EQ(manifest_pack(&parts, &m->manifest), ERR_OK);
	append(m, REC_village_enrol,
	       &(struct rec_village_enrol){.village_code = town_b(code),
					   .manifest = buf_bytes(&m->manifest),
					   .witness_key = town_key_bytes(key),
					   .transport_key = town_key_bytes(key),
					   .head_name = town_b("李支书"),
					   .head_key = town_key_bytes(key)});
	sign_key_free(key);
	if (i == m->absent)
		return;
	manifest_feed_id(m->manifest.p, m->manifest.n, &id);
	origin_of(TOWN_DOMAIN, &id, origin);
	T_EQ(feedlog_create(m->w.t, m->manifest.p, m->manifest.n, origin, 0, &h), ERR_OK);
}

static struct checkpoint checkpoint_at(struct many *m, uint64_t size)
{
	struct checkpoint c = {.size = size};

	T_EQ(feedlog_root(m->w.t, FEED_TOWN, size, &c.root), ERR_OK);
	memcpy(c.origin, m->log.head.origin, sizeof(c.origin));
	return c;
}

static void cosign(struct many *m, uint32_t i)
{
	struct checkpoint c = checkpoint_at(m, m->apart ? i + 1 : m->log.head.size);
	struct sigs_cosig s = {.size = c.size};
	struct sign_key *key = key_of(i);

	c.root.b[0] ^= i == m->forks;
	s.root = c.root;
	memcpy(s.witness, sign_key_public(key), SIGN_KEY_BYTES);
	T_EQ(cosig_make(&c, key, 1767225600, &s.cosig), ERR_OK);
	T_EQ(sigs_cosig_put(m->w.t, FEED_TOWN, &s), ERR_OK);
	sign_key_free(key);
}

static void seal(struct many *m)
{
	struct checkpoint c = checkpoint_at(m, m->log.head.size);
	struct sigs_sealed s = {.size = c.size, .root = c.root};

	T_EQ(checkpoint_sign(&c, town_key(&m->w, "feed/town"), s.sig), ERR_OK);
	T_EQ(sigs_sealed_put(m->w.t, FEED_TOWN, &s), ERR_OK);
}

/* What the check of a hub with @n villages finds. */
static void look(struct many *m, uint32_t n, struct verify_report *ret)
{
	struct verify_opts opts = {0};

	T_EQ(kvmem_new(&m->w.kv), ERR_OK);
	town_init(&m->w, m->w.kv, 1);
	m->w.own_kv = true;
	town_begin(&m->w);
	town_found(&m->w);
	T_EQ(feedlog_open(&m->log, m->w.t, FEED_TOWN), ERR_OK);
	for (uint32_t i = 0; i < n; i++)
		enrol(m, i);
	T_EQ(feedlog_flush(&m->log), ERR_OK);
	for (uint32_t i = 0; i < n; i++)
		cosign(m, i);
	seal(m);
	T_EQ(verify_store(m->w.t, &m->w.id, FEED_TOWN, NULL, &opts, ret), ERR_OK);
	T_EQ(ret->entries, 1 + n);
	buf_close(&m->payload);
	buf_close(&m->manifest);
	town_close(&m->w);
}

static void test_cosignatures_at_thousands_of_sizes_are_compared(void)
{
	struct many m = {.absent = NOBODY, .forks = NOBODY, .apart = true};
	struct verify_report r;

	look(&m, 2100, &r);
	T_EQ(r.nproblems, 0);
	verify_close(&r);
}

static void test_the_one_of_thousands_that_saw_another_history_is_named(void)
{
	struct many m = {.absent = NOBODY, .forks = 2080, .apart = true};
	struct verify_report r;

	look(&m, 2100, &r);
	T_EQ(r.nproblems, 1);
	T_EQ(r.problem[0].id, PROBLEM_COSIG_OTHER);
	T_EQ(r.problem[0].num[0], 2081);
	verify_close(&r);
}

static void test_every_one_of_thousands_of_villages_is_known(void)
{
	struct many m = {.absent = 4099, .forks = NOBODY};
	struct verify_report r;

	look(&m, 4100, &r);
	T_EQ(r.nproblems, 1); /* and all that cosigned are on the roster */
	T_EQ(r.problem[0].id, PROBLEM_NO_VILLAGE_FEED);
	T_STR(r.problem[0].t, "500100004099");
	verify_close(&r);
}

T_MAIN(T(test_cosignatures_at_thousands_of_sizes_are_compared),
       T(test_the_one_of_thousands_that_saw_another_history_is_named),
       T(test_every_one_of_thousands_of_villages_is_known))
