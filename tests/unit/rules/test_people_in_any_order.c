/* Any order of events, and of villages, against a count of its own. */
#include "daemon/ledger/rules/fold.h"

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/reader.h"
#include "daemon/ledger/state/state.h"
#include "lib/err.h"
#include "tests/lib/copy.h"
#include "tests/lib/t.h"

#define M_PEOPLE     200
#define M_HOUSEHOLDS 40
#define M_LINES	     400
#define M_CHANGES    200
#define M_SLIPS	     200
static const struct {
	const char *code;
	bool individual;
	int64_t points, cap;
} m_item[] = {{"C101", true, 500, 6000},
	      {"A201", true, -1000, 3000},
	      {"Z002", true, 100, 0},
	      {"A101", false, 200, 2400},
	      {"D201", false, -200, 2000}};
#define M_ITEMS (sizeof(m_item) / sizeof(m_item[0]))

/* Deeds are of the second of January. */
#define M_YEARS	     2
#define M_YEAR	     2025
#define M_THRESHOLD  100
#define M_YEAR_CAP   400
#define M_DEED(year) town_day((year), 1, 2)

/* One village, counted in another way: people are people wherever they live, and every line remembers its
 * person. */
struct model {
	struct town *w;
	const char *code; /* of the village */
	uint32_t no;
	struct prng g;
	day_t day;
	uint32_t nhouseholds, npeople, nlines;
	struct {
		char code[16];
		bool gone;
		int into; /* -1: nowhere */
		int64_t balance;
		uint32_t used; /* the highest number */
		day_t began, left;
		int64_t before[M_YEARS][M_ITEMS]; /* of caps, used where it came from */
		int64_t redeemed[M_YEARS];	  /* that counts towards the cap of a year */
		int64_t inherited[M_YEARS];	  /* of it, what it began with */
		int split_from;			  /* -1: from none */
	} h[M_HOUSEHOLDS];
	struct {
		int home;
		uint32_t number;
		bool present;
	} p[M_PEOPLE];
	struct {
		uint64_t seq;
		int household, person; /* person -1: the household as such */
		size_t item;
		int year;
		enum line_state state;
	} l[M_LINES];
	uint32_t nchanges;
	struct {
		uint64_t seq;
		int household, person; /* person -1: all of it moved out */
		bool taken_back;
	} c[M_CHANGES];
	uint32_t nslips;
	struct {
		uint64_t seq;
		int household, year;
		int64_t points;
		bool taken_back;
	} r[M_SLIPS];
};

static enum verdict_id m_put(struct model *m, const char *who, enum rec_code type, const void *head,
			     const void *lines, uint32_t n)
{
	char author[40];

	snprintf(author, sizeof(author), "%s/%s", who, m->code);
	return town_put(m->w, m->no, author, type, head, lines, n);
}

/* A household that goes on; -1 when the one that was looked at does not. */
static int m_household(struct model *m)
{
	int h = (int)prng_below(&m->g, m->nhouseholds);

	return m->h[h].gone ? -1 : h;
}

static uint32_t m_at_home(const struct model *m, int h, uint32_t *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->npeople; i++)
		if (m->p[i].home == h && m->p[i].present)
			ret[n++] = i;
	return n;
}

static void m_arrive(struct model *m, int h, uint32_t number)
{
	m->p[m->npeople++].home = h;
	m->p[m->npeople - 1].number = number;
	m->p[m->npeople - 1].present = true;
	m->h[h].used = number;
}

static int m_new_household(struct model *m)
{
	int h = (int)m->nhouseholds++;

	snprintf(m->h[h].code, sizeof(m->h[h].code), "%05d", 3000 + h);
	m->h[h].into = m->h[h].split_from = -1;
	return h;
}

static void m_register(struct model *m)
{
	struct rec_household_line l[3];
	uint32_t n = 1 + (uint32_t)prng_below(&m->g, 3);

	if (m->nhouseholds == M_HOUSEHOLDS || m->npeople + n > M_PEOPLE)
		return;
	int h = m_new_household(m);
	struct rec_household r = {.household = town_b(m->h[h].code), .takes_part = YES_yes};
	for (uint32_t i = 0; i < n; i++) {
		l[i] = (struct rec_household_line){.member = i + 1, .name = town_b("王大明")};
		m_arrive(m, h, i + 1);
	}
	T_EQ(m_put(m, "rec", REC_household, &r, l, n), V_ACCEPTED);
}

static void m_join(struct model *m)
{
	int h = m_household(m);

	if (h < 0 || m->npeople == M_PEOPLE || m->h[h].used > 90)
		return;
	struct rec_member_join r = {.household = town_b(m->h[h].code),
				    .day = m->day,
				    .member = m->h[h].used + 1,
				    .name = town_b("王小明")};
	T_EQ(m_put(m, "rec", REC_member_join, &r, NULL, 0), V_ACCEPTED);
	m_arrive(m, h, m->h[h].used + 1);
}

static void m_note_change(struct model *m, int household, int person)
{
	m->c[m->nchanges].seq = town_size(m->w, m->no) - 1;
	m->c[m->nchanges].household = household;
	m->c[m->nchanges++].person = person;
}

static void m_depart(struct model *m)
{
	uint32_t i = (uint32_t)prng_below(&m->g, m->npeople);
	int h = m->p[i].home;

	if (!m->p[i].present || m->h[h].gone || m->nchanges == M_CHANGES)
		return;
	bool all = prng_below(&m->g, 8) == 0;
	struct rec_roster_change r = {.household = town_b(m->h[h].code),
				      .member = all ? 0 : m->p[i].number,
				      .kind = prng_below(&m->g, 2) ? LEAVE_death : LEAVE_left,
				      .day = m->day};
	if (all)
		r.kind = LEAVE_moved_out;
	T_EQ(m_put(m, "rec", REC_roster_change, &r, NULL, 0), V_ACCEPTED);
	m_note_change(m, h, all ? -1 : (int)i);
	if (all)
		m->h[h].gone = true;
	else
		m->p[i].present = false;
}

/* Who has left comes back, while there is a household to come back to. */
static void m_correct(struct model *m)
{
	uint32_t i = (uint32_t)prng_below(&m->g, m->nchanges + 1);

	if (i == m->nchanges)
		return;
	struct rec_roster_correction r = {.entry = m->c[i].seq, .reason = town_b("点错了人")};
	int person = m->c[i].person, h = m->c[i].household;
	enum verdict_id want = m->c[i].taken_back	     ? V_DONE_ALREADY
			       : person >= 0 && m->h[h].gone ? V_CORRECTION_GONE
							     : V_ACCEPTED;
	T_EQ(m_put(m, "head", REC_roster_correction, &r, NULL, 0), want);
	if (want != V_ACCEPTED)
		return;
	m->c[i].taken_back = true;
	if (person >= 0)
		m->p[person].present = true;
	else
		m->h[h].gone = false;
}

static int64_t m_magnitude(size_t item)
{
	return m_item[item].points < 0 ? -m_item[item].points : m_item[item].points;
}

/* A household as such has used this much of a cap. */
static int64_t m_household_used(const struct model *m, int h, size_t item, int year)
{
	int64_t sum = m->h[h].before[year - M_YEAR][item];

	for (uint32_t i = 0; i < m->nlines; i++)
		if (m->l[i].person < 0 && m->l[i].household == h && m->l[i].item == item &&
		    m->l[i].year == year && m->l[i].state != LINE_REFUSED &&
		    m->l[i].state != LINE_REVERSED)
			sum += m_magnitude(item);
	return sum;
}

/* Of the years from that of @day on. */
static void m_carry_caps(struct model *m, int from, int to, day_t day)
{
	for (int year = day_year(day); year < M_YEAR + M_YEARS; year++)
		for (size_t item = 0; item < M_ITEMS; item++)
			m->h[to].before[year - M_YEAR][item] =
				m_household_used(m, from, item, year);
}

/* What two households had redeemed when they were one. */
static int64_t m_both(const struct model *m, int a, int b, int year)
{
	if (m->h[a].split_from == b)
		return m->h[a].inherited[year - M_YEAR];
	return m->h[b].split_from == a ? m->h[b].inherited[year - M_YEAR] : 0;
}

static void m_carry_redeemed(struct model *m, int from, int to, day_t day)
{
	for (int year = day_year(day); year < M_YEAR + M_YEARS; year++)
		m->h[to].redeemed[year - M_YEAR] +=
			m->h[from].redeemed[year - M_YEAR] - m_both(m, from, to, year);
}

/* @n people go to @to, with numbers not used there. */
static void m_move(struct model *m, const uint32_t *who, uint32_t n, int to,
		   struct rec_split_line *l)
{
	for (uint32_t i = 0; i < n; i++) {
		l[i] = (struct rec_split_line){m->p[who[i]].number, ++m->h[to].used};
		m->p[who[i]].home = to;
		m->p[who[i]].number = m->h[to].used;
	}
}

/* Some day that is not before @first. */
static day_t m_day_from(struct model *m, day_t first)
{
	const day_t days[] = {town_day(2025, 1, 1), town_day(2025, 6, 30), m->day};
	day_t day = days[prng_below(&m->g, sizeof(days) / sizeof(days[0]))];

	return day < first ? first : day;
}

static void m_split(struct model *m)
{
	uint32_t who[M_PEOPLE], n;
	struct rec_split_line l[M_PEOPLE];
	int h = m_household(m);

	if (h < 0 || m->nhouseholds == M_HOUSEHOLDS)
		return;
	n = m_at_home(m, h, who);
	if (n < 2)
		return;
	n = 1 + (uint32_t)prng_below(&m->g, n - 1);
	if (n > 40)
		return;
	int to = m_new_household(m);
	int64_t most = m->h[h].balance > 0 ? m->h[h].balance : 0;
	int64_t p = (int64_t)prng_below(&m->g, (uint64_t)most + 1);
	struct rec_split r = {.household = town_b(m->h[h].code),
			      .into = town_b(m->h[to].code),
			      .day = m_day_from(m, m->h[h].began),
			      .points = points_of(p),
			      .reason = town_b("分家")};
	m_move(m, who, n, to, l);
	m_carry_caps(m, h, to, r.day);
	m_carry_redeemed(m, h, to, r.day);
	memcpy(m->h[to].inherited, m->h[to].redeemed, sizeof(m->h[to].inherited));
	m->h[to].split_from = h;
	m->h[to].began = r.day;
	m->h[h].balance -= p;
	m->h[to].balance += p;
	T_EQ(m_put(m, "head", REC_split, &r, l, n), V_ACCEPTED);
}

static void m_merge(struct model *m)
{
	uint32_t who[M_PEOPLE], n;
	struct rec_split_line l[M_PEOPLE];
	int h = m_household(m), to = m_household(m);

	if (h < 0 || to < 0 || h == to)
		return;
	n = m_at_home(m, h, who);
	if (n == 0 || n > 40 || m->h[to].used + n > 90)
		return;
	day_t first = m->h[h].began > m->h[to].began ? m->h[h].began : m->h[to].began;
	struct rec_merge r = {.household = town_b(m->h[h].code),
			      .into = town_b(m->h[to].code),
			      .day = m_day_from(m, first),
			      .reason = town_b("并户")};
	m_carry_redeemed(m, h, to, r.day);
	m->h[h].left = r.day;
	m_move(m, who, n, to, l);
	m->h[to].balance += m->h[h].balance;
	m->h[h].balance = 0;
	m->h[h].gone = true;
	m->h[h].into = to;
	T_EQ(m_put(m, "head", REC_merge, &r, l, n), V_ACCEPTED);
}

/* What counts towards the cap of the line that is about to be put. */
static int64_t m_counted(const struct model *m, uint32_t line)
{
	int64_t sum = 0;

	if (m->l[line].person < 0)
		return m_household_used(m, m->l[line].household, m->l[line].item, m->l[line].year);
	for (uint32_t i = 0; i < line; i++)
		if (m->l[i].person == m->l[line].person && m->l[i].item == m->l[line].item &&
		    m->l[i].year == m->l[line].year && m->l[i].state != LINE_REFUSED &&
		    m->l[i].state != LINE_REVERSED)
			sum += m_magnitude(m->l[i].item);
	return sum;
}

static enum verdict_id m_judge_line(const struct model *m, uint32_t line)
{
	size_t item = m->l[line].item;

	if (m->l[line].person < 0 && M_DEED(m->l[line].year) < m->h[m->l[line].household].began)
		return V_P13_BEGAN;
	if (m_item[item].cap && m_counted(m, line) + m_magnitude(item) > m_item[item].cap)
		return V_P10_CAP;
	return V_ACCEPTED;
}

static void m_record(struct model *m)
{
	size_t item = (size_t)prng_below(&m->g, M_ITEMS);
	uint32_t at = m->nlines, who[M_PEOPLE], n, number = 0;
	int h = m_household(m), person = -1;

	if (h < 0 || at == M_LINES)
		return;
	n = m_at_home(m, h, who);
	if (n == 0)
		return;
	if (m_item[item].individual) {
		person = (int)who[prng_below(&m->g, n)];
		number = m->p[person].number;
	}
	m->l[at].seq = town_size(m->w, m->no);
	m->l[at].household = h;
	m->l[at].person = person;
	m->l[at].item = item;
	m->l[at].year = M_YEAR + (int)prng_below(&m->g, M_YEARS);
	m->l[at].state = LINE_RECORDED;
	struct rec_points_line l =
		town_line(m->h[h].code, number, m_item[item].code, M_DEED(m->l[at].year));
	struct rec_points head = {0};
	enum verdict_id want = m_judge_line(m, at);
	T_EQ(m_put(m, "rec", REC_points, &head, &l, 1), want);
	m->nlines += want == V_ACCEPTED;
}

/* The account of a merged household is that of the one that goes on. */
static void m_book(struct model *m, uint32_t line, int sign)
{
	int h = m->l[line].household;

	while (m->h[h].into >= 0)
		h = m->h[h].into;
	m->h[h].balance += sign * m_item[m->l[line].item].points;
}

static void m_step(struct model *m)
{
	uint32_t i = (uint32_t)prng_below(&m->g, m->nlines);
	enum line_state *state = &m->l[i].state;
	bool refuse = prng_below(&m->g, 5) == 0, confirm = *state == LINE_REVIEWED;
	struct rec_review head = {0};
	struct rec_review_line l = {.entry = m->l[i].seq,
				    .line = 1,
				    .decision = refuse ? DECISION_refuse : DECISION_agree};
	struct rec_reversal back = {.entry = m->l[i].seq, .line = 1, .reason = town_b("记录有误")};

	if (*state == LINE_RECORDED || confirm) {
		T_EQ(m_put(m, confirm ? "con" : "rev", confirm ? REC_confirm : REC_review, &head,
			   &l, 1),
		     V_ACCEPTED);
		*state = refuse ? LINE_REFUSED : confirm ? LINE_CONFIRMED : LINE_REVIEWED;
		if (*state == LINE_CONFIRMED)
			m_book(m, i, 1);
	} else if (*state == LINE_CONFIRMED && prng_below(&m->g, 4) == 0) {
		T_EQ(m_put(m, "con", REC_reversal, &back, NULL, 0), V_ACCEPTED);
		*state = LINE_REVERSED;
		m_book(m, i, -1);
	}
}

/* One that has something, if there is one. */
static int m_rich(struct model *m)
{
	int h = m_household(m);

	for (uint32_t i = 0; i < m->nhouseholds; i++)
		if (!m->h[i].gone && m->h[i].balance >= M_THRESHOLD &&
		    (h < 0 || m->h[h].balance < M_THRESHOLD || prng_below(&m->g, 2)))
			h = (int)i;
	return h;
}

static void m_redeem(struct model *m)
{
	int h = m_rich(m), at = (int)m->nslips;
	int64_t p = 1 + (int64_t)prng_below(&m->g, 200);
	char slip[16];

	if (h < 0 || at == M_SLIPS)
		return;
	m->r[at].household = h;
	m->r[at].year = M_YEAR + (int)prng_below(&m->g, M_YEARS);
	m->r[at].points = p;
	snprintf(slip, sizeof(slip), "DH-%d", at);
	struct rec_redemption r = {.slip = town_b(slip),
				   .household = town_b(m->h[h].code),
				   .day = M_DEED(m->r[at].year),
				   .receiver = town_b("张三"),
				   .prices = 1};
	struct rec_redemption_line l = {
		.good = town_b("XYY"), .quantity = qty_of(p), .points = points_of(p)};
	int64_t *year = &m->h[h].redeemed[m->r[at].year - M_YEAR];
	enum verdict_id want = r.day < m->h[h].began	       ? V_P13_BEGAN
			       : m->h[h].balance < M_THRESHOLD ? V_X01_THRESHOLD
			       : m->h[h].balance < p	       ? V_X01_BALANCE
			       : *year + p > M_YEAR_CAP	       ? V_X01_YEAR_CAP
							       : V_ACCEPTED;
	m->r[at].seq = town_size(m->w, m->no);
	T_EQ(m_put(m, "keeper", REC_redemption, &r, &l, 1), want);
	if (want != V_ACCEPTED)
		return;
	m->nslips++;
	m->h[h].balance -= p;
	*year += p;
}

/* The points go to where the household is now; off the sum of the year of each that has it in its own. */
static void m_return(struct model *m)
{
	uint32_t i = (uint32_t)prng_below(&m->g, m->nslips + 1);

	if (i == m->nslips || m->r[i].taken_back)
		return;
	struct rec_redemption_reversal r = {.entry = m->r[i].seq, .reason = town_b("发错物品")};
	int h = m->r[i].household, year = m->r[i].year;
	bool counts = true;
	T_EQ(m_put(m, "con", REC_redemption_reversal, &r, NULL, 0), V_ACCEPTED);
	m->r[i].taken_back = true;
	for (;; h = m->h[h].into) {
		if (counts)
			m->h[h].redeemed[year - M_YEAR] -= m->r[i].points;
		if (m->h[h].into < 0)
			break;
		counts = counts && day_year(m->h[h].left) <= year;
	}
	m->h[h].balance += m->r[i].points;
}

static void m_turn(struct model *m)
{
	uint64_t what = prng_below(&m->g, 24);

	if (m->nhouseholds < 3 || what == 0)
		m_register(m);
	else if (what == 1)
		m_join(m);
	else if (what == 2)
		m_depart(m);
	else if (what == 3)
		m_split(m);
	else if (what == 4)
		m_merge(m);
	else if (what == 5)
		m_correct(m);
	else if (what == 6 || what == 7)
		m_redeem(m);
	else if (what == 8)
		m_return(m);
	else if (what < 14 || m->nlines == 0)
		m_record(m);
	else
		m_step(m);
}

static int m_check_household(void *ctx, const struct view_household *v)
{
	struct model *m = ctx;

	for (uint32_t h = 0; h < m->nhouseholds; h++) {
		uint32_t who[M_PEOPLE];

		if (strcmp(m->h[h].code, v->household) != 0)
			continue;
		T_EQ(points_raw(v->balance), m->h[h].balance);
		T_EQ(v->npresent, m_at_home(m, (int)h, who));
		T_STR(v->into, m->h[h].into < 0 ? "" : m->h[m->h[h].into].code);
		for (int y = 0; y < M_YEARS; y++) {
			struct state_redeemed p = {0};
			int err = reader_redeemed(READER(m->w->t, m->no), m->no,
						  town_b(v->household), M_YEAR + y, &p);

			T_OK(!err || err == ERR_NOTFOUND);
			T_EQ(p.sum, m->h[h].redeemed[y]);
		}
		m->day++; /* counts the households seen */
		return 0;
	}
	t_fail(__FILE__, __LINE__, "household %s", v->household);
}

static int m_check_score(void *ctx, const struct view_score *s)
{
	const struct model *m = ctx;
	int64_t sum = 0;
	int found = 0;

	for (uint32_t i = 0; i < m->npeople; i++) {
		if (m->p[i].number != s->member ||
		    strcmp(m->h[m->p[i].home].code, s->household) != 0)
			continue;
		found++;
		for (uint32_t k = 0; k < m->nlines; k++)
			if (m->l[k].person == (int)i && m->l[k].year == s->year &&
			    m->l[k].state == LINE_CONFIRMED)
				sum += m_item[m->l[k].item].points;
	}
	T_EQ(found, 1);
	T_EQ(points_raw(s->score), sum);
	return 0;
}

static void m_check(struct model *m)
{
	int64_t confirmed = 0, accounts = 0;
	day_t day = m->day;

	town_begin(m->w);
	T_EQ(view_households(m->w->t, m->no, m_check_household, m), ERR_OK);
	T_EQ(m->day - day, m->nhouseholds);
	m->day = day;
	for (int year = M_YEAR; year < M_YEAR + M_YEARS; year++)
		T_EQ(view_scores(m->w->t, m->no, year, m_check_score, m), ERR_OK);
	town_commit(m->w);
	for (uint32_t i = 0; i < m->nlines; i++)
		if (m->l[i].state == LINE_CONFIRMED)
			confirmed += m_item[m->l[i].item].points;
	for (uint32_t i = 0; i < m->nslips; i++)
		confirmed -= m->r[i].taken_back ? 0 : m->r[i].points;
	for (uint32_t h = 0; h < m->nhouseholds; h++)
		accounts += m->h[h].balance;
	T_EQ(accounts, confirmed);
}

static void m_store(struct model *m)
{
	const struct rec_prices_line good = town_good("XYY", 1);
	struct rec_scheme s = town_scheme(1, town_day(M_YEAR, 1, 1));
	char head[40], keeper[40];

	snprintf(head, sizeof(head), "head/%s", m->code);
	snprintf(keeper, sizeof(keeper), "keeper/%s", m->code);
	T_EQ(town_grant(m->w, m->no, head, keeper, ROLE_keeper, ""), V_ACCEPTED);
	s.threshold = points_of(M_THRESHOLD);
	s.year_cap = points_of(M_YEAR_CAP);
	T_EQ(town_put_scheme(m->w, m->no, head, &s), V_ACCEPTED);
	T_EQ(town_put_prices(m->w, m->no, head, 1, s.from, &good, 1), V_ACCEPTED);
}

static void m_open(struct model *m, struct town *w, const char *code, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->w = w;
	m->code = code;
	m->no = town_village(w, code);
	m->day = town_day(2026, 2, 20);
	prng_seed(&m->g, seed);
	m_store(m);
}

/* A town with two villages that work in turns. */
static void two_villages(struct town *w, struct model m[2], uint64_t seed, int turns)
{
	town_new(w, seed);
	town_found(w);
	T_EQ(town_catalogue(w, 1), V_ACCEPTED);
	m_open(&m[0], w, "500101999201", seed);
	m_open(&m[1], w, "500101999202", seed + 1000);
	for (int i = 0; i < turns; i++) {
		m_turn(&m[prng_below(&m[0].g, 2)]);
		if (i % 100 == 0 && m[0].nhouseholds)
			m_check(&m[0]);
	}
	m_check(&m[0]);
	m_check(&m[1]);
}

/* The entries of both villages, in any order that keeps that of each. */
static void replay(struct town *w, struct model m[2], uint64_t seed, bool one_by_one)
{
	uint64_t at[2] = {0, 0}, size[2];
	uint32_t no[2];
	struct copy c;
	struct prng g;

	prng_seed(&g, seed);
	copy_open(&c, w);
	copy_entries(&c, FEED_TOWN, FEED_TOWN, 0, town_size(w, FEED_TOWN));
	for (int v = 0; v < 2; v++) {
		no[v] = town_feed(&c.w, m[1 - v].code); /* other local numbers, too */
		size[v] = town_size(w, m[1 - v].no);
	}
	while (at[0] < size[0] || at[1] < size[1]) {
		int v = one_by_one ? at[0] == size[0] : (int)prng_below(&g, 2);

		if (at[v] == size[v])
			continue;
		copy_entries(&c, m[1 - v].no, no[v], at[v], at[v] + 1);
		at[v]++;
	}
	copy_same(w, FEED_TOWN, &c.w, FEED_TOWN);
	for (int v = 0; v < 2; v++)
		copy_same(w, m[1 - v].no, &c.w, no[v]);
	copy_close(&c);
}

static void test_any_order_of_events_keeps_every_point(void)
{
	static struct model m[2];
	struct town w;

	for (uint64_t seed = 900; seed < 912; seed++) {
		two_villages(&w, m, seed, 700);
		T_OK(m[0].nhouseholds > 5);
		T_OK(m[0].nslips + m[1].nslips > 0);
		town_close(&w);
	}
}

static void test_any_order_of_villages_gives_the_same_state(void)
{
	static struct model m[2];
	struct town w;

	two_villages(&w, m, 77, 500);
	replay(&w, m, 1, true);
	replay(&w, m, 2, false);
	replay(&w, m, 3, false);
	town_close(&w);
}

T_MAIN(T(test_any_order_of_events_keeps_every_point, "R26 I1"),
       T(test_any_order_of_villages_gives_the_same_state))
