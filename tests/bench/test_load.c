/* The load generator: whatever a line asks of it is accepted without a warning, over any number of years. That each
 * entry is accepted is checked by load_batch itself, which ends the program otherwise. */
#include "tests/bench/load.h"

#include <math.h>

#include "tests/bench/bench.h"
#include "tests/lib/t.h"

#define HOUSEHOLDS   10
#define QUIET_YEAR   3	/* lines of a household */
#define YEARS_BEYOND 30 /* that nobody adopted a catalogue for before */

static void nothing(void *ctx)
{
	(void)ctx;
}

static void start(struct load *l, bool bare)
{
	static const struct bench_row rows[] = {
		{"load", "load", "s", NULL, BENCH_BELOW, 1, nothing}};
	char *argv[] = {(char *)(uintptr_t) "test_load"};

	bench_start(1, argv, rows, 1);
	load_init(l, &(struct load_opts){.name = "town",
					 .listen = "127.0.0.1:1",
					 .year0 = LOAD_YEAR0,
					 .bare = bare});
}

static void finish(struct load *l)
{
	load_close(l);
	bench_add("load", 0, NAN);
	T_EQ(bench_end(), 0);
}

static void test_a_catalogue_is_adopted_for_each_year(void)
{
	uint64_t n = (LOAD_YEARS + YEARS_BEYOND) * HOUSEHOLDS * QUIET_YEAR + YEARS_BEYOND, before;
	static struct load l;
	struct load_node v;

	start(&l, false);
	l.households = HOUSEHOLDS;
	l.per_year = QUIET_YEAR;
	load_node_open(&v, l.village);
	before = load_size(&v, v.own);
	load_fill(&l, &v, n, LOAD_RECORDED, true);
	T_EQ(load_size(&v, v.own), before + n);
	T_OK(l.adopted >= LOAD_YEAR0 + LOAD_YEARS + YEARS_BEYOND - 2);
	load_node_close(&v);
	finish(&l);
}

/* Entries that are recorded, reviewed and confirmed, in batches that end anywhere. */
static void test_a_life_of_three_steps_goes_on_over_fills(void)
{
	static struct load l;
	struct load_node v;
	uint64_t before;

	start(&l, false);
	load_node_open(&v, l.village);
	before = load_size(&v, v.own);
	for (uint32_t i = 0; i < 7; i++)
		load_fill(&l, &v, 301, LOAD_CONFIRMED, false);
	T_EQ(load_size(&v, v.own), before + 7 * 301);
	T_EQ(l.nwait, 7 * 301 % (LOAD_CYCLE + 2)); /* twenty one whole cycles, and what is left */
	load_node_close(&v);
	finish(&l);
}

/* A hub takes what it is given, and the wrong signatures are the only thing that it does not look at. */
static void test_a_hub_ingests_other_villages(void)
{
	struct load_village v[3];
	struct load_feed f;
	struct load_jobs js;
	struct load_node hub;
	static struct load l;
	uint64_t founding;

	start(&l, false);
	l.households = HOUSEHOLDS;
	load_node_open(&hub, l.hub);
	load_enrol(&l, &hub, 0, 3, v);
	for (uint32_t i = 0; i < 3; i++) {
		load_speak_for(&l, &hub, &v[i]);
		load_feed_of(&hub, &v[i], &f);
		T_EQ(f.seq, 0);
		load_jobs_open(&js, 1000);
		load_founding(&l, &js);
		founding = js.n;
		while (js.n < 1000) {
			uint64_t seq = js.n;

			load_life(&l, LOAD_CONFIRMED, seq, load_job_new(&js), &js.payload);
		}
		load_jobs_done(&js);
		load_ingest(&l, &hub, &f, &js);
		T_OK(founding > HOUSEHOLDS);
		T_EQ(f.seq, 1000);
		load_jobs_free(&js);
		load_feed_of(&hub, &v[i], &f);
		T_EQ(f.seq, 1000);
		load_village_close(&v[i]);
	}
	load_node_close(&hub);
	finish(&l);
}

static void test_a_bare_town_has_people_and_nothing_else(void)
{
	static struct load l;
	struct load_node v;

	start(&l, true);
	load_node_open(&v, l.village);
	T_EQ(load_size(&v, v.own), 4);
	load_node_close(&v);
	finish(&l);
}

T_MAIN(T(test_a_catalogue_is_adopted_for_each_year),
       T(test_a_life_of_three_steps_goes_on_over_fills), T(test_a_hub_ingests_other_villages),
       T(test_a_bare_town_has_people_and_nothing_else))
