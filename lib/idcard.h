#ifndef LIB_IDCARD_H
#define LIB_IDCARD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/date.h"

/* Resident identity numbers (GB 11643): 17 digits and a check character, ISO 7064 mod 11-2. */
#define IDCARD_CHARS 18

enum idcard_state {
	IDCARD_OK,
	IDCARD_SUSPECT, /* follows every rule, but ends in 000: perhaps rounded by a spreadsheet */
	IDCARD_SCIENTIFIC, /* 5.00E+17 */
	IDCARD_ROUNDED,	   /* ends in 000 and the check character is wrong: 15 digits were kept */
	IDCARD_OLD,	   /* 15 digits: a number of before 1999 */
	IDCARD_LENGTH,
	IDCARD_DIGITS,
	IDCARD_DATE, /* no such day */
	IDCARD_CHECK,
};
struct idcard {
	day_t birth; /* DAY_NONE: 1970-01-01, the one day that is none */
	bool male;
};
/* @ret is filled for IDCARD_OK and IDCARD_SUSPECT only. The last character may be X, not x. */
enum idcard_state idcard_check(const char *s, size_t n, struct idcard *ret);

#endif
