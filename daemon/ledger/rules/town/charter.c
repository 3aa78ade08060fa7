#include "daemon/ledger/rules/rule.h"

#include "lib/err.h"
#include "proto/manifest.h"

static void village_key(struct state_key *k, struct bytes code)
{
	state_key_of(k, FEED_TOWN, STATE_VILLAGE);
	state_key_text(k, code);
}

static void key_row(struct state_key *k, enum state_kind kind, const uint8_t key[32])
{
	state_key_of(k, FEED_TOWN, kind);
	state_key_raw(k, key, 32);
}

static int enrolled_already(struct judged *j, struct bytes code)
{
	return fold_refuse(j, &(struct refusal){.id = V_ENROLLED_ALREADY, .s = code});
}

/* A key that a node has brought is that node's for ever, and serves one purpose. */
static int claim_key(struct judged *j, enum state_kind kind, const uint8_t key[32],
		     struct bytes code)
{
	struct state_key k;
	struct bytes row;
	int err;

	key_row(&k, kind, key);
	err = rows_get(j->w->rows, &k, &row);
	if (err == ERR_NOTFOUND)
		return rows_put(j->w->rows, &k, code);
	if (err)
		return err;
	if (kind == STATE_TRANSPORT)
		return enrolled_already(j, row);
	return fold_refuse(j, &(struct refusal){.id = V_KEY_TAKEN, .s = row});
}

static int claim_keys(struct judged *j, const uint8_t feed[32], const uint8_t witness[32],
		      const uint8_t transport[32], struct bytes code)
{
	int err = claim_key(j, STATE_TRANSPORT, transport, code);

	if (!err)
		err = claim_key(j, STATE_SIGNER, feed, code);
	return err ? err : claim_key(j, STATE_SIGNER, witness, code);
}

int fold_town_charter(struct judged *j)
{
	struct state_role office = {.role = ROLE_town_office};
	struct rec_town_charter c;
	char domain[DOMAIN_MAX + 1] = "";
	int err = fold_head(j, &c);

	if (err)
		return err;
	if (c.domain.n < sizeof(domain))
		memcpy(domain, c.domain.p, c.domain.n);
	if (!domain_valid(domain))
		return fold_malformed(j, "domain", 0);
	if (memcmp(j->e->author, c.founder_key.p, SIGN_KEY_BYTES) != 0)
		return fold_refuse(j, &(struct refusal){.id = V_CHARTER_KEY, .s = c.founder_name});
	err = claim_keys(j, c.feed_key.p, c.witness_key.p, c.transport_key.p, c.code);
	if (err)
		return err;
	j->meta.chartered = true;
	j->meta_changed = true;
	return fold_rights_give(j, c.founder_key.p, c.founder_name, &office);
}

/* The village as far as it is known; ERR_NOTFOUND. */
static int get_village(struct judged *j, struct bytes code, struct state_village *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	village_key(&k, code);
	err = rows_get(j->w->rows, &k, &row);
	return err ? err : state_village_parse(row, ret);
}

int fold_town_invitation(struct judged *j)
{
	struct state_village village = {0};
	struct state_invite invite;
	struct rec_invitation r;
	struct state_key k;
	struct bytes row;
	int err = fold_head(j, &r);

	if (err)
		return err;
	err = get_village(j, r.village_code, &village);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (village.enrolled)
		return enrolled_already(j, r.village_code);
	village.name = r.village_name;
	village_key(&k, r.village_code);
	state_village_pack(&village, fold_out(j));
	err = fold_put(j, &k);
	if (err)
		return err;
	key_row(&k, STATE_INVITE, r.invite_key.p);
	err = rows_get(j->w->rows, &k, &row);
	if (!err)
		err = state_invite_parse(row, &invite);
	if (!err)
		return fold_refuse(j, &(struct refusal){.id = V_INVITE_KEY_TAKEN,
							.num = {(int64_t)invite.seq}});
	if (err != ERR_NOTFOUND)
		return err;
	invite = (struct state_invite){
		.seq = j->e->seq, .code = r.village_code, .expires = r.expires};
	state_invite_pack(&invite, fold_out(j));
	return fold_put(j, &k);
}

/* The invitation whose key signed this entry; it is used up. */
static int use_invitation(struct judged *j, struct bytes code)
{
	struct state_invite invite;
	struct state_key k;
	struct bytes row;
	int err;

	key_row(&k, STATE_INVITE, j->e->author);
	err = rows_get(j->w->rows, &k, &row);
	if (!err)
		err = state_invite_parse(row, &invite);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (err || invite.used || !bytes_eq(invite.code, code))
		return fold_refuse(j, &(struct refusal){.id = V_INVITE_UNKNOWN, .s = code});
	if (j->today != DAY_NONE && invite.expires != DAY_NONE && j->today > invite.expires)
		return fold_refuse(j, &(struct refusal){.id = V_INVITE_EXPIRED,
							.num = {invite.expires, j->today}});
	invite.used = true;
	state_invite_pack(&invite, fold_out(j));
	return fold_put(j, &k);
}

/* Puts the feed and its keys on record; they name one village for ever. */
static int enrol_keys(struct judged *j, const struct rec_village_enrol *r)
{
	struct state_enrol en = {.seq = j->e->seq, .code = r->village_code};
	struct manifest m;
	struct state_key k;
	struct bytes row;
	struct hash id;
	int err;

	if (manifest_parse(r->manifest.p, r->manifest.n, &m) || hash_cmp(&m.town, &j->f->town) != 0)
		return fold_refuse(j,
				   &(struct refusal){.id = V_BAD_MANIFEST, .s = r->village_code});
	manifest_feed_id(r->manifest.p, r->manifest.n, &id);
	if (hash_cmp(&id, &j->f->feed_id) == 0)
		return fold_refuse(j,
				   &(struct refusal){.id = V_BAD_MANIFEST, .s = r->village_code});
	key_row(&k, STATE_ENROL, id.b);
	err = rows_get(j->w->rows, &k, &row);
	if (!err) {
		err = state_enrol_parse(row, &en);
		return err ? err : enrolled_already(j, en.code);
	}
	if (err != ERR_NOTFOUND)
		return err;
	state_enrol_pack(&en, fold_out(j));
	err = fold_put(j, &k);
	return err ? err
		   : claim_keys(j, m.feed_key, r->witness_key.p, r->transport_key.p,
				r->village_code);
}

int fold_town_enrol(struct judged *j)
{
	struct state_role committee = {.role = ROLE_committee};
	struct state_village village;
	struct rec_village_enrol r;
	struct state_key k;
	int err = fold_head(j, &r);

	if (!err)
		err = use_invitation(j, r.village_code);
	if (!err)
		err = get_village(j, r.village_code, &village);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (village.enrolled)
		return enrolled_already(j, r.village_code);
	err = enrol_keys(j, &r);
	if (err)
		return err;
	village.enrolled = true;
	village.enrol = j->e->seq;
	village_key(&k, r.village_code);
	state_village_pack(&village, fold_out(j));
	err = fold_put(j, &k);
	if (err)
		return err;
	memcpy(committee.village, r.village_code.p, r.village_code.n);
	return fold_rights_give(j, r.head_key.p, r.head_name, &committee);
}
