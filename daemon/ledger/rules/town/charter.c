#include "daemon/ledger/rules/rules.h"

#include "daemon/ledger/rules/open.h"
#include "daemon/ledger/rules/rights.h"
#include "lib/err.h"
#include "proto/manifest.h"

static int enrolled_already(struct rule_ctx *ctx, struct bytes code)
{
	return rule_refuse(ctx, &(struct refusal){.id = V_ENROLLED_ALREADY, .s = code});
}

/* A key that a node has brought is that node's for ever, and serves one purpose. */
static int claim_signer(struct rule_ctx *ctx, const uint8_t key[32], struct bytes code)
{
	struct state_raw owner;
	struct state_key k;
	int err = reader_signer(&ctx->reader, FEED_TOWN, key, &owner);

	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_KEY_TAKEN, .s = owner.b});
	if (err != ERR_NOTFOUND)
		return err;
	state_signer_key(&k, FEED_TOWN, key);
	return cache_put(ctx->w->rows, &k, code);
}

static int claim_transport(struct rule_ctx *ctx, const uint8_t key[32], struct bytes code)
{
	struct state_raw owner;
	struct state_key k;
	int err = reader_transport(&ctx->reader, FEED_TOWN, key, &owner);

	if (!err)
		return enrolled_already(ctx, owner.b);
	if (err != ERR_NOTFOUND)
		return err;
	state_transport_key(&k, FEED_TOWN, key);
	return cache_put(ctx->w->rows, &k, code);
}

static int claim_keys(struct rule_ctx *ctx, const uint8_t feed[32], const uint8_t witness[32],
		      const uint8_t transport[32], struct bytes code)
{
	int err = claim_transport(ctx, transport, code);

	if (!err)
		err = claim_signer(ctx, feed, code);
	return err ? err : claim_signer(ctx, witness, code);
}

int rule_town_charter(struct rule_ctx *ctx)
{
	struct state_role office = {.role = ROLE_town_office};
	struct rec_town_charter c;
	char domain[DOMAIN_MAX + 1] = "";
	int err;

	rule_head(ctx, &c);
	if (c.domain.n < sizeof(domain))
		memcpy(domain, c.domain.p, c.domain.n);
	if (!domain_valid(domain))
		return rule_malformed(ctx, "domain", 0);
	if (memcmp(ctx->e->author, c.founder_key.p, SIGN_KEY_BYTES) != 0)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_CHARTER_KEY, .s = c.founder_name});
	err = claim_keys(ctx, c.feed_key.p, c.witness_key.p, c.transport_key.p, c.code);
	if (err)
		return err;
	ctx->meta.chartered = true;
	ctx->meta_changed = true;
	return rights_give(ctx, c.founder_key.p, c.founder_name, &office);
}

static int put_village(struct rule_ctx *ctx, struct bytes code, const struct state_village *v)
{
	struct state_key k;

	state_village_key(&k, FEED_TOWN, code);
	state_village_pack(v, rule_out(ctx));
	return rule_put(ctx, &k);
}

static int put_invite(struct rule_ctx *ctx, const uint8_t key[32], const struct state_invite *i)
{
	struct state_key k;

	state_invite_key(&k, FEED_TOWN, key);
	state_invite_pack(i, rule_out(ctx));
	return rule_put(ctx, &k);
}

int rule_invitation(struct rule_ctx *ctx)
{
	struct state_village village = {0};
	struct state_invite invite;
	struct rec_invitation r;
	int err;

	rule_head(ctx, &r);
	err = reader_village(&ctx->reader, FEED_TOWN, r.village_code, &village);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (village.enrolled)
		return enrolled_already(ctx, r.village_code);
	village.name = r.village_name;
	err = put_village(ctx, r.village_code, &village);
	if (err)
		return err;
	err = reader_invite(&ctx->reader, FEED_TOWN, r.invite_key.p, &invite);
	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_INVITE_KEY_TAKEN,
							  .num = {(int64_t)invite.seq}});
	if (err != ERR_NOTFOUND)
		return err;
	invite = (struct state_invite){
		.seq = ctx->e->seq, .code = r.village_code, .expires = r.expires};
	return put_invite(ctx, r.invite_key.p, &invite);
}

/* The invitation whose key signed this entry; it is used up. */
static int use_invitation(struct rule_ctx *ctx, struct bytes code)
{
	struct state_invite invite;
	int err = reader_invite(&ctx->reader, FEED_TOWN, ctx->e->author, &invite);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (err || invite.used || !bytes_eq(invite.code, code))
		return rule_refuse(ctx, &(struct refusal){.id = V_INVITE_UNKNOWN, .s = code});
	if (ctx->today != DAY_NONE && invite.expires != DAY_NONE && ctx->today > invite.expires)
		return rule_refuse(ctx, &(struct refusal){.id = V_INVITE_EXPIRED,
							  .num = {invite.expires, ctx->today}});
	invite.used = true;
	return put_invite(ctx, ctx->e->author, &invite);
}

/* Puts the feed and its keys on record; they name one village for ever. */
static int enrol_keys(struct rule_ctx *ctx, const struct rec_village_enrol *r)
{
	struct state_enrol en;
	struct manifest m;
	struct state_key k;
	struct hash id;
	int err;

	if (manifest_parse(r->manifest.p, r->manifest.n, &m) ||
	    hash_cmp(&m.town, &ctx->f->town) != 0)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_BAD_MANIFEST, .s = r->village_code});
	manifest_feed_id(r->manifest.p, r->manifest.n, &id);
	if (hash_cmp(&id, &ctx->f->feed_id) == 0)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_BAD_MANIFEST, .s = r->village_code});
	err = reader_enrol(&ctx->reader, FEED_TOWN, id.b, &en);
	if (!err)
		return enrolled_already(ctx, en.code);
	if (err != ERR_NOTFOUND)
		return err;
	state_enrol_key(&k, FEED_TOWN, id.b);
	state_enrol_pack(&(struct state_enrol){ctx->e->seq, r->village_code}, rule_out(ctx));
	err = rule_put(ctx, &k);
	return err ? err
		   : claim_keys(ctx, m.feed_key, r->witness_key.p, r->transport_key.p,
				r->village_code);
}

int rule_village_enrol(struct rule_ctx *ctx)
{
	struct state_role committee = {.role = ROLE_committee};
	struct state_village village;
	struct rec_village_enrol r;
	int err;

	rule_head(ctx, &r);
	err = use_invitation(ctx, r.village_code);
	if (!err)
		err = reader_village(&ctx->reader, FEED_TOWN, r.village_code, &village);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (village.enrolled)
		return enrolled_already(ctx, r.village_code);
	err = enrol_keys(ctx, &r);
	if (err)
		return err;
	village.enrolled = true;
	village.enrol = ctx->e->seq;
	err = put_village(ctx, r.village_code, &village);
	if (!err)
		err = open_enrol(ctx, r.village_code);
	if (err)
		return err;
	memcpy(committee.village, r.village_code.p, r.village_code.n);
	return rights_give(ctx, r.head_key.p, r.head_name, &committee);
}
