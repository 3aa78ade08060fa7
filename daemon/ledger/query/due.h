#ifndef DAEMON_LEDGER_QUERY_DUE_H
#define DAEMON_LEDGER_QUERY_DUE_H

#include "daemon/ledger/query/ask.h"

/* N01: what is published by period must be on the board so many days after it. */
#define NOTICE_DUE_DAYS 10
/* How many rows of the list "due" are late in the feed that was asked for, which is of a village. */
int due_count(struct ask *a, uint64_t *ret);

#endif
