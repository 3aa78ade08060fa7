#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_plan(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_plan_scheme(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
