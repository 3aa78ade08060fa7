#include "daemon/ledger/state/state.h"
#include "lib/err.h"
#include "tests/lib/life.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* What a field means is checked, for every type and field that says something: one record each in which nothing but
 * that is wrong. Types that name an earlier entry are tried while a village lives the whole scheme, each time when an
 * entry that they can name has just been accepted; what is tried is thrown away. */

#define UNKNOWN_MEMBER 99
#define UNKNOWN_ENTRY  1000000
#define OTHER_ENTRY    1 /* of another type than any that is named */

#define HERE  "01000" /* takes part; its last member has left */
#define GONE  "01008" /* moved out */
#define APART "01007" /* does not take part */
#define LEFT  4
#define ALL   "all" /* has every role of the village, and writes nothing that others name */

/* Whom and what a field may name, by hand: the table must agree. Of lines, the type ends with "[]". */
static const struct said {
	const char *type, *field;
	enum rec_need need;
	bool other_person, settles;
} said[] = {
	{"guidance_close", "guidance", REC_ANY, false, true},
	{"roster_change", "household", REC_PRESENT, false, false},
	{"roster_change", "member", REC_PRESENT, false, false},
	{"roster_correction", "entry", REC_ANY, true, true},
	{"person_correction", "household", REC_PRESENT, false, false},
	{"person_correction", "member", REC_KNOWN, false, false},
	{"household_correction", "household", REC_PRESENT, false, false},
	{"member_join", "household", REC_PRESENT, false, false},
	{"residence", "household", REC_PRESENT, false, false},
	{"residence", "member", REC_PRESENT, false, false},
	{"consent", "household", REC_PRESENT, false, false},
	{"split", "household", REC_PRESENT, false, false},
	{"merge", "household", REC_PRESENT, false, false},
	{"merge", "into", REC_PRESENT, false, false},
	{"kin", "household", REC_PRESENT, false, false},
	{"kin", "member", REC_PRESENT, false, false},
	{"kin[]", "household", REC_PRESENT, false, false},
	{"kin[]", "member", REC_PRESENT, false, false},
	{"post", "household", REC_PRESENT, false, false},
	{"post", "member", REC_PRESENT, false, false},
	{"points[]", "household", REC_KNOWN, false, false},
	{"points[]", "member", REC_KNOWN, false, false},
	{"points[]", "application", REC_ANY, false, true},
	{"application", "household", REC_PRESENT, false, false},
	{"application", "member", REC_KNOWN, false, false},
	{"application_reply", "application", REC_ANY, false, true},
	{"objection", "household", REC_KNOWN, false, false},
	{"objection_reply", "objection", REC_ANY, true, true},
	{"redemption", "household", REC_PART, false, false},
	{"redemption", "member", REC_KNOWN, false, false},
	{"redemption_reversal", "entry", REC_ANY, true, true},
	{"appraisal[]", "household", REC_KNOWN, false, false},
	{"appraisal[]", "member", REC_KNOWN, false, false},
	{"appraisal_confirm", "entry", REC_ANY, true, true},
	{"honour", "household", REC_PART, false, false},
	{"honour", "member", REC_KNOWN, false, false},
	{"honour", "appraisal", REC_ANY, false, false},
	{"policy_support", "household", REC_PART, false, false},
	{"posting", "notice", REC_ANY, false, false},
	{"withdrawal", "notice", REC_ANY, false, true},
	{"passbook", "household", REC_KNOWN, false, false},
	{"facility", "household", REC_PRESENT, false, false},
	{"guidance_reply", "guidance", REC_ANY, false, false},
	{"complaint", "household", REC_KNOWN, false, false},
	{"complaint_reply", "complaint", REC_ANY, true, true},
	{"case_note", "household", REC_KNOWN, false, false},
};
#define NSAID (sizeof(said) / sizeof(said[0]))

struct trial {
	struct world village;
	/* the entry that was accepted last */
	const struct rec_type *target;
	uint64_t seq;
	char author[40];
	bool tried[UINT8_MAX + 1];	   /* types of record that were targets */
	bool named[NSAID], settled[NSAID]; /* what is said and was tried */
	uint32_t n;			   /* meanings that were tried */
};
struct record {
	const struct rec_type *t;
	union rec_any head, line;
	char texts[1 << 14];
	size_t used;
};

static void people_leave(struct trial *x)
{
	struct rec_roster_change gone = {
		.household = town_b(GONE), .kind = LEAVE_moved_out, .day = x->village.today};
	struct rec_roster_change left = {.household = town_b(HERE),
					 .member = LEFT,
					 .kind = LEAVE_left,
					 .day = x->village.today};
	struct rec_consent no = {.household = town_b(APART),
				 .takes_part = YES_no,
				 .day = x->village.today,
				 .document = town_b("同意书 1")};

	T_EQ(world_put(&x->village, TOWN_REC, REC_roster_change, &gone, NULL, 0), V_ACCEPTED);
	T_EQ(world_put(&x->village, TOWN_REC, REC_roster_change, &left, NULL, 0), V_ACCEPTED);
	T_EQ(world_put(&x->village, TOWN_REC, REC_consent, &no, NULL, 0), V_ACCEPTED);
}

/* The town says who is of the committees, the village all else; others have no roles in a village. */
static void give_roles(struct trial *x, const char *person, uint32_t roles)
{
	for (uint32_t role = ROLE_recorder; role < ROLE_committee; role++)
		if (roles >> role & 1)
			T_EQ(town_grant(&x->village.w, x->village.no, TOWN_HEAD, person, role, ""),
			     V_ACCEPTED);
	if (roles & RB(committee))
		T_EQ(town_grant(&x->village.w, FEED_TOWN, "office", person, ROLE_committee,
				TOWN_CODE),
		     V_ACCEPTED);
}

static void trial_open(struct trial *x)
{
	memset(x, 0, sizeof(*x));
	world_open(&x->village, 5);
	give_roles(x, ALL, UINT32_MAX);
	people_leave(x);
}

static uint32_t said_of(const struct rec_type *t, const struct rec_field *f)
{
	bool line = t->line && f >= t->line && f < t->line + t->nline;
	char type[40];

	snprintf(type, sizeof(type), "%s%s", t->name, line ? "[]" : "");
	for (uint32_t i = 0; i < NSAID; i++)
		if (strcmp(said[i].type, type) == 0 && strcmp(said[i].field, f->name) == 0)
			return i;
	t_fail(__FILE__, __LINE__, "nobody has said what %s.%s may name", type, f->name);
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
	put_text(r, f, s, f->household ? HERE : f->enrolled ? TOWN_CODE : text);
}

static void fill_number(const struct trial *x, const struct rec_field *f, union rec_any *s)
{
	bool named = f->ref && x->target && x->target->code == f->ref;

	put_u(f, s, named ? x->seq : f->member ? 1 : (uint64_t)f->min);
}

static void fill_field(const struct trial *x, struct record *r, const struct rec_field *f,
		       union rec_any *s)
{
	uint32_t choice = (uint32_t)f->min;

	switch (f->kind) {
	case REC_U: fill_number(x, f, s); break;
	case REC_MINUTE: put_u(f, s, (uint64_t)f->min); break;
	case REC_POINTS:
	case REC_FEN:
	case REC_QTY: put(f, s, &f->min, sizeof(f->min)); break;
	case REC_DAY: rec_put_day(f, s, x->village.today); break;
	case REC_TEXT:
	case REC_CODE:
	case REC_BIN:
	case REC_DIGEST: fill_bytes(r, f, s); break;
	case REC_CHOICE: put(f, s, &choice, sizeof(choice)); break;
	}
}

/* Lines of points are checked by their rule, in an order of its own: all else in them must be right. */
static void fill_points(const struct trial *x, struct record *r)
{
	struct rec_points_line l = town_line(HERE, 1, "C101", x->village.today);

	l.application = x->target && x->target->code == REC_application ? x->seq : 0;
	memcpy(r->line.raw, &l, sizeof(l));
}

static const struct rec_field *field_named(const struct rec_type *t, const char *name)
{
	for (uint32_t i = 0; i < t->nhead; i++)
		if (strcmp(t->head[i].name, name) == 0)
			return &t->head[i];
	t_fail(__FILE__, __LINE__, "%s has no %s", t->name, name);
}

static void fill(const struct trial *x, const struct rec_type *t, struct record *r)
{
	*r = (struct record){.t = t};
	for (uint32_t i = 0; i < t->nhead; i++)
		fill_field(x, r, &t->head[i], &r->head);
	for (uint32_t i = 0; i < t->nline; i++)
		fill_field(x, r, &t->line[i], &r->line);
	if (t->code == REC_points)
		fill_points(x, r);
	if (t->code == REC_passbook) /* who has left gives it up: no other use of it is for them */
		put(field_named(t, "action"), &r->head, &(uint32_t){BOOK_give_up},
		    sizeof(uint32_t));
}

/* --- and one thing wrong ----------------------------------------------------------------------------- */
static enum verdict_id try_as(struct trial *x, const struct record *r, const char *author)
{
	uint32_t no = r->t->feed == REC_FEED_TOWN ? FEED_TOWN : x->village.no;

	town_put(&x->village.w, no, author, (enum rec_code)r->t->code, &r->head, &r->line,
		 r->t->line ? 1 : 0);
	return x->village.w.last.reason.id;
}

static enum verdict_id try(struct trial *x, const struct record *r)
{
	enum verdict_id got;

	town_begin(&x->village.w);
	got = try_as(x, r, r->t->feed == REC_FEED_TOWN ? "office" : ALL);
	kv_abort(x->village.w.t);
	x->village.w.t = NULL;
	return got;
}

/* By the one who wrote the entry that is named, with the roles for it. */
static enum verdict_id try_same_person(struct trial *x, const struct record *r)
{
	enum verdict_id got;

	town_begin(&x->village.w);
	give_roles(x, x->author, r->t->roles);
	got = try_as(x, r, x->author);
	kv_abort(x->village.w.t);
	x->village.w.t = NULL;
	return got;
}

/* Refused with @id when @yes, and with anything else, or not at all, when not. */
static void expect(const struct record *r, const struct rec_field *f, enum verdict_id got,
		   enum verdict_id id, bool yes)
{
	if ((got == id) != yes)
		t_fail(__FILE__, __LINE__, "%s.%s: %s, %s %s", r->t->name, f->name,
		       reason_name(got), yes ? "not" : "but not for", reason_name(id));
}

static void refused(struct trial *x, const struct record *r, const struct rec_field *f,
		    enum verdict_id want)
{
	expect(r, f, try(x, r), want, true);
}

static uint32_t break_day(struct trial *x, struct record *r, const struct rec_field *f,
			  union rec_any *s)
{
	if (f->past) {
		rec_put_day(f, s, x->village.today + 1);
		refused(x, r, f, V_DAY_FUTURE);
	}
	if (f->not_before) {
		rec_put_day(f, s, x->village.today - 1);
		refused(x, r, f, V_PERIOD);
	}
	return f->past + (f->not_before != NULL);
}

static void break_member(struct trial *x, struct record *r, const struct rec_field *f,
			 union rec_any *s)
{
	uint32_t i = said_of(r->t, f);

	x->named[i] = true;
	put_u(f, s, UNKNOWN_MEMBER);
	refused(x, r, f, V_MEMBER_UNKNOWN);
	put_u(f, s, LEFT);
	expect(r, f, try(x, r), V_LEFT_ALREADY, said[i].need == REC_PRESENT);
}

static void break_ref(struct trial *x, struct record *r, const struct rec_field *f,
		      union rec_any *s)
{
	uint32_t i = said_of(r->t, f);

	x->named[i] = true;
	T_EQ(rec_u(f, s), x->seq);
	expect(r, f, try(x, r), V_REFERENCE, false);
	if (r->t->feed == REC_FEED_VILLAGE && x->target->feed == REC_FEED_VILLAGE)
		expect(r, f, try_same_person(x, r), V_SAME_PERSON, said[i].other_person);
	put_u(f, s, UNKNOWN_ENTRY);
	refused(x, r, f, V_REFERENCE);
	put_u(f, s, OTHER_ENTRY);
	refused(x, r, f, V_REFERENCE);
}

static uint32_t break_number(struct trial *x, struct record *r, const struct rec_field *f,
			     union rec_any *s)
{
	if (f->member) {
		break_member(x, r, f, s);
	} else if (f->ref) {
		break_ref(x, r, f, s);
	} else if (f->at_most) {
		put_u(f, s, rec_u(f->at_most, s) + 1);
		refused(x, r, f, V_AT_MOST);
		T_OK(strstr(x->village.w.last.reason.s, f->name));
	}
	return f->member || f->ref || f->at_most;
}

static void break_household(struct trial *x, struct record *r, const struct rec_field *f,
			    union rec_any *s)
{
	uint32_t i = said_of(r->t, f);

	x->named[i] = true;
	put_text(r, f, s, "09999");
	refused(x, r, f, V_HOUSEHOLD_UNKNOWN);
	put_text(r, f, s, GONE);
	expect(r, f, try(x, r), V_HOUSEHOLD_LEFT, said[i].need >= REC_PRESENT);
	put_text(r, f, s, APART);
	if (r->t->code != REC_points) /* who takes part on a day is a question of its own (P13) */
		expect(r, f, try(x, r), V_P13_NOT_PART, said[i].need == REC_PART);
}

static uint32_t break_code(struct trial *x, struct record *r, const struct rec_field *f,
			   union rec_any *s)
{
	if (f->household) {
		break_household(x, r, f, s);
	} else if (f->enrolled) {
		put_text(r, f, s, "500101999299");
		refused(x, r, f, V_VILLAGE_UNKNOWN);
	}
	return f->household || f->enrolled;
}

static uint32_t break_field(struct trial *x, struct record *r, const struct rec_field *f,
			    union rec_any *s)
{
	if (f->kind == REC_DAY)
		return break_day(x, r, f, s);
	if (f->kind == REC_U)
		return break_number(x, r, f, s);
	return f->kind == REC_CODE ? break_code(x, r, f, s) : 0;
}

static uint32_t break_type(struct trial *x, const struct rec_type *t)
{
	static struct record r;
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->nhead; i++) {
		fill(x, t, &r);
		n += break_field(x, &r, &t->head[i], &r.head);
	}
	for (uint32_t i = 0; i < t->nline; i++) {
		fill(x, t, &r);
		n += break_field(x, &r, &t->line[i], &r.line);
	}
	return n;
}

static uint16_t names_type(const struct rec_type *t)
{
	for (uint32_t i = 0; i < t->nhead + t->nline; i++) {
		const struct rec_field *f = i < t->nhead ? &t->head[i] : &t->line[i - t->nhead];

		if (f->ref)
			return f->ref;
	}
	return 0;
}

/* --- while a village lives --------------------------------------------------------------------------- */
static void name_author(struct trial *x, const uint8_t key[SIGN_KEY_BYTES])
{
	for (uint32_t i = 0; i < x->village.w.nkeys; i++)
		if (memcmp(sign_key_public(x->village.w.key[i].key), key, SIGN_KEY_BYTES) == 0)
			snprintf(x->author, sizeof(x->author), "%s", x->village.w.key[i].name);
}

/* The record once more: what it settled is settled by it, and what it only named can be named again. */
static void settle_again(struct trial *x, const struct record *r, const struct rec_field *f,
			 const union rec_any *s)
{
	uint64_t named = f->ref ? rec_u(f, s) : 0;
	uint32_t i;

	if (!named)
		return;
	i = said_of(r->t, f);
	expect(r, f, try(x, r), V_DONE_ALREADY, said[i].settles);
	if (said[i].settles) {
		T_EQ(x->village.w.last.reason.num[0], named);
		T_EQ(x->village.w.last.reason.num[1], x->seq);
	}
	x->settled[i] = said[i].settles;
}

static void settle_line_again(struct trial *x, struct record *r, const struct payload *p,
			      uint32_t i)
{
	T_EQ(rec_decode_line(r->t, p, i, &r->line), ERR_OK);
	for (uint32_t j = 0; j < r->t->nline; j++)
		settle_again(x, r, &r->t->line[j], &r->line);
}

static void settle_all_again(struct trial *x, struct record *r, const struct payload *p)
{
	T_EQ(rec_decode_head(r->t, p, &r->head), ERR_OK);
	for (uint32_t i = 0; i + 1 < p->nparts; i++)
		settle_line_again(x, r, p, i);
	for (uint32_t i = 0; i < r->t->nhead && !r->t->line; i++)
		settle_again(x, r, &r->t->head[i], &r->head);
}

static void target_is_last(struct trial *x, uint32_t no, struct buf *payload)
{
	struct bytes leaf, p;
	struct entry e;

	x->seq = town_size(&x->village.w, no) - 1;
	town_begin(&x->village.w);
	T_EQ(feedlog_read(x->village.w.t, no, x->seq, &leaf, &p), ERR_OK);
	T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
	T_EQ(buf_put(payload, p.p, p.n), ERR_OK);
	town_commit(&x->village.w);
	x->target = rec_type_of(e.type);
	name_author(x, e.author);
}

static void accepted(void *ctx, uint32_t no)
{
	static struct record r;
	struct trial *x = ctx;
	struct buf payload = {0};
	struct payload p;

	target_is_last(x, no, &payload);
	T_EQ(payload_parse(payload.p, payload.n, &p), ERR_OK);
	r = (struct record){.t = x->target};
	settle_all_again(x, &r, &p);
	for (uint32_t i = 0; i < rec_ntypes && !x->tried[x->target->code]; i++)
		if (names_type(&rec_types[i]) == x->target->code)
			x->n += break_type(x, &rec_types[i]);
	x->tried[x->target->code] = true;
	buf_close(&payload);
}

static uint32_t meanings(const struct rec_field *f, uint32_t n)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < n; i++)
		all += f[i].past + (f[i].not_before != NULL) + (f[i].at_most != NULL) +
		       (f[i].household != REC_ANY) + (f[i].member != REC_ANY) + f[i].enrolled +
		       (f[i].ref != 0);
	return all;
}

static void test_what_a_field_means_is_checked(void)
{
	static struct trial x;
	struct life l = {.w = &x.village.w, .code = TOWN_CODE, .after = accepted, .ctx = &x};
	uint32_t all = 0;

	trial_open(&x);
	l.no = x.village.no;
	life_live(&l);
	x.target = NULL;
	for (uint32_t i = 0; i < rec_ntypes; i++)
		if (!names_type(&rec_types[i]))
			x.n += break_type(&x, &rec_types[i]);
	for (uint32_t i = 0; i < rec_ntypes; i++)
		all += meanings(rec_types[i].head, rec_types[i].nhead) +
		       meanings(rec_types[i].line, rec_types[i].nline);
	for (uint32_t i = 0; i < NSAID; i++)
		if (!x.named[i] || x.settled[i] != said[i].settles)
			t_fail(__FILE__, __LINE__, "%s.%s is said, but was not %s", said[i].type,
			       said[i].field, x.named[i] ? "settled" : "tried");
	T_EQ(x.n, all);
	town_close(&x.village.w);
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
	struct trial x;

	trial_open(&x);
	note.day = x.village.today;
	T_EQ(world_put(&x.village, TOWN_REC, REC_case_note, &note, NULL, 0), V_ACCEPTED);
	T_EQ(world_put(&x.village, TOWN_HEAD, REC_store, &store, NULL, 0), V_ACCEPTED);
	T_EQ(town_put(&x.village.w, FEED_TOWN, "office", REC_guidance, &all, NULL, 0), V_ACCEPTED);
	town_close(&x.village.w);
}

static void test_fields_are_checked_in_the_order_of_the_table(void)
{
	struct rec_policy_support r = {.policy = town_b("p"),
				       .department = town_b("d"),
				       .household = town_b("09999"),
				       .basis = town_b("b")};
	struct trial x;

	trial_open(&x);
	r.day = x.village.today + 1;
	T_EQ(world_put(&x.village, TOWN_HEAD, REC_policy_support, &r, NULL, 0),
	     V_HOUSEHOLD_UNKNOWN);
	r.household = town_b("01000");
	T_EQ(world_put(&x.village, TOWN_HEAD, REC_policy_support, &r, NULL, 0), V_DAY_FUTURE);
	/* who may not write at all is told that first */
	T_EQ(world_put(&x.village, TOWN_REC, REC_policy_support, &r, NULL, 0), V_NO_ROLE);
	town_close(&x.village.w);
}

/* --- settlement -------------------------------------------------------------------------------------- */
static void test_an_entry_is_settled_once_by_another_person(void)
{
	struct rec_complaint c = {.kind = COMPLAINT_other, .text = town_b("x")};
	struct rec_complaint_reply r = {.ruling = RULING_rejected, .text = town_b("y")};
	struct trial x;

	trial_open(&x);
	c.day = r.day = x.village.today;
	T_EQ(world_put(&x.village, TOWN_HEAD, REC_complaint, &c, NULL, 0), V_ACCEPTED);
	r.complaint = world_last(&x.village);
	T_EQ(world_put(&x.village, TOWN_HEAD, REC_complaint_reply, &r, NULL, 0), V_SAME_PERSON);
	r.day = x.village.today - 1; /* refused by its rule: the complaint stays open */
	T_EQ(world_put(&x.village, TOWN_REV, REC_complaint_reply, &r, NULL, 0), V_PERIOD);
	r.day = x.village.today;
	T_EQ(world_put(&x.village, TOWN_REV, REC_complaint_reply, &r, NULL, 0), V_ACCEPTED);
	T_EQ(world_put(&x.village, TOWN_CON, REC_complaint_reply, &r, NULL, 0), V_DONE_ALREADY);
	town_close(&x.village.w);
}

static void test_guidance_is_settled_village_by_village(void)
{
	struct rec_guidance g = {.title = town_b("t"), .text = town_b("x")};
	struct rec_guidance_close c = {.village = town_b(TOWN_CODE), .note = town_b("n")};
	struct trial x;

	trial_open(&x);
	town_village(&x.village.w, "500101999202");
	c.day = x.village.today;
	T_EQ(town_put(&x.village.w, FEED_TOWN, "office", REC_guidance, &g, NULL, 0), V_ACCEPTED);
	c.guidance = town_size(&x.village.w, FEED_TOWN) - 1;
	T_EQ(town_put(&x.village.w, FEED_TOWN, "office", REC_guidance_close, &c, NULL, 0),
	     V_ACCEPTED);
	T_EQ(town_put(&x.village.w, FEED_TOWN, "office", REC_guidance_close, &c, NULL, 0),
	     V_DONE_ALREADY);
	c.village = town_b("500101999202");
	T_EQ(town_put(&x.village.w, FEED_TOWN, "office", REC_guidance_close, &c, NULL, 0),
	     V_ACCEPTED);
	town_close(&x.village.w);
}

/* No record settles guidance as a whole; whoever adds one need not touch the rule of one village. */
static void test_what_is_settled_as_a_whole_is_settled_for_every_village(void)
{
	struct rec_guidance g = {.title = town_b("t"), .text = town_b("x")};
	struct rec_guidance_close c = {.village = town_b(TOWN_CODE), .note = town_b("n")};
	uint8_t by[] = {7};
	struct state_key k;
	struct trial x;

	trial_open(&x);
	c.day = x.village.today;
	T_EQ(town_put(&x.village.w, FEED_TOWN, "office", REC_guidance, &g, NULL, 0), V_ACCEPTED);
	c.guidance = town_size(&x.village.w, FEED_TOWN) - 1;
	state_done_key(&k, FEED_TOWN, c.guidance);
	town_begin(&x.village.w);
	T_EQ(kv_put(x.village.w.t, KV_STATE, state_key_bytes(&k), kv_bytes(by, sizeof(by))),
	     ERR_OK);
	town_commit(&x.village.w);
	T_EQ(town_put(&x.village.w, FEED_TOWN, "office", REC_guidance_close, &c, NULL, 0),
	     V_DONE_ALREADY);
	T_EQ(x.village.w.last.reason.num[1], by[0]);
	town_close(&x.village.w);
}

T_MAIN(T(test_what_a_field_means_is_checked), T(test_what_is_left_out_is_not_checked),
       T(test_fields_are_checked_in_the_order_of_the_table),
       T(test_an_entry_is_settled_once_by_another_person),
       T(test_guidance_is_settled_village_by_village),
       T(test_what_is_settled_as_a_whole_is_settled_for_every_village))
