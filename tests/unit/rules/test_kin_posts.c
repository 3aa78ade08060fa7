/* Kin, posts, and who may decide. */
#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "tests/lib/people.h"
#include "tests/lib/t.h"

static enum verdict_id kin(struct world *x, const char *household, uint32_t no,
			   enum rec_choice_KIN relation, const char *other, uint32_t other_no)
{
	struct rec_kin r = {.household = town_b(household), .member = no, .day = x->day};
	struct rec_kin_line l = {
		.relation = relation, .household = town_b(other), .member = other_no};

	return provoke_put(&x->w, x->no, TOWN_HEAD, REC_kin, &r, &l, 1);
}

static enum verdict_id post(struct world *x, const char *household, uint32_t no,
			    enum rec_choice_POST what, const char *person)
{
	struct rec_post r = {.household = town_b(household),
			     .member = no,
			     .post = what,
			     .key = person ? town_key_bytes(town_key(&x->w, person)) : town_b(""),
			     .from = x->day};

	return provoke_put(&x->w, x->no, TOWN_HEAD, REC_post, &r, NULL, 0);
}

static int add_kin(void *ctx, const struct view_kin *k)
{
	char *end = (char *)ctx + strlen(ctx);

	snprintf(end, PEOPLE_ROOM, "%s/%u:%d ", k->household, k->member, (int)k->relation);
	return 0;
}

static void kin_are(struct world *x, const char *household, uint32_t no, const char *want)
{
	char text[PEOPLE_TEXT] = "";

	town_begin(&x->w);
	T_EQ(view_kin(x->w.t, x->no, town_b(household), no, add_kin, text), ERR_OK);
	T_EQ(view_kin(x->w.t, x->no, town_b("09009"), no, add_kin, text), ERR_NOTFOUND);
	town_commit(&x->w);
	T_STR(text, want);
}

static int add_post(void *ctx, const struct view_post *p)
{
	char *end = (char *)ctx + strlen(ctx);

	snprintf(end, PEOPLE_ROOM, "%s/%u:%d ", p->household, p->member, (int)p->post);
	return 0;
}

static void posts_are(struct world *x, const char *want)
{
	char text[PEOPLE_TEXT] = "";

	town_begin(&x->w);
	T_EQ(view_posts(x->w.t, x->no, add_post, text), ERR_OK);
	town_commit(&x->w);
	T_STR(text, want);
}

static void test_kin_is_declared_for_both(void)
{
	struct world x;

	world_open(&x, 40);
	T_EQ(kin(&x, "01001", 1, KIN_sibling, "01001", 1), V_KIN_SELF);
	people_nums(&x, 1, 0, 0);
	T_EQ(kin(&x, "01001", 5, KIN_sibling, "01002", 1), V_MEMBER_UNKNOWN);
	people_nums(&x, 0, 5, 0);
	T_EQ(kin(&x, "01001", 1, KIN_sibling, "01002", 5), V_MEMBER_UNKNOWN);
	people_nums(&x, 1, 5, 0);
	T_EQ(kin(&x, "01001", 1, KIN_sibling, "09002", 5), V_HOUSEHOLD_UNKNOWN);
	people_nums(&x, 1, 0, 0);
	T_EQ(kin(&x, "01001", 1, KIN_parent, "01002", 2), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 1, KIN_sibling, "01003", 3), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 2, KIN_grandchild, "01002", 2), V_ACCEPTED);
	kin_are(&x, "01001", 1, "01002/2:1 01003/3:3 ");
	kin_are(&x, "01002", 2, "01001/1:2 01001/2:5 ");
	/* a second declaration corrects the first */
	T_EQ(kin(&x, "01003", 3, KIN_in_law, "01001", 1), V_ACCEPTED);
	kin_are(&x, "01001", 1, "01002/2:1 01003/3:4 ");
	T_EQ(people_change(&x, "01003", 3, LEAVE_death, x.day), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 2, KIN_in_law, "01003", 3), V_LEFT_ALREADY);
	x.day = x.today + 1;
	T_EQ(kin(&x, "01001", 2, KIN_in_law, "01003", 2), V_DAY_FUTURE);
	town_close(&x.w);
}

static void test_kin_and_posts_move_with_people(void)
{
	struct world x;

	world_open(&x, 41);
	T_EQ(kin(&x, "01001", 2, KIN_spouse, "01001", 3), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 2, KIN_parent, "01001", 1), V_ACCEPTED);
	T_EQ(kin(&x, "01001", 3, KIN_parent, "01002", 1), V_ACCEPTED);
	T_EQ(post(&x, "01001", 3, POST_group_head, NULL), V_ACCEPTED);
	T_EQ(post(&x, "01001", 1, POST_assessor, NULL), V_ACCEPTED);
	/* both in one entry */
	T_EQ(people_split(&x, "01001", "02001", "23", "12", 0), V_ACCEPTED);
	kin_are(&x, "02001", 1, "01001/1:1 02001/2:0 ");
	kin_are(&x, "02001", 2, "01002/1:1 02001/1:0 ");
	kin_are(&x, "01002", 1, "02001/2:2 ");
	kin_are(&x, "01001", 1, "02001/1:2 ");
	posts_are(&x, "01001/1:5 02001/2:3 ");
	/* corrected at the new place, then moved on: the new relation goes along */
	T_EQ(kin(&x, "02001", 2, KIN_in_law, "01002", 1), V_ACCEPTED);
	T_EQ(people_merge(&x, "01002", "02001", "1234", "5678"), V_ACCEPTED);
	kin_are(&x, "02001", 5, "02001/2:4 ");
	kin_are(&x, "02001", 2, "02001/1:0 02001/5:4 ");
	T_EQ(people_split(&x, "02001", "02002", "125", "123", 0), V_ACCEPTED);
	kin_are(&x, "02002", 2, "02002/1:0 02002/3:4 ");
	kin_are(&x, "02002", 3, "02002/2:4 ");
	kin_are(&x, "01001", 1, "02002/1:2 ");
	posts_are(&x, "01001/1:5 02002/2:3 ");
	town_close(&x.w);
}

static void test_a_post_has_a_term(void)
{
	struct rec_post r = {.household = town_b("01001"),
			     .member = 1,
			     .post = POST_director,
			     .from = town_day(2026, 4, 1),
			     .to = town_day(2026, 3, 31)};
	struct world x;

	world_open(&x, 42);
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_post, &r, NULL, 0), V_PERIOD);
	people_nums(&x, r.from, r.to, 0);
	r.to = town_day(2029, 3, 31); /* not begun yet, and that is well */
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_post, &r, NULL, 0), V_ACCEPTED);
	r.key = town_half();
	T_EQ(provoke_put(&x.w, x.no, TOWN_HEAD, REC_post, &r, NULL, 0), V_MALFORMED);
	T_EQ(post(&x, "01001", 5, POST_team, NULL), V_MEMBER_UNKNOWN);
	T_EQ(post(&x, "09001", 5, POST_team, NULL), V_HOUSEHOLD_UNKNOWN);
	T_EQ(people_change(&x, "01001", 2, LEAVE_left, x.day), V_ACCEPTED);
	T_EQ(post(&x, "01001", 2, POST_team, NULL), V_LEFT_ALREADY);
	town_close(&x.w);
}

static void warned(struct world *x, bool want)
{
	bool got = false;

	T_EQ(x->w.last.reason.id, V_ACCEPTED);
	for (uint32_t i = 0; i < x->w.last.nwarn; i++)
		if (x->w.last.warn[i].id == V_P01_SELF) {
			got = true;
			T_EQ(x->w.last.warn[i].num[0], 1);
		}
	T_EQ(got, want);
}

/* Records, reviews and confirms one line; who of the three decides about their own? */
static void decide(struct world *x, const char *code, uint32_t no, const char *item, bool rec,
		   bool rev, bool con)
{
	uint64_t e = town_size(&x->w, x->no);

	people_points(x, code, no, item, x->day);
	warned(x, rec);
	town_step(&x->w, x->no, TOWN_REV, REC_review, e, 0, DECISION_agree);
	warned(x, rev);
	town_step(&x->w, x->no, TOWN_CON, REC_confirm, e, 0, DECISION_agree);
	warned(x, con);
}

static void test_deciding_about_ones_own_is_warned_about(void)
{
	struct world x;
	uint64_t e;

	world_open(&x, 43);
	decide(&x, "01001", 1, "Z002", false, false, false);
	T_EQ(post(&x, "01001", 1, POST_group_head, TOWN_REC), V_ACCEPTED);
	T_EQ(post(&x, "01002", 2, POST_supervisor, TOWN_REV), V_ACCEPTED);
	T_EQ(post(&x, "01003", 3, POST_director, TOWN_CON), V_ACCEPTED);
	decide(&x, "01001", 2, "Z002", true, false, false);
	T_STR(x.w.last.reason.s, "");
	decide(&x, "01002", 0, "A101", false, true, false);
	decide(&x, "01003", 0, "A101", false, false, true);
	decide(&x, "01001", 2, "A201", false, false, false); /* a deduction is no favour */
	T_EQ(kin(&x, "01002", 2, KIN_sibling, "01004", 1), V_ACCEPTED);
	T_EQ(kin(&x, "01004", 1, KIN_child, "01003", 3), V_ACCEPTED);
	decide(&x, "01004", 0, "A101", false, true, true);
	decide(&x, "01005", 0, "A101", false, false, false);
	/* they move, and stay who they are */
	T_EQ(people_split(&x, "01004", "02004", "1", "1", 0), V_ACCEPTED);
	decide(&x, "01004", 0, "A101", false, false, false);
	decide(&x, "02004", 1, "Z002", false, true, true);
	T_EQ(people_split(&x, "01002", "02002", "2", "1", 0), V_ACCEPTED);
	decide(&x, "01002", 0, "A101", false, false, false);
	decide(&x, "02002", 0, "A101", false, true, false);
	decide(&x, "02004", 1, "Z002", false, true, true);
	e = town_record(&x.w, x.no, "01006", 0, "A101", x.day);
	T_EQ(people_merge(&x, "01006", "02004", "1234", "5678"), V_ACCEPTED);
	town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree);
	warned(&x, true);
	/* to refuse a deduction is one, and to take it back */
	people_points(&x, "02002", 0, "D201", x.day);
	e = world_last(&x);
	town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_refuse);
	warned(&x, true);
	decide(&x, "01003", 0, "D201", false, false, false);
	town_reverse(&x.w, x.no, TOWN_CON, town_size(&x.w, x.no) - 3, 1);
	warned(&x, true);
	decide(&x, "01003", 0, "A101", false, false, true);
	town_reverse(&x.w, x.no, TOWN_CON, town_size(&x.w, x.no) - 3, 1);
	warned(&x, false);
	/* refusing is no favour either */
	e = town_record(&x.w, x.no, "02002", 0, "A101", x.day);
	town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_refuse);
	warned(&x, false);
	town_close(&x.w);
}

T_MAIN(T(test_kin_is_declared_for_both), T(test_kin_and_posts_move_with_people),
       T(test_a_post_has_a_term, "R03 R64"), T(test_deciding_about_ones_own_is_warned_about))
