#ifndef DAEMON_WRITER_WRITER_INT_H
#define DAEMON_WRITER_WRITER_INT_H

#include "daemon/feed/sigs.h"
#include "daemon/writer/writer.h"

/* Between the files of the writer.
 *
 *	writer.c	phases, sessions, guard
 *	writer_jobs.c	one function per type of job
 *	writer_enrol.c	feeds of enrolled villages
 *	writer_ingest.c	chunks of other feeds
 *	writer_cosigned.c	heads that were cosigned, for the guard
 *	writer_redo.c	the batch that only the guard has
 *	writer_check.c	chunk_check_*
 *	writer_read.c	what readers ask */

/* One feed within one batch. Entries are judged by @fold, then appended to @log; tree rows and head reach the
 * store with session_flush. */
struct session {
	bool open;
	uint32_t no;
	struct feedlog log;
	struct fold fold;
	uint64_t flushed; /* size in the store */
	/* ingest: the checkpoint that came last, stored and cosigned when the session ends */
	bool has_sealed;
	struct sigs_sealed sealed;
	struct job *last;
};

/* A feed that this batch has made longer, for the second reading. */
struct grown {
	uint32_t no;
	uint64_t from, size;
	struct hash root;
};

struct writer {
	struct kv *kv;
	struct hash town;
	uint32_t own;
	struct hash own_id;
	char origin[ORIGIN_MAX];
	struct writer_keys keys;
	struct guard_ops ops;
	enum writer_state state;
	struct guard sealed;
	uint64_t stored, storing; /* sizes of own checkpoints in the store and in this batch */
	bool has_journal, journaled, unguarded; /* this batch is in the guard; @sealed is not yet */
	struct guard_journal journal;
	struct buf redo;	     /* of this batch */
	bool redo_over;		     /* too large for the journal */
	struct guard_heads cosigned; /* newest cosigned heads */
	struct guard_heads changed;  /* those of them that the guard does not have */
	struct kv_txn *t;
	struct session mine, other;
	struct grown *grown;
	uint32_t ngrown, grown_cap;
	struct job *jobs[WRITER_BATCH_MAX];
	uint32_t njobs;
};

/* All return machine failures only; what concerns one job goes to job->err.
 * Opens the session of feed @no, the own one or the other one (which ends first when it is another's). */
int writer_session(struct writer *w, uint32_t no, struct session **ret);
/* The store has what the sessions hold, so that folds and proofs may look. */
int writer_flush(struct writer *w);
/* The same for the town feed alone: all that the fold of a village reads of another feed. */
int writer_flush_town(struct writer *w);
/* Before @e is judged: a notice names a root of its feed, which is then made of a few nodes of the tree and not
 * of all entries of the batch. */
int writer_flush_for(struct writer *w, struct session *s, const struct entry *e);
/* Keeps the verdict when it is not a plain acceptance, then appends the entry. */
int writer_keep(struct writer *w, struct session *s, const struct entry *e, const uint8_t *leaf,
		struct bytes payload, const struct verdict *v, struct hash *ret_leaf_hash);

/* Hub: the feed of a village whose enrolment was just accepted is carried from now on; there must be room
 * (ERR_LIMIT) before the enrolment is judged. */
int writer_enrol_room(struct writer *w);
int writer_enrol(struct writer *w, struct bytes payload);

int writer_append_job(struct writer *w, struct job *j);
int writer_acked_job(struct writer *w, struct job *j);
int writer_cosig_job(struct writer *w, struct job *j);
int writer_ingest_job(struct writer *w, struct job *j);
/* Appends and seals what the journal has and the store lacks. ERR_FORK: it cannot be done. */
int writer_redo(struct writer *w, struct errmsg *msg);
/* Own cosignature over the end of an ingest session. */
int writer_cosign(struct writer *w, struct session *s);

/* At the start: the heads that were found in the guard, and newer ones from the store when it was ahead. */
int writer_cosigned_open(struct writer *w, struct kv_txn *t, const struct guard *found);
/* Whether feed @h, as it is in the store, contains the head of it that was cosigned last. */
int writer_cosigned_in(const struct writer *w, struct kv_txn *t, const struct feed_head *h,
		       bool *ret);
int writer_cosigned_put(struct writer *w, const struct hash *feed, uint64_t size,
			const struct hash *root);

#endif
