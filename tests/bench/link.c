#include "tests/bench/link.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prng.h"
#include "tests/bench/bench.h"

#define SYN_BYTES    60
#define SYN_WAIT_US  UINT64_C(1000000)
#define DELAY_ACK_US UINT64_C(40000)
#define RTO_MIN_US   UINT64_C(200000)
#define RTO_FIRST_US UINT64_C(1000000)
#define RTO_MAX_US   UINT64_C(120000000)
#define WINDOW_FIRST (10 * LINK_MSS)
#define SACKS	     3
#define CUBIC_C	     0.4
#define CUBIC_BETA   0.7
#define SEND_BUFFER  65536 /* what a kernel takes before it lets a writer wait */
#define PACKETS_MAX  4096
#define NEVER	     UINT64_MAX

struct segment {
	size_t at, n;
	uint64_t sent_us;
	uint32_t times;
	bool acked, lost, got; /* got: the other side has it */
};

/* One direction of the connection: what its sender knows, and what its receiver has. */
struct flow {
	uint8_t *data;		    /* all that was ever written */
	size_t n, cap, taken, next; /* taken: reported as sent; next: the first byte never sent */
	struct segment *seg;
	uint32_t nseg, seg_cap, first;	/* first: the oldest segment that is not acknowledged */
	double window, threshold, most; /* bytes; most: at the last loss */
	uint64_t epoch_us, rack_us, srtt_us, var_us, timer_us;
	uint32_t recover, backoff; /* recover: segments below it belong to the last loss */
	bool probed;
	/* receiver */
	uint32_t have, recent[SACKS], nrecent, unacked; /* have: segments below it have arrived */
	uint64_t ack_us;
};

struct packet {
	uint64_t at;
	unsigned to;
	bool data;
	uint32_t seg, ack, sack[SACKS], nsack; /* ack: all segments below it */
};

struct link {
	struct link_opts o;
	struct link_ops ops;
	struct prng g;
	uint64_t busy_us[2], wire, delivered;
	struct flow flow[2]; /* by sender */
	struct packet packet[PACKETS_MAX];
	uint32_t npackets;
};

static void grow(void **p, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return;
	*cap = need * 2;
	*p = realloc(*p, *cap * size);
	if (!*p)
		bench_fail("no memory");
}

/* --- the link ------------------------------------------------------------------------------------------ */
static bool chance(struct link *l, double of)
{
	return (double)(prng_next(&l->g) >> 11) / 9007199254740992.0 < of;
}

/* When a packet of @bytes arrives that @from sends now; NEVER: it does not. */
static uint64_t fly(struct link *l, unsigned from, uint64_t now, size_t bytes)
{
	uint64_t start = l->busy_us[from] > now ? l->busy_us[from] : now;

	if ((double)(start - now) * l->o.bit_s / 8e6 > (double)l->o.queue)
		return NEVER;
	l->busy_us[from] = start + (uint64_t)((double)bytes * 8e6 / l->o.bit_s);
	l->wire += bytes;
	return chance(l, l->o.loss) ? NEVER : l->busy_us[from] + l->o.delay_us;
}

/* Sends a segment, or with @seg UINT32_MAX an acknowledgement alone; either says what has arrived here. */
static void packet_send(struct link *l, unsigned from, uint64_t now, uint32_t seg)
{
	struct flow *in = &l->flow[!from];
	struct packet p = {.to = !from, .data = seg != UINT32_MAX, .seg = seg, .ack = in->have};
	size_t bytes = LINK_HEAD + (p.data ? l->flow[from].seg[seg].n : 0);

	memcpy(p.sack, in->recent, sizeof(p.sack));
	p.nsack = in->nrecent;
	in->unacked = 0;
	in->ack_us = NEVER;
	p.at = fly(l, from, now, bytes);
	if (p.at == NEVER)
		return;
	if (l->npackets == PACKETS_MAX)
		bench_fail("too many packets on the link");
	l->packet[l->npackets++] = p;
}

/* --- the sender ---------------------------------------------------------------------------------------- */
static uint64_t timeout_us(const struct flow *f)
{
	uint64_t t = f->srtt_us ? f->srtt_us + 4 * f->var_us : RTO_FIRST_US;

	t = t < RTO_MIN_US ? RTO_MIN_US : t;
	t <<= f->backoff < 8 ? f->backoff : 8;
	return t < RTO_MAX_US ? t : RTO_MAX_US;
}

static double in_flight(const struct flow *f)
{
	double n = 0;

	for (uint32_t i = f->first; i < f->nseg; i++)
		if (!f->seg[i].acked && !f->seg[i].lost)
			n += (double)f->seg[i].n;
	return n;
}

/* The tail is probed once before it is given up for lost. */
static void set_timer(struct flow *f, uint64_t now)
{
	uint64_t probe = f->srtt_us ? 2 * f->srtt_us + DELAY_ACK_US : RTO_FIRST_US;
	uint64_t t = timeout_us(f);

	if (f->first == f->nseg)
		f->timer_us = NEVER;
	else
		f->timer_us = now + (!f->probed && probe < t ? probe : t);
}

static void transmit(struct link *l, unsigned side, uint64_t now, uint32_t i)
{
	struct segment *s = &l->flow[side].seg[i];

	s->sent_us = now;
	s->lost = false;
	s->times++;
	packet_send(l, side, now, i);
}

static uint32_t new_segment(struct flow *f)
{
	size_t n = f->n - f->next < LINK_MSS ? f->n - f->next : LINK_MSS, cap = f->seg_cap;

	grow((void **)&f->seg, &cap, f->nseg + 1, sizeof(*f->seg));
	f->seg_cap = (uint32_t)cap;
	f->seg[f->nseg] = (struct segment){.at = f->next, .n = n};
	f->next += n;
	return f->nseg++;
}

static uint32_t lost_segment(const struct flow *f)
{
	uint32_t i = f->first;

	while (i < f->nseg && (!f->seg[i].lost || f->seg[i].acked))
		i++;
	return i;
}

static void pump(struct link *l, unsigned side, uint64_t now)
{
	struct flow *f = &l->flow[side];
	double flight = in_flight(f);

	while (flight == 0 || flight + LINK_MSS <= f->window) {
		uint32_t i = lost_segment(f);

		if (i == f->nseg && f->next == f->n)
			break;
		if (i == f->nseg)
			i = new_segment(f);
		transmit(l, side, now, i);
		flight += (double)f->seg[i].n;
		if (f->timer_us == NEVER)
			set_timer(f, now);
	}
}

/* What the kernel has room for leaves the hands of the writer. */
static void take(struct link *l, unsigned side)
{
	struct flow *f = &l->flow[side];
	size_t done = f->first < f->nseg ? f->seg[f->first].at : f->next;
	size_t upto = done + SEND_BUFFER < f->n ? done + SEND_BUFFER : f->n, n = upto - f->taken;

	if (upto <= f->taken)
		return;
	f->taken = upto;
	if (l->ops.sent)
		l->ops.sent(l->ops.ctx, side, n);
}

static void measure(struct flow *f, uint64_t rtt)
{
	uint64_t off = rtt > f->srtt_us ? rtt - f->srtt_us : f->srtt_us - rtt;

	if (!f->srtt_us) {
		f->srtt_us = rtt;
		f->var_us = rtt / 2;
		return;
	}
	f->var_us = (3 * f->var_us + off) / 4;
	f->srtt_us = (7 * f->srtt_us + rtt) / 8;
}

/* An acknowledged segment; bytes that are new. */
static size_t mark(struct flow *f, uint32_t i, uint64_t now)
{
	struct segment *s = &f->seg[i];

	if (s->acked)
		return 0;
	s->acked = true;
	if (s->times == 1)
		measure(f, now - s->sent_us);
	if (s->sent_us > f->rack_us)
		f->rack_us = s->sent_us;
	return s->n;
}

static void shrink(struct flow *f, uint64_t now)
{
	f->most = f->window;
	f->threshold = f->window * CUBIC_BETA;
	if (f->threshold < 2 * LINK_MSS)
		f->threshold = 2 * LINK_MSS;
	f->recover = f->nseg;
	f->epoch_us = now;
}

static void widen(struct flow *f, uint64_t now, size_t acked)
{
	double most = f->most / LINK_MSS, t = (double)(now - f->epoch_us) / 1e6, k, cubic, reno;

	if (f->window < f->threshold) {
		f->window += (double)acked;
		return;
	}
	k = cbrt(most * (1 - CUBIC_BETA) / CUBIC_C);
	cubic = CUBIC_C * pow(t - k, 3) + most;
	reno = most * CUBIC_BETA +
	       0.53 * t * 1e6 / (double)(f->srtt_us ? f->srtt_us : RTO_FIRST_US);
	cubic = (cubic > reno ? cubic : reno) * LINK_MSS;
	if (cubic > f->window)
		f->window += (cubic - f->window) * (double)acked / f->window;
}

/* What was sent a quarter of a round trip before something that has arrived is lost. */
static void find_lost(struct flow *f, uint64_t now)
{
	bool any = false;

	for (uint32_t i = f->first; i < f->nseg; i++) {
		struct segment *s = &f->seg[i];

		if (s->acked || s->lost || s->sent_us + f->srtt_us / 4 >= f->rack_us)
			continue;
		s->lost = true;
		any = any || i >= f->recover || s->times > 1;
	}
	if (!any || f->first < f->recover)
		return;
	shrink(f, now);
	f->window = f->threshold;
}

static void recv_ack(struct link *l, unsigned side, uint64_t now, const struct packet *p)
{
	struct flow *f = &l->flow[side];
	size_t acked = 0;

	for (uint32_t i = f->first; i < p->ack; i++)
		acked += mark(f, i, now);
	for (uint32_t i = 0; i < p->nsack; i++)
		acked += mark(f, p->sack[i], now);
	while (f->first < f->nseg && f->seg[f->first].acked)
		f->first++;
	if (!acked)
		return;
	f->backoff = 0;
	f->probed = false;
	if (f->first >= f->recover)
		widen(f, now, acked);
	find_lost(f, now);
	set_timer(f, now);
	take(l, side);
	pump(l, side, now);
}

static void on_timer(struct link *l, unsigned side, uint64_t now)
{
	struct flow *f = &l->flow[side];

	if (!f->probed && f->srtt_us) {
		uint32_t last = f->nseg - 1;

		while (f->seg[last].acked)
			last--;
		f->probed = true;
		transmit(l, side, now, last);
		set_timer(f, now);
		return;
	}
	for (uint32_t i = f->first; i < f->nseg; i++)
		f->seg[i].lost = !f->seg[i].acked;
	shrink(f, now);
	f->window = LINK_MSS;
	f->backoff++;
	f->timer_us = NEVER;
	pump(l, side, now);
	set_timer(f, now);
}

/* --- the receiver -------------------------------------------------------------------------------------- */
static void remember(struct flow *f, uint32_t seg)
{
	for (uint32_t i = SACKS - 1; i > 0; i--)
		f->recent[i] = f->recent[i - 1];
	f->recent[0] = seg;
	if (f->nrecent < SACKS)
		f->nrecent++;
}

static void recv_data(struct link *l, unsigned to, uint64_t now, uint32_t seg)
{
	struct flow *f = &l->flow[!to];
	bool in_order = seg == f->have && !f->seg[seg].got;

	remember(f, seg);
	f->seg[seg].got = true;
	while (f->have < f->nseg && f->seg[f->have].got) {
		const struct segment *s = &f->seg[f->have++];

		l->delivered += s->n;
		/* the callback may write, and so move the data of the other flow, or cut this one */
		l->ops.bytes(l->ops.ctx, to, f->data + s->at, s->n);
		if (!f->nseg)
			return;
	}
	f->unacked++;
	if (!in_order || f->unacked >= 2)
		packet_send(l, to, now, UINT32_MAX);
	else if (f->ack_us == NEVER)
		f->ack_us = now + DELAY_ACK_US;
}

/* --- outside ------------------------------------------------------------------------------------------- */
static void flow_reset(struct flow *f)
{
	free(f->data);
	free(f->seg);
	*f = (struct flow){
		.window = WINDOW_FIRST, .threshold = INFINITY, .timer_us = NEVER, .ack_us = NEVER};
}

struct link *link_new(const struct link_opts *o, const struct link_ops *ops, uint64_t seed)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		bench_fail("no memory");
	l->o = *o;
	l->ops = *ops;
	prng_seed(&l->g, seed);
	link_cut(l);
	return l;
}

void link_free(struct link *l)
{
	link_cut(l);
	free(l);
}

void link_cut(struct link *l)
{
	l->npackets = 0;
	for (unsigned s = 0; s < 2; s++) {
		flow_reset(&l->flow[s]);
		l->busy_us[s] = 0;
	}
}

uint64_t link_connect(struct link *l, uint64_t now)
{
	uint64_t wait = SYN_WAIT_US;

	for (;; now += wait, wait *= 2) {
		uint64_t at = fly(l, 0, now, SYN_BYTES);

		at = at == NEVER ? NEVER : fly(l, 1, at, SYN_BYTES);
		if (at != NEVER)
			return at;
	}
}

void link_write(struct link *l, unsigned side, uint64_t now, const void *p, size_t n)
{
	struct flow *f = &l->flow[side];

	grow((void **)&f->data, &f->cap, f->n + n, 1);
	memcpy(f->data + f->n, p, n);
	f->n += n;
	pump(l, side, now);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t link_next(const struct link *l)
{
	uint64_t at = NEVER;

	for (uint32_t i = 0; i < l->npackets; i++)
		at = least(at, l->packet[i].at);
	for (unsigned s = 0; s < 2; s++) {
		const struct flow *f = &l->flow[s];

		at = least(at, least(f->timer_us, f->ack_us));
		/* bytes wait for room that is there */
		if (f->taken < f->n &&
		    f->taken < (f->first < f->nseg ? f->seg[f->first].at : f->next) + SEND_BUFFER)
			at = 0;
	}
	return at;
}

static bool packet_due(struct link *l, uint64_t now, struct packet *ret)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < l->npackets; i++)
		if (l->packet[i].at <= now &&
		    (best == UINT32_MAX || l->packet[i].at < l->packet[best].at))
			best = i;
	if (best == UINT32_MAX)
		return false;
	*ret = l->packet[best];
	memmove(l->packet + best, l->packet + best + 1,
		(--l->npackets - best) * sizeof(*l->packet));
	return true;
}

void link_run(struct link *l, uint64_t now)
{
	struct packet p;

	for (unsigned s = 0; s < 2; s++)
		take(l, s);
	while (packet_due(l, now, &p)) {
		recv_ack(l, p.to, now, &p);
		if (p.data && p.seg < l->flow[!p.to].nseg)
			recv_data(l, p.to, now, p.seg);
	}
	for (unsigned s = 0; s < 2; s++) {
		if (l->flow[s].timer_us <= now)
			on_timer(l, s, now);
		if (l->flow[s].ack_us <= now)
			packet_send(l, !s, now, UINT32_MAX);
	}
}

uint64_t link_wire(const struct link *l)
{
	return l->wire;
}

uint64_t link_delivered(const struct link *l)
{
	return l->delivered;
}

/* --- a plain copy -------------------------------------------------------------------------------------- */
static void count(void *ctx, unsigned side, const uint8_t *p, size_t n)
{
	(void)side;
	(void)p;
	*(size_t *)ctx += n;
}

double link_copy(const struct link_opts *o, uint64_t seed, size_t n)
{
	size_t got = 0;
	struct link_ops ops = {count, NULL, &got};
	struct link *l = link_new(o, &ops, seed);
	uint64_t now = link_connect(l, 0);
	void *zeros = calloc(1, n);

	if (!zeros)
		bench_fail("no memory");
	link_write(l, 0, now, zeros, n);
	while (got < n) {
		uint64_t at = link_next(l);

		now = at > now ? at : now;
		link_run(l, now);
	}
	free(zeros);
	link_free(l);
	return (double)now / 1e6;
}
