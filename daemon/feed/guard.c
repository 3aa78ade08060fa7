#include "daemon/feed/guard.h"

#include "daemon/feed/feedlog.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/vec.h"

static struct bytes key_of(const struct hash *feed)
{
	return (struct bytes){feed->b, sizeof(feed->b)};
}

static bool is_of(const void *ctx, uint32_t at, struct bytes key)
{
	const struct guard_heads *h = ctx;

	return memcmp(h->v[at].feed.b, key.p, sizeof(h->v[at].feed.b)) == 0;
}

static uint32_t place_of(const struct guard_heads *h, const struct hash *feed)
{
	return map_get(&h->at, key_of(feed), is_of, h);
}

const struct guard_cosigned *guard_heads_of(const struct guard_heads *h, const struct hash *feed)
{
	uint32_t place = place_of(h, feed);

	return place == MAP_NONE ? NULL : &h->v[place];
}

static int add(struct guard_heads *h, const struct guard_cosigned *c)
{
	int err = h->n < FEEDS_MAX ? VEC_ROOM(h->v, h->n, h->cap) : ERR_LIMIT;

	if (!err)
		err = map_add(&h->at, key_of(&c->feed), h->n);
	if (!err)
		h->v[h->n++] = *c;
	return err;
}

int guard_heads_put(struct guard_heads *h, const struct guard_cosigned *c, uint32_t *ret_place)
{
	uint32_t place = place_of(h, &c->feed);
	int err = ERR_OK;

	if (place == MAP_NONE) {
		place = h->n;
		err = add(h, c);
	} else {
		h->v[place] = *c;
	}
	if (!err && ret_place)
		*ret_place = place;
	return err;
}

int guard_heads_put_all(struct guard_heads *h, const struct guard_cosigned *v, uint32_t n)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < n && !err; i++)
		err = guard_heads_put(h, &v[i], NULL);
	return err;
}

void guard_heads_reset(struct guard_heads *h)
{
	h->n = 0;
	map_reset(&h->at);
}

void guard_heads_close(struct guard_heads *h)
{
	mem_free(h->v);
	map_close(&h->at);
	*h = (struct guard_heads){0};
}
