#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_objection_application(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_objection_application_reply(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_objection_told(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_objection_raise(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_objection_reply(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}
