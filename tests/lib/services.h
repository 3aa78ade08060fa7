#ifndef TESTS_LIB_SERVICES_H
#define TESTS_LIB_SERVICES_H

#include "daemon/web/api/api.h"
#include "tests/lib/town.h"

/* What handlers of requests need of a node, given by a town in memory: its store and clock, random bytes from
 * its seed, the keys of its people, all under one passphrase; no links, no alarms, a guard that never signed.
 * It submits nothing. A test sets what it wants otherwise. */
#define SERVICES_PASS "correct horse"
/* @w is the context of all of them. @own: number of the node's feed. */
struct web_services services_of(struct town *w, uint32_t own);

#endif
