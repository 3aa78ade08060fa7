#ifndef TESTS_BENCH_LINES_H
#define TESTS_BENCH_LINES_H

#include <sys/types.h>

#include "tests/bench/load.h"

/* The lines of the table, one function each; the names are those of the command line. */
void line_single(struct load *l); /* line_append.c */
void line_clients(struct load *l);
void line_batch(struct load *l);
void line_ingest(struct load *l); /* line_ingest.c */
void line_phases(struct load *l); /* where the time of ingest goes; only when asked for */
void line_wire(struct load *l);
void line_sheets(struct load *l);
void line_catchup(struct load *l); /* line_daemon.c */
void line_disk(struct load *l);
void line_idle(struct load *l);
void line_open(struct load *l); /* also: verify, on the same store */

/* Shared between lines. */
/* Ingests chunks as the daemon does: signatures checked on all cores, jobs in order through the store
 * thread. Seconds until the last one was durable. */
double ingest_run(struct load_node *hub, struct load_chunks *c, const struct hash *town);
/* One repetition of hub ingest with @n entries: entries a second. */
double ingest_rate(struct load *l, uint32_t n);

/* Running daemons (daemon.c). */
struct daemon_proc {
	pid_t pid;
	char dir[BENCH_PATH_MAX];
};
void daemon_start(struct daemon_proc *p, const char *dir);
void daemon_stop(struct daemon_proc *p);
/* Asks /healthz over the Unix socket until it answers. Seconds since @start_ns. */
double daemon_wait(const struct daemon_proc *p, uint64_t start_ns);
/* kB of a line of /proc/PID/smaps_rollup. */
double daemon_memory(const struct daemon_proc *p, const char *what);
/* A free TCP port on the loopback. */
unsigned daemon_port(void);

#endif
