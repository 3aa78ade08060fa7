/* The last day of a time limit and the day behind it, wherever "late" is said. */
#include "daemon/ledger/query/due.h"

#include "daemon/ledger/query/notice_due.h"
#include "lib/err.h"
#include "tests/lib/rows.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

static struct world x;

static void test_a_duty_is_late_from_the_day_after(void)
{
	const struct duty d = {.due = town_day(2026, 3, 1)}, open = {.due = DAY_NONE};

	T_EQ(duty_late(&d, d.due - 1), 0);
	T_EQ(duty_late(&d, d.due), 0);
	T_EQ(duty_late(&d, d.due + 1), 1);
	T_EQ(duty_late(&d, d.due + 400), 400);
	T_EQ(duty_late(&d, DAY_NONE), 0); /* the clock is not known */
	T_EQ(duty_late(&open, d.due), 0);
}

/* --- lists ------------------------------------------------------------------------------------------ */
#define ROWS_MAX 16

/* The row of the entry, among those of what else a young village lacks. */
static struct row_due due_row(uint64_t entry)
{
	struct row_due due[ROWS_MAX];
	uint32_t n = rows_read(&x.w, x.no, VIEW_due, due, ROWS_MAX), i = 0;

	while (i < n && due[i].entry != entry)
		i++;
	T_OK(i < n);
	return due[i];
}

static struct row_work work_row(uint64_t entry)
{
	struct row_work work[ROWS_MAX];
	uint32_t n = rows_read(&x.w, x.no, VIEW_work, work, ROWS_MAX), i = 0;

	while (i < n && work[i].entry != entry)
		i++;
	T_OK(i < n);
	return work[i];
}

static void late_is(uint64_t entry, day_t today, uint64_t late)
{
	struct row_due due[ROWS_MAX];
	struct ask a;
	uint64_t count, all = 0;

	x.w.wall_ms = town_noon(today);
	T_EQ(due_row(entry).late, late);
	T_EQ(work_row(entry).late, late);
	for (uint32_t i = rows_read(&x.w, x.no, VIEW_due, due, ROWS_MAX); i > 0; i--)
		all += due[i - 1].late > 0;
	town_begin(&x.w);
	a = rows_ask(&x.w, x.no);
	T_EQ(due_count(&a, &count), ERR_OK);
	town_commit(&x.w);
	T_EQ(count, all);
}

static void test_lists_and_counts_agree_on_the_last_day(void)
{
	const struct rec_complaint c = {.kind = COMPLAINT_store,
					.household = town_b("01001"),
					.name = town_b("王大明"),
					.day = x.day,
					.text = town_b("超市没有按时开门")};
	uint64_t entry = town_size(&x.w, x.no);
	day_t due;

	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_complaint, &c, NULL, 0), V_ACCEPTED);
	due = due_row(entry).due;
	late_is(entry, due - 1, 0);
	late_is(entry, due, 0);
	late_is(entry, due + 1, 1);
}

/* --- notices ---------------------------------------------------------------------------------------- */

/* A notice for a period that ends on @to, made and perhaps posted. */
static uint64_t publish(day_t from, day_t to, day_t made, day_t posted)
{
	struct rec_notice n = {.kind = NOTICE_assessment,
			       .from = from,
			       .to = to,
			       .size = town_size(&x.w, x.no),
			       .town = town_size(&x.w, FEED_TOWN),
			       .day = made};
	struct rec_posting p = {.place = town_b("村委会公示栏"),
				.from = posted,
				.to = posted + 9,
				.poster = town_b("张小红")};
	struct hash root;

	town_begin(&x.w);
	T_EQ(feedlog_root(x.w.t, x.no, n.size, &root), ERR_OK);
	town_commit(&x.w);
	n.root = n.digest = (struct bytes){root.b, HASH_BYTES};
	p.notice = town_size(&x.w, x.no);
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_notice, &n, NULL, 0), V_ACCEPTED);
	if (posted != DAY_NONE) {
		x.w.wall_ms = town_noon(posted);
		T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_posting, &p, NULL, 0), V_ACCEPTED);
	}
	return p.notice;
}

static void state_is(uint32_t nth, day_t today, uint32_t want)
{
	struct row_notices l[4];

	x.w.wall_ms = town_noon(today);
	T_OK(rows_read(&x.w, x.no, VIEW_notices, l, 4) > nth);
	T_EQ(l[nth].state, want);
}

static void test_a_notice_is_late_from_the_day_after(void)
{
	const day_t to = town_day(2026, 1, 31);
	struct row_notices l[4];
	day_t due;

	x.w.wall_ms = town_noon(to + 1);
	publish(town_day(2026, 1, 1), to, to + 1, DAY_NONE);
	T_EQ(rows_read(&x.w, x.no, VIEW_notices, l, 4), 1);
	due = l[0].due;
	T_EQ(due, to + NOTICE_DUE_DAYS);
	state_is(0, due, POSTED_no);
	state_is(0, due + 1, POSTED_overdue);
	publish(to + 1, to + 20, due + 1, due + 20); /* due so many days behind its end */
	state_is(1, due + 40, POSTED_yes);
	publish(to + 21, to + 22, due + 21, due + 23);
	state_is(2, due + 40, POSTED_late);
}

static void open_world(void)
{
	world_open(&x, 1);
}

static void close_world(void)
{
	town_close(&x.w);
}

T_MAIN_WITH(open_world, close_world, T(test_a_duty_is_late_from_the_day_after),
	    T(test_lists_and_counts_agree_on_the_last_day, "R63"),
	    T(test_a_notice_is_late_from_the_day_after, "R46"))
