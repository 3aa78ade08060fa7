#include "tests/sim/sim.h"

#include <string.h>

#include "daemon/exchange/node_int.h"
#include "daemon/ledger/query/statement.h"
#include "daemon/ledger/state/state_year.h"
#include "daemon/verify/verify.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/sim/books.h"

#define CHUNK_ROOT_AT 46 /* SPEC 9.5 */
#define TX_EVERY      4	 /* entries between two whose author's signature is looked at */
#define DIGEST_EVERY  4	 /* of the times when two sizes are equal */
#define STORE_EVERY   64 /* steps between two looks at all rows of a store */

static const char *name_of(const struct sim *s, uint32_t host)
{
	return s->m[host].host.name;
}

/* The feed with this ID; SIM_HOSTS: none. */
static uint32_t feed_of(const struct sim *s, const struct hash *id)
{
	uint32_t f = 0;

	while (f < SIM_HOSTS && hash_cmp(&s->m[f].host.feed, id))
		f++;
	return f;
}

static bool carries(uint32_t host, uint32_t feed)
{
	return host == SIM_HUB || feed == SIM_HUB || feed == host;
}

static void acknowledged_survive(struct sim *s, uint32_t host);

void law_open(struct sim *s)
{
	(void)s; /* everything starts at zero, last[] is set with the first entry */
}

void law_close(struct sim *s)
{
	for (uint32_t f = 0; f < SIM_HOSTS; f++)
		buf_close(&s->feed[f].head);
}

/* --- one feed, one size, one root ------------------------------------------------------------------- */

static void signed_head(struct sim *s, uint32_t feed, uint64_t size, const struct hash *root,
			const char *who)
{
	static const struct hash none;
	struct buf *b = &s->feed[feed].head;
	uint8_t *at;

	if (feed == SIM_HOSTS || size == 0)
		return;
	while (b->n < (size + 1) * HASH_BYTES)
		buf_put(b, none.b, HASH_BYTES);
	T_EQ(b->err, ERR_OK);
	at = b->p + size * HASH_BYTES;
	if (!memcmp(at, none.b, HASH_BYTES))
		memcpy(at, root->b, HASH_BYTES);
	else if (memcmp(at, root->b, HASH_BYTES))
		sim_fail(s, "two heads: feed of %s has another root at size %llu (%s)",
			 name_of(s, feed), (unsigned long long)size, who);
}

void law_signed(struct sim *s, uint32_t host)
{
	struct guard g;

	writer_head(s->m[host].host.writer, &g);
	signed_head(s, host, g.size, &g.root, "own checkpoint");
	law_guarded(s, host, g.size);
}

/* A writer that opens has every entry that was ever signed, whatever store it was given. */
void law_opened(struct sim *s, uint32_t host)
{
	uint64_t most = s->feed[host].head.n / HASH_BYTES;
	struct guard g;

	writer_head(s->m[host].host.writer, &g);
	law_signed(s, host);
	if (most > g.size + 1)
		sim_fail(s, "signed is kept: %s goes on at %llu and has signed %llu",
			 name_of(s, host), (unsigned long long)g.size,
			 (unsigned long long)most - 1);
	acknowledged_survive(s, host);
}

/* Nothing of any feed is missing at @host. */
bool law_has_all(struct sim *s, uint32_t host)
{
	bool all = true;

	for (uint32_t f = 0; f < SIM_HOSTS; f++)
		if (carries(host, f) &&
		    host_size(&s->m[host].host, &s->m[f].host.feed) < s->feed[f].edge[host].size)
			all = false;
	return all;
}

void law_went_back(struct sim *s, uint32_t host)
{
	struct law_feed *town = &s->feed[SIM_HUB];

	if (s->m[host].town_had < town->edge[host].size)
		s->m[host].town_had = town->edge[host].size;
	memset(&town->edge[host], 0, sizeof(town->edge[host]));
}

/* A witness never goes back, whatever store it is given. (That a size has one root, signed_head sees.) */
void law_cosigned(struct sim *s, uint32_t host, const struct job_ingest *g)
{
	uint32_t feed = feed_of(s, &g->feed);
	uint64_t *most = &s->feed[feed].cosigned[host];

	signed_head(s, feed, g->size, &g->root, "cosignature");
	if (!law_cosigned_so(&s->m[feed].host, &s->m[host].host, g))
		sim_fail(s, "witness: what %s signs of %s is no cosignature of it",
			 name_of(s, host), name_of(s, feed));
	if (g->size < *most)
		sim_fail(s, "witness: %s cosigns %s at %llu, and has cosigned %llu before",
			 name_of(s, host), name_of(s, feed), (unsigned long long)g->size,
			 (unsigned long long)*most);
	*most = g->size;
}

/* --- acknowledged sizes ----------------------------------------------------------------------------- */

static void acked(struct sim *s, uint32_t village, uint64_t size)
{
	struct machine *m = &s->m[village];
	uint64_t held = host_size(&s->m[SIM_HUB].host, &m->host.feed);

	if (size < m->acked_by_hub && s->lied[village])
		return; /* that a hub has lost something, who lies may say */
	if (size < m->acked_by_hub)
		sim_fail(s, "acknowledged sizes never shrink: hub said %llu of %s, after %llu",
			 (unsigned long long)size, m->host.name,
			 (unsigned long long)m->acked_by_hub);
	if (size > held)
		sim_fail(s, "acknowledged is durable: hub said %llu of %s and has %llu",
			 (unsigned long long)size, m->host.name, (unsigned long long)held);
	m->acked_by_hub = size;
}

void law_before_apply(struct sim *s, uint32_t host)
{
	const struct host *h = &s->m[host].host;

	for (uint32_t i = 0; i < h->nqueue && i < WRITER_BATCH_MAX; i++) {
		const struct job *j = h->queue[i];
		struct hash feed, root;
		uint64_t from;
		uint32_t n;

		if (j->type == JOB_ACKED) {
			acked(s, host, j->u.acked.size);
		} else if (j->type == JOB_COSIG) {
			signed_head(s, feed_of(s, &j->u.cosig.feed), j->u.cosig.size,
				    &j->u.cosig.root, "cosignature");
		} else if (j->type == JOB_INGEST &&
			   !chunk_peek(j->u.ingest.body.p, j->u.ingest.body.n, &feed, &from, &n)) {
			uint32_t f = feed_of(s, &feed);

			/* who lies may have signed it; nobody may take it */
			if (f != SIM_HOSTS && s->lied[f])
				continue;
			memcpy(root.b, j->u.ingest.body.p + CHUNK_ROOT_AT, HASH_BYTES);
			signed_head(s, f, from + n, &root, "chunk");
		}
	}
}

static void no_lie_taken(struct sim *s, uint32_t host, const struct job_ingest *g)
{
	struct hash h;

	hash_of(g->body.p, g->body.n, &h);
	for (uint32_t i = 0; i < s->nfalse && i < SIM_LIES_KEPT; i++)
		if (!hash_cmp(&s->false_chunk[i], &h))
			sim_fail(s, "a lie is refused: %s has taken a chunk that was altered",
				 name_of(s, host));
}

void law_before_report(struct sim *s, uint32_t host)
{
	const struct host *h = &s->m[host].host;

	for (uint32_t i = 0; i < h->nbatch; i++) {
		const struct job *j = h->batch[i];

		if (j->type == JOB_INGEST && !j->err)
			no_lie_taken(s, host, &j->u.ingest);
		if (j->type == JOB_INGEST && !j->err)
			signed_head(s, feed_of(s, &j->u.ingest.feed), j->u.ingest.size,
				    &j->u.ingest.root, "acknowledgement");
		if (j->type == JOB_INGEST && !j->err && j->u.ingest.cosigned)
			law_cosigned(s, host, &j->u.ingest);
	}
}

/* What the hub believes that a village holds of the town feed. */
static void acked_to_hub(struct sim *s)
{
	struct node_link l[64];
	uint32_t n;

	if (!s->m[SIM_HUB].host.up)
		return;
	n = node_links(s->m[SIM_HUB].host.node, l, 64);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = feed_of(s, &l[i].feed);
		uint64_t held;

		if (v == SIM_HOSTS || !l[i].acked || net_caller(s, l[i].conn) == SIM_CLONE)
			continue;
		held = host_size(&s->m[v].host, &s->m[SIM_HUB].host.feed);
		if (held < s->m[v].town_had)
			continue; /* it was given an old copy, and gets the rest again */
		if (held < l[i].acked)
			sim_fail(s,
				 "acknowledged is durable: %s said %llu of the town feed and has "
				 "less",
				 name_of(s, v), (unsigned long long)l[i].acked);
	}
}

/* --- chain and tree --------------------------------------------------------------------------------- */

static void follow_entry(struct sim *s, uint32_t host, uint32_t feed, uint64_t seq,
			 struct bytes leaf, struct bytes payload)
{
	struct law_feed *f = &s->feed[feed];
	struct hash commitment, h;
	struct payload parts;
	struct entry e;

	if (seq == 0)
		f->last[host] = s->m[feed].host.feed;
	if (entry_parse(leaf.p, leaf.n, &e) || e.seq != seq ||
	    hash_cmp(&e.feed, &s->m[feed].host.feed)) {
		sim_fail(s, "chain: %s: entry %llu of %s is out of place", name_of(s, host),
			 (unsigned long long)seq, name_of(s, feed));
		return;
	}
	if (hash_cmp(&e.prev, &f->last[host])) {
		sim_fail(s, "chain: %s: entry %llu of %s does not follow the one before",
			 name_of(s, host), (unsigned long long)seq, name_of(s, feed));
		return;
	}
	if (payload_parse(payload.p, payload.n, &parts)) {
		sim_fail(s, "chain: a payload without form");
		return;
	}
	payload_commit(&parts, &commitment);
	if (hash_cmp(&commitment, &e.commitment))
		sim_fail(s, "chain: a payload that its leaf does not promise");
	if (host == feed && seq % TX_EVERY == 0 && !law_signed_so(&s->m[host].host.town, leaf))
		sim_fail(s, "chain: %s: the author has not signed all of entry %llu",
			 name_of(s, host), (unsigned long long)seq);
	hash_leaf(leaf.p, leaf.n, &h);
	f->last[host] = h;
	T_EQ(tlog_append(&f->edge[host], &h, NULL, NULL), ERR_OK);
}

/* Reads what is new in @feed at @host and compares chain, tree and head. */
static void follow(struct sim *s, struct kv_txn *t, uint32_t host, uint32_t feed)
{
	struct law_feed *f = &s->feed[feed];
	struct bytes leaf, payload;
	struct hash mine, stored;
	struct feed_head head;
	uint32_t no;

	if (feedlog_find(t, &s->m[feed].host.feed, &no) || feedlog_head(t, no, &head))
		return;
	if (head.size < f->edge[host].size)
		sim_fail(s, "durable: %s had %llu entries of %s and has %llu", name_of(s, host),
			 (unsigned long long)f->edge[host].size, name_of(s, feed),
			 (unsigned long long)head.size);
	if (head.size <= f->edge[host].size)
		return;
	while (!s->failed && f->edge[host].size < head.size) {
		uint64_t seq = f->edge[host].size;

		if (feedlog_read(t, no, seq, &leaf, &payload))
			sim_fail(s, "durable: %s: entry %llu of %s is missing", name_of(s, host),
				 (unsigned long long)seq, name_of(s, feed));
		else
			follow_entry(s, host, feed, seq, leaf, payload);
	}
	if (s->failed)
		return;
	tlog_root(&f->edge[host], &mine);
	tlog_root(&head.edge, &stored);
	if (hash_cmp(&mine, &stored) || hash_cmp(&head.last, &f->last[host]))
		sim_fail(s, "chain and tree: %s: the head of %s is not what its leaves give",
			 name_of(s, host), name_of(s, feed));
}

/* Nobody holds what its author does not have (any more). */
static void author_has(struct sim *s, uint32_t holder, uint32_t feed)
{
	struct law_feed *f = &s->feed[feed];
	struct hash leaf;
	struct bytes raw, payload;
	struct host *author = &s->m[feed].host;
	struct kv_txn *t;
	uint64_t size = f->edge[holder].size;
	bool same;

	if (holder == feed || size == 0)
		return;
	if (s->m[feed].rotten && s->m[feed].rotten_seq == size - 1)
		return; /* seen when it reads well again */
	T_EQ(kv_begin(author->kv, false, &t), ERR_OK);
	same = !feedlog_read(t, author->own_no, size - 1, &raw, &payload);
	if (same) {
		hash_leaf(raw.p, raw.n, &leaf);
		same = !hash_cmp(&leaf, &f->last[holder]);
	}
	kv_abort(t);
	if (!same)
		sim_fail(s, "nobody holds what its author lost: %s holds %llu entries of %s",
			 name_of(s, holder), (unsigned long long)size, name_of(s, feed));
}

void law_committed(struct sim *s, uint32_t host)
{
	struct kv_txn *t;

	T_EQ(kv_begin(s->m[host].host.kv, false, &t), ERR_OK);
	for (uint32_t f = 0; f < SIM_HOSTS && !s->failed; f++) {
		uint64_t before = s->feed[f].edge[host].size;

		if (!carries(host, f))
			continue;
		follow(s, t, host, f);
		if (!s->failed && s->feed[f].edge[host].size != before)
			author_has(s, host, f);
	}
	kv_abort(t);
}

/* --- what people were told --------------------------------------------------------------------------- */

void law_acknowledged(struct sim *s, uint32_t host, uint64_t seq, const struct hash *leaf_hash)
{
	static const struct hash none;
	struct buf *b = &s->m[host].leaf_acked;

	while (b->n < (seq + 1) * HASH_BYTES)
		buf_put(b, none.b, HASH_BYTES);
	memcpy(b->p + seq * HASH_BYTES, leaf_hash->b, HASH_BYTES);
}

static void acknowledged_survive(struct sim *s, uint32_t host)
{
	static const struct hash none;
	const struct buf *b = &s->m[host].leaf_acked;
	struct host *h = &s->m[host].host;
	struct bytes leaf, payload;
	struct hash hash;
	struct kv_txn *t;

	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	for (uint64_t seq = 0; seq < b->n / HASH_BYTES; seq++) {
		const uint8_t *want = b->p + seq * HASH_BYTES;

		if (!memcmp(want, none.b, HASH_BYTES) ||
		    (s->m[host].rotten && s->m[host].rotten_seq == seq))
			continue;
		hash = none;
		if (!feedlog_read(t, h->own_no, seq, &leaf, &payload))
			hash_leaf(leaf.p, leaf.n, &hash);
		if (memcmp(hash.b, want, HASH_BYTES))
			sim_fail(s, "acknowledged entries survive: %s lost entry %llu",
				 name_of(s, host), (unsigned long long)seq);
	}
	kv_abort(t);
}

/* Nobody altered the store of this host: verify finds nothing in it. */
static void verified(struct sim *s, uint32_t host)
{
	const struct machine *m = &s->m[host];
	const struct host *h = &m->host;
	const struct guarddisk_slot *guard = guarddisk_newest(&h->guard);
	const struct verify_opts opts = {.rebuild = true};
	struct verify_report r;
	struct kv_txn *t;

	if (m->rotten || s->failed)
		return;
	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	T_EQ(verify_store(t, &h->town, h->own_no, guard->counter ? &guard->sealed : NULL, &opts,
			  &r),
	     ERR_OK);
	kv_abort(t);
	if (r.nproblems)
		sim_fail(s, "false alarm: verify of %s: %s, entry %lld: %s", name_of(s, host),
			 r.problem[0].table, (long long)r.problem[0].entry,
			 problem_name(r.problem[0].id));
	verify_close(&r);
}

/* After a crash and after a start. */
void law_restarted(struct sim *s, uint32_t host)
{
	law_committed(s, host);
	acknowledged_survive(s, host);
	for (uint32_t f = 0; f < SIM_HOSTS && !s->failed; f++) {
		if (host == SIM_HUB && f != SIM_HUB) {
			if (host_size(&s->m[SIM_HUB].host, &s->m[f].host.feed) <
			    s->m[f].acked_by_hub)
				sim_fail(s, "acknowledged is durable: the hub lost entries of %s",
					 name_of(s, f));
			author_has(s, f, SIM_HUB);
		} else if (host != SIM_HUB) {
			author_has(s, SIM_HUB, host);
		}
	}
	if (host != SIM_HUB)
		acked_to_hub(s);
	verified(s, host);
}

/* --- verdicts, state, balances ----------------------------------------------------------------------- */

/* Not only the same answer: the same numbers and texts, and the same warnings. */
static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	struct buf pa = {0}, pb = {0};
	bool same;

	T_EQ(verdict_pack(a, &pa), ERR_OK);
	T_EQ(verdict_pack(b, &pb), ERR_OK);
	same = pa.n == pb.n && !memcmp(pa.p, pb.p, pa.n);
	buf_close(&pa);
	buf_close(&pb);
	return same;
}

static void same_verdicts(struct sim *s, uint32_t village, struct kv_txn *hub, uint32_t hub_no,
			  uint64_t size)
{
	struct law_feed *f = &s->feed[village];
	struct host *h = &s->m[village].host;
	struct kv_txn *t;

	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	for (; f->checked[SIM_HUB] < size; f->checked[SIM_HUB]++) {
		uint64_t seq = f->checked[SIM_HUB];
		struct verdict a, b;

		T_EQ(read_verdict(hub, hub_no, seq, &a), ERR_OK);
		T_EQ(read_verdict(t, h->own_no, seq, &b), ERR_OK);
		if (!same_verdict(&a, &b))
			sim_fail(
				s,
				"verdicts: entry %llu of %s is %s at the village and %s at the hub",
				(unsigned long long)seq, name_of(s, village),
				reason_name(b.reason.id), reason_name(a.reason.id));
	}
	kv_abort(t);
}

static bool quiet(struct sim *s, uint32_t host)
{
	const struct machine *m = &s->m[host];

	return m->host.up && m->phase == PH_IDLE && !m->host.nqueue && !work_waiting(s, host);
}

/* Not compared while a store is longer than what was sealed: a node stopped when its commit failed, and the batch may
 * have reached the disk all the same. */
static void same_state(struct sim *s, struct kv_txn *a, uint32_t a_no, uint32_t host, uint32_t b_no,
		       const char *what)
{
	struct feed_head ha, hb;
	struct hash da, db;
	struct kv_txn *b;

	T_EQ(kv_begin(s->m[host].host.kv, false, &b), ERR_OK);
	T_EQ(feedlog_head(a, a_no, &ha), ERR_OK);
	T_EQ(feedlog_head(b, b_no, &hb), ERR_OK);
	T_EQ(fold_digest(a, a_no, &da), ERR_OK);
	T_EQ(fold_digest(b, b_no, &db), ERR_OK);
	kv_abort(b);
	if (ha.size != hb.size && quiet(s, host) && quiet(s, SIM_HUB))
		sim_fail(s,
			 "state: %s of %s is longer in one store though both have sealed the same",
			 what, name_of(s, host));
	if (ha.size == hb.size && hash_cmp(&da, &db))
		sim_fail(s, "state: %s of %s differs between village and hub at one size", what,
			 name_of(s, host));
}

static void compare_with_hub(struct sim *s, uint32_t village, bool state)
{
	struct host *hub = &s->m[SIM_HUB].host, *h = &s->m[village].host;
	struct kv_txn *t;
	uint64_t size;
	uint32_t no;

	T_EQ(kv_begin(hub->kv, false, &t), ERR_OK);
	if (!feedlog_find(t, &h->feed, &no)) {
		size = s->feed[village].edge[SIM_HUB].size;
		same_verdicts(s, village, t, no, size);
		if (!s->failed && state && size && size == s->feed[village].edge[village].size)
			same_state(s, t, no, village, h->own_no, "the feed");
	}
	if (!s->failed && state &&
	    s->feed[SIM_HUB].edge[village].size == s->feed[SIM_HUB].edge[SIM_HUB].size)
		same_state(s, t, FEED_TOWN, village, FEED_TOWN, "the town feed");
	kv_abort(t);
}

/* A year as the fold keeps it and as the books do. */
static void same_year(struct sim *s, struct kv_txn *t, const struct host *h, struct bytes household,
		      uint32_t member, int year, const struct books_year *want)
{
	struct state_year_item item;
	struct bytes row = {0};
	struct state_year y;
	struct state_key k;

	state_year_key(&k, h->own_no, household, member, year);
	(void)kv_get(t, KV_STATE, state_key_bytes(&k), &row);
	T_EQ(state_year_parse(row, &y), ERR_OK);
	if (y.score != want->score)
		sim_fail(s, "recount: %s: %.*s/%u has %lld in %d, commands give %lld", h->name,
			 (int)household.n, (const char *)household.p, member, (long long)y.score,
			 year, (long long)want->score);
	for (uint32_t i = 0; i < BOOKS_ITEMS; i++) {
		T_EQ(state_year_item(&y, i, &item), ERR_OK);
		if (item.sum != want->sum[i])
			sim_fail(s,
				 "recount: %s: %.*s/%u: %lld count towards cap %u in %d, commands "
				 "give %lld",
				 h->name, (int)household.n, (const char *)household.p, member,
				 (long long)item.sum, i, year, (long long)want->sum[i]);
	}
}

/* Every household has what commands give, and all together what was confirmed less what was redeemed. */
static void same_accounts(struct sim *s, struct kv_txn *t, const struct host *h,
			  const struct books *b)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < BOOKS_HOUSEHOLDS && !s->failed; i++) {
		const struct books_household *want = &b->household[i];
		struct view_household v;
		char name[8];
		int err;

		snprintf(name, sizeof(name), "H%02u", i + 1);
		err = view_household(t, h->own_no, host_text(name), &v);
		if ((err == ERR_OK) != want->known)
			sim_fail(s, "recount: %s: household %s: %s", h->name, name, err_name(err));
		else if (!err && points_raw(v.balance) != want->balance)
			sim_fail(s, "recount: %s: household %s has %lld, commands give %lld",
				 h->name, name, (long long)points_raw(v.balance),
				 (long long)want->balance);
		sum += err ? 0 : points_raw(v.balance);
		for (uint32_t m = 0; m < BOOKS_MEMBERS; m++)
			for (int y = 0; y < BOOKS_YEARS && (m == 0 || want->member[m].known); y++)
				same_year(s, t, h, host_text(name), m, BOOKS_YEAR + y,
					  &b->year[i][m][y]);
	}
	if (sum != b->confirmed - b->redeemed)
		sim_fail(s,
			 "conservation: %s: all accounts have %lld, confirmed %lld, redeemed %lld",
			 h->name, (long long)sum, (long long)b->confirmed, (long long)b->redeemed);
}

static void balances(struct sim *s, uint32_t host)
{
	const struct books *b = work_books(s, host);
	struct host *h = &s->m[host].host;
	struct kv_txn *t;

	if (!b || host == SIM_HUB || h->nqueue)
		return;
	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	same_accounts(s, t, h, b);
	kv_abort(t);
}

/* --- the journal ------------------------------------------------------------------------------------- */
/* @all: every posting with its record; else what the last ones left behind. */
static void same_journal(struct sim *s, uint32_t host, uint32_t feed, bool all)
{
	const struct books *b = work_books(s, feed);
	struct host *h = &s->m[host].host;
	const char *broken = NULL;
	struct kv_txn *t;
	uint32_t no;

	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	if (!feedlog_find(t, &s->m[feed].host.feed, &no)) {
		broken = law_balances(t, no);
		if (!broken && all)
			broken = law_postings(t, no);
		if (!broken && b && host == feed && !h->nqueue)
			broken = law_totals(t, no, b->confirmed, b->redeemed);
	}
	kv_abort(t);
	if (broken)
		sim_fail(s, "journal: %s: of %s: %s", h->name, name_of(s, feed), broken);
}

void law_reported(struct sim *s, uint32_t host)
{
	bool state = s->steps % DIGEST_EVERY == 0;

	if (s->failed)
		return;
	if (host != SIM_HUB) {
		balances(s, host);
		compare_with_hub(s, host, state);
		if (!s->failed)
			same_journal(s, host, host, state);
	} else {
		for (uint32_t v = 1; v < SIM_HOSTS && !s->failed; v++)
			compare_with_hub(s, v, state && s->steps % SIM_HOSTS == v);
		if (!s->failed)
			same_journal(s, host, 1 + (uint32_t)(s->steps % SIM_VILLAGES), false);
		if (!s->failed && state)
			law_witnesses(s);
	}
}

/* --- links ------------------------------------------------------------------------------------------- */
/* Behind a session that got somewhere, and that may have waited for what nobody takes from its queue. */
#define DIAL_MS (2 * NODE_BACKOFF_MS_MIN + 2 * NODE_TICK_MS + NODE_LINGER_MS)

/* A session ends when its time has come, or when the process goes on that was stopped. */
#define LATE_MS (60 * 1000)

static void not_too_old(struct sim *s, const struct machine *m, const struct node_link *l)
{
	uint64_t age = s->now - m->started + 1 - l->since_ms;

	if (age > NODE_SESSION_MS + LATE_MS && m->stopped_until + LATE_MS < s->now)
		sim_fail(s, "links: a session of %s is %llu s old", m->host.name,
			 (unsigned long long)age / 1000);
}

/* What the village has of its link is remembered until it ends. */
static void follow_link(struct sim *s, struct machine *m)
{
	struct node_link l[2];
	bool linked = m->host.up && node_links(m->host.node, l, 2) == 1 && l[0].running;

	if (linked)
		not_too_old(s, m, &l[0]);
	if (linked && !m->linked)
		m->link_good = false;
	if (linked) {
		m->link_good |= l[0].acked_bytes > 0;
		if (s->calm && !m->first_link_at)
			m->first_link_at = s->now;
	} else if (m->linked) {
		m->ended_good = m->link_good && m->host.up;
		m->ended_at = s->now;
	}
	m->linked = linked;
}

/* A session that got somewhere is no reason to wait longer than a moment, whatever failed before. */
void law_dials(struct sim *s, uint32_t host)
{
	struct machine *m = &s->m[host];

	follow_link(s, m);
	if (m->ended_good && s->now > m->ended_at + DIAL_MS && m->stopped_until <= m->ended_at)
		sim_fail(s, "dialling: %s waited %llu ms behind a session that got somewhere",
			 m->host.name, (unsigned long long)(s->now - m->ended_at));
	m->ended_good = false;
}

/* What a node holds that is at rest: nothing but its links. */
static const char *held_at_rest(struct sim *s, uint32_t host)
{
	const struct node *n = s->m[host].host.node;
	uint32_t links = 0;

	if (n->njobs)
		return "it has given jobs that nobody has";
	for (const struct session *x = n->first; x; x = x->newer) {
		links++;
		if (x->unsent)
			return "it has bytes that did not leave";
		if (x->rx.n || x->push || x->ingesting)
			return "it holds what was received or sent";
	}
	if (links != (host == SIM_HUB ? SIM_VILLAGES : 1))
		return "it has another number of connections than there are links";
	return NULL;
}

/* With the faults gone nobody waits longer than the longest pause, and for a dead connection to be seen as such. */
static void first_link_in_time(struct sim *s, uint32_t v)
{
	uint64_t most = NODE_DEAD_MS + NODE_BACKOFF_MS_MAX + NODE_HANDSHAKE_MS;

	if (s->m[v].first_link_at > s->calm_at + most)
		sim_fail(s, "links: %s had its first session %llu s after the last fault",
			 name_of(s, v),
			 (unsigned long long)(s->m[v].first_link_at - s->calm_at) / 1000);
}

void law_stepped(struct sim *s, uint32_t host)
{
	struct alarm a[NODE_ALARMS_MAX];
	uint32_t n = 0;

	if (host != SIM_HUB)
		follow_link(s, &s->m[host]);
	if (host == SIM_HUB || host == SIM_CLONE)
		clone_watch(s);

	if (s->steps % STORE_EVERY == 0 && s->m[host].host.kv) /* a clone has an end */
		kvmem_invariant(s->m[host].host.kv);
	if (s->m[host].host.up)
		n = node_alarms(s->m[host].host.node, a, NODE_ALARMS_MAX);
	/* nobody here is dishonest, and nobody lost a disk */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t f = feed_of(s, &a[i].feed);

		if (f == SIM_HOSTS || !(s->rotted[f] || s->lied[f]))
			sim_fail(s, "false alarm: %s: %s", name_of(s, host), alarm_name(a[i].id));
	}
}

/* --- the end ----------------------------------------------------------------------------------------- */

/* The first thing that is not as it should be; NULL: all is well. */
static const char *village_lacks(struct sim *s, uint32_t v)
{
	struct host *hub = &s->m[SIM_HUB].host, *h = &s->m[v].host;
	struct feed_status st = {0};
	struct job_cosig town = {0};
	struct kv_txn *t;

	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	T_EQ(writer_feed_status(t, h->own_no, false, &st), ERR_OK);
	kv_abort(t);
	T_EQ(kv_begin(hub->kv, false, &t), ERR_OK);
	writer_cosig(t, FEED_TOWN, sign_key_public(h->witness_key), &town);
	kv_abort(t);
	if (host_size(hub, &h->feed) != st.size)
		return "its entries are not at the hub";
	if (st.at_hub != st.size)
		return "it does not know that its entries are at the hub";
	if (st.cosigned != st.size)
		return "its feed is not cosigned";
	if (host_size(h, &hub->feed) != s->feed[SIM_HUB].edge[SIM_HUB].size)
		return "it has not the whole town feed";
	if (town.size != s->feed[SIM_HUB].edge[SIM_HUB].size)
		return "it has not cosigned the town feed";
	return NULL;
}

const char *law_lacks(struct sim *s, uint32_t host)
{
	const char *held;

	if (!quiet(s, host))
		return "it still has work to do";
	held = host == SIM_HUB ? NULL : village_lacks(s, host);
	return held ? held : held_at_rest(s, host);
}

void law_remember(struct sim *s)
{
	for (uint32_t i = 0; i < SIM_HOSTS; i++) {
		struct kv_txn *t;
		struct hash h;
		uint32_t no;

		T_EQ(kv_begin(s->m[i].host.kv, false, &t), ERR_OK);
		for (uint32_t f = 0; f < SIM_HOSTS; f++) {
			if (feedlog_find(t, &s->m[f].host.feed, &no))
				continue;
			T_EQ(fold_digest(t, no, &h), ERR_OK);
			sha256_add(&s->history, h.b, HASH_BYTES);
		}
		kv_abort(t);
	}
}

void law_at_end(struct sim *s)
{
	uint32_t village = 1 + (uint32_t)(s->opts.seed % SIM_VILLAGES);

	for (uint32_t i = 0; i < SIM_HOSTS && !s->failed; i++) {
		law_restarted(s, i);
		if (i == SIM_HUB || s->failed)
			continue;
		first_link_in_time(s, i);
		balances(s, i);
		compare_with_hub(s, i, true);
		same_journal(s, i, i, true);
		if (!s->failed)
			same_journal(s, SIM_HUB, i, true);
		if (!s->failed)
			mispost_tries(s, i);
		if (!s->failed)
			liar_returns(s, i);
		if (!s->failed)
			liar_guards(s, i);
	}
	if (!s->failed)
		rot_tries(s, SIM_HUB);
	if (!s->failed)
		rot_tries(s, village);
	if (!s->failed)
		rot_anywhere(s, s->opts.seed % 2 ? village : SIM_HUB);
	if (!s->failed)
		liar_writes(s, village);
}
