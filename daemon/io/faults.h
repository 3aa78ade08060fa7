#ifndef DAEMON_IO_FAULTS_H
#define DAEMON_IO_FAULTS_H

#include <signal.h>
#include <stddef.h>

/* A mapped file can fail at any time that somebody reads it: the disk has lost a sector, the file was cut. The
 * system reports that by SIGBUS, and there is nothing to return to. After faults_set such an end is a sentence on
 * standard error and exit 3 (a machine failure), as is a fault in a file that is mapped at faults_map, or of a
 * thread that is inside of LMDB, which trusts its pages. Any other is a bug of the program and ends it as ever. */
void faults_set(const char *sentence); /* borrowed for ever, without the end of the line */
void faults_map(const void *p, size_t n);
void faults_unmap(const void *p);			  /* NULL, or not mapped: nothing */
extern _Thread_local volatile sig_atomic_t faults_inside; /* of LMDB */

/* The same end, found by somebody else. Does not return. Safe in a signal handler. */
_Noreturn void faults_end(void);

#endif
