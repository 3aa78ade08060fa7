#include "daemon/feed/feedlog.h"
#include "daemon/verify/verify.h"
#include "daemon/verify/verify_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/held.h"
#include "tests/lib/t.h"

/* Some rows of a store are gone: which entries are named as lost? */
static struct held g;
static struct verify_report report;
static struct verify_lost lost;

/* True: the row can be read; it may be altered. */
typedef bool left_fn(const struct held_row *r, uint8_t *value);

static int rest_of(left_fn *left, uint32_t own, const struct guard *guard)
{
	struct verify_rest *rest;
	int err = verify_rest_new(&g.w.id, &rest);

	if (err)
		return err;
	for (uint32_t i = g.nrows; !err && i-- > 0;) { /* in no order */
		const struct held_row *r = &g.rows[i];
		uint8_t value[HELD_VALUE_MAX];

		memcpy(value, r->v, r->vn);
		if (left(r, value))
			err = verify_rest_row(rest, r->tab, kv_bytes(r->k, r->kn),
					      kv_bytes(value, r->vn));
	}
	if (!err)
		err = verify_rest_report(rest, own, guard, &report, &lost);
	verify_rest_free(rest);
	return err;
}

static bool is_entry(const struct held_row *r, uint32_t no, uint64_t from, uint64_t to)
{
	return r->tab == KV_ENTRY && be32_get(r->k) == no && be64_get(r->k + 4) >= from &&
	       be64_get(r->k + 4) < to;
}

static const struct problem *the_only(enum problem_id id, uint32_t n)
{
	T_EQ(report.nproblems, n);
	for (uint32_t i = 0; i < report.nproblems; i++)
		if (report.problem[i].id == id)
			return &report.problem[i];
	t_fail(__FILE__, __LINE__, "no %s", problem_name(id));
	return NULL;
}

static bool all_left(const struct held_row *r, uint8_t *value)
{
	(void)r;
	(void)value;
	return true;
}

static void test_nothing_is_lost(void)
{
	held_make(&g, NULL);
	T_EQ(rest_of(all_left, FEED_TOWN, &g.guard), ERR_OK);
	T_EQ(report.nproblems, 0);
	T_EQ(report.feeds, 3);
	T_OK(report.entries > 60);
	T_EQ(lost.entries, 0);
	T_EQ(lost.alone, 0);
	verify_close(&report);
	held_close(&g);
}

static bool gaps_in_a(const struct held_row *r, uint8_t *value)
{
	(void)value;
	return !is_entry(r, g.a, 2, 5) && !is_entry(r, g.a, 7, 8);
}

static void test_every_gap_is_named_with_its_village(void)
{
	held_make(&g, NULL);
	T_EQ(rest_of(gaps_in_a, FEED_TOWN, &g.guard), ERR_OK);
	T_EQ(report.nproblems, 2);
	T_EQ(report.problem[0].id, PROBLEM_ENTRIES_MISSING);
	T_EQ(report.problem[0].entry, 2);
	T_EQ(report.problem[0].num[0], 3);
	T_OK(report.problem[0].label[0] != '\0');
	T_EQ(report.problem[1].entry, 7);
	T_EQ(lost.entries, 4);
	T_EQ(lost.alone, 0); /* the village has them */
	verify_close(&report);
	held_close(&g);
}

static bool altered_payload(const struct held_row *r, uint8_t *value)
{
	if (is_entry(r, g.a, 3, 4))
		value[ENTRY_LEAF_BYTES + 5] ^= 1;
	if (is_entry(r, g.a, 4, 5))
		value[0] ^= 1;
	return true;
}

static void test_an_entry_that_is_not_what_its_leaf_says_is_lost(void)
{
	held_make(&g, NULL);
	T_EQ(rest_of(altered_payload, FEED_TOWN, &g.guard), ERR_OK);
	T_EQ(the_only(PROBLEM_ENTRIES_MISSING, 1)->entry, 3);
	T_EQ(lost.entries, 2);
	verify_close(&report);
	held_close(&g);
}

static bool end_of_town(const struct held_row *r, uint8_t *value)
{
	(void)value;
	return !is_entry(r, FEED_TOWN, 3, UINT64_MAX);
}

static bool no_notes_no_end(const struct held_row *r, uint8_t *value)
{
	return r->tab != KV_NOTE && end_of_town(r, value);
}

/* Of the own feed only that is held elsewhere which others have signed for. */
static void test_own_entries_that_nobody_has_are_counted(void)
{
	uint64_t n;

	held_make(&g, NULL);
	T_EQ(rest_of(end_of_town, FEED_TOWN, &g.guard), ERR_OK);
	n = lost.entries;
	T_OK(n > 3);
	T_EQ((uint64_t)the_only(PROBLEM_ENTRIES_MISSING, 1)->num[0], n);
	verify_close(&report);
	T_EQ(rest_of(no_notes_no_end, FEED_TOWN, &g.guard), ERR_OK);
	T_EQ(lost.entries, n);
	T_EQ(lost.alone, n);
	verify_close(&report);
	T_EQ(rest_of(end_of_town, g.a, NULL), ERR_OK); /* of another node's feed all */
	T_EQ(lost.alone, 0);
	verify_close(&report);
	held_close(&g);
}

/* What the guard has signed was there, also where the newest head is gone. */
static void test_the_guard_knows_how_many_there_were(void)
{
	struct guard guard;

	held_make(&g, NULL);
	guard = g.guard;
	guard.size += 2;
	T_EQ(rest_of(all_left, FEED_TOWN, &guard), ERR_OK);
	T_EQ(the_only(PROBLEM_ENTRIES_MISSING, 1)->entry, g.guard.size);
	T_EQ(lost.entries, 2);
	T_EQ(lost.alone, 2);
	verify_close(&report);
	held_close(&g);
}

static bool no_heads(const struct held_row *r, uint8_t *value)
{
	return r->tab != KV_FEED && gaps_in_a(r, value);
}

static void test_a_feed_without_its_head_is_known_by_its_entries(void)
{
	uint32_t heads = 0, gaps = 0;

	held_make(&g, NULL);
	T_EQ(rest_of(no_heads, FEED_TOWN, &g.guard), ERR_OK);
	for (uint32_t i = 0; i < report.nproblems; i++) {
		heads += report.problem[i].id == PROBLEM_HEAD_MISSING;
		gaps += report.problem[i].id == PROBLEM_ENTRIES_MISSING;
		T_OK(report.problem[i].id != PROBLEM_ENTRIES_MISSING || report.problem[i].label[0]);
	}
	T_EQ(heads, 3);
	T_EQ(gaps, 2);
	T_EQ(lost.entries, 4);
	verify_close(&report);
	held_close(&g);
}

static bool nothing_left(const struct held_row *r, uint8_t *value)
{
	return !all_left(r, value);
}

static void test_nothing_is_left(void)
{
	held_make(&g, NULL);
	T_EQ(rest_of(nothing_left, FEED_TOWN, &g.guard), ERR_OK);
	T_EQ(lost.entries, g.guard.size);
	verify_close(&report);
	T_EQ(rest_of(nothing_left, FEED_TOWN, NULL), ERR_OK);
	T_EQ(the_only(PROBLEM_HEAD_MISSING, 1)->num[0], FEED_TOWN);
	T_EQ(lost.entries, 0);
	verify_close(&report);
	held_close(&g);
}

static void test_rows_of_no_form_are_passed_over(void)
{
	static const uint8_t junk[KV_KEY_MAX + 2];
	struct verify_rest *rest;

	held_make(&g, NULL);
	T_EQ(verify_rest_new(&g.w.id, &rest), ERR_OK);
	for (size_t n = 0; n <= sizeof(junk); n++)
		for (int tab = 0; n && tab < KV_NTABLES; tab++)
			T_EQ(verify_rest_row(rest, (enum kv_table)tab, kv_bytes(junk, n),
					     kv_bytes(junk, n)),
			     ERR_OK);
	T_EQ(verify_rest_report(rest, FEED_TOWN, NULL, &report, &lost), ERR_OK);
	T_OK(report.nproblems > 0);
	verify_close(&report);
	verify_rest_free(rest);
	held_close(&g);
}

static void test_without_memory(void)
{
	long before;

	held_make(&g, NULL);
	before = mem_live();
	for (long i = 0;; i += i < 40 ? 1 : 97) {
		int err;

		mem_fail_after(i);
		err = rest_of(gaps_in_a, FEED_TOWN, &g.guard);
		mem_fail_after(-1);
		if (!err) {
			verify_close(&report);
			break;
		}
		T_EQ(err, ERR_NOMEM);
		T_EQ(mem_live(), before);
	}
	T_EQ(mem_live(), before);
	held_close(&g);
}

T_MAIN(T(test_nothing_is_lost), T(test_every_gap_is_named_with_its_village, "R70"),
       T(test_an_entry_that_is_not_what_its_leaf_says_is_lost),
       T(test_own_entries_that_nobody_has_are_counted), T(test_the_guard_knows_how_many_there_were),
       T(test_a_feed_without_its_head_is_known_by_its_entries), T(test_nothing_is_left),
       T(test_rows_of_no_form_are_passed_over), T(test_without_memory))
