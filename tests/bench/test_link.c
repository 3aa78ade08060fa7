/* The emulated link: what it is measured against must itself be right. */
#include "tests/bench/link.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/t.h"

#define SEEDS 20

static const struct link_opts radio = {
	.bit_s = 64000, .loss = 0.1, .delay_us = 300000, .queue = 16000};

/* What arrives must be what was sent, in order. */
struct ends {
	size_t got[2], sent[2];
};

static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8));
}

static void on_bytes(void *ctx, unsigned side, const uint8_t *p, size_t n)
{
	struct ends *e = ctx;

	for (size_t i = 0; i < n; i++)
		T_EQ(p[i], byte_at(e->got[side] + i));
	e->got[side] += n;
}

static void on_sent(void *ctx, unsigned side, size_t n)
{
	struct ends *e = ctx;

	e->sent[side] += n;
}

static uint64_t run_until(struct link *l, uint64_t now, const size_t *what, size_t n)
{
	while (*what < n) {
		uint64_t at = link_next(l);

		T_OK(at != UINT64_MAX);
		now = at > now ? at : now;
		link_run(l, now);
	}
	return now;
}

static void write_pattern(struct link *l, unsigned side, uint64_t now, size_t from, size_t n)
{
	uint8_t *p = malloc(n);

	for (size_t i = 0; i < n; i++)
		p[i] = byte_at(from + i);
	link_write(l, side, now, p, n);
	free(p);
}

static void test_bytes_arrive_in_order_both_ways(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct ends e = {{0}, {0}};
		struct link_ops ops = {on_bytes, on_sent, &e};
		struct link *l = link_new(&radio, &ops, seed);
		uint64_t now = link_connect(l, 0);

		write_pattern(l, 0, now, 0, 50000);
		write_pattern(l, 1, now, 0, 3000);
		now = run_until(l, now, &e.got[0], 3000);
		write_pattern(l, 1, now, 3000, 100);
		now = run_until(l, now, &e.got[1], 50000);
		run_until(l, now, &e.got[0], 3100);
		T_EQ(e.sent[0], 50000);
		T_EQ(e.sent[1], 3100);
		T_EQ(link_delivered(l), 53100);
		T_OK(link_wire(l) > 53100 * (LINK_MSS + LINK_HEAD) / LINK_MSS);
		link_free(l);
	}
}

/* 100 kB are 12.5 s of air, 13 with headers, and the connection takes 0.6. Linux took 13.6. */
static void test_without_loss_the_line_is_full(void)
{
	struct link_opts o = radio;
	double t;

	o.loss = 0;
	t = link_copy(&o, 1, 100000);
	T_OK(t > 13.0 + 0.6 && t < 15.0);
}

/* Linux with CUBIC took 13.8 to 18.7 s for 90 kB over such a link. */
static void test_with_loss_it_is_about_as_slow_as_linux(void)
{
	double t[SEEDS], sum = 0;

	for (uint64_t i = 0; i < SEEDS; i++) {
		t[i] = link_copy(&radio, i + 1, 90000);
		T_OK(t[i] > 12.0 && t[i] < 40.0);
		sum += t[i];
	}
	T_OK(sum / SEEDS > 13.5 && sum / SEEDS < 20.0);
	T_OK(fabs(link_copy(&radio, 1, 90000) - t[0]) < 1e-9); /* the same seed, the same link */
}

static void test_a_cut_loses_what_is_under_way(void)
{
	struct ends e = {{0}, {0}};
	struct link_ops ops = {on_bytes, on_sent, &e};
	struct link *l = link_new(&radio, &ops, 3);
	uint64_t now = link_connect(l, 0);

	write_pattern(l, 0, now, 0, 50000);
	now = run_until(l, now, &e.got[1], 20000);
	link_cut(l);
	T_EQ(link_next(l), UINT64_MAX);
	memset(&e, 0, sizeof(e));
	now = link_connect(l, now);
	write_pattern(l, 0, now, 0, 1000);
	run_until(l, now, &e.got[1], 1000);
	T_EQ(e.got[1], 1000);
	link_free(l);
}

T_MAIN(T(test_bytes_arrive_in_order_both_ways), T(test_without_loss_the_line_is_full),
       T(test_with_loss_it_is_about_as_slow_as_linux), T(test_a_cut_loses_what_is_under_way))
