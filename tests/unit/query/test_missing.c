/* What a village lacks or is about to lack says itself: in the list "missing", and so in what is due and what waits. */
#include "daemon/ledger/query/clock_doubt.h"
#include "daemon/ledger/query/due.h"
#include "tests/lib/rows.h"
#include "tests/lib/t.h"

struct world {
	struct town w;
	uint32_t no;
};

static void world_open(struct world *x, uint64_t seed)
{
	x->no = town_open(&x->w, seed);
}

/* The row about this, among what is missing. */
static bool find(struct world *x, const char *what, const char *about, struct row_missing *ret)
{
	static struct row_missing rows[16];
	uint32_t n = rows_read(&x->w, x->no, VIEW_missing, rows, 16);

	for (uint32_t i = 0; i < n; i++)
		if (strcmp(rows_text(rows[i].what), what) == 0 &&
		    strstr(rows_text(rows[i].subject), about)) {
			*ret = rows[i];
			return true;
		}
	return false;
}

static bool lacks(struct world *x, const char *what, const char *about)
{
	struct row_missing row;

	return find(x, what, about, &row);
}

static void put(struct world *x, enum rec_code type, const void *head, const void *line)
{
	T_EQ(town_put(&x->w, x->no, TOWN_HEAD, type, head, line, line ? 1 : 0), V_ACCEPTED);
}

static void put_scheme(struct world *x)
{
	const struct rec_scheme s = town_scheme(1, town_day(2026, 3, 1));
	const struct rec_scheme_line l = {.kind = REWARD_goods, .name = town_b("日用品")};

	put(x, REC_scheme, &s, &l);
}

static void test_plan_and_scheme_are_missed_from_the_first_day(void)
{
	const struct rec_plan p = {.version = 1,
				   .title = town_b("方案"),
				   .content = town_b("重点内容若干"),
				   .standards = town_b("评价标准若干"),
				   .procedure = town_b("三人签名评定"),
				   .uses = town_b("兑换与评优")};
	const struct rec_plan_line step = {.step = town_b("动员")};
	struct row_missing row;
	struct row_due due[16];
	struct world x;

	world_open(&x, 1);
	T_OK(find(&x, "village plan", "record plan", &row));
	T_EQ(row.due, town_day(2026, 3, 31));
	T_OK(lacks(&x, "reward scheme", "record scheme"));
	T_OK(rows_read(&x.w, x.no, VIEW_due, due, 16) > 0);
	put(&x, REC_plan, &p, &step);
	T_OK(!lacks(&x, "village plan", "record plan"));
	T_OK(lacks(&x, "village plan", "not filed"));
	put_scheme(&x);
	T_OK(!lacks(&x, "reward scheme", "record scheme"));
	T_OK(lacks(&x, "reward scheme", "not filed"));
	T_OK(lacks(&x, "reward scheme", "not on the board"));
	town_close(&x.w);
}

/* What is made and not recorded as posted is not to be made again. */
static void test_a_notice_that_is_made_waits_for_its_posting(void)
{
	struct rec_notice n = {.kind = NOTICE_scheme,
			       .from = town_day(2026, 3, 1),
			       .to = town_day(2026, 3, 1),
			       .day = town_day(2026, 3, 1)};
	struct rec_posting p = {.place = town_b("公示栏"),
				.from = town_day(2026, 3, 1),
				.to = town_day(2026, 3, 9),
				.poster = town_b("张小红")};
	char made[40];
	struct world x;
	struct hash root;

	world_open(&x, 6);
	put_scheme(&x);
	T_OK(lacks(&x, "reward scheme", "notice make scheme"));
	n.size = town_size(&x.w, x.no);
	n.town = town_size(&x.w, FEED_TOWN);
	town_begin(&x.w);
	T_EQ(feedlog_root(x.w.t, x.no, n.size, &root), ERR_OK);
	town_commit(&x.w);
	n.root = n.digest = (struct bytes){root.b, sizeof(root.b)};
	put(&x, REC_notice, &n, NULL);
	p.notice = town_size(&x.w, x.no) - 1;
	snprintf(made, sizeof(made), "record posting --notice %u", (unsigned)p.notice);
	T_OK(lacks(&x, "reward scheme", made));
	T_OK(!lacks(&x, "reward scheme", "notice make"));
	put(&x, REC_posting, &p, NULL);
	T_OK(!lacks(&x, "reward scheme", "post"));
	town_close(&x.w);
}

static void test_what_was_not_filed_says_so_until_it_is(void)
{
	struct rec_filing_reply reply = {.village = town_b(TOWN_CODE),
					 .subject = SUBJECT_scheme,
					 .version = 1,
					 .decision = FILED_returned,
					 .day = town_day(2026, 3, 1),
					 .comment = town_b("请写明适用范围")};
	const struct rec_submission s = {.subject = SUBJECT_scheme, .version = 1};
	struct world x;

	world_open(&x, 2);
	put_scheme(&x);
	T_OK(lacks(&x, "reward scheme", "--subject scheme --version 1"));
	put(&x, REC_submission, &s, NULL);
	T_OK(!lacks(&x, "reward scheme", "filed")); /* the town's turn */
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_filing_reply, &reply, NULL, 0), V_ACCEPTED);
	T_OK(lacks(&x, "reward scheme", "returned"));
	town_close(&x.w);
}

/* The last that town_open adopts is of the year TOWN_YEAR_LAST. */
static void test_a_catalogue_that_ends_is_said_before_and_after(void)
{
	struct row_missing row;
	struct world x;

	world_open(&x, 3);
	T_OK(!lacks(&x, "village catalogue", "catalogue adopt"));
	x.w.wall_ms = town_noon(town_day(TOWN_YEAR_LAST, 10, 31));
	T_OK(!lacks(&x, "village catalogue", "catalogue adopt"));
	x.w.wall_ms = town_noon(town_day(TOWN_YEAR_LAST, 11, 1));
	T_OK(find(&x, "village catalogue", "ends on", &row));
	T_EQ(row.due, town_day(TOWN_YEAR_LAST, 12, 31));
	x.w.wall_ms = town_noon(town_day(TOWN_YEAR_LAST + 1, 1, 2));
	T_OK(lacks(&x, "village catalogue", "ended on"));
	T_EQ(town_adopt(&x.w, x.no, TOWN_HEAD, 99, 1, town_day(TOWN_YEAR_LAST + 1, 1, 2)),
	     V_ACCEPTED);
	T_OK(!lacks(&x, "village catalogue", "ended on"));
	town_close(&x.w);
}

static enum verdict_id doubt(struct world *x, day_t today)
{
	struct reason why;

	town_begin(&x->w);
	T_EQ(clock_doubt(x->w.t, x->no, today, &why), ERR_OK);
	town_commit(&x->w);
	return why.id;
}

static void test_a_clock_that_went_back_or_far_ahead_is_doubted(void)
{
	const day_t day = town_day(2026, 3, 1);
	struct row_missing row;
	struct world x;

	world_open(&x, 4);
	T_EQ(doubt(&x, day), V_ACCEPTED);
	T_EQ(doubt(&x, day + 100), V_ACCEPTED); /* a village may rest */
	T_EQ(doubt(&x, day + 101), V_CLOCK_AHEAD);
	T_EQ(doubt(&x, town_day(2046, 2, 1)), V_CLOCK_AHEAD);
	T_EQ(doubt(&x, day - 1), V_CLOCK_BACK);
	T_EQ(doubt(&x, DAY_NONE), V_ACCEPTED);
	/* who wrote nothing lately still hears of the day from the town */
	x.w.wall_ms = town_noon(day + 90);
	T_EQ(town_invite(&x.w, "500101999299", "另一村", DAY_NONE), V_ACCEPTED);
	T_EQ(doubt(&x, day + 150), V_ACCEPTED);
	T_EQ(doubt(&x, day + 191), V_CLOCK_AHEAD);
	x.w.wall_ms = town_noon(day - 60);
	T_OK(find(&x, "clock", "60 days before", &row));
	T_EQ(row.due, day - 60);
	x.w.wall_ms = town_noon(town_day(2046, 2, 1));
	T_OK(lacks(&x, "clock", "may be ahead"));
	town_close(&x.w);
}

T_MAIN(T(test_plan_and_scheme_are_missed_from_the_first_day, "R15 R45"),
       T(test_a_notice_that_is_made_waits_for_its_posting),
       T(test_what_was_not_filed_says_so_until_it_is, "R32"),
       T(test_a_catalogue_that_ends_is_said_before_and_after, "R31"),
       T(test_a_clock_that_went_back_or_far_ahead_is_doubted))
