#ifndef PROTO_WR_H
#define PROTO_WR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* msgpack writer of the profile of proto/rd.h, over msgpack-c. Errors are sticky in the buffer. */
void wr_array(struct buf *b, uint32_t n);
void wr_u64(struct buf *b, uint64_t v);
void wr_i64(struct buf *b, int64_t v);
void wr_bool(struct buf *b, bool v);
void wr_str(struct buf *b, const void *p, size_t n);
void wr_bin(struct buf *b, const void *p, size_t n);

#endif
