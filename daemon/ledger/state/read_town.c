#include "daemon/ledger/state/read.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ledger/state/state.h"
#include "lib/err.h"
#include "lib/text.h"

/* What the town feed says: towns, villages, people, catalogues. */

static int get(struct kv_txn *t, const struct state_key *k, struct bytes *ret)
{
	return kv_get(t, KV_STATE, state_key_bytes(k), ret);
}

static int head_of(struct kv_txn *t, uint64_t seq, enum rec_code type, void *ret)
{
	struct payload p;
	int err = feedlog_payload(t, FEED_TOWN, seq, &p);

	if (err)
		return err;
	return rec_decode_head(rec_type_of((uint16_t)type), &p, ret) ? ERR_CORRUPT : ERR_OK;
}

static int meta_of(struct kv_txn *t, uint32_t no, struct state_meta *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, no, STATE_META);
	err = get(t, &k, &row);
	return err ? err : state_meta_parse(row, ret);
}

int view_town(struct kv_txn *t, struct view_town *ret)
{
	struct rec_town_charter c;
	struct state_meta meta;
	int err = meta_of(t, FEED_TOWN, &meta);

	if (!err && !meta.chartered)
		err = ERR_NOTFOUND;
	if (!err)
		err = head_of(t, 0, REC_town_charter, &c);
	if (err)
		return err;
	str_set(ret->name, sizeof(ret->name), c.name);
	str_set(ret->code, sizeof(ret->code), c.code);
	str_set(ret->domain, sizeof(ret->domain), c.domain);
	memcpy(ret->feed_key, c.feed_key.p, 32);
	memcpy(ret->witness_key, c.witness_key.p, 32);
	memcpy(ret->transport_key, c.transport_key.p, 32);
	return ERR_OK;
}

/* --- villages -------------------------------------------------------------------------------------- */
static int read_village(struct kv_txn *t, struct bytes code, struct bytes row,
			struct view_village *ret)
{
	struct rec_village_enrol r;
	struct state_village s;
	int err = state_village_parse(row, &s);

	if (err)
		return err;
	memset(ret, 0, sizeof(*ret));
	str_set(ret->code, sizeof(ret->code), code);
	str_set(ret->name, sizeof(ret->name), s.name);
	if (!s.enrolled)
		return ERR_OK;
	err = head_of(t, s.enrol, REC_village_enrol, &r);
	if (err)
		return err;
	if (r.manifest.n > sizeof(ret->manifest))
		return ERR_CORRUPT;
	ret->enrolled = true;
	memcpy(ret->manifest, r.manifest.p, r.manifest.n);
	ret->manifest_n = r.manifest.n;
	manifest_feed_id(r.manifest.p, r.manifest.n, &ret->feed);
	memcpy(ret->witness_key, r.witness_key.p, 32);
	memcpy(ret->transport_key, r.transport_key.p, 32);
	err = feedlog_find(t, &ret->feed, &ret->no);
	if (err == ERR_NOTFOUND)
		ret->no = 0;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int view_villages(struct kv_txn *t, int (*fn)(void *ctx, const struct view_village *v), void *ctx)
{
	struct view_village v;
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	struct state_key k;
	int err, stop = 0;

	state_key_of(&k, FEED_TOWN, STATE_VILLAGE);
	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &row);
	while (!err && key.n > k.n && memcmp(key.p, k.b, k.n) == 0) {
		stop = read_village(t, kv_bytes(key.p + k.n, key.n - k.n - 1), row, &v);
		if (!stop)
			stop = fn(ctx, &v);
		if (stop)
			break;
		err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

static int village_by_code(struct kv_txn *t, struct bytes code, struct view_village *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_VILLAGE);
	state_key_text(&k, code);
	err = get(t, &k, &row);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return read_village(t, code, row, ret);
}

int view_village_by_transport(struct kv_txn *t, const uint8_t key[32], struct view_village *ret)
{
	struct state_key k;
	struct bytes code;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_TRANSPORT);
	state_key_raw(&k, key, 32);
	err = get(t, &k, &code);
	return err ? err : village_by_code(t, code, ret);
}

int view_village_by_feed(struct kv_txn *t, const struct hash *feed, struct view_village *ret)
{
	struct state_enrol en;
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_ENROL);
	state_key_raw(&k, feed->b, HASH_BYTES);
	err = get(t, &k, &row);
	if (!err)
		err = state_enrol_parse(row, &en);
	return err ? err : village_by_code(t, en.code, ret);
}

bool view_invited(struct kv_txn *t, const uint8_t invite_key[32])
{
	struct state_village v;
	struct state_invite i;
	struct state_key k;
	struct bytes row;

	state_key_of(&k, FEED_TOWN, STATE_INVITE);
	state_key_raw(&k, invite_key, 32);
	if (get(t, &k, &row) || state_invite_parse(row, &i) || i.used)
		return false;
	state_key_of(&k, FEED_TOWN, STATE_VILLAGE);
	state_key_text(&k, i.code);
	return !get(t, &k, &row) && !state_village_parse(row, &v) && !v.enrolled;
}

/* --- people ---------------------------------------------------------------------------------------- */
static uint32_t roles_on(const struct state_person *p, const char *village, day_t on)
{
	uint32_t roles = 0;

	for (uint32_t i = 0; i < p->nroles; i++) {
		const struct state_role *r = &p->role[i];

		if (strcmp(r->village, village) == 0 &&
		    (on == DAY_NONE || ((r->from == DAY_NONE || on >= r->from) &&
					(r->to == DAY_NONE || on <= r->to))))
			roles |= UINT32_C(1) << r->role;
	}
	return roles;
}

/* The code of the village whose feed this is; "" for the town and for a village not enrolled. */
static int village_of(struct kv_txn *t, uint32_t feed_no, char code[STATE_VILLAGE_CODE_MAX])
{
	struct feed_head head;
	struct state_enrol en;
	struct state_key k;
	struct bytes row;
	int err;

	code[0] = '\0';
	if (feed_no == FEED_TOWN)
		return ERR_OK;
	err = feedlog_head(t, feed_no, &head);
	if (err)
		return err;
	state_key_of(&k, FEED_TOWN, STATE_ENROL);
	state_key_raw(&k, head.id.b, HASH_BYTES);
	err = get(t, &k, &row);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = state_enrol_parse(row, &en);
	if (!err)
		str_set(code, STATE_VILLAGE_CODE_MAX, en.code);
	return err;
}

/* The person's newest row in the town feed. */
static int town_person(struct kv_txn *t, const uint8_t key[32], struct state_person *ret)
{
	struct kv_cursor *c = NULL;
	struct bytes found, row = {0};
	struct state_key k;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_PERSON);
	state_key_raw(&k, key, 32);
	size_t prefix = k.n;
	state_key_u64(&k, UINT64_MAX);
	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_LT, state_key_bytes(&k), &found, &row);
	if (!err && (found.n < prefix || memcmp(found.p, k.b, prefix) != 0))
		err = ERR_NOTFOUND;
	if (!err)
		err = state_person_parse(row, ret);
	kv_cursor_close(c);
	return err;
}

static int village_person(struct kv_txn *t, uint32_t no, const uint8_t key[32],
			  struct state_person *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, no, STATE_PERSON);
	state_key_raw(&k, key, 32);
	err = get(t, &k, &row);
	return err ? err : state_person_parse(row, ret);
}

/* ERR_NOTFOUND: neither the feed nor, for this village, the town knows the person. */
static int read_person(struct kv_txn *t, uint32_t no, const char *village, const uint8_t key[32],
		       day_t on, struct view_person *ret)
{
	struct state_person town, own;
	int town_err = town_person(t, key, &town), own_err = ERR_NOTFOUND;
	bool here = no == FEED_TOWN;

	if (no != FEED_TOWN)
		own_err = village_person(t, no, key, &own);
	if (town_err && town_err != ERR_NOTFOUND)
		return town_err;
	if (own_err && own_err != ERR_NOTFOUND)
		return own_err;
	for (uint32_t i = 0; !town_err && i < town.nroles; i++)
		here = here || (*village && strcmp(town.role[i].village, village) == 0);
	if (own_err && (town_err || !here))
		return ERR_NOTFOUND;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->key, key, 32);
	str_set(ret->name, sizeof(ret->name), own_err ? town.name : own.name);
	if (!own_err)
		ret->roles |= roles_on(&own, "", on);
	if (!town_err && (no == FEED_TOWN || *village))
		ret->roles |= roles_on(&town, village, on);
	return ERR_OK;
}

int view_person(struct kv_txn *t, uint32_t feed_no, const uint8_t key[32], day_t on,
		struct view_person *ret)
{
	char village[STATE_VILLAGE_CODE_MAX];
	int err = village_of(t, feed_no, village);

	return err ? err : read_person(t, feed_no, village, key, on, ret);
}

struct people {
	struct kv_txn *t;
	uint32_t no;
	char village[STATE_VILLAGE_CODE_MAX];
	day_t on;
	int (*fn)(void *ctx, const struct view_person *p);
	void *ctx;
};

/* Tells of @who, unless the feed @skip has a row of this person and told before. */
static int tell_person(const struct people *w, const uint8_t who[32], uint32_t skip)
{
	struct state_person other;
	struct view_person p;
	int err;

	if (skip && !village_person(w->t, skip, who, &other))
		return ERR_OK;
	err = read_person(w->t, w->no, w->village, who, w->on, &p);
	if (err == ERR_NOTFOUND)
		return ERR_OK;
	return err ? err : w->fn(w->ctx, &p);
}

/* Everyone with a row in the feed @rows; in the town one person has a row for every change. */
static int walk_people(const struct people *w, uint32_t rows, uint32_t skip)
{
	uint8_t last[32] = {0};
	struct kv_cursor *c = NULL;
	struct state_key k;
	struct bytes key, row;
	bool first = true;
	int err, stop = 0;

	state_key_of(&k, rows, STATE_PERSON);
	err = kv_cursor_open(w->t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &row);
	while (!err && key.n >= k.n + 32u && memcmp(key.p, k.b, k.n) == 0) {
		if (first || memcmp(last, key.p + k.n, 32) != 0)
			stop = tell_person(w, key.p + k.n, skip);
		if (stop)
			break;
		first = false;
		memcpy(last, key.p + k.n, 32);
		err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

int view_people(struct kv_txn *t, uint32_t feed_no, day_t on,
		int (*fn)(void *ctx, const struct view_person *p), void *ctx)
{
	struct people w = {.t = t, .no = feed_no, .on = on, .fn = fn, .ctx = ctx};
	int err = village_of(t, feed_no, w.village);

	if (!err && feed_no != FEED_TOWN)
		err = walk_people(&w, feed_no, 0);
	if (!err && (feed_no == FEED_TOWN || w.village[0]))
		err = walk_people(&w, FEED_TOWN, feed_no == FEED_TOWN ? 0 : feed_no);
	return err;
}

/* --- catalogues ------------------------------------------------------------------------------------ */
static int version_of(struct kv_txn *t, uint64_t version, struct state_version *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	if (version > UINT32_MAX)
		return ERR_NOTFOUND;
	state_key_of(&k, FEED_TOWN, STATE_VERSION);
	state_key_u32(&k, (uint32_t)version);
	err = get(t, &k, &row);
	return err ? err : state_version_parse(row, ret);
}

int view_catalogue(struct kv_txn *t, uint64_t version, struct rec_catalogue *ret_head,
		   int (*fn)(void *ctx, const struct view_item *i), void *ctx)
{
	const struct rec_type *type = rec_type_of(REC_catalogue);
	struct rec_catalogue_line line;
	struct rec_catalogue head;
	struct state_version v;
	struct state_meta meta;
	struct payload p;
	int err = ERR_OK;

	if (version == 0) {
		err = meta_of(t, FEED_TOWN, &meta);
		version = err ? 0 : meta.version;
	}
	if (!err)
		err = version_of(t, version, &v);
	if (!err)
		err = feedlog_payload(t, FEED_TOWN, v.seq, &p);
	if (!err && rec_decode_head(type, &p, &head))
		err = ERR_CORRUPT;
	if (err)
		return err;
	if (ret_head)
		*ret_head = head;
	for (uint32_t i = 0; fn && !err && i + 1 < p.nparts; i++) {
		struct view_item item = {.version = version, .line = &line, .index = i};

		err = rec_decode_line(type, &p, i, &line) ? ERR_CORRUPT : fn(ctx, &item);
	}
	return err;
}

/* --- the catalogue of a village -------------------------------------------------------------------- */
static int village_doc(struct kv_txn *t, uint32_t no, uint64_t version, int64_t ret[4])
{
	struct state_key k;
	struct bytes row;
	int err;

	if (version > UINT32_MAX)
		return ERR_NOTFOUND;
	state_key_of(&k, no, STATE_DOC);
	state_key_u8(&k, 0);
	state_key_u32(&k, (uint32_t)version);
	err = get(t, &k, &row);
	return err ? err : state_nums_parse(row, ret, 4);
}

int view_catalogue_on(struct kv_txn *t, uint32_t feed_no, day_t day, uint64_t *ret_version)
{
	struct kv_cursor *c = NULL;
	struct state_version v;
	struct state_key k;
	struct bytes key, row = {0};
	uint64_t version;
	int64_t doc[4];
	int err;

	state_key_of(&k, feed_no, STATE_DOC_DAY);
	state_key_u8(&k, 0);
	state_key_day(&k, day + 1);
	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_LT, state_key_bytes(&k), &key, &row);
	if (!err && (key.n != k.n || memcmp(key.p, k.b, 6) != 0))
		err = ERR_NOTFOUND;
	if (!err)
		err = state_num_parse(row, &version);
	kv_cursor_close(c);
	if (!err)
		err = village_doc(t, feed_no, version, doc);
	if (!err)
		err = version_of(t, (uint64_t)doc[3], &v);
	if (err)
		return err;
	if ((doc[2] != DAY_NONE && day > doc[2]) || day < v.from ||
	    (v.to != DAY_NONE && day > v.to))
		return ERR_NOTFOUND;
	*ret_version = version;
	return ERR_OK;
}

static int item_row(struct kv_txn *t, uint32_t no, uint64_t version, struct bytes code,
		    struct state_item *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, no, STATE_ITEM);
	state_key_u32(&k, (uint32_t)version);
	state_key_text(&k, code);
	err = get(t, &k, &row);
	return err ? err : state_item_parse(row, ret);
}

void view_own_item(const struct rec_adopt_catalogue_line *l, struct rec_catalogue_line *ret)
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

int view_item(struct kv_txn *t, uint32_t feed_no, uint64_t version, struct bytes code,
	      struct rec_catalogue_line *ret)
{
	struct rec_adopt_catalogue_line own;
	struct rec_catalogue_line line;
	struct state_version v;
	struct state_item item;
	struct payload p;
	int64_t doc[4];
	int err = code.n > STATE_CODE_MAX ? ERR_NOTFOUND : village_doc(t, feed_no, version, doc);

	if (err)
		return err;
	err = item_row(t, feed_no, version, code, &item);
	if (!err)
		err = feedlog_payload(t, feed_no, (uint64_t)doc[0], &p);
	if (!err) {
		if (rec_decode_line(rec_type_of(REC_adopt_catalogue), &p, item.line, &own))
			return ERR_CORRUPT;
		if (own.change == CHANGE_drop)
			return ERR_NOTFOUND;
		view_own_item(&own, ret);
	}
	if (err != ERR_NOTFOUND)
		return err;
	err = version_of(t, (uint64_t)doc[3], &v);
	if (!err)
		err = item_row(t, FEED_TOWN, (uint64_t)doc[3], code, &item);
	if (!err)
		err = feedlog_payload(t, FEED_TOWN, v.seq, &p);
	if (!err && rec_decode_line(rec_type_of(REC_catalogue), &p, item.line, &line))
		err = ERR_CORRUPT;
	if (!err)
		*ret = line;
	return err;
}

/* --- feeds by name ---------------------------------------------------------------------------------- */
struct by_code {
	const char *code;
	uint32_t no;
};

static int match_code(void *ctx, const struct view_village *v)
{
	struct by_code *by = ctx;

	if (v->no == 0 || strcmp(v->code, by->code) != 0)
		return 0;
	by->no = v->no;
	return 1;
}

int view_feed_named(struct kv_txn *t, uint32_t own, const char *name, struct feed_head *ret)
{
	struct by_code by = {.code = name};
	struct hash id;
	uint32_t no = 0;
	int err = ERR_OK;

	if (!name || !name[0] || strcmp(name, "own") == 0)
		no = own;
	else if (strcmp(name, "town") == 0)
		no = FEED_TOWN;
	else if (hex_get(name, strlen(name), id.b, HASH_BYTES))
		err = feedlog_find(t, &id, &no);
	else
		err = view_villages(t, match_code, &by);
	if (err < 0)
		return err;
	if (by.no)
		no = by.no;
	return no ? feedlog_head(t, no, ret) : ERR_NOTFOUND;
}

void view_feed_label(struct kv_txn *t, const struct feed_head *h, char out[FEED_LABEL_MAX])
{
	struct view_village v;
	struct view_town town;

	out[0] = '\0';
	if (h->no == FEED_TOWN) {
		if (!view_town(t, &town))
			snprintf(out, FEED_LABEL_MAX, "%s", town.name);
	} else if (!view_village_by_feed(t, &h->id, &v)) {
		snprintf(out, FEED_LABEL_MAX, "%s", v.name);
	}
}
