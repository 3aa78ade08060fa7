#include "tests/lib/t.h"
#include "tests/sim/work.h"

/* Lines of points: recorded, reviewed, confirmed, told of, objected to, taken back. */

/* The village's catalogue of 2025 has another value for Z001 than the town's, and an item of its own. */
const struct work_item work_items[BOOKS_ITEMS] = {
	{"A101", SCOPE_household, {200, 200}, 1000},  {"C101", SCOPE_individual, {500, 500}, 1500},
	{"D201", SCOPE_household, {-200, -200}, 600}, {"Z001", SCOPE_household, {100, 150}, 0},
	{"V901", SCOPE_individual, {0, 250}, 2000},
};
#define TOLD_DAYS 3 /* between telling a household of a deduction and confirming it */

day_t work_today(const struct sim *s)
{
	return day_of_ms(HOST_WALL_MS + s->now);
}

/* Mostly who should, now and then who must not always. */
static unsigned worker(struct sim *s, unsigned usual, unsigned other)
{
	return sim_chance(&s->work, 12) ? other : usual;
}

static void random_line(struct sim *s, uint32_t host, struct books_line *l)
{
	uint32_t item = (uint32_t)prng_below(&s->work, BOOKS_ITEMS);
	day_t day = day_of_ms(HOST_WALL_MS) - (day_t)prng_below(&s->work, DAYS_BACK);

	*l = (struct books_line){.household = some_household(s, host)};
	if (work_items[item].points[0] <
	    0) /* long ago enough to be confirmed when told on the day */
		day -= TOLD_DAYS;
	l->year = (uint32_t)(day_year(day) - BOOKS_YEAR);
	if (work_items[item].points[l->year] == 0)
		item = 0;
	l->day = day;
	l->item = item;
	l->points = work_items[item].points[l->year];
	l->cap = work_items[item].cap;
	l->told = l->points < 0 && sim_chance(&s->work, 70);
	if (work_items[item].scope == SCOPE_individual)
		l->member = some_member(s, host, l->household);
}

/* An application is taken up, perhaps one that was settled before. */
static void apply_line(struct sim *s, uint32_t host, struct books_line *l)
{
	const struct books_act *a = some_act(s, host, REC_application);
	struct books_place now;

	if (!a || !sim_chance(&s->work, 40))
		return;
	now = books_now(&s->people->books[host], a->household, a->member);
	*l = (struct books_line){.household = now.household,
				 .member = now.member,
				 .item = a->item,
				 .year = 1,
				 .day = day_of_ms(HOST_WALL_MS) - 1,
				 .points = work_items[a->item].points[1],
				 .cap = work_items[a->item].cap,
				 .application = a->entry};
}

static struct rec_points_line recorded(const struct books_line *l, char name[8])
{
	household_name(l->household, name);
	return (struct rec_points_line){
		.household = host_text(name),
		.member = l->member,
		.item = host_text(work_items[l->item].code),
		.version = l->year + 1,
		.points = points_of(l->points < 0 ? -l->points : l->points),
		.day = l->day,
		.place = host_text("村委会广场"),
		.reason = host_text("参加村庄清洁日"),
		.evidence = host_text(WORK_EVIDENCE),
		.told = l->told ? l->day : DAY_NONE,
		.application = l->application,
	};
}

static void record_sheet(struct sim *s, uint32_t host)
{
	struct order *o = order_new(s, host, K_SHEET);
	uint32_t n = 1 + (uint32_t)prng_below(&s->work, BOOKS_LINES);
	struct rec_points head = {.note = host_text("")};
	struct rec_points_line l[BOOKS_LINES];
	char name[BOOKS_LINES][8];

	for (uint32_t i = 0; i < n; i++)
		random_line(s, host, &o->sheet.line[i]);
	apply_line(s, host, &o->sheet.line[0]);
	for (uint32_t i = 0; i < n; i++)
		l[i] = recorded(&o->sheet.line[i], name[i]);
	o->sheet.n = n;
	o->sheet.recorder = worker(s, HOST_RECORDER, HOST_CONFIRMER);
	order_make(s, o, REC_points, &head, l, n, o->sheet.recorder);
}

/* A sheet with a line in @state, mostly. */
static uint32_t some_sheet(struct sim *s, uint32_t host, enum line_state state)
{
	const struct books *b = &s->people->books[host];
	uint32_t at = (uint32_t)prng_below(&s->work, b->nsheets);

	if (sim_chance(&s->work, 15))
		return at;
	for (uint32_t i = 0; i < b->nsheets; i++, at = (at + 1) % b->nsheets)
		for (uint32_t line = 0; line < b->sheet[at].n; line++)
			if (b->sheet[at].line[line].state == state)
				return at;
	return at;
}

/* Reviews or confirms some sheet: one line, or all that wait. May be refused: that is part of it. */
static void step_sheet(struct sim *s, uint32_t host, enum kind kind)
{
	const struct books *b = &s->people->books[host];
	struct rec_review head = {.note = host_text("")};
	struct rec_review_line l = {.opinion = host_text("")};
	const struct books_sheet *sheet;
	struct order *o;

	if (b->nsheets == 0)
		return;
	o = order_new(s, host, kind);
	sheet = &b->sheet[some_sheet(s, host, kind == K_REVIEW ? LINE_RECORDED : LINE_REVIEWED)];
	o->step.entry = sheet->entry;
	if (sim_chance(&s->work, 30))
		o->step.line = 1 + (uint32_t)prng_below(&s->work, sheet->n);
	o->step.refuse = sim_chance(&s->work, 15);
	l.entry = sheet->entry;
	l.line = o->step.line;
	l.decision = o->step.refuse ? DECISION_refuse : DECISION_agree;
	o->step.by = kind == K_REVIEW ? worker(s, HOST_REVIEWER, HOST_RECORDER)
				      : worker(s, HOST_CONFIRMER, HOST_REVIEWER);
	order_make(s, o, kind == K_REVIEW ? REC_review : REC_confirm, &head, &l, 1, o->step.by);
}

/* A line that an objection was right about goes first. */
static void choose_reversed(struct sim *s, uint32_t host, struct books_step *st)
{
	const struct books *b = &s->people->books[host];
	const struct books_sheet *sheet = &b->sheet[some_sheet(s, host, LINE_CONFIRMED)];

	st->entry = sheet->entry;
	st->line = 1 + (uint32_t)prng_below(&s->work, sheet->n);
	for (uint32_t i = 0; i < b->nsheets; i++)
		for (uint32_t line = 0; line < b->sheet[i].n; line++)
			if (b->sheet[i].line[line].upheld &&
			    b->sheet[i].line[line].state == LINE_CONFIRMED) {
				st->entry = b->sheet[i].entry;
				st->line = line + 1;
				return;
			}
}

static void reverse(struct sim *s, uint32_t host)
{
	struct rec_reversal r = {.reason = host_text("重复记录")};
	struct order *o;

	if (s->people->books[host].nsheets == 0)
		return;
	o = order_new(s, host, K_REVERSE);
	choose_reversed(s, host, &o->step);
	r.entry = o->step.entry;
	r.line = o->step.line;
	o->step.by = sim_chance(&s->work, 50) ? HOST_REVIEWER : HOST_CONFIRMER;
	order_make(s, o, REC_reversal, &r, NULL, 0, o->step.by);
}

/* --- due process ----------------------------------------------------------------------------------- */

static bool waits_for_telling(const struct books_line *l)
{
	return l->points < 0 && !l->told &&
	       (l->state == LINE_RECORDED || l->state == LINE_REVIEWED);
}

static void tell(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	struct books_act a = {.type = REC_told, .by = worker(s, HOST_RECORDER, HOST_REVIEWER)};
	const struct books_sheet *sheet = &b->sheet[prng_below(&s->work, b->nsheets)];
	uint32_t line = (uint32_t)prng_below(&s->work, sheet->n);
	struct rec_told r;

	for (uint32_t i = 0; i < b->nsheets && !waits_for_telling(&sheet->line[line]); i++) {
		if (!sim_chance(&s->work, 90))
			break;
		sheet = &b->sheet[i];
		for (line = sheet->n - 1; line > 0 && !waits_for_telling(&sheet->line[line]);)
			line--;
	}
	a.about = sheet->entry;
	a.line = line + 1;
	r = (struct rec_told){.entry = a.about, .line = a.line, .day = sheet->line[line].day};
	order_act(s, host, &a, &r, NULL, 0);
}

static void object(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	const struct books_sheet *sheet = &b->sheet[some_sheet(s, host, LINE_REVIEWED)];
	struct books_act a = {.type = REC_objection,
			      .by = worker(s, HOST_RECORDER, HOST_HEAD),
			      .about = sheet->entry,
			      .line = 1 + (uint32_t)prng_below(&s->work, sheet->n)};
	struct rec_objection r = {.entry = a.about,
				  .line = a.line,
				  .day = work_today(s),
				  .text = host_text("当天不在村里")};

	order_act(s, host, &a, &r, NULL, 0);
}

static void answer(struct sim *s, uint32_t host)
{
	const struct books_act *o = some_act(s, host, REC_objection);
	struct books_act a = {.type = REC_objection_reply,
			      .by = worker(s, HOST_REVIEWER, HOST_HEAD),
			      .yes = sim_chance(&s->work, 50)};
	struct rec_objection_reply r = {.ruling = a.yes ? RULING_upheld : RULING_rejected,
					.day = work_today(s),
					.text = host_text("已经到场核实")};

	if (!o)
		return;
	a.about = r.objection = o->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void apply(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_application, .by = HOST_RECORDER};
	struct rec_application r;
	char name[8];

	a.household = some_household(s, host);
	a.item = (uint32_t)prng_below(&s->work, 2) * (BOOKS_ITEMS - 1);
	if (work_items[a.item].scope == SCOPE_individual)
		a.member = some_member(s, host, a.household);
	household_name(a.household, name);
	r = (struct rec_application){.household = host_text(name),
				     .member = a.member,
				     .item = host_text(work_items[a.item].code),
				     .day = day_of_ms(HOST_WALL_MS) - 1,
				     .place = host_text("村委会广场"),
				     .reason = host_text("参加村庄清洁日"),
				     .applicant = host_text("陈七")};
	order_act(s, host, &a, &r, NULL, 0);
}

static void decline(struct sim *s, uint32_t host)
{
	const struct books_act *was = some_act(s, host, REC_application);
	struct books_act a = {.type = REC_application_reply, .by = HOST_REVIEWER};
	struct rec_application_reply r = {.opinion = host_text("材料不全，请补充")};

	if (!was)
		return;
	a.about = r.application = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void due_process(struct sim *s, uint32_t host)
{
	if (s->people->books[host].nsheets == 0)
		return;
	switch (prng_below(&s->work, 9)) {
	case 0:
	case 1:
	case 2: tell(s, host); break;
	case 3: object(s, host); break;
	case 4:
	case 5: answer(s, host); break;
	case 6:
	case 7: apply(s, host); break;
	default: decline(s, host); break;
	}
}

void work_points(struct sim *s, uint32_t host)
{
	uint64_t what = prng_below(&s->work, 100);

	if (what < 32)
		record_sheet(s, host);
	else if (what < 55)
		step_sheet(s, host, K_REVIEW);
	else if (what < 78)
		step_sheet(s, host, K_CONFIRM);
	else if (what < 87)
		reverse(s, host);
	else
		due_process(s, host);
}
