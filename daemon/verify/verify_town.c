#include <stdio.h>
#include <string.h>

#include "daemon/verify/verify_int.h"
#include "lib/err.h"
#include "lib/mem.h"
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

static struct verify_village *village_of(struct verify *v, struct bytes code)
{
	for (uint32_t i = 0; i < v->nvillages; i++)
		if (str_eq((const char *)code.p, code.n, v->village[i].code))
			return &v->village[i];
	return NULL;
}

/* NULL with ERR_OK: more villages than this program counts. */
static int village_add(struct verify *v, struct bytes code, struct verify_village **ret)
{
	struct verify_village *w = village_of(v, code);

	*ret = w;
	if (w || v->nvillages == VERIFY_VILLAGES_MAX)
		return ERR_OK;
	if (VEC_ROOM(v->village, v->nvillages, v->villages_cap))
		return ERR_NOMEM;
	w = &v->village[v->nvillages++];
	memset(w, 0, sizeof(*w));
	str_set(w->code, sizeof(w->code), code);
	*ret = w;
	return ERR_OK;
}

int verify_town_entry(struct verify *v, const struct entry *e, struct bytes payload)
{
	struct verify_village *w = NULL;
	struct rec_village_enrol enrol;
	struct rec_invitation invite;
	struct payload parts;
	int err;

	if (e->type != REC_invitation && e->type != REC_village_enrol)
		return ERR_OK;
	if (payload_parse(payload.p, payload.n, &parts))
		return ERR_OK;
	if (e->type == REC_invitation) {
		if (rec_decode_head(rec_type_of(e->type), &parts, &invite))
			return ERR_OK;
		err = village_add(v, invite.village_code, &w);
		if (!err && w)
			str_set(w->name, sizeof(w->name), invite.village_name);
		return err;
	}
	if (rec_decode_head(rec_type_of(e->type), &parts, &enrol))
		return ERR_OK;
	err = village_add(v, enrol.village_code, &w);
	if (!err && w) {
		w->enrolled = true;
		manifest_feed_id(enrol.manifest.p, enrol.manifest.n, &w->feed);
		memcpy(w->witness, enrol.witness_key.p, SIGN_KEY_BYTES);
	}
	return err;
}

void verify_town_label(struct verify *v, struct verify_feed *f)
{
	for (uint32_t i = 0; i < v->nvillages; i++) {
		const struct verify_village *w = &v->village[i];

		if (w->enrolled && hash_cmp(&w->feed, &f->h.id) == 0)
			snprintf(f->label, sizeof(f->label), "%s", w->name[0] ? w->name : w->code);
	}
}

bool verify_town_enrolled(const struct verify *v, const struct hash *feed)
{
	for (uint32_t i = 0; i < v->nvillages; i++)
		if (v->village[i].enrolled && hash_cmp(&v->village[i].feed, feed) == 0)
			return true;
	return false;
}

bool verify_town_witness(const struct verify *v, const uint8_t key[SIGN_KEY_BYTES])
{
	if (memcmp(v->town_witness, key, SIGN_KEY_BYTES) == 0)
		return true;
	for (uint32_t i = 0; i < v->nvillages; i++)
		if (v->village[i].enrolled &&
		    memcmp(v->village[i].witness, key, SIGN_KEY_BYTES) == 0)
			return true;
	return false;
}
