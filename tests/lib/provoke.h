#ifndef TESTS_LIB_PROVOKE_H
#define TESTS_LIB_PROVOKE_H

#include "tests/lib/town.h"

/* A reason that a person may meet: the last entry was refused (or accepted with this one warning, or with
 * this one among others) under this name and rule, with exactly these numbers; both sentences can be shown
 * and nothing in them is left open. test_verdict finds by these names which verdicts have a test. */
#define REFUSED(w, name, rule, ...)                                                                \
	provoke_refused((w), (name), (rule), (const int64_t[4]){__VA_ARGS__}, __FILE__, __LINE__)
#define WARNED(w, name, rule, ...)                                                                 \
	provoke_warned((w), (name), (rule), (const int64_t[4]){__VA_ARGS__}, true, __FILE__,       \
		       __LINE__)
#define WARNED_TOO(w, name, rule, ...)                                                             \
	provoke_warned((w), (name), (rule), (const int64_t[4]){__VA_ARGS__}, false, __FILE__,      \
		       __LINE__)

void provoke_refused(const struct town *w, const char *name, const char *rule, const int64_t num[4],
		     const char *file, int line);
void provoke_warned(const struct town *w, const char *name, const char *rule, const int64_t num[4],
		    bool alone, const char *file, int line);
/* town_put; a refused entry must leave the state as it was, an accepted one must change it. Every reason and
 * warning can be read in both languages. */
enum verdict_id provoke_put(struct town *w, uint32_t no, const char *author, enum rec_code type,
			    const void *head, const void *lines, uint32_t nlines);
/* Was a reason met in this process? */
bool provoke_met(enum verdict_id id);
/* The sentence of a reason. */
void provoke_text(const struct reason *r, enum lang lang, char *out, size_t cap);

#endif
