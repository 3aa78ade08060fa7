#ifndef DAEMON_LEDGER_STATE_STATE_EVIDENCE_H
#define DAEMON_LEDGER_STATE_STATE_EVIDENCE_H

#include <stdint.h>

#include "daemon/ledger/state/state.h"
#include "lib/buf.h"

/* Which lines used a piece of evidence. Numbers of evidence that differ only in their last three characters
 * share a row, so that the numbers of one day lie beside each other; when that row is full, those that
 * differ in their last two share another. In the row 32 bits of a hash stand for the evidence, and the reader
 * compares the text of the line itself. Of an entry only the first line with a piece of evidence is there. Row: per use, oldest first: hash 4 | sequence * 2 + (line > 1) | line
 * when above 1. */
#define STATE_EVIDENCE_ID     4
#define STATE_EVIDENCE_LEVELS 2
#define STATE_EVIDENCE_FULL   512   /* bytes; then the next level is used */
#define STATE_EVIDENCE_MAX    16384 /* bytes of a row at the last level; the oldest uses fall out */

struct state_use {
	uint64_t seq;
	uint32_t line; /* from 1 */
};
/* @kind: 'n' evidence number, 'd' digest of the file. */
void state_evidence_id(char kind, struct bytes text, uint8_t id[STATE_EVIDENCE_ID]);
/* @level: from 0. */
void state_evidence_key(struct state_key *k, uint32_t feed_no, char kind, struct bytes text,
			unsigned level);
/* The next use of @id: start with *@at = 0. ERR_NOTFOUND at the end, ERR_CORRUPT. */
int state_evidence_next(struct bytes row, const uint8_t id[STATE_EVIDENCE_ID], size_t *at,
			struct state_use *ret);
/* Appends the row with one more use. ERR_CORRUPT. */
int state_evidence_put(struct bytes row, const uint8_t id[STATE_EVIDENCE_ID],
		       const struct state_use *u, struct buf *out);

#endif
