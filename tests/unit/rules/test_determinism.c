#include "daemon/ledger/rules/fold.h"

#include "lib/err.h"
#include "tests/lib/held.h"
#include "tests/lib/t.h"

/* The state follows from the leaves: the entries of a town and two villages, one of which lives the whole
 * scheme, put into other stores in any order in which they can arrive. */
#define ORDERS	    300
#define FEEDS	    3
#define ENTRIES_MAX 256

struct kept {
	struct entry e;
	struct buf payload;
	bool author_ok;
};
struct feed {
	const char *code; /* NULL: the town */
	uint32_t n;
	struct kept entry[ENTRIES_MAX];
	struct hash digest;
};
static struct feed feeds[FEEDS];
static uint64_t seed;

static void keep_feed(struct held *h, uint32_t no, const char *code, struct feed *f)
{
	f->code = code;
	f->n = (uint32_t)town_size(&h->w, no);
	T_OK(f->n <= ENTRIES_MAX);
	town_digest(&h->w, no, &f->digest);
	town_begin(&h->w);
	for (uint32_t i = 0; i < f->n; i++) {
		struct kept *k = &f->entry[i];
		struct bytes leaf, payload;

		T_EQ(feedlog_read(h->w.t, no, i, &leaf, &payload), ERR_OK);
		T_EQ(entry_parse(leaf.p, leaf.n, &k->e), ERR_OK);
		T_EQ(buf_put(&k->payload, payload.p, payload.n), ERR_OK);
		k->author_ok = entry_tx_verify(&k->e, &h->w.id);
	}
	town_commit(&h->w);
}

static void keep_town(void)
{
	static struct held h;

	held_make(&h, NULL);
	seed = h.w.seed;
	keep_feed(&h, FEED_TOWN, NULL, &feeds[0]);
	keep_feed(&h, h.a, HELD_CODE_A, &feeds[1]);
	keep_feed(&h, h.b, HELD_CODE_B, &feeds[2]);
	held_close(&h);
}

static bool may_arrive(const struct feed *f, uint32_t at, uint32_t town_at)
{
	return at < f->n && (!f->code || f->entry[at].e.town_seen <= town_at);
}

/* @choose: which feed comes next, when it may. */
static void replay(uint32_t (*choose)(void *ctx), void *ctx, bool b_first)
{
	uint32_t at[FEEDS] = {0}, no[FEEDS] = {FEED_TOWN};
	struct town w;

	town_new(&w, seed);
	town_begin(&w);
	town_feed_only(&w);
	for (uint32_t i = 1; i < FEEDS; i++) { /* other local numbers, too */
		uint32_t f = b_first ? FEEDS - i : i;

		no[f] = town_feed(&w, feeds[f].code);
	}
	while (at[0] < feeds[0].n || at[1] < feeds[1].n || at[2] < feeds[2].n) {
		uint32_t f = choose(ctx);

		if (!may_arrive(&feeds[f], at[f], at[0]))
			continue;
		struct kept *k = &feeds[f].entry[at[f]++];
		struct entry e = k->e;

		town_append(&w, no[f], &e, buf_bytes(&k->payload), k->author_ok);
		T_MEM(&e, &k->e, sizeof(e)); /* place and chain are those it had */
	}
	for (uint32_t f = 0; f < FEEDS; f++) {
		struct hash digest;

		town_digest(&w, no[f], &digest);
		T_MEM(&digest, &feeds[f].digest, sizeof(digest));
	}
	town_commit(&w);
	town_close(&w);
}

static uint32_t at_random(void *ctx)
{
	return (uint32_t)prng_below(ctx, FEEDS);
}

/* Mostly one feed, then mostly another: what a stick or a slow line brings. */
static uint32_t in_lumps(void *ctx)
{
	static uint32_t now;

	if (prng_below(ctx, 20) == 0)
		now = (uint32_t)prng_below(ctx, FEEDS);
	return now;
}

static void test_any_order_of_arrival_gives_the_same_state(void)
{
	for (uint64_t i = 0; i < ORDERS; i++) {
		struct prng g;

		prng_seed(&g, 4000 + i);
		replay(i % 2 ? at_random : in_lumps, &g, i % 3 == 0);
	}
}

static void forget_town(void)
{
	for (uint32_t f = 0; f < FEEDS; f++)
		for (uint32_t i = 0; i < feeds[f].n; i++)
			buf_close(&feeds[f].entry[i].payload);
}

T_MAIN_WITH(keep_town, forget_town, T(test_any_order_of_arrival_gives_the_same_state))
