#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_family_split(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_family_merge(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
