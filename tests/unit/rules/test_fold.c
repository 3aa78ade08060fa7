#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read_registers.h"
#include "daemon/ledger/state/state_year.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

static struct view_household household(struct world *x, const char *code)
{
	struct view_household h;

	town_begin(&x->w);
	T_EQ(view_household(x->w.t, x->no, town_b(code), &h), ERR_OK);
	town_commit(&x->w);
	return h;
}

static enum line_state line_state(struct world *x, uint64_t entry, uint32_t line)
{
	struct view_points p;

	town_begin(&x->w);
	T_EQ(view_points(x->w.t, x->no, entry, &p), ERR_OK);
	town_commit(&x->w);
	T_OK(line >= 1 && line <= p.nlines);
	return p.state[line];
}

static uint64_t record(struct world *x, const char *hh, uint32_t member, const char *item)
{
	return town_record(&x->w, x->no, hh, member, item, x->day);
}

static int64_t household_score(struct world *x, const char *code)
{
	struct state_year y;
	struct state_key k;
	struct bytes row;

	state_year_key(&k, x->no, town_b(code), 0, day_year(x->day));
	town_begin(&x->w);
	T_EQ(kv_get(x->w.t, KV_STATE, state_key_bytes(&k), &row), ERR_OK);
	T_EQ(state_year_parse(row, &y), ERR_OK);
	town_commit(&x->w);
	return y.score;
}

static int take_score(void *ctx, const struct view_score *s)
{
	*(int64_t *)ctx += points_raw(s->score);
	return 0;
}

static int64_t scores(struct world *x, int year)
{
	int64_t sum = 0;

	town_begin(&x->w);
	T_EQ(view_scores(x->w.t, x->no, year, take_score, &sum), ERR_OK);
	town_commit(&x->w);
	return sum;
}

static void test_only_confirmed_lines_count(void)
{
	struct world x;

	world_open(&x, 1);
	uint64_t e = record(&x, "01001", 2, "C101");
	T_EQ(points_raw(household(&x, "01001").balance), 0);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(points_raw(household(&x, "01001").balance), 0);
	T_EQ(line_state(&x, e, 1), LINE_REVIEWED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 1, DECISION_agree), V_ACCEPTED);
	T_EQ(points_raw(household(&x, "01001").balance), 500);
	T_EQ(household(&x, "01001").lines, 1);
	T_EQ(scores(&x, 2026), 500);
	T_EQ(scores(&x, 2025), 0);
	T_EQ(line_state(&x, e, 1), LINE_CONFIRMED);
	town_close(&x.w);
}

static void test_a_reversal_takes_everything_back(void)
{
	struct world x;

	world_open(&x, 2);
	uint64_t e = town_earn(&x.w, x.no, "01002", 1, "A201", x.day);
	T_EQ(points_raw(household(&x, "01002").balance), -1000);
	T_EQ(points_raw(household(&x, "01002").deducted), 1000);
	town_earn(&x.w, x.no, "01003", 0, "A101", x.day);
	T_EQ(household_score(&x, "01003"), 200);
	T_EQ(household_score(&x, "01002"), -1000); /* with that of its members */
	T_EQ(scores(&x, 2026), -1000);
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, e, 1), V_ACCEPTED);
	T_EQ(points_raw(household(&x, "01002").balance), 0);
	T_EQ(points_raw(household(&x, "01002").deducted), 0);
	T_EQ(household(&x, "01002").lines, 0);
	T_EQ(household_score(&x, "01002"), 0);
	T_EQ(scores(&x, 2026), 0);
	T_EQ(line_state(&x, e, 1), LINE_REVERSED);
	/* the cap of 30 is free again: three times ten */
	for (int i = 0; i < 3; i++)
		record(&x, "01002", 1, "A201");
	town_close(&x.w);
}

static void test_a_refusal_releases_the_cap(void)
{
	struct world x;
	struct rec_points_line l;

	world_open(&x, 3);
	l = town_line("01003", 3, "A201", x.day);
	uint64_t first = record(&x, "01003", 3, "A201");
	record(&x, "01003", 3, "A201");
	record(&x, "01003", 3, "A201");
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_P10_CAP);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, first, 1, DECISION_refuse), V_ACCEPTED);
	T_EQ(line_state(&x, first, 1), LINE_REFUSED);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_P10_CAP);
	/* another year and another person have their own */
	l.day = town_day(2025, 12, 31);
	l.version--;
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	l.day = x.day;
	l.version++;
	l.member = 4;
	T_EQ(town_points(&x.w, x.no, TOWN_REC, &l, 1), V_ACCEPTED);
	town_close(&x.w);
}

static void test_caps_add_up_within_a_sheet(void)
{
	struct world x;
	struct rec_points_line l[13];
	struct hash before, after;

	world_open(&x, 4);
	for (int i = 0; i < 13; i++)
		l[i] = town_line("01004", 0, "A101", x.day);
	town_digest(&x.w, x.no, &before);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 13), V_P10_CAP);
	T_EQ(x.w.last.reason.num[0], 13);
	T_EQ(x.w.last.reason.num[1], 2400);
	town_digest(&x.w, x.no, &after);
	T_MEM(&after, &before, sizeof(after));
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 12), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 11); /* all on one day */
	town_close(&x.w);
}

static void test_lines_of_a_sheet_go_their_own_way(void)
{
	struct world x;
	struct rec_points_line l[3];
	struct view_points p;
	uint64_t e;

	world_open(&x, 5);
	for (int i = 0; i < 3; i++)
		l[i] = town_line("01005", (uint32_t)i + 1, "C101", x.day);
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 3), V_ACCEPTED);
	e = town_size(&x.w, x.no) - 1;
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 2, DECISION_refuse), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 3, DECISION_agree), V_ACCEPTED);
	town_begin(&x.w);
	T_EQ(view_points(x.w.t, x.no, e, &p), ERR_OK);
	town_commit(&x.w);
	T_EQ(p.nlines, 3);
	T_EQ(p.state[1], LINE_REVIEWED);
	T_EQ(p.state[2], LINE_REFUSED);
	T_EQ(p.state[3], LINE_CONFIRMED);
	T_MEM(p.recorder, sign_key_public(town_key(&x.w, TOWN_REC)), 32);
	T_MEM(p.reviewer, sign_key_public(town_key(&x.w, TOWN_REV)), 32);
	T_MEM(p.confirmer, sign_key_public(town_key(&x.w, TOWN_CON)), 32);
	T_EQ(points_raw(household(&x, "01005").balance), 500);
	town_close(&x.w);
}

/* --- copies of a store ------------------------------------------------------------------------------ */
struct copy {
	struct town w; /* another store with the same keys */
	const struct town *from;
	struct kv_txn *src;
};

/* The manifest follows from the seed, so the copy needs only labels. */
static void copy_open(struct copy *c, struct town *from, uint64_t seed)
{
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	town_init(&c->w, kv, seed);
	c->w.own_kv = true;
	c->from = from;
	T_EQ(kv_begin(from->kv, false, &c->src), ERR_OK);
	town_feed_only(&c->w);
}

static void copy_close(struct copy *c)
{
	kv_abort(c->src);
	town_close(&c->w);
}

/* Entries [from, to) of a feed in one transaction and one fold. */
static void copy_entries(struct copy *c, uint32_t src_no, uint32_t no, uint64_t from, uint64_t to)
{
	struct bytes leaf, payload;
	struct feedlog log;
	struct verdict v;
	struct fold f;
	struct entry e;
	struct hash h;

	town_begin(&c->w);
	T_EQ(feedlog_open(&log, c->w.t, no), ERR_OK);
	T_EQ(fold_open(&f, c->w.t, &c->w.id, &log.head), ERR_OK);
	for (uint64_t seq = from; seq < to; seq++) {
		T_EQ(feedlog_read(c->src, src_no, seq, &leaf, &payload), ERR_OK);
		T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
		/* before or after the entry is in the store: the same */
		if (seq % 2)
			T_EQ(feedlog_append(&log, &e, leaf.p, payload, &h), ERR_OK);
		T_EQ(fold_apply(&f, &e, payload, entry_tx_verify(&e, &c->w.id), &v), ERR_OK);
		if (seq % 2 == 0)
			T_EQ(feedlog_append(&log, &e, leaf.p, payload, &h), ERR_OK);
	}
	fold_close(&f);
	T_EQ(feedlog_flush(&log), ERR_OK);
	town_commit(&c->w);
}

static void same_digest(struct town *a, uint32_t no_a, struct town *b, uint32_t no_b)
{
	struct hash x, y;

	town_digest(a, no_a, &x);
	town_digest(b, no_b, &y);
	T_MEM(&x, &y, sizeof(x));
}

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

static void test_a_reversal_says_why(void)
{
	static const char *const nothing[] = {"无", ".", "  ", "n/a"};
	struct rec_reversal r = {.line = 1};
	struct world x;

	world_open(&x, 33);
	r.entry = town_earn(&x.w, x.no, "01000", 0, "A101", x.day);
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		r.reason = town_b(nothing[i]);
		T_EQ(town_put(&x.w, x.no, TOWN_CON, REC_reversal, &r, NULL, 0), V_P08_MISSING);
		T_STR(x.w.last.reason.s, "reason");
	}
	T_EQ(town_reverse(&x.w, x.no, TOWN_CON, r.entry, 1), V_ACCEPTED);
	town_close(&x.w);
}

static uint32_t used_again(struct world *x, const char *household, const char *number)
{
	struct rec_points_line l = town_line(household, 0, "Z001", x->day);
	uint32_t n = 0;

	l.evidence_no = town_b(number);
	T_EQ(town_points(&x->w, x->no, TOWN_REC, &l, 1), V_ACCEPTED);
	for (uint32_t i = 0; i < x->w.last.nwarn; i++)
		n += x->w.last.warn[i].id == V_P09_EVIDENCE;
	return n;
}

/* Of a sheet whose first line was refused, another line still uses the paper. */
static void test_evidence_counts_as_long_as_one_line_does(void)
{
	struct rec_points_line l[3];
	struct world x;
	uint64_t sheet, again;

	world_open(&x, 31);
	for (int i = 0; i < 3; i++) {
		l[i] = town_line(i == 0 ? "01000" : i == 1 ? "01001" : "01002", 0, "Z001", x.day);
		l[i].evidence_no = town_b(i == 1 ? "XY-2026-0002" : "XY-2026-0001");
	}
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 3), V_ACCEPTED);
	sheet = town_size(&x.w, x.no) - 1;
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, sheet, 1, DECISION_refuse), V_ACCEPTED);
	T_EQ(used_again(&x, "01003", "XY-2026-0001"), 1);
	T_EQ(x.w.last.warn[0].num[1], (int64_t)sheet);
	T_EQ(x.w.last.warn[0].num[2], 3);
	again = town_size(&x.w, x.no) - 1;
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, again, 1, DECISION_refuse), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, sheet, 3, DECISION_refuse), V_ACCEPTED);
	T_EQ(used_again(&x, "01004", "XY-2026-0001"), 0);
	town_close(&x.w);
}

static void test_a_number_is_the_same_however_it_is_typed(void)
{
	struct world x;

	world_open(&x, 32);
	T_EQ(used_again(&x, "01000", "XY-2026-0001"), 0);
	T_EQ(used_again(&x, "01001", "XY-2026-0001 "), 1);
	T_EQ(used_again(&x, "01002", "　xy-2026-0001"), 1);
	T_EQ(used_again(&x, "01003", "XY-2026- 0001"), 0);
	T_EQ(used_again(&x, "01004", "xy-2026-0002"), 0);
	T_STR(x.w.last.nwarn ? x.w.last.warn[0].s : "", "");
	T_EQ(used_again(&x, "01005", "XY-2026-0002"), 1);
	T_STR(x.w.last.warn[0].s, "XY-2026-0002"); /* told as it is written */
	town_close(&x.w);
}

struct warned {
	uint32_t n, late, evidence;
};

static void on_warned(void *ctx, const struct reason *r)
{
	struct warned *h = ctx;

	h->n++;
	h->late += r->id == V_P05_LATE;
	h->evidence += r->id == V_P09_EVIDENCE;
}

static void judge_points(struct world *x, const struct rec_points_line *l, uint32_t n,
			 struct warned *warned, struct verdict *v)
{
	struct rec_points head = {.note = town_b("")};
	struct buf p = {0};
	struct feed_head h;
	struct entry e;
	struct fold f;

	town_begin(&x->w);
	T_EQ(feedlog_head(x->w.t, x->no, &h), ERR_OK);
	town_tx(&x->w, &h.id, town_size(&x->w, FEED_TOWN), TOWN_REC, rec_type_of(REC_points), &head,
		l, n, &e, &p);
	town_place(&h, &e);
	T_EQ(fold_open(&f, x->w.t, &x->w.id, &h), ERR_OK);
	f.warned = on_warned;
	f.warned_ctx = warned;
	T_EQ(fold_judge(&f, &e, buf_bytes(&p), true, v), ERR_OK);
	fold_close(&f);
	town_commit(&x->w);
	buf_close(&p);
}

/* A late line and a piece of evidence used twice, behind many lines that are near each other. */
static void test_many_warnings_of_a_kind_hide_no_other(void)
{
	enum { LINES = 40, LATE = 35, USED = 38 };
	struct rec_points_line l[LINES];
	struct warned warned = {0};
	struct verdict v;
	struct world x;

	world_open(&x, 30);
	l[0] = town_line("01002", 0, "Z001", x.day);
	l[0].evidence_no = town_b("XY-2026-0001");
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 1), V_ACCEPTED);
	for (int i = 0; i < LINES; i++)
		l[i] = town_line("01000", 0, "Z001", x.day);
	l[LATE] = town_line("01003", 0, "A101", town_day(2024, 5, 1));
	l[USED] = town_line("01004", 0, "Z001", x.day);
	l[USED].evidence_no = town_b("XY-2026-0001");
	judge_points(&x, l, LINES, &warned, &v);
	T_STR(reason_name(v.reason.id), "ACCEPTED");
	T_EQ(v.nwarn, LINES - 1); /* the first of its household is near nothing */
	T_STR(reason_name(v.warn[0].id), "P09_NEAR");
	T_EQ(v.warn[0].num[0], 2);
	T_STR(reason_name(v.warn[VERDICT_WARN_MAX - 2].id), "P05_LATE");
	T_EQ(v.warn[VERDICT_WARN_MAX - 2].num[0], LATE + 1);
	T_STR(reason_name(v.warn[VERDICT_WARN_MAX - 1].id), "P09_EVIDENCE");
	T_EQ(v.warn[VERDICT_WARN_MAX - 1].num[0], USED + 1);
	/* and who listens hears of each */
	T_EQ(warned.n, v.nwarn);
	T_EQ(warned.late, 1);
	T_EQ(warned.evidence, 1);
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
	e = record(&x, "01001", 0, "Z001");
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
	copy_open(&c, &x.w, 8);
	copy_entries(&c, FEED_TOWN, FEED_TOWN, 0, town_size(&x.w, FEED_TOWN));
	uint32_t no = town_feed(&c.w, TOWN_CODE);
	copy_entries(&c, x.no, no, 0, town_size(&x.w, x.no));
	same_digest(&x.w, x.no, &c.w, no);
	copy_close(&c);
	town_close(&x.w);
}

/* --- duplicates ------------------------------------------------------------------------------------- */
static void test_duplicates_are_warned_about(void)
{
	struct rec_points_line l[3];
	uint8_t digest[32] = {1, 2, 3};
	struct world x;
	uint64_t first;

	world_open(&x, 9);
	/* across New Year, one household */
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2025, 12, 31));
	T_EQ(x.w.last.nwarn, 1); /* late */
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 1, 1));
	T_EQ(x.w.last.nwarn, 2);
	T_EQ(x.w.last.warn[1].id, V_P09_NEAR);
	T_EQ(x.w.last.warn[1].num[1], town_day(2025, 12, 31));
	town_record(&x.w, x.no, "01006", 0, "A101", town_day(2026, 1, 1));
	town_record(&x.w, x.no, "01006", 0, "A101", town_day(2025, 12, 31));
	T_EQ(x.w.last.nwarn, 2);
	T_EQ(x.w.last.warn[1].num[1], town_day(2026, 1, 1));
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 2, 20));
	T_EQ(x.w.last.nwarn, 0);
	town_record(&x.w, x.no, "01002", 0, "A101", town_day(2026, 2, 20));
	T_EQ(x.w.last.nwarn, 0);
	town_record(&x.w, x.no, "01001", 0, "Z001", town_day(2026, 2, 20));
	T_EQ(x.w.last.nwarn, 0);
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 2, 22));
	T_EQ(x.w.last.nwarn, 0);
	town_record(&x.w, x.no, "01001", 0, "A101", town_day(2026, 2, 23));
	T_EQ(x.w.last.nwarn, 1);
	/* one list of signatures for a whole sheet */
	for (uint32_t i = 0; i < 3; i++) {
		l[i] = town_line("01003", i + 1, "C101", x.day);
		l[i].evidence_no = town_b("QD-2026-7");
		l[i].digest = (struct bytes){digest, 32};
	}
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 3), V_ACCEPTED);
	first = town_size(&x.w, x.no) - 1;
	T_EQ(x.w.last.nwarn, 0);
	/* both the number and the file; the other lines of this sheet share them */
	for (uint32_t i = 0; i < 3; i++)
		l[i].household = town_b("01004");
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 3), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 2);
	T_EQ(x.w.last.warn[0].num[1], (int64_t)first);
	T_EQ(x.w.last.warn[0].num[2], 1);
	T_STR(x.w.last.warn[0].s, "QD-2026-7");
	T_STR(x.w.last.warn[1].s, "0102030000000000");
	/* what was refused no longer stands in the way */
	for (uint64_t e = first; e <= first + 1; e++)
		T_EQ(town_step(&x.w, x.no, TOWN_REV, REC_review, e, 0, DECISION_refuse),
		     V_ACCEPTED);
	l[0].household = town_b("01005");
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_close(&x.w);
}

/* Plain serial numbers: the first rows fill up, the others are found as well. */
static void test_evidence_is_found_among_many(void)
{
	struct rec_points_line l[100];
	char number[100][20];
	struct world x;
	uint64_t first;

	world_open(&x, 10);
	first = town_size(&x.w, x.no);
	for (int sheet = 0; sheet < 20; sheet++) {
		for (int i = 0; i < 100; i++) {
			l[i] = town_line("01001", 0, "Z001", x.day);
			l[i].place = l[i].reason = town_b("村口");
			snprintf(number[i], 20, "%d", sheet * 100 + i);
			l[i].evidence_no = town_b(number[i]);
		}
		T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 100), V_ACCEPTED);
		/* near ones, and numbers of one digit, which are none */
		T_EQ(x.w.last.nwarn, sheet ? 100 : 99 + 10);
	}
	for (int n = 10; n < 2000; n += 37) {
		l[0] = town_line("01002", 0, "Z001", x.day - n);
		snprintf(number[0], 20, "%d", n);
		l[0].evidence_no = town_b(number[0]);
		T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 1), V_ACCEPTED);
		const struct reason *r = &x.w.last.warn[x.w.last.nwarn - 1];
		T_EQ(r->id, V_P09_EVIDENCE);
		T_EQ(r->num[1], (int64_t)first + n / 100);
		T_EQ(r->num[2], n % 100 + 1);
	}
	town_close(&x.w);
}

/* --- against an independent count ------------------------------------------------------------------- */
#define MODEL_ENTRIES 400
#define MODEL_LINES   4
#define MODEL_YEARS   2 /* 2025, 2026 */
struct model_line {
	int household, item, year;
	uint32_t member;
	enum line_state state;
	int reviewer;
};
struct model_entry {
	uint64_t seq;
	int recorder;
	uint32_t n;
	struct model_line line[MODEL_LINES];
};
/* The items of town_catalogue that it uses. */
static const struct {
	const char *code;
	int64_t points, cap;
	bool individual;
} model_item[] = {{"A101", 200, 2400, false},
		  {"C101", 500, 6000, true},
		  {"D201", -200, 2000, false},
		  {"A201", -1000, 3000, true},
		  {"Z002", 100, INT64_MAX, true}};
static const char *const staff[] = {"s0", "s1", "s2", "s3"};

struct model {
	struct world x;
	struct prng g;
	uint32_t n;
	struct model_entry e[MODEL_ENTRIES];
};

static int64_t magnitude(int item)
{
	return model_item[item].points < 0 ? -model_item[item].points : model_item[item].points;
}

static bool alive(const struct model_line *l)
{
	return l->state != LINE_REFUSED && l->state != LINE_REVERSED;
}

/* What counts towards the cap of this line, by adding up every line there ever was. */
static int64_t counted(const struct model *m, const struct model_entry *now,
		       const struct model_line *as)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i <= m->n; i++) {
		const struct model_entry *e = i < m->n ? &m->e[i] : now;

		for (uint32_t k = 0; k < e->n; k++) {
			const struct model_line *l = &e->line[k];

			if (alive(l) && l->household == as->household && l->member == as->member &&
			    l->item == as->item && l->year == as->year)
				sum += magnitude(l->item);
		}
	}
	return sum;
}

static void model_record(struct model *m)
{
	struct model_entry *e = &m->e[m->n], done = {.n = 0};
	struct rec_points_line l[MODEL_LINES];
	char household[MODEL_LINES][20];
	bool ok = true;

	done.recorder = (int)prng_below(&m->g, 4);
	uint32_t n = 1 + (uint32_t)prng_below(&m->g, MODEL_LINES);
	for (uint32_t i = 0; i < n; i++) {
		struct model_line *ml = &done.line[i];

		*ml = (struct model_line){.household = (int)prng_below(&m->g, 3),
					  .item = (int)prng_below(&m->g, 5),
					  .year = (int)prng_below(&m->g, MODEL_YEARS)};
		ml->member =
			model_item[ml->item].individual ? 1 + (uint32_t)prng_below(&m->g, 2) : 0;
		snprintf(household[i], 20, "0100%d", ml->household);
		l[i] = town_line(household[i], ml->member, model_item[ml->item].code,
				 /* told at once, three days before the first of March */
				 town_day(2025 + ml->year, 1, 1) + (int)prng_below(&m->g, 57));
		done.n = i + 1;
		ok = ok && counted(m, &done, ml) <= model_item[ml->item].cap;
	}
	T_EQ(town_points(&m->x.w, m->x.no, staff[done.recorder], l, n),
	     ok ? V_ACCEPTED : V_P10_CAP);
	if (!ok)
		return;
	done.seq = town_size(&m->x.w, m->x.no) - 1;
	*e = done;
	m->n++;
}

/* Does the step of @who apply to this line, and what would be said otherwise? */
static enum verdict_id model_may(const struct model_entry *e, const struct model_line *l, int who,
				 enum line_state from)
{
	if (l->state != from)
		return V_TARGET_STATE;
	if (who == e->recorder || (from == LINE_REVIEWED && who == l->reviewer))
		return V_P02_DUTIES;
	return V_ACCEPTED;
}

static void model_step(struct model *m)
{
	struct model_entry *e = &m->e[prng_below(&m->g, m->n)];
	bool confirm = prng_below(&m->g, 2), refuse = prng_below(&m->g, 5) == 0;
	enum line_state from = confirm ? LINE_REVIEWED : LINE_RECORDED;
	uint32_t line = (uint32_t)prng_below(&m->g, e->n + 1);
	int who = (int)prng_below(&m->g, 4);
	enum verdict_id want = V_TARGET_STATE;

	for (uint32_t i = 1; i <= e->n; i++) {
		enum verdict_id may = model_may(e, &e->line[i - 1], who, from);

		if ((line && line != i) || (!line && may == V_TARGET_STATE))
			continue;
		want = may;
		if (may == V_P02_DUTIES)
			break;
	}
	T_EQ(town_step(&m->x.w, m->x.no, staff[who], confirm ? REC_confirm : REC_review, e->seq,
		       line, refuse ? DECISION_refuse : DECISION_agree),
	     want);
	if (want != V_ACCEPTED)
		return;
	for (uint32_t i = 1; i <= e->n; i++) {
		struct model_line *l = &e->line[i - 1];

		if ((line && line != i) || l->state != from)
			continue;
		l->state = refuse ? LINE_REFUSED : confirm ? LINE_CONFIRMED : LINE_REVIEWED;
		if (!confirm)
			l->reviewer = who;
	}
}

static void model_reverse(struct model *m)
{
	struct model_entry *e = &m->e[prng_below(&m->g, m->n)];
	uint32_t line = 1 + (uint32_t)prng_below(&m->g, e->n);
	int who = (int)prng_below(&m->g, 4);
	enum verdict_id want = V_ACCEPTED;

	if (e->line[line - 1].state != LINE_CONFIRMED)
		want = V_TARGET_STATE;
	else if (who == e->recorder)
		want = V_P02_DUTIES;
	T_EQ(town_reverse(&m->x.w, m->x.no, staff[who], e->seq, line), want);
	if (want == V_ACCEPTED)
		e->line[line - 1].state = LINE_REVERSED;
}

/* The year of a household: its own confirmed lines and those of its members. */
static void check_year(const struct model *m, int household, int year)
{
	struct points got;
	int64_t sum = 0;
	char code[20];

	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->e[i].n; k++) {
			const struct model_line *l = &m->e[i].line[k];

			if (l->state == LINE_CONFIRMED && l->household == household &&
			    l->year == year)
				sum += model_item[l->item].points;
		}
	snprintf(code, sizeof(code), "0100%d", household);
	T_EQ(read_year_points(READER(m->x.w.t, m->x.no), town_b(code), 0, 2025 + year, &got),
	     ERR_OK);
	T_EQ(points_raw(got), sum);
}

static int check_score(void *ctx, const struct view_score *s)
{
	const struct model *m = ctx;
	int64_t sum = 0;

	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->e[i].n; k++) {
			const struct model_line *l = &m->e[i].line[k];

			if (l->state == LINE_CONFIRMED && l->member == s->member &&
			    2025 + l->year == s->year && l->household == s->household[4] - '0')
				sum += model_item[l->item].points;
		}
	T_EQ(points_raw(s->score), sum);
	T_OK(sum != 0);
	return 0;
}

static void model_check(struct model *m)
{
	for (int h = 0; h < 3; h++) {
		int64_t earned = 0, deducted = 0, lines = 0;
		char code[20];

		for (uint32_t i = 0; i < m->n; i++)
			for (uint32_t k = 0; k < m->e[i].n; k++) {
				const struct model_line *l = &m->e[i].line[k];

				if (l->state != LINE_CONFIRMED || l->household != h)
					continue;
				*(model_item[l->item].points < 0 ? &deducted : &earned) +=
					magnitude(l->item);
				lines++;
			}
		snprintf(code, sizeof(code), "0100%d", h);
		struct view_household v = household(&m->x, code);
		T_EQ(points_raw(v.earned), earned);
		T_EQ(points_raw(v.deducted), deducted);
		T_EQ(points_raw(v.balance), earned - deducted);
		T_EQ(v.lines, lines);
	}
	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->e[i].n; k++)
			T_EQ(line_state(&m->x, m->e[i].seq, k + 1), m->e[i].line[k].state);
	town_begin(&m->x.w);
	for (int h = 0; h < 3; h++)
		for (int y = 0; y < MODEL_YEARS; y++)
			check_year(m, h, y);
	for (int y = 0; y < MODEL_YEARS; y++)
		T_EQ(view_scores(m->x.w.t, m->x.no, 2025 + y, check_score, m), ERR_OK);
	town_commit(&m->x.w);
}

static void model_open(struct model *m, uint64_t seed)
{
	world_open(&m->x, seed);
	prng_seed(&m->g, seed);
	m->n = 0;
	for (int i = 0; i < 4; i++)
		for (int r = ROLE_recorder; r <= ROLE_confirmer; r++)
			T_EQ(town_grant(&m->x.w, m->x.no, TOWN_HEAD, staff[i],
					(enum rec_choice_ROLE)r, ""),
			     V_ACCEPTED);
}

static void model_turn(struct model *m)
{
	uint64_t what = prng_below(&m->g, 10);

	if (m->n == 0 || (what < 4 && m->n < MODEL_ENTRIES))
		model_record(m);
	else if (what < 9)
		model_step(m);
	else
		model_reverse(m);
}

static void test_random_work_matches_an_independent_count(void)
{
	static struct model m;
	struct hash before, after;

	for (uint64_t seed = 100; seed < 104; seed++) {
		model_open(&m, seed);
		for (int turn = 0; turn < 700; turn++) {
			town_digest(&m.x.w, m.x.no, &before);
			model_turn(&m);
			town_digest(&m.x.w, m.x.no, &after);
			/* a refused entry leaves no trace, an accepted one does */
			T_EQ(hash_cmp(&before, &after) == 0, !verdict_ok(&m.x.w.last));
			if (turn % 100 == 99)
				model_check(&m);
		}
		town_close(&m.x.w);
	}
}

/* --- replays ---------------------------------------------------------------------------------------- */
static void test_a_replay_gives_the_same_state(void)
{
	static struct model m;
	struct copy c;
	struct hash h, empty;

	model_open(&m, 200);
	for (int turn = 0; turn < 500; turn++)
		model_turn(&m);
	copy_open(&c, &m.x.w, 200);
	copy_entries(&c, FEED_TOWN, FEED_TOWN, 0, town_size(&m.x.w, FEED_TOWN));
	/* under another local number */
	T_OK(town_feed(&c.w, "500101999299") != 0);
	uint32_t no = town_feed(&c.w, TOWN_CODE);
	T_OK(no != m.x.no);
	copy_entries(&c, m.x.no, no, 0, town_size(&m.x.w, m.x.no));
	same_digest(&m.x.w, m.x.no, &c.w, no);
	same_digest(&m.x.w, FEED_TOWN, &c.w, FEED_TOWN);
	town_digest(&c.w, no, &h);
	town_digest(&c.w, no + 1, &empty);
	T_OK(hash_cmp(&h, &empty) != 0);
	copy_close(&c);
	town_close(&m.x.w);
}

static void test_villages_do_not_touch_each_other(void)
{
	static struct model m;
	struct rec_points_line l;
	const char *two = "500101999202";
	uint32_t src[2], no[2];
	struct copy c;
	struct prng g;

	model_open(&m, 300);
	src[0] = m.x.no;
	src[1] = town_village(&m.x.w, two);
	T_EQ(town_household(&m.x.w, src[1], "rec/500101999202", "01001", 2), V_ACCEPTED);
	for (int turn = 0; turn < 120; turn++) {
		model_turn(&m);
		l = town_line("01001", 0, "Z001", m.x.day - turn);
		T_EQ(town_points(&m.x.w, src[1], "rec/500101999202", &l, 1), V_ACCEPTED);
		if (turn % 40 == 0)
			T_EQ(town_catalogue(&m.x.w, 2 + (uint64_t)turn), V_ACCEPTED);
	}
	for (uint64_t order = 0; order < 5; order++) {
		uint64_t at[2] = {0, 0};

		copy_open(&c, &m.x.w, 300);
		copy_entries(&c, FEED_TOWN, FEED_TOWN, 0, town_size(&m.x.w, FEED_TOWN));
		no[1] = town_feed(&c.w, two);
		no[0] = town_feed(&c.w, TOWN_CODE);
		prng_seed(&g, order);
		for (;;) {
			uint64_t v = prng_below(&g, 2), some = 1 + prng_below(&g, 30), end[2];

			for (int i = 0; i < 2; i++)
				end[i] = town_size(&m.x.w, src[i]);
			if (at[0] == end[0] && at[1] == end[1])
				break;
			some = some < end[v] - at[v] ? some : end[v] - at[v];
			copy_entries(&c, src[v], no[v], at[v], at[v] + some);
			at[v] += some;
		}
		for (int i = 0; i < 2; i++)
			same_digest(&m.x.w, src[i], &c.w, no[i]);
		copy_close(&c);
	}
	town_close(&m.x.w);
}

/* --- trials and failures ---------------------------------------------------------------------------- */
struct attempt {
	struct world x;
	struct entry e;
	struct buf payload;
	struct verdict v;
	bool keep;
};

static void attempt_make(struct attempt *a, const char *author, enum rec_code type,
			 const void *head, const void *lines, uint32_t n)
{
	struct feed_head h;

	town_begin(&a->x.w);
	T_EQ(feedlog_head(a->x.w.t, a->x.no, &h), ERR_OK);
	town_commit(&a->x.w);
	town_tx(&a->x.w, &h.id, town_size(&a->x.w, FEED_TOWN), author, rec_type_of((uint16_t)type),
		head, lines, n, &a->e, &a->payload);
	town_place(&h, &a->e);
}

static int attempt_run(struct attempt *a)
{
	struct feed_head h;
	struct kv_txn *t = NULL;
	struct fold f = {0};
	int err = kv_begin(a->x.w.kv, true, &t);

	if (!err)
		err = feedlog_head(t, a->x.no, &h);
	if (!err)
		err = fold_open(&f, t, &a->x.w.id, &h);
	if (!err)
		err = (a->keep ? fold_apply : fold_judge)(&f, &a->e, buf_bytes(&a->payload), true,
							  &a->v);
	if (!err)
		err = fold_flush(&f);
	fold_close(&f);
	kv_abort(t);
	return err;
}

static void test_lack_of_memory_is_survived(void)
{
	struct rec_points head = {.note = town_b("")};
	struct rec_review rh = {.note = town_b("")};
	struct rec_review_line r = {.decision = DECISION_agree};
	struct rec_points_line l[40];
	struct attempt a = {.keep = true};
	char hh[40][20];

	world_open(&a.x, 400);
	for (uint32_t i = 0; i < 40; i++) {
		snprintf(hh[i], 20, "0100%u", i % 10u);
		l[i] = town_line(hh[i], 1 + i / 10, "C101", a.x.day - (int)i);
		l[i].evidence_no = town_b("CG-7");
	}
	attempt_make(&a, TOWN_REC, REC_points, &head, l, 40);
	T_OOM(attempt_run(&a));
	T_EQ(a.v.reason.id, V_ACCEPTED);
	T_EQ(town_points(&a.x.w, a.x.no, TOWN_REC, l, 40), V_ACCEPTED);
	r.entry = town_size(&a.x.w, a.x.no) - 1;
	T_EQ(town_step(&a.x.w, a.x.no, TOWN_REV, REC_review, r.entry, 0, DECISION_agree),
	     V_ACCEPTED);
	attempt_make(&a, TOWN_CON, REC_confirm, &rh, &r, 1);
	T_OOM(attempt_run(&a));
	T_EQ(a.v.reason.id, V_ACCEPTED);
	l[39].place = town_b("无");
	attempt_make(&a, TOWN_REC, REC_points, &head, l, 40);
	T_OOM(attempt_run(&a));
	T_EQ(a.v.reason.id, V_P08_MISSING);
	buf_close(&a.payload);
	town_close(&a.x.w);
}

static void test_a_trial_changes_nothing(void)
{
	struct rec_points head = {.note = town_b("")};
	struct rec_points_line l;
	struct attempt a = {.keep = false};
	struct hash before, after;
	struct feed_head h;
	struct kv_txn *t;
	struct fold f;

	world_open(&a.x, 500);
	l = town_line("01001", 1, "A201", a.x.day);
	town_digest(&a.x.w, a.x.no, &before);
	attempt_make(&a, TOWN_REC, REC_points, &head, &l, 1);
	T_EQ(kv_begin(a.x.w.kv, true, &t), ERR_OK);
	T_EQ(feedlog_head(t, a.x.no, &h), ERR_OK);
	T_EQ(fold_open(&f, t, &a.x.w.id, &h), ERR_OK);
	/* the cap is three of them: more trials than that */
	for (int i = 0; i < 5; i++) {
		T_EQ(fold_judge(&f, &a.e, buf_bytes(&a.payload), true, &a.v), ERR_OK);
		T_EQ(a.v.reason.id, V_ACCEPTED);
		T_EQ(a.v.nwarn, 0);
	}
	fold_close(&f);
	T_EQ(kv_commit(t), ERR_OK);
	town_digest(&a.x.w, a.x.no, &after);
	T_MEM(&after, &before, sizeof(after));
	buf_close(&a.payload);
	town_close(&a.x.w);
}

static void test_a_full_sheet_goes_through(void)
{
	static struct rec_points_line l[200];
	static struct rec_review_line r[200];
	struct rec_review rh = {.note = town_b("")};
	struct view_points p;
	struct world x;
	uint64_t e;

	world_open(&x, 600);
	for (uint32_t i = 0; i < 200; i++) {
		l[i] = town_line("01001", 1 + i % 4, "Z002", x.day);
		l[i].place = l[i].reason = town_b("村口");
	}
	T_EQ(town_points(&x.w, x.no, TOWN_REC, l, 200), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 196);
	e = town_size(&x.w, x.no) - 1;
	/* every second line refused, one by one: the longest row there can be */
	for (uint32_t i = 0; i < 200; i++)
		r[i] = (struct rec_review_line){.entry = e,
						.line = i + 1,
						.decision =
							i % 2 ? DECISION_refuse : DECISION_agree};
	T_EQ(town_put(&x.w, x.no, TOWN_REV, REC_review, &rh, r, 200), V_ACCEPTED);
	T_EQ(town_step(&x.w, x.no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	town_begin(&x.w);
	T_EQ(view_points(x.w.t, x.no, e, &p), ERR_OK);
	town_commit(&x.w);
	for (uint32_t i = 1; i <= 200; i++)
		T_EQ(p.state[i], i % 2 ? LINE_CONFIRMED : LINE_REFUSED);
	T_EQ(points_raw(household(&x, "01001").balance), 10000);
	T_EQ(household(&x, "01001").lines, 100);
	town_close(&x.w);
}

T_MAIN(T(test_only_confirmed_lines_count, "R60"),
       T(test_a_reversal_takes_everything_back, "R09 R34 I8 I10"),
       T(test_a_refusal_releases_the_cap, "R35 R56"), T(test_caps_add_up_within_a_sheet, "R35"),
       T(test_lines_of_a_sheet_go_their_own_way, "R03"), T(test_the_town_judges_as_it_was_seen),
       T(test_whom_the_town_removes_is_out, "R03"), T(test_one_person_has_one_key, "R60"),
       T(test_names_are_of_one_place), T(test_a_new_key_is_the_same_person, "R60 I10"),
       T(test_a_reversal_says_why, "I10"), T(test_evidence_counts_as_long_as_one_line_does, "I7"),
       T(test_a_number_is_the_same_however_it_is_typed, "R39"),
       T(test_many_warnings_of_a_kind_hide_no_other), T(test_enrolment_is_seen_or_not),
       T(test_a_village_sees_the_town_of_its_transaction),
       T(test_terms_hold_on_the_claimed_day, "R64"),
       T(test_a_revoked_role_ends_with_the_entry, "R64"),
       T(test_the_newest_adoption_before_the_day_counts, "R31 I5"),
       T(test_duplicates_are_warned_about, "R39 I7"), T(test_evidence_is_found_among_many, "R39"),
       T(test_random_work_matches_an_independent_count, "R02 R27 R40 R42 R60 I1"),
       T(test_a_replay_gives_the_same_state), T(test_villages_do_not_touch_each_other, "I9"),
       T(test_lack_of_memory_is_survived), T(test_a_trial_changes_nothing),
       T(test_a_full_sheet_goes_through))
