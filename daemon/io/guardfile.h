#ifndef DAEMON_IO_GUARDFILE_H
#define DAEMON_IO_GUARDFILE_H

#include "daemon/writer/writer.h"
#include "lib/err.h"

/* The high-water marks of what this node ever signed, in a file outside the store, best on another disk.
 * Two slots, written in turn and synced, so that a torn write never loses the older marks: "CZGRD03\n" |
 * counter u64 | epoch u32 | size u64 | root 32 | signature 64 | intent: size u64, root 32 | redo length u32 |
 * number of cosigned heads u32 | of each: feed ID 32, size u64, root 32 | redo | SHA-256 of all before. The
 * valid slot with the larger counter counts. Of a slot only what is used is written. */
#define GUARDFILE_HEAD_BYTES	 172
#define GUARDFILE_COSIGNED_BYTES 72
#define GUARDFILE_SECTOR	 4096 /* slots share none: a torn one is lost as a whole */
#define GUARDFILE_USED_MAX                                                                         \
	(GUARDFILE_HEAD_BYTES + FEEDS_MAX * GUARDFILE_COSIGNED_BYTES + GUARD_REDO_MAX + 32)
#define GUARDFILE_SLOT_BYTES                                                                       \
	((GUARDFILE_USED_MAX + GUARDFILE_SECTOR - 1) / GUARDFILE_SECTOR * GUARDFILE_SECTOR)

struct guardfile;
/* Makes the file when it is missing. ERR_CORRUPT: there are bytes, but no valid slot. */
int guardfile_open(const char *path, struct guardfile **ret, struct errmsg *msg);
/* ERR_NOTFOUND: nothing signed yet. @ret->cosigned is borrowed until the next save. */
int guardfile_load(struct guardfile *g, struct guard *ret);
int guardfile_save(struct guardfile *g, const struct guard *v); /* durable when it returns 0 */
/* Reads only, without making or keeping anything, and without what was cosigned; for verify beside a running
 * daemon. */
int guardfile_peek(const char *path, struct guard *ret, struct errmsg *msg);
/* For writer_open, before anything is written: the intent that was found, and a thread that writes the next
 * ones. Borrows @g. */
void guardfile_journal(struct guardfile *g, struct guard_journal *ret);
/* Asserts what only a bug can break. Any thread. */
void guardfile_invariant(struct guardfile *g);
void guardfile_close(struct guardfile *g); /* NULL is allowed */

#endif
