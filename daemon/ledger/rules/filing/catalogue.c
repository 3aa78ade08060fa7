#include "daemon/ledger/rules/filing/catalogue.h"

#include "daemon/ledger/rules/filing/new_version.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "lib/err.h"
#include "lib/vec.h"

#define YEAR_MONTHS 12

/* The number of an item code in this feed; one code is one item in every version, and has one cap a year. */
static int code_number(struct rule_ctx *ctx, struct bytes code, uint32_t *ret)
{
	struct state_num number;
	struct state_key k;
	int err = reader_code(&ctx->reader, ctx->f->feed_no, code, &number);

	if (!err)
		*ret = (uint32_t)number.n;
	if (err != ERR_NOTFOUND)
		return err;
	*ret = ctx->meta.ncodes++;
	ctx->meta_changed = true;
	state_code_key(&k, ctx->f->feed_no, code);
	return rule_put_num(ctx, &k, *ret);
}

static int issue_item(struct rule_ctx *ctx, uint64_t version, uint32_t i)
{
	struct state_item item;
	struct rec_catalogue_line l;
	struct state_key k;
	int err = rule_line(ctx, i, &l);

	if (err)
		return err;
	err = reader_item(&ctx->reader, FEED_TOWN, version, l.code, &item);
	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_CATALOGUE_TWICE,
							  .num = {i + 1},
							  .s = l.code});
	if (err != ERR_NOTFOUND)
		return err;
	err = code_number(ctx, l.code, &item.number);
	if (err)
		return err;
	item.line = i;
	state_item_key(&k, FEED_TOWN, version, l.code);
	state_item_pack(&item, rule_out(ctx));
	return rule_put(ctx, &k);
}

int rule_catalogue(struct rule_ctx *ctx)
{
	struct state_version v = {.seq = ctx->e->seq};
	struct rec_catalogue c;
	struct state_key k;
	int err;

	rule_head(ctx, &c);
	if (c.version <= ctx->meta.version)
		return rule_refuse(ctx, &(struct refusal){.id = V_CATALOGUE_VERSION,
							  .num = {(int64_t)c.version,
								  (int64_t)ctx->meta.version}});
	err = new_version_step(ctx, REC_catalogue, c.version, ctx->meta.version);
	if (err)
		return err;
	for (uint32_t i = 0; i < ctx->nlines && !err; i++)
		err = issue_item(ctx, c.version, i);
	if (err)
		return err;
	ctx->meta.version = c.version;
	ctx->meta_changed = true;
	v.from = c.from;
	v.to = c.to;
	state_version_key(&k, FEED_TOWN, c.version);
	state_version_pack(&v, rule_out(ctx));
	return rule_put(ctx, &k);
}

/* --- a village adopts one -------------------------------------------------------------------------- */
static int refuse_change(struct rule_ctx *ctx, enum verdict_id id, uint32_t line, uint64_t base,
			 struct bytes code)
{
	return rule_refuse(ctx,
			   &(struct refusal){.id = id, .num = {line, (int64_t)base}, .s = code});
}

/* What the village has otherwise than the town: an item of its own, another value, or none. */
static int adopt_change(struct rule_ctx *ctx, const struct rec_adopt_catalogue *a, uint32_t i)
{
	struct rec_adopt_catalogue_line l;
	struct state_item item;
	struct state_key k;
	int err = rule_line(ctx, i, &l);

	if (err)
		return err;
	err = reader_item(&ctx->reader, ctx->f->feed_no, a->version, l.code, &item);
	if (!err)
		return refuse_change(ctx, V_CATALOGUE_TWICE, i + 1, 0, l.code);
	if (err == ERR_NOTFOUND)
		err = reader_item(&ctx->reader, FEED_TOWN, a->base, l.code, &item);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (err && l.change != CHANGE_add)
		return refuse_change(ctx, V_CHANGE_UNKNOWN, i + 1, a->base, l.code);
	if (!err && l.change == CHANGE_add)
		return refuse_change(ctx, V_CHANGE_KNOWN, i + 1, a->base, l.code);
	if (l.change != CHANGE_drop && (l.name_zh.n == 0 || points_raw(l.points) == 0))
		return refuse_change(ctx, V_CHANGE_EMPTY, i + 1, a->base, l.code);
	err = code_number(ctx, l.code, &item.number);
	if (err)
		return err;
	item.line = i;
	state_item_key(&k, ctx->f->feed_no, a->version, l.code);
	state_item_pack(&item, rule_out(ctx));
	return rule_put(ctx, &k);
}

/* Items have numbers of the village's own: a code that the village added and the town took up later (or the
 * other way round) is still one item with one cap. */
static int number_items(struct rule_ctx *ctx, const struct state_version *base)
{
	struct payload *town = &ctx->w->target;
	struct rec_catalogue_line l;
	uint32_t number;
	int err = feedlog_payload(ctx->f->t, FEED_TOWN, base->seq, town);

	for (uint32_t i = 0; !err && i + 1 < town->nparts; i++) {
		if (rec_decode_line(rec_type_of(REC_catalogue), town, i, &l))
			return ERR_CORRUPT;
		err = code_number(ctx, l.code, &number);
	}
	return err;
}

/* The last day of the year that begins with @from. */
static day_t last_of_year(day_t from)
{
	day_t next = day_add_months(from, YEAR_MONTHS);

	if (next == DAY_NONE && from > DAY_NONE)
		return DAY_MAX; /* the calendar ends before */
	return next - 1 != DAY_NONE ? next - 1 : DAY_NONE - 1;
}

/* P12: adopted for a year at most. */
static int check_period(struct rule_ctx *ctx, struct document *doc)
{
	day_t last = last_of_year(doc->from);
	struct document now;
	int y, m, d, err;

	if (doc->to == DAY_NONE)
		doc->to = last;
	if (doc->to > last)
		return rule_refuse(ctx, &(struct refusal){.id = V_CATALOGUE_YEAR,
							  .num = {doc->from, doc->to}});
	err = read_document_on(&ctx->reader, DOC_CATALOGUE, doc->from, &now);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	day_to_ymd(doc->from, &y, &m, &d);
	if (m != 1 || d != 1)
		rule_warn(ctx, &(struct refusal){.id = V_CATALOGUE_MIDYEAR,
						 .num = {doc->from, (int64_t)now.version}});
	return ERR_OK;
}

static int check_base(struct rule_ctx *ctx, const struct rec_adopt_catalogue *a,
		      struct state_version *ret)
{
	int err = read_catalogue(&ctx->reader, a->base, ret);

	if (err == ERR_NOTFOUND)
		return rule_refuse(ctx, &(struct refusal){.id = V_CATALOGUE_UNKNOWN,
							  .num = {(int64_t)a->base}});
	if (!err && ret->to != DAY_NONE && ret->to < a->from)
		return rule_refuse(ctx, &(struct refusal){.id = V_CATALOGUE_DATES,
							  .num = {a->from, ret->to}});
	return err;
}

int rule_adopt_catalogue(struct rule_ctx *ctx)
{
	struct document doc = {.entry = ctx->e->seq};
	struct rec_adopt_catalogue a;
	struct state_version base;
	int err;

	rule_head(ctx, &a);
	err = check_base(ctx, &a, &base);
	if (err)
		return err;
	doc.version = a.version;
	doc.from = a.from;
	doc.to = a.to;
	doc.base = a.base;
	ctx->adopts_changed = true;
	err = check_period(ctx, &doc);
	if (!err)
		err = new_version_add(ctx, DOC_CATALOGUE, &doc);
	if (!err)
		err = number_items(ctx, &base);
	for (uint32_t i = 0; i < ctx->nlines && !err; i++)
		err = adopt_change(ctx, &a, i);
	return err;
}

static int add_adopt(struct fold_work *w, const struct catalogue_adopted *a)
{
	if (VEC_ROOM(w->adopt, w->nadopts, w->adopts_cap))
		return ERR_NOMEM;
	w->adopt[w->nadopts++] = *a;
	return ERR_OK;
}

static int load_adopts(struct rule_ctx *ctx)
{
	struct fold_work *w = ctx->w;
	struct document doc;
	day_t day = DAY_MIN;
	int err = ERR_OK;

	w->nadopts = 0;
	while (!err) {
		err = read_document_next(&ctx->reader, DOC_CATALOGUE, &day, &doc);
		if (!err)
			err = add_adopt(w,
					&(struct catalogue_adopted){doc.from, doc.to, doc.version});
	}
	w->adopts_known = err == ERR_NOTFOUND;
	return w->adopts_known ? ERR_OK : err;
}

int catalogue_on(struct rule_ctx *ctx, day_t day, uint64_t *ret_version)
{
	struct fold_work *w = ctx->w;
	int err = w->adopts_known ? ERR_OK : load_adopts(ctx);
	uint64_t version = 0;

	if (err)
		return err;
	for (uint32_t i = 0; i < w->nadopts && w->adopt[i].from <= day; i++)
		version = w->adopt[i].to == DAY_NONE || day <= w->adopt[i].to ? w->adopt[i].version
									      : 0;
	*ret_version = version;
	return ERR_OK;
}

/* --- items ----------------------------------------------------------------------------------------- */
#define ITEM_KEY_MAX (8 + sizeof(((struct catalogue_item *)0)->code))

static struct bytes item_key(uint8_t key[ITEM_KEY_MAX], uint64_t version, struct bytes code)
{
	be64_put(key, version);
	memcpy(key + 8, code.p, code.n);
	return kv_bytes(key, 8 + code.n);
}

static bool is_item(const void *ctx, uint32_t at, struct bytes key)
{
	const struct catalogue_item *it = &((const struct catalogue_item *)ctx)[at];

	return key.n == 8u + it->code_n && be64_get(key.p) == it->version &&
	       memcmp(key.p + 8, it->code, it->code_n) == 0;
}

/* Keeps one more item; when there are as many as may be, all are forgotten first. */
static int keep_item(struct fold_work *w, struct bytes key, const struct catalogue_item *it)
{
	int err;

	if (w->nitems == FOLD_ITEMS_MAX) {
		map_reset(&w->item_at);
		w->nitems = 0;
	}
	err = VEC_ROOM(w->item, w->nitems, w->items_cap);
	if (!err)
		err = map_add(&w->item_at, key, w->nitems);
	if (!err)
		w->item[w->nitems++] = *it;
	return err;
}

static int remember(struct rule_ctx *ctx, uint64_t version, struct bytes code,
		    struct catalogue_item *ret)
{
	struct item i;
	int err = read_item(&ctx->reader, version, code, &i);

	if (!err && i.line.evidence.n > sizeof(ret->evidence))
		err = ERR_CORRUPT;
	if (err)
		return err;
	*ret = (struct catalogue_item){.version = version,
				       .from = i.from,
				       .to = i.to,
				       .number = i.number,
				       .category = i.line.category,
				       .sign = i.line.sign,
				       .scope = i.line.scope,
				       .unit = i.line.unit,
				       .document = i.line.document == YES_yes,
				       .points = points_raw(i.line.points),
				       .cap = points_raw(i.line.cap),
				       .code_n = (uint8_t)code.n,
				       .evidence_n = (uint8_t)i.line.evidence.n};
	memcpy(ret->code, code.p, code.n);
	if (i.line.evidence.n)
		memcpy(ret->evidence, i.line.evidence.p, i.line.evidence.n);
	return ERR_OK;
}

int catalogue_find(struct rule_ctx *ctx, uint64_t version, struct bytes code,
		   const struct catalogue_item **ret)
{
	struct fold_work *w = ctx->w;
	uint8_t raw[ITEM_KEY_MAX];
	struct catalogue_item it;
	struct bytes key;
	uint32_t at;
	int err = ERR_OK;

	if (code.n > sizeof(it.code))
		return ERR_NOTFOUND;
	key = item_key(raw, version, code);
	at = map_get(&w->item_at, key, is_item, w->item);
	if (at == MAP_NONE) {
		err = remember(ctx, version, code, &it);
		if (!err)
			err = keep_item(w, key, &it);
		at = w->nitems - 1;
	}
	if (!err)
		*ret = &w->item[at];
	return err;
}
