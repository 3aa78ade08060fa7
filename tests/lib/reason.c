#include "tests/lib/reason.h"

#include "lib/err.h"
#include "lib/text.h"
#include "tests/lib/t.h"

static void check(const char *file, int line, const struct reason *r, const char *name,
		  const char *rule, const int64_t want[4])
{
	if (strcmp(reason_name(r->id), name) != 0)
		t_fail(file, line, "%s, not %s", reason_name(r->id), name);
	if (strcmp(reason_rule(r->id), rule) != 0)
		t_fail(file, line, "%s has the rule %s", name, reason_rule(r->id));
	for (int i = 0; i < 4; i++)
		if (r->num[i] != want[i])
			t_fail(file, line, "%s: number %d is %lld, not %lld", name, i,
			       (long long)r->num[i], (long long)want[i]);
	for (int lang = LANG_ZH; lang <= LANG_EN; lang++) {
		struct buf b = {0};

		if (reason_text(r, (enum lang)lang, &b) || strpbrk(buf_str(&b), "{}") ||
		    !utf8_clean((const char *)b.p, b.n, false))
			t_fail(file, line, "%s cannot be read: %s", name, buf_str(&b));
		buf_close(&b);
	}
}

void reason_refused(const char *file, int line, const struct town *w, const char *name,
		    const char *rule, const int64_t want[4])
{
	check(file, line, &w->last.reason, name, rule, want);
}

void reason_warned(const char *file, int line, const struct town *w, const char *name,
		   const char *rule, const int64_t want[4])
{
	if (!verdict_ok(&w->last) || w->last.nwarn != 1)
		t_fail(file, line, "%s with %u warnings", reason_name(w->last.reason.id),
		       w->last.nwarn);
	check(file, line, &w->last.warn[0], name, rule, want);
}

enum verdict_id reason_put(struct town *w, uint32_t no, const char *author, enum rec_code type,
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
	return w->last.reason.id;
}
