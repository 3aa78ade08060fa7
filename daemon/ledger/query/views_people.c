#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/query/view.h"

/* What is kept about households and people. */
struct walk {
	struct ask *a;
	struct view_out *out;
};

/* --- honours --------------------------------------------------------------------------------------- */
static int on_honour(void *ctx, uint64_t seq)
{
	const struct walk *w = ctx;
	struct row_honours h = {.entry = seq};
	struct rec_honour r;
	int err = entry_head(w->a->t, w->a->feed.no, seq, REC_honour, &r);

	if (err)
		return err;
	h.household = r.household;
	h.member = r.member;
	h.title = r.title;
	h.level = r.level;
	h.year = r.year;
	h.day = r.day;
	h.certificate = r.certificate;
	h.appraisal = r.appraisal;
	return view_put(w->out, &h);
}

int rows_honours(struct ask *a, struct view_out *out)
{
	return view_listed(a->t, a->feed.no, REC_honour, 0, on_honour, &(struct walk){a, out});
}

/* --- appraisals ------------------------------------------------------------------------------------ */
static int appraised(const struct ask *a, struct row_appraisals *v)
{
	struct rec_appraisal_confirm c;
	int err = entry_settled(a->t, a->feed.no, v->entry, &v->by);

	if (err || !v->by)
		return err;
	err = entry_head(a->t, a->feed.no, v->by, REC_appraisal_confirm, &c);
	if (!err)
		v->state = c.decision == DECISION_agree ? APPRAISED_confirmed : APPRAISED_declined;
	return err;
}

static int on_appraisal(void *ctx, uint64_t seq)
{
	const struct walk *w = ctx;
	struct row_appraisals v = {.entry = seq, .state = APPRAISED_open};
	struct rec_appraisal r;
	uint32_t lines;
	int err = entry_head(w->a->t, w->a->feed.no, seq, REC_appraisal, &r);

	if (!err)
		err = entry_lines(w->a->t, w->a->feed.no, seq, REC_appraisal, &lines);
	if (!err)
		err = appraised(w->a, &v);
	if (err)
		return err;
	v.year = r.year;
	v.title = r.title;
	v.day = r.day;
	v.lines = lines;
	return view_put(w->out, &v);
}

int rows_appraisals(struct ask *a, struct view_out *out)
{
	return view_listed(a->t, a->feed.no, REC_appraisal, 0, on_appraisal,
			   &(struct walk){a, out});
}

/* --- posts ----------------------------------------------------------------------------------------- */
static int on_post(void *ctx, const struct view_post *p)
{
	const struct row_posts v = {.household = bytes_str(p->household),
				    .member = p->member,
				    .post = p->post,
				    .from = p->from,
				    .to = p->to,
				    .entry = p->entry};

	return view_put(ctx, &v);
}

int rows_posts(struct ask *a, struct view_out *out)
{
	return view_posts(a->t, a->feed.no, on_post, out);
}

/* --- kin ------------------------------------------------------------------------------------------- */
struct relatives {
	struct walk w;
	struct bytes household; /* whose kin the rows are about */
	const struct view_member *m;
};

static int on_kin(void *ctx, const struct view_kin *k)
{
	const struct relatives *r = ctx;
	const struct row_kin v = {.household = r->household,
				  .member = r->m->member,
				  .name = bytes_str(r->m->name),
				  .relation = k->relation,
				  .kin_household = bytes_str(k->household),
				  .kin_member = k->member};

	return view_put(r->w.out, &v);
}

static int kin_of_member(void *ctx, const struct view_member *m)
{
	struct relatives *r = ctx;

	r->m = m;
	return view_kin(r->w.a->t, r->w.a->feed.no, r->household, m->member, on_kin, r);
}

static int kin_of_household(void *ctx, const struct view_household *h)
{
	struct relatives *r = ctx;

	r->household = bytes_str(h->household);
	return view_members(r->w.a->t, r->w.a->feed.no, r->household, kin_of_member, r);
}

int rows_kin(struct ask *a, struct view_out *out)
{
	struct relatives r = {.w = {a, out}};

	return view_households(a->t, a->feed.no, kin_of_household, &r);
}

/* --- accounts -------------------------------------------------------------------------------------- */
struct accounts {
	struct walk w;
	bool all;
};

static int on_account(void *ctx, const struct view_household *h)
{
	const struct accounts *x = ctx;
	const struct row_accounts v = {.household = bytes_str(h->household),
				       .group = bytes_str(h->group),
				       .head_name = bytes_str(h->head_name),
				       .takes_part = h->takes_part ? YES_yes : YES_no,
				       .consent_day = h->consent_day,
				       .began_day = h->began_day,
				       .left_day = h->left_day,
				       .into = bytes_str(h->into),
				       .balance = h->balance,
				       .earned = h->earned,
				       .deducted = h->deducted,
				       .redeemed = h->redeemed,
				       .transferred = h->transferred,
				       .members = h->nmembers,
				       .present = h->npresent,
				       .lines = qty_of(h->lines),
				       .entry = h->entry};

	return h->takes_part || x->all ? view_put(x->w.out, &v) : ERR_OK;
}

/* Every household that takes part, also those with nothing; with all=1, or by its number, the others too. */
int rows_accounts(struct ask *a, struct view_out *out)
{
	struct accounts x = {.w = {a, out}};
	struct view_household h;
	struct bytes household;
	uint64_t all = 0;
	int err = ask_u64(a, "all", 1, &all);

	if (!err)
		err = view_household_asked(a, &household);
	if (err)
		return err;
	x.all = all || household.n;
	if (!household.n)
		return view_households(a->t, a->feed.no, on_account, &x);
	err = view_household(a->t, a->feed.no, household, &h);
	return err ? err : on_account(&x, &h);
}

/* --- members --------------------------------------------------------------------------------------- */
struct family {
	struct walk w;
	struct bytes household;
};

static int on_member(void *ctx, const struct view_member *m)
{
	const struct family *x = ctx;

	return view_put(x->w.out, &(struct row_members){.household = x->household,
							.member = m->member,
							.name = bytes_str(m->name),
							.relation = bytes_str(m->relation),
							.sex = m->sex,
							.hukou = m->hukou,
							.head = m->head ? YES_yes : YES_no,
							.birth = m->birth,
							.since = m->since,
							.agreed = m->agreed,
							.left_day = m->left_day,
							.death_day = m->death_day,
							.away_day = m->away_day,
							.into = bytes_str(m->into),
							.into_member = m->into_member});
}

static int members_of(void *ctx, const struct view_household *h)
{
	struct family *x = ctx;

	x->household = bytes_str(h->household);
	return view_members(x->w.a->t, x->w.a->feed.no, x->household, on_member, x);
}

int rows_members(struct ask *a, struct view_out *out)
{
	struct family x = {.w = {a, out}};
	int err = view_household_asked(a, &x.household);

	if (err || !x.household.n)
		return err ? err : view_households(a->t, a->feed.no, members_of, &x);
	return view_members(a->t, a->feed.no, x.household, on_member, &x);
}

/* --- scores ---------------------------------------------------------------------------------------- */
static int on_score(void *ctx, const struct view_score *s)
{
	return view_put(ctx, &(struct row_scores){.household = bytes_str(s->household),
						  .member = s->member,
						  .year = (uint64_t)s->year,
						  .score = s->score});
}

int rows_scores(struct ask *a, struct view_out *out)
{
	uint64_t year;
	int err = view_year(a, &year);

	return err ? err : view_scores(a->t, a->feed.no, (int)year, on_score, out);
}
