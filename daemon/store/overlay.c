#include "daemon/store/overlay.h"

#include <assert.h>
#include <string.h>

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"

/* Rows of the upper store begin with a byte that says whether there is a value or a gap; those of a table that began
 * empty are as they are. */
enum { ROW_GAP, ROW_VALUE };

struct overlay {
	struct kv kv;
	struct kv_txn *base;
	struct kv *upper;
	uint32_t fresh;
};
struct overlay_txn {
	struct kv_txn t;
	struct kv_txn *upper;
	struct buf row; /* scratch of put */
};
struct overlay_cursor {
	struct kv_cursor c;
	struct kv_cursor *lower, *upper; /* lower NULL: the table began empty */
	uint8_t at[KV_KEY_MAX];		 /* the present key */
	size_t at_n;
	bool placed;
};

static struct kv_txn *base_of(const struct kv_txn *t)
{
	return ((struct overlay *)t->kv)->base;
}

static struct kv_txn *upper_of(const struct kv_txn *t)
{
	return ((const struct overlay_txn *)t)->upper;
}

static bool is_fresh(const struct kv_txn *t, enum kv_table tab)
{
	return ((struct overlay *)t->kv)->fresh & OVERLAY_FRESH(tab);
}

static int overlay_begin(struct kv *kv, bool write, struct kv_txn **ret)
{
	struct overlay_txn *t = mem_alloc(sizeof(*t));
	int err = t ? kv_begin(((struct overlay *)kv)->upper, write, &t->upper) : ERR_NOMEM;

	if (err) {
		mem_free(t);
		return err;
	}
	*ret = &t->t;
	return ERR_OK;
}

static void overlay_abort(struct kv_txn *t)
{
	struct overlay_txn *o = (struct overlay_txn *)t;

	kv_abort(o->upper);
	buf_close(&o->row);
	mem_free(o);
}

static int overlay_commit(struct kv_txn *t)
{
	overlay_abort(t);
	return ERR_OK;
}

static int overlay_get(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret)
{
	struct bytes row;
	int err;

	if (is_fresh(t, tab))
		return kv_get(upper_of(t), tab, key, ret);
	err = kv_get(upper_of(t), tab, key, &row);
	if (err == ERR_NOTFOUND)
		return kv_get(base_of(t), tab, key, ret);
	if (err)
		return err;
	if (row.p[0] == ROW_GAP)
		return ERR_NOTFOUND;
	*ret = kv_bytes(row.p + 1, row.n - 1);
	return ERR_OK;
}

static int overlay_put(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes val)
{
	struct buf *row = &((struct overlay_txn *)t)->row;

	if (is_fresh(t, tab))
		return kv_put(upper_of(t), tab, key, val);
	buf_reset(row);
	buf_put_u8(row, ROW_VALUE);
	if (buf_put(row, val.p, val.n))
		return row->err;
	return kv_put(upper_of(t), tab, key, buf_bytes(row));
}

static int overlay_del(struct kv_txn *t, enum kv_table tab, struct bytes key)
{
	static const uint8_t gap = ROW_GAP;
	struct bytes old;
	int err;

	if (is_fresh(t, tab))
		return kv_del(upper_of(t), tab, key);
	err = overlay_get(t, tab, key, &old);
	return err ? err : kv_put(upper_of(t), tab, key, kv_bytes(&gap, 1));
}

/* --- cursors ------------------------------------------------------------------------------------- */

static void overlay_cursor_close(struct kv_cursor *c)
{
	struct overlay_cursor *o = (struct overlay_cursor *)c;

	kv_cursor_close(o->lower);
	kv_cursor_close(o->upper);
	mem_free(o);
}

static int overlay_cursor(struct kv_txn *t, enum kv_table tab, struct kv_cursor **ret)
{
	struct overlay_cursor *o = mem_alloc(sizeof(*o));
	int err;

	if (!o)
		return ERR_NOMEM;
	err = is_fresh(t, tab) ? ERR_OK : kv_cursor_open(base_of(t), tab, &o->lower);
	if (!err)
		err = kv_cursor_open(upper_of(t), tab, &o->upper);
	if (err) {
		overlay_cursor_close(&o->c);
		return err;
	}
	*ret = &o->c;
	return ERR_OK;
}

static int key_cmp(struct bytes a, struct bytes b)
{
	int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return d ? d : (a.n > b.n) - (a.n < b.n);
}

/* The first row of one side after @key (or from it on, with @how KV_GE) in a direction. The upper side may
 * have been written to since, so each step is positioned anew. */
static int side(struct kv_cursor *c, enum kv_how how, struct bytes key, struct bytes *ret_key,
		struct bytes *ret_val)
{
	int err;

	switch (how) {
	case KV_GE:
	case KV_LT:
	case KV_LAST: return kv_seek(c, how, key, ret_key, ret_val);
	case KV_PREV: return kv_seek(c, KV_LT, key, ret_key, ret_val);
	case KV_NEXT:
		err = kv_seek(c, KV_GE, key, ret_key, ret_val);
		if (!err && key_cmp(*ret_key, key) == 0)
			err = kv_seek(c, KV_NEXT, key, ret_key, ret_val);
		return err;
	}
	return ERR_INVALID;
}

/* One step over both sides: the nearer key wins, the upper side where they are the same. */
static int step(struct overlay_cursor *o, enum kv_how how, struct bytes key, struct bytes *ret_key,
		struct bytes *ret_val, bool *ret_gap)
{
	bool forward = how == KV_GE || how == KV_NEXT;
	struct bytes lk, lv, uk, uv;
	int el = side(o->lower, how, key, &lk, &lv), eu = side(o->upper, how, key, &uk, &uv);
	int d;

	if ((el && el != ERR_NOTFOUND) || (eu && eu != ERR_NOTFOUND))
		return el && el != ERR_NOTFOUND ? el : eu;
	if (el && eu)
		return ERR_NOTFOUND;
	d = el ? 1 : eu ? -1 : key_cmp(lk, uk) * (forward ? 1 : -1);
	*ret_gap = d >= 0 && uv.p[0] == ROW_GAP;
	*ret_key = d < 0 ? lk : uk;
	*ret_val = d < 0 ? lv : kv_bytes(uv.p + 1, uv.n - 1);
	return ERR_OK;
}

static int overlay_seek(struct kv_cursor *c, struct bytes key, int how, struct bytes *ret_key,
			struct bytes *ret_val)
{
	struct overlay_cursor *o = (struct overlay_cursor *)c;
	enum kv_how h = (enum kv_how)how;
	bool gap = true;
	int err = ERR_OK;

	if (!o->lower)
		return kv_seek(o->upper, h, key, ret_key, ret_val);
	if (h == KV_NEXT || h == KV_PREV) {
		if (!o->placed)
			return ERR_NOTFOUND;
		key = kv_bytes(o->at, o->at_n);
	}
	while (!err && gap) {
		err = step(o, h, key, ret_key, ret_val, &gap);
		if (err)
			break;
		assert(ret_key->n <= KV_KEY_MAX);
		memcpy(o->at, ret_key->p, ret_key->n);
		o->at_n = ret_key->n;
		key = kv_bytes(o->at, o->at_n);
		h = how == KV_GE || how == KV_NEXT ? KV_NEXT : KV_PREV;
	}
	o->placed = !err;
	return err;
}

static void overlay_close(struct kv *kv)
{
	kv_close(((struct overlay *)kv)->upper);
	mem_free(kv);
}

int overlay_new(struct kv_txn *base, uint32_t fresh, struct kv **ret)
{
	static const struct kv_ops ops = {
		.begin = overlay_begin,
		.commit = overlay_commit,
		.abort = overlay_abort,
		.get = overlay_get,
		.put = overlay_put,
		.del = overlay_del,
		.cursor = overlay_cursor,
		.seek = overlay_seek,
		.cursor_close = overlay_cursor_close,
		.close = overlay_close,
	};
	struct overlay *o = mem_alloc(sizeof(*o));
	int err = o ? kvmem_new(&o->upper) : ERR_NOMEM;

	if (err) {
		mem_free(o);
		return err;
	}
	o->kv.ops = &ops;
	o->base = base;
	o->fresh = fresh;
	*ret = &o->kv;
	return ERR_OK;
}

/* Of a gap there is the mark alone, and nothing stands twice. */
static void table_invariant(struct kv_txn *upper, enum kv_table tab)
{
	struct bytes key, row, last = {0};
	struct kv_cursor *c = NULL;
	int err = kv_cursor_open(upper, tab, &c);

	for (enum kv_how how = KV_GE; !err; how = KV_NEXT) {
		err = kv_seek(c, how, kv_bytes("", 0), &key, &row);
		if (err)
			break;
		assert(row.n > 0 && (row.p[0] == ROW_VALUE || (row.p[0] == ROW_GAP && row.n == 1)));
		assert(!last.p || key_cmp(last, key) < 0);
		last = key;
	}
	assert(err == ERR_NOTFOUND || err == ERR_NOMEM);
	kv_cursor_close(c);
}

void overlay_invariant(struct kv_txn *t)
{
	for (int tab = 0; tab < KV_NTABLES; tab++)
		if (!is_fresh(t, (enum kv_table)tab))
			table_invariant(upper_of(t), (enum kv_table)tab);
}
