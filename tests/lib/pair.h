#ifndef TESTS_LIB_PAIR_H
#define TESTS_LIB_PAIR_H

#include "daemon/store/kv.h"
#include "daemon/writer/writer.h"
#include "lib/sign.h"
#include "proto/record.h"

/* A township for tests: a hub and one village with fixed keys, their feeds, and signed transactions. */
enum pair_feed { PAIR_HUB, PAIR_VILLAGE, PAIR_FEEDS };
#define PAIR_VILLAGE_NO	  2 /* feed number of the village, on both nodes */
#define PAIR_VILLAGE_CODE "370000000001"

struct pair {
	struct hash id;
	struct hash feed[PAIR_FEEDS];
	uint8_t manifest[PAIR_FEEDS][MANIFEST_BYTES_MAX];
	size_t manifest_n[PAIR_FEEDS];
	char origin[PAIR_FEEDS][ORIGIN_MAX];
	struct sign_key *feed_key[PAIR_FEEDS], *witness[PAIR_FEEDS];
	struct sign_key *founder, *invite, *head; /* town office, invitation, village committee */
};
void pair_open(struct pair *tw);
void pair_close(struct pair *tw);
/* Both feeds, in a new write transaction. */
void pair_feeds(const struct pair *tw, struct kv *kv);

/* A job with a signed transaction; it points into itself. */
struct pair_tx {
	struct job job;
	struct buf payload;
};
/* @id makes the transaction ID and the payload's secret; same arguments, same bytes. */
void pair_tx(const struct pair *tw, enum pair_feed feed, enum rec_code type, const void *head,
	     const struct sign_key *author, uint64_t town_seen, uint32_t id, struct pair_tx *ret);
void pair_tx_close(struct pair_tx *x);
/* Town entries 0, 1, 2: after these the village is enrolled. */
#define PAIR_STARTED 3
void pair_start_tx(const struct pair *tw, uint32_t step, struct pair_tx *ret);
/* A grant to a person made from @id: valid any number of times. */
void pair_grant_tx(const struct pair *tw, enum pair_feed feed, uint64_t town_seen, uint32_t id,
		   struct pair_tx *ret);

/* A writer on one of the feeds, and a guard in memory that can be made to fail. */
struct pair_node {
	const struct pair *tw;
	enum pair_feed feed;
	struct kv *kv;
	struct writer *w;
	struct guard guard;
	struct guard_heads cosigned, begun_cosigned;
	bool has_guard;
	int guard_err; /* of the next saves and waits */
	uint32_t guard_saves;
	/* with a journal; what was begun is in the guard when it is waited for */
	bool journal;
	struct guard sealed_before, begun, intent;
	struct buf begun_redo, redo;
};
/* @kv: NULL: a new memory store. */
void pair_node_open(struct pair_node *n, const struct pair *tw, enum pair_feed feed, struct kv *kv);
/* Opens the writer again, as after a stop. */
int pair_node_start(struct pair_node *n, struct errmsg *msg);
void pair_node_stop(struct pair_node *n);
void pair_node_close(struct pair_node *n); /* the store too */
/* All phases. */
int pair_run(struct pair_node *n, struct job **jobs, uint32_t njobs);
/* One transaction that must be accepted. */
void pair_put(struct pair_node *n, struct pair_tx *x);
/* The MSG_CHUNK body of entries [@from, @to) of the own feed; to: the end when it fits. */
void pair_chunk(struct pair_node *n, uint64_t from, uint64_t to, struct buf *out);

#endif
