#include "daemon/ledger/query/view.h"

#include "lib/err.h"
#include "tests/lib/rows.h"
#include "tests/lib/t.h"

/* What all lists have in common: their descriptions are whole, what was asked for is checked, and a row shows
 * what its reader may see. */

static struct ask nothing_asked(struct town *w, uint32_t no, struct ask_param *param, uint32_t n)
{
	struct ask a = rows_ask(w, no);

	a.param = param;
	a.nparams = n;
	return a;
}

/* --- descriptions ---------------------------------------------------------------------------------- */

static bool lower_word(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz_");

	return n > 0 && s[n] == '\0';
}

static void test_every_list_has_a_name_and_labels(void)
{
	for (uint32_t i = 0; i < VIEWS_N; i++) {
		const struct view_def *v = &views[i];

		T_OK(lower_word(v->name));
		T_OK(view_named(v->name) == v); /* nobody else has it */
		T_OK(v->zh[0] && v->en[0]);
		T_OK(v->nfields > 0);
		T_OK(v->rows != NULL);
	}
	T_OK(view_named("odd") == NULL);
}

static size_t place_bytes(enum rec_kind kind)
{
	switch (kind) {
	case REC_DAY:
	case REC_CHOICE: return 4;
	case REC_TEXT:
	case REC_CODE:
	case REC_BIN:
	case REC_DIGEST: return sizeof(struct bytes);
	case REC_U:
	case REC_POINTS:
	case REC_FEN:
	case REC_QTY:
	case REC_MINUTE: break;
	}
	return 8;
}

static void test_every_field_has_a_place_and_labels(void)
{
	for (uint32_t i = 0; i < VIEWS_N; i++) {
		const struct view_def *v = &views[i];
		size_t end = 0;

		for (uint32_t j = 0; j < v->nfields; j++) {
			const struct rec_field *f = &v->field[j];

			T_OK(lower_word(f->name));
			T_OK(view_field(v, f->name) == f); /* nobody else of this list has it */
			T_OK(f->zh[0] && f->en[0]);
			T_OK((f->choices != NULL) == (f->kind == REC_CHOICE));
			T_OK(f->offset >= end); /* no two in one place */
			end = f->offset + place_bytes(f->kind);
		}
		T_OK(end <= v->row_size);
	}
}

/* The list "due" copies these from any list with a duty. */
static void test_a_duty_says_what_and_until_when(void)
{
	uint32_t duties = 0;

	for (uint32_t i = 0; i < VIEWS_N; i++) {
		const struct view_def *v = &views[i];

		if (!v->due)
			continue;
		duties++;
		T_EQ(view_field(v, v->due)->kind, REC_DAY);
		T_EQ(view_field(v, v->done)->kind, REC_DAY);
		T_EQ(view_field(v, "what")->kind, REC_TEXT);
		T_EQ(view_field(v, "subject")->kind, REC_TEXT);
		T_EQ(view_field(v, "entry")->kind, REC_U);
	}
	T_OK(duties > 0);
}

/* --- what was asked for ---------------------------------------------------------------------------- */

static int period(struct town *w, uint32_t no, struct ask_param *param, uint32_t n,
		  struct view_period *ret)
{
	struct ask a = nothing_asked(w, no, param, n);

	return view_period(&a, ret);
}

static void test_a_period_is_days_or_a_year(void)
{
	struct ask_param days[] = {{"from", "2026-02-01"}, {"to", "2026-02-28"}};
	struct ask_param back[] = {{"from", "2026-02-02"}, {"to", "2026-02-01"}};
	struct ask_param year[] = {{"year", "2025"}};
	struct ask_param both[] = {{"year", "2025"}, {"to", "2025-12-31"}};
	struct ask_param early[] = {{"year", "1999"}};
	struct view_period p = {.year = 7};
	struct town w;
	uint32_t no = town_open(&w, 1);

	town_begin(&w);
	T_EQ(period(&w, no, NULL, 0, &p), ERR_OK);
	T_EQ(p.from, DAY_NONE);
	T_EQ(p.to, DAY_NONE);
	T_EQ(p.year, 0);
	T_EQ(period(&w, no, days, 2, &p), ERR_OK);
	T_EQ(p.from, town_day(2026, 2, 1));
	T_EQ(p.to, town_day(2026, 2, 28));
	T_EQ(period(&w, no, year, 1, &p), ERR_OK);
	T_EQ(p.from, town_day(2025, 1, 1));
	T_EQ(p.to, town_day(2025, 12, 31));
	T_EQ(p.year, 2025);
	T_EQ(period(&w, no, back, 2, &p), ASK_REFUSED);
	T_EQ(period(&w, no, both, 2, &p), ASK_REFUSED);
	T_EQ(period(&w, no, early, 1, &p), ASK_REFUSED);
	T_EQ(p.year, 2025); /* untouched */
	town_commit(&w);
	town_close(&w);
}

static void test_a_list_answers_its_own_questions_alone(void)
{
	struct ask_param param[] = {{"category", "A"}};
	struct town w;
	uint32_t no = town_open(&w, 2);
	struct ask a;

	town_begin(&w);
	a = nothing_asked(&w, no, param, 1);
	T_EQ(view_check(&a, &views[VIEW_households]), ERR_OK);
	T_EQ(view_check(&a, &views[VIEW_ledger]), ASK_REFUSED);
	T_STR(a.issue.param, "category");
	a = nothing_asked(&w, FEED_TOWN, NULL, 0);
	T_EQ(view_check(&a, &views[VIEW_households]), ASK_REFUSED);
	T_STR(a.issue.code, "FEED_UNKNOWN");
	town_commit(&w);
	town_close(&w);
}

/* --- who sees what --------------------------------------------------------------------------------- */

static void declare_kin(struct town *w, uint32_t no)
{
	struct rec_kin head = {
		.household = town_b("01001"), .member = 1, .day = town_day(2026, 2, 1)};
	struct rec_kin_line line = {
		.relation = KIN_child, .household = town_b("01002"), .member = 2};

	T_EQ(town_put(w, no, TOWN_HEAD, REC_kin, &head, &line, 1), V_ACCEPTED);
}

static void test_a_row_shows_what_its_reader_may_see(void)
{
	struct row_kin rows[2];
	struct town w;
	uint32_t no = town_open(&w, 3);
	struct ask a;
	char whole[65];

	declare_kin(&w, no);
	town_begin(&w);
	a = rows_ask(&w, no);
	T_EQ(rows_asked(&a, VIEW_kin, rows, 2), 2);
	snprintf(whole, sizeof(whole), "%s", rows_text(rows[0].name));
	T_EQ(rows[0].relation, KIN_child);
	T_OK(strchr(whole, '*') == NULL);
	a.upto = REC_PUBLIC;
	T_EQ(rows_asked(&a, VIEW_kin, rows, 2), 2);
	T_STR(rows_text(rows[0].household), "01001");
	T_OK(strchr(rows_text(rows[0].name), '*') != NULL);
	T_OK(strstr(rows_text(rows[0].name), whole) == NULL);
	T_EQ(rows[0].relation, 0); /* a private field is empty */
	town_commit(&w);
	town_close(&w);
}

/* No field of any list leaves that is more private than its reader may see. */
static int nothing_private(void *ctx, const void *row)
{
	static const uint8_t zero[sizeof(struct bytes)];
	const struct view_def *def = ctx;

	for (uint32_t i = 0; i < def->nfields; i++) {
		const struct rec_field *f = &def->field[i];

		if (!rec_shown(f, REC_PUBLIC))
			T_OK(memcmp((const uint8_t *)row + f->offset, zero, place_bytes(f->kind)) ==
			     0);
	}
	return ERR_OK;
}

static void test_no_list_shows_the_public_a_private_field(void)
{
	struct town w;
	uint32_t no = town_open(&w, 4);
	struct ask a;

	declare_kin(&w, no);
	town_record(&w, no, "01001", 0, "D201", town_day(2026, 2, 20));
	town_earn(&w, no, "01001", 2, "C101", town_day(2026, 2, 20));
	town_begin(&w);
	a = rows_ask(&w, no);
	a.upto = REC_PUBLIC;
	for (uint32_t i = 0; i < VIEWS_N; i++)
		T_EQ(view_each(&a, &views[i], nothing_private, (void *)(uintptr_t)&views[i]),
		     ERR_OK);
	town_commit(&w);
	town_close(&w);
}

static int stop(void *ctx, const void *row)
{
	(void)row;
	++*(int *)ctx;
	return 77;
}

static void test_a_reader_ends_a_list(void)
{
	struct town w;
	uint32_t no = town_open(&w, 5);
	struct ask a;
	int seen = 0;

	declare_kin(&w, no);
	town_begin(&w);
	a = rows_ask(&w, no);
	T_EQ(view_each(&a, &views[VIEW_kin], stop, &seen), 77);
	T_EQ(seen, 1);
	town_commit(&w);
	town_close(&w);
}

T_MAIN(T(test_every_list_has_a_name_and_labels), T(test_a_duty_says_what_and_until_when),
       T(test_every_field_has_a_place_and_labels), T(test_a_period_is_days_or_a_year),
       T(test_a_list_answers_its_own_questions_alone), T(test_a_row_shows_what_its_reader_may_see),
       T(test_no_list_shows_the_public_a_private_field), T(test_a_reader_ends_a_list))
