#ifndef LIB_TEMPLATE_H
#define LIB_TEMPLATE_H

#include "lib/buf.h"

/* Sentences with places for values. A place is "{", a digit or small letter (which value), a small letter or
 * none (how it is written), "}": {0} {s} {0p} {sf}. What the letters mean is for the table that the sentences
 * stand in; braces around anything else are text. */
typedef void (*template_put)(const void *ctx, char what, char how,
			     struct buf *out); /* @how: 0 is none */
/* Appends to @out. Returns out->err. */
int template_fill(const char *sentence, template_put put, const void *ctx, struct buf *out);

#endif
