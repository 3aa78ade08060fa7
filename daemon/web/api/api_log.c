#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/read_filing.h"
#include "daemon/ledger/state/read_person.h"
#include "daemon/web/api/entryjson.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"
#include "lib/text.h"
#include "proto/entry.h"
#include "proto/record.h"

#define LOG_DEFAULT 20
#define LOG_MAX	    200

/* --- people and catalogue ------------------------------------------------------------------------ */

static void put_role(struct jw *w, const struct state_role *g)
{
	char text[DATE_TEXT_MAX];

	jw_obj(w);
	jw_kstr(w, "role", rec_lists[REC_LIST_ROLE].v[g->role].name);
	jw_kstr(w, "group", g->group);
	if (g->from != DAY_NONE)
		jw_kstr(w, "from", day_text(g->from, text));
	if (g->to != DAY_NONE)
		jw_kstr(w, "to", day_text(g->to, text));
	jw_obj_end(w);
}

static int put_person(void *ctx, const struct view_person *p)
{
	const struct rec_choices *roles = &rec_lists[REC_LIST_ROLE];
	struct reading *r = ctx;
	uint8_t here[SIGN_KEY_BYTES];

	jw_obj(&r->w);
	jw_kstr(&r->w, "name", p->name);
	jw_khex(&r->w, "key", p->key, sizeof(p->key));
	jw_key(&r->w, "roles");
	jw_arr(&r->w);
	for (uint32_t i = 0; i < roles->n; i++)
		if (p->roles >> i & 1)
			jw_str(&r->w, roles->v[i].name);
	jw_arr_end(&r->w);
	jw_key(&r->w, "grants");
	jw_arr(&r->w);
	for (uint32_t i = 0; i < p->ngrants; i++)
		put_role(&r->w, &p->grant[i]);
	jw_arr_end(&r->w);
	jw_kbool(&r->w, "key_here",
		 !r->s->person_public(r->s->tx.ctx, p->name, here) &&
			 memcmp(here, p->key, sizeof(here)) == 0);
	jw_obj_end(&r->w);
	return 0;
}

void api_people(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct reading r;
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	jw_khex(&r.w, "feed", r.ask.feed.id.b, HASH_BYTES);
	jw_key(&r.w, "items");
	jw_arr(&r.w);
	err = view_people(r.ask.t, r.ask.feed.no, r.ask.day, put_person, &r);
	jw_arr_end(&r.w);
	reading_end(&r, err);
}

static int put_item(void *ctx, const struct view_item *i)
{
	const struct rec_type *t = rec_type_of(REC_catalogue);
	struct reading *r = ctx;

	jw_obj(&r->w);
	rec_json(&r->w, t->line, t->nline, i->line, REC_PRIVATE);
	jw_obj_end(&r->w);
	return 0;
}

/* Items of the town and of the village alike. */
static int put_village_item(void *ctx, const struct view_village_item *i)
{
	const struct rec_type *t = rec_type_of(REC_catalogue);
	struct reading *r = ctx;

	if (i->change == VIEW_DROPPED)
		return 0;
	jw_obj(&r->w);
	rec_json(&r->w, t->line, t->nline, &i->line, REC_PRIVATE);
	jw_obj_end(&r->w);
	return 0;
}

static int put_adopted(struct reading *r, const struct document *own)
{
	static const char *const states[] = {[FILING_NONE] = "none",
					     [FILING_SUBMITTED] = "submitted",
					     [FILING_RETURNED] = "returned",
					     [FILING_ACCEPTED] = "accepted"};
	char text[DATE_TEXT_MAX];
	struct view_filing f;
	int err =
		view_filing(r->ask.t, r->ask.feed.no, DOC_CATALOGUE, own->version, UINT64_MAX, &f);

	if (err)
		return err;
	jw_ku64(&r->w, "adopted", own->version);
	jw_kstr(&r->w, "adopted_from", day_text(own->from, text));
	jw_kstr(&r->w, "adopted_to", day_text(own->to, text));
	jw_key(&r->w, "filing");
	jw_obj(&r->w);
	jw_kstr(&r->w, "state", states[f.state]);
	jw_kstr(&r->w, "day", day_text(f.day, text));
	jw_key(&r->w, "text");
	jw_strn(&r->w, (const char *)f.text.p, f.text.n);
	jw_obj_end(&r->w);
	return ERR_OK;
}

/* A village shows what is in force there today, or the version of its own that is asked for, also one that is over or
 * still to come; those of the town are shown with its feed. Of a village that has adopted none, what the town has. */
static int find_own(const struct reading *r, uint64_t version, struct document *own)
{
	const struct reader *at = READER(r->ask.t, r->ask.feed.no);
	int err = ERR_OK;

	if (r->ask.feed.no == FEED_TOWN)
		return ERR_OK;
	if (version)
		return read_document(at, DOC_CATALOGUE, version, own);
	err = read_catalogue_on(at, r->ask.day, &version);
	if (!err)
		err = read_document(at, DOC_CATALOGUE, version, own);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

void api_catalogue(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const struct rec_type *t = rec_type_of(REC_catalogue);
	struct rec_catalogue head = {0};
	uint64_t version = 0;
	struct document own = {0};
	struct reading r;
	int err = ERR_OK;

	if (!reply_param_u64(req, res, "version", 1000000, &version) ||
	    !reading_begin(&r, s, req, res))
		return;
	err = find_own(&r, version, &own);
	if (!err && own.version)
		err = put_adopted(&r, &own);
	jw_key(&r.w, "items");
	jw_arr(&r.w);
	if (!err)
		err = view_catalogue(r.ask.t, own.version ? own.base : version, &head,
				     own.version ? NULL : put_item, &r);
	if (!err && own.version)
		err = view_village_catalogue(r.ask.t, r.ask.feed.no, own.version, put_village_item,
					     &r);
	jw_arr_end(&r.w);
	if (!err)
		rec_json(&r.w, t->head, t->nhead, &head, REC_PRIVATE);
	reading_end(&r, err);
	if (err == ERR_NOTFOUND)
		reply_error(res, req->lang, 404, "CATALOGUE_UNKNOWN", "version",
			    SAYS("没有这个版本的积分清单", "there is no such catalogue"),
			    SAYS("本村各版见 register adopt-catalogue，镇里的加 --feed "
				 "town；镇里刚发布的，"
				 "先与镇级中心交换",
				 "versions of the village: register adopt-catalogue; those of the "
				 "town: --feed "
				 "town, after an exchange with the hub"));
}

/* --- the log ------------------------------------------------------------------------------------- */

/* Entries from @from on; without it the last @n. */
void api_log(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	uint64_t from = UINT64_MAX, n = LOG_DEFAULT, seq;
	struct reading r;
	int err = ERR_OK;

	if (!reply_param_u64(req, res, "from", INT64_MAX, &from) ||
	    !reply_param_u64(req, res, "n", LOG_MAX, &n) || !reading_begin(&r, s, req, res))
		return;
	if (from == UINT64_MAX)
		from = r.ask.feed.size > n ? r.ask.feed.size - n : 0;
	jw_khex(&r.w, "feed", r.ask.feed.id.b, HASH_BYTES);
	jw_ku64(&r.w, "size", r.ask.feed.size);
	jw_key(&r.w, "items");
	jw_arr(&r.w);
	for (seq = from; !err && seq < r.ask.feed.size && seq - from < n; seq++)
		err = entryjson_put(&r, seq);
	jw_arr_end(&r.w);
	jw_key(&r.w, "next");
	if (seq < r.ask.feed.size)
		jw_u64(&r.w, seq);
	else
		jw_null(&r.w);
	reading_end(&r, err);
}

/* --- what waits for a step ----------------------------------------------------------------------- */

struct waiting {
	struct reading r;
	enum line_state state;
};

/* Who decides must see what it is about, and whether it gives or takes. */
static int put_what(struct reading *r, const struct rec_points_line *l)
{
	struct item item;
	int err = read_item(READER(r->ask.t, r->ask.feed.no), l->version, l->item, &item);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	jw_kbool(&r->w, "deduct", item.line.sign == SIGN_deduct);
	jw_key(&r->w, "item_name");
	jw_strn(&r->w, (const char *)item.line.name_zh.p, item.line.name_zh.n);
	return ERR_OK;
}

struct called {
	struct jw *w;
	uint32_t member;
};

static int put_called(void *ctx, const struct view_member *m)
{
	const struct called *c = ctx;

	if (m->member == c->member)
		jw_kstr(c->w, "name", m->name);
	return ERR_OK;
}

/* A person is found by name, the number beside it is for machines. */
static int put_called_member(struct reading *r, const struct rec_points_line *l)
{
	struct called c = {&r->w, (uint32_t)l->member};

	return l->member ? view_members(r->ask.t, r->ask.feed.no, l->household, put_called, &c)
			 : ERR_OK;
}

static int put_waiting_lines(struct waiting *a, const struct view_points *v,
			     const struct payload *p)
{
	const struct rec_type *t = rec_type_of(REC_points);
	struct rec_points_line line;
	struct jw *w = &a->r.w;
	int err = ERR_OK;

	jw_key(w, "lines");
	jw_arr(w);
	for (uint32_t i = 1; !err && i <= v->nlines; i++) {
		if (v->state[i] != a->state)
			continue;
		err = rec_decode_line(t, p, i - 1, &line);
		jw_obj(w);
		jw_ku64(w, "line", i);
		if (!err)
			rec_json(w, t->line, t->nline, &line, REC_PRIVATE);
		if (!err)
			err = put_called_member(&a->r, &line);
		if (!err)
			err = put_what(&a->r, &line);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	return err;
}

static int put_waiting(void *ctx, const struct view_points *v)
{
	struct waiting *a = ctx;
	struct bytes leaf, payload;
	struct payload p;
	struct entry e;
	char when[32];
	int err = feedlog_read(a->r.ask.t, a->r.ask.feed.no, v->entry, &leaf, &payload);

	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (!err)
		err = payload_parse(payload.p, payload.n, &p);
	if (err)
		return err;
	jw_obj(&a->r.w);
	jw_ku64(&a->r.w, "entry", v->entry);
	jw_kstr(&a->r.w, "time", time_text(e.wall_ms, when));
	entryjson_name(&a->r, "recorder", v->recorder);
	if (a->state == LINE_REVIEWED)
		entryjson_name(&a->r, "reviewer", v->reviewer);
	err = put_waiting_lines(a, v, &p);
	jw_obj_end(&a->r.w);
	return err;
}

void api_waiting(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const char *state = reply_param(req, "state");
	struct waiting a = {.state = LINE_RECORDED};
	int err;

	if (state && strcmp(state, "reviewed") == 0) {
		a.state = LINE_REVIEWED;
	} else if (state && strcmp(state, "recorded") != 0) {
		reply_error(res, req->lang, 400, "PARAMETER", "state",
			    SAYS("参数 state 应为 recorded 或 reviewed",
				 "parameter state is recorded or reviewed"),
			    SAYS(NULL, NULL));
		return;
	}
	if (!reading_begin(&a.r, s, req, res))
		return;
	jw_key(&a.r.w, "items");
	jw_arr(&a.r.w);
	err = view_waiting(a.r.ask.t, a.r.ask.feed.no, a.state, put_waiting, &a);
	jw_arr_end(&a.r.w);
	reading_end(&a.r, err);
}
