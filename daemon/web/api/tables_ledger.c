#include <inttypes.h>

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_registers.h"
#include "daemon/web/api/tables.h"
#include "lib/text.h"

/* The management ledger: every posting of points with what it was for, the balance of the household after it,
 * and who signed. The last balance of each household is that of its account. */

/* The terminal shows the first twelve. */
static const struct column ledger_columns[] = {{"booked", "入账日期", "booked", false},
					       {"household", "户编号", "household", false},
					       {"member", "成员", "member", true},
					       {"kind", "类型", "kind", false},
					       {"item", "事项或单号", "item or slip", false},
					       {"what", "内容", "what", false},
					       {"day", "发生日期", "day", false},
					       {"points", "积分", "points", true},
					       {"balance", "余额", "balance", true},
					       {"state", "状态", "state", false},
					       {"entry", "序号", "entry", true},
					       {"line", "行", "line", true},
					       {"by", "生效序号", "by entry", true},
					       {"reason", "事由", "reason", false},
					       {"recorder", "记录人", "recorder", false},
					       {"reviewer", "审核人", "reviewer", false},
					       {"confirmer", "确认人", "confirmer", false},
					       COLUMNS_END};

/* "毛巾 2, 肥皂 1" */
static int goods_text(const struct statement_row *m, struct buf *out)
{
	const struct rec_type *type = rec_type_of(REC_redemption);
	struct rec_redemption_line l;

	for (uint32_t i = 0; i + 1 < m->payload->nparts; i++) {
		if (rec_decode_line(type, m->payload, i, &l))
			return ERR_CORRUPT;
		buf_printf(out, "%s%.*s %" PRId64, i ? ", " : "", (int)l.good.n,
			   (const char *)l.good.p, qty_raw(l.quantity));
	}
	return out->err;
}

static int cell_what(struct tabling *t, const struct statement_row *m)
{
	struct buf goods = {0};
	int err = ERR_OK;

	if (m->redemption) {
		err = goods_text(m, &goods);
		jw_strn(&t->r.w, (const char *)goods.p, goods.n);
	} else {
		jw_str(&t->r.w, m->item ? m->item->name : "");
	}
	buf_close(&goods);
	return err;
}

/* How a redemption stands today. */
static int cell_redeemed(struct tabling *t, uint64_t entry)
{
	uint64_t by;
	int err = read_settled(READER(t->r.ask.t, t->r.ask.feed.no), entry, &by);

	if (err && err != ERR_NOTFOUND)
		return err;
	cell_says(t, err ? SAYS("已兑换", "given") : SAYS("已冲正", "reversed"));
	return ERR_OK;
}

static int cell_state(struct tabling *t, const struct statement_row *m, const struct view_points *p)
{
	if (m->redemption)
		return cell_redeemed(t, m->entry);
	jw_str(&t->r.w, m->points_line ? line_state_text(p->state[m->line], t->r.req->lang) : "");
	return ERR_OK;
}

/* Three signed the line; what is not a line has the signature of who wrote it. */
static void put_signers(struct tabling *t, const struct statement_row *m,
			const struct view_points *p)
{
	bool line = m->kind == POSTING_LINE;

	cell_person(t, line ? p->recorder : m->author);
	if (line) {
		cell_person(t, p->reviewer);
		cell_person(t, p->confirmer);
	} else {
		jw_str(&t->r.w, "");
		jw_str(&t->r.w, "");
	}
}

static int put_row(struct tabling *t, const struct statement_row *m, const struct view_points *p)
{
	const struct rec_points_line *l = m->points_line;
	struct jw *w = &t->r.w;
	int err;

	jw_arr(w);
	cell_day(t, m->booked);
	cell_bytes(t, m->household);
	jw_u64(w, l ? l->member : 0);
	jw_str(w, posting_kind_text(m->kind, t->r.req->lang));
	cell_bytes(t, l ? l->item : m->redemption ? m->redemption->slip : m->other);
	err = cell_what(t, m);
	cell_day(t, l ? l->day : m->redemption ? m->redemption->day : m->booked);
	cell_points(t, m->points);
	cell_points(t, m->balance);
	if (!err)
		err = cell_state(t, m, p);
	jw_u64(w, m->entry);
	jw_u64(w, m->line);
	jw_u64(w, m->seq);
	cell_bytes(t, l ? l->reason : kv_bytes("", 0));
	put_signers(t, m, p);
	return err ? err : cell_end(t);
}

static int on_row(void *ctx, const struct statement_row *row)
{
	struct tabling *t = ctx;
	struct view_points p;
	int err = ERR_OK;

	if (row->points_line)
		err = view_points(t->r.ask.t, t->r.ask.feed.no, row->entry, &p);
	return err ? err : put_row(t, row, &p);
}

static int rows_ledger(struct tabling *t)
{
	struct bytes household = bytes_str(t->household ? t->household : "");

	return statement_days(t->r.ask.t, t->r.ask.feed.no, &t->p, household, t->r.ask.feed.size,
			      on_row, t);
}

const struct table_def tables_ledger[] = {
	{"ledger", "积分管理台账", "management ledger", ledger_columns, rows_ledger},
	{NULL, NULL, NULL, NULL, NULL},
};
