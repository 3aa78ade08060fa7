#include <string.h>

#include "daemon/feed/sigs.h"
#include "daemon/store/kvmem.h"
#include "daemon/verify/verify.h"
#include "daemon/verify/verify_int.h"
#include "lib/err.h"
#include "lib/mem.h"

/* Of an entry its key and the beginning of its leaf are kept, so that a large store has room. */
#define KEPT_BYTES 40 /* tag and feed ID */
#define ID_AT	   8

/* The feeds, what was signed about them, and which entries are there. */
struct verify_rest {
	struct kv *kv;
	struct hash town;
	struct verify *v;
	uint32_t own;
	const struct guard *guard;
	struct verify_lost lost;
};

int verify_rest_new(const struct hash *town, struct verify_rest **ret)
{
	struct verify_rest *r = mem_alloc(sizeof(*r));
	int err = r ? kvmem_new(&r->kv) : ERR_NOMEM;

	if (!err) {
		r->town = *town;
		r->v = mem_alloc(sizeof(*r->v));
		err = r->v ? kv_begin(r->kv, true, &r->v->t) : ERR_NOMEM;
	}
	if (err) {
		verify_rest_free(r);
		return err;
	}
	r->v->town = &r->town;
	*ret = r;
	return ERR_OK;
}

void verify_rest_free(struct verify_rest *r)
{
	if (!r)
		return;
	if (r->v)
		kv_abort(r->v->t);
	verify_free(r->v);
	kv_close(r->kv);
	mem_free(r);
}

/* --- one row ----------------------------------------------------------------------------------------- */

static bool entry_whole(struct bytes key, struct bytes val, struct entry *e)
{
	struct payload parts;
	struct hash commitment;
	size_t n;

	if (key.n != VERIFY_ENTRY_KEY || val.n < ENTRY_LEAF_BYTES ||
	    entry_parse(val.p, ENTRY_LEAF_BYTES, e))
		return false;
	n = val.n - ENTRY_LEAF_BYTES;
	if (e->seq != be64_get(key.p + 4) || e->payload_len != n ||
	    payload_parse(val.p + ENTRY_LEAF_BYTES, n, &parts))
		return false;
	payload_commit(&parts, &commitment);
	return hash_cmp(&commitment, &e->commitment) == 0;
}

int verify_rest_row(void *rest, enum kv_table tab, struct bytes key, struct bytes val)
{
	struct verify_rest *r = rest;
	bool town = key.n == VERIFY_ENTRY_KEY && be32_get(key.p) == FEED_TOWN;
	struct entry e;
	int err = ERR_OK;

	if (key.n > KV_KEY_MAX || (tab != KV_FEED && tab != KV_NOTE && tab != KV_ENTRY))
		return ERR_OK;
	if (tab != KV_ENTRY)
		return kv_put(r->v->t, tab, key, val);
	if (!entry_whole(key, val, &e))
		return ERR_OK;
	if (town) /* the names of villages */
		err = verify_town_entry(
			r->v, &e, kv_bytes(val.p + ENTRY_LEAF_BYTES, val.n - ENTRY_LEAF_BYTES));
	if (!town || e.seq > 0) /* else the charter, which has the name of the town */
		val.n = KEPT_BYTES;
	return err ? err : kv_put(r->v->t, tab, key, val);
}

/* --- the gaps ---------------------------------------------------------------------------------------- */

static int largest(void *ctx, const struct sigs_cosig *c)
{
	uint64_t *size = ctx;

	*size = c->size > *size ? c->size : *size;
	return ERR_OK;
}

/* How many entries of the own feed another node holds: the hub those that it has acknowledged, villages what they
 * have cosigned of the town feed. */
static uint64_t held_elsewhere(struct verify_rest *r)
{
	struct sigs_acked acked;
	uint64_t size = 0;

	if (r->own == FEED_TOWN)
		sigs_cosig_each(r->v->t, r->own, largest, &size); /* of a damaged row nothing */
	else if (!sigs_acked_get(r->v->t, r->own, &acked))
		size = acked.size;
	return size;
}

static uint64_t size_of(const struct verify_rest *r, const struct verify_feed *f)
{
	uint64_t size = f->here ? f->h.size : 0;

	if (f->h.no == r->own && r->guard && r->guard->size > size)
		size = r->guard->size;
	return size;
}

static void gap(struct verify_rest *r, struct verify_feed *f, uint64_t from, uint64_t to)
{
	uint64_t held = f->h.no == r->own ? held_elsewhere(r) : UINT64_MAX;

	if (from >= to)
		return;
	f->listed[VK_ENTRY] = 0; /* all of them are wanted */
	problem_add(r->v, f, PROBLEM_ENTRIES_MISSING, from, (int64_t)(to - from));
	r->lost.entries += to - from;
	if (held < to)
		r->lost.alone += to - (held > from ? held : from);
}

/* A feed that is known by its entries alone. */
static int feed_of(struct verify_rest *r, uint32_t no, struct verify_feed **ret)
{
	int err = ERR_OK;

	*ret = verify_feed_of(r->v, no);
	if (*ret || no == 0 || no > FEEDS_MAX)
		return ERR_OK;
	err = verify_feed_add(r->v, no, ret);
	if (!err)
		problem_add(r->v, *ret, PROBLEM_HEAD_MISSING, PROBLEM_NO_ENTRY, no);
	return err;
}

static int known_feeds(struct verify_rest *r, struct kv_cursor *c)
{
	struct bytes key, val;
	uint8_t from[4] = {0};
	struct verify_feed *f;
	int err = feed_of(r, FEED_TOWN, &f);

	if (!err)
		err = feed_of(r, r->own, &f);
	while (!err) {
		err = kv_seek(c, KV_GE, kv_bytes(from, sizeof(from)), &key, &val);
		if (!err)
			err = feed_of(r, be32_get(key.p), &f);
		if (err || be32_get(key.p) == UINT32_MAX)
			break;
		be32_put(from, be32_get(key.p) + 1);
	}
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int gaps_of(struct verify_rest *r, struct verify_feed *f, struct kv_cursor *c)
{
	struct bytes key, val;
	uint8_t from[4];
	uint64_t next = 0;
	int err;

	be32_put(from, f->h.no);
	err = kv_seek(c, KV_GE, kv_bytes(from, sizeof(from)), &key, &val);
	while (!err && memcmp(key.p, from, sizeof(from)) == 0) {
		if (!f->here) /* from now on it has a name */
			memcpy(f->h.id.b, val.p + ID_AT, HASH_BYTES);
		f->here = true;
		verify_town_label(r->v, f);
		gap(r, f, next, be64_get(key.p + 4));
		next = be64_get(key.p + 4) + 1;
		r->v->report->entries++;
		err = kv_seek(c, KV_NEXT, key, &key, &val);
	}
	gap(r, f, next, size_of(r, f));
	r->v->report->feeds++;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int verify_rest_report(struct verify_rest *r, uint32_t own, const struct guard *guard,
		       struct verify_report *ret, struct verify_lost *ret_lost)
{
	struct verify_report report = {0};
	struct kv_cursor *c = NULL;
	int err;

	r->own = own;
	r->guard = guard;
	r->v->own = own;
	r->v->report = &report;
	err = verify_read_feeds(r->v);
	if (!err)
		err = kv_cursor_open(r->v->t, KV_ENTRY, &c);
	if (!err)
		err = known_feeds(r, c);
	if (!err)
		verify_town_charter(r->v);
	for (uint32_t i = 0; !err && i < r->v->nfeeds; i++)
		err = gaps_of(r, &r->v->feed[i], c);
	kv_cursor_close(c);
	r->v->report = NULL;
	err = err ? err : r->v->err;
	if (err) {
		verify_close(&report);
		return err;
	}
	*ret = report;
	*ret_lost = r->lost;
	return ERR_OK;
}
