#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* Village life and what the town says: days, facilities, guidance, the demonstration village. */
#define TWO "500101999202"

static uint64_t last(struct world *x, uint32_t no)
{
	return town_size(&x->w, no) - 1;
}

static void put(struct world *x, enum rec_code type, const void *head)
{
	provoke_put(&x->w, x->no, TOWN_HEAD, type, head, NULL, 0);
}

static void put_town(struct world *x, enum rec_code type, const void *head)
{
	provoke_put(&x->w, FEED_TOWN, "office", type, head, NULL, 0);
}

/* --- days ------------------------------------------------------------------------------------------ */
static void test_nothing_is_recorded_before_it_happens(void)
{
	struct rec_meeting meeting = {.kind = MEETING_courtyard,
				      .place = town_b("二组院坝"),
				      .attendance = 40,
				      .agenda = town_b("积分制宣讲")};
	struct rec_consultation consultation = {.topic = town_b("积分事项"),
						.asked = 100,
						.aware = 100,
						.opinions = town_b("同意")};
	struct rec_training training = {
		.topic = town_b("记录员培训"), .trainer = town_b("王干事"), .attendance = 3};
	struct rec_intent intent = {.kind = INTENT_join, .text = town_b("申请参加")};
	struct rec_store store = {.title = town_b("积分超市"),
				  .place = town_b("村委会"),
				  .keeper = town_b("张小红"),
				  .days = town_b("每月逢五")};
	struct rec_inspection inspection = {.body = town_b("村务监督委员会"),
					    .scope = town_b("兑换台账"),
					    .findings = town_b("账物相符")};
	const struct {
		enum rec_code type;
		const void *head;
		day_t *day;
	} cases[] = {
		{REC_meeting, &meeting, &meeting.day},
		{REC_consultation, &consultation, &consultation.day},
		{REC_training, &training, &training.day},
		{REC_intent, &intent, &intent.day},
		{REC_store, &store, &store.accepted},
		{REC_inspection, &inspection, &inspection.day},
	};
	struct world x;

	world_open(&x, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		*cases[i].day = x.today;
		put(&x, cases[i].type, cases[i].head);
		T_EQ(x.w.last.reason.id, V_ACCEPTED);
		*cases[i].day = x.today + 1;
		put(&x, cases[i].type, cases[i].head);
		REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	}
	store.accepted = DAY_NONE; /* not yet */
	put(&x, REC_store, &store);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	consultation.day = x.today;
	consultation.aware = 101;
	put(&x, REC_consultation, &consultation);
	REFUSED(&x.w, "AT_MOST", "F94", 101, 100);
	T_STR(x.w.last.reason.s, "consultation.aware");
	T_STR(x.w.last.reason.t, "consultation.asked");
	inspection.day = x.today;
	inspection.digest = town_half();
	put(&x, REC_inspection, &inspection);
	REFUSED(&x.w, "MALFORMED", "F00");
	T_STR(x.w.last.reason.s, "inspection[0].digest");
	town_close(&x.w);
}

static void test_a_case_may_be_told_of_a_household(void)
{
	struct rec_case_note r = {.title = town_b("一户带一组"),
				  .text = town_b("带动全组整治庭院")};
	struct world x;

	world_open(&x, 9);
	r.day = x.today;
	put(&x, REC_case_note, &r);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	r.household = town_b("01001");
	put(&x, REC_case_note, &r);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	r.household = town_b("09999");
	put(&x, REC_case_note, &r);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	r.household = town_b("01001");
	r.day = x.today + 1;
	put(&x, REC_case_note, &r);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	r.digest = town_half();
	put(&x, REC_case_note, &r);
	REFUSED(&x.w, "MALFORMED", "F00");
	T_STR(x.w.last.reason.s, "case_note[0].digest");
	town_close(&x.w);
}

/* --- facilities ------------------------------------------------------------------------------------ */
static void keep(struct world *x, const char *household, day_t from, day_t to)
{
	struct rec_facility r = {.code = town_b("L-3"),
				 .kind = FACILITY_road,
				 .place = town_b("三组公路"),
				 .household = town_b(household),
				 .from = from,
				 .to = to};

	put(x, REC_facility, &r);
}

static void work(struct world *x, const char *household, day_t day)
{
	struct rec_points_line l = town_line(household, 0, "Z001", day);
	struct rec_points head = {.note = town_b("")};

	l.facility = town_b("L-3");
	provoke_put(&x->w, x->no, TOWN_REC, REC_points, &head, &l, 1);
}

static void test_work_on_a_facility_is_of_its_keeper_on_the_day(void)
{
	struct rec_facility_check c = {.facility = town_b("L-3"), .good = YES_yes};
	struct world x;

	world_open(&x, 2);
	c.day = x.today;
	put(&x, REC_facility_check, &c);
	REFUSED(&x.w, "FACILITY_UNKNOWN", "F68");
	work(&x, "01001", x.day);
	REFUSED(&x.w, "FACILITY_UNKNOWN", "F68");
	keep(&x, "09999", x.day, DAY_NONE);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	keep(&x, "01001", x.day, x.day - 1);
	REFUSED(&x.w, "PERIOD", "F31", x.day, x.day - 1);
	keep(&x, "01001", x.day - 10, DAY_NONE);
	keep(&x, "01002", x.day, x.day + 3);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	put(&x, REC_facility_check, &c);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	c.day++;
	put(&x, REC_facility_check, &c);
	REFUSED(&x.w, "DAY_FUTURE", "F30", c.day, x.today);
	work(&x, "01001", x.day - 11);
	REFUSED(&x.w, "FACILITY_KEEPER", "F69", 1, x.day - 11);
	T_STR(x.w.last.reason.t, "");
	work(&x, "01001", x.day - 10);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	work(&x, "01001", x.day);
	REFUSED(&x.w, "FACILITY_KEEPER", "F69", 1, x.day);
	T_STR(x.w.last.reason.t, "01002");
	work(&x, "01002", x.day + 3);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	work(&x, "01002", x.day + 4); /* its time is over, and nobody follows */
	REFUSED(&x.w, "FACILITY_KEEPER", "F69", 1, x.day + 4);
	keep(&x, "01003", x.day, DAY_NONE); /* in place of the other */
	work(&x, "01003", x.day + 4);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

static void test_the_keepers_of_a_facility_are_bounded(void)
{
	struct state_facility f = {0}, back;
	struct state_keeper k = {.household_n = 1, .household = "1"};
	struct buf b = {0};

	for (int i = 0; i < 2 * STATE_KEEPERS_MAX; i++) {
		k.from = 1000 + i * 37 % 128; /* in no order, each once */
		state_facility_add(&f, &k);
	}
	T_EQ(f.n, STATE_KEEPERS_MAX);
	for (uint32_t i = 0; i < f.n; i++)
		T_EQ(f.keeper[i].from, 1000 + STATE_KEEPERS_MAX + (int)i);
	T_OK(!state_facility_on(&f, 1000 + STATE_KEEPERS_MAX - 1));
	T_EQ(state_facility_on(&f, 99999)->from, 1127);
	state_facility_pack(&f, &b);
	T_EQ(state_facility_parse(buf_bytes(&b), &back), ERR_OK);
	T_EQ(back.n, f.n);
	T_EQ(state_facility_parse((struct bytes){b.p, b.n - 1}, &back), ERR_CORRUPT);
	buf_put(&b, b.p, 5);
	T_EQ(state_facility_parse(buf_bytes(&b), &back), ERR_CORRUPT);
	buf_close(&b);
}

/* --- the town -------------------------------------------------------------------------------------- */
/* There is a second village, TWO. */
static void open_with_two(struct world *x, uint64_t seed)
{
	world_open(x, seed);
	T_EQ(town_invite(&x->w, TWO, "二村", DAY_NONE), V_ACCEPTED);
	T_EQ(town_enrol(&x->w, TWO), V_ACCEPTED);
}

static struct rec_guidance guidance(const char *village)
{
	return (struct rec_guidance){.village = town_b(village),
				     .kind = GUIDE_rectify,
				     .title = town_b("公示不及时"),
				     .text = town_b("一季度积分未公示，请补公示")};
}

static void test_the_town_speaks_to_villages_that_are_there(void)
{
	struct rec_village_fact fact = {.work_team = YES_yes, .batch = 1};
	struct rec_guidance g = guidance(TWO);
	struct world x;

	world_open(&x, 3);
	put_town(&x, REC_guidance, &g);
	REFUSED(&x.w, "VILLAGE_UNKNOWN", "F32");
	fact.village = town_b(TWO);
	T_EQ(town_invite(&x.w, TWO, "二村", DAY_NONE), V_ACCEPTED); /* invited only */
	put_town(&x, REC_village_fact, &fact);
	REFUSED(&x.w, "VILLAGE_UNKNOWN", "F32");
	T_EQ(town_enrol(&x.w, TWO), V_ACCEPTED);
	put_town(&x, REC_village_fact, &fact);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	put_town(&x, REC_guidance, &g);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	g = guidance("");
	put_town(&x, REC_guidance, &g);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

static void test_a_village_answers_what_was_said_to_it(void)
{
	struct rec_guidance_reply r = {.done = YES_yes, .text = town_b("已补公示")};
	struct rec_guidance g = guidance("");
	struct world x;

	open_with_two(&x, 4);
	put_town(&x, REC_guidance, &g);
	r.guidance = last(&x, FEED_TOWN);
	r.day = x.today;
	put(&x, REC_guidance_reply, &r);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	r.day++;
	put(&x, REC_guidance_reply, &r);
	REFUSED(&x.w, "DAY_FUTURE", "F30", r.day, x.today);
	r.day = x.today;
	r.guidance++; /* not said yet */
	put(&x, REC_guidance_reply, &r);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)r.guidance);
	g = guidance(TWO);
	put_town(&x, REC_guidance, &g);
	put(&x, REC_guidance_reply, &r);
	REFUSED(&x.w, "GUIDE_FOREIGN", "F54", (int64_t)r.guidance);
	T_STR(x.w.last.reason.s, TOWN_CODE);
	town_close(&x.w);
}

static void test_a_task_is_closed_village_by_village(void)
{
	struct rec_guidance_close c = {.village = town_b(TOWN_CODE), .note = town_b("已核实")};
	struct rec_guidance g = guidance("");
	struct world x;

	open_with_two(&x, 5);
	put_town(&x, REC_guidance, &g);
	c.guidance = last(&x, FEED_TOWN);
	c.day = x.today;
	put_town(&x, REC_guidance_close, &c);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	put_town(&x, REC_guidance_close, &c);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)c.guidance, (int64_t)c.guidance + 1);
	c.village = town_b(TWO);
	put_town(&x, REC_guidance_close, &c);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	c.village = town_b("500101999203");
	put_town(&x, REC_guidance_close, &c);
	REFUSED(&x.w, "VILLAGE_UNKNOWN", "F32");
	g = guidance(TWO);
	put_town(&x, REC_guidance, &g);
	c.guidance = last(&x, FEED_TOWN);
	c.village = town_b(TOWN_CODE);
	put_town(&x, REC_guidance_close, &c);
	REFUSED(&x.w, "GUIDE_FOREIGN", "F54", (int64_t)c.guidance);
	c.village = town_b(TWO);
	c.day++;
	put_town(&x, REC_guidance_close, &c);
	REFUSED(&x.w, "DAY_FUTURE", "F30", c.day, x.today);
	c.guidance--;
	put_town(&x, REC_guidance_close, &c);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)c.guidance);
	town_close(&x.w);
}

static void test_there_is_one_demonstration_village(void)
{
	struct rec_demonstration d = {.reason = town_b("基础好，群众支持")};
	struct world x;

	open_with_two(&x, 6);
	d.day = x.today;
	d.village = town_b("500101999203");
	put_town(&x, REC_demonstration, &d);
	REFUSED(&x.w, "VILLAGE_UNKNOWN", "F32");
	d.village = town_b(TOWN_CODE);
	d.decision = CHOSEN_withdrawn;
	put_town(&x, REC_demonstration, &d);
	REFUSED(&x.w, "DEMO_NOT", "F79");
	d.decision = CHOSEN_chosen;
	put_town(&x, REC_demonstration, &d);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	d.village = town_b(TWO);
	put_town(&x, REC_demonstration, &d);
	REFUSED(&x.w, "DEMO_ONE", "F53");
	T_STR(x.w.last.reason.s, TOWN_CODE);
	d.decision = CHOSEN_withdrawn;
	put_town(&x, REC_demonstration, &d);
	REFUSED(&x.w, "DEMO_NOT", "F79");
	d.village = town_b(TOWN_CODE);
	put_town(&x, REC_demonstration, &d);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	d.village = town_b(TWO);
	d.decision = CHOSEN_chosen;
	d.day++;
	put_town(&x, REC_demonstration, &d);
	REFUSED(&x.w, "DAY_FUTURE", "F30", d.day, x.today);
	d.day = x.today;
	put_town(&x, REC_demonstration, &d);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

T_MAIN(T(test_nothing_is_recorded_before_it_happens, "R12 R16 R17 R18 R55 R61 R69 R78"),
       T(test_a_case_may_be_told_of_a_household, "R19 R70"),
       T(test_work_on_a_facility_is_of_its_keeper_on_the_day, "R73"),
       T(test_the_keepers_of_a_facility_are_bounded, "R73"),
       T(test_the_town_speaks_to_villages_that_are_there, "R13 R20"),
       T(test_a_village_answers_what_was_said_to_it, "R20"),
       T(test_a_task_is_closed_village_by_village, "R75"),
       T(test_there_is_one_demonstration_village, "R16 R59"))
