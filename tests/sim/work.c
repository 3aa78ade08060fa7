#include "tests/sim/work.h"

#include <stdlib.h>
#include <string.h>

#include "lib/err.h"
#include "tests/lib/t.h"

/* People at their desks. A command is offered until it is answered, as a browser would do; now and then it
 * is offered again after the answer. */
#define DUTIES		 7 /* roles granted at first */
#define SETUP_STEPS	 (DUTIES + SCHEME_STEPS + BOOKS_REGISTERED / 2)
#define VILLAGE_EVERY_MS 9000
#define SETUP_EVERY_MS	 5000
#define REKEY_CHANCE	 2
#define HUB_EVERY_MS	 30000

/* --- offering -------------------------------------------------------------------------------------- */

struct order *order_new(struct sim *s, uint32_t host, enum kind kind)
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

static const struct sign_key *key_of(const struct sim *s, uint32_t host, unsigned person)
{
	if (person == HOST_RECORDER && s->people->rekey[host] >= REKEY_GRANTED)
		return s->people->spare[host];
	return s->m[host].host.person[person];
}

void order_make(struct sim *s, struct order *o, enum rec_code code, const void *head,
		const void *lines, uint32_t nlines, unsigned person)
{
	struct machine *m = &s->m[o->host];
	day_t today = books_day_of(machine_wall(m));

	o->sheet.today = o->step.today = o->act.today = today;
	host_tx(&m->host, &s->keys, code, head, lines, nlines, key_of(s, o->host, person),
		machine_wall(m), &o->cmd);
	o->cmd.ctx = o;
	o->person = person;
	s->people->waiting[o->host]++;
	s->count.commands++;
	offer(s, o);
}

void order_act(struct sim *s, uint32_t host, const struct books_act *a, const void *head,
	       const void *lines, uint32_t nlines)
{
	struct order *o = order_new(s, host, K_ACT);

	o->act = *a;
	order_make(s, o, (enum rec_code)a->type, head, lines, nlines, a->by);
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

/* --- the day's work -------------------------------------------------------------------------------- */

/* The village can read what it is to adopt. */
static bool has_catalogue(struct sim *s, uint32_t host)
{
	struct host *h = &s->m[host].host;
	uint64_t entry = s->people->catalogue_entry;

	return entry && host_size(h, &h->town_feed) > entry;
}

static void setup_step(struct sim *s, uint32_t host)
{
	/* everybody has a second duty, which is not for the own sheets */
	static const struct {
		unsigned person;
		enum rec_choice_ROLE role;
	} duty[DUTIES] = {{HOST_RECORDER, ROLE_recorder},   {HOST_REVIEWER, ROLE_reviewer},
			  {HOST_CONFIRMER, ROLE_confirmer}, {HOST_RECORDER, ROLE_reviewer},
			  {HOST_REVIEWER, ROLE_confirmer},  {HOST_CONFIRMER, ROLE_recorder},
			  {HOST_DEPUTY, ROLE_keeper}};
	struct people *p = s->people;
	struct order *o = order_new(s, host, K_SETUP);
	uint32_t step = p->setup[host];

	p->setup_asked[host] = true;
	if (step < DUTIES) {
		staff(s, o, host, duty[step].person, duty[step].role, "", false);
	} else if (step < DUTIES + SCHEME_STEPS) {
		scheme_setup(s, o, step - DUTIES);
	} else {
		o->kind = K_HOUSEHOLD;
		register_household(s, o, step - DUTIES - SCHEME_STEPS, HOST_HEAD);
	}
}

/* A transaction under the ID of another one: what was written stays, and nobody takes it for this one. */
static void borrow_id(struct sim *s, uint32_t host)
{
	struct people *p = s->people;
	uint32_t n = p->naccepted[host];
	const struct order *was, *other;
	struct order *o;
	struct entry *tx;

	if (n < 2)
		return;
	was = p->accepted[host][prng_below(&s->work, n)];
	other = p->accepted[host][prng_below(&s->work, n)];
	if (was == other)
		return;
	o = order_new(s, host, K_OTHER);
	o->borrows = true;
	o->person = other->person;
	o->cmd = other->cmd;
	o->cmd.ctx = o;
	o->cmd.payload = (struct buf){0};
	T_EQ(buf_put(&o->cmd.payload, other->cmd.payload.p, other->cmd.payload.n), ERR_OK);
	o->cmd.job.owner = &o->cmd;
	o->cmd.job.u.append.payload = buf_bytes(&o->cmd.payload);
	o->cmd.job.u.append.boot = s->m[host].host.boot;
	tx = &o->cmd.job.u.append.tx;
	memcpy(tx->txid, was->cmd.job.u.append.tx.txid, TXID_BYTES);
	entry_tx_sign(tx, &s->m[host].host.town, key_of(s, host, o->person));
	p->waiting[host]++;
	s->count.commands++;
	offer(s, o);
}

/* What a clerk should not do, and what the deputy may do as long as the town lets him. */
static void odd_work(struct sim *s, uint32_t host)
{
	uint32_t i = (uint32_t)prng_below(&s->work, BOOKS_HOUSEHOLDS);

	switch (prng_below(&s->work, 8)) {
	case 0: /* perhaps registered already */
	case 1:
	case 2: register_household(s, order_new(s, host, K_HOUSEHOLD), i, HOST_DEPUTY); break;
	case 3: /* the reviewer has no right to do this */
		register_household(s, order_new(s, host, K_HOUSEHOLD), i, HOST_REVIEWER);
		break;
	case 4:
	case 5:
	case 6: borrow_id(s, host); break;
	default:
		staff(s, order_new(s, host, K_OTHER), host, HOST_DEPUTY, ROLE_supervisor, "",
		      sim_chance(&s->work, 50));
		break;
	}
}

/* Once begun it is brought to its end. */
static bool rekeys(struct sim *s, uint32_t host)
{
	struct people *p = s->people;

	if (p->rekey_asked[host] || p->rekey[host] == REKEY_STEPS ||
	    (p->rekey[host] == 0 && !sim_chance(&s->work, REKEY_CHANCE)))
		return false;
	p->rekey_asked[host] = true;
	rekey(s, order_new(s, host, K_REKEY), p->rekey[host]);
	return true;
}

static void village_work(struct sim *s, uint32_t host)
{
	struct people *p = s->people;
	uint64_t what = prng_below(&s->work, 100);

	if (p->setup[host] < SETUP_STEPS) {
		bool early = p->setup[host] == DUTIES && !has_catalogue(s, host);

		if (!p->setup_asked[host] && (!early || what < 20))
			setup_step(s, host);
	} else if (rekeys(s, host)) {
		return;
	} else if (what < 49) {
		work_points(s, host);
	} else if (what < 65) {
		work_people(s, host);
	} else if (what < 90) {
		work_scheme(s, host);
	} else if (what < 95) {
		work_village(s, host);
	} else {
		odd_work(s, host);
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

	if (host != SIM_HUB && s->people->setup[host] < SETUP_STEPS)
		every = SETUP_EVERY_MS;

	if (s->m[host].host.up && enrolled(s, host)) {
		if (s->calm)
			final_work(s, host);
		else if (host == SIM_HUB)
			work_town(s);
		else
			village_work(s, host);
	}
	if (!s->people->final_done[host])
		sim_at(s, s->calm ? 10000 : 1 + prng_below(&s->work, 2 * every), &again);
}

/* --- answers --------------------------------------------------------------------------------------- */

static void book(struct books *b, const struct order *o)
{
	struct books_act act = o->act;

	switch (o->kind) {
	case K_HOUSEHOLD: books_register(b, o->household, MEMBERS); break;
	case K_SHEET:
		T_OK(b->nsheets < BOOKS_SHEETS);
		books_record(b, &o->sheet);
		b->sheet[b->nsheets - 1].entry = o->seq;
		break;
	case K_REVIEW: books_review(b, &o->step); break;
	case K_CONFIRM: books_confirm(b, &o->step); break;
	case K_REVERSE: books_reverse(b, &o->step); break;
	case K_SETUP:
		if (!act.type) /* staff */
			break;
		__attribute__((fallthrough));
	case K_ACT:
		T_OK(b->nacts < BOOKS_ACTS);
		act.entry = o->seq;
		books_do(b, &act);
		break;
	case K_OTHER:
	case K_REKEY:
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
	if (o->kind == K_REKEY) {
		p->rekey_asked[o->host] = false;
		p->rekey[o->host] += o->accepted;
	}
	if (!p->setup_asked[o->host] || (o->kind != K_SETUP && o->kind != K_HOUSEHOLD))
		return;
	p->setup_asked[o->host] = false;
	p->setup[o->host] += o->accepted;
}

static enum verdict_id foretold(const struct books *b, const struct order *o)
{
	switch (o->kind) {
	case K_SHEET: return books_judge_sheet(b, &o->sheet);
	case K_REVIEW: return books_judge_review(b, &o->step);
	case K_CONFIRM: return books_judge_confirm(b, &o->step);
	case K_REVERSE: return books_judge_reverse(b, &o->step);
	case K_ACT: return books_judge_act(b, &o->act);
	case K_HOUSEHOLD: return b->household[o->household].known ? V_HOUSEHOLD_EXISTS : V_ACCEPTED;
	case K_SETUP:
	case K_OTHER:
	case K_REKEY:
	case K_FINAL: break;
	}
	return V_ACCEPTED;
}

static bool in_future(const struct order *o)
{
	return o->kind == K_SHEET ? books_sheet_in_future(&o->sheet)
				  : o->kind == K_ACT && books_act_in_future(&o->act);
}

static bool has_warning(const struct verdict *v, enum verdict_id id)
{
	for (uint32_t i = 0; i < v->nwarn && i < VERDICT_WARN_MAX; i++)
		if (v->warn[i].id == id)
			return true;
	return false;
}

/* A warning that the books can foretell of such a record, and whether it must be there; false: none. */
static bool warning_of(const struct books *b, const struct order *o, enum verdict_id *ret_id,
		       bool *ret)
{
	if (o->kind == K_SHEET) {
		*ret_id = V_P05_LATE;
		*ret = books_sheet_is_late(&o->sheet);
	} else if (o->kind == K_CONFIRM) {
		*ret_id = V_YEAR_LATE;
		*ret = books_confirms_late(b, &o->step);
	} else if (o->kind == K_ACT && o->act.type == REC_objection_reply) {
		*ret_id = V_N05_LATE;
		*ret = books_answers_late(b, &o->act);
	} else if (o->kind == K_ACT && o->act.type == REC_complaint_reply) {
		*ret_id = V_N05_COMPLAINT;
		*ret = books_answers_late(b, &o->act);
	} else if (o->kind == K_ACT && o->act.type == REC_redemption) {
		*ret_id = V_X06_LATE;
		*ret = books_redeems_late(&o->act);
	} else if (o->kind == K_ACT && o->act.type == REC_member_join) {
		*ret_id = V_AGREED_BY;
		*ret = books_agrees_alone(&o->act);
	} else {
		return false;
	}
	return true;
}

static void as_the_books_warn(struct sim *s, const struct order *o)
{
	const struct verdict *v = &o->cmd.job.u.append.verdict;
	enum verdict_id id;
	bool want;

	if (warning_of(&s->people->books[o->host], o, &id, &want) && has_warning(v, id) != want)
		sim_fail(s, "rules: %s: %s was accepted %s %s, the books say otherwise",
			 s->m[o->host].host.name, rec_type_of(o->cmd.job.u.append.tx.type)->name,
			 want ? "without" : "with", reason_name(id));
}

/* The rules, seen from outside. Answers come in the order in which commands were judged, so the books hold what
 * it was judged by, unless something is in doubt. */
static void as_the_books_say(struct sim *s, const struct order *o)
{
	enum verdict_id is = o->cmd.job.u.append.verdict.reason.id, want = is;

	if (s->people->in_doubt[o->host] || o->cmd.job.u.append.exists || !books_know(is) ||
	    o->kind == K_SETUP || o->kind == K_OTHER || o->kind == K_REKEY || o->kind == K_FINAL)
		return;
	/* at a confirmation it is the day of the line, which stands behind other reasons */
	if (o->kind != K_CONFIRM && (books_future(is) || (is == V_ACCEPTED && in_future(o))))
		want = in_future(o) ? is == V_ACCEPTED ? V_DAY_FUTURE : is : V_ACCEPTED;
	else
		want = foretold(&s->people->books[o->host], o);
	s->count.compared++;
	s->count.predicted += want != V_ACCEPTED;
	if (is != want)
		sim_fail(s, "rules: %s: %s was answered %s, the books say %s",
			 s->m[o->host].host.name, rec_type_of(o->cmd.job.u.append.tx.type)->name,
			 reason_name(is), reason_name(want));
	else if (is == V_ACCEPTED)
		as_the_books_warn(s, o);
}

/* --- counting -------------------------------------------------------------------------------------- */

static void count_answer(struct sim *s, const struct job_append *a)
{
	const struct verdict *v = &a->verdict;

	s->count.verdict[v->reason.id]++;
	s->count.refused_of[a->tx.type] += !verdict_ok(v);
	for (uint32_t i = 0; i < v->nwarn && i < VERDICT_WARN_MAX; i++)
		s->count.warned[v->warn[i].id]++;
}

static void keep_guidance(struct people *p, const struct order *o)
{
	T_OK(p->nguidance < GUIDANCE_MAX);
	p->guidance[p->nguidance].entry = o->seq;
	p->guidance[p->nguidance++].village = o->act.household;
}

static void first_answer(struct sim *s, struct order *o)
{
	const struct job_append *a = &o->cmd.job.u.append;

	s->people->in_doubt[o->host] -= o->doubted;
	o->doubted = false;
	as_the_books_say(s, o);
	if (o->borrows && a->verdict.reason.id != V_TXID_REUSED)
		sim_fail(s,
			 "exactly once: %s: another transaction under the ID of an entry was "
			 "answered %s",
			 s->m[o->host].host.name, reason_name(a->verdict.reason.id));
	count_answer(s, a);
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
	if (a->tx.type == REC_catalogue && !s->people->catalogue_entry)
		s->people->catalogue_entry = o->seq;
	if (a->tx.type == REC_guidance)
		keep_guidance(s->people, o);
	book_in_order(s, o);
	if (!s->calm && sim_chance(&s->work, 5))
		retry_later(s, o, 60000); /* the button was pressed twice */
}

void work_done(void *ctx, struct cmd *c)
{
	struct sim *s = ctx;
	struct order *o = c->ctx;
	const struct job_append *a = &c->job.u.append;
	uint8_t result[8];

	be32_put(result, (uint32_t)c->job.err);
	be32_put(result + 4, c->job.err ? 0 : a->verdict.reason.id);
	sha256_add(&s->history, result, sizeof(result));
	o->under_way = false;
	if (c->job.err) {
		/* it was made when the store had more of the town feed */
		bool waits = c->job.err == ERR_STATE && s->m[o->host].town_had;

		if (c->job.err != ERR_FULL && !waits && !s->m[o->host].rotten)
			sim_fail(s, "%s: a command failed with %s", s->m[o->host].host.name,
				 err_name(c->job.err));
		/* one in doubt may have been written before */
		o->no_room = c->job.err == ERR_FULL && !o->answered && !o->doubted;
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

static struct sign_key *new_key(struct sim *s)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_key *k;

	prng_fill(&s->keys, seed, sizeof(seed));
	T_EQ(sign_key_from_seed(seed, &k), ERR_OK);
	return k;
}

void work_open(struct sim *s)
{
	struct sim_event ev = {.type = SE_WORK};

	s->people = calloc(1, sizeof(*s->people));
	T_OK(s->people != NULL);
	for (uint32_t i = 0; i < SIM_HOSTS; i++) {
		s->people->spare[i] = new_key(s);
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
	for (uint32_t i = 0; i < SIM_HOSTS; i++)
		sign_key_free(s->people->spare[i]);
	free(s->people);
	s->people = NULL;
}
