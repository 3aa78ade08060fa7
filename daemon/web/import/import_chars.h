#ifndef DAEMON_WEB_IMPORT_IMPORT_CHARS_H
#define DAEMON_WEB_IMPORT_IMPORT_CHARS_H

#include "lib/buf.h"

/* The characters of a cell, which is valid UTF-8. For daemon/web/import_*.c only. */
struct chars {
	const uint8_t *p, *end;
	uint32_t c;  /* the character read last */
	size_t size; /* its bytes */
};
struct chars chars_of(struct bytes b);
bool chars_next(struct chars *s);
uint8_t *chars_put(uint8_t *to, uint32_t c); /* returns what is behind it */

bool chars_is_space(uint32_t c);   /* and what takes no room at all */
bool chars_blank(struct bytes b);  /* nothing but spaces */
bool chars_is_format(uint32_t c);  /* turns or hides the text around it */
uint32_t chars_narrow(uint32_t c); /* full-width forms of ASCII become that */

/* A run of digits, full-width ones narrowed, over blanks and @also (0: nothing more) between them. A final X
 * belongs to 17 of them. */
#define CHARS_RUN_MAX 32
struct chars_run {
	size_t n; /* digits, perhaps more than are kept */
	char text[CHARS_RUN_MAX + 1];
	char last[2];	    /* of all of them */
	const uint8_t *end; /* behind the last one */
};
/* The run that begins at @p: n is 0 when no digit stands there. */
struct chars_run chars_run_at(const uint8_t *p, const uint8_t *end, uint32_t also);
/* The text holds the number of an identity card, or what looks like one of these. */
enum chars_looks { CHARS_PHONE = 1, CHARS_CARD = 2 /* of identity or bank */ };
bool chars_personal(struct bytes b, unsigned looks);

#endif
