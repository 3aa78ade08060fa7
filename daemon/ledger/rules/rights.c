#include "daemon/ledger/rules/rights.h"

#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/read_person.h"
#include "lib/err.h"

#define TOWN_ROLES (RB(town_office) | RB(town_finance) | RB(inspector))
/* Not the committee: who could grant it to himself, the town could not remove. */
#define VILLAGE_ROLES (RB(supervisor) * 2 - RB(recorder)) /* recorder to supervisor */

_Static_assert(ROLE_recorder == 1 && ROLE_supervisor == 6, "VILLAGE_ROLES is a run of bits");

static struct state_role *role_of(struct state_person *p, uint32_t role, const char *village)
{
	for (uint32_t i = 0; i < p->nroles; i++)
		if (p->role[i].role == role && strcmp(p->role[i].village, village) == 0)
			return &p->role[i];
	return NULL;
}

static struct bytes role_name(uint32_t role)
{
	return bytes_str(rec_lists[REC_LIST_ROLE].v[role].name);
}

/* "reviewer,confirmer" */
static struct bytes role_names(uint32_t roles, char *text, size_t cap)
{
	struct buf b = {.p = (uint8_t *)text, .cap = cap, .max = cap};

	for (uint32_t i = 1; i < rec_lists[REC_LIST_ROLE].n; i++)
		if (roles & UINT32_C(1) << i) {
			if (b.n)
				buf_put_u8(&b, ',');
			buf_puts(&b, rec_lists[REC_LIST_ROLE].v[i].name);
		}
	return buf_bytes(&b);
}

static int no_role(struct rule_ctx *ctx, uint32_t roles, struct bytes name)
{
	char text[REASON_TEXT_MAX];

	return rule_refuse(ctx, &(struct refusal){.id = V_NO_ROLE,
						  .s = name,
						  .t = role_names(roles, text, sizeof(text))});
}

static int check_in_town(struct rule_ctx *ctx, uint32_t roles)
{
	struct state_person p;
	int err = read_town_person(&ctx->reader, ctx->e->author, &p);

	if (err == ERR_NOTFOUND)
		return rule_refuse(ctx, &(struct refusal){.id = V_UNKNOWN_PERSON});
	if (err)
		return err;
	return read_person_roles(&p, "", ctx->today) & roles ? ERR_OK : no_role(ctx, roles, p.name);
}

/* The territory of a recorder, who has one. */
static void note_group(struct rule_ctx *ctx, struct state_person *p)
{
	const struct state_role *r = role_of(p, ROLE_recorder, "");

	if (r)
		memcpy(ctx->group, r->group, sizeof(ctx->group));
}

int rights_check(struct rule_ctx *ctx, uint32_t roles)
{
	struct state_person own, town;
	struct bytes name = {NULL, 0};
	int own_err, err;

	if (ctx->is_town)
		return check_in_town(ctx, roles);
	own_err = reader_person(&ctx->reader, ctx->f->feed_no, ctx->e->author, &own);
	if (own_err && own_err != ERR_NOTFOUND)
		return own_err;
	if (!own_err) {
		ctx->actor = own.no;
		look_of(own.name, &ctx->actor_name);
		name = own.name;
		if (roles & RB(recorder))
			note_group(ctx, &own);
		if (read_person_roles(&own, "", ctx->today) & roles)
			return ERR_OK;
	}
	/* the first committee member holds the office from the town */
	err = read_town_person(&ctx->reader, ctx->e->author, &town);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err) {
		if (own_err)
			look_of(town.name, &ctx->actor_name);
		if (read_person_roles(&town, ctx->w->code, ctx->today) & roles)
			return ERR_OK;
		name = own_err ? town.name : name;
	}
	if (own_err && err)
		return rule_refuse(ctx, &(struct refusal){.id = V_UNKNOWN_PERSON});
	return no_role(ctx, roles, name);
}

int rights_holds(struct rule_ctx *ctx, uint32_t roles, bool *ret)
{
	struct state_person p;
	int err = reader_person(&ctx->reader, ctx->f->feed_no, ctx->e->author, &p);

	*ret = !err && read_person_roles(&p, "", ctx->today) & roles;
	if (*ret || (err && err != ERR_NOTFOUND))
		return err;
	err = read_town_person(&ctx->reader, ctx->e->author, &p);
	*ret = !err && read_person_roles(&p, ctx->w->code, ctx->today) & roles;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int rights_name(struct rule_ctx *ctx, uint32_t no, struct bytes *ret)
{
	struct state_person p = {0};
	struct state_who who;
	int err = reader_person_no(&ctx->reader, ctx->f->feed_no, no, &who);

	if (!err)
		err = reader_person(&ctx->reader, ctx->f->feed_no, who.key, &p);
	if (!err)
		*ret = p.name;
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

bool rights_is_author(const struct rule_ctx *ctx, struct bytes name)
{
	struct look look;

	look_of(name, &look);
	return bytes_eq(look_bytes(&look), look_bytes(&ctx->actor_name));
}

int rights_name_of(struct rule_ctx *ctx, const uint8_t key[32], struct bytes *ret)
{
	struct state_person p;
	int err = reader_person(&ctx->reader, ctx->f->feed_no, key, &p);

	if (err == ERR_NOTFOUND)
		err = read_town_person(&ctx->reader, key, &p);
	if (!err)
		*ret = p.name;
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

/* --- one name, one key ----------------------------------------------------------------------------- */
static void name_key(struct state_key *k, const struct rule_ctx *ctx, const char *village,
		     struct bytes name)
{
	struct look look;
	struct hash id; /* names can be longer than a key */

	look_of(name, &look);
	hash_of(look.b, look.n, &id);
	state_name_key(k, ctx->f->feed_no, bytes_str(village), id.b);
}

static int free_name(struct rule_ctx *ctx, const uint8_t key[32], const char *village,
		     struct bytes name)
{
	struct state_key k;
	struct bytes row;
	int err;

	name_key(&k, ctx, village, name);
	err = cache_get_or_empty(ctx->w->rows, &k, &row);
	if (err || !bytes_eq(row, kv_bytes(key, SIGN_KEY_BYTES)))
		return err;
	return cache_put(ctx->w->rows, &k, kv_bytes("", 0));
}

static int take_name(struct rule_ctx *ctx, const uint8_t key[32], const char *village,
		     struct bytes name)
{
	struct state_key k;
	struct bytes row;
	int err;

	name_key(&k, ctx, village, name);
	err = cache_get_or_empty(ctx->w->rows, &k, &row);
	if (err || bytes_eq(row, kv_bytes(key, SIGN_KEY_BYTES)))
		return err;
	if (row.n)
		return rule_refuse(ctx, &(struct refusal){.id = V_NAME_TAKEN, .s = name});
	return cache_put(ctx->w->rows, &k, kv_bytes(key, SIGN_KEY_BYTES));
}

/* The person is called @name from now on, wherever there is a role. */
static int rename_person(struct rule_ctx *ctx, const uint8_t key[32], struct state_person *p,
			 struct bytes name)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < p->nroles && !err; i++)
		err = free_name(ctx, key, p->role[i].village, p->name);
	for (uint32_t i = 0; i < p->nroles && !err; i++)
		err = take_name(ctx, key, p->role[i].village, name);
	p->name = name;
	return err;
}

/* --- roles ----------------------------------------------------------------------------------------- */
/* Gives a role to a person, who may be new, under a name. */
static int add_role(struct rule_ctx *ctx, const uint8_t key[32], struct state_person *p,
		    struct bytes name, const struct state_role *role)
{
	struct state_role *r = role_of(p, role->role, role->village);

	if (!r && p->nroles == STATE_ROLES_MAX)
		return rule_refuse(ctx, &(struct refusal){.id = V_ROLES_FULL,
							  .num = {STATE_ROLES_MAX},
							  .s = name});
	if (!r)
		r = &p->role[p->nroles++];
	*r = *role;
	return rename_person(ctx, key, p, name);
}

static int put_in_town(struct rule_ctx *ctx, const uint8_t key[32], const struct state_person *p)
{
	struct state_key k;

	state_town_person_key(&k, FEED_TOWN, key, ctx->e->seq);
	state_person_pack(p, rule_out(ctx));
	return rule_put(ctx, &k);
}

static int put_in_village(struct rule_ctx *ctx, const uint8_t key[32], const struct state_person *p)
{
	struct state_key k;

	state_person_key(&k, ctx->f->feed_no, key);
	state_person_pack(p, rule_out(ctx));
	return rule_put(ctx, &k);
}

int rights_give(struct rule_ctx *ctx, const uint8_t key[32], struct bytes name,
		const struct state_role *role)
{
	struct state_person p = {0};
	int err = read_town_person(&ctx->reader, key, &p);

	if (err && err != ERR_NOTFOUND)
		return err;
	err = add_role(ctx, key, &p, name, role);
	return err ? err : put_in_town(ctx, key, &p);
}

static int give_in_village(struct rule_ctx *ctx, const uint8_t key[32], struct bytes name,
			   const struct state_role *role)
{
	struct state_person p = {0};
	struct state_key k;
	int err = reader_person(&ctx->reader, ctx->f->feed_no, key, &p);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (err) {
		p.no = ++ctx->meta.npeople;
		ctx->meta_changed = true;
		state_person_no_key(&k, ctx->f->feed_no, p.no);
		err = cache_put(ctx->w->rows, &k, kv_bytes(key, SIGN_KEY_BYTES));
		if (err)
			return err;
	}
	err = add_role(ctx, key, &p, name, role);
	return err ? err : put_in_village(ctx, key, &p);
}

/* Is it for this feed to give and take this role? @ret_village: where it counts, in the row. */
static int check_scope(struct rule_ctx *ctx, uint32_t role, struct bytes village,
		       char ret_village[STATE_VILLAGE_CODE_MAX])
{
	struct state_village v;
	bool ok;
	int err;

	memset(ret_village, 0, STATE_VILLAGE_CODE_MAX);
	if (!ctx->is_town) {
		ok = VILLAGE_ROLES & UINT32_C(1) << role &&
		     (village.n == 0 || bytes_eq(village, bytes_str(ctx->w->code)));
	} else if (role == ROLE_committee) {
		err = reader_village(&ctx->reader, FEED_TOWN, village, &v);
		if (err && err != ERR_NOTFOUND)
			return err;
		ok = !err && village.n < STATE_VILLAGE_CODE_MAX;
		if (ok)
			memcpy(ret_village, village.p, village.n);
	} else {
		ok = TOWN_ROLES & UINT32_C(1) << role && village.n == 0;
	}
	return ok ? ERR_OK
		  : rule_refuse(ctx, &(struct refusal){.id = V_GRANT_FOREIGN,
						       .s = role_name(role),
						       .t = village});
}

static int check_granter(struct rule_ctx *ctx)
{
	return rights_check(ctx, ctx->is_town ? RB(town_office) : RB(committee));
}

int rule_grant(struct rule_ctx *ctx)
{
	struct state_role role = {0};
	struct rec_grant g;
	int err;

	rule_head(ctx, &g);
	err = check_granter(ctx);
	if (!err)
		err = check_scope(ctx, g.role, g.village, role.village);
	if (err)
		return err;
	/* only a recorder has a territory */
	if (g.group.n && (g.role != ROLE_recorder || g.group.n >= sizeof(role.group)))
		return rule_malformed(ctx, "group", 0);
	if (g.group.n)
		memcpy(role.group, g.group.p, g.group.n);
	role.role = (uint8_t)g.role;
	role.from = g.from;
	role.to = g.to;
	return ctx->is_town ? rights_give(ctx, g.key.p, g.name, &role)
			    : give_in_village(ctx, g.key.p, g.name, &role);
}

static bool holds_any(const struct state_person *p, const char *village)
{
	for (uint32_t i = 0; i < p->nroles; i++)
		if (strcmp(p->role[i].village, village) == 0)
			return true;
	return false;
}

int rule_revoke(struct rule_ctx *ctx)
{
	char village[STATE_VILLAGE_CODE_MAX];
	struct state_person p;
	struct rec_revoke r;
	int err;

	rule_head(ctx, &r);
	err = check_granter(ctx);
	if (!err)
		err = check_scope(ctx, r.role, r.village, village);
	if (err)
		return err;
	err = ctx->is_town ? read_town_person(&ctx->reader, r.key.p, &p)
			   : reader_person(&ctx->reader, ctx->f->feed_no, r.key.p, &p);
	if (err && err != ERR_NOTFOUND)
		return err;
	struct state_role *role = err ? NULL : role_of(&p, r.role, village);
	if (!role)
		return rule_refuse(ctx, &(struct refusal){.id = V_GRANT_UNKNOWN,
							  .s = role_name(r.role)});
	*role = p.role[--p.nroles];
	err = holds_any(&p, village) ? ERR_OK : free_name(ctx, r.key.p, village, p.name);
	if (err)
		return err;
	return ctx->is_town ? put_in_town(ctx, r.key.p, &p) : put_in_village(ctx, r.key.p, &p);
}
