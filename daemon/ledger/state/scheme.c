#include "daemon/ledger/state/scheme.h"

void scheme_usual(struct rec_scheme *ret)
{
	const struct rec_type *t = rec_type_of(REC_scheme);

	*ret = (struct rec_scheme){.version = 0};
	for (uint32_t i = 0; i < t->nhead; i++)
		rec_put_first(&t->head[i], ret);
}

bool scheme_forbids(uint32_t goods)
{
	return goods >= GOODS_cash;
}
