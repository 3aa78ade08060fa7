#include <stdio.h>

#include "tests/sim/work.h"

/* The town office: catalogues, staff of the villages, replies to filings, guidance. */

static void issue_catalogue(struct sim *s, struct order *o, uint64_t version)
{
	struct rec_catalogue_line l[TOWN_ITEMS];
	struct rec_catalogue head = {.version = version, .title = host_text("参考清单")};

	day_from_ymd(2000, 1, 1, &head.from);
	for (uint32_t i = 0; i < TOWN_ITEMS; i++) {
		bool deduct = work_items[i].points[0] < 0;

		l[i] = (struct rec_catalogue_line){
			.code = host_text(work_items[i].code),
			.category = CATEGORY_D,
			.sign = deduct ? SIGN_deduct : SIGN_award,
			.name_zh = host_text("事项"),
			.points = points_of(deduct ? -work_items[i].points[0]
						   : work_items[i].points[0]),
			.cap = points_of(work_items[i].cap),
			.scope = work_items[i].scope,
			.evidence = host_text(WORK_EVIDENCE),
		};
	}
	order_make(s, o, REC_catalogue, &head, l, TOWN_ITEMS, HOST_HEAD);
}

static void reply_filing(struct sim *s, struct order *o, uint32_t village)
{
	char number[24];
	struct rec_filing_reply r = {.village = host_text(s->m[village].host.code),
				     .subject = (uint32_t)prng_below(&s->work, 3),
				     .version = 1,
				     .day = work_today(s)};

	snprintf(number, sizeof(number), "备案%u号", o->id);
	if (sim_chance(&s->work, 50)) {
		r.decision = FILED_returned;
		r.comment = host_text("请补充评价程序");
	} else {
		r.number = host_text(number);
	}
	order_make(s, o, REC_filing_reply, &r, NULL, 0, HOST_HEAD);
}

/* @village: SIM_HUB for all. */
static void guide(struct sim *s, struct order *o, uint32_t village)
{
	struct rec_guidance r = {.village = host_text(village ? s->m[village].host.code : ""),
				 .kind = GUIDE_rectify,
				 .title = host_text("公示整改"),
				 .text = host_text("请在村务公开栏补充张贴")};

	o->act.household = village;
	order_make(s, o, REC_guidance, &r, NULL, 0, HOST_HEAD);
}

static void close_guidance(struct sim *s, struct order *o, uint32_t village)
{
	const struct people *p = s->people;
	uint32_t at = (uint32_t)prng_below(&s->work, p->nguidance);
	struct rec_guidance_close r = {.guidance = p->guidance[at].entry,
				       .day = work_today(s),
				       .note = host_text("现场查看已经张贴")};

	if (p->guidance[at].village && sim_chance(&s->work, 80))
		village = p->guidance[at].village;
	r.village = host_text(s->m[village].host.code);
	order_make(s, o, REC_guidance_close, &r, NULL, 0, HOST_HEAD);
}

static void demonstrate(struct sim *s, struct order *o, uint32_t village)
{
	struct rec_demonstration r = {.village = host_text(s->m[village].host.code),
				      .decision = sim_chance(&s->work, 50) ? CHOSEN_chosen
									   : CHOSEN_withdrawn,
				      .day = work_today(s),
				      .reason = host_text("积分制运行规范")};

	order_make(s, o, REC_demonstration, &r, NULL, 0, HOST_HEAD);
}

static void note_fact(struct sim *s, struct order *o, uint32_t village)
{
	struct rec_village_fact r = {
		.village = host_text(s->m[village].host.code), .work_team = YES_yes, .batch = 1};

	order_make(s, o, REC_village_fact, &r, NULL, 0, HOST_HEAD);
}

void work_town(struct sim *s)
{
	struct people *p = s->people;
	struct order *o = order_new(s, SIM_HUB, K_OTHER);
	uint32_t village = 1 + (uint32_t)prng_below(&s->work, SIM_VILLAGES);

	if (p->catalogue == 0) { /* the villages wait for it */
		issue_catalogue(s, o, ++p->catalogue);
		return;
	}
	switch (prng_below(&s->work, 14)) {
	case 0: issue_catalogue(s, o, ++p->catalogue); break;
	case 1: issue_catalogue(s, o, 1); break; /* refused */
	case 2:
		staff(s, o, SIM_HUB, HOST_DEPUTY, ROLE_inspector, "", sim_chance(&s->work, 50));
		break;
	case 3:
	case 4: reply_filing(s, o, village); break;
	case 5: guide(s, o, village); break;
	case 6: guide(s, o, SIM_HUB); break;
	case 7: demonstrate(s, o, village); break;
	case 8: note_fact(s, o, village); break;
	case 9:
		if (p->nguidance) {
			close_guidance(s, o, village);
			break;
		}
		__attribute__((fallthrough));
	default: /* the deputy of a village comes and goes, often */
		staff(s, o, village, HOST_DEPUTY, ROLE_committee, s->m[village].host.code,
		      sim_chance(&s->work, 50));
		break;
	}
}
