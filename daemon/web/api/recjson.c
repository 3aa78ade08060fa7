#include "daemon/web/api/recjson.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/kept.h"
#include "daemon/web/api/reply.h"
#include "lib/mem.h"
#include "lib/text.h"

#define NUMBER_TEXT_MAX	 32
#define NAME_SHOWN_BYTES 64

static int complain(struct recjson_issue *i, enum recjson_why why, const struct rec_field *f,
		    const char *name)
{
	char at[24] = "record";

	if (i->line)
		snprintf(at, sizeof(at), "lines[%" PRIu32 "]", i->line - 1);
	i->why = why;
	i->field = f;
	/* a name that is not ours may be long: cut between characters */
	if (name)
		snprintf(i->path, sizeof(i->path), "%s.%.*s", at,
			 (int)utf8_cut(name, strlen(name), NAME_SHOWN_BYTES), name);
	else
		snprintf(i->path, sizeof(i->path), "%s", at);
	return ERR_INVALID;
}

/* The value as people would write it; false when JSON of this type says nothing. */
static bool as_text(const struct rec_field *f, json_t *v, char number[NUMBER_TEXT_MAX],
		    const char **ret, size_t *ret_n)
{
	if (json_is_string(v)) {
		*ret = json_string_value(v);
		*ret_n = json_string_length(v);
		return true;
	}
	if (json_is_integer(v) &&
	    (f->kind == REC_U || f->kind == REC_QTY || f->kind == REC_POINTS || f->kind == REC_FEN))
		snprintf(number, NUMBER_TEXT_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_boolean(v) && f->choices == &rec_lists[REC_LIST_YES])
		snprintf(number, NUMBER_TEXT_MAX, "%s", json_is_true(v) ? "yes" : "no");
	else
		return false;
	*ret = number;
	*ret_n = strlen(number);
	return true;
}

static const struct rec_field *field_named(const struct rec_field *f, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(f[i].name, name) == 0)
			return &f[i];
	return NULL;
}

static uint32_t count_bin(const struct rec_field *f, uint32_t n)
{
	uint32_t bins = 0;

	for (uint32_t i = 0; i < n; i++)
		bins += rec_is_hex(&f[i]);
	return bins;
}

/* One object into one struct; @scratch has room for its BIN values and moves on. */
static int read_struct(const struct rec_field *f, uint32_t n, json_t *obj, uint8_t **scratch,
		       void *ret, uint64_t *given, struct recjson_issue *issue)
{
	char number[NUMBER_TEXT_MAX];
	const char *name, *text;
	size_t text_n;
	json_t *v;

	if (!json_is_object(obj))
		return complain(issue, RECJSON_SHAPE, NULL, NULL);
	json_object_foreach (obj, name, v)
		if (!field_named(f, n, name))
			return complain(issue, RECJSON_UNKNOWN, NULL, name);
	for (uint32_t i = 0; i < n; i++) {
		v = json_object_get(obj, f[i].name);
		if (!v || json_is_null(v)) {
			if (!rec_optional(&f[i]))
				return complain(issue, RECJSON_MISSING, &f[i], f[i].name);
			continue;
		}
		if (!as_text(&f[i], v, number, &text, &text_n) ||
		    rec_field_parse(&f[i], text, text_n, *scratch, ret))
			return complain(issue, RECJSON_VALUE, &f[i], f[i].name);
		*given |= UINT64_C(1) << i;
		if (rec_is_hex(&f[i]))
			*scratch += REC_SCRATCH_BYTES;
	}
	return ERR_OK;
}

int recjson_read(const struct rec_type *t, json_t *head, json_t *lines, struct recjson *ret,
		 struct recjson_issue *ret_issue)
{
	size_t n = lines ? json_array_size(lines) : 0, bins;
	json_t *none = head ? NULL : json_object();
	uint8_t *scratch;
	int err = ERR_OK;

	*ret = (struct recjson){.t = t};
	*ret_issue = (struct recjson_issue){.t = t};
	if (lines && !json_is_array(lines)) {
		err = complain(ret_issue, RECJSON_SHAPE, NULL, NULL);
		snprintf(ret_issue->path, sizeof(ret_issue->path), "lines");
	} else if ((n < t->lines_min && !kept_is(t)) || n > t->lines_max) {
		err = complain(ret_issue, RECJSON_LINES, NULL, NULL);
		snprintf(ret_issue->path, sizeof(ret_issue->path), "lines");
	}
	if (err)
		goto out;
	bins = count_bin(t->head, t->nhead) + n * count_bin(t->line, t->nline);
	ret->scratch = mem_array(bins + 1, REC_SCRATCH_BYTES);
	ret->lines = mem_array(n + 1, t->line_size + 1);
	ret->line_given = mem_array(n + 1, sizeof(ret->line_given[0]));
	if (!ret->scratch || !ret->lines || !ret->line_given) {
		err = ERR_NOMEM;
		goto out;
	}
	scratch = ret->scratch;
	err = read_struct(t->head, t->nhead, head ? head : none, &scratch, &ret->head, &ret->given,
			  ret_issue);
	for (ret->nlines = 0; !err && ret->nlines < n; ret->nlines++) {
		ret_issue->line = ret->nlines + 1;
		err = read_struct(t->line, t->nline, json_array_get(lines, ret->nlines), &scratch,
				  ret->lines + ret->nlines * t->line_size,
				  &ret->line_given[ret->nlines], ret_issue);
	}
out:
	json_decref(none);
	return err;
}

void recjson_close(struct recjson *r)
{
	if (!r)
		return;
	mem_free(r->lines);
	mem_free(r->line_given);
	mem_free(r->scratch);
	*r = (struct recjson){0};
}

/* --- complaints ---------------------------------------------------------------------------------- */

static void expects_bytes(const struct rec_field *f, enum lang lang, struct buf *out)
{
	bool bin = f->kind == REC_BIN;

	if (bin)
		buf_puts(out, lang == LANG_EN ? "hexadecimal digits" : "十六进制数字");
	else if (f->kind == REC_CODE)
		buf_puts(out, lang == LANG_EN ? "letters, digits, . _ -" : "字母、数字、. _ -");
	else
		buf_puts(out, lang == LANG_EN ? "text in one line" : "一行文字");
	if (f->min == f->max)
		buf_printf(out,
			   lang == LANG_EN ? ", exactly %" PRId64 " bytes"
					   : "，恰好 %" PRId64 " 字节",
			   f->max);
	else
		buf_printf(out,
			   lang == LANG_EN ? ", %" PRId64 " to %" PRId64 " bytes"
					   : "，%" PRId64 " 到 %" PRId64 " 字节",
			   f->min, f->max);
	if (f->kind == REC_TEXT)
		buf_puts(out,
			 lang == LANG_EN ? " (a Chinese character has 3)" : "（一个汉字 3 字节）");
}

void recjson_expects(const struct rec_field *f, enum lang lang, struct buf *out)
{
	char lo[AMOUNT_TEXT_MAX], hi[AMOUNT_TEXT_MAX];
	bool en = lang == LANG_EN;

	switch (f->kind) {
	case REC_QTY:
	case REC_U:
		buf_printf(out, en ? "a whole number from %" PRId64 : "整数，不小于 %" PRId64,
			   f->min);
		if (f->max != INT64_MAX)
			buf_printf(out, en ? " to %" PRId64 : "，不大于 %" PRId64, f->max);
		break;
	case REC_POINTS:
		buf_printf(out,
			   en ? "points from %s to %s, at most two decimals, as text: \"36.50\""
			      : "分值，%s 到 %s，最多两位小数，如 36.50",
			   points_text(points_of(f->min), lo), points_text(points_of(f->max), hi));
		break;
	case REC_FEN:
		buf_printf(out,
			   en ? "yuan from %s to %s, at most two decimals, as text: \"7.90\""
			      : "金额（元），%s 到 %s，最多两位小数，如 7.90",
			   fen_text(fen_of(f->min), lo), fen_text(fen_of(f->max), hi));
		break;
	case REC_MINUTE:
		buf_printf(out, en ? "a time of day from %s" : "时间，%s",
			   minute_text((uint64_t)f->min, lo));
		buf_printf(out, en ? " to %s, like 09:30" : " 到 %s，如 09:30",
			   minute_text((uint64_t)f->max, hi));
		break;
	case REC_DIGEST:
		buf_puts(out, en ? "SHA-256 of a file, 64 hexadecimal digits"
				 : "文件的 SHA-256 摘要，64 位十六进制数字");
		break;
	case REC_DAY: buf_puts(out, en ? "a date like 2025-01-31" : "日期，如 2025-01-31"); break;
	case REC_TEXT:
	case REC_CODE:
	case REC_BIN: expects_bytes(f, lang, out); break;
	case REC_CHOICE:
		buf_puts(out, en ? "one of:" : "以下之一：");
		for (int64_t i = f->min; i <= f->max && i < f->choices->n; i++) {
			const struct rec_choice *c = &f->choices->v[i];

			buf_printf(out, " %s(%s", c->name, c->zh);
			if (strcmp(c->en, c->name) != 0)
				buf_printf(out, "/%s", c->en);
			buf_puts(out, ")");
		}
		break;
	}
}

static void put_what(const struct recjson_issue *i, enum lang lang, struct buf *out)
{
	bool en = lang == LANG_EN;
	const char *label = i->field ? (en ? i->field->en : i->field->zh) : i->path;

	if (i->line)
		buf_printf(out, en ? "line %" PRIu32 ": " : "第 %" PRIu32 " 行：", i->line);
	switch (i->why) {
	case RECJSON_MISSING: buf_printf(out, en ? "\"%s\" is missing" : "缺少“%s”", label); break;
	case RECJSON_UNKNOWN:
		buf_printf(out, en ? "there is no field \"%s\"" : "没有字段“%s”", label);
		break;
	case RECJSON_VALUE:
		buf_printf(out, en ? "\"%s\" cannot be read" : "“%s”无法识别", label);
		break;
	case RECJSON_SHAPE:
		buf_printf(
			out,
			en ? "\"%s\" has another shape: \"record\" is an object, \"lines\" a list "
			     "of objects"
			   : "“%s”结构不对：record 应为对象，lines 应为对象列表",
			label);
		break;
	case RECJSON_LINES:
		buf_printf(out,
			   en ? "%s takes %" PRIu32 " to %" PRIu32 " lines"
			      : "%s应有 %" PRIu32 " 到 %" PRIu32 " 行",
			   en ? i->t->en : i->t->zh, i->t->lines_min, i->t->lines_max);
		break;
	}
}

void recjson_refuse(const struct recjson_issue *i, enum lang lang, struct web_res *res)
{
	static const char *const codes[] = {"FIELD_MISSING", "FIELD_UNKNOWN", "FIELD_VALUE",
					    "RECORD_SHAPE", "LINES_COUNT"};
	struct buf what = {0}, hint = {0};
	const char *h = NULL;

	put_what(i, lang, &what);
	if (i->field) {
		recjson_expects(i->field, lang, &hint);
		h = buf_str(&hint);
	}
	reply_error(res, lang, 400, codes[i->why], i->path, SAYS(buf_str(&what), buf_str(&what)),
		    SAYS(h, h));
	buf_close(&what);
	buf_close(&hint);
}
