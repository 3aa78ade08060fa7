#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "tests/bench/lines.h"

/* The status of a hub: VILLAGES villages, each of which has for every quarter of its life posted two notices, answered
 * COMPLAINTS complaints and reported TASKS tasks of the town as done. With the years grow the entries and what was
 * done; the answer stays as it is. */
#define VILLAGES    35
#define HOUSEHOLDS  40
#define YEARS	    10
#define FOUNDING    (4 + LOAD_YEARS + HOUSEHOLDS) /* entries before the first line */
#define QUARTERS    4
#define LARGE	    1000000
#define SMALL	    10000
#define LARGE_QUICK 14000
#define SMALL_QUICK 8000
#define PATH	    "/api/v1/status"
#define TURN_S	    0.02
#define POST_DAYS   7
#define COMPLAINTS  3
#define TASKS	    3
#define DONE	    (4 + 2 * COMPLAINTS + TASKS) /* entries of a quarter beside its lines */

static struct bytes text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* A notice of the quarter that ends, and its posting, as the next entries. */
static void post(struct load *l, const struct load_feed *f, enum rec_choice_NOTICE kind, day_t from,
		 struct load_jobs *js)
{
	day_t day = load_day(l);
	struct hash root;

	tlog_root(&f->edge, &root);
	struct rec_notice n = {.kind = kind,
			       .from = from,
			       .to = day - 1,
			       .size = f->seq,
			       .root = {root.b, HASH_BYTES},
			       .town = l->town_size,
			       .day = day,
			       .lines = 100,
			       .plus = points_of(20000),
			       .digest = {root.b, HASH_BYTES}};
	struct rec_posting p = {.notice = f->seq + js->n,
				.place = text("公示栏"),
				.from = day,
				.to = day + POST_DAYS,
				.poster = text("张小红")};

	load_record(l, REC_notice, &n, NULL, 0, l->recorder, day, load_job_new(js), &js->payload);
	load_record(l, REC_posting, &p, NULL, 0, l->recorder, day, load_job_new(js), &js->payload);
}

static void complain(struct load *l, const struct load_feed *f, struct load_jobs *js)
{
	day_t day = load_day(l);
	const struct rec_complaint c = {.kind = COMPLAINT_store,
					.name = text("王大明"),
					.day = day,
					.text = text("超市没有按时开门")};
	const struct rec_complaint_reply r = {.complaint = f->seq + js->n,
					      .ruling = RULING_upheld,
					      .day = day,
					      .text = text("已补开一天")};

	load_record(l, REC_complaint, &c, NULL, 0, l->recorder, day, load_job_new(js),
		    &js->payload);
	load_record(l, REC_complaint_reply, &r, NULL, 0, l->reviewer, day, load_job_new(js),
		    &js->payload);
}

static void report(struct load *l, uint64_t task, struct load_jobs *js)
{
	day_t day = load_day(l);
	const struct rec_guidance_reply r = {
		.guidance = task, .done = YES_yes, .day = day, .text = text("已补公示")};

	load_record(l, REC_guidance_reply, &r, NULL, 0, l->committee, day, load_job_new(js),
		    &js->payload);
}

/* From the first day of a reward scheme on, notices are due. */
static void scheme(struct load *l, struct load_jobs *js)
{
	struct rec_scheme s = {.version = 1,
			       .title = text("积分奖励方案"),
			       .from = l->day0,
			       .rate_points = points_of(100),
			       .rate = fen_of(100),
			       .notified_days = 3,
			       .notice_days = 7,
			       .object_days = 7,
			       .answer_days = 7,
			       .proxy_max = 3,
			       .scope = text("全体参与村民")};
	struct rec_scheme_line reward = {.kind = REWARD_goods, .name = text("生活用品")};

	load_record(l, REC_scheme, &s, &reward, 1, l->committee, l->day0 - 90, load_job_new(js),
		    &js->payload);
}

/* What is done in a quarter beside its lines: DONE entries. */
static void finish(struct load *l, struct load_node *hub, struct load_feed *f, day_t from,
		   uint64_t task)
{
	struct load_jobs js;

	load_jobs_open(&js, DONE);
	post(l, f, NOTICE_assessment, from, &js);
	post(l, f, NOTICE_redemption, from, &js);
	for (uint32_t i = 0; i < COMPLAINTS; i++)
		complain(l, f, &js);
	for (uint32_t i = 0; i < TASKS; i++)
		report(l, task + i, &js);
	load_jobs_done(&js);
	load_ingest(l, hub, f, &js);
	load_jobs_free(&js);
}

/* @n entries over @years; @task: the first of the tasks. */
static void fill_village(struct load *l, struct load_node *hub, const struct load_village *v,
			 uint32_t n, uint32_t years, uint64_t task)
{
	uint32_t parts = years * QUARTERS, each;
	struct load_feed f;
	struct load_jobs js;
	day_t from;

	load_speak_for(l, hub, v);
	from = load_day(l);
	each = (n - FOUNDING) / parts - DONE;
	l->per_year = each * QUARTERS / HOUSEHOLDS + 1;
	load_feed_of(hub, v, &f);
	load_jobs_open(&js, FOUNDING);
	load_founding(l, &js);
	scheme(l, &js);
	load_jobs_done(&js);
	load_ingest(l, hub, &f, &js);
	load_jobs_free(&js);
	for (uint32_t q = 0; q < parts; q++) {
		load_jobs_open(&js, each);
		for (uint32_t i = 0; i < each; i++) {
			uint64_t seq = f.seq + js.n;

			load_life(l, LOAD_CONFIRMED, seq, load_job_new(&js), &js.payload);
		}
		load_jobs_done(&js);
		load_ingest(l, hub, &f, &js);
		load_jobs_free(&js);
		finish(l, hub, &f, from, task + q * TASKS);
		from = load_day(l);
	}
}

static void fill_hub(const struct load *template, const char *name, uint64_t n, uint32_t years,
		     char dir[BENCH_PATH_MAX], day_t *ret_end)
{
	struct load_village v[VILLAGES];
	struct load l = *template;
	struct load_node hub;
	uint64_t start = bench_ns(), task;

	l.households = HOUSEHOLDS;
	load_copy(l.hub, name, dir);
	load_node_open(&hub, dir);
	load_enrol(&l, &hub, 0, VILLAGES, v);
	task = load_size(&hub, FEED_TOWN);
	load_guidance(&l, &hub, years * QUARTERS * TASKS, l.day0);
	for (uint32_t i = 0; i < VILLAGES; i++) {
		fill_village(&l, &hub, &v[i], (uint32_t)(n / VILLAGES), years, task);
		load_village_close(&v[i]);
	}
	load_node_close(&hub);
	*ret_end = load_day(&l);
	bench_say("%s: %llu entries of %u villages in %.1f s", name, (unsigned long long)n,
		  VILLAGES, bench_since(start));
}

void line_status(void *ctx)
{
	static struct load few_l, many_l;
	static struct api_node few, many;
	char few_dir[BENCH_PATH_MAX], many_dir[BENCH_PATH_MAX];
	day_t few_end, many_end;

	few_l = many_l = *(const struct load *)ctx;
	fill_hub(&few_l, "hub-few", bench_size(SMALL, SMALL_QUICK), 1, few_dir, &few_end);
	fill_hub(&many_l, "hub-many", bench_size(LARGE, LARGE_QUICK),
		 (uint32_t)bench_size(YEARS, 2), many_dir, &many_end);
	api_open(&few, &few_l, few_dir);
	api_open(&many, &many_l, many_dir);
	few.today = few_end;
	many.today = many_end;
	for (int rep = 0; rep < bench_reps(); rep++) {
		double ours = api_time(&many, PATH, NULL, TURN_S) * 1e6;

		bench_add("read.status", ours, api_time(&few, PATH, NULL, TURN_S) * 1e6);
	}
	api_close(&few);
	api_close(&many);
}
