#include "daemon/ledger/state/read_filing.h"

#include <string.h>

#include "daemon/ledger/state/read_catalogue.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

#define SEED 77

static enum verdict_id put(struct world *x, enum rec_code type, const void *head, const void *lines,
			   uint32_t n)
{
	return town_put(&x->w, x->no, TOWN_HEAD, type, head, lines, n);
}

/* --- catalogue ------------------------------------------------------------------------------------- */
static enum verdict_id adopt(struct world *x, uint64_t version, day_t from, day_t to)
{
	struct rec_adopt_catalogue a = {.version = version, .base = 1, .from = from, .to = to};

	return put(x, REC_adopt_catalogue, &a, NULL, 0);
}

static void doc_is(struct world *x, enum doc_kind kind, uint64_t version, day_t from, day_t to)
{
	struct document d;

	town_begin(&x->w);
	T_EQ(read_document(READER(x->w.t, x->no), kind, version, &d), ERR_OK);
	T_EQ(d.version, version);
	T_EQ(d.from, from);
	T_EQ(d.to, to);
	town_commit(&x->w);
}

static void test_a_catalogue_holds_for_a_year(void)
{
	day_t from = town_day(2028, 1, 1), leap = town_day(2032, 2, 29);
	struct world x;

	world_open(&x, SEED);
	T_EQ(adopt(&x, 9, from, DAY_NONE), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	doc_is(&x, DOC_CATALOGUE, 9, from, town_day(2028, 12, 31));
	adopt(&x, 10, town_day(2029, 1, 1), town_day(2030, 1, 1));
	REFUSED(&x.w, "CATALOGUE_YEAR", "F44", town_day(2029, 1, 1), town_day(2030, 1, 1));
	adopt(&x, 10, town_day(2029, 1, 2), town_day(2029, 1, 1));
	REFUSED(&x.w, "PERIOD", "F31", town_day(2029, 1, 2), town_day(2029, 1, 1));
	adopt(&x, 9, town_day(2029, 1, 1), DAY_NONE);
	REFUSED(&x.w, "VERSION_USED", "F42", 9, 9);
	T_EQ(adopt(&x, 10, town_day(2029, 1, 1), town_day(2029, 12, 31)), V_ACCEPTED);
	T_EQ(adopt(&x, 11, leap, DAY_NONE), V_ACCEPTED);
	doc_is(&x, DOC_CATALOGUE, 11, leap, town_day(2033, 2, 27));
	/* the calendar ends, and one day of it stands for none */
	T_EQ(adopt(&x, 12, town_day(2199, 6, 1), DAY_NONE), V_ACCEPTED);
	doc_is(&x, DOC_CATALOGUE, 12, town_day(2199, 6, 1), DAY_MAX);
	x.w.wall_ms = 0;
	struct rec_catalogue old = {.version = 2, .title = town_b("旧"), .from = DAY_MIN};
	struct rec_catalogue_line l = {
		.code = town_b("A"), .name_zh = town_b("x"), .points = points_of(1)};
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_catalogue, &old, &l, 1), V_ACCEPTED);
	struct rec_adopt_catalogue a = {.version = 13, .base = 2, .from = 1 - 365};
	T_EQ(put(&x, REC_adopt_catalogue, &a, NULL, 0), V_ACCEPTED);
	doc_is(&x, DOC_CATALOGUE, 13, 1 - 365, -1);
	town_close(&x.w);
}

static void test_days_gone_by_keep_their_catalogue(void)
{
	struct hash before, after;
	struct world x;

	world_open(&x, SEED);
	town_digest(&x.w, x.no, &before);
	adopt(&x, 9, x.today - 1, DAY_NONE);
	REFUSED(&x.w, "VERSION_PAST", "P12", x.today, x.today - 1, 7);
	T_STR(x.w.last.reason.s, "adopt_catalogue");
	town_digest(&x.w, x.no, &after);
	T_MEM(&after, &before, sizeof(after));
	/* from today on a version may change within the year, but is marked */
	T_EQ(adopt(&x, 9, x.today, DAY_NONE), V_ACCEPTED);
	WARNED(&x.w, "CATALOGUE_MIDYEAR", "P12", x.today, 7);
	/* before the first one, and where none was in force, there was nothing to keep */
	T_EQ(adopt(&x, 10, town_day(2019, 1, 1), DAY_NONE), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	/* without a clock any day may be past */
	x.w.wall_ms = 0;
	adopt(&x, 11, town_day(2027, 6, 1), DAY_NONE);
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	T_EQ(adopt(&x, 11, town_day(2018, 1, 1), DAY_NONE), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_close(&x.w);
}

struct listing {
	uint32_t n;
	struct {
		char code[17];
		enum view_change change;
		int64_t points;
	} item[32];
};

static int on_item(void *ctx, const struct view_village_item *i)
{
	struct listing *l = ctx;

	T_OK(l->n < 32);
	memcpy(l->item[l->n].code, i->line.code.p, i->line.code.n);
	l->item[l->n].change = i->change;
	l->item[l->n++].points = points_raw(i->line.points);
	return 0;
}

static void test_a_village_adds_changes_and_drops_items(void)
{
	struct rec_adopt_catalogue a = {.version = 9, .base = 1, .from = town_day(2028, 1, 1)};
	struct rec_adopt_catalogue_line l[WORLD_CHANGES];
	struct rec_points_line p;
	struct listing got = {0};
	struct world x;

	world_changes(l);
	world_open(&x, SEED);
	l[0].code = town_b("V002");
	put(&x, REC_adopt_catalogue, &a, l, 3);
	REFUSED(&x.w, "CHANGE_UNKNOWN", "F45", 1, 1);
	T_STR(x.w.last.reason.s, "V002");
	l[0].code = town_b("D101");
	l[2].code = town_b("C101");
	put(&x, REC_adopt_catalogue, &a, l, 3);
	REFUSED(&x.w, "CHANGE_KNOWN", "F46", 3, 1);
	l[2].code = town_b("V001");
	l[2].name_zh = town_b("");
	put(&x, REC_adopt_catalogue, &a, l, 3);
	REFUSED(&x.w, "CHANGE_EMPTY", "F47", 3, 1);
	l[2].name_zh = town_b("护林巡查");
	l[0].points = points_of(0);
	put(&x, REC_adopt_catalogue, &a, l, 3);
	REFUSED(&x.w, "CHANGE_EMPTY", "F47", 1, 1);
	l[0].points = points_of(400);
	l[1].code = l[0].code;
	put(&x, REC_adopt_catalogue, &a, l, 3);
	REFUSED(&x.w, "CATALOGUE_TWICE", "F11", 2);
	l[1].code = town_b("Z001");
	T_EQ(put(&x, REC_adopt_catalogue, &a, l, 3), V_ACCEPTED);
	x.w.wall_ms = town_noon(town_day(2028, 6, 1));
	p = town_line("01001", 0, "D101", town_day(2028, 5, 1));
	p.version = 9;
	town_points(&x.w, x.no, TOWN_REC, &p, 1);
	REFUSED(&x.w, "P11_VALUE", "P11", 1, 400, 300);
	p.points = points_of(400);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &p, 1), V_ACCEPTED);
	p.item = town_b("Z001");
	town_points(&x.w, x.no, TOWN_REC, &p, 1);
	REFUSED(&x.w, "P11_UNKNOWN_ITEM", "P11", 1, 9);
	p.item = town_b("V001");
	p.points = points_of(250);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &p, 1), V_ACCEPTED);
	town_begin(&x.w);
	T_EQ(view_village_catalogue(x.w.t, x.no, 9, on_item, &got), ERR_OK);
	T_EQ(view_village_catalogue(x.w.t, x.no, 99, on_item, &got), ERR_NOTFOUND);
	town_commit(&x.w);
	T_EQ(got.n, 9);
	T_STR(got.item[1].code, "D101");
	T_EQ(got.item[1].change, VIEW_CHANGED);
	T_EQ(got.item[1].points, 400);
	T_STR(got.item[5].code, "Z001");
	T_EQ(got.item[5].change, VIEW_DROPPED);
	T_STR(got.item[8].code, "V001");
	T_EQ(got.item[8].change, VIEW_ADDED);
	T_EQ(got.item[0].change, VIEW_SAME);
	town_close(&x.w);
}

/* The village had it first, then the town: still one item with one cap. */
static void test_one_code_has_one_cap_whoever_named_it(void)
{
	struct rec_adopt_catalogue a = {.version = 9, .base = 1, .from = town_day(2026, 3, 1)};
	struct rec_adopt_catalogue_line own = {.change = CHANGE_add,
					       .code = town_b("V001"),
					       .name_zh = town_b("护林巡查"),
					       .points = points_of(200),
					       .cap = points_of(300)};
	struct rec_catalogue c = {
		.version = 2, .title = town_b("清单"), .from = town_day(2026, 1, 1)};
	struct rec_catalogue_line town = {.code = town_b("V001"),
					  .name_zh = town_b("护林巡查"),
					  .points = points_of(200),
					  .cap = points_of(300)};
	struct rec_points_line p;
	struct world x;

	world_open(&x, SEED);
	T_EQ(put(&x, REC_adopt_catalogue, &a, &own, 1), V_ACCEPTED);
	p = town_line("01001", 0, "V001", x.today);
	p.version = 9;
	p.points = points_of(200);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &p, 1), V_ACCEPTED);
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_catalogue, &c, &town, 1), V_ACCEPTED);
	x.w.wall_ms = town_noon(x.today + 1);
	a = (struct rec_adopt_catalogue){.version = 10, .base = 2, .from = x.today + 1};
	T_EQ(put(&x, REC_adopt_catalogue, &a, NULL, 0), V_ACCEPTED);
	p.version = 10;
	p.day++;
	town_points(&x.w, x.no, TOWN_REC, &p, 1);
	REFUSED(&x.w, "P10_CAP", "P10", 1, 200, 200, 300);
	town_close(&x.w);
}

/* --- filing ---------------------------------------------------------------------------------------- */
static enum verdict_id submit(struct world *x, enum rec_choice_SUBJECT subject, uint64_t version)
{
	struct rec_submission s = {.subject = subject, .version = version};

	return put(x, REC_submission, &s, NULL, 0);
}

static enum verdict_id reply(struct world *x, enum rec_choice_FILED decision, const char *number,
			     const char *comment)
{
	struct rec_filing_reply r = {.village = town_b(TOWN_CODE),
				     .subject = SUBJECT_catalogue,
				     .version = 7,
				     .decision = decision,
				     .number = town_b(number),
				     .day = x->today,
				     .comment = town_b(comment)};

	return town_put(&x->w, FEED_TOWN, "office", REC_filing_reply, &r, NULL, 0);
}

static struct view_filing filing_at(struct world *x, uint64_t town_size)
{
	struct view_filing f;

	town_begin(&x->w);
	T_EQ(view_filing(x->w.t, x->no, DOC_CATALOGUE, 7, town_size, &f), ERR_OK);
	town_commit(&x->w);
	return f;
}

static struct view_filing filing(struct world *x)
{
	return filing_at(x, UINT64_MAX);
}

static void test_a_version_is_submitted_returned_and_accepted(void)
{
	struct world x;
	uint64_t first, returned, accepted;
	struct view_filing f;

	world_open(&x, SEED);
	T_EQ(filing(&x).state, FILING_NONE);
	submit(&x, SUBJECT_plan, 7);
	REFUSED(&x.w, "VERSION_UNKNOWN", "F43", 7);
	T_EQ(submit(&x, SUBJECT_catalogue, 7), V_ACCEPTED);
	first = world_last(&x);
	f = filing(&x);
	T_EQ(f.state, FILING_SUBMITTED);
	T_EQ(f.submission, first);
	submit(&x, SUBJECT_catalogue, 7);
	REFUSED(&x.w, "SUBMITTED", "F48", 7, (int64_t)first);
	reply(&x, FILED_returned, "", "无");
	REFUSED(&x.w, "FILING_COMMENT", "F52", 0);
	returned = town_size(&x.w, FEED_TOWN);
	T_EQ(reply(&x, FILED_returned, "", "请补充评分标准"), V_ACCEPTED);
	f = filing(&x);
	T_EQ(f.state, FILING_RETURNED);
	T_EQ(f.reply, returned);
	T_EQ(f.day, x.today);
	T_MEM(f.text.p, "请补充评分标准", f.text.n);
	/* whoever has not seen the reply still waits for it */
	T_EQ(filing_at(&x, returned).state, FILING_SUBMITTED);
	T_EQ(submit(&x, SUBJECT_catalogue, 7), V_ACCEPTED);
	T_EQ(filing(&x).state, FILING_SUBMITTED);
	submit(&x, SUBJECT_catalogue, 7);
	REFUSED(&x.w, "SUBMITTED", "F48", 7, (int64_t)world_last(&x) - 1);
	reply(&x, FILED_accepted, "", "");
	REFUSED(&x.w, "FILING_NUMBER", "F50", 0);
	accepted = town_size(&x.w, FEED_TOWN);
	T_EQ(reply(&x, FILED_accepted, "后山备〔2026〕7号", ""), V_ACCEPTED);
	f = filing(&x);
	T_EQ(f.state, FILING_ACCEPTED);
	T_EQ(f.reply, accepted);
	T_MEM(f.text.p, "后山备〔2026〕7号", f.text.n);
	submit(&x, SUBJECT_catalogue, 7);
	REFUSED(&x.w, "FILED_ALREADY", "F49", 7);
	T_STR(x.w.last.reason.s, "后山备〔2026〕7号");
	town_close(&x.w);
}

/* The answer may be the very next entry of the town that the village had not seen. */
static void test_what_is_returned_at_once_may_be_submitted_again(void)
{
	struct world x;

	world_open(&x, SEED);
	T_EQ(submit(&x, SUBJECT_catalogue, 7), V_ACCEPTED);
	T_EQ(reply(&x, FILED_returned, "", "请补充评分标准"), V_ACCEPTED);
	T_EQ(submit(&x, SUBJECT_catalogue, 7), V_ACCEPTED);
	town_close(&x.w);
}

static void test_a_reply_to_what_was_not_submitted_files_nothing(void)
{
	struct world x;

	world_open(&x, SEED);
	T_EQ(reply(&x, FILED_accepted, "备7", ""), V_ACCEPTED);
	T_EQ(filing(&x).state, FILING_NONE);
	T_EQ(submit(&x, SUBJECT_catalogue, 7), V_ACCEPTED);
	T_EQ(filing(&x).state, FILING_SUBMITTED);
	T_EQ(filing(&x).submission, world_last(&x));
	submit(&x, SUBJECT_catalogue, 7);
	REFUSED(&x.w, "SUBMITTED", "F48", 7, (int64_t)world_last(&x) - 1);
	town_close(&x.w);
}

static void test_the_town_replies_once_and_with_a_number_of_its_own(void)
{
	struct rec_filing_reply r = {.village = town_b("500101999299"),
				     .subject = SUBJECT_catalogue,
				     .version = 8,
				     .decision = FILED_accepted,
				     .number = town_b("备7"),
				     .comment = town_b("")};
	uint64_t at;
	struct world x;

	world_open(&x, SEED);
	r.day = x.today;
	town_put(&x.w, FEED_TOWN, "office", REC_filing_reply, &r, NULL, 0);
	REFUSED(&x.w, "VILLAGE_UNKNOWN", "F32", 0);
	T_STR(x.w.last.reason.s, "500101999299");
	T_EQ(town_invite(&x.w, "500101999299", "九村", DAY_NONE), V_ACCEPTED);
	town_put(&x.w, FEED_TOWN, "office", REC_filing_reply, &r, NULL, 0);
	REFUSED(&x.w, "VILLAGE_UNKNOWN", "F32", 0); /* invited only */
	at = town_size(&x.w, FEED_TOWN);
	T_EQ(reply(&x, FILED_accepted, "备7", ""), V_ACCEPTED);
	reply(&x, FILED_returned, "", "改一改分值");
	REFUSED(&x.w, "FILED_ALREADY", "F49", 7);
	r.village = town_b(TOWN_CODE);
	town_put(&x.w, FEED_TOWN, "office", REC_filing_reply, &r, NULL, 0);
	REFUSED(&x.w, "FILING_NUMBER_USED", "F51", (int64_t)at);
	r.number = town_b("备8");
	r.day = x.today + 1;
	town_put(&x.w, FEED_TOWN, "office", REC_filing_reply, &r, NULL, 0);
	REFUSED(&x.w, "DAY_FUTURE", "F30", r.day, x.today);
	r.day = x.today;
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_filing_reply, &r, NULL, 0), V_ACCEPTED);
	town_close(&x.w);
}

/* --- plan and scheme ------------------------------------------------------------------------------- */
static void test_a_plan_says_how_points_are_given_and_used(void)
{
	struct rec_plan p = {.version = 1,
			     .title = town_b("示范村积分制实施方案"),
			     .content = town_b("人居环境和移风易俗"),
			     .standards = town_b("按清单计分"),
			     .procedure = town_b("待补充"),
			     .uses = town_b("评优和兑换")};
	struct rec_plan_line l[2] = {{.step = town_b("宣传发动"),
				      .from = town_day(2026, 1, 1),
				      .to = town_day(2026, 1, 31)},
				     {.step = town_b("全面实施"), .to = town_day(2026, 12, 31)}};
	char text[256];
	struct world x;

	world_open(&x, SEED);
	put(&x, REC_plan, &p, l, 2);
	REFUSED(&x.w, "PLAN_EMPTY", "F76", 0);
	provoke_text(&x.w.last.reason, LANG_EN, text, sizeof(text));
	T_OK(strstr(text, "\"procedure\""));
	provoke_text(&x.w.last.reason, LANG_ZH, text, sizeof(text));
	T_OK(strstr(text, "评价程序"));
	p.procedure = town_b("申报、记录、审核、公示、确认");
	p.digest = town_half();
	put(&x, REC_plan, &p, l, 2);
	REFUSED(&x.w, "MALFORMED", "F00", 0);
	p.digest = town_b("");
	l[0].to = l[0].from - 1;
	put(&x, REC_plan, &p, l, 2);
	REFUSED(&x.w, "PERIOD", "F31", l[0].from, l[0].to);
	l[0].to = DAY_NONE;
	T_EQ(put(&x, REC_plan, &p, l, 2), V_ACCEPTED);
	put(&x, REC_plan, &p, l, 2);
	REFUSED(&x.w, "VERSION_USED", "F42", 1, 1);
	doc_is(&x, DOC_PLAN, 1, DAY_NONE, DAY_NONE);
	town_close(&x.w);
}

static const struct rec_scheme_line reward = {.kind = REWARD_goods};

static struct rec_scheme scheme_on(struct world *x, day_t day)
{
	struct rec_scheme s;

	town_begin(&x->w);
	T_EQ(read_scheme_on(READER(x->w.t, x->no), day, &s), ERR_OK);
	town_commit(&x->w);
	return s;
}

static void test_the_scheme_of_a_day_has_its_parameters(void)
{
	struct rec_scheme a = town_scheme(1, town_day(2026, 1, 1)),
			  b = town_scheme(4, town_day(2026, 7, 1));
	struct rec_scheme_line l = reward;
	struct rec_scheme s;
	struct world x;

	world_open(&x, SEED);
	s = scheme_on(&x, town_day(2025, 12, 31));
	T_EQ(s.version, 0); /* what is usual where nothing was decided */
	T_EQ(points_raw(s.threshold), 10000);
	T_EQ(fen_raw(s.rate), 100);
	T_EQ(s.notified_days, 3);
	T_EQ(s.answer_days, 7);
	l.name = town_b("生活用品");
	b.threshold = points_of(5000);
	T_EQ(put(&x, REC_scheme, &a, &l, 1), V_ACCEPTED);
	T_EQ(put(&x, REC_scheme, &b, &l, 1), V_ACCEPTED);
	b.version = 3;
	put(&x, REC_scheme, &b, &l, 1);
	REFUSED(&x.w, "VERSION_USED", "F42", 3, 4);
	T_EQ(scheme_on(&x, town_day(2026, 6, 30)).version, 1);
	s = scheme_on(&x, town_day(2026, 7, 1));
	T_EQ(s.version, 4);
	T_EQ(points_raw(s.threshold), 5000);
	town_close(&x.w);
}

/* --- prices and opening hours ---------------------------------------------------------------------- */
static struct rec_prices_line good(const char *code, int64_t price, int64_t cost)
{
	return (struct rec_prices_line){.good = town_b(code),
					.title = town_b("洗衣液"),
					.unit = town_b("瓶"),
					.price = points_of(price),
					.cost = fen_of(cost)};
}

static void test_a_price_list_has_goods_that_may_be_given_once(void)
{
	struct rec_prices p = {.version = 1, .from = town_day(2026, 1, 1)};
	struct rec_prices_line l[2] = {good("XYY", 2000, 2000), good("XYY", 1000, 1000)};
	static const char *const classes[] = {"cash", "shopping_card", "tobacco", "alcohol",
					      "phone_credit"};
	struct world x;

	world_open(&x, SEED);
	put(&x, REC_prices, &p, l, 2);
	REFUSED(&x.w, "GOOD_TWICE", "F55", 2);
	l[1].good = town_b("MJ");
	for (uint32_t i = 0; i < 5; i++) {
		l[1].class = GOODS_cash + i;
		put(&x, REC_prices, &p, l, 2);
		REFUSED(&x.w, "X08_GOODS", "X08", 2);
		T_STR(x.w.last.reason.s, "MJ");
		T_STR(x.w.last.reason.t, classes[i]);
	}
	l[1].class = GOODS_local;
	T_EQ(put(&x, REC_prices, &p, l, 2), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_close(&x.w);
}

static enum verdict_id put_scheme(struct world *x, uint64_t version, day_t from)
{
	struct rec_scheme s = town_scheme(version, from);
	struct rec_scheme_line l = reward;

	l.name = town_b("生活用品");
	return put(x, REC_scheme, &s, &l, 1);
}

static enum verdict_id put_prices(struct world *x, uint64_t version, day_t from)
{
	struct rec_prices p = {.version = version, .from = from};
	struct rec_prices_line l = good("XYY", 100, 100);

	return put(x, REC_prices, &p, &l, 1);
}

static void test_days_gone_by_keep_scheme_and_prices(void)
{
	static const struct {
		enum verdict_id (*put)(struct world *x, uint64_t version, day_t from);
		const char *name;
	} docs[] = {{put_scheme, "scheme"}, {put_prices, "prices"}};
	day_t first;
	struct world x;

	world_open(&x, SEED);
	first = x.today - 50;
	for (size_t i = 0; i < 2; i++) {
		x.w.wall_ms = town_noon(x.today);
		T_EQ(docs[i].put(&x, 1, first), V_ACCEPTED); /* the first one may be late */
		docs[i].put(&x, 2, first);
		REFUSED(&x.w, "VERSION_PAST", "P12", x.today, first, 1);
		T_STR(x.w.last.reason.s, docs[i].name);
		docs[i].put(&x, 2, x.today - 1);
		REFUSED(&x.w, "VERSION_PAST", "P12", x.today, x.today - 1, 1);
		T_EQ(docs[i].put(&x, 2, first - 1), V_ACCEPTED);
		T_EQ(docs[i].put(&x, 3, x.today), V_ACCEPTED);
		T_EQ(docs[i].put(&x, 4, x.today), V_ACCEPTED); /* put right on its first day */
		x.w.wall_ms = 0;
		docs[i].put(&x, 5, x.today + 1);
		REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	}
	town_close(&x.w);
}

/* One digit too many must not end the series. */
static void test_versions_go_on_in_small_steps(void)
{
	struct rec_catalogue c = {
		.version = 10001, .title = town_b("清单"), .from = town_day(2026, 1, 1)};
	struct rec_catalogue_line l = {
		.code = town_b("A"), .name_zh = town_b("x"), .points = points_of(1)};
	struct world x;

	world_open(&x, SEED);
	put_scheme(&x, 10000, x.today);
	REFUSED(&x.w, "VERSION_JUMP", "F85", 10000, 0, 1);
	T_STR(x.w.last.reason.s, "scheme");
	T_EQ(put_scheme(&x, 9999, x.today), V_ACCEPTED);
	T_EQ(put_scheme(&x, 2 * 9999, x.today), V_ACCEPTED);
	adopt(&x, 1000000, town_day(2028, 1, 1), DAY_NONE);
	REFUSED(&x.w, "VERSION_JUMP", "F85", 1000000, TOWN_VERSIONS, TOWN_VERSIONS + 1);
	town_put(&x.w, FEED_TOWN, "office", REC_catalogue, &c, &l, 1);
	REFUSED(&x.w, "VERSION_JUMP", "F85", 10001, 1, 2);
	T_STR(x.w.last.reason.s, "catalogue");
	c.version--;
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_catalogue, &c, &l, 1), V_ACCEPTED);
	town_close(&x.w);
}

static void test_prices_are_compared_with_cost_and_rate_exactly(void)
{
	static const struct {
		int64_t rate_points, rate, tolerance, price, cost, fair; /* 0: no warning */
	} cases[] = {
		{100, 100, 10, 1100, 1000, 0},
		{100, 100, 10, 1101, 1000, 1000},
		{100, 100, 10, 900, 1000, 0},
		{100, 100, 10, 899, 1000, 1000},
		{100, 100, 0, 1000, 1000, 0},
		{100, 100, 0, 1001, 1000, 1000},
		{100, 100, 10, 99999, 0, 0},  /* cost not told */
		{300, 700, 10, 471, 1000, 0}, /* 428.57; 110 % is 471.43 */
		{300, 700, 10, 472, 1000, 429},
		{300, 700, 10, 386, 1000, 0},
		{300, 700, 10, 385, 1000, 429},
		{100000000, 1, 100, 100000000, 1, 0},
		{100000000, 1, 99, 1, 100000000, 10000000000000000},
		{1, 100000000, 100, 100000000, 1, 0}, /* warned, and by its cost worth nothing */
	};
	struct rec_scheme s;
	struct rec_scheme_line r = reward;
	struct rec_prices p = {0};
	struct world x;

	world_open(&x, SEED);
	p.from = x.today;
	r.name = town_b("生活用品");
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rec_prices_line l = good("XYY", cases[i].price, cases[i].cost);

		s = town_scheme(i + 1, x.today);
		s.rate_points = points_of(cases[i].rate_points);
		s.rate = fen_of(cases[i].rate);
		s.tolerance = (uint64_t)cases[i].tolerance;
		T_EQ(put(&x, REC_scheme, &s, &r, 1), V_ACCEPTED);
		p.version = i + 1;
		T_EQ(put(&x, REC_prices, &p, &l, 1), V_ACCEPTED);
		if (i + 1 == sizeof(cases) / sizeof(cases[0]))
			WARNED(&x.w, "X02_COST", "X02", 1, 100000000, 0, 100);
		else if (cases[i].fair)
			WARNED(&x.w, "X02_COST", "X02", 1, cases[i].price, cases[i].fair,
			       cases[i].tolerance);
		else
			T_EQ(x.w.last.nwarn, 0);
	}
	town_close(&x.w);
}

static void test_hours_end_after_they_begin(void)
{
	struct rec_opening o = {.place = town_b("村便民服务中心")};
	struct rec_opening_line l[2] = {{.day = town_day(2026, 3, 5), .from = 540, .to = 720},
					{.day = town_day(2026, 3, 5), .from = 840, .to = 840}};
	struct world x;

	world_open(&x, SEED);
	put(&x, REC_opening, &o, l, 2);
	REFUSED(&x.w, "HOURS", "F56", 2, 840, 840);
	l[1].to = 1440;
	T_EQ(put(&x, REC_opening, &o, l, 2), V_ACCEPTED);
	town_close(&x.w);
}

/* Whatever is refused here leaves no trace. */
static void test_a_refused_record_changes_nothing(void)
{
	struct rec_opening o = {.place = town_b("店")};
	struct rec_opening_line ol[2] = {{.day = 20000, .from = 0, .to = 1},
					 {.day = 20000, .from = 5, .to = 5}};
	struct rec_prices p = {.version = 3, .from = 20000};
	struct rec_prices_line pl[2] = {good("A", 1, 1), good("A", 1, 1)};
	struct rec_plan plan = {.version = 3,
				.title = town_b("方案"),
				.content = town_b("内容一"),
				.standards = town_b("标准一"),
				.procedure = town_b("程序一"),
				.uses = town_b("应用一")};
	struct rec_plan_line sl = {.step = town_b("一"), .from = 20001, .to = 20000};
	struct hash before, after;
	struct world x;

	world_open(&x, SEED);
	town_digest(&x.w, x.no, &before);
	T_OK(put(&x, REC_opening, &o, ol, 2) != V_ACCEPTED);
	T_OK(put(&x, REC_prices, &p, pl, 2) != V_ACCEPTED);
	T_OK(put(&x, REC_plan, &plan, &sl, 1) != V_ACCEPTED);
	T_OK(submit(&x, SUBJECT_scheme, 1) != V_ACCEPTED);
	town_digest(&x.w, x.no, &after);
	T_MEM(&after, &before, sizeof(after));
	town_close(&x.w);
}

T_MAIN(T(test_a_catalogue_holds_for_a_year, "R31"),
       T(test_days_gone_by_keep_their_catalogue, "R31"),
       T(test_a_village_adds_changes_and_drops_items, "R02 R30"),
       T(test_one_code_has_one_cap_whoever_named_it, "R30"),
       T(test_a_version_is_submitted_returned_and_accepted, "R32 R45 R63"),
       T(test_what_is_returned_at_once_may_be_submitted_again),
       T(test_a_reply_to_what_was_not_submitted_files_nothing),
       T(test_the_town_replies_once_and_with_a_number_of_its_own, "R32 R63"),
       T(test_a_plan_says_how_points_are_given_and_used, "R14 R15"),
       T(test_the_scheme_of_a_day_has_its_parameters, "R45 R49 R52"),
       T(test_a_price_list_has_goods_that_may_be_given_once, "R51"),
       T(test_days_gone_by_keep_scheme_and_prices), T(test_versions_go_on_in_small_steps),
       T(test_prices_are_compared_with_cost_and_rate_exactly, "R49 R50"),
       T(test_hours_end_after_they_begin, "R18"), T(test_a_refused_record_changes_nothing))
