#ifndef DAEMON_LEDGER_STATE_STATE_TEXT_H
#define DAEMON_LEDGER_STATE_STATE_TEXT_H

#include "daemon/ledger/state/state.h"

/* Rows for people who look for damage, as far as they can be read. Of keys, hashes and what is no text the first
 * bytes are shown. */

/* The parts of a key, each after a space: " 00012 3 2026". */
void state_text_key(struct bytes key, struct buf *out);
/* The fields of a value, "seq=7 from=2026-01-01 to="; of one with a codec of its own how long it is. */
void state_text_value(uint8_t kind, struct bytes value, struct buf *out);

#endif
