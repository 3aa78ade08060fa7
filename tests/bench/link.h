#ifndef TESTS_BENCH_LINK_H
#define TESTS_BENCH_LINK_H

#include <stddef.h>
#include <stdint.h>

/* A TCP connection over a bad link, in virtual time: what a village at the end of a radio link has, without a
 * kernel that can imitate one, without privileges, and with the same result from the same seed on every machine.
 *
 * The link: each direction sends packets one after the other at @bit_s, from a queue of @queue bytes that drops what
 * does not fit; a packet takes @delay_us more to arrive, and one in 1/@loss does not: its air time is spent.
 *
 * TCP, as Linux has it: segments of LINK_MSS bytes with LINK_HEAD bytes of headers, ten of them to begin with, CUBIC
 * (RFC 9438), selective acknowledgements of the last three segments, every second segment acknowledged or after
 * 40 ms, loss found by the time of sending (RACK) or by a probe of the tail (both RFC 8985), timeouts of RFC 6298
 * with the 200 ms floor of Linux. Not modelled: pacing, F-RTO, window limits of the receiver, ECN.
 *
 * Times are microseconds. Side 0 is the one that connects. */
#define LINK_MSS  1448
#define LINK_HEAD 52

struct link_opts {
	double bit_s, loss;
	uint64_t delay_us;
	size_t queue;
};
struct link_ops {
	/* Bytes arrive at @side, in order. */
	void (*bytes)(void *ctx, unsigned side, const uint8_t *p, size_t n);
	/* The kernel of @side has taken so many more of the bytes written. May be NULL. */
	void (*sent)(void *ctx, unsigned side, size_t n);
	void *ctx;
};
struct link;
struct link *link_new(const struct link_opts *o, const struct link_ops *ops, uint64_t seed);
void link_free(struct link *l);
/* Handshake of a new connection; the time at which it is there. */
uint64_t link_connect(struct link *l, uint64_t now_us);
void link_write(struct link *l, unsigned side, uint64_t now_us, const void *p, size_t n);
/* When link_run has something to do; UINT64_MAX: never, unless somebody writes. */
uint64_t link_next(const struct link *l);
/* Does what is due. Callbacks come from here. */
void link_run(struct link *l, uint64_t now_us);
/* The connection is gone with all that is on its way; the link is there for the next. */
void link_cut(struct link *l);
/* So far, both ways, over all connections: bytes on the air with headers; bytes that arrived in order. */
uint64_t link_wire(const struct link *l);
uint64_t link_delivered(const struct link *l);

/* Seconds until @n bytes have crossed such a link, connection included. */
double link_copy(const struct link_opts *o, uint64_t seed, size_t n);

#endif
