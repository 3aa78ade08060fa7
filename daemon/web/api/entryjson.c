#include "daemon/web/api/entryjson.h"

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_person.h"
#include "daemon/ledger/state/read_registers.h"
#include "lib/err.h"

bool entryjson_person(struct reading *r, const uint8_t author[SIGN_KEY_BYTES],
		      struct view_person *ret)
{
	return read_person(READER(r->ask.t, r->ask.feed.no), author, DAY_NONE, ret) == ERR_OK ||
	       read_person(READER(r->ask.t, FEED_TOWN), author, DAY_NONE, ret) == ERR_OK;
}

void entryjson_name(struct reading *r, const char *key, const uint8_t author[SIGN_KEY_BYTES])
{
	struct view_person p;

	if (entryjson_person(r, author, &p))
		jw_kstr(&r->w, key, p.name);
}

static void put_lines(struct reading *r, const struct rec_type *t, const struct payload *p)
{
	union rec_any line;
	uint32_t n;

	if (!t->line || rec_nlines(t, p, &n))
		return;
	jw_key(&r->w, "lines");
	jw_arr(&r->w);
	for (uint32_t i = 0; i < n; i++) {
		jw_obj(&r->w);
		if (!rec_decode_line(t, p, i, &line))
			rec_json(&r->w, t->line, t->nline, &line, r->ask.upto);
		jw_obj_end(&r->w);
	}
	jw_arr_end(&r->w);
}

static void put_record(struct reading *r, const struct entry *e, struct bytes payload)
{
	const struct rec_type *t = rec_type_of(e->type);
	struct payload p;
	union rec_any head;

	jw_kstr(&r->w, "type", t ? t->name : "");
	jw_ku64(&r->w, "type_code", e->type);
	if (!t)
		return;
	jw_kstr(&r->w, "type_text", r->ask.lang == LANG_EN ? t->en : t->zh);
	if (e->schema != t->schema || payload_parse(payload.p, payload.n, &p) ||
	    rec_decode_head(t, &p, &head))
		return;
	jw_key(&r->w, "record");
	jw_obj(&r->w);
	rec_json(&r->w, t->head, t->nhead, &head, r->ask.upto);
	jw_obj_end(&r->w);
	put_lines(r, t, &p);
}

int entryjson_put(struct reading *r, uint64_t seq)
{
	struct bytes leaf, payload;
	struct verdict v;
	struct entry e;
	struct hash h;
	char when[32];
	uint64_t by;
	int err = feedlog_read(r->ask.t, r->ask.feed.no, seq, &leaf, &payload);

	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (!err)
		err = read_verdict(r->ask.t, r->ask.feed.no, seq, &v);
	if (err)
		return err;
	hash_leaf(leaf.p, leaf.n, &h);
	jw_obj(&r->w);
	jw_ku64(&r->w, "entry", seq);
	jw_khex(&r->w, "leaf_hash", h.b, HASH_BYTES);
	jw_khex(&r->w, "id", e.txid, TXID_BYTES);
	jw_kstr(&r->w, "time", time_text(e.wall_ms, when));
	jw_ku64(&r->w, "town_seen", e.town_seen);
	jw_ku64(&r->w, "bytes", leaf.n + payload.n);
	entryjson_name(r, "author", e.author);
	jw_khex(&r->w, "author_key", e.author, SIGN_KEY_BYTES);
	put_record(r, &e, payload);
	reply_verdict(&r->w, &v, r->ask.lang);
	err = read_settled(READER(r->ask.t, r->ask.feed.no), seq, &by);
	if (!err)
		jw_ku64(&r->w, "settled_by", by);
	jw_obj_end(&r->w);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}
