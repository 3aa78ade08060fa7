#ifndef DAEMON_WEB_API_SUMMARY_H
#define DAEMON_WEB_API_SUMMARY_H

#include "daemon/ledger/query/ask.h"
#include "daemon/web/api/recjson.h"

/* What a colleague would say of a record: "summary", who, what, how much, the balance; "next", what is to be done now.
 * @a: the own feed, read after the write; @entry: of the record, or UINT64_MAX when it was refused or only tried. */
int summary_put(const struct ask *a, const struct recjson *r, uint64_t entry, struct jw *w);

#endif
