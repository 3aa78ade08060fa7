#include "daemon/ledger/rules/rule.h"

#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"

/* What goes onto paper: notices with their postings, passbooks. */

/* --- the root of a part of the feed ---------------------------------------------------------------- */
/* The tree may be written later than the entries it stands on (the writer does it before a notice): what it does
 * not hold yet is hashed again, so that the answer follows from the entries alone, whatever batch they came in. */
static int root_at(struct judged *j, uint64_t size, struct hash *ret)
{
	struct feedlog_nodes nodes = {.t = j->f->t, .no = j->f->feed_no};
	struct bytes leaf, payload;
	struct tlog_edge edge;
	struct feed_head head;
	struct hash h;
	int err = feedlog_head(j->f->t, j->f->feed_no, &head);

	if (err)
		return err;
	nodes.size = size < head.size ? size : head.size;
	err = tlog_edge_read(nodes.size, feedlog_node, &nodes, &edge);
	while (!err && edge.size < size) {
		err = feedlog_read(j->f->t, j->f->feed_no, edge.size, &leaf, &payload);
		if (err)
			break;
		hash_leaf(leaf.p, leaf.n, &h);
		err = tlog_append(&edge, &h, NULL, NULL);
	}
	if (!err)
		tlog_root(&edge, ret);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

static int check_root(struct judged *j, const struct rec_notice *r)
{
	bool same = false;
	struct hash root;
	int err;

	if (r->size <= j->e->seq) {
		err = root_at(j, r->size, &root);
		if (err)
			return err;
		same = bytes_eq(r->root, kv_bytes(root.b, sizeof(root.b)));
	}
	return same ? ERR_OK
		    : fold_refuse(j,
				  &(struct refusal){.id = V_NOTICE_ROOT,
						    .num = {(int64_t)r->size, (int64_t)j->e->seq}});
}

/* The state that the page shows is made by accepted entries each of which saw no more of the town than the page
 * did. */
static int check_town(struct judged *j, const struct rec_notice *r)
{
	return r->town < j->w->meta.town_seen || r->town > j->known ? fold_malformed(j, "town", 0)
								    : ERR_OK;
}

/* --- notices --------------------------------------------------------------------------------------- */
int fold_notice(struct judged *j)
{
	struct rec_notice r;
	int err = fold_head(j, &r);

	if (!err)
		err = fold_not_future(j, r.day);
	if (!err)
		err = fold_period(j, r.from, r.to);
	if (!err)
		err = check_root(j, &r);
	return err ? err : check_town(j, &r);
}

static int warn_short(struct judged *j, day_t from, day_t to)
{
	struct rec_scheme s;
	int err = fold_plan_scheme_on(j, from, &s);
	int64_t days = (int64_t)to - from + 1;

	if (err && err != ERR_NOTFOUND)
		return err;
	if (days < (int64_t)s.notice_days)
		fold_warn(j, &(struct refusal){.id = V_N06_SHORT,
					       .num = {from, to, days, (int64_t)s.notice_days}});
	return ERR_OK;
}

int fold_notice_posting(struct judged *j)
{
	struct rec_posting r;
	struct rec_notice n;
	int err = fold_head(j, &r);

	if (!err && r.photo.n && r.photo.n != HASH_BYTES)
		return fold_malformed(j, "photo", 0);
	if (!err)
		err = fold_ref(j, r.notice, REC_notice, &n);
	/* what was taken down is not posted again: what is true now needs a new one */
	if (!err)
		err = fold_unsettled(j, r.notice, REC_notice);
	if (!err)
		err = fold_not_future(j, r.from);
	if (!err)
		err = fold_period(j, r.from, r.to);
	if (!err && r.from < n.day)
		return fold_refuse(j, &(struct refusal){.id = V_POSTED_EARLY,
							.num = {(int64_t)r.notice, n.day, r.from}});
	return err ? err : warn_short(j, r.from, r.to);
}

int fold_notice_withdrawal(struct judged *j)
{
	struct rec_withdrawal r;
	struct rec_notice n;
	int err = fold_head(j, &r);

	if (!err)
		err = fold_ref(j, r.notice, REC_notice, &n);
	if (!err)
		err = fold_not_future(j, r.day);
	return err ? err : fold_settle(j, r.notice, REC_notice);
}

/* --- passbooks ------------------------------------------------------------------------------------- */
/* The book that was handed out at registration, before there is a row. */
static int registered_book(struct judged *j, const struct state_household *h,
			   struct state_book *ret)
{
	struct bytes leaf, payload;
	struct rec_household r;
	struct entry e;
	int err = feedlog_read(j->f->t, j->f->feed_no, h->entry, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (err || e.type != REC_household) /* a split hands out no book */
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	err = feedlog_payload(j->f->t, j->f->feed_no, h->entry, &j->w->target);
	if (!err && rec_decode_head(rec_type_of(REC_household), &j->w->target, &r))
		err = ERR_CORRUPT;
	if (!err)
		*ret = (struct state_book){
			.seq = h->entry, .held = r.passbook.n > 0, .number = r.passbook};
	return err;
}

static int get_book(struct judged *j, struct bytes household, const struct state_household *h,
		    struct state_book *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	*ret = (struct state_book){0};
	state_book_key(&k, j->f->feed_no, household);
	err = rows_get(j->w->rows, &k, &row);
	if (err == ERR_NOTFOUND)
		return registered_book(j, h, ret);
	return err ? err : state_book_parse(row, ret);
}

static int check_book(struct judged *j, const struct rec_passbook *r, const struct state_book *b)
{
	if (r->action == BOOK_issue)
		return b->held ? fold_refuse(j, &(struct refusal){.id = V_BOOK_HAS,
								  .num = {(int64_t)b->seq},
								  .s = r->household})
			       : ERR_OK;
	if (!b->held)
		return fold_refuse(j, &(struct refusal){.id = V_BOOK_NONE, .s = r->household});
	if (r->action == BOOK_replace)
		return ERR_OK;
	if (!bytes_eq(r->number, b->number))
		return fold_refuse(j, &(struct refusal){.id = V_BOOK_NUMBER,
							.s = r->household,
							.t = b->number});
	/* the next lines go beneath those that are there, or all of them into an empty book */
	if (r->action == BOOK_print && r->began && r->began != b->lines)
		return fold_refuse(j,
				   &(struct refusal){.id = V_BOOK_GAP,
						     .num = {(int64_t)b->lines, (int64_t)r->began},
						     .s = r->household});
	if (r->action == BOOK_print && (r->upto < b->upto || r->lines < b->lines))
		return fold_refuse(j,
				   &(struct refusal){.id = V_BOOK_BACK,
						     .num = {(int64_t)b->upto, (int64_t)b->lines,
							     (int64_t)r->upto, (int64_t)r->lines},
						     .s = r->household});
	return ERR_OK;
}

static int put_book(struct judged *j, const struct rec_passbook *r, const struct state_book *old)
{
	struct state_book b = {.seq = j->e->seq, .held = true, .number = r->number};
	struct state_key k;

	if (r->action == BOOK_print)
		b.seq = old->seq;
	/* a book may be handed out with its first lines printed */
	b.upto = r->upto;
	b.lines = r->lines;
	b.balance = points_raw(r->balance);
	if (r->action == BOOK_give_up) {
		b = *old;
		b.held = false;
	}
	state_book_pack(&b, fold_out(j));
	state_book_key(&k, j->f->feed_no, r->household);
	return fold_put(j, &k);
}

int fold_notice_passbook(struct judged *j)
{
	struct state_household h;
	struct rec_passbook r;
	struct state_book b;
	int err = fold_head(j, &r);

	if (!err && r.upto > j->e->seq)
		return fold_malformed(j, "upto", 0);
	/* the book of a household that has left is still to be taken back */
	if (!err)
		err = r.action == BOOK_give_up ? fold_roster_known(j, 0, r.household, &h)
					       : fold_roster_need(j, 0, r.household, 0, &h);
	/* who left the scheme keeps a book that is there */
	if (!err && r.action == BOOK_issue)
		err = fold_roster_part(j, r.household, &h);
	if (!err)
		err = fold_not_future(j, r.day);
	if (!err)
		err = get_book(j, r.household, &h, &b);
	if (!err)
		err = check_book(j, &r, &b);
	return err ? err : put_book(j, &r, &b);
}
