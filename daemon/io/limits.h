#ifndef DAEMON_IO_LIMITS_H
#define DAEMON_IO_LIMITS_H

/* What a process that handles keys and passphrases asks of the system: no core dumps, files for nobody else
 * unless said otherwise, as many open files as it may have. */
void limits_set(void);

#endif
