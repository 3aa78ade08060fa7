#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_plain(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_plain_facility(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_plain_check(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_plain_guidance_reply(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
