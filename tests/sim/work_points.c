#include "tests/lib/t.h"
#include "tests/sim/work.h"

/* Lines of points: recorded, reviewed, confirmed, notified, objected to, taken back. */

/* The village's catalogues from 2025 on have another value for Z001 than the town's, and an item of their own. */
const struct work_item work_items[BOOKS_ITEMS] = {
	{"A101", SCOPE_household, {200, 200, 200}, 1000},
	{"C101", SCOPE_individual, {500, 500, 500}, 1500},
	{"D201", SCOPE_household, {-200, -200, -200}, 600},
	{"Z001", SCOPE_household, {100, 150, 150}, 0},
	{"V901", SCOPE_individual, {0, 250, 250}, 2000},
};
#define INDIVIDUAL  1 /* the item */
#define DEDUCTION   2
#define RECENT_DAYS 20

day_t work_today(const struct sim *s)
{
	return books_day_of(sim_wall(s));
}

uint32_t work_year(day_t day)
{
	return (uint32_t)(books_year_of(day) - BOOKS_YEAR);
}

unsigned worker(struct sim *s, unsigned usual, unsigned other)
{
	return sim_chance(&s->work, 12) ? other : usual;
}

/* Mostly of these days, now and then of the year before. */
static day_t some_day(struct sim *s)
{
	uint64_t back = sim_chance(&s->work, 75) ? RECENT_DAYS : DAYS_BACK;

	return work_today(s) - (day_t)prng_below(&s->work, back);
}

static void notify_of(struct sim *s, struct books_line *l)
{
	day_t day = l->day + (day_t)prng_below(&s->work, RECENT_DAYS);

	if (l->points < 0 && sim_chance(&s->work, 60))
		l->notified = day < work_today(s) ? day : work_today(s);
}

/* Of the group of the recorder, mostly. */
static uint32_t household_for(struct sim *s, uint32_t host, unsigned recorder)
{
	uint32_t i = some_household(s, host);

	for (int tries = 0; tries < BOOKS_HOUSEHOLDS; tries++) {
		if (!books_foreign(&s->people->books[host], recorder, i) || sim_chance(&s->work, 2))
			break;
		i = some_household(s, host);
	}
	return i;
}

/* Most know that a household that began by a split has no days before that. */
static day_t day_for(struct sim *s, uint32_t host, const struct books_line *l)
{
	day_t began = s->people->books[host].household[l->household].began, day = some_day(s);

	return day < began && sim_chance(&s->work, 80) ? began : day;
}

static void random_line(struct sim *s, uint32_t host, unsigned recorder, struct books_line *l)
{
	uint32_t item =
		sim_chance(&s->work, 15) ? DEDUCTION : (uint32_t)prng_below(&s->work, BOOKS_ITEMS);

	*l = (struct books_line){.household = household_for(s, host, recorder)};
	l->day = day_for(s, host, l);
	l->year = work_year(l->day);
	if (work_items[item].points[l->year] == 0)
		item = 0;
	l->item = item;
	l->points = work_items[item].points[l->year];
	l->cap = work_items[item].cap;
	notify_of(s, l);
	if (work_items[item].scope == SCOPE_individual)
		l->member = some_member(s, host, l->household);
}

/* Somebody who is registered elsewhere does something on the very day from which it counts, or beside it. */
static void settle_line(struct sim *s, uint32_t host, struct books_line *l)
{
	const struct books_act *moved =
		some_act(s, host, sim_chance(&s->work, 50) ? REC_residence : REC_member_join);
	const struct books_member *m;
	day_t day;

	if (!moved || !sim_chance(&s->work, 25))
		return;
	m = &s->people->books[host].household[moved->household].member[moved->member];
	day = m->since ? books_months_after(m->since, 6) - 1 + (day_t)prng_below(&s->work, 3) : 0;
	if (day > work_today(s) || day < work_today(s) - DAYS_BACK)
		return;
	*l = (struct books_line){.household = moved->household,
				 .member = moved->member,
				 .item = INDIVIDUAL,
				 .year = work_year(day),
				 .day = day,
				 .points = work_items[INDIVIDUAL].points[work_year(day)],
				 .cap = work_items[INDIVIDUAL].cap};
}

/* What the keeper of a facility does; now and then another claims it. */
static void keep_line(struct sim *s, uint32_t host, struct books_line *l)
{
	const struct books_act *f = some_act(s, host, REC_facility);

	if (!f || l->item != 0 || !sim_chance(&s->work, 30))
		return;
	l->facility = f->which;
	if (sim_chance(&s->work, 80))
		l->household = f->household;
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
				 .year = a->year,
				 .day = a->day,
				 .points = work_items[a->item].points[a->year],
				 .cap = work_items[a->item].cap,
				 .application = a->entry};
}

#define LINE_TEXT 48 /* the number of a household, and behind it that of the evidence */

static struct rec_points_line recorded(const struct books_line *l, char name[LINE_TEXT])
{
	char *number = name + 8;

	household_name(l->household, name);
	snprintf(number, LINE_TEXT - 8, "ZP-%.7s-%u-%u-%d", name, (unsigned)l->member,
		 (unsigned)l->item, (int)l->day);
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
		.evidence_no = host_text(number),
		.notified = l->notified,
		.application = l->application,
		.facility = l->facility ? host_text(work_facility(l->facility)) : host_text(""),
	};
}

static void record_sheet(struct sim *s, uint32_t host)
{
	struct order *o = order_new(s, host, K_SHEET);
	uint32_t n = 1 + (uint32_t)prng_below(&s->work, BOOKS_LINES);
	struct rec_points head = {.note = host_text("")};
	struct rec_points_line l[BOOKS_LINES];
	char name[BOOKS_LINES][LINE_TEXT];

	o->sheet.recorder = worker(s, HOST_RECORDER, HOST_CONFIRMER);
	for (uint32_t i = 0; i < n; i++)
		random_line(s, host, o->sheet.recorder, &o->sheet.line[i]);
	settle_line(s, host, &o->sheet.line[0]);
	apply_line(s, host, &o->sheet.line[0]);
	if (!o->sheet.line[0].application)
		keep_line(s, host, &o->sheet.line[0]);
	for (uint32_t i = 0; i < n; i++)
		l[i] = recorded(&o->sheet.line[i], name[i]);
	o->sheet.n = n;
	order_make(s, o, REC_points, &head, l, n, o->sheet.recorder);
}

static bool has_line(const struct books_sheet *sheet, enum line_state state)
{
	for (uint32_t line = 0; line < sheet->n; line++)
		if (sheet->line[line].state == state)
			return true;
	return false;
}

/* A sheet with a line in @state, mostly. */
static uint32_t some_sheet(struct sim *s, uint32_t host, enum line_state state)
{
	const struct books *b = &s->people->books[host];
	uint32_t at = (uint32_t)prng_below(&s->work, b->nsheets);

	if (sim_chance(&s->work, 15))
		return at;
	for (uint32_t i = 0; i < b->nsheets; i++, at = (at + 1) % b->nsheets)
		if (has_line(&b->sheet[at], state))
			return at;
	return at;
}

/* Reviews or confirms some sheet: one line, or all that wait. May be refused: that is part of it. */
static void step_sheet(struct sim *s, uint32_t host, enum kind kind)
{
	enum line_state from = kind == K_REVIEW ? LINE_RECORDED : LINE_REVIEWED;
	const struct books *b = &s->people->books[host];
	struct rec_review head = {.note = host_text("")};
	struct rec_review_line l = {.opinion = host_text("")};
	const struct books_sheet *sheet;
	struct order *o;

	if (b->nsheets == 0)
		return;
	sheet = &b->sheet[some_sheet(s, host, from)];
	if (!has_line(sheet, from) && sim_chance(&s->work, 70)) {
		record_sheet(s, host); /* so that there will be one */
		return;
	}
	o = order_new(s, host, kind);
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
	o->step.by =
		worker(s, sim_chance(&s->work, 50) ? HOST_REVIEWER : HOST_CONFIRMER, HOST_RECORDER);
	order_make(s, o, REC_reversal, &r, NULL, 0, o->step.by);
}

/* --- due process ----------------------------------------------------------------------------------- */

static bool waits_for_telling(const struct books_line *l)
{
	return l->points < 0 && !l->notified &&
	       (l->state == LINE_RECORDED || l->state == LINE_REVIEWED);
}

static void notify(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	unsigned other = sim_chance(&s->work, 50) ? HOST_REVIEWER : HOST_CONFIRMER;
	struct books_act a = {.type = REC_notified, .by = worker(s, HOST_RECORDER, other)};
	const struct books_sheet *sheet = &b->sheet[prng_below(&s->work, b->nsheets)];
	uint32_t line = (uint32_t)prng_below(&s->work, sheet->n);
	struct rec_notified r;

	for (uint32_t i = 0; i < b->nsheets && !waits_for_telling(&sheet->line[line]); i++) {
		if (!sim_chance(&s->work, 90))
			break;
		sheet = &b->sheet[i];
		for (line = sheet->n - 1; line > 0 && !waits_for_telling(&sheet->line[line]);)
			line--;
	}
	a.about = sheet->entry;
	a.line = line + 1;
	a.day = work_today(s);
	r = (struct rec_notified){.entry = a.about, .line = a.line, .day = a.day};
	order_act(s, host, &a, &r, NULL, 0);
}

/* Mostly a deduction, if there is one. */
static uint32_t some_line(struct sim *s, const struct books_sheet *sheet)
{
	for (uint32_t i = 0; i < sheet->n; i++)
		if (sheet->line[i].points < 0 && sim_chance(&s->work, 80))
			return i + 1;
	return 1 + (uint32_t)prng_below(&s->work, sheet->n);
}

static void object(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	const struct books_sheet *sheet = &b->sheet[some_sheet(s, host, LINE_REVIEWED)];
	struct books_act a = {.type = REC_objection,
			      .by = worker(s, HOST_RECORDER, HOST_HEAD),
			      .about = sheet->entry,
			      .day = work_today(s),
			      .line = some_line(s, sheet)};
	struct rec_objection r = {
		.entry = a.about, .line = a.line, .day = a.day, .text = host_text("当天不在村里")};

	order_act(s, host, &a, &r, NULL, 0);
}

static void answer(struct sim *s, uint32_t host)
{
	const struct books_act *o = some_act(s, host, REC_objection);
	unsigned clerk = sim_chance(&s->work, 50) ? HOST_HEAD : HOST_RECORDER;
	struct books_act a = {.type = REC_objection_reply,
			      .by = worker(s, HOST_REVIEWER, clerk),
			      .day = work_today(s),
			      .yes = sim_chance(&s->work, 50)};
	struct rec_objection_reply r = {.ruling = a.yes ? RULING_upheld : RULING_rejected,
					.day = a.day,
					.text = host_text("已经到场核实")};

	if (!o)
		return;
	a.about = r.objection = o->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void apply(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_application,
			      .by = worker(s, HOST_RECORDER, HOST_CONFIRMER),
			      .day = work_today(s)};
	struct rec_application r;
	char name[8];

	a.household = some_household(s, host);
	a.year = work_year(a.day);
	a.item = (uint32_t)prng_below(&s->work, 2) * (BOOKS_ITEMS - 1);
	if (work_items[a.item].scope == SCOPE_individual)
		a.member = some_member(s, host, a.household);
	household_name(a.household, name);
	r = (struct rec_application){.household = host_text(name),
				     .member = a.member,
				     .item = host_text(work_items[a.item].code),
				     .day = a.day,
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
	static void (*const often[])(struct sim * s, uint32_t host) = {notify, notify, notify,
								       notify, object, object,
								       answer, answer, apply,
								       apply,  decline};

	if (s->people->books[host].nsheets == 0)
		return;
	often[prng_below(&s->work, sizeof(often) / sizeof(often[0]))](s, host);
}

void work_points(struct sim *s, uint32_t host)
{
	uint64_t what = prng_below(&s->work, 100);

	if (what < 30)
		record_sheet(s, host);
	else if (what < 52)
		step_sheet(s, host, K_REVIEW);
	else if (what < 76)
		step_sheet(s, host, K_CONFIRM);
	else if (what < 83)
		reverse(s, host);
	else
		due_process(s, host);
}
