#ifndef TESTS_LIB_HOST_H
#define TESTS_LIB_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/exchange/node.h"
#include "daemon/ledger/state/read.h"
#include "daemon/store/kvmem.h"
#include "daemon/writer/writer.h"
#include "lib/prng.h"
#include "proto/record.h"
#include "tests/lib/guarddisk.h"

/* A whole machine of the township in memory: keys and disk (which survive) and the process on it (which
 * may crash): writer and node, wired by hand. For tests of the exchange and for the simulator. Every key
 * comes from a seed. */
#define HOST_PEOPLE   5
#define HOST_DOMAIN   "town.example"
#define HOST_WALL_MS  UINT64_C(1760000000000) /* 2025-10-09 */
#define HOST_SLEPT_MS 7000		      /* what a monotonic clock does not count */

enum { HOST_HEAD, HOST_RECORDER, HOST_REVIEWER, HOST_CONFIRMER, HOST_DEPUTY };

/* A command under way: a transaction that is offered until it is acknowledged. */
struct cmd {
	struct job job;
	struct buf payload;
	struct host *host;
	void *ctx;
};

struct host {
	bool serves;	      /* members */
	bool plain;	      /* it offers nothing that HELLO knows */
	uint32_t upstream_no; /* of the upstream's feed; 0: it has none */
	uint32_t index;
	/* what survives */
	struct hash town, feed, town_feed;
	char origin[ORIGIN_MAX], code[13], name[32];
	uint8_t manifest[MANIFEST_BYTES_MAX];
	size_t manifest_n;
	struct sign_key *feed_key, *witness_key, *invite;
	struct dh_key *transport;
	uint8_t upstream_transport[DH_KEY_BYTES];
	struct sign_key *person[HOST_PEOPLE];
	struct entry enrol_tx;
	struct buf enrol_payload;
	struct kv *kv;
	uint32_t own_no, boot;
	struct guarddisk guard;

	/* the process */
	bool up;
	struct writer *writer;
	struct node *node;
	struct effects *fx;
	struct guard announced; /* head of the last EV_GREW */
	struct job **queue, **batch;
	uint32_t nqueue, nbatch;

	/* who does what the node wants (not FX_STORE, which is queued here) */
	void (*perform)(void *ctx, struct host *h, const struct effect *fx);
	void *ctx;
	uint64_t (*now_ms)(void *ctx, struct host *h);
	uint64_t (*wall_ms)(void *ctx, struct host *h);
};

/* A hub with the charter in its feed. */
void host_hub(struct host *h, uint64_t seed);
/* A hub that is a member of another hub, @upper, whose roster names it already. Feed FEED_TOWN + 1 here is
 * that of @upper. Not started yet. */
void host_middle(struct host *h, struct host *upper, uint32_t index, uint64_t seed);
/* A village with an invitation from @hub (appended there), not enrolled yet. */
void host_village(struct host *h, struct host *hub, uint32_t index, uint64_t seed);
void host_close(struct host *h);

/* Starts the process; ERR_FORK when the writer refuses the store. */
int host_start(struct host *h, uint64_t prng_seed, struct errmsg *msg);
/* The process ends here and now: nothing but what was committed is left. Jobs of the node are freed,
 * commands are given to @lost (may be NULL). */
void host_crash(struct host *h, void (*lost)(void *ctx, struct cmd *c), void *ctx);

void host_feed(struct host *h, struct event *ev);
void host_queue(struct host *h, struct job *j);
/* The phases of one batch over all that is queued. */
int host_apply(struct host *h);
int host_commit(struct host *h);
int host_seal(struct host *h);
/* Tells results: commands to @done, the node by events. */
void host_report(struct host *h, void (*done)(void *ctx, struct cmd *c), void *ctx);
/* A batch that the writer died of: its commands get their errors by @done and are out of it. */
void host_fail(struct host *h, void (*done)(void *ctx, struct cmd *c), void *ctx);
/* All phases at once, until nothing is queued. Commands stay with the caller. */
int host_store(struct host *h);

/* Builds and signs a transaction for the own feed (town entries: for the hub's). */
void host_tx(struct host *h, struct prng *g, enum rec_code code, const void *head,
	     const void *lines, uint32_t nlines, const struct sign_key *author, uint64_t wall_ms,
	     struct cmd *ret);
void cmd_close(struct cmd *c);
/* host_tx and host_store, for setting up; ends the test unless accepted. */
void host_do(struct host *h, struct prng *g, enum rec_code code, const void *head,
	     const void *lines, uint32_t nlines, const struct sign_key *author);

/* A second machine with the keys of @of, which must live longer, and what was on its disk. Takes @store. */
void host_clone(struct host *h, const struct host *of, struct kv *store,
		const struct guarddisk *guard);
void host_clone_close(struct host *h);

/* A store of its own with everything that this transaction sees. */
struct kv *host_store_of(struct kv_txn *copy);

/* Reads. The size of a feed here, 0 when it is not carried. */
uint64_t host_size(struct host *h, const struct hash *feed);
void host_root(struct host *h, const struct hash *feed, struct hash *ret);
struct bytes host_text(const char *s);

#endif
