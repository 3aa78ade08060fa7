#include "daemon/ledger/rules/rule.h"

#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/scheme.h"
#include "lib/err.h"

/* The plan of a village and its reward scheme. */

static int plan_step(struct judged *j, uint32_t i)
{
	struct rec_plan_line l;
	int err = fold_line(j, i, &l);

	return err ? err : fold_period(j, l.from, l.to);
}

/* A plan that says nothing about how points are given and used is none. */
static int check_plan(struct judged *j, const struct rec_plan *p)
{
	const struct {
		const char *field;
		struct bytes text;
	} said[] = {{"content", p->content},
		    {"standards", p->standards},
		    {"procedure", p->procedure},
		    {"uses", p->uses}};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (placeholder(said[i].text))
			return fold_refuse(j, &(struct refusal){.id = V_PLAN_EMPTY,
								.s = fold_text(said[i].field)});
	return p->digest.n == 0 || p->digest.n == HASH_BYTES ? ERR_OK
							     : fold_malformed(j, "digest", 0);
}

int fold_plan(struct judged *j)
{
	struct rec_plan p;
	int err = fold_head(j, &p);

	if (!err)
		err = check_plan(j, &p);
	if (!err)
		err = fold_doc_add(j, DOC_PLAN, p.version,
				   &(struct fold_doc_row){.seq = j->e->seq});
	for (uint32_t i = 0; i < j->nlines && !err; i++)
		err = plan_step(j, i);
	return err;
}

int fold_plan_scheme(struct judged *j)
{
	struct rec_scheme_line l;
	struct rec_scheme s;
	int err = fold_head(j, &s);

	if (!err)
		err = fold_doc_add(j, DOC_SCHEME, s.version,
				   &(struct fold_doc_row){.seq = j->e->seq, .from = s.from});
	for (uint32_t i = 0; i < j->nlines && !err; i++)
		err = fold_line(j, i, &l);
	return err;
}

int fold_plan_scheme_on(struct judged *j, day_t day, struct rec_scheme *ret)
{
	struct fold_doc_row doc;
	uint64_t version;
	int err = fold_doc_on(j, DOC_SCHEME, day, &version, &doc);

	scheme_usual(ret);
	if (!err)
		err = feedlog_payload(j->f->t, j->f->feed_no, doc.seq, &j->w->target);
	if (err)
		return err;
	return rec_decode_head(rec_type_of(REC_scheme), &j->w->target, ret) ? ERR_CORRUPT : ERR_OK;
}
