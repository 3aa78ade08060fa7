#include "daemon/ledger/state/verdict.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state.h"
#include "lib/amount.h"
#include "lib/date.h"
#include "lib/err.h"
#include "lib/template.h"
#include "lib/text.h"
#include "proto/record.h"

static const struct {
	const char *name, *rule;
	struct {
		const char *what, *remedy;
	} in[2]; /* by enum lang */
} reasons[V_COUNT] = {
#define REASON(id, rule, zh, zh_do, en, en_do)                                                     \
	[V_##id] = {#id, rule, {[LANG_ZH] = {zh, zh_do}, [LANG_EN] = {en, en_do}}},
	VERDICTS(REASON)
#undef REASON
};

void reason_set_text(char dst[REASON_TEXT_MAX], const void *p, size_t n)
{
	n = n ? utf8_cut(p, n, REASON_TEXT_MAX - 1) : 0;
	if (n)
		memcpy(dst, p, n);
	memset(dst + n, 0, REASON_TEXT_MAX - n);
}

static uint32_t count_kind(const struct verdict *v, enum verdict_id id)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < VERDICT_WARN_MAX; i++)
		n += v->warn[i].id == id;
	return n;
}

/* The last of the most frequent kind; of kinds equally frequent the one that is told last. */
static uint32_t least_missed(const struct verdict *v)
{
	uint32_t most = 0, at = 0;

	for (uint32_t i = 0; i < VERDICT_WARN_MAX; i++) {
		uint32_t n = count_kind(v, v->warn[i].id);

		if (n >= most) {
			most = n;
			at = i;
		}
	}
	return at;
}

void verdict_warn(struct verdict *v, const struct reason *r)
{
	uint32_t n = v->nwarn++;

	if (n < VERDICT_WARN_MAX) {
		v->warn[n] = *r;
		return;
	}
	if (count_kind(v, r->id) > 0)
		return;
	n = least_missed(v);
	memmove(&v->warn[n], &v->warn[n + 1], (VERDICT_WARN_MAX - 1 - n) * sizeof(v->warn[0]));
	v->warn[VERDICT_WARN_MAX - 1] = *r; /* they stay in the order of the lines */
}

const char *reason_rule(enum verdict_id id)
{
	return reasons[id].rule;
}

const char *reason_name(enum verdict_id id)
{
	return reasons[id].name;
}

bool reason_asks(enum verdict_id id)
{
#define ASKS(name) [V_##name] = true,
	static const bool asks[V_COUNT] = {VERDICTS_ASK(ASKS)};
#undef ASKS

	return asks[id];
}

bool reason_names_line(enum verdict_id id)
{
	static const char line[] = "{0l}";

	return strncmp(reasons[id].in[LANG_EN].what, line, sizeof(line) - 1) == 0;
}

/* --- the sentence ---------------------------------------------------------------------------------- */
struct word {
	const char *name, *zh, *en;
};

static bool put_word(const struct word *w, size_t n, const char *name, size_t len, enum lang lang,
		     struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, len, w[i].name)) {
			buf_puts(out, lang == LANG_ZH ? w[i].zh : w[i].en);
			return true;
		}
	return false;
}

/* Names of roles with commas between; any one of them would do. */
static void put_roles(const char *s, enum lang lang, struct buf *out)
{
#define WORD(list, value, name, zh, en) {#name, zh, en},
	static const struct word roles[] = {CHOICES_ROLE(WORD)};
#undef WORD

	while (*s) {
		size_t n = strcspn(s, ",");

		if (!put_word(roles, sizeof(roles) / sizeof(roles[0]), s, n, lang, out))
			buf_put(out, s, n);
		s += n;
		if (*s == ',') {
			buf_puts(out, lang == LANG_ZH ? "或" : " or ");
			s++;
		}
	}
}

/* The word for a choice of a list. */
static void put_choice(enum rec_list list, const char *s, enum lang lang, struct buf *out)
{
	const struct rec_choices *l = &rec_lists[list];

	for (uint32_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, s) == 0)
			s = lang == LANG_ZH ? l->v[i].zh : l->v[i].en;
	buf_puts(out, s);
}

/* The field @name of a type; NULL. */
static const struct rec_field *field_of(const struct rec_type *t, const char *name)
{
	for (uint32_t i = 0; i < t->nhead; i++)
		if (strcmp(t->head[i].name, name) == 0)
			return &t->head[i];
	for (uint32_t i = 0; i < t->nline; i++)
		if (strcmp(t->line[i].name, name) == 0)
			return &t->line[i];
	return NULL;
}

/* "type.field", or a field of those types of which reasons name fields alone. */
static const struct rec_field *field_named(const char *s)
{
	static const enum rec_code codes[] = {REC_points, REC_plan, REC_scheme, REC_consultation,
					      REC_person_correction};
	const struct rec_field *f = NULL;
	const char *dot = strchr(s, '.');
	char type[REASON_TEXT_MAX];

	if (dot) {
		snprintf(type, sizeof(type), "%.*s", (int)(dot - s), s);
		return rec_type_named(type) ? field_of(rec_type_named(type), dot + 1) : NULL;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]) && !f; i++)
		f = field_of(rec_type_of((uint16_t)codes[i]), s);
	return f;
}

static void put_field(const char *s, enum lang lang, struct buf *out)
{
	const struct rec_field *f = field_named(s);

	buf_puts(out, !f ? s : lang == LANG_ZH ? f->zh : f->en);
}

static void put_type(const char *s, enum lang lang, struct buf *out)
{
	const struct rec_type *t = rec_type_named(s);

	if (t)
		buf_puts(out, lang == LANG_ZH ? t->zh : t->en);
	else
		buf_puts(out, s);
}

static void put_day(int64_t v, enum lang lang, struct buf *out)
{
	char date[DATE_TEXT_MAX];

	if (v < DAY_MIN || v > DAY_MAX || v == DAY_NONE)
		buf_puts(out, lang == LANG_ZH ? "（未填）" : "(not given)");
	else
		buf_puts(out, day_text((day_t)v, date));
}

/* What can be done with a line in this state. */
static void put_next(int64_t state, enum lang lang, struct buf *out)
{
	static const char *const next[][2] = {
		[LINE_RECORDED] = {"该行待审核（entry review），审核后再确认",
				   "it waits for review (entry review), then for confirmation"},
		[LINE_REVIEWED] = {"该行待确认（entry confirm）",
				   "it waits for confirmation (entry confirm)"},
		[LINE_REFUSED] = {"不予通过的行不再办理，确应计分的请重新记录（entry record）",
				  "a refused line stays so; if it was right, record it anew (entry "
				  "record)"},
		[LINE_CONFIRMED] = {"已确认的行只能冲正（entry reverse）",
				    "a confirmed line can only be reversed (entry reverse)"},
		[LINE_REVERSED] = {"已冲正的行不再办理，确应计分的请重新记录（entry record）",
				   "a reversed line stays so; if it was right, record it anew "
				   "(entry record)"},
	};

	if (state >= LINE_RECORDED && state <= LINE_REVERSED)
		buf_puts(out, next[state][lang]);
}

static void put_number(int64_t v, char how, enum lang lang, struct buf *out)
{
	char text[AMOUNT_TEXT_MAX];

	switch (how) {
	case 'p': buf_puts(out, points_text(points_of(v), text)); return;
	case 'd': put_day(v, lang, out); return;
	case 'm': buf_printf(out, "%02lld:%02lld", (long long)v / 60, (long long)v % 60); return;
	case 'l':
		if (v)
			buf_printf(out,
				   lang == LANG_ZH ? "第 %lld 行：" : "line %lld: ", (long long)v);
		return;
	case 'v':
		if (v)
			buf_printf(out, lang == LANG_ZH ? "第 %lld 版" : "version %lld",
				   (long long)v);
		else
			buf_puts(out, lang == LANG_ZH ? "无" : "none");
		return;
	case 's':
		if (v >= LINE_RECORDED && v <= LINE_REVERSED)
			buf_puts(out, line_state_text((enum line_state)v, lang));
		return;
	case 'n': put_next(v, lang, out); return;
	case 'o':
		if (v)
			buf_printf(out,
				   lang == LANG_ZH ? "，或没有第 %lld 行" : ", or has no line %lld",
				   (long long)v);
		return;
	default: buf_printf(out, "%lld", (long long)v);
	}
}

static void put_text(const char *s, char how, enum lang lang, struct buf *out)
{
	if (!*s) {
		buf_puts(out, lang == LANG_ZH ? "无" : "none");
		return;
	}
	switch (how) {
	case 'f': put_field(s, lang, out); return;
	case 'y': put_type(s, lang, out); return;
	case 'r': put_roles(s, lang, out); return;
	case 'c': put_choice(REC_LIST_SCOPE, s, lang, out); return;
	case 'g': put_choice(REC_LIST_GOODS, s, lang, out); return;
	case 'u': put_choice(REC_LIST_UNIT, s, lang, out); return;
	default: buf_puts(out, s);
	}
}

struct sentence {
	const struct reason *r;
	enum lang lang;
};

static void put_value(const void *ctx, char what, char how, struct buf *out)
{
	const struct sentence *s = ctx;

	if (what == 's' || what == 't')
		put_text(what == 's' ? s->r->s : s->r->t, how, s->lang, out);
	else
		put_number(s->r->num[(what - '0') & 3], how, s->lang, out);
}

int reason_text(const struct reason *r, enum lang lang, struct buf *out)
{
	const char *remedy = reasons[r->id].in[lang].remedy;
	struct sentence s = {r, lang};

	template_fill(reasons[r->id].in[lang].what, put_value, &s, out);
	if (*remedy) {
		buf_puts(out, lang == LANG_ZH ? "；" : "; ");
		template_fill(remedy, put_value, &s, out);
	}
	return out->err;
}

/* --- the stored form ------------------------------------------------------------------------------- */
/* reason | warnings counted | the kept ones; each reason: id | four numbers | two texts. */
static void pack_reason(const struct reason *r, struct buf *out)
{
	buf_put_varint(out, r->id);
	for (unsigned i = 0; i < 4; i++)
		state_put_zigzag(out, r->num[i]);
	state_put_text(out, bytes_str(r->s));
	state_put_text(out, bytes_str(r->t));
}

static void parse_text(struct cur *c, char out[REASON_TEXT_MAX])
{
	struct bytes t = state_get_text(c);

	if (t.n >= REASON_TEXT_MAX || !utf8_valid(t.p, t.n) || (t.n && memchr(t.p, 0, t.n)))
		c->err = ERR_FORMAT;
	else
		reason_set_text(out, t.p, t.n);
}

static void parse_reason(struct cur *c, struct reason *ret)
{
	uint64_t id = cur_varint(c);

	memset(ret, 0, sizeof(*ret));
	if (id >= V_COUNT) {
		c->err = ERR_FORMAT;
		return;
	}
	ret->id = (enum verdict_id)id;
	for (unsigned i = 0; i < 4; i++)
		ret->num[i] = state_get_zigzag(c);
	parse_text(c, ret->s);
	parse_text(c, ret->t);
}

static uint32_t kept(uint32_t nwarn)
{
	return nwarn < VERDICT_WARN_MAX ? nwarn : VERDICT_WARN_MAX;
}

int verdict_pack(const struct verdict *v, struct buf *out)
{
	pack_reason(&v->reason, out);
	buf_put_varint(out, v->nwarn);
	for (uint32_t i = 0; i < kept(v->nwarn); i++)
		pack_reason(&v->warn[i], out);
	return out->err;
}

int verdict_parse(const void *p, size_t n, struct verdict *ret)
{
	struct cur c = cur_of(p, n);
	struct verdict v;

	memset(&v, 0, sizeof(v));
	parse_reason(&c, &v.reason);
	uint64_t nwarn = cur_varint(&c);
	if (nwarn > UINT32_MAX)
		return ERR_FORMAT;
	v.nwarn = (uint32_t)nwarn;
	for (uint32_t i = 0; !c.err && i < kept(v.nwarn); i++)
		parse_reason(&c, &v.warn[i]);
	if (cur_done(&c))
		return ERR_FORMAT;
	*ret = v;
	return ERR_OK;
}

void reason_json(struct jw *w, const struct reason *r, enum lang lang)
{
	struct buf text = {0};

	jw_kstr(w, "rule", reason_rule(r->id));
	jw_kstr(w, "name", reason_name(r->id));
	if (reason_names_line(r->id) && r->num[0] > 0)
		jw_ku64(w, "line", (uint64_t)r->num[0]);
	reason_text(r, lang, &text);
	jw_kstr(w, "text", buf_str(&text));
	buf_close(&text);
}
