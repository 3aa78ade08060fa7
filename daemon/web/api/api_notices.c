#include <string.h>

#include "daemon/ledger/query/notice_due.h"
#include "daemon/web/api/entryjson.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/paper/paper.h"
#include "lib/err.h"
#include "proto/noticecode.h"

/* Anyone checks a printed figure (R78): the code on the paper leads to the notice in the log, and the figures
 * are made again from the entries that it stands on. */

struct search {
	struct reading *r;
	const char *code;
	uint64_t seq;
	struct rec_notice n;
	struct payload payload;
};

static int on_notice(void *ctx, uint64_t seq)
{
	struct search *s = ctx;
	char code[NOTICE_CODE_TEXT];
	int err = feedlog_payload(s->r->ask.t, s->r->ask.feed.no, seq, &s->payload);

	if (!err && rec_decode_head(rec_type_of(REC_notice), &s->payload, &s->n))
		err = ERR_CORRUPT;
	if (err)
		return err;
	notice_code(&s->r->ask.feed.id, &s->n, code);
	s->seq = seq;
	return notice_code_same(s->code, code);
}

static int put_author(struct reading *r, uint64_t seq)
{
	struct bytes leaf, payload;
	struct entry e;
	int err = feedlog_read(r->ask.t, r->ask.feed.no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err)
		entryjson_name(r, "by", e.author);
	return err;
}

/* Who made it, and where it has hung. */
static int put_story(struct reading *r, uint64_t seq)
{
	struct row_notices n;
	char day[DATE_TEXT_MAX];
	int err = put_author(r, seq);

	if (!err)
		err = notice_read(&r->ask, seq, &n);
	if (err)
		return err;
	jw_ku64(&r->w, "postings", n.postings);
	if (n.postings) {
		jw_kstr(&r->w, "posted_from", day_text(n.posted_from, day));
		jw_kstr(&r->w, "posted_to", day_text(n.posted_to, day));
	}
	if (n.withdrawal)
		jw_ku64(&r->w, "withdrawal", n.withdrawal);
	return ERR_OK;
}

static bool same_figures(const struct rec_notice *a, const struct rec_notice *b)
{
	return a->lines == b->lines && points_cmp(a->plus, b->plus) == 0 &&
	       points_cmp(a->minus, b->minus) == 0 && a->root.n == b->root.n &&
	       memcmp(a->root.p, b->root.p, a->root.n) == 0;
}

static void put_figures(struct jw *w, const struct search *s, const struct paper *p)
{
	const struct rec_type *t = rec_type_of(REC_notice);
	const struct rec_notice *n = &p->record.notice;
	char text[AMOUNT_TEXT_MAX];
	struct hash page;

	hash_of(p->html.p, p->html.n, &page);
	jw_kbool(w, "agrees", same_figures(n, &s->n));
	/* a later version of this program may print the same figures otherwise */
	jw_kbool(w, "same_page",
		 s->n.digest.n == HASH_BYTES && memcmp(s->n.digest.p, page.b, HASH_BYTES) == 0);
	jw_ku64(w, "entry", s->seq);
	jw_key(w, "posted");
	jw_obj(w);
	rec_json(w, t->head, t->nhead, &s->n, REC_PUBLIC);
	jw_obj_end(w);
	jw_key(w, "ledger");
	jw_obj(w);
	jw_ku64(w, "lines", n->lines);
	jw_kstr(w, "plus", points_text(n->plus, text));
	jw_kstr(w, "minus", points_text(n->minus, text));
	jw_khex(w, "root", p->root.b, HASH_BYTES);
	jw_obj_end(w);
}

/* What the entries say, beside what was posted. */
static int put_check(struct reading *r, const struct search *s)
{
	struct paper p;
	int err = paper_open(&p, &r->ask);

	if (err)
		return err;
	p.record.notice = s->n;
	err = paper_notice_make(&p);
	if (!err)
		err = p.html.err;
	if (!err)
		put_figures(&r->w, s, &p);
	paper_close(&p);
	return err ? err : put_story(r, s->seq);
}

void api_notices(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct reading r;
	struct search q = {.r = &r, .code = reply_last(req)};
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	err = view_listed(r.ask.t, r.ask.feed.no, REC_notice, 0, on_notice, &q);
	if (err == 0) {
		kv_abort(r.ask.t);
		reply_error(res, req->lang, 404, "CODE_UNKNOWN", "code",
			    SAYS("本日志中没有这个核对码", "no notice of this feed has this code"),
			    SAYS("请核对抄写；在镇级节点请用 --feed 指明村代码",
				 "check for slips of the pen; at the hub name the village with "
				 "--feed"));
		return;
	}
	if (err == 1)
		err = put_check(&r, &q);
	reading_end(&r, err);
}
