#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read_registers.h"
#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

/* What goes onto paper: notices bound to the feed, their postings, passbooks. */

/* --- notices --------------------------------------------------------------------------------------- */
static struct rec_notice notice(struct world *x, uint64_t size, struct hash *root)
{
	town_begin(&x->w);
	T_EQ(feedlog_root(x->w.t, x->no, size, root), ERR_OK);
	town_commit(&x->w);
	return (struct rec_notice){.kind = NOTICE_assessment,
				   .from = town_day(2026, 1, 1),
				   .to = town_day(2026, 1, 31),
				   .size = size,
				   .root = {root->b, sizeof(root->b)},
				   .town = town_size(&x->w, FEED_TOWN),
				   .day = x->day,
				   .digest = {root->b, sizeof(root->b)}};
}

static void publish(struct world *x, const struct rec_notice *n)
{
	provoke_put(&x->w, x->no, TOWN_REC, REC_notice, n, NULL, 0);
}

static void test_a_notice_names_a_root_of_this_feed(void)
{
	struct rec_notice n;
	struct hash root;
	struct world x;
	uint64_t size;

	world_open(&x, 1);
	size = town_size(&x.w, x.no);
	n = notice(&x, size, &root); /* all entries before */
	publish(&x, &n);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	for (uint64_t part = 1; part < size; part += 3) {
		n = notice(&x, part, &root);
		publish(&x, &n);
		T_EQ(x.w.last.reason.id, V_ACCEPTED);
	}
	n.size++; /* the root of another size */
	publish(&x, &n);
	REFUSED(&x.w, "NOTICE_ROOT", "F67", (int64_t)n.size, (int64_t)world_last(&x));
	n = notice(&x, town_size(&x.w, x.no), &root);
	n.size++; /* not yet there */
	publish(&x, &n);
	REFUSED(&x.w, "NOTICE_ROOT", "F67", (int64_t)n.size, (int64_t)world_last(&x));
	n.size = INT64_MAX;
	publish(&x, &n);
	REFUSED(&x.w, "NOTICE_ROOT", "F67", INT64_MAX, (int64_t)world_last(&x));
	n = notice(&x, size, &root);
	root.b[0] ^= 1;
	publish(&x, &n);
	REFUSED(&x.w, "NOTICE_ROOT", "F67", (int64_t)size, (int64_t)world_last(&x));
	n = notice(&x, size, &root);
	n.to = n.from - 1;
	publish(&x, &n);
	REFUSED(&x.w, "PERIOD", "F31", n.from, n.to);
	n = notice(&x, size, &root);
	n.day = x.today + 1;
	publish(&x, &n);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	n = notice(&x, size, &root);
	n.town = town_size(&x.w, FEED_TOWN) + 1; /* the town had not said so much */
	publish(&x, &n);
	REFUSED(&x.w, "MALFORMED", "F00");
	n.town = 1; /* the village had seen more */
	publish(&x, &n);
	REFUSED(&x.w, "MALFORMED", "F00");
	town_close(&x.w);
}

/* Also when the last entry under it had no effect, and so says nothing of what the others have seen. */
static void test_a_notice_has_seen_what_the_village_has(void)
{
	struct rec_meeting m = {
		.place = town_b("村委会"), .agenda = town_b("公示"), .attendance = 9};
	struct buf p = {0};
	struct feed_head h;
	struct rec_notice n;
	struct hash root;
	struct world x;
	struct entry e;
	uint64_t town;

	world_open(&x, 5);
	town = town_size(&x.w, FEED_TOWN);
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, "new", ROLE_keeper, ""), V_ACCEPTED);
	town_begin(&x.w);
	T_EQ(feedlog_head(x.w.t, x.no, &h), ERR_OK);
	m.day = x.day;
	town_tx(&x.w, &h.id, town - 1, TOWN_REC, rec_type_of(REC_meeting), &m, NULL, 0, &e, &p);
	T_EQ(town_append(&x.w, x.no, &e, buf_bytes(&p), true), V_TOWN_SEEN);
	town_commit(&x.w);
	n = notice(&x, town_size(&x.w, x.no), &root);
	n.town = town - 1;
	publish(&x, &n);
	REFUSED(&x.w, "MALFORMED", "F00");
	n.town = town;
	publish(&x, &n);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	buf_close(&p);
	town_close(&x.w);
}

/* Entries of one transaction, of which the stored tree knows nothing yet: every root counts alike. */
static void test_a_batch_is_judged_like_its_entries_one_by_one(void)
{
	enum { BATCH = 40 };
	struct hash roots[200];
	struct buf p = {0};
	struct feedlog log;
	struct fold f;
	struct world x;
	uint64_t size;

	world_open(&x, 2);
	size = town_size(&x.w, x.no);
	for (uint64_t i = 1; i <= size; i++)
		(void)notice(&x, i, &roots[i]);
	town_begin(&x.w);
	T_EQ(feedlog_open(&log, x.w.t, x.no), ERR_OK);
	T_EQ(fold_open(&f, x.w.t, &x.w.id, &log.head), ERR_OK);
	for (uint64_t i = 0; i < BATCH; i++) {
		/* old sizes, new sizes, and the one that comes next */
		uint64_t of = i % 3 ? size + i - i % 2 : 1 + i * 7 % size;
		uint8_t leaf[ENTRY_LEAF_BYTES];
		struct verdict v;
		struct entry e;
		struct hash h;
		struct rec_notice n = {.from = x.day,
				       .to = x.day,
				       .size = of,
				       .root = {roots[of].b, HASH_BYTES},
				       .town = town_size(&x.w, FEED_TOWN),
				       .day = x.day,
				       .digest = {roots[of].b, HASH_BYTES}};

		town_tx(&x.w, &log.head.id, f.town_seen, TOWN_REC, rec_type_of(REC_notice), &n,
			NULL, 0, &e, &p);
		town_place(&log.head, &e);
		T_EQ(fold_apply(&f, &e, buf_bytes(&p), true, &v), ERR_OK);
		T_STR(reason_name(v.reason.id), "ACCEPTED");
		entry_pack(&e, leaf);
		T_EQ(feedlog_append(&log, &e, leaf, buf_bytes(&p), &h), ERR_OK);
		tlog_root(&log.head.edge, &roots[log.head.size]);
	}
	fold_close(&f);
	T_EQ(feedlog_flush(&log), ERR_OK);
	town_commit(&x.w);
	for (uint64_t i = 1; i <= size + BATCH; i++) {
		struct hash root;

		(void)notice(&x, i, &root);
		T_MEM(&root, &roots[i], sizeof(root));
	}
	buf_close(&p);
	town_close(&x.w);
}

static uint64_t published(struct world *x)
{
	struct hash root;
	struct rec_notice n = notice(x, town_size(&x->w, x->no), &root);

	publish(x, &n);
	T_EQ(x->w.last.reason.id, V_ACCEPTED);
	return world_last(x);
}

static void post(struct world *x, uint64_t at, day_t from, day_t to)
{
	struct rec_posting r = {.notice = at,
				.place = town_b("村委会公示栏"),
				.from = from,
				.to = to,
				.poster = town_b("张小红")};

	provoke_put(&x->w, x->no, TOWN_REC, REC_posting, &r, NULL, 0);
}

static void take_down(struct world *x, uint64_t at, day_t day)
{
	struct rec_withdrawal r = {.notice = at, .day = day, .reason = town_b("合计有误")};

	provoke_put(&x->w, x->no, TOWN_HEAD, REC_withdrawal, &r, NULL, 0);
}

static void scheme(struct world *x, day_t from, uint64_t notice_days)
{
	struct rec_scheme s = town_scheme(1, from);

	s.notice_days = notice_days;
	T_EQ(town_put_scheme(&x->w, x->no, TOWN_HEAD, &s), V_ACCEPTED);
}

static void test_a_posting_is_of_a_notice_and_long_enough(void)
{
	struct rec_posting photo;
	struct world x;
	uint64_t at;

	world_open(&x, 3);
	at = published(&x);
	post(&x, at - 1, x.day, x.day + 4);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)at - 1);
	post(&x, at, x.day, x.day - 1);
	REFUSED(&x.w, "PERIOD", "F31", x.day, x.day - 1);
	post(&x, at, x.today + 1, x.today + 9);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	post(&x, at, x.day - 1, x.today);
	REFUSED(&x.w, "POSTED_EARLY", "F89", (int64_t)at, x.day, x.day - 1);
	post(&x, at, x.today, x.today + 6); /* both days count; the end may be to come */
	T_EQ(x.w.last.nwarn, 0);
	post(&x, at, x.today, x.today + 5);
	WARNED(&x.w, "N06_SHORT", "N01", x.today, x.today + 5, 6, 7);
	scheme(&x, x.day, 8);
	post(&x, at, x.day, x.day + 7);
	T_EQ(x.w.last.nwarn, 0);
	post(&x, at, x.day, x.day + 6);
	WARNED(&x.w, "N06_SHORT", "N01", x.day, x.day + 6, 7, 8);
	photo = (struct rec_posting){.notice = at,
				     .place = town_b("公示栏"),
				     .from = x.day,
				     .to = x.today,
				     .poster = town_b("张小红"),
				     .photo = town_half()};
	provoke_put(&x.w, x.no, TOWN_REC, REC_posting, &photo, NULL, 0);
	REFUSED(&x.w, "MALFORMED", "F00");
	town_close(&x.w);
}

static void test_a_notice_is_taken_down_once(void)
{
	struct world x;
	uint64_t at;

	world_open(&x, 4);
	at = published(&x);
	post(&x, at, x.today, x.today + 9);
	take_down(&x, at + 1, x.today);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)at + 1);
	take_down(&x, at, x.today + 1);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	take_down(&x, at, x.today);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	int64_t by = (int64_t)world_last(&x);
	take_down(&x, at, x.today);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, by);
	post(&x, at, x.today, x.today + 9);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, by);
	town_close(&x.w);
}

/* --- passbooks ------------------------------------------------------------------------------------- */
static void print_from(struct world *x, uint64_t began, uint64_t upto, uint64_t lines)
{
	struct rec_passbook r = {.household = town_b("01001"),
				 .number = town_b("S-1"),
				 .action = BOOK_print,
				 .day = x->day,
				 .upto = upto,
				 .began = began,
				 .lines = lines};

	provoke_put(&x->w, x->no, TOWN_REC, REC_passbook, &r, NULL, 0);
}

static void book(struct world *x, const char *household, const char *number, uint32_t action,
		 uint64_t upto, uint64_t lines)
{
	struct rec_passbook r = {.household = town_b(household),
				 .number = town_b(number),
				 .action = action,
				 .day = x->day,
				 .upto = upto,
				 .lines = lines};

	provoke_put(&x->w, x->no, TOWN_REC, REC_passbook, &r, NULL, 0);
}

static void test_a_household_has_one_book(void)
{
	struct world x;
	int64_t at;

	world_open(&x, 5);
	for (uint32_t action = BOOK_replace; action <= BOOK_give_up; action++) {
		book(&x, "01001", "S-1", action, 0, 0);
		REFUSED(&x.w, "BOOK_NONE", "F70");
	}
	book(&x, "01001", "S-1", BOOK_issue, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	at = (int64_t)world_last(&x);
	book(&x, "01001", "S-2", BOOK_issue, 0, 0);
	REFUSED(&x.w, "BOOK_HAS", "F71", at);
	book(&x, "01001", "S-1", BOOK_replace, 0, 0); /* the lost one would be as good as the new */
	REFUSED(&x.w, "BOOK_SAME", "F98");
	book(&x, "01001", "S-2", BOOK_replace, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "01001", "S-1", BOOK_print, 5, 1);
	REFUSED(&x.w, "BOOK_NUMBER", "F72");
	T_STR(x.w.last.reason.t, "S-2");
	book(&x, "01001", "S-1", BOOK_give_up, 0, 0);
	REFUSED(&x.w, "BOOK_NUMBER", "F72");
	book(&x, "01001", "S-2", BOOK_give_up, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "01001", "S-2", BOOK_print, 5, 1);
	REFUSED(&x.w, "BOOK_NONE", "F70");
	book(&x, "01001", "S-3", BOOK_issue, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "09999", "S-9", BOOK_issue, 0, 0);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	x.day = x.today + 1;
	book(&x, "01002", "S-9", BOOK_issue, 0, 0);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	town_close(&x.w);
}

static void register_with_book(struct world *x, const char *household, const char *number)
{
	struct rec_household_line m = {.member = 1,
				       .name = town_b("王小兰"),
				       .relation = town_b("户主"),
				       .birth = town_day(1980, 3, 4)};
	struct rec_household r = {.household = town_b(household),
				  .group = town_b("1"),
				  .takes_part = YES_yes,
				  .consent_day = x->day,
				  .passbook = town_b(number)};

	provoke_put(&x->w, x->no, TOWN_REC, REC_household, &r, &m, 1);
}

/* Two households with one number: nobody could say whose book is held. */
static void test_a_number_is_of_one_book(void)
{
	struct world x;
	int64_t at;

	world_open(&x, 5);
	book(&x, "01001", "S-1", BOOK_issue, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	at = (int64_t)world_last(&x);
	book(&x, "01002", "S-1", BOOK_issue, 0, 0);
	REFUSED(&x.w, "BOOK_TAKEN", "F71", at);
	T_STR(x.w.last.reason.s, "S-1");
	T_STR(x.w.last.reason.t, "01001");
	book(&x, "01002", "S-2", BOOK_issue, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "01002", "S-1", BOOK_replace, 0, 0);
	REFUSED(&x.w, "BOOK_TAKEN", "F71", at);
	register_with_book(&x, "01090", "S-1");
	REFUSED(&x.w, "BOOK_TAKEN", "F71", at);
	register_with_book(&x, "01090", "S-9");
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	at = (int64_t)world_last(&x);
	register_with_book(&x, "01091", "S-9");
	REFUSED(&x.w, "BOOK_TAKEN", "F71", at);
	book(&x, "01003", "S-9", BOOK_issue, 0, 0);
	REFUSED(&x.w, "BOOK_TAKEN", "F71", at);
	/* what was handed back may go to another */
	book(&x, "01001", "S-1", BOOK_give_up, 0, 0);
	book(&x, "01003", "S-1", BOOK_issue, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	at = (int64_t)world_last(&x);
	book(&x, "01001", "S-1", BOOK_issue, 0, 0);
	REFUSED(&x.w, "BOOK_TAKEN", "F71", at);
	town_close(&x.w);
}

static void test_what_is_printed_stays_printed(void)
{
	struct world x;

	world_open(&x, 6);
	book(&x, "01001", "S-1", BOOK_issue, 3, 0);
	book(&x, "01001", "S-1", BOOK_print, 6, 4);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "01001", "S-1", BOOK_print, 5, 4);
	REFUSED(&x.w, "BOOK_BACK", "F73", 6, 4, 5, 4);
	book(&x, "01001", "S-1", BOOK_print, 7, 3);
	REFUSED(&x.w, "BOOK_BACK", "F73", 6, 4, 7, 3);
	book(&x, "01001", "S-1", BOOK_print, world_last(&x) + 2, 4);
	REFUSED(&x.w, "MALFORMED", "F00"); /* entries that are not there */
	book(&x, "01001", "S-1", BOOK_print, world_last(&x) + 1, 4);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "01001", "S-2", BOOK_replace, 0, 0); /* a new book is empty */
	book(&x, "01001", "S-2", BOOK_print, 1, 1);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

static void test_a_print_begins_below_the_last_line(void)
{
	struct world x;

	world_open(&x, 8);
	book(&x, "01001", "S-1", BOOK_issue, 3, 0);
	print_from(&x, 1, 6, 4);
	REFUSED(&x.w, "BOOK_GAP", "F86", 0, 1);
	print_from(&x, 0, 6, 4);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	print_from(&x, 3, 7, 6); /* made before the last one was recorded: it lies over it */
	REFUSED(&x.w, "BOOK_GAP", "F86", 4, 3);
	print_from(&x, 4, 7, 6);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	print_from(&x, 0, 7, 6); /* the whole book anew */
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

static void test_a_book_is_for_who_takes_part(void)
{
	struct rec_consent no = {
		.household = town_b("01001"), .takes_part = YES_no, .document = town_b("退出书 3")};
	struct world x;

	world_open(&x, 12);
	book(&x, "01001", "S-1", BOOK_issue, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	no.day = x.day;
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_consent, &no, NULL, 0), V_ACCEPTED);
	no.household = town_b("01002");
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_consent, &no, NULL, 0), V_ACCEPTED);
	book(&x, "01002", "S-2", BOOK_issue, 0, 0);
	REFUSED(&x.w, "P13_NOT_PART", "P13", 0);
	/* who left the scheme keeps the points, and the book they are in */
	book(&x, "01001", "S-1", BOOK_print, 5, 1);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "01001", "S-3", BOOK_replace, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "01001", "S-3", BOOK_give_up, 0, 0);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	book(&x, "01001", "S-4", BOOK_issue, 0, 0);
	REFUSED(&x.w, "P13_NOT_PART", "P13", 0);
	town_close(&x.w);
}

static void test_a_book_of_the_register_counts(void)
{
	struct rec_household h = {.household = town_b("01099"),
				  .group = town_b("1"),
				  .takes_part = YES_yes,
				  .passbook = town_b("R-7")};
	struct rec_household_line m = {.member = 1, .name = town_b("冉光明")};
	struct rec_roster_change away = {.household = town_b("01099"), .kind = LEAVE_moved_out};
	struct world x;

	world_open(&x, 7);
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_household, &h, &m, 1), V_ACCEPTED);
	int64_t at = (int64_t)world_last(&x);
	book(&x, "01099", "R-8", BOOK_issue, 0, 0);
	REFUSED(&x.w, "BOOK_HAS", "F71", at);
	book(&x, "01099", "R-8", BOOK_print, 1, 1);
	REFUSED(&x.w, "BOOK_NUMBER", "F72");
	T_STR(x.w.last.reason.t, "R-7");
	book(&x, "01099", "R-7", BOOK_print, 1, 1);
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	away.day = x.day;
	T_EQ(town_put(&x.w, x.no, TOWN_HEAD, REC_roster_change, &away, NULL, 0), V_ACCEPTED);
	book(&x, "01099", "R-7", BOOK_print, 2, 2);
	REFUSED(&x.w, "HOUSEHOLD_LEFT", "F34", x.day);
	book(&x, "01099", "R-7", BOOK_give_up, 0, 0); /* but the book comes back */
	T_EQ(x.w.last.reason.id, V_ACCEPTED);
	town_close(&x.w);
}

static int passbook(struct world *x, const char *household, struct passbook *ret)
{
	town_begin(&x->w);
	int err = read_passbook(READER(x->w.t, x->no), town_b(household), ret);
	town_commit(&x->w);
	return err;
}

static void test_the_book_of_a_household_is_shown(void)
{
	struct rec_household h = {
		.household = town_b("01099"), .takes_part = YES_yes, .passbook = town_b("R-7")};
	struct rec_household_line m = {.member = 1, .name = town_b("冉光明")};
	struct passbook b;
	struct world x;

	world_open(&x, 9);
	T_EQ(passbook(&x, "01001", &b), ERR_NOTFOUND);
	T_EQ(passbook(&x, "09999", &b), ERR_NOTFOUND);
	book(&x, "01001", "S-1", BOOK_issue, 0, 0);
	book(&x, "01001", "S-1", BOOK_print, 7, 2);
	T_EQ(passbook(&x, "01001", &b), ERR_OK);
	T_STR(b.number, "S-1");
	T_EQ(b.seq, world_last(&x) - 1);
	T_EQ(b.upto, 7);
	T_EQ(b.lines, 2);
	book(&x, "01001", "S-1", BOOK_give_up, 0, 0);
	T_EQ(passbook(&x, "01001", &b), ERR_NOTFOUND);
	T_EQ(town_put(&x.w, x.no, TOWN_REC, REC_household, &h, &m, 1), V_ACCEPTED);
	T_EQ(passbook(&x, "01099", &b), ERR_OK);
	T_STR(b.number, "R-7");
	T_EQ(b.seq, world_last(&x));
	town_close(&x.w);
}

T_MAIN(T(test_a_notice_names_a_root_of_this_feed, "R46 R78"),
       T(test_a_notice_has_seen_what_the_village_has),
       T(test_a_batch_is_judged_like_its_entries_one_by_one),
       T(test_a_posting_is_of_a_notice_and_long_enough, "R33 R77"),
       T(test_a_notice_is_taken_down_once), T(test_a_household_has_one_book, "R58"),
       T(test_a_number_is_of_one_book, "R58"), T(test_what_is_printed_stays_printed, "R58"),
       T(test_a_print_begins_below_the_last_line), T(test_a_book_is_for_who_takes_part, "R58 I6"),
       T(test_a_book_of_the_register_counts, "R58"),
       T(test_the_book_of_a_household_is_shown, "R58"))
