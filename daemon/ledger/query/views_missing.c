#include <inttypes.h>
#include <stdio.h>

#include "daemon/ledger/query/clock_doubt.h"
#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/query/notice_due.h"
#include "daemon/ledger/query/view.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/read_filing.h"

/* What a village lacks or is about to lack, from what is held here: nobody has to ask for it. */
#define START_DAYS 30 /* to decide plan and scheme in, from the first entry on */
#define FILE_DAYS  10 /* to submit a version in */
#define END_DAYS   60 /* before its last day a catalogue's end is said */

struct lack {
	struct ask *a;
	struct view_out *out;
	day_t since; /* the first entry; DAY_NONE: it has no day */
};

static int put(const struct lack *x, const char *what, struct says about, day_t due, uint64_t entry)
{
	return view_put(x->out,
			&(struct row_missing){.what = bytes_str(what),
					      .subject = bytes_str(says_in(about, x->a->lang)),
					      .due = due == DAY_NONE ? x->a->day : due,
					      .entry = entry});
}

static const char *title_of(const struct lack *x, enum doc_kind kind)
{
	static const enum rec_code code[] = {[DOC_CATALOGUE] = REC_adopt_catalogue,
					     [DOC_PLAN] = REC_plan,
					     [DOC_SCHEME] = REC_scheme,
					     [DOC_PRICES] = REC_prices};
	const struct rec_type *t = rec_type_of((uint16_t)code[kind]);

	return x->a->lang == LANG_EN ? t->en : t->zh;
}

static int wrote_on(const struct ask *a, uint64_t seq, day_t *ret)
{
	struct bytes leaf = {0}, payload = {0};
	struct entry e;
	int err = feedlog_read(a->t, a->feed.no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err)
		*ret = day_of_ms(e.wall_ms);
	return err;
}

static day_t after(day_t day, int days)
{
	return day == DAY_NONE ? DAY_NONE : day + days;
}

/* --- plan and scheme --------------------------------------------------------------------------------- */
static int lacks_document(const struct lack *x, enum doc_kind kind, struct says about)
{
	uint64_t version;
	int err = read_document_newest(READER(x->a->t, x->a->feed.no), kind, &version);

	return err == ERR_NOTFOUND
		       ? put(x, title_of(x, kind), about, after(x->since, START_DAYS), 0)
		       : err;
}

/* --- the catalogue ----------------------------------------------------------------------------------- */
struct latest {
	day_t today;
	struct document last;
	bool any, begun;
};

/* Of two with the same first day the later one counts. */
static int on_version(void *ctx, const struct document *d)
{
	struct latest *l = ctx;

	l->any = true;
	if (d->from > l->today || (l->begun && d->from < l->last.from))
		return ERR_OK;
	l->begun = true;
	l->last = *d;
	return ERR_OK;
}

/* The last day of a version, by its own and by that of the town's catalogue under it. */
static int end_of(const struct lack *x, const struct document *d, day_t *ret)
{
	struct state_version town;
	int err = read_catalogue(READER(x->a->t, x->a->feed.no), d->base, &town);

	*ret = d->to;
	if (!err && town.to != DAY_NONE && (d->to == DAY_NONE || town.to < d->to))
		*ret = town.to;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int put_end(const struct lack *x, const struct document *d, day_t end)
{
	char zh[128], en[128], day[DATE_TEXT_MAX];
	bool over = x->a->day > end;

	day_text(end, day);
	snprintf(zh, sizeof(zh), "第 %" PRIu64 " 版%s %s 到期，请采用下一版（catalogue adopt）",
		 d->version, over ? "已于" : "将于", day);
	snprintf(en, sizeof(en), "version %" PRIu64 " %s on %s; adopt the next (catalogue adopt)",
		 d->version, over ? "ended" : "ends", day);
	return put(x, title_of(x, DOC_CATALOGUE), SAYS(zh, en), end, d->entry);
}

/* Is another one in force on the day after? */
static int check_end(const struct lack *x, const struct document *d)
{
	uint64_t next;
	day_t end;
	int err = end_of(x, d, &end);

	if (err || end == DAY_NONE || end - x->a->day > END_DAYS)
		return err;
	err = read_catalogue_on(READER(x->a->t, x->a->feed.no), end + 1, &next);
	return err == ERR_NOTFOUND ? put_end(x, d, end) : err;
}

static int catalogue_ends(const struct lack *x)
{
	struct latest l = {.today = x->a->day};
	int err = read_documents(READER(x->a->t, x->a->feed.no), DOC_CATALOGUE, on_version, &l);

	if (!err && !l.any)
		return put(x, title_of(x, DOC_CATALOGUE),
			   SAYS("还没有采用，不能记分：catalogue adopt",
				"none is adopted, so nothing can be recorded: catalogue adopt"),
			   x->since, 0);
	return err || !l.begun ? err : check_end(x, &l.last);
}

/* --- filing ------------------------------------------------------------------------------------------ */
static int put_not_filed(const struct lack *x, enum doc_kind kind, const struct document *d,
			 const struct view_filing *filed, day_t due)
{
	const char *subject = rec_lists[REC_LIST_SUBJECT].v[kind].name;
	const char *const zh[] = {"未报镇备案", "被退回，修改后请再报"};
	const char *const en[] = {"is not filed with the town", "was returned; submit it again"};
	bool again = filed->state == FILING_RETURNED;
	struct buf tz = {0}, te = {0};
	int err;

	buf_printf(&tz,
		   "第 %" PRIu64 " 版%s（record submission --subject %s --version %" PRIu64 "）",
		   d->version, zh[again], subject, d->version);
	buf_printf(&te,
		   "version %" PRIu64 " %s (record submission --subject %s --version %" PRIu64 ")",
		   d->version, en[again], subject, d->version);
	err = put(x, title_of(x, kind), SAYS(buf_str(&tz), buf_str(&te)), due, d->entry);
	buf_close(&tz);
	buf_close(&te);
	return err;
}

static int not_filed(const struct lack *x, enum doc_kind kind)
{
	const struct reader r = reader_of(x->a->t, x->a->feed.no);
	struct view_filing filed;
	struct document d = {.entry = 0};
	uint64_t version = 0;
	day_t wrote = DAY_NONE;
	int err = read_document_newest(&r, kind, &version);

	if (!err)
		err = read_document(&r, kind, version, &d);
	if (!err)
		err = view_filing(x->a->t, x->a->feed.no, kind, version, UINT64_MAX, &filed);
	if (!err)
		err = wrote_on(x->a, d.entry, &wrote);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	if (filed.state != FILING_NONE && filed.state != FILING_RETURNED)
		return ERR_OK;
	return put_not_filed(x, kind, &d, &filed,
			     after(filed.state == FILING_RETURNED ? filed.day : wrote, FILE_DAYS));
}

/* --- notices of what is in force --------------------------------------------------------------------- */
struct hangs {
	const struct lack *x;
	uint32_t kind;
	bool yes;
	uint64_t made; /* the last that waits for its posting */
};

static int on_notice(void *ctx, uint64_t seq)
{
	struct hangs *h = ctx;
	struct row_notices n;
	int err = notice_read(h->x->a, seq, &n);

	if (err || n.kind != h->kind || n.withdrawal)
		return err;
	h->yes = h->yes || n.postings;
	h->made = seq;
	return ERR_OK;
}

static void put_board(const struct hangs *h, uint64_t version, const char *kind, struct buf *zh,
		      struct buf *en)
{
	if (h->made) {
		buf_printf(zh,
			   "第 %" PRIu64 " 版的公示已制作，还没有登记张贴（record posting --notice "
			   "%" PRIu64 "）",
			   version, h->made);
		buf_printf(en,
			   "the notice of version %" PRIu64
			   " is made, but not recorded as posted (record posting --notice %" PRIu64
			   ")",
			   version, h->made);
		return;
	}
	buf_printf(zh, "第 %" PRIu64 " 版还没有公示（notice make %s）", version, kind);
	buf_printf(en, "version %" PRIu64 " is not on the board (notice make %s)", version, kind);
}

/* Made after the version was, and on the board. */
static int not_posted(const struct lack *x, enum doc_kind kind, enum rec_choice_NOTICE notice)
{
	const struct rec_choice *what = &rec_lists[REC_LIST_NOTICE].v[notice];
	struct hangs h = {x, notice, false, 0};
	struct document d = {.entry = 0};
	day_t wrote = DAY_NONE;
	struct buf zh = {0}, en = {0};
	int err = read_document_on(READER(x->a->t, x->a->feed.no), kind, x->a->day, &d);

	if (!err)
		err = view_listed(x->a->t, x->a->feed.no, REC_notice, d.entry, on_notice, &h);
	if (!err && !h.yes)
		err = wrote_on(x->a, d.entry, &wrote);
	if (err || h.yes)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	put_board(&h, d.version, what->name, &zh, &en);
	if (wrote == DAY_NONE || wrote < d.from)
		wrote = d.from;
	err = put(x, x->a->lang == LANG_EN ? what->en : what->zh, SAYS(buf_str(&zh), buf_str(&en)),
		  after(wrote, NOTICE_DUE_DAYS), d.entry);
	buf_close(&zh);
	buf_close(&en);
	return err;
}

/* --- the clock --------------------------------------------------------------------------------------- */
static int put_clock(const struct lack *x)
{
	struct buf zh = {0}, en = {0};
	struct reason why;
	int err = clock_doubt(x->a->t, x->a->feed.no, x->a->day, &why);

	if (err || why.id == V_ACCEPTED)
		return err;
	reason_text(&why, LANG_ZH, &zh);
	reason_text(&why, LANG_EN, &en);
	err = put(x, x->a->lang == LANG_EN ? "clock" : "电脑时间", SAYS(buf_str(&zh), buf_str(&en)),
		  x->a->day, 0);
	buf_close(&zh);
	buf_close(&en);
	return err;
}

int rows_missing(struct ask *a, struct view_out *out)
{
	struct lack x = {a, out, DAY_NONE};
	int err = a->feed.size && a->day != DAY_NONE ? wrote_on(a, 0, &x.since) : ERR_NOTFOUND;

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = put_clock(&x);
	if (!err)
		err = catalogue_ends(&x);
	if (!err)
		err = lacks_document(&x, DOC_PLAN,
				     SAYS("还没有：record plan", "there is none: record plan"));
	if (!err)
		err = lacks_document(&x, DOC_SCHEME,
				     SAYS("还没有：record scheme", "there is none: record scheme"));
	for (enum doc_kind kind = DOC_CATALOGUE; kind <= DOC_SCHEME && !err; kind++)
		err = not_filed(&x, kind);
	if (!err)
		err = not_posted(&x, DOC_CATALOGUE, NOTICE_catalogue);
	return err ? err : not_posted(&x, DOC_SCHEME, NOTICE_scheme);
}
