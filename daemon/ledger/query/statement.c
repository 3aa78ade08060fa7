#include "daemon/ledger/query/statement.h"

#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "lib/mem.h"
#include "lib/text.h"

#define TABLE_MIN 64

struct account {
	char household[17], into[17]; /* into: merged with it; "" */
	struct points balance;
};
/* A points entry on its way: where its lines stand. */
struct sheet {
	uint64_t seq;
	size_t at; /* in walk.state */
	uint32_t n;
};
struct walk {
	struct kv_txn *t;
	uint32_t no;
	int (*fn)(void *ctx, const struct move *m);
	void *ctx;
	struct sheet *sheet; /* ascending */
	size_t nsheets, sheets_cap;
	uint8_t *state; /* enum line_state */
	size_t nstates, states_cap;
	struct account *account; /* open addressing */
	uint32_t naccounts, accounts_cap;
	struct move_item *item; /* open addressing */
	uint32_t nitems, items_cap;
	struct payload payload, target;
	struct move m;
};

const char *move_kind_text(enum move_kind k, enum lang lang)
{
	static const char *const zh[] = {"积分", "冲正", "兑换", "兑换冲正", "转出", "转入"};
	static const char *const en[] = {"points",   "reversal",  "redemption",
					 "returned", "moved out", "moved in"};

	return lang == LANG_EN ? en[k] : zh[k];
}

/* --- tables ---------------------------------------------------------------------------------------- */
static uint32_t table_hash(struct bytes b, uint64_t more)
{
	uint32_t h = UINT32_C(2166136261) ^ (uint32_t)more;

	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * UINT32_C(16777619);
	return h ^ h >> 15;
}

static bool same(const char *s, struct bytes b)
{
	return str_eq((const char *)b.p, b.n, s);
}

static struct account *account_place(struct account *a, uint32_t cap, struct bytes household)
{
	uint32_t h = table_hash(household, 0);

	while (a[h & (cap - 1)].household[0] && !same(a[h & (cap - 1)].household, household))
		h++;
	return &a[h & (cap - 1)];
}

static int accounts_grow(struct walk *w)
{
	uint32_t cap = w->accounts_cap ? w->accounts_cap * 2 : TABLE_MIN;
	struct account *more = mem_array(cap, sizeof(*more));

	if (!more)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < w->accounts_cap; i++) {
		const char *name = w->account[i].household;

		if (name[0])
			*account_place(more, cap, bytes_str(name)) = w->account[i];
	}
	mem_free(w->account);
	w->account = more;
	w->accounts_cap = cap;
	return ERR_OK;
}

/* Valid until another account is looked up. */
static int account_of(struct walk *w, struct bytes household, struct account **ret)
{
	int err = 2 * (w->naccounts + 1) > w->accounts_cap ? accounts_grow(w) : ERR_OK;

	if (err)
		return err;
	*ret = account_place(w->account, w->accounts_cap, household);
	if (!(*ret)->household[0]) {
		str_set((*ret)->household, sizeof((*ret)->household), household);
		w->naccounts++;
	}
	return ERR_OK;
}

/* The account that this household's points are booked on now. A household merges once, so the way is no longer
 * than there are households. */
static int account_now(struct walk *w, struct bytes household, struct account **ret)
{
	int err = account_of(w, household, ret);

	for (uint32_t hops = 0; !err && (*ret)->into[0]; hops++) {
		if (hops == w->naccounts)
			return ERR_CORRUPT;
		err = account_of(w, kv_bytes((*ret)->into, strlen((*ret)->into)), ret);
	}
	return err;
}

static struct move_item *item_place(struct move_item *v, uint32_t cap, uint64_t version,
				    struct bytes code)
{
	uint32_t h = table_hash(code, version);

	for (;; h++) {
		struct move_item *it = &v[h & (cap - 1)];

		if (!it->code[0] || (it->version == version && same(it->code, code)))
			return it;
	}
}

static int items_grow(struct walk *w)
{
	uint32_t cap = w->items_cap ? w->items_cap * 2 : TABLE_MIN;
	struct move_item *more = mem_array(cap, sizeof(*more));

	if (!more)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < w->items_cap; i++) {
		const struct move_item *it = &w->item[i];

		if (it->code[0])
			*item_place(more, cap, it->version, bytes_str(it->code)) = *it;
	}
	mem_free(w->item);
	w->item = more;
	w->items_cap = cap;
	return ERR_OK;
}

static int item_of(struct walk *w, const struct rec_points_line *l, const struct move_item **ret)
{
	struct move_item *it;
	struct item found;
	int err = 2 * (w->nitems + 1) > w->items_cap ? items_grow(w) : ERR_OK;

	if (err)
		return err;
	it = item_place(w->item, w->items_cap, l->version, l->item);
	*ret = it;
	if (it->code[0])
		return ERR_OK;
	err = read_item(READER(w->t, w->no), l->version, l->item, &found);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	*it = (struct move_item){.version = l->version,
				 .sign = found.line.sign,
				 .category = found.line.category,
				 .scope = found.line.scope};
	str_set(it->code, sizeof(it->code), l->item);
	str_set(it->name, sizeof(it->name), found.line.name_zh);
	w->nitems++;
	return ERR_OK;
}

static struct sheet *sheet_of(struct walk *w, uint64_t seq)
{
	size_t lo = 0, hi = w->nsheets;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->sheet[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < w->nsheets && w->sheet[lo].seq == seq ? &w->sheet[lo] : NULL;
}

static int room(void **p, size_t *cap, size_t need, size_t size)
{
	size_t more = *cap ? *cap : TABLE_MIN;
	void *q;

	if (need <= *cap)
		return ERR_OK;
	while (more < need)
		more *= 2;
	q = mem_resize(*p, more, size);
	if (!q)
		return ERR_NOMEM;
	*p = q;
	*cap = more;
	return ERR_OK;
}

/* --- one movement ---------------------------------------------------------------------------------- */
static int tell(struct walk *w, struct account *a, enum move_kind kind, struct points p)
{
	if (!points_add(a->balance, p, &a->balance))
		return ERR_CORRUPT;
	w->m.kind = kind;
	w->m.household = bytes_str(a->household);
	w->m.points = p;
	w->m.balance = a->balance;
	return w->fn(w->ctx, &w->m);
}

static int tell_line(struct walk *w, uint64_t entry, uint32_t line, bool back)
{
	struct rec_points_line l;
	struct account *a;
	struct points p;
	int err = feedlog_payload(w->t, w->no, entry, &w->target);

	if (!err && rec_decode_line(rec_type_of(REC_points), &w->target, line - 1, &l))
		err = ERR_CORRUPT;
	if (!err)
		err = item_of(w, &l, &w->m.item);
	if (!err)
		err = account_now(w, l.household, &a);
	if (err)
		return err;
	p = l.points;
	if ((w->m.item->sign == SIGN_deduct) != back && !points_neg(p, &p))
		return ERR_CORRUPT;
	w->m.entry = entry;
	w->m.line = line;
	w->m.points_line = &l;
	return tell(w, a, back ? MOVE_REVERSAL : MOVE_LINE, p);
}

/* --- points entries -------------------------------------------------------------------------------- */
static int on_points(struct walk *w, uint64_t seq)
{
	uint32_t n = w->payload.nparts - 1;
	int err = room((void **)&w->sheet, &w->sheets_cap, w->nsheets + 1, sizeof(*w->sheet));

	if (!err)
		err = room((void **)&w->state, &w->states_cap, w->nstates + n, 1);
	if (err)
		return err;
	w->sheet[w->nsheets++] = (struct sheet){seq, w->nstates, n};
	memset(w->state + w->nstates, LINE_RECORDED, n);
	w->nstates += n;
	return ERR_OK;
}

static int step_lines(struct walk *w, const struct rec_review_line *r, bool confirm)
{
	const struct sheet *s = sheet_of(w, r->entry);
	uint8_t from = confirm ? LINE_REVIEWED : LINE_RECORDED;
	uint8_t to = confirm ? LINE_CONFIRMED : LINE_REVIEWED;
	int err = ERR_OK;

	if (!s || r->line > s->n)
		return ERR_CORRUPT;
	uint32_t first = r->line ? (uint32_t)r->line : 1;
	uint32_t last = r->line ? first : s->n;
	for (uint32_t line = first; line <= last && !err; line++) {
		uint8_t *state = &w->state[s->at + line - 1];

		if (*state != from)
			continue;
		*state = r->decision == DECISION_refuse ? (uint8_t)LINE_REFUSED : to;
		if (*state == LINE_CONFIRMED)
			err = tell_line(w, r->entry, line, false);
	}
	return err;
}

static int on_step(struct walk *w, const struct rec_type *type)
{
	struct rec_review_line r;
	int err = ERR_OK;

	/* a confirmation has the lines of a review */
	for (uint32_t i = 0; i + 1 < w->payload.nparts && !err; i++)
		err = rec_decode_line(type, &w->payload, i, &r)
			      ? ERR_CORRUPT
			      : step_lines(w, &r, type->code == REC_confirm);
	return err;
}

static int on_reversal(struct walk *w, const struct rec_reversal *r)
{
	const struct sheet *s = sheet_of(w, r->entry);

	if (!s || r->line == 0 || r->line > s->n || w->state[s->at + r->line - 1] != LINE_CONFIRMED)
		return ERR_CORRUPT;
	w->state[s->at + r->line - 1] = LINE_REVERSED;
	return tell_line(w, r->entry, (uint32_t)r->line, true);
}

/* --- redemptions ----------------------------------------------------------------------------------- */
static int sum_lines(const struct payload *p, struct points *ret)
{
	const struct rec_type *type = rec_type_of(REC_redemption);
	struct rec_redemption_line l;

	*ret = POINTS_ZERO;
	for (uint32_t i = 0; i + 1 < p->nparts; i++)
		if (rec_decode_line(type, p, i, &l) || !points_add(*ret, l.points, ret))
			return ERR_CORRUPT;
	return ERR_OK;
}

static int on_redemption(struct walk *w, uint64_t entry, const struct payload *p, bool back)
{
	struct rec_redemption r;
	struct account *a;
	struct points sum = POINTS_ZERO;
	int err = rec_decode_head(rec_type_of(REC_redemption), p, &r) ? ERR_CORRUPT : ERR_OK;

	if (!err)
		err = sum_lines(p, &sum);
	if (!err)
		err = account_now(w, r.household, &a);
	if (!err && !back && !points_neg(sum, &sum))
		err = ERR_CORRUPT;
	if (err)
		return err;
	w->m.entry = entry;
	w->m.redemption = &r;
	w->m.payload = p;
	return tell(w, a, back ? MOVE_RETURNED : MOVE_REDEEMED, sum);
}

static int on_redemption_reversal(struct walk *w, const struct rec_redemption_reversal *r)
{
	int err = feedlog_payload(w->t, w->no, r->entry, &w->target);

	return err ? err : on_redemption(w, r->entry, &w->target, true);
}

/* --- households that split and merge --------------------------------------------------------------- */
static int transfer(struct walk *w, struct bytes from, struct bytes to, struct points p)
{
	struct account *a;
	struct points minus;
	int err = ERR_OK;

	if (points_cmp(p, POINTS_ZERO) == 0)
		return ERR_OK;
	if (!points_neg(p, &minus))
		return ERR_CORRUPT;
	w->m.other = to;
	err = account_of(w, from, &a);
	if (!err)
		err = tell(w, a, MOVE_OUT, minus);
	w->m.other = from;
	if (!err)
		err = account_of(w, to, &a);
	return err ? err : tell(w, a, MOVE_IN, p);
}

static int on_merge(struct walk *w, const struct rec_merge *r)
{
	struct account *a;
	struct points all;
	int err = account_of(w, r->household, &a);

	if (err)
		return err;
	all = a->balance;
	str_set(a->into, sizeof(a->into), r->into);
	return transfer(w, r->household, r->into, all);
}

/* --- the walk -------------------------------------------------------------------------------------- */
static bool moves_something(uint16_t type)
{
	switch (type) {
	case REC_points:
	case REC_review:
	case REC_confirm:
	case REC_reversal:
	case REC_redemption:
	case REC_redemption_reversal:
	case REC_split:
	case REC_merge: return true;
	default: return false;
	}
}

static int on_entry(struct walk *w, const struct entry *e)
{
	const struct rec_type *type = rec_type_of(e->type);
	union {
		struct rec_reversal reversal;
		struct rec_redemption_reversal redemption_reversal;
		struct rec_split split;
		struct rec_merge merge;
		union rec_any any;
	} head;

	if (rec_decode_head(type, &w->payload, &head))
		return ERR_CORRUPT;
	w->m = (struct move){.seq = e->seq,
			     .entry = e->seq,
			     .wall_ms = e->wall_ms,
			     .author = e->author,
			     .booked = day_of_ms(e->wall_ms)};
	switch (e->type) {
	case REC_points: return on_points(w, e->seq);
	case REC_review:
	case REC_confirm: return on_step(w, type);
	case REC_reversal: return on_reversal(w, &head.reversal);
	case REC_redemption: return on_redemption(w, e->seq, &w->payload, false);
	case REC_redemption_reversal: return on_redemption_reversal(w, &head.redemption_reversal);
	case REC_split:
		return transfer(w, head.split.household, head.split.into, head.split.points);
	default: return on_merge(w, &head.merge);
	}
}

static int walk_entry(struct walk *w, uint64_t seq)
{
	struct bytes leaf, payload;
	struct entry e;
	struct verdict v;
	int err = feedlog_read(w->t, w->no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (err || !moves_something(e.type))
		return err;
	err = read_verdict(w->t, w->no, seq, &v);
	if (err || !verdict_ok(&v))
		return err;
	if (payload_parse(payload.p, payload.n, &w->payload))
		return ERR_CORRUPT;
	return on_entry(w, &e);
}

int moves_walk(struct kv_txn *t, uint32_t feed_no, uint64_t size,
	       int (*fn)(void *ctx, const struct move *m), void *ctx)
{
	struct walk *w = mem_alloc(sizeof(*w));
	int err = w ? ERR_OK : ERR_NOMEM;

	if (err)
		return err;
	w->t = t;
	w->no = feed_no;
	w->fn = fn;
	w->ctx = ctx;
	for (uint64_t seq = 0; seq < size && !err; seq++)
		err = walk_entry(w, seq);
	mem_free(w->sheet);
	mem_free(w->state);
	mem_free(w->account);
	mem_free(w->item);
	mem_free(w);
	return err;
}
