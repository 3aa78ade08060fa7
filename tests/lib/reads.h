#ifndef TESTS_LIB_READS_H
#define TESTS_LIB_READS_H

#include "daemon/store/kv.h"

/* Counts the rows that are read from @kv until reads_end: every get and every step of a cursor. One store at a
 * time. */
void reads_begin(struct kv *kv);
uint32_t reads_end(void);

#endif
