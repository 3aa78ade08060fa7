#include <string.h>

#include "daemon/ledger/query/due.h"
#include "lib/err.h"
#include "tests/lib/reads.h"
#include "tests/lib/rows.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* What somebody must do by a day: record types that are open, and notices by period, are in the list of what is
 * due, in the work list and in the measures of completeness, none of which knows them by name. */

static uint64_t put(struct world *x, uint32_t no, const char *who, enum rec_code type,
		    const void *head)
{
	T_EQ(town_put(&x->w, no, who, type, head, NULL, 0), V_ACCEPTED);
	return town_size(&x->w, no) - 1;
}

static uint64_t complain(struct world *x)
{
	const struct rec_complaint c = {.kind = COMPLAINT_store,
					.household = town_b("01001"),
					.name = town_b("王大明"),
					.day = x->day,
					.text = town_b("超市没有按时开门")};

	return put(x, x->no, TOWN_REC, REC_complaint, &c);
}

static uint64_t rule_on(struct world *x, uint64_t complaint, day_t day)
{
	const struct rec_complaint_reply r = {.complaint = complaint,
					      .ruling = RULING_upheld,
					      .day = day,
					      .text = town_b("已补开一天")};

	return put(x, x->no, TOWN_REV, REC_complaint_reply, &r);
}

static uint64_t apply(struct world *x)
{
	return put(x, x->no, TOWN_REC, REC_application,
		   &(struct rec_application){.household = town_b("01002"),
					     .item = town_b("A101"),
					     .day = x->day,
					     .place = town_b("村口公路"),
					     .reason = town_b("清扫积雪一上午"),
					     .applicant = town_b("王大明")});
}

/* Of the lists "due" and "work" what people wrote: not what is lacking, and not the notices of every quarter, which
 * every village has. */
#define ALL_MAX 24
static uint32_t written(struct town *w, uint32_t no, enum view_place view, void *rows, uint32_t max)
{
	static const char *const lacks[] = {"village plan",	 "reward scheme",
					    "village catalogue", "assessment results",
					    "redemptions",	 "catalogue"};
	const struct view_def *def = &views[view];
	static uint8_t all[ALL_MAX * VIEW_ROW_MAX];
	uint32_t n = rows_read(w, no, view, all, ALL_MAX), kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *row = all + i * def->row_size;
		const char *what = rows_text(rec_bytes(view_field(def, "what"), row));
		bool skip = false;

		for (size_t k = 0; k < sizeof(lacks) / sizeof(lacks[0]); k++)
			skip = skip || strcmp(what, lacks[k]) == 0;
		if (skip)
			continue;
		T_OK(kept < max);
		memcpy((uint8_t *)rows + kept++ * def->row_size, row, def->row_size);
	}
	return kept;
}

/* --- complaints ------------------------------------------------------------------------------------ */
static void test_a_complaint_is_due_until_it_is_answered(void)
{
	struct row_due due[4];
	struct world x;
	uint64_t at;

	world_open(&x, 1);
	at = complain(&x);
	T_EQ(written(&x.w, x.no, VIEW_due, due, 4), 1);
	T_EQ(due[0].entry, at);
	T_STR(rows_text(due[0].what), "complaint or suggestion");
	T_STR(rows_text(due[0].subject), "01001");
	T_EQ(due[0].due, x.day + 11); /* seven working days */
	T_EQ(due[0].late, 0);
	world_clock(&x, x.day + 14);
	T_EQ(written(&x.w, x.no, VIEW_due, due, 4), 1);
	T_EQ(due[0].late, 3);
	rule_on(&x, at, x.today);
	T_EQ(written(&x.w, x.no, VIEW_due, due, 4), 0);
	town_close(&x.w);
}

/* --- what other lists make of it ------------------------------------------------------------------- */
static uint64_t guide(struct world *x, day_t due)
{
	const struct rec_guidance g = {.kind = GUIDE_rectify,
				       .title = town_b("补齐公示"),
				       .text = town_b("请补齐一月公示"),
				       .due = due};

	return put(x, FEED_TOWN, "office", REC_guidance, &g);
}

static void report(struct world *x, uint64_t guidance, enum rec_choice_YES done)
{
	const struct rec_guidance_reply r = {
		.guidance = guidance, .done = done, .day = x->today, .text = town_b("已办")};

	put(x, x->no, TOWN_HEAD, REC_guidance_reply, &r);
}

/* The town closes it; until then the village has done its part when its last report says so. */
static void test_a_task_of_the_town_is_due_until_the_village_reports_it_done(void)
{
	struct row_duties duty[4];
	struct row_due due[4];
	struct world x;
	uint64_t at;

	world_open(&x, 2);
	at = guide(&x, x.today - 1);
	T_EQ(written(&x.w, x.no, VIEW_due, due, 4), 1);
	T_STR(rows_text(due[0].subject), "补齐公示");
	T_EQ(due[0].late, 1);
	report(&x, at, YES_yes);
	T_EQ(written(&x.w, x.no, VIEW_due, due, 4), 0);
	report(&x, at, YES_no); /* it was not, after all */
	T_EQ(written(&x.w, x.no, VIEW_due, due, 4), 1);
	put(&x, FEED_TOWN, "office", REC_guidance_close,
	    &(struct rec_guidance_close){.guidance = at,
					 .village = town_b(TOWN_CODE),
					 .day = x.today,
					 .note = town_b("已核实")});
	T_EQ(written(&x.w, x.no, VIEW_due, due, 4), 0);
	T_EQ(rows_read(&x.w, x.no, VIEW_duties, duty, 4), 1);
	T_EQ(duty[0].done, x.today);
	T_EQ(duty[0].by, town_size(&x.w, FEED_TOWN) - 1);
	town_close(&x.w);
}

static void test_a_task_for_another_village_is_not_due_here(void)
{
	struct row_duties duty[4];
	struct rec_guidance g = {.kind = GUIDE_guidance,
				 .village = town_b("500101999202"),
				 .title = town_b("补齐公示"),
				 .text = town_b("请补齐"),
				 .due = DAY_NONE};
	struct row_work work[4];
	struct world x;

	world_open(&x, 3);
	T_EQ(town_invite(&x.w, "500101999202", "二村", DAY_NONE), V_ACCEPTED);
	T_EQ(town_enrol(&x.w, "500101999202"), V_ACCEPTED);
	put(&x, FEED_TOWN, "office", REC_guidance, &g);
	T_EQ(rows_read(&x.w, x.no, VIEW_duties, duty, 4), 0);
	guide(&x, DAY_NONE); /* for all, at no time */
	T_EQ(rows_read(&x.w, x.no, VIEW_duties, duty, 4), 1);
	T_EQ(written(&x.w, x.no, VIEW_due, (struct row_due[4]){0}, 4), 0);
	T_EQ(written(&x.w, x.no, VIEW_work, work, 4), 1);
	T_EQ(work[0].due, DAY_NONE);
	town_close(&x.w);
}

static void test_work_is_what_waits_for_somebody(void)
{
	struct row_work work[8];
	struct world x;
	uint64_t at, e;

	world_open(&x, 4);
	at = complain(&x);
	e = town_record(&x.w, x.no, "01001", 0, "A101", x.day);
	apply(&x);
	T_EQ(written(&x.w, x.no, VIEW_work, work, 8), 3);
	T_STR(rows_text(work[0].what), "application for points");
	T_STR(rows_text(work[0].subject), "01002");
	T_EQ(work[0].due, DAY_NONE);
	T_EQ(work[1].entry, at);
	T_EQ(work[1].day, x.day);
	T_STR(rows_text(work[2].what), "review");
	T_EQ(work[2].entry, e);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(written(&x.w, x.no, VIEW_work, work, 8), 3);
	T_STR(rows_text(work[2].what), "confirmation");
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	rule_on(&x, at, x.today);
	T_EQ(written(&x.w, x.no, VIEW_work, work, 8), 1);
	town_close(&x.w);
}

/* "what part/whole" of a measure that begins with these words. */
static void measure_is(struct world *x, const char *begins, uint64_t part, uint64_t whole)
{
	struct row_completeness m[24];
	uint32_t n, i = 0;

	n = rows_read(&x->w, x->no, VIEW_completeness, m, 24);
	while (i < n && strcmp(rows_text(m[i].measure), begins) != 0)
		i++;
	if (i == n)
		t_fail(__FILE__, __LINE__, "no measure %s", begins);
	T_EQ(m[i].part, part);
	T_EQ(m[i].whole, whole);
}

static void test_completeness_counts_what_was_done_in_time(void)
{
	const char *const complaints = "done in time: complaint or suggestion";
	struct world x;
	uint64_t first, second;

	world_open(&x, 5);
	first = complain(&x);
	second = complain(&x);
	world_clock(&x, x.day + 13);
	measure_is(&x, complaints, 0, 2);
	rule_on(&x, first, x.day + 11);
	measure_is(&x, complaints, 1, 2);
	rule_on(&x, second, x.day + 12); /* a day too late */
	measure_is(&x, complaints, 1, 2);
	town_close(&x.w);
}

/* --- notices by period ----------------------------------------------------------------------------- */
static uint64_t publish(struct world *x, day_t from, day_t to, day_t posted)
{
	struct rec_posting p = {.place = town_b("村委会公示栏"),
				.from = posted,
				.to = posted + 9,
				.poster = town_b("张小红")};
	struct rec_notice n = {.kind = NOTICE_assessment,
			       .from = from,
			       .to = to,
			       .size = town_size(&x->w, x->no),
			       .town = town_size(&x->w, FEED_TOWN),
			       .day = posted};
	struct hash root;

	town_begin(&x->w);
	T_EQ(feedlog_root(x->w.t, x->no, n.size, &root), ERR_OK);
	town_commit(&x->w);
	n.root = n.digest = (struct bytes){root.b, HASH_BYTES};
	p.notice = put(x, x->no, TOWN_REC, REC_notice, &n);
	put(x, x->no, TOWN_REC, REC_posting, &p);
	return p.notice;
}

static void test_a_period_is_done_when_its_notice_hangs(void)
{
	struct rec_scheme scheme = town_scheme(1, town_day(2026, 1, 1));
	struct row_periods p[8];
	struct world x;
	uint64_t at;

	world_open(&x, 6);
	/* no scheme yet: points are given by the catalogue */
	T_EQ(rows_read(&x.w, x.no, VIEW_periods, p, 8), 2);
	T_EQ(p[0].due, town_day(2026, 4, 10));
	T_EQ(town_put_scheme(&x.w, x.no, TOWN_HEAD, &scheme), V_ACCEPTED);
	T_EQ(rows_read(&x.w, x.no, VIEW_periods, p, 8), 2);
	T_EQ(p[0].due, town_day(2026, 4, 10));
	T_EQ(p[0].done, DAY_NONE);
	T_EQ(p[0].entry, 0);
	world_clock(&x, town_day(2026, 4, 20));
	at = publish(&x, town_day(2026, 1, 1), town_day(2026, 3, 31), town_day(2026, 4, 9));
	T_EQ(rows_read(&x.w, x.no, VIEW_periods, p, 8), 3);
	T_EQ(p[0].due, town_day(2026, 4, 10));
	T_EQ(p[0].done, town_day(2026, 4, 9));
	T_EQ(p[0].entry, at);
	T_EQ(p[1].due, town_day(2026, 7, 10));
	T_EQ(p[1].done, DAY_NONE);
	T_EQ(p[1].covered, town_day(2026, 3, 31));
	measure_is(&x, "done in time: assessment results", 1, 1);
	measure_is(&x, "done in time: redemptions", 0, 1);
	town_close(&x.w);
}

/* --- what is read for it ---------------------------------------------------------------------------- */
static int count_row(void *ctx, const void *row)
{
	(void)row;
	++*(uint32_t *)ctx;
	return ERR_OK;
}

/* How many rows of the store are read to find the @n rows of a list. */
static uint32_t read_for(struct world *x, enum view_place view, uint32_t n)
{
	uint32_t found = 0, rows;
	struct ask a;

	town_begin(&x->w);
	a = rows_ask(&x->w, x->no);
	reads_begin(x->w.kv);
	T_EQ(view_each(&a, &views[view], count_row, &found), ERR_OK);
	rows = reads_end();
	town_commit(&x->w);
	T_EQ(found, n);
	return rows;
}

static void close_guidance(struct world *x, uint64_t guidance)
{
	put(x, FEED_TOWN, "office", REC_guidance_close,
	    &(struct rec_guidance_close){.guidance = guidance,
					 .village = town_b(TOWN_CODE),
					 .day = x->today,
					 .note = town_b("已核实")});
}

static void decline(struct world *x, uint64_t application)
{
	put(x, x->no, TOWN_REV, REC_application_reply,
	    &(struct rec_application_reply){.application = application,
					    .opinion = town_b("当天未到场")});
}

/* @n of each kind: complaints, applications, tasks that the town closed and tasks that the village reported. */
static void done_with(struct world *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		rule_on(x, complain(x), x->today);
		decline(x, apply(x));
		close_guidance(x, guide(x, x->today));
		report(x, guide(x, x->today), YES_yes);
	}
}

#define FEW   20
#define MANY  300
#define KINDS 4	 /* of each done_with, in the list of duties */
#define LACKS 6	 /* plan, scheme, filing and notice of the catalogue, two notices by period */
#define APART 40 /* rows for what is open, which lies apart when much was done between */

static void test_what_is_done_costs_nothing_when_what_is_due_is_asked_for(void)
{
	uint32_t few, work;
	struct world x;

	world_open(&x, 7);
	done_with(&x, FEW);
	complain(&x);
	guide(&x, x.today);
	few = read_for(&x, VIEW_due, 2 + LACKS);
	work = read_for(&x, VIEW_work, 2 + LACKS);
	done_with(&x, MANY);
	T_OK(read_for(&x, VIEW_due, 2 + LACKS) <= few + APART);
	T_OK(read_for(&x, VIEW_work, 2 + LACKS) <= work + APART);
	town_close(&x.w);
}

/* --- what follows for applications and for villages that come later --------------------------------- */
/* A line settles the application that it names; one that is refused settles nothing. */
static void test_an_application_waits_again_when_its_line_is_refused(void)
{
	struct row_duties duty[4];
	struct rec_points_line l;
	struct row_work work[4];
	struct world x;
	uint64_t at, e;

	world_open(&x, 9);
	at = apply(&x);
	l = town_line("01002", 0, "A101", x.day);
	l.application = at;
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	e = town_size(&x.w, x.no) - 1;
	T_EQ(written(&x.w, x.no, VIEW_work, work, 4), 1);
	T_EQ(work[0].entry, e);
	T_EQ(rows_read(&x.w, x.no, VIEW_duties, duty, 4), 1);
	T_EQ(duty[0].by, e);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_refuse), V_ACCEPTED);
	T_EQ(written(&x.w, x.no, VIEW_work, work, 4), 1);
	T_EQ(work[0].entry, at);
	T_EQ(rows_read(&x.w, x.no, VIEW_duties, duty, 4), 1);
	T_EQ(duty[0].by, 0);
	town_close(&x.w);
}

/* Done without anybody knowing when is done. */
static void test_what_is_settled_without_a_clock_is_done(void)
{
	struct row_duties duty[4];
	struct row_work work[4];
	struct world x;
	uint64_t at;

	world_open(&x, 10);
	at = apply(&x);
	x.w.wall_ms = 0;
	decline(&x, at);
	T_EQ(rows_read(&x.w, x.no, VIEW_duties, duty, 4), 1);
	T_EQ(duty[0].done, DAY_NONE);
	T_EQ(duty[0].by, town_size(&x.w, x.no) - 1);
	T_EQ(written(&x.w, x.no, VIEW_work, work, 4), 0);
	town_close(&x.w);
}

static void test_a_village_that_enrols_later_has_the_tasks_for_all(void)
{
	const char *const two = "500101999202";
	struct row_due due[4];
	struct world x;
	uint64_t at;
	uint32_t no;

	world_open(&x, 11);
	at = guide(&x, x.today);
	close_guidance(&x, at);
	T_EQ(town_invite(&x.w, two, "二村", DAY_NONE), V_ACCEPTED);
	T_EQ(town_enrol(&x.w, two), V_ACCEPTED);
	no = town_feed(&x.w, two);
	T_EQ(written(&x.w, x.no, VIEW_due, due, 4), 0);
	T_EQ(written(&x.w, no, VIEW_due, due, 4), 1);
	T_EQ(due[0].entry, at);
	town_close(&x.w);
}

/* --- all that was done ------------------------------------------------------------------------------ */
static void test_all_duties_are_read_in_linear_time(void)
{
	struct world x;
	uint32_t one;

	world_open(&x, 8);
	done_with(&x, FEW);
	one = read_for(&x, VIEW_duties, KINDS * FEW);
	done_with(&x, FEW);
	T_OK(read_for(&x, VIEW_duties, 2 * KINDS * FEW) <= 2 * one + APART);
	town_close(&x.w);
}

T_MAIN(T(test_a_complaint_is_due_until_it_is_answered),
       T(test_a_task_of_the_town_is_due_until_the_village_reports_it_done, "R20 R75"),
       T(test_a_task_for_another_village_is_not_due_here), T(test_work_is_what_waits_for_somebody),
       T(test_completeness_counts_what_was_done_in_time, "R07"),
       T(test_a_period_is_done_when_its_notice_hangs, "R46 R77"),
       T(test_what_is_done_costs_nothing_when_what_is_due_is_asked_for),
       T(test_an_application_waits_again_when_its_line_is_refused, "R05"),
       T(test_what_is_settled_without_a_clock_is_done),
       T(test_a_village_that_enrols_later_has_the_tasks_for_all, "R20"),
       T(test_all_duties_are_read_in_linear_time))
