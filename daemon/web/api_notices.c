#include <string.h>

#include "daemon/web/handlers.h"
#include "daemon/web/paper.h"
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
	int err = feedlog_payload(s->r->t, s->r->feed.no, seq, &s->payload);

	if (!err && rec_decode_head(rec_type_of(REC_notice), &s->payload, &s->n))
		err = ERR_CORRUPT;
	if (err)
		return err;
	notice_code(&s->r->feed.id, &s->n, code);
	s->seq = seq;
	return notice_code_same(s->code, code);
}

/* What the entries say now, beside what was posted. */
static int put_check(struct reading *r, const struct search *s)
{
	struct paper p = {.r = r, .today = reply_today(r->s), .record.notice = s->n};
	const struct rec_notice *n = &p.record.notice;
	char text[AMOUNT_TEXT_MAX];
	int err = paper_children(&p);
	bool same;

	if (!err)
		err = paper_notice_make(&p);
	buf_close(&p.html);
	buf_close(&p.children);
	if (err)
		return err;
	same = n->lines == s->n.lines && points_cmp(n->plus, s->n.plus) == 0 &&
	       points_cmp(n->minus, s->n.minus) == 0 && n->root.n == s->n.root.n &&
	       memcmp(n->root.p, s->n.root.p, n->root.n) == 0;
	jw_kbool(&r->w, "agrees", same);
	jw_ku64(&r->w, "entry", s->seq);
	jw_key(&r->w, "posted");
	jw_obj(&r->w);
	rec_json(&r->w, rec_type_of(REC_notice)->head, rec_type_of(REC_notice)->nhead, &s->n,
		 REC_PUBLIC);
	jw_obj_end(&r->w);
	jw_key(&r->w, "ledger");
	jw_obj(&r->w);
	jw_ku64(&r->w, "lines", n->lines);
	jw_kstr(&r->w, "plus", points_text(n->plus, text));
	jw_kstr(&r->w, "minus", points_text(n->minus, text));
	jw_khex(&r->w, "root", p.root.b, HASH_BYTES);
	jw_obj_end(&r->w);
	return ERR_OK;
}

void api_notices(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct reading r;
	struct search q = {.r = &r, .code = reply_last(req)};
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	err = view_listed(r.t, r.feed.no, REC_notice, 0, on_notice, &q);
	if (err == 0) {
		kv_abort(r.t);
		reply_error(res, req->lang, 404, "CODE_UNKNOWN", "code",
			    SAYS("本日志中没有这个核对码", "no notice of this feed has this code"),
			    SAYS("请核对抄写；在镇级节点请用 --feed 指明村代码",
				 "check for slips of the pen; at the hub name the village with "
				 "--feed"));
		return;
	}
	if (err == 1)
		err = put_check(&r, &q);
	if (err == PAPER_ANSWERED)
		kv_abort(r.t);
	else
		reading_end(&r, err);
}
