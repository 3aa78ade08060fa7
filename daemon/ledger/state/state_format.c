#include "daemon/ledger/state/state_format.h"

#include "daemon/ledger/state/reader.h"
#include "lib/err.h"

static int is_empty(struct kv_txn *t, enum kv_table table, bool *ret)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	int err = kv_cursor_open(t, table, &c);

	if (!err)
		err = kv_seek(c, KV_GE, kv_bytes("", 0), &key, &row);
	kv_cursor_close(c);
	*ret = err == ERR_NOTFOUND;
	return *ret ? ERR_OK : err;
}

/* Nothing was made of entries. Where there are no rows but verdicts, all were refused, perhaps by a program that did not
 * know their types. */
static int is_new(struct kv_txn *t, bool *ret)
{
	int err = is_empty(t, KV_STATE, ret);

	return err || !*ret ? err : is_empty(t, KV_VERDICT, ret);
}

int state_format(struct kv_txn *t, uint64_t *ret)
{
	struct state_num format = {0};
	bool empty = false;
	int err = reader_format(READER(t, STATE_OF_STORE), STATE_OF_STORE, &format);

	if (!err)
		*ret = format.n;
	if (err != ERR_NOTFOUND && err != ERR_CORRUPT)
		return err;
	err = is_new(t, &empty);
	*ret = empty ? STATE_FORMAT_NOW : 0;
	return err;
}

int state_format_put(struct kv_txn *t)
{
	uint8_t row[10];
	size_t n = state_num_bytes(row, STATE_FORMAT_NOW);
	struct state_key k;

	state_format_key(&k, STATE_OF_STORE);
	return kv_put(t, KV_STATE, state_key_bytes(&k), kv_bytes(row, n));
}
