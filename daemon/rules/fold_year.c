#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_year_appraise(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_year_confirm(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_year_close(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_year_honour(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_year_policy(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
