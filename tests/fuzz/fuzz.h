#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What every fuzz target defines. Under VARIANT=fuzz libFuzzer calls it; in other builds replay.c does,
 * for each file of a folder. Returns 0. A broken property is a failed assert. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#endif
