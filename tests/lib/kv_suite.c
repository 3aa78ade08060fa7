#include "tests/lib/kv_suite.h"

#include "lib/err.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

/* The model: rows in order in an array, found by walking. */
#define MODEL_ROWS_MAX 600
#define MODEL_KEY_MAX  12
#define MODEL_VAL_MAX  40
#define MODEL_TABLES   2

static const enum kv_table model_tab[MODEL_TABLES] = {KV_ENTRY, KV_STATE};

struct row {
	uint8_t kn, vn;
	uint8_t k[MODEL_KEY_MAX], v[MODEL_VAL_MAX];
};
struct model {
	uint32_t n[MODEL_TABLES];
	struct row row[MODEL_TABLES][MODEL_ROWS_MAX];
};

static int bytes_cmp(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	return d ? d : (a.n > b.n) - (a.n < b.n);
}

static struct bytes row_key(const struct row *r)
{
	return kv_bytes(r->k, r->kn);
}

/* Index of the first row >= @key. */
static uint32_t model_ge(const struct model *m, int tab, struct bytes key)
{
	uint32_t i = 0;

	while (i < m->n[tab] && bytes_cmp(row_key(&m->row[tab][i]), key) < 0)
		i++;
	return i;
}

static bool model_has(const struct model *m, int tab, uint32_t i, struct bytes key)
{
	return i < m->n[tab] && bytes_cmp(row_key(&m->row[tab][i]), key) == 0;
}

static void model_put(struct model *m, int tab, const struct row *r)
{
	uint32_t i = model_ge(m, tab, row_key(r));
	struct row *rows = m->row[tab];

	if (!model_has(m, tab, i, row_key(r))) {
		memmove(rows + i + 1, rows + i, (m->n[tab] - i) * sizeof(*rows));
		m->n[tab]++;
	}
	rows[i] = *r;
}

static bool model_del(struct model *m, int tab, struct bytes key)
{
	uint32_t i = model_ge(m, tab, key);
	struct row *rows = m->row[tab];

	if (!model_has(m, tab, i, key))
		return false;
	m->n[tab]--;
	memmove(rows + i, rows + i + 1, (m->n[tab] - i) * sizeof(*rows));
	return true;
}

static void is_row(const struct row *want, int err, struct bytes k, struct bytes v)
{
	T_EQ(err, ERR_OK);
	T_EQ(k.n, want->kn);
	T_MEM(k.p, want->k, k.n);
	T_EQ(v.n, want->vn);
	T_MEM(v.p, want->v, v.n);
}

/* The store has exactly the rows of the model, walked both ways. */
static void same(struct kv_txn *t, const struct model *m)
{
	for (int tab = 0; tab < MODEL_TABLES; tab++) {
		struct kv_cursor *c;
		struct bytes k, v;
		uint32_t i;

		T_EQ(kv_cursor_open(t, model_tab[tab], &c), ERR_OK);
		int err = kv_seek(c, KV_GE, kv_bytes(NULL, 0), &k, &v);
		for (i = 0; i < m->n[tab]; i++) {
			is_row(&m->row[tab][i], err, k, v);
			err = kv_seek(c, KV_NEXT, kv_bytes(NULL, 0), &k, &v);
		}
		T_EQ(err, ERR_NOTFOUND);
		T_EQ(kv_seek(c, KV_NEXT, kv_bytes(NULL, 0), &k, &v), ERR_NOTFOUND);
		err = kv_seek(c, KV_LAST, kv_bytes(NULL, 0), &k, &v);
		for (i = m->n[tab]; i-- > 0;) {
			is_row(&m->row[tab][i], err, k, v);
			err = kv_seek(c, KV_PREV, kv_bytes(NULL, 0), &k, &v);
		}
		T_EQ(err, ERR_NOTFOUND);
		kv_cursor_close(c);
	}
}

/* Short keys over a small alphabet, so that rows are met again and prefixes of each other. */
static void random_key(struct prng *g, struct row *r)
{
	static const uint8_t letters[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	r->kn = (uint8_t)(1 + prng_below(g, 4));
	if (prng_below(g, 16) == 0)
		r->kn = MODEL_KEY_MAX;
	for (int i = 0; i < r->kn; i++)
		r->k[i] = letters[prng_below(g, sizeof(letters))];
}

static void random_row(struct prng *g, struct row *r)
{
	*r = (struct row){0};
	random_key(g, r);
	r->vn = (uint8_t)prng_below(g, MODEL_VAL_MAX + 1);
	prng_fill(g, r->v, r->vn);
}

static void random_seek(struct prng *g, struct kv_txn *t, const struct model *m)
{
	int tab = (int)prng_below(g, MODEL_TABLES);
	struct row r = {0};
	struct kv_cursor *c;
	struct bytes k, v;

	random_key(g, &r);
	uint32_t i = model_ge(m, tab, row_key(&r));
	T_EQ(kv_cursor_open(t, model_tab[tab], &c), ERR_OK);
	int err = kv_seek(c, KV_GE, row_key(&r), &k, &v);
	if (i < m->n[tab]) {
		is_row(&m->row[tab][i], err, k, v);
		if (i > 0)
			is_row(&m->row[tab][i - 1], kv_seek(c, KV_PREV, kv_bytes(NULL, 0), &k, &v),
			       k, v);
		else
			T_EQ(kv_seek(c, KV_PREV, kv_bytes(NULL, 0), &k, &v), ERR_NOTFOUND);
	} else {
		T_EQ(err, ERR_NOTFOUND);
	}
	err = kv_seek(c, KV_LT, row_key(&r), &k, &v);
	if (i > 0) {
		is_row(&m->row[tab][i - 1], err, k, v);
		err = kv_seek(c, KV_NEXT, kv_bytes(NULL, 0), &k, &v);
		if (i < m->n[tab])
			is_row(&m->row[tab][i], err, k, v);
		else
			T_EQ(err, ERR_NOTFOUND);
	} else {
		T_EQ(err, ERR_NOTFOUND);
	}
	kv_cursor_close(c);
}

static void random_op(struct prng *g, struct kv_txn *t, struct model *m)
{
	int tab = (int)prng_below(g, MODEL_TABLES);
	uint64_t what = prng_below(g, 10);
	struct row r;
	struct bytes v;

	random_row(g, &r);
	uint32_t i = model_ge(m, tab, row_key(&r));
	bool has = model_has(m, tab, i, row_key(&r));
	if (what < 5 && m->n[tab] < MODEL_ROWS_MAX) {
		T_EQ(kv_put(t, model_tab[tab], row_key(&r), kv_bytes(r.v, r.vn)), ERR_OK);
		model_put(m, tab, &r);
	} else if (what < 8) {
		T_EQ(kv_del(t, model_tab[tab], row_key(&r)), has ? ERR_OK : ERR_NOTFOUND);
		T_EQ(model_del(m, tab, row_key(&r)), has);
	} else if (what < 9) {
		int err = kv_get(t, model_tab[tab], row_key(&r), &v);

		T_EQ(err, has ? ERR_OK : ERR_NOTFOUND);
		if (has)
			is_row(&m->row[tab][i], err, row_key(&r), v);
	} else {
		random_seek(g, t, m);
	}
}

void kv_suite_random(const struct kv_suite *s, uint64_t seed, uint32_t steps)
{
	struct model *now = calloc(1, sizeof(*now)), *work = calloc(1, sizeof(*work));
	struct kv *kv = s->open(s->ctx, false);
	struct kv_txn *t, *r;
	struct prng g;

	prng_seed(&g, seed);
	for (uint32_t i = 0; i < steps; i++) {
		T_EQ(kv_begin(kv, true, &t), ERR_OK);
		*work = *now;
		for (uint64_t n = prng_below(&g, 60); n > 0; n--)
			random_op(&g, t, work);
		T_EQ(kv_begin(kv, false, &r), ERR_OK);
		same(r, now); /* the last commit, beside the writes */
		same(t, work);
		if (prng_below(&g, 4) == 0) {
			kv_abort(t);
		} else {
			T_EQ(kv_commit(t), ERR_OK);
			same(r, now); /* still the snapshot it began with */
			*now = *work;
		}
		kv_abort(r);
		T_EQ(kv_begin(kv, false, &r), ERR_OK);
		same(r, now);
		T_EQ(kv_commit(r), ERR_OK);
		if (s->durable && prng_below(&g, 16) == 0) {
			kv_close(kv);
			kv = s->open(s->ctx, false);
		}
	}
	kv_close(kv);
	free(now);
	free(work);
}

static void put_str(struct kv_txn *t, const char *k, const char *v)
{
	T_EQ(kv_put(t, KV_META, bytes_str(k), bytes_str(v)), ERR_OK);
}

static void has_str(struct kv_txn *t, const char *k, const char *want)
{
	struct bytes v;
	int err = kv_get(t, KV_META, bytes_str(k), &v);

	if (!want) {
		T_EQ(err, ERR_NOTFOUND);
		return;
	}
	T_EQ(err, ERR_OK);
	T_EQ(v.n, strlen(want));
	T_MEM(v.p, want, v.n);
}

void kv_suite_cursor_edges(const struct kv_suite *s)
{
	struct kv *kv = s->open(s->ctx, false);
	struct bytes k, v, none = kv_bytes(NULL, 0);
	struct kv_cursor *c;
	struct kv_txn *t;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(kv_cursor_open(t, KV_META, &c), ERR_OK);
	T_EQ(kv_seek(c, KV_NEXT, none, &k, &v), ERR_NOTFOUND); /* on no row */
	T_EQ(kv_seek(c, KV_LAST, none, &k, &v), ERR_NOTFOUND);
	T_EQ(kv_seek(c, KV_GE, none, &k, &v), ERR_NOTFOUND);
	T_EQ(kv_seek(c, KV_LT, kv_bytes("z", 1), &k, &v), ERR_NOTFOUND);
	put_str(t, "b", "2");
	put_str(t, "a", "1");
	put_str(t, "bb", "");
	T_EQ(kv_seek(c, KV_LT, kv_bytes("bb", 2), &k, &v), ERR_OK);
	T_MEM(k.p, "b", 1);
	T_EQ(kv_seek(c, KV_GE, kv_bytes("ba", 2), &k, &v), ERR_OK);
	T_EQ(k.n, 2);
	T_EQ(v.n, 0);
	T_EQ(kv_seek(c, KV_LT, none, &k, &v), ERR_NOTFOUND);
	T_EQ(kv_seek(c, KV_GE, kv_bytes("c", 1), &k, &v), ERR_NOTFOUND);
	T_EQ(kv_seek(c, KV_PREV, none, &k, &v), ERR_NOTFOUND); /* the end left the row */
	kv_cursor_close(c);
	kv_abort(t);
	kv_close(kv);
}

void kv_suite_snapshot(const struct kv_suite *s)
{
	struct kv *kv = s->open(s->ctx, false);
	struct kv_txn *w, *r1, *r2;

	T_EQ(kv_begin(kv, true, &w), ERR_OK);
	put_str(w, "x", "old");
	T_EQ(kv_commit(w), ERR_OK);
	T_EQ(kv_begin(kv, false, &r1), ERR_OK);
	T_EQ(kv_begin(kv, true, &w), ERR_OK);
	put_str(w, "x", "new");
	put_str(w, "y", "1");
	has_str(w, "x", "new");
	has_str(r1, "x", "old");
	T_EQ(kv_commit(w), ERR_OK);
	T_EQ(kv_begin(kv, false, &r2), ERR_OK);
	has_str(r1, "x", "old");
	has_str(r1, "y", NULL);
	has_str(r2, "x", "new");
	has_str(r2, "y", "1");
	kv_abort(r1);
	kv_abort(r2);
	kv_close(kv);
}

void kv_suite_abort(const struct kv_suite *s)
{
	struct kv *kv = s->open(s->ctx, false);
	struct kv_txn *t;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	put_str(t, "keep", "1");
	T_EQ(kv_commit(t), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	put_str(t, "gone", "1");
	T_EQ(kv_del(t, KV_META, kv_bytes("keep", 4)), ERR_OK);
	has_str(t, "keep", NULL);
	kv_abort(t);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	has_str(t, "keep", "1");
	has_str(t, "gone", NULL);
	T_EQ(kv_del(t, KV_META, kv_bytes("gone", 4)), ERR_NOTFOUND); /* not sticky */
	put_str(t, "more", "1");
	T_EQ(kv_commit(t), ERR_OK);
	kv_close(kv);
}

/* Puts until it fails or 8 MiB are in; then nothing of it may be there, and small work goes on. */
void kv_suite_full(const struct kv_suite *s)
{
	static uint8_t big[4096];
	struct kv *kv = s->open(s->ctx, true);
	struct kv_txn *t;
	int err = ERR_OK;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	put_str(t, "x", "1");
	T_EQ(kv_commit(t), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	put_str(t, "x", "2");
	for (uint32_t i = 0; i < 2048 && !err; i++) {
		uint8_t key[4];

		be32_put(key, i);
		err = kv_put(t, KV_ENTRY, kv_bytes(key, 4), kv_bytes(big, sizeof(big)));
	}
	if (err) { /* later writes do nothing and say the same */
		T_EQ(err, ERR_FULL);
		T_EQ(kv_put(t, KV_META, kv_bytes("y", 1), kv_bytes("1", 1)), ERR_FULL);
		T_EQ(kv_del(t, KV_META, kv_bytes("x", 1)), ERR_FULL);
	}
	T_EQ(kv_commit(t), ERR_FULL);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	has_str(t, "x", "1");
	has_str(t, "y", NULL);
	put_str(t, "x", "3");
	T_EQ(kv_commit(t), ERR_OK);
	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	has_str(t, "x", "3");
	kv_abort(t);
	kv_close(kv);
}

/* Rows in order, then every other one gone, then all. */
void kv_suite_many(const struct kv_suite *s, uint32_t rows)
{
	struct kv *kv = s->open(s->ctx, false);
	struct kv_txn *t;
	struct bytes v;
	uint8_t key[4];

	for (int pass = 0; pass < 3; pass++) {
		T_EQ(kv_begin(kv, true, &t), ERR_OK);
		for (uint32_t i = 0; i < rows; i++) {
			be32_put(key, i);
			if (pass == 0)
				T_EQ(kv_put(t, KV_ENTRY, kv_bytes(key, 4), kv_bytes(key, 4)),
				     ERR_OK);
			else if (i % 2 == (uint32_t)pass % 2)
				T_EQ(kv_del(t, KV_ENTRY, kv_bytes(key, 4)), ERR_OK);
		}
		T_EQ(kv_commit(t), ERR_OK);
		T_EQ(kv_begin(kv, false, &t), ERR_OK);
		for (uint32_t i = 0; i < rows; i++) {
			be32_put(key, i);
			bool there = pass == 0 || (pass == 1 && i % 2 == 0);
			T_EQ(kv_get(t, KV_ENTRY, kv_bytes(key, 4), &v),
			     there ? ERR_OK : ERR_NOTFOUND);
			if (there)
				T_MEM(v.p, key, 4);
		}
		kv_abort(t);
	}
	kv_close(kv);
}

void kv_suite_reopen(const struct kv_suite *s)
{
	struct kv *kv = s->open(s->ctx, false);
	struct kv_txn *t;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	put_str(t, "x", "1");
	T_EQ(kv_commit(t), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	put_str(t, "x", "2");
	kv_abort(t);
	kv_close(kv);
	kv = s->open(s->ctx, false);
	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	has_str(t, "x", s->durable ? "1" : NULL);
	kv_abort(t);
	kv_close(kv);
}
