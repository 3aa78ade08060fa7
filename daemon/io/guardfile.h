#ifndef DAEMON_IO_GUARDFILE_H
#define DAEMON_IO_GUARDFILE_H

#include "daemon/writer/writer.h"
#include "lib/err.h"

/* The high-water marks of what this node ever signed, in a file outside the store, best on another disk: two
 * slots, and behind them the table of cosigned heads.
 *
 * Slots are written in turn and synced, so that a torn write never loses the older marks; the valid one with the
 * larger counter counts: "CZGRD04\n" | counter u64 | epoch u32 | size u64 | root 32 | signature 64 | intent: size
 * u64, root 32 | redo length u32 | number of cosigned heads u32 | how many of them changed with this slot u32 | of
 * each of those: place in the table u32, head | redo | SHA-256 of all before. A head is: feed ID 32, size u64,
 * root 32. Of a slot only what is used is written.
 *
 * Table: of each head, by place: head | the first 8 bytes of its SHA-256. What changed with a slot is written
 * there, and synced, together with the next slot. So whichever write is torn, the two slots have the heads that the
 * table may lack; a start writes the newest slot again, syncs, writes
 * those of both there, and syncs, before anything else. A
 * sector of 512 bytes is taken to be old or new after a power cut; one that is lost is damage, which is told. */
#define GUARDFILE_HEAD_BYTES	 176
#define GUARDFILE_COSIGNED_BYTES 72
#define GUARDFILE_CHANGED_BYTES	 (4 + GUARDFILE_COSIGNED_BYTES)
#define GUARDFILE_RECORD_BYTES	 (GUARDFILE_COSIGNED_BYTES + 8)
#define GUARDFILE_SECTOR	 4096 /* slots share none */
#define GUARDFILE_USED_MAX                                                                         \
	(GUARDFILE_HEAD_BYTES + GUARD_CHANGED_MAX * GUARDFILE_CHANGED_BYTES + GUARD_REDO_MAX + 32)
#define GUARDFILE_SLOT_BYTES                                                                       \
	((GUARDFILE_USED_MAX + GUARDFILE_SECTOR - 1) / GUARDFILE_SECTOR * GUARDFILE_SECTOR)
#define GUARDFILE_TABLE_AT ((size_t)2 * GUARDFILE_SLOT_BYTES)
#define GUARDFILE_BYTES	   (GUARDFILE_TABLE_AT + (size_t)FEEDS_MAX * GUARDFILE_RECORD_BYTES)

struct guardfile;
/* Makes the file when it is missing. ERR_CORRUPT: there are bytes, but no valid slot, or a head is damaged that
 * neither slot has. */
int guardfile_open(const char *path, struct guardfile **ret, struct errmsg *msg);
/* ERR_NOTFOUND: nothing signed yet. @ret->cosigned is borrowed until the next save. */
int guardfile_load(struct guardfile *g, struct guard *ret);
/* Durable when it returns 0. @v->cosigned: those that changed, at most GUARD_CHANGED_MAX, each feed once.
 * ERR_LIMIT: more than FEEDS_MAX in all; ERR_NOMEM. After any error nothing is saved any more (ERR_STATE): the
 * next start looks at what the disk has. */
int guardfile_save(struct guardfile *g, const struct guard *v);
/* Reads only, without making or keeping anything; looks at what was cosigned, too, and does not give it. For verify
 * beside a running daemon. */
int guardfile_peek(const char *path, struct guard *ret, struct errmsg *msg);
/* For writer_open, before anything is written: the intent that was found, and a thread that writes the next
 * ones. Borrows @g. */
void guardfile_journal(struct guardfile *g, struct guard_journal *ret);
/* Asserts what only a bug can break. Any thread. */
void guardfile_invariant(struct guardfile *g);
void guardfile_close(struct guardfile *g); /* NULL is allowed */

#endif
