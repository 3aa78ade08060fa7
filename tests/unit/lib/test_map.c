#include "lib/map.h"

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

#define KEYS 5000
static char keys[KEYS][12];

static bool has_key(const void *ctx, uint32_t at, struct bytes key)
{
	const char(*k)[12] = ctx;

	return bytes_eq(bytes_str(k[at]), key);
}

static uint32_t get(const struct map *m, const char *key)
{
	return map_get(m, bytes_str(key), has_key, keys);
}

static int fill(struct map *m, uint32_t n)
{
	int err = ERR_OK;

	for (uint32_t i = 0; !err && i < n; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%u", i * 7919u);
		err = map_add(m, bytes_str(keys[i]), i);
	}
	return err;
}

static void test_every_key_is_found_where_it_was_put(void)
{
	struct map m = {0};

	T_EQ(get(&m, "k0"), MAP_NONE);
	T_EQ(fill(&m, KEYS), ERR_OK);
	for (uint32_t i = 0; i < KEYS; i++)
		T_EQ(get(&m, keys[i]), i);
	T_EQ(get(&m, "k1"), MAP_NONE);
	T_EQ(get(&m, ""), MAP_NONE);
	map_reset(&m);
	T_EQ(get(&m, "k0"), MAP_NONE);
	T_EQ(fill(&m, 3), ERR_OK);
	T_EQ(get(&m, keys[2]), 2);
	map_close(&m);
	T_EQ(get(&m, "k0"), MAP_NONE);
}

/* Between two growths, too, a search comes to an end. */
static void test_a_key_that_is_not_there_is_missed_at_every_size(void)
{
	struct map m = {0};

	for (uint32_t i = 0; i < 300; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%u", i);
		T_EQ(map_add(&m, bytes_str(keys[i]), i), ERR_OK);
		T_OK(m.n < m.nslots);
		T_EQ(get(&m, "none"), MAP_NONE);
	}
	map_close(&m);
}

static int fill_and_close(void)
{
	struct map m = {0};
	int err = fill(&m, 500);
	uint32_t n = m.n;

	for (uint32_t i = 0; i < n; i++)
		T_EQ(get(&m, keys[i]), i);
	map_close(&m);
	return err;
}

static void test_without_memory_what_was_there_is_found(void)
{
	T_OOM(fill_and_close());
}

T_MAIN(T(test_every_key_is_found_where_it_was_put),
       T(test_a_key_that_is_not_there_is_missed_at_every_size),
       T(test_without_memory_what_was_there_is_found))
