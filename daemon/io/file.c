#include "daemon/io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"

#define PATH_BYTES 600

int file_err(int e)
{
	switch (e) {
	case ENOENT: return ERR_NOTFOUND;
	case EEXIST: return ERR_EXISTS;
	case ENOSPC:
	case EDQUOT: return ERR_FULL;
	case ENOMEM: return ERR_NOMEM;
	case EACCES:
	case EPERM: return ERR_DENIED;
	case EROFS: return ERR_READ_ONLY;
	default: return ERR_IO;
	}
}

static int fail(struct errmsg *msg, const char *path, const char *doing)
{
	int e = errno;

	return err_set(msg, file_err(e), "%s %s: %s", doing, path, strerror(e));
}

static int read_all(int fd, const char *path, size_t max, struct buf *out, struct errmsg *msg)
{
	size_t start = out->n;
	int err = ERR_OK;

	for (;;) {
		uint8_t *p = buf_reserve(out, 4096);
		ssize_t got;

		if (!p) {
			err = out->err;
			break;
		}
		got = read(fd, p, 4096);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = fail(msg, path, "read");
		if (got <= 0)
			break;
		out->n += (size_t)got;
		if (out->n - start > max) {
			err = err_set(msg, ERR_LIMIT, "%s: larger than %zu bytes", path, max);
			break;
		}
	}
	if (err)
		out->n = start;
	return err;
}

int file_read(const char *path, size_t max, struct buf *out, struct errmsg *msg)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(msg, path, "open");
	err = read_all(fd, path, max, out, msg);
	close(fd);
	return err;
}

/* Into @part the next name of a path; false when there is none. An empty one and "." are none. */
static bool next_part(const char **path, char part[NAME_MAX + 2])
{
	size_t n;

	while (**path == '/' || (**path == '.' && ((*path)[1] == '/' || !(*path)[1])))
		++*path;
	n = strcspn(*path, "/");
	snprintf(part, NAME_MAX + 2, "%.*s", (int)(n < NAME_MAX + 1 ? n : NAME_MAX + 1), *path);
	*path += n;
	return n > 0;
}

static bool is_link(int dir, const char *part)
{
	struct stat st;

	return !fstatat(dir, part, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode);
}

/* Opens @part of the folder @dir, which is closed, and says in *ret_link whether it is a link, which is never
 * followed. Returns the descriptor or -1 (errno). */
static int step_down(int dir, const char *part, bool last, bool *ret_link)
{
	/* a pipe must not keep us waiting for its writer */
	int fd = openat(dir, part,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (last ? 0 : O_DIRECTORY));
	int e = errno;

	*ret_link = fd < 0 && is_link(dir, part);
	close(dir);
	errno = e;
	return fd;
}

static int open_below(const char *folder, const char *name, int *ret, bool *ret_link,
		      struct errmsg *msg)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char part[NAME_MAX + 2], next[NAME_MAX + 2];
	const char *rest = name;
	bool more = name[0] != '/' && next_part(&rest, part);

	while (fd >= 0 && more && strcmp(part, "..") != 0) {
		more = next_part(&rest, next);
		fd = step_down(fd, part, !more, ret_link);
		memcpy(part, next, sizeof(part));
		if (!more && fd >= 0) {
			*ret = fd;
			return ERR_OK;
		}
	}
	if (fd < 0 && !*ret_link)
		return fail(msg, name, "open");
	if (fd >= 0)
		close(fd);
	return err_set(msg, ERR_REFUSED, "%s leads out of %s", name, folder);
}

int file_read_below(const char *folder, const char *name, size_t max, struct buf *out,
		    bool *ret_link, struct errmsg *msg)
{
	struct stat st;
	int fd = -1, err;

	*ret_link = false;
	err = open_below(folder, name, &fd, ret_link, msg);
	if (err)
		return err;
	if (fstat(fd, &st))
		err = fail(msg, name, "look at");
	else if (!S_ISREG(st.st_mode))
		err = err_set(msg, ERR_INVALID, "%s is not a file", name);
	else
		err = read_all(fd, name, max, out, msg);
	close(fd);
	return err;
}

static int read_exact(int fd, const char *path, void *p, size_t n, struct errmsg *msg)
{
	struct buf b = {0};
	int err = read_all(fd, path, n, &b, msg);

	if (err == ERR_LIMIT || (!err && b.n != n))
		err = err_set(msg, ERR_FORMAT, "%s: not exactly %zu bytes", path, n);
	if (!err)
		memcpy(p, b.p, n);
	if (b.p)
		explicit_bzero(b.p, b.cap);
	buf_close(&b);
	return err;
}

int file_read_exact(const char *path, void *p, size_t n, struct errmsg *msg)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(msg, path, "open");
	err = read_exact(fd, path, p, n, msg);
	close(fd);
	return err;
}

/* Asked of what is open, so that nobody can put another file there in between. */
static int check_private(int fd, const char *path, unsigned mode, struct errmsg *msg)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail(msg, path, "look at");
	if (st.st_uid != geteuid() && geteuid() != 0)
		return err_set(msg, ERR_STATE, "%s belongs to another user; run: chown %u %s", path,
			       (unsigned)geteuid(), path);
	if (st.st_mode & 077)
		return err_set(msg, ERR_STATE, "%s is open to others; run: chmod %o %s", path, mode,
			       path);
	return ERR_OK;
}

int file_read_secret(const char *path, void *p, size_t n, struct errmsg *msg)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(msg, path, "open");
	err = check_private(fd, path, 0600, msg);
	if (!err)
		err = read_exact(fd, path, p, n, msg);
	close(fd);
	return err;
}

int file_private_dir(const char *path, struct errmsg *msg)
{
	int err, fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail(msg, path, "open");
	err = check_private(fd, path, 0700, msg);
	close(fd);
	return err;
}

/* The folder of "a/b" and of "a/b/" is "a". */
static int sync_parent(const char *path)
{
	size_t n = strlen(path);
	char dir[PATH_BYTES];
	bool absolute = path[0] == '/';
	int fd, rv;

	while (n && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	while (n && path[n - 1] == '/')
		n--;
	if (n >= sizeof(dir))
		return -1;
	memcpy(dir, path, n);
	dir[n] = 0;
	fd = open(n ? dir : absolute ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rv = fsync(fd);
	if (rv && errno == EINVAL) /* a file system that syncs no folders */
		rv = 0;
	close(fd);
	return rv;
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

int file_sync_name(const char *path, struct errmsg *msg)
{
	return sync_parent(path) ? fail(msg, path, "sync the folder of") : ERR_OK;
}

int file_rename(const char *from, const char *to, struct errmsg *msg)
{
	return rename(from, to) || sync_parent(to) ? fail(msg, to, "rename") : ERR_OK;
}

int file_write(const char *path, const void *p, size_t n, unsigned mode, struct errmsg *msg)
{
	char tmp[PATH_BYTES];
	int fd, err = ERR_OK;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", path) >= sizeof(tmp))
		return err_set(msg, ERR_LIMIT, "%s: path too long", path);
	/* in a folder that others may write to, one of them may have laid out a link or a file of his own */
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return fail(msg, tmp, "create");
	if (fchmod(fd, mode) || write_all(fd, p, n) || fsync(fd))
		err = fail(msg, tmp, "write");
	if (close(fd) && !err)
		err = fail(msg, tmp, "close");
	if (!err)
		err = file_rename(tmp, path, msg);
	if (err)
		unlink(tmp);
	return err;
}

int file_remove(const char *path, struct errmsg *msg)
{
	if (unlink(path) && errno != ENOENT)
		return fail(msg, path, "remove");
	return file_sync_name(path, msg);
}

int file_try(const char *path, size_t n, struct errmsg *msg)
{
	uint8_t *p = mem_alloc(n);
	int err = p ? file_write(path, p, n, 0600, msg) : ERR_NOMEM;

	mem_free(p);
	return err ? err : file_remove(path, msg);
}

int file_overwrite(const char *path, const void *p, size_t n, struct errmsg *msg)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = ERR_OK;

	if (fd < 0)
		return fail(msg, path, "open");
	if (write_all(fd, p, n) || fsync(fd))
		err = fail(msg, path, "write");
	if (close(fd) && !err)
		err = fail(msg, path, "close");
	return err;
}

int file_lock(const char *folder, int *ret_lock, struct errmsg *msg)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rv = -1;

	if (fd < 0)
		return fail(msg, folder, "open");
	do
		rv = flock(fd, LOCK_EX);
	while (rv && errno == EINTR);
	if (rv) {
		int err = fail(msg, folder, "lock");

		close(fd);
		return err;
	}
	*ret_lock = fd;
	return ERR_OK;
}

void file_unlock(int lock)
{
	close(lock);
}

int file_mkdir_new(const char *path, unsigned mode, struct errmsg *msg)
{
	return mkdir(path, mode) ? fail(msg, path, "make folder") : ERR_OK;
}

int file_mkdir(const char *path, unsigned mode, struct errmsg *msg)
{
	return mkdir(path, mode) && errno != EEXIST ? fail(msg, path, "make folder") : ERR_OK;
}

static int remove_below(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	return at->level > 0 ? remove(path) : 0;
}

int file_empty_dir(const char *path, struct errmsg *msg)
{
	return nftw(path, remove_below, 8, FTW_DEPTH | FTW_PHYS) ? fail(msg, path, "empty")
								 : ERR_OK;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool file_denied(const char *path)
{
	return access(path, R_OK) && errno == EACCES;
}

bool file_dir_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	if (!d)
		return errno == ENOENT;
	while (empty && (e = readdir(d)))
		empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return empty;
}
