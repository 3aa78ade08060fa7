#ifndef DAEMON_IO_KVLMDB_H
#define DAEMON_IO_KVLMDB_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/io/pages.h"
#include "daemon/store/kv.h"
#include "lib/err.h"

/* The key-value store on LMDB: one environment in a directory, one database per table, every commit
 * synced (never MDB_NOSYNC, never MDB_WRITEMAP). Any thread may begin a transaction; a read transaction
 * may be handed from thread to thread, a write transaction stays where it began. */
#define KVLMDB_READERS_MAX 512

/* Every page is looked at (pages.h) before LMDB may write: up to so many bytes of store at once when it is
 * opened; of a larger one by a thread that begins then, so that opening it takes no longer. The first write
 * transaction waits for it, as a write is what a damaged page makes dangerous, and nothing else can: LMDB changes
 * pages that the program does not name (a neighbour to merge with, the list of free pages), and what it writes over
 * by that is lost. A page that the thread, or a reader before it, finds damaged ends the process with a sentence
 * (faults.h). */
#define KVLMDB_CHECK_BYTES (32 << 20)

struct kvlmdb_opts {
	bool readonly;	    /* beside a daemon that writes */
	size_t map_bytes;   /* address space, the largest size of the store; 0: the default */
	size_t check_bytes; /* 0: KVLMDB_CHECK_BYTES */
	struct pages_report *ret_all; /* not NULL: all pages, whatever the size */
};

/* ERR_NOTFOUND: no such directory, or no store in it and readonly. ERR_BUSY: another process has it open
 * for writing. ERR_STATE: open in this process already (LMDB cannot do that). ERR_CORRUPT: pages are damaged,
 * the first of them in @msg and all in opts->ret_all. @opts NULL: to write, default size. @msg may be NULL. */
int kvlmdb_open(const char *dir, const struct kvlmdb_opts *opts, struct kv **ret,
		struct errmsg *msg);
/* The rows of a store with damaged pages that can still be read (pages_rows), without LMDB. ERR_BUSY: another process
 * has it open for writing. */
int kvlmdb_rows(const char *dir, pages_row_fn *row, void *ctx);
/* Whether the map, the largest size of the store, has room for about @n bytes more at its end. */
bool kvlmdb_room(struct kv *kv, size_t n);

#endif
