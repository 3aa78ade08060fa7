#include "daemon/ledger/query/view.h"

#include <stddef.h>
#include <string.h>

/* --- tables, all of them made from views.def ------------------------------------------------------- */

#define STATE_ROW(list, value, name, zh, en) [value] = {#name, zh, en},
#define STATE_TABLE(list)                                                                          \
	static const struct rec_choice state_##list[] = {STATES_##list(STATE_ROW)};
STATES_ALL(STATE_TABLE)

#define COUNT(a)	  (sizeof(a) / sizeof((a)[0]))
#define STATE_PLACE(list) STATE_LIST_##list,
enum { STATES_ALL(STATE_PLACE) STATE_LISTS };
#define STATE_LIST(list) {#list, state_##list, COUNT(state_##list)},
static const struct rec_choices state_lists[] = {STATES_ALL(STATE_LIST)};

/* What a kind of a list's field is in the terms of a record's. */
#define IS_U(list)	.kind = REC_U, .min = 0, .max = INT64_MAX
#define IS_SEQ(list)	.kind = REC_U, .min = 1, .max = INT64_MAX
#define IS_POINTS(list) .kind = REC_POINTS, .min = INT64_MIN, .max = INT64_MAX
#define IS_QTY(list)	.kind = REC_QTY, .min = INT64_MIN, .max = INT64_MAX
#define IS_DAY(list)	.kind = REC_DAY
#define IS_TEXT(list)	.kind = REC_TEXT, .max = INT64_MAX
#define IS_NAME(list)	IS_TEXT(list), .person = true
#define IS_NUMBER(list) IS_TEXT(list), .number = true
#define IS_CODE(list)	.kind = REC_CODE, .max = INT64_MAX
#define IS_CHOICE(list) .kind = REC_CHOICE, .max = INT64_MAX, .choices = &rec_lists[REC_LIST_##list]
#define IS_STATE(list)                                                                             \
	.kind = REC_CHOICE, .max = INT64_MAX, .choices = &state_lists[STATE_LIST_##list]

#define VIEW_FIELD(R, field, is, list, who, name_zh, name_en)                                      \
	{.name = #field,                                                                           \
	 IS_##is(list),                                                                            \
	 .privacy = REC_##who,                                                                     \
	 .offset = offsetof(struct row_##R, field),                                                \
	 .zh = name_zh,                                                                            \
	 .en = name_en},
#define VIEW_FIELDS(name, params, duty, zh, en)                                                    \
	static const struct rec_field field_##name[] = {ROW_##name(VIEW_FIELD, name)};             \
	_Static_assert(sizeof(struct row_##name) <= VIEW_ROW_MAX, "row too large");
VIEWS(VIEW_FIELDS)

#define DUTY_FREE		 NULL, NULL, NULL
#define DUTY_OPEN(due, done, by) #due, #done, #by
#define VIEW_DEF(name, params, duty, zh, en)                                                       \
	[VIEW_##name] = {#name,                                                                    \
			 zh,                                                                       \
			 en,                                                                       \
			 params,                                                                   \
			 field_##name,                                                             \
			 COUNT(field_##name),                                                      \
			 sizeof(struct row_##name),                                                \
			 DUTY_##duty,                                                              \
			 rows_##name},
const struct view_def views[VIEWS_N] = {VIEWS(VIEW_DEF)};

const struct view_def *view_named(const char *name)
{
	for (uint32_t i = 0; i < VIEWS_N; i++)
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	return NULL;
}

const struct rec_field *view_field(const struct view_def *def, const char *name)
{
	for (uint32_t i = 0; i < def->nfields; i++)
		if (strcmp(def->field[i].name, name) == 0)
			return &def->field[i];
	return NULL;
}

/* --- rows ------------------------------------------------------------------------------------------ */

#define SHORT_NAMES_BYTES 256

int view_put(struct view_out *out, const void *row)
{
	uint8_t text[SHORT_NAMES_BYTES];
	struct buf shown = {.p = text, .cap = sizeof(text), .max = sizeof(text) - 1};
	union {
		uint8_t raw[VIEW_ROW_MAX];
		uint64_t align;
		void *align_p;
	} copy;

	memcpy(copy.raw, row, out->def->row_size);
	rec_redact(out->def->field, out->def->nfields, copy.raw, out->upto, &shown);
	return out->row(out->ctx, copy.raw);
}

int view_each(struct ask *a, const struct view_def *def, int (*fn)(void *ctx, const void *row),
	      void *ctx)
{
	return def->rows(a, &(struct view_out){.def = def, .upto = a->upto, .row = fn, .ctx = ctx});
}

/* --- what was asked for ---------------------------------------------------------------------------- */

const struct view_param view_params[VIEW_PARAMS] = {{"from", VIEW_PERIOD},
						    {"to", VIEW_PERIOD},
						    {"year", VIEW_PERIOD | VIEW_YEAR},
						    {"category", VIEW_CATEGORY},
						    {"household", VIEW_HOUSEHOLD},
						    {"all", VIEW_ALL}};

static int param_unknown(struct ask *a, const struct view_def *def, const char *name)
{
	struct buf zh = {0}, en = {0};
	int err;

	bool any = def->params & ~VIEW_TOWN;

	buf_puts(&zh, any ? "可用：" : "它没有选项");
	buf_puts(&en, any ? "it has:" : "it has none");
	for (uint32_t i = 0; i < VIEW_PARAMS; i++) {
		if (!(def->params & view_params[i].param))
			continue;
		buf_printf(&zh, " %s", view_params[i].name);
		buf_printf(&en, " %s", view_params[i].name);
	}
	err = ask_refuse(a, ASK_WRONG, "PARAMETER", name,
			 SAYS("这种统计表没有这个选项", "this table does not have this option"),
			 SAYS(buf_str(&zh), buf_str(&en)));
	buf_close(&zh);
	buf_close(&en);
	return err;
}

/* What a list does not know would change nothing in it, and be believed to have. */
static int params_known(struct ask *a, const struct view_def *def)
{
	for (uint32_t i = 0; i < VIEW_PARAMS; i++)
		if (!(def->params & view_params[i].param) && ask_param(a, view_params[i].name))
			return param_unknown(a, def, view_params[i].name);
	return ERR_OK;
}

static int of_village(struct ask *a)
{
	if (a->feed.no != FEED_TOWN)
		return ERR_OK;
	return ask_refuse(a, ASK_MISSING, "FEED_UNKNOWN", "feed",
			  SAYS("统计表属于各村日志，请指明村代码",
			       "tables are of villages: name one"),
			  SAYS("如 --feed 500101999201", "for example --feed 500101999201"));
}

static int of_town(struct ask *a)
{
	if (a->feed.no == FEED_TOWN)
		return ERR_OK;
	return ask_refuse(a, ASK_MISSING, "FEED_UNKNOWN", "feed",
			  SAYS("这是全镇的统计表，在镇级中心查看",
			       "this table is of the town: ask for it at the hub"),
			  SAYS("--dir 指向中心的目录", "--dir of the hub"));
}

int view_check(struct ask *a, const struct view_def *def)
{
	int err = params_known(a, def);

	if (err)
		return err;
	return def->params & VIEW_TOWN ? of_town(a) : of_village(a);
}

/* A year is counted by the day of the deed, as its appraisal does; a period by that of confirmation. */
#define YEAR_FIRST 2000
#define YEAR_LAST  2199

static int whole_year(struct ask *a, struct view_period *p)
{
	if (p->from == DAY_NONE && p->to == DAY_NONE && p->year >= YEAR_FIRST &&
	    day_from_ymd((int)p->year, 1, 1, &p->from) &&
	    day_from_ymd((int)p->year, 12, 31, &p->to))
		return ERR_OK;
	return ask_refuse(a, ASK_WRONG, "PARAMETER", "year",
			  SAYS("年度不能与起止日期同用，且不早于 2000 年",
			       "a year goes without from and to, and is 2000 or later"),
			  SAYS("按发生日期排名用 year，按确认日期用 from 和 to",
			       "year counts by the day of the deed, from and to by that of "
			       "confirmation"));
}

int view_period(struct ask *a, struct view_period *ret)
{
	struct view_period p = {.from = DAY_NONE, .to = DAY_NONE};
	int err = ask_day(a, "from", &p.from);

	if (!err)
		err = ask_day(a, "to", &p.to);
	if (!err)
		err = ask_u64(a, "year", YEAR_LAST, &p.year);
	if (!err && p.year)
		err = whole_year(a, &p);
	if (!err && p.from != DAY_NONE && p.to != DAY_NONE && p.to < p.from)
		err = ask_refuse(a, ASK_WRONG, "PARAMETER", "to",
				 SAYS("止期早于起期", "the last day is before the first"),
				 SAYS("请核对 from 和 to", "check from and to"));
	if (!err)
		*ret = p;
	return err;
}

int view_year(struct ask *a, uint64_t *ret)
{
	*ret = a->day == DAY_NONE ? 0 : (uint64_t)day_year(a->day);
	return ask_u64(a, "year", YEAR_LAST, ret);
}

/* Single-item appraisals rank by one category. */
int view_category(struct ask *a, char *ret)
{
	const struct rec_choices *l = &rec_lists[REC_LIST_CATEGORY];
	const char *asked = ask_param(a, "category");

	for (uint32_t i = 0; asked && i < l->n; i++) {
		if (strcmp(l->v[i].name, asked) == 0) {
			*ret = asked[0];
			return ERR_OK;
		}
	}
	*ret = '\0';
	if (!asked)
		return ERR_OK;
	return ask_refuse(a, ASK_WRONG, "PARAMETER", "category",
			  SAYS("没有这个类别", "there is no such category"),
			  SAYS("可用：A 至 G", "there are: A to G"));
}

int view_household_asked(struct ask *a, struct bytes *ret)
{
	const char *asked = ask_param(a, "household");
	struct view_household h;
	int err;

	*ret = bytes_str(asked ? asked : "");
	if (!asked)
		return ERR_OK;
	err = view_household(a->t, a->feed.no, *ret, &h);
	if (err != ERR_NOTFOUND)
		return err;
	return ask_refuse(a, ASK_MISSING, "HOUSEHOLD_UNKNOWN", "household",
			  SAYS("没有这个户编号", "there is no such household"),
			  SAYS("用 cunzhang account 查看全部户编号",
			       "cunzhang account lists all households"));
}
