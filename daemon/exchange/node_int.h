#ifndef DAEMON_EXCHANGE_NODE_INT_H
#define DAEMON_EXCHANGE_NODE_INT_H

#include "daemon/exchange/node.h"
#include "lib/prng.h"
#include "proto/compress.h"
#include "proto/noise.h"

/* What the files of the exchange share.
 *
 *	node.c	   the step, effects, redialling, alarms
 *	session.c  one connection: handshake, frames, pings, the way it ends
 *	sync.c	   messages of a running session: frontier, chunks, acknowledgements, cosignatures
 *	enrol.c	   a new member's way in, at both ends
 *	invariant.c what only a bug can break
 *	heads.c	   what is read from the store: sealed head, roots, chunks with their proofs
 *
 * A session carries two feeds: ours, which we push, and the peer's, which it pushes. */

#define NODE_TICK_MS	   250	  /* deadlines are looked at no more often */
#define NODE_STALL_MS	   600000 /* nothing acknowledged, or nothing taken: redial */
#define NODE_LINGER_MS	   5000	  /* what is queued may take so long to leave */
#define NODE_GATHER_MS	   500	  /* between chunks that are not full and not acknowledged */
#define NODE_MEND_MS	   10000  /* a damaged own entry is looked at again */
#define NODE_RETRY_MS	   1000	  /* what found no job is given to the writer again */
#define NODE_SESSION_MS	   LIMIT(24 * 3600 * 1000, 90000) /* then connect anew (SPEC 8.5) */
#define NODE_JOBS_MAX	   LIMIT(4096, 24) /* with the writer, all sessions together */
#define NODE_JOBS_OTHERS   LIMIT(256, 12)  /* of them kept free for what is no chunk */
#define NODE_JOBS_BUSY	   LIMIT(2048, 6)  /* from so many on a session has fewer chunks there */
#define NODE_INGEST_BUSY   1		   /* namely so many */
#define NODE_ANSWER_CHUNKS LIMIT(8, 2) /* stored, for one answer while more are with the writer */
#define NODE_STEP_BYTES	   LIMIT(4 << 20, 9000) /* sent in one step; the rest in the next */
/* Received and not yet looked at, per session: all that an honest sender has under way (its window), and what
 * it sends besides. */
#define NODE_RX_BYTES_MAX ((NODE_WINDOW_CHUNKS + 16) * (NODE_FRAME_HEAD + MSG_FRAME_MAX))
#define NODE_FX_RESERVE	  8	       /* effects that any one message may need */
#define NODE_PUMP_CHUNKS  LIMIT(16, 1) /* before the next session has its turn */
#define NODE_HELLO_MAX	  512	       /* payload of handshake messages 2 and 3 */
#define NODE_FRAME_HEAD	  2

enum session_state {
	S_HANDSHAKE,
	S_GUEST,     /* an invited member that has not enrolled yet */
	S_ENROLLING, /* at the upstream: waiting for the answer */
	S_RUNNING,
	S_CLOSING, /* CLOSE is on its way out; nothing is received */
	S_GONE	   /* freed at the end of the step */
};

/* Chunks on their way: end sizes, oldest first. Exists only while there are any. */
struct push {
	uint32_t first, n;
	uint64_t end[NODE_WINDOW_CHUNKS];
	uint32_t bytes[NODE_WINDOW_CHUNKS];
};

enum { TAB_CONN, TAB_FEED, NTABS };

/* Sessions that have something to do in this step, and those that wait until the writer takes chunks again. */
enum { Q_READY, Q_WAITING, NQUEUES };
struct queue {
	struct session *first, *last;
};

struct session {
	struct session *older, *newer; /* all, in order of opening */
	struct session *chain[NTABS];
	uint32_t key[NTABS];
	struct session *q_next[NQUEUES], *gone_next;
	bool queued[NQUEUES];
	uint64_t id; /* never used twice, unlike @conn */
	uint32_t conn, source;
	bool zstd; /* chunks may come compressed, and are sent so */
	bool up; /* with the upstream, which this node has dialled; else with a member, or a stranger */
	enum session_state state;
	struct noise noise;
	uint8_t entropy[32];
	struct buf rx; /* an incomplete frame, or what this step had no room for */
	size_t unsent;
	uint64_t opened_ms, ended_ms, recv_ms, queued_ms;
	uint64_t progress_ms; /* last acknowledgement, or since when one is waited for */
	uint64_t sent_ms;     /* when bytes last left, or since when they wait to */
	uint64_t frame_ms;    /* since when a frame in @rx is incomplete */
	bool pinged;
	bool progressed; /* entries became durable on either side */

	/* the peer's feed; zero before it is known */
	struct hash feed;
	uint32_t feed_no;
	uint8_t invite_key[SIGN_KEY_BYTES]; /* S_GUEST */
	bool enrol_asked;

	/* frontiers */
	bool sent_hash, received_hash;	    /* of the frontier */
	bool agreed;			    /* sizes are known: chunks may flow */
	struct msg_front mine, theirs_here; /* our feed and the peer's, as sent */
	struct hash frontier_hash;	    /* which we sent */

	/* our feed, going out */
	bool may_push;
	uint64_t mend_ms;     /* own store damaged: look again then; 0: sound */
	uint64_t next, acked; /* first entry not sent; held by the peer, durable */
	uint64_t part_end;    /* where the last chunk ended that was not full */
	uint64_t
		gather_ms; /* until then nothing follows it; 0: it is there, or that time is over */
	uint64_t acked_bytes;
	struct push *push;
	bool acked_job; /* a JOB_ACKED is with the writer */
	bool acked_known; /* and it was given @acked_stored; what an earlier session stored may be too much */
	uint64_t acked_stored;
	bool cosig_job; /* the same for JOB_COSIG; what comes meanwhile waits, the newest alone */
	uint64_t
		retry_ms; /* no job was free for one of the two: look again then; 0: none waits for that */
	uint64_t cosig_size;	/* of the last one that verified */
	struct msg_cosig cosig; /* size 0: none waits */

	/* the peer's feed, coming in */
	bool may_pull;
	uint64_t expect;
	uint32_t ingesting, unanswered; /* with the writer; stored since the last answer */
};

struct tab {
	struct session **slot;
	uint32_t mask, n;
};

/* A job and what the node has to remember for it; the chunk's bytes follow. */
struct node_job {
	struct job job; /* first */
	uint64_t session;
	uint32_t conn;
	size_t n;
	uint8_t bytes[];
};

struct node {
	struct node_cfg cfg;
	struct kv *kv;
	struct prng prng;
	uint32_t own_no;
	struct hash upstream_feed;
	uint8_t prologue[sizeof(NOISE_LABEL) - 1 + HASH_BYTES];

	/* the last sealed own head */
	struct msg_front own;
	struct buf cached; /* message with a chunk of the own feed, made last */
	uint64_t cached_from, cached_end;
	bool cached_full;      /* nothing more would fit */
	struct compress *zstd; /* NULL: not offered */
	struct buf packed;     /* the same chunk compressed; n 0: not yet, or no gain */
	bool packed_tried;

	struct session *first, *last;
	struct tab tab[NTABS];
	struct session *stranger[NODE_HANDSHAKES_MAX]; /* oldest first */
	uint32_t nhandshakes, nguests, njobs;
	uint64_t next_id;
	struct queue queue[NQUEUES];

	/* to the upstream */
	bool dialing, linked;
	uint64_t dial_ms;
	uint32_t failures; /* dials since the last session that got somewhere */

	/* this step */
	const struct event *ev;
	struct effects *out;
	const struct session *about;	  /* whose doing this part of it is; NULL: the node's own */
	size_t fx_at[NODE_EFFECTS_MAX];	  /* where in @tx the bytes of a FX_SEND begin */
	struct buf tx, msg, plain, chunk; /* chunk: decompressed */
	struct kv_txn *txn;
	int err;

	uint64_t next_tick;
	struct session *gone_first; /* to free at the end of the step */
	uint32_t nalarms, alarm_at; /* a ring */
	struct alarm alarm[NODE_ALARMS_MAX];
	struct alarm last_refusal;
};

/* --- node.c --- */
bool node_room(const struct node *n);
/* Bytes from @at to the end of n->tx are for @s. */
void node_fx_send(struct node *n, struct session *s, size_t at);
__attribute__((format(printf, 3, 4))) void node_log(struct node *n, int err, const char *fmt, ...);
void node_fx_store(struct node *n, struct node_job *j);
/* Takes @why over into FX_CLOSE. */
void node_fx_close(struct node *n, uint32_t conn, bool stranger, int err, const char *why);
/* Keeps @a and logs it; peer and time are filled in here. */
void node_alarm(struct node *n, const struct session *s, struct alarm a);
struct node_job *node_job_new(struct node *n, struct session *s, enum job_type type,
			      struct bytes body);
struct session *node_session_of(struct node *n, const struct node_job *j);
void node_dirty(struct node *n, struct session *s);
/* @s goes on when the writer takes chunks again. */
void node_wait(struct node *n, struct session *s);
/* The writer takes no more chunks from anybody. */
bool node_jobs_full(const struct node *n);
/* A tick is wanted at @ms or before. */
void node_wake_at(struct node *n, uint64_t ms);
/* @s has ended; it is freed at the end of the step. */
void node_gone(struct node *n, struct session *s);
/* The table that finds sessions by connection or by feed. */
int node_tab_put(struct node *n, unsigned which, struct session *s, uint32_t key);
void node_tab_del(struct node *n, unsigned which, struct session *s);
struct session *node_by_feed(struct node *n, const struct hash *feed);
/* The session with the upstream has ended: dial again. */
void node_unlinked(struct node *n, bool got_somewhere);

/* --- session.c --- */
int session_open(struct node *n, const struct event *ev, bool up);
void session_free(struct node *n, struct session *s);
void session_bytes(struct node *n, struct session *s, struct bytes b);
void session_sent(struct node *n, struct session *s, size_t bytes);
/* Works off what an earlier step had no room for. */
void session_drain(struct node *n, struct session *s);
void session_tick(struct node *n, struct session *s);
uint64_t session_deadline(const struct session *s);
/* Seals n->msg and sends it. */
void session_send(struct node *n, struct session *s);
/* Drops it now. */
__attribute__((format(printf, 4, 5))) void session_drop(struct node *n, struct session *s, int err,
							const char *fmt, ...);
/* Sends CLOSE (after what is queued) and drops it when that is out. */
__attribute__((format(printf, 4, 5))) void session_end(struct node *n, struct session *s, int err,
						       const char *fmt, ...);
bool session_live(const struct session *s);
/* It has not proved who it is: one of those that crowd_out() counts. */
static inline bool session_stranger(const struct session *s)
{
	return s->state == S_HANDSHAKE && !s->up;
}
void session_set_state(struct node *n, struct session *s, enum session_state next);

/* --- sync.c --- */
/* The peer is known: its feed is @feed, number @no here. To the upstream: sends the frontier's hash. */
void sync_start(struct node *n, struct session *s, const struct hash *feed, uint32_t no);
void sync_message(struct node *n, struct session *s, enum msg_type type, struct bytes body);
/* @s has as many chunks with the writer as it may have now. */
bool sync_full(const struct node *n, const struct session *s);
void sync_pump(struct node *n, struct session *s);
void sync_stored(struct node *n, struct session *s, struct node_job *j);
/* s->retry_ms has come: what found no job gets one, or waits again. */
void sync_retry(struct node *n, struct session *s);

/* --- enrol.c --- */
/* At the upstream: the hello shows that this node is invited. */
bool enrol_wanted(struct node *n);
void enrol_hello(struct node *n, const uint8_t binding[NOISE_HASH_BYTES], struct hello *h);
bool enrol_guest(struct node *n, const uint8_t binding[NOISE_HASH_BYTES], const struct hello *h);
/* Whoever proves that he holds an invitation of this town that is good no more is told so; true when he was. */
bool enrol_turned_away(struct node *n, struct session *s, const uint8_t binding[NOISE_HASH_BYTES],
		       const struct hello *h);
void enrol_ask(struct node *n, struct session *s);
void enrol_asked(struct node *n, struct session *s, struct bytes body);
void enrol_answered(struct node *n, struct session *s, struct bytes body);
void enrol_stored(struct node *n, struct session *s, struct node_job *j);
/* The enrolled member behind the session's transport key. ERR_NOTFOUND. */
int enrol_member_of(struct node *n, const struct session *s, struct hash *ret_feed,
		    uint32_t *ret_no);

/* --- heads.c --- */
/* The read transaction of this step, begun when first needed. NULL: n->err says why. */
struct kv_txn *heads_txn(struct node *n);
void heads_txn_end(struct node *n);
/* The last sealed own head that reached the store, for a start. */
int heads_sealed(struct node *n, struct msg_front *ret);
/* Size and root of a feed as stored. */
int heads_of(struct node *n, uint32_t no, struct msg_front *ret);
/* Root of the own feed at @size, proved to be a prefix of the sealed head. ERR_INVALID: @size is over that;
 * ERR_CORRUPT, ERR_NOTFOUND: the store is damaged. */
int heads_proven(struct node *n, uint64_t size, struct hash *ret);
/* MSG_CHUNK with entries of the own feed from @from on, into n->cached; the intermediate head is proved to
 * be a prefix of the sealed one before it is signed. */
int heads_chunk(struct node *n, uint64_t from, uint64_t *ret_end);
/* The message in n->cached as @s takes it. */
struct bytes heads_message(struct node *n, const struct session *s);
/* Our newest cosignature of a foreign feed. ERR_NOTFOUND. */
int heads_cosig(struct node *n, uint32_t no, struct msg_cosig *ret);
/* The witness key of the peer, from the roster. ERR_NOTFOUND. */
int heads_witness(struct node *n, const struct session *s, uint8_t ret[SIGN_KEY_BYTES]);

#endif
