#ifndef TESTS_LIB_REASON_H
#define TESTS_LIB_REASON_H

#include "tests/lib/town.h"

/* Did the last entry meet this reason, with this rule and these numbers? Both its sentences are rendered:
 * nothing in them may be left open. A refused entry must have changed nothing, an accepted one have just
 * this warning. */
void reason_refused(const char *file, int line, const struct town *w, const char *name,
		    const char *rule, const int64_t want[4]);
void reason_warned(const char *file, int line, const struct town *w, const char *name,
		   const char *rule, const int64_t want[4]);
#define REFUSED(w, name, rule, ...)                                                                \
	reason_refused(__FILE__, __LINE__, w, name, rule, (const int64_t[4]){__VA_ARGS__})
#define WARNED(w, name, rule, ...)                                                                 \
	reason_warned(__FILE__, __LINE__, w, name, rule, (const int64_t[4]){__VA_ARGS__})

/* town_put, but state before and after a refused entry is compared. */
enum verdict_id reason_put(struct town *w, uint32_t no, const char *author, enum rec_code type,
			   const void *head, const void *lines, uint32_t nlines);

#endif
