#ifndef LIB_MAP_H
#define LIB_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* An index over an array of the owner: from a key to the place of the element that has it. The map holds places and
 * hashes alone; whether an element has a key is asked of the owner, so elements may move. Zero-initialised is
 * valid and empty. Nothing depends on the order of slots: there is no way to walk them. */
struct map_slot {
	uint32_t hash;
	uint32_t at; /* place + 1; 0: free */
};
struct map {
	struct map_slot *slot;
	uint32_t nslots; /* a power of two, at least twice n */
	uint32_t n;
};
#define MAP_NONE UINT32_MAX

/* Does the element at place @at have this key? */
typedef bool map_same_fn(const void *ctx, uint32_t at, struct bytes key);
/* The place, or MAP_NONE. */
uint32_t map_get(const struct map *m, struct bytes key, map_same_fn *same, const void *ctx);
/* Adds a key that is not there; @at below MAP_NONE - 1. ERR_NOMEM: the map is as it was. */
int map_add(struct map *m, struct bytes key, uint32_t at);
void map_reset(struct map *m); /* empty; keeps its memory */
void map_close(struct map *m); /* the map is then valid and empty */

#endif
