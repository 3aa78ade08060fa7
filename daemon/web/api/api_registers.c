#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/web/api/entryjson.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/viewjson.h"

/* A register: the accepted entries of one type, oldest first. */

#define REGISTER_DEFAULT 1000
#define REGISTER_MAX	 5000

struct listing {
	struct reading r;
	uint64_t left;
	uint64_t next; /* not given any more; UINT64_MAX: none */
};

static int on_listed(void *ctx, uint64_t seq)
{
	struct listing *l = ctx;

	if (l->left == 0) {
		l->next = seq;
		return 1;
	}
	l->left--;
	return entryjson_put(&l->r, seq);
}

static const struct rec_type *type_asked(const struct web_req *req, struct web_res *res)
{
	const struct rec_type *t = rec_type_named(reply_last(req));

	if (t && t->listed)
		return t;
	reply_error(res, req->lang, 404, "TYPE_UNKNOWN", NULL,
		    SAYS("没有这种登记簿", "there is no such register"),
		    SAYS("用 cunzhang register 查看全部登记簿",
			 "cunzhang register lists all of them"));
	return NULL;
}

void api_registers(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct listing l = {.left = REGISTER_DEFAULT, .next = UINT64_MAX};
	const struct rec_type *t = type_asked(req, res);
	uint64_t from = 0;
	struct jw *w = &l.r.w;
	int err;

	if (!t || !reply_param_u64(req, res, "from", INT64_MAX, &from) ||
	    !reply_param_u64(req, res, "n", REGISTER_MAX, &l.left) ||
	    !reading_begin(&l.r, s, req, res))
		return;
	jw_kstr(w, "type", t->name);
	jw_kstr(w, "title", (const char *)rec_title(t, l.r.ask.lang).p);
	jw_khex(w, "feed", l.r.ask.feed.id.b, HASH_BYTES);
	viewjson_columns(&l.r, "fields", t->head, t->nhead);
	if (t->line)
		viewjson_columns(&l.r, "line_fields", t->line, t->nline);
	jw_key(w, "items");
	jw_arr(w);
	err = view_listed(l.r.ask.t, l.r.ask.feed.no, (enum rec_code)t->code, from, on_listed, &l);
	jw_arr_end(w);
	jw_key(w, "next");
	if (l.next == UINT64_MAX)
		jw_null(w);
	else
		jw_u64(w, l.next);
	reading_end(&l.r, err > 0 ? ERR_OK : err);
}
