#include "daemon/ledger/state/as_of.h"

struct reader as_of(struct kv_txn *t, uint32_t feed_no, uint64_t size)
{
	struct reader r = reader_of(t, feed_no);

	r.size = size;
	return r;
}

/* A former row has the sequence of the entry that changed it: the first from r->size on found it as it was. */
int as_of_household(const struct reader *r, struct bytes household, struct state_household *ret)
{
	struct state_key k;
	struct bytes key, row;
	int err;

	state_former_key(&k, r->feed_no, household, r->size);
	err = reader_from(r, &k, 1, &key, &row);
	return err ? err : state_household_parse(row, ret);
}
