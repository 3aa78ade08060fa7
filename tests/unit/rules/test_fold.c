/* A fold that is only tried, and one that gets no memory. */
#include "daemon/ledger/rules/fold.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

struct attempt {
	struct world x;
	struct entry e;
	struct buf payload;
	struct verdict v;
	bool keep;
};

static void attempt_make(struct attempt *a, const char *author, enum rec_code type,
			 const void *head, const void *lines, uint32_t n)
{
	struct feed_head h;

	town_begin(&a->x.w);
	T_EQ(feedlog_head(a->x.w.t, a->x.no, &h), ERR_OK);
	town_commit(&a->x.w);
	town_tx(&a->x.w, &h.id, town_size(&a->x.w, FEED_TOWN), author, rec_type_of((uint16_t)type),
		head, lines, n, &a->e, &a->payload);
	town_place(&h, &a->e);
}

static int attempt_run(struct attempt *a)
{
	struct feed_head h;
	struct kv_txn *t = NULL;
	struct fold f = {0};
	int err = kv_begin(a->x.w.kv, true, &t);

	if (!err)
		err = feedlog_head(t, a->x.no, &h);
	if (!err)
		err = fold_open(&f, t, &a->x.w.id, &h);
	if (!err)
		err = (a->keep ? fold_apply : fold_judge)(&f, &a->e, buf_bytes(&a->payload), true,
							  &a->v);
	if (!err)
		err = fold_flush(&f);
	fold_close(&f);
	kv_abort(t);
	return err;
}

static void test_lack_of_memory_is_survived(void)
{
	struct rec_points head = {.note = town_b("")};
	struct rec_review rh = {.note = town_b("")};
	struct rec_review_line r = {.decision = DECISION_agree};
	struct rec_points_line l[40];
	struct attempt a = {.keep = true};
	char hh[40][20];

	world_open(&a.x, 400);
	for (uint32_t i = 0; i < 40; i++) {
		snprintf(hh[i], 20, "0100%u", i % 10u);
		l[i] = town_line(hh[i], 1 + i / 10, "C101", a.x.day - (int)i);
		l[i].evidence_no = town_b("CG-7");
	}
	attempt_make(&a, TOWN_REC, REC_points, &head, l, 40);
	T_OOM(attempt_run(&a));
	T_EQ(a.v.reason.id, V_ACCEPTED);
	T_EQ(town_points(&a.x.w, a.x.no, TOWN_REC, l, 40), V_ACCEPTED);
	r.entry = town_size(&a.x.w, a.x.no) - 1;
	T_EQ(town_step(&a.x.w, a.x.no, TOWN_REV, REC_review, r.entry, 0, DECISION_agree),
	     V_ACCEPTED);
	attempt_make(&a, TOWN_CON, REC_confirm, &rh, &r, 1);
	T_OOM(attempt_run(&a));
	T_EQ(a.v.reason.id, V_ACCEPTED);
	l[39].place = town_b("无");
	attempt_make(&a, TOWN_REC, REC_points, &head, l, 40);
	T_OOM(attempt_run(&a));
	T_EQ(a.v.reason.id, V_P08_MISSING);
	buf_close(&a.payload);
	town_close(&a.x.w);
}

static void test_a_trial_changes_nothing(void)
{
	struct rec_points head = {.note = town_b("")};
	struct rec_points_line l;
	struct attempt a = {.keep = false};
	struct hash before, after;
	struct feed_head h;
	struct kv_txn *t;
	struct fold f;

	world_open(&a.x, 500);
	l = town_line("01001", 1, "A201", a.x.day);
	town_digest(&a.x.w, a.x.no, &before);
	attempt_make(&a, TOWN_REC, REC_points, &head, &l, 1);
	T_EQ(kv_begin(a.x.w.kv, true, &t), ERR_OK);
	T_EQ(feedlog_head(t, a.x.no, &h), ERR_OK);
	T_EQ(fold_open(&f, t, &a.x.w.id, &h), ERR_OK);
	/* the cap is three of them: more trials than that */
	for (int i = 0; i < 5; i++) {
		T_EQ(fold_judge(&f, &a.e, buf_bytes(&a.payload), true, &a.v), ERR_OK);
		T_EQ(a.v.reason.id, V_ACCEPTED);
		T_EQ(a.v.nwarn, 0);
	}
	fold_close(&f);
	T_EQ(kv_commit(t), ERR_OK);
	town_digest(&a.x.w, a.x.no, &after);
	T_MEM(&after, &before, sizeof(after));
	buf_close(&a.payload);
	town_close(&a.x.w);
}

T_MAIN(T(test_lack_of_memory_is_survived), T(test_a_trial_changes_nothing))
