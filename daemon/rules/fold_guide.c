#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_town_guidance(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_town_guidance_close(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_town_demonstration(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_town_village_fact(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
