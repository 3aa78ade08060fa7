#include "daemon/ledger/query/entries.h"

int entry_head(struct kv_txn *t, uint32_t no, uint64_t seq, enum rec_code code, void *ret)
{
	struct payload p;

	return read_head(t, no, seq, code, &p, ret);
}

int entry_lines(struct kv_txn *t, uint32_t no, uint64_t seq, enum rec_code code, uint32_t *ret)
{
	struct payload p;
	int err = feedlog_payload(t, no, seq, &p);

	return err ? err : rec_nlines(rec_type_of((uint16_t)code), &p, ret);
}

int entry_type(struct kv_txn *t, uint32_t no, uint64_t seq, uint16_t *ret)
{
	struct bytes leaf, payload;
	struct entry e;
	int err = feedlog_read(t, no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err)
		*ret = e.type;
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

int entry_settled(struct kv_txn *t, uint32_t no, uint64_t seq, uint64_t *ret)
{
	int err = read_settled(READER(t, no), seq, ret);

	if (err == ERR_NOTFOUND)
		*ret = 0;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}
