#include "lib/vec.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

static void test_room_is_made_once_for_many_appends(void)
{
	uint64_t *v = NULL;
	uint32_t n = 0, cap = 0, grew = 0;

	while (n < 100000) {
		uint32_t before = cap;

		T_EQ(VEC_ROOM(v, n, cap), ERR_OK);
		grew += cap != before;
		v[n] = n;
		n++;
	}
	T_OK(grew <= 14);
	for (uint32_t i = 0; i < n; i++)
		T_EQ(v[i], i);
	mem_free(v);
}

static void test_as_much_as_is_needed_at_once(void)
{
	char *v = NULL;
	uint32_t cap = 0;

	T_EQ(vec_room(&v, &cap, 1000, 1), ERR_OK);
	T_EQ(cap, 1000);
	T_EQ(vec_room(&v, &cap, 1000, 1), ERR_OK);
	T_EQ(cap, 1000);
	mem_free(v);
}

static void test_without_memory_nothing_changes(void)
{
	uint32_t *v = NULL, *before, cap = 0;

	T_EQ(VEC_ROOM(v, 0, cap), ERR_OK);
	v[0] = 7;
	before = v;
	mem_fail_after(0);
	T_EQ(vec_room(&v, &cap, 1000, sizeof(*v)), ERR_NOMEM);
	mem_fail_after(-1);
	T_OK(v == before);
	T_EQ(cap, 16);
	T_EQ(v[0], 7);
	T_EQ(vec_room(&v, &cap, UINT32_MAX, SIZE_MAX / 2), ERR_NOMEM); /* no size overflows */
	T_EQ(cap, 16);
	mem_free(v);
}

T_MAIN(T(test_room_is_made_once_for_many_appends), T(test_as_much_as_is_needed_at_once),
       T(test_without_memory_nothing_changes))
