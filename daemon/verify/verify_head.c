#include <string.h>

#include "daemon/verify/verify_int.h"
#include "lib/err.h"

/* What is wrong with a head row. */
enum head_field {
	HEAD_MANIFEST,
	HEAD_TOWN,
	HEAD_KEY,
	HEAD_EPOCH,
	HEAD_ORIGIN,
	HEAD_SIZE,
	HEAD_LAST,
	HEAD_SEEN,
	HEAD_EDGE,
	HEAD_FIELDS
};

/* Settles who this feed is, before anything is measured by it: the ID is the hash of the certificate. */
int verify_head_identity(struct verify *v, struct verify_feed *f)
{
	struct feed_head *h = &f->h;
	uint8_t raw[MANIFEST_BYTES_MAX];
	struct buf b = {.p = raw, .cap = sizeof(raw), .max = sizeof(raw)};
	struct manifest m;
	struct hash id;
	uint32_t no;
	int err = feedlog_manifest(v->t, h->no, &m);

	if (h->epoch != 1) /* feed keys are not rotated yet */
		f->head_bad |= 1u << HEAD_EPOCH;
	h->epoch = 1;
	if (err == ERR_CORRUPT || (!err && manifest_pack(&m, &b))) {
		f->head_bad |= 1u << HEAD_MANIFEST;
		return ERR_OK;
	}
	if (err)
		return err;
	manifest_feed_id(b.p, b.n, &id);
	if (hash_cmp(&id, &h->id)) {
		f->head_bad |= 1u << HEAD_MANIFEST;
		err = feedlog_find(v->t, &id, &no);
		if (err || no != h->no) /* the certificate was altered, not the ID */
			return err == ERR_NOTFOUND || err == ERR_CORRUPT ? ERR_OK : err;
		h->id = id;
	}
	if (hash_cmp(&m.town, v->town))
		f->head_bad |= 1u << HEAD_TOWN;
	if (memcmp(h->key, m.feed_key, SIGN_KEY_BYTES) != 0)
		f->head_bad |= 1u << HEAD_KEY;
	memcpy(h->key, m.feed_key, SIGN_KEY_BYTES);
	return ERR_OK;
}

void verify_head_origin(struct verify *v, struct verify_feed *f)
{
	struct feed_head *h = &f->h;
	char origin[ORIGIN_MAX] = "";

	if (!domain_valid(v->domain))
		return;
	origin_of(v->domain, &h->id, origin);
	if (strcmp(origin, h->origin) != 0 ||
	    memcmp(h->origin + strlen(origin), (const char[ORIGIN_MAX]){0},
		   ORIGIN_MAX - strlen(origin)) != 0)
		f->head_bad |= 1u << HEAD_ORIGIN;
	memset(h->origin, 0, sizeof(h->origin));
	memcpy(h->origin, origin, strlen(origin));
}

struct says verify_head_field(int64_t field)
{
	static const struct says name[HEAD_FIELDS] = {
		[HEAD_MANIFEST] = {"证书", "certificate"},
		[HEAD_TOWN] = {"所属镇", "town"},
		[HEAD_KEY] = {"日志密钥", "feed key"},
		[HEAD_EPOCH] = {"期号", "epoch"},
		[HEAD_ORIGIN] = {"来源名", "origin"},
		[HEAD_SIZE] = {"长度", "size"},
		[HEAD_LAST] = {"末条散列", "last hash"},
		[HEAD_SEEN] = {"所见镇日志", "town size"},
		[HEAD_EDGE] = {"树边缘", "edge of the tree"},
	};

	return field >= 0 && field < HEAD_FIELDS ? name[field] : SAYS("", "");
}

void verify_head_check(struct verify_pass *p)
{
	struct feed_head *h = &p->f->h;

	if (p->f->stored.size != p->edge.size)
		p->f->head_bad |= 1u << HEAD_SIZE;
	if (hash_cmp(&p->f->stored.last, &p->prev))
		p->f->head_bad |= 1u << HEAD_LAST;
	if (p->seen_known && p->f->stored.town_seen != p->town_seen)
		p->f->head_bad |= 1u << HEAD_SEEN;
	if (p->f->stored.edge.n != p->edge.n ||
	    memcmp(p->f->stored.edge.h, p->edge.h, p->edge.n * sizeof(p->edge.h[0])) != 0)
		p->f->head_bad |= 1u << HEAD_EDGE;
	for (unsigned i = 0; i < HEAD_FIELDS; i++) {
		if (!(p->f->head_bad & 1u << i))
			continue;
		problem_add(p->v, p->f, PROBLEM_HEAD_FIELD, PROBLEM_NO_ENTRY, i);
		break; /* one row, one problem */
	}
	h->size = p->edge.size;
	h->last = p->prev;
	h->edge = p->edge;
	h->town_seen = p->town_seen;
}
