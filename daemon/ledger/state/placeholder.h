#ifndef DAEMON_LEDGER_STATE_PLACEHOLDER_H
#define DAEMON_LEDGER_STATE_PLACEHOLDER_H

#include <stdbool.h>

#include "lib/buf.h"

/* P08: text that says nothing. @s is well-formed UTF-8; spaces around it do not count. True when it is
 * shorter than two characters, made of punctuation alone, one letter over and over, or a word that stands
 * for "nothing here". */
bool placeholder(struct bytes s);
/* Are all of @kinds, at least one, among those of @list? Both are cut at ; 、 , and / and their full-width forms. An
 * empty list takes any. */
bool evidence_kind_of(struct bytes list, struct bytes kinds);

#endif
