#include <stdio.h>

#include "tests/sim/work.h"

/* The documents of a village and what it does by them: redemptions, appraisals, notices, meetings. */
#define GOOD_POINTS 100
#define GOODS_MOST  24 /* now and then above the cap */

/* --- documents ------------------------------------------------------------------------------------- */

static day_t new_year(int year)
{
	day_t day = DAY_NONE;

	day_from_ymd(year, 1, 1, &day);
	return day;
}

/* The year's catalogue, from the town's first; from the second year on with changes of the village's own. */
static void adopt(struct sim *s, struct order *o, uint32_t year)
{
	const struct rec_adopt_catalogue a = {
		.version = year + 1, .base = 1, .from = new_year(BOOKS_YEAR + (int)year)};
	struct rec_adopt_catalogue_line l[2];

	for (uint32_t i = 0; i < 2; i++) {
		const struct work_item *it = &work_items[TOWN_ITEMS - 1 + i];

		l[i] = (struct rec_adopt_catalogue_line){
			.change = i ? CHANGE_add : CHANGE_change,
			.code = host_text(it->code),
			.category = CATEGORY_D,
			.name_zh = host_text("事项"),
			.points = points_of(it->points[1]),
			.cap = points_of(it->cap),
			.scope = it->scope,
			.evidence = host_text(WORK_EVIDENCE),
		};
	}
	order_make(s, o, REC_adopt_catalogue, &a, l, year ? 2 : 0, HOST_HEAD);
}

static void write_plan(struct sim *s, struct order *o, uint64_t version)
{
	const struct rec_plan p = {.version = version,
				   .title = host_text("积分制实施方案"),
				   .content = host_text("人居环境和乡风文明"),
				   .standards = host_text("按清单逐项评价"),
				   .procedure = host_text("记录、审核、确认、公示"),
				   .uses = host_text("兑换物品和评先评优")};
	const struct rec_plan_line l = {.step = host_text("宣传动员")};

	order_make(s, o, REC_plan, &p, &l, 1, HOST_HEAD);
}

static void write_scheme(struct sim *s, struct order *o)
{
	const struct rec_scheme r = {.version = 1,
				     .title = host_text("积分奖励方案"),
				     .from = new_year(BOOKS_YEAR),
				     .rate_points = points_of(100),
				     .rate_fen = fen_of(100),
				     .threshold = points_of(BOOKS_THRESHOLD),
				     .redeem_cap = points_of(BOOKS_REDEEM_CAP),
				     .year_cap = points_of(BOOKS_YEAR_CAP),
				     .told_days = 3,
				     .notice_days = 7,
				     .object_days = 7,
				     .answer_days = 7,
				     .tolerance = 10,
				     .proxy_max = 3,
				     .scope = host_text("全体参加农户")};
	const struct rec_scheme_line l = {.kind = REWARD_goods, .name = host_text("日用品")};

	order_make(s, o, REC_scheme, &r, &l, 1, HOST_HEAD);
}

static void write_prices(struct sim *s, struct order *o)
{
	const struct rec_prices r = {.version = 1, .from = new_year(BOOKS_YEAR)};
	const struct rec_prices_line l = {.good = host_text("G01"),
					  .title = host_text("洗衣粉"),
					  .unit = host_text("袋"),
					  .price = points_of(GOOD_POINTS),
					  .cost = fen_of(100)};

	order_make(s, o, REC_prices, &r, &l, 1, HOST_HEAD);
}

static void post_hours(struct sim *s, struct order *o, unsigned person)
{
	const struct rec_opening r = {.place = host_text("积分超市")};
	const struct rec_opening_line l = {.day = work_today(s), .from = 540, .to = 660};

	order_make(s, o, REC_opening, &r, &l, 1, person);
}

void scheme_setup(struct sim *s, struct order *o, uint32_t step)
{
	switch (step) {
	case 0:
	case 1: adopt(s, o, step); break;
	case 2: write_plan(s, o, 1); break;
	case 3: write_scheme(s, o); break;
	case 4: write_prices(s, o); break;
	default: post_hours(s, o, HOST_HEAD); break;
	}
}

static void submit(struct sim *s, uint32_t host)
{
	const struct rec_submission r = {.subject = (uint32_t)prng_below(&s->work, 3),
					 .version = 1};

	order_make(s, order_new(s, host, K_OTHER), REC_submission, &r, NULL, 0, HOST_HEAD);
}

static void reply_guidance(struct sim *s, uint32_t host)
{
	const struct rec_guidance_reply r = {.guidance = s->people->guidance,
					     .done = YES_yes,
					     .day = work_today(s),
					     .text = host_text("已经张贴")};

	if (r.guidance)
		order_make(s, order_new(s, host, K_OTHER), REC_guidance_reply, &r, NULL, 0,
			   HOST_HEAD);
}

static void documents(struct sim *s, uint32_t host)
{
	switch (prng_below(&s->work, 6)) {
	case 0: /* next year's, or again */
		adopt(s, order_new(s, host, K_OTHER), BOOKS_YEARS);
		break;
	case 1: write_plan(s, order_new(s, host, K_OTHER), 2); break;
	case 2: post_hours(s, order_new(s, host, K_OTHER), HOST_DEPUTY); break;
	case 3: reply_guidance(s, host); break;
	default: submit(s, host); break;
	}
}

/* --- redemptions ----------------------------------------------------------------------------------- */

const struct books_act *some_act(struct sim *s, uint32_t host, uint32_t type)
{
	const struct books *b = &s->people->books[host];
	uint32_t at = b->nacts ? (uint32_t)prng_below(&s->work, b->nacts) : 0;
	bool any = sim_chance(&s->work, 40);

	for (uint32_t i = 0; i < b->nacts; i++, at = (at + 1) % b->nacts)
		if (b->act[at].type == type && (any || !b->act[at].done))
			return &b->act[at];
	return NULL;
}

static void redeem(struct sim *s, uint32_t host)
{
	const struct books_act *before = some_act(s, host, REC_redemption);
	struct books_act a = {.type = REC_redemption, .by = HOST_DEPUTY, .slip = s->people->n};
	struct rec_redemption r = {.day = work_today(s), .minute = 600, .prices = 1};
	uint64_t n, have;
	int64_t balance;
	struct rec_redemption_line l;
	char name[8], slip[12];

	a.household = richest_household(s, host);
	balance = s->people->books[host].household[a.household].balance;
	if (balance < BOOKS_THRESHOLD && sim_chance(&s->work, 80)) {
		work_points(s, host); /* so that there will be some */
		return;
	}
	have = balance > 0 ? (uint64_t)balance : 0;
	n = 1 +
	    prng_below(&s->work, sim_chance(&s->work, 10) ? GOODS_MOST : have / GOOD_POINTS + 2);
	a.points = (int64_t)n * GOOD_POINTS;
	if (before && sim_chance(&s->work, 5))
		a.slip = before->slip;
	household_name(a.household, name);
	snprintf(slip, sizeof(slip), "D%u", a.slip);
	r.slip = host_text(slip);
	r.household = host_text(name);
	r.receiver = host_text("陈七");
	r.proxy = host_text("委托书一号");
	l = (struct rec_redemption_line){.good = host_text("G01"),
					 .quantity = qty_of((int64_t)n),
					 .points = points_of(a.points)};
	order_act(s, host, &a, &r, &l, 1);
}

static void take_back(struct sim *s, uint32_t host)
{
	const struct books_act *was = some_act(s, host, REC_redemption);
	struct books_act a = {.type = REC_redemption_reversal};
	struct rec_redemption_reversal r = {.reason = host_text("物品退回")};

	if (!was)
		return;
	a.by = sim_chance(&s->work, 20) ? HOST_DEPUTY : HOST_CONFIRMER;
	a.about = r.entry = was->entry;
	a.household = was->household;
	order_act(s, host, &a, &r, NULL, 0);
}

/* --- the year -------------------------------------------------------------------------------------- */

static void appraise(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	struct books_act a = {.type = REC_appraisal, .by = HOST_HEAD};
	struct rec_appraisal r = {.title = host_text("最美庭院"),
				  .basis = host_text("年度积分"),
				  .day = work_today(s)};
	struct rec_appraisal_line l;
	char name[8];

	a.year = sim_chance(&s->work, 25); /* mostly the year that can be closed */
	a.household = some_household(s, host);
	a.points = b->year[a.household][0][a.year].score;
	if (sim_chance(&s->work, 20))
		a.points += 100;
	household_name(a.household, name);
	r.year = BOOKS_YEAR + a.year;
	l = (struct rec_appraisal_line){
		.rank = 1, .household = host_text(name), .score = points_of(a.points)};
	order_act(s, host, &a, &r, &l, 1);
}

static void confirm_appraisal(struct sim *s, uint32_t host)
{
	const struct books_act *was = some_act(s, host, REC_appraisal);
	struct books_act a = {.type = REC_appraisal_confirm, .yes = sim_chance(&s->work, 80)};
	struct rec_appraisal_confirm r = {.decision = a.yes ? DECISION_agree : DECISION_refuse};

	if (!was)
		return;
	a.by = sim_chance(&s->work, 15) ? HOST_HEAD : HOST_CONFIRMER;
	a.about = r.entry = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void close_year(struct sim *s, uint32_t host)
{
	const struct books_act a = {.type = REC_year_close, .by = HOST_HEAD};
	const struct rec_year_close r = {.year = BOOKS_YEAR};

	order_act(s, host, &a, &r, NULL, 0);
}

/* --- what goes to the wall ------------------------------------------------------------------------- */

static void notice(struct sim *s, uint32_t host)
{
	const struct books_act a = {.type = REC_notice, .by = HOST_RECORDER};
	struct rec_notice r = {.from = work_today(s) - 30, .to = work_today(s)};
	struct host *h = &s->m[host].host;
	struct hash root;

	host_root(h, &h->feed, &root);
	r.size = host_size(h, &h->feed);
	r.root = (struct bytes){root.b, sizeof(root.b)};
	r.digest = r.root;
	r.town = host_size(h, &h->town_feed);
	r.day = work_today(s);
	order_act(s, host, &a, &r, NULL, 0);
}

static void post(struct sim *s, uint32_t host)
{
	const struct books_act *was = some_act(s, host, REC_notice);
	struct books_act a = {.type = REC_posting, .by = HOST_RECORDER};
	struct rec_posting r = {.place = host_text("村务公开栏"),
				.from = work_today(s),
				.to = work_today(s) + 7,
				.poster = host_text("钱记录")};

	if (!was)
		return;
	a.about = r.notice = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void withdraw(struct sim *s, uint32_t host)
{
	const struct books_act *was = some_act(s, host, REC_notice);
	struct books_act a = {.type = REC_withdrawal, .by = HOST_HEAD};
	struct rec_withdrawal r = {.day = work_today(s), .reason = host_text("数据有误重新公示")};

	if (!was)
		return;
	a.about = r.notice = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void meet(struct sim *s, uint32_t host)
{
	const struct books_act a = {.type = REC_meeting, .by = HOST_RECORDER};
	const struct rec_meeting r = {.kind = MEETING_representatives,
				      .day = work_today(s),
				      .place = host_text("村委会"),
				      .attendance = 21,
				      .agenda = host_text("表决积分奖励方案")};

	order_act(s, host, &a, &r, NULL, 0);
}

static void year_and_wall(struct sim *s, uint32_t host)
{
	switch (prng_below(&s->work, 10)) {
	case 0:
	case 1: appraise(s, host); break;
	case 2:
	case 3: confirm_appraisal(s, host); break;
	case 4: close_year(s, host); break;
	case 5:
	case 6: notice(s, host); break;
	case 7: post(s, host); break;
	case 8: withdraw(s, host); break;
	default: meet(s, host); break;
	}
}

void work_scheme(struct sim *s, uint32_t host)
{
	uint64_t what = prng_below(&s->work, 100);

	if (what < 45)
		redeem(s, host);
	else if (what < 70)
		take_back(s, host);
	else if (what < 90)
		year_and_wall(s, host);
	else
		documents(s, host);
}
