#include "daemon/io/entropy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void entropy_fill(void *p, size_t n)
{
	unsigned char *q = p;

	while (n) {
		ssize_t got = getrandom(q, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			/* Going on without randomness would repeat keys. */
			perror("getrandom");
			abort();
		}
		q += got;
		n -= (size_t)got;
	}
}
