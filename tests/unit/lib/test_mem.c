#include "lib/mem.h"

#include <pthread.h>

#include "tests/lib/t.h"

static void test_memory_comes_zeroed(void)
{
	static const uint8_t zeros[300];
	uint8_t *a = mem_alloc(300), *b = mem_array(3, 100);

	T_OK(a && b);
	T_MEM(a, zeros, 300);
	T_MEM(b, zeros, 300);
	mem_free(a);
	mem_free(b);
}

static void test_sizes_that_overflow_give_nothing(void)
{
	volatile size_t half = SIZE_MAX / 2 + 1; /* hides the size from the compiler's warnings */
	char *p = mem_alloc(1);

	T_OK(!mem_array(half, 2));
	T_OK(!mem_array(half, half));
	T_OK(!mem_resize(p, half, 2));
	T_EQ(mem_live(), 1);
	mem_free(p); /* a refused resize leaves the old block */
	T_EQ(mem_live(), 0);
}

static void test_nothing_is_still_a_block(void)
{
	void *a = mem_alloc(0), *b = mem_array(0, 8), *c = mem_resize(NULL, 0, 8);

	T_OK(a && b && c);
	T_EQ(mem_live(), 3);
	c = mem_resize(c, 0, 1);
	T_OK(c);
	T_EQ(mem_live(), 3);
	mem_free(a);
	mem_free(b);
	mem_free(c);
	mem_free(NULL);
	T_EQ(mem_live(), 0);
}

static void test_resize_keeps_the_content(void)
{
	char *p = mem_strdup("abc");

	T_STR(p, "abc");
	p = mem_resize(p, 1000, 4);
	T_STR(p, "abc");
	T_EQ(mem_live(), 1);
	mem_free(p);
}

static void test_the_nth_allocation_fails_once(void)
{
	void *p[4];

	mem_fail_after(2);
	p[0] = mem_alloc(1);
	p[1] = mem_resize(NULL, 1, 1);
	p[2] = mem_array(1, 1);
	p[3] = mem_strdup("x");
	T_OK(p[0] && p[1] && !p[2] && p[3]);
	T_EQ(mem_live(), 3);
	for (int i = 0; i < 4; i++)
		mem_free(p[i]);
	mem_fail_after(0);
	T_OK(!mem_strdup("x"));
	mem_fail_after(0);
	mem_fail_after(-1);
	p[0] = mem_alloc(1);
	T_OK(p[0]);
	mem_free(p[0]);
	T_EQ(mem_live(), 0);
}

static void *other_thread(void *arg)
{
	void *p = mem_alloc(1);

	*(bool *)arg = p && mem_live() == 1;
	mem_free(p);
	return NULL;
}

static void test_hook_and_counter_are_per_thread(void)
{
	bool ok = false;
	pthread_t t;

	mem_fail_after(0);
	T_EQ(pthread_create(&t, NULL, other_thread, &ok), 0);
	T_EQ(pthread_join(t, NULL), 0);
	T_OK(ok);
	T_OK(!mem_alloc(1));
	T_EQ(mem_live(), 0);
}

T_MAIN(T(test_memory_comes_zeroed), T(test_sizes_that_overflow_give_nothing),
       T(test_nothing_is_still_a_block), T(test_resize_keeps_the_content),
       T(test_the_nth_allocation_fails_once), T(test_hook_and_counter_are_per_thread))
