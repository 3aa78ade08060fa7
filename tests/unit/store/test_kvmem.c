#include "daemon/store/kvmem.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/kv_suite.h"
#include "tests/lib/t.h"

#define SMALL_BYTES (1 << 20)

static struct kv *open_mem(void *ctx, bool small)
{
	struct kv *kv;

	(void)ctx;
	T_EQ(kvmem_new(&kv), ERR_OK);
	if (small)
		kvmem_limit(kv, SMALL_BYTES);
	return kv;
}

static const struct kv_suite suite = {.open = open_mem};

static void test_it_agrees_with_a_naive_model(void)
{
	long live = mem_live();

	for (uint64_t seed = 1; seed <= 20; seed++)
		kv_suite_random(&suite, seed, 60);
	T_EQ(mem_live(), live);
}

static void test_cursors_end_where_rows_end(void)
{
	kv_suite_cursor_edges(&suite);
}

static void test_a_reader_keeps_its_snapshot(void)
{
	kv_suite_snapshot(&suite);
}

static void test_abort_leaves_no_trace(void)
{
	kv_suite_abort(&suite);
}

static void test_a_full_store_changes_nothing_and_goes_on(void)
{
	kv_suite_full(&suite);
}

static void test_many_rows_come_and_go(void)
{
	long live = mem_live();

	kv_suite_many(&suite, 20000);
	T_EQ(mem_live(), live);
}

static void test_a_new_store_is_empty(void)
{
	kv_suite_reopen(&suite);
}

/* Rows enough for two levels, one replaced, one gone. */
static int fill(struct kv *kv)
{
	struct kv_txn *t;
	uint8_t key[4];
	int err = kv_begin(kv, true, &t);

	if (err)
		return err;
	for (uint32_t i = 0; i < 100; i++) {
		be32_put(key, i * 7919 % 100);
		kv_put(t, KV_STATE, kv_bytes(key, 4), kv_bytes("v", 1));
	}
	kv_put(t, KV_STATE, kv_bytes(key, 4), kv_bytes("w", 1));
	err = kv_del(t, KV_STATE, kv_bytes(key, 4));
	if (err) { /* sticky */
		T_EQ(kv_put(t, KV_STATE, kv_bytes(key, 4), kv_bytes("w", 1)), err);
		T_EQ(t->err, err);
	}
	return kv_commit(t);
}

static int fill_new(void)
{
	struct kv *kv;
	int err = kvmem_new(&kv);

	if (err)
		return err;
	err = fill(kv);
	kvmem_invariant(kv);
	if (err)
		T_EQ(kvmem_bytes(kv), 0);
	else
		T_EQ(kvmem_bytes(kv), 99 * 5);
	kv_close(kv);
	return err;
}

static int change_and_walk(struct kv *kv)
{
	struct kv_cursor *c = NULL;
	struct bytes k, v;
	struct kv_txn *t;
	int err = kv_begin(kv, true, &t);

	if (err)
		return err;
	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err) {
		err = kv_seek(c, KV_GE, kv_bytes(NULL, 0), &k, &v);
		T_EQ(err, ERR_OK);
		kv_del(t, KV_STATE, k);
		kv_put(t, KV_STATE, kv_bytes("new", 3), kv_bytes("v", 1));
		kv_cursor_close(c);
	} else {
		kv_abort(t);
		return err;
	}
	return kv_commit(t);
}

static void test_every_allocation_may_fail(void)
{
	struct kv *kv = open_mem(NULL, false);

	T_OOM(fill_new());
	T_EQ(fill(kv), ERR_OK);
	size_t bytes = kvmem_bytes(kv);
	T_OOM(change_and_walk(kv));
	T_EQ(kvmem_bytes(kv), bytes - 5 + 4);
	kvmem_invariant(kv);
	kv_close(kv);
}

static void test_a_failing_commit_changes_nothing(void)
{
	struct kv *kv = open_mem(NULL, false);
	struct kv_txn *t;
	struct bytes v;

	kvmem_fail_commits(kv, ERR_IO);
	T_EQ(fill(kv), ERR_IO);
	T_EQ(kvmem_bytes(kv), 0);
	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(kv_get(t, KV_STATE, kv_bytes("\0\0\0\0", 4), &v), ERR_NOTFOUND);
	T_EQ(kv_commit(t), ERR_OK); /* reading never fails */
	kvmem_fail_commits(kv, ERR_OK);
	T_EQ(fill(kv), ERR_OK);
	kv_close(kv);
}

static void test_tables_have_their_names(void)
{
	T_STR(kv_table_name(KV_META), "meta");
	T_STR(kv_table_name(KV_STATE), "state");
}

T_MAIN(T(test_it_agrees_with_a_naive_model), T(test_cursors_end_where_rows_end),
       T(test_a_reader_keeps_its_snapshot), T(test_abort_leaves_no_trace),
       T(test_a_full_store_changes_nothing_and_goes_on), T(test_many_rows_come_and_go),
       T(test_a_new_store_is_empty), T(test_every_allocation_may_fail),
       T(test_a_failing_commit_changes_nothing), T(test_tables_have_their_names))
