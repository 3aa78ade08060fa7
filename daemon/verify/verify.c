#include "daemon/verify/verify.h"

#include <assert.h>
#include <string.h>

#include "daemon/verify/verify_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/vec.h"

#define NO_BYTES    4
#define INDEX_TAG   0xff
#define INDEX_BYTES (1 + HASH_BYTES)

/* --- small things ---------------------------------------------------------------------------------- */
struct verify_feed *verify_feed_of(struct verify *v, uint32_t no)
{
	uint32_t lo = 0, hi = v->nfeeds;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (v->feed[mid].h.no == no)
			return &v->feed[mid];
		if (v->feed[mid].h.no < no)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

bool verify_is_bad(const struct verify_feed *f, uint64_t seq)
{
	if (f->nbad == VERIFY_BAD_MAX)
		return true;
	for (uint32_t i = 0; i < f->nbad; i++)
		if (f->bad[i] == seq)
			return true;
	return false;
}

int verify_cmp(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	if (d)
		return d;
	return a.n < b.n ? -1 : a.n > b.n;
}

int verify_get(struct verify *v, enum kv_table tab, struct bytes key, bool *ret_found,
	       struct bytes *ret)
{
	int err = kv_get(v->t, tab, key, ret);

	*ret_found = err == ERR_OK;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* --- the directory of feeds ------------------------------------------------------------------------ */
int verify_feed_add(struct verify *v, uint32_t no, struct verify_feed **ret)
{
	uint32_t at = v->nfeeds;

	if (VEC_ROOM(v->feed, v->nfeeds, v->feeds_cap))
		return ERR_NOMEM;
	while (at > 0 && v->feed[at - 1].h.no > no) /* heads come in their order */
		at--;
	memmove(&v->feed[at + 1], &v->feed[at], (v->nfeeds - at) * sizeof(*v->feed));
	v->nfeeds++;
	memset(&v->feed[at], 0, sizeof(*v->feed));
	v->feed[at].h.no = no;
	*ret = &v->feed[at];
	return ERR_OK;
}

static int read_head(struct verify *v, uint32_t no)
{
	struct verify_feed *f;
	int err;

	if (no == 0 || no > FEEDS_MAX || v->nfeeds == FEEDS_MAX) {
		problem_add(v, NULL, PROBLEM_FEED_NUMBER, PROBLEM_NO_ENTRY, no);
		return ERR_OK;
	}
	err = verify_feed_add(v, no, &f);
	if (err)
		return err;
	err = feedlog_head(v->t, no, &f->h);
	if (err && err != ERR_CORRUPT)
		return err;
	f->h.no = no;
	f->here = !err;
	f->broken = err;
	if (err)
		problem_add(v, f, PROBLEM_HEAD_DAMAGED, PROBLEM_NO_ENTRY, no);
	if (err)
		return ERR_OK;
	v->total += f->h.size;
	f->stored = f->h;
	return verify_head_identity(v, f);
}

/* The row that says which number a feed ID has. Heads come before it in the table. */
static int read_index(struct verify *v, struct bytes key, struct bytes val)
{
	uint32_t no = val.n == NO_BYTES ? be32_get(val.p) : 0;
	struct verify_feed *f = verify_feed_of(v, no);
	int err = ERR_OK;

	if (f && f->here && memcmp(f->h.id.b, key.p + 1, HASH_BYTES) == 0) {
		f->indexed = true;
		return ERR_OK;
	}
	if (!f && no > 0 && no <= FEEDS_MAX && v->nfeeds < FEEDS_MAX) {
		err = verify_feed_add(v, no, &f);
		if (err)
			return err;
		f->broken = true;
	}
	if (f && !f->here)
		problem_add(v, f, PROBLEM_HEAD_MISSING, PROBLEM_NO_ENTRY, no);
	else
		problem_add(v, NULL, PROBLEM_FEED_MISDIRECTED, PROBLEM_NO_ENTRY, no);
	return ERR_OK;
}

int verify_read_feeds(struct verify *v)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	int err = kv_cursor_open(v->t, KV_FEED, &c);

	for (enum kv_how how = KV_GE; !err; how = KV_NEXT) {
		err = kv_seek(c, how, kv_bytes("", 0), &key, &val);
		if (err)
			break;
		if (key.n == NO_BYTES)
			err = read_head(v, be32_get(key.p));
		else if (key.n == INDEX_BYTES && key.p[0] == INDEX_TAG)
			err = read_index(v, key, val);
		else
			problem_add(v, NULL, PROBLEM_FEED_ROW, PROBLEM_NO_ENTRY, 0);
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* A head that the directory does not know under its number: whose are the entries? */
static void check_unindexed(struct verify *v, struct verify_feed *f)
{
	struct bytes leaf, payload;
	struct entry e;

	if (!feedlog_read(v->t, f->h.no, 0, &leaf, &payload) && !entry_parse(leaf.p, leaf.n, &e) &&
	    hash_cmp(&e.feed, &f->h.id)) {
		f->here = false;
		f->broken = true;
		problem_add(v, f, PROBLEM_HEAD_OTHER, PROBLEM_NO_ENTRY, f->h.no);
		return;
	}
	problem_add(v, f, PROBLEM_FEED_UNINDEXED, PROBLEM_NO_ENTRY, 0);
}

static void check_directory(struct verify *v)
{
	const uint32_t must[] = {FEED_TOWN, v->own};

	for (uint32_t i = 0; i < v->nfeeds; i++)
		if (v->feed[i].here && !v->feed[i].indexed)
			check_unindexed(v, &v->feed[i]);
	for (uint32_t i = 0; i < 2; i++) {
		if (verify_feed_of(v, must[i]) || (i == 1 && must[0] == must[1]))
			continue;
		problem_add(v, NULL, i == 0 ? PROBLEM_NO_TOWN_FEED : PROBLEM_NO_OWN_FEED,
			    PROBLEM_NO_ENTRY, must[i]);
	}
}

static void no_village_feed(struct verify *v, const struct verify_village *w)
{
	struct problem *p = problem_add(v, NULL, PROBLEM_NO_VILLAGE_FEED, PROBLEM_NO_ENTRY, 0);

	if (!p)
		return;
	str_set(p->s, sizeof(p->s), bytes_str(w->name));
	str_set(p->t, sizeof(p->t), bytes_str(w->code));
}

static bool has_id(const void *ctx, uint32_t at, struct bytes id)
{
	const struct verify *v = ctx;

	return memcmp(v->feed[at].h.id.b, id.p, HASH_BYTES) == 0;
}

static void check_villages(struct verify *v, const struct map *feeds)
{
	for (uint32_t i = 0; i < v->nvillages; i++) {
		const struct verify_village *w = &v->village[i];

		if (w->enrolled &&
		    map_get(feeds, kv_bytes(w->feed.b, HASH_BYTES), has_id, v) == MAP_NONE)
			no_village_feed(v, w);
	}
}

/* A hub registers a feed with the entry that enrols it. A head that cannot be read may be that of any village. */
static int check_enrolled(struct verify *v)
{
	struct map feeds = {0};
	int err = ERR_OK;

	if (v->own != FEED_TOWN)
		return ERR_OK;
	for (uint32_t i = 0; i < v->nfeeds; i++)
		if (!v->feed[i].here)
			return ERR_OK;
	for (uint32_t i = 0; !err && i < v->nfeeds; i++)
		err = map_add(&feeds, kv_bytes(v->feed[i].h.id.b, HASH_BYTES), i);
	if (!err)
		check_villages(v, &feeds);
	map_close(&feeds);
	return err;
}

/* --- rows that nothing explains -------------------------------------------------------------------- */
/* Rows of KV_ENTRY under numbers that no feed has; those of known feeds were all looked at. */
static int surplus_entries(struct verify *v)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	uint8_t from[NO_BYTES] = {0};
	uint32_t no = 0;
	int err = kv_cursor_open(v->t, KV_ENTRY, &c);

	if (!err)
		err = kv_seek(c, KV_GE, kv_bytes("", 0), &key, &val);
	while (!err) {
		no = key.n >= NO_BYTES ? be32_get(key.p) : 0;
		if (key.n < NO_BYTES || !verify_feed_of(v, no))
			problem_add(v, NULL, PROBLEM_ENTRY_NO_FEED, PROBLEM_NO_ENTRY, no);
		if (key.n < NO_BYTES) {
			err = kv_seek(c, KV_NEXT, key, &key, &val);
			continue;
		}
		if (no == UINT32_MAX)
			break;
		be32_put(from, no + 1);
		err = kv_seek(c, KV_GE, kv_bytes(from, sizeof(from)), &key, &val);
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* Nothing is kept in this table yet. */
static int surplus_meta(struct verify *v)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	int err = kv_cursor_open(v->t, KV_META, &c);

	for (enum kv_how how = KV_GE; !err; how = KV_NEXT) {
		err = kv_seek(c, how, kv_bytes("", 0), &key, &val);
		if (!err)
			problem_add(v, NULL, PROBLEM_META_ROW, PROBLEM_NO_ENTRY, 0);
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* --- the order of the work ------------------------------------------------------------------------- */
static int verify_one(struct verify *v, struct verify_feed *f)
{
	int err = verify_verdicts_upto(v, f->h.no, 0);

	if (err || !f->here)
		return err;
	verify_town_label(v, f);
	err = verify_note_sizes(v, f);
	if (!err)
		err = verify_feed_run(v, f);
	if (!err)
		err = verify_note_run(v, f);
	if (!err && f->h.no == v->own && v->guard)
		verify_guard(v, f);
	return err;
}

static int open_verdicts(struct verify *v)
{
	int err = kv_cursor_open(v->t, KV_VERDICT, &v->verdicts);

	if (!err)
		err = kv_seek(v->verdicts, KV_GE, kv_bytes("", 0), &v->verdict_key,
			      &v->verdict_val);
	v->more_verdicts = !err;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int run(struct verify *v)
{
	int err = verify_read_feeds(v);

	if (err)
		return err;
	verify_town_charter(v);
	check_directory(v);
	err = open_verdicts(v);
	if (!err && v->opts->rebuild)
		err = verify_state_open(v);
	/* the town feed has the lowest number, so villages find it folded */
	for (uint32_t i = 0; !err && i < v->nfeeds; i++)
		err = verify_one(v, &v->feed[i]);
	if (!err)
		err = verify_verdicts_upto(v, UINT32_MAX, UINT64_MAX);
	if (!err)
		err = check_enrolled(v);
	if (!err)
		err = surplus_entries(v);
	if (!err)
		err = verify_surplus_tree(v);
	if (!err)
		err = verify_surplus_txid(v);
	if (!err)
		err = verify_surplus_note(v);
	if (!err)
		err = surplus_meta(v);
	if (!err && v->opts->rebuild)
		err = verify_state_compare(v);
	return err ? err : v->err;
}

void verify_free(struct verify *v)
{
	if (!v)
		return;
	kv_cursor_close(v->verdicts);
	verify_state_close(v);
	buf_close(&v->pack);
	mem_free(v->batch);
	mem_free(v->root);
	mem_free(v->village);
	map_close(&v->by_code);
	map_close(&v->by_feed);
	map_close(&v->by_witness);
	mem_free(v->feed);
	mem_free(v);
}

int verify_store(struct kv_txn *t, const struct hash *town, uint32_t own, const struct guard *guard,
		 const struct verify_opts *opts, struct verify_report *ret)
{
	struct verify_report report = {0};
	struct verify *v = mem_alloc(sizeof(*v));
	int err;

	if (!v)
		return ERR_NOMEM;
	*v = (struct verify){
		.t = t, .town = town, .own = own, .guard = guard, .opts = opts, .report = &report};
	err = run(v);
	if (!err && opts->progress)
		opts->progress(opts->ctx, v->total, v->total);
	verify_free(v);
	if (err)
		verify_close(&report);
	else
		*ret = report;
	return err;
}

void verify_close(struct verify_report *r)
{
	if (!r)
		return;
	mem_free(r->problem);
	r->problem = NULL;
	r->nproblems = 0;
}
