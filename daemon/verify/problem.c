#include "daemon/verify/problem.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/verify/verify_int.h"
#include "lib/amount.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/template.h"
#include "lib/vec.h"

static const struct {
	const char *name, *table;
	enum verify_kind kind;
	struct says says;
} problems[PROBLEM_COUNT] = {
#define PROBLEM_ROW(id, table, kind, zh, en) [PROBLEM_##id] = {#id, table, kind, {zh, en}},
	PROBLEMS(PROBLEM_ROW)
#undef PROBLEM_ROW
};

const char *problem_name(enum problem_id id)
{
	return problems[id].name;
}

/* --- the list -------------------------------------------------------------------------------------- */
static struct problem *append(struct verify *v)
{
	struct verify_report *r = v->report;

	if (VEC_ROOM(r->problem, r->nproblems, v->cap)) {
		v->err = ERR_NOMEM;
		return NULL;
	}
	memset(&r->problem[r->nproblems], 0, sizeof(*r->problem));
	return &r->problem[r->nproblems++];
}

struct problem *problem_add(struct verify *v, struct verify_feed *f, enum problem_id id,
			    uint64_t entry, int64_t num)
{
	enum verify_kind kind = problems[id].kind;
	uint32_t *listed = f ? &f->listed[kind] : &v->listed[kind];
	struct problem *p;

	if (v->err || *listed > VERIFY_KIND_MAX || v->report->nproblems == VERIFY_PROBLEMS_MAX)
		return NULL;
	p = append(v);
	if (!p)
		return NULL;
	if (f && f->here) {
		hash_hex(&f->h.id, 64, p->feed);
		memcpy(p->label, f->label, sizeof(p->label));
	}
	p->table = problems[id].table;
	if (++*listed > VERIFY_KIND_MAX) {
		p->id = PROBLEM_MORE;
		p->entry = PROBLEM_NO_ENTRY;
		return NULL;
	}
	p->id = id;
	p->entry = entry;
	p->num[0] = num;
	return p;
}

/* --- the sentence ---------------------------------------------------------------------------------- */
struct sentence {
	const struct problem *p;
	enum lang lang;
};

static void put_number(int64_t v, char how, enum lang lang, struct buf *out)
{
	char text[AMOUNT_TEXT_MAX];

	switch (how) {
	case 'p': buf_puts(out, points_text(points_of(v), text)); return;
	case 'x': buf_puts(out, err_name((int)v)); return;
	case 'h': buf_puts(out, says_in(verify_head_field(v), lang)); return;
	case 'k': buf_puts(out, says_in(verify_state_label(v), lang)); return;
	default: buf_printf(out, "%" PRId64, v);
	}
}

static void put_value(const void *ctx, char what, char how, struct buf *out)
{
	const struct sentence *s = ctx;

	switch (what) {
	case 'e': buf_printf(out, "%" PRIu64, s->p->entry); return;
	case 'r': reason_text(&s->p->reason, s->lang, out); return;
	case 's': buf_puts(out, s->p->s); return;
	case 't': buf_puts(out, s->p->t); return;
	case 'u': buf_puts(out, s->p->u); return;
	default: put_number(s->p->num[what == '1'], how, s->lang, out);
	}
}

int problem_text(const struct problem *p, enum lang lang, struct buf *out)
{
	struct sentence s = {p, lang};

	return template_fill(says_in(problems[p->id].says, lang), put_value, &s, out);
}
