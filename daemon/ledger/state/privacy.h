#ifndef DAEMON_LEDGER_STATE_PRIVACY_H
#define DAEMON_LEDGER_STATE_PRIVACY_H

#include "lib/buf.h"

/* What must not stand on a public board (DOMAIN N03): identity numbers of 18 digits with a right check digit
 * or of 15 with a date inside, mobile numbers, bank cards (16 to 19 digits, Luhn). Full-width digits count,
 * and so do the spaces and hyphens with which people group them. Names of children are looked for by the page,
 * which knows the roster. */
enum privacy_leak { PRIVACY_NONE, PRIVACY_ID, PRIVACY_PHONE, PRIVACY_CARD, PRIVACY_CHILD };
/* The first leak in @text; @ret_where (may be NULL) is then the part of @text. */
enum privacy_leak privacy_find(struct bytes text, struct bytes *ret_where);

#endif
