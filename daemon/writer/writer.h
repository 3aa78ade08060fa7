#ifndef DAEMON_WRITER_WRITER_H
#define DAEMON_WRITER_WRITER_H

#include "daemon/feed/feedlog.h"
#include "daemon/feed/guard.h"
#include "daemon/ledger/rules/fold.h"
#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"
#include "lib/err.h"
#include "proto/msg.h"
#include "proto/note.h"

/* The one writer of a node: takes a batch of jobs through the commit order in three phases,
 * so that the store thread and the simulator run the same code and a crash can fall between any two:
 *
 *	writer_apply	validate, fold, append, in one write transaction
 *	writer_commit	commit it (the only sync)
 *	writer_seal	re-read and re-hash through a fresh transaction, sign checkpoint and
 *			cosignatures, persist the guard; only now may results be announced
 *
 *	IDLE -apply-> APPLIED -commit-> COMMITTED -seal-> IDLE;  any failure of commit or seal -> DEAD
 *	(and of apply when the store begins no transaction any more, ERR_IO)
 *
 * (ERR_FULL of commit leads back to IDLE: nothing was changed; every job gets ERR_FULL. Seal never gives it.)
 *
 * The sealed checkpoint lives in the guard at once and in the store (writer_sealed) with the next batch, so
 * that a seal costs no second commit. When nothing else is to be done, an empty batch brings it there:
 * writer_pending. What readers may send to others of the own feed is what writer_sealed gives, never the
 * head of the feed, which may not be sealed yet. */

struct guard_ops {
	/* Durable when it returns 0. */
	int (*save)(void *ctx, const struct guard *g);
	void *ctx;
};

/* The guard beside the commit. A save after the commit is one more wait for the disk; so for a small batch
 * of own entries alone the guard is written while the store syncs, and holds what is about to be sealed
 * ("intent") together with the entries themselves ("redo": leaf | payload, one after the other). Both are
 * durable before anything is announced. If the store turns out to lack the batch after a stop, its entries are
 * appended again from the guard, byte for byte, so that no other history can take their place. A batch that
 * cosigns and has no own entries is guarded in the same way, with nothing to do again. */
#define GUARD_REDO_MAX LIMIT(65536, 1500)
struct guard_journal {
	/* Starts to write; what is given is copied. One at a time. @intent->size 0: none. */
	int (*begin)(void *ctx, const struct guard *sealed, const struct guard *intent,
		     struct bytes redo);
	int (*wait)(void *ctx); /* durable when it returns 0 */
	void *ctx;
	/* What was found at the start; intent.size 0: nothing. The signature of @intent is not used. */
	struct guard intent;
	struct bytes redo; /* borrowed until writer_open returns */
};

enum job_type {
	JOB_APPEND, /* a transaction for the own feed */
	JOB_INGEST, /* a verified chunk of another feed */
	JOB_ACKED,  /* the peer holds this much of our feed */
	JOB_COSIG   /* a verified cosignature of a feed by a witness */
};

struct job_append {
	struct entry
		tx; /* author, txid, sig, type, schema, town_seen, wall_ms, commitment, payload_len */
	struct bytes payload;
	uint32_t boot; /* clock evidence of the node */
	uint64_t boot_ms;
	bool author_ok; /* result of entry_tx_verify, done before */
	/* Only as entry @place: job.err is ERR_EXISTS when that is taken, or not yet reached. For entries
	 * of one batch that name each other by their sequences. */
	bool placed;
	uint64_t place;
	/* It may have been acknowledged: it is kept whatever the verdict, as one of another feed would be. */
	bool again;
	/* results */
	struct verdict verdict;
	bool exists; /* same ID and content as entry @seq: nothing was written */
	uint64_t seq;
	struct hash leaf_hash;
};
struct job_ingest {
	struct hash feed;
	struct bytes body;	   /* the MSG_CHUNK body, kept alive by the owner */
	struct chunk_check *check; /* from writer_check(); NULL: the writer does it itself */
	uint64_t now_s;		   /* for the cosignature */
	/* results */
	uint64_t size; /* durable size of the feed here afterwards */
	struct hash root;
	bool wrong; /* err is the chunk's own fault: it may be sent to whoever sent the chunk */
	uint64_t bad_seq; /* then: the first entry that did not verify, as far as can be known */
	uint32_t refused; /* entries stored whose verdict was a refusal */
	bool cosigned;
	struct cosig cosig;
};
struct job_acked {
	struct hash feed;
	uint64_t size;
};
/* @witness: a key of the roster, never one that a stranger says it has. So a feed has no more rows of cosignatures than
 * the town feed has enrolments (and the charter), and nobody need count them. */
struct job_cosig {
	struct hash feed;
	uint64_t size;
	struct hash root;
	uint8_t witness[SIGN_KEY_BYTES];
	struct cosig cosig;
};
struct job {
	enum job_type type;
	int err; /* result: ERR_OK or why this job alone had no effect */
	void *owner;
	union {
		struct job_append append;
		struct job_ingest ingest;
		struct job_acked acked;
		struct job_cosig cosig;
	} u;
};
#define WRITER_BATCH_MAX LIMIT(4096, 3)

struct writer_keys {
	const struct sign_key *feed;
	const struct sign_key *witness;
};
enum writer_state { WRITER_IDLE, WRITER_APPLIED, WRITER_COMMITTED, WRITER_DEAD };
struct writer;

/* @own: number of the own feed in the store. Checks the guard (NULL: none was found, allowed only when the
 * own feed is empty): own feed behind the guard, or other root at its size -> ERR_FORK, the node must not
 * write. A feed ahead of the guard was not yet signed: it is verified and signed now. A copy of another feed
 * that lacks what by the guard was cosigned is no error: it is not cosigned until it has that head. */
int writer_new(struct kv *kv, const struct hash *town, uint32_t own, const struct writer_keys *keys,
	       const struct guard *guard, const struct guard_ops *ops, struct writer **ret,
	       struct errmsg *msg);
/* The same with a journal (NULL: none). A feed that lacks just the batch of the journal gets it now. */
int writer_open(struct kv *kv, const struct hash *town, uint32_t own,
		const struct writer_keys *keys, const struct guard *guard,
		const struct guard_journal *journal, const struct guard_ops *ops,
		struct writer **ret, struct errmsg *msg);
void writer_free(struct writer *w);
enum writer_state writer_state(const struct writer *w);
/* The last sealed own head, without what was cosigned. */
void writer_head(const struct writer *w, struct guard *ret);
/* Asserts what only a bug can break, between any two calls. */
void writer_invariant(const struct writer *w);
/* The newest checkpoint is only in the guard, or there only as an intent: run an empty batch when idle. */
bool writer_pending(const struct writer *w);

/* Jobs are independent: one that fails or is refused leaves no trace in the others. Returns an error only
 * when the whole batch failed (each job's err is then set too). @jobs is copied; the jobs themselves must
 * live until writer_seal has returned. @n: 0 to WRITER_BATCH_MAX. */
int writer_apply(struct writer *w, struct job **jobs, uint32_t n);
int writer_commit(struct writer *w);
int writer_seal(struct writer *w);
/* All three. A batch that fails as a whole on damage of the store is run again in halves, so that a damaged
 * feed does not take the jobs of others with it. Returns ERR_OK when every job has a result of its own. */
int writer_run(struct writer *w, struct job **jobs, uint32_t n);

/* The part of ingest that needs no store and no order: parses the chunk, recomputes commitments and
 * verifies every author signature. Runs on any thread. Leaves are not linked yet (chunk_link). */
struct chunk_check {
	struct chunk chunk; /* chunk.v = entries */
	bool author_ok[CHUNK_ENTRIES_MAX];
	struct chunk_entry entries[]; /* chunk.n of them */
};
int chunk_check_new(struct bytes body, const struct hash *town, struct chunk_check **ret);
void chunk_check_free(struct chunk_check *c);
/* The same for a job of JOB_INGEST; what is wrong with the chunk goes to its results. Returns j->err. */
int writer_check(struct job *j, const struct hash *town);

/* Acknowledged and cosigned sizes, for status: rows in KV_NOTE. */
struct feed_status {
	uint64_t size, at_hub, cosigned;
	uint32_t witnesses; /* cosignatures at the size @cosigned */
};
int writer_feed_status(struct kv_txn *t, uint32_t no, bool is_hub, struct feed_status *ret);
/* The newest checkpoint of a feed that may be sent: own feed: the last sealed one that reached the store;
 * others: the last one that came with entries. ERR_NOTFOUND: none yet. */
int writer_sealed(struct kv_txn *t, uint32_t no, struct checkpoint *ret,
		  uint8_t ret_sig[SIGN_BYTES]);
/* The newest cosignature of feed @no by @witness (this node's own included) held here. ERR_NOTFOUND. */
int writer_cosig(struct kv_txn *t, uint32_t no, const uint8_t witness[SIGN_KEY_BYTES],
		 struct job_cosig *ret);
/* The note of a feed at the size its newest own signature covers: checkpoint, signature, cosignatures
 * known for that size. */
int writer_note(struct kv_txn *t, uint32_t no, struct buf *out);

#endif
