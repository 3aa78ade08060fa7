#ifndef DAEMON_IO_GUARDFILE_H
#define DAEMON_IO_GUARDFILE_H

#include "daemon/rules/writer.h"
#include "lib/err.h"

/* The high-water mark of what this node ever signed, in a file outside the store, best on another disk.
 * Two slots, written in turn and synced, so that a torn write never loses the older mark: "CZGRD02\n" |
 * counter u64 | epoch u32 | size u64 | root 32 | signature 64 | intent: size u64, root 32, redo length u32,
 * redo | SHA-256 of all before. The valid slot with the larger counter counts. Of a slot only what is used is
 * written. */
#define GUARDFILE_HEAD_BYTES 168
#define GUARDFILE_SECTOR     4096 /* slots share none: a torn one is lost as a whole */
#define GUARDFILE_SLOT_BYTES (GUARDFILE_HEAD_BYTES + GUARD_REDO_MAX + 32 + 3896)

struct guardfile;
/* Makes the file when it is missing. ERR_CORRUPT: there are bytes, but no valid slot. */
int guardfile_open(const char *path, struct guardfile **ret, struct errmsg *msg);
int guardfile_load(struct guardfile *g, struct guard *ret); /* ERR_NOTFOUND: nothing signed yet */
int guardfile_save(struct guardfile *g, const struct guard *v); /* durable when it returns 0 */
/* Reads only, without making or keeping anything; for verify beside a running daemon. */
int guardfile_peek(const char *path, struct guard *ret, struct errmsg *msg);
/* For writer_open, before anything is written: the intent that was found, and a thread that writes the next
 * ones. Borrows @g. */
void guardfile_journal(struct guardfile *g, struct guard_journal *ret);
void guardfile_close(struct guardfile *g); /* NULL is allowed */

#endif
