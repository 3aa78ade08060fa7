#ifndef DAEMON_IO_LIMITS_H
#define DAEMON_IO_LIMITS_H

#include <stdint.h>

/* What a process that handles keys and passphrases asks of the system: no core dumps, files for nobody else
 * unless said otherwise, as many open files as it may have. */
void limits_set(void);
/* How many files it may have open. */
uint64_t limits_files(void);

#endif
