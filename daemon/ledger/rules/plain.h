#ifndef DAEMON_LEDGER_RULES_PLAIN_H
#define DAEMON_LEDGER_RULES_PLAIN_H

#include <stdint.h>

#include "daemon/ledger/state/state.h"
#include "lib/buf.h"

/* A number of evidence as people mean it: no spaces (6.8) around it, ASCII letters small. Names: lib/look.h. */
#define PLAIN_MAX STATE_PERSON_NAME /* longer than any number of evidence */
struct plain_text {
	uint8_t n;
	uint8_t b[PLAIN_MAX];
};
struct bytes plain_trim(struct bytes s); /* without the spaces around it */
void plain_text(struct bytes s, struct plain_text *ret);
static inline struct bytes plain_bytes(const struct plain_text *p)
{
	return (struct bytes){p->b, p->n};
}

#endif
