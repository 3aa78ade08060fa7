#include "tests/lib/provoke.h"

#include <stdio.h>

#include "lib/err.h"
#include "lib/text.h"
#include "tests/lib/t.h"

#define SENTENCE_MAX 1024

static bool met[V_COUNT];

bool provoke_met(enum verdict_id id)
{
	return met[id];
}

void provoke_text(const struct reason *r, enum lang lang, char *out, size_t cap)
{
	struct buf b = {0};

	T_EQ(reason_text(r, lang, &b), ERR_OK);
	T_OK(b.n > 0 && b.n < cap);
	snprintf(out, cap, "%s", buf_str(&b));
	buf_close(&b);
}

/* Both sentences can be shown, and nothing in them is left open. */
static void read_sentences(const struct reason *r, const char *file, int line)
{
	char zh[SENTENCE_MAX], en[SENTENCE_MAX];

	provoke_text(r, LANG_ZH, zh, sizeof(zh));
	provoke_text(r, LANG_EN, en, sizeof(en));
	if (strpbrk(zh, "{}") || strpbrk(en, "{}") || strcmp(zh, en) == 0 || strlen(zh) <= 10 ||
	    strlen(en) <= 10 || !utf8_clean(zh, strlen(zh), false))
		t_fail(file, line, "%s: \"%s\", \"%s\"", reason_name(r->id), zh, en);
}

static void check_reason(const struct reason *r, const char *name, const char *rule,
			 const int64_t num[4], const char *file, int line)
{
	if (strcmp(reason_name(r->id), name) != 0 || strcmp(reason_rule(r->id), rule) != 0)
		t_fail(file, line, "got %s of %s, want %s of %s", reason_name(r->id),
		       reason_rule(r->id), name, rule);
	for (int i = 0; i < 4; i++)
		if (r->num[i] != num[i])
			t_fail(file, line, "%s: number %d is %lld, want %lld", name, i,
			       (long long)r->num[i], (long long)num[i]);
	read_sentences(r, file, line);
	met[r->id] = true;
}

void provoke_refused(const struct town *w, const char *name, const char *rule, const int64_t num[4],
		     const char *file, int line)
{
	check_reason(&w->last.reason, name, rule, num, file, line);
}

void provoke_warned(const struct town *w, const char *name, const char *rule, const int64_t num[4],
		    bool alone, const char *file, int line)
{
	const struct verdict *v = &w->last;
	uint32_t i = 0;

	if (v->reason.id != V_ACCEPTED || v->nwarn == 0)
		t_fail(file, line, "got %s with %u warnings, want a warning %s",
		       reason_name(v->reason.id), (unsigned)v->nwarn, name);
	if (alone && v->nwarn != 1)
		t_fail(file, line, "%u warnings, want only %s", (unsigned)v->nwarn, name);
	while (i + 1 < v->nwarn && i + 1 < VERDICT_WARN_MAX &&
	       strcmp(reason_name(v->warn[i].id), name) != 0)
		i++;
	check_reason(&v->warn[i], name, rule, num, file, line);
}

enum verdict_id provoke_put(struct town *w, uint32_t no, const char *author, enum rec_code type,
			    const void *head, const void *lines, uint32_t nlines)
{
	struct hash before, after;

	town_digest(w, no, &before);
	town_put(w, no, author, type, head, lines, nlines);
	town_digest(w, no, &after);
	if (verdict_ok(&w->last) == (hash_cmp(&before, &after) == 0))
		t_fail(__FILE__, __LINE__, "%s, and the state is %s",
		       reason_name(w->last.reason.id),
		       verdict_ok(&w->last) ? "the same" : "another");
	if (!verdict_ok(&w->last))
		read_sentences(&w->last.reason, __FILE__, __LINE__);
	for (uint32_t i = 0; i < w->last.nwarn && i < VERDICT_WARN_MAX; i++)
		read_sentences(&w->last.warn[i], __FILE__, __LINE__);
	return w->last.reason.id;
}
