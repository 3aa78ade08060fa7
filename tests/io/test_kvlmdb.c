#include "daemon/io/kvlmdb.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/kv_suite.h"
#include "tests/lib/t.h"

#define SMALL_MAP_BYTES (1 << 20)

static char dir[64];

static void dir_new(void)
{
	snprintf(dir, sizeof(dir), "/tmp/cz-kvlmdb-XXXXXX");
	T_OK(mkdtemp(dir));
}

static void dir_gone(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lock.mdb", dir);
	unlink(path);
	T_EQ(rmdir(dir), 0);
}

static struct kv *open_lmdb(void *ctx, bool small)
{
	struct kvlmdb_opts opts = {.map_bytes = small ? SMALL_MAP_BYTES : 0};
	struct errmsg msg = {0};
	struct kv *kv;

	(void)ctx;
	if (kvlmdb_open(dir, &opts, &kv, &msg))
		t_fail(__FILE__, __LINE__, "%s", msg.text);
	return kv;
}

static const struct kv_suite suite = {.open = open_lmdb, .durable = true};

static void test_it_agrees_with_a_naive_model(void)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		dir_new();
		kv_suite_random(&suite, seed, 40);
		dir_gone();
	}
}

static void in_new_dir(void (*fn)(const struct kv_suite *s))
{
	dir_new();
	fn(&suite);
	dir_gone();
}

static void test_cursors_end_where_rows_end(void)
{
	in_new_dir(kv_suite_cursor_edges);
}

static void test_a_reader_keeps_its_snapshot(void)
{
	in_new_dir(kv_suite_snapshot);
}

static void test_abort_leaves_no_trace(void)
{
	in_new_dir(kv_suite_abort);
}

static void test_a_full_map_changes_nothing_and_goes_on(void)
{
	in_new_dir(kv_suite_full);
}

static void test_what_was_committed_is_there_after_reopening(void)
{
	in_new_dir(kv_suite_reopen);
}

static void test_many_rows_come_and_go(void)
{
	dir_new();
	kv_suite_many(&suite, 20000);
	dir_gone();
}

/* The child may not grow files any more: the system's way to say that the disk is full. */
static int full_disk_child(void)
{
	static uint8_t big[4096];
	struct kv *kv = open_lmdb(NULL, false);
	struct rlimit lim = {256 << 10, 256 << 10};
	struct kv_txn *t;
	struct bytes v;
	int err;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &lim))
		return 2;
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	for (uint8_t i = 0; i < 200; i++)
		T_EQ(kv_put(t, KV_ENTRY, kv_bytes(&i, 1), kv_bytes(big, sizeof(big))), ERR_OK);
	err = kv_commit(t);
	T_EQ(err, ERR_FULL);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	T_EQ(kv_get(t, KV_ENTRY, kv_bytes("\0", 1), &v), ERR_NOTFOUND);
	T_EQ(kv_put(t, KV_META, kv_bytes("x", 1), kv_bytes("1", 1)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	kv_close(kv);
	return 0;
}

static void test_a_full_disk_changes_nothing_and_goes_on(void)
{
	struct kv_txn *t;
	struct bytes v;
	int status;

	dir_new();
	pid_t pid = fork();
	T_OK(pid >= 0);
	if (pid == 0)
		_exit(full_disk_child());
	T_EQ(waitpid(pid, &status, 0), pid);
	T_OK(WIFEXITED(status));
	T_EQ(WEXITSTATUS(status), 0);
	struct kv *kv = open_lmdb(NULL, false);
	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	T_EQ(kv_get(t, KV_META, kv_bytes("x", 1), &v), ERR_OK);
	kv_abort(t);
	kv_close(kv);
	dir_gone();
}

/* --- errors of the disk itself ---------------------------------------------------------------------- */

enum where { AT_DATA, AT_SYNC, AT_META, AT_FOLDER };

/* From now on the kernel itself answers with @e: every sync of this process, or every write of pages, or every
 * write of less than one (the meta page), or every sync of a folder. */
static void kernel_fails(enum where where, int e)
{
	static const uint32_t always[] = {[AT_DATA] = SYS_writev,
					  [AT_SYNC] = SYS_fdatasync,
					  [AT_META] = UINT32_MAX,
					  [AT_FOLDER] = SYS_fsync};
	uint8_t big = where == AT_DATA ? 0 : 1,
		small = where == AT_META ? 0 : 1; /* skip the error */
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, always[where], 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwrite64, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 4096, big, small),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)e),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(f) / sizeof(f[0]), f};

	T_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	T_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0), 0);
}

static int put_one(struct kv *kv, const char *value)
{
	struct kv_txn *t;
	int err = kv_begin(kv, true, &t);

	if (err)
		return err;
	T_EQ(kv_put(t, KV_META, kv_bytes("x", 1), kv_bytes(value, 1)), ERR_OK);
	return kv_commit(t);
}

static int failing_child(enum where where, int e, int want)
{
	struct kv *kv = open_lmdb(NULL, false);

	T_EQ(put_one(kv, "1"), ERR_OK);
	kernel_fails(where, e);
	T_EQ(put_one(kv, "2"), want);
	if (where == AT_META) /* what is on the disk now, nobody knows: no second try */
		T_EQ(put_one(kv, "3"), ERR_IO);
	return 0;
}

static void test_only_what_changed_nothing_may_be_tried_again(void)
{
	static const struct {
		enum where where;
		int e, want;
	} cases[] = {
		{AT_DATA, ENOSPC, ERR_FULL}, {AT_DATA, EDQUOT, ERR_FULL}, {AT_DATA, EIO, ERR_IO},
		{AT_SYNC, ENOSPC, ERR_IO},   {AT_SYNC, EDQUOT, ERR_IO},	  {AT_SYNC, EIO, ERR_IO},
		{AT_META, ENOSPC, ERR_IO},   {AT_META, EDQUOT, ERR_IO},	  {AT_META, EIO, ERR_IO},
	};
	int status;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dir_new();
		pid_t pid = fork();
		T_OK(pid >= 0);
		if (pid == 0)
			_exit(failing_child(cases[i].where, cases[i].e, cases[i].want));
		T_EQ(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			t_fail(__FILE__, __LINE__, "case %zu: status %d", i, status);
		dir_gone();
	}
}

static int open_child(int want)
{
	struct kv *kv;

	kernel_fails(AT_FOLDER, EIO);
	T_EQ(kvlmdb_open(dir, NULL, &kv, NULL), want);
	return 0;
}

/* Or a power cut may lose the name of the file with all that is in it. */
static void test_the_folder_of_a_new_store_is_synced_once(void)
{
	static const int wants[] = {ERR_IO, ERR_OK};
	int status;

	dir_new();
	for (size_t i = 0; i < 2; i++) {
		pid_t pid = fork();
		T_OK(pid >= 0);
		if (pid == 0)
			_exit(open_child(wants[i]));
		T_EQ(waitpid(pid, &status, 0), pid);
		T_OK(WIFEXITED(status));
		T_EQ(WEXITSTATUS(status), 0);
	}
	dir_gone();
}

/* --- readers that were killed ----------------------------------------------------------------------- */
#define ROW_BYTES 4000
#define ROWS	  64

static void write_rows(struct kv *kv, unsigned times)
{
	static uint8_t row[ROW_BYTES];

	for (unsigned i = 0; i < times; i++) {
		struct kv_txn *t;

		T_EQ(kv_begin(kv, true, &t), ERR_OK);
		for (uint8_t k = 0; k < ROWS; k++) {
			row[0]++;
			T_EQ(kv_put(t, KV_ENTRY, kv_bytes(&k, 1), kv_bytes(row, sizeof(row))),
			     ERR_OK);
		}
		T_EQ(kv_commit(t), ERR_OK);
	}
}

static size_t data_bytes(void)
{
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	T_EQ(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* A process that has opened the store and perhaps reads, as verify does beside a daemon. */
static pid_t reader(bool reads)
{
	int ready[2];
	char c;
	pid_t pid;

	T_EQ(pipe(ready), 0);
	pid = fork();
	T_OK(pid >= 0);
	if (pid == 0) {
		struct kvlmdb_opts ro = {.readonly = true};
		struct kv_txn *t;
		struct bytes v;
		struct kv *kv;

		T_EQ(prctl(PR_SET_PDEATHSIG, SIGKILL),
		     0); /* a test that fails leaves nobody behind */
		/* its own view of the file: that of its parent was not opened here */
		T_EQ(kvlmdb_open(dir, &ro, &kv, NULL), ERR_OK);
		if (reads) {
			T_EQ(kv_begin(kv, false, &t), ERR_OK);
			T_EQ(kv_get(t, KV_ENTRY, kv_bytes("\0", 1), &v), ERR_OK);
		}
		T_EQ(write(ready[1], "r", 1), 1);
		for (;;)
			pause();
	}
	T_EQ(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void killed(pid_t pid)
{
	int status;

	T_EQ(kill(pid, SIGKILL), 0);
	T_EQ(waitpid(pid, &status, 0), pid);
}

static void test_a_killed_reader_does_not_make_the_store_grow(void)
{
	struct kv *kv;
	size_t before;
	pid_t other;

	dir_new();
	kv = open_lmdb(NULL, false);
	write_rows(kv, 4);
	kv_close(kv);
	before = data_bytes();
	other = reader(false); /* as long as it is there LMDB does not begin with an empty table */
	killed(reader(true));
	kv = open_lmdb(NULL, false);
	write_rows(kv, 50); /* at once, and not only after a while */
	T_OK(data_bytes() <= 2 * before);
	kv_close(kv);
	killed(other);
	dir_gone();
}

/* A daemon does not stop for months. */
static int writing_child(int go, int done)
{
	struct kv *kv = open_lmdb(NULL, false);
	size_t before;
	char c;

	write_rows(kv, 4);
	before = data_bytes();
	T_EQ(write(done, "w", 1), 1);
	T_EQ(read(go, &c, 1), 1);
	write_rows(kv, 500);
	T_OK(data_bytes() > before); /* it did hold on to pages, for a while */
	T_OK(data_bytes() <= 40 * before);
	kv_close(kv);
	return 0;
}

static void test_a_reader_killed_beside_a_daemon_is_forgotten(void)
{
	int go[2], done[2], status;
	char c;
	pid_t pid;

	dir_new();
	T_EQ(pipe(go), 0);
	T_EQ(pipe(done), 0);
	pid = fork();
	T_OK(pid >= 0);
	if (pid == 0)
		_exit(writing_child(go[0], done[1]));
	T_EQ(read(done[0], &c, 1), 1);
	killed(reader(true));
	T_EQ(write(go[1], "g", 1), 1);
	T_EQ(waitpid(pid, &status, 0), pid);
	T_OK(WIFEXITED(status));
	T_EQ(WEXITSTATUS(status), 0);
	for (unsigned i = 0; i < 2; i++) {
		close(go[i]);
		close(done[i]);
	}
	dir_gone();
}

static void test_one_writer_and_one_open_per_process(void)
{
	struct kvlmdb_opts rw = {0}, ro = {.readonly = true};
	struct errmsg msg = {0};
	struct kv *kv, *other;
	int status;

	dir_new();
	T_EQ(kvlmdb_open(dir, &ro, &other, &msg), ERR_NOTFOUND); /* no store yet */
	kv = open_lmdb(NULL, false);
	T_EQ(kvlmdb_open(dir, &rw, &other, &msg), ERR_STATE);
	T_EQ(kvlmdb_open(dir, &ro, &other, &msg), ERR_STATE);
	T_OK(strstr(msg.text, dir) != NULL);
	kv_close(kv);
	int hold[2], ready[2];
	T_EQ(pipe(hold), 0);
	T_EQ(pipe(ready), 0);
	pid_t pid = fork();
	T_OK(pid >= 0);
	if (pid == 0) { /* holds the store until its pipe closes */
		char c;

		close(hold[1]);
		kv = open_lmdb(NULL, false);
		T_EQ(write(ready[1], "r", 1), 1);
		T_EQ(read(hold[0], &c, 1), 0);
		_exit(0);
	}
	char c;
	T_EQ(read(ready[0], &c, 1), 1);
	T_EQ(kvlmdb_open(dir, &rw, &other, &msg), ERR_BUSY);
	T_EQ(kvlmdb_open(dir, &ro, &other, &msg), ERR_OK); /* reading beside it is fine */
	kv_close(other);
	close(hold[1]);
	T_EQ(waitpid(pid, &status, 0), pid);
	kv = open_lmdb(NULL, false);
	kv_close(kv);
	dir_gone();
	T_EQ(kvlmdb_open("/tmp/cz-there-is-no-such-directory", &rw, &kv, NULL), ERR_NOTFOUND);
}

static void test_what_is_no_store_is_refused(void)
{
	struct kvlmdb_opts rw = {0};
	char path[96];
	struct kv *kv;

	dir_new();
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	FILE *f = fopen(path, "w");
	T_OK(f);
	for (int i = 0; i < 8192; i++)
		fputc('x', f);
	fclose(f);
	T_EQ(kvlmdb_open(dir, &rw, &kv, NULL), ERR_CORRUPT);
	dir_gone();
}

T_MAIN(T(test_it_agrees_with_a_naive_model), T(test_cursors_end_where_rows_end),
       T(test_a_reader_keeps_its_snapshot), T(test_abort_leaves_no_trace),
       T(test_a_full_map_changes_nothing_and_goes_on),
       T(test_what_was_committed_is_there_after_reopening), T(test_many_rows_come_and_go),
       T(test_a_full_disk_changes_nothing_and_goes_on), T(test_one_writer_and_one_open_per_process),
       T(test_a_killed_reader_does_not_make_the_store_grow),
       T(test_a_reader_killed_beside_a_daemon_is_forgotten),
       T(test_only_what_changed_nothing_may_be_tried_again),
       T(test_the_folder_of_a_new_store_is_synced_once), T(test_what_is_no_store_is_refused))
