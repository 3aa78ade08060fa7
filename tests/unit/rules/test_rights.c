/* Who may write, as the town was seen and on the day that counts: roles, keys, names, enrolment, and the catalogue
 * that was adopted. */
#include "daemon/ledger/rules/fold.h"

#include "lib/err.h"
#include "tests/lib/copy.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* --- as of the town feed ---------------------------------------------------------------------------- */
/* A transaction whose author has seen @town_seen entries of the town feed. */
static int put_seen(struct world *x, uint64_t town_seen, const char *author, enum rec_code type,
		    const void *head, const void *lines, uint32_t nlines, struct verdict *v)
{
	struct buf p = {0};
	struct feedlog log;
	struct fold f;
	struct entry e;
	struct hash hash;
	uint8_t leaf[ENTRY_LEAF_BYTES];
	int err;

	town_begin(&x->w);
	T_EQ(feedlog_open(&log, x->w.t, x->no), ERR_OK);
	town_tx(&x->w, &log.head.id, town_seen, author, rec_type_of((uint16_t)type), head, lines,
		nlines, &e, &p);
	town_place(&log.head, &e);
	T_EQ(fold_open(&f, x->w.t, &x->w.id, &log.head), ERR_OK);
	err = fold_apply(&f, &e, buf_bytes(&p), true, v);
	fold_close(&f);
	if (!err) {
		entry_pack(&e, leaf);
		T_EQ(feedlog_append(&log, &e, leaf, buf_bytes(&p), &hash), ERR_OK);
		T_EQ(feedlog_flush(&log), ERR_OK);
	}
	town_commit(&x->w);
	buf_close(&p);
	return err;
}

static void test_the_town_judges_as_it_was_seen(void)
{
	struct rec_adopt_catalogue a = {.version = 9, .base = 2, .from = town_day(2026, 4, 1)};
	struct rec_grant g;
	struct rec_revoke r;
	struct world x;
	struct verdict v;
	uint64_t seen;

	world_open(&x, 6);
	seen = town_size(&x.w, FEED_TOWN);
	T_EQ(town_catalogue(&x.w, 2), V_ACCEPTED);
	r = (struct rec_revoke){.key = town_key_bytes(town_key(&x.w, TOWN_HEAD)),
				.role = ROLE_committee,
				.village = town_b(TOWN_CODE),
				.reason = town_b("换届")};
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_revoke, &r, NULL, 0), V_ACCEPTED);
	/* seen before both: no catalogue 2 yet, and still in office */
	T_EQ(put_seen(&x, seen, TOWN_HEAD, REC_adopt_catalogue, &a, NULL, 0, &v), ERR_OK);
	T_STR(reason_name(v.reason.id), "CATALOGUE_UNKNOWN");
	T_EQ(put_seen(&x, seen + 1, TOWN_HEAD, REC_adopt_catalogue, &a, NULL, 0, &v), ERR_OK);
	T_STR(reason_name(v.reason.id), "ACCEPTED");
	T_EQ(put_seen(&x, seen + 2, TOWN_HEAD, REC_adopt_catalogue, &a, NULL, 0, &v), ERR_OK);
	T_STR(reason_name(v.reason.id), "NO_ROLE");
	/* a refused entry does not move what was seen, an accepted one does */
	g = (struct rec_grant){.key = town_key_bytes(town_key(&x.w, "next")),
			       .name = town_b("next"),
			       .role = ROLE_committee,
			       .village = town_b(TOWN_CODE)};
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_grant, &g, NULL, 0), V_ACCEPTED);
	a.version++; /* every adoption has its own number */
	T_EQ(put_seen(&x, seen + 1, TOWN_HEAD, REC_adopt_catalogue, &a, NULL, 0, &v), ERR_OK);
	T_STR(reason_name(v.reason.id), "ACCEPTED");
	a.version++;
	T_EQ(put_seen(&x, seen + 3, "next", REC_adopt_catalogue, &a, NULL, 0, &v), ERR_OK);
	T_STR(reason_name(v.reason.id), "ACCEPTED");
	T_EQ(put_seen(&x, seen + 1, TOWN_HEAD, REC_adopt_catalogue, &a, NULL, 0, &v), ERR_OK);
	T_STR(reason_name(v.reason.id), "TOWN_SEEN");
	/* what the town has not said here yet cannot be judged */
	T_EQ(put_seen(&x, seen + 4, "next", REC_adopt_catalogue, &a, NULL, 0, &v), ERR_STATE);
	town_close(&x.w);
}

/* The town alone gives and takes the committee: nobody keeps himself in office. */
static void test_whom_the_town_removes_is_out(void)
{
	struct rec_revoke r;
	struct world x;

	world_open(&x, 26);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, TOWN_HEAD, ROLE_committee, ""), V_GRANT_FOREIGN);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, "crony", ROLE_committee, TOWN_CODE),
	     V_GRANT_FOREIGN);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, TOWN_HEAD, ROLE_supervisor, ""), V_ACCEPTED);
	r = (struct rec_revoke){.key = town_key_bytes(town_key(&x.w, TOWN_HEAD)),
				.role = ROLE_committee,
				.village = town_b(TOWN_CODE),
				.reason = town_b("免职")};
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_revoke, &r, NULL, 0), V_ACCEPTED);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, "crony", ROLE_recorder, ""), V_NO_ROLE);
	T_EQ(town_household(&x.w, x.no, TOWN_HEAD, "09999", 2), V_NO_ROLE);
	town_close(&x.w);
}

static enum verdict_id grant_as(struct world *x, const char *key, const char *name,
				enum rec_choice_ROLE role)
{
	struct rec_grant g = {.key = town_key_bytes(town_key(&x->w, key)),
			      .name = town_b(name),
			      .role = role,
			      .village = town_b("")};

	return town_put(&x->w, x->no, TOWN_HEAD, REC_grant, &g, NULL, 0);
}

static enum verdict_id revoke(struct world *x, const char *person, enum rec_choice_ROLE role)
{
	struct rec_revoke r = {.key = town_key_bytes(town_key(&x->w, person)),
			       .role = role,
			       .village = town_b(""),
			       .reason = town_b("换届")};

	return town_put(&x->w, x->no, TOWN_HEAD, REC_revoke, &r, NULL, 0);
}

/* P02 is about people: one name holds its roles under one key. */
static void test_one_person_has_one_key(void)
{
	struct world x;

	world_open(&x, 27);
	T_EQ(grant_as(&x, "a1", "张三", ROLE_recorder), V_ACCEPTED);
	T_EQ(grant_as(&x, "a2", "张三", ROLE_reviewer), V_NAME_TAKEN);
	T_EQ(grant_as(&x, "a2", " 张　三 ", ROLE_reviewer), V_NAME_TAKEN);
	T_EQ(grant_as(&x, "a2", "张三（二组）", ROLE_reviewer), V_ACCEPTED);
	T_EQ(grant_as(&x, "a2", "张三", ROLE_reviewer), V_NAME_TAKEN); /* nor by a new name */
	T_EQ(grant_as(&x, "a1", "张三", ROLE_reviewer), V_ACCEPTED);
	/* a name is free when the last role is gone, or the person is called otherwise */
	T_EQ(revoke(&x, "a1", ROLE_recorder), V_ACCEPTED);
	T_EQ(grant_as(&x, "a3", "张三", ROLE_recorder), V_NAME_TAKEN);
	T_EQ(revoke(&x, "a1", ROLE_reviewer), V_ACCEPTED);
	T_EQ(grant_as(&x, "a3", "张三", ROLE_recorder), V_ACCEPTED);
	T_EQ(grant_as(&x, "a3", "张叁", ROLE_recorder), V_ACCEPTED);
	T_EQ(grant_as(&x, "a1", "张三", ROLE_recorder), V_ACCEPTED);
	town_close(&x.w);
}

/* The town keeps the names of each village apart, and its own. */
static void test_names_are_of_one_place(void)
{
	struct world x;
	struct rec_grant g;

	world_open(&x, 28);
	T_EQ(town_invite(&x.w, "500101999202", "二村", DAY_NONE), V_ACCEPTED);
	g = (struct rec_grant){.key = town_key_bytes(town_key(&x.w, "b1")),
			       .name = town_b("李支书"), /* as the head of the first village */
			       .role = ROLE_committee,
			       .village = town_b("500101999202")};
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_grant, &g, NULL, 0), V_ACCEPTED);
	g.village = town_b(TOWN_CODE);
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_grant, &g, NULL, 0), V_NAME_TAKEN);
	g.role = ROLE_inspector;
	g.village = town_b("");
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_grant, &g, NULL, 0), V_ACCEPTED);
	g.key = town_key_bytes(town_key(&x.w, "b2"));
	T_EQ(town_put(&x.w, FEED_TOWN, "office", REC_grant, &g, NULL, 0), V_NAME_TAKEN);
	town_close(&x.w);
}

static void test_a_new_key_is_the_same_person(void)
{
	struct rec_points_line l;
	struct world x;
	uint64_t e;

	world_open(&x, 29);
	T_EQ(grant_as(&x, "a1", "张三", ROLE_recorder), V_ACCEPTED);
	l = town_line("01000", 0, "A101", x.day);
	T_EQ(town_points(&x.w, x.no, "a1", &l, 1), V_ACCEPTED);
	e = town_size(&x.w, x.no) - 1;
	T_EQ(revoke(&x, "a1", ROLE_recorder), V_ACCEPTED);
	T_EQ(grant_as(&x, "a2", "张 三", ROLE_reviewer), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, "a2", REC_review, e, 0, DECISION_agree), V_P02_DUTIES);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(grant_as(&x, "a2", "张三", ROLE_confirmer), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, "a2", REC_confirm, e, 0, DECISION_agree), V_P02_DUTIES);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_reverse(&x.w, x.no, "a2", e, 1), V_P02_DUTIES);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, e, 1), V_ACCEPTED);
	town_close(&x.w);
}

static void test_enrolment_is_seen_or_not(void)
{
	const char *two = "500101999202";
	struct rec_adopt_catalogue a = {.version = 1, .base = 1, .from = town_day(2026, 1, 1)};
	struct verdict v;
	struct world x;
	uint64_t at;

	world_open(&x, 11);
	T_EQ(town_invite(&x.w, two, "二村", DAY_NONE), V_ACCEPTED);
	at = town_size(&x.w, FEED_TOWN);
	T_EQ(town_enrol(&x.w, two), V_ACCEPTED);
	x.no = town_feed(&x.w, two);
	T_EQ(put_seen(&x, at, "head/500101999202", REC_adopt_catalogue, &a, NULL, 0, &v), ERR_OK);
	T_STR(reason_name(v.reason.id), "NOT_ENROLLED");
	T_EQ(put_seen(&x, at + 1, "head/500101999202", REC_adopt_catalogue, &a, NULL, 0, &v),
	     ERR_OK);
	T_STR(reason_name(v.reason.id), "ACCEPTED");
	town_close(&x.w);
}

/* One transaction, both folds open: the village sees what the town has just accepted. */
static void test_a_village_sees_the_town_of_its_transaction(void)
{
	struct rec_adopt_catalogue a = {.version = 9, .base = 1, .from = town_day(2026, 4, 1)};
	struct buf p = {0}, gp = {0};
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct feedlog town, village;
	struct fold tf, vf;
	struct entry e;
	struct world x;
	struct verdict v;
	struct rec_grant g;
	struct hash h;

	world_open(&x, 12);
	g = (struct rec_grant){.key = town_key_bytes(town_key(&x.w, "second")),
			       .name = town_b("second"),
			       .role = ROLE_committee,
			       .village = town_b(TOWN_CODE)};
	town_begin(&x.w);
	T_EQ(feedlog_open(&town, x.w.t, FEED_TOWN), ERR_OK);
	T_EQ(feedlog_open(&village, x.w.t, x.no), ERR_OK);
	T_EQ(fold_open(&tf, x.w.t, &x.w.id, &town.head), ERR_OK);
	T_EQ(fold_open(&vf, x.w.t, &x.w.id, &village.head), ERR_OK);
	for (int turn = 0; turn < 2; turn++) {
		/* first without the grant, then with it */
		if (turn) {
			town_tx(&x.w, &town.head.id, 0, "office", rec_type_of(REC_grant), &g, NULL,
				0, &e, &gp);
			town_place(&town.head, &e);
			T_EQ(fold_apply(&tf, &e, buf_bytes(&gp), true, &v), ERR_OK);
			T_OK(verdict_ok(&v));
			entry_pack(&e, leaf);
			T_EQ(feedlog_append(&town, &e, leaf, buf_bytes(&gp), &h), ERR_OK);
			T_EQ(feedlog_flush(&town), ERR_OK);
		}
		town_tx(&x.w, &village.head.id, town.head.size, "second",
			rec_type_of(REC_adopt_catalogue), &a, NULL, 0, &e, &p);
		town_place(&village.head, &e);
		T_EQ(fold_apply(&vf, &e, buf_bytes(&p), true, &v), ERR_OK);
		T_STR(reason_name(v.reason.id), turn ? "ACCEPTED" : "UNKNOWN_PERSON");
	}
	fold_close(&vf);
	fold_close(&tf);
	town_commit(&x.w);
	buf_close(&p);
	buf_close(&gp);
	town_close(&x.w);
}

static void test_terms_hold_on_the_claimed_day(void)
{
	struct rec_grant g;
	struct rec_points_line l;
	struct world x;

	world_open(&x, 7);
	g = (struct rec_grant){.key = town_key_bytes(town_key(&x.w, "summer")),
			       .name = town_b("summer"),
			       .role = ROLE_recorder,
			       .village = town_b(TOWN_CODE),
			       .from = town_day(2026, 6, 1),
			       .to = town_day(2026, 8, 31)};
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_grant, &g, NULL, 0), V_ACCEPTED);
	l = town_line("01001", 0, "Z001", x.day);
	static const struct {
		int m, d;
		bool ok;
	} days[] = {{5, 31, false}, {6, 1, true}, {8, 31, true}, {9, 1, false}};
	for (size_t i = 0; i < 4; i++) {
		x.w.wall_ms = town_noon(town_day(2026, days[i].m, days[i].d));
		T_EQ(town_points(&x.w, x.no, "summer", &l, 1), days[i].ok ? V_ACCEPTED : V_NO_ROLE);
	}
	x.w.wall_ms = 0;
	T_EQ(town_points(&x.w, x.no, "summer", &l, 1), V_ACCEPTED);
	/* near; the same number of evidence; whether late or future cannot be said, and that is said */
	T_EQ(x.w.last.nwarn, 3);
	T_STR(reason_name(x.w.last.warn[0].id), "P05_NO_CLOCK");
	town_close(&x.w);
}

/* Who loses a role loses it for the entries after, and stays the person who acted before. */
static void test_a_revoked_role_ends_with_the_entry(void)
{
	struct world x;
	uint64_t e;

	world_open(&x, 14);
	e = town_record(&x.w, x.no, "01001", 0, "Z001", x.day);
	T_EQ(revoke(&x, TOWN_REV, ROLE_reviewer), V_ACCEPTED);
	T_EQ(revoke(&x, TOWN_REV, ROLE_reviewer), V_GRANT_UNKNOWN);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_NO_ROLE);
	x.w.wall_ms = 0; /* no clock brings it back */
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_NO_ROLE);
	T_EQ(revoke(&x, TOWN_REC, ROLE_recorder), V_ACCEPTED);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, TOWN_REC, ROLE_reviewer, ""), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_REC, REC_review, e, 0, DECISION_agree), V_P02_DUTIES);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, TOWN_REV, ROLE_reviewer, ""), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	town_close(&x.w);
}

static void test_the_newest_adoption_before_the_day_counts(void)
{
	struct rec_points_line l;
	struct copy c;
	struct world x;

	world_open(&x, 8);
	T_EQ(town_catalogue(&x.w, 2), V_ACCEPTED);
	T_EQ(town_catalogue(&x.w, 3), V_ACCEPTED);
	x.w.wall_ms = town_noon(town_day(2026, 2, 1)); /* not of a day gone by */
	T_EQ(town_adopt(&x.w, x.no, TOWN_HEAD, 9, 3, town_day(2026, 2, 15)), V_ACCEPTED);
	T_EQ(town_adopt(&x.w, x.no, TOWN_HEAD, 10, 2, town_day(2026, 2, 1)), V_ACCEPTED);
	x.w.wall_ms = town_noon(town_day(2026, 3, 1));
	static const struct {
		int m, d, version;
	} days[] = {{1, 31, 7}, {2, 1, 10}, {2, 14, 10}, {2, 15, 9}, {2, 28, 9}};
	for (size_t i = 0; i < 5; i++)
		for (uint64_t v = 7; v <= 10; v++) {
			l = town_line("01001", 0, "Z001", town_day(2026, days[i].m, days[i].d));
			l.version = v;
			T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1),
			     v == (uint64_t)days[i].version ? V_ACCEPTED : V_P11_NOT_IN_FORCE);
		}
	/* one cap over all versions: 24 of A101 a year */
	for (int i = 0; i < 12; i++) {
		l = town_line("01002", 0, "A101", town_day(2026, i % 2 ? 1 : 2, 20));
		l.version = i % 2 ? 7 : 9;
		T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	}
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_P10_CAP);
	x.w.wall_ms = town_noon(town_day(2026, 2, 25));
	T_EQ(town_adopt(&x.w, x.no, TOWN_HEAD, 11, 2, town_day(2026, 2, 25)), V_ACCEPTED);
	x.w.wall_ms = town_noon(town_day(2026, 3, 1));
	l = town_line("01003", 0, "A101", town_day(2026, 2, 26));
	l.version = 11;
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	/* one fold over all of it notices every adoption in its turn */
	copy_open(&c, &x.w);
	copy_entries(&c, FEED_TOWN, FEED_TOWN, 0, town_size(&x.w, FEED_TOWN));
	uint32_t no = town_feed(&c.w, TOWN_CODE);
	copy_entries(&c, x.no, no, 0, town_size(&x.w, x.no));
	copy_same(&x.w, x.no, &c.w, no);
	copy_close(&c);
	town_close(&x.w);
}

T_MAIN(T(test_the_town_judges_as_it_was_seen), T(test_whom_the_town_removes_is_out, "R03"),
       T(test_one_person_has_one_key, "R60"), T(test_names_are_of_one_place),
       T(test_a_new_key_is_the_same_person, "R60 I10"), T(test_enrolment_is_seen_or_not),
       T(test_a_village_sees_the_town_of_its_transaction),
       T(test_terms_hold_on_the_claimed_day, "R64"),
       T(test_a_revoked_role_ends_with_the_entry, "R64"),
       T(test_the_newest_adoption_before_the_day_counts, "R31 I5"))
