#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_store_prices(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_store_opening(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
