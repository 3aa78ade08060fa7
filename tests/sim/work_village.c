#include "tests/sim/work.h"

/* Village life: meetings, trainings, facilities and who keeps them, the store, what the village applies for. */
#define FACILITIES 2

const char *work_facility(uint32_t i)
{
	static const char *const code[FACILITIES] = {"L01", "L02"};

	return code[i - 1];
}

static struct books_act happened(struct sim *s, enum rec_code type, unsigned by)
{
	return (struct books_act){.type = type, .by = by, .day = work_today(s)};
}

static void meet(struct sim *s, uint32_t host)
{
	const struct books_act a = happened(s, REC_meeting, HOST_RECORDER);
	const struct rec_meeting r = {.kind = MEETING_representatives,
				      .day = a.day,
				      .place = host_text("村委会"),
				      .attendance = 21,
				      .agenda = host_text("表决积分奖励方案")};

	order_act(s, host, &a, &r, NULL, 0);
}

static void consult(struct sim *s, uint32_t host)
{
	const struct books_act a = happened(s, REC_consultation, HOST_RECORDER);
	const struct rec_consultation r = {.day = a.day,
					   .topic = host_text("积分事项清单"),
					   .asked = 30,
					   .aware = 28,
					   .opinions = host_text("希望增加义务劳动事项")};

	order_act(s, host, &a, &r, NULL, 0);
}

static void train(struct sim *s, uint32_t host)
{
	const struct books_act a = happened(s, REC_training, HOST_HEAD);
	const struct rec_training r = {.day = a.day,
				       .topic = host_text("积分记录办法"),
				       .trainer = host_text("镇乡村振兴办"),
				       .attendance = 12};

	order_act(s, host, &a, &r, NULL, 0);
}

static void apply_for_village(struct sim *s, uint32_t host)
{
	const struct books_act a = happened(s, REC_intent, HOST_HEAD);
	const struct rec_intent r = {.kind = INTENT_demonstration,
				     .day = a.day,
				     .text = host_text("积分制运行一年，申报示范村")};

	order_act(s, host, &a, &r, NULL, 0);
}

static void set_up_store(struct sim *s, uint32_t host)
{
	const struct books_act a = happened(s, REC_store, HOST_HEAD);
	const struct rec_store r = {.title = host_text("积分超市"),
				    .place = host_text("村委会一楼"),
				    .keeper = host_text("赵六"),
				    .days = host_text("每周五上午"),
				    .accepted = a.day};

	order_act(s, host, &a, &r, NULL, 0);
}

static void give_keeper(struct sim *s, uint32_t host)
{
	struct books_act a = happened(s, REC_facility, HOST_HEAD);
	struct rec_facility r = {.kind = FACILITY_canal, .place = host_text("二组水渠")};
	char name[8];

	a.day += (day_t)prng_below(&s->work, 60) - 40;
	a.which = 1 + (uint32_t)prng_below(&s->work, FACILITIES);
	a.household = some_household(s, host);
	household_name(a.household, name);
	r.code = host_text(work_facility(a.which));
	r.household = host_text(name);
	r.from = a.day;
	order_act(s, host, &a, &r, NULL, 0);
}

static void check(struct sim *s, uint32_t host)
{
	struct books_act a = happened(s, REC_facility_check, HOST_RECORDER);
	struct rec_facility_check r = {.day = a.day, .good = YES_yes};

	a.which = 1 + (uint32_t)prng_below(&s->work, FACILITIES);
	r.facility = host_text(work_facility(a.which));
	order_act(s, host, &a, &r, NULL, 0);
}

static void complain(struct sim *s, uint32_t host)
{
	struct books_act a = happened(s, REC_complaint, worker(s, HOST_RECORDER, HOST_HEAD));
	struct rec_complaint r = {.kind = COMPLAINT_store,
				  .day = a.day,
				  .name = host_text("村民"),
				  .text = host_text("积分超市没有按公示时间开门")};
	char name[8];

	if (sim_chance(&s->work, 50)) {
		a.household = some_household(s, host);
		household_name(a.household, name);
		r.household = host_text(name);
	}
	r.about = prng_below(&s->work, 2);
	order_act(s, host, &a, &r, NULL, 0);
}

static void answer_complaint(struct sim *s, uint32_t host)
{
	const struct books_act *was = some_act(s, host, REC_complaint);
	struct books_act a = happened(s, REC_complaint_reply, worker(s, HOST_REVIEWER, HOST_HEAD));
	struct rec_complaint_reply r = {
		.ruling = RULING_upheld, .day = a.day, .text = host_text("已督促按时开门")};

	if (!was)
		return;
	a.about = r.complaint = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

static void inspect(struct sim *s, uint32_t host)
{
	const struct books_act a = happened(s, REC_inspection, HOST_HEAD);
	const struct rec_inspection r = {.day = a.day,
					 .body = host_text("村务监督委员会"),
					 .scope = host_text("积分超市物资账"),
					 .findings = host_text("账物相符")};

	order_act(s, host, &a, &r, NULL, 0);
}

static void write_case(struct sim *s, uint32_t host)
{
	const struct books_act a = happened(s, REC_case_note, HOST_HEAD);
	const struct rec_case_note r = {.day = a.day,
					.title = host_text("院坝会议事"),
					.text = host_text("以积分带动庭院整治")};

	order_act(s, host, &a, &r, NULL, 0);
}

void work_village(struct sim *s, uint32_t host)
{
	static void (*const often[])(struct sim * s, uint32_t host) = {
		meet,  consult, train,	  apply_for_village, set_up_store, give_keeper, give_keeper,
		check, check,	complain, answer_complaint,  inspect,	   write_case};

	often[prng_below(&s->work, sizeof(often) / sizeof(often[0]))](s, host);
}
