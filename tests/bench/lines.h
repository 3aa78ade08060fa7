#ifndef TESTS_BENCH_LINES_H
#define TESTS_BENCH_LINES_H

#include <sys/types.h>

#include "daemon/web/api/api.h"
#include "tests/bench/load.h"

/* The functions of the rows (bench_speed.c); @ctx is a struct load. */
void line_single(void *ctx); /* line_append.c */
void line_clients(void *ctx);
void line_batch(void *ctx);
void line_ingest(void *ctx); /* line_ingest.c */
void line_phases(void *ctx);
void line_sheets(void *ctx);
void line_wire(void *ctx);
void line_socket(void *ctx);  /* line_socket.c */
void line_catchup(void *ctx); /* line_daemon.c; also: disk per entry */
void line_idle(void *ctx);
void line_large(void *ctx);  /* line_large.c: opening, verifying, reading a large store */
void line_status(void *ctx); /* line_status.c */
void line_link(void *ctx);   /* line_link.c */
void line_nodes(void *ctx);  /* line_nodes.c */

/* Shared between lines. */
/* Ingests chunks as the daemon does: signatures checked on all cores, jobs in order through the store
 * thread. Seconds until the last one was durable. */
double ingest_run(struct load_node *hub, struct load_chunks *c, const struct hash *town);
/* One repetition of hub ingest with @n entries: entries a second. */
double ingest_rate(struct load *l, uint32_t n);
/* "<dir>/store" */
void store_of(const char *dir, char out[BENCH_PATH_MAX + 8]);
/* Bytes of the pages in use for an entry, beside the bytes of the entry. */
void disk_row(const char *row, const char *dir);
/* The rows of the village's papers, each asked of a small and of a large store. */
void read_rows(struct load *small, const char *small_dir, struct load *large,
	       const char *large_dir);

/* A node that is asked through its API, in this process (api.c). Names of people are those of struct load, and any
 * passphrase is right. */
struct api_node {
	struct load *l;
	struct load_node node;
	struct web_services s;
	day_t today;
};
void api_open(struct api_node *a, struct load *l, const char *dir);
/* The same of an open node, which stays open: no api_close. */
void api_at(struct api_node *a, struct load *l, const struct load_node *n);
void api_close(struct api_node *a);
/* Names and values of the query in turn, ended by NULL. Ends the line unless the answer is 200. @ret may be NULL; it
 * is closed by the caller. */
void api_get(struct api_node *a, const char *path, const char *const *query, struct buf *ret);
void api_post(struct api_node *a, const char *path, const char *const *query, struct bytes body,
	      struct buf *ret);
/* Seconds of an answer: the least of some that take @least_s together. */
double api_time(struct api_node *a, const char *path, const char *const *query, double least_s);

/* Running daemons (daemon.c). */
struct daemon_proc {
	pid_t pid;
	char dir[BENCH_PATH_MAX];
};
void daemon_start(struct daemon_proc *p, const char *dir);
void daemon_stop(struct daemon_proc *p);
/* Asks /healthz over the Unix socket until it answers. Seconds since @start_ns. */
double daemon_wait(const struct daemon_proc *p, uint64_t start_ns);
/* A connection to its Unix socket. */
int daemon_connect(const struct daemon_proc *p);
/* kB of a line of /proc/PID/smaps_rollup. */
double daemon_memory(const struct daemon_proc *p, const char *what);
/* A free TCP port on the loopback. */
unsigned daemon_port(void);

#endif
