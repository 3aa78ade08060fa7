#include <inttypes.h>
#include <stdio.h>

#include "daemon/ledger/state/read_person.h"
#include "daemon/web/api/entryjson.h"
#include "daemon/web/api/tables.h"

void cell_points(struct tabling *t, struct points p)
{
	char text[AMOUNT_TEXT_MAX];

	jw_str(&t->r.w, points_text(p, text));
}

void cell_day(struct tabling *t, day_t day)
{
	char text[DATE_TEXT_MAX];

	jw_str(&t->r.w, day_text(day, text));
}

void cell_bytes(struct tabling *t, struct bytes b)
{
	jw_strn(&t->r.w, (const char *)b.p, b.n);
}

void cell_share(struct tabling *t, uint64_t part, uint64_t whole)
{
	uint64_t tenths = whole ? (part * 2000 + whole) / (2 * whole) : 0;
	char text[32] = "-";

	if (whole)
		snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	jw_str(&t->r.w, text);
}

void cell_choice(struct tabling *t, enum rec_list list, uint32_t v)
{
	const struct rec_choices *l = &rec_lists[list];

	if (v < l->n)
		jw_str(&t->r.w, t->r.req->lang == LANG_EN ? l->v[v].en : l->v[v].zh);
	else
		jw_str(&t->r.w, "");
}

void cell_person(struct tabling *t, const uint8_t key[SIGN_KEY_BYTES])
{
	struct view_person p;

	jw_str(&t->r.w, entryjson_person(&t->r, key, &p) ? p.name : "");
}

void cell_says(struct tabling *t, struct says s)
{
	jw_str(&t->r.w, says_in(s, t->r.req->lang));
}

void cell_entry(struct tabling *t, uint64_t seq)
{
	if (seq)
		jw_u64(&t->r.w, seq);
	else
		jw_str(&t->r.w, "");
}

int cell_end(struct tabling *t)
{
	jw_arr_end(&t->r.w);
	return t->r.w.out->err;
}
