#include "proto/manifest.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"
#include "tests/lib/vec.h"

#define FILE_NAME "manifest.txt"

static struct manifest golden(void)
{
	struct manifest m = {.threshold = 2, .nrecovery = 3};

	vec_get(FILE_NAME, "town", m.town.b, HASH_BYTES);
	vec_get(FILE_NAME, "feed_key", m.feed_key, SIGN_KEY_BYTES);
	vec_get(FILE_NAME, "recovery0", m.recovery[0], SIGN_KEY_BYTES);
	vec_get(FILE_NAME, "recovery1", m.recovery[1], SIGN_KEY_BYTES);
	vec_get(FILE_NAME, "recovery2", m.recovery[2], SIGN_KEY_BYTES);
	vec_get(FILE_NAME, "nonce", m.nonce, sizeof(m.nonce));
	return m;
}

static struct manifest golden_succ(void)
{
	struct manifest m = {.has_pred = true, .pred_size = UINT64_C(123456789012)};

	vec_get(FILE_NAME, "town", m.town.b, HASH_BYTES);
	vec_get(FILE_NAME, "succ_feed_key", m.feed_key, SIGN_KEY_BYTES);
	vec_get(FILE_NAME, "nonce", m.nonce, sizeof(m.nonce));
	vec_get(FILE_NAME, "feed_id", m.pred_feed.b, HASH_BYTES);
	vec_get(FILE_NAME, "pred_root", m.pred_root.b, HASH_BYTES);
	return m;
}

static void check_golden(const struct manifest *m, const char *bytes_key, const char *id_key)
{
	struct buf b = {0};
	struct manifest back;
	struct hash id;

	T_EQ(manifest_pack(m, &b), ERR_OK);
	vec_check(FILE_NAME, bytes_key, b.p, b.n);
	manifest_feed_id(b.p, b.n, &id);
	vec_check(FILE_NAME, id_key, id.b, HASH_BYTES);
	T_EQ(manifest_parse(b.p, b.n, &back), ERR_OK);
	T_MEM(back.town.b, m->town.b, HASH_BYTES);
	T_MEM(back.feed_key, m->feed_key, SIGN_KEY_BYTES);
	T_EQ(back.threshold, m->threshold);
	T_EQ(back.nrecovery, m->nrecovery);
	T_MEM(back.recovery, m->recovery, sizeof(m->recovery));
	T_MEM(back.nonce, m->nonce, sizeof(m->nonce));
	T_EQ(back.has_pred, m->has_pred);
	T_MEM(back.pred_feed.b, m->pred_feed.b, HASH_BYTES);
	T_MEM(back.pred_root.b, m->pred_root.b, HASH_BYTES);
	T_EQ(back.pred_size, m->pred_size);
	buf_close(&b);
}

static void test_the_golden_manifests_hold_byte_for_byte(void)
{
	struct manifest m = golden(), succ = golden_succ();

	check_golden(&m, "manifest", "feed_id");
	check_golden(&succ, "succ_manifest", "succ_feed_id");
}

static void test_names_come_from_the_feed_id(void)
{
	char domain[DOMAIN_MAX], want[ORIGIN_MAX], got[ORIGIN_MAX];
	char longest[DOMAIN_MAX];
	struct hash id;

	vec_get(FILE_NAME, "feed_id", id.b, HASH_BYTES);
	vec_text(FILE_NAME, "domain", domain, sizeof(domain));
	vec_text(FILE_NAME, "origin", want, sizeof(want));
	origin_of(domain, &id, got);
	T_STR(got, want);
	vec_text(FILE_NAME, "witness_name", want, sizeof(want));
	witness_name_of(domain, &id, got);
	T_STR(got, want);

	memset(longest, 'a', sizeof(longest));
	longest[DOMAIN_MAX - 1] = '\0';
	T_OK(domain_valid(longest));
	origin_of(longest, &id, got);
	T_EQ(strlen(got), DOMAIN_MAX - 1 + 3 + 16);
}

static void test_a_domain_has_one_spelling_and_a_length(void)
{
	char over[DOMAIN_MAX + 1];

	memset(over, 'a', sizeof(over));
	over[DOMAIN_MAX] = '\0';
	T_OK(domain_valid("houshan.wanzhou.example"));
	T_OK(domain_valid("a-1.b"));
	T_OK(!domain_valid(""));
	T_OK(!domain_valid("Houshan"));
	T_OK(!domain_valid("a b"));
	T_OK(!domain_valid("a+b"));
	T_OK(!domain_valid("a/b"));
	T_OK(!domain_valid("后山"));
	T_OK(!domain_valid(over));
}

static void test_unsound_recovery_keys_are_refused(void)
{
	struct manifest good = golden(), m;
	struct buf b = {0};

	m = good;
	m.threshold = 4;
	T_EQ(manifest_pack(&m, &b), ERR_INVALID);
	m.threshold = 0;
	T_EQ(manifest_pack(&m, &b), ERR_INVALID);
	m.nrecovery = 0;
	m.threshold = 1;
	T_EQ(manifest_pack(&m, &b), ERR_INVALID);
	m = good;
	for (unsigned i = 0; i < MANIFEST_RECOVERY_MAX; i++)
		m.recovery[i][0] = (uint8_t)i;
	m.nrecovery = MANIFEST_RECOVERY_MAX;
	T_EQ(manifest_pack(&m, &b), ERR_OK);
	buf_reset(&b);
	m.nrecovery = MANIFEST_RECOVERY_MAX + 1;
	T_EQ(manifest_pack(&m, &b), ERR_INVALID);
	m = good;
	memcpy(m.recovery[2], m.recovery[0], SIGN_KEY_BYTES);
	T_EQ(manifest_pack(&m, &b), ERR_INVALID);
	m = good;
	memcpy(m.recovery[1], m.feed_key, SIGN_KEY_BYTES);
	T_EQ(manifest_pack(&m, &b), ERR_INVALID);
	T_EQ(b.n, 0);
	buf_close(&b);
}

/* The same on the way in: the byte at @at of the golden manifest becomes @v. */
static void changed_is_refused(size_t at, uint8_t v)
{
	uint8_t p[MANIFEST_BYTES_MAX];
	size_t n = vec_get(FILE_NAME, "manifest", p, sizeof(p));
	struct manifest m = {.threshold = 99};

	p[at] = v;
	T_EQ(manifest_parse(p, n, &m), ERR_FORMAT);
	T_EQ(m.threshold, 99);
}

static void test_unsound_bytes_are_refused(void)
{
	uint8_t p[MANIFEST_BYTES_MAX];
	size_t n = vec_get(FILE_NAME, "manifest", p, sizeof(p));
	struct manifest m;

	changed_is_refused(0, 'X');
	changed_is_refused(6, '2'); /* the version of the tag */
	changed_is_refused(72, 0);
	changed_is_refused(72, 4);
	changed_is_refused(73, 2);
	changed_is_refused(73, 8);
	changed_is_refused(n - 1, 1);
	changed_is_refused(n - 1, 2);
	n = vec_get(FILE_NAME, "succ_manifest", p, sizeof(p));
	p[90] = 2; /* predecessor: neither 0 nor 1 */
	T_EQ(manifest_parse(p, n, &m), ERR_FORMAT);
	n = vec_get(FILE_NAME, "manifest", p, sizeof(p));
	memcpy(p + 74, p + 74 + 32, 32);
	T_EQ(manifest_parse(p, n, &m), ERR_FORMAT);
	memcpy(p + 74, p + 40, 32);
	T_EQ(manifest_parse(p, n, &m), ERR_FORMAT);
}

static void test_every_cut_and_every_tail_is_refused(void)
{
	static const char *const keys[] = {"manifest", "succ_manifest"};

	for (int k = 0; k < 2; k++) {
		uint8_t p[MANIFEST_BYTES_MAX + 1] = {0};
		size_t n = vec_get(FILE_NAME, keys[k], p, MANIFEST_BYTES_MAX);
		struct manifest m;

		T_EQ(manifest_parse(p, n, &m), ERR_OK);
		T_EQ(manifest_parse(p, n + 1, &m), ERR_FORMAT);
		for (size_t i = 0; i < n; i++)
			T_EQ(manifest_parse(p, i, &m), ERR_FORMAT);
	}
}

static void test_the_largest_manifest_fits_its_maximum(void)
{
	struct manifest m = golden_succ();
	struct buf b = {0};

	m.threshold = m.nrecovery = MANIFEST_RECOVERY_MAX;
	for (unsigned i = 0; i < MANIFEST_RECOVERY_MAX; i++)
		m.recovery[i][0] = (uint8_t)(i + 1);
	T_EQ(manifest_pack(&m, &b), ERR_OK);
	T_EQ(b.n, MANIFEST_BYTES_MAX);
	buf_close(&b);
}

static int pack_once(void)
{
	struct manifest m = golden();
	struct buf b = {0};
	int err = manifest_pack(&m, &b);

	buf_close(&b);
	return err;
}

static void test_packing_survives_lack_of_memory(void)
{
	T_OOM(pack_once());
}

T_MAIN(T(test_the_golden_manifests_hold_byte_for_byte), T(test_names_come_from_the_feed_id),
       T(test_a_domain_has_one_spelling_and_a_length), T(test_unsound_recovery_keys_are_refused),
       T(test_unsound_bytes_are_refused), T(test_every_cut_and_every_tail_is_refused),
       T(test_the_largest_manifest_fits_its_maximum), T(test_packing_survives_lack_of_memory))
