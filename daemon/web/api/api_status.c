#include <stdio.h>
#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/query/due.h"
#include "daemon/ledger/state/read.h"
#include "daemon/web/api/advice.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"
#include "lib/err.h"
#include "lib/map.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/vec.h"

#define LINKS_SHOWN_MAX 64

/* --- status: no personal data, it is also given to those who are not local --------------------------- */

static void put_town(struct reading *r)
{
	struct view_town town;
	struct jw *w = &r->w;

	jw_khex(w, "town", r->s->tx.town.b, HASH_BYTES);
	if (view_town(r->ask.t, &town))
		return;
	jw_kstr(w, "town_name", town.name);
	jw_kstr(w, "town_code", town.code);
	jw_kstr(w, "domain", town.domain);
	jw_kbool(w, "training", domain_is_training(town.domain));
}

static int count_overdue(const struct reading *r, const struct feed_head *h, uint64_t *ret)
{
	struct ask of = r->ask;

	of.feed = *h;
	of.nparams = 0;
	return due_count(&of, ret);
}

static int put_feed(void *ctx, const struct feed_head *h)
{
	struct reading *r = ctx;
	struct feed_status st = {0};
	struct guard g;
	char label[FEED_LABEL_MAX];
	uint64_t durable = h->size, unaudited, overdue = 0;
	bool own = h->no == r->s->tx.own;
	int err = writer_feed_status(r->ask.t, h->no, web_at_hub(r->s), &st);

	if (err)
		return err;
	/* Of the own feed, only what was re-read and signed counts. */
	if (own)
		durable = r->s->guard(r->s->tx.ctx, &g) ? 0 : g.size;
	view_feed_label(r->ask.t, h, label);
	jw_obj(&r->w);
	jw_khex(&r->w, "feed", h->id.b, HASH_BYTES);
	jw_ku64(&r->w, "no", h->no);
	jw_kstr(&r->w, "label", label);
	jw_kbool(&r->w, "own", own);
	jw_kstr(&r->w, "origin", h->origin);
	jw_ku64(&r->w, "size", h->size);
	jw_ku64(&r->w, "durable", durable < h->size ? durable : h->size);
	jw_ku64(&r->w, "at_hub", st.at_hub);
	jw_ku64(&r->w, "cosigned", st.cosigned);
	jw_ku64(&r->w, "witnesses", st.witnesses);
	jw_ku64(&r->w, "epoch", h->epoch);
	if (r->req->from.local && ask_param(&r->ask, "full")) {
		err = view_unaudited(r->ask.t, h->no, 0, &unaudited);
		if (err)
			return err;
		jw_ku64(&r->w, "unaudited", unaudited);
	}
	if (r->req->from.local && h->no != FEED_TOWN) {
		err = count_overdue(r, h, &overdue);
		jw_ku64(&r->w, "overdue", overdue);
	}
	jw_obj_end(&r->w);
	return err;
}

static void put_alarm_text(struct reading *r, const char *key, const struct alarm *a)
{
	struct buf text = {0};

	alarm_text(a, r->ask.lang, &text);
	jw_kstr(&r->w, key, buf_str(&text));
	buf_close(&text);
}

static void put_links(struct reading *r)
{
	struct node_link link[LINKS_SHOWN_MAX];
	uint32_t n = r->s->links(r->s->tx.ctx, link, LINKS_SHOWN_MAX);

	jw_key(&r->w, "links");
	jw_arr(&r->w);
	for (uint32_t i = 0; i < n && i < LINKS_SHOWN_MAX; i++) {
		jw_obj(&r->w);
		jw_khex(&r->w, "feed", link[i].feed.b, HASH_BYTES);
		jw_kbool(&r->w, "running", link[i].running);
		jw_ku64(&r->w, "since_ms", link[i].since_ms);
		jw_ku64(&r->w, "last_recv_ms", link[i].last_recv_ms);
		jw_ku64(&r->w, "acked_bytes", link[i].acked_bytes);
		put_alarm_text(r, "last_refusal", &link[i].last_refusal);
		jw_obj_end(&r->w);
	}
	jw_arr_end(&r->w);
}

static void put_alarms(struct reading *r)
{
	struct alarm alarm[NODE_ALARMS_MAX];
	uint32_t n = r->s->alarms(r->s->tx.ctx, alarm, NODE_ALARMS_MAX);
	char when[32];

	jw_key(&r->w, "alarms");
	jw_arr(&r->w);
	for (uint32_t i = 0; i < n && i < NODE_ALARMS_MAX; i++) {
		jw_obj(&r->w);
		jw_khex(&r->w, "feed", alarm[i].feed.b, HASH_BYTES);
		jw_khex(&r->w, "peer", alarm[i].peer.b, HASH_BYTES);
		jw_ku64(&r->w, "entry", alarm[i].seq);
		jw_kstr(&r->w, "error", err_name(alarm[i].err));
		jw_kstr(&r->w, "time", time_text(alarm[i].wall_ms, when));
		jw_kstr(&r->w, "name", alarm_name(alarm[i].id));
		put_alarm_text(r, "reason", &alarm[i]);
		jw_obj_end(&r->w);
	}
	jw_arr_end(&r->w);
}

static void put_halted(struct reading *r, const struct halt *h)
{
	struct buf text = {0};

	jw_key(&r->w, "halted");
	if (!h) {
		jw_null(&r->w);
		return;
	}
	halt_text(h, r->ask.lang, &text);
	jw_str(&r->w, buf_str(&text));
	jw_kstr(&r->w, "halted_name", halt_name(h->id));
	buf_close(&text);
}

static void put_unlinked(struct reading *r)
{
	struct buf why = {0};

	if (r->s->unlinked)
		r->s->unlinked(r->s->tx.ctx, r->ask.lang, &why);
	jw_kstr(&r->w, "unlinked", buf_str(&why));
	buf_close(&why);
}

/* Who has unlocked a key, and until when. */
static void put_unlocked(struct reading *r)
{
	struct web_session v[WEB_SESSIONS_MAX];
	uint32_t n = r->s->sessions(r->s->tx.ctx, v, WEB_SESSIONS_MAX);

	jw_key(&r->w, "unlocked");
	jw_arr(&r->w);
	for (uint32_t i = 0; i < n; i++) {
		jw_obj(&r->w);
		jw_kstr(&r->w, "as", v[i].as);
		jw_ku64(&r->w, "idle_seconds", v[i].idle_s);
		jw_ku64(&r->w, "ends_in", v[i].left_s);
		jw_obj_end(&r->w);
	}
	jw_arr_end(&r->w);
	jw_ku64(&r->w, "wrong_passphrases", r->s->wrong_passphrases(r->s->tx.ctx));
}

void api_status(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct reading r;
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	jw_kstr(&r.w, "role", web_at_hub(s) ? "hub" : "village");
	put_town(&r);
	put_halted(&r, s->halted(s->tx.ctx));
	jw_kbool(&r.w, "full", s->full && s->full(s->tx.ctx));
	jw_key(&r.w, "feeds");
	jw_arr(&r.w);
	err = feedlog_each(r.ask.t, put_feed, &r);
	jw_arr_end(&r.w);
	if (req->from.local) {
		put_links(&r);
		put_unlinked(&r);
		put_alarms(&r);
		put_unlocked(&r);
		err = err ? err : advice_put_missing(s, req->lang, &r.w);
	}
	reading_end(&r, err);
}

/* --- villages ------------------------------------------------------------------------------------ */

/* What the town wrote down last about each village. */
struct fact {
	char code[13];
	bool work_team;
	uint64_t batch;
};
struct villages {
	struct reading *r;
	struct fact *fact;
	uint32_t nfacts, cap;
	struct map places; /* by code */
};

static bool has_code(const void *ctx, uint32_t at, struct bytes code)
{
	const struct villages *w = ctx;

	return str_eq((const char *)code.p, code.n, w->fact[at].code);
}

static int fact_of(struct villages *w, struct bytes code, struct fact **ret)
{
	uint32_t at = map_get(&w->places, code, has_code, w);

	if (at == MAP_NONE) {
		at = w->nfacts;
		if (VEC_ROOM(w->fact, w->nfacts, w->cap) || map_add(&w->places, code, at))
			return ERR_NOMEM;
		str_set(w->fact[at].code, sizeof(w->fact[at].code), code);
		w->nfacts++;
	}
	*ret = &w->fact[at];
	return ERR_OK;
}

static int on_fact(void *ctx, uint64_t seq)
{
	struct villages *w = ctx;
	struct rec_village_fact f;
	struct payload payload;
	struct fact *fact;
	int err = read_head(w->r->ask.t, FEED_TOWN, seq, REC_village_fact, &payload, &f);

	if (!err)
		err = fact_of(w, f.village, &fact);
	if (err)
		return err;
	fact->work_team = f.work_team == YES_yes;
	fact->batch = f.batch;
	return ERR_OK;
}

static int put_village(void *ctx, const struct view_village *v)
{
	static const struct fact none;
	const struct villages *w = ctx;
	uint32_t at = map_get(&w->places, bytes_str(v->code), has_code, w);
	const struct fact *fact = at == MAP_NONE ? &none : &w->fact[at];
	struct reading *r = w->r;
	struct feed_head h;

	jw_obj(&r->w);
	jw_kstr(&r->w, "code", v->code);
	jw_kstr(&r->w, "name", v->name);
	jw_kbool(&r->w, "enrolled", v->enrolled);
	if (v->enrolled)
		jw_khex(&r->w, "feed", v->feed.b, HASH_BYTES);
	if (v->no && !feedlog_head(r->ask.t, v->no, &h))
		jw_ku64(&r->w, "size", h.size);
	jw_kbool(&r->w, "work_team", fact->work_team);
	jw_ku64(&r->w, "batch", fact->batch);
	/* the plan: a village with a resident work team belongs in the first batch */
	jw_kbool(&r->w, "to_include", fact->work_team && fact->batch != 1);
	jw_obj_end(&r->w);
	return 0;
}

void api_villages(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct reading r;
	struct villages w = {.r = &r};
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	jw_key(&r.w, "items");
	jw_arr(&r.w);
	err = view_listed(r.ask.t, FEED_TOWN, REC_village_fact, 0, on_fact, &w);
	if (!err)
		err = view_villages(r.ask.t, put_village, &w);
	jw_arr_end(&r.w);
	map_close(&w.places);
	mem_free(w.fact);
	reading_end(&r, err);
}
