#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_filing_submit(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_filing_reply(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
