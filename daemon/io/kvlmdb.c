#include "daemon/io/kvlmdb.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <lmdb.h>

#include "daemon/io/faults.h"
#include "daemon/io/log.h"
#include "lib/mem.h"

#if SIZE_MAX > UINT32_MAX
#define MAP_BYTES_DEFAULT ((size_t)64 << 30)
#else
#define MAP_BYTES_DEFAULT ((size_t)1 << 30)
#endif
#define OPEN_MAX    8
#define FILE_MODE   0600
#define STACK_BYTES (64 << 10)
#define DATA_FILE   "data.mdb" /* as LMDB names it */
#define TRIES_MAX   64	       /* of reading what another process is writing */
/* Write transactions between two looks for readers that were killed: a verify beside the daemon, say. As long as one
 * stands in the table, no page that was in use in its time is used again. */
#define READERS_EVERY 64

/* The value of a call of LMDB, during which a fault is one of the store (faults.h). */
#define INSIDE(call) (faults_inside = 1, outside(call))

static int outside(int rc)
{
	faults_inside = 0;
	return rc;
}

struct lmdbkv {
	struct kv kv;
	MDB_env *env;
	MDB_dbi dbi[KV_NTABLES];
	int dir_fd;   /* holds the lock of the one writing process; -1: readonly */
	int slot;     /* in open_dirs; -1: none */
	bool watched; /* its syncs pass through fdatasync() below */
	/* the thread that looks at the pages of a large store */
	struct {
		pthread_t thread;
		bool begun;
		MDB_txn *txn; /* holds what it looks at */
		atomic_bool over, stop;
		pthread_mutex_t lock;
		pthread_cond_t ended;
	} check;
	const void *map;
	uint32_t writes; /* transactions begun; only who writes touches it */
};
struct lmdbtxn {
	struct kv_txn t;
	MDB_txn *txn;
	MDB_cursor *put[KV_NTABLES]; /* of a write transaction; LMDB frees them at its end */
};
struct lmdbcur {
	struct kv_cursor c;
	MDB_cursor *cur;
};

/* The stores open in this process, for ERR_STATE. */
static struct {
	bool used;
	dev_t dev;
	ino_t ino;
} open_dirs[OPEN_MAX];
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;

/* LMDB gives the errno of a write and of a sync alike, but only a write may be tried again: after a sync that
 * failed nobody knows what is on the disk. So its syncs go through this one, which takes the place of the C
 * library's; a store where that does not happen (open_env looks) takes every such error for a failed sync. */
static _Thread_local struct {
	uint32_t calls;
	bool failed;
} syncs;

int fdatasync(int fd)
{
	int rv = (int)syscall(SYS_fdatasync, fd);

	syncs.calls++;
	syncs.failed = syncs.failed || rv != 0;
	return rv;
}

/* The one place where LMDB's codes become ours. */
static int err_from_mdb(int rc)
{
	switch (rc) {
	case MDB_SUCCESS: return ERR_OK;
	case MDB_NOTFOUND:
	case ENOENT: return ERR_NOTFOUND;
	case MDB_KEYEXIST: return ERR_EXISTS;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL: return ERR_FULL;
	case MDB_PAGE_NOTFOUND:
	case MDB_CORRUPTED: return ERR_CORRUPT;
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
	case MDB_INVALID: return ERR_FORMAT;
	case MDB_READERS_FULL:
	case EAGAIN:
	case EBUSY: return ERR_BUSY;
	case ENOMEM: return ERR_NOMEM;
	case MDB_BAD_VALSIZE: return ERR_LIMIT;
	default: return ERR_IO;
	}
}

static struct lmdbkv *kv_of(struct kv *kv)
{
	return (struct lmdbkv *)kv;
}

static MDB_txn *txn_of(struct kv_txn *t)
{
	return ((struct lmdbtxn *)t)->txn;
}

static MDB_val val_of(struct bytes b)
{
	return (MDB_val){b.n, (void *)(uintptr_t)b.p};
}

/* --- pages ------------------------------------------------------------------------------------------- */

static int check_snapshot(struct lmdbkv *l, uint64_t txnid, bool all, struct pages_report *ret,
			  struct errmsg *msg)
{
	int fd, err = mdb_env_get_fd(l->env, &fd) ? ERR_IO : ERR_OK;

	if (!err)
		err = pages_check(fd, txnid, all, &l->check.stop, ret);
	return !err && ret->n ? pages_fail(&ret->fault[0], msg) : err;
}

/* -1 and errno. */
static int open_data(const char *dir)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/" DATA_FILE, dir) < sizeof(path))
		return open(path, O_RDONLY | O_CLOEXEC);
	errno = ENAMETOOLONG;
	return -1;
}

static int check_meta(const char *dir, const struct kvlmdb_opts *opts, struct errmsg *msg)
{
	struct pages_report r = {0}, *ret = opts->ret_all ? opts->ret_all : &r;
	int fd = open_data(dir), err = ERR_OK;

	if (fd < 0)
		return ERR_OK; /* LMDB says why, or makes it */
	/* of a page that is being written half may be new: read again */
	for (int i = 0; i < TRIES_MAX && (i == 0 || ret->n); i++)
		err = pages_check_meta(fd,
				       opts->map_bytes > MAP_BYTES_DEFAULT ? opts->map_bytes
									   : MAP_BYTES_DEFAULT,
				       ret);
	close(fd);
	return !err && ret->n ? pages_fail(&ret->fault[0], msg) : err;
}

static bool is_small(struct lmdbkv *l, const struct kvlmdb_opts *opts)
{
	size_t most = opts->check_bytes ? opts->check_bytes : KVLMDB_CHECK_BYTES;
	struct stat st;
	int fd;

	return mdb_env_get_fd(l->env, &fd) || fstat(fd, &st) || (uint64_t)st.st_size <= most;
}

/* *ret_later: all pages are still to be looked at, before the first write. */
static int check_now(struct lmdbkv *l, const struct kvlmdb_opts *opts, bool *ret_later,
		     struct errmsg *msg)
{
	struct pages_report r = {0}, *ret = opts->ret_all ? opts->ret_all : &r;
	bool all = opts->ret_all || is_small(l, opts);
	int err = ERR_BUSY;

	for (int i = 0; i < TRIES_MAX && err == ERR_BUSY; i++) {
		MDB_txn *txn;
		int rc = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn);

		if (rc)
			return err_set(msg, err_from_mdb(rc), "%s", mdb_strerror(rc));
		err = check_snapshot(l, mdb_txn_id(txn), all, ret, msg);
		mdb_txn_abort(txn);
	}
	*ret_later = !all && !opts->readonly;
	return err;
}

static void *check_main(void *arg)
{
	struct lmdbkv *l = arg;
	struct pages_report r;
	struct errmsg msg = {0};
	int err = check_snapshot(l, mdb_txn_id(l->check.txn), true, &r, &msg);

	if (err && err != ERR_CANCELED) {
		log_line(LOG_LEVEL_ERROR, log_english() ? "store: %s" : "存储：%s",
			 msg.text[0] ? msg.text : "its pages cannot be checked");
		faults_end();
	}
	mdb_txn_abort(l->check.txn);
	pthread_mutex_lock(&l->check.lock);
	l->check.over = true;
	pthread_cond_broadcast(&l->check.ended);
	pthread_mutex_unlock(&l->check.lock);
	return NULL;
}

static int check_later(struct lmdbkv *l)
{
	pthread_attr_t attr;
	int rc = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &l->check.txn);

	if (rc)
		return rc;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	l->check.over = false;
	l->check.begun = !pthread_create(&l->check.thread, &attr, check_main, l);
	pthread_attr_destroy(&attr);
	if (!l->check.begun)
		mdb_txn_abort(l->check.txn);
	return l->check.begun ? MDB_SUCCESS : ENOMEM;
}

static void await_check(struct lmdbkv *l)
{
	if (l->check.over)
		return;
	pthread_mutex_lock(&l->check.lock);
	while (!l->check.over)
		pthread_cond_wait(&l->check.ended, &l->check.lock);
	pthread_mutex_unlock(&l->check.lock);
}

static void end_check(struct lmdbkv *l)
{
	l->check.stop = true;
	if (l->check.begun)
		pthread_join(l->check.thread, NULL);
	pthread_cond_destroy(&l->check.ended);
	pthread_mutex_destroy(&l->check.lock);
}

/* LMDB's assert(): what it found is not what it wrote. */
static void on_assert(MDB_env *env, const char *what)
{
	(void)env;
	log_line(LOG_LEVEL_ERROR, "store: LMDB: %s", what);
	faults_end();
}

/* Where the file is mapped, which LMDB does not say: a row of the table of tables lies on its only page. */
static void note_map(struct lmdbkv *l, MDB_txn *txn)
{
	const char *name = kv_table_name(KV_META);
	MDB_val k = {strlen(name), (void *)(uintptr_t)name}, v;
	MDB_envinfo info;
	MDB_stat st;
	MDB_dbi tables;
	size_t number, page;

	if (mdb_dbi_open(txn, NULL, 0, &tables) || mdb_stat(txn, tables, &st) || st.ms_depth != 1 ||
	    mdb_get(txn, tables, &k, &v) || mdb_env_info(l->env, &info))
		return;
	page = (size_t)v.mv_data & ~(size_t)(st.ms_psize - 1);
	memcpy(&number, (const void *)page, sizeof(number));
	l->map = (const void *)(page - number * st.ms_psize);
	faults_map(l->map, info.me_mapsize);
}

/* --- transactions ------------------------------------------------------------------------------------ */

static int lmdb_begin(struct kv *kv, bool write, struct kv_txn **ret)
{
	struct lmdbtxn *t = mem_alloc(sizeof(*t));
	struct lmdbkv *l = kv_of(kv);
	int rc, dead;

	if (!t)
		return ERR_NOMEM;
	if (write)
		await_check(l);
	rc = INSIDE(mdb_txn_begin(l->env, NULL, write ? 0 : MDB_RDONLY, &t->txn));
	if (rc) {
		mem_free(t);
		return err_from_mdb(rc);
	}
	if (write && ++l->writes % READERS_EVERY == 0)
		mdb_reader_check(l->env, &dead); /* what it cannot do now it does later */
	*ret = &t->t;
	return ERR_OK;
}

/* A disk that filled up while the pages of a transaction were written. LMDB calls a short write EIO and leaves
 * errno alone. */
static bool no_room(int rc, int last_errno)
{
	return rc == ENOSPC || rc == EDQUOT || rc == EFBIG || (rc == EIO && last_errno == 0);
}

/* No page that the last commit refers to was touched: the sync was not reached, nor the write of the meta page,
 * after which LMDB begins nothing more. */
static bool nothing_changed(struct lmdbkv *l)
{
	MDB_txn *probe;

	if (!l->watched || syncs.failed || mdb_txn_begin(l->env, NULL, 0, &probe))
		return false;
	mdb_txn_abort(probe);
	return true;
}

static int lmdb_commit(struct kv_txn *t)
{
	struct lmdbkv *l = kv_of(t->kv);
	int rc;

	errno = 0;
	syncs.failed = false;
	rc = INSIDE(mdb_txn_commit(txn_of(t)));
	mem_free(t);
	if (no_room(rc, errno))
		return nothing_changed(l) ? ERR_FULL : ERR_IO;
	return err_from_mdb(rc);
}

static void lmdb_abort(struct kv_txn *t)
{
	mdb_txn_abort(txn_of(t));
	mem_free(t);
}

static int lmdb_get(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret)
{
	MDB_val k = val_of(key), v;
	int rc = INSIDE(mdb_get(txn_of(t), kv_of(t->kv)->dbi[tab], &k, &v));

	if (rc)
		return err_from_mdb(rc);
	*ret = kv_bytes(v.mv_data, v.mv_size);
	return ERR_OK;
}

/* A cursor that stays finds the page of the next key without a walk from the root, when that is near. */
static int lmdb_put(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes val)
{
	MDB_cursor **cur = &((struct lmdbtxn *)t)->put[tab];
	MDB_val k = val_of(key), v = val_of(val);
	int rc = *cur ? MDB_SUCCESS : mdb_cursor_open(txn_of(t), kv_of(t->kv)->dbi[tab], cur);

	if (rc)
		return err_from_mdb(rc);
	/* entries mostly come in key order: appending leaves full pages behind */
	rc = MDB_KEYEXIST;
	if (tab == KV_ENTRY)
		rc = INSIDE(mdb_cursor_put(*cur, &k, &v, MDB_APPEND));
	if (rc == MDB_KEYEXIST)
		rc = INSIDE(mdb_cursor_put(*cur, &k, &v, 0));
	return err_from_mdb(rc);
}

static int lmdb_del(struct kv_txn *t, enum kv_table tab, struct bytes key)
{
	MDB_val k = val_of(key);

	return err_from_mdb(INSIDE(mdb_del(txn_of(t), kv_of(t->kv)->dbi[tab], &k, NULL)));
}

static int lmdb_cursor(struct kv_txn *t, enum kv_table tab, struct kv_cursor **ret)
{
	struct lmdbcur *c = mem_alloc(sizeof(*c));
	int rc;

	if (!c)
		return ERR_NOMEM;
	rc = mdb_cursor_open(txn_of(t), kv_of(t->kv)->dbi[tab], &c->cur);
	if (rc) {
		mem_free(c);
		return err_from_mdb(rc);
	}
	*ret = &c->c;
	return ERR_OK;
}

static void lmdb_cursor_close(struct kv_cursor *c)
{
	mdb_cursor_close(((struct lmdbcur *)c)->cur);
	mem_free(c);
}

static int seek_mdb(MDB_cursor *cur, enum kv_how how, MDB_val *k, MDB_val *v)
{
	MDB_cursor_op ge = k->mv_size ? MDB_SET_RANGE : MDB_FIRST;
	int rc;

	switch (how) {
	case KV_GE: return mdb_cursor_get(cur, k, v, ge);
	case KV_NEXT: return mdb_cursor_get(cur, k, v, MDB_NEXT);
	case KV_PREV: return mdb_cursor_get(cur, k, v, MDB_PREV);
	case KV_LAST: return mdb_cursor_get(cur, k, v, MDB_LAST);
	case KV_LT:
		if (k->mv_size == 0)
			return MDB_NOTFOUND;
		rc = mdb_cursor_get(cur, k, v, ge);
		if (rc == MDB_NOTFOUND)
			return mdb_cursor_get(cur, k, v, MDB_LAST);
		return rc ? rc : mdb_cursor_get(cur, k, v, MDB_PREV);
	}
	return MDB_NOTFOUND;
}

static int lmdb_seek(struct kv_cursor *c, struct bytes key, int how, struct bytes *ret_key,
		     struct bytes *ret_val)
{
	MDB_val k = val_of(key), v;
	int rc = INSIDE(seek_mdb(((struct lmdbcur *)c)->cur, (enum kv_how)how, &k, &v));

	if (rc)
		return err_from_mdb(rc);
	*ret_key = kv_bytes(k.mv_data, k.mv_size);
	*ret_val = kv_bytes(v.mv_data, v.mv_size);
	return ERR_OK;
}

static void slot_free(int slot)
{
	if (slot < 0)
		return;
	pthread_mutex_lock(&open_lock);
	open_dirs[slot].used = false;
	pthread_mutex_unlock(&open_lock);
}

static int slot_take(const struct stat *st, int *ret)
{
	int err = ERR_LIMIT, slot = -1;

	pthread_mutex_lock(&open_lock);
	for (int i = 0; i < OPEN_MAX; i++) {
		if (open_dirs[i].used && open_dirs[i].dev == st->st_dev &&
		    open_dirs[i].ino == st->st_ino) {
			err = ERR_STATE;
			slot = -1;
			break;
		}
		if (!open_dirs[i].used && slot < 0)
			slot = i;
	}
	if (slot >= 0) {
		open_dirs[slot].used = true;
		open_dirs[slot].dev = st->st_dev;
		open_dirs[slot].ino = st->st_ino;
		*ret = slot;
		err = ERR_OK;
	}
	pthread_mutex_unlock(&open_lock);
	return err;
}

static void lmdb_close(struct kv *kv)
{
	struct lmdbkv *l = kv_of(kv);

	end_check(l);
	faults_unmap(l->map);
	mdb_env_close(l->env); /* NULL is allowed */
	if (l->dir_fd >= 0)
		close(l->dir_fd);
	slot_free(l->slot);
	mem_free(l);
}

/* One store, one process that writes it; and not twice in this one. */
static int claim_dir(struct lmdbkv *l, const char *dir, bool readonly, struct errmsg *msg)
{
	struct stat st;
	int err, fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(msg,
			       errno == ENOENT	 ? ERR_NOTFOUND
			       : errno == EACCES ? ERR_DENIED
						 : ERR_IO,
			       "%s: %s", dir, strerror(errno));
	err = fstat(fd, &st) ? ERR_IO : slot_take(&st, &l->slot);
	if (err) {
		close(fd);
		return err_set(msg, err, "%s: open in this process already", dir);
	}
	if (readonly) {
		close(fd);
		return ERR_OK;
	}
	l->dir_fd = fd;
	if (flock(fd, LOCK_EX | LOCK_NB))
		return err_set(msg, ERR_BUSY, "%s: another process has this store open", dir);
	return ERR_OK;
}

static int open_tables(struct lmdbkv *l, bool readonly)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(l->env, NULL, readonly ? MDB_RDONLY : 0, &txn);

	if (rc)
		return rc;
	for (int i = 0; !rc && i < KV_NTABLES; i++)
		rc = mdb_dbi_open(txn, kv_table_name((enum kv_table)i), readonly ? 0 : MDB_CREATE,
				  &l->dbi[i]);
	if (!rc)
		note_map(l, txn);
	if (!rc)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

/* One sync more when there is nothing to sync: does it pass through fdatasync() above? */
static int look_at_syncs(struct lmdbkv *l)
{
	uint32_t before = syncs.calls;
	int rc = mdb_env_sync(l->env, 1);

	l->watched = syncs.calls != before;
	return rc;
}

/* The names of new files last only when their folder is synced too. */
static int sync_names(const struct lmdbkv *l, bool made)
{
	return made && fsync(l->dir_fd) ? errno : MDB_SUCCESS;
}

static int create_env(struct lmdbkv *l, const char *dir, const struct kvlmdb_opts *opts)
{
	unsigned flags = MDB_NOTLS | (opts->readonly ? MDB_RDONLY : 0U);
	int dead, rc = mdb_env_create(&l->env);

	if (!rc)
		rc = mdb_env_set_assert(l->env, on_assert);
	if (!rc)
		rc = mdb_env_set_maxdbs(l->env, KV_NTABLES);
	if (!rc)
		rc = mdb_env_set_maxreaders(l->env, KVLMDB_READERS_MAX);
	if (!rc)
		rc = mdb_env_set_mapsize(l->env,
					 opts->map_bytes ? opts->map_bytes : MAP_BYTES_DEFAULT);
	if (!rc)
		rc = mdb_env_open(l->env, dir, flags, FILE_MODE);
	if (!rc) /* readers that were killed would hold on to old pages */
		rc = mdb_reader_check(l->env, &dead);
	return rc;
}

static int mdb_fail(int rc, const char *dir, struct errmsg *msg)
{
	int err = rc == EACCES || rc == EPERM ? ERR_DENIED
		  : rc == EROFS		      ? ERR_READ_ONLY
					      : err_from_mdb(rc);

	return rc ? err_set(msg, err, "%s: %s", dir, mdb_strerror(rc)) : ERR_OK;
}

static int open_env(struct lmdbkv *l, const char *dir, const struct kvlmdb_opts *opts,
		    struct errmsg *msg)
{
	bool made = !opts->readonly && faccessat(l->dir_fd, DATA_FILE, F_OK, 0) != 0;
	bool later = false;
	int rc, err = check_meta(dir, opts, msg);

	if (!err)
		err = mdb_fail(INSIDE(create_env(l, dir, opts)), dir, msg);
	if (!err)
		err = check_now(l, opts, &later, msg);
	if (err)
		return err;
	rc = INSIDE(open_tables(l, opts->readonly));
	if (!rc && !opts->readonly)
		rc = look_at_syncs(l);
	if (!rc)
		rc = sync_names(l, made);
	if (!rc && later)
		rc = check_later(l);
	return mdb_fail(rc, dir, msg);
}

int kvlmdb_open(const char *dir, const struct kvlmdb_opts *opts, struct kv **ret,
		struct errmsg *msg)
{
	static const struct kv_ops ops = {
		.begin = lmdb_begin,
		.commit = lmdb_commit,
		.abort = lmdb_abort,
		.get = lmdb_get,
		.put = lmdb_put,
		.del = lmdb_del,
		.cursor = lmdb_cursor,
		.seek = lmdb_seek,
		.cursor_close = lmdb_cursor_close,
		.close = lmdb_close,
	};
	static const struct kvlmdb_opts usual;
	struct lmdbkv *l = mem_alloc(sizeof(*l));
	int err;

	if (!l)
		return ERR_NOMEM;
	l->kv.ops = &ops;
	opts = opts ? opts : &usual;
	l->dir_fd = l->slot = -1;
	pthread_mutex_init(&l->check.lock, NULL);
	pthread_cond_init(&l->check.ended, NULL);
	l->check.over = true;
	err = claim_dir(l, dir, opts->readonly, msg);
	if (!err)
		err = open_env(l, dir, opts, msg);
	if (err) {
		lmdb_close(&l->kv);
		return err;
	}
	*ret = &l->kv;
	return ERR_OK;
}

int kvlmdb_rows(const char *dir, pages_row_fn *row, void *ctx)
{
	int lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = open_data(dir), err;

	if (lock < 0 || fd < 0)
		err = ERR_IO;
	else if (flock(lock, LOCK_SH | LOCK_NB))
		err = ERR_BUSY;
	else
		err = pages_rows(fd, row, ctx);
	if (fd >= 0)
		close(fd);
	if (lock >= 0)
		close(lock);
	return err;
}

bool kvlmdb_room(struct kv *kv, size_t n)
{
	MDB_envinfo info;
	MDB_stat st;

	return !mdb_env_info(kv_of(kv)->env, &info) && !mdb_env_stat(kv_of(kv)->env, &st) &&
	       n < info.me_mapsize && (info.me_last_pgno + 1) * st.ms_psize < info.me_mapsize - n;
}
