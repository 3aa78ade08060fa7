#include "lib/vec.h"

#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"

#define ROOM_MIN 16

int vec_room(void *p, uint32_t *cap, uint32_t need, size_t size)
{
	uint32_t room = *cap > UINT32_MAX / 2 ? UINT32_MAX : *cap * 2;
	void *v;

	if (need <= *cap)
		return ERR_OK;
	room = room < ROOM_MIN ? ROOM_MIN : room;
	room = room < need ? need : room;
	/* the owner's pointer has a type of its own, so it is moved as bytes */
	memcpy(&v, p, sizeof(v));
	v = mem_resize(v, room, size);
	if (!v)
		return ERR_NOMEM;
	memcpy(p, &v, sizeof(v));
	*cap = room;
	return ERR_OK;
}
