#ifndef DAEMON_LEDGER_STATE_PLACEHOLDER_H
#define DAEMON_LEDGER_STATE_PLACEHOLDER_H

#include <stdbool.h>

#include "lib/buf.h"

/* P08: text that says nothing. @s is well-formed UTF-8; spaces around it do not count. True when it is
 * shorter than two characters, made of punctuation alone, one letter over and over, or a word that stands
 * for "nothing here". */
bool placeholder(struct bytes s);
/* Is @kind one of the kinds of the list, which is separated by ; or its full-width form? An empty list takes any. */
bool evidence_kind_of(struct bytes list, struct bytes kind);

#endif
