#include "daemon/verify/verify.h"

#include <unistd.h>

#include "daemon/io/kvlmdb.h"
#include "daemon/io/workers.h"
#include "daemon/ledger/state/state.h"
#include "daemon/verify/verify_int.h"
#include "tests/lib/held.h"
#include "tests/lib/t.h"

/* The same store on LMDB: written, closed, altered behind everybody's back, opened read-only and verified. */
static struct held g;
static char dir[64];

static struct kv *open_store(bool readonly)
{
	struct kvlmdb_opts opts = {.readonly = readonly};
	struct errmsg msg = {0};
	struct kv *kv;

	if (kvlmdb_open(dir, &opts, &kv, &msg))
		t_fail(__FILE__, __LINE__, "%s", msg.text);
	return kv;
}

static void write_town(void)
{
	snprintf(dir, sizeof(dir), "/tmp/cz-verify-XXXXXX");
	T_OK(mkdtemp(dir));
	g.kv = open_store(false);
	held_make(&g, g.kv);
	kv_close(g.kv);
}

static void look(const struct verify_opts *opts, struct verify_report *ret)
{
	struct kv *kv = open_store(true);
	struct kv_txn *t;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(verify_store(t, &g.w.id, FEED_TOWN, &g.guard, opts, ret), ERR_OK);
	kv_abort(t);
	kv_close(kv);
}

static void test_a_closed_store_has_no_problems(void)
{
	struct verify_opts opts = {.rebuild = true, .signatures = true};
	struct verify_report r;

	look(&opts, &r);
	T_EQ(r.nproblems, 0);
	T_EQ(r.feeds, 3);
	T_OK(r.entries > 60);
	T_EQ(r.signatures, r.entries);
	verify_close(&r);
}

/* The same findings, however many threads share the work. */
static void test_threads_change_nothing(void)
{
	const struct held_row *row = &g.rows[g.nrows / 3];
	struct verify_opts opts = {.rebuild = true, .signatures = true};
	struct verify_report one, many;
	uint8_t bad[HELD_VALUE_MAX];
	struct kv *kv = open_store(false);
	struct workers *s;
	struct kv_txn *t;

	while (row->tab != KV_ENTRY)
		row--;
	memcpy(bad, row->v, row->vn);
	bad[100] ^= 8;
	T_EQ(workers_new(3, &s), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	for (int altered = 0; altered < 2; altered++) {
		if (altered)
			T_EQ(kv_put(t, row->tab, kv_bytes(row->k, row->kn), kv_bytes(bad, row->vn)),
			     ERR_OK);
		opts.workers = NULL;
		T_EQ(verify_store(t, &g.w.id, FEED_TOWN, &g.guard, &opts, &one), ERR_OK);
		opts.workers = workers_run;
		opts.workers_ctx = s;
		T_EQ(verify_store(t, &g.w.id, FEED_TOWN, &g.guard, &opts, &many), ERR_OK);
		T_EQ(one.nproblems > 0, altered);
		T_EQ(many.nproblems, one.nproblems);
		T_EQ(many.entries, one.entries);
		T_EQ(many.signatures, one.signatures);
		for (uint32_t i = 0; i < one.nproblems; i++)
			T_MEM(&many.problem[i], &one.problem[i], sizeof(one.problem[i]));
		verify_close(&one);
		verify_close(&many);
	}
	kv_abort(t);
	kv_close(kv);
	workers_free(s);
}

/* @value NULL: removes the row. */
static void set(const struct held_row *row, const uint8_t *value)
{
	struct bytes key = kv_bytes(row->k, row->kn);
	struct kv *kv = open_store(false);
	struct kv_txn *t;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	if (value)
		T_EQ(kv_put(t, row->tab, key, kv_bytes(value, row->vn)), ERR_OK);
	else
		T_EQ(kv_del(t, row->tab, key), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	kv_close(kv);
}

/* Of every table and kind of row the first ones, and now and then another. */
#define OF_A_KIND 3
static bool is_picked(uint32_t i)
{
	static uint8_t picked[KV_NTABLES][UINT8_MAX + 1];
	uint8_t *n = &picked[g.rows[i].tab][held_kind(&g.rows[i])];

	if (*n >= OF_A_KIND)
		return i % 5 == 0;
	++*n;
	return true;
}

/* The town that was written has a row of every kind that the state can hold, and of no other: whoever adds a
 * kind gives it a name for people and a place in tests/lib/life.c. */
static void every_kind_is_among(const bool seen[UINT8_MAX + 1])
{
	for (int kind = 0; kind <= UINT8_MAX; kind++)
		if (seen[kind] != (state_row_of((uint8_t)kind) != NULL))
			t_fail(__FILE__, __LINE__, "rows of kind '%c': %s", kind,
			       seen[kind] ? "no name" : "none was altered");
}

static void test_a_bit_altered_on_disk_is_found_in_every_table(void)
{
	const struct verify_opts opts = {.rebuild = true};
	struct verify_report r;
	bool seen[KV_NTABLES] = {false}, kind[UINT8_MAX + 1] = {false};
	struct prng rnd;

	prng_seed(&rnd, 3);
	for (uint32_t i = 0; i < g.nrows; i++) {
		const struct held_row *row = &g.rows[i];
		uint8_t bad[HELD_VALUE_MAX];

		if (!is_picked(i))
			continue;
		memcpy(bad, row->v, row->vn);
		if (row->vn)
			bad[prng_below(&rnd, row->vn)] ^= (uint8_t)(1u << prng_below(&rnd, 8));
		set(row, row->vn ? bad : NULL); /* the key may say all */
		look(&opts, &r);
		if (r.nproblems == 0)
			t_fail(__FILE__, __LINE__, "row %u, table %s", i, kv_table_name(row->tab));
		if (row->tab == KV_ENTRY)
			T_EQ(r.problem[0].entry, be64_get(row->k + 4));
		verify_close(&r);
		set(row, row->v);
		seen[row->tab] = true;
		if (row->tab == KV_STATE)
			kind[held_kind(row)] = true;
	}
	for (int tab = KV_FEED; tab < KV_NTABLES; tab++)
		T_OK(seen[tab]);
	every_kind_is_among(kind);
	look(&opts, &r);
	T_EQ(r.nproblems, 0);
	verify_close(&r);
}

static void remove_town(void)
{
	char path[96];

	held_close(&g);
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	T_EQ(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/lock.mdb", dir);
	unlink(path);
	T_EQ(rmdir(dir), 0);
}

T_MAIN_WITH(write_town, remove_town, T(test_a_closed_store_has_no_problems),
	    T(test_threads_change_nothing), T(test_a_bit_altered_on_disk_is_found_in_every_table))
