/* The town's lists over all its villages: sums side by side, who applied and who was chosen, what is filed and due. */
#include "tests/lib/rows.h"
#include "tests/lib/t.h"

#define TWO   "500101999202"
#define THREE "500101999203"
#define HEAD2 "head/" TWO

struct world {
	struct town w;
	uint32_t one, two;
};

static void confirm(struct world *x, uint32_t no, const char *code, const char *household)
{
	struct rec_points_line l = town_line(household, 0, "D101", town_day(2026, 2, 1));
	char rec[32], rev[32], con[32];
	uint64_t entry;

	snprintf(rec, sizeof(rec), "rec/%s", code);
	snprintf(rev, sizeof(rev), "rev/%s", code);
	snprintf(con, sizeof(con), "con/%s", code);
	T_EQ(town_points(&x->w, no, rec, &l, 1), V_ACCEPTED);
	entry = town_size(&x->w, no) - 1;
	T_EQ(town_step(&x->w, no, rev, REC_review, entry, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x->w, no, con, REC_confirm, entry, 0, DECISION_agree), V_ACCEPTED);
}

/* Two villages with points, one that is invited only. */
static void world_open(struct world *x, uint64_t seed)
{
	x->one = town_open(&x->w, seed);
	x->two = town_village(&x->w, TWO);
	T_EQ(town_invite(&x->w, THREE, "未入网村", DAY_NONE), V_ACCEPTED);
	T_EQ(town_household(&x->w, x->two, "rec/" TWO, "02001", 2), V_ACCEPTED);
	confirm(x, x->one, TOWN_CODE, "01001");
	confirm(x, x->two, TWO, "02001");
	confirm(x, x->one, TOWN_CODE, "01002");
}

static void put(struct world *x, uint32_t no, const char *who, enum rec_code type, const void *head)
{
	T_EQ(town_put(&x->w, no, who, type, head, NULL, 0), V_ACCEPTED);
}

static void test_villages_are_side_by_side_with_their_sum(void)
{
	struct row_villages v[8];
	struct world x;

	world_open(&x, 1);
	T_EQ(rows_read(&x.w, FEED_TOWN, VIEW_villages, v, 8), 4);
	T_STR(rows_text(v[0].village), TOWN_CODE);
	T_EQ(points_raw(v[0].net), 600);
	T_EQ(qty_raw(v[0].awards), 2);
	T_STR(rows_text(v[1].village), TWO);
	T_EQ(points_raw(v[1].net), 300);
	T_EQ(points_raw(v[1].balance), 300);
	T_EQ(v[1].households, 1);
	T_STR(rows_text(v[1].percent), "100.0");
	T_EQ(points_raw(v[1].mean), 300);
	T_STR(rows_text(v[2].village), THREE);
	T_EQ(v[2].entries, 0);
	T_STR(rows_text(v[2].percent), "-");
	T_STR(rows_text(v[3].village), "");
	T_EQ(points_raw(v[3].net), 900);
	T_EQ(v[3].households, v[0].households + 1);
	town_close(&x.w);
}

static void test_who_applied_and_who_was_chosen(void)
{
	const struct rec_intent join = {
		.kind = INTENT_join, .day = town_day(2026, 2, 2), .text = town_b("愿意参加")};
	const struct rec_intent demo = {.kind = INTENT_demonstration,
					.day = town_day(2026, 2, 3),
					.text = town_b("申报示范村")};
	const struct rec_village_fact team = {.village = town_b(TWO), .work_team = YES_yes};
	const struct rec_demonstration chosen = {.village = town_b(TWO),
						 .decision = CHOSEN_chosen,
						 .day = town_day(2026, 2, 9),
						 .reason = town_b("基础较好")};
	struct row_rollout r[8];
	struct world x;

	world_open(&x, 2);
	put(&x, x.one, TOWN_HEAD, REC_intent, &join);
	put(&x, x.two, HEAD2, REC_intent, &demo);
	put(&x, FEED_TOWN, "office", REC_village_fact, &team);
	put(&x, FEED_TOWN, "office", REC_demonstration, &chosen);
	T_EQ(rows_read(&x.w, FEED_TOWN, VIEW_rollout, r, 8), 3);
	T_EQ(r[0].applied, join.day);
	T_EQ(r[0].demonstration, DAY_NONE);
	T_EQ(r[0].to_include, YES_no);
	T_OK(r[0].chosen > CHOSEN_withdrawn); /* nothing was decided */
	T_EQ(r[1].applied, DAY_NONE);
	T_EQ(r[1].demonstration, demo.day);
	T_EQ(r[1].work_team, YES_yes);
	T_EQ(r[1].to_include, YES_yes);
	T_EQ(r[1].chosen, CHOSEN_chosen);
	T_EQ(r[1].chosen_day, chosen.day);
	T_STR(rows_text(r[1].reason), "基础较好");
	T_EQ(r[2].enrolled, YES_no);
	town_close(&x.w);
}

static void test_what_is_filed_and_due_in_all_villages(void)
{
	const struct rec_submission s = {.subject = SUBJECT_catalogue, .version = 1};
	const struct rec_guidance g = {.kind = GUIDE_reminder,
				       .title = town_b("公示"),
				       .text = town_b("请按期张贴"),
				       .due = town_day(2026, 3, 5)};
	struct rec_guidance_reply reply = {
		.done = YES_no, .day = town_day(2026, 3, 1), .text = town_b("正在办理")};
	static struct row_town_filings f[32];
	static struct row_town_due d[64];
	struct row_town_guidance t[4];
	uint32_t n, sent = 0, due = 0;
	struct world x;

	world_open(&x, 3);
	put(&x, x.two, HEAD2, REC_submission, &s);
	n = rows_read(&x.w, FEED_TOWN, VIEW_town_filings, f, 32);
	for (uint32_t i = 0; i < n; i++) {
		bool of_two = strcmp(rows_text(f[i].village), TWO) == 0;

		T_OK(of_two || f[i].state == FILING_NONE);
		sent += of_two && f[i].state == FILING_SUBMITTED && f[i].version == 1;
	}
	T_EQ(sent, 1);
	put(&x, FEED_TOWN, "office", REC_guidance, &g);
	reply.guidance = town_size(&x.w, FEED_TOWN) - 1;
	put(&x, x.two, HEAD2, REC_guidance_reply, &reply);
	T_EQ(rows_read(&x.w, FEED_TOWN, VIEW_town_guidance, t, 4), 2);
	T_STR(rows_text(t[0].text), "请按期张贴");
	T_EQ(t[0].state, GUIDED_open);
	T_EQ(t[1].state, GUIDED_replied);
	T_STR(rows_text(t[1].answer), "正在办理");
	n = rows_read(&x.w, FEED_TOWN, VIEW_town_due, d, 64);
	for (uint32_t i = 0; i < n; i++)
		due += strcmp(rows_text(d[i].what), "village plan") == 0;
	T_EQ(due, 2); /* in both */
	town_close(&x.w);
}

T_MAIN(T(test_villages_are_side_by_side_with_their_sum, "R71"),
       T(test_who_applied_and_who_was_chosen, "R12 R13 R16"),
       T(test_what_is_filed_and_due_in_all_villages, "R20 R32"))
