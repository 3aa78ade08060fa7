#ifndef PROTO_RD_H
#define PROTO_RD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/amount.h"
#include "lib/buf.h"

/* A bounded msgpack reader for our profile (SPEC 3): positional arrays, shortest integers, no floats,
 * no maps, no ext, no nil, no trailing bytes. It allocates nothing, refuses any count or length larger
 * than the bytes left, and is sticky: after the first error every call returns zeros and rd.err says
 * ERR_FORMAT. Text and bin results are borrowed from the input. */
#define RD_DEPTH_MAX 8 /* arrays inside arrays, for rd_skip */

struct rd {
	struct cur c;
};

struct rd rd_of(const void *p, size_t n);
uint32_t rd_array(struct rd *r); /* element count; each element takes at least one byte */
uint64_t rd_u64(struct rd *r);
int64_t rd_i64(struct rd *r);
bool rd_bool(struct rd *r);
struct bytes rd_str(struct rd *r); /* well-formed UTF-8 */
struct bytes rd_bin(struct rd *r);
int rd_err(const struct rd *r);
int rd_done(const struct rd *r); /* ERR_FORMAT when something failed or is left over */
/* Walks one value of any kind of the profile, at most RD_DEPTH_MAX arrays deep. Used by fuzzing and by unknown types. */
void rd_skip(struct rd *r);

#endif
