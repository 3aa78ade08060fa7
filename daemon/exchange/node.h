#ifndef DAEMON_EXCHANGE_NODE_H
#define DAEMON_EXCHANGE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/exchange/alarm.h"
#include "daemon/store/kv.h"
#include "daemon/writer/writer.h"
#include "lib/limit.h"
#include "lib/sign.h"
#include "proto/msg.h"

/* The exchange: a pure step machine. Events go in with the time inside; effects come out. It decides what
 * to send, store and retry; the driver (daemon/io or the simulator) performs. It reads the store only
 * through read transactions of @kv and writes only by giving jobs.
 *
 * One session per connection:
 *
 *	OPENED -> HANDSHAKE -> (ENROL ->) RUNNING -> CLOSED
 *
 * Nothing learned in an earlier session suppresses a question in this one: sizes known of a peer live in
 * the session and die with it.
 *
 * What a node does follows from what it can, not from what it is called:
 *
 *	has an upstream	dials it, pushes the own feed to it, takes its feed
 *	serves members	is dialled by them, enrols guests, takes their feeds and cosigns them, gives its own
 *
 * A village has the first, a hub the second, a town below a district both: then the own feed goes both ways,
 * and every session is one or the other (struct session, @up). All levels of such a chain share one town ID
 * and one domain, as every signature names them. What is not there for a node with both: enrolment at its
 * upstream (the district's roster has to name it already), cosignatures of the own feed by the upstream
 * (they are received and not stored, as the fold does not read the witness key of a district), members' feeds
 * are not passed on, and init, config keys and the driver make villages and hubs only. */

#define NODE_HANDSHAKES_MAX                                                                        \
	LIMIT(64, 4) /* sessions before message 3; a newcomer takes the place of another */
#define NODE_SOURCE_MAX	    LIMIT(32, 2) /* of them from one address; then its oldest is dropped */
#define NODE_HANDSHAKE_MS   15000
#define NODE_GUESTS_MAX	    64 /* invited and not enrolled yet, one for each invitation */
#define NODE_GUEST_MS	    30000
#define NODE_IDLE_PING_MS   60000
#define NODE_DEAD_MS	    180000	 /* nothing received: drop */
#define NODE_WINDOW_CHUNKS  LIMIT(64, 2) /* sent and not acknowledged, per session */
#define NODE_INGEST_MAX	    LIMIT(64, 2) /* chunks waiting for the writer, per session */
#define NODE_BACKOFF_MS_MIN 1000	 /* reconnect: doubling with jitter */
#define NODE_BACKOFF_MS_MAX 300000
#define NODE_SEND_BYTES_MAX                                                                        \
	LIMIT(1 << 20, 9000) /* unsent bytes per connection before it is left alone */
/* Every member has a place beside those who are not known yet. */
#define NODE_CONNS_MAX (FEEDS_MAX + NODE_HANDSHAKES_MAX + NODE_GUESTS_MAX)

/* Where the node dials. */
struct node_upstream {
	uint32_t
		feed_no; /* of its feed in the store, FEED_TOWN for a village; 0: there is no upstream */
	uint8_t transport[DH_KEY_BYTES];
	const struct sign_key *invite; /* borrowed; used until enrolled; NULL: no invitation */
	struct entry enrol_tx;	       /* the signed village_enrol transaction */
	struct bytes enrol_payload;    /* borrowed */
};

struct node_cfg {
	struct hash town;
	struct hash feed; /* own */
	char origin[ORIGIN_MAX];
	const struct sign_key *feed_key; /* borrowed */
	const struct dh_key *transport;	 /* borrowed */
	uint32_t boot;			 /* boot counter, not 0, for what guests let it append */
	struct node_upstream upstream;
	bool serves; /* members: they dial in */
	uint32_t
		features; /* HELLO_*: what this node offers; what the other side offers, too, is done */
};

enum event_type {
	EV_TICK, /* time passed */
	EV_DIAL, /* the driver has a connection to the upstream, answer to FX_CONNECT */
	EV_DIAL_FAILED,
	EV_ACCEPT, /* an incoming connection; only where cfg.serves */
	EV_BYTES,  /* received */
	EV_SENT,   /* bytes left the send queue of a connection: u.sent of them */
	EV_CLOSED, /* the connection is gone */
	EV_STORED, /* a job given by FX_STORE has its result */
	EV_GREW,   /* the own feed was sealed at a larger size: @head; also once after node_new */
	EV_STOP /* send CLOSE on every connection; each then gets its FX_CLOSE. Again until nothing
		    * comes out: there may be more than the effects of one step */
};
struct event {
	enum event_type type;
	uint64_t now_ms;     /* monotonic */
	uint64_t wall_ms;    /* claimed wall time; 0 unknown */
	uint64_t boot_ms;    /* since the machine booted, sleep included */
	uint32_t conn;	     /* chosen by the driver, unique while open */
	struct bytes bytes;  /* EV_BYTES, borrowed */
	uint8_t entropy[32]; /* EV_DIAL, EV_ACCEPT: fresh random bytes */
	uint32_t source;     /* EV_ACCEPT: the same for one address; 0: not known */
	size_t sent;
	struct job *job;   /* EV_STORED: back in the node's hands */
	struct guard head; /* EV_GREW: writer_head() */
};

enum effect_type {
	FX_SEND,    /* bytes to a connection */
	FX_CLOSE,   /* drop a connection, @text for the log; no EV_CLOSED is wanted after it */
	FX_CONNECT, /* dial the upstream */
	FX_STORE,   /* give this job to the writer */
	FX_LOG	    /* a line for the log */
};
struct effect {
	enum effect_type type;
	uint32_t conn;
	struct bytes bytes; /* FX_SEND, borrowed from the node until the next step */
	struct job *job;    /* FX_STORE: lent until EV_STORED */
	char text[200];	    /* FX_LOG, FX_CLOSE; no personal data */
	int err;
	bool stranger; /* FX_CLOSE: it has not proved who it is, and may come as often as it likes */
	bool peer;     /* FX_CLOSE, FX_LOG: what @conn did, and may do again */
};
#define NODE_EFFECTS_MAX LIMIT(512, 24)
struct effects {
	uint32_t n;
	struct effect v[NODE_EFFECTS_MAX];
};

struct node;
int node_new(const struct node_cfg *cfg, struct kv *kv, uint64_t prng_seed, struct node **ret);
/* The driver must have ended all jobs first (jobs not given back are freed by it with node_job_free). */
void node_free(struct node *n);
void node_job_free(struct job *j);
/* Feeds one event; @out is overwritten. Returns ERR_* only when the node itself cannot go on. */
int node_step(struct node *n, const struct event *ev, struct effects *out);
/* When the next EV_TICK is wanted (absolute now_ms). */
uint64_t node_next_tick(const struct node *n);

/* Asserts what only a bug can break, between steps; looks at every session. */
void node_invariant(struct node *n, uint64_t now_ms);

/* For status: what is known of links now. */
struct node_link {
	uint32_t conn;
	struct hash feed; /* of the peer; zero before it is known */
	bool running;
	uint64_t since_ms, acked_bytes, last_recv_ms;
	uint64_t acked;		   /* entries of our feed that the peer has acknowledged */
	struct alarm last_refusal; /* of this node by another, for all links; ALARM_NONE: none */
};
uint32_t node_links(const struct node *n, struct node_link *ret, uint32_t max);
/* The newest ones since the start, oldest first. The same one again replaces the older. */
#define NODE_ALARMS_MAX 64
uint32_t node_alarms(const struct node *n, struct alarm *ret, uint32_t max);

#endif
