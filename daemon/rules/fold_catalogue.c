#include "daemon/rules/fold_rules.h"

#include "lib/err.h"
#include "lib/mem.h"

#define ITEMS_MIN  128
#define ADOPTS_MIN 8

static void version_key(struct state_key *k, enum state_kind kind, uint64_t version)
{
	state_key_of(k, FEED_TOWN, kind);
	state_key_u32(k, (uint32_t)version);
}

static void item_key(struct state_key *k, uint64_t version, struct bytes code)
{
	version_key(k, STATE_ITEM, version);
	state_key_text(k, code);
}

/* --- the town issues one --------------------------------------------------------------------------- */
/* The number of an item code; one code is one item in every version, and has one cap a year. */
static int code_number(struct judged *j, struct bytes code, uint32_t *ret)
{
	struct state_key k;
	struct bytes row;
	uint64_t number;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_CODE);
	state_key_text(&k, code);
	err = rows_get(j->w->rows, &k, &row);
	if (!err)
		err = state_num_parse(row, &number);
	if (!err)
		*ret = (uint32_t)number;
	if (err != ERR_NOTFOUND)
		return err;
	*ret = j->meta.ncodes++;
	j->meta_changed = true;
	state_num_pack(*ret, fold_out(j));
	return fold_put(j, &k);
}

static int issue_item(struct judged *j, uint64_t version, uint32_t i)
{
	struct state_item item = {.line = i};
	struct rec_catalogue_line l;
	struct state_key k;
	struct bytes row;
	int err = fold_line(j, i, &l);

	if (err)
		return err;
	item_key(&k, version, l.code);
	err = rows_get(j->w->rows, &k, &row);
	if (!err)
		return fold_refuse(
			j, &(struct refusal){.id = V_CATALOGUE_TWICE, .num = {i + 1}, .s = l.code});
	if (err != ERR_NOTFOUND)
		return err;
	err = code_number(j, l.code, &item.number);
	if (err)
		return err;
	state_item_pack(&item, fold_out(j));
	return fold_put(j, &k);
}

int fold_catalogue_issue(struct judged *j)
{
	struct state_version v = {.seq = j->e->seq};
	struct rec_catalogue c;
	struct state_key k;
	int err = fold_head(j, &c);

	if (err)
		return err;
	if (c.version <= j->meta.version)
		return fold_refuse(j, &(struct refusal){.id = V_CATALOGUE_VERSION,
							.num = {(int64_t)c.version,
								(int64_t)j->meta.version}});
	if (c.to != DAY_NONE && c.to < c.from)
		return fold_refuse(j, &(struct refusal){.id = V_CATALOGUE_DATES,
							.num = {c.from, c.to}});
	for (uint32_t i = 0; i < j->nlines && !err; i++)
		err = issue_item(j, c.version, i);
	if (err)
		return err;
	j->meta.version = c.version;
	j->meta_changed = true;
	v.from = c.from;
	v.to = c.to;
	version_key(&k, STATE_VERSION, c.version);
	state_version_pack(&v, fold_out(j));
	return fold_put(j, &k);
}

/* --- a village adopts one -------------------------------------------------------------------------- */
/* ERR_NOTFOUND: the town has not issued it among its first j->known entries. */
static int get_version(struct judged *j, uint64_t version, struct state_version *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	version_key(&k, STATE_VERSION, version);
	err = fold_town_row(j, &k, &row);
	if (!err)
		err = state_version_parse(row, ret);
	return !err && ret->seq >= j->known ? ERR_NOTFOUND : err;
}

int fold_catalogue_adopt(struct judged *j)
{
	struct rec_adopt_catalogue a;
	struct state_version v;
	struct state_key k;
	int err = fold_head(j, &a);

	if (err)
		return err;
	err = get_version(j, a.version, &v);
	if (err == ERR_NOTFOUND)
		return fold_refuse(j, &(struct refusal){.id = V_CATALOGUE_UNKNOWN,
							.num = {(int64_t)a.version}});
	if (err)
		return err;
	if (v.to != DAY_NONE && v.to < a.from)
		return fold_refuse(j, &(struct refusal){.id = V_CATALOGUE_DATES,
							.num = {a.from, v.to}});
	state_key_adopt(&k, j->f->feed_no, a.from);
	state_num_pack(a.version, fold_out(j));
	j->adopts_changed = true;
	return fold_put(j, &k);
}

static int add_adopt(struct fold_work *w, day_t from, uint64_t version)
{
	if (w->nadopts == w->adopts_cap) {
		uint32_t cap = w->adopts_cap ? w->adopts_cap * 2 : ADOPTS_MIN;
		struct fold_adopt *a = mem_resize(w->adopt, cap, sizeof(*a));

		if (!a)
			return ERR_NOMEM;
		w->adopt = a;
		w->adopts_cap = cap;
	}
	w->adopt[w->nadopts++] = (struct fold_adopt){from, version};
	return ERR_OK;
}

static int load_adopts(struct judged *j)
{
	struct fold_work *w = j->w;
	struct bytes key, row;
	struct state_key k;
	uint64_t version;
	int err = ERR_OK;

	w->nadopts = 0;
	state_key_of(&k, j->f->feed_no, STATE_ADOPT);
	size_t prefix = k.n;
	state_key_u32(&k, 0);
	while (!err) {
		err = rows_from(w->rows, &k, prefix, &key, &row);
		if (err == ERR_NOTFOUND)
			break;
		if (!err && key.n != prefix + 4)
			err = ERR_CORRUPT;
		if (!err)
			err = state_num_parse(row, &version);
		if (err)
			return err;
		uint32_t from = be32_get(key.p + prefix);
		err = add_adopt(w, (day_t)(from - STATE_DAY_BIAS), version);
		k.n = (uint8_t)prefix;
		state_key_u32(&k, from + 1);
	}
	w->adopts_known = err == ERR_NOTFOUND;
	return w->adopts_known ? ERR_OK : err;
}

int fold_catalogue_on(struct judged *j, day_t day, uint64_t *ret_version)
{
	struct fold_work *w = j->w;
	int err = w->adopts_known ? ERR_OK : load_adopts(j);
	uint64_t version = 0;

	if (err)
		return err;
	for (uint32_t i = 0; i < w->nadopts && w->adopt[i].from <= day; i++)
		version = w->adopt[i].version;
	*ret_version = version;
	return ERR_OK;
}

/* --- items ----------------------------------------------------------------------------------------- */
/* The place of an item in the cache: the item, or a free one. */
static struct fold_item *place(const struct fold_work *w, uint64_t version, struct bytes code)
{
	uint32_t h = (uint32_t)version * UINT32_C(2654435761);

	for (size_t i = 0; i < code.n; i++)
		h = (h ^ code.p[i]) * UINT32_C(16777619);
	for (h ^= h >> 15;; h++) {
		struct fold_item *it = &w->item[h & (w->items_cap - 1)];

		if (it->version == 0 || (it->version == version && it->code_n == code.n &&
					 memcmp(it->code, code.p, code.n) == 0))
			return it;
	}
}

/* Makes room for one more item; empties the cache when it is full. */
static int make_room(struct fold_work *w)
{
	if (2 * (w->nitems + 1) <= w->items_cap)
		return ERR_OK;
	uint32_t cap = w->items_cap ? w->items_cap * 2 : ITEMS_MIN;
	struct fold_work bigger = {.items_cap = cap};

	if (cap > FOLD_ITEMS_MAX) {
		memset(w->item, 0, w->items_cap * sizeof(*w->item));
		w->nitems = 0;
		return ERR_OK;
	}
	bigger.item = mem_array(cap, sizeof(*w->item));
	if (!bigger.item)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < w->items_cap; i++) {
		const struct fold_item *it = &w->item[i];

		if (it->version)
			*place(&bigger, it->version, kv_bytes(it->code, it->code_n)) = *it;
	}
	mem_free(w->item);
	w->item = bigger.item;
	w->items_cap = cap;
	return ERR_OK;
}

static int read_item(struct judged *j, uint64_t version, struct bytes code, struct fold_item *ret)
{
	struct rec_catalogue_line l;
	struct payload catalogue;
	struct state_version v;
	struct state_item item;
	struct state_key k;
	struct bytes row;
	int err = get_version(j, version, &v);

	if (err)
		return err;
	item_key(&k, version, code);
	err = fold_town_row(j, &k, &row);
	if (!err)
		err = state_item_parse(row, &item);
	if (!err)
		err = feedlog_payload(j->f->t, FEED_TOWN, v.seq, &catalogue);
	if (err)
		return err;
	if (rec_decode_line(rec_type_of(REC_catalogue), &catalogue, item.line, &l) ||
	    l.evidence.n > sizeof(ret->evidence))
		return ERR_CORRUPT;
	*ret = (struct fold_item){.version = version,
				  .seq = v.seq,
				  .from = v.from,
				  .to = v.to,
				  .number = item.number,
				  .sign = l.sign,
				  .scope = l.scope,
				  .points = points_raw(l.points),
				  .cap = points_raw(l.cap),
				  .code_n = (uint8_t)code.n,
				  .evidence_n = (uint8_t)l.evidence.n};
	memcpy(ret->code, code.p, code.n);
	if (l.evidence.n)
		memcpy(ret->evidence, l.evidence.p, l.evidence.n);
	return ERR_OK;
}

int fold_catalogue_item(struct judged *j, uint64_t version, struct bytes code,
			const struct fold_item **ret)
{
	struct fold_item it, *at;
	int err;

	if (code.n > sizeof(it.code))
		return ERR_NOTFOUND;
	at = j->w->items_cap ? place(j->w, version, code) : NULL;
	if (!at || at->version == 0) {
		err = read_item(j, version, code, &it);
		if (!err)
			err = make_room(j->w);
		if (err)
			return err;
		at = place(j->w, version, code);
		*at = it;
		j->w->nitems++;
	}
	*ret = at;
	return at->seq < j->known ? ERR_OK : ERR_NOTFOUND;
}
