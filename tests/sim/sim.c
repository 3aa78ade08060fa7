#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/t.h"

static const char *const type_name[SE_TYPES] = {"tick",	 "dial",  "segment", "sent", "closed",
						"store", "crash", "restart", "work", "retry",
						"fault", "image", "calm",    "check"};

/* --- events ---------------------------------------------------------------------------------------- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
	struct sim_event t = *a;

	*a = *b;
	*b = t;
}

void sim_at(struct sim *s, uint64_t delay_ms, const struct sim_event *ev)
{
	uint32_t i = s->nheap;

	if (s->nheap == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->heap = realloc(s->heap, s->cap * sizeof(*s->heap));
		T_OK(s->heap != NULL);
	}
	s->heap[i] = *ev;
	s->heap[i].at = s->now + delay_ms;
	s->heap[i].order = ++s->order;
	s->nheap++;
	for (; i > 0 && before(&s->heap[i], &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&s->heap[i], &s->heap[(i - 1) / 2]);
}

static struct sim_event take(struct sim *s)
{
	struct sim_event first = s->heap[0];
	uint32_t i = 0;

	s->heap[0] = s->heap[--s->nheap];
	for (;;) {
		uint32_t least = i;

		for (uint32_t kid = 2 * i + 1; kid <= 2 * i + 2 && kid < s->nheap; kid++)
			if (before(&s->heap[kid], &s->heap[least]))
				least = kid;
		if (least == i)
			return first;
		swap(&s->heap[i], &s->heap[least]);
		i = least;
	}
}

/* --- history --------------------------------------------------------------------------------------- */

static void remember(struct sim *s, const struct sim_event *ev)
{
	uint8_t row[40];

	be64_put(row, ev->at);
	be32_put(row + 8, ev->type);
	be32_put(row + 12, ev->host);
	be64_put(row + 16, ev->a);
	be64_put(row + 24, ev->b);
	be64_put(row + 32, ev->order);
	sha256_add(&s->history, row, sizeof(row));
	s->trace[s->steps++ % SIM_TRACE] = *ev;
}

void sim_print_trace(const struct sim *s)
{
	uint64_t from = s->steps > SIM_TRACE ? s->steps - SIM_TRACE : 0;

	for (uint64_t i = from; i < s->steps; i++) {
		const struct sim_event *ev = &s->trace[i % SIM_TRACE];

		printf("  %10.3f s  %-8s %-10s a=%llu b=%llu\n", (double)ev->at / 1000,
		       type_name[ev->type], s->m[ev->host].host.name, (unsigned long long)ev->a,
		       (unsigned long long)ev->b);
	}
}

void sim_fail(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->failed)
		return;
	s->failed = true;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
}

void sim_say(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->opts.verbose)
		return;
	printf("  %10.3f s  ", (double)s->now / 1000);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

/* --- one run --------------------------------------------------------------------------------------- */

static void check(struct sim *s)
{
	struct sim_event again = {.type = SE_CHECK};
	const char *lacks = NULL;
	uint32_t i = 0;

	while (i < SIM_HOSTS && !(lacks = law_lacks(s, i)))
		i++;
	if (!lacks) {
		law_at_end(s);
		s->done = true;
	} else if (s->now > s->calm_at + SIM_CALM_MS) {
		sim_fail(s, "liveness: %d minutes after the last fault: %s: %s",
			 SIM_CALM_MS / 60000, s->m[i].host.name, lacks);
	} else {
		sim_at(s, 5000, &again);
	}
}

static void calm(struct sim *s)
{
	struct sim_event ev = {.type = SE_CHECK};

	s->calm = true;
	s->calm_at = s->now;
	sim_say(s, "no more faults");
	machine_calm(s);
	work_calm(s);
	sim_at(s, 5000, &ev);
}

static void dispatch(struct sim *s, const struct sim_event *ev)
{
	switch (ev->type) {
	case SE_TICK: machine_tick(s, ev); break;
	case SE_DIAL: net_dial(s, ev->host); break;
	case SE_SEGMENT: net_segment(s, ev->a); break;
	case SE_SENT: net_sent(s, ev->a, ev->b); break;
	case SE_CLOSED: net_closed(s, ev->a); break;
	case SE_STORE: machine_store(s, ev->host); break;
	case SE_CRASH: machine_crash(s, ev->host); break;
	case SE_RESTART: machine_restart(s, ev->host); break;
	case SE_WORK: work_step(s, ev->host); break;
	case SE_RETRY: work_retry(s, ev->a); break;
	case SE_FAULT: machine_fault(s, ev); break;
	case SE_IMAGE: machine_image(s); break;
	case SE_CALM: calm(s); break;
	case SE_CHECK: check(s); break;
	case SE_TYPES: break;
	}
}

/* A process that has ended gets no more of its events. */
static bool stale(const struct sim *s, const struct sim_event *ev)
{
	return ev->gen && (ev->gen != s->m[ev->host].gen || !s->m[ev->host].host.up);
}

const char *const sim_features[SIM_FEATURES] = {
	[FAULT_LINK] = "link",	      [FAULT_DISK] = "disk",	 [FAULT_SYNC] = "sync",
	[FAULT_GUARD] = "guard",      [FAULT_CLOCK] = "clock",	 [FAULT_STRANGER] = "stranger",
	[FAULT_ROT] = "rot",	      [FAULT_COPY] = "copy",	 [FAULT_SLOW] = "slow",
	[FAULT_STOP] = "stop",	      [FAULT_ONEWAY] = "oneway", [FAULT_REDO] = "redo",
	[FAULT_LAND] = "land",	      [FAULT_CLONE] = "clone",	 [FAULT_LIAR] = "liar",
	[SIM_CUTS] = "cuts",	      [SIM_FLIPS] = "flips",	 [SIM_CRASHES] = "crashes",
	[SIM_HALF_OPEN] = "half-open"};

static bool chosen(const struct sim *s, struct prng *swarm, unsigned feature, uint32_t percent)
{
	return sim_chance(swarm, percent) && !(s->opts.without & UINT32_C(1) << feature);
}

static void seed_all(struct sim *s)
{
	struct prng *g[] = {&s->net, &s->disk, &s->crash, &s->clock, &s->work, &s->keys};
	struct prng swarm;

	for (unsigned i = 0; i < sizeof(g) / sizeof(g[0]); i++)
		prng_seed(g[i], s->opts.seed * 16 + i);
	/* each seed has some faults and lacks others */
	prng_seed(&swarm, s->opts.seed * 16 + 15);
	for (unsigned i = 0; i < FAULTS; i++)
		s->with[i] = chosen(s, &swarm, i, 70);
	s->with_cuts = chosen(s, &swarm, SIM_CUTS, 70);
	s->with_flips = chosen(s, &swarm, SIM_FLIPS, 40);
	s->with_crashes = chosen(s, &swarm, SIM_CRASHES, 70);
	s->with_half_open = chosen(s, &swarm, SIM_HALF_OPEN, 70);
}

bool sim_run(struct sim *s, const struct sim_opts *opts)
{
	uint64_t faults_ms = opts->faults_ms ? opts->faults_ms : SIM_FAULTS_MS;
	struct sim_event ev = {.type = SE_IMAGE};

	memset(s, 0, sizeof(*s));
	s->opts = *opts;
	s->now = 1;
	seed_all(s);
	sha256_start(&s->history);
	net_open(s);
	law_open(s);
	machine_open(s);
	work_open(s);
	sim_at(s, faults_ms / 10 * 9, &ev);
	ev.type = SE_CALM;
	sim_at(s, faults_ms, &ev);
	while (!s->failed && !s->done && s->nheap) {
		ev = take(s);
		s->now = ev.at;
		if (stale(s, &ev) || machine_defers(s, &ev))
			continue;
		remember(s, &ev);
		dispatch(s, &ev);
		if (!s->failed)
			law_stepped(s, ev.host);
	}
	if (!s->failed && !s->done)
		sim_fail(s, "liveness: nothing more will happen");
	for (unsigned i = 0; i < SIM_HOSTS; i++) {
		struct hash root;

		host_root(&s->m[i].host, &s->m[i].host.feed, &root);
		sha256_add(&s->history, root.b, HASH_BYTES);
	}
	law_remember(s);
	cover_count(s);
	sha256_end(&s->history, &s->digest);
	return !s->failed;
}

void sim_close(struct sim *s)
{
	machine_close(s);
	work_close(s);
	law_close(s);
	net_close(s);
	free(s->heap);
	s->heap = NULL;
}
