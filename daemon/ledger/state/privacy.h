#ifndef DAEMON_LEDGER_STATE_PRIVACY_H
#define DAEMON_LEDGER_STATE_PRIVACY_H

#include "lib/buf.h"

/* The numbers of a person, which must stand neither on a public board nor in an entry that nobody can take back
 * (DOMAIN N03), however people group them: any one to eight characters that are neither letter nor digit may
 * stand between two groups, digits may be full-width, and +86 or 0 may stand before a phone. Names of children are
 * looked for by the page, which knows the roster. */
enum privacy_leak { PRIVACY_NONE, PRIVACY_ID, PRIVACY_PHONE, PRIVACY_CARD, PRIVACY_CHILD };
/* Identity numbers of 18 characters, whose date and check character are right, are found always. */
enum privacy_looks {
	PRIVACY_PHONES = 1, /* 11 digits from 13 on */
	PRIVACY_CARDS =
		2, /* of a bank, 16 to 19 digits with a right check digit; old identity numbers */
	PRIVACY_LONG =
		4, /* 15 to 19 digits without zeros in front: a card, whether its check digit is right or not */
};
#define PRIVACY_ALL (PRIVACY_PHONES | PRIVACY_CARDS | PRIVACY_LONG)
/* The first leak in @text, which is valid UTF-8; @ret_where (may be NULL) is then the part of @text. */
enum privacy_leak privacy_find(struct bytes text, unsigned looks, struct bytes *ret_where);

#endif
