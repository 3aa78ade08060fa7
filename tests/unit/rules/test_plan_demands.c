#include <stdio.h>

#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"

/* Demands of the town's plan that go through several parts of the rules: who decides, what evidence there may
 * be, how an account goes through the years, below zero and below the threshold. */
#define KEEPER "keeper"

struct world {
	struct town w;
	uint32_t no;
	day_t day, today;
	uint32_t slips;
};

static void world_open(struct world *x, uint64_t seed)
{
	x->no = town_open(&x->w, seed);
	x->day = town_day(2026, 2, 20);
	x->today = town_day(2026, 3, 1);
	x->slips = 0;
}

static enum verdict_id put(struct world *x, const char *who, enum rec_code type, const void *head,
			   const void *lines, uint32_t n)
{
	return town_put(&x->w, x->no, who, type, head, lines, n);
}

static int64_t balance(struct world *x, const char *household)
{
	struct view_household h;

	town_begin(&x->w);
	T_EQ(view_household(x->w.t, x->no, town_b(household), &h), ERR_OK);
	town_commit(&x->w);
	return points_raw(h.balance);
}

static struct rec_scheme scheme(int64_t threshold)
{
	struct rec_scheme s = town_scheme(1, town_day(2026, 1, 1));

	s.threshold = points_of(threshold);
	return s;
}

static const struct rec_scheme_line reward = {.kind = REWARD_goods};

static struct rec_prices_line good(const char *code, enum rec_choice_GOODS class, int64_t price)
{
	return (struct rec_prices_line){.good = town_b(code),
					.title = town_b("物品"),
					.class = class,
					.unit = town_b("件"),
					.price = points_of(price),
					.cost = fen_of(price)};
}

/* --- who decides ----------------------------------------------------------------------------------- */
/* Catalogue, plan, scheme, prices, appraisals, the close of a year, honours and support are the committee's
 * to decide and nobody else's; who signs is in the entry. */
static void test_the_committee_decides(void)
{
	struct rec_adopt_catalogue catalogue = {.version = 9, .base = 1};
	struct rec_plan plan = {.version = 1,
				.title = town_b("实施方案"),
				.content = town_b("人居环境"),
				.standards = town_b("按清单计分"),
				.procedure = town_b("申报、审核、确认"),
				.uses = town_b("评优和兑换")};
	struct rec_plan_line step = {.step = town_b("宣传发动")};
	struct rec_scheme rewards = scheme(10000);
	struct rec_scheme_line goods = reward;
	struct rec_prices prices = {.version = 1, .from = town_day(2026, 1, 1)};
	struct rec_prices_line price = good("G01", GOODS_household, 100);
	struct rec_submission sent = {.subject = SUBJECT_plan, .version = 1};
	struct rec_appraisal appraisal = {
		.year = 2025, .title = town_b("文明家庭"), .basis = town_b("年度积分")};
	struct rec_appraisal_line first = {.rank = 1, .household = town_b("01001")};
	struct rec_honour honour = {.household = town_b("01001"),
				    .title = town_b("文明家庭"),
				    .year = 2025,
				    .basis = town_b("年度积分")};
	struct rec_policy_support support = {.policy = town_b("小额信贷"),
					     .department = town_b("农商行"),
					     .household = town_b("01001"),
					     .basis = town_b("年度积分第一")};
	const struct {
		enum rec_code type;
		const void *head, *lines;
		uint32_t n;
	} cases[] = {
		{REC_adopt_catalogue, &catalogue, NULL, 0},
		{REC_plan, &plan, &step, 1},
		{REC_scheme, &rewards, &goods, 1},
		{REC_prices, &prices, &price, 1},
		{REC_submission, &sent, NULL, 0},
		{REC_appraisal, &appraisal, &first, 1},
		{REC_honour, &honour, NULL, 0},
		{REC_policy_support, &support, NULL, 0},
	};
	static const char *const others[] = {TOWN_REC, TOWN_REV, TOWN_CON, KEEPER};
	struct world x;

	world_open(&x, 1);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, KEEPER, ROLE_keeper, ""), V_ACCEPTED);
	catalogue.from = appraisal.day = honour.day = support.day = x.today;
	goods.name = town_b("生活用品");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
			put(&x, others[k], cases[i].type, cases[i].head, cases[i].lines,
			    cases[i].n);
			REFUSED(&x.w, "NO_ROLE", "L05", 0);
			T_STR(x.w.last.reason.t, "committee");
		}
		put(&x, TOWN_HEAD, cases[i].type, cases[i].head, cases[i].lines, cases[i].n);
		T_STR(reason_name(x.w.last.reason.id), "ACCEPTED");
	}
	town_close(&x.w);
}

/* 500101999001 is the code of a neighbourhood committee: it joins and works as a village does. */
static void test_a_neighbourhood_committee_works_like_a_village(void)
{
	struct rec_points_line l;
	struct view_household h;
	struct world x;
	uint64_t e;

	world_open(&x, 2);
	x.no = town_village(&x.w, "500101999001");
	T_EQ(town_household(&x.w, x.no, "rec/500101999001", "01001", 2), V_ACCEPTED);
	l = town_line("01001", 1, "C101", x.day);
	T_EQ(town_points(&x.w, x.no, "rec/500101999001", &l, 1), V_ACCEPTED);
	e = town_size(&x.w, x.no) - 1;
	T_EQ(town_step(&x.w, x.no, "rev/500101999001", REC_review, e, 0, DECISION_agree),
	     V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, "con/500101999001", REC_confirm, e, 0, DECISION_agree),
	     V_ACCEPTED);
	town_begin(&x.w);
	T_EQ(view_household(x.w.t, x.no, town_b("01001"), &h), ERR_OK);
	town_commit(&x.w);
	T_EQ(points_raw(h.balance), 500);
	town_close(&x.w);
}

/* --- evidence -------------------------------------------------------------------------------------- */
/* Records made on the spot, documents of commendation and of law, news, and what units and people report:
 * an item takes the kinds it names, one that names none takes any; without evidence nothing is recorded. */
static void test_evidence_is_of_a_kind_the_item_takes(void)
{
	static const char *const kinds[] = {"现场记录", "表彰文件", "法律文书",
					    "新闻报道", "单位反馈", "人员反馈"};
	struct rec_adopt_catalogue a = {.version = 9, .base = 1};
	struct rec_adopt_catalogue_line own[2] = {
		{.change = CHANGE_add,
		 .code = town_b("V001"),
		 .name_zh = town_b("见义勇为"),
		 .points = points_of(100),
		 .evidence = town_b("现场记录;表彰文件;法律文书;新闻报道;单位反馈;人员反馈")},
		{.change = CHANGE_add,
		 .code = town_b("V002"),
		 .name_zh = town_b("好人好事"),
		 .points = points_of(100)}};
	struct rec_points_line l;
	struct world x;

	world_open(&x, 3);
	a.from = x.today;
	T_EQ(put(&x, TOWN_HEAD, REC_adopt_catalogue, &a, own, 2), V_ACCEPTED);
	for (int item = 1; item <= 2; item++) {
		l = town_line("01001", 0, item == 1 ? "V001" : "V002", x.today);
		l.version = 9;
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			l.evidence = town_b(kinds[i]);
			T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
		}
		l.evidence = town_b("听说");
		town_points(&x.w, x.no, TOWN_REC, &l, 1);
		if (item == 1)
			REFUSED(&x.w, "P08_EVIDENCE", "P08", 1);
		else
			T_EQ(x.w.last.reason.id, V_ACCEPTED);
		l.evidence = town_b("");
		town_points(&x.w, x.no, TOWN_REC, &l, 1);
		REFUSED(&x.w, "P08_MISSING", "P08", 1);
	}
	town_close(&x.w);
}

/* --- the account ----------------------------------------------------------------------------------- */
static void open_store(struct world *x, int64_t threshold)
{
	struct rec_scheme s = scheme(threshold);
	struct rec_scheme_line sl = reward;
	struct rec_prices p = {.version = 1, .from = town_day(2026, 1, 1)};
	struct rec_prices_line l[3] = {good("G01", GOODS_household, 6000),
				       good("G02", GOODS_production, 100),
				       good("G03", GOODS_local, 1)};

	sl.name = town_b("积分超市兑换");
	T_EQ(town_grant(&x->w, x->no, TOWN_HEAD, KEEPER, ROLE_keeper, ""), V_ACCEPTED);
	T_EQ(put(x, TOWN_HEAD, REC_scheme, &s, &sl, 1), V_ACCEPTED);
	T_EQ(put(x, TOWN_HEAD, REC_prices, &p, l, 3), V_ACCEPTED);
}

static enum verdict_id take(struct world *x, const char *household, const char *code, int64_t price)
{
	char slip[16];
	struct rec_redemption r = {.household = town_b(household),
				   .day = x->today,
				   .minute = 600,
				   .receiver = town_b("王大明"),
				   .member = 1,
				   .prices = 1};
	struct rec_redemption_line l = {
		.good = town_b(code), .quantity = qty_of(1), .points = points_of(price)};

	snprintf(slip, sizeof(slip), "DH-%u", ++x->slips);
	r.slip = town_b(slip);
	return put(x, KEEPER, REC_redemption, &r, &l, 1);
}

/* The points of a household: so many times five, and single ones. */
static void earn(struct world *x, uint32_t fives, uint32_t ones)
{
	for (uint32_t i = 0; i < fives; i++)
		town_earn(&x->w, x->no, "01001", 1 + i % 4, "C101", x->day);
	for (uint32_t i = 0; i < ones; i++)
		town_earn(&x->w, x->no, "01001", 0, "Z001", x->day);
}

static void test_the_threshold_is_asked_for_each_time(void)
{
	struct world x;

	world_open(&x, 4);
	open_store(&x, 10000);
	earn(&x, 20, 0);
	T_EQ(balance(&x, "01001"), 10000);
	T_EQ(take(&x, "01001", "G01", 6000), V_ACCEPTED);
	T_EQ(balance(&x, "01001"), 4000);
	/* what is left would pay for it, but is not a hundred */
	take(&x, "01001", "G02", 100);
	REFUSED(&x.w, "X01_THRESHOLD", "X01", 4000, 10000, 6000);
	earn(&x, 11, 4);
	take(&x, "01001", "G02", 100);
	REFUSED(&x.w, "X01_THRESHOLD", "X01", 9900, 10000, 100);
	earn(&x, 0, 1);
	T_EQ(take(&x, "01001", "G02", 100), V_ACCEPTED);
	T_EQ(balance(&x, "01001"), 9900);
	town_close(&x.w);
}

/* An account may go below zero; nothing is advanced then, even where there is no threshold. */
static void test_who_owes_points_redeems_nothing(void)
{
	struct world x;

	world_open(&x, 5);
	open_store(&x, 0);
	town_earn(&x.w, x.no, "01001", 0, "D201", x.day);
	T_EQ(balance(&x, "01001"), -200);
	take(&x, "01001", "G03", 1);
	T_EQ(verdict_ok(&x.w.last), false);
	T_STR(reason_rule(x.w.last.reason.id), "X01");
	earn(&x, 0, 2);
	T_EQ(balance(&x, "01001"), 0);
	take(&x, "01001", "G03", 1);
	REFUSED(&x.w, "X01_BALANCE", "X01", 0, 1);
	earn(&x, 0, 1);
	T_EQ(take(&x, "01001", "G03", 1), V_ACCEPTED);
	T_EQ(balance(&x, "01001"), 99);
	town_close(&x.w);
}

/* Nothing expires: the account of the seventh year holds what the first brought. */
static void test_years_add_up(void)
{
	struct world x;

	world_open(&x, 6);
	for (int year = 2020; year <= 2026; year++) {
		x.day = town_day(year, 2, 1);
		earn(&x, 1, 0);
		T_EQ(balance(&x, "01001"), 500 * (year - 2019));
	}
	town_close(&x.w);
}

/* --- goods ----------------------------------------------------------------------------------------- */
static void test_goods_are_for_house_field_or_from_here(void)
{
	struct rec_prices p = {.version = 2};
	struct world x;

	world_open(&x, 7);
	open_store(&x, 0);
	p.from = x.today;
	for (uint32_t k = GOODS_household; k <= GOODS_phone_credit; k++) {
		struct rec_prices_line l = good("G04", (enum rec_choice_GOODS)k, 100);

		put(&x, TOWN_HEAD, REC_prices, &p, &l, 1);
		if (k <= GOODS_local)
			T_EQ(x.w.last.reason.id, V_ACCEPTED);
		else
			REFUSED(&x.w, "X08_GOODS", "X08", 1);
		p.version++;
	}
	town_close(&x.w);
}

T_MAIN(T(test_the_committee_decides, "R03 R45 R48"),
       T(test_a_neighbourhood_committee_works_like_a_village, "I9"),
       T(test_evidence_is_of_a_kind_the_item_takes, "R38"),
       T(test_the_threshold_is_asked_for_each_time, "I3"),
       T(test_who_owes_points_redeems_nothing, "I8"), T(test_years_add_up, "R53 I1"),
       T(test_goods_are_for_house_field_or_from_here, "R51"))
