#include "daemon/ledger/state/read.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ledger/state/reader.h"
#include "lib/err.h"
#include "lib/text.h"

/* What the town feed says of itself and its villages. */

static int head_of(struct kv_txn *t, uint64_t seq, enum rec_code code, void *ret)
{
	struct payload p;

	return read_head(t, FEED_TOWN, seq, code, &p, ret);
}

int view_town(struct kv_txn *t, struct view_town *ret)
{
	struct rec_town_charter c;
	const struct reader r = reader_of(t, FEED_TOWN);
	struct state_meta meta;
	int err = reader_meta(&r, FEED_TOWN, &meta);

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
static int read_village(struct kv_txn *t, struct bytes code, const struct state_village *s,
			struct view_village *ret)
{
	struct rec_village_enrol r;
	int err;

	memset(ret, 0, sizeof(*ret));
	str_set(ret->code, sizeof(ret->code), code);
	str_set(ret->name, sizeof(ret->name), s->name);
	if (!s->enrolled)
		return ERR_OK;
	err = head_of(t, s->enrol, REC_village_enrol, &r);
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

struct villages {
	struct kv_txn *t;
	int (*fn)(void *ctx, const struct view_village *v);
	void *ctx;
};

static int on_village(void *ctx, struct bytes key, struct bytes row)
{
	const struct villages *w = ctx;
	struct state_village_parts at;
	struct state_village s;
	struct view_village v;
	int err = state_village_split(key, &at);

	if (!err)
		err = state_village_parse(row, &s);
	if (!err)
		err = read_village(w->t, at.code, &s, &v);
	return err ? err : w->fn(w->ctx, &v);
}

int view_villages(struct kv_txn *t, int (*fn)(void *ctx, const struct view_village *v), void *ctx)
{
	const struct reader r = reader_of(t, FEED_TOWN);
	struct villages w = {t, fn, ctx};
	struct state_key k;

	state_key_of(&k, FEED_TOWN, STATE_VILLAGE);
	return reader_each(&r, &k, 0, on_village, &w);
}

/* The code comes from a row that names the village, so it is there. */
static int village_by_code(const struct reader *r, struct bytes code, struct view_village *ret)
{
	struct state_village s;
	int err = reader_village(r, FEED_TOWN, code, &s);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return read_village(r->txn, code, &s, ret);
}

int view_village_by_transport(struct kv_txn *t, const uint8_t key[32], struct view_village *ret)
{
	const struct reader r = reader_of(t, FEED_TOWN);
	struct state_raw code;
	int err = reader_transport(&r, FEED_TOWN, key, &code);

	return err ? err : village_by_code(&r, code.b, ret);
}

int view_village_by_feed(struct kv_txn *t, const struct hash *feed, struct view_village *ret)
{
	const struct reader r = reader_of(t, FEED_TOWN);
	struct state_enrol en;
	int err = reader_enrol(&r, FEED_TOWN, feed->b, &en);

	return err ? err : village_by_code(&r, en.code, ret);
}

int view_village_by_witness(struct kv_txn *t, const uint8_t key[32], struct view_village *ret)
{
	const struct reader r = reader_of(t, FEED_TOWN);
	struct state_village s;
	struct state_raw code;
	int err = reader_signer(&r, FEED_TOWN, key, &code);

	if (!err)
		err = reader_village(&r, FEED_TOWN, code.b,
				     &s); /* the town's own keys have no village */
	if (!err)
		err = read_village(t, code.b, &s, ret);
	if (!err && memcmp(ret->witness_key, key, 32) != 0) /* the key of its feed */
		err = ERR_NOTFOUND;
	return err;
}

bool view_invited(struct kv_txn *t, const uint8_t invite_key[32])
{
	const struct reader r = reader_of(t, FEED_TOWN);
	struct state_village v;
	struct state_invite i;

	return !reader_invite(&r, FEED_TOWN, invite_key, &i) && !i.used &&
	       !reader_village(&r, FEED_TOWN, i.code, &v) && !v.enrolled;
}

bool view_invitation(struct kv_txn *t, const uint8_t invite_key[32])
{
	const struct reader r = reader_of(t, FEED_TOWN);
	struct state_invite i;

	return !reader_invite(&r, FEED_TOWN, invite_key, &i);
}

/* --- feeds by name ---------------------------------------------------------------------------------- */
/* Whatever is asked for: most of it is no code. @ret 0: the feed of that village is not here. */
static int feed_by_code(struct kv_txn *t, const char *code, uint32_t *ret)
{
	const struct reader r = reader_of(t, FEED_TOWN);
	struct state_village s;
	struct view_village v;
	int err;

	if (strlen(code) > STATE_CODE_MAX)
		return ERR_NOTFOUND;
	err = reader_village(&r, FEED_TOWN, bytes_str(code), &s);
	if (err)
		return err;
	err = read_village(t, bytes_str(code), &s, &v);
	*ret = err ? 0 : v.no;
	return err;
}

int view_feed_named(struct kv_txn *t, uint32_t own, const char *name, struct feed_head *ret)
{
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
		err = feed_by_code(t, name, &no);
	if (err)
		return err;
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
