#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/prng.h"
#include "proto/noise.h"
#include "tests/lib/host.h"

/* The township in one process: a hub and five villages run the real code (node, writer, fold, Noise) on
 * memory stores under a virtual clock. Everything that can go wrong outside goes wrong here, from a seed;
 * laws are checked after every step, and when the faults stop, all must come together in bounded time.
 *
 *	sim.c	   clock, events, history, one run
 *	net.c	   connections: bytes in order, or the connection dies
 *	machine.c  processes: phases of the store, crashes, full disks, wrong clocks
 *	work*.c	   what people do
 *	books*.c   an independent account of it
 *	cover.c	   what of it was lived through in all runs
 *	law.c	   what must hold
 *	rot.c	   rows of state that change by themselves
 *	liar.c	   a hub that tries to get a second history cosigned; a twin of a village; a village that signs what
 *		   is no good
 *	clone.c	   a second machine with the disk of a village, as it was
 *	middle.c   a liar on a line, with the keys of both ends */
#define SIM_VILLAGES  5
#define SIM_HOSTS     (SIM_VILLAGES + 1)
#define SIM_HUB	      0
#define SIM_CLONE     SIM_HOSTS			 /* one machine more, of which no law speaks */
#define SIM_FAULTS_MS (UINT64_C(30) * 60 * 1000) /* faults happen this long */
#define SIM_CALM_MS   (20 * 60 * 1000)		 /* then all must be well within this */
#define SIM_COPIES    4
#define SIM_SPEED     11520 /* a day of the calendar passes in 7.5 s: so years end while people work */
#define SIM_TYPES     96    /* codes of record types are below */
#define SIM_TRACE     60    /* events shown of a failed run */
#define SIM_LIES_KEPT 64

enum sim_type {
	SE_TICK,
	SE_DIAL,    /* a dial reaches the hub, or does not */
	SE_SEGMENT, /* bytes arrive; a = connection and end */
	SE_SENT,    /* bytes left a send queue; b = how many */
	SE_CLOSED,  /* an end learns that the connection is gone */
	SE_STORE,   /* the next phase of the store */
	SE_CRASH,
	SE_RESTART,
	SE_WORK,  /* people do something */
	SE_RETRY, /* a command that got no answer is offered again */
	SE_FAULT, /* a fault begins or ends; a = which */
	SE_IMAGE, /* all disks are copied */
	SE_CALM,  /* no more faults */
	SE_CHECK, /* is all well? */
	SE_TYPES
};
enum sim_fault {
	FAULT_LINK,
	FAULT_DISK,
	FAULT_SYNC,
	FAULT_GUARD,
	FAULT_CLOCK,
	FAULT_STRANGER,
	FAULT_ROT,  /* a bit of a stored entry reads wrong for a while */
	FAULT_COPY, /* somebody puts an old copy of the store in its place, the guard stays */
	FAULT_SLOW, /* the disk takes minutes for what takes a moment */
	FAULT_STOP, /* the process is stopped, and goes on as if nothing had been */
	FAULT_ONEWAY, /* what its connections carry arrives at one end alone, and nobody hears of it */
	FAULT_REDO,  /* its guard fails at a start that has a batch to do again */
	FAULT_LAND,  /* what was committed reads otherwise until the process ends */
	FAULT_CLONE, /* its disk is copied, and later put into another machine */
	FAULT_LIAR,  /* somebody with the keys of both ends sits on its line */
	FAULTS
};

struct sim_event {
	uint64_t at, order;
	enum sim_type type;
	uint32_t host, gen; /* gen: of the process, 0: any */
	uint64_t a, b;
};

/* What a seed may have besides the faults. */
enum { SIM_CUTS = FAULTS, SIM_FLIPS, SIM_CRASHES, SIM_HALF_OPEN, SIM_FEATURES };
extern const char *const sim_features[SIM_FEATURES]; /* their names */

struct sim_opts {
	uint64_t seed;
	uint32_t without;   /* a bit for each feature that is left out although the seed has it */
	uint64_t faults_ms; /* 0: SIM_FAULTS_MS */
	bool verbose;
	bool stats; /* print what was lived through */
};

/* What happened, so that one can see that the faults were there. */
struct sim_count {
	uint64_t crashes, dials, cuts, commands, refused, retries, fulls, half, torn, copies,
		redone, forks, lacking, lies, compared, predicted, rots, twins, misposts, stops,
		falsehoods, forgeries, landed, clones, met;
	/* by record type; by verdict, as an answer and as a warning */
	uint64_t accepted_of[SIM_TYPES], refused_of[SIM_TYPES];
	uint64_t verdict[V_COUNT], warned[V_COUNT];
};

enum phase { PH_IDLE, PH_APPLY, PH_COMMIT, PH_SEAL, PH_REPORT };
struct machine {
	struct sim *s;
	struct host host;
	uint32_t gen; /* of the process */
	uint64_t started, tick_at;
	enum phase phase;
	bool blocked; /* its link */
	int64_t clock_off;
	bool clock_1970, clock_unknown;
	bool rotten, disk_bad, slow, redo_fails, oneway, lands_wrong, liar;
	uint64_t stopped_until; /* 0: it runs */
	/* its link to the hub; as it ended last, entries had become durable over it */
	bool linked, link_good, ended_good;
	uint64_t ended_at, first_link_at; /* 0: not yet; since the faults stopped */
	int sync_err;			  /* of the store */
	uint64_t rotten_seq;
	/* the commit under way: when the store and the guard have reached their disks */
	uint64_t commit_at, store_ms, guard_ms;
	struct kv *image; /* the store before the faults stopped, and the guard of its own feed */
	struct guard image_guard;
	struct kv_txn *copy[SIM_COPIES]; /* the store after the last batch, the one before ... */
	uint32_t ncopies, old_copy;	 /* batches that the next start lacks */
	/* what is known about it outside */
	uint64_t acked_by_hub; /* the most that the hub has acknowledged to it */
	uint64_t town_had;     /* of the town feed, when its store went back */
	struct buf
		leaf_acked; /* leaf hash of own entries that were acknowledged to people, by sequence */
};

/* A feed as the law sees it; feed i belongs to host i. */
struct law_feed {
	struct buf head;		  /* per size: the root that somebody signed, or zeros */
	struct tlog_edge edge[SIM_HOSTS]; /* rebuilt from the leaves that each holds */
	struct hash last[SIM_HOSTS];
	uint64_t checked[SIM_HOSTS]; /* size up to which verdicts were compared */
	uint64_t
		cosigned[SIM_HOSTS]; /* the largest size that each has cosigned, in all its lives */
};

/* The image of a village's disk, until it starts; then the machine with it. */
struct clone {
	uint32_t village;
	struct kv *image; /* NULL: none */
	struct guarddisk guard;
	uint64_t size; /* of its own feed */
	uint64_t held; /* of that the hub, before it dialled */
	bool met;      /* it and the hub know what the other has */
};

struct sim {
	struct sim_opts opts;
	uint64_t now, order;
	struct sim_event *heap;
	uint32_t nheap, cap;
	struct prng net, disk, crash, clock, work, keys;
	bool with[FAULTS], with_cuts, with_flips, with_crashes, with_half_open;
	bool calm, done;
	bool rotted
		[SIM_HOSTS]; /* feeds of which an entry was bad some time: alarms about them are right */
	bool lied[SIM_HOSTS]; /* the same of those on whose line there was a liar */
	struct hash false_chunk[SIM_LIES_KEPT]; /* of chunks that nobody may take, a ring */
	uint32_t nfalse;
	struct machine m[SIM_HOSTS + 1];
	struct clone clone;
	struct net *wires;
	struct people *people;
	struct law_feed feed[SIM_HOSTS];
	struct sha256 history;
	struct hash digest; /* of the whole run */
	struct sim_event trace[SIM_TRACE];
	uint64_t steps, calm_at;
	bool failed;
	char why[400];
	struct sim_count count;
};

/* Runs one seed; false: sim->why says which law was broken. */
bool sim_run(struct sim *s, const struct sim_opts *opts);
void sim_close(struct sim *s);
void sim_print_trace(const struct sim *s);
void sim_at(struct sim *s, uint64_t delay_ms, const struct sim_event *ev);
/* The first broken law counts. */
__attribute__((format(printf, 2, 3))) void sim_fail(struct sim *s, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void sim_say(struct sim *s, const char *fmt, ...);
static inline bool sim_chance(struct prng *g, uint32_t percent)
{
	return prng_below(g, 100) < percent;
}

/* True time. */
static inline uint64_t sim_wall(const struct sim *s)
{
	return HOST_WALL_MS + s->now * SIM_SPEED;
}

/* --- net.c --- */
void net_open(struct sim *s);
void net_close(struct sim *s);
void net_perform(void *ctx, struct host *h, const struct effect *fx);
void net_dial(struct sim *s, uint32_t village);
void net_segment(struct sim *s, uint64_t a);
void net_sent(struct sim *s, uint64_t a, uint64_t bytes);
void net_closed(struct sim *s, uint64_t a);
void net_crashed(struct sim *s, uint32_t host);
void net_blocked(struct sim *s, uint32_t host);
void net_cut_off(struct sim *s, uint32_t village);
void net_stranger(struct sim *s);
/* Who has dialled. */
uint32_t net_caller(const struct sim *s, uint32_t conn);

/* --- machine.c --- */
/* The process is stopped: @ev waits until it goes on. */
bool machine_defers(struct sim *s, const struct sim_event *ev);
void machine_open(struct sim *s);
void machine_close(struct sim *s);
void machine_feed(struct sim *s, uint32_t host, struct event *ev);
void machine_offer(struct sim *s, uint32_t host, struct cmd *c);
void machine_tick(struct sim *s, const struct sim_event *ev);
void machine_store(struct sim *s, uint32_t host);
void machine_crash(struct sim *s, uint32_t host);
void machine_restart(struct sim *s, uint32_t host);
void machine_fault(struct sim *s, const struct sim_event *ev);
struct kv *machine_image_of(struct machine *m); /* a store of its own */
void machine_image(struct sim *s);
void machine_calm(struct sim *s);
uint64_t machine_wall(const struct machine *m);
/* It goes on later as if nothing had been. */
void machine_stop(struct sim *s, uint32_t host);
/* What it waits for, after something was done to it. */
void machine_wake(struct sim *s, uint32_t host);

/* --- work.c --- */
void work_open(struct sim *s);
void work_close(struct sim *s);
void work_step(struct sim *s, uint32_t host);
void work_retry(struct sim *s, uint64_t cmd);
void work_done(void *ctx, struct cmd *c);
void work_lost(void *ctx, struct cmd *c);
void work_failed(void *ctx, struct cmd *c);
void work_calm(struct sim *s);
/* Commands without an answer. */
uint32_t work_waiting(const struct sim *s, uint32_t host);
const struct books *work_books(const struct sim *s, uint32_t host);

/* --- liar.c --- */
/* Takes @copy, an old copy of the store of @village; @sealed: its own head then. The heads that it has cosigned since
 * are in the guard. */
void liar_tries(struct sim *s, uint32_t village, struct kv *copy, const struct guard *sealed);
/* A second machine with the keys of @village writes on from its @old store. */
void liar_twin(struct sim *s, uint32_t village, struct kv_txn *old);
/* Both with the image of @village, which is gone then. */
void liar_returns(struct sim *s, uint32_t village);
/* @village signs what is no good, on a copy of the hub. */
void liar_writes(struct sim *s, uint32_t village);
/* A writer of @village with a guard that it never signed. */
void liar_guards(struct sim *s, uint32_t village);

/* A message with a chunk that goes on otherwise than the feed of the village (or of the hub) at a size that the other end
 * has passed already; false: there is none now. */
bool liar_second_history(struct sim *s, uint32_t village, bool of_village, struct buf *out);

/* --- clone.c --- */
void clone_take(struct sim *s, uint32_t village);
/* False: the hub has not yet more than the image. */
bool clone_boot(struct sim *s);
void clone_end(struct sim *s);
/* All that waits for its store. */
void clone_store(struct sim *s);
void clone_watch(struct sim *s);

/* --- middle.c --- */
struct middle;
/* The village must be enrolled: an invitation is signed for one handshake. */
struct middle *middle_new(struct sim *s, uint32_t village);
void middle_free(struct middle *m);
/* Of what the hub (or the village) sends over it, nothing is taken: its queue does not get shorter. */
bool middle_holds(const struct middle *m, bool from_hub);
/* What arrives at the other end for @b, appended to @out. False: the line ends. */
bool middle_pass(struct middle *m, bool from_hub, struct bytes b, struct buf *out);

/* --- cover.c --- */
/* Adds what of one run is not counted as it goes. */
void cover_count(struct sim *s);
void cover_add(struct sim_count *to, const struct sim_count *c);
void cover_print(const struct sim_count *c);
/* False, and says what: in so many seeds something was never lived through. */
bool cover_all(const struct sim_count *c);

/* --- rot.c --- */
/* A row of state of a copy of the store changes: somebody must notice. */
void rot_tries(struct sim *s, uint32_t host);
/* The same for a bit of every other table. */
void rot_anywhere(struct sim *s, uint32_t host);

/* --- law_journal.c: NULL, or which of these is broken --- */
extern const char law_credits[], law_sums[], law_statement[];
/* Of the accounts as their latest postings left them. */
const char *law_balances(struct kv_txn *t, uint32_t no);
/* Of every posting, with its record. */
const char *law_postings(struct kv_txn *t, uint32_t no);
/* Issued is what was confirmed. */
const char *law_totals(struct kv_txn *t, uint32_t no, int64_t confirmed, int64_t redeemed);

/* --- law_signed.c --- */
/* @size entries of its own are in the guard of @host, as it has signed them. */
void law_guarded(struct sim *s, uint32_t host, uint64_t size);
/* The signature is of what the cosignature says, by @witness. */
bool law_cosigned_so(const struct host *author, const struct host *witness,
		     const struct job_ingest *g);
/* The author of an entry has signed all that is his in it. */
bool law_signed_so(const struct hash *town, struct bytes leaf);
/* Of the town feed: what status says of its witnesses. */
void law_witnesses(struct sim *s);

/* --- mispost.c --- */
/* On copies of the store of @village the journal is spoiled in every way: the law must say so. */
void mispost_tries(struct sim *s, uint32_t village);

/* --- law.c --- */
void law_open(struct sim *s);
void law_close(struct sim *s);
void law_before_apply(struct sim *s, uint32_t host);
void law_before_report(struct sim *s, uint32_t host);
void law_committed(struct sim *s, uint32_t host);
void law_reported(struct sim *s, uint32_t host);
void law_restarted(struct sim *s, uint32_t host);
void law_signed(struct sim *s, uint32_t host);
void law_opened(struct sim *s, uint32_t host);
bool law_has_all(struct sim *s, uint32_t host);
/* A village whose store went back lacks some of the town feed, and nobody can blame it. */
void law_went_back(struct sim *s, uint32_t host);
void law_cosigned(struct sim *s, uint32_t host, const struct job_ingest *g);
void law_acknowledged(struct sim *s, uint32_t host, uint64_t seq, const struct hash *leaf_hash);
void law_stepped(struct sim *s, uint32_t host);
/* A village asks for a connection. */
void law_dials(struct sim *s, uint32_t host);
/* What is not yet as it must be when the faults have stopped; NULL: nothing. */
const char *law_lacks(struct sim *s, uint32_t host);
void law_at_end(struct sim *s);
/* What every host makes of every feed, into the history. */
void law_remember(struct sim *s);

#endif
