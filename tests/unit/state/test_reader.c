#include "daemon/ledger/state/reader.h"

#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "tests/lib/t.h"

static struct bytes text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* A village's rows, as an entry sees them through a cache (@cached) or anybody in the store, and one of the
 * town. */
struct world {
	struct kv *kv;
	struct kv_txn *t;
	struct cache *rows;
	struct reader r;
};

static void put(struct world *x, const struct state_key *k, struct bytes val)
{
	if (x->rows && be32_get(k->b) == x->r.feed_no)
		T_EQ(cache_put(x->rows, k, val), ERR_OK);
	else
		T_EQ(kv_put(x->t, KV_STATE, state_key_bytes(k), val), ERR_OK);
}

static void put_kin(struct world *x, const char *household, const char *relative, uint8_t relation)
{
	struct state_key k;

	state_kin_key(&k, x->r.feed_no, text(household), 1, text(relative), 2);
	put(x, &k, kv_bytes(&relation, 1));
}

static void open_world(struct world *x, bool cached)
{
	struct state_key k;

	*x = (struct world){0};
	T_EQ(kvmem_new(&x->kv), ERR_OK);
	T_EQ(kv_begin(x->kv, true, &x->t), ERR_OK);
	x->r = reader_of(x->t, 3);
	if (cached) {
		T_EQ(cache_new(x->t, 3, &x->rows), ERR_OK);
		T_EQ(cache_begin(x->rows), ERR_OK);
		x->r.cache = x->rows;
	}
	put_kin(x, "0001", "0002", 5);
	put_kin(x, "00012", "0003", 1);
	put_kin(x, "00012", "0007", 2);
	put_kin(x, "00012", "0009", 3);
	put_kin(x, "00013", "0001", 4);
	state_village_key(&k, FEED_TOWN, text("village"));
	put(x, &k, kv_bytes("\1\7\4name", 7));
}

static void close_world(struct world *x)
{
	cache_free(x->rows);
	kv_abort(x->t);
	kv_close(x->kv);
}

static void test_a_row_is_read_whole_from_either_feed(void)
{
	for (int cached = 0; cached < 2; cached++) {
		struct state_village v;
		struct state_num relation;
		struct world x;

		open_world(&x, cached);
		T_EQ(reader_kin(&x.r, 3, text("00012"), 1, text("0007"), 2, &relation), ERR_OK);
		T_EQ(relation.n, 2);
		T_EQ(reader_kin(&x.r, 3, text("00012"), 1, text("0008"), 2, &relation),
		     ERR_NOTFOUND);
		T_EQ(reader_village(&x.r, FEED_TOWN, text("village"), &v), ERR_OK);
		T_OK(v.enrolled);
		T_EQ(v.enrol, 7);
		T_OK(bytes_eq(v.name, text("name")));
		T_EQ(reader_village(&x.r, 3, text("village"), &v), ERR_NOTFOUND);
		close_world(&x);
	}
}

static void test_a_row_nobody_wrote_is_damage(void)
{
	struct state_village v;
	struct state_key k;
	struct world x;

	open_world(&x, true);
	state_village_key(&k, FEED_TOWN, text("bad"));
	put(&x, &k, text("\2\7\4name"));
	T_EQ(reader_village(&x.r, FEED_TOWN, text("bad"), &v), ERR_CORRUPT);
	close_world(&x);
}

/* The town feed may grow in the same transaction: of its rows the cache keeps none. */
static void test_a_row_of_the_town_is_never_old(void)
{
	struct state_village v;
	struct state_key k;
	struct world x;

	open_world(&x, true);
	T_EQ(reader_village(&x.r, FEED_TOWN, text("village"), &v), ERR_OK);
	state_village_key(&k, FEED_TOWN, text("village"));
	put(&x, &k, kv_bytes("\1\10\4name", 7));
	T_EQ(reader_village(&x.r, FEED_TOWN, text("village"), &v), ERR_OK);
	T_EQ(v.enrol, 8);
	close_world(&x);
}

static void test_rows_beside_a_key_share_its_first_parts(void)
{
	for (int cached = 0; cached < 2; cached++) {
		struct state_kin_parts at;
		struct bytes key, row;
		struct state_key k;
		struct world x;

		open_world(&x, cached);
		state_kin_key(&k, 3, text("00012"), 1, text("0007"), 2);
		T_EQ(reader_before(&x.r, &k, 2, &key, &row), ERR_OK);
		T_EQ(state_kin_split(key, &at), ERR_OK);
		T_OK(bytes_eq(at.relative, text("0003")));
		T_EQ(reader_from(&x.r, &k, 2, &key, &row), ERR_OK);
		T_EQ(row.p[0], 2);
		state_key_after(&k);
		T_EQ(reader_from(&x.r, &k, 2, &key, &row), ERR_OK);
		T_EQ(row.p[0], 3);
		state_kin_key(&k, 3, text("00012"), 1, text("0003"), 2);
		T_EQ(reader_before(&x.r, &k, 1, &key, &row), ERR_NOTFOUND);
		T_EQ(reader_before(&x.r, &k, 0, &key, &row), ERR_OK);
		T_EQ(row.p[0], 5);
		state_kin_key(&k, 3, text("00012"), 1, text("0009"), 3);
		T_EQ(reader_from(&x.r, &k, 2, &key, &row), ERR_NOTFOUND);
		T_EQ(reader_from(&x.r, &k, 0, &key, &row), ERR_OK);
		T_EQ(row.p[0], 4);
		close_world(&x);
	}
}

#define STOPPED 77
struct walk {
	struct world *x;
	unsigned n, stop_at;
	uint8_t seen[8];
};

/* Every row of the walk is put again elsewhere, as when somebody moves. */
static int on_kin(void *ctx, struct bytes key, struct bytes row)
{
	struct walk *w = ctx;
	struct state_kin_parts at;
	struct state_key k;

	T_EQ(state_kin_split(key, &at), ERR_OK);
	w->seen[w->n++] = row.p[0];
	if (w->x->rows) {
		state_kin_key(&k, 3, text("00010"), 1, at.relative, at.relative_member);
		put(w->x, &k, row);
	}
	return w->n == w->stop_at ? STOPPED : ERR_OK;
}

static void test_a_walk_sees_each_row_once_while_it_puts_others(void)
{
	for (int cached = 0; cached < 2; cached++) {
		struct state_key k;
		struct world x;
		struct walk w = {.x = &x};

		open_world(&x, cached);
		state_kin_key(&k, 3, text("00012"), 1, text(""), 0);
		T_EQ(reader_each(&x.r, &k, 2, on_kin, &w), ERR_OK);
		T_EQ(w.n, 3);
		T_MEM(w.seen, "\1\2\3", 3);
		w.n = 0;
		w.stop_at = 2;
		T_EQ(reader_each(&x.r, &k, 2, on_kin, &w), STOPPED);
		T_EQ(w.n, 2);
		w = (struct walk){.x = &x};
		state_kin_key(&k, 3, text("00014"), 1, text(""), 0);
		T_EQ(reader_each(&x.r, &k, 2, on_kin, &w), ERR_OK);
		T_EQ(w.n, 0);
		close_world(&x);
	}
}

static int on_any(void *ctx, struct bytes key, struct bytes row)
{
	(void)ctx;
	(void)key;
	(void)row;
	return ERR_OK;
}

/* The store takes longer keys than any of a row: one that begins as ours do is damage, and is said to be. */
static void test_a_key_longer_than_any_row_has_is_damage(void)
{
	struct state_key k;
	uint8_t key[KV_KEY_MAX];
	struct world x;

	open_world(&x, true);
	state_kin_key(&k, 3, text("00012"), 1, text(""), 0);
	memset(key, 'x', sizeof(key));
	memcpy(key, k.b, k.n);
	T_EQ(kv_put(x.t, KV_STATE, kv_bytes(key, sizeof(key)), kv_bytes("1", 1)), ERR_OK);
	T_EQ(reader_each(&x.r, &k, 2, on_any, NULL), ERR_CORRUPT);
	close_world(&x);
}

T_MAIN(T(test_a_row_is_read_whole_from_either_feed), T(test_a_row_nobody_wrote_is_damage),
       T(test_a_row_of_the_town_is_never_old), T(test_rows_beside_a_key_share_its_first_parts),
       T(test_a_walk_sees_each_row_once_while_it_puts_others),
       T(test_a_key_longer_than_any_row_has_is_damage))
