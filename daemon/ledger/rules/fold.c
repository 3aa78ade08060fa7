#include "daemon/ledger/rules/fold.h"

#include <string.h>

#include "daemon/ledger/rules/rule.h"
#include "lib/err.h"
#include "lib/mem.h"

static int load_meta(struct fold *f)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, f->feed_no, STATE_META);
	err = rows_get(f->work->rows, &k, &row);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return state_meta_parse(row, &f->work->meta);
}

int fold_open(struct fold *f, struct kv_txn *t, const struct hash *town,
	      const struct feed_head *head)
{
	int err = ERR_NOMEM;

	*f = (struct fold){.t = t, .town = *town, .feed_no = head->no, .feed_id = head->id};
	f->work = mem_alloc(sizeof(*f->work));
	if (!f->work)
		return err;
	err = rows_new(t, head->no, &f->work->rows);
	if (!err)
		err = load_meta(f);
	if (err) {
		fold_close(f);
		return err;
	}
	f->town_seen = f->work->meta.town_seen;
	return ERR_OK;
}

void fold_close(struct fold *f)
{
	struct fold_work *w = f->work;

	if (!w)
		return;
	/* an error stays in the transaction, which then cannot be committed */
	if (w->rows)
		(void)rows_flush(w->rows);
	rows_free(w->rows);
	buf_close(&w->out);
	mem_free(w->item);
	mem_free(w->adopt);
	mem_free(w->told_days);
	mem_free(w);
	f->work = NULL;
}

int fold_flush(struct fold *f)
{
	return rows_flush(f->work->rows);
}

/* --- what rules use -------------------------------------------------------------------------------- */
static void set_reason(struct reason *to, const struct refusal *r)
{
	memset(to, 0, sizeof(*to));
	to->id = r->id;
	memcpy(to->num, r->num, sizeof(to->num));
	reason_set_text(to->s, r->s.p, r->s.n);
	reason_set_text(to->t, r->t.p, r->t.n);
}

int fold_refuse(struct judged *j, const struct refusal *r)
{
	set_reason(&j->v->reason, r);
	j->v->nwarn = 0;
	return FOLD_REFUSED;
}

void fold_warn(struct judged *j, const struct refusal *r)
{
	struct reason reason;

	set_reason(&reason, r);
	verdict_warn(j->v, &reason);
	if (j->f->warned)
		j->f->warned(j->f->warned_ctx, &reason);
}

/* "points[3].day": part 0 is the head; no field when the shape as a whole is wrong. */
int fold_malformed(struct judged *j, const char *field, uint32_t part)
{
	uint8_t text[REASON_TEXT_MAX];
	struct buf b = {.p = text, .cap = sizeof(text), .max = sizeof(text)};

	buf_puts(&b, j->type->name);
	buf_put_u8(&b, '[');
	if (part >= 100)
		buf_put_u8(&b, (uint8_t)('0' + part / 100));
	if (part >= 10)
		buf_put_u8(&b, (uint8_t)('0' + part / 10 % 10));
	buf_put_u8(&b, (uint8_t)('0' + part % 10));
	buf_put_u8(&b, ']');
	if (field) {
		buf_put_u8(&b, '.');
		buf_puts(&b, field);
	}
	return fold_refuse(j, &(struct refusal){.id = V_MALFORMED, .s = buf_bytes(&b)});
}

int fold_head(struct judged *j, void *ret)
{
	return rec_decode_head(j->type, j->payload, ret) ? fold_malformed(j, NULL, 0) : ERR_OK;
}

int fold_line(struct judged *j, uint32_t i, void *ret)
{
	if (rec_decode_line(j->type, j->payload, i, ret))
		return fold_malformed(j, NULL, i + 1);
	return ERR_OK;
}

struct buf *fold_out(struct judged *j)
{
	buf_reset(&j->w->out);
	return &j->w->out;
}

int fold_put(struct judged *j, const struct state_key *k)
{
	if (j->w->out.err)
		return j->w->out.err;
	return rows_put(j->w->rows, k, buf_bytes(&j->w->out));
}

int fold_town_row(struct judged *j, const struct state_key *k, struct bytes *ret)
{
	return j->is_town ? rows_get(j->w->rows, k, ret)
			  : kv_get(j->f->t, KV_STATE, state_key_bytes(k), ret);
}

/* --- judging --------------------------------------------------------------------------------------- */
/* A signed transaction counts once: who replays it writes an entry without effect. */
static int check_txid(struct judged *j)
{
	uint64_t seq;
	int err = feedlog_txid(j->f->t, j->f->feed_no, j->e->txid, &seq);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	if (seq >= j->e->seq)
		return ERR_OK;
	return fold_refuse(j, &(struct refusal){.id = V_TXID_REUSED, .num = {(int64_t)seq}});
}

static int check_form(struct judged *j, bool author_ok)
{
	const struct entry *e = j->e;

	if (!author_ok)
		return fold_refuse(j, &(struct refusal){.id = V_BAD_SIGNATURE});
	j->type = rec_type_of(e->type);
	if (!j->type || e->schema > j->type->schema)
		return fold_refuse(j, &(struct refusal){.id = V_UNKNOWN_TYPE,
							.num = {e->type, e->schema}});
	if (!(j->type->feed & (j->is_town ? REC_FEED_TOWN : REC_FEED_VILLAGE)))
		return fold_refuse(j, &(struct refusal){.id = V_WRONG_FEED,
							.s = fold_text(j->type->name)});
	if (!j->is_town && e->town_seen < j->w->meta.town_seen)
		return fold_refuse(j, &(struct refusal){.id = V_TOWN_SEEN,
							.num = {(int64_t)e->town_seen,
								(int64_t)j->w->meta.town_seen}});
	return check_txid(j);
}

/* How much of the town feed is held here; read again only when it was too little. */
static int check_town_held(struct judged *j)
{
	struct feed_head head;
	int err;

	if (j->known <= j->w->town_held)
		return ERR_OK;
	err = feedlog_head(j->f->t, FEED_TOWN, &head);
	if (err && err != ERR_NOTFOUND)
		return err;
	j->w->town_held = err ? 0 : head.size;
	return j->known <= j->w->town_held ? ERR_OK : ERR_STATE;
}

static int check_enrolled(struct judged *j)
{
	struct fold_work *w = j->w;
	struct state_enrol en;
	struct state_key k;
	struct bytes row;
	int err;

	if (!w->enrolled) {
		state_key_of(&k, FEED_TOWN, STATE_ENROL);
		state_key_raw(&k, j->f->feed_id.b, HASH_BYTES);
		err = fold_town_row(j, &k, &row);
		if (!err)
			err = state_enrol_parse(row, &en);
		if (err && err != ERR_NOTFOUND)
			return err;
		if (!err) {
			w->enrolled = true;
			w->enrol_seq = en.seq;
			memcpy(w->code, en.code.p,
			       en.code.n < sizeof(w->code) ? en.code.n : sizeof(w->code) - 1);
		}
	}
	if (w->enrolled && w->enrol_seq < j->known)
		return ERR_OK;
	return fold_refuse(j, &(struct refusal){.id = V_NOT_ENROLLED, .num = {(int64_t)j->known}});
}

static int check_charter(struct judged *j)
{
	bool is_charter = j->e->type == REC_town_charter;

	if (is_charter == (j->e->seq == 0) && is_charter != j->w->meta.chartered)
		return ERR_OK;
	return fold_refuse(j,
			   &(struct refusal){.id = V_CHARTER_ORDER, .num = {(int64_t)j->e->seq}});
}

static int apply_rule(struct judged *j)
{
	switch ((enum rec_code)j->e->type) {
	case REC_town_charter: return fold_town_charter(j);
	case REC_invitation: return fold_town_invitation(j);
	case REC_village_enrol: return fold_town_enrol(j);
	case REC_catalogue: return fold_catalogue_issue(j);
	case REC_grant: return fold_rights_grant(j);
	case REC_revoke: return fold_rights_revoke(j);
	case REC_adopt_catalogue: return fold_catalogue_adopt(j);
	case REC_household: return fold_roster_household(j);
	case REC_roster_change: return fold_roster_change(j);
	case REC_roster_correction: return fold_roster_correct(j);
	case REC_points: return fold_points_record(j);
	case REC_review: return fold_steps_review(j);
	case REC_confirm: return fold_steps_confirm(j);
	case REC_reversal: return fold_steps_reverse(j);
	case REC_filing_reply: return fold_filing_reply(j);
	case REC_guidance: return fold_town_guidance(j);
	case REC_guidance_close: return fold_town_guidance_close(j);
	case REC_demonstration: return fold_town_demonstration(j);
	case REC_village_fact: return fold_town_village_fact(j);
	case REC_member_join: return fold_roster_join(j);
	case REC_residence: return fold_roster_residence(j);
	case REC_consent: return fold_roster_consent(j);
	case REC_split: return fold_family_split(j);
	case REC_merge: return fold_family_merge(j);
	case REC_kin: return fold_people_kin(j);
	case REC_post: return fold_people_post(j);
	case REC_application: return fold_objection_application(j);
	case REC_application_reply: return fold_objection_application_reply(j);
	case REC_told: return fold_objection_told(j);
	case REC_objection: return fold_objection_raise(j);
	case REC_objection_reply: return fold_objection_reply(j);
	case REC_submission: return fold_filing_submit(j);
	case REC_plan: return fold_plan(j);
	case REC_scheme: return fold_plan_scheme(j);
	case REC_prices: return fold_store_prices(j);
	case REC_opening: return fold_store_opening(j);
	case REC_store: return fold_village_plain(j);
	case REC_redemption: return fold_redeem(j);
	case REC_redemption_reversal: return fold_redeem_reverse(j);
	case REC_appraisal: return fold_year_appraise(j);
	case REC_appraisal_confirm: return fold_year_confirm(j);
	case REC_year_close: return fold_year_close(j);
	case REC_honour: return fold_year_honour(j);
	case REC_policy_support: return fold_year_policy(j);
	case REC_notice: return fold_notice(j);
	case REC_posting: return fold_notice_posting(j);
	case REC_withdrawal: return fold_notice_withdrawal(j);
	case REC_passbook: return fold_notice_passbook(j);
	case REC_meeting: return fold_village_plain(j);
	case REC_consultation: return fold_village_plain(j);
	case REC_training: return fold_village_plain(j);
	case REC_facility: return fold_village_facility(j);
	case REC_facility_check: return fold_village_check(j);
	case REC_intent: return fold_village_plain(j);
	case REC_guidance_reply: return fold_village_guidance_reply(j);
	case REC_complaint: return fold_objection_complain(j);
	case REC_complaint_reply: return fold_objection_complaint_reply(j);
	case REC_inspection: return fold_village_plain(j);
	case REC_case_note: return fold_village_case(j);
	}
	/* a record type without a rule */
	return fold_refuse(j, &(struct refusal){.id = V_UNKNOWN_TYPE,
						.num = {j->e->type, j->e->schema}});
}

static int put_meta(struct judged *j)
{
	struct state_key k;

	if (!j->is_town && j->e->town_seen > j->meta.town_seen) {
		j->meta.town_seen = j->e->town_seen;
		j->meta_changed = true;
	}
	if (!j->meta_changed)
		return ERR_OK;
	state_key_of(&k, j->f->feed_no, STATE_META);
	state_meta_pack(&j->meta, fold_out(j));
	return fold_put(j, &k);
}

/* The index by type, for registers and for what later entries refer to. */
static int put_listed(struct judged *j)
{
	struct state_key k;

	if (!j->type->listed)
		return ERR_OK;
	state_key_of(&k, j->f->feed_no, STATE_LISTED);
	state_key_u16(&k, j->e->type);
	state_key_u64(&k, j->e->seq);
	return fold_put_mark(j, &k);
}

static int judge(struct judged *j, struct bytes payload, bool author_ok)
{
	int err = check_form(j, author_ok);

	if (!err && !j->is_town)
		err = check_town_held(j);
	if (!err)
		err = j->is_town ? check_charter(j) : check_enrolled(j);
	if (err)
		return err;
	if (payload_parse(payload.p, payload.n, &j->w->payload) ||
	    rec_nlines(j->type, j->payload, &j->nlines))
		return fold_malformed(j, NULL, 0);
	if (j->type->roles)
		err = fold_rights_check(j, j->type->roles);
	if (!err)
		err = apply_rule(j);
	if (!err)
		err = put_listed(j);
	if (!err)
		err = put_meta(j);
	return err;
}

static int run(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       bool keep, struct verdict *ret)
{
	struct judged j = {.f = f, .w = f->work, .e = e, .payload = &f->work->payload, .v = ret};
	int err;

	j.is_town = f->feed_no == FEED_TOWN;
	j.known = j.is_town ? e->seq : e->town_seen;
	j.today = day_of_ms(e->wall_ms);
	j.meta = f->work->meta;
	memset(&ret->reason, 0, sizeof(ret->reason));
	ret->nwarn = 0;
	err = rows_begin(f->work->rows);
	if (err)
		return err;
	err = judge(&j, payload, author_ok);
	if (err || !keep) {
		rows_rollback(f->work->rows);
		return err == FOLD_REFUSED ? ERR_OK : err;
	}
	rows_commit(f->work->rows);
	f->work->meta = j.meta;
	f->town_seen = j.meta.town_seen;
	if (j.adopts_changed)
		f->work->adopts_known = false;
	if (e->type == REC_scheme)
		f->work->schemes_known = false;
	if (j.years_changed)
		memset(f->work->year, FOLD_YEAR_UNKNOWN, sizeof(f->work->year));
	/* villages may look at the town's rows at once */
	return j.is_town ? rows_flush(f->work->rows) : ERR_OK;
}

int fold_apply(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       struct verdict *ret)
{
	return run(f, e, payload, author_ok, true, ret);
}

int fold_judge(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       struct verdict *ret)
{
	return run(f, e, payload, author_ok, false, ret);
}

int fold_digest(struct kv_txn *t, uint32_t feed_no, struct hash *ret)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	struct sha256 s;
	uint8_t no[STATE_FEED_LEN], len[8];
	int err = kv_cursor_open(t, KV_STATE, &c);

	if (err)
		return err;
	sha256_start(&s);
	be32_put(no, feed_no);
	for (err = kv_seek(c, KV_GE, kv_bytes(no, sizeof(no)), &key, &val);
	     !err && key.n > sizeof(no) && memcmp(key.p, no, sizeof(no)) == 0;
	     err = kv_seek(c, KV_NEXT, key, &key, &val)) {
		be32_put(len, (uint32_t)(key.n - sizeof(no)));
		be32_put(len + 4, (uint32_t)val.n);
		sha256_add(&s, len, sizeof(len));
		sha256_add(&s, key.p + sizeof(no), key.n - sizeof(no));
		sha256_add(&s, val.p, val.n);
	}
	kv_cursor_close(c);
	if (err && err != ERR_NOTFOUND)
		return err;
	sha256_end(&s, ret);
	return ERR_OK;
}
