#include "daemon/ledger/rules/rules.h"

#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/state/state_covered.h"
#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"

/* What goes onto paper: notices with their postings. */

/* --- the root of a part of the feed ---------------------------------------------------------------- */
/* The tree may be written later than the entries it stands on (the writer does it before a notice): what it does
 * not hold yet is hashed again, so that the answer follows from the entries alone, whatever batch they came in. */
static int root_at(struct rule_ctx *ctx, uint64_t size, struct hash *ret)
{
	struct feedlog_nodes nodes = {.t = ctx->f->t, .no = ctx->f->feed_no};
	struct bytes leaf, payload;
	struct tlog_edge edge;
	struct feed_head head;
	struct hash h;
	int err = feedlog_head(ctx->f->t, ctx->f->feed_no, &head);

	if (err)
		return err;
	nodes.size = size < head.size ? size : head.size;
	err = tlog_edge_read(nodes.size, feedlog_node, &nodes, &edge);
	while (!err && edge.size < size) {
		err = feedlog_read(ctx->f->t, ctx->f->feed_no, edge.size, &leaf, &payload);
		if (err)
			break;
		hash_leaf(leaf.p, leaf.n, &h);
		err = tlog_append(&edge, &h, NULL, NULL);
	}
	if (!err)
		tlog_root(&edge, ret);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

static int check_root(struct rule_ctx *ctx, const struct rec_notice *r)
{
	bool same = false;
	struct hash root;
	int err;

	if (r->size <= ctx->e->seq) {
		err = root_at(ctx, r->size, &root);
		if (err)
			return err;
		same = bytes_eq(r->root, kv_bytes(root.b, sizeof(root.b)));
	}
	return same ? ERR_OK
		    : rule_refuse(ctx, &(struct refusal){.id = V_NOTICE_ROOT,
							 .num = {(int64_t)r->size,
								 (int64_t)ctx->e->seq}});
}

/* The state that the page shows is made by accepted entries each of which saw no more of the town than the page
 * did. */
static int check_town(struct rule_ctx *ctx, const struct rec_notice *r)
{
	return r->town < ctx->w->meta.town_seen || r->town > ctx->known
		       ? rule_malformed(ctx, "town", 0)
		       : ERR_OK;
}

/* --- notices --------------------------------------------------------------------------------------- */
int rule_notice(struct rule_ctx *ctx)
{
	struct rec_notice r;
	int err;

	rule_head(ctx, &r);
	err = check_root(ctx, &r);
	return err ? err : check_town(ctx, &r);
}

/* --- where a notice hung ---------------------------------------------------------------------------- */
static bool is_periodic(uint32_t kind)
{
	return kind == NOTICE_assessment || kind == NOTICE_redemption;
}

static int get_notice(struct rule_ctx *ctx, uint64_t seq, struct state_notice *ret)
{
	*ret = (struct state_notice){0};
	int err = reader_notice(&ctx->reader, ctx->f->feed_no, seq, ret);

	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* The days of a notice, beside those of others of its kind. */
static int cover(struct rule_ctx *ctx, const struct rec_notice *n, uint64_t seq)
{
	const struct state_covered more = {n->from, n->to, seq};
	struct state_key k;
	struct bytes row;
	int err;

	state_covered_key(&k, ctx->f->feed_no, n->kind);
	err = cache_get_or_empty(ctx->w->rows, &k, &row);
	if (!err)
		err = state_covered_add(row, &more, rule_out(ctx));
	return err ? err : rule_put(ctx, &k);
}

static int put_posted(struct rule_ctx *ctx, const struct rec_posting *r, const struct rec_notice *n)
{
	struct state_notice s;
	struct state_key k;
	int err = get_notice(ctx, r->notice, &s);
	bool first;

	if (err)
		return err;
	first = s.npostings++ == 0;
	if (first || r->to - r->from > s.to - s.from) {
		s.from = r->from;
		s.to = r->to;
	}
	state_notice_pack(&s, rule_out(ctx));
	state_notice_key(&k, ctx->f->feed_no, r->notice);
	err = rule_put(ctx, &k);
	return err || !first || !is_periodic(n->kind) ? err : cover(ctx, n, r->notice);
}

/* A notice is taken down: what is covered is found again from those that are left, which happens rarely. */
struct left {
	struct rule_ctx *ctx;
	uint32_t kind;
	uint64_t seq; /* of the one that goes: this entry has not settled it yet */
};

static int on_left(void *arg, struct bytes key, struct bytes row)
{
	const struct left *l = arg;
	struct state_notice_parts at;
	struct rec_notice n = {0};
	uint64_t by;
	int err = state_notice_split(key, &at);

	(void)row; /* there is one only when it hung */
	if (!err)
		err = rule_ref(l->ctx, at.seq, REC_notice, &n);
	if (err || n.kind != l->kind || at.seq == l->seq)
		return err;
	err = read_settled(&l->ctx->reader, at.seq, &by);
	return err == ERR_NOTFOUND ? cover(l->ctx, &n, at.seq) : err;
}

static int uncover(struct rule_ctx *ctx, uint64_t seq, uint32_t kind)
{
	struct left l = {ctx, kind, seq};
	struct state_key k;
	int err;

	state_covered_key(&k, ctx->f->feed_no, kind);
	err = cache_put(ctx->w->rows, &k, kv_bytes("", 0));
	state_notice_key(&k, ctx->f->feed_no, 0);
	return err ? err : reader_each(&ctx->reader, &k, 0, on_left, &l);
}

static int warn_short(struct rule_ctx *ctx, day_t from, day_t to)
{
	struct rec_scheme s;
	int err = read_scheme_on(&ctx->reader, from, &s);
	int64_t days = (int64_t)to - from + 1;

	if (err)
		return err;
	if (days < (int64_t)s.notice_days)
		rule_warn(ctx, &(struct refusal){.id = V_N06_SHORT,
						 .num = {from, to, days, (int64_t)s.notice_days}});
	return ERR_OK;
}

int rule_posting(struct rule_ctx *ctx)
{
	struct rec_posting r;
	struct rec_notice n;
	int err;

	rule_head(ctx, &r);
	err = rule_ref(ctx, r.notice, REC_notice, &n);
	/* what was taken down is not posted again: what is true now needs a new one */
	if (!err)
		err = rule_unsettled(ctx, r.notice, REC_notice, bytes_str(""));
	if (!err && r.from < n.day)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_POSTED_EARLY,
						     .num = {(int64_t)r.notice, n.day, r.from}});
	if (!err)
		err = put_posted(ctx, &r, &n);
	return err ? err : warn_short(ctx, r.from, r.to);
}

int rule_withdrawal(struct rule_ctx *ctx)
{
	struct rec_withdrawal r;
	struct rec_notice n;
	int err;

	rule_head(ctx, &r);
	err = rule_ref(ctx, r.notice, REC_notice, &n);
	return err || !is_periodic(n.kind) ? err : uncover(ctx, r.notice, n.kind);
}
