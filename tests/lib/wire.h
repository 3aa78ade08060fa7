#ifndef TESTS_LIB_WIRE_H
#define TESTS_LIB_WIRE_H

#include "tests/lib/host.h"

/* Two nodes back to back: a hub and a village on memory stores, joined by a wire that the test holds. Nothing
 * arrives and no time passes but in the calls below. */
enum { HUB, VILLAGE };

struct wire {
	struct host h[2];
	bool up;
	bool open[2];
	uint32_t conn;
	struct buf q[2]; /* on its way to that host */
	struct prng prng;
	uint64_t now;
	uint64_t wall;
	bool dial, no_dial;
	uint32_t dials, delivered; /* FX_SENDs that arrived */
	uint32_t cut_at;	   /* cut instead of this delivery; 0: never */
	size_t cut_keep;	   /* bytes of it that still arrive */
	uint32_t flip_at;
	size_t flip_bit;
	uint64_t sent[2];
	char closed[2][200]; /* why that host closed last */
	uint32_t unasked;    /* lines that the node says of itself */
};

/* The hub runs; the village has its invitation. */
void wire_open(struct wire *w, uint64_t seed);
/* The village starts too, and all that follows happens. */
void wire_start(struct wire *w);
void wire_up(struct wire *w, uint64_t seed); /* both */
void wire_close(struct wire *w);
/* A host that took the place of another. */
void wire_attach(struct wire *w, unsigned side);

/* Until nothing happens any more. */
void wire_run(struct wire *w);
/* One round of that; false: nothing happened. */
bool wire_work(struct wire *w);
/* Lets time pass in steps that ticks ask for. */
void wire_pass(struct wire *w, uint64_t ms);
/* Moves what lies on the wire towards @to. */
void wire_carry(struct wire *w, unsigned to);
/* The connection ends, for both or for one of them. */
void wire_cut(struct wire *w);
void wire_feed_closed(struct wire *w, unsigned side);

/* @n entries of one side. */
void wire_grants(struct wire *w, unsigned side, unsigned n);
/* Bytes as they come from the other side. */
void wire_feed(struct wire *w, unsigned to, const void *bytes, size_t n);
/* The same as the village's next message, sealed, to the hub. */
void wire_say(struct wire *w, const struct buf *msg);

/* The size of a feed there. */
uint64_t wire_size(struct wire *w, unsigned side, unsigned feed_of);
/* Both have the same of both feeds. */
void wire_check_equal(struct wire *w);
uint32_t wire_alarms(struct wire *w, unsigned side, struct alarm *ret);
void wire_no_alarms(struct wire *w);
struct feed_status wire_status(struct wire *w, unsigned side, unsigned feed_of);
/* A session runs there, and it is the only link. */
bool wire_linked(struct wire *w, unsigned side);
/* How many links the hub has. */
uint32_t wire_links(struct wire *w);

#endif
