#include "tests/lib/life.h"

#include <stdio.h>

#include "lib/err.h"
#include "tests/lib/t.h"

#define FATHER	 "07001" /* four people; earns, redeems, splits */
#define SON	 "07002" /* made of the split */
#define OLD	 "07003" /* two people; goes to FATHER in the end */
#define STRANGER "07004" /* from another village */
#define GIVEN	 INT64_C(250)

/* What happens by hand, in hundredths:
 * FATHER: 200 + 200 + 500 + 100 earned, 200 taken back, 200 deducted, 300 redeemed of which 100 came back,
 *	   250 to SON, all of OLD: 300, and 200 that were confirmed when the year was closed.
 * SON:    250. OLD: 300, then nothing. STRANGER: 100. */
const struct life_balance life_balances[] = {
	{FATHER, 200 + 200 + 500 + 100 - 200 - 200 - 300 + 100 - GIVEN + 300 + 200},
	{SON, GIVEN},
	{OLD, 0},
	{STRANGER, 100},
	{NULL, 0}};

static uint64_t put(const struct life *l, const char *who, enum rec_code type, const void *head,
		    const void *lines, uint32_t n)
{
	const struct rec_type *t = rec_type_of((uint16_t)type);
	bool town = strcmp(who, "office") == 0;
	uint32_t no = town ? FEED_TOWN : l->no;
	char author[40];

	snprintf(author, sizeof(author), town ? "%s" : "%s/%s", who, l->code);
	if (town_put(l->w, no, author, type, head, lines, n) != V_ACCEPTED)
		t_fail(__FILE__, __LINE__, "%s by %s: %s", t->name, author,
		       reason_name(l->w->last.reason.id));
	if (l->after)
		l->after(l->ctx, no);
	return town_size(l->w, no) - 1;
}

static day_t today(const struct life *l)
{
	return day_of_ms(l->w->wall_ms);
}

/* --- people ------------------------------------------------------------------------------------------ */
static void staff(const struct life *l)
{
	char keeper[40];

	snprintf(keeper, sizeof(keeper), "keeper/%s", l->code);
	struct rec_grant g = {.key = town_key_bytes(town_key(l->w, keeper)),
			      .name = town_b("张小红"),
			      .role = ROLE_keeper};
	struct rec_revoke r = {.key = g.key, .role = ROLE_accountant, .reason = town_b("换届")};

	put(l, "head", REC_grant, &g, NULL, 0);
	g.role = ROLE_accountant;
	put(l, "head", REC_grant, &g, NULL, 0);
	put(l, "head", REC_revoke, &r, NULL, 0);
}

static void move_in(const struct life *l, const char *household, uint32_t n, uint32_t hukou)
{
	struct rec_household_line m[4];
	struct rec_household h = {.household = town_b(household),
				  .group = town_b("1"),
				  .takes_part = YES_yes,
				  .consent_day = town_day(2024, 1, 1)};

	for (uint32_t i = 0; i < n; i++)
		m[i] = (struct rec_household_line){.member = i + 1,
						   .name = town_b(i ? "冉小明" : "冉大明"),
						   .sex = SEX_male,
						   .birth = town_day(1960 + (int)i, 5, 1),
						   .hukou = hukou};
	put(l, "rec", REC_household, &h, m, n);
}

static void people(const struct life *l)
{
	struct rec_member_join child = {.household = town_b(FATHER),
					.kind = JOIN_birth,
					.day = town_day(2025, 3, 1),
					.member = 5,
					.name = town_b("冉宝"),
					.birth = town_day(2025, 3, 1)};
	struct rec_roster_change away = {.household = town_b(FATHER),
					 .member = 4,
					 .kind = LEAVE_away,
					 .day = town_day(2025, 2, 1)};
	struct rec_roster_correction wrong = {.reason = town_b("记错了人")};
	struct rec_person_correction spelled = {.household = town_b(FATHER),
						.member = 5,
						.name = town_b("冉小宝"),
						.relation = town_b("孙子"),
						.birth = town_day(2025, 3, 2),
						.reason = town_b("出生证上是这个名字")};
	struct rec_household_correction regrouped = {
		.household = town_b(OLD), .group = town_b("2"), .reason = town_b("划到二组")};
	struct rec_consent yes = {.household = town_b(OLD),
				  .takes_part = YES_yes,
				  .day = town_day(2025, 1, 5),
				  .document = town_b("同意书 7")};
	struct rec_residence admitted = {.household = town_b(STRANGER),
					 .member = 1,
					 .since = town_day(2024, 1, 1),
					 .agreed = town_day(2024, 9, 1),
					 .document = town_b("同意书 8")};
	struct rec_kin kin = {
		.household = town_b(FATHER), .member = 1, .day = town_day(2025, 1, 6)};
	struct rec_kin_line parent = {
		.relation = KIN_parent, .household = town_b(OLD), .member = 1};
	char keeper[40];

	snprintf(keeper, sizeof(keeper), "keeper/%s", l->code);
	struct rec_post post = {.household = town_b(OLD),
				.member = 2,
				.post = POST_representative,
				.key = town_key_bytes(town_key(l->w, keeper)),
				.from = town_day(2025, 1, 1)};

	move_in(l, FATHER, 4, HUKOU_local);
	move_in(l, OLD, 2, HUKOU_local);
	move_in(l, STRANGER, 1, HUKOU_other);
	put(l, "rec", REC_member_join, &child, NULL, 0);
	wrong.entry = put(l, "rec", REC_roster_change, &away, NULL, 0);
	put(l, "head", REC_roster_correction, &wrong, NULL, 0);
	put(l, "rec", REC_roster_change, &away, NULL, 0);
	put(l, "head", REC_person_correction, &spelled, NULL, 0);
	put(l, "head", REC_household_correction, &regrouped, NULL, 0);
	put(l, "rec", REC_consent, &yes, NULL, 0);
	put(l, "head", REC_residence, &admitted, NULL, 0);
	put(l, "head", REC_kin, &kin, &parent, 1);
	put(l, "head", REC_post, &post, NULL, 0);
}

/* --- what the village decides ------------------------------------------------------------------------ */
static void documents(const struct life *l)
{
	struct rec_plan plan = {.version = 1,
				.title = town_b("实施方案"),
				.content = town_b("人居环境"),
				.standards = town_b("按清单计分"),
				.procedure = town_b("记录、审核、确认"),
				.uses = town_b("评优和兑换")};
	struct rec_plan_line step = {.step = town_b("宣传发动")};
	struct rec_scheme scheme = town_scheme(1, town_day(2025, 1, 1));
	struct rec_scheme_line reward = {.kind = REWARD_goods, .name = town_b("生活用品")};
	struct rec_prices prices = {.version = 1, .from = town_day(2025, 1, 1)};
	struct rec_prices_line towel = {.good = town_b("MJ"),
					.title = town_b("毛巾"),
					.unit = town_b("条"),
					.price = points_of(100),
					.cost = fen_of(100)};
	struct rec_opening hours = {.place = town_b("积分超市")};
	struct rec_opening_line open = {.day = today(l), .from = 540, .to = 1020};
	struct rec_store store = {.title = town_b("积分超市"),
				  .place = town_b("村委会"),
				  .keeper = town_b("张小红"),
				  .days = town_b("每月逢五"),
				  .accepted = town_day(2025, 1, 10)};

	put(l, "head", REC_plan, &plan, &step, 1);
	scheme.threshold = points_of(300);
	put(l, "head", REC_scheme, &scheme, &reward, 1);
	put(l, "head", REC_prices, &prices, &towel, 1);
	put(l, "keeper", REC_opening, &hours, &open, 1);
	put(l, "head", REC_store, &store, NULL, 0);
}

static void filing(const struct life *l)
{
	struct rec_submission s = {.subject = SUBJECT_plan, .version = 1};
	struct rec_filing_reply r = {.village = town_b(l->code),
				     .subject = SUBJECT_plan,
				     .version = 1,
				     .decision = FILED_accepted,
				     .number = town_b("备〔2026〕7号"),
				     .day = today(l)};

	put(l, "head", REC_submission, &s, NULL, 0);
	put(l, "office", REC_filing_reply, &r, NULL, 0);
}

/* --- points ------------------------------------------------------------------------------------------ */
static struct rec_points_line line(const char *household, uint32_t member, const char *item,
				   day_t day)
{
	struct rec_points_line p = town_line(household, member, item, day);

	p.evidence_no = town_b("照片-2025-07");
	return p;
}

static uint64_t record(const struct life *l, const struct rec_points_line *p, uint32_t n)
{
	struct rec_points head = {.note = town_b("")};

	return put(l, "rec", REC_points, &head, p, n);
}

static void decide(const struct life *l, const char *who, enum rec_code step, uint64_t entry,
		   uint32_t line, uint32_t decision)
{
	struct rec_review head = {.note = town_b("")};
	struct rec_review_line r = {.entry = entry, .line = line, .decision = decision};

	put(l, who, step, &head, &r, 1);
}

static void agree(const struct life *l, uint64_t entry)
{
	decide(l, "rev", REC_review, entry, 0, DECISION_agree);
	decide(l, "con", REC_confirm, entry, 0, DECISION_agree);
}

/* The entry of which line 2 waits. */
static uint64_t awards(const struct life *l)
{
	day_t day = town_day(2025, 6, 5);
	struct rec_application a = {.household = town_b(FATHER),
				    .member = 2,
				    .item = town_b("C101"),
				    .day = day,
				    .place = town_b("村口公路"),
				    .reason = town_b("清扫积雪一上午"),
				    .applicant = town_b("冉大明")};
	struct rec_application_reply no = {.opinion = town_b("当天未到场")};
	struct rec_facility road = {.code = town_b("L-3"),
				    .kind = FACILITY_road,
				    .place = town_b("三组公路"),
				    .household = town_b(FATHER),
				    .from = town_day(2025, 1, 1)};
	struct rec_facility_check check = {.facility = town_b("L-3"), .day = day, .good = YES_yes};
	struct rec_points_line p[6] = {
		line(FATHER, 0, "A101", day), line(FATHER, 0, "A101", day),
		line(FATHER, 2, "C101", day), line(FATHER, 0, "Z001", day),
		line(OLD, 0, "D101", day),    line(STRANGER, 1, "Z002", day)};
	struct rec_reversal back = {.line = 2, .reason = town_b("重复记录")};

	put(l, "head", REC_facility, &road, NULL, 0);
	put(l, "rec", REC_facility_check, &check, NULL, 0);
	p[2].application = put(l, "rec", REC_application, &a, NULL, 0);
	no.application = put(l, "rec", REC_application, &a, NULL, 0);
	put(l, "rev", REC_application_reply, &no, NULL, 0);
	p[3].facility = town_b("L-3");
	back.entry = record(l, p, 6);
	agree(l, back.entry);
	put(l, "con", REC_reversal, &back, NULL, 0);
	uint64_t e = record(l, p, 2);
	decide(l, "rev", REC_review, e, 1, DECISION_refuse);
	return e;
}

static void deduction(const struct life *l)
{
	day_t day = town_day(2025, 7, 1);
	struct rec_points_line p = line(FATHER, 0, "D201", day);
	struct rec_notified notified = {.line = 1, .day = day + 1, .via = VIA_oral};
	struct rec_objection o = {.line = 1,
				  .household = town_b(FATHER),
				  .via = VIA_written,
				  .day = day + 2,
				  .text = town_b("当天我家没有人")};
	struct rec_objection_reply reply = {
		.ruling = RULING_rejected, .day = day + 3, .text = town_b("有照片")};

	p.notified = DAY_NONE;
	uint64_t e = record(l, &p, 1);
	notified.entry = e;
	put(l, "rec", REC_notified, &notified, NULL, 0);
	o.entry = e;
	reply.objection = put(l, "head", REC_objection, &o, NULL, 0);
	put(l, "rev", REC_objection_reply, &reply, NULL, 0);
	agree(l, e);
	e = record(l, &p, 1); /* this one is not decided */
	o.entry = e;
	put(l, "head", REC_objection, &o, NULL, 0);
}

/* --- goods ------------------------------------------------------------------------------------------- */
static uint64_t redeem(const struct life *l, const char *slip, int64_t towels, uint64_t member)
{
	uint8_t digest[HASH_BYTES] = {(uint8_t)slip[3], 1};
	struct rec_redemption r = {.slip = town_b(slip),
				   .household = town_b(FATHER),
				   .day = today(l),
				   .minute = 600,
				   .receiver = town_b("冉大明"),
				   .member = member,
				   .signature = {digest, sizeof(digest)},
				   .witness = town_b("李会计"),
				   .prices = 1};
	struct rec_redemption_line g = {.good = town_b("MJ"),
					.quantity = qty_of(towels),
					.points = points_of(towels * 100)};

	if (member == 0) {
		r.proxy = town_b("委托-1");
		r.proxy_id = town_b("07003-1");
	}
	return put(l, "keeper", REC_redemption, &r, &g, 1);
}

static void goods(const struct life *l)
{
	struct rec_redemption_reversal back = {.reason = town_b("发错物品")};

	redeem(l, "DH-1", 2, 0);
	back.entry = redeem(l, "DH-2", 1, 1);
	put(l, "con", REC_redemption_reversal, &back, NULL, 0);
}

static void families(const struct life *l)
{
	struct rec_split s = {.household = town_b(FATHER),
			      .into = town_b(SON),
			      .day = town_day(2026, 2, 1),
			      .points = points_of(GIVEN),
			      .reason = town_b("儿子成家")};
	struct rec_split_line leaves = {3, 1}, comes[2] = {{1, 6}, {2, 7}};
	struct rec_merge m = {.household = town_b(OLD),
			      .into = town_b(FATHER),
			      .day = town_day(2026, 2, 2),
			      .reason = town_b("老人随子女生活")};

	put(l, "head", REC_split, &s, &leaves, 1);
	put(l, "head", REC_merge, &m, comes, 2);
}

/* --- the year ---------------------------------------------------------------------------------------- */
static void year(const struct life *l, uint64_t late)
{
	struct rec_appraisal a = {.year = 2025,
				  .title = town_b("最美庭院"),
				  .basis = town_b("年度积分"),
				  .day = today(l)};
	struct rec_appraisal_line first = {
		.rank = 1, .household = town_b(FATHER), .member = 2, .score = points_of(500)};
	struct rec_appraisal_confirm yes = {.decision = DECISION_agree};
	struct rec_year_close close = {.year = 2025};
	struct rec_honour h = {.household = town_b(FATHER),
			       .member = 2,
			       .title = town_b("道德模范"),
			       .level = LEVEL_village,
			       .year = 2025,
			       .day = today(l),
			       .basis = town_b("年度积分第一")};
	struct rec_policy_support p = {.policy = town_b("改厕补助优先"),
				       .department = town_b("农业农村委"),
				       .household = town_b(FATHER),
				       .day = today(l),
				       .basis = town_b("年度积分第一")};

	yes.entry = put(l, "head", REC_appraisal, &a, &first, 1);
	put(l, "con", REC_appraisal_confirm, &yes, NULL, 0);
	put(l, "head", REC_year_close, &close, NULL, 0);
	decide(l, "rev", REC_review, late, 2, DECISION_agree);
	decide(l, "con", REC_confirm, late, 2, DECISION_agree);
	h.appraisal = yes.entry;
	put(l, "head", REC_honour, &h, NULL, 0);
	put(l, "head", REC_policy_support, &p, NULL, 0);
}

/* --- board and books --------------------------------------------------------------------------------- */
static void paper(const struct life *l)
{
	struct hash root;
	struct rec_notice n = {.kind = NOTICE_assessment,
			       .from = town_day(2025, 6, 1),
			       .to = town_day(2025, 6, 30),
			       .size = town_size(l->w, l->no),
			       .town = town_size(l->w, FEED_TOWN),
			       .day = town_day(2026, 2, 10),
			       .root = {root.b, sizeof(root.b)},
			       .digest = {root.b, sizeof(root.b)}};
	struct rec_posting p = {.place = town_b("公示栏"),
				.from = town_day(2026, 2, 10),
				.to = town_day(2026, 2, 20),
				.poster = town_b("张小红")};
	struct rec_withdrawal down = {.day = town_day(2026, 2, 21), .reason = town_b("期满")};
	struct rec_passbook book = {.household = town_b(FATHER),
				    .number = town_b("S-1"),
				    .action = BOOK_issue,
				    .day = town_day(2026, 2, 1)};

	town_begin(l->w);
	T_EQ(feedlog_root(l->w->t, l->no, n.size, &root), ERR_OK);
	town_commit(l->w);
	p.notice = put(l, "rec", REC_notice, &n, NULL, 0);
	down.notice = p.notice;
	put(l, "rec", REC_posting, &p, NULL, 0);
	put(l, "head", REC_withdrawal, &down, NULL, 0);
	put(l, "rec", REC_passbook, &book, NULL, 0);
	book.action = BOOK_print;
	book.upto = n.size;
	book.lines = 4;
	put(l, "rec", REC_passbook, &book, NULL, 0);
}

/* --- village and town -------------------------------------------------------------------------------- */
static void meetings(const struct life *l)
{
	struct rec_meeting m = {.kind = MEETING_courtyard,
				.day = town_day(2026, 1, 10),
				.place = town_b("院坝"),
				.attendance = 40,
				.agenda = town_b("积分制宣讲")};
	struct rec_consultation c = {.day = town_day(2026, 1, 10),
				     .topic = town_b("积分事项"),
				     .asked = 100,
				     .aware = 90,
				     .opinions = town_b("同意")};
	struct rec_training t = {.day = town_day(2026, 1, 11),
				 .topic = town_b("记录员培训"),
				 .trainer = town_b("王干事"),
				 .attendance = 3};
	struct rec_intent i = {
		.kind = INTENT_join, .day = town_day(2026, 1, 12), .text = town_b("申请参加")};

	put(l, "rec", REC_meeting, &m, NULL, 0);
	put(l, "rec", REC_consultation, &c, NULL, 0);
	put(l, "rec", REC_training, &t, NULL, 0);
	put(l, "head", REC_intent, &i, NULL, 0);
}

/* What people say of it all, and who looked into it. */
static void complaints(const struct life *l)
{
	struct rec_complaint c = {.kind = COMPLAINT_store,
				  .household = town_b(FATHER),
				  .name = town_b("冉大明"),
				  .phone = town_b("13800000000"),
				  .via = VIA_oral,
				  .day = town_day(2026, 1, 20),
				  .text = town_b("超市开门时间太短")};
	struct rec_complaint_reply r = {
		.ruling = RULING_upheld, .day = town_day(2026, 1, 22), .text = town_b("已延长")};
	struct rec_inspection i = {.day = town_day(2026, 1, 30),
				   .body = town_b("村务监督委员会"),
				   .scope = town_b("2025 年兑换台账"),
				   .findings = town_b("账物相符"),
				   .follow_up = town_b("无")};

	struct rec_case_note n = {.day = town_day(2026, 1, 31),
				  .title = town_b("一户带一组"),
				  .household = town_b(FATHER),
				  .text = town_b("带动全组整治庭院")};

	c.about = town_size(l->w, l->no) - 1;
	r.complaint = put(l, "rec", REC_complaint, &c, NULL, 0);
	put(l, "rev", REC_complaint_reply, &r, NULL, 0);
	put(l, "head", REC_inspection, &i, NULL, 0);
	put(l, "rec", REC_case_note, &n, NULL, 0);
}

static void guidance(const struct life *l)
{
	struct rec_village_fact f = {.village = town_b(l->code), .work_team = YES_yes};
	struct rec_guidance g = {.kind = GUIDE_rectify,
				 .title = town_b("补齐公示"),
				 .text = town_b("七日内补齐"),
				 .due = town_day(2026, 3, 20)};
	struct rec_guidance_reply r = {
		.done = YES_yes, .day = today(l), .text = town_b("已补公示")};
	struct rec_guidance_close c = {
		.village = town_b(l->code), .day = today(l), .note = town_b("已核实")};
	struct rec_demonstration d = {.village = town_b(l->code),
				      .decision = CHOSEN_chosen,
				      .day = today(l),
				      .reason = town_b("基础好")};

	put(l, "office", REC_village_fact, &f, NULL, 0);
	r.guidance = put(l, "office", REC_guidance, &g, NULL, 0);
	c.guidance = r.guidance;
	put(l, "head", REC_guidance_reply, &r, NULL, 0);
	put(l, "office", REC_guidance_close, &c, NULL, 0);
	put(l, "office", REC_demonstration, &d, NULL, 0);
}

void life_live(const struct life *l)
{
	uint64_t late;

	staff(l);
	people(l);
	documents(l);
	filing(l);
	late = awards(l);
	deduction(l);
	goods(l);
	families(l);
	year(l, late);
	paper(l);
	meetings(l);
	complaints(l);
	guidance(l);
}
