#include "tests/lib/held.h"

#include "daemon/feed/sigs.h"
#include "lib/err.h"
#include "tests/lib/life.h"
#include "tests/lib/t.h"

#define NOW_S 1767225600

/* What the writer does with a verdict that is not a plain acceptance. */
static void keep(struct held *h, uint32_t no, enum verdict_id want)
{
	uint8_t key[VERDICT_KEY_BYTES];
	struct buf b = {0};
	struct kv_txn *t;

	T_EQ(h->w.last.reason.id, want);
	if (want == V_ACCEPTED && h->w.last.nwarn == 0)
		return;
	T_EQ(verdict_pack(&h->w.last, &b), ERR_OK);
	uint64_t seq = town_size(&h->w, no) - 1;
	T_EQ(kv_begin(h->kv, true, &t), ERR_OK);
	T_EQ(kv_put(t, KV_VERDICT, verdict_key(key, no, seq), buf_bytes(&b)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	buf_close(&b);
}

static void keep_accepted(void *ctx, uint32_t no)
{
	keep(ctx, no, V_ACCEPTED);
}

/* A transaction as its author signed it, appended twice, or with a bit of its signature turned. */
static void append_by_hand(struct held *h, uint32_t no, const char *author, bool twice, bool forged)
{
	struct rec_adopt_catalogue adopt = {.version = TOWN_VERSIONS + 1,
					    .base = 1,
					    .from = town_day(TOWN_YEAR_LAST + 1, 1, 1)};
	struct buf payload = {0};
	struct feed_head fh;
	struct kv_txn *t;
	struct entry e;

	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, no, &fh), ERR_OK);
	kv_abort(t);
	town_tx(&h->w, &fh.id, town_size(&h->w, FEED_TOWN), author,
		rec_type_of(REC_adopt_catalogue), &adopt, NULL, 0, &e, &payload);
	if (forged)
		e.sig[9] ^= 4;
	town_append(&h->w, no, &e, buf_bytes(&payload), !forged);
	keep(h, no, forged ? V_BAD_SIGNATURE : V_ACCEPTED);
	if (twice) {
		town_append(&h->w, no, &e, buf_bytes(&payload), true);
		keep(h, no, V_TXID_REUSED);
	}
	buf_close(&payload);
}

/* So many postings of one household that the next do not fit in the row of its account. */
#define MANY 28
static void earn_much(struct held *h, uint32_t no, const char *code)
{
	struct rec_points_line l[MANY];
	char rec[40], rev[40], con[40];
	uint64_t at;

	snprintf(rec, sizeof(rec), "rec/%s", code);
	snprintf(rev, sizeof(rev), "rev/%s", code);
	snprintf(con, sizeof(con), "con/%s", code);
	for (int i = 0; i < MANY; i++)
		l[i] = town_line("003", 0, "Z001", town_day(2026, 2, 1) - i);
	town_points(&h->w, no, rec, l, MANY);
	keep(h, no, V_ACCEPTED);
	at = town_size(&h->w, no) - 1;
	town_step(&h->w, no, rev, REC_review, at, 0, DECISION_agree);
	keep(h, no, V_ACCEPTED);
	town_step(&h->w, no, con, REC_confirm, at, 0, DECISION_agree);
	keep(h, no, V_ACCEPTED);
}

static void work(struct held *h, uint32_t no, const char *code)
{
	char rec[40], rev[40], con[40], head[40], house[16];
	day_t day = town_day(2026, 2, 1);

	snprintf(rec, sizeof(rec), "rec/%s", code);
	snprintf(rev, sizeof(rev), "rev/%s", code);
	snprintf(con, sizeof(con), "con/%s", code);
	snprintf(head, sizeof(head), "head/%s", code);
	for (int i = 0; i < 4; i++) {
		snprintf(house, sizeof(house), "00%d", i);
		town_household(&h->w, no, rec, house, 2);
		keep(h, no, V_ACCEPTED);
	}
	if (no == h->a)
		earn_much(h, no, code);
	for (int i = 0; i < 8; i++) {
		snprintf(house, sizeof(house), "00%d", i % 4);
		struct rec_points_line l[2] = {town_line(house, 0, "A101", day - i),
					       town_line(house, 1, "C101", day - i)};
		l[0].evidence_no = town_b("2026-7"); /* used again: a warning */
		town_points(&h->w, no, rec, l, 2);
		keep(h, no, V_ACCEPTED);
		uint64_t at = town_size(&h->w, no) - 1;
		town_step(&h->w, no, rev, REC_review, at, 0, DECISION_agree);
		keep(h, no, V_ACCEPTED);
		town_step(&h->w, no, con, REC_confirm, at, i == 7 ? 1 : 0, DECISION_agree);
		keep(h, no, V_ACCEPTED);
		if (i == 0) {
			town_reverse(&h->w, no, con, at, 1);
			keep(h, no, h->w.last.reason.id);
		}
	}
	/* and one line that waits, one that was refused */
	struct rec_points_line more[2] = {town_line("000", 0, "Z001", day),
					  town_line("001", 1, "Z002", day)};
	town_points(&h->w, no, rec, more, 2);
	keep(h, no, V_ACCEPTED);
	town_step(&h->w, no, rev, REC_review, town_size(&h->w, no) - 1, 2, DECISION_refuse);
	keep(h, no, V_ACCEPTED);
	struct rec_points_line bad = town_line("999", 0, "A101", day);
	town_points(&h->w, no, rec, &bad, 1);
	keep(h, no, V_HOUSEHOLD_UNKNOWN);
	append_by_hand(h, no, head, true, false);
	append_by_hand(h, no, head, false, true);
}

static void root_at(struct kv_txn *t, uint32_t no, uint64_t size, struct checkpoint *ret)
{
	struct feed_head fh;

	T_EQ(feedlog_head(t, no, &fh), ERR_OK);
	*ret = (struct checkpoint){.size = size};
	memcpy(ret->origin, fh.origin, sizeof(ret->origin));
	T_EQ(feedlog_root(t, no, size, &ret->root), ERR_OK);
}

static void cosign(struct held *h, struct kv_txn *t, uint32_t no, uint64_t size,
		   const char *witness)
{
	const struct sign_key *key = town_key(&h->w, witness);
	struct sigs_cosig c = {.size = size};
	struct checkpoint cp;

	root_at(t, no, size, &cp);
	c.root = cp.root;
	memcpy(c.witness, sign_key_public(key), SIGN_KEY_BYTES);
	T_EQ(cosig_make(&cp, key, NOW_S, &c.cosig), ERR_OK);
	T_EQ(sigs_cosig_put(t, no, &c), ERR_OK);
}

static void seal(struct held *h, struct kv_txn *t, uint32_t no, const char *key)
{
	struct sigs_sealed s;
	struct checkpoint cp;
	struct feed_head fh;

	T_EQ(feedlog_head(t, no, &fh), ERR_OK);
	root_at(t, no, fh.size, &cp);
	s = (struct sigs_sealed){.size = fh.size, .root = cp.root};
	T_EQ(checkpoint_sign(&cp, town_key(&h->w, key), s.sig), ERR_OK);
	T_EQ(sigs_sealed_put(t, no, &s), ERR_OK);
	if (no == FEED_TOWN) {
		h->guard = (struct guard){.epoch = 1, .size = s.size, .root = s.root};
		memcpy(h->guard.sig, s.sig, SIGN_BYTES);
	}
}

static void sign_all(struct held *h)
{
	struct sigs_acked acked = {.size = 3};
	struct checkpoint cp;
	struct kv_txn *t;

	T_EQ(kv_begin(h->kv, true, &t), ERR_OK);
	seal(h, t, FEED_TOWN, "feed/town");
	seal(h, t, h->a, "feed/" HELD_CODE_A);
	seal(h, t, h->b, "feed/" HELD_CODE_B);
	cosign(h, t, FEED_TOWN, 5, "witness/" HELD_CODE_A);
	cosign(h, t, FEED_TOWN, 6, "witness/" HELD_CODE_B);
	cosign(h, t, h->a, 20, "witness/town");
	cosign(h, t, h->b, 7, "witness/town");
	root_at(t, FEED_TOWN, 3, &cp);
	acked.root = cp.root;
	T_EQ(sigs_acked_put(t, FEED_TOWN, &acked), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

uint32_t held_rows(struct kv *kv, struct held_row *rows, uint32_t max)
{
	struct kv_txn *t;
	uint32_t n = 0;

	T_EQ(kv_begin(kv, false, &t), ERR_OK);
	for (int tab = 0; tab < KV_NTABLES; tab++) {
		struct bytes k = {0}, v;
		struct kv_cursor *c;

		T_EQ(kv_cursor_open(t, (enum kv_table)tab, &c), ERR_OK);
		for (int err = kv_seek(c, KV_GE, k, &k, &v); !err;
		     err = kv_seek(c, KV_NEXT, k, &k, &v)) {
			struct held_row *r = &rows[n++];

			T_OK(n <= max);
			T_OK(v.n <= sizeof(r->v));
			*r = (struct held_row){.tab = (enum kv_table)tab, .kn = k.n, .vn = v.n};
			memcpy(r->k, k.p, k.n);
			memcpy(r->v, v.p, v.n);
		}
		kv_cursor_close(c);
	}
	kv_abort(t);
	return n;
}

void held_make(struct held *h, struct kv *kv)
{
	memset(h, 0, sizeof(*h));
	if (kv)
		town_init(&h->w, kv, 11);
	else
		town_new(&h->w, 11);
	h->kv = h->w.kv;
	town_found(&h->w);
	T_EQ(town_catalogue(&h->w, 1), V_ACCEPTED);
	h->a = town_village(&h->w, HELD_CODE_A);
	h->b = town_village(&h->w, HELD_CODE_B);
	life_live(&(struct life){
		.w = &h->w, .no = h->a, .code = HELD_CODE_A, .after = keep_accepted, .ctx = h});
	work(h, h->a, HELD_CODE_A);
	work(h, h->b, HELD_CODE_B);
	for (int i = 0; i < 12; i++) {
		char person[16];

		snprintf(person, sizeof(person), "clerk %d", i);
		town_grant(&h->w, FEED_TOWN, i == 3 ? "nobody" : "office", person,
			   ROLE_town_finance, "");
		keep(h, FEED_TOWN, i == 3 ? h->w.last.reason.id : V_ACCEPTED);
	}
	sign_all(h);
	h->nrows = held_rows(h->kv, h->rows, HELD_ROWS_MAX);
}

void held_close(struct held *h)
{
	town_close(&h->w);
}

uint8_t held_kind(const struct held_row *r)
{
	switch (r->tab) {
	case KV_STATE:
	case KV_NOTE:
	case KV_TREE: return r->k[4];
	case KV_FEED: return r->k[0];
	case KV_META:
	case KV_ENTRY:
	case KV_TXID:
	case KV_VERDICT:
	case KV_NTABLES: break;
	}
	return 0;
}
