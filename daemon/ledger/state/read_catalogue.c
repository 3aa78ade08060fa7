#include "daemon/ledger/state/read_catalogue.h"

#include <string.h>

#include "lib/err.h"

int read_catalogue(const struct reader *r, uint64_t version, struct state_version *ret)
{
	struct state_version v;
	int err = version > UINT32_MAX ? ERR_NOTFOUND : reader_version(r, FEED_TOWN, version, &v);

	if (!err && v.seq >= r->known)
		err = ERR_NOTFOUND;
	if (!err)
		*ret = v;
	return err;
}

int view_catalogue(struct kv_txn *t, uint64_t version, struct rec_catalogue *ret_head,
		   int (*fn)(void *ctx, const struct view_item *i), void *ctx)
{
	const struct reader r = reader_of(t, FEED_TOWN);
	struct rec_catalogue_line line;
	struct rec_catalogue head;
	struct state_version v;
	struct state_meta meta;
	struct payload p;
	int err = ERR_OK;

	if (version == 0) {
		err = reader_meta(&r, FEED_TOWN, &meta);
		version = err ? 0 : meta.version;
	}
	if (!err)
		err = read_catalogue(&r, version, &v);
	if (!err)
		err = read_head(t, FEED_TOWN, v.seq, REC_catalogue, &p, &head);
	if (err)
		return err;
	if (ret_head)
		*ret_head = head;
	for (uint32_t i = 0; fn && !err && i + 1 < p.nparts; i++) {
		struct view_item item = {.version = version, .line = &line, .index = i};

		err = rec_decode_line(rec_type_of(REC_catalogue), &p, i, &line) ? ERR_CORRUPT
										: fn(ctx, &item);
	}
	return err;
}

/* --- the catalogue of a village -------------------------------------------------------------------- */
int read_catalogue_on(const struct reader *r, day_t day, uint64_t *ret_version)
{
	struct state_version v;
	struct document d;
	int err = read_document_on(r, DOC_CATALOGUE, day, &d);

	if (!err)
		err = read_catalogue(r, d.base, &v);
	if (err)
		return err;
	if (day < v.from || (v.to != DAY_NONE && day > v.to))
		return ERR_NOTFOUND;
	*ret_version = d.version;
	return ERR_OK;
}

/* The village's own line, as one of a catalogue. */
static void village_line(const struct rec_adopt_catalogue_line *l, struct rec_catalogue_line *ret)
{
	*ret = (struct rec_catalogue_line){.code = l->code,
					   .category = l->category,
					   .sign = l->sign,
					   .name_zh = l->name_zh,
					   .name_en = l->name_en,
					   .points = l->points,
					   .unit = l->unit,
					   .cap = l->cap,
					   .scope = l->scope,
					   .evidence = l->evidence,
					   .document = l->document};
}

/* ERR_NOTFOUND: the village has dropped it. */
static int read_own_line(const struct reader *r, uint64_t entry, uint32_t i,
			 struct rec_catalogue_line *ret)
{
	struct rec_adopt_catalogue_line own;
	struct payload p;
	int err = feedlog_payload(r->txn, r->feed_no, entry, &p);

	if (!err && rec_decode_line(rec_type_of(REC_adopt_catalogue), &p, i, &own))
		err = ERR_CORRUPT;
	if (err)
		return err;
	village_line(&own, ret);
	return own.change == CHANGE_drop ? ERR_NOTFOUND : ERR_OK;
}

static int read_town_line(const struct reader *r, uint64_t entry, uint32_t i,
			  struct rec_catalogue_line *ret)
{
	struct payload p;
	int err = feedlog_payload(r->txn, FEED_TOWN, entry, &p);

	if (err)
		return err;
	return rec_decode_line(rec_type_of(REC_catalogue), &p, i, ret) ? ERR_CORRUPT : ERR_OK;
}

/* The line of the village's own record when it says something about the item, else that of the town. */
static int read_line(const struct reader *r, const struct document *d,
		     const struct state_version *town, struct bytes code,
		     struct rec_catalogue_line *ret)
{
	struct state_item at;
	int err = reader_item(r, r->feed_no, d->version, code, &at);

	if (!err)
		return read_own_line(r, d->entry, at.line, ret);
	if (err == ERR_NOTFOUND)
		err = reader_item(r, FEED_TOWN, d->base, code, &at);
	return err ? err : read_town_line(r, town->seq, at.line, ret);
}

int read_item(const struct reader *r, uint64_t version, struct bytes code, struct item *ret)
{
	struct state_version town;
	struct state_num number;
	struct document d;
	struct item i;
	int err = code.n > STATE_CODE_MAX ? ERR_NOTFOUND
					  : read_document(r, DOC_CATALOGUE, version, &d);

	if (!err)
		err = read_catalogue(r, d.base, &town);
	if (!err)
		err = read_line(r, &d, &town, code, &i.line);
	if (err)
		return err;
	/* the adoption gives every item its number */
	err = reader_code(r, r->feed_no, code, &number);
	if (err || number.n > UINT32_MAX)
		return err && err != ERR_NOTFOUND ? err : ERR_CORRUPT;
	i.number = (uint32_t)number.n;
	i.from = town.from;
	i.to = town.to;
	*ret = i;
	return ERR_OK;
}

/* --- the village's catalogue against that of the town ------------------------------------------------ */
struct own {
	struct payload p;
	uint32_t nlines;
};

/* What the village says about @code, if anything. */
static int own_line(const struct own *own, struct bytes code, struct rec_adopt_catalogue_line *ret)
{
	for (uint32_t i = 0; i < own->nlines; i++) {
		if (rec_decode_line(rec_type_of(REC_adopt_catalogue), &own->p, i, ret))
			return ERR_CORRUPT;
		if (ret->code.n == code.n && memcmp(ret->code.p, code.p, code.n) == 0)
			return ERR_OK;
	}
	return ERR_NOTFOUND;
}

static int put_item(const struct own *own, struct bytes code, struct view_village_item *i,
		    int (*fn)(void *ctx, const struct view_village_item *i), void *ctx)
{
	struct rec_adopt_catalogue_line l;
	int err = own_line(own, code, &l);

	if (err && err != ERR_NOTFOUND)
		return err;
	i->line = i->town;
	i->change = VIEW_SAME;
	if (!err && l.change == CHANGE_drop)
		i->change = VIEW_DROPPED;
	if (!err && l.change == CHANGE_change) {
		i->change = VIEW_CHANGED;
		village_line(&l, &i->line);
	}
	return fn(ctx, i);
}

static int put_added(const struct own *own, int (*fn)(void *ctx, const struct view_village_item *i),
		     void *ctx)
{
	struct rec_adopt_catalogue_line l;
	int err = ERR_OK;

	for (uint32_t i = 0; i < own->nlines && !err; i++) {
		struct view_village_item item = {.change = VIEW_ADDED};

		if (rec_decode_line(rec_type_of(REC_adopt_catalogue), &own->p, i, &l))
			return ERR_CORRUPT;
		if (l.change != CHANGE_add)
			continue;
		village_line(&l, &item.line);
		err = fn(ctx, &item);
	}
	return err;
}

struct town_items {
	const struct own *own;
	int (*fn)(void *ctx, const struct view_village_item *i);
	void *ctx;
};

static int on_town_item(void *ctx, const struct view_item *i)
{
	const struct town_items *w = ctx;
	struct view_village_item item = {.town = *i->line};

	return put_item(w->own, i->line->code, &item, w->fn, w->ctx);
}

int view_village_catalogue(struct kv_txn *t, uint32_t feed_no, uint64_t version,
			   int (*fn)(void *ctx, const struct view_village_item *i), void *ctx)
{
	const struct reader r = reader_of(t, feed_no);
	struct rec_adopt_catalogue head;
	struct document d;
	struct own own;
	struct town_items w = {&own, fn, ctx};
	int err = read_document(&r, DOC_CATALOGUE, version, &d);

	if (!err)
		err = read_head(t, feed_no, d.entry, REC_adopt_catalogue, &own.p, &head);
	if (err)
		return err;
	own.nlines = own.p.nparts - 1;
	err = view_catalogue(t, d.base, NULL, on_town_item, &w);
	return err ? err : put_added(&own, fn, ctx);
}
