#include "daemon/rules/fold_rules.h"

#include "lib/err.h"

int fold_plan(struct judged *j)
{
	union rec_any head;

	return fold_head(j, &head);
}

int fold_plan_scheme(struct judged *j)
{
	struct rec_scheme r;
	struct fold_doc_row row;
	int err = fold_head(j, &r);

	row = (struct fold_doc_row){.seq = j->e->seq, .from = r.from};
	return err ? err : fold_doc_add(j, DOC_SCHEME, r.version, &row);
}

int fold_plan_scheme_on(struct judged *j, day_t day, struct rec_scheme *ret)
{
	struct fold_doc_row row;
	uint64_t version;
	int err = fold_doc_on(j, DOC_SCHEME, day, &version, &row);

	*ret = (struct rec_scheme){.told_days = FOLD_TOLD_DAYS,
				   .notice_days = FOLD_NOTICE_DAYS,
				   .object_days = FOLD_OBJECT_DAYS,
				   .answer_days = FOLD_ANSWER_DAYS};
	return err ? err : fold_ref(j, row.seq, REC_scheme, ret);
}
