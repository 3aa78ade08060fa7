#ifndef LIB_LOOK_H
#define LIB_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* How text looks to people (SPEC 6.13): which characters stand in no record, when two names are the same to the eye, and
 * what may go to a terminal, a page or a table. Text is well-formed UTF-8. */
enum look_kind {
	LOOK_GOOD,
	LOOK_CONTROL,
	LOOK_HIDDEN,
	LOOK_BLANK,
	LOOK_PRIVATE,
	LOOK_NOTHING,
	LOOK_SYMBOL, /* barred from names only */
};
struct look_found {
	uint32_t c;
	uint32_t place; /* in characters, from 1 */
	enum look_kind kind;
};
/* The first character that cannot stand in a text, or (@name) in a name. */
bool look_find(struct bytes text, bool name, struct look_found *ret);
#define LOOK_CODE_MAX 9 /* "U+10FFFF" */
const char *look_code(uint32_t c, char text[LOOK_CODE_MAX]);

/* What two names have in common that look the same: neither spaces nor accents, every character in the form that stands
 * for all that look like it. */
#define LOOK_NAME_MAX 64 /* bytes of the longest name */
/* no character has more than half as many bytes again as one that looks like it */
#define LOOK_MAX (LOOK_NAME_MAX / 2 * 3 + 4)
struct look {
	uint8_t n;
	uint8_t b[LOOK_MAX];
};
void look_of(struct bytes name, struct look *ret); /* of the first LOOK_NAME_MAX bytes */
static inline struct bytes look_bytes(const struct look *l)
{
	return (struct bytes){l->b, l->n};
}
bool look_same(struct bytes a, struct bytes b);
/* Appends the same of a text of any length. */
int look_put_skeleton(struct buf *out, struct bytes text);

/* Would the character steer whatever shows it: a terminal, a page, a table? Old records and other nodes may hold it. What
 * is only unknown (private use) does not. */
bool look_steers(uint32_t c);
/* Appends the text with U+FFFD in place of what steers. */
int look_put(struct buf *out, struct bytes text);
/* The same in place and in as many bytes, with question marks; for lines of a log, which may be no UTF-8 at all. */
void look_mask(char *text, size_t n);
/* Does it hold letters of a script that runs from right to left, which would turn round numbers beside it? */
bool look_turns(struct bytes text);
/* The tables of SPEC 6.13, which a test compares. */
int look_spec(struct buf *out);

#endif
