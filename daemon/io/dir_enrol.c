#include "daemon/io/dir.h"
#include "daemon/io/file.h"
#include "daemon/io/kvlmdb.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state_format.h"

/* Whether the town feed held here has the enrolment. Rows of another format are not looked at: the daemon, once started,
 * makes them again, and the next start knows. */
static int enrolled(const struct dir *d, bool *ret, struct errmsg *msg)
{
	const struct kvlmdb_opts opts = {.readonly = true};
	char path[DIR_PATH_MAX];
	struct view_village v = {0};
	uint64_t format = 0;
	struct kv_txn *t = NULL;
	struct kv *kv;
	int err = dir_path(d, "store", path);

	if (!err)
		err = kvlmdb_open(path, &opts, &kv, msg);
	if (err)
		return err;
	err = kv_begin(kv, false, &t);
	if (!err)
		err = state_format(t, &format);
	if (!err && format == STATE_FORMAT_NOW)
		err = view_village_by_feed(t, &d->feed, &v);
	kv_abort(t);
	kv_close(kv);
	*ret = !err && v.enrolled;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int dir_enrolled(struct dir *d, struct errmsg *msg)
{
	char key[DIR_PATH_MAX], entry[DIR_PATH_MAX];
	bool done;
	int err = dir_path(d, "enrol.key", key);

	if (!err)
		err = dir_path(d, "enrol.entry", entry);
	if (err || !file_exists(key))
		return err;
	err = enrolled(d, &done, msg);
	if (err || !done)
		return err;
	/* the key last: as long as it is there, this is done again */
	err = file_remove(entry, msg);
	if (!err)
		err = file_remove(key, msg);
	sign_key_free(d->invite_key);
	d->invite_key = NULL;
	return err;
}
