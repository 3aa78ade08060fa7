#include "daemon/web/api/summary.h"

#include <inttypes.h>

#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_catalogue.h"

struct summary {
	const struct ask *a;
	const struct recjson *r;
	uint64_t entry;
	bool en;
	struct buf text, next;
};

static void say(struct buf *b, const struct summary *s, const char *zh, const char *en)
{
	buf_puts(b, s->en ? en : zh);
}

/* "陈大勇户（01001）" */
static int put_household(struct summary *s, struct bytes household)
{
	struct view_household h;
	int err = view_household(s->a->t, s->a->feed.no, household, &h);

	if (!err)
		buf_printf(&s->text, s->en ? "household %s (%s)" : "户 %s（%s）", h.household,
			   h.head_name);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int put_balance(struct summary *s, struct bytes household)
{
	char text[AMOUNT_TEXT_MAX];
	struct view_household h;
	int err = view_household(s->a->t, s->a->feed.no, household, &h);

	if (!err)
		buf_printf(&s->text, s->en ? "; balance %s points" : "，余额 %s 分",
			   points_text(h.balance, text));
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

struct named {
	uint32_t member;
	char name[65];
};

static int on_member(void *ctx, const struct view_member *m)
{
	struct named *n = ctx;

	if (m->member == n->member)
		memcpy(n->name, m->name, sizeof(n->name));
	return ERR_OK;
}

static int put_member(struct summary *s, struct bytes household, uint64_t member)
{
	struct named n = {.member = (uint32_t)member};
	int err = member ? view_members(s->a->t, s->a->feed.no, household, on_member, &n) : ERR_OK;

	if (!err && n.name[0])
		buf_printf(&s->text, " %s", n.name);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* --- lines of points --------------------------------------------------------------------------------- */
static int item_of(const struct summary *s, const struct rec_points_line *l, struct item *ret)
{
	const struct reader reader = reader_of(s->a->t, s->a->feed.no);

	return read_item(&reader, l->version, l->item, ret);
}

/* Who, what and how much of one line. */
static int put_line(struct summary *s, const struct rec_points_line *l, bool *ret_deducts)
{
	char text[AMOUNT_TEXT_MAX];
	struct item item;
	int err = put_household(s, l->household);

	if (!err)
		err = put_member(s, l->household, l->member);
	if (!err)
		err = item_of(s, l, &item);
	if (err)
		return err;
	*ret_deducts = item.line.sign == SIGN_deduct;
	buf_printf(&s->text, s->en ? ": %.*s %.*s, %s%s points" : "：%.*s %.*s %s%s 分",
		   (int)l->item.n, (const char *)l->item.p,
		   (int)(s->en && item.line.name_en.n ? item.line.name_en.n : item.line.name_zh.n),
		   (const char *)(s->en && item.line.name_en.n ? item.line.name_en.p
							       : item.line.name_zh.p),
		   *ret_deducts ? "-" : "+", points_text(l->points, text));
	return ERR_OK;
}

static int say_points(struct summary *s)
{
	const struct rec_points_line *l = (const struct rec_points_line *)s->r->lines;
	bool deducts = false;
	int err = ERR_OK;

	if (s->r->nlines == 1)
		err = put_line(s, l, &deducts);
	else
		buf_printf(&s->text, s->en ? "%" PRIu32 " lines" : "%" PRIu32 " 行", s->r->nlines);
	if (deducts && l->notified == DAY_NONE)
		buf_printf(&s->next,
			   s->en ? "tell the household, and record that (record notified --entry "
				   "%" PRIu64 " --line 1)"
				 : "先告知农户并登记（record notified --entry %" PRIu64
				   " --line 1）",
			   s->entry);
	else
		buf_printf(&s->next,
			   s->en ? "another person reviews it: entry review %" PRIu64
				 : "由另一人审核：entry review %" PRIu64,
			   s->entry);
	return err;
}

/* --- review and confirmation --------------------------------------------------------------------------- */
/* The upheld objection to a line that still stands; 0: none. */
struct upheld {
	const struct summary *s;
	uint64_t entry, line; /* line 0: any */
	uint64_t objection, of_line;
};

static int on_objection(void *ctx, uint64_t seq)
{
	struct upheld *u = ctx;
	const struct ask *a = u->s->a;
	struct rec_objection_reply reply;
	struct rec_objection o;
	uint64_t by = 0;
	int err = entry_head(a->t, a->feed.no, seq, REC_objection, &o);

	if (err || o.entry != u->entry || (u->line && o.line != u->line))
		return err;
	err = entry_settled(a->t, a->feed.no, seq, &by);
	if (err || !by)
		return err;
	err = entry_head(a->t, a->feed.no, by, REC_objection_reply, &reply);
	if (!err && reply.ruling == RULING_upheld) {
		u->objection = seq;
		u->of_line = o.line;
	}
	return err;
}

/* What was upheld is put right by a reversal, which nobody has written yet when the line is confirmed. */
static int say_upheld(struct summary *s, uint64_t entry, uint64_t line)
{
	struct upheld u = {.s = s, .entry = entry, .line = line};
	struct view_points p;
	int err = view_listed(s->a->t, s->a->feed.no, REC_objection, 0, on_objection, &u);

	if (err || !u.objection)
		return err;
	err = view_points(s->a->t, s->a->feed.no, entry, &p);
	if (err || u.of_line > p.nlines || p.state[u.of_line] != LINE_CONFIRMED)
		return err;
	buf_printf(&s->next,
		   s->en ? "%sobjection %" PRIu64
			   " to it was upheld, and the reversal is still to do: "
			   "entry reverse %" PRIu64 " --line %" PRIu64
			 : "%s对它的异议（第 %" PRIu64
			   " 条）已成立，还没有冲正：entry reverse %" PRIu64 " --line %" PRIu64,
		   s->next.n ? (s->en ? "; " : "；") : "", u.objection, entry, u.of_line);
	return ERR_OK;
}

static int points_line_of(const struct summary *s, uint64_t entry, uint64_t line,
			  struct rec_points_line *ret)
{
	struct payload p;
	int err = feedlog_payload(s->a->t, s->a->feed.no, entry, &p);

	if (!err && (line == 0 || line >= p.nparts ||
		     rec_decode_line(rec_type_of(REC_points), &p, (uint32_t)line - 1, ret)))
		err = ERR_CORRUPT;
	return err;
}

/* One line is told in full, many are counted. */
static int say_steps(struct summary *s, bool confirms)
{
	const struct rec_review_line *l = (const struct rec_review_line *)s->r->lines;
	struct rec_points_line points;
	struct view_points p;
	bool deducts = false;
	int err = view_points(s->a->t, s->a->feed.no, l->entry, &p);

	if (!err && s->r->nlines == 1 && (l->line || p.nlines == 1)) {
		err = points_line_of(s, l->entry, l->line ? l->line : 1, &points);
		if (!err)
			err = put_line(s, &points, &deducts);
		if (!err && confirms)
			err = put_balance(s, points.household);
	} else if (!err) {
		buf_printf(&s->text,
			   s->en ? "%" PRIu32 " entries or lines" : "%" PRIu32 " 条（行）",
			   s->r->nlines);
	}
	if (!confirms && l->decision == DECISION_agree)
		buf_printf(&s->next,
			   s->en ? "a third person confirms: entry confirm %s"
				 : "由第三人确认：entry confirm %s",
			   s->r->nlines > 1 ? "--all" : "");
	if (!confirms && l->decision == DECISION_agree && s->r->nlines == 1)
		buf_printf(&s->next, "%" PRIu64, l->entry);
	for (uint32_t i = 0; confirms && !err && i < s->r->nlines; i++)
		err = say_upheld(s, l[i].entry, l[i].line);
	return err;
}

/* --- others -------------------------------------------------------------------------------------------- */
static int say_reversal(struct summary *s)
{
	const struct rec_reversal *r = (const struct rec_reversal *)s->r->head.raw;
	struct rec_points_line l;
	bool deducts;
	int err = points_line_of(s, r->entry, r->line, &l);

	say(&s->text, s, "已冲正 ", "taken back: ");
	if (!err)
		err = put_line(s, &l, &deducts);
	return err ? err : put_balance(s, l.household);
}

static int say_ruling(struct summary *s)
{
	const struct rec_objection_reply *r = (const struct rec_objection_reply *)s->r->head.raw;
	struct rec_objection o;
	int err = entry_head(s->a->t, s->a->feed.no, r->objection, REC_objection, &o);

	if (err || r->ruling != RULING_upheld)
		return err;
	err = say_upheld(s, o.entry, o.line);
	if (!err && !s->next.n)
		buf_printf(&s->next,
			   s->en ? "refuse the line: entry review or confirm %" PRIu64
				   " --line %" PRIu64 " --refuse"
				 : "该行按不同意办理：entry review 或 confirm %" PRIu64
				   " --line %" PRIu64 " --refuse",
			   o.entry, o.line);
	return err;
}

/* The household of the record and its member, if it names one. */
static int put_whom(struct summary *s)
{
	const struct rec_type *t = s->r->t;
	const struct rec_field *home = NULL, *f = t->head;
	int err = ERR_OK;

	for (; f < t->head + t->nhead && !err; f++) {
		if (!home && f->household && rec_bytes(f, &s->r->head).n) {
			home = f;
			buf_puts(&s->text, s->en ? ": " : "：");
			err = put_household(s, rec_bytes(f, &s->r->head));
		} else if (home && f->member_of == home && f->kind == REC_U) {
			err = put_member(s, rec_bytes(home, &s->r->head), rec_u(f, &s->r->head));
		}
	}
	return err;
}

/* What became of it and when: the first choice and the first day of the record. */
static void put_what(struct summary *s)
{
	const struct rec_type *t = s->r->t;
	bool chosen = false, dated = false;
	char text[DATE_TEXT_MAX];

	for (const struct rec_field *f = t->head; f < t->head + t->nhead; f++) {
		const char *what = NULL;

		if (f->choices && !chosen && f->choices != &rec_lists[REC_LIST_YES]) {
			const struct rec_choice *c = &f->choices->v[rec_chosen(f, &s->r->head)];

			chosen = true;
			what = s->en ? c->en : c->zh;
		} else if (f->kind == REC_DAY && !dated && rec_day(f, &s->r->head) != DAY_NONE) {
			dated = true;
			what = day_text(rec_day(f, &s->r->head), text);
		}
		if (what)
			buf_printf(&s->text, s->en ? ", %s" : "，%s", what);
	}
	if (t->line && s->r->nlines)
		buf_printf(&s->text, s->en ? ", %" PRIu32 " lines" : "，%" PRIu32 " 行",
			   s->r->nlines);
}

/* Title, whom and what it is about, and a version that is to be filed. */
static int say_other(struct summary *s)
{
	const struct rec_type *t = s->r->t;
	int err;

	buf_puts(&s->text, s->en ? t->en : t->zh);
	err = put_whom(s);
	if (!err)
		put_what(s);
	if (t->code == REC_adopt_catalogue || t->code == REC_plan || t->code == REC_scheme)
		buf_printf(&s->next,
			   s->en ? "file it with the town: record submission --subject %s "
				   "--version %" PRIu64
				 : "报镇备案：record submission --subject %s --version %" PRIu64,
			   t->code == REC_adopt_catalogue ? "catalogue" : t->name,
			   rec_u(&t->head[0], &s->r->head)); /* they begin with it */
	return err;
}

static int make(struct summary *s)
{
	switch (s->r->t->code) {
	case REC_points: return say_points(s);
	case REC_review: return say_steps(s, false);
	case REC_confirm: return say_steps(s, true);
	case REC_reversal: return say_reversal(s);
	case REC_objection_reply: return say_ruling(s);
	case REC_redemption: return ERR_OK; /* total and balance are of their own */
	default: return say_other(s);
	}
}

/* A confirmation may be refused because the line is confirmed long since: what is to be done about it, then. */
static int make_refused(struct summary *s)
{
	const struct rec_review_line *l = (const struct rec_review_line *)s->r->lines;
	struct view_points p;
	int err = ERR_OK;

	for (uint32_t i = 0; s->r->t->code == REC_confirm && i < s->r->nlines && !err; i++) {
		err = view_points(s->a->t, s->a->feed.no, l[i].entry, &p);
		if (!err)
			err = say_upheld(s, l[i].entry, l[i].line);
		err = err == ERR_NOTFOUND ? ERR_OK : err;
	}
	return err;
}

int summary_put(const struct ask *a, const struct recjson *r, uint64_t entry, struct jw *w)
{
	struct summary s = {.a = a, .r = r, .entry = entry, .en = a->lang == LANG_EN};
	int err = entry == UINT64_MAX ? make_refused(&s) : make(&s);

	if (!err && s.text.n)
		jw_kstr(w, "summary", buf_str(&s.text));
	if (!err && s.next.n)
		jw_kstr(w, "next", buf_str(&s.next));
	buf_close(&s.text);
	buf_close(&s.next);
	return err;
}
