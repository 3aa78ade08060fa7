#ifndef DAEMON_VERIFY_VERIFY_INT_H
#define DAEMON_VERIFY_VERIFY_INT_H

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/rules/fold.h"
#include "daemon/verify/verify.h"
#include "lib/map.h"

/* Between the files of verify.
 *
 *	verify.c	order of the work, the directory of feeds
 *	problem.c	the list of problems, and their sentences (problems.def)
 *	verify_feed.c	one feed: entries, chain, signatures, the fold
 *	verify_tree.c	rows of the tree
 *	verify_index.c	transaction IDs, verdict rows
 *	verify_head.c	heads of feeds
 *	verify_note.c	checkpoints, cosignatures, acknowledged sizes
 *	verify_town.c	what the town feed says of itself: domain, villages, witnesses
 *	verify_state.c	the second fold, and its comparison with the stored state
 *	verify_rest.c	what is left of a store with damaged pages
 *
 * Functions return machine failures only (ERR_NOMEM, ERR_IO of the store); what is wrong with the store is
 * listed with problem_add. */

/* Kinds of problems; of each at most VERIFY_KIND_MAX are listed for one feed. */
enum verify_kind {
	VK_ENTRY,
	VK_ENTRY_ROW,
	VK_TREE,
	VK_TXID,
	VK_SIGNATURE,
	VK_VERDICT,
	VK_HEAD,
	VK_NOTE,
	VK_STATE,
	VK_FOLD,
	VK_COUNT
};
#define VERIFY_KIND_MAX 20

/* A root to be remembered when the tree has this size. */
struct verify_root {
	uint64_t size;
	struct hash root;
	bool reached;
};

/* Leaves of a feed that are not as they were, so that nothing is listed that only follows from them. */
#define VERIFY_BAD_MAX 64

struct verify_feed {
	struct feed_head stored;
	struct feed_head h; /* the same, until one after the other is recomputed */
	bool here;	    /* the head row can be read */
	bool broken;	    /* from here on the fold has no ground */
	bool indexed;
	uint32_t head_bad; /* fields of the head that are wrong, for verify_feed.c */
	char label[PROBLEM_TEXT_MAX];
	uint64_t bad[VERIFY_BAD_MAX];
	uint32_t nbad;	/* VERIFY_BAD_MAX: perhaps more */
	uint64_t txids; /* rows that belong to an entry */
	uint32_t listed[VK_COUNT];
};

#define VERIFY_TXID_KEY (TXID_BYTES + 4)
struct verify_village {
	char code[13], name[97];
	bool enrolled;
	struct hash feed;
	uint8_t witness[SIGN_KEY_BYTES];
};

struct verify_batch;

struct verify {
	struct kv_txn *t;
	const struct hash *town;
	uint32_t own;
	const struct guard *guard;
	const struct verify_opts *opts;
	struct verify_report *report;
	int err; /* of problem_add: ERR_NOMEM */
	uint32_t cap;
	uint32_t listed[VK_COUNT]; /* not about one feed */

	struct verify_feed *feed; /* ascending by number */
	uint32_t nfeeds, feeds_cap;

	char domain[DOMAIN_MAX + 1]; /* "": no charter here */
	uint8_t town_witness[SIGN_KEY_BYTES];
	struct verify_village *village; /* as many as the town feed names */
	uint32_t nvillages, villages_cap;
	struct map by_code, by_feed,
		by_witness; /* places of @village; a key may since have changed */

	struct verify_batch *batch; /* three */
	struct verify_root
		*root; /* of the feed at hand, ascending by size; as many as its rows name */
	uint32_t nroots, roots_cap, next_root;

	struct kv *second; /* of the second fold */
	struct kv_txn
		*fold_t; /* its state, and all other tables of @t, whose rows were checked before */

	struct kv_cursor *verdicts; /* at the first row that no entry has claimed */
	struct bytes verdict_key, verdict_val;
	bool more_verdicts;
	struct buf pack;

	/* of the entry at hand, which was looked up and judged a moment ago: what the fold may believe of its
	 * row; not found when it is wrong */
	struct fold_txid txid;

	uint64_t done, total;
};

/* Lists a problem; @num is its first number. @f NULL: not about one feed. Returns it, for what else belongs in
 * its sentence, or NULL: there are enough of this kind, or v->err. */
struct problem *problem_add(struct verify *v, struct verify_feed *f, enum problem_id id,
			    uint64_t entry, int64_t num);

struct verify_feed *verify_feed_of(struct verify *v, uint32_t no); /* NULL: not registered */
int verify_feed_add(struct verify *v, uint32_t no, struct verify_feed **ret);
int verify_read_feeds(struct verify *v);
void verify_free(struct verify *v); /* NULL is allowed */
bool verify_is_bad(const struct verify_feed *f, uint64_t seq);
/* True when the value was there; else ERR_NOTFOUND is no failure but an answer. */
int verify_get(struct verify *v, enum kv_table tab, struct bytes key, bool *ret_found,
	       struct bytes *ret);

/* --- one pass over a feed --- */
#define VERIFY_ENTRY_KEY 12
static inline struct bytes verify_entry_key(uint8_t key[VERIFY_ENTRY_KEY], uint32_t no,
					    uint64_t seq)
{
	be32_put(key, no);
	be64_put(key + 4, seq);
	return kv_bytes(key, VERIFY_ENTRY_KEY);
}
int verify_cmp(struct bytes a, struct bytes b); /* in the order of keys */

/* A row of KV_ENTRY, and what can be said of it without its neighbours: that part runs on any thread. */
struct verify_row {
	struct bytes key, val;
	bool leaf;	/* it is one: @e is set */
	bool payload;	/* it is what the leaf commits to */
	bool author_ok; /* with opts->signatures: verified */
	struct entry e;
	struct hash hash; /* of the leaf, whatever it is */
};
#define VERIFY_BATCH 256
#define VERIFY_SHARE 32 /* rows that a thread looks at before it asks for more */
struct verify_batch {
	uint32_t n; /* 0: there are no more rows */
	struct verify_row row[VERIFY_BATCH];
};

struct verify_pass {
	struct verify *v;
	struct verify_feed *f;
	int err;
	struct kv_cursor *c, *txids;
	bool begun;
	int txid_luck; /* 0: the next row is never the one wanted, as when feeds mix */
	/* one batch is taken, one looked at, one fetched */
	struct verify_batch *take, *look, *fetch;

	struct hash prev; /* leaf hash of the entry before, as it should be */
	struct tlog_edge edge;
	uint64_t town_seen;
	bool seen_known;
	uint64_t gap_from, gap_n; /* missing entries not listed yet */
	struct {
		bool loaded, listed;
		uint64_t group;
		struct bytes raw;
	} tree[FEEDLOG_LEVELS];
	bool tree_bad; /* a row of it is a problem */

	bool folding;
	struct fold fold;
	struct verdict verdict;
};

/* verify_feed.c */
int verify_feed_run(struct verify *v, struct verify_feed *f);

/* verify_tree.c. The leaf hash that the tree has for entry @n, or NULL. */
int verify_tree_leaf(struct verify_pass *p, uint64_t n, const uint8_t **ret);
/* A tlog_write_fn; @ctx is the pass. */
int verify_tree_node(void *ctx, unsigned level, uint64_t index, const struct hash *h);
/* The row at hand of a level is not what the entries make it. */
void verify_tree_bad(struct verify_pass *p, unsigned i);
/* The last row of each level may not be longer than the tree. */
int verify_tree_end(struct verify_pass *p);
/* Rows that no entry explains. */
int verify_surplus_tree(struct verify *v);

/* verify_index.c */
int verify_txid(struct verify_pass *p, uint64_t n, const struct entry *e);
int verify_surplus_txid(struct verify *v);
/* The stored verdict of the entry; unclaimed ones of the entries before are surplus. */
int verify_verdict_claim(struct verify_pass *p, uint64_t seq, bool *ret_found, struct bytes *ret);
/* Verdicts before entry @seq of feed @no that no entry has claimed. */
int verify_verdicts_upto(struct verify *v, uint32_t no, uint64_t seq);

/* verify_head.c: who the feed is, before anything else; its origin, before its entries; the rest after. */
int verify_head_identity(struct verify *v, struct verify_feed *f);
void verify_head_origin(struct verify *v, struct verify_feed *f);
void verify_head_check(struct verify_pass *p);
struct says verify_head_field(int64_t field); /* its name */

/* verify_note.c */
int verify_note_sizes(struct verify *v, struct verify_feed *f);
int verify_note_run(struct verify *v, struct verify_feed *f);
int verify_surplus_note(struct verify *v);
void verify_guard(struct verify *v, struct verify_feed *f);
/* The recomputed root at @size. False: the feed is shorter. */
bool verify_root_at(const struct verify *v, uint64_t size, struct hash *ret);

/* verify_town.c */
void verify_town_charter(struct verify *v);
/* An accepted entry of the town feed. */
int verify_town_entry(struct verify *v, const struct entry *e, struct bytes payload);
void verify_town_label(struct verify *v, struct verify_feed *f);
bool verify_town_witness(const struct verify *v, const uint8_t key[SIGN_KEY_BYTES]);
bool verify_town_enrolled(const struct verify *v, const struct hash *feed);

/* verify_state.c */
int verify_state_open(struct verify *v);
void verify_state_close(struct verify *v);
int verify_state_compare(struct verify *v);
struct says verify_state_label(int64_t kind); /* what people call the rows of a kind */

#endif
