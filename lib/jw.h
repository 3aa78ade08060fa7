#ifndef LIB_JW_H
#define LIB_JW_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* A streaming JSON writer over a buffer. Commas and escapes are its business; nesting at most
 * JW_DEPTH_MAX. Errors are sticky in the buffer. Text must be UTF-8. */
#define JW_DEPTH_MAX 16

struct jw {
	struct buf *out;
	uint8_t depth;
	bool more[JW_DEPTH_MAX];
	bool keyed;
};

void jw_init(struct jw *w, struct buf *out);
void jw_obj(struct jw *w);
void jw_obj_end(struct jw *w);
void jw_arr(struct jw *w);
void jw_arr_end(struct jw *w);
void jw_key(struct jw *w, const char *key);
void jw_str(struct jw *w, const char *s);
void jw_strn(struct jw *w, const char *s, size_t n);
void jw_u64(struct jw *w, uint64_t v);
void jw_i64(struct jw *w, int64_t v);
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
void jw_hex(struct jw *w, const void *p, size_t n);
/* key and value in one call */
void jw_kstr(struct jw *w, const char *key, const char *s);
void jw_ku64(struct jw *w, const char *key, uint64_t v);
void jw_kbool(struct jw *w, const char *key, bool v);
void jw_khex(struct jw *w, const char *key, const void *p, size_t n);

#endif
