#ifndef DAEMON_VERIFY_VERIFY_H
#define DAEMON_VERIFY_VERIFY_H

#include "daemon/feed/guard.h"
#include "daemon/store/kv.h"
#include "daemon/verify/problem.h"
#include "lib/hash.h"

/* The whole check of a store, trusting nothing in it but the guard's signature: every leaf, payload,
 * commitment, chain link, tree row, transaction ID, author signature, checkpoint and cosignature; then
 * the fold is run again into an empty memory store and every state and verdict row compared. A row that
 * nothing explains is a problem, too.
 *
 * What cannot be known: that a cosignature or an acknowledged size was there and is gone; without
 * opts->signatures, that an author's signature is bad when no verdict has it so (a verdict that has is put
 * to the test). Without opts->rebuild state rows are not looked at. */
#define VERIFY_PROBLEMS_MAX 1000

struct verify_opts {
	bool signatures; /* verify author signatures too */
	bool rebuild;	 /* run the fold again and compare */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
	/* Runs @fn(@arg, 0) to @fn(@arg, @n - 1), part 0 on the thread of the caller and the others on
	 * any, and returns when all have returned. NULL: all on the thread of the caller. */
	void (*workers)(void *ctx, void (*fn)(void *arg, uint32_t i), void *arg, uint32_t n);
	void *workers_ctx;
};
struct verify_report {
	uint64_t feeds, entries, signatures;
	uint32_t nproblems;
	/* VERIFY_PROBLEMS_MAX at most, of one kind in one feed about 20; what is left out is not counted,
	 * but PROBLEM_MORE stands for it. verify_close frees. */
	struct problem *problem;
};
/* @t: a read transaction. @guard may be NULL. ERR_* only when the check itself could not run. */
int verify_store(struct kv_txn *t, const struct hash *town, uint32_t own, const struct guard *guard,
		 const struct verify_opts *opts, struct verify_report *ret);
void verify_close(struct verify_report *r);

/* A store with damaged pages, of which only some rows can be read: which entries are lost. They come one by one, in
 * any order, and an entry counts as there when its bytes are what its leaf commits to. */
struct verify_rest;
struct verify_lost {
	uint64_t entries;
	uint64_t alone; /* of these, entries of this node that no other is known to hold */
};
int verify_rest_new(const struct hash *town, struct verify_rest **ret);
int verify_rest_row(void *rest, enum kv_table tab, struct bytes key, struct bytes val);
/* Lists gaps (PROBLEM_ENTRIES_MISSING) and what keeps a feed from being judged. @guard may be NULL. */
int verify_rest_report(struct verify_rest *rest, uint32_t own, const struct guard *guard,
		       struct verify_report *ret, struct verify_lost *ret_lost);
void verify_rest_free(struct verify_rest *rest); /* NULL is allowed */

#endif
