#ifndef DAEMON_WEB_API_ADVICE_H
#define DAEMON_WEB_API_ADVICE_H

#include "daemon/ledger/state/verdict.h"
#include "daemon/web/api/api.h"
#include "lib/jw.h"

/* What a clerk should hear with any write, whatever it is about. */

/* Warnings that are not the rules': does this computer's day fit what was written before; what would the close of a year
 * shut out? Adds them to @v. */
int advice_warn(const struct web_services *s, const struct rec_type *t, const union rec_any *head,
		struct verdict *v);
/* The same when the name of a grant has a role under another key, of which a grant by "people" asks by itself. */
int advice_second_key(const struct web_services *s, const union rec_any *head, struct verdict *v);
/* "missing": what this village lacks or is about to lack, as the list of that name; nothing at the hub. */
int advice_put_missing(const struct web_services *s, enum lang lang, struct jw *w);

#endif
