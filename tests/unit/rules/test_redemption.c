#include <string.h>

#include "daemon/ledger/state/read_registers.h"
#include "daemon/ledger/state/state.h"
#include "lib/err.h"
#include "tests/lib/provoke.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

#define SEED 78

/* A village with a scheme, prices, an open store and households that have earned. */
static void set_scheme(struct world *x, const struct rec_scheme *s)
{
	T_EQ(town_put_scheme(&x->w, x->no, TOWN_HEAD, s), V_ACCEPTED);
}

static void set_prices(struct world *x, uint64_t version, day_t from)
{
	const struct rec_prices_line l[] = {town_good("MJ", 1050), town_good("XYY", 1)};

	T_EQ(town_put_prices(&x->w, x->no, TOWN_HEAD, version, from, l, 2), V_ACCEPTED);
}

static void open_store(struct world *x, day_t day)
{
	struct rec_opening o = {.place = town_b("积分超市")};
	struct rec_opening_line l[2] = {{.day = day, .from = 540, .to = 780},
					{.day = day, .from = 1200, .to = 1439}};

	T_EQ(world_put(x, WORLD_KEEPER, REC_opening, &o, l, 2), V_ACCEPTED);
}

/* Confirmed points are put there: earning a hundred of them takes too many entries. */
static void give(struct world *x, const char *household, int64_t earned)
{
	struct state_account a = {.earned = earned, .lines = 1};
	struct state_key k;
	struct buf row = {0};

	town_begin(&x->w);
	state_account_key(&k, x->no, town_b(household));
	state_account_pack(&a, &row);
	T_EQ(kv_put(x->w.t, KV_STATE, state_key_bytes(&k), buf_bytes(&row)), ERR_OK);
	town_commit(&x->w);
	buf_close(&row);
}

static void open_bare(struct world *x)
{
	world_open(x, SEED);
	T_EQ(town_grant(&x->w, x->no, TOWN_HEAD, WORLD_KEEPER, ROLE_keeper, ""), V_ACCEPTED);
}

static void open_world(struct world *x)
{
	const struct rec_prices_line l[] = {town_good("MJ", 1050), town_good("XYY", 1)};
	const struct rec_scheme s = town_scheme(1, town_day(2026, 1, 1));

	world_open(x, SEED);
	world_store(x, &s, l, 2);
	open_store(x, x->today);
}

static const uint8_t signature[HASH_BYTES] = {1, 2, 3};

static struct rec_redemption_line towels(int64_t n)
{
	return world_taken("MJ", n, 1050);
}

/* The signature is one that no other slip has, where none is given. */
static enum verdict_id redeem(struct world *x, const struct rec_redemption *r,
			      const struct rec_redemption_line *l, uint32_t n)
{
	uint8_t digest[HASH_BYTES];
	struct rec_redemption own = *r;
	struct hash h;

	if (!own.signature.p) {
		hash_of(r->slip.p, r->slip.n, &h);
		memcpy(digest, h.b, sizeof(digest));
		own.signature = (struct bytes){digest, sizeof(digest)};
	}
	return world_put(x, WORLD_KEEPER, REC_redemption, &own, l, n);
}

static enum verdict_id take(struct world *x, const char *household, int64_t towels_n)
{
	struct rec_redemption r = world_slip(x, household);
	struct rec_redemption_line l = towels(towels_n);

	return redeem(x, &r, &l, 1);
}

static int64_t redeemed(struct world *x, const char *household, int year)
{
	return town_redeemed(&x->w, x->no, household, year);
}

/* --- claims ------------------------------------------------------------------------------------------ */
static void test_points_go_and_come_back(void)
{
	struct rec_redemption_line l[2] = {towels(3), {.good = town_b("XYY")}};
	struct rec_redemption_reversal back = {.reason = town_b("发错物品")};
	struct rec_redemption r;
	struct world x;
	uint64_t at, by, settled;

	open_world(&x);
	give(&x, "01001", 12000);
	l[1].quantity = qty_of(7);
	l[1].points = points_of(7);
	r = world_slip(&x, "01001");
	T_EQ(redeem(&x, &r, l, 2), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	at = world_last(&x);
	T_EQ(world_balance(&x, "01001"), 12000 - 3157);
	T_EQ(points_raw(world_household(&x, "01001").redeemed), 3157);
	T_EQ(redeemed(&x, "01001", 2026), 3157);
	T_EQ(redeemed(&x, "01001", 2025), 0);
	town_begin(&x.w);
	T_EQ(read_settled(READER(x.w.t, x.no), at, &by), ERR_NOTFOUND);
	town_commit(&x.w);
	back.entry = at - 1;
	world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0);
	REFUSED(&x.w, "REFERENCE", "F80", (int64_t)at - 1);
	T_STR(x.w.last.reason.s, "redemption");
	back.entry = at;
	T_EQ(town_grant(&x.w, x.no, TOWN_HEAD, WORLD_KEEPER, ROLE_confirmer, ""), V_ACCEPTED);
	world_put(&x, WORLD_KEEPER, REC_redemption_reversal, &back, NULL, 0);
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)at);
	T_EQ(world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 12000);
	T_EQ(points_raw(world_household(&x, "01001").redeemed), 0);
	T_EQ(redeemed(&x, "01001", 2026), 0);
	back.entry = at;
	by = world_last(&x);
	world_put(&x, TOWN_HEAD, REC_redemption_reversal, &back, NULL, 0);
	REFUSED(&x.w, "DONE_ALREADY", "F28", (int64_t)at, (int64_t)by);
	town_begin(&x.w);
	T_EQ(read_settled(READER(x.w.t, x.no), at, &settled), ERR_OK);
	T_EQ(settled, by);
	town_commit(&x.w);
	/* the number of a slip taken back is not free again */
	redeem(&x, &r, l, 2);
	REFUSED(&x.w, "SLIP_USED", "F60", (int64_t)at);
	town_close(&x.w);
}

static void test_it_needs_scheme_prices_and_a_household_that_takes_part(void)
{
	struct rec_household h = {.household = town_b("02001"), .takes_part = YES_no};
	struct rec_household_line m = {.member = 1, .name = town_b("张三")};
	struct rec_roster_change out = {.household = town_b("01002"), .kind = LEAVE_moved_out};
	struct rec_redemption r;
	struct rec_redemption_line l = towels(1);
	struct rec_scheme s;
	struct world x;

	open_bare(&x);
	give(&x, "01001", 20000);
	take(&x, "01001", 1);
	REFUSED(&x.w, "NO_SCHEME", "F57", x.today);
	s = town_scheme(1, x.today + 1);
	set_scheme(&x, &s);
	take(&x, "01001", 1);
	REFUSED(&x.w, "NO_SCHEME", "F57", x.today);
	s = town_scheme(2, x.today);
	set_scheme(&x, &s);
	take(&x, "01001", 1);
	REFUSED(&x.w, "NO_PRICES", "F58", x.today, 0, 1);
	set_prices(&x, 1, x.today - 1);
	set_prices(&x, 2, x.today);
	take(&x, "01001", 1);
	REFUSED(&x.w, "NO_PRICES", "F58", x.today, 2, 1);
	r = world_slip(&x, "01001");
	r.prices = 2;
	open_store(&x, x.today);
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	take(&x, "77777", 1);
	REFUSED(&x.w, "HOUSEHOLD_UNKNOWN", "F17", 0);
	T_EQ(world_put(&x, TOWN_REC, REC_household, &h, &m, 1), V_ACCEPTED);
	take(&x, "02001", 1);
	REFUSED(&x.w, "P13_NOT_PART", "P13", 0);
	T_STR(x.w.last.reason.s, "02001");
	out.day = x.today;
	T_EQ(world_put(&x, TOWN_REC, REC_roster_change, &out, NULL, 0), V_ACCEPTED);
	take(&x, "01002", 1);
	REFUSED(&x.w, "HOUSEHOLD_LEFT", "F34", x.today);
	r = world_slip(&x, "01001");
	r.member = 9;
	redeem(&x, &r, &l, 1);
	REFUSED(&x.w, "MEMBER_UNKNOWN", "F18", 0, 9);
	/* nobody receives after the own death, and what was received on that day can still be entered */
	out = (struct rec_roster_change){.household = town_b("01001"), .member = 1, .day = x.today};
	T_EQ(world_put(&x, TOWN_REC, REC_roster_change, &out, NULL, 0), V_ACCEPTED);
	out = (struct rec_roster_change){
		.household = town_b("01001"), .member = 2, .kind = LEAVE_left, .day = x.today - 1};
	T_EQ(world_put(&x, TOWN_REC, REC_roster_change, &out, NULL, 0), V_ACCEPTED);
	r = world_slip(&x, "01001");
	r.prices = 2;
	r.member = 2;
	redeem(&x, &r, &l, 1);
	REFUSED(&x.w, "LEFT_ALREADY", "F22", 0, 2);
	r.member = 1;
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	r = world_slip(&x, "01001");
	r.day = x.today + 1;
	redeem(&x, &r, &l, 1);
	REFUSED(&x.w, "DAY_FUTURE", "F30", x.today + 1, x.today);
	r.day = x.today;
	r.signature = town_half();
	redeem(&x, &r, &l, 1);
	REFUSED(&x.w, "MALFORMED", "F00", 0);
	T_STR(x.w.last.reason.s, "redemption[0].signature");
	T_EQ(world_put(&x, TOWN_HEAD, REC_redemption, &r, &l, 1), V_NO_ROLE);
	town_close(&x.w);
}

static void test_a_hundred_is_enough_and_a_cent_less_is_not(void)
{
	static const struct {
		int64_t balance, towels;
		const char *name; /* NULL: accepted */
		int64_t num[3];
	} cases[] = {
		{10000, 1, NULL, {0}},
		{9999, 1, "X01_THRESHOLD", {9999, 10000, 1}},
		{0, 1, "X01_THRESHOLD", {0, 10000, 10000}},
		{10500, 10, NULL, {0}}, /* all of it */
		{10499, 10, "X01_BALANCE", {10499, 10500, 0}},
		{25000, 20, NULL, {0}},
		{30000, 21, "X01_CAP", {22050, 21000, 0}},
	};
	struct rec_scheme s;
	struct hash before, after;
	struct world x;

	open_world(&x);
	s = town_scheme(2, x.today);
	s.redeem_cap = points_of(21000);
	set_scheme(&x, &s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char household[16];

		snprintf(household, sizeof(household), "0100%u", (unsigned)i);
		give(&x, household, cases[i].balance);
		town_digest(&x.w, x.no, &before);
		take(&x, household, cases[i].towels);
		if (!cases[i].name) {
			T_EQ(verdict_ok(&x.w.last), true);
			continue;
		}
		REFUSED(&x.w, cases[i].name, "X01", cases[i].num[0], cases[i].num[1],
			cases[i].num[2]);
		T_STR(x.w.last.reason.s, household);
		town_digest(&x.w, x.no, &after);
		T_MEM(&after, &before, sizeof(after));
	}
	town_close(&x.w);
}

static void test_a_year_has_a_cap_of_its_own(void)
{
	struct rec_redemption_reversal back = {.reason = town_b("发错物品")};
	struct rec_redemption r;
	struct rec_redemption_line l = towels(1);
	struct rec_scheme s;
	struct world x;

	open_world(&x);
	s = town_scheme(2, town_day(2025, 1, 1));
	s.year_cap = points_of(2100);
	s.redeem_cap = points_of(2000);
	set_scheme(&x, &s);
	s.version = 3;
	s.from = x.today;
	set_scheme(&x, &s);
	set_prices(&x, 2, town_day(2025, 1, 1));
	give(&x, "01001", 50000);
	take(&x, "01001", 2);
	REFUSED(&x.w, "X01_CAP", "X01", 2100, 2000);
	T_EQ(take(&x, "01001", 1), V_ACCEPTED);
	back.entry = world_last(&x);
	T_EQ(take(&x, "01001", 1), V_ACCEPTED);
	take(&x, "01001", 1);
	REFUSED(&x.w, "X01_YEAR_CAP", "X01", 2100, 1050, 2100);
	/* of the year before there is nothing yet */
	r = world_slip(&x, "01001");
	r.day = town_day(2025, 12, 31);
	r.prices = 2;
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	WARNED_TOO(&x.w, "X06_LATE", "X06", r.day, x.today, 60, 7);
	/* what was taken back can be redeemed again */
	T_EQ(world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0), V_ACCEPTED);
	T_EQ(take(&x, "01001", 1), V_ACCEPTED);
	town_close(&x.w);
}

/* Else the caps of all years to come stand open to a computer without a date. */
static void test_the_cap_of_a_year_needs_a_clock(void)
{
	struct rec_redemption_line l = towels(1);
	struct rec_redemption r;
	struct rec_scheme s;
	struct world x;
	uint64_t wall;

	open_world(&x);
	s = town_scheme(2, x.today);
	s.year_cap = points_of(1050);
	set_scheme(&x, &s);
	give(&x, "01001", 50000);
	T_EQ(take(&x, "01001", 1), V_ACCEPTED);
	wall = x.w.wall_ms;
	x.w.wall_ms = 0;
	r = world_slip(&x, "01001");
	r.day = town_day(day_year(x.today) + 1, 1, 2);
	redeem(&x, &r, &l, 1);
	REFUSED(&x.w, "NO_CLOCK", "F84", 0);
	x.w.wall_ms = wall;
	T_EQ(redeem(&x, &r, &l, 1), V_DAY_FUTURE);
	town_close(&x.w);
}

/* @n members from number @member on, who get the numbers from @new_member on. */
static enum verdict_id move(struct world *x, enum rec_code type, const char *from, const char *into,
			    uint32_t n, uint32_t member, uint32_t new_member)
{
	struct rec_split s = {.household = town_b(from),
			      .into = town_b(into),
			      .day = x->today,
			      .reason = town_b("分家")};
	struct rec_merge m = {
		.household = s.household, .into = s.into, .day = s.day, .reason = s.reason};
	struct rec_split_line l[4];

	for (uint32_t i = 0; i < n; i++)
		l[i] = (struct rec_split_line){member + i, new_member + i};
	return world_put(x, TOWN_HEAD, type, type == REC_split ? (void *)&s : &m, l, n);
}

static void test_what_was_redeemed_this_year_goes_along(void)
{
	struct rec_redemption_reversal back = {.reason = town_b("发错物品")};
	const struct rec_redemption_line l = towels(1);
	struct rec_redemption r;
	struct rec_scheme s;
	struct world x;

	open_world(&x);
	s = town_scheme(2, x.today);
	s.year_cap = points_of(3150); /* three towels */
	set_scheme(&x, &s);
	for (int i = 1; i <= 4; i++) {
		char household[16];

		snprintf(household, sizeof(household), "0100%d", i);
		give(&x, household, 50000);
	}
	T_EQ(take(&x, "01001", 2), V_ACCEPTED);
	T_EQ(move(&x, REC_split, "01001", "02001", 2, 1, 1), V_ACCEPTED);
	give(&x, "02001", 50000);
	r = world_slip(&x, "02001"); /* not of a day on which it was one household */
	r.day = x.today - 1;
	redeem(&x, &r, &l, 1);
	REFUSED(&x.w, "P13_BEGAN", "P13", 0, x.today, x.today - 1);
	T_STR(x.w.last.reason.t, "01001");
	T_EQ(redeemed(&x, "01001", 2026), 2100);
	T_EQ(redeemed(&x, "02001", 2026), 2100);
	T_EQ(take(&x, "02001", 1), V_ACCEPTED);
	take(&x, "02001", 1);
	REFUSED(&x.w, "X01_YEAR_CAP", "X01", 3150, 1050, 3150);
	/* a merger adds up */
	T_EQ(take(&x, "01002", 2), V_ACCEPTED);
	back.entry = world_last(&x);
	T_EQ(take(&x, "01003", 1), V_ACCEPTED);
	T_EQ(move(&x, REC_merge, "01002", "01003", 4, 1, 5), V_ACCEPTED);
	T_EQ(redeemed(&x, "01003", 2026), 3150);
	take(&x, "01003", 1);
	REFUSED(&x.w, "X01_YEAR_CAP", "X01", 3150, 1050, 3150);
	T_EQ(move(&x, REC_merge, "02001", "01003", 2, 1, 9), V_ACCEPTED);
	T_EQ(redeemed(&x, "01003", 2026), 6300);
	T_EQ(move(&x, REC_merge, "01004", "01001", 4, 1, 5), V_ACCEPTED);
	T_EQ(redeemed(&x, "01001", 2026), 2100);
	/* what is taken back is taken back where it went */
	T_EQ(world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0), V_ACCEPTED);
	T_EQ(redeemed(&x, "01002", 2026), 0);
	T_EQ(redeemed(&x, "01003", 2026), 4200);
	town_close(&x.w);
}

/* 01001 takes two towels, then two of its people become 02001, which takes one. Returns the first slip's entry. */
static uint64_t take_and_split(struct world *x)
{
	uint64_t first;

	open_world(x);
	give(x, "01001", 50000);
	T_EQ(take(x, "01001", 2), V_ACCEPTED);
	first = world_last(x);
	T_EQ(move(x, REC_split, "01001", "02001", 2, 1, 1), V_ACCEPTED);
	T_EQ(redeemed(x, "02001", 2026), 2100);
	give(x, "02001", 50000);
	T_EQ(take(x, "02001", 1), V_ACCEPTED);
	return first;
}

/* Two households that were one have the sum of before in both, and it counts once when they are one again. */
static void test_who_splits_and_comes_back_has_redeemed_once(void)
{
	struct rec_redemption_reversal back = {.reason = town_b("发错物品")};
	struct world x;

	back.entry = take_and_split(&x);
	T_EQ(move(&x, REC_merge, "02001", "01001", 2, 1, 5), V_ACCEPTED);
	T_EQ(redeemed(&x, "01001", 2026), 3150);
	T_EQ(world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0), V_ACCEPTED);
	T_EQ(redeemed(&x, "01001", 2026), 1050);
	back.entry = town_size(&x.w, x.no) - 3; /* the one of the household that has ended */
	T_EQ(world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0), V_ACCEPTED);
	T_EQ(redeemed(&x, "01001", 2026), 0);
	town_close(&x.w);
}

/* The same when the old household ends in the new one, even if what both had was taken back between. */
static void test_an_old_household_that_joins_the_new_one_has_redeemed_once(void)
{
	struct rec_redemption_reversal back = {.reason = town_b("发错物品")};
	struct world x;

	back.entry = take_and_split(&x);
	T_EQ(world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0), V_ACCEPTED);
	T_EQ(take(&x, "01001", 3), V_ACCEPTED);
	T_EQ(move(&x, REC_merge, "01001", "02001", 2, 3, 8), V_ACCEPTED);
	T_EQ(redeemed(&x, "02001", 2026), 4200);
	town_close(&x.w);
}

static void test_every_line_is_priced_by_the_list(void)
{
	struct rec_redemption_line l[2] = {towels(1), towels(1)};
	struct rec_redemption r;
	struct world x;

	open_world(&x);
	give(&x, "01001", 20000);
	r = world_slip(&x, "01001");
	l[1].good = town_b("DM");
	redeem(&x, &r, l, 2);
	REFUSED(&x.w, "GOOD_UNKNOWN", "F59", 2, 1);
	T_STR(x.w.last.reason.s, "DM");
	l[1] = towels(3);
	l[1].points = points_of(3149);
	redeem(&x, &r, l, 2);
	REFUSED(&x.w, "X02_PRICE", "X02", 2, 3150, 3149);
	l[1].points = points_of(3150);
	T_EQ(redeem(&x, &r, l, 2), V_ACCEPTED);
	redeem(&x, &r, l, 2);
	REFUSED(&x.w, "SLIP_USED", "F60", (int64_t)world_last(&x) - 1);
	T_STR(x.w.last.reason.s, x.slip);
	town_close(&x.w);
}

/* --- warnings ---------------------------------------------------------------------------------------- */
static enum verdict_id take_for(struct world *x, const char *household, const char *proxy,
				const char *id, day_t day)
{
	struct rec_redemption r = world_slip(x, household);
	struct rec_redemption_line l = towels(1);

	r.member = 0;
	r.receiver = town_b("赵六");
	r.proxy = town_b(proxy);
	r.proxy_id = town_b(id);
	r.day = day;
	return redeem(x, &r, &l, 1);
}

static void test_the_receiver_is_the_member_named(void)
{
	struct rec_member_join baby = {.household = town_b("01000"),
				       .member = 5,
				       .kind = JOIN_birth,
				       .name = town_b("王小宝"),
				       .day = town_day(2026, 2, 1)};
	struct rec_redemption_line l = towels(1);
	struct rec_redemption r;
	struct world x;

	open_world(&x);
	give(&x, "01000", 20000);
	r = world_slip(&x, "01000");
	r.member = 2;
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "X03_NAME", "X03", 2);
	T_STR(x.w.last.warn[0].s, "王大明");
	T_STR(x.w.last.warn[0].t, "01000");
	r = world_slip(&x, "01000");
	r.receiver = town_b(" 王　大明 ");
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	/* whom a record of their own brought in */
	T_EQ(world_put(&x, TOWN_HEAD, REC_member_join, &baby, NULL, 0), V_ACCEPTED);
	r = world_slip(&x, "01000");
	r.member = 5;
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "X03_NAME", "X03", 5);
	r = world_slip(&x, "01000");
	r.member = 5;
	r.receiver = town_b("王小宝");
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_close(&x.w);
}

static void test_proxies_are_looked_at(void)
{
	struct rec_post post = {.household = town_b("01009"), .member = 2, .post = POST_keeper};
	struct world x;
	char household[16];

	open_world(&x);
	for (int i = 0; i < 8; i++) {
		snprintf(household, sizeof(household), "0100%d", i);
		give(&x, household, 20000);
		open_store(&x, x.today - i * 7);
	}
	T_EQ(take_for(&x, "01000", "无", "赵六", x.today), V_ACCEPTED);
	WARNED(&x.w, "X03_PROXY", "X03", 0);
	T_EQ(take_for(&x, "01000", "WT-1", "赵六", x.today), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(take_for(&x, "01001", "WT-2", " 赵　六 ", x.today - 7), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	T_EQ(take_for(&x, "01002", "WT-3", "赵六", x.today), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0); /* three, and one of them twice */
	T_EQ(take_for(&x, "01003", "WT-4", "", x.today), V_ACCEPTED); /* by name */
	WARNED(&x.w, "X03_MANY", "X03", 4, 3);
	T_EQ(take_for(&x, "01003", "WT-5", "钱七", x.today), V_ACCEPTED); /* another */
	T_EQ(x.w.last.nwarn, 0);
	/* thirty days on, the first ones are out of sight */
	x.w.wall_ms = town_noon(x.today + 25);
	open_store(&x, x.today + 25);
	T_EQ(take_for(&x, "01004", "WT-6", "赵六", x.today + 25), V_ACCEPTED);
	WARNED(&x.w, "X03_MANY", "X03", 4, 3);
	x.w.wall_ms = town_noon(x.today + 30);
	open_store(&x, x.today + 30);
	T_EQ(take_for(&x, "01005", "WT-7", "赵六", x.today + 30), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	/* who holds a post */
	T_EQ(take_for(&x, "01006", "WT-8", "01009-2", x.today + 30), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	post.from = x.today;
	post.to = x.today + 29;
	T_EQ(world_put(&x, TOWN_HEAD, REC_post, &post, NULL, 0), V_ACCEPTED);
	T_EQ(take_for(&x, "01006", "WT-9", "01009-2", x.today + 30), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0); /* no longer */
	post.post = POST_committee;
	post.to = DAY_NONE;
	T_EQ(world_put(&x, TOWN_HEAD, REC_post, &post, NULL, 0), V_ACCEPTED);
	T_EQ(take_for(&x, "01006", "WT-10", " 01009-2　", x.today + 30), V_ACCEPTED);
	WARNED(&x.w, "X03_POST", "X03", 0);
	T_EQ(take_for(&x, "01006", "WT-11", "01009-21", x.today + 30), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_close(&x.w);
}

/* However the name is typed, it is one person. */
static void test_a_proxy_is_the_same_however_typed(void)
{
	static const char *const typed[] = {"王代理·A", " 王 代理.a", "王代理•Ａ　", "⺩代理．А"};
	struct world x;
	char household[16];

	open_world(&x);
	for (int i = 0; i < 4; i++) {
		snprintf(household, sizeof(household), "0100%d", i);
		give(&x, household, 20000);
		T_EQ(take_for(&x, household, "WT-1", typed[i], x.today), V_ACCEPTED);
	}
	WARNED(&x.w, "X03_MANY", "X03", 4, 3);
	town_close(&x.w);
}

/* The day chooses the scheme, the prices and the year of the cap. */
static void test_a_redemption_is_of_a_day_that_can_be(void)
{
	struct rec_consent again = {.household = town_b("01001"),
				    .takes_part = YES_yes,
				    .document = town_b("同意书2号")};
	struct rec_redemption r;
	struct rec_redemption_line l = towels(1);
	struct world x;

	open_world(&x);
	give(&x, "01001", 50000);
	open_store(&x, x.today - 7);
	open_store(&x, x.today - 8);
	r = world_slip(&x, "01001");
	r.day = x.today - 7;
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	r = world_slip(&x, "01001");
	r.day = x.today - 8;
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "X06_LATE", "X06", x.today - 8, x.today, 8, 7);
	again.day = x.today - 3;
	T_EQ(world_put(&x, TOWN_HEAD, REC_consent, &again, NULL, 0), V_ACCEPTED);
	r = world_slip(&x, "01001");
	r.day = x.today - 4;
	redeem(&x, &r, &l, 1);
	REFUSED(&x.w, "P05_BEFORE_CONSENT", "P05", 0, x.today - 4, x.today - 3);
	open_store(&x, x.today - 3);
	r.day = x.today - 3;
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	r = world_slip(&x, "01001");
	x.w.wall_ms = 0;
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "P05_NO_CLOCK", "P05", 0);
	town_close(&x.w);
}

static void test_the_signed_slip_is_looked_at(void)
{
	struct rec_redemption r;
	struct rec_redemption_line l = towels(1);
	struct world x;
	uint64_t first;

	open_world(&x);
	give(&x, "01001", 20000);
	give(&x, "01002", 20000);
	r = world_slip(&x, "01001");
	r.signature = (struct bytes){signature, 0};
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "X04_SIGNATURE", "X04", 0);
	r = world_slip(&x, "01001");
	r.signature = (struct bytes){signature, sizeof(signature)};
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	first = world_last(&x);
	r = world_slip(&x, "01002");
	r.signature = (struct bytes){signature, sizeof(signature)};
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "X04_REUSED", "X04", (int64_t)first);
	T_STR(x.w.last.warn[0].s, "01001");
	town_close(&x.w);
}

static void test_odd_times_and_large_sums_are_marked(void)
{
	static const struct {
		int minute;
		bool open, night;
	} cases[] = {{539, false, false}, {540, true, false},  {779, true, false},
		     {780, false, false}, {1200, true, false}, {1259, true, false},
		     {1260, true, true},  {1438, true, true},  {1439, false, true},
		     {0, false, true},	  {419, false, true},  {420, false, false}};
	struct rec_redemption r;
	struct rec_redemption_line l = towels(1);
	struct world x;

	open_world(&x);
	give(&x, "01001", 200000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = world_slip(&x, "01001");
		r.minute = (uint64_t)cases[i].minute;
		T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
		T_EQ(x.w.last.nwarn, (cases[i].open ? 0 : 1) + (cases[i].night ? 1 : 0));
		if (!cases[i].open)
			WARNED_TOO(&x.w, "X06_HOURS", "X06", x.today, cases[i].minute);
		if (cases[i].night)
			WARNED_TOO(&x.w, "X06_NIGHT", "X06", cases[i].minute, 1260, 420);
	}
	r = world_slip(&x, "01001");
	r.day = x.today - 1; /* nothing was posted for it */
	T_EQ(redeem(&x, &r, &l, 1), V_ACCEPTED);
	WARNED(&x.w, "X06_HOURS", "X06", x.today - 1, (int64_t)r.minute);
	r = world_slip(&x, "01001");
	l = (struct rec_redemption_line){
		.good = town_b("XYY"), .quantity = qty_of(10000), .points = points_of(10000)};
	struct rec_redemption_line many[5] = {l, l, l, l, l};
	T_EQ(redeem(&x, &r, many, 5), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0); /* five hundred exactly */
	r = world_slip(&x, "01001");
	struct rec_redemption_line more[6] = {
		l, l, l,
		l, l, {.good = town_b("XYY"), .quantity = qty_of(1), .points = points_of(1)}};
	T_EQ(redeem(&x, &r, more, 6), V_ACCEPTED);
	WARNED(&x.w, "X05_LARGE", "X05", 50001, 50000);
	town_close(&x.w);
}

static void test_nobody_was_there_to_receive(void)
{
	struct rec_household h = {.household = town_b("02001"), .takes_part = YES_yes};
	struct rec_household_line m[3] = {{.member = 1, .name = town_b("王大明")},
					  {.member = 2, .name = town_b("李四")},
					  {.member = 3, .name = town_b("王五")}};
	struct rec_roster_change c = {.household = town_b("02001"), .kind = LEAVE_away};
	struct world x;

	open_world(&x);
	T_EQ(world_put(&x, TOWN_REC, REC_household, &h, m, 3), V_ACCEPTED);
	give(&x, "02001", 50000);
	c.day = x.today - 5;
	for (c.member = 1; c.member <= 2; c.member++)
		T_EQ(world_put(&x, TOWN_REC, REC_roster_change, &c, NULL, 0), V_ACCEPTED);
	T_EQ(take(&x, "02001", 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0); /* one is at home */
	c.kind = LEAVE_death;
	T_EQ(world_put(&x, TOWN_REC, REC_roster_change, &c, NULL, 0), V_ACCEPTED);
	T_EQ(take(&x, "02001", 1), V_ACCEPTED);
	WARNED(&x.w, "X07_ABSENT", "X07", x.today);
	T_STR(x.w.last.warn[0].s, "02001");
	c.kind = LEAVE_back;
	c.member = 2;
	c.day = x.today;
	T_EQ(world_put(&x, TOWN_REC, REC_roster_change, &c, NULL, 0), V_ACCEPTED);
	T_EQ(take(&x, "02001", 1), V_ACCEPTED);
	T_EQ(x.w.last.nwarn, 0);
	town_close(&x.w);
}

/* A person with a new key is still the one who gave the goods out. */
static void test_a_new_key_takes_nothing_back(void)
{
	struct rec_revoke gone = {.role = ROLE_keeper, .reason = town_b("换密钥")};
	struct rec_redemption_reversal back = {.reason = town_b("发错物品")};
	struct rec_grant again = {.name = town_b("kee per"), .role = ROLE_confirmer};
	struct world x;

	open_world(&x);
	give(&x, "01001", 12000);
	T_EQ(take(&x, "01001", 2), V_ACCEPTED);
	back.entry = world_last(&x);
	gone.key = town_key_bytes(town_key(&x.w, WORLD_KEEPER));
	T_EQ(world_put(&x, TOWN_HEAD, REC_revoke, &gone, NULL, 0), V_ACCEPTED);
	again.key = town_key_bytes(town_key(&x.w, "another key"));
	T_EQ(world_put(&x, TOWN_HEAD, REC_grant, &again, NULL, 0), V_ACCEPTED);
	world_put(&x, "another key", REC_redemption_reversal, &back, NULL, 0);
	REFUSED(&x.w, "SAME_PERSON", "F29", (int64_t)back.entry);
	T_EQ(world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0), V_ACCEPTED);
	town_close(&x.w);
}

/* Points that come back to a household that was merged meanwhile are found where it went on. */
static void test_what_comes_back_follows_a_merger(void)
{
	struct rec_redemption_reversal back = {.reason = town_b("发错物品")};
	struct world x;

	open_world(&x);
	give(&x, "01001", 12000);
	T_EQ(take(&x, "01001", 2), V_ACCEPTED);
	back.entry = world_last(&x);
	T_EQ(move(&x, REC_merge, "01001", "01002", 4, 1, 11), V_ACCEPTED);
	T_EQ(world_balance(&x, "01002"), 9900);
	T_EQ(world_put(&x, TOWN_CON, REC_redemption_reversal, &back, NULL, 0), V_ACCEPTED);
	T_EQ(world_balance(&x, "01001"), 0);
	T_EQ(world_balance(&x, "01002"), 12000);
	take(&x, "01001", 1);
	REFUSED(&x.w, "HOUSEHOLD_LEFT", "F34", x.today);
	town_close(&x.w);
}

T_MAIN(T(test_points_go_and_come_back, "R41 R43 R53"),
       T(test_it_needs_scheme_prices_and_a_household_that_takes_part, "R44"),
       T(test_a_hundred_is_enough_and_a_cent_less_is_not, "R52 I3 I8"),
       T(test_a_year_has_a_cap_of_its_own), T(test_the_cap_of_a_year_needs_a_clock),
       T(test_what_was_redeemed_this_year_goes_along),
       T(test_who_splits_and_comes_back_has_redeemed_once),
       T(test_an_old_household_that_joins_the_new_one_has_redeemed_once),
       T(test_every_line_is_priced_by_the_list, "R50"), T(test_the_receiver_is_the_member_named),
       T(test_proxies_are_looked_at), T(test_a_proxy_is_the_same_however_typed),
       T(test_a_redemption_is_of_a_day_that_can_be), T(test_the_signed_slip_is_looked_at),
       T(test_odd_times_and_large_sums_are_marked, "R18"), T(test_nobody_was_there_to_receive),
       T(test_what_comes_back_follows_a_merger), T(test_a_new_key_takes_nothing_back))
