#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stddef.h>

/* All heap memory of lib, proto, rules and core comes from here, so that tests can make the n-th
 * allocation fail. Each returns NULL on failure; sizes are checked against overflow. */
void *mem_alloc(size_t n);		    /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed */
void *mem_resize(void *p, size_t count, size_t size);
void mem_free(void *p);
char *mem_strdup(const char *s);

/* Test hook: the allocation with this number (0 = the next one) fails once; -1 = none. Per thread. */
void mem_fail_after(long n);
/* Live allocations of this thread minus frees of this thread; for leak checks in tests. */
long mem_live(void);

#endif
