#include "lib/map.h"

#include <assert.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"

#define SLOTS_MIN 64

static uint32_t key_hash(struct bytes key)
{
	uint32_t h = UINT32_C(2166136261);

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ key.p[i]) * UINT32_C(16777619);
	return h ^ h >> 15;
}

uint32_t map_get(const struct map *m, struct bytes key, map_same_fn *same, const void *ctx)
{
	uint32_t hash = key_hash(key);

	if (m->n == 0)
		return MAP_NONE;
	for (uint32_t i = hash & (m->nslots - 1); m->slot[i].at; i = (i + 1) & (m->nslots - 1)) {
		uint32_t at = m->slot[i].at - 1;

		if (m->slot[i].hash == hash && same(ctx, at, key))
			return at;
	}
	return MAP_NONE;
}

static void put(struct map_slot *slot, uint32_t nslots, struct map_slot s)
{
	uint32_t i = s.hash & (nslots - 1);

	while (slot[i].at)
		i = (i + 1) & (nslots - 1);
	slot[i] = s;
}

static int grow(struct map *m)
{
	uint32_t n = m->nslots ? m->nslots * 2 : SLOTS_MIN;
	struct map_slot *slot = n > m->nslots ? mem_array(n, sizeof(*slot)) : NULL;

	if (!slot)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < m->nslots; i++)
		if (m->slot[i].at)
			put(slot, n, m->slot[i]);
	mem_free(m->slot);
	m->slot = slot;
	m->nslots = n;
	return ERR_OK;
}

int map_add(struct map *m, struct bytes key, uint32_t at)
{
	int err = m->n >= m->nslots / 2 ? grow(m) : ERR_OK;

	assert(at < MAP_NONE - 1);
	if (err)
		return err;
	put(m->slot, m->nslots, (struct map_slot){.hash = key_hash(key), .at = at + 1});
	m->n++;
	return ERR_OK;
}

void map_reset(struct map *m)
{
	if (m->n)
		memset(m->slot, 0, m->nslots * sizeof(*m->slot));
	m->n = 0;
}

void map_close(struct map *m)
{
	mem_free(m->slot);
	*m = (struct map){0};
}
