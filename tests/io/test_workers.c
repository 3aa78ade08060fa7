#include "daemon/io/workers.h"

#include <pthread.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

#define PARTS_MAX 100

struct sum {
	pthread_t caller;
	bool first_here; /* part 0 ran on the thread of the caller */
	uint32_t runs[PARTS_MAX];
};

static void count(void *arg, uint32_t i)
{
	struct sum *s = arg;

	if (i == 0)
		s->first_here = pthread_equal(s->caller, pthread_self());
	s->runs[i]++;
}

static void test_each_part_runs_once_and_all_have_returned(void)
{
	for (uint32_t threads = 0; threads < 4; threads++) {
		struct workers *s;

		T_EQ(workers_new(threads, &s), ERR_OK);
		for (uint32_t round = 0; round < 2000; round++) {
			struct sum sum = {.caller = pthread_self()};
			uint32_t n = round % PARTS_MAX;

			workers_run(s, count, &sum, n);
			T_EQ(sum.first_here, n > 0);
			for (uint32_t i = 0; i < PARTS_MAX; i++)
				T_EQ(sum.runs[i], i < n);
		}
		workers_free(s);
	}
	workers_free(NULL);
	T_EQ(mem_live(), 0);
}

static int open_and_close(void)
{
	struct workers *s;
	int err = workers_new(1, &s);

	if (!err)
		workers_free(s);
	return err;
}

static void test_a_lack_of_memory_is_told(void)
{
	T_OOM(open_and_close());
}

T_MAIN(T(test_each_part_runs_once_and_all_have_returned), T(test_a_lack_of_memory_is_told))
