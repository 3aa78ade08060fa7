#include "daemon/ledger/state/cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/vec.h"

#define SLOTS_MIN   256
#define CHUNK_MIN   ((size_t)8 << 10)
#define CHUNK_BYTES ((size_t)256 << 10)
#define VALUE_ROOM  16 /* a row that grows, grows a little again soon */

struct row {
	uint32_t entry; /* the entry that changed it last */
	uint32_t n, cap;
	uint8_t *val;
	bool present;
	bool dirty;  /* accepted, and not in the store yet */
	bool listed; /* among rows.pending */
	uint8_t key_n;
	uint8_t key[];
};

/* With the hash beside the pointer a probe touches no row but the right one. */
struct slot {
	struct row *row;
	uint32_t hash;
};

struct chunk {
	struct chunk *next;
	size_t used, cap;
	_Alignas(8) uint8_t b[];
};

struct change {
	struct row *row;
	size_t old; /* where its old value lies in the undo buffer */
	uint32_t old_n;
	bool was;
};

/* Every run is at least twice as long as the next. */
#define RUNS_MAX 32

struct cache {
	struct kv_txn *t;
	uint32_t feed_no;
	struct kv_cursor *cur;
	struct slot *slot;
	uint32_t nslots; /* a power of two, at least twice nrows */
	uint32_t nrows;
	struct row *last; /* what is put was mostly got just before */
	struct chunk *chunk;
	size_t bytes;
	uint64_t put_bytes;
	uint32_t entry;
	struct change *change;
	uint32_t nchanges, cap;
	struct buf undo;
	/* The rows that an entry has changed since the last flush, the present one too: each once. A range needs
	 * them in key order, so the first nsorted lie in runs that are sorted; those changed since the last
	 * range follow as they came. */
	struct row **pending;
	uint32_t npending, pending_cap, nsorted;
	uint32_t run[RUNS_MAX]; /* where each begins */
	uint32_t nruns;
};

int cache_new(struct kv_txn *t, uint32_t feed_no, struct cache **ret)
{
	struct cache *r = mem_alloc(sizeof(*r));

	if (!r)
		return ERR_NOMEM;
	r->t = t;
	r->feed_no = feed_no;
	r->entry = 1;
	r->nslots = SLOTS_MIN;
	r->slot = mem_array(r->nslots, sizeof(*r->slot));
	if (!r->slot) {
		mem_free(r);
		return ERR_NOMEM;
	}
	*ret = r;
	return ERR_OK;
}

static void free_chunks(struct cache *r)
{
	while (r->chunk) {
		struct chunk *c = r->chunk;

		r->chunk = c->next;
		mem_free(c);
	}
	r->bytes = 0;
}

void cache_free(struct cache *r)
{
	if (!r)
		return;
	kv_cursor_close(r->cur);
	free_chunks(r);
	buf_close(&r->undo);
	mem_free(r->change);
	mem_free(r->pending);
	mem_free(r->slot);
	mem_free(r);
}

int cache_begin(struct cache *r)
{
	int err;

	assert(r->nchanges == 0);
	if (r->nrows < CACHE_ROWS_MAX && r->bytes < CACHE_BYTES_MAX)
		return ERR_OK;
	err = cache_flush(r);
	if (err)
		return err;
	free_chunks(r);
	memset(r->slot, 0, r->nslots * sizeof(*r->slot));
	r->nrows = 0;
	r->last = NULL;
	return ERR_OK;
}

static void *take(struct cache *r, size_t n)
{
	struct chunk *c = r->chunk;

	n = (n + 7) & ~(size_t)7;
	if (!c || c->cap - c->used < n) {
		size_t cap = c ? CHUNK_BYTES : CHUNK_MIN;

		cap = cap < n ? n : cap;
		c = mem_alloc(sizeof(*c) + cap);
		if (!c)
			return NULL;
		c->cap = cap;
		c->next = r->chunk;
		r->chunk = c;
		r->bytes += cap;
	}
	void *p = c->b + c->used;
	c->used += n;
	return p;
}

static uint32_t key_hash(const struct state_key *k)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ k->n, w;
	size_t i = 0;

	for (; i + 8 <= k->n; i += 8) {
		memcpy(&w, k->b + i, 8);
		h = (h ^ w) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, k->b + i, k->n - i);
	h = (h ^ w) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 32) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t)(h >> 32);
}

static bool has_key(const struct row *w, const struct state_key *k)
{
	return w->key_n == k->n && memcmp(w->key, k->b, k->n) == 0;
}

/* The slot of the key: its row, or where it belongs. */
static struct slot *find(const struct cache *r, const struct state_key *k, uint32_t hash)
{
	uint32_t i = hash & (r->nslots - 1);

	for (; r->slot[i].row; i = (i + 1) & (r->nslots - 1)) {
		if (r->slot[i].hash == hash && has_key(r->slot[i].row, k))
			break;
	}
	return &r->slot[i];
}

static int grow(struct cache *r)
{
	uint32_t n = r->nslots * 2;
	struct slot *slot = mem_array(n, sizeof(*slot));

	if (!slot)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < r->nslots; i++) {
		if (!r->slot[i].row)
			continue;
		uint32_t at = r->slot[i].hash & (n - 1);
		while (slot[at].row)
			at = (at + 1) & (n - 1);
		slot[at] = r->slot[i];
	}
	mem_free(r->slot);
	r->slot = slot;
	r->nslots = n;
	return ERR_OK;
}

static int set_value(struct cache *r, struct row *w, struct bytes val)
{
	if (val.n > w->cap) {
		size_t cap = val.n + VALUE_ROOM + (w->cap ? val.n / 2 : 0);
		uint8_t *p = take(r, cap);

		if (!p)
			return ERR_NOMEM;
		w->val = p;
		w->cap = (uint32_t)cap;
	}
	if (val.n)
		memcpy(w->val, val.p, val.n);
	w->n = (uint32_t)val.n;
	return ERR_OK;
}

/* Brings a row into the cache that is not there; @slot is where it belongs. */
static int bring(struct cache *r, const struct state_key *k, uint32_t hash, struct slot *slot)
{
	struct bytes val = {NULL, 0};
	int err;

	if (2 * (r->nrows + 1) > r->nslots) {
		err = grow(r);
		if (err)
			return err;
		slot = find(r, k, hash);
	}
	err = kv_get(r->t, KV_STATE, state_key_bytes(k), &val);
	if (err && err != ERR_NOTFOUND)
		return err;
	struct row *w = take(r, sizeof(*w) + k->n);
	if (!w)
		return ERR_NOMEM;
	*w = (struct row){.present = err == ERR_OK, .key_n = k->n};
	memcpy(w->key, k->b, k->n);
	if (val.n && set_value(r, w, val))
		return ERR_NOMEM;
	*slot = (struct slot){w, hash};
	r->nrows++;
	r->last = w;
	return ERR_OK;
}

static int load(struct cache *r, const struct state_key *k, struct row **ret)
{
	int err = ERR_OK;

	if (!r->last || !has_key(r->last, k)) {
		uint32_t hash = key_hash(k);
		struct slot *slot = find(r, k, hash);

		if (slot->row)
			r->last = slot->row;
		else
			err = bring(r, k, hash, slot);
	}
	*ret = r->last;
	return err;
}

int cache_get(struct cache *r, const struct state_key *k, struct bytes *ret)
{
	struct row *w;
	int err = load(r, k, &w);

	if (err)
		return err;
	if (!w->present)
		return ERR_NOTFOUND;
	*ret = (struct bytes){w->val, w->n};
	return ERR_OK;
}

int cache_get_or_empty(struct cache *r, const struct state_key *k, struct bytes *ret)
{
	int err = cache_get(r, k, ret);

	if (err != ERR_NOTFOUND)
		return err;
	*ret = (struct bytes){(const uint8_t *)"", 0};
	return ERR_OK;
}

static int list_pending(struct cache *r, struct row *w)
{
	if (VEC_ROOM(r->pending, r->npending, r->pending_cap))
		return ERR_NOMEM;
	r->pending[r->npending++] = w;
	w->listed = true;
	return ERR_OK;
}

static int remember(struct cache *r, struct row *w)
{
	size_t old = r->undo.n;
	int err = VEC_ROOM(r->change, r->nchanges, r->cap);

	if (!err && !w->listed)
		err = list_pending(r, w);
	if (!err)
		err = buf_put(&r->undo, w->val, w->n);
	if (err)
		return err;
	r->change[r->nchanges++] =
		(struct change){.row = w, .old = old, .old_n = w->n, .was = w->present};
	w->entry = r->entry;
	return ERR_OK;
}

int cache_put(struct cache *r, const struct state_key *k, struct bytes val)
{
	struct row *w;
	int err = load(r, k, &w);

	if (!err && w->entry != r->entry)
		err = remember(r, w);
	if (!err)
		err = set_value(r, w, val);
	if (err)
		return err;
	w->present = true;
	r->put_bytes += val.n;
	return ERR_OK;
}

uint64_t cache_put_bytes(const struct cache *r)
{
	return r->put_bytes;
}

static void end_entry(struct cache *r)
{
	r->nchanges = 0;
	buf_reset(&r->undo);
	if (++r->entry == 0) /* 0 marks rows never changed */
		r->entry = 1;
}

void cache_commit(struct cache *r)
{
	for (uint32_t i = 0; i < r->nchanges; i++)
		r->change[i].row->dirty = true;
	end_entry(r);
}

void cache_rollback(struct cache *r)
{
	for (uint32_t i = 0; i < r->nchanges; i++) {
		const struct change *c = &r->change[i];

		/* a value never shrinks its room, so the old one fits */
		c->row->n = c->old_n;
		c->row->present = c->was;
		if (c->old_n)
			memcpy(c->row->val, r->undo.p + c->old, c->old_n);
	}
	end_entry(r);
}

/* --- in key order ---------------------------------------------------------------------------------- */
static int cmp_bytes(struct bytes a, struct bytes b)
{
	int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return d ? d : (a.n > b.n) - (a.n < b.n);
}

static struct bytes row_key(const struct row *w)
{
	return (struct bytes){w->key, w->key_n};
}

static int by_key(const void *a, const void *b)
{
	return cmp_bytes(row_key(*(struct row *const *)a), row_key(*(struct row *const *)b));
}

/* The rows at the end become a run; shorter runs before them are taken in, so that there are few. */
static void sort_pending(struct cache *r)
{
	uint32_t from = r->nsorted;

	if (from == r->npending)
		return;
	while (r->nruns && from - r->run[r->nruns - 1] < 2 * (r->npending - from))
		from = r->run[--r->nruns];
	qsort(r->pending + from, r->npending - from, sizeof(struct row *), by_key);
	assert(r->nruns < RUNS_MAX);
	r->run[r->nruns++] = from;
	r->nsorted = r->npending;
}

int cache_flush(struct cache *r)
{
	int err = ERR_OK;

	assert(r->nchanges == 0);
	if (r->npending > 1)
		qsort(r->pending, r->npending, sizeof(struct row *), by_key);
	for (uint32_t i = 0; i < r->npending && !err; i++) {
		struct row *w = r->pending[i];

		w->listed = false;
		if (w->dirty)
			err = kv_put(r->t, KV_STATE, row_key(w), kv_bytes(w->val, w->n));
		w->dirty = false;
	}
	r->npending = r->nsorted = r->nruns = 0;
	return err;
}

/* How many rows of pending[@from .. @end), a run, have keys below @key. */
static uint32_t count_below(const struct cache *r, uint32_t from, uint32_t end, struct bytes key)
{
	uint32_t lo = from, hi = end;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (cmp_bytes(row_key(r->pending[mid]), key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - from;
}

/* Of one run, the row next to @key on the side of @how; NULL: none. What was rolled back to absent is passed. */
static struct row *next_in_run(const struct cache *r, uint32_t from, uint32_t end, enum kv_how how,
			       struct bytes key)
{
	uint32_t at = from + count_below(r, from, end, key);

	if (how == KV_GE) {
		while (at < end && !r->pending[at]->present)
			at++;
		return at < end ? r->pending[at] : NULL;
	}
	while (at > from && !r->pending[at - 1]->present)
		at--;
	return at > from ? r->pending[at - 1] : NULL;
}

/* Is @a nearer than @b to where a walk on the side of @how begins? */
static bool nearer(enum kv_how how, struct bytes a, struct bytes b)
{
	int d = cmp_bytes(a, b);

	return how == KV_GE ? d < 0 : d > 0;
}

static struct row *next_pending(struct cache *r, enum kv_how how, struct bytes key)
{
	struct row *best = NULL;

	sort_pending(r);
	for (uint32_t i = 0; i < r->nruns; i++) {
		uint32_t end = i + 1 < r->nruns ? r->run[i + 1] : r->npending;
		struct row *w = next_in_run(r, r->run[i], end, how, key);

		if (w && (!best || nearer(how, row_key(w), row_key(best))))
			best = w;
	}
	return best;
}

static int next_stored(struct cache *r, enum kv_how how, struct bytes from, struct bytes *ret_key,
		       struct bytes *ret_val)
{
	int err = r->cur ? ERR_OK : kv_cursor_open(r->t, KV_STATE, &r->cur);

	return err ? err : kv_seek(r->cur, how, from, ret_key, ret_val);
}

/* A row that is pending and in the store as well counts as it is pending. */
static int seek(struct cache *r, enum kv_how how, const struct state_key *k, size_t prefix,
		struct bytes *ret_key, struct bytes *ret_val)
{
	struct bytes from = state_key_bytes(k), key, val;
	int err = next_stored(r, how, from, &key, &val);
	struct row *w;

	assert(prefix >= STATE_FEED_LEN);
	if (err && err != ERR_NOTFOUND)
		return err;
	/* the rows of other feeds are all in the store */
	w = be32_get(k->b) == r->feed_no ? next_pending(r, how, from) : NULL;
	if (w && (err || !nearer(how, key, row_key(w)))) {
		key = row_key(w);
		val = kv_bytes(w->val, w->n);
		err = ERR_OK;
	}
	if (!err && (key.n < prefix || memcmp(key.p, from.p, prefix) != 0))
		err = ERR_NOTFOUND;
	if (err)
		return err;
	*ret_key = key;
	*ret_val = val;
	return ERR_OK;
}

int cache_before(struct cache *r, const struct state_key *k, size_t prefix, struct bytes *ret_key,
		 struct bytes *ret_val)
{
	return seek(r, KV_LT, k, prefix, ret_key, ret_val);
}

int cache_from(struct cache *r, const struct state_key *k, size_t prefix, struct bytes *ret_key,
	       struct bytes *ret_val)
{
	return seek(r, KV_GE, k, prefix, ret_key, ret_val);
}

/* --- invariant ------------------------------------------------------------------------------------- */
static void pending_invariant(const struct cache *r)
{
	assert(r->nsorted <= r->npending && r->npending <= r->pending_cap);
	assert(r->nruns <= RUNS_MAX && (r->nruns > 0) == (r->nsorted > 0));
	for (uint32_t i = 0; i < r->npending; i++)
		assert(r->pending[i]->listed);
	for (uint32_t i = 0; i < r->nruns; i++) {
		uint32_t end = i + 1 < r->nruns ? r->run[i + 1] : r->nsorted;

		assert(r->run[i] < end);
		for (uint32_t k = r->run[i] + 1; k < end; k++)
			assert(cmp_bytes(row_key(r->pending[k - 1]), row_key(r->pending[k])) < 0);
	}
}

void cache_invariant(const struct cache *r)
{
	uint32_t nrows = 0, listed = 0;

	assert(r->nslots >= SLOTS_MIN && (r->nslots & (r->nslots - 1)) == 0);
	assert(2 * r->nrows <= r->nslots);
	for (uint32_t i = 0; i < r->nslots; i++) {
		const struct row *w = r->slot[i].row;

		if (!w)
			continue;
		nrows++;
		listed += w->listed;
		assert(w->n <= w->cap);
		assert(w->listed || (!w->dirty && w->entry != r->entry));
	}
	assert(nrows == r->nrows && listed == r->npending);
	for (uint32_t i = 0; i < r->nchanges; i++) {
		const struct change *c = &r->change[i];

		assert(c->row->entry == r->entry && c->row->listed);
		assert(c->old + c->old_n <= r->undo.n && c->old_n <= c->row->cap);
	}
	pending_invariant(r);
}
