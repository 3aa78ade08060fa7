#include "tests/lib/reads.h"

#include "tests/lib/t.h"

static struct kv *counted;
static const struct kv_ops *stored;
static struct kv_ops counting;
static uint32_t nread;

static int count_get(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret)
{
	nread++;
	return stored->get(t, tab, key, ret);
}

static int count_seek(struct kv_cursor *c, struct bytes key, int how, struct bytes *ret_key,
		      struct bytes *ret_val)
{
	nread++;
	return stored->seek(c, key, how, ret_key, ret_val);
}

void reads_begin(struct kv *kv)
{
	T_OK(!counted);
	counted = kv;
	stored = kv->ops;
	counting = *stored;
	counting.get = count_get;
	counting.seek = count_seek;
	nread = 0;
	kv->ops = &counting;
}

uint32_t reads_end(void)
{
	T_OK(counted);
	counted->ops = stored;
	counted = NULL;
	return nread;
}
