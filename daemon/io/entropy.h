#ifndef DAEMON_IO_ENTROPY_H
#define DAEMON_IO_ENTROPY_H

#include <stddef.h>

/* Random bytes from the kernel; ends the process when there are none. */
void entropy_fill(void *p, size_t n);

#endif
