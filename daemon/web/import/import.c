#include "daemon/web/import/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/web/import/import_chars.h"
#include "daemon/web/import/import_table.h"
#include "lib/mem.h"
#include "lib/template.h"
#include "lib/text.h"
#include "lib/vec.h"

#define CHUNK_BYTES    65536
#define ID_SHOWN_FIRST 3
#define ID_SHOWN_LAST  2
#define NUMBER_HIDDEN  11 /* digits of a mobile phone; an identity number has more */

struct issue_kind {
	const char *name;
	enum import_severity severity;
	const char *zh, *en;
};
#define ISSUE_ROW(id, severity, zh, en) {#id, IMPORT_##severity, zh, en},
static const struct issue_kind kinds[] = {IMPORT_ISSUES(ISSUE_ROW)};

static const char *const severity_names[] = {"error", "warning", "note"};

enum import_severity import_issue_severity(enum import_id id)
{
	return kinds[id].severity;
}

/* --- memory ------------------------------------------------------------------------------------------- */

struct import_chunk {
	struct import_chunk *next;
	size_t used, size;
	uint64_t data[];
};

static struct import_chunk *chunk_new(struct import_report *rep, size_t n)
{
	size_t size = n > CHUNK_BYTES ? n : CHUNK_BYTES;
	struct import_chunk *c;

	if (size > IMPORT_MEMORY_MAX - rep->memory)
		return NULL;
	c = mem_alloc(sizeof(*c) + size);
	if (!c)
		return NULL;
	rep->memory += size;
	c->size = size;
	/* a large piece goes behind the first chunk, so that the rest of that is not lost */
	if (n > CHUNK_BYTES && rep->chunks) {
		c->next = rep->chunks->next;
		rep->chunks->next = c;
	} else {
		c->next = rep->chunks;
		rep->chunks = c;
	}
	return c;
}

void *import_alloc(struct import_report *rep, size_t n)
{
	struct import_chunk *c = rep->chunks;
	void *p;

	if (rep->err)
		return NULL;
	if (n > IMPORT_MEMORY_MAX) {
		rep->err = ERR_NOMEM;
		return NULL;
	}
	n = (n + 7) & ~(size_t)7;
	if (!c || n > c->size - c->used)
		c = chunk_new(rep, n);
	if (!c) {
		rep->err = ERR_NOMEM;
		return NULL;
	}
	p = (uint8_t *)c->data + c->used;
	c->used += n;
	return p;
}

struct bytes import_keep(struct import_report *rep, const void *p, size_t n)
{
	uint8_t *to = import_alloc(rep, n + 1);

	if (!to)
		return (struct bytes){NULL, 0};
	if (n)
		memcpy(to, p, n);
	return (struct bytes){to, n};
}

static size_t put_hidden(char *to, const struct chars_run *r)
{
	memcpy(to, r->text, ID_SHOWN_FIRST);
	memcpy(to + ID_SHOWN_FIRST, "***", 3);
	memcpy(to + ID_SHOWN_FIRST + 3, r->last, ID_SHOWN_LAST);
	return ID_SHOWN_FIRST + 3 + ID_SHOWN_LAST;
}

/* What would break the lines of the report, or turn them round. */
static uint32_t shown_char(uint32_t c)
{
	return c < 0x20 || c == 0x7f || chars_is_format(c) ? ' ' : c;
}

const char *import_shown(struct import_report *rep, struct bytes b)
{
	/* one hidden number, or one character, more than fits */
	char text[IMPORT_VALUE_BYTES + ID_SHOWN_FIRST + 3 + ID_SHOWN_LAST];
	struct chars s = chars_of(b);
	size_t n = 0;
	char *to;

	/* shortened before it is cut: a cut through a number would leave too much of it */
	while (s.p < s.end && n < IMPORT_VALUE_BYTES) {
		struct chars_run r = chars_run_at(s.p, s.end, 0);

		if (r.n >= NUMBER_HIDDEN) {
			n += put_hidden(text + n, &r);
			s.p = r.end;
			continue;
		}
		do { /* the whole short run, so that its rest is not taken for one of its own */
			chars_next(&s);
			n = (size_t)(chars_put((uint8_t *)text + n, shown_char(s.c)) -
				     (uint8_t *)text);
		} while (s.p < r.end && n < IMPORT_VALUE_BYTES);
	}
	n = utf8_cut(text, n, IMPORT_VALUE_BYTES);
	to = import_alloc(rep, n + 1);
	if (!to)
		return "";
	if (n)
		memcpy(to, text, n);
	return to;
}

const char *import_shown_id(struct import_report *rep, struct bytes b)
{
	char text[ID_SHOWN_FIRST + ID_SHOWN_LAST + 4];

	for (size_t i = 0; i < b.n;
	     i++) /* not one: what cannot be cut by bytes is shown as stars */
		if (b.p[i] >= 0x80)
			return "***";
	/* scientific notation and slips show nothing about the person */
	if (b.n <= 8)
		return import_shown(rep, b);
	memcpy(text, b.p, ID_SHOWN_FIRST);
	memcpy(text + ID_SHOWN_FIRST, "***", 3);
	memcpy(text + ID_SHOWN_FIRST + 3, b.p + b.n - ID_SHOWN_LAST, ID_SHOWN_LAST);
	return import_shown(rep, (struct bytes){(const uint8_t *)text,
						ID_SHOWN_FIRST + 3 + ID_SHOWN_LAST});
}

void import_report_close(struct import_report *rep)
{
	if (!rep)
		return;
	while (rep->chunks) {
		struct import_chunk *next = rep->chunks->next;

		mem_free(rep->chunks);
		rep->chunks = next;
	}
	mem_free(rep->issue);
	*rep = (struct import_report){0};
}

/* --- issues ------------------------------------------------------------------------------------------- */

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

void import_add(struct import_report *rep, const struct import_issue *i)
{
	enum import_severity severity = kinds[i->id].severity;

	if (rep->count[severity]++ >= IMPORT_ISSUES_MAX)
		return;
	if (VEC_ROOM(rep->issue, rep->n, rep->cap)) {
		rep->err = ERR_NOMEM;
		return;
	}
	struct import_issue *to = &rep->issue[rep->n++];
	*to = *i;
	to->column = or_empty(i->column);
	to->value = or_empty(i->value);
	to->s = or_empty(i->s);
	to->t = or_empty(i->t);
}

/* What must be mended first. */
static int by_severity(const void *a, const void *b)
{
	const struct import_issue *x = a, *y = b;

	if (kinds[x->id].severity != kinds[y->id].severity)
		return kinds[x->id].severity < kinds[y->id].severity ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return strcmp(x->column, y->column);
}

void import_report_sort(struct import_report *rep)
{
	if (rep->n)
		qsort(rep->issue, rep->n, sizeof(rep->issue[0]), by_severity);
}

bool import_report_clean(const struct import_report *rep)
{
	return !rep->count[IMPORT_ERROR] && (rep->accepted || !rep->count[IMPORT_WARNING]);
}

int import_end(struct import_report *rep, const struct import_opts *o)
{
	rep->accepted = o->accept;
	import_report_sort(rep);
	if (rep->err)
		return rep->err;
	return import_report_clean(rep) ? ERR_OK : ERR_INVALID;
}

/* --- maps --------------------------------------------------------------------------------------------- */

/* FNV-1a. Somebody who makes keys collide slows down his own import. */
static bool has_key(const void *ctx, uint32_t at, struct bytes key)
{
	return bytes_eq(((const struct import_map *)ctx)->key[at].key, key);
}

void import_map_close(struct import_map *m)
{
	map_close(&m->map);
	mem_free(m->key);
	*m = (struct import_map){0};
}

uint32_t import_map_put(struct import_map *m, struct bytes key, uint32_t value,
			struct import_report *rep)
{
	uint32_t at = map_get(&m->map, key, has_key, m);

	if (at != MAP_NONE)
		return m->key[at].value;
	if (!key.p || VEC_ROOM(m->key, m->n, m->cap) || map_add(&m->map, key, m->n)) {
		rep->err = ERR_NOMEM;
		return UINT32_MAX;
	}
	m->key[m->n].key = key;
	m->key[m->n++].value = value;
	return value;
}

/* --- the report for people and machines ----------------------------------------------------------------- */

static void put_place(const void *ctx, char what, char how, struct buf *out)
{
	const struct import_issue *i = ctx;

	(void)how;
	switch (what) {
	case 's': buf_puts(out, i->s); break;
	case 't': buf_puts(out, i->t); break;
	case 'v': buf_puts(out, i->value); break;
	default: buf_printf(out, "%" PRId64, i->num[what == '1']); break;
	}
}

int import_issue_text(const struct import_issue *i, enum lang lang, struct buf *out)
{
	return template_fill(lang == LANG_ZH ? kinds[i->id].zh : kinds[i->id].en, put_place, i,
			     out);
}

static void json_text(struct jw *w, const char *key, const struct import_issue *i, enum lang lang)
{
	struct buf text = {0};

	import_issue_text(i, lang, &text);
	jw_key(w, key);
	jw_strn(w, buf_str(&text), text.err ? 0 : text.n);
	if (text.err && !w->out->err)
		w->out->err = text.err;
	buf_close(&text);
}

static uint32_t unlisted(const struct import_report *rep)
{
	return rep->count[IMPORT_ERROR] + rep->count[IMPORT_WARNING] + rep->count[IMPORT_NOTE] -
	       rep->n;
}

void import_report_json(const struct import_report *rep, struct jw *w)
{
	jw_obj(w);
	jw_kbool(w, "importable", import_report_clean(rep));
	jw_kbool(w, "accepted", rep->accepted);
	jw_kstr(w, "encoding", encoding_name(rep->encoding));
	jw_ku64(w, "rows", rep->rows);
	jw_ku64(w, "records", rep->records);
	jw_ku64(w, "errors", rep->count[IMPORT_ERROR]);
	jw_ku64(w, "warnings", rep->count[IMPORT_WARNING]);
	jw_ku64(w, "notes", rep->count[IMPORT_NOTE]);
	jw_ku64(w, "unlisted", unlisted(rep));
	jw_key(w, "issues");
	jw_arr(w);
	for (uint32_t k = 0; k < rep->n; k++) {
		const struct import_issue *i = &rep->issue[k];

		jw_obj(w);
		jw_ku64(w, "row", i->row);
		jw_kstr(w, "column", i->column);
		jw_kstr(w, "value", i->value);
		jw_kstr(w, "severity", severity_names[kinds[i->id].severity]);
		jw_kstr(w, "code", kinds[i->id].name);
		json_text(w, "text_zh", i, LANG_ZH);
		json_text(w, "text_en", i, LANG_EN);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_obj_end(w);
}
