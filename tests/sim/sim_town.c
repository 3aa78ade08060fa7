/* The township simulator: sim_town [--seeds N] [--from S] [--seed S] [--verbose] [--stats] [--without NAME,...]
 * [--faults-ms N]. Every seed runs twice and must end with the same history; COVER_SEEDS together must have lived
 * through everything. Of a seed that fails, what does not matter is left out: fewer kinds of faults, less time. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/t.h"
#include "tests/sim/sim.h"

#define COVER_SEEDS	40
#define SIM_SHORTEST_MS (60 * 1000)

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct sim sim;
static const char *program = "sim_town";
static const struct sim_opts *running; /* NULL: none */

/* These are the last lines, so that the tail of a log has them: seed, law and reason, what to run. */
static void print_end(uint64_t seed, const char *why)
{
	printf("FAILED seed %llu, after %llu steps, at %.3f s (%s): %s\nagain: %s --seed %llu "
	       "--verbose\n",
	       (unsigned long long)seed, (unsigned long long)sim.steps, (double)sim.now / 1000,
	       time_text(sim_wall(&sim), (char[32]){""}), why, program, (unsigned long long)seed);
}

static bool failed(const struct sim_opts *o)
{
	sim_print_trace(&sim);
	print_end(o->seed, sim.why);
	return false;
}

/* --- shrinking --------------------------------------------------------------------------------------- */

/* In a process of its own: an assertion may end it. */
static bool fails(const struct sim_opts *o)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		running = NULL;
		T_OK(freopen("/dev/null", "w", stdout) != NULL);
		T_OK(freopen("/dev/null", "w", stderr) != NULL);
		_exit(!sim_run(&sim, o));
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status != 0;
}

static void print_again(const struct sim_opts *o)
{
	const char *comma = " --without ";

	printf("again: %s --seed %llu", program, (unsigned long long)o->seed);
	for (unsigned f = 0; f < SIM_FEATURES; f++)
		if (o->without & UINT32_C(1) << f) {
			printf("%s%s", comma, sim_features[f]);
			comma = ",";
		}
	if (o->faults_ms)
		printf(" --faults-ms %llu", (unsigned long long)o->faults_ms);
	printf(" --verbose\n");
}

/* Whatever law is broken then: the smaller history is the one to read. */
static void shrink(struct sim_opts o)
{
	o.verbose = false;
	for (unsigned f = 0; f < SIM_FEATURES; f++) {
		struct sim_opts less = o;

		less.without |= UINT32_C(1) << f;
		if (fails(&less))
			o = less;
	}
	for (uint64_t ms = SIM_FAULTS_MS / 2; ms >= SIM_SHORTEST_MS; ms /= 2) {
		struct sim_opts less = o;

		less.faults_ms = ms;
		if (!fails(&less))
			break;
		o = less;
	}
	if (o.without || o.faults_ms)
		print_again(&o);
}

/* A failed assertion or check ends the process where it is. */
static void on_abort(int signal)
{
	const struct sim_opts *o = running;

	(void)signal;
	running = NULL;
	if (o)
		print_end(o->seed, "the program stopped; its own words are above");
	if (o)
		shrink(*o);
	fflush(stdout);
	_exit(1);
}

static void on_exit_inside(void)
{
	if (running)
		print_end(running->seed,
			  "a check of the simulator's own failed; its words are above");
}

static void add(struct sim_count *to, const struct sim_count *c)
{
	to->crashes += c->crashes;
	to->dials += c->dials;
	to->cuts += c->cuts;
	to->commands += c->commands;
	to->refused += c->refused;
	to->retries += c->retries;
	to->fulls += c->fulls;
	to->half += c->half;
	to->torn += c->torn;
	to->copies += c->copies;
	to->redone += c->redone;
	to->forks += c->forks;
	to->lacking += c->lacking;
	to->lies += c->lies;
	to->compared += c->compared;
	to->predicted += c->predicted;
	to->rots += c->rots;
	to->twins += c->twins;
	to->misposts += c->misposts;
	to->stops += c->stops;
	to->falsehoods += c->falsehoods;
	to->forgeries += c->forgeries;
	to->landed += c->landed;
	to->clones += c->clones;
	to->met += c->met;
	cover_add(to, c);
}

static void print_count(const struct sim_count *c)
{
	printf("%llu commands, %llu of them refused, %llu offered again; %llu crashes, %llu full "
	       "disks, "
	       "%llu dials, %llu cuts\n",
	       (unsigned long long)c->commands, (unsigned long long)c->refused,
	       (unsigned long long)c->retries, (unsigned long long)c->crashes,
	       (unsigned long long)c->fulls, (unsigned long long)c->dials,
	       (unsigned long long)c->cuts);
	printf("%llu commits with only one of store and guard, %llu torn guards; %llu starts on "
	       "old "
	       "stores, %llu redone, %llu refused, %llu lacking town entries, %llu lies\n",
	       (unsigned long long)c->half, (unsigned long long)c->torn,
	       (unsigned long long)c->copies, (unsigned long long)c->redone,
	       (unsigned long long)c->forks, (unsigned long long)c->lacking,
	       (unsigned long long)c->lies);
	printf("%llu processes stopped for a while; %llu messages with a lie, %llu forgeries, %llu "
	       "commits that landed wrong, %llu clones, %llu of them known to the hub\n",
	       (unsigned long long)c->stops, (unsigned long long)c->falsehoods,
	       (unsigned long long)c->forgeries, (unsigned long long)c->landed,
	       (unsigned long long)c->clones, (unsigned long long)c->met);
	printf("%llu answers as the books say, %llu of them refusals; %llu rotten rows of state "
	       "and "
	       "%llu twins of villages found, %llu spoiled journals\n",
	       (unsigned long long)c->compared, (unsigned long long)c->predicted,
	       (unsigned long long)c->rots, (unsigned long long)c->twins,
	       (unsigned long long)c->misposts);
}

static bool run_twice(struct sim_opts o, struct sim_count *total, uint64_t *steps)
{
	struct hash first;
	bool good;

	running = &o;
	good = sim_run(&sim, &o) || failed(&o);
	first = sim.digest;
	*steps += sim.steps;
	add(total, &sim.count);
	if (good && o.verbose)
		printf("all is well %.0f s after the last fault\n",
		       (double)(sim.now - sim.calm_at) / 1000);
	sim_close(&sim);
	if (!good) {
		running = NULL;
		shrink(o);
		return false;
	}
	o.verbose = false;
	good = sim_run(&sim, &o) || failed(&o);
	if (good && hash_cmp(&first, &sim.digest)) {
		print_end(o.seed, "two runs differ: something is not determined by the seed");
		good = false;
	}
	sim_close(&sim);
	running = NULL;
	return good;
}

static uint64_t number(const char *s)
{
	char *end;
	uint64_t v = s ? strtoull(s, &end, 10) : 0;

	if (!s || *end) {
		fprintf(stderr, "usage: sim_town [--seeds N] [--from S] [--seed S] [--verbose] "
				"[--stats] [--without NAME,...] [--faults-ms N]\n");
		exit(2);
	}
	return v;
}

/* "link,disk". */
static uint32_t features(const char *names)
{
	uint32_t set = 0;

	for (size_t n; names && *names; names += n + (names[n] == ',')) {
		unsigned f = 0;

		n = strcspn(names, ",");
		while (f < SIM_FEATURES &&
		       (strlen(sim_features[f]) != n || strncmp(sim_features[f], names, n)))
			f++;
		if (f == SIM_FEATURES)
			number(NULL);
		set |= UINT32_C(1) << f;
	}
	return set;
}

int main(int argc, char **argv)
{
	uint64_t seeds = 200, from = 1, steps = 0;
	struct sim_count total = {0};
	struct sim_opts o = {0};
	double start = seconds();

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--verbose"))
			o.verbose = true;
		else if (!strcmp(argv[i], "--stats"))
			o.stats = true;
		else if (!strcmp(argv[i], "--seeds"))
			seeds = number(argv[++i]);
		else if (!strcmp(argv[i], "--without"))
			o.without = features(argv[++i]);
		else if (!strcmp(argv[i], "--faults-ms"))
			o.faults_ms = number(argv[++i]);
		else if (!strcmp(argv[i], "--from"))
			from = number(argv[++i]);
		else if (!strcmp(argv[i], "--seed")) {
			from = number(argv[++i]);
			seeds = 1;
		} else
			number(NULL);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	program = argv[0];
	signal(SIGABRT, on_abort);
	atexit(on_exit_inside);
	for (uint64_t i = 0; i < seeds; i++) {
		o.seed = from + i;
		if (!run_twice(o, &total, &steps))
			return 1;
	}
	print_count(&total);
	if (o.stats)
		cover_print(&total);
	printf("%llu seeds twice, %llu steps, %.1f s\n", (unsigned long long)seeds,
	       (unsigned long long)steps, seconds() - start);
	if (seeds < COVER_SEEDS || cover_all(&total))
		return 0;
	printf("again: %s --from %llu --seeds %llu --stats\n", program, (unsigned long long)from,
	       (unsigned long long)seeds);
	return 1;
}
