#include "daemon/ledger/state/read.h"

#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/read_person.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/town.h"

/* Callbacks count what they see and stop after a while. */
struct seen {
	int n, stop_at;
	char text[4][100];
	uint32_t roles[4];
	uint64_t entry[8];
};
#define STOPPED 77

static int note(struct seen *s, const char *text, uint32_t roles, uint64_t entry)
{
	if (s->n < 4) {
		snprintf(s->text[s->n], sizeof(s->text[0]), "%s", text);
		s->roles[s->n] = roles;
	}
	if (s->n < 8)
		s->entry[s->n] = entry;
	return ++s->n == s->stop_at ? STOPPED : 0;
}

static int on_village(void *ctx, const struct view_village *v)
{
	return note(ctx, v->code, v->enrolled, v->no);
}

static int on_person(void *ctx, const struct view_person *p)
{
	return note(ctx, p->name, p->roles, 0);
}

static int on_item(void *ctx, const struct view_item *i)
{
	char code[20] = "";

	memcpy(code, i->line->code.p, i->line->code.n);
	return note(ctx, code, i->index, i->version);
}

static int on_household(void *ctx, const struct view_household *h)
{
	return note(ctx, h->household, h->nmembers, h->entry);
}

static int on_member(void *ctx, const struct view_member *m)
{
	return note(ctx, m->name, m->member, (uint64_t)m->left_day);
}

static int on_score(void *ctx, const struct view_score *s)
{
	return note(ctx, s->household, s->member, (uint64_t)points_raw(s->score));
}

static int on_points(void *ctx, const struct view_points *p)
{
	return note(ctx, "", p->nlines, p->entry);
}

static void test_the_town_is_known_from_its_charter(void)
{
	struct view_town v;
	struct town w;

	town_open(&w, 1);
	town_begin(&w);
	T_EQ(view_town(w.t, &v), ERR_OK);
	T_STR(v.name, "后山镇");
	T_STR(v.code, "500101999");
	T_STR(v.domain, TOWN_DOMAIN);
	T_MEM(v.feed_key, sign_key_public(town_key(&w, "feed/town")), 32);
	T_MEM(v.witness_key, sign_key_public(town_key(&w, "witness/town")), 32);
	T_MEM(v.transport_key, sign_key_public(town_key(&w, "transport/town")), 32);
	town_commit(&w);
	town_close(&w);
}

static void test_an_empty_store_knows_nothing(void)
{
	struct item item;
	struct rec_catalogue head;
	struct view_village v;
	struct view_household h;
	struct view_points p;
	struct view_person who;
	struct view_town town;
	struct town w;
	uint8_t key[32] = {1};
	struct hash feed = {{1}};
	struct seen s = {0};

	town_new(&w, 2);
	town_begin(&w);
	T_EQ(view_town(w.t, &town), ERR_NOTFOUND);
	T_EQ(view_villages(w.t, on_village, &s), ERR_OK);
	T_EQ(view_village_by_transport(w.t, key, &v), ERR_NOTFOUND);
	T_EQ(view_village_by_feed(w.t, &feed, &v), ERR_NOTFOUND);
	T_OK(!view_invited(w.t, key));
	T_EQ(read_person(READER(w.t, FEED_TOWN), key, DAY_NONE, &who), ERR_NOTFOUND);
	T_EQ(view_people(w.t, FEED_TOWN, DAY_NONE, on_person, &s), ERR_OK);
	T_EQ(view_catalogue(w.t, 0, &head, on_item, &s), ERR_NOTFOUND);
	T_EQ(read_item(READER(w.t, 2), 1, town_b("A101"), &item), ERR_NOTFOUND);
	T_EQ(view_household(w.t, 2, town_b("01001"), &h), ERR_NOTFOUND);
	T_EQ(view_households(w.t, 2, on_household, &s), ERR_OK);
	T_EQ(view_members(w.t, 2, town_b("01001"), on_member, &s), ERR_NOTFOUND);
	T_EQ(view_scores(w.t, 2, 2026, on_score, &s), ERR_OK);
	T_EQ(view_points(w.t, 2, 0, &p), ERR_NOTFOUND);
	T_EQ(view_waiting(w.t, 2, LINE_RECORDED, on_points, &s), ERR_OK);
	T_EQ(s.n, 0);
	town_commit(&w);
	town_close(&w);
}

static void test_villages_are_found_by_every_key(void)
{
	const char *two = "500101999202";
	struct view_village v;
	struct seen s = {0};
	struct feed_head h;
	struct town w;
	uint32_t no = town_open(&w, 3);

	T_EQ(town_invite(&w, two, "二村", DAY_NONE), V_ACCEPTED);
	town_begin(&w);
	T_EQ(view_villages(w.t, on_village, &s), ERR_OK);
	T_EQ(s.n, 2);
	T_STR(s.text[0], TOWN_CODE);
	T_STR(s.text[1], two);
	T_EQ(s.roles[0], 1);
	T_EQ(s.roles[1], 0);
	T_EQ(s.entry[0], no);
	s = (struct seen){.stop_at = 1};
	T_EQ(view_villages(w.t, on_village, &s), STOPPED);
	T_EQ(view_village_by_transport(w.t, sign_key_public(town_key(&w, "transport/" TOWN_CODE)),
				       &v),
	     ERR_OK);
	T_STR(v.code, TOWN_CODE);
	T_STR(v.name, "示范村");
	T_EQ(feedlog_head(w.t, no, &h), ERR_OK);
	T_MEM(&v.feed, &h.id, sizeof(h.id));
	T_EQ(v.no, no);
	T_MEM(v.witness_key, sign_key_public(town_key(&w, "witness/" TOWN_CODE)), 32);
	T_EQ(view_village_by_feed(w.t, &h.id, &v), ERR_OK);
	T_STR(v.code, TOWN_CODE);
	struct buf m = {0};
	town_manifest(&w, TOWN_CODE, &m);
	T_EQ(v.manifest_n, m.n);
	T_MEM(v.manifest, m.p, m.n);
	buf_close(&m);
	T_OK(!view_invited(w.t, sign_key_public(town_key(&w, "invite/" TOWN_CODE))));
	T_OK(view_invited(w.t, sign_key_public(town_key(&w, "invite/500101999202"))));
	town_commit(&w);
	/* enrolled, but its feed is not carried here */
	T_EQ(town_enrol(&w, two), V_ACCEPTED);
	town_begin(&w);
	T_OK(!view_invited(w.t, sign_key_public(town_key(&w, "invite/500101999202"))));
	T_EQ(view_village_by_transport(w.t, sign_key_public(town_key(&w, "transport/500101999202")),
				       &v),
	     ERR_OK);
	T_EQ(v.no, 0);
	T_OK(v.enrolled);
	town_commit(&w);
	town_close(&w);
}

static void test_people_have_the_roles_of_their_day(void)
{
	struct rec_grant g;
	struct view_person p;
	struct seen s = {0};
	struct town w;
	uint32_t no = town_open(&w, 4);
	day_t may = town_day(2026, 5, 1);

	g = (struct rec_grant){.key = town_key_bytes(town_key(&w, TOWN_HEAD)),
			       .name = town_b("李书记"),
			       .role = ROLE_supervisor,
			       .village = town_b(""),
			       .from = may};
	T_EQ(town_put(&w, no, TOWN_HEAD, REC_grant, &g, NULL, 0), V_ACCEPTED);
	town_begin(&w);
	const uint8_t *head = sign_key_public(town_key(&w, TOWN_HEAD));
	T_EQ(read_person(READER(w.t, no), head, may, &p), ERR_OK);
	T_EQ(p.roles, RB(committee) | RB(supervisor)); /* from the town and from the village */
	T_STR(p.name, "李书记");
	T_EQ(read_person(READER(w.t, no), head, may - 1, &p), ERR_OK);
	T_EQ(p.roles, RB(committee));
	T_EQ(read_person(READER(w.t, no), head, DAY_NONE, &p), ERR_OK);
	T_EQ(p.roles, RB(committee) | RB(supervisor));
	/* in the town this person holds no town role */
	T_EQ(read_person(READER(w.t, FEED_TOWN), head, may, &p), ERR_OK);
	T_EQ(p.roles, 0);
	T_EQ(read_person(READER(w.t, FEED_TOWN), sign_key_public(town_key(&w, "office")), may, &p),
	     ERR_OK);
	T_EQ(p.roles, RB(town_office));
	T_EQ(read_person(READER(w.t, no), sign_key_public(town_key(&w, "office")), may, &p),
	     ERR_NOTFOUND);
	T_EQ(view_people(w.t, no, may, on_person, &s), ERR_OK);
	T_EQ(s.n, 4); /* three of the staff and the head, once */
	uint32_t all = 0;
	for (int i = 0; i < 4; i++)
		all |= s.roles[i];
	T_EQ(all, RB(committee) | RB(supervisor) | RB(recorder) | RB(reviewer) | RB(confirmer));
	s = (struct seen){0};
	T_EQ(view_people(w.t, FEED_TOWN, may, on_person, &s), ERR_OK);
	T_EQ(s.n, 2);
	s = (struct seen){.stop_at = 2};
	T_EQ(view_people(w.t, no, may, on_person, &s), STOPPED);
	town_commit(&w);
	town_close(&w);
}

static void test_catalogues_are_read_in_file_order(void)
{
	struct item item;
	struct rec_catalogue head;
	struct seen s = {0};
	struct town w;
	uint64_t version;
	uint32_t no = town_open(&w, 5);

	T_EQ(town_catalogue(&w, 7), V_ACCEPTED);
	T_EQ(town_adopt(&w, no, TOWN_HEAD, 9, 7, town_day(2026, 6, 1)), V_ACCEPTED);
	town_begin(&w);
	T_EQ(view_catalogue(w.t, 0, &head, on_item, &s), ERR_OK);
	T_EQ(head.version, 7);
	T_EQ(s.n, 8);
	T_EQ(s.entry[0], 7);
	T_STR(s.text[0], "A101");
	T_STR(s.text[3], "D201");
	T_EQ(s.roles[3], 3);
	T_EQ(view_catalogue(w.t, 1, NULL, NULL, NULL), ERR_OK);
	T_EQ(view_catalogue(w.t, 2, &head, on_item, &s), ERR_NOTFOUND);
	T_EQ(read_catalogue_on(READER(w.t, no), town_day(2026, 5, 31), &version), ERR_OK);
	T_EQ(version, town_version(town_day(2026, 1, 1)));
	T_EQ(read_catalogue_on(READER(w.t, no), town_day(2026, 6, 1), &version), ERR_OK);
	T_EQ(version, 9);
	T_EQ(read_catalogue_on(READER(w.t, no), town_day(2019, 12, 31), &version), ERR_NOTFOUND);
	T_EQ(read_item(READER(w.t, no), 9, town_b("C101"), &item), ERR_OK);
	T_EQ(points_raw(item.line.points), 500);
	T_EQ(item.line.scope, SCOPE_individual);
	T_EQ(read_item(READER(w.t, no), 9, town_b("C1"), &item), ERR_NOTFOUND);
	T_EQ(read_item(READER(w.t, no), 9, town_b("C101C101C101C101C101"), &item), ERR_NOTFOUND);
	town_commit(&w);
	town_close(&w);
}

static void test_households_are_read_with_their_people(void)
{
	struct rec_roster_change r = {
		.household = town_b("01004"), .member = 2, .kind = LEAVE_left, .day = 20500};
	struct view_household h;
	struct seen s = {0};
	struct town w;
	uint32_t no = town_open(&w, 6);

	T_EQ(town_put(&w, no, TOWN_REC, REC_roster_change, &r, NULL, 0), V_ACCEPTED);
	town_begin(&w);
	T_EQ(view_household(w.t, no, town_b("01004"), &h), ERR_OK);
	T_STR(h.household, "01004");
	T_STR(h.group, "1");
	T_STR(h.head_name, "王大明");
	T_OK(h.takes_part);
	T_EQ(h.consent_day, town_day(2020, 1, 1));
	T_EQ(h.left_day, DAY_NONE);
	T_EQ(h.nmembers, 4);
	T_EQ(view_household(w.t, no, town_b("0100"), &h), ERR_NOTFOUND);
	T_EQ(view_household(w.t, no, town_b("010040"), &h), ERR_NOTFOUND);
	T_EQ(view_households(w.t, no, on_household, &s), ERR_OK);
	T_EQ(s.n, 10);
	T_STR(s.text[3], "01003");
	s = (struct seen){.stop_at = 3};
	T_EQ(view_households(w.t, no, on_household, &s), STOPPED);
	s = (struct seen){0};
	T_EQ(view_members(w.t, no, town_b("01004"), on_member, &s), ERR_OK);
	T_EQ(s.n, 4);
	T_STR(s.text[0], "王大明");
	T_EQ(s.roles[3], 4);
	T_EQ(s.entry[0], 0);
	T_EQ(s.entry[1], 20500);
	s = (struct seen){.stop_at = 1};
	T_EQ(view_members(w.t, no, town_b("01004"), on_member, &s), STOPPED);
	town_commit(&w);
	town_close(&w);
}

static void test_scores_are_of_one_year(void)
{
	struct seen s = {0};
	struct town w;
	uint32_t no = town_open(&w, 7);

	town_earn(&w, no, "01003", 2, "C101", town_day(2026, 1, 5));
	town_earn(&w, no, "01003", 1, "A201", town_day(2026, 1, 5));
	town_earn(&w, no, "01002", 2, "C101", town_day(2025, 12, 5));
	town_earn(&w, no, "01002", 0, "A101", town_day(2026, 1, 5));
	town_record(&w, no, "01001", 1, "C101", town_day(2026, 1, 5));
	town_begin(&w);
	T_EQ(view_scores(w.t, no, 2026, on_score, &s), ERR_OK);
	T_EQ(s.n, 2);
	T_STR(s.text[0], "01003");
	T_EQ(s.roles[0], 1);
	T_EQ((int64_t)s.entry[0], -1000);
	T_EQ(s.roles[1], 2);
	T_EQ(s.entry[1], 500);
	s = (struct seen){0};
	T_EQ(view_scores(w.t, no, 2025, on_score, &s), ERR_OK);
	T_EQ(s.n, 1);
	T_STR(s.text[0], "01002");
	s = (struct seen){.stop_at = 1};
	T_EQ(view_scores(w.t, no, 2026, on_score, &s), STOPPED);
	town_commit(&w);
	town_close(&w);
}

static void test_waiting_lines_are_told_oldest_first(void)
{
	struct seen s = {0};
	struct town w;
	uint64_t e[80];
	uint32_t no = town_open(&w, 8);
	day_t day = town_day(2026, 2, 20);

	/* over more than one block of rows */
	for (int i = 0; i < 80; i++)
		e[i] = town_record(&w, no, "01001", 0, "Z001", day);
	for (int i = 0; i < 80; i++)
		if (i != 3 && i != 50)
			T_EQ(town_step(&w, no, TOWN_REV, REC_review, e[i], 0, DECISION_agree),
			     V_ACCEPTED);
	T_EQ(town_step(&w, no, TOWN_CON, REC_confirm, e[10], 0, DECISION_agree), V_ACCEPTED);
	town_begin(&w);
	T_EQ(view_waiting(w.t, no, LINE_RECORDED, on_points, &s), ERR_OK);
	T_EQ(s.n, 2);
	T_EQ(s.entry[0], e[3]);
	T_EQ(s.entry[1], e[50]);
	s = (struct seen){0};
	T_EQ(view_waiting(w.t, no, LINE_REVIEWED, on_points, &s), ERR_OK);
	T_EQ(s.n, 77);
	T_EQ(s.entry[0], e[0]);
	T_EQ(s.entry[3], e[4]);
	s = (struct seen){0};
	T_EQ(view_waiting(w.t, no, LINE_CONFIRMED, on_points, &s), ERR_OK);
	T_EQ(s.n, 1);
	T_EQ(s.entry[0], e[10]);
	s = (struct seen){.stop_at = 5};
	T_EQ(view_waiting(w.t, no, LINE_REVIEWED, on_points, &s), STOPPED);
	town_commit(&w);
	town_close(&w);
}

static void test_a_verdict_is_stored_or_plain(void)
{
	uint8_t key[VERDICT_KEY_BYTES];
	struct verdict v = {.nwarn = 0}, got;
	struct buf b = {0};
	struct town w;
	uint32_t no = town_open(&w, 9);
	uint64_t n = town_size(&w, no);

	town_begin(&w);
	T_EQ(read_verdict(w.t, no, n - 1, &got), ERR_OK);
	T_OK(verdict_ok(&got));
	T_EQ(got.nwarn, 0);
	v.reason.id = V_P10_CAP;
	v.reason.num[1] = 2400;
	T_EQ(verdict_pack(&v, &b), ERR_OK);
	T_EQ(kv_put(w.t, KV_VERDICT, verdict_key(key, no, n - 1), buf_bytes(&b)), ERR_OK);
	T_EQ(read_verdict(w.t, no, n - 1, &got), ERR_OK);
	T_EQ(got.reason.id, V_P10_CAP);
	T_EQ(got.reason.num[1], 2400);
	town_commit(&w);
	buf_close(&b);
	town_close(&w);
}

static void put_verdict(struct town *w, uint32_t no, uint64_t seq, enum verdict_id id)
{
	struct verdict v = {.reason = {.id = id}, .nwarn = id == V_ACCEPTED};
	uint8_t key[VERDICT_KEY_BYTES];
	struct buf b = {0};

	v.warn[0].id = V_P09_NEAR;
	T_EQ(verdict_pack(&v, &b), ERR_OK);
	T_EQ(kv_put(w->t, KV_VERDICT, verdict_key(key, no, seq), buf_bytes(&b)), ERR_OK);
	buf_close(&b);
}

static void test_entries_of_unknown_type_are_counted(void)
{
	struct town w;
	uint32_t no = town_open(&w, 9);
	uint64_t n = 7;

	town_begin(&w);
	T_EQ(view_unaudited(w.t, no, 0, &n), ERR_OK);
	T_EQ(n, 0);
	put_verdict(&w, no - 1, UINT64_MAX, V_UNKNOWN_TYPE); /* of the feed before */
	put_verdict(&w, no, 2, V_UNKNOWN_TYPE);
	put_verdict(&w, no, 3, V_ACCEPTED); /* with a warning */
	put_verdict(&w, no, 4, V_P10_CAP);
	put_verdict(&w, no, 5, V_UNKNOWN_TYPE);
	put_verdict(&w, no + 1, 0, V_UNKNOWN_TYPE);
	T_EQ(view_unaudited(w.t, no, 0, &n), ERR_OK);
	T_EQ(n, 2);
	T_EQ(view_unaudited(w.t, no, 3, &n), ERR_OK);
	T_EQ(n, 1);
	T_EQ(view_unaudited(w.t, no, 6, &n), ERR_OK);
	T_EQ(n, 0);
	town_commit(&w);
	town_close(&w);
}

T_MAIN(T(test_the_town_is_known_from_its_charter), T(test_an_empty_store_knows_nothing),
       T(test_villages_are_found_by_every_key), T(test_people_have_the_roles_of_their_day),
       T(test_catalogues_are_read_in_file_order), T(test_households_are_read_with_their_people),
       T(test_scores_are_of_one_year, "R42"), T(test_waiting_lines_are_told_oldest_first),
       T(test_a_verdict_is_stored_or_plain), T(test_entries_of_unknown_type_are_counted))
