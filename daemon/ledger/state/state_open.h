#ifndef DAEMON_LEDGER_STATE_STATE_OPEN_H
#define DAEMON_LEDGER_STATE_STATE_OPEN_H

#include "daemon/ledger/state/state.h"

/* A set of sequences that grows and shrinks, in rows that never go away: at level 0 a row has those of a block of
 * STATE_OPEN_FAN that are in the set, at each level above the blocks below that are not empty, up to the last level,
 * whose rows are walked. A row is its members, ascending, a byte each. */
#define STATE_OPEN_FAN	  UINT64_C(256)
#define STATE_OPEN_LEVELS 3

bool state_open_has(struct bytes row, uint8_t member);
/* Appends the row with @member in it or not. */
void state_open_set(struct bytes row, uint8_t member, bool is, struct buf *out);

#endif
