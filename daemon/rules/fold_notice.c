#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_notice(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_notice_posting(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_notice_withdrawal(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_notice_passbook(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
