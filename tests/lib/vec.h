#ifndef TESTS_LIB_VEC_H
#define TESTS_LIB_VEC_H

#include <stddef.h>
#include <stdint.h>

/* Golden values in tests/vectors/: lines "key hex" or "key @text"; # begins a comment line. Tests run
 * from the root of the repository. Each ends the test when the file or the key is not there. */

/* The bytes of @key. Returns their count, at most @cap. */
size_t vec_get(const char *file, const char *key, uint8_t *out, size_t cap);
/* The text of @key as a string. */
void vec_text(const char *file, const char *key, char *out, size_t cap);
/* Checks that @got is byte for byte what the file says. */
void vec_check(const char *file, const char *key, const void *got, size_t n);

#endif
