#ifndef PROTO_NOTICECODE_H
#define PROTO_NOTICECODE_H

#include "lib/hash.h"
#include "proto/record.h"

/* The check code on a posted notice (SPEC 7.9): it ties the figures on the paper to the feed at one size.
 * Sixteen characters of 0-9 A-Z without I, L, O and U, four and four: "8Q2K-V1YD-0M6T-ZB4R" = the first 80
 * bits of SHA-256("CZNOTC1\n" | feed 32 | size u64 | root 32 | kind u8 | from i32 | to i32 | lines u64 |
 * plus u64 | minus u64), big-endian, most significant bits first. */
#define NOTICE_CODE_TEXT 20
void notice_code(const struct hash *feed, const struct rec_notice *n, char out[NOTICE_CODE_TEXT]);
/* Compares as people copy: without case, hyphens and spaces, I and L as 1, O as 0. */
bool notice_code_same(const char *typed, const char code[NOTICE_CODE_TEXT]);

#endif
