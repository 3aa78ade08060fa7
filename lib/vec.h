#ifndef LIB_VEC_H
#define LIB_VEC_H

#include <stddef.h>
#include <stdint.h>

/* Arrays that grow: the owner keeps pointer, number and room, and frees with mem_free. */

/* Makes room for @need elements of @size bytes in the array whose pointer is at @p (a pointer to the owner's pointer)
 * and whose room is @cap elements. Room at least doubles, so that n appends cost about n; new room is not
 * zeroed. ERR_NOMEM: array and room are as they were. */
int vec_room(void *p, uint32_t *cap, uint32_t need, size_t size);
/* Room for one element more than @n in @v. */
#define VEC_ROOM(v, n, cap) vec_room(&(v), &(cap), (n) + 1, sizeof(*(v)))

#endif
