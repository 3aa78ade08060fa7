#ifndef PROTO_RECORD_VALUE_H
#define PROTO_RECORD_VALUE_H

#include <string.h>

#include "proto/record.h"

/* Reading and writing one field of a record struct, for proto/record*.c only. Values move by memcpy,
 * because the callers' structs have types of their own; the kind of the field must be the one asked. */
static inline void value_get(const struct rec_field *f, const void *s, void *ret, size_t n)
{
	memcpy(ret, (const uint8_t *)s + f->offset, n);
}

static inline void value_put(const struct rec_field *f, void *s, const void *v, size_t n)
{
	memcpy((uint8_t *)s + f->offset, v, n);
}

#define VALUE_GETTER(name, type)                                                                   \
	static inline type value_##name(const struct rec_field *f, const void *s)                  \
	{                                                                                          \
		type v;                                                                            \
                                                                                                   \
		value_get(f, s, &v, sizeof(v));                                                    \
		return v;                                                                          \
	}
#define VALUE_SETTER(name, type)                                                                   \
	static inline void value_put_##name(const struct rec_field *f, void *s, type v)            \
	{                                                                                          \
		value_put(f, s, &v, sizeof(v));                                                    \
	}
VALUE_GETTER(u, uint64_t)
VALUE_GETTER(points, struct points)
VALUE_GETTER(fen, struct fen)
VALUE_GETTER(qty, struct qty)
VALUE_GETTER(day, day_t)
VALUE_GETTER(bytes, struct bytes)
VALUE_GETTER(choice, uint32_t)
VALUE_SETTER(u, uint64_t)
VALUE_SETTER(points, struct points)
VALUE_SETTER(fen, struct fen)
VALUE_SETTER(qty, struct qty)
VALUE_SETTER(day, day_t)
VALUE_SETTER(bytes, struct bytes)
VALUE_SETTER(choice, uint32_t)
#undef VALUE_GETTER
#undef VALUE_SETTER

#endif
