#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/sim/books.h"

/* People at their desks. A command is offered until it is answered, as a browser would do; now and then it
 * is offered again after the answer. */
#define ORDERS_MAX	 6000
#define ACCEPTED_MAX	 1000
#define DUTIES		 6 /* roles granted at first */
#define SETUP_STEPS	 (DUTIES + 1 + BOOKS_HOUSEHOLDS / 2)
#define DAYS_BACK	 400
#define VILLAGE_EVERY_MS 40000
#define HUB_EVERY_MS	 60000

enum kind {
	K_SETUP, /* of a village: staff, catalogue, first households */
	K_HOUSEHOLD,
	K_SHEET,
	K_REVIEW,
	K_CONFIRM,
	K_REVERSE,
	K_OTHER, /* no effect on the books */
	K_FINAL	 /* after the last fault */
};
struct order {
	struct cmd cmd;
	enum kind kind;
	uint32_t host, id;
	bool under_way, answered, accepted;
	bool no_room; /* the last answer was that nothing was written */
	bool doubted; /* it was lost on the way and may have been written all the same */
	uint64_t seq;
	struct hash leaf_hash;
	uint32_t household;
	struct books_sheet sheet;
	struct books_step step;
};
struct people {
	struct order *order[ORDERS_MAX];
	uint32_t n, waiting[SIM_HOSTS], in_doubt[SIM_HOSTS];
	struct books books[SIM_HOSTS];
	struct order *accepted[SIM_HOSTS][ACCEPTED_MAX]; /* by entry */
	uint32_t naccepted[SIM_HOSTS];
	uint32_t setup[SIM_HOSTS]; /* steps done */
	bool setup_asked[SIM_HOSTS], final_asked[SIM_HOSTS], final_done[SIM_HOSTS];
	uint64_t catalogue; /* newest version of the town */
};

static const struct {
	const char *code;
	enum rec_choice_SCOPE scope;
	int64_t points, cap;
} items[] = {{"A101", SCOPE_household, 200, 1000},
	     {"C101", SCOPE_individual, 500, 1500},
	     {"D201", SCOPE_household, -200, 600},
	     {"Z001", SCOPE_household, 100, 0}};
#define NITEMS (sizeof(items) / sizeof(items[0]))
_Static_assert(NITEMS == BOOKS_ITEMS, "the books number items as the first catalogue does");
#define EVIDENCE "签到表"
#define MEMBERS	 (BOOKS_MEMBERS - 1)
#define TOLD_DAYS 3 /* between telling a household of a deduction and confirming it */

/* --- offering -------------------------------------------------------------------------------------- */

static struct order *order_new(struct sim *s, uint32_t host, enum kind kind)
{
	struct people *p = s->people;
	struct order *o = calloc(1, sizeof(*o));

	T_OK(o != NULL && p->n < ORDERS_MAX);
	o->kind = kind;
	o->host = host;
	o->id = p->n;
	p->order[p->n++] = o;
	return o;
}

static void offer(struct sim *s, struct order *o)
{
	o->under_way = true;
	machine_offer(s, o->host, &o->cmd);
}

static void order_make(struct sim *s, struct order *o, enum rec_code code, const void *head,
		       const void *lines, uint32_t nlines, unsigned person)
{
	struct machine *m = &s->m[o->host];

	host_tx(&m->host, &s->keys, code, head, lines, nlines, m->host.person[person],
		machine_wall(m), &o->cmd);
	o->cmd.ctx = o;
	s->people->waiting[o->host]++;
	s->count.commands++;
	offer(s, o);
}

static void retry_later(struct sim *s, struct order *o, uint64_t ms_max)
{
	struct sim_event ev = {.type = SE_RETRY, .host = o->host, .a = o->id};

	sim_at(s, 1000 + prng_below(&s->work, ms_max), &ev);
}

void work_retry(struct sim *s, uint64_t id)
{
	struct order *o = s->people->order[id];

	if (o->under_way)
		return;
	if (!s->m[o->host].host.up) {
		retry_later(s, o, 10000);
		return;
	}
	s->count.retries++;
	o->cmd.job.u.append.boot = s->m[o->host].host.boot;
	offer(s, o);
}

/* --- records --------------------------------------------------------------------------------------- */

static void issue_catalogue(struct sim *s, struct order *o, uint64_t version)
{
	struct rec_catalogue_line l[NITEMS];
	struct rec_catalogue head = {.version = version, .title = host_text("参考清单")};

	day_from_ymd(2000, 1, 1, &head.from);
	for (uint32_t i = 0; i < NITEMS; i++) {
		bool deduct = items[i].points < 0;

		l[i] = (struct rec_catalogue_line){
			.code = host_text(items[i].code),
			.category = CATEGORY_D,
			.sign = deduct ? SIGN_deduct : SIGN_award,
			.name_zh = host_text("事项"),
			.points = points_of(deduct ? -items[i].points : items[i].points),
			.cap = points_of(items[i].cap),
			.scope = items[i].scope,
			.evidence = host_text(EVIDENCE),
		};
	}
	order_make(s, o, REC_catalogue, &head, l, NITEMS, HOST_HEAD);
}

/* @holder: whose person gets or loses the role. */
static void staff(struct sim *s, struct order *o, uint32_t holder, unsigned person,
		  enum rec_choice_ROLE role, const char *village, bool revoke)
{
	struct bytes key = {sign_key_public(s->m[holder].host.person[person]), SIGN_KEY_BYTES};
	static const char *const names[HOST_PEOPLE] = {"李书记", "钱记录", "孙审核", "周确认",
						       "赵六"};
	struct rec_grant g = {.key = key,
			      .name = host_text(names[person]),
			      .role = role,
			      .village = host_text(village)};
	struct rec_revoke r = {.key = key,
			       .role = role,
			       .village = host_text(village),
			       .reason = host_text("调岗")};

	if (revoke)
		order_make(s, o, REC_revoke, &r, NULL, 0, HOST_HEAD);
	else
		order_make(s, o, REC_grant, &g, NULL, 0, HOST_HEAD);
}

static void household_name(uint32_t i, char out[8])
{
	snprintf(out, 8, "H%02u", i + 1);
}

static void register_household(struct sim *s, struct order *o, uint32_t i, unsigned person)
{
	struct rec_household head = {.takes_part = YES_yes};
	struct rec_household_line l[MEMBERS];
	char name[8];

	household_name(i, name);
	head.household = host_text(name);
	memset(l, 0, sizeof(l));
	for (uint32_t m = 0; m < MEMBERS; m++) {
		l[m].member = m + 1;
		l[m].name = host_text("陈七");
	}
	o->household = i;
	order_make(s, o, REC_household, &head, l, MEMBERS, person);
}

static void adopt(struct sim *s, struct order *o)
{
	struct rec_adopt_catalogue a = {.version = 1, .base = 1};

	day_from_ymd(2025, 1, 1, &a.from); /* the year of HOST_WALL_MS */
	order_make(s, o, REC_adopt_catalogue, &a, NULL, 0, HOST_HEAD);
}

/* --- the village's work ---------------------------------------------------------------------------- */

static void setup_step(struct sim *s, uint32_t host)
{
	/* everybody has a second duty, which is not for the own sheets */
	static const struct {
		unsigned person;
		enum rec_choice_ROLE role;
	} duty[DUTIES] = {{HOST_RECORDER, ROLE_recorder},   {HOST_REVIEWER, ROLE_reviewer},
			  {HOST_CONFIRMER, ROLE_confirmer}, {HOST_RECORDER, ROLE_reviewer},
			  {HOST_REVIEWER, ROLE_confirmer},  {HOST_CONFIRMER, ROLE_recorder}};
	struct people *p = s->people;
	struct order *o = order_new(s, host, K_SETUP);
	uint32_t step = p->setup[host];

	p->setup_asked[host] = true;
	if (step < DUTIES) {
		staff(s, o, host, duty[step].person, duty[step].role, "", false);
	} else if (step == DUTIES) {
		adopt(s, o);
	} else {
		o->kind = K_HOUSEHOLD;
		register_household(s, o, step - DUTIES - 1, HOST_HEAD);
	}
}

static uint32_t some_household(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	uint32_t i = (uint32_t)prng_below(&s->work, BOOKS_HOUSEHOLDS);

	while (!b->household[i])
		i = (i + 1) % BOOKS_HOUSEHOLDS;
	return i;
}

/* Mostly who should, now and then who must not always. */
static unsigned worker(struct sim *s, unsigned usual, unsigned other)
{
	return sim_chance(&s->work, 25) ? other : usual;
}

static void random_line(struct sim *s, uint32_t host, struct books_line *l, day_t *ret_day)
{
	uint32_t item = (uint32_t)prng_below(&s->work, NITEMS);

	*ret_day = day_of_ms(HOST_WALL_MS) - (day_t)prng_below(&s->work, DAYS_BACK);
	*l = (struct books_line){.household = some_household(s, host),
				 .item = item,
				 .points = items[item].points,
				 .cap = items[item].cap};
	if (items[item].points < 0) /* long enough ago to be confirmed when it was told on the day */
		*ret_day -= TOLD_DAYS;
	l->year = (uint32_t)(day_year(*ret_day) - BOOKS_YEAR);
	if (items[item].scope == SCOPE_individual)
		l->member = 1 + (uint32_t)prng_below(&s->work, MEMBERS);
}

static void record_sheet(struct sim *s, uint32_t host)
{
	struct order *o = order_new(s, host, K_SHEET);
	uint32_t n = 1 + (uint32_t)prng_below(&s->work, BOOKS_LINES);
	struct rec_points head = {.note = host_text("")};
	struct rec_points_line l[BOOKS_LINES];
	char name[BOOKS_LINES][8];

	memset(l, 0, sizeof(l));
	for (uint32_t i = 0; i < n; i++) {
		struct books_line *bl = &o->sheet.line[i];
		day_t day;

		random_line(s, host, bl, &day);
		household_name(bl->household, name[i]);
		l[i] = (struct rec_points_line){
			.household = host_text(name[i]),
			.member = bl->member,
			.item = host_text(items[bl->item].code),
			.version = 1,
			.points = points_of(bl->points < 0 ? -bl->points : bl->points),
			.day = day,
			.place = host_text("村委会广场"),
			.reason = host_text("参加村庄清洁日"),
			.evidence = host_text(EVIDENCE),
		};
		if (bl->points < 0)
			l[i].told = l[i].day;
	}
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

static void reverse(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	struct rec_reversal r = {.reason = host_text("重复记录")};
	const struct books_sheet *sheet;
	struct order *o;

	if (b->nsheets == 0)
		return;
	o = order_new(s, host, K_REVERSE);
	sheet = &b->sheet[some_sheet(s, host, LINE_CONFIRMED)];
	o->step.entry = sheet->entry;
	o->step.line = 1 + (uint32_t)prng_below(&s->work, sheet->n);
	r.entry = sheet->entry;
	r.line = o->step.line;
	o->step.by = sim_chance(&s->work, 50) ? HOST_REVIEWER : HOST_CONFIRMER;
	order_make(s, o, REC_reversal, &r, NULL, 0, o->step.by);
}

/* What a clerk should not do, and what the deputy may do as long as the town lets him. */
static void odd_work(struct sim *s, uint32_t host)
{
	uint32_t i = (uint32_t)prng_below(&s->work, BOOKS_HOUSEHOLDS);

	switch (prng_below(&s->work, 5)) {
	case 0: /* perhaps registered already */
	case 1:
	case 2: register_household(s, order_new(s, host, K_HOUSEHOLD), i, HOST_DEPUTY); break;
	case 3: /* the reviewer has no right to do this */
		register_household(s, order_new(s, host, K_HOUSEHOLD), i, HOST_REVIEWER);
		break;
	default:
		staff(s, order_new(s, host, K_OTHER), host, HOST_DEPUTY, ROLE_supervisor, "",
		      sim_chance(&s->work, 50));
		break;
	}
}

static void village_work(struct sim *s, uint32_t host)
{
	struct people *p = s->people;
	uint64_t what = prng_below(&s->work, 100);

	if (p->setup[host] < SETUP_STEPS) {
		if (!p->setup_asked[host])
			setup_step(s, host);
	} else if (what < 30) {
		record_sheet(s, host);
	} else if (what < 52) {
		step_sheet(s, host, K_REVIEW);
	} else if (what < 74) {
		step_sheet(s, host, K_CONFIRM);
	} else if (what < 90) {
		reverse(s, host);
	} else {
		odd_work(s, host);
	}
}

/* --- the town's work ------------------------------------------------------------------------------- */

static void town_work(struct sim *s)
{
	struct people *p = s->people;
	struct order *o = order_new(s, SIM_HUB, K_OTHER);
	uint32_t village = 1 + (uint32_t)prng_below(&s->work, SIM_VILLAGES);

	switch (prng_below(&s->work, 6)) {
	case 0: issue_catalogue(s, o, ++p->catalogue); break;
	case 1: issue_catalogue(s, o, 1); break; /* refused */
	case 2:
		staff(s, o, SIM_HUB, HOST_DEPUTY, ROLE_inspector, "", sim_chance(&s->work, 50));
		break;
	default: /* the deputy of a village comes and goes, often */
		staff(s, o, village, HOST_DEPUTY, ROLE_committee, s->m[village].host.code,
		      sim_chance(&s->work, 50));
		break;
	}
}

static bool enrolled(struct sim *s, uint32_t host)
{
	struct host *h = &s->m[host].host;
	struct view_village v;
	struct kv_txn *t;
	bool yes;

	if (host == SIM_HUB)
		return true;
	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	yes = !view_village_by_feed(t, &h->feed, &v) && v.enrolled;
	kv_abort(t);
	return yes;
}

/* One more entry by everybody, so that the last heads are cosigned by right clocks. */
static void final_work(struct sim *s, uint32_t host)
{
	if (s->people->final_asked[host])
		return;
	s->people->final_asked[host] = true;
	staff(s, order_new(s, host, K_FINAL), host, HOST_DEPUTY,
	      host == SIM_HUB ? ROLE_town_finance : ROLE_accountant, "", false);
}

void work_step(struct sim *s, uint32_t host)
{
	struct sim_event again = {.type = SE_WORK, .host = host};
	uint64_t every = host == SIM_HUB ? HUB_EVERY_MS : VILLAGE_EVERY_MS;

	if (s->m[host].host.up && enrolled(s, host)) {
		if (s->calm)
			final_work(s, host);
		else if (host == SIM_HUB)
			town_work(s);
		else
			village_work(s, host);
	}
	if (!s->people->final_done[host])
		sim_at(s, s->calm ? 10000 : 1 + prng_below(&s->work, 2 * every), &again);
}

/* --- answers --------------------------------------------------------------------------------------- */

static void book(struct books *b, const struct order *o)
{
	switch (o->kind) {
	case K_HOUSEHOLD: b->household[o->household] = true; break;
	case K_SHEET:
		T_OK(b->nsheets < BOOKS_SHEETS);
		books_record(b, &o->sheet);
		b->sheet[b->nsheets - 1].entry = o->seq;
		break;
	case K_REVIEW: books_review(b, &o->step); break;
	case K_CONFIRM: books_confirm(b, &o->step); break;
	case K_REVERSE: books_reverse(b, &o->step); break;
	case K_SETUP:
	case K_OTHER:
	case K_FINAL: break;
	}
}

/* What was in doubt during a crash may be answered after what followed it: the books go by entries. */
static void book_in_order(struct sim *s, struct order *o)
{
	struct people *p = s->people;
	struct order **list = p->accepted[o->host];
	uint32_t at = p->naccepted[o->host]++;

	T_OK(at < ACCEPTED_MAX);
	for (; at > 0 && list[at - 1]->seq > o->seq; at--)
		list[at] = list[at - 1];
	list[at] = o;
	if (at + 1 == p->naccepted[o->host]) {
		book(&p->books[o->host], o);
		return;
	}
	memset(&p->books[o->host], 0, sizeof(p->books[o->host]));
	for (uint32_t i = 0; i < p->naccepted[o->host]; i++)
		book(&p->books[o->host], list[i]);
}

static void setup_answered(struct sim *s, const struct order *o)
{
	struct people *p = s->people;

	if (o->kind == K_FINAL) {
		p->final_done[o->host] = o->accepted;
		p->final_asked[o->host] = o->accepted;
	}
	if (!p->setup_asked[o->host] || (o->kind != K_SETUP && o->kind != K_HOUSEHOLD))
		return;
	p->setup_asked[o->host] = false;
	p->setup[o->host] += o->accepted;
}

static bool books_know(enum verdict_id id)
{
	return id == V_ACCEPTED || id == V_P10_CAP || id == V_P02_DUTIES || id == V_TARGET_STATE;
}

/* The rules, seen from outside. Answers come in the order in which commands were judged, so the books hold what
 * it was judged by, unless something is in doubt. */
static void as_the_books_say(struct sim *s, const struct order *o)
{
	const struct books *b = &s->people->books[o->host];
	enum verdict_id is = o->cmd.job.u.append.verdict.reason.id, want = is;

	if (s->people->in_doubt[o->host] || o->cmd.job.u.append.exists || !books_know(is))
		return;
	switch (o->kind) {
	case K_SHEET: want = books_judge_sheet(b, &o->sheet); break;
	case K_REVIEW: want = books_judge_review(b, &o->step); break;
	case K_CONFIRM: want = books_judge_confirm(b, &o->step); break;
	case K_REVERSE: want = books_judge_reverse(b, &o->step); break;
	case K_HOUSEHOLD:
	case K_SETUP:
	case K_OTHER:
	case K_FINAL: return;
	}
	s->count.judged++;
	s->count.predicted += want != V_ACCEPTED;
	if (is != want)
		sim_fail(s, "rules: %s: %s was answered %s, the books say %s",
			 s->m[o->host].host.name, rec_type_of(o->cmd.job.u.append.tx.type)->name,
			 reason_name(is), reason_name(want));
}

static void first_answer(struct sim *s, struct order *o)
{
	const struct job_append *a = &o->cmd.job.u.append;

	s->people->in_doubt[o->host] -= o->doubted;
	o->doubted = false;
	as_the_books_say(s, o);
	o->answered = true;
	o->accepted = verdict_ok(&a->verdict);
	s->people->waiting[o->host]--;
	s->count.refused += !o->accepted;
	setup_answered(s, o);
	if (s->opts.verbose) {
		struct buf why = {0};

		reason_text(&a->verdict.reason, LANG_EN, &why);
		sim_say(s, "%s: %s: %s", s->m[o->host].host.name, rec_type_of(a->tx.type)->name,
			buf_str(&why));
		buf_close(&why);
	}
	if (!o->accepted)
		return;
	o->seq = a->seq;
	o->leaf_hash = a->leaf_hash;
	law_acknowledged(s, o->host, o->seq, &o->leaf_hash);
	book_in_order(s, o);
	if (!s->calm && sim_chance(&s->work, 5))
		retry_later(s, o, 60000); /* the button was pressed twice */
}

void work_done(void *ctx, struct cmd *c)
{
	struct sim *s = ctx;
	struct order *o = c->ctx;
	const struct job_append *a = &c->job.u.append;
	uint8_t told[8];

	be32_put(told, (uint32_t)c->job.err);
	be32_put(told + 4, c->job.err ? 0 : a->verdict.reason.id);
	sha256_add(&s->history, told, sizeof(told));
	o->under_way = false;
	if (c->job.err) {
		/* it was made when the store had more of the town feed */
		bool waits = c->job.err == ERR_STATE && s->m[o->host].town_had;

		if (c->job.err != ERR_FULL && !waits && !s->m[o->host].rotten)
			sim_fail(s, "%s: a command failed with %s", s->m[o->host].host.name,
				 err_name(c->job.err));
		o->no_room = c->job.err == ERR_FULL && !o->answered;
		if (!o->answered)
			retry_later(s, o, 20000);
		return;
	}
	if (o->no_room && a->exists)
		sim_fail(s, "refused is refused: %s: entry %llu was refused and came back",
			 s->m[o->host].host.name, (unsigned long long)a->seq);
	o->no_room = false;
	if (!o->answered)
		first_answer(s, o);
	else if (!a->exists || a->seq != o->seq || hash_cmp(&a->leaf_hash, &o->leaf_hash))
		sim_fail(s, "exactly once: %s: a command offered again is entry %llu, was %llu",
			 s->m[o->host].host.name, (unsigned long long)a->seq,
			 (unsigned long long)o->seq);
}

void work_lost(void *ctx, struct cmd *c)
{
	struct sim *s = ctx;
	struct order *o = c->ctx;

	o->under_way = o->no_room = false;
	if (!o->answered && !o->doubted)
		s->people->in_doubt[o->host]++;
	o->doubted = !o->answered;
	if (!o->answered)
		retry_later(s, o, 20000);
}

void work_failed(void *ctx, struct cmd *c)
{
	struct sim *s = ctx;
	struct order *o = c->ctx;

	if (c->job.err == ERR_OK || c->job.err == ERR_FULL)
		sim_fail(s, "a batch that the writer died of is in doubt: %s told %s",
			 s->m[o->host].host.name, err_name(c->job.err));
	work_lost(ctx, c);
}

uint32_t work_waiting(const struct sim *s, uint32_t host)
{
	return s->people->waiting[host] + !s->people->final_done[host];
}

const struct books *work_books(const struct sim *s, uint32_t host)
{
	return s->people->waiting[host] ? NULL : &s->people->books[host];
}

/* --- life ------------------------------------------------------------------------------------------ */

void work_open(struct sim *s)
{
	struct sim_event ev = {.type = SE_WORK};

	s->people = calloc(1, sizeof(*s->people));
	T_OK(s->people != NULL);
	s->people->catalogue = 0;
	for (uint32_t i = 0; i < SIM_HOSTS; i++) {
		ev.host = i;
		sim_at(s, 2000 + prng_below(&s->work, 20000), &ev);
	}
}

void work_calm(struct sim *s)
{
	struct sim_event ev = {.type = SE_WORK};

	for (uint32_t i = 0; i < SIM_HOSTS; i++) {
		ev.host = i;
		sim_at(s, 1000, &ev);
	}
}

void work_close(struct sim *s)
{
	if (!s->people)
		return;
	for (uint32_t i = 0; i < s->people->n; i++) {
		cmd_close(&s->people->order[i]->cmd);
		free(s->people->order[i]);
	}
	free(s->people);
	s->people = NULL;
}
