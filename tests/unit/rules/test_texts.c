#include <string.h>

#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/town.h"

/* What no text of any record holds, and who is the same person by name. */
struct world {
	struct town w;
	uint32_t no;
};

static void open_world(struct world *x)
{
	x->no = town_open(&x->w, 11);
	x->w.wall_ms = town_noon(town_day(2026, 3, 1));
}

static enum verdict_id meet(struct world *x, const char *topic, const char *trainer)
{
	struct rec_training r = {.day = town_day(2026, 2, 1),
				 .topic = town_b(topic),
				 .trainer = town_b(trainer),
				 .attendance = 3};

	return town_put(&x->w, x->no, TOWN_REC, REC_training, &r, NULL, 0);
}

static enum verdict_id record(struct world *x, const char *reason, const char *evidence_no)
{
	struct rec_points head = {0};
	struct rec_points_line l = town_line("01001", 0, "A101", town_day(2026, 2, 1));

	l.reason = town_b(reason);
	l.evidence_no = town_b(evidence_no);
	return town_put(&x->w, x->no, TOWN_REC, REC_points, &head, &l, 1);
}

static void test_a_text_shows_what_it_says(void)
{
	struct world x;

	open_world(&x);
	T_EQ(meet(&x, "积分制①→② 好\xf0\x9f\x98\x80", "阿依·古丽"), V_ACCEPTED);
	meet(&x, "积分\xe2\x80\xae制", "王小明");
	REFUSED(&x.w, "TEXT_CHARACTER", "F91", 0, 3);
	T_STR(x.w.last.reason.s, "training.topic");
	T_STR(x.w.last.reason.t, "U+202E");
	meet(&x, "积分制", "王\xc2\x9b小明");
	REFUSED(&x.w, "TEXT_CHARACTER", "F91", 0, 2);
	T_STR(x.w.last.reason.t, "U+009B");
	meet(&x, "积分制", "王小明\xf0\x9f\x98\x80");
	REFUSED(&x.w, "TEXT_CHARACTER", "F91", 0, 4);
	meet(&x, "积分制", "　 ");
	REFUSED(&x.w, "P08_MISSING", "P08", 0);
	record(&x, "义务\xee\x80\x80劳动", "");
	REFUSED(&x.w, "TEXT_CHARACTER", "F91", 1, 3);
	T_STR(x.w.last.reason.s, "points.reason");
	town_close(&x.w);
}

static void test_no_text_holds_a_number_of_a_person(void)
{
	struct world x;

	open_world(&x);
	meet(&x, "庭院月检 500199195810083054", "王小明");
	REFUSED(&x.w, "PERSONAL_NUMBER", "N03", 0);
	T_STR(x.w.last.reason.s, "training.topic");
	meet(&x, "咨询 138.1234.5678", "王小明");
	REFUSED(&x.w, "PERSONAL_NUMBER", "N03", 0);
	record(&x, "劳动 +86-138-1234-5678", "");
	REFUSED(&x.w, "PERSONAL_NUMBER", "N03", 1);
	T_STR(x.w.last.reason.s, "points.reason");
	record(&x, "义务劳动两天", "500199/19581008/3054");
	REFUSED(&x.w, "PERSONAL_NUMBER", "N03", 1);
	T_EQ(record(&x, "义务劳动两天", "6222021234567890123"), V_ACCEPTED); /* of a paper */
	town_close(&x.w);
}

/* A phone stands where phones belong, and nothing longer than that. */
static void test_a_phone_stands_in_its_own_field(void)
{
	struct rec_complaint c = {.via = VIA_oral,
				  .day = town_day(2026, 2, 1),
				  .phone = town_b("138-1234-5678"),
				  .text = town_b("积分没有公示")};
	struct world x;

	open_world(&x);
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_complaint, &c, NULL, 0), V_ACCEPTED);
	c.phone = town_b("500199195810083054");
	town_put(&x.w, x.no, TOWN_REC, REC_complaint, &c, NULL, 0);
	REFUSED(&x.w, "PERSONAL_NUMBER", "N03", 0);
	town_close(&x.w);
}

/* 张记录 under three keys is one person: the second name that looks like the first is taken. */
static void test_names_that_look_alike_are_one_person(void)
{
	static const char *const variants[] = {"Аnna (二组)", "ＡＮＮＡ（二组）", "anna　(⼆组)",
					       "Ánna(二组)"};
	struct rec_grant g = {.name = town_b("Anna（二组）"), .role = ROLE_recorder};
	char key[16];
	struct world x;

	open_world(&x);
	g.key = town_key_bytes(town_key(&x.w, "one"));
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_grant, &g, NULL, 0), V_ACCEPTED);
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		snprintf(key, sizeof(key), "other-%zu", i);
		g.key = town_key_bytes(town_key(&x.w, key));
		g.name = town_b(variants[i]);
		g.role = ROLE_confirmer;
		town_put(&x.w, x.no, TOWN_HEAD, REC_grant, &g, NULL, 0);
		REFUSED(&x.w, "NAME_TAKEN", "F27", 0);
	}
	town_close(&x.w);
}

T_MAIN(T(test_a_text_shows_what_it_says, "R09"), T(test_no_text_holds_a_number_of_a_person, "R09"),
       T(test_a_phone_stands_in_its_own_field, "R09"),
       T(test_names_that_look_alike_are_one_person, "R60"))
