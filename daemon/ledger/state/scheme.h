#ifndef DAEMON_LEDGER_STATE_SCHEME_H
#define DAEMON_LEDGER_STATE_SCHEME_H

#include "proto/record.h"

/* What holds where a village has decided nothing: a point is worth a yuan, a hundred of them can be
 * redeemed, and the days of the town's plan. Version 0. */
void scheme_usual(struct rec_scheme *ret);
/* X08: a class of goods from which nothing may be given. */
bool scheme_forbids(uint32_t goods);

#endif
