/* What a power cut would take: whatever says that something is durable has synced its bytes, then given them their name,
 * then synced the folder of that name; and a sync that fails is never passed over. The calls that matter are those of
 * this program, which look at what they are given and pass it on. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/io/attachments.h"
#include "daemon/io/dir.h"
#include "daemon/io/file.h"
#include "daemon/io/guardfile.h"
#include "lib/err.h"
#include "tests/lib/t.h"

/* --- the disk --------------------------------------------------------------------------------------- */
#define THINGS_MAX 128

/* A file with bytes, or a folder with names, that are not on the disk yet. */
struct thing {
	dev_t dev;
	ino_t ino;
	bool bytes, names;
	char path[160]; /* for the message */
};

static struct {
	pthread_mutex_t lock;
	bool watching;
	struct thing v[THINGS_MAX];
	uint32_t n;
	uint32_t syncs, fail_at; /* the sync with this number fails; 0: none */
	char early[160];	 /* a file that got its name before its bytes were synced */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct thing *thing_of(const struct stat *st, const char *path)
{
	for (uint32_t i = 0; i < disk.n; i++)
		if (disk.v[i].dev == st->st_dev && disk.v[i].ino == st->st_ino)
			return &disk.v[i];
	if (disk.n == THINGS_MAX)
		abort();
	disk.v[disk.n] = (struct thing){.dev = st->st_dev, .ino = st->st_ino};
	snprintf(disk.v[disk.n].path, sizeof(disk.v[0].path), "%s", path);
	return &disk.v[disk.n++];
}

static void path_of(int fd, char ret[160])
{
	char link[40];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, 159);
	ret[n < 0 ? 0 : n] = '\0';
}

static void wrote(int fd)
{
	char path[160];
	struct stat st;

	if (!disk.watching || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    (fcntl(fd, F_GETFL) & O_DSYNC))
		return;
	path_of(fd, path);
	pthread_mutex_lock(&disk.lock);
	thing_of(&st, path)->bytes = true;
	pthread_mutex_unlock(&disk.lock);
}

/* Something in the folder of @path has another name now. */
static void named(const char *path)
{
	char folder[200];
	struct stat st;
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/'; n--)
		folder[n - 1] = '\0';
	slash = strrchr(folder, '/');
	if (!disk.watching || !slash)
		return;
	*slash = '\0';
	if (stat(folder, &st))
		return;
	pthread_mutex_lock(&disk.lock);
	thing_of(&st, folder)->names = true;
	pthread_mutex_unlock(&disk.lock);
}

static bool sync_fails(int fd)
{
	char path[160];
	struct stat st;
	bool fails = false;

	if (!disk.watching || fstat(fd, &st))
		return false;
	path_of(fd, path);
	pthread_mutex_lock(&disk.lock);
	fails = ++disk.syncs == disk.fail_at;
	if (!fails) {
		struct thing *t = thing_of(&st, path);

		t->bytes = t->names = false;
	}
	pthread_mutex_unlock(&disk.lock);
	if (fails)
		errno = EIO;
	return fails;
}

#define REAL(name) dlsym(RTLD_NEXT, name)

/* The store has an fdatasync of its own, which comes here. */
long syscall(long nr, ...)
{
	static long (*real)(long, ...);
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (unsigned i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (!real)
		*(void **)&real = REAL("syscall");
	if (nr == SYS_fdatasync && sync_fails((int)a[0]))
		return -1;
	return real(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int fsync(int fd)
{
	static int (*real)(int);

	if (!real)
		*(void **)&real = REAL("fsync");
	return sync_fails(fd) ? -1 : real(fd);
}

ssize_t write(int fd, const void *p, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);

	if (!real)
		*(void **)&real = REAL("write");
	wrote(fd);
	return real(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);

	if (!real)
		*(void **)&real = REAL("pwrite");
	wrote(fd);
	return real(fd, p, n, at);
}

int open(const char *path, int flags, ...)
{
	static int (*real)(const char *, int, ...);
	bool there = !access(path, F_OK);
	mode_t mode = 0;
	int fd;

	if (flags & O_CREAT) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (!real)
		*(void **)&real = REAL("open");
	fd = real(path, flags, mode);
	if (fd >= 0 && (flags & O_CREAT) && !there)
		named(path);
	return fd;
}

int mkdir(const char *path, mode_t mode)
{
	static int (*real)(const char *, mode_t);
	int rv;

	if (!real)
		*(void **)&real = REAL("mkdir");
	rv = real(path, mode);
	if (!rv)
		named(path);
	return rv;
}

int unlink(const char *path)
{
	static int (*real)(const char *);
	struct stat st;
	bool there = !stat(path, &st);
	int rv;

	if (!real)
		*(void **)&real = REAL("unlink");
	rv = real(path);
	if (rv)
		return rv;
	named(path);
	if (there && disk.watching) {
		pthread_mutex_lock(&disk.lock);
		thing_of(&st, path)->bytes = false; /* nobody misses them */
		pthread_mutex_unlock(&disk.lock);
	}
	return 0;
}

int rename(const char *from, const char *to)
{
	static int (*real)(const char *, const char *);
	struct stat st;
	int rv;

	if (!real)
		*(void **)&real = REAL("rename");
	if (disk.watching && !stat(from, &st)) {
		pthread_mutex_lock(&disk.lock);
		if (thing_of(&st, from)->bytes)
			snprintf(disk.early, sizeof(disk.early), "%s", to);
		pthread_mutex_unlock(&disk.lock);
	}
	rv = real(from, to);
	if (!rv)
		named(to);
	return rv;
}

/* --- laws ------------------------------------------------------------------------------------------- */
static char top[64];

static const char *in_top(const char *name)
{
	static char path[4][160];
	static unsigned turn;
	char *ret = path[turn++ % 4];

	snprintf(ret, sizeof(path[0]), "%s/%s", top, name);
	return ret;
}

static void fresh(void)
{
	disk.watching = false;
	snprintf(top, sizeof(top), "/tmp/power-XXXXXX");
	T_OK(mkdtemp(top) != NULL);
}

static void gone(void)
{
	struct errmsg msg;

	disk.watching = false;
	T_EQ(file_empty_dir(top, &msg), ERR_OK);
	T_EQ(rmdir(top), 0);
}

static void watch(uint32_t fail_at)
{
	disk.n = disk.syncs = 0;
	disk.early[0] = '\0';
	disk.fail_at = fail_at;
	disk.watching = true;
}

static void all_durable(void)
{
	disk.watching = false;
	if (disk.early[0])
		t_fail(__FILE__, __LINE__, "%s got its name before its bytes were synced",
		       disk.early);
	for (uint32_t i = 0; i < disk.n; i++)
		if (disk.v[i].bytes || disk.v[i].names)
			t_fail(__FILE__, __LINE__, "%s: its %s are not synced", disk.v[i].path,
			       disk.v[i].bytes ? "bytes" : "names");
}

/* Once as it should go; then each of its syncs fails once, in a place where nothing was: it must say so. */
static void lasts(int (*what)(void))
{
	uint32_t syncs;

	fresh();
	watch(0);
	T_EQ(what(), ERR_OK);
	all_durable();
	syncs = disk.syncs;
	T_OK(syncs > 0);
	gone();
	for (uint32_t i = 1; i <= syncs; i++) {
		fresh();
		watch(i);
		if (what() == ERR_OK)
			t_fail(__FILE__, __LINE__, "sync %u of %u failed, and nobody said so", i,
			       syncs);
		gone();
	}
}

/* --- small files ------------------------------------------------------------------------------------ */
static int write_new(void)
{
	return file_write(in_top("a"), "one", 3, 0600, NULL);
}

static int write_twice(void)
{
	int err = write_new();

	return err ? err : file_write(in_top("a"), "two", 3, 0600, NULL);
}

static int write_and_overwrite(void)
{
	int err = write_new();

	return err ? err : file_overwrite(in_top("a"), "TWO", 3, NULL);
}

static int write_and_remove(void)
{
	int err = write_new();

	return err ? err : file_remove(in_top("a"), NULL);
}

static int write_and_rename(void)
{
	int err = write_new();

	return err ? err : file_rename(in_top("a"), in_top("b"), NULL);
}

static void test_small_files_last(void)
{
	lasts(write_new);
	lasts(write_twice);
	lasts(write_and_overwrite);
	lasts(write_and_remove);
	lasts(write_and_rename);
}

/* Whichever of its syncs fails: what stands there is the old text or the new one, whole. */
static void test_a_file_is_never_half_replaced(void)
{
	for (uint32_t i = 1; i <= 2; i++) {
		char text[4] = "";

		fresh();
		T_EQ(write_new(), ERR_OK);
		watch(i);
		T_EQ(file_write(in_top("a"), "two", 3, 0600, NULL), ERR_IO);
		disk.watching = false;
		T_EQ(file_read_exact(in_top("a"), text, 3, NULL), ERR_OK);
		T_STR(text, i == 1 ? "one" : "two");
		T_OK(!file_exists(in_top("a.new")));
		gone();
	}
}

/* --- attachments ------------------------------------------------------------------------------------ */
static int keep_file(void)
{
	struct attachment *e = attachments_begin(top);
	struct errmsg msg;
	struct hash h;
	bool is_new;
	int err;

	attachments_add(e, "photo", 5);
	err = attachments_keep(e, &h, &is_new, &msg);
	attachments_end(e);
	return err;
}

static void test_an_attachment_lasts(void)
{
	lasts(keep_file);
}

/* --- the guard -------------------------------------------------------------------------------------- */
static struct guard mark(uint64_t size)
{
	return (struct guard){.epoch = 1, .size = size};
}

/* A new file, two marks that change cosigned heads, a batch beside its commit. */
static int guard_life(void)
{
	struct guard_cosigned head = {.size = 3};
	struct guard m = mark(1), more;
	struct guard_journal j;
	struct guardfile *g;
	int err = guardfile_open(in_top("guard"), &g, NULL);

	if (err)
		return err;
	guardfile_journal(g, &j);
	m.cosigned = &head;
	m.ncosigned = 1;
	err = guardfile_save(g, &m);
	m = mark(2);
	if (!err)
		err = guardfile_save(g, &m);
	more = mark(3);
	if (!err)
		err = j.begin(j.ctx, &m, &more, (struct bytes){(const uint8_t *)"redo", 4});
	if (!err)
		err = j.wait(j.ctx);
	guardfile_close(g);
	return err;
}

static void test_the_guard_lasts(void)
{
	lasts(guard_life);
}

/* What a start finds torn it mends, and says when it cannot. */
static int open_torn(void)
{
	struct guard_cosigned head = {.size = 3};
	struct guard m = mark(1), got;
	struct guardfile *g;
	uint8_t zero[GUARDFILE_RECORD_BYTES] = {0};
	int fd, err = guardfile_open(in_top("guard"), &g, NULL);

	if (err)
		return err;
	m.cosigned = &head;
	m.ncosigned = 1;
	err = guardfile_save(g, &m);
	m = mark(2);
	if (!err)
		err = guardfile_save(g, &m);
	guardfile_close(g);
	if (err)
		return err;
	fd = open(in_top("guard"), O_WRONLY);
	T_OK(pwrite(fd, zero, sizeof(zero), (off_t)GUARDFILE_TABLE_AT) == (ssize_t)sizeof(zero));
	close(fd);
	err = guardfile_open(in_top("guard"), &g, NULL);
	if (err)
		return err;
	T_EQ(guardfile_load(g, &got), ERR_OK);
	T_EQ(got.ncosigned, 1);
	guardfile_close(g);
	return ERR_OK;
}

static void test_what_a_start_mends_in_the_guard_lasts(void)
{
	lasts(open_torn);
}

/* --- directories ------------------------------------------------------------------------------------ */
static const struct dir_hub_opts hub = {.name = "小河镇",
					.code = "500101000",
					.domain = "points.example",
					.listen = "127.0.0.1:7100",
					.operator_name = "王建国",
					.passphrase = "correct horse",
					.cost = {1, 8}};

static int init_hub(void)
{
	return dir_init_hub(in_top("node"), &hub, NULL);
}

/* As a person may write it. */
static int init_with_slash(void)
{
	return dir_init_hub(in_top("node/"), &hub, NULL);
}

static void test_a_new_hub_lasts(void)
{
	lasts(init_hub);
	lasts(init_with_slash);
}

static char invitation[8192];

static int init_village(void)
{
	struct dir_village_opts v = {.operator_name = "李秀英",
				     .invitation = invitation,
				     .invitation_n = strlen(invitation),
				     .passphrase = "correct horse",
				     .cost = {1, 8}};

	return dir_init_village(in_top("village"), &v, NULL);
}

static void invite(void)
{
	uint8_t seed[SIGN_SEED_BYTES] = {7};
	struct buf text = {0};
	struct dir d;

	fresh();
	T_EQ(init_hub(), ERR_OK);
	T_EQ(dir_open(in_top("node"), &d, NULL), ERR_OK);
	T_EQ(dir_invitation(&d, "500101000001", "石桥村", seed, &text, NULL), ERR_OK);
	snprintf(invitation, sizeof(invitation), "%s", buf_str(&text));
	buf_close(&text);
	dir_close(&d);
	gone();
}

static void test_a_new_village_lasts(void)
{
	invite();
	lasts(init_village);
}

/* A start counts itself and then a person gets a key. What was made before is there. */
static int boot_and_add(void)
{
	uint8_t key[SIGN_KEY_BYTES];
	struct dir d;
	int err;

	disk.watching = false;
	T_EQ(init_hub(), ERR_OK);
	T_EQ(dir_open(in_top("node"), &d, NULL), ERR_OK);
	disk.watching = true;
	err = dir_boot(&d, NULL);
	if (!err)
		err = dir_person_create(&d, "李秀英", "correct horse", hub.cost, key, NULL);
	disk.watching = false;
	dir_close(&d);
	return err;
}

static void test_a_start_and_a_key_last(void)
{
	lasts(boot_and_add);
}

static void start_library(void)
{
	t_has_threads();
	T_EQ(crypto_start(), ERR_OK);
}

T_MAIN_WITH(start_library, NULL, T(test_small_files_last), T(test_a_file_is_never_half_replaced),
	    T(test_an_attachment_lasts), T(test_the_guard_lasts),
	    T(test_what_a_start_mends_in_the_guard_lasts), T(test_a_new_hub_lasts),
	    T(test_a_new_village_lasts), T(test_a_start_and_a_key_last))
