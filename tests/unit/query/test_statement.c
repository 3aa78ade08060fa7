#include "daemon/ledger/query/statement.h"

#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/held.h"
#include "tests/lib/life.h"
#include "tests/lib/t.h"

/* Statements: against what was written down by hand, and against the accounts. */
#define LIST_MAX 80

struct shown {
	enum posting_kind kind;
	char household[20], other[20], recorded[20]; /* recorded: the household in the line */
	int64_t points, balance;
	uint64_t seq, entry;
	uint32_t line, member;
	day_t day; /* booked, or of the deed */
};
struct list {
	uint32_t n, stop_at; /* stop_at: ends the walk; 0: never */
	struct shown v[LIST_MAX];
};

static const struct statement_period always = {.from = DAY_NONE, .to = DAY_NONE};

static bool by_deed;

static void text_of(struct bytes b, char out[20])
{
	snprintf(out, 20, "%.*s", (int)b.n, b.p ? (const char *)b.p : "");
}

static int take(void *ctx, const struct statement_row *m)
{
	struct list *l = ctx;
	struct shown *t = &l->v[l->n++];

	T_OK(l->n <= LIST_MAX);
	*t = (struct shown){.kind = m->kind,
			    .points = points_raw(m->points),
			    .balance = points_raw(m->balance),
			    .seq = m->seq,
			    .entry = m->entry,
			    .line = m->line,
			    .day = m->booked};
	if (by_deed && m->points_line)
		t->day = m->points_line->day;
	if (by_deed && m->redemption)
		t->day = m->redemption->day;
	text_of(m->household, t->household);
	text_of(m->other, t->other);
	T_EQ(m->points_line != NULL, m->kind == POSTING_LINE || m->kind == POSTING_REVERSAL);
	T_EQ(m->redemption != NULL, m->kind == POSTING_REDEEMED || m->kind == POSTING_RETURNED);
	T_EQ(m->other.n > 0, m->kind == POSTING_OUT || m->kind == POSTING_IN);
	if (m->points_line) {
		t->member = (uint32_t)m->points_line->member;
		text_of(m->points_line->household, t->recorded);
		T_EQ(m->item->version, m->points_line->version);
		T_MEM(m->item->code, m->points_line->item.p, m->points_line->item.n);
	}
	return l->n == l->stop_at ? 77 : 0;
}

static int walk(struct town *w, uint32_t no, uint64_t size, struct list *l)
{
	int err;

	l->n = 0;
	town_begin(w);
	err = statement_days(w->t, no, &always, town_b(""), size, take, l);
	town_commit(w);
	return err;
}

static uint64_t size_of(struct town *w, uint32_t no)
{
	return town_size(w, no);
}

static int64_t account(struct town *w, uint32_t no, const char *household)
{
	struct view_household h;

	town_begin(w);
	T_EQ(view_household(w->t, no, town_b(household), &h), ERR_OK);
	town_commit(w);
	return points_raw(h.balance);
}

/* --- a life ---------------------------------------------------------------------------------------- */
static uint32_t live(struct town *w)
{
	struct life l = {.w = w, .code = TOWN_CODE};

	l.no = town_open(w, 5);
	life_live(&l);
	return l.no;
}

/* In hundredths, as tests/lib/life.c does them one after another. */
static const struct shown by_hand[] = {
	{.kind = POSTING_LINE, .household = "07001", .points = 200, .balance = 200, .line = 1},
	{.kind = POSTING_LINE, .household = "07001", .points = 200, .balance = 400, .line = 2},
	{.kind = POSTING_LINE,
	 .household = "07001",
	 .member = 2,
	 .points = 500,
	 .balance = 900,
	 .line = 3},
	{.kind = POSTING_LINE, .household = "07001", .points = 100, .balance = 1000, .line = 4},
	{.kind = POSTING_LINE, .household = "07003", .points = 300, .balance = 300, .line = 5},
	{.kind = POSTING_LINE,
	 .household = "07004",
	 .member = 1,
	 .points = 100,
	 .balance = 100,
	 .line = 6},
	{.kind = POSTING_REVERSAL, .household = "07001", .points = -200, .balance = 800, .line = 2},
	{.kind = POSTING_LINE, .household = "07001", .points = -200, .balance = 600, .line = 1},
	{.kind = POSTING_REDEEMED, .household = "07001", .points = -200, .balance = 400},
	{.kind = POSTING_REDEEMED, .household = "07001", .points = -100, .balance = 300},
	{.kind = POSTING_RETURNED, .household = "07001", .points = 100, .balance = 400},
	{.kind = POSTING_OUT,
	 .household = "07001",
	 .other = "07002",
	 .points = -250,
	 .balance = 150},
	{.kind = POSTING_IN, .household = "07002", .other = "07001", .points = 250, .balance = 250},
	{.kind = POSTING_OUT, .household = "07003", .other = "07001", .points = -300, .balance = 0},
	{.kind = POSTING_IN, .household = "07001", .other = "07003", .points = 300, .balance = 450},
	{.kind = POSTING_LINE, .household = "07001", .points = 200, .balance = 650, .line = 2},
};
#define BY_HAND (sizeof(by_hand) / sizeof(by_hand[0]))

static void test_every_posting_is_told_in_its_order(void)
{
	static struct list l;
	struct town w;
	uint32_t no = live(&w);

	T_EQ(walk(&w, no, size_of(&w, no), &l), ERR_OK);
	T_EQ(l.n, BY_HAND);
	for (uint32_t i = 0; i < BY_HAND; i++) {
		const struct shown *got = &l.v[i], *want = &by_hand[i];

		T_EQ(got->kind, want->kind);
		T_STR(got->household, want->household);
		T_STR(got->other, want->other);
		T_EQ(got->points, want->points);
		T_EQ(got->balance, want->balance);
		T_EQ(got->line, want->line);
		T_EQ(got->member, want->member);
		T_OK(i == 0 || got->seq >= l.v[i - 1].seq);
	}
	T_EQ(l.v[10].entry, l.v[9].entry); /* what came back is what was taken */
	T_EQ(l.v[9].entry, l.v[9].seq);
	T_EQ(l.v[6].entry, l.v[1].entry);
	T_OK(l.v[6].seq > l.v[1].seq);
	T_OK(l.v[0].seq > l.v[0].entry); /* points are posted with the confirmation */
	for (const struct life_balance *b = life_balances; b->household; b++)
		T_EQ(account(&w, no, b->household), b->balance);
	town_close(&w);
}

static void test_the_first_entries_tell_the_first_postings(void)
{
	static struct list all, part;
	struct town w;
	uint32_t no = live(&w);
	uint64_t size = size_of(&w, no);

	T_EQ(walk(&w, no, size, &all), ERR_OK);
	for (uint64_t n = 0; n <= size; n++) {
		uint32_t want = 0;

		T_EQ(walk(&w, no, n, &part), ERR_OK);
		while (want < all.n && all.v[want].seq < n)
			want++;
		T_EQ(part.n, want);
		T_MEM(part.v, all.v, want * sizeof(all.v[0]));
	}
	town_close(&w);
}

static void test_who_listens_may_end_the_statement(void)
{
	static struct list l;
	struct town w;
	uint32_t no = live(&w);

	for (uint32_t i = 1; i <= BY_HAND; i++) {
		l.stop_at = i;
		T_EQ(walk(&w, no, size_of(&w, no), &l), 77);
		T_EQ(l.n, i);
	}
	town_close(&w);
}

/* --- against the accounts -------------------------------------------------------------------------- */
struct recount {
	uint32_t n;
	struct {
		char household[20];
		int64_t sum;
	} v[LIST_MAX];
};

static int add_up(void *ctx, const struct statement_row *m)
{
	struct recount *r = ctx;
	char household[20];
	uint32_t i = 0;

	text_of(m->household, household);
	while (i < r->n && strcmp(r->v[i].household, household) != 0)
		i++;
	if (i == r->n)
		snprintf(r->v[r->n++].household, 20, "%s", household);
	T_OK(r->n < LIST_MAX);
	r->v[i].sum += points_raw(m->points);
	T_EQ(points_raw(m->balance), r->v[i].sum);
	return 0;
}

struct checking {
	const struct recount *r;
	uint32_t seen;
};

static int check_account(void *ctx, const struct view_household *h)
{
	struct checking *c = ctx;
	int64_t sum = 0;

	for (uint32_t i = 0; i < c->r->n; i++)
		if (strcmp(c->r->v[i].household, h->household) == 0) {
			sum = c->r->v[i].sum;
			c->seen++;
		}
	T_EQ(points_raw(h->balance), sum);
	return 0;
}

/* Two villages with refused entries, lines that wait, one that lived it all. */
static void test_postings_add_up_to_the_accounts(void)
{
	static struct held h;
	struct kv_txn *t;

	held_make(&h, NULL);
	T_EQ(kv_begin(h.kv, false, &t), ERR_OK);
	for (uint32_t no = h.a; no <= h.b; no++) {
		struct recount r = {0};
		struct checking c = {.r = &r};
		struct feed_head head;

		T_EQ(feedlog_head(t, no, &head), ERR_OK);
		T_EQ(statement_days(t, no, &always, town_b(""), head.size, add_up, &r), ERR_OK);
		T_OK(r.n >= 4);
		T_EQ(view_households(t, no, check_account, &c), ERR_OK);
		T_EQ(c.seen, r.n);
	}
	kv_abort(t);
	held_close(&h);
}

/* --- mergers --------------------------------------------------------------------------------------- */
/* Members 1 to @n become 1 + @n and so on. */
static void merge(struct town *w, uint32_t no, const char *from, const char *into, uint32_t n)
{
	struct rec_merge m = {.household = town_b(from),
			      .into = town_b(into),
			      .day = town_day(2026, 2, 1),
			      .reason = town_b("并户")};
	struct rec_split_line l[2] = {{1, 1 + n}, {2, 2 + n}};

	T_EQ(town_put(w, no, TOWN_HEAD, REC_merge, &m, l, n), V_ACCEPTED);
}

/* A line of a household that went on in another, and that in a third: whatever happens to it later is booked
 * where its people are now. */
static void test_a_line_follows_its_household(void)
{
	static struct list l;
	day_t day = town_day(2025, 6, 1);
	struct town w;
	uint32_t no = town_open(&w, 6);
	uint64_t early, late;

	for (int i = 0; i < 3; i++) {
		char household[16];

		snprintf(household, sizeof(household), "0900%d", i);
		T_EQ(town_household(&w, no, TOWN_REC, household, 1), V_ACCEPTED);
	}
	early = town_earn(&w, no, "09000", 0, "A101", day);
	late = town_record(&w, no, "09000", 0, "D101", day);
	merge(&w, no, "09000", "09001", 1);
	merge(&w, no, "09001", "09002", 2);
	T_EQ(town_step(&w, no, TOWN_REV, REC_review, late, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&w, no, TOWN_CON, REC_confirm, late, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_reverse(&w, no, TOWN_CON, early, 1), V_ACCEPTED);
	T_EQ(walk(&w, no, size_of(&w, no), &l), ERR_OK);
	/* +200, out, in, out, in, +300, -200 */
	T_EQ(l.n, 7);
	T_STR(l.v[5].household, "09002");
	T_STR(l.v[5].recorded, "09000");
	T_EQ(l.v[5].points, 300);
	T_EQ(l.v[5].balance, 500);
	T_STR(l.v[6].household, "09002");
	T_EQ(l.v[6].points, -200);
	T_EQ(l.v[6].balance, 300);
	T_EQ(account(&w, no, "09002"), 300);
	T_EQ(account(&w, no, "09000"), 0);
	T_EQ(account(&w, no, "09001"), 0);
	town_close(&w);
}

/* However often households merge, points are found where they are booked. */
#define CHAIN 80
static void test_any_number_of_mergers_is_followed(void)
{
	struct rec_roster_change gone = {
		.member = 1, .kind = LEAVE_left, .day = town_day(2026, 2, 1)};
	struct rec_merge m = {.day = gone.day, .reason = town_b("并户")};
	char from[16] = "04000", into[16];
	static struct list l;
	struct town w;
	uint32_t no = town_open(&w, 35);

	T_EQ(town_household(&w, no, TOWN_REC, from, 1), V_ACCEPTED);
	uint64_t e = town_record(&w, no, from, 0, "A101", town_day(2026, 1, 20));
	for (int i = 1; i <= CHAIN; i++) {
		snprintf(into, sizeof(into), "04%03d", i);
		T_EQ(town_household(&w, no, TOWN_REC, into, 1), V_ACCEPTED);
		gone.household = m.into = town_b(into);
		m.household = town_b(from);
		T_EQ(town_put(&w, no, TOWN_REC, REC_roster_change, &gone, NULL, 0), V_ACCEPTED);
		T_EQ(town_put(&w, no, TOWN_HEAD, REC_merge, &m,
			      &(struct rec_split_line){i == 1 ? 1 : 2, 2}, 1),
		     V_ACCEPTED);
		memcpy(from, into, sizeof(from));
	}
	T_EQ(town_step(&w, no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(&w, no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(walk(&w, no, size_of(&w, no), &l), ERR_OK);
	T_EQ(l.n, 1);
	T_STR(l.v[0].household, into);
	T_EQ(l.v[0].balance, 200);
	town_close(&w);
}

/* A household without points splits and merges without a posting. */
static void test_nothing_moves_where_nothing_is(void)
{
	static struct list l;
	struct town w;
	uint32_t no = town_open(&w, 7);

	T_EQ(town_household(&w, no, TOWN_REC, "09000", 1), V_ACCEPTED);
	T_EQ(town_household(&w, no, TOWN_REC, "09001", 1), V_ACCEPTED);
	merge(&w, no, "09000", "09001", 1);
	T_EQ(walk(&w, no, size_of(&w, no), &l), ERR_OK);
	T_EQ(l.n, 0);
	town_close(&w);
}

/* A debt goes along as well: what came in is less than nothing. */
static void test_a_debt_moves_too(void)
{
	static struct list l;
	struct town w;
	uint32_t no = town_open(&w, 8);

	T_EQ(town_household(&w, no, TOWN_REC, "09000", 1), V_ACCEPTED);
	T_EQ(town_household(&w, no, TOWN_REC, "09001", 1), V_ACCEPTED);
	town_earn(&w, no, "09000", 0, "D201", town_day(2025, 6, 1));
	merge(&w, no, "09000", "09001", 1);
	T_EQ(walk(&w, no, size_of(&w, no), &l), ERR_OK);
	T_EQ(l.n, 3);
	T_EQ(l.v[1].kind, POSTING_OUT);
	T_EQ(l.v[1].points, 200);
	T_EQ(l.v[1].balance, 0);
	T_EQ(l.v[2].kind, POSTING_IN);
	T_EQ(l.v[2].points, -200);
	T_EQ(account(&w, no, "09001"), -200);
	town_close(&w);
}

/* --- one household, a period, the latest ------------------------------------------------------------- */
/* The rows of @all that @is says yes to, one after another. */
static void same_rows(const struct list *all, const struct list *got,
		      bool (*is)(const struct shown *t, int64_t a, int64_t b), int64_t a, int64_t b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < all->n; i++)
		if (is(&all->v[i], a, b)) {
			T_OK(n < got->n);
			T_MEM(&got->v[n++], &all->v[i], sizeof(all->v[0]));
		}
	T_EQ(got->n, n);
}

static const char *wanted;
static bool is_of(const struct shown *t, int64_t from, int64_t size)
{
	return strcmp(t->household, wanted) == 0 && t->seq >= (uint64_t)from &&
	       t->seq < (uint64_t)size;
}

static void test_a_household_has_its_rows_from_anywhere_to_anywhere(void)
{
	static struct list all, got;
	struct town w;
	uint32_t no = live(&w);
	uint64_t size = size_of(&w, no);

	T_EQ(walk(&w, no, size, &all), ERR_OK);
	town_begin(&w);
	for (const struct life_balance *b = life_balances; b->household; b++)
		for (uint64_t from = 0; from <= size; from++)
			for (uint64_t to = from; to <= size; to += 5) {
				wanted = b->household;
				got.n = 0;
				T_EQ(statement_account(w.t, no, town_b(wanted), from, to, take,
						       &got),
				     ERR_OK);
				same_rows(&all, &got, is_of, (int64_t)from, (int64_t)to);
			}
	T_EQ(statement_account(w.t, no, town_b("nobody"), 0, size, take, &got), ERR_OK);
	T_EQ(statement_account(w.t, no, town_b("a number that is far too long"), 0, size, take,
			       &got),
	     ERR_OK);
	town_close(&w);
}

static void test_the_latest_rows_are_the_last(void)
{
	static struct list all, got;
	struct town w;
	uint32_t no = live(&w);
	uint64_t size = size_of(&w, no);

	town_begin(&w);
	for (uint64_t to = 0; to <= size; to++)
		for (uint32_t n = 1; n <= BY_HAND + 1; n++) {
			all.n = got.n = 0;
			T_EQ(statement_account(w.t, no, town_b("07001"), 0, to, take, &all),
			     ERR_OK);
			T_EQ(statement_latest(w.t, no, town_b("07001"), to, n, take, &got), ERR_OK);
			T_EQ(got.n, all.n < n ? all.n : n);
			T_MEM(got.v, all.v + all.n - got.n, got.n * sizeof(all.v[0]));
		}
	town_close(&w);
}

static bool is_in(const struct shown *t, int64_t from, int64_t to)
{
	return t->day >= from && t->day <= to;
}

/* Any two days by the day of the entry, and any two of a year by that of the deed. */
static void test_a_period_has_what_a_walk_over_everything_finds_in_it(void)
{
	static struct list all, got;
	struct town w;
	uint32_t no = live(&w);
	uint64_t size = size_of(&w, no);

	for (int deed = 0; deed < 2; deed++) {
		by_deed = deed;
		T_EQ(walk(&w, no, size, &all), ERR_OK);
		for (uint32_t i = 0; i < all.n; i++)
			for (uint32_t k = 0; k < all.n; k++) {
				const struct statement_period p = {.from = all.v[i].day,
								   .to = all.v[k].day,
								   .day = deed ? STATEMENT_DEED
									       : STATEMENT_BOOKED};

				if (deed && day_year(p.from) != day_year(p.to))
					continue;
				got.n = 0;
				town_begin(&w);
				T_EQ(statement_days(w.t, no, &p, town_b(""), size, take, &got),
				     ERR_OK);
				town_commit(&w);
				same_rows(&all, &got, is_in, p.from, p.to);
			}
	}
	by_deed = false;
	town_close(&w);
}

/* --- many postings by one entry -------------------------------------------------------------------------- */
#define SHEET 200
static const struct kv_ops *counted;
static uint32_t rows_read;

static int count_rows(struct kv_txn *t, enum kv_table tab, struct bytes key, struct bytes *ret)
{
	rows_read += tab == KV_STATE;
	return counted->get(t, tab, key, ret);
}

/* Every other line is of 01000, then of 01001. */
static void confirm_sheet(struct town *w, uint32_t no)
{
	static struct rec_points_line l[SHEET];
	uint64_t entry;

	for (uint32_t i = 0; i < SHEET; i++) {
		l[i] = town_line(i % 2 ? "01001" : "01000", 0, "Z001",
				 town_day(2025, 1, 1) + (day_t)i);
		l[i].evidence_no = town_b(""); /* so many have no room for it */
	}
	T_EQ(town_points(w, no, TOWN_REC, l, SHEET), V_ACCEPTED);
	entry = town_size(w, no) - 1;
	T_EQ(town_step(w, no, TOWN_REV, REC_review, entry, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(w, no, TOWN_CON, REC_confirm, entry, 0, DECISION_agree), V_ACCEPTED);
}

static int next_of_sheet(void *ctx, const struct statement_row *m)
{
	uint32_t i = (*(uint32_t *)ctx)++, of = i / (SHEET / 2), nth = i % (SHEET / 2);

	T_EQ(m->line, 1 + of + 2 * nth);
	T_OK(bytes_eq(m->household, town_b(of ? "01001" : "01000")));
	T_EQ(points_raw(m->balance), 100 * (1 + nth));
	return ERR_OK;
}

/* Whatever an entry posted, an account that it touched is read once. */
static void test_the_rows_read_do_not_follow_the_postings(void)
{
	struct kv_ops ops;
	struct town w;
	uint32_t no = town_open(&w, 10), n = 0;

	confirm_sheet(&w, no);
	counted = w.kv->ops;
	ops = *counted;
	ops.get = count_rows;
	w.kv->ops = &ops;
	rows_read = 0;
	town_begin(&w);
	T_EQ(statement_days(w.t, no, &always, town_b(""), town_size(&w, no), next_of_sheet, &n),
	     ERR_OK);
	town_commit(&w);
	w.kv->ops = counted;
	T_EQ(n, SHEET);
	T_OK(rows_read <= 10);
	town_close(&w);
}

static int count_seeks(struct kv_cursor *c, struct bytes key, int how, struct bytes *ret_key,
		       struct bytes *ret_val)
{
	rows_read++;
	return counted->seek(c, key, how, ret_key, ret_val);
}

static uint32_t rows_read_for_year(struct town *w, uint32_t no, int year, struct list *ret)
{
	const struct statement_period p = {
		.from = town_day(year, 1, 1), .to = town_day(year, 12, 31), .day = STATEMENT_DEED};
	struct kv_ops ops = *w->kv->ops;

	counted = w->kv->ops;
	ops.get = count_rows;
	ops.seek = count_seeks;
	rows_read = ret->n = 0;
	town_begin(w);
	w->kv->ops = &ops;
	T_EQ(statement_days(w->t, no, &p, town_b(""), UINT64_MAX, take, ret), ERR_OK);
	w->kv->ops = counted;
	town_commit(w);
	return rows_read;
}

/* What comes after a year is not read for it, but for what is about it. */
static void test_a_year_does_not_cost_the_years_after_it(void)
{
	static struct list before, after;
	struct town w;
	uint32_t no = town_open(&w, 13), alone;

	by_deed = true;
	w.wall_ms = town_noon(town_day(2025, 6, 20));
	for (int i = 0; i < 3; i++)
		town_earn(&w, no, "01000", 0, "Z001", town_day(2025, 6, 1) + i);
	w.wall_ms = town_noon(town_day(2026, 1, 5));
	town_earn(&w, no, "01001", 0, "Z001", town_day(2025, 12, 31));
	alone = rows_read_for_year(&w, no, 2025, &before);
	T_EQ(before.n, 4);
	for (int i = 0; i < 40; i++)
		town_earn(&w, no, "01002", 0, "Z001", town_day(2026, 1, 1) + i / 10);
	T_EQ(rows_read_for_year(&w, no, 2025, &after), alone);
	T_EQ(after.n, before.n);
	T_EQ(after.v[3].day, town_day(2025, 12, 31));
	T_OK(rows_read_for_year(&w, no, 2026, &after) > 40);
	T_EQ(after.n, 40);
	by_deed = false;
	town_close(&w);
}

/* Taken back by a clock that was behind, on a day before the deed. */
static void test_what_claims_a_day_before_the_deed_is_found_by_the_deed(void)
{
	const day_t day = town_day(2026, 2, 20);
	const struct statement_period p = {.from = day, .to = day, .day = STATEMENT_DEED};
	static struct list got;
	struct town w;
	uint32_t no = town_open(&w, 11);
	uint64_t entry = town_earn(&w, no, "01000", 0, "Z001", day);

	w.wall_ms = town_noon(day - 3);
	T_EQ(town_reverse(&w, no, TOWN_CON, entry, 1), V_ACCEPTED);
	town_begin(&w);
	T_EQ(statement_days(w.t, no, &p, town_b(""), town_size(&w, no), take, &got), ERR_OK);
	town_commit(&w);
	T_EQ(got.n, 2);
	T_EQ(got.v[0].kind, POSTING_LINE);
	T_EQ(got.v[1].kind, POSTING_REVERSAL);
	town_close(&w);
}

/* More than a statement holds, in rows of the daybook of two bytes each. */
static void test_a_statement_has_a_largest_size(void)
{
	enum { PER_ROW = STATEMENT_POSTED_MAX / 16 };
	const struct statement_period p = {.from = 20000, .to = 20000};
	struct list unused = {0};
	struct state_key k;
	struct buf row = {0};
	struct town w;
	uint32_t no = town_open(&w, 12);

	for (uint32_t i = 0; i < PER_ROW; i++)
		buf_put(&row, "\x01x", 2);
	town_begin(&w);
	for (uint32_t block = 0; block <= 16; block++) {
		T_EQ(statement_days(w.t, no, &p, town_b("other"), UINT64_MAX, take, &unused),
		     ERR_OK);
		state_daybook_key(&k, no, 20000, block);
		T_EQ(kv_put(w.t, KV_STATE, state_key_bytes(&k), buf_bytes(&row)), ERR_OK);
	}
	T_EQ(statement_days(w.t, no, &p, town_b(""), UINT64_MAX, take, &unused), ERR_LIMIT);
	T_EQ(statement_days(w.t, no, &p, town_b("x"), UINT64_MAX, take, &unused), ERR_LIMIT);
	town_commit(&w);
	buf_close(&row);
	town_close(&w);
}

/* A year counts what was done in it, not what was booked in it about the year before: the same entry and household so
 * often that none is left out. */
static void test_what_is_not_of_the_year_is_not_counted_against_the_largest_size(void)
{
	enum { PER_ROW = STATEMENT_POSTED_MAX / 16 };
	const struct statement_period p = {
		.from = town_day(2026, 1, 1), .to = town_day(2026, 12, 31), .day = STATEMENT_DEED};
	static struct list got;
	struct state_key k;
	struct buf row = {0};
	struct town w;
	uint32_t no = town_open(&w, 14);
	uint64_t of;

	town_earn(&w, no, "01000", 0, "Z001", town_day(2025, 12, 30));
	of = town_size(&w, no) - 1; /* that confirmed it */
	for (uint32_t i = 0; i < PER_ROW; i++) {
		buf_put_u8(&row, (uint8_t)(of % JOURNAL_BLOCK << 5 | 5));
		buf_put(&row, "01000", 5);
	}
	town_begin(&w);
	for (int i = 0; i <= 16; i++) {
		state_daybook_key(&k, no, town_day(2026, 4, 1) + i, of / JOURNAL_BLOCK);
		T_EQ(kv_put(w.t, KV_STATE, state_key_bytes(&k), buf_bytes(&row)), ERR_OK);
	}
	town_commit(&w);
	town_earn(&w, no, "01000", 0, "Z001", town_day(2026, 2, 1));
	town_begin(&w);
	T_EQ(statement_days(w.t, no, &p, town_b("01000"), UINT64_MAX, take, &got), ERR_OK);
	town_commit(&w);
	T_EQ(got.n, 1);
	buf_close(&row);
	town_close(&w);
}

/* --- damage ---------------------------------------------------------------------------------------- */
static void spoil(struct town *w, const struct state_key *k, size_t at, uint8_t bits)
{
	uint8_t raw[400];
	struct bytes row;

	town_begin(w);
	T_EQ(kv_get(w->t, KV_STATE, state_key_bytes(k), &row), ERR_OK);
	T_OK(row.n <= sizeof(raw));
	memcpy(raw, row.p, row.n);
	raw[at < row.n ? at : row.n - 1] ^= bits;
	T_EQ(kv_put(w->t, KV_STATE, state_key_bytes(k), kv_bytes(raw, row.n)), ERR_OK);
	town_commit(w);
}

/* Another amount, category, line or entry than that of the record. */
static void test_postings_that_no_record_explains_are_damage(void)
{
	static struct list l;
	struct state_account a;
	struct state_key k;
	struct bytes row;
	struct town w;
	uint32_t no = town_open(&w, 9);
	size_t head;

	town_earn(&w, no, "01001", 0, "A101", town_day(2025, 6, 1));
	T_EQ(walk(&w, no, size_of(&w, no), &l), ERR_OK);
	T_EQ(l.n, 1);
	state_account_key(&k, no, town_b("01001"));
	town_begin(&w);
	T_EQ(kv_get(w.t, KV_STATE, state_key_bytes(&k), &row), ERR_OK);
	T_EQ(state_account_parse(row, &a), ERR_OK);
	head = row.n - a.postings.n;
	/* kind and category, sequence, entry, line, amount of two bytes */
	T_EQ(a.postings.n, 6);
	town_commit(&w);
	for (size_t at = head; at < head + 6; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			spoil(&w, &k, at, (uint8_t)(1u << bit));
			if (walk(&w, no, size_of(&w, no), &l) == ERR_OK)
				t_fail(__FILE__, __LINE__, "byte %zu, bit %u", at - head, bit);
			spoil(&w, &k, at, (uint8_t)(1u << bit));
		}
	T_EQ(walk(&w, no, size_of(&w, no), &l), ERR_OK);
	town_close(&w);
}

static void test_every_allocation_may_fail(void)
{
	static struct list l;
	struct town w;
	uint32_t no = live(&w);
	uint64_t size = size_of(&w, no);

	town_begin(&w);
	T_OOM((l.n = 0, statement_days(w.t, no, &always, town_b(""), size, take, &l)));
	T_EQ(l.n, BY_HAND);
	town_close(&w);
}

T_MAIN(T(test_every_posting_is_told_in_its_order),
       T(test_the_first_entries_tell_the_first_postings), T(test_who_listens_may_end_the_statement),
       T(test_postings_add_up_to_the_accounts), T(test_a_line_follows_its_household),
       T(test_any_number_of_mergers_is_followed), T(test_nothing_moves_where_nothing_is),
       T(test_a_debt_moves_too), T(test_a_household_has_its_rows_from_anywhere_to_anywhere),
       T(test_the_latest_rows_are_the_last),
       T(test_a_period_has_what_a_walk_over_everything_finds_in_it),
       T(test_the_rows_read_do_not_follow_the_postings),
       T(test_what_claims_a_day_before_the_deed_is_found_by_the_deed),
       T(test_a_year_does_not_cost_the_years_after_it),
       T(test_what_is_not_of_the_year_is_not_counted_against_the_largest_size),
       T(test_a_statement_has_a_largest_size), T(test_postings_that_no_record_explains_are_damage),
       T(test_every_allocation_may_fail))
