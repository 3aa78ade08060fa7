#include <stdio.h>

#include "tests/sim/work.h"

/* The documents of a village and what it does by them: redemptions, appraisals, notices. */
#define GOOD_POINTS    100
#define GOODS_MOST     24  /* now and then above the cap */
#define LEAST_POINTS   200 /* the threshold of the first scheme */
#define MORE_POINTS    50  /* and in each later one */
#define LEAST_NOTIFIED 3
#define SCHEME_AHEAD   20 /* days from the record to its first day, at most */
#define SCHEME_BACK    4  /* now and then its first day is gone by */
#define SCHEMES_MAX    3
#define VERSION_SLIP   20000
#define REDEEM_BACK    20 /* days */

/* --- documents ------------------------------------------------------------------------------------- */

static day_t new_year(int year)
{
	day_t day = DAY_NONE;

	day_from_ymd(year, 1, 1, &day);
	return day;
}

/* A document is an act of the books; the first ones are steps of setting up. */
static struct books_act document(enum rec_code type, uint32_t version, day_t from)
{
	return (struct books_act){.type = type, .by = HOST_HEAD, .which = version, .day = from};
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
	o->act = document(REC_adopt_catalogue, year + 1, a.from);
	order_make(s, o, REC_adopt_catalogue, &a, l, year ? 2 : 0, HOST_HEAD);
}

static void write_plan(struct sim *s, struct order *o, uint32_t version)
{
	const struct rec_plan p = {.version = version,
				   .title = host_text("积分制实施方案"),
				   .content = host_text("人居环境和乡风文明"),
				   .standards = host_text("按清单逐项评价"),
				   .procedure = host_text("记录、审核、确认、公示"),
				   .uses = host_text("兑换物品和评先评优")};
	const struct rec_plan_line l = {.step = host_text("宣传动员")};

	o->act = document(REC_plan, version, DAY_NONE);
	order_make(s, o, REC_plan, &p, &l, 1, HOST_HEAD);
}

/* The first is in force before all else; later ones ask for more and tell longer. */
static void write_scheme(struct sim *s, struct order *o, uint32_t version, day_t from)
{
	struct rec_scheme r = {.version = version,
			       .title = host_text("积分奖励方案"),
			       .from = from,
			       .rate_points = points_of(100),
			       .rate = fen_of(100),
			       .redeem_cap = points_of(BOOKS_REDEEM_CAP),
			       .year_cap = points_of(BOOKS_YEAR_CAP),
			       .notice_days = 7,
			       .object_days = 7,
			       .answer_days = BOOKS_SOON,
			       .tolerance = 10,
			       .proxy_max = 3,
			       .scope = host_text("全体参加农户")};
	const struct rec_scheme_line l = {.kind = REWARD_goods, .name = host_text("日用品")};

	o->act = document(REC_scheme, version, from);
	o->act.points = LEAST_POINTS + MORE_POINTS * ((int64_t)version - 1);
	o->act.days = LEAST_NOTIFIED * version;
	r.threshold = points_of(o->act.points);
	r.notified_days = o->act.days;
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
	if (step < BOOKS_YEARS) {
		adopt(s, o, step);
		return;
	}
	switch (step - BOOKS_YEARS) {
	case 0: write_plan(s, o, 1); break;
	case 1: write_scheme(s, o, 1, new_year(BOOKS_YEAR)); break;
	case 2: write_prices(s, o); break;
	default: post_hours(s, o, HOST_HEAD); break;
	}
}

static void submit(struct sim *s, uint32_t host)
{
	const struct rec_submission r = {.subject = (uint32_t)prng_below(&s->work, 3),
					 .version = 1};

	order_make(s, order_new(s, host, K_OTHER), REC_submission, &r, NULL, 0, HOST_HEAD);
}

/* To guidance for this village or for all; now and then to that of another. */
static void reply_guidance(struct sim *s, uint32_t host)
{
	const struct people *p = s->people;
	uint32_t at = p->nguidance ? (uint32_t)prng_below(&s->work, p->nguidance) : 0;
	struct rec_guidance_reply r = {
		.done = YES_yes, .day = work_today(s), .text = host_text("已经张贴")};

	if (p->nguidance == 0)
		return;
	for (uint32_t i = 0; i < p->nguidance && sim_chance(&s->work, 95); i++) {
		if (p->guidance[at].village == host || p->guidance[at].village == SIM_HUB)
			break;
		at = (at + 1) % p->nguidance;
	}
	r.guidance = p->guidance[at].entry;
	order_make(s, order_new(s, host, K_OTHER), REC_guidance_reply, &r, NULL, 0, HOST_HEAD);
}

/* One version more, or one that there is; @most of schemes, so that the threshold stays in reach. */
static uint32_t next_version(struct sim *s, uint32_t host, enum rec_code type, uint32_t most)
{
	const struct books *b = &s->people->books[host];
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->nacts; i++)
		n += b->act[i].type == (uint32_t)type;
	return n < most && !sim_chance(&s->work, 20) ? n + 1 : n;
}

/* What draws is called one after another: in one call compilers would draw in another order each. */
static void plan(struct sim *s, uint32_t host)
{
	uint32_t version = next_version(s, host, REC_plan, ACCEPTED_MAX);

	if (sim_chance(&s->work, 20))
		version += VERSION_SLIP;
	write_plan(s, order_new(s, host, K_ACT), version);
}

static void scheme(struct sim *s, uint32_t host)
{
	uint32_t version = next_version(s, host, REC_scheme, SCHEMES_MAX);
	day_t from = work_today(s) + (day_t)prng_below(&s->work, SCHEME_AHEAD) - SCHEME_BACK;

	write_scheme(s, order_new(s, host, K_ACT), version, from);
}

static void documents(struct sim *s, uint32_t host)
{
	switch (prng_below(&s->work, 8)) {
	case 0: /* next year's, or again */ adopt(s, order_new(s, host, K_ACT), BOOKS_YEARS); break;
	case 1: plan(s, host); break;
	case 2: scheme(s, host); break;
	case 3: post_hours(s, order_new(s, host, K_OTHER), HOST_DEPUTY); break;
	case 4:
	case 5: reply_guidance(s, host); break;
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
	struct books_act a = {.type = REC_redemption,
			      .by = HOST_DEPUTY,
			      .slip = s->people->n,
			      .day = work_today(s)};
	struct rec_redemption r = {.minute = 600, .prices = 1};
	uint64_t n, have;
	int64_t balance;
	struct rec_redemption_line l;
	char name[8], slip[12];

	if (sim_chance(&s->work, 25))
		a.day -= (day_t)prng_below(&s->work, REDEEM_BACK);
	a.household = richest_household(s, host);
	if (sim_chance(&s->work, 60))
		a.member = some_member(s, host, a.household);
	a.year = work_year(a.day);
	balance = s->people->books[host].household[a.household].balance;
	if (balance < LEAST_POINTS && sim_chance(&s->work, 80)) {
		work_points(s, host); /* so that there will be some */
		return;
	}
	have = balance > 0 ? (uint64_t)balance : 0;
	n = 1 +
	    prng_below(&s->work, sim_chance(&s->work, 10) ? GOODS_MOST : have / GOOD_POINTS + 1);
	a.points = (int64_t)n * GOOD_POINTS;
	if (before && sim_chance(&s->work, 5))
		a.slip = before->slip;
	household_name(a.household, name);
	snprintf(slip, sizeof(slip), "D%u", a.slip);
	r.slip = host_text(slip);
	r.household = host_text(name);
	r.day = a.day;
	r.member = a.member;
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

/* The first year that is over and not closed, mostly; then the one that runs. */
static uint32_t due_year(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	uint32_t now = work_year(work_today(s)), year = 0;

	if (sim_chance(&s->work, 15))
		return (uint32_t)prng_below(&s->work, now + 1);
	while (year < now && b->closed[year])
		year++;
	return year;
}

static bool is_named(const struct books_act *a, uint32_t household)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->from[i] == household)
			return true;
	return false;
}

/* The next best after those that are named. */
static uint32_t next_best(const struct books *b, const struct books_act *a)
{
	uint32_t best = BOOKS_HOUSEHOLDS;
	int64_t score, most = INT64_MIN;

	for (uint32_t i = 0; i < BOOKS_HOUSEHOLDS; i++) {
		score = b->year[i][0][a->year].score;
		if (!b->household[i].known || score <= most || is_named(a, i))
			continue;
		best = i;
		most = score;
	}
	return best;
}

static void nominate(struct sim *s, const struct books *b, struct books_act *a)
{
	uint32_t next, most = 1 + (uint32_t)prng_below(&s->work, BOOKS_NOMINEES);

	while (a->n < most && (next = next_best(b, a)) < BOOKS_HOUSEHOLDS) {
		a->from[a->n] = next;
		a->score[a->n++] = b->year[next][0][a->year].score;
	}
	if (sim_chance(&s->work, 15))
		a->score[0] += 100;
}

static void appraise(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_appraisal, .by = HOST_HEAD, .day = work_today(s)};
	struct rec_appraisal r = {
		.title = host_text("最美庭院"), .basis = host_text("年度积分"), .day = a.day};
	struct rec_appraisal_line l[BOOKS_NOMINEES];
	char name[BOOKS_NOMINEES][8];

	a.year = due_year(s, host);
	nominate(s, &s->people->books[host], &a);
	for (uint32_t i = 0; i < a.n; i++) {
		bool shared = i > 0 && a.score[i] == a.score[i - 1]; /* 1, 1, 3 */

		household_name(a.from[i], name[i]);
		l[i] = (struct rec_appraisal_line){.rank = shared ? l[i - 1].rank : i + 1,
						   .household = host_text(name[i]),
						   .score = points_of(a.score[i])};
	}
	r.year = BOOKS_YEAR + a.year;
	order_act(s, host, &a, &r, l, a.n);
}

static void confirm_appraisal(struct sim *s, uint32_t host, const struct books_act *was)
{
	struct books_act a = {.type = REC_appraisal_confirm, .yes = sim_chance(&s->work, 80)};
	struct rec_appraisal_confirm r = {.decision = a.yes ? DECISION_agree : DECISION_refuse};

	if (!was)
		return;
	a.by = worker(s, HOST_CONFIRMER, HOST_HEAD);
	a.about = r.entry = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void close_year(struct sim *s, uint32_t host)
{
	const struct books_act a = {
		.type = REC_year_close, .by = HOST_HEAD, .year = due_year(s, host)};
	const struct rec_year_close r = {.year = BOOKS_YEAR + a.year};

	order_act(s, host, &a, &r, NULL, 0);
}

/* An appraisal of the year that waits for confirmation; NULL: none. */
static const struct books_act *open_appraisal(const struct books *b, uint32_t year)
{
	for (uint32_t i = 0; i < b->nacts; i++)
		if (b->act[i].type == REC_appraisal && b->act[i].year == year && !b->act[i].done)
			return &b->act[i];
	return NULL;
}

/* What the year that is over lacks next. */
static void end_year(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	uint32_t year = due_year(s, host);

	if (b->appraised[year])
		close_year(s, host);
	else if (open_appraisal(b, year))
		confirm_appraisal(s, host, open_appraisal(b, year));
	else
		appraise(s, host);
}

static void confirm_some(struct sim *s, uint32_t host)
{
	confirm_appraisal(s, host, some_act(s, host, REC_appraisal));
}

static void honour(struct sim *s, uint32_t host)
{
	const struct books_act *was = some_act(s, host, REC_appraisal);
	struct books_act a = {.type = REC_honour, .by = HOST_HEAD, .day = work_today(s)};
	struct rec_honour r = {
		.title = host_text("文明家庭"), .day = a.day, .basis = host_text("年度积分评选")};
	char name[8];

	a.household = was ? was->from[0] : some_household(s, host);
	a.year = was ? was->year : work_year(a.day);
	a.about = was ? was->entry : 0;
	household_name(a.household, name);
	r.household = host_text(name);
	r.year = BOOKS_YEAR + a.year;
	r.appraisal = a.about;
	order_act(s, host, &a, &r, NULL, 0);
}

static void support(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_policy_support, .by = HOST_HEAD, .day = work_today(s)};
	struct rec_policy_support r = {.policy = host_text("创业贷款贴息"),
				       .department = host_text("镇农业服务中心"),
				       .day = a.day,
				       .basis = host_text("年度积分第一名")};
	char name[8];

	a.household = some_household(s, host);
	household_name(a.household, name);
	r.household = host_text(name);
	order_act(s, host, &a, &r, NULL, 0);
}

/* --- what goes to the wall ------------------------------------------------------------------------- */

static void notice(struct sim *s, uint32_t host)
{
	const struct books_act a = {.type = REC_notice, .by = HOST_RECORDER, .day = work_today(s)};
	struct rec_notice r = {.from = a.day - 30, .to = a.day};
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
	struct books_act a = {.type = REC_posting, .by = HOST_RECORDER, .day = work_today(s)};
	struct rec_posting r = {.place = host_text("村务公开栏"),
				.from = a.day,
				.to = a.day + 7,
				.poster = host_text("钱记录")};

	if (!was)
		return;
	a.about = r.notice = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void withdraw(struct sim *s, uint32_t host)
{
	const struct books_act *was = some_act(s, host, REC_notice);
	struct books_act a = {.type = REC_withdrawal, .by = HOST_HEAD, .day = work_today(s)};
	struct rec_withdrawal r = {.day = a.day, .reason = host_text("数据有误重新公示")};

	if (!was)
		return;
	a.about = r.notice = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void year_and_wall(struct sim *s, uint32_t host)
{
	static void (*const often[])(struct sim * s, uint32_t host) = {
		appraise, confirm_some, close_year, end_year, end_year, end_year,
		end_year, honour,	support,    notice,   post,	withdraw};

	often[prng_below(&s->work, sizeof(often) / sizeof(often[0]))](s, host);
}

void work_scheme(struct sim *s, uint32_t host)
{
	uint64_t what = prng_below(&s->work, 100);

	if (what < 33)
		redeem(s, host);
	else if (what < 50)
		take_back(s, host);
	else if (what < 84)
		year_and_wall(s, host);
	else
		documents(s, host);
}
