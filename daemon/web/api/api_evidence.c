#include "daemon/feed/feedlog.h"
#include "daemon/ledger/state/read.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"
#include "proto/entry.h"
#include "proto/record.h"

/* Files beside the ledger: one comes in and gets its digest; which entries name which digests. */

#define SCAN_DEFAULT 2000 /* entries looked at for one answer */
#define SCAN_MAX     10000
#define ITEMS_MAX    2000 /* of one answer; the entry that reaches it is given whole */

void api_evidence_keep(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct errmsg msg = {0};
	struct hash h;
	bool fresh;
	struct jw w;
	int err = s->file_keep(req->file, &h, &fresh, &msg);

	if (err == ERR_INVALID) {
		reply_error(res, req->lang, 400, "FILE_EMPTY", NULL,
			    SAYS("文件是空的", "the file is empty"), SAYS(NULL, NULL));
		return;
	}
	if (err) {
		reply_machine(req, res, err, &msg);
		return;
	}
	reply_json(res, 200, &w);
	jw_obj(&w);
	jw_khex(&w, "digest", h.b, HASH_BYTES);
	jw_kbool(&w, "exists", !fresh);
	jw_obj_end(&w);
}

/* --- who names what ------------------------------------------------------------------------------ */

static bool names_files(const struct rec_field *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (f[i].kind == REC_DIGEST)
			return true;
	return false;
}

/* Returns how many. */
static uint32_t put_digests(struct reading *r, const struct rec_type *t, uint64_t seq,
			    uint32_t line, const void *part)
{
	const struct rec_field *f = line ? t->line : t->head;
	uint32_t n = line ? t->nline : t->nhead, put = 0;
	bool en = r->ask.lang == LANG_EN;

	for (uint32_t i = 0; i < n; i++) {
		struct bytes digest = {0};

		if (f[i].kind == REC_DIGEST)
			digest = rec_bytes(&f[i], part);
		if (digest.n != HASH_BYTES)
			continue;
		jw_obj(&r->w);
		jw_ku64(&r->w, "entry", seq);
		jw_ku64(&r->w, "line", line);
		jw_kstr(&r->w, "type", t->name);
		jw_kstr(&r->w, "type_text", en ? t->en : t->zh);
		jw_kstr(&r->w, "field", f[i].name);
		jw_kstr(&r->w, "field_text", en ? f[i].en : f[i].zh);
		jw_khex(&r->w, "digest", digest.p, digest.n);
		jw_obj_end(&r->w);
		put++;
	}
	return put;
}

/* A part that was redacted names nothing any more. */
static uint32_t put_record(struct reading *r, const struct rec_type *t, uint64_t seq,
			   struct bytes payload)
{
	struct payload p;
	union rec_any part;
	uint32_t n = 0, put = 0;

	if (payload_parse(payload.p, payload.n, &p))
		return 0;
	if (!rec_decode_head(t, &p, &part))
		put += put_digests(r, t, seq, 0, &part);
	if (!names_files(t->line, t->nline) || rec_nlines(t, &p, &n))
		return put;
	for (uint32_t i = 0; i < n; i++)
		if (!rec_decode_line(t, &p, i, &part))
			put += put_digests(r, t, seq, i + 1, &part);
	return put;
}

static int put_entry(struct reading *r, uint64_t seq, uint32_t *items)
{
	const struct rec_type *t;
	struct bytes leaf, payload;
	struct verdict v;
	struct entry e;
	int err = feedlog_read(r->ask.t, r->ask.feed.no, seq, &leaf, &payload);

	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (err)
		return err;
	t = rec_type_of(e.type);
	if (!t || t->schema != e.schema ||
	    !(names_files(t->head, t->nhead) || names_files(t->line, t->nline)))
		return ERR_OK;
	err = read_verdict(r->ask.t, r->ask.feed.no, seq, &v);
	if (!err && verdict_ok(&v))
		*items += put_record(r, t, seq, payload);
	return err;
}

void api_evidence(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	uint64_t from = 0, n = SCAN_DEFAULT, seq;
	uint32_t items = 0;
	struct reading r;
	int err = ERR_OK;

	if (!reply_param_u64(req, res, "from", INT64_MAX, &from) ||
	    !reply_param_u64(req, res, "n", SCAN_MAX, &n) || !reading_begin(&r, s, req, res))
		return;
	jw_khex(&r.w, "feed", r.ask.feed.id.b, HASH_BYTES);
	jw_key(&r.w, "items");
	jw_arr(&r.w);
	for (seq = from; !err && seq < r.ask.feed.size && seq - from < n && items < ITEMS_MAX;
	     seq++)
		err = put_entry(&r, seq, &items);
	jw_arr_end(&r.w);
	jw_key(&r.w, "next");
	if (seq < r.ask.feed.size)
		jw_u64(&r.w, seq);
	else
		jw_null(&r.w);
	reading_end(&r, err);
}
