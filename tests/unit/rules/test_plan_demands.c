#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* Demands of the town's plan that go through several parts of the rules: who decides, what evidence there may
 * be, how an account goes through the years, below zero and below the threshold. */

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
	struct rec_scheme rewards = town_scheme(1, town_day(2026, 1, 1));
	struct rec_scheme_line goods = {.kind = REWARD_goods, .name = town_b("生活用品")};
	struct rec_prices prices = {.version = 1, .from = town_day(2026, 1, 1)};
	struct rec_prices_line price = town_good("G01", 100);
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
	static const char *const others[] = {TOWN_REC, TOWN_REV, TOWN_CON, WORLD_KEEPER};
	struct world x;

	world_open(&x, 1);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, WORLD_KEEPER, ROLE_keeper, ""), V_ACCEPTED);
	catalogue.from = appraisal.day = honour.day = support.day = x.today;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
			world_put(&x, others[k], cases[i].type, cases[i].head, cases[i].lines,
				  cases[i].n);
			REFUSED(&x.w, "NO_ROLE", "L05", 0);
			T_STR(x.w.last.reason.t, "committee");
		}
		world_put(&x, TOWN_HEAD, cases[i].type, cases[i].head, cases[i].lines, cases[i].n);
		T_STR(reason_name(x.w.last.reason.id), "ACCEPTED");
	}
	town_close(&x.w);
}

/* 500101999001 is the code of a neighbourhood committee: it joins and works as a village does. */
static void test_a_neighbourhood_committee_works_like_a_village(void)
{
	struct rec_points_line l;
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
	T_EQ(world_balance(&x, "01001"), 500);
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
	T_EQ(world_put(&x, TOWN_HEAD, REC_adopt_catalogue, &a, own, 2), V_ACCEPTED);
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
	const struct rec_prices_line goods[] = {town_good("G01", 6000), town_good("G02", 100),
						town_good("G03", 1)};
	struct rec_scheme s = town_scheme(1, town_day(2026, 1, 1));

	s.threshold = points_of(threshold);
	world_store(x, &s, goods, 3);
}

static enum verdict_id take(struct world *x, const char *household, const char *good, int64_t price)
{
	struct rec_redemption r = world_slip(x, household);
	struct rec_redemption_line l = world_taken(good, 1, price);

	return world_put(x, WORLD_KEEPER, REC_redemption, &r, &l, 1);
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
	T_EQ(world_balance(&x, "01001"), 10000);
	T_EQ(take(&x, "01001", "G01", 6000), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 4000);
	/* what is left would pay for it, but is not a hundred */
	take(&x, "01001", "G02", 100);
	REFUSED(&x.w, "X01_THRESHOLD", "X01", 4000, 10000, 6000);
	earn(&x, 11, 4);
	take(&x, "01001", "G02", 100);
	REFUSED(&x.w, "X01_THRESHOLD", "X01", 9900, 10000, 100);
	earn(&x, 0, 1);
	T_EQ(take(&x, "01001", "G02", 100), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 9900);
	town_close(&x.w);
}

/* An account may go below zero; nothing is advanced then, even where there is no threshold. */
static void test_who_owes_points_redeems_nothing(void)
{
	struct world x;

	world_open(&x, 5);
	open_store(&x, 0);
	town_earn(&x.w, x.no, "01001", 0, "D201", x.day);
	T_EQ(world_balance(&x, "01001"), -200);
	take(&x, "01001", "G03", 1);
	T_EQ(verdict_ok(&x.w.last), false);
	T_STR(reason_rule(x.w.last.reason.id), "X01");
	earn(&x, 0, 2);
	T_EQ(world_balance(&x, "01001"), 0);
	take(&x, "01001", "G03", 1);
	REFUSED(&x.w, "X01_BALANCE", "X01", 0, 1);
	earn(&x, 0, 1);
	T_EQ(take(&x, "01001", "G03", 1), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 99);
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
		T_EQ(world_balance(&x, "01001"), 500 * (year - 2019));
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
		struct rec_prices_line l = town_good("G04", 100);

		l.class = (enum rec_choice_GOODS)k;
		world_put(&x, TOWN_HEAD, REC_prices, &p, &l, 1);
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
