#include <stdio.h>
#include <string.h>

#include "daemon/verify/verify_int.h"
#include "lib/err.h"
#include "lib/text.h"
#include "lib/vec.h"
#include "proto/record.h"

/* Without a charter, what the head of the town feed says has to do: all feeds of a store share a domain. */
static void domain_of_origin(struct verify *v, const char *origin)
{
	const char *slash = strchr(origin, '/');
	size_t n = slash ? (size_t)(slash - origin) : 0;

	if (n > 0 && n < sizeof(v->domain)) {
		memset(v->domain, 0, sizeof(v->domain));
		memcpy(v->domain, origin, n);
	}
}

void verify_town_charter(struct verify *v)
{
	struct verify_feed *f = verify_feed_of(v, FEED_TOWN);
	struct bytes leaf, payload;
	struct rec_town_charter c;
	struct payload parts;
	struct entry e;
	struct hash hash;

	if (!f || !f->here)
		return;
	domain_of_origin(v, f->h.origin);
	/* a charter that is not whole is listed when its entry is looked at */
	if (feedlog_read(v->t, FEED_TOWN, 0, &leaf, &payload) ||
	    feedlog_check(&f->h, 0, &f->h.id, leaf, payload, &e, &hash) != FEEDLOG_GOOD ||
	    e.type != REC_town_charter || payload_parse(payload.p, payload.n, &parts) ||
	    rec_decode_head(rec_type_of(e.type), &parts, &c))
		return;
	str_set(v->domain, sizeof(v->domain), c.domain);
	memcpy(v->town_witness, c.witness_key.p, SIGN_KEY_BYTES);
	str_set(f->label, sizeof(f->label), c.name);
}

/* --- villages -------------------------------------------------------------------------------------- */
static bool has_code(const void *ctx, uint32_t at, struct bytes code)
{
	const struct verify *v = ctx;

	return str_eq((const char *)code.p, code.n, v->village[at].code);
}

static bool has_feed(const void *ctx, uint32_t at, struct bytes feed)
{
	const struct verify *v = ctx;

	return memcmp(v->village[at].feed.b, feed.p, HASH_BYTES) == 0;
}

static bool has_witness(const void *ctx, uint32_t at, struct bytes key)
{
	const struct verify *v = ctx;

	return memcmp(v->village[at].witness, key.p, SIGN_KEY_BYTES) == 0;
}

static const struct verify_village *of_feed(const struct verify *v, const struct hash *feed)
{
	uint32_t at = map_get(&v->by_feed, kv_bytes(feed->b, HASH_BYTES), has_feed, v);

	return at == MAP_NONE ? NULL : &v->village[at];
}

static int village_at(struct verify *v, struct bytes code, uint32_t *ret)
{
	struct verify_village *w;

	*ret = map_get(&v->by_code, code, has_code, v);
	if (*ret != MAP_NONE)
		return ERR_OK;
	if (VEC_ROOM(v->village, v->nvillages, v->villages_cap) ||
	    map_add(&v->by_code, code, v->nvillages))
		return ERR_NOMEM;
	*ret = v->nvillages++;
	w = &v->village[*ret];
	memset(w, 0, sizeof(*w));
	str_set(w->code, sizeof(w->code), code);
	return ERR_OK;
}

static int take_invitation(struct verify *v, const struct rec_invitation *r)
{
	uint32_t at;
	int err = village_at(v, r->village_code, &at);

	if (!err)
		str_set(v->village[at].name, sizeof(v->village[at].name), r->village_name);
	return err;
}

static int take_enrol(struct verify *v, const struct rec_village_enrol *r)
{
	struct verify_village *w;
	uint32_t at;
	int err = village_at(v, r->village_code, &at);

	if (err)
		return err;
	w = &v->village[at];
	w->enrolled = true;
	manifest_feed_id(r->manifest.p, r->manifest.n, &w->feed);
	memcpy(w->witness, r->witness_key.p, SIGN_KEY_BYTES);
	err = map_add(&v->by_feed, kv_bytes(w->feed.b, HASH_BYTES), at);
	return err ? err : map_add(&v->by_witness, kv_bytes(w->witness, SIGN_KEY_BYTES), at);
}

int verify_town_entry(struct verify *v, const struct entry *e, struct bytes payload)
{
	struct rec_village_enrol enrol;
	struct rec_invitation invite;
	struct payload parts;

	if ((e->type != REC_invitation && e->type != REC_village_enrol) ||
	    payload_parse(payload.p, payload.n, &parts))
		return ERR_OK;
	if (e->type == REC_invitation)
		return rec_decode_head(rec_type_of(e->type), &parts, &invite)
			       ? ERR_OK
			       : take_invitation(v, &invite);
	return rec_decode_head(rec_type_of(e->type), &parts, &enrol) ? ERR_OK
								     : take_enrol(v, &enrol);
}

void verify_town_label(struct verify *v, struct verify_feed *f)
{
	const struct verify_village *w = of_feed(v, &f->h.id);

	if (w)
		snprintf(f->label, sizeof(f->label), "%s", w->name[0] ? w->name : w->code);
}

bool verify_town_enrolled(const struct verify *v, const struct hash *feed)
{
	return of_feed(v, feed) != NULL;
}

bool verify_town_witness(const struct verify *v, const uint8_t key[SIGN_KEY_BYTES])
{
	return memcmp(v->town_witness, key, SIGN_KEY_BYTES) == 0 ||
	       map_get(&v->by_witness, kv_bytes(key, SIGN_KEY_BYTES), has_witness, v) != MAP_NONE;
}
