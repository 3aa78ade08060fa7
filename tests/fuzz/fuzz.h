#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What every fuzz target defines. Under VARIANT=fuzz libFuzzer calls it; in other builds replay.c does,
 * for each file of a folder. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A property that holds for all input. Unlike assert() it is there in every build, with what it calls. */
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond);       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
