#include "daemon/rules/view_scheme.h"

#include "daemon/rules/state.h"
#include "lib/err.h"

static int get(struct kv_txn *t, const struct state_key *k, struct bytes *ret)
{
	return kv_get(t, KV_STATE, state_key_bytes(k), ret);
}

int view_doc(struct kv_txn *t, uint32_t feed_no, enum view_doc_kind kind, uint64_t version,
	     struct view_doc *ret)
{
	struct state_key k;
	struct bytes row;
	int64_t v[4];
	int err;

	if (version > UINT32_MAX)
		return ERR_NOTFOUND;
	state_key_of(&k, feed_no, STATE_DOC);
	state_key_u8(&k, (uint8_t)kind);
	state_key_u32(&k, (uint32_t)version);
	err = get(t, &k, &row);
	if (!err)
		err = state_nums_parse(row, v, 4);
	if (!err)
		*ret = (struct view_doc){.version = version,
					 .entry = (uint64_t)v[0],
					 .from = (day_t)v[1],
					 .to = (day_t)v[2],
					 .base = (uint64_t)v[3]};
	return err;
}
