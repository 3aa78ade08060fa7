#include "daemon/ledger/rules/rules.h"

#include "daemon/ledger/rules/accounts.h"
#include "daemon/ledger/rules/filing/new_version.h"
#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/people/split_merge.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/shop/prices_hours.h"
#include "daemon/ledger/state/placeholder.h"
#include "lib/err.h"

/* Redemption: points against goods, X01 to X08. */

#define LARGE	    50000 /* 500.00 points */
#define LATE_DAYS   7
#define NIGHT_FROM  (21 * 60)
#define NIGHT_TO    (7 * 60)
#define PROXY_DAYS  30
#define PROXIES_MAX 100 /* of a scheme's proxy_max */

/* A redemption being judged. */
struct redeem {
	struct rec_redemption r;
	struct rec_scheme scheme; /* only its numbers: the texts do not live */
	struct state_household h;
	struct points total;
	struct state_redeemed year;
};

/* --- what it costs: X02 ----------------------------------------------------------------------------- */
static int prices_in_force(struct rule_ctx *ctx, const struct rec_redemption *r,
			   struct document *ret)
{
	int err;

	*ret = (struct document){0};
	err = read_document_on(&ctx->reader, DOC_PRICES, r->day, ret);
	if ((err && err != ERR_NOTFOUND) || (!err && ret->version == r->prices))
		return err;
	return rule_refuse(
		ctx, &(struct refusal){.id = V_NO_PRICES,
				       .num = {r->day, (int64_t)ret->version, (int64_t)r->prices}});
}

static int redeem_line(struct rule_ctx *ctx, uint32_t line, struct redeem *x,
		       const struct document *prices)
{
	struct rec_redemption_line l;
	struct rec_prices_line price = {0};
	struct points want;
	int err = rule_line(ctx, line - 1, &l);

	if (!err)
		err = read_price(&ctx->reader, prices, l.good, &price);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (err)
		return rule_refuse(ctx, &(struct refusal){.id = V_GOOD_UNKNOWN,
							  .num = {line, (int64_t)x->r.prices},
							  .s = l.good});
	if (!points_times(price.price, l.quantity, &want))
		return rule_refuse(ctx, &(struct refusal){.id = V_OVERFLOW});
	if (points_cmp(l.points, want) != 0)
		return rule_refuse(ctx, &(struct refusal){.id = V_X02_PRICE,
							  .num = {line, points_raw(want),
								  points_raw(l.points)},
							  .s = l.good});
	return points_add(x->total, want, &x->total)
		       ? ERR_OK
		       : rule_refuse(ctx, &(struct refusal){.id = V_OVERFLOW});
}

static int check_lines(struct rule_ctx *ctx, struct redeem *x)
{
	struct document prices;
	int err = prices_in_force(ctx, &x->r, &prices);

	for (uint32_t line = 1; line <= ctx->nlines && !err; line++)
		err = redeem_line(ctx, line, x, &prices);
	return err;
}

/* --- what the account allows: X01 ------------------------------------------------------------------- */
static int refuse_points(struct rule_ctx *ctx, enum verdict_id id, struct bytes household,
			 int64_t a, int64_t b, int64_t c)
{
	return rule_refuse(ctx, &(struct refusal){.id = id, .num = {a, b, c}, .s = household});
}

static int check_account(struct rule_ctx *ctx, struct redeem *x)
{
	int64_t threshold = points_raw(x->scheme.threshold), total = points_raw(x->total);
	int64_t cap = points_raw(x->scheme.redeem_cap), year_cap = points_raw(x->scheme.year_cap);
	struct bytes household = x->r.household;
	struct points balance;
	int64_t have, year;
	int err = rule_balance(ctx, household, &balance);

	if (!err)
		err = split_merge_redeemed(ctx, household, day_year(x->r.day), &x->year);
	if (err)
		return err;
	have = points_raw(balance);
	year = x->year.sum;
	if (have < threshold)
		return refuse_points(ctx, V_X01_THRESHOLD, household, have, threshold,
				     threshold - have);
	if (have < total)
		return refuse_points(ctx, V_X01_BALANCE, household, have, total, 0);
	if (cap && total > cap)
		return refuse_points(ctx, V_X01_CAP, household, total, cap, 0);
	if (year_cap && year + total > year_cap)
		return refuse_points(ctx, V_X01_YEAR_CAP, household, year, total, year_cap);
	/* without a clock every year to come would have its cap open */
	return year_cap ? rule_need_clock(ctx) : ERR_OK;
}

/* --- who receives: X03 ------------------------------------------------------------------------------ */
/* Households in a set that may hold one more than any limit: more need not be told apart. */
struct served {
	uint32_t n;
	struct {
		uint8_t n;
		uint8_t code[STATE_CODE_MAX];
	} household[PROXIES_MAX + 1];
};

static void serve(struct served *s, struct bytes household)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (bytes_eq(kv_bytes(s->household[i].code, s->household[i].n), household))
			return;
	if (s->n > PROXIES_MAX || household.n > STATE_CODE_MAX)
		return;
	s->household[s->n].n = (uint8_t)household.n;
	memcpy(s->household[s->n++].code, household.p, household.n);
}

#define ENOUGH 1

struct serving {
	struct served *served;
	day_t last;
};

static int on_served(void *ctx, struct bytes key, struct bytes row)
{
	const struct serving *w = ctx;
	struct state_proxy_parts at;
	int err = state_proxy_split(key, &at);

	(void)row;
	if (err)
		return err;
	if (at.day > w->last || w->served->n > PROXIES_MAX)
		return ENOUGH;
	serve(w->served, at.household);
	return ERR_OK;
}

/* Whom this proxy has served in the thirty days that end on @day, this household among them; @ret begins empty. */
static int count_served(struct rule_ctx *ctx, const struct redeem *x, const struct hash *who,
			struct served *ret)
{
	struct serving w = {ret, x->r.day};
	struct state_key k;
	int err;

	serve(ret, x->r.household);
	state_proxy_key(&k, ctx->f->feed_no, who->b, x->r.day - (PROXY_DAYS - 1), kv_bytes("", 0));
	err = reader_each(&ctx->reader, &k, 1, on_served, &w);
	return err == ENOUGH ? ERR_OK : err;
}

/* "00012-3" names a person of the village. */
static bool person_of(struct bytes id, struct bytes *household, uint32_t *member)
{
	size_t n = id.n;

	*member = 0;
	while (n > 0 && id.p[n - 1] >= '0' && id.p[n - 1] <= '9')
		n--;
	if (n < 2 || id.p[n - 1] != '-' || n - 1 > STATE_CODE_MAX || id.n - n == 0 || id.n - n > 2)
		return false;
	for (size_t i = n; i < id.n; i++)
		*member = *member * 10 + (uint32_t)(id.p[i] - '0');
	*household = kv_bytes(id.p, n - 1);
	return true;
}

struct holding {
	day_t day;
	bool found;
};

static int on_post(void *ctx, struct bytes key, struct bytes row)
{
	struct holding *w = ctx;
	struct state_post post;
	int err = state_post_parse(row, &post);

	(void)key;
	if (!err && post.from <= w->day && (post.to == DAY_NONE || w->day <= post.to))
		w->found = true;
	return err;
}

static int holds_post(struct rule_ctx *ctx, struct bytes id, day_t day, bool *ret)
{
	struct holding w = {.day = day};
	struct bytes household;
	struct state_key k;
	uint32_t member;
	int err;

	*ret = false;
	if (!person_of(id, &household, &member))
		return ERR_OK;
	state_post_key(&k, ctx->f->feed_no, household, member, 0);
	err = reader_each(&ctx->reader, &k, 2, on_post, &w);
	*ret = w.found;
	return err;
}

/* Whoever is said to have come in person must bear the name. */
static int note_member(struct rule_ctx *ctx, const struct redeem *x)
{
	struct details d = {.r = &ctx->reader};
	struct rec_household_line person;
	struct state_member m;
	int err = state_household_member(&x->h, (uint32_t)x->r.member, &m)
			  ? read_details(&d, &m, &person)
			  : ERR_CORRUPT;

	if (err)
		return err;
	if (!look_same(person.name, x->r.receiver))
		rule_warn(ctx, &(struct refusal){.id = V_X03_NAME,
						 .num = {(int64_t)x->r.member},
						 .s = x->r.receiver,
						 .t = x->r.household});
	return ERR_OK;
}

static int note_proxy(struct rule_ctx *ctx, const struct redeem *x)
{
	struct bytes id = x->r.proxy_id.n ? x->r.proxy_id : x->r.receiver;
	struct look look;
	struct served served = {0};
	struct state_key k;
	struct hash who;
	bool post;
	int err;

	if (placeholder(x->r.proxy))
		rule_warn(ctx, &(struct refusal){.id = V_X03_PROXY});
	look_of(id, &look);
	hash_of(look.b, look.n, &who);
	err = count_served(ctx, x, &who, &served);
	if (!err)
		err = holds_post(ctx, plain_trim(id), x->r.day, &post);
	if (err)
		return err;
	if (served.n > x->scheme.proxy_max)
		rule_warn(ctx, &(struct refusal){.id = V_X03_MANY,
						 .num = {served.n, (int64_t)x->scheme.proxy_max}});
	if (post)
		rule_warn(ctx, &(struct refusal){.id = V_X03_POST});
	state_proxy_key(&k, ctx->f->feed_no, who.b, x->r.day, x->r.household);
	return rule_put_mark(ctx, &k);
}

/* --- the signed slip: X04 --------------------------------------------------------------------------- */
static int note_signature(struct rule_ctx *ctx, const struct redeem *x)
{
	struct rec_redemption first;
	struct state_num seq;
	struct state_key k;
	int err;

	if (x->r.signature.n == 0) {
		rule_warn(ctx, &(struct refusal){.id = V_X04_SIGNATURE});
		return ERR_OK;
	}
	err = reader_signed(&ctx->reader, ctx->f->feed_no, x->r.signature.p, &seq);
	if (err == ERR_NOTFOUND) {
		state_signed_key(&k, ctx->f->feed_no, x->r.signature.p);
		return rule_put_num(ctx, &k, ctx->e->seq);
	}
	if (!err)
		err = rule_ref(ctx, seq.n, REC_redemption, &first);
	if (!err)
		rule_warn(ctx, &(struct refusal){.id = V_X04_REUSED,
						 .num = {(int64_t)seq.n},
						 .s = first.household});
	return err;
}

/* The day chooses scheme, prices and the year of the cap. */
static void warn_late(struct rule_ctx *ctx, day_t day)
{
	if (ctx->today == DAY_NONE)
		rule_warn(ctx, &(struct refusal){.id = V_P05_NO_CLOCK});
	else if (ctx->today - day > LATE_DAYS)
		rule_warn(ctx,
			  &(struct refusal){.id = V_X06_LATE,
					    .num = {day, ctx->today, ctx->today - day, LATE_DAYS}});
}

/* --- when, and how much: X05 to X07 ----------------------------------------------------------------- */
static bool all_away(const struct state_household *h, day_t day)
{
	struct state_member m;
	bool any = false;

	for (size_t at = 0; state_household_next(h, &at, &m);) {
		if (!state_member_present(&m))
			continue;
		if (m.away == DAY_NONE || m.away > day)
			return false;
		any = true;
	}
	return any;
}

static int warn_time(struct rule_ctx *ctx, const struct redeem *x)
{
	bool open;
	int err = prices_hours_open(ctx, x->r.day, x->r.minute, &open);

	if (err)
		return err;
	warn_late(ctx, x->r.day);
	if (points_raw(x->total) > LARGE)
		rule_warn(ctx, &(struct refusal){.id = V_X05_LARGE,
						 .num = {points_raw(x->total), LARGE}});
	if (!open)
		rule_warn(ctx, &(struct refusal){.id = V_X06_HOURS,
						 .num = {x->r.day, (int64_t)x->r.minute}});
	if (x->r.minute >= NIGHT_FROM || x->r.minute < NIGHT_TO)
		rule_warn(ctx,
			  &(struct refusal){.id = V_X06_NIGHT,
					    .num = {(int64_t)x->r.minute, NIGHT_FROM, NIGHT_TO}});
	if (all_away(&x->h, x->r.day))
		rule_warn(ctx, &(struct refusal){
				       .id = V_X07_ABSENT, .num = {x->r.day}, .s = x->r.household});
	return ERR_OK;
}

/* --- the entry -------------------------------------------------------------------------------------- */
static int take_slip(struct rule_ctx *ctx, struct bytes slip)
{
	struct state_num seq;
	struct state_key k;
	int err = reader_slip(&ctx->reader, ctx->f->feed_no, slip, &seq);

	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_SLIP_USED,
							  .num = {(int64_t)seq.n},
							  .s = slip});
	if (err != ERR_NOTFOUND)
		return err;
	state_slip_key(&k, ctx->f->feed_no, slip);
	return rule_put_num(ctx, &k, ctx->e->seq);
}

static int check_household(struct rule_ctx *ctx, struct redeem *x)
{
	int err = roster_on(ctx, x->r.household, (uint32_t)x->r.member, x->r.day, &x->h);

	if (!err && x->h.consent != DAY_NONE && x->r.day < x->h.consent)
		err = rule_refuse(ctx, &(struct refusal){.id = V_P05_BEFORE_CONSENT,
							 .num = {0, x->r.day, x->h.consent}});
	return err;
}

static int check_scheme(struct rule_ctx *ctx, struct redeem *x)
{
	int err = read_scheme_on(&ctx->reader, x->r.day, &x->scheme);

	if (err || x->scheme.version)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_NO_SCHEME, .num = {x->r.day}});
}

/* Points for goods; @back gives them back. */
static int book(struct rule_ctx *ctx, struct bytes household, uint64_t entry, day_t day,
		struct points total, bool back)
{
	const struct account redeemed = {.of = ACCOUNT_REDEEMED};
	const struct account account = {.household = household};

	return rule_transfer(ctx,
			     &(struct transfer){.from = back ? redeemed : account,
						.to = back ? account : redeemed,
						.points = total,
						.kind = back ? POSTING_RETURNED : POSTING_REDEEMED,
						.entry = entry,
						.deed = day});
}

int rule_redemption(struct rule_ctx *ctx)
{
	struct redeem x = {0};
	int err;

	rule_head(ctx, &x.r);
	err = check_household(ctx, &x);
	if (!err)
		err = check_scheme(ctx, &x);
	if (!err)
		err = take_slip(ctx, x.r.slip);
	if (!err)
		err = check_lines(ctx, &x);
	if (!err)
		err = check_account(ctx, &x);
	if (!err)
		err = x.r.member ? note_member(ctx, &x) : note_proxy(ctx, &x);
	if (!err)
		err = note_signature(ctx, &x);
	if (!err)
		err = warn_time(ctx, &x);
	if (err)
		return err;
	x.year.sum += points_raw(x.total);
	err = book(ctx, x.r.household, ctx->e->seq, x.r.day, x.total, false);
	return err ? err : split_merge_put_redeemed(ctx, x.r.household, day_year(x.r.day), &x.year);
}

/* --- taken back ------------------------------------------------------------------------------------- */
/* What there is to take back, out of reach of later looks at the log. */
struct taken {
	char code[STATE_CODE_MAX];
	struct bytes household;
	day_t day;
	struct points total;
};

static int read_taken(struct rule_ctx *ctx, uint64_t seq, struct taken *ret)
{
	const struct payload *p = &ctx->w->target;
	struct rec_redemption_line l;
	struct rec_redemption r;
	int err = rule_ref(ctx, seq, REC_redemption, &r);

	if (err)
		return err;
	memcpy(ret->code, r.household.p, r.household.n);
	ret->household = kv_bytes(ret->code, r.household.n);
	ret->day = r.day;
	ret->total = POINTS_ZERO;
	for (uint32_t i = 0; i + 1 < p->nparts; i++)
		if (rec_decode_line(rec_type_of(REC_redemption), p, i, &l) ||
		    !points_add(ret->total, l.points, &ret->total))
			return ERR_CORRUPT;
	return ERR_OK;
}

int rule_redemption_reversal(struct rule_ctx *ctx)
{
	struct rec_redemption_reversal r;
	struct taken was = {0};
	int err;

	rule_head(ctx, &r);
	err = read_taken(ctx, r.entry, &was);
	if (!err)
		err = book(ctx, was.household, r.entry, was.day, was.total, true);
	return err ? err : split_merge_unredeem(ctx, was.household, was.day, points_raw(was.total));
}
