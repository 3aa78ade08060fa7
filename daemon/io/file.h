#ifndef DAEMON_IO_FILE_H
#define DAEMON_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/err.h"

/* Whole small files. */
#define FILE_BYTES_MAX ((size_t)1 << 20)

int file_err(int e); /* ERR_* for an errno of the file system */

/* Appends the file's bytes to @out. ERR_NOTFOUND, ERR_LIMIT (over @max), ERR_IO. */
int file_read(const char *path, size_t max, struct buf *out, struct errmsg *msg);
/* Exactly @n bytes; ERR_FORMAT when the size differs. */
int file_read_exact(const char *path, void *p, size_t n, struct errmsg *msg);
/* The same for a secret: ERR_STATE, and what to do, unless it is a file of this user (root reads others'
 * too) that nobody else may touch. */
int file_read_secret(const char *path, void *p, size_t n, struct errmsg *msg);
/* The same question about a folder, which must exist. */
int file_private_dir(const char *path, struct errmsg *msg);
/* Temporary name, sync, rename, sync of the folder. @mode e.g. 0600. */
int file_write(const char *path, const void *p, size_t n, unsigned mode, struct errmsg *msg);
/* Gives a file, whose bytes are synced, its name at once and durably; replaces what has that name. */
int file_rename(const char *from, const char *to, struct errmsg *msg);
/* Makes it durable that something of this name was made in its folder. */
int file_sync_name(const char *path, struct errmsg *msg);
/* Writes over the first @n bytes of a file that exists: for a disk without room for a second one. */
int file_overwrite(const char *path, const void *p, size_t n, struct errmsg *msg);
/* Waits until no other thread or process has @folder locked; a lock ends with the process that holds it. */
int file_lock(const char *folder, int *ret_lock, struct errmsg *msg);
void file_unlock(int lock);
/* Makes one folder; an existing one is fine. */
int file_mkdir(const char *path, unsigned mode, struct errmsg *msg);
/* The same, but ERR_EXISTS when there is something of that name. */
int file_mkdir_new(const char *path, unsigned mode, struct errmsg *msg);
/* Removes a file durably; one that is not there is fine. */
/* A file that somebody else names: @name leads down from @folder, through folders and to a file that are no links, each
 * opened from the one before, so that nobody can put a link there in between. ERR_REFUSED: it leads out of @folder, by
 * "/", ".." or a link, which *ret_link says; ERR_INVALID: not a regular file. */
int file_read_below(const char *folder, const char *name, size_t max, struct buf *out,
		    bool *ret_link, struct errmsg *msg);
/* Whether @n bytes can be written and synced beside @path: they are, as a file of that name, and removed. */
int file_try(const char *path, size_t n, struct errmsg *msg);
int file_remove(const char *path, struct errmsg *msg);
/* Removes all that is in the folder; links are not followed. */
int file_empty_dir(const char *path, struct errmsg *msg);
bool file_exists(const char *path);
bool file_denied(const char *path); /* others may read it, or know whether it exists */
/* True when the folder exists and holds nothing, or does not exist. */
bool file_dir_empty(const char *path);

#endif
