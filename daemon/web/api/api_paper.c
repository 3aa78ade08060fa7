#include <stdio.h>
#include <string.h>

#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"
#include "daemon/web/paper/paper.h"
#include "lib/err.h"

/* --- the answer ------------------------------------------------------------------------------------ */
static const struct paper_def *paper_asked(const struct web_req *req, struct web_res *res)
{
	for (uint32_t i = 0; i < paper_ndefs; i++)
		if (strcmp(paper_defs[i].name, reply_last(req)) == 0)
			return &paper_defs[i];
	reply_error(res, req->lang, 404, "PAPER_UNKNOWN", NULL,
		    SAYS("没有这种纸质材料", "there is no such paper"),
		    SAYS("可用：notice passbook slip certificate guide",
			 "there are: notice, passbook, slip, certificate, guide"));
	return NULL;
}

static void put_record(struct paper *p, struct jw *w)
{
	const struct rec_type *t = rec_type_of(p->type);

	hash_of(p->html.p, p->html.n, &p->digest);
	jw_kstr(w, "record_type", t->name);
	jw_key(w, "record");
	jw_obj(w);
	rec_json(w, t->head, t->nhead, &p->record, REC_PRIVATE);
	jw_obj_end(w);
	if (p->code[0])
		jw_kstr(w, "code", p->code);
}

static void put_paper(struct reading *r, struct paper *p, const struct paper_def *def)
{
	struct jw *w = &r->w;

	jw_kstr(w, "paper", def->name);
	jw_kstr(w, "title", says_in(SAYS(def->zh, def->en), r->ask.lang));
	jw_kbool(w, "empty", p->empty);
	if (p->type)
		put_record(p, w);
	jw_key(w, "html");
	jw_strn(w, (const char *)p->html.p, p->html.n);
}

void api_paper(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const struct paper_def *def = paper_asked(req, res);
	struct paper p = {0};
	struct reading r;
	int err;

	if (!def || !reading_begin(&r, s, req, res))
		return;
	err = paper_open(&p, &r.ask);
	if (!err)
		err = paper_make(&p, def);
	if (!err)
		put_paper(&r, &p, def);
	paper_close(&p);
	reading_end(&r, err);
}
