#include "daemon/ledger/query/notice_figures.h"

#include "daemon/ledger/state/as_of.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "lib/err.h"

static struct statement_period period_of(const struct rec_notice *n)
{
	return (struct statement_period){.from = n->from, .to = n->to};
}

/* --- assessment results ---------------------------------------------------------------------------- */
int notice_assessed(struct kv_txn *t, uint32_t feed_no, const struct rec_notice *n,
		    struct report *ret)
{
	const struct statement_period period = period_of(n);

	return report_make(t, feed_no, n->size, REPORT_HOUSEHOLD, &period, '\0', ret);
}

bool notice_names(const struct report_row *row)
{
	return row->awards || points_cmp(row->plus, POINTS_ZERO) != 0;
}

static int assessment(struct kv_txn *t, uint32_t feed_no, struct rec_notice *n)
{
	struct report rep;
	int err = notice_assessed(t, feed_no, n, &rep);

	for (uint32_t i = 0; i < rep.n && !err; i++)
		n->lines += notice_names(&rep.row[i]);
	if (!err) {
		n->plus = rep.total.plus;
		n->minus = rep.total.minus;
	}
	report_close(&rep);
	return err;
}

/* --- redemptions ----------------------------------------------------------------------------------- */
struct redeemed {
	statement_fn *fn;
	void *ctx;
};

static int on_row(void *ctx, const struct statement_row *row)
{
	const struct redeemed *r = ctx;

	return row->redemption ? r->fn(r->ctx, row) : ERR_OK;
}

int notice_redeemed(struct kv_txn *t, uint32_t feed_no, const struct rec_notice *n,
		    statement_fn *fn, void *ctx)
{
	const struct statement_period period = period_of(n);
	struct redeemed r = {fn, ctx};

	return statement_days(t, feed_no, &period, kv_bytes(NULL, 0), n->size, on_row, &r);
}

static int add_redemption(void *ctx, const struct statement_row *row)
{
	struct rec_notice *n = ctx;
	bool back = row->kind == POSTING_RETURNED;
	struct points *sum = back ? &n->minus : &n->plus, size = row->points;

	if (!back && !points_neg(row->points, &size))
		return ERR_CORRUPT;
	n->lines++;
	return points_add(*sum, size, sum) ? ERR_OK : ERR_CORRUPT;
}

/* --- what is published by version -------------------------------------------------------------------- */
static int count_item(void *ctx, const struct view_village_item *i)
{
	((struct rec_notice *)ctx)->lines += i->change != VIEW_DROPPED;
	return ERR_OK;
}

static int catalogue(struct kv_txn *t, uint32_t feed_no, struct rec_notice *n)
{
	const struct reader r = as_of(t, feed_no, n->size);
	uint64_t version;
	int err = read_catalogue_on(&r, n->to, &version);

	return err ? err : view_village_catalogue(t, feed_no, version, count_item, n);
}

static int count_price(void *ctx, const struct rec_prices_line *l)
{
	(void)l;
	((struct rec_notice *)ctx)->lines++;
	return ERR_OK;
}

static int scheme(struct kv_txn *t, uint32_t feed_no, struct rec_notice *n)
{
	const struct reader r = as_of(t, feed_no, n->size);
	struct document doc;
	int err = read_document_on(&r, DOC_SCHEME, n->to, &doc);

	if (err)
		return err;
	err = read_document_on(&r, DOC_PRICES, n->to, &doc);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err; /* a scheme without a shop */
	return read_prices(&r, &doc, count_price, n);
}

int notice_figures(struct kv_txn *t, uint32_t feed_no, struct rec_notice *n)
{
	n->lines = 0;
	n->plus = n->minus = POINTS_ZERO;
	switch ((enum rec_choice_NOTICE)n->kind) {
	case NOTICE_assessment: return assessment(t, feed_no, n);
	case NOTICE_redemption: return notice_redeemed(t, feed_no, n, add_redemption, n);
	case NOTICE_catalogue: return catalogue(t, feed_no, n);
	case NOTICE_scheme: return scheme(t, feed_no, n);
	}
	return ERR_INVALID;
}
