#include "daemon/io/attachments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/file.h"
#include "lib/mem.h"
#include "lib/text.h"

#define INCOMING   "incoming-"
#define FILE_MODE  0600 /* faces and names are on them */
#define DIR_MODE   0750
#define READ_BYTES 65536

struct attachment {
	char dir[ATTACHMENTS_PATH_MAX], part[ATTACHMENTS_PATH_MAX];
	int fd;
	struct sha256 sum;
	bool any;
	int err; /* sticky, with its words */
	struct errmsg msg;
};

static int put_path(char out[ATTACHMENTS_PATH_MAX], const char *dir, const char *below)
{
	int n = snprintf(out, ATTACHMENTS_PATH_MAX, "%s/evidence/%s", dir, below);

	return n < 0 || n >= ATTACHMENTS_PATH_MAX ? ERR_LIMIT : ERR_OK;
}

int attachments_path(const char *dir, const struct hash *h, char out[ATTACHMENTS_PATH_MAX])
{
	char hex[2 * HASH_BYTES + 1], below[2 * HASH_BYTES + 8];

	hash_hex(h, 2 * HASH_BYTES, hex);
	snprintf(below, sizeof(below), "%.2s/%s", hex, hex);
	return put_path(out, dir, below);
}

static int fail_errno(struct errmsg *msg, const char *doing, const char *path)
{
	int e = errno;

	return err_set(msg, e == ENOSPC || e == EDQUOT ? ERR_FULL : ERR_IO, "%s %s: %s", doing,
		       path, strerror(e));
}

/* --- coming in --------------------------------------------------------------------------------------- */

static void begin(struct attachment *e, const char *dir)
{
	char folder[ATTACHMENTS_PATH_MAX];

	e->err = put_path(folder, dir, "");
	if (!e->err)
		e->err = put_path(e->part, dir, INCOMING "XXXXXX");
	if (e->err) {
		err_set(&e->msg, e->err, "%s: path too long", dir);
		return;
	}
	e->err = file_mkdir(folder, DIR_MODE, &e->msg);
	if (e->err)
		return;
	e->fd = mkostemp(e->part, O_CLOEXEC);
	if (e->fd < 0)
		e->err = fail_errno(&e->msg, "create", e->part);
}

struct attachment *attachments_begin(const char *dir)
{
	struct attachment *e = mem_alloc(sizeof(*e));

	if (!e)
		return NULL;
	e->fd = -1;
	snprintf(e->dir, sizeof(e->dir), "%s", dir);
	sha256_start(&e->sum);
	begin(e, dir);
	return e;
}

void attachments_add(struct attachment *e, const void *p, size_t n)
{
	const uint8_t *at = p;

	if (!e->err)
		sha256_add(&e->sum, p, n);
	e->any = e->any || n;
	while (!e->err && n) {
		ssize_t put = write(e->fd, at, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			e->err = fail_errno(&e->msg, "write", e->part);
			return;
		}
		at += put;
		n -= (size_t)put;
	}
}

/* The folder and the one above it may be new: their names must last, too. */
static int make_folder(const struct attachment *e, const char *folder, struct errmsg *msg)
{
	char above[ATTACHMENTS_PATH_MAX];
	int n = snprintf(above, sizeof(above), "%s/evidence", e->dir);
	int err =
		n < 0 || n >= ATTACHMENTS_PATH_MAX ? ERR_LIMIT : file_mkdir(folder, DIR_MODE, msg);

	if (!err)
		err = file_sync_name(folder, msg);
	return err ? err : file_sync_name(above, msg);
}

/* The bytes first, then the name; the folder of the name last. A file of that name that somebody altered
 * is replaced by what it should be. */
static int give_name(struct attachment *e, const char *path, struct errmsg *msg)
{
	char folder[ATTACHMENTS_PATH_MAX];
	int err;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (fchmod(e->fd, FILE_MODE) || fsync(e->fd))
		return fail_errno(msg, "write", e->part);
	err = make_folder(e, folder, msg);
	if (!err)
		err = file_rename(e->part, path, msg);
	if (!err)
		e->part[0] = '\0';
	return err;
}

int attachments_keep(struct attachment *e, struct hash *ret, bool *ret_new, struct errmsg *msg)
{
	char path[ATTACHMENTS_PATH_MAX];
	enum attachment_state s;
	struct hash h;
	bool there;

	if (!e->err && !e->any)
		e->err = err_set(&e->msg, ERR_INVALID, "%s: empty", e->part);
	if (e->err) {
		*msg = e->msg;
		return e->err;
	}
	sha256_end(&e->sum, &h);
	e->err = attachments_path(e->dir, &h, path);
	if (e->err)
		return err_set(msg, e->err, "%s: path too long", e->dir);
	there = !attachments_look(e->dir, &h, &s, msg) && s == ATTACHMENT_INTACT;
	e->err = give_name(e, path, msg);
	if (e->err)
		return e->err;
	*ret = h;
	*ret_new = !there;
	return ERR_OK;
}

void attachments_end(struct attachment *e)
{
	if (!e)
		return;
	if (e->fd >= 0) {
		close(e->fd);
		if (e->part[0])
			unlink(e->part);
	}
	mem_free(e);
}

void attachments_sweep(const char *dir)
{
	char path[ATTACHMENTS_PATH_MAX];
	struct dirent *f;
	DIR *d = put_path(path, dir, "") ? NULL : opendir(path);

	while (d && (f = readdir(d)))
		if (strncmp(f->d_name, INCOMING, strlen(INCOMING)) == 0)
			unlinkat(dirfd(d), f->d_name, 0);
	if (d)
		closedir(d);
}

/* --- looking ----------------------------------------------------------------------------------------- */

static int digest_of(int fd, const char *path, size_t max, struct hash *ret, struct errmsg *msg)
{
	static const char too_large[] = "%s: larger than %zu bytes";
	uint8_t buf[READ_BYTES];
	struct sha256 sum;
	size_t sofar = 0;
	ssize_t got;

	sha256_start(&sum);
	while ((got = read(fd, buf, sizeof(buf))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(msg, "read", path);
		sofar += (size_t)got;
		if (sofar > max)
			return err_set(msg, ERR_LIMIT, too_large, path, max);
		sha256_add(&sum, buf, (size_t)got);
	}
	sha256_end(&sum, ret);
	return ERR_OK;
}

int attachments_digest(const char *path, size_t max, struct hash *ret, struct errmsg *msg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0 && errno == ENOENT)
		return err_set(msg, ERR_NOTFOUND, "%s: %s", path, strerror(errno));
	if (fd < 0)
		return fail_errno(msg, "open", path);
	err = digest_of(fd, path, max, ret, msg);
	close(fd);
	return err;
}

int attachments_look(const char *dir, const struct hash *h, enum attachment_state *ret,
		     struct errmsg *msg)
{
	char path[ATTACHMENTS_PATH_MAX];
	struct hash got;
	int err = attachments_path(dir, h, path);

	if (err)
		return err_set(msg, err, "%s: path too long", dir);
	err = attachments_digest(path, SIZE_MAX, &got, msg);
	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = err ? ATTACHMENT_ABSENT : hash_cmp(&got, h) ? ATTACHMENT_ALTERED : ATTACHMENT_INTACT;
	return ERR_OK;
}

static int each_below(const char *folder, void (*fn)(void *ctx, const struct hash *h), void *ctx,
		      struct errmsg *msg)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	struct hash h;

	if (!d)
		return errno == ENOTDIR ? ERR_OK : fail_errno(msg, "open", folder);
	while ((f = readdir(d)))
		if (hex_get(f->d_name, strlen(f->d_name), h.b, HASH_BYTES))
			fn(ctx, &h);
	closedir(d);
	return ERR_OK;
}

int attachments_each(const char *dir, void (*fn)(void *ctx, const struct hash *h), void *ctx,
		     struct errmsg *msg)
{
	char folder[ATTACHMENTS_PATH_MAX], below[3];
	int err = ERR_OK;

	for (unsigned i = 0; !err && i < 256; i++) {
		snprintf(below, sizeof(below), "%02x", i);
		err = put_path(folder, dir, below);
		if (!err && file_exists(folder))
			err = each_below(folder, fn, ctx, msg);
	}
	return err;
}
