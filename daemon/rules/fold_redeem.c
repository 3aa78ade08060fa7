#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_redeem(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_redeem_reverse(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
