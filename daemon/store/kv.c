#include "daemon/store/kv.h"

#include <assert.h>

#include "lib/err.h"

const char *kv_table_name(enum kv_table t)
{
#define KV_NAME(id, name) name,
	static const char *const names[] = {KV_TABLES(KV_NAME)};
#undef KV_NAME

	assert(t < KV_NTABLES);
	return names[t];
}

int kv_begin(struct kv *kv, bool write, struct kv_txn **ret)
{
	struct kv_txn *t;
	int err = kv->ops->begin(kv, write, &t);

	if (err)
		return err;
	t->kv = kv;
	t->write = write;
	t->err = ERR_OK;
	t->cursors = 0;
	t->writes = 0;
	*ret = t;
	return ERR_OK;
}

int kv_commit(struct kv_txn *t)
{
	int err = t->err;

	assert(t->cursors == 0);
	if (!err)
		return t->kv->ops->commit(t);
	t->kv->ops->abort(t);
	return err;
}

void kv_abort(struct kv_txn *t)
{
	if (!t)
		return;
	assert(t->cursors == 0);
	t->kv->ops->abort(t);
}

int kv_get(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret)
{
	assert(tab < KV_NTABLES);
	assert(key.n > 0);
	assert(key.n <= KV_KEY_MAX);
	return t->kv->ops->get(t, tab, key, ret);
}

int kv_put(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes val)
{
	assert(t->write);
	assert(tab < KV_NTABLES);
	assert(key.n > 0);
	assert(key.n <= KV_KEY_MAX);
	assert(val.n <= KV_VALUE_MAX);
	if (t->err)
		return t->err;
	t->writes++;
	t->err = t->kv->ops->put(t, tab, key, val);
	return t->err;
}

int kv_del(struct kv_txn *t, enum kv_table tab, struct bytes key)
{
	int err;

	assert(t->write);
	assert(tab < KV_NTABLES);
	assert(key.n > 0);
	assert(key.n <= KV_KEY_MAX);
	if (t->err)
		return t->err;
	t->writes++;
	err = t->kv->ops->del(t, tab, key);
	if (err != ERR_NOTFOUND)
		t->err = err;
	return err;
}

int kv_cursor_open(struct kv_txn *t, enum kv_table tab, struct kv_cursor **ret)
{
	struct kv_cursor *c;
	int err;

	assert(tab < KV_NTABLES);
	err = t->kv->ops->cursor(t, tab, &c);
	if (err)
		return err;
	c->txn = t;
	c->writes = 0;
	c->at = false;
	t->cursors++;
	*ret = c;
	return ERR_OK;
}

int kv_seek(struct kv_cursor *c, enum kv_how how, struct bytes key, struct bytes *ret_key,
	    struct bytes *ret_val)
{
	bool step = how == KV_NEXT || how == KV_PREV;
	int err;

	assert(step || key.n <= KV_KEY_MAX);
	if (step && !c->at)
		return ERR_NOTFOUND;
	assert(!step || c->writes == c->txn->writes);
	err = c->txn->kv->ops->seek(c, key, (int)how, ret_key, ret_val);
	c->at = !err;
	c->writes = c->txn->writes;
	return err;
}

void kv_cursor_close(struct kv_cursor *c)
{
	if (!c)
		return;
	assert(c->txn->cursors > 0);
	c->txn->cursors--;
	c->txn->kv->ops->cursor_close(c);
}

void kv_close(struct kv *kv)
{
	if (kv)
		kv->ops->close(kv);
}
