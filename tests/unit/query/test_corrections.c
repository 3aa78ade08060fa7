#include <string.h>

#include "daemon/ledger/query/view.h"
#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/town.h"

/* What the register has wrong about people is put right by a record, and what it had stays to be seen. */
struct world {
	struct town w;
	uint32_t no;
	struct rec_person_correction r;
};

/* Texts stay beyond the transaction. */
static void keep(struct bytes *text)
{
	static char kept[64][80];
	static unsigned at;
	char *to = kept[at++ % 64];

	snprintf(to, 80, "%.*s", (int)text->n, (const char *)text->p);
	*text = town_b(to);
}

static struct rec_person_correction registered(struct world *x, const char *household,
					       uint64_t member)
{
	struct rec_person_correction r = {.member = 0};

	town_begin(&x->w);
	T_EQ(read_registered(READER(x->w.t, x->no), town_b(household), member, &r), ERR_OK);
	keep(&r.name);
	keep(&r.relation);
	keep(&r.id_tail);
	keep(&r.phone);
	keep(&r.note);
	town_commit(&x->w);
	return r;
}

static void open_world(struct world *x)
{
	x->no = town_open(&x->w, 5);
	x->w.wall_ms = town_noon(town_day(2026, 3, 1));
	x->r = registered(x, "01001", 2);
	x->r.reason = town_b("与身份证核对");
}

static enum verdict_id correct(struct world *x, const char *author)
{
	return town_put(&x->w, x->no, author, REC_person_correction, &x->r, NULL, 0);
}

static void test_a_person_is_corrected(void)
{
	struct rec_person_correction now;
	struct world x;

	open_world(&x);
	x.r.name = town_b("冉小明");
	x.r.relation = town_b("长子");
	x.r.sex = SEX_female;
	x.r.birth = town_day(1999, 2, 3);
	x.r.id_tail = town_b("305X");
	x.r.phone = town_b("13812345678");
	T_EQ(correct(&x, TOWN_HEAD), V_ACCEPTED);
	now = registered(&x, "01001", 2);
	T_OK(bytes_eq(now.name, town_b("冉小明")) && bytes_eq(now.relation, town_b("长子")));
	T_OK(now.sex == SEX_female && now.birth == town_day(1999, 2, 3));
	T_OK(bytes_eq(now.id_tail, town_b("305X")) && bytes_eq(now.phone, town_b("13812345678")));
	/* and once more: it is the last that counts */
	x.r.name = town_b("冉晓明");
	T_EQ(correct(&x, TOWN_REC), V_ACCEPTED);
	now = registered(&x, "01001", 2);
	T_OK(bytes_eq(now.name, town_b("冉晓明")));
	/* others are as they were */
	now = registered(&x, "01001", 3);
	T_OK(!bytes_eq(now.name, town_b("冉晓明")));
	town_close(&x.w);
}

static void test_what_cannot_be_corrected_is_refused(void)
{
	struct rec_roster_change gone = {.household = town_b("01001"),
					 .member = 2,
					 .kind = LEAVE_death,
					 .day = town_day(2026, 2, 1)};
	struct world x;

	open_world(&x);
	correct(&x, TOWN_HEAD);
	REFUSED(&x.w, "CORRECTION_SAME", "F92", 2);
	x.r.name = town_b("冉小明");
	x.r.reason = town_b("无");
	correct(&x, TOWN_HEAD);
	REFUSED(&x.w, "P08_MISSING", "P08", 0);
	x.r.reason = town_b("与身份证核对");
	x.r.member = 50;
	correct(&x, TOWN_HEAD);
	REFUSED(&x.w, "MEMBER_UNKNOWN", "F18", 0, 50);
	x.r.member = 2;
	T_EQ(correct(&x, TOWN_REV), V_NO_ROLE);
	/* who died may have been spelled wrong, but was born before */
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_roster_change, &gone, NULL, 0), V_ACCEPTED);
	x.r.birth = town_day(2026, 2, 2);
	correct(&x, TOWN_HEAD);
	REFUSED(&x.w, "PERIOD", "F31", x.r.birth, gone.day);
	x.r.birth = town_day(1930, 2, 2);
	T_EQ(correct(&x, TOWN_HEAD), V_ACCEPTED);
	gone.member = 3;
	gone.kind = LEAVE_left;
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_roster_change, &gone, NULL, 0), V_ACCEPTED);
	x.r.member = 3;
	correct(&x, TOWN_HEAD);
	REFUSED(&x.w, "LEFT_ALREADY", "F22", 0, 3);
	town_close(&x.w);
}

/* A recorder who could make a child older could take points of it. */
static void test_birth_and_residence_are_for_the_committee(void)
{
	struct buf text = {0};
	struct world x;

	open_world(&x);
	x.r.birth = town_day(1980, 1, 1);
	correct(&x, TOWN_REC);
	REFUSED(&x.w, "CORRECTION_RIGHT", "F93", 2);
	T_STR(x.w.last.reason.t, "birth");
	T_EQ(reason_text(&x.w.last.reason, LANG_ZH, &text), ERR_OK);
	T_OK(strstr(buf_str(&text), "“出生日期”关系到"));
	buf_close(&text);
	x.r = registered(&x, "01001", 2);
	x.r.reason = town_b("与身份证核对");
	x.r.hukou = x.r.hukou == HUKOU_local ? HUKOU_other : HUKOU_local;
	correct(&x, TOWN_REC);
	REFUSED(&x.w, "CORRECTION_RIGHT", "F93", 2);
	T_STR(x.w.last.reason.t, "hukou");
	T_EQ(correct(&x, TOWN_HEAD), V_ACCEPTED);
	x.r.phone = town_b("13812345679");
	T_EQ(correct(&x, TOWN_REC), V_ACCEPTED);
	town_close(&x.w);
}

static void test_the_group_of_a_household_is_corrected(void)
{
	struct rec_household_correction r = {
		.household = town_b("01001"), .group = town_b("7"), .reason = town_b("划到七组")};
	struct view_household h;
	struct world x;

	open_world(&x);
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_household_correction, &r, NULL, 0), V_NO_ROLE);
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_household_correction, &r, NULL, 0), V_ACCEPTED);
	town_begin(&x.w);
	T_EQ(view_household(x.w.t, x.no, town_b("01001"), &h), ERR_OK);
	town_commit(&x.w);
	T_STR(h.group, "7");
	town_put(&x.w, x.no, TOWN_HEAD, REC_household_correction, &r, NULL, 0);
	REFUSED(&x.w, "CORRECTION_SAME", "F92", 0);
	town_close(&x.w);
}

/* --- what stays to be seen ------------------------------------------------------------------------- */
struct seen {
	uint32_t n;
	char text[400];
};

static int on_row(void *ctx, const void *row)
{
	const struct row_corrections *c = row;
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%d %.*s %.*s>%.*s;", (int)c->member,
		 (int)c->what.n, (const char *)c->what.p, (int)c->former.n,
		 (const char *)c->former.p, (int)c->now.n, (const char *)c->now.p);
	s->n++;
	return ERR_OK;
}

static void test_what_was_registered_before_stays_visible(void)
{
	const struct ask_param household = {"household", "01001"};
	struct seen s = {0};
	struct ask a;
	struct world x;
	char want[400];

	open_world(&x);
	a = (struct ask){.lang = LANG_ZH, .upto = REC_PRIVATE, .param = &household, .nparams = 1};
	snprintf(want, sizeof(want),
		 "2 姓名 %.*s>冉小明;2 联系电话 >13812345678;2 姓名 冉小明>冉晓明;",
		 (int)x.r.name.n, (const char *)x.r.name.p);
	x.r.name = town_b("冉小明");
	x.r.phone = town_b("13812345678");
	T_EQ(correct(&x, TOWN_HEAD), V_ACCEPTED);
	x.r.name = town_b("冉晓明");
	T_EQ(correct(&x, TOWN_HEAD), V_ACCEPTED);
	town_begin(&x.w);
	a.t = x.w.t;
	T_EQ(feedlog_head(x.w.t, x.no, &a.feed), ERR_OK);
	T_EQ(view_each(&a, &views[VIEW_corrections], on_row, &s), ERR_OK);
	town_commit(&x.w);
	T_STR(s.text, want);
	town_close(&x.w);
}

T_MAIN(T(test_a_person_is_corrected, "R24 R58 I10"),
       T(test_what_cannot_be_corrected_is_refused, "R24"),
       T(test_birth_and_residence_are_for_the_committee, "R24 R25"),
       T(test_the_group_of_a_household_is_corrected, "R24 R36"),
       T(test_what_was_registered_before_stays_visible, "R24 I10"))
