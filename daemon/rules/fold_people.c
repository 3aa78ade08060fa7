#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_people_kin(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_people_post(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
