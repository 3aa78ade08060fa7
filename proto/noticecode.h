#ifndef PROTO_NOTICECODE_H
#define PROTO_NOTICECODE_H

#include "lib/hash.h"
#include "proto/record.h"

/* The check code on a posted notice (SPEC 10.4): it ties the figures on the paper to the feed at one size,
 * sixteen characters like "8Q2K-V1YD-0M6T-ZB4R". */
#define NOTICE_CODE_TEXT 20
void notice_code(const struct hash *feed, const struct rec_notice *n, char out[NOTICE_CODE_TEXT]);
/* Compares as people copy: without case, hyphens and spaces, I and L as 1, O as 0. */
bool notice_code_same(const char *typed, const char code[NOTICE_CODE_TEXT]);

#endif
