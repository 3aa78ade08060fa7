#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/town.h"

/* What the table says of a field is checked, for every type and field that says something: one record each in which
 * nothing but that is wrong. The rules of the types are not reached. */

#define UNKNOWN_MEMBER 99
#define UNKNOWN_ENTRY  1000000

struct world {
	struct town w;
	uint32_t no;
	day_t today;
};
struct record {
	const struct rec_type *t;
	union rec_any head, line;
	char texts[1 << 14];
	size_t used;
};

static void world_open(struct world *x)
{
	x->no = town_open(&x->w, 5);
	x->today = day_of_ms(x->w.wall_ms);
	T_EQ(town_grant(&x->w, x->no, TOWN_HEAD, TOWN_HEAD, ROLE_keeper, ""), V_ACCEPTED);
	T_EQ(town_grant(&x->w, x->no, TOWN_HEAD, TOWN_HEAD, ROLE_supervisor, ""), V_ACCEPTED);
}

/* --- a record that is right as far as the table knows ----------------------------------------------- */
static void put(const struct rec_field *f, union rec_any *s, const void *v, size_t n)
{
	memcpy(s->raw + f->offset, v, n);
}

static void put_u(const struct rec_field *f, union rec_any *s, uint64_t u)
{
	put(f, s, &u, sizeof(u));
}

static void put_text(struct record *r, const struct rec_field *f, union rec_any *s,
		     const char *text)
{
	struct bytes b = {(const uint8_t *)r->texts + r->used, strlen(text)};

	T_OK(r->used + b.n <= sizeof(r->texts));
	memcpy(r->texts + r->used, text, b.n);
	r->used += b.n;
	put(f, s, &b, sizeof(b));
}

static void fill_bytes(struct record *r, const struct rec_field *f, union rec_any *s)
{
	char text[1024] = "";

	memset(text, 'a', (size_t)f->min);
	put_text(r, f, s, f->household ? "01000" : f->enrolled ? TOWN_CODE : text);
}

static void fill_field(const struct world *x, struct record *r, const struct rec_field *f,
		       union rec_any *s)
{
	uint32_t choice = (uint32_t)f->min;

	switch (f->kind) {
	case REC_MINUTE:
	case REC_U: put_u(f, s, f->member ? 1 : (uint64_t)f->min); break;
	case REC_POINTS:
	case REC_FEN:
	case REC_QTY: put(f, s, &f->min, sizeof(f->min)); break;
	case REC_DAY: rec_put_day(f, s, x->today); break;
	case REC_TEXT:
	case REC_CODE:
	case REC_BIN:
	case REC_DIGEST: fill_bytes(r, f, s); break;
	case REC_CHOICE: put(f, s, &choice, sizeof(choice)); break;
	}
}

static void fill(const struct world *x, const struct rec_type *t, struct record *r)
{
	*r = (struct record){.t = t};
	for (uint32_t i = 0; i < t->nhead; i++)
		fill_field(x, r, &t->head[i], &r->head);
	for (uint32_t i = 0; i < t->nline; i++)
		fill_field(x, r, &t->line[i], &r->line);
}

/* --- and one thing wrong ----------------------------------------------------------------------------- */
static const char *author(const struct rec_type *t)
{
	if (t->feed == REC_FEED_TOWN)
		return "office";
	if (t->roles & RB(recorder))
		return TOWN_REC;
	if (t->roles & RB(reviewer))
		return TOWN_REV;
	return t->roles & RB(confirmer) ? TOWN_CON : TOWN_HEAD;
}

static void refused(struct world *x, const struct record *r, const struct rec_field *f,
		    enum verdict_id want)
{
	uint32_t no = r->t->feed == REC_FEED_TOWN ? FEED_TOWN : x->no;
	enum verdict_id got = town_put(&x->w, no, author(r->t), (enum rec_code)r->t->code, &r->head,
				       &r->line, r->t->line ? 1 : 0);

	if (got != want)
		t_fail(__FILE__, __LINE__, "%s.%s: %s, not %s", r->t->name, f->name,
		       reason_name(got), reason_name(want));
}

static uint32_t break_day(struct world *x, struct record *r, const struct rec_field *f,
			  union rec_any *s)
{
	if (f->past) {
		rec_put_day(f, s, x->today + 1);
		refused(x, r, f, V_DAY_FUTURE);
	}
	if (f->not_before) {
		rec_put_day(f, s, x->today - 1);
		refused(x, r, f, V_PERIOD);
	}
	return f->past + (f->not_before != NULL);
}

static uint32_t break_number(struct world *x, struct record *r, const struct rec_field *f,
			     union rec_any *s)
{
	if (f->member) {
		put_u(f, s, UNKNOWN_MEMBER);
		refused(x, r, f, V_MEMBER_UNKNOWN);
	} else if (f->ref) {
		put_u(f, s, UNKNOWN_ENTRY);
		refused(x, r, f, V_REFERENCE);
	} else if (f->at_most) {
		put_u(f, s, rec_u(f->at_most, s) + 1);
		refused(x, r, f, V_MALFORMED);
		T_OK(strstr(x->w.last.reason.s, f->name));
	}
	return f->member || f->ref || f->at_most;
}

static uint32_t break_code(struct world *x, struct record *r, const struct rec_field *f,
			   union rec_any *s)
{
	if (f->household) {
		put_text(r, f, s, "09999");
		refused(x, r, f, V_HOUSEHOLD_UNKNOWN);
	} else if (f->enrolled) {
		put_text(r, f, s, "500101999299");
		refused(x, r, f, V_VILLAGE_UNKNOWN);
	}
	return f->household || f->enrolled;
}

static uint32_t break_field(struct world *x, struct record *r, const struct rec_field *f,
			    union rec_any *s)
{
	if (f->kind == REC_DAY)
		return break_day(x, r, f, s);
	if (f->kind == REC_U)
		return break_number(x, r, f, s);
	return f->kind == REC_CODE ? break_code(x, r, f, s) : 0;
}

/* Up to the first field that must name an earlier entry: there is none here, so nothing behind it is reached. */
static uint32_t break_head(struct world *x, const struct rec_type *t, struct record *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->nhead; i++) {
		fill(x, t, r);
		n += break_field(x, r, &t->head[i], &r->head);
		if (t->head[i].ref && t->head[i].min > 0)
			break;
	}
	return n;
}

static void test_what_the_table_says_of_a_field_is_checked(void)
{
	static struct record r;
	struct world x;
	uint32_t n = 0;

	world_open(&x);
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		const struct rec_type *t = &rec_types[i];

		if (t->code == REC_town_charter || t->code == REC_village_enrol)
			continue;
		n += break_head(&x, t, &r);
		if (t->code == REC_points) /* its rule checks the lines, in an order of its own */
			continue;
		for (uint32_t j = 0; j < t->nline; j++) {
			fill(&x, t, &r);
			n += break_field(&x, &r, &t->line[j], &r.line);
		}
	}
	T_OK(n > 80);
	town_close(&x.w);
}

/* --- a number of none, and what is left out ---------------------------------------------------------- */
static void test_what_is_left_out_is_not_checked(void)
{
	struct rec_case_note note = {.title = town_b("t"), .text = town_b("x")};
	struct rec_guidance all = {.title = town_b("t"), .text = town_b("x")};
	struct rec_store store = {.title = town_b("t"),
				  .place = town_b("p"),
				  .keeper = town_b("k"),
				  .days = town_b("d")};
	struct world x;

	world_open(&x);
	note.day = x.today;
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_case_note, &note, NULL, 0), V_ACCEPTED);
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_store, &store, NULL, 0), V_ACCEPTED);
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_guidance, &all, NULL, 0), V_ACCEPTED);
	town_close(&x.w);
}

static void test_fields_are_checked_in_the_order_of_the_table(void)
{
	struct rec_policy_support r = {.policy = town_b("p"),
				       .department = town_b("d"),
				       .household = town_b("09999"),
				       .basis = town_b("b")};
	struct world x;

	world_open(&x);
	r.day = x.today + 1;
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_policy_support, &r, NULL, 0), V_HOUSEHOLD_UNKNOWN);
	r.household = town_b("01000");
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_policy_support, &r, NULL, 0), V_DAY_FUTURE);
	/* who may not write at all is told that first */
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_policy_support, &r, NULL, 0), V_NO_ROLE);
	town_close(&x.w);
}

/* --- settlement -------------------------------------------------------------------------------------- */
static void test_an_entry_is_settled_once_by_another_person(void)
{
	struct rec_complaint c = {.kind = COMPLAINT_other, .text = town_b("x")};
	struct rec_complaint_reply r = {.ruling = RULING_rejected, .text = town_b("y")};
	struct world x;

	world_open(&x);
	c.day = r.day = x.today;
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_complaint, &c, NULL, 0), V_ACCEPTED);
	r.complaint = town_size(&x.w, x.no) - 1;
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_complaint_reply, &r, NULL, 0), V_SAME_PERSON);
	r.day = x.today - 1; /* refused by its rule: the complaint stays open */
	T_EQ(town_put(&x.w, x.no, TOWN_REV, REC_complaint_reply, &r, NULL, 0), V_PERIOD);
	r.day = x.today;
	T_EQ(town_put(&x.w, x.no, TOWN_REV, REC_complaint_reply, &r, NULL, 0), V_ACCEPTED);
	T_EQ(town_put(&x.w, x.no, TOWN_CON, REC_complaint_reply, &r, NULL, 0), V_DONE_ALREADY);
	town_close(&x.w);
}

static void test_guidance_is_settled_village_by_village(void)
{
	struct rec_guidance g = {.title = town_b("t"), .text = town_b("x")};
	struct rec_guidance_close c = {.village = town_b(TOWN_CODE), .note = town_b("n")};
	struct world x;

	world_open(&x);
	town_village(&x.w, "500101999202");
	c.day = x.today;
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_guidance, &g, NULL, 0), V_ACCEPTED);
	c.guidance = town_size(&x.w, FEED_TOWN) - 1;
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_guidance_close, &c, NULL, 0), V_ACCEPTED);
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_guidance_close, &c, NULL, 0), V_DONE_ALREADY);
	c.village = town_b("500101999202");
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_guidance_close, &c, NULL, 0), V_ACCEPTED);
	town_close(&x.w);
}

T_MAIN(T(test_what_the_table_says_of_a_field_is_checked), T(test_what_is_left_out_is_not_checked),
       T(test_fields_are_checked_in_the_order_of_the_table),
       T(test_an_entry_is_settled_once_by_another_person),
       T(test_guidance_is_settled_village_by_village))
